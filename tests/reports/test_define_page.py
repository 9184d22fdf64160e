"""The define page has a section a data set with every variable, and needs nothing from outside."""

from __future__ import annotations

import html
import re

import pandas as pd
import pytest
from tests.support.adam_files import trial_outcomes

from skeletal.outcomes import Define, adam_data_sets, define_tables
from skeletal_reports.render.define import render_define
from skeletal_reports.tables.define import define_sections


@pytest.fixture(scope="module")
def made():
    outcomes = trial_outcomes("rt-vertebroplasty")
    define = define_tables(adam_data_sets(outcomes))
    return define, render_define(define, outcomes.study)


def small() -> Define:
    variable = ["Label", "Char", 3, "", "A = a", "Derived", "Words <here>.", "table.column"]
    return Define(
        datasets=pd.DataFrame(
            [["ADX", "X", "One record", "STUDYID USUBJID", 1200]],
            columns=["dataset", "label", "structure", "keys", "records"],
        ),
        variables=pd.DataFrame(
            [["ADX", name, *variable] for name in ("V", "W")],
            columns=[
                *("dataset", "variable", "label", "type", "length", "format", "codelist", "origin"),
                *("derivation", "source"),
            ],
        ),
        codes=pd.DataFrame(
            [
                ["ADX", "PARAMCD", "", "P1", "First", "From zero.", "rule"],
                ["ADX", "V", "P1", "0", "Event", "", "a"],
                ["ADX", "V", "P2", "0", "Event", "", "a"],
                ["ADX", "V", "P3", "0", "Event", "", "b"],
                ["ADX", "W", "", "Y", "Yes", "", ""],
            ],
            columns=["dataset", "variable", "parameter", "value", "meaning", "definition", "source"],
        ),
    )


def test_a_section_has_variables_parameters_and_values_once() -> None:
    (section,) = define_sections(small())

    assert (section.name, section.keys, section.records) == ("ADX", "STUDYID, USUBJID", "1,200")
    variables, parameters, values = section.tables
    assert [row.cells for row in variables.rows] == [
        ("V", "Label", "Char", "3", "", "Derived", "Words <here>.", "1", "table.column"),
        ("W", "Label", "Char", "3", "", "Derived", "Words <here>.", "1", "table.column"),
    ]
    assert [row.cells for row in parameters.rows] == [("P1", "First", "From zero.", "rule")]
    assert [(row.group, row.cells) for row in values.rows] == [
        (True, ("V: P1, P2", "", "")),
        (False, ("0", "Event", "a")),
        (True, ("V: P3", "", "")),
        (False, ("0", "Event", "b")),
        (True, ("W", "", "")),
        (False, ("Y", "Yes", "")),
    ]


def test_the_page_has_every_variable_of_every_data_set_in_order(made) -> None:
    define, page = made
    for name, mine in define.variables.groupby("dataset", sort=False):
        section = page.partition(f'<section id="{name}">')[2].partition("</section>")[0]
        table = section.partition(f'id="table-{str(name).lower()}-variables"')[2].partition("</table>")[0]
        assert re.findall(r'<th scope="row" class="left">(\w+)</th>', table) == mine["variable"].tolist()
        for text in mine["derivation"]:
            assert html.escape(text) in table


def test_the_page_holds_everything_it_needs(made) -> None:
    page = made[1]

    assert not re.search(r"<(script|link|img|iframe)\b|https?://|url\(|@import", page)
    assert set(re.findall(r'href="([^"]*)"', page)) == {f"#{name}" for name in made[0].datasets["dataset"]}
