"""Each rule of the review finds its planted fault, and nothing in its clean twin."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import (
    review_conflicts,
    review_gaps,
    review_keys,
    review_order,
    review_trial,
    review_values,
)
from tests.support.review_changes import VISIT, add, both, put

from skeletal.errors import InvalidStudy
from skeletal.records import make_records, review_records
from skeletal.records.review.facts import gather_facts
from skeletal.records.review.review import CHECKS
from skeletal.review_rules import REVIEW_RULES, SEVERITIES
from skeletal.study import parse_study
from skeletal.tables import TABLES

COLUMNS = ["rule", "category", "severity", "subject_id", "table", "row", "found", "expected", "query"]

CASES = [
    *review_keys.CASES,
    *review_gaps.CASES,
    *review_order.CASES,
    *review_values.CASES,
    *review_conflicts.CASES,
]


@pytest.fixture(scope="module")
def study():
    return parse_study(review_trial.STUDY)


@pytest.fixture
def tables():
    return {name: pd.DataFrame(columns, dtype="string") for name, columns in review_trial.TABLES.items()}


def reviewed(tables, study):
    """Return the review, and what was found by rule: subject, table and row."""
    review = review_records(make_records(tables), study)
    rows = review[["rule", "subject_id", "table", "row"]].astype(object)
    found = {}
    for rule, *place in rows.where(rows.notna(), None).to_numpy().tolist():
        found.setdefault(rule, []).append(tuple(place))
    return review, found


def test_a_clean_trial_has_no_findings(tables, study):
    review, _ = reviewed(tables, study)
    assert list(review.columns) == COLUMNS
    assert review.empty


@pytest.mark.parametrize(("rule", "plant", "expected", "twin", "cutoff", "also"), CASES)
def test_a_planted_fault_is_found_where_it_is(tables, study, rule, plant, expected, twin, cutoff, also):
    plant(tables)
    review, found = reviewed(tables, study.model_copy(update={"data_cutoff": cutoff}))
    assert found.pop(rule, []) == expected
    assert set(found) == also
    rows = review[review["rule"] == rule]
    assert set(rows["severity"]) == {REVIEW_RULES[rule].severity}
    assert set(rows["category"]) == {REVIEW_RULES[rule].category}
    assert rows[["found", "expected", "query"]].notna().all(axis=None)
    assert rows["query"].str.fullmatch(r"(Subject .+, |Table )\w+( row \d+)?: .+\. Please .+\.").all()


@pytest.mark.parametrize(("rule", "plant", "expected", "twin", "cutoff", "also"), CASES)
def test_a_near_miss_is_not_found(tables, study, rule, plant, expected, twin, cutoff, also):
    twin(tables)
    facts = gather_facts(make_records(tables), study.model_copy(update={"data_cutoff": cutoff}))
    assert CHECKS[rule](facts).empty


def test_every_rule_of_the_catalogue_has_a_planted_fault():
    assert len(REVIEW_RULES) >= 40
    assert set(REVIEW_RULES) == {each.values[0] for each in CASES} == set(CHECKS)  # noqa: PD011
    assert {rule.severity for rule in REVIEW_RULES.values()} == set(SEVERITIES)


def test_a_query_is_a_sentence_about_the_row_with_what_is_asked(tables, study):
    put("procedures", 1, performed_date="2025-02-27")(tables)
    review, _ = reviewed(tables, study)
    assert review["found"].tolist() == [
        "the indication is dated 2025-03-02, after the procedure on 2025-02-27"
    ]
    assert review["expected"].tolist() == ["the indication comes before the procedure"]
    assert review["query"].tolist() == [
        f"Subject 001, procedures row 1: {review['found'][0]}. Please correct one of the dates."
    ]


def test_rows_are_those_of_the_file_they_came_from(tables, study):
    tables["stays"] = tables["stays"].assign(
        source="HO", source_row=pd.Series(["42", "43"], dtype="string"), discharge_date="2025-03-01"
    )
    _, found = reviewed(tables, study)
    assert found == {"discharge_before_admission": [("001", "stays", 42), ("001", "stays", 43)]}


def test_all_contradictions_come_at_once_errors_first(tables, study):
    both(
        put("subjects", 3, site=""),
        put("stays", 2, discharge_date="2025-03-12"),
        put("events", 2, lesion_id="L9"),
    )(tables)
    review, _ = reviewed(tables, study)
    assert review["rule"].tolist() == ["discharge_before_admission", "unknown_lesion", "missing_site"]
    assert review["severity"].tolist() == ["error", "warning", "note"]


def test_a_near_subject_is_suggested(tables, study):
    add("therapies", subject_id="01", drug="x")(tables)
    review, _ = reviewed(tables, study)
    assert review["found"].tolist() == ["01 is not among the subjects (did you mean '001'?)"]


def test_only_subjects_are_needed(tables, study):
    _, found = reviewed({"subjects": tables["subjects"]}, study)
    assert set(found) == {"no_follow_up"}


def test_events_that_no_component_counts_may_follow_death(tables, study):
    add(
        "events",
        subject_id="001",
        event_id="9",
        component="headache",
        date="2025-06-03",
        detection="clinical",
    )(tables)
    _, found = reviewed(tables, study)
    assert found == {"seen_after_death": [("001", "events", 4)]}


def test_an_unknown_visit_is_listed_once_with_the_number_of_its_rows(tables, study):
    for who in ("002", "004"):
        add("assessments", subject_id=who, visit="Week 31", date="2025-05-30", **VISIT)(tables)
    review, _ = reviewed(tables, study)
    assert review["found"].tolist() == ["the study plans no visit 'Week 31', which 2 rows have"]


def test_the_words_of_a_unit_say_what_the_value_would_be(tables, study):
    put("subjects", 2, weight_kg="176", creatinine="80")(tables)
    review, _ = reviewed(tables, study)
    assert review["found"].tolist() == [
        "weight_kg is 176, which would be 79.8 kg if it was recorded in pounds",
        "creatinine is 80, which would be 0.905 mg/dL if it was recorded in umol/L",
    ]


def test_the_cutoff_of_the_records_counts_before_that_of_the_study(tables, study):
    records = make_records(tables, data_cutoff=dt.date(2025, 12, 19))
    review = review_records(records, study)
    assert review[["rule", "subject_id"]].to_numpy().tolist() == [["after_cutoff", "004"]]


@pytest.mark.parametrize("masking", ["masked", "pooled"])
def test_departures_from_an_arm_are_not_looked_for_where_arms_are_masked(tables, study, masking):
    put("procedures", 3, intent="protocol")(tables)
    put("procedures", 4, performed_date="2025-04-23")(tables)
    assert set(reviewed(tables, study)[1]) == {"treated_against_arm", "arm_treatment_missing"}
    assert reviewed(tables, study.model_copy(update={"masking": masking}))[1] == {}


def test_a_reversed_stay_stops_no_report_of_a_study_that_reads_no_stays(tables, study):
    put("stays", 2, discharge_date="2025-03-12")(tables)
    unread = study.model_copy(update={"measures": {"pain": study.measures["pain"]}})
    for protocol, severity in ((study, "error"), (unread, "warning")):
        review, _ = reviewed(tables, protocol)
        assert review[["rule", "severity"]].to_numpy().tolist() == [["discharge_before_admission", severity]]


def test_a_misspelled_value_is_found_beside_rows_without_one(tables, study):
    put("procedures", 1, kind="Surgery")(tables)
    put("procedures", 2, kind="")(tables)
    _, found = reviewed(tables, study)
    assert found["unmatched_value"] == [("001", "procedures", 1)]


@pytest.mark.parametrize("column", ["item", "instrument"])
def test_an_answer_to_nothing_is_judged_by_no_range(tables, study, column):
    put("questionnaires", 5, **{"value": "90", column: ""})(tables)
    _, found = reviewed(tables, study)
    assert found["missing_value"] == [("004", "questionnaires", 5)]
    assert "answer_out_of_range" not in found


def test_procedures_without_kind_are_not_the_same(tables, study):
    twice = {"subject_id": "002", "performed_date": "2025-02-10", "kind": "", "lesion_id": "L1"}
    for number in ("8", "9"):
        add("procedures", procedure_id=number, intent="palliative", **twice)(tables)
    assert "same_procedure_twice" not in reviewed(tables, study)[1]


@pytest.mark.parametrize(("randomised", "found"), [("2025-11-01", True), ("2025-11-02", False)])
def test_nothing_is_asked_of_who_was_randomised_shortly_before_the_cutoff(study, randomised, found):
    subjects = {"subject_id": ["001"], "arm": ["control"], "randomised_date": [randomised]}
    _, rules = reviewed({"subjects": pd.DataFrame(subjects, dtype="string")}, study)
    assert ("no_follow_up" in rules) is found


@pytest.mark.parametrize(("indicated", "found"), [("2025-11-01", True), ("2025-11-02", False), ("", True)])
def test_a_procedure_may_be_performed_after_the_cutoff(tables, study, indicated, found):
    surgery = study.components["surgery"].model_copy(update={"date": "performed_date"})
    protocol = study.model_copy(update={"components": {**study.components, "surgery": surgery}})
    add("procedures", subject_id="002", procedure_id="9", kind="surgery", intent="palliative",
        reason="bone_pain", lesion_id="L1", indicated_date=indicated)(tables)  # fmt: skip
    assert ("component_without_date" in reviewed(tables, protocol)[1]) is found


def test_a_query_on_a_departure_names_the_arm_once(tables, study):
    put("procedures", 3, intent="protocol")(tables)
    review, _ = reviewed(tables, study)
    start = "Protocol radiotherapy in the control arm: the subject was randomised to control"
    assert review["found"].tolist() == [f"{start}, and the procedure is dated 2025-08-20"]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_rows_does_not_matter(study, seed):
    tables = {name: pd.DataFrame(columns, dtype="string") for name, columns in review_trial.TABLES.items()}
    put("events", 1, date="2025-06-09")(tables)
    put("assessments", 4, date="2025-03-01")(tables)
    put("stays", 2, admission_date="2025-03-05")(tables)
    add("disposition", subject_id="001", date="2025-06-02", status="died", cause="other")(tables)
    numbered = {name: frame.assign(source_row=range(1, len(frame) + 1)) for name, frame in tables.items()}
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in numbered.items()}
    one, other = (
        sorted(review_records(make_records(each), study).astype("string").fillna("").to_numpy().tolist())
        for each in (numbered, shuffled)
    )
    assert len(one) >= 4
    assert one == other


def test_severity_is_that_of_the_study_file(tables, study):
    put("stays", 2, discharge_date="2025-03-12")(tables)
    put("subjects", 3, site="")(tables)
    changed = parse_study(
        review_trial.STUDY
        + '[review.discharge_before_admission]\nseverity = "note"\nreason = "known at site B"\n'
        + '[review.missing_site]\nseverity = "error"\nreason = "a stratum"\n'
    )
    review, _ = reviewed(tables, changed)
    assert review[["rule", "severity"]].to_numpy().tolist() == [
        ["missing_site", "error"],
        ["discharge_before_admission", "note"],
    ]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ('[review.missing_sites]\nseverity = "note"\nreason = "x"', "did you mean 'missing_site'"),
        ('[review.missing_site]\nseverity = "grave"\nreason = "x"', "'error', 'warning' or 'note'"),
        ('[review.missing_site]\nseverity = "error"', "reason: required and missing"),
        ('[review.missing_site]\nseverity = "error"\nreason = ""', "at least 1 character"),
    ],
)
def test_a_change_of_severity_needs_a_rule_a_severity_and_a_reason(change, words):
    with pytest.raises(InvalidStudy, match=words):
        parse_study(review_trial.STUDY + change)


@pytest.mark.parametrize("name", [name for name in review_trial.TABLES if name != "subjects"])
@pytest.mark.parametrize("left", ["nothing", "no rows", "the key alone"])
def test_a_table_that_is_absent_empty_or_narrow_stops_nothing(tables, study, name, left):
    if left == "nothing":
        del tables[name]
    elif left == "no rows":
        tables[name] = tables[name].iloc[:0]
    else:
        required = [column for column in TABLES[name].required if column in tables[name].columns]
        tables[name] = tables[name][required]
    review, _ = reviewed(tables, study)
    assert list(review.columns) == COLUMNS


@pytest.mark.parametrize("seed", range(4))
def test_gaps_and_strangers_everywhere_stop_nothing(tables, study, seed):
    draw = np.random.default_rng(seed)
    for name, frame in tables.items():
        for column in frame.columns.difference(["subject_id", "arm", "screening_id"]):
            frame.loc[draw.random(len(frame)) < 0.4, column] = pd.NA
        if name not in ("subjects", "screening"):
            frame.loc[draw.random(len(frame)) < 0.3, "subject_id"] = draw.choice(["zz", "S5", " 001"])
    review, _ = reviewed(tables, study)
    assert "missing_value" in set(review["rule"])
