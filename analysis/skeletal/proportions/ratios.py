"""Ratio of two proportions and of two odds."""

from __future__ import annotations

from math import exp, inf, isnan, log, nan, sqrt
from typing import TYPE_CHECKING, Literal

from scipy.special import ndtr, ndtri

from .. import checks
from ..results import Estimate
from .conditional import ConditionalOdds
from .counts import TwoArms, two_arms
from .score_limits import odds_score, ratio_score, score_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

RatioMethod = Literal["log-wald", "miettinen-nurminen"]
OddsMethod = Literal["woolf", "conditional", "miettinen-nurminen"]

FARTHEST = 60.0  # of the logarithm of a ratio in the search for a limit


def risk_ratio(
    events: ArrayLike, totals: ArrayLike, *, method: RatioMethod = "log-wald", conf_level: float = 0.95
) -> Estimate:
    """Ratio of the proportions of two arms, experimental over control.

    Parameters
    ----------
    events, totals : array_like of shape (2,)
        Subjects with the event, and subjects, as (control, experimental).
    method : {"log-wald", "miettinen-nurminen"}
        Normal limits of the logarithm (not for an arm without events), or the inverted score test.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``std_error`` on the log scale; ``p_value`` tests a ratio of 1 by the test of the method.  Without
        events in the control arm the ratio and its upper limit are not estimable (NaN); ``method`` says so.

    Raises
    ------
    InvalidArgument
        Counts that are not whole, not two, or of an empty arm; unknown ``method``; ``conf_level``
        outside (0, 1).

    Notes
    -----
    log-wald: variance 1/x - 1/m + 1/y - 1/n of the logarithm.  miettinen-nurminen: the ratios at which the
    score statistic with the N/(N - 1) factor is the normal quantile.

    R: ``epitools::riskratio.wald``, ``PropCIs::riskscoreci`` (without the factor).  SAS: ``PROC FREQ;
    TABLES arm*event / RELRISK(CL=(WALD SCORE))``.

    References
    ----------
    Katz et al., Biometrics 34 (1978), 469-474, method C; Miettinen and Nurminen, Statistics in Medicine 4
    (1985), 213-226, equations 11-13.

    Examples
    --------
    >>> result = risk_ratio((20, 3), (100, 100))
    >>> round(result.estimate, 2), round(result.lower, 4), round(result.upper, 4)
    (0.15, 0.046, 0.4888)
    """
    checks.option(method, RatioMethod, "method")
    checks.probability(conf_level, "conf_level")
    arms = two_arms(events, totals)
    p, q = float(arms.control[0]), float(arms.experimental[0])
    x, y = float(arms.control_events[0]), float(arms.experimental_events[0])
    error = nan
    if x > 0 and y > 0:
        error = sqrt(1 / x - 1 / float(arms.control_total[0]) + 1 / y - 1 / float(arms.experimental_total[0]))
    estimate = _ratio(q, p)
    if method == "log-wald":
        return _log_normal(estimate, error, conf_level, "risk ratio", "log-Wald limits")
    return _scored(
        lambda value: ratio_score(arms, value), estimate, error, conf_level, ("risk ratio", p == 0 and q == 0)
    )


def odds_ratio(
    events: ArrayLike, totals: ArrayLike, *, method: OddsMethod = "woolf", conf_level: float = 0.95
) -> Estimate:
    """Ratio of the odds of two arms, experimental over control.

    Parameters
    ----------
    events, totals : array_like of shape (2,)
        Subjects with the event, and subjects, as (control, experimental).
    method : {"woolf", "conditional", "miettinen-nurminen"}
        Normal limits of the logarithm (not with an empty cell); the conditional estimate with the limits
        that invert Fisher's one-sided tests; or the inverted score test.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``std_error`` on the log scale (``conditional``: NaN); ``p_value`` tests a ratio of 1 by the test of
        the method, Fisher's two-sided one with ``conditional``.  What would be infinite is NaN.

    Raises
    ------
    InvalidArgument
        Counts that are not whole, not two, or of an empty arm; unknown ``method``; ``conf_level``
        outside (0, 1).

    Notes
    -----
    woolf: variance 1/a + 1/b + 1/c + 1/d of the logarithm.  conditional: given both margins the events
    of the experimental arm have Fisher's noncentral hypergeometric distribution; its parameter is estimated
    by maximum likelihood.  miettinen-nurminen: score statistic with the N/(N - 1) factor.

    R: ``fisher.test`` (conditional; its search stops at a relative 1e-4, ours at 1e-13),
    ``epitools::oddsratio.wald``.  SAS: ``PROC FREQ; TABLES arm*event /
    OR(CL=(WALD EXACT SCORE))``.

    References
    ----------
    Woolf, Annals of Human Genetics 19 (1955), 251-253; Cornfield (1956); Miettinen and Nurminen, Statistics
    in Medicine 4 (1985), 213-226, equations 14-16.

    Examples
    --------
    >>> result = odds_ratio((20, 3), (100, 100))
    >>> round(result.estimate, 4), round(result.lower, 4), round(result.upper, 4)
    (0.1237, 0.0355, 0.4314)
    """
    checks.option(method, OddsMethod, "method")
    checks.probability(conf_level, "conf_level")
    arms = two_arms(events, totals)
    if method == "conditional":
        return conditional_estimate(arms, conf_level, "odds ratio, conditional maximum likelihood")
    cells = [
        float(value[0])
        for value in (
            arms.experimental_events,
            arms.experimental_total - arms.experimental_events,
            arms.control_events,
            arms.control_total - arms.control_events,
        )
    ]
    estimate = _ratio(cells[0] * cells[3], cells[1] * cells[2])
    error = sqrt(sum(1 / cell for cell in cells)) if min(cells) > 0 else nan
    if method == "woolf":
        return _log_normal(estimate, error, conf_level, "odds ratio", "Woolf limits")
    empty = float(arms.events[0]) in (0.0, float(arms.total[0]))
    return _scored(lambda value: odds_score(arms, value), estimate, error, conf_level, ("odds ratio", empty))


def conditional_estimate(arms: TwoArms, conf_level: float, words: str) -> Estimate:
    """Return the conditional odds ratio common to the strata with exact limits and two-sided p-value."""
    odds = ConditionalOdds(arms)
    lower, upper = odds.limits(conf_level)
    estimate = odds.estimate()
    return Estimate(
        estimate=_finite(estimate),
        std_error=nan,
        lower=lower,
        upper=_finite(upper),
        conf_level=conf_level,
        p_value=min(1.0, sum(odds.two_sided())),
        method=f"{words}, experimental over control, exact limits and Fisher test{_infinite(estimate)}",
    )


def log_limits(estimate: float, error: float, conf_level: float) -> tuple[float, float]:
    """Return the limits of a ratio that is normal on the log scale with standard error ``error``."""
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return exp(log(estimate) - half), exp(log(estimate) + half)


def _log_normal(estimate: float, error: float, conf_level: float, what: str, words: str) -> Estimate:
    known = not isnan(error) and 0 < estimate < inf
    lower, upper = log_limits(estimate, error, conf_level) if known else (nan, nan)
    reason = "" if known else "; limits not estimable: an empty cell, use another method"
    if known and error == 0:
        reason = "; no variance"
    return Estimate(
        estimate=_finite(estimate),
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=float(2 * ndtr(-abs(log(estimate)) / error)) if known and error > 0 else nan,
        method=f"{what}, experimental over control, {words}{reason}",
    )


def _scored(
    statistic: Callable[[float], float],
    estimate: float,
    error: float,
    conf_level: float,
    what: tuple[str, bool],
) -> Estimate:
    """Return score limits on the log scale; ``what`` is the name and whether there is nothing to compare."""
    name, empty = what
    lower = upper = nan
    if not empty:
        centre = min(max(log(estimate), -FARTHEST) if estimate > 0 else -FARTHEST, FARTHEST)
        low, high = score_limits(
            lambda value: statistic(exp(value)), centre, (-FARTHEST, FARTHEST), conf_level
        )
        lower = 0.0 if low <= -FARTHEST else exp(low)
        upper = nan if high >= FARTHEST else exp(high)
    return Estimate(
        estimate=_finite(estimate),
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=nan if empty else float(2 * ndtr(-abs(statistic(1.0)))),
        method=f"{name}, experimental over control, Miettinen-Nurminen score limits and test"
        + _infinite(estimate),
    )


def _ratio(over: float, under: float) -> float:
    if under > 0:
        return over / under
    return inf if over > 0 else nan


def _finite(value: float) -> float:
    return value if value < inf else nan


def _infinite(estimate: float) -> str:
    if estimate == inf:
        return "; ratio and upper limit not estimable: they are infinite"
    return "; not estimable: no events, or nothing but events" if isnan(estimate) else ""
