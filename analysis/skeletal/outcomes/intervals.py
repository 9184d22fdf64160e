"""The interval that is known to hold each first event: imaging finds what happened before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .filters import MISSING, NEVER
from .first_event import event_episodes, first_days, first_frame

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, FloatArray, IntArray

    from .observation import Observation


def interval_frame(observation: Observation, assessments: pd.DataFrame) -> pd.DataFrame:
    """Return (left, right] of each analysed subject's first event, in days on the scale of ``time``.

    An event that imaging found lies between the last negative assessment (``last_negative_date``, else
    the last done assessment before it, else time zero as 0) and the film.  Any other event is exact
    (left == right); a subject without one is right-censored (right = inf) when observation ends.  Where
    several records share the first day, one found by imaging makes the interval.
    """
    facts = observation.facts
    frame = first_frame(observation)
    number = np.flatnonzero(facts.analysed)
    events = event_episodes(observation)
    negative, imaging = _last_negative(events, assessments, first_days(observation, events))
    left = np.maximum(negative - facts.start + 1, 0).astype(np.float64)[number]
    time = frame["time"].to_numpy(dtype=np.float64)
    event = (frame["status"] == 1).to_numpy()
    found = event & imaging[number]
    lower: FloatArray = np.where(found, left, time)
    return pd.DataFrame(
        {
            **{key: frame[key] for key in facts.cohort.key},
            "arm": frame["arm"],
            "left": lower,
            "right": np.where(event, time, np.inf),
            "status": frame["status"],
            "component": frame["component"],
            "detection": pd.Series(np.where(found, "imaging", "exact"), dtype="string").where(event),
        }
    )


def _last_negative(
    events: pd.DataFrame, assessments: pd.DataFrame, day: IntArray
) -> tuple[IntArray, BoolArray]:
    """Return the last day known without the event before each film, and who has a film at all."""
    films = events.loc[(events["imaging"] & events["decides"]).to_numpy(dtype=np.bool_)]
    number = films["subject"].to_numpy(dtype=np.int64)
    films = films.loc[films["day"].to_numpy(dtype=np.int64) == day[number]]
    number = films["subject"].to_numpy(dtype=np.int64)
    imaging = np.zeros(day.size, dtype=np.bool_)
    imaging[number] = True
    before = np.full(day.size, MISSING, dtype=np.int64)
    who, when = assessments["subject"].to_numpy(), assessments["day"].to_numpy()
    earlier = when < day[who]
    np.maximum.at(before, who[earlier], when[earlier])
    stated = films["last_negative"].to_numpy(dtype=np.int64)
    own = np.where((stated != MISSING) & (stated < films["day"].to_numpy()), stated, before[number])
    negative = np.full(day.size, NEVER, dtype=np.int64)
    np.minimum.at(negative, number, own)
    return negative, imaging
