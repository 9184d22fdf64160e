"""Firth's penalised partial likelihood."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .chi_square import no_test
from .cox_results import CONF_LEVEL, coefficient_fields, model_fields
from .errors import NotConverged
from .likelihood_profile import Profile
from .newton import Evaluation, Maximum, invert, newton
from .partial_likelihood import evaluate, evaluate_sorted, refuse_singular, sorted_hazards, sorted_sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import FloatArray
    from .cox_sample import CoxSample
    from .partial_likelihood import Ties

NUDGE = 1e-5  # of a difference quotient, in standard deviations of the covariate


def penalised(sample: CoxSample, ties: Ties) -> Callable[[FloatArray], Evaluation]:
    """Return what gives the penalised log likelihood, its derivative, and the information without penalty.

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
    deviation = np.std(sample.original, axis=0, ddof=1)
    units = np.outer(deviation, deviation)
    x = sample.rows

    def likelihood(coefficient: FloatArray) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            sums = sorted_sums(sample, coefficient, ties)
            met = sorted_hazards(sample, sums)
            plain = evaluate_sorted(sample, sums, met[:, -1])
            sign, log_det = np.linalg.slogdet(plain.information / units)
            if sign <= 0 or not np.isfinite(log_det):
                return Evaluation(
                    log_likelihood=-np.inf,
                    score=np.full_like(plain.score, np.nan),
                    information=plain.information,
                )
            inverse = invert(plain.information)
            hazard, hazard_mean, risk, mean = met[:, -1], met[:, :-1], sums.risk, sums.mean
            turned = x @ inverse
            q = np.sum(turned * x, axis=1)
            cross = np.sum(turned * hazard_mean, axis=1)
            third = (risk * (q * hazard - 2 * cross)) @ x - (risk * q) @ hazard_mean
            third += 2 * (sums.weight * np.sum((mean @ inverse) * mean, axis=1)) @ mean
        return Evaluation(
            log_likelihood=plain.log_likelihood + log_det / 2,
            score=plain.score + third / 2,
            information=plain.information,
        )

    return likelihood


def curvature_of(
    likelihood: Callable[[FloatArray], Evaluation], scale: FloatArray
) -> Callable[[FloatArray, Evaluation], FloatArray]:
    """Return the bend of a penalised likelihood by differences of its score.

    With few events the penalty bends as much as the likelihood, so that steps by the information alone
    swing about the maximum without end.
    """

    def curvature(place: FloatArray, here: Evaluation) -> FloatArray:
        bend = np.empty_like(here.information)
        for j, nudge in enumerate(NUDGE / scale):
            beside = place.copy()
            beside[j] += nudge
            bend[j] = (here.score - likelihood(beside).score) / nudge
        return (bend + bend.T) / 2

    return curvature


def firth_fields(
    names: tuple[str, ...], sample: CoxSample, ties: Ties, *, n_subjects: int, method: str
) -> dict[str, Any]:
    """Fit by penalised likelihood and return the fields of a ``RegressionFit``."""
    refuse_singular(sample, evaluate(sample, np.zeros(len(names)), ties).information, names)
    likelihood, scale = penalised(sample, ties), sample.spread
    null = likelihood(np.zeros(len(names)))
    bend = curvature_of(likelihood, scale)
    try:
        coefficient, at, iterations = newton(likelihood, null, names, scale=scale, curvature=bend)
    except NotConverged:
        raise NotConverged(
            f"the penalised likelihood of {len(names)} covariate(s) and {int(sample.event.sum())} event(s) "
            "has no maximum within reach: use fewer covariates"
        ) from None
    inverse = invert(at.information)
    fields = coefficient_fields(names, coefficient, inverse, inverse)
    profile = Profile(
        likelihood=likelihood, coefficient=coefficient, at=at, names=names, scale=scale, curvature=bend
    )
    lower, upper, p_value = profile.limits(CONF_LEVEL)
    with np.errstate(over="ignore"):
        fields.update(
            lower=lower,
            upper=upper,
            p_value=p_value,
            ratio_lower=np.exp(lower),
            ratio_upper=np.exp(upper),
        )
    maximum = Maximum(coefficient=coefficient, at=at, null=null, iterations=iterations)
    return {
        **fields,
        **model_fields(maximum, inverse, no_test("no robust score test of a penalised likelihood")),
        "score_test": no_test("no score test of a penalised likelihood"),
        "n_subjects": n_subjects,
        "n_events": int(sample.event.sum()),
        "method": method,
    }
