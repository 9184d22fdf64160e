"""Time to the first event: limits, death, censoring, dates; every expected row counted by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.outcome_trial import (
    CENSORING,
    iso,
    only,
    rows,
    small_outcomes,
    small_study,
    small_tables,
)

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.outcomes import competing_risks, derive_outcomes, right_censored
from skeletal.outcomes.first_event import FIRST_COLUMNS
from skeletal.records import make_records

READ = ("time", "status", "cause", "component", "censor_reason")
ALIVE = ("A", "alive", 150)


def first(estimand: str = "competing", columns: tuple[str, ...] = READ, study=None, **tables) -> tuple:
    outcomes = small_outcomes(study, **tables)
    endpoint = outcomes.study.estimands[estimand].endpoint
    return only(outcomes.first(endpoint, estimand), *columns)


def test_the_earliest_event_counts_and_the_row_names_its_record() -> None:
    outcomes = small_outcomes(
        events=[("A", "fracture", 60), ("A", "cord", 31)], radiation=[("A", 45)], status=[ALIVE]
    )
    frame = outcomes.first("sre", "competing")

    assert list(frame.columns) == FIRST_COLUMNS
    assert only(frame, *READ) == (31, 1, "sre", "cord", None)
    assert only(frame, "components", "source", "source_row", "date_flag") == ("cord", "events", 2, None)
    assert only(frame, "start_date", "date") == (pd.Timestamp("2025-01-01"), pd.Timestamp("2025-01-31"))


def test_on_one_day_the_first_component_of_the_study_counts_and_all_are_listed() -> None:
    tables = {"events": [("A", "fracture", 31), ("A", "cord", 31)], "radiation": [("A", 31)]}

    assert first(columns=("component", "components"), status=[ALIVE], **tables) == (
        "cord",
        "cord+fracture+radiation",
    )


def test_a_row_that_matches_two_components_counts_once_as_the_first() -> None:
    extra = """
[components.any]
label = "Anything"
table = "events"
[endpoints.both]
label = "Both"
components = ["any", "fracture"]
"""
    outcomes = small_outcomes(
        small_study(extra=extra), events=[("A", "fracture", 9), ("A", "other", 9)], status=[ALIVE]
    )

    assert only(outcomes.first("both"), "component", "components", "time") == ("any", "any", 9)
    assert (outcomes.audit.query("endpoint == 'both'")["rule"] == "counted").sum() == 1


@pytest.mark.parametrize(("event", "expected"), [(1, 1), (0, None)])
def test_an_event_on_the_day_of_time_zero_counts_and_one_before_does_not(event: int, expected) -> None:
    found = first(columns=("time", "status"), events=[("A", "fracture", event)], status=[ALIVE])

    assert found == ((1, 1) if expected else (150, 0))


def test_missing_values_and_preventive_radiotherapy_never_match_a_filter() -> None:
    tables = {"radiation": [("A", 20, "preventive"), ("A", 30, None)], "events": [("A", None, 40)]}

    with pytest.raises(InvalidRecords, match="intent"):
        first(radiation=[("A", 20, "unknown")], status=[ALIVE])
    assert first(columns=("status", "time"), status=[ALIVE], **tables) == (0, 150)


# Death


@pytest.mark.parametrize(
    ("estimand", "expected"),
    [
        ("competing", (80, 2, "death", "death", None)),
        ("composite", (80, 1, "sre", "death", None)),
        ("censor", (80, 0, None, None, "Death")),
        ("survival", (80, 1, "death", "death", None)),
    ],
)
def test_death_without_an_event_by_strategy(estimand: str, expected: tuple) -> None:
    assert first(estimand, status=[("A", "died", 80), ("A", "alive", 40)]) == expected


@pytest.mark.parametrize(
    ("estimand", "components"),
    [("competing", "fracture"), ("composite", "fracture+death"), ("censor", "fracture")],
)
def test_an_event_on_the_day_of_death_comes_first(estimand: str, components: str) -> None:
    found = first(estimand, (*READ, "components"), events=[("A", "fracture", 80)], status=[("A", "died", 80)])

    assert found == (80, 1, "sre", "fracture", None, components)


def test_an_event_after_death_is_rejected_and_the_death_stands() -> None:
    outcomes = small_outcomes(events=[("A", "fracture", 81)], status=[("A", "died", 80)])

    assert only(outcomes.first("sre", "competing"), *READ) == (80, 2, "death", "death", None)
    fate = outcomes.audit.query("estimand == 'competing' and table == 'events'")
    assert only(fate, "rule", "sentence") == (
        "rejected: after death",
        (
            "Fracture on 2025-03-22 (day 81) is rejected: "
            "it comes after the end of observation on 2025-03-21 (death)."
        ),
    )


def test_of_two_deaths_the_earlier_stands_and_the_other_is_rejected() -> None:
    outcomes = small_outcomes(status=[("A", "died", 90), ("A", "died", 80)])

    assert only(outcomes.first("sre", "competing"), "time", "source_row") == (80, 2)
    audit = outcomes.audit.query("estimand == 'competing'")
    assert rows(audit, "source_row", "rule") == [(2, "competes"), (1, "rejected: after death")]


@pytest.mark.parametrize("estimand", ["competing", "composite", "censor"])
def test_death_after_the_limit_does_not_count_but_shows_the_subject_seen_until_then(estimand: str) -> None:
    found = first(estimand, status=[("A", "died", 250), ("A", "alive", 90)])

    assert found == (200, 0, None, None, "Horizon")


# Limits


def test_an_event_on_the_day_of_the_limit_counts_and_one_later_does_not() -> None:
    assert first(events=[("A", "fracture", 200)], status=[ALIVE])[:2] == (200, 1)
    outcomes = small_outcomes(events=[("A", "fracture", 201)], status=[("A", "alive", 300)])

    assert only(outcomes.first("sre", "competing"), *READ) == (200, 0, None, None, "Horizon")
    fate = outcomes.audit.query("estimand == 'competing' and table == 'events'")
    assert only(fate, "rule") == ("rejected: after Horizon",)


def test_withdrawal_ends_observation() -> None:
    status = [("A", "withdrew", 70), ("A", "alive", 150), ("A", "died", 160)]

    assert first(events=[("A", "fracture", 71)], status=status) == (70, 0, None, None, "Withdrew")


def test_a_limit_takes_the_first_row_unless_the_rule_says_last() -> None:
    status = [("A", "withdrew", 70), ("A", "withdrew", 90), ALIVE]
    last = CENSORING.replace(
        'where = { status = "withdrew" }', 'where = { status = "withdrew" }\ntake = "last"'
    )

    assert first(status=status)[0] == 70
    assert first(status=status, study=small_study(censoring=last))[0] == 90


CUTOFF = '[censoring.cutoff]\nlabel = "Data cutoff"\nrole = "limit"\ndata_cutoff = true\n'


@pytest.mark.parametrize(
    ("of_study", "of_records", "expected"),
    [(100, None, 100), (None, 100, 100), (100, 120, 100), (120, 100, 100)],
)
def test_the_earlier_data_cutoff_of_study_and_records_is_the_limit(of_study, of_records, expected) -> None:
    top = "" if of_study is None else f"data_cutoff = {iso(of_study)}"
    study = small_study(top=top, censoring=CUTOFF + CENSORING)
    cutoff = None if of_records is None else pd.Timestamp(iso(of_records)).date()
    tables = small_tables(events=[("A", "fracture", 130)], status=[ALIVE])
    outcomes = derive_outcomes(make_records(tables, study=study, data_cutoff=cutoff), study)

    assert only(outcomes.first("sre", "competing"), *READ) == (expected, 0, None, None, "Data cutoff")


def test_the_endpoint_chooses_its_rules() -> None:
    study = small_study(endpoint='censoring = ["horizon", "visit"]')
    tables = {"status": [("A", "withdrew", 70)], "visits": [("A", 120)]}

    assert first(study=study, **tables) == (120, 0, None, None, "Last visit")
    assert first("survival", study=study, **tables) == (70, 0, None, None, "Withdrew")


# Last seen


def test_without_an_event_censored_at_the_last_day_seen_by_any_rule() -> None:
    assert first(status=[("A", "alive", 90)], visits=[("A", 120)])[::4] == (120, "Last visit")
    assert first(status=[("A", "alive", 130)], visits=[("A", 120)])[::4] == (130, "Last contact")


def test_reasons_of_one_day_go_by_the_order_of_the_rules() -> None:
    assert first(status=[("A", "alive", 120)], visits=[("A", 120)])[4] == "Last contact"
    assert first(status=[("A", "withdrew", 120), ("A", "alive", 120)])[4] == "Withdrew"


def test_an_assessment_that_was_not_done_shows_nothing() -> None:
    assert first(visits=[("A", 50), ("A", 90, "false")])[::4] == (50, "Last visit")


def test_an_event_after_the_last_day_seen_counts() -> None:
    assert first(events=[("A", "fracture", 120)], status=[("A", "alive", 60)])[:2] == (120, 1)


def test_seen_after_the_limit_means_censored_at_the_limit() -> None:
    assert first(status=[("A", "alive", 400)])[::4] == (200, "Horizon")


def test_nobody_saw_the_subject_after_time_zero() -> None:
    expected = (1, 0, None, None, "No assessment after randomisation")

    assert first() == expected
    assert first(visits=[("A", 0)]) == expected


def test_with_limits_only_censored_at_the_limit() -> None:
    horizon = CENSORING.split("[censoring.contact]")[0]

    assert first(study=small_study(censoring=horizon))[::4] == (200, "Horizon")


def test_without_any_end_of_follow_up_the_records_are_refused_by_name() -> None:
    withdrawal = CENSORING.split("[censoring.horizon]")[0]

    with pytest.raises(InvalidRecords, match=r"endpoint 'sre': nothing says how long 1 subject\(s\).*\(B\)"):
        small_outcomes(small_study(censoring=withdrawal), subjects=["A", "B"], status=[("A", "withdrew", 50)])


def test_a_skeletal_event_shows_a_subject_alive_for_overall_survival() -> None:
    tables = {"events": [("A", "fracture", 120)], "status": [("A", "alive", 60)]}

    assert first("survival", **tables) == (120, 0, None, None, "Later event record")


def test_an_event_after_the_limit_shows_the_subject_observed_until_the_limit() -> None:
    tables = {"events": [("A", "fracture", 230)], "status": [("A", "alive", 60)]}

    assert first(**tables)[::4] == (200, "Horizon")


def test_a_record_that_is_no_component_does_not_move_the_censoring() -> None:
    assert first(events=[("A", "other", 120)], status=[("A", "alive", 60)])[::4] == (60, "Last contact")


def test_missed_visits_end_observation_at_the_last_assessment_before_the_gap() -> None:
    visits = "".join(
        f'[[visits]]\nname = "V{day}"\nday = {day}\nwindow_before = 5\nwindow_after = 5\n'
        for day in (30, 60, 90, 120)
    )
    rule = '[censoring.missed]\nlabel = "Two visits missed"\nrole = "limit"\nmissed_visits = 2\n'
    study = small_study(extra=visits, censoring=rule + CENSORING)
    seen = [("A", 31), ("A", 121)]

    assert first(study=study, visits=seen) == (31, 0, None, None, "Two visits missed")
    assert first(study=study, visits=[*seen, ("A", 70, "true", "V60")])[::4] == (121, "Last visit")
    assert first(study=study, visits=[*seen, ("A", 92)])[::4] == (121, "Last visit")
    assert first(study=study, visits=seen, events=[("A", "fracture", 110)])[0] == 31
    assert first(study=study, visits=seen, events=[("A", "fracture", 96)])[:2] == (96, 1)
    assert first(study=study, visits=[("A", 121)])[::4] == (1, "Two visits missed")


# Who is analysed


def test_subjects_without_time_zero_are_excluded_with_the_reason() -> None:
    outcomes = small_outcomes(
        subjects=["A", "B", "C"],
        start={"B": None, "C": "2025-01"},
        status=[(who, "alive", 90) for who in "ABC"],
    )

    assert outcomes.first("sre")["subject_id"].tolist() == ["A"]
    mine = outcomes.exclusions.query("estimand == 'competing'")
    assert rows(mine, "subject_id", "arm", "reason") == [
        ("B", "new", "no randomised_date"),
        ("C", "old", "incomplete randomised_date"),
    ]


@pytest.mark.parametrize(("status", "label"), [("withdrew", "Withdrew"), ("died", "Death")])
def test_observation_that_ended_before_time_zero_is_an_exclusion(status: str, label: str) -> None:
    outcomes = small_outcomes(status=[("A", status, -3)])

    assert outcomes.first("sre").empty
    assert set(outcomes.exclusions["reason"]) == {f"{label} before randomisation"}


def test_an_endpoint_can_have_its_own_time_zero() -> None:
    study = small_study(endpoint='time_zero = "surgery_date"')
    tables = small_tables(events=[("A", "fracture", 31)], status=[ALIVE])
    tables["subjects"]["surgery_date"] = iso(11)
    outcomes = derive_outcomes(make_records(tables, study=study), study)

    assert only(outcomes.first("sre"), "time") == (21,)
    assert only(outcomes.first("death"), "time") == (150,)


def test_randomisation_is_named_where_the_study_counts_from_another_day() -> None:
    top = 'time_zero = "surgery_date"\ntime_zero_label = "first dose"'
    study = small_study(top=top, endpoint='time_zero = "randomised_date"')
    tables = small_tables(status=[("A", "died", -3)])
    tables["subjects"]["surgery_date"] = iso(11)
    outcomes = derive_outcomes(make_records(tables, study=study), study)

    reasons = outcomes.exclusions.set_index("estimand")["reason"]
    assert reasons["competing"] == "Death before randomisation"
    assert reasons["survival"] == "Death before first dose"


# Estimands and arguments


def test_an_endpoint_without_estimand_is_read_with_death_competing() -> None:
    extra = '[endpoints.bare]\nlabel = "Bare"\ncomponents = ["fracture"]\n'
    outcomes = small_outcomes(small_study(extra=extra), status=[("A", "died", 80)])

    assert only(outcomes.first("bare"), "time", "status", "component") == (80, 2, "death")
    assert "bare (default)" in set(outcomes.audit["estimand"])
    assert "bare (default)" not in set(outcomes.accounting()["estimand"])


def test_by_default_the_first_declared_estimand_of_first_events_is_read() -> None:
    outcomes = small_outcomes(status=[("A", "died", 80)])

    pd.testing.assert_frame_equal(outcomes.first("sre"), outcomes.first("sre", "competing"))
    assert outcomes.causes("competing") == ("sre", "death")
    assert outcomes.causes("composite") == ("sre",)


def test_samples_take_times_and_statuses_of_the_frame() -> None:
    outcomes = small_outcomes(
        subjects=["A", "B", "C"],
        events=[("A", "fracture", 30)],
        status=[("B", "died", 80), ("C", "alive", 90)],
    )
    frame = outcomes.first("sre")

    assert right_censored(frame).event.tolist() == [1, 0, 0]
    risks = competing_risks(frame, outcomes.causes("competing"))
    assert (risks.time.tolist(), risks.status.tolist()) == ([30.0, 80.0, 90.0], [1, 2, 0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda o: o.first("sse"), "no endpoint 'sse'; the study has sre, death"),
        (lambda o: o.first("sre", "none"), "no estimand 'none'; the study has competing"),
        (lambda o: o.first("sre", "all"), "reads endpoint 'sre' as 'recurrent', not 'sre' as 'first'"),
        (lambda o: o.first("death", "competing"), "reads endpoint 'sre' as 'first', not 'death'"),
        (lambda o: o.recurrent("death"), "death alone, which does not recur"),
        (lambda o: o.causes("none"), "no estimand 'none'"),
    ],
)
def test_unknown_names_are_refused(call, message: str) -> None:
    outcomes = small_outcomes(status=[ALIVE])

    with pytest.raises(InvalidArgument, match=message):
        call(outcomes)
