"""Regression of the rate of recurrent events given a frailty of each subject."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scipy.special import ndtri

from .. import checks
from ..data import RightCensored
from ..survival.frailty import FrailtyFit, frailty_cox
from .andersen_gill import RateTies

if TYPE_CHECKING:
    import pandas as pd

    from ..data import RecurrentEvents


def frailty_rate(
    data: RecurrentEvents,
    covariates: pd.DataFrame,
    *,
    ties: RateTies = "efron",
    conf_level: float = 0.95,
) -> FrailtyFit:
    """Log rate ratios of recurrent events within subjects, whose events share a gamma-distributed frailty.

    Use it for the effect on the rate of one subject, and for how much subjects differ; the ratio over all
    subjects is that of :func:`andersen_gill`.  Death ends the time at risk like a censoring and is taken as
    unrelated to the frailty: where the frail die early, the model is wrong.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    covariates : DataFrame of shape (n, p)
        Numeric columns, one entry a row (start, stop]; their names become those of the result.
    ties : {"efron", "breslow"}
        Rule for tied events.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    FrailtyFit
        ``n_subjects`` and ``n_clusters`` count subjects, ``n_events`` events without deaths; ``frailty`` by
        subject.

    Raises
    ------
    InvalidArgument
        Covariates that are not numeric, not known or of another number of rows; unknown ``ties``; one
        subject; ``conf_level`` outside (0, 1).
    NotEstimable
        No events; a covariate that does not vary within any risk set or that others determine.
    NotConverged
        The likelihood has no maximum, for instance with an arm without events.

    Notes
    -----
    The rate of a subject while at risk is w exp(x'b) times the baseline, w of mean 1 and variance theta:
    :func:`skeletal.survival.frailty_cox` with the subject as cluster.  Given theta the number of events is
    negative binomial.  Standard errors rest on the model, not on a sandwich.

    R: ``survival::coxph(Surv(start, stop, status == 1) ~ x + frailty(id))``.  SAS: ``PROC PHREG; MODEL
    (start, stop)*status(0, 2) = x; RANDOM id / DIST=GAMMA``.

    References
    ----------
    Nielsen et al., Scand J Statist 19 (1992), 25-43; Therneau and Grambsch, Modeling Survival Data (2000),
    section 9.6.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     list("aaabbcdd"),
    ...     [0, 9, 15, 0, 30, 0, 0, 25],
    ...     [9, 15, 90, 30, 80, 70, 25, 60],
    ...     [1, 1, 1, 1, 0, 0, 1, 0],
    ... )
    >>> fit = frailty_rate(data, pd.DataFrame({"treated": [0, 0, 0, 0, 0, 1, 1, 1]}))
    >>> fit.names, fit.n_subjects, fit.n_events
    (('treated',), 4, 5)
    """
    checks.option(ties, RateTies, "ties")
    checks.probability(conf_level, "conf_level")
    rows = RightCensored(data.stop, (data.status == 1).astype("int64"), entry=data.start)
    fit = frailty_cox(rows, covariates, data.subject, ties=ties)
    half = float(ndtri(0.5 + conf_level / 2)) * fit.std_error
    return replace(
        fit,
        lower=fit.coefficient - half,
        upper=fit.coefficient + half,
        n_subjects=fit.n_clusters,
        method=f"{fit.method}, {100 * conf_level:g} percent limits, subjects as clusters; death ends the "
        "time at risk",
    )
