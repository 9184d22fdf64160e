"""Size of the tests and coverage of the limits of proportions and their contrasts.

Counts take few values, so that the level of one pair of proportions is off by the lattice alone.  Every trial
draws its proportions anew: what is observed is the mean size or coverage over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pandas as pd
from scipy.special import expit
from tests.statistical.harness import Allowance, Case, covers

from skeletal.proportions import (
    clustered_proportion,
    cmh_test,
    fisher_test,
    marginal_contrast,
    noninferiority_test,
    odds_ratio,
    proportion,
    proportions_test,
    risk_difference,
    risk_ratio,
    stratified_odds_ratio,
    stratified_risk_difference,
)

BETWEEN = (0.2, 0.5)


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Events and totals as (control, experimental), by stratum if any, and the true proportions."""

    events: np.ndarray
    totals: np.ndarray
    true: np.ndarray


def one_sample(rng, n, *, prior=False):
    true = rng.beta(0.5, 0.5) if prior else rng.uniform(*BETWEEN)
    return int(rng.binomial(n, true)), n, true


def one_proportion(drawn):
    event, total, true = drawn
    found = {}
    for method in ("wilson", "exact"):
        estimate = proportion(event, total, method=method)
        found[method] = covers(true, estimate.lower, estimate.upper)
    return found


def jeffreys(drawn):
    event, total, true = drawn
    estimate = proportion(event, total, method="jeffreys")
    return {"jeffreys": covers(true, estimate.lower, estimate.upper)}


def against_null(drawn):
    event, total, true = drawn
    return {
        method: proportion(event, total, method=method, null=true).p_value
        for method in ("wilson", "exact", "jeffreys")
    }


def two_arms(rng, n, *, change=None):
    """Draw two arms of nearly n/2, the experimental proportion a ``change`` of the control's, or any."""
    low = rng.uniform(*BETWEEN)
    true = np.array([low, rng.uniform(*BETWEEN) if change is None else change(low)])
    totals = np.array([n // 2 - 3, n - n // 2 + 3])
    return Counts(events=rng.binomial(totals, true), totals=totals, true=true)


def differences(drawn):
    found = {}
    for method in ("wald", "newcombe", "miettinen-nurminen"):
        estimate = risk_difference(drawn.events, drawn.totals, method=method)
        found[f"difference, {method}"] = covers(drawn.true[1] - drawn.true[0], estimate.lower, estimate.upper)
    return found


def ratios(drawn):
    odds = drawn.true / (1 - drawn.true)
    found = {}
    for method in ("log-wald", "miettinen-nurminen"):
        estimate = risk_ratio(drawn.events, drawn.totals, method=method)
        found[f"risk ratio, {method}"] = covers(drawn.true[1] / drawn.true[0], estimate.lower, estimate.upper)
    for method in ("woolf", "conditional", "miettinen-nurminen"):
        estimate = odds_ratio(drawn.events, drawn.totals, method=method)
        found[f"odds ratio, {method}"] = covers(odds[1] / odds[0], estimate.lower, estimate.upper)
    return found


def contrasts(drawn):
    return differences(drawn) | ratios(drawn)


def equality_tests(drawn):
    counts = drawn.events, drawn.totals
    found = {
        f"chi-square, {method}": proportions_test(*counts, method=method).p_value
        for method in ("pooled", "unpooled", "yates")
    }
    for alternative in ("two-sided", "less", "greater"):
        found[f"Fisher, {alternative}"] = fisher_test(*counts, alternative=alternative).p_value
    found["Fisher, mid-p"] = fisher_test(*counts, p="mid").p_value
    for name, function, methods in (
        ("difference", risk_difference, ("wald", "miettinen-nurminen")),
        ("risk ratio", risk_ratio, ("log-wald", "miettinen-nurminen")),
        ("odds ratio", odds_ratio, ("woolf", "conditional", "miettinen-nurminen")),
    ):
        for method in methods:
            found[f"{name}, {method}"] = function(*counts, method=method).p_value
    return found


@cache
def unconditional(events, totals):
    """Return the slow exact contrast of a pilot, whose counts come again and again."""
    return risk_difference(events, totals, method="exact")


def unconditional_limits(drawn):
    estimate = unconditional(tuple(drawn.events), tuple(drawn.totals))
    return {"difference, exact": covers(drawn.true[1] - drawn.true[0], estimate.lower, estimate.upper)}


def unconditional_test(drawn):
    return {"difference, exact": unconditional(tuple(drawn.events), tuple(drawn.totals)).p_value}


MARGIN, RATIO_MARGIN = 0.12, 1.4


def noninferiority_of_difference(drawn):
    return {
        method: noninferiority_test(drawn.events, drawn.totals, margin=MARGIN, method=method).p_value
        for method in ("farrington-manning", "miettinen-nurminen", "wald")
    }


def noninferiority_of_ratio(drawn):
    return {
        method: noninferiority_test(
            drawn.events, drawn.totals, margin=RATIO_MARGIN, method=method, scale="ratio"
        ).p_value
        for method in ("farrington-manning", "miettinen-nurminen")
    }


def in_strata(rng, n, *, log_odds_ratio=None, difference=None, strata=4):
    """Draw strata of different proportions with one odds ratio or one difference in all."""
    control = rng.uniform(0.15, 0.6, strata)
    treated = (
        control + difference
        if log_odds_ratio is None
        else expit(np.log(control / (1 - control)) + log_odds_ratio)
    )
    totals = np.tile([n // (2 * strata) - 1, n // (2 * strata) + 1], (strata, 1))
    true = np.column_stack([control, treated])
    return Counts(events=rng.binomial(totals, true), totals=totals, true=true)


LOG_ODDS, DIFFERENCE = 0.6, 0.12


def common_odds(drawn):
    found = {}
    for method in ("mantel-haenszel", "exact"):
        estimate = stratified_odds_ratio(drawn.events, drawn.totals, method=method)
        found[method] = covers(np.exp(LOG_ODDS), estimate.lower, estimate.upper)
    return found


def common_difference(drawn):
    found = {}
    for method in ("cmh", "miettinen-nurminen"):
        estimate = stratified_risk_difference(drawn.events, drawn.totals, method=method)
        found[method] = covers(DIFFERENCE, estimate.lower, estimate.upper)
    return found


def stratified_tests(drawn):
    counts = drawn.events, drawn.totals
    found = {"Cochran-Mantel-Haenszel": cmh_test(*counts).p_value}
    for method in ("cmh", "miettinen-nurminen"):
        found[f"difference, {method}"] = stratified_risk_difference(*counts, method=method).p_value
    found["odds ratio, exact"] = stratified_odds_ratio(*counts, method="exact").p_value
    return found


KINDS = ("difference", "ratio", "odds-ratio")
LOGISTIC = (-0.6, 0.7, 1.0, -0.5)  # intercept, arm, and two covariates of which each is 0 or 1 by halves


def with_covariates(rng, n, *, effect=LOGISTIC[1]):
    arm, x = rng.integers(0, 2, n), rng.integers(0, 2, (n, 2)).astype(float)
    chance = expit(LOGISTIC[0] + effect * arm + x @ LOGISTIC[2:])
    return rng.uniform(size=n) < chance, arm, pd.DataFrame(x, columns=["visceral", "bone_only"])


CELLS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
MARGINAL = [float(expit(LOGISTIC[0] + LOGISTIC[1] * arm + CELLS @ LOGISTIC[2:]).mean()) for arm in (0, 1)]
ODDS = [value / (1 - value) for value in MARGINAL]
TRUTHS = dict(
    zip(KINDS, (MARGINAL[1] - MARGINAL[0], MARGINAL[1] / MARGINAL[0], ODDS[1] / ODDS[0]), strict=True)
)


def marginal_limits(drawn):
    event, arm, covariates = drawn
    found = {}
    for kind in KINDS:
        for label, columns in (("adjusted", covariates), ("unadjusted", None)):
            estimate = marginal_contrast(event, arm, columns, kind=kind)
            found[f"{kind}, {label}"] = covers(TRUTHS[kind], estimate.lower, estimate.upper)
    return found


def marginal_tests(drawn):
    event, arm, covariates = drawn
    return {
        f"{kind}, {variance}": marginal_contrast(event, arm, covariates, kind=kind, variance=variance).p_value
        for kind in KINDS
        for variance in ("influence", "model")
    }


def lesions(rng, n):
    """Draw 1 to 4 lesions a subject, of which all share fate or none does."""
    size = rng.integers(1, 5, n)
    cluster, true = np.repeat(np.arange(n), size), rng.uniform(*BETWEEN)
    alike = (rng.uniform(size=n) < 0.4)[cluster]
    chance = np.where(alike, rng.uniform(size=n)[cluster], rng.uniform(size=cluster.size))
    return chance < true, cluster, true


def lesion_share(drawn):
    event, cluster, true = drawn
    estimate = clustered_proportion(event, cluster)
    return {"robust Wilson": covers(true, estimate.lower, estimate.upper)}


CASES = [
    Case(
        name="one proportion",
        kind="coverage",
        draw=one_sample,
        run=one_proportion,
        n=80,
        reps=2000,
        guaranteed=("exact",),
    ),
    Case(
        name="one proportion drawn from Jeffreys' prior",
        kind="coverage",
        draw=partial(one_sample, prior=True),
        run=jeffreys,
        n=80,
        reps=2000,
    ),
    Case(
        name="one proportion",
        kind="size",
        draw=one_sample,
        run=against_null,
        n=80,
        reps=2000,
        guaranteed=("exact",),
    ),
    Case(
        name="two proportions",
        kind="coverage",
        draw=two_arms,
        run=contrasts,
        n=160,
        reps=1000,
        guaranteed=("odds ratio, conditional",),
    ),
    Case(
        name="two proportions, unconditional",
        kind="coverage",
        draw=two_arms,
        run=unconditional_limits,
        n=24,
        reps=300,
        guaranteed=("difference, exact",),
    ),
    Case(
        name="two proportions",
        kind="size",
        draw=partial(two_arms, change=lambda low: low),
        run=equality_tests,
        n=160,
        reps=1000,
        guaranteed=(
            "Fisher, two-sided",
            "Fisher, less",
            "Fisher, greater",
            "odds ratio, conditional",
        ),
        allowances={
            "chi-square, yates": Allowance(
                by=0.02,
                why="the correction brings it near Fisher's test, whose steps keep it below its level",
            )
        },
    ),
    Case(
        name="two proportions, unconditional",
        kind="size",
        draw=partial(two_arms, change=lambda low: low),
        run=unconditional_test,
        n=24,
        reps=300,
        guaranteed=("difference, exact",),
    ),
    Case(
        name="non-inferiority, difference",
        kind="size",
        draw=partial(two_arms, change=lambda low: low + MARGIN),
        run=noninferiority_of_difference,
        n=200,
        reps=2000,
        level=0.025,
    ),
    Case(
        name="non-inferiority, ratio",
        kind="size",
        draw=partial(two_arms, change=lambda low: low * RATIO_MARGIN),
        run=noninferiority_of_ratio,
        n=200,
        reps=2000,
        level=0.025,
    ),
    Case(
        name="odds ratio, 4 strata",
        kind="coverage",
        draw=partial(in_strata, log_odds_ratio=LOG_ODDS),
        run=common_odds,
        n=200,
        reps=1000,
        guaranteed=("exact",),
    ),
    Case(
        name="difference, 4 strata",
        kind="coverage",
        draw=partial(in_strata, difference=DIFFERENCE),
        run=common_difference,
        n=200,
        reps=1000,
    ),
    Case(
        name="two proportions, 4 strata",
        kind="size",
        draw=partial(in_strata, difference=0.0),
        run=stratified_tests,
        n=200,
        reps=1000,
        guaranteed=("odds ratio, exact",),
    ),
    Case(
        name="marginal contrast", kind="coverage", draw=with_covariates, run=marginal_limits, n=200, reps=500
    ),
    Case(
        name="marginal contrast",
        kind="size",
        draw=partial(with_covariates, effect=0.0),
        run=marginal_tests,
        n=200,
        reps=500,
    ),
    Case(
        name="proportion of lesions in subjects",
        kind="coverage",
        draw=lesions,
        run=lesion_share,
        n=100,
        reps=2000,
    ),
]
