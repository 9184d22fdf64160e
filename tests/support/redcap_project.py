"""A small REDCap project made by hand: its data dictionary, a raw export, one of labels, and a study."""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from skeletal.errors import InvalidRecords
from skeletal.records import TrialRecords, read_records
from skeletal.study import RecordsMapping, Study, load_study

if TYPE_CHECKING:
    from pathlib import Path

# Of the data dictionary, as the project page writes it.
HEADER = [
    *("Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label"),
    "Choices, Calculations, OR Slider Labels",
    *("Field Note", "Text Validation Type OR Show Slider Number", "Text Validation Min"),
    *("Text Validation Max", "Identifier?", "Branching Logic (Show field only if...)", "Required Field?"),
    *("Custom Alignment", "Question Number (surveys only)", "Matrix Group Name", "Matrix Ranking?"),
    "Field Annotation",
]

# name, form, type, label, choices, validation
FIELDS = [
    ("record_id", "enrolment", "text", "Record ID", "", ""),
    ("arm", "enrolment", "radio", "Arm", "1, Observation, no radiotherapy | 2, Upfront RT", ""),
    ("rand_date", "enrolment", "text", "Date of randomisation", "", "date_dmy"),
    ("ecog", "enrolment", "dropdown", "ECOG", "1, 0 | 2, 1 | 3, 2", ""),
    ("visceral", "enrolment", "yesno", "Visceral metastases", "", ""),
    ("history", "enrolment", "checkbox", "History", "a, Diabetes | -9, Not <b>asked</b>", ""),
    ("bmi", "enrolment", "calc", "BMI", "[weight]/2", ""),
    ("info", "enrolment", "descriptive", "Read this", "", ""),
    ("visit_date", "visit", "text", "Date", "", "datetime_ymd"),
    ("seen", "visit", "truefalse", "Seen", "", ""),
    ("weight", "visit", "text", "Weight", "", "number_1dp_comma_decimal"),
    ("sre_date", "sre", "text", "Date", "", "date_ymd"),
    ("sre_kind", "sre", "checkbox", "What happened", "frac, Fracture | scc, Cord compression", ""),
    ("sre_how", "sre", "radio", "Found", "c, Clinical | i, Imaging", ""),
    ("bpi_date", "bpi", "text", "Date", "", "date_ymd"),
    ("bpi_worst", "bpi", "radio", "Worst pain", "0, None | 10, Worst", ""),
    ("bpi_now", "bpi", "text", "Pain now", "", "integer"),
    ("end_date", "end", "text", "Date", "", "date_ymd"),
    ("end_why", "end", "dropdown", "Why", "1, Died | 2, Lost", ""),
]
RAW = """\
record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_data_access_group,\
arm,rand_date,ecog,visceral,history___a,history____9,bmi,enrolment_complete,\
visit_date,seen,weight,visit_complete,sre_date,sre_kind___frac,sre_kind___scc,sre_how,sre_complete,\
bpi_date,bpi_worst,bpi_now,bpi_complete,end_date,end_why,end_complete
S1,baseline_arm_1,,,ghent,1,2025-01-10,1,1,1,0,20,2,,,,,,,,,,,,,,,,
S1,month_1_arm_1,,,ghent,,,,,,,,,2025-02-10 09:30,1,"70,5",2,,,,,,2025-02-10,10,4,2,,,
S1,month_1_arm_1,sre,1,ghent,,,,,,,,,,,,,2025-02-01,1,1,c,2,,,,,,,
S1,month_1_arm_1,sre,2,ghent,,,,,,,,,,,,,2025-02-05,0,0,i,2,,,,,,,
S1,end_arm_1,,,ghent,,,,,,,,,,,,,,,,,,,,,,2025-06-01,1,2
S2,baseline_arm_1,,,leuven,2,2025-01-20,3,UNK,0,0,0,2,,,,,,,,,,,,,,,,
S2,month_1_arm_1,,,leuven,,,,,,,,,2025-02-21 10:00,0,,1,,,,,,2025-02-21,,UNK,1,,,
S2,end_arm_1,,,leuven,,,,,,0,,0,,,,,,,,,,,,,,,,0
"""
LABELS = """\
Record ID,Event Name,Repeat Instrument,Repeat Instance,Data Access Group,\
Arm,Date of randomisation,ECOG,Visceral metastases,History (choice=Diabetes),History (choice=Not asked),BMI,\
Complete?,Date,Seen,Weight,Complete?,Date,What happened (choice=Fracture),\
What happened (choice=Cord compression),Found,Complete?,Date,Worst pain,Pain now,Complete?,Date,Why,Complete?
S1,Baseline,,,Ghent,"Observation, no radiotherapy",2025-01-10,0,Yes,Checked,Unchecked,20,Complete,,,,,,,,,\
,,,,,,,
S1,Month 1,,,Ghent,,,,,,,,,2025-02-10 09:30,True,"70,5",Complete,,,,,,2025-02-10,Worst,4,Complete,,,
S1,Month 1,Skeletal events,1,Ghent,,,,,,,,,,,,,2025-02-01,Checked,Checked,Clinical,Complete,,,,,,,
S1,Month 1,Skeletal events,2,Ghent,,,,,,,,,,,,,2025-02-05,Unchecked,Unchecked,Imaging,Complete,,,,,,,
S1,End,,,Ghent,,,,,,,,,,,,,,,,,,,,,,2025-06-01,Died,Complete
S2,Baseline,,,Leuven,Upfront RT,2025-01-20,2,UNK,Unchecked,Unchecked,0,Complete,,,,,,,,,,,,,,,,
S2,Month 1,,,Leuven,,,,,,,,,2025-02-21 10:00,False,,Unverified,,,,,,2025-02-21,,UNK,Unverified,,,
S2,End,,,Leuven,,,,,,Unchecked,,Incomplete,,,,,,,,,,,,,,,,Incomplete
"""
MAPPING: dict[str, Any] = {
    "format": "redcap",
    "redcap": {"missing": ["UNK"], "visits": {"month_1_arm_1": "Month 1", "baseline_arm_1": "Baseline"}},
    "forms": {
        "subjects": [
            {
                "form": "enrolment",
                "columns": {
                    "arm": "arm",
                    "randomised_date": "rand_date",
                    "ecog": "ecog",
                    "visceral_metastases": "visceral",
                    "diabetes": "history___a",
                    "site": "redcap_data_access_group",
                },
                "values": {
                    "arm": {"1": "observational", "Upfront RT": "upfront-rt"},
                    "ecog": {"1": 0, "2": 1, "3": 2},
                },
            }
        ],
        "assessments": [
            {
                "form": "visit",
                "columns": {"visit": "redcap_event_name", "date": "visit_date", "done": "seen"},
                "constants": {"modality": "clinic visit"},
            }
        ],
        "events": [
            {
                "form": "sre",
                "columns": {"date": "sre_date", "detection": "sre_how", "reported_date": "visit_date"},
                "checked": {"component": "sre_kind"},
                "values": {
                    "component": {"frac": "fracture", "Cord compression": "cord_compression"},
                    "detection": {"c": "clinical", "i": "imaging"},
                },
                "constants": {"symptomatic": True},
            }
        ],
        "questionnaires": [
            {
                "form": "bpi",
                "columns": {"date": "bpi_date", "visit": "redcap_event_name", "arm": "[baseline_arm_1][arm]"},
                "constants": {"instrument": "BPI"},
                "items": {"bpi_worst": "worst_pain", "bpi_now": "current_pain"},
            }
        ],
        "disposition": [
            {
                "form": "end",
                "filled": ["end_date"],
                "columns": {"date": "end_date", "status": "end_why"},
                "values": {"status": {"Died": "died", "2": "lost"}},
            }
        ],
    },
}


def dictionary_text(fields: list[tuple[str, ...]] = FIELDS) -> str:
    """Return the data dictionary of ``fields``, as REDCap writes it."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    for name, form, kind, label, choices, validation in fields:
        writer.writerow([name, form, "", kind, label, choices, "", validation, *[""] * 10])
    return out.getvalue()


def study_of(mapping: dict[str, Any]) -> Study:
    """Return a study that reads records by ``mapping``."""
    return _hermes().model_copy(update={"records": RecordsMapping.model_validate(mapping)})


@cache
def _hermes() -> Study:
    return load_study("hermes")


def write_project(folder: Path, *, export: str = RAW, dictionary: str | None = None) -> Path:
    """Write an export and a data dictionary into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Trial_DATA_2026-01-01.csv").write_text(export, encoding="utf-8")
    text = dictionary_text() if dictionary is None else dictionary
    (folder / "Trial_DataDictionary.csv").write_text(text, encoding="utf-8")
    return folder


def read_project(folder: Path, mapping: dict[str, Any] = MAPPING) -> TrialRecords:
    """Read what :func:`write_project` wrote."""
    return read_records(folder, study_of(mapping))


def read(folder, mapping=MAPPING, **files):
    return read_project(write_project(folder, **files), mapping)


def refusal(folder, mapping=MAPPING, **files):
    with pytest.raises(InvalidRecords) as caught:
        read(folder, mapping, **files)
    return caught.value.problems
