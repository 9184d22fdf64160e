"""Proportions standardised over the covariates of all subjects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm
from tests.support.golden import GOLDEN, cases

from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.proportions import marginal_contrast, risk_difference, risk_ratio

CASE = cases("binary")["standardised"]
DATA = pd.DataFrame(pd.read_json(GOLDEN / "binary.json")["cases"]["standardised"]["data"])
EVENT, ARM, COVARIATES = DATA["y"], DATA["arm"].astype(int), DATA[["age", "ecog"]]


def test_difference_as_r():
    model = marginal_contrast(EVENT, ARM, COVARIATES, variance="model")
    assert_allclose(
        [model.estimate, model.std_error], [CASE["difference"], CASE["model_std_error"]], rtol=1e-9
    )
    influence = marginal_contrast(EVENT, ARM, COVARIATES)
    assert_allclose(
        [influence.estimate, influence.std_error],
        [CASE["difference"], CASE["influence_std_error"]],
        rtol=1e-7,
    )


def test_ratio_as_r():
    result = marginal_contrast(EVENT, ARM, COVARIATES, kind="ratio", variance="model")
    assert_allclose(
        [result.estimate, result.std_error], [CASE["ratio"], CASE["ratio_model_std_error"]], rtol=1e-9
    )
    assert_allclose(result.upper, result.estimate * np.exp(norm.ppf(0.975) * result.std_error), rtol=1e-12)


def test_odds_ratio_comes_from_the_standardised_proportions():
    difference, ratio, odds = (
        marginal_contrast(EVENT, ARM, COVARIATES, kind=kind).estimate
        for kind in ("difference", "ratio", "odds-ratio")
    )
    control = difference / (ratio - 1)
    experimental = control + difference
    assert_allclose(odds, experimental / (1 - experimental) / (control / (1 - control)), rtol=1e-9)


def test_influence_variance_is_near_the_jackknife():
    whole = marginal_contrast(EVENT, ARM, COVARIATES)
    left_out = np.array(
        [marginal_contrast(EVENT.drop(i), ARM.drop(i), COVARIATES.drop(i)).estimate for i in range(len(DATA))]
    )
    n = len(DATA)
    jackknife = np.sqrt((n - 1) / n * np.sum((left_out - left_out.mean()) ** 2))
    assert_allclose(whole.std_error, jackknife, rtol=0.06)  # the two differ by terms of order 1/n


@pytest.mark.parametrize("variance", ["influence", "model"])
def test_without_covariates_it_is_the_plain_contrast(variance):
    events = [int(EVENT[k == ARM].sum()) for k in (0, 1)]
    totals = [int((k == ARM).sum()) for k in (0, 1)]
    plain = risk_difference(events, totals, method="wald")
    ours = marginal_contrast(EVENT, ARM, variance=variance)
    assert_allclose(
        [ours.estimate, ours.std_error, ours.lower], [plain.estimate, plain.std_error, plain.lower], rtol=1e-9
    )
    ratio = marginal_contrast(EVENT, ARM, variance=variance, kind="ratio")
    assert_allclose(
        [ratio.estimate, ratio.lower],
        [risk_ratio(events, totals).estimate, risk_ratio(events, totals).lower],
        rtol=1e-9,
    )


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 100), st.floats(-1000, 1000), st.permutations(range(60)))
def test_units_of_covariates_and_order_of_rows_do_not_matter(scale, shift, order):
    moved = COVARIATES.assign(age=COVARIATES["age"] * scale + shift).iloc[order]
    ours = marginal_contrast(EVENT.iloc[order], ARM.iloc[order], moved)
    plain = marginal_contrast(EVENT, ARM, COVARIATES)
    assert_allclose([ours.estimate, ours.std_error], [plain.estimate, plain.std_error], rtol=1e-7)


def test_control_turns_the_contrast():
    plain, turned = (
        marginal_contrast(EVENT, ARM, COVARIATES),
        marginal_contrast(EVENT, ARM, COVARIATES, control=1),
    )
    assert_allclose([turned.estimate, turned.std_error], [-plain.estimate, plain.std_error], rtol=1e-9)
    assert "1 minus 0" in plain.method
    assert "0 minus 1" in turned.method


@pytest.mark.parametrize(
    ("event", "arm", "covariates", "error", "message"),
    [
        ([0, 1, 2, 1], [0, 0, 1, 1], None, InvalidArgument, "0 or 1"),
        ([0, 1, 0, 1], [0, 1, 2, 1], None, InvalidArgument, "two arms, got 3"),
        ([0, 0, 0, 0], [0, 0, 1, 1], None, NotEstimable, "does not vary"),
        ([0, 0, 1, 1], [0, 0, 1, 1], None, NotConverged, "separate the 2 subjects"),
        ([0, 1, 0, 1], [0, 0, 1, 1], {"x": [3, 3, 3, 3]}, NotEstimable, "x is constant or determined"),
        ([0, 1, 0, 1], [0, 0, 1, 1], {"x": [2, 2, 5, 5]}, NotEstimable, "x is constant or determined"),
    ],
)
def test_refusals(event, arm, covariates, error, message):
    frame = None if covariates is None else pd.DataFrame(covariates)
    with pytest.raises(error, match=message):
        marginal_contrast(event, arm, frame)


@pytest.mark.parametrize("options", [{"kind": "gap"}, {"variance": "guess"}])
def test_options_are_checked(options):
    with pytest.raises(InvalidArgument, match="must be one of"):
        marginal_contrast(EVENT, ARM, COVARIATES, **options)
