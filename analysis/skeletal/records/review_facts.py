"""What the rules of a review look at: every date of every table, and each subject's milestones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.tables import TABLES

from .convert import matching_rows
from .dates import invalid_dates, parse_dates

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray
    from skeletal.study import RecordFilter, Study

    from .schema import TrialRecords

_DATE_COLUMNS = [
    "table",
    "column",
    "subject_id",
    "row",
    "position",
    "value",
    "earliest",
    "latest",
    "precision",
    "role",
]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Facts:
    """Records and study, prepared once for all rules.

    Attributes
    ----------
    dates : DataFrame
        One row for each date column of each record, missing dates too: ``table column subject_id row value
        earliest latest precision role``; ``role`` is "component" where a component of the study counts that
        date, "death" where it is a death, else "".
    death : DataFrame
        By subject: ``earliest`` and ``latest`` day of death.
    """

    records: TrialRecords
    study: Study
    dates: pd.DataFrame
    death: pd.DataFrame

    def of_subject(self, subject_id: pd.Series[Any], column: str, bound: str) -> pd.Series[Any]:
        """Return, for each ``subject_id``, a bound of a date column of subjects (NaT where none)."""
        if column not in self.records.subjects.columns:
            return pd.Series(pd.NaT, index=subject_id.index, dtype="datetime64[ns]")
        written = self.records.subjects[column].astype("string")
        known = parse_dates(written.mask(invalid_dates(written)))[bound]
        return subject_id.map(known.set_axis(self.records.subjects["subject_id"]))

    def at_death(self, subject_id: pd.Series[Any], bound: str) -> pd.Series[Any]:
        """Return, for each ``subject_id``, the first or last possible day of death (NaT where none)."""
        known = self.death[bound].reindex(pd.Index(subject_id))
        return known.set_axis(subject_id.index).astype("datetime64[ns]")


def gather_facts(records: TrialRecords, study: Study) -> Facts:
    """Parse every date of the records once and mark those that the study counts."""
    parts = [
        _dates_of(name, column, frame)
        for name, frame in records.tables.items()
        for column in date_columns(name, frame)
    ]
    parts = [part for part in parts if not part.empty]
    dates = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=_DATE_COLUMNS)
    role = np.full(len(dates), "", dtype=object)
    used = {name for endpoint in study.endpoints.values() for name in endpoint.components}
    for name in used:
        role[_rows_of(records, study.components[name], dates)] = "component"
    role[_rows_of(records, study.death, dates)] = "death"
    dates = dates.assign(role=role).astype({"table": "category", "column": "category", "role": "category"})
    deaths = dates[(dates["role"] == "death") & dates["latest"].notna()]
    death = deaths.groupby("subject_id")[["earliest", "latest"]].max()
    return Facts(records=records, study=study, dates=dates, death=death)


def date_columns(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the date columns of a record table: those of the schema and others named ``..._date``."""
    schema = TABLES[name].columns
    return [
        column
        for column in frame.columns
        if (column in schema and schema[column].kind == "date")
        or (column not in schema and column.endswith("_date"))
    ]


def _dates_of(name: str, column: str, frame: pd.DataFrame) -> pd.DataFrame:
    who = frame["subject_id"] if "subject_id" in frame.columns else pd.Series(pd.NA, index=frame.index)
    return pd.DataFrame(
        {
            "table": pd.Series(name, index=frame.index, dtype="string"),
            "column": pd.Series(column, index=frame.index, dtype="string"),
            "subject_id": who.astype("string"),
            "row": frame["source_row"],
            "position": np.arange(len(frame)),
            "value": frame[column],
            **parse_dates(frame[column]),
        }
    )


def _rows_of(records: TrialRecords, rule: RecordFilter, dates: pd.DataFrame) -> BoolArray:
    """Return which of ``dates`` a filter of the study selects; none where its columns are absent."""
    none = np.zeros(len(dates), dtype=bool)
    if rule.table not in records or rule.date not in records[rule.table].columns:
        return none
    frame = records[rule.table]
    if any(column not in frame.columns for column in (*rule.where, *rule.unless)):
        return none
    keep = matching_rows(frame, rule.where)
    for column, refused in rule.unless.items():
        keep &= ~matching_rows(frame, {column: refused})
    chosen = np.flatnonzero(keep)
    here = ((dates["table"] == rule.table) & (dates["column"] == rule.date)).to_numpy(dtype=bool)
    return np.asarray(here & dates["position"].isin(chosen).to_numpy(dtype=bool), dtype=bool)
