"""Value types of time-to-event samples: checked once when they are made, read-only afterwards.

Ties and intervals are the same everywhere: events come before censorings at one time, a row is at
risk on (start, stop], and at risk at t means just before t.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from . import checks
from .arrays import FloatArray, IntArray, LabelArray, TimeUnit, as_floats, as_labels, read_only
from .errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

__all__ = ["CompetingRisks", "IntervalCensored", "RecurrentEvents", "RightCensored"]


LEAST_SHARE = 1e-9  # a sum at risk keeps 7 digits after everybody heavier has left it
MOST_WEIGHT = 1e100  # squares of sums stay within double precision


def _times(values: ArrayLike, name: str) -> FloatArray:
    array = as_floats(values, name)
    if array.size == 0:
        raise InvalidArgument(f"{name} has no rows")
    checks.rows_where(np.isnan(array), f"{name} must not be missing")
    checks.rows_where(array < 0, f"{name} must not be negative")
    checks.rows_where(np.isinf(array), f"{name} must be finite")
    return array


def _codes(values: ArrayLike, name: str, highest: int, n: int) -> IntArray:
    array = as_floats(values, name)
    checks.same_length(n, **{name: array})
    allowed = np.isin(array, np.arange(highest + 1))
    checks.rows_where(~allowed, f"{name} must be a whole number from 0 to {highest}")
    return array.astype(np.int64)


def _entry(entry: ArrayLike | None, time: FloatArray) -> FloatArray | None:
    if entry is None:
        return None
    array = as_floats(entry, "entry")
    checks.same_length(time.size, entry=array)
    checks.rows_where(np.isnan(array), "entry must not be missing")
    checks.rows_where(array >= time, "entry must come before time")
    return array


def _check_weights(weight: FloatArray) -> None:
    checks.rows_where(~(np.isfinite(weight) & (weight > 0)), "weight must be positive")
    low, high = float(weight.min()), float(weight.max())
    if low < LEAST_SHARE * high or not 1 / MOST_WEIGHT <= low <= high <= MOST_WEIGHT:
        raise InvalidArgument(
            f"weight must lie within {MOST_WEIGHT:g} and its inverse, and the smallest be at least "
            f"{LEAST_SHARE:g} of the largest, got {low:g} to {high:g}: sums of the weights at risk would "
            "lose their digits"
        )


class _Frozen:
    """Attributes are set once, by ``__init__``, and arrays are read-only."""

    __slots__ = ()

    def _set(self, **fields: Any) -> None:
        for name, value in fields.items():
            object.__setattr__(self, name, read_only(value) if isinstance(value, np.ndarray) else value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is read-only: {name} cannot be deleted")


class RightCensored(_Frozen):
    """Times to one event, right-censored, with optional delayed entry and case weights.

    Parameters
    ----------
    time : array_like of shape (n,)
        Time to event or censoring, in ``time_unit``; finite and not negative.
    event : array_like of shape (n,)
        1 where the event was seen, 0 where the time is censored.
    entry : array_like of shape (n,), optional
        Left truncation: the row is at risk on (entry, time].
    weight : array_like of shape (n,), optional
        Positive case weights, the smallest at least 1e-9 of the largest.
    time_unit : str
        Unit of the times.

    Raises
    ------
    InvalidArgument
        Unequal lengths, no rows, a missing or negative time, an event other than 0 or 1, entry not
        before time, a weight that is not positive or nothing beside the others.

    Examples
    --------
    >>> RightCensored([5, 8, 8], [1, 0, 1]).n_events
    2
    """

    __slots__ = ("entry", "event", "time", "time_unit", "weight")
    time: FloatArray
    event: IntArray
    entry: FloatArray | None
    weight: FloatArray | None
    time_unit: TimeUnit

    def __init__(
        self,
        time: ArrayLike,
        event: ArrayLike,
        *,
        entry: ArrayLike | None = None,
        weight: ArrayLike | None = None,
        time_unit: TimeUnit = "days",
    ) -> None:
        checks.option(time_unit, TimeUnit, "time_unit")
        times = _times(time, "time")
        weights = None if weight is None else as_floats(weight, "weight")
        checks.same_length(times.size, weight=weights)
        if weights is not None:
            _check_weights(weights)
        self._set(
            time=times,
            event=_codes(event, "event", 1, times.size),
            entry=_entry(entry, times),
            weight=weights,
            time_unit=time_unit,
        )

    @property
    def n_subjects(self) -> int:
        """Number of rows."""
        return int(self.time.size)

    @property
    def n_events(self) -> int:
        """Number of rows with an event (unweighted)."""
        return int(self.event.sum())


class CompetingRisks(_Frozen):
    """Times to the first of several causes that exclude each other.

    Parameters
    ----------
    time : array_like of shape (n,)
        Time to the first cause or censoring, in ``time_unit``.
    status : array_like of shape (n,)
        0 censored, k for ``causes[k - 1]``.
    causes : sequence of str
        Names of the causes, in the order of their codes.
    entry : array_like of shape (n,), optional
        Left truncation: the row is at risk on (entry, time].
    time_unit : str
        Unit of the times.

    Raises
    ------
    InvalidArgument
        As for :class:`RightCensored`; a status without a cause; two causes of one name.

    Examples
    --------
    >>> CompetingRisks([5, 8, 9], [1, 2, 0], ["SSE", "death"]).code("death")
    2
    """

    __slots__ = ("causes", "entry", "status", "time", "time_unit")
    time: FloatArray
    status: IntArray
    causes: tuple[str, ...]
    entry: FloatArray | None
    time_unit: TimeUnit

    def __init__(
        self,
        time: ArrayLike,
        status: ArrayLike,
        causes: Sequence[str],
        *,
        entry: ArrayLike | None = None,
        time_unit: TimeUnit = "days",
    ) -> None:
        checks.option(time_unit, TimeUnit, "time_unit")
        names = (causes,) if isinstance(causes, str) else tuple(causes)
        if not names or len(set(names)) < len(names):
            raise InvalidArgument(f"causes must be distinct names, at least one, got {names}")
        times = _times(time, "time")
        self._set(
            time=times,
            status=_codes(status, "status", len(names), times.size),
            causes=names,
            entry=_entry(entry, times),
            time_unit=time_unit,
        )

    @property
    def n_subjects(self) -> int:
        """Number of rows."""
        return int(self.time.size)

    def code(self, cause: str) -> int:
        """Return the status code of ``cause``."""
        checks.option(cause, self.causes, "cause")
        return self.causes.index(cause) + 1


class IntervalCensored(_Frozen):
    """Times to one event known to lie in (left, right], as when visits or imaging find it.

    Parameters
    ----------
    left : array_like of shape (n,)
        Last time known to be without the event, in ``time_unit``; finite and not negative.
    right : array_like of shape (n,)
        First time known to be with it: ``left`` where the time is exact, infinite where the row is
        right-censored at ``left``; with ``left`` 0 all that is known is an event by ``right``.
    time_unit : str
        Unit of the times.

    Raises
    ------
    InvalidArgument
        Unequal lengths, no rows, a missing or negative time, ``left`` infinite or beyond ``right``.

    Examples
    --------
    >>> IntervalCensored([0, 30, 45, 60], [30, 60, 45, float("inf")]).n_events
    3
    """

    __slots__ = ("left", "right", "time_unit")
    left: FloatArray
    right: FloatArray
    time_unit: TimeUnit

    def __init__(self, left: ArrayLike, right: ArrayLike, *, time_unit: TimeUnit = "days") -> None:
        checks.option(time_unit, TimeUnit, "time_unit")
        lefts, rights = _times(left, "left"), as_floats(right, "right")
        checks.same_length(lefts.size, right=rights)
        checks.rows_where(np.isnan(rights), "right must not be missing (infinite where right-censored)")
        checks.rows_where(lefts > rights, "left must not come after right")
        self._set(left=lefts, right=rights, time_unit=time_unit)

    @property
    def n_subjects(self) -> int:
        """Number of rows."""
        return int(self.left.size)

    @property
    def n_events(self) -> int:
        """Number of rows whose event is known to have happened."""
        return int(np.isfinite(self.right).sum())


class RecurrentEvents(_Frozen):
    """Counting-process rows (start, stop] of events that may recur until death.

    Parameters
    ----------
    subject : array_like of shape (n,)
        Label of the subject a row belongs to.
    start, stop : array_like of shape (n,)
        The row is at risk on (start, stop], in ``time_unit``.
    status : array_like of shape (n,)
        What happens at ``stop``: 0 nothing, 1 an event, 2 a terminal event (death).
    time_unit : str
        Unit of the times.

    Raises
    ------
    InvalidArgument
        Unequal lengths, no rows, a missing label, a missing or negative time, ``start >= stop``, a status
        other than 0, 1 or 2, rows of one subject that overlap, rows after the terminal event.

    Examples
    --------
    >>> data = RecurrentEvents(["a", "a", "b"], [0, 30, 0], [30, 90, 60], [1, 0, 2])
    >>> data.n_subjects, data.n_events
    (2, 1)
    """

    __slots__ = ("start", "status", "stop", "subject", "time_unit")
    subject: LabelArray
    start: FloatArray
    stop: FloatArray
    status: IntArray
    time_unit: TimeUnit

    def __init__(
        self,
        subject: ArrayLike,
        start: ArrayLike,
        stop: ArrayLike,
        status: ArrayLike,
        *,
        time_unit: TimeUnit = "days",
    ) -> None:
        checks.option(time_unit, TimeUnit, "time_unit")
        stops = _times(stop, "stop")
        labels = as_labels(subject, "subject")
        checks.rows_where(np.asarray(pd.isna(labels)), "subject must not be missing")
        starts = _times(start, "start")
        checks.same_length(stops.size, subject=labels, start=starts)
        checks.rows_where(starts >= stops, "start must come before stop")
        codes = _codes(status, "status", 2, stops.size)
        self._set(subject=labels, start=starts, stop=stops, status=codes, time_unit=time_unit)
        self._refuse_overlaps()

    def _refuse_overlaps(self) -> None:
        number = self.subject_number
        order = np.lexsort((self.start, number))
        same = np.diff(number[order]) == 0
        overlap = same & (self.start[order][1:] < self.stop[order][:-1])
        after_death = same & (self.status[order][:-1] == 2)
        for bad, rule in ((overlap, "rows overlap"), (after_death, "rows follow the terminal event")):
            if bad.any():
                who = np.unique(self.subject[order][1:][bad])
                raise InvalidArgument(f"{rule}: {who.size} subject(s) ({name_some(who)})")

    @property
    def subject_number(self) -> IntArray:
        """Number of the subject of each row, from 0 in sorted order of the labels; shape (n,)."""
        return np.unique(self.subject, return_inverse=True)[1].astype(np.int64)

    @property
    def n_subjects(self) -> int:
        """Number of distinct subjects."""
        return int(np.unique(self.subject).size)

    @property
    def n_events(self) -> int:
        """Number of events (status 1)."""
        return int((self.status == 1).sum())
