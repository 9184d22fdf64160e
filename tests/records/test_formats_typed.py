"""SAS, parquet, Excel and Dataset-JSON give the records that csv gives."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tests.records.corpus.case import COLUMNS
from tests.records.corpus.old_excel import old_workbook
from tests.records.corpus.other_software import SAS_DATA_SET, TRANSPORT_5, TRANSPORT_8
from tests.records.corpus.typed import (
    NAMES,
    ROWS,
    cells,
    dataset,
    dataset_1_0,
    ndjson,
    parquet,
    transport,
    workbook,
)

from skeletal.records import make_records, read_records
from skeletal.records.formats.sas import sas_frame

JSON = {
    "subjects.json": json.dumps(dataset()).encode(),
    "SUBJECTS.JSON": b"\xef\xbb\xbf" + json.dumps(dataset(), indent=1).encode(),
    "subjects.ndjson": ndjson().replace(b"\n", b"\r\n"),
}
WHOLE = {
    "subjects.parquet": parquet(),
    "subjects.xlsx": workbook(),
    "subjects.xls": old_workbook({"subjects": cells()}),
    "subjects.XLS": old_workbook({"Table1": cells() + [[None] * 7] * 2, "Table2": []}),
    "Subjects.xlsx": workbook({"Sheet1": cells(), "Sheet2": []}),
    "trial.xlsx": workbook({"notes": [["a"]], "SUBJECTS": cells()}),
    **JSON,
}


@pytest.fixture(scope="module")
def expected(study):
    return make_records({"subjects": pd.DataFrame(COLUMNS, dtype="string")}, study=study).subjects


def read(tmp_path, name, content, study):
    (tmp_path / name).write_bytes(content)
    return read_records(tmp_path, study)


@pytest.mark.parametrize("name", WHOLE)
def test_each_format_gives_the_records_of_csv(name, tmp_path, study, expected):
    pd.testing.assert_frame_equal(read(tmp_path, name, WHOLE[name], study).subjects, expected)


def test_dataset_json_1_0_gives_the_records_of_csv(tmp_path, study, expected):
    content = json.dumps(dataset_1_0()).encode()
    pd.testing.assert_frame_equal(read(tmp_path, "subjects.json", content, study).subjects, expected)


def check_other_software(subjects):
    """Compare with the frame that the R code beside the files names."""
    assert subjects["subject_id"].tolist() == ["001", "002", "003"]
    assert subjects["consent_date"].tolist() == ["2025-01-01", "2025-01-02", "2025-01-03"]
    assert subjects["randomised_date"].tolist() == ["2025-01-05", "2025-02-05", "2025-03-05"]
    assert subjects["treatment_date"].tolist() == ["2025-01-05", "2025-02-10", pd.NA]
    assert subjects["site"].tolist() == ["A", "A", "B"]
    assert subjects["age"].tolist() == [63.0, 70.5, 0.0]


@pytest.mark.parametrize(
    ("name", "content"), [("subjects.sas7bdat", SAS_DATA_SET), ("subjects.xpt", TRANSPORT_8)]
)
def test_sas_files_of_other_software_are_read(tmp_path, study, name, content):
    check_other_software(read(tmp_path, name, content, study).subjects)


def test_a_transport_file_of_version_5_is_read(tmp_path):
    path = tmp_path / "dm.xpt"
    path.write_bytes(TRANSPORT_5)
    frame = sas_frame(path, TRANSPORT_5)
    assert frame["SUBJID"].tolist() == ["001", "002", "003"]
    assert frame["RANDDT"].tolist() == [
        pd.Timestamp(day) for day in ("2025-01-05", "2025-02-05", "2025-03-05")
    ]
    assert frame["TRTDT"].isna().tolist() == [False, False, True]
    assert frame["AGE"].tolist() == [63.0, 70.5, 0.0]


def test_a_workbook_holds_several_tables(tmp_path, study):
    stays = [["subject_id", "admission_date"], ["001", dt.date(2025, 3, 3)]]
    content = workbook({"subjects": cells(), "Stays": stays, "legend": [["x"]]})
    records = read(tmp_path, "trial.xlsx", content, study)
    assert records["stays"]["admission_date"].tolist() == ["2025-03-03"]
    assert set(records.digests) == {"trial.xlsx"}
    assert len(records.digests["trial.xlsx"]) == 64


def test_a_workbook_without_a_table_is_noted(tmp_path, study):
    (tmp_path / "subjects.xlsx").write_bytes(workbook())
    records = read(tmp_path, "budget.xlsx", workbook({"costs": [["a"], [1]]}), study)
    assert records.notes == ("files not read: budget.xlsx",)


def test_blank_rows_and_columns_at_the_end_of_a_sheet_are_left_out(tmp_path, study, expected):
    content = workbook({"subjects": [[*row, " ", ""] for row in cells()]}, C9=" ", K2="", D30="")
    pd.testing.assert_frame_equal(read(tmp_path, "subjects.xlsx", content, study).subjects, expected)


def test_cells_of_excel_keep_their_type(tmp_path, study):
    rows = [row[:] for row in cells()]
    extra = ["visit_date", "moment_date", "zip", "mixed", "number", "flag", "blank"]
    values = [
        [dt.date(2025, 1, 5), dt.datetime(2025, 1, 5, 10, 30), "01067", 1, 7, True, None],
        ["2025-03", dt.datetime(2025, 1, 6, 0, 0), "20095", "x", 0.1, False, " "],
        [None, None, None, None, None, None, None],
    ]
    sheet = [rows[0] + extra, *(row + more for row, more in zip(rows[1:], values, strict=True))]
    subjects = read(tmp_path, "subjects.xlsx", workbook({"subjects": sheet}), study).subjects
    assert subjects["visit_date"].tolist() == ["2025-01-05", "2025-03", pd.NA]
    assert subjects["moment_date"].tolist() == ["2025-01-05T10:30:00", "2025-01-06", pd.NA]
    assert subjects["zip"].tolist() == ["01067", "20095", pd.NA]
    assert subjects["mixed"].tolist() == ["1", "x", pd.NA]
    np.testing.assert_array_equal(subjects["number"].to_numpy(), [7, 0.1, np.nan])
    assert subjects["flag"].tolist() == [True, False, pd.NA]
    assert subjects["blank"].isna().all()


def test_dates_of_a_workbook_counted_from_1904_are_the_same_days(tmp_path, study, expected):
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in cells():
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert b'date1904="1"' in zipfile.ZipFile(stream).read("xl/workbook.xml")
    pd.testing.assert_frame_equal(
        read(tmp_path, "subjects.xlsx", stream.getvalue(), study).subjects, expected
    )


def test_parquet_keeps_types_missing_values_and_times(tmp_path, study):
    frame = pd.DataFrame(COLUMNS).assign(
        seen_date=pd.to_datetime(["2025-01-05 10:30", None, "2025-01-06 00:00"]),
        flag=pd.array([True, None, False], dtype="boolean"),
        count=pd.array([1, None, 3], dtype="Int64"),
        kind=pd.Categorical(["a", None, "b"]),
    )
    stream = io.BytesIO()
    frame.set_index("subject_id", drop=False).to_parquet(stream, index=False)
    subjects = read(tmp_path, "subjects.parquet", stream.getvalue(), study).subjects
    assert subjects["seen_date"].tolist() == ["2025-01-05T10:30:00", pd.NA, "2025-01-06T00:00:00"]
    assert subjects["flag"].tolist() == [True, pd.NA, False]
    np.testing.assert_array_equal(subjects["count"].to_numpy(), [1, np.nan, 3])
    assert subjects["kind"].tolist() == ["a", pd.NA, "b"]


def test_dataset_json_keeps_null_empty_flags_and_decimals(tmp_path, study):
    more = [("flag", "boolean"), ("size", "decimal"), ("count", "integer"), ("taken_date", "datetime")]
    columns = dataset()["columns"] + [
        {"itemOID": name, "name": name, "label": "", "dataType": kind} for name, kind in more
    ]
    added = [
        [True, "30.8983333232059", 0, "2025-01-05T10:30:00"],
        [False, None, None, ""],
        [None, "2", 3, None],
    ]
    rows = [row + more for row, more in zip(dataset()["rows"], added, strict=True)]
    content = json.dumps(dataset(columns=columns, rows=rows)).encode()
    subjects = read(tmp_path, "subjects.json", content, study).subjects
    assert subjects["flag"].tolist() == [True, False, pd.NA]
    np.testing.assert_array_equal(subjects["size"].to_numpy(), [30.8983333232059, np.nan, 2])
    np.testing.assert_array_equal(subjects["count"].to_numpy(), [0, np.nan, 3])
    assert subjects["taken_date"].tolist() == ["2025-01-05T10:30:00", pd.NA, pd.NA]


def test_dataset_json_without_rows_or_version_is_an_empty_table(tmp_path, study):
    (tmp_path / "subjects.xpt").write_bytes(transport(2))
    empty = dataset(rows=None, records=0, datasetJSONVersion=None)
    empty["columns"] = [
        {"itemOID": name, "name": name, "label": "", "dataType": "string"}
        for name in ("subject_id", "admission_date")
    ]
    records = read(tmp_path, "stays.json", json.dumps(empty).encode(), study)
    assert records["stays"].empty


def test_the_base_of_the_typed_corpus_is_that_of_the_text_corpus():
    assert [dict(zip(NAMES, row, strict=True)) for row in ROWS] == [
        dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)
    ]
