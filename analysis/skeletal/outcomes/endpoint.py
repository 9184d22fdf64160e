"""What the records say about one endpoint, before any estimand reads it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.study import ENDING_STRATEGIES, Estimand

from .absence import absences, no_events
from .censoring import Limit, last_seen_of, limit_of, open_end_of
from .filters import MISSING, NEVER, columns_of, filtered_rows, impute_onset, table_rows
from .lesions import WITHOUT, lesion_cohort
from .row_frames import chosen, coded, constant, sorted_by, stacked, with_columns
from .subject_dates import RECORD_ORDER, SubjectDates, take_dates, without_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from skeletal.arrays import BoolArray, IntArray, LabelArray
    from skeletal.records import TrialRecords
    from skeletal.study import Component, Endpoint, IntercurrentEvent, Study

    from .filters import Cohort

NOT_A_COMPONENT = "not a component"
EXCLUDED = "rejected: subject excluded"
NO_DATE = "rejected: no usable date"
BEFORE = "rejected: before time zero"
NO_DETECTION = {"imaging": False, "last_negative": MISSING}
ROW_COLUMNS = [
    "subject",
    "place",
    "table",
    "source",
    "source_row",
    "variable",
    "imaging",
    "last_negative",
    "kind",
    "order",
    "name",
    "label",
    "day",
    "flag",
]
WHOLE_NUMBERS = ("subject", "place", "source_row", "last_negative", "order", "day")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EndpointFacts:
    """The records of one endpoint, placed on its time scale.

    Attributes
    ----------
    start : ndarray of shape (n,)
        Day of time zero, ``MISSING`` where there is none.
    reason : ndarray of shape (n,)
        Why a unit (subject or lesion) is excluded; empty for those analysed.
    rows : DataFrame
        Every record considered, by subject, day, order and then the record: ``kind`` ("component",
        "death" or the name of an intercurrent event),
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
    records: TrialRecords
    cohort: Cohort
    zero_label: str
    start: IntArray
    reason: LabelArray
    rows: pd.DataFrame
    names: tuple[str, ...]
    death: SubjectDates
    never: SubjectDates
    intercurrent: Mapping[str, SubjectDates]
    limits: Mapping[str, Limit]
    last_seen: Mapping[str, SubjectDates]
    other_events: pd.DataFrame

    @property
    def analysed(self) -> BoolArray:
        """Which subjects are not excluded."""
        return np.asarray(self.reason == "", dtype=np.bool_)


def endpoint_facts(
    records: TrialRecords, study: Study, subjects: Cohort, name: str, deaths: pd.DataFrame
) -> EndpointFacts:
    """Collect the records of the endpoint called ``name``; ``deaths`` are those of the study."""
    endpoint = study.endpoints[name]
    cohort = lesion_cohort(records, subjects, endpoint) if endpoint.unit == "lesion" else subjects
    column = study.time_zero_of(name)
    zero_label = study.time_zero_words(column)
    start, reason = _time_zero(cohort, column)
    reason = np.where(cohort.counted, reason, WITHOUT)
    rules = study.censoring_of(name)
    limits = {
        key: cohort.shared(("limit", key, column), partial(limit_of, records, study, cohort, rule, start))
        for key, rule in rules.items()
        if rule.role == "limit"
    }
    open_end = open_end_of(records, study, rules)
    seen = {
        key: cohort.shared(
            ("last seen", key, column, open_end),
            partial(last_seen_of, records, cohort, rule, start, open_end),
        )
        for key, rule in rules.items()
        if rule.role == "last_seen"
    }
    events = _intercurrent_events(records, study, name)
    rows, names = _all_rows(records, study, cohort, name, list(events), cohort.spread(deaths), start)
    early = _ended_before(start, limits, _first_days(rows, cohort.size, "Death"))
    reason = np.where((reason == "") & (early != ""), early + f" before {zero_label}", reason)
    none = no_events(rows, cohort, start, events)
    rows = with_columns(rows[ROW_COLUMNS], rule=_base_rule(rows, cohort, start, reason, none))
    read = study.estimands_of(name).values()
    never = without_record("", np.full(cohort.size, NEVER, dtype=np.int64))
    facts = EndpointFacts(
        name=name,
        endpoint=endpoint,
        study=study,
        records=records,
        cohort=cohort,
        zero_label=zero_label,
        start=start,
        reason=reason,
        rows=rows,
        names=names,
        death=_first_days(rows, cohort.size, study.death.label),
        intercurrent=dict.fromkeys(events, never),
        never=never,
        limits=limits,
        last_seen=seen,
        other_events=_events_of_any_kind(
            records, cohort, {} if endpoint.components else study.components, start
        ),
    )
    rows = _in_order(stacked([rows, *absences(facts)]))
    ending = {event for item in read for event, how in item.intercurrent.items() if how in ENDING_STRATEGIES}
    found = {
        event: take_dates(_of_kind(rows, event), cohort.size, label=rule.label)
        for event, rule in events.items()
        if event in ending
    }
    death = take_dates(_of_kind(rows, "death"), cohort.size, label=study.death.label)
    return replace(facts, rows=rows, death=death, intercurrent={**facts.intercurrent, **found})


def _first_days(rows: pd.DataFrame, size: int, label: str) -> SubjectDates:
    """Return the day of the first death that no rule rejects, without its record."""
    deaths = _of_kind(rows[["kind", "subject", "day", *(["rule"] if "rule" in rows else [])]], "death")
    number, day = deaths["subject"].to_numpy(dtype=np.int64), deaths["day"].to_numpy(dtype=np.int64)
    usable = (number >= 0) & (day != MISSING)
    first = np.full(size, NEVER, dtype=np.int64)
    np.minimum.at(first, number[usable], day[usable])
    return without_record(label, first)


def _of_kind(rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Return the records of one kind that no rule rejects."""
    live = (rows["kind"] == kind) & (rows["rule"] == "") if "rule" in rows else rows["kind"] == kind
    return rows.loc[live.to_numpy()]


def _time_zero(cohort: Cohort, column: str) -> tuple[IntArray, LabelArray]:
    """Return the day of time zero and the reason where there is none; a partial date is none."""
    start = cohort.whole_days_of(cohort.frame, column)
    absent = cohort.days_of(cohort.frame, column)["earliest"] == MISSING
    reasons = np.array(["", f"no {column}", f"incomplete {column}"], dtype=object)
    return start, reasons[np.where(start != MISSING, 0, np.where(absent, 1, 2))]


def _ended_before(start: IntArray, limits: Mapping[str, Limit], death: SubjectDates) -> LabelArray:
    """Return the label of what ended observation before time zero, empty where nothing did."""
    label = np.full(start.size, "", dtype=object)
    for dates in (death, *(limit.dates for limit in limits.values())):
        label = np.where((label == "") & (start != MISSING) & (dates.day < start), dates.label, label)
    return label


def _intercurrent_events(records: TrialRecords, study: Study, name: str) -> dict[str, IntercurrentEvent]:
    """Return the intercurrent events that an estimand of the endpoint names, in the study's order."""
    named = {event for estimand in study.estimands_of(name).values() for event in estimand.intercurrent}
    return {
        event: rule
        for event, rule in study.intercurrent.items()
        if event in named and rule.table in records and columns_of(rule) <= set(records[rule.table])
    }


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
        part = cohort.shared(
            ("event", event, study.time_zero_of(name), year_only),
            partial(_event_rows, records, cohort, rule, start, year_only=year_only),
        )
        parts.append(_of_one_kind(part, event, number, rule.label))
    order = len(components) + len(events)
    parts.append(_of_one_kind(deaths, "death", order, study.death.label))
    columns = [*ROW_COLUMNS, *cohort.names_of(cohort.frame)]
    return stacked([part[columns] for part in parts]), (*components, *events, "death")


def _event_rows(
    records: TrialRecords, cohort: Cohort, rule: IntercurrentEvent, start: IntArray, *, year_only: bool
) -> pd.DataFrame:
    """Return the dated rows that pass the filter of an intercurrent event."""
    return impute_onset(filtered_rows(records, cohort, rule, rule.table), start, year_only=year_only)


def _of_one_kind(rows: pd.DataFrame, kind: str, order: int, label: str) -> pd.DataFrame:
    """Return records that are deaths or one intercurrent event."""
    size = len(rows)
    texts = {"kind": kind, "name": kind, "label": label}
    columns = {name: constant(text, size) for name, text in texts.items()}
    never = {name: np.full(size, value) for name, value in NO_DETECTION.items()}
    return with_columns(rows, **columns, **never, order=np.full(size, order))


def _in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ``rows`` by subject, day, order and then the record; rows of nobody come first."""
    small = {name: rows[name].to_numpy(dtype=np.int32) for name in WHOLE_NUMBERS}
    return sorted_by(with_columns(rows, **small), ["subject", "day", "order", *RECORD_ORDER])


def _component_rows(
    records: TrialRecords, cohort: Cohort, components: Mapping[str, Component]
) -> list[pd.DataFrame]:
    """Return every row of each table with a component; a row is of the first component it matches."""
    parts = []
    for table in dict.fromkeys(component.table for component in components.values()):
        order = np.full(len(records[table]), -1, dtype=np.int64)
        of_table = [(i, item) for i, item in enumerate(components.values()) if item.table == table]
        for i, component in of_table:
            order[(order < 0) & cohort.passing(records[table], component)] = i
        frames = {item.date: table_rows(records, cohort, table, item.date) for _, item in of_table}
        extra = _detection(records[table], cohort)
        names = np.array([*components, ""], dtype=object)
        labels = np.array([*(item.label for item in components.values()), ""], dtype=object)
        first = of_table[0][1].date
        variables = np.array([*(item.date for item in components.values()), first], dtype=object)
        for variable, frame in frames.items():
            part = with_columns(
                frame,
                **extra,
                kind=constant("component", len(frame)),
                order=order,
                name=coded(order, names),
                label=coded(order, labels),
            )
            parts.append(chosen(part, variables[order] == variable))
    return parts


def _detection(frame: pd.DataFrame, cohort: Cohort) -> dict[str, Any]:
    """Return how each event was found, and the last negative assessment before it."""
    imaging, negative = np.zeros(len(frame), dtype=np.bool_), np.full(len(frame), MISSING, dtype=np.int64)
    if "detection" in frame:
        imaging = cohort.kinds_of(frame, "detection") == "imaging"
    if "last_negative_date" in frame:
        negative = cohort.days_of(frame, "last_negative_date")["earliest"]
    return {"imaging": imaging, "last_negative": negative}


def _base_rule(
    rows: pd.DataFrame,
    cohort: Cohort,
    start: IntArray,
    reason: LabelArray,
    none: Iterable[tuple[BoolArray, str]],
) -> pd.Categorical[Any]:
    """Return why a record is out under every estimand; the first that applies, else empty."""
    number, day = rows["subject"].to_numpy(), rows["day"].to_numpy()
    known = number >= 0
    excluded = known & (reason != "")[number]
    rules: list[Any] = [
        (rows["order"].to_numpy() < 0, NOT_A_COMPONENT),
        *cohort.strays(rows),
        (excluded, EXCLUDED),
        (day == MISSING, NO_DATE),
        (day < start[number], BEFORE),
        *none,
    ]
    numbers = list(np.arange(1, len(rules) + 1, dtype=np.int16))
    codes = np.select([flag for flag, _ in rules], numbers, default=np.int16(0))
    return coded(codes, ["", *(text for _, text in rules)])


def _events_of_any_kind(
    records: TrialRecords, cohort: Cohort, components: Mapping[str, Component], start: IntArray
) -> pd.DataFrame:
    """Return the dated records on or after time zero of those ``components`` whose columns are there."""
    there = {
        name: item
        for name, item in components.items()
        if item.table in records and columns_of(item) <= set(records[item.table])
    }
    parts = [
        impute_onset(part, start, year_only=False).loc[lambda rows: rows["order"] >= 0, ["subject", "day"]]
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
