"""Tables become records by one door, which names every fault at once."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from skeletal.errors import InvalidRecords
from skeletal.records import make_records


def problems(tables, **options):
    with pytest.raises(InvalidRecords) as error:
        make_records(tables, **options)
    return error.value.problems


def test_columns_get_the_dtype_of_their_kind(tables, study):
    records = make_records(tables, study=study)
    assert records.subjects["age"].tolist() == [63.0, 70.5, 58.0]
    assert records.subjects["subject_id"].tolist() == ["001", "002", "003"]
    assert records["events"]["symptomatic"].tolist() == [True, True, pd.NA]
    assert records["assessments"]["done"].tolist() == [True, True, False]
    assert records["events"]["date"].tolist() == ["2025-03-01", "2025-04-01", "2025-05"]
    dtypes = records["events"].dtypes
    assert (dtypes["date"], dtypes["symptomatic"]) == (pd.StringDtype(), pd.BooleanDtype())
    assert records.subjects["age"].dtype == np.dtype("float64")


def test_source_and_row_are_added_where_absent_and_kept_where_given(tables):
    records = make_records({**tables, "stays": tables["stays"].assign(source="HO", source_row="17")})
    assert records["events"]["source"].tolist() == ["events"] * 3
    assert records["events"]["source_row"].tolist() == [1, 2, 3]
    assert records["stays"][["source", "source_row"]].iloc[0].tolist() == ["HO", 17]


@pytest.mark.parametrize("number", ["x", "1.5", None])
def test_a_source_row_that_is_no_row_number_is_refused(tables, number):
    found = problems({**tables, "stays": tables["stays"].assign(source_row=[number])})
    assert found == ("stays, column 'source_row': must be whole row numbers in every row",)


def test_the_input_is_not_changed(tables):
    before = {name: frame.copy() for name, frame in tables.items()}
    make_records(tables)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_digests_notes_and_cutoff_are_kept(tables):
    records = make_records(tables, digests={"a.csv": "00"}, notes=["n"], data_cutoff=dt.date(2025, 9, 1))
    assert (dict(records.digests), records.notes) == ({"a.csv": "00"}, ("n",))
    assert records.data_cutoff == dt.date(2025, 9, 1)


def test_numeric_identifiers_become_text_without_decimals(tables):
    stays = pd.DataFrame({"subject_id": [1.0, np.nan, 3.0], "admission_date": ["2025-01-01"] * 3})
    found = problems({**tables, "stays": stays})
    (problem,) = found
    assert problem == ("stays, column 'subject_id': empty in 1 row: row 2; fill in 'subject_id' in every row")
    records = make_records({**tables, "stays": stays.dropna()})
    assert records["stays"]["subject_id"].tolist() == ["1", "3"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "2", None], [1.0, 2.0, None]),
        (["007", "1"], ["007", "1"]),
        (["1.5e3", "-2"], [1500.0, -2.0]),
        (["true", "False", None], [True, False, None]),
        (["NA", "1"], ["NA", "1"]),
        ([True, None, False], [True, None, False]),
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        ([None, None], [None, None]),
        (["", "x"], [None, "x"]),
    ],
)
def test_undeclared_columns_are_kept_with_the_kind_their_values_show(values, expected):
    n = len(values)
    subjects = pd.DataFrame(
        {
            "subject_id": [str(i) for i in range(n)],
            "arm": "a",
            "randomised_date": "2025-01-01",
            "stratum": values,
        }
    )
    kept = make_records({"subjects": subjects}).subjects["stratum"]
    assert [None if pd.isna(value) else value for value in kept] == expected


def test_an_undeclared_column_named_date_must_hold_dates(tables):
    subjects = tables["subjects"].assign(scan_date=["2025", "2025-01-01", "soon"])
    (problem,) = problems({**tables, "subjects": subjects})
    assert problem == (
        "subjects, column 'scan_date': values that are not dates in 1 row: row 3 ('soon'); write ISO 8601: "
        "2025-03-15, or 2025-03 or 2025 where the rest is not known"
    )


@pytest.mark.parametrize("value", ["true", "TRUE", "1", "yes", "Yes", "Y", "y", "1.0"])
def test_words_for_true(tables, value):
    events = tables["events"].assign(symptomatic=value)
    assert make_records({**tables, "events": events})["events"]["symptomatic"].tolist() == [True] * 3


@pytest.mark.parametrize("value", ["false", "FALSE", "0", "no", "N", "0.0"])
def test_words_for_false(tables, value):
    events = tables["events"].assign(symptomatic=value)
    assert make_records({**tables, "events": events})["events"]["symptomatic"].tolist() == [False] * 3


FAULTS = [
    ("subjects", "age", "sixty", "values that are not numbers in 1 row: row 2 ('sixty'); write digits"),
    ("subjects", "age", "1,5", "values that are not numbers in 1 row: row 2 ('1,5')"),
    ("subjects", "age", "inf", "values that are not numbers"),
    ("subjects", "age", "nan", "values that are not numbers"),
    ("subjects", "age", "0x1F", "values that are not numbers"),
    ("subjects", "age", "1_000", "values that are not numbers"),
    ("subjects", "age", "1e999", "values that are not numbers"),
    ("subjects", "randomised_date", "2025-02-30", "values that are not dates in 1 row: row 2 ('2025-02-30')"),
    ("subjects", "randomised_date", "05/02/2025", "values that are not dates"),
    ("assessments", "done", "maybe", "values that are neither true nor false in 1 row: row 2 ('maybe')"),
    ("assessments", "done", "2", "values that are neither true nor false"),
    (
        "disposition",
        "status",
        "dead",
        "values that are not allowed in 1 row: row 2 ('dead'); write one of alive",
    ),
    ("subjects", "arm", "activ", "arms that the study does not have in 1 row: row 2 ('activ'); the arms are"),
    ("subjects", "arm", None, "empty in 1 row: row 2"),
    ("subjects", "subject_id", "", "empty in 1 row: row 2"),
    (
        "subjects",
        "subject_id",
        "001",
        "subjects listed before in 1 row: row 2 ('001'); keep one row a subject",
    ),
]


@pytest.mark.parametrize(("table", "column", "value", "message"), FAULTS)
def test_a_bad_value_is_named_with_table_column_row_and_remedy(tables, study, table, column, value, message):
    frame = tables[table]
    frame.loc[1, column] = value
    (problem,) = problems(tables, study=study)
    assert problem.startswith(f"{table}, column {column!r}: {message}")


@pytest.mark.parametrize(
    ("table", "column", "value", "meant"),
    [("subjects", "arm", "Active", "active"), ("disposition", "status", "withdrawn", "withdrew")],
)
def test_a_near_value_is_suggested(tables, study, table, column, value, meant):
    tables[table].loc[0, column] = value
    (problem,) = problems(tables, study=study)
    assert problem.endswith(f"Did you mean {meant!r}?")


@pytest.mark.parametrize("column", ["age", "ecog"])
def test_an_infinite_number_is_refused(tables, column):
    subjects = tables["subjects"].assign(**{column: [1.0, np.inf, 2.0]})
    (problem,) = problems({**tables, "subjects": subjects})
    assert "row 2 (inf)" in problem


def test_numbers_in_a_date_column_are_not_guessed(tables):
    subjects = tables["subjects"].assign(randomised_date=[2013.0, 2014.0, 2015.0])
    (problem,) = problems({**tables, "subjects": subjects})
    assert "values that are not dates in 3 rows: row 1 (2013.0)" in problem


def test_a_missing_required_column_suggests_what_is_there(tables):
    subjects = tables["subjects"].rename(columns={"subject_id": "subjectid"})
    (problem,) = problems({**tables, "subjects": subjects})
    assert problem.startswith("subjects: required column 'subject_id' is missing (found subjectid, arm,")
    assert problem.endswith("Did you mean 'subjectid'?")


def test_arms_are_not_checked_without_a_study(tables):
    tables["subjects"].loc[0, "arm"] = "other"
    assert make_records(tables).subjects["arm"][0] == "other"


def test_an_unknown_table_is_refused_with_the_nearest_name(tables):
    assert problems({**tables, "event": tables["events"]}) == (
        "there is no record table 'event'. Did you mean 'events'?",
    )


def test_subjects_are_required(tables):
    del tables["subjects"]
    (problem,) = problems(tables)
    assert "there is no table 'subjects'" in problem


def test_subjects_must_have_rows(tables):
    assert problems({"subjects": tables["subjects"].iloc[:0]}) == (
        "subjects: no rows; one for each randomised subject is required",
    )


def test_other_tables_may_have_no_rows(tables):
    records = make_records({**tables, "events": tables["events"].iloc[:0]})
    assert records["events"].empty
    assert records["events"]["symptomatic"].dtype == pd.BooleanDtype()


def test_a_column_named_twice_is_refused(tables):
    doubled = pd.concat([tables["stays"], tables["stays"][["place"]]], axis=1)
    (problem,) = problems({**tables, "stays": doubled})
    assert problem == "stays: columns named more than once: place; keep one of each"


def test_all_problems_of_all_tables_come_together(tables, study):
    tables["subjects"].loc[0, "age"] = "x"
    tables["subjects"].loc[1, "arm"] = "x"
    tables["events"].loc[2, "date"] = "x"
    tables["stays"] = tables["stays"].drop(columns="admission_date")
    found = problems(tables, study=study)
    assert len(found) == 4
    with pytest.raises(InvalidRecords) as error:
        make_records(tables, study=study)
    assert str(error.value).splitlines() == list(found)
