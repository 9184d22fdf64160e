"""Cumulative incidence of one cause where others compete (Aalen-Johansen)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import hand_over
from ..covariates import label_codes
from ..curve_limits import ConfType, curve_limits
from ..errors import InvalidArgument
from ..risk_table import counted_curve
from .incidence_values import (
    VARIANCES,
    IncidenceVariance,
    as_probability,
    incidence_values,
    jackknife_values,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import CompetingRisks
    from ..results import Curve
    from .incidence_values import IncidenceValues


def cumulative_incidence(
    data: CompetingRisks,
    cause: str,
    *,
    conf_level: float = 0.95,
    variance: IncidenceVariance = "aalen",
    conf_type: ConfType = "log-log",
    cluster: ArrayLike | None = None,
) -> Curve:
    """Probability that an event of one cause has come first, by each time (Aalen-Johansen).

    Use it where another event, such as death, rules the event out: it is the risk in the world as it
    is.  One minus Kaplan-Meier with the other causes censored is larger and no probability of this
    world.

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    cause : str
        One of ``data.causes``; all others compete.
    conf_level : float
        Two-sided level of the pointwise limits.
    variance : {"aalen", "greenwood", "jackknife"}
        Aalen's as in R's cmprsk, the delta method as in etm, or the infinitesimal jackknife by row
        as in survival.  They differ by about one percent at 100 subjects.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits; it acts on the incidence F itself: ``log-log`` is log(-log F).
    cluster : array_like of shape (n,), optional
        One label a row, such as the subject of a lesion.  The variance is then the infinitesimal jackknife
        summed by cluster, in place of Aalen's; with one row a cluster it is that of "jackknife".

    Returns
    -------
    Curve
        One row a distinct observed time.  ``n_events`` counts events of ``cause``, ``n_censored``
        censorings only; events of the other causes are in neither.  The limits are NaN where the
        incidence is 1 and its standard error is not 0 (``plain`` apart).

    Raises
    ------
    InvalidArgument
        ``cause`` is none of ``data.causes``; ``conf_level`` outside (0, 1); unknown ``variance`` or
        ``conf_type``; ``cluster`` of another length or missing, or together with ``greenwood``.

    Notes
    -----
    F(t) = sum over u up to t of S(u-) d1/n, where S is the Kaplan-Meier estimate of no event of any
    cause, d1 the events of the cause, d2 those of all others and n the number at risk.  With
    g = (F(t) - F(u))/S(u), 0 where S(u) = 0, the variance sums S(u-)^2/n^2 times

    * aalen: (1 - g)^2 d1 c1 + g^2 d2 c2, with c = 1 - (d - 1)/(n - 1) for tied events;
    * greenwood: (1 - g)^2 d1 + g^2 d2 - ((1 - g) d1 - g d2)^2/n;

    and the jackknife sums the squares over rows (or clusters of rows) of the derivative of F(t) by the
    weight of the row (or of all its rows).
    Events come before censorings at one time.  With delayed entry all three hold as they stand; an
    early time at which everybody at risk has an event ends the curve.

    R: ``cmprsk::cuminc(time, status)``, ``etm::etm``, ``survival::survfit(Surv(time, factor(status)) ~ 1)``.
    SAS: ``PROC LIFETEST; TIME time*status(0) / EVENTCODE=1`` (option ``ERROR=AALEN | DELTA``).

    References
    ----------
    Aalen (1978), Ann Stat 6, 534-545; Andersen, Borgan, Gill and Keiding (1993), Statistical Models
    Based on Counting Processes, section IV.4.1.3; Kalbfleisch and Prentice (2002), section 8.2.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8], [1, 2, 1, 0, 2], ["SSE", "death"])
    >>> cumulative_incidence(data, "SSE").estimate.round(3)
    array([0.2, 0.2, 0.4, 0.4, 0.4])
    """
    checks.option(variance, IncidenceVariance, "variance")
    checks.option(conf_type, ConfType, "conf_type")
    code = data.code(cause)
    words = VARIANCES[variance]
    if cluster is None:
        values = incidence_values(data, code, variance)
    else:
        values, words = _clustered(data, code, cluster, variance)
    estimate = hand_over(as_probability(values.value))
    std_error = hand_over(np.sqrt(np.where(estimate > 0, values.variance, 0.0)))
    return counted_curve(
        values.counts,
        (estimate, std_error, *curve_limits(estimate, std_error, conf_level, conf_type)),
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=f"Aalen-Johansen cumulative incidence of {cause}, {words}, {conf_type} limits",
        start=0.0,
        cause=code,
    )


def _clustered(
    data: CompetingRisks, code: int, cluster: ArrayLike, variance: IncidenceVariance
) -> tuple[IncidenceValues, str]:
    """Return the values with the variance by cluster, and words for it."""
    if variance == "greenwood":
        raise InvalidArgument("variance='greenwood' has no clusters: leave one of the two out")
    codes, labels = label_codes(cluster, data.n_subjects, "cluster")
    words = f"infinitesimal jackknife variance by {len(labels)} clusters"
    return jackknife_values(data, code, cluster=codes), words
