"""Results that methods share: frozen, read-only, NaN where a quantity is not estimable."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .arrays import FloatArray, TimeUnit, as_numbers, read_only
from .errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TOLERANCE = 1e-12
TOO_LARGE = "ratios too large for a number are NaN: rescale the covariate"
NO_LIMITS = "limits are NaN where the curve has reached its end or has no standard error"
EXPLAINED = (NO_LIMITS, "not estimable", " band from ")  # in a method: it says already where limits are NaN
ON_LEVEL = 2.0**-26  # a curve this near to a level lies on it, as in R's survival


def freeze_arrays(result: Any) -> None:
    """Make every array field of a frozen dataclass read-only (for ``__post_init__``)."""
    for field in fields(result):
        value = getattr(result, field.name)
        if isinstance(value, np.ndarray):
            object.__setattr__(result, field.name, read_only(value))


def require_ordered(lower: ArrayLike, estimate: ArrayLike, upper: ArrayLike) -> None:
    """Refuse limits that do not hold their estimate; NaN passes."""
    low, mid, high = (np.asarray(values, dtype=np.float64) for values in (lower, estimate, upper))
    if not (np.any(low > mid) or np.any(mid > high)):
        return
    slack = TOLERANCE * np.maximum(1.0, np.abs(mid))
    if bool(np.any(low > mid + slack) | np.any(mid > high + slack)):
        raise AssertionError("confidence limits do not hold the estimate: please report this as a bug")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Estimate:
    """One number with its uncertainty.

    Attributes
    ----------
    estimate, std_error, lower, upper : float
        On the natural scale unless ``method`` says otherwise; NaN where not estimable.
    conf_level : float
        Two-sided level of ``lower`` and ``upper``.
    p_value : float
        Two-sided, against the null that ``method`` names; NaN where no test belongs to the estimate.
    method : str
        What a reader must know to repeat the number.
    """

    estimate: float
    std_error: float
    lower: float
    upper: float
    conf_level: float
    p_value: float
    method: str

    def __post_init__(self) -> None:
        require_ordered(self.lower, self.estimate, self.upper)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TestResult:
    """A test of one hypothesis.

    Attributes
    ----------
    statistic : float
        Chi-square statistic unless ``method`` says otherwise.
    df : float
        Degrees of freedom.
    p_value : float
        Against the ``alternative``.
    alternative : str
        ``two-sided``, ``less`` or ``greater``.
    z : float
        Signed standard normal statistic of two arms, else NaN.
    observed, expected : ndarray of shape (k,)
        Counts by arm, control first (empty where the test has none).
    variance : ndarray of shape (k, k)
        Of ``observed - expected`` (empty where the test has none).
    method : str
        What a reader must know to repeat the number.
    """

    __test__ = False  # pytest: this is no test class

    statistic: float
    df: float
    p_value: float
    alternative: str
    z: float
    observed: FloatArray
    expected: FloatArray
    variance: FloatArray
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class MaxComboResult:
    """A test by the largest of several correlated log-rank statistics.

    Attributes
    ----------
    statistic : float
        The largest component, max |z|; one-sided p-values are those of max -z (less) or max z (greater).
    df : float
        Rank of ``correlation``.
    p_value : float
        Against the ``alternative``.
    alternative : str
        ``two-sided``, ``less`` or ``greater``.
    component_z : ndarray of shape (m,)
        Statistic under each weight; negative for fewer events on the experimental arm.
    correlation : ndarray of shape (m, m)
        Of the components when the arms do not differ.
    method : str
        What a reader must know to repeat the number.
    """

    statistic: float
    df: float
    p_value: float
    alternative: str
    component_z: FloatArray
    correlation: FloatArray
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Curve:
    """A step function of time with pointwise limits and the counts under it.

    Attributes
    ----------
    time : ndarray of shape (m,)
        Every distinct observed time (event or censoring), increasing.
    estimate, std_error, lower, upper : ndarray of shape (m,)
        Value from ``time`` on; ``std_error`` on the scale of ``estimate``.
    n_at_risk, n_events, n_censored : ndarray of shape (m,)
        At risk just before ``time``; events and censorings at it (weighted sums where weights are).
    conf_level : float
        Two-sided level of the limits.
    time_unit : str
        Unit of ``time``.
    method : str
        What a reader must know to repeat the numbers.
    start : float
        Value before the first time: 1 for survival, 0 for hazards, incidence and mean counts.
    """

    time: FloatArray
    estimate: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_censored: FloatArray
    conf_level: float
    time_unit: TimeUnit
    method: str
    start: float

    def __post_init__(self) -> None:
        freeze_arrays(self)
        require_ordered(self.lower, self.estimate, self.upper)
        unknown = np.isnan(self.lower).any() or np.isnan(self.upper).any()
        if unknown and not any(words in self.method for words in EXPLAINED):
            object.__setattr__(self, "method", f"{self.method}; {NO_LIMITS}")

    def at(self, times: ArrayLike) -> Curve:
        """Return the curve read off at ``times``, one row each, in that order.

        Steps are right-continuous.  Before the first time the value is the start (1 or 0) with
        ``std_error`` 0; after the last observed time the last value is carried forward with
        ``n_at_risk`` 0.  ``n_at_risk`` counts just before each time; ``n_events`` and
        ``n_censored`` are those at exactly that time.
        """
        wanted = np.atleast_1d(as_numbers(times, "times"))
        if wanted.ndim != 1 or np.isnan(wanted).any():
            raise InvalidArgument("times must be one-dimensional and not missing")
        index = np.searchsorted(self.time, wanted, side="right") - 1
        before = index < 0
        after = np.searchsorted(self.time, wanted, side="left")
        exact = (index >= 0) & (self.time[np.maximum(index, 0)] == wanted)

        def value(values: FloatArray, start: float) -> FloatArray:
            return np.where(before, start, values[np.maximum(index, 0)])

        def count(values: FloatArray) -> FloatArray:
            return np.where(exact, values[np.maximum(index, 0)], 0.0)

        return Curve(
            time=wanted,
            estimate=value(self.estimate, self.start),
            std_error=value(self.std_error, 0.0),
            lower=value(self.lower, self.start),
            upper=value(self.upper, self.start),
            n_at_risk=np.append(self.n_at_risk, 0.0)[after],
            n_events=count(self.n_events),
            n_censored=count(self.n_censored),
            conf_level=self.conf_level,
            time_unit=self.time_unit,
            method=self.method,
            start=self.start,
        )

    def quantile(self, p: ArrayLike) -> pd.DataFrame:
        """Return the times by which a fraction ``p`` has had the event, with limits.

        Where the curve lies exactly at the level, the midpoint of that flat piece (as R's survival);
        the limits invert the limit curves by the same rule, at the first crossing should a limit curve rise
        again.  NaN where not reached.

        Returns
        -------
        DataFrame
            Columns ``p``, ``estimate``, ``lower``, ``upper``; times in ``time_unit``.
        """
        levels = np.atleast_1d(as_numbers(p, "p"))
        if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
            raise InvalidArgument("p must lie strictly between 0 and 1")
        rising = self.start == 0

        def invert(values: FloatArray) -> list[float]:
            fallen = 1.0 - values if rising else values
            return [_crossing(self.time, fallen, 1.0 - level) for level in levels]

        first, last = (self.upper, self.lower) if rising else (self.lower, self.upper)
        return pd.DataFrame(
            {"p": levels, "estimate": invert(self.estimate), "lower": invert(first), "upper": invert(last)}
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row a time with every array of the curve as a column."""
        names = ("time", "estimate", "std_error", "lower", "upper", "n_at_risk", "n_events", "n_censored")
        return pd.DataFrame({name: getattr(self, name) for name in names})


def _crossing(time: FloatArray, survival: FloatArray, level: float) -> float:
    """First time at which a falling step curve is below ``level``; midpoint where it lies on it."""
    known = ~np.isnan(survival)
    time, survival = time[known], survival[known]
    below = np.flatnonzero(survival < level - ON_LEVEL)
    on = np.flatnonzero(np.abs(survival - level) <= ON_LEVEL)
    if on.size:
        end = time[below[0]] if below.size else time[-1]
        return float((time[on[0]] + end) / 2)
    return float(time[below[0]]) if below.size else float("nan")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RegressionFit:
    """Coefficients of a regression model with their covariance and the model's tests.

    Attributes
    ----------
    names : tuple of str
        One name a coefficient.
    coefficient, std_error, lower, upper, p_value : ndarray of shape (p,)
        On the coefficient (log ratio) scale; ``std_error`` is robust where ``method`` says so.
    ratio, ratio_lower, ratio_upper : ndarray of shape (p,)
        ``exp`` of coefficient and limits.
    covariance : ndarray of shape (p, p)
        The one ``std_error`` comes from.
    naive_std_error : ndarray of shape (p,)
        From the inverse information.
    log_likelihood, log_likelihood_null : float
        (Partial) log likelihood at the fit and at 0.
    score_test, robust_score_test, wald_test, likelihood_ratio_test : TestResult
        Global tests that all coefficients are 0; fields NaN where a test does not exist.
    n_subjects, n_events : int
        Rows or distinct subjects, and events, unweighted.
    iterations : int
        Newton steps.
    converged : bool
        Whether the criterion was met.
    method : str
        What a reader must know to repeat the numbers.
    """

    names: tuple[str, ...]
    coefficient: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray
    ratio: FloatArray
    ratio_lower: FloatArray
    ratio_upper: FloatArray
    covariance: FloatArray
    naive_std_error: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    score_test: TestResult
    robust_score_test: TestResult
    wald_test: TestResult
    likelihood_ratio_test: TestResult
    n_subjects: int
    n_events: int
    iterations: int
    converged: bool
    method: str

    def __post_init__(self) -> None:
        names = ("ratio", "ratio_lower", "ratio_upper")
        ratios = {name: np.asarray(getattr(self, name)) for name in names}
        if any(np.isinf(values).any() for values in ratios.values()):
            for name, values in ratios.items():
                object.__setattr__(self, name, np.where(np.isinf(values), np.nan, values))
            object.__setattr__(self, "method", f"{self.method}; {TOO_LARGE}")
        freeze_arrays(self)
        require_ordered(self.lower, self.coefficient, self.upper)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a coefficient: coefficient, std_error, limits, p_value and the ratios."""
        columns = ("coefficient", "std_error", "lower", "upper", "p_value")
        ratios = ("ratio", "ratio_lower", "ratio_upper")
        return pd.DataFrame(
            {name: getattr(self, name) for name in columns + ratios}, index=pd.Index(self.names, name="name")
        )
