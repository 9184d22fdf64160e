"""Intercurrent events of some arms only, and those that are the absence of a record (never treated)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .filters import MISSING
from .row_frames import constant
from .subject_dates import last_observed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import IntercurrentEvent

    from .endpoint import EndpointFacts
    from .filters import Cohort

OTHER_ARM = "ignored: no intercurrent event in this arm"
IN_TIME = "ignored: in time"
TOO_LATE = "ignored: later than the grace"


def no_events(
    rows: pd.DataFrame, cohort: Cohort, start: IntArray, events: Mapping[str, IntercurrentEvent]
) -> Iterator[tuple[BoolArray, str]]:
    """Yield which rows of an intercurrent event are none, with the rule that says why.

    A row of an event that is an absence is never the event itself: it shows that there is none, or comes
    too late to do so.
    """
    number = rows["subject"].to_numpy(dtype=np.int64)
    zero = np.append(start, MISSING)[number]
    day = rows["day"].to_numpy(dtype=np.int64)
    for name, event in events.items():
        mine = (rows["kind"] == name).to_numpy(dtype=np.bool_)
        if event.arms:
            yield mine & ~np.append(_in_arms(cohort, event), False)[number], OTHER_ARM
        if event.absent_by is not None:
            yield mine & (day <= zero + event.absent_by), IN_TIME
            yield mine, TOO_LATE


def _in_arms(cohort: Cohort, event: IntercurrentEvent) -> BoolArray:
    return pd.Series(cohort.arm).isin(event.arms).to_numpy(dtype=np.bool_)


def absences(facts: EndpointFacts) -> list[pd.DataFrame]:
    """Return one row a unit for each intercurrent event that is the absence of a record.

    The event is dated at the end of its grace.  Who was not observed to that day has none: whether a
    record would have come is not known.
    """
    events = {name: facts.study.intercurrent[name] for name in facts.intercurrent}
    first = len(facts.endpoint.components)
    return [
        _absent_rows(facts, name, event, order)
        for order, (name, event) in enumerate(events.items(), start=first)
        if event.absent_by is not None
    ]


def _absent_rows(facts: EndpointFacts, name: str, event: IntercurrentEvent, order: int) -> pd.DataFrame:
    cohort, grace = facts.cohort, int(event.absent_by or 0)
    day = facts.start + grace
    absent = facts.analysed & (day <= _observed_to(facts))
    if event.arms:
        absent &= _in_arms(cohort, event)
    came = facts.rows.loc[(facts.rows["kind"] == name) & (facts.rows["rule"] == IN_TIME), "subject"]
    absent[came.to_numpy(dtype=np.int64)] = False
    number = np.flatnonzero(absent)
    size = number.size
    days = "day" if grace == 1 else "days"
    label = f"{event.label} (no record within {grace} {days} after {facts.zero_label})"
    texts = {
        "table": "",
        "source": "",
        "variable": "",
        "kind": name,
        "name": name,
        "label": label,
        "rule": "",
        "flag": "",
    }
    columns: dict[str, Any] = {
        "subject": number,
        "place": np.full(size, -1, dtype=np.int64),
        "source_row": np.full(size, -1, dtype=np.int64),
        "imaging": np.zeros(size, dtype=np.bool_),
        "last_negative": np.full(size, MISSING, dtype=np.int64),
        "order": np.full(size, order, dtype=np.int64),
        "day": day[number],
        **{key: constant(text, size) for key, text in texts.items()},
    }
    return pd.DataFrame({key: columns[key] for key in map(str, facts.rows)})


def _observed_to(facts: EndpointFacts) -> IntArray:
    """Return the last day to which the records show each unit observed, ``NEVER`` where nothing ends it."""
    end = facts.death.day.copy()
    for limit in facts.limits.values():
        end = np.minimum(end, np.minimum(limit.dates.day, limit.censor_day))
    if not facts.last_seen:
        return end
    live = (facts.rows["rule"] == "").to_numpy(dtype=np.bool_)
    seen = last_observed(facts.death.day, (facts.rows[["subject", "day"]].loc[live], facts.other_events))
    for dates in facts.last_seen.values():
        seen = np.maximum(seen, dates.day)
    return np.minimum(end, seen)
