"""Random small trials, and the numbers of a result that no order of rows and no unit of time may change."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from hypothesis import strategies as st

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
