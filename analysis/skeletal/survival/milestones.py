"""Contrast of survival at one time between two arms."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from .. import checks
from ..arm_contrast import ContrastKind, arm_contrast, positive_time, two_arms, why_unknown
from .fitted_hazard import sample_rows
from .kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import RightCensored
    from ..results import Estimate

NAMES = {
    "difference": "difference in survival",
    "ratio": "ratio of survival",
    "log-log": "difference of log(-log S), S the survival",
}


def survival_contrast(
    data: RightCensored,
    arm: ArrayLike,
    *,
    time: float,
    control: object = None,
    kind: ContrastKind = "difference",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference or ratio of the probabilities of no event by a time, between two arms (Kaplan-Meier).

    Use it for a milestone, such as survival at three years, that was fixed before the data were seen; for a
    comparison over all times use :func:`logrank` or :func:`restricted_mean_contrast`.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of two arms.
    time : float
        Positive time at which the curves are compared, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio", "log-log"}
        Experimental less control; experimental over control; the difference of log(-log S), which under
        proportional hazards is the log hazard ratio; in small samples its test keeps its size better.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        With the two-sided test of no difference.  For the ratio ``std_error``, limits and test are on the log
        scale, ``estimate``, ``lower`` and ``upper`` are the ratio and its limits.  NaN, with the reason in
        ``method``, where an arm ends before ``time`` with somebody left (``Curve.at`` would carry on
        the last value), and where the scale has no value: ratio over a survival of 0, log-log of one of 0 or
        1.  A survival of 0 has no standard error, so that its difference and its ratio have no limits.

    Raises
    ------
    InvalidArgument
        A ``time`` that is not a positive number; other than two arms; a ``control`` that is none; unknown
        ``kind``; ``conf_level`` outside (0, 1); labels that are missing or too few.

    Notes
    -----
    With S_k and v_k the survival of arm k and its Greenwood variance, the variances are v_1 + v_0,
    v_1/S_1^2 + v_0/S_0^2, and the sum of v_k/(S_k log S_k)^2.  Limits and test are normal; those of the
    difference are not cut at -1 and 1.

    R: ``summary(survival::survfit(Surv(time, event) ~ arm), times = t)``, then the same sums.  SAS: ``PROC
    LIFETEST TIMELIST=t OUTSURV=...; STRATA arm``, likewise.

    References
    ----------
    Klein, Logan, Harhoff and Andersen (2007), Stat Med 26, 4505-4519, sections 2.1 to 2.3.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([2, 4, 6, 8, 3, 7, 9, 9], [1, 1, 1, 0, 1, 0, 1, 0])
    >>> effect = survival_contrast(data, list("ccccdddd"), time=5)
    >>> effect.estimate, round(effect.std_error, 4), round(effect.p_value, 4)
    (0.25, 0.3307, 0.4497)
    """
    checks.option(kind, ContrastKind, "kind")
    at = positive_time(time, "time")
    codes, labels = two_arms(arm, data.n_subjects, control, "logrank for all at once")
    curves = [kaplan_meier(sample_rows(data, codes == k)) for k in range(2)]
    ends = [float(curve.time[-1]) if curve.estimate[-1] > 0 else inf for curve in curves]
    there = [curve.at(at) for curve in curves]
    weighted = "" if data.weight is None else ", case weights"
    return arm_contrast(
        [curve.estimate.item() for curve in there],
        [curve.std_error.item() ** 2 for curve in there],
        kind=kind,
        conf_level=conf_level,
        method=f"{NAMES[kind]} at {at:.10g} {data.time_unit}, Kaplan-Meier, Greenwood variance{weighted}, "
        f"reference {labels[0]}",
        names=[f"the survival of {label}" for label in labels],
        reason=why_unknown(at, ends, labels, data.time_unit),
    )
