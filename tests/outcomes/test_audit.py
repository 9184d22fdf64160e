"""What became of every record, word for word; and numbers that close."""

from __future__ import annotations

import pytest
from tests.support.outcome_trial import rows, small_outcomes, small_study


def audit(estimand: str, study=None, **tables) -> list[tuple]:
    frame = small_outcomes(study, **tables).audit
    assert list(frame.columns) == [
        "endpoint",
        "estimand",
        "subject_id",
        "table",
        "source_row",
        "date",
        "rule",
        "episode",
        "sentence",
    ]
    mine = frame.loc[frame["estimand"] == estimand]
    return rows(mine, "table", "source_row", "rule", "episode", "sentence")


def test_every_record_of_recurrent_events_has_its_sentence() -> None:
    found = audit(
        "all",
        events=[
            ("A", "fracture", 31),
            ("A", "fracture", -4),
            ("A", "cord", 31),
            ("A", "headache", 40),
            ("A", "fracture", "2025"),
            ("A", "cord", None),
            ("A", "fracture", 250),
            ("Z", "fracture", 50),
            ("A", "fracture", "2025-04"),
        ],
        radiation=[("A", 37), ("A", 32)],
        status=[("A", "alive", 150)],
    )

    assert found == [
        ("events", 6, "rejected: no usable date", None,
         "Cord compression (row 6 of events) rejected: no usable date (none written)."),
        ("events", 5, "rejected: no usable date", None,
         "Fracture (row 5 of events) rejected: no usable date (2025)."),
        ("events", 2, "rejected: before time zero", None,
         "Fracture on 2024-12-27 rejected: 5 days before randomisation."),
        ("events", 3, "counted", 1, "Cord compression on 2025-01-31 (day 31) counted as episode 1."),
        ("events", 1, "merged", 1,
         "Fracture on 2025-01-31 (day 31) merged into episode 1: same day."),
        ("procedures", 2, "merged", 1,
         "Radiotherapy on 2025-02-01 (day 32) merged into episode 1: 1 day after it, fewer than 21."),
        ("procedures", 1, "merged", 1,
         "Radiotherapy on 2025-02-06 (day 37) merged into episode 1: 6 days after it, fewer than 21."),
        ("events", 4, "not a component", None, "The record in row 4 of events is not a component of SRE."),
        ("events", 9, "counted", 2,
         "Fracture on 2025-04-01 (day 91, day imputed) counted as episode 2."),
        (None, None, "censors", None, "Observation ends on 2025-07-19 (day 200): Horizon."),
        ("events", 7, "rejected: after Horizon", None,
         "Fracture on 2025-09-07 (day 250) rejected: after Horizon (2025-07-19)."),
        ("events", 8, "rejected: not a randomised subject", None,
         "Fracture (row 8 of events) rejected: Z is not a randomised subject."),
    ]  # fmt: skip


def test_a_rolling_gap_names_the_event_before() -> None:
    study = small_study(endpoint='gap_anchor = "any"')
    tables = {"events": [("A", "fracture", day) for day in (10, 25, 40)], "status": [("A", "alive", 150)]}

    assert audit("all", study, **tables)[2][4] == (
        "Fracture on 2025-02-09 (day 40) merged into episode 1: "
        "15 days after the event before, fewer than 21."
    )


def test_a_first_event_leaves_later_records_out_in_words() -> None:
    found = audit(
        "competing",
        events=[("A", "fracture", 31), ("A", "cord", 31), ("A", "fracture", 80)],
        status=[("A", "died", 90)],
    )

    assert [row[2:] for row in found] == [
        ("counted", 1, "Cord compression on 2025-01-31 (day 31) counted as the first event."),
        ("merged", 1, "Fracture on 2025-01-31 (day 31) merged into the first event: same day."),
        ("rejected: after the first event", None,
         "Fracture on 2025-03-21 (day 80) rejected: it comes after the first event, or on its day."),
        ("rejected: after the first event", None,
         "Death on 2025-03-31 (day 90) rejected: it comes after the first event, or on its day."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("estimand", "rule", "sentence"),
    [
        ("competing", "competes", "Death on 2025-03-31 (day 90) ends observation: a competing event."),
        ("composite", "counted", "Death on 2025-03-31 (day 90) counted as the first event."),
        ("censor", "censors", "Death on 2025-03-31 (day 90) ends observation: censored."),
        ("all", "competes", "Death on 2025-03-31 (day 90) ends observation: a competing event."),
        ("all-censor", "censors", "Death on 2025-03-31 (day 90) ends observation: censored."),
    ],
)
def test_death_has_one_row_that_says_what_it_does(estimand: str, rule: str, sentence: str) -> None:
    found = audit(estimand, status=[("A", "died", 90)])

    assert [(row[0], row[2], row[4]) for row in found] == [("disposition", rule, sentence)]


def test_a_censoring_names_the_record_and_the_rule_that_date_it() -> None:
    assert audit("competing", status=[("A", "alive", 150)]) == [
        ("disposition", 1, "censors", None, "Observation ends on 2025-05-30 (day 150): Last contact.")
    ]
    assert audit("competing", status=[("A", "alive", 400)]) == [
        (None, None, "censors", None, "Observation ends on 2025-07-19 (day 200): Horizon.")
    ]


def test_records_of_an_excluded_subject_say_why() -> None:
    found = audit("competing", events=[("A", "fracture", 31)], start={"A": None})

    assert found == [
        ("events", 1, "rejected: subject excluded", None,
         "Fracture (row 1 of events) rejected: the subject is excluded (no randomised_date).")
    ]  # fmt: skip


def test_accounting_counts_every_randomised_subject_once() -> None:
    outcomes = small_outcomes(
        subjects=["A", "B", "C", "D", "E"],
        start={"E": None},
        events=[("A", "fracture", 20), ("A", "fracture", 80), ("C", "fracture", 30)],
        status=[("C", "died", 60), ("B", "died", 60), ("D", "alive", 100)],
    )
    table = outcomes.accounting()
    counts = ["n_randomised", "n_analysed", "n_excluded", "n_events", "n_competing", "n_censored"]

    for estimand in ("competing", "all"):
        mine = table.loc[table["estimand"] == estimand]
        assert rows(mine, "arm", *counts) == [("old", 3, 2, 1, 2, 0, 0), ("new", 2, 2, 0, 0, 1, 1)]
    assert rows(table.loc[table["estimand"] == "composite"], *counts) == [
        (3, 2, 1, 2, 0, 0),
        (2, 2, 0, 1, 0, 1),
    ]
