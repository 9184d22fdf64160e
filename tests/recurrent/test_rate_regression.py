from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammaln
from tests.support.count_rows import counts, from_counts
from tests.support.golden import cases

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.recurrent import rate_regression

GOLDEN = cases("rates")
COVARIATES = {
    "cgd_arm": ["rIFN"],
    "cgd_adjusted": ["rIFN", "age", "xl"],
    "cgd_poisson": ["rIFN"],
    "rhDNase_arm": ["trt"],
    "rhDNase_adjusted": ["trt", "fev"],
    "rhDNase_poisson": ["trt", "fev"],
    "bladder_alone": None,
    "bladder_adjusted": ["pyr", "thio", "number", "size"],
    "bladder_poisson": ["pyr", "thio", "number", "size"],
}
PER_YEAR = {"cgd": 365.25, "rhDNase": 365.25, "bladder1": 12}
MODELS = ["negative-binomial", "poisson", "poisson-robust", "quasi-poisson"]
UNDER, UNDER_WHO = from_counts([1, 1, 2, 1, 2, 1, 1, 0, 1, 1], [1, 1.5, 2, 1, 2, 1, 1.2, 0.8, 1, 1])
UNDER_X = pd.DataFrame({"x": np.repeat([0, 1], 5)[UNDER_WHO]})


def fit_of(name, columns, **more):
    data, frame = counts(name)
    return rate_regression(data, None if columns is None else frame[columns].astype(float), **more)


@pytest.mark.parametrize("name", [name for name in COVARIATES if "poisson" not in name])
def test_negative_binomial_equals_glm_nb_and_the_hessian_of_its_likelihood(name):
    expected = GOLDEN[name]
    fit = fit_of(name.split("_")[0].replace("bladder", "bladder1"), COVARIATES[name])
    assert_allclose(fit.coefficient, expected["coef"], rtol=1e-8)
    assert_allclose(fit.std_error, expected["std_error"], rtol=1e-7)
    assert_allclose(fit.log_dispersion_std_error, expected["log_dispersion_std_error"], rtol=1e-7)
    assert_allclose(fit.dispersion, expected["dispersion"], rtol=1e-7)
    assert_allclose(fit.log_likelihood, expected["loglik"], rtol=1e-12)
    assert_allclose(fit.log_likelihood_null, expected["null_loglik"], rtol=1e-12)


@pytest.mark.parametrize(("case", "name"), [("re-031", "cgd"), ("re-033", "rhDNase")])
def test_negative_binomial_references(case, name):
    expected = GOLDEN[case]
    fit = fit_of(name, ["rIFN"] if name == "cgd" else ["trt", "fev"])
    coefficient = fit.coefficient - np.eye(fit.coefficient.size)[0] * np.log(PER_YEAR[name])
    assert_allclose(coefficient, list(expected["coef"].values()), rtol=1e-6)
    assert_allclose(np.exp(coefficient), list(expected["rate_ratio"].values()), rtol=1e-6)
    assert_allclose(fit.std_error, expected["se_observed_info_incl_log_alpha"][:-1], rtol=1e-6)
    assert_allclose(np.diag(fit.covariance), fit.std_error**2, rtol=1e-12)
    assert_allclose(fit.dispersion, expected["dispersion_alpha"], rtol=1e-6)
    assert_allclose(fit.log_likelihood, expected["loglik"], rtol=1e-9)
    assert_allclose(fit.log_likelihood_null, expected["null_loglik"], rtol=1e-9)
    assert_allclose(fit.likelihood_ratio_test.statistic, expected["lrt_vs_intercept"], rtol=1e-6)
    assert fit.likelihood_ratio_test.df == len(fit.names) - 1


def test_poisson_references():
    expected = GOLDEN["re-035"]
    fits = {model: fit_of("bladder1", ["pyr", "thio"], model=model) for model in MODELS}
    for model in MODELS[1:]:
        coefficient = fits[model].coefficient - [np.log(12), 0, 0]
        assert_allclose(coefficient, list(expected["coef"].values()), rtol=1e-7)
        assert_allclose(fits[model].log_likelihood, expected["loglik"], rtol=1e-10)
    assert_allclose(fits["poisson"].covariance, expected["var"]["values"], rtol=1e-7)
    assert_allclose(fits["poisson-robust"].std_error, expected["se_hc0"], rtol=1e-7)
    assert_allclose(fits["quasi-poisson"].std_error, expected["se_quasi"], rtol=1e-7)
    assert_allclose(fits["quasi-poisson"].dispersion, expected["pearson_dispersion"], rtol=1e-7)
    assert fits["poisson"].dispersion == fits["poisson-robust"].dispersion == 1


@pytest.mark.parametrize("name", [name for name in COVARIATES if "poisson" in name])
def test_poisson_models_with_covariates_equal_glm_and_its_sandwich(name):
    expected = GOLDEN[name]
    source = name.split("_")[0].replace("bladder", "bladder1")
    fits = {model: fit_of(source, COVARIATES[name], model=model) for model in MODELS[1:]}
    assert_allclose(fits["poisson"].coefficient, expected["coef"], rtol=1e-9)
    assert_allclose(fits["poisson"].std_error, expected["std_error"], rtol=1e-6)
    assert_allclose(fits["poisson-robust"].std_error, expected["hc0"], rtol=1e-6)
    assert_allclose(fits["quasi-poisson"].std_error, expected["quasi"], rtol=1e-6)
    assert_allclose(fits["quasi-poisson"].dispersion, expected["phi"], rtol=1e-9)
    assert_allclose(fits["poisson"].log_likelihood, expected["loglik"], rtol=1e-10)
    assert_allclose(fits["poisson"].log_likelihood_null, expected["null_loglik"], rtol=1e-10)


def test_counts_that_vary_less_than_poisson_counts_are_fitted_as_poisson_and_say_so():
    expected = GOLDEN["under_dispersed"]
    fit = rate_regression(UNDER, UNDER_X)
    assert fit.dispersion == 0
    assert np.isnan(fit.log_dispersion_std_error)
    assert "the counts vary no more than Poisson counts" in fit.method
    assert_allclose(fit.coefficient, expected["coef"], rtol=1e-9)
    assert_allclose(fit.std_error, expected["std_error"], rtol=1e-8)
    assert_allclose(fit.log_likelihood, expected["loglik"], rtol=1e-12)


def test_a_maximum_away_from_poissons_is_found_where_the_likelihood_falls_at_first():
    """The likelihood falls with the dispersion at Poisson's coefficients, and is larger further on."""
    rng = np.random.default_rng(13)
    found = 0
    for _ in range(150):
        n = 12
        years, x = np.exp(2 * rng.normal(size=n)), rng.normal(size=n)
        events = rng.poisson(years * rng.gamma(1.0, 1.0, size=n))
        if np.sum(events > 0) < 4:
            continue
        data, who = from_counts(events, years)
        covariates = pd.DataFrame({"x": x[who]})
        poisson = rate_regression(data, covariates, model="poisson")
        fit = rate_regression(data, covariates)
        mu = years * np.exp(poisson.coefficient[0] + poisson.coefficient[1] * x)
        if np.sum((events - mu) ** 2 - events) < 0 and fit.dispersion > 0:
            found += 1
            assert fit.log_likelihood > poisson.log_likelihood
    assert found > 0


def log_likelihood(place, events, years, x):
    """Textbook log likelihood of negative binomial counts over (coefficients, log dispersion)."""
    mu, size = years * np.exp(place[0] + x * place[1]), np.exp(-place[2])
    terms = gammaln(events + size) - gammaln(size) - gammaln(events + 1)
    return float(np.sum(terms + size * np.log(size / (size + mu)) + events * np.log(mu / (size + mu))))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 40), st.integers(0, 3)), min_size=6, max_size=20))
def test_the_value_is_the_likelihood_of_the_counts_and_no_neighbour_is_higher(rows):
    events, years, x = (np.array(column, float) for column in zip((3, 10, 0), (5, 12, 3), *rows, strict=True))
    data, who = from_counts(events, years)
    try:
        fit = rate_regression(data, pd.DataFrame({"x": x[who]}))
    except (NotConverged, NotEstimable):
        return
    if not 1e-3 < fit.dispersion < 1e3:
        return
    place = np.append(fit.coefficient, np.log(fit.dispersion))
    assert log_likelihood(place, events, years, x) == pytest.approx(fit.log_likelihood, rel=1e-9)
    for step in 0.05 * np.vstack([np.eye(3), -np.eye(3)]):
        assert log_likelihood(place + step, events, years, x) < fit.log_likelihood


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 30), st.integers(-2, 2)), min_size=5, max_size=15),
    st.sampled_from(MODELS),
    st.randoms(use_true_random=False),
)
def test_order_split_rows_and_unit_of_time_change_nothing(rows, model, random):
    events, months, x = (np.array(column) for column in zip((3, 10, 0), (1, 12, 1), *rows, strict=True))
    data, who = from_counts(events, months, time_unit="months")
    try:
        fit = rate_regression(data, pd.DataFrame({"x": x[who]}), model=model)
    except (NotConverged, NotEstimable):
        return
    order = np.array(random.sample(range(who.size), who.size))
    middle = (data.start + data.stop) / 2
    others = [
        (data.subject[order], data.start[order], data.stop[order], data.status[order], "months", order),
        (data.subject, data.start / 12, data.stop / 12, data.status, "years", slice(None)),
        (
            np.append(data.subject, data.subject),
            np.append(data.start, middle),
            np.append(middle, data.stop),
            np.append(np.zeros(who.size), data.status),
            "months",
            np.tile(np.arange(who.size), 2),
        ),
    ]
    for *arrays, unit, index in others:
        other = rate_regression(
            RecurrentEvents(*arrays, time_unit=unit), pd.DataFrame({"x": x[who][index]}), model=model
        )
        assert_allclose(other.coefficient, fit.coefficient, rtol=1e-6, atol=1e-7)
        assert_allclose(other.std_error, fit.std_error, rtol=1e-6)
        assert_allclose(other.log_likelihood, fit.log_likelihood, rtol=1e-9)
    assert (fit.lower <= fit.coefficient).all()
    assert (fit.coefficient <= fit.upper).all()


def test_little_dispersion_gives_the_poisson_model():
    """Counts with a variance hardly above their mean: theta of some thousands."""
    events = np.tile([4, 6, 5, 5, 9, 2, 3, 7, 8, 3, 2, 6], 40)
    events[0] = 9
    data, who = from_counts(events, np.full(events.size, 2.0))
    covariates = pd.DataFrame({"x": (np.arange(events.size) % 2)[who]})
    fit = rate_regression(data, covariates)
    poisson = rate_regression(data, covariates, model="poisson")
    assert 0 <= fit.dispersion < 1e-2
    assert_allclose(fit.coefficient, poisson.coefficient, rtol=1e-9)
    assert_allclose(fit.std_error, poisson.std_error, rtol=2e-2)


def test_a_covariate_may_lie_far_from_zero():
    """Years of birth: the intercept is at the year 0, the ratio what it is with years from 2000."""
    data, frame = counts("cgd")
    near = rate_regression(data, pd.DataFrame({"age": frame.age.astype(float)}))
    far = rate_regression(data, pd.DataFrame({"age": frame.age + 1e6}))
    assert_allclose(far.coefficient[1], near.coefficient[1], rtol=1e-8)
    assert_allclose(far.std_error[1], near.std_error[1], rtol=1e-8)


def test_the_level_changes_the_limits_and_the_ratio_is_exp_of_the_coefficient():
    data, frame = counts("cgd")
    fits = [rate_regression(data, frame[["rIFN"]].astype(float), conf_level=level) for level in (0.95, 0.8)]
    assert (fits[1].upper < fits[0].upper).all()
    assert_allclose(fits[0].upper - fits[0].coefficient, 1.959963984540054 * fits[0].std_error)
    frame = fits[0].to_frame()
    assert_allclose(np.log(frame.loc["rIFN", ["ratio", "ratio_lower", "ratio_upper"]].astype(float)),
                    [fits[0].coefficient[1], fits[0].lower[1], fits[0].upper[1]], rtol=1e-12)  # fmt: skip
    assert (fits[0].n_subjects, fits[0].n_events) == (128, 76)
    assert_allclose(fits[0].years, 102.6064339493497, rtol=1e-12)


def test_death_ends_the_time_at_risk_like_a_censoring():
    alive, who = from_counts([2, 0, 1, 3], [1, 2, 3, 4])
    dead, _ = from_counts([2, 0, 1, 3], [1, 2, 3, 4], last=2)
    x = pd.DataFrame({"x": np.array([0.0, 1, 1, 0])[who]})
    assert_allclose(rate_regression(alive, x).coefficient, rate_regression(dead, x).coefficient)


def test_models_without_a_likelihood_of_their_own_have_no_ratio_test():
    data, frame = counts("cgd")
    covariates = frame[["rIFN"]].astype(float)
    for model in ("quasi-poisson", "poisson-robust"):
        assert np.isnan(rate_regression(data, covariates, model=model).likelihood_ratio_test.p_value)
    alone = rate_regression(data, None, model="poisson")
    assert "there are no covariates" in alone.likelihood_ratio_test.method


def test_as_many_coefficients_as_subjects_leave_no_variance():
    data, who = from_counts([2, 3], [1, 1])
    x = pd.DataFrame({"x": np.array([0.0, 1])[who]})
    quasi = rate_regression(data, x, model="quasi-poisson")
    assert np.isnan(quasi.std_error).all()
    assert "as many coefficients as subjects" in quasi.method
    robust = rate_regression(data, x, model="poisson-robust")
    assert np.isnan(robust.std_error).all()
    assert "no standard error of intercept, x" in robust.method


DATA, WHO = from_counts([2, 0, 1, 3], [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("columns", "error", "message"),
    [
        ({"x": np.arange(WHO.size)}, InvalidArgument, "x must be constant within a subject: 3 subject"),
        ({"intercept": WHO}, InvalidArgument, "must not have a column 'intercept'"),
        ({"x": np.full(WHO.size, 7.1)}, NotEstimable, "do not vary .x."),
        ({"x": WHO, "y": 2.0 * WHO + 1}, NotEstimable, "covariate y is determined"),
        ({"x": (WHO == 1) * 1.0}, NotConverged, "1 covariate.s. .x. separate"),
        ({"x": WHO[:-1]}, InvalidArgument, "covariates must have one entry a row"),
        ({"x": np.where(WHO == 0, np.nan, WHO)}, InvalidArgument, "known and finite"),
    ],
)
def test_bad_covariates_are_named(columns, error, message):
    with pytest.raises(error, match=message):
        rate_regression(DATA, pd.DataFrame(columns))


def test_covariates_that_separate_together_are_refused():
    """Only subjects with a or b have events; neither alone parts those without."""
    data, who = from_counts([2, 1, 0, 3, 0], [1, 1, 1, 1, 1])
    a, b = np.array([1.0, 0, 0, 1, 0])[who], np.array([0.0, 1, 0, 0, 0])[who]
    with pytest.raises(NotConverged, match="covariates together separate"):
        rate_regression(data, pd.DataFrame({"a": a, "b": b}))


def test_no_events_and_unknown_options_are_named():
    data, who = from_counts([0, 0, 0], [1, 2, 3])
    with pytest.raises(NotEstimable, match="there are no events"):
        rate_regression(data, pd.DataFrame({"x": who}))
    with pytest.raises(InvalidArgument, match="model must be one of"):
        rate_regression(DATA, None, model="gamma")
    with pytest.raises(InvalidArgument, match="conf_level"):
        rate_regression(DATA, None, conf_level=95)
