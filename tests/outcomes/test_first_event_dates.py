"""Dates behind the time to the first event: partial onsets, deaths and last contacts, with their flags."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.outcome_trial import only, small_outcomes, small_study

READ = ("time", "status", "cause", "component", "censor_reason")
ALIVE = ("A", "alive", 150)


def first(estimand: str = "competing", columns: tuple[str, ...] = READ, study=None, **tables) -> tuple:
    outcomes = small_outcomes(study, **tables)
    endpoint = outcomes.study.estimands[estimand].endpoint
    return only(outcomes.first(endpoint, estimand), *columns)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2025-03", (60, 1, "D")),
        ("2025-01", (1, 1, "D")),
        ("2024-12", (150, 0, None)),
        ("2025", (150, 0, None)),
        (None, (150, 0, None)),
    ],
)
def test_a_partial_onset_is_its_first_day_not_before_time_zero(date, expected: tuple) -> None:
    found = first(columns=("time", "status", "date_flag"), events=[("A", "fracture", date)], status=[ALIVE])

    assert found == expected


def test_the_clamped_day_stays_within_the_month_written() -> None:
    found = first(
        columns=("time", "date", "date_flag"),
        events=[("A", "fracture", "2025-01")],
        status=[ALIVE],
        start={"A": "2025-01-20"},
    )

    assert found == (1, pd.Timestamp("2025-01-20"), "D")


def test_a_year_alone_is_imputed_only_where_the_study_says_so() -> None:
    study = small_study(endpoint='year_only_dates = "impute"')
    tables = {"events": [("A", "fracture", "2025")], "status": [ALIVE]}

    assert first(study=study, columns=("time", "status", "date_flag"), **tables) == (1, 1, "M")


@pytest.mark.parametrize(
    ("death", "seen", "expected"),
    [
        ("2025-03", 30, (60, "D")),
        ("2025-03", 75, (75, "D")),
        ("2025-03", 120, (90, "D")),
        ("2025", 120, (120, "M")),
    ],
)
def test_a_partial_death_is_the_last_day_known_alive_or_later(death: str, seen: int, expected: tuple) -> None:
    status = [("A", "died", death), ("A", "alive", seen)]

    assert first("survival", ("time", "date_flag"), status=status) == expected


def test_a_partial_last_contact_counts_on_its_first_day_with_a_flag() -> None:
    found = first(columns=("time", "censor_reason", "date_flag"), status=[("A", "alive", "2025-03")])

    assert found == (60, "Last contact", "D")


def test_an_exact_record_of_the_day_is_preferred_to_an_imputed_one() -> None:
    tables = {"events": [("A", "fracture", "2025-03"), ("A", "fracture", "2025-03-01")], "status": [ALIVE]}

    assert first(columns=("date_flag", "source_row"), **tables) == (None, 2)
