"""What each command prints, writes and returns."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.metadata import version

import pandas as pd
import pytest

from skeletal.errors import NotConverged
from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.records import cut_records, read_records
from skeletal.study import load_study, parse_study, study_schema, study_text
from skeletal_reports.cli.terminal import print_frame

COMMANDS = [
    *("report", "simulate", "derive", "analyse", "check", "cut", "crosscheck", "profile", "studies"),
    *("schema", "init"),
]


def in_process_of_its_own(*arguments):
    command = [sys.executable, "-m", "skeletal_reports", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_help_lists_every_command(skeletal):
    result = skeletal("--help")
    assert result.exit_code == 0
    assert [name for name in COMMANDS if name not in result.stdout] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_shows_an_example_and_the_exit_codes(command, skeletal):
    result = skeletal(command, "--help")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert f"Example: skeletal {command}" in words
    assert "0 done, 1 failed, 2 usage, 3 study file invalid, 4 records invalid, 5 check ran" in words


def test_version_shows_ours_and_the_dependencies(skeletal):
    lines = skeletal("--version").stdout.splitlines()
    assert lines[0] == f"skeletal {version('skeletal')}"
    assert f"pandas {version('pandas')}" in lines


def test_studies_as_csv_and_json(skeletal):
    assert skeletal("studies").stdout.splitlines()[1].startswith("hermes,HERMES,NCT07146074,120,1:1")
    listed = json.loads(skeletal("studies", "--json").stdout)
    assert [row["name"] for row in listed] == ["hermes", "perform", "rfa-ba", "rt-vertebroplasty"]


def test_terminal_gets_a_table_with_ne_where_nothing_can_be_estimated(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    frame = pd.DataFrame({"arm": ["a", "b"], "key": ["x", "y"], "value": [0.123456789, float("nan")]})
    print_frame(frame, shown=("arm", "value"), missing="NE")
    words = capsys.readouterr().out.split()
    assert [words[-4:], "key" in words] == [["a", "0.123457", "b", "NE"], False]


def test_schema_is_the_schema(skeletal):
    assert json.loads(skeletal("schema").stdout) == study_schema()


@pytest.mark.parametrize("name", ["hermes", "perform", "rfa-ba", "rt-vertebroplasty"])
def test_init_writes_a_commented_copy(name, skeletal, tmp_path):
    result = skeletal("init", name)
    assert result.exit_code == 0
    path = tmp_path / f"{name}.toml"
    assert result.stdout.strip() == path.name
    assert path.read_text(encoding="utf-8").startswith("#")
    assert parse_study(path.read_text(encoding="utf-8")) == load_study(name)


def test_init_overwrites_only_with_force(skeletal, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    assert skeletal("init", "hermes", "--out", path).exit_code == 2
    assert path.read_text() == "mine"
    assert skeletal("init", "hermes", "--out", path, "--force").exit_code == 0
    assert load_study(path).id == "hermes"
    assert skeletal("init", "nothing").exit_code == 3


def test_simulate_writes_the_same_records_for_the_same_seed(skeletal, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        result = skeletal("simulate", "hermes", "--seed", seed, "--n", 12, "--out", tmp_path / name)
        assert result.exit_code == 0
        assert result.stdout.strip() == str(tmp_path / name)
        assert f"seed {seed}" in result.stderr
    a, b, c = ((tmp_path / name / "subjects.csv").read_bytes() for name in "abc")
    assert a == b != c
    assert len(a.splitlines()) == 13


def test_simulate_replaces_an_earlier_simulation_with_force(skeletal, tmp_path):
    out = tmp_path / "records"
    assert skeletal("simulate", "hermes", "--n", 12, "--out", out).exit_code == 0
    assert skeletal("simulate", "hermes", "--n", 14, "--out", out).exit_code == 2
    assert skeletal("simulate", "hermes", "--n", 14, "--out", out, "--force").exit_code == 0
    assert len((out / "subjects.csv").read_text().splitlines()) == 15


def expected_results(data, cutoff):
    study = load_study("hermes")
    records = cut_records(read_records(data, study), cutoff or study.data_cutoff)
    return analyse(derive_outcomes(records, study), study)


@pytest.mark.parametrize("cutoff", [None, "2026-06-30"])
def test_analyse_prints_the_results(cutoff, skeletal, data):
    options = ["--cutoff", cutoff] if cutoff else []
    result = skeletal("analyse", "hermes", "--data", data, *options)
    assert result.exit_code == 0
    date = pd.Timestamp(cutoff).date() if cutoff else None
    expected = expected_results(data, date)
    assert result.stdout == expected.frame.to_csv(index=False, lineterminator="\n")
    as_json = skeletal("analyse", "hermes", "--data", data, "--json", *options)
    assert as_json.stdout == expected.to_json()


def test_cutoff_changes_the_results(skeletal, data):
    early = skeletal("analyse", "hermes", "--data", data, "--cutoff", "2026-06-30").stdout
    assert early != skeletal("analyse", "hermes", "--data", data).stdout


def test_analyse_writes_a_file(skeletal, data, tmp_path):
    result = skeletal("analyse", "hermes", "--data", data, "--out", "results.csv", "--quiet")
    assert (result.stdout.strip(), result.stderr) == ("results.csv", "")
    frame = pd.read_csv(tmp_path / "results.csv")
    assert frame["key"].is_unique


def test_derive_writes_outcomes_audit_and_accounting(skeletal, data, tmp_path):
    out = tmp_path / "derived"
    result = skeletal("derive", "hermes", "--data", data, "--out", out)
    assert result.exit_code == 0
    assert result.stdout.strip() == str(out)
    names = {path.name for path in out.iterdir()}
    assert {"adsl.csv", "adtte.csv", "audit.csv", "exclusions.csv", "accounting.csv"} <= names
    assert {"record-accounting.csv", "eligibility-subjects.csv", "measure-days-at-home.csv"} <= names
    accounting = pd.read_csv(out / "accounting.csv")
    subjects = accounting.loc[accounting["unit"] == "subject"]
    assert (subjects.groupby("estimand")["n_randomised"].sum() == 24).all()
    assert skeletal("derive", "hermes", "--data", data, "--out", out, "--force").exit_code == 0


def test_check_of_a_study_alone(skeletal):
    result = skeletal("check", "perform")
    assert result.exit_code == 0
    assert "Study perform is valid: 2 arms, 6 endpoints" in result.stderr
    assert (
        json.loads(skeletal("check", "perform", "--json").stdout)["digest"] == load_study("perform").digest()
    )


def test_check_lists_findings_and_returns_5(skeletal, data):
    events = pd.read_csv(data / "events.csv", dtype="string")
    events.loc[0, "subject_id"] = "NOBODY"
    events.to_csv(data / "events.csv", index=False)
    result = skeletal("check", "hermes", "--data", data, "--cutoff", "2028-02-05")
    assert result.exit_code == 5
    assert result.stdout.startswith("rule,category,severity,subject_id,table,row,found,expected,query\n")
    assert ",NOBODY,events,1," in result.stdout
    content = json.loads(skeletal("check", "hermes", "--data", data, "--json").stdout)
    assert content["n_subjects"] == 24
    assert "NOBODY" in {finding["subject_id"] for finding in content["findings"]}
    assert content["counts"]["error"] == 1
    assert sum(content["eligibility"].values()) == 24


def test_check_of_good_records_returns_0(skeletal, tmp_path):
    out = tmp_path / "records"
    assert skeletal("simulate", "hermes", "--cutoff", "2028-02-05", "--out", out).exit_code == 0
    changes = "".join(  # the scenario treats some against their arm
        f'\n[review.{rule}]\nseverity = "note"\nreason = "as the scenario says"\n'
        for rule in ("treated_against_arm", "arm_treatment_missing")
    )
    (tmp_path / "trial.toml").write_text(study_text("hermes") + changes, encoding="utf-8")
    result = skeletal("check", tmp_path / "trial.toml", "--data", out)
    assert result.exit_code == 0, result.stdout
    words = "treated_against_arm a finding of severity note instead of warning: as the scenario says"
    assert words in result.stderr
    assert "120 subjects; 0 error(s), 0 warning(s)" in result.stderr
    assert "Eligibility: 120 eligible, 0 not eligible, 0 not assessable" in result.stderr


def test_check_sees_follow_up_after_the_cutoff_unless_it_is_cut(skeletal, data):
    result = skeletal("check", "hermes", "--data", data)
    assert result.exit_code == 0, "to go on after an interim cutoff is no fault: a note"
    assert "after_cutoff" in result.stdout
    assert "after_cutoff" not in skeletal("check", "hermes", "--data", data, "--cutoff", "2028-02-05").stdout


def test_report_of_records(skeletal, data, tmp_path):
    out = tmp_path / "run"
    result = skeletal("report", "hermes", "--data", data, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    paths = json.loads(result.stdout)
    assert set(paths["reports"]) == {"open", "closed"}
    assert all((tmp_path / path).is_file() for path in paths["reports"]["closed"].values())
    manifest = json.loads((out / "manifest.json").read_text())
    assert "subjects.csv" in manifest["inputs"]
    locked = tomllib.loads((out / "study.lock.toml").read_text())
    assert locked["id"] == "hermes"
    again = skeletal("report", "hermes", "--data", data, "--out", out)
    assert again.exit_code == 2


def test_report_of_a_simulation_prints_its_path_last(skeletal, tmp_path):
    result = skeletal("report", "hermes", "--seed", 5, "--kind", "open", "--out", "run")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines() == [
        str(tmp_path.joinpath("run", "report", "open.html").relative_to(tmp_path))
    ]
    assert "scenario planning, seed 5" in result.stderr
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["seeds"]["simulation"] == {"seed": 5, "scenario": "planning"}
    assert not (tmp_path / "run" / "report" / "closed.html").exists()


def break_with(monkeypatch, error):
    def fail(*_arguments, **_options):
        raise error

    monkeypatch.setattr("skeletal.study.list_studies", fail)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OSError(28, "No space left on device", "run/data.csv"), 1, "No space left on device: run/data.csv"),
        (PermissionError(13, "Permission denied", "run"), 1, "Permission denied: run"),
        (NotConverged("cox stopped after 30 steps"), 1, "Failed: cox stopped after 30 steps"),
        (ZeroDivisionError("division by zero"), 1, "ZeroDivisionError: division by zero). Run with -v"),
        (KeyboardInterrupt(), 130, "Interrupted"),
    ],
)
def test_failure_has_a_message_and_a_code(error, code, words, skeletal, monkeypatch):
    break_with(monkeypatch, error)
    result = skeletal("studies")
    assert result.exit_code == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_verbose_shows_the_traceback(skeletal, monkeypatch):
    break_with(monkeypatch, ZeroDivisionError("division by zero"))
    assert "Traceback" in skeletal("studies", "-v").stderr


def test_module_runs_as_a_process():
    run = in_process_of_its_own("check", "hermez")
    assert run.returncode == 3
    assert "Did you mean 'hermes'?" in run.stderr
    assert run.stdout == ""


def test_unknown_command_is_a_usage_error():
    run = in_process_of_its_own("reprot")
    assert run.returncode == 2
    assert "reprot" in run.stderr
    assert "Traceback" not in run.stderr
