"""Maximum of a smooth log likelihood that need not be concave on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh

from ...newton import climb

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...arrays import FloatArray
    from ...newton import Evaluation

MAX_STEPS = 100
TOLERANCE = 1e-8  # of a Newton step in standard errors; the last step is taken
BENT = 1e-8  # curvature, relative to that of the start, from which Newton's step is trusted
LONGEST = 5.0  # of any other step, in standard deviations of one observation
EXHAUSTED = (
    1e-11  # information relative to that of the start: the likelihood is flat, its maximum at infinity
)
MOVING = 0.05  # of the largest component of a step


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """Where a climb ended.

    Attributes
    ----------
    place : ndarray of shape (p,)
        Parameters.
    at : Evaluation
        The likelihood there.
    iterations : int
        Newton steps.
    moving : tuple of int
        Parameters that would go on without end; empty where the place is a maximum.
    """

    place: FloatArray
    at: Evaluation
    iterations: int
    moving: tuple[int, ...]


def maximise(likelihood: Callable[[FloatArray], Evaluation], start: FloatArray, n_events: float) -> Maximum:
    """Climb by Newton's method; where the likelihood is not concave, along each axis of its curvature.

    Parameters
    ----------
    likelihood : callable
        From a place to its evaluation, which may be NaN outside the parameter space.
    start : ndarray of shape (p,)
        A place with a finite evaluation.
    n_events : float
        Weighted number of events, the yardstick of information.
    """
    place, here = start, likelihood(start)
    own = np.diag(here.information)
    unit = np.sqrt(n_events / np.where(own > 0, own, n_events))
    flat = EXHAUSTED * n_events
    move = np.ones(start.size)
    for iteration in range(1, MAX_STEPS + 1):
        with np.errstate(over="ignore"):
            information, slope = here.information * np.outer(unit, unit), here.score * unit
        if not np.isfinite(information).all():
            break
        curvature, axes = eigh(information)
        along = axes.T @ slope
        bend = np.maximum(np.abs(curvature), flat)
        step = along / bend
        move = axes @ np.where(curvature < BENT * n_events, np.clip(step, -LONGEST, LONGEST), step)
        close = bool(np.sum(along**2 / bend) <= TOLERANCE**2)
        if close and curvature[0] <= flat:
            break
        further, there = climb(likelihood, place, here, unit * move)
        if close:
            return Maximum(place=further, at=there, iterations=iteration, moving=())
        if there is here:
            break
        place, here = further, there
    size = np.abs(move)
    moving = tuple(int(j) for j in np.flatnonzero(size >= MOVING * size.max()))
    return Maximum(place=place, at=here, iterations=iteration, moving=moving)
