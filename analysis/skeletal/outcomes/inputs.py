"""Whether the records hold what the outcomes of a study read; all that is absent is named at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.errors import InvalidRecords, name_some
from skeletal.records import TABLES
from skeletal.records.dates import invalid_dates
from skeletal.records.faults import did_you_mean, name_rows

from .filters import columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from skeletal.records import TrialRecords
    from skeletal.study import CensoringRule, Measure, PainResponse, RecordFilter, Score, Study

    Known = dict[tuple[int, tuple[str, ...]], tuple[Any, str]]


def _needs(study: Study) -> Iterator[tuple[str, str, RecordFilter | CensoringRule]]:
    """Yield (who needs it, table, filter) of everything that the study's outcomes read."""
    for name, endpoint in study.endpoints.items():
        who = f"endpoint {name!r}"
        for component in endpoint.components:
            yield who, study.components[component].table, study.components[component]
        for rule in study.censoring_of(name).values():
            if rule.table is not None:
                yield who, rule.table, rule
            elif rule.missed_visits is not None:
                yield who, "assessments", rule
    yield "every endpoint", study.death.table, study.death
    for name, estimand in study.estimands.items():
        for event, strategy in estimand.intercurrent.items():
            if strategy != "treatment_policy":
                rule_of = study.intercurrent[event]
                yield f"estimand {name!r}", rule_of.table, rule_of


def check_inputs(records: TrialRecords, study: Study) -> None:
    """Refuse records without a table or column that an outcome of ``study`` reads; all problems at once."""
    problems: dict[str, None] = {}
    known: Known = {}
    for who, table, rule in _needs(study):
        if table not in records:
            problems[_absent(who, table, rule.label)] = None
            continue
        problems |= dict.fromkeys(_column_problems(records[table], who, table, rule, known))
    problems |= dict.fromkeys(_lesion_problems(records, study, known))
    for name in study.endpoints:
        column = study.time_zero_of(name)
        if column not in records.subjects:
            hint = did_you_mean(column, map(str, records.subjects.columns))
            problems[
                f"endpoint {name!r} needs column {column!r} of table 'subjects' as time zero: "
                f"add it, or name another date column in the study file.{hint}"
            ] = None
        elif wrong := _no_dates(records.subjects[column], known):
            problems[f"time zero of endpoint {name!r}: column {column!r} of table 'subjects' {wrong}"] = None
        rules = study.censoring_of(name).values()
        if not study.visits and any(rule.missed_visits is not None for rule in rules):
            problems[f"endpoint {name!r} counts missed visits, but the study declares no visits"] = None
    for name in study.measures:
        problems |= dict.fromkeys(measure_problems(records, study, name, known))
    if problems:
        raise InvalidRecords(list(problems))


def _absent(who: str, table: str, label: str) -> str:
    return (
        f"{who} needs table {table!r} ({label}), which the records do not have: add it, if only with its "
        "header where there are no such records, or take what reads it out of the study file"
        f"{'' if table in TABLES else '.' + did_you_mean(table, TABLES)}"
    )


def _column_problems(
    frame: pd.DataFrame, who: str, table: str, rule: RecordFilter | CensoringRule, known: Known
) -> Iterator[str]:
    yield from _absent_columns(frame, who, table, rule.label, sorted(columns_of(rule)))
    if rule.date in frame and (wrong := _no_dates(frame[rule.date], known)):
        yield f"{who}: column {rule.date!r} of table {table!r} ({rule.label}) {wrong}"
    for column, allowed in (*rule.where.items(), *rule.unless.items()):
        if column in frame and (wrong := _wrong_kind(frame[column], allowed, known)):
            yield f"{who}: column {column!r} of table {table!r} ({rule.label}) {wrong}"


def _absent_columns(
    frame: pd.DataFrame, who: str, table: str, label: str, columns: Iterable[str]
) -> Iterator[str]:
    for column in columns:
        if column not in frame:
            yield (
                f"{who} needs column {column!r} of table {table!r} ({label}), which is not there; "
                f"the columns are {', '.join(map(str, frame.columns))}."
                f"{did_you_mean(column, map(str, frame.columns))}"
            )


def _lesion_problems(records: TrialRecords, study: Study, known: Known) -> Iterator[str]:
    """Say what an endpoint with one outcome a lesion lacks: lesions, and tables that name them."""
    for name, endpoint in study.endpoints.items():
        if endpoint.unit != "lesion":
            continue
        who = f"endpoint {name!r}"
        if "lesions" not in records:
            yield _absent(who, "lesions", "one outcome a lesion")
            continue
        lesions = records["lesions"]
        yield from _absent_columns(lesions, who, "lesions", "one outcome a lesion", endpoint.lesions)
        for column, allowed in endpoint.lesions.items():
            if column in lesions and (wrong := _wrong_kind(lesions[column], allowed, known)):
                yield f"{who}: column {column!r} of table 'lesions' (one outcome a lesion) {wrong}"
        twice = lesions.loc[lesions.duplicated(["subject_id", "lesion_id"]), "subject_id"]
        if len(twice):
            yield (
                f"{who}: lesions has {len(twice)} lesion(s) more than once (of {name_some(twice.unique())}). "
                "Keep one row a lesion."
            )
        for component in (study.components[item] for item in endpoint.components):
            if component.table in records:
                frame, label = records[component.table], f"{component.label}, one outcome a lesion"
                yield from _absent_columns(frame, who, component.table, label, ["lesion_id"])


def measure_problems(
    records: TrialRecords, study: Study, name: str, known: Known | None = None
) -> Iterator[str]:
    """Say what the records lack for the measure called ``name``."""
    measure, known = study.measures[name], {} if known is None else known
    who = f"measure {name!r}"
    column = measure.time_zero or study.time_zero
    if column not in records.subjects:
        yield f"{who} needs column {column!r} of table 'subjects' as time zero: add it, or name another one"
    elif wrong := _no_dates(records.subjects[column], known):
        yield f"time zero of {who}: column {column!r} of table 'subjects' {wrong}"
    for event, strategy in measure.intercurrent.items():
        rule = study.intercurrent[event]
        if strategy == "treatment_policy":
            continue
        if rule.table not in records:
            yield _absent(who, rule.table, rule.label)
        else:
            yield from _column_problems(records[rule.table], who, rule.table, rule, known)
    yield from _measured_problems(records, study, measure, who)


def _measured_problems(records: TrialRecords, study: Study, measure: Measure, who: str) -> Iterator[str]:
    """Say which tables and columns with values a measure lacks."""
    tables = {"stays": "days away from home"} if measure.kind == "days_at_home" else {}
    if measure.kind != "days_at_home":
        tables["questionnaires"] = f"{measure.instrument} {getattr(measure, 'item', '')}".strip()
        if not study.visits:
            yield f"{who} is read at visits, but the study declares none"
    if measure.kind == "pain_response" and measure.rules.missing_omed != "none":
        tables["analgesics"] = "opioid dose"
    for table, label in tables.items():
        if table not in records:
            yield _absent(who, table, label)
    if measure.kind != "days_at_home" and "questionnaires" in records:
        yield from _lesion_score_problems(records, measure, who)


def _lesion_score_problems(records: TrialRecords, measure: PainResponse | Score, who: str) -> Iterator[str]:
    """Say what a measure lacks whose scores name lesions."""
    answers, label = records["questionnaires"], "scores of lesions"
    if measure.unit == "lesion":
        yield from _absent_columns(answers, who, "questionnaires", label, ["lesion_id"])
    elif measure.kind == "score" or not _names_lesions(answers, measure.instrument):
        return
    if "lesions" not in records:
        yield _absent(who, "lesions", label)
    else:
        yield from _absent_columns(records["lesions"], who, "lesions", label, measure.lesions)


def _names_lesions(answers: pd.DataFrame, instrument: str) -> bool:
    """Return whether scores of an instrument name lesions."""
    mine = answers.loc[(answers["instrument"] == instrument).fillna(False).to_numpy(dtype=bool)]
    return "lesion_id" in mine and bool(mine["lesion_id"].notna().any())


def _no_dates(values: pd.Series[Any], known: Known) -> str:
    """Say which of ``values`` are no dates; empty where all are dates or missing."""
    return _once(known, values, (), lambda: _date_faults(values))


def _date_faults(values: pd.Series[Any]) -> str:
    if pd.api.types.is_datetime64_any_dtype(values.dtype) or values.isna().all():
        return ""
    faults = invalid_dates(values)
    return f"must hold dates; it has others in {name_rows(faults, values)}" if faults.any() else ""


def _wrong_kind(values: pd.Series[Any], allowed: tuple[Any, ...], known: Known) -> str:
    """Say why ``values`` can never equal any of ``allowed``; empty where they can."""
    return _once(known, values, tuple(map(repr, allowed)), lambda: _kind_faults(values, allowed))


def _once(known: Known, values: pd.Series[Any], question: tuple[str, ...], answer: Callable[[], str]) -> str:
    """Return the answer on one column, worked out once for all rules that ask the same."""
    key = (id(values.array), question)
    if key not in known:  # the values are kept too, so that their id stays their own
        known[key] = (values.array, answer())
    return known[key][1]


def _kind_faults(values: pd.Series[Any], allowed: tuple[Any, ...]) -> str:
    if values.isna().all():
        return ""
    flags = [isinstance(item, bool) for item in allowed]
    numbers = [isinstance(item, int | float) and not flag for item, flag in zip(allowed, flags, strict=True)]
    shown = name_some(map(repr, allowed))
    if pd.api.types.is_bool_dtype(values.dtype):
        return "" if all(flags) else f"holds true or false, the study asks for {shown}"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "" if all(numbers) else f"holds numbers, the study asks for {shown}"
    return f"holds text, the study asks for {shown}" if any(flags) else ""
