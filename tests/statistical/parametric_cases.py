"""Size of the likelihood ratio test and coverage of the limits of parametric models."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.special import gammaincinv, ndtri
from tests.statistical.harness import Case, covers
from tests.statistical.samples import SHAPE, Trial, baseline, one_event

from skeletal.data import IntervalCensored, RightCensored
from skeletal.survival import parametric, piecewise_exponential

COEFFICIENTS = (-0.2, 0.4, -0.3)  # intercept, arm and age, on log time
SCALE, Q = 0.7, 0.6
ENDS = (0.4, 4.0)


def gengamma_quantile(p):
    """Return the quantile of the standardised log time: log(Q^2 times a gamma of shape Q^-2)/Q."""
    return np.log(Q**2 * gammaincinv(Q**-2, p)) / Q


QUANTILES = {
    "exponential": lambda p: np.log(-np.log1p(-p)),
    "weibull": lambda p: np.log(-np.log1p(-p)),
    "log-normal": ndtri,
    "log-logistic": lambda p: np.log(p / (1 - p)),
    "generalised-gamma": gengamma_quantile,
}


def log_time(distribution, covariates, p, coefficients=COEFFICIENTS):
    scale = 1.0 if distribution == "exponential" else SCALE
    linear = coefficients[0] + covariates[["arm", "age"]].to_numpy() @ coefficients[1:]
    return linear + scale * QUANTILES[distribution](p)


def of_law(rng, n, distribution, coefficients=COEFFICIENTS):
    arm, covariates, stratum, cluster = baseline(rng, n)
    time = np.exp(log_time(distribution, covariates, rng.uniform(size=n), coefficients))
    end = rng.uniform(*ENDS, n)
    data = RightCensored(np.minimum(time, end), time <= end)
    return Trial(data=data, arm=arm, covariates=covariates, stratum=stratum, cluster=cluster)


def seen_at_visits(rng, n):
    """Draw Weibull times that visits find, a few months apart and now and then missed."""
    trial = of_law(rng, n, "weibull")
    time = np.exp(log_time("weibull", trial.covariates, rng.uniform(size=n)))
    visits = np.cumsum(rng.uniform(0.15, 0.35, (n, 10)), axis=1)
    visits[rng.uniform(size=visits.shape) < 0.15] = np.nan
    left = np.nanmax(np.where(visits < time[:, None], visits, 0.0), axis=1)
    right = np.nanmin(np.where(visits >= time[:, None], visits, np.inf), axis=1)
    return Trial(
        data=IntervalCensored(left, right),
        arm=trial.arm,
        covariates=trial.covariates,
        stratum=trial.stratum,
        cluster=trial.cluster,
    )


def law_limits(trial, distribution):
    fit = parametric(trial.data, trial.covariates[["arm", "age"]], distribution=distribution)
    truths = [*COEFFICIENTS, np.log(SCALE), Q][: len(fit.names)]
    found = {
        name: covers(truth, low, high)
        for name, truth, low, high in zip(fit.names, truths, fit.lower, fit.upper, strict=True)
    }
    new = trial.covariates.iloc[[0]]
    for row in fit.quantile([0.25, 0.5], new).itertuples():
        truth = np.exp(log_time(distribution, new, row.p))[0]
        found[f"quantile {row.p:g}"] = covers(truth, row.lower, row.upper)
    return found


EFFECT = (-0.6, 0.4, 0.0)


def hazard_ratios(trial):
    """Limits of log hazard ratios; the Weibull law of the draw is also a spline."""
    x = trial.covariates[["arm", "age"]]
    weibull = parametric(trial.data, x)
    half = 1.959964 * weibull.log_hazard_ratio_std_error
    spline = parametric(trial.data, x, distribution="spline")
    found = {}
    for j, name in enumerate(x.columns):
        centre = weibull.log_hazard_ratio[j]
        found[f"weibull, {name}"] = covers(EFFECT[j], centre - half[j], centre + half[j])
        found[f"spline, {name}"] = covers(EFFECT[j], spline.lower[j + 1], spline.upper[j + 1])
    new = x.iloc[[0]]
    row = spline.quantile([0.5], new).iloc[0]
    truth = (np.log(2) * np.exp(-(new.to_numpy()[0] @ EFFECT[:2]))) ** (1 / SHAPE)
    return found | {"spline, median": covers(truth, row["lower"], row["upper"])}


def clustered(trial):
    fit = parametric(trial.data, trial.covariates[["arm", "age"]], cluster=trial.cluster)
    truths = (0.0, -EFFECT[0] / SHAPE, -EFFECT[1] / SHAPE, -np.log(SHAPE))
    return {
        name: covers(truth, low, high)
        for name, truth, low, high in zip(fit.names, truths, fit.lower, fit.upper, strict=True)
    }


def likelihood_ratio(trial, distribution):
    fit = parametric(trial.data, trial.covariates[["arm", "age"]], distribution=distribution)
    return {"likelihood ratio": fit.likelihood_ratio_test.p_value}


CUTS, STEPS = np.array([0.4, 0.8]), np.array([0.4, 0.8, 1.2])
RATIOS = (-0.5, 0.3)


def piecewise_law(rng, n, ratios=RATIOS):
    arm, covariates, stratum, cluster = baseline(rng, n)
    exposure = rng.exponential(np.exp(-covariates[["arm", "age"]].to_numpy() @ ratios))
    starts = np.append(0.0, CUTS)
    reached = np.append(0.0, np.cumsum(STEPS[:-1] * np.diff(starts)))
    piece = np.searchsorted(reached, exposure, side="right") - 1
    time = starts[piece] + (exposure - reached[piece]) / STEPS[piece]
    end = rng.uniform(0.3, 2.2, n)
    data = RightCensored(np.minimum(time, end), time <= end)
    return Trial(data=data, arm=arm, covariates=covariates, stratum=stratum, cluster=cluster)


def piecewise_limits(trial):
    fit = piecewise_exponential(trial.data, trial.covariates[["arm", "age"]], cuts=CUTS)
    return {
        name: covers(truth, low, high)
        for name, truth, low, high in zip(
            fit.names, [*np.log(STEPS), *RATIOS], fit.lower, fit.upper, strict=True
        )
    }


def piecewise_tests(trial):
    fit = piecewise_exponential(trial.data, trial.covariates[["arm", "age"]], cuts=CUTS)
    return {
        "score": fit.score_test.p_value,
        "Wald": fit.wald_test.p_value,
        "likelihood ratio": fit.likelihood_ratio_test.p_value,
    }


CASES = [
    *(
        Case(
            name=f"parametric, {law}",
            kind="coverage",
            draw=partial(of_law, distribution=law),
            run=partial(law_limits, distribution=law),
            n=300 if law == "generalised-gamma" else 150,
            reps=200 if law == "generalised-gamma" else 500,
        )
        for law in QUANTILES
    ),
    Case(
        name="parametric, weibull, interval-censored",
        kind="coverage",
        draw=seen_at_visits,
        run=partial(law_limits, distribution="weibull"),
        n=150,
        reps=500,
    ),
    Case(
        name="parametric hazard ratios",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT),
        run=hazard_ratios,
        n=200,
        reps=500,
    ),
    Case(
        name="parametric, weibull, clusters of 2, robust",
        kind="coverage",
        draw=partial(one_event, effect=EFFECT, rows_per_cluster=2),
        run=clustered,
        n=300,
        reps=500,
    ),
    *(
        Case(
            name=f"parametric, {law}",
            kind="size",
            draw=partial(of_law, distribution=law, coefficients=(-0.2, 0.0, 0.0)),
            run=partial(likelihood_ratio, distribution=law),
            n=300 if law == "generalised-gamma" else 150,
            reps=200 if law == "generalised-gamma" else 500,
        )
        for law in QUANTILES
    ),
    Case(
        name="parametric, spline",
        kind="size",
        draw=one_event,
        run=partial(likelihood_ratio, distribution="spline"),
        n=150,
        reps=500,
    ),
    Case(
        name="piecewise exponential",
        kind="coverage",
        draw=piecewise_law,
        run=piecewise_limits,
        n=200,
        reps=500,
    ),
    Case(
        name="piecewise exponential",
        kind="size",
        draw=partial(piecewise_law, ratios=(0.0, 0.0)),
        run=piecewise_tests,
        n=200,
        reps=500,
    ),
]
