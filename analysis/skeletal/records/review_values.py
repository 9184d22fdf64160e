"""The rule of the review on values that the study probably means and does not name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import pandas as pd

from skeletal.study import RecordFilter

from .review_findings import findings, together

if TYPE_CHECKING:
    from skeletal.study import CensoringRule

    from .review_facts import Facts

_NEAR = 0.85  # of difflib; frakture and fracture are nearer, treated and untreated are not


def unmatched_value(facts: Facts) -> pd.DataFrame:
    """Find texts that differ from one which the study counts only in case, blanks or a letter."""
    parts = []
    for (table, column), wanted in _named(facts).items():
        frame = facts.records.tables.get(table)
        if frame is None or column not in frame.columns or not wanted:
            continue
        if not isinstance(frame[column].dtype, pd.StringDtype):
            continue
        for value in frame[column].dropna().unique().tolist():
            if value not in wanted and (meant := _nearest(value, wanted)):
                words = f"{column} {value!r}, which the study does not count"
                advice = f"write {meant!r} in the records or {value!r} in the study, if the same is meant"
                parts.append(findings(frame, frame[column] == value, words, advice, table=table))
    return together(parts)


def _named(facts: Facts) -> dict[tuple[str, str], set[str]]:
    """Return the texts that the study names, by table and column."""
    study = facts.study
    rules: list[RecordFilter | CensoringRule] = [study.death, *study.components.values()]
    rules += [*study.intercurrent.values(), *study.censoring.values()]
    named: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        unless = rule.unless if isinstance(rule, RecordFilter) else {}
        for column, values in (*rule.where.items(), *unless.items()):
            texts = {value for value in values if isinstance(value, str)}
            named.setdefault((str(rule.table), column), set()).update(texts)
    return named


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _nearest(value: str, wanted: set[str]) -> str:
    """Return the text of ``wanted`` that ``value`` probably is, or nothing."""
    if any(character.isdigit() for character in value):  # level 1 and level 2 are near and differ
        wanted = {text for text in wanted if _folded(text) == _folded(value)}
    by_folded = {_folded(text): text for text in sorted(wanted)}
    close = difflib.get_close_matches(_folded(value), by_folded, n=1, cutoff=_NEAR)
    return by_folded[close[0]] if close else ""
