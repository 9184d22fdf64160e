"""First steps towards the likeliest distribution of interval-censored times: iterative convex minorant.

Nodes 0 .. m - 1 separate m innermost sets; ``hazard[j]`` is the cumulative hazard after j sets, 0 at node 0
and infinite after the last set.  A row holds the sets ``first`` .. ``last - 1``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

SETTLED = 1e-7  # gain of log likelihood, relative, from which Newton's method takes over
HALVINGS = 12
FLAT = 1e-12  # curvature of a node whose rows have lost it


@inner
def _log_likelihood(hazard: FloatArray, first: IntArray, last: IntArray, weight: FloatArray) -> float:
    total = 0.0
    for i in range(first.size):
        total -= weight[i] * hazard[first[i]]
        if last[i] < hazard.size:
            rise = hazard[last[i]] - hazard[first[i]]
            if not rise > 0:
                return -np.inf
            total += weight[i] * np.log(-np.expm1(-rise))
    return total


@inner
def _minorant(target: FloatArray, bend: FloatArray) -> None:
    """Replace ``target`` from node 1 on by the nearest increasing values from 0, distances times ``bend``."""
    m = target.size
    mean, mass, end = np.empty(m), np.empty(m), np.empty(m, dtype=np.int64)
    blocks = 0
    for j in range(1, m):
        mean[blocks], mass[blocks], end[blocks] = target[j], bend[j], j + 1
        while blocks > 0 and mean[blocks - 1] >= mean[blocks]:
            both = mass[blocks - 1] + mass[blocks]
            share = mass[blocks] / both
            mean[blocks - 1] += share * (mean[blocks] - mean[blocks - 1])
            mass[blocks - 1], end[blocks - 1] = both, end[blocks]
            blocks -= 1
        blocks += 1
    j = 1
    for block in range(blocks):
        value = max(mean[block], 0.0)
        while j < end[block]:
            target[j] = value
            j += 1


@compiled("I I F i i")
def convex_minorant(
    first: IntArray, last: IntArray, weight: FloatArray, n_sets: int, steps: int
) -> FloatArray:
    """Return the cumulative hazard at the nodes after at most ``steps`` steps from equal masses.

    Each step goes to the increasing values that are best by slope and diagonal curvature, and halves its
    length until the likelihood does not fall (Jongbloed 1998, J Comput Graph Stat 7, 310-321).
    """
    hazard = -np.log1p(-np.arange(n_sets) / n_sets)
    slope, bend = np.empty(n_sets), np.empty(n_sets)
    here = _log_likelihood(hazard, first, last, weight)
    for _ in range(steps):
        slope[:], bend[:] = 0.0, FLAT
        for i in range(first.size):
            a, b, w = first[i], last[i], weight[i]
            slope[a] -= w
            if b < n_sets:
                odds = 1 / np.expm1(hazard[b] - hazard[a])
                curve = w * odds * (1 + odds)
                slope[a] -= w * odds
                slope[b] += w * odds
                bend[a] += curve
                bend[b] += curve
        target = hazard.copy()
        for j in range(1, n_sets):
            target[j] += slope[j] / bend[j]
        _minorant(target, bend)
        further, there = target, -np.inf
        length = 1.0
        for _halving in range(HALVINGS):
            further = hazard + length * (target - hazard)
            there = _log_likelihood(further, first, last, weight)
            if there >= here:
                break
            length /= 2
        if not there > here + SETTLED * (1 + abs(here)):
            return further if there >= here else hazard
        hazard, here = further, there
    return hazard
