"""Exact unconditional limits of a difference of two proportions (Chan and Zhang 1999)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlog1py, xlogy

from .conditional import log_choose
from .counts import TwoArms
from .score_limits import restricted_control

if TYPE_CHECKING:
    from ..arrays import FloatArray

STEPS = 101  # of the first search for a limit
NUISANCE = 257  # common proportions of the first search for the largest p-value
ZOOMS = 6
HALVINGS = 40
SAME = 1e-9  # relative difference of statistics that counts as a tie


def unconditional_limits(arms: TwoArms, difference: float, conf_level: float) -> tuple[float, float, float]:
    """Return lower limit, upper limit and the two-sided p-value of no difference.

    The lower limit is the smallest difference that the one-sided test for larger ones does not reject at
    half of 1 - conf_level; the upper limit is that of the exchanged arms with its sign changed.
    """
    alpha = (1 - conf_level) / 2
    exchanged = TwoArms(
        control_events=arms.experimental_events,
        control_total=arms.experimental_total,
        experimental_events=arms.control_events,
        experimental_total=arms.control_total,
    )
    lower = _lower_limit(_Tables(arms), difference, alpha)
    upper = -_lower_limit(_Tables(exchanged), -difference, alpha)
    smaller = min(_Tables(arms).p_value(0.0), _Tables(exchanged).p_value(0.0))
    return lower, upper, min(1.0, 2 * smaller)


class _Tables:
    """All tables with the totals of the arms, and the observed one among them."""

    def __init__(self, arms: TwoArms) -> None:
        self.m, self.n = int(arms.control_total[0]), int(arms.experimental_total[0])
        self.seen = int(arms.control_events[0]), int(arms.experimental_events[0])
        self.x = np.arange(self.m + 1.0)[:, None]
        self.y = np.arange(self.n + 1.0)[None, :]

    def p_value(self, difference: float, enough: float = 1.0) -> float:
        """Largest probability, over the common proportions, of a table as far above ``difference``.

        The search ends where it has found more than ``enough``.
        """
        statistic = self._scores(difference)
        observed = statistic[self.seen]
        region = (statistic >= observed - SAME * max(1.0, abs(observed))).astype(np.float64)
        low, high = max(0.0, -difference), min(1.0, 1.0 - difference)
        grid = np.linspace(low, high, NUISANCE)
        best = 0.0
        for _ in range(ZOOMS):
            values = self._probability(region, grid, difference)
            top = int(np.argmax(values))
            best = max(best, float(values[top]))
            if best > enough:
                break
            grid = np.linspace(grid[max(top - 1, 0)], grid[min(top + 1, grid.size - 1)], 33)
        return best

    def _probability(self, region: FloatArray, control: FloatArray, difference: float) -> FloatArray:
        of_control = _binomial(self.m, control)
        of_experimental = _binomial(self.n, np.clip(control + difference, 0.0, 1.0))
        return np.asarray(np.sum((of_control @ region) * of_experimental, axis=1))

    def _scores(self, difference: float) -> FloatArray:
        p = restricted_control(self.x, np.array(float(self.m)), self.y, np.array(float(self.n)), difference)
        q = np.clip(p + difference, 0.0, 1.0)
        variance = p * (1 - p) / self.m + q * (1 - q) / self.n
        gap = self.y / self.n - self.x / self.m - difference
        with np.errstate(divide="ignore", invalid="ignore"):
            score = gap / np.sqrt(variance)
        return np.where(np.abs(gap) < 1e-14, 0.0, np.where(variance > 1e-14, score, np.copysign(1e10, gap)))


def _lower_limit(tables: _Tables, difference: float, alpha: float) -> float:
    grid = np.linspace(-1.0, difference, STEPS)
    if difference <= -1.0:
        return -1.0
    outside, inside = -1.0, difference
    for value in grid[1:-1]:
        if tables.p_value(float(value), alpha) > alpha:
            inside = float(value)
            break
        outside = float(value)
    for _ in range(HALVINGS):
        middle = (outside + inside) / 2
        if tables.p_value(middle, alpha) > alpha:
            inside = middle
        else:
            outside = middle
        if inside - outside < 1e-10:
            break
    return (outside + inside) / 2


def _binomial(size: int, probability: FloatArray) -> FloatArray:
    """Probabilities of 0 to ``size`` events; one row a probability."""
    k = np.arange(size + 1.0)
    p = probability[:, None]
    return np.asarray(np.exp(log_choose(size, k) + xlogy(k, p) + xlog1py(size - k, -p)))
