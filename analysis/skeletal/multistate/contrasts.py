"""Two arms compared by the occupation of a state, or by the mean time in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arm_contrast import arm_contrast, positive_time, two_arms, why_unknown
from ..data import MultiState
from ..data.checked import require_constant
from ..errors import InvalidArgument, NotEstimable
from .occupation import VARIANCES, OccupationVariance, occupations
from .time_in_state import state_time, time_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike

    from ..arrays import BoolArray
    from ..results import Estimate
    from .paths import Followed

StateContrastKind = Literal["difference", "ratio"]


def occupation_contrast(  # noqa: PLR0913  (a contrast of a curve with two options of its own)
    data: MultiState,
    arm: ArrayLike,
    state: str,
    *,
    time: float,
    control: object = None,
    kind: StateContrastKind = "difference",
    given: str | None = None,
    landmark: float = 0.0,
    subjects: Followed = "all",
    variance: OccupationVariance = "jackknife",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference or ratio of the probability of being in a state at one time, between two arms.

    Use it for a question such as: how many more are alive without a skeletal event at one year.  The time is
    part of the estimand and must be fixed before the data are seen.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    arm : array_like of shape (n,)
        Labels of two arms, one a row, the same in all rows of a subject.
    state : str
        One of ``data.states``.
    time : float
        After the landmark, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio"}
        Experimental less control; experimental over control, with limits and test on the log scale.
    given, landmark, subjects, variance
        As in :func:`state_occupation`, in each arm by itself.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        With the two-sided test of no difference.  NaN where an arm ends before ``time`` with somebody
        left who could still move, or where the ratio has no value; ``method`` says so.

    Raises
    ------
    InvalidArgument
        As :func:`state_occupation`; a ``time`` that is not a positive number or not after the landmark; other
        than two arms; a subject in two; a ``control`` that is none; labels that are missing or too few.
    NotEstimable
        An arm in which nobody is seen in ``given``, or at all, after the landmark.

    Notes
    -----
    With p_k and v_k the probability of arm k and its variance, the variances are v_1 + v_0 and
    v_1/p_1^2 + v_0/p_0^2.

    R: ``summary(survival::survfit(Surv(start, stop, factor(to)) ~ arm, id = subject), times = t)``, then the
    same sums.  SAS: none.

    References
    ----------
    Andersen, Borgan, Gill and Keiding (1993), Statistical Models Based on Counting Processes, section IV.4.

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> data = MultiState(
    ...     [1, 2, 3, 4], [0, 0, 0, 0], [30, 60, 40, 90], [1, 1, 1, 1], [2, 0, 2, 2], ["well", "ill"]
    ... )
    >>> effect = occupation_contrast(data, ["A", "A", "B", "B"], "ill", time=50)
    >>> round(effect.estimate, 4), round(effect.std_error, 4)
    (0.0, 0.5)
    """
    checks.option(kind, StateContrastKind, "kind")
    checks.option(variance, OccupationVariance, "variance")
    code, at = data.code(state) - 1, positive_time(time, "time")
    arms, labels = _arms(data, arm, control)
    values, variances, ends = np.zeros(2), np.zeros(2), np.zeros(2)
    for k, rows in enumerate(arms):
        with _naming(labels[k]):
            found = occupations(rows, given=given, landmark=landmark, subjects=subjects, variance=variance)
        if at <= found.paths.start.time:
            raise InvalidArgument(
                f"time must come after the start at {found.paths.start.time:.10g} {data.time_unit}, "
                f"got {at:.10g}"
            )
        index = np.searchsorted(found.paths.time, at, side="right")
        values[k], variances[k] = min(found.value[index, code], 1.0), found.variance[index, code]
        ends[k] = found.followed_to()
    condition = _condition(data, given, landmark, subjects)
    return arm_contrast(
        values.tolist(),
        variances.tolist(),
        kind=kind,
        conf_level=conf_level,
        method=f"{kind} of the probability of {state} at {at:.10g} {data.time_unit}{condition}, "
        f"Aalen-Johansen, {VARIANCES[variance]}, reference {labels[0]}",
        names=[f"the probability on {label}" for label in labels],
        reason=why_unknown(at, ends.tolist(), labels, data.time_unit),
    )


def time_in_state_contrast(  # noqa: PLR0913  (a contrast of a mean with two options of its own)
    data: MultiState,
    arm: ArrayLike,
    state: str,
    *,
    horizon: float,
    control: object = None,
    kind: StateContrastKind = "difference",
    given: str | None = None,
    landmark: float = 0.0,
    subjects: Followed = "all",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference or ratio of the mean time in a state before a horizon, between two arms.

    Use it for an effect in units of time; those in all states add up to 0.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    arm : array_like of shape (n,)
        Labels of two arms, one a row, the same in all rows of a subject.
    state : str
        One of ``data.states``.
    horizon : float
        Time up to which the occupation is summed up, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio"}
        Experimental less control; experimental over control, with limits and test on the log scale.
    given, landmark, subjects
        As in :func:`state_occupation`, in each arm by itself.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        With the two-sided test of no difference; NaN where an arm ends before the horizon with somebody left
        who could still move, or where the ratio has no value; ``method`` says so.

    Raises
    ------
    InvalidArgument
        As :func:`time_in_state`; other than two arms; a subject in two; a ``control`` that is none; labels
        that are missing or too few.
    NotEstimable
        An arm in which nobody is seen in ``given``, or at all, after the landmark.

    Notes
    -----
    The variance is the sum of those of the arms, of the logs for the ratio; see :func:`time_in_state`.

    R: the ``rmean`` and ``se(rmean)`` of ``summary(survival::survfit(Surv(start, stop, factor(to)) ~ arm,
    id = subject), rmean = horizon)$table``, then the same sums.  SAS: none.

    References
    ----------
    Glasziou, Simes and Gelber (1990), Stat Med 9, 1259-1276.

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> data = MultiState(
    ...     [1, 2, 3, 4], [0, 0, 0, 0], [30, 60, 40, 90], [1, 1, 1, 1], [2, 0, 2, 2], ["well", "ill"]
    ... )
    >>> effect = time_in_state_contrast(data, ["A", "A", "B", "B"], "ill", horizon=50)
    >>> round(effect.estimate, 4), round(effect.std_error, 4)
    (-5.0, 7.9057)
    """
    checks.option(kind, StateContrastKind, "kind")
    arms, labels = _arms(data, arm, control)
    found = []
    for label, rows in zip(labels, arms, strict=True):
        with _naming(label):
            found.append(
                state_time(rows, state, horizon=horizon, given=given, landmark=landmark, subjects=subjects)
            )
    return arm_contrast(
        [one.value for one in found],
        [one.variance for one in found],
        kind=kind,
        conf_level=conf_level,
        method=f"{kind} of {time_words(data, state, found[0].start, horizon)}"
        f"{_condition(data, given, landmark, subjects)}, reference {labels[0]}",
        names=[f"the time on {label}" for label in labels],
        reason=why_unknown(horizon, [one.followed_to for one in found], labels, data.time_unit),
    )


@contextmanager
def _naming(arm: object) -> Iterator[None]:
    """Say in which arm something is not estimable."""
    try:
        yield
    except NotEstimable as error:
        raise NotEstimable(f"arm {arm}: {error}") from None


def _condition(data: MultiState, given: str | None, landmark: float, subjects: Followed) -> str:
    """Say what is given, and whose moves count."""
    if given is None:
        return ""
    whose = "" if subjects == "all" else ", moves of those only"
    return f" given {given} at {landmark:.10g} {data.time_unit}{whose}"


def _arms(data: MultiState, arm: ArrayLike, control: object) -> tuple[list[MultiState], tuple[object, ...]]:
    """Return the rows of each of two arms, control first, and their labels."""
    codes, labels = two_arms(arm, data.stop.size, control)
    require_constant(codes, data.subject_number, data.subject, "arm")
    return [_rows(data, codes == k) for k in range(2)], labels


def _rows(data: MultiState, kept: BoolArray) -> MultiState:
    return MultiState(
        data.subject[kept],
        data.start[kept],
        data.stop[kept],
        data.state[kept],
        data.to[kept],
        data.states,
        time_unit=data.time_unit,
    )
