"""Tables as html and csv."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree as ET

import pytest

from skeletal.errors import InvalidArgument
from skeletal_reports.tables import Column, Row, Table, to_csv, to_html

TABLE = Table(
    name="demo",
    title='Age < 50 & "more"',
    columns=(Column(header="", align="left"), Column(header="A <N=2>"), Column(header="B", align="center")),
    rows=(
        Row(cells=("Sex", "", ""), group=True),
        Row(cells=("<script>", "1,234", "2 (50.0%)"), indent=1),
        Row(cells=("Total", "3", "4")),
    ),
    notes=("Note & one", "Note two"),
)


def test_html_is_well_formed_and_escaped():
    root = ET.fromstring(to_html(TABLE))
    assert root.find("caption").text == 'Age < 50 & "more"'
    assert [cell.text for cell in root.findall("thead/tr/th")] == [None, "A <N=2>", "B"]
    assert "<script>" not in to_html(TABLE)
    assert root.findall("tbody/tr")[1].find("th").text == "<script>"


def test_html_headers_have_scope_and_cells_their_alignment():
    root = ET.fromstring(to_html(TABLE))
    assert {cell.get("scope") for cell in root.findall("thead/tr/th")} == {"col"}
    group, indented, plain = root.findall("tbody/tr")
    assert group.find("th").get("scope") == "rowgroup"
    assert group.find("th").get("colspan") == "3"
    assert indented.find("th").get("scope") == "row"
    assert indented.find("th").get("class") == "left indent-1"
    assert plain.find("th").get("class") == "left"
    assert [cell.get("class") for cell in plain.findall("td")] == ["right", "center"]


def test_html_notes_are_the_foot():
    root = ET.fromstring(to_html(TABLE))
    assert [note.text for note in root.findall("tfoot/tr/td/p")] == ["Note & one", "Note two"]
    bare = Table(name="t", title="t", columns=TABLE.columns, rows=())
    assert ET.fromstring(to_html(bare)).find("tfoot") is None


def test_notebooks_show_the_html():
    assert TABLE._repr_html_() == to_html(TABLE)


def test_csv_reads_back_with_depth_as_spaces():
    assert list(csv.reader(io.StringIO(to_csv(TABLE)))) == [
        ["", "A <N=2>", "B"],
        ["Sex", "", ""],
        ["  <script>", "1,234", "2 (50.0%)"],
        ["Total", "3", "4"],
    ]


def test_a_row_with_too_few_cells_is_refused():
    with pytest.raises(InvalidArgument, match="table 'demo': row 0 has 1 cells, the table 3 columns"):
        Table(name="demo", title="", columns=TABLE.columns, rows=(Row(cells=("x",)),))
