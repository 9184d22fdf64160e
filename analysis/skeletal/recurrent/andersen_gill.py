"""Regression of the rate of recurrent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .. import checks
from ..covariates import covariate_matrix, label_codes
from ..cox_results import cox_fields
from ..partial_likelihood import cox_sample, maximise
from ..results import RegressionFit

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..data import RecurrentEvents

RateTies = Literal["efron", "breslow"]


def andersen_gill(
    data: RecurrentEvents,
    covariates: pd.DataFrame,
    *,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: RateTies = "efron",
) -> RegressionFit:
    """Log rate ratios of recurrent events with a covariance robust by subject (Lin, Wei, Yang and Ying).

    Use it for the effect of an arm on the rate of all events while at risk.  Death ends the time at risk
    like a censoring: where arms differ in survival the ratio is one among those alive, and the mean
    cumulative function says what happens to all.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    covariates : DataFrame of shape (n, p)
        Numeric columns, one entry a row (start, stop]; their names become those of the result.
    strata : array_like of shape (n,), optional
        One label a row; every stratum has its own baseline rate.
    cluster : array_like of shape (n,), optional
        One label a row, by which the covariance is robust, where it is coarser than the subject of the
        data (rows of lesions, clustered by person); the subject if absent.
    ties : {"efron", "breslow"}
        Rule for tied events.

    Returns
    -------
    RegressionFit
        ``std_error`` and all that comes from it are robust, ``naive_std_error`` is from the inverse
        information; ``n_subjects`` counts distinct subjects, ``n_events`` events without deaths.

    Raises
    ------
    InvalidArgument
        Covariates that are not numeric, not known or of another number of rows; unknown ``ties``; labels
        missing or too few.
    NotEstimable
        No events; a covariate that does not vary within any risk set or that others determine.
    NotConverged
        The likelihood has no maximum, for instance with an arm without events.

    Notes
    -----
    Cox's partial likelihood over rows (start, stop]; covariance = sandwich of score residuals summed by
    subject under the same tie rule, without a small-sample factor.  ``score_test`` and
    ``likelihood_ratio_test`` take events of one subject as independent; ``robust_score_test`` and
    ``wald_test`` do not.

    R: ``survival::coxph(Surv(start, stop, status == 1) ~ x, cluster = subject)``.  SAS:
    ``PROC PHREG COVS(AGGREGATE); MODEL (start, stop)*status(0, 2) = x / TIES=EFRON; ID subject``.

    References
    ----------
    Andersen and Gill (1982), Ann Stat 10, 1100-1120; Lin, Wei, Yang and Ying (2000), J R Stat Soc B 62,
    711-730.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "c", "d"], [0, 30, 0, 0, 20, 0], [30, 90, 80, 20, 70, 75], [1, 0, 1, 1, 1, 0]
    ... )
    >>> fit = andersen_gill(data, pd.DataFrame({"treated": [0, 0, 1, 0, 0, 1]}))
    >>> fit.coefficient.round(4), fit.std_error.round(4), fit.n_subjects
    (array([-1.0986]), array([0.6719]), 4)
    """
    checks.option(ties, RateTies, "ties")
    n = data.stop.size
    names, matrix = covariate_matrix(covariates, n)
    stratum = None if strata is None else label_codes(strata, n, "strata")[0]
    clusters = data.subject_number
    n_subjects = int(clusters.max()) + 1
    if cluster is not None:
        clusters = label_codes(cluster, n, "cluster")[0]
    event = (data.status == 1).astype("int64")
    sample = cox_sample(data.stop, event, matrix, entry=data.start, stratum=stratum)
    maximum = maximise(sample, names, ties)
    rule = "Efron's" if ties == "efron" else "Breslow's"
    stratified = "" if strata is None else ", stratified"
    method = (
        f"Andersen-Gill rate model, {rule} rule for ties{stratified}, robust covariance by "
        f"{int(clusters.max()) + 1} subjects, Wald limits and p-values; death ends the time at risk"
    )
    fields = cox_fields(names, sample, maximum, ties, cluster=clusters, n_subjects=n_subjects, method=method)
    return RegressionFit(**fields)
