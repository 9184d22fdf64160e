"""One date for each subject, with the record that it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .filters import MISSING, NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from skeletal.arrays import IntArray, LabelArray

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
    table, source, variable, flag : ndarray of shape (n,)
        Record table, its source, date column and imputation flag; empty where no record is behind.
    source_row, row : ndarray of shape (n,)
        Row in the source, and in the frame the days were taken from; -1 where there is none.
    """

    label: str
    day: IntArray
    table: LabelArray
    source: LabelArray
    source_row: IntArray
    variable: LabelArray
    flag: LabelArray
    row: IntArray


def without_record(label: str, day: IntArray) -> SubjectDates:
    """Return days that come from a rule and not from a record."""
    empty = np.full(day.size, "", dtype=object)
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
    usable = rows.loc[(rows["subject"] >= 0) & (rows["day"] != MISSING)]
    last = take == "last"
    ordered = usable.sort_values(
        ["subject", "day", *RECORD_ORDER], ascending=[True, not last, True, True, True, True]
    )
    chosen = ordered.drop_duplicates("subject")
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
        **{
            name: spread(chosen[name].to_numpy(dtype=object), "", object)
            for name in RECORD
            if name != "source_row"
        },
    )


def choose(options: Sequence[SubjectDates], which: IntArray) -> dict[str, Any]:
    """Return the columns of option ``which[i]`` for each subject ``i``, with its ``label``."""
    subjects = np.arange(which.size)
    labels = np.array([option.label for option in options], dtype=object)
    columns = {name: np.stack([getattr(o, name) for o in options])[which, subjects] for name in RECORD}
    days = np.stack([option.day for option in options])[which, subjects]
    return {"label": labels[which], "day": days, **columns}
