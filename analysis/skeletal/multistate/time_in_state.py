"""Mean time in a state before a horizon: the area under its occupation."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from .. import checks
from ..arm_contrast import positive_time, why_unknown
from ..errors import InvalidArgument
from ..kernels.states import occupation, time_ahead
from ..results import Estimate
from .occupation import weights
from .paths import state_paths

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..data import MultiState
    from .paths import Followed, StatePaths


ROUNDING = 1e-13  # a standard error below this share of the horizon is 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StateTime:
    """Mean time in a state before a horizon, its jackknife variance, and the time that it is known to."""

    value: float
    variance: float
    followed_to: float
    start: float
    start_words: str


def time_in_state(
    data: MultiState,
    state: str,
    *,
    horizon: float,
    given: str | None = None,
    landmark: float = 0.0,
    subjects: Followed = "all",
    conf_level: float = 0.95,
) -> Estimate:
    """Mean time spent in a state between a landmark and a horizon, in the unit of the data.

    Use it to say in units of time what a state takes or gives: the mean days alive without a skeletal
    event, with one, and lost to death add up to the horizon less the landmark.  The horizon is part
    of the estimand and must be fixed before the data are seen.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    state : str
        One of ``data.states``.
    horizon : float
        Time up to which the occupation is summed up, later than ``landmark``, in ``data.time_unit``.
    given, landmark, subjects
        As in :func:`state_occupation`.
    conf_level : float
        Two-sided level of the limits, normal on the scale of time and not cut at 0 or the horizon.

    Returns
    -------
    Estimate
        In ``data.time_unit``.  NaN where the horizon lies beyond the last observed time and some are left who
        could still move; ``method`` then says so.  ``p_value`` is NaN.

    Raises
    ------
    InvalidArgument
        As :func:`state_occupation`; a ``horizon`` that is not a positive number or not after the landmark.
    NotEstimable
        Nobody is seen in ``given``, or at all, after the landmark.

    Notes
    -----
    The area under p(t) of :func:`state_occupation` from the landmark to the horizon.  Its variance is the
    infinitesimal jackknife: the sum over subjects of the squared derivative, by the weight of the subject, of
    the area up to the horizon itself, which need not be an observed time.

    R: ``summary(survival::survfit(Surv(start, stop, factor(to)) ~ 1, id = subject), rmean = horizon)$table``.
    SAS: none.

    References
    ----------
    Glasziou, Simes and Gelber (1990), Stat Med 9, 1259-1276; Therneau, Crowson and Atkinson (2024),
    Multi-state models and competing risks (vignette of R's survival).

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(
    ...     ["a", "a", "b", "c"], [0, 30, 0, 0], [30, 90, 60, 80], [1, 2, 1, 1], [2, 3, 3, 0], states
    ... )
    >>> time = time_in_state(data, "SSE", horizon=80)
    >>> round(time.estimate, 4), round(time.std_error, 4)
    (16.6667, 13.6083)
    """
    checks.probability(conf_level, "conf_level")
    found = state_time(data, state, horizon=horizon, given=given, landmark=landmark, subjects=subjects)
    reason = why_unknown(horizon, [found.followed_to], ["the sample"], data.time_unit)
    estimate = nan if reason else found.value
    error = nan if reason else sqrt(found.variance)
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=estimate - half,
        upper=estimate + half,
        conf_level=conf_level,
        p_value=nan,
        method=f"{time_words(data, state, found.start, horizon)}, {found.start_words}, normal limits"
        + (f"; {reason}" if reason else ""),
    )


def time_words(data: MultiState, state: str, start: float, horizon: float) -> str:
    """Say what the mean time is."""
    return (
        f"mean {data.time_unit} in {state} from {start:.10g} to {horizon:.10g} {data.time_unit}, "
        "area under the Aalen-Johansen probability, infinitesimal jackknife variance by subject"
    )


def state_time(
    data: MultiState, state: str, *, horizon: float, given: str | None, landmark: float, subjects: Followed
) -> StateTime:
    """Return the mean time in a state with its variance."""
    code, limit = data.code(state) - 1, positive_time(horizon, "horizon")
    paths = state_paths(data, given=given, landmark=landmark, subjects=subjects)
    if limit <= paths.start.time:
        raise InvalidArgument(
            f"horizon must come after the start at {paths.start.time:.10g} {data.time_unit}, got {limit:.10g}"
        )
    value, variance, known = area(paths, code, limit)
    return StateTime(
        value=value,
        variance=variance,
        followed_to=known,
        start=paths.start.time,
        start_words=paths.start.words,
    )


def area(paths: StatePaths, code: int, horizon: float) -> tuple[float, float, float]:
    """Return the area under the occupation of a state, its variance, and the time that it is known to."""
    moves = (paths.begin, paths.source, paths.target, paths.share, paths.stay)
    value = occupation(paths.start.share, *moves)
    known = inf if (value[-1, np.unique(paths.state)] == 0).all() else float(paths.time[-1])
    m = int(np.searchsorted(paths.time, horizon, side="right"))
    events = slice(0, int(paths.begin[m]))
    width = np.diff(paths.time[:m], prepend=paths.start.time)
    rest = horizon - (paths.time[m - 1] if m else paths.start.time)
    size = paths.start.share.size
    ahead = time_ahead(
        paths.begin[: m + 1],
        paths.source[events],
        paths.target[events],
        paths.share[events],
        paths.stay[events],
        width,
        size,
        code,
        rest,
    )
    mean = float(paths.start.share @ ahead[0])
    influence = paths.start.influence @ ahead[0] + _influence(paths, value, ahead)
    error = sqrt(influence @ influence)
    return mean, error**2 if error > ROUNDING * horizon else 0.0, known


def _influence(paths: StatePaths, value: FloatArray, ahead: FloatArray) -> FloatArray:
    """Return the influence of each subject by its rows on the area; shape (n_subjects,)."""
    m, size = ahead.shape[0] - 1, ahead.shape[1]
    own, pull = weights(paths, value)
    where = np.repeat(np.arange(m), np.diff(paths.begin[: m + 1]))
    source, target = paths.source[: where.size], paths.target[: where.size]
    staying = pull[: where.size] * (ahead[where + 1, source] - ahead[where + 1, target])
    gain = np.zeros((m + 1, size))
    gain[1:] = np.bincount(where * size + source, staying, m * size).reshape(m, size)
    gain = np.cumsum(gain, axis=0)
    end = np.minimum(paths.last + 1, m)
    rows = gain[end, paths.state] - gain[np.minimum(paths.first, m), paths.state]
    moved = (paths.to >= 0) & (paths.last < m)
    after = paths.last[moved] + 1
    rows[moved] += own[moved] * (ahead[after, paths.to[moved]] - ahead[after, paths.state[moved]])
    return np.bincount(paths.subject, rows, paths.start.influence.shape[0]).astype(np.float64)
