"""Counts of subjects at risk, events, deaths and ends of observation by time, from rows (start, stop]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray

DEATH, CENSORED = 2, 3  # rows of the counts; 1 is an event, as in the status


@compiled("I I F F I")
def ends_of_observation(
    order: IntArray, subject: IntArray, start: FloatArray, stop: FloatArray, status: IntArray
) -> BoolArray:
    """Return whether a row ends without death and no row of its subject goes on from there.

    ``order`` are the rows sorted by subject, then start.
    """
    n = order.size
    ends = np.empty(n, dtype=np.bool_)
    for i in range(n):
        row = order[i]
        goes_on = False
        if i + 1 < n:
            after = order[i + 1]
            goes_on = subject[after] == subject[row] and start[after] == stop[row]
        ends[row] = status[row] != DEATH and not goes_on
    return ends


@inner
def _places(by_stop: IntArray, stop: FloatArray, marks: BoolArray) -> tuple[FloatArray, IntArray]:
    """Return the distinct times of the marked rows and the last of them that each row reaches."""
    n, m = stop.size, 0
    time, last = np.empty(n), np.empty(n, dtype=np.int64)
    for row in by_stop:
        if marks[row] and (m == 0 or stop[row] != time[m - 1]):
            time[m] = stop[row]
            m += 1
        last[row] = m - 1
    for i in range(n - 2, -1, -1):  # a row that is not marked reaches the time of one that ends with it
        if stop[by_stop[i]] == stop[by_stop[i + 1]]:
            last[by_stop[i]] = last[by_stop[i + 1]]
    return time[:m].copy(), last


@inner
def _first_places(by_start: IntArray, start: FloatArray, time: FloatArray) -> IntArray:
    """Return the first time after the start of each row."""
    first = np.empty(start.size, dtype=np.int64)
    k = 0
    for row in by_start:
        while k < time.size and time[k] <= start[row]:
            k += 1
        first[row] = k
    return first


@compiled("I I F F I B")
def count_histories(
    by_stop: IntArray,
    by_start: IntArray,
    start: FloatArray,
    stop: FloatArray,
    status: IntArray,
    ends: BoolArray,
) -> tuple[FloatArray, FloatArray, IntArray, IntArray]:
    """Return the distinct times of an event, a death or an end, the counts at them and each row's positions.

    ``by_stop`` and ``by_start`` are the rows in the order of these times.  The rows of the counts, shape
    (4, m), are subjects at risk just before the time; events; deaths; ends of observation without either.  A
    row is at risk from position ``first`` to ``last``.
    """
    time, last = _places(by_stop, stop, ends | (status > 0))
    first = _first_places(by_start, start, time)
    counts = np.zeros((4, time.size))
    change = np.zeros(time.size + 1)
    for row in range(stop.size):
        if first[row] <= last[row]:
            change[first[row]] += 1
            change[last[row] + 1] -= 1
        if status[row] > 0:
            counts[status[row], last[row]] += 1
        elif ends[row]:
            counts[CENSORED, last[row]] += 1
    counts[0] = np.cumsum(change)[:-1]
    return time, counts, first, last
