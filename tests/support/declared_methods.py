"""A simulated trial whose study declares an analysis of every method of first events."""

from __future__ import annotations

from functools import cache

from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.study import Analysis, changed_study, load_study
from skeletal_synthetic import simulate_trial

FREE, FIRST = "sse-free-survival", "sse-incidence"
LATE = {"name": "fleming-harrington", "rho": 0, "gamma": 1}
PLAIN = {"name": "unweighted"}
WEIGHTS = {"weights": [PLAIN, LATE]}

# analysis -> estimand, method, options
DECLARED = {
    "hazard": (FREE, "nelson_aalen", {"times": [200, 400]}),
    "follow": (FREE, "follow_up", {"times": [300]}),
    "band": (FREE, "simultaneous_band", {"times": [200], "kind": "hall-wellner", "conf_type": "log"}),
    "given": (FREE, "conditional_survival", {"times": [400], "given": 180}),
    "greenwood": (FIRST, "cumulative_incidence", {"times": [365], "variance": "greenwood"}),
    "naive": (FIRST, "naive_incidence", {"times": [365], "conf_type": "plain"}),
    "late": (FREE, "logrank", {"weight": LATE, "strata": ["sex"]}),
    "trend": (FREE, "logrank_trend", {"scores": [0, 2], "weight": {"name": "gehan"}}),
    "permuted": (FREE, "logrank_permutation", {"tie_scores": "average-scores", "distribution": "asymptotic"}),
    "combo": (FREE, "max_combo", {**WEIGHTS, "strata": ["sex"], "alternative": "less"}),
    "gray": (FIRST, "gray_test", {"rho": 1, "strata": ["sex"]}),
    "firth": (FREE, "cox", {"penalty": "firth", "ties": "breslow", "covariates": ["age"]}),
    "cause": (FIRST, "cause_specific_cox", {"covariates": ["age"], "ties": "breslow"}),
    "fine-gray": (FIRST, "fine_gray", {"covariates": ["age"], "censoring_strata": ["sex"]}),
    "weibull": (FREE, "parametric", {"covariates": ["age"]}),
    "log-normal": (FREE, "parametric", {"distribution": "log-normal"}),
    "piecewise": (FREE, "piecewise_exponential", {"cuts": [180, 365]}),
    "proportional": (FREE, "proportionality", {"covariates": ["age"], "transform": "rank"}),
    "agreement": (FREE, "concordance", {"covariates": ["age"], "kind": "uno"}),
    "subgroups": (FREE, "subgroup_effects", {"subgroups": ["sex"], "conf_level": 0.9}),
    "curve-at-60": (
        FREE,
        "predicted_survival",
        {"covariates": ["age"], "times": [365], "rows": [{"age": 60}, {"age": 75}]},
    ),
    "incidence-of-mean": (FIRST, "predicted_incidence", {"covariates": ["age"], "times": [365]}),
    "risk": (FIRST, "absolute_risk", {"times": [365], "product": "product-limit"}),
    "survival-gap": (FREE, "survival_contrast", {"times": [365], "kind": "log-log"}),
    "incidence-gap": (
        FIRST,
        "incidence_contrast",
        {"times": [365], "kind": "ratio", "variance": "jackknife"},
    ),
    "mean": (FREE, "restricted_mean", {"horizon": 365, "conf_level": 0.9}),
    "mean-ratio": (FREE, "restricted_mean_contrast", {"horizon": 365, "kind": "ratio", "strata": ["sex"]}),
    "mean-test": (FREE, "restricted_mean_test", {"horizon": 365}),
    "mean-model": (FREE, "restricted_mean_regression", {"horizon": 365, "covariates": ["age"]}),
    "lost": (FIRST, "years_lost", {"horizon": 365}),
    "lost-gap": (FIRST, "years_lost_contrast", {"horizon": 365}),
    "difference": (FIRST, "risk_difference", {"times": [180, 365], "formula": "miettinen-nurminen"}),
    "risk-ratio": (FIRST, "risk_ratio", {"times": [365]}),
    "odds": (FIRST, "odds_ratio", {"times": [365], "formula": "conditional", "conf_level": 0.9}),
    "chi-square": (FIRST, "proportions_test", {"times": [365], "formula": "yates"}),
    "fisher": (FIRST, "fisher_test", {"times": [365], "formula": "mid", "alternative": "less"}),
    "not-worse": (
        FIRST,
        "noninferiority_test",
        {"times": [365], "margin": 1.2, "kind": "ratio", "alternative": "less"},
    ),
    "cmh": (FIRST, "cmh_test", {"times": [365], "strata": ["sex"]}),
    "common-odds": (FIRST, "stratified_odds_ratio", {"times": [365], "strata": ["sex"]}),
    "common-gap": (
        FIRST,
        "stratified_risk_difference",
        {"times": [365], "strata": ["sex"], "formula": "miettinen-nurminen"},
    ),
    "standardised": (FIRST, "marginal_contrast", {"times": [365], "covariates": ["age"], "kind": "ratio"}),
}


@cache
def trial():
    """Return the outcomes and the results."""
    study = load_study("hermes")
    analyses = {
        name: Analysis(estimand=estimand, method=method, **options)
        for name, (estimand, method, options) in DECLARED.items()
    }
    study = changed_study(study, analyses=analyses)
    outcomes = derive_outcomes(simulate_trial(study, seed=5), study)
    return outcomes, analyse(outcomes, study)
