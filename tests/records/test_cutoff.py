"""The trial as known on a date: nothing later leaks."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from tests.support.tiny_trial import TABLES

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.records import cut_records, make_records, parse_dates


def clean():
    return {name: pd.DataFrame(columns, dtype="string") for name, columns in TABLES.items()}


def cut(tables, day):
    return cut_records(make_records(tables), dt.date.fromisoformat(day))


def test_subjects_randomised_later_are_not_there(tables):
    assert cut(tables, "2025-03-04").subjects["subject_id"].tolist() == ["001", "002"]
    assert cut(tables, "2025-03-05").subjects["subject_id"].tolist() == ["001", "002", "003"]


def test_rows_of_subjects_randomised_later_are_not_there(tables):
    tables["lesions"].loc[0, "subject_id"] = "003"
    assert cut(tables, "2025-03-04")["lesions"]["subject_id"].tolist() == ["002"]


def test_screening_does_not_tell_who_will_be_randomised(tables):
    screening = cut(tables, "2025-01-05")["screening"]
    assert screening["randomised"].tolist() == [True, pd.NA, pd.NA, False]
    assert len(cut(tables, "2025-01-05")["screening"]) == 4


def test_people_screened_later_are_not_there(tables):
    tables["screening"].loc[3, "date"] = "2025-02-01"
    assert cut(tables, "2025-01-31")["screening"]["screening_id"].tolist() == ["001", "002", "003"]


@pytest.mark.parametrize(
    ("table", "day", "rows"),
    [
        ("events", "2025-03-02", []),  # on 2025-03-01, reported on 2025-03-03
        ("events", "2025-03-03", [1]),
        ("events", "2025-05-19", [1, 2]),  # 2025-05 may be known by its date, but is reported on 2025-05-20
        ("events", "2025-05-20", [1, 2, 3]),
        ("assessments", "2025-03-05", [1, 2]),
        ("stays", "2025-03-02", []),
        ("stays", "2025-03-03", [1]),
        ("therapies", "2025-02-19", []),
        ("therapies", "2025-02-20", [1]),
        ("disposition", "2025-05-31", [1]),
        ("disposition", "2025-06-01", [1, 2]),
        ("procedures", "2025-03-01", []),
        ("procedures", "2025-03-02", [1]),
        ("lesions", "2025-03-02", [1, 2]),
    ],
)
def test_rows_of_later_days_are_gone(tables, table, day, rows):
    assert cut(tables, day)[table]["source_row"].tolist() == rows


def test_a_death_reported_after_the_cut_has_not_happened(tables):
    tables["disposition"] = tables["disposition"].assign(reported_date=["", "2025-06-05", "", ""])
    assert "died" not in cut(tables, "2025-06-04")["disposition"]["status"].tolist()
    assert "died" in cut(tables, "2025-06-05")["disposition"]["status"].tolist()


def test_a_performance_after_the_cut_is_blank_with_its_dose(tables):
    row = cut(tables, "2025-04-15")["procedures"].iloc[1]
    assert row["indicated_date"] == "2025-04-10"
    assert row[["performed_date", "dose_gy", "fractions"]].isna().all()
    row = cut(tables, "2025-04-20")["procedures"].iloc[1]
    assert row[["performed_date", "dose_gy", "fractions"]].tolist() == ["2025-04-20", 8.0, 1.0]


@pytest.mark.parametrize(
    ("table", "column", "day", "kept"),
    [
        ("stays", "discharge_date", "2025-03-12", False),
        ("stays", "discharge_date", "2025-03-13", True),
        ("therapies", "stop_date", "2025-06-19", False),
        ("therapies", "stop_date", "2025-06-20", True),
    ],
)
def test_an_end_after_the_cut_is_blank(tables, table, column, day, kept):
    assert cut(tables, day)[table][column].notna().tolist() == [kept]


def test_a_treatment_after_the_cut_is_blank(tables):
    assert cut(tables, "2025-02-07").subjects["treatment_date"].tolist() == ["2025-01-05", pd.NA]


@pytest.mark.parametrize("column", ["reference_end_date", "last contact"])
def test_other_columns_with_dates_do_not_leak(tables, column):
    tables["subjects"][column] = ["2025-06-01", "2025-03-20", "2025-02"]
    records = cut(tables, "2025-04-01")
    assert records.subjects[column].isna().tolist() == [True, False, False]
    assert f"subjects.{column}: 1 dates later than 2025-04-01 made missing" in records.notes


def test_numbers_that_look_like_years_are_no_dates(tables):
    tables["subjects"]["code"] = ["2031", "2032", "x"]
    tables["subjects"]["room"] = ["2031-05", "2032", "x"]
    records = cut(tables, "2025-04-01")
    assert records.subjects["code"].tolist() == ["2031", "2032", "x"]
    assert records.subjects["room"].tolist() == ["2031-05", "2032", "x"]


@pytest.mark.parametrize(("day", "kept"), [("2025-04-30", False), ("2025-05-01", True)])
def test_a_partial_date_stays_from_its_first_possible_day(tables, day, kept):
    tables["events"] = tables["events"].drop(columns="reported_date")
    assert ("2025-05" in cut(tables, day)["events"]["date"].tolist()) == kept


def test_the_cutoff_is_the_earlier_of_both(tables):
    early, late = dt.date(2025, 4, 1), dt.date(2025, 5, 1)
    records = make_records(tables)
    assert cut_records(records, late).data_cutoff == late
    assert cut_records(cut_records(records, late), early).data_cutoff == early
    assert cut_records(cut_records(records, early), late).data_cutoff == early


def test_what_was_taken_is_noted(tables):
    assert cut(tables, "2025-03-13").notes == (
        "events: 2 rows later than 2025-03-13 left out",
        "procedures: 1 rows later than 2025-03-13 left out",
        "assessments: 1 rows later than 2025-03-13 left out",
        "therapies.stop_date: 1 dates later than 2025-03-13 made missing",
        "disposition: 4 rows later than 2025-03-13 left out",
    )


def test_the_records_are_not_changed(tables):
    records = make_records(tables)
    before = {name: frame.copy() for name, frame in records.tables.items()}
    cut_records(records, dt.date(2025, 3, 5))
    for name, frame in records.tables.items():
        assert_frame_equal(frame, before[name])


def test_a_moment_is_cut_at_its_day(tables):
    records = make_records(tables)
    moment = cut_records(records, dt.datetime(2025, 3, 3, 17, 30))
    for name in records.tables:
        assert_frame_equal(moment[name], cut_records(records, dt.date(2025, 3, 3))[name])


@pytest.mark.parametrize("date", ["2025-03-05", 20250305, None, pd.NaT])
def test_what_is_no_date_is_refused(tables, date):
    with pytest.raises(InvalidArgument, match="date must be a date"):
        cut_records(make_records(tables), date)


def test_a_cut_before_the_first_subject_is_refused(tables):
    with pytest.raises(InvalidRecords, match="no subject was randomised on or before 2025-01-04"):
        cut(tables, "2025-01-04")


days = st.dates(dt.date(2025, 1, 5), dt.date(2025, 8, 1))
cells = st.one_of(st.none(), days.map(str), days.map(lambda day: str(day)[:7]), st.just("2025"))


@st.composite
def records_with_any_dates(draw):
    """Draw the clean trial with other dates, some partial, some missing, in any order."""
    chosen = ("subjects", "screening", "events", "procedures", "stays", "disposition")
    tables = {name: frame for name, frame in clean().items() if name in chosen}
    tables["subjects"]["reference_end_date"] = tables["subjects"]["treatment_date"]
    tables["subjects"]["seen"] = tables["subjects"]["treatment_date"]
    for name, frame in tables.items():
        for column in frame.columns:
            if column == "seen" or (
                column.endswith("date") and (name, column) != ("subjects", "randomised_date")
            ):
                drawn = draw(st.lists(cells, min_size=len(frame), max_size=len(frame)))
                frame[column] = pd.array(drawn, dtype="string")
    return make_records(tables)


@settings(max_examples=20, deadline=None)
@given(records=records_with_any_dates(), one=days, other=days)
def test_cutting_twice_is_cutting_at_the_earlier_date(records, one, other):
    late, early = max(one, other), min(one, other)
    direct = cut_records(records, early)
    for twice in (cut_records(cut_records(records, late), early), cut_records(direct, late)):
        assert twice.data_cutoff == early
        assert list(twice.tables) == list(direct.tables)
        for name in direct.tables:
            assert_frame_equal(twice[name], direct[name])


@settings(max_examples=12, deadline=None)
@given(records=records_with_any_dates(), day=days)
def test_no_date_after_the_cut_is_left(records, day):
    for frame in cut_records(records, day).tables.values():
        for column in frame.columns:
            if column.endswith("date"):
                assert not (parse_dates(frame[column])["earliest"] > pd.Timestamp(day)).any()
