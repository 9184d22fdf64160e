"""Size of tests and coverage of limits of regressions of recurrent events, with and without death."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from tests.statistical.harness import Case, covers
from tests.statistical.rate_cases import constant
from tests.statistical.recurrent_cases import histories

from skeletal.recurrent import (
    andersen_gill,
    average_effect,
    frailty_rate,
    ghosh_lin,
    ordered_events,
    weighted_composite,
)

RATES = (1.5, 1.0)
TRUTH = np.log(RATES[1] / RATES[0])
NO_DEATH = (0.0, 0.0)
MODELS = ("pwp-total", "pwp-gap", "wlw")
LATER = 3  # orders that are modelled


def arms(trial):
    return pd.DataFrame({"arm": np.asarray(trial.arm, dtype=float)})


def held(fit):
    return covers(TRUTH, fit.lower[0], fit.upper[0])


def rates_of_subjects_alike(trial):
    """Return whether limits hold the ratio of constant rates, which is that of every order and clock."""
    return {
        model: held(ordered_events(trial.data, arms(trial), model=model))
        for model in ("pwp-total", "pwp-gap")
    }


def rates_given_frailty(trial):
    return {
        "gamma frailty": held(frailty_rate(trial.data, arms(trial))),
        "Andersen-Gill": held(andersen_gill(trial.data, arms(trial))),
    }


def means_with_death(trial):
    """Return whether limits hold the ratio of means, which death that does not depend on the arm leaves."""
    return {
        "Ghosh-Lin": held(ghosh_lin(trial.data, arms(trial))),
        "Ghosh-Lin, censoring by arm": held(ghosh_lin(trial.data, arms(trial), censoring_strata=trial.arm)),
    }


def order_tests(trial):
    x = arms(trial)
    found = {}
    for model in MODELS:
        fit = ordered_events(trial.data, x, model=model, max_order=LATER)
        found[f"{model}, one effect"] = fit.p_value[0]
        found[f"{model}, robust score"] = fit.robust_score_test.p_value
    by_order = ordered_events(trial.data, x, model="wlw", max_order=LATER, effects="by_order")
    found["wlw, all orders at once"] = by_order.wald_test.p_value
    found["wlw, average effect"] = average_effect(by_order, "arm").p_value
    return found


def mean_tests(trial):
    x = arms(trial)
    fit = ghosh_lin(trial.data, x, censoring_strata=trial.arm)
    return {
        "Ghosh-Lin": fit.p_value[0],
        "Ghosh-Lin, robust score": fit.robust_score_test.p_value,
        "death counted twice": weighted_composite(
            trial.data, x, death_weight=2.0, censoring_strata=trial.arm
        ).p_value[0],
    }


def frailty_tests(trial):
    fit = frailty_rate(trial.data, arms(trial))
    return {"gamma frailty": fit.p_value[0]}


CASES = [
    Case(
        name="regression by order, subjects alike",
        kind="coverage",
        draw=constant,
        run=rates_of_subjects_alike,
        n=150,
        reps=300,
    ),
    Case(
        name="regression given frailty",
        kind="coverage",
        draw=partial(histories, rates=RATES, deaths=NO_DEATH, longer=0.3),
        run=rates_given_frailty,
        n=120,
        reps=100,
    ),
    Case(
        name="regression of means with death",
        kind="coverage",
        draw=partial(histories, rates=RATES),
        run=means_with_death,
        n=200,
        reps=250,
    ),
    Case(
        name="regression by order, subjects differ",
        kind="size",
        draw=partial(histories, longer=0.3),
        run=order_tests,
        n=200,
        reps=200,
    ),
    Case(
        name="regression of means with death",
        kind="size",
        draw=partial(histories, longer=0.3),
        run=mean_tests,
        n=200,
        reps=250,
    ),
    Case(
        name="regression given frailty",
        kind="size",
        draw=partial(histories, deaths=NO_DEATH, longer=0.3),
        run=frailty_tests,
        n=120,
        reps=100,
    ),
]
