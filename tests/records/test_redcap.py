"""A REDCap export and its data dictionary become record tables, whatever the export holds."""

from __future__ import annotations

import copy

import pandas as pd
import pytest
from tests.support.redcap_project import (
    FIELDS,
    LABELS,
    MAPPING,
    RAW,
    dictionary_text,
    read,
    refusal,
)

from skeletal.study import RecordsMapping, mapping_text, parse_study, study_text


@pytest.fixture
def mapping():
    """Give a mapping that a test may change."""
    return copy.deepcopy(MAPPING)


def test_rows_of_a_form_become_rows_of_a_table(tmp_path):
    subjects = read(tmp_path).subjects
    assert subjects["subject_id"].tolist() == ["S1", "S2"]
    assert subjects["arm"].tolist() == ["observational", "upfront-rt"]
    assert subjects["randomised_date"].tolist() == ["2025-01-10", "2025-01-20"]
    assert subjects["ecog"].tolist() == [0, 2]
    assert subjects["site"].tolist() == ["ghent", "leuven"]


def test_rows_name_their_form_and_the_row_of_the_export(tmp_path):
    records = read(tmp_path)
    assert records.subjects["source"].tolist() == ["enrolment", "enrolment"]
    assert records.subjects["source_row"].tolist() == [1, 6]
    assert records["events"]["source_row"].tolist() == [3, 3]


def test_flags_and_boxes_are_true_or_false_and_missing_data_codes_are_missing(tmp_path):
    subjects = read(tmp_path).subjects
    assert subjects["visceral_metastases"].tolist() == [True, pd.NA]
    assert subjects["diabetes"].tolist() == [True, False]
    assert subjects["diabetes"].dtype == "boolean"


def test_a_missing_data_code_that_is_not_declared_is_refused(tmp_path, mapping):
    mapping["redcap"]["missing"] = []
    problems = refusal(tmp_path, mapping)
    assert problems[0] == (
        "Trial_DATA_2026-01-01.csv, column 'visceral': codes that Trial_DataDictionary.csv does not have, or "
        "has twice ('UNK') in 1 row: row 6 ('UNK'); it knows 1 (Yes), 0 (No): correct the record, download "
        "the data dictionary again, or name missing data codes in records.redcap.missing"
    )


def test_events_become_visits(tmp_path):
    assert read(tmp_path)["assessments"]["visit"].tolist() == ["Month 1", "Month 1"]


def test_without_visits_the_event_itself_is_read(tmp_path, mapping):
    mapping["redcap"]["visits"] = {}
    assert read(tmp_path, mapping)["assessments"]["visit"].tolist() == ["month_1_arm_1"] * 2


def test_an_event_that_the_visits_do_not_name_is_refused(tmp_path, mapping):
    mapping["redcap"]["visits"] = {"baseline_arm_1": "Baseline"}
    (first, *_) = refusal(tmp_path, mapping)
    assert (
        "(assessments), column 'visit' (from redcap_event_name): values that the study does not map" in first
    )
    assert "2 rows: row 2 ('month_1_arm_1'), row 7" in first


def test_a_date_with_a_time_is_a_day(tmp_path):
    assert read(tmp_path)["assessments"]["date"].tolist() == ["2025-02-10", "2025-02-21"]


def test_a_decimal_comma_that_the_dictionary_declares_is_read(tmp_path, mapping):
    mapping["forms"]["assessments"][0]["columns"]["weight"] = "weight"
    weights = read(tmp_path, mapping)["assessments"]["weight"]
    assert weights.iloc[0] == 70.5
    assert weights.isna().tolist() == [False, True]


def test_an_export_made_with_decimal_commas_is_read(tmp_path, mapping):
    mapping["forms"]["assessments"][0]["columns"]["weight_kg"] = "weight"
    mapping["forms"]["assessments"][0]["columns"]["body_mass"] = "[baseline_arm_1][bmi]"
    mapping["csv"] = {"decimal": ","}
    records = read(tmp_path, mapping, export=RAW.replace(",1,0,20,2", ',1,0,"20,25",2'))
    assert records["assessments"]["weight_kg"].iloc[0] == 70.5
    assert records["assessments"]["body_mass"].tolist() == [20.25, 0]


def test_each_checked_box_is_a_row_with_its_own_key(tmp_path):
    events = read(tmp_path)["events"]
    assert events["component"].tolist() == ["fracture", "cord_compression"]
    assert events["event_id"].tolist() == ["sre-month_1_arm_1-1-frac", "sre-month_1_arm_1-1-scc"]
    assert events["detection"].tolist() == ["clinical", "clinical"]


def test_rows_without_a_checked_box_are_noted(tmp_path):
    assert (
        "events: 1 row(s) without a box of sre_kind, which make no row, of form sre"
        in read(tmp_path).notes[0]
    )


def test_each_answered_item_is_a_row(tmp_path):
    answers = read(tmp_path)["questionnaires"]
    assert answers["item"].tolist() == ["worst_pain", "current_pain"]
    assert answers["value"].tolist() == [10, 4]
    assert answers["instrument"].tolist() == ["BPI", "BPI"]


def test_items_of_a_list_go_by_their_own_names(tmp_path, mapping):
    mapping["forms"]["questionnaires"][0]["items"] = ["bpi_worst", "bpi_now"]
    assert read(tmp_path, mapping)["questionnaires"]["item"].tolist() == ["bpi_worst", "bpi_now"]


def test_values_recode_items(tmp_path, mapping):
    mapping["forms"]["questionnaires"][0]["values"] = {"value": {"10": 9, "4": 3}}
    assert read(tmp_path, mapping)["questionnaires"]["value"].tolist() == [9, 3]


def test_a_field_of_another_form_is_that_of_the_same_event(tmp_path):
    # The visit form stands at month 1 beside the repeating form of events.
    assert read(tmp_path)["events"]["reported_date"].tolist() == ["2025-02-10", "2025-02-10"]


def test_a_field_of_the_same_event_is_never_taken_from_another(tmp_path, mapping):
    mapping["forms"]["disposition"][0]["columns"]["last_visit_date"] = "visit_date"
    assert read(tmp_path, mapping)["disposition"]["last_visit_date"].isna().tolist() == [True]


def test_a_field_of_a_named_event_is_taken_from_there(tmp_path, mapping):
    mapping["forms"]["disposition"][0]["columns"]["last_visit_date"] = "[month_1_arm_1][visit_date]"
    assert read(tmp_path, mapping)["disposition"]["last_visit_date"].tolist() == ["2025-02-10"]


def test_a_field_of_a_repeating_form_has_no_one_value(tmp_path, mapping):
    mapping["forms"]["assessments"][0]["columns"]["sre_date"] = "sre_date"
    (problem,) = refusal(tmp_path, mapping)
    assert "names sre_date for rows of form 'visit', but form 'sre' repeats" in problem


@pytest.mark.parametrize(
    ("rows", "left", "note"),
    [
        ({"where": {"seen": True}}, ["S1"], "kept where seen is true"),
        ({"where": {"seen": "False"}}, ["S2"], "kept where seen is False"),
        ({"exclude": {"seen": 0}}, ["S1"], "kept where seen is not 0"),
        ({"filled": ["weight"]}, ["S1"], "kept where weight is filled"),
        ({"where": {"redcap_event_name": "month_1_arm_1"}}, ["S1", "S2"], ""),
    ],
)
def test_rows_are_kept_by_codes_labels_and_filled_fields(rows, left, note, tmp_path, mapping):
    mapping["forms"]["assessments"][0] |= rows
    records = read(tmp_path, mapping)
    assert records["assessments"]["subject_id"].tolist() == left
    assert [note in text for text in records.notes if text.startswith("assessments")] == [True] * bool(note)


def test_a_form_that_nobody_opened_makes_no_row(tmp_path):
    # S2 has status 0 and boxes 0 in forms that were never opened at its last event.
    records = read(tmp_path)
    assert records.subjects["subject_id"].tolist() == ["S1", "S2"]
    assert records["disposition"]["subject_id"].tolist() == ["S1"]


def test_forms_that_no_table_takes_are_noted(tmp_path, mapping):
    del mapping["forms"]["disposition"]
    assert "forms of Trial_DATA_2026-01-01.csv not mapped: end" in read(tmp_path, mapping).notes


def test_two_entries_for_one_table_are_stacked(tmp_path, mapping):
    again = {"form": "visit", "filled": ["weight"], "constants": {"modality": "scales"}}
    again["columns"] = mapping["forms"]["assessments"][0]["columns"]
    mapping["forms"]["assessments"].append(again)
    assert read(tmp_path, mapping)["assessments"]["modality"].tolist() == ["clinic visit"] * 2 + ["scales"]


def test_a_constant_can_be_the_subject(tmp_path, mapping):
    mapping["forms"]["disposition"][0]["constants"] = {"subject_id": "S2"}
    assert read(tmp_path, mapping)["disposition"]["subject_id"].tolist() == ["S2"]


def test_an_empty_word_makes_a_missing_value(tmp_path, mapping):
    mapping["forms"]["subjects"][0]["values"]["ecog"]["3"] = ""
    assert read(tmp_path, mapping).subjects["ecog"].isna().tolist() == [False, True]


def labelled(mapping):
    """Return the mapping for an export of labels: only events go by other names there."""
    mapping["redcap"]["visits"] = {"Month 1": "Month 1", "Baseline": "Baseline"}
    mapping["forms"]["questionnaires"][0]["columns"]["arm"] = "[Baseline][arm]"
    return mapping


def test_an_export_of_labels_makes_the_same_tables(tmp_path, mapping):
    raw = read(tmp_path / "raw")
    by_label = read(tmp_path / "labels", labelled(mapping), export=LABELS)
    for name, table in raw.tables.items():
        same = table.drop(columns=[column for column in ("site", "event_id") if column in table])
        pd.testing.assert_frame_equal(by_label[name][same.columns], same)


def test_labels_under_the_names_of_fields_are_read_too(tmp_path, mapping):
    header, rows = RAW.split("\n", 1)[0], LABELS.split("\n", 1)[1]
    records = read(tmp_path, labelled(mapping), export=f"{header}\n{rows}")
    assert records.subjects["arm"].tolist() == ["observational", "upfront-rt"]


def test_events_by_label_where_the_study_has_unique_names_is_one_message(tmp_path):
    (problem,) = refusal(tmp_path, export=LABELS)
    assert problem == (
        "Trial_DATA_2026-01-01.csv names events by their labels ('Baseline', 'Month 1', 'End'), the study by "
        "their unique names ('baseline_arm_1', 'month_1_arm_1'); export raw data, or write the labels in the "
        "study"
    )


def test_a_label_of_several_fields_needs_them_all(tmp_path, mapping):
    lines = [line.rsplit(",", 3)[0] for line in LABELS.splitlines()]
    (problem,) = refusal(tmp_path, labelled(mapping), export="\n".join(lines) + "\n")
    assert "several fields have the label(s) 'Complete?', 'Date'" in problem
    assert problem.endswith("export raw data, whose header has the names of the fields")


def test_codes_that_are_labels_of_other_codes_are_told_apart_by_the_rest(tmp_path):
    # ECOG: code 1 has the label 0.  Both exports say the same.
    assert read(tmp_path).subjects["ecog"].tolist() == [0, 2]


def test_where_nothing_tells_codes_from_labels_nothing_is_guessed(tmp_path):
    fields = [FIELDS[0], FIELDS[3]]
    export = "record_id,ecog\nS1,1\nS2,2\n"
    mapping = {"format": "redcap", "forms": {"subjects": [{"form": "enrolment"}]}}
    (problem,) = refusal(tmp_path, mapping, export=export, dictionary=dictionary_text(fields))
    assert "cannot tell codes from labels (ecog: words that are the code of one choice" in problem


def test_codes_are_not_read_for_the_numbers_of_their_labels(tmp_path, mapping):
    del mapping["forms"]["subjects"][0]["values"]["ecog"]
    (problem,) = refusal(tmp_path, mapping)
    assert "reads the codes of ecog, which are not the numbers of its labels" in problem
    assert "(1 is '0', 2 is '1', 3 is '2'); say in values what each code means" in problem


def test_the_dictionary_of_the_programming_interface_is_read(tmp_path):
    names = "field_name,form_name,section_header,field_type,field_label,select_choices_or_calculations"
    names += ",field_note,text_validation_type_or_show_slider_number,a,b,c,d,e,f,g,h,i,j"
    text = "\n".join([names, *dictionary_text().splitlines()[1:]])
    assert read(tmp_path, dictionary=text).n_subjects == 2


def test_the_box_of_a_missing_data_code_and_timestamps_are_known_columns(tmp_path):
    lines = RAW.splitlines()
    lines = [f"{lines[0]},history___unk,visit_timestamp", *(f"{line},," for line in lines[1:])]
    assert read(tmp_path, export="\n".join(lines) + "\n").n_subjects == 2


def test_a_study_file_holds_the_mapping():
    mapping = RecordsMapping.model_validate(MAPPING)
    assert parse_study(f"{study_text('hermes')}\n{mapping_text(mapping)}").records == mapping
