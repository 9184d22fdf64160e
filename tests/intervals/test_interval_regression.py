from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from tests.support.golden import cases, read
from tests.support.interval_trials import (
    cosmesis,
    diabetes,
    holds,
    infections,
    likeliest_by_search,
    naive_sets,
    sample,
    treated,
)

from skeletal.data import IntervalCensored, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.intervals import interval_regression, turnbull
from skeletal.survival import cox, parametric

INTERVAL = cases("interval")
INF = float("inf")
BASELINES = ["weibull", "exponential", "spline", "semiparametric"]


def cgd():
    data, frame = infections()
    return data, pd.DataFrame({"treated": (frame.treat != "placebo").astype(int), "age": frame.age})


def test_weibull_proportional_hazards_as_icenreg():
    expected = INTERVAL["weibull_bcos"]
    data, arm = cosmesis()
    fit = interval_regression(data, treated(arm, "Rad"))
    assert fit.names == ("treated",)
    assert_allclose(fit.coefficient, expected["coef"]["treatmentRadChem"], rtol=1e-7)
    # icenReg's second derivatives are differences; the exact ones are those of survreg below
    assert_allclose(fit.std_error, np.sqrt(expected["var"]["values"][2][2]), rtol=1e-4)
    assert_allclose(fit.log_likelihood, expected["llk"], rtol=1e-12)


@pytest.mark.parametrize("baseline", ["weibull", "exponential"])
@pytest.mark.parametrize("trial", ["bcos", "cgd"])
def test_parametric_hazard_ratios_as_survreg(trial, baseline):
    expected = INTERVAL[f"survreg_{trial}"][baseline]
    if trial == "bcos":
        data, arm = cosmesis()
        covariates = treated(arm, "Rad")
    else:
        data, covariates = cgd()
    fit = interval_regression(data, covariates, baseline=baseline)
    assert_allclose(fit.coefficient, np.atleast_1d(expected["coefficient"]), rtol=1e-8)
    assert_allclose(fit.covariance, expected["covariance"], rtol=1e-6)
    assert_allclose(fit.log_likelihood, expected["log_likelihood"], rtol=1e-10)
    if baseline == "weibull":
        assert_allclose(fit.log_likelihood_null, expected["log_likelihood_null"], rtol=1e-10)
    assert_allclose(
        fit.wald_test.statistic, fit.coefficient @ np.linalg.solve(fit.covariance, fit.coefficient)
    )
    gain = 2 * (fit.log_likelihood - fit.log_likelihood_null)
    assert_allclose(fit.likelihood_ratio_test.statistic, gain)
    assert fit.likelihood_ratio_test.df == len(fit.names)
    assert np.isnan(fit.score_test.statistic)


def test_spline_is_the_parametric_one_without_its_baseline():
    data, covariates = cgd()
    for knots in (1, 2):
        fit = interval_regression(data, covariates, baseline="spline", knots=knots)
        whole = parametric(data, covariates, distribution="spline", knots=knots)
        assert_allclose(fit.coefficient, whole.coefficient[1:3], rtol=1e-12)
        assert_allclose(fit.std_error, whole.std_error[1:3], rtol=1e-12)
    weibull = interval_regression(data, covariates)
    smooth = interval_regression(data, covariates, baseline="spline", knots=0)
    assert_allclose(smooth.coefficient, weibull.coefficient, rtol=1e-6)


def test_semiparametric_as_icenreg():
    expected = INTERVAL["semiparametric_diabetes"]["ph"]
    data, gender = diabetes()
    fit = interval_regression(data, treated(gender, "female"), baseline="semiparametric")
    assert_allclose(fit.coefficient, expected["coef"]["gendermale"], rtol=1e-6)
    assert_allclose(fit.log_likelihood, expected["llk"], rtol=1e-10)
    assert_allclose(fit.naive_std_error, fit.std_error, rtol=0.01)


def small():
    rng = np.random.default_rng(4)
    left = rng.integers(0, 5, 14).astype(float)
    right = left + rng.integers(1, 4, 14)
    right[rng.random(14) < 0.3] = INF
    left[0], right[0] = 3, 3
    return IntervalCensored(left, right), rng.integers(0, 2, 14).astype(float)


def test_semiparametric_maximum_as_by_a_general_optimiser():
    data, x = small()
    inside = holds(data, *naive_sets(data))
    fit = interval_regression(data, pd.DataFrame({"x": x}), baseline="semiparametric")
    best = minimize_scalar(
        lambda b: -likeliest_by_search(inside, x, b), bounds=(-4, 4), options={"xatol": 1e-5}
    )
    assert_allclose(fit.log_likelihood, -best.fun, atol=1e-6)
    assert_allclose(fit.coefficient, best.x, atol=1e-3)
    step = fit.naive_std_error[0]
    sides = [likeliest_by_search(inside, x, fit.coefficient[0] + sign * step) for sign in (1, -1)]
    assert_allclose(fit.covariance[0, 0], step**2 / (2 * fit.log_likelihood - sum(sides)), rtol=1e-4)


def test_semiparametric_null_is_turnbulls_likelihood():
    data, x = small()
    fit = interval_regression(data, pd.DataFrame({"x": x}), baseline="semiparametric")
    assert_allclose(fit.log_likelihood_null, turnbull(data).log_likelihood, rtol=1e-12)


def test_semiparametric_of_exact_times_is_near_cox():
    frame = read("leukemia")
    covariates = treated(frame.x, "Maintained")
    exact = IntervalCensored(frame.time, np.where(frame.status == 1, frame.time, INF))
    fit = interval_regression(exact, covariates, baseline="semiparametric")
    partial = cox(RightCensored(frame.time, frame.status), covariates)
    assert_allclose(fit.coefficient, partial.coefficient, atol=0.1)
    assert_allclose(fit.std_error, partial.std_error, rtol=0.05)


@pytest.mark.parametrize("baseline", BASELINES)
def test_swapping_arms_order_and_units(baseline):
    data, covariates = cgd()
    fit = interval_regression(data, covariates, baseline=baseline)
    assert (fit.lower <= fit.coefficient).all()
    assert (fit.coefficient <= fit.upper).all()
    swapped = interval_regression(data, covariates.assign(treated=1 - covariates.treated), baseline=baseline)
    assert_allclose(swapped.coefficient, fit.coefficient * [-1, 1], rtol=1e-6)
    assert_allclose(swapped.std_error, fit.std_error, rtol=1e-5)
    months = IntervalCensored(data.left / 30, data.right / 30)
    other = interval_regression(months, covariates.assign(age=covariates.age / 10), baseline=baseline)
    assert_allclose(other.coefficient, fit.coefficient * [1, 10], rtol=1e-6)
    assert_allclose(other.std_error, fit.std_error * [1, 10], rtol=1e-5)
    back = np.arange(data.n_subjects)[::-1]
    turned = interval_regression(sample(data, back), covariates.iloc[back], baseline=baseline)
    assert_allclose(turned.coefficient, fit.coefficient, rtol=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_semiparametric_score_is_0_at_the_maximum(seed):
    rng = np.random.default_rng(seed)
    left = rng.integers(0, 8, 40).astype(float)
    right = np.where(rng.random(40) < 0.3, INF, left + rng.integers(0, 5, 40))
    x = pd.DataFrame({"x": np.arange(40) % 2, "z": rng.normal(size=40)})
    fit = interval_regression(IntervalCensored(left, right), x, baseline="semiparametric")
    assert fit.log_likelihood >= fit.log_likelihood_null
    nearer = interval_regression(IntervalCensored(left, right), x[["x"]], baseline="semiparametric")
    assert fit.log_likelihood >= nearer.log_likelihood - 1e-9
    assert np.isfinite(fit.std_error).all()


def test_arguments_change_the_answer():
    data, covariates = cgd()
    fits = [interval_regression(data, covariates, baseline=baseline) for baseline in BASELINES]
    assert len({round(float(fit.coefficient[0]), 6) for fit in fits}) == 4
    for baseline in ("weibull", "semiparametric"):
        narrow = interval_regression(data, covariates, baseline=baseline, conf_level=0.8)
        wide = interval_regression(data, covariates, baseline=baseline)
        ratio = (wide.upper - wide.coefficient) / (narrow.upper - narrow.coefficient)
        assert_allclose(ratio, 1.959963984540054 / 1.2815515655446004)
        assert_allclose(narrow.ratio_lower, np.exp(narrow.lower))
        assert "80 percent Wald limits" in narrow.method


@pytest.mark.parametrize("baseline", ["weibull", "semiparametric"])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([0, 2, 3, 4, 9, 9, 9, 9], [2, 4, 6, 5, INF, INF, INF, INF]),
        ([0, 2, 2, 3, 6, 7, 8, 9], [2, 4, 4, 5, INF, INF, INF, INF]),
    ],
)
def test_an_arm_without_events_has_no_ratio(left, right, baseline):
    data = IntervalCensored(left, right)
    with pytest.raises(NotConverged, match=r"no maximum: 1 coefficient\(s\) grow without end \(arm\)"):
        interval_regression(data, pd.DataFrame({"arm": [0] * 4 + [1] * 4}), baseline=baseline)


X = pd.DataFrame({"x": [0, 1, 0, 1]})
DATA = IntervalCensored([0, 2, 3, 1], [2, 4, INF, 5])


@pytest.mark.parametrize(
    ("data", "covariates", "options", "error", "message"),
    [
        (DATA, X, {"baseline": "gamma"}, InvalidArgument, "baseline must be one of"),
        (DATA, X, {"conf_level": 1}, InvalidArgument, "conf_level must lie"),
        (RightCensored([1], [1]), X, {}, InvalidArgument, "data must be IntervalCensored"),
        (DATA, X[:3], {}, InvalidArgument, r"covariates must have one entry a row \(4\)"),
        (DATA, X * np.nan, {}, InvalidArgument, "covariates must be known and finite"),
        (DATA, X * 0, {}, NotEstimable, "are constant"),
        (DATA, X.assign(y=1 - X.x), {}, NotEstimable, "y is determined by"),
        (IntervalCensored([1, 2, 3, 4], [INF] * 4), X, {}, NotEstimable, "[Nn]o events among 4 row"),
        (IntervalCensored([0, 2, 3, 0], [2, 4, INF, 0]), X, {}, InvalidArgument, "time must come after 0"),
    ],
)
def test_refusals(data, covariates, options, error, message):
    with pytest.raises(error, match=message):
        interval_regression(data, covariates, **options)
    if "baseline" not in options and "after 0" not in message:
        with pytest.raises(error, match=message):
            interval_regression(data, covariates, baseline="semiparametric", **options)


def test_intervals_that_share_a_time_tell_no_hazards():
    data = IntervalCensored([0, 1, 2, 0], [4, 5, 6, 3])
    with pytest.raises(NotEstimable, match="all intervals share a time"):
        interval_regression(data, X, baseline="semiparametric")


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_far_units_give_the_same_ratios(unit):
    data, covariates = cgd()
    fit = interval_regression(data, covariates, baseline="semiparametric")
    far = IntervalCensored(unit * data.left, unit * data.right)
    other = interval_regression(far, covariates, baseline="semiparametric")
    assert_allclose(other.coefficient, fit.coefficient, rtol=1e-9)
