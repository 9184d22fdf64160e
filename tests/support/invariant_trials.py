"""Random small trials, and the numbers of a result that no order of rows and no unit of time may change."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skeletal.errors import NotConverged, NotEstimable
from skeletal.results import Curve, Estimate, RegressionFit


@dataclass(frozen=True)
class Trial:
    """Rows of a trial of two arms."""

    time: np.ndarray
    status: np.ndarray
    arm: np.ndarray
    x: np.ndarray
    stratum: np.ndarray

    @property
    def covariates(self):
        return pd.DataFrame({"treated": (self.arm == "B").astype(int), "x": self.x})

    def rows(self, order):
        return Trial(*(getattr(self, field.name)[order] for field in fields(self)))

    def in_unit(self, unit):
        return replace(self, time=self.time * unit)


def trials(highest_status, *, min_size=6, max_size=24):
    """Return trials with times of 1 to 9 and a status up to ``highest_status``; the first rows one an arm."""
    row = st.tuples(
        st.integers(1, 9),
        st.integers(0, highest_status),
        st.sampled_from("AB"),
        st.integers(-4, 4),
        st.integers(0, 1),
    )
    return st.lists(row, min_size=min_size, max_size=max_size).map(_trial)


def _trial(rows):
    time, status, arm, x, stratum = zip((3, 1, "A", -1, 0), (4, 1, "B", 1, 1), *rows, strict=True)
    return Trial(
        np.array(time, float), np.array(status), np.array(arm), np.array(x, float), np.array(stratum)
    )


def outcome(function, *arguments):
    """Return the numbers of a result, or the kind of error that says there are none."""
    try:
        result = function(*arguments)
    except (NotConverged, NotEstimable) as error:
        return type(error)
    return result


def numbers(result):
    """Return the values of a result, times apart, as one array."""
    if isinstance(result, list):
        return np.concatenate([numbers(one) for one in result])
    if isinstance(result, pd.DataFrame):
        return result.to_numpy(float).ravel()
    names = {
        Curve: ("estimate", "std_error", "lower", "upper", "n_at_risk", "n_events", "n_censored"),
        Estimate: ("estimate", "std_error", "lower", "upper", "p_value"),
        RegressionFit: ("coefficient", "std_error", "lower", "upper", "log_likelihood"),
    }
    own = next((found for kind, found in names.items() if isinstance(result, kind)), None)
    own = own or ("statistic", "df", "p_value")
    return np.concatenate([np.ravel(getattr(result, name)) for name in own])


def parts(result):
    """Return what of a result has limits."""
    return result if isinstance(result, list) else [result]


def centre(result):
    """Return estimates and standard errors of a result with limits, each as one array."""
    name = "coefficient" if isinstance(result, RegressionFit) else "estimate"
    return (
        np.concatenate([np.ravel(getattr(one, field)) for one in parts(result)])
        for field in (name, "std_error")
    )


def check_moved(function, trial, random, unit):
    """Check that neither the order of rows nor the unit of time moves a number; return both results."""
    order = random.sample(range(trial.time.size), trial.time.size)
    first, other = outcome(function, trial, 1.0), outcome(function, trial.rows(order).in_unit(unit), unit)
    if isinstance(first, type):
        assert other is first
        return None
    assert_allclose(numbers(other), numbers(first), rtol=1e-6, atol=1e-8)
    return first, other


def check_limits(function, trial):
    """Check that the limits hold the estimate, which is finite where there are limits."""
    result = outcome(function, trial, 1.0)
    if isinstance(result, type):
        return
    for part in parts(result):
        estimate = getattr(part, "coefficient", None)
        estimate = np.ravel(part.estimate if estimate is None else estimate)
        lower, upper = np.ravel(part.lower), np.ravel(part.upper)
        known = ~np.isnan(lower) & ~np.isnan(upper)
        slack = 1e-12 * np.maximum(1, np.abs(estimate))
        assert (lower <= estimate + slack)[known].all()
        assert (estimate <= upper + slack)[known].all()
        assert np.isfinite(estimate[known]).all()


def check_doubled(function, trial):
    """Check that doubled rows keep the estimate and halve the variance."""
    twice = trial.rows(np.repeat(np.arange(trial.time.size), 2))
    first, other = outcome(function, trial, 1.0), outcome(function, twice, 1.0)
    if isinstance(first, type):
        assert other is first
        return
    (estimate, error), (same, smaller) = centre(first), centre(other)
    assert_allclose(same, estimate, rtol=1e-6, atol=1e-8)
    assert_allclose(smaller * np.sqrt(2), error, rtol=1e-6, atol=1e-8)


def check_stratum(function, trial):
    """Check that one stratum for all is none."""
    alone, one = outcome(function, trial, None), outcome(function, trial, np.full(trial.time.size, "all"))
    if isinstance(alone, type):
        assert one is alone
        return
    assert_allclose(numbers(one), numbers(alone), rtol=1e-9, atol=1e-12)
