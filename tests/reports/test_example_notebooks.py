"""The notebook on outcomes is stripped, uses public names, and runs from top to bottom."""

from __future__ import annotations

import re

import nbformat
import pytest

from skeletal_reports.notebook import execute_notebook, read_template

NAME = "outcomes.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    return execute_notebook(read_template(NAME), folder=tmp_path_factory.mktemp("outcomes"))


def shown(executed, cell_id):
    cell = next(cell for cell in executed.cells if cell.id == cell_id)
    return "\n".join(output["data"]["text/plain"] for output in cell.outputs)


def test_it_is_stripped_and_valid():
    notebook = read_template(NAME)
    nbformat.validate(notebook)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in codes if cell.outputs or cell.execution_count] == []


def test_it_imports_from_public_packages_only():
    text = "\n".join(cell.source for cell in read_template(NAME).cells if cell.cell_type == "code")
    packages = set(re.findall(r"^from (\S+) import", text, flags=re.MULTILINE))
    assert packages == {
        "skeletal.competing",
        "skeletal.outcomes",
        "skeletal.plan",
        "skeletal.records",
        "skeletal.study",
        "skeletal.survival",
        "skeletal_reports.figures",
        "skeletal_synthetic",
    }
    assert "._" not in text
    assert " import _" not in text


def test_its_cells_are_short():
    codes = [cell.source for cell in read_template(NAME).cells if cell.cell_type == "code"]
    assert max(len(source.splitlines()) for source in codes) <= 30


def test_the_two_anchors_give_three_and_two_episodes(executed):
    # facts: events on days 10, 25, 40 and 70; rows are day, counted, any
    last = [line.split()[1:] for line in shown(executed, "anchors").splitlines()[-4:]]
    assert last == [["10", "1", "1"], ["25", "1", "1"], ["40", "2", "1"], ["70", "3", "2"]]


def test_the_grid_has_nine_estimands_and_the_fan_a_figure(executed):
    assert shown(executed, "grid-study") == "9"
    (figure,) = next(cell for cell in executed.cells if cell.id == "fan-figure").outputs
    assert figure["data"]["image/svg+xml"].startswith("<?xml")
