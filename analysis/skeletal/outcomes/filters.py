"""Rows of the record tables that a study speaks of, with the day that each of them counts on.

Days are whole numbers since 1970-01-01 inside this package; ``NEVER`` and ``MISSING`` stand for a day
that does not come and one that is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.records import TABLES
from skeletal.records.dates import invalid_dates, parse_dates
from skeletal.records.faults import did_you_mean, name_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skeletal.arrays import BoolArray, IntArray, LabelArray
    from skeletal.records import TrialRecords
    from skeletal.study import CensoringRule, RecordFilter, Study

NEVER = 10**9
MISSING = -(10**9)
DATE_FLAGS = {"month": "D", "year": "M"}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Cohort:
    """The randomised subjects in the order of their labels; subject ``i`` is row ``i``."""

    frame: pd.DataFrame
    ids: pd.Index[Any]
    arm: LabelArray

    @property
    def size(self) -> int:
        """Number of randomised subjects."""
        return len(self.ids)

    def number(self, labels: pd.Series[Any]) -> IntArray:
        """Return the row of each label, -1 for one that was not randomised."""
        return np.asarray(self.ids.get_indexer(pd.Index(labels)), dtype=np.int64)


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


def as_days(values: pd.Series[Any]) -> IntArray:
    """Return whole days since 1970-01-01, ``MISSING`` for NaT."""
    days = values.to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(days), MISSING, days.astype(np.int64))


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


def table_rows(records: TrialRecords, cohort: Cohort, table: str, variable: str) -> pd.DataFrame:
    """Return every row of ``table`` with the possible days of its date column ``variable``."""
    frame = records[table]
    dates = parse_dates(frame[variable])
    return pd.DataFrame(
        {
            "subject_id": frame["subject_id"],
            "subject": cohort.number(frame["subject_id"]),
            "table": table,
            "source": frame["source"],
            "source_row": frame["source_row"].to_numpy(dtype=np.int64),
            "variable": variable,
            "written": frame[variable].astype("string"),
            "earliest": as_days(dates["earliest"]),
            "latest": as_days(dates["latest"]),
            "precision": dates["precision"].fillna("").to_numpy(dtype=object),
        }
    ).reset_index(drop=True)


def filtered_rows(
    records: TrialRecords, cohort: Cohort, rule: RecordFilter | CensoringRule, table: str
) -> pd.DataFrame:
    """Return the rows of ``table`` that pass the filter of ``rule``, of randomised subjects or not."""
    keep = matching(records[table], rule.where)
    return table_rows(records, cohort, table, rule.date).loc[keep].reset_index(drop=True)


def impute_onset(rows: pd.DataFrame, start: IntArray, *, year_only: bool) -> pd.DataFrame:
    """Return ``rows`` with ``day`` and ``flag``: a partial date is its first day not before time zero.

    The day stays within the days that the written date can stand for.  A year alone stays missing unless
    ``year_only``, except where the whole year lies before time zero.  ``flag`` is "D" where the day was
    imputed, "M" where the month was, else empty.
    """
    earliest, latest = rows["earliest"].to_numpy(), rows["latest"].to_numpy()
    precision = rows["precision"].to_numpy()
    number = rows["subject"].to_numpy()
    zero = np.where(number < 0, MISSING, start[number]) if start.size else np.full(len(rows), MISSING)
    day = np.where(latest >= zero, np.maximum(earliest, zero), earliest)
    day = np.where(precision == "day", earliest, day)
    unknown = earliest == MISSING
    if not year_only:
        unknown |= (precision == "year") & (latest >= zero)
    flag = pd.Series(precision).map(DATE_FLAGS).fillna("").to_numpy(dtype=object)
    return rows.assign(day=np.where(unknown, MISSING, day), flag=np.where(unknown, "", flag))


def _needs(study: Study) -> Iterator[tuple[str, str, RecordFilter | CensoringRule]]:
    """Yield (who needs it, table, filter) of everything that the study's outcomes read."""
    for name, endpoint in study.endpoints.items():
        who = f"endpoint {name!r}"
        for component in endpoint.components:
            yield who, study.components[component].table, study.components[component]
        for rule in study.censoring_of(name).values():
            if rule.table is not None:
                yield who, rule.table, rule
            elif rule.missed_visits is not None:
                yield who, "assessments", rule
    yield "every endpoint", study.death.table, study.death
    for name, estimand in study.estimands.items():
        for event, strategy in estimand.intercurrent.items():
            if strategy != "treatment_policy":
                rule_of = study.intercurrent[event]
                yield f"estimand {name!r}", rule_of.table, rule_of


def check_inputs(records: TrialRecords, study: Study) -> None:
    """Refuse records without a table or column that an outcome of ``study`` reads; all problems at once."""
    problems: dict[str, None] = {}
    for who, table, rule in _needs(study):
        if table not in records:
            problems[_absent(who, table, rule.label)] = None
            continue
        problems |= dict.fromkeys(_column_problems(records[table], who, table, rule))
    for name in study.endpoints:
        column = study.time_zero_of(name)
        if column not in records.subjects:
            hint = did_you_mean(column, map(str, records.subjects.columns))
            problems[
                f"endpoint {name!r} needs column {column!r} of table 'subjects' as time zero: "
                f"add it, or name another date column in the study file.{hint}"
            ] = None
        elif wrong := _no_dates(records.subjects[column]):
            problems[f"time zero of endpoint {name!r}: column {column!r} of table 'subjects' {wrong}"] = None
        rules = study.censoring_of(name).values()
        if not study.visits and any(rule.missed_visits is not None for rule in rules):
            problems[f"endpoint {name!r} counts missed visits, but the study declares no visits"] = None
    if problems:
        raise InvalidRecords(list(problems))


def _absent(who: str, table: str, label: str) -> str:
    return (
        f"{who} needs table {table!r} ({label}), which the records do not have: add it, if only with its "
        "header where there are no such records, or take what reads it out of the study file"
        f"{'' if table in TABLES else '.' + did_you_mean(table, TABLES)}"
    )


def _column_problems(
    frame: pd.DataFrame, who: str, table: str, rule: RecordFilter | CensoringRule
) -> Iterator[str]:
    for column in ("subject_id", *rule.where, rule.date):
        if column not in frame:
            yield (
                f"{who} needs column {column!r} of table {table!r} ({rule.label}), which is not there; "
                f"the columns are {', '.join(map(str, frame.columns))}."
                f"{did_you_mean(column, map(str, frame.columns))}"
            )
    if rule.date in frame and (wrong := _no_dates(frame[rule.date])):
        yield f"{who}: column {rule.date!r} of table {table!r} ({rule.label}) {wrong}"
    for column, allowed in rule.where.items():
        if column in frame and (wrong := _wrong_kind(frame[column], allowed)):
            yield f"{who}: column {column!r} of table {table!r} ({rule.label}) {wrong}"


def _no_dates(values: pd.Series[Any]) -> str:
    """Say which of ``values`` are no dates; empty where all are dates or missing."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype) or values.isna().all():
        return ""
    faults = invalid_dates(values)
    return f"must hold dates; it has others in {name_rows(faults, values)}" if faults.any() else ""


def _wrong_kind(values: pd.Series[Any], allowed: tuple[Any, ...]) -> str:
    """Say why ``values`` can never equal any of ``allowed``; empty where they can."""
    if values.isna().all():
        return ""
    flags = [isinstance(item, bool) for item in allowed]
    numbers = [isinstance(item, int | float) and not flag for item, flag in zip(allowed, flags, strict=True)]
    shown = name_some(map(repr, allowed))
    if pd.api.types.is_bool_dtype(values.dtype):
        return "" if all(flags) else f"holds true or false, the study asks for {shown}"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "" if all(numbers) else f"holds numbers, the study asks for {shown}"
    return f"holds text, the study asks for {shown}" if any(flags) else ""
