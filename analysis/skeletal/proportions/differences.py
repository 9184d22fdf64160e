"""Difference of two proportions."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, Literal

from scipy.special import ndtr, ndtri

from .. import checks
from ..results import Estimate
from .counts import TwoArms, two_arms
from .risks import proportion
from .score_limits import difference_score, score_limits
from .unconditional import unconditional_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

DifferenceMethod = Literal["wald", "newcombe", "miettinen-nurminen", "exact"]
Limits = tuple[float, float, float]


def risk_difference(
    events: ArrayLike, totals: ArrayLike, *, method: DifferenceMethod = "newcombe", conf_level: float = 0.95
) -> Estimate:
    """Difference of the proportions of two arms, experimental minus control.

    Use it where everybody's outcome is known; where some were censored before the horizon use the
    difference of cumulative incidences there.

    Parameters
    ----------
    events, totals : array_like of shape (2,)
        Subjects with the event, and subjects, as (control, experimental).
    method : {"wald", "newcombe", "miettinen-nurminen", "exact"}
        ``newcombe``: from the Wilson limits of the arms (a good default at any size); ``wald``: normal,
        too narrow for few events; ``miettinen-nurminen``: inverts the score test, as regulators ask for
        non-inferiority; ``exact``: never below the level whatever the common proportion (Chan and Zhang),
        for pilots of some tens an arm (up to some hundreds, at the price of seconds).
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``std_error`` is the unpooled one with every method; ``p_value`` tests a difference of 0 by the test
        that belongs to the limits (``newcombe`` has none: NaN).

    Raises
    ------
    InvalidArgument
        Counts that are not whole, not two, or of an empty arm; unknown ``method``; ``conf_level``
        outside (0, 1).

    Notes
    -----
    With p, q the proportions of control and experimental arm and l, u their Wilson limits: newcombe
    d - sqrt((q - l_q)^2 + (u_p - p)^2) to d + sqrt((u_q - q)^2 + (p - l_p)^2).  miettinen-nurminen: the d0
    with |d - d0| = z sqrt(v N/(N - 1)), v at the likeliest proportions that differ by d0.  exact: two
    one-sided tests that order the tables by that statistic and take the largest p-value over all common
    proportions.

    R: ``prop.test(correct = FALSE)`` (wald), ``PropCIs::diffscoreci``, ``exact2x2::uncondExact2x2(method =
    "score")``.  SAS: ``PROC FREQ; TABLES arm*event / RISKDIFF(CL=(WALD NEWCOMBE MN EXACT))`` with
    ``RISKDIFF(METHOD=SCORE)`` for ``exact``.

    References
    ----------
    Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10; Miettinen and Nurminen, Statistics in
    Medicine 4 (1985), 213-226, equations 6-10; Chan and Zhang, Biometrics 55 (1999), 1202-1209.

    Examples
    --------
    >>> result = risk_difference((20, 3), (100, 100))
    >>> round(result.estimate, 2), round(result.lower, 4), round(result.upper, 4)
    (-0.17, -0.261, -0.0839)
    """
    checks.option(method, DifferenceMethod, "method")
    checks.probability(conf_level, "conf_level")
    arms = two_arms(events, totals)
    difference = float(arms.experimental[0] - arms.control[0])
    limits, words = _METHODS[method]
    lower, upper, p_value = limits(arms, difference, conf_level)
    return Estimate(
        estimate=difference,
        std_error=unpooled_error(arms),
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=p_value,
        method=f"difference of proportions, experimental minus control, {words}",
    )


def unpooled_error(arms: TwoArms) -> float:
    """Return the standard error of the difference with each arm's own proportion."""
    p, q = float(arms.control[0]), float(arms.experimental[0])
    return sqrt(p * (1 - p) / float(arms.control_total[0]) + q * (1 - q) / float(arms.experimental_total[0]))


def _wald(arms: TwoArms, difference: float, conf_level: float) -> Limits:
    error = unpooled_error(arms)
    half = float(ndtri(0.5 + conf_level / 2)) * error
    p_value = float(2 * ndtr(-abs(difference) / error)) if error > 0 else nan
    return difference - half, difference + half, p_value


def _newcombe(arms: TwoArms, difference: float, conf_level: float) -> Limits:
    control, experimental = (
        proportion(int(events[0]), int(total[0]), method="wilson", conf_level=conf_level)
        for events, total in (
            (arms.control_events, arms.control_total),
            (arms.experimental_events, arms.experimental_total),
        )
    )
    below = sqrt((experimental.estimate - experimental.lower) ** 2 + (control.upper - control.estimate) ** 2)
    above = sqrt((experimental.upper - experimental.estimate) ** 2 + (control.estimate - control.lower) ** 2)
    return difference - below, difference + above, nan


def _miettinen_nurminen(arms: TwoArms, difference: float, conf_level: float) -> Limits:
    lower, upper = score_limits(
        lambda value: difference_score(arms, value), difference, (-1.0, 1.0), conf_level
    )
    return lower, upper, float(2 * ndtr(-abs(difference_score(arms, 0.0))))


def _exact(arms: TwoArms, difference: float, conf_level: float) -> Limits:
    return unconditional_limits(arms, difference, conf_level)


_METHODS: dict[str, tuple[Callable[[TwoArms, float, float], Limits], str]] = {
    "wald": (_wald, "Wald limits, unpooled standard error"),
    "newcombe": (_newcombe, "Newcombe limits (hybrid of Wilson score limits)"),
    "miettinen-nurminen": (_miettinen_nurminen, "Miettinen-Nurminen score limits and test"),
    "exact": (_exact, "exact unconditional limits and test (Chan and Zhang, score statistic)"),
}
