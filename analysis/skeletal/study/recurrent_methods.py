"""Methods that read all episodes of a subject, or the states between them."""

from __future__ import annotations

from types import MappingProxyType

from .method_rule import CONTRAST, COX, CURVE, MethodRule, choices

_TIES = ("efron", "breslow")
_RATE_MODELS = ("negative-binomial", "poisson", "poisson-robust")

RECURRENT_METHODS = MappingProxyType(
    {
        "mean_cumulative": MethodRule(
            reads="recurrent",
            options=(*CURVE, "variance"),
            choices=choices(conf_type=("log", "plain"), variance=("robust", "sample")),
        ),
        "mean_cumulative_test": MethodRule(
            reads="recurrent",
            options=("kind", "variance", "strata"),
            choices=choices(kind=("constant", "linear"), variance=("robust", "poisson")),
        ),
        "mean_cumulative_contrast": MethodRule(
            reads="recurrent",
            options=("times", "kind", "conf_level"),
            needs=("times",),
            choices=choices(kind=CONTRAST),
        ),
        "andersen_gill": MethodRule(
            reads="recurrent",
            options=(*COX, "at_risk"),
            choices=choices(ties=_TIES),
            clustered=True,
        ),
        "ordered_events": MethodRule(
            reads="recurrent",
            options=(*COX, "model", "max_order", "effects"),
            needs=("model",),
            choices=choices(
                ties=_TIES, model=("pwp-total", "pwp-gap", "wlw"), effects=("common", "by_order")
            ),
        ),
        "ghosh_lin": MethodRule(
            reads="recurrent", options=("covariates", "censoring_strata")
        ),
        "frailty_rate": MethodRule(
            reads="recurrent", options=("covariates", "ties", "at_risk"), choices=choices(ties=_TIES)
        ),
        "while_alive_rate": MethodRule(
            reads="recurrent", options=("horizon", "conf_level"), needs=("horizon",)
        ),
        "while_alive_contrast": MethodRule(
            reads="recurrent",
            options=("horizon", "kind", "conf_level"),
            needs=("horizon",),
            choices=choices(kind=CONTRAST[::-1]),
        ),
        "recurrent_answers": MethodRule(
            reads="recurrent", options=("horizon", "conf_level"), needs=("horizon",)
        ),
        "window_effect": MethodRule(reads="recurrent"),
        "event_rate": MethodRule(reads="recurrent", options=("rate", "conf_level", "at_risk")),
        "period_rate": MethodRule(reads="recurrent", options=("period_days", "conf_level")),
        "rate_ratio": MethodRule(
            reads="recurrent",
            options=("model", "covariates", "conf_level", "at_risk"),
            choices=choices(model=(*_RATE_MODELS, "exact", "score")),
        ),
        "rate_difference": MethodRule(
            reads="recurrent",
            options=("formula", "conf_level", "at_risk"),
            choices=choices(formula=("score", "wald")),
        ),
        "rate_regression": MethodRule(
            reads="recurrent",
            options=("model", "covariates", "at_risk"),
            choices=choices(model=(*_RATE_MODELS, "quasi-poisson")),
        ),
        "recurrent_win_ratio": MethodRule(
            reads="recurrent",
            options=("kind", "strata", "conf_level"),
            choices=choices(kind=("last-event", "first-event", "naive")),
        ),
        "state_occupation": MethodRule(
            reads="recurrent",
            options=("state", "times", "landmark", "from_state", "variance", "max_order", "conf_level"),
            needs=("state",),
            choices=choices(variance=("jackknife", "greenwood", "aalen")),
        ),
        "time_in_state": MethodRule(
            reads="recurrent",
            options=("state", "horizon", "max_order", "conf_level"),
            needs=("state", "horizon"),
        ),
        "time_in_state_contrast": MethodRule(
            reads="recurrent",
            options=("state", "horizon", "kind", "max_order", "conf_level"),
            needs=("state", "horizon"),
            choices=choices(kind=CONTRAST),
        ),
        "transition_cox": MethodRule(
            reads="recurrent",
            options=(*COX, "effects", "clock", "max_order"),
            choices=choices(
                ties=_TIES, effects=("by_transition", "common"), clock=("forward", "reset")
            ),
        ),
    }
)  # fmt: skip
