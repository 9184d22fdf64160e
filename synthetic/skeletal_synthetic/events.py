"""When events happen, of which component, and what follows from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from skeletal.arrays import DAYS_PER_YEAR

from .kinds import treatment_pairs
from .scenarios import by_arm

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray
    from skeletal.study import Scenario, Study

    from .hazards import Courses

# Assumption: half of the reported events that can be treated are treated, within a fortnight.
TREATED_SHARE = 0.5
TREATED_WITHIN_DAYS = 14


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
    silent : ndarray of bool, shape (n,)
        Found by a film alone, which then dates it.
    last_negative : ndarray of float, shape (n,)
        For silent events, the day of the last film before it happened; NaN elsewhere.
    filmed : bool
        Whether the scenario has films, so that symptoms and detection are known.
    """

    subject: IntArray
    day: IntArray
    component: IntArray
    parent: IntArray
    silent: BoolArray
    last_negative: FloatArray
    filmed: bool = False


def _with_symptoms(subject: IntArray, day: IntArray, component: IntArray, parent: IntArray) -> Occurrences:
    return Occurrences(
        subject=subject,
        day=day,
        component=component,
        parent=parent,
        silent=np.zeros(subject.size, dtype=np.bool_),
        last_negative=np.full(subject.size, np.nan),
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
    return _with_symptoms(subject[order], day[order], component[order], own)


def add_treatments(
    study: Study, events: Occurrences, courses: Courses, rng: np.random.Generator
) -> Occurrences:
    """Let some events be followed by the procedure that treats them.

    A procedure treats an event whose component is among its allowed reasons.  It comes less than the
    smallest gap of the endpoints after the event, so that it is no episode of its own where an endpoint
    has both of the two.
    """
    treating = {procedure for _, procedure in treatment_pairs(study)}
    both = [each for each in study.endpoints.values() if treating & set(each.components)]
    within = min([TREATED_WITHIN_DAYS, *(each.min_gap_days - 1 for each in both)])
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
    return _with_symptoms(
        np.concatenate([events.subject, events.subject[rows]]),
        np.concatenate([events.day, day[rows]]),
        np.concatenate([events.component, procedure[rows]]),
        np.concatenate([own, rows]),
    )


def _shares(study: Study, scenario: Scenario) -> FloatArray:
    shares = np.array([scenario.component_mix.get(name, 0.0) for name in study.components], dtype=np.float64)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _treatments(study: Study) -> dict[int, list[int]]:
    """Return, for the place of an event's component, the places of the procedures that treat it."""
    names = list(study.components)
    found: dict[int, list[int]] = {}
    for event, procedure in treatment_pairs(study):
        found.setdefault(names.index(event), []).append(names.index(procedure))
    return found
