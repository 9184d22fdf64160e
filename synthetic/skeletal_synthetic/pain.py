"""Pain at lesions over time, and the opioid dose that goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.arrays import DAYS_PER_YEAR

from .scenarios import by_arm

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray
    from skeletal.study import Study
    from skeletal.study.scenario_parts import Pain

    from .collection import Collection
    from .hazards import Courses

Columns = dict[str, Any]
LEAST_CHANGE = 2
# A dose that starts: milligrams of oral morphine equivalent a day.
STARTING_MG = 20.0
ROUNDED_TO_MG = 5.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PainCourse:
    """The course of pain of each target lesion, and of the opioid dose of each subject.

    Attributes
    ----------
    owner : ndarray of int, shape (m,)
        Row of the subject of each target lesion, sorted.
    lesion_id : ndarray of str, shape (m,)
    baseline, level : ndarray of float, shape (m,)
        Pain before the change, and from it until it is lost.
    changed, lost : ndarray of float, shape (m,)
        Days from randomisation on which the level begins and ends; inf where it never does.
    flare_until : ndarray of float, shape (m,)
        Last day of a flare, which begins on the day after time zero; before it where there is none.
    dose, later_dose, dose_day : ndarray of float, shape (n,)
        Opioid dose of each subject at baseline, and from ``dose_day`` on.
    """

    owner: IntArray
    lesion_id: Any
    baseline: FloatArray
    level: FloatArray
    changed: FloatArray
    lost: FloatArray
    flare_until: FloatArray
    dose: FloatArray
    later_dose: FloatArray
    dose_day: FloatArray


def draw_pain(
    study: Study, pain: Pain, courses: Courses, lesions: Columns, rng: np.random.Generator
) -> PainCourse:
    """Draw for each target lesion whether pain goes, falls, stays or rises, when, and until when.

    Pain at a lesion falls by two points or more, or goes; it cannot fall so and stay where it was 2 or
    less.  After a loss it is what it was at baseline.  Responders halve the dose or keep it; a subject
    whose lesions all fail to respond keeps it or needs half as much again.
    """
    target = np.asarray(lesions["target"], dtype=np.bool_)
    owner = lesions["owner"][target]
    arm = courses.arm
    n, size = arm.size, owner.size
    baseline = lesions["pain_nrs"][target]
    complete, partial, progression, flare = (
        by_arm(study, {each.name: shares.get(each.name, 0.0) for each in study.arms}, arm)[owner]
        for shares in (pain.complete, pain.partial, pain.progression, pain.flare)
    )
    chance = rng.random(size)
    falls = (chance >= complete) & (chance < complete + partial) & (baseline > LEAST_CHANGE)
    goes = (chance < complete) & (baseline > 0)
    rises = (chance >= complete + partial) & (chance < complete + partial + progression)
    most = np.maximum(baseline - 1, LEAST_CHANGE).astype(np.int64)
    fall = np.minimum(LEAST_CHANGE + np.floor(rng.random(size) * (most - 1)), most)
    level = np.select(
        [goes, falls, rises],
        [np.zeros(size), baseline - fall, np.minimum(baseline + LEAST_CHANGE, 10)],
        baseline,
    )
    onset = rng.integers(*pain.onset_days, size=size, endpoint=True) + courses.start[owner]
    rate = by_arm(study, pain.loss_rate, arm)[owner]
    unit = rng.standard_exponential(size)
    lasting = np.divide(unit * DAYS_PER_YEAR, rate, out=np.full(size, np.inf), where=rate > 0)
    flares = rng.random(size) < flare
    responds = np.zeros(n, dtype=np.bool_)
    responds[owner[goes | falls]] = True
    dose, later = _doses(pain, n, responds, rng)
    dose_day = np.full(n, np.inf)
    np.minimum.at(dose_day, owner, onset)
    return PainCourse(
        owner=owner,
        lesion_id=lesions["lesion_id"][target],
        baseline=baseline,
        level=level,
        changed=onset.astype(np.float64),
        lost=np.where(goes | falls, onset + lasting, np.inf),
        flare_until=np.where(flares, courses.start[owner] + pain.flare_days, -np.inf),
        dose=dose,
        later_dose=later,
        dose_day=dose_day,
    )


def _doses(
    pain: Pain, n: int, responds: BoolArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    takes = rng.random(n) < pain.opioid_share
    milligrams = np.round(rng.uniform(*pain.opioid_mg, size=n) / ROUNDED_TO_MG) * ROUNDED_TO_MG
    dose = np.where(takes, milligrams, 0.0)
    reduced = responds & (rng.random(n) < pain.opioid_reduction)
    increased = ~responds & (rng.random(n) < pain.opioid_increase)
    more = np.where(dose > 0, dose * 1.5, STARTING_MG)
    return dose, np.where(reduced, dose / 2, np.where(increased, more, dose))


def pain_rows(
    pain: Pain, course: PainCourse, collection: Collection, courses: Courses, events: pd.DataFrame
) -> Columns:
    """Return pain at each target lesion at each collection: owner, date, visit, lesion_id, value.

    ``events`` holds symptomatic events: owner, day, lesion_id (missing: all lesions hurt more).
    """
    count = np.bincount(course.owner, minlength=courses.start.size)
    begin = np.cumsum(count) - count
    times = np.repeat(np.arange(collection.subject.size), count[collection.subject])
    first = np.cumsum(count[collection.subject]) - count[collection.subject]
    lesion = begin[collection.subject][times] + np.arange(times.size) - first[times]
    day = collection.day[times]
    changed = (day >= course.changed[lesion]) & (day < course.lost[lesion])
    value = np.where(changed, course.level[lesion], course.baseline[lesion])
    flare = (day > courses.start[collection.subject[times]]) & (day <= course.flare_until[lesion])
    value = np.where(flare, np.minimum(np.maximum(value, course.baseline[lesion]) + LEAST_CHANGE, 10), value)
    hurt = _near_event(pain, lesion, day, course, events)
    value = np.where(
        hurt, np.minimum(np.maximum(value, course.baseline[lesion]) + pain.event_rise, 10), value
    )
    return {
        "owner": collection.subject[times],
        "date": day.astype(np.float64),
        "visit": collection.visit[times],
        "lesion_id": course.lesion_id[lesion].astype(object),
        "value": value,
    }


def _near_event(
    pain: Pain, lesion: IntArray, day: IntArray, course: PainCourse, events: pd.DataFrame
) -> BoolArray:
    """Tell which assessments lie around a symptomatic event at their lesion."""
    hurt = np.zeros(day.size, dtype=np.bool_)
    if events.empty:
        return hurt
    asked = pd.DataFrame(
        {
            "row": np.arange(day.size),
            "owner": course.owner[lesion],
            "day": day,
            "at": course.lesion_id[lesion],
        }
    )
    both = asked.merge(events, on="owner", suffixes=("", "_event"))
    since = both["day"] - both["day_event"]
    before, after = pain.event_days
    here = both["lesion_id"].isna() | (both["lesion_id"] == both["at"])
    hurt[both.loc[here & (since >= -before) & (since <= after), "row"]] = True
    return hurt


def worst_of_subject(rows: Columns) -> Columns:
    """Return the worst pain of a subject's lesions at each collection, without a lesion."""
    frame = pd.DataFrame({name: rows[name] for name in ("owner", "date", "visit", "value")})
    worst = frame.groupby(["owner", "date"], sort=True).agg({"visit": "first", "value": "max"}).reset_index()
    return {name: worst[name].to_numpy() for name in ("owner", "date", "visit", "value")}


def dose_rows(course: PainCourse, collection: Collection) -> Columns:
    """Return the opioid dose on the day of each collection and the day before."""
    owner = np.repeat(collection.subject, 2)
    day = np.repeat(collection.day, 2) - np.tile([1, 0], collection.subject.size)
    dose = np.where(day >= course.dose_day[owner], course.later_dose[owner], course.dose[owner])
    return {"owner": owner, "date": day.astype(np.float64), "omed_mg": dose}
