"""An event, then death: rows of the illness-death model from one line a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arrays import as_floats, as_labels
from ..covariates import label_codes
from ..data import MultiState
from ..errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray, LabelArray, TimeUnit

SameTime = Literal["refuse", "direct", "shift"]


def illness_death(  # noqa: PLR0913  (one line a subject, and the rule for ties)
    subject: ArrayLike,
    event_time: ArrayLike,
    event: ArrayLike,
    end_time: ArrayLike,
    death: ArrayLike,
    *,
    states: Sequence[str] = ("event-free", "event", "dead"),
    same_time: SameTime = "refuse",
    shift: float = 0.5,
    time_unit: TimeUnit = "days",
) -> MultiState:
    """Build the rows of an illness-death model: event-free, with an event, dead.

    Use it to pass a first skeletal event and death on to the functions of this package.

    Parameters
    ----------
    subject : array_like of shape (n,)
        One label a subject.
    event_time : array_like of shape (n,)
        Time of the event, in ``time_unit``; not read where there is none.  With an event at time 0 a
        subject begins in the second state.
    event, death : array_like of shape (n,)
        1 where the subject has the event, and where it dies at ``end_time``; else 0.
    end_time : array_like of shape (n,)
        End of follow-up, positive and not before the event.
    states : sequence of three str
        Names of the states.
    same_time : {"refuse", "direct", "shift"}
        What happens to a subject whose event and death fall on one time, so that no time is left in the
        second state: refuse the data; ``direct``: the subject dies event-free and its event is in no count;
        ``shift``: the end of follow-up at the time of the event, by death or not, is put off by ``shift``.
    shift : float
        Positive time, less than the smallest distance between times, in ``time_unit``.
    time_unit : str
        Unit of the times.

    Returns
    -------
    MultiState
        One or two rows a subject.  An event at the end of follow-up without death is a move into the second
        state with no time in it.

    Raises
    ------
    InvalidArgument
        Unequal lengths, a subject twice, an indicator that is not 0 or 1, missing or negative times, an event
        after the end, no time at risk, event and death at one time with "refuse", a ``shift`` that is not
        positive, other than three states.

    Notes
    -----
    R: ``survival::tmerge``, ``mstate::msprep``.  SAS: a data step.

    References
    ----------
    Putter, Fiocco and Geskus (2007), Stat Med 26, 2389-2430; Therneau, Crowson and Atkinson (2024),
    Multi-state models and competing risks (vignette of R's survival).

    Examples
    --------
    >>> data = illness_death(["a", "b", "c"], [30, None, 20], [1, 0, 1], [90, 60, 50], [1, 1, 0])
    >>> data.n_subjects, data.stop.size
    (3, 5)
    """
    checks.option(same_time, SameTime, "same_time")
    names = tuple(states)
    if isinstance(states, str) or len(names) != 3:
        raise InvalidArgument(f"states must be three names, got {states!r}")
    end = as_floats(end_time, "end_time")
    n = end.size
    labels = as_labels(subject, "subject")
    codes, levels = label_codes(labels, n, "subject")
    twice = np.bincount(codes, minlength=levels.size) > 1
    if twice.any():
        raise InvalidArgument(
            f"subject must be there once: {int(twice.sum())} are there more often "
            f"({name_some(levels[twice])})"
        )
    had, died = _indicator(event, "event", n), _indicator(death, "death", n)
    at = as_floats(event_time, "event_time")
    checks.same_length(n, event_time=at)
    _refuse(labels, ~(np.isfinite(end) & (end > 0)), "end_time must be a positive number")
    _refuse(labels, had & ~(np.isfinite(at) & (at >= 0)), "event_time must be known and not negative")
    _refuse(labels, had & (at > end), "event_time must not come after end_time")
    at_once = had & (at == end)
    if same_time == "refuse":
        rule = "event and death at one time: say by same_time= ('direct' or 'shift') what is to be done"
        _refuse(labels, at_once & died, rule)
    elif same_time == "direct":
        had = had & ~(at_once & died)
    else:
        end = np.where(at_once, end + _positive(shift), end)
    return _rows(labels, np.where(had, at, np.inf), end, died, names, time_unit)


def _rows(
    labels: LabelArray,
    at: FloatArray,
    end: FloatArray,
    died: BoolArray,
    names: tuple[str, ...],
    time_unit: TimeUnit,
) -> MultiState:
    """Return the rows before the event, then those after it."""
    had = at < np.inf
    before, after = at > 0, had & (at < end)
    last: IntArray = np.where(died, 3, 0)
    return MultiState(
        np.concatenate([labels[before], labels[after]]),
        np.concatenate([np.zeros(int(before.sum())), at[after]]),
        np.concatenate([np.where(had, at, end)[before], end[after]]),
        np.repeat([1, 2], [int(before.sum()), int(after.sum())]),
        np.concatenate([np.where(had, 2, last)[before], last[after]]),
        names,
        time_unit=time_unit,
    )


def _positive(shift: float) -> float:
    if checks.finite(shift, "shift") <= 0:
        raise InvalidArgument(f"shift must be positive, got {shift}")
    return float(shift)


def _indicator(values: ArrayLike, name: str, n: int) -> BoolArray:
    array = as_floats(values, name)
    checks.same_length(n, **{name: array})
    checks.rows_where(~np.isin(array, (0, 1)), f"{name} must be 0 or 1")
    return np.asarray(array == 1)


def _refuse(labels: LabelArray, bad: BoolArray, rule: str) -> None:
    if bad.any():
        raise InvalidArgument(f"{rule}: {int(bad.sum())} subject(s) ({name_some(labels[bad])})")
