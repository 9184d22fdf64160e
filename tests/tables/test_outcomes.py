"""Tables of outcomes, exclusions and the review, counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support import report_trial as trial

from skeletal.study import Study, load_study
from skeletal_reports.tables import (
    accounting_table,
    exclusions_table,
    outcome_table,
    review_table,
    shown_estimands,
)


def rows_of(table):
    return {(row.cells[0].strip()): row.cells[1:] for row in table.rows}


def test_first_events_by_component_competing_and_censored_by_reason():
    found = rows_of(outcome_table(trial.outcomes(), trial.study(), trial.ESTIMAND))
    assert found["Analysed"] == ("4", "3", "7")
    assert found["With the event: Symptomatic skeletal event"] == ("3 (75.0%)", "0 (0.0%)", "3 (42.9%)")
    labels = {name: item.label for name, item in trial.study().components.items()}
    assert found[labels["radiation"]] == ("2 (50.0%)", "0 (0.0%)", "2 (28.6%)")
    assert found[labels["fracture"]] == ("1 (25.0%)", "0 (0.0%)", "1 (14.3%)")
    assert found["With the competing event: Death from any cause"] == ("0 (0.0%)", "1 (33.3%)", "1 (14.3%)")
    assert found["Censored"] == ("1 (25.0%)", "2 (66.7%)", "3 (42.9%)")
    assert found["End of planned follow-up (24 months)"] == ("1 (25.0%)", "0 (0.0%)", "1 (14.3%)")
    assert found["Subject-years"] == ("2.0", "1.0", "3.0")  # 730.5 and 365.25 days


def test_episodes_and_their_rate_per_subject_year():
    found = rows_of(outcome_table(trial.outcomes(), trial.study(), trial.RECURRENT))
    assert found["Analysed"] == ("4", "3", "7")
    assert found["With at least one episode"] == ("2 (50.0%)", "0 (0.0%)", "2 (28.6%)")
    assert found["Episodes"] == ("3", "0", "3")
    assert found["Subject-years"] == ("2.0", "1.0", "3.0")
    assert found["Episodes per subject-year"] == ("1.50", "0.00", "1.00")


class LesionOutcomes(trial.HandOutcomes):
    """S1 has two lesions; the first event of each, and all events of each."""

    def first(self, endpoint, estimand=None):
        frame = super().first(endpoint, estimand)
        second = frame.iloc[:1].assign(lesion_id="L2", status=0, component=None, censor_reason="horizon")
        return pd.concat([frame.assign(lesion_id="L1"), second], ignore_index=True)

    def recurrent(self, endpoint, estimand=None):
        frame = super().recurrent(endpoint, estimand)
        second = frame.iloc[:1].assign(lesion_id="L2", stop=365.25)
        return pd.concat([frame.assign(lesion_id="L1"), second], ignore_index=True)


def lesion_study():
    study = trial.study()
    sse = study.endpoints["sse"].model_copy(update={"unit": "lesion"})
    return study.model_copy(update={"endpoints": {**study.endpoints, "sse": sse}})


def test_lesions_are_counted_beside_their_subjects():
    outcomes = LesionOutcomes(study=lesion_study(), subjects=trial.subjects())
    table = outcome_table(outcomes, lesion_study(), trial.ESTIMAND)
    found = rows_of(table)
    assert table.title.endswith("outcomes of the lesions analysed")
    assert found["Subjects with a lesion analysed"] == ("4", "3", "7")
    assert found["Analysed"] == ("5", "3", "8")
    assert found["With the event: Symptomatic skeletal event"][0] == "3 (60.0%)"
    assert found["Lesion-years"] == ("2.3", "1.0", "3.3")  # 100 days more than by subject


def test_episodes_of_lesions_are_counted_by_lesion():
    outcomes = LesionOutcomes(study=lesion_study(), subjects=trial.subjects())
    found = rows_of(outcome_table(outcomes, lesion_study(), trial.RECURRENT))
    assert found["Subjects with a lesion analysed"] == ("4", "3", "7")
    assert found["Analysed"] == ("5", "3", "8")
    assert found["With at least one episode"] == ("3 (60.0%)", "0 (0.0%)", "3 (37.5%)")
    assert found["Episodes per lesion-year"] == ("1.33", "0.00", "1.00")


def test_one_estimand_an_endpoint_and_variable_has_its_table():
    assert shown_estimands(trial.study())[:2] == ["sse-incidence", "sse-recurrent"]
    assert "sse-free-survival" not in shown_estimands(trial.study())


@pytest.mark.parametrize(("declared_first", "shown"), [("sse", False), ("fracture", True)])
def test_one_component_of_a_composite_declared_before_it_is_left_to_the_accounting(declared_first, shown):
    study = trial.study()
    one = study.endpoints["sse"].model_copy(update={"components": ("fracture",)})
    endpoints = {**study.endpoints, "fracture": one}
    if declared_first == "fracture":
        endpoints = {"fracture": one, **study.endpoints}
    estimand = study.estimands["sse-incidence"].model_copy(update={"endpoint": "fracture"})
    estimands = {**study.estimands, "fracture-incidence": estimand}
    found = shown_estimands(study.model_copy(update={"endpoints": endpoints, "estimands": estimands}))
    assert ("fracture-incidence" in found) is shown


def test_a_pooled_table_names_no_arm():
    table = outcome_table(trial.outcomes(pooled=True), trial.pooled_study(), trial.ESTIMAND)
    assert [column.header for column in table.columns] == ["", "All subjects (N=7)"]
    assert rows_of(table)["Censored"] == ("3 (42.9%)",)


def test_accounting_by_estimand_and_arm():
    table = accounting_table(trial.outcomes(), trial.study())
    assert table.rows[0].group
    assert [row.cells for row in table.rows[1:]] == [
        ("Observational arm", "4", "0", "4", "3", "0", "1"),
        ("Upfront radiotherapy arm", "4", "1", "3", "0", "1", "2"),
    ]


def test_an_account_of_lesions_says_so():
    outcomes = LesionOutcomes(study=lesion_study(), subjects=trial.subjects())
    assert (
        accounting_table(outcomes, lesion_study()).rows[0].cells[0] == "First SSE, death competing (lesions)"
    )


def test_exclusions_by_reason():
    table = exclusions_table(trial.outcomes(), trial.study())
    assert [row.cells[0] for row in table.rows] == [
        "First SSE, death competing",
        "no date < time zero",
        "All SSEs (first and subsequent)",
        "no date < time zero",
    ]
    assert table.rows[1].cells[1:] == ("0", "1", "1")
    assert table.columns[1].header == "Observational arm (N=4)"


def test_exclusions_from_a_measure_are_counted_too():
    name, measure = next(iter(load_study("hermes").measures.items()))

    class WithMeasure(trial.HandOutcomes):
        @property
        def exclusions(self):
            frame = super().exclusions.iloc[:1]
            return frame.assign(estimand=name, reason="no randomised_date")

    outcomes = WithMeasure(study=trial.study(), subjects=trial.subjects())
    table = exclusions_table(outcomes, trial.study().model_copy(update={"measures": {name: measure}}))
    assert [row.cells for row in table.rows] == [
        (measure.label, "", "", ""),
        ("no randomised date", "0", "1", "1"),
    ]


def test_no_exclusion_is_said():
    class Complete(trial.HandOutcomes):
        @property
        def exclusions(self):
            return super().exclusions.iloc[:0]

    outcomes = Complete(study=trial.study(), subjects=trial.subjects())
    table = exclusions_table(outcomes, trial.study())
    assert [row.cells for row in table.rows] == [("No subject was excluded", "0", "0", "0")]


def test_findings_of_the_review_by_severity_and_frequency():
    review = pd.DataFrame(
        {
            "rule": ["late", "gap", "gap", "gap", "order"],
            "severity": ["warning", "warning", "warning", "warning", "error"],
            "subject_id": ["S1", "S1", "S1", "S2", None],
            "table": ["events", "events", "events", "events", "subjects"],
            "row": [1, 2, 3, 4, 5],
        }
    )
    assert [row.cells for row in review_table(review, trial.study()).rows] == [
        ("order", "error", "subjects", "1", "0"),
        ("gap", "warning", "events", "3", "2"),
        ("late", "warning", "events", "1", "1"),
    ]
    empty = review_table(review.iloc[:0], trial.study())
    assert empty.rows[0].cells[0] == "Nothing was found"


def test_changes_of_severity_are_noted_with_their_reason():
    change = {"missing_site": {"severity": "error", "reason": "Site is a stratum."}}
    study = Study.model_validate({**trial.study().model_dump(), "review": change})
    words = (
        "The study file makes missing_site a finding of severity error instead of note: Site is a stratum."
    )
    table = review_table(
        pd.DataFrame({name: [] for name in ("rule", "severity", "table", "subject_id")}), study
    )
    assert words in table.notes
    assert (
        words
        not in review_table(
            pd.DataFrame(columns=["rule", "severity", "table", "subject_id"]), trial.study()
        ).notes
    )
