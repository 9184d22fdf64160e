"""Values that files of other software carry are neither changed nor lost without a word."""

from __future__ import annotations

import copy
import csv
import datetime as dt
import io
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pyreadstat
import pytest
from tests.records.test_sdtm_joins import FILES, MAPPING
from tests.support import redcap_project
from tests.support.tiny_trial import STUDY

from skeletal.errors import InvalidRecords
from skeletal.records import read_records
from skeletal.records.convert import undeclared_kind
from skeletal.records.formats.sas import with_sas_dates
from skeletal.study import parse_study

COMMA = MAPPING.replace('format = "sdtm"', 'format = "sdtm"\ncsv = { decimal = "," }')
CP1252 = MAPPING.replace('format = "sdtm"', 'format = "sdtm"\ncsv = { encoding = "cp1252" }')


def subjects(tmp_path, study, **columns):
    n = len(next(iter(columns.values())))
    about = {
        "subject_id": [f"S{number}" for number in range(n)],
        "arm": ["control"] * n,
        "randomised_date": ["2025-01-05"] * n,
    }
    pa_parquet.write_table(pa.table(about | columns), tmp_path / "subjects.parquet")
    return read_records(tmp_path, study).subjects


def sdtm(tmp_path, mapping=MAPPING, **changes):
    for name, text in FILES.items():
        (tmp_path / f"{name}.csv").write_text(text)
    for name, (old, new) in changes.items():
        assert old in FILES[name]
        (tmp_path / f"{name}.csv").write_text(FILES[name].replace(old, new))
    return lambda: read_records(tmp_path, parse_study(STUDY + mapping))


def problems(read):
    with pytest.raises(InvalidRecords) as error:
        read()
    return list(error.value.problems)


def test_an_identifier_of_more_digits_than_a_number_holds_is_refused(tmp_path, study):
    # 9007199254740993 is 2**53 + 1, the first whole number that float64 does not have.
    found = problems(lambda: subjects(tmp_path, study, subject_id=[1e16, 9007199254740993.0, 7.0]))
    assert found == [
        (
            "subjects.parquet, column 'subject_id': numbers of more digits than a number holds exactly in 2 "
            "rows: row 1 (1e+16), row 2 (9007199254740992.0); export the column as text"
        )
    ]


def test_a_whole_number_that_is_stored_as_such_keeps_all_its_digits(tmp_path, study):
    found = subjects(tmp_path, study, subject_id=[9007199254740993, 7])
    assert found["subject_id"].tolist() == ["9007199254740993", "7"]


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("screening_id", ["12.10", "12.01"], "text"),
        ("code", ["20250000000000123", "1"], "text"),
        ("code", ["123456789012345", "1"], "number"),
        ("dose", ["12.10", "12.01"], "number"),
    ],
)
def test_an_undeclared_column_is_a_number_only_where_no_digit_is_lost(name, values, kind):
    assert undeclared_kind(name, pd.Series(values, dtype="string")) == kind


def test_an_undeclared_whole_number_that_is_too_large_for_a_number_is_text():
    assert undeclared_kind("code", pd.Series([9007199254740993, 2])) == "text"
    assert undeclared_kind("code", pd.Series([9007199254740991, 2])) == "number"


def test_a_typed_date_that_no_calendar_of_the_analysis_has_is_refused(tmp_path, study):
    day = pa.array([dt.date(9999, 12, 31)])
    found = problems(lambda: subjects(tmp_path, study, randomised_date=day))
    assert found[0].startswith(
        "subjects.parquet, column 'randomised_date': values that are not dates in 1 row"
    )


@pytest.mark.parametrize("name", ["Age", " age", "age ", "\ufeffage", "AGE"])
def test_a_column_in_other_case_or_with_blanks_is_refused_and_not_ignored(tables, study, tmp_path, name):
    tables["subjects"].rename(columns={"age": name}).to_csv(tmp_path / "subjects.csv", index=False)
    assert problems(lambda: read_records(tmp_path, study)) == [
        (
            f"subjects.csv: column {name!r} differs from 'age' only in case or blanks and would not be read; "
            "rename it"
        )
    ]


@pytest.mark.parametrize("number", ["1.0", " 1 ", "01", "1."])
def test_a_sequence_number_belongs_to_its_row_however_it_is_written(tmp_path, number):
    related = ("AE,S1,AESEQ,1,", f"AE,S1,AESEQ,{number},")
    events = sdtm(tmp_path, suppae=("AESEQ, 1,", f"AESEQ,{number},"), relrec=related)()["events"]
    assert events["event_id"].tolist() == ["A1", "A1"]
    assert events["symptomatic"].tolist() == [True, pd.NA]


def test_a_sponsor_number_is_compared_as_it_is_written(tmp_path):
    found = problems(sdtm(tmp_path, suppae=("AE,S2,AESPID,A1,", "AE,S2,AESPID,1.0,")))
    assert "qualifiers that belong to no row of ae.csv in 1 row: row 3 ('S2 SKELETAL')" in found[0]


def test_a_decimal_comma_is_multiplied_too(tmp_path):
    lesions = sdtm(tmp_path, COMMA, tr=("LDIAM,31,", 'LDIAM,"31,5",'))()["lesions"]
    assert lesions["diameter_cm"].dropna().tolist() == [2.7, 3.15]


def test_a_thousands_point_is_refused_before_it_is_multiplied(tmp_path):
    found = problems(sdtm(tmp_path, COMMA, tr=("LDIAM,31,", "LDIAM,1.234,")))
    assert found == [
        (
            "tr.csv (lesions), column 'diameter_cm' (from TR.LDIAM): values that are not numbers in 1 row: "
            "row 1 ('1.234'); write digits with a decimal comma, or leave the field empty"
        )
    ]


def test_a_typed_number_needs_no_decimal_comma(tmp_path):
    read = sdtm(tmp_path, COMMA)
    (tmp_path / "lb.csv").unlink()
    frame = pd.read_csv(io.StringIO(FILES["lb"]))
    frame.loc[2, "LBSTRESN"] = 12.345
    pyreadstat.write_xport(frame, str(tmp_path / "lb.xpt"))
    assert read().subjects["haemoglobin_g_dl"].dropna().tolist() == [12.345]


def test_a_row_that_is_left_out_for_the_case_of_a_letter_is_told(tmp_path):
    changed = ("AE,S2,AESPID,A1,SKELETAL,Y", "AE,S2,AESPID,A1,SKELETAL,y")
    assert problems(sdtm(tmp_path, suppae=changed)) == [
        (
            "suppae.csv (events), SUPPAE.SKELETAL: values that differ from 'Y' only in case or blanks in "
            "1 row: row 3 ('y'); correct them, or name them too in the study"
        )
    ]
    named = MAPPING.replace('SKELETAL" = "Y"', 'SKELETAL" = ["Y", "y"]')
    assert len(sdtm(tmp_path, named, suppae=changed)()["events"]) == 2


def test_the_case_of_a_letter_counts_only_in_rows_that_the_other_conditions_keep(tmp_path):
    read = sdtm(
        tmp_path,
        MAPPING.replace('"SUPPAE.SKELETAL" = "Y"', '"SUPPAE.SKELETAL" = "Y", AEDECOD = "fracture"'),
        ae=("headache", "Fracture"),
    )
    assert len(read()["events"]) == 2
    (tmp_path / "ae.csv").write_text(FILES["ae"].replace("S2,1,A1,fracture", "S2,1,A1,FRACTURE"))
    assert [message for message in problems(read) if "AEDECOD" in message] == [
        (
            "ae.csv (events), AEDECOD: values that differ from 'fracture' only in case or blanks in 1 row: "
            "row 3 ('FRACTURE'); correct them, or name them too in the study"
        )
    ]


def test_one_cause_is_told_once(tmp_path):
    found = problems(sdtm(tmp_path, ae=("USUBJID,AESEQ", "usubjid,AESEQ")))
    assert found == [
        (
            "ae.csv: no column(s) USUBJID, which records.tables.events of the study names. Did you mean "
            "'usubjid'?"
        )
    ]


def test_transport_text_of_windows_is_read_where_its_encoding_is_declared(tmp_path):
    read = sdtm(tmp_path, CP1252)
    (tmp_path / "suppdm.csv").unlink()
    frame = pd.read_csv(io.StringIO(FILES["suppdm"]), dtype=str, keep_default_na=False)
    frame.loc[1, "QVAL"] = "M\u00fcller"
    path = tmp_path / "suppdm.xpt"
    pyreadstat.write_xport(frame, str(path))
    assert read().subjects["primary_tumour"].tolist() == ["M\u00fcller", "breast, left"]
    path.write_bytes(path.read_bytes().replace("M\u00fcller".encode(), "M\u00fcller ".encode("cp1252")))
    assert read().subjects["primary_tumour"].tolist() == ["M\u00fcller", "breast, left"]
    undeclared = problems(lambda: read_records(tmp_path, parse_study(STUDY + MAPPING)))
    assert undeclared[0].startswith('suppdm.xpt holds text that is not UTF-8; write encoding = "cp1252"')


@pytest.mark.parametrize("name", ["YYMMDDN8", "YYMMDDD10", "DDMMYYP10", "MMDDYYS10", "DATE9"])
def test_numbers_with_a_sas_date_format_of_any_mark_are_dates(name):
    # SAS counts days from 1960-01-01: 23815 is 2025-03-15.
    frame = with_sas_dates(pd.DataFrame({"DAY": [23815.0]}), {"DAY": name})
    assert frame["DAY"].tolist() == [pd.Timestamp("2025-03-15")]


def test_hidden_files_of_an_archive_are_no_tables(tmp_path, tables, study):
    with zipfile.ZipFile(tmp_path / "trial.zip", "w") as archive:
        archive.writestr("trial/subjects.csv", tables["subjects"].to_csv(index=False))
        archive.writestr("trial/~$subjects.xlsx", b"lock")
        archive.writestr("trial/._subjects.csv", b"\0\1")
    assert read_records(tmp_path / "trial.zip", study).n_subjects == 3


def export(*columns, text=redcap_project.RAW, after=None, **cells):
    """Return an export with more columns, each a name and its cells by row, or other cells."""
    rows = list(csv.reader(io.StringIO(text)))
    for name, values in columns:
        place = rows[0].index(after) + 1
        given = [name, *(values.get(number, "") for number in range(1, len(rows)))]
        rows = [[*row[:place], cell, *row[place:]] for row, cell in zip(rows, given, strict=True)]
    for name, values in cells.items():
        for number, cell in values.items():
            rows[number][rows[0].index(name)] = cell
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def redcap(tmp_path, text, mapping=redcap_project.MAPPING):
    (tmp_path / "dictionary.csv").write_text(redcap_project.dictionary_text())
    (tmp_path / "export.csv").write_text(text)
    return redcap_project.read_project(tmp_path, mapping)


def test_boxes_are_not_known_where_a_missing_data_code_is_checked(tmp_path):
    text = export(("history___unk", {1: "0", 6: "1"}), after="history____9")
    assert redcap(tmp_path, text).subjects["diabetes"].tolist() == [True, pd.NA]


def test_boxes_of_missing_data_codes_that_are_not_declared_are_named(tmp_path):
    mapping = copy.deepcopy(redcap_project.MAPPING)
    mapping["redcap"]["missing"] = []
    text = export(("history___unk", {6: "1"}), after="history____9")
    assert problems(lambda: redcap(tmp_path, text, mapping)) == [
        (
            "export.csv: box(es) that dictionary.csv does not have: 'history___unk'; name the missing data "
            "codes of the project in records.redcap.missing, or download the data dictionary again"
        )
    ]


def test_boxes_of_a_form_that_nobody_opened_are_not_known_to_other_forms(tmp_path):
    mapping = copy.deepcopy(redcap_project.MAPPING)
    mapping["forms"]["assessments"][0]["columns"]["diabetes"] = "history___a"
    mapping["forms"]["subjects"][0]["filled"] = ["rand_date"]
    text = export(
        history___a={2: "0", 7: "0"}, history____9={2: "0", 7: "0"}, enrolment_complete={2: "0", 7: "2"}
    )
    assert redcap(tmp_path, text, mapping)["assessments"]["diabetes"].tolist() == [pd.NA, False]


def test_a_negative_code_in_a_column_name_may_have_its_minus(tmp_path):
    text = redcap_project.RAW.replace("history____9", "history___-9")
    assert redcap(tmp_path, text).subjects["diabetes"].tolist() == [True, False]


def test_an_export_of_labels_may_have_the_times_of_several_surveys(tmp_path):
    mapping = copy.deepcopy(redcap_project.MAPPING)
    mapping["redcap"]["visits"] = {"Month 1": "Month 1", "Baseline": "Baseline"}
    mapping["forms"]["questionnaires"][0]["columns"]["arm"] = "[Baseline][arm]"
    times = [("Survey Timestamp", {1: "[not completed]"})]
    text = export(*times, text=redcap_project.LABELS, after="BMI")
    text = export(*times, text=text, after="Seen")
    assert redcap(tmp_path, text, mapping).subjects["arm"].tolist() == ["observational", "upfront-rt"]


def test_what_follows_a_date_is_cut_off_only_where_it_is_a_time(tmp_path):
    text = redcap_project.RAW.replace("2025-02-10 09:30", "2025-02-10?")
    assert "values that are not dates in 1 row: row 2 ('2025-02-10?')" in "".join(
        problems(lambda: redcap(tmp_path, text))
    )
