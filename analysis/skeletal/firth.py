"""Firth's penalised partial likelihood and its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtri

from .chi_square import no_test
from .cox_results import CONF_LEVEL, chi_square_p, coefficient_fields, model_fields
from .errors import NotConverged
from .partial_likelihood import (
    CoxSample,
    Evaluation,
    Maximum,
    Ties,
    evaluate_sums,
    invert,
    newton,
    refuse_singular,
    risk_sums,
    row_hazards,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import FloatArray

WIDENINGS = 60
NUDGE = 1e-5  # of a difference quotient, in standard deviations of the covariate


def evaluate_penalised(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> Evaluation:
    """Return the penalised log likelihood, its derivative, and the information without penalty.

    Notes
    -----
    l + log det(I)/2 with I for covariates of standard deviation 1 (n - 1), so that the value does not
    depend on their units; its derivative by b_r adds tr(I^-1 dI/db_r)/2.  dI is a sum of third central
    moments over the risk sets; with q = x' I^-1 x it reduces to sums over rows: with (a, b) the cumulative
    hazard and its product with the means that a row meets,
    sum r (q a x - q b - 2 x (x' I^-1 b)) + 2 sum over risk sets of w (m' I^-1 m) m.

    References
    ----------
    Heinze and Schemper, Biometrics 57 (2001), 114-119, section 2.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        sums = risk_sums(sample, coefficient, ties)
        plain = evaluate_sums(sample, sums)
        deviation = np.std(sample.original, axis=0, ddof=1)
        sign, log_det = np.linalg.slogdet(plain.information / np.outer(deviation, deviation))
        if sign <= 0 or not np.isfinite(log_det):
            return Evaluation(
                log_likelihood=-np.inf, score=np.full_like(plain.score, np.nan), information=plain.information
            )
        inverse = invert(plain.information)
        hazard, hazard_mean = row_hazards(sample, sums)
        x, risk, mean = sample.covariates, sums.risk, sums.mean
        q = np.einsum("ij,jk,ik->i", x, inverse, x)
        cross = np.einsum("ij,jk,ik->i", x, inverse, hazard_mean)
        third = (risk * (q * hazard - 2 * cross)) @ x - (risk * q) @ hazard_mean
        third += 2 * (sums.weight * np.einsum("ij,jk,ik->i", mean, inverse, mean)) @ mean
    return Evaluation(
        log_likelihood=plain.log_likelihood + log_det / 2,
        score=plain.score + third / 2,
        information=plain.information,
    )


def firth_fields(
    names: tuple[str, ...], sample: CoxSample, ties: Ties, *, n_subjects: int, method: str
) -> dict[str, Any]:
    """Fit by penalised likelihood and return the fields of a ``RegressionFit``."""
    plain = evaluate_sums(sample, risk_sums(sample, np.zeros(len(names)), ties))
    refuse_singular(sample, plain.information, names)

    def likelihood(beta: FloatArray) -> Evaluation:
        return evaluate_penalised(sample, beta, ties)

    null = likelihood(np.zeros(len(names)))
    bend = _curvature(likelihood, sample.spread)
    try:
        coefficient, at, iterations = newton(likelihood, null, names, scale=sample.spread, curvature=bend)
    except NotConverged:
        raise NotConverged(
            f"the penalised likelihood of {len(names)} covariate(s) and {int(sample.event.sum())} event(s) "
            "has no maximum within reach: use fewer covariates"
        ) from None
    maximum = Maximum(coefficient=coefficient, at=at, null=null, iterations=iterations)
    inverse = invert(at.information)
    fields = coefficient_fields(names, coefficient, inverse, inverse)
    limits = np.array([_profile(names, sample, ties, maximum, j) for j in range(len(names))])
    lower, upper, p_value = limits.T
    with np.errstate(over="ignore"):
        fields.update(
            lower=lower,
            upper=upper,
            p_value=p_value,
            ratio_lower=np.exp(lower),
            ratio_upper=np.exp(upper),
        )
    return {
        **fields,
        **model_fields(maximum, inverse, no_test("no robust score test of a penalised likelihood")),
        "score_test": no_test("no score test of a penalised likelihood"),
        "n_subjects": n_subjects,
        "n_events": int(sample.event.sum()),
        "method": method,
    }


def _profile(
    names: tuple[str, ...], sample: CoxSample, ties: Ties, maximum: Maximum, j: int
) -> tuple[float, float, float]:
    """Return limits and p-value of coefficient ``j`` by the profile; NaN where it cannot be followed."""
    best, centre = maximum.at.log_likelihood, maximum.coefficient[j]
    allowed = float(chdtri(1, 1 - CONF_LEVEL))

    def loss(value: float) -> float:
        try:
            return 2 * (best - _constrained(names, sample, ties, maximum, j, value))
        except NotConverged:
            return float("nan")

    def limit(direction: float) -> float:
        from scipy.optimize import brentq  # noqa: PLC0415  (slow to import, and only needed here)

        width = direction * 2 * float(np.sqrt(invert(maximum.at.information)[j, j]))
        inner, outer = centre, centre + width
        for _ in range(WIDENINGS):
            there = loss(outer)
            if np.isnan(there):
                break
            if there > allowed:
                return float(brentq(lambda value: loss(value) - allowed, inner, outer, xtol=1e-10))
            inner, outer = outer, outer + width
        return float("nan")

    p_value = float(chi_square_p(np.asarray(np.maximum(loss(0.0), 0.0)), 1))
    return limit(-1.0), limit(1.0), p_value


def _constrained(
    names: tuple[str, ...], sample: CoxSample, ties: Ties, maximum: Maximum, j: int, value: float
) -> float:
    """Return the largest penalised log likelihood with coefficient ``j`` held at ``value``."""
    free = np.arange(len(names)) != j
    whole = maximum.coefficient.copy()
    whole[j] = value

    def likelihood(beta: FloatArray) -> Evaluation:
        place = whole.copy()
        place[free] = beta
        full = evaluate_penalised(sample, place, ties)
        return Evaluation(
            log_likelihood=full.log_likelihood,
            score=full.score[free],
            information=full.information[np.ix_(free, free)],
        )

    begin = maximum.coefficient[free]
    start = likelihood(begin)
    if not free.any():
        return start.log_likelihood
    others = tuple(name for name, on in zip(names, free, strict=True) if on)
    scale = sample.spread[free]
    bend = _curvature(likelihood, scale)
    return newton(likelihood, start, others, scale=scale, at=begin, curvature=bend)[1].log_likelihood


def _curvature(
    likelihood: Callable[[FloatArray], Evaluation], scale: FloatArray
) -> Callable[[FloatArray, Evaluation], FloatArray]:
    """Return the bend of a penalised likelihood by differences of its score.

    With few events the penalty bends as much as the likelihood, so that steps by the information alone
    swing about the maximum without end.  Where the bend is not that of a maximum, the information.
    """

    def curvature(place: FloatArray, here: Evaluation) -> FloatArray:
        bend = np.empty_like(here.information)
        for j, nudge in enumerate(NUDGE / scale):
            beside = place.copy()
            beside[j] += nudge
            bend[j] = (here.score - likelihood(beside).score) / nudge
        bend = (bend + bend.T) / 2
        usable = np.isfinite(bend).all() and np.linalg.eigvalsh(bend / np.outer(scale, scale))[0] > 0
        return bend if usable else here.information

    return curvature
