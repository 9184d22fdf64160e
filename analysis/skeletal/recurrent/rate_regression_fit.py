"""Result of a regression of rates, and how it comes from the maximum of a likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from ..chi_square import chi_square_test, no_test
from ..errors import name_some
from ..newton import invert
from ..results import freeze_arrays, require_ordered
from .rate_regression_models import negative_binomial_maximum, poisson_maximum, rate_model

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..results import TestResult
    from .rate_regression_models import RateMaximum, RateModel
    from .rate_regression_totals import SubjectTotals

CountModel = Literal["poisson", "poisson-robust", "quasi-poisson", "negative-binomial"]
INTERCEPT = "intercept"
NO_SPREAD = 1e-16  # robust variance relative to the model's below which the scores of subjects are rounding
WORDS = {
    "poisson": "Poisson rate model",
    "poisson-robust": "Poisson rate model, robust covariance (HC0)",
    "quasi-poisson": "quasi-Poisson rate model, Pearson dispersion",
    "negative-binomial": "negative binomial rate model, observed information over (b, log dispersion)",
}
UNDER_DISPERSED = (
    "the counts vary no more than Poisson counts: dispersion 0, coefficients and standard errors of the "
    "Poisson model"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RateFit:
    """Coefficients of a log-linear rate of events per subject-year.

    Attributes
    ----------
    names : tuple of str
        ``intercept``, then the covariates.
    coefficient, std_error, lower, upper, p_value : ndarray of shape (p,)
        On the log scale; Wald limits and p-values, normal.
    ratio, ratio_lower, ratio_upper : ndarray of shape (p,)
        ``exp`` of coefficient and limits: a rate per subject-year, then rate ratios.
    covariance : ndarray of shape (p, p)
        The one ``std_error`` comes from.
    dispersion : float
        negative-binomial: a in the variance mu + a mu^2 (1/theta of R's ``glm.nb``), 0 at the Poisson limit.
        quasi-poisson: phi in the variance phi mu.  poisson and poisson-robust: 1, assumed.
    log_dispersion_std_error : float
        Of the log of a negative binomial dispersion; NaN elsewhere and at the Poisson limit.
    log_likelihood, log_likelihood_null : float
        Of the counts, with all constants, at the fit and with the intercept only (that model's own
        dispersion).  quasi-poisson and poisson-robust: those of the Poisson model.
    likelihood_ratio_test : TestResult
        All covariates at once; NaN where the model has no likelihood of its own (quasi, robust).
    n_subjects, n_events : int
        Distinct subjects and events.
    years : float
        Subject-years at risk.
    conf_level : float
        Two-sided level of the limits.
    model : str
        As asked for.
    iterations : int
        Newton steps.
    method : str
        What a reader must know to repeat the numbers.
    """

    names: tuple[str, ...]
    coefficient: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray
    ratio: FloatArray
    ratio_lower: FloatArray
    ratio_upper: FloatArray
    covariance: FloatArray
    dispersion: float
    log_dispersion_std_error: float
    log_likelihood: float
    log_likelihood_null: float
    likelihood_ratio_test: TestResult
    n_subjects: int
    n_events: int
    years: float
    conf_level: float
    model: str
    iterations: int
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)
        require_ordered(self.lower, self.coefficient, self.upper)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a coefficient: coefficient, std_error, limits, p_value and the ratios."""
        columns = ("coefficient", "std_error", "lower", "upper", "p_value")
        ratios = ("ratio", "ratio_lower", "ratio_upper")
        return pd.DataFrame(
            {name: getattr(self, name) for name in columns + ratios}, index=pd.Index(self.names, name="name")
        )


def fit_rates(
    totals: SubjectTotals,
    names: tuple[str, ...],
    values: FloatArray,
    model: CountModel,
    conf_level: float,
    *,
    null: bool = True,
) -> RateFit:
    """Fit the rates of subjects to the covariates ``values`` (n, p - 1) after the intercept.

    ``null=False`` leaves out the model without covariates.
    """
    counts = rate_model(totals, names, values)
    maximise = negative_binomial_maximum if model == "negative-binomial" else poisson_maximum
    best = maximise(counts)
    base = nan
    if null:
        alone = rate_model(totals, names[:1], values[:, :0])
        base = maximise(alone).log_likelihood if len(names) > 1 else best.log_likelihood
    inverse = invert(best.information)
    covariance, dispersion, reasons = _covariance(counts, best, inverse, model)
    coefficient = counts.back @ best.coefficient
    std_error = np.sqrt(np.diag(covariance))
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    test = no_test("likelihood ratio test: the model has no likelihood of its own")
    if null and model in ("poisson", "negative-binomial"):
        gain = 2 * (best.log_likelihood - base)
        test = chi_square_test(
            gain, len(names) - 1, "likelihood ratio test", otherwise="there are no covariates"
        )
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        return RateFit(
            names=names,
            coefficient=coefficient,
            std_error=std_error,
            lower=coefficient - half,
            upper=coefficient + half,
            p_value=2 * ndtr(-np.abs(coefficient / std_error)),
            ratio=np.exp(coefficient),
            ratio_lower=np.exp(coefficient - half),
            ratio_upper=np.exp(coefficient + half),
            covariance=covariance,
            dispersion=dispersion,
            log_dispersion_std_error=sqrt(inverse[-1, -1]) if inverse.shape[0] > len(names) else nan,
            log_likelihood=best.log_likelihood,
            log_likelihood_null=base,
            likelihood_ratio_test=test,
            n_subjects=totals.events.size,
            n_events=int(totals.events.sum()),
            years=float(totals.years.sum()),
            conf_level=conf_level,
            model=model,
            iterations=best.iterations,
            method="; ".join([f"{WORDS[model]}, per subject-year, Wald limits and p-values", *reasons]),
        )


def _covariance(
    counts: RateModel, best: RateMaximum, inverse: FloatArray, model: CountModel
) -> tuple[FloatArray, float, list[str]]:
    """Return covariance of the coefficients, dispersion, and what there is to say about them."""
    p, back = len(counts.names), counts.back
    expected = back @ inverse[:p, :p] @ back.T
    if model == "poisson":
        return expected, 1.0, []
    if model == "negative-binomial":
        return expected, best.dispersion, [] if best.dispersion > 0 else [UNDER_DISPERSED]
    mu = counts.means(best.coefficient)
    gap = counts.events - mu
    if model == "quasi-poisson":
        left = counts.events.size - p
        phi = float(np.sum(gap**2 / mu)) / left if left else nan
        return expected * phi, phi, [] if left else ["no standard error: as many coefficients as subjects"]
    influence = (counts.z * gap[:, None]) @ (inverse @ back.T)
    robust = influence.T @ influence
    silent = np.diag(robust) <= NO_SPREAD * np.diag(expected)
    who = name_some(np.asarray(counts.names)[silent])
    words = [f"no standard error of {who}: the scores of all subjects are 0"] if who else []
    return np.where(silent[:, None] | silent, np.nan, robust), 1.0, words
