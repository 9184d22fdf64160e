from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read
from tests.support.interval_trials import cosmesis, diabetes, infections, intervals, sample

from skeletal.data import IntervalCensored, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.intervals import interval_logrank
from skeletal.survival import logrank, logrank_permutation

INTERVAL = cases("interval")
INF = float("inf")
SCORES = ["logrank1", "logrank2", "wmw"]
DATA = IntervalCensored([0, 3, 3, 6, 6, 12, 12, 12], [3, 6, 12, INF, 12, INF, 24, INF])
ARM = list("AAABABBB")


def hospitals():
    data, frame = infections()
    return data, frame.hosp


@pytest.mark.parametrize("scores", SCORES)
@pytest.mark.parametrize(
    ("case", "trial", "rtol"),
    [
        ("logrank_bcos", cosmesis, 1e-8),
        ("logrank_diabetes", diabetes, 1e-8),
        ("logrank_cgd_hospitals", hospitals, 1e-8),
    ],
)
def test_sums_of_scores_and_both_statistics_as_interval(case, trial, rtol, scores):
    data, arm = trial()
    expected = INTERVAL[case][scores]
    result = interval_logrank(data, arm, scores=scores)
    sums = dict(zip(sorted(set(arm)), result.observed - result.expected, strict=True))
    theirs = {label.split("=")[1]: value for label, value in expected["U"].items()}
    assert_allclose([sums[label] for label in theirs], list(theirs.values()), rtol=rtol)
    assert_allclose(result.p_value, expected["permutation_p"], rtol=rtol)
    if len(sums) == 2:  # interval's z is that of the group it names first
        first = next(iter(theirs))
        control = next(label for label in theirs if label != first)
        z = interval_logrank(data, arm, scores=scores, control=control).z
        assert_allclose(z, expected["permutation_statistic"], rtol=rtol)
        assert_allclose(result.statistic, z**2)
    else:
        assert_allclose(result.statistic, expected["permutation_statistic"], rtol=rtol)
        assert np.isnan(result.z)
    by_score = interval_logrank(data, arm, scores=scores, method="score")
    assert_allclose(by_score.statistic, expected["score_statistic"], rtol=rtol)
    assert_allclose([by_score.df, by_score.p_value], [expected["score_df"], expected["score_p"]], rtol=rtol)


def test_exact_and_right_censored_times_give_logrank_and_its_permutation_test():
    frame = read("leukemia")
    data = IntervalCensored(frame.time, np.where(frame.status == 1, frame.time, INF))
    usual = RightCensored(frame.time, frame.status)
    result = interval_logrank(data, frame.x)
    classic = logrank(usual, frame.x)
    assert_allclose(result.observed, classic.observed)
    assert_allclose(result.expected, classic.expected)
    shuffled = logrank_permutation(usual, frame.x, distribution="asymptotic")
    assert_allclose([result.z, result.p_value], [shuffled.z, shuffled.p_value], rtol=1e-10)
    assert_allclose(result.variance, shuffled.variance, rtol=1e-10)
    exact = interval_logrank(data, frame.x, method="exact")
    assert_allclose(exact.p_value, logrank_permutation(usual, frame.x).p_value, rtol=1e-6)


def test_exact_counts_all_assignments():
    result = interval_logrank(DATA, ARM, method="exact")
    single = [interval_logrank(DATA, ["C" if j == i else "A" for j in range(8)]) for i in range(8)]
    score = np.array([one.observed[1] - one.expected[1] for one in single])
    here = abs(score[np.array(ARM) == "B"].sum())
    sums = [abs(sum(score[list(chosen)])) for chosen in combinations(range(8), 4)]
    assert_allclose(result.p_value, np.mean(np.array(sums) >= here - 1e-9))
    assert_allclose(result.statistic, interval_logrank(DATA, ARM).statistic)


@given(intervals(min_size=4), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_swapped_arms_order_and_unit(data, random):
    arm = np.array([random.choice("AB") for _ in range(data.n_subjects)])
    assume(len(set(arm)) == 2)
    for method in ("permutation", "score"):
        result = interval_logrank(data, arm, method=method)
        swapped = interval_logrank(data, arm, control="B", method=method)
        assert_allclose(swapped.z, -result.z, atol=1e-6)
        assert_allclose(swapped.observed, result.observed[::-1])
        turned = interval_logrank(sample(data, np.arange(arm.size)[::-1]), arm[::-1], method=method)
        assert_allclose(turned.z, result.z, atol=1e-6)
        weeks = interval_logrank(IntervalCensored(7 * data.left, 7 * data.right), arm, method=method)
        assert_allclose(weeks.z, result.z, atol=1e-6)


def test_sign_is_negative_for_fewer_events_on_the_experimental_arm():
    early = IntervalCensored([0, 0, 1, 8, 9, 9], [1, 2, 2, INF, INF, INF])
    assert interval_logrank(early, list("AAABBB")).z < 0
    assert interval_logrank(early, list("AAABBB"), control="B").z > 0


def test_arguments_change_the_answer():
    answers = {
        (scores, method): interval_logrank(DATA, ARM, scores=scores, method=method).statistic
        for scores in SCORES
        for method in ("permutation", "score")
    }
    assert len({round(value, 8) for value in answers.values()}) == 6
    assert "reference B" in interval_logrank(DATA, ARM, control="B").method
    assert "Finkelstein" in interval_logrank(DATA, ARM, scores="logrank2").method


def test_an_arm_without_events_has_a_test():
    data = IntervalCensored([0, 2, 3, 4, 9, 9, 9, 9], [2, 4, 6, 5, INF, INF, INF, INF])
    result = interval_logrank(data, list("AAAABBBB"))
    assert_array_equal(result.observed, [4, 0])
    assert np.isfinite(result.z)
    assert result.z < -2


@pytest.mark.parametrize(
    ("left", "right"), [([3, 4, 5, 6], [INF] * 4), ([0] * 4, [3, 4, 5, 6]), ([2] * 4, [5] * 4)]
)
@pytest.mark.parametrize("method", ["permutation", "score", "exact"])
def test_equal_scores_are_not_estimable(left, right, method):
    result = interval_logrank(IntervalCensored(left, right), list("AABB"), method=method)
    assert np.isnan([result.statistic, result.p_value, result.z]).all()
    assert "not estimable: all scores are equal" in result.method


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scores": "logrank3"}, "scores must be one of"),
        ({"method": "guess"}, "method must be one of"),
        ({"control": "Z"}, "control must be one of the arms"),
        ({"arm": ["A"] * 8}, "arm must have at least two labels"),
        ({"arm": list("ABCABCAB"), "method": "exact"}, "method='exact' takes two arms, got 3"),
        ({"arm": ["A", "B"]}, r"arm must have one entry a row \(8\)"),
        ({"data": RightCensored([1], [1])}, "data must be IntervalCensored"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InvalidArgument, match=message):
        interval_logrank(**{"data": DATA, "arm": ARM} | options)


@pytest.mark.parametrize(
    ("n", "decimals", "message"),
    [
        (400, 9, "method='exact' takes at most 300 rows of so many different scores, got 400: use"),
        (60, 0, r"method='exact' is out of reach for 60 rows of \d+ scores, .*: use method='permutation'"),
    ],
)
def test_assignments_that_are_too_many_are_refused_by_the_names_of_this_test(n, decimals, message):
    rng = np.random.default_rng(1)
    left = np.round(rng.uniform(0, 9, n), decimals)
    right = np.where(rng.random(n) < 0.3, INF, left + rng.integers(0, 4, n))
    with pytest.raises(InvalidArgument, match=message):
        interval_logrank(IntervalCensored(left, right), np.arange(n) % 2, method="exact")
