"""Values at visits: which assessment is whose, and what became of the visits without one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.measured_trial import (
    CROSSOVER,
    NRS,
    PAIN,
    UNTIL,
    answer_rows,
    by_visit,
    measured_outcomes,
    measured_study,
    nrs,
    scored,
    statuses,
    values_of,
)
from tests.support.outcome_trial import iso, rows

from skeletal.errors import InvalidArgument, InvalidRecords, InvalidStudy

COLUMNS = [
    *("subject_id", "arm", "start_date", "visit", "planned_day", "date"),
    *("time", "value", "category", "status", "source", "source_row"),
]


def test_columns_and_rows_of_a_measure():
    frame = nrs(("A", 1, 5), ("A", 33, 3, None, "Month 1"))
    assert list(frame.columns) == COLUMNS
    assert frame["visit"].tolist() == ["Baseline", "Month 1", "Month 3", "Month 6"]
    assert frame["planned_day"].tolist() == [0, 30, 90, 180]
    assert rows(frame.iloc[1:2], "subject_id", "arm", "time", "value", "status", "source", "source_row") == [
        ("A", "old", 33, 3.0, "observed", "questionnaires", 2)
    ]
    assert frame["date"].iloc[1] == pd.Timestamp(iso(33))


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([("A", 31, 4)], (4, None)),
        ([("A", 21, 4)], (4, None)),  # first and last day of the window of Month 1
        ([("A", 41, 4)], (4, None)),
        ([("A", 20, 4)], (None, None)),
        ([("A", 42, 4)], (None, None)),
        ([("A", 20, 4, None, "Month 1")], (4, None)),  # it names the visit
        ([("A", 31, 4, None, "Month 3")], (None, 4)),
        ([("A", 31, 4, None, "Unplanned")], (4, None)),
        ([("A", 25, 4), ("A", 33, 6)], (6, None)),  # the nearer one
        ([("A", 29, 4), ("A", 33, 6)], (4, None)),  # as near: the earlier
        ([("A", 33, 6), ("A", 29, 4)], (4, None)),
        ([("A", "2025-02", 4, None, "Month 1")], (4, None)),
        ([("A", "2025-02", 4)], (None, None)),
        ([("A", "2025-02", 4, None, "Month 1"), ("A", 41, 5)], (5, None)),
    ],
)
def test_an_assessment_belongs_to_its_visit(scores, expected):
    found = values_of(*scores)
    assert (found["Month 1"], found["Month 3"]) == expected


def test_in_overlapping_windows_the_nearer_target_counts():
    extra = '[[visits]]\nname = "Week 6"\nday = 42\nwindow_before = 10\nwindow_after = 10\n'
    for day, name in ((36, "Month 1"), (37, "Month 1"), (38, "Week 6")):
        found = values_of(("A", day, 4), extra=extra)
        assert [key for key, value in found.items() if value is not None] == [name]


@pytest.mark.parametrize(
    ("scores", "more", "expected"),
    [
        ([("A", -5, 7), ("A", 1, 6)], "", 6),
        ([("A", 0, 7), ("A", 2, 6)], "", 7),
        ([("A", 5, 6, None, "Baseline")], "", None),  # after time zero
        ([("A", -27, 6)], "", 6),
        ([("A", -28, 6)], "", None),
        ([("A", -28, 6)], "baseline_window_days = 29", 6),
    ],
)
def test_the_baseline_is_the_last_score_to_time_zero(scores, more, expected):
    assert values_of(*scores, more=more)["Baseline"] == expected


def test_a_visit_on_day_0_is_the_baseline():
    extra = '[[visits]]\nname = "Start"\nday = 0\nwindow_before = 5\n'
    frame = nrs(("A", 0, 7), extra=extra)
    assert by_visit(frame, "value") == {"Start": 7, "Month 1": None, "Month 3": None, "Month 6": None}


def test_visits_at_which_it_is_not_read_take_no_assessment():
    found = values_of(("A", 31, 4, None, "Month 1"), ("A", 85, 5), more='visits = ["Month 3"]')
    assert found == {"Baseline": None, "Month 3": 5}


def test_statuses_without_an_assessment():
    assert statuses(("A", 95, 3), status=[("A", "alive", 300)]) == {
        "Baseline": "missing",
        "Month 1": "missing",
        "Month 3": "observed",
        "Month 6": "missing",
    }


@pytest.mark.parametrize(
    ("cutoff", "expected"), [(111, "missing"), (110, "not_due"), (40, "not_due"), (200, "missing")]
)
def test_a_visit_is_due_when_its_window_has_closed_by_the_cutoff(cutoff, expected):
    found = statuses(("A", 31, 3), top=f"data_cutoff = {iso(cutoff)}")
    assert (found["Month 1"], found["Month 3"]) == ("observed", expected)


def test_without_a_cutoff_the_last_day_of_any_record_is_it():
    found = statuses(("A", 31, 3), top="", status=[("A", "alive", 120)])
    assert (found["Month 3"], found["Month 6"]) == ("missing", "not_due")


def test_an_assessment_before_its_window_closes_counts():
    assert statuses(("A", 85, 3), top=f"data_cutoff = {iso(90)}")["Month 3"] == "observed"


@pytest.mark.parametrize(("day", "expected"), [(80, "death"), (111, "death"), (112, "missing")])
def test_a_death_by_the_end_of_the_window_is_no_dropout(day, expected):
    assert statuses(("A", 31, 3), status=[("A", "died", day)])["Month 3"] == expected


def test_a_death_counts_only_before_the_assessment():
    frame = nrs(("A", 85, 3), status=[("A", "died", 85)])
    assert by_visit(frame, "status")["Month 3"] == "observed"
    assert by_visit(frame, "status")["Month 6"] == "death"


def test_death_as_worst_value_leaves_visits_that_the_living_have_not_reached():
    options = {"status": [("A", "died", 60)], "more": 'death = "worst"', "top": f"data_cutoff = {iso(150)}"}
    frame = nrs(("A", 31, 3), **options)
    assert by_visit(frame, "status", "value") == {
        "Baseline": ("missing", None),
        "Month 1": ("observed", 3),
        "Month 3": ("death", 10),
        "Month 6": ("not_due", None),
    }
    assert by_visit(nrs(("A", 31, 3), **options | {"more": ""}), "value")["Month 3"] is None


def test_the_worst_value_is_an_option():
    found = values_of(more='death = "worst"\nworst_value = 12', status=[("A", "died", 20)])
    assert found["Month 1"] == 12


# --- units -------------------------------------------------------------------------------------------


def test_each_lesion_has_its_rows():
    frame = nrs(
        ("A", 31, 4, "L1"),
        ("A", 31, 6, "L2"),
        ("A", 31, 9, "L3"),
        more='unit = "lesion"\nvisits = ["Month 1"]\nbaseline_window_days = 0',
        lesions=[("A", "L1", True), ("A", "L2", True), ("A", "L3", False)],
        status=[("A", "alive", 50)],
    )
    assert list(frame.columns) == ["subject_id", "lesion_id", *COLUMNS[1:]]
    found = frame.loc[frame["visit"] == "Month 1"]
    assert rows(found, "lesion_id", "value") == [("L1", 4), ("L2", 6)]


def test_of_a_subject_the_worst_lesion_counts_unless_it_was_asked_itself():
    lesions = [("A", 31, 4, "L1"), ("A", 31, 6, "L2")]
    assert values_of(*lesions)["Month 1"] == 6
    assert values_of(*lesions, ("A", 31, 5))["Month 1"] == 5


def test_subjects_without_time_zero_are_not_analysed():
    frame = nrs(("A", 31, 4), subjects=("A", "B"), start={"B": "2025"})
    assert set(frame["subject_id"]) == {"A"}


def test_a_pain_response_at_a_visit():
    study = measured_study(PAIN, rules='missing_omed = "none"', more='death = "worst"')
    answers = answer_rows([("A", 1, 8), ("A", 31, 5), ("A", 91, 8)], "BPI", "worst_pain")
    outcomes = measured_outcomes(study, answers=answers, status=[("A", "died", 120)])
    assert by_visit(outcomes.measure("pain"), "value", "category", "status") == {
        "Month 1": (1, "partial", "observed"),
        "Month 3": (0, "indeterminate", "observed"),
        "Month 6": (0, None, "death"),
    }


def test_a_score_that_cannot_be_assessed_is_missing():
    study = measured_study(PAIN, rules='missing_omed = "none"')
    answers = answer_rows([("A", 31, 5)], "BPI", "worst_pain")
    outcomes = measured_outcomes(study, answers=answers, status=[("A", "alive", 120)])
    assert by_visit(outcomes.measure("pain"), "category", "status")["Month 1"] == (None, "missing")


# --- refusals ----------------------------------------------------------------------------------------


def test_unknown_measures_are_named():
    outcomes = measured_outcomes(measured_study(NRS), answers=scored(("A", 31, 4)))
    with pytest.raises(InvalidArgument, match="no measure 'pain'; the study has nrs"):
        outcomes.measure("pain")
    with pytest.raises(InvalidArgument, match="kind 'score', not pain_response"):
        outcomes.pain_course("nrs")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (None, "measure 'nrs' needs table 'questionnaires' .NRS."),
        (scored(("A", 31, 11)), r"1 value\(s\) of NRS pain outside 0 to 10 .of A."),
        (scored(("A", 31, 4), ("A", 31, 5)), "two different answers to one item on one day .pain; of A."),
    ],
)
def test_records_that_lack_or_contradict_are_refused(answers, message):
    with pytest.raises(InvalidRecords, match=message):
        measured_outcomes(measured_study(NRS), answers=answers).measure("nrs")


def test_a_measure_needs_the_table_of_its_intercurrent_event():
    extra = CROSSOVER.replace('"procedures"', '"therapies"').replace('"indicated_date"', '"start_date"')
    study = measured_study(NRS, more='intercurrent = { crossover = "hypothetical" }', extra=extra)
    with pytest.raises(InvalidRecords, match=r"measure 'nrs' needs table 'therapies' .Crossover."):
        measured_outcomes(study, answers=scored(("A", 31, 4)))


def test_a_measure_needs_its_time_zero():
    study = measured_study(NRS, more='time_zero = "treatment_date"')
    with pytest.raises(InvalidRecords, match="measure 'nrs' needs column 'treatment_date'"):
        measured_outcomes(study, answers=scored(("A", 31, 4)))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('collected_until_first = "sse"', "names endpoint 'sse', which is not declared"),
        ('visits = ["Month 9"]', "names visit 'Month 9'"),
        ('value_set = "set.csv"', "NRS has no value set"),
        ('version = "lower"', "NRS needs no version"),
        ('reversed_items = ["1"]', "reversed_items are of psychosocial_aspects"),
    ],
)
def test_measures_that_cannot_be_are_refused(more, message):
    with pytest.raises(InvalidStudy, match=message):
        measured_study(NRS, more=more)


SCORES = st.lists(
    st.tuples(st.sampled_from(["A", "B"]), st.integers(-20, 250), st.integers(0, 10)),
    max_size=10,
    unique_by=lambda row: row[:2],
)


@given(
    SCORES,
    st.integers(1, 250),
    st.integers(20, 250),
    st.integers(20, 260),
    st.sampled_from(["", 'death = "worst"']),
    st.randoms(use_true_random=False),
)
@settings(max_examples=15, deadline=None)
def test_every_unit_has_every_visit_once_and_a_value_only_where_one_counts(
    scores, event, death, cutoff, more, random
):
    study = measured_study(NRS, more=f"{UNTIL}\n{more}", top=f"data_cutoff = {iso(cutoff)}")
    tables = {"subjects": ("A", "B"), "events": [("A", "cord", event)], "status": [("A", "died", death)]}
    answers = scored(*scores).assign(source_row=np.arange(len(scores)))
    shuffled = answers.take(random.sample(range(len(scores)), len(scores)))
    frame = measured_outcomes(study, answers=answers, **tables).measure("nrs")
    assert frame.groupby("subject_id")["visit"].nunique().to_dict() == {"A": 4, "B": 4}
    observed = frame["status"] == "observed"
    assert frame.loc[observed, ["value", "source_row"]].notna().all(axis=None)
    assert not frame.loc[observed, "source_row"].duplicated().any()
    worst = (frame["status"] == "death") & (more != "")
    assert (frame["value"].notna() == observed | worst).all()
    assert frame.loc[frame["subject_id"] == "B", "status"].isin(["observed", "missing", "not_due"]).all()
    other = measured_outcomes(study, answers=shuffled, **tables).measure("nrs")
    pd.testing.assert_frame_equal(frame, other)


def test_without_a_cutoff_the_death_of_a_subject_without_lesion_ends_the_data_too():
    """S dies on day 250, after every other record: month 6 of the lesion of A was due by then."""
    found = nrs(
        ("A", 30, 4, "L1"),
        more='unit = "lesion"',
        top="",
        subjects=["A", "S"],
        lesions=[("A", "L1", True)],
        status=[("A", "alive", 60), ("S", "died", 250)],
    )
    assert by_visit(found, "status")["Month 6"] == "missing"
