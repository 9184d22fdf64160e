from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read
from tests.support.interval_models import Model
from tests.support.interval_trials import cosmesis, diabetes, holds, infections

from skeletal.data import IntervalCensored
from skeletal.intervals import interval_logrank, interval_regression, turnbull
from skeletal.survival import parametric

R = cases("more_interval")
INF = float("inf")
LAWS = {
    "weibull": "weibull",
    "exponential": "exponential",
    "lognormal": "log-normal",
    "loglogistic": "log-logistic",
}


def npsurv_cosmesis():
    frame = read("bcos_npsurv")
    return IntervalCensored(frame.L, frame.R.fillna(INF)), frame.group


def deterioration():
    frame = read("bcdeter")
    return IntervalCensored(frame.lower, frame.upper.fillna(INF)), frame.treat


def by_hospital():
    data, frame = infections()
    return data, frame.hosp


def by_treatment():
    data, frame = infections()
    return data, frame.treat


def part(data, rows):
    return IntervalCensored(data.left[rows], data.right[rows])


def of_column(column, value):
    data, frame = infections()
    return part(data, (frame[column] == value).to_numpy())


@pytest.mark.parametrize(
    ("case", "make"),
    [
        ("np_bcos_all", lambda: npsurv_cosmesis()[0]),
        ("np_bcdeter_all", lambda: deterioration()[0]),
        ("np_cgd_placebo", lambda: of_column("treat", "placebo")),
        ("np_cgd_treated", lambda: of_column("treat", "rIFN-g")),
        ("np_cgd_nih", lambda: of_column("hosp", "US:NIH")),
    ],
)
def test_sets_with_mass_as_npsurv(case, make):
    expected, curve = R[case], turnbull(make())
    used = curve.mass > 1e-9
    assert_allclose(curve.left[used], expected["left"])
    assert_allclose(curve.right[used], [INF if end is None else end for end in expected["right"]])
    assert_allclose(curve.mass[used], expected["mass"], rtol=1e-7)
    assert_allclose(curve.log_likelihood, expected["log_likelihood"], rtol=1e-12)


@pytest.mark.parametrize("make", [npsurv_cosmesis, deterioration, by_treatment, cosmesis, diabetes])
def test_the_certificate_holds_by_its_definition(make):
    data, _ = make()
    curve = turnbull(data)
    inside = holds(data, curve.left, curve.right)
    slope = (inside / (inside @ curve.mass)[:, None]).mean(axis=0)
    assert slope.max() <= 1 + 1e-10
    assert_allclose(slope[curve.mass > 0], 1, rtol=1e-7)


def test_exact_times_that_are_ends_of_other_rows_have_the_likelihood_of_npsurv():
    data, gender = diabetes()
    curve = turnbull(part(data, (gender == "male").to_numpy()))
    assert_allclose(curve.log_likelihood, R["np_diabetes_male"]["log_likelihood"], rtol=1e-12)


TRIALS = {
    "bcos_npsurv": (npsurv_cosmesis, "RCT"),
    "bcdeter": (deterioration, 2),
    "cgd": (by_treatment, "rIFN-g"),
    "diabetes": (diabetes, "male"),
}


def with_covariates(trial):
    make, treated = TRIALS[trial]
    data, arm = make()
    covariates = pd.DataFrame({"x": (arm == treated).to_numpy().astype(int)})
    return data, covariates.assign(age=infections()[1].age.to_numpy()) if trial == "cgd" else covariates


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("trial", TRIALS)
def test_accelerated_failure_times_as_survreg(trial, law):
    data, covariates = with_covariates(trial)
    fit, expected = parametric(data, covariates, distribution=LAWS[law]), R[f"aft_{trial}"][law]
    size = len(expected["coef"])
    assert_allclose(fit.coefficient[:size], expected["coef"], rtol=1e-8)
    assert_allclose(fit.covariance, expected["var"], rtol=1e-8, atol=1e-12)
    assert_allclose(fit.scale, expected["scale"], rtol=1e-8)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=1e-10)


@pytest.mark.parametrize("law", ["weibull", "exponential"])
@pytest.mark.parametrize("trial", TRIALS)
def test_hazard_ratios_as_survreg_by_the_delta_method(trial, law):
    data, covariates = with_covariates(trial)
    fit, expected = interval_regression(data, covariates, baseline=law), R[f"aft_{trial}"][law]
    effect, scale = np.array(expected["coef"][1:]), expected["scale"]
    change = np.hstack([np.zeros((effect.size, 1)), -np.eye(effect.size) / scale, effect[:, None] / scale])
    change = change[:, : len(expected["var"])]
    assert_allclose(fit.coefficient, -effect / scale, rtol=1e-8)
    assert_allclose(fit.covariance, change @ np.array(expected["var"]) @ change.T, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("scores", ["logrank1", "logrank2", "wmw"])
@pytest.mark.parametrize("make", [npsurv_cosmesis, deterioration, by_treatment, by_hospital, diabetes])
def test_both_statistics_are_those_of_the_models_by_differentiation(make, scores):
    data, labels = make()
    arm = np.unique(labels, return_inverse=True)[1]
    model = Model(scores, data, turnbull(data), arm)
    score = model.scores()
    size = np.bincount(arm)
    sums = np.bincount(arm, score)
    spread = np.var(score, ddof=1) * (np.diag(size) - np.outer(size, size) / size.sum())
    for method, variance in (("permutation", spread), ("score", model.information())):
        test = interval_logrank(data, labels, scores=scores, method=method)
        assert_allclose(test.observed - test.expected, sums, rtol=1e-7, atol=1e-9)
        assert_allclose(test.variance, variance, rtol=1e-7, atol=1e-7)
        assert_allclose(test.statistic, sums[1:] @ np.linalg.solve(variance[1:, 1:], sums[1:]), rtol=1e-7)
