"""Time to the first event: one row a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .episodes import count_episodes
from .filters import NEVER, as_dates
from .row_frames import chosen, coded, constant, placed, row_numbers, text, text_of, with_columns
from .subject_dates import RECORD, pick

if TYPE_CHECKING:
    from skeletal.arrays import IntArray

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


def first_days(observation: Observation, events: pd.DataFrame | None = None) -> IntArray:
    """Return the day of each unit's event, ``NEVER`` where there is none.

    It is the first of ``events`` (from :func:`event_episodes`) that decides: the first accepted event, or
    with ``order`` n the one that opens the n-th episode; a death that is an event is the event, however many
    episodes came before it.
    """
    events = event_episodes(observation) if events is None else events
    events = events.loc[events["decides"].to_numpy(), ["subject", "day"]]
    day = np.full(observation.facts.cohort.size, NEVER, dtype=np.int64)
    np.minimum.at(day, events["subject"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=np.int64))
    return day


def event_episodes(observation: Observation) -> pd.DataFrame:
    """Return the accepted events with ``episode`` and whether each ``decides``: can be the event.

    For ``order`` 1 all can, and are taken as one episode.  Else ``episode`` is that of the gap rule, 0 for a
    death, and those decide that are on the day that opens the episode of that order, and a death.
    """
    events = observation.accepted
    endpoint, order = observation.facts.endpoint, observation.estimand.order
    if order == 1:
        one = np.ones(len(events), dtype=np.int64)
        return with_columns(events, episode=one, decides=one > 0)
    death = (events["kind"] == "death").to_numpy(dtype=np.bool_)
    number, counted = np.zeros(death.size, dtype=np.int64), np.zeros(death.size, dtype=np.bool_)
    who, day = events["subject"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=np.int64)
    episodes = count_episodes(
        who[~death], day[~death], min_gap_days=endpoint.min_gap_days, gap_anchor=endpoint.gap_anchor
    )
    number[~death], counted[~death] = episodes.number, episodes.counted
    opens = np.full(observation.facts.cohort.size, NEVER, dtype=np.int64)
    opening = counted & (number == order)
    opens[who[opening]] = day[opening]
    return with_columns(events, episode=number, decides=death | (day == opens[who]))


def joined_components(
    names: tuple[str, ...], group: IntArray, order: IntArray, size: int
) -> pd.Categorical[Any]:
    """Return, for each of ``size`` groups, its components in order of priority, joined by "+"."""
    present = np.zeros((size, len(names)), dtype=np.bool_)
    present[group, order] = True
    which = np.zeros(size, dtype=np.int64)  # groups with the same components have the same number
    for there in present.T:
        which = pd.factorize(which * 2 + there)[0]
    first = np.unique(which, return_index=True)[1]
    words = ["+".join(name for name, there in zip(names, present[i], strict=True) if there) for i in first]
    return coded(which, [*words, ""])


def first_frame(observation: Observation) -> pd.DataFrame:
    """Return one row an analysed unit, with the columns of ``Outcomes.first`` and the record's."""
    facts = observation.facts
    size = facts.cohort.size
    columns = observation.ended
    status = observation.status_of_stop.copy()
    columns["label"] = pick([columns["label"], constant("", size)], (status > 0).astype(np.int64))
    columns["component"] = columns["components"] = coded(status, ["", *observation.causes])
    event = _event_columns(observation)
    number = event.pop("subject")
    columns = {key: placed(values, number, event[key]) for key, values in columns.items()}
    status[number] = 1
    day = columns["day"]
    frame = pd.DataFrame(
        {
            **{key: facts.cohort.frame[key] for key in facts.cohort.key},
            "arm": facts.cohort.frame["arm"],
            "start_date": as_dates(facts.start),
            "date": as_dates(day),
            "time": day - facts.start + 1,
            "status": status,
            "cause": text_of(status - 1, observation.causes),
            "component": text(columns["component"]),
            "components": text(columns["components"]),
            "censor_reason": text(columns["label"]),
            "source": text(columns["source"]),
            "source_row": row_numbers(columns["source_row"]),
            "date_flag": text(columns["flag"]),
            "table": text(columns["table"]),
            "variable": text(columns["variable"]),
        },
        index=pd.RangeIndex(size),
    )
    return chosen(frame, facts.analysed)


def _event_columns(observation: Observation) -> dict[str, Any]:
    """Return the record that counts for each subject with an event, and all components of that day."""
    events = event_episodes(observation)
    first = first_days(observation, events)
    events = chosen(events, events["decides"].to_numpy())
    names = observation.facts.names
    counted = events.drop_duplicates("subject")
    number = counted["subject"].to_numpy(dtype=np.int64)
    same_day = events.loc[events["day"].to_numpy() == first[events["subject"].to_numpy(dtype=np.int64)]]
    position = np.zeros(first.size, dtype=np.int64)
    position[number] = np.arange(number.size)
    group = position[same_day["subject"].to_numpy(dtype=np.int64)]
    return {
        "subject": number,
        "day": counted["day"].to_numpy(),
        "label": constant("", number.size),
        "component": counted["name"].array,
        "components": joined_components(
            names, group, same_day["order"].to_numpy(dtype=np.int64), number.size
        ),
        **{key: counted[key].array for key in RECORD},
    }
