"""Rows that no endpoint of the study counts: other clinical events, and intercurrent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.arrays import DAYS_PER_YEAR

from .baseline import or_missing
from .enrolment import number
from .kinds import other_kinds
from .records import dress_events, dress_procedures, fill_required, stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import FloatArray
    from skeletal.study import Scenario, Study

    from .hazards import Courses
    from .imaging import Films
    from .kinds import Kind

Columns = dict[str, Any]


def draw_others(
    study: Study,
    scenario: Scenario,
    courses: Courses,
    films: Films,
    lesions: tuple[FloatArray, FloatArray],
    rng: np.random.Generator,
) -> dict[str, Columns]:
    """Draw each kind as a Poisson process from time zero on, apart from the frailty of a subject.

    ``lesions`` holds each subject's number of target and of all lesions.  Dates are days from
    randomisation.  A local treatment is of a lesion that is no target, where the subject has one.
    """
    tables: dict[str, Columns] = {}
    rates: dict[str, Mapping[str, float]] = {
        f"other_events.{name}": each.rate for name, each in scenario.other_events.items()
    }
    rates |= {f"intercurrent.{name}": each for name, each in scenario.intercurrent.items()}
    for kind in other_kinds(study, scenario):
        if kind.name in rates:
            rate = np.array([rates[kind.name].get(each.name, 0.0) for each in study.arms], dtype=np.float64)
            rows = _rows(kind, rate[courses.arm], courses, films, lesions, rng)
            tables[kind.table] = stack(tables.get(kind.table, {}), rows)
    if tables.get("events"):
        _number_events(tables["events"])
    return tables


def _rows(
    kind: Kind,
    rate: FloatArray,
    courses: Courses,
    films: Films,
    lesions: tuple[FloatArray, FloatArray],
    rng: np.random.Generator,
) -> Columns:
    observed = np.where(courses.started, courses.exit_time - courses.start, 0.0)
    owner = np.repeat(np.arange(rate.size), rng.poisson(rate * observed / DAYS_PER_YEAR))
    time = courses.start[owner] + rng.random(owner.size) * observed[owner]
    day = np.minimum(np.floor(time).astype(np.int64), courses.last_day[owner])
    columns: Columns = {}
    if kind.silent:
        found, negative = films.around(owner, day, courses.start)
        kept = found >= 0
        owner, day = owner[kept], found[kept]
        columns["last_negative_date"] = negative[kept]
    columns |= {"owner": owner, kind.date: day.astype(np.float64)}
    columns |= {name: np.full(owner.size, value, dtype=object) for name, value in kind.values.items()}
    if kind.table == "events":
        dress_events(columns, courses, rng)
    elif kind.table == "procedures":
        dress_procedures(columns, courses, rng)
        _add_other_lesion(columns, lesions, rng)
    elif kind.table == "therapies" and "class" in columns:
        columns.setdefault("drug", columns["class"])
    return fill_required(kind.table, columns, day.astype(np.float64))


def _add_other_lesion(
    columns: Columns, lesions: tuple[FloatArray, FloatArray], rng: np.random.Generator
) -> None:
    """Put each row at one of the subject's lesions that are no targets; none where there is none."""
    owner = columns["owner"]
    targets, total = lesions
    others = (total - targets)[owner]
    which = targets[owner] + 1 + np.floor(rng.random(owner.size) * others)
    columns["lesion_id"] = or_missing(others > 0, number(which.astype(np.int64), prefix="L"))


def _number_events(columns: Columns) -> None:
    """Give each event a number of its subject, apart from those of the events that are components."""
    order = np.argsort(columns["owner"], kind="stable")
    owner = columns["owner"][order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(owner) != 0]))
    rank = np.arange(owner.size) - np.repeat(starts, np.diff(np.append(starts, owner.size)))
    identifier = np.empty(owner.size, dtype=object)
    identifier[order] = number(rank + 1, prefix="F")
    columns["event_id"] = identifier
