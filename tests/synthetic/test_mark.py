"""Simulated records say so wherever they go."""

from __future__ import annotations

import datetime as dt

from skeletal.records import cut_records, read_records, write_records
from skeletal.study import load_study
from skeletal_synthetic import simulate_trial


def test_the_mark_of_simulation_survives_files_and_cuts(tmp_path):
    study = load_study("hermes")
    records = simulate_trial(study, seed=3, n_subjects=12)
    write_records(records, tmp_path)

    assert records.simulated
    assert cut_records(read_records(tmp_path, study), dt.date(2027, 1, 1)).simulated
