"""Parametric models of further samples as R's survreg and glm have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import IntervalCensored, RightCensored
from skeletal.survival import parametric, piecewise_exponential

GOLDEN = cases("more_parametric")
LAWS = {
    "exponential": "exponential",
    "weibull": "weibull",
    "log-normal": "lognormal",
    "log-logistic": "loglogistic",
}


def check(fit, expected):
    coefficient = np.atleast_1d(np.array(expected["coef"], dtype=np.float64)).tolist()
    if fit.names[-1] == "log_scale":
        coefficient.append(np.log(expected["scale"]))
    assert_allclose(fit.coefficient, coefficient, rtol=1e-7)
    assert_allclose(np.ravel(fit.covariance), np.ravel(expected["var"]), rtol=1e-6)
    assert_allclose(fit.scale, expected["scale"], rtol=1e-7)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["ll"], rtol=1e-9)
    assert_allclose(fit.aic, 2 * len(coefficient) - 2 * expected["ll"][1], rtol=1e-9)


@pytest.mark.parametrize("law", LAWS)
def test_clusters_as_r(law):
    frame = read("kidney")
    data = RightCensored(frame.time, frame.status)
    fit = parametric(data, frame[["age", "sex"]], distribution=law, cluster=frame.id)
    check(fit, GOLDEN[f"clus_{LAWS[law]}"])


@pytest.mark.parametrize("law", LAWS)
def test_case_weights_as_r(law):
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2, weight=0.5 + (frame.age > 65))
    check(parametric(data, frame[["age"]], distribution=law), GOLDEN[f"w_{LAWS[law]}"])


@pytest.mark.parametrize("law", LAWS)
def test_interval_censored_times_as_r(law):
    frame = read("bcdeter")
    data = IntervalCensored(frame.lower, frame.upper.fillna(np.inf))
    check(parametric(data, frame[["treat"]], distribution=law), GOLDEN[f"int_{LAWS[law]}"])


@pytest.mark.parametrize("law", LAWS)
def test_no_covariates_as_r(law):
    frame = read("larynx")
    fit = parametric(RightCensored(frame.time, frame.delta), None, distribution=law)
    check(fit, GOLDEN[f"null_{LAWS[law]}"])


@pytest.mark.parametrize("law", LAWS)
def test_quantiles_as_r(law):
    frame = read("veteran")
    data = RightCensored(frame.time, frame.status)
    fit = parametric(data, frame[["karno", "trt"]], distribution=law)
    table = fit.quantile([0.1, 0.5, 0.9], pd.DataFrame({"karno": [40, 90], "trt": [1, 2]}))
    assert table.p.tolist() == [0.1, 0.5, 0.9] * 2
    assert_allclose(table.estimate, np.ravel(GOLDEN[f"q_{LAWS[law]}"]["q"]), rtol=1e-7)
    assert_allclose(table.std_error, np.ravel(GOLDEN[f"q_{LAWS[law]}"]["se"]), rtol=1e-6)


def test_piecewise_hazards_as_poisson_regression_on_split_rows():
    frame = read("veteran")
    data = RightCensored(frame.time, frame.status)
    fit = piecewise_exponential(data, frame[["karno", "trt"]], cuts=[30, 100, 250])
    assert_allclose(fit.coefficient, GOLDEN["pe_vet"]["coef"], rtol=1e-7)
    assert_allclose(fit.covariance, GOLDEN["pe_vet"]["var"], rtol=1e-6)
