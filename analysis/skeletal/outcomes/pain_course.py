"""Pain over the whole follow-up: best response, time to response, its duration, flare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidArgument
from skeletal.study import ENDING_STRATEGIES

from .filters import NEVER, as_dates
from .measure_facts import measure_facts, unit_columns
from .measures import assessments_of
from .pain import with_pain_responses

if TYPE_CHECKING:
    from skeletal.arrays import IntArray
    from skeletal.records import TrialRecords
    from skeletal.study import Study

    from .measure_facts import MeasureFacts
    from .observation import Observation

# From best to worst.
_BEST = ("complete", "partial", "indeterminate", "progression")


def pain_course(
    name: str, *, records: TrialRecords, study: Study, collected_until: Observation | None = None
) -> pd.DataFrame:
    """Return the frame of :meth:`skeletal.outcomes.Outcomes.pain_course` for the measure called ``name``."""
    if study.measures[name].kind != "pain_response":
        raise InvalidArgument(f"measure {name!r} is of kind {study.measures[name].kind!r}, not pain_response")
    records = with_pain_responses(records, study)
    facts = measure_facts(records, study, name, collected_until)
    rows = _counted(assessments_of(records, study, name, facts), facts)
    columns = {**unit_columns(facts), **_courses(rows, facts)}
    frame = pd.DataFrame(columns).loc[facts.endpoint.analysed]
    return frame.drop(columns="unit").reset_index(drop=True)


def _counted(rows: pd.DataFrame, facts: MeasureFacts) -> pd.DataFrame:
    """Return the assessments that count, by unit and day.

    None counts after death, the end of collection, or an intercurrent event that is not treatment policy.
    """
    unit = rows["unit"].to_numpy(dtype=np.int64)
    day = rows["day"].to_numpy(dtype=np.int64)
    last = np.minimum(_followed_to(facts), facts.first_of("composite"))
    keep = (unit >= 0) & (day <= np.append(last, -NEVER)[unit])
    counted = pd.DataFrame(rows.loc[keep].sort_values(["unit", "day"], kind="stable"))
    return counted.reset_index(drop=True)


def _followed_to(facts: MeasureFacts) -> IntArray:
    """Return the last day on which anything, a composite event too, belongs to the course of each unit."""
    ends = np.where(facts.ends == NEVER, NEVER, facts.ends + facts.measure.collected_for_days)
    stopped = np.minimum(facts.death, facts.first_of(*ENDING_STRATEGIES))
    return np.minimum(np.minimum(stopped, ends), facts.cutoff)


def _courses(rows: pd.DataFrame, facts: MeasureFacts) -> dict[str, Any]:
    """Return the columns of every unit."""
    size = facts.cohort.size
    unit = rows["unit"].to_numpy(dtype=np.int64)
    day = rows["day"].to_numpy(dtype=np.int64)
    category = rows["category"].to_numpy(dtype=object)
    responds = rows["value"].to_numpy(dtype=np.float64) == 1
    rank = np.array([_BEST.index(item) for item in category], dtype=np.int64)
    best = np.full(size, len(_BEST), dtype=np.int64)
    np.minimum.at(best, unit, rank)
    first, last = np.full(size, NEVER, dtype=np.int64), np.full(size, -NEVER, dtype=np.int64)
    np.minimum.at(first, unit[responds], day[responds])
    np.maximum.at(last, unit, day)
    lost = np.full(size, NEVER, dtype=np.int64)
    later = ~responds & (day > first[unit])
    np.minimum.at(lost, unit[later], day[later])
    progressed = np.zeros(size, dtype=np.bool_)
    ending = later & (day == lost[unit])
    progressed[unit[ending & (category == "progression")]] = True
    composite = facts.first_of("composite")
    changed = (composite <= _followed_to(facts)) & (composite >= first) & (composite < lost)
    responded = first < NEVER
    end = np.where(changed, composite, np.where(lost < NEVER, lost, last))
    ended = responded & (changed | (lost < NEVER))
    reason = np.select(
        [~responded, changed, ended & progressed, ended],
        ["", "intercurrent event", "progression", "loss of response"],
        default="last assessment",
    )
    flare = np.zeros(size, dtype=np.bool_)
    early = day - facts.start[unit] <= getattr(facts.measure, "flare_within_days", 0)
    flare[unit[early & (category == "progression")]] = True
    assessed = np.zeros(size, dtype=np.bool_)
    assessed[unit[early]] = True
    return {
        "n_assessments": np.bincount(unit, minlength=size).astype(np.int64),
        "best_response": pd.array(_BEST, dtype="string").take(
            np.where(best < len(_BEST), best, -1), allow_fill=True
        ),
        "response_date": as_dates(first),
        "response_time": _days(first - facts.start + 1, responded),
        "duration": _days(end - first, responded),
        "ended": pd.arrays.BooleanArray(ended, ~responded),
        "end_date": as_dates(np.where(responded, end, NEVER)),
        "end_reason": pd.Series(reason, dtype="string").mask(reason == "").array,
        "flare": pd.arrays.BooleanArray(flare, ~assessed),
    }


def _days(values: Any, known: Any) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.where(known, values, 0).astype(np.int64), ~known)
