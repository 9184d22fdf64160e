"""From marked rows to findings: one row for each contradiction."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    from .facts import Facts

    # Makes the texts of marked rows from these rows and their places in the table.
    Words = Callable[[pd.DataFrame, Any], Any]
    Check = Callable[[Facts], pd.DataFrame]

# ``expected`` and ``request`` are empty where those of the catalogue hold.
COLUMNS = ("subject_id", "table", "row", "found", "expected", "request")
# What happened on a date: by table and column, or by column.
_NOUNS = {
    ("events", "date"): "event",
    ("assessments", "date"): "assessment",
    ("questionnaires", "date"): "questionnaire",
    ("analgesics", "date"): "opioid dose",
    ("screening", "date"): "screening",
    ("disposition", "date"): "status",
    ("therapies", "start_date"): "start of the therapy",
    ("therapies", "stop_date"): "end of the therapy",
}
_COLUMN_NOUNS = {
    "consent_date": "consent",
    "randomised_date": "randomisation",
    "treatment_date": "first treatment",
    "last_negative_date": "last negative film",
    "reported_date": "report",
    "adjudicated_date": "adjudication",
    "indicated_date": "indication",
    "performed_date": "procedure",
    "admission_date": "admission",
    "discharge_date": "discharge",
}


def noun(table: str, column: str) -> str:
    """Return what happened on a date, in words."""
    words = column.removesuffix("_date").replace("_", " ")
    return _NOUNS.get((table, column)) or _COLUMN_NOUNS.get(column) or words


@functools.cache
def no_findings() -> pd.DataFrame:
    """Return a frame of no findings, always the same one: nobody changes it."""
    return pd.DataFrame({name: pd.Series(dtype="Int64" if name == "row" else "string") for name in COLUMNS})


def findings(
    facts: Facts, table: str, marked: Any, words: Words | str, *, expected: str = "", request: str = ""
) -> pd.DataFrame:
    """Return one finding for each marked row of ``table``."""
    return findings_at(
        facts, table, np.flatnonzero(either(marked)), words, expected=expected, request=request
    )


def findings_at(
    facts: Facts, table: str, places: Any, words: Words | Any, *, expected: str = "", request: str = ""
) -> pd.DataFrame:
    """Return one finding for each of ``places``, rows of ``table``, which may come more than once."""
    if len(places) == 0:
        return no_findings()
    rows = facts.records[table].iloc[places].reset_index(drop=True)
    who = next((name for name in ("subject_id", "screening_id") if name in rows.columns), None)
    found = words(rows, places) if callable(words) else words
    return pd.DataFrame(
        {
            "subject_id": pd.Series(pd.NA if who is None else rows[who], index=rows.index, dtype="string"),
            "table": pd.Series(table, index=rows.index, dtype="string"),
            "row": rows["source_row"].astype("Int64"),
            "found": _texts(found, rows.index),
            "expected": pd.Series(expected, index=rows.index, dtype="string"),
            "request": pd.Series(request, index=rows.index, dtype="string"),
        }
    )


def _texts(found: Any, index: pd.Index[Any]) -> pd.Series[Any]:
    values = found if isinstance(found, str) else np.asarray(found, dtype=object)
    return pd.Series(values, index=index, dtype="string")


def together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return several frames of findings as one."""
    parts = [part for part in parts if not part.empty]
    return pd.concat(parts, ignore_index=True) if parts else no_findings()


def dated(table: str, column: str) -> Words:
    """Make the words of rows: what happened, and the date as it is written."""
    return lambda rows, _: f"the {noun(table, column)} is dated " + rows[column].astype("string")


def filled(words: str, *columns: str) -> Words:
    """Make the words of rows: ``words`` with the values of ``columns`` in the places of its braces."""
    return lambda rows, _: [words.format(*row) for row in zip(*(rows[name] for name in columns), strict=True)]


def against(table: str, column: str, words: str, days: Any) -> Words:
    """Make the words of rows: the date as it is written, ``words`` and the day of the row in ``days``."""

    def text(rows: pd.DataFrame, places: Any) -> Any:
        start = f"the {noun(table, column)} is dated " + rows[column].astype("string")
        return start.str.cat(f", {words} " + pd.Series(iso(days[places]), dtype="string"))

    return text


def iso(days: Any) -> Any:
    """Return days as text, ``YYYY-MM-DD``."""
    return np.datetime_as_string(np.asarray(days, dtype="datetime64[D]"), unit="D").astype(object)


def rows_have(n: int) -> str:
    """Return how many rows have something, in words."""
    return "1 row has" if n == 1 else f"{n} rows have"


def number(values: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers as short text."""
    return values.map("{:g}".format).astype("string")


def codes_of(values: pd.Series[Any]) -> Any:
    """Return a whole number for each distinct value, -1 for missing ones."""
    return pd.factorize(values.astype(object))[0]


def either(condition: Any) -> Any:
    """Return a nullable condition as plain flags, missing as false."""
    return pd.Series(condition).fillna(False).to_numpy(dtype=bool)
