"""Survival, cumulative hazard and follow-up of a right-censored sample."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arrays import hand_over
from ..covariates import label_codes
from ..curve_limits import ConfType, curve_limits
from ..data import RightCensored
from ..kernels.product_limit import product_limit
from ..risk_table import RiskCounts, counted_curve, risk_counts, risk_table, sum_by
from .clustered_curve import clustered_log_variance

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..results import Curve

    _Values = tuple[FloatArray, FloatArray, FloatArray, FloatArray]

HazardTies = Literal["nelson-aalen", "fleming-harrington"]


def kaplan_meier(
    data: RightCensored,
    *,
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
    cluster: ArrayLike | None = None,
) -> Curve:
    """Probability of no event beyond each time (Kaplan-Meier).

    Use it where censoring is not informative and no other event rules the event out.  With deaths
    censored it is no probability of this world: use the cumulative incidence then.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits.
    cluster : array_like of shape (n,), optional
        One label a row: the variance is then the infinitesimal jackknife summed by cluster, with
        ``cluster=range(n)`` robust to case weights.

    Returns
    -------
    Curve
        One row a distinct observed time.  ``std_error``, ``lower`` and ``upper`` are NaN once the
        curve is 0; before the first event both limits are 1 on every scale (R: NA on some).

    Raises
    ------
    InvalidArgument
        ``conf_level`` outside (0, 1), an unknown ``conf_type``, labels that are missing or too few.

    Notes
    -----
    S(t) = prod (1 - d/n) over event times up to t; Greenwood's variance S^2 sum d/(n (n - d)), with
    weighted sums where weights are.  A censoring at an event time leaves after the event.

    R: ``survival::survfit(Surv(time, event) ~ 1, conf.type = "log-log")`` (its default is ``log``).
    SAS: ``PROC LIFETEST`` (default log-log).

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53, 457-481; Klein and Moeschberger, Survival Analysis,
    2nd edition, sections 4.2 and 4.3.

    Examples
    --------
    >>> curve = kaplan_meier(RightCensored([3, 5, 5, 8], [1, 1, 0, 0]))
    >>> curve.estimate
    array([0.75, 0.5 , 0.5 ])
    >>> curve.n_at_risk
    array([4., 3., 1.])
    """
    checks.option(conf_type, ConfType, "conf_type")
    clusters = None if cluster is None else label_codes(cluster, data.n_subjects, "cluster")[0]
    counts: RiskCounts
    if clusters is None:
        counts = risk_counts(data)
        survival, log_variance = _product_limit(counts)
        variance_name = "Greenwood variance"
    else:
        counts = table = risk_table(data)
        survival, _ = _product_limit(counts)
        log_variance = clustered_log_variance(data, table, clusters)
        variance_name = f"infinitesimal jackknife variance by {int(clusters.max()) + 1} clusters"
    std_error = hand_over(survival * np.sqrt(log_variance))
    limits = curve_limits(survival, std_error, conf_level, conf_type)
    method = f"Kaplan-Meier, {variance_name}, {conf_type} limits"
    return _curve(data, counts, (survival, std_error, *limits), conf_level, method, start=1.0)


def nelson_aalen(
    data: RightCensored, *, conf_level: float = 0.95, ties: HazardTies = "nelson-aalen"
) -> Curve:
    """Cumulative hazard up to each time (Nelson-Aalen).

    Use it to look at the shape of a hazard.  Its ``quantile`` reads off times at which the cumulative
    hazard, not the risk, reaches a level.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    conf_level : float
        Two-sided level of the pointwise limits, normal on the log scale.
    ties : {"nelson-aalen", "fleming-harrington"}
        Tied events at one time as one step d/n, or one after the other, 1/n + 1/(n - 1) + ...

    Returns
    -------
    Curve
        One row a distinct observed time.

    Raises
    ------
    InvalidArgument
        ``conf_level`` outside (0, 1), unknown ``ties``.

    Notes
    -----
    Variance: sum of d/n^2, or of 1/n^2 + 1/(n - 1)^2 + ...; with case weights a tied event counts its
    time's mean weight.

    R: ``survival::survfit(Surv(time, event) ~ 1, ctype = 1)`` (``ctype = 2``), ``cumhaz`` and
    ``std.chaz``.  SAS: ``PROC LIFETEST NELSON``.

    References
    ----------
    Aalen (1978), Ann Stat 6, 701-726; Fleming and Harrington (1984), Commun Stat 13, 2469-2486.

    Examples
    --------
    >>> nelson_aalen(RightCensored([3, 5, 5, 8], [1, 1, 1, 0])).estimate.round(4)
    array([0.25  , 0.9167, 0.9167])
    """
    checks.option(ties, HazardTies, "ties")
    counts = risk_counts(data)
    n, d = counts.n_at_risk, counts.n_events[0]
    if ties == "nelson-aalen":
        step, variance = d / n, d / n**2
    else:
        step, variance = _one_after_the_other(data, counts)
    hazard, std_error = hand_over(np.cumsum(step)), hand_over(np.sqrt(np.cumsum(variance)))
    limits = curve_limits(hazard, std_error, conf_level, "log", bounded=False)
    name = "Nelson-Aalen" if ties == "nelson-aalen" else "Fleming-Harrington"
    method = f"{name} cumulative hazard, log limits"
    return _curve(data, counts, (hazard, std_error, *limits), conf_level, method, start=0.0)


def follow_up(data: RightCensored) -> Curve:
    """Distribution of follow-up had nobody had the event (reverse Kaplan-Meier).

    Its median is the median follow-up of a trial.

    Parameters
    ----------
    data : RightCensored
        n rows.

    Returns
    -------
    Curve
        Kaplan-Meier with event and censoring exchanged and nothing else: a row with an event is still
        at risk at its own time.

    Notes
    -----
    R: ``survival::survfit(Surv(time, 1 - event) ~ 1, conf.type = "log-log")``.  SAS: ``PROC LIFETEST``
    with the event's code as the censoring value.

    References
    ----------
    Schemper and Smith (1996), Control Clin Trials 17, 343-346.

    Examples
    --------
    >>> follow_up(RightCensored([3, 5, 6, 8], [1, 0, 1, 0])).quantile(0.5)["estimate"].item()
    8.0
    """
    exchanged = RightCensored(
        data.time, 1 - data.event, entry=data.entry, weight=data.weight, time_unit=data.time_unit
    )
    curve = kaplan_meier(exchanged)
    return replace(curve, method=f"reverse {curve.method}; events are censored, censorings the event")


def _product_limit(counts: RiskCounts) -> tuple[FloatArray, FloatArray]:
    """Return the survival and the variance of its log at each time."""
    survival, log_variance = np.empty(counts.time.size), np.empty(counts.time.size)
    product_limit(counts.n_at_risk, counts.n_events[0], survival, log_variance)
    return hand_over(survival), log_variance


def _one_after_the_other(data: RightCensored, counts: RiskCounts) -> tuple[FloatArray, FloatArray]:
    """Return hazard steps and their variances with tied events taken one after the other."""
    m, events = counts.time.size, counts.n_events[0]
    number = events
    if data.weight is not None:
        number = risk_counts(RightCensored(data.time, data.event)).n_events[0]
    count = number.astype(np.int64)
    cell = np.repeat(np.arange(m), count)
    before = np.arange(cell.size) - (np.cumsum(count) - count)[cell]
    weight = events[cell] / number[cell]
    left = counts.n_at_risk[cell] - before * weight
    return sum_by(cell, weight / left, m), sum_by(cell, weight / left**2, m)


def _curve(
    data: RightCensored, counts: RiskCounts, values: _Values, conf_level: float, method: str, *, start: float
) -> Curve:
    return counted_curve(
        counts,
        values,
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=method if data.weight is None else f"{method}, case weights",
        start=start,
    )
