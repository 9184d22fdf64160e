"""What becomes of visits after an event that ends collection, an intercurrent event or death."""

from __future__ import annotations

import pytest
from tests.support.measured_trial import CROSSOVER, UNTIL, by_visit, nrs, statuses, values_of
from tests.support.outcome_trial import iso

# --- collection that ends with an event ----------------------------------------------------------


def test_after_the_event_collection_is_structurally_missing():
    scores = [("A", 31, 4), ("A", 63, 8), ("A", 175, 2)]
    frame = nrs(*scores, more=UNTIL, events=[("A", "cord", 60)], status=[("A", "alive", 300)])
    assert by_visit(frame, "status", "value") == {
        "Baseline": ("missing", None),
        "Month 1": ("observed", 4),
        "Month 3": ("observed", 8),  # brought forward to day 63
        "Month 6": ("structural", None),  # a value after collection ended does not count
    }


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([("A", 67, 8)], ("observed", "structural")),
        ([("A", 68, 8)], ("missing", "structural")),  # later than the seven days
        ([("A", 60, 8)], ("missing", "structural")),  # of the day of the event: an extra one before it
        ([], ("missing", "structural")),
        ([("A", 63, 8, None, "Month 6")], ("structural", "observed")),  # it names the visit
        ([("A", 55, 5, None, "Month 3")], ("observed", "missing")),  # so the next is Month 6
        ([("A", 55, 5, None, "Month 3"), ("A", 62, 6)], ("observed", "observed")),
    ],
)
def test_the_next_visit_is_brought_forward(scores, expected):
    found = statuses(*scores, more=UNTIL, events=[("A", "cord", 60)], status=[("A", "alive", 300)])
    assert (found["Month 3"], found["Month 6"]) == expected


def test_without_days_after_the_event_nothing_is_brought_forward():
    more = 'collected_until_first = "sre"'
    found = statuses(("A", 62, 8), more=more, events=[("A", "cord", 60)], status=[("A", "alive", 300)])
    assert (found["Month 1"], found["Month 3"], found["Month 6"]) == ("missing", "structural", "structural")


def test_a_visit_that_was_due_before_the_event_is_missing():
    found = statuses(more=UNTIL, events=[("A", "cord", 95)], status=[("A", "alive", 300)])
    assert (found["Month 3"], found["Month 6"]) == ("missing", "structural")


def test_death_after_the_event_is_death():
    found = statuses(more=UNTIL, events=[("A", "cord", 60)], status=[("A", "died", 80)])
    assert (found["Month 3"], found["Month 6"]) == ("missing", "death")


def test_beyond_the_cutoff_nothing_is_due_whatever_ended_collection():
    found = statuses(("A", 62, 8), more=UNTIL, events=[("A", "cord", 60)], top=f"data_cutoff = {iso(150)}")
    assert (found["Month 3"], found["Month 6"]) == ("observed", "not_due")


def test_a_death_that_is_an_event_of_the_endpoint_does_not_end_collection():
    extra = """
[components.deadly]
label = "Death of cancer"
table = "disposition"
where = { status = "died" }
[endpoints.any]
label = "Cord compression or death"
components = ["cord"]
[estimands.any]
endpoint = "any"
label = "Any"
paramcd = "ANY"
death = "composite"
"""
    found = statuses(more='collected_until_first = "any"', extra=extra, status=[("A", "died", 60)])
    assert (found["Month 1"], found["Month 3"]) == ("missing", "death")


# --- intercurrent events -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "status", "value"),
    [
        ("treatment_policy", "observed", 5),
        ("hypothetical", "intercurrent", None),
        ("while_on_treatment", "intercurrent", None),
        ("composite", "intercurrent", 10),
    ],
)
def test_the_strategy_says_what_an_intercurrent_event_does(strategy, status, value):
    frame = nrs(
        ("A", 31, 4),
        ("A", 91, 5),
        more=f'intercurrent = {{ crossover = "{strategy}" }}',
        extra=CROSSOVER,
        radiation=[("A", 60, "preventive")],
        status=[("A", "alive", 300)],
    )
    found = by_visit(frame, "status", "value")
    assert found["Month 1"] == ("observed", 4)
    assert found["Month 3"] == (status, value)


@pytest.mark.parametrize(
    ("event", "death", "expected"),
    [(50, 60, ("intercurrent", None)), (60, 50, ("death", 10)), (50, 50, ("death", 10))],
)
def test_of_death_and_an_intercurrent_event_the_earlier_decides(event, death, expected):
    frame = nrs(
        more='death = "worst"\nintercurrent = { crossover = "hypothetical" }',
        extra=CROSSOVER,
        radiation=[("A", event, "preventive")],
        status=[("A", "died", death)],
    )
    assert by_visit(frame, "status", "value")["Month 3"] == expected


def test_an_intercurrent_event_on_the_day_of_the_assessment_leaves_it():
    found = values_of(
        ("A", 91, 5),
        more='intercurrent = { crossover = "composite" }',
        extra=CROSSOVER,
        radiation=[("A", 91, "preventive")],
    )
    assert (found["Month 3"], found["Month 6"]) == (5, 10)
