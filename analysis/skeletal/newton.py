"""The maximum of a likelihood by Newton's method, and what to say where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import LinAlgError, eigh

from .errors import NotConverged, NotEstimable, name_some

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import FloatArray

MAX_STEPS = 60
STEP_TOLERANCE = 1e-8  # of a Newton step in standard deviations of the covariate; the last step is taken
SINGULAR = 1e-10  # information relative to that of a covariate by itself
EXHAUSTED = 1e-9  # information relative to that at 0: the likelihood is flat, its maximum at infinity


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Evaluation:
    """Log likelihood, score (p,) and information (p, p) at one coefficient."""

    log_likelihood: float
    score: FloatArray
    information: FloatArray

    @property
    def finite(self) -> bool:
        """Whether all of it is a number."""
        parts = (self.log_likelihood, self.score, self.information)
        return all(bool(np.isfinite(part).all()) for part in parts)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """Where the likelihood is largest, its value there and at 0."""

    coefficient: FloatArray
    at: Evaluation
    null: Evaluation
    iterations: int


def newton(  # noqa: PLR0913  (a likelihood, where to begin, and when to stop)
    likelihood: Callable[[FloatArray], Evaluation],
    start: Evaluation,
    names: tuple[str, ...],
    *,
    scale: FloatArray,
    at: FloatArray | None = None,
    curvature: Callable[[FloatArray, Evaluation], FloatArray] | None = None,
    held: int | None = None,
    tolerance: float = STEP_TOLERANCE,
) -> tuple[FloatArray, Evaluation, int]:
    """Climb from ``at`` (default 0), where ``start`` was evaluated; return place, evaluation and steps.

    ``curvature`` gives the second derivative with its sign changed where it is not the information; where
    that is not the bend of a maximum, the information serves.
    ``scale`` is the standard deviation of each covariate, in which ``tolerance`` counts.  The coefficient
    ``held`` stays where it is.

    Raises
    ------
    NotConverged
        The likelihood has no maximum (it rises without end as a coefficient grows).
    """
    coefficient, here = (np.zeros(len(names)) if at is None else at), start
    free = np.arange(len(names)) != held
    block, units = np.ix_(free, free), np.outer(scale[free], scale[free])
    step = np.full(len(names), np.inf)
    for iteration in range(1, MAX_STEPS + 1):
        bend = here.information[block] / units
        if not _informative(bend, start.information[block] / units):
            break
        if curvature is not None:
            other = curvature(coefficient, here)[block] / units
            bend = other if np.isfinite(other).all() and np.linalg.eigvalsh(other)[0] > 0 else bend
        step = np.zeros(len(names))
        step[free] = np.linalg.solve(bend, here.score[free] / scale[free]) / scale[free]
        coefficient, here = climb(likelihood, coefficient, here, step)
        if np.max(np.abs(step) * scale) <= tolerance:
            return coefficient, here, iteration
    raise NotConverged(_without_maximum(names, coefficient, step, scale))


def _informative(information: FloatArray, whole: FloatArray) -> bool:
    """Whether every direction has kept some of the information that it had at the start."""
    if not (np.isfinite(information).all() and np.isfinite(whole).all()):
        return False
    try:
        return bool(eigh(information, whole, eigvals_only=True)[0] > EXHAUSTED)
    except LinAlgError:  # the start had no information in some direction
        return False


def climb(
    likelihood: Callable[[FloatArray], Evaluation], place: FloatArray, here: Evaluation, step: FloatArray
) -> tuple[FloatArray, Evaluation]:
    """Take ``step``, or the first of its halves that does not lower the likelihood."""
    slack = 1e-10 * (1 + abs(here.log_likelihood))
    for halvings in range(40):
        further = place + step / 2**halvings
        there = likelihood(further)
        if there.finite and there.log_likelihood >= here.log_likelihood - slack:
            return further, there
    return place, here


def _without_maximum(
    names: tuple[str, ...], coefficient: FloatArray, step: FloatArray, scale: FloatArray
) -> str:
    """Say which coefficients were still on the move."""
    with np.errstate(invalid="ignore"):
        moving = ~(np.abs(step) * scale <= np.sqrt(STEP_TOLERANCE))
    who = [
        f"{name} (at {value:.3g})" for name, value, on in zip(names, coefficient, moving, strict=True) if on
    ]
    return (
        f"the partial likelihood has no maximum: {len(who)} coefficient(s) grow without end "
        f"({name_some(who)}). A covariate separates those with from those without an event, for instance "
        "an arm without events; use penalty='firth' (ties 'efron' or 'breslow'), or leave it out"
    )


def invert(information: FloatArray) -> FloatArray:
    """Return the inverse of an information matrix."""
    scale = np.sqrt(np.diag(information))
    return np.asarray(np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale))


def refuse_dependent(information: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse the first covariate that earlier ones determine, from their information or their products."""
    scale = np.sqrt(np.diag(information))
    left = information / np.outer(scale, scale)
    for j, name in enumerate(names):
        if left[j, j] <= SINGULAR:
            raise NotEstimable(
                f"covariate {name} is determined by those before it ({name_some(names[:j])}): leave one out"
            )
        left = left - np.outer(left[:, j], left[j]) / left[j, j]
