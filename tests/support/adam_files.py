"""Derived data of the library studies and the tiny trial, written once as ADaM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from tests.support import tiny_trial

from skeletal.outcomes import derive_outcomes
from skeletal.records import cut_records, make_records
from skeletal.study import load_study, parse_study
from skeletal_synthetic import simulate_trial

if TYPE_CHECKING:
    from skeletal.outcomes import Outcomes

LIBRARY = ("hermes", "perform", "rfa-ba", "rt-vertebroplasty")
STUDIES = (*LIBRARY, "tiny")


def trial_outcomes(name: str) -> Outcomes:
    """Return the outcomes of a small simulated trial of a library study, or of the tiny trial."""
    if name == "tiny":
        study = parse_study(tiny_trial.STUDY)
        tables = {table: pd.DataFrame(columns) for table, columns in tiny_trial.TABLES.items()}
        return derive_outcomes(make_records(tables, study=study), study)
    study = load_study(name)
    records = simulate_trial(study, seed=3, n_subjects=50)
    return derive_outcomes(cut_records(records, study.data_cutoff) if study.data_cutoff else records, study)
