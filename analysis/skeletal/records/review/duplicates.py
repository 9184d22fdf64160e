"""Rules of the review on what is recorded twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.tables import TABLES

from .findings import codes_of, filled, findings, findings_at, no_findings, together
from .order import death_rows

if TYPE_CHECKING:
    from .facts import Facts
    from .findings import Words

# A row that is there twice in one of these may count twice.
_COUNTED = ("lesions", "events", "procedures")
_ONE_DAY = np.timedelta64(1, "D")


def _duplicates(facts: Facts, tables: tuple[str, ...]) -> pd.DataFrame:
    """Find rows whose key an earlier row has."""
    parts = []
    for name in tables:
        if name not in facts.records:
            continue
        frame, schema = facts.records[name], TABLES[name]
        key = [column for column in schema.key if column in frame.columns]
        complete = frame[[column for column in key if column in schema.required]].notna().all(axis=1)
        parts.append(findings(facts, name, frame.duplicated(key) & complete, _key_words(key)))
    return together(parts)


def _key_words(key: list[str]) -> Words:
    def words(rows: pd.DataFrame, _: Any) -> pd.Series[Any]:
        shown = rows[key].astype("string").fillna("-")
        return "the row has the same key as an earlier one: " + shown[key[0]].str.cat(shown[key[1:]], " ")

    return words


def duplicate_key(facts: Facts) -> pd.DataFrame:
    """Find rows with the key of an earlier row, in tables whose rows are counted."""
    return _duplicates(facts, _COUNTED)


def repeated_row(facts: Facts) -> pd.DataFrame:
    """Find rows with the key of an earlier row, in other tables."""
    return _duplicates(facts, tuple(name for name in TABLES if name not in (*_COUNTED, "subjects")))


def conflicting_deaths(facts: Facts) -> pd.DataFrame:
    """Find deaths of one subject on different days."""
    return _several_deaths(facts, conflict=True)


def repeated_deaths(facts: Facts) -> pd.DataFrame:
    """Find deaths of one subject recorded more than once with dates that agree."""
    return _several_deaths(facts, conflict=False)


def _several_deaths(facts: Facts, *, conflict: bool) -> pd.DataFrame:
    deaths = death_rows(facts)
    deaths = deaths[deaths["earliest"].notna() & (deaths["owner"] >= 0)]
    if deaths.empty:
        return no_findings()
    by_subject = deaths.groupby("owner")
    differ = by_subject["earliest"].transform("max") > by_subject["latest"].transform("min")
    again = deaths.duplicated("owner", keep=False if conflict else "first")
    marked = again & (differ if conflict else ~differ)
    table, column = next(iter(facts.deaths))
    words = (
        "one of several deaths of the subject, dated " if conflict else "the death is recorded again, dated "
    )
    return findings_at(
        facts,
        table,
        deaths["place"][marked].to_numpy(),
        lambda rows, _: words + rows[column].astype("string"),
    )


def same_event_twice(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, of one kind and lesion within a day, under two numbers."""
    if not facts.has("events", "component", "date", "event_id"):
        return no_findings()
    counted = np.zeros(len(facts.records["events"]), dtype=bool)
    for (table, _), rows in facts.counted.items():
        counted |= rows if table == "events" else False
    words = "the {} dated {} is within a day of another of that kind with another number"
    day = facts.days["events", "date"]
    again = _within_a_day(
        facts, "events", ("component", "lesion_id"), day.earliest, day.precision, "event_id"
    )
    return findings(facts, "events", again & counted, filled(words, "component", "date"))


def same_procedure_twice(facts: Facts) -> pd.DataFrame:
    """Find procedures of one kind and lesion performed within a day of each other, under two numbers."""
    if not facts.has("procedures", "kind", "performed_date", "procedure_id"):
        return no_findings()
    words = "the {} performed on {} is within a day of another of that kind with another number"
    day = facts.days["procedures", "performed_date"]
    same = ("kind", "intent", "lesion_id")
    again = _within_a_day(facts, "procedures", same, day.earliest, day.precision, "procedure_id")
    return findings(facts, "procedures", again, filled(words, "kind", "performed_date"))


def _within_a_day(
    facts: Facts, table: str, same: tuple[str, ...], day: Any, precision: Any, number: str
) -> Any:
    """Return rows at most a day after another that agrees in ``same`` and has another number.

    Rows without the first of ``same`` are like no other.
    """
    frame = facts.records[table]
    keys = pd.DataFrame({name: codes_of(frame[name]) for name in same if name in frame.columns})
    keys = keys.assign(owner=facts.owners[table], day=day, place=np.arange(len(frame)))
    known = (precision == 0) & (facts.owners[table] >= 0) & frame[same[0]].notna().to_numpy(dtype=bool)
    keys = keys.assign(number=codes_of(frame[number]))[known]
    groups = [name for name in keys.columns if name not in ("day", "place", "number")]
    keys = keys.sort_values([*groups, "day", "place"])
    before = keys.groupby(groups)[["day", "number"]].shift()
    near = ((keys["day"] - before["day"]) <= _ONE_DAY) & (keys["number"] != before["number"])
    marked = np.zeros(len(frame), dtype=bool)
    marked[keys["place"].to_numpy()[near.to_numpy(dtype=bool)]] = True
    return marked


def shared_screening(facts: Facts) -> pd.DataFrame:
    """Find subjects with the screening number of another."""
    if not facts.has("subjects", "screening_id"):
        return no_findings()
    number = facts.records.subjects["screening_id"]
    marked = number.duplicated(keep=False) & number.notna()
    words = "screening_id {} is also that of another subject"
    return findings(facts, "subjects", marked, filled(words, "screening_id"))
