"""Scores of three models of a difference in survival, and their information with survival estimated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.linalg import solveh_banded

from .turnbull import survival_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray, IntArray

Scores = Literal["logrank1", "logrank2", "wmw"]


NOTHING = 1e-12  # information relative to the sum over rows that is a rounded 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Likeliest:
    """The likeliest survival of all rows, sets without mass left out.

    Attributes
    ----------
    survival : ndarray of shape (m + 1,)
        Before the first set, 1, and after each; 0 after the last.
    first, last : ndarray of shape (n,)
        A row lies between the survivals ``first`` and ``last``.
    """

    survival: FloatArray
    first: IntArray
    last: IntArray

    @property
    def probability(self) -> FloatArray:
        """Probability of each row."""
        return np.asarray(self.survival[self.first] - self.survival[self.last])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Shift:
    """Derivatives of survival by the effect of an arm, at no effect.

    Attributes
    ----------
    once, twice : ndarray of shape (m + 1,)
        First and second derivative at each node.
    bound : callable
        From weights of shape (k, m + 1) to the derivative of the weighted sums of ``once`` by survival at
        each node.
    """

    once: FloatArray
    twice: FloatArray
    bound: Callable[[FloatArray], FloatArray]


def likeliest(mass: FloatArray, first: IntArray, last: IntArray) -> Likeliest:
    """Return survival at the sets with mass and where the rows lie among them."""
    used = mass > 0
    place = np.concatenate([[0], np.cumsum(used)])
    return Likeliest(survival=survival_of(mass[used]), first=place[first], last=place[last])


def row_scores(fit: Likeliest, scores: Scores) -> FloatArray:
    """Return each row's score: positive where the event came early."""
    once = _ONCE[scores](fit.survival)
    return np.asarray((once[fit.first] - once[fit.last]) / fit.probability)


def arm_information(fit: Likeliest, scores: Scores, codes: IntArray, k: int) -> FloatArray:
    """Return the observed information of the k arms' effects with survival estimated; shape (k, k).

    Survival at the inner nodes is taken out: rows are linear in it, so that its own information is that of
    a graph, and that shared with an effect comes from the change of ``once`` with survival.
    """
    shift = _shift(fit.survival, scores)
    probability = fit.probability
    score = (shift.once[fit.first] - shift.once[fit.last]) / probability
    own = score**2 - (shift.twice[fit.first] - shift.twice[fit.last]) / probability
    nodes = fit.survival.size
    shared = np.zeros((k, nodes))
    pull = np.zeros((k, nodes))
    np.add.at(shared, (codes, fit.first), score / probability)
    np.add.at(shared, (codes, fit.last), -score / probability)
    np.add.at(pull, (codes, fit.first), 1 / probability)
    np.add.at(pull, (codes, fit.last), -1 / probability)
    cross = (shared - shift.bound(pull))[:, 1:-1]
    information = np.diag(np.bincount(codes, own, k))
    if nodes > 2:
        information -= cross @ solveh_banded(_node_information(fit), cross.T, lower=True)
    silent = np.abs(np.diag(information)) <= NOTHING * np.abs(own).sum()  # the rest of a difference
    return np.where(silent[:, None] | silent, 0.0, (information + information.T) / 2)


def _node_information(fit: Likeliest) -> FloatArray:
    """Information of survival at the inner nodes, by diagonals: as many as the widest row has nodes."""
    nodes, square = fit.survival.size, 1 / fit.probability**2
    inside = (fit.first > 0) & (fit.last < nodes - 1)
    first, last, bend = fit.first[inside], fit.last[inside], square[inside]
    bands = np.zeros((1 + int((last - first).max(initial=0)), nodes))
    bands[0] = np.bincount(fit.first, square, nodes) + np.bincount(fit.last, square, nodes)
    np.add.at(bands, (last - first, first), -bend)
    return bands[:, 1:-1]


def _hazards(survival: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the discrete hazard of each set and its sum up to each node."""
    hazard = -np.diff(survival) / survival[:-1]
    return hazard, np.concatenate([[0.0], np.cumsum(hazard)])


def _logrank1(survival: FloatArray) -> FloatArray:
    return np.asarray(-survival * _hazards(survival)[1])


def _logrank2(survival: FloatArray) -> FloatArray:
    return np.append(survival[:-1] * np.log(survival[:-1]), 0.0)


def _wmw(survival: FloatArray) -> FloatArray:
    return np.asarray(-survival * (1 - survival))


_ONCE = {"logrank1": _logrank1, "logrank2": _logrank2, "wmw": _wmw}


def _shift(survival: FloatArray, scores: Scores) -> Shift:
    once = _ONCE[scores](survival)
    if scores == "wmw":
        slope = 2 * survival - 1
        return Shift(once=once, twice=once * slope, bound=lambda weight: weight * slope)
    if scores == "logrank2":
        slope = 1 + np.append(np.log(survival[:-1]), 0.0)  # at 0 what it multiplies is 0
        return Shift(once=once, twice=once * slope, bound=lambda weight: weight * slope)
    hazard, total = _hazards(survival)
    spread = np.concatenate([[0.0], np.cumsum(hazard * (1 - hazard))])
    before = np.concatenate([[0.0], 1 / survival[:-1]])  # by S in the hazard of the set that ends at the node
    after = np.append(survival[1:] / survival[:-1] ** 2, 0.0)  # and in that of the next

    def bound(weight: FloatArray) -> FloatArray:
        later = np.cumsum((weight * survival)[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(-weight * total + later * before - (later - weight * survival) * after)

    return Shift(once=once, twice=survival * (total**2 - spread), bound=bound)
