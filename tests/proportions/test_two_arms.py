"""Difference, ratio and odds ratio of two proportions, and their tests."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.stats import binom, hypergeom, norm
from tests.support.golden import cases

from skeletal.errors import InvalidArgument
from skeletal.proportions import (
    fisher_test,
    noninferiority_test,
    odds_ratio,
    proportions_test,
    risk_difference,
    risk_ratio,
)

CASES = cases("binary")
OPTIONS = {"few_events": ((20, 3), (100, 100)), "unequal_arms": ((5, 12), (45, 40))}
RTOL = 1e-9
R_SEARCH = 1e-3  # fisher.test stops its search at a relative 1.2e-4 of an odds ratio, or of its inverse
COUNTS = st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
    lambda totals: st.tuples(st.tuples(*(st.integers(0, n) for n in totals)), st.just(totals))
)
DIFFERENCES = ("wald", "newcombe", "miettinen-nurminen", "exact")
ESTIMATES = [
    *((risk_difference, method) for method in DIFFERENCES[:3]),
    *((risk_ratio, method) for method in ("log-wald", "miettinen-nurminen")),
    *((odds_ratio, method) for method in ("woolf", "conditional", "miettinen-nurminen")),
]


@pytest.mark.parametrize("name", OPTIONS)
@pytest.mark.parametrize(
    ("function", "method", "key"),
    [
        (risk_difference, "wald", "wald_ci"),
        (risk_difference, "newcombe", "newcombe_ci"),
        (risk_difference, "miettinen-nurminen", "mn_diff_ci"),
        (risk_ratio, "log-wald", "rr_log_wald_ci"),
        (risk_ratio, "miettinen-nurminen", "mn_rr_ci"),
        (odds_ratio, "woolf", "or_woolf_ci"),
        (odds_ratio, "miettinen-nurminen", "mn_or_ci"),
    ],
)
def test_limits_as_r(name, function, method, key):
    result = function(*OPTIONS[name], method=method)
    assert_allclose([result.lower, result.upper], CASES[name][key], rtol=RTOL)


@pytest.mark.parametrize("name", OPTIONS)
def test_estimates_as_r(name):
    counts, case = OPTIONS[name], CASES[name]
    assert_allclose(risk_difference(*counts).estimate, case["diff"], rtol=RTOL)
    assert_allclose(risk_ratio(*counts).estimate, case["rr"], rtol=RTOL)
    assert_allclose(odds_ratio(*counts).estimate, case["or"], rtol=RTOL)


@pytest.mark.parametrize("name", OPTIONS)
def test_conditional_odds_ratio_as_near_as_r_searches(name):
    result, case = odds_ratio(*OPTIONS[name], method="conditional"), CASES[name]
    assert_allclose(result.estimate, case["fisher_conditional_or"], rtol=R_SEARCH)
    assert_allclose([result.lower, result.upper], case["fisher_or_ci"], rtol=R_SEARCH)
    assert_allclose(result.p_value, case["fisher_p"], rtol=RTOL)


def weights(odds, low, high, m, n, t):
    counts = np.arange(low, high + 1)
    central = hypergeom.pmf(counts, m + n, t, n)
    noncentral = central * odds ** counts.astype(float)
    return counts, noncentral / noncentral.sum()


def test_conditional_estimate_and_limits_solve_their_equations():
    result = odds_ratio((5, 12), (45, 40), method="conditional", conf_level=0.9)
    counts, p = weights(result.estimate, 0, 17, 45, 40, 17)
    assert_allclose(counts @ p, 12, rtol=1e-10)
    assert_allclose(weights(result.lower, 0, 17, 45, 40, 17)[1][12:].sum(), 0.05, rtol=1e-9)
    assert_allclose(weights(result.upper, 0, 17, 45, 40, 17)[1][:13].sum(), 0.05, rtol=1e-9)


@pytest.mark.parametrize("name", OPTIONS)
def test_tests_as_r(name):
    counts, case = OPTIONS[name], CASES[name]
    pooled, yates = proportions_test(*counts), proportions_test(*counts, method="yates")
    assert_allclose(
        [pooled.z, pooled.statistic, pooled.p_value],
        [case[k] for k in ("z_pooled", "chisq", "p_chisq")],
        rtol=RTOL,
    )
    assert_allclose([yates.statistic, yates.p_value], [case["chisq_yates"], case["p_yates"]], rtol=RTOL)
    assert_allclose(proportions_test(*counts, method="unpooled").z, case["z_unpooled"], rtol=RTOL)
    assert_allclose(fisher_test(*counts).p_value, case["fisher_p"], rtol=RTOL)
    assert_allclose(fisher_test(*counts, alternative="less").p_value, case["fisher_p_less"], rtol=RTOL)
    assert_allclose(fisher_test(*counts, p="mid").p_value, case["fisher_midp_two_sided"], rtol=RTOL)


@pytest.mark.parametrize("case", CASES["fisher_small"], ids=str)
def test_small_tables_as_r(case):
    x, m, y, n = case["counts"]
    counts = (x, y), (m, n)
    assert_allclose(fisher_test(*counts).p_value, case["two_sided"], rtol=RTOL)
    assert_allclose(fisher_test(*counts, alternative="less").p_value, case["less"], rtol=RTOL)
    assert_allclose(fisher_test(*counts, alternative="greater").p_value, case["greater"], rtol=RTOL)
    assert_allclose(proportions_test(*counts).p_value, case["pearson"], rtol=RTOL)
    assert_allclose(proportions_test(*counts, method="yates").p_value, case["yates"], rtol=RTOL)


def test_one_sided_mid_p_takes_half_of_the_observed_table():
    exact, mid = (
        fisher_test((5, 12), (45, 40), alternative="greater", p=p).p_value for p in ("exact", "mid")
    )
    assert_allclose(exact - mid, hypergeom.pmf(12, 85, 17, 40) / 2, rtol=1e-9)


def restricted_likelihood(link, counts, bounds):
    """Proportions of largest likelihood among those that ``link`` ties to the control's; slow and plain."""
    (x, y), (m, n) = counts

    def loss(p):
        return -binom.logpmf(x, m, p) - binom.logpmf(y, n, link(p))

    best = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-12})
    return best.x, link(best.x)


@pytest.mark.parametrize("counts", [((4, 9), (17, 25)), ((11, 3), (30, 12))], ids=str)
def test_score_limits_of_the_difference_solve_their_equation(counts):
    (x, y), (m, n) = counts
    result = risk_difference(*counts, method="miettinen-nurminen", conf_level=0.9)
    for limit, sign in ((result.lower, 1), (result.upper, -1)):
        bounds = max(0.0, -limit) + 1e-9, min(1.0, 1 - limit) - 1e-9
        p, q = restricted_likelihood(lambda p, limit=limit: p + limit, counts, bounds)
        variance = (p * (1 - p) / m + q * (1 - q) / n) * (m + n) / (m + n - 1)
        assert_allclose((y / n - x / m - limit) / sqrt(variance), sign * norm.ppf(0.95), rtol=1e-6)


def test_score_test_goes_with_the_score_limits():
    counts = (5, 12), (45, 40)
    p_value = risk_difference(*counts, method="miettinen-nurminen").p_value
    at_edge = risk_difference(*counts, method="miettinen-nurminen", conf_level=1 - p_value)
    assert_allclose(at_edge.lower, 0.0, atol=1e-9)
    ratio = risk_ratio(*counts, method="miettinen-nurminen")
    assert_allclose(risk_ratio(*counts, method="miettinen-nurminen", conf_level=1 - ratio.p_value).lower, 1.0)
    assert_allclose([ratio.p_value, odds_ratio(*counts, method="miettinen-nurminen").p_value], p_value)


@pytest.mark.parametrize(
    ("margin", "method", "scale"),
    [
        (0.15, "farrington-manning", "difference"),
        (0.1, "miettinen-nurminen", "difference"),
        (0.1, "wald", "difference"),
        (1.4, "farrington-manning", "ratio"),
        (1.3, "miettinen-nurminen", "ratio"),
    ],
)
def test_noninferiority_by_hand(margin, method, scale):
    counts = ((20, 22), (100, 90))
    result = noninferiority_test(*counts, margin=margin, method=method, scale=scale)
    (x, y), (m, n) = counts
    if method == "wald":
        p, q = x / m, y / n
    elif scale == "difference":
        p, q = restricted_likelihood(lambda p: p + margin, counts, (1e-9, 1 - margin - 1e-9))
    else:
        p, q = restricted_likelihood(lambda p: p * margin, counts, (1e-9, 1 / margin - 1e-9))
    slope = 1.0 if scale == "difference" else margin
    variance = q * (1 - q) / n + slope**2 * p * (1 - p) / m
    if method == "miettinen-nurminen":
        variance *= (m + n) / (m + n - 1)
    gap = y / n - x / m - margin if scale == "difference" else y / n - margin * x / m
    assert_allclose(result.z, gap / sqrt(variance), rtol=1e-6)
    assert_allclose(result.p_value, norm.cdf(result.z), rtol=1e-12)
    other = noninferiority_test(*counts, margin=margin, method=method, scale=scale, alternative="greater")
    assert_allclose(other.p_value, 1 - result.p_value, rtol=1e-12)


def test_exact_limits_keep_their_level_whatever_the_common_proportion():
    m, n, counts = 6, 7, (1, 5)
    result = risk_difference(counts, (m, n), method="exact")

    def score(i, j, limit):
        bounds = max(0.0, -limit) + 1e-12, min(1.0, 1 - limit) - 1e-12
        p, q = restricted_likelihood(lambda p: p + limit, ((i, j), (m, n)), bounds)
        return (j / n - i / m - limit) / sqrt(max(p * (1 - p) / m + q * (1 - q) / n, 1e-300))

    def largest(limit, sign):
        observed = score(*counts, limit)
        tables = [(i, j) for i in range(m + 1) for j in range(n + 1)]
        beyond = [t for t in tables if sign * (score(*t, limit) - observed) >= -1e-6]
        p = np.linspace(max(0, -limit), min(1, 1 - limit), 1001)
        return max(sum(binom.pmf(i, m, p) * binom.pmf(j, n, p + limit) for i, j in beyond))

    assert result.lower < result.estimate < result.upper
    for limit, sign in ((result.lower, 1), (result.upper, -1)):
        assert largest(limit - sign * 1e-5, sign) <= 0.025 + 1e-6
        assert largest(limit + sign * 2e-3, sign) > 0.025


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.floats(0.6, 0.99))
@pytest.mark.parametrize(("function", "method"), ESTIMATES)
def test_limits_hold_the_estimate_and_turn_with_the_arms(function, method, counts, level):
    (x, y), (m, n) = counts
    result = function((x, y), (m, n), method=method, conf_level=level)
    turned = function((y, x), (n, m), method=method, conf_level=level)
    for low, high in ((result.lower, result.estimate), (result.estimate, result.upper)):
        assert not low > high + 1e-9
    if function is risk_difference:
        assert_allclose(
            [-turned.upper, -turned.estimate, -turned.lower],
            [result.lower, result.estimate, result.upper],
            atol=1e-9,
        )
    elif min(x, y) > 0 and x < m and y < n:
        assert_allclose(
            [1 / turned.upper, 1 / turned.estimate, 1 / turned.lower],
            [result.lower, result.estimate, result.upper],
            rtol=1e-6,
        )
    assert_allclose(turned.p_value, result.p_value, rtol=1e-8, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(COUNTS)
@pytest.mark.parametrize("method", ["wald", "newcombe", "miettinen-nurminen"])
def test_level_widens(method, counts):
    narrow, wide = (risk_difference(*counts, method=method, conf_level=level) for level in (0.8, 0.99))
    assert wide.lower <= narrow.lower + 1e-12
    assert narrow.upper <= wide.upper + 1e-12


@settings(max_examples=15, deadline=None)
@given(COUNTS)
def test_exact_limits_hold_the_estimate(counts):
    result = risk_difference(*counts, method="exact")
    assert -1 <= result.lower <= result.estimate + 1e-9
    assert result.estimate - 1e-9 <= result.upper <= 1
    assert 0 <= result.p_value <= 1


def test_an_arm_without_events():
    ratio = risk_ratio((4, 0), (20, 20))
    assert ratio.estimate == 0
    assert np.isnan([ratio.std_error, ratio.lower, ratio.upper, ratio.p_value]).all()
    assert "an empty cell" in ratio.method
    score = risk_ratio((4, 0), (20, 20), method="miettinen-nurminen")
    assert score.lower == score.estimate == 0 < score.upper < 1.2
    infinite = odds_ratio((0, 4), (20, 20), method="conditional")
    assert np.isnan([infinite.estimate, infinite.upper]).all()
    assert_allclose(weights(infinite.lower, 0, 4, 20, 20, 4)[1][4], 0.025, rtol=1e-9)
    assert "infinite" in infinite.method


@pytest.mark.parametrize("counts", [((0, 0), (12, 9)), ((12, 9), (12, 9))], ids=str)
def test_an_outcome_that_does_not_vary(counts):
    difference = risk_difference(*counts, method="miettinen-nurminen")
    assert difference.estimate == 0
    assert difference.lower < 0 < difference.upper
    assert np.isnan(proportions_test(*counts).p_value)
    assert "does not vary" in proportions_test(*counts).method
    assert fisher_test(*counts).p_value == 1
    odds = odds_ratio(*counts, method="miettinen-nurminen")
    assert np.isnan([odds.estimate, odds.lower, odds.upper, odds.p_value]).all()
    assert "not estimable" in odds.method


def test_standard_errors():
    assert_allclose(risk_difference((20, 3), (100, 100)).std_error, sqrt(0.2 * 0.8 / 100 + 0.03 * 0.97 / 100))
    assert_allclose(risk_ratio((20, 3), (100, 100)).std_error, sqrt(1 / 20 - 1 / 100 + 1 / 3 - 1 / 100))
    assert_allclose(odds_ratio((20, 3), (100, 100)).std_error, sqrt(1 / 20 + 1 / 80 + 1 / 3 + 1 / 97))
    result = odds_ratio((20, 3), (100, 100), conf_level=0.9)
    assert_allclose(result.upper, exp(log(result.estimate) + norm.ppf(0.95) * result.std_error))


@pytest.mark.parametrize(
    ("events", "totals", "message"),
    [
        ((1, 2, 3), (4, 5, 6), r"\(control, experimental\), got shape \(3,\)"),
        ((1.5, 2), (4, 5), "whole numbers"),
        ((-1, 2), (4, 5), "whole numbers"),
        ((1, 2), (0, 5), "no subjects"),
        ((7, 2), (4, 5), "more events than subjects"),
        (("a", 2), (4, 5), "must be numbers"),
    ],
)
@pytest.mark.parametrize("function", [risk_difference, risk_ratio, odds_ratio, proportions_test, fisher_test])
def test_counts_that_cannot_be_are_refused(function, events, totals, message):
    with pytest.raises(InvalidArgument, match=message):
        function(events, totals)


@pytest.mark.parametrize("function", [risk_difference, risk_ratio, odds_ratio, proportions_test])
def test_unknown_methods_are_refused(function):
    with pytest.raises(InvalidArgument, match="method must be one of"):
        function((1, 2), (4, 5), method="guess")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"margin": 1.0}, "between -1 and 1"),
        ({"margin": 0.0, "scale": "ratio"}, "positive and finite"),
        ({"margin": 1.2, "scale": "ratio", "method": "wald"}, "tests differences"),
        ({"margin": 0.1, "scale": "odds"}, "scale must be"),
        ({"margin": 0.1, "alternative": "two-sided"}, "alternative must be"),
        ({"margin": 0.1, "method": "guess"}, "method must be"),
    ],
)
def test_noninferiority_refuses(options, message):
    with pytest.raises(InvalidArgument, match=message):
        noninferiority_test((1, 2), (4, 5), **options)


@pytest.mark.parametrize("options", [{"alternative": "other"}, {"p": "half"}])
def test_fisher_refuses(options):
    with pytest.raises(InvalidArgument, match="must be one of"):
        fisher_test((1, 2), (4, 5), **options)


def test_conf_level_is_checked():
    for function in (risk_difference, risk_ratio, odds_ratio):
        with pytest.raises(InvalidArgument, match="conf_level"):
            function((1, 2), (4, 5), conf_level=95)
