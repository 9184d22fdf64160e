"""One proportion with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import betainc, betaincinv, ndtr, ndtri

from .. import checks
from ..errors import InvalidArgument
from ..results import Estimate

if TYPE_CHECKING:
    from collections.abc import Callable

ProportionMethod = Literal["wilson", "exact", "jeffreys"]

Limits = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EqualTailedEstimate(Estimate):
    """An estimate whose equal-tailed limits do not hold it at the edge: Jeffreys at 0 or all subjects."""

    def __post_init__(self) -> None:
        """Skip the check that the limits hold the estimate."""


def proportion(
    event: int,
    total: int,
    *,
    method: ProportionMethod = "wilson",
    null: float | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Proportion of subjects with an event, where everybody was observed for as long as it takes.

    Use it for a yes-or-no outcome of known status, such as a response.  Where some were censored before
    the horizon use the cumulative incidence there instead.

    Parameters
    ----------
    event, total : int
        Subjects with the event, and subjects in all.
    method : {"wilson", "exact", "jeffreys"}
        Score interval (Wilson), binomial tails (Clopper-Pearson, never below the level, wide), or
        equal tails of the posterior under Jeffreys' prior.
    null : float, optional
        Proportion against which ``p_value`` tests; it lies strictly between 0 and 1.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``estimate`` event/total with ``std_error`` sqrt(p (1 - p)/total); ``p_value`` NaN without
        ``null``.

    Raises
    ------
    InvalidArgument
        Counts that are not whole, ``event`` outside 0 to ``total``, ``total`` 0; unknown ``method``;
        ``null`` or ``conf_level`` outside (0, 1).

    Notes
    -----
    The two-sided p-value goes with the method: wilson: z = (p - p0)/sqrt(p0 (1 - p0)/total) without
    continuity correction; exact: the sum over counts that are not more probable than the observed one
    (it can disagree with the interval, which has equal tails); jeffreys: twice the smaller posterior
    tail.  Jeffreys' limits are not adjusted at 0 or ``total`` events, where they do not hold the
    estimate.

    R: ``prop.test(event, total, correct = FALSE)``, ``binom.test(event, total, null)``,
    ``qbeta(c(0.025, 0.975), event + 0.5, total - event + 0.5)``.  SAS: ``PROC FREQ; TABLES y /
    BINOMIAL(CL=(WILSON EXACT JEFFREYS))``.

    References
    ----------
    Brown, Cai and DasGupta (2001), Stat Sci 16, 101-133, sections 3.1.1, 3.1.2 and 4.2.1.

    Examples
    --------
    >>> result = proportion(3, 100)
    >>> round(result.lower, 4), round(result.upper, 4)
    (0.0103, 0.0845)
    """
    checks.option(method, ProportionMethod, "method")
    checks.probability(conf_level, "conf_level")
    if null is not None:
        checks.probability(null, "null")
    n = _whole(total, "total")
    x = _whole(event, "event")
    if n == 0:
        raise InvalidArgument("total must be at least 1: there is no proportion of nobody")
    if x > n:
        raise InvalidArgument(f"event must not exceed total, got {x} of {n}")
    limits, p_value, text = _METHODS[method]
    lower, upper = limits(x, n, 1 - conf_level)
    kind = EqualTailedEstimate if method == "jeffreys" else Estimate
    return kind(
        estimate=x / n,
        std_error=sqrt(x * (n - x) / n) / n,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=float("nan") if null is None else p_value(x, n, null),
        method=text if null is None else f"{text}; null {null:g}",
    )


def _whole(value: float, name: str) -> int:
    """Return a count, or say why it is none."""
    number = np.asarray(value)
    if number.ndim or number.dtype.kind not in "iuf" or not np.isfinite(number) or number % 1 or number < 0:
        raise InvalidArgument(f"{name} must be a whole number of at least 0, got {value!r}")
    return int(number)


def _wilson(x: int, n: int, alpha: float) -> Limits:
    z = float(ndtri(1 - alpha / 2))
    centre = (x + z**2 / 2) / (n + z**2)
    half = z * sqrt(x * (n - x) / n + z**2 / 4) / (n + z**2)
    return (centre - half if x > 0 else 0.0), (centre + half if x < n else 1.0)


def _clopper_pearson(x: int, n: int, alpha: float) -> Limits:
    lower = float(betaincinv(x, n - x + 1, alpha / 2)) if x > 0 else 0.0
    upper = float(betaincinv(x + 1, n - x, 1 - alpha / 2)) if x < n else 1.0
    return lower, upper


def _jeffreys(x: int, n: int, alpha: float) -> Limits:
    lower, upper = betaincinv(x + 0.5, n - x + 0.5, [alpha / 2, 1 - alpha / 2])
    return float(lower), float(upper)


def _score_p(x: int, n: int, null: float) -> float:
    return float(2 * ndtr(-abs(x / n - null) / sqrt(null * (1 - null) / n)))


def _binomial_p(x: int, n: int, null: float) -> float:
    from scipy.stats import binomtest  # noqa: PLC0415  (half a second, and only this test needs it)

    return float(binomtest(x, n, null).pvalue)


def _posterior_p(x: int, n: int, null: float) -> float:
    below = float(betainc(x + 0.5, n - x + 0.5, null))
    return 2 * min(below, 1 - below)


_METHODS: dict[str, tuple[Callable[[int, int, float], Limits], Callable[[int, int, float], float], str]] = {
    "wilson": (_wilson, _score_p, "proportion, Wilson score limits, score test"),
    "exact": (_clopper_pearson, _binomial_p, "proportion, Clopper-Pearson limits, exact binomial test"),
    "jeffreys": (
        _jeffreys,
        _posterior_p,
        "proportion, equal-tailed Jeffreys limits, twice the posterior tail",
    ),
}
