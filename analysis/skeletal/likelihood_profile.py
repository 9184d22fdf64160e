"""Limits and tests of single coefficients from the profile of a likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, chdtri

from .errors import NotConverged
from .newton import invert, newton

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import FloatArray
    from .newton import Evaluation

ATTEMPTS = 100
FARTHEST = 1e4  # limit from the coefficient, in standard errors
NEAR = 1e-6  # of the last step to the ridge, in standard deviations: the likelihood is wrong by its square
CLOSE = 1e-9  # of the last step to a limit, in standard errors; the step is taken
DIGITS = 1e-7  # of the root of the loss by which another maximum must be higher


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Profile:
    """The largest value of a likelihood for each value of one coefficient.

    Attributes
    ----------
    likelihood : callable
        Evaluation at all coefficients.
    coefficient, at : ndarray of shape (p,) and Evaluation
        Where it is largest, and its value there.
    names : tuple of str
        Names of the coefficients.
    scale : ndarray of shape (p,)
        Standard deviation of each covariate.
    curvature : callable, optional
        As of :func:`~skeletal.newton.newton`.
    """

    likelihood: Callable[[FloatArray], Evaluation]
    coefficient: FloatArray
    at: Evaluation
    names: tuple[str, ...]
    scale: FloatArray
    curvature: Callable[[FloatArray, Evaluation], FloatArray] | None = None

    def limits(self, conf_level: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return lower and upper limit of each coefficient and the p-value that it is 0.

        NaN where the profile cannot be followed or does not fall far enough.
        """
        p = len(self.names)
        allowed = sqrt(float(chdtri(1, 1 - conf_level)))
        lower = np.array([self._limit(j, -1.0, allowed) for j in range(p)])
        upper = np.array([self._limit(j, 1.0, allowed) for j in range(p)])
        return lower, upper, np.array([self._p_value(j) for j in range(p)])

    def _p_value(self, j: int) -> float:
        """Return the p-value of the likelihood ratio test that coefficient ``j`` is 0."""
        found = self._hold(j, 0.0, self.coefficient, self.at)
        other = self._elsewhere(j, 0.0)
        roots = [self._root(held[1]) for held in (found, other) if held is not None]
        return float(chdtrc(1, min(roots) ** 2)) if roots else nan

    def _root(self, there: Evaluation) -> float:
        """Return the root of twice the loss of log likelihood."""
        return sqrt(max(2 * (self.at.log_likelihood - there.log_likelihood), 0.0))

    def _limit(self, j: int, direction: float, allowed: float) -> float:
        """Return where the root of twice the loss of log likelihood is ``allowed``.

        By Newton's method on that root, which is nearly a straight line, kept between the nearest places that
        are known to lie on this and on the other side of the limit; the slope of the profile is the score of
        ``j``, since those of the others are 0.
        """
        centre, error = self.coefficient[j], sqrt(float(invert(self.at.information)[j, j]))
        place, here = self.coefficient, self.at
        inner, outer, distance = 0.0, inf, allowed * error
        for _ in range(ATTEMPTS):
            value = centre + direction * distance
            found = self._hold(j, value, place, here) or self._elsewhere(j, value)
            if found is None:
                place, here = self.coefficient, self.at
                outer, distance = distance, (inner + distance) / 2
                continue
            place, here = found
            root, step = self._step(j, direction, allowed, here)
            if abs(step) <= CLOSE * error:
                other = self._elsewhere(j, value)
                if other is None or self._root(other[1]) >= root - DIGITS:
                    return float(value + direction * step)
                place, here = other
                root, step = self._step(j, direction, allowed, here)
                outer = inf
            inner, outer = (distance, outer) if root < allowed else (inner, distance)
            if inner > FARTHEST * error:
                break
            beyond = min(outer, 4 * distance)
            distance += step
            if not inner < distance < beyond:
                distance = (inner + beyond) / 2
        return nan

    def _step(self, j: int, direction: float, allowed: float, here: Evaluation) -> tuple[float, float]:
        """Return the root of the loss, and how far on along a straight line it is ``allowed``."""
        root = self._root(here)
        slope = -direction * here.score[j] / root if root > 0 else 0.0
        return root, float((allowed - root) / slope) if slope > 0 else inf

    def _hold(
        self, j: int, value: float, place: FloatArray, here: Evaluation
    ) -> tuple[FloatArray, Evaluation] | None:
        """Return where the likelihood is largest with coefficient ``j`` at ``value``, from a place nearby."""
        free = np.arange(place.size) != j
        near = place.copy()
        near[j] = value
        ahead, scale = near.copy(), self.scale[free]
        # along the tangent of the ridge
        bend = here.information[np.ix_(free, free)] / np.outer(scale, scale)
        ahead[free] -= np.linalg.solve(bend, here.information[free, j] / scale) / scale * (value - place[j])
        return self._climb(j, ahead) or self._climb(j, near)

    def _elsewhere(self, j: int, value: float) -> tuple[FloatArray, Evaluation] | None:
        """Do as :meth:`_hold` from the maximum and from 0: a penalised likelihood can have several maxima."""
        if self.curvature is None:
            return None
        found = []
        for start in (self.coefficient.copy(), np.zeros(self.coefficient.size)):
            start[j] = value
            found.append(self._climb(j, start))
        known = [held for held in found if held is not None]
        return max(known, key=lambda held: held[1].log_likelihood) if known else None

    def _climb(self, j: int, place: FloatArray) -> tuple[FloatArray, Evaluation] | None:
        """Return the largest likelihood above ``place`` with coefficient ``j`` as it is there."""
        start = self.likelihood(place)
        if place.size == 1:
            return place, start
        try:
            return newton(
                self.likelihood,
                start,
                self.names,
                scale=self.scale,
                at=place,
                curvature=self.curvature,
                held=j,
                tolerance=NEAR,
            )[:2]
        except NotConverged:
            return None
