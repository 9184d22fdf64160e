"""The local treatment that the protocol gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import dressing
from .enrolment import number, rank_within
from .records import dress_procedures, stack

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray
    from skeletal.study import Scenario, Study
    from skeletal.study.scenario_parts import ProtocolProcedure

    from .hazards import Courses

Columns = dict[str, Any]


def who_is_treated(study: Study, arm: IntArray, courses: Courses) -> BoolArray:
    """Return who has a treatment date: present on the day, and in an arm that the protocol treats."""
    treatment = dressing.protocol_treatment(study)
    all_arms = treatment is None or treatment.control or study.time_zero == "treatment_date"
    of_arm = np.array([all_arms or not each.control for each in study.arms])
    return np.asarray(courses.present & of_arm[arm] & (courses.delay <= courses.last_day), dtype=np.bool_)


def implied_procedures(
    study: Study, arm: IntArray, courses: Courses, n_lesions: FloatArray, rng: np.random.Generator
) -> Columns:
    """Return the protocol's local treatment of each baseline lesion, indicated at randomisation."""
    treatment = dressing.protocol_treatment(study)
    if treatment is None:
        return {}
    of_arm = np.array([treatment.control or not each.control for each in study.arms])
    subjects = np.flatnonzero(who_is_treated(study, arm, courses) & of_arm[arm])
    owner = np.repeat(subjects, n_lesions[subjects].astype(np.int64))
    columns: Columns = {
        "owner": owner,
        "indicated_date": np.zeros(owner.size),
        "performed_date": courses.delay[owner].astype(np.float64),
        "lesion_id": number(rank_within(owner) + 1, prefix="L"),
        **{name: np.full(owner.size, value, dtype=object) for name, value in treatment.row().items()},
    }
    dress_procedures(columns, courses, rng)
    return columns


def declared_procedures(
    study: Study,
    scenario: Scenario,
    courses: Courses,
    n_lesions: FloatArray,
    rng: np.random.Generator,
) -> tuple[BoolArray, Columns]:
    """Return who is treated, and the rows of the local treatments that the scenario declares.

    Where time zero is the treatment, everyone present on that day has it, whatever was then given.
    """
    present = courses.present & (courses.delay <= courses.last_day)
    treated = present & (study.time_zero == "treatment_date")
    rows: Columns = {}
    for place in scenario.protocol:
        share = np.array(
            [place.given.get(each.name, 1.0) * (each.name in place.arms) for each in study.arms],
            dtype=np.float64,
        )
        given = present & (rng.random(courses.arm.size) < share[courses.arm])
        treated = treated | given
        rows = stack(rows, _procedure_rows(place, given, courses, n_lesions, rng))
    return treated, rows


def _procedure_rows(
    place: ProtocolProcedure,
    given: BoolArray,
    courses: Courses,
    n_lesions: FloatArray,
    rng: np.random.Generator,
) -> Columns:
    """Return the rows of one treatment; one planned after the last day of observation is not performed."""
    n = given.size
    day = courses.delay + rng.integers(*place.days, size=n, endpoint=True)
    regimen = rng.integers(0, max(len(place.regimens), 1), size=n)
    kinds = np.array([place.kind, *place.instead], dtype=object)
    shares = [1 - sum(place.instead.values()), *place.instead.values()]
    kind = kinds[rng.choice(kinds.size, size=n, p=shares)]
    subjects = np.flatnonzero(given)
    count = n_lesions[subjects].astype(np.int64) if place.unit == "lesion" else np.ones_like(subjects)
    owner = np.repeat(subjects, count)
    columns: Columns = {
        "owner": owner,
        "indicated_date": np.zeros(owner.size),
        "performed_date": np.where(day <= courses.last_day, day, np.nan)[owner],
        "kind": kind[owner],
        "intent": np.full(owner.size, place.intent, dtype=object),
    }
    if place.unit == "lesion":
        columns["lesion_id"] = number(rank_within(owner) + 1, prefix="L")
    if place.regimens:
        dose, fractions = np.array(place.regimens, dtype=np.float64)[regimen[owner]].T
        columns["dose_gy"], columns["fractions"] = dose, fractions
    return columns
