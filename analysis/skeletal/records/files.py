"""One file to one frame: csv, parquet, SAS transport and SAS data sets."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pa_parquet
import pyreadstat

from skeletal.errors import SHOWN, InvalidRecords, name_some

from .transport import check_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

# First bytes of the kinds of file that turn up under a wrong name.
_SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "a SAS transport file": (b"HEADER RECORD*******",),
    "a SAS data set": (b"\0" * 12 + b"\xc2\xea\x81\x60",),
    "a parquet file": (b"PAR1",),
    "a zip archive or Excel workbook": (b"PK\x03\x04", b"PK\x05\x06"),
    "an old Excel workbook": (b"\xd0\xcf\x11\xe0",),
    "a gzip archive": (b"\x1f\x8b",),
    "a PDF": (b"%PDF",),
}
_EXPECTED: Mapping[str, str] = {
    ".xpt": "a SAS transport file",
    ".sas7bdat": "a SAS data set",
    ".parquet": "a parquet file",
}
ENDINGS = (".csv", *_EXPECTED)
_SAS_UNITS: Mapping[str, Literal["D", "s"]] = {
    **dict.fromkeys(("DATE", "E8601DA", "B8601DA", "IS8601DA", "YYMMDD", "DDMMYY", "MMDDYY", "JULIAN"), "D"),
    **dict.fromkeys(("WORDDATE", "WEEKDATE", "DAY", "MONYY", "YYMM"), "D"),
    **dict.fromkeys(("DATETIME", "E8601DT", "B8601DT", "IS8601DT", "DTDATE", "DATEAMPM", "MDYAMPM"), "s"),
}
_SAS_EPOCH = pd.Timestamp("1960-01-01")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TableFile:
    """A file as read: every csv column is text; SAS dates are ``datetime64``."""

    name: str
    frame: pd.DataFrame
    digest: str


def read_table_file(path: Path, *, missing: tuple[str, ...] = ("",)) -> TableFile:
    """Read one file by its ending.

    ``missing`` are the fields of a csv file that stand for a missing value when they are not in quotes.

    Raises
    ------
    InvalidRecords
        If the file cannot be read, is empty, is not what its name says, or is broken.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidRecords(f"{path.name} cannot be read: {error.strerror}") from None
    ending = path.suffix.lower()
    _check_content(path.name, ending, data)
    frame = _csv_frame(path.name, data, missing) if ending == ".csv" else _binary_frame(path, ending, data)
    return TableFile(name=path.name, frame=frame, digest=hashlib.sha256(data).hexdigest())


def _check_content(name: str, ending: str, data: bytes) -> None:
    """Refuse a file whose content is not what its name says."""
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise InvalidRecords(f"{name} is empty; export the table again, with a header line")
    expected, found = _EXPECTED.get(ending, ""), _recognise(data)
    if found != expected:
        said = expected or "comma-separated text"
        raise InvalidRecords(
            f"{name} is not {said} but {found or 'something else'}; export it again as {ending} or rename it"
        )


def _recognise(data: bytes) -> str:
    for kind, starts in _SIGNATURES.items():
        if data.startswith(starts):
            return kind
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16 text"
    if b"\0" in head:
        return "a binary file"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "an HTML page" if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")) else ""


def _csv_frame(name: str, data: bytes, missing: tuple[str, ...]) -> pd.DataFrame:
    data = data.removeprefix(b"\xef\xbb\xbf")
    _check_text(name, data)
    header = _header(name, data)
    broken: list[tuple[int, int]] = []

    def note(row: Any) -> str:
        broken.append((row.number - 1, row.actual_columns))
        return "skip"

    try:
        table = pa_csv.read_csv(
            io.BytesIO(data),
            read_options=pa_csv.ReadOptions(use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                null_values=list(missing),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise InvalidRecords(
            f"{name} is not readable as csv ({str(error).splitlines()[0]}); "
            "export it again as comma-separated text with a header line"
        ) from None
    if broken:
        shown = [f"row {row} has {n}" for row, n in broken]
        remedy = "put fields that hold a comma in quotes"
        if len(header) == 1:
            remedy = "the first line must name the columns: delete what stands above them"
        raise InvalidRecords(
            f"{name}: {len(broken)} row(s) do not have the {len(header)} fields of the header "
            f"({name_some(shown, shown=SHOWN)}); {remedy}"
        )
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype()}.get)
    return frame


def _check_text(name: str, data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidRecords(
            f"{name} is not UTF-8 text: byte 0x{data[error.start]:02x} in line {line}; save it as 'CSV UTF-8'"
        ) from None
    if data.count(b'"') % 2:
        raise InvalidRecords(
            f"{name}: a quotation mark is not closed; put the field in quotes and double the marks inside it"
        )


def _header(name: str, data: bytes) -> list[str]:
    """Return the column names, each there and only once."""
    lines = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    header = next(row for row in csv.reader(lines) if row)
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        raise InvalidRecords(
            f"{name}: the fields are not separated by commas; save it as comma-separated text"
        )
    if blank := [number for number, column in enumerate(header, start=1) if not column.strip()]:
        raise InvalidRecords(
            f"{name}: column(s) without a name: number {name_some(blank)}; name or delete them "
            "(the first line must be the names)"
        )
    if repeated := sorted({column for column in header if header.count(column) > 1}):
        raise InvalidRecords(
            f"{name}: columns named more than once: {name_some(repeated)}; keep one of each, or rename"
        )
    return header


def _binary_frame(path: Path, ending: str, data: bytes) -> pd.DataFrame:
    try:
        if ending == ".parquet":
            return pd.DataFrame(pa_parquet.read_table(io.BytesIO(data)).to_pandas())
        if ending == ".xpt":
            check_whole(data)
        read: Callable[..., Any] = pyreadstat.read_xport if ending == ".xpt" else pyreadstat.read_sas7bdat
        frame, about = read(str(path), disable_datetime_conversion=True)
        return _with_sas_dates(frame, about.original_variable_types)
    except (
        pa.ArrowException,
        pyreadstat.ReadstatError,
        pyreadstat.PyreadstatError,
        OSError,
        ValueError,
    ) as error:
        reason = str(error).splitlines()[0]
        raise InvalidRecords(f"{path.name} is broken or cut short ({reason}); export it again") from None


def _with_sas_dates(frame: pd.DataFrame, formats: Mapping[str, str | None]) -> pd.DataFrame:
    """Return numbers with a SAS date or datetime format as ``datetime64``."""
    columns = {}
    for column in frame.columns:
        kind = (formats.get(column) or "").upper().rstrip("0123456789.")
        unit = _SAS_UNITS.get(kind)
        values = frame[column]
        if unit and pd.api.types.is_numeric_dtype(values.dtype):
            values = _SAS_EPOCH + pd.to_timedelta(values, unit=unit)
        columns[column] = values
    return pd.DataFrame(columns, index=frame.index)
