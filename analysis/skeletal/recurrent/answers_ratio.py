"""The ratio of two arms from a regression with the arm as its only covariate."""

from __future__ import annotations

from math import exp, isnan, nan
from typing import TYPE_CHECKING

from scipy.special import ndtr, ndtri

from ..arm_contrast import from_log
from ..errors import InvalidArgument, NotConverged, NotEstimable
from ..results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..results import RegressionFit

NAIVE = (
    "Andersen-Gill intensity model, Efron's rule for ties, standard error of the model (events of a subject "
    "independent), Wald limits and p-value; death ends the time at risk"
)


def estimate_or_reason(compute: Callable[[], Estimate], conf_level: float) -> Estimate:
    """Return what ``compute`` does; NaN, and why, where the method has no answer to these data."""
    try:
        return compute()
    except (InvalidArgument, NotEstimable, NotConverged) as problem:
        return Estimate(
            estimate=nan,
            std_error=nan,
            lower=nan,
            upper=nan,
            conf_level=conf_level,
            p_value=nan,
            method=f"not estimable: {problem}",
        )


def arm_ratio(found: RegressionFit, conf_level: float, *, naive: bool = False) -> Estimate:
    """Return the ratio of the first covariate of a fit.

    ``naive`` takes the standard error of an Andersen-Gill model itself instead of the robust one.
    """
    coefficient = float(found.coefficient[0])
    error = float((found.naive_std_error if naive else found.std_error)[0])
    half = float(ndtri(0.5 + conf_level / 2)) * error
    lower, upper, beyond = from_log(coefficient - half, coefficient + half)
    return Estimate(
        estimate=exp(coefficient),
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=2 * float(ndtr(-abs(coefficient / error))) if error > 0 else nan,
        method=(NAIVE if naive else found.method) + (f"; {beyond}" if beyond else ""),
    )


def ratio_words(result: Estimate) -> str:
    """Return a ratio with limits and p-value in words."""
    if isnan(result.estimate):
        return "not estimable"
    if isnan(result.lower) or isnan(result.upper):
        return f"{result.estimate:.3g} (no limits)"
    p = "p < 0.0001" if result.p_value < 1e-4 else f"p = {result.p_value:.2g}"
    limits = f"{result.conf_level:.0%} limits {result.lower:.3g} to {result.upper:.3g}"
    return f"{result.estimate:.3g} ({limits}, {p})"
