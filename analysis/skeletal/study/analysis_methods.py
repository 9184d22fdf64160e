"""What each method of analysis reads, the options it takes and those it cannot do without."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Reads = Literal["first", "recurrent", "value"]
Method = Literal[
    "kaplan_meier",
    "nelson_aalen",
    "follow_up",
    "simultaneous_band",
    "conditional_survival",
    "cumulative_incidence",
    "naive_incidence",
    "logrank",
    "logrank_trend",
    "logrank_permutation",
    "max_combo",
    "gray_test",
    "cox",
    "cause_specific_cox",
    "fine_gray",
    "parametric",
    "piecewise_exponential",
    "proportionality",
    "concordance",
    "subgroup_effects",
    "predicted_survival",
    "predicted_incidence",
    "absolute_risk",
    "survival_contrast",
    "incidence_contrast",
    "restricted_mean",
    "restricted_mean_contrast",
    "restricted_mean_test",
    "restricted_mean_regression",
    "years_lost",
    "years_lost_contrast",
    "proportion",
    "risk_difference",
    "risk_ratio",
    "odds_ratio",
    "proportions_test",
    "fisher_test",
    "noninferiority_test",
    "cmh_test",
    "stratified_odds_ratio",
    "stratified_risk_difference",
    "marginal_contrast",
    "mean_cumulative",
    "andersen_gill",
    "event_rate",
    "period_rate",
    "mean",
    "responders",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRule:
    """What a method reads and takes.

    Attributes
    ----------
    reads : str
        ``first`` or ``recurrent`` of an estimand, or ``value`` of a measure.
    options : tuple of str
        Options that it takes.
    needs : tuple of str
        Options of these that must be given.
    choices : mapping of str to tuple of str
        Values of an option whose values differ from method to method; the first is the default.
    clustered : bool
        Whether it allows for several lesions of a subject.
    """

    reads: Reads = "first"
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    clustered: bool = False


def _choices(**values: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return MappingProxyType(values)


_BOUNDED = _choices(conf_type=("log-log", "log", "plain", "logit", "arcsine"))
_CURVE = ("times", "conf_level", "conf_type")
_COX = ("covariates", "strata", "ties")
_AT_TIMES = ("times", "conf_level", "formula")
_INCIDENCE = ("aalen", "greenwood", "jackknife")
_RATIOS = ("difference", "ratio", "lost_ratio")

METHODS: Mapping[Method, MethodRule] = MappingProxyType(
    {
        "kaplan_meier": MethodRule(options=_CURVE, choices=_BOUNDED, clustered=True),
        "nelson_aalen": MethodRule(options=("times", "conf_level")),
        "follow_up": MethodRule(options=("times",)),
        "simultaneous_band": MethodRule(
            options=(*_CURVE, "kind"),
            choices=_choices(**_BOUNDED, kind=("equal-precision", "hall-wellner")),
        ),
        "conditional_survival": MethodRule(options=(*_CURVE, "given"), needs=("given",), choices=_BOUNDED),
        "cumulative_incidence": MethodRule(
            options=(*_CURVE, "variance"),
            choices=_choices(**_BOUNDED, variance=_INCIDENCE),
            clustered=True,
        ),
        "naive_incidence": MethodRule(options=_CURVE, choices=_BOUNDED),
        "logrank": MethodRule(options=("strata", "weight")),
        "logrank_trend": MethodRule(options=("scores", "strata", "weight"), needs=("scores",)),
        "logrank_permutation": MethodRule(
            options=("tie_scores", "distribution"),
            choices=_choices(
                tie_scores=("mid-ranks", "hothorn-lausen", "average-scores"),
                distribution=("exact", "asymptotic", "monte-carlo"),
            ),
        ),
        "max_combo": MethodRule(
            options=("weights", "strata", "alternative"),
            needs=("weights",),
            choices=_choices(alternative=("two-sided", "less", "greater")),
        ),
        "gray_test": MethodRule(options=("strata", "rho")),
        "cox": MethodRule(
            options=(*_COX, "penalty"),
            choices=_choices(ties=("efron", "breslow", "exact")),
            clustered=True,
        ),
        "cause_specific_cox": MethodRule(
            options=_COX, choices=_choices(ties=("efron", "breslow", "exact")), clustered=True
        ),
        "fine_gray": MethodRule(options=("covariates", "strata", "censoring_strata")),
        "parametric": MethodRule(
            options=("covariates", "distribution"),
            choices=_choices(
                distribution=(
                    "weibull", "exponential", "log-normal", "log-logistic", "generalised-gamma", "spline",
                )
            ),
            clustered=True,
        ),
        "piecewise_exponential": MethodRule(options=("covariates", "cuts"), needs=("cuts",)),
        "proportionality": MethodRule(
            options=("covariates", "strata", "transform"),
            choices=_choices(transform=("km", "rank", "identity", "log")),
        ),
        "concordance": MethodRule(
            options=(*_COX, "kind"),
            choices=_choices(ties=("efron", "breslow", "exact"), kind=("harrell", "uno")),
            clustered=True,
        ),
        "subgroup_effects": MethodRule(
            options=(*_COX, "subgroups", "conf_level"),
            needs=("subgroups",),
            choices=_choices(ties=("efron", "breslow", "exact")),
        ),
        "predicted_survival": MethodRule(
            options=("covariates", "ties", "rows", *_CURVE),
            needs=("times",),
            choices=_choices(**_BOUNDED, ties=("efron", "breslow")),
        ),
        "predicted_incidence": MethodRule(
            options=("covariates", "censoring_strata", "rows", "times", "conf_level"), needs=("times",)
        ),
        "absolute_risk": MethodRule(
            options=("covariates", "rows", "times", "conf_level", "product"),
            needs=("times",),
            choices=_choices(product=("exponential", "product-limit")),
        ),
        "survival_contrast": MethodRule(
            options=("times", "kind", "conf_level"),
            needs=("times",),
            choices=_choices(kind=("difference", "ratio", "log-log")),
        ),
        "incidence_contrast": MethodRule(
            options=("times", "kind", "variance", "conf_level"),
            needs=("times",),
            choices=_choices(kind=("difference", "ratio", "log-log"), variance=_INCIDENCE),
        ),
        "restricted_mean": MethodRule(options=("horizon", "conf_level"), needs=("horizon",)),
        "restricted_mean_contrast": MethodRule(
            options=("horizon", "kind", "strata", "conf_level"),
            needs=("horizon",),
            choices=_choices(kind=_RATIOS),
        ),
        "restricted_mean_test": MethodRule(options=("horizon", "strata"), needs=("horizon",)),
        "restricted_mean_regression": MethodRule(
            options=("horizon", "kind", "covariates"), needs=("horizon",), choices=_choices(kind=_RATIOS)
        ),
        "years_lost": MethodRule(options=("horizon", "conf_level"), needs=("horizon",)),
        "years_lost_contrast": MethodRule(options=("horizon", "conf_level"), needs=("horizon",)),
        "proportion": MethodRule(
            options=("times",), needs=("times",), clustered=True
        ),
        "risk_difference": MethodRule(
            options=_AT_TIMES,
            needs=("times",),
            choices=_choices(formula=("newcombe", "wald", "miettinen-nurminen", "exact")),
        ),
        "risk_ratio": MethodRule(
            options=_AT_TIMES,
            needs=("times",),
            choices=_choices(formula=("log-wald", "miettinen-nurminen")),
        ),
        "odds_ratio": MethodRule(
            options=_AT_TIMES,
            needs=("times",),
            choices=_choices(formula=("woolf", "conditional", "miettinen-nurminen")),
        ),
        "proportions_test": MethodRule(
            options=("times", "formula"),
            needs=("times",),
            choices=_choices(formula=("pooled", "unpooled", "yates")),
        ),
        "fisher_test": MethodRule(
            options=("times", "formula", "alternative"),
            needs=("times",),
            choices=_choices(formula=("exact", "mid"), alternative=("two-sided", "less", "greater")),
        ),
        "noninferiority_test": MethodRule(
            options=("times", "margin", "alternative", "formula", "kind"),
            needs=("times", "margin"),
            choices=_choices(
                alternative=("less", "greater"),
                formula=("farrington-manning", "miettinen-nurminen", "wald"),
                kind=("difference", "ratio"),
            ),
        ),
        "cmh_test": MethodRule(options=("times", "strata"), needs=("times", "strata")),
        "stratified_odds_ratio": MethodRule(
            options=(*_AT_TIMES, "strata"),
            needs=("times", "strata"),
            choices=_choices(formula=("mantel-haenszel", "exact")),
        ),
        "stratified_risk_difference": MethodRule(
            options=(*_AT_TIMES, "strata"),
            needs=("times", "strata"),
            choices=_choices(formula=("cmh", "miettinen-nurminen")),
        ),
        "marginal_contrast": MethodRule(
            options=("times", "covariates", "kind", "variance"),
            needs=("times",),
            choices=_choices(
                kind=("difference", "ratio", "odds-ratio"), variance=("influence", "model")
            ),
        ),
        "mean_cumulative": MethodRule(
            reads="recurrent", options=_CURVE, choices=_choices(conf_type=("log", "plain")), clustered=False
        ),
        "andersen_gill": MethodRule(
            reads="recurrent",
            options=_COX,
            choices=_choices(ties=("efron", "breslow")),
            clustered=True,
        ),
        "event_rate": MethodRule(reads="recurrent", options=("rate", "conf_level")),
        "period_rate": MethodRule(reads="recurrent", options=("period_days", "conf_level")),
        "mean": MethodRule(reads="value", options=("conf_level",), clustered=True),
        "responders": MethodRule(reads="value", options=("conf_level",), clustered=True),
    }
)  # fmt: skip
