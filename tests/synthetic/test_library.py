"""Each library study is simulated in full: reviewed without errors, eligible, kept by files and cuts."""

from __future__ import annotations

import pytest
from pandas.testing import assert_frame_equal

from skeletal.records import cut_records, read_records, review_records, write_records
from skeletal.scores import assess_eligibility
from skeletal.study import RECORD_PARTS, load_study
from skeletal_reports.blinding import blind_records
from skeletal_synthetic import simulate_trial, true_values

NAMES = ("hermes", "perform", "rfa-ba", "rt-vertebroplasty")
every = pytest.mark.parametrize("name", NAMES)
# Who dies before treatment has no time zero.
# Some are treated against their arm or not at all, as the scenario says.
EXPECTED = {"missing_time_zero", "treated_against_arm", "arm_treatment_missing"}


@pytest.fixture(scope="module")
def studies():
    return {name: load_study(name) for name in NAMES}


@every
@pytest.mark.parametrize("seed", [1, 20261121])
def test_review_finds_no_error_and_no_warning_but_those_that_belong(name, seed, studies):
    found = review_records(simulate_trial(studies[name], seed=seed), studies[name])
    assert set(found.loc[found["severity"] == "error", "rule"]) == set()
    assert set(found.loc[found["severity"] == "warning", "rule"]) <= EXPECTED


@every
def test_files_give_the_same_tables_back(name, studies, tmp_path):
    records = simulate_trial(studies[name], seed=3)
    write_records(records, tmp_path)
    again = read_records(tmp_path, studies[name])
    assert set(again.tables) == set(records.tables)
    for table, frame in records.tables.items():
        names = [column for column in frame if column not in ("source", "source_row")]
        assert_frame_equal(again[table][names], frame[names], check_dtype=False)


@every
def test_cut_records_have_nothing_after_the_cutoff_and_review_clean(name, studies):
    study = studies[name]
    cut = cut_records(simulate_trial(study, seed=3), study.data_cutoff)
    found = review_records(cut, study)
    assert "after_cutoff" not in set(found["rule"])
    assert set(found.loc[found["severity"] != "note", "rule"]) <= EXPECTED


@every
@pytest.mark.parametrize("kind", ["open", "closed"])
def test_blinding_accepts_the_records(name, kind, studies):
    study = studies[name]
    cut = cut_records(simulate_trial(study, seed=3), study.data_cutoff)
    records, shown = blind_records(cut, study, kind=kind)
    assert records.n_subjects == cut.n_subjects
    assert not set(study.arm_names) & set(records.subjects["arm"])
    scenario = shown.scenarios["planning"]
    fields = type(scenario).model_fields
    for part in RECORD_PARTS:
        assert getattr(scenario, part) == fields[part].get_default(call_default_factory=True)


@every
def test_every_subject_is_eligible(name, studies):
    found = assess_eligibility(simulate_trial(studies[name], seed=3, n_subjects=300), studies[name])
    assert set(found.subjects["status"]) == {"eligible"}


@every
def test_every_table_and_column_that_the_study_reads_is_there(name, studies):
    study = studies[name]
    records = simulate_trial(study, seed=3)
    for rule in (*study.components.values(), *study.intercurrent.values()):
        if rule.table in records.tables:
            assert {*rule.where, *rule.unless, rule.date} <= set(records[rule.table])
    for measure in study.measures.values():
        if measure.kind == "pain_response":
            asked = records["questionnaires"].query(
                "instrument == @measure.instrument and item == @measure.item"
            )
            assert len(asked) > study.n_subjects
            assert len(records["analgesics"]) > study.n_subjects
        elif measure.kind == "score":
            asked = records["questionnaires"].query("instrument == @measure.instrument")
            assert len(asked) > study.n_subjects
        else:
            assert len(records["stays"]) > 10


def test_true_incidences_are_those_that_the_sources_of_the_rates_claim(studies):
    claims = {
        ("rfa-ba", "sre", "rt-alone"): 0.45,
        ("rfa-ba", "sre", "rfa-ba-rt"): 0.20,
        ("rt-vertebroplasty", "vcf", "ebrt"): 0.45,
        ("rt-vertebroplasty", "vcf", "ebrt-vertebroplasty"): 0.20,
    }
    for (name, *place), claimed in claims.items():
        truth = true_values(studies[name], "planning", [365]).set_index(["endpoint", "arm", "quantity"])
        assert round(truth.loc[(*place, "cumulative_incidence"), "value"], 3) == claimed
