"""From a maximum of the partial likelihood to the fields of a regression result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, ndtr, ndtri

from .chi_square import chi_square_test, no_test, quadratic_form
from .errors import name_some
from .kernels.cox import add_rows
from .partial_likelihood import BLOCK, invert, score_residuals

if TYPE_CHECKING:
    from .arrays import FloatArray, IntArray
    from .partial_likelihood import CoxSample, Maximum, Ties
    from .results import TestResult

CONF_LEVEL = 0.95
NO_INVERSE = "the covariance has no inverse"
NO_SPREAD = 1e-16  # robust variance relative to the model's below which the scores of clusters are rounding


def clustered_scores(sample: CoxSample, coefficient: FloatArray, ties: Ties, cluster: IntArray) -> FloatArray:
    """Sum the weighted score residuals by cluster (coded from 0); shape (n_clusters, p)."""
    sums = np.zeros((int(cluster.max()) + 1, coefficient.size))
    add_rows(score_residuals(sample, coefficient, ties), cluster, sample.weight, sums)
    return sums


def sandwich(scores: FloatArray, inverse: FloatArray) -> FloatArray:
    """Return the covariance from score contributions (Lin and Wei 1989), without small-sample factor."""
    p = inverse.shape[0]
    covariance = np.zeros((p, p))
    for low in range(0, scores.shape[0], BLOCK):
        influence = scores[low : low + BLOCK] @ inverse
        covariance += influence.T @ influence
    return covariance


def cox_fields(
    names: tuple[str, ...],
    sample: CoxSample,
    maximum: Maximum,
    ties: Ties,
    *,
    cluster: IntArray | None,
    n_subjects: int,
    method: str,
) -> dict[str, Any]:
    """Return the fields of a ``RegressionFit`` of a Cox model; robust where ``cluster`` is given.

    Parameters
    ----------
    names : tuple of str
        Names of the coefficients.
    sample, maximum, ties
        What was fitted, and the result of :func:`~skeletal.partial_likelihood.maximise`.
    cluster : ndarray of shape (n,) or None
        Cluster of each row, coded from 0.
    n_subjects : int
        Number to report.
    method : str
        Text of the result.
    """
    inverse = invert(maximum.at.information)
    covariance, robust = inverse, no_test("robust score test: no clusters given")
    if cluster is not None:
        scores = clustered_scores(sample, maximum.coefficient, ties, cluster)
        covariance = estimable(sandwich(scores, inverse), inverse)
        at_null = clustered_scores(sample, np.zeros(len(names)), ties, cluster)
        statistic, df = quadratic_form(at_null.sum(axis=0), at_null.T @ at_null)
        robust = chi_square_test(statistic, df, "robust score test at 0")
        silent = [
            name for name, known in zip(names, ~np.isnan(np.diag(covariance)), strict=True) if not known
        ]
        if silent:
            method += f"; no standard error of {name_some(silent)}: the scores of all clusters are 0"
    return {
        **coefficient_fields(names, maximum.coefficient, covariance, inverse),
        **model_fields(maximum, covariance, robust),
        "n_subjects": n_subjects,
        "n_events": int(sample.event.sum()),
        "method": method,
    }


def estimable(covariance: FloatArray, inverse: FloatArray) -> FloatArray:
    """Return the robust covariance, NaN for coefficients about which no cluster's score says anything."""
    silent = np.diag(covariance) <= NO_SPREAD * np.diag(inverse)
    return np.where(silent[:, None] | silent, np.nan, covariance)


def coefficient_fields(
    names: tuple[str, ...],
    coefficient: FloatArray,
    covariance: FloatArray,
    inverse: FloatArray,
    conf_level: float = CONF_LEVEL,
) -> dict[str, Any]:
    """Return the fields by coefficient with Wald limits of a two-sided level and p-values."""
    std_error = np.sqrt(np.diag(covariance))
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    lower, upper = coefficient - half, coefficient + half
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        p_value = 2 * ndtr(-np.abs(coefficient / std_error))
        return {
            "names": names,
            "coefficient": coefficient,
            "std_error": std_error,
            "lower": lower,
            "upper": upper,
            "p_value": p_value,
            "ratio": np.exp(coefficient),
            "ratio_lower": np.exp(lower),
            "ratio_upper": np.exp(upper),
            "covariance": covariance,
            "naive_std_error": np.sqrt(np.diag(inverse)),
        }


def model_fields(maximum: Maximum, covariance: FloatArray, robust: TestResult) -> dict[str, Any]:
    """Return the likelihoods and the global tests that all coefficients are 0."""
    score, score_df = quadratic_form(maximum.null.score, maximum.null.information)
    wald, wald_df = quadratic_form(maximum.coefficient, covariance)
    if wald_df < maximum.coefficient.size:  # fewer clusters than coefficients: no inverse, no test
        wald, wald_df = float("nan"), 0
    return {
        "log_likelihood": maximum.at.log_likelihood,
        "log_likelihood_null": maximum.null.log_likelihood,
        "score_test": chi_square_test(score, score_df, "score test at 0"),
        "robust_score_test": robust,
        "wald_test": chi_square_test(wald, wald_df, "Wald test", otherwise=NO_INVERSE),
        "likelihood_ratio_test": likelihood_ratio(maximum),
        "iterations": maximum.iterations,
        "converged": True,
    }


def likelihood_ratio(maximum: Maximum) -> TestResult:
    """Return twice the gain of log likelihood over 0 as a chi-square test."""
    gain = 2 * (maximum.at.log_likelihood - maximum.null.log_likelihood)
    return chi_square_test(gain, maximum.coefficient.size, "likelihood ratio test")


def chi_square_p(statistic: FloatArray, df: float) -> FloatArray:
    """Upper tail of the chi-square distribution."""
    return np.asarray(chdtrc(df, statistic))
