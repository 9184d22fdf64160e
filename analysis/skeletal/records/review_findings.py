"""From marked rows to findings: one row for each contradiction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    Words = Callable[[pd.DataFrame], "pd.Series[Any]"]

COLUMNS = ("subject_id", "table", "row", "found", "suggestion")


def no_findings() -> pd.DataFrame:
    """Return a frame of no findings."""
    return pd.DataFrame({name: pd.Series(dtype="Int64" if name == "row" else "string") for name in COLUMNS})


def findings(
    frame: pd.DataFrame, marked: Any, words: Words | str, suggestion: str, *, table: str | None = None
) -> pd.DataFrame:
    """Return one finding for each marked row of ``frame``.

    ``frame`` has ``subject_id`` (or ``screening_id``) and ``row`` or ``source_row``, and ``table`` where
    the argument does not name it; ``words`` is one text, or makes the texts of the marked rows.
    """
    rows = frame[pd.Series(marked, index=frame.index).fillna(False).to_numpy(dtype=bool)]
    if rows.empty:
        return no_findings()
    who = next((name for name in ("subject_id", "screening_id") if name in frame.columns), None)
    number = "row" if "row" in frame.columns else "source_row"
    return pd.DataFrame(
        {
            "subject_id": pd.Series(pd.NA if who is None else rows[who], index=rows.index, dtype="string"),
            "table": pd.Series(rows["table"] if table is None else table, index=rows.index, dtype="string"),
            "row": rows[number].astype("Int64"),
            "found": pd.Series(
                words if isinstance(words, str) else words(rows), index=rows.index, dtype="string"
            ),
            "suggestion": pd.Series(suggestion, index=rows.index, dtype="string"),
        }
    )


def dated(rows: pd.DataFrame) -> pd.Series[Any]:
    """Return the words for rows of the dates of :class:`Facts`: the column and its date."""
    return rows["column"].astype("string") + " " + rows["value"]


def beside(words: str, column: str) -> Words:
    """Make words of rows: the date that is there, and the day in ``column`` that it is held against."""
    return lambda rows: dated(rows) + f", {words} " + rows[column].dt.strftime("%Y-%m-%d")


def together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return several frames of findings as one."""
    parts = [part for part in parts if not part.empty]
    return pd.concat(parts, ignore_index=True) if parts else no_findings()
