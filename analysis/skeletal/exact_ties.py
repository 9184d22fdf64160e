"""The discrete (exact) partial likelihood for tied events: one conditional logistic term a tied time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from .errors import InvalidArgument
from .partial_likelihood import CoxSample, Evaluation, evaluate_sums, risk_sums

if TYPE_CHECKING:
    from .arrays import FloatArray

MAX_DOUBLINGS = 200


def evaluate_exact(sample: CoxSample, coefficient: FloatArray) -> Evaluation:
    """Return log likelihood, score and information of the discrete conditional likelihood.

    A time with one event has the ordinary term.  With d tied events among n at risk the denominator is
    the sum of prod(risk) over all subsets of size d, the coefficient of z^d in prod(1 + risk_i z).

    References
    ----------
    Gail, Lubin and Rubinstein, Biometrika 68 (1981), 703-707, equations 1-3.
    """
    if (sample.weight != 1).any():
        raise InvalidArgument("ties='exact' takes no case weights")
    cells = sample.cells
    n_tied = np.bincount(cells.last[sample.event], minlength=cells.time.size)
    sums = risk_sums(sample, coefficient, "breslow")
    single = n_tied[sums.cell] == 1
    tied = sample.event & (n_tied[np.where(sample.event, cells.last, 0)] > 1)
    # Weight 0 takes the tied times out of the ordinary terms.
    plain = replace(sums, weight=np.where(single, sums.weight, 0.0))
    result = evaluate_sums(replace(sample, event=sample.event & ~tied), plain)
    log_likelihood, score, information = result.log_likelihood, result.score, result.information
    for cell in np.flatnonzero(n_tied > 1):
        at_risk = np.flatnonzero((cells.first <= cell) & (cells.last >= cell))
        events = at_risk[sample.event[at_risk] & (cells.last[at_risk] == cell)]
        if events.size == at_risk.size:
            continue
        x = sample.covariates[at_risk]
        value, gradient, hessian = log_subset_sum(sums.linear[at_risk], x, events.size)
        log_likelihood += float(sums.linear[events].sum() - value)
        score = score + sample.covariates[events].sum(axis=0) - gradient
        information = information + hessian
    return Evaluation(log_likelihood=log_likelihood, score=score, information=information)


def log_subset_sum(linear: FloatArray, x: FloatArray, d: int) -> tuple[float, FloatArray, FloatArray]:
    """Log of the sum of exp(total linear predictor) over subsets of size ``d`` < n, and two derivatives.

    Scaled by s so that d is the mean of independent Bernoulli(s r_i/(1 + s r_i)), the sum is a
    probability near its mode, which a discrete Fourier transform gives to rounding.
    """
    n = linear.size
    shift = _log_scale(linear, d)
    size = min(n + 1, d + 40 + 12 * int(np.ceil(np.sqrt(d)))) | 1  # odd: no factor below is 0
    angle = 2j * np.pi * np.arange(size) / size
    chance = expit(linear + shift)
    phase = np.expm1(angle)  # 1 - p + p exp(i a) = 1 + p (exp(i a) - 1)
    factors = 1 + np.outer(phase, chance)
    terms = np.prod(factors, axis=1) * np.exp(-angle * d) / size
    inclusion = np.exp(angle)[:, None] * chance / factors
    first = inclusion @ x
    total = terms.sum().real
    gradient = (terms @ first).real / total
    spread = (terms @ (inclusion * (1 - inclusion))).real / total
    products = ((first * terms[:, None]).T @ first).real / total
    hessian = products + (x * spread[:, None]).T @ x - np.outer(gradient, gradient)
    value = float(np.log(total) + np.logaddexp(0.0, linear + shift).sum() - d * shift)
    return value, gradient, hessian


def _log_scale(linear: FloatArray, d: int) -> float:
    """Solve sum expit(linear + shift) = d by bisection."""
    centre = float(np.log(d / (linear.size - d)))
    low, high = centre - float(linear.max()), centre - float(linear.min())
    for _ in range(MAX_DOUBLINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if expit(linear + middle).sum() < d else (low, middle)
        if high - low < 1e-6:
            break
    return (low + high) / 2
