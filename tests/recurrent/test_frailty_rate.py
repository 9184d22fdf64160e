"""Rates of recurrent events with a gamma frailty of each subject."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.recurrent import frailty_rate

CASES = cases("recurrent_regression")


def bladder():
    frame = read("bladder2")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event), frame[["rx", "number", "size"]]


def cgd():
    frame = read("cgd")
    covariates = pd.DataFrame({"treated": (frame.treat == "rIFN-g").astype(int), "age": frame.age})
    return RecurrentEvents(frame.id, frame.tstart, frame.tstop, frame.status), covariates


def readmission():
    frame = read_shared("readmission")
    covariates = pd.DataFrame(
        {"treated": (frame.chemo == "Treated").astype(int), "female": (frame.sex == "Female").astype(int)}
    )
    return RecurrentEvents(frame.id, frame["t.start"], frame["t.stop"], frame.event), covariates


def check(fit, expected):
    assert_allclose(fit.log_likelihood, expected["loglik"], rtol=1e-10)
    assert_allclose(fit.frailty_variance, expected["theta"], rtol=2e-6)
    assert_allclose(fit.coefficient, expected["coef"], rtol=1e-6)
    assert_allclose(fit.std_error, expected["se"], rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "trial", "options"),
    [
        ("frailty_bladder", bladder, {}),
        ("frailty_cgd", cgd, {}),
        ("frailty_cgd_breslow", cgd, {"ties": "breslow"}),
        ("frailty_readmission", readmission, {}),
    ],
)
def test_as_r(name, trial, options):
    data, covariates = trial()
    fit = frailty_rate(data, covariates, **options)
    check(fit, CASES[name])
    assert fit.n_subjects == fit.n_clusters == np.unique(data.subject).size
    assert fit.n_events == data.n_events
    assert "95 percent limits, subjects as clusters; death ends the time at risk" in fit.method


def drawn(seed, n, variance=0.8):
    rng = np.random.default_rng(seed)
    frailty, end = rng.gamma(1 / variance, variance, n), rng.uniform(1, 3, n)
    arm = np.arange(n) % 2
    counts = rng.poisson(frailty * np.exp(-0.5 * arm) * end)
    rows = []
    for i in range(n):
        times = np.append(np.sort(rng.uniform(0, end[i], counts[i])), end[i])
        rows += [
            (i, a, b, k < counts[i], arm[i]) for k, (a, b) in enumerate(zip([0, *times], times, strict=False))
        ]
    frame = pd.DataFrame(rows, columns=["id", "start", "stop", "status", "arm"])
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.status), frame[["arm"]]


def test_thousands_of_subjects_give_back_what_they_were_drawn_from():
    fit = frailty_rate(*drawn(1, 4000))
    assert fit.n_clusters == 4000
    assert abs(fit.frailty_variance - 0.8) < 0.12
    assert abs(fit.coefficient[0] + 0.5) < 3 * fit.std_error[0]
    assert fit.std_error[0] < 0.06
    assert_allclose(fit.frailty.mean(), 1, rtol=1e-9)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_in_any_order_units_and_arms(seed):
    data, covariates = drawn(seed, 60)
    fit = frailty_rate(data, covariates)
    assert (fit.lower <= fit.coefficient).all()
    assert (fit.coefficient <= fit.upper).all()
    order = np.random.default_rng(seed).permutation(data.stop.size)
    mixed = RecurrentEvents(
        data.subject[order],
        data.start[order] * 7,
        data.stop[order] * 7,
        data.status[order],
        time_unit="weeks",
    )
    other = frailty_rate(mixed, (1 - covariates).iloc[order])
    assert_allclose(other.coefficient, -fit.coefficient, rtol=1e-6, atol=1e-8)
    assert_allclose(other.frailty_variance, fit.frailty_variance, rtol=1e-5, atol=1e-7)


def test_death_is_a_censoring():
    data, covariates = drawn(2, 80)
    last = ~pd.Series(data.subject).duplicated(keep="last").to_numpy()
    status = np.where(last & (data.status == 0), 2, data.status)
    died = RecurrentEvents(data.subject, data.start, data.stop, status)
    assert_allclose(frailty_rate(died, covariates).coefficient, frailty_rate(data, covariates).coefficient)


def test_what_cannot_be_fitted_is_said():
    data, covariates = bladder()
    with pytest.raises(InvalidArgument, match="ties must be one of"):
        frailty_rate(data, covariates, ties="exact")
    with pytest.raises(InvalidArgument, match="one entry a row"):
        frailty_rate(data, covariates.head(2))
    one = RecurrentEvents([1, 1], [0, 2], [2, 5], [1, 1])
    with pytest.raises(InvalidArgument, match="at least two labels"):
        frailty_rate(one, pd.DataFrame({"x": [0, 1]}))
    none = RecurrentEvents([1, 2, 3], [0, 0, 0], [5, 6, 7], [0, 2, 0])
    with pytest.raises(NotEstimable, match="no events"):
        frailty_rate(none, pd.DataFrame({"x": [0, 1, 0]}))
    separated = RecurrentEvents([1, 2, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8], [1, 0, 1, 0])
    with pytest.raises(NotConverged, match="no maximum"):
        frailty_rate(separated, pd.DataFrame({"x": [0, 1, 0, 1]}))


def test_limits_follow_the_level():
    data, covariates = bladder()
    fit, narrow = frailty_rate(data, covariates), frailty_rate(data, covariates, conf_level=0.5)
    assert_allclose(narrow.upper - narrow.coefficient, 0.6744897501960817 * fit.std_error)
    assert_allclose(fit.upper - fit.coefficient, 1.959963984540054 * fit.std_error)
    with pytest.raises(InvalidArgument, match="conf_level must lie strictly between 0 and 1"):
        frailty_rate(data, covariates, conf_level=95)
