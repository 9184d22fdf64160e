"""The definition fan: what each switch changes, on records made by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.definition_trial import kinds_records, kinds_study
from tests.support.outcome_trial import iso

from skeletal.errors import InvalidArgument
from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse, definition_fan
from skeletal.records import make_records
from skeletal.study import load_study, parse_study, with_definition
from skeletal_synthetic import simulate_trial

STUDY = """
id = "fan"
acronym = "FAN"
title = "A fan"
n_subjects = 6
[[arms]]
name = "old"
control = true
[[arms]]
name = "new"
[components.fracture]
label = "Fracture"
table = "events"
where = { component = "fracture"FELT }
[components.radiation]
label = "Radiotherapy"
table = "procedures"
where = { kind = "radiation" }
date = "indicated_date"
[endpoints.sre]
label = "SRE"
components = ["fracture", "radiation"]
EXTRA
[endpoints.death]
label = "Death"
[estimands.first]
endpoint = "sre"
label = "First SRE"
paramcd = "TTSRE"
death = "competing"
[estimands.all]
endpoint = "sre"
label = "All SREs"
paramcd = "TTMSRE"
variable = "recurrent"
death = "competing"
[estimands.survival]
endpoint = "death"
label = "Overall survival"
paramcd = "OS"
death = "composite"
[censoring.contact]
label = "Last contact"
role = "last_seen"
table = "disposition"
where = { status = "alive" }
[analyses.ratio]
estimand = "first"
method = "cox"
[analyses.rates]
estimand = "all"
method = "andersen_gill"
[analyses.incidence]
estimand = "first"
method = "cumulative_incidence"
times = [100]
"""


def study_of(*, felt=False, extra="", text=STUDY):
    return parse_study(text.replace("FELT", ", symptomatic = true" if felt else "").replace("EXTRA", extra))


# subject, component, study day, felt
EVENTS = [
    ("A", "fracture", 10, True),
    ("A", "fracture", 25, True),
    ("A", "fracture", 40, True),
    ("A", "fracture", 70, True),
    ("B", "fracture", 50, True),
    ("C", "fracture", 30, False),
    ("D", "hypercalcaemia", 60, None),
    ("E", "fracture", 150, True),
]
# subject, study day, reason
RADIOTHERAPY = [("F", 80, "bone_pain"), ("D", 120, "cord_compression"), ("E", 20, None)]
ARMS = {"A": "old", "B": "new", "C": "old", "D": "new", "E": "old", "F": "new"}


def records_of(study, *, events=EVENTS, radiotherapy=RADIOTHERAPY, arms=ARMS, last=200):
    who = {"subject_id": list(arms)}
    subjects = {**who, "arm": list(arms.values()), "randomised_date": iso(1)}
    felt = {True: "true", False: "false", None: None}
    tables = {
        "subjects": pd.DataFrame(subjects, dtype="string"),
        "events": pd.DataFrame(
            [(s, f"e{i}", c, iso(d), felt[f]) for i, (s, c, d, f) in enumerate(events)],
            columns=["subject_id", "event_id", "component", "date", "symptomatic"],
            dtype="string",
        ),
        "procedures": pd.DataFrame(
            [(s, f"p{i}", "radiation", iso(d), why) for i, (s, d, why) in enumerate(radiotherapy)],
            columns=["subject_id", "procedure_id", "kind", "indicated_date", "reason"],
            dtype="string",
        ),
        "disposition": pd.DataFrame({**who, "status": "alive", "date": iso(last)}, dtype="string"),
    }
    return make_records(tables, study=study)


def fan(study=None, **options):
    study = study or study_of()
    more = {name: options.pop(name) for name in ("events", "radiotherapy", "last") if name in options}
    return definition_fan(records_of(study, **more), study, "sre", **options)


def row(frame, **switches):
    found = frame
    for name, state in switches.items():
        found = found.loc[found[name] == state]
    assert len(found) == 1
    return found.iloc[0]


OWN = {
    "gap_days": 21,
    "gap_anchor": "counted",
    "asymptomatic": "with",
    "hypercalcaemia": "without",
    "radiotherapy_for_pain": "with",
}


def counts(frame, **switches):
    found = row(frame, **OWN | switches)
    return tuple(
        int(found[f"{name}/{arm}"]) for name in ("n_with_event", "n_episodes") for arm in ("old", "new")
    )


@pytest.fixture(scope="module")
def whole():
    """Fan of the records as they are."""
    return fan()


# --- what each switch changes, counted by hand -------------------------------------------------------
# old: A 10 25 40 70, C 30 (silent), E 20 (radiotherapy, no reason) and 150; new: B 50, D 60 (hypercalcaemia)
# and 120, F 80 (radiotherapy for pain).  Episodes of A: 10 40 70 (counted), 10 70 (any).


def test_own_definition_counts_what_the_study_counts(whole):
    found = whole
    assert found["own"].sum() == 1
    assert found.loc[found["own"], list(OWN)].to_dict("records") == [OWN]
    assert counts(found) == (3, 3, 3 + 1 + 2, 3)


def test_gap_and_anchor_change_episodes_alone(whole):
    found = whole
    assert counts(found, gap_days=14) == (3, 3, 4 + 1 + 2, 3)
    assert counts(found, gap_days=28) == (3, 3, 3 + 1 + 2, 3)
    assert counts(found, gap_anchor="any") == (3, 3, 2 + 1 + 2, 3)
    assert counts(found, gap_anchor="any", gap_days=28) == (3, 3, 2 + 1 + 2, 3)


def test_without_asymptomatic_events_a_silent_fracture_is_none(whole):
    assert counts(whole, asymptomatic="without") == (2, 3, 3 + 0 + 2, 3)


def test_with_hypercalcaemia_it_is_an_event(whole):
    assert counts(whole, hypercalcaemia="with") == (3, 3, 6, 4)


def test_without_radiotherapy_for_pain_that_of_another_or_no_reason_stays(whole):
    assert counts(whole, radiotherapy_for_pain="without") == (3, 2, 6, 2)


def test_switches_combine(whole):
    switches = {"asymptomatic": "without", "hypercalcaemia": "with", "radiotherapy_for_pain": "without"}
    assert counts(whole, gap_anchor="any", **switches) == (2, 2, 2 + 0 + 2, 1 + 2)


def test_one_row_a_definition(whole):
    found = whole
    assert len(found) == 3 * 2 * 2 * 2 * 2
    assert found["definition"].is_unique
    words = "with asymptomatic, without hypercalcaemia, with radiotherapy for pain"
    gap = "21 days from the last counted event"
    assert found.loc[found["own"], "definition"].tolist() == [f"{gap}, {words}"]


def test_rates_are_episodes_over_time_at_risk(whole):
    found = row(whole, **OWN)
    assert found["subject_years/old"] == pytest.approx(600 / 365.25, rel=1e-15)
    assert found["episode_rate/old"] == pytest.approx(365.25 * 6 / 600, rel=1e-15)


def test_incidence_is_read_at_the_horizon():
    # old: events on days 10, 20, 30 of three; new: 50, 80, 120 of three; nobody censored before
    read = {day: row(fan(horizon=day), **OWN) for day in (15, 100)}
    assert [read[15][f"incidence/{arm}"] for arm in ("old", "new")] == pytest.approx([1 / 3, 0])
    assert [read[100][f"incidence/{arm}"] for arm in ("old", "new")] == pytest.approx([1, 2 / 3])
    assert read[15]["horizon_days"] == 15


# --- the endpoint as the study has it ----------------------------------------------------------------


def test_a_study_of_felt_events_is_marked_as_without_asymptomatic_ones(whole):
    found = fan(study_of(felt=True))
    assert found.loc[found["own"], "asymptomatic"].tolist() == ["without"]
    assert counts(found, asymptomatic="with") == counts(whole)


def test_a_study_that_counts_some_silent_events_is_neither():
    extra = '[components.cord]\nlabel = "Cord"\ntable = "events"\nwhere = { component = "cord" }'
    text = STUDY.replace('components = ["fracture", ', 'components = ["cord", "fracture", ')
    study = study_of(felt=True, extra=extra, text=text)
    events = [*EVENTS, ("B", "cord", 150, False)]
    found = definition_fan(records_of(study, events=events), study, "sre", gaps=(21,), anchors=("counted",))
    by = found.loc[(found["hypercalcaemia"] == "without") & (found["radiotherapy_for_pain"] == "with")]
    assert by["asymptomatic"].tolist() == ["as defined", "with", "without"]
    assert by["own"].tolist() == [True, False, False]
    assert by["n_episodes/old"].tolist() == [5, 6, 5]
    assert by["n_episodes/new"].tolist() == [4, 4, 3]


def test_own_gap_and_anchor_are_added():
    found = fan(study_of(extra='min_gap_days = 7\ngap_anchor = "any"'), gaps=(21,), anchors=("counted",))
    assert sorted(found["gap_days"].unique()) == [7, 21]
    own = found.loc[found["own"]].iloc[0]
    assert (own["gap_days"], own["gap_anchor"], own["n_episodes/old"]) == (7, "any", 7)


def test_own_definition_has_the_results_of_the_declared_analyses():
    study = study_of()
    records = records_of(study, events=[*EVENTS, ("B", "fracture", 15, True)])
    own = row(definition_fan(records, study, "sre", horizon=100, gaps=(21,)), **OWN)
    assert np.isfinite([own["hazard_ratio/new"], own["rate_ratio/new"]]).all()
    results = analyse(derive_outcomes(records, study), study)
    for fan_name, analysis in (("hazard_ratio", "ratio"), ("rate_ratio", "rates")):
        for end, statistic in (("", "ratio"), ("_lower", "ratio_lower"), ("_upper", "ratio_upper")):
            assert own[f"{fan_name}{end}/new"] == results.value(f"{analysis}/new vs old/{statistic}")
    assert own["incidence/new"] == results.value("incidence/new/estimate@100")


@pytest.mark.parametrize("name", ["era-223", "alsympca", "preempt", "rfa-ba"])
def test_published_definitions_have_a_fan(name):

    study = with_definition(kinds_study(), name)
    found = definition_fan(kinds_records(), study, name, gaps=(21,), anchors=("counted",))
    assert found["own"].sum() == 1
    if name == "preempt":
        assert "radiotherapy_for_pain: the endpoint has no such component" in found["left_out"].iloc[0]
    if name == "alsympca":  # counts radiotherapy for pain and no other: without it there is none
        without = found.loc[found["radiotherapy_for_pain"] == "without"]
        assert len(without) == len(found) / 2


def test_hypercalcaemia_is_no_event_of_a_lesion():
    study = with_definition(kinds_study(), "gillespie")
    found = definition_fan(kinds_records(), study, "gillespie", gaps=(21,), anchors=("counted",))
    assert "hypercalcaemia" not in found
    assert "hypercalcaemia: it is of the subject, not of a lesion" in found["left_out"].iloc[0]


# --- switches that change nothing --------------------------------------------------------------------


def test_switch_without_a_record_that_it_changes_is_left_out_and_said():
    felt = [event for event in EVENTS if event[3]]
    found = fan(events=felt)
    assert not {"asymptomatic", "hypercalcaemia"} & set(found.columns)
    assert found["left_out"].unique().tolist() == [
        "asymptomatic: no record that it changes; hypercalcaemia: no record that it changes"
    ]
    assert len(found) == 12


def test_switch_without_a_component_is_left_out_and_said():
    text = STUDY.replace('["fracture", "radiation"]', '["fracture"]')
    found = fan(study_of(text=text))
    assert not {"radiotherapy_for_pain", "hypercalcaemia"} & set(found.columns)
    for name in ("radiotherapy_for_pain", "hypercalcaemia"):
        assert f"{name}: the endpoint has no such component" in found["left_out"].iloc[0]


def test_switch_without_its_column_is_left_out_and_said():
    study = study_of()
    records = records_of(study)
    made = ["source", "source_row"]
    tables = {name: table.drop(columns=made, errors="ignore") for name, table in records.tables.items()}
    tables["events"] = tables["events"].drop(columns="symptomatic")
    found = definition_fan(make_records(tables, study=study), study, "sre")
    assert "asymptomatic: events have no column symptomatic" in found["left_out"].iloc[0]


def test_a_ratio_that_cannot_be_estimated_is_missing_and_said():
    found = fan(events=[("A", "fracture", 10, True)], radiotherapy=[])
    assert found["hazard_ratio/new"].isna().all()
    assert found["note"].str.contains("hazard ratio not estimable").all()


# --- invariants --------------------------------------------------------------------------------------

DAYS = st.lists(st.integers(1, 199), max_size=6)


@settings(max_examples=8, deadline=None)
@given(old=DAYS, new=DAYS)
def test_gap_and_anchor_never_touch_first_events_and_wider_gaps_never_add_episodes(old, new):
    events = [(who, "fracture", day, True) for who, days in (("A", old), ("B", new)) for day in days]
    found = fan(events=events, radiotherapy=[], gaps=(0, 14, 21, 28))
    for arm, days in (("old", old), ("new", new)):
        assert found[f"n_with_event/{arm}"].unique().tolist() == [int(bool(days))]
        assert len(found[f"incidence/{arm}"].unique()) == 1
        for _, rows in found.groupby("gap_anchor"):
            assert np.all(np.diff(rows.sort_values("gap_days")[f"n_episodes/{arm}"]) <= 0)
        assert found[f"n_episodes/{arm}"].max() == len(set(days))


@pytest.mark.parametrize(
    ("days", "counted", "rolling"),
    [((10, 25, 40, 70), 3, 2), ((10, 31), 2, 2), ((10, 30), 1, 1), ((10, 10, 10), 1, 1), ((5, 26, 47), 3, 3)],
)
def test_known_days_across_anchors(days, counted, rolling):
    """Days and episodes under a gap of 21 days: NCT00321620 for the gap, both anchors by hand."""
    events = [("A", "fracture", day, True) for day in days]
    found = fan(events=events, radiotherapy=[], gaps=(21,)).set_index("gap_anchor")["n_episodes/old"]
    assert found.to_dict() == {"counted": counted, "any": rolling}


def test_library_study_keeps_its_own_answer_whatever_the_fan():
    study = load_study("hermes")
    records = simulate_trial(study, seed=4, n_subjects=60)
    found = definition_fan(records, study, "sse", gaps=(21,), anchors=("counted",))
    frame = derive_outcomes(records, study).first("sse", "sse-incidence")
    counted = frame.loc[frame["status"] == 1].groupby("arm").size()
    own = found.loc[found["own"]].iloc[0]
    assert {arm: own[f"n_with_event/{arm}"] for arm in study.arm_names} == counted.to_dict()


def test_a_pooled_study_has_no_ratio():
    study = study_of()
    pooled = study.model_copy(update={"arms": (study.arms[0],), "masking": "pooled", "analyses": {}})
    records = records_of(study, arms=dict.fromkeys(ARMS, "old"))
    found = definition_fan(records, pooled, "sre")
    assert not [name for name in found if "ratio" in name]
    assert row(found, **OWN)["n_with_event/old"] == 6


@pytest.mark.parametrize(
    ("endpoint", "options", "words"),
    [
        ("sse", {}, "no endpoint 'sse'; the study has sre, death"),
        ("death", {}, "endpoint 'death' is death alone"),
        ("sre", {"gaps": (21, -1)}, "gaps must not be negative, got -1"),
        ("sre", {"anchors": ("last",)}, "anchors"),
        ("sre", {"horizon": 0}, "horizon is a day from 1, got 0"),
    ],
)
def test_what_cannot_be_is_refused(endpoint, options, words):
    study = study_of()
    with pytest.raises(InvalidArgument, match=words):
        definition_fan(records_of(study), study, endpoint, **options)
