"""What became of every record, in a sentence that a clinician can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from .fates import CENSORS, with_fates
from .filters import MISSING, NEVER, as_dates, recorded
from .first_event import first_days
from .phrases import in_order
from .recurrent import end_days
from .row_frames import constant, row_numbers, text, text_of, united
from .sentences import end_sentences, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skeletal.arrays import BoolArray, IntArray

    from .observation import Observation

AUDIT_COLUMNS = [
    "endpoint",
    "estimand",
    "subject_id",
    "lesion_id",
    "table",
    "source_row",
    "date",
    "rule",
    "episode",
    "sentence",
]

# Rows whose sentences are made together: what is held for that stays small.
BLOCK = 500_000
RECORD_COLUMNS = ["kind", "name", "label", "source", "flag", "variable"]


def audit_columns(observation: Observation) -> list[str]:
    """Return the columns that readers see; ``lesion_id`` only where lesions are the units."""
    key = observation.facts.cohort.key
    return [name for name in AUDIT_COLUMNS if name != "lesion_id" or name in key]


def audit_frame(observation: Observation, columns: Sequence[str]) -> pd.DataFrame:
    """Return ``columns`` of one row a record considered: those of the audit or of the record.

    By subject, day, order and then the record; records of nobody come last.
    """
    facts = observation.facts
    rows = with_fates(observation)
    ends = _Ends(observation)
    order = _order(rows, ends, len(rows))
    of_end: dict[str, Any] = {
        "rule": constant(CENSORS, ends.size),
        "episode": np.full(ends.size, -1),
        "kind": constant("censoring", ends.size),
        "name": constant("", ends.size),
        "date": ends.day,
        **ends.record,
    }

    def column(name: str) -> Any:
        if name in ("endpoint", "estimand"):
            text_of_all = facts.name if name == "endpoint" else observation.name
            return text_of(np.zeros(order.size, dtype=np.int8), [text_of_all])
        if name == "sentence":
            return _sentences(rows, ends, observation, order)
        if name in facts.cohort.key:
            return _names(name, rows, ends, observation, order)
        values = _both(rows["day" if name == "date" else name], of_end[name]).take(order)
        if name == "date":
            return as_dates(values)
        return text(values) if isinstance(values, pd.Categorical) else row_numbers(values)

    return pd.DataFrame({name: column(name) for name in columns}, copy=False)


def stacked_audits(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put audits below each other; ``lesion_id`` is missing where subjects are the units."""
    if any("lesion_id" in frame for frame in frames):
        frames = [_with_lesions(frame) for frame in frames]
    return pd.concat(frames, ignore_index=True)


def _with_lesions(frame: pd.DataFrame) -> pd.DataFrame:
    if "lesion_id" not in frame:
        place = list(frame.columns).index("subject_id") + 1
        frame.insert(place, "lesion_id", pd.Series(pd.NA, index=frame.index, dtype="string"))
    return frame


class _Ends:
    """The ends of observation that a rule dates: one row for each such unit."""

    def __init__(self, observation: Observation) -> None:
        self.number = np.flatnonzero(_ended_by_rule(observation))
        recurrent = observation.estimand.variable == "recurrent"
        day = end_days(observation, observation.accepted) if recurrent else observation.censor_day
        self.day: IntArray = day[self.number]
        self.record = {key: values[self.number] for key, values in observation.ended.items()}
        self.start = observation.facts.start[self.number]
        self.size = self.number.size


def _ended_by_rule(observation: Observation) -> BoolArray:
    """Return which units are censored by a rule, and not by a record that has an audit row of its own."""
    kinds = np.array([stop.kind != "" for stop in observation.stops])[observation.which]
    by_record = kinds & (observation.censor_day == observation.day)
    mine = observation.facts.analysed & ~observation.final & ~by_record
    if observation.estimand.variable == "first":
        mine &= first_days(observation) == NEVER
    return np.asarray(mine, dtype=np.bool_)


def _order(rows: pd.DataFrame, ends: _Ends, size: int) -> IntArray:
    """Return the order of the rows with the ends below them: each end after what its day holds."""
    subject, day = rows["subject"].to_numpy(dtype=np.int64), rows["day"].to_numpy(dtype=np.int64)
    strays = int(np.searchsorted(subject, 0))
    dated = np.concatenate([day[day != MISSING], ends.day, [0]])
    low, span = int(dated.min()) - 1, int(dated.max()) - int(dated.min()) + 2
    key = subject[strays:] * span + np.where(day[strays:] == MISSING, 0, day[strays:] - low)
    place = np.searchsorted(key, ends.number * span + ends.day - low, side="right")
    known = np.insert(np.arange(strays, size), place, size + np.arange(ends.size))
    return np.concatenate([known, np.arange(strays)])


def _both(values: pd.Series[Any], ends: Any) -> Any:
    """Return a column of the records with that of the ends below it."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return united([pd.Categorical(values), ends])
    if isinstance(values.dtype, np.dtype):
        return np.concatenate([values.to_numpy(), np.asarray(ends)])
    return pd.concat([values, pd.Series(ends).astype(values.dtype)], ignore_index=True).array


def _names(
    key: str, rows: pd.DataFrame, ends: _Ends, observation: Observation, order: IntArray
) -> pd.Series[Any]:
    """Return a column that names a unit; of a record that belongs to none, as the record has it."""
    facts = observation.facts
    unit = np.concatenate([rows["subject"].to_numpy(dtype=np.int64), ends.number])[order]
    names = pd.Series(facts.cohort.frame[key].array.take(unit, allow_fill=True))
    stray = np.flatnonzero(unit < 0)
    if stray.size:
        names.iloc[stray] = recorded(facts.records, rows.take(order[stray]), key).array
    return names


def _sentences(rows: pd.DataFrame, ends: _Ends, observation: Observation, order: IntArray) -> Any:
    """Return the sentences of the rows and the ends below them in ``order``, made block by block."""
    blocks = []
    for first in range(0, order.size or 1, BLOCK):
        mine = order[first : first + BLOCK]
        record, end = np.flatnonzero(mine < len(rows)), np.flatnonzero(mine >= len(rows))
        parts, places = sentences(rows.take(mine[record]), observation)
        who = mine[end] - len(rows)
        flag, label = ends.record["flag"][who], ends.record["label"][who]
        parts.append(end_sentences(ends.day[who], ends.start[who], flag, label))
        blocks.append(in_order(parts, [*(record[place] for place in places), end]))
    return pd.array(pa.chunked_array(blocks), dtype="string[pyarrow]")
