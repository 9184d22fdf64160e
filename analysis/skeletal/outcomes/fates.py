"""What became of every record under one estimand: the rule, and the episode that it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .episodes import first_of_subject
from .first_event import event_episodes, first_days
from .observation import NOT_READ, STOP
from .recurrent import episode_rows
from .row_frames import coded, with_columns

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray

    from .observation import Observation

COUNTED, MERGED, COMPETES, CENSORS = "counted", "merged", "competes", "censors"
NOT_FIRST = "rejected: after the first event"
AFTER_EVENT = "rejected: after the event"
EARLIER = "rejected: earlier episode"
NOT_DECISIVE = "rejected: another record decides"
FATES = (COUNTED, MERGED, EARLIER, NOT_FIRST, AFTER_EVENT, COMPETES, CENSORS, NOT_DECISIVE)
_CODES = {fate: code for code, fate in enumerate(FATES)}


def with_fates(observation: Observation) -> pd.DataFrame:
    """Return the considered records with ``rule``, ``episode`` and ``gap``.

    ``episode`` is -1 where the record belongs to none.  ``gap`` is the days since the event, and for
    recurrent events since the anchor of the gap rule.
    """
    rows, read = observation.rows, _considered(observation.rows)
    accepted = np.flatnonzero(rows["rule"].array == "")
    events, decisive = _events_of(observation)
    fate, number, days = _event_fates(observation, events, decisive)
    episode = np.full(len(rows), -1, dtype=np.int32)
    if observation.estimand.variable == "first":
        gap = rows["day"].to_numpy() - decisive[rows["subject"].to_numpy()]
    else:
        gap = np.zeros(len(rows), dtype=np.int64)
    episode[accepted], gap[accepted] = number, days
    rows = with_columns(rows, rule=_final_rules(observation, fate, decisive), episode=episode, gap=gap)
    return rows if read.all() else rows.loc[read]


def rule_counts(observation: Observation) -> dict[str, int]:
    """Return how many considered records each rule of the audit has; an absence is no record."""
    events, decisive = _events_of(observation)
    fate, _, _ = _event_fates(observation, events, decisive)
    rules = _final_rules(observation, fate, decisive)
    records = _considered(observation.rows) & (observation.rows["table"].array != "")
    counts = np.bincount(rules.codes[records], minlength=len(rules.categories))
    return {rule: int(n) for rule, n in zip(rules.categories, counts, strict=True) if n}


def _events_of(observation: Observation) -> tuple[pd.DataFrame, IntArray]:
    """Return the accepted events with their episodes, and for a first event its day in each unit."""
    if observation.estimand.variable == "recurrent":
        return episode_rows(observation), np.empty(0, dtype=np.int64)
    events = event_episodes(observation)
    return events, first_days(observation, events)


def _final_rules(observation: Observation, fate: IntArray, decisive: IntArray) -> pd.Categorical[Any]:
    """Return the rule of each record of the endpoint, with the ``fate`` of each accepted event."""
    rows = observation.rows
    rule = rows["rule"].array
    known = len(rule.categories)
    codes = rule.codes.astype(np.int16)
    codes[np.flatnonzero(rule == "")] = known + fate
    stops = np.flatnonzero(rule == STOP)
    ending = rows[["subject", "day", "kind"]].take(stops)
    codes[stops] = known + _stop_fates(observation, ending, decisive)
    return coded(codes, [*rule.categories, *FATES])


def _considered(rows: pd.DataFrame) -> BoolArray:
    """Return which records the estimand reads.

    One that is no component, but a death or an intercurrent event, is looked at once: as that.
    """
    read = rows["rule"].array != NOT_READ
    left_out = read & (rows["order"].to_numpy() < 0)
    other = read & (rows["kind"].array != "component")
    table = rows["table"].array
    other &= table.isin(table[left_out].unique())
    left_out &= table.isin(table[other].unique())
    if left_out.any():
        kinds = [rows[name].array.codes.astype(np.int64) for name in ("table", "source")]
        row = rows["source_row"].to_numpy(dtype=np.int64)
        record = (kinds[0] * (1 + kinds[1].max()) + kinds[1]) * (2 + row.max()) + row
        read[left_out] = ~pd.Series(record[left_out]).isin(record[other]).to_numpy()
    return np.asarray(read, dtype=np.bool_)


def _event_fates(
    observation: Observation, events: pd.DataFrame, decisive: IntArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Return the fate of each accepted event, its episode, and its gap as :func:`with_fates` has it."""
    if observation.estimand.variable == "recurrent":
        counted = events["counted"].to_numpy(dtype=np.bool_)
        fate = np.where(counted, _CODES[COUNTED], _CODES[MERGED])
        return fate, events["episode"].to_numpy(dtype=np.int64), _gaps(observation, events)
    episode = events["episode"].to_numpy(dtype=np.int64)
    who, day = events["subject"].to_numpy(dtype=np.int64), events["day"].to_numpy(dtype=np.int64)
    decisive = decisive[who]
    first = np.zeros(len(events), dtype=np.bool_)
    decides = events["decides"].to_numpy(dtype=np.bool_) & (day == decisive)
    on_day = np.flatnonzero(decides)
    first[on_day] = first_of_subject(who[on_day])
    fate = np.select(
        [first, decides, day <= decisive],
        [_CODES[COUNTED], _CODES[MERGED], _CODES[EARLIER]],
        default=_after(observation),
    )
    return fate, np.where((day > decisive) | (episode < 1), -1, episode), day - decisive


def _after(observation: Observation) -> int:
    return _CODES[NOT_FIRST if observation.estimand.order == 1 else AFTER_EVENT]


def _gaps(observation: Observation, events: pd.DataFrame) -> IntArray:
    """Return the days from each event to the one that its gap runs from."""
    day = events["day"].to_numpy(dtype=np.int64)
    if observation.facts.endpoint.gap_anchor == "any":
        return np.diff(day, prepend=day[:1])
    anchor = np.maximum.accumulate(np.where(events["counted"], np.arange(day.size), 0)) if day.size else day
    return np.asarray(day - day[anchor], dtype=np.int64)


def _stop_fates(observation: Observation, stops: pd.DataFrame, decisive: IntArray) -> IntArray:
    """Say of records that may end observation whether they did."""
    number = stops["subject"].to_numpy(dtype=np.int64)
    which = observation.which[number]
    kind, row = stops["kind"].array, stops.index.to_numpy()
    fate = np.full(number.size, _CODES[NOT_DECISIVE], dtype=np.int64)
    ends = observation.final | (observation.censor_day == observation.day)
    for code, stop in enumerate(observation.stops):
        decides = (which == code) & (kind == stop.kind) & (stop.dates.row[number] == row) & ends[number]
        fate[decides] = _CODES[COMPETES if stop.status > 0 else CENSORS]
    if observation.estimand.variable == "first":
        after = stops["day"].to_numpy(dtype=np.int64) >= decisive[number]
        fate = np.where(after, _after(observation), fate)
    return fate
