"""Log-rank tests: k arms, strata, weights over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..chi_square import chi_square_test, quadratic_form
from ..covariates import arm_codes, label_codes
from ..errors import InvalidArgument
from .grouped_counts import GroupedCounts, grouped_counts
from .weights import LogrankWeight, PooledCounts, Unweighted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RightCensored
    from ..results import TestResult

UNWEIGHTED = Unweighted()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogrankTerms:
    """What the log-rank family sums over the event times of all strata.

    Attributes
    ----------
    observed, expected : ndarray of shape (k, m)
        Events by arm at each event time, and those expected from the share at risk.
    share : ndarray of shape (k, m)
        Share of each arm in the risk set.
    spread : ndarray of shape (m,)
        d (n - d)/(n - 1); the covariance of the counts is spread (diag(share) - share share').
    """

    observed: FloatArray
    expected: FloatArray
    share: FloatArray
    spread: FloatArray


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
    if isinstance(weight, type) or not callable(getattr(weight, "at", None)):
        raise InvalidArgument(f"weight must be a log-rank weight such as Unweighted(), got {weight!r}")
    codes, labels = arm_codes(arm, data.n_subjects, control)
    stratum = None if strata is None else label_codes(strata, data.n_subjects, "strata")[0]
    counts = grouped_counts(data, codes, len(labels), stratum)
    terms, weights = logrank_terms(counts), weights_over_time(counts, weight)
    observed, expected = terms.observed @ weights, terms.expected @ weights
    variance = logrank_variance(terms, weights, weights)
    statistic, df = quadratic_form(observed - expected, variance)
    z = float("nan")
    if len(labels) == 2 and df == 1:
        z = float((observed[1] - expected[1]) / np.sqrt(variance[1, 1]))
    return chi_square_test(
        statistic,
        df,
        _method(weight, labels, stratified=stratum is not None, weighted=data.weight is not None),
        z=z,
        observed=observed,
        expected=expected,
        variance=variance,
    )


def logrank_terms(counts: GroupedCounts) -> LogrankTerms:
    """Return observed, expected and the parts of the variance at each event time."""
    n, d = counts.n_at_risk.sum(axis=0), counts.n_events.sum(axis=0)
    share = counts.n_at_risk / n
    spread = np.where(n > 1, d * (n - d) / np.where(n > 1, n - 1, 1.0), 0.0)
    return LogrankTerms(observed=counts.n_events, expected=share * d, share=share, spread=spread)


def logrank_variance(terms: LogrankTerms, first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the covariance (k, k) of the observed less expected sums under two weights."""
    scale = terms.spread * first * second
    variance = np.diag(terms.share @ scale) - (terms.share * scale) @ terms.share.T
    return np.asarray((variance + variance.T) / 2)


def weights_over_time(counts: GroupedCounts, weight: LogrankWeight) -> FloatArray:
    """Return the weight at each event time, from the counts of all arms within its stratum."""
    n, d = counts.n_at_risk.sum(axis=0), counts.n_events.sum(axis=0)
    weights = np.empty(n.size)
    starts = np.flatnonzero(np.diff(counts.stratum, prepend=-1))
    for low, high in zip(starts, np.append(starts, n.size)[1:], strict=True):
        part = slice(low, high)
        pooled = PooledCounts(time=counts.time[part], n_at_risk=n[part], n_events=d[part])
        weights[part] = weight.at(pooled)
    return weights


def _method(weight: LogrankWeight, labels: tuple[object, ...], *, stratified: bool, weighted: bool) -> str:
    parts = ["log-rank test" if isinstance(weight, Unweighted) else f"log-rank test, {weight.name} weights"]
    if stratified:
        parts.append("stratified")
    if weighted:
        parts.append("case weights")
    parts.append("hypergeometric variance")
    parts.append(f"reference {labels[0]}")
    return ", ".join(parts)
