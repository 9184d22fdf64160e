"""What a filter of a study cannot mean: a table that does not exist, values a column never has, no date.

Records may have further columns, so a column that the schema does not know is never refused here.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from skeletal.errors import name_some
from skeletal.tables import DERIVED, TABLES

from .rules import IntercurrentEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from skeletal.tables import Column, TableSchema

    from .protocol import Study
    from .rules import CensoringRule, RecordFilter

SCHEMAS: Mapping[str, TableSchema] = {**TABLES, **DERIVED}
_KINDS = {"text": "text", "date": "dates", "number": "numbers", "flag": "true or false"}


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the nearest of ``known``, or nothing."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _filters(study: Study) -> Iterator[tuple[str, RecordFilter | CensoringRule]]:
    yield from ((f"component {name!r}", item) for name, item in study.components.items())
    yield from ((f"intercurrent event {name!r}", item) for name, item in study.intercurrent.items())
    yield "death", study.death
    for name, rule in study.censoring.items():
        if rule.table is not None:
            yield f"censoring rule {name!r}", rule


def filter_problems(study: Study) -> Iterator[str]:
    """Yield what the filters and dates of ``study`` contradict in the schema of the records."""
    for where, rule in _filters(study):
        schema = SCHEMAS.get(str(rule.table))
        if schema is None:
            tables = ", ".join(SCHEMAS)
            hint = did_you_mean(rule.table, SCHEMAS)
            yield f"{where} reads table {rule.table!r}, which is no record table{hint}; there are {tables}"
            continue
        yield from _column_problems(where, str(rule.table), [*rule.where.items(), *rule.unless.items()])
        yield from _date_problems(where, str(rule.table), rule.date)
        if isinstance(rule, IntercurrentEvent) and rule.absent_by is not None:
            yield from _undated_problems(where, str(rule.table), rule)
    for name, endpoint in study.endpoints.items():
        where = f"endpoint {name!r}"
        yield from _column_problems(f"{where} (lesions)", "lesions", endpoint.lesions.items())
        yield from _zero_problems(where, endpoint.time_zero)
    for name, measure in study.measures.items():
        yield from _zero_problems(f"measure {name!r}", measure.time_zero)
    yield from _zero_problems("the study", study.time_zero)


def _column_problems(where: str, table: str, columns: Iterable[tuple[str, tuple[Any, ...]]]) -> Iterator[str]:
    for column, values in columns:
        known = SCHEMAS[table].columns.get(column)
        if known is None:
            continue
        if wrong := [value for value in values if not _fits(known, value)]:
            quotes = "; write them in quotes" if known.kind in ("text", "date") else ""
            yield (
                f"{where} asks column {column!r} of {table} for {name_some(map(repr, wrong))}, "
                f"but it holds {_KINDS[known.kind]}{quotes}"
            )
        elif known.allowed and (never := [value for value in values if value not in known.allowed]):
            hint = did_you_mean(never[0], known.allowed)
            yield (
                f"{where} asks column {column!r} of {table} for {name_some(map(repr, never))}, "
                f"which it never has{hint}; it allows {', '.join(known.allowed)}"
            )


def _fits(column: Column, value: object) -> bool:
    """Return whether a filter value is of the kind of the column."""
    if column.kind == "flag":
        return isinstance(value, bool)
    if column.kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str)


def _dates(table: str) -> list[str]:
    return [name for name, column in SCHEMAS[table].columns.items() if column.kind == "date"]


def _date_problems(where: str, table: str, date: str) -> Iterator[str]:
    known = SCHEMAS[table].columns.get(date)
    if known is not None and known.kind != "date":
        dates = ", ".join(_dates(table)) or "none"
        kind = _KINDS[known.kind]
        yield f"{where} is dated by column {date!r} of {table}, which holds {kind} (dates: {dates})"


def _undated_problems(where: str, table: str, rule: IntercurrentEvent) -> Iterator[str]:
    if rule.date not in SCHEMAS[table].columns:
        dates = _dates(table)
        remedy = f"name one of {', '.join(dates)}" if dates else "read a table with a date"
        yield (
            f"{where}: absent_by asks for the day of a row of {table}, "
            f"which has no date column {rule.date!r}; {remedy}"
        )


def _zero_problems(where: str, column: str | None) -> Iterator[str]:
    known = SCHEMAS["subjects"].columns.get(str(column))
    if known is not None and known.kind != "date":
        dates, kind = ", ".join(_dates("subjects")), _KINDS[known.kind]
        yield f"{where} has time_zero {column!r}, which holds {kind} (dates of subjects: {dates})"


def is_death(study: Study, rule: RecordFilter) -> bool:
    """Return whether every death of ``study`` passes ``rule``, so that it is death itself.

    A rule that asks for more, for example a cause, is not.
    """
    death = study.death
    if rule.table != death.table or rule.unless:
        return False
    return all(
        column in death.where and set(death.where[column]) <= set(values)
        for column, values in rule.where.items()
    )


def death_problems(study: Study) -> Iterator[str]:
    """Yield the estimands in which death is two things at once."""
    for name, estimand in study.estimands.items():
        endpoint = study.endpoints.get(estimand.endpoint)
        keys = endpoint.components if endpoint else ()
        is_component = any(is_death(study, study.components[key]) for key in keys if key in study.components)
        if is_component and estimand.death != "ignored":
            twice = f"both an event and {estimand.death!r}"
            yield (
                f"estimand {name!r}: death is {'counted twice' if estimand.death == 'composite' else twice}: "
                f"a component of endpoint {estimand.endpoint!r} is every death and the estimand says "
                f"death = {estimand.death!r}; leave the component out and say death = 'composite', or narrow "
                "it (for example to a cause)"
            )
        for event, strategy in estimand.intercurrent.items():
            rule = study.intercurrent.get(event)
            if rule is not None and rule.absent_by is None and not rule.arms and is_death(study, rule):
                yield (
                    f"estimand {name!r}: death is both {estimand.death!r} and {strategy!r}: intercurrent "
                    f"event {event!r} is every death; leave it out, or narrow it (for example to a cause)"
                )
