"""Score statistics of a difference, ratio or odds ratio of two proportions, and the limits they give.

Each statistic is the observed contrast less the hypothesised one over its standard error at the estimates
that are restricted to the hypothesis (Miettinen and Nurminen 1985), falling in the hypothesised value.
"""

from __future__ import annotations

from math import copysign, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray
    from .counts import TwoArms

NEWTON_STEPS = 2
FLAT = 1e-6  # slope of the cubic below which a Newton step would stray


def restricted_control(
    x: FloatArray, m: FloatArray, y: FloatArray, n: FloatArray, difference: float
) -> FloatArray:
    """Return the likeliest control proportion of those with y's proportion larger by ``difference``.

    ``x`` of ``m`` and ``y`` of ``n`` are the events of the control and the experimental arm; arrays that
    broadcast.  The root of a cubic in closed form (Miettinen and Nurminen 1985, appendix I, with the control
    as their second arm), then Newton steps, which mend the rounding of the arc cosine.
    """
    total, events = m + n, x + y
    a2 = ((n + 2 * m) * difference - total - events) / total
    a1 = ((m * difference - total - 2 * x) * difference + events) / total
    a0 = x * difference * (1 - difference) / total
    q = a2**3 / 27 - a1 * a2 / 6 + a0 / 2
    p = np.where(q >= 0, 1.0, -1.0) * np.sqrt(np.maximum(a2**2 / 9 - a1 / 3, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.clip(np.where(p != 0, q / p**3, 0.0), -1.0, 1.0)
    low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
    root = np.clip(2 * p * np.cos((np.pi + np.arccos(cosine)) / 3) - a2 / 3, low, high)
    for _ in range(NEWTON_STEPS):
        value = ((root + a2) * root + a1) * root + a0
        slope = (3 * root + 2 * a2) * root + a1
        step = np.where(np.abs(slope) > FLAT, value / np.where(slope == 0, 1.0, slope), 0.0)
        root = np.clip(root - step, low, high)
    return np.asarray(root)


def difference_score(
    arms: TwoArms, difference: float, weight: FloatArray | None = None, *, corrected: bool = True
) -> float:
    """Return the score statistic of a difference, over strata with weights that add to 1.

    ``corrected`` multiplies the variance of a stratum by N/(N - 1) (Miettinen and Nurminen; Farrington and
    Manning do not).
    """
    p = restricted_control(
        arms.control_events, arms.control_total, arms.experimental_events, arms.experimental_total, difference
    )
    q = np.clip(p + difference, 0.0, 1.0)
    variance = p * (1 - p) / arms.control_total + q * (1 - q) / arms.experimental_total
    if corrected:
        variance = variance * arms.total / (arms.total - 1)
    weights = np.ones(1) if weight is None else weight
    gap = float(weights @ (arms.experimental - arms.control - difference))
    return _standardised(gap, float(weights**2 @ variance))


def ratio_score(arms: TwoArms, ratio: float, *, corrected: bool = True) -> float:
    """Return the score statistic of a risk ratio."""
    x, m, y, n = _single(arms)
    a, b, c = (m + n) * ratio, -(n * ratio + y + m + x * ratio), x + y
    p = 2 * c / (-b + sqrt(max(b * b - 4 * a * c, 0.0)))  # the smaller root, without cancellation
    q = min(ratio * p, 1.0)
    variance = q * (1 - q) / n + ratio**2 * p * (1 - p) / m
    if corrected:
        variance *= (m + n) / (m + n - 1)
    return _standardised(y / n - ratio * x / m, variance)


def odds_score(arms: TwoArms, ratio: float) -> float:
    """Return the score statistic of an odds ratio."""
    x, m, y, n = _single(arms)
    a, b, c = m * (ratio - 1), n * ratio + m - (x + y) * (ratio - 1), -(x + y)
    root = sqrt(max(b * b - 4 * a * c, 0.0))
    p = min(-2 * c / (b + root) if b >= 0 else (root - b) / (2 * a), 1.0)  # one root, without cancellation
    q = min(max((x + y - m * p) / n, 0.0), 1.0)
    spread = [size * share * (1 - share) for size, share in ((m, p), (n, q))]
    if min(spread) <= 0:
        return _standardised(y - n * q, 0.0)
    information = 1 / (1 / spread[0] + 1 / spread[1])
    return _standardised(y - n * q, information * (m + n) / (m + n - 1))


def score_limits(
    statistic: Callable[[float], float], estimate: float, edges: tuple[float, float], conf_level: float
) -> tuple[float, float]:
    """Return the values of the parameter at which a falling ``statistic`` is +z and -z.

    Parameters
    ----------
    statistic : callable
        Score statistic at a hypothesised value between ``edges``.
    estimate : float
        Where the statistic is 0, or the edge.
    edges : tuple of float
        Smallest and largest value; a limit that the statistic does not reach is the edge.
    conf_level : float
        Two-sided level.
    """
    z = float(ndtri(0.5 + conf_level / 2))
    return (
        _crossing(lambda value: statistic(value) - z, edges[0], estimate, edges[0]),
        _crossing(lambda value: statistic(value) + z, estimate, edges[1], edges[1]),
    )


def _crossing(falling: Callable[[float], float], low: float, high: float, edge: float) -> float:
    from scipy.optimize import brentq  # noqa: PLC0415  (slow to import, and only limits need it)

    at_low, at_high = falling(low), falling(high)
    if not at_low * at_high < 0:
        return low if at_low == 0 else high if at_high == 0 else edge
    return float(brentq(falling, low, high, xtol=1e-14, rtol=1e-13))


def _single(arms: TwoArms) -> tuple[float, float, float, float]:
    return (
        float(arms.control_events[0]),
        float(arms.control_total[0]),
        float(arms.experimental_events[0]),
        float(arms.experimental_total[0]),
    )


def _standardised(gap: float, variance: float) -> float:
    """Return gap/sqrt(variance): 0 without a gap, a number beyond any quantile without variance."""
    if abs(gap) <= 1e-15:
        return 0.0
    return gap / sqrt(variance) if variance > 0 else copysign(1e10, gap)
