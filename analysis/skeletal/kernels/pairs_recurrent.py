"""Counts of pairs compared by death and recurring events within their common follow-up."""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray

FIRST_EVENT, LAST_EVENT = 1, 2  # what decides between equal numbers of events; 0: nothing


@compiled("F B I F F B I F i")
def count_recurrent(
    end_a: FloatArray,
    died_a: BoolArray,
    first_a: IntArray,
    events_a: FloatArray,
    end_b: FloatArray,
    died_b: BoolArray,
    first_b: IntArray,
    events_b: FloatArray,
    kind: int,
) -> tuple[IntArray, IntArray]:
    """Return wins and losses of each row of a against all of b: by death, number and time of events.

    Rows are in order of ``end``; the events of row i are ``events[first[i]:first[i + 1]]``, increasing.
    """
    n, m = end_a.size, end_b.size
    wins, losses = np.zeros((3, n), dtype=np.int64), np.zeros((3, n), dtype=np.int64)
    until_b = first_b[:m].copy()  # of each row of b, past its last event until the end of the row of a
    for i in range(n):
        until_a = first_a[i]
        for j in range(m):
            if end_b[j] <= end_a[i]:
                until_b[j] = first_b[j + 1]
                while until_a < first_a[i + 1] and events_a[until_a] <= end_b[j]:
                    until_a += 1
            else:
                until_a = first_a[i + 1]
                while until_b[j] < first_b[j + 1] and events_b[until_b[j]] <= end_a[i]:
                    until_b[j] += 1
            if died_b[j] and (end_b[j] < end_a[i] or (end_b[j] == end_a[i] and not died_a[i])):
                wins[0, i] += 1
            elif died_a[i] and (end_a[i] < end_b[j] or (end_a[i] == end_b[j] and not died_b[j])):
                losses[0, i] += 1
            else:
                level, result = _by_events(
                    events_a[first_a[i] : until_a], events_b[first_b[j] : until_b[j]], kind
                )
                wins[level, i] += result > 0
                losses[level, i] += result < 0
    return wins, losses


@inner
def _by_events(events_a: FloatArray, events_b: FloatArray, kind: int) -> tuple[int, float]:
    """Return what decides, 1 the number of events or 2 their time, and who wins (positive: a)."""
    if events_a.size != events_b.size:
        return 1, float(events_b.size - events_a.size)
    if kind == 0 or events_a.size == 0:
        return 2, 0.0
    if kind == FIRST_EVENT:
        return 2, events_a[0] - events_b[0]
    return 2, events_a[-1] - events_b[-1]
