"""Rules of the review that compare dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.tables import TABLES

from .dates import parse_dates
from .review_findings import beside, dated, findings, no_findings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .review_facts import Facts

    Check = Callable[[Facts], pd.DataFrame]

# Dates of something that a living subject did or had; not when it was reported or ended.
_HAPPENED = tuple(
    (table, column)
    for table, schema in TABLES.items()
    for column, spec in schema.columns.items()
    if spec.kind == "date"
    and table not in ("subjects", "screening", "disposition")
    and column not in ("reported_date", "last_negative_date", "discharge_date", "stop_date")
)
_FIRST_YEAR = 1900


def _time_zeros(facts: Facts) -> list[str]:
    """Return the date columns of subjects from which endpoints are counted."""
    names = [facts.study.time_zero_of(name) for name in facts.study.endpoints]
    return [name for name in dict.fromkeys(names) if name in facts.records.subjects.columns]


def in_order(table: str, first: str, second: str, suggestion: str) -> Check:
    """Make a rule: in a row of ``table``, ``first`` is not after ``second``."""

    def words(rows: pd.DataFrame) -> pd.Series[Any]:
        return f"{first} " + rows[first] + f", {second} " + rows[second]

    def check(facts: Facts) -> pd.DataFrame:
        if table not in facts.records or not {first, second} <= set(facts.records[table].columns):
            return no_findings()
        frame = facts.records[table]
        before, after = parse_dates(frame[first]), parse_dates(frame[second])
        wrong = before["earliest"] > after["latest"]
        return findings(frame, wrong, words, suggestion, table=table)

    return check


def event_after_death(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, dated after the subject's death."""
    return _after_death(
        facts, facts.dates["role"] == "component", "correct the date of the event or of death"
    )


def seen_after_death(facts: Facts) -> pd.DataFrame:
    """Find other records of something done or had after the subject's death."""
    dates = facts.dates
    happened = pd.Series(False, index=dates.index)
    for table, column in _HAPPENED:
        happened |= (dates["table"] == table) & (dates["column"] == column)
    other = happened & (dates["role"] == "")
    return _after_death(facts, other, "check both dates; the row is kept, death ends observation")


def status_after_death(facts: Facts) -> pd.DataFrame:
    """Find status facts other than death that are dated after the subject's death."""
    dates = facts.dates
    status = (dates["table"] == "disposition") & (dates["column"] == "date") & (dates["role"] == "")
    if facts.study.death.table == "disposition":
        status &= ~dates["position"].isin(dates["position"][dates["role"] == "death"])
    return _after_death(facts, status, "check both dates; death ends observation")


def _after_death(facts: Facts, chosen: pd.Series[Any], suggestion: str) -> pd.DataFrame:
    dates = facts.dates[chosen.to_numpy(dtype=bool)]
    dates = dates.assign(death=facts.at_death(dates["subject_id"], "latest"))
    return findings(dates, dates["earliest"] > dates["death"], beside("death", "death"), suggestion)


def conflicting_deaths(facts: Facts) -> pd.DataFrame:
    """Find deaths of one subject on different days."""
    return _several_deaths(facts, conflict=True, suggestion="keep the row with the true date of death")


def repeated_deaths(facts: Facts) -> pd.DataFrame:
    """Find deaths of one subject recorded more than once with dates that agree."""
    return _several_deaths(facts, conflict=False, suggestion="keep one row; it counts once")


def _several_deaths(facts: Facts, *, conflict: bool, suggestion: str) -> pd.DataFrame:
    deaths = facts.dates[(facts.dates["role"] == "death") & facts.dates["earliest"].notna()]
    by_subject = deaths.groupby("subject_id")
    differ = by_subject["earliest"].transform("max") > by_subject["latest"].transform("min")
    repeated = deaths.duplicated("subject_id", keep=False)
    marked = (repeated & differ) if conflict else (deaths.duplicated("subject_id") & ~differ)
    return findings(deaths, marked, dated, suggestion)


def death_before_start(facts: Facts) -> pd.DataFrame:
    """Find deaths before randomisation or before a time zero."""
    deaths = facts.dates[facts.dates["role"] == "death"]
    starts = pd.DataFrame(index=deaths.index)
    for column in ("randomised_date", *_time_zeros(facts)):
        starts[column] = facts.of_subject(deaths["subject_id"], column, "earliest")
    deaths = deaths.assign(start=starts.max(axis=1))
    words = beside("randomised or time zero", "start")
    suggestion = "correct the date of death, or of the start"
    return findings(deaths, deaths["latest"] < deaths["start"], words, suggestion)


def death_without_date(facts: Facts) -> pd.DataFrame:
    """Find deaths without a date."""
    deaths = facts.dates[facts.dates["role"] == "death"]
    return findings(deaths, deaths["earliest"].isna(), "death without a date", "enter it, partial if need be")


def component_without_date(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, without the date that counts."""
    dates = facts.dates[facts.dates["role"] == "component"]
    suggestion = "enter the date; the event is not counted without"
    return findings(
        dates, dates["earliest"].isna(), lambda rows: "no " + rows["column"].astype("string"), suggestion
    )


def before_time_zero(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, wholly before time zero."""
    dates = facts.dates[facts.dates["role"] == "component"]
    dates = dates.assign(start=facts.of_subject(dates["subject_id"], facts.study.time_zero, "earliest"))
    words = beside(facts.study.time_zero_label, "start")
    return findings(dates, dates["latest"] < dates["start"], words, "nothing; it is not counted")


def partial_date(facts: Facts) -> pd.DataFrame:
    """Find events that the study counts, and deaths, whose day is not known."""
    dates = facts.dates[facts.dates["role"] != ""]
    suggestion = "complete it if the day is known; otherwise it is imputed and flagged"
    return findings(dates, dates["precision"].isin(["month", "year"]), dated, suggestion)


def missing_time_zero(facts: Facts) -> pd.DataFrame:
    """Find subjects without a date from which an endpoint is counted."""
    subjects = facts.records.subjects
    names = [facts.study.time_zero_of(name) for name in facts.study.endpoints]
    missing = pd.DataFrame(
        {name: subjects[name].isna() if name in subjects.columns else True for name in dict.fromkeys(names)},
        index=subjects.index,
    )
    found = pd.Series("", index=subjects.index, dtype="string")
    for name in missing.columns:
        found = found.mask(missing[name], found + f"no {name} ")
    return findings(
        subjects,
        missing.any(axis=1),
        lambda rows: found[rows.index].str.strip(),
        "enter the date; the subject is excluded, with this reason, from endpoints counted from it",
        table="subjects",
    )


def partial_time_zero(facts: Facts) -> pd.DataFrame:
    """Find subjects whose time zero is not a whole day."""
    dates = facts.dates
    dates = dates[(dates["table"] == "subjects") & dates["column"].isin(_time_zeros(facts))]
    return findings(dates, dates["precision"].isin(["month", "year"]), dated, "enter the whole day")


def _essential(facts: Facts) -> pd.Series[Any]:
    """Return which dates are a death or a time zero."""
    dates = facts.dates
    zero = (dates["table"] == "subjects") & dates["column"].isin(_time_zeros(facts))
    return zero | (dates["role"] == "death")


def impossible_start_or_death(facts: Facts) -> pd.DataFrame:
    """Find time zeros and deaths before 1900."""
    return _too_early(facts, _essential(facts), "correct the year")


def implausible_date(facts: Facts) -> pd.DataFrame:
    """Find other dates before 1900."""
    return _too_early(facts, ~_essential(facts), "check the year")


def _too_early(facts: Facts, chosen: pd.Series[Any], suggestion: str) -> pd.DataFrame:
    dates = facts.dates[chosen.to_numpy(dtype=bool)]
    early = dates["latest"].dt.year < _FIRST_YEAR
    return findings(dates, early, dated, suggestion)


def after_cutoff(facts: Facts) -> pd.DataFrame:
    """Find dates after the data cutoff."""
    limit = facts.records.data_cutoff or facts.study.data_cutoff
    if limit is None:
        return no_findings()
    dates = facts.dates
    suggestion = "correct the date, or cut the records at the data cutoff"
    return findings(
        dates,
        dates["earliest"] > pd.Timestamp(limit),
        lambda rows: dated(rows) + f", data cutoff {limit.isoformat()}",
        suggestion,
    )


def no_follow_up(facts: Facts) -> pd.DataFrame:
    """Find subjects of whom nothing is recorded after randomisation."""
    subjects, dates = facts.records.subjects, facts.dates
    start = facts.of_subject(dates["subject_id"], "randomised_date", "earliest")
    later = dates["latest"] > start
    later &= ~((dates["table"] == "subjects") & dates["column"].isin(["consent_date", "treatment_date"]))
    followed = dates["subject_id"][later]
    return findings(
        subjects,
        ~subjects["subject_id"].isin(followed),
        "no date after randomisation in any table",
        "enter the follow-up, or why there is none; the subject is observed for no time",
        table="subjects",
    )
