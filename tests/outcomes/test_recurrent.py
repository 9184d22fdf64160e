"""Counting-process rows: every row counted by hand."""

from __future__ import annotations

import pytest
from tests.support.outcome_trial import rows, small_outcomes, small_study

from skeletal.outcomes import recurrent_events
from skeletal.outcomes.recurrent import RECURRENT_COLUMNS

ROW = ("start", "stop", "status", "episode")


def episodes(estimand: str = "all", study=None, **tables) -> list[tuple]:
    return rows(small_outcomes(study, **tables).recurrent("sre", estimand), *ROW)


def events(*days: int) -> list[tuple]:
    return [("A", "fracture", day) for day in days]


def test_rows_run_from_day_zero_over_the_episodes_to_the_end() -> None:
    outcomes = small_outcomes(events=events(10, 25, 40, 70), status=[("A", "alive", 150)])
    frame = outcomes.recurrent("sre")

    assert list(frame.columns) == RECURRENT_COLUMNS
    assert rows(frame, *ROW) == [
        (0, 10, 1, 1),
        (10, 40, 1, 2),
        (40, 70, 1, 3),
        (70, 150, 0, None),
    ]
    assert recurrent_events(frame).n_events == 3


def test_gap_and_anchor_of_the_endpoint_are_used() -> None:
    tables = {"events": events(10, 25, 40, 70), "status": [("A", "alive", 150)]}

    rolling = episodes(study=small_study(endpoint='gap_anchor = "any"'), **tables)
    assert [row[1] for row in rolling] == [10, 70, 150]
    short = episodes(study=small_study(endpoint="min_gap_days = 15"), **tables)
    assert [row[1] for row in short] == [10, 25, 40, 70, 150]


def test_components_are_pooled_and_those_of_the_day_are_kept() -> None:
    outcomes = small_outcomes(
        events=[("A", "fracture", 10), ("A", "cord", 10), ("A", "fracture", 40)],
        radiation=[("A", 10), ("A", 20)],
        status=[("A", "alive", 150)],
    )

    assert rows(outcomes.recurrent("sre"), "stop", "component", "components") == [
        (10, "cord", "cord+fracture+radiation"),
        (40, "fracture", "fracture"),
        (150, None, None),
    ]


def test_events_before_time_zero_open_no_window() -> None:
    assert episodes(events=events(-5, 10), status=[("A", "alive", 150)]) == [
        (0, 10, 1, 1),
        (10, 150, 0, None),
    ]


def test_a_subject_without_events_has_one_row() -> None:
    assert episodes(status=[("A", "alive", 150)]) == [(0, 150, 0, None)]
    assert episodes() == [(0, 1, 0, None)]


@pytest.mark.parametrize(("estimand", "status"), [("all", 2), ("all-censor", 0)])
def test_death_ends_the_last_row(estimand: str, status: int) -> None:
    found = episodes(estimand, events=events(10, 95), status=[("A", "died", 90)])

    assert found == [(0, 10, 1, 1), (10, 90, status, None)]


def test_an_episode_on_the_last_day_ends_the_last_row() -> None:
    assert episodes(events=events(10, 200), status=[("A", "alive", 300)]) == [(0, 10, 1, 1), (10, 200, 1, 2)]


def test_an_episode_after_the_last_day_seen_extends_observation_to_itself() -> None:
    assert episodes(events=events(10, 120), status=[("A", "alive", 60)]) == [(0, 10, 1, 1), (10, 120, 1, 2)]
    merged = episodes(events=events(100, 120), status=[("A", "alive", 60)])
    assert merged == [(0, 100, 1, 1), (100, 120, 0, None)]


def test_an_episode_on_the_day_of_a_competing_death_ends_half_a_day_before_it() -> None:
    tables = {"events": events(10, 90), "status": [("A", "died", 90)]}
    outcomes = small_outcomes(**tables)

    assert rows(outcomes.recurrent("sre"), *ROW) == [
        (0, 10, 1, 1),
        (10, 89.5, 1, 2),
        (89.5, 90, 2, None),
    ]
    assert recurrent_events(outcomes.recurrent("sre")).n_events == 2
    sentence = outcomes.audit.query("estimand == 'all' and episode == 2")["sentence"].item()
    assert sentence.endswith(
        "Its row ends half a day earlier, so that the competing event of that day keeps its own."
    )
    assert episodes("all-censor", **tables) == [(0, 10, 1, 1), (10, 90, 1, 2)]


def test_event_and_death_on_the_day_of_time_zero_keep_both_rows() -> None:
    assert episodes(events=events(1), status=[("A", "died", 1)]) == [(0, 0.5, 1, 1), (0.5, 1, 2, None)]


def test_rows_of_several_subjects_stay_with_their_subject() -> None:
    outcomes = small_outcomes(
        subjects=["B", "A"],
        events=[("B", "cord", 5), ("A", "fracture", 9)],
        status=[("A", "alive", 20), ("B", "died", 30)],
    )

    assert rows(outcomes.recurrent("sre"), "subject_id", "arm", "start", "stop", "status") == [
        ("A", "new", 0, 9, 1),
        ("A", "new", 9, 20, 0),
        ("B", "old", 0, 5, 1),
        ("B", "old", 5, 30, 2),
    ]


def test_without_a_declared_estimand_death_competes() -> None:
    extra = '[endpoints.bare]\nlabel = "Bare"\ncomponents = ["cord"]\n'
    outcomes = small_outcomes(small_study(extra=extra), events=[("A", "cord", 5)], status=[("A", "died", 30)])

    assert rows(outcomes.recurrent("bare"), *ROW) == [(0, 5, 1, 1), (5, 30, 2, None)]
