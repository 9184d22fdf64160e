"""Size of the tests and coverage of the limits of Cox models and of what is computed from them."""

from __future__ import annotations

from functools import partial

import numpy as np
from tests.statistical.curve_cases import curve_covers
from tests.statistical.harness import Case, covers
from tests.statistical.samples import cumulative_hazard, one_event, survival

from skeletal.data import RightCensored
from skeletal.survival import (
    baseline_hazard,
    concordance,
    cox,
    linear_combination,
    predicted_survival,
    profile_limits,
    proportionality,
    subgroup_effects,
)

EFFECT = (-0.6, 0.4, 0.3)
ARM = ["arm"]


def global_tests(fit, label=""):
    """Return the p-values of the tests of a fit whose covariates do nothing."""
    return {
        f"{label}score": fit.score_test.p_value,
        f"{label}Wald": fit.wald_test.p_value,
        f"{label}likelihood ratio": fit.likelihood_ratio_test.p_value,
        f"{label}Wald of the arm": fit.p_value[0],
    }


def tie_rules(trial):
    found = {}
    for ties in ("efron", "breslow", "exact"):
        found |= global_tests(cox(trial.data, trial.covariates[["arm", "age"]], ties=ties), f"{ties}, ")
    return found


def robust_tests(trial):
    fit = cox(trial.data, trial.covariates, cluster=trial.cluster)
    return {"robust score": fit.robust_score_test.p_value, "robust Wald": fit.wald_test.p_value}


def coefficients(fit, truths=EFFECT):
    return {
        name: covers(truth, low, high)
        for name, truth, low, high in zip(fit.names, truths, fit.lower, fit.upper, strict=True)
    }


def plain(trial):
    fit = cox(trial.data, trial.covariates)
    both = linear_combination(fit, {"arm": 1.0, "age": 2.0})
    found = coefficients(fit)
    found["arm + 2 age"] = covers(EFFECT[0] + 2 * EFFECT[1], both.lower, both.upper)
    found |= curve_covers(baseline_hazard(fit), [0.4, 0.8], cumulative_hazard([0.4, 0.8]), "baseline hazard")
    for row in (0, 1):
        new = trial.covariates.iloc[[row]]
        truth = survival([0.4, 0.8, 1.2], new.to_numpy()[0] @ EFFECT)
        found |= curve_covers(
            predicted_survival(fit, new)[0], [0.4, 0.8, 1.2], truth, f"survival of row {row}"
        )
    return found


def stratified(trial):
    return coefficients(cox(trial.data, trial.covariates, strata=trial.stratum))


def clustered(trial):
    return coefficients(cox(trial.data, trial.covariates, cluster=trial.cluster))


def firth_limits(trial):
    fit = cox(trial.data, trial.covariates[ARM], penalty="firth", ties="breslow")
    return {"profile": covers(-0.7, fit.lower[0], fit.upper[0])}


def profile(trial):
    limits = profile_limits(cox(trial.data, trial.covariates[ARM]))
    return {"profile": covers(-0.7, limits["lower"].iloc[0], limits["upper"].iloc[0])}


def firth_test(trial):
    return {"profile": cox(trial.data, trial.covariates[ARM], penalty="firth").p_value[0]}


def proportional(trial):
    found = {}
    for transform in ("km", "rank", "identity", "log"):
        rows = proportionality(trial.data, trial.covariates, transform=transform)["p_value"]
        found |= {f"{transform}, {name}": rows[name] for name in ("arm", "age", "GLOBAL")}
    return found


def subgroup_tests(trial):
    one = subgroup_effects(trial.data, trial.arm, trial.stratum, covariates=trial.covariates[["age"]])
    each = subgroup_effects(trial.data, trial.arm, trial.stratum, model="separate")
    return {
        "one model, likelihood ratio": one.likelihood_ratio_test.p_value,
        "one model, Wald": one.wald_test.p_value,
        "separate models, likelihood ratio": each.likelihood_ratio_test.p_value,
    }


def subgroup_limits(trial):
    found = {}
    for model in ("interaction", "separate"):
        effects = subgroup_effects(trial.data, trial.arm, trial.stratum, model=model)
        for label, low, high in zip(effects.labels, effects.lower, effects.upper, strict=True):
            if label != "overall":
                found[f"{model}, subgroup {label}"] = covers(np.exp(EFFECT[0]), low, high)
    return found


SLOPE, END, DROPOUT = 0.6, 2.0, 0.25


def ranked(rng, n):
    """Draw constant hazards exp(SLOPE x), x normal; censored by dropout at a constant rate and at END."""
    trial = one_event(rng, n)
    x = trial.covariates["age"].to_numpy()
    time = rng.exponential(np.exp(-SLOPE * x))
    end = np.minimum(rng.exponential(1 / DROPOUT, n), END)
    return cox(RightCensored(np.minimum(time, end), time <= end), trial.covariates[["age"]])


def true_concordance(dropout):
    """Return the share of pairs in which the higher risk comes first, by the midpoint rule.

    Of two rates a > b the one comes first, before END and both dropouts, with chance a/s (1 - exp(-s END)),
    s = a + b + 2 dropout.  Uno's weights take the dropouts away.
    """
    width = 0.02
    sums, differences = (
        np.arange(-8, 8, width)[:, None] + width / 2,
        np.arange(0, 8, width)[None, :] + width / 2,
    )
    higher, lower = (np.exp(SLOPE * (sums + sign * differences) / np.sqrt(2)) for sign in (1, -1))
    total = higher + lower + 2 * dropout
    seen = -np.expm1(-total * END) / total * np.exp(-(sums**2 + differences**2) / 2)
    return float((higher * seen).sum() / ((higher + lower) * seen).sum())


TRUE_CONCORDANCE = {"harrell": true_concordance(DROPOUT), "uno": true_concordance(0.0)}


def concordances(fit):
    found = {}
    for weight, truth in TRUE_CONCORDANCE.items():
        estimate = concordance(fit, weight=weight)
        found[weight] = covers(truth, estimate.lower, estimate.upper)
    return found


CASES = [
    Case(
        name="Cox, 3 covariates",
        kind="size",
        draw=one_event,
        run=lambda trial: global_tests(cox(trial.data, trial.covariates)),
        n=150,
        reps=1000,
    ),
    Case(
        name="Cox, monthly times",
        kind="size",
        draw=partial(one_event, months=True),
        run=tie_rules,
        n=150,
        reps=300,
    ),
    Case(
        name="Cox, clusters of 2",
        kind="size",
        draw=partial(one_event, rows_per_cluster=2),
        run=robust_tests,
        n=300,
        reps=1000,
    ),
    Case(name="Cox, Firth", kind="size", draw=one_event, run=firth_test, n=36, reps=500),
    Case(
        name="Cox, Firth",
        kind="coverage",
        draw=partial(one_event, effect=(-0.7, 0.0, 0.0)),
        run=firth_limits,
        n=36,
        reps=500,
    ),
    Case(
        name="Cox, profile",
        kind="coverage",
        draw=partial(one_event, effect=(-0.7, 0.0, 0.0)),
        run=profile,
        n=80,
        reps=500,
    ),
    Case(
        name="Cox and predictions",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT),
        run=plain,
        n=150,
        reps=1000,
    ),
    Case(
        name="Cox, delayed entry",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT, late=True),
        run=lambda trial: coefficients(cox(trial.data, trial.covariates)),
        n=200,
        reps=1000,
    ),
    Case(
        name="Cox, Efron, monthly times",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT, months=True),
        run=lambda trial: coefficients(cox(trial.data, trial.covariates)),
        n=150,
        reps=1000,
    ),
    Case(
        name="Cox, 3 strata",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT, by_stratum=0.6),
        run=stratified,
        n=150,
        reps=1000,
    ),
    Case(
        name="Cox, clusters of 2, robust",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT, rows_per_cluster=2),
        run=clustered,
        n=300,
        reps=1000,
    ),
    Case(
        name="proportional hazards",
        kind="size",
        draw=partial(one_event, effect=EFFECT),
        run=proportional,
        n=150,
        reps=300,
    ),
    Case(
        name="interaction with 3 subgroups",
        kind="size",
        draw=partial(one_event, effect=(-0.6, 0.4, 0.0), by_stratum=0.4),
        run=subgroup_tests,
        n=250,
        reps=250,
    ),
    Case(
        name="hazard ratio by subgroup",
        kind="coverage",
        draw=partial(one_event, effect=(-0.6, 0.0, 0.0), by_stratum=0.4),
        run=subgroup_limits,
        n=250,
        reps=250,
    ),
    Case(name="concordance", kind="coverage", draw=ranked, run=concordances, n=200, reps=1000),
]
