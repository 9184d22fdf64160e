"""Variables that several data sets have: study, subject, lesion, treatment, parameter, source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .variable import Code, Variable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skeletal.arrays import BoolArray, IntArray
    from skeletal.outcomes.outcomes import Outcomes
    from skeletal.study import Study

IMPUTED = (
    Code(value="D", meaning="The day was imputed"),
    Code(value="M", meaning="Month and day were imputed"),
)
YES = (Code(value="Y", meaning="Yes"),)
YES_NO = (*YES, Code(value="N", meaning="No"))


def identifiers(study: Study) -> tuple[Variable, ...]:
    """Return STUDYID, USUBJID and LNKID."""
    return (
        Variable(
            name="STUDYID",
            label="Study Identifier",
            kind="text",
            origin="Assigned",
            derivation=f"The id of the study file: {study.id}.",
            source="study file: id",
        ),
        Variable(
            name="USUBJID",
            label="Unique Subject Identifier",
            kind="text",
            origin="Predecessor: subjects.subject_id",
            source="subjects.subject_id",
        ),
        Variable(
            name="LNKID",
            label="Link ID of the Lesion",
            kind="text",
            origin="Predecessor: lesions.lesion_id",
            derivation="Empty for parameters with one value a subject.",
            source="lesions.lesion_id",
        ),
    )


def arm_codes(study: Study, *, words: bool = False) -> tuple[Code, ...]:
    """Return the arms, control first; ``words``: by the text of TRT01P."""
    shown = treatment_words(study)
    return tuple(
        Code(
            value=shown[name] if words else name,
            meaning=f"{shown[name]}{' (control)' if name == study.control.name else ''}",
            source=next(arm.source for arm in study.arms if arm.name == name),
        )
        for name in study.arm_names
    )


def number_codes(study: Study) -> tuple[Code, ...]:
    """Return the numbers of TRT01PN: 1 for the control, then in the order of the study file."""
    codes = enumerate(arm_codes(study), start=1)
    return tuple(Code(value=str(n), meaning=code.meaning, source=code.source) for n, code in codes)


def treatment_words(study: Study) -> dict[str, str]:
    """Return arm -> its label, or its name where two arms share a label."""
    labels = {name: study.arm_label(name) for name in study.arm_names}
    return labels if len(set(labels.values())) == len(labels) else {name: name for name in labels}


def treatment_numbers(study: Study) -> dict[str, int]:
    """Return arm -> its number."""
    return {name: number for number, name in enumerate(study.arm_names, start=1)}


def parameter_numbers(study: Study) -> dict[str, int]:
    """Return the name of an estimand or measure -> PARAMN, the same in every data set."""
    return {name: number for number, name in enumerate([*study.estimands, *study.measures], start=1)}


def treatment_variables(study: Study) -> tuple[Variable, ...]:
    """Return ARM, TRTP and TRTPN of data sets below ADSL."""
    return (
        Variable(
            name="ARM",
            label="Description of Planned Arm",
            kind="text",
            origin="Predecessor: ADSL.ARM",
            source="subjects.arm",
            codes=arm_codes(study),
        ),
        Variable(
            name="TRTP",
            label="Planned Treatment",
            kind="text",
            origin="Predecessor: ADSL.TRT01P",
            source="subjects.arm; study file: arms",
            codes=arm_codes(study, words=True),
        ),
        Variable(
            name="TRTPN",
            label="Planned Treatment (N)",
            kind="whole",
            origin="Predecessor: ADSL.TRT01PN",
            source="subjects.arm; study file: arms",
            codes=number_codes(study),
        ),
    )


def parameter_variables(study: Study, codes: tuple[Code, ...]) -> tuple[Variable, ...]:
    """Return PARAMCD, PARAM and PARAMN; ``codes`` say what each parameter is."""
    items = {**study.estimands, **study.measures}
    numbers = {items[name].paramcd: number for name, number in parameter_numbers(study).items()}
    return (
        Variable(
            name="PARAMCD",
            label="Parameter Code",
            kind="text",
            origin="Assigned",
            derivation="The paramcd of the estimand or measure.",
            source="study file: estimands, measures",
            codes=codes,
        ),
        Variable(
            name="PARAM",
            label="Parameter",
            kind="text",
            origin="Assigned",
            derivation="The label of the estimand or measure, with its code where two share a label; (days) "
            "where AVAL or the interval of a row is in days.",
            source="study file: estimands, measures",
        ),
        Variable(
            name="PARAMN",
            label="Parameter (N)",
            kind="whole",
            origin="Assigned",
            derivation="Place of the parameter in the study file: estimands first, then measures; the same "
            "in every data set.",
            source="study file: estimands, measures",
            codes=tuple(
                Code(value=str(numbers[code.value]), meaning=f"{code.value}: {code.meaning}")
                for code in codes
            ),
        ),
    )


def source_variables(*names: str) -> tuple[Variable, ...]:
    """Return SRCDOM, SRCVAR and SRCSEQ, or those of them that are named."""
    found = (
        Variable(
            name="SRCDOM",
            label="Source Data",
            kind="text",
            derivation="File or domain of the record that decides the row; empty where a rule and no record "
            "does.",
            source="column source of the record table",
        ),
        Variable(
            name="SRCVAR",
            label="Source Variable",
            kind="text",
            derivation="Column of the record table that the date or value was read from.",
            source="study file: the column that the rule names",
        ),
        Variable(
            name="SRCSEQ",
            label="Source Sequence Number",
            kind="whole",
            derivation="Data row of that record in its file or domain, from 1.",
            source="column source_row of the record table",
        ),
    )
    return tuple(variable for variable in found if variable.name in names or not names)


def identity(outcomes: Outcomes, frame: pd.DataFrame, *, lesions: bool) -> dict[str, Any]:
    """Return the columns STUDYID to TRTPN of the rows of ``frame``."""
    study = outcomes.study
    subject = frame["subject_id"].to_numpy(dtype=object)
    arm = outcomes.subjects.set_index("subject_id")["arm"].reindex(subject).astype("string")
    known = frame["lesion_id"] if "lesion_id" in frame else pd.Series(pd.NA, index=frame.index)
    return {
        "STUDYID": np.full(len(frame), study.id, dtype=object),
        "USUBJID": subject,
        **({"LNKID": known.astype("string").array} if lesions else {}),
        "ARM": arm.array,
        "TRTP": arm.map(treatment_words(study)).array,
        "TRTPN": arm.map(treatment_numbers(study)).array,
    }


def has_lesion_endpoint(study: Study) -> bool:
    """Whether an endpoint of the study has lesions as units."""
    return any(endpoint.unit == "lesion" for endpoint in study.endpoints.values())


def parameter(study: Study, name: str, size: int) -> dict[str, Any]:
    """Return PARAMCD, PARAM and PARAMN of ``size`` rows of one estimand or measure."""
    item = {**study.estimands, **study.measures}[name]
    return {
        "PARAMCD": np.full(size, item.paramcd, dtype=object),
        "PARAM": np.full(size, _parameter_words(study, name), dtype=object),
        "PARAMN": np.full(size, parameter_numbers(study)[name]),
    }


def _parameter_words(study: Study, name: str) -> str:
    """Return PARAM: the label, and the code where parameters share a label; estimands are in days."""
    items = {**study.estimands, **study.measures}
    words = items[name].label
    if [item.label for item in items.values()].count(words) > 1:
        words = f"{words}, {items[name].paramcd}"
    return f"{words} (days)" if name in study.estimands else words


def source_columns(frame: pd.DataFrame) -> dict[str, Any]:
    """Return SRCDOM, SRCVAR and SRCSEQ."""
    return {
        "SRCDOM": frame["source"].astype("string").array,
        "SRCVAR": frame["variable"].astype("string").array,
        "SRCSEQ": frame["source_row"].to_numpy(dtype=np.float64, na_value=np.nan),
    }


def stacked(parts: Iterable[pd.DataFrame], catalogue: Iterable[Variable]) -> dict[str, Any]:
    """Return the columns of ``parts`` below each other; without any those of the catalogue, empty."""
    parts = list(parts)
    if not parts:
        return {variable.name: [] for variable in catalogue}
    frame = pd.concat(parts, ignore_index=True)
    return {str(name): frame[name] for name in frame.columns}


def relative_day(day: IntArray, start: IntArray, known: BoolArray) -> Any:
    """Return days from time zero without a day 0: time zero is day 1, the day before it day -1."""
    since = np.where(known, day - start, 0)
    return np.where(known, since + (since >= 0), np.nan)
