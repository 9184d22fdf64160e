"""Size of tests and coverage of limits of values at visits, with dropout that the last value decides."""

from __future__ import annotations

from functools import partial

import numpy as np
from scipy.stats import multivariate_normal, norm
from tests.statistical.harness import Allowance, Case, covers

from skeletal.longitudinal import (
    RepeatedMeasures,
    gee,
    imputed_contrast,
    mixed_model,
    responder_contrast,
    rubin,
)

VISITS = (30.0, 60.0, 90.0)
MEANS = (6.0, 5.5, 5.0)  # of pain, control arm
EFFECTS = (-0.4, -0.8, -1.2)
NONE = (0.0, 0.0, 0.0)
DEVIATIONS = np.array([1.5, 1.8, 2.2])
CORRELATION = np.array([[1.0, 0.7, 0.5], [0.7, 1.0, 0.75], [0.5, 0.75, 1.0]])
COVARIANCE = CORRELATION * np.outer(DEVIATIONS, DEVIATIONS)
WITH_BASELINE = 0.6  # correlation of the first value with the baseline of deviation 1
LIMIT = 6.5  # of pain, above which patients leave more often
LEAVE = (0.1, 0.35)  # chance to leave after a visit, at most and above LIMIT
THRESHOLD = 4.0  # of a response
FEW = Allowance(
    by=0.04,
    why="with 24 subjects the residuals from which the robust variance is made are too small (Mancl and "
    "DeRouen 2001)",
)
SMALL_SAMPLES = {"none": "robust", "mancl-derouen": "Mancl and DeRouen"}


def trial(rng, n, *, effects=NONE, at_random=True, baseline=True, leave=LEAVE):
    """Draw values at visits; subjects leave by their last value, or (not ``at_random``) by chance alone."""
    arm, before = np.arange(n) % 2, rng.normal(size=n)
    value = rng.multivariate_normal(MEANS, COVARIANCE, n) + np.multiply.outer(arm, effects)
    if baseline:
        value += WITH_BASELINE * before[:, None]
    above = value > LIMIT if at_random else np.zeros(value.shape, dtype=bool)
    goes = rng.uniform(size=value.shape) < np.where(above, leave[1], leave[0])
    gone = np.cumsum(goes, axis=1) - goes > 0
    gone[:, 0] = False
    k = len(VISITS)
    return RepeatedMeasures(
        np.repeat(np.arange(n), k),
        np.tile(VISITS, n),
        np.where(gone, np.nan, value).ravel(),
        np.repeat(arm, k),
        baseline=np.repeat(before, k) if baseline else None,
    )


def responses(rng, n, *, effects=NONE):
    """Draw responses at visits, some missed by chance."""
    data = trial(rng, n, effects=effects, at_random=False, baseline=False)
    return data.with_values(np.where(data.observed, data.value <= THRESHOLD, np.nan))


def within_all(truths, contrasts):
    return [
        covers(truth, low, high)
        for truth, low, high in zip(truths, contrasts["lower"], contrasts["upper"], strict=True)
    ]


def by_visit(label, truths, contrasts):
    """Return whether the limits hold the effects at the first and the last visit."""
    held = within_all(truths, contrasts)
    return {f"{label}, first visit": held[0], f"{label}, last visit": held[-1]}


def mixed(data, *, choices):
    found = {}
    for label, options in choices.items():
        fit = mixed_model(data, **options)
        assert options.get("covariance", "unstructured") == fit.covariance_used
        found |= by_visit(label, EFFECTS, fit.contrasts)
    return found


def mixed_tests(data, *, choices):
    found = {}
    for label, options in choices.items():
        fit = mixed_model(data, **options)
        found[f"{label}, last visit"] = fit.contrasts["p_value"].iloc[-1]
        found[f"{label}, all visits"] = fit.arm_test.p_value
        found[f"{label}, arm by visit"] = fit.interaction_test.p_value
    return found


def equations(data, *, small_samples=("none", "mancl-derouen")):
    found = {}
    for small in small_samples:
        fit = gee(data, small_sample=small)
        found |= by_visit(SMALL_SAMPLES[small], EFFECTS, fit.contrasts)
    return found


def log_odds_ratios():
    """Return the log odds ratios of a response at the visits."""
    logit = [
        norm.logcdf(THRESHOLD, mean, DEVIATIONS) - norm.logsf(THRESHOLD, mean, DEVIATIONS)
        for mean in (np.array(MEANS), np.add(MEANS, EFFECTS))
    ]
    return logit[1] - logit[0]


LOG_ODDS_RATIOS = log_odds_ratios()


def odds(data):
    return by_visit("log odds ratio", LOG_ODDS_RATIOS, gee(data, family="binomial").contrasts)


def imputed(data):
    result = imputed_contrast(data, visit=VISITS[-1], n_imputations=20, seed=1)
    return {"ANCOVA at the last visit": covers(EFFECTS[-1], result.lower, result.upper)}


def missing_by_chance(rng, n):
    """Draw values of mean 5, of which some are missing, and impute them 5 times from their posterior."""
    value = rng.normal(5.0, 2.0, n)
    known = value[rng.uniform(size=n) < 0.65]
    m, r = 5, known.size
    sigma = np.sqrt(np.sum((known - known.mean()) ** 2) / rng.chisquare(r - 1, m))
    centre = known.mean() + sigma / np.sqrt(r) * rng.normal(size=m)
    drawn = centre[:, None] + sigma[:, None] * rng.normal(size=(m, n - r))
    return np.column_stack([np.tile(known, (m, 1)), drawn])


def pooled(values):
    n = values.shape[1]
    result = rubin(values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(n), df_complete=n - 1)
    return {"mean of 5 imputations": covers(5.0, result.lower, result.upper)}


def response_at_second_visit(effects):
    """Return the chances, at the second visit, to be there and respond, and to respond of those there."""
    mean = np.add(MEANS, effects)[:2]
    both = multivariate_normal(mean, COVARIANCE[:2, :2]).cdf([LIMIT, THRESHOLD])
    at_most, responds = norm.cdf(LIMIT, mean[0], DEVIATIONS[0]), norm.cdf(THRESHOLD, mean[1], DEVIATIONS[1])
    stays = 1 - np.array(LEAVE)
    there = stays @ [at_most, 1 - at_most]
    responder = stays @ [both, responds - both]
    return responder, responder / there


RESPONSES = [response_at_second_visit(effects) for effects in (NONE, EFFECTS)]


def responders(data):
    found = {}
    for k, missing in enumerate(("nonresponse", "observed")):
        old, new = RESPONSES[0][k], RESPONSES[1][k]
        for kind, truth in (
            ("difference", new - old),
            ("odds-ratio", new / (1 - new) / (old / (1 - old))),
        ):
            result = responder_contrast(
                data, visit=VISITS[1], threshold=THRESHOLD, missing=missing, kind=kind
            )
            found[f"{kind}, missing: {missing}"] = covers(truth, result.lower, result.upper)
    return found


USUAL = {"satterthwaite": {}, "kenward-roger": {"df": "kenward-roger"}}
CASES = [
    Case(
        name="mixed model",
        kind="coverage",
        draw=partial(trial, effects=EFFECTS),
        run=partial(mixed, choices={"satterthwaite": {}}),
        n=100,
        reps=200,
    ),
    Case(
        name="mixed model, few subjects",
        kind="coverage",
        draw=partial(trial, effects=EFFECTS, leave=(0.05, 0.15)),
        run=partial(mixed, choices={"kenward-roger": USUAL["kenward-roger"]}),
        n=24,
        reps=200,
    ),
    Case(
        name="mixed model, few subjects",
        kind="size",
        draw=partial(trial, leave=(0.05, 0.15)),
        run=partial(mixed_tests, choices=USUAL),
        n=24,
        reps=150,
    ),
    Case(
        name="estimating equations",
        kind="coverage",
        draw=partial(trial, effects=EFFECTS, at_random=False),
        run=partial(equations, small_samples=("none",)),
        n=120,
        reps=250,
    ),
    Case(
        name="estimating equations, few subjects",
        kind="coverage",
        draw=partial(trial, effects=EFFECTS, at_random=False),
        run=equations,
        n=24,
        allowances={f"robust, {visit} visit": FEW for visit in ("first", "last")},
        reps=120,
    ),
    Case(
        name="estimating equations of responses",
        kind="coverage",
        draw=partial(responses, effects=EFFECTS),
        run=odds,
        n=150,
        reps=80,
    ),
    Case(
        name="values imputed",
        kind="coverage",
        draw=partial(trial, effects=EFFECTS),
        run=imputed,
        n=80,
        reps=500,
    ),
    Case(name="mean of imputed values", kind="coverage", draw=missing_by_chance, run=pooled, n=30, reps=2000),
    Case(
        name="responders",
        kind="coverage",
        draw=partial(trial, effects=EFFECTS, baseline=False),
        run=responders,
        n=150,
        reps=200,
    ),
]
