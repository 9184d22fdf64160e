"""Quotation marks of a text file: each opens or closes a field, or is one of two inside a field.

A mark that is not closed joins rows without a word, so that a subject may be lost: such files are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal.errors import InvalidRecords

if TYPE_CHECKING:
    import numpy.typing as npt

_MARK, _LINE, _RETURN = 34, 10, 13
_SHOWN = 30


def check_quotes(name: str, text: bytes, delimiter: str) -> None:
    """Refuse a file in which a quotation mark is neither at the edge of a field nor doubled.

    ``text`` begins with the header, which is row 0.
    """
    if b'"' not in text:
        return
    data = np.frombuffer(text, dtype=np.uint8)
    marks = np.flatnonzero(data == _MARK)
    edge = np.zeros(256, dtype=bool)
    edge[[ord(delimiter), _LINE, _RETURN, _MARK]] = True
    opening, closing = marks[0::2], marks[1::2]
    begins = edge[data[np.maximum(opening - 1, 0)]] | (opening == 0)
    last = data.size - 1
    ends = edge[data[np.minimum(closing + 1, last)]] | (closing == last)
    inside = opening[~begins]
    unclosed = np.append(opening[: closing.size][~ends], marks[-1:] if marks.size % 2 else [])
    if inside.size == 0 and unclosed.size == 0:
        return
    position = int(min(np.concatenate((inside[:1], unclosed[:1]))))
    fault = "stands inside a field that is not in quotes" if position in inside[:1] else "is not closed"
    near = text[position : position + _SHOWN].decode("utf-8", "ignore").splitlines()[0]
    raise InvalidRecords(
        f"{name}, {_row(data, marks, position)}: a quotation mark {fault} ({near!r}); put the field in "
        "quotes and double the marks inside it"
    )


def _row(data: npt.NDArray[np.uint8], marks: npt.NDArray[np.intp], position: int) -> str:
    """Return the row of a position: lines that end outside quotes and are not blank, the header apart."""
    before = data[:position]
    ends = np.flatnonzero((before == _LINE) | (before == _RETURN))
    outside = ends[np.searchsorted(marks, ends) % 2 == 0]
    filled = int((np.diff(outside, prepend=-1) > 1).sum())
    return f"row {filled}" if filled else "the header"
