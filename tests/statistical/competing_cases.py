"""Size of the tests and coverage of the limits where two causes compete."""

from __future__ import annotations

from functools import partial

import numpy as np
from tests.statistical.curve_cases import SCALES, curve_covers
from tests.statistical.harness import Case, covers
from tests.statistical.samples import (
    MONTHS,
    RATES,
    incidence,
    proportional_subdistribution,
    subdistribution,
    two_causes,
)

from skeletal.competing import (
    absolute_risk,
    cause_specific_cox,
    cumulative_incidence,
    fine_gray,
    gray_test,
    incidence_contrast,
    naive_incidence,
    predicted_incidence,
    years_lost,
    years_lost_contrast,
)

TIMES = np.array([0.4, 0.8, 1.2])
CAUSE = "SSE"
HORIZON = 1.2
KINDS = ("difference", "ratio", "log-log")
EFFECTS = ((-0.6, 0.4, 0.3), (0.3, 0.2, 0.0))  # on the rate of the cause and of the other
RATIO = (-0.6, 0.4, 0.3)  # log ratio of subdistribution hazards
BY_ARM = ((-0.6, 0.0, 0.0), (0.3, 0.0, 0.0))


def by_scale(trial):
    found = {}
    for scale in SCALES:
        curve = cumulative_incidence(trial.data, CAUSE, conf_type=scale)
        found |= curve_covers(curve, TIMES, incidence(TIMES), scale)
    naive = naive_incidence(trial.data, CAUSE)
    return found | curve_covers(naive, TIMES, -np.expm1(-RATES[0] * TIMES), "1 - Kaplan-Meier")


def by_variance(trial, times=TIMES, scale=1.0):
    found = {}
    for variance in ("aalen", "greenwood", "jackknife"):
        curve = cumulative_incidence(trial.data, CAUSE, variance=variance)
        found |= curve_covers(curve, times, incidence(np.asarray(times) / scale), variance)
    return found


def clustered(trial):
    curve = cumulative_incidence(trial.data, CAUSE, cluster=trial.cluster)
    return curve_covers(curve, TIMES, incidence(TIMES))


def gray_two_arms(trial):
    data, arm, sex = trial.data, trial.arm, trial.covariates["male"]
    return {
        "rho 0": gray_test(data, arm, CAUSE).p_value,
        "rho 1": gray_test(data, arm, CAUSE, rho=1.0).p_value,
        "rho -1": gray_test(data, arm, CAUSE, rho=-1.0).p_value,
        "stratified": gray_test(data, arm, CAUSE, strata=sex).p_value,
        "stratified, rho 1": gray_test(data, arm, CAUSE, strata=sex, rho=1.0).p_value,
    }


def gray_three_arms(trial):
    data, arm, sex = trial.data, trial.arm, trial.covariates["male"]
    return {
        "rho 0": gray_test(data, arm, CAUSE).p_value,
        "rho 1": gray_test(data, arm, CAUSE, rho=1.0).p_value,
        "stratified": gray_test(data, arm, CAUSE, strata=sex).p_value,
    }


def fine_gray_tests(trial):
    pooled = fine_gray(trial.data, trial.covariates, CAUSE)
    by_arm = fine_gray(trial.data, trial.covariates, CAUSE, censoring_strata=trial.arm)
    changing = fine_gray(trial.data, trial.covariates, CAUSE, time_varying={"arm": np.log1p})
    return {
        "Wald": pooled.wald_test.p_value,
        "Wald of the arm": pooled.p_value[0],
        "Wald, censoring strata": by_arm.wald_test.p_value,
        "arm by time": changing.p_value[list(changing.names).index("arm:time")],
    }


def limits(fit, truths, label):
    return {
        f"{label}{name}": covers(truth, low, high)
        for name, truth, low, high in zip(fit.names, truths, fit.lower, fit.upper, strict=True)
    }


def fine_gray_limits(trial):
    fit = fine_gray(trial.data, trial.covariates, CAUSE)
    found = limits(fit, RATIO, "")
    for row in (0, 1):
        new = trial.covariates.iloc[[row]]
        truth = subdistribution(TIMES, new.to_numpy()[0] @ RATIO)
        found |= curve_covers(predicted_incidence(fit, new)[0], TIMES, truth, f"incidence of row {row}")
    found |= limits(
        fine_gray(trial.data, trial.covariates[["arm", "age"]], CAUSE, strata=trial.covariates["male"]),
        RATIO[:2],
        "stratified, ",
    )
    return found


def dependent_censoring(trial):
    fit = fine_gray(trial.data, trial.covariates, CAUSE, censoring_strata=trial.arm)
    return limits(fit, RATIO, "")


def cause_specific_tests(trial):
    fit = cause_specific_cox(trial.data, trial.covariates, CAUSE)
    return {
        "score": fit.score_test.p_value,
        "Wald": fit.wald_test.p_value,
        "likelihood ratio": fit.likelihood_ratio_test.p_value,
    }


def cause_specific_limits(trial):
    found = limits(cause_specific_cox(trial.data, trial.covariates, CAUSE), EFFECTS[0], "")
    new = trial.covariates.iloc[:2]
    for product in ("exponential", "product-limit"):
        curves = absolute_risk(trial.data, trial.covariates, CAUSE, new, product=product)
        for row, curve in enumerate(curves):
            truth = incidence(TIMES, np.array(EFFECTS) @ new.to_numpy()[row])
            found |= curve_covers(curve, TIMES, truth, f"{product}, risk of row {row}")
    return found


def true_years(effects=(0.0, 0.0)):
    rates = np.multiply(RATES, np.exp(effects))
    total = rates.sum()
    return rates[0] / total * (HORIZON + np.expm1(-total * HORIZON) / total)


def lost(trial):
    estimate = years_lost(trial.data, CAUSE, horizon=HORIZON)
    return {"years lost": covers(true_years(), estimate.lower, estimate.upper)}


def contrast_limits(trial, time=0.8):
    treated = [effects[0] for effects in BY_ARM]
    risks = incidence(time), incidence(time, treated)
    logs = [np.log(-np.log1p(-risk)) for risk in risks]
    truths = {"difference": risks[1] - risks[0], "ratio": risks[1] / risks[0], "log-log": logs[1] - logs[0]}
    found = {}
    for kind, truth in truths.items():
        estimate = incidence_contrast(trial.data, trial.arm, CAUSE, time=time, kind=kind)
        found[kind] = covers(truth, estimate.lower, estimate.upper)
    years = years_lost_contrast(trial.data, trial.arm, CAUSE, horizon=HORIZON)
    found["years lost"] = covers(true_years(treated) - true_years(), years.lower, years.upper)
    return found


def contrast_tests(trial):
    found = {
        kind: incidence_contrast(trial.data, trial.arm, CAUSE, time=0.8, kind=kind).p_value for kind in KINDS
    }
    years = years_lost_contrast(trial.data, trial.arm, CAUSE, horizon=HORIZON)
    return found | {"years lost": years.p_value}


CASES = [
    Case(name="cumulative incidence", kind="coverage", draw=two_causes, run=by_scale, n=200, reps=1000),
    Case(
        name="cumulative incidence by variance",
        kind="coverage",
        draw=two_causes,
        run=by_variance,
        n=150,
        reps=1000,
    ),
    Case(
        name="cumulative incidence, monthly times",
        kind="coverage",
        draw=partial(two_causes, months=True),
        run=partial(by_variance, times=(5, 10, 14), scale=MONTHS),
        n=150,
        reps=1000,
    ),
    Case(
        name="cumulative incidence, delayed entry",
        kind="coverage",
        draw=partial(two_causes, late=True),
        run=by_variance,
        n=200,
        reps=1000,
    ),
    Case(
        name="cumulative incidence, clusters of 2",
        kind="coverage",
        draw=partial(two_causes, rows_per_cluster=2),
        run=clustered,
        n=300,
        reps=1000,
    ),
    Case(
        name="Gray, two arms",
        kind="size",
        draw=partial(proportional_subdistribution, effect=(0, 0, 0.5), longer=0.3),
        run=gray_two_arms,
        n=200,
        reps=1000,
    ),
    Case(
        name="Gray, three arms, monthly times",
        kind="size",
        draw=partial(proportional_subdistribution, arms=3, months=True),
        run=gray_three_arms,
        n=240,
        reps=1000,
    ),
    Case(
        name="Fine-Gray",
        kind="size",
        draw=partial(proportional_subdistribution, other=0.0),
        run=fine_gray_tests,
        n=200,
        reps=500,
    ),
    Case(
        name="Fine-Gray and predictions",
        kind="coverage",
        draw=partial(proportional_subdistribution, effect=RATIO),
        run=fine_gray_limits,
        n=200,
        reps=500,
    ),
    Case(
        name="Fine-Gray, censoring by arm",
        kind="coverage",
        draw=partial(proportional_subdistribution, effect=RATIO, longer=0.5),
        run=dependent_censoring,
        n=200,
        reps=500,
    ),
    Case(name="cause-specific Cox", kind="size", draw=two_causes, run=cause_specific_tests, n=200, reps=500),
    Case(
        name="cause-specific Cox and absolute risk",
        kind="coverage",
        draw=partial(two_causes, effects=EFFECTS),
        run=cause_specific_limits,
        n=200,
        reps=500,
    ),
    Case(name="years lost", kind="coverage", draw=two_causes, run=lost, n=150, reps=2000),
    Case(
        name="incidence contrast at a time",
        kind="coverage",
        draw=partial(two_causes, effects=BY_ARM),
        run=contrast_limits,
        n=200,
        reps=1000,
    ),
    Case(
        name="incidence contrast at a time",
        kind="size",
        draw=two_causes,
        run=contrast_tests,
        n=200,
        reps=1000,
    ),
]
