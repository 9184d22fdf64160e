"""Outcomes in order of priority."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skeletal.errors import InvalidArgument
from skeletal.pairwise import BONE_PRIORITIES, Priority, bone_priorities, win_statistics

OUTCOMES = {
    "pain": ([1, 2, 3, 4], [1, 1, 0, 1]),
    "surgery": ([5, 5, 5, 5], [0, 0, 0, 0]),
    "death": ([5, 2, 5, 4], [0, 1, 0, 1]),
}


def test_bone_outcomes_are_put_in_order():
    priorities = bone_priorities(OUTCOMES, margins={"pain": 1.5})
    assert [p.label for p in priorities] == ["death", "surgery", "pain"]
    assert [p.margin for p in priorities] == [0, 0, 1.5]
    assert_array_equal(priorities[0].time, [5, 2, 5, 4])


def test_order_of_bone_trials():
    assert BONE_PRIORITIES == ("death", "cord_compression", "surgery", "fracture", "radiotherapy", "pain")


def test_outcome_that_nobody_had_is_kept_and_named():
    result = win_statistics(bone_priorities(OUTCOMES), [0, 0, 1, 1])
    assert result.labels == ("death", "surgery", "pain")
    assert result.wins[1] == result.losses[1] == 0
    assert "nobody reached surgery, which decides nothing" in result.method


@pytest.mark.parametrize(
    ("outcomes", "margins", "message"),
    [
        (
            {**OUTCOMES, "femur": ([1], [1])},
            None,
            r"1 unknown name\(s\) \(femur\); use death, cord_compression",
        ),
        (OUTCOMES, {"fracture": 3}, r"margins: 1 unknown name\(s\) \(fracture\); use pain"),
        ({}, None, "names none of death"),
        ({"death": [1, 2, 3]}, None, r"outcomes\['death'\] must be a pair"),
    ],
)
def test_bone_outcomes_refused(outcomes, margins, message):
    with pytest.raises(InvalidArgument, match=message):
        bone_priorities(outcomes, margins=margins)


@pytest.mark.parametrize(
    ("time", "event", "margin", "message"),
    [
        ([], [], 0, "time has no rows"),
        ([1, np.nan], [1, 1], 0, "time must not be missing"),
        ([1, -1], [1, 1], 0, "time must not be negative"),
        ([1, np.inf], [1, 1], 0, "time must be finite"),
        ([1, 2], [1, 2], 0, "event must be a whole number from 0 to 1"),
        ([1, 2], [1], 0, "event must have one entry a row"),
        ([1, 2], [1, 1], -1, "margin must be finite and not negative"),
        ([1, 2], [1, 1], np.nan, "margin must be finite"),
    ],
)
def test_priority_refused(time, event, margin, message):
    with pytest.raises(InvalidArgument, match=message):
        Priority(time, event, margin=margin)


def test_priority_cannot_be_changed():
    priority = Priority([1, 2], [True, False], label="death")
    assert (priority.n_subjects, priority.n_events, priority.label) == (2, 1, "death")
    with pytest.raises(AttributeError, match="read-only"):
        priority.margin = 3
    with pytest.raises(ValueError, match="read-only"):
        priority.time[0] = 0


def test_priority_without_label_is_numbered():
    assert win_statistics(Priority([1, 2], [1, 1]), [0, 1]).labels == ("priority 1",)
