"""Size of tests and coverage of limits of mean numbers of recurrent events, with and without death."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from tests.statistical.harness import Case, covers
from tests.statistical.samples import CENSORED

from skeletal.data import RecurrentEvents
from skeletal.recurrent import (
    mean_cumulative,
    mean_cumulative_contrast,
    mean_cumulative_test,
    while_alive_contrast,
    while_alive_rate,
)

HORIZON = 1.2
RATES = (1.5, 1.0)  # of events by arm, where arms differ
DEATHS = (0.4, 0.2)  # of death
SHAPE = 2.0  # of the gamma frailty of mean 1, which multiplies both rates
TIMES = (0.4, 0.8, HORIZON)


@dataclass(frozen=True, kw_only=True)
class Histories:
    """Rows of recurrent events with the arm and the stratum of each."""

    data: RecurrentEvents
    arm: np.ndarray
    stratum: np.ndarray


def true_mean(time, rate, death):
    """Return the mean number of events by ``time`` when death stops accrual."""
    if death == 0:
        return rate * np.asarray(time, dtype=float)
    return rate / death * (1 - (1 + death * np.asarray(time, dtype=float) / SHAPE) ** -SHAPE)


def true_time(time, death):
    """Return the mean time alive up to ``time``."""
    return SHAPE / (death * (SHAPE - 1)) * (1 - (1 + death * time / SHAPE) ** (1 - SHAPE))


def histories(rng, n, *, rates=(1.5, 1.5), deaths=(0.4, 0.4), arms=2, longer=0.0, shapes=(SHAPE, SHAPE)):
    """Draw one trial; ``longer`` adds to the follow-up of later arms."""
    arm, stratum = rng.integers(0, arms, n), rng.integers(0, 3, n)
    which = np.minimum(arm, 1)
    frailty = rng.gamma(np.take(shapes, which)) / np.take(shapes, which)
    censored = rng.uniform(*CENSORED, n) + longer * arm
    hazard = np.take(deaths, which) * frailty
    death = rng.exponential(1.0, n) / np.where(hazard > 0, hazard, 1.0)
    death[hazard == 0] = np.inf
    end = np.minimum(death, censored)
    counts = rng.poisson(np.take(rates, which) * frailty * end)
    events = np.repeat(np.arange(n), counts)
    subject = np.concatenate([events, np.arange(n)])
    stop = np.concatenate([rng.uniform(0, end[events]), end])
    status = np.concatenate([np.ones(events.size), np.where(death < censored, 2, 0)]).astype(int)
    order = np.lexsort((stop, subject))
    subject, stop, status = subject[order], stop[order], status[order]
    start = np.where(np.diff(subject, prepend=-1) == 0, np.append(0.0, stop[:-1]), 0.0)
    data = RecurrentEvents(subject, start, stop, status, time_unit="years")
    return Histories(data=data, arm=arm[subject], stratum=stratum[subject])


def one_mean(trial, death):
    curve = mean_cumulative(trial.data).at(TIMES)
    found = {
        f"at {time:g} years": covers(float(true_mean(time, RATES[0], death)), low, high)
        for time, low, high in zip(TIMES, curve.lower, curve.upper, strict=True)
    }
    if death:
        rate = while_alive_rate(trial.data, horizon=HORIZON)
        truth = float(true_mean(HORIZON, RATES[0], death)) / true_time(HORIZON, death)
        found["while-alive rate"] = covers(truth, rate.lower, rate.upper)
    return found


def contrasts(trial):
    means = [float(true_mean(HORIZON, rate, death)) for rate, death in zip(RATES, DEATHS, strict=True)]
    rates = [mean / true_time(HORIZON, death) for mean, death in zip(means, DEATHS, strict=True)]
    found = {}
    for name, truths, contrast in (
        ("means", means, partial(mean_cumulative_contrast, time=HORIZON)),
        ("while-alive rates", rates, partial(while_alive_contrast, horizon=HORIZON)),
    ):
        for kind, truth in (("difference", truths[1] - truths[0]), ("ratio", truths[1] / truths[0])):
            estimate = contrast(trial.data, trial.arm, kind=kind)
            found[f"{kind} of {name}"] = covers(truth, estimate.lower, estimate.upper)
    return found


def means_tests(trial):
    return {
        label: mean_cumulative_test(trial.data, trial.arm, **options).p_value
        for label, options in (
            ("constant weight", {}),
            ("linear weight", {"weight": "linear"}),
            ("stratified", {"strata": trial.stratum}),
        )
    }


def contrast_tests(trial):
    return {
        f"{kind} of {name}": contrast(trial.data, trial.arm, kind=kind).p_value
        for name, contrast in (
            ("means", partial(mean_cumulative_contrast, time=HORIZON)),
            ("while-alive rates", partial(while_alive_contrast, horizon=HORIZON)),
        )
        for kind in ("difference", "ratio")
    }


NO_DEATH = (0.0, 0.0)
ALIKE = {"rates": (RATES[0], RATES[0])}
CASES = [
    Case(
        name="mean number of events",
        kind="coverage",
        draw=partial(histories, deaths=NO_DEATH, **ALIKE),
        run=partial(one_mean, death=0.0),
        n=150,
        reps=2000,
    ),
    Case(
        name="mean number of events with death",
        kind="coverage",
        draw=partial(histories, **ALIKE),
        run=partial(one_mean, death=DEATHS[0]),
        n=150,
        reps=2000,
    ),
    Case(
        name="mean numbers of events with death, two arms",
        kind="coverage",
        draw=partial(histories, rates=RATES, deaths=DEATHS, longer=0.3),
        run=contrasts,
        n=300,
        reps=1000,
    ),
    Case(
        name="mean numbers of events, unequal spread",
        kind="size",
        draw=partial(histories, deaths=NO_DEATH, shapes=(0.7, 5.0), longer=0.3),
        run=means_tests,
        n=300,
        reps=2000,
    ),
    Case(
        name="mean numbers of events with death",
        kind="size",
        draw=partial(histories, longer=0.3),
        run=means_tests,
        n=300,
        reps=2000,
    ),
    Case(
        name="mean numbers of events with death, three arms",
        kind="size",
        draw=partial(histories, arms=3),
        run=means_tests,
        n=360,
        reps=1000,
    ),
    Case(
        name="contrasts of means and while-alive rates",
        kind="size",
        draw=partial(histories, longer=0.3),
        run=contrast_tests,
        n=300,
        reps=1000,
    ),
]
