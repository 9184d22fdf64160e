"""One date for each subject, with the record that it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .filters import MISSING, NEVER
from .row_frames import coded, constant, recoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skeletal.arrays import IntArray

RECORD = ("table", "source", "source_row", "variable", "flag")
# The order in which records of one subject and day are taken: exact dates first.
RECORD_ORDER = ["flag", "table", "source", "source_row"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubjectDates:
    """A day for each subject and where it was read.

    Attributes
    ----------
    label : str
        What the day is, in words.
    day : ndarray of shape (n,)
        ``NEVER`` (or ``MISSING``, for the last of something) where a subject has none.
    table, source, variable, flag : Categorical of shape (n,)
        Record table, its source, date column and imputation flag; empty where no record is behind.
    source_row, row : ndarray of shape (n,)
        Row in the source, and in the frame the days were taken from; -1 where there is none.
    """

    label: str
    day: IntArray
    table: pd.Categorical[Any]
    source: pd.Categorical[Any]
    source_row: IntArray
    variable: pd.Categorical[Any]
    flag: pd.Categorical[Any]
    row: IntArray


def without_record(label: str, day: IntArray) -> SubjectDates:
    """Return days that come from a rule and not from a record."""
    empty = constant("", day.size)
    nowhere = np.full(day.size, -1, dtype=np.int64)
    return SubjectDates(
        label=label,
        day=day,
        table=empty,
        source=empty,
        source_row=nowhere,
        variable=empty,
        flag=empty,
        row=nowhere,
    )


def take_dates(
    rows: pd.DataFrame, size: int, *, label: str, take: Literal["first", "last"] = "first"
) -> SubjectDates:
    """Take the first or last dated row of each of ``size`` subjects; ties do not depend on row order."""
    last = take == "last"
    number, day = rows["subject"].to_numpy(dtype=np.int64), rows["day"].to_numpy(dtype=np.int64)
    usable = (number >= 0) & (day != MISSING)
    best = np.full(size, MISSING if last else NEVER, dtype=np.int64)
    (np.maximum if last else np.minimum).at(best, number[usable], day[usable])
    on_day = rows.loc[usable & (day == np.append(best, MISSING)[number])]
    tied = on_day.duplicated("subject", keep=False)
    first = on_day.loc[tied].sort_values(["subject", *RECORD_ORDER]).drop_duplicates("subject").index
    chosen = on_day.loc[~tied | on_day.index.isin(first)]
    number = chosen["subject"].to_numpy()

    def spread(values: Any, fill: Any, dtype: Any) -> Any:
        full = np.full(size, fill, dtype=dtype)
        full[number] = values
        return full

    return SubjectDates(
        label=label,
        day=spread(chosen["day"].to_numpy(), MISSING if last else NEVER, np.int64),
        source_row=spread(chosen["source_row"].to_numpy(), -1, np.int64),
        row=spread(chosen.index.to_numpy(), -1, np.int64),
        **{name: _spread_text(chosen[name].array, number, size) for name in RECORD if name != "source_row"},
    )


def last_observed(death: IntArray, frames: Iterable[pd.DataFrame]) -> IntArray:
    """Return the last day on which the death, or a row not after it, shows each unit observed.

    ``MISSING`` where nothing does; what comes after death shows nothing.
    """
    last = np.where(death == NEVER, MISSING, death)
    for rows in frames:
        number, day = rows["subject"].to_numpy(dtype=np.int64), rows["day"].to_numpy(dtype=np.int64)
        alive = day <= death[number]
        np.maximum.at(last, number[alive], day[alive])
    return last


def _spread_text(values: pd.Categorical[Any], number: IntArray, size: int) -> pd.Categorical[Any]:
    texts = ["", *values.categories]
    codes = np.zeros(size, dtype=np.int64)
    codes[number] = values.codes + 1
    return coded(codes, texts)


def choose(options: Sequence[SubjectDates], which: IntArray) -> dict[str, Any]:
    """Return the columns of option ``which[i]`` for each subject ``i``, with its ``label``."""
    places = [np.flatnonzero(which == number) for number in range(len(options))]
    columns = {name: _picked([getattr(o, name) for o in options], places) for name in ("day", *RECORD)}
    return {"label": coded(which, [option.label for option in options]), **columns}


def pick(options: Sequence[Any], which: IntArray) -> Any:
    """Return ``options[which[i]][i]`` for each subject ``i``."""
    return _picked(options, [np.flatnonzero(which == number) for number in range(len(options))])


def _picked(options: Sequence[Any], places: Sequence[IntArray]) -> Any:
    """Return the values of each option at its places."""
    if isinstance(options[0], pd.Categorical):
        codes, kinds = recoded(options)
        return pd.Categorical.from_codes(_picked(codes, places), categories=kinds, validate=False)
    picked = options[0].copy()
    for option, place in zip(options[1:], places[1:], strict=True):
        picked[place] = option[place]
    return picked
