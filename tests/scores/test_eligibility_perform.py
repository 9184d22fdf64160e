"""NCT06863129: each criterion met, not met and missing; unclear places."""

from __future__ import annotations

import pytest
from tests.support.eligibility_cases import Trial

TRIAL = Trial(
    "perform",
    {"age": 70, "life_expectancy_months": 12, "perioperative_risk": "low", "surgery_decided": True},
    {
        "bone": "femur",
        "region": "femoral_neck, intertrochanteric",
        "bone_loss_percent": 50,
        "femoral_head_involved": "no",
        "resection_indicated": "no",
    },
)

CASES = [
    ("I0", {"age": 18}, "met"),
    ("I0", {"age": 17}, "not_met"),
    ("I0", {"age": None}, "not_assessable"),
    ("I1", {"life_expectancy_months": 6}, "met"),
    ("I1", {"life_expectancy_months": 5.9}, "not_met"),
    ("I1", {"life_expectancy_months": None}, "not_assessable"),
    ("I2", {"region": "femoral_neck"}, "met"),
    ("I2", {"region": "intertrochanteric"}, "met"),
    ("I2", {"region": "subtrochanteric; shaft"}, "met"),
    ("I2", {"region": "shaft"}, "not_met"),
    ("I2", {"bone": "tibia"}, "not_met"),
    ("I2", {"region": None}, "not_assessable"),
    ("I2", {"region": "hip"}, "not_assessable"),
    ("I3", {"perioperative_risk": "low"}, "met"),
    ("I3", {"perioperative_risk": "intermediate"}, "met"),
    ("I3", {"perioperative_risk": "high"}, "not_met"),
    ("I3", {"perioperative_risk": "moderate"}, "not_assessable"),
    ("I4", {"bone_loss_percent": 24.9}, "not_met"),
    ("I4", {"bone_loss_percent": 25}, "met"),
    ("I4", {"bone_loss_percent": 75}, "met"),
    ("I4", {"bone_loss_percent": 75.1}, "not_met"),
    ("I4", {"bone_loss_percent": None}, "not_assessable"),
    ("I5", {"surgery_decided": True}, "met"),
    ("I5", {"surgery_decided": False}, "not_met"),
    ("I5", {"surgery_decided": None}, "not_assessable"),
    ("E1", {"region": "femoral_neck"}, "met"),
    ("E1", {"region": "femoral_neck+intertrochanteric"}, "not_met"),
    ("E1", {"region": "subtrochanteric"}, "not_met"),
    ("E1", {"region": None}, "not_assessable"),
    ("E1", {"region": "femoral_neck, intertroch"}, "not_assessable"),
    ("E2", {}, "not_met"),
    ("E2", {"femoral_head_involved": "yes"}, "met"),
    ("E2", {"region": "femoral_neck, femoral_head", "femoral_head_involved": None}, "met"),
    ("E2", {"femoral_head_involved": None}, "not_assessable"),
    ("E3", {"perioperative_risk": "high"}, "met"),
    ("E3", {"perioperative_risk": "intermediate"}, "not_met"),
    ("E3", {"perioperative_risk": None}, "not_assessable"),
    ("E4", {"resection_indicated": "yes"}, "met"),
    ("E4", {}, "not_met"),
    ("E4", {"resection_indicated": None}, "not_assessable"),
]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][0]}-{number}")
def test_criterion(number):
    assert TRIAL.statuses(CASES)[number] == CASES[number][2], CASES[number]


def test_every_criterion_has_a_case_of_each_status():
    seen = {(criterion, status) for criterion, _, status in CASES}
    ids = {criterion.id for criterion in TRIAL.study.eligibility} - {"lesion"}
    assert seen == {(name, status) for name in ids for status in ("met", "not_met", "not_assessable")}


@pytest.mark.parametrize(
    ("lesion", "status"),
    [
        ({}, "eligible"),
        ({"region": "femoral_neck"}, "not eligible"),
        ({"bone_loss_percent": None}, "not assessable"),
        ({"bone_loss_percent": None, "resection_indicated": "yes"}, "not eligible"),
    ],
)
def test_the_lesion_decides_the_subject(lesion, status):
    assert TRIAL.verdict(lesions=[lesion]) == status


READINGS = [
    ("bone_loss_limits", "excluded", "I4", {"bone_loss_percent": 25}, "met", "not_met"),
    ("bone_loss_limits", "excluded", "I4", {"bone_loss_percent": 75}, "met", "not_met"),
    ("bone_loss_limits", "excluded", "I4", {"bone_loss_percent": 74.9}, "met", "met"),
    ("isolated_femoral_neck", "included", "E1", {"region": "femoral_neck"}, "met", "not_met"),
    ("isolated_femoral_neck", "included", "I2", {"region": "femoral_neck"}, "met", "met"),
]


@pytest.mark.parametrize(("option", "choice", "criterion", "change", "default", "other"), READINGS)
def test_a_reading_changes_its_criterion(option, choice, criterion, change, default, other):
    assert TRIAL.status_of(criterion, change) == default
    assert TRIAL.status_of(criterion, change, readings={option: choice}) == other


@pytest.mark.parametrize(
    ("option", "choice", "own"),
    [("bone_loss_limits", "excluded", "I4"), ("isolated_femoral_neck", "included", "E1")],
)
def test_a_reading_changes_nothing_else(option, choice, own):
    found = TRIAL.statuses(CASES, ((option, choice),))
    assert {case[0] for case, status in zip(CASES, found, strict=True) if status != case[2]} == {own}
