"""Folders and archives of tables, whole and broken."""

import datetime as dt
import zipfile

import pandas as pd
import pyreadstat
import pytest

from skeletal.errors import InvalidRecords
from skeletal.records import make_records, read_records, write_xpt
from skeletal.records.formats.transport import check_whole


def problems(path, study):
    with pytest.raises(InvalidRecords) as error:
        read_records(path, study)
    return error.value.problems


def test_a_folder_of_csv_gives_the_records(folder, tables, study):
    records = read_records(folder, study)
    expected = make_records(tables, study=study)
    assert set(records.tables) == set(tables)
    for name in tables:
        pd.testing.assert_frame_equal(records[name], expected[name])


def test_an_archive_gives_the_same_records(folder, tmp_path, study):
    archive = tmp_path / "trial.ZIP"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("__MACOSX/subjects.csv", "junk")
        for path in folder.iterdir():
            file.write(path, f"inner/folder/{path.name}")
    records = read_records(archive, study)
    plain = read_records(folder, study)
    assert records.digests == plain.digests
    for name in plain.tables:
        pd.testing.assert_frame_equal(records[name], plain[name])


def test_digests_are_those_of_the_files(folder, study):
    (folder / "subjects.csv").write_bytes(b"subject_id,arm,randomised_date\n1,active,2025-01-01\n")
    # printf 'subject_id,arm,randomised_date\n1,active,2025-01-01\n' | sha256sum
    expected = "4e1a89fbee343946586887e085139ca5d98d9da4e47815ba7c9fa3ec66443298"
    assert read_records(folder, study).digests["subjects.csv"] == expected


def test_names_and_endings_are_read_in_any_case(folder, study):
    (folder / "subjects.csv").rename(folder / "Subjects.CSV")
    assert read_records(folder, study).n_subjects == 3


def test_other_files_are_noted(folder, study):
    (folder / "readme.txt").write_text("x")
    (folder / "labs.csv").write_text("a\n1\n")
    (folder / ".DS_Store").write_text("x")
    assert read_records(folder, study).notes == ("files not read: labs.csv, readme.txt",)


def test_csv_may_have_a_byte_order_mark_and_windows_lines(folder, study):
    path = folder / "subjects.csv"
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read_records(folder, study).subjects["subject_id"].tolist() == ["001", "002", "003"]


def test_only_the_empty_field_is_missing_in_native_csv(folder, study):
    path = folder / "stays.csv"
    path.write_text('subject_id,admission_date,ward\n001,2025-03-03,NA\n002,2025-03-04,""\n003,2025-03-05,\n')
    wards = read_records(folder, study)["stays"]["ward"]
    assert wards.isna().tolist() == [False, True, True]
    assert wards[0] == "NA"


def test_fields_in_quotes_may_hold_commas_and_lines(folder, study):
    (folder / "stays.csv").write_text('subject_id,admission_date,ward\n001,2025-03-03,"a, ""b""\nc"\n')
    assert read_records(folder, study)["stays"]["ward"][0] == 'a, "b"\nc'


def test_sas_dates_become_iso_and_zero_stays_zero(folder, study):
    frame = pd.DataFrame(
        {
            "subject_id": ["001", "002"],
            "arm": ["active", "control"],
            "randomised_date": [dt.date(2025, 1, 5), dt.date(2025, 2, 5)],
            "consent_date": pd.to_datetime(["2025-01-01 10:30", None]),
            "age": [0.0, 63.0],
        }
    )
    (folder / "subjects.csv").unlink()
    pyreadstat.write_xport(frame, str(folder / "subjects.xpt"))
    subjects = read_records(folder, study).subjects
    assert subjects["randomised_date"].tolist() == ["2025-01-05", "2025-02-05"]
    assert subjects["consent_date"].tolist() == ["2025-01-01T10:30:00", pd.NA]
    assert subjects["age"].tolist() == [0.0, 63.0]


def test_a_number_without_a_sas_date_format_is_no_date(folder, study):
    frame = pd.DataFrame({"subject_id": ["001"], "arm": ["active"], "randomised_date": [2013.0]})
    (folder / "subjects.csv").unlink()
    write_xpt(frame, folder / "subjects.xpt", name="subjects")
    (problem,) = problems(folder, study)
    assert problem.startswith("subjects.xpt, column 'randomised_date': values that are not dates in 1 row")


PLACES = [
    ("nowhere", None, "does not exist; give the folder (or .zip) that holds the tables"),
    ("subjects.csv", b"a\n1\n", "is a file; give the folder (or .zip) that holds the tables"),
    ("trial.zip", b"PK but broken", "trial.zip cannot be unpacked"),
]


@pytest.mark.parametrize(("name", "content", "message"), PLACES)
def test_a_place_without_tables_is_refused(tmp_path, study, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    (problem,) = problems(path, study)
    assert message in problem


def test_a_folder_without_tables_is_refused(tmp_path, study):
    (tmp_path / "notes.docx").write_text("x")
    (problem,) = problems(tmp_path, study)
    assert problem.endswith(
        "holds no tables (.csv, .tsv, .txt, .xlsx, .xls, .parquet, .xpt, .sas7bdat, .json, .ndjson); "
        "give the folder (or .zip) that holds them"
    )


def test_a_folder_without_subjects_says_what_it_found(folder, study):
    (folder / "subjects.csv").rename(folder / "subject.csv")
    (problem,) = problems(folder, study)
    assert "has no table 'subjects' (found " in problem
    assert problem.endswith("Did you mean 'subject'?")


def test_sdtm_without_a_mapping_is_recognised(tmp_path, study):
    (tmp_path / "dm.csv").write_text("USUBJID\n1\n")
    (problem,) = problems(tmp_path, study)
    assert "the study needs [records] format = 'sdtm'" in problem


def test_two_files_for_one_table_are_refused(folder, study):
    (folder / "Events.parquet").write_bytes(b"")
    found = problems(folder, study)
    assert found[0] == "more than one file for table 'events': Events.parquet, events.csv; keep one"


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", "old", "subjects.csv, column 'age': values that are not numbers in 1 row: row 3 ('old')"),
        ("treatment_date", "2025-13", "subjects.csv, column 'treatment_date': values that are not dates"),
        ("arm", "Control", "subjects.csv, column 'arm': arms that the study does not have in 1 row: row 3"),
    ],
)
def test_a_bad_value_is_named_with_its_file(folder, tables, study, column, value, message):
    tables["subjects"].loc[2, column] = value
    tables["subjects"].to_csv(folder / "subjects.csv", index=False)
    (problem,) = problems(folder, study)
    assert problem.startswith(message)


def test_problems_of_all_files_come_together(folder, tables, study):
    (folder / "events.csv").write_bytes(b"")
    (folder / "stays.csv").write_bytes(b"PK\x03\x04")
    tables["subjects"].assign(age="x").to_csv(folder / "subjects.csv", index=False)
    found = problems(folder, study)
    assert [problem.split()[0].rstrip(",") for problem in found] == [
        "events.csv",
        "stays.csv",
        "subjects.csv",
    ]


def transport_of(tables, path, *, version):
    """Write the subjects as a transport file of 60 rows and return its bytes."""
    frame = pd.DataFrame({"subject": [f"S{i:05}" for i in range(60)], "x": [1.0] * 60})
    if version == 8:
        frame = frame.rename(columns={"subject": "subject_id"})
    return write_xpt(frame, path, name="subjects").read_bytes()


@pytest.mark.parametrize("version", [5, 8])
@pytest.mark.parametrize("gone", [1, 80, 160, 400])
def test_a_transport_file_cut_short_is_refused(tables, tmp_path, version, gone):
    data = transport_of(tables, tmp_path / "subjects.xpt", version=version)
    check_whole(data)
    with pytest.raises(ValueError, match=r"last row is not complete|80-byte records|rows are announced"):
        check_whole(data[:-gone])


def test_a_transport_file_without_its_headers_is_refused(tables, tmp_path):
    data = transport_of(tables, tmp_path / "subjects.xpt", version=5)
    with pytest.raises(ValueError, match="header of the columns"):
        check_whole(data[:400])


def test_tables_one_folder_down_are_pointed_out(folder, tmp_path, study):
    assert f"Did you mean the folder {folder}?" in problems(tmp_path, study)[0]


def test_an_archive_made_with_backslashes_is_read(folder, tmp_path, study):
    archive = tmp_path / "trial.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in folder.iterdir():
            file.writestr(f"trial\\{path.name}", path.read_bytes())
    assert read_records(archive, study).n_subjects == 3
