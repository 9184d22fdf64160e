"""Counts at risk, of events and of censorings by time, from sorted keys.

The bits of floats that are not negative sort as the floats do.  A key is an unsigned number in an array of
int64: twice the bits of a time (``time.view(numpy.int64) << 1``, without the sign of a zero), plus 1 for a
censoring.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .compiled import compiled

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

MAGNITUDE = 0x7FFFFFFFFFFFFFFF  # all bits but the sign


@compiled("I")
def count_times(keys: IntArray) -> int:
    """Return the number of distinct times among sorted keys."""
    found = 0
    for i in range(keys.size):
        if i == 0 or keys[i] >> 1 != keys[i - 1] >> 1:
            found += 1
    return found


@compiled("I I I* FF*")
def count_rows(keys: IntArray, late: IntArray, time: IntArray, counts: FloatArray) -> None:
    """Write the bits of each distinct time, and the rows at risk, events and censorings at it.

    ``late`` holds the sorted keys of the entries that are not before time 0.
    """
    i, j, k = 0, 0, 0
    while i < keys.size:
        now = (keys[i] >> 1) & MAGNITUDE
        while j < late.size and (late[j] >> 1) & MAGNITUDE < now:
            j += 1
        # at risk: not yet gone, less those who have not yet come
        counts[0, k] = (keys.size - i) - (late.size - j)
        first, censored = i, 0
        while i < keys.size and (keys[i] >> 1) & MAGNITUDE == now:
            censored += keys[i] & 1
            i += 1
        counts[1, k], counts[2, k] = i - first - censored, censored
        time[k] = now
        k += 1


@compiled("I I F*")
def count_at(time: IntArray, keys: IntArray, counts: FloatArray) -> None:
    """Write the number of sorted keys at each of the sorted times (bits), among which they all are."""
    i = 0
    for k in range(time.size):
        first = i
        while i < keys.size and (keys[i] >> 1) & MAGNITUDE == time[k]:
            i += 1
        counts[k] = i - first


@compiled("F I F* I*")
def place_rows(time: FloatArray, order: IntArray, distinct: FloatArray, index: IntArray) -> int:
    """Write the distinct times and the position of each row's among them; return their number.

    ``order`` are the rows in order of ``time``.
    """
    k = -1
    for row in order:
        if k < 0 or time[row] != distinct[k]:
            k += 1
            distinct[k] = time[row] + 0.0  # -0.0 is 0
        index[row] = k
    return k + 1
