"""The sentence of each audit row."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from . import endpoint as base
from .filters import NEVER
from .observation import DEATH_IGNORED, IGNORED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from skeletal.arrays import IntArray, LabelArray

    from .observation import Observation

NOT_FIRST = "rejected: after the first event"
NOT_DECISIVE = "rejected: another record decides"
COUNTED, MERGED, COMPETES, CENSORS = "counted", "merged", "competes", "censors"


def sentences(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    """Return one sentence a row; ``rows`` have ``rule``, ``episode`` and ``gap``."""
    rule = rows["rule"].to_numpy(dtype=object)
    texts = np.empty(len(rows), dtype=object)
    left = np.ones(len(rows), dtype=np.bool_)
    for name, write in _WRITERS.items():
        chosen = rule == name
        if chosen.any():
            texts[chosen] = write(rows.loc[chosen], observation)
            left &= ~chosen
    if left.any():
        texts[left] = _too_late(rows.loc[left], observation)
    return texts


def day_words(day: IntArray, start: IntArray, flag: Any) -> LabelArray:
    """Return ``2025-03-04 (day 31)``, saying what was imputed."""
    imputed = np.select([flag == "D", flag == "M"], [", day imputed", ", month and day imputed"], "")
    return _join(iso(day), " (day ", _text(day - start + 1), imputed.astype(object), ")")


def iso(day: IntArray) -> LabelArray:
    """Return days as ISO 8601."""
    known = np.abs(day) < NEVER
    return np.datetime_as_string(np.where(known, day, 0).astype("datetime64[D]")).astype(object)


def _join(*parts: Any) -> LabelArray:
    """Join texts and columns of texts row by row."""
    return np.asarray(functools.reduce(operator.add, parts), dtype=object)


def _text(values: Any) -> LabelArray:
    return np.asarray(values).astype(str).astype(object)


def _subject(rows: pd.DataFrame) -> IntArray:
    return rows["subject"].to_numpy(dtype=np.int64)


def _day(rows: pd.DataFrame) -> IntArray:
    return rows["day"].to_numpy(dtype=np.int64)


def _label(rows: pd.DataFrame) -> LabelArray:
    return rows["label"].to_numpy(dtype=object)


def _place(rows: pd.DataFrame) -> LabelArray:
    return _join("row ", _text(rows["source_row"]), " of ", _text(rows["source"]))


def _on_day(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    start = observation.facts.start[_subject(rows)]
    return _join(_label(rows), " on ", day_words(_day(rows), start, rows["flag"].to_numpy(dtype=object)))


def _not_a_component(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    return _join(
        "The record in ", _place(rows), f" is not a component of {observation.facts.endpoint.label}."
    )


def _not_randomised(rows: pd.DataFrame, _: Observation) -> LabelArray:
    who = _text(rows["subject_id"])
    return _join(_label(rows), " (", _place(rows), ") rejected: ", who, " is not a randomised subject.")


def _excluded(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    reason = observation.facts.reason[_subject(rows)]
    return _join(_label(rows), " (", _place(rows), ") rejected: the subject is excluded (", reason, ").")


def _no_date(rows: pd.DataFrame, _: Observation) -> LabelArray:
    written = rows["written"].fillna("none written").to_numpy(dtype=object)
    return _join(_label(rows), " (", _place(rows), ") rejected: no usable date (", written, ").")


def _before(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    apart = observation.facts.start[_subject(rows)] - _day(rows)
    days = _text(apart) + np.where(apart == 1, " day before ", " days before ").astype(object)
    zero = observation.facts.zero_label
    return _join(_label(rows), " on ", iso(_day(rows)), " rejected: ", days, zero, ".")


def _too_late(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    ended = iso(observation.day[_subject(rows)])
    return _join(_on_day(rows, observation), " ", rows["rule"].to_numpy(dtype=object), " (", ended, ").")


def _counted(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    on_day = _on_day(rows, observation)
    if observation.estimand.variable == "first":
        return _join(on_day, " counted as the first event.")
    number = _subject(rows)
    tied = (_day(rows) == observation.day[number]) & (observation.status_of_stop[number] > 0)
    note = " Its row ends half a day earlier, so that the competing event of that day keeps its own."
    end = np.where(tied, "." + note, ".").astype(object)
    return _join(on_day, " counted as episode ", _text(rows["episode"]), end)


def _merged(rows: pd.DataFrame, observation: Observation) -> LabelArray:
    on_day = _on_day(rows, observation)
    if observation.estimand.variable == "first":
        return _join(on_day, " merged into the first event: same day.")
    endpoint = observation.facts.endpoint
    gap = rows["gap"].to_numpy(dtype=np.int64)
    anchor = "it" if endpoint.gap_anchor == "counted" else "the event before"
    days = np.where(gap == 1, " day after ", " days after ").astype(object)
    apart = _join(_text(gap), days, f"{anchor}, fewer than {endpoint.min_gap_days}.")
    why = np.where(gap == 0, "same day.", apart).astype(object)
    return _join(on_day, " merged into episode ", _text(rows["episode"]), ": ", why)


def _ends(words: str) -> Callable[[pd.DataFrame, Observation], LabelArray]:
    return lambda rows, observation: _join(_on_day(rows, observation), words)


_WRITERS: Mapping[str, Callable[[pd.DataFrame, Observation], LabelArray]] = {
    base.NOT_A_COMPONENT: _not_a_component,
    base.NOT_RANDOMISED: _not_randomised,
    base.EXCLUDED: _excluded,
    base.NO_DATE: _no_date,
    base.BEFORE: _before,
    COUNTED: _counted,
    MERGED: _merged,
    COMPETES: _ends(" ends observation: a competing event."),
    CENSORS: _ends(" ends observation: censored."),
    IGNORED: _ends(" changes nothing: treatment policy."),
    DEATH_IGNORED: _ends(" changes nothing: the censoring rules alone end observation."),
    NOT_FIRST: _ends(" rejected: it comes after the first event, or on its day."),
    NOT_DECISIVE: _ends(" rejected: another record ended observation."),
}
