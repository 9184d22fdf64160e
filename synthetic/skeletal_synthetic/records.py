"""Event occurrences as rows of the record tables, as the study's filters will read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.tables import TABLES

from . import dressing
from .baseline import or_missing
from .enrolment import number, rank_within
from .kinds import allowed_values, reason_weights

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray, LabelArray
    from skeletal.study import RecordFilter, Study

    from .events import Occurrences
    from .hazards import Courses

Columns = dict[str, Any]
REPORTED_WITHIN_DAYS = 14
PERFORMED_WITHIN_DAYS = 14
INDICATED_BEFORE_DAYS = 10


def event_tables(
    study: Study, occurrences: Occurrences, courses: Courses, n_lesions: FloatArray, rng: np.random.Generator
) -> dict[str, Columns]:
    """Return the columns of each table that the components read; dates are days from randomisation.

    A row takes, of each column that its component filters, one of the allowed values.
    """
    components = list(study.components.values())
    tables = {}
    related = np.full(occurrences.subject.size, None, dtype=object)
    names = dict.fromkeys(["events", *(each.table for each in components)])
    for table in names:
        places = [place for place, each in enumerate(components) if each.table == table]
        rows = np.flatnonzero(np.isin(occurrences.component, places))
        rows = rows[np.lexsort((rows, occurrences.day[rows], occurrences.subject[rows]))]
        if not rows.size:
            continue
        columns = _filtered_columns(study, table, occurrences, rows, rng)
        columns["owner"] = occurrences.subject[rows]
        if table == "events":
            _mark_silent(columns, occurrences, rows)
            dress_events(columns, courses, rng)
            related[rows] = columns["event_id"]
        elif table == "procedures":
            parent = occurrences.parent[rows]
            columns["related_event_id"] = or_missing(parent >= 0, related[parent])
            dress_procedures(columns, courses, rng)
        if table in ("events", "procedures"):
            _add_lesion(columns, n_lesions, rng)
        tables[table] = fill_required(table, columns, occurrences.day[rows].astype(np.float64))
    return tables


def _filtered_columns(
    study: Study, table: str, occurrences: Occurrences, rows: IntArray, rng: np.random.Generator
) -> Columns:
    columns: Columns = {}
    for place, (name, component) in enumerate(study.components.items()):
        if component.table != table:
            continue
        mine = occurrences.component[rows] == place
        _assign(columns, component.date, mine, occurrences.day[rows][mine].astype(np.float64))
        values = draw_values(component, int(mine.sum()), rng)
        if table == "events":
            values.setdefault("component", np.full(int(mine.sum()), name, dtype=object))
        for column, drawn in values.items():
            _assign(columns, column, mine, drawn)
        treats = mine & (occurrences.parent[rows] >= 0)
        reason = np.array(list(study.components), dtype=object)[
            occurrences.component[occurrences.parent[rows][treats]]
        ]
        if treats.any():
            _assign(columns, "reason", treats, reason)
    return columns


def _assign(columns: Columns, name: str, rows: BoolArray, values: LabelArray) -> None:
    """Set ``rows`` of a column that may be new; the others stay missing."""
    if name not in columns:
        missing: Any = np.nan if values.dtype.kind == "f" else None
        columns[name] = np.full(rows.size, missing, dtype=np.float64 if values.dtype.kind == "f" else object)
    columns[name][rows] = values


def draw_values(component: RecordFilter, n: int, rng: np.random.Generator) -> Columns:
    """Draw one allowed value of each filtered column: the first, and of reasons any."""
    drawn: Columns = {}
    for column, allowed in allowed_values(component).items():
        values = np.array(allowed, dtype=object)
        place = np.zeros(n, dtype=np.int64)
        if column == "reason":
            place = rng.choice(values.size, size=n, p=reason_weights(component)[1])
        drawn[column] = values[place]
    return drawn


def _mark_silent(columns: Columns, occurrences: Occurrences, rows: IntArray) -> None:
    """Say of each event whether a film alone found it, where the scenario has films."""
    silent = occurrences.silent[rows]
    if not occurrences.filmed:
        return
    columns["symptomatic"] = ~silent
    columns["detection"] = np.where(silent, "imaging", "clinical").astype(object)
    columns["last_negative_date"] = occurrences.last_negative[rows]


def dress_events(columns: Columns, courses: Courses, rng: np.random.Generator) -> None:
    """Give events their numbers, and fill when they were reported, how detected, and adjudication."""
    owner = columns["owner"]
    n = owner.size
    columns["event_id"] = number(rank_within(owner) + 1, prefix="E")
    if "date" in columns:
        reported = columns["date"] + rng.integers(0, REPORTED_WITHIN_DAYS, size=n, endpoint=True)
        columns.setdefault("reported_date", np.minimum(reported, courses.last_day[owner]))
    columns.setdefault("detection", np.full(n, "clinical", dtype=object))
    columns.setdefault("adjudicated", np.ones(n, dtype=np.bool_))


def dress_procedures(columns: Columns, courses: Courses, rng: np.random.Generator) -> None:
    """Fill the other of the two dates, the intent, and dose and fractions of radiotherapy.

    A procedure planned beyond the last day of observation is not known to have been performed.
    """
    owner = columns["owner"]
    n = owner.size
    nothing = np.full(n, np.nan)
    indicated = columns.get("indicated_date", nothing)
    performed = columns.get("performed_date", nothing)
    before = performed - rng.integers(0, INDICATED_BEFORE_DAYS, size=n, endpoint=True)
    after = indicated + rng.integers(1, PERFORMED_WITHIN_DAYS, size=n, endpoint=True)
    after = np.where(after <= courses.last_day[owner], after, np.nan)
    columns["indicated_date"] = np.where(
        np.isnan(indicated), np.maximum(before, courses.start[owner]), indicated
    )
    columns["performed_date"] = np.where(np.isnan(performed), after, performed)
    intent = columns.setdefault("intent", np.full(n, None, dtype=object))
    intent[:] = np.where(intent == None, "palliative", intent)  # noqa: E711  element by element
    if "kind" not in columns:
        columns["kind"] = np.full(n, "surgery", dtype=object)
    _add_doses(columns, rng)


def _add_doses(columns: Columns, rng: np.random.Generator) -> None:
    dose, fractions = (np.full(columns["owner"].size, np.nan) for _ in range(2))
    for intent, regimens in dressing.REGIMENS.items():
        rows = (columns["kind"] == "radiation") & (columns["intent"] == intent)
        drawn = np.array(regimens)[rng.integers(0, len(regimens), size=int(rows.sum()))]
        dose[rows], fractions[rows] = drawn[:, 0], drawn[:, 1]
    if not np.isnan(dose).all():
        columns["dose_gy"], columns["fractions"] = dose, fractions


def _add_lesion(columns: Columns, n_lesions: FloatArray, rng: np.random.Generator) -> None:
    """Put each row at one of the subject's baseline lesions."""
    which = np.floor(rng.random(columns["owner"].size) * n_lesions[columns["owner"]]).astype(np.int64)
    columns.setdefault("lesion_id", number(which + 1, prefix="L"))


def fill_required(table: str, columns: Columns, day: FloatArray) -> Columns:
    """Fill the other required columns of the schema: dates with the event's, text and numbers plainly."""
    plain: dict[str, Any] = {"date": day, "number": 0.0, "flag": True}
    for name in TABLES[table].required:
        column = TABLES[table].columns[name]
        if name == "subject_id" or name.endswith("_id"):
            continue
        value = plain.get(column.kind, column.allowed[0] if column.allowed else "unspecified")
        filled = value if column.kind == "date" else np.full(day.size, value)
        columns.setdefault(name, filled)
    return columns


def stack(first: Columns, second: Columns) -> Columns:
    """Put the rows of two tables under each other; a column that one lacks is missing there."""
    tables = [each for each in (first, second) if each and len(next(iter(each.values())))]
    if len(tables) < 2:
        return tables[0] if tables else first
    stacked: Columns = {}
    for name in dict.fromkeys([*first, *second]):
        floating = all(each[name].dtype.kind == "f" for each in tables if name in each)
        missing, dtype = (np.nan, np.float64) if floating else (None, object)
        sizes = [len(next(iter(each.values()))) for each in tables]
        parts = [
            each.get(name, np.full(size, missing, dtype=dtype))
            for each, size in zip(tables, sizes, strict=True)
        ]
        stacked[name] = np.concatenate(parts)
    return stacked
