"""Rules of the review on treatment as randomised, and on how somebody came to be randomised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .facts import filter_rows
from .findings import either, findings, no_findings, noun, together

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray, IntArray
    from skeletal.study import IntercurrentEvent

    from .facts import Facts

_PENDING = np.timedelta64(60, "D")  # so long before the data cutoff, screening may not be over


def unknown_arm(facts: Facts) -> pd.DataFrame:
    """Find subjects of an arm that the study does not have."""
    known = [arm.name for arm in facts.study.arms]
    strange = either(~facts.records.subjects["arm"].isin(known))
    words = "the arm is {}"
    return findings(
        facts,
        "subjects",
        strange,
        lambda rows, _: [words.format("empty" if pd.isna(arm) else arm) for arm in rows["arm"]],
        expected=f"arm is one of {', '.join(known)}",
    )


def empty_arm(facts: Facts) -> pd.DataFrame:
    """Find arms of the study without a subject."""
    present = set(facts.records.subjects["arm"].dropna())
    absent = [arm.name for arm in facts.study.arms if arm.name not in present]
    if not absent:
        return no_findings()
    frame = no_findings().reindex(range(len(absent)))
    words = [f"no subject is in arm {name}" for name in absent]
    return frame.assign(
        table="subjects", found=pd.Series(words, dtype="string"), expected="", request=""
    ).astype({"table": "string", "expected": "string", "request": "string"})


def _departures(facts: Facts) -> list[IntercurrentEvent]:
    """Return the events that depart from an arm's treatment; none where the arms are masked."""
    if facts.study.masking != "none":
        return []
    return [event for event in facts.study.intercurrent.values() if event.departure]


def _of_arms(facts: Facts, event: IntercurrentEvent) -> BoolArray:
    """Return which subjects are of the arms of an event."""
    arm = facts.records.subjects["arm"]
    return either(arm.isin(event.arms)) if event.arms else np.ones(len(arm), dtype=bool)


def treated_against_arm(facts: Facts) -> pd.DataFrame:
    """Find rows that depart from the treatment of the subject's arm."""
    parts = []
    for event in _departures(facts):
        rows = filter_rows(facts.records, event)
        if event.absent_by is not None or rows is None or event.table not in facts.owners:
            continue
        if (event.table, event.date) not in facts.days:
            continue
        owner, days = facts.owners[event.table], facts.days[event.table, event.date]
        start = facts.of_owner(event.table, facts.of_subjects("randomised_date").earliest)
        members = np.append(_of_arms(facts, event), False)[owner]
        against = rows & members & ~(days.latest < start) & ~np.isnat(days.latest)
        parts.append(findings(facts, event.table, against, _departure_words(facts, event, owner)))
    return together(parts)


def _departure_words(facts: Facts, event: IntercurrentEvent, owner: IntArray) -> Any:
    arms = facts.records.subjects["arm"].to_numpy(dtype=object)
    words = f"{event.label}: the subject was randomised to {{}}, and the {noun(event.table, event.date)} is "
    words += "dated {}"
    return lambda rows, places: [
        words.format(*pair) for pair in zip(arms[owner[places]], rows[event.date], strict=True)
    ]


def arm_treatment_missing(facts: Facts) -> pd.DataFrame:
    """Find subjects, followed long enough, without the treatment of their arm."""
    parts = []
    start = facts.of_subjects("randomised_date").earliest
    end = facts.followed_until()
    for event in _departures(facts):
        rows = filter_rows(facts.records, event)
        if event.absent_by is None or rows is None or (event.table, event.date) not in facts.days:
            continue
        by = start + event.absent_by
        owner, days = facts.owners[event.table], facts.days[event.table, event.date]
        came = rows & (owner >= 0) & (days.earliest <= facts.of_owner(event.table, by))
        treated = np.isin(np.arange(start.size), owner[came])
        missing = _of_arms(facts, event) & ~treated & (end > by)
        words = f"{event.label}: {event.table} has no such row within {event.absent_by} days of randomisation"
        parts.append(findings(facts, "subjects", missing, words))
    return together(parts)


# --- screening ---------------------------------------------------------------------------------------


def _link(facts: Facts) -> tuple[IntArray, IntArray] | None:
    """Return subject -> row of screening, and row of screening -> subject, -1 where there is none.

    None where no subject is found in screening: the two tables then have numbers of their own.
    """
    if not facts.has("screening", "screening_id"):
        return None
    subjects = facts.records.subjects
    name = "screening_id" if "screening_id" in subjects.columns else "subject_id"
    number = pd.Index(subjects[name].astype(object))
    screened = pd.Index(facts.records["screening"]["screening_id"].astype(object))
    first = ~screened.duplicated()
    row = np.flatnonzero(first)
    place = pd.Index(screened[first]).get_indexer(number)
    if not (place >= 0).any():
        return None
    unique = ~number.duplicated() & ~number.isna()
    back = pd.Index(number[unique]).get_indexer(screened)
    return np.where(place >= 0, row[place], -1), np.where(back >= 0, np.flatnonzero(unique)[back], -1)


def randomised_unscreened(facts: Facts) -> pd.DataFrame:
    """Find subjects who are not in the table of screening."""
    link = _link(facts)
    if link is None:
        return no_findings()
    return findings(facts, "subjects", link[0] < 0, "the subject is not in the table of screening")


def _screened_as(facts: Facts, column: str, answer: bool, *, subject: bool) -> Any:
    """Return which rows of screening say ``answer`` in ``column``, of subjects or of nobody randomised."""
    link = _link(facts)
    if link is None or not facts.has("screening", column):
        return None
    said = either(facts.records["screening"][column] == answer)
    return said & ((link[1] >= 0) == subject)


def _screening_rule(facts: Facts, column: str, answer: bool, *, subject: bool, words: str) -> pd.DataFrame:
    marked = _screened_as(facts, column, answer, subject=subject)
    return no_findings() if marked is None else findings(facts, "screening", marked, words)


def randomised_ineligible(facts: Facts) -> pd.DataFrame:
    """Find subjects who were not eligible at screening."""
    words = "the person was not eligible at screening and is among the subjects"
    return _screening_rule(facts, "eligible", False, subject=True, words=words)


def randomised_unconsented(facts: Facts) -> pd.DataFrame:
    """Find subjects who did not consent at screening."""
    words = "the person did not consent at screening and is among the subjects"
    return _screening_rule(facts, "consented", False, subject=True, words=words)


def randomised_denied(facts: Facts) -> pd.DataFrame:
    """Find subjects who were not randomised, as screening says."""
    words = "screening says that the person was not randomised, who is among the subjects"
    return _screening_rule(facts, "randomised", False, subject=True, words=words)


def randomised_lost(facts: Facts) -> pd.DataFrame:
    """Find people who were randomised, as screening says, and are not among the subjects."""
    words = "screening says that the person was randomised, who is not among the subjects"
    return _screening_rule(facts, "randomised", True, subject=False, words=words)


def screened_without_reason(facts: Facts) -> pd.DataFrame:
    """Find people who were not randomised, without a reason, where others have one."""
    if not facts.has("screening", "randomised", "reason"):
        return no_findings()
    frame = facts.records["screening"]
    pending = np.zeros(len(frame), dtype=bool)
    if ("screening", "date") in facts.days:
        pending = facts.days["screening", "date"].latest + _PENDING > facts.limit
    missing = (
        ~pending & either(~frame["randomised"]) & frame["reason"].isna() & bool(frame["reason"].notna().any())
    )
    return findings(facts, "screening", missing, "the person was not randomised, and the reason is empty")


def screened_after_randomisation(facts: Facts) -> pd.DataFrame:
    """Find subjects screened after they were randomised."""
    link = _link(facts)
    if link is None or not facts.has("screening", "date"):
        return no_findings()
    start = np.append(facts.of_subjects("randomised_date").latest, np.datetime64("NaT", "D"))[link[1]]
    late = facts.days["screening", "date"].earliest > start
    return findings(
        facts,
        "screening",
        late,
        lambda rows, places: [
            f"the screening is dated {date}, after the randomisation on {day}"
            for date, day in zip(rows["date"], start[places], strict=True)
        ],
    )
