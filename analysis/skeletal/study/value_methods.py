"""Methods that read a measure: its values at the visits."""

from __future__ import annotations

from types import MappingProxyType

from .method_rule import CONTRAST, MethodRule, choices

_IMPUTED = ("times", "n_imputations", "seed", "imputation", "delta_arm", "conf_level")
_IMPUTATION = choices(imputation=("mar", "copy-reference"), delta_arm=("experimental", "control", "both"))

VALUE_METHODS = MappingProxyType(
    {
        "mean": MethodRule(reads="value", options=("conf_level",), clustered=True),
        "responders": MethodRule(reads="value", options=("conf_level",), clustered=True),
        "missing_visits": MethodRule(reads="value"),
        "mixed_model": MethodRule(
            reads="value",
            options=("covariance", "df", "conf_level"),
            choices=choices(
                covariance=(
                    "unstructured",
                    "heterogeneous-toeplitz",
                    "heterogeneous-ar1",
                    "compound-symmetry",
                ),
                df=("satterthwaite", "kenward-roger", "normal"),
            ),
        ),
        "gee": MethodRule(
            reads="value",
            options=("working", "family", "small_sample", "conf_level"),
            choices=choices(
                working=("exchangeable", "independence", "ar1", "unstructured"),
                family=("gaussian", "binomial"),
                small_sample=("none", "mancl-derouen"),
            ),
        ),
        "responder_contrast": MethodRule(
            reads="value",
            options=("times", "threshold", "direction", "of", "missing", "dead", "kind", "conf_level"),
            needs=("times",),
            choices=choices(
                direction=("at_most", "at_least"),
                of=("value", "change"),
                missing=("nonresponse", "observed"),
                dead=("nonresponse", "excluded"),
                kind=(*CONTRAST, "odds-ratio"),
            ),
        ),
        "imputed_contrast": MethodRule(
            reads="value",
            options=(*_IMPUTED, "delta"),
            needs=("times", "n_imputations", "seed"),
            choices=_IMPUTATION,
        ),
        "tipping_point": MethodRule(
            reads="value",
            options=(*_IMPUTED, "deltas"),
            needs=("times", "n_imputations", "seed", "deltas"),
            choices=_IMPUTATION,
        ),
    }
)
