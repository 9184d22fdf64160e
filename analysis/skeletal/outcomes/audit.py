"""What became of every record, in a sentence that a clinician can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .filters import NEVER, as_dates
from .first_event import first_days, text_or_missing
from .observation import STOP
from .recurrent import end_days, episode_rows
from .sentences import (
    CENSORS,
    COMPETES,
    COUNTED,
    MERGED,
    NOT_DECISIVE,
    NOT_FIRST,
    day_words,
    sentences,
)

if TYPE_CHECKING:
    from skeletal.arrays import IntArray, LabelArray

    from .observation import Observation

AUDIT_COLUMNS = [
    "endpoint",
    "estimand",
    "subject_id",
    "table",
    "source_row",
    "date",
    "rule",
    "episode",
    "sentence",
]


def audit_frame(observation: Observation) -> pd.DataFrame:
    """Return one row a record considered, with the columns of ``AUDIT_COLUMNS`` and those of the record."""
    rows = _with_fates(observation)
    rows = rows.assign(sentence=sentences(rows, observation))
    parts = [rows, _censorings(observation)]
    known = [part for part in parts if len(part)] or parts[:1]
    frame = pd.concat(known, ignore_index=True)
    subject = frame["subject"].to_numpy(dtype=np.int64)
    frame = frame.assign(last=np.where(subject < 0, NEVER, subject))
    frame = frame.sort_values(["last", "day", "order", "table", "source", "source_row"], kind="stable")
    episode = frame["episode"].to_numpy(dtype=np.int64)
    source_row = frame["source_row"].to_numpy(dtype=np.int64)
    return (
        frame.assign(
            endpoint=observation.facts.name,
            estimand=observation.name,
            subject_id=frame["subject_id"].astype("string"),
            table=text_or_missing(frame["table"].to_numpy(dtype=object)).to_numpy(dtype=object),
            source_row=pd.array(np.where(source_row < 0, 0, source_row), dtype="Int64"),
            date=as_dates(frame["day"].to_numpy(dtype=np.int64)).to_numpy(),
            rule=frame["rule"].astype("string"),
            episode=pd.array(np.where(episode < 0, 0, episode), dtype="Int64"),
            sentence=frame["sentence"].astype("string"),
        )
        .pipe(_missing_numbers, source_row, episode)
        .reset_index(drop=True)
    )


def _missing_numbers(frame: pd.DataFrame, source_row: IntArray, episode: IntArray) -> pd.DataFrame:
    return frame.assign(
        source_row=frame["source_row"].mask(source_row < 0), episode=frame["episode"].mask(episode < 0)
    )


def _with_fates(observation: Observation) -> pd.DataFrame:
    """Return the considered records with ``rule``, ``episode`` and ``gap`` (days since the anchor)."""
    rows = observation.rows.assign(episode=-1, gap=0)
    first = first_days(observation)
    if observation.estimand.variable == "recurrent":
        events = episode_rows(observation)
        events = events.assign(gap=_gaps(observation, events))
    else:
        events = observation.accepted
        on_day = events["day"].to_numpy() == first[events["subject"].to_numpy(dtype=np.int64)]
        events = events.assign(counted=~events.duplicated("subject"), episode=np.where(on_day, 1, -1), gap=0)
    fate = np.where(events["episode"] < 0, NOT_FIRST, np.where(events["counted"], COUNTED, MERGED))
    rows.loc[events.index, "rule"] = fate
    rows.loc[events.index, "episode"] = events["episode"]
    rows.loc[events.index, "gap"] = events["gap"]
    stops = rows.loc[rows["rule"] == STOP]
    rows.loc[stops.index, "rule"] = _stop_fates(observation, stops, first)
    return rows


def _gaps(observation: Observation, events: pd.DataFrame) -> IntArray:
    """Return the days from each event to the one that its gap runs from."""
    day = events["day"].to_numpy(dtype=np.int64)
    if observation.facts.endpoint.gap_anchor == "any":
        return np.diff(day, prepend=day[:1])
    anchor = np.maximum.accumulate(np.where(events["counted"], np.arange(day.size), 0)) if day.size else day
    return np.asarray(day - day[anchor], dtype=np.int64)


def _stop_fates(observation: Observation, stops: pd.DataFrame, first: IntArray) -> LabelArray:
    """Say of records that may end observation whether they did."""
    number = stops["subject"].to_numpy(dtype=np.int64)
    decisive = np.stack([stop.dates.row for stop in observation.stops])
    kinds = np.array([stop.kind for stop in observation.stops], dtype=object)
    which = observation.which[number]
    decides = (kinds[which] == stops["kind"].to_numpy()) & (decisive[which, number] == stops.index.to_numpy())
    decides &= observation.final[number] | (observation.censored["day"][number] == observation.day[number])
    competing = np.array([stop.status > 0 for stop in observation.stops])[which]
    fate = np.where(decides, np.where(competing, COMPETES, CENSORS), NOT_DECISIVE).astype(object)
    if observation.estimand.variable == "first":
        fate = np.where(stops["day"].to_numpy() >= first[number], NOT_FIRST, fate)
    return fate


def _censorings(observation: Observation) -> pd.DataFrame:
    """Return one row a subject whose observation a rule ended."""
    facts = observation.facts
    censored = observation.censored
    if observation.estimand.variable == "recurrent":
        day = end_days(observation, observation.accepted)
        mine = facts.analysed & ~observation.final
    else:
        day, mine = censored["day"], facts.analysed & (first_days(observation) == NEVER) & ~observation.final
    kinds = np.array([stop.kind for stop in observation.stops], dtype=object)[observation.which]
    by_record = (kinds != "") & (censored["day"] == observation.day)
    mine &= ~by_record
    number = np.flatnonzero(mine)
    words = " on " + day_words(day[number], facts.start[number], censored["flag"][number])
    return pd.DataFrame(
        {
            "subject_id": facts.cohort.frame["subject_id"].take(number),
            "subject": number,
            "kind": "censoring",
            "name": "",
            "label": censored["label"][number],
            "flag": censored["flag"][number],
            "variable": censored["variable"][number],
            "order": len(facts.names),
            "table": censored["table"][number],
            "source": censored["source"][number],
            "source_row": censored["source_row"][number].astype(np.int64),
            "day": day[number],
            "rule": CENSORS,
            "episode": -1,
            "sentence": "Observation ends" + words + ": " + censored["label"][number] + ".",
        }
    )
