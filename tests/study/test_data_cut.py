"""Which data cuts a study may declare."""

import datetime as dt

import pytest
from pydantic import ValidationError
from tests.support.outcome_trial import small_study

from skeletal.errors import InvalidStudy
from skeletal.study import DataCut, load_study, lock_study, parse_study

JUNE = dt.date(2025, 6, 30)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "exactly one of date, n_events and follow_up_days, got none"),
        ({"date": JUNE, "n_events": 5, "endpoint": "sre"}, "got date and n_events"),
        ({"date": JUNE, "follow_up_days": 5}, "got date and follow_up_days"),
        ({"n_events": 5}, "n_events needs the endpoint"),
        ({"n_events": 0, "endpoint": "sre"}, "greater than or equal to 1"),
        ({"follow_up_days": 0}, "greater than or equal to 1"),
        ({"date": JUNE, "endpoint": "sre"}, "endpoint belongs to n_events, not to date"),
        ({"follow_up_days": 5, "count": "episodes"}, "count belongs to n_events, not to follow_up_days"),
        ({"date": JUNE, "adjudicated": "confirmed"}, "adjudicated belongs to n_events, not to date"),
        ({"date": JUNE, "estimand": "all"}, "estimand belongs to n_events, not to date"),
        ({"n_events": 5, "endpoint": "sre", "of": "median"}, "of belongs to follow_up_days, not to n_events"),
        ({"date": JUNE, "latest": JUNE}, "date is a day already"),
        ({"n_events": True, "endpoint": "sre"}, "n_events must be a number"),
        ({"follow_up_days": 5, "of": "all"}, "last_randomised"),
    ],
)
def test_contradictions_are_refused(keys, message):
    with pytest.raises(ValidationError, match=message):
        DataCut(**keys)


def declared(text, top=""):
    return small_study(top=top, extra=f"[data_cut]\n{text}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'n_events = 5\nendpoint = "sse"',
            r"data_cut names endpoint 'sse', which is not declared \(did you mean 'sre'",
        ),
        (
            'n_events = 5\nendpoint = "sre"\nestimand = "composit"',
            r"names estimand 'composit'.* mean 'composite'",
        ),
        (
            'n_events = 5\nendpoint = "sre"\nestimand = "all"',
            "'all' reads endpoint 'sre' with variable = 'recurrent'",
        ),
        ('n_events = 5\nendpoint = "sre"\nestimand = "survival"', "reads endpoint 'death'"),
        (
            'n_events = 5\nendpoint = "death"\ncount = "episodes"',
            "'death' is death alone, which has no episodes",
        ),
        (
            'n_events = 5\nendpoint = "death"\nadjudicated = "confirmed"',
            "death alone; adjudicated = 'confirmed' needs",
        ),
    ],
)
def test_what_contradicts_the_study_is_refused(text, message):
    with pytest.raises(InvalidStudy, match=message):
        declared(text)


@pytest.mark.parametrize("text", ["date = 2025-07-01", 'n_events = 1\nendpoint = "sre"\nlatest = 2025-07-01'])
def test_a_day_after_the_data_cutoff_is_refused(text):
    with pytest.raises(InvalidStudy, match="2025-07-01 is after data_cutoff 2025-06-30"):
        declared(text, top="data_cutoff = 2025-06-30")
    assert declared(text, top="data_cutoff = 2025-07-01").data_cut


def test_defaults_are_filled_for_the_rule_that_is_given():
    events = declared('n_events = 5\nendpoint = "sre"').data_cut
    assert (events.count, events.adjudicated, events.of) == ("subjects", "any", None)
    follow_up = declared("follow_up_days = 5").data_cut
    assert (follow_up.count, follow_up.adjudicated, follow_up.of) == (None, None, "last_randomised")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("date = 2025-06-30", "Data cut on a fixed day, 2025-06-30."),
        (
            'n_events = 5\nendpoint = "sre"',
            "Data cut on the first day on which 5 subjects with an event of 'SRE' were known.",
        ),
        (
            'n_events = 5\nendpoint = "sre"\ncount = "episodes"\nlatest = 2025-06-30',
            "Data cut on the first day on which 5 episodes of 'SRE' were known, no later than 2025-06-30.",
        ),
        (
            'n_events = 5\nendpoint = "sre"\nadjudicated = "confirmed"',
            "Data cut on the first day on which 5 subjects with an event of 'SRE' were known and confirmed.",
        ),
        ("follow_up_days = 365", "Data cut 365 days after the last subject was randomised."),
        (
            'follow_up_days = 365\nof = "median"',
            "Data cut when half of the subjects had been randomised for 365 days or more.",
        ),
    ],
)
def test_the_rule_is_said_in_words_and_survives_the_locked_file(text, sentence):
    study = declared(text)
    assert study.data_cut.sentence(study) == sentence
    assert parse_study(lock_study(study)).data_cut == study.data_cut


def test_the_library_declares_no_cut():
    assert load_study("hermes").data_cut is None
