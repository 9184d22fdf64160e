"""The folder of a cross-check: complete, true to the run, safely quoted, all or nothing."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from tests.support.crosscheck_trial import (
    ALL,
    AWKWARD,
    FIRST,
    FREE,
    LESION,
    VARIANTS,
    declared_study,
    renamed,
    write_run,
)
from typer.testing import CliRunner

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.study import Analysis, load_study
from skeletal.study.analysis_methods import METHODS
from skeletal_reports.cli import app
from skeletal_reports.crosscheck import write_crosscheck
from skeletal_reports.crosscheck.coverage import ELSEWHERE, coverage
from skeletal_reports.crosscheck.r_script import FAMILY, r_value
from skeletal_reports.crosscheck.sas_script import PARTLY, sas_left_out, sas_program
from skeletal_reports.provenance import write_manifest
from skeletal_synthetic import simulate_trial

DECLARED = {
    "free": (FREE, "kaplan_meier", {"times": [365]}),
    "test": (FREE, "logrank", {"strata": ["sex"]}),
    "hazard": (FREE, "cox", {"covariates": ["age"]}),
    "firth": (FREE, "cox", {"penalty": "firth", "primary": True}),
    "incidence": (FIRST, "cumulative_incidence", {"times": [365]}),
    "lesions": (LESION, "cumulative_incidence", {"times": [365]}),
    "number": (ALL, "mean_cumulative", {"times": [365]}),
    "periods": (ALL, "period_rate", {}),
    "combo": (FREE, "max_combo", {"weights": [{"name": "unweighted"}, {"name": "gehan"}]}),
}
FILES = ["README.txt", "answers.csv", "crosscheck.R", "crosscheck.sas", "data", "expected.csv"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    study = declared_study(DECLARED)
    records = simulate_trial(study, seed=5, n_subjects=40)
    folder = tmp_path_factory.mktemp("made")
    for name in ("with", "without"):
        write_run(folder / name, study, records, with_records=name == "with")
    return folder


@pytest.fixture
def run(made, tmp_path):
    """Return a copy of a run folder that a test may spoil, without records, as that of a true trial."""
    return shutil.copytree(made / "without", tmp_path / "run")


@pytest.fixture
def run_with_records(made, tmp_path):
    return shutil.copytree(made / "with", tmp_path / "run-with-records")


@pytest.fixture
def skeletal():
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(item) for item in arguments])


def said(result):
    """Return stderr without the frame and the line breaks of a usage error."""
    return " ".join(result.stderr.replace("│", " ").split())


def text_of(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def write(run, out):
    out.mkdir()
    return write_crosscheck(run, out, tolerance=1e-7, say=lambda _line: None)


def test_folder_is_complete_and_its_path_is_printed(run, skeletal):
    result = skeletal("crosscheck", run)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(run / "crosscheck")
    assert sorted(item.name for item in (run / "crosscheck").iterdir()) == FILES


def test_primary_analysis_that_is_not_recomputed_is_a_warning(run, skeletal):
    warning = "Warning: primary analysis firth is not recomputed: needs R's coxphf (Firth's penalty)"
    assert warning in skeletal("crosscheck", run).stderr


def test_readme_names_every_analysis_that_is_not_recomputed(run, tmp_path):
    found = write(run, tmp_path / "out")
    assert set(found.not_recomputed) == {"firth", "periods", "combo, p_value", "combo, df"}
    readme = (tmp_path / "out/README.txt").read_text()
    assert all(f"  {name}: {why}" in readme for name, why in found.not_recomputed.items())


@pytest.mark.parametrize(
    ("estimand", "source", "columns"),
    [
        (FREE, "adtte", ["USUBJID", "ARM", "AVAL"]),
        (FIRST, "adtte", ["USUBJID", "ARM", "AVAL"]),
        (LESION, "adtte", ["USUBJID", "LNKID", "ARM", "AVAL"]),
        (ALL, "adrecur", ["USUBJID", "ARM", "TSTART", "TSTOP", "STATUS"]),
    ],
)
def test_data_are_the_rows_of_the_run(estimand, source, columns, run, tmp_path):
    write(run, tmp_path / "out")
    (path,) = (tmp_path / "out/data").glob(f"[0-9][0-9]-{estimand}.csv")
    rows = text_of(run / f"data/{source}.csv")
    rows = rows.loc[rows["PARAMCD"] == load_study("hermes").estimands[estimand].paramcd]
    data = text_of(path)
    assert data[columns].to_numpy().tolist() == rows[columns].to_numpy().tolist()
    if source == "adtte":
        event = rows["CNSR"] == "0"
        other = rows["EVNTDESC"] == "Death before the event"
        expected = event.astype(int) + 2 * other.astype(int)
        assert data["STATUS"].astype(int).tolist() == expected.tolist()


def test_data_have_the_columns_of_subjects_that_analyses_read(run_with_records, tmp_path):
    run = run_with_records
    write(run, tmp_path / "out")
    (path,) = (tmp_path / "out/data").glob(f"[0-9][0-9]-{FREE}.csv")
    subjects = text_of(run / "data/records/subjects.csv").set_index("subject_id")
    data = text_of(path)
    for column in ("sex", "age"):
        assert data[column].tolist() == subjects.loc[data["USUBJID"], column].tolist()


def test_expected_numbers_are_those_of_the_results(run, tmp_path):
    found = write(run, tmp_path / "out")
    expected, results = (
        pd.read_csv(path, float_precision="round_trip").set_index("key")
        for path in (tmp_path / "out/expected.csv", run / "results/results.csv")
    )
    assert len(expected) == found.n_compared
    assert set(expected.index) == {
        key
        for key, row in results.iterrows()
        if row["analysis"] in set(DECLARED) - {"firth", "periods"}
        and not (row["analysis"] == "combo" and row["statistic"] in ("p_value", "df"))
    }
    same = results.loc[expected.index, "value"].to_numpy()
    np.testing.assert_array_equal(expected["value"].to_numpy(), same, "to the last bit")
    assert (expected["tolerance"] == 1e-7).all()
    answers = text_of(tmp_path / "out/answers.csv")
    assert list(answers) == ["key", "ours", "R", "SAS"]
    assert (answers[["R", "SAS"]] == "").all(axis=None)


def test_every_method_is_recomputed_or_has_a_reason():
    assert set(METHODS) == set(FAMILY) | set(ELSEWHERE)
    assert not set(FAMILY) & set(ELSEWHERE)


def test_column_that_the_run_lacks_is_a_reason():
    analysis = Analysis(estimand=FREE, method="logrank", strata=["region"])
    assert coverage(analysis, ["region"]).reason == "the run folder does not hold region of subjects"
    assert coverage(analysis, []).reason == ""


def test_records_of_the_run_are_derived_again(run, run_with_records, tmp_path):
    found = [write(folder, tmp_path / f"out-{folder.name}") for folder in (run, run_with_records)]
    assert found[0].n_compared == found[1].n_compared > 0
    assert text_of(tmp_path / "out-run/expected.csv").equals(
        text_of(tmp_path / "out-run-with-records/expected.csv")
    )


@pytest.mark.parametrize(
    "name", ["data/adtte.csv", "results/results.csv", "study.lock.toml", "data/records/subjects.csv"]
)
def test_altered_file_is_refused_and_named(name, run_with_records, skeletal):
    run = run_with_records
    path = run / name
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    result = skeletal("crosscheck", run)
    assert result.exit_code == 4
    assert f"the run folder was altered: 1 file(s) are not those that were written ({name})" in result.stderr
    assert not (run / "crosscheck").exists()


def test_data_that_the_records_do_not_give_are_refused(run_with_records, tmp_path):
    """Even where somebody wrote a new manifest too."""
    run = run_with_records
    path = run / "data/adtte.csv"
    rows = text_of(path)
    changed = rows.index[rows["PARAMCD"] == "SSEFS"][3]
    rows.loc[changed, "AVAL"] = str(int(rows.loc[changed, "AVAL"]) + 1)
    rows.to_csv(path, index=False)
    manifest = json.loads((run / "manifest.json").read_text())
    (run / "manifest.json").unlink()
    write_manifest(run, {"data_as_of": manifest["data_as_of"]})
    with pytest.raises(
        InvalidRecords, match=r"altered: estimand 'sse-free-survival' of .* is not what the records"
    ) as error:
        write(run, tmp_path / "out")
    assert rows.loc[changed, "USUBJID"] in str(error.value)


def test_folder_that_is_no_run_is_a_usage_error(tmp_path, skeletal):
    result = skeletal("crosscheck", tmp_path / "nothing")
    assert result.exit_code == 2
    assert "is not a run folder" in said(result)
    assert not (tmp_path / "nothing").exists()


def test_old_run_folder_says_what_it_lacks(run, tmp_path):
    (run / "data/define.csv").unlink()
    with pytest.raises(InvalidArgument, match=r"lacks data/define.csv; make the report again"):
        write(run, tmp_path / "out")


@pytest.mark.parametrize("tolerance", [0, -1, 1, "nan"])
def test_tolerance_must_be_small_and_positive(tolerance, run, skeletal):
    result = skeletal("crosscheck", run, "--tolerance", tolerance)
    assert result.exit_code == 2
    assert "tolerance must lie between 0 and 1" in said(result)
    assert not (run / "crosscheck").exists()


def test_tolerance_is_that_of_the_script_and_of_each_number(run, tmp_path, skeletal):
    assert skeletal("crosscheck", run, "--out", tmp_path / "out", "--tolerance", 1e-4).exit_code == 0
    assert "TOLERANCE <- 0.0001\n" in (tmp_path / "out/crosscheck.R").read_text()
    assert (pd.read_csv(tmp_path / "out/expected.csv")["tolerance"] == 1e-4).all()


def test_second_cross_check_needs_force(run, skeletal):
    assert skeletal("crosscheck", run).exit_code == 0
    (run / "crosscheck/crosscheck.R").write_text("old")
    assert skeletal("crosscheck", run).exit_code == 2
    assert (run / "crosscheck/crosscheck.R").read_text() == "old"
    assert skeletal("crosscheck", run, "--force").exit_code == 0
    assert (run / "crosscheck/crosscheck.R").read_text() != "old"


def test_force_removes_nobodys_answers(run, skeletal):
    assert skeletal("crosscheck", run).exit_code == 0
    path = run / "crosscheck/answers.csv"
    answers = text_of(path)
    answers.loc[0, "SAS"] = "0.5"
    answers.to_csv(path, index=False)
    result = skeletal("crosscheck", run, "--force")
    assert result.exit_code == 2
    assert "holds answers" in said(result)
    assert text_of(path).loc[0, "SAS"] == "0.5"


@pytest.mark.parametrize("name", ["notes.txt", "data/notes.txt"])
def test_force_removes_no_other_work(name, run, skeletal):
    assert skeletal("crosscheck", run).exit_code == 0
    (run / "crosscheck" / name).write_text("mine")
    assert skeletal("crosscheck", run, "--force").exit_code == 2
    assert (run / "crosscheck" / name).read_text() == "mine"


def test_nothing_is_left_of_a_cross_check_that_fails(run, skeletal, monkeypatch):
    def fail(*_arguments):
        raise OSError(28, "No space left on device")

    before = sorted(item.name for item in run.iterdir())
    monkeypatch.setattr("skeletal_reports.crosscheck.folder.r_script", fail)
    assert skeletal("crosscheck", run).exit_code == 1
    assert sorted(item.name for item in run.iterdir()) == before


def test_json_says_what_is_compared_and_what_is_not(run, skeletal):
    content = json.loads(skeletal("crosscheck", run, "--json", "--quiet").stdout)
    assert content["folder"] == str(run / "crosscheck")
    assert content["n_compared"] == len(pd.read_csv(run / "crosscheck/expected.csv"))
    assert "periods" in content["not_recomputed"]
    assert content["all_equal"] is content["rows"] is None


def test_run_without_r_is_a_usage_error(run, skeletal, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda _name: None)
    result = skeletal("crosscheck", run, "--run")
    assert result.exit_code == 2
    assert "Rscript is not on the PATH" in said(result)
    assert not (run / "crosscheck").exists()


def fake_r(tmp_path, monkeypatch, lines):
    script = tmp_path / "Rscript"
    script.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    script.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda _name: str(script))


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        (["echo 'R lacks the package cmprsk: install it' >&2", "exit 3"], 2, "R lacks the package cmprsk"),
        (["echo 'Error in parse' >&2", "exit 2"], 1, "crosscheck.R stopped: Error in parse"),
        (["exit 1"], 1, "crosscheck.R stopped"),
    ],
)
def test_script_that_stops_has_its_message_and_code(lines, code, words, run, skeletal, tmp_path, monkeypatch):
    fake_r(tmp_path, monkeypatch, lines)
    result = skeletal("crosscheck", run, "--run")
    assert result.exit_code == code
    assert words in said(result)


@pytest.mark.parametrize(("equal", "code"), [("yes", 0), ("no", 5)])
def test_difference_that_r_finds_returns_5(equal, code, run, skeletal, tmp_path, monkeypatch):
    rows = f"printf 'key,value,r,difference,equal\\na/b/c,1,1,0,{equal}\\n' > r-results.csv"
    fake_r(tmp_path, monkeypatch, [rows, "echo '1 of 1 equal to 1e-07'", f"exit {0 if code == 0 else 1}"])
    result = skeletal("crosscheck", run, "--run")
    assert result.exit_code == code
    assert result.stdout == "1 of 1 equal to 1e-07\n"
    as_json = skeletal("crosscheck", run, "--run", "--json", "--force")
    assert json.loads(as_json.stdout)["all_equal"] is (code == 0)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('a "quoted" \\ name', '"a \\"quoted\\" \\\\ name"'),
        ("spät\n", '"sp\\U{e4}t\\U{a}"'),
        (("a", "b"), 'c("a", "b")'),
        ((), "c()"),
        ((1, 2.5), "c(1, 2.5)"),
        (None, "NULL"),
        ({"name": "gehan"}, 'list("name" = "gehan")'),
        (({"age": 60.0},), 'list(list("age" = 60.0))'),
    ],
)
def test_values_as_r_code(value, code):
    assert r_value(value) == code


def test_awkward_names_stay_inside_quotes(tmp_path):
    study = load_study("hermes")
    label = "Evil label\n); quit(status = 0) # */ %abort;"
    analyses = {"my.test": Analysis(estimand=FREE, method="logrank", label=label)}
    study = study.model_copy(update={"analyses": analyses})
    study, records = renamed(study, simulate_trial(study, seed=1, n_subjects=30), AWKWARD)
    out = tmp_path / "out"
    write(write_run(tmp_path / "run", study, records), out)
    script = (out / "crosscheck.R").read_text(encoding="utf-8")
    assert 'ARMS <- c("Radio \\"now\\" \\U{2014} 8 Gy", "Beob\\\\achtung, sp\\U{e4}t\'s")' in script
    assert 'check("my.test", logrank,' in script
    assert not [line for line in script.splitlines() if line.startswith(");")]
    assert all(set(text_of(path)["ARM"]) == set(AWKWARD) for path in (out / "data").iterdir())
    program = (out / "crosscheck.sas").read_text(encoding="utf-8")
    assert "*/ %abort" not in program


def arguments(text):
    """Return the arguments of a macro call, split at the commas outside brackets."""
    depth, parts = 0, [""]
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def macros(program):
    """Return macro -> number of its positional parameters."""
    found = re.findall(r"%macro (\w+)\(([^)]*)\)", program)
    return {name: sum("=" not in item for item in text.split(",")) for name, text in found}


def test_sas_program_calls_its_macros_with_what_they_take():
    study = declared_study({**DECLARED, **VARIANTS})
    covered = {name: item for name, item in study.analyses.items() if not coverage(item, []).reason}
    names = sorted({item.estimand for item in covered.values()})
    lesion = {"LNKID": ["1"]}
    row = {"USUBJID": ["a"], "ARM": ["x"], "ARMN": [2], "sex": ["f"], "age": ["60"], "kps": ["80"]}
    rows = {name: pd.DataFrame({**row, **(lesion if name == LESION else {})}) for name in names}
    program = sas_program(study, covered, {name: f"{name}.csv" for name in names}, rows)
    takes = macros(program)
    calls = re.findall(r"^%(\w+)\((.*)\)$", program, flags=re.MULTILINE)
    assert len(calls) > 30
    assert [(name, text) for name, text in calls if len(arguments(text)) != takes[name]] == []
    assert {name for name, _ in calls} >= {"kaplan_meier", "cox", "fine_gray", "two_arms", "event_rate"}
    called = {text.split(",")[0] for _, text in calls}
    left_out = sas_left_out(covered, rows)
    assert called | set(left_out) == set(covered), "every analysis is called or has a reason"
    assert {left_out[name] for name in called & set(left_out)} <= set(PARTLY.values())
    assert program.count("%macro ") == program.count("%mend;")
