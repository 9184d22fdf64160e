"""Probability that correlated standard normal variables leave a rectangle, also of singular correlation."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray

RANK = 1e-12  # eigenvalues of the correlation below this are 0
TWIN = 1e-8  # unit normals closer than this are one
PARALLEL = 1e-11  # a half-space whose edge turns by less within a face's plane is parallel to it
SLACK = 1e-11  # a half-space that is missed by less still holds a face
FAR = 12.0  # probability beyond this many standard deviations is 0
NODES = 20  # a panel
HALVINGS = 48  # panels halve towards 0: facets may be that much farther than the target


def outside_rectangle(correlation: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Return the probability that some Z_j leaves [lower_j, upper_j], Z normal with this correlation.

    Parameters
    ----------
    correlation : ndarray of shape (m, m)
        Of standard normal variables; its rank r may be less than m.
    lower, upper : ndarray of shape (m,)
        ``lower < upper``; infinite limits are allowed.

    Notes
    -----
    With Z = L y, y of r independent standard normal variables, the rectangle is a polytope K.  The
    probability of the polytope scaled by u grows with u by what flows through its facets F,

    d/du P(u K) = sum over F of h φ(u h) P(u F),

    with h the signed distance of the facet from the foot of the origin and P(u F) the probability, in one
    dimension less, of the facet around its own foot.  So P of each face is an integral over u from 0 of
    its facets', down to intervals, and all faces share the nodes u.  Nothing is random; the error is
    below 1e-10.  Faces are as many as 3^m.

    References
    ----------
    Genz and Bretz, Computation of Multivariate Normal and t Probabilities (2009), section 2.1, defines the
    integral; the recursion over faces is the divergence theorem.
    """
    factor = loadings(correlation)
    ends = np.concatenate([lower, upper])
    edge = FAR + float(np.max(np.abs(ends[np.isfinite(ends)]), initial=0.0))
    limits = np.concatenate([np.minimum(upper, edge), -np.maximum(lower, -edge)])
    nearest = float(limits.min())
    grid = _grid(1.0 + FAR / nearest if nearest > 0 else 1.0)
    rows = np.vstack([factor, -factor])
    kept = _without_twins(rows, limits)
    component = np.array(kept) % correlation.shape[0]
    faces = _Faces(rows=rows[kept], limits=limits[kept], component=component, grid=grid)
    dimension = factor.shape[1]
    flow = faces.flow((), np.zeros(dimension), np.eye(dimension))
    if nearest > 0:
        return min(float(np.sum((grid.weights * flow)[grid.beyond])), 1.0)
    return float(np.clip(1.0 - np.sum((grid.weights * flow)[~grid.beyond]), 0.0, 1.0))


def _without_twins(rows: FloatArray, limits: FloatArray) -> list[int]:
    """Return the half-spaces to keep: of those with one normal the tightest."""
    kept: list[int] = []
    for j in np.argsort(limits, kind="stable"):
        if all(np.linalg.norm(rows[j] - rows[i]) > TWIN for i in kept):
            kept.append(int(j))
    return kept


def loadings(correlation: FloatArray) -> FloatArray:
    """Return L of shape (m, r), rows of length 1, with L L' the correlation and r its rank."""
    values, vectors = np.linalg.eigh(correlation)
    kept = values > RANK
    factor = vectors[:, kept] * np.sqrt(values[kept])
    return np.asarray(factor / np.linalg.norm(factor, axis=1, keepdims=True))


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Grid:
    """Gauss nodes of the panels that divide [0, last], with 1 between two panels; ``beyond`` marks u > 1."""

    nodes: FloatArray
    weights: FloatArray
    beyond: BoolArray
    half_widths: FloatArray

    def integral(self, values: FloatArray) -> FloatArray:
        """Return the integral from 0 to each node."""
        matrix = _integration()[2]
        panels = values.reshape(self.half_widths.size, NODES)
        within = (panels @ matrix.T) * self.half_widths[:, None]
        total = (self.weights * values).reshape(panels.shape).sum(axis=1)
        return np.asarray((within + (np.cumsum(total) - total)[:, None]).ravel())


def _grid(last: float) -> _Grid:
    nodes, weights, _ = _integration()
    edges = np.concatenate([[0.0], 2.0 ** np.arange(-HALVINGS, 1)])
    if last > 1:
        steps = int(np.ceil(np.log2(last) / np.log2(1.5)))
        edges = np.concatenate([edges, last ** (np.arange(1, steps + 1) / steps)])
    half = np.diff(edges) / 2
    middle = edges[:-1] + half
    return _Grid(
        nodes=(middle[:, None] + half[:, None] * nodes).ravel(),
        weights=(half[:, None] * weights).ravel(),
        beyond=np.repeat(middle > 1, NODES),
        half_widths=half,
    )


@cache
def _integration() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return Gauss-Legendre nodes and weights, and the matrix that integrates from -1 to each node."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    degrees = np.arange(NODES)
    values = np.polynomial.legendre.legvander(nodes, NODES)
    coefficients = (2 * degrees[:, None] + 1) / 2 * values[:, :NODES].T * weights
    primitives = np.empty((NODES, NODES))  # integral of P_k is (P_{k+1} - P_{k-1})/(2k + 1)
    primitives[:, 0] = nodes + 1
    primitives[:, 1:] = (values[:, 2:] - values[:, : NODES - 1]) / (2 * degrees[1:] + 1)
    return nodes, weights, primitives @ coefficients


@dataclass(slots=True, kw_only=True)
class _Faces:
    """Faces of {y: rows y <= limits}: the probability of each, scaled by every node, kept once known."""

    rows: FloatArray
    limits: FloatArray
    component: IntArray  # of each row: an edge of a component runs parallel to its other edge
    grid: _Grid
    known: dict[tuple[int, ...], FloatArray | None] = field(default_factory=dict)

    def probability(self, face: tuple[int, ...], foot: FloatArray, basis: FloatArray) -> FloatArray | None:
        """Return P(u F) at each node, ``None`` for an empty face."""
        if face not in self.known:
            if self._outside(face, foot, basis):
                self.known[face] = None
            elif basis.shape[1] == 1:
                self.known[face] = self._interval(face, foot, basis)
            else:
                self.known[face] = self._integral(face, foot, basis)
        return self.known[face]

    def flow(self, face: tuple[int, ...], foot: FloatArray, basis: FloatArray) -> FloatArray:
        """Return d/du P(u F) at each node: the sum over facets of h φ(u h) P(u facet)."""
        total = np.zeros(self.grid.nodes.size)
        for j, distance, normal in self._facets(face, foot, basis):
            if basis.shape[1] == 1:
                part: FloatArray | float | None = 1.0
            else:
                step, rest = basis @ normal, basis @ _complement(normal)
                part = self.probability(tuple(sorted((*face, j))), foot + distance * step, rest)
            if part is not None and distance != 0:
                density = np.exp(-((self.grid.nodes * distance) ** 2) / 2) / np.sqrt(2 * np.pi)
                total += distance * density * part
        return total

    def _outside(self, face: tuple[int, ...], foot: FloatArray, basis: FloatArray) -> bool:
        """Whether a half-space leaves out the whole plane of the face."""
        slack = self.limits - self.rows @ foot
        constant = (np.linalg.norm(self.rows @ basis, axis=1) <= PARALLEL) & self._others(face)
        return bool((slack[constant] < -SLACK).any())

    def _integral(self, face: tuple[int, ...], foot: FloatArray, basis: FloatArray) -> FloatArray | None:
        flow = self.flow(face, foot, basis)
        return self.grid.integral(flow) if flow.any() else None

    def _interval(self, face: tuple[int, ...], foot: FloatArray, basis: FloatArray) -> FloatArray | None:
        facets = self._facets(face, foot, basis)
        upper = min((distance for _, distance, normal in facets if normal[0] > 0), default=np.inf)
        lower = max((-distance for _, distance, normal in facets if normal[0] < 0), default=-np.inf)
        if not lower < upper:
            return None
        return np.asarray(ndtr(self.grid.nodes * upper) - ndtr(self.grid.nodes * lower))

    def _others(self, face: tuple[int, ...]) -> BoolArray:
        """Mark the half-spaces of components that do not hold the face."""
        return ~np.isin(self.component, self.component[list(face)])

    def _facets(
        self, face: tuple[int, ...], foot: FloatArray, basis: FloatArray
    ) -> list[tuple[int, float, FloatArray]]:
        """Return number, signed distance and unit normal of the half-spaces that cut the face's plane.

        Of half-spaces with one normal only the tightest counts.
        """
        directions = self.rows @ basis
        norms = np.linalg.norm(directions, axis=1)
        slack = self.limits - self.rows @ foot
        others = self._others(face)
        found: list[tuple[int, float, FloatArray]] = []
        for j in np.argsort(slack / np.maximum(norms, PARALLEL), kind="stable"):
            if norms[j] > PARALLEL and others[j]:
                normal = directions[j] / norms[j]
                # one that is dropped here must be parallel to the face of the one that stays
                if all(norms[j] * np.linalg.norm(normal - other) > PARALLEL for _, _, other in found):
                    found.append((int(j), float(slack[j] / norms[j]), normal))
        return found


def _complement(normal: FloatArray) -> FloatArray:
    """Return an orthonormal basis (r, r - 1) of the directions at right angles to a unit vector."""
    return np.asarray(np.linalg.svd(normal[None, :])[2][1:].T)
