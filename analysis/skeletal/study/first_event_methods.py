"""Methods that read the time to a first event."""

from __future__ import annotations

from types import MappingProxyType

from .method_rule import BOUNDED, CONTRAST, COX, CURVE, MethodRule, choices

_AT_TIMES = ("times", "conf_level", "formula")
_INCIDENCE = ("aalen", "greenwood", "jackknife")
_RATIOS = (*CONTRAST, "lost_ratio")

FIRST_EVENT_METHODS = MappingProxyType(
    {
        "kaplan_meier": MethodRule(options=CURVE, choices=BOUNDED, clustered=True),
        "nelson_aalen": MethodRule(options=("times", "conf_level")),
        "follow_up": MethodRule(options=("times",)),
        "simultaneous_band": MethodRule(
            options=(*CURVE, "kind"),
            choices=choices(**BOUNDED, kind=("equal-precision", "hall-wellner")),
        ),
        "conditional_survival": MethodRule(options=(*CURVE, "given"), needs=("given",), choices=BOUNDED),
        "cumulative_incidence": MethodRule(
            options=(*CURVE, "variance"),
            choices=choices(**BOUNDED, variance=_INCIDENCE),
            clustered=True,
        ),
        "naive_incidence": MethodRule(options=CURVE, choices=BOUNDED),
        "logrank": MethodRule(options=("strata", "weight")),
        "logrank_trend": MethodRule(options=("scores", "strata", "weight"), needs=("scores",)),
        "logrank_permutation": MethodRule(
            options=("tie_scores", "distribution"),
            choices=choices(
                tie_scores=("mid-ranks", "hothorn-lausen", "average-scores"),
                distribution=("exact", "asymptotic", "monte-carlo"),
            ),
        ),
        "max_combo": MethodRule(
            options=("weights", "strata", "alternative"),
            needs=("weights",),
            choices=choices(alternative=("two-sided", "less", "greater")),
        ),
        "gray_test": MethodRule(options=("strata", "rho")),
        "cox": MethodRule(
            options=(*COX, "penalty"),
            choices=choices(ties=("efron", "breslow", "exact")),
            clustered=True,
        ),
        "cause_specific_cox": MethodRule(
            options=COX, choices=choices(ties=("efron", "breslow", "exact")), clustered=True
        ),
        "fine_gray": MethodRule(options=("covariates", "strata", "censoring_strata")),
        "parametric": MethodRule(
            options=("covariates", "distribution"),
            choices=choices(
                distribution=(
                    "weibull", "exponential", "log-normal", "log-logistic", "generalised-gamma", "spline",
                )
            ),
            clustered=True,
        ),
        "piecewise_exponential": MethodRule(options=("covariates", "cuts"), needs=("cuts",)),
        "proportionality": MethodRule(
            options=("covariates", "strata", "transform"),
            choices=choices(transform=("km", "rank", "identity", "log")),
        ),
        "concordance": MethodRule(
            options=(*COX, "kind"),
            choices=choices(ties=("efron", "breslow", "exact"), kind=("harrell", "uno")),
            clustered=True,
        ),
        "subgroup_effects": MethodRule(
            options=(*COX, "subgroups", "conf_level"),
            needs=("subgroups",),
            choices=choices(ties=("efron", "breslow", "exact")),
        ),
        "predicted_survival": MethodRule(
            options=("covariates", "ties", "rows", *CURVE),
            needs=("times",),
            choices=choices(**BOUNDED, ties=("efron", "breslow")),
        ),
        "predicted_incidence": MethodRule(
            options=("covariates", "censoring_strata", "rows", "times", "conf_level"), needs=("times",)
        ),
        "absolute_risk": MethodRule(
            options=("covariates", "rows", "times", "conf_level", "product"),
            needs=("times",),
            choices=choices(product=("exponential", "product-limit")),
        ),
        "survival_contrast": MethodRule(
            options=("times", "kind", "conf_level"),
            needs=("times",),
            choices=choices(kind=("difference", "ratio", "log-log")),
        ),
        "incidence_contrast": MethodRule(
            options=("times", "kind", "variance", "conf_level"),
            needs=("times",),
            choices=choices(kind=("difference", "ratio", "log-log"), variance=_INCIDENCE),
        ),
        "restricted_mean": MethodRule(options=("horizon", "conf_level"), needs=("horizon",)),
        "restricted_mean_contrast": MethodRule(
            options=("horizon", "kind", "strata", "conf_level"),
            needs=("horizon",),
            choices=choices(kind=_RATIOS),
        ),
        "restricted_mean_test": MethodRule(options=("horizon", "strata"), needs=("horizon",)),
        "restricted_mean_regression": MethodRule(
            options=("horizon", "kind", "covariates"), needs=("horizon",), choices=choices(kind=_RATIOS)
        ),
        "years_lost": MethodRule(options=("horizon", "conf_level"), needs=("horizon",)),
        "years_lost_contrast": MethodRule(options=("horizon", "conf_level"), needs=("horizon",)),
        "proportion": MethodRule(
            options=("times",), needs=("times",), clustered=True
        ),
        "risk_difference": MethodRule(
            options=_AT_TIMES,
            needs=("times",),
            choices=choices(formula=("newcombe", "wald", "miettinen-nurminen", "exact")),
        ),
        "risk_ratio": MethodRule(
            options=_AT_TIMES,
            needs=("times",),
            choices=choices(formula=("log-wald", "miettinen-nurminen")),
        ),
        "odds_ratio": MethodRule(
            options=_AT_TIMES,
            needs=("times",),
            choices=choices(formula=("woolf", "conditional", "miettinen-nurminen")),
        ),
        "proportions_test": MethodRule(
            options=("times", "formula"),
            needs=("times",),
            choices=choices(formula=("pooled", "unpooled", "yates")),
        ),
        "fisher_test": MethodRule(
            options=("times", "formula", "alternative"),
            needs=("times",),
            choices=choices(formula=("exact", "mid"), alternative=("two-sided", "less", "greater")),
        ),
        "noninferiority_test": MethodRule(
            options=("times", "margin", "alternative", "formula", "kind"),
            needs=("times", "margin"),
            choices=choices(
                alternative=("less", "greater"),
                formula=("farrington-manning", "miettinen-nurminen", "wald"),
                kind=("difference", "ratio"),
            ),
        ),
        "cmh_test": MethodRule(options=("times", "strata"), needs=("times", "strata")),
        "stratified_odds_ratio": MethodRule(
            options=(*_AT_TIMES, "strata"),
            needs=("times", "strata"),
            choices=choices(formula=("mantel-haenszel", "exact")),
        ),
        "stratified_risk_difference": MethodRule(
            options=(*_AT_TIMES, "strata"),
            needs=("times", "strata"),
            choices=choices(formula=("cmh", "miettinen-nurminen")),
        ),
        "subgroup_risks": MethodRule(
            options=("times", "subgroups", "kind", "conf_level"),
            needs=("times", "subgroups"),
            choices=choices(kind=(*CONTRAST, "odds-ratio")),
        ),
        "marginal_contrast": MethodRule(
            options=("times", "covariates", "kind", "variance"),
            needs=("times",),
            choices=choices(
                kind=("difference", "ratio", "odds-ratio"), variance=("influence", "model")
            ),
        ),
        "turnbull": MethodRule(options=("times",)),
        "interval_logrank": MethodRule(
            options=("kind", "formula"),
            choices=choices(kind=("logrank1", "logrank2", "wmw"), formula=("permutation", "score")),
        ),
        "interval_regression": MethodRule(
            options=("baseline", "covariates"),
            choices=choices(baseline=("weibull", "exponential", "spline", "semiparametric")),
        ),
        "imputation_comparison": MethodRule(),
        "win_statistics": MethodRule(
            options=("priorities", "margins", "strata", "stratum_weight", "scoring", "conf_level"),
            needs=("priorities",),
            choices=choices(
                stratum_weight=("mantel-haenszel", "size", "equal"), scoring=("gehan", "ipcw", "peron")
            ),
        ),
        "lesion_risk": MethodRule(
            options=("times", "kind", "conf_level"),
            needs=("times",),
            choices=choices(kind=(*CONTRAST, "odds-ratio")),
            clustered=True,
            lesions_only=True,
        ),
        "lesion_incidence": MethodRule(
            options=("times", "kind", "conf_level"),
            needs=("times",),
            choices=choices(kind=CONTRAST),
            clustered=True,
            lesions_only=True,
        ),
        "lesion_times": MethodRule(
            options=("covariates", "ties", "conf_level"),
            choices=choices(ties=("efron", "breslow")),
            clustered=True,
            lesions_only=True,
        ),
    }
)  # fmt: skip
