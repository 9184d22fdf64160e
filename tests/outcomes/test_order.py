"""Time to the n-th episode: the day that opens it under the gap rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.outcome_trial import only, rows, small_outcomes, small_study

from skeletal.errors import InvalidStudy

READ = ("time", "status", "component", "components", "censor_reason")
ORDER = """
[estimands.nth]
endpoint = "sre"
label = "Time to an episode"
paramcd = "TTNTH"
order = {order}
death = "{death}"
{more}
"""


def outcomes_of(
    order: int, days: list, *, death: str = "competing", endpoint: str = "", more: str = "", **tables
):
    study = small_study(endpoint=endpoint, extra=ORDER.format(order=order, death=death, more=more))
    events = [("A", *(day if isinstance(day, tuple) else ("fracture", day))) for day in days]
    return small_outcomes(study, events=events, **({"status": [("A", "alive", 150)]} | tables))


def nth(*arguments, **more) -> tuple:
    return only(outcomes_of(*arguments, **more).first("sre", "nth"), *READ)


@pytest.mark.parametrize(
    ("anchor", "order", "expected"),
    [
        ("counted", 1, (10, 1)),
        ("counted", 2, (40, 1)),
        ("counted", 3, (70, 1)),
        ("counted", 4, (150, 0)),
        ("any", 1, (10, 1)),
        ("any", 2, (70, 1)),
        ("any", 3, (150, 0)),
    ],
)
def test_the_vector_of_the_sources_by_order_and_anchor(anchor: str, order: int, expected: tuple) -> None:
    """Days 10, 25, 40, 70: three episodes from the last counted event, two from any."""
    assert nth(order, [10, 25, 40, 70], endpoint=f'gap_anchor = "{anchor}"')[:2] == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [([10, 31], (31, 1)), ([10, 30], (150, 0)), ([10, 10, 10], (150, 0)), ([5, 26, 47], (26, 1))],
)
def test_the_second_episode_of_the_other_vectors(days: list, expected: tuple) -> None:
    assert nth(2, days)[:2] == expected


def test_the_gap_of_the_endpoint_decides_what_is_second() -> None:
    assert nth(2, [10, 20], endpoint="min_gap_days = 10")[:2] == (20, 1)
    assert nth(2, [10, 20], endpoint="min_gap_days = 11")[:2] == (150, 0)


def test_what_was_reported_on_the_day_of_the_second_episode_is_listed_by_priority() -> None:
    assert nth(2, [10, ("fracture", 60), ("cord", 60)])[:4] == (60, 1, "cord", "cord+fracture")


def test_death_before_the_second_episode_competes_censors_or_is_the_event() -> None:
    died = {"status": [("A", "died", 80)]}
    assert nth(2, [10], **died) == (80, 2, "death", "death", None)
    assert nth(2, [10], death="censor", **died) == (80, 0, None, None, "Death")
    assert nth(2, [10], death="composite", **died) == (80, 1, "death", "death", None)


def test_a_composite_death_is_the_event_also_within_the_gap_of_an_episode_and_on_its_day() -> None:
    assert nth(2, [75], death="composite", status=[("A", "died", 80)])[:3] == (80, 1, "death")
    assert nth(3, [10, 80], death="composite", status=[("A", "died", 80)])[:4] == (80, 1, "death", "death")
    assert nth(2, [10, 80], death="composite", status=[("A", "died", 80)])[:4] == (
        80,
        1,
        "fracture",
        "fracture+death",
    )


def test_a_competing_and_a_censoring_event_end_the_wait_for_the_second_episode() -> None:
    crossover = """
intercurrent = {{ crossover = "{how}" }}
[intercurrent.crossover]
label = "Crossover"
table = "procedures"
where = {{ intent = "protocol" }}
date = "indicated_date"
"""
    tables = {"radiation": [("A", 50, "protocol")]}
    assert nth(2, [10, 90], more=crossover.format(how="competing"), **tables)[:3] == (50, 3, "crossover")
    assert nth(2, [10, 90], more=crossover.format(how="hypothetical"), **tables)[4] == "Crossover"
    assert nth(2, [10, 90], more=crossover.format(how="treatment_policy"), **tables)[:2] == (90, 1)
    # As an event it is an episode like any other, under the gap rule.
    assert nth(2, [10, 90], more=crossover.format(how="composite"), **tables)[:3] == (50, 1, "crossover")
    assert nth(2, [40, 90], more=crossover.format(how="composite"), **tables)[:3] == (90, 1, "fracture")


def test_an_earlier_episode_shows_the_subject_observed() -> None:
    assert nth(2, [120], status=[("A", "alive", 60)]) == (120, 0, None, None, "Later event record")


def test_earlier_episodes_have_their_own_rule_and_are_not_counted() -> None:
    outcomes = outcomes_of(2, [10, 25, 40, ("cord", 40), 70])
    audit = outcomes.audit.query("estimand == 'nth' and table == 'events'")

    assert rows(audit, "date", "rule", "episode")[0][1:] == ("rejected: earlier episode", 1)
    assert audit["rule"].tolist() == [
        "rejected: earlier episode",
        "rejected: earlier episode",
        "counted",
        "merged",
        "rejected: after the event",
    ]
    assert audit["episode"].tolist()[:4] == [1, 1, 2, 2]
    assert audit["sentence"].notna().all()
    assert sum(outcomes.audit.query("estimand == 'nth'")["rule"] == "counted") == 1


def test_on_the_day_of_a_composite_death_a_fracture_of_an_earlier_episode_is_not_counted() -> None:
    outcomes = outcomes_of(3, [10, 80], death="composite", status=[("A", "died", 80)])
    audit = outcomes.audit.query("estimand == 'nth' and rule == 'counted'")

    assert rows(audit, "table") == [("disposition",)]


def test_accounting_counts_who_has_the_second_episode() -> None:
    outcomes = outcomes_of(2, [10])
    row = outcomes.accounting().query("estimand == 'nth' and arm == 'old'")
    assert only(row, "n_analysed", "n_events", "n_censored") == (1, 0, 1)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ('order = 2\nvariable = "recurrent"\ndeath = "competing"', "order"),
        ("order = 0\ndeath = 'competing'", "order"),
    ],
)
def test_an_order_that_cannot_be_is_refused_when_the_study_is_read(lines: str, message: str) -> None:
    extra = f'[estimands.nth]\nendpoint = "sre"\nlabel = "x"\nparamcd = "TTNTH"\n{lines}\n'
    with pytest.raises(InvalidStudy, match=message):
        small_study(extra=extra)


def test_death_alone_has_no_second_episode() -> None:
    extra = '[estimands.nth]\nendpoint = "death"\nlabel = "x"\nparamcd = "TTNTH"\ndeath = "composite"\n'
    extra += "order = 2\n"
    with pytest.raises(InvalidStudy, match="order"):
        small_study(extra=extra)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 199), max_size=12), st.sampled_from(["counted", "any"]))
def test_the_time_to_the_next_episode_is_later_and_the_times_are_those_of_all_episodes(days, anchor) -> None:
    extra = "".join(
        ORDER.format(order=n, death="competing", more="").replace("nth", f"n{n}").replace("TTNTH", f"TTN{n}")
        for n in (1, 2, 3)
    )
    outcomes = small_outcomes(
        small_study(endpoint=f'gap_anchor = "{anchor}"', extra=extra),
        events=[("A", "fracture", day) for day in days],
        status=[("A", "alive", 199)],
    )
    episodes = outcomes.recurrent("sre", "all").query("status == 1")["stop"].tolist()
    times = [only(outcomes.first("sre", f"n{n}"), "time", "status") for n in (1, 2, 3)]

    assert [time for time, status in times if status == 1] == episodes[:3]
    assert all(status == 0 and time == 199 for time, status in times[len(episodes) :])


def test_order_one_is_the_first_event() -> None:
    outcomes = outcomes_of(1, [30, 60])
    assert outcomes.first("sre", "nth").equals(outcomes.first("sre", "competing"))
