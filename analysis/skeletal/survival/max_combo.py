"""The largest of several weighted log-rank statistics, with their joint normal distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..covariates import arm_codes
from ..errors import InvalidArgument, name_some
from ..results import MaxComboResult
from .logrank import method_text
from .logrank_sums import logrank_sums, require_weight, risk_walk, usable, weights_over_time, why_no_test
from .normal_rectangle import loadings, outside_rectangle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RightCensored
    from .logrank_sums import RiskWalk
    from .weights import LogrankWeight

Alternative = Literal["two-sided", "less", "greater"]

MOST_WEIGHTS = 8  # the faces of the rectangle are as many as 3^m


def max_combo(
    data: RightCensored,
    arm: ArrayLike,
    weights: Sequence[LogrankWeight],
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    alternative: Alternative = "two-sided",
) -> MaxComboResult:
    """Test that the hazards of two arms are equal at all times, by the largest of several log-rank tests.

    Use it where it is not known whether the hazards are proportional or differ early or late: it loses
    little power against the best of its weights.  The weights must be chosen before the data are seen.  It
    says that the arms differ, not which one is better: with crossing curves both directions may be rejected.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of two arms.
    weights : sequence of LogrankWeight
        m weights, at most 8, such as ``[Unweighted(), FlemingHarrington(0, 1), FlemingHarrington(1, 0)]``.
    control : label, optional
        The reference; default the first in sorted order.
    strata : array_like of shape (n,), optional
        One label a row: sums and covariances are summed over strata.
    alternative : {"two-sided", "less", "greater"}
        ``less``: fewer events on the experimental arm; ``greater``: more.

    Returns
    -------
    MaxComboResult
        ``component_z`` as in :func:`~skeletal.survival.logrank`, negative for fewer events than expected on
        the experimental arm; ``statistic`` = max abs(z) whatever the alternative; a
        one-sided p-value is that of max -z (less) or max z (greater).  NaN where a component has no
        variance.

    Raises
    ------
    InvalidArgument
        Other than two arms, no weights or more than 8, an entry that is no weight, an unknown
        ``alternative``, a ``control`` that is none, labels that are missing or too few.

    Notes
    -----
    The covariance of two components is the sum of w_a w_b d (n - d)/(n - 1) p (1 - p), p the share of the
    experimental arm at risk, both weights from the same pooled counts.  The p-value is the multivariate
    normal probability that some component is at least as large, computed without random numbers to 1e-9,
    also where the correlation is singular (weights 1, S and 1 - S, or one weight twice).

    R: ``nph::logrank.maxtest(time, event, group, rho = c(0, 0, 1), gamma = c(0, 1, 0))`` and
    ``simtrial::maxcombo``, whose p-values are quasi-Monte Carlo and differ from call to call.  SAS: none;
    ``PROC LIFETEST`` gives the components.

    References
    ----------
    Karrison (2016), Stata Journal 16, 678-690; Lin et al. (2020), Statistics in Biopharmaceutical Research
    12, 187-198, section 2.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> from skeletal.survival import FlemingHarrington, Unweighted
    >>> data = RightCensored([6, 13, 21, 30, 31, 37, 38, 47], [1, 1, 1, 1, 0, 1, 0, 0])
    >>> result = max_combo(data, list("AABAABBB"), [Unweighted(), FlemingHarrington(1, 0)])
    >>> result.component_z.round(4), round(result.p_value, 4)
    (array([-1.3677, -1.3887]), 0.1856)
    """
    checks.option(alternative, Alternative, "alternative")
    chosen = _weights(weights)
    codes, labels = arm_codes(arm, data.n_subjects, control)
    if len(labels) != 2:
        raise InvalidArgument(f"arm must have two labels, got {len(labels)} ({name_some(labels)})")
    walk = risk_walk(data, codes, 2, strata)
    method = f"{method_text('MaxCombo test', chosen, data, strata)}, reference {labels[0]}"
    over_time = [weights_over_time(walk, weight) for weight in chosen]
    difference, covariance = _components(walk, over_time)
    variance = np.diag(covariance)
    known = variance > 0
    if not known.all():
        lost = int(np.flatnonzero(~known)[0])
        reason = f"{chosen[lost].name}: {why_no_test(walk, over_time[lost])}"
        return _result(
            alternative,
            np.full(len(chosen), np.nan),
            covariance * np.nan,
            f"{method}; not estimable: {reason}",
        )
    z = difference / np.sqrt(variance)
    correlation = np.clip(covariance / np.sqrt(np.outer(variance, variance)), -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    return _result(alternative, z, correlation, f"{method}, multivariate normal by integration")


def _weights(weights: Sequence[LogrankWeight]) -> tuple[LogrankWeight, ...]:
    if callable(getattr(weights, "at", None)) or isinstance(weights, type):
        raise InvalidArgument(f"weights must be a sequence of log-rank weights, got {weights!r}")
    chosen = tuple(weights)
    if not 1 <= len(chosen) <= MOST_WEIGHTS:
        raise InvalidArgument(f"weights must have 1 to {MOST_WEIGHTS} entries, got {len(chosen)}")
    for weight in chosen:
        require_weight(weight)
    return chosen


def _components(walk: RiskWalk, weights: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return observed less expected of the experimental arm under each weight, and their covariance."""
    m = len(weights)
    difference, covariance = np.full(m, np.nan), np.full((m, m), np.nan)
    finite = [a for a in range(m) if usable(weights[a])]
    for a in finite:
        for b in finite:
            if b >= a:
                sums = logrank_sums(walk, weights[a], weights[b])
                covariance[a, b] = covariance[b, a] = sums.variance[1, 1]
                if a == b:
                    difference[a] = sums.observed[1] - sums.expected[1]
    return difference, covariance


def _result(alternative: Alternative, z: FloatArray, correlation: FloatArray, method: str) -> MaxComboResult:
    extreme = {"two-sided": np.abs(z), "less": -z, "greater": z}[alternative].max()
    p_value = df = float("nan")
    if np.isfinite(extreme):
        df = float(loadings(correlation).shape[1])
        upper = np.full(z.size, extreme)
        lower = -upper if alternative == "two-sided" else np.full(z.size, -np.inf)
        p_value = outside_rectangle(correlation, lower, upper) if (lower < upper).all() else 1.0
    return MaxComboResult(
        statistic=float(np.abs(z).max()),
        df=df,
        p_value=p_value,
        alternative=alternative,
        component_z=z,
        correlation=correlation,
        method=method,
    )
