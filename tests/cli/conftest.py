"""Records of a small trial on disk, and the command line in this process."""

from __future__ import annotations

import os
import shutil

import pytest
from typer.testing import CliRunner

from skeletal.records import write_records
from skeletal.study import load_study
from skeletal_reports.cli import app
from skeletal_synthetic import simulate_trial


@pytest.fixture(scope="session")
def simulated_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    write_records(simulate_trial(load_study("hermes"), seed=11, n_subjects=24), folder)
    return folder


@pytest.fixture
def data(simulated_folder, tmp_path):
    """Return a copy of good records that a test may spoil."""
    return shutil.copytree(simulated_folder, tmp_path / "data")


@pytest.fixture
def skeletal(monkeypatch, tmp_path):
    """Run the command line inside ``tmp_path``; nothing of the caller's terminal matters."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS", "PY_COLORS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    runner = CliRunner()

    def run(*arguments: object):
        return runner.invoke(
            app, [os.fspath(item) if isinstance(item, os.PathLike) else str(item) for item in arguments]
        )

    return run
