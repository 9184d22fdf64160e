"""ADPAIN: pain responses and pain scores, one row a unit, parameter and visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.outcomes.pain import TABLE, with_pain_responses

from .identifiers import identity, parameter, source_columns, stacked
from .pain_variables import pain_catalogue, response_numbers
from .variable import DataSet, data_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import BoolArray, FloatArray
    from skeletal.outcomes.outcomes import Outcomes
    from skeletal.study import PainResponse, Score, Study

CRITERION = "Complete or partial response"
# Column of ADPAIN -> column of pain_responses.
_JUDGED = {"PAIN": "pain", "PAINBL": "baseline_pain", "OMED": "omed_mg", "OMEDBL": "baseline_omed_mg"}


def pain_measures(study: Study) -> Mapping[str, PainResponse | Score]:
    """Return the measures that are pain: responses, scores of the BPI, and scales called pain."""
    return {
        name: item
        for name, item in study.measures.items()
        if item.kind == "pain_response" or (item.kind == "score" and _is_pain(item))
    }


def _is_pain(score: Score) -> bool:
    return score.instrument == "BPI" or "pain" in score.scale.lower()


def pain_values(outcomes: Outcomes) -> DataSet:
    """Return ADPAIN of the pain measures of the study, of which there is at least one."""
    measures = pain_measures(outcomes.study)
    catalogue = pain_catalogue(outcomes.study, measures)
    parts = [_rows(outcomes, name, item, measures) for name, item in measures.items()]
    columns = stacked(parts, catalogue)
    return data_set(
        name="ADPAIN",
        label="Pain Analysis Dataset",
        structure="One record per subject (or lesion) per parameter per analysis visit",
        keys=("STUDYID", "USUBJID", "LNKID", "PARAMCD", "AVISIT"),
        catalogue=catalogue,
        columns={item.name: columns[item.name] for item in catalogue},
    )


def _rows(
    outcomes: Outcomes, name: str, measure: PainResponse | Score, measures: Mapping[str, Any]
) -> pd.DataFrame:
    frame = outcomes.measure(name)
    day = frame["time"].to_numpy(dtype=np.float64, na_value=np.nan)
    value = frame["value"].to_numpy(dtype=np.float64)
    status = frame["status"].to_numpy(dtype=object)
    imputed = (status != "observed") & ~np.isnan(value)
    response = measure.kind == "pain_response"
    values = _response(frame, value) if response else _score(frame, value, day, status)
    judged = _judged(outcomes, name, frame) if _any_response(measures) else {}
    return pd.DataFrame(
        {
            **identity(outcomes, frame, lesions=_any_lesion(measures)),
            **parameter(outcomes.study, name, len(frame)),
            "AVISIT": frame["visit"].astype("string").array,
            "AVISITN": frame["planned_day"].to_numpy(dtype=np.float64),
            "ADT": frame["date"].array,
            "ADY": np.where(day >= 1, day, day - 1),
            **values,
            "DTYPE": _texts(imputed, "WC"),
            "VALSTAT": frame["status"].astype("string").array,
            **judged,
            **source_columns(frame.assign(variable=_texts(frame["source"].notna(), "value"))),
        }
    )


def _any_lesion(measures: Mapping[str, Any]) -> bool:
    return any(item.unit == "lesion" for item in measures.values())


def _any_response(measures: Mapping[str, Any]) -> bool:
    return any(item.kind == "pain_response" for item in measures.values())


def _texts(where: Any, text: str) -> Any:
    """Return ``text`` where the flag is set, else missing."""
    flags = np.asarray(where, dtype=np.bool_)
    return pd.Series(np.where(flags, text, ""), dtype="string").mask(~flags).array


def _response(frame: pd.DataFrame, value: FloatArray) -> dict[str, Any]:
    """Return the values of a response: its category, and whether it is one."""
    category = frame["category"].astype("string")
    nothing = np.full(len(frame), np.nan)
    known = ~np.isnan(value)
    flag = pd.Series(np.where(value == 1, "Y", "N"), dtype="string").mask(~known)
    return {
        "AVAL": category.map(response_numbers()).to_numpy(dtype=np.float64, na_value=np.nan),
        "AVALC": category.str.upper().array,
        "BASE": nothing,
        "CHG": nothing,
        "ABLFL": _texts(nothing > 0, ""),
        "CRIT1": _texts(np.ones(len(frame), dtype=np.bool_), CRITERION),
        "CRIT1FL": flag.array,
    }


def _score(frame: pd.DataFrame, value: FloatArray, day: FloatArray, status: Any) -> dict[str, Any]:
    """Return the values of a score, its baseline and the change from it."""
    planned = frame["planned_day"].to_numpy(dtype=np.int64)
    at_baseline = (planned == 0) & (status == "observed") & ~np.isnan(value) & (day <= 1)
    base = _of_unit(frame, np.where(at_baseline, value, np.nan), at_baseline)
    none = _texts(np.zeros(len(frame), dtype=np.bool_), "")
    return {
        "AVAL": value,
        "AVALC": none,
        "BASE": base,
        "CHG": np.where(planned > 0, value - base, np.nan),
        "ABLFL": _texts(at_baseline, "Y"),
        "CRIT1": none,
        "CRIT1FL": none,
    }


def _of_unit(frame: pd.DataFrame, value: FloatArray, where: BoolArray) -> FloatArray:
    """Return the value of each unit at its marked row, on all of its rows."""
    key = [name for name in ("subject_id", "lesion_id") if name in frame]
    unit = frame.groupby(key, sort=False).ngroup().to_numpy()
    base = np.full(int(unit.max(initial=-1)) + 1, np.nan)
    base[unit[where]] = value[where]
    return np.asarray(base[unit], dtype=np.float64)


def _judged(outcomes: Outcomes, name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Return pain and opioid dose that a response was judged from, missing for scores."""
    nothing = {column: np.full(len(frame), np.nan) for column in _JUDGED}
    if outcomes.study.measures[name].kind != "pain_response":
        return nothing
    table = with_pain_responses(outcomes.records, outcomes.study)[TABLE]
    table = table.loc[table["measure"] == name].set_index(["source", "source_row"])
    record = pd.MultiIndex.from_frame(frame[["source", "source_row"]])
    found = table[list(_JUDGED.values())].reindex(record)
    return {
        column: found[field].to_numpy(dtype=np.float64, na_value=np.nan) for column, field in _JUDGED.items()
    }
