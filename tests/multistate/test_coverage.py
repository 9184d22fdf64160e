"""Limits and tests in trials of an illness-death process with constant hazards, whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skeletal.multistate import (
    illness_death,
    occupation_contrast,
    state_occupation,
    time_in_state,
    time_in_state_contrast,
    transition_cox,
)

TO_ILL, TO_DEAD, ILL_TO_DEAD = 0.02, 0.01, 0.05
AT, HORIZON = 30.0, 50.0
N_TRIALS, N = 400, 150
LOG_RATIO = -0.5


def ill(time):
    """Return the probability of being ill."""
    out = TO_ILL + TO_DEAD
    return TO_ILL / (ILL_TO_DEAD - out) * (np.exp(-out * time) - np.exp(-ILL_TO_DEAD * time))


def time_ill(horizon):
    out = TO_ILL + TO_DEAD
    falls = (1 - np.exp(-out * horizon)) / out - (1 - np.exp(-ILL_TO_DEAD * horizon)) / ILL_TO_DEAD
    return TO_ILL / (ILL_TO_DEAD - out) * falls


def trial(rng, ratio):
    """Return a trial in whose second half the hazard of illness is ``ratio`` times as high."""
    treated = np.arange(N) % 2
    sick = rng.exponential(1 / (TO_ILL * ratio**treated))
    dead = rng.exponential(1 / TO_DEAD, N)
    after = sick + rng.exponential(1 / ILL_TO_DEAD, N)
    censored = rng.uniform(20, 120, N)
    end = np.where(sick < dead, after, dead)
    has = (sick < dead) & (sick < censored)
    return illness_death(
        np.arange(N), sick, has, np.minimum(end, censored), end <= censored, states=("well", "ill", "dead")
    ), treated


def within(share, level, what):
    """Check a share of the trials, with five standard errors of room."""
    assert abs(share - level) < 5 * np.sqrt(level * (1 - level) / N_TRIALS), (what, share)


@pytest.fixture(scope="module")
def hits():
    """Return for each analysis in which trials its limits hold the truth, or its test rejects."""
    rng, found = np.random.default_rng(20), []
    for _ in range(N_TRIALS):
        data, treated = trial(rng, 1.0)
        arm = treated[data.subject]
        jackknife, greenwood = (
            state_occupation(data, "ill", variance=variance).at([AT])
            for variance in ("jackknife", "greenwood")
        )
        time = time_in_state(data, "ill", horizon=HORIZON)
        altered, treated = trial(rng, np.exp(LOG_RATIO))
        fit = transition_cox(altered, pd.DataFrame({"treated": treated[altered.subject]}))
        place = fit.names.index("treated:well->ill")
        found.append(
            {
                "jackknife": jackknife.lower[0] <= ill(AT) <= jackknife.upper[0],
                "greenwood": greenwood.lower[0] <= ill(AT) <= greenwood.upper[0],
                "time": time.lower <= time_ill(HORIZON) <= time.upper,
                "hazard ratio": fit.lower[place] <= LOG_RATIO <= fit.upper[place],
                "contrast": occupation_contrast(data, arm, "ill", time=AT).p_value < 0.05,
                "time contrast": time_in_state_contrast(data, arm, "ill", horizon=HORIZON).p_value < 0.05,
            }
        )
    return pd.DataFrame(found).mean()


@pytest.mark.parametrize("what", ["jackknife", "greenwood", "time", "hazard ratio"])
def test_limits_hold_the_truth_as_often_as_they_say(hits, what):
    within(hits[what], 0.95, what)


@pytest.mark.parametrize("what", ["contrast", "time contrast"])
def test_contrasts_reject_the_truth_as_seldom_as_they_say(hits, what):
    within(hits[what], 0.05, what)
