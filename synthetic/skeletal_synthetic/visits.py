"""Planned visits as they happened, and what is known of each subject's status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from . import dressing
from .baseline import draw, or_missing

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray, LabelArray
    from skeletal.study import Scenario, Study

    from .enrolment import Enrolment
    from .hazards import Courses

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Visits:
    """Planned visits that came due, by row, sorted by subject and visit.

    Attributes
    ----------
    subject, visit : ndarray of int, shape (n,)
        Row of the subject; place of the visit in the study file, from 0.
    day : ndarray of int, shape (n,)
        Days from randomisation.
    done : ndarray of bool, shape (n,)
    """

    subject: IntArray
    visit: IntArray
    day: IntArray
    done: BoolArray


def draw_visits(study: Study, scenario: Scenario, courses: Courses, rng: np.random.Generator) -> Visits:
    """Draw visits: none before time zero, after the last day of observation or on the day of death.

    A missed visit has its planned day.
    """
    planned = np.array([visit.day for visit in study.visits], dtype=np.int64)
    jitter = scenario.visit_jitter_days
    least = np.array([-min(jitter, visit.window_before) for visit in study.visits], dtype=np.int64)
    most = np.array([min(jitter, visit.window_after) for visit in study.visits], dtype=np.int64)
    shape = (courses.start.size, len(study.visits))
    missed = rng.random(shape) < scenario.missed_visit_probability
    shift = np.where(missed, 0, rng.integers(least, most, size=shape, endpoint=True))
    day = np.clip(planned + shift, 0, scenario.follow_up_days) + courses.start[:, None]
    last = courses.last_day - courses.died
    kept = courses.started[:, None] & (day <= last[:, None]) & (planned <= scenario.follow_up_days)
    subject, visit = np.nonzero(kept)
    return Visits(subject=subject, visit=visit, day=day[kept], done=~missed[kept])


def visit_rows(study: Study, visits: Visits) -> Columns:
    """Return a row of assessments a visit; dates are days from randomisation."""
    return {
        "owner": visits.subject,
        "visit": visit_names(study)[visits.visit],
        "date": visits.day.astype(np.float64),
        "modality": np.full(visits.subject.size, "clinic visit", dtype=object),
        "done": visits.done,
    }


def visit_names(study: Study) -> LabelArray:
    """Return the names of the planned visits."""
    return np.array([each.name for each in study.visits], dtype=object)


def draw_disposition(
    study: Study,
    scenario: Scenario,
    enrolment: Enrolment,
    courses: Courses,
    tumour: LabelArray,
    rng: np.random.Generator,
) -> Columns:
    """Draw how observation ended, and who was seen alive at the data cutoff and the planned looks.

    Who leaves was alive on that day: the row says so beside the one of the withdrawal or loss.
    """
    n = enrolment.day.size
    last = courses.last_day + enrolment.day
    leaving = draw(dressing.LEAVING, n, rng)
    cause = draw(dressing.CAUSE_OF_DEATH, n, rng)
    for primary, words in scenario.cancer_death.items():
        cause[(tumour == primary) & (cause == dressing.CAUSE_OF_DEATH[0][0])] = words
    ended = np.where(courses.died, "died", np.where(courses.dropped, leaving, "completed"))
    everyone = np.arange(n)
    left = np.flatnonzero(courses.dropped)
    parts = [(everyone, last, ended), (left, last[left], np.full(left.size, "alive"))]
    for day in _sweeps(study, scenario):
        seen = np.flatnonzero((enrolment.day <= day) & (day < last))
        parts.append((seen, np.full(seen.size, day), np.full(seen.size, "alive")))
    subject, date, status = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.lexsort((status != "alive", date, subject))
    subject, date, status = subject[order], date[order], status[order]
    return {
        "subject_id": enrolment.subject_id[subject],
        "date": date.astype(np.float64),
        "status": status.astype(object),
        "cause": or_missing(status == "died", cause[subject]),
    }


def _sweeps(study: Study, scenario: Scenario) -> list[int]:
    """Days from accrual start on which the status of all subjects is asked: the data cutoff and looks."""
    dates = {study.data_cutoff, *(look.date for look in study.looks)} - {None}
    start = pd.Timestamp(scenario.accrual_start)
    return sorted((pd.Timestamp(date) - start).days for date in dates if date is not None)
