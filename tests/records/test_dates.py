"""Partial dates: bounds and precision by hand, the calendar of the standard library as reference."""

import calendar
import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeletal.errors import InvalidRecords
from skeletal.records import parse_dates


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("2025-03-15", "2025-03-15", "2025-03-15", "day"),
        ("2025-03", "2025-03-01", "2025-03-31", "month"),
        ("2024-02", "2024-02-01", "2024-02-29", "month"),
        ("2025-02", "2025-02-01", "2025-02-28", "month"),
        ("2025-12", "2025-12-01", "2025-12-31", "month"),
        ("2025", "2025-01-01", "2025-12-31", "year"),
        ("1899", "1899-01-01", "1899-12-31", "year"),
        ("2014-07-02T11:45", "2014-07-02", "2014-07-02", "day"),
        ("2014-07-02T23:59:59.5+02:00", "2014-07-02", "2014-07-02", "day"),
        ("2014-07-02 11:45", "2014-07-02", "2014-07-02", "day"),
    ],
)
def test_a_date_spans_the_days_it_can_stand_for(text, earliest, latest, precision):
    row = parse_dates(pd.Series([text])).iloc[0]
    assert (str(row["earliest"].date()), str(row["latest"].date())) == (earliest, latest)
    assert row["precision"] == precision


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2025-02-30",
            "2023-02-29",
            "30/02/2025",
            "2025-13",
            "2025-00",
            "2025-01-00",
            "2025---15",
            "2025-1-5",
        ),
        *(
            "20250115",
            "2025-03T11:00",
            "unknown",
            "9999-12-31",
            "1677-01-01",
            " 2025-01-01",
            "NA",
            "25-01-01",
        ),
    ],
)
def test_what_is_no_date_is_refused_with_its_row(text):
    with pytest.raises(InvalidRecords, match=r"1 row: row 2 \('") as error:
        parse_dates(pd.Series(["2025-01-01", text]))
    assert repr(text) in str(error.value)
    assert "YYYY-MM-DD" in str(error.value)


def test_at_most_five_bad_dates_are_named():
    with pytest.raises(InvalidRecords, match=r"7 rows: row 1 .*row 5 \('x'\) and 2 more"):
        parse_dates(pd.Series(["x"] * 7))


def test_missing_and_empty_values_stay_missing():
    parsed = parse_dates(pd.Series([None, "", pd.NA, "2025"]))
    assert parsed["earliest"].isna().tolist() == [True, True, True, False]
    assert parsed["latest"].isna().tolist() == [True, True, True, False]
    assert parsed["precision"].isna().tolist() == [True, True, True, False]


def test_no_values_give_no_rows_with_the_same_columns():
    parsed = parse_dates(pd.Series([], dtype="string"))
    assert list(parsed.columns) == ["earliest", "latest", "precision"]
    assert parsed.empty


def test_the_index_and_dtypes_are_kept():
    parsed = parse_dates(pd.Series(["2025-01-01", "2024"], index=[7, 3]))
    assert parsed.index.tolist() == [7, 3]
    assert parsed["earliest"].dtype == np.dtype("datetime64[ns]")
    assert parsed["latest"].dtype == np.dtype("datetime64[ns]")
    assert parsed["precision"].dtype == pd.StringDtype()


def test_datetimes_are_taken_by_their_days():
    parsed = parse_dates(pd.Series(pd.to_datetime(["2025-01-01 17:30", None])))
    assert parsed["earliest"].tolist() == [pd.Timestamp("2025-01-01"), pd.NaT]
    assert parsed["precision"].tolist() == ["day", pd.NA]


@given(st.lists(st.dates(dt.date(1678, 1, 1), dt.date(2261, 12, 31)), min_size=1, max_size=20))
def test_bounds_agree_with_the_calendar(days):
    whole = parse_dates(pd.Series([day.isoformat() for day in days]))
    month = parse_dates(pd.Series([day.isoformat()[:7] for day in days]))
    year = parse_dates(pd.Series([day.isoformat()[:4] for day in days]))
    for i, day in enumerate(days):
        last = calendar.monthrange(day.year, day.month)[1]
        assert whole["earliest"][i].date() == whole["latest"][i].date() == day
        assert (month["earliest"][i].date(), month["latest"][i].date()) == (
            day.replace(day=1),
            day.replace(day=last),
        )
        assert (year["earliest"][i].date(), year["latest"][i].date()) == (
            dt.date(day.year, 1, 1),
            dt.date(day.year, 12, 31),
        )


@given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True))
def test_a_day_is_read_if_and_only_if_the_calendar_has_it(text):
    try:
        known = dt.date.fromisoformat(text) if 1678 <= int(text[:4]) <= 2261 else None
    except ValueError:
        known = None
    if known is None:
        with pytest.raises(InvalidRecords):
            parse_dates(pd.Series([text]))
    else:
        assert parse_dates(pd.Series([text]))["earliest"][0].date() == known
