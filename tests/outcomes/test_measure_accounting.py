"""No subject disappears from a measure: each is analysed, or excluded with the reason."""

from __future__ import annotations

import pytest
from tests.support.measured_trial import HOME, NRS, measured_outcomes, measured_study, scored
from tests.support.outcome_trial import rows

from skeletal.errors import InvalidStudy

SUBJECTS = ["A", "B", "C", "D", "E"]
START = {"B": None, "C": "2025-01", "D": 40}
STATUS = [("A", "alive", 300), ("D", "died", 30), ("E", "alive", 300)]


def outcomes(measure, **tables):
    study = measured_study(measure, more=tables.pop("more", ""))
    return measured_outcomes(study, subjects=SUBJECTS, start=START, status=STATUS, **tables)


def test_subjects_without_time_zero_or_dead_before_it_are_listed_with_the_reason():
    found = outcomes(NRS, answers=scored(("A", 30, 4)))
    assert set(found.measure("nrs")["subject_id"]) == {"A", "E"}
    out = found.exclusions.query("estimand == 'nrs'")
    assert rows(out, "subject_id", "arm", "reason") == [
        ("B", "new", "no randomised_date"),
        ("C", "old", "incomplete randomised_date"),
        ("D", "new", "Death before randomisation"),
    ]


def test_the_accounting_of_a_measure_closes():
    found = outcomes(HOME, stays=[("A", 5, 8)])
    account = found.measure_accounting()
    columns = ["measure", "arm", "unit", "n_randomised", "n_analysed", "n_excluded"]
    assert list(account.columns) == columns
    assert rows(account, *columns) == [
        ("home", "old", "subject", 3, 2, 1),
        ("home", "new", "subject", 2, 0, 2),
    ]


def test_lesions_are_counted_and_a_subject_without_any_is_an_exclusion_only():
    found = outcomes(
        NRS,
        more='unit = "lesion"',
        answers=scored(("A", 30, 4, "L1")),
        lesions=[("A", "L1", True), ("A", "L2", True), ("B", "L1", True), ("E", "L1", False)],
    )
    out = found.exclusions.query("estimand == 'nrs'")
    assert rows(out, "subject_id", "lesion_id", "reason") == [
        ("B", "L1", "no randomised_date"),
        ("C", None, "no lesion of this endpoint"),
        ("D", None, "no lesion of this endpoint"),
        ("E", None, "no lesion of this endpoint"),
    ]
    account = found.measure_accounting()
    assert rows(account, "arm", "unit", "n_randomised", "n_analysed", "n_excluded") == [
        ("old", "lesion", 2, 2, 0),
        ("new", "lesion", 1, 0, 1),
    ]


def test_a_measure_may_not_have_the_name_of_an_estimand():
    text = HOME.replace("measures.home", "measures.competing")
    with pytest.raises(InvalidStudy, match="'competing' has the name of an estimand"):
        measured_study(text)


def test_a_study_without_measures_has_an_empty_account():
    study = measured_study("")
    assert measured_outcomes(study, subjects=["A"], status=STATUS[:1]).measure_accounting().empty
