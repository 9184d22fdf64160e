"""Pairs of a score and a time that agree or not, counted with binary indexed trees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray


@compiled("FF I I I I FF*")
def count_pairs(
    rows: FloatArray,
    rank: IntArray,
    by_stop: IntArray,
    by_entry: IntArray,
    starts: IntArray,
    result: FloatArray,
) -> None:
    """Count for each row the pairs that it is in, with the weight of the other row and that of the event.

    A pair is a row with an event and a row of its stratum that is at risk then and stays so; it agrees
    where the event has the higher rank.

    ``rows`` of shape (4, n) holds stop, entry, weight, and weight of the event (0 without one); ``rank``
    counts from 0 within the stratum.  ``by_stop`` orders the rows by stratum, then stop from the last to
    the first, then those without event first; ``by_entry`` by stratum, then entry from the last to the
    first; ``starts`` of shape (n_strata + 1,) says where each stratum begins in them.  ``result`` of shape
    (n, 2) must be 0 and takes the pairs that agree less those that do not, and all pairs.
    """
    stop, entry, weight, event = rows[0], rows[1], rows[2], rows[3]
    trees = np.zeros((2, stop.size + 1))
    for s in range(starts.size - 1):
        low, high = starts[s], starts[s + 1]
        # from the last time back: who is at risk, and who had an event since, by rank
        at_risk, died = trees[0, : high - low + 1], trees[1, : high - low + 1]
        at_risk[:] = 0.0
        died[:] = 0.0
        i, e = low, low
        while i < high:
            now = stop[by_stop[i]]
            while e < high and entry[by_entry[e]] >= now:
                row = by_entry[e]
                _add(at_risk, rank[row], -weight[row])
                _read(died, rank[row], -1.0, 1.0, result[row])
                e += 1
            while i < high and stop[by_stop[i]] == now and event[by_stop[i]] == 0:
                row = by_stop[i]  # still at risk after the events of its time
                _read(died, rank[row], 1.0, -1.0, result[row])
                _add(at_risk, rank[row], weight[row])
                i += 1
            first = i
            while i < high and stop[by_stop[i]] == now:
                row = by_stop[i]
                _read(at_risk, rank[row], event[row], event[row], result[row])
                _add(died, rank[row], event[row] * weight[row])
                i += 1
            for row in by_stop[first:i]:
                _read(died, rank[row], 1.0, -1.0, result[row])
                _add(at_risk, rank[row], weight[row])
        for row in by_entry[e:high]:
            _read(died, rank[row], -1.0, 1.0, result[row])


@inner
def _add(tree: FloatArray, rank: int, value: float) -> None:
    """Add ``value`` at ``rank``; entry 0 of ``tree`` holds the total."""
    tree[0] += value
    i = rank + 1
    while i < tree.size:
        tree[i] += value
        i += i & -i


@inner
def _below(tree: FloatArray, rank: int) -> float:
    """Sum what lies at ranks lower than ``rank``."""
    total = 0.0
    i = rank
    while i > 0:
        total += tree[i]
        i -= i & -i
    return total


@inner
def _read(tree: FloatArray, rank: int, balance: float, whole: float, result: FloatArray) -> None:
    """Add to ``result`` what lies below less what lies above ``rank``, and all, each times its factor."""
    lower = _below(tree, rank)
    higher = tree[0] - _below(tree, rank + 1)
    result[0] += balance * (lower - higher)
    result[1] += whole * tree[0]
