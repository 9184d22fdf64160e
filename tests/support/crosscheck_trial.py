"""Run folders without reports, of studies that declare what a cross-check recomputes."""

from __future__ import annotations

import json

from skeletal.outcomes import cut_as_planned, derive_outcomes
from skeletal.plan import analyse
from skeletal.records import make_records, write_csv, write_records
from skeletal.study import Analysis, changed_study, load_study, lock_study, parse_study
from skeletal_reports.derived import write_derived
from skeletal_reports.provenance import data_as_of, write_manifest
from skeletal_synthetic import simulate_trial

FREE, FIRST, LESION, ALL = "sse-free-survival", "sse-incidence", "lesion-sse-incidence", "sse-recurrent"
SCALES = ("log-log", "log", "plain", "logit", "arcsine")
LATE = {"name": "modestly-weighted", "t_star": 180}
AGE = {"covariates": ["age"]}

# analysis -> estimand, method, options: what the methods' declared defaults leave out
VARIANTS = {
    **{f"km-{c}": (FREE, "kaplan_meier", {"times": [1, 365, 700], "conf_type": c}) for c in SCALES},
    **{f"ci-{c}": (FIRST, "cumulative_incidence", {"times": [100, 700], "conf_type": c}) for c in SCALES},
    **{
        f"lr-{name}": (FREE, "logrank", {"strata": ["sex"], "weight": {"name": name}})
        for name in ("unweighted", "gehan", "tarone-ware", "peto-peto")
    },
    "lr-modest": (FREE, "logrank", {"weight": LATE}),
    "lr-rho": (FREE, "logrank", {"weight": {"name": "fleming-harrington", "rho": 1, "gamma": 0}}),
    "trend-plain": (FREE, "logrank_trend", {"scores": [0, 1], "strata": ["sex"]}),
    "jackknife": (FIRST, "cumulative_incidence", {"times": [365], "variance": "jackknife"}),
    "gray": (FIRST, "gray_test", {}),
    "exact": (FREE, "cox", {"ties": "exact", "strata": ["sex"], **AGE}),
    "breslow": (FREE, "cox", {"ties": "breslow", "covariates": ["age", "kps"]}),
    "lesion-curve": (LESION, "cumulative_incidence", {"times": [183, 365]}),
    "lesion-survival": (LESION, "kaplan_meier", {"times": [200, 365]}),
    "lesion-cause": (LESION, "cause_specific_cox", AGE),
    "lesion-agreement": (LESION, "concordance", AGE),
    "lesion-weibull": (LESION, "parametric", AGE),
    "lesion-share": (LESION, "proportion", {"times": [365]}),
    "rate-ratio": (ALL, "andersen_gill", {"strata": ["sex"], "ties": "breslow", **AGE}),
    "number": (ALL, "mean_cumulative", {"times": [200, 600], "conf_type": "plain", "conf_level": 0.9}),
    "rate": (ALL, "event_rate", {"conf_level": 0.9}),
    "rate-each": (ALL, "event_rate", {"rate": "per_subject"}),
    "periods": (ALL, "period_rate", {}),
    "exponential": (FREE, "parametric", {"distribution": "exponential", **AGE}),
    "log-logistic": (FREE, "parametric", {"distribution": "log-logistic", **AGE}),
    "flexible": (FREE, "parametric", {"distribution": "spline"}),
    "proportional-km": (FREE, "proportionality", {"strata": ["sex"], **AGE}),
    "proportional-log": (FREE, "proportionality", {"transform": "log"}),
    "harrell": (FREE, "concordance", {"strata": ["sex"], **AGE}),
    "survival-difference": (FREE, "survival_contrast", {"times": [200]}),
    "survival-ratio": (FREE, "survival_contrast", {"times": [200], "kind": "ratio"}),
    "incidence-log": (
        FIRST,
        "incidence_contrast",
        {"times": [200], "kind": "log-log", "variance": "greenwood"},
    ),
    "mean-difference": (FREE, "restricted_mean_contrast", {"horizon": 365}),
    "mean-lost": (FREE, "restricted_mean_contrast", {"horizon": 500, "kind": "lost_ratio"}),
    "mean-strata": (FREE, "restricted_mean_test", {"horizon": 365, "strata": ["sex"]}),
    "wald": (FIRST, "risk_difference", {"times": [365], "formula": "wald"}),
    "newcombe": (FIRST, "risk_difference", {"times": [365]}),
    "woolf": (FIRST, "odds_ratio", {"times": [365]}),
    "pooled": (FIRST, "proportions_test", {"times": [365]}),
    "unpooled": (FIRST, "proportions_test", {"times": [365], "formula": "unpooled"}),
    "fisher-exact": (FIRST, "fisher_test", {"times": [365]}),
    "fisher-mid": (FIRST, "fisher_test", {"times": [365], "formula": "mid"}),
    "not-worse-wald": (
        FIRST,
        "noninferiority_test",
        {"times": [365], "margin": 0.1, "formula": "wald", "alternative": "less"},
    ),
    "strata-gap": (FIRST, "stratified_risk_difference", {"times": [365], "strata": ["sex"]}),
    "fine-gray-two": (FIRST, "fine_gray", {"covariates": ["age", "kps"]}),
    "fine-gray-strata": (FIRST, "fine_gray", {"strata": ["sex"]}),
    "curve-of-mean": (
        FREE,
        "predicted_survival",
        {"times": [365], "ties": "breslow", "conf_type": "log", **AGE},
    ),
}
AWKWARD = ('Radio "now" — 8 Gy', "Beob\\achtung, spät's")


def declared_study(declared):
    analyses = {name: Analysis(estimand=e, method=m, **o) for name, (e, m, o) in declared.items()}
    return changed_study(load_study("hermes"), analyses=analyses)


def renamed(study, records, names):
    """Give the arms other names, control first, in the study and in the records."""
    mapping = dict(zip(study.arm_names, names, strict=True))
    tables = {name: frame.copy() for name, frame in records.tables.items()}
    tables["subjects"]["arm"] = tables["subjects"]["arm"].map(mapping)
    return parse_study(_replaced(lock_study(study), mapping)), make_records(tables)


def _replaced(text, mapping):
    for old, new in mapping.items():
        text = text.replace(json.dumps(old), json.dumps(new)).replace(
            f"\n{old} = ", f"\n{json.dumps(new)} = "
        )
    return text


def write_run(folder, study, records, *, with_records=True):
    """Write the parts of a run folder that a cross-check reads."""
    records = cut_as_planned(records, study)
    outcomes = derive_outcomes(records, study)
    write_derived(outcomes, records, folder / "data")
    if with_records:
        write_records(records, folder / "data/records")
    write_csv(analyse(outcomes, study).frame, folder / "results/results.csv")
    (folder / "study.lock.toml").write_text(lock_study(study), encoding="utf-8")
    write_manifest(folder, {"data_as_of": data_as_of(records, study).isoformat()})
    return folder


def simulated_run(folder, declared, *, n_subjects=None, seed=5):
    study = declared_study(declared)
    records = simulate_trial(study, seed=seed, n_subjects=n_subjects)
    return write_run(folder, study, records)
