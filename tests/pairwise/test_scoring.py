"""Pairs hidden by censoring: weighted by the chance to be seen, or scored by the curves of the arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.naive_pairs import Curve, censored_before, naive_expected, naive_pairs, share_covariance

from skeletal.pairwise import Priority, win_statistics

EXAMPLES = settings(max_examples=25, deadline=None)
SMALL = settings(max_examples=8, deadline=None)
STEP = 1e-6  # of the numerical derivatives


@st.composite
def trials(draw, most=3):
    n = draw(st.integers(4, 10))
    flags = st.lists(st.integers(0, 1), min_size=n, max_size=n)
    priorities = [
        Priority(
            draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)),
            draw(flags),
            margin=draw(st.sampled_from([0, 0, 1, 2])),
        )
        for _ in range(draw(st.integers(1, most)))
    ]
    arm = np.arange(n) < draw(st.integers(2, n - 2))
    return priorities, arm


def curves_of(priorities, arm):
    return [(Curve(p.time[arm], p.event[arm]), Curve(p.time[~arm], p.event[~arm])) for p in priorities]


@EXAMPLES
@given(trials())
def test_expected_scores_by_sums_over_the_masses_of_the_curves(trial):
    priorities, arm = trial
    result = win_statistics(priorities, arm, scoring="peron")
    wins, losses = naive_expected(priorities, arm, curves_of(priorities, arm))
    assert_allclose(result.wins, wins.sum(axis=(1, 2)), atol=1e-10)
    assert_allclose(result.losses, losses.sum(axis=(1, 2)), atol=1e-10)


def curve_influence(priorities, arm):
    """Influence of each subject on the shares through the curves, by numerical derivatives; shape (n, 2)."""
    curves, result = curves_of(priorities, arm), np.zeros((arm.size, 2))

    def shares():
        return np.array([part.sum(axis=0).mean() for part in naive_expected(priorities, arm, curves)])

    for pair in curves:
        for curve, rows in zip(pair, (np.flatnonzero(arm), np.flatnonzero(~arm)), strict=True):
            falls = np.exp(-np.cumsum(curve.hazard))
            for r in range(curve.jumps.size):
                kept = curve.survival.copy()
                curve.survival[r] = kept[r] + STEP
                above = shares()
                curve.survival[r] = kept[r] - STEP
                slope = (above - shares()) / (2 * STEP)
                curve.survival[r] = kept[r]
                for row, (time, event) in zip(rows, zip(curve.time, curve.event, strict=True), strict=True):
                    earlier = slice(0, r + 1)
                    dies = event * (time == curve.jumps[earlier])
                    change = (dies - curve.hazard[earlier] * (time >= curve.jumps[earlier])).astype(float)
                    result[row] += -falls[r] * slope * (change / curve.at_risk[earlier]).sum()
    return result


@SMALL
@given(trials(most=2))
def test_variance_of_expected_scores_includes_that_of_the_curves(trial):
    priorities, arm = trial
    wins, losses = (part.sum(axis=0) for part in naive_expected(priorities, arm, curves_of(priorities, arm)))
    influence = curve_influence(priorities, arm)
    for rows, axis in ((arm, 1), (~arm, 0)):
        for side, pairs in enumerate((wins, losses)):
            influence[rows, side] += (pairs.mean(axis=axis) - pairs.mean()) / rows.sum()
    error = np.sqrt(((influence[:, 0] - influence[:, 1]) ** 2).sum())
    assert_allclose(win_statistics(priorities, arm, scoring="peron").net_benefit.std_error, error, atol=1e-6)


def naive_weights(priorities, arm, loser, p, *, event_first):
    """Weight of the pairs that ``loser`` loses on priority ``p``."""
    follow_up = np.max([q.time for q in priorities], axis=0)
    complete = np.any([(q.time == follow_up) & (q.event == 1) for q in priorities], axis=0)
    t, own = priorities[p].time[loser], arm == arm[loser]
    mine = censored_before(follow_up[own], complete[own], t, including=False)
    theirs = censored_before(
        follow_up[~own], complete[~own], t + priorities[p].margin, including=not event_first
    )
    return 1 / (mine * theirs)


@EXAMPLES
@given(trials(), st.booleans())
def test_inverse_weights_by_enumeration(trial, event_first):
    priorities, arm = trial
    rule = "event-first" if event_first else "undecided"
    result = win_statistics(priorities, arm, scoring="ipcw", same_time=rule)
    wins, losses = naive_pairs(priorities, arm, event_first=event_first)
    first, second = np.flatnonzero(arm), np.flatnonzero(~arm)
    for p, a, b in zip(*np.nonzero(wins), strict=True):
        wins[p, a, b] = naive_weights(priorities, arm, second[b], p, event_first=event_first)
    for p, a, b in zip(*np.nonzero(losses), strict=True):
        losses[p, a, b] = naive_weights(priorities, arm, first[a], p, event_first=event_first)
    assert_allclose(result.wins, wins.sum(axis=(1, 2)))
    assert_allclose(result.losses, losses.sum(axis=(1, 2)))
    shares, covariance = share_covariance(wins.sum(axis=0), losses.sum(axis=0))
    assert_allclose(result.net_benefit.estimate, shares[0] - shares[1], atol=1e-12)
    error = np.sqrt(max(np.array([1, -1]) @ covariance @ np.array([1, -1]), 0))
    assert_allclose(result.net_benefit.std_error, error, atol=1e-9)


@EXAMPLES
@given(trials())
def test_without_censoring_the_scorings_agree(trial):
    priorities, arm = trial
    seen = [Priority(p.time, np.ones(p.time.size), margin=p.margin) for p in priorities]
    plain, weighted, expected = (
        win_statistics(seen, arm, scoring=scoring) for scoring in ("gehan", "ipcw", "peron")
    )
    assert_array_equal(plain.wins, weighted.wins)
    assert_allclose(plain.wins, expected.wins, atol=1e-12)
    assert_allclose(plain.net_benefit.std_error, weighted.net_benefit.std_error, atol=1e-12)
    assert_allclose(plain.net_benefit.std_error, expected.net_benefit.std_error, atol=1e-9)


def censored_trial(rng, n, rates, last=np.inf, spread=4.0):
    """Exponential times of two arms, censored evenly between 0 and ``spread`` and at ``last``."""
    time = rng.exponential(1, 2 * n) / np.repeat(rates, n)
    end = np.minimum(rng.uniform(0, spread, 2 * n), last)
    return time, Priority(np.minimum(time, end), time <= end), np.repeat([0, 1], n)


def test_inverse_weights_recover_the_share_of_wins_until_the_end_of_follow_up():
    time, outcome, arm = censored_trial(np.random.default_rng(11), 2000, [1.0, 0.6], last=1.5, spread=2.0)
    until = np.minimum(time, 1.5)
    full = win_statistics(Priority(until, time <= 1.5), arm)
    weighted, plain = (win_statistics(outcome, arm, scoring=scoring) for scoring in ("ipcw", "gehan"))
    assert abs(weighted.win_share - full.win_share) < 0.02
    assert abs(weighted.loss_share - full.loss_share) < 0.02
    assert abs(plain.win_share - full.win_share) > 0.1


@pytest.mark.statistical
@pytest.mark.parametrize("scoring", ["gehan", "peron"])
def test_limits_hold_the_truth_as_often_as_they_say(scoring):
    rng, hits, n_trials = np.random.default_rng(5), np.zeros(3), 400
    truth = 1 / 1.6 - 0.6 / 1.6  # without censoring, of exponential times
    for _ in range(n_trials):
        time, outcome, arm = censored_trial(rng, 60, [1.0, 0.6], spread=6.0)
        outcome = Priority(time, np.ones(time.size)) if scoring == "gehan" else outcome
        result = win_statistics(outcome, arm, scoring=scoring)
        for k, (estimate, value) in enumerate(
            [
                (result.net_benefit, truth),
                (result.win_ratio, 1 / 0.6),
                (result.win_odds, (1 + truth) / (1 - truth)),
            ]
        ):
            hits[k] += estimate.lower <= value <= estimate.upper
    assert np.all(np.abs(hits / n_trials - 0.95) < 0.03)


@pytest.mark.statistical
def test_score_test_keeps_its_level():
    rng, n_trials, rejected = np.random.default_rng(9), 1000, 0
    for _ in range(n_trials):
        _, outcome, arm = censored_trial(rng, 40, [1.0, 1.0], spread=2.0)
        second = Priority(rng.integers(0, 5, arm.size), np.ones(arm.size))
        rejected += win_statistics([outcome, second], arm).finkelstein_schoenfeld.p_value < 0.05
    assert abs(rejected / n_trials - 0.05) < 0.02
