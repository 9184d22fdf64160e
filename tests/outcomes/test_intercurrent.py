"""Intercurrent events: each strategy changes the outcome in its own way."""

from __future__ import annotations

import pytest
from tests.support.outcome_trial import chosen_estimands, only, rows, small_outcomes, small_study

READ = ("time", "status", "cause", "component", "censor_reason")
CROSSOVER = """
[intercurrent.crossover]
label = "Crossover"
table = "procedures"
where = { intent = "protocol" }
date = "indicated_date"
"""


def outcomes_under(strategy: str, **tables):
    study = small_study(extra=CROSSOVER + chosen_estimands("crossover", strategy))
    return small_outcomes(study, **({"status": [("A", "alive", 150)]} | tables))


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment_policy", (90, 1, "sre", "fracture", None)),
        ("hypothetical", (60, 0, None, None, "Crossover")),
        ("while_on_treatment", (60, 3, "crossover", "crossover", None)),
        ("composite", (60, 1, "sre", "crossover", None)),
        ("competing", (60, 3, "crossover", "crossover", None)),
    ],
)
def test_each_strategy_reads_a_crossover_before_the_event(strategy: str, expected: tuple) -> None:
    outcomes = outcomes_under(strategy, radiation=[("A", 60, "protocol")], events=[("A", "fracture", 90)])

    assert only(outcomes.first("sre", "chosen"), *READ) == expected
    assert only(outcomes.first("sre", "competing"), *READ) == (90, 1, "sre", "fracture", None)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment_policy", [(0, 90, 1, "fracture"), (90, 150, 0, None)]),
        ("hypothetical", [(0, 60, 0, None)]),
        ("composite", [(0, 60, 1, "crossover"), (60, 90, 1, "fracture"), (90, 150, 0, None)]),
        ("competing", [(0, 60, 2, "crossover")]),
        ("while_on_treatment", [(0, 60, 2, "crossover")]),
    ],
)
def test_each_strategy_in_recurrent_events(strategy: str, expected: list) -> None:
    outcomes = outcomes_under(strategy, radiation=[("A", 60, "protocol")], events=[("A", "fracture", 90)])
    frame = outcomes.recurrent("sre", "chosen-all")

    assert rows(frame, "start", "stop", "status", "component") == expected


def test_causes_name_the_competing_event_after_death() -> None:
    assert outcomes_under("competing").causes("chosen") == ("sre", "death", "crossover")


@pytest.mark.parametrize("strategy", ["hypothetical", "composite", "competing", "while_on_treatment"])
def test_an_intercurrent_event_before_time_zero_is_ignored(strategy: str) -> None:
    outcomes = outcomes_under(strategy, radiation=[("A", -5, "protocol")])

    assert only(outcomes.first("sre", "chosen"), *READ) == (150, 0, None, None, "Last contact")


@pytest.mark.parametrize("strategy", ["hypothetical", "competing"])
def test_an_event_on_the_day_of_the_intercurrent_event_counts(strategy: str) -> None:
    outcomes = outcomes_under(strategy, radiation=[("A", 60, "protocol")], events=[("A", "fracture", 60)])

    assert only(outcomes.first("sre", "chosen"), "time", "status") == (60, 1)


def test_hypothetical_does_not_extend_follow_up_beyond_the_last_day_seen() -> None:
    outcomes = outcomes_under("hypothetical", radiation=[("A", 90, "protocol")], status=[("A", "alive", 60)])

    assert only(outcomes.first("sre", "chosen"), "time", "censor_reason") == (60, "Last contact")
    audit = outcomes.audit.query("estimand == 'chosen'")
    assert rows(audit, "rule") == [("censors",), ("rejected: another record decides",)]


def test_the_audit_tells_what_became_of_the_crossover() -> None:
    def fate(strategy: str) -> tuple:
        outcomes = outcomes_under(strategy, radiation=[("A", 60, "protocol")])
        audit = outcomes.audit.query("estimand == 'chosen' and rule != 'not a component'")
        return rows(audit.loc[audit["table"] == "procedures"], "rule", "sentence")[0]

    on_day = "Crossover on 2025-03-01 (day 60) "
    assert fate("treatment_policy") == (
        "ignored: treatment policy",
        on_day + "changes nothing: under treatment policy, follow-up goes on.",
    )
    assert fate("hypothetical") == ("censors", on_day + "ends observation: the subject is censored.")
    assert fate("competing") == ("competes", on_day + "ends observation as a competing event.")
    assert fate("composite") == ("counted", on_day + "is counted as the first event.")


@pytest.mark.parametrize("strategy", ["composite", "competing"])
def test_an_intercurrent_event_after_the_limit_shows_the_subject_observed_until_the_limit(strategy) -> None:
    tables = {"radiation": [("A", 230, "protocol")], "status": [("A", "alive", 60)]}

    assert only(outcomes_under(strategy, **tables).first("sre", "chosen"), *READ[::4]) == (200, "Horizon")
    for other in ("hypothetical", "treatment_policy"):
        frame = outcomes_under(other, **tables).first("sre", "chosen")
        assert only(frame, *READ[::4]) == (60, "Last contact")


def test_recurrent_observation_that_an_intercurrent_event_extends_is_dated_by_it_in_words() -> None:
    outcomes = outcomes_under(
        "composite",
        radiation=[("A", 120, "protocol")],
        events=[("A", "fracture", 110)],
        status=[("A", "alive", 60)],
    )

    frame = outcomes.recurrent("sre", "chosen-all")
    assert rows(frame, "start", "stop", "status", "source") == [(0, 110, 1, "events"), (110, 120, 0, None)]
    audit = outcomes.audit.query("estimand == 'chosen-all'")
    assert audit["sentence"].tolist()[-1] == "Observation ends on 2025-04-30 (day 120): Later event record."


def test_a_record_has_one_row_where_it_is_no_component_but_an_intercurrent_event() -> None:
    outcomes = outcomes_under("hypothetical", radiation=[("A", 60, "protocol"), ("A", 70, "preventive")])

    audit = outcomes.audit.query("table == 'procedures'")
    assert rows(audit[audit["estimand"] == "chosen"], "source_row", "rule") == [
        (1, "censors"),
        (2, "not a component"),
    ]
    assert set(audit[audit["estimand"] == "competing"]["rule"]) == {"not a component"}
