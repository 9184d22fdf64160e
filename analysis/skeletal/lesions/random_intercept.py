"""Logistic model of two arms with a normal intercept of each subject, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, log_expit, logit, logsumexp

from ..errors import NotConverged, NotEstimable
from ..newton import invert

if TYPE_CHECKING:
    from ..arrays import FloatArray

NODES, MORE_NODES = 25, 151  # the latter where subjects differ much, and for averages over subjects
MUCH = 2.0  # standard deviation up to which 25 nodes give seven digits
STARTS = (0.25, 0.5, 1.0, 2.0, 4.0)  # standard deviations of the intercept from which the climb may begin
LARGEST = 10.0  # beyond it a subject has all of its lesions with the event, or none
STEPS, HALVINGS, STEP_TOLERANCE, SLACK, LEAST_BEND = 60, 12, 1e-8, 1e-10, 1e-6
MODE_STEPS, MODE_TOLERANCE = 60, 1e-12


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RandomIntercept:
    """A fitted model logit P(event | subject) = a + b arm + s u, u standard normal.

    Attributes
    ----------
    coefficient : ndarray of shape (2,)
        a and b.
    deviation : float
        s; 0 where the likelihood falls from there.
    covariance : ndarray of shape (3, 3)
        Of a, b and s, from the observed information; with s = 0 its row and column are 0.
    log_likelihood : float
        At the fit.
    """

    coefficient: FloatArray
    deviation: float
    covariance: FloatArray
    log_likelihood: float

    def risks(self) -> tuple[FloatArray, FloatArray]:
        """Return the probabilities (2,) averaged over subjects, control first, and their covariance."""
        at, weight = np.polynomial.hermite_e.hermegauss(MORE_NODES)
        weight = weight / weight.sum()
        predictor = np.array([self.coefficient[0], self.coefficient.sum()])
        p = expit(predictor[:, None] + self.deviation * at)
        slope = (p * (1 - p)) @ np.column_stack([weight, weight * at])
        gradient = np.column_stack([slope[:, 0], [0.0, slope[1, 0]], slope[:, 1]])
        return p @ weight, gradient @ self.covariance @ gradient.T


def random_intercept(events: FloatArray, totals: FloatArray) -> RandomIntercept:
    """Fit the model to the lesions with the event, and all, of each subject (rows) and arm (columns).

    Raises
    ------
    NotEstimable
        An arm without events or with nothing else; one lesion in every subject.
    NotConverged
        The subjects' own probabilities run to 0 and 1.

    Notes
    -----
    The likelihood of a subject is the integral over u of the product of its lesions' probabilities, by
    Gauss-Hermite quadrature around its largest point, scaled by its bend there, with 25 nodes, or 151 where
    s is more than 2.  Score and
    observed information are the posterior means (and variance) of those given u (Louis 1982).
    """
    x, n = events.sum(axis=0), totals.sum(axis=0)
    if ((x == 0) | (x == n)).any():
        raise NotEstimable("an arm without events, or with nothing but events, has no finite odds")
    if totals.sum(axis=1).max() < 2:
        raise NotEstimable("every subject has one lesion: nothing shows how subjects differ")
    cells, times = np.unique(np.column_stack([events, totals]), axis=0, return_counts=True)
    rows = _Rows(events=cells[:, :2], totals=cells[:, 2:], times=times.astype(np.float64))
    alone, without = _independent(rows, logit(x / n))
    if _slope_at_zero(rows, alone) <= 0:
        return _without_variance(alone, without, x, n)
    place = max((_start(alone, deviation) for deviation in STARTS), key=lambda at: rows.at(at)[0])
    place, highest, information = _highest(rows, place)
    deviation = float(np.exp(place[2]))
    if highest <= without:
        return _without_variance(alone, without, x, n)
    scale = np.array([1.0, 1.0, deviation])
    covariance = invert(information) * np.outer(scale, scale)
    return RandomIntercept(
        coefficient=place[:2],
        deviation=deviation,
        covariance=covariance,
        log_likelihood=highest,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Rows:
    """Distinct subjects (g,) with their counts by arm (g, 2), and how often each is there."""

    events: FloatArray
    totals: FloatArray
    times: FloatArray
    nodes: int = NODES

    def at(self, place: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Return the log likelihood, score (3,) and observed information (3, 3) at a, b and log s."""
        deviation = float(np.exp(place[2]))
        predictor = np.array([place[0], place[0] + place[1]])
        centre, spread = self._modes(predictor, deviation)
        node, log_weight = _quadrature(self.nodes)
        u = centre[:, None] + spread[:, None] * node
        joint, rest, noise = np.zeros_like(u), [], []
        for k in (0, 1):
            x, n = self.events[:, k, None], self.totals[:, k, None]
            eta = predictor[k] + deviation * u
            p = expit(eta)
            joint += x * eta + n * log_expit(-eta)
            rest.append(x - n * p)
            noise.append(n * p * (1 - p))
        logs = joint - u**2 / 2 + log_weight
        total = logsumexp(logs, axis=1)
        posterior = np.exp(logs - total[:, None])
        su = deviation * u
        both, noises = rest[0] + rest[1], noise[0] + noise[1]
        score = np.stack([both, rest[1], su * both])
        second = np.stack(
            [noises, noise[1], su * noises, noise[1], su * noise[1], su**2 * noises - su * both]
        )
        times = self.times[:, None] * posterior
        mean = np.einsum("agk,gk->ga", score, posterior)
        known = np.einsum("agk,gk->a", second, times)
        square = np.einsum("agk,bgk->ab", score * times, score)
        information = known[[0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(3, 3)
        information = information - square + (mean * self.times[:, None]).T @ mean
        return float(self.times @ (total + np.log(spread))), self.times @ mean, information

    def _modes(self, predictor: FloatArray, deviation: float) -> tuple[FloatArray, FloatArray]:
        """Return where each integrand is largest, and one over the root of its bend there."""
        x, n = self.events, self.totals
        reach = deviation * n.sum(axis=1) + 1.0
        low, high, u = -reach, reach.copy(), np.zeros(reach.size)
        for _ in range(MODE_STEPS):
            p = expit(predictor + deviation * u[:, None])
            slope = deviation * (x - n * p).sum(axis=1) - u
            bend = deviation**2 * (n * p * (1 - p)).sum(axis=1) + 1
            low, high = np.where(slope >= 0, u, low), np.where(slope <= 0, u, high)
            further = u + slope / bend
            inside = (further >= low) & (further <= high)
            further = np.where(inside, further, (low + high) / 2)
            done = np.abs(further - u).max() <= MODE_TOLERANCE * (1 + np.abs(u).max())
            u = further
            if done:
                break
        p = expit(predictor + deviation * u[:, None])
        return u, 1 / np.sqrt(deviation**2 * (n * p * (1 - p)).sum(axis=1) + 1)


@cache
def _quadrature(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Return the nodes, and the log weights for a function that still has its normal density."""
    node, weight = np.polynomial.hermite_e.hermegauss(nodes)
    return node, np.log(weight / np.sqrt(2 * np.pi)) + node**2 / 2


def _highest(rows: _Rows, place: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Climb with few nodes, and again with many where subjects differ much."""
    try:
        found = _climb(rows, place)
    except NotConverged:
        found = (place, -np.inf, np.eye(3))
    if found[1] > -np.inf and found[0][2] <= np.log(MUCH):
        return found
    return _climb(replace(rows, nodes=MORE_NODES), found[0])


def _climb(rows: _Rows, place: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Climb by Newton's method; return the place, the log likelihood and the observed information there."""
    value, score, information = rows.at(place)
    for _ in range(STEPS):
        root, axes = np.linalg.eigh(information)
        step = axes @ ((axes.T @ score) / np.maximum(np.abs(root), LEAST_BEND))
        step = step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() <= STEP_TOLERANCE and root[0] > 0:
            return place, value, information
        for _halving in range(HALVINGS):
            further = rows.at(place + step)
            if further[0] >= value - SLACK * (1 + abs(value)):
                break
            step = step / 2
        else:
            break
        place, (value, score, information) = place + step, further
        if place[2] > np.log(LARGEST):
            break
    raise NotConverged(
        "the variance between subjects grows without end: nearly all subjects have the event in all of "
        "their lesions, or in none"
    )


def _independent(rows: _Rows, odds: FloatArray) -> tuple[FloatArray, float]:
    """Return a and b where s is 0, and the log likelihood there."""
    x, n = rows.times @ rows.events, rows.times @ rows.totals
    value = float(np.sum(x * log_expit(odds) + (n - x) * log_expit(-odds)))
    return np.array([odds[0], odds[1] - odds[0]]), value


def _slope_at_zero(rows: _Rows, alone: FloatArray) -> float:
    """Return twice the derivative of the log likelihood by the variance s^2, at 0."""
    p = expit(np.array([alone[0], alone.sum()]))
    surplus = (rows.events - rows.totals * p).sum(axis=1)
    return float(rows.times @ (surplus**2 - (rows.totals * p * (1 - p)).sum(axis=1)))


def _start(alone: FloatArray, deviation: float) -> FloatArray:
    """Return a place with about the same average probabilities."""
    return np.append(alone * np.sqrt(1 + 0.346 * deviation**2), np.log(deviation))


def _without_variance(alone: FloatArray, without: float, x: FloatArray, n: FloatArray) -> RandomIntercept:
    """Return the fit whose subjects do not differ."""
    p = x / n
    first, second = 1 / (n * p * (1 - p))
    covariance = np.zeros((3, 3))
    covariance[:2, :2] = [[first, -first], [-first, first + second]]
    return RandomIntercept(
        coefficient=alone,
        deviation=0.0,
        covariance=covariance,
        log_likelihood=without,
    )
