"""One subject for each kind of record that some definition counts and another does not."""

from __future__ import annotations

from typing import Any

import pandas as pd

from skeletal.records import TrialRecords, make_records
from skeletal.study import Study, parse_study

STUDY = """
id = "kinds"
acronym = "KINDS"
title = "One record a subject"
n_subjects = 22
data_cutoff = 2025-12-31
[[arms]]
name = "old"
control = true
[[arms]]
name = "new"
[endpoints.death]
label = "Death"
[estimands.survival]
endpoint = "death"
label = "Overall survival"
paramcd = "OS"
death = "composite"
[censoring.cutoff]
label = "Data cutoff"
role = "limit"
data_cutoff = true
"""
DAY = "2025-03-01"
EVENTS = {
    "fracture-silent": ("fracture", False),
    "fracture-felt": ("fracture", True),
    "cord-silent": ("cord_compression", False),
    "cord-felt": ("cord_compression", True),
    "nerve-root": ("nerve_root_compression", True),
    "hypercalcaemia": ("hypercalcaemia", None),
    "pain": ("bone_pain", True),
    "instability": ("instability", None),
}
# kind, intent, reason, performed on
PROCEDURES = {
    "rt-pain": ("radiation", "palliative", "bone_pain", DAY),
    "rt-cord": ("radiation", "palliative", "cord_compression", DAY),
    "rt-preventive": ("radiation", "preventive", None, DAY),
    "rt-protocol": ("radiation", "protocol", None, DAY),
    "rt-planned": ("radiation", "palliative", "bone_pain", None),
    "isotope": ("radioisotope", "palliative", "bone_pain", DAY),
    "surgery": ("surgery", "palliative", "fracture", DAY),
    "surgery-prophylactic": ("surgery", "preventive", "impending_fracture", DAY),
    "surgery-planned": ("surgery", "palliative", "fracture", None),
    "ablation": ("ablation", "palliative", "bone_pain", DAY),
}
THERAPIES = {"therapy-for-pain": "bone_pain", "therapy-other": "progression"}
DEATHS = {"death-prostate": "prostate_cancer", "death-other": "infarction"}


def kinds_study() -> Study:
    """Return a study with death alone, to which definitions are added."""
    return parse_study(STUDY)


def kinds_records() -> TrialRecords:
    """Return records with one row of its kind for every subject, each with one lesion."""
    names = [*EVENTS, *PROCEDURES, *THERAPIES, *DEATHS]
    who: dict[str, Any] = {"subject_id": names}
    flags = [None if felt is None else str(felt).lower() for _, felt in EVENTS.values()]
    kind, intent, reason, performed = zip(*PROCEDURES.values(), strict=True)
    tables = {
        "subjects": pd.DataFrame({**who, "arm": ["old", "new"] * 11, "randomised_date": "2025-01-01"}),
        "lesions": pd.DataFrame({**who, "lesion_id": "L1"}),
        "events": pd.DataFrame(
            {
                "subject_id": list(EVENTS),
                "event_id": "1",
                "component": [component for component, _ in EVENTS.values()],
                "date": DAY,
                "symptomatic": flags,
                "lesion_id": "L1",
            }
        ),
        "procedures": pd.DataFrame(
            {
                "subject_id": list(PROCEDURES),
                "procedure_id": "1",
                "kind": kind,
                "intent": intent,
                "reason": reason,
                "indicated_date": DAY,
                "performed_date": performed,
                "lesion_id": "L1",
            }
        ),
        "therapies": pd.DataFrame(
            {
                "subject_id": list(THERAPIES),
                "drug": "docetaxel",
                "class": "antineoplastic",
                "reason": list(THERAPIES.values()),
                "start_date": DAY,
            }
        ),
        "disposition": pd.DataFrame(
            {"subject_id": list(DEATHS), "date": DAY, "status": "died", "cause": list(DEATHS.values())}
        ),
    }
    treated = {**who, "treatment_date": "2025-01-01"}
    tables["subjects"] = tables["subjects"].merge(pd.DataFrame(treated), on="subject_id")
    return make_records({name: table.astype("string") for name, table in tables.items()}, study=kinds_study())
