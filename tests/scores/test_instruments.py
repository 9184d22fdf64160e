"""Scores of questionnaires from their items, worked out by hand from the published formulas."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeletal.errors import InvalidArgument
from skeletal.scores import bpi, eq5d_index, msts, pain_band, qlq_bm22, read_value_set, tess
from skeletal.scores.scales import scale_of

LOWER = ["pain", "function", "emotional_acceptance", "supports", "walking", "gait"]
UPPER = ["pain", "function", "emotional_acceptance", "hand_positioning", "dexterity", "lifting"]
INTERFERENCE = ["general_activity", "mood", "walking", "work", "relations", "sleep", "enjoyment"]
EQ5D = ["mobility", "self_care", "usual_activities", "pain", "anxiety"]


def numbered(values):
    return pd.DataFrame([values], columns=[str(item) for item in range(1, len(values) + 1)])


def one(result):
    return result.item() if isinstance(result, pd.Series) else result.iloc[0].to_dict()


@pytest.mark.parametrize(
    ("values", "version", "expected"),
    [
        ([5] * 30, "lower", 100.0),
        ([1] * 30, "lower", 0.0),
        ([3] * 29, "upper", 50.0),
        ([4] * 10 + [2] * 10, "lower", 50.0),  # (60 - 20) / 80
        ([5] * 15 + [np.nan] * 15, "lower", 100.0),
        ([5] * 14 + [np.nan] * 16, "lower", np.nan),
        ([4] * 32, "lower", 75.0),
    ],
)
def test_tess_by_hand(values, version, expected):
    assert one(tess(numbered(values), version)) == pytest.approx(expected, nan_ok=True)


def test_tess_least_answered_changes_the_answer():
    few = numbered([5] * 6)
    assert np.isnan(one(tess(few, "lower")))
    assert one(tess(few, "lower", least_answered=0.2)) == 100


def test_tess_version_decides_how_many_are_half():
    answers = numbered([5] * 14 + [4])
    assert one(tess(answers, "upper")) == pytest.approx(100 * (74 - 15) / 60)
    assert np.isnan(one(tess(numbered([5] * 14), "lower")))


@pytest.mark.parametrize(
    ("version", "items", "values", "expected"),
    [
        ("lower", LOWER, [5, 5, 5, 5, 5, 5], 100.0),
        ("lower", LOWER, [3, 2, 1, 4, 5, 0], 50.0),
        ("upper", UPPER, [0, 0, 0, 0, 0, 3], 10.0),
        ("upper", UPPER, [5, 5, 5, 5, 5, np.nan], np.nan),
    ],
)
def test_msts_is_the_share_of_30_points(version, items, values, expected):
    assert one(msts(pd.DataFrame([values], columns=items), version)) == pytest.approx(expected, nan_ok=True)


def test_bm22_symptoms_are_high_and_functions_low_where_all_is_very_much():
    found = one(qlq_bm22(numbered([4] * 20 + [1, 1])))
    assert found == {
        "painful_sites": 100.0,
        "painful_characteristics": 100.0,
        "functional_interference": 0.0,
        "psychosocial_aspects": 0.0,
    }


def test_bm22_scales_have_5_3_8_and_6_items_in_order():
    values = [2] * 5 + [3] * 3 + [4] * 8 + [1] * 4 + [4] * 2
    found = one(qlq_bm22(numbered(values)))
    expected = {
        "painful_sites": 100 / 3,
        "painful_characteristics": 200 / 3,
        "functional_interference": 0.0,
        "psychosocial_aspects": 100.0,
    }
    assert found == pytest.approx(expected)


def test_bm22_reversed_items_change_the_answer():
    answers = numbered([1] * 22)
    assert one(qlq_bm22(answers))["psychosocial_aspects"] == pytest.approx(100 * (1 - 1 / 3))
    assert one(qlq_bm22(answers, reversed_items=()))["psychosocial_aspects"] == 100


def test_bm22_half_of_the_items_is_enough():
    found = one(qlq_bm22(numbered([4, 4, np.nan, np.nan, np.nan, 2, 2, np.nan] + [1] * 4)))
    assert np.isnan(found["painful_sites"])
    assert found["painful_characteristics"] == pytest.approx(100 / 3)
    assert found["functional_interference"] == 100
    assert np.isnan(found["psychosocial_aspects"])
    assert one(qlq_bm22(numbered([4, 4]), least_answered=0.4))["painful_sites"] == 100


def test_bpi_severity_needs_all_four_and_interference_half_of_seven():
    severity = {"worst_pain": 9, "least_pain": 1, "average_pain": 4, "current_pain": 2}
    four = dict(zip(INTERFERENCE[:4], [10, 0, 5, 5], strict=True))
    assert one(bpi(pd.DataFrame([severity | four]))) == {"severity": 4.0, "interference": 5.0}
    three = dict(zip(INTERFERENCE[:3], [10, 0, 5], strict=True))
    found = one(bpi(pd.DataFrame([{**severity, "least_pain": np.nan, **three}])))
    assert np.isnan(found["severity"])
    assert np.isnan(found["interference"])
    assert one(bpi(pd.DataFrame([three]), least_answered=0.4))["interference"] == 5


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ({}, ["none"] + ["mild"] * 4 + ["moderate"] * 2 + ["severe"] * 4),
        ({"mild_to": 5}, ["none"] + ["mild"] * 5 + ["moderate"] + ["severe"] * 4),
        ({"moderate_to": 7}, ["none"] + ["mild"] * 4 + ["moderate"] * 3 + ["severe"] * 3),
    ],
)
def test_pain_bands(cuts, expected):
    assert pain_band(range(11), **cuts).tolist() == expected


def test_pain_band_of_missing_pain_is_missing():
    assert pain_band([np.nan]).isna().all()


def test_pain_band_refuses_cut_offs_out_of_order():
    with pytest.raises(InvalidArgument, match="mild_to <= moderate_to"):
        pain_band(3, mild_to=7)


def write_value_set(path, levels, change=None):
    profiles = ["".join(digits) for digits in product("12345"[:levels], repeat=5)]
    frame = pd.DataFrame(
        {"profile": profiles, "value": [1 - sum(int(digit) - 1 for digit in item) / 10 for item in profiles]}
    )
    frame = frame if change is None else change(frame)
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("levels", [3, 5])
def test_eq5d_index_reads_the_value_set(tmp_path, levels):
    values = read_value_set(write_value_set(tmp_path / "set.csv", levels), levels)
    assert len(values) == levels**5
    answers = pd.DataFrame([[1, 1, 1, 1, 1], [1, 2, 3, 1, 1], [1, 2, np.nan, 1, 1]], columns=EQ5D)
    assert eq5d_index(answers, values).tolist()[:2] == pytest.approx([1.0, 0.7])
    assert eq5d_index(answers, values).isna().tolist() == [False, False, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="value"), "it lacks value and has 'profile'"),
        (lambda frame: frame.iloc[1:], r"1 profile\(s\) missing \(11111\)"),
        (lambda frame: pd.concat([frame, frame.iloc[:1]]), r"1 profile\(s\) more than once \(11111\)"),
        (lambda frame: frame.replace("11112", "11116"), "does not have .11116."),
        (lambda frame: frame.assign(value=["x", *frame["value"].iloc[1:]]), "no number .11111."),
        (lambda frame: frame.assign(value=["inf", *frame["value"].iloc[1:]]), "no number .11111."),
        (
            lambda frame: frame.set_axis(["profile;value", "x"], axis=1),
            "lacks profile and value and has 'prof",
        ),
    ],
)
def test_value_sets_that_cannot_be_used_are_refused(tmp_path, change, message):
    path = write_value_set(tmp_path / "set.csv", 3, change)
    with pytest.raises(InvalidArgument, match=message):
        read_value_set(path, 3)


def test_a_value_set_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InvalidArgument, match=r"'none.csv' in folder .*cannot be read: No such file"):
        read_value_set(tmp_path / "none.csv", 5)
    with pytest.raises(InvalidArgument, match="cannot be read: Is a directory"):
        read_value_set(tmp_path, 5)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InvalidArgument, match=r"value set 'empty.csv' is no csv file"):
        read_value_set(tmp_path / "empty.csv", 5)
    with pytest.raises(InvalidArgument, match="levels must be one of"):
        read_value_set(write_value_set(tmp_path / "set.csv", 3), 4)


def test_profiles_without_a_value_are_refused():
    with pytest.raises(InvalidArgument, match="no profile of the value set: 11114"):
        eq5d_index(pd.DataFrame([[1, 1, 1, 1, 4]], columns=EQ5D), pd.Series({"11111": 1.0}))
    with pytest.raises(InvalidArgument, match="anxiety is not there"):
        eq5d_index(pd.DataFrame([[1, 1, 1, 1]], columns=EQ5D[:4]), pd.Series({"11111": 1.0}))


@pytest.mark.parametrize(
    ("score", "answers"),
    [
        (lambda answers: tess(answers, "lower"), numbered([0])),
        (lambda answers: tess(answers, "lower"), numbered([2.5])),
        (lambda answers: msts(answers, "upper"), pd.DataFrame({"pain": [6]})),
        (qlq_bm22, numbered([5])),
        (bpi, pd.DataFrame({"worst_pain": [11]})),
    ],
)
def test_answers_outside_the_range_are_refused(score, answers):
    with pytest.raises(InvalidArgument, match=r"whole numbers from .* in row\(s\) 0 of item\(s\)"):
        score(answers)


@pytest.mark.parametrize(
    "score",
    [lambda answers: tess(answers, "lower"), lambda answers: msts(answers, "lower"), qlq_bm22, bpi],
)
def test_columns_that_are_no_items_are_refused(score):
    with pytest.raises(InvalidArgument, match="columns that are no items: colour"):
        score(pd.DataFrame({"colour": [1]}))


def test_options_are_checked():
    with pytest.raises(InvalidArgument, match="version must be one of"):
        tess(numbered([1]), "middle")
    with pytest.raises(InvalidArgument, match="version must be one of"):
        msts(pd.DataFrame({"pain": [1]}), "middle")
    with pytest.raises(InvalidArgument, match="least_answered must be"):
        tess(numbered([1]), "lower", least_answered=0)
    with pytest.raises(InvalidArgument, match="no items 1 that could be reversed"):
        qlq_bm22(numbered([1]), reversed_items=("1",))
    with pytest.raises(InvalidArgument, match="there is no scale 'BPI mood'"):
        scale_of("BPI", "mood")


@given(st.lists(st.integers(1, 5), min_size=30, max_size=30), st.permutations(range(30)))
@settings(max_examples=30, deadline=None)
def test_tess_lies_between_0_and_100_whatever_the_order_of_columns(values, order):
    answers = numbered(values)
    score = one(tess(answers, "lower"))
    assert 0 <= score <= 100
    assert one(tess(answers.iloc[:, order], "lower")) == pytest.approx(score)
    assert score == pytest.approx((sum(values) - 30) / 120 * 100)


def test_scales_by_hand_at_their_ends_and_at_the_half_rule():
    """A scale of 5, 3, 8 or 6 items needs 3, 2, 4 or 3; one less leaves no value."""

    def scales(answers):
        return qlq_bm22(pd.DataFrame([answers])).iloc[0].to_dict()

    def many(first, n, answer):
        return {str(item): answer for item in range(first, first + n)}

    for name, first, n, best in [
        ("painful_sites", 1, 3, 0),
        ("painful_characteristics", 6, 2, 0),
        ("functional_interference", 9, 4, 100),
        ("psychosocial_aspects", 17, 3, 100),
    ]:
        assert scales(many(first, n, 1))[name] == best
        assert scales(many(first, n, 4))[name] == 100 - best
        assert pd.isna(scales(many(first, n - 1, 1))[name])
    # four items at their worst, and the two positive ones at their best: mean (4 * 4 + 2 * 1) / 6 = 3
    assert scales(many(17, 6, 4))["psychosocial_aspects"] == pytest.approx(100 / 3)
    for version, n in (("lower", 30), ("upper", 29)):
        for answer, value in ((5, 100), (3, 50), (1, 0)):
            assert tess(pd.DataFrame([many(1, n, answer)]), version).item() == value
            assert tess(pd.DataFrame([many(1, 15, answer)]), version).item() == value
        assert pd.isna(tess(pd.DataFrame([many(1, 14, 5)]), version).item())
