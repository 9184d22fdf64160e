"""ADTTE: one row an analysed subject (or lesion) and parameter of variable "first"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.outcomes.filters import as_dates

from .identifiers import (
    IMPUTED,
    has_lesion_endpoint,
    identifiers,
    identity,
    parameter,
    parameter_variables,
    source_columns,
    source_variables,
    stacked,
    treatment_variables,
)
from .parameters import censor_codes, competing_labels, described_censoring, parameter_codes, time_zeros
from .variable import DataSet, Variable, data_set

if TYPE_CHECKING:
    from skeletal.outcomes.observation import Observation
    from skeletal.outcomes.outcomes import Outcomes


def time_to_event(outcomes: Outcomes) -> DataSet:
    """Return ADTTE."""
    names = [name for name, item in outcomes.study.estimands.items() if item.variable == "first"]
    catalogue = _catalogue(outcomes, names)
    parts = [_rows(outcomes, name, outcomes.observations[name], outcomes.frames[name]) for name in names]
    return data_set(
        name="ADTTE",
        label="Time-to-Event Analysis Dataset",
        structure="One record per subject (or lesion) per parameter",
        keys=("STUDYID", "USUBJID", "LNKID", "PARAMCD"),
        catalogue=catalogue,
        columns=stacked(parts, catalogue),
    )


def _rows(outcomes: Outcomes, name: str, observation: Observation, frame: pd.DataFrame) -> pd.DataFrame:
    competing = frame["cause"].map(competing_labels(observation)).astype("string")
    reason = frame["censor_reason"].fillna(competing)
    status = frame["status"].to_numpy()
    event = status == 1
    code = reason.map(censor_codes(observation)).astype("Float64").to_numpy(np.float64, na_value=np.nan)
    other = (competing + " before the event").where(status > 1, "Censored")
    return pd.DataFrame(
        {
            **identity(outcomes, frame, lesions=has_lesion_endpoint(outcomes.study)),
            **parameter(outcomes.study, name, len(frame)),
            "STARTDT": frame["start_date"].array,
            "ADT": frame["date"].array,
            "ADTF": frame["date_flag"].astype("string").array,
            "AVAL": frame["time"].to_numpy(dtype=np.float64),
            "CNSR": np.where(event, 0, code),
            "EVNTDESC": frame["components"].where(event, other).astype("string").array,
            "CNSDTDSC": reason.mask(event).array,
            **source_columns(frame),
        }
    )


def _catalogue(outcomes: Outcomes, names: list[str]) -> tuple[Variable, ...]:
    study = outcomes.study
    with_lesions = has_lesion_endpoint(study)
    return (
        *(item for item in identifiers(study) if with_lesions or item.name != "LNKID"),
        *treatment_variables(study),
        *parameter_variables(study, parameter_codes(study, set(names).__contains__)),
        start_date(time_zeros(study, names)),
        Variable(
            name="ADT",
            label="Analysis Date",
            kind="date",
            derivation="Date of the event, of the competing event, or of censoring.",
            source="the record in SRCDOM, SRCVAR and SRCSEQ, or the rule in CNSDTDSC",
        ),
        Variable(
            name="ADTF",
            label="Analysis Date Imputation Flag",
            kind="text",
            derivation="What of ADT was imputed. Onset: the first possible day not before time zero. Death: "
            "the last day known alive, or the first possible day where that is later.",
            source="precision of the recorded date",
            codes=IMPUTED,
        ),
        Variable(
            name="AVAL",
            label="Analysis Value",
            kind="number",
            derivation="ADT - STARTDT + 1, in days: time zero is day 1.",
            source="ADTTE.ADT, ADTTE.STARTDT",
        ),
        Variable(
            name="CNSR",
            label="Censor",
            kind="whole",
            derivation="0 for an event, else the code of its reason. With n censoring rules of the endpoint "
            "in the order of the study: 1 to n censored by that rule; n+1 no assessment after time zero; "
            "n+2 a later event record shows the last day seen; n+3 death, censored or competing; n+3+k the "
            "k-th intercurrent event that the estimand names. A competing event is not a censoring: "
            "EVNTDESC says so.",
            source="study file: censoring, death, intercurrent",
            codes=tuple(code for name in names for code in described_censoring(outcomes.observations[name])),
        ),
        Variable(
            name="EVNTDESC",
            label="Event or Censoring Description",
            kind="text",
            derivation="CNSR = 0: all components of the day of the event, joined by +; a competing event: "
            "its words and 'before the event'; else Censored.",
            source="study file: components, death, intercurrent",
        ),
        Variable(
            name="CNSDTDSC",
            label="Censor Date Description",
            kind="text",
            derivation="Why a time is no event: the censoring rule, or the competing event; empty for "
            "events.",
            source="study file: censoring, death, intercurrent",
        ),
        *source_variables(),
    )


def start_date(source: str) -> Variable:
    """Return STARTDT, read from ``source``."""
    return Variable(
        name="STARTDT",
        label="Time-to-Event Origin Date for Subject",
        kind="date",
        derivation="Time zero of the parameter (see PARAMCD); a subject whose time zero is not a whole date "
        "is excluded, not imputed.",
        source=source,
    )


def start_dates(observation: Observation, subjects: Any) -> Any:
    """Return the date of time zero of each of ``subjects``."""
    facts = observation.facts
    start = pd.Series(as_dates(facts.start).to_numpy(), index=pd.Index(facts.cohort.frame["subject_id"]))
    return start.loc[~start.index.duplicated()].reindex(subjects).to_numpy()
