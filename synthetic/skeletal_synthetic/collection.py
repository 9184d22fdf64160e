"""When questionnaires are filled in: at baseline, at visits, and brought forward after an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.records.convert import passing_rows

from .visits import visit_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import FloatArray, IntArray, LabelArray
    from skeletal.study import Measure, RecordFilter, Study

    from .hazards import Courses
    from .visits import Visits

Columns = dict[str, Any]
BASELINE = "Baseline"
BASELINE_WITHIN_DAYS = 3
BROUGHT_FORWARD_WITHIN_DAYS = 7


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Collection:
    """Questionnaires that were filled in, by row, sorted by subject and day.

    Attributes
    ----------
    subject : ndarray of int, shape (n,)
        Row of the subject.
    day : ndarray of int, shape (n,)
        Days from randomisation.
    visit : ndarray of object, shape (n,)
    """

    subject: IntArray
    day: IntArray
    visit: LabelArray


def first_event_days(
    study: Study, endpoint: str, tables: Mapping[str, Columns], courses: Courses
) -> FloatArray:
    """Return the day from randomisation of each subject's first record that ``endpoint`` counts, else inf."""
    first = np.full(courses.start.size, np.inf)
    for name in study.endpoints[endpoint].components:
        component = study.components[name]
        columns = tables.get(component.table)
        if not columns or component.date not in columns:
            continue
        rows = rows_of(component, columns)
        day, owner = columns[component.date][rows], columns["owner"][rows]
        counted = day >= courses.start[owner]
        np.minimum.at(first, owner[counted], day[counted])
    return first


def rows_of(rule: RecordFilter, columns: Columns) -> Any:
    """Return which rows a filter takes."""
    n = len(columns["owner"])
    frame = pd.DataFrame(
        {name: columns.get(name, np.full(n, None)) for name in [*rule.where, *rule.unless]}, index=range(n)
    )
    return passing_rows(frame, rule.where, rule.unless)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Habits:
    """Days before time zero of each subject's baseline, and how soon after an event the next is (0 to 1)."""

    early: IntArray
    soon: FloatArray


def draw_habits(n: int, rng: np.random.Generator) -> Habits:
    """Draw what all questionnaires of a subject have in common."""
    return Habits(early=rng.integers(0, BASELINE_WITHIN_DAYS, size=n, endpoint=True), soon=rng.random(n))


def collection_of(
    study: Study,
    measure: Measure,
    tables: Mapping[str, Columns],
    courses: Courses,
    visits: Visits,
    habits: Habits,
) -> Collection:
    """Return when a measure is collected.

    A baseline lies at most three days before time zero; then comes each visit that was done.  Where the
    first event of an endpoint ends collection, the next planned visit is brought forward to within a week
    of it (and the days that the measure allows), and nothing follows.
    """
    everyone = np.flatnonzero(courses.started)
    names = visit_names(study)
    wanted = np.isin(names, measure.visits) if measure.visits else np.ones(names.size, dtype=np.bool_)
    planned = np.array([each.day for each in study.visits], dtype=np.int64)
    taken = visits.done & wanted[visits.visit]
    within = min(BROUGHT_FORWARD_WITHIN_DAYS, measure.collected_for_days)
    lag = np.ceil(habits.soon * within).astype(np.int64)
    parts = [
        (everyone, (courses.start - habits.early)[everyone], np.full(everyone.size, BASELINE, dtype=object))
    ]
    if measure.collected_until_first:
        first = first_event_days(study, measure.collected_until_first, tables, courses)
        taken &= visits.day <= first[visits.subject]
        parts.append(_brought_forward(first, lag, names[wanted], planned[wanted], courses))
    parts.append((visits.subject[taken], visits.day[taken], names[visits.visit[taken]]))
    subject, day, visit = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.lexsort((day, subject))
    subject, day, visit = subject[order], day[order], visit[order]
    again = np.concatenate([[False], (np.diff(subject) == 0) & (np.diff(day) == 0)])[: subject.size]
    return Collection(subject=subject[~again], day=day[~again], visit=visit[~again])


def _brought_forward(
    first: FloatArray, lag: IntArray, names: LabelArray, planned: IntArray, courses: Courses
) -> tuple[IntArray, IntArray, LabelArray]:
    """Return the visit that follows each first event, on its new day; none after the last or after death."""
    day = np.where(np.isfinite(first), first, -1).astype(np.int64)
    place = np.searchsorted(planned, day - courses.start, side="right")
    due = np.isfinite(first) & (place < planned.size) & (day + lag <= courses.last_day - courses.died)
    rows = np.flatnonzero(due)
    return rows, (day + lag)[rows], names[place[rows]]
