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


@inner
def _moved(a: float, change: float) -> float:
    """Return by how much the square of a total ``a`` changes."""
    return change * (2 * a + change)


@compiled("I I I FF FF FF f")
def squares_of_rows(
    who: IntArray,
    first: IntArray,
    last: IntArray,
    marks: FloatArray,
    curves: FloatArray,
    scales: FloatArray,
    rounding: float,
) -> FloatArray:
    """Return the sum over subjects of (r path + c + s left)^2; see ``skeletal.influence.influence_variance``.

    ``marks`` are the gains and the ends of the rows, ``curves`` path, left and drift, ``scales`` those of a
    gain and of an end.  The rows must be at risk somewhere.
    """
    m = curves.shape[1]
    path, left, drift = curves[0], curves[1], curves[2]
    entries, exits = _by_position(first, m), _by_position(last, m)
    totals = np.zeros((who.max() + 1 if who.size else 0, 3))
    rr, rc, rs, cc, cs, ss = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    moved_r, moved_c, moved_s = 0.0, 0.0, 0.0
    result = np.zeros(m)
    i, j = 0, 0
    for k in range(m):
        while True:
            if i < entries.size and first[entries[i]] == k:
                row, dr = entries[i], 1.0
                i += 1
                ds = drift[k - 1] if k else 0.0
                dc = -path[k - 1] - ds * left[k - 1] if k else 0.0
            elif j < exits.size and last[exits[j]] == k:
                row, dr = exits[j], -1.0
                j += 1
                ds = scales[1, k] * marks[1, row] - drift[k]
                dc = path[k] + scales[0, k] * marks[0, row] - left[k] * ds
            else:
                break
            total = totals[who[row]]
            r, c, s = total[0], total[1], total[2]
            rc += r * dc + dr * (c + dc)
            rs += r * ds + dr * (s + ds)
            cs += c * ds + dc * (s + ds)
            step = _moved(r, dr)
            rr, moved_r = rr + step, moved_r + abs(step)
            step = _moved(c, dc)
            cc, moved_c = cc + step, moved_c + abs(step)
            step = _moved(s, ds)
            ss, moved_s = ss + step, moved_s + abs(step)
            total[0], total[1], total[2] = r + dr, c + dc, s + ds
        p, q = path[k], left[k]
        value = rr * p * p + cc + ss * q * q + 2 * (rc * p + rs * p * q + cs * q)
        if value > rounding * (moved_r * p * p + moved_c + moved_s * q * q):
            result[k] = value
    return result


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
