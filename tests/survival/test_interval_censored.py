"""The value type of interval-censored times: what it refuses and what it counts."""

from __future__ import annotations

import numpy as np
import pytest

from skeletal import IntervalCensored
from skeletal.errors import InvalidArgument


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ([], [], "left has no rows"),
        ([1, np.nan], [2, 3], r"left must not be missing: 1 row\(s\) \(1\)"),
        ([1, -1], [2, 3], r"left must not be negative: 1 row\(s\) \(1\)"),
        ([1, np.inf], [2, np.inf], r"left must be finite: 1 row\(s\) \(1\)"),
        ([1, 2], [2, np.nan], r"right must not be missing .*: 1 row\(s\) \(1\)"),
        ([1, 4], [2, 3], r"left must not come after right: 1 row\(s\) \(1\)"),
        ([1, 4], [2], r"right must have one entry a row \(2\), got 1"),
        ([[1]], [2], "left must have one dimension"),
    ],
)
def test_intervals_are_refused_by_name(left, right, message):
    with pytest.raises(InvalidArgument, match=message):
        IntervalCensored(left, right)


def test_intervals_are_read_only_and_count_events():
    data = IntervalCensored([0, 30, 45, 60], [30, 60, 45, np.inf], time_unit="weeks")
    assert (data.n_subjects, data.n_events, data.time_unit) == (4, 3, "weeks")
    with pytest.raises(ValueError, match="read-only"):
        data.left[0] = 5
    with pytest.raises(AttributeError, match="IntervalCensored is read-only"):
        data.left = np.zeros(4)
    with pytest.raises(InvalidArgument, match="time_unit must be one of"):
        IntervalCensored([1], [2], time_unit="hours")
