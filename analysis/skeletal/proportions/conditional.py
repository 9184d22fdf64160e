"""The odds ratio given the margins: Fisher's noncentral hypergeometric distribution, also over strata."""

from __future__ import annotations

from functools import reduce
from math import exp, inf
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray
    from .counts import TwoArms

MORE_PROBABLE = 1 + 1e-7  # tables this much more probable than the observed one still count as it
FARTHEST = 700.0  # of a log odds ratio


class ConditionalOdds:
    """Distribution of the experimental arm's events given the margins of every stratum.

    The sum over strata has weights that are the convolution of those of the strata.
    """

    def __init__(self, arms: TwoArms) -> None:
        rows = zip(
            arms.control_total.astype(int),
            arms.experimental_total.astype(int),
            arms.events.astype(int),
            strict=True,
        )
        supports, weights = zip(*(_central(m, n, t) for m, n, t in rows), strict=True)
        self.low = int(sum(support[0] for support in supports))
        self.log_weight = reduce(_convolve, weights)
        self.count = np.arange(self.log_weight.size) + float(self.low)
        self.observed = float(arms.experimental_events.sum())

    @property
    def high(self) -> float:
        """Largest possible number of events of the experimental arm."""
        return float(self.count[-1])

    def probability(self, log_odds: float) -> FloatArray:
        """Return the probability of each count under a log odds ratio."""
        logs = self.log_weight + self.count * log_odds
        weights = np.exp(logs - logs.max())
        return np.asarray(weights / weights.sum())

    def at_least(self, log_odds: float) -> float:
        """Probability of the observed number or more."""
        return float(self.probability(log_odds)[self.count >= self.observed].sum())

    def at_most(self, log_odds: float) -> float:
        """Probability of the observed number or fewer."""
        return float(self.probability(log_odds)[self.count <= self.observed].sum())

    def exactly(self) -> float:
        """Probability of the observed number without a difference."""
        return float(self.probability(0.0)[self.count == self.observed].sum())

    def two_sided(self) -> tuple[float, float]:
        """Sum the probabilities, without a difference, below that observed and equal to it."""
        p, observed = self.probability(0.0), self.exactly()
        up_to = float(p[p <= observed * MORE_PROBABLE].sum())
        below = float(p[p < observed / MORE_PROBABLE].sum())
        return below, up_to - below

    def estimate(self) -> float:
        """Return the odds ratio whose expected count is the observed one; 0, infinite or NaN at the edges."""
        if self.low == self.high:
            return float("nan")
        if self.observed == self.low:
            return 0.0
        if self.observed == self.high:
            return inf
        return exp(_root(lambda value: float(self.probability(value) @ self.count) - self.observed))

    def limits(self, conf_level: float) -> tuple[float, float]:
        """Return the odds ratios at which either tail is half of 1 - conf_level."""
        alpha = (1 - conf_level) / 2
        lower = 0.0 if self.observed == self.low else exp(_root(lambda v: self.at_least(v) - alpha))
        upper = inf if self.observed == self.high else exp(_root(lambda v: alpha - self.at_most(v)))
        return lower, upper


def _central(control: int, experimental: int, events: int) -> tuple[tuple[int, int], FloatArray]:
    """Return support and log weights of the experimental arm's events in one stratum."""
    low, high = max(0, events - control), min(events, experimental)
    k = np.arange(low, high + 1.0)
    weight = log_choose(experimental, k) + log_choose(control, events - k)
    return (low, high), np.asarray(weight - weight.max())


def log_choose(n: int, k: FloatArray) -> FloatArray:
    """Return the logarithms of the binomial coefficients."""
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def _convolve(first: FloatArray, second: FloatArray) -> FloatArray:
    """Convolve weights that are given as logarithms."""
    size = first.size + second.size - 1
    sums = np.full((min(first.size, second.size), size), -np.inf)
    longer, shorter = (first, second) if first.size >= second.size else (second, first)
    for k, value in enumerate(shorter):
        sums[k, k : k + longer.size] = longer + value
    return np.asarray(np.logaddexp.reduce(sums, axis=0))


def _root(rising: Callable[[float], float]) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415  (slow to import, and only needed here)

    reach = 1.0
    while reach < FARTHEST and not rising(-reach) < 0 < rising(reach):
        reach *= 2
    return float(brentq(rising, -reach, reach, xtol=1e-13, rtol=1e-14))
