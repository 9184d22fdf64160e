"""``skeletal profile``: pages and swimmer plots, and wishes that cannot be granted."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from skeletal.records import cut_records, read_records
from skeletal.study import load_study


@pytest.fixture(scope="module")
def subject(simulated_folder):
    """Return a subject with events in the records."""
    return pd.read_csv(simulated_folder / "events.csv", dtype=str)["subject_id"].iloc[0]


def test_one_subject_becomes_an_html_page(skeletal, data, subject, tmp_path):
    result = skeletal("profile", "hermes", "--data", data, "--subject", subject, "--out", "one.html", "-q")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == "one.html"
    text = (tmp_path / "one.html").read_text(encoding="utf-8")
    assert f"<h1>HERMES: profile of subject {subject}</h1>" in text
    assert "Confidential" in text
    assert text.count("<svg") == 1


def test_several_subjects_become_one_pdf(skeletal, data, subject, tmp_path):
    others = pd.read_csv(data / "subjects.csv", dtype=str)["subject_id"]
    other = next(name for name in others if name != subject)
    out = ("--subject", subject, "--subject", other, "--out", "pages/two.pdf")
    result = skeletal("profile", "hermes", "--data", data, *out)
    assert result.exit_code == 0, result.output
    assert "Drawing 2 subject(s)" in result.stderr
    assert (tmp_path / "pages" / "two.pdf").read_bytes().startswith(b"%PDF")


def test_cutoff_hides_what_came_later(skeletal, data, tmp_path):
    study = load_study("hermes")
    records = cut_records(read_records(data, study), study.data_cutoff)
    died = records["disposition"].loc[records["disposition"]["status"] == "died"].iloc[0]
    out = ("profile", "hermes", "--data", data, "--subject", died["subject_id"], "-q")
    day = (pd.Timestamp(died["date"]) - pd.Timedelta(days=1)).date().isoformat()
    assert skeletal(*out, "--out", "dead.html").exit_code == 0
    early = skeletal(*out, "--out", "alive.html", "--cutoff", day)
    assert early.exit_code == 0, early.output
    dead, alive = ((tmp_path / f"{name}.html").read_text("utf-8") for name in ("dead", "alive"))
    assert f"<dt>Death</dt><dd>{died['date']}</dd>" in dead
    assert "<dt>Death</dt><dd>not recorded</dd>" in alive
    assert f"<dt>Data as of</dt><dd>{day}</dd>" in alive


def test_swimmer_plot_has_its_numbers_beside_it(skeletal, data, tmp_path):
    result = skeletal("profile", "hermes", "--data", data, "--swimmer", "lanes.svg", "--endpoint", "fracture")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "lanes.svg").read_text("utf-8").startswith("<?xml")
    numbers = pd.read_csv(tmp_path / "lanes.csv")
    assert numbers.loc[numbers["kind"] == "end", "subject_id"].nunique() == 24
    assert set(numbers.loc[numbers["kind"] == "episode", "name"]) <= {"fracture"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--subject", "X"), "a page needs both --subject ID and --out FILE"),
        (("--out", "x.html"), "a page needs both --subject ID and --out FILE"),
        ((), "say what is wanted: --subject ID --out FILE, or --swimmer FILE"),
        (("--subject", "X", "--out", "x.docx"), "--out x.docx: the name must end in one of .html, .pdf"),
        (("--swimmer", "x.jpg"), "--swimmer x.jpg: the name must end in one of .svg, .pdf, .png"),
        (
            ("--swimmer", "x.svg", "--endpoint", "sse", "--endpoint", "death"),
            "a swimmer plot draws one endpoint; give --endpoint once",
        ),
    ],
)
def test_wishes_that_do_not_go_together_are_usage_errors(skeletal, data, tmp_path, options, message):
    result = skeletal("profile", "hermes", "--data", data, *options)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("\u2502", " ").split())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_unknown_subject_gets_the_nearest_and_no_file(skeletal, data, subject, tmp_path):
    result = skeletal("profile", "hermes", "--data", data, "--subject", subject.lower(), "--out", "x.html")
    assert result.exit_code == 2
    words = " ".join(result.output.replace("\u2502", " ").split())
    assert f"1 of the subjects asked for are not among the 24 randomised: '{subject.lower()}'" in words
    assert f"Did you mean '{subject}'?" in words
    assert not (tmp_path / "x.html").exists()


def test_unknown_endpoint_fails_with_one_message(skeletal, data, subject, tmp_path):
    options = ("--subject", subject, "--out", "x.html", "--endpoint", "fractur")
    result = skeletal("profile", "hermes", "--data", data, *options, "-q")
    assert result.exit_code == 2
    assert "Did you mean 'fracture'?" in " ".join(result.output.replace("\u2502", " ").split())
    assert not (tmp_path / "x.html").exists()


def test_a_file_is_replaced_only_with_force(skeletal, data, subject, tmp_path):
    (tmp_path / "x.html").write_text("mine")
    (tmp_path / "y.csv").write_text("mine")
    wish = ("profile", "hermes", "--data", data, "-q")
    page = (*wish, "--subject", subject, "--out", "x.html")
    assert skeletal(*page).exit_code == 2
    assert skeletal(*wish, "--swimmer", "y.svg").exit_code == 2
    assert [(tmp_path / name).read_text() for name in ("x.html", "y.csv")] == ["mine", "mine"]
    assert skeletal(*page, "--force").exit_code == 0
    assert (tmp_path / "x.html").read_text("utf-8").startswith("<!doctype html>")


def test_records_that_contradict_themselves_are_refused(skeletal, data, subject, tmp_path):
    events = pd.read_csv(data / "events.csv", dtype=str)
    events.loc[0, "date"] = "2026-13-40"
    events.to_csv(data / "events.csv", index=False)
    result = skeletal("profile", "hermes", "--data", data, "--subject", subject, "--out", "x.html")
    assert result.exit_code == 4
    assert "2026-13-40" in result.output
    assert not (tmp_path / "x.html").exists()


def test_folder_without_records_is_refused(skeletal, data, subject):
    shutil.rmtree(data)
    data.mkdir()
    assert (
        skeletal("profile", "hermes", "--data", data, "--subject", subject, "--out", "x.html").exit_code == 4
    )
