from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2, norm
from tests.support.golden import cases, read
from tests.support.recurrent_samples import arms_of, histories, sample
from tests.support.references_recurrent_means import naive_mean_test

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.recurrent import mean_cumulative_test

RTOL = 1e-10
ROWS = [
    ("a", 0, 3, 1),
    ("a", 3, 9, 1),
    ("b", 0, 4, 1),
    ("b", 4, 8, 0),
    ("c", 0, 9, 0),
    ("d", 0, 7, 1),
    ("e", 0, 8, 0),
    ("f", 0, 2, 1),
    ("f", 2, 6, 2),
]
ARM = list("ccccttttt")
SMALL = sample(ROWS)
ALIVE = sample([(*row[:3], row[3] % 2) for row in ROWS])


def bladder():
    frame = read("bladder2")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event), frame.rx


@pytest.mark.parametrize("variance", ["robust", "poisson"])
def test_both_weights_as_reda(variance):
    data, arm = bladder()
    for weight, expected in zip(
        ("constant", "linear"), cases("recurrent")["bladder_mean_test"][variance], strict=True
    ):
        result = mean_cumulative_test(data, arm, weight=weight, variance=variance)
        difference = result.observed - result.expected
        statistic, spread, chi_square, df, p_value = expected
        assert_allclose(difference, [statistic, -statistic], rtol=RTOL)  # of the control first
        assert_allclose(result.variance, spread * np.array([[1, -1], [-1, 1]]), rtol=RTOL)
        assert_allclose([result.statistic, result.df, result.p_value], [chi_square, df, p_value], rtol=RTOL)
        assert_allclose(result.z, -np.sqrt(chi_square), rtol=RTOL)


def test_constant_weight_counts_the_events():
    data, arm = bladder()
    result = mean_cumulative_test(data, arm)
    assert_array_equal(result.observed, [sum(data.status[arm == k] == 1) for k in (1, 2)])
    assert_allclose(result.expected.sum(), data.n_events, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    histories(most=6),
    st.sampled_from(["constant", "linear"]),
    st.sampled_from([2, 3]),
    st.lists(st.sampled_from("xy"), min_size=24, max_size=24),
)
def test_score_and_robust_variance_equal_a_second_implementation(rows, weight, k, strata):
    arm, strata = arms_of(rows, k), strata[: len(rows)]
    assume(len(set(arm)) > 1)
    for labels in (None, strata):
        result = mean_cumulative_test(sample(rows), arm, weight=weight, strata=labels)
        score, variance = naive_mean_test(rows, arm, strata=labels, weight=weight)
        assert_allclose(result.observed - result.expected, score, atol=1e-12)
        assert_allclose(result.variance, variance, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(histories(most=6, deaths=False), st.sampled_from(["constant", "linear"]), st.sampled_from([2, 3]))
def test_poisson_variance_equals_a_second_implementation(rows, weight, k):
    arm = arms_of(rows, k)
    assume(len(set(arm)) > 1)
    result = mean_cumulative_test(sample(rows), arm, weight=weight, variance="poisson")
    _, variance = naive_mean_test(rows, arm, weight=weight, variance="poisson")
    assert_allclose(result.variance, variance, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(histories())
def test_swapping_the_arms_turns_the_sign(rows):
    arm = arms_of(rows)
    assume(len(set(arm)) > 1)
    one, two = (mean_cumulative_test(sample(rows), arm, control=f"arm {c}") for c in (0, 1))
    assert_allclose(one.z, -two.z, rtol=1e-8, atol=1e-12)
    assert_allclose(one.p_value, two.p_value, rtol=1e-8)
    assert_allclose(one.observed, two.observed[::-1], atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(histories(), st.randoms(use_true_random=False), st.sampled_from(["constant", "linear"]))
def test_order_unit_and_split_rows_change_nothing(rows, random, weight):
    arm = arms_of(rows)
    assume(len(set(arm)) > 1)
    order = random.sample(range(len(rows)), len(rows))
    changed = [
        part
        for i in order
        for s, a, b, e in [rows[i]]
        for part in ((s, 8.0 * a, 4.0 * (a + b), 0), (s, 4.0 * (a + b), 8.0 * b, e))
    ]
    one = mean_cumulative_test(sample(rows), arm, weight=weight)
    two = mean_cumulative_test(sample(changed), arms_of(changed), weight=weight)
    assert_allclose(two.z, one.z, rtol=1e-8, atol=1e-12)
    assert_allclose(two.variance, one.variance, atol=1e-12)


def test_doubling_subjects_doubles_the_chi_square():
    twice = sample(ROWS + [(f"{row[0]} again", *row[1:]) for row in ROWS])
    one, two = mean_cumulative_test(SMALL, ARM), mean_cumulative_test(twice, ARM * 2)
    assert_allclose(two.statistic, 2 * one.statistic, rtol=1e-12)


def test_z_is_the_signed_root_and_p_value_its_tail():
    result = mean_cumulative_test(SMALL, ARM)
    assert result.z < 0  # fewer events on the experimental arm
    assert result.observed[1] < result.expected[1]
    assert_allclose(result.z**2, result.statistic, rtol=1e-12)
    assert_allclose(result.p_value, 2 * norm.sf(abs(result.z)), rtol=1e-10)


def test_three_arms_have_two_degrees_of_freedom_and_no_sign():
    result = mean_cumulative_test(SMALL, list("ccccttuuu"))
    assert result.df == 2
    assert np.isnan(result.z)
    assert_allclose(result.p_value, chi2.sf(result.statistic, 2), rtol=1e-10)


def test_deaths_make_it_a_test_of_the_means_in_which_death_stops_accrual():
    with_death, without = mean_cumulative_test(SMALL, ARM), mean_cumulative_test(ALIVE, ARM)
    assert with_death.statistic != without.statistic
    assert "in which death stops accrual (Ghosh and Lin)" in with_death.method
    assert "(Cook, Lawless and Nadeau)" in without.method


def test_weight_variance_strata_and_control_change_the_answer_and_are_named():
    results = [
        mean_cumulative_test(ALIVE, ARM),
        mean_cumulative_test(ALIVE, ARM, weight="linear"),
        mean_cumulative_test(ALIVE, ARM, variance="poisson"),
        mean_cumulative_test(ALIVE, ARM, strata=list("xxyyxyxyy")),
    ]
    assert len({result.statistic for result in results}) == 4
    words = ("constant weight", "linear weight (tau - t)/tau", "Poisson variance", "stratified")
    for result, text in zip(results, words, strict=True):
        assert text in result.method
    assert "reference c" in results[0].method
    assert "reference t" in mean_cumulative_test(ALIVE, ARM, control="t").method


@pytest.mark.parametrize(
    ("rows", "arm"),
    [
        ([("a", 0, 5, 0), ("b", 0, 6, 2), ("c", 0, 7, 0)], "xxy"),  # no events
        ([("a", 0, 5, 1), ("b", 0, 6, 1)], "xy"),  # one subject an arm
        ([("a", 0, 5, 0), ("b", 0, 6, 0), ("c", 6, 9, 1), ("d", 6, 9, 0)], "xxyy"),  # never at risk together
    ],
)
@pytest.mark.parametrize("weight", ["constant", "linear"])
def test_without_information_it_is_not_estimable(rows, arm, weight):
    result = mean_cumulative_test(sample(rows), list(arm), weight=weight)
    assert np.isnan([result.statistic, result.df, result.z, result.p_value]).all()
    assert "not estimable: no event while two arms are at risk" in result.method


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": "none"}, "weight must be one of 'constant', 'linear', got 'none'"),
        ({"variance": "sample"}, "variance must be one of 'robust', 'poisson', got 'sample'"),
        ({"variance": "poisson"}, r"knows no deaths: 1 row\(s\) have status 2; use variance='robust'"),
        ({"control": "z"}, r"control must be one of the arms \(c, t\), got 'z'"),
        ({"strata": ["x"]}, r"strata must have one entry a row \(9\), got 1"),
        ({"arm": ["c"] * 9}, "arm must have at least two labels"),
        (
            {"arm": list("cctctttcc")},
            r"arm must be constant within a subject: 1 subject\(s\) \(b\)",
        ),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        mean_cumulative_test(SMALL, **{"arm": ARM, **arguments})
