"""Contrast of the cumulative incidence of two arms at one time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arm_contrast import ContrastKind, arm_contrast, positive_time, two_arms, why_unknown
from .incidence_values import (
    VARIANCES,
    IncidenceVariance,
    as_probability,
    followed_to,
    incidence_values,
    rows_of,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import CompetingRisks
    from ..results import Estimate

NAMES = {
    "difference": "difference in cumulative incidence",
    "ratio": "ratio of cumulative incidences",
    "log-log": "difference of log(-log(1 - F)), F the cumulative incidence",
}


def incidence_contrast(  # noqa: PLR0913  (the fixed names, and the variance)
    data: CompetingRisks,
    arm: ArrayLike,
    cause: str,
    *,
    time: float,
    control: object = None,
    kind: ContrastKind = "difference",
    conf_level: float = 0.95,
    variance: IncidenceVariance = "aalen",
) -> Estimate:
    """Difference or ratio of the risk of one cause by a time, between two arms (Aalen-Johansen).

    Use it for a comparison of risks at a time that was fixed before the data were seen; for one over all
    times use :func:`gray_test`.  Show that of the competing causes beside it.

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    arm : array_like of shape (n,)
        Labels of two arms.
    cause : str
        One of ``data.causes``; all others compete.
    time : float
        Positive time at which the incidences are compared, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio", "log-log"}
        Experimental less control; experimental over control; the difference of log(-log(1 - F)), which under
        proportional subdistribution hazards is the log of their ratio.
    conf_level : float
        Two-sided level of the limits.
    variance : {"aalen", "greenwood", "jackknife"}
        That of each arm, as in :func:`cumulative_incidence`.

    Returns
    -------
    Estimate
        With the two-sided test of no difference.  For the ratio ``std_error``, limits and test are on the log
        scale, ``estimate``, ``lower`` and ``upper`` are the ratio and its limits.  NaN where an arm ends
        before ``time`` with somebody left, or the scale has no value: ratio with an incidence of 0 (0 over
        more is 0, without limits), log-log with one of 0 or 1; ``method`` says so.

    Raises
    ------
    InvalidArgument
        ``cause`` is none of ``data.causes``; a ``time`` that is not a positive number; other than two arms; a
        ``control`` that is none; unknown ``kind`` or ``variance``; ``conf_level`` outside (0, 1); labels that
        are missing or too few.

    Notes
    -----
    With F_k and v_k the incidence of arm k and its variance, the variances are v_1 + v_0,
    v_1/F_1^2 + v_0/F_0^2, and the sum of v_k/((1 - F_k) log(1 - F_k))^2.  Limits and test are normal; those
    of the difference are not cut at -1 and 1.

    R: ``cmprsk::timepoints(cmprsk::cuminc(time, status, arm), t)``, then the same sums.  SAS: ``PROC LIFETEST
    OUTCIF=...; TIME time*status(0) / EVENTCODE=1; STRATA arm``, likewise.

    References
    ----------
    Zhang and Fine (2008), Stat Med 27, 4939-4949; Klein, Logan, Harhoff and Andersen (2007), Stat Med 26,
    4505-4519.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 4, 6], [1, 2, 1, 1, 2, 0, 0, 1], ["SSE", "death"])
    >>> effect = incidence_contrast(data, list("AAAABBBB"), "SSE", time=6)
    >>> round(effect.estimate, 4), round(effect.std_error, 4), round(effect.p_value, 4)
    (-0.1667, 0.4658, 0.7205)
    """
    code = data.code(cause)
    checks.option(kind, ContrastKind, "kind")
    checks.option(variance, IncidenceVariance, "variance")
    at = positive_time(time, "time")
    codes, labels = two_arms(arm, data.n_subjects, control, "gray_test for all at once")
    incidence, squared, ends = np.zeros(2), np.zeros(2), np.zeros(2)
    for k in range(2):
        found = incidence_values(rows_of(data, codes == k), code, variance)
        ends[k] = followed_to(found.counts)
        last = np.searchsorted(found.counts.time, at, side="right") - 1
        if last >= 0:
            incidence[k], squared[k] = found.value[last], found.variance[last]
    incidence = as_probability(incidence)
    return arm_contrast(
        (1 - incidence if kind == "log-log" else incidence).tolist(),
        squared.tolist(),
        kind=kind,
        conf_level=conf_level,
        method=f"{NAMES[kind]} of {cause} at {at:.10g} {data.time_unit}, Aalen-Johansen, "
        f"{VARIANCES[variance]}, reference {labels[0]}",
        names=[f"the incidence of {label}" for label in labels],
        reason=why_unknown(at, ends.tolist(), labels, data.time_unit),
    )
