"""Rules of the review on what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal.tables import DERIVED, TABLES

from .facts import filter_rows
from .findings import either, findings, iso, no_findings, together

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.arrays import BoolArray
    from skeletal.study import RecordFilter

    from .facts import Facts

_LEAST_SILENCE = 183  # days without contact, where the study plans no visits
_FIRST_NEWS = 60  # days after randomisation within which nothing need be recorded before the data cutoff
_OPEN_STAY = 60  # days after an admission at which something else shows that the stay has ended


def missing_value(facts: Facts) -> pd.DataFrame:
    """Find required columns that are empty; dates that the study counts have rules of their own."""
    parts = []
    counted = {(rule.table, rule.date) for rule in [facts.study.death, *facts.study.components.values()]}
    own = {*counted, ("subjects", facts.study.time_zero), ("subjects", "arm")}
    for name, frame in facts.records.tables.items():
        parts += [
            findings(facts, name, frame[column].isna(), f"{column} is empty")
            for column in TABLES[name].required
            if column in frame.columns and (name, column) not in own
        ]
    return together(parts)


def missing_site(facts: Facts) -> pd.DataFrame:
    """Find subjects without a site, where others have one."""
    if not facts.has("subjects", "site"):
        return no_findings()
    return findings(facts, "subjects", facts.records.subjects["site"].isna(), "site is empty")


def missing_covariate(facts: Facts) -> pd.DataFrame:
    """Find subjects without a stratum or covariate of an analysis."""
    names = (name for item in facts.study.analyses.values() for name in (*item.strata, *item.covariates))
    parts = []
    for column in dict.fromkeys(names):
        if facts.has("subjects", column):
            missing = facts.records.subjects[column].isna()
            parts.append(findings(facts, "subjects", missing, f"{column} is empty"))
    return together(parts)


def no_follow_up(facts: Facts) -> pd.DataFrame:
    """Find subjects of whom nothing is recorded after randomisation, not even that they died or left.

    Who was randomised shortly before the data cutoff may have no visit yet.
    """
    start = facts.of_subjects("randomised_date").earliest
    silent = ~(facts.last_date > start) & ~np.isnat(start)
    silent &= np.isnat(facts.left()) & np.isnat(facts.death_last) & ~(start + _FIRST_NEWS > facts.limit)
    return findings(facts, "subjects", silent, "no date of any table is after randomisation")


def short_follow_up(facts: Facts) -> pd.DataFrame:
    """Find subjects of whom nothing is known for long before the data cutoff or the last visit."""
    ends = facts.of_subjects(facts.study.time_zero).earliest
    days = sorted({0, *(visit.day + visit.window_after for visit in facts.study.visits)})
    silence = max([int(gap) for gap in np.diff(days)] or [_LEAST_SILENCE])
    due = np.full(ends.size, facts.limit)
    if len(days) > 1:
        due = np.fmin(due, ends + days[-1])
    left = ~np.isnat(facts.death_last) | ~np.isnat(facts.left()) | _completed(facts)
    last = facts.last_contact
    started = last > facts.of_subjects("randomised_date").latest
    short = ~left & started & (due - last > np.timedelta64(silence, "D")) & ~np.isnat(facts.limit)
    words = "the last contact is dated {}, and the subject was to be followed until {}"
    return findings(
        facts,
        "subjects",
        short,
        lambda _, places: [
            words.format(*row) for row in zip(iso(last[places]), iso(due[places]), strict=True)
        ],
    )


def _completed(facts: Facts) -> BoolArray:
    if not facts.has("disposition", "status"):
        return np.zeros(facts.records.n_subjects, dtype=bool)
    rows = either(facts.records["disposition"]["status"] == "completed")
    return np.isin(np.arange(facts.records.n_subjects), facts.owners["disposition"][rows])


def subject_without_lesion(facts: Facts) -> pd.DataFrame:
    """Find subjects without a lesion, where the table is there."""
    if "lesions" not in facts.records:
        return no_findings()
    there = np.isin(np.arange(facts.records.n_subjects), facts.owners["lesions"])
    return findings(facts, "subjects", ~there, "the subject has no row of lesions")


def lesion_without_size(facts: Facts) -> pd.DataFrame:
    """Find lesions (target ones, where the table tells) without a diameter, where others have one."""
    if not facts.has("lesions", "diameter_cm"):
        return no_findings()
    frame = facts.records["lesions"]
    missing = frame["diameter_cm"].isna() & bool(frame["diameter_cm"].notna().any())
    if "target" in frame.columns:
        missing &= either(frame["target"])
    return findings(facts, "lesions", missing, "diameter_cm is empty")


def undecided_row(facts: Facts) -> pd.DataFrame:
    """Find rows that the study would count, were a column that decides it not empty."""
    study = facts.study
    used = {name for endpoint in study.endpoints.values() for name in endpoint.components}
    found: dict[tuple[str, str], BoolArray] = {}
    for rule in [study.death, *(study.components[name] for name in sorted(used))]:
        if rule.table in DERIVED or rule.table not in facts.records:
            continue
        for column in rule.where:
            rows = _undecided(facts, rule, column)
            if rows is not None:
                place = (rule.table, column)
                found[place] = found.get(place, np.zeros(len(rows), dtype=bool)) | rows
    words = "{} is empty, so that nobody can tell whether the row is an event of the trial"
    return together(
        [findings(facts, table, rows, words.format(column)) for (table, column), rows in found.items()]
    )


def _undecided(facts: Facts, rule: RecordFilter, column: str) -> BoolArray | None:
    """Return rows that satisfy a filter but for ``column``, which is empty and not a required one."""
    frame = facts.records[rule.table]
    required = rule.table in TABLES and column in TABLES[rule.table].required
    if required or column not in frame.columns:
        return None
    others = {name: values for name, values in rule.where.items() if name != column}
    rows = filter_rows(facts.records, rule.model_copy(update={"where": others}))
    return None if rows is None or not others else rows & frame[column].isna().to_numpy(dtype=bool)


def event_without_detection(facts: Facts) -> pd.DataFrame:
    """Find events of which it is not said how they were detected, where others say it."""
    return _empty_beside_others(facts, "events", "detection")


def death_without_cause(facts: Facts) -> pd.DataFrame:
    """Find deaths without a cause, where others have one."""
    if not facts.has("disposition", "cause", "status"):
        return no_findings()
    frame = facts.records["disposition"]
    missing = either(frame["status"] == "died") & frame["cause"].isna() & bool(frame["cause"].notna().any())
    return findings(facts, "disposition", missing, "the death has no cause")


def radiotherapy_without_dose(facts: Facts) -> pd.DataFrame:
    """Find radiotherapy that was performed, without dose or number of fractions."""
    if not facts.has("procedures", "kind", "performed_date"):
        return no_findings()
    frame = facts.records["procedures"]
    given = either(frame["kind"].str.contains("radi|brachy", case=False)) & frame["performed_date"].notna()
    parts = []
    for column in ("dose_gy", "fractions"):
        if column in frame.columns and frame[column].notna().any():
            words = f"the radiotherapy was performed, and {column} is empty"
            parts.append(findings(facts, "procedures", given & frame[column].isna(), words))
    return together(parts)


def discharge_missing(facts: Facts) -> pd.DataFrame:
    """Find stays without discharge, though later records show that they ended."""
    if not facts.has("stays", "admission_date", "discharge_date"):
        return no_findings()
    frame = facts.records["stays"]
    admitted = facts.days["stays", "admission_date"].latest
    open_stay = frame["discharge_date"].isna().to_numpy(dtype=bool) & (facts.owners["stays"] >= 0)
    in_hospital = np.ones(len(frame), dtype=bool)
    if "place" in frame.columns:
        in_hospital = either((frame["place"] == "hospital") | frame["place"].isna())
        open_stay &= ~either(frame["place"] == "nursing_home")
    everything = np.ones(len(frame), dtype=bool)
    again = facts.of_owner(
        "stays", facts.last_of("stays", everything, facts.days["stays", "admission_date"].earliest)
    )
    seen = facts.of_owner("stays", facts.last_contact)
    ended = (again > admitted) | (in_hospital & (seen > admitted + _OPEN_STAY))
    words = "the stay has no discharge, and later records of the subject reach {}"
    last = np.fmax(again, seen)
    return findings(
        facts, "stays", open_stay & ended, lambda _, places: [words.format(day) for day in iso(last[places])]
    )


def _empty_beside_others(facts: Facts, table: str, column: str) -> pd.DataFrame:
    if not facts.has(table, column):
        return no_findings()
    values = facts.records[table][column]
    return findings(facts, table, values.isna() & bool(values.notna().any()), f"{column} is empty")
