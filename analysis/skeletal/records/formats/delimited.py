"""Delimited text (csv, tsv) to a frame of text: delimiter, header and rows, each fault by its row."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pa_compute
import pyarrow.csv as pa_csv

from skeletal.errors import SHOWN, InvalidRecords, name_some

from .encodings import utf8_text
from .header import check_header
from .quoting import check_quotes

if TYPE_CHECKING:
    from collections.abc import Callable

    from skeletal.study.mapping import CsvLayout

LARGEST_CELL = 1_000_000  # bytes of one field; more is a file that is no table
_BLOCK = 1 << 23  # bytes read at a time; no row may be longer
_DELIMITERS = ",;\t|"
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LINE_END = re.compile(rb"\r\n|\n|\r")


class _Header(NamedTuple):
    names: list[str]
    delimiter: str
    body: int  # where the rows begin


def delimited_frame(
    name: str,
    data: bytes,
    layout: CsvLayout,
    *,
    missing: tuple[str, ...] = ("",),
    raw: bool = False,
    notes: list[str],
) -> pd.DataFrame:
    """Return a text file as a frame of text.

    Parameters
    ----------
    name : str
        For messages.
    data : bytes
        The file.
    layout : CsvLayout
        Delimiter (found in the header if empty) and encoding.
    missing : tuple of str
        Fields that stand for a missing value when they are not in quotes.
    raw : bool
        Whether the header is taken as it is, with empty and repeated names.
    notes : list of str
        Takes what was found out about the file.

    Raises
    ------
    InvalidRecords
        With the row, or the line and byte, of what is wrong.
    """
    text = utf8_text(name, data, layout.encoding, notes).lstrip(b"\r\n")
    if (nul := text.find(b"\0")) >= 0:
        line = text.count(b"\n", 0, nul) + 1
        raise InvalidRecords(
            f"{name}, line {line}: a NUL byte; the file is damaged or no text: export it again"
        )
    header = _header(name, text, layout.delimiter)
    if not raw:
        check_header(name, header.names, first="line", describe=_numbers)
    if not layout.delimiter and header.delimiter not in (",", _usual(name)):
        notes.append(f"{name}: fields are separated by {_NAMES[header.delimiter]}, as its header shows")
    check_quotes(name, text, header.delimiter)
    table = _table(name, text, header, missing)
    return pd.DataFrame(
        {position: _text_column(name, table.column(position)) for position in range(len(header.names))}
    ).set_axis(pd.Index(header.names, dtype=object if raw else None), axis=1)


def _usual(name: str) -> str:
    return "\t" if name.lower().endswith(".tsv") else ","


def _header(name: str, text: bytes, declared: str) -> _Header:
    """Return the names of the first line that is not blank."""
    end = _header_end(text)
    if end > LARGEST_CELL:
        raise InvalidRecords(
            f"{name}: the first line has {end:,} bytes, more than the {LARGEST_CELL:,} that a header may "
            "have; export the table again, with a header line and line ends"
        )
    line = text[:end].decode("utf-8", "replace")
    delimiter = declared or _found_delimiter(line, _usual(name))
    names = next(csv.reader([line], delimiter=delimiter), [])
    if len(names) == 1 and declared and (other := _found_delimiter(line, declared)) != declared:
        raise InvalidRecords(
            f"{name}: the header has no {declared!r}, which the study declares as delimiter, but "
            f"{_NAMES[other]}; correct delimiter under [records.csv] of the study file, or leave it out"
        )
    after = _LINE_END.match(text, end)
    return _Header(names, delimiter, after.end() if after else end)


def _header_end(text: bytes) -> int:
    """Return where the first line ends outside quotes."""
    start, marks = 0, 0
    for found in _LINE_END.finditer(text):
        marks += text.count(b'"', start, found.start())
        if marks % 2 == 0:
            return found.start()
        start = found.end()
    return len(text)


def _found_delimiter(line: str, usual: str) -> str:
    """Return the delimiter that stands most often outside quotes, the usual one where none does.

    Tabs are never part of a name: where they are usual, one is enough.
    """
    bare = re.sub(r'"[^"]*"', "", line)
    if usual == "\t" and usual in bare:
        return usual
    counts = {mark: bare.count(mark) for mark in dict.fromkeys((usual, *_DELIMITERS))}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else usual


def _numbers(places: list[int]) -> str:
    return f"number {name_some(place + 1 for place in places)}"


def _table(name: str, text: bytes, header: _Header, missing: tuple[str, ...]) -> pa.Table:
    """Read the rows; a second, slower time where one of them is broken, to name it."""
    columns = [str(position) for position in range(len(header.names))]
    if not text[header.body :].strip(b"\r\n"):
        return pa.table({column: pa.array([], pa.string()) for column in columns})

    def read(handler: Callable[[Any], str] | None) -> pa.Table:
        return pa_csv.read_csv(
            pa.BufferReader(pa.py_buffer(text).slice(header.body)),
            read_options=pa_csv.ReadOptions(
                use_threads=handler is None, block_size=_BLOCK, column_names=columns
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=header.delimiter, newlines_in_values=b'"' in text, invalid_row_handler=handler
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()),
                null_values=list(missing),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )

    broken: list[tuple[int, int]] = []

    def note(row: Any) -> str:
        broken.append((row.number, row.actual_columns))
        return "skip"

    try:
        try:
            return read(None)
        except pa.ArrowInvalid:
            read(note)
            raise
    except pa.ArrowInvalid as error:
        reason = _uneven(broken, len(header.names)) if broken else _unreadable(str(error))
        raise InvalidRecords(f"{name}: {reason}") from None


def _uneven(broken: list[tuple[int, int]], width: int) -> str:
    shown = [f"row {row} has {n}" for row, n in broken]
    remedy = "put fields that hold the delimiter in quotes"
    if width == 1:
        remedy = "the first line must name the columns: delete what stands above them"
    return (
        f"{len(broken)} row(s) do not have the {width} fields of the header "
        f"({name_some(shown, shown=SHOWN)}); {remedy}"
    )


def _unreadable(error: str) -> str:
    if "straddl" in error:
        return f"a row has more than {_BLOCK:,} bytes; the file is no table: export it again"
    return f"not readable as csv ({error.splitlines()[0]}); export it again with a header line"


def _text_column(name: str, values: pa.ChunkedArray) -> pd.Series[Any]:
    lengths = pa_compute.binary_length(values)
    longest = pa_compute.max(lengths).as_py() or 0
    if longest > LARGEST_CELL:
        row = pa_compute.index(lengths, longest).as_py() + 1
        raise InvalidRecords(
            f"{name}, row {row}: a field of {longest:,} bytes, more than the {LARGEST_CELL:,} that one may "
            "have; leave documents and images out of the table and export it again"
        )
    return text_series(values)


def text_series(values: pa.ChunkedArray) -> pd.Series[Any]:
    """Return text as pandas ``string``; equal texts share one object, which keeps long tables small."""
    coded = values.dictionary_encode().combine_chunks()
    if isinstance(coded, pa.ChunkedArray):  # no rows
        return pd.Series([], dtype="string")
    distinct = pd.array(coded.dictionary.to_numpy(zero_copy_only=False), dtype="string")
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return pd.Series(distinct.take(codes, allow_fill=True))
