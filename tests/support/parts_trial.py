"""A simulated trial whose scenario uses every part: its study, and what tests ask of its records."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from skeletal.study import parse_study
from skeletal_synthetic import simulate_trial

N = 3000
STUDY = (Path(__file__).parents[1] / "synthetic" / "parts.toml").read_text(encoding="utf-8")
FULL = parse_study(STUDY)


def with_scenario(study=FULL, **changes):
    """Return a study with fields of its planning scenario changed."""
    scenario = study.scenarios["planning"].model_copy(update=changes)
    return study.model_copy(update={"scenarios": {"planning": scenario}})


@cache
def large_trial():
    """Return the records of ``N`` subjects; nobody may change them."""
    return simulate_trial(FULL, seed=20261121, n_subjects=N)


def days(values):
    """Return dates of records as dates."""
    return pd.to_datetime(values, format="%Y-%m-%d")


def arm_of(records, frame):
    """Return the arm of the subject of each row."""
    return frame["subject_id"].map(records.subjects.set_index("subject_id")["arm"])


def pain_at(records, visit):
    """Return the pain of each lesion at a visit."""
    rows = records["questionnaires"].query("instrument == 'BPI' and visit == @visit")
    return rows.set_index(["subject_id", "lesion_id"])["value"]


def assert_share(found, expected, n):
    """Check a share of ``n`` within four standard errors."""
    assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / n), (found, expected)
