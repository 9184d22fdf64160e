"""By component, by a horizon, episodes and periods: each rule on a table made by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.lesion_trial import lesion_outcomes
from tests.support.outcome_trial import only, rows, small_outcomes, small_study

from skeletal.errors import InvalidArgument

ALIVE = [("A", "alive", 150)]
EVENTS = [("A", "fracture", 30), ("A", "cord", 60), ("A", "fracture", 90)]


def by_component(estimand: str, **tables) -> list:
    frame = small_outcomes(**({"status": ALIVE} | tables)).by_component("sre", estimand)
    return rows(frame, "component_name", "time", "status", "component", "censor_reason")


def test_each_component_alone_has_its_first_event_whatever_the_others_do() -> None:
    assert by_component("competing", events=EVENTS) == [
        ("cord", 60, 1, "cord", None),
        ("fracture", 30, 1, "fracture", None),
        ("radiation", 150, 0, None, "Last contact"),
    ]


def test_components_of_one_day_each_have_it() -> None:
    found = by_component(
        "competing", events=[("A", "fracture", 30), ("A", "cord", 30)], radiation=[("A", 30)]
    )
    assert [row[:4] for row in found] == [
        ("cord", 30, 1, "cord"),
        ("fracture", 30, 1, "fracture"),
        ("radiation", 30, 1, "radiation"),
    ]


def test_death_competes_censors_or_is_a_component_as_the_estimand_says() -> None:
    died = {"status": [("A", "died", 80)], "events": EVENTS}
    assert [row[1:3] for row in by_component("competing", **died)] == [(60, 1), (30, 1), (80, 2)]
    assert [row[1:5:3] for row in by_component("censor", **died)] == [(60, None), (30, None), (80, "Death")]
    assert by_component("composite", **died) == [
        ("cord", 60, 1, "cord", None),
        ("fracture", 30, 1, "fracture", None),
        ("radiation", 80, 0, None, "Death"),
        ("death", 80, 1, "death", None),
    ]


def test_events_of_other_components_show_the_subject_observed() -> None:
    found = by_component("competing", events=[("A", "fracture", 120)], status=[("A", "alive", 60)])
    assert found[0] == ("cord", 120, 0, None, "Later event record")


def test_the_columns_are_those_of_first_after_the_component() -> None:
    outcomes = small_outcomes(status=ALIVE)
    assert outcomes.by_component("sre").columns.tolist() == [
        "component_name",
        *outcomes.first("sre").columns,
    ]


def test_the_order_of_the_estimand_is_taken_as_one() -> None:
    extra = (
        '[estimands.second]\nendpoint = "sre"\nlabel = "x"\nparamcd = "TT2"\norder = 2\ndeath = "competing"\n'
    )
    outcomes = small_outcomes(small_study(extra=extra), events=EVENTS, status=ALIVE)
    assert outcomes.by_component("sre", "second")["time"].tolist() == [60, 30, 150]


def test_components_of_lesions_keep_the_lesion() -> None:
    outcomes = lesion_outcomes(
        lesions=[("A", "L1"), ("A", "L2")], events=EVENTS, of={"events": ["L1", "L1", "L2"]}, status=ALIVE
    )
    frame = outcomes.by_component("lesion-sre").query("component_name == 'fracture'")
    assert rows(frame, "subject_id", "lesion_id", "time") == [("A", "L1", 30), ("A", "L2", 90)]


def test_death_alone_has_one_part() -> None:
    outcomes = small_outcomes(status=[("A", "died", 80)])
    assert rows(outcomes.by_component("death"), "component_name", "time", "status") == [("death", 80, 1)]


@pytest.mark.parametrize(
    ("day", "outcome"), [(29, "event-free"), (30, "event"), (31, "event"), (150, "event"), (151, "event")]
)
def test_an_event_counts_by_the_end_of_its_day(day: int, outcome: str) -> None:
    found = small_outcomes(events=EVENTS, status=ALIVE).by_horizon("sre", day)
    assert rows(found, "subject_id", "arm", "outcome") == [("A", "old", outcome)]


@pytest.mark.parametrize(("day", "outcome"), [(79, "event-free"), (80, "competing"), (200, "competing")])
def test_a_death_competes_by_the_end_of_its_day(day: int, outcome: str) -> None:
    assert only(small_outcomes(status=[("A", "died", 80)]).by_horizon("sre", day), "outcome") == (outcome,)


@pytest.mark.parametrize(("day", "outcome"), [(149, "event-free"), (150, "event-free"), (151, "unknown")])
def test_who_is_observed_to_the_end_of_the_day_is_event_free_and_else_unknown(day: int, outcome: str) -> None:
    assert only(small_outcomes(status=ALIVE).by_horizon("sre", day), "outcome") == (outcome,)


def test_a_horizon_is_read_under_the_estimand() -> None:
    outcomes = small_outcomes(status=[("A", "died", 80)])
    assert only(outcomes.by_horizon("sre", 90, "composite"), "outcome") == ("event",)
    assert only(outcomes.by_horizon("sre", 90, "censor"), "outcome") == ("unknown",)
    with pytest.raises(InvalidArgument, match="day must be at least 1"):
        outcomes.by_horizon("sre", 0)
    with pytest.raises(InvalidArgument, match="no endpoint 'sse'"):
        outcomes.by_horizon("sse", 90)


@pytest.mark.parametrize(("anchor", "n"), [("counted", 3), ("any", 2)])
def test_episodes_of_the_vector_and_their_rate(anchor: str, n: int) -> None:
    """Days 10, 25, 40, 70; observed for 150 days."""
    outcomes = small_outcomes(
        small_study(endpoint=f'gap_anchor = "{anchor}"'),
        events=[("A", "fracture", day) for day in (10, 25, 40, 70)],
        status=ALIVE,
    )
    found = only(outcomes.episodes("sre"), "n_episodes", "days_at_risk", "rate")
    assert found[:2] == (n, 150)
    assert found[2] == pytest.approx(365.25 * n / 150, rel=1e-14)


def test_a_death_soon_after_an_episode_gives_the_published_rate_of_18_a_year() -> None:
    """A death on day 20 with one event: 365.25/20 = 18.3."""
    outcomes = small_outcomes(events=[("A", "fracture", 20)], status=[("A", "died", 20)])
    found = only(outcomes.episodes("sre"), "n_episodes", "days_at_risk", "rate")
    assert found == (1, 20, pytest.approx(18.2625))


def test_subjects_without_episodes_have_rate_zero() -> None:
    outcomes = small_outcomes(subjects=["A", "B"], events=EVENTS, status=[*ALIVE, ("B", "alive", 10)])
    assert rows(outcomes.episodes("sre", "all"), "subject_id", "arm", "n_episodes", "rate")[1] == (
        "B",
        "new",
        0,
        0,
    )
    with pytest.raises(InvalidArgument, match="not 'sre' as 'recurrent'"):
        outcomes.episodes("sre", "competing")


def periods(days: list, end: int, length: int, **more) -> tuple:
    outcomes = small_outcomes(events=[("A", "fracture", day) for day in days], status=[("A", "alive", end)])
    return only(outcomes.periods("sre", length, **more), "n_periods", "n_periods_with_event", "rate")


@pytest.mark.parametrize(
    ("days", "end", "expected"),
    [
        ([10, 40], 90, (3, 2)),
        ([30, 61], 90, (3, 2)),  # day 30 ends the first period, day 61 opens the third
        ([31], 90, (3, 1)),
        ([1, 23], 90, (3, 1)),  # two episodes of one period count once
        ([10], 89, (2, 1)),  # the third was not observed to its end and has no event
        ([10, 70], 89, (3, 2)),  # it has one
        ([], 90, (3, 0)),
        ([10, 12], 90, (3, 1)),
    ],
)
def test_periods_of_thirty_days_by_hand(days: list, end: int, expected: tuple) -> None:
    found = periods(days, end, 30)
    assert found[:2] == expected
    assert found[2] == pytest.approx(expected[1] / expected[0])


@pytest.mark.parametrize(
    ("partial", "expected"), [("event", (3, 2)), ("exclude", (2, 1)), ("include", (3, 2))]
)
def test_what_becomes_of_a_partial_period_with_an_event(partial: str, expected: tuple) -> None:
    assert periods([10, 70], 80, 30, partial=partial)[:2] == expected


@pytest.mark.parametrize(
    ("partial", "expected"), [("event", (2, 1)), ("exclude", (2, 1)), ("include", (3, 1))]
)
def test_what_becomes_of_a_partial_period_without_one(partial: str, expected: tuple) -> None:
    assert periods([10], 80, 30, partial=partial)[:2] == expected


def test_no_period_has_no_rate_and_a_bad_length_is_refused() -> None:
    assert math.isnan(small_outcomes(status=[("A", "alive", 20)]).periods("sre", 30)["rate"].item())
    with pytest.raises(InvalidArgument, match="period_days must be at least 1"):
        periods([], 90, 0)
    with pytest.raises(InvalidArgument, match="partial must be one of"):
        periods([], 90, 30, partial="half")


def test_a_death_on_the_day_of_an_episode_keeps_its_period() -> None:
    outcomes = small_outcomes(events=[("A", "fracture", 60)], status=[("A", "died", 60)])
    assert only(outcomes.periods("sre", 30), "n_periods", "n_periods_with_event") == (2, 1)
    assert only(outcomes.episodes("sre"), "days_at_risk") == (60,)


WHO, DAY = st.sampled_from("ABCD"), st.integers(-5, 199)
EVENT = st.tuples(WHO, st.sampled_from(["cord", "fracture"]), DAY)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(EVENT, max_size=25),
    st.lists(st.tuples(WHO, DAY), max_size=8),
    st.lists(st.tuples(WHO, st.sampled_from(["died", "alive"]), st.integers(1, 199)), max_size=8),
    st.integers(1, 200),
)
def test_the_family_hangs_together(events, radiation, status, day) -> None:
    outcomes = small_outcomes(subjects=list("ABCD"), events=events, radiation=radiation, status=status)

    # The composite is never later than a component, and is the earliest of them.
    for estimand in ("competing", "composite", "censor"):
        first = outcomes.first("sre", estimand).set_index("subject_id")
        parts = outcomes.by_component("sre", estimand)
        earliest = parts.loc[parts["status"] == 1].groupby("subject_id")["time"].min()
        event = first.loc[first["status"] == 1, "time"]
        assert event.to_dict() == earliest.to_dict()
        assert (parts["time"] >= first["time"].reindex(parts["subject_id"]).to_numpy()).all()
        assert set(parts["subject_id"]) == set(first.index)

    # Horizons: every unit once; the events by a day are those of the frame.
    frame = outcomes.first("sre", "competing")
    by_day = outcomes.by_horizon("sre", day, "competing")
    assert by_day["subject_id"].tolist() == frame["subject_id"].tolist()
    assert (by_day["outcome"] == "event").sum() == ((frame["status"] == 1) & (frame["time"] <= day)).sum()
    later = outcomes.by_horizon("sre", day + 1, "competing")
    assert (later.loc[(by_day["outcome"] == "event").to_numpy(), "outcome"] == "event").all()

    # Episodes never exceed events, nor periods with an event the episodes.
    episodes = outcomes.episodes("sre", "all").set_index("subject_id")
    counted = outcomes.audit.query("estimand == 'all' and rule in ['counted', 'merged']")
    n_events = counted.groupby("subject_id").size().reindex(episodes.index, fill_value=0)
    assert (episodes["n_episodes"] <= n_events).all()
    assert np.allclose(episodes["rate"], 365.25 * episodes["n_episodes"] / episodes["days_at_risk"])
    periods = outcomes.periods("sre", 40, "all").set_index("subject_id")
    assert (periods["n_periods_with_event"] <= periods[["n_periods"]].min(axis=1)).all()
    assert (periods["n_periods_with_event"] <= episodes["n_episodes"]).all()
    assert (periods["n_periods"] - (episodes["days_at_risk"] // 40)).isin([0, 1]).all()
