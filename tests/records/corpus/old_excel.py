"""A writer of small ``.xls`` workbooks (BIFF8 records in a compound file), as Excel 97 to 2003 saved them."""

from __future__ import annotations

import datetime as dt
import struct
from typing import Any

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_EPOCH = dt.date(1899, 12, 30)
_PLAIN, _DATE = 0, 1  # cell formats, as the globals list them
_ERRORS = {"#REF!": 0x17, "#N/A": 0x2A, "#DIV/0!": 0x07}


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _start(kind: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0, 1997, 0, 6))


def _cell(row: int, column: int, value: Any) -> bytes:
    place = struct.pack("<HH", row, column)
    if value is None:
        return b""
    if isinstance(value, bool):
        return _record(0x0205, place + struct.pack("<HBB", _PLAIN, value, 0))
    if isinstance(value, dt.date):
        return _record(0x0203, place + struct.pack("<Hd", _DATE, (value - _EPOCH).days))
    if isinstance(value, int | float):
        return _record(0x0203, place + struct.pack("<Hd", _PLAIN, value))
    if value in _ERRORS:
        return _record(0x0205, place + struct.pack("<HBB", _PLAIN, _ERRORS[value], 1))
    text = value.encode("utf-16-le")
    return _record(0x0204, place + struct.pack("<HHB", _PLAIN, len(value), 1) + text)


def old_workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """Return a workbook of numbers, texts, flags, dates and error values ("#REF!")."""
    formats = [struct.pack("<HHH", 0, number, 0) + b"\0" * 14 for number in (0, 14)]
    head = _start(5) + _record(0x0042, struct.pack("<H", 1200)) + _record(0x0022, b"\0\0")
    head += b"".join(_record(0x00E0, each) for each in formats)
    names = [title.encode() for title in sheets]
    position = len(head) + sum(4 + 8 + len(name) for name in names) + 4
    bodies = []
    for name, rows in zip(names, sheets.values(), strict=True):
        head += _record(0x0085, struct.pack("<IBBBB", position, 0, 0, len(name), 0) + name)
        cells = [_cell(at, column, value) for at, row in enumerate(rows) for column, value in enumerate(row)]
        size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0)
        bodies.append(_start(0x10) + _record(0x0200, size) + b"".join(cells) + _record(0x000A, b""))
        position += len(bodies[-1])
    return _compound(head + _record(0x000A, b"") + b"".join(bodies))


def _compound(stream: bytes) -> bytes:
    """Return a compound file: a table of sectors, a directory and the stream "Workbook"."""
    stream = stream.ljust(4096, b"\0")  # shorter streams are kept elsewhere
    sectors = -(-len(stream) // _SECTOR)
    assert sectors + 2 <= _SECTOR // 4
    table = [_FAT, _END, *range(3, sectors + 2), _END]
    table += [_FREE] * (_SECTOR // 4 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 2, len(stream))
    directory += _entry("", 0, _FREE, 0, 0) * 2
    return (
        header + struct.pack(f"<{_SECTOR // 4}I", *table) + directory + stream.ljust(sectors * _SECTOR, b"\0")
    )


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le") if name else b""
    body = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
    return body + b"\0" * 36 + struct.pack("<IQ", start, size)
