"""The course of pain: best response, time to response, duration, flare."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.measured_trial import CROSSOVER, PAIN, answer_rows, measured_outcomes, measured_study
from tests.support.outcome_trial import iso, only, rows

COLUMNS = [
    *("subject_id", "arm", "start_date", "n_assessments", "best_response", "response_date"),
    *("response_time", "duration", "ended", "end_date", "end_reason", "flare"),
]


def course(*pain, more="", extra="", lesions=(), start=8, **tables):
    """Course of subject A, whose pain is 8 on day 1 and as given as (day, pain) later."""
    study = measured_study(PAIN, rules='missing_omed = "none"', more=more, extra=extra)
    values = [("A", 1, start), *(("A", *row) for row in pain)]
    tables.setdefault("status", [("A", "alive", 300)])
    answers = answer_rows(values, "BPI", "worst_pain")
    return measured_outcomes(study, answers=answers, lesions=lesions, **tables).pain_course("pain")


def test_columns_of_a_course():
    found = course((20, 6), (50, 0), (90, 5), (120, 7))
    assert list(found.columns) == COLUMNS
    assert only(found, *COLUMNS[3:]) == (
        4,
        "complete",
        pd.Timestamp(iso(20)),
        20,
        100,
        True,
        pd.Timestamp(iso(120)),
        "loss of response",
        None,
    )


@pytest.mark.parametrize(
    ("pain", "best", "time", "duration", "ended", "reason"),
    [
        ([(20, 6)], "partial", 20, 0, False, "last assessment"),
        ([(20, 6), (50, 5)], "partial", 20, 30, False, "last assessment"),
        ([(20, 8), (50, 0), (90, 10)], "complete", 50, 40, True, "progression"),
        ([(20, 6), (50, 7), (90, 6)], "partial", 20, 30, True, "loss of response"),
        ([(20, 8)], "indeterminate", None, None, None, None),
        ([(20, 10), (50, 9)], "indeterminate", None, None, None, None),
        ([(20, 10)], "progression", None, None, None, None),
        ([], None, None, None, None, None),
    ],
)
def test_a_response_lasts_to_the_first_assessment_without_one(pain, best, time, duration, ended, reason):
    names = ("best_response", "response_time", "duration", "ended", "end_reason")
    assert only(course(*pain), *names) == (best, time, duration, ended, reason)


def test_death_does_not_end_a_response():
    found = course((20, 6), (50, 6), (70, 10), status=[("A", "died", 60)])
    assert only(found, "duration", "ended", "end_reason") == (30, False, "last assessment")


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment_policy", (70, True, "progression")),
        ("hypothetical", (30, False, "last assessment")),
        ("while_on_treatment", (30, False, "last assessment")),
        ("composite", (40, True, "intercurrent event")),
    ],
)
def test_the_strategy_says_what_an_intercurrent_event_does(strategy, expected):
    found = course(
        (20, 6),
        (50, 6),
        (90, 10),
        more=f'intercurrent = {{ crossover = "{strategy}" }}',
        extra=CROSSOVER,
        radiation=[("A", 60, "preventive")],
    )
    assert only(found, "duration", "ended", "end_reason") == expected


@pytest.mark.parametrize(("days", "expected"), [(0, 30), (7, 36), (40, 70)])
def test_after_the_end_of_collection_nothing_counts(days, expected):
    more = f'collected_until_first = "sre"\ncollected_for_days = {days}'
    found = course((20, 6), (50, 6), (56, 6), (90, 6), more=more, events=[("A", "cord", 52)])
    assert only(found, "duration") == (expected,)


@pytest.mark.parametrize(
    ("day", "pain", "more", "expected"),
    [
        (11, 10, "", True),
        (12, 10, "", None),
        (12, 10, "flare_within_days = 11", True),
        (12, 10, "flare_within_days = 12", True),
        (11, 9, "", False),
    ],
)
def test_a_flare_is_an_early_progression(day, pain, more, expected):
    assert only(course((day, pain), (60, 0), more=more), "best_response", "flare") == ("complete", expected)


def test_each_lesion_has_its_course():
    values = [(1, 8, "L1"), (1, 8, "L2"), (20, 0, "L1"), (20, 9, "L2")]
    study = measured_study(PAIN, rules='missing_omed = "none"', more='unit = "lesion"')
    outcomes = measured_outcomes(
        study,
        answers=answer_rows([("A", *row) for row in values], "BPI", "worst_pain"),
        lesions=[("A", "L1", True), ("A", "L2", True), ("A", "L3", True)],
        status=[("A", "alive", 300)],
    )
    found = outcomes.pain_course("pain")
    assert rows(found, "lesion_id", "best_response", "flare") == [
        ("L1", "complete", None),
        ("L2", "indeterminate", None),
        ("L3", None, None),
    ]


def test_without_an_early_assessment_a_flare_is_not_assessable():
    assert only(course((5, 8), (12, 10)), "flare") == (False,)
    assert only(course((12, 8)), "flare") == (None,)
    assert only(course((12, 10)), "flare") == (None,)
    assert only(course(), "flare") == (None,)


def cut_course(*pain, cutoff, **options):
    """Course of subject A whose records go beyond the data cutoff."""
    study = measured_study(
        PAIN, rules='missing_omed = "none"', top=f"data_cutoff = {iso(cutoff)}", **options.pop("study", {})
    )
    answers = answer_rows([("A", 1, 8), *(("A", *row) for row in pain)], "BPI", "worst_pain")
    options.setdefault("status", [("A", "alive", 300)])
    return measured_outcomes(study, answers=answers, **options).pain_course("pain")


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        (119, (2, "partial", 20, 70, False, "last assessment")),
        (120, (3, "partial", 20, 100, True, "progression")),
        (89, (1, "partial", 20, 0, False, "last assessment")),
        (19, (0, None, None, None, None, None)),
    ],
)
def test_nothing_after_the_data_cutoff_counts(cutoff, expected):
    found = cut_course((20, 6), (90, 5), (120, 10), cutoff=cutoff)
    names = ("n_assessments", "best_response", "response_time", "duration", "ended", "end_reason")
    assert only(found, *names) == expected


@pytest.mark.parametrize(
    ("cutoff", "events", "expected"),
    [
        (100, {}, (40, True, "intercurrent event")),
        (60, {}, (40, True, "intercurrent event")),
        (59, {}, (30, False, "last assessment")),
        (100, {"status": [("A", "died", 55)]}, (30, False, "last assessment")),
        (100, {"events": [("A", "cord", 52)]}, (30, False, "last assessment")),
    ],
)
def test_a_composite_event_after_the_end_of_the_course_does_not_end_the_response(cutoff, events, expected):
    more = 'intercurrent = { crossover = "composite" }\ncollected_until_first = "sre"\ncollected_for_days = 7'
    study = {"more": more, "extra": CROSSOVER}
    found = cut_course(
        (20, 6), (50, 6), cutoff=cutoff, study=study, radiation=[("A", 60, "preventive")], **events
    )
    assert only(found, "duration", "ended", "end_reason") == expected
