"""Which rows of which record table a rule of the study reads, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.study import IntercurrentEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skeletal.study import CensoringRule, RecordFilter


def selected(rule: RecordFilter | CensoringRule) -> str:
    """Return the table and column of the date, the rows that count and what is said of their absence."""
    words = f"{rule.table}.{rule.date}{rows_where(rule.where)}"
    if rule.unless:
        words += f", unless {_conditions(rule.unless, ' or ')}"
    if isinstance(rule, IntercurrentEvent):
        words += f", only in {' or '.join(rule.arms)}" if rule.arms else ""
        if rule.absent_by is not None:
            words += f"; the event is that there is none within {rule.absent_by} days of time zero"
    return words


def rows_where(conditions: Mapping[str, tuple[object, ...]]) -> str:
    """Return `` where column = value ...``; nothing where every row counts."""
    return f" where {_conditions(conditions, ' and ')}" if conditions else ""


def _conditions(conditions: Mapping[str, tuple[object, ...]], joint: str) -> str:
    return joint.join(_condition(column, values) for column, values in conditions.items())


def _condition(column: str, values: tuple[object, ...]) -> str:
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    return f"{column} = {texts[0]}" if len(texts) == 1 else f"{column} in ({', '.join(texts)})"
