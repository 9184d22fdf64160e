"""Newton's equations of a hazard with many nodes, solved without writing them down.

Exact times give each a node of its own and bind it to its neighbour far more strongly than intervals bind
nodes further apart: conjugate gradients need few steps once the neighbours' part is divided out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solveh_banded

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

CLOSE = 1e-13  # residual, relative, at which the solution is taken
DOMINANT = 1 + 1e-10  # keeps the neighbours' part definite in rounding
MAX_STEPS = 300  # what is reached by then goes up as well


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Graph:
    """Curvature by the levels of groups 1 .. k: each row binds two groups, group 0 stays at level 0.

    Attributes
    ----------
    first, last : ndarray of shape (n,)
        Groups that a row binds; it does nothing within one.
    bend : ndarray of shape (n,)
        Curvature by the difference of the two levels.
    size : int
        Number of movable groups, k.
    """

    first: IntArray
    last: IntArray
    bend: FloatArray
    size: int

    def times(self, level: FloatArray) -> FloatArray:
        """Return the curvature times levels of shape (k,)."""
        whole = np.append(0.0, level)
        pull = self.bend * (whole[self.last] - whole[self.first])
        size = self.size + 1
        change = np.bincount(self.last, pull, size) - np.bincount(self.first, pull, size)
        return np.asarray(change[1:])

    def pooled(self, joined: IntArray) -> Graph:
        """Return the graph of groups that are joined as ``joined`` says."""
        return Graph(first=joined[self.first], last=joined[self.last], bend=self.bend, size=int(joined[-1]))

    def solve(self, aim: FloatArray, level: FloatArray) -> FloatArray:
        """Solve by conjugate gradients from ``level``: every step raises the quadratic approximation."""
        bands = self._neighbours()
        residual = aim - self.times(level)
        bound = CLOSE * float(np.max(np.abs(aim), initial=0.0))
        direction = divided = solveh_banded(bands, residual, lower=True, check_finite=False)
        slope = float(residual @ divided)
        for _ in range(MAX_STEPS):
            if np.max(np.abs(residual)) <= bound:
                break
            bent = self.times(direction)
            length = slope / float(direction @ bent)
            level, residual = level + length * direction, residual - length * bent
            divided = solveh_banded(bands, residual, lower=True, check_finite=False)
            before, slope = slope, float(residual @ divided)
            direction = divided + slope / before * direction
        return level

    def _neighbours(self) -> FloatArray:
        """Diagonal, and what binds each group to the next, of all that is bound."""
        size, between = self.size + 1, self.first != self.last
        first, last, bend = self.first[between], self.last[between], self.bend[between]
        bands = np.zeros((2, size))
        bands[0] = np.bincount(first, bend, size) + np.bincount(last, bend, size)
        near = last == first + 1
        bands[1] = -np.bincount(first[near], bend[near], size)
        bands[0] = np.maximum(bands[0] * DOMINANT, np.finfo(float).tiny)
        return bands[: min(2, self.size), 1:]


def rising_target(graph: Graph, score: FloatArray, value: FloatArray) -> FloatArray:
    """Return the level of each group, 0 first, where Newton's method goes in order."""
    aim = score + graph.times(value)
    group = np.arange(graph.size + 1)
    level = value
    while graph.size:
        level = graph.solve(aim, level)
        kept = np.diff(np.append(0.0, level)) > 0
        if kept.all():
            break
        joined = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        group = joined[group]
        graph = graph.pooled(joined)
        aim = np.asarray(np.bincount(joined[1:], aim, graph.size + 1)[1:], dtype=np.float64)
        count = np.bincount(joined[1:], minlength=graph.size + 1)[1:]
        level = np.bincount(joined[1:], level, graph.size + 1)[1:] / count
    return np.append(0.0, level)[group]
