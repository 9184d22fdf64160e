"""Admissions: for events, for the protocol treatment, and others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.arrays import DAYS_PER_YEAR

from .scenarios import by_arm

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import Scenario, Study
    from skeletal.study.scenario_parts import Stays

    from .events import Occurrences
    from .hazards import Courses

Columns = dict[str, Any]


def draw_stays(
    study: Study,
    scenario: Scenario,
    courses: Courses,
    occurrences: Occurrences,
    treated: BoolArray,
    rng: np.random.Generator,
) -> Columns:
    """Draw admissions; dates are days from randomisation.

    An admission during another stay is part of it and leaves no row.  A stay that the last day of
    observation cuts short ends with death, or has no discharge date.
    """
    stays = scenario.stays
    if stays is None:
        return {}
    parts = [
        _for_events(study, stays, occurrences, rng),
        _for_protocol(stays, courses, treated, rng),
        _others(study, stays, courses, rng),
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.sort_values(["owner", "day", "bone"], ascending=[True, True, False], kind="stable")
    onward = frame["bone"].to_numpy(dtype=bool) & (rng.random(len(frame)) < stays.rehabilitation_share)
    after = np.where(onward, rng.geometric(1 / stays.rehabilitation_days, size=len(frame)), 0)
    frame = frame.assign(discharge=frame["day"] + frame["length"], end=frame["day"] + frame["length"] + after)
    latest = frame.groupby("owner")["end"].cummax().groupby(frame["owner"]).shift()
    frame = frame.loc[~(frame["day"] <= latest)]
    hospital = frame.assign(place="hospital")[["owner", "day", "discharge", "bone", "place"]]
    moved = frame.loc[frame["end"] > frame["discharge"]]
    rehabilitation = pd.DataFrame(
        {
            "owner": moved["owner"],
            "day": moved["discharge"],
            "discharge": moved["end"],
            "bone": moved["bone"],
            "place": "rehabilitation",
        }
    )
    return _rows(pd.concat([hospital, rehabilitation], ignore_index=True), courses)


def _rows(frame: pd.DataFrame, courses: Courses) -> Columns:
    owner = frame["owner"].to_numpy(dtype=np.int64)
    day = frame["day"].to_numpy(dtype=np.float64)
    discharge = frame["discharge"].to_numpy(dtype=np.float64)
    last = courses.last_day[owner]
    ended = np.where(discharge <= last, discharge, np.where(courses.died[owner], last, np.nan))
    known = day <= last
    return {
        "owner": owner[known],
        "admission_date": day[known],
        "discharge_date": ended[known],
        "place": frame["place"].to_numpy(dtype=object)[known],
        "bone_related": frame["bone"].to_numpy(dtype=np.bool_)[known],
    }


def _for_events(
    study: Study, stays: Stays, occurrences: Occurrences, rng: np.random.Generator
) -> pd.DataFrame:
    share = np.array([stays.event_share.get(name, 0.0) for name in study.components], dtype=np.float64)
    own = (occurrences.parent < 0) & ~occurrences.silent
    rows = np.flatnonzero(own & (rng.random(own.size) < share[occurrences.component]))
    return _admissions(occurrences.subject[rows], occurrences.day[rows], stays.event_days, True, rng)


def _for_protocol(
    stays: Stays, courses: Courses, treated: BoolArray, rng: np.random.Generator
) -> pd.DataFrame:
    who = np.flatnonzero(treated & (stays.protocol_days > 0))
    return _admissions(who, courses.delay[who], max(stays.protocol_days, 1.0), True, rng)


def _others(study: Study, stays: Stays, courses: Courses, rng: np.random.Generator) -> pd.DataFrame:
    arm = courses.arm
    rate = by_arm(study, {each.name: stays.other_rate.get(each.name, 0.0) for each in study.arms}, arm)
    observed = np.where(courses.started, courses.exit_time - courses.start, 0.0)
    owner = np.repeat(np.arange(arm.size), rng.poisson(rate * observed / DAYS_PER_YEAR))
    time = courses.start[owner] + rng.random(owner.size) * observed[owner]
    return _admissions(owner, np.floor(time).astype(np.int64), stays.other_days, False, rng)


def _admissions(
    owner: IntArray, day: IntArray, mean_days: float, bone: bool, rng: np.random.Generator
) -> pd.DataFrame:
    length = rng.geometric(1 / mean_days, size=owner.size)
    return pd.DataFrame({"owner": owner, "day": day, "length": length, "bone": np.full(owner.size, bone)})
