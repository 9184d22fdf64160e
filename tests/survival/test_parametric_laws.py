"""Parametric likelihoods against second implementations: plain sums, nested laws, lifelines, invariants."""

from __future__ import annotations

import warnings

import lifelines
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammainc, gammaincc, log_ndtr, ndtr
from tests.support.golden import read
from tests.support.references import gradient
from tests.support.references_parametric import naive_likelihood

from skeletal import IntervalCensored, RightCensored
from skeletal.errors import NotConverged
from skeletal.survival import parametric
from skeletal.survival.lifetimes import censored_sample, named_lifetime, row_scores
from skeletal.survival.lifetimes.censored import evaluate

LAWS = ("exponential", "weibull", "log-normal", "log-logistic", "generalised-gamma", "spline")
KNOTS = np.array([-1.0, -0.2, 0.4, 1.2])
PLACE = {  # parameters after the intercept and two coefficients
    "exponential": [],
    "weibull": [-0.4],
    "log-normal": [0.2],
    "log-logistic": [-0.5],
    "generalised-gamma": [-0.1, 0.7],
    "spline": [1.3, 0.05, -0.04],
}


def rows(seed, n=30):
    """Rows of every kind: exact, right-, left- and interval-censored, some with entry, with weights."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2))
    time = np.exp(0.3 * x[:, 0] + 0.6 * np.log(rng.exponential(size=n)))
    kind = np.arange(n) % 5
    left = np.select([kind == 0, kind == 1, kind == 2, kind >= 3], [time, time, 0, time])
    right = np.select([kind == 0, kind == 1, kind == 2, kind >= 3], [time, np.inf, time, time * 1.5])
    entry = np.where((rng.random(n) < 0.4) & (left > 0), left * rng.uniform(0.1, 0.9, n), 0)
    return x, left, right, entry, rng.uniform(0.5, 2, n)


def prepared(x, left, right, entry, weight):
    with np.errstate(divide="ignore"):
        design = np.column_stack([np.ones(len(x)), x])
        return censored_sample(design, np.log(left), np.log(right), np.log(entry), weight)


@pytest.mark.parametrize("law", LAWS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_likelihood_score_and_information_as_the_naive_sum(law, seed):
    x, left, right, entry, weight = rows(seed)
    sample, lifetime = prepared(x, left, right, entry, weight), named_lifetime(law, KNOTS)
    theta = np.array([0.1, 0.25, -0.1, *PLACE[law]])

    def naive(place):
        exact = left == right  # density of log time, not of time
        unit = weight[exact] @ np.log(left[exact])
        options = {"entry": entry, "weight": weight, "knots": KNOTS}
        return naive_likelihood(place, law, x, left, right, **options) + unit

    found = evaluate(lifetime, theta, sample)
    assert_allclose(found.log_likelihood, naive(theta), rtol=1e-11)
    assert_allclose(found.score, gradient(naive, theta), rtol=1e-6, atol=1e-6)
    slopes = gradient(lambda place: evaluate(lifetime, place, sample).score, theta)
    assert_allclose(found.information, -slopes, rtol=1e-6, atol=1e-6)
    assert_allclose(found.information, found.information.T, rtol=1e-12)
    assert_allclose(row_scores(lifetime, theta, sample).sum(axis=0), found.score, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("q", [-2.5, -1.0, -0.3, -0.01, 1e-5, 0.05, 0.299, 0.301, 0.8, 3.0])
def test_generalised_gamma_has_the_incomplete_gamma_function_as_survival(q):
    error = np.array([-4.0, -1.5, -0.3, 0.0, 0.2, 1.0, 2.0])
    a = q**-2.0
    upper, lower = (gammaincc, gammainc) if q > 0 else (gammainc, gammaincc)
    found = survival(error, q)
    tolerance = 1e-11 if abs(q) > 1e-3 else 1e-8  # the closed form loses digits as a grows
    assert_allclose(np.exp(found), upper(a, a * np.exp(q * error)), rtol=tolerance)
    assert_allclose(-np.expm1(found), lower(a, a * np.exp(q * error)), rtol=tolerance)


def survival(error, q):
    theta = np.array([0.0, 0.0, q])
    law = named_lifetime("generalised-gamma", KNOTS)
    with np.errstate(all="ignore"):  # as the callers do
        return law.log_survival(theta, np.ones((error.size, 1)), error).value


def test_generalised_gamma_is_weibull_at_1_and_log_normal_at_0_in_both_far_tails():
    error = np.array([-30.0, -8.0, -1.0, 0.0, 1e-9, 2.0, 5.0])
    for q, exact in (
        (1.0, -np.exp(error)),
        (0.0, log_ndtr(-error)),
        (-1.0, np.log(-np.expm1(-np.exp(-error)))),
    ):
        assert_allclose(survival(error, q), exact, rtol=1e-12)
    assert_allclose(survival(np.array([12.0, 37.0]), 0.0), log_ndtr([-12.0, -37.0]), rtol=1e-12)


def test_derivatives_of_the_generalised_gamma_at_the_log_normal_by_hand():
    """Log density by Q at 0: -u^3/6, then -u^4/12 - 1/6; moments of a normal tail by parts."""
    u = np.array([-3.0, -0.5, 0.0, 0.7, 2.5, 6.0])
    law, x = named_lifetime("generalised-gamma", KNOTS), np.ones((u.size, 1))
    phi, tail = np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi), ndtr(-u)
    third = (u**2 + 2) * phi
    fourth = (u**3 + 3 * u) * phi + 3 * tail
    sixth = u**5 * phi + 5 * fourth
    first, second = -third / 6, -fourth / 12 - tail / 6 + sixth / 36
    found = law.log_survival(np.zeros(3), x, u)
    assert_allclose(found.gradient[:, 2], first / tail, rtol=1e-11)
    bends = [found.hessian(row)[2, 2] for row in np.eye(u.size)]
    assert_allclose(bends, second / tail - (first / tail) ** 2, rtol=1e-9, atol=1e-12)
    density = law.log_density(np.zeros(3), x, u)
    assert_allclose(density.gradient[:, 2], -(u**3) / 6, rtol=1e-12)
    bends = [density.hessian(row)[2, 2] for row in np.eye(u.size)]
    assert_allclose(bends, -(u**4) / 12 - 1 / 6, rtol=1e-12)


def lung(**options):
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2, **options), frame[["age", "sex"]]


def test_a_spline_without_inner_knots_is_weibull():
    data, covariates = lung()
    spline = parametric(data, covariates, distribution="spline", knots=0, cluster=range(228))
    weibull = parametric(data, covariates, cluster=range(228))
    assert_allclose(spline.log_likelihood, weibull.log_likelihood, rtol=1e-13)
    assert_allclose(spline.coefficient[:3], -weibull.coefficient[:3] / weibull.scale, rtol=1e-9)
    assert_allclose(spline.coefficient[3], 1 / weibull.scale, rtol=1e-9)
    assert_allclose(spline.log_hazard_ratio, weibull.log_hazard_ratio, rtol=1e-9)
    assert_allclose(spline.log_hazard_ratio_std_error, weibull.log_hazard_ratio_std_error, rtol=1e-9)
    found = [fit.quantile([0.1, 0.5], covariates.iloc[:2]) for fit in (spline, weibull)]
    assert_allclose(found[0], found[1], rtol=1e-9)


def test_the_generalised_gamma_and_the_spline_fit_no_worse_than_what_they_contain():
    data, covariates = lung()
    fits = {law: parametric(data, covariates, distribution=law).log_likelihood for law in LAWS}
    assert fits["generalised-gamma"] > max(fits["weibull"], fits["log-normal"])
    assert fits["spline"] > fits["weibull"] > fits["exponential"]


def samples(seed, n=120):
    rng = np.random.default_rng(seed)
    x = pd.DataFrame({"arm": np.arange(n) % 2, "age": rng.normal(60, 10, n)})
    time = 30 * np.exp(0.5 * x.arm - 0.01 * x.age + 0.5 * np.log(rng.gamma(2, size=n)))
    entry = rng.uniform(0, 10, n)
    stop = np.ceil(entry + np.minimum(time, rng.uniform(5, 60, n)))
    return x, stop, (time <= stop).astype(int), np.floor(entry), rng.integers(1, 4, n)


@pytest.mark.parametrize("law", LAWS)
def test_fit_is_the_maximum_of_the_naive_likelihood_and_its_covariance_the_curvature(law):
    x, time, event, entry, weight = samples(1, 60)
    data = RightCensored(time, event, entry=entry, weight=weight)
    fit = parametric(data, x, distribution=law)
    x = x.to_numpy(dtype=float)

    information = np.linalg.inv(fit.covariance)
    unit = 1 / np.sqrt(np.diag(information))  # standard errors, the others known

    def naive(step):
        right = np.where(event == 1, time, np.inf)
        options = {"entry": entry, "weight": weight, "knots": fit.knots}
        return naive_likelihood(fit.coefficient + step * unit, law, x, time, right, **options)

    at = np.zeros(fit.coefficient.size)
    assert_allclose(fit.log_likelihood, naive(at), rtol=1e-12)
    assert_allclose(gradient(naive, at, step=1e-4), 0, atol=1e-6)
    curvature = -gradient(lambda place: gradient(naive, place, step=1e-3), at, step=1e-3)
    assert_allclose(curvature, information * np.outer(unit, unit), atol=1e-5)


FITTERS = {"weibull": "WeibullAFT", "log-normal": "LogNormalAFT", "log-logistic": "LogLogisticAFT"}
SHORT = 1e-4  # of log likelihood: lifelines stops before the maximum
NEAR = 0.02  # standard errors: where lifelines stops


def lifelines_fit(name, method, *arguments, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(getattr(lifelines, f"{name}Fitter")(), method)(*arguments, **options)


def check_lifelines(fit, theirs, coefficients):
    assert 0 <= fit.log_likelihood - theirs.log_likelihood_ + 1e-9 < SHORT
    assert (np.abs(fit.coefficient - coefficients) < NEAR * fit.std_error).all()


def aft_coefficients(theirs, law):
    first, last = theirs.params_.to_numpy()[:-1], theirs.params_.iloc[-1]
    return np.append(np.roll(first, 1), last if law == "log-normal" else -last)


@pytest.mark.parametrize("law", FITTERS)
def test_delayed_entry_as_lifelines(law):
    data, covariates = lung(entry=np.floor(read("lung").time * (read("lung").age % 10) / 12))
    frame = covariates.assign(time=data.time, event=data.event, entry=data.entry)
    theirs = lifelines_fit(FITTERS[law], "fit", frame, "time", "event", entry_col="entry")
    check_lifelines(parametric(data, covariates, distribution=law), theirs, aft_coefficients(theirs, law))


@pytest.mark.parametrize("law", ["weibull", "log-logistic"])  # its log-normal finds no number here
def test_intervals_as_lifelines(law):
    data, covariates = lung()
    left = np.where(data.event == 1, np.maximum(np.floor((data.time - 1) / 90) * 90, 1), data.time)
    right = np.where(data.event == 1, np.floor((data.time - 1) / 90) * 90 + 90, np.inf)
    theirs = lifelines_fit(
        FITTERS[law], "fit_interval_censoring", covariates.assign(left=left, right=right), "left", "right"
    )
    fit = parametric(IntervalCensored(left, right), covariates, distribution=law)
    check_lifelines(fit, theirs, aft_coefficients(theirs, law))


def test_generalised_gamma_as_lifelines():
    data, covariates = lung()
    theirs = lifelines_fit(
        "GeneralizedGammaRegression",
        "fit",
        covariates.assign(time=data.time, event=data.event),
        "time",
        "event",
        regressors={"mu_": "age + sex", "sigma_": "1", "lambda_": "1"},
    )
    check_lifelines(parametric(data, covariates, distribution="generalised-gamma"), theirs, theirs.params_)


def test_spline_as_lifelines():
    data, covariates = lung()
    fit = parametric(data, None, distribution="spline")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = lifelines.SplineFitter(np.exp(fit.knots)).fit(data.time, data.event)
        regression = lifelines.CoxPHFitter(baseline_estimation_method="spline", knots=list(np.exp(fit.knots)))
        regression.fit(covariates.assign(time=data.time, event=data.event), "time", "event")
    check_lifelines(fit, theirs, theirs.summary.coef)
    fit = parametric(data, covariates, distribution="spline")
    found = regression.params_["beta_"][["age", "sex"]]
    assert (np.abs(fit.log_hazard_ratio - found) < NEAR * fit.log_hazard_ratio_std_error).all()


def fitted(data, x, law, **options):
    try:
        return parametric(data, x, distribution=law, **options)
    except NotConverged:
        assume(law != "generalised-gamma")  # many samples do not tell its shape
        raise


@pytest.mark.parametrize("law", LAWS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_unit_order_and_counting_leave_the_fit_as_it_is(law, seed):
    x, time, event, entry, weight = samples(seed)
    plain = fitted(RightCensored(time, event, entry=entry, weight=weight), x, law)

    # Unit of time: the intercept of log time moves by log c, the log likelihood by events times log c.
    c = 365.25
    scaled = fitted(RightCensored(time * c, event, entry=entry * c, weight=weight), x, law)
    moved = plain.coefficient.copy()
    moved[0] += np.log(c) if law != "spline" else -np.log(c) * plain.coefficient[3]
    assert_allclose(scaled.coefficient, moved, rtol=1e-7, atol=1e-8)
    assert_allclose(scaled.std_error[1:], plain.std_error[1:], rtol=1e-7)
    shift = (weight * event).sum() * np.log(c)
    assert_allclose(scaled.log_likelihood, plain.log_likelihood - shift, rtol=1e-11)
    assert_allclose(scaled.likelihood_ratio_test.statistic, plain.likelihood_ratio_test.statistic, rtol=1e-6)

    order = np.random.default_rng(seed).permutation(len(time))
    mixed = fitted(
        RightCensored(time[order], event[order], entry=entry[order], weight=weight[order]), x.iloc[order], law
    )
    assert_allclose(mixed.coefficient, plain.coefficient, rtol=1e-8, atol=1e-9)

    # A weight is a number of rows; the knots of a spline count rows, so that it is asked with equal weights.
    if law != "spline":
        many = np.repeat(np.arange(len(time)), weight)
        repeated = fitted(RightCensored(time[many], event[many], entry=entry[many]), x.iloc[many], law)
        assert_allclose(repeated.coefficient, plain.coefficient, rtol=1e-8, atol=1e-9)
        assert_allclose(repeated.covariance, plain.covariance, rtol=1e-7, atol=1e-12)
    assert_allclose(plain.upper - plain.coefficient, plain.coefficient - plain.lower, rtol=1e-9)


@pytest.mark.parametrize("law", LAWS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_doubled_and_exact_rows_and_moved_covariates(law, seed):
    x, time, event, _, _ = samples(seed)
    plain = fitted(RightCensored(time, event), x, law, cluster=range(len(time)))
    twice = fitted(RightCensored(time, event, weight=np.full(len(time), 2)), x, law, cluster=range(len(time)))
    assert_allclose(twice.coefficient, plain.coefficient, rtol=1e-8, atol=1e-9)
    assert_allclose(twice.log_likelihood, 2 * plain.log_likelihood, rtol=1e-12)
    assert_allclose(twice.naive_std_error * np.sqrt(2), plain.naive_std_error, rtol=1e-8)
    assert_allclose(twice.std_error, plain.std_error, rtol=1e-8)  # a sandwich does not mind

    exact = IntervalCensored(time, np.where(event == 1, time, np.inf))
    same = fitted(exact, x, law, cluster=range(len(time)))
    assert_allclose(same.coefficient, plain.coefficient, rtol=1e-9, atol=1e-10)
    assert_allclose(same.covariance, plain.covariance, rtol=1e-9)
    assert_allclose(same.log_likelihood, plain.log_likelihood, rtol=1e-13)
    late = fitted(RightCensored(time, event, entry=np.full(len(time), -1.0)), x, law)
    assert_allclose(late.coefficient, plain.coefficient, rtol=1e-9, atol=1e-10)

    moved = fitted(RightCensored(time, event), pd.DataFrame({"arm": x.arm, "age": 1e4 + 365.25 * x.age}), law)
    assert_allclose(moved.coefficient[2] * 365.25, plain.coefficient[2], rtol=1e-7, atol=1e-10)
    assert_allclose(moved.log_likelihood, plain.log_likelihood, rtol=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_narrow_intervals_have_the_density_times_the_width(law):
    x, time, event, _, _ = samples(5)
    exact = parametric(RightCensored(time, event), x, distribution=law)
    wide = 2e-4
    for width in (wide, 1e-5, 1e-8, 1e-14):
        right = np.where(event == 1, time * (1 + width), np.inf)
        fit = parametric(IntervalCensored(time, right), x, distribution=law)
        assert_allclose(fit.coefficient, exact.coefficient, rtol=10 * wide, atol=10 * width + 1e-9)
        # P(t, t + w] is about f(t) w; log1p(width) is the width of log time.
        gain = event @ np.log(np.where(event == 1, right - time, 1))
        assert_allclose(fit.log_likelihood, exact.log_likelihood + gain, rtol=10 * width + 1e-9)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("c", [1e-9, 1e9])
def test_times_of_any_size(law, c):
    x, time, event, _, _ = samples(9)
    plain = parametric(RightCensored(time, event), x, distribution=law)
    scaled = parametric(RightCensored(time * c, event), x, distribution=law)
    assert_allclose(scaled.coefficient[1:], plain.coefficient[1:], rtol=1e-8, atol=1e-9)
    found, expected = (fit.quantile([0.1, 0.9], x.iloc[:2]) for fit in (scaled, plain))
    for column in ("estimate", "std_error", "lower", "upper"):
        assert_allclose(found[column], expected[column] * c, rtol=1e-8)


@pytest.mark.parametrize("law", LAWS)
def test_one_event_in_a_thousand_and_an_extreme_time(law):
    rng = np.random.default_rng(2)
    time = np.append(rng.uniform(1, 100, 300), [1e-12, 1e12])
    event = (np.arange(302) % 100 < (60 if law in ("generalised-gamma", "spline") else 1)).astype(int)
    event[-2:] = 1
    fit = parametric(RightCensored(time, event), None, distribution=law)
    assert np.isfinite(fit.std_error).all()
    assert fit.iterations < 40


def test_rows_that_say_nothing_change_nothing():
    data, covariates = lung()
    more = pd.concat([covariates, covariates.iloc[:3]])
    left = np.append(data.time, [0, 0, 0])
    right = np.append(np.where(data.event == 1, data.time, np.inf), [np.inf] * 3)
    fit = parametric(IntervalCensored(left, right), more)
    assert_allclose(fit.coefficient, parametric(data, covariates).coefficient, rtol=1e-9)
    assert fit.n_subjects == 231


def test_one_cluster_says_nothing_of_the_spread():
    data, covariates = lung()
    fit = parametric(data, covariates, cluster=np.zeros(228))
    assert np.isnan(fit.std_error).all()
    assert np.isfinite(fit.naive_std_error).all()
