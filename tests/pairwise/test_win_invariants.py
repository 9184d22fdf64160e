"""What holds for every sample: enumeration, Mann-Whitney, exchanged arms, units, order, permutations."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import mannwhitneyu
from tests.support.naive_pairs import naive_pairs, scores, share_covariance

from skeletal.pairwise import Priority, win_statistics
from skeletal.pairwise.plain import count, places

EXAMPLES = settings(max_examples=30, deadline=None)
RULES = ("undecided", "event-first")


@st.composite
def trials(draw, most=4):
    """Priorities with ties and margins, and whether each subject is experimental."""
    n = draw(st.integers(2, 12))
    times, flags = st.lists(st.integers(0, 8), min_size=n, max_size=n), st.integers(0, 1)
    priorities = [
        Priority(
            np.array(draw(times)) / 2,
            draw(st.lists(flags, min_size=n, max_size=n)),
            margin=draw(st.sampled_from([0, 0, 0.5, 1, 1.7])),
        )
        for _ in range(draw(st.integers(1, most)))
    ]
    arm = np.array([*draw(st.lists(flags, min_size=n - 2, max_size=n - 2)), 0, 1], dtype=np.int64)
    return priorities, arm


@EXAMPLES
@given(trials(), st.sampled_from(RULES))
def test_all_pairs_by_enumeration(trial, rule):
    priorities, arm = trial
    result = win_statistics(priorities, arm, same_time=rule)
    wins, losses = naive_pairs(priorities, arm == 1, event_first=rule == "event-first")
    assert_array_equal(result.wins, wins.sum(axis=(1, 2)))
    assert_array_equal(result.losses, losses.sum(axis=(1, 2)))
    assert result.ties == result.n_pairs - wins.sum() - losses.sum()
    for k in range(len(priorities)):
        shares, covariance = share_covariance(wins[: k + 1].sum(axis=0), losses[: k + 1].sum(axis=0))
        error = np.sqrt(max(np.array([1, -1]) @ covariance @ np.array([1, -1]), 0))
        assert_allclose(result.cumulative_net_benefit[k], shares[0] - shares[1], atol=1e-14)
        assert_allclose(result.cumulative_net_benefit_std_error[k], error, atol=1e-12)
        if shares.min() > 0:
            by = np.array([1 / shares[0], -1 / shares[1]])
            assert_allclose(result.cumulative_win_ratio[k], shares[0] / shares[1])
            assert_allclose(result.cumulative_win_ratio_std_error[k] ** 2, by @ covariance @ by, atol=1e-12)


@EXAMPLES
@given(trials(), st.data())
def test_strata_by_enumeration(trial, data):
    priorities, arm = trial
    strata = np.array(data.draw(st.lists(st.integers(1, 3), min_size=arm.size, max_size=arm.size)))
    strata[-2:] = 1
    result = win_statistics(priorities, arm, strata=strata)
    numerator = denominator = 0.0
    for s in np.unique(strata):
        rows = strata == s
        part = [Priority(p.time[rows], p.event[rows], margin=p.margin) for p in priorities]
        wins, losses = naive_pairs(part, arm[rows] == 1)
        numerator += wins.sum() / rows.sum()
        denominator += losses.sum() / rows.sum()
    if numerator > 0 and denominator > 0:
        assert_allclose(result.win_ratio.estimate, numerator / denominator)
    else:
        assert result.win_ratio.estimate in (0, np.inf) or np.isnan(result.win_ratio.estimate)


@settings(max_examples=60, deadline=None)
@given(trials(most=2), st.sampled_from(RULES))
def test_counts_by_sorting_are_those_of_all_pairs(trial, rule):
    priorities, arm = trial
    times, events = (np.stack([getattr(p, name) for p in priorities]) for name in ("time", "event"))
    placed = places(times, events, [p.margin for p in priorities], rule)
    for first, second in ((arm == 1, arm == 0), (arm == 0, arm == 0)):
        sorted_counts, all_counts = (
            count(placed.of(first), placed.of(second), by_sorting=choice) for choice in (True, False)
        )
        assert_array_equal(sorted_counts, all_counts)


def test_counts_by_sorting_are_those_of_all_pairs_in_a_large_trial():
    rng = np.random.default_rng(7)
    times = np.stack([rng.exponential(10, 3000), np.round(rng.exponential(5, 3000), 1)])
    placed = places(times, rng.integers(0, 2, (2, 3000)), [0.3, 0.1], "undecided")
    arms = [placed.of(rows) for rows in (np.arange(3000) < 1400, np.arange(3000) >= 1400)]
    assert_array_equal(count(*arms, by_sorting=True), count(*arms, by_sorting=False))


@EXAMPLES
@given(st.lists(st.integers(0, 9), min_size=2, max_size=15), st.data())
def test_one_outcome_without_censoring_is_mann_whitney(values, data):
    split = data.draw(st.integers(1, len(values) - 1))
    control, experimental = values[:split], values[split:]
    result = win_statistics(Priority(values, np.ones(len(values))), [0] * split + [1] * (len(values) - split))
    u = mannwhitneyu(experimental, control, method="asymptotic").statistic if len(set(values)) > 1 else None
    if u is not None:
        assert_allclose(result.wins[0] + result.ties / 2, u)


@pytest.mark.parametrize("scoring", ["gehan", "ipcw", "peron"])
@EXAMPLES
@given(trial=trials())
def test_exchanged_arms(scoring, trial):
    priorities, arm = trial
    result = win_statistics(priorities, arm, scoring=scoring)
    other = win_statistics(priorities, arm, control=1, scoring=scoring)
    assert_allclose(other.wins, result.losses, atol=1e-12)
    assert_allclose(other.net_benefit.estimate, -result.net_benefit.estimate, atol=1e-12)
    assert_allclose(other.net_benefit.upper, -result.net_benefit.lower, atol=1e-10)
    for name in ("win_ratio", "win_odds"):
        ours, theirs = getattr(result, name), getattr(other, name)
        if 1e-9 < ours.estimate < 1e9 and np.isfinite(theirs.estimate):
            assert_allclose(theirs.estimate, 1 / ours.estimate, rtol=1e-9)
            assert_allclose(theirs.lower * ours.upper, 1, rtol=1e-6)
            assert theirs.lower <= theirs.estimate <= theirs.upper or np.isnan(theirs.lower)
    z = result.finkelstein_schoenfeld.z
    assert_allclose(other.finkelstein_schoenfeld.z, -z)


@pytest.mark.parametrize("scoring", ["gehan", "ipcw", "peron"])
@EXAMPLES
@given(trial=trials(), data=st.data())
def test_unit_of_time_and_order_of_subjects(scoring, trial, data):
    priorities, arm = trial
    order = np.array(data.draw(st.permutations(range(arm.size))))
    moved = [Priority(p.time[order] * 4, p.event[order], margin=p.margin * 4) for p in priorities]
    result = win_statistics(priorities, arm, scoring=scoring)
    other = win_statistics(moved, arm[order], scoring=scoring)
    assert_allclose(other.wins, result.wins, atol=1e-12)
    assert_allclose(other.net_benefit.std_error, result.net_benefit.std_error, atol=1e-10)
    assert_allclose(other.finkelstein_schoenfeld.variance, result.finkelstein_schoenfeld.variance, rtol=1e-12)


@settings(max_examples=15, deadline=None)
@given(trials())
def test_variance_of_the_score_is_that_over_all_permutations(trial):
    priorities, arm = trial
    test = win_statistics(priorities, arm).finkelstein_schoenfeld
    values, size = scores(priorities), int((arm == 1).sum())
    statistics = [sum(values[list(rows)]) for rows in combinations(range(arm.size), size)]
    assert_allclose(np.mean(statistics), 0, atol=1e-10)
    assert_allclose(test.variance[1, 1], np.var(statistics), atol=1e-9)
    assert_allclose(test.observed[1], values[arm == 1].sum())
