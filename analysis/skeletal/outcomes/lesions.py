"""Endpoints with one outcome a lesion: the lesions as units, and which records speak of which of them.

A record that names a lesion speaks of that lesion alone; one that names none (a death, a visit, a change
of therapy) speaks of all lesions of its subject, unless it is a component: that must name its lesion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .filters import NOT_RANDOMISED, Cohort, matching
from .row_frames import categorised, nameless, numbered, text_of, with_columns

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import Endpoint

NO_LESION = "rejected: names no lesion"
UNKNOWN_LESION = "rejected: unknown lesion"
OTHER_LESION = "rejected: not a lesion of this endpoint"
WITHOUT = "no lesion of this endpoint"
NOBODY = -2


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LesionCohort(Cohort):
    """The lesions of one endpoint, by subject and label.

    Attributes
    ----------
    subjects : Cohort
        The randomised subjects.  One without such a lesion has one row without ``lesion_id``, which is
        excluded with its reason and not counted as a lesion.
    labels : Index
        The labels that lesions have.
    units, on_record : Index
        Subject and label, as one number, of every unit and of every lesion of the records.
    first, count : ndarray of shape (n_subjects,)
        First row of each subject, and its rows.
    """

    subjects: Cohort
    units: pd.Index[Any]
    labels: pd.Index[Any]
    on_record: pd.Index[Any]
    first: IntArray
    count: IntArray

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that name a unit."""
        return ("subject_id", "lesion_id")

    @property
    def counted(self) -> BoolArray:
        """Which rows are lesions, and do not stand for a subject without any."""
        return self.frame["lesion_id"].notna().to_numpy(dtype=np.bool_)

    def subjects_of(self, frame: pd.DataFrame) -> IntArray:
        """Return the first row of the subject of each row of a record table, -1 for one not randomised."""
        number = self.subjects.subjects_of(frame)
        return np.append(self.first, -1)[number]

    def units_of(self, frame: pd.DataFrame) -> IntArray:
        """Return the row of the lesion of each row of a record table, -1 where it names none of them."""
        if "lesion_id" not in frame:
            return np.full(len(frame), -1, dtype=np.int64)
        who = self.subjects.subjects_of(frame)
        return np.asarray(self.shared(("units", id(frame)), lambda: self._find(self.units, who, frame)))

    def units_in(self, derived: pd.DataFrame) -> IntArray:
        """Return the row of the lesion of each row of a frame."""
        return self._find(self.units, self.subjects.number(derived["subject_id"]), derived)

    def names_of(self, frame: pd.DataFrame) -> dict[str, Any]:
        """Return the number of the subject of each row, and the lesion that it names."""
        named = "lesion_id" in frame
        lesion = self.kinds_of(frame, "lesion_id") if named else nameless(len(frame))
        return {"who": self.subjects.subjects_of(frame), "lesion_id": lesion}

    def spread(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``rows`` with those that name no lesion once for each lesion of their subject.

        Rows that were not read for lesions, such as deaths, are numbered by subject and name no lesion.
        """
        named = "lesion_id" in rows
        who = rows["who" if named else "subject"].to_numpy(dtype=np.int64)
        whole = who >= 0
        if named:
            whole &= rows["lesion_id"].isna().to_numpy(dtype=np.bool_)
        times = np.where(whole, np.append(self.count, 1)[who], 1)
        index = np.repeat(np.arange(len(rows)), times)
        place = np.arange(index.size) - np.repeat(np.cumsum(times) - times, times)
        own = rows["subject"].to_numpy(dtype=np.int64) if named else np.full(len(rows), -1, dtype=np.int64)
        unit = np.where(whole[index], np.append(self.first, -1)[who[index]] + place, own[index])
        repeated = numbered(rows.take(index))
        lesion = repeated["lesion_id"].array if named else nameless(index.size)
        return with_columns(repeated, subject=unit, who=who[index], lesion_id=lesion)

    def strays(self, rows: pd.DataFrame) -> list[tuple[BoolArray, str]]:
        """Return which rows belong to no lesion of the endpoint, and the rule that says why."""
        nobody = (rows["who"] < 0).to_numpy()
        stray = (rows["subject"] < 0).to_numpy()
        unnamed = rows["lesion_id"].isna().to_numpy(dtype=np.bool_)
        known = self._find(self.on_record, rows["who"].to_numpy(), rows) >= 0
        return [
            (nobody, NOT_RANDOMISED),
            (stray & unnamed, NO_LESION),
            (stray & known, OTHER_LESION),
            (stray, UNKNOWN_LESION),
        ]

    def _find(self, lesions: pd.Index[Any], who: IntArray, frame: pd.DataFrame) -> IntArray:
        pairs = pair_keys(who, self.labels, categorised(frame["lesion_id"]))
        return np.asarray(lesions.get_indexer(pd.Index(pairs)), dtype=np.int64)


def pair_keys(who: IntArray, labels: pd.Index[Any], lesion: pd.Categorical[Any]) -> IntArray:
    """Return one number for each pair of subject and lesion label, ``NOBODY`` where one is not known."""
    label = np.append(labels.get_indexer(pd.Index(lesion.categories)), -1)[lesion.codes]
    return np.where((who < 0) | (label < 0), NOBODY, who * max(len(labels), 1) + label)


def lesion_cohort(records: TrialRecords, subjects: Cohort, endpoint: Endpoint) -> LesionCohort:
    """Return the lesions of ``endpoint`` that the randomised subjects have."""
    table = records["lesions"]
    of_subject, named = subjects.subjects_of(table), subjects.kinds_of(table, "lesion_id")
    mine = np.flatnonzero(matching(table, endpoint.lesions) & (of_subject >= 0))
    mine = mine[np.lexsort((named.codes[mine], of_subject[mine]))]
    n_lesions = np.bincount(of_subject[mine], minlength=subjects.size)
    count = np.maximum(n_lesions, 1).astype(np.int64)
    who = np.repeat(np.arange(subjects.size), count)
    place = np.full(who.size, -1, dtype=np.int64)  # of each unit among the lesions of the records
    place[n_lesions[who] > 0] = mine
    lesion = named.take(place, allow_fill=True)
    frame = numbered(subjects.frame.take(who)).drop(columns="lesion_id", errors="ignore")
    labels = pd.Index(named.categories)
    units = pair_keys(who, labels, lesion)
    units = np.where(units < 0, NOBODY - 1 - np.arange(units.size), units)  # these nobody finds
    on_record = pair_keys(of_subject, labels, named)
    return LesionCohort(
        frame=frame.assign(lesion_id=text_of(lesion.codes, lesion.categories)),
        ids=pd.Index(frame["subject_id"]),
        units=pd.Index(units),
        labels=labels,
        arm=subjects.arm[who],
        known=subjects.known,
        subjects=subjects,
        on_record=pd.Index(on_record[on_record >= 0]).drop_duplicates(),
        first=(np.cumsum(count) - count).astype(np.int64),
        count=count,
    )
