"""Two arms in strata."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm
from tests.support.golden import cases, read_shared

from skeletal.errors import InvalidArgument
from skeletal.proportions import (
    cmh_test,
    odds_ratio,
    risk_difference,
    stratified_odds_ratio,
    stratified_risk_difference,
)

CASES = cases("binary")
THREE = ((7, 3), (9, 2), (6, 6)), ((13, 8), (13, 10), (18, 13))
RTOL = 1e-9
R_SEARCH = 1e-4  # mantelhaen.test(exact = TRUE) stops its search there
STRATUM = st.tuples(st.integers(2, 20), st.integers(2, 20)).flatmap(
    lambda totals: st.tuples(st.tuples(*(st.integers(1, n - 1) for n in totals)), st.just(totals))
)
STRATA = st.lists(STRATUM, min_size=1, max_size=4).map(lambda rows: tuple(zip(*rows, strict=True)))


def prostate():
    data = read_shared("prostate")
    data = data[data["rx"].isin(["placebo", "1.0 mg estrogen"])]
    event = (data["status"] != "alive") & (data["dtime"] <= 24)
    high = data["rx"] == "1.0 mg estrogen"
    table = data.assign(event=event, high=high).groupby(["stage", "high"])["event"].agg(["sum", "count"])
    return tuple(table[column].unstack().to_numpy() for column in ("sum", "count"))


def test_prostate_as_r():
    counts, case = prostate(), CASES["prostate_two_strata"]
    test = cmh_test(*counts)
    assert_allclose([test.statistic, test.p_value], [case["chisq"], case["p"]], rtol=RTOL)
    common = stratified_odds_ratio(*counts)
    assert_allclose(
        [common.estimate, common.lower, common.upper], [case["mh_or"], *case["mh_or_ci"]], rtol=RTOL
    )
    exact = stratified_odds_ratio(*counts, method="exact")
    assert_allclose(
        [exact.estimate, exact.lower, exact.upper], [case["exact_or"], *case["exact_or_ci"]], rtol=R_SEARCH
    )
    assert_allclose(exact.p_value, case["exact_p"], rtol=RTOL)


def test_three_strata_as_r():
    case = CASES["three_strata"]
    test = cmh_test(*THREE)
    assert_allclose([test.statistic, test.p_value], [case["chisq"], case["p"]], rtol=RTOL)
    common = stratified_odds_ratio(*THREE, conf_level=0.9)
    assert_allclose(
        [common.estimate, common.lower, common.upper], [case["odds_ratio"], *case["limits_90"]], rtol=RTOL
    )
    assert_allclose(common.p_value, case["p"], rtol=RTOL)
    exact = stratified_odds_ratio(*THREE, method="exact")
    assert_allclose(exact.estimate, case["exact_odds_ratio"], rtol=R_SEARCH)
    assert_allclose([exact.lower, exact.upper], case["exact_limits_95"], rtol=R_SEARCH)
    assert_allclose(exact.p_value, case["exact_p"], rtol=RTOL)


def test_common_difference_by_hand():
    events, totals = np.array(THREE[0], dtype=float), np.array(THREE[1], dtype=float)
    shares = events / totals
    weight = totals.prod(axis=1) / totals.sum(axis=1)
    weight = weight / weight.sum()
    variance = (shares * (1 - shares) / totals).sum(axis=1)
    result = stratified_risk_difference(*THREE, conf_level=0.9)
    estimate, error = weight @ (shares[:, 1] - shares[:, 0]), sqrt(weight**2 @ variance)
    assert_allclose([result.estimate, result.std_error], [estimate, error], rtol=1e-12)
    assert_allclose(result.lower, estimate - norm.ppf(0.95) * error, rtol=1e-12)
    assert_allclose(result.p_value, 2 * norm.sf(abs(estimate) / error), rtol=1e-12)


def test_score_test_of_the_common_difference_is_cmh():
    # At no difference both arms of a stratum have the pooled proportion: the CMH statistic.
    result = stratified_risk_difference(*THREE, method="miettinen-nurminen")
    assert_allclose(result.p_value, cmh_test(*THREE).p_value, rtol=1e-9)
    edge = stratified_risk_difference(*THREE, method="miettinen-nurminen", conf_level=1 - result.p_value)
    assert_allclose(edge.upper, 0.0, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(STRATUM)
@pytest.mark.parametrize(
    ("function", "method", "single", "single_method"),
    [
        (stratified_odds_ratio, "exact", odds_ratio, "conditional"),
        (stratified_risk_difference, "cmh", risk_difference, "wald"),
        (stratified_risk_difference, "miettinen-nurminen", risk_difference, "miettinen-nurminen"),
    ],
)
def test_one_stratum_is_unstratified(function, method, single, single_method, stratum):
    events, totals = stratum
    ours, plain = function([events], [totals], method=method), single(events, totals, method=single_method)
    for name in ("estimate", "std_error", "lower", "upper"):
        assert_allclose(getattr(ours, name), getattr(plain, name), rtol=1e-8, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(STRATA)
@pytest.mark.parametrize(
    ("function", "method"),
    [
        (stratified_odds_ratio, "mantel-haenszel"),
        (stratified_odds_ratio, "exact"),
        (stratified_risk_difference, "cmh"),
        (stratified_risk_difference, "miettinen-nurminen"),
    ],
)
def test_order_of_strata_does_not_matter_and_limits_hold(function, method, strata):
    events, totals = strata
    result = function(events, totals, method=method)
    back = function(events[::-1], totals[::-1], method=method)
    assert_allclose(
        [back.lower, back.estimate, back.upper],
        [result.lower, result.estimate, result.upper],
        rtol=1e-8,
        atol=1e-9,
    )
    assert result.lower <= result.estimate <= result.upper


@settings(max_examples=40, deadline=None)
@given(STRATA)
def test_exchanged_arms_turn_the_test(strata):
    events, totals = (np.array(part) for part in strata)
    test, turned = cmh_test(events, totals), cmh_test(events[:, ::-1], totals[:, ::-1])
    assert_allclose(turned.z, -test.z, rtol=1e-9, atol=1e-12)
    assert_allclose(test.observed.sum(), test.expected.sum(), rtol=1e-12)


def test_nothing_to_compare():
    test = cmh_test([(0, 0), (4, 5)], [(9, 9), (4, 5)])
    assert np.isnan(test.p_value)
    assert "varies in no stratum" in test.method
    empty = stratified_odds_ratio([(0, 3), (0, 2)], [(9, 9), (8, 8)])
    assert np.isnan([empty.estimate, empty.lower, empty.upper]).all()
    assert "empty cells" in empty.method


@pytest.mark.parametrize(
    ("events", "totals", "message"),
    [
        ([(1, 2)], [(3, 4), (5, 6)], "one shape"),
        ((1, 2), (3, 4), "one row a stratum"),
        ([(1, 2), (3, 9)], [(3, 4), (5, 6)], r"more events than subjects in 1 stratum\(a\) \(1\)"),
        ([(1, 0), (3, 3)], [(3, 0), (5, 6)], r"no subjects.* in 1 stratum\(a\) \(0\)"),
    ],
)
@pytest.mark.parametrize("function", [cmh_test, stratified_odds_ratio, stratified_risk_difference])
def test_strata_that_cannot_be_are_refused(function, events, totals, message):
    with pytest.raises(InvalidArgument, match=message):
        function(events, totals)


@pytest.mark.parametrize("function", [stratified_odds_ratio, stratified_risk_difference])
def test_options_are_checked(function):
    with pytest.raises(InvalidArgument, match="method must be"):
        function(*THREE, method="guess")
    with pytest.raises(InvalidArgument, match="conf_level"):
        function(*THREE, conf_level=2)
