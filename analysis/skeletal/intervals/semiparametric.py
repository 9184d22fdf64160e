"""Proportional hazards of interval-censored times with an arbitrary baseline: the profile likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import eigh

from ..errors import NotConverged, NotEstimable, name_some
from ..newton import invert
from ..survival.design import standardised
from .hazard_climb import climb, rows_of, start
from .innermost import innermost_sets

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..data import IntervalCensored
    from .hazard_climb import Peak, Rows

CERTIFIED = 1e-9  # slope per subject that may be left
EXHAUSTED = 1e-5  # information per event of a standardised covariate: the maximum is at infinity
FAR = 3.0  # standardised coefficient that a climb without end has passed
BENT = 0.1  # second difference relative to the derivative from which it is that of a maximum
NONE = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ProfileFit:
    """Log hazard ratios at the maximum with two covariances.

    Attributes
    ----------
    coefficient : ndarray of shape (p,)
        Log hazard ratios.
    covariance : ndarray of shape (p, p)
        From the second differences of the profile likelihood one standard error to either side.
    held_covariance : ndarray of shape (p, p)
        From its second derivatives, which leave mass on the sets that have it.
    bent : bool
        Whether the second differences are those of a maximum; if not, ``covariance`` is the other one.
    log_likelihood, log_likelihood_null : float
        At the maximum and without covariates.
    gap : float
        Slope per subject that is left.
    iterations : int
        Newton steps.
    """

    coefficient: FloatArray
    covariance: FloatArray
    held_covariance: FloatArray
    bent: bool
    log_likelihood: float
    log_likelihood_null: float
    gap: float
    iterations: int


def profile_fit(data: IntervalCensored, names: tuple[str, ...], matrix: FloatArray) -> ProfileFit:
    """Fit log hazard ratios of covariates of shape (n, p) with the likeliest baseline.

    Raises
    ------
    NotEstimable
        No events; intervals that all share a time; covariates that are constant or determined by others.
    NotConverged
        The likelihood has no maximum: an arm without events.
    """
    scaled, _mean, deviation = standardised(matrix, names)
    sets = innermost_sets(data)
    if not data.n_events or sets.n_sets < 2:
        why = "no events" if not data.n_events else "all intervals share a time, which tells none apart"
        raise NotEstimable(f"{why} among {data.n_subjects} row(s): hazards cannot be compared")
    alone = rows_of(sets)
    null = climb(alone, start(alone), NONE)
    rows = rows_of(sets, scaled)
    peak = climb(rows, null.hazard, np.zeros(len(names)))
    _require_maximum(peak, names, data.n_events)
    held = invert(peak.information)
    curved = _differences(rows, peak, np.sqrt(np.diag(held)))
    bent = bool(eigh(curved, peak.information, eigvals_only=True)[0] > BENT)
    unit = np.outer(deviation, deviation)
    return ProfileFit(
        coefficient=peak.coefficient / deviation,
        covariance=(invert(curved) if bent else held) / unit,
        held_covariance=held / unit,
        bent=bent,
        log_likelihood=peak.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        gap=peak.gap,
        iterations=peak.iterations,
    )


def _require_maximum(peak: Peak, names: tuple[str, ...], n_events: int) -> None:
    """Refuse a place that is no maximum, and say what grows without end."""
    values, vectors = np.linalg.eigh(peak.information)
    if values[0] <= EXHAUSTED * n_events or (peak.gap > CERTIFIED and np.abs(peak.coefficient).max() > FAR):
        share = np.abs(vectors[:, 0])
        moving = [name for name, part in zip(names, share, strict=True) if part >= 0.1 * share.max()]
        raise NotConverged(
            f"the likelihood has no maximum: {len(moving)} coefficient(s) grow without end "
            f"({name_some(moving)}). A covariate separates those with from those without an event, for "
            "instance an arm without events; leave it out, or compare survival by interval_logrank"
        )
    if not peak.gap <= CERTIFIED:
        raise NotConverged(
            f"the likelihood was not climbed to its maximum: a slope per subject of {peak.gap:.2g} is left; "
            "use baseline='weibull' or 'spline'"
        )


def _differences(rows: Rows, peak: Peak, step: FloatArray) -> FloatArray:
    """Return the information from second differences of the profile likelihood, symmetric about the peak."""
    p = step.size

    def profile(*moves: tuple[int, float]) -> float:
        place = peak.coefficient.copy()
        for j, sign in moves:
            place[j] += sign * step[j]
        return climb(rows, peak.hazard, place, held=True).log_likelihood

    information = np.empty((p, p))
    for j in range(p):
        information[j, j] = 2 * peak.log_likelihood - profile((j, 1.0)) - profile((j, -1.0))
        for i in range(j):
            alike = profile((i, 1.0), (j, 1.0)) + profile((i, -1.0), (j, -1.0))
            apart = profile((i, 1.0), (j, -1.0)) + profile((i, -1.0), (j, 1.0))
            information[i, j] = information[j, i] = (apart - alike) / 4
    return information / np.outer(step, step)
