"""Rules of the review on values that the study probably means and does not name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.study import RecordFilter

from .findings import findings, together
from .keys import folded

if TYPE_CHECKING:
    from skeletal.study import CensoringRule, Study

    from .facts import Facts

_NEAR = 0.85  # of difflib; frakture and fracture are nearer, treated and untreated are not
# Columns of few values, which count by their spelling.
_SPELLED = {
    "subjects": ("site", "sex", "primary_tumour"),
    "lesions": ("bone", "region", "vertebral_level", "laterality"),
    "events": ("component",),
    "procedures": ("kind", "reason"),
    "assessments": ("modality",),
    "questionnaires": ("instrument", "item"),
    "therapies": ("drug", "class", "reason"),
    "disposition": ("cause",),
}


def unmatched_value(facts: Facts) -> pd.DataFrame:
    """Find texts that differ from one which the study counts only in case, blanks or a letter."""
    parts = []
    for (table, column), wanted in _named(facts.study).items():
        frame = facts.records.tables.get(table)
        if frame is None or column not in frame.columns or not wanted:
            continue
        if not isinstance(frame[column].dtype, pd.StringDtype):
            continue
        for value in frame[column].dropna().unique().tolist():
            if value not in wanted and (meant := nearest(value, wanted)):
                words = f"{column} is {value!r}, which the study does not name; {meant!r} is probably meant"
                parts.append(findings(facts, table, frame[column] == value, words))
    return together(parts)


def _named(study: Study) -> dict[tuple[str, str], set[str]]:
    """Return the texts that the study names, by table and column."""
    rules: list[RecordFilter | CensoringRule] = [study.death, *study.components.values()]
    rules += [*study.intercurrent.values(), *study.censoring.values()]
    named: dict[tuple[str, str], set[str]] = {}
    for rule in rules:
        unless = rule.unless if isinstance(rule, RecordFilter) else {}
        for column, values in (*rule.where.items(), *unless.items()):
            texts = {value for value in values if isinstance(value, str)}
            named.setdefault((str(rule.table), column), set()).update(texts)
    planned = {visit.name for visit in study.visits}
    for table in ("assessments", "questionnaires") if planned else ():
        named.setdefault((table, "visit"), set()).update(planned)
    for measure in study.measures.values():
        if measure.kind != "days_at_home":
            named.setdefault(("questionnaires", "instrument"), set()).add(measure.instrument)
    return named


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def nearest(value: str, wanted: set[str]) -> str:
    """Return the text of ``wanted`` that ``value`` probably is, or nothing."""
    if any(character.isdigit() for character in value):  # level 1 and level 2 are near and differ
        wanted = {text for text in wanted if _letters(text) == _letters(value)}
    by_letters = {_letters(text): text for text in sorted(wanted)}
    close = difflib.get_close_matches(_letters(value), by_letters, n=1, cutoff=_NEAR)
    return by_letters[close[0]] if close else ""


def value_variant(facts: Facts) -> pd.DataFrame:
    """Find texts that differ from a more frequent one of their column only in case or blanks."""
    named = _named(facts.study)
    parts = []
    for table, columns in _SPELLED.items():
        for column in columns:
            if facts.has(table, column) and not named.get((table, column)):
                values = facts.records[table][column]
                meant = _variants(values)
                if meant:
                    parts.append(findings(facts, table, values.isin(meant), _variant_words(column, meant)))
    return together(parts)


def _variants(values: pd.Series[Any]) -> dict[str, str]:
    """Return rarer spelling -> more frequent one."""
    counts = values.value_counts()
    frequent: dict[str, str] = {}
    meant = {}
    for text in sorted(counts.index, key=lambda name: (-int(counts[name]), name)):
        first = frequent.setdefault(folded(text), text)
        if first != text:
            meant[text] = first
    return meant


def _variant_words(column: str, meant: dict[str, str]) -> Any:
    texts = {value: f"{column} is {value!r}, and elsewhere {usual!r}" for value, usual in meant.items()}
    return lambda rows, _: rows[column].map(texts)
