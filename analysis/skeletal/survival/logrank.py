"""Log-rank tests: k arms, strata, weights over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..chi_square import chi_square_test, no_test, quadratic_form
from ..covariates import arm_codes
from .logrank_sums import logrank_sums, require_weight, risk_walk, usable, weights_over_time, why_no_test
from .weights import LogrankWeight, Unweighted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..data import RightCensored
    from ..results import TestResult

UNWEIGHTED = Unweighted()


def logrank(
    data: RightCensored,
    arm: ArrayLike,
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    weight: LogrankWeight = UNWEIGHTED,
) -> TestResult:
    """Test that the hazards of all arms are equal at all times (log-rank family).

    The unweighted test is the score test of proportional hazards; a weight moves its power to early or
    late differences and must be chosen before the data are seen.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of two or more arms.
    control : label, optional
        The reference, which comes first in the result; default the first in sorted order.
    strata : array_like of shape (n,), optional
        One label a row: observed, expected and variance are summed over strata.
    weight : LogrankWeight
        ``Unweighted()``, ``FlemingHarrington(rho, gamma)``, ``Gehan()``, ``TaroneWare()``,
        ``PetoPeto()`` or ``ModestlyWeighted(t_star=...)``.

    Returns
    -------
    TestResult
        Chi-square ``statistic``; ``z`` of two arms is that of the experimental arm: negative for fewer
        events than expected.  NaN where no event time has subjects of two arms at risk.

    Raises
    ------
    InvalidArgument
        Fewer than two arms, a ``control`` that is none, labels that are missing or too few, a ``weight``
        that is none.

    Notes
    -----
    U = sum w (observed - d share), with hypergeometric variance
    sum w^2 d (n - d)/(n - 1) (diag(share) - share share').  Weights come from the counts of all arms
    within the stratum; with case weights every count is a weighted sum.  Degrees of freedom are the
    rank of the variance: an arm that is never at risk at an event time adds none.

    R: ``survival::survdiff(Surv(time, event) ~ arm + strata(s), rho = 0)``; ``nph::logrank.test``,
    ``nphRCT::wlrt``.  SAS: ``PROC LIFETEST; STRATA s / GROUP=arm TEST=(LOGRANK)``.

    References
    ----------
    Mantel (1966); Peto and Peto (1972); Klein and Moeschberger, Survival Analysis, 2nd edition,
    sections 7.3 and 7.5.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([6, 13, 21, 30, 31, 37, 38, 47], [1, 1, 1, 1, 0, 1, 0, 0])
    >>> result = logrank(data, ["A", "A", "B", "A", "A", "B", "B", "B"])
    >>> result.observed, round(result.z, 4), round(result.p_value, 4)
    (array([3., 2.]), -1.3677, 0.1714)
    """
    require_weight(weight)
    codes, labels = arm_codes(arm, data.n_subjects, control)
    walk = risk_walk(data, codes, len(labels), strata)
    weights = weights_over_time(walk, weight)
    method = method_text("log-rank test", (weight,), data, strata)
    method = f"{method}, reference {labels[0]}"
    if not usable(weights):
        return no_test(f"{method}; not estimable: {why_no_test(walk, weights)}")
    sums = logrank_sums(walk, weights, weights)
    difference = sums.observed - sums.expected
    statistic, df = quadratic_form(difference, sums.variance)
    z = float("nan")
    if len(labels) == 2 and df == 1:
        z = float(difference[1] / np.sqrt(sums.variance[1, 1]))
    if df == 0:
        method = f"{method}; not estimable: {why_no_test(walk, weights)}"
    return chi_square_test(
        statistic,
        df,
        method,
        z=z,
        observed=sums.observed,
        expected=sums.expected,
        variance=sums.variance,
    )


def method_text(
    name: str, weights: Sequence[LogrankWeight], data: RightCensored, strata: ArrayLike | None
) -> str:
    """Return what a reader must know of a test of the log-rank family."""
    parts = [name]
    if len(weights) > 1 or not isinstance(weights[0], Unweighted):
        parts.append(f"{' + '.join(weight.name for weight in weights)} weights")
    if strata is not None:
        parts.append("stratified")
    if data.entry is not None:
        parts.append("delayed entry")
    if data.weight is not None:
        parts.append("case weights")
    parts.append("hypergeometric variance")
    return ", ".join(parts)
