"""A sponsor's end of participation: deaths that play no part, and participation that a cutoff leaves open."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.outcome_trial import iso, only, small_study, small_tables

from skeletal.errors import InvalidStudy
from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records

HORIZON = '[censoring.horizon]\nlabel = "Horizon"\nrole = "limit"\nafter_days = 199\n'
READ = ("time", "status", "censor_reason")
IGNORED = """
[estimands.sponsor]
endpoint = "sre"
label = "First SRE, sponsor's rule"
paramcd = "TTSPON"
death = "ignored"
"""
END = """
[censoring.end]
label = "End of participation"
role = "last_seen"
table = "subjects"
date = "end_date"
"""
CUTOFF = '[censoring.cutoff]\nlabel = "Data cutoff"\nrole = "limit"\ndata_cutoff = true\n'


def outcomes(end: int | None, *, censoring: str = END, cutoff: int | None = None, **tables):
    study = small_study(extra=IGNORED, censoring=censoring)
    built = small_tables(**tables)
    built["subjects"] = built["subjects"].assign(end_date=pd.Series([iso(end)], dtype="string"))
    date = None if cutoff is None else pd.Timestamp(iso(cutoff)).date()
    return derive_outcomes(make_records(built, study=study, data_cutoff=date), study)


def test_an_ignored_death_neither_ends_observation_nor_hides_an_event() -> None:
    dead = [("A", "died", 80)]

    assert only(outcomes(90, status=dead).first("sre", "sponsor"), *READ) == (90, 0, "End of participation")
    assert only(outcomes(90, status=dead).first("sre", "censor"), *READ) == (80, 0, "Death")
    late = outcomes(90, status=dead, events=[("A", "fracture", 85)])
    assert only(late.first("sre", "sponsor"), *READ) == (85, 1, None)


def test_the_audit_says_that_the_death_changes_nothing() -> None:
    audit = outcomes(90, status=[("A", "died", 80)]).audit
    row = audit[(audit["estimand"] == "sponsor") & (audit["table"] == "disposition")]

    assert row["rule"].tolist() == ["ignored: the censoring rules alone end observation"]
    assert row["sentence"].tolist() == [
        "Death on 2025-03-21 (day 80) changes nothing: the censoring rules alone end observation."
    ]


def test_recurrent_events_refuse_to_ignore_death() -> None:
    with pytest.raises(InvalidStudy, match="recurrent events take death as 'competing' or 'censor'"):
        small_study(extra=IGNORED + 'variable = "recurrent"\n')


def test_participation_without_an_end_is_followed_to_the_cutoff() -> None:
    with_rule = outcomes(None, censoring=END + CUTOFF, cutoff=120)

    assert only(with_rule.first("sre", "sponsor"), *READ) == (120, 0, "Data cutoff")
    assert only(outcomes(None, cutoff=120).first("sre", "sponsor"), *READ) == (120, 0, "End of participation")


def test_participation_that_ended_before_the_cutoff_ends_there() -> None:
    found = outcomes(70, censoring=END + CUTOFF, cutoff=120).first("sre", "sponsor")

    assert only(found, *READ) == (70, 0, "End of participation")


def test_without_a_cutoff_a_blank_end_shows_nothing() -> None:
    found = outcomes(None).first("sre", "sponsor")

    assert only(found, *READ) == (1, 0, "No assessment after randomisation")


def test_an_ignored_death_does_not_move_the_censoring() -> None:
    dead = [("A", "died", 80)]

    assert only(outcomes(70, status=dead).first("sre", "sponsor"), *READ) == (70, 0, "End of participation")
    events = [("A", "fracture", 230)]
    seen = outcomes(70, status=dead, events=events, censoring=END + HORIZON)
    assert only(seen.first("sre", "sponsor"), *READ) == (200, 0, "Horizon")
