from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import logrank_permutation
from skeletal.survival.permutation_distribution import _by_inversion, two_sided_probability

LOGRANK = cases("logrank")
TIES = {"mid-ranks": "mid-ranks", "Hothorn-Lausen": "hothorn-lausen", "average-scores": "average-scores"}
SMALL = RightCensored([6, 13, 21, 30, 31, 37, 38, 47], [1, 1, 1, 1, 0, 1, 0, 0])
ARMS = list("AABAABBB")
CALLAERT = RightCensored([1, 1, 5, 6, 6, 6, 6, 2, 2, 2, 3, 4, 4, 5, 5], np.ones(15))
LUNG_CANCER = RightCensored(
    [257, 476, 355, 1779, 355, 191, 563, 242, 285, 16, 16, 16, 257, 16], [0, 0, 1, 1, 0, *[1] * 9]
)


def samples():
    frame = read("leukemia")
    yield "permutation_leukemia", RightCensored(frame.time, frame.status), frame.x
    yield "permutation_callaert", CALLAERT, np.repeat([0, 1], [7, 8])
    yield "permutation_lung_cancer", LUNG_CANCER, np.repeat([1, 2], [5, 9])
    frame = read("veteran")
    frame = frame[frame.celltype.isin(["adeno", "large"])].iloc[:34]
    yield "permutation_veteran", RightCensored(frame.time, frame.status), frame.trt


@pytest.mark.parametrize(("name", "data", "arm"), list(samples()), ids=lambda value: str(value)[:25])
@pytest.mark.parametrize(("ties", "ours"), TIES.items())
def test_two_arms_as_coin(name, data, arm, ties, ours):
    expected = LOGRANK[name][ties]
    exact = logrank_permutation(data, arm, ties=ours)
    asymptotic = logrank_permutation(data, arm, ties=ours, distribution="asymptotic")
    assert_allclose(
        [exact.z, exact.variance[1, 1]], [expected["statistic"], expected["variance"]], rtol=1e-10
    )
    assert_allclose(exact.p_value, expected["p_exact"], rtol=1e-10)
    assert_allclose(asymptotic.p_value, expected["p_asymptotic"], rtol=1e-10)
    assert_allclose(exact.statistic, exact.z**2, rtol=1e-12)


@pytest.mark.parametrize(("ties", "ours"), TIES.items())
def test_ovarian_as_coin(ties, ours):
    frame, expected = read("ovarian"), LOGRANK["permutation_ovarian"][ties]
    data = RightCensored(frame.futime, frame.fustat)
    exact = logrank_permutation(data, frame.rx, ties=ours)
    asymptotic = logrank_permutation(data, frame.rx, ties=ours, distribution="asymptotic")
    assert_allclose(
        [exact.z, exact.p_value, asymptotic.p_value],
        [expected["z"], expected["p_exact"], expected["p_asymptotic"]],
        rtol=1e-10,
    )
    assert_allclose(exact.observed, [7, 5])


def test_published_p_values_of_callaert():
    arm = np.repeat([0, 1], [7, 8])
    assert round(logrank_permutation(CALLAERT, arm).p_value, 4) == 0.0505
    assert round(logrank_permutation(CALLAERT, arm, ties="average-scores").p_value, 4) == 0.0468


@pytest.mark.parametrize(("ties", "ours"), TIES.items())
def test_four_arms_as_coin(ties, ours):
    frame, expected = read("veteran"), LOGRANK["permutation_four_arms"][ties]
    data = RightCensored(frame.time, frame.status)
    result = logrank_permutation(data, frame.celltype, ties=ours, distribution="asymptotic")
    assert_allclose(
        [result.statistic, result.p_value, result.df],
        [expected["statistic"], expected["p_asymptotic"], 3],
        rtol=1e-10,
    )
    assert np.isnan(result.z)
    drawn = logrank_permutation(data, frame.celltype, ties=ours, distribution="monte-carlo")
    assert drawn.p_value < 0.002


def test_monte_carlo_near_coin_and_reproducible_without_touching_numpy():
    frame, expected = read("veteran"), LOGRANK["permutation_monte_carlo"]["p"]
    data = RightCensored(frame.time, frame.status)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 (that of others)
    first, again, other = (
        logrank_permutation(data, frame.trt, distribution="monte-carlo", seed=seed) for seed in (7, 7, 8)
    )
    assert first.p_value == again.p_value != other.p_value
    assert abs(first.p_value - expected) < 4 * np.sqrt(expected * (1 - expected) / 9999)
    assert "9,999 assignments with seed 7" in first.method
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_monte_carlo_of_the_farthest_assignment_is_not_zero():
    data, arm = RightCensored(np.arange(1, 31), np.ones(30)), np.repeat([0, 1], 15)
    assert logrank_permutation(data, arm, distribution="monte-carlo").p_value == 1 / 10_000


def enumerated(scores, chosen, deviation):
    subsets = np.array(list(combinations(range(scores.size), chosen)))
    sums = (scores - scores.mean())[subsets].sum(axis=1)
    return np.mean(np.abs(sums) >= deviation - 1e-9)


def naive_scores(time, event, ties):
    """By the definition; average-scores over all orders by shifting tied events apart."""
    n, scores = time.size, np.array(event, float)
    moved = np.array(time, float)
    if ties == "average-scores":
        for t in np.unique(time[event == 1]):
            tied = np.flatnonzero((time == t) & (event == 1))
            moved[tied] = t - 0.5 + 0.4 * np.arange(tied.size) / tied.size
    for i in range(n):
        for u in np.unique(moved[event == 1]):
            if u <= moved[i]:
                d = np.sum((moved == u) & (event == 1))
                n_at_risk = np.sum(moved > u) + 1 if ties == "hothorn-lausen" else np.sum(moved >= u)
                scores[i] -= d / n_at_risk
    if ties == "average-scores":
        for t in np.unique(time[event == 1]):
            tied = (time == t) & (event == 1)
            scores[tied] = scores[tied].mean()
    return scores


rows = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 1), st.booleans()), min_size=3, max_size=12)


@given(rows, st.sampled_from(list(TIES.values())))
@settings(max_examples=80, deadline=None)
def test_exact_p_value_as_full_enumeration(sample, ties):
    time, event, second = (np.array(column) for column in zip(*sample, strict=True))
    if second.all() or not second.any():
        return
    result = logrank_permutation(RightCensored(time, event), second, ties=ties)
    scores = naive_scores(time, event, ties)
    if np.ptp(scores) < 1e-9:
        assert np.isnan(result.p_value)
        return
    deviation = abs(scores[second].sum() - second.sum() * scores.mean())
    assert_allclose(result.p_value, enumerated(scores, int(second.sum()), deviation), rtol=1e-10)
    assert_allclose(abs(result.z) * np.sqrt(result.variance[1, 1]), deviation, atol=1e-9)


def lattice_probability(steps, chosen, deviation):
    """From the share of all subsets by sum; a sum stands for those within half a step."""
    ways = np.zeros((chosen + 1, np.sort(steps)[-chosen:].sum() + 1))
    ways[0, 0] = 1.0
    for r, step in enumerate(steps):
        share = np.minimum(np.arange(1, chosen + 1)[:, None] / (r + 1), 1)
        shifted = np.zeros((chosen, ways.shape[1]))
        shifted[:, step:] = ways[:-1, : ways.shape[1] - step]
        ways[1:] = (1 - share) * ways[1:] + share * shifted
    sums = np.arange(ways.shape[1]) - chosen * steps.mean()
    return ways[chosen] @ np.clip(np.abs(sums) - deviation + 0.5, 0, 1) / ways[chosen].sum()


def spread_scores(n):
    return np.log(np.arange(1, n + 1)) * np.sqrt(2) % 1


@pytest.mark.parametrize(("n", "chosen"), [(60, 30), (100, 40), (120, 90)])
def test_many_rows_on_a_lattice_as_its_table(n, chosen):
    steps = np.floor(100 * spread_scores(n)).astype(int)
    steps[1] += -steps.sum() % n  # a whole mean, so that sums lie at whole distances from theirs
    for deviation in (100.5, 400.5):
        ours = two_sided_probability(0.07 * steps + 3, chosen, 0.07 * deviation)
        assert_allclose(ours, lattice_probability(steps, chosen, deviation), rtol=1e-9)


@pytest.mark.parametrize(("n", "chosen"), [(56, 28), (60, 24), (64, 40)])
def test_many_rows_off_any_lattice_as_those_rounded_to_a_fine_one(n, chosen):
    scores = spread_scores(n)
    steps = np.rint(3000 * scores).astype(int)
    for deviation in (2000, 6000):
        ours = two_sided_probability(scores, chosen, deviation / 3000)
        assert_allclose(ours, lattice_probability(steps, chosen, deviation), atol=1e-5)


def test_inversion_as_the_count_of_all_sums():
    scores = np.cumsum(1 / np.arange(44, 0, -1)) - (np.arange(44) % 3 > 0)
    centred = np.sort(scores - scores.mean())
    assert_allclose(_by_inversion(centred, 22, 3.1), two_sided_probability(scores, 22, 3.1), atol=1e-7)


def test_hundred_rows_near_the_asymptotic_and_the_drawn_p_value():
    rng = np.random.default_rng(3)
    data = RightCensored(rng.exponential(size=100), rng.random(100) < 0.7)
    arm = np.arange(100) % 2
    exact, drawn = (logrank_permutation(data, arm, distribution=d).p_value for d in ("exact", "monte-carlo"))
    assert abs(exact - drawn) < 4 * np.sqrt(exact * (1 - exact) / 9999)
    assert exact == logrank_permutation(data, arm).p_value


def test_few_rows_in_one_arm_are_counted_among_many():
    # One of n rows chosen: the probability is the share of rows as far from the mean.
    scores = np.exp(-np.arange(90) / 20)
    far = np.abs(scores - scores.mean())
    assert_allclose(two_sided_probability(scores, 1, far[3]), np.mean(far >= far[3] - 1e-12), rtol=1e-12)
    assert_allclose(two_sided_probability(scores, 89, far[3]), np.mean(far >= far[3] - 1e-12), rtol=1e-12)


def test_arms_exchanged_or_rows_in_another_order_change_nothing_but_the_sign():
    first, second = logrank_permutation(SMALL, ARMS), logrank_permutation(SMALL, ARMS, control="B")
    assert_allclose([first.z, first.p_value], [-second.z, second.p_value], rtol=1e-10)
    assert_allclose(first.observed, second.observed[::-1])
    turned = RightCensored(SMALL.time[::-1] / 30.4375, SMALL.event[::-1])
    assert_allclose(logrank_permutation(turned, ARMS[::-1]).p_value, first.p_value, rtol=1e-12)
    assert second.method.endswith("reference B")


def test_sums_are_observed_less_expected():
    result = logrank_permutation(SMALL, ARMS)
    # By hand: C at the six event times of n = 8 rows.
    hazard = np.cumsum([1 / 8, 1 / 7, 1 / 6, 1 / 5, 0, 1 / 3, 0, 0])
    second = np.array(ARMS) == "B"
    assert_allclose(result.expected, [hazard[~second].sum(), hazard[second].sum()], rtol=1e-12)
    assert_allclose(result.observed, [3, 2])


@pytest.mark.parametrize("distribution", ["exact", "asymptotic", "monte-carlo"])
def test_equal_scores_are_not_estimable(distribution):
    for data in (RightCensored([1, 2, 3], [0, 0, 0]), RightCensored([2, 2, 2], [1, 1, 1])):
        result = logrank_permutation(data, ["a", "a", "b"], distribution=distribution)
        assert np.isnan([result.statistic, result.p_value, result.z, result.df]).all()
        assert "not estimable: all scores are equal" in result.method


@pytest.mark.parametrize(
    ("data", "arm", "options", "message"),
    [
        (SMALL, ["A"] * 8, {}, "arm must have at least two labels"),
        (
            SMALL,
            list("ABCABCAB"),
            {},
            "takes two arms, got 3: use distribution='monte-carlo' or 'asymptotic'",
        ),
        (
            SMALL,
            ARMS,
            {"ties": "efron"},
            "ties must be one of 'mid-ranks', 'hothorn-lausen', 'average-scores'",
        ),
        (
            SMALL,
            ARMS,
            {"distribution": "normal"},
            "distribution must be one of 'exact', 'asymptotic', 'monte-carlo'",
        ),
        (SMALL, ARMS, {"seed": -1}, "seed must be a whole number from 0, got -1"),
        (SMALL, ARMS, {"seed": 1.5}, "seed must be a whole number from 0, got 1.5"),
        (SMALL, ARMS, {"control": "C"}, "control must be one of the arms"),
        (RightCensored([1, 2], [1, 1], entry=[0, 1]), ["a", "b"], {}, "takes no delayed entry"),
        (RightCensored([1, 2], [1, 1], weight=[1, 2]), ["a", "b"], {}, "takes no case weights"),
    ],
)
def test_wrong_arguments_are_refused_by_name(data, arm, options, message):
    with pytest.raises(InvalidArgument, match=message):
        logrank_permutation(data, arm, **options)


def test_what_is_out_of_reach_names_the_way_out():
    rng = np.random.default_rng(2)
    many = RightCensored(rng.exponential(size=600), np.ones(600))
    with pytest.raises(
        InvalidArgument, match=r"at most 300 rows .* use distribution='monte-carlo' or 'asymptotic'"
    ):
        logrank_permutation(many, np.arange(600) % 2)
    few = RightCensored(rng.exponential(size=60), np.ones(60))
    with pytest.raises(
        InvalidArgument, match="out of reach for 60 rows of 60 scores, 10 in the smaller arm: use"
    ):
        logrank_permutation(few, np.arange(60) < 10)
