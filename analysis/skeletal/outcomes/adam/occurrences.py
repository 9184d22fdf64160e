"""ADSRE: one row a record that is a component, death or an intercurrent event of a parameter.

Records of persons who were not randomised are in the audit alone: each USUBJID is in ADSL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.outcomes.audit import audit_frame
from skeletal.outcomes.endpoint import NOT_A_COMPONENT

from .identifiers import (
    IMPUTED,
    has_lesion_endpoint,
    identifiers,
    identity,
    parameter,
    parameter_variables,
    relative_day,
    source_columns,
    source_variables,
    stacked,
    treatment_variables,
)
from .parameters import outcome_codes, parameter_codes, sourced, time_zeros
from .selection import selected
from .time_to_event import start_dates
from .variable import Code, DataSet, Variable, data_set

if TYPE_CHECKING:
    from skeletal.outcomes.outcomes import Outcomes
    from skeletal.study import Study

READ = ("source_row", "date", "rule", "episode", "kind", "name", "source", "flag", "variable")


def occurrences(outcomes: Outcomes) -> DataSet:
    """Return ADSRE."""
    catalogue = _catalogue(outcomes)
    columns = stacked([_rows(outcomes, name) for name in outcomes.study.estimands], catalogue)
    columns["ASEQ"] = pd.DataFrame({"subject": columns["USUBJID"]}).groupby("subject").cumcount() + 1
    return data_set(
        name="ADSRE",
        label="Skeletal-Event Records and Their Fate",
        structure="One record per subject per parameter per record (and lesion) that the parameter reads",
        keys=("STUDYID", "USUBJID", "ASEQ"),
        catalogue=catalogue,
        columns={item.name: columns[item.name] for item in catalogue},
    )


def _rows(outcomes: Outcomes, name: str) -> pd.DataFrame:
    observation = outcomes.observations[name]
    rows = audit_frame(observation, [*observation.facts.cohort.key, *READ])
    read = (rows["rule"] != NOT_A_COMPONENT) & (rows["kind"] != "censoring")
    read &= rows["subject_id"].isin(outcomes.subjects["subject_id"])
    rows = rows.loc[read].reset_index(drop=True)
    zero = pd.Series(start_dates(observation, rows["subject_id"]))
    dates = pd.Series(rows["date"].to_numpy())
    day, start = (item.to_numpy().astype("datetime64[D]").astype(np.int64) for item in (dates, zero))
    return pd.DataFrame(
        {
            **identity(outcomes, rows, lesions=has_lesion_endpoint(outcomes.study)),
            **parameter(outcomes.study, name, len(rows)),
            "SRECAT": rows["kind"].astype("string").array,
            "SRETERM": rows["name"].astype("string").array,
            "ASTDT": dates.array,
            "ASTDTF": rows["flag"].astype("string").array,
            "ASTDY": relative_day(day, start, (dates.notna() & zero.notna()).to_numpy()),
            "OUTCOME": rows["rule"].astype("string").array,
            "EPISODE": rows["episode"].to_numpy(dtype=np.float64, na_value=np.nan),
            **source_columns(rows),
        }
    )


def _catalogue(outcomes: Outcomes) -> tuple[Variable, ...]:
    study = outcomes.study
    with_lesions = has_lesion_endpoint(study)
    return (
        *(item for item in identifiers(study) if with_lesions or item.name != "LNKID"),
        *treatment_variables(study),
        Variable(
            name="ASEQ",
            label="Analysis Sequence Number",
            kind="whole",
            derivation="1, 2, ... within the subject, in the order of the rows. Records of persons who were "
            "not randomised have no row: they are in audit.csv.",
            source="ADSRE",
        ),
        *parameter_variables(study, parameter_codes(study, study.estimands.__contains__)),
        Variable(
            name="SRECAT",
            label="Category of Record",
            kind="text",
            derivation="Whether the parameter reads the record as a component, as death, or as an "
            "intercurrent event; a record that is two of these has a row for each.",
            source="study file: components, death, intercurrent",
            codes=_categories(study),
        ),
        Variable(
            name="SRETERM",
            label="Kind of Event",
            kind="text",
            derivation="Name of the component or intercurrent event, or death.",
            source="study file: components, death, intercurrent",
            codes=_terms(study),
        ),
        Variable(
            name="ASTDT",
            label="Analysis Start Date",
            kind="date",
            derivation="Date of the record, a partial one imputed as ASTDTF says; missing where it cannot "
            "be.",
            source="the record in SRCDOM, SRCVAR and SRCSEQ",
        ),
        Variable(
            name="ASTDTF",
            label="Analysis Start Date Imputation Flag",
            kind="text",
            derivation="What of ASTDT was imputed. Onset: the first possible day not before time zero. "
            "Death: the last day known alive, or the first possible day where that is later.",
            source="precision of the recorded date",
            codes=IMPUTED,
        ),
        Variable(
            name="ASTDY",
            label="Analysis Start Relative Day",
            kind="whole",
            derivation="Days from time zero of the parameter: time zero is day 1, the day before it day -1.",
            source=f"ADSRE.ASTDT; {time_zeros(study, study.estimands)}",
        ),
        Variable(
            name="OUTCOME",
            label="What Became of the Record",
            kind="text",
            derivation="The rule that decided; audit.csv has it in a sentence.",
            source="study file: endpoints, estimands, censoring",
            codes=outcome_codes(study),
        ),
        Variable(
            name="EPISODE",
            label="Episode Number",
            kind="whole",
            derivation="Episode that the record opens or belongs to under the gap rule; 1 for the event of a "
            "parameter of the first event.",
            source="study file: min_gap_days and gap_anchor of the endpoint",
        ),
        *source_variables(),
    )


def _categories(study: Study) -> tuple[Code, ...]:
    return (
        Code(value="component", meaning="A component of the endpoint"),
        Code(
            value="death",
            meaning=study.death.label,
            source=sourced(selected(study.death), study.death.source),
        ),
        *(
            Code(
                value=name,
                meaning=f"Intercurrent event: {item.label}",
                source=sourced(selected(item), item.source),
            )
            for name, item in study.intercurrent.items()
        ),
    )


def _terms(study: Study) -> tuple[Code, ...]:
    components = (
        Code(value=name, meaning=item.label, source=sourced(selected(item), item.source))
        for name, item in study.components.items()
    )
    return (*components, *_categories(study)[1:])
