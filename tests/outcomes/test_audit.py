"""What became of every record, word for word; and numbers that close."""

from __future__ import annotations

import pytest
from tests.support.lesion_trial import lesion_outcomes, lesion_study
from tests.support.outcome_trial import rows, small_outcomes, small_study

from skeletal.errors import InvalidArgument


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
         "Cord compression (row 6 of events) is rejected: it has no date."),
        ("events", 5, "rejected: no usable date", None,
         "Fracture (row 5 of events) is rejected: its date is not precise enough (2025)."),
        ("events", 2, "rejected: before time zero", None,
         "Fracture on 2024-12-27 is rejected: it comes 5 days before randomisation."),
        ("events", 3, "counted", 1, "Cord compression on 2025-01-31 (day 31) is counted as episode 1."),
        ("events", 1, "merged", 1,
         "Fracture on 2025-01-31 (day 31) is merged into episode 1: same day."),
        ("procedures", 2, "merged", 1,
         ("Radiotherapy on 2025-02-01 (day 32) is merged into episode 1: "
         "1 day after it, fewer than 21 days.")),
        ("procedures", 1, "merged", 1,
         ("Radiotherapy on 2025-02-06 (day 37) is merged into episode 1: "
         "6 days after it, fewer than 21 days.")),
        ("events", 4, "not a component", None,
         "The record in row 4 of events is not a component of the endpoint SRE."),
        ("events", 9, "counted", 2,
         "Fracture on 2025-04-01 (day 91, day imputed) is counted as episode 2."),
        (None, None, "censors", None, "Observation ends on 2025-07-19 (day 200): Horizon."),
        ("events", 7, "rejected: after Horizon", None,
         ("Fracture on 2025-09-07 (day 250) is rejected: "
         "it comes after the end of observation on 2025-07-19 (Horizon).")),
        ("events", 8, "rejected: not a randomised subject", None,
         "Fracture (row 8 of events) is rejected: Z is not a randomised subject."),
    ]  # fmt: skip


def test_a_rolling_gap_names_the_event_before() -> None:
    study = small_study(endpoint='gap_anchor = "any"')
    tables = {"events": [("A", "fracture", day) for day in (10, 25, 40)], "status": [("A", "alive", 150)]}

    assert audit("all", study, **tables)[2][4] == (
        "Fracture on 2025-02-09 (day 40) is merged into episode 1: "
        "15 days after the event before, fewer than 21 days."
    )


def test_a_first_event_leaves_later_records_out_in_words() -> None:
    found = audit(
        "competing",
        events=[("A", "fracture", 31), ("A", "cord", 31), ("A", "fracture", 80)],
        status=[("A", "died", 90)],
    )

    assert [row[2:] for row in found] == [
        ("counted", 1, "Cord compression on 2025-01-31 (day 31) is counted as the first event."),
        ("merged", 1, "Fracture on 2025-01-31 (day 31) is merged into the first event: same day."),
        ("rejected: after the first event", None,
         "Fracture on 2025-03-21 (day 80) is rejected: it comes after the first event."),
        ("rejected: after the first event", None,
         "Death on 2025-03-31 (day 90) is rejected: it comes after the first event."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("estimand", "rule", "sentence"),
    [
        ("competing", "competes", "Death on 2025-03-31 (day 90) ends observation as a competing event."),
        ("composite", "counted", "Death on 2025-03-31 (day 90) is counted as the first event."),
        ("censor", "censors", "Death on 2025-03-31 (day 90) ends observation: the subject is censored."),
        ("all", "competes", "Death on 2025-03-31 (day 90) ends observation as a competing event."),
        ("all-censor", "censors", "Death on 2025-03-31 (day 90) ends observation: the subject is censored."),
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
         "Fracture (row 1 of events) is rejected: the subject is excluded (no randomised_date).")
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


def test_the_second_episode_is_the_event_and_the_first_precedes_it() -> None:
    study = small_study(
        extra="""
[estimands.second]
endpoint = "sre"
label = "Second SRE"
paramcd = "TTSEC"
order = 2
death = "competing"
"""
    )
    found = audit(
        "second",
        study,
        events=[("A", "fracture", day) for day in (10, 12, 50, 50, 90)],
        status=[("A", "died", 95)],
    )

    assert [row[2:] for row in found] == [
        ("rejected: earlier episode", 1,
         "Fracture on 2025-01-10 (day 10) is part of episode 1: the event looked for is episode 2."),
        ("rejected: earlier episode", 1,
         "Fracture on 2025-01-12 (day 12) is part of episode 1: the event looked for is episode 2."),
        ("counted", 2,
         "Fracture on 2025-02-19 (day 50) is counted as the event: it opens episode 2."),
        ("merged", 2, "Fracture on 2025-02-19 (day 50) is merged into the event: same day."),
        ("rejected: after the event", None,
         "Fracture on 2025-03-31 (day 90) is rejected: it comes after the event."),
        ("rejected: after the event", None,
         "Death on 2025-04-05 (day 95) is rejected: it comes after the event."),
    ]  # fmt: skip


def test_a_competing_death_on_the_day_of_the_first_event_gives_way_to_it() -> None:
    found = audit("competing", events=[("A", "fracture", 90)], status=[("A", "died", 90)])

    assert found[1][2:] == (
        "rejected: after the first event",
        None,
        "Death on 2025-03-31 (day 90) is rejected: the first event came on the same day.",
    )


@pytest.mark.parametrize(
    ("strategy", "day", "expected"),
    [
        ("composite", 10, [
            ("Never treated does not apply: the record in row 1 of procedures is dated 2025-01-10, in time "
            "(by 2025-01-22)."),
        ]),
        ("competing", 40, [
            ("Never treated (no record within 21 days after randomisation) on 2025-01-22 (day 22) "
            "ends observation as a competing event."),
            ("Never treated is not ruled out: the record in row 1 of procedures is dated 2025-02-09, "
            "too late (by 2025-01-22)."),
        ]),
    ],
)  # fmt: skip
def test_an_absence_and_the_record_that_would_prevent_it(strategy: str, day: int, expected: list) -> None:
    study = small_study(
        extra=f"""
[intercurrent.untreated]
label = "Never treated"
table = "procedures"
where = {{ intent = "protocol" }}
date = "indicated_date"
absent_by = 21
[estimands.treated]
endpoint = "sre"
label = "First SRE, treated"
paramcd = "TTTRT"
death = "competing"
intercurrent = {{ untreated = "{strategy}" }}
"""
    )
    found = audit("treated", study, radiation=[("A", day, "protocol")], status=[("A", "alive", 100)])

    assert [row[4] for row in found if row[4].startswith("Never treated")] == expected


def test_records_of_no_lesion_say_why() -> None:
    outcomes = lesion_outcomes(
        lesions=[("A", "L1"), ("A", "L2", "false")],
        events=[("A", "fracture", day) for day in (20, 21, 22, 23)],
        of={"events": ["L1", "L2", "L9", None]},
        status=[("A", "died", 60)],
    )
    found = outcomes.audit_of("by-lesion")

    assert list(found.columns)[:4] == ["endpoint", "estimand", "subject_id", "lesion_id"]
    assert sorted(rows(found, "source_row", "lesion_id", "rule", "sentence")) == [
        (1, "L1", "counted", "Fracture on 2025-01-20 (day 20) is counted as the first event."),
        (1, "L1", "rejected: after the first event",
         "Death on 2025-03-01 (day 60) is rejected: it comes after the first event."),
        (2, "L2", "rejected: not a lesion of this endpoint",
         "Fracture (row 2 of events) is rejected: its lesion is not one of this endpoint."),
        (3, "L9", "rejected: unknown lesion",
         "Fracture (row 3 of events) is rejected: its lesion is not among those of the subject."),
        (4, None, "rejected: names no lesion",
         "Fracture (row 4 of events) is rejected: it names no lesion."),
    ]  # fmt: skip


def test_the_audit_of_one_estimand_is_its_part_of_the_whole() -> None:
    outcomes = lesion_outcomes(
        lesion_study(),
        lesions=[("A", "L1")],
        events=[("A", "fracture", 20), ("Z", "fracture", 30)],
        of={"events": ["L1", "L1"]},
        status=[("A", "alive", 60)],
    )
    whole = outcomes.audit

    for estimand in outcomes.study.estimands:
        alone = outcomes.audit_of(estimand)
        part = whole.loc[whole["estimand"] == estimand]
        assert rows(part, *alone.columns) == rows(alone, *alone.columns)
        for column in ("endpoint", "estimand", "subject_id", "table", "rule", "sentence"):
            assert alone[column].dtype == "string"
    assert whole.loc[whole["estimand"] == "competing", "lesion_id"].isna().all()
    assert "lesion_id" not in small_outcomes(status=[("A", "alive", 60)]).audit


def test_an_estimand_that_the_study_does_not_have_has_no_audit() -> None:
    with pytest.raises(InvalidArgument, match="no estimand 'first'; the outcomes have competing, composite"):
        small_outcomes(status=[("A", "alive", 60)]).audit_of("first")


def test_the_audit_does_not_depend_on_how_many_sentences_are_made_together(monkeypatch) -> None:
    outcomes = small_outcomes(
        subjects=["A", "B", "C"],
        events=[(who, "fracture", day) for who in ("B", "A", "Z", "C") for day in (80, 20, None, 25, 20)],
        status=[("A", "died", 90), ("B", "alive", 70), ("C", "withdrew", 22)],
    )
    whole = outcomes.audit

    monkeypatch.setattr("skeletal.outcomes.audit.BLOCK", 2)

    assert rows(outcomes.audit, *whole.columns) == rows(whole, *whole.columns)
