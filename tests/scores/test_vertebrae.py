"""Vertebral levels: the order across the junctions, lists, ranges, distances."""

from __future__ import annotations

import math

import pytest

from skeletal.errors import InvalidArgument
from skeletal.scores import (
    HERMES_JUNCTIONAL,
    LEVELS,
    SINS_JUNCTIONAL,
    level_distance,
    level_order,
    neighbouring_levels,
    parse_levels,
    spine_section,
)


def test_there_are_29_levels_in_order():
    assert LEVELS[:8] == ("C1", "C2", "C3", "C4", "C5", "C6", "C7", "T1")
    assert LEVELS[-6:] == ("L5", "S1", "S2", "S3", "S4", "S5")
    assert level_order(list(LEVELS)).tolist() == list(range(29))


@pytest.mark.parametrize(("upper", "lower"), [("C7", "T1"), ("T12", "L1"), ("L5", "S1")])
def test_junctions_are_neighbours(upper, lower):
    assert level_order(lower).item() - level_order(upper).item() == 1
    assert lower in neighbouring_levels(upper)
    assert upper in neighbouring_levels(lower)


@pytest.mark.parametrize(
    ("level", "distance", "expected"),
    [
        ("T12", 1, ("T11", "T12", "L1")),
        ("C1", 1, ("C1", "C2")),
        ("S5", 1, ("S4", "S5")),
        ("L5", 2, ("L3", "L4", "L5", "S1", "S2")),
        ("T6", 0, ("T6",)),
    ],
)
def test_neighbours(level, distance, expected):
    assert neighbouring_levels(level, distance=distance) == expected


def test_junctional_lists_differ_between_sins_and_hermes():
    # SINS: occiput-C2, C7-T2, T11-L1, L5-S1.  NCT07146074: C1-2, C7-T1, T12-L1, L5-S1.
    assert {"T2", "T11"} == SINS_JUNCTIONAL - HERMES_JUNCTIONAL
    assert {"C1", "C2", "C7", "T1", "T12", "L1", "L5", "S1"} == HERMES_JUNCTIONAL


def test_sections():
    assert spine_section(["C1", "T12", "L1", "S5", None]).tolist()[:4] == [
        "cervical",
        "thoracic",
        "lumbar",
        "sacral",
    ]
    assert spine_section([None, "L1"]).isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("none", ()),
        ("None ", ()),
        ("T8", ("T8",)),
        ("C6-T2", ("C6", "C7", "T1", "T2")),
        ("L5; T11 - L1, T12", ("T11", "T12", "L1", "L5")),
        ("L4\N{EN DASH}S1", ("L4", "L5", "S1")),
    ],
)
def test_written_levels(text, levels):
    assert parse_levels(text) == levels


@pytest.mark.parametrize("text", ["", "T13", "L1-T11", "T1-T2-T3", "T8,", "8"])
def test_text_that_is_no_level_is_refused(text):
    with pytest.raises(InvalidArgument, match=r"is no vertebral level \(C1 to S5\)"):
        parse_levels(text)


@pytest.mark.parametrize(
    ("level", "others", "distance"),
    [
        ("T12", "T12", 0),
        ("T12", "L1", 1),
        ("L1", "T11-T12", 1),
        ("C7", "T2, C2", 2),
        ("T8", "none", math.inf),
    ],
)
def test_distance_to_the_nearest(level, others, distance):
    assert level_distance(level, others).item() == distance


def test_distance_is_open_where_either_is_missing():
    assert level_distance(["T8", None], [None, "T8"]).isna().all()


def test_what_is_no_level_is_refused():
    for call in (lambda: level_order("D4"), lambda: spine_section("D4"), lambda: level_distance("D4", "T1")):
        with pytest.raises(InvalidArgument, match=r"1 value\(s\) that are not allowed \('D4'\)"):
            call()
    with pytest.raises(InvalidArgument, match="level must be a vertebral level"):
        neighbouring_levels("D4")
    with pytest.raises(InvalidArgument, match="distance must be 0 or more"):
        neighbouring_levels("T4", distance=-1)
