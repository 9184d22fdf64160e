"""Sums over the risk sets of Fine and Gray's regression in linear passes over sorted rows.

Rows are sorted by stratum, then time; cells are the distinct event times of the strata.  ``last`` is the
last cell of its stratum at or before a row's time.  At cell c a row is present where ``last >= c``; a row
with the competing event stays where ``last < c``, with weight ``reach[c, pair] * late``, the probabilities
of no censoring before c and before its own time.  A present class is a stratum and a value of the
covariates whose effect changes; a pair, a stratum and a censoring stratum; an absent class, pair and value.
"""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

    Span = tuple[int, int]  # first and end
    Place = tuple[Span, Span, Span, Span]  # cells, rows, present and absent classes of a stratum
    Rows = tuple[FloatArray, FloatArray, FloatArray, IntArray, IntArray, IntArray]
    Absent = tuple[IntArray, IntArray]  # pair and present class of the absent classes
    Effect = tuple[FloatArray, FloatArray, FloatArray]  # values, timed, slope
    Cells = tuple[FloatArray, FloatArray, FloatArray]  # events, total, mean


@inner
def _add(moments: FloatArray, risk: float, x: FloatArray, square: bool) -> None:
    """Add one row to the moments of a class: risk, risk x and the lower triangle of risk x x'."""
    p = x.size
    moments[0] += risk
    k = p + 1
    for j in range(p):
        weighted = risk * x[j]
        moments[j + 1] += weighted
        if square:
            for i in range(j + 1):
                moments[k] += weighted * x[i]
                k += 1


@inner
def _factors(values: FloatArray, timed: FloatArray, slope: FloatArray, out: FloatArray) -> float:
    """Write the relative risk of each value of the changing covariates; return the log of its divisor."""
    highest = 0.0
    for v in range(values.shape[0]):
        total = 0.0
        for k in range(slope.size):
            total += slope[k] * values[v, k] * timed[k]
        out[v] = total
        if v == 0 or total > highest:
            highest = total
    if slope.size > 0:
        for v in range(values.shape[0]):
            out[v] = np.exp(out[v] - highest)
    else:
        out[:] = 1.0
    return highest


@inner
def _gather(
    moments: FloatArray,
    weight: float,
    value: FloatArray,
    timed: FloatArray,
    p: int,
    hazard: float,
    first: FloatArray,
    information: FloatArray,
) -> None:
    """Add the weighted moments of a class to the mean of a cell, and times its hazard to the information."""
    zero, charged = weight * moments[0], weight * hazard
    k = p + 1
    for j in range(p):
        first[j] += weight * moments[j + 1]
        for i in range(j + 1):
            information[j, i] += charged * moments[k]
            k += 1
    for a in range(timed.size):
        own = value[a] * timed[a]
        first[p + a] += zero * own
        for j in range(p):
            information[p + a, j] += charged * moments[j + 1] * own
        for b in range(a + 1):
            information[p + a, p + b] += zero * hazard * own * value[b] * timed[b]


@inner
def _total_present(place: Place, rows: Rows, effect: Effect, total: FloatArray, shift: FloatArray) -> None:
    """Sum the risks of the rows that are present at each cell."""
    (low, high), (start, i), (a, b), _ = place
    risk, _, _, last, present, _ = rows
    values, timed, slope = effect
    factor, sums = np.empty(b - a), np.zeros(b - a)
    i -= 1
    for c in range(high - 1, low - 1, -1):
        while i >= start and last[i] >= c:
            sums[present[i] - a] += risk[i]
            i -= 1
        shift[c] = _factors(values[a:b], timed[c], slope, factor)
        for v in range(b - a):
            total[c] += factor[v] * sums[v]


@inner
def _gather_absent(
    place: Place,
    rows: Rows,
    gone: Absent,
    effect: Effect,
    cells: Cells,
    reach: FloatArray,
    information: FloatArray,
) -> None:
    """Add the rows with an earlier competing event; ``reach`` (cells, pairs) of the stratum, flat."""
    (low, high), (row, _), (a, b), (first, end) = place
    _, late, x, last, _, absent = rows
    values, timed, slope = effect
    events, total, mean = cells
    p = x.shape[1]
    factor, weight = np.empty(b - a), np.empty(end - first)
    moments = np.zeros((end - first, 1 + p + p * (p + 1) // 2))
    width = reach.size // (high - low)
    for c in range(low, high):
        while last[row] < c:
            if absent[row] >= 0:
                _add(moments[absent[row] - first], late[row], x[row], True)
            row += 1
        _factors(values[a:b], timed[c], slope, factor)
        for k in range(end - first):
            free = reach[(c - low) * width + gone[0][first + k]]
            weight[k] = factor[gone[1][first + k] - a] * free
            total[c] += weight[k] * moments[k, 0]
        hazard = events[c] / total[c]
        for k in range(end - first):
            value = values[gone[1][first + k]]
            _gather(moments[k], weight[k], value, timed[c], p, hazard, mean[c], information)


@inner
def _gather_present(place: Place, rows: Rows, effect: Effect, cells: Cells, information: FloatArray) -> None:
    """Add the rows that are present and turn sums into means and information; totals are known."""
    (low, high), (start, end), (a, b), _ = place
    risk, _, x, last, present, _ = rows
    values, timed, slope = effect
    events, total, mean = cells
    p, i = x.shape[1], end - 1
    factor, moments = np.empty(b - a), np.zeros((b - a, 1 + p + p * (p + 1) // 2))
    for c in range(high - 1, low - 1, -1):
        while i >= start and last[i] >= c:
            _add(moments[present[i] - a], risk[i], x[i], True)
            i -= 1
        _factors(values[a:b], timed[c], slope, factor)
        hazard = events[c] / total[c]
        for v in range(b - a):
            _gather(moments[v], factor[v], values[a + v], timed[c], p, hazard, mean[c], information)
        for j in range(mean.shape[1]):
            mean[c, j] /= total[c]
            for k in range(j + 1):
                information[j, k] -= events[c] * mean[c, j] * mean[c, k]


@compiled("F F FF I I I F F I I I I I I I FF FF F")
def risk_moments(
    risk: FloatArray,
    late: FloatArray,
    x: FloatArray,
    last: IntArray,
    row_start: IntArray,
    cell_start: IntArray,
    events: FloatArray,
    reach: FloatArray,
    present: IntArray,
    absent: IntArray,
    present_start: IntArray,
    absent_start: IntArray,
    absent_pair: IntArray,
    absent_present: IntArray,
    pair_start: IntArray,
    values: FloatArray,
    timed: FloatArray,
    slope: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return total risk, log of its divisor and mean covariates of every cell, and the information.

    ``late`` is the risk of a row over its probability of no censoring before; ``absent`` is -1 without a
    competing event; ``absent_pair`` counts the pairs of a stratum from 0.
    """
    size, m = x.shape[1] + slope.size, events.size
    total, shift, mean = np.zeros(m), np.zeros(m), np.zeros((m, size))
    information = np.zeros((size, size))
    rows, effect = (risk, late, x, last, present, absent), (values, timed, slope)
    cells, gone = (events, total, mean), (absent_pair, absent_present)
    at = 0
    for s in range(cell_start.size - 1):
        place = (
            (cell_start[s], cell_start[s + 1]),
            (row_start[s], row_start[s + 1]),
            (present_start[s], present_start[s + 1]),
            (absent_start[s], absent_start[s + 1]),
        )
        end = at + (cell_start[s + 1] - cell_start[s]) * (pair_start[s + 1] - pair_start[s])
        if cell_start[s] < cell_start[s + 1]:
            _total_present(place, rows, effect, total, shift)
            _gather_absent(place, rows, gone, effect, cells, reach[at:end], information)
            _gather_present(place, rows, effect, cells, information)
        at = end
    for j in range(size):
        for k in range(j):
            information[k, j] = information[j, k]
    return total, shift, mean, information


@inner
def _advance(met: FloatArray, weight: float, mean: FloatArray, timed: FloatArray) -> None:
    """Add the hazard of a cell to what a class has met: hazard, hazard mean, hazard f(time)."""
    met[0] += weight
    for j in range(mean.size):
        met[1 + j] += weight * mean[j]
    for k in range(timed.size):
        met[1 + mean.size + k] += weight * timed[k]


@inner
def _charge(
    score: FloatArray, risk: float, x: FloatArray, value: FloatArray, met: FloatArray, sign: float
) -> None:
    """Add ``sign`` times risk (covariates - mean) integrated over the hazard that was met."""
    p, size = x.size, x.size + value.size
    for j in range(p):
        score[j] += sign * risk * (x[j] * met[0] - met[1 + j])
    for k in range(value.size):
        score[p + k] += sign * risk * (value[k] * met[1 + size + k] - met[1 + p + k])


@inner
def _fall(
    jump: FloatArray,
    weight: float,
    moments: FloatArray,
    value: FloatArray,
    timed: FloatArray,
    mean: FloatArray,
) -> None:
    """Take from the censoring sum what a cell had added to it over the rows of an absent class."""
    p = moments.size - 1
    for j in range(p):
        jump[j] -= weight * (moments[1 + j] - mean[j] * moments[0])
    for j in range(value.size):
        jump[p + j] -= weight * moments[0] * (value[j] * timed[j] - mean[p + j])


@inner
def _score_present(
    place: Place, rows: Rows, status: IntArray, effect: Effect, cells: Cells, scores: FloatArray
) -> None:
    """Add the event of each row and what it meets while present."""
    (c, _), (start, end), (a, b), _ = place
    risk, _, x, last, present, _ = rows
    values, timed, slope = effect
    events, total, mean = cells
    factor, met = np.empty(b - a), np.zeros((b - a, 1 + mean.shape[1] + slope.size))
    for i in range(start, end):
        while c <= last[i]:
            _factors(values[a:b], timed[c], slope, factor)
            for v in range(b - a):
                _advance(met[v], events[c] / total[c] * factor[v], mean[c], timed[c])
            c += 1
        value = values[present[i]]
        if status[i] == 1:
            for j in range(x.shape[1]):
                scores[i, j] += x[i, j]
            for j in range(slope.size):
                scores[i, x.shape[1] + j] += value[j] * timed[last[i], j]
            scores[i] -= mean[last[i]]
        _charge(scores[i], risk[i], x[i], value, met[present[i] - a], -1.0)


@inner
def _score_absent(
    place: Place,
    rows: Rows,
    gone: Absent,
    effect: Effect,
    cells: Cells,
    reach: FloatArray,
    target: IntArray,
    scores: FloatArray,
    sign: float,
) -> None:
    """Add to row ``target`` of the scores what each row meets after its competing event."""
    (low, c), (start, end), (a, b), (first, stop) = place
    _, late, x, last, present, absent = rows
    values, timed, slope = effect
    events, total, mean = cells
    factor, ahead = np.empty(b - a), np.zeros((stop - first, 1 + mean.shape[1] + slope.size))
    width = reach.size // (c - low)
    c -= 1
    for i in range(end - 1, start - 1, -1):
        while c > last[i]:
            _factors(values[a:b], timed[c], slope, factor)
            for k in range(stop - first):
                free = reach[(c - low) * width + gone[0][first + k]]
                weight = events[c] / total[c] * factor[gone[1][first + k] - a] * free
                _advance(ahead[k], weight, mean[c], timed[c])
            c -= 1
        if absent[i] >= 0:
            _charge(scores[target[i]], late[i], x[i], values[present[i]], ahead[absent[i] - first], sign)


@inner
def _fall_after(
    place: Place,
    rows: Rows,
    gone: Absent,
    effect: Effect,
    cells: Cells,
    reach: FloatArray,
    slots: IntArray,
    jumps: FloatArray,
) -> None:
    """Let the censoring sums fall after each cell; weights and slots of cells and pairs."""
    (low, high), (row, _), (a, b), (first, end) = place
    _, late, x, last, _, absent = rows
    values, timed, slope = effect
    events, total, mean = cells
    factor, moments = np.empty(b - a), np.zeros((end - first, 1 + x.shape[1]))
    width = reach.size // (high - low)
    for c in range(low, high):
        while last[row] < c:
            if absent[row] >= 0:
                _add(moments[absent[row] - first], late[row], x[row], False)
            row += 1
        _factors(values[a:b], timed[c], slope, factor)
        for k in range(end - first):
            v, at = gone[1][first + k], (c - low) * width + gone[0][first + k]
            weight = events[c] / total[c] * factor[v - a] * reach[at]
            _fall(jumps[slots[at]], weight, moments[k], values[v], timed[c], mean[c])


@compiled("F F FF I I I I F F F I I I I I I I I FF FF F I i FF F")
def score_parts(
    risk: FloatArray,
    late: FloatArray,
    x: FloatArray,
    status: IntArray,
    last: IntArray,
    row_start: IntArray,
    cell_start: IntArray,
    events: FloatArray,
    reach: FloatArray,
    shared: FloatArray,
    slots: IntArray,
    present: IntArray,
    absent: IntArray,
    present_start: IntArray,
    absent_start: IntArray,
    absent_pair: IntArray,
    absent_present: IntArray,
    pair_start: IntArray,
    values: FloatArray,
    timed: FloatArray,
    slope: FloatArray,
    upto: IntArray,
    n_slots: int,
    mean: FloatArray,
    total: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return each row's integrated residual (n, p), and the jumps of the censoring sum at each slot.

    The censoring sum q(u) adds, over rows with the competing event before u and cells from u on, what they
    take from the score, with ``shared`` in place of ``reach``.  It rises by the whole of a row after the
    row's time and falls by the whole of a cell after the cell's time, in its slot of ``slots``.
    """
    scores, jumps = np.zeros((x.shape[0], mean.shape[1])), np.zeros((n_slots, mean.shape[1]))
    rows, effect = (risk, late, x, last, present, absent), (values, timed, slope)
    cells, gone = (events, total, mean), (absent_pair, absent_present)
    everyone = np.arange(x.shape[0])
    at = 0
    for s in range(cell_start.size - 1):
        place = (
            (cell_start[s], cell_start[s + 1]),
            (row_start[s], row_start[s + 1]),
            (present_start[s], present_start[s + 1]),
            (absent_start[s], absent_start[s + 1]),
        )
        end = at + (cell_start[s + 1] - cell_start[s]) * (pair_start[s + 1] - pair_start[s])
        if cell_start[s] < cell_start[s + 1]:
            _score_present(place, rows, status, effect, cells, scores)
            _score_absent(place, rows, gone, effect, cells, reach[at:end], everyone, scores, -1.0)
            _score_absent(place, rows, gone, effect, cells, shared[at:end], upto, jumps, 1.0)
            _fall_after(place, rows, gone, effect, cells, shared[at:end], slots[at:end], jumps)
        at = end
    return scores, jumps
