"""The run folder is complete, true to its manifest, repeatable, and all or nothing."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from skeletal.errors import InvalidArgument, InvalidRecords, SkeletalError
from skeletal.records import make_records
from skeletal.study import load_study, parse_study
from skeletal_reports import Simulation, render_report, run, run_report
from skeletal_reports.blinding import masked_arms
from skeletal_reports.leaks import check_open, check_self_contained
from skeletal_synthetic import simulate_trial

STUDY = load_study("hermes")
FILES = [
    "manifest.json",
    "study.lock.toml",
    "log.txt",
    "data/adsl.csv",
    "data/adsre.csv",
    "data/adtte.csv",
    "data/adrecur.csv",
    "data/adsl.xpt",
    "data/adsre.xpt",
    "data/adtte.xpt",
    "data/adrecur.xpt",
    "data/audit.csv",
    "data/review.csv",
    "data/exclusions.csv",
    "data/accounting.csv",
    "data/truth.csv",
    "data/records/subjects.csv",
    "data/records/disposition.csv",
    "data/records/events.csv",
    "results/results.csv",
    "results/results.json",
    "report/open.html",
    "report/open.pdf",
    "report/open.ipynb",
    "report/closed.html",
    "report/closed.pdf",
    "report/closed.ipynb",
    "report/treatment-key.csv",
]
CURVES = ("sse-incidence-curve", "sse-free-curve", "sse-mean", "survival-curve")


@pytest.fixture(scope="module")
def records():
    return simulate_trial(STUDY, seed=1)


@pytest.fixture(scope="module")
def made(records, tmp_path_factory):
    lines = []
    truth = pd.DataFrame({"arm": ["observational"], "value": [0.29]})
    simulation = Simulation(seed=1, scenario="planning", truth=truth)
    folder = tmp_path_factory.mktemp("runs") / "hermes"
    paths = run_report(STUDY, records, out=folder, simulation=simulation, progress=lines.append)
    return paths, lines


def text(path):
    return path.read_text(encoding="utf-8")


def test_the_run_folder_is_complete(made):
    paths, _ = made
    assert [name for name in FILES if not (paths.folder / name).is_file()] == []
    for kind in ("open", "closed"):
        for name in (*CURVES, "accrual", "flow"):
            for ending in ("svg", "pdf", "png", "csv"):
                assert (paths.folder / "figures" / kind / f"{name}.{ending}").is_file()
        for name in ("baseline", "methods", "provenance"):
            assert (paths.folder / "tables" / kind / f"{name}.csv").is_file()
            assert (paths.folder / "tables" / kind / f"{name}.html").is_file()


def test_only_the_closed_report_compares_arms(made):
    folder = made[0].folder
    assert (folder / "figures/closed/effects.svg").is_file()
    assert not (folder / "figures/open/effects.svg").exists()
    assert not (folder / "tables/open/effects.csv").exists()


def test_every_file_has_its_true_digest_in_the_manifest(made):
    folder = made[0].folder
    manifest = json.loads(text(made[0].manifest))
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    assert manifest["outputs"] == {k: v for k, v in digests.items() if k != "manifest.json"}


def test_the_manifest_says_what_was_run(made):
    manifest = json.loads(text(made[0].manifest))
    assert manifest["study"] == {"id": "hermes", "digest": STUDY.digest()}
    assert manifest["seeds"] == {"masking": 7146074, "simulation": {"seed": 1, "scenario": "planning"}}
    assert manifest["data_as_of"] == "2028-02-05"
    assert manifest["versions"]["pandas"] == pd.__version__
    assert manifest["simulated"]


def test_the_locked_study_is_the_study(made):
    assert parse_study(text(made[0].folder / "study.lock.toml")).digest() == STUDY.digest()
    assert tomllib.loads(text(made[0].folder / "study.lock.toml"))["id"] == "hermes"


def test_the_key_tells_which_arm_is_which(made):
    key = pd.read_csv(made[0].folder / "report/treatment-key.csv")
    assert dict(zip(key["arm"], key["masked"], strict=True)) == masked_arms(STUDY)


def test_the_open_report_holds_no_arm_and_the_check_that_says_so_can_fail(made):
    folder = made[0].folder
    shown = [path for part in ("figures", "tables") for path in (folder / part / "open").iterdir()]
    shown = [path for path in [*shown, *(folder / "report").glob("open.*")] if path.suffix != ".png"]
    check_open(shown, STUDY)
    with pytest.raises(SkeletalError, match="would name an arm"):
        check_open([folder / "data/adsl.csv"], STUDY)


def test_the_open_report_holds_no_letter_of_an_arm(made):
    page = text(made[0].reports["open"].html)
    assert "Arm A" not in page
    assert "Arm B" not in page
    assert "All subjects" in page


def test_the_closed_report_is_masked(made):
    paths = made[0]
    closed = [paths.reports["closed"].html, paths.reports["closed"].pdf, paths.reports["closed"].notebook]
    check_open(closed, STUDY)
    assert "Arm A" in text(paths.reports["closed"].html)


def test_the_reports_refer_to_nothing_outside(made):
    folder = made[0].folder
    check_self_contained(list((folder / "report").glob("*.*")), [folder])


def test_progress_and_log_name_each_stage_without_a_clock(made):
    paths, lines = made
    assert [line.split()[0] for line in lines] == ["Reviewing", "Deriving", "Analysing", "Running", "Writing"]
    assert text(paths.folder / "log.txt").splitlines()[: len(lines)] == lines


def test_a_repeat_gives_the_same_bytes(made, records, tmp_path):
    again = run_report(STUDY, records, out=tmp_path / "again")
    changed = []
    for path in again.folder.rglob("*"):
        first = made[0].folder / path.relative_to(again.folder)
        if path.is_file() and path.name != "manifest.json" and path.read_bytes() != first.read_bytes():
            changed.append(path.name)
    assert changed == []


def test_an_earlier_run_is_kept_without_force_and_replaced_with_it(records, tmp_path, monkeypatch):
    target = tmp_path / "run"
    target.mkdir()
    (target / "manifest.json").write_text("{}")
    (target / "old.txt").write_text("old")
    with pytest.raises(FileExistsError, match=r"run exists; add --force"):
        run_report(STUDY, records, out=target)
    monkeypatch.setattr(run, "write_report", _no_report)
    run_report(STUDY, records, out=target, force=True)
    assert not (target / "old.txt").exists()
    assert (target / "data/adsl.csv").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_force_does_not_remove_a_folder_that_is_no_run(records, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not a run folder"):
        run_report(STUDY, records, out=tmp_path, force=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def _no_report(*_, **__):
    return None


def _failing_report(*_, **__):
    raise SkeletalError("no report today")


def test_a_failure_leaves_nothing_behind(records, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "write_report", _failing_report)
    with pytest.raises(SkeletalError, match="no report today"):
        run_report(STUDY, records, out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_the_earlier_run(records, tmp_path, monkeypatch):
    target = tmp_path / "run"
    target.mkdir()
    (target / "manifest.json").write_text("{}")
    monkeypatch.setattr(run, "write_report", _failing_report)
    with pytest.raises(SkeletalError, match="no report today"):
        run_report(STUDY, records, out=target, force=True)
    assert [path.name for path in target.iterdir()] == ["manifest.json"]


def test_errors_of_the_review_stop_the_run_and_are_listed(records, tmp_path):
    tables = {name: table.drop(columns=["source", "source_row"]) for name, table in records.tables.items()}
    died = pd.DataFrame(
        {"subject_id": ["GHOST"], "status": ["died"], "cause": ["unknown"], "date": ["2026-05-01"]}
    )
    tables["disposition"] = pd.concat([tables["disposition"], died], ignore_index=True)
    with pytest.raises(InvalidRecords, match="GHOST"):
        run_report(STUDY, make_records(tables, study=STUDY), out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_the_default_folder_names_study_date_and_content(records, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "write_report", _no_report)
    first = run_report(STUDY, records).folder
    other = run_report(STUDY, simulate_trial(STUDY, seed=2)).folder
    assert first.parent == Path("runs")
    assert first.name.startswith("hermes-2028-02-05-")
    assert len(first.name) == len("hermes-2028-02-05-") + 8
    assert first != other


def test_kinds_choose_the_reports(records, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(run, "write_report", lambda *_, kind, unmask, **__: asked.append((kind, unmask)))
    made = run_report(STUDY, records, out=tmp_path / "run", kinds=("closed",), unmask=True)
    assert asked == [("closed", True)]
    assert list(made.reports) == ["closed"]
    assert not (made.folder / "report/treatment-key.csv").exists()


@pytest.mark.parametrize("kinds", [(), ("secret",)])
def test_unknown_kinds_are_refused(records, tmp_path, kinds):
    with pytest.raises(InvalidArgument, match="kinds must be some of open, closed"):
        run_report(STUDY, records, out=tmp_path / "run", kinds=kinds)


def test_one_report_alone_unmasked(records, tmp_path):
    made = render_report(STUDY, records, kind="closed", out=tmp_path, unmask=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["closed.html", "closed.ipynb", "closed.pdf"]
    assert "Upfront radiotherapy arm" in text(made.html)
    with pytest.raises(FileExistsError, match=r"closed\.html exists"):
        render_report(STUDY, records, kind="closed", out=tmp_path)
