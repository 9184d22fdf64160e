"""One file to the tables in it: by its ending, after a look at what it really is."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pa_parquet
import pyreadstat

from skeletal.errors import InvalidRecords, name_some
from skeletal.study.mapping import CsvLayout

from .dataset_json import dataset_json_frame
from .delimited import delimited_frame, text_series
from .limits import LARGEST_FILE, LARGEST_JSON, LARGEST_TABLE
from .sas import sas_frame
from .workbook import workbook_frames

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# First bytes of the kinds of file that turn up under a wrong name.
_SIGNATURES: Mapping[str, tuple[bytes, ...]] = {
    "a SAS transport file": (b"HEADER RECORD*******",),
    "a SAS data set": (b"\0" * 12 + b"\xc2\xea\x81\x60",),
    "a parquet file": (b"PAR1",),
    "a zip archive or Excel workbook": (b"PK\x03\x04", b"PK\x05\x06"),
    "an old Excel workbook, or one with a password": (b"\xd0\xcf\x11\xe0",),
    "a gzip archive": (b"\x1f\x8b",),
    "a PDF": (b"%PDF",),
}
TEXT = (".csv", ".tsv", ".txt")
JSON = (".json", ".ndjson")
WORKBOOKS = (".xlsx", ".xls")
# Ending -> the signature it must have, and what the file should be.
_EXPECTED: Mapping[str, tuple[str, str]] = {
    ".csv": ("", "comma-separated text"),
    ".tsv": ("", "tab-separated text"),
    ".txt": ("", "delimited text"),
    ".xlsx": ("a zip archive or Excel workbook", "an Excel workbook"),
    ".xls": ("an old Excel workbook, or one with a password", "an old Excel workbook"),
    ".parquet": ("a parquet file", "a parquet file"),
    ".xpt": ("a SAS transport file", "a SAS transport file"),
    ".sas7bdat": ("a SAS data set", "a SAS data set"),
    ".json": ("", "Dataset-JSON"),
    ".ndjson": ("", "Dataset-JSON"),
}
ENDINGS = tuple(_EXPECTED)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BROKEN = (
    pa.ArrowException,
    pyreadstat.ReadstatError,
    pyreadstat.PyreadstatError,
    OSError,
    ValueError,
    KeyError,
    NotImplementedError,
    OverflowError,
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TableFile:
    """A table as read: columns of text files are text, numbers and dates of other formats are typed."""

    name: str
    frame: pd.DataFrame
    digest: str

    @property
    def ending(self) -> str:
        """Ending of the file."""
        return "." + self.name.partition(", sheet ")[0].lower().rpartition(".")[2]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reading:
    """How files are read: the layout of text files, what is missing in them, and the tables wanted.

    ``raw`` takes the header of a text file as it is.  ``notes`` and ``problems`` take what is found.
    """

    layout: CsvLayout = field(default_factory=CsvLayout)
    missing: tuple[str, ...] = ("",)
    raw: bool = False
    wanted: frozenset[str] = frozenset()
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read_tables(path: Path, reading: Reading) -> tuple[dict[str, TableFile], bool]:
    """Return table -> what one file holds of it, and whether anything is wrong with the file.

    A file is one table, named as the file, a workbook one for each sheet that is wanted.  What is wrong
    goes to ``reading.problems``.
    """
    before = len(reading.problems)
    found: dict[str, TableFile] = {}
    try:
        found = _tables(path, reading)
    except InvalidRecords as error:
        reading.problems.extend(error.problems)
    except MemoryError:
        reading.problems.append(
            f"{path.name} does not fit into memory; leave out the columns that the study does not read, or "
            "save it as parquet"
        )
    return found, len(reading.problems) > before


def _tables(path: Path, reading: Reading) -> dict[str, TableFile]:
    data = _content(path)
    name, stem, ending = path.name, path.stem.lower(), path.suffix.lower()
    _check_content(name, ending, data)
    digest = hashlib.sha256(data).hexdigest()
    if ending in WORKBOOKS:
        frames = workbook_frames(name, data, reading.wanted, stem, reading.problems)
        return {
            table: TableFile(name=f"{name}, sheet {sheet}", frame=frame, digest=digest)
            for table, (sheet, frame) in frames.items()
        }
    if ending in TEXT:
        frame = delimited_frame(
            name, data, reading.layout, missing=reading.missing, raw=reading.raw, notes=reading.notes
        )
    elif ending in JSON:
        frame = dataset_json_frame(name, data, lines=ending == ".ndjson")
    else:
        frame = _binary_frame(path, data, reading.layout.encoding)
    return {stem: TableFile(name=name, frame=frame, digest=digest)}


def _content(path: Path) -> bytes:
    limit = LARGEST_JSON if path.suffix.lower() in JSON else LARGEST_FILE
    try:
        size = path.stat().st_size
        if size > limit:
            raise InvalidRecords(
                f"{path.name} has {size / 1e9:.1f} GB, more than the {limit / 1e9:.2g} GB that such a file "
                "may have; leave documents, images and unread columns out, or save it as parquet"
            )
        return path.read_bytes()
    except OSError as error:
        raise InvalidRecords(
            f"{path.name} cannot be read: {error.strerror}; check that it is there and may be opened"
        ) from None


def _check_content(name: str, ending: str, data: bytes) -> None:
    """Refuse a file whose content is not what its name says."""
    if not data.removeprefix(b"\xef\xbb\xbf").strip():
        raise InvalidRecords(f"{name} is empty; export the table again, with a header line")
    expected, said = _EXPECTED[ending]
    found = _recognise(data)
    if found == "UTF-16 text" and ending in TEXT:
        return
    if found != expected:
        raise InvalidRecords(
            f"{name} is not {said} but {found or 'something else'}; export it again as {ending} or rename it"
        )


def _recognise(data: bytes) -> str:
    for kind, starts in _SIGNATURES.items():
        if data.startswith(starts):
            return kind
    head = data[:4096]
    if head.startswith(_UTF16):
        return "UTF-16 text"
    if b"\0" in head:
        return "a binary file" if head.count(0) < len(head) // 3 else "UTF-16 text without its mark"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "an HTML page" if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<table")) else ""


def _binary_frame(path: Path, data: bytes, encoding: str) -> pd.DataFrame:
    try:
        if path.suffix.lower() == ".parquet":
            return _parquet_frame(path.name, data)
        return sas_frame(path, data, encoding)
    except InvalidRecords:
        raise
    except _BROKEN as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise InvalidRecords(f"{path.name} is broken or cut short ({reason:.200}); export it again") from None


def _parquet_frame(name: str, data: bytes) -> pd.DataFrame:
    """Return a parquet file; texts as ``string``, dates as ``datetime64``."""
    file = pa_parquet.ParquetFile(io.BytesIO(data))
    about = file.metadata
    if about.num_rows * about.num_columns > LARGEST_TABLE:
        raise InvalidRecords(
            f"{name} has {about.num_rows:,} rows of {about.num_columns:,} columns, more than the "
            f"{LARGEST_TABLE:,} values that a file may have; leave out the columns that the study does not "
            "read"
        )
    nested = [item.name for item in file.schema_arrow if pa.types.is_nested(item.type)]
    if nested:
        raise InvalidRecords(
            f"{name}: columns that hold lists or structures: {name_some(nested)}; save one value a field, or "
            "leave them out"
        )
    table = file.read()
    columns = [_parquet_column(table.column(position)) for position in range(table.num_columns)]
    index = pd.RangeIndex(table.num_rows)
    frame = pd.DataFrame(dict(enumerate(columns)), index=index)
    return frame.set_axis(pd.Index(table.column_names), axis=1)


def _parquet_column(values: pa.ChunkedArray) -> pd.Series[Any]:
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        return text_series(values)
    mapper = {pa.bool_(): pd.BooleanDtype()}.get
    column: pd.Series[Any] = values.to_pandas(types_mapper=mapper, date_as_object=False)
    return column
