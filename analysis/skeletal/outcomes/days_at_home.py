"""Days alive and at home within horizons after time zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.study import DaysAtHome

from .filters import MISSING, NEVER, onset_days
from .measure_facts import by_unit, dated_columns, deciding_events, unit_columns

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray
    from skeletal.records import TrialRecords

    from .measure_facts import MeasureFacts

# More than the days between any two dates; keeps the stays of one subject apart from the next one's.
_APART = 10**7


def days_at_home_frame(records: TrialRecords, facts: MeasureFacts) -> pd.DataFrame:
    """Return one row an analysed subject and horizon.

    The days of horizon h are time zero (day 1) to day h.  A day counts where the subject is alive at its end
    and not away: the day of death does not, nor does any day from admission to the day before discharge
    (the nights away); an admission with discharge on the same day takes ``same_day_stay`` days.  Stays that
    overlap or follow each other are united, so that a day is lost once; a stay without discharge goes on.  A
    partial admission date is its first possible day not before time zero (nor after the discharge), a partial
    discharge date its last possible day.  A stay without place counts as away.

    Where death comes by the horizon, the days at home before it count (status "death"), or none do
    (``after_death = "zero"``).  A horizon that the data cutoff has not reached is not due for anybody, the
    dead included; one to which a subject was not followed is missing.
    """
    measure = facts.measure
    assert isinstance(measure, DaysAtHome)
    unit, begin, end = stays_of(records, facts, measure)
    parts = [_within(facts, measure, horizon, unit, begin, end) for horizon in measure.horizons]
    return by_unit(parts, facts)


def stays_of(
    records: TrialRecords, facts: MeasureFacts, measure: DaysAtHome
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the days away [begin, end) of each subject, apart from each other and in order."""
    frame = records["stays"]
    number = facts.cohort.subjects_of(frame)
    away = np.ones(len(frame), dtype=np.bool_)
    if "place" in frame:
        away = (frame["place"].isna() | frame["place"].isin(measure.away)).to_numpy(dtype=np.bool_)
    kept = away & (number >= 0)
    number = number[kept]
    admitted = {
        key: np.asarray(item)[kept] for key, item in facts.cohort.days_of(frame, "admission_date").items()
    }
    zero = facts.start[number]
    begin = onset_days(admitted["earliest"], admitted["latest"], zero)
    left = np.full(number.size, MISSING, dtype=np.int64)
    if "discharge_date" in frame:
        left = facts.cohort.days_of(frame, "discharge_date")["latest"][kept]
    # A partial admission may be imputed to time zero, but not beyond a discharge that its month allows.
    begin = np.where(left == MISSING, begin, np.maximum(np.minimum(begin, left), admitted["earliest"]))
    wrong = (left != MISSING) & (left < begin) & (begin != MISSING)
    if wrong.any():
        who = sorted(set(facts.cohort.ids[number[wrong]]))
        raise InvalidRecords(
            f"stays: {int(wrong.sum())} discharge(s) before the admission (of {name_some(who)}); "
            "correct one of the dates"
        )
    end = np.where(left == begin, begin + measure.same_day_stay, left)
    end = np.where(left == MISSING, NEVER // 2, end)
    dated = begin != MISSING
    return _united(number[dated], begin[dated], end[dated])


def _united(unit: IntArray, begin: IntArray, end: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Cut from each stay the days that an earlier one of the subject has."""
    end = np.minimum(end, _APART // 2)
    order = np.lexsort((end, begin, unit))
    unit, begin, end = unit[order], begin[order], end[order]
    reached = np.maximum.accumulate(unit * _APART + end) if unit.size else end
    before = np.concatenate([[-_APART], reached[:-1]])[: unit.size] - unit * _APART
    return unit, np.maximum(begin, before), end


def _within(
    facts: MeasureFacts, measure: DaysAtHome, horizon: int, unit: IntArray, begin: IntArray, end: IntArray
) -> pd.DataFrame:
    """Return one row a subject for one horizon."""
    start, death = facts.start, facts.death
    last = start + horizon - 1
    stop = np.minimum(last + 1, death)
    lost = np.zeros(start.size, dtype=np.int64)
    inside = np.minimum(end, stop[unit]) - np.maximum(begin, start[unit])
    np.add.at(lost, unit, np.maximum(inside, 0))
    home = np.maximum(stop - start, 0) - lost
    dead = death <= last
    home = np.where(dead & (measure.after_death == "zero"), 0, home)
    decides, first = deciding_events(facts)
    changed = (decides > 0) & (first <= last)
    structural = facts.ends + measure.collected_for_days < last
    followed = _followed(facts, last, dead)
    status = np.select(
        [last > _planned_end(facts), changed, structural & ~dead, ~followed, dead],
        ["not_due", "intercurrent", "structural", "missing", "death"],
        default="observed",
    )
    valued = np.isin(status, ["observed", "death"])
    value = np.where(valued, home.astype(np.float64), np.nan)
    value = np.where((status == "intercurrent") & (decides == 1), 0.0, value)
    nothing = pd.array([pd.NA] * start.size, dtype="string")
    return pd.DataFrame(
        {
            **unit_columns(facts),
            **dated_columns(facts, f"Day {horizon}", horizon, np.where(valued, last, MISSING)),
            "value": value,
            "category": nothing,
            "status": pd.array(status, dtype="string"),
            "source": nothing,
            "source_row": pd.array([pd.NA] * start.size, dtype="Int64"),
        }
    )


def _planned_end(facts: MeasureFacts) -> IntArray:
    """Return the last day to which each subject was to be followed: the cutoff or a planned horizon."""
    end = np.full(facts.start.size, facts.cutoff, dtype=np.int64)
    rules = facts.endpoint.study.censoring
    for name, limit in facts.endpoint.limits.items():
        if rules[name].after_days is not None:
            end = np.minimum(end, limit.dates.day)
    return end


def _followed(facts: MeasureFacts, last: IntArray, dead: BoolArray) -> BoolArray:
    """Return who was observed to the horizon or to a death before it.

    Limits (a withdrawal) end observation.  With last_seen rules a subject that did not die must have been
    seen alive on or after the last day, by one of them or by any record.
    """
    needed = np.where(dead, facts.death, last)
    days: list[Any] = [
        np.minimum(limit.dates.day, limit.censor_day) for limit in facts.endpoint.limits.values()
    ]
    followed = np.all([day >= needed for day in days], axis=0) if days else np.ones(last.size, dtype=np.bool_)
    if facts.endpoint.last_seen:
        seen = np.max([facts.alive, *(dates.day for dates in facts.endpoint.last_seen.values())], axis=0)
        followed = followed & ((facts.death < NEVER) | (seen >= last))
    return np.asarray(followed, dtype=np.bool_)
