"""Each rule of the review finds its planted fault, and nothing in its clean twin."""

import datetime as dt

import pandas as pd
import pytest

from skeletal.records import make_records, review_records
from skeletal.records.review import RULES

COLUMNS = ["rule", "severity", "subject_id", "table", "row", "found", "suggestion"]


def put(table, row, **cells):
    """Change cells of one row; a column that is not there is made."""

    def change(tables):
        frame = tables[table]
        for column, value in cells.items():
            if column not in frame.columns:
                frame[column] = pd.Series(pd.NA, index=frame.index, dtype="string")
            frame.loc[row - 1, column] = value

    return change


def add(table, **cells):
    """Add a row."""

    def change(tables):
        tables[table] = pd.concat([tables[table], pd.DataFrame([cells], dtype="string")], ignore_index=True)

    return change


def drop(table, *rows):
    """Leave rows out."""

    def change(tables):
        tables[table] = tables[table].drop(index=[row - 1 for row in rows]).reset_index(drop=True)

    return change


DIED = {"subject_id": "001", "status": "died"}
# rule, severity, planted fault, (subject, table, row) found, clean twin
CASES = [
    (
        "unknown_subject",
        "error",
        put("stays", 1, subject_id="01"),
        ("01", "stays", 1),
        put("stays", 1, subject_id="002"),
    ),
    ("not_randomised", "warning", put("stays", 1, subject_id="004"), ("004", "stays", 1), None),
    (
        "unknown_arm",
        "error",
        put("subjects", 3, arm="other"),
        ("003", "subjects", 3),
        put("subjects", 3, arm="active"),
    ),
    (
        "duplicate_key",
        "error",
        put("events", 3, event_id="1"),
        ("002", "events", 3),
        put("events", 3, event_id="3"),
    ),
    (
        "event_after_death",
        "error",
        put("procedures", 1, indicated_date="2025-06-02", performed_date=""),
        ("001", "procedures", 1),
        put("procedures", 1, indicated_date="2025-06-01", performed_date=""),
    ),
    (
        "conflicting_deaths",
        "error",
        add("disposition", date="2025-06-02", **DIED),
        [("001", "disposition", 2), ("001", "disposition", 5)],
        add("disposition", date="2025-06", **DIED),
    ),
    (
        "death_before_start",
        "error",
        add("disposition", subject_id="003", date="2025-03-04", status="died"),
        ("003", "disposition", 5),
        add("disposition", subject_id="003", date="2025-03", status="died"),
    ),
    ("death_without_date", "error", put("disposition", 2, date=""), ("001", "disposition", 2), None),
    (
        "partial_time_zero",
        "error",
        put("subjects", 3, randomised_date="2025-03"),
        ("003", "subjects", 3),
        None,
    ),
    (
        "impossible_start_or_death",
        "error",
        put("subjects", 3, randomised_date="1825-03-05", consent_date="", treatment_date=""),
        ("003", "subjects", 3),
        None,
    ),
    (
        "discharge_before_admission",
        "error",
        put("stays", 1, discharge_date="2025-03-02"),
        ("001", "stays", 1),
        put("stays", 1, discharge_date="2025-03-03"),
    ),
    ("missing_time_zero", "warning", put("subjects", 3, randomised_date=""), ("003", "subjects", 3), None),
    ("missing_value", "warning", put("assessments", 2, visit=""), ("002", "assessments", 2), None),
    (
        "component_without_date",
        "warning",
        put("events", 2, date="", reported_date=""),
        ("002", "events", 2),
        put("events", 3, date=""),
    ),
    (
        "repeated_deaths",
        "warning",
        add("disposition", date="2025-06", **DIED),
        ("001", "disposition", 5),
        add("disposition", date="2025-05-31", **DIED),
    ),
    (
        "repeated_row",
        "warning",
        add("assessments", subject_id="003", visit="Month 1", date="2025-04-05"),
        ("003", "assessments", 4),
        add("assessments", subject_id="003", visit="Month 1", date="2025-04-06"),
    ),
    (
        "seen_after_death",
        "warning",
        put("assessments", 1, date="2025-06-02"),
        ("001", "assessments", 1),
        put("assessments", 1, date="2025-06"),
    ),
    (
        "status_after_death",
        "warning",
        put("disposition", 1, date="2025-06-02"),
        ("001", "disposition", 1),
        put("disposition", 1, date="2025-06-01"),
    ),
    (
        "implausible_date",
        "warning",
        put("therapies", 1, start_date="1899-12-31"),
        ("002", "therapies", 1),
        put("therapies", 1, start_date="1900"),
    ),
    (
        "out_of_range",
        "warning",
        put("subjects", 2, age="121"),
        ("002", "subjects", 2),
        put("subjects", 2, age="120"),
    ),
    (
        "out_of_range",
        "warning",
        put("lesions", 1, pain_nrs="-1"),
        ("001", "lesions", 1),
        put("lesions", 1, pain_nrs="0"),
    ),
    (
        "randomised_before_consent",
        "warning",
        put("subjects", 1, consent_date="2025-01-06"),
        ("001", "subjects", 1),
        put("subjects", 1, consent_date="2025-01-05"),
    ),
    (
        "treatment_before_randomisation",
        "warning",
        put("subjects", 2, treatment_date="2025-02-04"),
        ("002", "subjects", 2),
        put("subjects", 2, treatment_date="2025-02"),
    ),
    (
        "performed_before_indicated",
        "warning",
        put("procedures", 1, performed_date="2025-03-01"),
        ("001", "procedures", 1),
        put("procedures", 1, performed_date="2025-03-02"),
    ),
    (
        "stop_before_start",
        "warning",
        put("therapies", 1, stop_date="2025-02-19"),
        ("002", "therapies", 1),
        put("therapies", 1, stop_date="2025-02-20"),
    ),
    (
        "reported_before_event",
        "warning",
        put("events", 1, reported_date="2025-02-28"),
        ("001", "events", 1),
        put("events", 1, reported_date="2025-03-01"),
    ),
    (
        "reported_before_status",
        "warning",
        put("disposition", 2, reported_date="2025-05-31"),
        ("001", "disposition", 2),
        put("disposition", 2, reported_date="2025-06-01"),
    ),
    (
        "negative_after_event",
        "warning",
        put("events", 1, last_negative_date="2025-03-02"),
        ("001", "events", 1),
        put("events", 1, last_negative_date="2025-03-01"),
    ),
    (
        "unmatched_value",
        "warning",
        put("events", 1, component="Frakture"),
        ("001", "events", 1),
        put("events", 1, component="pain"),
    ),
    (
        "unknown_lesion",
        "warning",
        put("events", 1, lesion_id="L2"),
        ("001", "events", 1),
        put("events", 2, lesion_id="L1"),
    ),
    (
        "empty_arm",
        "warning",
        put("subjects", 2, arm="control"),
        (None, "subjects", None),
        put("subjects", 3, arm="active"),
    ),
    (
        "before_time_zero",
        "note",
        put("events", 1, date="2025-01-04", last_negative_date=""),
        ("001", "events", 1),
        put("events", 1, date="2025-01", last_negative_date=""),
    ),
    (
        "partial_date",
        "note",
        put("events", 1, date="2025-03"),
        ("001", "events", 1),
        put("events", 3, date="2025"),
    ),
    (
        "partial_date",
        "note",
        put("disposition", 2, date="2025-06"),
        ("001", "disposition", 2),
        put("disposition", 4, date="2025"),
    ),
    ("missing_site", "note", put("subjects", 3, site=""), ("003", "subjects", 3), None),
]


def where_found(review, rule):
    rows = review[review["rule"] == rule][["subject_id", "table", "row"]].astype(object)
    return [tuple(row) for row in rows.where(rows.notna(), None).to_numpy().tolist()]


def test_a_clean_trial_has_no_findings(tables, study):
    review = review_records(make_records(tables, study=study), study)
    assert list(review.columns) == COLUMNS
    assert review.empty


@pytest.mark.parametrize(
    ("rule", "severity", "plant", "expected", "twin"), CASES, ids=[case[0] for case in CASES]
)
def test_a_planted_fault_is_found_where_it_is(tables, study, rule, severity, plant, expected, twin):
    plant(tables)
    review = review_records(make_records(tables), study)
    wanted = expected if isinstance(expected, list) else [expected]
    assert where_found(review, rule) == wanted
    found = review[review["rule"] == rule]
    assert set(found["severity"]) == {severity}
    assert found[["found", "suggestion"]].notna().all(axis=None)


@pytest.mark.parametrize(
    ("rule", "twin"),
    [(case[0], case[4]) for case in CASES if case[4]],
    ids=[case[0] for case in CASES if case[4]],
)
def test_a_near_miss_is_not_found(tables, study, rule, twin):
    twin(tables)
    assert where_found(review_records(make_records(tables), study), rule) == []


def test_dates_after_the_cutoff_are_found(tables, study):
    records = make_records(tables, data_cutoff=dt.date(2025, 6, 20))
    found = where_found(review_records(records, study), "after_cutoff")
    assert found == [("002", "disposition", 3), ("003", "disposition", 4)]
    records = make_records(tables, data_cutoff=dt.date(2025, 7, 1))
    assert where_found(review_records(records, study), "after_cutoff") == []


def test_the_cutoff_of_the_study_counts_where_the_records_have_none(tables, study):
    later = study.model_copy(update={"data_cutoff": dt.date(2025, 6, 20)})
    assert len(where_found(review_records(make_records(tables), later), "after_cutoff")) == 2


def test_a_subject_of_whom_nothing_is_recorded_later_is_found(tables, study):
    drop("assessments", 3)(tables)
    drop("disposition", 4)(tables)
    assert where_found(review_records(make_records(tables), study), "no_follow_up") == []
    drop("procedures", 2)(tables)
    assert where_found(review_records(make_records(tables), study), "no_follow_up") == [
        ("003", "subjects", 3)
    ]


def test_every_rule_has_a_planted_fault():
    elsewhere = {"after_cutoff", "no_follow_up"}
    assert {rule.name for rule in RULES} == {case[0] for case in CASES} | elsewhere


def test_rows_are_those_of_the_file_they_came_from(tables, study):
    tables["stays"] = tables["stays"].assign(source="HO", source_row="42", discharge_date="2025-03-01")
    review = review_records(make_records(tables), study)
    assert where_found(review, "discharge_before_admission") == [("001", "stays", 42)]
    assert review["found"][0] == "admission_date 2025-03-03, discharge_date 2025-03-01"


def test_all_contradictions_come_at_once_errors_first(tables, study):
    for rule, _, plant, _, _ in CASES:
        if rule in ("discharge_before_admission", "unknown_lesion", "missing_site", "partial_time_zero"):
            plant(tables)
    review = review_records(make_records(tables), study)
    assert review["severity"].tolist() == sorted(review["severity"], key=["error", "warning", "note"].index)
    assert {"discharge_before_admission", "unknown_lesion", "missing_site"} <= set(review["rule"])


def test_a_near_subject_is_suggested(tables, study):
    put("stays", 1, subject_id="01")(tables)
    review = review_records(make_records(tables), study)
    assert review["found"][0] == "01 is not among the subjects. Did you mean '001'?"


def test_only_subjects_are_needed(tables, study):
    review = review_records(make_records({"subjects": tables["subjects"]}), study)
    assert set(review["rule"]) == {"no_follow_up"}


def test_events_that_no_component_counts_may_follow_death(tables, study):
    add("events", subject_id="001", event_id="9", component="headache", date="2025-06-03")(tables)
    review = review_records(make_records(tables), study)
    assert where_found(review, "event_after_death") == []
    assert where_found(review, "seen_after_death") == [("001", "events", 4)]


def test_somebody_screened_twice_is_found(tables, study):
    put("screening", 4, screening_id="003")(tables)
    review = review_records(make_records(tables), study)
    assert where_found(review, "repeated_row") == [("003", "screening", 4)]
    assert review["found"].tolist() == ["same key as an earlier row: 003"]
