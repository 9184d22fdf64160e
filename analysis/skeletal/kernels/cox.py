"""Passes over the sorted rows of a partial likelihood: risk sets, hazards met, score residuals.

Rows are those at risk at any event, sorted by the last cell (distinct event time of a stratum) at which
they are: ``row_start[c]`` to ``row_start[c + 1]``.  Cells are sorted by stratum, then time; ``opens[c]`` says
that a stratum begins.  An entry is a cell, or with Efron's rule one of its tied events: ``entry_start``.
"""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray


@compiled("F I I I* F* I*")
def find_cells(
    time: FloatArray,
    event: IntArray,
    stratum: IntArray,
    last: IntArray,
    cell_time: FloatArray,
    cell_stratum: IntArray,
) -> int:
    """Find the cells of rows sorted by stratum, then time, and the last of each row; return their number.

    ``last`` is the one before a row's stratum where there is none in it up to the row's time.
    """
    m, low, n = 0, 0, time.size
    while low < n:
        t, s = time[low], stratum[low]
        high, failed = low, False
        while high < n and time[high] == t and stratum[high] == s:
            failed |= event[high] == 1
            high += 1
        if failed:
            cell_time[m], cell_stratum[m] = t, s
            m += 1
        for i in range(low, high):
            last[i] = m - 1
        low = high
    return m


@compiled("F I F I I*")
def first_cells(
    entry: FloatArray, stratum: IntArray, cell_time: FloatArray, cell_start: IntArray, first: IntArray
) -> None:
    """Set the first cell after each ``entry``; rows sorted by stratum, then entry.

    ``cell_start`` holds where the cells of each stratum begin, and where the last end.
    """
    at, current = 0, -1
    for i in range(entry.size):
        if stratum[i] != current:
            current = stratum[i]
            at = cell_start[current]
        while at < cell_start[current + 1] and cell_time[at] <= entry[i]:
            at += 1
        first[i] = at


@compiled("FF F I FF* F*")
def block_means(
    covariates: FloatArray, weight: FloatArray, block: IntArray, mean: FloatArray, largest: FloatArray
) -> None:
    """Set the weighted mean of the rows of each block (0 without weight) and the largest size of values."""
    p = covariates.shape[1]
    mass = np.zeros(mean.shape[0])
    mean[:] = 0.0
    largest[:] = 0.0
    for i in range(block.size):
        b, w = block[i], weight[i]
        mass[b] += w
        for j in range(p):
            value = covariates[i, j]
            mean[b, j] += w * value
            largest[j] = max(largest[j], abs(value))
    for b in range(mass.size):
        for j in range(p):
            mean[b, j] = mean[b, j] / mass[b] if mass[b] > 0.0 else 0.0


@compiled("FF* F I FF F*")
def centre_rows(
    rows: FloatArray, weight: FloatArray, block: IntArray, mean: FloatArray, square: FloatArray
) -> None:
    """Take the mean of its block from each row; add up the weighted squares of what is left."""
    p = rows.shape[1]
    square[:] = 0.0
    for i in range(block.size):
        b, w = block[i], weight[i]
        for j in range(p):
            value = rows[i, j] - mean[b, j]
            rows[i, j] = value
            square[j] += w * value * value


@compiled("FF I F FF*")
def add_rows(values: FloatArray, group: IntArray, factor: FloatArray, sums: FloatArray) -> None:
    """Add each row of ``values``, times its ``factor``, to ``sums`` of its group."""
    for i in range(group.size):
        for j in range(values.shape[1]):
            sums[group[i], j] += factor[i] * values[i, j]


@inner
def _add(sums: FloatArray, lost: FloatArray, risk: float, row: FloatArray) -> None:
    """Add ``risk`` times (row, 1), keeping in ``lost`` what rounding takes (Knuth's two-sum)."""
    p = row.size
    for j in range(p + 1):
        value = risk * row[j] if j < p else risk
        old = sums[j]
        new = old + value
        part = new - old
        lost[j] += (old - (new - part)) + (value - part)
        sums[j] = new


@compiled("FF F B I I B I I i i FF* F* FF*")
def sweep(
    rows: FloatArray,
    risk: FloatArray,
    event: BoolArray,
    row_start: IntArray,
    entry_start: IntArray,
    opens: BoolArray,
    late: IntArray,
    late_start: IntArray,
    low: int,
    high: int,
    state: FloatArray,
    total: FloatArray,
    mean: FloatArray,
) -> None:
    """Sum the risk sets of the cells from ``high`` - 1 down to ``low``.

    Parameters
    ----------
    rows, risk, event
        Covariates, relative risks and events of the sorted rows.
    late, late_start
        Rows that are not at risk from the first cell of their stratum on, by their first cell.
    state : ndarray of shape (2, p + 1)
        Sums over the risk set that is being built, and what rounding took from them: carried from call to
        call.
    total, mean
        Set for the entries of these cells: sum of the risks and mean of the covariates.
    """
    p, m = rows.shape[1], row_start.size - 1
    begin = entry_start[low]
    sums, lost, gone = state[0], state[1], np.empty(p + 1)
    for c in range(high - 1, low - 1, -1):
        if c + 1 == m or opens[c + 1]:
            state[:] = 0.0
        else:
            for i in late[late_start[c + 1] : late_start[c + 2]]:
                _add(sums, lost, -risk[i], rows[i])
        n_entries = entry_start[c + 1] - entry_start[c]
        gone[:] = 0.0
        for i in range(row_start[c], row_start[c + 1]):
            _add(sums, lost, risk[i], rows[i])
            if n_entries > 1 and event[i]:
                for j in range(p):
                    gone[j] += risk[i] * rows[i, j]
                gone[p] += risk[i]
        for k in range(n_entries):
            at, left = entry_start[c] + k - begin, k / n_entries
            total[at] = (sums[p] + lost[p]) - left * gone[p]
            scale = 1.0 / total[at]
            for j in range(p):
                mean[at, j] = ((sums[j] + lost[j]) - left * gone[j]) * scale


@inner
def _begin(c: int, opens: BoolArray, delayed: bool, reached: FloatArray, before: FloatArray) -> None:
    """Start the hazards of a stratum at 0, and keep what is reached before a cell."""
    for j in range(reached.size):
        if opens[c]:
            reached[j] = 0.0
        if delayed:
            before[c, j] = reached[j]


@inner
def _meet(
    low: int,
    high: int,
    weight: FloatArray,
    total: FloatArray,
    mean: FloatArray,
    step: FloatArray,
    faded: FloatArray,
    reached: FloatArray,
) -> None:
    """Sum the hazards of the entries of a cell, in the last place, and in the others times the means there.

    ``faded`` is the share of that sum which an event of the cell does not meet; ``reached`` grows by the sum.
    """
    p = mean.shape[1]
    for j in range(p + 1):
        step[j] = 0.0
        faded[j] = 0.0
    for at in range(low, high):
        hazard = weight[at] / total[at]
        left = (at - low) / (high - low)
        step[p] += hazard
        faded[p] += left * hazard
        for j in range(p):
            part = hazard * mean[at, j]
            step[j] += part
            faded[j] += left * part
    for j in range(p + 1):
        reached[j] += step[j]


@inner
def _average(low: int, high: int, mean: FloatArray, centre: FloatArray) -> None:
    """Average the means of the entries of a cell."""
    for j in range(centre.size):
        centre[j] = 0.0
        for at in range(low, high):
            centre[j] += mean[at, j] / (high - low)


@compiled("F F FF I I B b B I FF*")
def hazards_met(
    weight: FloatArray,
    total: FloatArray,
    mean: FloatArray,
    entry_start: IntArray,
    row_start: IntArray,
    opens: BoolArray,
    delayed: bool,
    event: BoolArray,
    first: IntArray,
    met: FloatArray,
) -> None:
    """Set the cumulative hazard that each row meets, last, and in the other columns that times the means."""
    m, size = row_start.size - 1, mean.shape[1] + 1
    before, reached = np.zeros((m if delayed else 1, size)), np.zeros(size)
    step, faded = np.empty(size), np.empty(size)
    for c in range(m):
        _begin(c, opens, delayed, reached, before)
        _meet(entry_start[c], entry_start[c + 1], weight, total, mean, step, faded, reached)
        for i in range(row_start[c], row_start[c + 1]):
            start = first[i] if delayed else 0
            for j in range(size):
                met[i, j] = reached[j] - before[start, j]
            if event[i]:
                for j in range(size):
                    met[i, j] -= faded[j]


@compiled("FF F F F FF I I B b B I FF*")
def residuals(
    rows: FloatArray,
    ratio: FloatArray,
    weight: FloatArray,
    total: FloatArray,
    mean: FloatArray,
    entry_start: IntArray,
    row_start: IntArray,
    opens: BoolArray,
    delayed: bool,
    event: BoolArray,
    first: IntArray,
    values: FloatArray,
) -> None:
    """Set the score residuals of the sorted rows; ``ratio`` is their relative risk without case weight."""
    m, p = row_start.size - 1, rows.shape[1]
    before, reached = np.zeros((m if delayed else 1, p + 1)), np.zeros(p + 1)
    step, faded, centre = np.empty(p + 1), np.empty(p + 1), np.empty(p)
    for c in range(m):
        _begin(c, opens, delayed, reached, before)
        low, high = entry_start[c], entry_start[c + 1]
        _meet(low, high, weight, total, mean, step, faded, reached)
        _average(low, high, mean, centre)
        for i in range(row_start[c], row_start[c + 1]):
            start, scale = first[i] if delayed else 0, ratio[i]
            hazard = reached[p] - before[start, p]
            for j in range(p):
                values[i, j] = scale * (reached[j] - before[start, j] - hazard * rows[i, j])
            if event[i]:
                for j in range(p):
                    value = rows[i, j]
                    values[i, j] += (value - centre[j]) + scale * (faded[p] * value - faded[j])
