"""The R script, run by R: our numbers are those of survival and cmprsk."""

from __future__ import annotations

import shutil
import subprocess

import pandas as pd
import pytest
from tests.support import declared_methods
from tests.support.crosscheck_trial import AWKWARD, FIRST, FREE, VARIANTS, renamed, simulated_run, write_run

from skeletal.study import Analysis, load_study
from skeletal_reports.crosscheck import run_r, write_crosscheck
from skeletal_synthetic import simulate_trial


@pytest.fixture(scope="module", autouse=True)
def r():
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R absent: Rscript is not on the PATH")
    asked = 'for (p in c("survival", "cmprsk")) if (!requireNamespace(p, quietly = TRUE)) quit(status = 3)'
    if subprocess.run([rscript, "-e", asked], check=False, capture_output=True).returncode:
        pytest.skip("R packages absent: survival and cmprsk are needed")


def compared(run, out):
    out.mkdir()
    found = write_crosscheck(run, out, tolerance=1e-7, say=lambda _line: None)
    result = run_r(out)
    assert len(result.rows) == found.n_compared
    return result


def test_every_method_and_option_equals_r(tmp_path):
    declared = {name: item for name, item in declared_methods.DECLARED.items() if name != "permuted"}
    result = compared(simulated_run(tmp_path / "run", {**declared, **VARIANTS}), tmp_path / "out")
    other = result.rows.loc[result.rows["equal"] != "yes"]
    assert other.empty, other.to_string()
    assert "R says" not in result.said
    assert len(result.rows) > 800
    assert result.rows.loc[result.rows["value"].notna(), "r"].notna().all()


def test_what_a_small_trial_cannot_give_is_missing_in_both(tmp_path):
    """Nobody on the experimental arm has an event: ratios go to infinity."""
    declared = {
        "cause": (FIRST, "cause_specific_cox", {"covariates": ["age"]}),
        "fine-gray": (FIRST, "fine_gray", {}),
        "ratio": (FIRST, "risk_ratio", {"times": [365]}),
        "odds": (FIRST, "odds_ratio", {"times": [365], "formula": "conditional"}),
        "woolf": (FIRST, "odds_ratio", {"times": [365]}),
        "gap": (FIRST, "incidence_contrast", {"times": [200], "kind": "log-log"}),
        "lost": (FIRST, "years_lost", {"horizon": 365}),
        "curve": (FIRST, "cumulative_incidence", {"times": [1, 365]}),
    }
    result = compared(simulated_run(tmp_path / "run", declared, n_subjects=14, seed=4), tmp_path / "out")
    assert result.all_equal, result.said
    rows = result.rows.set_index("key")
    contrast = "upfront-rt vs observational"
    assert (
        rows.loc[[f"cause/{contrast}/ratio", f"ratio/{contrast}/upper@365"], ["value", "r"]]
        .isna()
        .all(axis=None)
    )
    assert rows.loc[f"odds/{contrast}/upper@365", "r"] > 0


def test_awkward_names_and_a_language_without_their_letters(tmp_path, monkeypatch):
    study = load_study("hermes")
    analyses = {
        "test": Analysis(estimand=FREE, method="logrank", label="spät\n); quit()"),
        "curve": Analysis(estimand=FIRST, method="cumulative_incidence", times=[365]),
    }
    study = study.model_copy(update={"analyses": analyses})
    study, records = renamed(study, simulate_trial(study, seed=1, n_subjects=40), AWKWARD)
    monkeypatch.setenv("LC_ALL", "C")
    result = compared(write_run(tmp_path / "run", study, records), tmp_path / "out")
    assert result.all_equal, result.said
    assert result.rows["r"].notna().any()
    assert {key.split("/")[0] for key in result.rows["key"]} == set(analyses)


def test_number_that_differs_is_found(tmp_path):
    out = tmp_path / "out"
    run = simulated_run(tmp_path / "run", {"free": (FREE, "kaplan_meier", {"times": [365]})}, n_subjects=40)
    assert compared(run, out).all_equal
    path = out / "expected.csv"
    expected = pd.read_csv(path, dtype=str)
    expected.loc[3, "value"] = repr(float(expected.loc[3, "value"]) * (1 + 1e-6))
    expected.to_csv(path, index=False)
    again = run_r(out)
    assert again.rows.loc[again.rows["equal"] == "no", "key"].tolist() == [expected.loc[3, "key"]]
    assert again.said.splitlines()[-1] == f"{len(expected) - 1} of {len(expected)} equal to 1e-07"
    assert sum(line.endswith(" NO") for line in again.said.splitlines()) == 1
