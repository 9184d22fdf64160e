"""Small curves and arms, made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from skeletal import Curve
from skeletal_reports.figures import TimeAxis

LABELS = {"ctl": "Internal fixation", "exp": "Resection and reconstruction"}


def make_curve(time, estimate, n_at_risk, n_events, n_censored, *, start=1.0, lower=None, upper=None):
    estimate = np.asarray(estimate, dtype=float)
    return Curve(
        time=np.asarray(time, dtype=float),
        estimate=estimate,
        std_error=np.full(len(estimate), 0.1),
        lower=np.asarray(estimate - 0.05 if lower is None else lower, dtype=float),
        upper=np.asarray(estimate + 0.05 if upper is None else upper, dtype=float),
        n_at_risk=np.asarray(n_at_risk, dtype=float),
        n_events=np.asarray(n_events, dtype=float),
        n_censored=np.asarray(n_censored, dtype=float),
        conf_level=0.95,
        time_unit="days",
        method="Kaplan-Meier, by hand",
        start=start,
    )


@pytest.fixture
def curves():
    """Control: times 100, 200+, 200, 400+; experimental: times 300, 730+ (a plus is a censoring)."""
    return {
        "ctl": make_curve([100, 200, 400], [0.75, 0.5, 0.5], [4, 3, 1], [1, 1, 0], [0, 1, 1]),
        "exp": make_curve([300, 730], [0.5, 0.5], [2, 1], [1, 0], [0, 1]),
    }


@pytest.fixture
def axis():
    return TimeAxis(times=(0, 183, 365, 730))
