"""Log-rank and Wilcoxon tests of interval-censored times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..chi_square import chi_square_test, quadratic_form
from ..covariates import arm_codes
from ..errors import InvalidArgument
from ..survival.permutation_distribution import two_sided_probability
from .hazard_climb import rows_of
from .innermost import innermost_sets, require_intervals
from .scores import Scores, arm_information, likeliest, row_scores
from .turnbull import likeliest_mass

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray
    from ..data import IntervalCensored
    from ..results import TestResult

Variance = Literal["permutation", "score", "exact"]

EQUAL = 1e-20  # variance of the scores below this part of their square is 0
NOTHING = 1e-9  # relative eigenvalue that is a rounded 0
MODELS = {
    "logrank1": "Sun's log-rank scores (discrete proportional odds of the hazard)",
    "logrank2": "Finkelstein's log-rank scores (grouped proportional hazards)",
    "wmw": "Wilcoxon-Mann-Whitney scores (proportional odds)",
}
VARIANCES = {
    "permutation": "permutation variance",
    "score": "observed information with survival estimated",
    "exact": "permutation variance, p-value over all assignments",
}


def interval_logrank(
    data: IntervalCensored,
    arm: ArrayLike,
    *,
    control: object = None,
    scores: Scores = "logrank1",
    method: Variance = "permutation",
) -> TestResult:
    """Test that survival does not depend on the arm where events are known only to lie in intervals.

    Both log-rank scores are for hazards in proportion and seldom differ; ``wmw`` looks more at early
    differences.  The permutation forms suppose that visits do not depend on the arm; ``score`` does not,
    but wants far fewer sets with mass than rows.

    Parameters
    ----------
    data : IntervalCensored
        n rows (left, right].
    arm : array_like of shape (n,)
        Labels of two or more arms.
    control : label, optional
        The reference, which comes first in the result; default the first in sorted order.
    scores : {"logrank1", "logrank2", "wmw"}
        Sun; Finkelstein; Wilcoxon-Mann-Whitney.
    method : {"permutation", "score", "exact"}
        Normal (chi-square) approximation with the permutation variance; with the observed information of
        the model; the permutation statistic with its p-value over all assignments (two arms; refused where
        more than 300 rows, or their ties, leave too many sums to list).

    Returns
    -------
    TestResult
        ``statistic`` is chi-square (z squared for two arms); ``z`` of two arms is that of the experimental
        arm, negative for fewer events than expected.  ``observed`` counts the rows
        whose event is known to have happened, and ``observed - expected`` is the sum of the scores of the
        arm.  NaN where all scores are equal.

    Raises
    ------
    InvalidArgument
        Data of another type, fewer than two arms, a ``control`` that is none, labels that are missing or too
        few, unknown ``scores`` or ``method``, ``exact`` with more than two arms or too many rows.

    Notes
    -----
    With S the Turnbull estimate of all rows, at the ends l and r of a row the score is
    (f(l) - f(r))/(S(l) - S(r)), where f is -S sum (1 - S_j/S_(j-1)) for ``logrank1``, S log S for
    ``logrank2`` and S(S - 1) for ``wmw``.  Of exact and right-censored times these are the events less the
    expected ones.  An arm's sum U has the permutation variance sum (c - mean)^2/(n - 1) n_a (n - n_a)/n.
    ``score``: the information of the effects less what the survival at the sets with mass takes of it.

    R: ``interval::ictest(Surv(left, right, type = "interval2") ~ arm, scores = "logrank1")`` (``method =
    "pclt"``, ``"scoretest"``, ``"exact.network"``); its Z for two arms is that of the group it names first.
    SAS: ``PROC ICLIFETEST; TEST arm / WEIGHT=SUN`` (``FINKELSTEIN``).

    References
    ----------
    Sun (1996), Stat Med 15, 1387-1395; Finkelstein (1986), Biometrics 42, 845-854; Fay (1996), Biometrics 52,
    811-822; Fay and Shaw (2010), J Stat Softw 36(2).

    Examples
    --------
    >>> from skeletal.data import IntervalCensored
    >>> inf = float("inf")
    >>> data = IntervalCensored([0, 3, 3, 6, 6, 12, 12, 12], [3, 6, 12, inf, 12, inf, 24, inf])
    >>> result = interval_logrank(data, list("AAABABBB"))
    >>> (result.observed - result.expected).round(4), round(result.z, 4), round(result.p_value, 4)
    (array([ 2.3473, -2.3473]), -2.5295, 0.0114)
    """
    checks.option(scores, Scores, "scores")
    checks.option(method, Variance, "method")
    require_intervals(data)
    codes, labels = arm_codes(arm, data.n_subjects, control)
    k = len(labels)
    if method == "exact" and k > 2:
        raise InvalidArgument(f"method='exact' takes two arms, got {k}: use 'permutation' or 'score'")
    sets = innermost_sets(data)
    mass = likeliest_mass(data, rows_of(sets))[0]
    fit = likeliest(mass, sets.first, sets.last)
    score = row_scores(fit, scores)
    text = f"interval-censored log-rank test, {MODELS[scores]}, {VARIANCES[method]}, reference {labels[0]}"
    centred = score - score.mean()
    spread = float(centred @ centred)
    known = spread > EQUAL * score.size * float(np.max(np.abs(score))) ** 2
    if method == "score":
        variance = arm_information(fit, scores, codes, k)
    else:
        variance = _permutation_variance(codes, spread, k)
    sums = np.bincount(codes, score if method == "score" else centred, k).astype(np.float64)
    observed = np.bincount(codes, np.isfinite(data.right), k).astype(np.float64)
    reason = "" if known else "all scores are equal"
    if known and not _is_variance(variance, spread):
        reason = "the observed information is none of a maximum"
    statistic, df = (float("nan"), 0) if reason else quadratic_form(sums, variance)
    result = chi_square_test(
        statistic,
        df,
        text,
        z=float(sums[1] / np.sqrt(variance[1, 1])) if k == 2 and df == 1 else float("nan"),
        observed=observed,
        expected=observed - sums,
        variance=variance,
        otherwise=reason or "the statistic has no variance",
    )
    if method != "exact" or not known:
        return result
    return replace(result, p_value=_exact(score, int(np.sum(codes == 1)), abs(float(sums[1]))))


def _exact(score: FloatArray, chosen: int, deviation: float) -> float:
    """Return the p-value over all assignments; refuse too many in terms of this test's options."""
    try:
        return two_sided_probability(score, chosen, deviation)
    except InvalidArgument as error:
        reason = str(error).partition(":")[0].replace("distribution=", "method=")
        raise InvalidArgument(f"{reason}: use method='permutation'") from None


def _is_variance(matrix: FloatArray, spread: float) -> bool:
    """Whether no direction has a negative variance, and one has some beside the ``spread`` of the scores."""
    values = np.linalg.eigvalsh(matrix)
    return bool(values[-1] > NOTHING * spread and values[0] >= -NOTHING * values[-1])


def _permutation_variance(codes: IntArray, spread: float, k: int) -> FloatArray:
    """Covariance of the arms' sums of scores when the arms are dealt out anew."""
    n = codes.size
    sizes = np.bincount(codes, minlength=k).astype(np.float64)
    share = spread / (n - 1)
    return np.asarray(share * (np.diag(sizes) - np.outer(sizes, sizes) / n))
