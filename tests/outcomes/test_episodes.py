"""The gap rule: published vectors, and what holds for every set of events."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeletal.errors import InvalidArgument
from skeletal.outcomes import count_episodes

EVENTS = st.lists(st.tuples(st.integers(0, 4), st.integers(-50, 300)), max_size=40)


def counted_days(days: list[int], **options: object) -> list[int]:
    found = count_episodes(["a"] * len(days), days, **options)
    return sorted(day for day, counted in zip(days, found.counted, strict=True) if counted)


@pytest.mark.parametrize(
    ("days", "anchor", "expected"),
    [
        ([10, 25, 40, 70], "counted", [10, 40, 70]),
        ([10, 25, 40, 70], "any", [10, 70]),
        ([10, 31], "counted", [10, 31]),
        ([10, 30], "counted", [10]),
        ([10, 10, 10], "counted", [10]),
        ([10, 10, 10], "any", [10]),
        ([5, 26, 47], "counted", [5, 26, 47]),
        ([5, 26, 47], "any", [5, 26, 47]),
        ([70, 40, 25, 10], "counted", [10, 40, 70]),
        ([], "counted", []),
    ],
)
def test_vectors_of_the_21_day_rule(days: list[int], anchor: str, expected: list[int]) -> None:
    assert counted_days(days, gap_anchor=anchor) == expected


def test_a_shorter_gap_counts_more_episodes() -> None:
    assert counted_days([10, 25, 40, 70], min_gap_days=15) == [10, 25, 40, 70]


@pytest.mark.parametrize("gap", [0, 1])
def test_without_a_gap_every_day_is_an_episode_and_a_day_is_never_two(gap: int) -> None:
    assert counted_days([3, 3, 4], min_gap_days=gap) == [3, 4]


def test_number_says_which_episode_an_event_was_merged_into() -> None:
    found = count_episodes(["b", "a", "a", "b", "a"], [10, 40, 10, 100, 25])

    assert found.number.tolist() == [1, 2, 1, 2, 1]
    assert found.counted.tolist() == [True, True, True, True, False]


def by_loop(days: list[int], gap: int, anchor: str) -> list[int]:
    """Apply the rule as it is written, one event after another."""
    counted: list[int] = []
    last = None
    for day in sorted(days):
        if last is None or (day - last >= gap and day != last):
            counted.append(day)
            last = day
        elif anchor == "any":
            last = day
    return counted


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.integers(0, 40), st.sampled_from(["counted", "any"]))
def test_episodes_of_every_subject_equal_a_loop_over_its_events(
    events: list[tuple[int, int]], gap: int, anchor: str
) -> None:
    subject, day = [who for who, _ in events], [when for _, when in events]
    found = count_episodes(subject, day, min_gap_days=gap, gap_anchor=anchor)

    for who in set(subject):
        mine = np.array(subject) == who
        days = np.array(day)[mine]
        expected = by_loop(days.tolist(), gap, anchor)
        assert sorted(days[found.counted[mine]].tolist()) == expected
        assert found.number[mine].max() == len(expected)


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(-1000, 1000), st.sampled_from(["counted", "any"]))
def test_shifting_all_days_changes_nothing(events: list[tuple[int, int]], shift: int, anchor: str) -> None:
    subject, day = [who for who, _ in events], np.array([when for _, when in events], dtype=float)

    here = count_episodes(subject, day, gap_anchor=anchor)
    there = count_episodes(subject, day + shift, gap_anchor=anchor)

    assert here.number.tolist() == there.number.tolist()
    assert here.counted.sum() <= len(events)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"day": [1.5]}, "day must be a whole number: 1 row"),
        ({"day": [np.nan]}, "day must be a whole number: 1 row"),
        ({"day": [1, 2]}, "subject must have one entry a row"),
        ({"day": [1], "min_gap_days": -1}, "min_gap_days must not be negative, got -1"),
        ({"day": [1], "gap_anchor": "first"}, "gap_anchor must be one of 'counted', 'any'"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        count_episodes(["a"], **arguments)
