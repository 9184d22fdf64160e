"""Test of a trend of the hazards over ordered arms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..arrays import as_floats
from ..chi_square import chi_square_test, no_test
from ..covariates import arm_codes
from ..errors import InvalidArgument
from .logrank import UNWEIGHTED, method_text
from .logrank_sums import logrank_sums, require_weight, risk_walk, usable, weights_over_time, why_no_test

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import RightCensored
    from ..results import TestResult
    from .weights import LogrankWeight

RANK = 1e-12  # variance below this part of the sum of its terms is 0


def logrank_trend(
    data: RightCensored,
    arm: ArrayLike,
    scores: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    weight: LogrankWeight = UNWEIGHTED,
) -> TestResult:
    """Test that the hazards of all arms are equal against a trend in the order of their scores (Tarone).

    Use it where the arms are doses or stages whose order was fixed before the data were seen; it has one
    degree of freedom and no power against differences without a trend.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of k arms, two at least.
    scores : array_like of shape (k,)
        One number an arm, in the sorted order of the labels; only their differences and ratios count.
    strata : array_like of shape (n,), optional
        One label a row: sums and variance are summed over strata.
    weight : LogrankWeight
        As in :func:`~skeletal.survival.logrank`.

    Returns
    -------
    TestResult
        Chi-square ``statistic`` with one degree of freedom, its signed root ``z``: positive where more
        events than expected come with higher scores; ``observed``, ``expected``, ``variance`` by arm.  NaN
        where no event time has subjects of arms with different scores at risk.

    Raises
    ------
    InvalidArgument
        Fewer than two arms, another number of scores than arms, scores that are missing, infinite or all
        equal, labels that are missing or too few, a ``weight`` that is none.

    Notes
    -----
    z = s'(O - E)/sqrt(s'Vs) with the vectors and the hypergeometric variance of the log-rank test.

    R: ``s <- survival::survdiff(Surv(time, event) ~ arm)``, then ``sum(scores * (s$obs - s$exp))`` over the
    root of ``scores %*% s$var %*% scores``.  SAS: ``PROC LIFETEST; STRATA arm / TREND``.

    References
    ----------
    Tarone (1975), Biometrika 62, 679-682; Klein and Moeschberger, Survival Analysis, 2nd edition,
    section 7.4.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([9, 12, 15, 7, 8, 14, 3, 4, 6], [1, 0, 1, 1, 1, 0, 1, 1, 1])
    >>> result = logrank_trend(data, ["I"] * 3 + ["II"] * 3 + ["III"] * 3, [1, 2, 3])
    >>> round(result.z, 4), round(result.p_value, 4)
    (2.7258, 0.0064)
    """
    require_weight(weight)
    codes, labels = arm_codes(arm, data.n_subjects)
    values = as_floats(scores, "scores")
    if values.size != len(labels):
        raise InvalidArgument(f"scores must have one entry an arm ({len(labels)}), got {values.size}")
    checks.rows_where(~np.isfinite(values), "scores must be finite")
    if np.ptp(values) == 0:
        raise InvalidArgument(f"scores must not all be equal, got {values.tolist()}")
    walk = risk_walk(data, codes, len(labels), strata)
    weights = weights_over_time(walk, weight)
    pairs = ", ".join(f"{label} {score:g}" for label, score in zip(labels, values, strict=True))
    method = f"{method_text('log-rank test for trend', (weight,), data, strata)}, scores {pairs}"
    if not usable(weights):
        return no_test(f"{method}; not estimable: {why_no_test(walk, weights)}")
    sums = logrank_sums(walk, weights, weights)
    # Only differences of scores matter; scaled so that they neither overflow nor cancel.
    centred = (values - values.mean()) / np.ptp(values)
    variance = float(centred @ sums.variance @ centred)
    known = variance > RANK * float(np.abs(centred) @ np.abs(sums.variance) @ np.abs(centred))
    z = float(centred @ (sums.observed - sums.expected) / np.sqrt(variance)) if known else float("nan")
    if not known:
        one_score = "at each event all at risk have one score"
        reason = one_score if sums.variance.any() else why_no_test(walk, weights)
        method = f"{method}; not estimable: {reason}"
    return chi_square_test(
        z**2,
        int(known),
        method,
        z=z,
        observed=sums.observed,
        expected=sums.expected,
        variance=sums.variance,
    )
