"""The derived data as ADaM: ADSL, ADSRE, ADTTE and ADRECUR, as csv and SAS transport files.

ADSL has one row a randomised subject.  ADSRE has one row a record that is a component (or death, or an
intercurrent event) of a parameter, with its fate: OUTCOME is the rule of the audit, EPISODE the episode
it belongs to.  ADTTE has one row an analysed subject and parameter of variable "first", ADRECUR the
counting-process rows (TSTART, TSTOP] of the recurrent parameters, with STATUS 1 an episode, 2 a competing
event, 0 neither.  Where an endpoint has lesions as units, the last three have LNKID after USUBJID, empty for
parameters with one value a subject.

CNSR in ADTTE is 0 for an event, else the code of its reason, which CNSDTDSC says in words.  With n
censoring rules of the endpoint, in their order in the study:

1 to n
    censored by that rule;
n + 1
    no assessment after time zero;
n + 2
    a later event record shows the last day seen;
n + 3
    death, censored or competing;
n + 3 + k
    the k-th intercurrent event that the estimand names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.records.dates import parse_dates
from skeletal.records.write import write_csv, write_xpt

from .audit import audit_frame
from .family import unit_key
from .filters import NEVER, as_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .derive import Outcomes
    from .observation import Observation

OCCURRENCE = ("source_row", "date", "rule", "episode", "kind", "name", "source", "flag", "variable")
LABELS: Mapping[str, str] = {
    "STUDYID": "Study Identifier",
    "USUBJID": "Unique Subject Identifier",
    "LNKID": "Link ID of the Lesion",
    "SITEID": "Study Site Identifier",
    "ARM": "Description of Planned Arm",
    "AGE": "Age",
    "SEX": "Sex",
    "RANDDT": "Date of Randomization",
    "TRTSDT": "Date of First Exposure to Treatment",
    "DTHDT": "Date of Death",
    "DTHDTF": "Date of Death Imputation Flag",
    "DTHFL": "Subject Death Flag",
    "ITTFL": "Intent-To-Treat Population Flag",
    "PARAMCD": "Parameter Code",
    "PARAM": "Parameter",
    "STARTDT": "Time-to-Event Origin Date for Subject",
    "ADT": "Analysis Date",
    "ADTF": "Analysis Date Imputation Flag",
    "AVAL": "Analysis Value",
    "CNSR": "Censor",
    "EVNTDESC": "Event or Censoring Description",
    "CNSDTDSC": "Censor Date Description",
    "SRCDOM": "Source Data",
    "SRCVAR": "Source Variable",
    "SRCSEQ": "Source Sequence Number",
    "SRECAT": "Category of Record",
    "SRETERM": "Kind of Event",
    "ASTDT": "Analysis Start Date",
    "ASTDTF": "Analysis Start Date Imputation Flag",
    "ASTDY": "Analysis Start Relative Day",
    "OUTCOME": "What Became of the Record",
    "EPISODE": "Episode Number",
    "ENUM": "Number of the Row within Subject",
    "TSTART": "Start of Interval (days, excluded)",
    "TSTOP": "End of Interval (days, included)",
    "STATUS": "0 None, 1 Event, 2 Competing Event",
}


def write_adam(outcomes: Outcomes, folder: str | Path) -> list[Path]:
    """Write the four data sets of ``outcomes`` into ``folder`` and return the files."""
    folder = Path(folder)
    frames = {
        "adsl": subject_level(outcomes),
        "adsre": occurrences(outcomes),
        "adtte": time_to_event(outcomes),
        "adrecur": counting_process(outcomes),
    }
    paths = []
    for name, frame in frames.items():
        paths.append(write_csv(frame, folder / f"{name}.csv"))
        labels = {column: LABELS[column] for column in frame.columns}
        paths.append(write_xpt(frame, folder / f"{name}.xpt", name=name.upper(), labels=labels))
    return paths


def subject_level(outcomes: Outcomes) -> pd.DataFrame:
    """Return ADSL."""
    subjects = outcomes.subjects
    frame = pd.DataFrame(
        {"STUDYID": outcomes.study.id, "USUBJID": subjects["subject_id"], "ARM": subjects["arm"]}
    )
    for name, column in {"SITEID": "site", "AGE": "age", "SEX": "sex"}.items():
        if column in subjects:
            frame[name] = subjects[column]
    for name, column in {"RANDDT": "randomised_date", "TRTSDT": "treatment_date"}.items():
        if column in subjects:
            dates = parse_dates(subjects[column])
            frame[name] = dates["earliest"].where(dates["precision"].eq("day").fillna(False))
    deaths = outcomes.deaths
    died = deaths.day < NEVER
    return frame.assign(
        DTHDT=as_dates(deaths.day),
        DTHDTF=_text(deaths.flag),
        DTHFL=_text(np.where(died, "Y", "")),
        ITTFL="Y",
    )


def occurrences(outcomes: Outcomes) -> pd.DataFrame:
    """Return ADSRE."""
    parts = [_occurrences(outcomes, name, outcomes.observations[name]) for name in outcomes.study.estimands]
    if parts:
        return pd.concat(parts, ignore_index=True)
    none = pd.DataFrame({name: [] for name in ("subject_id", "source", "variable", "source_row")})
    return pd.DataFrame({**_head(outcomes, "", none), "OUTCOME": [], **_source(none)})


def _occurrences(outcomes: Outcomes, name: str, observation: Observation) -> pd.DataFrame:
    rows = audit_frame(observation, [*observation.facts.cohort.key, *OCCURRENCE])
    rows = rows.loc[(rows["rule"] != "not a component") & (rows["kind"] != "censoring")]
    dates = rows["date"].to_numpy()
    zero = _starts(observation).reindex(rows["subject_id"]).to_numpy()
    day = pd.Series((dates - zero) / np.timedelta64(1, "D"))
    return pd.DataFrame(
        {
            **_head(outcomes, name, rows),
            "SRECAT": rows["kind"].to_numpy(dtype=object),
            "SRETERM": _text(rows["name"].to_numpy(dtype=object)),
            "ASTDT": dates,
            "ASTDTF": _text(rows["flag"].to_numpy(dtype=object)),
            "ASTDY": (day + (day >= 0)).to_numpy(),
            "OUTCOME": rows["rule"].to_numpy(dtype=object),
            "EPISODE": rows["episode"].to_numpy(dtype=np.float64, na_value=np.nan),
            **_source(rows),
        }
    )


def time_to_event(outcomes: Outcomes) -> pd.DataFrame:
    """Return ADTTE."""
    parts = [
        _time_to_event(outcomes, name, outcomes.observations[name], outcomes.frames[name])
        for name, estimand in outcomes.study.estimands.items()
        if estimand.variable == "first"
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["STUDYID", "USUBJID"])


def _time_to_event(
    outcomes: Outcomes, name: str, observation: Observation, frame: pd.DataFrame
) -> pd.DataFrame:
    reason = _reasons(observation, frame)
    codes = censor_codes(observation)
    status = frame["status"].to_numpy()
    event = status == 1
    competing = frame["cause"].map(_labels(observation)).astype("string") + " before any event"
    described = frame["components"].where(event, competing.where(status > 1, "Censored"))
    return pd.DataFrame(
        {
            **_head(outcomes, name, frame),
            "STARTDT": frame["start_date"],
            "ADT": frame["date"],
            "ADTF": frame["date_flag"],
            "AVAL": frame["time"].astype(np.float64),
            "CNSR": np.where(
                event, 0, reason.map(codes).astype("Float64").to_numpy(np.float64, na_value=np.nan)
            ),
            "EVNTDESC": described,
            "CNSDTDSC": reason.mask(event),
            **_source(frame),
        }
    )


def _labels(observation: Observation) -> dict[str, str]:
    study = observation.facts.study
    return {
        "death": study.death.label,
        **{name: study.intercurrent[name].label for name in observation.estimand.intercurrent},
    }


def _reasons(observation: Observation, frame: pd.DataFrame) -> pd.Series[Any]:
    """Return why a time is no event: the reason of censoring, or the competing event."""
    competing = frame["cause"].map(_labels(observation)).astype("string")
    return frame["censor_reason"].fillna(competing)


def censor_codes(observation: Observation) -> dict[str, int]:
    """Return the code of CNSR for each reason that ``observation`` can give."""
    facts = observation.facts
    reasons = [rule.label for rule in facts.study.censoring_of(facts.name).values()]
    reasons += [f"No assessment after {facts.zero_label}", "Later event record"]
    labels = list(_labels(observation).values())
    return {reason: code for code, reason in reversed(list(enumerate([*reasons, *labels], start=1)))}


def counting_process(outcomes: Outcomes) -> pd.DataFrame:
    """Return ADRECUR."""
    parts = []
    for name, estimand in outcomes.study.estimands.items():
        if estimand.variable != "recurrent":
            continue
        frame = outcomes.frames[name]
        start = _starts(outcomes.observations[name])
        parts.append(
            pd.DataFrame(
                {
                    **_head(outcomes, name, frame),
                    "STARTDT": start.reindex(frame["subject_id"]).to_numpy(),
                    "ENUM": (frame.groupby(unit_key(frame)).cumcount() + 1).astype(np.float64),
                    "TSTART": frame["start"],
                    "TSTOP": frame["stop"],
                    "STATUS": frame["status"].astype(np.float64),
                    "EPISODE": frame["episode"].to_numpy(dtype=np.float64, na_value=np.nan),
                    "EVNTDESC": frame["components"],
                    "SRCDOM": frame["source"],
                    "SRCSEQ": frame["source_row"].to_numpy(dtype=np.float64, na_value=np.nan),
                }
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["STUDYID", "USUBJID"])


def _starts(observation: Observation) -> pd.Series[Any]:
    """Return the date of time zero by subject."""
    facts = observation.facts
    start = pd.Series(as_dates(facts.start).to_numpy(), index=pd.Index(facts.cohort.frame["subject_id"]))
    return start.loc[~start.index.duplicated()]


def _lesions(outcomes: Outcomes, frame: pd.DataFrame) -> dict[str, Any]:
    """Return LNKID where an endpoint of the study has lesions as units."""
    if all(endpoint.unit == "subject" for endpoint in outcomes.study.endpoints.values()):
        return {}
    known = frame["lesion_id"] if "lesion_id" in frame else pd.Series(pd.NA, index=frame.index)
    return {"LNKID": known.astype("string").array}


def _head(outcomes: Outcomes, name: str, frame: pd.DataFrame) -> dict[str, Any]:
    """Return the columns that every row of a parameter has."""
    estimand = outcomes.study.estimands.get(name)
    arm = outcomes.subjects.set_index("subject_id")["arm"]
    subject = frame["subject_id"].to_numpy(dtype=object)
    return {
        "STUDYID": np.full(len(frame), outcomes.study.id, dtype=object),
        "USUBJID": subject,
        **_lesions(outcomes, frame),
        "ARM": arm.reindex(subject).to_numpy(dtype=object),
        "PARAMCD": np.full(len(frame), estimand.paramcd if estimand else "", dtype=object),
        "PARAM": np.full(len(frame), f"{estimand.label} (days)" if estimand else "", dtype=object),
    }


def _source(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "SRCDOM": _text(frame["source"].to_numpy(dtype=object)),
        "SRCVAR": _text(frame["variable"].to_numpy(dtype=object)),
        "SRCSEQ": frame["source_row"].to_numpy(dtype=np.float64, na_value=np.nan),
    }


def _text(values: Any) -> Any:
    text = pd.Series(values, dtype="string")
    return text.mask(text == "").array
