"""Events per subject-year, and periods with an event over periods on study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import chdtri, ndtri

from .. import checks
from ..arrays import DAYS_PER_MONTH, DAYS_PER_YEAR, as_floats
from ..cluster_ratio import ratio_limits
from ..errors import InvalidArgument
from ..results import Estimate

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import RecurrentEvents

RateKind = Literal["pooled", "per_subject"]
LARGEST_COUNT = 2.0**53  # beyond which whole numbers are not told apart
UNITS_PER_YEAR = {
    "days": DAYS_PER_YEAR,
    "weeks": DAYS_PER_YEAR / 7,
    "months": DAYS_PER_YEAR / DAYS_PER_MONTH,
    "years": 1.0,
}


def event_rate(data: RecurrentEvents, *, kind: RateKind = "pooled", conf_level: float = 0.95) -> Estimate:
    """Rate of events: their number per subject-year at risk.

    Use it to describe an arm (skeletal morbidity rate); to compare arms, prefer a rate regression or the
    mean number of events.  The two kinds answer different questions and differ where follow-up does: a
    subject with one event who is followed for 20 days has a rate of its own of 18 a year.

    Parameters
    ----------
    data : RecurrentEvents
        Rows (start, stop]; status 1 an event.  Status 2 (death) ends the time at risk like a censoring.
    kind : {"pooled", "per_subject"}
        All events over all time at risk, or the mean over subjects of each one's events over its time.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        Events per subject-year of 365.25 days; ``p_value`` is NaN.

    Raises
    ------
    InvalidArgument
        An unknown ``kind``; ``conf_level`` outside (0, 1).

    Notes
    -----
    pooled: d events in T years; standard error sqrt(d)/T; exact Poisson limits, chi-square quantiles of 2 d
    and 2 d + 2 degrees of freedom over 2 T.  They take all events as independent: where some subjects have
    many they are too narrow.  per_subject: mean of the subjects' rates, standard error s/sqrt(n), normal
    limits, which are not cut at 0; NaN for one subject.  Time at risk is the sum of stop - start.

    R: ``poisson.test(d, T)``; ``t.test`` on the subjects' rates has t limits.  SAS: PROC GENMOD, PROC MEANS.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442; per subject: ZOOM, Lancet Oncol 2013; 14: 663-670.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "b"], [0, 100, 0], [100, 365.25, 365.25], [1, 0, 0])
    >>> rate = event_rate(data)
    >>> rate.estimate, round(rate.lower, 4), round(rate.upper, 4)
    (0.5, 0.0127, 2.7858)
    """
    checks.option(kind, RateKind, "kind")
    checks.probability(conf_level, "conf_level")
    years = (data.stop - data.start) / UNITS_PER_YEAR[data.time_unit]
    event = (data.status == 1).astype(np.float64)
    if kind == "pooled":
        return _pooled(int(event.sum()), float(years.sum()), conf_level)
    who = data.subject_number
    return _per_subject(np.bincount(who, event) / np.bincount(who, years), conf_level)


def _pooled(n_events: int, years: float, conf_level: float) -> Estimate:
    tail = (1 - conf_level) / 2
    lower = float(chdtri(2 * n_events, 1 - tail)) / 2 if n_events else 0.0
    upper = float(chdtri(2 * n_events + 2, tail)) / 2
    return Estimate(
        estimate=n_events / years,
        std_error=float(np.sqrt(n_events)) / years,
        lower=lower / years,
        upper=upper / years,
        conf_level=conf_level,
        p_value=float("nan"),
        method="events over time at risk, per subject-year, exact Poisson limits",
    )


def _per_subject(rates: np.ndarray[tuple[int], np.dtype[np.float64]], conf_level: float) -> Estimate:
    n, mean = rates.size, float(rates.mean())
    std_error = float(rates.std(ddof=1)) / np.sqrt(n) if n > 1 else float("nan")
    half = float(ndtri(0.5 + conf_level / 2)) * std_error
    return Estimate(
        estimate=mean,
        std_error=float(std_error),
        lower=mean - half,
        upper=mean + half,
        conf_level=conf_level,
        p_value=float("nan"),
        method=f"mean of the rates of {n} subjects, per subject-year, normal limits"
        + ("" if n > 1 else "; no standard error from one subject"),
    )


def period_rate(with_event: ArrayLike, periods: ArrayLike, *, conf_level: float = 0.95) -> Estimate:
    """Share of the periods on study in which an event happened (skeletal morbidity period rate).

    Use it to describe an arm where several events in quick succession are one clinical problem: a period
    counts once, however many events it has.

    Parameters
    ----------
    with_event, periods : array_like of shape (n,)
        Periods with an event, and periods on study, of each subject (``Outcomes.periods``).
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    Estimate
        All periods with an event over all periods; NaN where no subject has a period.

    Raises
    ------
    InvalidArgument
        Counts that are not whole or below 0, more periods with an event than periods, unequal lengths;
        ``conf_level`` outside (0, 1).

    Notes
    -----
    The standard error is that of a ratio, sqrt(sum (x - p m)^2)/sum m over subjects with x of m periods, and
    the limits are Wilson's for the number of independent periods that has the same standard error: see
    :func:`skeletal.proportions.clustered_proportion`.

    R: ``survey::svyratio(~x, ~m, design)`` (its variance has the factor n/(n - 1)).  SAS: PROC SURVEYMEANS
    with RATIO.

    References
    ----------
    Cochran (1977), Sampling Techniques, section 6.3; ibandronate trials: periods of 12 weeks.

    Examples
    --------
    >>> rate = period_rate([1, 0, 2], [4, 4, 2])
    >>> round(rate.estimate, 2), round(rate.std_error, 4)
    (0.3, 0.1855)
    """
    checks.probability(conf_level, "conf_level")
    x, m = as_floats(with_event, "with_event"), as_floats(periods, "periods")
    checks.same_length(m.size, with_event=x)
    for name, values in (("with_event", x), ("periods", m)):
        whole = (values >= 0) & (values <= LARGEST_COUNT) & (np.floor(values) == values)
        checks.rows_where(~whole, f"{name} must be whole, not below 0")
    checks.rows_where(x > m, "with_event must not exceed periods")
    if not m.size:
        raise InvalidArgument("periods has no rows")
    return ratio_limits(x, m, conf_level, f"periods with an event over periods of {m.size} subjects")
