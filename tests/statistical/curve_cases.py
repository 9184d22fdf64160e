"""Coverage of the limits of survival curves, and of contrasts of two curves at a time."""

from __future__ import annotations

from functools import partial

import numpy as np
from tests.statistical.harness import Allowance, Case, covers
from tests.statistical.samples import CENSORED, MONTHS, SHAPE, cumulative_hazard, one_event, survival

from skeletal.data import RightCensored
from skeletal.survival import (
    conditional_survival,
    follow_up,
    kaplan_meier,
    nelson_aalen,
    simultaneous_band,
    survival_contrast,
)

TIMES = np.array([0.4, 0.8, 1.2])
SCALES = ("log-log", "log", "plain", "logit", "arcsine")
EFFECT = (-0.6, 0.0, 0.0)


def curve_covers(curve, times, truths, label=""):
    """Return by label and time whether a curve's limits hold the truths."""
    at = curve.at(times)
    return {
        f"{label}{' ' if label else ''}at {time:g}": covers(truth, low, high)
        for time, truth, low, high in zip(times, truths, at.lower, at.upper, strict=True)
    }


def by_scale(trial):
    found = {}
    for scale in SCALES:
        found |= curve_covers(kaplan_meier(trial.data, conf_type=scale), TIMES, survival(TIMES), scale)
    return found


def monthly(trial):
    months = np.array([5, 10, 14])
    alive = survival(np.arange(months[-1] + 1) / MONTHS)
    hazard = np.cumsum(1 - alive[1:] / alive[:-1])[months - 1]
    return {
        **curve_covers(kaplan_meier(trial.data), months, alive[months], "survival"),
        **curve_covers(nelson_aalen(trial.data), months, hazard, "Nelson-Aalen"),
    }


def clustered(trial):
    return curve_covers(kaplan_meier(trial.data, cluster=trial.cluster), TIMES, survival(TIMES))


def weighted(rng, n):
    """Sample subjects so that three of four of one kind are left out, and weigh the others four times."""
    trial = one_event(rng, 4 * n, effect=(0.0, 0.0, 0.8))
    rare = trial.covariates["male"].to_numpy() == 0
    taken = np.flatnonzero(rare | (rng.uniform(size=4 * n) < 0.25))[:n]
    data = trial.data
    return RightCensored(data.time[taken], data.event[taken], weight=np.where(rare[taken], 1.0, 4.0))


def weighted_covers(data):
    truths = (survival(TIMES) + survival(TIMES, 0.8)) / 2
    return curve_covers(kaplan_meier(data, cluster=np.arange(data.n_subjects)), TIMES, truths)


def quantiles(trial):
    found = {}
    for scale in SCALES:
        rows = kaplan_meier(trial.data, conf_type=scale).quantile([0.25, 0.5])
        for p, low, high in zip(rows["p"], rows["lower"], rows["upper"], strict=True):
            found[f"{scale}, quantile {p:g}"] = covers((-np.log(1 - p)) ** (1 / SHAPE), low, high)
    return found


def hazards(trial):
    truths = cumulative_hazard(TIMES)
    return {
        **curve_covers(nelson_aalen(trial.data), TIMES, truths, "Nelson-Aalen"),
        **curve_covers(
            nelson_aalen(trial.data, ties="fleming-harrington"), TIMES, truths, "Fleming-Harrington"
        ),
    }


def followed(trial):
    first, last = CENSORED
    return curve_covers(follow_up(trial.data), TIMES, (last - TIMES) / (last - first))


def given(trial):
    found = {}
    for start in (0.3, 0.6):
        curve = conditional_survival(trial.data, given=start)
        found |= curve_covers(curve, [0.8, 1.2], survival([0.8, 1.2]) / survival(start), f"given {start:g},")
    return found


BETWEEN = (0.2, 1.3)


def bands(trial):
    """Return whether each band holds the whole curve: checked at both ends of each of its flat pieces."""
    found = {}
    for kind in ("equal-precision", "hall-wellner"):
        for scale in SCALES:
            band = simultaneous_band(trial.data, kind=kind, conf_type=scale, between=BETWEEN)
            inside = band.time[(band.time > BETWEEN[0]) & (band.time <= BETWEEN[1])]
            left, right = np.append(BETWEEN[0], inside), np.append(inside, BETWEEN[1])
            at = band.at(left)
            too_low, too_high = survival(left) > at.upper, survival(right) < at.lower
            found[f"{kind}, {scale}"] = not (too_low | too_high).any()
    return found


def contrast_limits(trial, time=0.8):
    arms = survival(time), survival(time, EFFECT[0])
    truths = {"difference": arms[1] - arms[0], "ratio": arms[1] / arms[0], "log-log": EFFECT[0]}
    found = {}
    for kind, truth in truths.items():
        estimate = survival_contrast(trial.data, trial.arm, time=time, kind=kind)
        found[kind] = covers(truth, estimate.lower, estimate.upper)
    return found


def contrast_tests(trial):
    kinds = ("difference", "ratio", "log-log")
    return {kind: survival_contrast(trial.data, trial.arm, time=0.8, kind=kind).p_value for kind in kinds}


CASES = [
    Case(name="Kaplan-Meier", kind="coverage", draw=one_event, run=by_scale, n=150, reps=2000),
    Case(
        name="monthly times",
        kind="coverage",
        draw=partial(one_event, months=True),
        run=monthly,
        n=150,
        reps=2000,
        allowances={
            f"Nelson-Aalen at {month}": Allowance(
                by=0.01, why="the variance d/n^2 is 1/(1 - hazard) too large with ties, here by 8 percent"
            )
            for month in (5, 10, 14)
        },
    ),
    Case(
        name="Kaplan-Meier, delayed entry",
        kind="coverage",
        draw=partial(one_event, late=True),
        run=lambda trial: curve_covers(kaplan_meier(trial.data), TIMES, survival(TIMES)),
        n=200,
        reps=2000,
    ),
    Case(
        name="Kaplan-Meier, clusters of 2",
        kind="coverage",
        draw=partial(one_event, rows_per_cluster=2),
        run=clustered,
        n=300,
        reps=1000,
    ),
    Case(
        name="Kaplan-Meier, sampling weights, robust",
        kind="coverage",
        draw=weighted,
        run=weighted_covers,
        n=250,
        reps=1000,
    ),
    Case(name="Kaplan-Meier quantiles", kind="coverage", draw=one_event, run=quantiles, n=150, reps=1000),
    Case(name="cumulative hazard", kind="coverage", draw=one_event, run=hazards, n=150, reps=2000),
    Case(name="reverse Kaplan-Meier", kind="coverage", draw=one_event, run=followed, n=200, reps=2000),
    Case(name="conditional survival", kind="coverage", draw=one_event, run=given, n=150, reps=2000),
    Case(name="band, whole curve", kind="coverage", draw=one_event, run=bands, n=200, reps=300),
    Case(
        name="survival contrast at a time",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT, longer=0.3),
        run=contrast_limits,
        n=200,
        reps=1000,
    ),
    Case(
        name="survival contrast at a time",
        kind="size",
        draw=partial(one_event, longer=0.3),
        run=contrast_tests,
        n=200,
        reps=1000,
    ),
]
