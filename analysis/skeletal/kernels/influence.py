"""Sums over subjects of squared influences that change at a subject's own times only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray


@inner
def _by_position(at: IntArray, size: int) -> IntArray:
    """Return the order of changes by position; those at one position keep theirs."""
    place = np.zeros(size + 1, dtype=np.int64)
    for position in at:
        place[position + 1] += 1
    for position in range(size):
        place[position + 1] += place[position]
    order = np.empty(at.size, dtype=np.int64)
    for i in range(at.size):
        order[place[at[i]]] = i
        place[at[i]] += 1
    return order


@inner
def _add(change: FloatArray, total: FloatArray, sums: FloatArray, moved: FloatArray) -> None:
    """Add the change to a subject's totals, and what that changes to the products over all subjects."""
    for i in range(change.size):
        for j in range(i + 1):
            step = total[i] * change[j] + change[i] * (total[j] + change[j])
            sums[i, j] += step
            if i == j:
                moved[i] += abs(step)
    for i in range(change.size):
        total[i] += change[i]


@compiled("FF I I FF f")
def squares_over_time(
    changes: FloatArray, at: IntArray, who: IntArray, scale: FloatArray, rounding: float
) -> FloatArray:
    """Return the sum over subjects of (running totals @ scale)^2 at each position; see ``summed_squares``."""
    size, m = scale.shape
    order = _by_position(at, m)
    totals = np.zeros((who.max() + 1 if who.size else 0, size))
    sums, moved = np.zeros((size, size)), np.zeros(size)
    result = np.zeros(m)
    k = 0
    for position in range(m):
        while k < order.size and at[order[k]] == position:
            _add(changes[order[k]], totals[who[order[k]]], sums, moved)
            k += 1
        value, reached = 0.0, 0.0
        for i in range(size):
            reached += moved[i] * scale[i, position] ** 2
            for j in range(i + 1):
                value += (1 if i == j else 2) * sums[i, j] * scale[i, position] * scale[j, position]
        if value > rounding * reached:
            result[position] = value
    return result
