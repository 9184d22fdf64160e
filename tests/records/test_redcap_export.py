"""Records written as a REDCap project are read back to the same tables."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeletal.records import make_records, read_records, write_csv
from skeletal.records.redcap.dictionary import is_dictionary
from skeletal.records.redcap.export import export_redcap
from skeletal.study import load_study
from skeletal_synthetic import simulate_trial

LIBRARY = ["hermes", "perform", "rfa-ba", "rt-vertebroplasty"]
PROVENANCE = ["source", "source_row"]
STUDY = load_study("hermes")


def read_back(made, folder, study):
    write_csv(made.export, folder / "export.csv")
    write_csv(made.dictionary, folder / "dictionary.csv")
    return read_records(folder, study.model_copy(update={"records": made.mapping}))


def assert_same_tables(found, expected):
    """Compare what the tables hold; a REDCap export has its own order of rows and columns."""
    assert set(found.tables) == set(expected.tables)
    for name, table in expected.tables.items():
        columns = sorted(set(table.columns) - set(PROVENANCE))
        assert sorted(set(found[name].columns) - set(PROVENANCE)) == columns
        ours, theirs = (
            frame[columns].sort_values(columns).reset_index(drop=True) for frame in (table, found[name])
        )
        pd.testing.assert_frame_equal(theirs, ours)


@pytest.fixture(scope="module", params=LIBRARY)
def trial(request):
    study = load_study(request.param)
    return study, simulate_trial(study, seed=3, n_subjects=10)


@pytest.mark.parametrize("labels", [False, True], ids=["codes", "labels"])
def test_a_simulated_trial_comes_back(trial, labels, tmp_path):
    study, records = trial
    assert_same_tables(read_back(export_redcap(records, labels=labels), tmp_path, study), records)


def test_the_headers_of_labels_can_stand_for_the_fields(trial, tmp_path):
    study, records = trial
    made = export_redcap(records, labels=True)
    labels = {"record_id": "Record ID", "redcap_event_name": "Event Name"}
    labels |= {"redcap_repeat_instrument": "Repeat Instrument", "redcap_repeat_instance": "Repeat Instance"}
    for name, label, choices in made.dictionary.iloc[:, [0, 4, 5]].fillna("").itertuples(index=False):
        labels[name] = label
        boxes = dict(re.match(r"(\S+), (.*)", part).groups() for part in choices.split(" | ") if part)
        labels |= {f"{name}___{code}": f"{label} (choice={word})" for code, word in boxes.items()}
    header = [labels.get(name, "Complete?") for name in made.export]
    assert header.count("Date") > 1
    made.export.to_csv(tmp_path / "export.csv", index=False, header=header)
    write_csv(made.dictionary, tmp_path / "dictionary.csv")
    found = read_records(tmp_path, study.model_copy(update={"records": made.mapping}))
    assert_same_tables(found, records)


def test_rows_name_the_export(trial, tmp_path):
    study, records = trial
    made = export_redcap(records)
    found = read_back(made, tmp_path, study)
    rows = made.export["record_id"].iloc[found["disposition"]["source_row"] - 1]
    assert rows.tolist() == found["disposition"]["subject_id"].tolist()
    assert set(found["disposition"]["source"]) == {"disposition"}


def test_the_export_is_one_of_redcap(trial):
    study, records = trial
    made = export_redcap(records)
    assert made.export.columns[:4].tolist() == [
        "record_id",
        "redcap_event_name",
        "redcap_repeat_instrument",
        "redcap_repeat_instance",
    ]
    keys = made.export[made.export.columns[:4]]
    assert not keys.duplicated().any()
    assert is_dictionary(made.dictionary.columns)
    names = [*made.dictionary.iloc[:, 0], *made.dictionary.iloc[:, 1].unique()]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)
    first = made.export[made.export["record_id"] == study_subject(records)]
    assert first["redcap_repeat_instrument"].isna().tolist()[0]
    instances = first[first["redcap_repeat_instrument"] == "assessments"]
    assert instances["redcap_repeat_instance"].iloc[0] == "1"
    assert set(made.export["redcap_event_name"]) <= {"enrolment_arm_1", *made.mapping.redcap.visits}
    assert study.visits[0].name in made.mapping.redcap.visits.values()


def study_subject(records):
    return records.subjects["subject_id"].iloc[0]


def test_known_flags_are_boxes_and_others_yes_or_no():
    subjects = pd.DataFrame(
        {
            "subject_id": ["S1", "S2"],
            "arm": ["a", "b"],
            "randomised_date": ["2025-01-01", "2025-01-02"],
            "visceral_metastases": [True, False],
            "other_metastases": [False, False],
            "pregnant": [None, True],
        }
    )
    made = export_redcap(make_records({"subjects": subjects.assign(pregnant=["", "true"])}))
    assert made.export["subjects_findings___visceral_metastases"].tolist() == ["1", "0"]
    assert made.export["subjects_pregnant"].isna().tolist() == [True, False]
    kinds = made.dictionary.set_index("Variable / Field Name")["Field Type"]
    assert kinds["subjects_findings"] == "checkbox"
    assert kinds["subjects_pregnant"] == "yesno"


def test_labels_change_choices_and_nothing_else(trial):
    _, records = trial
    raw, labels = export_redcap(records), export_redcap(records, labels=True)
    pd.testing.assert_frame_equal(raw.dictionary, labels.dictionary)
    assert set(raw.export["subjects_arm"].dropna()) == {"1", "2"}
    assert set(labels.export["subjects_arm"].dropna()) == set(records.subjects["arm"])
    dates = "subjects_randomised_date"
    assert raw.export[dates].equals(labels.export[dates])


def test_an_instrument_is_a_form_with_a_field_for_each_item(trial):
    _, records = trial
    made = export_redcap(records)
    answers = records["questionnaires"]
    parts = made.mapping.forms["questionnaires"]
    assert [part.constants["instrument"] for part in parts] == answers["instrument"].unique().tolist()
    items = {(part.constants["instrument"], item) for part in parts for item in part.items.values()}
    assert items == set(answers[["instrument", "item"]].itertuples(index=False, name=None))


WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\u2028\u2029\x85"),
    min_size=1,
    max_size=8,
)
SOME = st.one_of(st.none(), WORDS)
DAYS = (dt.date(1990, 1, 1), dt.date(2040, 12, 31))
DATES = st.one_of(
    st.none(), st.dates(DAYS[0], DAYS[1]).map(str), st.sampled_from(["2025-03", "2025", "2025-03-01T10:20"])
)
FLAGS = st.sampled_from([True, False])
MAYBE = st.sampled_from([True, False, None])
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 10))


def rows(max_size=6, **columns):
    """Draw a table of a few rows, a column for each strategy."""
    return st.lists(st.fixed_dictionaries(columns), max_size=max_size).map(
        lambda drawn: pd.DataFrame(drawn, columns=list(columns), dtype=object)
    )


IDS = st.sampled_from(["S1", "S2", "007", "Stranger"])
EVENTS = rows(
    subject_id=IDS, event_id=WORDS, component=WORDS, date=DATES, symptomatic=FLAGS, adjudicated=FLAGS
)
ASSESSMENTS = rows(subject_id=IDS, visit=SOME, date=DATES, modality=SOME, done=MAYBE)
ANSWERS = rows(
    subject_id=IDS,
    date=DATES,
    instrument=st.one_of(st.none(), st.sampled_from(["BPI", "bpi", "EQ-5D", " x"])),
    item=st.one_of(st.none(), st.sampled_from(["pain", "Pain", "1", "worst pain"])),
    value=NUMBERS,
    visit=st.sampled_from(["Month 1", "month 1", "Enrolment", None]),
)
SCREENED = rows(screening_id=st.sampled_from(["S1", "C1", "C2"]), site=SOME, date=DATES, eligible=MAYBE)


@settings(max_examples=25)
@given(events=EVENTS, assessments=ASSESSMENTS, questionnaires=ANSWERS, screening=SCREENED)
def test_any_records_come_back(events, assessments, questionnaires, screening, tmp_path_factory):
    subjects = pd.DataFrame(
        {"subject_id": ["S1", "S2", "007"], "arm": ["observational", "upfront-rt", "observational"]}
    ).assign(randomised_date=["2025-01-10", "2025-02", "2025-01-20"], age=[70.5, None, 1e-9])
    tables = {
        "subjects": subjects,
        "events": events,
        "assessments": assessments,
        "questionnaires": questionnaires,
        "screening": screening,
    }
    records = make_records(tables, study=STUDY)
    found = read_back(export_redcap(records), tmp_path_factory.mktemp("redcap"), STUDY)
    assert_same_tables(found, records)
