"""ADRECUR: the counting-process rows (TSTART, TSTOP] of the recurrent parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.outcomes.family import unit_key

from .identifiers import (
    has_lesion_endpoint,
    identifiers,
    identity,
    parameter,
    parameter_variables,
    source_variables,
    stacked,
    treatment_variables,
)
from .parameters import parameter_codes, time_zeros
from .time_to_event import start_date, start_dates
from .variable import Code, DataSet, Variable, data_set

if TYPE_CHECKING:
    from skeletal.outcomes.outcomes import Outcomes


def counting_process(outcomes: Outcomes) -> DataSet:
    """Return ADRECUR."""
    names = [name for name, item in outcomes.study.estimands.items() if item.variable == "recurrent"]
    catalogue = _catalogue(outcomes, names)
    return data_set(
        name="ADRECUR",
        label="Recurrent Events Analysis Dataset",
        structure="One record per subject (or lesion) per parameter per interval at risk",
        keys=("STUDYID", "USUBJID", "LNKID", "PARAMCD", "ENUM"),
        catalogue=catalogue,
        columns=stacked([_rows(outcomes, name) for name in names], catalogue),
    )


def _rows(outcomes: Outcomes, name: str) -> pd.DataFrame:
    frame = outcomes.frames[name]
    return pd.DataFrame(
        {
            **identity(outcomes, frame, lesions=has_lesion_endpoint(outcomes.study)),
            **parameter(outcomes.study, name, len(frame)),
            "STARTDT": start_dates(outcomes.observations[name], frame["subject_id"]),
            "ENUM": (frame.groupby(unit_key(frame)).cumcount() + 1).to_numpy(dtype=np.float64),
            "TSTART": frame["start"].to_numpy(dtype=np.float64),
            "TSTOP": frame["stop"].to_numpy(dtype=np.float64),
            "STATUS": frame["status"].to_numpy(dtype=np.float64),
            "EPISODE": frame["episode"].to_numpy(dtype=np.float64, na_value=np.nan),
            "EVNTDESC": frame["components"].astype("string").array,
            "SRCDOM": frame["source"].astype("string").array,
            "SRCSEQ": frame["source_row"].to_numpy(dtype=np.float64, na_value=np.nan),
        }
    )


def _catalogue(outcomes: Outcomes, names: list[str]) -> tuple[Variable, ...]:
    study = outcomes.study
    with_lesions = has_lesion_endpoint(study)
    gaps = {
        item.endpoint: study.endpoints[item.endpoint]
        for name, item in study.estimands.items()
        if name in names
    }
    return (
        *(item for item in identifiers(study) if with_lesions or item.name != "LNKID"),
        *treatment_variables(study),
        *parameter_variables(study, parameter_codes(study, set(names).__contains__)),
        start_date(time_zeros(study, names)),
        Variable(
            name="ENUM",
            label="Number of the Row within Subject",
            kind="whole",
            derivation="1, 2, ... within subject, lesion and parameter, by TSTOP.",
            source="ADRECUR.TSTOP",
        ),
        Variable(
            name="TSTART",
            label="Start of Interval (days, excluded)",
            kind="number",
            derivation="0 for the first row, else TSTOP of the row before.",
            source="ADRECUR.TSTOP",
        ),
        Variable(
            name="TSTOP",
            label="End of Interval (days, included)",
            kind="number",
            derivation="Date of the episode, competing event or end of observation - STARTDT + 1. Where a "
            "competing event falls on the day of an episode, the episode's row ends half a day earlier.",
            source="the record in SRCDOM and SRCSEQ, or the rule that ends observation",
        ),
        Variable(
            name="STATUS",
            label="0 None, 1 Event, 2 Competing Event",
            kind="whole",
            derivation="What happens at TSTOP.",
            source="study file: endpoints, estimands",
            codes=(
                Code(value="0", meaning="End of observation, censored"),
                Code(value="1", meaning="An episode begins"),
                Code(value="2", meaning="A competing event (death, or an intercurrent event that competes)"),
            ),
        ),
        Variable(
            name="EPISODE",
            label="Episode Number",
            kind="whole",
            derivation="Number of the episode that begins at TSTOP; records closer than the gap are one "
            "episode.",
            source="; ".join(
                f"endpoints.{name}: min_gap_days = {item.min_gap_days}, gap_anchor = {item.gap_anchor}"
                for name, item in gaps.items()
            )
            or "study file: endpoints",
        ),
        Variable(
            name="EVNTDESC",
            label="Event or Censoring Description",
            kind="text",
            derivation="All components of the day of the episode, joined by +; the competing event; empty "
            "where STATUS = 0.",
            source="study file: components, death, intercurrent",
        ),
        *source_variables("SRCDOM", "SRCSEQ"),
    )
