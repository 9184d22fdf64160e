"""Whether a SAS transport file is whole: the format has no end mark, and readers stop without a word."""

from __future__ import annotations

import re

_CARD = 80  # everything in a transport file is padded to records of 80 bytes
_NAMES = re.compile(rb"HEADER RECORD\*{7}NAM(?:ESTR|STV8) *HEADER RECORD!{7}0{6}(\d{6})")
_ROWS = re.compile(rb"HEADER RECORD\*{7}OBS(?:   |V8) *HEADER RECORD!{7}(.{15})", re.DOTALL)
_MEMBER = b"HEADER RECORD*******MEM"
_SIZES = (140, 136)  # bytes of the description of one column


def check_whole(data: bytes) -> None:
    """Raise ValueError where the bytes of a transport file end too early.

    It is so where they are no whole number of 80-byte records, where version 8 announces more rows than
    there are, or where the last row is begun but not complete.  A file of version 5 that was cut exactly
    between two rows and two records cannot be told from a whole one.
    """
    if len(data) % _CARD:
        raise ValueError(f"{len(data)} bytes are no whole number of {_CARD}-byte records")
    names, rows = _NAMES.search(data), _ROWS.search(data)
    if names is None or rows is None:
        raise ValueError("the header of the columns or of the rows is missing")
    body = data[rows.start() + _CARD :]
    width = _row_width(data, names, rows.start())
    if width == 0 or _MEMBER in body:
        return
    if body[len(body) - len(body) % width :].strip(b" \0"):
        raise ValueError("the last row is not complete")
    announced = rows.group(1).strip()
    if announced.isdigit() and int(announced) * width > len(body):
        raise ValueError(f"{int(announced)} rows are announced, {len(body) // width} are there")


def _row_width(data: bytes, names: re.Match[bytes], end: int) -> int:
    """Return the bytes of a row: the sum of the lengths of its columns, 0 where they cannot be read."""
    start, digits = names.start() + _CARD, names.group(1)
    for size in _SIZES:
        for count in {int(digits[:4]), int(digits)} - {0}:  # version 5 has four digits, version 8 six
            if start + count * size > end:
                continue
            columns = [data[start + i * size : start + (i + 1) * size] for i in range(count)]
            if [int.from_bytes(item[6:8], "big") for item in columns] == list(range(1, count + 1)):
                return sum(int.from_bytes(item[4:6], "big") for item in columns)
    return 0
