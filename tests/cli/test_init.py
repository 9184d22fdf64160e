"""``skeletal init``: a copy, a draft from a data dictionary, or a file made of a few answers."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest
from tests.support.redcap_project import dictionary_text
from typer.testing import CliRunner

from skeletal.study import load_study
from skeletal_reports.cli import app

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "redcap"
DEFAULTS = "\n" * 20


@pytest.fixture
def answered(monkeypatch, tmp_path):
    """Answer the questions of ``skeletal init`` as if on a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("skeletal_reports.cli.init.on_terminal", lambda: True)

    def run(answers, *options):
        return CliRunner().invoke(app, ["init", *map(str, options)], input=answers)

    return run


def test_defaults_make_a_valid_study(answered, tmp_path):
    result = answered("Bone trial of care" + DEFAULTS)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "bone.toml"
    study = load_study(tmp_path / "bone.toml")
    assert (study.title, study.acronym, study.registry) == ("Bone trial of care", "Bone", "")
    assert study.arm_names == ("control", "experimental")
    assert study.n_subjects == 100
    assert list(study.components) == ["cord_compression", "fracture", "surgery", "radiation"]
    assert [(visit.name, visit.day) for visit in study.visits] == [
        ("Month 3", 91),
        ("Month 6", 183),
        ("Month 12", 365),
    ]
    assert study.records.format == "native"
    assert (tmp_path / "bone.toml").read_text(encoding="utf-8").startswith("# Bone: a first draft")
    assert CliRunner().invoke(app, ["check", str(tmp_path / "bone.toml")]).exit_code == 0


def test_every_answer_is_in_the_file(answered, tmp_path):
    answers = ["A trial", "BONY", "NCT01234567", "new, old, older", "old", "240", "treatment_date"]
    answers += ["radiation, fracture", "Week 2=14, Year 1=365", "no", "redcap"]
    assert answered("\n".join(answers) + "\n", "--out", "mine.toml").exit_code == 0
    study = load_study(tmp_path / "mine.toml")
    assert (study.id, study.acronym, study.registry) == ("bony", "BONY", "NCT01234567")
    assert study.arm_names == ("old", "new", "older")
    assert study.n_subjects == 240
    assert (study.time_zero, study.time_zero_label) == ("treatment_date", "treatment")
    assert study.endpoints["sse"].components == ("radiation", "fracture")
    assert [(visit.name, visit.day) for visit in study.visits] == [("Week 2", 14), ("Year 1", 365)]
    assert study.censoring["horizon"].after_days == 365
    assert "last_assessment" not in study.censoring
    assert study.records.format == "redcap"


def test_no_events_and_no_visits_leave_survival(answered, tmp_path):
    answers = ["A trial", "", "", "", "", "", "", "-", "-", "", "sdtm"]
    assert answered("\n".join(answers) + "\n", "--out", "mine.toml").exit_code == 0
    study = load_study(tmp_path / "mine.toml")
    assert list(study.endpoints) == ["death"]
    assert study.visits == ()
    assert study.records.format == "sdtm"


@pytest.mark.parametrize(
    ("place", "wrong", "words"),
    [
        (0, "...", "it needs letters or digits"),
        (2, "NCT123", "'NCT123' is no registry number: NCT and eight digits"),
        (3, "one", "two arms or more"),
        (3, "a, b, a", "named more than once: a"),
        (4, "placebo", "'placebo' is none of control, experimental"),
        (5, "1", "'1' is no number of subjects"),
        (5, "many", "'many' is no number of subjects"),
        (6, "birth", "'birth' is none of randomised_date, treatment_date, consent_date"),
        (7, "pain", "'pain' is none of cord_compression"),
        (8, "Month 3", "'Month 3' is no visit"),
        (8, "Month 3=91, Month 4=91", "'Month 4=91' has the name or the day of a visit before it"),
        (9, "maybe", "'maybe' is none of yes, no"),
        (10, "excel", "'excel' is none of native, sdtm, redcap"),
    ],
)
def test_an_answer_that_cannot_be_is_asked_again(place, wrong, words, answered, tmp_path):
    answers = ["A trial", *[""] * 10]
    answers.insert(place, wrong)
    result = answered("\n".join(answers) + "\n", "--out", "mine.toml")
    assert result.exit_code == 0
    assert words in result.stderr
    assert load_study(tmp_path / "mine.toml").title == "A trial"


def test_an_input_that_ends_leaves_nothing(answered, tmp_path):
    result = answered("A trial\nBONY\n", "--out", "mine.toml")
    assert result.exit_code == 130
    assert "nothing was left half-written" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_refused_before_the_first_question(answered, tmp_path):
    (tmp_path / "mine.toml").write_text("mine")
    result = answered("A trial" + DEFAULTS, "--out", "mine.toml")
    assert result.exit_code == 2
    assert "Title" not in result.stderr
    assert (tmp_path / "mine.toml").read_text() == "mine"
    assert answered("A trial" + DEFAULTS, "--out", "mine.toml", "--force").exit_code == 0


def test_an_acronym_whose_file_exists_is_asked_again_at_once(answered, tmp_path):
    (tmp_path / "bone.toml").write_text("mine")
    answers = "Bone trial\n\nOther" + DEFAULTS
    result = answered(answers)
    assert result.exit_code == 0
    assert "bone.toml exists; give another acronym" in " ".join(result.stderr.split())
    assert (tmp_path / "bone.toml").read_text() == "mine"
    assert load_study(tmp_path / "other.toml").acronym == "Other"
    assert answered("Bone trial" + DEFAULTS, "--force").exit_code == 0
    assert load_study(tmp_path / "bone.toml").acronym == "Bone"


@pytest.mark.parametrize(
    ("title", "acronym", "name"),
    [("骨転移試験", "骨転移試験", "trial"), ("Über Knochen", "Über", "uber")],
)
def test_titles_of_any_script_make_a_valid_study(title, acronym, name, answered, tmp_path):
    assert answered(title + DEFAULTS).exit_code == 0
    study = load_study(tmp_path / f"{name}.toml")
    assert (study.title, study.acronym, study.id) == (title, acronym, name)


def test_a_draft_says_that_it_has_no_scenario_to_simulate(answered, skeletal, tmp_path):
    answered("Bone trial" + DEFAULTS)
    result = skeletal("simulate", tmp_path / "bone.toml", "--out", tmp_path / "records")
    words = " ".join(result.stderr.replace("│", " ").split())
    assert result.exit_code == 2
    assert "bone declares no scenario, so that nothing can be simulated; write [scenarios.planning]" in words


def test_without_a_terminal_it_says_what_to_give(skeletal, tmp_path):
    result = skeletal("init")
    assert result.exit_code == 2
    words = " ".join(result.stderr.replace("│", " ").split())
    assert (
        "asks its questions on a terminal; elsewhere name a study of the library (skeletal init hermes)"
        in words
    )
    assert "skeletal init --from redcap DICTIONARY.csv" in words
    assert list(tmp_path.iterdir()) == []


def test_on_a_real_terminal_the_questions_are_asked(tmp_path):
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execv(sys.executable, [sys.executable, "-m", "skeletal_reports", "init"])
    shown = b""
    deadline = time.monotonic() + 60
    os.write(terminal, b"Bone trial\n" + b"\n" * 10)
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                piece = os.read(terminal, 4096)
            except OSError:
                break
            if not piece:
                break
            shown += piece
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"Title of the trial" in shown
    assert load_study(tmp_path / "bone.toml").title == "Bone trial"


def test_a_draft_from_a_dictionary_is_a_valid_study(skeletal, tmp_path):
    (tmp_path / "Dictionary.csv").write_text(dictionary_text(), encoding="utf-8")
    result = skeletal("init", "--from", "redcap", "Dictionary.csv")
    assert result.exit_code == 0
    assert result.stdout.strip() == "Dictionary.toml"
    assert "places are marked TODO" in result.stderr
    assert skeletal("check", "Dictionary.toml").exit_code == 0
    assert load_study(tmp_path / "Dictionary.toml").records.format == "redcap"


def test_a_draft_replaces_a_file_only_with_force(skeletal, tmp_path):
    (tmp_path / "d.csv").write_text(dictionary_text(), encoding="utf-8")
    (tmp_path / "mine.toml").write_text("mine")
    command = ["init", "--from", "redcap", "d.csv", "--out", "mine.toml"]
    assert skeletal(*command).exit_code == 2
    assert (tmp_path / "mine.toml").read_text() == "mine"
    assert skeletal(*command, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--from", "redcap"], 2, "--from redcap needs the data dictionary"),
        (["--from", "redcap", "absent.csv"], 2, "there is no file absent.csv"),
        (["--from", "redcap", "export.csv"], 4, "export.csv is no data dictionary of REDCap"),
        (["--from", "redcap", "empty.csv"], 4, "empty.csv is empty"),
        (["--from", "odk", "export.csv"], 2, "'odk' is not"),
    ],
)
def test_what_is_no_dictionary_leaves_nothing(arguments, code, words, skeletal, tmp_path):
    (tmp_path / "export.csv").write_text("record_id,arm\nS1,1\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    result = skeletal("init", *arguments)
    assert result.exit_code == code
    assert words in " ".join(result.stderr.replace("│", " ").split())
    assert not list(tmp_path.glob("*.toml"))


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="examples absent: the tests run outside a checkout")
def test_the_example_is_read_and_reviewed(skeletal):
    result = skeletal("check", EXAMPLE / "study.toml", "--data", EXAMPLE / "data")
    assert result.exit_code == 0
    assert "4 subjects; 0 error(s), 0 warning(s)" in result.stderr


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="examples absent: the tests run outside a checkout")
def test_the_draft_of_the_example_needs_only_the_missing_data_codes(skeletal, tmp_path):
    skeletal("init", "--from", "redcap", EXAMPLE / "data" / "DataDictionary.csv", "--out", "draft.toml")
    draft = tmp_path / "draft.toml"
    text = draft.read_text(encoding="utf-8")
    assert "initials" not in text  # marked as an identifier of persons
    draft.write_text(text.replace("missing = []", 'missing = ["UNK"]'), encoding="utf-8")
    assert "4 subjects; 0 error(s)" in skeletal("check", draft, "--data", EXAMPLE / "data").stderr
