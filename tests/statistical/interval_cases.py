"""Size of tests and coverage of limits where visits find an event.

Visits are planned at VISITS, each is missed at times, and those that take place do so some weeks early or
late, rounded to twelfths of a year; an event lies between two visits, or after the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from tests.statistical.harness import Case, covers
from tests.statistical.samples import MONTHS, SHAPE

from skeletal.data import IntervalCensored
from skeletal.intervals import interval_logrank, interval_regression

VISITS = (3.0, 6.0, 9.0, 12.0, 18.0)  # months
MISSED = (0.15, 0.15)  # share of visits, by arm
SCORES = ("logrank1", "logrank2", "wmw")
EFFECTS = (-0.6, 0.3)  # log hazard ratios of arm and age


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Intervals with the arm and the covariates of each subject."""

    data: IntervalCensored
    arm: np.ndarray
    covariates: pd.DataFrame


def seen(rng, n, *, effects=(0.0, 0.0), shape=SHAPE, missed=MISSED, arms=2, exact=False):
    """Draw a trial with hazards that are proportional in arm and age."""
    arm, age = rng.integers(0, arms, n), rng.normal(size=n)
    covariates = pd.DataFrame({"arm": (arm > 0) * 1.0, "age": age})
    time = MONTHS * (rng.exponential(size=n) * np.exp(-covariates.to_numpy() @ effects)) ** (1 / shape)
    visits = np.array(VISITS) + rng.integers(-1, 2, (n, len(VISITS)))
    missing = rng.uniform(size=visits.shape) < np.take(missed, np.minimum(arm, 1))[:, None]
    before = np.where(missing | (visits >= time[:, None]), 0.0, visits)
    after = np.where(missing | (visits < time[:, None]), np.inf, visits)
    left, right = before.max(axis=1), after.min(axis=1)
    if exact:  # some events are felt
        felt = np.isfinite(right) & (rng.uniform(size=n) < 0.3)
        left, right = np.where(felt, time, left), np.where(felt, time, right)
    data = IntervalCensored(left, right, time_unit="months")
    return Seen(data=data, arm=arm, covariates=covariates)


def p_values(trial, *, methods=("permutation", "score"), scores=SCORES):
    return {
        f"{score}, {method}": interval_logrank(trial.data, trial.arm, scores=score, method=method).p_value
        for score in scores
        for method in methods
    }


def regression(trial, *, baselines):
    found = {}
    for baseline in baselines:
        fit = interval_regression(trial.data, trial.covariates, baseline=baseline)
        for name, truth, low, high in zip(fit.names, EFFECTS, fit.lower, fit.upper, strict=True):
            found[f"{baseline}, {name}"] = covers(truth, low, high)
    return found


def regression_tests(trial):
    found = {}
    for baseline in ("weibull", "spline", "semiparametric"):
        fit = interval_regression(trial.data, trial.covariates, baseline=baseline)
        found[f"{baseline}, likelihood ratio"] = fit.likelihood_ratio_test.p_value
    return found


CASES = [
    Case(name="intervals between visits", kind="size", draw=seen, run=p_values, n=120, reps=400),
    Case(
        name="intervals between visits, three arms",
        kind="size",
        draw=partial(seen, arms=3),
        run=partial(p_values, scores=SCORES[:1]),
        n=180,
        reps=300,
    ),
    Case(
        name="intervals between visits, one arm seen less often",
        kind="size",
        draw=partial(seen, missed=(0.0, 0.4)),
        run=partial(p_values, methods=("score",)),
        n=150,
        reps=250,
    ),
    Case(
        name="intervals between visits, all assignments",
        kind="size",
        draw=seen,
        run=partial(p_values, methods=("exact",)),
        n=24,
        reps=300,
        guaranteed=tuple(f"{score}, exact" for score in SCORES),
    ),
    Case(
        name="regression of intervals",
        kind="coverage",
        draw=partial(seen, effects=EFFECTS),
        run=partial(regression, baselines=("weibull", "spline", "semiparametric")),
        n=200,
        reps=120,
    ),
    Case(
        name="regression of intervals, constant hazard",
        kind="coverage",
        draw=partial(seen, effects=EFFECTS, shape=1.0),
        run=partial(regression, baselines=("exponential",)),
        n=150,
        reps=250,
    ),
    Case(
        name="regression of intervals and exact times",
        kind="coverage",
        draw=partial(seen, effects=EFFECTS, exact=True),
        run=partial(regression, baselines=("weibull",)),
        n=150,
        reps=200,
    ),
    Case(name="regression of intervals", kind="size", draw=seen, run=regression_tests, n=150, reps=100),
]
