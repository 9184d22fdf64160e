"""The five attributes of estimands in words, and the grid of strategies."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.outcome_trial import iso, rows, small_study, small_tables

from skeletal.errors import InvalidArgument
from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.records import make_records
from skeletal.study import estimand_attributes, estimand_grid, load_study

AGENT = """
[intercurrent.agent]
label = "New bone agent"
table = "therapies"
where = { class = "bone_agent" }
date = "start_date"
[intercurrent.switch]
label = "Crossover"
table = "therapies"
where = { class = "switch" }
date = "start_date"
arms = ["old"]
[estimands.hypothetical]
endpoint = "sre"
label = "First SRE without a new bone agent"
paramcd = "TTSREHY"
death = "competing"
intercurrent = { agent = "hypothetical", switch = "treatment_policy" }
population = "Treated subjects"
treatment = "New drug against old drug"
summary = "Cumulative incidence had there been no new bone agent"
[estimands.second]
endpoint = "sre"
label = "Second SRE"
paramcd = "TTSRE2"
death = "competing"
order = 2
[measures.home]
kind = "days_at_home"
label = "Days at home"
paramcd = "HOME"
horizons = [30, 90]
intercurrent = { agent = "composite" }
[measures.pain]
kind = "score"
label = "Worst pain"
paramcd = "WORST"
instrument = "BPI"
scale = "worst_pain"
death = "worst"
collected_until_first = "sre"
"""


@pytest.fixture(scope="module")
def study():
    return small_study(extra=AGENT)


@pytest.fixture(scope="module")
def attributes(study):
    return estimand_attributes(study).set_index("name")


def test_one_row_an_estimand_or_measure_in_the_order_of_the_study(study, attributes):
    assert attributes.index.tolist() == [*study.estimands, *study.measures]
    assert attributes["kind"].tolist() == ["estimand"] * len(study.estimands) + ["measure"] * 2
    attribute = ["population", "treatment", "variable", "intercurrent", "summary"]
    assert attributes.columns.tolist() == ["kind", "label", *attribute]
    assert (attributes[attribute].map(len) > 0).all(axis=None)


def test_words_of_the_study_are_kept(attributes):
    row = attributes.loc["hypothetical"]
    assert row["population"] == "Treated subjects"
    assert row["treatment"] == "New drug against old drug"
    assert row["summary"] == "Cumulative incidence had there been no new bone agent"


def test_words_that_the_study_does_not_give_come_from_arms_and_strategies(attributes):
    row = attributes.loc["competing"]
    assert row["population"] == "All randomised subjects, as randomised"
    assert row["treatment"] == "new versus old"
    assert row["summary"] == "Cumulative incidence in each arm, death competing"


@pytest.mark.parametrize("strategy", ["competing", "while_on_treatment"])
def test_the_summary_names_the_intercurrent_events_that_compete(strategy):
    extra = AGENT.replace('summary = "Cumulative incidence had there been no new bone agent"\n', "")
    extra = extra.replace('agent = "hypothetical"', f'agent = "{strategy}"')
    row = estimand_attributes(small_study(extra=extra)).set_index("name").loc["hypothetical"]
    assert row["summary"] == "Cumulative incidence in each arm, death competing; New bone agent competes"


def test_while_on_treatment_says_that_the_event_competes():
    extra = AGENT.replace('agent = "hypothetical"', 'agent = "while_on_treatment"')
    row = estimand_attributes(small_study(extra=extra)).set_index("name").loc["hypothetical"]
    words = "New bone agent: events count until then, and it competes with them (while on treatment)"
    assert words in row["intercurrent"]


def test_variable_says_what_is_measured_from_when(attributes):
    parts = "SRE (Cord compression, Fracture, Radiotherapy)"
    gap = "an episode begins at least 21 days after the last counted event"
    assert attributes.loc["competing", "variable"] == f"Time from randomisation to the first event: {parts}"
    assert attributes.loc["all", "variable"] == f"Episodes from randomisation: {parts}; {gap}"
    assert attributes.loc["second", "variable"] == f"Time from randomisation to episode 2: {parts}; {gap}"
    assert attributes.loc["survival", "variable"] == "Time from randomisation to death"
    assert (
        attributes.loc["home", "variable"] == "Days alive and at home within 30 and 90 days of randomisation"
    )


def test_variable_names_another_time_zero_anchor_and_unit():
    lines = 'time_zero = "treatment_date"\ngap_anchor = "any"\nmin_gap_days = 1\nunit = "lesion"'
    found = estimand_attributes(small_study(endpoint=lines)).set_index("name")["variable"]
    assert found["competing"].startswith("Time from treatment to the first event of each lesion: SRE")
    assert found["all"].startswith("Episodes of each lesion from treatment")
    assert found["all"].endswith("at least 1 day after the last event of any kind")


def test_randomisation_is_named_where_the_study_counts_from_treatment():
    top, lines = (
        'time_zero = "treatment_date"\ntime_zero_label = "first dose"',
        'time_zero = "randomised_date"',
    )
    found = estimand_attributes(small_study(top=top, endpoint=lines)).set_index("name")["variable"]
    assert found["competing"].startswith("Time from randomisation to the first event")
    assert found["survival"] == "Time from first dose to death"


def test_intercurrent_events_come_with_their_strategy_death_first(attributes):
    assert attributes.loc["hypothetical", "intercurrent"] == (
        "Death: a competing event that ends the time at risk (competing); "
        "New bone agent: ends observation as censored, as if it would not happen (hypothetical); "
        "Crossover (old only): not regarded, later events count (treatment policy)"
    )
    assert attributes.loc["composite", "intercurrent"] == "Death: counts as the event (composite)"
    assert attributes.loc["survival", "intercurrent"] == "Death: is the event"


def test_intercurrent_events_of_a_measure(attributes):
    assert attributes.loc["home", "intercurrent"] == (
        "Death: days after it are not at home (composite); "
        "New bone agent: later values are the worst value (composite)"
    )
    assert attributes.loc["pain", "intercurrent"] == (
        "Death: visits after it have the worst value (composite); "
        "First SRE: ends collection by design; later values are not collected"
    )


@pytest.mark.parametrize("name", ["hermes", "perform", "rfa-ba", "rt-vertebroplasty"])
def test_every_library_study_prints_its_attributes(name):
    frame = estimand_attributes(load_study(name))
    assert not frame.isna().any(axis=None)


# --- grid --------------------------------------------------------------------------------------------


def strategies_of(grid):
    return [
        (item.variable, item.death, item.intercurrent.get("agent"), item.intercurrent.get("switch"))
        for item in grid.estimands.values()
    ]


def test_grid_has_every_combination(study):
    grid = estimand_grid(study, "sre", strategies={"agent": ["hypothetical", "composite"]})
    assert [(variable, death, agent) for variable, death, agent, _ in strategies_of(grid)] == [
        ("first", "competing", "hypothetical"),
        ("first", "competing", "composite"),
        ("first", "composite", "hypothetical"),
        ("first", "composite", "composite"),
        ("first", "censor", "hypothetical"),
        ("first", "censor", "composite"),
        ("recurrent", "competing", "hypothetical"),
        ("recurrent", "censor", "hypothetical"),
    ]


def test_grid_takes_every_strategy_of_the_events_that_are_named(study):
    grid = estimand_grid(study, "sre")
    # first: 3 deaths x 5 x 5 strategies; recurrent: 2 deaths x 4 x 4
    assert len(grid.estimands) == 3 * 25 + 2 * 16
    codes = [item.paramcd for item in grid.estimands.values()]
    assert len(set(codes)) == len(codes)


def test_grid_keeps_the_estimands_of_the_study_that_are_in_it(study):
    grid = estimand_grid(study, "sre")
    own = ("competing", "composite", "censor", "all", "all-censor", "hypothetical")
    assert {name: grid.estimands[name] for name in own} == {name: study.estimands[name] for name in own}
    assert not {"second", "survival"} & set(grid.estimands)


def test_grid_names_only_what_is_not_treatment_policy(study):
    grid = estimand_grid(
        study, "sre", variables=["first"], deaths=["censor"], strategies={"switch": ["competing"]}
    )
    ((name, item),) = grid.estimands.items()
    assert name == "sre-first-censor-switch-competing"
    assert item.label == "First SRE: death censor, Crossover competing"
    assert item.population == "All randomised subjects, as randomised"


def test_grid_one_event_after_the_other(study):
    choices = {"agent": ["treatment_policy", "hypothetical"], "switch": ["hypothetical", "competing"]}
    options = {"variables": ["first"], "deaths": ["censor"], "strategies": choices}
    found = strategies_of(estimand_grid(study, "sre", combine="each", **options))
    assert [pair[2:] for pair in found] == [
        ("treatment_policy", "hypothetical"),
        ("hypothetical", "hypothetical"),
        ("treatment_policy", "competing"),
    ]
    assert len(strategies_of(estimand_grid(study, "sre", combine="all", **options))) == 4


def test_grid_that_is_too_large_goes_one_by_one_or_is_refused():
    hermes = load_study("hermes")
    # five intercurrent events; 3 x (1 + 5 x 4) first and 2 x (1 + 5 x 3) recurrent
    assert len(estimand_grid(hermes, "sse").estimands) == 3 * 21 + 2 * 16
    with pytest.raises(InvalidArgument, match="more than 500 estimands: name fewer"):
        estimand_grid(hermes, "sse", combine="all")


def test_grid_brings_a_ratio_and_at_times_a_curve(study):
    grid = estimand_grid(study, "sre", strategies={"agent": ["hypothetical"]}, times=[90])
    name = "sre-first-composite-agent-hypothetical"
    assert grid.analyses[f"{name}-ratio"].method == "cox"
    assert (grid.analyses[f"{name}-curve"].method, grid.analyses[f"{name}-curve"].times) == (
        "kaplan_meier",
        (90,),
    )
    methods = {item.method for item in grid.analyses.values()}
    assert methods == {"cox", "andersen_gill", "kaplan_meier", "cumulative_incidence", "mean_cumulative"}
    bare = estimand_grid(study, "sre", strategies={"agent": ["hypothetical"]})
    assert {item.method for item in bare.analyses.values()} == {"cox", "andersen_gill"}


def test_grid_of_lesions_has_no_curve_that_takes_them_as_independent():
    study = small_study(endpoint='unit = "lesion"')
    grid = estimand_grid(study, "sre", variables=["recurrent"], times=[90])
    assert {item.method for item in grid.analyses.values()} <= {"andersen_gill"}


def test_switching_a_strategy_changes_only_the_study():
    study = small_study(extra=AGENT[: AGENT.index("[measures")])
    tables = small_tables(
        subjects=("A", "B", "C", "D"),
        events=[("A", "fracture", 50), ("B", "fracture", 40)],
        status=[("A", "alive", 150), ("B", "alive", 150), ("C", "died", 60), ("D", "alive", 150)],
    )
    names = ["subject_id", "drug", "class", "start_date"]
    tables["therapies"] = pd.DataFrame(
        [("A", "x", "bone_agent", iso(20)), ("D", "x", "bone_agent", iso(30))], columns=names, dtype="string"
    )
    grid = estimand_grid(
        study,
        "sre",
        variables=["first"],
        deaths=["competing"],
        strategies={"agent": ["treatment_policy", "hypothetical", "composite", "competing"]},
    )
    outcomes = derive_outcomes(make_records(tables, study=grid), grid)
    found = {name: rows(outcomes.first("sre", name), "time", "status") for name in grid.estimands}
    assert found == {
        "competing": [(50, 1), (40, 1), (60, 2), (150, 0)],
        "hypothetical": [(20, 0), (40, 1), (60, 2), (30, 0)],
        "sre-first-competing-agent-composite": [(20, 1), (40, 1), (60, 2), (30, 1)],
        "sre-first-competing-agent-competing": [(20, 3), (40, 1), (60, 2), (30, 3)],
    }
    results = analyse(outcomes, grid)
    assert {"sre-first-competing-agent-composite-ratio"} <= set(results.frame["analysis"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"endpoint": "sse"}, "no endpoint 'sse'; the study has sre, death"),
        ({"endpoint": "death"}, "endpoint 'death' is death alone"),
        (
            {"strategies": {"agents": ["composite"]}},
            "no intercurrent event 'agents'; the study has agent",
        ),
        (
            {"strategies": {"agent": ["policy"]}},
            "no strategy 'policy'; there are treatment_policy",
        ),
        ({"strategies": {"agent": []}}, "'agent' has no strategy"),
        (
            {"deaths": ["censored"]},
            "no death strategy 'censored'; there are competing",
        ),
        ({"variables": ["all"]}, "no variable 'all'; there are first, recurrent"),
        ({"combine": "some"}, "combine is 'all' or 'each', got 'some'"),
    ],
)
def test_grid_refuses_what_it_does_not_know(options, words, study):
    with pytest.raises(InvalidArgument, match=words):
        estimand_grid(study, **{"endpoint": "sre", **options})
