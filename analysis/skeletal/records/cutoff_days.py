"""On which day each row and each cell of the records became known."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.tables import TABLES, is_date

from .dates import possible_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skeletal.arrays import BoolArray

# A row is known from the first of these dates; a row with none of them stays.
ROW_DATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "subjects": ("randomised_date",),
        "screening": ("date",),
        "lesions": ("date", "detected_date", "diagnosed_date", "diagnosis_date"),
        "events": ("date",),
        "procedures": ("indicated_date", "performed_date"),
        "assessments": ("date",),
        "questionnaires": ("date",),
        "analgesics": ("date",),
        "stays": ("admission_date",),
        "therapies": ("start_date",),
        "disposition": ("date",),
    }
)
# The row dates that are themselves learnt after the row.
_LEARNT_AFTER = ("performed_date",)
# Columns that are known with a date although their names do not begin with its.
_COME_WITH: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType(
    {
        ("procedures", "performed_date"): ("dose_gy", "fractions"),
        ("screening", "consent_date"): ("consented",),
    }
)
_DAY_IN_TEXT = r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)"
_NEVER = np.datetime64("NaT", "D")
Days = Any  # ndarray of datetime64[D]


def row_known(name: str, frame: pd.DataFrame) -> Days:
    """Return the day on which each row happened for certain; NaT where it has no date.

    A partial date counts from its last possible day; where a report tells when the trial learnt of the
    row, from its first.
    """
    told = ~np.isnat(reported(frame))
    known = np.full(len(frame), _NEVER)
    for column in ROW_DATES[name]:
        if column in frame.columns:
            days = possible_days(frame[column])
            known = np.fmin(known, np.where(told, days.earliest, days.latest))
    if name == "events" and "last_negative_date" in frame.columns:
        negative = possible_days(frame["last_negative_date"]).latest
        known = np.where(np.isnat(known) & ~told, negative, known)
    return known


def reported(frame: pd.DataFrame) -> Days:
    """Return the day by which each row was reported for certain; NaT where nothing says so."""
    if "reported_date" not in frame.columns:
        return np.full(len(frame), _NEVER)
    return possible_days(frame["reported_date"]).latest


def cell_known(name: str, frame: pd.DataFrame, column: str) -> Days | None:
    """Return the day before which each cell cannot be known; None where the column holds no dates.

    Dates count from their last possible day, those that date the row from their first: the row is known.
    In text, any whole ISO 8601 day counts.
    """
    values = frame[column]
    if column == "source" or not pd.api.types.is_string_dtype(values.dtype):
        return None
    if is_date(name, column):
        days = possible_days(values)
        dates_row = column in ROW_DATES[name] and column not in _LEARNT_AFTER
        return days.earliest if dates_row else days.latest
    return _last_day_in(values) if _is_free_text(name, column) else None


def _is_free_text(name: str, column: str) -> bool:
    """Return whether a text column may hold anything: no name of something, nothing that makes the row."""
    spec = TABLES[name].columns.get(column)
    named = column.endswith("_id") or column in TABLES[name].key
    return not named and (spec is None or not (spec.required or spec.allowed))


def _last_day_in(values: pd.Series[Any]) -> Days:
    codes, distinct = pd.factorize(values)
    texts = pd.Series(distinct, dtype="string")
    found = texts[texts.str.contains(r"\d{4}-\d{2}-\d{2}", regex=True)].str.extractall(_DAY_IN_TEXT)
    days = pd.to_datetime(found[0].astype(object), format="%Y-%m-%d", errors="coerce").groupby(level=0).max()
    last = np.full(len(texts) + 1, _NEVER)  # a missing value has code -1: the last
    last[days.index.to_numpy(dtype=np.int64)] = days.to_numpy(dtype="datetime64[D]")
    return last[codes]


def comes_with(name: str, frame: pd.DataFrame, column: str) -> list[str]:
    """Return the columns that are known only with the date ``column``.

    ``stop_date`` takes ``stop`` and ``stop_reason`` with it, ``result_reported_date`` takes ``result``,
    ``adjudicated_date`` also ``adjudication`` and ``adjudication_comment``;
    a further date speaks for itself, and what makes the row is as old as the row.
    """
    stem = column.removesuffix("_date").removesuffix("_reported").removesuffix("_adjudicated")
    stems = ("adjudicated", "adjudication") if stem == "adjudicated" else (stem,)
    others = [
        item
        for item in map(str, frame.columns)
        if (item in stems or item.startswith(tuple(f"{each}_" for each in stems)))
        and item not in TABLES[name].required
        and item not in TABLES[name].key
        and not is_date(name, item)
    ]
    listed = [item for item in _COME_WITH.get((name, column), ()) if item in frame.columns]
    return [*listed, *others]


def known_days(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return ``subject_id`` and ``day`` of all days on which something of a subject can become known."""
    parts = [
        pd.DataFrame({"subject_id": frame["subject_id"], "day": days})
        for name, frame in tables.items()
        if "subject_id" in frame.columns
        for days in _days_in(name, frame)
    ]
    found = pd.concat(parts, ignore_index=True).dropna().drop_duplicates()
    return found.sort_values(["day", "subject_id"], ignore_index=True)


def _days_in(name: str, frame: pd.DataFrame) -> Iterator[Days]:
    for column in map(str, frame.columns):
        if is_date(name, column):
            days = possible_days(frame[column])
            yield days.earliest
            yield days.latest
        elif (text := cell_known(name, frame, column)) is not None:
            yield text


def last_day(tables: Mapping[str, pd.DataFrame]) -> Days:
    """Return the last day that a date of the record tables can stand for; NaT where there is none."""
    days = [
        possible_days(frame[column]).latest
        for name, frame in tables.items()
        for column, spec in TABLES[name].columns.items()
        if spec.kind == "date" and column in frame.columns
    ]
    found = np.concatenate(days)
    return np.fmax.reduce(found) if found.size else _NEVER


def later(days: Days, limit: np.datetime64) -> BoolArray:
    """Return which days come after ``limit``; NaT never does."""
    return np.asarray(days > limit, dtype=bool)
