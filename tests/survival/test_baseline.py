from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.cox_fits import leukemia_fit, lung_fit, ovarian_fit, random_fit, random_rows, veteran_fit
from tests.support.golden import cases, read
from tests.support.references import gradient
from tests.support.references_cox import naive_hazard

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import baseline_hazard, cox, kaplan_meier, predicted_survival

AFTER = cases("cox_after")
RTOL = 1e-9
RTOL_COXPHF = 1e-6  # the coefficients that R was given are iterated to 1e-8


def test_efron_hazard_as_r():
    expected = AFTER["baseline"]
    curve = baseline_hazard(lung_fit()).at(expected["time"])
    assert_allclose(curve.estimate, expected["cumhaz0_at_zero_covariates"], rtol=RTOL)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_every_time_with_ties_as_r(ties):
    expected = AFTER["baseline_ties"][ties]
    curve = baseline_hazard(veteran_fit(ties=ties))
    assert_allclose(curve.time, expected["time"])
    assert_allclose(curve.estimate, expected["hazard"], rtol=RTOL)
    assert_allclose(curve.std_error, expected["std_chaz"], rtol=RTOL)
    assert curve.start == 0


def test_each_stratum_as_r():
    fit = veteran_fit(strata=read("veteran").celltype)
    for label, expected in AFTER["baseline_strata"].items():
        curve = baseline_hazard(fit, stratum=label)
        assert_allclose(curve.time, expected["time"])
        assert_allclose(curve.estimate, expected["hazard"], rtol=RTOL)
        assert f"of stratum {label} at" in curve.method


def test_offset_is_0_where_that_of_basehaz_is_its_mean():
    expected = AFTER["baseline_offset"]
    curve = baseline_hazard(veteran_fit(("trt",), offset=-0.03 * read("veteran").karno))
    assert_allclose(curve.estimate, expected["hazard"], rtol=RTOL)
    assert_allclose(curve.std_error, expected["std_chaz"], rtol=RTOL)
    assert_allclose(curve.estimate * np.exp(expected["mean_offset"]), expected["basehaz"], rtol=RTOL)


def test_firth_as_r_at_these_coefficients():
    expected = AFTER["firth"]
    curve = baseline_hazard(ovarian_fit(ties="breslow", penalty="firth"))
    assert_allclose(curve.estimate, expected["hazard"], rtol=RTOL_COXPHF)
    assert_allclose(curve.std_error, expected["std_chaz"], rtol=RTOL_COXPHF)


def test_exact_ties_take_breslows_steps_as_r():
    expected = AFTER["predicted_exact"]
    curve = baseline_hazard(leukemia_fit(ties="exact")).at(expected["times"])
    assert_allclose(np.exp(-curve.estimate), np.array(expected["log-log"]["surv"])[:, 0], rtol=RTOL)
    assert "Breslow's steps (ties of the fit exact)" in curve.method


def test_one_event_by_hand():
    # Two at risk at the event, x = 0 and 1 with opposite effects of the other two events.
    data = RightCensored([1, 2, 3, 4], [1, 1, 1, 1])
    fit = cox(data, pd.DataFrame({"x": [0, 1, 1, 0]}))
    ratio = fit.ratio[0]
    steps = 1 / np.array([2 + 2 * ratio, 1 + 2 * ratio, 1 + ratio, 1])
    assert_allclose(baseline_hazard(fit).estimate, np.cumsum(steps), rtol=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_hazard_and_standard_error_as_the_naive_sum_and_its_slope(ties, seed):
    rows, stratum = random_rows(seed)
    fit = random_fit(rows, stratum, ties=ties)
    for code in range(2):
        own = {name: values[stratum == code] for name, values in rows.items()}
        curve = baseline_hazard(fit, stratum=code)
        hazard, variance = naive_hazard(fit.coefficient, curve.time, own, ties=ties)
        slope = gradient(
            lambda beta, time=curve.time, own=own: naive_hazard(beta, time, own, ties=ties)[0],
            fit.coefficient,
        )
        variance += np.einsum("jm,jk,km->m", slope, fit.covariance, slope)
        assert_allclose(curve.estimate, hazard, rtol=1e-9, atol=1e-12)
        assert_allclose(curve.std_error, np.sqrt(variance), rtol=1e-6, atol=1e-9)


def test_counts_are_those_of_the_rows_and_limits_are_on_the_log_scale():
    fit = veteran_fit()
    curve, counts = baseline_hazard(fit, conf_level=0.9), kaplan_meier(fit.data)
    for name in ("time", "n_at_risk", "n_events", "n_censored"):
        assert_allclose(getattr(curve, name), getattr(counts, name))
    width = 1.6448536269514722 * curve.std_error / curve.estimate
    assert_allclose(curve.lower, curve.estimate * np.exp(-width), rtol=1e-12)
    assert_allclose(curve.upper, curve.estimate * np.exp(width), rtol=1e-12)
    assert curve.conf_level == 0.9


def test_unit_of_time_and_order_of_rows_change_nothing_else():
    frame = read("veteran").sample(frac=1, random_state=1)
    data = RightCensored(frame.time / 7, frame.status, time_unit="weeks")
    moved = baseline_hazard(cox(data, frame[["trt", "karno"]]))
    plain = baseline_hazard(veteran_fit())
    assert moved.time_unit == "weeks"
    assert_allclose(moved.time * 7, plain.time)
    assert_allclose(moved.estimate, plain.estimate, rtol=1e-10)
    assert_allclose(moved.std_error, plain.std_error, rtol=1e-10)


def test_a_stratum_without_events_has_no_hazard():
    frame = read("veteran")
    event = frame.status.where(frame.celltype != "large", 0)
    fit = cox(RightCensored(frame.time, event), frame[["trt", "karno"]], strata=frame.celltype)
    curve = baseline_hazard(fit, stratum="large")
    for part in (curve.estimate, curve.std_error, curve.lower, curve.upper):
        assert_allclose(part, 0.0)
    survival = predicted_survival(fit, frame[:1], strata=["large"])[0]
    assert_allclose(survival.estimate, 1.0)
    assert_allclose(survival.lower, 1.0)


def test_arguments_are_refused_by_name():
    plain, stratified = veteran_fit(), veteran_fit(strata=read("veteran").celltype)
    with pytest.raises(InvalidArgument, match="the fit has no strata: leave stratum out"):
        baseline_hazard(plain, stratum="large")
    with pytest.raises(InvalidArgument, match=r"4 strata \(adeno, .*\): say which by stratum="):
        baseline_hazard(stratified)
    with pytest.raises(InvalidArgument, match=r"stratum must be strata of the fit .* 1 are not \(oat\)"):
        baseline_hazard(stratified, stratum="oat")
    with pytest.raises(InvalidArgument, match="conf_level must lie strictly between 0 and 1"):
        baseline_hazard(plain, conf_level=95)
