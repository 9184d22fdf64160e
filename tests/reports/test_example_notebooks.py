"""The example notebooks are stripped, use public names, and run from top to bottom."""

from __future__ import annotations

import re

import nbformat
import pytest

from skeletal_reports.notebook import execute_notebook, read_template

PACKAGES = {
    "outcomes.ipynb": {
        "skeletal.competing",
        "skeletal.outcomes",
        "skeletal.plan",
        "skeletal.records",
        "skeletal.study",
        "skeletal.survival",
        "skeletal_reports.figures",
        "skeletal_synthetic",
    },
    "recurrent_events.ipynb": {
        "skeletal.multistate",
        "skeletal.outcomes",
        "skeletal.pairwise",
        "skeletal.records",
        "skeletal.recurrent",
        "skeletal.study",
        "skeletal.survival",
        "skeletal_reports.figures",
        "skeletal_synthetic",
    },
}


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    return execute_notebook(read_template("outcomes.ipynb"), folder=tmp_path_factory.mktemp("outcomes"))


@pytest.fixture(scope="module")
def recurrent(tmp_path_factory):
    template = read_template("recurrent_events.ipynb")
    return execute_notebook(template, folder=tmp_path_factory.mktemp("recurrent"))


def shown(executed, cell_id):
    cell = next(cell for cell in executed.cells if cell.id == cell_id)
    return "\n".join(
        output["text"] if output.output_type == "stream" else output["data"]["text/plain"]
        for output in cell.outputs
    )


@pytest.mark.parametrize("name", PACKAGES)
def test_it_is_stripped_and_valid(name):
    notebook = read_template(name)
    nbformat.validate(notebook)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in codes if cell.outputs or cell.execution_count] == []


@pytest.mark.parametrize("name", PACKAGES)
def test_it_imports_from_public_packages_only(name):
    text = "\n".join(cell.source for cell in read_template(name).cells if cell.cell_type == "code")
    assert set(re.findall(r"^from (\S+) import", text, flags=re.MULTILINE)) == PACKAGES[name]
    assert "._" not in text
    assert " import _" not in text


@pytest.mark.parametrize("name", PACKAGES)
def test_its_cells_are_short(name):
    codes = [cell.source for cell in read_template(name).cells if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in codes) <= 30


def test_the_two_anchors_give_three_and_two_episodes(executed):
    # facts: events on days 10, 25, 40 and 70; rows are day, counted, any
    last = [line.split()[1:] for line in shown(executed, "anchors").splitlines()[-4:]]
    assert last == [["10", "1", "1"], ["25", "1", "1"], ["40", "2", "1"], ["70", "3", "2"]]


def test_the_grid_has_nine_estimands_and_the_fan_a_figure(executed):
    assert shown(executed, "grid-study") == "9"
    (figure,) = next(cell for cell in executed.cells if cell.id == "fan-figure").outputs
    assert figure["data"]["image/svg+xml"].startswith("<?xml")


def test_the_first_screen_tells_the_four_answers_apart(recurrent):
    question = recurrent.cells[0].source.replace("\u2013", "-")
    told = shown(recurrent, "answers")
    for name in ("Andersen-Gill", "LWYY", "Ghosh-Lin"):
        assert f"| {name} |" in question
        assert f"{name}: the ratio of the" in told
    assert "| while alive |" in question
    assert "while-alive: the ratio, upfront-rt over observational" in told
    assert told.rstrip().splitlines()[-1].startswith("Survival: ")


def test_the_mean_times_in_the_states_add_up_to_the_horizon(recurrent):
    rows = [line.split() for line in shown(recurrent, "time-in-states").splitlines()[1:]]
    for column in (-2, -1):
        assert sum(float(row[column]) for row in rows) == pytest.approx(730, abs=0.5)
