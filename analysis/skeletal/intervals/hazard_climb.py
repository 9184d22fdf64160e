"""The likeliest cumulative hazard of interval-censored rows, with or without proportional hazards.

A row with hazard ratio r that holds the sets a .. b - 1 contributes log(exp(-r H_a) - exp(-r H_b)), H_0 = 0,
H infinite after the last set.  In H this is concave, and its second derivatives are those of a graph whose
nodes are the ends of sets and whose edges are the rows.  Newton's method moves the nodes between which there
is mass; neighbours whose order would turn are joined, and a joined pair is parted again where the slope
says that mass between them raises the likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from ..kernels.intervals import convex_minorant
from .many_nodes import Graph, rising_target

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from .innermost import Innermost

FIRST_STEPS = 60  # of the convex minorant
MAX_STEPS = 100
TOLERANCE = 1e-11  # of the gap; the climb goes on to it as long as it gains
HALVINGS = 30
MANY = 250  # groups from which equations without coefficients are solved step by step
NO_MATRIX = np.empty((0, 0))
LARGEST = 300.0  # hazard whose exponential is taken
FLAT = 1e-8  # least curvature of a coefficient that is trusted


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Rows of a sample over m innermost sets.

    Attributes
    ----------
    first, last : ndarray of shape (n,)
        A row holds the sets ``first`` .. ``last - 1``.
    weight : ndarray of shape (n,)
        How often the row occurs.
    x : ndarray of shape (n, p)
        Covariates; p may be 0.
    n_sets : int
        Number of sets, m.
    """

    first: IntArray
    last: IntArray
    weight: FloatArray
    x: FloatArray
    n_sets: int

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Slopes:
    """Log likelihood at one place, and what its rows add to the derivatives.

    Attributes
    ----------
    log_likelihood : float
        Sum over rows.
    by_first, by_last : ndarray of shape (n,)
        Derivative by the hazard at the row's first and last node.
    bend : ndarray of shape (n,)
        Curvature by the difference of the two.
    by_effect, bend_effect : ndarray of shape (n,)
        First derivative, and second with its sign changed, by the row's log hazard ratio.
    mixed_first, mixed_last : ndarray of shape (n,)
        Second derivatives by the log hazard ratio and the hazard at either node, sign changed.
    """

    log_likelihood: float
    by_first: FloatArray
    by_last: FloatArray
    bend: FloatArray
    by_effect: FloatArray
    bend_effect: FloatArray
    mixed_first: FloatArray
    mixed_last: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Peak:
    """Where the likelihood is largest.

    Attributes
    ----------
    hazard : ndarray of shape (m,)
        Cumulative hazard at the nodes, from 0.
    coefficient : ndarray of shape (p,)
        Log hazard ratios.
    log_likelihood : float
        The largest value.
    information : ndarray of shape (p, p)
        Of the coefficients, with the sets that have mass held.
    gap : float
        Largest slope per subject: towards a set without mass, of one with mass either way, by a coefficient.
    iterations : int
        Newton steps.
    """

    hazard: FloatArray
    coefficient: FloatArray
    log_likelihood: float
    information: FloatArray
    gap: float
    iterations: int


def rows_of(sets: Innermost, x: FloatArray | None = None) -> Rows:
    """Return the rows over their innermost sets; without covariates, equal rows once with their number."""
    if x is not None:
        n = sets.first.size
        return Rows(first=sets.first, last=sets.last, weight=np.ones(n), x=x, n_sets=sets.n_sets)
    size = sets.n_sets + 1
    keys, count = np.unique(sets.first * size + sets.last, return_counts=True)
    return Rows(
        first=keys // size,
        last=keys % size,
        weight=count.astype(np.float64),
        x=np.empty((keys.size, 0)),
        n_sets=sets.n_sets,
    )


def start(rows: Rows) -> FloatArray:
    """Return a cumulative hazard near the likeliest one without covariates."""
    return convex_minorant(rows.first, rows.last, rows.weight, rows.n_sets, FIRST_STEPS)


def climb(rows: Rows, hazard: FloatArray, coefficient: FloatArray, *, held: bool = False) -> Peak:
    """Climb to the largest likelihood; ``held`` leaves the coefficients where they are.

    The caller reads from ``gap`` whether the top was reached.
    """
    here = slopes(rows, hazard, coefficient)
    gap, steps = np.inf, 0
    while steps < MAX_STEPS:
        system = _System.at(rows, hazard, coefficient, here, held=held)
        if system.gap <= TOLERANCE or (system.gap >= gap and gap <= 1e-9):
            break
        gap = system.gap
        further = _step(rows, here, (hazard, coefficient), system.target())
        if further is None and not held:
            further = _one_by_one(rows, here, hazard, coefficient)
        if further is None:
            break
        steps += 1
        hazard, coefficient, here = further
    last = _System.at(rows, hazard, coefficient, here, held=held)
    return Peak(
        hazard=hazard,
        coefficient=coefficient,
        log_likelihood=here.log_likelihood,
        information=last.profile_information(),
        gap=last.gap,
        iterations=steps,
    )


def slopes(rows: Rows, hazard: FloatArray, coefficient: FloatArray) -> Slopes:
    """Evaluate the rows; the log likelihood is -inf where a row has no mass or a slope is no number."""
    open_ended = rows.last == rows.n_sets
    low = hazard[rows.first]
    with np.errstate(all="ignore"):
        ratio = np.exp(rows.x @ coefficient)
        rise = np.where(open_ended, 0.0, ratio * (np.append(hazard, 0.0)[rows.last] - low))
        odds = np.where(open_ended, 0.0, 1 / np.expm1(rise))
        inside = np.where(open_ended, 0.0, np.log(-np.expm1(-rise)))
        gone = ratio * low
        value = float(rows.weight @ (inside - gone))
        curve = odds * (1 + odds)
        lifted = rows.weight * ratio
        bend = lifted * ratio * curve
        bend_effect = rows.weight * (gone - rise * odds + rise**2 * curve)
        known = np.isfinite([value, np.sum(bend), np.sum(bend_effect), np.sum(lifted * odds)]).all()
        return Slopes(
            log_likelihood=value if known else -np.inf,
            by_first=-lifted * (1 + odds),
            by_last=lifted * odds,
            bend=bend,
            by_effect=rows.weight * (rise * odds - gone),
            bend_effect=bend_effect,
            mixed_first=lifted * (1 + odds - rise * curve),
            mixed_last=-lifted * (odds - rise * curve),
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _System:
    """Newton's equations at one place for the k movable groups of nodes and the free coefficients.

    ``group`` gives the group of each node, 0 the one of node 0, which stays.  Of many groups without
    coefficients ``matrix`` is empty: ``graph`` holds the curvature.
    """

    group: IntArray
    graph: Graph
    matrix: FloatArray
    score: FloatArray
    value: FloatArray
    coefficient: FloatArray
    gap: float

    @classmethod
    def at(
        cls, rows: Rows, hazard: FloatArray, coefficient: FloatArray, here: Slopes, *, held: bool
    ) -> _System:
        m = rows.n_sets
        closed = rows.last < m
        last = np.where(closed, rows.last, 0)
        slope = np.zeros(m) + np.bincount(rows.first, here.by_first, m) + np.bincount(last, here.by_last, m)
        towards = _towards_sets(slope) * np.exp(np.minimum(hazard[:-1], LARGEST)) / rows.total
        mass = np.diff(hazard) > 0
        parted = mass | _steepest(mass, towards)
        group = np.concatenate([[0], np.cumsum(parted)]).astype(np.int64)
        k, p = int(group[-1]), 0 if held else coefficient.size
        score = np.zeros(k + p)
        score[:k] = np.bincount(group, slope, k + 1)[1:]
        graph = Graph(first=group[rows.first], last=group[last], bend=here.bend, size=k)
        matrix = NO_MATRIX
        if p or k <= MANY:
            matrix = np.zeros((k + p, k + p))
            matrix[:k, :k] = _curvature(graph)
        if p:
            _add_effects(matrix, score, rows, here, (group[rows.first], group[last], k))
        wrong = np.where(mass, np.abs(towards), towards)
        gap = max(float(wrong.max(initial=0.0)), float(np.abs(score[k:]).max(initial=0.0)) / rows.total)
        begins = np.flatnonzero(parted) + 1
        return cls(
            group=group,
            graph=graph,
            matrix=matrix,
            score=score,
            value=hazard[begins],
            coefficient=coefficient,
            gap=gap,
        )

    def target(self) -> tuple[FloatArray, FloatArray]:
        """Return where Newton's method goes in order: hazard at the nodes, coefficients."""
        k, p = self.graph.size, self.score.size - self.graph.size
        if k > MANY and not p:
            return rising_target(self.graph, self.score, self.value)[self.group], self.coefficient
        matrix = _concave(self.matrix, k)
        aim = self.score + matrix @ np.concatenate([self.value, self.coefficient[:p]])
        group = np.arange(k + 1)
        for _ in range(k + 1):
            place = _solve(matrix, aim)
            level = np.concatenate([[0.0], place[:k]])
            kept = np.diff(level) > 0
            if kept.all():
                break
            joined = np.concatenate([[0], np.cumsum(kept)])
            group = joined[group]
            matrix, aim, k = _pool(matrix, aim, joined, p)
        coefficient = place[k:] if p else self.coefficient
        return np.concatenate([[0.0], place[:k]])[group][self.group], coefficient

    def profile_information(self) -> FloatArray:
        """Information of the coefficients with the hazard of the groups free."""
        k = self.graph.size
        if self.score.size == k:
            return NO_MATRIX
        inside, cross = self.matrix[:k, :k], self.matrix[:k, k:]
        return np.asarray(self.matrix[k:, k:] - cross.T @ _solve(inside, cross))


def _towards_sets(slope: FloatArray) -> FloatArray:
    """Return the slope of the likelihood as mass goes to each set but the last: all later nodes rise."""
    return np.asarray(np.cumsum(slope[:0:-1])[::-1])


def _steepest(mass: BoolArray, towards: FloatArray) -> BoolArray:
    """Mark, between any two sets with mass, the steepest set without mass, if the way there goes up."""
    parted = np.zeros(mass.size, dtype=np.bool_)
    candidates = np.flatnonzero(~mass & (towards > TOLERANCE))
    if candidates.size:
        between = np.cumsum(mass)[candidates]
        order = np.lexsort((-towards[candidates], between))
        first = np.append(True, np.diff(between[order]) > 0)
        parted[candidates[order[first]]] = True
    return parted


def _curvature(graph: Graph) -> FloatArray:
    """Return the curvature by the levels of all movable groups."""
    size = graph.size + 1
    between = np.bincount(graph.first * size + graph.last, graph.bend, size * size).reshape(size, size)
    between = between + between.T
    np.fill_diagonal(between, 0.0)
    return np.diag(between.sum(axis=0))[1:, 1:] - between[1:, 1:]


def _add_effects(
    matrix: FloatArray,
    score: FloatArray,
    rows: Rows,
    here: Slopes,
    ends: tuple[IntArray, IntArray, int],
) -> None:
    """Write the derivatives that the coefficients take part in."""
    first, last, k = ends
    score[k:] = rows.x.T @ here.by_effect
    matrix[k:, k:] = (rows.x * here.bend_effect[:, None]).T @ rows.x
    for j, x in enumerate(rows.x.T, k):
        cross = np.bincount(first, here.mixed_first * x, k + 1) + np.bincount(
            last, here.mixed_last * x, k + 1
        )
        matrix[:k, j] = matrix[j, :k] = cross[1:]


def _solve(matrix: FloatArray, aim: FloatArray) -> FloatArray:
    """Solve; should rounding have taken the definiteness, as near to it as can be."""
    try:
        return np.asarray(cho_solve(cho_factor(matrix), aim))
    except LinAlgError:
        return np.asarray(np.linalg.lstsq(matrix, aim, rcond=None)[0])


def _concave(matrix: FloatArray, k: int) -> FloatArray:
    """Turn round the curvature of coefficients along which the likelihood is not concave."""
    if matrix.shape[0] == k:
        return matrix
    inside, cross = matrix[:k, :k], matrix[:k, k:]
    taken = cross.T @ _solve(inside, cross)
    values, vectors = np.linalg.eigh(matrix[k:, k:] - taken)
    if values[0] > 0:
        return matrix
    turned = matrix.copy()
    turned[k:, k:] = taken + (vectors * np.maximum(np.abs(values), FLAT)) @ vectors.T
    return turned


def _pool(
    matrix: FloatArray, aim: FloatArray, joined: IntArray, p: int
) -> tuple[FloatArray, FloatArray, int]:
    """Add up the equations of groups that are joined, those joined to group 0 left out."""
    k = int(joined[-1])
    first = int(np.searchsorted(joined, 1)) - 1  # so many were joined to group 0
    begins = np.searchsorted(joined, np.arange(1, k + 1)) - 1
    starts = np.concatenate([begins, joined.size - 1 + np.arange(p)]).astype(np.int64) - first
    if not starts.size:
        return np.empty((0, 0)), np.empty(0), 0
    inside = np.add.reduceat(matrix[first:, first:], starts, axis=0)
    return np.add.reduceat(inside, starts, axis=1), np.add.reduceat(aim[first:], starts), k


def _one_by_one(
    rows: Rows, here: Slopes, hazard: FloatArray, coefficient: FloatArray
) -> tuple[FloatArray, FloatArray, Slopes] | None:
    """Move the hazard alone, then the coefficients alone: both ways go up, also far from the top."""
    system = _System.at(rows, hazard, coefficient, here, held=True)
    moved = _step(rows, here, (hazard, coefficient), system.target())
    if moved is not None:
        hazard, coefficient, here = moved
    bend = (rows.x * here.bend_effect[:, None]).T @ rows.x
    values, vectors = np.linalg.eigh(bend)
    up = vectors @ ((vectors.T @ (rows.x.T @ here.by_effect)) / np.maximum(np.abs(values), FLAT))
    return _step(rows, here, (hazard, coefficient), (hazard, coefficient + up)) or moved


def _step(
    rows: Rows,
    here: Slopes,
    place: tuple[FloatArray, FloatArray],
    target: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray, Slopes] | None:
    """Go to the target, or to the first of its halves that does not lower the likelihood."""
    slack = 1e-13 * (1 + abs(here.log_likelihood))
    for halving in range(HALVINGS):
        length = 0.5**halving
        if halving:
            hazard = place[0] + length * (target[0] - place[0])
            coefficient = place[1] + length * (target[1] - place[1])
        else:
            hazard, coefficient = target
        there = slopes(rows, hazard, coefficient)
        if there.log_likelihood >= here.log_likelihood - slack:
            return hazard, coefficient, there
    return None
