"""What must be known of an ``.xls`` workbook before its cells are read: extent and formula errors.

The reader gives an error cell as an empty one and takes room for the whole rectangle of a sheet.

Sources: [MS-CFB] for the compound file, [MS-XLS] 2.4.24 (BoolErr), 2.4.28 (BoundSheet8), 2.4.127 (Formula)
and 2.5.133 (FormulaValue) for its records.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = 512
_LAST = 0xFFFFFFFA  # sector numbers above are marks
_IN_HEADER = 109  # sectors of the allocation table that the header lists
_SMALL = 4096  # shorter streams lie in the stream of the root entry
_BOF, _EOF, _SHEET, _FORMULA, _BOOL_OR_ERROR = 0x0809, 0x000A, 0x0085, 0x0006, 0x0205
_ERRORS = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!"}
_NOT_AVAILABLE = {0x2A: "#N/A"}
# Records of cells; they begin with row and column.
_CELLS = frozenset({_FORMULA, _BOOL_OR_ERROR, 0x0201, 0x0203, 0x0204, 0x027E, 0x00BD, 0x00BE, 0x00D6, 0x00FD})
_WIDEST = 256  # columns of a sheet


def check_old_extent(data: bytes) -> None:
    """Raise ValueError where a cell lies beyond the last column that a sheet can have.

    Raises
    ------
    ValueError, struct.error, IndexError, KeyError
        If so, or if the file is not as its format says.
    """
    stream = _workbook_stream(data)
    for start in _sheet_starts(stream):
        for kind, body in _records(stream, start):
            if kind in _CELLS and struct.unpack_from("<H", body, 2)[0] >= _WIDEST:
                raise ValueError("a cell lies beyond the last column")


def old_error_cells(data: bytes, number: int) -> list[tuple[int, int, str]]:
    """Return row, column (from 0) and name of the error of each error cell of a sheet, counted from 0.

    Raises
    ------
    ValueError, struct.error, IndexError
        If the file is not as its format says.
    """
    stream = _workbook_stream(data)
    return [
        (*struct.unpack_from("<HH", body), (_ERRORS | _NOT_AVAILABLE).get(code, "error"))
        for kind, body in _records(stream, _sheet_starts(stream)[number])
        if (code := _error_code(kind, body)) is not None
    ]


def _sheet_starts(stream: bytes) -> list[int]:
    return [struct.unpack_from("<I", body)[0] for kind, body in _records(stream, 0) if kind == _SHEET]


def _error_code(kind: int, body: bytes) -> int | None:
    if kind == _BOOL_OR_ERROR and body[7]:
        return body[6]
    if kind == _FORMULA and body[12:14] == b"\xff\xff" and body[6] == 2:
        return body[8]
    return None


def _records(stream: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Give the records from one beginning to its end, with those of charts inside left out."""
    depth = 0
    while True:
        kind, size = struct.unpack_from("<HH", stream, start)
        depth += (kind == _BOF) - (kind == _EOF)
        if depth == 1:
            yield kind, stream[start + 4 : start + 4 + size]
        if depth == 0:
            return
        start += 4 + size


def _workbook_stream(data: bytes) -> bytes:
    """Return the stream of a compound file that holds the workbook ("Book" before Excel 97)."""
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    (directory_start,) = struct.unpack_from("<I", data, 48)
    small_start, _, more_start, _ = struct.unpack_from("<IIII", data, 60)
    size = 1 << shift

    def sector(number: int) -> bytes:
        start = _HEADER + number * size if size == _HEADER else (number + 1) * size
        return data[start : start + size]

    def numbers(block: bytes) -> list[int]:
        return [each for (each,) in struct.iter_unpack("<I", block)]

    listed = numbers(data[76 : 76 + 4 * _IN_HEADER])
    while more_start < _LAST and len(listed) < len(data) // size + _IN_HEADER:
        *further, more_start = numbers(sector(more_start))
        listed += further
    table = [entry for number in listed if number < _LAST for entry in numbers(sector(number))]

    def chained(start: int) -> bytes:
        return b"".join(sector(number) for number in _chain(table, start))

    directory = chained(directory_start)
    entries = {}
    for at in range(0, len(directory), 128):
        entry = directory[at : at + 128]
        length = struct.unpack_from("<H", entry, 64)[0]
        entries[entry[: max(length - 2, 0)].decode("utf-16-le")] = struct.unpack_from("<II", entry, 116)
    start, length = entries["Workbook" if "Workbook" in entries else "Book"]
    if length >= _SMALL:
        return chained(start)[:length]
    root, small_table = chained(entries["Root Entry"][0]), numbers(chained(small_start))
    small = 1 << small_shift
    parts = (root[number * small : (number + 1) * small] for number in _chain(small_table, start))
    return b"".join(parts)[:length]


def _chain(table: list[int], number: int) -> Iterator[int]:
    for _ in range(len(table)):
        if number >= _LAST:
            return
        yield number
        number = table[number]
    raise ValueError("sectors that follow each other in a ring")
