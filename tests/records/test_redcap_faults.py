"""What a REDCap export, its data dictionary or the mapping gets wrong: one message with file, row, remedy."""

from __future__ import annotations

import copy

import pytest
from tests.support.redcap_project import (
    FIELDS,
    MAPPING,
    RAW,
    dictionary_text,
    read,
    refusal,
    study_of,
    write_project,
)

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.records import read_records


@pytest.fixture
def mapping():
    """Give a mapping that a test may change."""
    return copy.deepcopy(MAPPING)


def test_a_code_that_the_dictionary_does_not_have_names_its_rows(tmp_path):
    export = RAW.replace("2025-02-05,0,0,i", "2025-02-05,0,0,x")
    (problem,) = refusal(tmp_path, export=export)
    assert "column 'sre_how': codes that Trial_DataDictionary.csv does not have" in problem
    assert "in 1 row: row 4 ('x')" in problem


def test_a_code_that_the_mapping_does_not_name_is_refused_with_its_label(tmp_path, mapping):
    del mapping["forms"]["subjects"][0]["values"]["arm"]["Upfront RT"]
    (problem, *_) = refusal(tmp_path, mapping)
    assert (
        "column 'arm' (from arm): values that the study does not map ('2' (Upfront RT)) in 1 row: row 6"
        in (problem)
    )


def test_a_word_of_the_mapping_that_is_no_choice_is_refused(tmp_path, mapping):
    mapping["forms"]["subjects"][0]["values"]["arm"] = {"Observation": "observational"}
    mapping["forms"]["disposition"][0]["where"] = {"end_why": "died"}
    problems = refusal(tmp_path, mapping)
    assert len(problems) == 2
    assert (
        "names 'Observation', neither code nor label of arm in Trial_DataDictionary.csv: it has 1 (Obs"
        in (problems[0])
    )
    assert "names 'died', neither code nor label of end_why" in problems[1]


def test_a_label_of_two_codes_must_be_named_by_code(tmp_path, mapping):
    fields = [("end_why", "end", "dropdown", "Why", "1, Died | 2, Lost | 3, Died", "")]
    fields = [field for field in FIELDS if field[0] != "end_why"] + fields
    (problem,) = refusal(tmp_path, mapping, dictionary=dictionary_text(fields))
    assert "'Died' is the label of several codes of end_why; name the codes" in problem


def test_unknown_forms_and_fields_come_together_with_what_was_meant(tmp_path, mapping):
    mapping["forms"]["subjects"][0]["form"] = "enrollment"
    mapping["forms"]["events"][0]["columns"]["date"] = "sre_dat"
    mapping["forms"]["assessments"][0]["columns"]["result"] = "sre_kind"
    mapping["forms"]["events"][0]["checked"] = {"component": "sre_how"}
    form, box, field, checked = refusal(tmp_path, mapping)
    assert form == (
        "Trial_DataDictionary.csv has no form 'enrollment', which records.forms.subjects of the study names "
        "(it has enrolment, visit, sre, bpi, end). Did you mean 'enrolment'?"
    )
    assert box == (
        "records.forms.assessments of the study names 'sre_kind', which is a checkbox field: name one of its "
        "boxes (sre_kind___frac, sre_kind___scc), or use checked"
    )
    assert field == (
        "Trial_DataDictionary.csv has no field(s) sre_dat, which records.forms.events of the study names. "
        "Did you mean 'sre_date'?"
    )
    assert checked == (
        "records.forms.events of the study: checked names 'sre_how', which is no checkbox field of "
        "Trial_DataDictionary.csv: its checkbox fields are history, sre_kind"
    )


def test_fields_that_were_not_exported_are_named(tmp_path):
    lines = [line.rsplit(",", 2)[0] for line in RAW.splitlines()]
    (problem,) = refusal(tmp_path, export="\n".join(lines) + "\n")
    assert problem == (
        "Trial_DATA_2026-01-01.csv: no column(s) end_why, which records.forms.disposition of the study names "
        "and Trial_DataDictionary.csv has; export all instruments"
    )


def test_a_dictionary_of_another_project_is_one_message(tmp_path):
    other = dictionary_text([("id", "other", "text", "ID", "", ""), ("height", "other", "text", "H", "", "")])
    (problem,) = refusal(tmp_path, dictionary=other)
    assert "Trial_DATA_2026-01-01.csv and Trial_DataDictionary.csv share few fields or none" in problem
    assert "put the export and the data dictionary of the same project side by side" in problem


def test_columns_that_an_older_dictionary_lacks_are_one_message(tmp_path):
    (problem,) = refusal(tmp_path, dictionary=dictionary_text([f for f in FIELDS if f[0] != "end_why"]))
    assert "1 column(s) that the data dictionary Trial_DataDictionary.csv does not have: 'end_why'" in problem


def test_an_export_without_the_record_id_is_one_message(tmp_path):
    lines = [line.split(",", 1)[1] for line in RAW.splitlines()]
    (problem,) = refusal(tmp_path, export="\n".join(lines) + "\n")
    assert problem.startswith(
        "Trial_DATA_2026-01-01.csv: no column of the record id ('record_id' in Trial_Data"
    )


def test_rows_without_a_record_are_named(tmp_path):
    (problem,) = refusal(tmp_path, export=RAW.replace("S2,base", ",base"))
    assert "no record id in 1 row: row 6" in problem


def test_two_exports_below_each_other_are_refused(tmp_path):
    (problem,) = refusal(tmp_path, export=RAW + RAW.split("\n", 1)[1])
    assert "a row stands there before with its record, event and instance in 8 rows: row 9 ('S1')" in problem


def test_no_dictionary_and_no_export_are_told_apart(tmp_path):
    write_project(tmp_path / "a").joinpath("Trial_DataDictionary.csv").unlink()
    write_project(tmp_path / "b").joinpath("Trial_DATA_2026-01-01.csv").unlink()
    for folder, words in (("a", "no REDCap data dictionary among"), ("b", "no REDCap export beside")):
        with pytest.raises(InvalidRecords, match=words):
            read_records(tmp_path / folder, study_of(MAPPING))


@pytest.mark.parametrize(
    ("text", "words"),
    [(RAW, "2 REDCap exports"), (dictionary_text(), "2 data dictionaries")],
    ids=["export", "dictionary"],
)
def test_two_of_one_kind_are_refused(text, words, tmp_path):
    (write_project(tmp_path) / "again.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidRecords, match=words):
        read_records(tmp_path, study_of(MAPPING))


def test_other_csv_files_are_noted_and_left_alone(tmp_path):
    (write_project(tmp_path) / "sites.csv").write_text("site,town\n1,Ghent\n", encoding="utf-8")
    records = read_records(tmp_path, study_of(MAPPING))
    assert "files not read: sites.csv" in records.notes


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (",Form Name,", ",Forms,", "no REDCap data dictionary among"),
        (",Field Type,", ",Kind,", "no column 'Field Type'"),
        ("ecog,enrolment", "arm,enrolment", "row 4: field 'arm' stands there twice"),
        (",enrolment,,yesno,", ",,,yesno,", "row 5: no field name, form name or field type"),
        ('"c, Clinical | i, Imaging"', "", "row 14: a field of choices without choices"),
        ('"c, Clinical | i, Imaging"', '"c, Clinical | c, Imaging"', "row 14: code 'c' has two choices"),
    ],
)
def test_a_broken_dictionary_names_row_and_remedy(old, new, words, tmp_path):
    text = dictionary_text()
    assert old in text
    problems = refusal(tmp_path, dictionary=text.replace(old, new, 1))
    assert words in problems[0]
    assert "download" in problems[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lesion": [{"form": "x"}]}, "names 'lesion', which is no record table. Did you mean 'lesions'?"),
        ({"events": [{"form": "x", "items": ["a"]}]}, "items make rows of questionnaires"),
        ({"events": [{"form": "x", "values": {"a": {"1": 2}}}]}, "values for columns not mapped: a"),
        ({"events": [{"form": "x", "columns": {"a": "b"}, "constants": {"a": 1}}]}, "filled twice: a"),
        (
            {"questionnaires": [{"form": "x", "items": ["a"], "checked": {"b": "c"}}]},
            "items and checked both make rows",
        ),
        ({"subjects": None}, "needs records.forms.subjects"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused(change, words, tmp_path, mapping):
    forms = {name: parts for name, parts in (mapping["forms"] | change).items() if parts}
    with pytest.raises(InvalidStudy, match=words.replace("?", r"\?")):
        read(tmp_path, mapping | {"forms": forms})


def test_an_export_without_rows_is_one_message(tmp_path):
    (problem,) = refusal(tmp_path, export=RAW.split("\n", 1)[0] + "\n")
    assert problem == (
        "Trial_DATA_2026-01-01.csv (subjects): no rows; one for each randomised subject is required"
    )


def test_a_dictionary_without_fields_is_one_message(tmp_path):
    (problem,) = refusal(tmp_path, dictionary=dictionary_text([]))
    assert problem.startswith("Trial_DataDictionary.csv: a data dictionary without fields; download")


def test_a_repeating_instrument_that_the_dictionary_lacks_names_its_rows(tmp_path):
    export = RAW.replace("month_1_arm_1,sre,", "month_1_arm_1,falls,", 1)
    export = export.replace("2025-02-01,1,1,c,2", ",,,,", 1)
    (problem,) = refusal(tmp_path, export=export)
    assert "repeating instrument 'falls' is no form of Trial_DataDictionary.csv in 1 row: row 3" in problem


def test_a_field_of_a_repeating_event_is_not_one_value(tmp_path, mapping):
    mapping["forms"]["disposition"][0]["columns"]["last_visit_date"] = "[month_1_arm_1][visit_date]"
    export = RAW.replace("S1,month_1_arm_1,,,", "S1,month_1_arm_1,,1,", 1)
    (problem,) = refusal(tmp_path, mapping, export=export)
    assert "names [month_1_arm_1][visit_date] for rows of form 'end', but form 'visit' repeats" in problem
