"""``skeletal studies``: the library, one study, and the published definitions."""

from __future__ import annotations

import csv
import json
import re

import pytest

from skeletal.study import definition_table, list_definitions, load_study
from skeletal_reports.cli import studies as module
from skeletal_reports.cli.protocol_view import print_definitions


def test_definitions_as_csv_hold_the_whole_table(skeletal):
    lines = list(csv.reader(skeletal("studies", "--definitions").stdout.splitlines()))
    table = definition_table()
    assert lines[0] == ["component", *table.columns]
    assert [line[0] for line in lines[1:]] == table.index.tolist()
    assert lines[1][1 + table.columns.get_loc("hermes")] == "symptomatic pathological fracture"


def test_definitions_as_json_hold_filters_and_sources(skeletal):
    content = json.loads(skeletal("studies", "--definitions", "--json").stdout)
    found = {item["name"]: item for item in content}
    assert list(found) == list_definitions()["name"].tolist()
    radiation = found["alsympca"]["components"]["radiation"]
    assert radiation["where"] == {"kind": ["radiation"], "reason": ["bone_pain"]}
    assert radiation["source"] == "Lancet Oncol 2014; 15: 738; ascopost 16237"


def shown(capsys):
    """Return what was printed, without the codes of bold and dim."""
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


@pytest.fixture
def terminal(monkeypatch):
    """Pretend that stdout is a terminal of a given width."""

    def of_width(width):
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setenv("TERM", "xterm")

    return of_width


@pytest.mark.parametrize(("width", "n_beside"), [(80, 2), (120, 3), (200, 6), (50, 1)])
def test_definitions_on_a_terminal_stand_side_by_side_as_wide_as_it_is(width, n_beside, terminal, capsys):
    terminal(width)
    print_definitions(definition_table(), dict.fromkeys(definition_table().columns, "label"))
    lines = shown(capsys).splitlines()
    assert max(map(len, lines)) <= width
    words = [line.split() for line in lines]
    heads = [line for line in words if line and set(line) <= set(definition_table().columns)]
    assert [name for head in heads for name in head] == definition_table().columns.tolist()
    assert max(map(len, heads)) == n_beside
    assert sum(line.startswith(" hypercalcaemia ") for line in lines) == len(heads)


def test_definitions_on_a_terminal_keep_every_word(terminal, capsys):
    terminal(80)
    module.studies(definitions=True)
    letters = re.sub(r"\s", "", shown(capsys))
    cells = definition_table().to_numpy().ravel()
    for word in {word for cell in cells for word in str(cell).split()}:
        assert word in letters
    assert "certaintywhereitisnotconfirmed" in letters


def test_one_study_prints_its_estimands_as_csv_and_json(skeletal):
    study = load_study("perform")
    lines = list(csv.reader(skeletal("studies", "perform").stdout.splitlines()))
    assert lines[0] == [
        "name",
        "kind",
        "label",
        "population",
        "treatment",
        "variable",
        "intercurrent",
        "summary",
    ]
    assert [line[0] for line in lines[1:]] == [*study.estimands, *study.measures]
    content = json.loads(skeletal("studies", "perform", "--json").stdout)
    assert list(content["endpoints"]) == list(study.endpoints)
    assert len(content["estimands"]) == len(lines) - 1


def test_one_study_on_a_terminal_shows_endpoints_with_source_and_five_attributes(terminal, capsys):
    terminal(100)
    module.studies("perform")
    text = shown(capsys)
    assert max(map(len, text.splitlines())) <= 100
    study = load_study("perform")
    assert text.startswith(f"{study.acronym}: ")
    for name in (*study.endpoints, *study.estimands):
        assert name in text
    n_rows = len(study.estimands) + len(study.measures)
    for attribute in ("population", "treatment", "variable", "intercurrent", "summary"):
        assert len(re.findall(rf"^  {attribute} ", text, flags=re.MULTILINE)) == n_rows


def test_a_name_and_all_definitions_do_not_go_together(skeletal):
    result = skeletal("studies", "hermes", "--definitions")
    assert result.exit_code == 2
    assert "leave NAME out" in result.stderr


def test_unknown_study_is_refused(skeletal):
    result = skeletal("studies", "hermez")
    assert result.exit_code == 3
    assert "Did you mean 'hermes'?" in result.stderr
