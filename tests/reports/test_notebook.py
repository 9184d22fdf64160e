"""Notebooks get their parameters and run in this Python, the same on every run."""

from __future__ import annotations

import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from skeletal.errors import SkeletalError
from skeletal_reports.notebook import execute_notebook, inject_parameters, read_template


def notebook(*sources, parameters="x = 1\ny = 'a'"):
    cells = [new_code_cell(parameters, id="parameters", metadata={"tags": ["parameters"]})]
    cells += [new_code_cell(source, id=f"cell-{place}") for place, source in enumerate(sources)]
    return new_notebook(cells=cells)


def plain(executed, place=-1):
    return executed.cells[place].outputs[0]["data"]["text/plain"]


def test_parameters_follow_their_defaults_and_win(tmp_path):
    filled = inject_parameters(notebook("x, y"), {"x": 7, "y": 'it\'s \\ "b"'})
    assert filled.cells[1].metadata["tags"] == ["injected-parameters"]
    assert eval(plain(execute_notebook(filled, folder=tmp_path))) == (7, 'it\'s \\ "b"')


def test_the_notebook_given_is_not_changed(tmp_path):
    given = notebook("x")
    before = nbformat.writes(given)
    execute_notebook(inject_parameters(given, {"x": 2}), folder=tmp_path)
    assert nbformat.writes(given) == before


def test_an_unknown_parameter_is_refused():
    with pytest.raises(SkeletalError, match="no parameter 'z'"):
        inject_parameters(notebook(), {"z": 1})


def test_a_notebook_without_a_parameters_cell_is_refused():
    with pytest.raises(SkeletalError, match="this one has 0"):
        inject_parameters(new_notebook(cells=[new_markdown_cell("x")]), {"x": 1})


def test_the_kernel_is_this_python_in_the_given_folder(tmp_path):
    executed = execute_notebook(
        notebook("import sys, pathlib\n(sys.executable, str(pathlib.Path.cwd().resolve()))"), folder=tmp_path
    )
    assert eval(plain(executed)) == (sys.executable, str(tmp_path.resolve()))


def test_a_repeat_gives_the_same_notebook(tmp_path):
    first, second = (execute_notebook(notebook("x + 1", "{'b', 'a'}"), folder=tmp_path) for _ in range(2))
    assert nbformat.writes(first) == nbformat.writes(second)
    assert "iopub" not in nbformat.writes(first)


def test_a_failing_cell_is_shown_with_its_error(tmp_path):
    with pytest.raises(
        SkeletalError, match=r"(?s)1 / \(x - 1\).*ZeroDivisionError: division by zero"
    ) as caught:
        execute_notebook(notebook("1 / (x - 1)"), folder=tmp_path)
    assert "\x1b" not in str(caught.value)


def test_a_cell_that_takes_too_long_is_stopped(tmp_path):
    with pytest.raises(SkeletalError, match="did not finish"):
        execute_notebook(notebook("import time\ntime.sleep(30)"), folder=tmp_path, timeout=1)


def test_a_kernel_that_dies_is_named(tmp_path):
    with pytest.raises(SkeletalError, match="did not finish"):
        execute_notebook(notebook("import os\nos._exit(1)"), folder=tmp_path)


def test_the_template_is_stripped_and_declares_its_parameters():
    template = read_template()
    nbformat.validate(template)
    assert (template.nbformat, template.nbformat_minor) == (4, 5)
    codes = [cell for cell in template.cells if cell.cell_type == "code"]
    assert [cell.id for cell in codes if cell.outputs or cell.execution_count] == []
    assert inject_parameters(template, {"study_file": "x", "records_folder": "y", "kind": "open"})


def test_the_template_uses_no_private_name():
    text = "\n".join(cell.source for cell in read_template().cells)
    assert "._" not in text
    assert " import _" not in text


def test_an_absent_template_is_named():
    with pytest.raises(SkeletalError, match=r"'absent\.ipynb' is missing"):
        read_template("absent.ipynb")


def test_the_template_run_by_hand_for_the_open_session_pools_the_arms(tmp_path):
    template = read_template()
    last = next(place for place, cell in enumerate(template.cells) if "outcomes = derive" in cell.source)
    template.cells = [*template.cells[:last], new_code_cell("study.masking, set(records.subjects['arm'])")]
    ran = execute_notebook(inject_parameters(template, {"kind": "open"}), folder=tmp_path)
    assert eval(plain(ran)) == ("pooled", {"All subjects"})
