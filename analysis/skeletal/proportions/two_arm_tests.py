"""Tests that two arms have one proportion, or that one is not worse by a margin."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr

from .. import checks
from ..chi_square import NO_MATRIX, chi_square_test
from ..errors import InvalidArgument
from ..results import TestResult
from .conditional import ConditionalOdds
from .counts import TwoArms, two_arms
from .differences import unpooled_error
from .score_limits import difference_score, ratio_score

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray

TestMethod = Literal["pooled", "unpooled", "yates"]
Alternative = Literal["two-sided", "less", "greater"]
OneSided = Literal["less", "greater"]
FisherP = Literal["exact", "mid"]
MarginMethod = Literal["farrington-manning", "miettinen-nurminen", "wald"]
Scale = Literal["difference", "ratio"]


def proportions_test(events: ArrayLike, totals: ArrayLike, *, method: TestMethod = "pooled") -> TestResult:
    """Test that the proportions of two arms are equal.

    Parameters
    ----------
    events, totals : array_like of shape (2,)
        Subjects with the event, and subjects, as (control, experimental).
    method : {"pooled", "unpooled", "yates"}
        Pearson's chi-square, Wald's with each arm's own variance, or Pearson's with Yates' correction.

    Returns
    -------
    TestResult
        ``z`` of experimental minus control; ``observed`` and ``expected`` events by arm, control first.
        NaN where nobody or everybody had the event (``unpooled``: where neither arm varies).

    Raises
    ------
    InvalidArgument
        Counts that are not whole, not two, or of an empty arm; unknown ``method``.

    Notes
    -----
    Yates' correction takes (1/m + 1/n)/2, at most the whole, off the absolute difference.

    R: ``prop.test(correct = FALSE)``, ``prop.test()`` (yates).  SAS: ``PROC FREQ; TABLES arm*event / CHISQ``.

    References
    ----------
    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 3rd edition, section 3.1.

    Examples
    --------
    >>> result = proportions_test((20, 3), (100, 100))
    >>> round(result.z, 4), round(result.statistic, 4)
    (-3.768, 14.198)
    """
    checks.option(method, TestMethod, "method")
    arms = two_arms(events, totals)
    gap = float(arms.experimental[0] - arms.control[0])
    share = float(arms.events[0] / arms.total[0])
    sizes = 1 / float(arms.control_total[0]) + 1 / float(arms.experimental_total[0])
    error = unpooled_error(arms) if method == "unpooled" else sqrt(share * (1 - share) * sizes)
    if method == "yates":
        gap = float(np.copysign(max(abs(gap) - sizes / 2, 0.0), gap))
    words = {
        "pooled": "Pearson's chi-square test",
        "unpooled": "Wald test with unpooled variance",
        "yates": "Pearson's chi-square test with Yates' continuity correction",
    }[method]
    z = gap / error if error > 0 else nan
    return chi_square_test(
        z**2,
        1 if error > 0 else 0,
        f"{words} of two proportions" + ("" if error > 0 else "; not estimable: the outcome does not vary"),
        z=z,
        observed=_observed(arms),
        expected=_expected(arms),
    )


def fisher_test(
    events: ArrayLike,
    totals: ArrayLike,
    *,
    alternative: Alternative = "two-sided",
    p: FisherP = "exact",
) -> TestResult:
    """Test, given the margins, that the proportions of two arms are equal (Fisher's exact test).

    Parameters
    ----------
    events, totals : array_like of shape (2,)
        Subjects with the event, and subjects, as (control, experimental).
    alternative : {"two-sided", "less", "greater"}
        ``less``: fewer events on the experimental arm.
    p : {"exact", "mid"}
        ``mid`` counts the observed table by half: nearer to its level, no longer never above it.

    Returns
    -------
    TestResult
        ``statistic`` is the number of events on the experimental arm; ``df`` and ``z`` are NaN.

    Raises
    ------
    InvalidArgument
        Counts that are not whole, not two, or of an empty arm; unknown ``alternative`` or ``p``.

    Notes
    -----
    Two-sided: the tables that are not more probable than the observed one; ``mid`` counts by half those that
    are as probable as it (one-sided: the observed table).

    R: ``fisher.test``; ``exact2x2::exact2x2(midp = TRUE)``.  SAS: ``PROC FREQ; EXACT FISHER / MIDP``.

    References
    ----------
    Fisher (1935); Agresti, Categorical Data Analysis, 3rd edition, sections 3.5.1 and 3.5.5.

    Examples
    --------
    >>> round(fisher_test((20, 3), (100, 100)).p_value, 6)
    0.000224
    """
    checks.option(alternative, Alternative, "alternative")
    checks.option(p, FisherP, "p")
    arms = two_arms(events, totals)
    odds = ConditionalOdds(arms)
    if alternative == "two-sided":
        beyond, tied = odds.two_sided()
    else:
        tied = odds.exactly()
        beyond = (odds.at_most(0.0) if alternative == "less" else odds.at_least(0.0)) - tied
    p_value = beyond + (tied / 2 if p == "mid" else tied)
    return TestResult(
        statistic=odds.observed,
        df=nan,
        p_value=min(p_value, 1.0),
        alternative=alternative,
        z=nan,
        observed=_observed(arms),
        expected=_expected(arms),
        variance=NO_MATRIX,
        method=f"Fisher's exact test{' (mid-p)' if p == 'mid' else ''}; statistic: experimental events",
    )


def noninferiority_test(
    events: ArrayLike,
    totals: ArrayLike,
    *,
    margin: float,
    alternative: OneSided = "less",
    method: MarginMethod = "farrington-manning",
    scale: Scale = "difference",
) -> TestResult:
    """Test that the experimental proportion is worse than the control's by ``margin`` or more.

    Rejecting shows non-inferiority: at one-sided 0.025 it is the same as the 95 percent limit of the same
    method lying on the good side of the margin.

    Parameters
    ----------
    events, totals : array_like of shape (2,)
        Subjects with the event, and subjects, as (control, experimental).
    margin : float
        Difference (experimental minus control) or ratio under the null: for a harmful event above 0 (1),
        for a good outcome below 0 (1).
    alternative : {"less", "greater"}
        ``less``: the true contrast is below the margin (the event does harm); ``greater``: above it.
    method : {"farrington-manning", "miettinen-nurminen", "wald"}
        Score test with proportions restricted to the null, the same with the N/(N - 1) factor, or the
        unpooled Wald test (difference only).
    scale : {"difference", "ratio"}
        Scale of the margin.

    Returns
    -------
    TestResult
        ``z`` and its one-sided ``p_value``; ``statistic`` is z squared.

    Raises
    ------
    InvalidArgument
        Counts that are not whole, not two, or of an empty arm; a margin that the scale does not have;
        ``wald`` on the ratio scale; unknown options.

    Notes
    -----
    R: ``gsDesign::testBinomial(delta0 = margin)``, ``ratesci::scoreci``.  SAS: ``PROC FREQ;
    TABLES arm*event / RISKDIFF(NONINF MARGIN= METHOD=FM)``.

    References
    ----------
    Farrington and Manning, Statistics in Medicine 9 (1990), 1447-1454; Miettinen and Nurminen (1985).

    Examples
    --------
    >>> result = noninferiority_test((20, 22), (100, 100), margin=0.15)
    >>> round(result.z, 3), round(result.p_value, 4)
    (-2.235, 0.0127)
    """
    checks.option(alternative, OneSided, "alternative")
    checks.option(method, MarginMethod, "method")
    checks.option(scale, Scale, "scale")
    arms = two_arms(events, totals)
    _check_margin(margin, scale, method)
    if method == "wald":
        error = unpooled_error(arms)
        gap = float(arms.experimental[0] - arms.control[0]) - margin
        z = gap / error if error > 0 else nan
    else:
        score = difference_score if scale == "difference" else ratio_score
        z = score(arms, margin, corrected=method == "miettinen-nurminen")
    words = {"farrington-manning": "Farrington-Manning", "miettinen-nurminen": "Miettinen-Nurminen"}
    return TestResult(
        statistic=z**2,
        df=1.0,
        p_value=float(ndtr(z if alternative == "less" else -z)),
        alternative=alternative,
        z=z,
        observed=_observed(arms),
        expected=np.empty(0),
        variance=NO_MATRIX,
        method=f"{words.get(method, 'Wald')} test of a {scale} of {margin:g}, experimental against control",
    )


def _check_margin(margin: float, scale: Scale, method: MarginMethod) -> None:
    if scale == "ratio" and method == "wald":
        raise InvalidArgument("method='wald' tests differences: use a score method on the ratio scale")
    checks.finite(margin, "margin")
    if scale == "difference" and not -1 < margin < 1:
        raise InvalidArgument(f"margin must lie between -1 and 1 on the difference scale, got {margin}")
    if scale == "ratio" and margin <= 0:
        raise InvalidArgument(f"margin must be positive and finite on the ratio scale, got {margin}")


def _observed(arms: TwoArms) -> FloatArray:
    return np.array([arms.control_events.sum(), arms.experimental_events.sum()])


def _expected(arms: TwoArms) -> FloatArray:
    share = arms.events / arms.total
    return np.array([share @ arms.control_total, share @ arms.experimental_total])
