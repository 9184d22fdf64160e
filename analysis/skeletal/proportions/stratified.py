"""Two arms in strata: Cochran-Mantel-Haenszel test, common odds ratio, common risk difference."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from .. import checks
from ..chi_square import chi_square_test
from ..results import Estimate, TestResult
from .counts import TwoArms, two_arms_by_stratum
from .ratios import conditional_estimate, log_limits
from .score_limits import difference_score, score_limits

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray

CommonOddsMethod = Literal["mantel-haenszel", "exact"]
CommonDifferenceMethod = Literal["cmh", "miettinen-nurminen"]


def cmh_test(events: ArrayLike, totals: ArrayLike) -> TestResult:
    """Test that the proportions of two arms are equal in every stratum (Cochran-Mantel-Haenszel).

    Parameters
    ----------
    events, totals : array_like of shape (S, 2)
        One row a stratum, columns (control, experimental).

    Returns
    -------
    TestResult
        Chi-square with 1 degree of freedom, no continuity correction; ``z`` of the experimental arm;
        ``observed`` and ``expected`` events by arm, summed over strata.

    Raises
    ------
    InvalidArgument
        Counts that are not whole, shapes that differ, a stratum with an empty arm.

    Notes
    -----
    Sum over strata of y - n t/N against its hypergeometric variance m n t (N - t)/(N^2 (N - 1)).

    R: ``mantelhaen.test(correct = FALSE)``.  SAS: ``PROC FREQ; TABLES stratum*arm*event / CMH``.

    References
    ----------
    Mantel and Haenszel, J Natl Cancer Inst 22 (1959), 719-748.

    Examples
    --------
    >>> result = cmh_test([(20, 20), (28, 22)], [(74, 71), (53, 55)])
    >>> round(result.statistic, 4), round(result.p_value, 4)
    (0.6612, 0.4161)
    """
    arms = two_arms_by_stratum(events, totals)
    share = arms.events / arms.total
    expected = np.array([share @ arms.control_total, share @ arms.experimental_total])
    observed = np.array([arms.control_events.sum(), arms.experimental_events.sum()])
    spread = arms.control_total * arms.experimental_total * share * (1 - share)
    variance = float(np.sum(spread / np.maximum(arms.total - 1, 1)))
    reason = "" if variance > 0 else "; not estimable: the outcome varies in no stratum"
    z = float(observed[1] - expected[1]) / sqrt(variance) if variance > 0 else nan
    return chi_square_test(
        z**2,
        1 if variance > 0 else 0,
        f"Cochran-Mantel-Haenszel test over {share.size} strata, no continuity correction{reason}",
        z=z,
        observed=observed,
        expected=expected,
        variance=variance * np.array([[1.0, -1.0], [-1.0, 1.0]]),
    )


def stratified_odds_ratio(
    events: ArrayLike,
    totals: ArrayLike,
    *,
    method: CommonOddsMethod = "mantel-haenszel",
    conf_level: float = 0.95,
) -> Estimate:
    """Odds ratio common to all strata, experimental over control.

    Parameters
    ----------
    events, totals : array_like of shape (S, 2)
        One row a stratum, columns (control, experimental).
    method : {"mantel-haenszel", "exact"}
        Mantel and Haenszel's estimate with the Robins-Breslow-Greenland variance, or the conditional
        estimate with exact limits.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``std_error`` on the log scale (``exact``: NaN); ``p_value`` that of :func:`cmh_test`, or the exact
        conditional one.  What would be infinite is NaN.

    Raises
    ------
    InvalidArgument
        As :func:`cmh_test`; unknown ``method``; ``conf_level`` outside (0, 1).

    Notes
    -----
    With r = y (m - x)/N and s = x (n - y)/N: sum r / sum s.  The variance of its logarithm is
    sum P r/(2 R^2) + sum (P s + Q r)/(2 R S) + sum Q s/(2 S^2), P = (y + m - x)/N, Q = 1 - P.

    R: ``mantelhaen.test(exact = FALSE | TRUE)`` (whose exact search stops at a relative 1e-4).
    SAS: ``PROC FREQ; TABLES stratum*arm*event / CMH``, ``EXACT COMOR``.

    References
    ----------
    Robins, Breslow and Greenland, Biometrics 42 (1986), 311-323, equation 9.

    Examples
    --------
    >>> result = stratified_odds_ratio([(20, 20), (28, 22)], [(74, 71), (53, 55)])
    >>> round(result.estimate, 4), round(result.lower, 4), round(result.upper, 4)
    (0.8044, 0.4762, 1.3588)
    """
    checks.option(method, CommonOddsMethod, "method")
    checks.probability(conf_level, "conf_level")
    arms = two_arms_by_stratum(events, totals)
    if method == "exact":
        return conditional_estimate(arms, conf_level, "common odds ratio, conditional maximum likelihood")
    x, m = arms.control_events, arms.control_total
    y, n = arms.experimental_events, arms.experimental_total
    r, s = y * (m - x) / arms.total, x * (n - y) / arms.total
    p = (y + m - x) / arms.total
    top, under = float(r.sum()), float(s.sum())
    known = top > 0 and under > 0
    estimate = top / under if under > 0 else nan
    error = nan
    if known:
        error = sqrt(
            float(p @ r) / (2 * top**2)
            + float(p @ s + (1 - p) @ r) / (2 * top * under)
            + float((1 - p) @ s) / (2 * under**2)
        )
    lower, upper = log_limits(estimate, error, conf_level) if known else (nan, nan)
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=cmh_test(events, totals).p_value,
        method=f"Mantel-Haenszel odds ratio over {m.size} strata, experimental over control, "
        "Robins-Breslow-Greenland limits, CMH test"
        + ("" if known else "; limits not estimable: empty cells"),
    )


def stratified_risk_difference(
    events: ArrayLike,
    totals: ArrayLike,
    *,
    method: CommonDifferenceMethod = "cmh",
    conf_level: float = 0.95,
) -> Estimate:
    """Risk difference common to all strata, experimental minus control.

    Parameters
    ----------
    events, totals : array_like of shape (S, 2)
        One row a stratum, columns (control, experimental).
    method : {"cmh", "miettinen-nurminen"}
        Normal limits from each arm's own variances, or the inverted stratified score test; both weigh a
        stratum by m n/N.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``p_value`` of a difference of 0 by the same statistic.

    Raises
    ------
    InvalidArgument
        As :func:`cmh_test`; unknown ``method``; ``conf_level`` outside (0, 1).

    Notes
    -----
    Sum of w d with w = m n/N over their sum; cmh: variance sum of w^2 (p (1 - p)/m + q (1 - q)/n).
    miettinen-nurminen: the d0 with |sum w (d - d0)| = z sqrt(sum w^2 v N/(N - 1)), v of each stratum at its
    likeliest proportions that differ by d0.

    R: ``lrstat::mnRiskDiffCI``, ``metalite.ae::rate_compare(strata =)``.  SAS: ``PROC FREQ; TABLES
    stratum*arm*event / COMMONRISKDIFF(CL=(MH SCORE))`` (whose MH variance is Sato's).

    References
    ----------
    Mantel and Haenszel (1959); Miettinen and Nurminen, Statistics in Medicine 4 (1985), 213-226, section 4.

    Examples
    --------
    >>> result = stratified_risk_difference([(20, 20), (28, 22)], [(74, 71), (53, 55)])
    >>> round(result.estimate, 4), round(result.lower, 4), round(result.upper, 4)
    (-0.0482, -0.1636, 0.0671)
    """
    checks.option(method, CommonDifferenceMethod, "method")
    checks.probability(conf_level, "conf_level")
    arms = two_arms_by_stratum(events, totals)
    weight = _weights(arms)
    differences = arms.experimental - arms.control
    variances = (
        arms.control * (1 - arms.control) / arms.control_total
        + arms.experimental * (1 - arms.experimental) / arms.experimental_total
    )
    estimate, error = float(weight @ differences), sqrt(float(weight**2 @ variances))
    if method == "cmh":
        half = float(ndtri(0.5 + conf_level / 2)) * error
        lower, upper = estimate - half, estimate + half
        p_value = float(2 * ndtr(-abs(estimate) / error)) if error > 0 else nan
        words = "normal limits"
    else:
        lower, upper = score_limits(
            lambda value: difference_score(arms, value, weight), estimate, (-1.0, 1.0), conf_level
        )
        p_value = float(2 * ndtr(-abs(difference_score(arms, 0.0, weight))))
        words = "Miettinen-Nurminen score limits and test"
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=p_value,
        method=f"common risk difference over {weight.size} strata, experimental minus control, "
        f"Cochran-Mantel-Haenszel weights, {words}",
    )


def _weights(arms: TwoArms) -> FloatArray:
    weight = arms.control_total * arms.experimental_total / arms.total
    return np.asarray(weight / weight.sum())
