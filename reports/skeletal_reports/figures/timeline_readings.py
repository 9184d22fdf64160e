"""How the endpoints read one subject: spans observed, episodes, ends, intercurrent events, death."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.outcomes.absence import IN_TIME, OTHER_ARM, TOO_LATE
from skeletal.outcomes.filters import MISSING, NEVER
from skeletal.records import parse_dates

from .timeline_marks import Days, Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

ENDS = ("counted", "merged", "competes", "censors")
# Records of an intercurrent event that are none: wrong arm, no or an impossible date, the absence ruled out.
NO_EVENT = (
    OTHER_ARM,
    IN_TIME,
    TOO_LATE,
    "rejected: before time zero",
    "rejected: no usable date",
    "rejected: subject excluded",
)
NOT_KINDS = ("component", "death", "censoring")
IMPUTED = {"D": " (day imputed)", "M": " (month and day imputed)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One endpoint as one estimand reads it, for the subject or one of its lesions."""

    lane: str
    endpoint: str
    estimand: str
    begin: dt.date | None
    end: dt.date | None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days after a counted episode in which a further event belongs to it."""

    lane: str
    episode: int
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """The day of death as the outcomes read it."""

    day: dt.date
    imputed: str
    source: str
    source_row: int


def zero_of(outcomes: Outcomes, subject: str, column: str) -> Days | None:
    """Return time zero of a subject as a column of subjects has it."""
    frame = outcomes.subjects
    mine = frame.loc[frame["subject_id"].eq(subject).to_numpy(dtype=bool), column]
    found = parse_dates(mine).iloc[0]
    return None if pd.isna(found["earliest"]) else Days(found["earliest"].date(), found["latest"].date())


def death_of(outcomes: Outcomes, subject: str) -> Death | None:
    """Return the death of a subject, None where none is recorded with a usable date."""
    place = int(np.flatnonzero(outcomes.subjects["subject_id"].eq(subject).to_numpy(dtype=bool))[0])
    dates = outcomes.deaths
    day = int(dates.day[place])
    if day in (NEVER, MISSING):
        return None
    return Death(
        day=dt.date(1970, 1, 1) + dt.timedelta(days=day),
        imputed=IMPUTED.get(str(dates.flag[place]), ""),
        source=str(dates.source[place]),
        source_row=int(dates.source_row[place]),
    )


def drawn_estimand(outcomes: Outcomes, endpoint: str) -> str:
    """Return the estimand whose reading is drawn: all events where one is declared, else the first one.

    Among estimands of one variable, one in which death competes comes first.
    """
    declared = outcomes.study.estimands_of(endpoint)
    ranked = sorted(
        declared,
        key=lambda name: (declared[name].variable != "recurrent", declared[name].death != "competing"),
    )
    return ranked[0] if ranked else f"{endpoint} (default)"


def readings_of(
    outcomes: Outcomes, subject: str, audit: pd.DataFrame, endpoints: Iterable[str]
) -> tuple[list[Reading], list[Window], list[Mark]]:
    """Return the lanes of some endpoints, the windows of their gap rule, and their marks."""
    study = outcomes.study
    readings: list[Reading] = []
    windows: list[Window] = []
    marks: list[Mark] = []
    for name in endpoints:
        endpoint = study.endpoints[name]
        estimand = drawn_estimand(outcomes, name)
        rows = audit.loc[((audit["estimand"] == estimand) & (audit["endpoint"] == name)).to_numpy(dtype=bool)]
        begin = zero_of(outcomes, subject, study.time_zero_of(name))
        for unit, of_unit in _units(rows, lesions=endpoint.unit == "lesion"):
            lane = f"{endpoint.label}{f': {unit}' if unit else ''}"
            note = _exclusion(outcomes, subject, estimand, unit)
            end = of_unit.loc[of_unit["rule"].isin(ENDS), "date"].max()
            readings.append(
                Reading(
                    lane=lane,
                    endpoint=name,
                    estimand=estimand,
                    begin=begin.first if begin and not note else None,
                    end=None if pd.isna(end) or note else end.date(),
                    note=note,
                )
            )
            if not pd.isna(end) and not note:
                windows += _windows(lane, of_unit, outcomes, name, estimand, end.date())
            marks += _endpoint_marks(lane, of_unit)
    return readings, windows, marks


def _units(rows: pd.DataFrame, *, lesions: bool) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of each lesion with its name, or all rows."""
    if not lesions:
        yield "", rows
        return
    for lesion in sorted(rows["lesion_id"].dropna().unique()):
        yield str(lesion), rows.loc[rows["lesion_id"].eq(lesion).fillna(value=False).to_numpy(dtype=bool)]


def _exclusion(outcomes: Outcomes, subject: str, estimand: str, lesion: str) -> str:
    """Return why a unit is not analysed, empty where it is."""
    out = outcomes.exclusions
    mine = (out["estimand"] == estimand) & (out["subject_id"] == subject)
    if lesion and "lesion_id" in out:
        mine &= out["lesion_id"].fillna(lesion) == lesion
    reasons = out.loc[mine.fillna(value=False).to_numpy(dtype=bool), "reason"]
    return f"Not analysed: {reasons.iloc[0]}" if len(reasons) else ""


def _windows(
    lane: str, rows: pd.DataFrame, outcomes: Outcomes, endpoint: str, estimand: str, end: dt.date
) -> Iterator[Window]:
    """Yield the window of each counted episode to the ``end``, where the reading uses the gap rule."""
    study = outcomes.study
    rule = study.endpoints[endpoint]
    declared = study.estimands.get(estimand)
    if declared is None or declared.variable != "recurrent" or rule.min_gap_days <= 1:
        return
    gap = dt.timedelta(days=rule.min_gap_days - 1)
    mine = rows.loc[rows["rule"].isin(["counted", "merged"]) & rows["date"].notna()]
    for episode, members in mine.groupby("episode"):
        first, last = members["date"].min().date(), members["date"].max().date()
        until = (last if rule.gap_anchor == "any" else first) + gap
        yield Window(lane=lane, episode=int(str(episode)), first=first, last=min(until, end))


def _endpoint_marks(lane: str, rows: pd.DataFrame) -> Iterator[Mark]:
    """Yield what became of each dated record that the endpoint reads as event or end of observation."""
    for row in rows.loc[rows["date"].notna()].to_dict("records"):
        fate = str(row["rule"]).partition(":")[0]
        ends = fate in ("competes", "censors")
        event = row["kind"] == "component" or fate in ("counted", "merged")
        if not ends and not (event and fate in ("counted", "merged", "rejected")):
            continue
        label = {"counted": _text(row["episode"]), "competes": _text(row["label"])}.get(fate, "")
        if fate == "censors":
            label = f"censored: {row['label']}"
        yield _of_audit("endpoint", lane, fate, row, label)


def intercurrent_marks(audit: pd.DataFrame, study: Study) -> list[Mark]:
    """Return the intercurrent events of a subject, each once, whatever an estimand does with them."""
    kinds = ~audit["kind"].isin(NOT_KINDS) & audit["kind"].isin(list(study.intercurrent))
    mine = audit.loc[(kinds & ~audit["rule"].isin(NO_EVENT) & audit["date"].notna()).to_numpy(dtype=bool)]
    mine = mine.drop_duplicates(["kind", "date", "table", "source_row"])
    return [
        _of_audit("intercurrent", f"Intercurrent: {row['label']}", "intercurrent", row, "")
        for row in mine.sort_values("date", kind="stable").to_dict("records")
    ]


def _of_audit(part: Any, lane: str, look: str, row: dict[Any, Any], label: str) -> Mark:
    day = row["date"].date()
    number = row["source_row"]
    return Mark(
        part=part,
        lane=lane,
        look=look,
        begin=Days(day, day),
        label=label,
        table=_text(row["table"]),
        source=_text(row["source"]),
        source_row=-1 if pd.isna(number) else int(number),
        variable=_text(row["variable"]),
    )


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)
