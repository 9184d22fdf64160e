"""The define table says which records a rule reads, so that another programmer can read them too."""

from __future__ import annotations

import pytest
from tests.support.adam_files import STUDIES, trial_outcomes

from skeletal.outcomes.adam import adam_data_sets, define_tables
from skeletal.outcomes.adam.selection import rows_where, selected
from skeletal.study import CensoringRule, Component, IntercurrentEvent


def test_a_component_names_its_table_date_and_rows() -> None:
    rule = Component(
        label="Fracture",
        table="events",
        where={"component": ["fracture", "collapse"], "symptomatic": True},
        unless={"cause": "trauma", "adjudicated": ["no"]},
        date="onset_date",
    )

    assert selected(rule) == (
        "events.onset_date where component in (fracture, collapse) and symptomatic = true, "
        "unless cause = trauma or adjudicated = no"
    )


def test_an_intercurrent_event_names_its_arms_and_the_grace_of_an_absence() -> None:
    rule = IntercurrentEvent(label="Never treated", table="procedures", arms=("new", "newer"), absent_by=21)

    assert selected(rule) == (
        "procedures.date, only in new or newer; the event is that there is none within 21 days of time zero"
    )


def test_a_censoring_rule_names_its_rows() -> None:
    rule = CensoringRule(
        label="Left", role="limit", table="disposition", where={"status": ["withdrew", "lost"]}, take="first"
    )

    assert selected(rule) == "disposition.date where status in (withdrew, lost)"
    assert rows_where({}) == ""


def test_terms_censoring_and_lesions_of_hermes_can_be_read_from_the_define_table() -> None:
    codes = define_tables(adam_data_sets(trial_outcomes("hermes"))).codes
    source = codes.set_index(["dataset", "variable", "parameter", "value"])["source"]

    assert source["ADSRE", "SRETERM", "", "fracture"].startswith(
        "events.date where component in (fracture, vertebral_fracture) and symptomatic = true ("
    )
    assert "first disposition.date where status in (withdrew, lost)" in source["ADTTE", "CNSR", "TTSSE", "2"]
    lesion = codes.query("dataset == 'ADTTE' and variable == 'PARAMCD' and value == 'TTLSSE'")
    assert "Lesions: those where target = true." in lesion["definition"].item()


@pytest.mark.parametrize("name", STUDIES)
def test_no_value_is_described_twice_and_each_visit_has_its_words(name: str) -> None:
    data_sets = adam_data_sets(trial_outcomes(name))
    codes = define_tables(data_sets).codes

    assert not codes.duplicated(["dataset", "variable", "parameter", "value"]).any()
    for made in data_sets:
        if made.name == "ADPAIN":
            visits = codes.query("dataset == 'ADPAIN' and variable == 'AVISIT'")["value"]
            assert set(made.frame["AVISIT"]) == set(visits)
