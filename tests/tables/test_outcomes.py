"""Tables of outcomes, exclusions and the review, counted by hand."""

from __future__ import annotations

import pandas as pd
from tests.support import report_trial as trial

from skeletal_reports.tables import accounting_table, exclusions_table, outcome_table, review_table


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
