from __future__ import annotations

from math import comb, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import binom, norm
from tests.support.golden import cases

from skeletal.errors import InvalidArgument
from skeletal.proportions import proportion

ONE = cases("binary")["one_proportion"]
RTOL = 1e-10
COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
METHODS = {"wilson": "wilson", "exact": "clopper_pearson", "jeffreys": "jeffreys"}


@pytest.mark.parametrize("case", ONE)
@pytest.mark.parametrize("method", METHODS)
def test_limits_as_r(case, method):
    result = proportion(case["x"], case["n"], method=method)
    assert_allclose([result.lower, result.upper], case[METHODS[method]], rtol=RTOL, atol=1e-16)
    assert result.estimate == case["x"] / case["n"]


@pytest.mark.parametrize("case", ONE)
def test_exact_p_value_as_r(case):
    result = proportion(case["x"], case["n"], method="exact", null=0.1)
    assert_allclose(result.p_value, case["p_two_sided_vs_0.1"], rtol=RTOL)


def test_exact_p_value_sums_counts_that_are_not_more_probable():
    terms = [comb(5, k) * 0.25**k * 0.75 ** (5 - k) for k in range(6)]
    result = proportion(3, 5, method="exact", null=0.25)
    assert_allclose(result.p_value, terms[3] + terms[4] + terms[5], rtol=1e-12)


def test_score_p_value_of_wilson_by_hand():
    assert_allclose(proportion(3, 100, null=0.1).p_value, 2 * norm.sf(0.07 / 0.03), rtol=1e-12)


def test_standard_error():
    assert_allclose(proportion(20, 100).std_error, 0.04, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(COUNTS, st.floats(0.5, 0.999))
def test_limits_invert_their_tests(counts, level):
    (x, n), alpha = counts, 1 - level
    z = norm.isf(alpha / 2)
    wilson = proportion(x, n, conf_level=level)
    exact = proportion(x, n, method="exact", conf_level=level)
    if x > 0:
        p = wilson.lower
        assert_allclose((x / n - p) / sqrt(p * (1 - p) / n), z, rtol=1e-6)
        assert_allclose(binom.sf(x - 1, n, exact.lower), alpha / 2, rtol=1e-8)
    if x < n:
        p = wilson.upper
        assert_allclose((p - x / n) / sqrt(p * (1 - p) / n), z, rtol=1e-6)
        assert_allclose(binom.cdf(x, n, exact.upper), alpha / 2, rtol=1e-8)


@settings(max_examples=50, deadline=None)
@given(COUNTS, st.sampled_from(list(METHODS)), st.floats(0.05, 0.95))
def test_exchanging_events_and_others_mirrors_everything(counts, method, null):
    x, n = counts
    one, two = proportion(x, n, method=method, null=null), proportion(n - x, n, method=method, null=1 - null)
    assert_allclose([one.lower, one.upper], [1 - two.upper, 1 - two.lower], atol=1e-12)
    assert_allclose(one.p_value, two.p_value, rtol=1e-6, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(COUNTS, st.sampled_from(list(METHODS)))
def test_limits_hold_the_estimate_and_stay_between_0_and_1(counts, method):
    x, n = counts
    result = proportion(x, n, method=method)
    assert 0 <= result.lower < result.upper <= 1
    if method != "jeffreys" or 0 < x < n:
        assert result.lower <= result.estimate <= result.upper


@settings(max_examples=50, deadline=None)
@given(COUNTS, st.floats(0.05, 0.95))
def test_jeffreys_p_value_reaches_5_percent_at_its_limits(counts, null):
    x, n = counts
    result = proportion(x, n, method="jeffreys", null=null)
    assert (result.p_value < 0.05) == (not result.lower <= null <= result.upper)


@pytest.mark.parametrize(("event", "edge"), [(0, "lower"), (7, "upper")])
@pytest.mark.parametrize("method", ["wilson", "exact"])
def test_nobody_and_everybody_end_at_the_edge(method, event, edge):
    result = proportion(event, 7, method=method)
    assert getattr(result, edge) == event / 7
    assert result.std_error == 0.0


def test_jeffreys_limits_are_not_adjusted_at_the_edge():
    result = proportion(0, 60, method="jeffreys")
    assert result.estimate == 0.0
    assert result.lower > 0.0


def test_counts_of_numpy_are_counts():
    assert proportion(np.int64(3), np.float64(10)).estimate == 0.3


def test_without_null_there_is_no_p_value():
    assert np.isnan(proportion(3, 10).p_value)


def test_conf_level_widens_the_limits():
    narrow, wide = (proportion(3, 10, conf_level=level) for level in (0.9, 0.99))
    assert wide.lower < narrow.lower < narrow.upper < wide.upper
    assert wide.conf_level == 0.99


def test_method_changes_limits_and_p_value_and_is_named():
    results = [proportion(3, 10, method=method, null=0.5) for method in METHODS]
    assert len({result.lower for result in results}) == 3
    assert len({result.p_value for result in results}) == 3
    assert len({result.method for result in results}) == 3


def test_null_changes_the_p_value():
    assert proportion(3, 10, null=0.5).p_value != proportion(3, 10, null=0.6).p_value


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"event": 11}, "event must not exceed total, got 11 of 10"),
        ({"event": -1}, "event must be a whole number of at least 0, got -1"),
        ({"event": 2.5}, "event must be a whole number of at least 0, got 2.5"),
        ({"event": [1, 2]}, "event must be a whole number"),
        ({"event": "3"}, "event must be a whole number of at least 0, got '3'"),
        ({"total": np.nan}, "total must be a whole number of at least 0, got nan"),
        ({"event": 0, "total": 0}, "total must be at least 1"),
        ({"method": "wald"}, "method must be one of 'wilson', 'exact', 'jeffreys', got 'wald'"),
        ({"null": 0}, "null must lie strictly between 0 and 1, got 0"),
        ({"conf_level": 1}, "conf_level must lie strictly between 0 and 1, got 1"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        proportion(**{"event": 3, "total": 10, **arguments})
