"""Bad SAS, parquet, Excel and JSON files."""

from __future__ import annotations

import datetime as dt
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet

from skeletal.records import write_xpt

from .case import COLUMNS, SUBJECTS, Case
from .old_excel import old_workbook
from .other_software import SAS_DATA_SET, TRANSPORT_8

NAMES = list(COLUMNS)
DATES = [name for name in NAMES if name.endswith("_date")]
ROWS = [list(row) for row in zip(*COLUMNS.values(), strict=True)]
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def transport(rows: int = 60, *, date: Any = "2025-01-05") -> bytes:
    """Return subjects as a transport file."""
    frame = pd.DataFrame(
        {
            "subject_id": [f"S{i:05}" for i in range(rows)],
            "arm": "control",
            "randomised_date": date,
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        return write_xpt(frame, Path(folder) / "subjects.xpt", name="subjects").read_bytes()


def parquet(columns: dict[str, Any] | None = None) -> bytes:
    """Return subjects as parquet; dates have their own type."""
    if columns is None:
        columns = dict(COLUMNS) | {
            name: [dt.date.fromisoformat(day) for day in COLUMNS[name]] for name in DATES
        }
    stream = io.BytesIO()
    pa_parquet.write_table(pa.table(columns), stream)
    return stream.getvalue()


def parquet_named(names: list[str]) -> bytes:
    """Return subjects as parquet under other names."""
    stream = io.BytesIO()
    pa_parquet.write_table(pa.table([pa.array(each) for each in COLUMNS.values()], names=names), stream)
    return stream.getvalue()


def cells() -> list[list[Any]]:
    """Return the rows of the subjects as Excel holds them: dates and numbers, text otherwise."""
    rows: list[list[Any]] = [list(NAMES)]
    for row in ROWS:
        typed: list[Any] = list(row)
        for name in DATES:
            typed[NAMES.index(name)] = dt.date.fromisoformat(row[NAMES.index(name)])
        typed[NAMES.index("age")] = float(row[NAMES.index("age")])
        rows.append(typed)
    return rows


def workbook(sheets: dict[str, list[list[Any]]] | None = None, **put: Any) -> bytes:
    """Return a workbook; ``put`` sets cells of its first sheet."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in (sheets or {"subjects": cells()}).items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    for place, value in put.items():
        cell = book.worksheets[0][place]
        cell.value = value
        cell.number_format = "General"
        if isinstance(value, str) and value.startswith("#"):
            cell.data_type = "e"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def merged() -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    book.worksheets[0].merge_cells("C1:E1")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """Return a workbook with a part changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(stream, "w") as target:
        for item in source.namelist():
            content = source.read(item)
            target.writestr(item, content.replace(old, new) if item == part else content)
    return stream.getvalue()


def dataset(**changes: Any) -> dict[str, Any]:
    """Return the subjects as Dataset-JSON 1.1."""
    kinds = {"age": "float"} | dict.fromkeys(DATES, "date")
    rows = [
        [float(value) if name == "age" else value for name, value in zip(NAMES, row, strict=True)]
        for row in ROWS
    ]
    columns = [
        {"itemOID": f"IT.{name}", "name": name, "label": name, "dataType": kinds.get(name, "string")}
        for name in NAMES
    ]
    whole = {
        "datasetJSONCreationDateTime": "2025-08-01T12:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": "IG.SUBJECTS",
        "records": len(rows),
        "name": "SUBJECTS",
        "label": "Subjects",
        "columns": columns,
        "rows": rows,
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def dataset_1_0(groups: int = 1) -> dict[str, Any]:
    """Return the subjects as Dataset-JSON 1.0: items, a sequence, dates as numbers of SAS."""
    sequence = {"OID": "ITEMGROUPDATASEQ", "name": "ITEMGROUPDATASEQ", "label": "Record", "type": "integer"}
    items = [
        {"OID": f"IT.{name}", "name": name, "label": name, "type": "string"}
        if name not in [*DATES, "age"]
        else {"OID": f"IT.{name}", "name": name, "label": name, "type": "float"}
        | ({"displayFormat": "DATE9."} if name in DATES else {})
        for name in NAMES
    ]
    rows: list[list[Any]] = []
    for number, row in enumerate(ROWS, start=1):
        typed: list[Any] = list(row)
        for name in DATES:
            day = dt.date.fromisoformat(row[NAMES.index(name)])
            typed[NAMES.index(name)] = (day - dt.date(1960, 1, 1)).days
        typed[NAMES.index("age")] = float(row[NAMES.index("age")])
        rows.append([number, *typed])
    group = {"records": 3, "name": "SUBJECTS", "label": "", "items": [sequence, *items], "itemData": rows}
    return {
        "creationDateTime": "2023-03-22T11:53:27",
        "datasetJSONVersion": "1.0.0",
        "clinicalData": {"studyOID": "x", "itemGroupData": {f"IG.{i}": group for i in range(groups)}},
    }


def ndjson() -> bytes:
    """Return the subjects as NDJSON."""
    head = dataset(rows=None)
    return "\n".join(json.dumps(line) for line in [head, *dataset()["rows"]]).encode() + b"\n"


def _json(value: Any, *says: str) -> Case:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Case("subjects.json", content, says)


def _changed(row: int, column: int, value: Any) -> dict[str, Any]:
    rows = dataset()["rows"]
    rows[row - 1][column] = value
    return dataset(rows=rows)


SAS = {
    "xpt that is html": Case("subjects.xpt", b"<html>", ("is not a SAS transport file but an HTML page",)),
    "xpt that is csv": Case("subjects.xpt", SUBJECTS, ("not a SAS transport file but something else",)),
    "xpt of a header": Case("subjects.xpt", transport()[:80], ("is broken or cut short", "export it again")),
    "xpt cut in a row": Case(
        "subjects.xpt",
        transport()[:-160],
        ("subjects.xpt is broken or cut short", "the last row is not complete"),
    ),
    "xpt cut in a record": Case("subjects.xpt", transport()[:-7], ("no whole number of 80-byte records",)),
    "xpt with bare days": Case(
        "subjects.xpt",
        transport(2, date=23746.0),
        (
            "column 'randomised_date': values that are not dates in 2 rows",
            "day number of SAS, 23746 would be 2025",
        ),
    ),
    "xpt of another program, cut": Case("subjects.xpt", TRANSPORT_8[:-81], ("is broken or cut short",)),
    "data set cut short": Case("subjects.sas7bdat", SAS_DATA_SET[:9000], ("is broken or cut short",)),
    "data set that is xpt": Case(
        "subjects.sas7bdat", transport(), ("is not a SAS data set but a SAS transport",)
    ),
}

PARQUET = {
    "parquet cut short": Case(
        "subjects.parquet", parquet()[:-9], ("subjects.parquet is broken or cut short",)
    ),
    "parquet cut in its head": Case("subjects.parquet", parquet()[:30], ("is broken or cut short",)),
    "parquet that is csv": Case("subjects.parquet", SUBJECTS, ("is not a parquet file but something else",)),
    "parquet with a column twice": Case(
        "subjects.parquet",
        parquet_named([*NAMES[:-1], "site"]),
        ("subjects.parquet: columns named more than once: site",),
    ),
    "parquet of lists": Case(
        "subjects.parquet",
        parquet({**COLUMNS, "age": [[1], [2], [3]]}),
        ("columns that hold lists or structures: age; save one value a field",),
    ),
    "parquet of too many values": Case(
        "subjects.parquet",
        parquet(),
        ("subjects.parquet has 3 rows of 7 columns, more than the 20 values that a file may have",),
        limits={"files.LARGEST_TABLE": 20},
    ),
}

EXCEL = {
    "xlsx that is html": Case("subjects.xlsx", b"<html><table>", ("not an Excel workbook but an HTML page",)),
    "xlsx that is csv": Case("subjects.xlsx", SUBJECTS, ("is not an Excel workbook but something else",)),
    "xlsx with a password": Case("subjects.xlsx", _OLE + b"x" * 600, ("or one with a password",)),
    "xlsx cut short": Case("subjects.xlsx", workbook()[:3000], ("subjects.xlsx is broken or cut short",)),
    "zip called xlsx": Case(
        "subjects.xlsx",
        repacked(workbook(), "xl/workbook.xml", b"<", b""),
        ("subjects.xlsx is broken or cut short",),
    ),
    "xlsx without a cell": Case(
        "subjects.xlsx", workbook({"Sheet1": []}), ("subjects.xlsx, sheet Sheet1 is empty; export",)
    ),
    "xlsx with a gap in the header": Case(
        "subjects.xlsx", workbook(B1=" "), ("sheet subjects: column(s) without a name: B (merged cells",)
    ),
    "xlsx with merged names": Case(
        "subjects.xlsx", merged(), ("column(s) without a name: D, E (merged cells",)
    ),
    "xlsx with a name twice": Case(
        "subjects.xlsx", workbook(F1="age"), ("columns named more than once: age",)
    ),
    "xlsx with a title": Case(
        "subjects.xlsx",
        workbook({"subjects": [["Our trial"], *cells()]}),
        ("column(s) without a name: B, C, D",),
    ),
    "xlsx with formula errors": Case(
        "subjects.xlsx",
        workbook(G3="#REF!", E4="#N/A"),
        ("sheet subjects: 2 cell(s) with a formula error (G3 (#REF!), E4 (#N/A)); correct the formulas",),
    ),
    "xlsx with bare days": Case(
        "subjects.xlsx",
        workbook(E2=45662, E3=45698, E4=45722),
        ("column 'treatment_date': values that are not dates in 3 rows", "45662 would be 2025-01-05"),
    ),
    "xlsx with a bare day among dates": Case(
        "subjects.xlsx",
        workbook(E3=45698),
        ("sheet subjects, column 'treatment_date'", "row 2 ('45698')", "45698 would be 2025-02-10"),
    ),
    "xlsx of two sheets": Case(
        "subjects.xlsx",
        workbook({"a": cells(), "b": cells()}),
        ("subjects.xlsx has 2 sheets (a, b) and none is named after a table; name the sheet 'subjects'",),
    ),
    "xlsx with a stray cell": Case(
        "subjects.xlsx",
        workbook(XFC1048575="x"),
        ("a sheet reaches to row 1,048,575 and column 16,383", "delete the stray cells"),
    ),
    "xlsx that unpacks to too much": Case(
        "subjects.xlsx",
        workbook(),
        ("subjects.xlsx unpacks to 0.0 GB, more than the 0.0 GB",),
        limits={"workbook_cells.LARGEST_FILE": 100},
    ),
    "xls that is html": Case(
        "subjects.xls", b"<html><table>", ("is not an old Excel workbook but an HTML page",)
    ),
    "xls that is xlsx": Case(
        "subjects.xls", workbook(), ("is not an old Excel workbook but a zip archive or",)
    ),
    "xls with formula errors": Case(
        "subjects.xls",
        old_workbook(
            {"x": [["a"]], "subjects": [*cells()[:3], ["003", "active", "#N/A", *cells()[3][3:6], "#REF!"]]}
        ),
        ("subjects.xls, sheet subjects: 2 cell(s) with a formula error (C4 (#N/A), G4 (#REF!)); correct",),
    ),
    "xls cut in a sheet": Case(
        "subjects.xls", old_workbook({"subjects": cells()})[:1500], ("is broken or cut",)
    ),
    "xls cut short": Case("subjects.xls", _OLE + b"\0" * 600, ("subjects.xls is broken or cut short",)),
}

JSON = {
    "no json": _json(b"subject_id: 1\n", "subjects.json, line 1: no JSON, or cut short"),
    "json cut short": _json(json.dumps(dataset()).encode()[:-40], "subjects.json, line 1: no JSON, or cut"),
    "other json": _json({"subjects": []}, "is JSON, but no CDISC Dataset-JSON (columns and rows); export"),
    "json list": _json([1, 2], "is JSON, but no CDISC Dataset-JSON"),
    "json of an older draft": _json({"clinicalData": {"itemGroupData": []}}, "no CDISC Dataset-JSON"),
    "json of a later version": _json(dataset(datasetJSONVersion="2.0.0"), "version '2.0.0'; export it as"),
    "json of two data sets": _json(dataset_1_0(2), "subjects.json holds 2 data sets; export one a file"),
    "json with rows missing": _json(dataset(records=4), "4 rows are announced, 3 are there; export it again"),
    "json without its rows": _json(dataset(rows=None), "3 rows are announced, 0 are there"),
    "json with a short row": _json(
        dataset(rows=[*dataset()["rows"][:2], ["003", "control"]]),
        "1 row(s) do not have one value for each of the 7 columns (row 3 has 2)",
    ),
    "json with a row that is none": _json(dataset(rows=[1, 2, 3]), "row 1 has no, row 2 has no"),
    "json with a word for a number": _json(
        _changed(2, 6, "70.5"), "column 'age': values that are no float in 1 row: row 2 ('70.5')"
    ),
    "json with a number for a word": _json(_changed(3, 5, 4), "column 'site': values that are no string"),
    "json with a flag for a number": _json(_changed(1, 6, True), "column 'age': values that are no float"),
    "json with NaN": _json(_changed(1, 6, float("nan")), "NaN is no JSON number"),
    "json with a column of no type": _json(
        dataset(columns=[{"name": "x"}]),
        "column 1 has no name or no data type of Dataset-JSON (got 'x', None)",
    ),
    "json with a column twice": _json(
        dataset(columns=[*dataset()["columns"][:6], dataset()["columns"][6] | {"name": "site"}]),
        "subjects.json: columns named more than once: site",
    ),
    "json without columns": _json(dataset(columns=[], rows=[], records=0), "describes no columns"),
    "json too deep": _json(b"[" * 200_000, "cannot be read as JSON"),
    "json of a number too long": _json(b'{"columns": ' + b"1" * 5000 + b"}", "cannot be read as JSON"),
    "json in latin-1": _json('{"name": "Köln"}'.encode("latin-1"), "is not UTF-8 text (byte 11)"),
    "json of 2 GB": Case(
        "subjects.json",
        json.dumps(dataset()).encode(),
        ("subjects.json has 0.0 GB, more than the 1e-07 GB that such a file may have",),
        limits={"files.LARGEST_JSON": 100},
    ),
    "json that is html": _json(b"<html></html>", "is not Dataset-JSON but an HTML page"),
    "ndjson cut short": Case(
        "subjects.ndjson", ndjson()[:-20], ("subjects.ndjson, line 4: no JSON, or cut short",)
    ),
    "ndjson with a line gone": Case(
        "subjects.ndjson", b"\n".join(ndjson().splitlines()[:-1]), ("3 rows are announced, 2 are there",)
    ),
    "ndjson without its head": Case(
        "subjects.ndjson", b'["001", "control"]\n', ("is JSON, but no CDISC Dataset-JSON",)
    ),
}

TYPED_CASES = {**SAS, **PARQUET, **EXCEL, **JSON}
