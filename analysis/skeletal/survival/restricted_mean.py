"""Restricted mean survival time: one sample, two arms, and a test of several arms."""

from __future__ import annotations

from math import log, nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from .. import checks
from ..arm_contrast import from_log, positive_time, two_arms
from ..chi_square import chi_square_test
from ..covariates import arm_codes, label_codes
from ..results import Estimate
from .arm_means import arm_means, words

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RightCensored
    from ..results import TestResult
    from .arm_means import ArmMeans

MeanContrast = Literal["difference", "ratio", "lost_ratio"]

NAMES = {
    "difference": "difference in restricted mean survival time",
    "ratio": "ratio of restricted mean survival times",
    "lost_ratio": "ratio of restricted mean times lost",
}


def restricted_mean(data: RightCensored, *, horizon: float, conf_level: float = 0.95) -> Estimate:
    """Mean time without the event between time zero and a horizon (restricted mean survival time).

    Use it as a summary of survival that needs no assumption on hazards and is in units of time.  The
    horizon is part of the estimand and must be fixed before the data are seen.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    horizon : float
        Positive time up to which survival is averaged, in ``data.time_unit``.
    conf_level : float
        Two-sided level of the limits, normal on the scale of time and not cut at 0 or the horizon.

    Returns
    -------
    Estimate
        NaN where the horizon lies beyond the last observed time and the curve has not reached 0 there;
        ``method`` then says so.  The mean time lost is ``horizon - estimate``, with the same
        ``std_error``.  ``p_value`` is NaN.

    Raises
    ------
    InvalidArgument
        A ``horizon`` that is not a positive number; ``conf_level`` outside (0, 1).

    Notes
    -----
    The area under Kaplan-Meier from 0 to the horizon; variance the sum over event times t up to the
    horizon of A(t)^2 d/(n (n - d)), with A(t) the area from t to the horizon; a time with n = d adds 0.
    Events precede censorings at one time; an event at the horizon itself changes nothing; with case
    weights every count is a weighted sum.  R's ``survfit`` goes on beyond the last time at the last
    height; here that is NaN.

    R: ``survRM2::rmst2(time, event, arm, tau)``; ``print(survival::survfit(Surv(time, event) ~ 1),
    rmean = horizon)``.  SAS: ``PROC LIFETEST RMST(TAU=horizon)`` (its variance has another factor).

    References
    ----------
    Klein and Moeschberger, Survival Analysis, 2nd edition, section 4.5; Royston and Parmar (2013), BMC
    Med Res Methodol 13, 152; Uno et al. (2014), J Clin Oncol 32, 2380-2385.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> restricted_mean(RightCensored([2, 4, 6, 8], [1, 0, 1, 0]), horizon=8).estimate
    5.75
    """
    checks.probability(conf_level, "conf_level")
    limit = positive_time(horizon, "horizon")
    means = arm_means(data, np.zeros(data.n_subjects, dtype=np.int64), ("the sample",), limit)
    method = (
        f"restricted mean survival time to {words(data, limit)}, area under Kaplan-Meier, "
        f"Greenwood-type variance{_weighted(data)}, normal limits"
    )
    mean, error = float(means.mean[0]), sqrt(float(means.variance[0]))
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return Estimate(
        estimate=mean,
        std_error=error,
        lower=mean - half,
        upper=mean + half,
        conf_level=conf_level,
        p_value=nan,
        method=_with_reason(method, means.reason),
    )


def restricted_mean_contrast(
    data: RightCensored,
    arm: ArrayLike,
    *,
    horizon: float,
    control: object = None,
    kind: MeanContrast = "difference",
    strata: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Difference or ratio of the restricted mean survival times of two arms.

    Use it for an effect in units of time where hazards may not be proportional.  Of more than two arms
    keep the rows of two, or use :func:`restricted_mean_test` for all at once.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of two arms.
    horizon : float
        Positive time up to which survival is averaged, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio", "lost_ratio"}
        Experimental less control; experimental over control; the ratio of the mean times lost, horizon
        less mean.
    strata : array_like of shape (n,), optional
        One label a row: the means of each arm are averaged over the strata, weighted by the strata's
        rows of both arms (their case weights), and then compared.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        With the two-sided test of no difference.  For ratios ``std_error``, limits and test are on the log
        scale, ``estimate``, ``lower`` and ``upper`` are the ratio and its limits.  NaN where an arm (in any
        stratum) has no rows or is not followed to the horizon, as in :func:`restricted_mean`.

    Raises
    ------
    InvalidArgument
        As :func:`restricted_mean`; an unknown ``kind``; other than two arms; a ``control`` that is none;
        labels that are missing or too few.

    Notes
    -----
    Without strata the variances are v1 + v0, v1/m1^2 + v0/m0^2 and v1/l1^2 + v0/l0^2 (m means, l times
    lost).  With strata of share w_s the mean of an arm is sum w_s m_s with variance sum w_s^2 v_s, so that
    the difference is the size-weighted mean of the strata's differences and a ratio is one of
    standardised means, not a mean of the strata's ratios.

    R: ``survRM2::rmst2(time, event, arm, tau)$unadjusted.result``.  SAS: ``PROC LIFETEST
    RMST(TAU=horizon); STRATA arm / DIFF=CONTROL`` (difference).

    References
    ----------
    Uno et al. (2014), J Clin Oncol 32, 2380-2385; Tian, Zhao and Wei (2014), Biostatistics 15, 222-233.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([2, 4, 6, 8, 3, 7, 9, 9], [1, 1, 1, 0, 1, 0, 1, 0])
    >>> effect = restricted_mean_contrast(data, list("ccccdddd"), horizon=8)
    >>> effect.estimate, round(effect.std_error, 4)
    (1.75, 1.5562)
    """
    checks.option(kind, MeanContrast, "kind")
    checks.probability(conf_level, "conf_level")
    limit = positive_time(horizon, "horizon")
    codes, labels = two_arms(arm, data.n_subjects, control, "restricted_mean_test for all")
    stratum = None if strata is None else label_codes(strata, data.n_subjects, "strata")
    means = arm_means(data, codes, labels, limit, stratum)
    values = means.lost if kind == "lost_ratio" else means.mean
    if kind == "difference":
        estimate, error, scale = (
            float(values[1] - values[0]),
            sqrt(float(means.variance.sum())),
            "normal limits",
        )
        lower, upper, distance, reason = *_around(estimate, error, conf_level), estimate, means.reason
    else:
        estimate, error, distance, reason = _log_ratio(values, means, labels)
        lower, upper, beyond = from_log(*_around(distance, error, conf_level))
        reason = reason or beyond
        scale = "std_error, normal limits and test on the log scale"
    if error == 0 and not reason:
        reason = "no test: neither arm has a variance"
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=2 * float(ndtr(-abs(distance / error))) if error > 0 else nan,
        method=_with_reason(
            f"{NAMES[kind]} to {words(data, limit)}, area under Kaplan-Meier, "
            f"Greenwood-type variance{_weighted(data)}{_stratified(stratum)}, {scale}, "
            f"reference {labels[0]}",
            reason,
        ),
    )


def restricted_mean_test(
    data: RightCensored,
    arm: ArrayLike,
    *,
    horizon: float,
    control: object = None,
    strata: ArrayLike | None = None,
) -> TestResult:
    """Test that the restricted mean survival times of all arms are equal.

    Use it for three arms or more, before pairs are compared; of two arms it is the test of their
    difference.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    arm : array_like of shape (n,)
        Labels of two or more arms.
    horizon : float
        Positive time up to which survival is averaged, in ``data.time_unit``.
    control : label, optional
        The reference, for the sign of ``z``; default the first in sorted order.
    strata : array_like of shape (n,), optional
        One label a row: means are averaged over strata as in :func:`restricted_mean_contrast`.

    Returns
    -------
    TestResult
        Chi-square ``statistic`` with one degree of freedom less than arms; ``z`` of two arms is positive
        for a longer mean of the experimental arm.  NaN where a mean is not estimable, or more than one has
        no variance; ``method`` says so.

    Raises
    ------
    InvalidArgument
        A ``horizon`` that is not a positive number; fewer than two arms; a ``control`` that is none; labels
        that are missing or too few.

    Notes
    -----
    sum (m - mbar)^2/v over arms, mbar the mean weighted by 1/v: the Wald statistic of all differences.

    R: ``survRM2::rmst2`` of each arm, then the same sum.  SAS: ``PROC LIFETEST RMST(TAU=horizon);
    STRATA arm``.

    References
    ----------
    Royston and Parmar (2013), BMC Med Res Methodol 13, 152.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([2, 4, 6, 8, 3, 7, 9, 9, 1, 2, 3, 9], [1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1])
    >>> result = restricted_mean_test(data, list("aaaabbbbcccc"), horizon=8)
    >>> round(result.statistic, 4), result.df
    (3.6537, 2.0)
    """
    limit = positive_time(horizon, "horizon")
    codes, labels = arm_codes(arm, data.n_subjects, control)
    stratum = None if strata is None else label_codes(strata, data.n_subjects, "strata")
    means = arm_means(data, codes, labels, limit, stratum)
    statistic, z, reason = _homogeneity(means)
    return chi_square_test(
        statistic,
        len(labels) - 1,
        _with_reason(
            f"test of equal restricted mean survival times to {words(data, limit)}, area under Kaplan-Meier, "
            f"Greenwood-type variance{_weighted(data)}{_stratified(stratum)}, reference {labels[0]}",
            reason,
        ),
        z=z,
    )


def _around(centre: float, error: float, conf_level: float) -> tuple[float, float]:
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return centre - half, centre + half


def _log_ratio(
    values: FloatArray, means: ArmMeans, labels: tuple[object, ...]
) -> tuple[float, float, float, str]:
    """Return ratio, standard error of its log, its log, and why these are NaN."""
    below, above = float(values[0]), float(values[1])
    if means.reason:
        return nan, nan, nan, means.reason
    if below == 0:
        return nan, nan, nan, f"not estimable: the mean of {labels[0]} is 0"
    if above == 0:
        return 0.0, nan, nan, f"no limits: the mean of {labels[1]} is 0"
    error = sqrt(float(np.sum(means.variance / values**2)))
    return above / below, error, log(above / below), ""


def _homogeneity(means: ArmMeans) -> tuple[float, float, str]:
    """Return the chi-square statistic of equal means, z of two arms, and why these are NaN."""
    if means.reason:
        return nan, nan, means.reason
    mean, variance = means.mean, means.variance
    fixed = variance == 0
    if fixed.sum() > 1:
        return nan, nan, "not estimable: more than one arm has no variance"
    if mean.size == 2:
        z = float((mean[1] - mean[0]) / np.sqrt(variance.sum()))
        return z**2, z, ""
    centre = mean[fixed][0] if fixed.any() else np.sum(mean / variance) / np.sum(1 / variance)
    return float(np.sum((mean - centre)[~fixed] ** 2 / variance[~fixed])), nan, ""


def _weighted(data: RightCensored) -> str:
    return "" if data.weight is None else " with case weights"


def _stratified(stratum: object) -> str:
    return "" if stratum is None else ", strata weighted by size"


def _with_reason(method: str, reason: str) -> str:
    return f"{method}; {reason}" if reason else method
