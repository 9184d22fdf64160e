"""When events happen, of which component, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skeletal.arrays import DAYS_PER_YEAR
from skeletal.errors import InvalidArgument
from skeletal.records.schema import TABLES

from .scenarios import by_arm

if TYPE_CHECKING:
    from skeletal.arrays import FloatArray, IntArray
    from skeletal.study import Component, Scenario, Study

    from .hazards import Courses

# Assumption: half of the reported events that can be treated are treated, within a fortnight.
TREATED_SHARE = 0.5
TREATED_WITHIN_DAYS = 14
# Tables that hold facts of which the simulator makes exactly the rows that the course of a subject says.
_NOT_EVENTS = ("subjects", "screening", "lesions", "disposition")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Occurrences:
    """Events by row, sorted by subject and day.

    Attributes
    ----------
    subject : ndarray of int, shape (n,)
        Row of the subject.
    day : ndarray of int, shape (n,)
        Days from randomisation.
    component : ndarray of int, shape (n,)
        Place of the component in the study file, from 0.
    parent : ndarray of int, shape (n,)
        Row of the event that this one treats, -1 where it is an event of its own.
    """

    subject: IntArray
    day: IntArray
    component: IntArray
    parent: IntArray


def check_components(study: Study, scenario: Scenario) -> None:
    """Refuse components that no simulated record can show."""
    for name, share in scenario.component_mix.items():
        table = study.components[name].table
        if share > 0 and (table not in TABLES or table in _NOT_EVENTS):
            raise InvalidArgument(
                f"component {name!r} reads table {table!r}, in which no event can be simulated; "
                f"use one of {', '.join(each for each in TABLES if each not in _NOT_EVENTS)}"
            )


def draw_events(
    study: Study, scenario: Scenario, arm: IntArray, courses: Courses, rng: np.random.Generator
) -> Occurrences:
    """Draw a Poisson process for each subject, given the frailty, from time zero until the exit."""
    rate = by_arm(study, scenario.event_rate, arm) * courses.frailty / DAYS_PER_YEAR
    observed = np.where(courses.started, courses.exit_time - courses.start, 0.0)
    count = rng.poisson(rate * observed)
    subject = np.repeat(np.arange(arm.size), count)
    time = courses.start[subject] + rng.random(subject.size) * observed[subject]
    day = np.minimum(np.floor(time).astype(np.int64), courses.last_day[subject])
    shares = _shares(study, scenario)
    component = rng.choice(shares.size, size=subject.size, p=shares)
    order = np.lexsort((component, day, subject))
    own = np.full(subject.size, -1, dtype=np.int64)
    return Occurrences(subject=subject[order], day=day[order], component=component[order], parent=own)


def add_treatments(
    study: Study, events: Occurrences, courses: Courses, rng: np.random.Generator
) -> Occurrences:
    """Let some events be followed by the procedure that treats them.

    A procedure treats an event whose component is among its allowed reasons.  It comes less than the
    smallest gap of the endpoints after the event, and only where every endpoint has both of the two or
    neither, so that no first event of an endpoint comes from it.
    """
    within = min([TREATED_WITHIN_DAYS, *(each.min_gap_days - 1 for each in study.endpoints.values())])
    options = _treatments(study)
    treated = rng.random(events.subject.size) < TREATED_SHARE
    choice = rng.random(events.subject.size)
    lag = rng.integers(0, max(within, 0), size=events.subject.size, endpoint=True)
    procedure = np.full(events.subject.size, -1, dtype=np.int64)
    for component, procedures in options.items():
        rows = events.component == component
        picks = np.array(procedures)[(choice[rows] * len(procedures)).astype(np.int64)]
        procedure[rows] = np.where(treated[rows], picks, -1)
    day = events.day + lag
    rows = np.flatnonzero((procedure >= 0) & (day <= courses.last_day[events.subject]) & (within >= 0))
    own = np.full(events.subject.size, -1, dtype=np.int64)
    return Occurrences(
        subject=np.concatenate([events.subject, events.subject[rows]]),
        day=np.concatenate([events.day, day[rows]]),
        component=np.concatenate([events.component, procedure[rows]]),
        parent=np.concatenate([own, rows]),
    )


def _shares(study: Study, scenario: Scenario) -> FloatArray:
    shares = np.array([scenario.component_mix.get(name, 0.0) for name in study.components], dtype=np.float64)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _treatments(study: Study) -> dict[int, list[int]]:
    """Return, for the place of an event's component, the places of the procedures that treat it."""
    names = list(study.components)
    reported = [name for name, each in study.components.items() if each.table == "events"]
    found: dict[int, list[int]] = {}
    for event in reported:
        procedures = [
            names.index(name)
            for name, each in study.components.items()
            if _treats(each, event) and _always_together(study, event, name)
        ]
        if procedures:
            found[names.index(event)] = procedures
    return found


def _treats(component: Component, event: str) -> bool:
    return component.table == "procedures" and event in component.where.get("reason", ())


def _always_together(study: Study, first: str, second: str) -> bool:
    ends = study.endpoints.values()
    return all((first in end.components) == (second in end.components) for end in ends)
