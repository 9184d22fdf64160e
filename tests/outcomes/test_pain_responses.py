"""The table pain_responses: baseline, doses, lesions and subjects; components that read it; refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.measured_trial import (
    PAIN,
    answer_rows,
    measured_outcomes,
    measured_records,
    measured_study,
)
from tests.support.outcome_trial import iso, only, rows, small_study

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.outcomes import derive_outcomes
from skeletal.outcomes.pain import COLUMNS, with_pain_responses
from skeletal.records import make_records, write_records

LESION = 'unit = "lesion"'
NO_DOSE = 'missing_omed = "none"'


def scored(*values):
    return answer_rows(values, "BPI", "worst_pain")


def responses(*values, more="", rules="", doses=(), **tables):
    study = measured_study(PAIN, more=more, rules=rules)
    tables.setdefault("lesions", [("A", "L1", True), ("A", "L2", True), ("A", "L3", False)])
    records = measured_records(study, answers=scored(*values), doses=doses, **tables)
    return with_pain_responses(records, study)["pain_responses"]


def test_one_row_a_score_after_time_zero_with_its_record():
    doses = [("A", 1, 40.0), ("A", 31, 40.0)]
    found = responses(("A", -5, 3), ("A", 1, 7), ("A", 31, 5, None, "Month 1"), doses=doses)
    assert list(found.columns) == COLUMNS
    expected = ("pain", "A", None, iso(31), "Month 1", "partial", iso(1), 5, 7, 40, 40, True, False)
    names = "measure subject_id lesion_id date visit response baseline_date pain baseline_pain"
    shown = only(found, *names.split(), "omed_mg", "baseline_omed_mg", "responder", "flare")
    assert shown == expected
    assert only(found, "source", "source_row") == ("questionnaires", 3)


def test_without_a_pain_measure_nothing_is_added():
    study = small_study()
    records = measured_records(study)
    assert with_pain_responses(records, study) is records


@pytest.mark.parametrize(
    ("baseline_day", "rules", "expected"),
    [
        (1, "", "partial"),
        (-27, "", "partial"),  # 28 days before day 1
        (-28, "", None),
        (-28, "baseline_window_days = 29", "partial"),
        (2, "", None),  # after time zero: an assessment, not a baseline
    ],
)
def test_the_baseline_lies_in_its_window_and_nothing_takes_its_place(baseline_day, rules, expected):
    found = responses(("A", baseline_day, 7), ("A", 40, 5), rules=f"{NO_DOSE}\n{rules}")
    assert rows(found, "response")[-1] == (expected,)


def test_the_highest_score_of_a_day_counts():
    found = responses(("A", 1, 4), ("A", 1, 7, None, "Screening"), ("A", 40, 3), ("A", 40, 5), rules=NO_DOSE)
    assert only(found, "baseline_pain", "pain", "source_row") == (7, 5, 4)


@pytest.mark.parametrize(
    ("doses", "rules", "expected"),
    [
        ([(40, 10.0)], "", 10),
        ([(37, 10.0)], "", 10),
        ([(36, 10.0)], "", None),
        ([(36, 10.0)], "omed_window_days = 4", 10),
        ([(39, 10.0), (41, 20.0)], "", 10),  # as near: the earlier
        ([(38, 10.0), (41, 20.0)], "", 20),
        ([(40, 10.0), (40, 30.0)], "", 30),  # of one day the highest
        ([(40, None), (43, 5.0)], "", 5),
    ],
)
def test_the_dose_of_the_nearest_day_counts(doses, rules, expected):
    given_doses = [("A", 1, 10.0), ("B", 40, 99.0), *(("A", *dose) for dose in doses)]
    found = responses(("A", 1, 7), ("A", 40, 5), doses=given_doses, rules=rules, subjects=("A", "B"))
    assert only(found, "omed_mg") == (expected,)


@pytest.mark.parametrize(("day", "expected"), [(1, 10), (0, 10), (2, None)])
def test_the_dose_of_the_baseline_lies_not_after_time_zero(day, expected):
    found = responses(("A", 1, 7), ("A", 40, 5), doses=[("A", day, 10.0)])
    assert only(found, "baseline_omed_mg") == (expected,)


def test_missing_doses_are_indeterminate_or_taken_as_none():
    scores = [("A", 1, 7), ("A", 40, 5)]
    assert only(responses(*scores), "response", "responder") == ("indeterminate", False)
    assert only(responses(*scores, rules=NO_DOSE), "response", "responder") == ("partial", True)


def test_of_unit_lesion_each_target_lesion_has_its_own_response():
    scores = [("A", 1, 8, "L1"), ("A", 1, 5, "L2"), ("A", 1, 9, "L3"), ("A", 1, 9)]
    scores += [("A", 40, 0, "L1"), ("A", 40, 7, "L2"), ("A", 40, 0, "L3"), ("A", 40, 0)]
    found = responses(*scores, more=LESION, rules=NO_DOSE)
    assert rows(found, "lesion_id", "response") == [("L1", "complete"), ("L2", "progression")]


def test_lesions_of_the_measure_are_an_option():
    scores = [("A", 1, 9, "L3"), ("A", 40, 0, "L3")]
    assert responses(*scores, more=LESION, rules=NO_DOSE).empty
    found = responses(*scores, more=LESION + "\nlesions = {}", rules=NO_DOSE)
    assert rows(found, "lesion_id", "response") == [("L3", "complete")]


BOTH = [("A", 1, 8, "L1"), ("A", 1, 5, "L2")]


@pytest.mark.parametrize(
    ("later", "worst", "every"),
    [
        ([(4, "L1"), (5, "L2")], "partial", "indeterminate"),
        ([(4, "L1"), (3, "L2")], "partial", "partial"),
        ([(0, "L1"), (0, "L2")], "complete", "complete"),
        ([(0, "L1"), (2, "L2")], "partial", "partial"),
        ([(4, "L1"), (7, "L2")], "indeterminate", "progression"),
        ([(4, "L1")], None, None),  # the other lesion may hurt more
        ([(3, "L2")], None, None),
        ([(7, "L2")], None, "progression"),
        ([(10, "L1"), (5, "L2"), (0, "L3")], "progression", "progression"),
    ],
)
def test_of_unit_subject_the_worst_or_all_lesions_decide(later, worst, every):
    scores = [*BOTH, *(("A", 40, *each) for each in later)]
    assert only(responses(*scores, rules=NO_DOSE), "lesion_id", "response") == (None, worst)
    found = responses(*scores, rules=f'{NO_DOSE}\nsubject_pain = "all"')
    assert only(found, "response") == (every,)


def test_a_painless_lesion_need_not_respond_but_can_progress():
    scores = [("A", 1, 8, "L1"), ("A", 1, 0, "L2"), ("A", 40, 3, "L1")]
    rules = f'{NO_DOSE}\nsubject_pain = "all"'
    assert only(responses(*scores, ("A", 40, 1, "L2"), rules=rules), "response") == ("partial",)
    assert only(responses(*scores, ("A", 40, 2, "L2"), rules=rules), "response") == ("progression",)


def test_the_worst_of_a_day_is_the_record_behind_the_response():
    found = responses(*BOTH, ("A", 40, 3, "L1"), ("A", 40, 5, "L2"), rules=NO_DOSE)
    assert only(found, "pain", "baseline_pain", "source_row") == (5, 8, 4)


def test_a_lesion_without_a_baseline_does_not_count_beside_one_that_has():
    found = responses(("A", 1, 8, "L1"), ("A", 40, 4, "L1"), ("A", 40, 9, "L2"), rules=NO_DOSE)
    assert only(found, "pain", "response") == (4, "partial")


def test_scores_of_the_subject_go_before_those_of_lesions():
    found = responses(*BOTH, ("A", 1, 6), ("A", 40, 9, "L1"), ("A", 41, 4), rules=NO_DOSE)
    assert rows(found, "date", "response") == [(iso(41), "partial")]


def test_a_score_without_a_whole_date_has_no_response_but_stays():
    found = responses(("A", 1, 8), ("A", "2025-03", 0), rules=NO_DOSE)
    assert only(found, "date", "response", "responder", "source_row") == ("2025-03", None, None, 2)


@pytest.mark.parametrize(
    ("day", "more", "expected"),
    [
        (11, "", True),
        (12, "", False),
        (12, "flare_within_days = 11", True),
        (11, "flare_within_days = 9", False),
    ],
)
def test_a_flare_is_a_progression_soon_after_time_zero(day, more, expected):
    found = responses(("A", 1, 5), ("A", day, 7), more=more, rules=NO_DOSE)
    assert only(found, "response", "flare") == ("progression", expected)


def test_time_zero_of_the_measure_counts():
    study = measured_study(PAIN, more='time_zero = "treatment_date"', rules=NO_DOSE)
    records = measured_records(study, answers=scored(("A", 15, 8), ("A", 40, 5)), doses=[])
    subjects = records.subjects.assign(treatment_date=pd.array([iso(20)], dtype="string"))
    tables = {**records.tables, "subjects": subjects}
    found = with_pain_responses(make_records(tables, study=study), study)["pain_responses"]
    assert only(found, "baseline_date", "response") == (iso(15), "partial")


RESPONSE = """
[components.response]
label = "Pain response"
table = "pain_responses"
where = { measure = "pain", response = ["complete", "partial"] }
[endpoints.response]
label = "Pain response"
components = ["response"]
"""


def test_an_endpoint_reads_the_time_to_a_response():
    study = measured_study(PAIN, rules=NO_DOSE, extra=RESPONSE)
    answers = scored(("A", 1, 8), ("A", 20, 7), ("A", 40, 5), ("A", 60, 0), ("B", 1, 8), ("B", 50, 8))
    outcomes = measured_outcomes(
        study, answers=answers, doses=[], subjects=("A", "B"), visits=[("A", 70), ("B", 80)]
    )
    found = outcomes.first("response")
    assert rows(found, "subject_id", "time", "status", "source", "source_row") == [
        ("A", 40, 1, "questionnaires", 3),
        ("B", 80, 0, "assessments", 2),
    ]


def test_derived_tables_are_not_written_with_the_records(tmp_path):
    study = measured_study(PAIN, rules=NO_DOSE)
    records = measured_records(study, answers=scored(("A", 1, 8)), doses=[], status=[("A", "alive", 90)])
    outcomes = derive_outcomes(records, study)
    assert "pain_responses" not in outcomes.records
    written = write_records(with_pain_responses(records, study), tmp_path)
    assert "pain_responses.csv" not in {path.name for path in written}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"doses": []}, "measure 'pain' needs table 'questionnaires' .BPI worst_pain."),
        ({"answers": scored(("A", 1, 8))}, "measure 'pain' needs table 'analgesics' .opioid dose."),
        ({"answers": scored(("A", 1, 8, "L1")), "doses": []}, "measure 'pain' needs table 'lesions'"),
        (
            {"answers": scored(("A", 1, 11)), "doses": []},
            r"1 value\(s\) of BPI worst_pain outside 0 to 10 .of A.",
        ),
        ({"answers": scored(("A", 1, 8)), "doses": [("A", 1, -1.0)]}, r"dose\(s\) below 0 .of A."),
    ],
)
def test_records_that_lack_or_contradict_are_refused(tables, message):
    study = measured_study(PAIN)
    with pytest.raises(InvalidRecords, match=message):
        measured_outcomes(study, status=[("A", "alive", 90)], **tables).measure("pain")


def test_a_lesion_measure_needs_lesions_in_the_scores():
    study = measured_study(PAIN, more=LESION, rules=NO_DOSE)
    answers = scored(("A", 1, 8)).drop(columns="lesion_id")
    with pytest.raises(InvalidRecords, match="needs column 'lesion_id' of table 'questionnaires'"):
        measured_outcomes(study, answers=answers, lesions=[("A", "L1", True)], status=[("A", "alive", 90)])


@pytest.mark.parametrize(
    ("where", "message"),
    [('{ response = "partial" }', "name the measure"), ('{ measure = "pian" }', "did you mean 'pain'")],
)
def test_a_component_names_a_pain_measure(where, message):
    text = RESPONSE.replace('{ measure = "pain", response = ["complete", "partial"] }', where)
    with pytest.raises(InvalidStudy, match=message):
        measured_study(PAIN, extra=text)


SCORES = st.lists(
    st.tuples(
        st.sampled_from(["A", "B"]),
        st.integers(-20, 90),
        st.integers(0, 10),
        st.sampled_from([None, "L1", "L2"]),
    ),
    max_size=12,
)


@given(SCORES, st.randoms(use_true_random=False), st.sampled_from(["worst", "all"]))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_and_other_instruments_change_nothing(scores, random, pain):
    study = measured_study(PAIN, rules=f'{NO_DOSE}\nsubject_pain = "{pain}"')
    lesions = [(who, lesion, True) for who in "AB" for lesion in ("L1", "L2")]
    answers = scored(*scores).assign(source_row=np.arange(len(scores)))
    order = random.sample(range(len(scores)), len(scores))
    other = scored(("A", 1, 3)).assign(instrument="NRS", source_row=99)
    shuffled = pd.concat([answers.take(order), other], ignore_index=True)
    first, second = (
        with_pain_responses(
            measured_records(study, answers=each, doses=[], lesions=lesions, subjects=("A", "B")), study
        )["pain_responses"]
        for each in (answers, shuffled)
    )
    pd.testing.assert_frame_equal(first, second)
