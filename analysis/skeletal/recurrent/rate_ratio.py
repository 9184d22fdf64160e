"""Rates of events of two arms: their ratio and their difference."""

from __future__ import annotations

from math import exp, inf, nan, sqrt
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from scipy.special import ndtr, ndtri

from .. import checks
from ..arm_contrast import from_log, two_arms
from ..covariates import covariate_matrix
from ..errors import InvalidArgument
from ..results import Estimate
from .rate_ratio_limits import exact_ratio, score_difference, score_ratio
from .rate_regression_fit import INTERCEPT, fit_rates
from .rate_regression_totals import subject_totals

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RecurrentEvents
    from .rate_ratio_limits import Pair
    from .rate_regression_fit import CountModel
    from .rate_regression_totals import SubjectTotals

RatioModel = Literal["poisson", "poisson-robust", "negative-binomial", "exact", "score"]
DifferenceMethod = Literal["score", "wald"]
FROM_TOTALS = {
    "exact": (exact_ratio, "exact limits and test (binomial given the total)"),
    "score": (score_ratio, "score limits and test (Miettinen-Nurminen)"),
}
LOG_SCALE = "std_error, limits and test on the log scale"


def rate_ratio(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    control: object = None,
    model: RatioModel = "negative-binomial",
    covariates: pd.DataFrame | None = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Ratio of the rates of events of two arms while alive, experimental over control.

    Use it to compare skeletal morbidity rates.  ``negative-binomial`` or ``poisson-robust`` allow for
    subjects with many events; ``exact``, ``score`` and ``poisson`` take all events as independent and suit
    rare events (a serious adverse event, hardly ever twice in one subject): with recurrent events their
    limits are too narrow.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event.  Status 2 (death) ends the time at risk like a censoring.
    arm : array_like of shape (n,)
        Labels of two arms, constant within a subject.
    control : label, optional
        The reference; default the first in sorted order.
    model : {"negative-binomial", "poisson-robust", "poisson", "exact", "score"}
        The first three as in :func:`rate_regression` (``poisson`` without covariates: Wald limits of the log
        of the ratio of totals); ``exact``: conditional on the number of events; ``score``: inverts the score
        test.
    covariates : DataFrame of shape (n, p), optional
        To adjust for, with the first three models: numeric, one entry a row, constant within a subject.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        ``std_error`` is on the log scale.  Where an arm has no events, ``exact`` and ``score`` have limits
        all the same (0 or infinity); the other models give NaN, and ``method`` says why.

    Raises
    ------
    InvalidArgument
        Other than two arms, labels missing, an arm or a covariate that varies within a subject, covariates
        with ``exact`` or ``score``, an unknown ``model``; ``conf_level`` outside (0, 1).
    NotEstimable, NotConverged
        As :func:`rate_regression`, with covariates.

    Notes
    -----
    exact: events of one arm are binomial given the total, share = r t1/(r t1 + t0); Clopper-Pearson limits,
    p-value the sum of the probabilities that do not exceed the observed one.  score: the r with
    (y1 - r' y0)^2 = z^2 r' (y1 + y0), r' = r t1/t0, which is the statistic with rates restricted to r.
    ``std_error`` of both is that of ``poisson``, sqrt(1/y0 + 1/y1).

    R: ``poisson.test(y, t)`` (exact), ``lrstat::mnRateRatioCI`` (score), ``MASS::glm.nb``.  SAS: PROC GENMOD
    with ESTIMATE and EXP.

    References
    ----------
    Cook and Lawless (2007), The Statistical Analysis of Recurrent Events, chapter 3; Clopper and Pearson
    (1934), Biometrika 26, 404-413; Miettinen and Nurminen (1985), Stat Med 4, 213-226.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "a", "b", "c"], [0, 1, 2, 0, 0], [1, 2, 4, 4, 6], [1, 1, 0, 1, 1], time_unit="years"
    ... )
    >>> ratio = rate_ratio(data, ["old", "old", "old", "old", "new"], control="old", model="exact")
    >>> round(ratio.estimate, 4), round(ratio.lower, 4), round(ratio.upper, 4)
    (0.4444, 0.0085, 5.5353)
    """
    checks.option(model, RatioModel, "model")
    checks.probability(conf_level, "conf_level")
    totals, of_arm, labels = _arms(data, arm, control)
    events, years = arm_totals(totals, of_arm)
    words = f"rate ratio, {labels[1]} over {labels[0]}"
    if model in {"exact", "score"}:
        if covariates is not None:
            raise InvalidArgument(
                f"covariates cannot be used with model={model!r}, which compares totals: use "
                "'negative-binomial' or 'poisson-robust', or leave them out"
            )
        limits, how = FROM_TOTALS[model]
        lower, upper, p_value = limits(events, years, conf_level)
        estimate = _ratio_of_totals(events, years)
        return Estimate(
            estimate=estimate,
            std_error=sqrt(1 / events[0] + 1 / events[1]) if min(events) > 0 else nan,
            lower=lower,
            upper=upper,
            conf_level=conf_level,
            p_value=p_value,
            method="; ".join([f"{words}, {how}, std_error on the log scale", *_without(events, labels)]),
        )
    names, values = _design(totals, of_arm, labels[1], covariates, data.stop.size)
    if min(events) == 0:
        return _no_limits(events, labels, words, conf_level)
    fit = fit_rates(totals, names, values, cast("CountModel", model), conf_level, null=False)
    lower, upper, beyond = from_log(float(fit.lower[1]), float(fit.upper[1]))
    adjusted = f", adjusted for {', '.join(names[2:])}" if len(names) > 2 else ""
    return Estimate(
        estimate=exp(fit.coefficient[1]),
        std_error=float(fit.std_error[1]),
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=float(fit.p_value[1]),
        method=f"{words}{adjusted}, {LOG_SCALE}; {fit.method}" + (f"; {beyond}" if beyond else ""),
    )


def rate_difference(
    data: RecurrentEvents,
    arm: ArrayLike,
    *,
    control: object = None,
    method: DifferenceMethod = "score",
    conf_level: float = 0.95,
) -> Estimate:
    """Difference of the rates of events of two arms while alive, experimental minus control.

    Use it for what a rate ratio costs or spares in events per subject-year, also as a margin of
    non-inferiority.  It takes all events as independent: where some subjects have many, the limits are too
    narrow.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event.  Status 2 (death) ends the time at risk like a censoring.
    arm : array_like of shape (n,)
        Labels of two arms, constant within a subject.
    control : label, optional
        The reference; default the first in sorted order.
    method : {"score", "wald"}
        ``score``: inverts the score test, sound with few or no events in an arm; ``wald``: normal.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        Per subject-year of 365.25 days; ``std_error`` is the unrestricted one with both methods.  ``wald``
        is NaN where no arm has an event.

    Raises
    ------
    InvalidArgument
        Other than two arms, labels missing, an arm that varies within a subject, an unknown ``method``;
        ``conf_level`` outside (0, 1).

    Notes
    -----
    wald: variance y1/t1^2 + y0/t0^2.  score: the d0 with |d - d0| = z sqrt(v), v at the likeliest rates that
    differ by d0, the control's being the larger root of T l^2 + (T d0 - N) l - y0 d0 = 0 with N events in T
    years.

    R: ``lrstat::mnRateDiffCI`` (score).  SAS: PROC GENMOD with DIST=POISSON, LINK=IDENTITY and the years as
    covariates without intercept (wald).

    References
    ----------
    Miettinen and Nurminen (1985), Statistics in Medicine 4, 213-226.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "a", "b", "c"], [0, 1, 2, 0, 0], [1, 2, 4, 4, 6], [1, 1, 0, 1, 1], time_unit="years"
    ... )
    >>> found = rate_difference(data, ["old", "old", "old", "old", "new"], control="old")
    >>> round(found.estimate, 4), round(found.lower, 4), round(found.upper, 4)
    (-0.2083, -0.9567, 0.5933)
    """
    checks.option(method, DifferenceMethod, "method")
    checks.probability(conf_level, "conf_level")
    totals, of_arm, labels = _arms(data, arm, control)
    events, years = arm_totals(totals, of_arm)
    difference = events[1] / years[1] - events[0] / years[0]
    error = sqrt(events[1] / years[1] ** 2 + events[0] / years[0] ** 2)
    how, reasons = "score limits and test (Miettinen-Nurminen)", _without(events, labels)
    if method == "score":
        lower, upper, p_value = score_difference(events, years, conf_level)
    else:
        how = "Wald limits and test"
        error = error if error > 0 else nan
        half = float(ndtri(0.5 + conf_level / 2)) * error
        lower, upper = difference - half, difference + half
        p_value = float(2 * ndtr(-abs(difference) / error))
    return Estimate(
        estimate=difference,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=p_value,
        method="; ".join(
            [f"rate difference per subject-year, {labels[1]} minus {labels[0]}, {how}", *reasons]
        ),
    )


def _arms(
    data: RecurrentEvents, arm: ArrayLike, control: object
) -> tuple[SubjectTotals, FloatArray, tuple[object, ...]]:
    """Return totals of the subjects, their arm (0 control, 1 experimental) and the labels."""
    codes, labels = two_arms(arm, data.stop.size, control, "rate_regression")
    totals = subject_totals(data)
    return totals, totals.values_of(codes[:, None].astype(np.float64), ("arm",))[:, 0], labels


def arm_totals(totals: SubjectTotals, of_arm: FloatArray) -> tuple[Pair, Pair]:
    """Return events and years of (control, experimental)."""
    second = of_arm == 1
    events, years = (
        (float(values[~second].sum()), float(values[second].sum()))
        for values in (totals.events, totals.years)
    )
    return events, years


def _ratio_of_totals(events: Pair, years: Pair) -> float:
    if events[0] == 0:
        return inf if events[1] else nan
    return events[1] / years[1] / (events[0] / years[0])


def _without(events: Pair, labels: tuple[object, ...]) -> list[str]:
    """Say which arms have no events."""
    none = [str(label) for label, count in zip(labels, events, strict=True) if not count]
    return [f"no events in {' and '.join(none)}"] if none else []


def _design(
    totals: SubjectTotals, of_arm: FloatArray, label: object, covariates: pd.DataFrame | None, n: int
) -> tuple[tuple[str, ...], FloatArray]:
    """Return names and values of the arm and the covariates of the subjects."""
    names, values = (INTERCEPT, f"arm {label}"), of_arm[:, None]
    if covariates is None:
        return names, values
    more, rows = covariate_matrix(covariates, n)
    return (*names, *more), np.column_stack([values, totals.values_of(rows, more)])


def _no_limits(events: Pair, labels: tuple[object, ...], words: str, conf_level: float) -> Estimate:
    """Return what a model can say where an arm has no events: a ratio of 0, or nothing."""
    return Estimate(
        estimate=0.0 if events[0] else nan,
        std_error=nan,
        lower=nan,
        upper=nan,
        conf_level=conf_level,
        p_value=nan,
        method=f"{words}, {LOG_SCALE}; not estimable: {_without(events, labels)[0]}, whose log rate is "
        "minus infinity; model='exact' and model='score' have limits",
    )
