"""Descriptions of the variables of ADPAIN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skeletal.outcomes.visit_windows import BASELINE

from .identifiers import YES, YES_NO, identifiers, parameter_variables, source_variables, treatment_variables
from .parameters import parameter_codes, time_zeros
from .variable import Code, Variable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import Study

_RESPONSES = ("complete", "partial", "indeterminate", "progression")
_STATUSES = {
    "observed": "AVAL was assessed",
    "missing": "Due, but without a value",
    "structural": "Planned after the event that ends collection: not collected by design",
    "death": "Death came before the assessment, or by the end of the visit's window without one",
    "intercurrent": "An intercurrent event that is not treatment policy came before the assessment",
    "not_due": "No assessment by the data cutoff, and the visit's window was still open then",
}


def response_numbers() -> dict[str, int]:
    """Return the number that AVAL has for each response."""
    return {name: number for number, name in enumerate(_RESPONSES, start=1)}


def pain_catalogue(study: Study, measures: Mapping[str, Any]) -> tuple[Variable, ...]:
    """Return the variables; those of lesions, responses and scores only where a measure has them."""
    lesions = any(item.unit == "lesion" for item in measures.values())
    responses = any(item.kind == "pain_response" for item in measures.values())
    return (
        *(item for item in identifiers(study) if lesions or item.name != "LNKID"),
        *treatment_variables(study),
        *parameter_variables(study, parameter_codes(study, measures.__contains__)),
        *_timing(study, measures),
        *_values(measures),
        *_status(),
        *(_judged() if responses else ()),
        *source_variables(),
    )


def _timing(study: Study, measures: Mapping[str, Any]) -> tuple[Variable, ...]:
    visits = tuple(
        Code(
            value=visit.name,
            meaning=f"Day {visit.day} after time zero; window {visit.window_before} days before to "
            f"{visit.window_after} after",
            source=study.sources.get("visits", ""),
        )
        for visit in study.visits
    )
    days = {visit.name: visit.day for visit in study.visits}
    if 0 not in days.values() and any(item.kind == "score" for item in measures.values()):
        days = {BASELINE: 0, **days}
        visits = (Code(value=BASELINE, meaning="Last score on or before time zero, in its window"), *visits)
    return (
        Variable(
            name="AVISIT",
            label="Analysis Visit",
            kind="text",
            derivation="The visit that the assessment names, else the one in whose window it lies; of "
            "several at a visit the nearest to its day. Baseline: the last on or before time zero.",
            source="study file: visits; questionnaires.visit, questionnaires.date",
            codes=visits,
        ),
        Variable(
            name="AVISITN",
            label="Analysis Visit (N)",
            kind="whole",
            origin="Assigned",
            derivation="Planned day of the visit after time zero.",
            source="study file: visits",
            codes=tuple(Code(value=str(day), meaning=name) for name, day in days.items()),
        ),
        Variable(
            name="ADT",
            label="Analysis Date",
            kind="date",
            origin="Predecessor: questionnaires.date",
            derivation="Date of the assessment; missing where there is none or its date is partial.",
            source="questionnaires.date",
        ),
        Variable(
            name="ADY",
            label="Analysis Relative Day",
            kind="whole",
            derivation="Days from time zero of the parameter: time zero is day 1, the day before it day -1.",
            source=f"ADPAIN.ADT; {time_zeros(study, measures)}",
        ),
    )


def _values(measures: Mapping[str, Any]) -> tuple[Variable, ...]:
    responses = [item.paramcd for item in measures.values() if item.kind == "pain_response"]
    value = Variable(
        name="AVAL",
        label="Analysis Value",
        kind="number",
        derivation="Of a score: its value, or the worst of the scale as DTYPE says. Of a response: the "
        "number of AVALC.",
        source="questionnaires.value; study file: measures",
        codes=tuple(
            Code(value=str(number), meaning=name.upper(), parameter=code)
            for code in responses
            for name, number in response_numbers().items()
        ),
    )
    scores = _score_values() if len(responses) < len(measures) else ()
    return (value, *(_response_values(measures, responses) if responses else ()), *scores)


def _response_values(measures: Mapping[str, Any], codes: list[str]) -> tuple[Variable, ...]:
    return (
        Variable(
            name="AVALC",
            label="Analysis Value (C)",
            kind="text",
            derivation="Pain response by the rules of the international consensus, as the measure sets "
            "them; empty for scores.",
            source=_rules(measures),
            codes=tuple(
                Code(value=name.upper(), meaning=f"{name.capitalize()} (AVAL = {number})", parameter=code)
                for code in codes
                for name, number in response_numbers().items()
            ),
        ),
        Variable(
            name="CRIT1",
            label="Analysis Criterion 1",
            kind="text",
            origin="Assigned",
            derivation="Of a response: complete or partial; empty for scores.",
            source=_rules(measures),
        ),
        Variable(
            name="CRIT1FL",
            label="Criterion 1 Evaluation Result Flag",
            kind="text",
            derivation="Y where AVALC is COMPLETE or PARTIAL; N where it is not, or where DTYPE = WC; "
            "else empty.",
            source="ADPAIN.AVALC, ADPAIN.DTYPE",
            codes=YES_NO,
        ),
    )


def _score_values() -> tuple[Variable, ...]:
    return (
        Variable(
            name="BASE",
            label="Baseline Value",
            kind="number",
            derivation="AVAL of the row with ABLFL = Y of the subject (or lesion) and parameter; empty for "
            "responses, whose baseline is in PAINBL and OMEDBL.",
            source="ADPAIN.AVAL",
        ),
        Variable(
            name="CHG",
            label="Change from Baseline",
            kind="number",
            derivation="AVAL - BASE at visits after day 0.",
            source="ADPAIN.AVAL, ADPAIN.BASE",
        ),
        Variable(
            name="ABLFL",
            label="Baseline Record Flag",
            kind="text",
            derivation="Y for the observed score at the visit Baseline, or at a visit of day 0 where the "
            "study plans one, dated on or before time zero.",
            source="ADPAIN.AVISITN, ADPAIN.ADY",
            codes=YES,
        ),
    )


def _status() -> tuple[Variable, ...]:
    return (
        Variable(
            name="DTYPE",
            label="Derivation Type",
            kind="text",
            derivation="WC (worst case) where a death or an intercurrent event came first and the measure "
            "makes that the worst value; CRIT1FL is then N for a response.",
            source="study file: death and intercurrent of the measure",
            codes=(Code(value="WC", meaning="Worst value of the scale, not an assessment"),),
        ),
        Variable(
            name="VALSTAT",
            label="Why the Value Is or Is Not There",
            kind="text",
            derivation="The first that applies of death and intercurrent events, the end of collection and "
            "the data cutoff.",
            source="study file: measures, visits, data_cutoff",
            codes=tuple(Code(value=name, meaning=meaning) for name, meaning in _STATUSES.items()),
        ),
    )


def _judged() -> tuple[Variable, ...]:
    words = {
        "PAIN": (
            "Worst Pain Judged (0 to 10)",
            "Pain score that AVALC was judged from.",
            "questionnaires.value",
        ),
        "PAINBL": (
            "Baseline Worst Pain (0 to 10)",
            "Last score on or before time zero in the baseline window.",
            "questionnaires.value",
        ),
        "OMED": (
            "Oral Morphine Equivalent (mg/day)",
            "Dose of the day nearest to the score, within the window of the measure.",
            "analgesics.omed_mg",
        ),
        "OMEDBL": (
            "Baseline Oral Morphine Equiv. (mg/day)",
            "Dose nearest to the baseline score, on or before time zero.",
            "analgesics.omed_mg",
        ),
    }
    return tuple(
        Variable(
            name=name,
            label=label,
            kind="number",
            derivation=f"{meaning} Empty for scores.",
            source=source,
        )
        for name, (label, meaning, source) in words.items()
    )


def _rules(measures: Mapping[str, Any]) -> str:
    found = [
        f"measures.{name}.rules ({item.source})" if item.source else f"measures.{name}.rules"
        for name, item in measures.items()
        if item.kind == "pain_response"
    ]
    return "; ".join(found)
