"""Weights of log-rank tests: functions of the pooled counts within a stratum."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .. import checks
from ..errors import InvalidArgument

if TYPE_CHECKING:
    from ..arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PooledCounts:
    """Counts of all arms together at the event times of one stratum, in the order of time.

    Attributes
    ----------
    time, n_at_risk, n_events : ndarray of shape (m,)
        Event times, at risk just before them, events at them (weighted sums where weights are).
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray

    def survival(self) -> FloatArray:
        """Return the pooled Kaplan-Meier estimate just after each time."""
        return np.asarray(np.cumprod(1 - self.n_events / self.n_at_risk), dtype=np.float64)

    def survival_before(self) -> FloatArray:
        """Return the pooled Kaplan-Meier estimate just before each time, S(t-)."""
        return np.concatenate([[1.0], self.survival()[:-1]])


class LogrankWeight(Protocol):
    """A weight of the log-rank family."""

    @property
    def name(self) -> str:
        """Name with parameters, for ``method``."""

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""


@dataclass(frozen=True, slots=True)
class Unweighted:
    """Weight 1: the log-rank test, most powerful for proportional hazards."""

    name = "unweighted"

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""
        return np.ones(counts.time.size)


@dataclass(frozen=True, slots=True)
class FlemingHarrington:
    """Weight S(t-)^rho (1 - S(t-))^gamma with S the pooled Kaplan-Meier estimate.

    Parameters
    ----------
    rho, gamma : float
        Not negative; gamma = 0 stresses early, rho = 0 late differences.

    References
    ----------
    Fleming and Harrington, Counting Processes and Survival Analysis (1991), section 7.2.
    """

    rho: float
    gamma: float

    def __post_init__(self) -> None:
        for value in (self.rho, self.gamma):
            checks.finite(value, "rho and gamma", least=0.0)

    @property
    def name(self) -> str:
        """Name with parameters, for ``method``."""
        return f"Fleming-Harrington({self.rho:g}, {self.gamma:g})"

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""
        survival = counts.survival_before()
        return survival**self.rho * (1 - survival) ** self.gamma


@dataclass(frozen=True, slots=True)
class Gehan:
    """Weight n(t), the number at risk (Gehan-Breslow, the generalised Wilcoxon test)."""

    name = "Gehan"

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""
        return counts.n_at_risk.copy()


@dataclass(frozen=True, slots=True)
class TaroneWare:
    """Weight sqrt(n(t))."""

    name = "Tarone-Ware"

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""
        return np.sqrt(counts.n_at_risk)


@dataclass(frozen=True, slots=True)
class PetoPeto:
    """Weight prod over times up to t of 1 - d/(n + 1)."""

    name = "Peto-Peto"

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""
        return np.asarray(np.cumprod(1 - counts.n_events / (counts.n_at_risk + 1)), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class ModestlyWeighted:
    """Weight 1/max(S(t-), S(t_star)) or 1/max(S(t-), s_star): for delayed effects, never decreasing.

    Parameters
    ----------
    t_star : float, optional
        Time, in the unit of the data, from which the weight stays.
    s_star : float, optional
        Survival from which the weight stays; one of the two must be given.

    References
    ----------
    Magirr and Burman, Statistics in Medicine 38 (2019), 3782-3790, section 3.
    """

    t_star: float | None = None
    s_star: float | None = None

    def __post_init__(self) -> None:
        if (self.t_star is None) == (self.s_star is None):
            raise InvalidArgument("give one of t_star and s_star")
        if self.t_star is not None and not (isinstance(self.t_star, Real) and self.t_star >= 0):
            raise InvalidArgument(f"t_star must not be negative, got {self.t_star!r}")
        if self.s_star is not None and not 0 < checks.finite(self.s_star, "s_star") <= 1:
            raise InvalidArgument(f"s_star must lie in (0, 1], got {self.s_star}")

    @property
    def name(self) -> str:
        """Name with parameters, for ``method``."""
        star = f"t* = {self.t_star:g}" if self.s_star is None else f"s* = {self.s_star:g}"
        return f"modestly weighted ({star})"

    def at(self, counts: PooledCounts) -> FloatArray:
        """Return the weight at each event time of a stratum."""
        if self.s_star is not None:
            floor = self.s_star
        else:
            reached = int((counts.time <= (self.t_star or 0.0)).sum())
            floor = float(np.concatenate([[1.0], counts.survival()])[reached])
        with np.errstate(divide="ignore"):  # infinite once S(t-) is 0, which needs delayed entry
            return np.asarray(1 / np.maximum(counts.survival_before(), floor), dtype=np.float64)
