"""What the rules of a review look at: dates, owners of rows and each subject's milestones, found once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.tables import is_date

from ..convert import passing_rows
from ..dates import PossibleDays, possible_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import RecordFilter, Study

    from ..schema import TrialRecords

Place = tuple[str, str]  # table and date column
NO_DAY = np.datetime64("NaT", "D")
# Dates that are of no contact with the subject: when it was reported, what was planned or ended.
_NO_CONTACT = ("reported_date", "adjudicated_date", "last_negative_date", "stop_date", "discharge_date")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Facts:
    """Records and study, prepared once for all rules.

    Attributes
    ----------
    owners : mapping of str to ndarray of int
        For each table with ``subject_id``: the row of ``subjects`` of each of its rows, -1 for a stranger.
    days : mapping of (table, column) to PossibleDays
        Every date column: first and last possible day, and precision (-1 where missing).
    counted : mapping of (table, column) to ndarray of bool
        Rows that a component of an endpoint counts by that date.
    deaths : mapping of (table, column) to ndarray of bool
        Rows that are deaths; empty where the records cannot hold any.
    death_first, death_last : ndarray of datetime64[D], shape (n_subjects,)
        Bounds of the last day of death, NaT where none.
    last_contact : ndarray of datetime64[D], shape (n_subjects,)
        Last day on which something was done with the subject or known of it.
    last_date : ndarray of datetime64[D], shape (n_subjects,)
        Last possible day of any date, but consent and first treatment.
    limit : datetime64[D]
        The data cutoff, NaT where there is none.
    """

    records: TrialRecords
    study: Study
    owners: Mapping[str, IntArray]
    days: Mapping[Place, PossibleDays]
    counted: Mapping[Place, BoolArray]
    deaths: Mapping[Place, BoolArray]
    death_first: Any
    death_last: Any
    last_contact: Any
    last_date: Any
    limit: Any

    def has(self, table: str, *columns: str) -> bool:
        """Return whether the records have a table with these columns."""
        return table in self.records and set(columns) <= set(self.records[table].columns)

    def of_owner(self, table: str, values: Any) -> Any:
        """Return ``values`` (a day of each subject) for the rows of ``table``, NaT for strangers."""
        return np.append(values, NO_DAY)[self.owners[table]]

    def of_subjects(self, column: str) -> PossibleDays:
        """Return a date column of subjects; nothing but NaT where it is absent."""
        size = self.records.n_subjects
        none = np.full(size, NO_DAY)
        return self.days.get(("subjects", column), PossibleDays(none, none, np.full(size, -1)))

    def time_zeros(self) -> list[str]:
        """Return the date columns of subjects from which endpoints are counted."""
        names = (self.study.time_zero_of(name) for name in self.study.endpoints)
        return list(dict.fromkeys(names))

    def done(self, table: str) -> BoolArray:
        """Return which rows are not said to be undone."""
        frame = self.records[table]
        if "done" not in frame.columns:
            return np.ones(len(frame), dtype=bool)
        return frame["done"].fillna(True).to_numpy(dtype=bool)

    def last_of(self, table: str, rows: Any, days: Any) -> Any:
        """Return the last of ``days`` of each subject among marked rows of ``table``, NaT where none."""
        last = np.full(self.records.n_subjects, NO_DAY)
        _raise_to(last, self.owners[table][rows], days[rows])
        return last

    def left(self) -> Any:
        """Return the last possible day on which each subject was lost or withdrew, NaT where none."""
        if not self.has("disposition", "status", "date"):
            return np.full(self.records.n_subjects, NO_DAY)
        rows = self.records["disposition"]["status"].isin(["lost", "withdrew"]).to_numpy(dtype=bool)
        return self.last_of("disposition", rows, self.days["disposition", "date"].latest)

    def followed_until(self) -> Any:
        """Return each subject's last contact, or death, leaving or data cutoff where that comes first."""
        ends = (self.death_first, self.left(), self.limit)
        end = self.last_contact
        for each in ends:
            end = np.where(np.isnat(end), end, np.fmin(end, each))
        return end


def gather_facts(records: TrialRecords, study: Study) -> Facts:
    """Parse every date of the records once and mark those that the study counts."""
    subjects = pd.Index(records.subjects["subject_id"].astype(object))
    owners = {
        name: subjects.get_indexer(pd.Index(frame["subject_id"].astype(object)))
        for name, frame in records.tables.items()
        if "subject_id" in frame.columns
    }
    days = {
        (name, column): possible_days(frame[column])
        for name, frame in records.tables.items()
        for column in date_columns(name, frame)
    }
    used = {name for endpoint in study.endpoints.values() for name in endpoint.components}
    counted: dict[Place, BoolArray] = {}
    for name in used:
        rule = study.components[name]
        rows = filter_rows(records, rule)
        if rows is not None and (rule.table, rule.date) in days:
            place = (rule.table, rule.date)
            counted[place] = counted.get(place, np.zeros(len(rows), dtype=bool)) | rows
    deaths, first, last = _deaths(records, study, owners, days)
    contact, latest = _last_days(records, owners, days)
    cutoff = records.data_cutoff or study.data_cutoff
    return Facts(
        records=records,
        study=study,
        owners=owners,
        days=days,
        counted=counted,
        deaths=deaths,
        death_first=first,
        death_last=last,
        last_contact=contact,
        last_date=latest,
        limit=NO_DAY if cutoff is None else np.datetime64(cutoff, "D"),
    )


def date_columns(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the date columns of a record table: those of the schema and others named ``..._date``."""
    return [column for column in frame.columns if is_date(name, column)]


def filter_rows(records: TrialRecords, rule: RecordFilter) -> BoolArray | None:
    """Return the rows that a filter of the study selects; None where a table or column is absent."""
    if rule.table not in records:
        return None
    frame = records[rule.table]
    if any(column not in frame.columns for column in (*rule.where, *rule.unless)):
        return None
    return passing_rows(frame, rule.where, rule.unless)


def _deaths(
    records: TrialRecords, study: Study, owners: Mapping[str, IntArray], days: Mapping[Place, PossibleDays]
) -> tuple[dict[Place, BoolArray], Any, Any]:
    first, last = (np.full(records.n_subjects, NO_DAY) for _ in range(2))
    place = (study.death.table, study.death.date)
    rows = filter_rows(records, study.death)
    if rows is None or place not in days or study.death.table not in owners:
        return {}, first, last
    owner = owners[study.death.table][rows]
    _raise_to(first, owner, days[place].earliest[rows])
    _raise_to(last, owner, days[place].latest[rows])
    return {place: rows}, first, last


def _last_days(
    records: TrialRecords, owners: Mapping[str, IntArray], days: Mapping[Place, PossibleDays]
) -> tuple[Any, Any]:
    contact, latest = (np.full(records.n_subjects, NO_DAY) for _ in range(2))
    for (table, column), dates in days.items():
        if table not in owners:
            continue
        if column not in _NO_CONTACT and table != "subjects":
            _raise_to(contact, owners[table], dates.earliest)
        if (table, column) not in (("subjects", "consent_date"), ("subjects", "treatment_date")):
            _raise_to(latest, owners[table], dates.latest)
    return contact, latest


def _raise_to(values: Any, owner: Any, days: Any) -> None:
    """Raise each owner's value to the greatest of its days; NaT is the least integer, so it never wins."""
    known = (owner >= 0) & ~np.isnat(days)
    np.maximum.at(values.view("int64"), owner[known], days[known].astype("datetime64[D]").view("int64"))
