"""Dates as they come in trial records: ISO 8601, perhaps partial, perhaps with a time of day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from skeletal.errors import InvalidRecords

from .faults import name_rows

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray

# A year, year and month, or a whole day; after a whole day a time of day may follow.
_PATTERN = r"^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ][0-9:.,Z+\-]+)?)?)?$"
# datetime64[ns] holds no whole year outside these.
_YEARS = (1678, 2261)
_NO_DAY = np.datetime64("NaT", "D")
PRECISIONS = ("day", "month", "year")


class PossibleDays(NamedTuple):
    """First and last possible day (``datetime64[D]``) and the number of the precision, -1 where missing."""

    earliest: Any
    latest: Any
    precision: Any


def parse_dates(values: pd.Series[Any]) -> pd.DataFrame:
    """Return the first and last day that each, perhaps partial, date can stand for.

    Parameters
    ----------
    values : Series
        ISO 8601 text: ``2025-03-15``, ``2025-03`` or ``2025``; a time of day after a whole date is cut
        off (``2014-07-02T11:45`` is 2014-07-02).  Empty text and missing values stay missing.  A Series
        of ``datetime64`` is taken by its days.

    Returns
    -------
    DataFrame
        Indexed as ``values``: ``earliest`` and ``latest`` (``datetime64[ns]``, NaT where missing) and
        ``precision`` (``string``: "day", "month", "year", missing).

    Raises
    ------
    InvalidRecords
        If a value is no such date: a day that is not in the calendar, another order of day and month, or
        a date with a gap (``2025---15``).

    Examples
    --------
    >>> import pandas as pd
    >>> parse_dates(pd.Series(["2024-02", "2014-07-02T11:45"]))
        earliest     latest precision
    0 2024-02-01 2024-02-29     month
    1 2014-07-02 2014-07-02       day
    """
    days = possible_days(values)
    return pd.DataFrame(
        {
            "earliest": days.earliest.astype("datetime64[ns]"),
            "latest": days.latest.astype("datetime64[ns]"),
            "precision": pd.array(PRECISIONS, dtype="string").take(days.precision, allow_fill=True),
        },
        index=values.index,
    )


def possible_days(values: pd.Series[Any]) -> PossibleDays:
    """Return what :func:`parse_dates` does as arrays, for tables of millions of rows."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        days = values.dt.tz_localize(None).to_numpy(dtype="datetime64[D]")
        return PossibleDays(days, days, np.where(np.isnat(days), -1, 0).astype(np.int8))
    codes, parsed, bad = _parse_distinct(values)
    faults = _take_flags(codes, bad)
    if faults.any():
        raise InvalidRecords(
            f"values that are not ISO 8601 dates in {name_rows(faults, values)}; "
            "write YYYY-MM-DD, or YYYY-MM or YYYY where the rest is not known"
        )
    # A missing value has code -1: the last of the parsed ones.
    return PossibleDays(*(part[codes] for part in parsed))


def invalid_dates(values: pd.Series[Any]) -> BoolArray:
    """Return which of ``values`` (text) are neither missing nor a date that :func:`parse_dates` reads."""
    codes, _, bad = _parse_distinct(values)
    return _take_flags(codes, bad)


def _take_flags(codes: Any, flags: BoolArray) -> BoolArray:
    """Return the flag of each code; a missing value (code -1) has none."""
    return np.asarray(np.append(flags, False)[codes], dtype=bool)


def _parse_distinct(values: pd.Series[Any]) -> tuple[Any, PossibleDays, BoolArray]:
    """Parse each distinct text once: codes of the rows, the parsed texts and a missing one, the faults."""
    codes, distinct = pd.factorize(values.astype("string"))
    texts = pd.Series(distinct, dtype="string")
    parts = texts.str.extract(_PATTERN)
    matched = parts[0].notna().to_numpy(dtype=bool)
    year, month, day = (pd.to_numeric(parts[i]).fillna(1).to_numpy(dtype="int64") for i in range(3))
    in_range = (year >= _YEARS[0]) & (year <= _YEARS[1]) & (month >= 1) & (month <= 12)
    first = (np.where(in_range, year, 1970) - 1970) * 12 + np.where(in_range, month, 1) - 1
    month_start = first.astype("datetime64[M]").astype("datetime64[D]")
    next_month = (first + 1).astype("datetime64[M]").astype("datetime64[D]")
    earliest = month_start + (day - 1)
    good = matched & in_range & (day >= 1) & (earliest < next_month)
    has_month, has_day = (parts[i].notna().to_numpy(dtype=bool) for i in (1, 2))
    year_end = (first // 12 * 12 + 12).astype("datetime64[M]").astype("datetime64[D]")
    latest = np.where(has_day, earliest, np.where(has_month, next_month, year_end) - 1)
    empty = (texts == "").to_numpy(dtype=bool)
    parsed = PossibleDays(
        np.append(np.where(good, earliest, _NO_DAY), _NO_DAY),
        np.append(np.where(good, latest, _NO_DAY), _NO_DAY),
        np.append(np.where(good, np.where(has_day, 0, np.where(has_month, 1, 2)), -1), -1).astype(np.int8),
    )
    return codes, parsed, ~good & ~empty
