"""A fitted parametric model, and what it says of times and probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..covariates import covariate_rows
from ..errors import InvalidArgument
from ..results import TestResult, freeze_arrays, require_ordered
from .lifetimes import Distribution, named_lifetime

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray, TimeUnit
    from .lifetimes import Lifetime, Term

HALF_WIDTH = float(ndtri(0.975))
SOLVED = 1e-15  # of a log time, relative
STEPS = 200


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ParametricFit:
    """Coefficients of a parametric survival model with their covariance.

    Attributes
    ----------
    names : tuple of str
        ``intercept``, the covariates, then ``log_scale`` (but for the exponential) and ``Q`` of the
        generalised gamma, or ``gamma1``, ``gamma2``, ... of the spline.
    coefficient, std_error, lower, upper, p_value : ndarray of shape (p,)
        Covariates act on log time, those of the spline on the log cumulative hazard; 95 percent limits.
    ratio, ratio_lower, ratio_upper : ndarray of shape (p,)
        ``exp`` of coefficient and limits: time ratios, hazard ratios of the spline.
    covariance : ndarray of shape (p, p)
        The one ``std_error`` comes from.
    naive_std_error : ndarray of shape (p,)
        From the inverse of the observed information.
    scale : float
        exp(log_scale): 1 of the exponential, NaN of the spline.
    log_hazard_ratio, log_hazard_ratio_std_error : ndarray
        One a covariate, where hazards are proportional: -coefficient/scale of exponential and Weibull, with
        the standard error by the delta method, the coefficient of the spline; else NaN.
    log_likelihood, log_likelihood_null : float
        Of the times (not their logarithms), at the fit and without covariates.
    aic : float
        Twice the number of parameters less twice the log likelihood.
    likelihood_ratio_test : TestResult
        That all covariates are without effect.
    n_subjects, n_events : int
        Rows, and those whose event is known to have happened, unweighted.
    iterations : int
        Newton steps.
    distribution : str
        Law of the lifetimes.
    knots : ndarray
        Log times of the spline's knots with both boundaries; empty for other laws.
    time_unit : str
        Unit of the times.
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
    scale: float
    log_hazard_ratio: FloatArray
    log_hazard_ratio_std_error: FloatArray
    log_likelihood: float
    log_likelihood_null: float
    aic: float
    likelihood_ratio_test: TestResult
    n_subjects: int
    n_events: int
    iterations: int
    distribution: Distribution
    knots: FloatArray
    time_unit: TimeUnit
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)
        require_ordered(self.lower, self.coefficient, self.upper)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a parameter: coefficient, std_error, limits, p_value and the ratios."""
        columns = ("coefficient", "std_error", "lower", "upper", "p_value")
        ratios = ("ratio", "ratio_lower", "ratio_upper")
        return pd.DataFrame(
            {name: getattr(self, name) for name in columns + ratios}, index=pd.Index(self.names, name="name")
        )

    def quantile(self, p: ArrayLike, rows: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the times by which a fraction ``p`` of subjects with given covariates has had the event.

        Parameters
        ----------
        p : array_like of shape (m,)
            Fractions strictly between 0 and 1.
        rows : DataFrame of shape (k, ...), optional
            Covariates, found by name; left out where the fit has none.

        Returns
        -------
        DataFrame
            Columns ``row`` (position in ``rows``), ``p``, ``estimate``, ``std_error``, ``lower``, ``upper``:
            k m lines, all fractions of the first row first.  Standard errors are of the time, by the delta
            method (R's ``predict(fit, rows, type = "quantile", p = p, se.fit = TRUE)``); 95 percent limits
            on the log scale.  NaN where a spline's survival never falls so low.

        Raises
        ------
        InvalidArgument
            Fractions outside (0, 1); covariates that are absent, missing or not numeric.
        """
        levels = np.atleast_1d(np.asarray(p, dtype=np.float64))
        if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
            raise InvalidArgument("p must lie strictly between 0 and 1")
        row, x, level = self._crossed(levels, rows)
        with np.errstate(all="ignore"):
            y = _solve(self._lifetime, self.coefficient, x, np.log(-np.log1p(-level)))
            alive = self._lifetime.log_survival(self.coefficient, x, y)
            slope = _slope(alive, self._lifetime.log_density(self.coefficient, x, y))
            error = self._error(alive.gradient / slope[:, None])
            return pd.DataFrame(
                {
                    "row": row,
                    "p": level,
                    "estimate": np.exp(y),
                    "std_error": np.exp(y) * error,
                    "lower": np.exp(y - HALF_WIDTH * error),
                    "upper": np.exp(y + HALF_WIDTH * error),
                }
            )

    def survival(self, times: ArrayLike, rows: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return the probability that subjects with given covariates have no event by each time.

        Parameters
        ----------
        times : array_like of shape (m,)
            Times, not negative.
        rows : DataFrame of shape (k, ...), optional
            Covariates, found by name; left out where the fit has none.

        Returns
        -------
        DataFrame
            Columns ``row``, ``time``, ``estimate``, ``std_error``, ``lower``, ``upper``: k m lines, all times
            of the first row first.  Delta method; 95 percent limits on the log(-log) scale.

        Raises
        ------
        InvalidArgument
            Times that are negative or missing; covariates that are absent, missing or not numeric.
        """
        wanted = np.atleast_1d(np.asarray(times, dtype=np.float64))
        if wanted.ndim != 1 or not (wanted >= 0).all():
            raise InvalidArgument("times must be one-dimensional, not negative and not missing")
        row, x, time = self._crossed(wanted, rows)
        with np.errstate(all="ignore"):
            alive = self._lifetime.log_survival(self.coefficient, x, np.log(time))
            log_hazard, error = np.log(-alive.value), self._error(alive.gradient)
            half = HALF_WIDTH * error / -alive.value
            columns = {
                "estimate": np.exp(alive.value),
                "std_error": np.exp(alive.value) * error,
                "lower": np.exp(-np.exp(log_hazard + half)),
                "upper": np.exp(-np.exp(log_hazard - half)),
            }
        for name, known in zip(columns, (1.0, 0.0, 1.0, 1.0), strict=True):
            columns[name] = np.where(time == 0, known, columns[name])
        return pd.DataFrame({"row": row, "time": time, **columns})

    @property
    def _lifetime(self) -> Lifetime:
        return named_lifetime(self.distribution, self.knots)

    def _error(self, gradient: FloatArray) -> FloatArray:
        """Return the standard error of what has the gradient, one a row."""
        error: FloatArray = np.sqrt(np.einsum("ij,jk,ik->i", gradient, self.covariance, gradient))
        return error

    def _crossed(
        self, values: FloatArray, rows: pd.DataFrame | None
    ) -> tuple[IntArray, FloatArray, FloatArray]:
        """Return the row, its design and the value of every combination."""
        names = self.names[1 : len(self.names) - len(self._lifetime.ancillary)]
        if rows is None and names:
            raise InvalidArgument(f"rows must give the covariates of the fit ({', '.join(names)})")
        matrix = np.empty((1, 0)) if rows is None or not names else covariate_rows(rows, names)
        row = np.repeat(np.arange(len(matrix)), values.size)
        design = np.column_stack([np.ones(len(matrix)), matrix])
        return row, design[row], np.tile(values, len(matrix))


def _slope(alive: Term, density: Term) -> FloatArray:
    """Hazard on the scale of log time: the fall of log survival."""
    return np.exp(density.value - alive.value)


def _solve(lifetime: Lifetime, theta: FloatArray, x: FloatArray, target: FloatArray) -> FloatArray:
    """Log times at which the log cumulative hazard is ``target``: Newton's method within a bracket.

    NaN where the cumulative hazard does not reach the target.
    """

    def excess(y: FloatArray) -> tuple[FloatArray, Term]:
        alive = lifetime.log_survival(theta, x, y)
        return np.log(-alive.value) - target, alive

    low = _first(lambda y: excess(y)[0] < 0, -1.0, target.size)
    high = _first(lambda y: excess(y)[0] > 0, 1.0, target.size)
    y = (low + high) / 2
    for _ in range(STEPS):
        over, alive = excess(y)
        low, high = np.where(over < 0, y, low), np.where(over < 0, high, y)
        rise = _slope(alive, lifetime.log_density(theta, x, y)) / -alive.value
        newton = y - over / rise
        inside = (newton >= low) & (newton <= high)
        step = np.where(inside, newton, (low + high) / 2) - y
        y = y + step
        if not (np.abs(step) > SOLVED * np.maximum(1.0, np.abs(y))).any():
            break
    return y


def _first(met: Callable[[FloatArray], BoolArray], side: float, size: int) -> FloatArray:
    """Return the first of 1, 2, 4, ... log times on one ``side`` of 0 at which a condition is met, or NaN."""
    y = np.full(size, np.nan)
    for power in range(11):
        found = met(np.full(size, side * 2**power))
        y = np.where(np.isnan(y) & found, side * 2**power, y)
    return y
