"""Size of tests and coverage of limits of rates, ratios and differences of rates of recurrent events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from tests.statistical.harness import Allowance, Case, covers
from tests.statistical.recurrent_cases import histories
from tests.statistical.samples import CENSORED

from skeletal.data import RecurrentEvents
from skeletal.recurrent import (
    event_rate,
    outside_window,
    period_rate,
    rate_difference,
    rate_ratio,
    rate_regression,
    window_effect,
)

RATES = (1.5, 1.0)  # of events by arm, where arms differ
NONE = (0.0, 0.0)  # of death
ALIKE = (np.inf, np.inf)  # shapes of the frailty: every subject has the rate of its arm
SHAPE = 2.0
AGE = 0.3  # log rate ratio
WINDOW = 0.1  # years after an event in which no other can happen
NAMES = ("intercept", "arm", "age")
MODELS = ("poisson", "poisson-robust", "negative-binomial")
FROM_TOTALS = ("exact", "score")
BY_SUBJECT = ("quasi-poisson", "poisson-robust", "negative-binomial")
INDEPENDENT = Allowance(
    by=0.115,
    why="it takes events of a subject as independent, but the rates of subjects differ by a gamma factor of "
    "variance 1/2: the variance is twice the one assumed, the true size 0.163 and coverage 0.836 (Cook and "
    "Lawless 2007, chapter 3)",
)
OTHER_VARIANCE = Allowance(
    by=0.025,
    why="its variance is in proportion to the mean at every age, while that of the counts grows faster; with "
    "1000 subjects the coverage is 0.925 as well (McCullagh and Nelder 1989, chapter 6)",
)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows of recurrent events with the arm and the age of each."""

    data: RecurrentEvents
    arm: np.ndarray
    age: np.ndarray


def rows_of(who, stop, end):
    """Return the rows of events of subjects ``who`` at ``stop``, all followed to ``end``."""
    subject = np.concatenate([who, np.arange(end.size)])
    stop = np.concatenate([stop, end])
    status = np.concatenate([np.ones(who.size, dtype=int), np.zeros(end.size, dtype=int)])
    order = np.lexsort((stop, subject))
    subject, stop, status = subject[order], stop[order], status[order]
    start = np.where(np.diff(subject, prepend=-1) == 0, np.append(0.0, stop[:-1]), 0.0)
    return RecurrentEvents(subject, start, stop, status, time_unit="years")


def constant(rng, n, *, rates=RATES, age=0.0, shape=np.inf, longer=0.3):
    """Draw a trial with constant rates in each subject."""
    arm, ages = rng.integers(0, 2, n), rng.normal(size=n)
    end = rng.uniform(*CENSORED, n) + longer * arm
    rate = np.take(rates, arm) * np.exp(age * ages)
    if np.isfinite(shape):
        rate = rate * rng.gamma(shape, 1 / shape, n)
    who = np.repeat(np.arange(n), rng.poisson(rate * end))
    data = rows_of(who, rng.uniform(0, end[who]), end)
    return Rows(data=data, arm=arm[data.subject], age=ages[data.subject])


def with_window(rng, n, *, rates=RATES):
    """Draw a trial in which a subject is not at risk of another event for WINDOW after each."""
    arm = rng.integers(0, 2, n)
    end = rng.uniform(*CENSORED, n)
    gaps = rng.exponential(1 / np.take(rates, arm)[:, None], (n, 20))
    gaps[:, 1:] += WINDOW
    at = gaps.cumsum(axis=1)
    seen = at < end[:, None]
    data = rows_of(np.nonzero(seen)[0], at[seen], end)
    return Rows(data=data, arm=arm[data.subject], age=np.zeros(data.stop.size))


def within(truth, estimate):
    return covers(truth, estimate.lower, estimate.upper)


def ratios(trial, *, models=(*MODELS, *FROM_TOTALS)):
    truth = RATES[1] / RATES[0]
    return {model: within(truth, rate_ratio(trial.data, trial.arm, model=model)) for model in models}


def p_values(trial, *, models=(*MODELS, *FROM_TOTALS)):
    found = {model: rate_ratio(trial.data, trial.arm, model=model).p_value for model in models}
    for method in ("score", "wald"):
        found[f"difference, {method}"] = rate_difference(trial.data, trial.arm, method=method).p_value
    return found


def one_rate(trial):
    return {kind: within(RATES[0], event_rate(trial.data, kind=kind)) for kind in ("pooled", "per_subject")}


def differences(trial):
    return {
        method: within(RATES[1] - RATES[0], rate_difference(trial.data, trial.arm, method=method))
        for method in ("score", "wald")
    }


def regression(trial, *, models):
    covariates = pd.DataFrame({"arm": trial.arm, "age": trial.age})
    truths = (np.log(RATES[0]), np.log(RATES[1] / RATES[0]), AGE)
    found = {}
    for model in models:
        fit = rate_regression(trial.data, covariates, model=model)
        for name, truth, low, high in zip(NAMES, truths, fit.lower, fit.upper, strict=True):
            found[f"{model}, {name}"] = covers(truth, low, high)
    return found


def regression_tests(trial):
    covariates = pd.DataFrame({"arm": trial.arm, "age": trial.age})
    found = {}
    for model in BY_SUBJECT:
        fit = rate_regression(trial.data, covariates, model=model)
        found[f"{model}, arm"] = fit.p_value[1]
        if model == "negative-binomial":
            found[f"{model}, likelihood ratio"] = fit.likelihood_ratio_test.p_value
    return found


def without_window(trial):
    truth = RATES[1] / RATES[0]
    data, rows = outside_window(trial.data, WINDOW)
    found = {model: within(truth, rate_ratio(data, trial.arm[rows], model=model)) for model in MODELS[:2]}
    effect = window_effect(trial.data, trial.arm, WINDOW).set_index("statistic")["removed"]
    low, high = (effect[f"andersen_gill_ratio_{end}"] for end in ("lower", "upper"))
    return {**found, "Andersen-Gill": covers(truth, low, high)}


def periods(rng, n):
    """Draw numbers of periods with an event of all periods; subjects differ by a beta factor."""
    total = rng.integers(1, 9, n)
    return rng.binomial(total, rng.beta(1.0, 3.0, n)), total


def period_limits(trial):
    return {"share of periods": within(0.25, period_rate(*trial))}


CASES = [
    Case(
        name="one rate",
        kind="coverage",
        draw=partial(constant, rates=(RATES[0], RATES[0])),
        run=one_rate,
        n=60,
        reps=1000,
        guaranteed=("pooled",),
    ),
    Case(name="periods with an event", kind="coverage", draw=periods, run=period_limits, n=100, reps=1000),
    Case(
        name="ratio of rates, subjects alike",
        kind="coverage",
        draw=constant,
        run=partial(ratios, models=(*MODELS[:2], *FROM_TOTALS)),
        n=120,
        reps=500,
        guaranteed=("exact",),
    ),
    Case(
        name="ratio of rates, subjects differ",
        kind="coverage",
        draw=partial(constant, shape=SHAPE),
        run=ratios,
        n=200,
        reps=500,
        allowances=dict.fromkeys(("poisson", "exact", "score"), INDEPENDENT),
    ),
    Case(
        name="difference of rates, subjects alike",
        kind="coverage",
        draw=constant,
        run=differences,
        n=120,
        reps=1000,
    ),
    Case(
        name="rate regression, subjects alike",
        kind="coverage",
        draw=partial(constant, age=AGE),
        run=partial(regression, models=(*MODELS, "quasi-poisson")),
        n=150,
        reps=120,
    ),
    Case(
        name="rate regression, subjects differ",
        kind="coverage",
        draw=partial(constant, age=AGE, shape=SHAPE),
        run=partial(regression, models=BY_SUBJECT),
        n=300,
        reps=250,
        allowances={f"quasi-poisson, {name}": OTHER_VARIANCE for name in NAMES},
    ),
    Case(
        name="ratio of rates, window removed",
        kind="coverage",
        draw=with_window,
        run=without_window,
        n=150,
        reps=200,
    ),
    Case(
        name="rates, subjects alike",
        kind="size",
        draw=partial(constant, rates=(1.2, 1.2)),
        run=partial(p_values, models=(*MODELS[:2], *FROM_TOTALS)),
        n=120,
        reps=500,
        guaranteed=("exact",),
    ),
    Case(
        name="rates, subjects differ",
        kind="size",
        draw=partial(constant, rates=(1.2, 1.2), shape=SHAPE),
        run=p_values,
        n=120,
        reps=400,
        allowances=dict.fromkeys(
            ("poisson", "exact", "score", "difference, score", "difference, wald"), INDEPENDENT
        ),
    ),
    Case(
        name="rates, few events",
        kind="size",
        draw=partial(constant, rates=(0.3, 0.3)),
        run=partial(p_values, models=FROM_TOTALS),
        n=40,
        reps=1000,
        guaranteed=("exact",),
    ),
    Case(
        name="rate regression, subjects differ",
        kind="size",
        draw=partial(constant, rates=(1.2, 1.2), shape=SHAPE),
        run=regression_tests,
        n=150,
        reps=200,
    ),
    Case(
        name="ratio of rates, one arm spread more",
        kind="size",
        draw=partial(histories, deaths=NONE, shapes=(0.7, 5.0), longer=0.3),
        run=lambda trial: {
            "poisson-robust": rate_ratio(trial.data, trial.arm, model="poisson-robust").p_value
        },
        n=300,
        reps=1000,
    ),
]
