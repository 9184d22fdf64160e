"""Rows of the record tables that a study speaks of, with the day that each of them counts on.

Days are whole numbers since 1970-01-01 inside this package; ``NEVER`` and ``MISSING`` stand for a day
that does not come and one that is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.records.dates import PRECISIONS, possible_days

from .row_frames import categorised, chosen, constant, with_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skeletal.arrays import BoolArray, IntArray, LabelArray
    from skeletal.records import TrialRecords
    from skeletal.study import CensoringRule, RecordFilter, Study

NEVER = 10**9
MISSING = -(10**9)
# Imputation flag of each of PRECISIONS.
DATE_FLAGS = ("", "D", "M")
NOT_RANDOMISED = "rejected: not a randomised subject"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cohort:
    """The units of an endpoint in the order of their labels: randomised subjects; unit ``i`` is row ``i``.

    ``known`` keeps what was read from a column while outcomes are derived, for all rules and endpoints.
    """

    frame: pd.DataFrame
    ids: pd.Index[Any]
    arm: LabelArray
    known: dict[Any, tuple[Any, Any]] = field(default_factory=dict, repr=False)

    @property
    def size(self) -> int:
        """Number of units."""
        return len(self.frame)

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that name a unit."""
        return ("subject_id",)

    @property
    def counted(self) -> BoolArray:
        """Which rows are units, and do not stand for a subject without any."""
        return np.ones(self.size, dtype=np.bool_)

    def number(self, labels: pd.Series[Any]) -> IntArray:
        """Return the row of each label, -1 for one that was not randomised."""
        return np.asarray(self.ids.get_indexer(pd.Index(labels)), dtype=np.int64)

    def subjects_of(self, frame: pd.DataFrame) -> IntArray:
        """Return the row of the subject of each row of a record table, -1 for one not randomised."""
        return np.asarray(self._once(frame, "subject_id", self.number))

    def units_of(self, frame: pd.DataFrame) -> IntArray:
        """Return the row of the unit of each row of a record table, -1 where it has none."""
        return self.subjects_of(frame)

    def units_in(self, derived: pd.DataFrame) -> IntArray:
        """Return the row of the unit of each row of a derived frame."""
        return self.number(derived["subject_id"])

    def names_of(self, frame: pd.DataFrame) -> dict[str, Any]:  # noqa: ARG002
        """Return columns by which :meth:`spread` and :meth:`strays` know units, beside their number."""
        return {}

    def spread(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Return ``rows`` with one row for every unit that each of them speaks of."""
        return rows

    def strays(self, rows: pd.DataFrame) -> list[tuple[BoolArray, str]]:
        """Return which rows belong to no unit, and the rule that says so."""
        return [((rows["subject"] < 0).to_numpy(), NOT_RANDOMISED)]

    def days_of(self, frame: pd.DataFrame, column: str) -> dict[str, Any]:
        """Return ``earliest``, ``latest`` and ``precision`` of a date column of a record table."""
        return dict(self._once(frame, column, _days_of))

    def whole_days_of(self, frame: pd.DataFrame, column: str) -> IntArray:
        """Return the days of a date column of a record table, ``MISSING`` where a date is not a whole one."""
        days = self.days_of(frame, column)
        return np.where(days["precision"] == "day", days["earliest"], MISSING)

    def kinds_of(self, frame: pd.DataFrame, column: str) -> pd.Categorical[Any]:
        """Return a text column of a record table as categories."""
        found: pd.Categorical[Any] = self._once(frame, column, categorised)
        return found

    def passing(self, frame: pd.DataFrame, rule: RecordFilter | CensoringRule) -> BoolArray:
        """Return which rows of a record table pass the filter of ``rule``."""
        made = self._made((id(frame), id(rule)), (frame, rule), partial(passing, frame, rule))
        return np.asarray(made, dtype=np.bool_)

    def shared(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Return ``make()``, done once for all endpoints with these units; nobody may change it."""
        return self._made((id(self), *key), self, make)

    def _once(self, frame: pd.DataFrame, column: str, read: Callable[[pd.Series[Any]], Any]) -> Any:
        return self._made((id(frame), column, read.__name__), frame, lambda: read(frame[column]))

    def _made(self, key: tuple[Any, ...], owner: Any, make: Callable[[], Any]) -> Any:
        if key not in self.known:  # the owner is kept too, so that its id stays its own
            self.known[key] = (owner, make())
        return self.known[key][1]


def cohort_of(records: TrialRecords, study: Study) -> Cohort:
    """Return the subjects of ``records`` sorted by label, refusing arms that the study does not have."""
    frame = records.subjects.sort_values("subject_id", kind="stable").reset_index(drop=True)
    unknown = frame.loc[~frame["arm"].isin([arm.name for arm in study.arms]), "arm"]
    if len(unknown):
        raise InvalidRecords(
            f"subjects: {len(unknown)} subject(s) in an arm that the study does not have "
            f"({name_some(sorted(set(unknown.astype(str))))}); its arms are {', '.join(study.arm_names)}"
        )
    return Cohort(frame=frame, ids=pd.Index(frame["subject_id"]), arm=frame["arm"].to_numpy(dtype=object))


def as_days(values: Any) -> IntArray:
    """Return whole days since 1970-01-01, ``MISSING`` for NaT."""
    days = np.asarray(values, dtype="datetime64[D]")
    return np.where(np.isnat(days), MISSING, days.astype(np.int64))


def _days_of(values: pd.Series[Any]) -> dict[str, Any]:
    days = possible_days(values)
    precision = pd.Categorical.from_codes(days.precision, categories=pd.Index(PRECISIONS, dtype=object))
    return {"earliest": as_days(days.earliest), "latest": as_days(days.latest), "precision": precision}


def as_dates(days: IntArray) -> pd.Series[Any]:
    """Return days as ``datetime64[ns]``, NaT for ``MISSING`` and ``NEVER``."""
    known = np.abs(days) < NEVER
    dates = np.where(known, days, 0).astype("datetime64[D]").astype("datetime64[ns]")
    return pd.Series(dates).where(known)


def matching(table: pd.DataFrame, where: Mapping[str, tuple[Any, ...]]) -> BoolArray:
    """Return which rows have an allowed value in every column of ``where``; missing never matches."""
    keep = np.ones(len(table), dtype=np.bool_)
    for column, allowed in where.items():
        values = table[column]
        text = not pd.api.types.is_numeric_dtype(values.dtype)
        wanted = [str(value) for value in allowed] if text else list(allowed)
        found = values.isin(wanted) & values.notna()
        keep &= found.to_numpy(dtype=np.bool_, na_value=False)
    return keep


def passing(table: pd.DataFrame, rule: RecordFilter | CensoringRule) -> BoolArray:
    """Return which rows pass the filter of ``rule``: all of ``where``, none of ``unless``."""
    keep = matching(table, rule.where)
    for column, refused in rule.unless.items():
        keep &= ~matching(table, {column: refused})
    return keep


def columns_of(rule: RecordFilter | CensoringRule) -> set[str]:
    """Return the columns that a filter reads."""
    return {"subject_id", *rule.where, *rule.unless, rule.date}


def table_rows(records: TrialRecords, cohort: Cohort, table: str, variable: str) -> pd.DataFrame:
    """Return every row of ``table`` with the possible days of its date column ``variable``.

    ``place`` is where the table has the row: texts are looked up there when they are needed.
    """
    frame = records[table]
    return pd.DataFrame(
        {
            "subject": cohort.units_of(frame),
            "place": np.arange(len(frame)),
            "table": constant(table, len(frame)),
            "source": cohort.kinds_of(frame, "source"),
            "source_row": frame["source_row"].to_numpy(dtype=np.int64),
            "variable": constant(variable, len(frame)),
            **cohort.days_of(frame, variable),
            **cohort.names_of(frame),
        },
        copy=False,
    )


def lesion_ids(frame: pd.DataFrame) -> Any:
    """Return the lesion of each row of a record table, missing where it names none."""
    if "lesion_id" in frame:
        return frame["lesion_id"].astype("string").array
    return pd.array([pd.NA] * len(frame), dtype="string")


def recorded(records: TrialRecords, rows: pd.DataFrame, column: str = "") -> pd.Series[Any]:
    """Return what the records hold in ``column``, or in the date column of each row, at ``place``."""
    texts = pd.Series(pd.NA, index=pd.RangeIndex(len(rows)), dtype="string")
    place = rows["place"].to_numpy()
    for table in rows["table"].unique():
        for name in [column] if column else rows["variable"].unique():
            if table in records and name in records[table]:
                mine = (rows["table"] == table).to_numpy() & (place >= 0)
                mine &= (rows["variable"] == name).to_numpy() | bool(column)
                texts[mine] = records[table][name].astype("string").array.take(place[mine])
    return texts


def filtered_rows(
    records: TrialRecords, cohort: Cohort, rule: RecordFilter | CensoringRule, table: str
) -> pd.DataFrame:
    """Return the rows of ``table`` that pass the filter of ``rule``, of a unit of ``cohort`` or not.

    A row that names no lesion speaks of all lesions of its subject.
    """
    keep = cohort.passing(records[table], rule)
    return cohort.spread(chosen(table_rows(records, cohort, table, rule.date), keep))


def impute_onset(rows: pd.DataFrame, start: IntArray, *, year_only: bool) -> pd.DataFrame:
    """Return ``rows`` with ``day`` and ``flag``: a partial date is its first day not before time zero.

    The day stays within the days that the written date can stand for.  A year alone stays missing unless
    ``year_only``, except where the whole year lies before time zero.  ``flag`` is "D" where the day was
    imputed, "M" where the month was, else empty.
    """
    earliest, latest = rows["earliest"].to_numpy(), rows["latest"].to_numpy()
    precision = rows["precision"].cat.codes.to_numpy()
    number = rows["subject"].to_numpy()
    zero = np.where(number < 0, MISSING, start[number]) if start.size else np.full(len(rows), MISSING)
    day = onset_days(earliest, latest, zero)
    unknown = earliest == MISSING
    if not year_only:
        unknown |= (precision == PRECISIONS.index("year")) & (latest >= zero)
    return with_columns(rows, day=np.where(unknown, MISSING, day), flag=date_flags(precision, unknown))


def onset_days(earliest: IntArray, latest: IntArray, zero: IntArray) -> IntArray:
    """Return the first possible day of each date that is not before its time zero, else its first one."""
    return np.where(latest >= zero, np.maximum(earliest, zero), earliest)


def date_flags(precision: Any, unknown: BoolArray) -> pd.Categorical[Any]:
    """Return the imputation flag of dates by the number of their precision, empty where ``unknown``."""
    return pd.Categorical.from_codes(
        np.where(unknown, 0, np.maximum(precision, 0)), categories=pd.Index(DATE_FLAGS, dtype=object)
    )
