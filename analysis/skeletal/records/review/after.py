"""Rules of the review on what is dated after death, after a subject left or after the data cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .findings import against, dated, findings, iso, no_findings, together

if TYPE_CHECKING:
    import pandas as pd

    from .facts import Facts, Place

_TREATED: tuple[Place, ...] = (
    ("procedures", "performed_date"),
    ("therapies", "start_date"),
    ("subjects", "treatment_date"),
)
_SEEN: tuple[Place, ...] = (
    ("assessments", "date"),
    ("events", "date"),
    ("procedures", "indicated_date"),
)
_ANSWERED: tuple[Place, ...] = (("questionnaires", "date"), ("analgesics", "date"))
_ADMITTED: tuple[Place, ...] = (("stays", "admission_date"),)
_ENDED: tuple[Place, ...] = (("stays", "discharge_date"), ("therapies", "stop_date"))
# What needs the participation of the subject.
_TAKES_PART: tuple[Place, ...] = (("assessments", "date"), *_ANSWERED)
_LATE_DAYS = 366  # after the last report of a trial without data cutoff: probably a wrong year


def event_after_death(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, dated after the subject's death."""
    places = tuple(place for place in facts.counted if place[0] in facts.owners)
    return _after_death(facts, places, counted=True)


def seen_after_death(facts: Facts) -> pd.DataFrame:
    """Find assessments, and events that the study does not count, after the subject's death."""
    return _after_death(facts, _SEEN)


def treated_after_death(facts: Facts) -> pd.DataFrame:
    """Find treatments after the subject's death."""
    return _after_death(facts, _TREATED)


def answered_after_death(facts: Facts) -> pd.DataFrame:
    """Find questionnaires and opioid doses after the subject's death."""
    return _after_death(facts, _ANSWERED)


def admitted_after_death(facts: Facts) -> pd.DataFrame:
    """Find admissions after the subject's death."""
    return _after_death(facts, _ADMITTED)


def ended_after_death(facts: Facts) -> pd.DataFrame:
    """Find stays and therapies that end after the subject's death."""
    return _after_death(facts, _ENDED)


def status_after_death(facts: Facts) -> pd.DataFrame:
    """Find status facts other than death that are dated after the subject's death."""
    return _after_death(facts, (("disposition", "date"),))


def _after_death(facts: Facts, places: tuple[Place, ...], *, counted: bool = False) -> pd.DataFrame:
    """Find dates after death, of rows that the study counts as events or of all others but deaths."""
    parts = []
    for table, column in places:
        if (table, column) not in facts.days:
            continue
        none = np.zeros(len(facts.records[table]), dtype=bool)
        rows = facts.counted.get((table, column), none)
        rows = (rows if counted else ~rows) & ~facts.deaths.get((table, column), none)
        death = facts.of_owner(table, facts.death_last)
        late = rows & (facts.days[table, column].earliest > death)
        parts.append(findings(facts, table, late, against(table, column, "after the death on", death)))
    return together(parts)


def seen_after_leaving(facts: Facts) -> pd.DataFrame:
    """Find assessments and answers after the subject was lost or withdrew."""
    left = facts.left()
    parts = []
    for table, column in _TAKES_PART:
        if (table, column) not in facts.days:
            continue
        last = facts.of_owner(table, left)
        late = facts.done(table) & (facts.days[table, column].earliest > last)
        words = against(table, column, "after the subject was lost or withdrew on", last)
        parts.append(findings(facts, table, late, words))
    return together(parts)


def after_cutoff(facts: Facts) -> pd.DataFrame:
    """Find dates after the data cutoff."""
    return _later_than(facts, facts.limit, "after the data cutoff")


def future_date(facts: Facts) -> pd.DataFrame:
    """Find dates more than a year after the last report, in a trial without data cutoff."""
    reports = [days.latest for place, days in facts.days.items() if _is_report(*place)]
    known = np.concatenate(reports) if reports else np.array([], dtype="datetime64[D]")
    known = known[~np.isnat(known)]
    if not np.isnat(facts.limit) or known.size == 0:
        return no_findings()
    last = known.max()
    return _later_than(
        facts, last + _LATE_DAYS, f"more than a year after the last report of the trial, {last},"
    )


def _is_report(table: str, column: str) -> bool:
    return column == "reported_date" or (table, column) == ("disposition", "date")


def _later_than(facts: Facts, limit: Any, words: str) -> pd.DataFrame:
    if np.isnat(limit):
        return no_findings()
    parts = []
    for (table, column), days in facts.days.items():
        late = days.earliest > limit
        if late.any():
            parts.append(findings(facts, table, late, _late_words(table, column, words, limit)))
    return together(parts)


def _late_words(table: str, column: str, words: str, limit: Any) -> Any:
    end = f", {words} {iso([limit])[0]}" if words.endswith("cutoff") else f", {words.rstrip(',')}"
    text = dated(table, column)
    return lambda rows, places: text(rows, places) + end
