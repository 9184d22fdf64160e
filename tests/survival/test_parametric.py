"""Parametric regression against R's survreg, its arguments, its predictions and its refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared

from skeletal import CompetingRisks, IntervalCensored, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.survival import cox, parametric

PARAMETRIC = cases("parametric")
RTOL = 1e-9
RTOL_PROFILE = 1e-7  # Q as the root of a derivative by differences in R
R_NAMES = {"lognormal": "log-normal", "loglogistic": "log-logistic"}
LAWS = ("exponential", "weibull", "log-normal", "log-logistic", "generalised-gamma", "spline")
SURVREG = LAWS[:4]


def values(entry):
    return np.array(list(entry.values()), dtype=float)


def check(fit, expected, rtol=RTOL):
    coefficients = values(expected["coef"])
    assert_allclose(fit.coefficient[: coefficients.size], coefficients, rtol=rtol, atol=rtol * 1e-3)
    assert_allclose(fit.scale, expected["scale"], rtol=rtol)
    assert_allclose(fit.covariance, expected["var"], rtol=rtol)
    assert_allclose(fit.std_error, np.sqrt(np.diag(expected["var"])), rtol=rtol)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=rtol)
    if "naive_var" in expected:
        assert_allclose(fit.naive_std_error, np.sqrt(np.diag(expected["naive_var"])), rtol=rtol)
    if "aic" in expected:
        assert_allclose(fit.aic, expected["aic"], rtol=rtol)
        assert_allclose(fit.likelihood_ratio_test.statistic, expected["lrt"], rtol=rtol)
    if "ph_log_hr" in expected:
        assert_allclose(fit.log_hazard_ratio, values(expected["ph_log_hr"]), rtol=rtol)
        assert_allclose(fit.log_hazard_ratio_std_error, expected["ph_log_hr_se"], rtol=rtol)
    else:
        proportional = fit.distribution in ("exponential", "weibull")
        assert np.isnan(fit.log_hazard_ratio).all() != proportional or fit.log_hazard_ratio.size == 0


def lung(**options):
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2, **options), frame


def lung_intervals():
    """Deaths found by visits 90 days apart, every third exact: as the golden cases prepare them."""
    frame = read("lung").dropna(subset=["inst"])
    exact = np.arange(1, len(frame) + 1) % 3 == 0
    seen = np.floor((frame.time - 1) / 90) * 90
    died = frame.status == 2
    left = np.where(died & ~exact, seen, frame.time)
    right = np.where(died, np.where(exact, frame.time, seen + 90), np.inf)
    return IntervalCensored(left, right), frame


@pytest.mark.parametrize("law", PARAMETRIC["lung"])
def test_lung_as_r(law):
    data, frame = lung()
    fit = parametric(data, frame[["age", "sex"]], distribution=R_NAMES.get(law, law))
    check(fit, PARAMETRIC["lung"][law])
    assert (fit.n_subjects, fit.n_events) == (228, 165)
    assert fit.likelihood_ratio_test.df == 2
    last = () if law == "exponential" else ("log_scale",)
    assert fit.names == ("intercept", "age", "sex", *last)
    if last:
        assert_allclose(np.exp(fit.coefficient[-1]), fit.scale)


@pytest.mark.parametrize("law", PARAMETRIC["ovarian"])
def test_ovarian_as_r(law):
    frame = read("ovarian")
    fit = parametric(
        RightCensored(frame.futime, frame.fustat),
        frame[["ecog.ps", "rx"]],
        distribution=R_NAMES.get(law, law),
    )
    check(fit, PARAMETRIC["ovarian"][law])


@pytest.mark.parametrize("law", PARAMETRIC["rotterdam"])
def test_rotterdam_as_r(law):
    frame = read("rotterdam")
    fit = parametric(
        RightCensored(frame.dtime / 365.25, frame.death, time_unit="years"),
        frame[["age", "nodes", "chemo"]],
        distribution=R_NAMES.get(law, law),
    )
    check(fit, PARAMETRIC["rotterdam"][law])


def test_case_weights_as_r():
    data, frame = lung(weight=1 + (read("lung").age > 65))
    check(parametric(data, frame[["sex"]]), PARAMETRIC["lung_weighted"])


@pytest.mark.parametrize("law", SURVREG)
def test_clusters_as_r(law):
    frame = read("lung").dropna(subset=["inst"])
    data = RightCensored(frame.time, frame.status == 2)
    fit = parametric(data, frame[["age", "sex"]], distribution=law, cluster=frame.inst)
    check(fit, PARAMETRIC["clustered"][law])
    assert "robust covariance by 18 clusters" in fit.method


@pytest.mark.parametrize("law", SURVREG)
def test_weights_and_clusters_together_as_r(law):
    frame = read("retinopathy")
    covariates = pd.DataFrame({"trt": frame.trt, "juvenile": frame.type == "juvenile"}).astype(float)
    data = RightCensored(frame.futime, frame.status, weight=1 + frame.id % 3)
    fit = parametric(data, covariates, distribution=law, cluster=frame.id)
    check(fit, PARAMETRIC["weighted_clustered"][law])


@pytest.mark.parametrize("law", SURVREG)
def test_heavy_ties_as_r(law):
    _, frame = lung()
    data = RightCensored(np.ceil(frame.time / 60) * 60, frame.status == 2)
    check(parametric(data, frame[["age", "sex"]], distribution=law), PARAMETRIC["ties"][law])


@pytest.mark.parametrize("law", SURVREG)
def test_one_sample_as_r(law):
    data, _ = lung()
    fit = parametric(data, None, distribution=law)
    expected = {**PARAMETRIC["one_sample"][law]}
    expected["loglik"] = np.resize(expected["loglik"], 2)  # R gives one number here
    check(fit, expected)
    assert np.isnan(fit.likelihood_ratio_test.statistic)


@pytest.mark.parametrize("law", SURVREG)
def test_intervals_exact_left_and_right_censored_rows_as_r(law):
    data, frame = lung_intervals()
    covariates = frame[["age", "sex"]]
    check(parametric(data, covariates, distribution=law), PARAMETRIC["intervals"][law])
    fit = parametric(data, covariates, distribution=law, cluster=frame.inst)
    check(fit, PARAMETRIC["intervals_clustered"][law])
    assert fit.n_events == 164
    assert "interval-censored" in fit.method


@pytest.mark.parametrize("law", SURVREG)
def test_breast_cosmesis_as_r(law):
    frame = read_shared("bcos")
    fit = parametric(
        IntervalCensored(frame.left, frame.right, time_unit="months"),
        pd.DataFrame({"RadChem": frame.treatment == "RadChem"}),
        distribution=law,
    )
    # R 4.2.2, survival 3.8.6: survreg(Surv(l, r, type = "interval2") ~ treatment)
    expected = {
        "exponential": (-0.741581198734135, 1, -149.866355668848),
        "weibull": (-0.567550536563053, 0.619339705211414, -143.320827109903),
        "log-normal": (-0.421000456373987, 0.882141427852249, -146.622331968317),
        "log-logistic": (-0.487306873713227, 0.499621870847393, -145.585062167841),
    }
    assert_allclose((fit.coefficient[1], fit.scale, fit.log_likelihood), expected[law], rtol=RTOL)


@pytest.mark.parametrize(("name", "last"), [("gengamma_lung", 0.9858), ("gengamma_rot", 0.0543)])
def test_generalised_gamma_as_the_profile_of_survreg_with_its_error_law(name, last):
    expected = PARAMETRIC[name]
    if name == "gengamma_lung":
        data, frame = lung()
        covariates = frame[["age", "sex"]]
    else:
        frame = read("rotterdam")
        data, covariates = RightCensored(frame.dtime / 365.25, frame.death), frame[["age", "nodes", "chemo"]]
    fit = parametric(data, covariates, distribution="generalised-gamma")
    assert_allclose(fit.coefficient[:-2], values(expected["coef"]), rtol=RTOL_PROFILE)
    assert_allclose(fit.scale, expected["scale"], rtol=RTOL_PROFILE)
    assert_allclose(fit.coefficient[-1], expected["Q"], rtol=1e-6)
    assert_allclose(fit.log_likelihood, expected["loglik"], rtol=1e-12)
    assert fit.names[-2:] == ("log_scale", "Q")
    assert fit.coefficient[-1] == pytest.approx(last, abs=1e-4)


def test_quantiles_as_r():
    data, frame = lung()
    expected = PARAMETRIC["lung_quantiles"]
    found = parametric(data, frame[["sex"]]).quantile(expected["p"], pd.DataFrame({"sex": [1, 2]}))
    assert_allclose(found.estimate, np.ravel(expected["quantile"]), rtol=RTOL)
    assert_allclose(found.std_error, np.ravel(expected["se"]), rtol=RTOL)
    assert found.row.tolist() == [0, 0, 0, 1, 1, 1]
    assert found.p.tolist() == expected["p"] * 2


@pytest.mark.parametrize("law", SURVREG)
def test_quantiles_far_into_both_tails_as_r(law):
    data, frame = lung()
    expected = PARAMETRIC["quantiles"][law]
    fit = parametric(data, frame[["age", "sex"]], distribution=law)
    rows = pd.DataFrame({"sex": [1, 2], "other": "ignored", "age": [50, 75]})
    found = fit.quantile(expected["p"], rows)
    assert_allclose(found.estimate, np.ravel(expected["quantile"]), rtol=RTOL)
    assert_allclose(found.std_error, np.ravel(expected["se"]), rtol=RTOL)
    half = 1.959963984540054 * found.std_error / found.estimate
    assert_allclose(found.lower, found.estimate * np.exp(-half), rtol=1e-12)
    assert_allclose(found.upper, found.estimate * np.exp(half), rtol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_quantile_inverts_survival_with_the_same_relative_error(law):
    data, frame = lung()
    fit = parametric(data, frame[["age", "sex"]], distribution=law)
    rows = frame[["age", "sex"]].iloc[[3]]
    times = fit.quantile([0.001, 0.2, 0.5, 0.8], rows)
    found = fit.survival(times.estimate, rows)
    assert_allclose(found.estimate, 1 - times.p, rtol=1e-12)
    nearby = fit.survival(np.outer(times.estimate, [1 - 1e-5, 1 + 1e-5]).ravel(), rows).estimate
    slope = np.diff(nearby.to_numpy().reshape(-1, 2))[:, 0] / 2e-5
    assert_allclose(found.std_error, -slope * times.std_error / times.estimate, rtol=1e-7)
    assert (found.lower < found.estimate).all()
    assert (found.estimate < found.upper).all()


def test_survival_starts_at_one_and_its_limits_are_those_of_the_log_hazard():
    data, frame = lung()
    fit = parametric(data, frame[["sex"]])
    found = fit.survival([0, 300], pd.DataFrame({"sex": [2]}))
    assert found.iloc[0].tolist() == [0, 0, 1, 0, 1, 1]
    row = found.iloc[1]
    x, rate = np.array([1, 2]), np.exp(-fit.coefficient[2])
    error = (np.log(300) - x @ fit.coefficient[:2]) * rate
    gradient = np.append(-rate * x, -error)  # of the log cumulative hazard
    spread = np.sqrt(gradient @ fit.covariance @ gradient)
    assert_allclose(row.estimate, np.exp(-np.exp(error)), rtol=1e-12)
    assert_allclose(row.std_error, row.estimate * np.exp(error) * spread, rtol=1e-10)
    limits = np.exp(-np.exp(error + 1.959963984540054 * spread * np.array([1, -1])))
    assert_allclose([row.lower, row.upper], limits, rtol=1e-10)


def test_a_law_whose_hazard_never_reaches_a_level_has_no_quantile():
    data, _ = lung()
    fit = parametric(data, None, distribution="spline", knots=0)
    falling = np.array([-1.0, -0.5])  # as a spline of intervals can be beyond its knots
    fit = dataclasses.replace(fit, coefficient=falling, lower=falling, upper=falling)
    assert fit.quantile([0.2, 0.9])[["estimate", "std_error", "lower", "upper"]].isna().all(axis=None)


def test_wald_limits_ratios_and_frame():
    data, frame = lung()
    fit = parametric(data, frame[["age", "sex"]], distribution="log-normal")
    assert_allclose(fit.upper - fit.coefficient, 1.959963984540054 * fit.std_error)
    assert_allclose(fit.ratio_lower, np.exp(fit.lower))
    table = fit.to_frame()
    assert table.index.tolist() == list(fit.names)
    assert_allclose(table.loc["sex", "ratio"], np.exp(fit.coefficient[2]))
    assert fit.knots.size == 0
    assert fit.time_unit == "days"
    assert "log-normal" in fit.method


def test_knots_are_quantiles_of_the_log_event_times():
    data, frame = lung()
    events = np.log(frame.time[frame.status == 2])
    for knots in (0, 1, 2, 3):
        fit = parametric(data, None, distribution="spline", knots=knots)
        assert_allclose(fit.knots, np.quantile(events, np.linspace(0, 1, knots + 2)))
        assert fit.names == ("intercept", *(f"gamma{k}" for k in range(1, knots + 2)))
    assert parametric(data, None, distribution="spline").knots.size == 4
    assert "2 inner knots" in parametric(data, None, distribution="spline").method


def test_hazard_ratio_of_the_spline_is_close_to_that_of_cox():
    data, frame = lung()
    fit = parametric(data, frame[["age", "sex"]], distribution="spline")
    semiparametric = cox(data, frame[["age", "sex"]])
    assert_allclose(fit.log_hazard_ratio, fit.coefficient[1:3])
    assert_allclose(fit.log_hazard_ratio_std_error, fit.std_error[1:3])
    assert np.isnan(fit.scale)
    assert (np.abs(fit.log_hazard_ratio - semiparametric.coefficient) < 0.1 * fit.std_error[1:3]).all()
    assert_allclose(fit.std_error[1:3], semiparametric.std_error, rtol=0.01)


def test_an_arm_without_events_is_reported():
    arm = pd.DataFrame({"age": [60, 71, 65, 58, 64, 70], "treated": [0, 0, 0, 1, 1, 1]})
    data = RightCensored([1, 2, 5, 4, 5, 6], [1, 1, 1, 0, 0, 0])
    for law in ("exponential", "weibull", "log-normal", "log-logistic"):
        with pytest.raises(NotConverged, match=rf"{law} model has no maximum: 1 .*\(treated\).*firth"):
            parametric(data, arm[["treated"]], distribution=law)


@pytest.mark.parametrize(
    ("data", "covariates", "options", "message"),
    [
        (RightCensored([5, 5, 5], [1, 1, 1]), None, {}, "too few or at one time"),
        (RightCensored([5], [1]), None, {"distribution": "log-normal"}, "too few or at one time"),
        (
            RightCensored([1, 2, 4, 8], [1, 1, 1, 1]),
            pd.DataFrame({"x": [0, 1, 2, 3]}),
            {},
            "the covariates tell their times exactly",
        ),
        (
            IntervalCensored([1, 2, 3], [5, 6, 7]),
            None,
            {"distribution": "log-logistic"},
            "too few or at one time",
        ),
        (
            RightCensored([1, 1, 1, 1, 2, 2, 3, 3], [1, 1, 1, 1, 1, 0, 1, 0]),
            None,
            {"distribution": "generalised-gamma"},
            "Q goes on without end",
        ),
    ],
)
def test_likelihoods_without_a_maximum_are_reported(data, covariates, options, message):
    with pytest.raises(NotConverged, match=message):
        parametric(data, covariates, **options)


def test_one_subject_tells_an_exponential_rate():
    fit = parametric(RightCensored([5], [1]), None, distribution="exponential")
    assert_allclose(fit.coefficient, np.log(5))
    assert_allclose(fit.std_error, 1)
    assert_allclose(fit.log_likelihood, -np.log(5) - 1)


X = pd.DataFrame({"x": [0.0, 1, 0, 1, 1, 0], "y": [3.0, 1, 2, 5, 4, 4]})
SMALL = RightCensored([1, 2, 2, 4, 5, 7], [1, 1, 1, 1, 0, 1])


@pytest.mark.parametrize(
    ("data", "covariates", "options", "message"),
    [
        (SMALL, X, {"distribution": "gompertz"}, "distribution must be one of 'exponential'"),
        (SMALL, X, {"cluster": [1, 2]}, "cluster must have one entry a row"),
        (SMALL, X, {"distribution": "spline", "knots": -1}, "knots must be a whole number from 0, got -1"),
        (SMALL, X, {"distribution": "spline", "knots": 1.5}, "knots must be a whole number from 0, got 1.5"),
        (SMALL, X.iloc[:3], {}, "covariates must have one entry a row"),
        (SMALL, X.rename(columns={"x": "log_scale"}), {}, r"name of a parameter \(intercept, log_scale"),
        (SMALL, X.assign(x=[0, np.nan, 1, 1, 0, 0]), {}, r"known and finite \(x\): 1 row\(s\) \(1\)"),
        (RightCensored([0, 1, 0], [1, 1, 0]), None, {}, r"time must come after 0.*2 row\(s\) \(0, 2\)"),
        (IntervalCensored([0, 1], [0, 2]), None, {}, r"time must come after 0.*1 row\(s\) \(0\)"),
        (
            CompetingRisks([1], [1], ["SRE"]),
            None,
            {},
            "data must be RightCensored or Int.*got CompetingRisks",
        ),
    ],
)
def test_arguments_are_refused_by_name(data, covariates, options, message):
    with pytest.raises(InvalidArgument, match=message):
        parametric(data, covariates, **options)


@pytest.mark.parametrize(
    ("data", "covariates", "options", "message"),
    [
        (RightCensored([1, 2], [0, 0]), None, {}, r"no events among 2 row\(s\)"),
        (IntervalCensored([1, 0], [np.inf, np.inf]), None, {}, r"no events among 2 row\(s\)"),
        (IntervalCensored([0, 0], [1, 2]), None, {}, r"all 2 row\(s\) are left-censored at 0"),
        (SMALL, X.assign(x=0.1), {}, r"1 covariate\(s\) are constant \(x\)"),
        (SMALL, X.assign(z=X.x + 2 * X.y), {}, r"covariate z is determined by those before it \(x, y\)"),
        (RightCensored([1, 3, 3, 3, 5], [1] * 5), None, {"distribution": "spline"}, "ask for fewer knots"),
    ],
)
def test_what_the_data_do_not_tell_is_not_estimable(data, covariates, options, message):
    with pytest.raises(NotEstimable, match=message):
        parametric(data, covariates, **options)


def test_predictions_refuse_by_name():
    fit = parametric(SMALL, X[["x"]])
    with pytest.raises(InvalidArgument, match="p must lie strictly between 0 and 1"):
        fit.quantile([0.5, 1], X)
    with pytest.raises(InvalidArgument, match="times must be one-dimensional, not negative"):
        fit.survival([-1], X)
    with pytest.raises(InvalidArgument, match=r"rows must give the covariates of the fit \(x\)"):
        fit.quantile(0.5)
    with pytest.raises(InvalidArgument, match=r"1 absent or there twice \(x\)"):
        fit.survival([1], X[["y"]])
    alone = parametric(SMALL, None)
    assert len(alone.quantile([0.1, 0.5])) == 2
    assert len(alone.survival(3.0)) == 1
