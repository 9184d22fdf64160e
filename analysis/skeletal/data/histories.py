"""Histories of subjects in rows (start, stop]: events that recur, and states that are passed through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import FloatArray, IntArray, LabelArray, TimeUnit
from ..errors import InvalidArgument
from .checked import Frozen, codes_of, refuse_subjects, require_rows_apart, row_labels, times_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike


class RecurrentEvents(Frozen):
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
        stops = times_of(stop, "stop")
        labels = row_labels(subject)
        starts = times_of(start, "start")
        checks.same_length(stops.size, subject=labels, start=starts)
        checks.rows_where(starts >= stops, "start must come before stop")
        codes = codes_of(status, "status", stops.size, highest=2)
        self._set(subject=labels, start=starts, stop=stops, status=codes, time_unit=time_unit)
        number = self.subject_number
        order = require_rows_apart(number, starts, stops, labels)
        ended = (np.diff(number[order]) == 0) & (codes[order][:-1] == 2)
        refuse_subjects(ended, labels[order][1:], "rows follow the terminal event")

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


class MultiState(Frozen):
    """Rows (start, stop] that a subject spends in one of several states, and the state entered at the end.

    Parameters
    ----------
    subject : array_like of shape (n,)
        Label of the subject a row belongs to.
    start, stop : array_like of shape (n,)
        The row is in ``state``, and at risk of leaving it, on (start, stop], in ``time_unit``.
    state : array_like of shape (n,)
        Number of the state, from 1, for ``states[state - 1]``.
    to : array_like of shape (n,)
        Number of the state entered at ``stop``; 0 where none is.
    states : sequence of str
        Names of the states; one that no row is spent in is absorbing.
    time_unit : str
        Unit of the times.

    Raises
    ------
    InvalidArgument
        Unequal lengths, no rows, a missing label, a missing or negative time, ``start >= stop``, a number
        without a state, two states of one name, a state entered from itself, rows of one subject that
        overlap, a row that begins where the one before ended but in another state than the one entered, rows
        that follow the entry of an absorbing state.

    Examples
    --------
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(["a", "a", "b"], [0, 30, 0], [30, 90, 60], [1, 2, 1], [2, 3, 0], states)
    >>> data.n_subjects, data.code("dead")
    (2, 3)
    """

    __slots__ = ("start", "state", "states", "stop", "subject", "time_unit", "to")
    subject: LabelArray
    start: FloatArray
    stop: FloatArray
    state: IntArray
    to: IntArray
    states: tuple[str, ...]
    time_unit: TimeUnit

    def __init__(
        self,
        subject: ArrayLike,
        start: ArrayLike,
        stop: ArrayLike,
        state: ArrayLike,
        to: ArrayLike,
        states: Sequence[str],
        *,
        time_unit: TimeUnit = "days",
    ) -> None:
        checks.option(time_unit, TimeUnit, "time_unit")
        names = (states,) if isinstance(states, str) else tuple(states)
        if len(names) < 2 or len(set(names)) < len(names):
            raise InvalidArgument(f"states must be distinct names, at least two, got {names}")
        stops = times_of(stop, "stop")
        labels, starts = row_labels(subject), times_of(start, "start")
        checks.same_length(stops.size, subject=labels, start=starts)
        checks.rows_where(starts >= stops, "start must come before stop")
        codes = codes_of(state, "state", stops.size, lowest=1, highest=len(names))
        entered = codes_of(to, "to", stops.size, highest=len(names))
        checks.rows_where(codes == entered, "to must be another state than state (0 where none is entered)")
        self._set(
            subject=labels,
            start=starts,
            stop=stops,
            state=codes,
            to=entered,
            states=names,
            time_unit=time_unit,
        )
        number = self.subject_number
        order = require_rows_apart(number, starts, stops, labels)
        goes_on = (np.diff(number[order]) == 0) & (starts[order][1:] == stops[order][:-1])
        left = np.where(entered > 0, entered, codes)[order][:-1]
        refuse_subjects(
            goes_on & (codes[order][1:] != left),
            labels[order][1:],
            "rows begin in another state than the one that the row before them ended in",
        )
        final = (np.diff(number[order]) == 0) & (entered[order][:-1] > 0)
        final &= ~np.isin(entered[order][:-1], codes)
        refuse_subjects(final, labels[order][1:], "rows follow the entry of a state that no row is spent in")

    @property
    def subject_number(self) -> IntArray:
        """Number of the subject of each row, from 0 in sorted order of the labels; shape (n,)."""
        return np.unique(self.subject, return_inverse=True)[1].astype(np.int64)

    @property
    def n_subjects(self) -> int:
        """Number of distinct subjects."""
        return int(np.unique(self.subject).size)

    def code(self, state: str) -> int:
        """Return the number of ``state``."""
        checks.option(state, self.states, "state")
        return self.states.index(state) + 1
