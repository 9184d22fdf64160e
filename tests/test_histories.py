from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skeletal.data import MultiState, RecurrentEvents
from skeletal.errors import InvalidArgument

STATES = ("event-free", "SSE", "dead")
GOOD = {
    "subject": ["a", "a", "b"],
    "start": [0, 30, 0],
    "stop": [30, 90, 60],
    "state": [1, 2, 1],
    "to": [2, 3, 0],
    "states": STATES,
}


def made(**changes):
    return MultiState(**{**GOOD, **changes})


def test_rows_are_kept_as_given_and_cannot_be_written_to():
    data = made(time_unit="weeks")
    assert_array_equal(data.start, [0, 30, 0])
    assert_array_equal(data.state, [1, 2, 1])
    assert_array_equal(data.subject_number, [0, 0, 1])
    assert (data.states, data.time_unit, data.n_subjects, data.code("SSE")) == (STATES, "weeks", 2, 2)
    with pytest.raises(ValueError, match="read-only"):
        data.stop[0] = 1
    with pytest.raises(AttributeError, match="read-only"):
        data.to = data.state


def test_a_later_change_of_the_input_does_not_reach_the_data():
    stop = np.array([30.0, 90.0, 60.0])
    data = made(stop=stop)
    stop[0] = 5
    assert data.stop[0] == 30


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject": ["a", "a"]}, r"subject must have one entry a row \(3\), got 2"),
        ({"start": [0, 30]}, r"start must have one entry a row \(3\), got 2"),
        ({"state": [1, 2]}, r"state must have one entry a row \(3\), got 2"),
        ({"to": [2]}, r"to must have one entry a row \(3\), got 1"),
        ({"stop": []}, "stop has no rows"),
        ({"subject": ["a", None, "b"]}, r"subject must not be missing: 1 row\(s\) \(1\)"),
        ({"stop": [30, np.nan, 60]}, r"stop must not be missing: 1 row\(s\) \(1\)"),
        ({"start": [-1, 30, 0]}, r"start must not be negative: 1 row\(s\) \(0\)"),
        ({"stop": [30, np.inf, 60]}, r"stop must be finite: 1 row\(s\) \(1\)"),
        ({"stop": [30, 90, 0]}, r"start must come before stop: 1 row\(s\) \(2\)"),
        ({"state": [1, 4, 1]}, r"state must be a whole number from 1 to 3: 1 row\(s\) \(1\)"),
        ({"state": [1, 0, 1]}, "state must be a whole number from 1 to 3"),
        ({"state": [1, 1.5, 1]}, "state must be a whole number from 1 to 3"),
        ({"to": [2, 3, 4]}, r"to must be a whole number from 0 to 3: 1 row\(s\) \(2\)"),
        ({"to": [2, 3, np.nan]}, "to must be a whole number from 0 to 3"),
        ({"to": [2, 3, 1]}, r"to must be another state than state .*: 1 row\(s\) \(2\)"),
        ({"start": [0, 20, 0]}, r"rows overlap: 1 subject\(s\) \(a\)"),
        ({"to": [0, 3, 0]}, r"rows begin in another state than the one .* ended in: 1 subject\(s\) \(a\)"),
        ({"to": [3, 3, 0]}, r"rows begin in another state than the one .* ended in: 1 subject\(s\) \(a\)"),
        (
            {"to": [3, 0, 0], "start": [0, 40, 0]},
            r"rows follow the entry of a state that no row is spent in: 1 subject\(s\) \(a\)",
        ),
        ({"states": ("one", "one")}, "states must be distinct names, at least two"),
        ({"states": "event-free"}, "states must be distinct names, at least two"),
        ({"time_unit": "hours"}, "time_unit must be one of"),
    ],
)
def test_contradictions_are_refused_by_name(changes, message):
    with pytest.raises(InvalidArgument, match=message):
        made(**changes)


def test_rows_may_come_in_any_order_and_leave_gaps():
    data = made(subject=["b", "a", "a"], start=[0, 40, 0], stop=[60, 90, 30], state=[1, 2, 1], to=[0, 3, 2])
    assert data.n_subjects == 2


def test_an_unknown_state_is_refused():
    with pytest.raises(InvalidArgument, match="state must be one of 'event-free', 'SSE', 'dead', got 'ill'"):
        made().code("ill")


@pytest.mark.parametrize("subject", [["a", "a", 1], [1, 1, "b"], [1.5, 1.5, "b"]])
def test_labels_of_two_kinds_are_refused(subject):
    with pytest.raises(InvalidArgument, match="labels of one kind"):
        made(subject=np.array(subject, dtype=object))
    with pytest.raises(InvalidArgument, match="labels of one kind"):
        RecurrentEvents(np.array(subject, dtype=object), [0, 30, 0], [30, 90, 60], [1, 0, 0])
