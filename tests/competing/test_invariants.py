from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.invariant_trials import (
    check_doubled,
    check_limits,
    check_moved,
    check_stratum,
    outcome,
    trials,
)

from skeletal.competing import (
    absolute_risk,
    cause_specific_cox,
    cumulative_incidence,
    fine_gray,
    gray_test,
    incidence_contrast,
    naive_incidence,
    predicted_incidence,
    years_lost,
    years_lost_contrast,
)
from skeletal.data import CompetingRisks, RightCensored
from skeletal.survival import cox, kaplan_meier, logrank

TRIALS = trials(2)
CAUSES = ("SSE", "death")


def data(trial):
    return CompetingRisks(trial.time, trial.status, CAUSES)


def fit(trial, **options):
    return fine_gray(data(trial), trial.covariates, "SSE", **options)


CURVES = {
    **{
        f"incidence {variance}": lambda t, _, v=variance: cumulative_incidence(data(t), "SSE", variance=v)
        for variance in ("aalen", "greenwood", "jackknife")
    },
    "naive": lambda t, _: naive_incidence(data(t), "SSE"),
}
ESTIMATES = {
    "contrast": lambda t, unit: incidence_contrast(data(t), t.arm, "SSE", time=3 * unit),
    "contrast ratio": lambda t, unit: incidence_contrast(data(t), t.arm, "SSE", time=3 * unit, kind="ratio"),
    "fine_gray": lambda t, _: fit(t),
    "fine_gray strata": lambda t, _: fit(t, strata=t.stratum, censoring_strata=t.stratum),
    "cause_specific": lambda t, _: cause_specific_cox(data(t), t.covariates, "SSE", ties="breslow"),
}
TESTS = {
    "gray": lambda t, _: gray_test(data(t), t.arm, "SSE"),
    "gray strata": lambda t, _: gray_test(data(t), t.arm, "SSE", strata=t.stratum, rho=1),
}


@pytest.mark.parametrize("name", [*CURVES, *ESTIMATES, *TESTS])
@given(trial=TRIALS, random=st.randoms(use_true_random=False), unit=st.sampled_from([1e-9, 1 / 365.25, 1e9]))
@settings(max_examples=15)
def test_order_of_rows_and_unit_of_time_change_nothing(name, trial, random, unit):
    check_moved({**CURVES, **ESTIMATES, **TESTS}[name], trial, random, unit)


@pytest.mark.parametrize("name", [*CURVES, *ESTIMATES])
@given(trial=TRIALS)
@settings(max_examples=15)
def test_limits_hold_the_estimate(name, trial):
    check_limits({**CURVES, **ESTIMATES}[name], trial)


@pytest.mark.parametrize("name", ["incidence greenwood", "incidence jackknife", "naive", "cause_specific"])
@given(trial=TRIALS)
@settings(max_examples=15)
def test_doubled_data_keep_the_estimate_and_halve_the_variance(name, trial):
    check_doubled({**CURVES, **ESTIMATES}[name], trial)


@given(trial=TRIALS)
@settings(max_examples=20)
def test_causes_and_survival_sum_to_one_and_times_lost_to_the_horizon(trial):
    free = kaplan_meier(RightCensored(trial.time, trial.status > 0)).estimate
    total = sum(cumulative_incidence(data(trial), cause).estimate for cause in CAUSES)
    assert_allclose(total + free, 1, rtol=1e-12)
    lost = sum(years_lost(data(trial), cause, horizon=3).estimate for cause in CAUSES)
    kept = np.sum(kaplan_meier(RightCensored(trial.time, trial.status > 0)).at([0, 1, 2]).estimate)
    assert_allclose(lost, 3 - kept, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda t, s: gray_test(data(t), t.arm, "SSE", strata=s),
        lambda t, s: fit(t, strata=s),
        lambda t, s: fit(t, censoring_strata=s),
        lambda t, s: cause_specific_cox(data(t), t.covariates, "SSE", strata=s, cluster=t.x),
    ],
    ids=["gray", "fine_gray", "censoring", "cause_specific"],
)
@given(trial=TRIALS)
@settings(max_examples=15)
def test_one_stratum_is_unstratified(function, trial):
    check_stratum(function, trial)


@given(trial=trials(1))
@settings(max_examples=20)
def test_without_competing_events_the_models_and_the_test_are_those_of_one_event(trial):
    single = RightCensored(trial.time, trial.status)
    model = outcome(lambda: cox(single, trial.covariates, ties="breslow"))
    for other in (outcome(fit, trial), outcome(ESTIMATES["cause_specific"], trial, 1.0)):
        if isinstance(model, type):
            assert other is model
            continue
        assert_allclose(other.coefficient, model.coefficient, rtol=1e-6, atol=1e-8)
        assert_allclose(other.naive_std_error, model.naive_std_error, rtol=1e-6)
    gray, alone = gray_test(data(trial), trial.arm, "SSE"), logrank(single, trial.arm)
    assert_allclose(gray.observed - gray.expected, alone.observed - alone.expected, atol=1e-10)
    assert_allclose(gray.statistic, gray.z**2, rtol=1e-9)


@pytest.mark.filterwarnings("ignore::skeletal.errors.SkeletalWarning")
@given(trial=TRIALS, unit=st.sampled_from([1e-9, 1 / 365.25, 1e9]))
@settings(max_examples=15)
def test_predictions_keep_to_their_row_and_move_with_the_unit(trial, unit):
    order = np.r_[1, 0, np.arange(trial.time.size - 1, 1, -1)]
    moved, rows = trial.rows(order).in_unit(unit), trial.covariates.iloc[:2]

    def predictions(one):
        risks = absolute_risk(data(one), one.covariates, "SSE", rows, product="product-limit")
        return [*predicted_incidence(fit(one), rows), *risks]

    first, other = outcome(predictions, trial), outcome(predictions, moved)
    if isinstance(first, type):
        assert isinstance(other, type)
        return
    for one, same in zip(first, other, strict=True):
        assert_allclose(same.time, one.time * unit, rtol=1e-12)
        assert_allclose(same.estimate, one.estimate, rtol=1e-5, atol=1e-7)


@given(trial=TRIALS, unit=st.sampled_from([1e-9, 1 / 365.25, 1e9]))
@settings(max_examples=15)
def test_time_lost_is_counted_in_the_unit_of_time_and_turns_with_the_arms(trial, unit):
    def contrast(one, of, control):
        return years_lost_contrast(data(one), one.arm, "SSE", horizon=3 * of, control=control)

    first, other = contrast(trial, 1.0, "A"), contrast(trial.in_unit(unit), unit, "A")
    assert_allclose(other.estimate / unit, first.estimate, rtol=1e-9, atol=1e-12)
    assert_allclose(contrast(trial, 1.0, "B").estimate, -first.estimate, rtol=1e-9)
