"""Definitions: what each trial counts, side by side and on records made by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.definition_trial import STUDY, kinds_records, kinds_study

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records
from skeletal.study import (
    definition_table,
    list_definitions,
    load_definition,
    load_study,
    lock_study,
    parse_study,
    with_definition,
)

# What each trial counts: Clin Cancer Res 2012;18:4841, xgeva.eu; PMC2769231 table 2; Clin Cancer Res
# 2004;10:6397S; NCT00375427; PMC5321662; experts.umn.edu (CALGB 90202); Lancet Oncol 2014;15:738; ascopost
# 59784; PMC8449269 t0010; NCT02051218; NCT03523351; nebraskamed ONC516-25; NCT07146074; NCT07090122.
FOUR = {"fracture", "radiation", "surgery", "cord_compression"}
COMPONENTS = {
    "denosumab-sre": FOUR,
    "denosumab-sre-or-hcm": FOUR | {"hypercalcaemia"},
    "zoledronic-prostate": FOUR | {"antineoplastic_change"},
    "zoledronic-solid-tumours": FOUR,
    "zoom": FOUR | {"hypercalcaemia"},
    "react-bta": FOUR | {"hypercalcaemia"},
    "calgb-90202": FOUR | {"death_prostate_cancer"},
    "calgb-70604": FOUR,
    "alsympca": FOUR,
    "era-223": FOUR,
    "reduse": FOUR,
    "gillespie": FOUR,
    "preempt": FOUR - {"radiation"},
    "preempt-any-sre": FOUR,
    "hermes": FOUR,
    "rfa-ba": FOUR | {"nerve_root_compression", "instability", "pain", "local_intervention"},
}
SYMPTOMATIC = {
    "no": {
        "denosumab-sre",
        "denosumab-sre-or-hcm",
        "zoledronic-prostate",
        "zoledronic-solid-tumours",
        "zoom",
        "rfa-ba",
    },
    "partly": {"calgb-70604", "calgb-90202"},
    "yes": {"alsympca", "era-223", "react-bta", "reduse", "hermes"},
    "not stated": {"gillespie", "preempt", "preempt-any-sre"},
}
# Subjects of tests/support/definition_trial.py that have an event, by hand from the same sources.
FRACTURES, CORDS = {"fracture-silent", "fracture-felt"}, {"cord-silent", "cord-felt"}
FELT = {"fracture-felt", "cord-felt"}
RT, SURGERY = {"rt-pain", "rt-cord"}, {"surgery", "surgery-prophylactic"}
DENOSUMAB = FRACTURES | CORDS | RT | SURGERY | {"isotope"}
COUNTED = {
    "denosumab-sre": DENOSUMAB,
    "denosumab-sre-or-hcm": DENOSUMAB | {"hypercalcaemia"},
    "zoledronic-prostate": DENOSUMAB | {"therapy-for-pain"},
    "zoledronic-solid-tumours": DENOSUMAB - {"isotope"},
    "zoom": DENOSUMAB - {"isotope"} | {"hypercalcaemia"},
    "react-bta": FELT | RT | SURGERY | {"hypercalcaemia"},
    "calgb-90202": CORDS | {"fracture-felt"} | RT | SURGERY | {"death-prostate"},
    "calgb-70604": CORDS | {"fracture-felt"} | RT | SURGERY,
    "alsympca": FELT | SURGERY | {"rt-pain"},
    "era-223": FELT | RT | SURGERY | {"death-prostate", "death-other"},
    "reduse": FELT | RT | SURGERY,
    "gillespie": FRACTURES | CORDS | SURGERY | {"rt-pain"},
    "preempt": FRACTURES | CORDS | SURGERY,
    "preempt-any-sre": FRACTURES | CORDS | SURGERY | RT,
    "hermes": FELT | RT | SURGERY | {"rt-planned", "surgery-planned"},
    "rfa-ba": FRACTURES
    | CORDS
    | RT
    | {"nerve-root", "instability", "pain", "surgery", "surgery-planned", "rt-planned", "ablation"},
}
NAMES = sorted(COMPONENTS)


@pytest.fixture(scope="module")
def records():
    return kinds_records()


def test_every_definition_is_listed_with_its_source():
    frame = list_definitions().set_index("name")
    assert sorted(frame.index) == NAMES
    assert frame["source"].str.len().min() > 0
    assert frame.loc["hermes", "registry"] == "NCT07146074"
    assert frame.loc[frame["unit"] == "lesion"].index.tolist() == ["gillespie"]


def test_table_shows_a_dash_for_exactly_what_does_not_count():
    table = definition_table()
    components = table.iloc[:-6]
    assert {name: set(components.index[components[name] != "\N{EN DASH}"]) for name in table} == COMPONENTS
    assert table.index[-6:].tolist() == ["symptomatic only", "gap", "unit", "death", "time zero", "source"]


def test_table_says_which_definitions_need_symptoms():
    row = definition_table().loc["symptomatic only"]
    assert {state: set(row.index[row == state]) for state in SYMPTOMATIC} == SYMPTOMATIC


def test_table_names_source_and_certainty():
    table = definition_table()
    assert "malecare" in table.loc["radiation", "denosumab-sre"]
    assert table.loc["fracture", "era-223"] == "symptomatic fracture (partly)"
    assert table.loc["gap", "denosumab-sre"].startswith("21 days (NCT00321620")
    assert table.loc["gap", "hermes"] == "not stated"
    assert table.loc["death", "react-bta"].startswith("competing event (PMC8449269")
    assert "from any cause is an event" in table.loc["death", "era-223"]
    assert table.loc["time zero", "rfa-ba"].startswith("treatment")
    assert table.loc["source", "calgb-70604"] == "PMC5321662"


@pytest.mark.parametrize("name", NAMES)
def test_every_component_has_a_source_and_the_definition_is_frozen(name):
    definition = load_definition(name)
    assert all(item.source for item in definition.components.values())
    with pytest.raises(ValueError, match="frozen"):
        definition.unit = "lesion"


@pytest.mark.parametrize("name", NAMES)
def test_same_records_read_under_each_definition(name, records):
    outcomes = derive_outcomes(records, with_definition(kinds_study(), name))
    frame = outcomes.first(name, f"{name}-first")
    assert set(frame.loc[frame["status"] == 1, "subject_id"]) == COUNTED[name]


def test_estimands_take_death_as_the_definition_does():
    death = {
        name: [item.death for item in with_definition(kinds_study(), name).estimands_of(name).values()]
        for name in ("denosumab-sre", "react-bta", "era-223", "hermes")
    }
    assert death == {
        "denosumab-sre": ["censor", "censor"],
        "react-bta": ["competing", "competing"],
        "era-223": ["composite", "competing"],
        "hermes": ["competing", "competing"],
    }


def test_all_definitions_fit_into_one_study():
    study = load_study("hermes")
    for name in NAMES:
        study = with_definition(study, name)
    codes = [item.paramcd for item in study.estimands.values()]
    assert len(set(codes)) == len(codes)
    assert study.components["fracture"] == load_study("hermes").components["fracture"]
    assert study.endpoints["gillespie"].unit == "lesion"
    assert study.endpoints["rfa-ba"].time_zero == "treatment_date"


def test_a_definition_is_added_once():
    study = with_definition(kinds_study(), "zoom")
    with pytest.raises(InvalidStudy, match=r"already has zoom, zoom\.cord_compression"):
        with_definition(study, "zoom")


def test_a_paramcd_that_is_taken_is_numbered():
    study = kinds_study()
    taken = {**study.estimands, "x": study.estimands["survival"].model_copy(update={"paramcd": "TSREZOOM"})}
    new = with_definition(study.model_copy(update={"estimands": taken}), "zoom")
    assert new.estimands["zoom-first"].paramcd == "TSREZOO2"


def test_unknown_definition_suggests_one():
    with pytest.raises(InvalidStudy, match=r"no definition 'denosumab'; did you mean 'denosumab-sre'\?"):
        load_definition("denosumab")
    with pytest.raises(InvalidStudy, match="there are alsympca, calgb-70604"):
        with_definition(kinds_study(), "qqq")


def test_records_that_cannot_say_why_a_therapy_changed_are_refused(records):
    made = ["source", "source_row"]
    tables = {name: table.drop(columns=made, errors="ignore") for name, table in records.tables.items()}
    tables["therapies"] = tables["therapies"].drop(columns="reason")
    poor = make_records(tables, study=kinds_study())
    with pytest.raises(InvalidRecords, match="needs column 'reason' of table 'therapies'"):
        derive_outcomes(poor, with_definition(kinds_study(), "zoledronic-prostate"))


# --- in a study file ---------------------------------------------------------------------------------


def minimal(lines, extra=""):
    return STUDY + f"\n{extra}\n[endpoints.published]\n{lines}\n"


def test_a_file_names_a_definition_and_gets_its_parts():
    study = parse_study(minimal('definition = "zoom"'))
    endpoint = study.endpoints["published"]
    assert endpoint.components == ("cord_compression", "fracture", "surgery", "radiation", "hypercalcaemia")
    assert study.components["hypercalcaemia"].where == {"component": ("hypercalcaemia",)}
    assert (endpoint.label, endpoint.definition) == ("Skeletal-related event (ZOOM)", "zoom")
    assert endpoint.time_zero == "randomised_date"


def test_keys_of_the_file_win():
    lines = 'definition = "denosumab-sre"\nlabel = "Ours"\nmin_gap_days = 28\ntime_zero = "treatment_date"'
    endpoint = parse_study(minimal(lines)).endpoints["published"]
    assert (endpoint.label, endpoint.min_gap_days, endpoint.time_zero) == ("Ours", 28, "treatment_date")


def test_a_listed_component_of_the_file_replaces_that_of_the_definition():
    own = '[components.fracture]\nlabel = "Hip"\ntable = "events"\nwhere = { component = "hip" }'
    lines = 'definition = "zoom"\ncomponents = ["fracture", "surgery"]'
    study = parse_study(minimal(lines, own))
    assert study.endpoints["published"].components == ("fracture", "surgery")
    assert study.components["fracture"].label == "Hip"
    assert study.components["surgery"].where == {"kind": ("surgery",)}
    assert "radiation" not in study.components


def test_a_component_with_another_filter_is_refused():
    own = '[components.fracture]\nlabel = "Hip"\ntable = "events"\nwhere = { component = "hip" }'
    with pytest.raises(InvalidStudy) as caught:
        parse_study(minimal('definition = "zoom"', own))
    assert "'published': definition 'zoom' has a component 'fracture' whose filter differs" in str(
        caught.value
    )
    assert "list components in the endpoint to use yours" in str(caught.value)


def test_a_component_with_the_same_filter_is_shared():
    own = '[components.hypercalcaemia]\nlabel = "HCM"\ntable = "events"\n'
    own += 'where = { component = "hypercalcaemia" }'
    study = parse_study(minimal('definition = "zoom"', own))
    assert study.components["hypercalcaemia"].label == "HCM"


def test_two_definitions_whose_components_differ_are_refused_in_one_file():
    lines = 'definition = "zoom"\n[endpoints.second]\ndefinition = "hermes"'
    with pytest.raises(InvalidStudy, match="declared by the definition of another endpoint") as caught:
        parse_study(minimal(lines))
    assert str(caught.value).count("whose filter differs") == 4


def test_two_definitions_that_agree_share_their_components():
    lines = 'definition = "denosumab-sre"\n[endpoints.second]\ndefinition = "denosumab-sre-or-hcm"'
    study = parse_study(minimal(lines))
    assert len(study.components) == 5


def test_unknown_definition_of_a_file_is_refused_with_the_other_mistakes():
    with pytest.raises(InvalidStudy) as caught:
        parse_study(minimal('label = "X"\ndefinition = "zoon"\ncomponents = ["a"]'))
    assert "endpoint 'published': no definition 'zoon'; did you mean 'zoom'?" in str(caught.value)
    assert "names component 'a', which is not declared" in str(caught.value)


def test_an_unknown_definition_is_the_only_mistake_named():
    with pytest.raises(InvalidStudy) as refused:
        parse_study(STUDY + '\n[endpoints.published]\ndefinition = "zooom"\n')
    assert str(refused.value).splitlines()[1:] == [
        "  study: endpoint 'published': no definition 'zooom'; did you mean 'zoom'?"
    ]


def test_a_gap_that_is_a_flag_is_refused():
    with pytest.raises(InvalidStudy, match=r"endpoints\.published: min_gap_days must be a number, got true"):
        parse_study(minimal('definition = "zoom"\nmin_gap_days = true'))


def test_a_locked_study_with_a_definition_reads_back():
    study = parse_study(minimal('definition = "calgb-90202"'))
    assert parse_study(lock_study(study)) == study
    added = with_definition(study, "hermes")
    assert parse_study(lock_study(added)) == added


def test_reading_a_definition_in_a_file_and_in_python_count_the_same(records):
    in_file = derive_outcomes(records, parse_study(minimal('definition = "rfa-ba"')))
    added = derive_outcomes(records, with_definition(kinds_study(), "rfa-ba"))
    columns = ["subject_id", "time", "status"]
    pd.testing.assert_frame_equal(
        in_file.first("published")[columns], added.first("rfa-ba", "rfa-ba-first")[columns]
    )
