"""Area under Kaplan-Meier curves up to a horizon, with its variance, for many cells of rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

SNAP = 1e-12  # relative size below which a difference of sums of weights is rounding


@compiled("I I I F I F")
def rows_by_cell(
    order: IntArray, starts: IntArray, cell: IntArray, time: FloatArray, event: IntArray, weight: FloatArray
) -> FloatArray:
    """Return time, event and weight of the rows by cell, in ``order`` within each; shape (3, n)."""
    rows = np.empty((3, time.size))
    place = starts.copy()
    for i in order:
        to = place[cell[i]]
        place[cell[i]] = to + 1
        rows[0, to], rows[1, to], rows[2, to] = time[i], event[i], weight[i]
    return rows


@inner
def _count_events(
    rows: FloatArray, late: FloatArray, place: tuple[int, int, int, int], horizon: float, counts: FloatArray
) -> tuple[int, float]:
    """Write time, at risk and events of the distinct event times up to the horizon, latest first.

    Returns how many there are, and the most that are ever at risk.
    """
    low, i, late_low, j = place
    total, most, m = 0.0, 0.0, 0
    while i >= low:
        now, died = rows[0, i], 0.0
        while i >= low and rows[0, i] == now:
            total += rows[2, i]
            died += rows[1, i] * rows[2, i]
            i -= 1
        while j >= late_low and late[0, j] >= now:
            total -= late[2, j]
            j -= 1
        most = max(most, total)
        if died > 0 and now <= horizon:
            counts[0, m], counts[1, m], counts[2, m] = now, total, died
            m += 1
    return m, most


@compiled("FF I FF I f")
def restricted_areas(
    rows: FloatArray, starts: IntArray, late: FloatArray, late_starts: IntArray, horizon: float
) -> FloatArray:
    """Return area, variance and survival at the horizon of each cell; shape (3, n_cells), NaN without rows.

    ``rows`` of shape (3, n) holds time, event (0 or 1) and weight, by cell and then time, those of cell c
    from ``starts[c]`` on; ``late`` the rows that enter late, with entry in the place of time.
    """
    found = np.full((3, starts.size - 1), np.nan)
    counts = np.empty((4, rows.shape[1]))
    for c in range(starts.size - 1):
        if starts[c] == starts[c + 1]:
            continue
        place = (starts[c], starts[c + 1] - 1, late_starts[c], late_starts[c + 1] - 1)
        m, most = _count_events(rows, late, place, horizon, counts)
        time, at_risk, events, after = counts[0], counts[1], counts[2], counts[3]
        # forwards: the pieces of the area, each under the curve after an event
        survival = 1.0
        area = time[m - 1] if m else horizon
        for k in range(m - 1, -1, -1):
            left = at_risk[k] - events[k]
            survival *= left / at_risk[k] if left > SNAP * most else 0.0
            after[k] = survival * ((time[k - 1] if k else horizon) - time[k])
            area += after[k]
        # backwards: the area after each event
        variance, beyond = 0.0, 0.0
        for k in range(m):
            left = at_risk[k] - events[k]
            beyond += after[k]
            if left > SNAP * most:
                variance += beyond * beyond * events[k] / (at_risk[k] * left)
        found[0, c], found[1, c], found[2, c] = area, variance, survival
    return found
