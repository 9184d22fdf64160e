"""Sums over all subsets of d rows of a risk set, for the discrete partial likelihood, by recursion over rows.

Over the subsets of k rows, each drawn in proportion to the product of its relative risks, ``ratio[k]`` is the
sum of those products over that for k - 1 (Gail, Lubin and Rubinstein 1981, equation 2), ``mean[k]`` and
``spread[k]`` are mean and covariance of the sum of the covariates.  A new row is in a subset with probability
``chance``: all updates are averages, so that nothing overflows or cancels, whatever k.
"""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import BoolArray, FloatArray, IntArray

LEAST = 1e-300  # relative risk below which a row is taken to have this


@inner
def _include(
    size: int,
    most: int,
    risk: float,
    row: FloatArray,
    ratio: FloatArray,
    mean: FloatArray,
    spread: NDArray[np.float64],
) -> None:
    """Let a risk set of ``size`` rows grow by one, for subsets of up to ``most`` rows."""
    p = row.size
    apart = np.empty(p)
    for k in range(min(size + 1, most), 0, -1):
        chance = risk / (ratio[k] + risk)
        for i in range(p):
            apart[i] = mean[k - 1, i] + row[i] - mean[k, i]
        for i in range(p):
            for j in range(i + 1):
                change = spread[k - 1, i, j] - spread[k, i, j] + (1.0 - chance) * apart[i] * apart[j]
                spread[k, i, j] += chance * change
            mean[k, i] += chance * apart[i]
        if k > 1:
            ratio[k] = (ratio[k] + risk) / (1.0 + risk / ratio[k - 1])
        else:
            ratio[k] += risk


@inner
def _collect(
    d: int,
    ratio: FloatArray,
    mean: FloatArray,
    spread: NDArray[np.float64],
    first: FloatArray,
    second: FloatArray,
) -> float:
    """Add mean and covariance over subsets of d rows to ``first``, ``second``; return the log of the sum."""
    value = 0.0
    for k in range(1, d + 1):
        value += np.log(ratio[k])
    for i in range(first.size):
        first[i] += mean[d, i]
        for j in range(i + 1):
            second[i, j] += spread[d, i, j]
            if j < i:
                second[j, i] += spread[d, i, j]
    return value


@inner
def _still_needed(n_tied: IntArray, opens: BoolArray, delayed: bool) -> IntArray:
    """Return the largest number tied at each cell or, if sets are shared, an earlier one of its stratum."""
    most = n_tied.copy()
    for c in range(1, n_tied.size):
        if not opens[c] and not delayed:
            most[c] = max(most[c], most[c - 1])
    return most


@compiled("FF F I B I b I F* FF*")
def subset_sums(
    rows: FloatArray,
    linear: FloatArray,
    row_start: IntArray,
    opens: BoolArray,
    n_tied: IntArray,
    delayed: bool,
    first_cell: IntArray,
    first: FloatArray,
    second: FloatArray,
) -> float:
    """Sum over the cells with two tied events or more; return the sum of the logs of the sums over subsets.

    Rows and cells as in :mod:`skeletal.kernels.cox`.  Without delayed entry a risk set is the one after it
    and some rows more, so that one pass serves all cells; else each cell has its own.
    """
    m, p = row_start.size - 1, rows.shape[1]
    most = _still_needed(n_tied, opens, delayed)
    highest = most.max()
    ratio, mean, spread = np.zeros(highest + 1), np.zeros((highest + 1, p)), np.zeros((highest + 1, p, p))
    value, size, end = 0.0, 0, row_start[m]
    for c in range(m - 1, -1, -1):
        if c + 1 < m and opens[c + 1]:
            size, end = 0, row_start[c + 1]
        if most[c] < 2:
            continue
        high = end if delayed else row_start[c + 1]
        if size == 0 or delayed:
            size = 0
            ratio[:], mean[:], spread[:] = 0.0, 0.0, 0.0
        for i in range(row_start[c], high):
            if not delayed or first_cell[i] <= c:
                _include(size, most[c], max(np.exp(linear[i]), LEAST), rows[i], ratio, mean, spread)
                size += 1
        if n_tied[c] > 1:
            value += _collect(n_tied[c], ratio, mean, spread, first, second)
    return value
