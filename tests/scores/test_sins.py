"""SINS: the whole grid against the published table, the collapse of 50 %, errors."""

from __future__ import annotations

import math

import pytest
from tests.support.score_grids import check_whole_grid

from skeletal.errors import InvalidArgument
from skeletal.scores import sins

# Fisher et al. (2010), table 2, written level by level.
LOCATION = {
    "occiput": 3, "C1": 3, "C2": 3, "C3": 2, "C4": 2, "C5": 2, "C6": 2, "C7": 3,
    "T1": 3, "T2": 3, "T3": 1, "T4": 1, "T5": 1, "T6": 1, "T7": 1, "T8": 1, "T9": 1, "T10": 1,
    "T11": 3, "T12": 3,
    "L1": 3, "L2": 2, "L3": 2, "L4": 2, "L5": 3, "S1": 3, "S2": 0, "S3": 0, "S4": 0, "S5": 0,
}  # fmt: skip
TABLE = {
    "level": LOCATION,
    "pain": {"mechanical": 3, "non_mechanical": 1, "none": 0},
    "lesion": {"lytic": 2, "mixed": 1, "blastic": 0},
    "alignment": {"subluxation": 4, "deformity": 2, "normal": 0},
    "collapse": {"over_half": 3, "under_half": 2, "body_over_half": 1, "none": 0},
    "posterolateral": {"bilateral": 3, "unilateral": 1, "none": 0},
}
REST = {
    "level": "T8",
    "pain": "none",
    "lesion": "lytic",
    "alignment": "normal",
    "collapse": "none",
    "posterolateral": "none",
}


def band(total):
    return "stable" if total <= 6 else "potentially unstable" if total <= 12 else "unstable"


def test_whole_grid_has_the_published_points_and_bands():
    totals = check_whole_grid(sins, TABLE, band)
    assert (min(totals), max(totals)) == (0, 18)
    assert {6, 7, 12, 13} <= set(totals)


@pytest.mark.parametrize(
    ("percent", "below", "above"),
    [(0.1, 2, 2), (49.9, 2, 2), (50, 2, 3), ("50", 2, 3), (50.1, 3, 3), (100, 3, 3)],
)
def test_collapse_as_a_percentage(percent, below, above):
    def points(**options):
        return sins(**(REST | {"collapse": percent}), **options)["collapse"].item()

    assert points() == points(half="below") == below
    assert points(half="above") == above


def test_collapse_of_exactly_half_can_be_left_open():
    result = sins(**(REST | {"collapse": [49, 50, 51]}), half="not assessable")
    assert result["collapse"].isna().tolist() == [False, True, False]
    assert result["band"].isna().tolist() == [False, True, False]


def test_a_collapse_of_0_percent_does_not_say_how_much_of_the_body_is_involved():
    assert math.isnan(sins(**(REST | {"collapse": 0}))["total"].item())


@pytest.mark.parametrize(
    ("item", "label"),
    [
        ("level", "T13"),
        ("level", "t8"),
        ("pain", "yes"),
        ("lesion", "sclerotic"),
        ("alignment", "kyphosis"),
        ("collapse", ">50 %"),
        ("posterolateral", "left"),
    ],
)
def test_unknown_labels_are_named(item, label):
    with pytest.raises(InvalidArgument, match=r"1 value\(s\) that are not allowed .*write one of") as error:
        sins(**(REST | {item: label}))
    assert repr(label) in str(error.value)


def test_numbers_and_options_are_checked():
    with pytest.raises(InvalidArgument, match="collapse must be numbers from 0 to 100"):
        sins(**(REST | {"collapse": 101}))
    with pytest.raises(InvalidArgument, match="half must be one of"):
        sins(**REST, half="up")
