"""Cockcroft and Gault: the three ways that umol/L enter, against values worked by hand."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skeletal.errors import InvalidArgument
from skeletal.scores import cockcroft_gault

WOMAN = {"age": 25, "weight_kg": 60, "creatinine": 88.4, "sex": "female", "unit": "umol/L"}


def clearance(**changes):
    return cockcroft_gault(**(WOMAN | changes))["clearance_ml_min"].item()


@pytest.mark.parametrize(
    ("conversion", "female", "male"),
    [
        # 115 * 60 / 72 = 95.8333; times 0.85 = 81.4583
        ("88.4", 115 * 60 / 72 * 0.85, 115 * 60 / 72),
        # 115 * 60 * 1.04 / 88.4 = 81.1765 and 1.23: 96.0068
        ("1.04-1.23", 115 * 60 * 1.04 / 88.4, 115 * 60 * 1.23 / 88.4),
        # 115 * 60 / (0.81 * 88.4) = 96.3634; times 0.85 = 81.9089
        ("0.81", 115 * 60 / (0.81 * 88.4) * 0.85, 115 * 60 / (0.81 * 88.4)),
    ],
)
def test_reference_subject_in_each_conversion(conversion, female, male):
    assert clearance(conversion=conversion) == pytest.approx(female, rel=1e-12)
    assert clearance(conversion=conversion, sex="male") == pytest.approx(male, rel=1e-12)


def test_printed_values_of_the_reference_subject():
    printed = {"88.4": 81.46, "1.04-1.23": 81.18, "0.81": 81.91}
    assert {name: round(clearance(conversion=name), 2) for name in printed} == printed


def test_mg_per_dl_is_the_published_formula_and_default_conversion_agrees():
    assert clearance(creatinine=1.0, unit="mg/dL") == pytest.approx(clearance(), rel=1e-12)
    assert clearance(creatinine=2.0, unit="mg/dL") == pytest.approx(
        clearance(creatinine=1.0, unit="mg/dL") / 2
    )
    for conversion in ("88.4", "1.04-1.23", "0.81"):
        assert clearance(creatinine=1.0, unit="mg/dL", conversion=conversion) == clearance(
            creatinine=1.0, unit="mg/dL"
        )


def test_the_conversion_can_pass_a_limit_of_45():
    values = {name: clearance(creatinine=160, conversion=name) for name in ("88.4", "1.04-1.23", "0.81")}
    assert values["1.04-1.23"] < 45 < values["88.4"] < values["0.81"]


def test_units_and_choices_stand_in_the_result():
    row = cockcroft_gault(**WOMAN, conversion="0.81", weight="adjusted").iloc[0]
    assert row[["unit", "conversion", "weight"]].tolist() == ["umol/L", "0.81", "adjusted"]
    assert row["clearance_ml_min"] == clearance(conversion="0.81")


@pytest.mark.parametrize("name", ["age", "weight_kg", "creatinine", "sex"])
@pytest.mark.parametrize("unit", ["mg/dL", "umol/L"])
@pytest.mark.parametrize("conversion", ["88.4", "1.04-1.23", "0.81"])
def test_a_missing_input_leaves_it_open(name, unit, conversion):
    assert math.isnan(clearance(**{name: None}, unit=unit, conversion=conversion))


@given(
    age=st.floats(0, 139),
    weight=st.floats(1, 300),
    level=st.floats(10, 2000),
    sex=st.sampled_from(["female", "male"]),
)
def test_conversions_differ_by_less_than_one_percent(age, weight, level, sex):
    inputs = {"age": age, "weight_kg": weight, "creatinine": level, "sex": sex}
    values = [clearance(**inputs, conversion=name) for name in ("88.4", "1.04-1.23", "0.81")]
    assert max(values) <= 1.01 * min(values)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"age": 141}, "age must be numbers from 0 to 140"),
        ({"weight_kg": 0}, "weight_kg must be above 0"),
        ({"creatinine": 0}, "creatinine must be above 0"),
        ({"creatinine": -1}, "creatinine must be numbers of at least 0"),
        ({"sex": "F"}, "sex: 1 value.*'female', 'male'"),
        ({"unit": "mg"}, "unit must be one of 'mg/dL', 'umol/L'"),
        ({"conversion": "88"}, "conversion must be one of"),
        ({"weight": "dry"}, "weight must be one of"),
    ],
)
def test_inputs_are_checked(changes, message):
    with pytest.raises(InvalidArgument, match=message):
        clearance(**changes)
