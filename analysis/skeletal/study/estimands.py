"""Estimands and measures in words, by the five attributes of ICH E9(R1)."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import pandas as pd

from .rules import COMPETING_STRATEGIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .measures import Measure
    from .protocol import Study
    from .rules import Endpoint, Estimand

ATTRIBUTES = ("population", "treatment", "variable", "intercurrent", "summary")

_DEATH: Mapping[str, str] = MappingProxyType(
    {
        "competing": "a competing event that ends the time at risk (competing)",
        "composite": "counts as the event (composite)",
        "censor": "ends observation as censored (cause-specific: while alive)",
        "ignored": "not regarded; the censoring rules alone end observation",
    }
)
_STRATEGY: Mapping[str, str] = MappingProxyType(
    {
        "treatment_policy": "not regarded, later events count (treatment policy)",
        "hypothetical": "ends observation as censored, as if it would not happen (hypothetical)",
        "composite": "counts as the event (composite)",
        "competing": "a competing event that ends the time at risk (competing)",
        "while_on_treatment": "events count until then, and it competes with them (while on treatment)",
    }
)
_VALUE_STRATEGY: Mapping[str, str] = MappingProxyType(
    {
        "treatment_policy": "later values are kept (treatment policy)",
        "hypothetical": "later values are taken as missing (hypothetical)",
        "composite": "later values are the worst value (composite)",
        "while_on_treatment": "values until then (while on treatment)",
    }
)
_VALUE_DEATH = {
    "worst": "visits after it have the worst value (composite)",
    "while_alive": "values while alive",
}
_SUMMARY: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("first", "competing"): "Cumulative incidence in each arm, death competing",
        ("first", "composite"): "Probability of being alive without the event in each arm, and hazard ratio",
        ("first", "censor"): "Cause-specific hazard ratio",
        ("first", "ignored"): "Hazard ratio",
        (
            "recurrent",
            "competing",
        ): "Mean cumulative number per subject, death ending accrual; ratio of rates",
        ("recurrent", "censor"): "Ratio of rates while alive",
    }
)


def estimand_attributes(study: Study) -> pd.DataFrame:
    """Return the five attributes of every estimand and measure in words, as ICH E9(R1) asks for them.

    Parameters
    ----------
    study : Study
        Gives estimands, measures, and the words for arms, components and time zero.

    Returns
    -------
    DataFrame
        One row an estimand or measure: ``name kind label population treatment variable intercurrent
        summary``; ``kind`` is "estimand" or "measure".  ``intercurrent`` names every intercurrent event
        with its strategy, death first.  Treatment and summary come from the arms and the strategies
        where the study gives no words.

    References
    ----------
    ICH E9(R1), 2019, section A.3.3.

    Examples
    --------
    >>> from skeletal.study import load_study
    >>> estimand_attributes(load_study("hermes")).set_index("name").loc["overall-survival", "variable"]
    'Time from randomisation to death'
    """
    rows = [_estimand_row(study, name, item) for name, item in study.estimands.items()]
    rows += [_measure_row(study, name, item) for name, item in study.measures.items()]
    return pd.DataFrame(rows, columns=["name", "kind", "label", *ATTRIBUTES], dtype="string")


def _estimand_row(study: Study, name: str, estimand: Estimand) -> dict[str, str]:
    endpoint = study.endpoints[estimand.endpoint]
    events = [f"{study.death.label}: {_DEATH[estimand.death]}"]
    if not endpoint.components:
        events = [f"{study.death.label}: is the event"]
    for event, strategy in estimand.intercurrent.items():
        events.append(f"{_event_words(study, event)}: {_STRATEGY[strategy]}")
    return {
        "name": name,
        "kind": "estimand",
        "label": estimand.label,
        "population": estimand.population,
        "treatment": estimand.treatment or _treatments(study),
        "variable": _variable(study, estimand, endpoint),
        "intercurrent": "; ".join(events),
        "summary": estimand.summary or _summary(study, estimand),
    }


def _summary(study: Study, estimand: Estimand) -> str:
    """Say what an arm is summarised by, and which intercurrent events compete beside death."""
    words = _SUMMARY[estimand.variable, estimand.death]
    competing = [name for name, how in estimand.intercurrent.items() if how in COMPETING_STRATEGIES]
    events = [_event_words(study, name) for name in competing]
    if not events:
        return words
    many = "s" if len(events) == 1 else ""
    return f"{words}; {', '.join(events)} compete{many}"


def _event_words(study: Study, event: str) -> str:
    """Name an intercurrent event and the arms in which it is one."""
    rule = study.intercurrent[event]
    arms = [study.arm_label(arm) for arm in rule.arms]
    return f"{rule.label} ({' and '.join(arms)} only)" if arms else rule.label


def _treatments(study: Study) -> str:
    control, *others = (study.arm_label(name) for name in study.arm_names)
    return f"{' or '.join(others)} versus {control}" if others else control


def _variable(study: Study, estimand: Estimand, endpoint: Endpoint) -> str:
    """Say what is measured on a subject or lesion."""
    zero = study.time_zero_words(endpoint.time_zero)
    if not endpoint.components:
        return f"Time from {zero} to death"
    parts = [study.components[name].label for name in endpoint.components]
    what = endpoint.label if parts == [endpoint.label] else f"{endpoint.label} ({', '.join(parts)})"
    of_lesion = " of each lesion" if endpoint.unit == "lesion" else ""
    anchor = "counted event" if endpoint.gap_anchor == "counted" else "event of any kind"
    days = f"{endpoint.min_gap_days} day{'' if endpoint.min_gap_days == 1 else 's'}"
    gap = f"an episode begins at least {days} after the last {anchor}"
    if estimand.variable == "recurrent":
        return f"Episodes{of_lesion} from {zero}: {what}; {gap}"
    if estimand.order > 1:
        return f"Time from {zero} to episode {estimand.order}{of_lesion}: {what}; {gap}"
    return f"Time from {zero} to the first event{of_lesion}: {what}"


def _measure_row(study: Study, name: str, measure: Measure) -> dict[str, str]:
    events = [f"{study.death.label}: {_VALUE_DEATH[measure.death]}"]
    if measure.kind == "days_at_home":
        after = {"lost_days": "days after it are not at home", "zero": "makes the number of days 0"}
        events = [f"{study.death.label}: {after[measure.after_death]} (composite)"]
    for event, strategy in measure.intercurrent.items():
        events.append(f"{_event_words(study, event)}: {_VALUE_STRATEGY[strategy]}")
    if measure.collected_until_first:
        last = study.endpoints[measure.collected_until_first].label
        events.append(f"First {last}: ends collection by design; later values are not collected")
    return {
        "name": name,
        "kind": "measure",
        "label": measure.label,
        "population": measure.population,
        "treatment": measure.treatment or _treatments(study),
        "variable": _value_words(study, measure),
        "intercurrent": "; ".join(events),
        "summary": measure.summary or _value_summary(measure),
    }


def _value_words(study: Study, measure: Measure) -> str:
    zero = study.time_zero_words(measure.time_zero)
    if measure.kind == "days_at_home":
        *days, last = map(str, measure.horizons)
        words = f"{', '.join(days)} and {last}" if days else last
        return f"Days alive and at home within {words} days of {zero}"
    visits = ", ".join(measure.visits or [visit.name for visit in study.visits]) or "each assessment"
    unit = "lesion" if measure.unit == "lesion" else "subject"
    if measure.kind == "pain_response":
        return f"Pain response of each {unit} (international consensus) at {visits}, counted from {zero}"
    scale = measure.scale.replace("_", " ")
    return f"{measure.instrument} {scale} of each {unit} at {visits}, counted from {zero}"


def _value_summary(measure: Measure) -> str:
    if measure.kind == "pain_response":
        return "Proportion of responders in each arm"
    return "Mean in each arm"
