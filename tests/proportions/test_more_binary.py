"""Further proportions as R's stats package has them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases

from skeletal.proportions import (
    cmh_test,
    fisher_test,
    odds_ratio,
    proportion,
    proportions_test,
    risk_difference,
    risk_ratio,
    stratified_odds_ratio,
    stratified_risk_difference,
)

GOLDEN = cases("more_binary")
TWO = {
    "two_small": ((8, 12), (20, 21)),
    "two_large": ((150, 120), (400, 420)),
    "no_events_in_control": ((0, 5), (30, 32)),
}
ONE = {"all": (60, 60, 0.9), "one_of_seven": (1, 7, 0.3), "of_a_thousand": (233, 1000, 0.25)}
ONE["all_of_five"] = (5, 5, 0.5)


def limits(estimate):
    return [estimate.lower, estimate.upper]


@pytest.mark.parametrize("name", TWO)
def test_tests_and_differences_of_two_arms_as_r(name):
    expected, arms = GOLDEN[name], TWO[name]
    pearson, yates = proportions_test(*arms), proportions_test(*arms, method="yates")
    assert_allclose(
        [pearson.statistic, pearson.p_value, yates.statistic, yates.p_value],
        [expected[key] for key in ("chi", "pchi", "yates", "py")],
        rtol=1e-9,
    )
    assert_allclose(proportions_test(*arms, method="unpooled").z, expected["zu"], rtol=1e-9)
    for alternative, key in (("two-sided", "f"), ("less", "fl"), ("greater", "fg")):
        assert_allclose(fisher_test(*arms, alternative=alternative).p_value, expected[key], rtol=1e-9)
    assert_allclose(fisher_test(*arms, p="mid").p_value, expected["mid_two"], rtol=1e-9)
    for method, key in (("wald", "wald"), ("newcombe", "newcombe"), ("miettinen-nurminen", "mn")):
        assert_allclose(limits(risk_difference(*arms, method=method)), expected[key], rtol=1e-7)


@pytest.mark.parametrize("name", ["two_small", "two_large"])
def test_ratios_of_two_arms_as_r(name):
    expected, arms = GOLDEN[name], TWO[name]
    ratio, odds = risk_ratio(*arms), odds_ratio(*arms)
    assert_allclose([ratio.estimate, *limits(ratio)], [expected["rr"], *expected["rrci"]], rtol=1e-9)
    assert_allclose([odds.estimate, *limits(odds)], [expected["or"], *expected["orci"]], rtol=1e-9)


@pytest.mark.parametrize("name", ["veteran_four_strata", "colon_six_strata", "prostate_strata"])
def test_strata_as_r(name):
    expected = GOLDEN[name]
    tables = np.array(expected["tab"])
    events, totals = tables[:, ::-1, 0], tables.sum(axis=2)[:, ::-1]
    test, odds = cmh_test(events, totals), stratified_odds_ratio(events, totals)
    exact = stratified_odds_ratio(events, totals, method="exact")
    assert_allclose([test.statistic, test.p_value], [expected["chi"], expected["p"]], rtol=1e-9)
    assert_allclose([odds.estimate, *limits(odds)], [expected["or"], *expected["ci"]], rtol=1e-9)
    assert_allclose(exact.p_value, expected["ep"], rtol=1e-9)
    assert_allclose([exact.estimate, *limits(exact)], [expected["eor"], *expected["eci"]], rtol=2e-4)


def test_difference_over_strata_by_its_definition():
    tables = np.array(GOLDEN["colon_six_strata"]["tab"], dtype=float)
    events, totals = tables[:, ::-1, 0], tables.sum(axis=2)[:, ::-1]
    share = totals.prod(axis=1) / totals.sum(axis=1)
    share /= share.sum()
    risk = events / totals
    result = stratified_risk_difference(events, totals)
    spread = share**2 @ (risk * (1 - risk) / totals).sum(axis=1)
    assert_allclose(
        [result.estimate, result.std_error],
        [share @ (risk[:, 1] - risk[:, 0]), np.sqrt(spread)],
        rtol=1e-12,
    )


@pytest.mark.parametrize("name", ONE)
def test_one_proportion_as_r(name):
    event, total, null = ONE[name]
    expected = GOLDEN[name]
    for method, key, p_value in (
        ("exact", "exact", "p"),
        ("wilson", "wilson", "pw"),
        ("jeffreys", "jeff", None),
    ):
        result = proportion(event, total, method=method, null=null)
        assert_allclose(limits(result), expected[key], rtol=1e-9)
        if p_value is not None:
            assert_allclose(result.p_value, expected[p_value], rtol=1e-9)
