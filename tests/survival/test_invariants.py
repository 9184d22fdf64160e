from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.invariant_trials import (
    check_doubled,
    check_limits,
    check_moved,
    check_stratum,
    outcome,
    trials,
)

from skeletal.data import RightCensored
from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    Unweighted,
    baseline_hazard,
    concordance,
    conditional_survival,
    cox,
    follow_up,
    kaplan_meier,
    logrank,
    logrank_permutation,
    logrank_trend,
    max_combo,
    nelson_aalen,
    predicted_survival,
    proportionality,
    restricted_mean,
    restricted_mean_contrast,
    restricted_mean_regression,
    restricted_mean_test,
    simultaneous_band,
    subgroup_effects,
    survival_contrast,
)

WEIGHTS = [Unweighted(), FlemingHarrington(0, 1), Gehan()]
TRIALS = trials(1)


def data(trial, **options):
    return RightCensored(trial.time, trial.status, **options)


def fit(trial, **options):
    return cox(data(trial), trial.covariates, **{"ties": "breslow", **options})


CURVES = {
    **{
        f"kaplan_meier {kind}": lambda t, _, kind=kind: kaplan_meier(data(t), conf_type=kind)
        for kind in ("log-log", "log", "plain", "logit", "arcsine")
    },
    "kaplan_meier clusters": lambda t, _: kaplan_meier(data(t), cluster=t.x),
    "nelson_aalen": lambda t, _: nelson_aalen(data(t)),
    "follow_up": lambda t, _: follow_up(data(t)),
    "equal-precision": lambda t, _: simultaneous_band(data(t)),
    "hall-wellner": lambda t, _: simultaneous_band(data(t), kind="hall-wellner"),
    "conditional": lambda t, unit: conditional_survival(data(t), given=2 * unit),
    "baseline": lambda t, _: baseline_hazard(fit(t)),
}
ESTIMATES = {
    "survival_contrast": lambda t, unit: survival_contrast(data(t), t.arm, time=3 * unit, kind="ratio"),
    "cox efron": lambda t, _: fit(t, ties="efron"),
    "cox breslow": lambda t, _: fit(t),
    "cox strata": lambda t, _: fit(t, strata=t.stratum),
    "cox clusters": lambda t, _: fit(t, cluster=t.x),
    "cox firth": lambda t, _: fit(t, penalty="firth"),
    "predicted": lambda t, _: predicted_survival(fit(t), t.covariates.iloc[:0].reindex([0]).fillna(0)),
    "concordance": lambda t, _: concordance(fit(t)),
    "restricted_mean_ratio": lambda t, unit: restricted_mean_contrast(
        data(t), t.arm, horizon=3 * unit, kind="ratio"
    ),
}
TESTS = {
    **{f"logrank {w.name}": lambda t, _, w=w: logrank(data(t), t.arm, weight=w) for w in WEIGHTS},
    "trend": lambda t, _: logrank_trend(data(t), t.stratum, [0, 1]),
    "max_combo": lambda t, _: max_combo(data(t), t.arm, WEIGHTS[:2]),
    "permutation": lambda t, _: logrank_permutation(data(t), t.arm, distribution="asymptotic"),
    "restricted_mean_test": lambda t, unit: restricted_mean_test(data(t), t.arm, horizon=3 * unit),
    "proportionality": lambda t, _: proportionality(data(t), t.covariates, transform="rank"),
}
HALVED = ["kaplan_meier log", "nelson_aalen", "follow_up", "survival_contrast", "restricted_mean_ratio"]
HALVED += ["cox breslow", "cox strata", "conditional", "baseline"]


@pytest.mark.parametrize("name", [*CURVES, *ESTIMATES, *TESTS])
@given(trial=TRIALS, random=st.randoms(use_true_random=False), unit=st.sampled_from([1e-9, 1 / 365.25, 1e9]))
@settings(max_examples=15)
def test_order_of_rows_and_unit_of_time_change_nothing(name, trial, random, unit):
    both = check_moved({**CURVES, **ESTIMATES, **TESTS}[name], trial, random, unit)
    if both and name in CURVES:
        assert_allclose(both[1].time, both[0].time * unit, rtol=1e-12)


@pytest.mark.parametrize("name", [*CURVES, *ESTIMATES])
@given(trial=TRIALS)
@settings(max_examples=15)
def test_limits_hold_the_estimate(name, trial):
    check_limits({**CURVES, **ESTIMATES}[name], trial)


@pytest.mark.parametrize("name", HALVED)
@given(trial=TRIALS)
@settings(max_examples=15)
def test_doubled_data_keep_the_estimate_and_halve_the_variance(name, trial):
    check_doubled({**CURVES, **ESTIMATES}[name], trial)


@pytest.mark.parametrize(
    "function",
    [
        lambda t, s: logrank(data(t), t.arm, strata=s, weight=Gehan()),
        lambda t, s: logrank_trend(data(t), t.arm, [0, 1], strata=s),
        lambda t, s: max_combo(data(t), t.arm, WEIGHTS, strata=s),
        lambda t, s: restricted_mean_contrast(data(t), t.arm, horizon=3, strata=s),
        lambda t, s: restricted_mean_test(data(t), t.arm, horizon=3, strata=s),
        lambda t, s: fit(t, strata=s),
        lambda t, s: fit(t, strata=s, ties="efron", cluster=t.x),
        lambda t, s: proportionality(data(t), t.covariates, strata=s),
    ],
    ids=["logrank", "trend", "max_combo", "mean", "mean_test", "cox", "robust", "zph"],
)
@given(trial=TRIALS)
@settings(max_examples=15)
def test_one_stratum_is_unstratified(function, trial):
    check_stratum(function, trial)


@pytest.mark.parametrize("weight", WEIGHTS)
@given(trial=TRIALS)
@settings(max_examples=15)
def test_trend_and_combination_of_one_weight_in_two_arms_are_the_logrank_test(weight, trial):
    two = logrank(data(trial), trial.arm, weight=weight)
    trend = logrank_trend(data(trial), trial.arm, [0, 1], weight=weight)
    assert_allclose([trend.statistic, trend.p_value], [two.statistic, two.p_value], rtol=1e-9)
    assert_allclose(two.statistic, two.z**2, rtol=1e-9)
    if not np.isnan(two.z):
        alone = max_combo(data(trial), trial.arm, [weight])
        assert_allclose([alone.component_z[0], alone.p_value], [two.z, two.p_value], rtol=1e-6, atol=1e-9)


@given(trial=TRIALS)
@settings(max_examples=15)
def test_the_score_test_of_one_covariate_is_the_logrank_test(trial):
    treated = trial.covariates[["treated"]]
    model = outcome(lambda: cox(data(trial), treated, ties="exact"))
    if not isinstance(model, type):
        # the hypergeometric variance of the log-rank test is the information of the exact likelihood
        assert_allclose(model.score_test.statistic, logrank(data(trial), trial.arm).statistic, rtol=1e-9)


@given(trial=TRIALS, shift=st.integers(-50, 50), scale=st.sampled_from([1e-3, 7.0, 1e4]))
@settings(max_examples=15)
def test_units_of_covariates_change_no_test(trial, shift, scale):
    moved = trial.covariates.assign(x=(trial.x + shift) * scale)
    first, other = outcome(fit, trial), outcome(lambda: cox(data(trial), moved, ties="breslow"))
    if isinstance(first, type):
        assert other is first
        return
    assert_allclose(other.coefficient * [1, scale], first.coefficient, rtol=1e-5, atol=1e-7)
    assert_allclose(other.log_likelihood, first.log_likelihood, rtol=1e-8)


@given(trial=TRIALS)
@settings(max_examples=15)
def test_effects_of_subgroups_do_not_depend_on_their_order(trial):
    def effects(rows):
        return subgroup_effects(data(rows), rows.arm, rows.stratum)

    first, other = outcome(effects, trial), outcome(effects, trial.rows(np.arange(trial.time.size)[::-1]))
    if isinstance(first, type):
        assert other is first
        return
    assert_allclose(other.log_hazard_ratio, first.log_hazard_ratio, rtol=1e-6, atol=1e-8)
    assert_array_equal(other.n_events, first.n_events)


@given(trial=TRIALS, unit=st.sampled_from([1e-9, 1 / 365.25, 1e9]))
@settings(max_examples=15)
def test_restricted_means_are_counted_in_the_unit_of_time(trial, unit):
    first = restricted_mean(data(trial), horizon=3)
    other = restricted_mean(data(trial.in_unit(unit)), horizon=3 * unit)
    assert_allclose(np.array([other.estimate, other.std_error]) / unit, [first.estimate, first.std_error])

    def regression(rows, of):
        return restricted_mean_regression(data(rows), rows.arm, rows.covariates[["x"]], horizon=3 * of)

    model, scaled = outcome(regression, trial, 1.0), outcome(regression, trial.in_unit(unit), unit)
    if isinstance(model, type):
        assert scaled is model
        return
    assert_allclose(scaled.coefficient / unit, model.coefficient, rtol=1e-6, atol=1e-8)
