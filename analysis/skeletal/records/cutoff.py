"""The trial as it was known on a date."""

from __future__ import annotations

import dataclasses
import datetime as dt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.tables import TABLES

from .dates import invalid_dates, parse_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import BoolArray

    from .schema import TrialRecords

# A row is known from the first of these dates; a row with none of them stays.
_ROW_DATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "subjects": ("randomised_date",),
        "screening": ("date",),
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
# What is known only with the date in front of it.
_COME_WITH: Mapping[str, tuple[str, ...]] = MappingProxyType({"performed_date": ("dose_gy", "fractions")})


def cut_records(records: TrialRecords, date: dt.date) -> TrialRecords:
    """Return the records as they were known at the end of a day.

    Use it for an interim look, or to ask what an earlier look would have shown.  It cannot know later
    knowledge that carries no date, such as a column "died" of subjects.

    Parameters
    ----------
    records : TrialRecords
        The records of a later day.
    date : date
        The last day of which anything is known.

    Returns
    -------
    TrialRecords
        Without subjects randomised later and their rows, without rows dated or reported later; every other
        later date is missing (a discharge, a performance after the indication with its dose, a treatment,
        and dates in columns that the schema does not have).  ``screening.randomised`` is missing for those
        randomised later.  A partial date stays where its first possible day is on or before ``date``.
        ``data_cutoff`` is ``date``, or the earlier cutoff of ``records``; ``notes`` say what was taken.

    Raises
    ------
    InvalidArgument
        If ``date`` is no date.
    InvalidRecords
        If no subject was randomised by then.

    Notes
    -----
    Cutting twice gives the records of the earlier of both dates, in either order.

    Examples
    --------
    >>> import datetime as dt
    >>> import pandas as pd
    >>> from skeletal.records import make_records
    >>> subjects = pd.DataFrame(
    ...     {"subject_id": ["S1", "S2"], "arm": ["a", "b"], "randomised_date": ["2025-03-01", "2025-06-01"]}
    ... )
    >>> cut_records(make_records({"subjects": subjects}), dt.date(2025, 4, 1)).n_subjects
    1
    """
    if not isinstance(date, dt.date) or pd.isna(date):
        raise InvalidArgument(f"date must be a date, got {date!r}")
    limit = pd.Timestamp(date).normalize()
    notes: list[str] = []
    tables = {name: _cut_table(name, frame, limit, notes) for name, frame in records.tables.items()}
    if tables["subjects"].empty:
        raise InvalidRecords(f"no subject was randomised on or before {limit:%Y-%m-%d}; choose a later date")
    gone = records.subjects["subject_id"]
    gone = gone[~gone.isin(tables["subjects"]["subject_id"])]
    tables = {name: _without(frame, gone) for name, frame in tables.items()}
    if "screening" in tables:
        tables["screening"] = _not_yet_randomised(tables["screening"], gone)
    cutoff = limit.date() if records.data_cutoff is None else min(limit.date(), records.data_cutoff)
    return dataclasses.replace(records, tables=tables, notes=(*records.notes, *notes), data_cutoff=cutoff)


def _cut_table(name: str, frame: pd.DataFrame, limit: pd.Timestamp, notes: list[str]) -> pd.DataFrame:
    """Leave out the rows of later days and make later dates missing."""
    first = _first_known(name, frame)
    gone = (first > limit).to_numpy(dtype=bool)
    if "reported_date" in frame.columns:
        gone = gone | (parse_dates(frame["reported_date"])["earliest"] > limit).to_numpy(dtype=bool)
    if gone.any():
        notes.append(f"{name}: {int(gone.sum())} rows later than {limit:%Y-%m-%d} left out")
        frame = frame[~gone].reset_index(drop=True)
    blank: dict[str, pd.Series[Any]] = {}
    for column in frame.columns:
        later = _later(name, column, frame[column], limit)
        if not later.any():
            continue
        notes.append(f"{name}.{column}: {int(later.sum())} dates later than {limit:%Y-%m-%d} made missing")
        for item in (column, *_COME_WITH.get(column, ())):
            if item in frame.columns:
                blank[item] = frame[item].mask(later)
    return frame.assign(**blank) if blank else frame


def _first_known(name: str, frame: pd.DataFrame) -> pd.Series[Any]:
    """Return the first day on which each row can have been known (NaT where it has no date)."""
    columns = [column for column in _ROW_DATES.get(name, ()) if column in frame.columns]
    if not columns:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    return pd.concat([parse_dates(frame[column])["earliest"] for column in columns], axis=1).min(axis=1)


def _later(name: str, column: str, values: pd.Series[Any], limit: pd.Timestamp) -> BoolArray:
    """Return which ``values`` are dates after ``limit``.

    In a text column that the schema does not have, only whole days are taken for dates.
    """
    none = np.zeros(len(values), dtype=bool)
    spec = TABLES[name].columns.get(column)
    if not pd.api.types.is_string_dtype(values.dtype) or column == "source":
        return none
    if (spec is not None and spec.kind == "date") or (spec is None and column.endswith("_date")):
        return (parse_dates(values)["earliest"] > limit).to_numpy(dtype=bool)
    if spec is not None:
        return none
    parsed = parse_dates(values.mask(invalid_dates(values)))
    return ((parsed["precision"] == "day").fillna(False) & (parsed["earliest"] > limit)).to_numpy(dtype=bool)


def _without(frame: pd.DataFrame, gone: pd.Series[Any]) -> pd.DataFrame:
    if "subject_id" not in frame.columns or gone.empty:
        return frame
    return frame[~frame["subject_id"].isin(gone)].reset_index(drop=True)


def _not_yet_randomised(screening: pd.DataFrame, gone: pd.Series[Any]) -> pd.DataFrame:
    if "randomised" not in screening.columns:
        return screening
    later = screening["screening_id"].isin(gone)
    return screening.assign(randomised=screening["randomised"].mask(later))
