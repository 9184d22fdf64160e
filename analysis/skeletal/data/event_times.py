"""Times to an event, one row a subject: right-censored, with competing causes, in intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import FloatArray, IntArray, TimeUnit, as_floats
from ..errors import InvalidArgument
from .checked import Frozen, check_weights, codes_of, entry_of, times_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


class RightCensored(Frozen):
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
        times = times_of(time, "time")
        weights = None if weight is None else as_floats(weight, "weight")
        checks.same_length(times.size, weight=weights)
        if weights is not None:
            check_weights(weights)
        self._set(
            time=times,
            event=codes_of(event, "event", times.size, highest=1),
            entry=entry_of(entry, times),
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


class CompetingRisks(Frozen):
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
        times = times_of(time, "time")
        self._set(
            time=times,
            status=codes_of(status, "status", times.size, highest=len(names)),
            causes=names,
            entry=entry_of(entry, times),
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


class IntervalCensored(Frozen):
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
        lefts, rights = times_of(left, "left"), as_floats(right, "right")
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
