"""The trial as known on a date: nothing later leaks."""

import datetime as dt

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.records import cut_records, cut_removals, make_records


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
    assert screening["randomised"].tolist() == [True, False, False, False]
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
    assert f"Cut at 2025-04-01: subjects.{column}: 1 values made missing (a later date)" in records.notes


def test_numbers_that_look_like_years_are_no_dates(tables):
    tables["subjects"]["code"] = ["2031", "2032", "x"]
    tables["subjects"]["room"] = ["2031-05", "2032", "x"]
    records = cut(tables, "2025-04-01")
    assert records.subjects["code"].tolist() == ["2031", "2032", "x"]
    assert records.subjects["room"].tolist() == ["2031-05", "2032", "x"]


@pytest.mark.parametrize(("day", "kept"), [("2025-05-30", False), ("2025-05-31", True)])
def test_a_partial_date_counts_from_its_last_possible_day(tables, day, kept):
    tables["events"] = tables["events"].drop(columns="reported_date")
    assert ("2025-05" in cut(tables, day)["events"]["date"].tolist()) == kept


@pytest.mark.parametrize(("day", "kept"), [("2025-05-19", False), ("2025-05-20", True)])
def test_a_partial_date_is_known_when_it_was_reported(tables, day, kept):
    assert ("2025-05" in cut(tables, day)["events"]["date"].tolist()) == kept


@pytest.mark.parametrize(("day", "kept"), [("2025-05-30", False), ("2025-05-31", True)])
def test_a_partial_report_counts_from_its_last_possible_day(tables, day, kept):
    tables["events"].loc[1, "reported_date"] = "2025-05"
    assert (2 in cut(tables, day)["events"]["source_row"].tolist()) == kept


def test_the_cutoff_is_the_earlier_of_both(tables):
    early, late = dt.date(2025, 4, 1), dt.date(2025, 5, 1)
    records = make_records(tables)
    assert cut_records(records, late).data_cutoff == late
    assert cut_records(cut_records(records, late), early).data_cutoff == early
    assert cut_records(cut_records(records, early), late).data_cutoff == early


def test_what_was_taken_is_noted(tables):
    assert cut(tables, "2025-03-13").notes == (
        "Cut at 2025-03-13: events: 2 rows left out (dated later)",
        "Cut at 2025-03-13: procedures: 1 rows left out (dated later)",
        "Cut at 2025-03-13: assessments: 1 rows left out (dated later)",
        "Cut at 2025-03-13: disposition: 4 rows left out (dated later)",
        "Cut at 2025-03-13: therapies.stop_date: 1 values made missing (a later date)",
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


def test_an_event_without_a_date_is_known_from_its_report(tables):
    tables["events"].loc[1, "date"] = ""
    assert 2 not in cut(tables, "2025-04-01")["events"]["source_row"].tolist()
    assert 2 in cut(tables, "2025-04-02")["events"]["source_row"].tolist()


def test_an_event_without_any_date_is_not_known_before_its_last_negative_assessment(tables):
    tables["events"].loc[0, ["date", "reported_date"]] = ""
    assert 1 not in cut(tables, "2025-01-31")["events"]["source_row"].tolist()
    assert 1 in cut(tables, "2025-02-01")["events"]["source_row"].tolist()


def test_a_verdict_is_known_from_its_date_with_all_that_names_it(tables):
    tables["events"]["adjudicated"] = ["true", "", ""]
    tables["events"]["adjudicated_date"] = ["2025-03-20", "", ""]
    tables["events"]["adjudicated_component"] = ["fracture", "", ""]
    columns = ["adjudicated", "adjudicated_date", "adjudicated_component"]
    assert cut(tables, "2025-03-19")["events"].loc[0, columns].isna().all()
    assert cut(tables, "2025-03-20")["events"].loc[0, columns].tolist() == [True, "2025-03-20", "fracture"]


def test_a_partial_verdict_counts_from_its_last_possible_day(tables):
    tables["events"]["adjudicated"] = ["true", "", ""]
    tables["events"]["adjudicated_date"] = ["2025-03", "", ""]
    assert cut(tables, "2025-03-30")["events"].loc[0, "adjudicated"] is pd.NA
    assert cut(tables, "2025-03-31")["events"].loc[0, "adjudicated"]


def test_a_verdict_without_date_is_as_old_as_its_event(tables):
    tables["events"]["adjudicated"] = ["true", "", ""]
    assert cut(tables, "2025-03-03")["events"].loc[0, "adjudicated"]


@pytest.mark.parametrize(
    ("table", "date", "column"),
    [
        ("stays", "discharge_date", "discharge_to"),
        ("therapies", "stop_date", "stop_reason"),
        ("assessments", "result_date", "result"),
        ("assessments", "result_reported_date", "result"),
        ("events", "adjudicated_date", "adjudicated_by"),
        ("events", "adjudicated_date", "adjudication_comment"),
        ("disposition", "cause_date", "cause"),
        ("subjects", "death_date", "death_cause"),
        ("subjects", "treatment_date", "treatment_site"),
        ("stays", "bone_related_date", "bone_related"),
        ("procedures", "performed_date", "performed_by"),
        ("lesions", "last_imaging_date", "last_imaging_result"),
    ],
)
def test_what_is_known_with_a_date_goes_with_it(tables, table, date, column):
    n = len(tables[table])
    tables[table][date] = ["2025-07-02"] * n
    tables[table][column] = ["true"] * n
    before, after = cut(tables, "2025-07-01")[table], cut(tables, "2025-07-02")[table]
    assert len(before) == len(after) == n
    assert before[[date, column]].isna().all(axis=None)
    assert after[[date, column]].notna().all(axis=None)


def test_consent_to_screening_is_known_from_its_date(tables):
    tables["screening"]["consent_date"] = ["2025-01-04", "2025-01-08", "", ""]
    tables["screening"]["consented"] = ["yes", "yes", "yes", "no"]
    assert cut(tables, "2025-01-05")["screening"]["consented"].tolist() == [True, pd.NA, True, False]


def test_the_screening_log_is_linked_by_the_screening_number_of_subjects(tables):
    tables["subjects"]["screening_id"] = ["S-1", "S-2", "S-3"]
    tables["screening"]["screening_id"] = ["S-1", "S-2", "S-3", "S-4"]
    tables["screening"]["subject_id"] = ["001", "002", "003", ""]
    screening = cut(tables, "2025-02-05")["screening"]
    assert screening["randomised"].tolist() == [True, True, False, False]
    assert screening["subject_id"].tolist() == ["001", "002", pd.NA, pd.NA]


def test_nobody_in_the_screening_log_differs_by_being_randomised_later(tables):
    tables["screening"].loc[3, "randomised"] = ""
    tables["screening"].loc[2, "randomised"] = ""
    assert cut(tables, "2025-01-05")["screening"]["randomised"].tolist() == [True, False, pd.NA, pd.NA]


@pytest.mark.parametrize(
    "column", ["date", "detected_date", "diagnosed_date", "diagnosis_date", "reported_date"]
)
def test_lesions_found_later_are_not_there(tables, column):
    tables["lesions"][column] = ["2025-04-01", ""]
    assert cut(tables, "2025-03-31")["lesions"]["subject_id"].tolist() == ["002"]
    assert cut(tables, "2025-04-01")["lesions"]["subject_id"].tolist() == ["001", "002"]


def test_a_lesion_found_later_is_not_named(tables):
    tables["lesions"]["detected_date"] = ["2025-04-01", ""]
    tables["events"].loc[1, "lesion_id"] = "L1"  # the lesion of that name of another subject
    assert cut(tables, "2025-03-31")["events"]["lesion_id"].tolist() == [pd.NA]
    assert cut(tables, "2025-04-02")["events"]["lesion_id"].tolist() == ["L1", "L1"]


@pytest.mark.parametrize("column", ["event_id", "related_event_id"])
def test_an_event_reported_later_is_not_named(tables, column):
    tables["procedures"][column] = ["1", ""]
    assert cut(tables, "2025-03-02")["procedures"][column].isna().tolist() == [True]
    assert cut(tables, "2025-03-03")["procedures"][column].isna().tolist() == [False]


def test_a_name_that_never_had_a_row_stays(tables):
    tables["procedures"]["related_event_id"] = ["E77", ""]
    assert cut(tables, "2025-03-02")["procedures"]["related_event_id"].tolist() == ["E77"]


@pytest.mark.parametrize(
    ("table", "column"),
    [("subjects", "remark"), ("disposition", "reason"), ("disposition", "cause"), ("assessments", "result")],
)
def test_a_later_day_within_a_text_does_not_leak(tables, table, column):
    n = len(tables[table])
    tables[table][column] = ["died 2025-07-09 at home"] * n
    assert cut(tables, "2025-07-08")[table][column].isna().all()
    assert cut(tables, "2025-07-09")[table][column].notna().all()


def test_names_with_a_day_in_them_stay(tables):
    tables["lesions"]["lesion_id"] = ["L-2026-01-01", "L1"]
    tables["events"]["lesion_id"] = ["L-2026-01-01", "", ""]
    records = cut(tables, "2025-03-10")
    assert records["lesions"]["lesion_id"].tolist() == ["L-2026-01-01", "L1"]
    assert records["events"]["lesion_id"].tolist() == ["L-2026-01-01"]


@pytest.mark.parametrize(
    "table", ["lesions", "procedures", "assessments", "stays", "therapies", "disposition", "subjects"]
)
def test_any_table_may_say_when_a_row_was_reported(tables, table):
    tables[table]["reported_date"] = ["2025-07-10"] + ["2025-01-01"] * (len(tables[table]) - 1)
    assert 1 not in cut(tables, "2025-07-09")[table]["source_row"].tolist()
    assert 1 in cut(tables, "2025-07-10")[table]["source_row"].tolist()


def test_what_is_taken_out_is_counted_by_table_and_reason(tables):
    tables["events"]["adjudicated"] = ["true", "", ""]
    tables["events"]["adjudicated_date"] = ["2025-04-01", "", ""]
    tables["procedures"]["related_event_id"] = ["", "1"]
    found = cut_removals(make_records(tables), dt.date(2025, 3, 4))
    assert list(found.columns) == ["table", "column", "reason", "n"]
    assert [tuple(row) for row in found.to_numpy()] == [
        ("subjects", "", "dated later", 1),
        ("events", "", "dated later", 2),
        ("procedures", "", "of a subject randomised later", 1),
        ("assessments", "", "of a subject randomised later", 1),
        ("assessments", "", "dated later", 1),
        ("disposition", "", "of a subject randomised later", 1),
        ("disposition", "", "dated later", 3),
        ("events", "adjudicated_date", "a later date", 1),
        ("events", "adjudicated", "known with a later adjudicated_date", 1),
        ("stays", "discharge_date", "a later date", 1),
        ("therapies", "stop_date", "a later date", 1),
        ("screening", "randomised", "randomised later", 1),
    ]


def test_a_cut_after_everything_takes_nothing_out(tables):
    records = make_records(tables)
    assert cut_removals(records, dt.date(2026, 1, 1)).empty
    assert cut_records(records, dt.date(2026, 1, 1)).notes == records.notes


@pytest.mark.parametrize("date", ["2025-03-05", None])
def test_counting_what_is_taken_out_needs_a_date(tables, date):
    with pytest.raises(InvalidArgument, match="date must be a date"):
        cut_removals(make_records(tables), date)
