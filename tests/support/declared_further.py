"""A simulated trial whose study declares an analysis of every method beyond first events."""

from __future__ import annotations

from functools import cache

from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.study import Analysis, Multiplicity, changed_study, load_study
from skeletal_synthetic import simulate_trial

ALL, FIRST, LESION = "sse-recurrent", "sse-incidence", "lesion-sse-incidence"
PRIORITIES = ("overall-survival", "cord_compression", "surgery", "fracture", "radiation")

# analysis -> estimand, method, options
DECLARED_EVENTS = {
    "mean": (ALL, "mean_cumulative", {"times": [365], "conf_type": "plain"}),
    "mean-test": (ALL, "mean_cumulative_test", {"kind": "linear", "strata": ["sex"]}),
    "mean-gap": (ALL, "mean_cumulative_contrast", {"times": [365], "kind": "ratio", "conf_level": 0.9}),
    "rate-model": (ALL, "andersen_gill", {"at_risk": "removed"}),
    "pwp": (ALL, "ordered_events", {"model": "pwp-gap", "max_order": 2, "effects": "by_order"}),
    "wlw": (ALL, "ordered_events", {"model": "wlw", "max_order": 2, "covariates": ["age"]}),
    "means-model": (ALL, "ghosh_lin", {"covariates": ["age"], "censoring_strata": ["sex"]}),
    "frailty": (ALL, "frailty_rate", {"covariates": ["age"]}),
    "alive": (ALL, "while_alive_rate", {"horizon": 365}),
    "alive-gap": (ALL, "while_alive_contrast", {"horizon": 365, "kind": "difference"}),
    "answers": (ALL, "recurrent_answers", {"horizon": 365}),
    "window": (ALL, "window_effect", {}),
    "exact": (ALL, "rate_ratio", {"model": "exact", "conf_level": 0.9}),
    "adjusted": (ALL, "rate_ratio", {"covariates": ["age"]}),
    "gap": (ALL, "rate_difference", {"formula": "wald"}),
    "counts": (
        ALL,
        "rate_regression",
        {"model": "quasi-poisson", "covariates": ["age"], "at_risk": "removed"},
    ),
    "last-event": (ALL, "recurrent_win_ratio", {"kind": "naive", "strata": ["sex"]}),
    "second": (ALL, "state_occupation", {"state": "1 event", "max_order": 2, "times": [365]}),
    "landmark": (
        ALL,
        "state_occupation",
        {"state": "dead", "from_state": "event-free", "landmark": 100, "times": [365]},
    ),
    "free-time": (ALL, "time_in_state", {"state": "event-free", "horizon": 365}),
    "free-gap": (ALL, "time_in_state_contrast", {"state": "event-free", "horizon": 365, "kind": "ratio"}),
    "transitions": (ALL, "transition_cox", {"covariates": ["age"], "clock": "reset"}),
    "turnbull": (FIRST, "turnbull", {"times": [365]}),
    "interval-test": (FIRST, "interval_logrank", {"kind": "wmw", "formula": "score"}),
    "interval-model": (FIRST, "interval_regression", {"covariates": ["age"], "baseline": "exponential"}),
    "imputed-times": (FIRST, "imputation_comparison", {}),
    "wins": (
        FIRST,
        "win_statistics",
        {"priorities": PRIORITIES, "margins": [0, 7, 0, 0, 0], "strata": ["sex"], "stratum_weight": "size"},
    ),
    "lesions": (LESION, "lesion_risk", {"times": [365], "kind": "ratio"}),
    "lesion-risk": (LESION, "lesion_incidence", {"times": [365]}),
    "by-sex": (FIRST, "subgroup_risks", {"times": [365], "subgroups": ["sex"], "kind": "odds-ratio"}),
    "lesion-times": (LESION, "lesion_times", {"covariates": ["age"]}),
}
DECLARED_VALUES = {
    "missing": ("missing_visits", {}),
    "mixed": ("mixed_model", {"covariance": "heterogeneous-ar1", "df": "kenward-roger"}),
    "equations": ("gee", {"working": "ar1", "small_sample": "mancl-derouen"}),
    "responses": ("responder_contrast", {"times": [183], "threshold": 3, "missing": "observed"}),
    "imputed": ("imputed_contrast", {"times": [183], "n_imputations": 3, "seed": 1, "delta": 0.5}),
    "tipping": ("tipping_point", {"times": [183], "n_imputations": 3, "seed": 1, "deltas": [0, 1]}),
}
MEASURE = "worst-pain"
FAMILIES = {
    "holm": Multiplicity(method="holm", hypotheses=["mean-test", "interval-test", "gap"]),
    "graph": Multiplicity(
        method="graphical",
        hypotheses=["mean-test", "interval-test"],
        weights=[1, 0],
        transitions=[[0, 1], [0, 0]],
        alpha=0.1,
    ),
    "sequence": Multiplicity(method="fixed_sequence", hypotheses=["gap", "mean-test"]),
    "fallback": Multiplicity(method="fallback", hypotheses=["gap", "mean-test"], weights=[0.5, 0.5]),
}


@cache
def further_trial():
    """Return the outcomes and the results."""
    study = load_study("hermes")
    analyses = {
        name: Analysis(estimand=estimand, method=method, **options)
        for name, (estimand, method, options) in DECLARED_EVENTS.items()
    }
    analyses |= {
        name: Analysis(measure=MEASURE, method=method, **options)
        for name, (method, options) in DECLARED_VALUES.items()
    }
    study = changed_study(study, analyses=analyses, multiplicity=FAMILIES)
    outcomes = derive_outcomes(simulate_trial(study, seed=5), study)
    return outcomes, analyse(outcomes, study)
