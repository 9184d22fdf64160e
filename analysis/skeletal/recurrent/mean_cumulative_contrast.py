"""Contrast of the mean number of recurrent events by one time between two arms."""

from __future__ import annotations

from math import inf, nan
from typing import TYPE_CHECKING, Literal

from .. import checks
from ..arm_contrast import arm_contrast, positive_time, two_arms, why_unknown
from ..data.checked import require_constant
from .mean_cumulative import mean_cumulative
from .mean_cumulative_counts import sample_histories
from .mean_cumulative_influence import without_error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import RecurrentEvents
    from ..results import Curve, Estimate

MeanContrastKind = Literal["difference", "ratio"]


def mean_cumulative_contrast(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    time: float,
    control: object = None,
    kind: MeanContrastKind = "difference",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference or ratio of the mean numbers of events per subject by a time, between two arms.

    Use it for a time that was fixed before the data were seen; over all times use
    :func:`mean_cumulative_test`.  Where subjects die the means are those in which death stops accrual.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    arm : array_like of shape (n,)
        Labels of two arms, constant within a subject.
    time : float
        Time of the contrast, in the unit of the data.
    control : object, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio"}
        Experimental less control; experimental over control.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        With the two-sided test of no difference.  For the ratio ``std_error``, limits and test are on the log
        scale.  NaN, with the reason in ``method``, where an arm ends before ``time`` with somebody alive, and
        for the ratio where a mean is 0.

    Raises
    ------
    InvalidArgument
        A ``time`` that is not a positive number; other than two arms; a ``control`` that is none; a subject
        in several arms; unknown ``kind``; ``conf_level`` outside (0, 1); labels missing or too few.

    Notes
    -----
    With mu_k and v_k the mean of arm k and its variance (:func:`mean_cumulative`), the variances are
    v_1 + v_0 and v_1/mu_1^2 + v_0/mu_0^2; the arms are independent.  Limits and test are normal.

    R: ``reda::mcfDiff`` (difference, control minus experimental); with deaths ``mets::recurrentMarginal`` by
    arm, then the same sums.  SAS: ``PROC RELIABILITY; MCFPLOT ... / MCFDIFF``.

    References
    ----------
    Lawless and Nadeau (1995), Technometrics 37, 158-168; Ghosh and Lin (2000), Biometrics 56, 554-562.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "d", "e"], [0, 3, 0, 0, 0, 0], [3, 9, 8, 9, 5, 8], [1, 0, 1, 0, 1, 0]
    ... )
    >>> effect = mean_cumulative_contrast(data, list("cccctt"), time=8)
    >>> round(effect.estimate, 4), round(effect.std_error, 4), round(effect.p_value, 4)
    (-0.1667, 0.4462, 0.7087)
    """
    checks.option(kind, MeanContrastKind, "kind")
    at = positive_time(time, "time")
    codes, labels = two_arms(arm, data.stop.size, control, "mean_cumulative_test for all at once")
    require_constant(codes, data.subject_number, data.subject, "arm")
    arms = [sample_histories(data, codes == k) for k in range(2)]
    curves = [mean_cumulative(own) for own in arms]
    there = [curve.at(at) for curve in curves]
    ends = [_end(curve, own) for curve, own in zip(curves, arms, strict=True)]
    variances = [
        nan if own.n_subjects == 1 else curve.std_error.item() ** 2
        for own, curve in zip(arms, there, strict=True)
    ]
    means = "mean numbers of events"
    if (data.status == 2).any():
        means += " in which death stops accrual"
    return arm_contrast(
        [curve.estimate.item() for curve in there],
        variances,
        kind=kind,
        conf_level=conf_level,
        method=f"{kind} of {means} by {at:.10g} {data.time_unit}, robust variance by subject, "
        f"reference {labels[0]}" + without_error(variances, labels),
        names=[f"the mean of {label}" for label in labels],
        reason=why_unknown(at, ends, labels, data.time_unit),
    )


def _end(curve: Curve, data: RecurrentEvents) -> float:
    """Return the time up to which the mean is known: for ever where the last subjects died."""
    last = float(curve.time[-1])
    died = int((data.status[data.stop == last] == 2).sum())
    return inf if died == curve.n_at_risk[-1] else last
