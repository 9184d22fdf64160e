"""From columns of days to record tables with dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.tables import TABLES

from .enrolment import number, rank_within

if TYPE_CHECKING:
    import datetime as dt

    from skeletal.arrays import FloatArray, LabelArray
    from skeletal.study import CensoringRule, RecordFilter, Study

    from .enrolment import Enrolment

Columns = dict[str, Any]


def from_accrual(name: str, columns: Columns, enrolment: Enrolment) -> Columns:
    """Sort rows by subject and day, number procedures, and count days from the start of accrual."""
    if not columns:
        return columns
    dates = _date_columns(name, columns)
    owner = columns["owner"]
    first = np.fmin.reduce([columns[each] for each in dates]) if dates else np.zeros(owner.size)
    order = np.lexsort((first, owner))
    owner = owner[order].astype(np.int64)
    moved: Columns = {"subject_id": enrolment.subject_id[owner]}
    if name == "procedures":
        moved["procedure_id"] = number(rank_within(owner) + 1, prefix="P")
    for each, values in columns.items():
        if each != "owner":
            moved[each] = values[order] + enrolment.day[owner] if each in dates else values[order]
    return moved


def record_frames(study: Study, tables: dict[str, Columns], start: dt.date) -> dict[str, pd.DataFrame]:
    """Make the frames; a table or column that the study reads is there even where nothing happened."""
    needed = _columns_read(study)
    frames = {}
    for name in TABLES:
        columns = tables.get(name) or {}
        if not columns and name not in needed:
            continue
        n = len(next(iter(columns.values()), ()))
        wanted = [*TABLES[name].required, *needed.get(name, ())]
        missing = {each: np.full(n, None, dtype=object) for each in wanted if each not in columns}
        frames[name] = _frame(name, columns, start).assign(**missing)
    return frames


def _columns_read(study: Study) -> dict[str, list[str]]:
    """Return the columns of each table that the study's filters read."""
    filters: list[RecordFilter | CensoringRule] = [study.death]
    filters += [*study.components.values(), *study.intercurrent.values(), *study.censoring.values()]
    read: dict[str, list[str]] = {}
    for each in filters:
        if each.table in TABLES:
            read.setdefault(str(each.table), []).extend([*each.where, each.date])
    return read


def _date_columns(table: str, columns: Columns) -> list[str]:
    """Return the date columns of the schema, and of subjects those that a scenario adds."""
    known = TABLES[table].columns
    return [
        name
        for name in columns
        if (known[name].kind == "date" if name in known else table == "subjects" and name.endswith("_date"))
    ]


def _frame(table: str, columns: Columns, start: dt.date) -> pd.DataFrame:
    """Make a frame with the columns of the schema first and dates as ISO 8601 text."""
    dates = _date_columns(table, columns)
    done = {name: _iso(values, start) if name in dates else values for name, values in columns.items()}
    order = [name for name in TABLES[table].columns if name in done]
    frame = pd.DataFrame(
        {name: done[name] for name in [*order, *(each for each in done if each not in order)]}
    )
    keys = [key for key in TABLES[table].key if key in frame]
    return frame.drop_duplicates(keys, ignore_index=True) if keys else frame


def _iso(days: FloatArray, start: dt.date) -> LabelArray:
    """Return days from ``start`` as ISO 8601 text, each distinct day written once; NaN gives None."""
    distinct, place = np.unique(days, return_inverse=True)
    known = ~np.isnan(distinct)
    text = np.full(distinct.size, None, dtype=object)
    whole = np.datetime64(start, "D") + distinct[known].astype("timedelta64[D]")
    text[known] = np.datetime_as_string(whole, unit="D").astype(object)
    return text[place]
