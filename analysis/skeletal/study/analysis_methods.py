"""What each method of analysis reads, the options it takes and those it cannot do without."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from .first_event_methods import FIRST_EVENT_METHODS
from .recurrent_methods import RECURRENT_METHODS
from .value_methods import VALUE_METHODS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .method_rule import MethodRule

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
    "subgroup_risks",
    "marginal_contrast",
    "turnbull",
    "interval_logrank",
    "interval_regression",
    "imputation_comparison",
    "win_statistics",
    "lesion_risk",
    "lesion_incidence",
    "lesion_times",
    "mean_cumulative",
    "mean_cumulative_test",
    "mean_cumulative_contrast",
    "andersen_gill",
    "ordered_events",
    "ghosh_lin",
    "frailty_rate",
    "while_alive_rate",
    "while_alive_contrast",
    "recurrent_answers",
    "window_effect",
    "event_rate",
    "period_rate",
    "rate_ratio",
    "rate_difference",
    "rate_regression",
    "recurrent_win_ratio",
    "state_occupation",
    "time_in_state",
    "time_in_state_contrast",
    "transition_cox",
    "mean",
    "responders",
    "missing_visits",
    "mixed_model",
    "gee",
    "responder_contrast",
    "imputed_contrast",
    "tipping_point",
]

METHODS: Mapping[str, MethodRule] = MappingProxyType(
    {**FIRST_EVENT_METHODS, **RECURRENT_METHODS, **VALUE_METHODS}
)
