"""``skeletal simulate --as``: a simulated trial in the formats of others, with the study that reads it."""

import pandas as pd
import pytest

from skeletal.records import read_records, write_records
from skeletal.study import load_study, study_text
from skeletal_synthetic import simulate_trial

FORMATS = ["sdtm", "redcap"]


def tables_of(folder, study):
    records = read_records(folder, load_study(study))
    return {name: frame.drop(columns=["source", "source_row"]) for name, frame in records.tables.items()}


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    out = tmp_path_factory.mktemp("native")
    write_records(simulate_trial(load_study("hermes"), seed=3, n_subjects=12), out)
    return tables_of(out, "hermes")


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_trial_in_every_format(form, native, skeletal, tmp_path):
    out = tmp_path / "trial"
    result = skeletal("simulate", "hermes", "--seed", 3, "--n", 12, "--as", form, "--out", out)
    assert result.exit_code == 0
    assert result.stdout.strip() == str(out)
    assert f"skeletal report {out / 'study.toml'} --data {out}" in result.stderr
    tables = tables_of(out, out / "study.toml")
    assert set(tables) == set(native)
    for name, frame in native.items():
        columns = list(frame.columns)
        expected, found = (
            table[columns].sort_values(columns, ignore_index=True) for table in (frame, tables[name])
        )
        pd.testing.assert_frame_equal(found, expected)


@pytest.mark.parametrize("form", FORMATS)
def test_the_study_beside_the_data_is_the_commented_one_with_its_mapping(form, skeletal, tmp_path):
    out = tmp_path / "trial"
    skeletal("simulate", "hermes", "--n", 12, "--as", form, "--out", out)
    text = (out / "study.toml").read_text(encoding="utf-8")
    assert text.startswith(study_text("hermes"))
    assert load_study(out / "study.toml").records.format == form


def test_a_study_file_with_a_mapping_gets_the_mapping_of_its_export(skeletal, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    skeletal("simulate", "hermes", "--n", 12, "--as", "sdtm", "--out", first)
    assert (
        skeletal("simulate", first / "study.toml", "--n", 12, "--as", "sdtm", "--out", again).exit_code == 0
    )
    study = load_study(again / "study.toml")
    assert study.records == load_study(first / "study.toml").records
    assert study.endpoints == load_study("hermes").endpoints


def test_the_records_of_an_export_end_at_the_cutoff(skeletal, tmp_path):
    out = tmp_path / "trial"
    skeletal("simulate", "hermes", "--n", 12, "--as", "sdtm", "--cutoff", "2026-01-01", "--out", out)
    events = tables_of(out, out / "study.toml")["assessments"]
    assert events["date"].max() <= "2026-01-01"


@pytest.mark.parametrize("form", FORMATS)
def test_force_replaces_an_earlier_simulation_in_any_format(form, skeletal, tmp_path):
    out = tmp_path / "trial"
    skeletal("simulate", "hermes", "--n", 12, "--out", out)
    assert skeletal("simulate", "hermes", "--n", 12, "--as", form, "--out", out).exit_code == 2
    assert skeletal("simulate", "hermes", "--n", 12, "--as", form, "--out", out, "--force").exit_code == 0
    assert not (out / "subjects.csv").exists()
    assert skeletal("simulate", "hermes", "--n", 14, "--as", "native", "--out", out, "--force").exit_code == 0
    assert not (out / "study.toml").exists()
    assert len((out / "subjects.csv").read_text().splitlines()) == 15


def test_force_never_replaces_domains_that_were_not_simulated(skeletal, tmp_path):
    out = tmp_path / "trial"
    skeletal("simulate", "hermes", "--n", 12, "--as", "sdtm", "--out", out)
    study = out / "study.toml"
    study.write_text(study.read_text(encoding="utf-8").replace('simulated = "SUPPDM.SIMULATD"\n', ""))
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    result = skeletal("simulate", "hermes", "--n", 12, "--out", out, "--force")
    assert result.exit_code == 2
    assert "not simulated" in result.stderr
    study.unlink()
    assert skeletal("simulate", "hermes", "--n", 12, "--out", out, "--force").exit_code == 2
    del before["study.toml"]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_an_unknown_format_is_refused(skeletal, tmp_path):
    assert skeletal("simulate", "hermes", "--as", "excel", "--out", tmp_path / "x").exit_code == 2
