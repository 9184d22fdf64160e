"""What the records say about one endpoint, before any estimand reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.records.dates import parse_dates
from skeletal.study import Estimand

from .censoring import Limit, last_seen_of, limit_of, open_end_of
from .filters import MISSING, as_days, filtered_rows, impute_onset, matching, table_rows
from .subject_dates import SubjectDates, take_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.arrays import BoolArray, IntArray, LabelArray
    from skeletal.records import TrialRecords
    from skeletal.study import Component, Endpoint, Study

    from .filters import Cohort

NOT_A_COMPONENT = "not a component"
NOT_RANDOMISED = "rejected: not a randomised subject"
EXCLUDED = "rejected: subject excluded"
NO_DATE = "rejected: no usable date"
BEFORE = "rejected: before time zero"
NO_DETECTION = {"imaging": False, "last_negative": MISSING}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EndpointFacts:
    """The records of one endpoint, placed on its time scale.

    Attributes
    ----------
    start : ndarray of shape (n,)
        Day of time zero, ``MISSING`` where there is none.
    reason : ndarray of shape (n,)
        Why a subject is excluded; empty for those analysed.
    rows : DataFrame
        Every record considered: ``kind`` ("component", "death" or the name of an intercurrent event),
        ``order`` (priority on one day), ``name`` and ``label`` of what it is, ``day``, ``flag``, and
        ``rule`` where the record is rejected whatever the estimand, else empty.
    names : tuple of str
        Name of each ``order``.
    other_events : DataFrame
        For an endpoint that is death alone, ``subject`` and ``day`` of the events of every component of the
        study, which show the subject observed; else empty.
    """

    name: str
    endpoint: Endpoint
    study: Study
    cohort: Cohort
    zero_label: str
    start: IntArray
    reason: LabelArray
    rows: pd.DataFrame
    names: tuple[str, ...]
    death: SubjectDates
    intercurrent: Mapping[str, SubjectDates]
    limits: Mapping[str, Limit]
    last_seen: Mapping[str, SubjectDates]
    other_events: pd.DataFrame

    @property
    def analysed(self) -> BoolArray:
        """Which subjects are not excluded."""
        return np.asarray(self.reason == "", dtype=np.bool_)


def endpoint_facts(
    records: TrialRecords, study: Study, cohort: Cohort, name: str, deaths: pd.DataFrame
) -> EndpointFacts:
    """Collect the records of the endpoint called ``name``; ``deaths`` are those of the study."""
    endpoint = study.endpoints[name]
    column = study.time_zero_of(name)
    zero_label = study.time_zero_label if column == study.time_zero else column.removesuffix("_date")
    zero_label = zero_label.replace("_", " ")
    start, reason = _time_zero(cohort, column)
    rules = study.censoring_of(name)
    limits = {
        key: limit_of(records, study, cohort, rule, start)
        for key, rule in rules.items()
        if rule.role == "limit"
    }
    open_end = open_end_of(records, study, rules)
    seen = {
        key: last_seen_of(records, cohort, rule, start, open_end)
        for key, rule in rules.items()
        if rule.role == "last_seen"
    }
    events = _intercurrent_names(records, study, name)
    rows, names = _all_rows(records, study, cohort, name, events, deaths, start)
    early = _ended_before(start, limits, take_dates(_of_kind(rows, "death"), cohort.size, label="Death"))
    reason = np.where((reason == "") & (early != ""), early + f" before {zero_label}", reason)
    rows = rows.assign(rule=_base_rule(rows, start, reason))
    live = rows.loc[rows["rule"] == ""]
    death = take_dates(_of_kind(live, "death"), cohort.size, label=study.death.label)
    return EndpointFacts(
        name=name,
        endpoint=endpoint,
        study=study,
        cohort=cohort,
        zero_label=zero_label,
        start=start,
        reason=reason,
        rows=rows,
        names=names,
        death=death,
        intercurrent={
            event: take_dates(_of_kind(live, event), cohort.size, label=study.intercurrent[event].label)
            for event in events
        },
        limits=limits,
        last_seen=seen,
        other_events=_events_of_any_kind(
            records, cohort, {} if endpoint.components else study.components, start
        ),
    )


def _of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    return rows.loc[rows["kind"] == kind]


def _time_zero(cohort: Cohort, column: str) -> tuple[IntArray, LabelArray]:
    """Return the day of time zero and the reason where there is none; a partial date is none."""
    dates = parse_dates(cohort.frame[column])
    precision = dates["precision"].fillna("").to_numpy(dtype=object)
    start = np.where(precision == "day", as_days(dates["earliest"]), MISSING)
    incomplete = np.where(precision == "", f"no {column}", f"incomplete {column}").astype(object)
    return start, np.where(precision == "day", "", incomplete)


def _ended_before(start: IntArray, limits: Mapping[str, Limit], death: SubjectDates) -> LabelArray:
    """Return the label of what ended observation before time zero, empty where nothing did."""
    label = np.full(start.size, "", dtype=object)
    for dates in (death, *(limit.dates for limit in limits.values())):
        label = np.where((label == "") & (start != MISSING) & (dates.day < start), dates.label, label)
    return label


def _intercurrent_names(records: TrialRecords, study: Study, name: str) -> list[str]:
    """Return the intercurrent events that an estimand of the endpoint names, in the study's order."""
    named = {event for estimand in study.estimands_of(name).values() for event in estimand.intercurrent}
    return [
        event
        for event, rule in study.intercurrent.items()
        if event in named and rule.table in records and {*rule.where, rule.date} <= set(records[rule.table])
    ]


def _all_rows(
    records: TrialRecords,
    study: Study,
    cohort: Cohort,
    name: str,
    events: list[str],
    deaths: pd.DataFrame,
    start: IntArray,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    endpoint = study.endpoints[name]
    year_only = endpoint.year_only_dates == "impute"
    components = {item: study.components[item] for item in endpoint.components}
    parts = [
        impute_onset(part, start, year_only=year_only)
        for part in _component_rows(records, cohort, components)
    ]
    for number, event in enumerate(events, start=len(components)):
        rule = study.intercurrent[event]
        part = filtered_rows(records, cohort, rule, rule.table)
        part = part.assign(kind=event, order=number, name=event, label=rule.label, **NO_DETECTION)
        parts.append(impute_onset(part, start, year_only=year_only))
    order = len(components) + len(events)
    parts.append(
        deaths.assign(kind="death", order=order, name="death", label=study.death.label, **NO_DETECTION)
    )
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True), (*components, *events, "death")


def _component_rows(
    records: TrialRecords, cohort: Cohort, components: Mapping[str, Component]
) -> list[pd.DataFrame]:
    """Return every row of each table with a component; a row is of the first component it matches."""
    parts = []
    for table in dict.fromkeys(component.table for component in components.values()):
        order = np.full(len(records[table]), -1, dtype=np.int64)
        of_table = [(i, item) for i, item in enumerate(components.values()) if item.table == table]
        for i, component in of_table:
            order[(order < 0) & matching(records[table], component.where)] = i
        frames = {item.date: table_rows(records, cohort, table, item.date) for _, item in of_table}
        extra = _detection(records[table])
        names = np.array([*components, ""], dtype=object)
        labels = np.array([*(item.label for item in components.values()), ""], dtype=object)
        first = of_table[0][1].date
        variables = np.array([*(item.date for item in components.values()), first], dtype=object)
        for variable, frame in frames.items():
            part = pd.concat([frame, extra], axis=1)
            part = part.assign(kind="component", order=order, name=names[order], label=labels[order])
            parts.append(part.loc[variables[order] == variable])
    return parts


def _detection(frame: pd.DataFrame) -> pd.DataFrame:
    """Return how each event was found, and the last negative assessment before it."""
    imaging, negative = np.zeros(len(frame), dtype=np.bool_), np.full(len(frame), MISSING, dtype=np.int64)
    if "detection" in frame:
        imaging = (frame["detection"] == "imaging").fillna(False).to_numpy(dtype=np.bool_)
    if "last_negative_date" in frame:
        negative = as_days(parse_dates(frame["last_negative_date"])["earliest"])
    return pd.DataFrame({"imaging": imaging, "last_negative": negative})


def _base_rule(rows: pd.DataFrame, start: IntArray, reason: LabelArray) -> LabelArray:
    """Return why a record is out under every estimand; the first that applies, else empty."""
    number, day = rows["subject"].to_numpy(), rows["day"].to_numpy()
    known = number >= 0
    excluded = known & (reason[number] != "")
    rules: list[Any] = [
        (rows["order"].to_numpy() < 0, NOT_A_COMPONENT),
        (~known, NOT_RANDOMISED),
        (excluded, EXCLUDED),
        (day == MISSING, NO_DATE),
        (day < start[number], BEFORE),
    ]
    chosen = np.select([flag for flag, _ in rules], [text for _, text in rules], default="")
    return np.asarray(chosen, dtype=object)


def _events_of_any_kind(
    records: TrialRecords, cohort: Cohort, components: Mapping[str, Component], start: IntArray
) -> pd.DataFrame:
    """Return the dated records on or after time zero of those ``components`` whose columns are there."""
    there = {
        name: item
        for name, item in components.items()
        if item.table in records and {"subject_id", *item.where, item.date} <= set(records[item.table])
    }
    parts = [
        impute_onset(part, start, year_only=False).loc[lambda rows: rows["order"] >= 0]
        for part in _component_rows(records, cohort, there)
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"subject": [], "day": []})
    number = rows["subject"].to_numpy(dtype=np.int64)
    keep = (number >= 0) & (rows["day"] != MISSING).to_numpy() & (start[number] != MISSING)
    day = rows["day"].to_numpy(dtype=np.int64)
    keep &= day >= start[number]
    return pd.DataFrame({"subject": number[keep], "day": day[keep]})


def default_estimand(study: Study, name: str, variable: str) -> Estimand:
    """Return the reading of an endpoint for which the study declares none: death competing."""
    alone = not study.endpoints[name].components
    return Estimand(
        endpoint=name,
        label=study.endpoints[name].label,
        paramcd="DEFAULT",
        variable="recurrent" if variable == "recurrent" else "first",
        death="composite" if alone else "competing",
    )
