"""Intercurrent events of some arms, and those that are the absence of a record (never treated)."""

from __future__ import annotations

import pytest
from tests.support.outcome_trial import (
    CENSORING,
    chosen_estimands,
    iso,
    only,
    rows,
    small_outcomes,
    small_study,
    small_tables,
)

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records

READ = ("time", "status", "cause", "component", "censor_reason")
UNTREATED = """
[intercurrent.untreated]
label = "Never treated"
table = "procedures"
where = {{ intent = "protocol" }}
date = "indicated_date"
{more}
"""


def never_treated(strategy: str, more: str = "absent_by = 21") -> str:
    return UNTREATED.format(more=more) + chosen_estimands("untreated", strategy)


def outcomes_under(strategy: str, more: str = "absent_by = 21", *, top: str = "", **tables):
    study = small_study(top=top, extra=never_treated(strategy, more))
    return small_outcomes(study, **({"status": [("A", "alive", 150)]} | tables))


def chosen(strategy: str, more: str = "absent_by = 21", **tables) -> tuple:
    return only(outcomes_under(strategy, more, **tables).first("sre", "chosen"), *READ)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment_policy", (90, 1, "sre", "fracture", None)),
        ("hypothetical", (22, 0, None, None, "Never treated")),
        ("while_on_treatment", (22, 3, "untreated", "untreated", None)),
        ("composite", (22, 1, "sre", "untreated", None)),
        ("competing", (22, 3, "untreated", "untreated", None)),
    ],
)
def test_who_was_never_treated_has_the_event_at_the_end_of_the_grace(strategy: str, expected: tuple) -> None:
    """Time zero is day 1, 21 days later is day 22."""
    assert chosen(strategy, events=[("A", "fracture", 90)]) == expected


@pytest.mark.parametrize(
    ("treated", "expected"),
    [(1, 150), (10, 150), (22, 150), (23, 22), (-3, 22), ("2025-01", 150), (None, 22)],
)
def test_a_treatment_rules_the_event_out_if_it_comes_from_time_zero_to_the_end_of_the_grace(
    treated, expected: int
) -> None:
    assert chosen("composite", radiation=[("A", treated, "protocol")])[0] == expected


def test_another_treatment_does_not_rule_it_out() -> None:
    assert chosen("composite", radiation=[("A", 10, "preventive")])[:2] == (22, 1)


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        ({"status": [("A", "died", 21)]}, (21, 2)),
        ({"status": [("A", "died", 22)]}, (22, 1)),
        ({"status": [("A", "withdrew", 21)]}, (1, 0)),
        ({"status": [("A", "alive", 21)]}, (21, 0)),
        ({"status": [("A", "alive", 22)]}, (22, 1)),
        ({"status": [], "visits": [("A", 15)]}, (15, 0)),
        # A later record shows the subject observed when the grace ended.
        ({"status": [("A", "alive", 5)], "events": [("A", "fracture", 40)]}, (22, 1)),
        ({"status": [("A", "alive", 5), ("A", "died", 40)]}, (22, 1)),
    ],
)
def test_who_was_not_observed_to_the_end_of_the_grace_has_no_event(tables: dict, expected: tuple) -> None:
    assert chosen("composite", **tables)[:2] == expected


def test_a_data_cutoff_within_the_grace_leaves_it_open() -> None:
    cutoff = '[censoring.cutoff]\nlabel = "Data cutoff"\nrole = "limit"\ndata_cutoff = true\n'
    for day, expected in ((21, (21, 0)), (22, (22, 1))):
        study = small_study(
            top=f"data_cutoff = {iso(day)}",
            extra=never_treated("composite"),
            censoring=CENSORING + cutoff,
        )
        outcomes = small_outcomes(study, status=[("A", "alive", day)])
        assert only(outcomes.first("sre", "chosen"), "time", "status") == expected


def test_absence_by_the_day_of_time_zero_itself() -> None:
    assert chosen("composite", "absent_by = 0")[:2] == (1, 1)
    assert chosen("composite", "absent_by = 0", radiation=[("A", 1, "protocol")])[:2] == (150, 0)


def test_arms_restrict_the_absence_and_the_event() -> None:
    """A is of the old arm, B of the new one."""
    both = {"subjects": ["A", "B"], "status": [("A", "alive", 150), ("B", "alive", 150)]}
    absent = outcomes_under("composite", 'absent_by = 21\narms = ["new"]', **both)
    assert absent.first("sre", "chosen")["time"].tolist() == [150, 22]
    protocol = [("A", 60, "protocol"), ("B", 60, "protocol")]
    dated = outcomes_under("competing", 'arms = ["old"]', radiation=protocol, **both)
    assert dated.first("sre", "chosen")["time"].tolist() == [60, 150]


def test_a_record_in_another_arm_is_ignored_in_words() -> None:
    both = {"subjects": ["A", "B"], "status": [("A", "alive", 150), ("B", "alive", 150)]}
    outcomes = outcomes_under("competing", 'arms = ["old"]', radiation=[("B", 60, "protocol")], **both)
    audit = outcomes.audit.query("estimand == 'chosen' and table == 'procedures' and subject_id == 'B'")

    assert audit["rule"].tolist() == ["ignored: no intercurrent event in this arm"]
    assert "new" in audit["sentence"].item()


def test_recurrent_events_end_or_count_the_absence_once() -> None:
    def spans(strategy: str) -> list:
        frame = outcomes_under(strategy, events=[("A", "fracture", 90)]).recurrent("sre", "chosen-all")
        return rows(frame, "stop", "status", "component")

    assert spans("competing") == [(22, 2, "untreated")]
    assert spans("hypothetical") == [(22, 0, None)]
    assert spans("composite") == [(22, 1, "untreated"), (90, 1, "fracture"), (150, 0, None)]
    assert spans("treatment_policy") == [(90, 1, "fracture"), (150, 0, None)]


def test_the_audit_says_an_absence_in_a_sentence_without_a_record() -> None:
    outcomes = outcomes_under("composite")
    audit = outcomes.audit.query("estimand == 'chosen' and rule == 'counted'")

    assert rows(audit, "subject_id", "table", "source_row") == [("A", None, None)]
    sentence = audit["sentence"].item()
    assert "Never treated (no record within 21 days after randomisation) on 2025-01-22 (day 22)" in sentence
    first = outcomes.first("sre", "chosen")
    assert only(first, "source", "source_row", "date_flag") == (None, None, None)


@pytest.mark.parametrize(("day", "rule"), [(10, "ignored: in time"), (30, "ignored: later than the grace")])
def test_the_audit_has_the_treatment_that_rules_the_absence_out_or_comes_too_late(
    day: int, rule: str
) -> None:
    outcomes = outcomes_under("composite", radiation=[("A", day, "protocol")])
    audit = outcomes.audit.query("estimand == 'chosen' and table == 'procedures'")

    assert audit["rule"].tolist() == [rule]
    assert iso(day) in audit["sentence"].item()
    assert iso(22) in audit["sentence"].item()


def test_an_excluded_subject_has_no_absence() -> None:
    outcomes = outcomes_under("composite", start={"A": None})

    assert outcomes.first("sre", "chosen").empty
    assert (outcomes.audit.query("estimand == 'chosen'")["rule"] != "counted").all()


def test_the_date_of_treatment_of_subjects_can_be_what_is_absent() -> None:
    study = small_study(
        extra=never_treated("composite")
        .replace('table = "procedures"\nwhere = { intent = "protocol" }\ndate = "indicated_date"', "")
        .replace(
            'label = "Never treated"', 'label = "Never treated"\ntable = "subjects"\ndate = "treatment_date"'
        )
    )
    tables = small_tables(subjects=["A", "B"], status=[("A", "alive", 150), ("B", "alive", 150)])
    tables["subjects"]["treatment_date"] = [iso(5), None]
    outcomes = derive_outcomes(make_records(tables, study=study), study)

    assert outcomes.first("sre", "chosen")["time"].tolist() == [150, 22]
