"""Size of tests and coverage of limits of states: well, ill, dead, with constant rates of each move."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from tests.statistical.harness import Allowance, Case, covers
from tests.statistical.samples import CENSORED

from skeletal.multistate import (
    cumulative_transition_hazard,
    illness_death,
    mean_sojourn,
    occupation_contrast,
    sojourn_time,
    state_occupation,
    time_in_state,
    time_in_state_contrast,
    transition_cox,
)

if TYPE_CHECKING:
    from skeletal.data import MultiState

STATES = ("well", "ill", "dead")
RATES = (0.8, 0.3, 0.9)  # well to ill, well to dead, ill to dead
MOVES = (("well", "ill"), ("well", "dead"), ("ill", "dead"))
EFFECTS = (-0.5, 0.3, 0.2)  # log rate ratios of the arm, where arms differ
NONE = (0.0, 0.0, 0.0)
HORIZON = 1.2
LANDMARK = 0.4
VARIANCES = ("jackknife", "greenwood")
FEW_AT_FIRST = Allowance(
    by=0.015,
    why="nobody is ill at first: a death among n ill adds (n - 1)/n^3 to the variance in place of 1/n^2, "
    "nothing with n = 1 (Andersen, Borgan, Gill and Keiding 1993, section IV.1), and standard errors are 14 "
    "percent below the spread of the estimates",
)


@dataclass(frozen=True, kw_only=True)
class Course:
    """Rows of the states with the arm of each."""

    data: MultiState
    arm: np.ndarray


def occupation(time, rates=RATES):
    """Return the probabilities of the states after ``time`` from well."""
    to_ill, to_dead, ill_dead = rates
    out = to_ill + to_dead
    well = np.exp(-out * time)
    ill = to_ill / (out - ill_dead) * (np.exp(-ill_dead * time) - well)
    return {"well": well, "ill": ill, "dead": 1 - well - ill}


def spent(time, rates=RATES):
    """Return the mean times in the states up to ``time`` from well."""
    to_ill, to_dead, ill_dead = rates
    out = to_ill + to_dead
    well = -np.expm1(-out * time) / out
    ill = to_ill / (out - ill_dead) * (-np.expm1(-ill_dead * time) / ill_dead - well)
    return {"well": well, "ill": ill, "dead": time - well - ill}


def in_arm(effects=EFFECTS):
    return tuple(np.array(RATES) * np.exp(effects))


def courses(rng, n, *, effects=NONE, longer=0.0):
    """Draw a trial in which all begin well; ``longer`` adds to the follow-up of the second arm."""
    arm = rng.integers(0, 2, n)
    rates = np.array(RATES) * np.exp(np.multiply.outer(arm, effects))
    leave = rng.exponential(1 / rates[:, :2].sum(axis=1))
    falls_ill = rng.uniform(size=n) < rates[:, 0] / rates[:, :2].sum(axis=1)
    death = leave + np.where(falls_ill, rng.exponential(1 / rates[:, 2]), 0.0)
    censored = rng.uniform(*CENSORED, n) + longer * arm
    end = np.minimum(death, censored)
    data = illness_death(
        np.arange(n),
        np.minimum(leave, end),
        falls_ill & (leave < end),
        end,
        death <= censored,
        states=STATES,
        time_unit="years",
    )
    return Course(data=data, arm=arm[data.subject])


def within(truth, estimate):
    return covers(truth, estimate.lower, estimate.upper)


def probabilities(trial):
    found = {}
    for variance in VARIANCES:
        for state in STATES:
            curve = state_occupation(trial.data, state, variance=variance).at([HORIZON])
            truth = occupation(HORIZON)[state]
            found[f"{state}, {variance}"] = covers(truth, curve.lower[0], curve.upper[0])
        curve = state_occupation(trial.data, "dead", given="ill", landmark=LANDMARK, variance=variance).at(
            [HORIZON]
        )
        truth = -np.expm1(-RATES[2] * (HORIZON - LANDMARK))
        found[f"dead, ill at {LANDMARK:g}, {variance}"] = covers(truth, curve.lower[0], curve.upper[0])
    return found


def times(trial):
    found = {
        f"time {state}": within(spent(HORIZON)[state], time_in_state(trial.data, state, horizon=HORIZON))
        for state in STATES
    }
    stay = sojourn_time(trial.data, "ill").at([0.5])
    found["stay ill beyond 0.5 years"] = covers(np.exp(-RATES[2] * 0.5), stay.lower[0], stay.upper[0])
    truth = -np.expm1(-RATES[2] * 0.8) / RATES[2]
    found["mean stay ill up to 0.8 years"] = within(truth, mean_sojourn(trial.data, "ill", horizon=0.8))
    for variance in ("jackknife", "aalen"):
        for (origin, to), rate in zip(MOVES, RATES, strict=True):
            hazard = cumulative_transition_hazard(trial.data, origin, to, variance=variance).at([HORIZON])
            found[f"cumulative hazard, {origin} to {to}, {variance}"] = covers(
                rate * HORIZON, hazard.lower[0], hazard.upper[0]
            )
    return found


def contrasts(trial):
    found = {}
    for name, truth, contrast in (
        ("probability", occupation, partial(occupation_contrast, time=HORIZON)),
        ("time", spent, partial(time_in_state_contrast, horizon=HORIZON)),
    ):
        old, new = truth(HORIZON), truth(HORIZON, in_arm())
        for state in ("well", "ill"):
            estimate = contrast(trial.data, trial.arm, state)
            found[f"difference of {name}, {state}"] = within(new[state] - old[state], estimate)
            estimate = contrast(trial.data, trial.arm, state, kind="ratio")
            found[f"ratio of {name}, {state}"] = within(new[state] / old[state], estimate)
    return found


def contrast_tests(trial):
    found = {}
    for variance in VARIANCES:
        found[f"probability ill, {variance}"] = occupation_contrast(
            trial.data, trial.arm, "ill", time=HORIZON, variance=variance
        ).p_value
    for kind in ("difference", "ratio"):
        found[f"{kind} of time well"] = time_in_state_contrast(
            trial.data, trial.arm, "well", horizon=HORIZON, kind=kind
        ).p_value
    return found


def regression(trial):
    covariates = pd.DataFrame({"arm": trial.arm.astype(float)})
    found = {}
    for clock in ("forward", "reset"):
        fit = transition_cox(trial.data, covariates, transitions=MOVES, clock=clock)
        for (origin, to), truth, low, high in zip(MOVES, EFFECTS, fit.lower, fit.upper, strict=True):
            found[f"{clock} clock, {origin} to {to}"] = covers(truth, low, high)
    return found


def regression_tests(trial):
    covariates = pd.DataFrame({"arm": trial.arm.astype(float)})
    separate = transition_cox(trial.data, covariates)
    common = transition_cox(trial.data, covariates, effects="common")
    return {
        "three moves, robust Wald": separate.wald_test.p_value,
        "three moves, robust score": separate.robust_score_test.p_value,
        "one effect for all": common.p_value[0],
    }


DIFFERENT = partial(courses, effects=EFFECTS, longer=0.3)
CASES = [
    Case(name="probabilities of states", kind="coverage", draw=courses, run=probabilities, n=150, reps=400),
    Case(
        name="times in states",
        kind="coverage",
        draw=courses,
        run=times,
        n=150,
        reps=500,
        allowances={"cumulative hazard, ill to dead, jackknife": FEW_AT_FIRST},
    ),
    Case(name="states, two arms", kind="coverage", draw=DIFFERENT, run=contrasts, n=200, reps=150),
    Case(name="regression of moves", kind="coverage", draw=DIFFERENT, run=regression, n=300, reps=200),
    Case(
        name="states, two arms",
        kind="size",
        draw=partial(courses, longer=0.3),
        run=contrast_tests,
        n=200,
        reps=300,
    ),
    Case(
        name="regression of moves",
        kind="size",
        draw=partial(courses, longer=0.3),
        run=regression_tests,
        n=300,
        reps=200,
    ),
]
