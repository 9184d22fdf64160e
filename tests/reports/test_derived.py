"""The files of derived data are complete, and no other file is taken for one of them."""

from __future__ import annotations

import pandas as pd
import pytest

from skeletal.outcomes import derive_outcomes
from skeletal.records import cut_records
from skeletal.study import load_study
from skeletal_reports.derived import is_derived, write_derived
from skeletal_synthetic import simulate_trial


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    study = load_study("rt-vertebroplasty")
    records = cut_records(simulate_trial(study, seed=3, n_subjects=20), study.data_cutoff)
    folder = tmp_path_factory.mktemp("derived")
    write_derived(derive_outcomes(records, study), records, folder)
    return study, folder


def test_every_measure_and_the_course_of_pain_have_a_file(written):
    study, folder = written
    names = {path.name for path in folder.iterdir()}
    assert {f"measure-{name}.csv" for name in study.measures} <= names
    pain = {name for name, item in study.measures.items() if item.kind == "pain_response"}
    assert {name for name in names if name.startswith("pain-course")} == {
        f"pain-course-{name}.csv" for name in pain
    }


def test_eligibility_has_a_row_a_subject_and_records_are_accounted_for(written):
    study, folder = written
    assert len(pd.read_csv(folder / "eligibility-subjects.csv")) == len(pd.read_csv(folder / "adsl.csv"))
    criteria = pd.read_csv(folder / "eligibility-criteria.csv")
    assert set(criteria["criterion"]) == {item.id for item in study.eligibility}
    account = pd.read_csv(folder / "record-accounting.csv")
    assert set(account["estimand"]) == set(study.estimands)
    parts = account.drop(columns=["endpoint", "estimand", "n_records"])
    assert (parts.sum(axis=1) == account["n_records"]).all()


def test_its_own_files_are_known_and_no_others(written):
    _, folder = written
    assert [path.name for path in folder.iterdir() if not is_derived(path.name)] == []
    for name in ("thesis.csv", "measure.csv", "audit.csv.bak", "eligibility.csv", "subjects.csv"):
        assert not is_derived(name)
