"""The restricted likelihood of values at visits, its maximum, and what its curvature says."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, pi
from typing import TYPE_CHECKING

import numpy as np

from ..errors import NotConverged
from ..newton import Evaluation, climb
from .covariance_structures import derivative

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray, IntArray
    from .covariance_structures import Structure
    from .visit_design import VisitDesign

SCORING_STEPS = 12
BEYOND = 1e10  # of minus the log likelihood where there is none
NEAR = 1e-10  # gain of log likelihood that scoring still expects when Newton's steps begin
DONE = 1e-16  # gain that Newton still expects when its last step is taken
DIFFERENCE = 1e-5  # step of the differences of the score
SINGULAR = 1e-9  # least eigenvalue of the correlation or information matrix
LOST = "the covariance matrix is not positive definite"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sample:
    """Values, terms and the patterns of missing visits."""

    value: FloatArray  # (n, m)
    terms: FloatArray  # (n, m, p)
    known: FloatArray  # (n, m), 0 or 1
    pattern: IntArray  # (n,)
    patterns: FloatArray  # (P, m)
    counts: FloatArray  # (P,)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Moments:
    """What one covariance matrix makes of the sample."""

    log_likelihood: float
    coefficient: FloatArray  # (p,)
    covariance: FloatArray  # (p, p), inverse of X'V^-1 X
    weights: FloatArray  # (P, m, m), inverse of the covariance of each pattern, 0 where missing
    weighted: FloatArray  # (n, m, p), V^-1 X
    residual: FloatArray  # (n, m), V^-1 (y - X b)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """Where the restricted likelihood is largest."""

    structure: Structure
    free: FloatArray
    matrix: FloatArray
    moments: Moments
    bend: FloatArray  # minus the second derivative in ``free``


def sample_of(design: VisitDesign) -> Sample:
    """Return the sample of a design."""
    patterns, pattern, counts = np.unique(design.known, axis=0, return_inverse=True, return_counts=True)
    return Sample(
        value=design.value,
        terms=design.terms,
        known=design.known.astype(np.float64),
        pattern=pattern.reshape(-1).astype(np.int64),
        patterns=patterns.astype(np.float64),
        counts=counts.astype(np.float64),
    )


def moments(sample: Sample, matrix: FloatArray) -> Moments | None:
    """Return the generalised least squares of a covariance matrix; None where it is none."""
    n, m, p = sample.terms.shape
    both = sample.patterns[:, :, None] * sample.patterns[:, None, :]
    filled = matrix * both + (1 - sample.patterns)[:, :, None] * np.eye(m)
    try:
        factors = np.linalg.cholesky(filled)
        weights = np.linalg.inv(filled) * both
    except np.linalg.LinAlgError:
        return None
    log_det = 2 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    by_subject = weights[sample.pattern]
    weighted = by_subject @ sample.terms
    flat, values = weighted.reshape(n * m, p), sample.value.ravel()
    information = sample.terms.reshape(n * m, p).T @ flat
    try:
        factor = np.linalg.cholesky(information)
        covariance = np.linalg.inv(information)
        coefficient = np.asarray(np.linalg.solve(information, flat.T @ values))
    except np.linalg.LinAlgError:
        return None
    left = sample.value - (sample.terms @ coefficient)
    residual = (by_subject @ left[:, :, None])[:, :, 0]
    twice = (
        (float(sample.known.sum()) - p) * log(2 * pi)
        + float(sample.counts @ log_det)
        + 2 * float(np.log(np.diag(factor)).sum())
        + float((left * residual).sum())
    )
    return Moments(
        log_likelihood=-twice / 2,
        coefficient=coefficient,
        covariance=(covariance + covariance.T) / 2,
        weights=weights,
        weighted=weighted,
        residual=residual,
    )


def score(sample: Sample, here: Moments, slopes: FloatArray) -> FloatArray:
    """Return the derivatives of the restricted log likelihood to the parameters of the matrix."""
    n, m, p = here.weighted.shape
    turned = np.moveaxis(here.weighted, 1, 0).reshape(m, n * p)
    carried = np.moveaxis(here.weighted @ here.covariance, 1, 0).reshape(m, n * p)
    whole = np.tensordot(sample.counts, here.weights, axes=1)
    gradient = whole - here.residual.T @ here.residual - turned @ carried.T
    return np.asarray(-np.tensordot(slopes, gradient, axes=2) / 2)


def crossed(here: Moments, slopes: FloatArray) -> FloatArray:
    """Return X'V^-1 dV V^-1 X for each parameter; shape (q, p, p)."""
    n, m, p = here.weighted.shape
    flat = here.weighted.reshape(n, m * p)
    products = (flat.T @ flat).reshape(m, p, m, p)
    return np.asarray(np.tensordot(slopes, products, axes=([1, 2], [0, 2])))


def information(sample: Sample, here: Moments, slopes: FloatArray) -> FloatArray:
    """Return the expected information of the parameters of the matrix; shape (q, q).

    Kenward and Roger (1997), page 987: half of tr(P dV P dV) with P = V^-1 - V^-1 X (X'V^-1 X)^-1 X'V^-1.
    """
    carried = here.weighted @ here.covariance @ np.swapaxes(here.weighted, 1, 2)
    q, m = slopes.shape[:2]
    by_pattern = np.zeros_like(here.weights)
    np.add.at(by_pattern, sample.pattern, carried)
    middle = sample.counts[:, None, None] * here.weights - 2 * by_pattern
    first = (middle[:, None] @ slopes).reshape(-1, q, m * m)
    second = np.swapaxes(here.weights[:, None] @ slopes, 2, 3).reshape(-1, q, m * m)
    whole = (first @ np.swapaxes(second, 1, 2)).sum(axis=0)
    beside = here.covariance @ crossed(here, slopes)
    whole = whole + np.tensordot(beside, np.swapaxes(beside, 1, 2), axes=([1, 2], [1, 2]))
    return np.asarray((whole + whole.T) / 4)


def maximise(sample: Sample, structure: Structure, start: FloatArray) -> Maximum:
    """Return the maximum of the restricted likelihood: Fisher scoring, where that fails BFGS, then Newton.

    Raises
    ------
    NotConverged
        No maximum inside the positive definite matrices, or one that the values do not determine.
    """

    def evaluate(free: FloatArray) -> Evaluation:
        here, slopes = _at(sample, structure, free)
        if here is None:
            nothing = np.full(free.size, np.nan)
            return Evaluation(log_likelihood=-np.inf, score=nothing, information=np.outer(nothing, nothing))
        return Evaluation(
            log_likelihood=here.log_likelihood,
            score=score(sample, here, slopes),
            information=information(sample, here, slopes),
        )

    here = evaluate(start)
    if not here.finite:
        raise NotConverged(LOST)
    free, near = _scored(evaluate, start, here)
    return _polished(sample, structure, free if near else _quasi_newton(evaluate, start))


def _scored(
    evaluate: Callable[[FloatArray], Evaluation], free: FloatArray, here: Evaluation
) -> tuple[FloatArray, bool]:
    """Take a few steps of Fisher scoring; return the place and whether it is near the maximum."""
    for _ in range(SCORING_STEPS):
        try:
            if _expected_gain(here.score, here.information) <= NEAR:
                return free, True
        except NotConverged:  # the expected information vanishes here; the likelihood need not be flat
            return free, False
        free, here = climb(evaluate, free, here, np.asarray(np.linalg.solve(here.information, here.score)))
    return free, False


def _quasi_newton(evaluate: Callable[[FloatArray], Evaluation], free: FloatArray) -> FloatArray:
    """Return where the method of Broyden, Fletcher, Goldfarb and Shanno stops."""
    from scipy.optimize import minimize  # noqa: PLC0415  (slow to import)

    def falling(place: FloatArray) -> tuple[float, FloatArray]:
        there = evaluate(place)
        return (-there.log_likelihood, -there.score) if there.finite else (BEYOND, np.zeros(place.size))

    with np.errstate(all="ignore"):
        found = minimize(falling, free, jac=True, method="BFGS", options={"gtol": 1e-6, "maxiter": 500})
    return np.asarray(found.x, dtype=np.float64)


def _at(sample: Sample, structure: Structure, free: FloatArray) -> tuple[Moments | None, FloatArray]:
    """Return the moments at free parameters, and the slopes of the matrix."""
    with np.errstate(over="ignore", invalid="ignore"):
        matrix = structure.of_free(free)
        slopes = derivative(structure.of_free, free)
    if not (np.isfinite(matrix).all() and np.isfinite(slopes).all()):
        return None, slopes
    return moments(sample, matrix), slopes


def _expected_gain(slope: FloatArray, bend: FloatArray) -> float:
    """Return the gain of log likelihood that a step promises."""
    spread = np.sqrt(np.maximum(np.diag(bend), 0))
    if (
        spread.min() <= SINGULAR * spread.max()
        or np.linalg.eigvalsh(bend / np.outer(spread, spread))[0] <= SINGULAR
    ):
        raise NotConverged("the values do not determine all variances and correlations")
    return float(slope @ np.linalg.solve(bend, slope)) / 2


def _polished(sample: Sample, structure: Structure, free: FloatArray) -> Maximum:
    """Take Newton's steps to the maximum and return it with its curvature."""
    for _ in range(20):
        here, slopes = _at(sample, structure, free)
        bend = _bend(sample, structure, free)
        if here is None or not np.isfinite(bend).all():
            raise NotConverged(LOST)
        slope = score(sample, here, slopes)
        done = _expected_gain(slope, bend) <= DONE
        free = free + np.linalg.solve(bend, slope)
        if done:
            here, _ = _at(sample, structure, free)
            matrix = structure.of_free(free)
            spread = np.sqrt(np.diag(matrix))
            if here is None or np.linalg.eigvalsh(matrix / np.outer(spread, spread))[0] <= SINGULAR:
                raise NotConverged("values at some visits determine those at another")
            return Maximum(
                structure=structure,
                free=free,
                matrix=matrix,
                moments=here,
                bend=bend,
            )
    raise NotConverged("Newton's steps do not settle")


def _bend(sample: Sample, structure: Structure, free: FloatArray) -> FloatArray:
    """Return minus the second derivative of the restricted log likelihood, by differences of the score."""
    rows = []
    for k in range(free.size):
        step = np.zeros(free.size)
        step[k] = DIFFERENCE
        sides = []
        for place in (free + step, free - step):
            here, slopes = _at(sample, structure, place)
            sides.append(np.full(free.size, np.nan) if here is None else score(sample, here, slopes))
        rows.append((sides[1] - sides[0]) / (2 * DIFFERENCE))
    bend = np.array(rows)
    return np.asarray((bend + bend.T) / 2)
