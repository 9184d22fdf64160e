"""ADSL: one row a randomised subject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.outcomes.filters import NEVER, as_dates
from skeletal.records.dates import parse_dates

from .covariates import covariates
from .end_of_study import end_of_study, end_variables
from .identifiers import (
    IMPUTED,
    YES,
    arm_codes,
    identifiers,
    number_codes,
    treatment_numbers,
    treatment_words,
)
from .variable import Code, DataSet, Variable, data_set

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.outcomes.outcomes import Outcomes
    from skeletal.study import Study

# Columns of subjects that ADSL copies under a standard name where they are there.
COPIED = {"site": "SITEID", "age": "AGE", "sex": "SEX", "race": "RACE", "ethnicity": "ETHNIC"}
COPIED |= {"country": "COUNTRY"}
DATES = {"consent_date": "RFICDT", "randomised_date": "RANDDT", "treatment_date": "TRTSDT"}


def subject_level(outcomes: Outcomes) -> DataSet:
    """Return ADSL."""
    study, subjects = outcomes.study, outcomes.subjects
    arm = subjects["arm"]
    columns: dict[str, Any] = {
        "STUDYID": np.full(len(subjects), study.id, dtype=object),
        "USUBJID": subjects["subject_id"].array,
        "SUBJID": subjects["subject_id"].array,
        "ARM": arm.array,
        "TRT01P": arm.map(treatment_words(study)).array,
        "TRT01PN": arm.map(treatment_numbers(study)).array,
    }
    columns |= {name: subjects[column].array for column, name in COPIED.items() if column in subjects}
    if "AGE" in columns:
        columns["AGEU"] = np.where(subjects["age"].notna(), "YEARS", "")
    columns |= {name: _whole(subjects[column]) for column, name in DATES.items() if column in subjects}
    died = outcomes.deaths.day < NEVER
    columns |= {
        "DTHDT": as_dates(outcomes.deaths.day),
        "DTHDTF": outcomes.deaths.flag,
        "DTHFL": np.where(died, "Y", ""),
        **end_of_study(outcomes),
        "ITTFL": np.full(len(subjects), "Y", dtype=object),
    }
    catalogue = _catalogue(study)
    more, described = covariates(outcomes, [item.name for item in catalogue], [*COPIED, *DATES])
    columns |= more
    known = (*catalogue, *described)
    return data_set(
        name="ADSL",
        label="Subject-Level Analysis Dataset",
        structure="One record per randomised subject",
        keys=("STUDYID", "USUBJID"),
        catalogue=known,
        columns={item.name: columns[item.name] for item in known if item.name in columns},
    )


def _whole(dates: pd.Series[Any]) -> pd.Series[Any]:
    """Return the dates that are whole ones, else missing: none is imputed."""
    parsed = parse_dates(dates)
    return parsed["earliest"].where(parsed["precision"].eq("day").fillna(False))


def _copied(name: str, label: str, column: str, kind: Any = "text") -> Variable:
    return Variable(
        name=name,
        label=label,
        kind=kind,
        origin=f"Predecessor: subjects.{column}",
        derivation="" if kind != "date" else "Missing where the recorded date is partial; never imputed.",
        source=f"subjects.{column}",
    )


def _catalogue(study: Study) -> tuple[Variable, ...]:
    study_id, subject, _ = identifiers(study)
    return (
        study_id,
        subject,
        _copied("SUBJID", "Subject Identifier for the Study", "subject_id"),
        *_treatment(study),
        _copied("SITEID", "Study Site Identifier", "site"),
        _copied("AGE", "Age", "age", "number"),
        Variable(
            name="AGEU",
            label="Age Units",
            kind="text",
            origin="Assigned",
            derivation="YEARS where AGE is known.",
            source="subjects.age",
            codes=(Code(value="YEARS", meaning="Years"),),
        ),
        _copied("SEX", "Sex", "sex"),
        _copied("RACE", "Race", "race"),
        _copied("ETHNIC", "Ethnicity", "ethnicity"),
        _copied("COUNTRY", "Country", "country"),
        _copied("RFICDT", "Date of Informed Consent", "consent_date", "date"),
        _copied("RANDDT", "Date of Randomization", "randomised_date", "date"),
        _copied("TRTSDT", "Date of First Exposure to Treatment", "treatment_date", "date"),
        *_death(study),
        *end_variables(),
        Variable(
            name="ITTFL",
            label="Intent-To-Treat Population Flag",
            kind="text",
            derivation="Y: every row is a randomised subject, in the arm as randomised.",
            source="subjects",
            codes=YES,
        ),
    )


def _treatment(study: Study) -> tuple[Variable, ...]:
    return (
        Variable(
            name="ARM",
            label="Description of Planned Arm",
            kind="text",
            origin="Predecessor: subjects.arm",
            source="subjects.arm",
            codes=arm_codes(study),
        ),
        Variable(
            name="TRT01P",
            label="Planned Treatment for Period 01",
            kind="text",
            derivation="Label of ARM in the study file; ARM itself where two arms share a label.",
            source="subjects.arm; study file: arms",
            codes=arm_codes(study, words=True),
        ),
        Variable(
            name="TRT01PN",
            label="Planned Treatment for Period 01 (N)",
            kind="whole",
            origin="Assigned",
            derivation="1 for the control, then in the order of the study file.",
            source="study file: arms",
            codes=number_codes(study),
        ),
    )


def _death(study: Study) -> tuple[Variable, ...]:
    source = f"{study.death.table}.{study.death.date}"
    return (
        Variable(
            name="DTHDT",
            label="Date of Death",
            kind="date",
            derivation="First death that the study reads. A partial date is the last day on which a record "
            "shows the subject alive, or the first possible day where that is later.",
            source=f"{source}; study file: death",
        ),
        Variable(
            name="DTHDTF",
            label="Date of Death Imputation Flag",
            kind="text",
            derivation="What of DTHDT was imputed.",
            source=source,
            codes=IMPUTED,
        ),
        Variable(
            name="DTHFL",
            label="Subject Death Flag",
            kind="text",
            derivation="Y where DTHDT is known.",
            source="ADSL.DTHDT",
            codes=YES,
        ),
    )
