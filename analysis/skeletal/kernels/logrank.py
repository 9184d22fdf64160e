"""Sums of the log-rank family over the rows of all strata, from the last time to the first.

Rows come sorted by stratum, then time.  A row stands where it leaves (``kind`` 0 censored, 1 event, at its
time) and, with delayed entry, once more where it enters (``kind`` 2).  ``code`` is 4 arm + kind.  Walking
backwards, a row joins the risk set where it leaves and drops out where it enters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray


@compiled("F I F I")
def pooled_cells(
    time: FloatArray, code: IntArray, weight: FloatArray, starts: IntArray
) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    """Return time, stratum, at risk and events of all arms at each distinct event time of each stratum.

    Integer counts decide when nobody is at risk or all who are have an event, so that sums of weights are
    exact there.
    """
    size = 0
    for c in code:
        if c % 4 == 1:
            size += 1
    cell_time, stratum = np.empty(size), np.empty(size, dtype=np.int64)
    n_at_risk, n_events = np.empty(size), np.empty(size)
    cell = size
    for s in range(starts.size - 2, -1, -1):
        n, count, row = 0.0, 0, starts[s + 1] - 1
        while row >= starts[s]:
            now, d, died = time[row], 0.0, 0
            while row >= starts[s] and time[row] == now:
                kind, w = code[row] % 4, weight[row]
                if kind == 2:
                    count -= 1
                    n = n - w if count > 0 else 0.0
                else:
                    count += 1
                    n += w
                    if kind == 1:
                        died += 1
                        d += w
                row -= 1
            if died > 0:
                cell -= 1
                cell_time[cell], stratum[cell] = now, s
                n_at_risk[cell], n_events[cell] = d if died == count else n, d
    return cell_time[cell:], stratum[cell:], n_at_risk[cell:], n_events[cell:]


@compiled("F I F I i FF")
def arm_sums(
    time: FloatArray,
    code: IntArray,
    weight: FloatArray,
    starts: IntArray,
    n_arms: int,
    cells: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return observed and expected sums by arm, and the sums over pairs of arms.

    Parameters
    ----------
    time, code, weight, starts
        Sorted rows.
    n_arms : int
        Number of arms, k.
    cells : ndarray of shape (3, m)
        At each event cell, what counts for an event (w), for a row at risk (w d/n) and for a pair of rows at
        risk (w^2 d (n - d)/((n - 1) n^2)).

    Notes
    -----
    ``products[i, j] + products[j, i]`` is the sum over cells of ``cells[2]`` n_i n_j.  From one cell to the
    next few arms change: a pair is brought up to date when one of its arms does, and all pairs after every
    k cells, so that a row costs O(k) and no sum loses digits.
    """
    observed, expected = np.zeros(n_arms), np.zeros(n_arms)
    products = np.zeros((n_arms, n_arms))
    n, count = np.zeros(n_arms), np.zeros(n_arms, dtype=np.int64)
    stamp = np.zeros(n_arms, dtype=np.int64)  # the cells of the block that an arm's sums hold already
    running = np.zeros((2, n_arms + 1))  # sums of cells[1:] over the cells of the block
    cell = cells.shape[1]
    for s in range(starts.size - 2, -1, -1):
        n[:], count[:] = 0.0, 0
        block, row = 0, starts[s + 1] - 1
        while row >= starts[s]:
            now, died = time[row], False
            while row >= starts[s] and time[row] == now:
                kind, i, w = code[row] % 4, code[row] // 4, weight[row]
                if stamp[i] < block:
                    _bring_up_to_date(i, block, n, stamp, running, expected, products)
                if kind == 2:
                    count[i] -= 1
                    n[i] = n[i] - w if count[i] > 0 else 0.0
                else:
                    count[i] += 1
                    n[i] += w
                    if kind == 1:
                        died = True
                        observed[i] += w * cells[0, cell - 1]
                row -= 1
            if died:
                cell -= 1
                block += 1
                running[0, block] = running[0, block - 1] + cells[1, cell]
                running[1, block] = running[1, block - 1] + cells[2, cell]
            if block == n_arms or row < starts[s]:
                for i in range(n_arms):
                    _bring_up_to_date(i, block, n, stamp, running, expected, products)
                stamp[:] = 0
                block = 0
    return observed, expected, products


@inner
def _bring_up_to_date(
    i: int,
    block: int,
    n: FloatArray,
    stamp: IntArray,
    running: FloatArray,
    expected: FloatArray,
    products: FloatArray,
) -> None:
    """Add to the sums of arm ``i`` the cells since its number at risk last changed."""
    expected[i] += (running[0, block] - running[0, stamp[i]]) * n[i]
    for j in range(n.size):
        both = max(stamp[i], stamp[j])
        products[i, j] += (running[1, block] - running[1, both]) * n[i] * n[j]
    stamp[i] = block


@compiled("F F i")
def characteristic(frequency: FloatArray, scores: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """Return real and imaginary part of E exp(i f T), T the sum of ``size`` scores drawn without replacement.

    Built row by row: with j of the first r + 1 rows drawn, row r + 1 is one of them with probability
    j/(r + 1), so that no binomial coefficient overflows.
    """
    real, imaginary = np.empty(frequency.size), np.empty(frequency.size)
    x, y = np.empty(size + 1), np.empty(size + 1)
    for k in range(frequency.size):
        x[:], y[:] = 0.0, 0.0
        x[0] = 1.0
        for r in range(scores.size):
            c, s = np.cos(frequency[k] * scores[r]), np.sin(frequency[k] * scores[r])
            for j in range(min(size, r + 1), 0, -1):
                share = j / (r + 1)
                u, v = x[j - 1], y[j - 1]
                x[j] = (1 - share) * x[j] + share * (c * u - s * v)
                y[j] = (1 - share) * y[j] + share * (c * v + s * u)
        real[k], imaginary[k] = x[size], y[size]
    return real, imaginary
