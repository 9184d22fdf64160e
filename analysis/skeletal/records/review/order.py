"""Rules of the review that hold two dates of a subject against each other."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .findings import (
    against,
    dated,
    filled,
    findings,
    no_findings,
    noun,
    together,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .facts import Facts
    from .findings import Check

# Table, and two of its dates between which more days than this are probably a wrong year.
_INTERVALS = (
    ("subjects", "consent_date", "randomised_date", 183),
    ("subjects", "randomised_date", "treatment_date", 183),
    ("procedures", "indicated_date", "performed_date", 183),
)
_RANDOMISED = "randomised_date"
_WAITING_DAYS = 60  # between the indication of a procedure and its performance


def _in_order(table: str, first: str, second: str) -> Check:
    """Make a rule: in a row of ``table``, ``first`` is not after ``second``."""

    def words(rows: pd.DataFrame, _: Any) -> Any:
        start = f"the {noun(table, first)} is dated " + rows[first].astype("string")
        return start + f", after the {noun(table, second)} on " + rows[second].astype("string")

    def check(facts: Facts) -> pd.DataFrame:
        if not {(table, first), (table, second)} <= set(facts.days):
            return no_findings()
        wrong = facts.days[table, first].earliest > facts.days[table, second].latest
        return findings(facts, table, wrong, words)

    return check


ORDERED: Mapping[str, Check] = MappingProxyType(
    {
        "discharge_before_admission": _in_order("stays", "admission_date", "discharge_date"),
        "randomised_before_consent": _in_order("subjects", "consent_date", "randomised_date"),
        "treatment_before_randomisation": _in_order("subjects", "randomised_date", "treatment_date"),
        "treatment_before_consent": _in_order("subjects", "consent_date", "treatment_date"),
        "performed_before_indicated": _in_order("procedures", "indicated_date", "performed_date"),
        "stop_before_start": _in_order("therapies", "start_date", "stop_date"),
        "reported_before_event": _in_order("events", "date", "reported_date"),
        "adjudicated_before_event": _in_order("events", "date", "adjudicated_date"),
        "reported_before_status": _in_order("disposition", "date", "reported_date"),
        "negative_after_event": _in_order("events", "last_negative_date", "date"),
    }
)


def long_interval(facts: Facts) -> pd.DataFrame:
    """Find dates of a row that lie so far apart that one has probably a wrong year."""
    parts = []
    for table, first, second, most in _INTERVALS:
        if not {(table, first), (table, second)} <= set(facts.days):
            continue
        apart = facts.days[table, second].earliest - facts.days[table, first].latest
        nouns = f"the {noun(table, first)} is dated {{}} and the {noun(table, second)} {{}}"
        words = filled(f"{nouns}, more than {most} days later", first, second)
        expected = f"at most {most} days lie between {first} and {second}"
        parts.append(findings(facts, table, apart > np.timedelta64(most, "D"), words, expected=expected))
    return together(parts)


def protocol_treatment_before_randomisation(facts: Facts) -> pd.DataFrame:
    """Find treatments of the protocol performed before randomisation."""
    if not facts.has("procedures", "intent", "performed_date"):
        return no_findings()
    start = facts.of_owner("procedures", facts.of_subjects("randomised_date").earliest)
    planned = (facts.records["procedures"]["intent"] == "protocol").fillna(False).to_numpy(dtype=bool)
    early = planned & (facts.days["procedures", "performed_date"].latest < start)
    words = against("procedures", "performed_date", "before the randomisation on", start)
    return findings(facts, "procedures", early, words)


def death_rows(facts: Facts) -> pd.DataFrame:
    """Return the deaths: ``place`` in their table, ``owner``, ``earliest`` and ``latest``."""
    if not facts.deaths:
        return pd.DataFrame({"place": [], "owner": [], "earliest": [], "latest": []})
    (place, rows), *_ = facts.deaths.items()
    days = facts.days[place]
    return pd.DataFrame(
        {
            "place": np.flatnonzero(rows),
            "owner": facts.owners[place[0]][rows],
            "earliest": days.earliest[rows].astype("datetime64[ns]"),
            "latest": days.latest[rows].astype("datetime64[ns]"),
        }
    )


def death_before_start(facts: Facts) -> pd.DataFrame:
    """Find deaths before randomisation or before a time zero."""
    if not facts.deaths:
        return no_findings()
    ((table, column), rows), *_ = facts.deaths.items()
    start = facts.of_subjects("randomised_date").earliest
    for name in facts.time_zeros():
        start = np.fmax(start, facts.of_subjects(name).earliest)
    start = facts.of_owner(table, start)
    early = rows & (facts.days[table, column].latest < start)
    words = against(table, column, "a death before randomisation or time zero on", start)
    return findings(facts, table, early, words)


def death_without_date(facts: Facts) -> pd.DataFrame:
    """Find deaths without a date."""
    if not facts.deaths:
        return no_findings()
    (place, rows), *_ = facts.deaths.items()
    return findings(facts, place[0], rows & np.isnat(facts.days[place].earliest), "the death has no date")


def component_without_date(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, without the date that counts."""
    parts = []
    for (table, column), rows in facts.counted.items():
        missing = rows & np.isnat(facts.days[table, column].earliest)
        if (table, column) == ("procedures", "performed_date"):
            missing &= ~_may_come(facts)
        words = f"an event that the trial counts has no {column}"
        parts.append(findings(facts, table, missing & ~_are_deaths(facts, table, column), words))
    return together(parts)


def _may_come(facts: Facts) -> Any:
    """Return which procedures were indicated so shortly before the data cutoff that they may yet be done."""
    indicated = facts.days.get(("procedures", "indicated_date"))
    if indicated is None:
        return np.zeros(len(facts.records["procedures"]), dtype=bool)
    return indicated.latest + _WAITING_DAYS > facts.limit


def _are_deaths(facts: Facts, table: str, column: str) -> Any:
    return facts.deaths.get((table, column), np.zeros(len(facts.records[table]), dtype=bool))


def before_time_zero(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, wholly before time zero."""
    parts = []
    for (table, column), rows in facts.counted.items():
        if table not in facts.owners:
            continue
        start = facts.of_owner(table, facts.of_subjects(facts.study.time_zero).earliest)
        early = rows & ~_are_deaths(facts, table, column) & (facts.days[table, column].latest < start)
        words = against(table, column, f"before {facts.study.time_zero_label} on", start)
        parts.append(findings(facts, table, early, words))
    return together(parts)


def partial_date(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts and deaths whose day or month is not known."""
    parts = []
    places = {**facts.counted, **facts.deaths}
    for table, column in places:
        none = np.zeros(len(facts.records[table]), dtype=bool)
        rows = facts.counted.get((table, column), none) | facts.deaths.get((table, column), none)
        partial = rows & (facts.days[table, column].precision > 0)
        parts.append(findings(facts, table, partial, dated(table, column)))
    return together(parts)


def partial_time_zero(facts: Facts) -> pd.DataFrame:
    """Find subjects whose time zero is not a whole day, or whose day of randomisation is missing.

    Everybody was randomised on some day: without it the subject would be in no analysis.
    """
    parts = []
    for name in facts.time_zeros():
        precision = facts.of_subjects(name).precision
        if ("subjects", name) in facts.days:
            parts.append(findings(facts, "subjects", precision > 0, dated("subjects", name)))
        if name == _RANDOMISED:
            parts.append(findings(facts, "subjects", precision < 0, f"{name} is empty"))
    return together(parts)


def missing_time_zero(facts: Facts) -> pd.DataFrame:
    """Find subjects without a date, other than randomisation, from which an endpoint is counted."""
    parts = [
        findings(facts, "subjects", np.isnat(facts.of_subjects(name).earliest), f"{name} is empty")
        for name in facts.time_zeros()
        if name != _RANDOMISED
    ]
    return together(parts)
