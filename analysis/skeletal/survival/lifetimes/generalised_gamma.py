"""Generalised gamma lifetimes in Prentice's parameters: Q = 1 Weibull, Q = 0 log-normal, Q = scale gamma.

The error law has log density -log(2 pi)/2 - d(Q) - u^2 phi2(Q u), where phi2(x) = (exp(x) - 1 - x)/x^2 and
d is what Stirling's formula leaves out of log Gamma(1/Q^2): smooth in Q through 0.  A tail is the integral
of the density beyond u.  After one substitution its integrand falls exponentially on either side of Q = 0,
and the double exponential rule (Takahasi and Mori 1974) gives it and its derivatives by Q to rounding, also
where the tail is 1e-300: closed forms lose the derivatives by Q, and the digits near Q = 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln, polygamma

from .location_scale import Derivatives, LocationScale

if TYPE_CHECKING:
    from ...arrays import FloatArray

STEP = np.arange(-36, 48) / 10
NODE = np.exp(STEP - np.exp(-STEP))
WEIGHT = 0.1 * NODE * (1 + np.exp(-STEP))
BLOCK = 512  # rows whose nodes are held at a time
TAYLOR = 1.5  # below it phi4 by its series, above it by its definition
SERIES = 1 / np.cumprod(np.append(24.0, np.arange(5, 24)))  # 1/4!, 1/5!, ...
LARGEST = 300.0  # exponent from which a density is 0 whatever multiplies it
STIRLING = 0.3  # below it d by its series
BERNOULLI = ((1, 1 / 12), (3, -1 / 360), (5, 1 / 1260), (7, -1 / 1680), (9, 1 / 1188), (11, -691 / 360360))


def _phi(x: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """phi2, phi3 and phi4 at ``x``: phi_k is exp(x) less its first k terms, over x^k."""
    small = np.abs(x) < TAYLOR
    near, far = np.where(small, x, 0.0), np.where(small, TAYLOR, x)
    phi4 = np.where(small, _horner(near), (np.exp(far) - 1 - far * (1 + far * (1 / 2 + far / 6))) / far**4)
    phi3 = 1 / 6 + x * phi4
    return 1 / 2 + x * phi3, phi3, phi4


def _horner(x: FloatArray) -> FloatArray:
    total = np.full_like(x, SERIES[-1])
    for coefficient in SERIES[-2::-1]:
        total *= x
        total += coefficient
    return total


def _log_density(u: FloatArray, q: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log density but for its constant, with first and second derivative by Q."""
    phi2, phi3, phi4 = _phi(np.minimum(q * u, LARGEST))
    square = u**2
    return -square * phi2, -square * u * (phi2 - 2 * phi3), -(square**2) * (phi2 - 4 * phi3 + 6 * phi4)


def _constant(q: float) -> tuple[float, float, float]:
    """log(2 pi)/2 + d(Q) and the derivatives of d by Q."""
    half = np.log(2 * np.pi) / 2
    if abs(q) < STIRLING:
        value = sum(c * q ** (2 * k) for k, c in BERNOULLI)
        first = sum(2 * k * c * q ** (2 * k - 1) for k, c in BERNOULLI)
        second = sum(2 * k * (2 * k - 1) * c * q ** (2 * k - 2) for k, c in BERNOULLI)
        return half + value, first, second
    a = q**-2
    by_a = float(polygamma(0, a) - np.log(a) + 1 / (2 * a))
    twice = float(polygamma(1, a) - 1 / a - 1 / (2 * a**2))
    value = float(gammaln(a) - (a - 0.5) * np.log(a) + a)
    return value, -2 * by_a / q**3, 4 * twice / q**6 + 6 * by_a / q**4


def _slope(u: FloatArray, q: float) -> FloatArray:
    """Return the derivative of the log density by the error."""
    return -u if q == 0 else -np.expm1(np.minimum(q * u, LARGEST)) / q


def _tail(u: FloatArray, q: float, side: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log of the tail beyond ``u`` (side 1 above, -1 below), its relative derivatives by Q."""
    constant, by_constant, bend_constant = _constant(q)
    here = _log_density(u, q)[0]
    reach = 1 / (np.abs(_slope(u, q)) + 1 / (1 + abs(q)))
    away = reach[:, None] * NODE
    weight = reach[:, None] * WEIGHT
    if side * q > 0:  # doubly exponential decay: a step in exp(Q u) instead
        weight = weight / (1 + abs(q) * away)
        away = np.log1p(abs(q) * away) / abs(q)
    value, first, second = _log_density(u[:, None] + side * away, q)
    first, second = first - by_constant, second - bend_constant
    weight = weight * np.exp(value - here[:, None])
    total = weight.sum(axis=1)
    by_q = np.sum(weight * first, axis=1) / total
    twice = np.sum(weight * (second + first**2), axis=1) / total
    return here - constant + np.log(total), by_q, twice


def _survival(error: FloatArray, shape: FloatArray) -> Derivatives:
    q = float(shape[0])
    parts = np.empty((3, error.size))
    for side in (1.0, -1.0):
        rows = np.flatnonzero(error >= 0 if side > 0 else ~(error >= 0))
        for block in np.split(rows, np.arange(BLOCK, rows.size, BLOCK)):
            log_tail, by_q, twice = _tail(error[block], q, side)
            if side < 0:  # from the distribution function F to S = 1 - F
                odds = 1 / np.expm1(-log_tail)
                log_tail, by_q, twice = np.log1p(-np.exp(log_tail)), -odds * by_q, -odds * twice
            parts[:, block] = log_tail, by_q, twice
    value, by_q, twice = parts
    density = _density(error, shape)
    hazard = np.exp(density.value - value)
    mixed = -hazard * (density.first[1] - by_q)
    return Derivatives(
        value,
        (-hazard, by_q),
        ((-hazard * (density.first[0] + hazard), mixed), (mixed, twice - by_q**2)),
    )


def _density(error: FloatArray, shape: FloatArray) -> Derivatives:
    q = float(shape[0])
    constant, by_constant, bend_constant = _constant(q)
    value, by_q, twice = _log_density(error, q)
    x = np.minimum(q * error, LARGEST)
    mixed = -(error**2) * (1 + (x - 1) * _phi(x)[0])
    return Derivatives(
        value - constant,
        (_slope(error, q), by_q - by_constant),
        ((-np.exp(x), mixed), (mixed, twice - bend_constant)),
    )


GENERALISED_GAMMA = LocationScale(survival=_survival, density=_density, shapes=("Q",))
