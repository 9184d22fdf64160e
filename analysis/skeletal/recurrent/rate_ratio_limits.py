"""Two Poisson counts: exact and score limits of the ratio of their rates, score limits of the difference.

Counts and years are (control, experimental).  All limits of the ratio are limits of r = ratio * (years of the
experimental arm)/(years of the control arm), the ratio of the expected counts, whose share of the total is
binomial, divided by the ratio of the years.
"""

from __future__ import annotations

from math import copysign, inf, log1p, sqrt

import numpy as np
from scipy.special import bdtr, bdtrc, betaincinv, gammaln, ndtr, ndtri, xlogy

from ..proportions.score_limits import score_limits

Pair = tuple[float, float]
Limits = tuple[float, float, float]

MORE_PROBABLE = log1p(
    1e-7
)  # of a log probability: counts more probable by less still count as the observed (R)


def exact_ratio(events: Pair, years: Pair, conf_level: float) -> Limits:
    """Return limits and two-sided p-value of the ratio from the binomial law given the total."""
    x, n = events[1], sum(events)
    tail = (1 - conf_level) / 2
    low = float(betaincinv(x, n - x + 1, tail)) if x > 0 else 0.0
    high = float(betaincinv(x + 1, n - x, 1 - tail)) if x < n else 1.0
    scale = years[0] / years[1]
    return (
        low / (1 - low) * scale,
        high / (1 - high) * scale if high < 1 else inf,
        _binomial_p(int(x), int(n), years[1] / sum(years)),
    )


def _binomial_p(x: int, n: int, p: float) -> float:
    """Return the sum of the probabilities of counts that are no more probable than ``x``."""
    k = np.arange(n + 1.0)
    logs = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, p) + xlogy(n - k, 1 - p)
    other = logs <= logs[x] + MORE_PROBABLE
    if x == n * p:
        return 1.0
    if x < n * p:
        count = int(other[int(np.ceil(n * p)) :].sum())
        return min(1.0, float(bdtr(x, n, p)) + _at_least(n - count + 1, n, p))
    count = int(other[: int(np.floor(n * p)) + 1].sum())
    return min(1.0, _at_least(x, n, p) + (float(bdtr(count - 1, n, p)) if count else 0.0))


def _at_least(k: int, n: int, p: float) -> float:
    if k > n:
        return 0.0
    return float(bdtrc(k - 1, n, p)) if k > 0 else 1.0


def score_ratio(events: Pair, years: Pair, conf_level: float) -> Limits:
    """Return limits and p-value of the ratio by the score statistic (y - r x)/sqrt(r (x + y)).

    The limits are the roots of x^2 r^2 - (2 x y + z^2 (x + y)) r + y^2 = 0.
    """
    x, y = events
    z = float(ndtri(0.5 + conf_level / 2))
    scale, total = years[0] / years[1], x + y
    lower, upper = 0.0, inf
    if total:
        middle = 2 * x * y + z**2 * total
        root = middle + z * sqrt(total * (z**2 * total + 4 * x * y))  # twice x^2 times the larger root
        lower, upper = 2 * y**2 / root, root / (2 * x**2) if x else inf
    return lower * scale, upper * scale, score_p(events, years)


def score_p(events: Pair, years: Pair) -> float:
    """Return the p-value of equal rates by the score test; 1 without events."""
    total = sum(events)
    if not total:
        return 1.0
    gap = events[1] / years[1] - events[0] / years[0]
    return float(2 * ndtr(-abs(gap) / sqrt(total / (years[0] * years[1]))))


def score_difference(events: Pair, years: Pair, conf_level: float) -> Limits:
    """Return limits and p-value of the difference, the variance at the rates restricted to it."""
    difference = events[1] / years[1] - events[0] / years[0]
    z = float(ndtri(0.5 + conf_level / 2))

    def statistic(value: float) -> float:
        gap = difference - value
        variance = _restricted_variance(events, years, value)
        if abs(gap) <= 1e-15 * max(1.0, abs(difference)):
            return 0.0
        return gap / sqrt(variance) if variance > 0 else copysign(inf, gap)

    reach = 1.0
    while statistic(difference - reach) < 2 * z or statistic(difference + reach) > -2 * z:
        reach *= 2
    lower, upper = score_limits(statistic, difference, (difference - reach, difference + reach), conf_level)
    return lower, upper, score_p(events, years)


def _restricted_variance(events: Pair, years: Pair, difference: float) -> float:
    """Return the variance of the difference at the likeliest rates that differ by ``difference``."""
    total = sum(years)
    middle = sum(events) - total * difference
    root = sqrt(max(middle**2 + 4 * total * events[0] * difference, 0.0))
    # either form is the larger root; the one is taken in which nothing cancels
    control = (middle + root) / (2 * total) if middle >= 0 else 2 * events[0] * difference / (root - middle)
    control = max(control, -difference, 0.0)
    return control / years[0] + max(control + difference, 0.0) / years[1]
