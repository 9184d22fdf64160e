"""What is missing or impossible leaves a criterion open; it never decides one and never crashes."""

from __future__ import annotations

import functools

import pytest
from tests.scores.test_eligibility_hermes import TRIAL as HERMES
from tests.scores.test_eligibility_perform import TRIAL as PERFORM
from tests.scores.test_eligibility_rfa_ba import TRIAL as RFA_BA
from tests.scores.test_eligibility_rt_vertebroplasty import TRIAL as RT_VERTEBROPLASTY
from tests.support.eligibility_cases import DROP, frame

from skeletal.records import make_records
from skeletal.scores import assess_eligibility

TRIALS = {"hermes": HERMES, "perform": PERFORM, "rfa-ba": RFA_BA, "rt-vertebroplasty": RT_VERTEBROPLASTY}
KEYS = {"subject_id", "lesion_id", "arm", "randomised_date"}
INPUTS = [
    (name, unit, column)
    for name, trial in TRIALS.items()
    for unit, row in (("subject", trial.subject), ("lesion", trial.lesion))
    for column in row
    if column not in KEYS
]


def assessed(trial, unit, column, value):
    change = {column: value}
    return trial.assess(subject=change) if unit == "subject" else trial.assess(lesions=(change,))


# A column of each kind: numbers, limits, flags, labels, dates, and what each score is made of.
ABSENT = [
    each
    for each in INPUTS
    if (each[0], each[1]) == ("hermes", "lesion")
    or each[2]
    in {
        "age",
        "sex",
        "kps",
        "ecog",
        "primary_tumour",
        "ast_uln",
        "laboratory_date",
        "weight_kg",
        "creatinine",
    }
    or each[2] in {"prior_rt_levels", "femoral_head_involved", "region", "vertebral_level"}
]


@functools.cache
def statuses(name):
    return TRIALS[name].assess().criteria["status"].to_numpy()


def check_only_opened(name, criteria, subject):
    """Check that criteria are as with complete records or open, and that the verdict follows."""
    old, new = statuses(name), criteria["status"].to_numpy()
    assert ((new == old) | (new == "not_assessable")).all()
    complete = bool((new == old).all())
    assert subject["status"] == ("eligible" if complete else "not assessable")
    assert ("cannot be assessed" in subject["reasons"]) is not complete


@pytest.mark.parametrize(("name", "unit", "column"), ABSENT)
def test_an_absent_column_opens_criteria_and_decides_none(name, unit, column):
    found = assessed(TRIALS[name], unit, column, DROP)
    check_only_opened(name, found.criteria, found.subjects.iloc[0])


@pytest.mark.parametrize("name", TRIALS)
def test_a_missing_value_opens_criteria_and_decides_none(name):
    trial, inputs = TRIALS[name], [(unit, column) for own, unit, column in INPUTS if own == name]
    subjects, lesions = [], []
    for number, (unit, column) in enumerate(inputs):
        label = {"subject_id": f"S{number:04}"}
        subjects.append(trial.subject | label | ({column: None} if unit == "subject" else {}))
        lesions.append(trial.lesion | label | ({column: None} if unit == "lesion" else {}))
    found = assess_eligibility(
        make_records({"subjects": frame(subjects), "lesions": frame(lesions)}), trial.study
    )
    for label, criteria in found.criteria.groupby("subject_id"):
        check_only_opened(name, criteria, found.subjects.set_index("subject_id").loc[label])


@pytest.mark.parametrize(
    ("name", "unit", "column", "value", "words"),
    [
        ("hermes", "subject", "age", 999, "age 999 is not from 0 to 140"),
        ("hermes", "lesion", "pain_nrs", -1, "pain score -1 is not from 0 to 10"),
        ("perform", "subject", "age", 1e6, "age 1000000 is not from 0 to 140"),
        ("perform", "lesion", "bone_loss_percent", -9, "bone loss percent -9 is not from 0 to 100"),
        (
            "perform",
            "subject",
            "life_expectancy_months",
            -1,
            "life expectancy in months -1 is not at least 0",
        ),
        ("rfa-ba", "subject", "ast", -1, "AST -1 is not at least 0"),
        ("rfa-ba", "subject", "bilirubin", -9, "bilirubin -9 is not at least 0"),
        ("rfa-ba", "lesion", "pain_nrs", 99, "pain score 99 is not from 0 to 10"),
        ("rt-vertebroplasty", "lesion", "pain_nrs", 11, "pain score 11 is not from 0 to 10"),
    ],
)
def test_a_number_that_cannot_be_is_not_assessable(name, unit, column, value, words):
    subject = assessed(TRIALS[name], unit, column, value).subjects.iloc[0]
    assert subject["status"] == "not assessable"
    assert words in subject["reasons"]


@pytest.mark.parametrize(("name", "column"), [("hermes", "pain_nrs"), ("rfa-ba", "pain_nrs")])
@pytest.mark.parametrize("value", [0, 10])
def test_the_ends_of_a_scale_are_values(name, column, value):
    statuses = assessed(TRIALS[name], "lesion", column, value).criteria["status"]
    assert "not_assessable" not in set(statuses)


def test_ecog_below_0_does_not_make_a_subject_eligible():
    # Karnofsky status 50 fails the other branch of inclusion 7.
    assert RT_VERTEBROPLASTY.status_of("I7", {"ecog": -1, "kps": 50}) == "not_assessable"
    assert RT_VERTEBROPLASTY.status_of("I7", {"ecog": 0, "kps": 50}) == "met"


@pytest.mark.parametrize("column", ["weight_kg", "creatinine", "creatinine_unit", "sex", "age"])
@pytest.mark.parametrize("value", [DROP, None])
def test_clearance_without_one_of_its_inputs_is_open(column, value):
    # Creatinine of 1.9 is above 1.5 times 1.2: the clearance has to decide.
    change = {"creatinine": 1.9, "weight_kg": 90} | {column: value}
    assert RFA_BA.status_of("I4.7", change) == "not_assessable"
