"""Intervals that hold the first event, by hand."""

from __future__ import annotations

import math

import pytest
from tests.support.outcome_trial import rows, small_outcomes

ALIVE = [("A", "alive", 150)]


def interval(**tables) -> tuple:
    frame = small_outcomes(**({"status": ALIVE} | tables)).intervals("sre")
    return rows(frame, "left", "right", "status", "detection")[0]


def test_a_film_finds_the_event_after_the_last_negative_assessment() -> None:
    film = [("A", "fracture", 90, "imaging", 45)]

    assert interval(events=film, visits=[("A", 60)]) == (45, 90, 1, "imaging")


@pytest.mark.parametrize("negative", [None, 90, 95])
def test_without_a_negative_date_before_the_film_the_last_done_assessment_counts(negative) -> None:
    film = [("A", "fracture", 90, "imaging", negative)]

    found = interval(events=film, visits=[("A", 30), ("A", 60), ("A", 70, "false"), ("A", 90), ("A", 99)])
    assert found == (60, 90, 1, "imaging")


@pytest.mark.parametrize("negative", [None, -20])
def test_without_an_assessment_after_time_zero_the_interval_starts_there(negative) -> None:
    assert interval(events=[("A", "fracture", 90, "imaging", negative)]) == (0, 90, 1, "imaging")


def test_a_clinical_event_is_exact() -> None:
    assert interval(events=[("A", "fracture", 90, "clinical", 45)]) == (90, 90, 1, "exact")
    assert interval(events=[("A", "fracture", 90)]) == (90, 90, 1, "exact")


def test_a_film_on_the_day_of_a_clinical_event_makes_the_interval() -> None:
    both = [("A", "cord", 90, "clinical", None), ("A", "fracture", 90, "imaging", 45)]

    assert interval(events=both) == (45, 90, 1, "imaging")


def test_without_an_event_the_interval_is_open_from_the_end_of_observation() -> None:
    assert interval() == (150, math.inf, 0, None)
    assert interval(status=[("A", "died", 80)]) == (80, math.inf, 2, None)
