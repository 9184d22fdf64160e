"""All episodes of a subject as counting-process rows (start, stop]."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .episodes import count_episodes
from .filters import MISSING
from .first_event import joined_components
from .row_frames import row_numbers, text_or_missing

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray

    from .observation import Observation

RECURRENT_COLUMNS = [
    "subject_id",
    "arm",
    "start",
    "stop",
    "status",
    "episode",
    "component",
    "components",
    "source",
    "source_row",
]
HALF_DAY = 0.5


def episode_rows(observation: Observation) -> pd.DataFrame:
    """Return the accepted events with the ``episode`` of each and whether it is the one ``counted``."""
    events = observation.accepted
    endpoint = observation.facts.endpoint
    episodes = count_episodes(
        events["subject"].to_numpy(),
        events["day"].to_numpy(),
        min_gap_days=endpoint.min_gap_days,
        gap_anchor=endpoint.gap_anchor,
    )
    return events.assign(episode=episodes.number, counted=episodes.counted)


def end_days(observation: Observation, events: pd.DataFrame) -> IntArray:
    """Return the last day of observation: a final stop, or the censoring, or an event seen after it."""
    last = np.full(observation.facts.cohort.size, MISSING, dtype=np.int64)
    np.maximum.at(last, events["subject"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=np.int64))
    return np.where(observation.final, observation.day, np.maximum(observation.censor_day, last))


def recurrent_frame(observation: Observation) -> pd.DataFrame:
    """Return the rows of every analysed subject in order, from day 0 to the end of observation.

    Where a competing death falls on the day of an episode, the episode's row ends half a day before it
    and the death keeps a row of its own on its true day.  All other times are whole days, so nobody
    enters or leaves between: every estimator that compares times keeps its risk sets.
    """
    facts = observation.facts
    events = episode_rows(observation)
    counted = _counted(observation, events)
    end = end_days(observation, events) - facts.start + 1
    terminal = observation.status_of_stop > 0
    number = counted["subject"].to_numpy(dtype=np.int64)
    on_last_day = counted["stop"].to_numpy() == end[number]
    counted["stop"] = counted["stop"] - np.where(on_last_day & terminal[number], HALF_DAY, 0.0)
    keep = facts.analysed.copy()
    keep[number[on_last_day & ~terminal[number]]] = False
    rows = pd.concat([counted, _last_rows(observation, end, keep)], ignore_index=True)
    rows = rows.sort_values(["subject", "stop"], kind="stable").reset_index(drop=True)
    number = rows["subject"].to_numpy(dtype=np.int64)
    stop = rows["stop"].to_numpy(dtype=np.float64)
    before = np.zeros(len(rows))
    before[1:] = np.where(number[1:] == number[:-1], stop[:-1], 0.0)
    return pd.DataFrame(
        {
            **{key: facts.cohort.frame[key].take(number).reset_index(drop=True) for key in facts.cohort.key},
            "arm": facts.cohort.frame["arm"].take(number).reset_index(drop=True),
            "start": before,
            "stop": stop,
            "status": rows["status"].astype(np.int64),
            "episode": row_numbers(rows["episode"].to_numpy()),
            "component": text_or_missing(rows["component"]),
            "components": text_or_missing(rows["components"]),
            "source": text_or_missing(rows["source"]),
            "source_row": row_numbers(rows["source_row"].to_numpy()),
        }
    )


def _counted(observation: Observation, events: pd.DataFrame) -> pd.DataFrame:
    """Return one row an episode: its record, and the components reported on the same day."""
    facts = observation.facts
    counted = events.loc[events["counted"]].reset_index(drop=True)
    group = _counted_of_day(events)
    same_day = group >= 0
    order = events["order"].to_numpy(dtype=np.int64)
    number = counted["subject"].to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "subject": number,
            "stop": (counted["day"].to_numpy(dtype=np.int64) - facts.start[number] + 1).astype(np.float64),
            "status": 1,
            "episode": counted["episode"].to_numpy(dtype=np.int64),
            "component": counted["name"].to_numpy(dtype=object),
            "components": np.asarray(
                joined_components(facts.names, group[same_day], order[same_day], len(counted))
            ),
            "source": counted["source"].to_numpy(dtype=object),
            "source_row": counted["source_row"].to_numpy(dtype=np.int64),
        }
    )


def _counted_of_day(events: pd.DataFrame) -> IntArray:
    """Return the number of the counted event of the same subject and day, -1 where there is none."""
    subject, day = events["subject"].to_numpy(), events["day"].to_numpy()
    opens = np.ones(len(events), dtype=np.bool_)
    opens[1:] = (subject[1:] != subject[:-1]) | (day[1:] != day[:-1])
    run = np.cumsum(opens) - 1
    counted = run[events["counted"].to_numpy(dtype=np.bool_)]
    number = np.full(len(events), -1, dtype=np.int64)
    number[counted] = np.arange(counted.size)
    return np.asarray(number[run], dtype=np.int64)


def _last_rows(observation: Observation, end: IntArray, keep: BoolArray) -> pd.DataFrame:
    """Return the row to the end of observation of each subject marked in ``keep``."""
    status = observation.status_of_stop
    causes = np.array(["", *observation.causes], dtype=object)
    ended = observation.ended
    frame = pd.DataFrame(
        {
            "subject": np.arange(status.size),
            "stop": end.astype(np.float64),
            "status": np.where(status > 0, 2, 0),
            "episode": -1,
            "component": np.where(status > 0, causes[status], ""),
            "components": np.where(status > 0, causes[status], ""),
            "source": np.asarray(ended["source"]),
            "source_row": ended["source_row"],
        }
    )
    return frame.loc[keep]
