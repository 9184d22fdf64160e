"""Pairs scored by Kaplan-Meier curves: chances to win and to lose, and their derivatives by the curves.

Curves lie one after the other in one array, priority after priority; a curve holds its value before its first
jump and after each.  ``tail[q]`` is the sum over jumps from q on of the drop of the curve times the other
arm's curve at the jump plus the margin.  A table holds four entries for each row of each priority: whether it
has an event; its place in the own curve; its place in the other curve at its time plus the margin, -1 where
that is not known; and just before its time less the margin.
"""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

WIDTH = 4
EVENT, OWN, BEYOND, LEFT = 0, 1, 2, 3


@compiled("F I F I F F F F F")
def expected_pairs(
    time_a: FloatArray,
    table_a: IntArray,
    time_b: FloatArray,
    table_b: IntArray,
    margin: FloatArray,
    curve_a: FloatArray,
    curve_b: FloatArray,
    tail_a: FloatArray,
    tail_b: FloatArray,
) -> tuple[FloatArray, FloatArray, tuple[FloatArray, FloatArray, FloatArray, FloatArray]]:
    """Score every pair of a row of a with a row of b.

    Returns the sums of the chances of a to win and to lose by row of a and by row of b, of shape
    (k, 2, n), and the derivatives of the total wins and losses of shape (size, 2) by the two curves and
    their tails (a, b, tails of a, tails of b).
    """
    k, n, m = margin.size, time_a.size // margin.size, time_b.size // margin.size
    rows_a, rows_b = np.zeros((k, 2, n)), np.zeros((k, 2, m))
    by_a, by_b = np.zeros((curve_a.size, 2)), np.zeros((curve_b.size, 2))
    by_tail_a, by_tail_b = np.zeros((curve_a.size, 2)), np.zeros((curve_b.size, 2))
    chance, later, undecided = np.empty((k, m, 2)), np.empty((m, 2)), np.empty((k + 1, m))
    slope = np.empty((m, 2))
    undecided[0] = 1.0
    for i in range(n):
        for p in range(k):
            a, b = p * n + i, p * m
            _chances(
                time_a,
                table_a,
                a,
                0,
                time_b,
                table_b,
                b,
                1,
                margin[p],
                curve_a,
                curve_b,
                tail_b,
                chance[p, :, 0],
            )
            _chances(
                time_b,
                table_b,
                b,
                1,
                time_a,
                table_a,
                a,
                0,
                margin[p],
                curve_b,
                curve_a,
                tail_a,
                chance[p, :, 1],
            )
            for j in range(m):
                for side in range(2):
                    decided = undecided[p, j] * chance[p, j, side]
                    rows_a[p, side, i] += decided
                    rows_b[p, side, j] += decided
                undecided[p + 1, j] = undecided[p, j] * max(1 - chance[p, j, 0] - chance[p, j, 1], 0.0)
        later[:] = 0.0  # what a pair comes to from the next priority on
        for p in range(k - 1, -1, -1):
            a, b = p * n + i, p * m
            for j in range(m):
                slope[j, 0], slope[j, 1] = undecided[p, j] * (1 - later[j, 0]), -undecided[p, j] * later[j, 1]
            _add_slopes(
                time_a,
                table_a,
                a,
                0,
                time_b,
                table_b,
                b,
                1,
                margin[p],
                curve_a,
                curve_b,
                tail_b,
                slope,
                by_a,
                by_b,
                by_tail_b,
            )
            for j in range(m):
                slope[j, 0], slope[j, 1] = -undecided[p, j] * later[j, 0], undecided[p, j] * (1 - later[j, 1])
            _add_slopes(
                time_b,
                table_b,
                b,
                1,
                time_a,
                table_a,
                a,
                0,
                margin[p],
                curve_b,
                curve_a,
                tail_a,
                slope,
                by_b,
                by_a,
                by_tail_a,
            )
            for j in range(m):
                neither = 1 - chance[p, j, 0] - chance[p, j, 1]
                for side in range(2):
                    later[j, side] = chance[p, j, side] + neither * later[j, side]
    return rows_a, rows_b, (by_a, by_b, by_tail_a, by_tail_b)


@inner
def _chances(
    time_a: FloatArray,
    table_a: IntArray,
    a: int,
    step_a: int,
    time_b: FloatArray,
    table_b: IntArray,
    b: int,
    step_b: int,
    margin: float,
    own: FloatArray,
    other: FloatArray,
    tail: FloatArray,
    chances: FloatArray,
) -> None:
    """Write the chances that a outlives b by more than the margin, as far as the curves are known.

    The pairs of one row with all of the other group: that row has step 0, the others 1.
    """
    for j in range(chances.size):
        a_event, a_own = table_a[WIDTH * a + EVENT], table_a[WIDTH * a + OWN]
        if table_b[WIDTH * b + EVENT]:
            beyond = table_b[WIDTH * b + BEYOND]
            if time_a[a] - time_b[b] > margin:
                chances[j] = 1.0
            elif a_event or beyond < 0:
                chances[j] = 0.0
            else:
                chances[j] = own[beyond] / own[a_own]
        else:
            b_own = table_b[WIDTH * b + OWN]
            start = max(table_a[WIDTH * a + LEFT], b_own)
            passed = other[b_own] - other[start]
            if not a_event:
                passed += tail[start] / own[a_own]
            chances[j] = passed / other[b_own]
        a += step_a
        b += step_b


@inner
def _add_slopes(
    time_a: FloatArray,
    table_a: IntArray,
    a: int,
    step_a: int,
    time_b: FloatArray,
    table_b: IntArray,
    b: int,
    step_b: int,
    margin: float,
    own: FloatArray,
    other: FloatArray,
    tail: FloatArray,
    slope: FloatArray,
    by_own: FloatArray,
    by_other: FloatArray,
    by_tail: FloatArray,
) -> None:
    """Add the derivatives of :func:`_chances` times the slope of each pair, by wins and by losses."""
    for j in range(slope.shape[0]):
        a_event, a_own = table_a[WIDTH * a + EVENT], table_a[WIDTH * a + OWN]
        if table_b[WIDTH * b + EVENT]:
            beyond = table_b[WIDTH * b + BEYOND]
            if not a_event and beyond > a_own and time_a[a] - time_b[b] <= margin:
                high = own[a_own]
                for side in range(2):
                    by_own[beyond, side] += slope[j, side] / high
                    by_own[a_own, side] -= slope[j, side] * own[beyond] / high**2
        else:
            b_own = table_b[WIDTH * b + OWN]
            start = max(table_a[WIDTH * a + LEFT], b_own)
            from_b, left = other[b_own], other[start]
            if not a_event:
                high = own[a_own]
                left -= tail[start] / high
                for side in range(2):
                    by_tail[start, side] += slope[j, side] / (high * from_b)
                    by_own[a_own, side] -= slope[j, side] * tail[start] / (high**2 * from_b)
            for side in range(2):
                by_other[start, side] -= slope[j, side] / from_b
                by_other[b_own, side] += slope[j, side] * left / from_b**2
        a += step_a
        b += step_b
