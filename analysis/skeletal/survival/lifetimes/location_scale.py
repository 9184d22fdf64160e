"""Accelerated failure times: log time = x'b + scale * error, as R's survreg.

An error law gives log survival and log density of the error with their derivatives; what follows from
``error = (y - x'b) / exp(log_scale)`` is the same for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import erfcx, expit, log_ndtr

from .term import Term, square

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...arrays import FloatArray


class Derivatives(NamedTuple):
    """Value (m,) at each error, first and second derivatives by the error, then by the shape if any."""

    value: FloatArray
    first: tuple[FloatArray, ...]
    second: tuple[tuple[FloatArray, ...], ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LocationScale:
    """A lifetime whose logarithm has a location that is linear in the covariates.

    Attributes
    ----------
    survival, density : callable
        Log survival and log density of the error law, from errors (m,) and shape parameters.
    shapes : tuple of str
        Names of the shape parameters of the error law.
    fixed_scale : bool
        Whether the scale is 1 (exponential).
    """

    survival: Callable[[FloatArray, FloatArray], Derivatives]
    density: Callable[[FloatArray, FloatArray], Derivatives]
    shapes: tuple[str, ...] = ()
    fixed_scale: bool = False

    @property
    def ancillary(self) -> tuple[str, ...]:
        """Names of the parameters after the coefficients."""
        return self.shapes if self.fixed_scale else ("log_scale", *self.shapes)

    def log_survival(self, theta: FloatArray, x: FloatArray, y: FloatArray) -> Term:
        """Log of the probability to outlive ``y``."""
        return self._term(self.survival, theta, x, y, 0.0)

    def log_density(self, theta: FloatArray, x: FloatArray, y: FloatArray) -> Term:
        """Log density of log time at ``y``."""
        return self._term(self.density, theta, x, y, 1.0)

    def _term(
        self,
        law: Callable[[FloatArray, FloatArray], Derivatives],
        theta: FloatArray,
        x: FloatArray,
        y: FloatArray,
        power: float,
    ) -> Term:
        """Return the law divided by the scale to ``power``, by coefficients, log scale and shapes."""
        q = x.shape[1]
        free = 0 if self.fixed_scale else 1
        log_scale = float(theta[q]) if free else 0.0
        rate = np.exp(-log_scale)
        error = (y - x @ theta[:q]) * rate
        value, first, second = law(error, theta[q + free :])
        by_error, bend = first[0], second[0][0]
        slopes = [-rate * by_error, -error * by_error - power, *first[1:]]
        bends = [
            [rate**2 * bend, rate * (error * bend + by_error), *(-rate * mixed for mixed in second[0][1:])],
            [error * (error * bend + by_error), *(-error * mixed for mixed in second[0][1:])],
            *(list(row[k:]) for k, row in enumerate(second[1:], 1)),
        ]
        if not free:
            slopes.pop(1)
            bends[0].pop(1)
            bends.pop(1)

        def hessian(weight: FloatArray) -> FloatArray:
            total = np.zeros((q + len(slopes) - 1,) * 2)
            total[:q, :q] = square(x, weight * bends[0][0])
            for k, mixed in enumerate(bends[0][1:], q):
                total[:q, k] = total[k, :q] = x.T @ (weight * mixed)
            for k, row in enumerate(bends[1:], q):
                for j, corner in enumerate(row, k):
                    total[k, j] = total[j, k] = weight @ corner
            return total

        return Term(
            value=value - power * log_scale,
            gradient=np.column_stack([x * slopes[0][:, None], *slopes[1:]]),
            hessian=hessian,
        )


def _minimum_survival(error: FloatArray, _shape: FloatArray) -> Derivatives:
    hazard = np.exp(error)
    return Derivatives(-hazard, (-hazard,), ((-hazard,),))


def _minimum_density(error: FloatArray, _shape: FloatArray) -> Derivatives:
    hazard = np.exp(error)
    return Derivatives(error - hazard, (1 - hazard,), ((-hazard,),))


def _logistic_survival(error: FloatArray, _shape: FloatArray) -> Derivatives:
    failed = expit(error)
    return Derivatives(-np.logaddexp(0.0, error), (-failed,), ((-failed * expit(-error),),))


def _logistic_density(error: FloatArray, _shape: FloatArray) -> Derivatives:
    failed = expit(error)
    return Derivatives(
        error - 2 * np.logaddexp(0.0, error), (1 - 2 * failed,), ((-2 * failed * expit(-error),),)
    )


def _normal_survival(error: FloatArray, _shape: FloatArray) -> Derivatives:
    hazard = np.sqrt(2 / np.pi) / erfcx(error / np.sqrt(2))
    return Derivatives(log_ndtr(-error), (-hazard,), ((-hazard * (hazard - error),),))


def _normal_density(error: FloatArray, _shape: FloatArray) -> Derivatives:
    return Derivatives(-(error**2) / 2 - np.log(2 * np.pi) / 2, (-error,), ((np.full(error.size, -1.0),),))


EXPONENTIAL = LocationScale(survival=_minimum_survival, density=_minimum_density, fixed_scale=True)
WEIBULL = LocationScale(survival=_minimum_survival, density=_minimum_density)
LOG_NORMAL = LocationScale(survival=_normal_survival, density=_normal_density)
LOG_LOGISTIC = LocationScale(survival=_logistic_survival, density=_logistic_density)
