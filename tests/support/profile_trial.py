"""A trial of four subjects with every kind of record, partial and missing dates, written by hand."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records
from skeletal.study import load_study

CUTOFF = dt.date(2026, 2, 1)

# A: two episodes, one merged report, every kind of record; died on 2025-12-01.
# B: nothing but randomisation and last contact; C: lost; D: died on the day after time zero.
SUBJECTS = pd.DataFrame(
    {
        "subject_id": ["A", "B", "C", "D"],
        "arm": ["observational", "observational", "upfront-rt", "upfront-rt"],
        "site": ["01", None, "02", "02"],
        "sex": ["female", "male", None, "male"],
        "age": [61.0, None, 70.0, 55.0],
        "primary_tumour": ["breast", "lung", None, "lung"],
        "randomised_date": ["2025-01-10"] * 4,
        "consent_date": ["2025-01-03", None, None, None],
        "screening_id": ["P1", "P2", None, None],
    }
)
TABLES = {
    "subjects": SUBJECTS,
    "screening": pd.DataFrame(
        {
            "screening_id": ["P1", "P2", "P3"],
            "site": ["01", "01", "02"],
            "date": ["2025-01-02", None, "2025-01-02"],
            "eligible": [True, True, False],
            "consented": [True, True, None],
            "randomised": [True, True, False],
        }
    ),
    "lesions": pd.DataFrame(
        {
            "subject_id": ["A", "A", "C"],
            "lesion_id": ["L1", "L2", "L1"],
            "bone": ["femur", "vertebra", "rib"],
            "target": [True, False, True],
        }
    ),
    "events": pd.DataFrame(
        {
            "subject_id": ["A", "A", "A", "A", "A"],
            "event_id": ["1", "2", "3", "4", "5"],
            "component": ["fracture", "fracture", "hypercalcaemia", "fracture", "fracture"],
            "date": ["2025-03-01", "2025-08-01", "2025-05", None, "2025-10-10"],
            "last_negative_date": [None, None, None, None, "2025-09-01"],
            "detection": ["clinical", "clinical", None, "clinical", "imaging"],
            "lesion_id": ["L1", "L2", None, "L1", "L1"],
            "symptomatic": [True, True, False, True, False],
        }
    ),
    "procedures": pd.DataFrame(
        {
            "subject_id": ["A", "A", "A", "C"],
            "procedure_id": ["1", "2", "3", "1"],
            "kind": ["radiation", "surgery", "radiation", "radiation"],
            "reason": ["bone_pain", "fracture", None, None],
            "lesion_id": ["L1", "L2", None, "L1"],
            "intent": ["palliative", "palliative", "preventive", "preventive"],
            "indicated_date": ["2025-03-10", None, "2025-06-01", "2025-01-10"],
            "performed_date": ["2025-03-15", None, "2025-06-01", "2025-01-15"],
            "dose_gy": [8.0, None, 20.0, 40.0],
            "fractions": [1.0, None, 5.0, 5.0],
        }
    ),
    "assessments": pd.DataFrame(
        {
            "subject_id": ["A", "A", "A", "B", "C"],
            "visit": ["Month 1", "Month 3", "Month 3", "Month 1", "Month 3"],
            "modality": ["clinic visit", "clinic visit", "CT", "clinic visit", "clinic visit"],
            "date": ["2025-02-10", "2025-04-11", "2025-04-11", "2025-02-09", "2025-04-01"],
            "done": [True, False, True, True, True],
        }
    ),
    "questionnaires": pd.DataFrame(
        {
            "subject_id": ["A"] * 5,
            "instrument": ["NRS", "NRS", "NRS", "EQ-5D-5L", "NRS"],
            "item": ["pain", "pain", "pain", "vas", "pain"],
            "visit": [None] * 5,
            "lesion_id": ["L1", "L2", "L1", None, "L1"],
            "date": ["2025-01-10", "2025-01-10", "2025-02-10", "2025-02-10", "2025-04"],
            "value": [3.0, 7.0, 5.0, 60.0, 4.0],
        }
    ),
    "analgesics": pd.DataFrame(
        {
            "subject_id": ["A", "A", "A"],
            "date": ["2025-01-10", "2025-02-10", None],
            "omed_mg": [60.0, 0.0, 30.0],
        }
    ),
    "stays": pd.DataFrame(
        {
            "subject_id": ["A", "A", "A"],
            "place": ["hospital"] * 3,
            "admission_date": ["2025-03-01", "2025-11-01", "2025-07-01"],
            "discharge_date": ["2025-03-09", None, "2025-07-01"],
            "bone_related": [True, None, False],
        }
    ),
    "therapies": pd.DataFrame(
        {
            "subject_id": ["A", "A", "A", "A"],
            "drug": ["zoledronate", "docetaxel", "capecitabine", "letrozole"],
            "class": ["bone_agent", "anticancer", "anticancer", "anticancer"],
            "reason": [None] * 4,
            "start_date": ["2025-02-01", None, None, "2020-01-01"],
            "stop_date": ["2025-05-01", "2025-06-01", None, None],
        }
    ),
    "disposition": pd.DataFrame(
        {
            "subject_id": ["A", "A", "B", "C", "D"],
            "date": ["2025-06-01", "2025-12-01", "2026-03-01", "2025-04-01", "2025-01-11"],
            "status": ["alive", "died", "alive", "lost", "died"],
            "cause": [None, "cancer", None, None, None],
        }
    ),
}


def study():
    return load_study("hermes").model_copy(update={"data_cutoff": CUTOFF, "measures": {}, "analyses": {}})


def records(**changes):
    return make_records({**TABLES, **changes}, study=study(), data_cutoff=CUTOFF)


def outcomes(**changes):
    return derive_outcomes(records(**changes), study())
