"""Censoring in Fine and Gray's regression: its steps, where rows and cells lie, its part of the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray


@compiled("F I I")
def censoring_steps(
    time: FloatArray, status: IntArray, group: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, IntArray, IntArray, IntArray]:
    """Estimate the probability of no censoring in each group; rows sorted by group, then time.

    Returns
    -------
    step_time, free, at_risk, gone : ndarray of shape (n_slots,)
        Slot j of a group lasts until its j-th censoring time, the last but one until its last row, with
        the probability of no censoring before, the number at risk at its end and how many are censored
        there.  The last slot of a group begins after its last row, with probability 0.
    before, upto : ndarray of shape (n,)
        Slot of each row just before, and after, the censorings at its own time.
    group_start : ndarray of shape (n_groups + 1,)
        First slot of each group.
    """
    n, n_groups = time.size, group[-1] + 1
    step_time = np.full(n + 2 * n_groups, np.inf)
    free, gone = np.zeros(step_time.size), np.zeros(step_time.size)
    at_risk = np.ones(step_time.size)
    before, upto = np.empty(n, np.int64), np.empty(n, np.int64)
    group_start = np.zeros(n_groups + 1, np.int64)
    slot, i = 0, 0
    for g in range(n_groups):
        group_start[g] = slot
        free[slot] = 1.0
        end = i
        while end < n and group[end] == g:
            end += 1
        while i < end:
            j, censored = i, 0
            while j < end and time[j] == time[i]:
                censored += status[j] == 0
                j += 1
            before[i:j] = slot
            if censored > 0:
                step_time[slot], at_risk[slot], gone[slot] = time[i], end - i, censored
                free[slot + 1] = free[slot] * (1.0 - censored / (end - i))
                slot += 1
            upto[i:j] = slot
            i = j
        step_time[slot] = time[end - 1]
        slot += 2
    group_start[n_groups] = slot
    return step_time[:slot], free[:slot], at_risk[:slot], gone[:slot], before, upto, group_start


@compiled("F I I")
def find_cells(
    time: FloatArray, status: IntArray, row_start: IntArray
) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
    """Return ``last`` of each row, the time and events of each cell, and the first cell of each stratum."""
    n, n_strata = time.size, row_start.size - 1
    last = np.empty(n, np.int64)
    cell_time, events = np.empty(n), np.zeros(n)
    cell_start = np.zeros(n_strata + 1, np.int64)
    cell = 0
    for s in range(n_strata):
        cell_start[s] = cell
        i = row_start[s]
        while i < row_start[s + 1]:
            j, count = i, 0
            while j < row_start[s + 1] and time[j] == time[i]:
                count += status[j] == 1
                j += 1
            if count > 0:
                cell_time[cell], events[cell] = time[i], count
                cell += 1
            last[i:j] = cell - 1
            i = j
    cell_start[n_strata] = cell
    return last, cell_time[:cell], events[:cell], cell_start


@compiled("F I I I F I")
def cell_slots(
    cell_time: FloatArray,
    cell_start: IntArray,
    pair_start: IntArray,
    pair_group: IntArray,
    step_time: FloatArray,
    group_start: IntArray,
) -> IntArray:
    """Return the slot of every cell and pair just before the cell; pairs run fastest."""
    n_strata = cell_start.size - 1
    size = 0
    for s in range(n_strata):
        size += (cell_start[s + 1] - cell_start[s]) * (pair_start[s + 1] - pair_start[s])
    slots = np.empty(size, np.int64)
    at = 0
    for s in range(n_strata):
        first, width = pair_start[s], pair_start[s + 1] - pair_start[s]
        for k in range(width):
            g = pair_group[first + k]
            slot = group_start[g]
            if cell_start[s] < cell_start[s + 1]:
                slot += np.searchsorted(step_time[slot : group_start[g + 1]], cell_time[cell_start[s]])
            for c in range(cell_start[s], cell_start[s + 1]):
                while step_time[slot] < cell_time[c]:
                    slot += 1
                slots[at + (c - cell_start[s]) * width + k] = slot
        at += (cell_start[s + 1] - cell_start[s]) * width
    return slots


@compiled("FF* FF F F I I I")
def add_censoring(
    scores: FloatArray,
    jumps: FloatArray,
    at_risk: FloatArray,
    gone: FloatArray,
    group_start: IntArray,
    upto: IntArray,
    status: IntArray,
) -> None:
    """Add to each row's score the integral of q(u)/Y(u) over its martingale of censoring."""
    size = jumps.shape[1]
    rate, drift = np.zeros(jumps.shape), np.zeros(jumps.shape)
    for g in range(group_start.size - 1):
        running, met = np.zeros(size), np.zeros(size)
        for slot in range(group_start[g], group_start[g + 1]):
            for j in range(size):
                drift[slot, j] = met[j]
                running[j] += jumps[slot, j]
                rate[slot, j] = running[j] / at_risk[slot]
                met[j] += rate[slot, j] * gone[slot] / at_risk[slot]
    for i in range(upto.size):
        for j in range(size):
            scores[i, j] -= drift[upto[i], j]
            if status[i] == 0:
                scores[i, j] += rate[upto[i] - 1, j]
