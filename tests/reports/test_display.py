"""What a cell shows carries its content as data, and is written where a folder is given."""

from __future__ import annotations

import pytest
from tests.support import report_trial as trial

from skeletal_reports.display import MIME, display_to, mime_bundle
from skeletal_reports.figures import accrual_counts, accrual_figure
from skeletal_reports.tables import Column, Row, Table

TABLE = Table(
    name="small",
    title="A < B",
    columns=(Column(header="Item", align="left"), Column(header="n")),
    rows=(Row(cells=("Sex", ""), group=True), Row(cells=("F", "3"), indent=1)),
    notes=("A note.",),
)


@pytest.fixture(scope="module")
def figure():
    return accrual_figure(accrual_counts(trial.records()), None, n_planned=120)


def test_a_table_is_shown_as_html_and_as_data():
    bundle = mime_bundle(TABLE)
    assert "<caption>A &lt; B</caption>" in bundle["text/html"]
    assert bundle[MIME] == {
        "type": "table",
        "name": "small",
        "title": "A < B",
        "columns": [{"header": "Item", "align": "left"}, {"header": "n", "align": "right"}],
        "rows": [
            {"cells": ["Sex", ""], "indent": 0, "group": True},
            {"cells": ["F", "3"], "indent": 1, "group": False},
        ],
        "notes": ["A note."],
    }


def test_a_figure_is_shown_as_svg_with_caption_and_words(figure):
    bundle = mime_bundle(figure)
    assert bundle["image/svg+xml"] == bundle[MIME]["svg"]
    assert bundle[MIME]["svg"].endswith("</svg>\n")
    assert (bundle[MIME]["caption"], bundle[MIME]["alt"]) == (figure.caption, figure.alt)


def test_text_is_shown_as_html_and_as_markdown():
    bundle = mime_bundle("a **b**")
    assert bundle["text/html"] == "<p>a <strong>b</strong></p>\n"
    assert bundle[MIME] == {"type": "text", "markdown": "a **b**"}


def test_nothing_is_written_without_a_folder(tmp_path, monkeypatch, figure):
    monkeypatch.chdir(tmp_path)
    for item in (TABLE, figure):
        mime_bundle(item)
    assert list(tmp_path.iterdir()) == []


def test_files_are_written_below_the_folder(tmp_path, figure):
    for item in (TABLE, figure, "text"):
        mime_bundle(item, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    figures = {f"figures/accrual.{ending}" for ending in ("svg", "pdf", "png", "csv")}
    assert names == {"tables/small.csv", "tables/small.html"} | figures
    assert (tmp_path / "tables/small.csv").read_text() == "Item,n\nSex,\n  F,3\n"


def test_show_displays_each_item_in_order(monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda bundle, raw: shown.append((bundle[MIME]["type"], raw))
    )
    display_to(tmp_path)(TABLE, "text")
    display_to()("text")
    assert shown == [("table", True), ("text", True), ("text", True)]
