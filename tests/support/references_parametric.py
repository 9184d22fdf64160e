"""Parametric likelihoods as plain as the definitions: density and survival of time by scipy."""

from __future__ import annotations

import numpy as np
from scipy import stats
from scipy.special import gammainc, gammaincc, gammaln


def naive_law(distribution, mu, ancillary, knots):
    """Return log density, survival and distribution function of the times of rows with locations ``mu``."""
    if distribution == "generalised-gamma":
        return _generalised_gamma(mu, *ancillary)
    if distribution == "spline":
        return _spline(mu, ancillary, knots)
    scale = np.exp(ancillary[0]) if len(ancillary) else 1.0
    law, shape = {
        "exponential": (stats.expon, ()),
        "weibull": (stats.weibull_min, (1 / scale,)),
        "log-normal": (stats.lognorm, (scale,)),
        "log-logistic": (stats.fisk, (1 / scale,)),
    }[distribution]
    return tuple(
        lambda t, function=function: function(t, *shape, scale=np.exp(mu))
        for function in (law.logpdf, law.sf, law.cdf)
    )


def _generalised_gamma(mu, log_scale, q):
    a = q**-2

    def standard(t):
        return (np.log(t) - mu) / np.exp(log_scale)

    def log_density(t):
        w = standard(t)
        constant = np.log(abs(q)) + a * np.log(a) - gammaln(a)
        return constant + a * (q * w - np.exp(q * w)) - log_scale - np.log(t)

    upper, lower = (gammaincc, gammainc) if q > 0 else (gammainc, gammaincc)
    return (
        log_density,
        lambda t: upper(a, a * np.exp(q * standard(t))),
        lambda t: lower(a, a * np.exp(q * standard(t))),
    )


def _spline(mu, gamma, knots):
    first, *inner, last = knots

    def bend(y, knot, power):
        share = (last - knot) / (last - first)
        parts = [np.maximum(y - k, 0) ** power for k in (knot, first, last)]
        return parts[0] - share * parts[1] - (1 - share) * parts[2]

    def hazard(t):  # log cumulative hazard
        y = np.log(t)
        return mu + gamma[0] * y + sum(g * bend(y, k, 3) for g, k in zip(gamma[1:], inner, strict=True))

    def slope(t):
        return gamma[0] + sum(3 * g * bend(np.log(t), k, 2) for g, k in zip(gamma[1:], inner, strict=True))

    return (
        lambda t: np.log(slope(t)) + hazard(t) - np.exp(hazard(t)) - np.log(t),
        lambda t: np.exp(-np.exp(hazard(t))),
        lambda t: -np.expm1(-np.exp(hazard(t))),
    )


def naive_likelihood(theta, distribution, x, left, right, *, entry=None, weight=None, knots=()):
    """Log likelihood of rows (left, right] of time with the covariates ``x``, seen after ``entry``."""
    p = 1 + x.shape[1]
    log_density, survival, failed = naive_law(distribution, theta[0] + x @ theta[1:p], theta[p:], knots)
    with np.errstate(all="ignore"):
        start = np.where(left > 0, survival(left), 1.0)
        begun = np.where(left > 0, failed(left), 0.0)
        value = np.where(np.isinf(right), np.log(start), np.log(failed(right) - begun))
        value = np.where(left == right, log_density(left), value)
        if entry is not None:
            value = value - np.where(entry > 0, np.log(survival(entry)), 0.0)
    return float(value.sum() if weight is None else weight @ value)
