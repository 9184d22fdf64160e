"""Size of the log-rank family: arms alike, but followed for different times where the test allows it."""

from __future__ import annotations

from functools import partial

from tests.statistical.harness import Case
from tests.statistical.samples import one_event

from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    TaroneWare,
    Unweighted,
    logrank,
    logrank_permutation,
    logrank_trend,
    max_combo,
)

WEIGHTS = {
    "unweighted": Unweighted(),
    "Fleming-Harrington (0, 1)": FlemingHarrington(0, 1),
    "Fleming-Harrington (1, 0)": FlemingHarrington(1, 0),
    "Gehan": Gehan(),
    "Tarone-Ware": TaroneWare(),
    "Peto-Peto": PetoPeto(),
    "modestly weighted (S* 0.5)": ModestlyWeighted(s_star=0.5),
}
COMBINED = [Unweighted(), FlemingHarrington(0, 1), FlemingHarrington(1, 0), FlemingHarrington(1, 1)]


def by_weight(trial, *, stratified=False):
    strata = trial.stratum if stratified else None
    return {
        name: logrank(trial.data, trial.arm, strata=strata, weight=weight).p_value
        for name, weight in WEIGHTS.items()
    }


def of_three(trial):
    data, arm, strata = trial.data, trial.arm, trial.stratum
    return {
        "unweighted": logrank(data, arm).p_value,
        "Gehan": logrank(data, arm, weight=Gehan()).p_value,
        "stratified": logrank(data, arm, strata=strata).p_value,
        "trend": logrank_trend(data, arm, [0, 1, 3]).p_value,
        "trend, stratified, Peto-Peto": logrank_trend(
            data, arm, [0, 1, 3], strata=strata, weight=PetoPeto()
        ).p_value,
    }


def combined(trial):
    found = {
        alternative: max_combo(trial.data, trial.arm, COMBINED[:3], alternative=alternative).p_value
        for alternative in ("two-sided", "less", "greater")
    }
    found["two-sided, four weights"] = max_combo(trial.data, trial.arm, COMBINED).p_value
    found["stratified"] = max_combo(trial.data, trial.arm, COMBINED[:2], strata=trial.stratum).p_value
    return found


def exactly_permuted(trial):
    return {
        ties: logrank_permutation(trial.data, trial.arm, ties=ties).p_value
        for ties in ("mid-ranks", "hothorn-lausen", "average-scores")
    }


def drawn_permutations(trial):
    return {
        "monte-carlo": logrank_permutation(trial.data, trial.arm, distribution="monte-carlo", seed=5).p_value
    }


def asymptotically_permuted(trial):
    return {
        "two arms": logrank_permutation(trial.data, trial.arm > 0, distribution="asymptotic").p_value,
        "three arms": logrank_permutation(trial.data, trial.arm, distribution="asymptotic").p_value,
    }


CASES = [
    Case(
        name="log-rank, two arms",
        kind="size",
        draw=partial(one_event, longer=0.3),
        run=by_weight,
        n=150,
        reps=1000,
    ),
    Case(
        name="log-rank, 3 strata",
        kind="size",
        draw=partial(one_event, by_stratum=0.6, longer=0.3),
        run=partial(by_weight, stratified=True),
        n=200,
        reps=1000,
    ),
    Case(
        name="log-rank, monthly times",
        kind="size",
        draw=partial(one_event, months=True),
        run=by_weight,
        n=150,
        reps=1000,
    ),
    Case(
        name="log-rank, delayed entry",
        kind="size",
        draw=partial(one_event, late=True),
        run=by_weight,
        n=200,
        reps=1000,
    ),
    Case(
        name="log-rank, three arms, monthly times",
        kind="size",
        draw=partial(one_event, arms=3, months=True),
        run=of_three,
        n=210,
        reps=1000,
    ),
    Case(name="MaxCombo", kind="size", draw=partial(one_event, longer=0.3), run=combined, n=200, reps=400),
    Case(
        name="log-rank, exact permutation, monthly times",
        kind="size",
        draw=partial(one_event, months=True),
        run=exactly_permuted,
        n=36,
        reps=400,
        guaranteed=("mid-ranks", "hothorn-lausen", "average-scores"),
    ),
    Case(
        name="log-rank, permutation",
        kind="size",
        draw=one_event,
        run=drawn_permutations,
        n=60,
        reps=300,
    ),
    Case(
        name="log-rank, asymptotic permutation",
        kind="size",
        draw=partial(one_event, arms=3),
        run=asymptotically_permuted,
        n=120,
        reps=1000,
    ),
]
