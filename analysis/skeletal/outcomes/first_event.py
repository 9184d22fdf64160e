"""Time to the first event: one row a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .filters import NEVER, as_dates
from .subject_dates import RECORD, choose

if TYPE_CHECKING:
    from skeletal.arrays import IntArray, LabelArray

    from .observation import Observation

FIRST_COLUMNS = [
    "subject_id",
    "arm",
    "start_date",
    "date",
    "time",
    "status",
    "cause",
    "component",
    "components",
    "censor_reason",
    "source",
    "source_row",
    "date_flag",
]


def first_days(observation: Observation) -> IntArray:
    """Return the day of each subject's first event, ``NEVER`` where there is none."""
    events = observation.accepted
    day = np.full(observation.facts.cohort.size, NEVER, dtype=np.int64)
    np.minimum.at(day, events["subject"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=np.int64))
    return day


def joined_components(names: tuple[str, ...], group: IntArray, order: IntArray, size: int) -> LabelArray:
    """Return, for each of ``size`` groups, its components in order of priority, joined by "+"."""
    present = np.zeros((size, len(names)), dtype=np.bool_)
    present[group, order] = True
    kinds, which = np.unique(present, axis=0, return_inverse=True)
    words = ["+".join(name for name, there in zip(names, kind, strict=True) if there) for kind in kinds]
    return np.array(words, dtype=object)[which.reshape(-1)]


def first_frame(observation: Observation) -> pd.DataFrame:
    """Return one row an analysed subject, with the columns of ``Outcomes.first`` and the record's."""
    facts = observation.facts
    size = facts.cohort.size
    stopped = choose([stop.dates for stop in observation.stops], observation.which)
    final = observation.final
    columns = {key: np.where(final, stopped[key], observation.censored[key]) for key in stopped}
    status = observation.status_of_stop.copy()
    causes = np.array(["", *observation.causes], dtype=object)
    reason = np.where(status > 0, "", columns.pop("label"))
    component = np.where(status > 0, causes[status], "")
    components = component.copy()
    event = _event_columns(observation)
    number = event.pop("subject")
    for key, values in columns.items():
        values[number] = event[key]
    status[number], reason[number] = 1, ""
    component[number], components[number] = event["component"], event["components"]
    day = columns["day"]
    frame = pd.DataFrame(
        {
            "subject_id": facts.cohort.frame["subject_id"],
            "arm": facts.cohort.frame["arm"],
            "start_date": as_dates(facts.start),
            "date": as_dates(day),
            "time": day - facts.start + 1,
            "status": status,
            "cause": text_or_missing(causes[status]),
            "component": text_or_missing(component),
            "components": text_or_missing(components),
            "censor_reason": text_or_missing(reason),
            "source": text_or_missing(columns["source"]),
            "source_row": row_numbers(columns["source_row"]),
            "date_flag": text_or_missing(columns["flag"]),
            "table": text_or_missing(columns["table"]),
            "variable": text_or_missing(columns["variable"]),
        },
        index=pd.RangeIndex(size),
    )
    return frame.loc[facts.analysed].reset_index(drop=True)


def _event_columns(observation: Observation) -> dict[str, Any]:
    """Return the record that counts for each subject with an event, and all components of that day."""
    events = observation.accepted
    names = observation.facts.names
    counted = events.drop_duplicates("subject")
    first = first_days(observation)
    number = counted["subject"].to_numpy(dtype=np.int64)
    same_day = events.loc[events["day"].to_numpy() == first[events["subject"].to_numpy(dtype=np.int64)]]
    position = np.zeros(first.size, dtype=np.int64)
    position[number] = np.arange(number.size)
    group = position[same_day["subject"].to_numpy(dtype=np.int64)]
    return {
        "subject": number,
        "day": counted["day"].to_numpy(),
        "component": counted["name"].to_numpy(dtype=object),
        "components": joined_components(
            names, group, same_day["order"].to_numpy(dtype=np.int64), number.size
        ),
        **{key: counted[key].to_numpy(dtype=object) for key in RECORD},
    }


def text_or_missing(values: Any) -> pd.Series[Any]:
    """Return text in which the empty string is missing."""
    text = pd.Series(values, dtype="string")
    return text.mask(text == "")


def row_numbers(values: Any) -> pd.Series[Any]:
    """Return whole numbers in which a negative one is missing."""
    rows = pd.Series(values.astype(np.int64), dtype="Int64")
    return rows.mask(rows < 0)
