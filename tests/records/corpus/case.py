"""One bad file of the corpus: what it is called, what is in it, and what must be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tests.support.tiny_trial import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = TABLES["subjects"]
HEADER = ",".join(COLUMNS).encode() + b"\n"
ROWS = [",".join(row).encode() + b"\n" for row in zip(*COLUMNS.values(), strict=True)]
SUBJECTS = HEADER + b"".join(ROWS)


class Case(NamedTuple):
    """A file and the words of the one message on it.

    ``study`` is appended to the study file; ``limits`` sets constants ("module.NAME") for the test.
    """

    file: str
    content: bytes
    says: tuple[str, ...]
    study: str = ""
    limits: Mapping[str, int] = {}


def with_value(column: str, value: str, *, row: int = 2) -> bytes:
    """Return the subjects as csv with one value (row 1 is the first below the header) replaced."""
    rows = [list(fields) for fields in zip(*COLUMNS.values(), strict=True)]
    rows[row - 1][list(COLUMNS).index(column)] = value
    return HEADER + b"".join(",".join(fields).encode() + b"\n" for fields in rows)
