"""Scales of questionnaires in the records: from items, or recorded as such."""

from __future__ import annotations

from itertools import product

import pandas as pd
import pytest
from tests.support.measured_trial import answer_rows, by_visit, measured_frame, measured_study

from skeletal.errors import InvalidRecords, InvalidStudy

SCORE = """
[measures.score]
kind = "score"
label = "Score"
paramcd = "SCORE"
instrument = "{instrument}"
scale = "{scale}"
"""
EQ5D = ("mobility", "self_care", "usual_activities", "pain", "anxiety")


def study_of(instrument, scale, more=""):
    return measured_study(SCORE.format(instrument=instrument, scale=scale).replace("{", "{{") + more)


def scored(instrument, scale, items, *, more="", day=31, status=(("A", "alive", 300),)):
    """Frame of subject A, who gave the items (name, value) on one day."""
    study = study_of(instrument, scale, more)
    answers = answer_rows([("A", day, value, None, None, item) for item, value in items], instrument, scale)
    return measured_frame(study, "score", answers=answers, status=status)


def value(*args, **options):
    return by_visit(scored(*args, **options), "value")["Month 1"]


def numbered(first, last, answer):
    return [(str(item), answer) for item in range(first, last + 1)]


@pytest.mark.parametrize(
    ("instrument", "scale", "more", "items", "expected"),
    [
        ("TESS", "total", 'version = "lower"', numbered(1, 30, 4), 75),
        ("TESS", "total", 'version = "upper"', numbered(1, 14, 4), None),
        ("TESS", "total", 'version = "upper"\nleast_answered = 0.4', numbered(1, 14, 4), 75),
        (
            "MSTS",
            "total",
            'version = "upper"',
            [(name, 3) for name in ("pain", "function", "dexterity")],
            None,
        ),
        ("QLQ-BM22", "painful_sites", "", numbered(1, 22, 2), 100 / 3),
        ("QLQ-BM22", "functional_interference", "", numbered(1, 22, 2), 200 / 3),
        ("QLQ-BM22", "psychosocial_aspects", "", numbered(17, 22, 1), 100 * (1 - 1 / 3)),
        ("QLQ-BM22", "psychosocial_aspects", "reversed_items = []", numbered(17, 22, 1), 100),
        ("BPI", "interference", "", [(name, 6) for name in ("mood", "walking", "work", "sleep")], 6),
        ("BPI", "worst_pain", "", [("worst_pain", 7), ("least_pain", 2), ("relief", 40)], 7),
        ("EQ-5D-5L", "vas", "", [("vas", 62), ("mobility", 2)], 62),
        ("QLQ-BM22", "painful_sites", "", [*numbered(1, 5, 4), ("painful_sites", 25)], 25),  # as recorded
    ],
)
def test_a_scale_comes_from_its_items_or_as_recorded(instrument, scale, more, items, expected):
    assert value(instrument, scale, items, more=more) == (expected and pytest.approx(expected))


def test_the_first_item_is_the_record_behind_a_score():
    frame = scored("QLQ-BM22", "painful_characteristics", [("9", 1), ("8", 2), ("7", 2)])
    assert by_visit(frame, "source", "source_row")["Month 1"] == ("questionnaires", 2)


def test_the_same_answer_twice_is_one():
    assert value("QLQ-BM22", "painful_characteristics", [("6", 2), ("6", 2), ("7", 3)]) == 50


@pytest.mark.parametrize(
    ("instrument", "scale", "more", "expected"),
    [
        ("TESS", "total", 'version = "lower"', 0),
        ("MSTS", "total", 'version = "lower"', 0),
        ("QLQ-BM22", "painful_sites", "", 100),
        ("QLQ-BM22", "psychosocial_aspects", "", 0),
        ("BPI", "severity", "", 10),
        ("EQ-5D-5L", "index", "", 0),
        ("EQ-5D-3L", "vas", "", 0),
        ("NRS", "pain", "", 10),
    ],
)
def test_the_worst_value_follows_the_direction_of_the_scale(instrument, scale, more, expected):
    frame = scored(instrument, scale, [], more=f'{more}\ndeath = "worst"', status=[("A", "died", 20)])
    assert by_visit(frame, "status", "value")["Month 1"] == ("death", expected)


def value_set(path):
    profiles = ["".join(digits) for digits in product("12345", repeat=5)]
    values = [1 - sum(int(digit) - 1 for digit in item) / 10 for item in profiles]
    pd.DataFrame({"profile": profiles, "value": values}).to_csv(path, index=False)
    return f"value_set = '{path}'"


def test_an_index_comes_from_the_value_set_of_the_study(tmp_path):
    more = value_set(tmp_path / "set.csv")
    items = list(zip(EQ5D, (1, 2, 1, 3, 1), strict=True))
    assert value("EQ-5D-5L", "index", items, more=more) == pytest.approx(0.7)
    assert value("EQ-5D-5L", "index", items[:4], more=more) is None
    assert value("EQ-5D-5L", "index", [*items, ("index", 0.65)]) == 0.65


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("QLQ-BM22", "painful_sites", [("1", 5), ("2", 1)]),
            r"1 answer\(s\) of QLQ-BM22 .* from 1 to 4 .items 1;",
        ),
        (("BPI", "severity", [("worst_pain", 2.5)]), "no whole numbers from 0 to 10"),
        (
            ("QLQ-BM22", "painful_sites", [("q1", 1)]),
            "items that QLQ-BM22 does not have .q1; of A.; its items",
        ),
        (("QLQ-BM22", "painful_sites", [("painful_sites", 101)]), r"1 value\(s\) .* outside 0 to 100 .of A."),
        (("EQ-5D-5L", "index", [("index", 62)]), "outside -2 to 1"),
        (("EQ-5D-3L", "index", [(name, 4) for name in EQ5D]), "from 1 to 3"),
        (("EQ-5D-5L", "index", [(name, 1) for name in EQ5D]), "needs a value set"),
        (
            ("QLQ-BM22", "painful_sites", [("1", 1), ("1", 2)]),
            "two different answers to one item on one day .1;",
        ),
    ],
)
def test_answers_that_cannot_be_are_refused(args, message):
    with pytest.raises(InvalidRecords, match=message):
        scored(*args)


def test_a_value_set_that_is_not_there_is_named():
    items = [(name, 1) for name in EQ5D]
    with pytest.raises(
        InvalidStudy, match=r"measure 'Score': value set 'none\.csv' in folder .* cannot be read"
    ):
        scored("EQ-5D-5L", "index", items, more='value_set = "none.csv"')


@pytest.mark.parametrize(
    ("instrument", "scale", "more", "message"),
    [
        ("QLQ-BM22", "pain", "", "QLQ-BM22 has no scale 'pain'; it has painful_sites"),
        ("TESS", "total", "", "TESS needs version"),
        ("TESS", "total", 'version = "lower"\nunit = "lesion"', "asked of a subject, not of each lesion"),
    ],
)
def test_scales_that_are_none_are_refused(instrument, scale, more, message):
    with pytest.raises(InvalidStudy, match=message):
        study_of(instrument, scale, more)


def test_a_recorded_index_goes_before_the_items_of_its_day(tmp_path):
    more = value_set(tmp_path / "set.csv")
    items = [(name, 3) for name in EQ5D]
    both = scored("EQ-5D-5L", "index", [*items, ("index", 0.25)], more=more)
    assert by_visit(both, "value")["Month 1"] == 0.25
    part = scored("EQ-5D-5L", "index", items[:4], more=more)
    assert by_visit(part, "status")["Month 1"] == "missing"
