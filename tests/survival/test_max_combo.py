from __future__ import annotations

from math import erfc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtr
from tests.support.golden import cases, read
from tests.support.references_logrank import naive_weighted_logrank, outside_by_directions

import skeletal.results
from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import FlemingHarrington, Gehan, ModestlyWeighted, Unweighted, logrank, max_combo
from skeletal.survival.normal_rectangle import outside_rectangle

LOGRANK = cases("logrank")
SMALL = RightCensored([6, 13, 21, 30, 31, 37, 38, 47], [1, 1, 1, 1, 0, 1, 0, 0])
ARMS = list("AABAABBB")
THREE = [Unweighted(), FlemingHarrington(0, 1), FlemingHarrington(1, 0)]
FOUR = [FlemingHarrington(rho, gamma) for rho, gamma in ((0, 0), (0, 1), (1, 1), (0.5, 0.5))]
ABSOLUTE = 1e-7  # what is promised of the p-value


def lung():
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2), frame


def colon(etype):
    frame = read("colon").query(f"etype == {etype} and rx != 'Lev'")
    return RightCensored(frame.time, frame.status), frame.rx


def test_singular_correlation_as_nph_and_mvtnorm():
    data, frame = lung()
    expected = LOGRANK["max_combo_singular"]
    result = max_combo(data, frame.sex, THREE)
    # nph's z is that of the first group
    assert_allclose(-result.component_z, expected["z"], rtol=1e-10)
    assert_allclose(result.correlation, expected["corr"], rtol=1e-10)
    assert_allclose(result.statistic, expected["max_abs_z"], rtol=1e-10)
    assert_allclose(result.p_value, expected["p_two_sided_precise"], rtol=1e-5)
    assert result.df == 2
    less, greater = (max_combo(data, frame.sex, THREE, alternative=side) for side in ("less", "greater"))
    assert_allclose(less.p_value, expected["p_one_sided_max_precise"], rtol=1e-5)
    assert_allclose(greater.p_value, expected["p_one_sided_min_precise"], rtol=1e-7)
    assert_allclose([less.statistic, greater.statistic], expected["max_abs_z"], rtol=1e-10)


def test_four_weights_of_rank_three_as_nph_and_an_integral_over_directions():
    data, arm = colon(2)
    weights = [FlemingHarrington(rho, gamma) for rho, gamma in ((0, 0), (0, 1), (1, 1), (1, 0))]
    expected = LOGRANK["max_combo_four_weights"]
    result = max_combo(data, arm, weights)
    # nph's control comes second in sorted order, and its z is that of the first group
    assert_allclose(-result.component_z, expected["z"], rtol=1e-10)
    assert_allclose(result.correlation, expected["corr"], rtol=1e-10)
    assert_allclose(result.statistic, expected["max_abs_z"], rtol=1e-10)
    assert result.df == 3
    assert_allclose(result.p_value, expected["p_two_sided_precise"], rtol=0, atol=ABSOLUTE)
    matrix = np.array(expected["corr"])
    assert_allclose(result.p_value, outside_by_directions(matrix, expected["max_abs_z"]), atol=2e-9, rtol=0)
    greater, less = (max_combo(data, arm, weights, alternative=side) for side in ("greater", "less"))
    assert_allclose(greater.p_value, expected["p_one_sided_min_precise"], rtol=0, atol=ABSOLUTE)
    assert_allclose(less.p_value, expected["p_one_sided_max_precise"], rtol=0, atol=ABSOLUTE)


def test_one_sided_as_mvtnorm_and_near_simtrial():
    data, frame = lung()
    weights = [FlemingHarrington(0, 0), FlemingHarrington(0, 1), FlemingHarrington(1, 1)]
    result = max_combo(data, frame.sex, weights, alternative="less")
    simtrial, precise = LOGRANK["max_combo_simtrial"], LOGRANK["max_combo_simtrial_weights"]
    assert_allclose(result.component_z, simtrial["z"], rtol=1e-10)
    assert_allclose(result.correlation, np.column_stack(list(simtrial["corr"].values())), rtol=1e-10)
    assert_allclose(result.p_value, simtrial["p_value"], rtol=0, atol=1e-5)  # its error is quasi-Monte Carlo
    assert_allclose(result.p_value, precise["p_less"], rtol=1e-10)


def check(result, expected, rtol):
    assert_allclose(result.component_z, expected["z"], rtol=1e-10)
    assert_allclose(result.correlation, expected["corr"], rtol=1e-10)
    assert_allclose(
        result.p_value, expected[f"p_{result.alternative.replace('-', '_')}"], rtol=rtol, atol=1e-11
    )


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_other_weights_data_and_strata_as_mvtnorm(alternative):
    data, arm = colon(1)
    weights = [FlemingHarrington(0, 0), FlemingHarrington(0.5, 0.5), FlemingHarrington(0, 2)]
    result = max_combo(data, arm, weights, control="Lev+5FU", alternative=alternative)
    check(result, LOGRANK["max_combo_half"], 1e-6)
    frame = read("ovarian")
    data = RightCensored(frame.futime, frame.fustat)
    weights = [FlemingHarrington(0, 0.5), FlemingHarrington(0.5, 0.5)]
    check(max_combo(data, frame.rx, weights, alternative=alternative), LOGRANK["max_combo_two"], 1e-6)
    frame = read("lung").dropna(subset=["ph.ecog"])
    data = RightCensored(frame.time, frame.status == 2)
    result = max_combo(data, frame.sex, FOUR, strata=frame["ph.ecog"], alternative=alternative)
    check(result, LOGRANK["max_combo_four_stratified"], 1e-6)
    assert result.df == 4
    assert "stratified" in result.method


def test_components_and_correlation_are_those_of_the_naive_sums():
    rng = np.random.default_rng(5)
    time, event, arm = rng.integers(1, 12, 60), rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    entry, stratum, weight = time - rng.integers(1, 8, 60), rng.integers(0, 3, 60), rng.integers(1, 4, 60)
    data = RightCensored(time, event, entry=entry, weight=weight)
    result = max_combo(data, arm, THREE, strata=stratum)
    more = {"weight": weight, "stratum": stratum, "entry": entry}
    sums = [
        naive_weighted_logrank(time, event, arm, 2, rho=r, gamma=g, **more)
        for r, g in ((0, 0), (0, 1), (1, 0))
    ]
    z = [(o[1] - e[1]) / np.sqrt(v[1, 1]) for o, e, v in sums]
    assert_allclose(result.component_z, z, rtol=1e-10)
    # 1 = S + (1 - S), and the variance of a sum
    (v1, v2, v3) = (v[1, 1] for _, _, v in sums)
    assert_allclose(result.correlation[1, 2], (v1 - v2 - v3) / 2 / np.sqrt(v2 * v3), rtol=1e-9)
    assert_allclose(result.correlation[0, 1], (v2 + v1 - v3) / 2 / np.sqrt(v1 * v2), rtol=1e-9)


@pytest.mark.parametrize(
    "weight", [Unweighted(), FlemingHarrington(0.5, 2), Gehan(), ModestlyWeighted(t_star=300)]
)
@pytest.mark.parametrize("times", [1, 3])
def test_one_weight_however_often_is_that_logrank_test(weight, times):
    data, frame = lung()
    result, alone = max_combo(data, frame.sex, [weight] * times), logrank(data, frame.sex, weight=weight)
    assert_allclose([result.p_value, result.statistic], [alone.p_value, abs(alone.z)], rtol=1e-11)
    assert result.df == 1
    less = max_combo(data, frame.sex, [weight] * times, alternative="less")
    assert_allclose(less.p_value, alone.p_value / 2, rtol=1e-11)


def test_a_weight_twice_or_in_another_order_changes_nothing():
    data, frame = lung()
    once = max_combo(data, frame.sex, FOUR)
    twice, turned = max_combo(data, frame.sex, [*FOUR, *FOUR[:2]]), max_combo(data, frame.sex, FOUR[::-1])
    assert_allclose([twice.p_value, turned.p_value], once.p_value, rtol=1e-9)
    assert once.df == twice.df == 4


@pytest.mark.parametrize("more", [1e-3, 1e-6, 1e-7, 1e-8, 1e-10, 1e-13])
def test_nearly_one_weight_twice_is_nearly_that_weight_once(more):
    data, frame = lung()
    once = max_combo(data, frame.sex, FOUR).p_value
    twice = max_combo(data, frame.sex, [*FOUR, FlemingHarrington(0.5, 0.5 + more)]).p_value
    assert_allclose(twice, once, rtol=0, atol=1e-9 + more * 1e-3)


def test_the_other_arm_as_control_turns_the_sides():
    data, frame = lung()
    first = max_combo(data, frame.sex, THREE, alternative="less")
    second = max_combo(data, frame.sex, THREE, control=2, alternative="greater")
    assert_allclose(first.component_z, -second.component_z, rtol=1e-12)
    assert_allclose([first.p_value, first.statistic], [second.p_value, second.statistic], rtol=1e-9)
    assert "reference 2" in second.method


def test_no_difference_at_all_has_p_one():
    result = max_combo(
        RightCensored([1, 1, 2, 2], [1, 1, 0, 0]), ["a", "b", "a", "b"], [Unweighted(), Gehan()]
    )
    assert result.statistic == 0
    assert result.p_value == 1


@pytest.mark.parametrize(
    ("data", "weights", "reason"),
    [
        (RightCensored([1, 2, 3, 4], [0, 0, 0, 0]), THREE, "unweighted: no events"),
        (RightCensored([1, 2, 3, 4], [1, 0, 0, 0]), THREE, r"Fleming-Harrington\(0, 1\): the weight is 0"),
        (
            RightCensored([1, 1, 2, 2], [0, 0, 1, 1], entry=[0, 0, 1, 1]),
            THREE,
            "unweighted: no event time with",
        ),
    ],
)
def test_not_estimable_says_why(data, weights, reason):
    result = max_combo(data, ["a", "b", "a", "a"], weights)
    assert np.isnan([result.statistic, result.p_value, result.df, *result.component_z]).all()
    with pytest.raises(AssertionError, match=f"not estimable: {reason}"):
        raise AssertionError(result.method)


@pytest.mark.parametrize(
    ("arm", "weights", "options", "message"),
    [
        (list("ABCAABBB"), THREE, {}, r"arm must have two labels, got 3 \(A, B, C\)"),
        (ARMS, [], {}, "weights must have 1 to 8 entries, got 0"),
        (ARMS, THREE * 3, {}, "weights must have 1 to 8 entries, got 9"),
        (ARMS, Unweighted(), {}, "weights must be a sequence of log-rank weights"),
        (ARMS, [Gehan], {}, "weight must be a log-rank weight"),
        (ARMS, THREE, {"alternative": "up"}, "alternative must be one of 'two-sided', 'less', 'greater'"),
        (ARMS, THREE, {"control": "C"}, "control must be one of the arms"),
        (ARMS, THREE, {"strata": [1]}, "strata must have one entry a row"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arm, weights, options, message):
    with pytest.raises(InvalidArgument, match=message):
        max_combo(SMALL, arm, weights, **options)


def test_the_result_class_is_among_the_results():
    assert isinstance(max_combo(SMALL, ARMS, THREE), skeletal.results.MaxComboResult)


def normal_tail(limit):
    return erfc(limit / np.sqrt(2)) / 2


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("limit", [0.2, 1.0, 2.5, 4.0, 7.0])
def test_independent_components_multiply(m, limit):
    low, high = np.full(m, -limit), np.full(m, limit)
    assert_allclose(
        outside_rectangle(np.eye(m), low, high),
        -np.expm1(m * np.log1p(-2 * normal_tail(limit))),
        rtol=1e-11,
    )
    assert_allclose(
        outside_rectangle(np.eye(m), np.full(m, -np.inf), high),
        -np.expm1(m * np.log1p(-normal_tail(limit))),
        rtol=1e-11,
    )
    assert_allclose(
        outside_rectangle(np.eye(m), np.full(m, -np.inf), low), 1 - normal_tail(limit) ** m, rtol=1e-13
    )


@pytest.mark.parametrize("r", [-0.9, -0.3, 0.0, 0.5, 0.95, 0.9999, 1 - 1e-9])
def test_orthants_have_sheppards_probability(r):
    # P(Z1 <= 0, Z2 <= 0) = 1/4 + asin(r)/(2 pi); three variables: 1/8 + (sum of the asin)/(4 pi)
    below = outside_rectangle(np.array([[1, r], [r, 1]]), np.full(2, -np.inf), np.zeros(2))
    assert_allclose(1 - below, 0.25 + np.arcsin(r) / (2 * np.pi), atol=1e-10)
    if r > -0.5:
        matrix = np.full((3, 3), r) + (1 - r) * np.eye(3)
        below = outside_rectangle(matrix, np.full(3, -np.inf), np.zeros(3))
        assert_allclose(1 - below, 1 / 8 + 3 * np.arcsin(r) / (4 * np.pi), atol=1e-10)


def test_equicorrelated_components_are_one_integral():
    # Z_j = sqrt(r) X + sqrt(1 - r) Y_j: given X the components are independent.
    x, share = np.polynomial.hermite_e.hermegauss(180)
    share = share / share.sum()
    for m, r, limit in ((4, 0.5, 2.0), (5, 0.7, 1.5), (6, 0.3, 2.5)):
        matrix = np.full((m, m), r) + (1 - r) * np.eye(m)
        high, low = (limit - np.sqrt(r) * x) / np.sqrt(1 - r), (-limit - np.sqrt(r) * x) / np.sqrt(1 - r)
        both, one = 1 - share @ (ndtr(high) - ndtr(low)) ** m, 1 - share @ ndtr(high) ** m
        upper = np.full(m, limit)
        assert_allclose(outside_rectangle(matrix, -upper, upper), both, atol=1e-9)
        assert_allclose(outside_rectangle(matrix, np.full(m, -np.inf), upper), one, atol=1e-9)


loading = st.lists(st.floats(-1, 1), min_size=3, max_size=3)


@given(st.lists(loading, min_size=3, max_size=5), st.floats(0.3, 4), st.sampled_from([2, 3]))
@settings(max_examples=12, deadline=None)
def test_singular_correlation_as_the_mean_over_directions(rows, limit, rank):
    factor = np.array(rows)[:, :rank] + 1e-3 * np.arange(1, len(rows) + 1)[:, None] * np.eye(rank)[0]
    length = np.linalg.norm(factor, axis=1, keepdims=True)
    if (length < 0.05).any() or np.linalg.svd(factor / length)[1][rank - 1] < 0.05:
        return
    factor = factor / length
    upper = np.full(len(rows), limit)
    for one_sided, lower in ((False, -upper), (True, np.full(len(rows), -np.inf))):
        result = outside_rectangle(factor @ factor.T, lower, upper)
        assert_allclose(
            result, outside_by_directions(factor @ factor.T, limit, one_sided=one_sided), atol=2e-6
        )
        largest, total = normal_tail(limit), len(rows) * normal_tail(limit)
        sides = 1 if one_sided else 2
        assert sides * largest - 1e-12 <= result <= sides * total + 1e-12
