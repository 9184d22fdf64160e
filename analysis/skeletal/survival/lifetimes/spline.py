"""Royston and Parmar's model: the log cumulative hazard is a natural cubic spline of log time plus x'b."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InvalidArgument, NotEstimable
from .term import Term, square

if TYPE_CHECKING:
    from ...arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Spline:
    """A lifetime with proportional hazards and a smooth cumulative hazard.

    Attributes
    ----------
    knots : ndarray of shape (k + 2,)
        Log times, increasing: boundary, k inner knots, boundary.  Without inner knots the law is Weibull.
    """

    knots: FloatArray

    @property
    def ancillary(self) -> tuple[str, ...]:
        """Names of the parameters after the coefficients: gamma1 of log time, the others of the knots."""
        return tuple(f"gamma{k}" for k in range(1, self.knots.size))

    def log_survival(self, theta: FloatArray, x: FloatArray, y: FloatArray) -> Term:
        """Log of the probability to outlive ``y``."""
        basis = np.column_stack([x, y, self._bends(y, 3)])
        hazard = np.exp(basis @ theta)
        return Term(
            value=-hazard,
            gradient=-hazard[:, None] * basis,
            hessian=lambda weight: -square(basis, weight * hazard),
        )

    def log_density(self, theta: FloatArray, x: FloatArray, y: FloatArray) -> Term:
        """Log density of log time at ``y``; not a number where the cumulative hazard falls."""
        basis = np.column_stack([x, y, self._bends(y, 3)])
        slopes = np.column_stack([np.zeros_like(x), np.ones_like(y), 3 * self._bends(y, 2)])
        log_hazard, slope = basis @ theta, slopes @ theta
        hazard = np.exp(log_hazard)
        return Term(
            value=np.log(slope) + log_hazard - hazard,
            gradient=slopes / slope[:, None] + (1 - hazard)[:, None] * basis,
            hessian=lambda weight: -square(slopes, weight / slope**2) - square(basis, weight * hazard),
        )

    def _bends(self, y: FloatArray, power: int) -> FloatArray:
        """Natural spline functions of the inner knots; of ``power`` 2 a third of their derivative."""
        first, *inner, last = self.knots
        columns = []
        for knot in inner:
            share = (last - knot) / (last - first)
            parts = ((knot, 1.0), (first, -share), (last, share - 1))
            columns.append(sum(c * np.maximum(y - k, 0.0) ** power for k, c in parts))
        return np.column_stack(columns) if columns else np.empty((y.size, 0))


def inner_knots(log_time: FloatArray, n: int) -> FloatArray:
    """Return ``n`` knots at equally spaced quantiles of ``log_time`` between its smallest and largest.

    Raises
    ------
    InvalidArgument
        A negative number of knots, or one that is not whole.
    NotEstimable
        Knots that coincide because the log times take too few values.
    """
    if not isinstance(n, int | np.integer) or n < 0:
        raise InvalidArgument(f"knots must be a whole number from 0, got {n!r}")
    knots = np.quantile(log_time, np.linspace(0, 1, int(n) + 2))
    if np.min(np.diff(knots)) <= 1e-9 * max(1.0, float(np.ptp(knots))):
        raise NotEstimable(
            f"spline: {n} inner knots at quantiles of the event times coincide with each other or with the "
            "first or last event; ask for fewer knots"
        )
    return knots
