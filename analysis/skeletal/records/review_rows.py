"""Rules of the review on keys, names and values."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from skeletal.tables import TABLES

from .faults import did_you_mean
from .review_findings import findings, no_findings, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .review_facts import Facts
    from .review_findings import Words

# A row that is there twice in one of these may count twice.
_COUNTED = ("lesions", "events", "procedures")
# Table -> column -> least and greatest value that can be.
_RANGES: Mapping[str, Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "subjects": {"age": (0, 120), "ecog": (0, 5), "kps": (0, 100)},
        "lesions": {"diameter_cm": (0, 50), "pain_nrs": (0, 10), "bone_loss_percent": (0, 100)},
        "procedures": {"dose_gy": (0, 200), "fractions": (0, 100)},
        "analgesics": {"omed_mg": (0, 10_000)},
    }
)


def _strangers(facts: Facts, *, screened: bool) -> pd.DataFrame:
    """Find rows of people who are not among the subjects, screened or quite unknown."""
    known = facts.records.subjects["subject_id"]
    ids: list[str] = []
    if "screening" in facts.records:
        ids = facts.records["screening"]["screening_id"].dropna().tolist()
    suggestion = (
        "leave the row out; the person was screened and not randomised, and is not analysed"
        if screened
        else "correct the subject_id, or add the subject"
    )
    parts = []
    for name, frame in facts.records.tables.items():
        if name != "subjects" and "subject_id" in frame.columns:
            strange = ~frame["subject_id"].isin(known) & (frame["subject_id"].isin(ids) == screened)
            parts.append(
                findings(frame, strange, lambda rows: _strange_words(rows, known), suggestion, table=name)
            )
    return together(parts)


def _strange_words(rows: pd.DataFrame, known: pd.Series[Any]) -> pd.Series[Any]:
    names = rows["subject_id"].dropna().unique().tolist()
    # Near names are looked for only where there are few: comparing is slow.
    hints = {name: did_you_mean(name, known) if len(names) <= 20 else "" for name in names}
    words = {name: f"{name} is not among the subjects.{hint}" for name, hint in hints.items()}
    return rows["subject_id"].map(words)


def unknown_subject(facts: Facts) -> pd.DataFrame:
    """Find rows of nobody that was randomised or screened."""
    return _strangers(facts, screened=False)


def not_randomised(facts: Facts) -> pd.DataFrame:
    """Find rows of people who were screened and not randomised."""
    return _strangers(facts, screened=True)


def unknown_arm(facts: Facts) -> pd.DataFrame:
    """Find subjects of an arm that the study does not have."""
    subjects = facts.records.subjects
    known = [arm.name for arm in facts.study.arms]
    return findings(
        subjects,
        ~subjects["arm"].isin(known),
        lambda rows: "arm " + rows["arm"],
        f"write one of {', '.join(known)}",
        table="subjects",
    )


def empty_arm(facts: Facts) -> pd.DataFrame:
    """Find arms of the study without a subject."""
    present = set(facts.records.subjects["arm"].tolist())
    absent = [arm.name for arm in facts.study.arms if arm.name not in present]
    frame = pd.DataFrame(
        {"subject_id": pd.NA, "row": pd.NA, "name": pd.Series(absent, dtype="string")},
        index=range(len(absent)),
    )
    suggestion = "check subjects.arm; nothing can be compared"
    return findings(frame, frame["name"].notna(), _arm_words, suggestion, table="subjects")


def _arm_words(rows: pd.DataFrame) -> pd.Series[Any]:
    return "no subject in arm " + rows["name"]


def _duplicates(facts: Facts, tables: tuple[str, ...], suggestion: str) -> pd.DataFrame:
    """Find rows whose key an earlier row has."""
    parts = []
    for name in tables:
        if name not in facts.records:
            continue
        frame, schema = facts.records[name], TABLES[name]
        key = [column for column in schema.key if column in frame.columns]
        complete = frame[[column for column in key if column in schema.required]].notna().all(axis=1)
        marked = frame.duplicated(key) & complete
        parts.append(findings(frame, marked, _key_words(key), suggestion, table=name))
    return together(parts)


def _key_words(key: list[str]) -> Words:
    def words(rows: pd.DataFrame) -> pd.Series[Any]:
        shown = rows[key].astype("string").fillna("-")
        return "same key as an earlier row: " + shown[key[0]].str.cat(shown[key[1:]], " ")

    return words


def duplicate_key(facts: Facts) -> pd.DataFrame:
    """Find rows with the key of an earlier row, in tables whose rows are counted."""
    return _duplicates(facts, _COUNTED, "keep one of them, or give each its own number")


def repeated_row(facts: Facts) -> pd.DataFrame:
    """Find rows with the key of an earlier row, in other tables."""
    others = tuple(name for name in TABLES if name not in (*_COUNTED, "subjects"))
    return _duplicates(facts, others, "keep one of them")


def unknown_lesion(facts: Facts) -> pd.DataFrame:
    """Find rows that name a lesion which the table of lesions does not have."""
    if "lesions" not in facts.records:
        return no_findings()
    known = _pair(facts.records["lesions"])
    parts = []
    for name, frame in facts.records.tables.items():
        if name != "lesions" and {"subject_id", "lesion_id"} <= set(frame.columns):
            strange = frame["lesion_id"].notna() & ~_pair(frame).isin(known)
            suggestion = "correct the lesion_id, or add the lesion"
            parts.append(findings(frame, strange, _lesion_words, suggestion, table=name))
    return together(parts)


def _lesion_words(rows: pd.DataFrame) -> pd.Series[Any]:
    return "lesion " + rows["lesion_id"] + " is not in lesions"


def _pair(frame: pd.DataFrame) -> pd.Series[Any]:
    return frame["subject_id"] + "\x1f" + frame["lesion_id"]


def missing_value(facts: Facts) -> pd.DataFrame:
    """Find required columns that are empty; dates that the study counts have rules of their own."""
    parts = []
    counted = {(rule.table, rule.date) for rule in [facts.study.death, *facts.study.components.values()]}
    for name, frame in facts.records.tables.items():
        columns = [column for column in TABLES[name].required if column in frame.columns]
        parts += [
            findings(frame, frame[column].isna(), f"{column} is empty", "enter it", table=name)
            for column in columns
            if (name, column) not in counted and column != facts.study.time_zero
        ]
    return together(parts)


def missing_site(facts: Facts) -> pd.DataFrame:
    """Find subjects without a site, where others have one."""
    subjects = facts.records.subjects
    if "site" not in subjects.columns:
        return no_findings()
    return findings(subjects, subjects["site"].isna(), "site is empty", "enter the site", table="subjects")


def out_of_range(facts: Facts) -> pd.DataFrame:
    """Find numbers that cannot be."""
    parts = []
    for name, columns in _RANGES.items():
        frame = facts.records.tables.get(name)
        for column, (least, greatest) in columns.items():
            if frame is None or column not in frame.columns:
                continue
            outside = (frame[column] < least) | (frame[column] > greatest)
            suggestion = f"it must lie between {least:g} and {greatest:g}"
            parts.append(findings(frame, outside, _number_words(column), suggestion, table=name))
    return together(parts)


def _number_words(column: str) -> Words:
    return lambda rows: f"{column} " + rows[column].map("{:g}".format).astype("string")
