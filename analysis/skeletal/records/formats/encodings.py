"""Text files as UTF-8: by their mark, as the study declares, or refused by line and byte."""

from __future__ import annotations

import codecs
import re

from skeletal.errors import InvalidRecords

_UTF8_MARK = codecs.BOM_UTF8
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CHUNK = 1 << 24
# A two-byte letter of UTF-8 from U+0080 to U+00FF; in Latin-1 a capital A with a hat or tilde before a sign.
_UTF8_LETTER = re.compile(rb"[\xc2\xc3][\x80-\xbf]")
_DECLARE = 'write encoding = "latin-1" under [records.csv] of the study file, or save the file as UTF-8'


def utf8_text(name: str, data: bytes, declared: str, notes: list[str]) -> bytes:
    """Return the text of a file as UTF-8 without a byte order mark.

    A byte order mark (UTF-8, UTF-16) decides; without one the file is read as ``declared``, unless its
    bytes are UTF-8, which is noted.

    Raises
    ------
    InvalidRecords
        If a byte is none of the encoding, or the file mixes two encodings.
    """
    if data.startswith(_UTF16_MARKS):
        try:
            return data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise InvalidRecords(
                f"{name} is UTF-16 text that breaks off at byte {error.start}; save it again as UTF-8"
            ) from None
    marked = data.startswith(_UTF8_MARK)
    data = data.removeprefix(_UTF8_MARK)
    if data.isascii():
        return data
    wrong = _first_wrong(data)
    if wrong is None:
        if declared != "utf-8" and not marked:
            notes.append(f"{name}: its bytes are UTF-8 and were read so, not as {declared}")
        return data
    if declared == "utf-8" or marked:
        raise InvalidRecords(_not_utf8(name, data, wrong))
    return _decoded(name, data, declared)


def _first_wrong(data: bytes) -> int | None:
    """Return the position of the first byte that is not UTF-8."""
    start = 0
    while start < len(data):
        part = data[start : start + _CHUNK]
        try:
            _, used = codecs.utf_8_decode(part, "strict", start + _CHUNK >= len(data))
        except UnicodeDecodeError as error:
            return start + error.start
        start += used
    return None


def _not_utf8(name: str, data: bytes, wrong: int) -> str:
    found = f"{name}, {_line(data, wrong)}: byte 0x{data[wrong]:02x} is not UTF-8"
    other = _UTF8_LETTER.search(data)
    if other is None:
        return f"{found}; {_DECLARE}"
    return (
        f"{found}, but {_line(data, other.start())} is: the file mixes encodings; "
        "save the whole file as UTF-8 and check its letters"
    )


def _decoded(name: str, data: bytes, declared: str) -> bytes:
    if other := _UTF8_LETTER.search(data):
        raise InvalidRecords(
            f"{name}, {_line(data, other.start())}: {other.group().decode()!r} in UTF-8, the rest is "
            f"{declared}: the file mixes encodings; save the whole file as UTF-8 and check its letters"
        )
    try:
        return data.decode(declared).encode()
    except UnicodeDecodeError as error:
        raise InvalidRecords(
            f"{name}, {_line(data, error.start)}: byte 0x{data[error.start]:02x} is not {declared}, which "
            "the study declares; save the file as UTF-8"
        ) from None


def _line(data: bytes, position: int) -> str:
    number = data.count(b"\n", 0, position) + 1
    return f"line {number}"
