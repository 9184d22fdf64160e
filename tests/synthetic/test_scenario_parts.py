"""What the parts of a scenario leave alone, what the truth says of them, and what is refused."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from tests.support.parts_trial import FULL, STUDY, assert_share, days, with_scenario

from skeletal.errors import InvalidArgument, InvalidStudy
from skeletal.study import RECORD_PARTS, parse_study
from skeletal.study.scenario_parts import ColumnDraw, Lesions
from skeletal_synthetic import simulate_trial, true_values


def without_parts():
    fields = type(FULL.scenarios["planning"]).model_fields
    return with_scenario(
        **{name: fields[name].get_default(call_default_factory=True) for name in RECORD_PARTS}
    )


def refused(text, message):
    with pytest.raises(InvalidStudy, match=message):
        parse_study(text)


def test_parts_leave_subjects_courses_visits_and_symptomatic_events_as_they_were():
    plain, full = (simulate_trial(study, seed=7) for study in (without_parts(), FULL))
    kept = ["subject_id", "arm", "site", "age", "sex", "primary_tumour", "randomised_date", "consent_date"]
    assert_frame_equal(plain.subjects[kept], full.subjects[kept])
    assert_frame_equal(plain["screening"], full["screening"])
    assert_frame_equal(plain["disposition"].drop(columns="cause"), full["disposition"].drop(columns="cause"))
    visits = full["assessments"].loc[full["assessments"]["modality"] == "clinic visit"].reset_index(drop=True)
    assert_frame_equal(plain["assessments"].drop(columns="source_row"), visits.drop(columns="source_row"))
    before = plain["events"][["subject_id", "date"]]
    felt = full["events"].loc[full["events"]["symptomatic"] & full["events"]["component"].eq("fracture")]
    merged = felt[["subject_id", "date"]].merge(before.drop_duplicates(), how="left", indicator=True)
    assert (merged["_merge"] == "both").all()


def test_same_seed_gives_the_same_tables_with_every_part():
    first, again = (simulate_trial(FULL, seed=3) for _ in range(2))
    assert list(first.tables) == list(again.tables)
    for name, table in first.tables.items():
        assert_frame_equal(table, again[name])


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 40))
def test_no_date_follows_the_end_of_observation(seed, n):
    records = simulate_trial(FULL, seed=seed, n_subjects=n)
    facts = records["disposition"]
    final = days(facts.loc[facts["status"] != "alive"].set_index("subject_id")["date"])
    for name, table in records.tables.items():
        if name in ("subjects", "screening"):
            continue
        end = table["subject_id"].map(final)
        for column in (each for each in table if each == "date" or str(each).endswith("_date")):
            dates = days(table[column])
            assert (dates.isna() | (dates <= end)).all(), (name, column)


def test_truth_counts_the_rows_that_each_endpoint_takes():
    truth = true_values(FULL, "planning", [183]).set_index(["endpoint", "arm", "quantity"])["value"]
    fewer = with_scenario(
        event_rate={"control": 2.0 * 0.76, "active": 0.76},
        component_mix={
            "fracture": 0.36 / 0.76,
            "radiation": 0.3 / 0.76,
            "surgery_unless_fracture": 0.1 / 0.76,
        },
        imaging=None,
    )
    expected = true_values(fewer, "planning", [183]).set_index(["endpoint", "arm", "quantity"])["value"]
    for arm in FULL.arm_names:
        for quantity in ("cumulative_incidence", "mean_cumulative_events"):
            assert truth["sse", arm, quantity] == pytest.approx(expected["sre", arm, quantity], rel=1e-9)
            assert truth["sre", arm, quantity] > truth["sse", arm, quantity]


def test_truth_says_survival_alone_where_events_have_no_closed_form():
    truth = true_values(FULL, "planning", [183])
    for endpoint in ("admission", "by_lesion"):
        assert set(truth.loc[truth["endpoint"] == endpoint, "quantity"]) == {"survival"}
    assert "from_treatment" not in set(truth["endpoint"])


@pytest.mark.statistical
def test_symptomatic_first_events_are_those_of_the_truth():
    none = {"control": 0.0, "active": 0.0}
    study = with_scenario(dropout_rate=none)
    records = simulate_trial(study, seed=11, n_subjects=20_000)
    zero = days(records.subjects.set_index("subject_id")["randomised_date"])
    procedures = records["procedures"].query("intent == 'palliative'")
    rows = pd.concat(
        [
            records["events"].query("component == 'fracture' and symptomatic")[["subject_id", "date"]],
            procedures.query("kind == 'radiation'").rename(columns={"indicated_date": "date"})[
                ["subject_id", "date"]
            ],
            procedures.query("kind == 'surgery'").rename(columns={"performed_date": "date"})[
                ["subject_id", "date"]
            ],
        ]
    )
    time = (days(rows["date"]) - rows["subject_id"].map(zero)).dt.days + 1
    had = set(rows.loc[time <= 150, "subject_id"])
    truth = true_values(study, "planning", [150]).set_index(["endpoint", "arm", "quantity"])["value"]
    for arm in study.arm_names:
        ids = records.subjects.query("arm == @arm")["subject_id"]
        assert_share(ids.isin(had).mean(), truth["sse", arm, "cumulative_incidence"], len(ids))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('visits = ["Month 3", "Month 6"]', 'visits = ["Month 9"]', r"imaging.visits names .*Month 9"),
        ("silent = { fracture = 0.4 }", "silent = { fissure = 0.4 }", r"imaging.silent names .*fissure"),
        ("preventive = { active = 0.6 }", "prevented = { active = 0.6 }", r"intercurrent names .*prevented"),
        ("preventive = { active = 0.6 }", "preventive = { actve = 0.6 }", r"intercurrent.preventive .*actve"),
        ("[scenarios.planning.scores.function]", "[scenarios.planning.scores.pain]", r"scores names .*pain"),
        ("given = { active = 0.8 }", "given = { other = 0.8 }", r"protocol ablation names .*other"),
        (
            "loss_rate = { control = 2.0, active = 0.0 }",
            "loss_rate = { active = 1.0 }",
            r"pain.loss_rate must",
        ),
        ("partial = { control = 0.3,", "partial = { control = 0.6,", r"of control sum to 1.05, more than 1"),
        (
            "count_shares = [0.5, 0.3, 0.2]",
            "count_shares = [0.5, 0.3]",
            r"count_shares must sum to 1, got 0.8",
        ),
        ("pain_nrs = [4, 9]", "pain_nrs = [4, 11]", r"pain_nrs lies between 0 and 10"),
        (
            "other_shares = [0.4, 0.6]",
            "other_shares = [0.4, 0.3, 0.3]",
            r"5 lesions need as many sites, got 4",
        ),
        (
            "event_share = { fracture = 0.5 }",
            "event_share = { break = 0.5 }",
            r"stays.event_share names .*break",
        ),
        ("days = [0, 5]", "days = [5, 0]", r"days of radiation must be \(least, most\)"),
    ],
)
def test_a_part_that_contradicts_the_study_is_refused(old, new, message):
    assert old in STUDY
    refused(STUDY.replace(old, new, 1), message)


def test_silent_other_events_without_films_are_refused():
    text = STUDY.replace("silent = { fracture = 0.4 }\n", "")
    start, stop = (
        text.index("[scenarios.planning.imaging]"),
        text.index("[scenarios.planning.other_events.hyper"),
    )
    refused(text[:start] + text[stop:], "found by films; declare imaging")


def test_a_silent_share_of_a_component_with_symptoms_is_refused():
    study = with_scenario(
        component_mix={"symptomatic": 1.0},
        imaging=FULL.scenarios["planning"].imaging.model_copy(update={"silent": {"symptomatic": 0.2}}),
    )
    for call in (lambda: simulate_trial(study, seed=1), lambda: true_values(study, "planning", [100])):
        with pytest.raises(InvalidArgument, match="'symptomatic' would not take its own simulated rows"):
            call()


def test_other_rows_that_an_endpoint_counts_are_refused():
    other = (
        FULL.scenarios["planning"]
        .other_events["fissure"]
        .model_copy(update={"values": {"component": "fracture"}})
    )
    with pytest.raises(
        InvalidArgument, match=r"rows of other_events\.fissure would count as component fracture"
    ):
        simulate_trial(with_scenario(other_events={"fissure": other}), seed=1)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "give either values"),
        ({"least": 1}, "give either values"),
        ({"values": ("a",), "least": 1, "most": 2}, "give either values"),
        ({"least": 2, "most": 1}, r"must be \(least, most\)"),
        ({"values": ("a", "b"), "weights": (1.0,)}, "one weight a value"),
        ({"values": ("a", "b"), "weights": (0.5, 0.4)}, "must sum to 1, got 0.9"),
        ({"days_before": (0, 3)}, "end in _date"),
    ],
)
def test_a_draw_of_a_column_says_one_thing(fields, message):
    with pytest.raises(ValueError, match=message):
        ColumnDraw(column="x", **fields)


def test_lesions_have_no_dates():
    with pytest.raises(ValueError, match="lesions have no dates, got film_date"):
        Lesions(
            count_shares=(1.0,),
            sites=({"bone": "femur", "region": "shaft"},),
            diameter_cm=(1, 2),
            pain_nrs=(0, 1),
            columns=({"column": "film_date", "days_before": (0, 3)},),
        )


def test_a_draw_that_reads_a_column_not_yet_drawn_is_refused():
    late = ColumnDraw(column="a", where={"b": ("x",)}, values=(1,))
    with pytest.raises(InvalidArgument, match="column 'a' reads b, which is not drawn before it"):
        simulate_trial(with_scenario(subjects=(late,)), seed=1)
