"""Rules of the review on identifiers: who and which lesion a row is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skeletal.study.filter_problems import did_you_mean

from .findings import filled, findings, together

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skeletal.arrays import BoolArray, IntArray

    from .facts import Facts

_NEAR_NAMES = 20  # near names are looked for only where there are few: comparing is slow


def folded(text: str) -> str:
    """Return an identifier without what does not count: case and blanks."""
    return "".join(text.split()).casefold()


def _strangers(facts: Facts, table: str) -> tuple[pd.DataFrame, BoolArray]:
    """Return the rows of people who are not among the subjects, and which rows of the table they are."""
    marked = facts.owners[table] < 0
    return facts.records[table][marked], marked


def _screened(facts: Facts) -> set[str]:
    if not facts.has("screening", "screening_id"):
        return set()
    return set(facts.records["screening"]["screening_id"].dropna())


def _variants(facts: Facts) -> dict[str, str]:
    """Return folded identifier -> subject."""
    return {folded(name): name for name in facts.records.subjects["subject_id"].dropna()}


def unknown_subject(facts: Facts) -> pd.DataFrame:
    """Find rows of nobody that was randomised or screened."""
    screened, known = _screened(facts), None
    parts = []
    for table in facts.owners:
        rows, marked = _strangers(facts, table)
        if rows.empty:
            continue
        known = known or _variants(facts)
        names = rows["subject_id"]
        near = {name for name in names.dropna().unique() if folded(name) in known}
        marked[marked] = (~names.isin(screened | near) & names.notna()).to_numpy(dtype=bool)
        parts.append(findings(facts, table, marked, _strange_words(names, known.values())))
    return together(parts)


def _strange_words(names: pd.Series[Any], known: Iterable[str]) -> Any:
    unknown = names.dropna().unique().tolist()
    few = len(unknown) <= _NEAR_NAMES
    hints = {name: did_you_mean(name, known) if few else "" for name in unknown}
    return lambda rows, _: rows["subject_id"].map(
        {name: f"{name} is not among the subjects{hint}" for name, hint in hints.items()}
    )


def not_randomised(facts: Facts) -> pd.DataFrame:
    """Find rows of people who were screened and not randomised."""
    screened = _screened(facts)
    parts = []
    for table in facts.owners:
        rows, marked = _strangers(facts, table)
        marked[marked] = rows["subject_id"].isin(screened).to_numpy(dtype=bool)
        words = "the person was screened and is not among the subjects"
        parts.append(findings(facts, table, marked, words))
    return together(parts)


def subject_id_variant(facts: Facts) -> pd.DataFrame:
    """Find subject ids that differ from a subject's, or two subjects', only in case or blanks."""
    known = _variants(facts)
    screened = _screened(facts)
    parts = []
    for table in facts.owners:
        rows, marked = _strangers(facts, table)
        names = rows["subject_id"]
        near = {name: known[folded(name)] for name in names.dropna().unique() if folded(name) in known}
        marked[marked] = (names.isin(near) & ~names.isin(screened)).to_numpy(dtype=bool)
        parts.append(findings(facts, table, marked, _variant_words("subject_id", near)))
    names = facts.records.subjects["subject_id"].astype("string")
    same = names.map(folded, na_action="ignore")
    twin = dict(zip(names, same.map(dict(zip(same[::-1], names[::-1], strict=True))), strict=True))
    marked = (same.duplicated() & names.notna()).to_numpy(dtype=bool)
    parts.append(findings(facts, "subjects", marked, _variant_words("subject_id", twin)))
    return together(parts)


def _variant_words(column: str, meant: dict[str, str]) -> Any:
    def words(rows: pd.DataFrame, _: Any) -> Any:
        return [
            f"{column} {name!r} differs from {meant[name]!r} only in case or blanks" for name in rows[column]
        ]

    return words


def _pairs(facts: Facts, table: str, ids: pd.Index[Any], names: Any) -> IntArray:
    """Return one number for each subject and lesion, -1 where either is unknown."""
    place = ids.get_indexer(pd.Index(names))
    owner = facts.owners[table]
    return np.where((owner >= 0) & (place >= 0), owner * max(len(ids), 1) + place, -1)


def _lesion_rows(facts: Facts) -> list[tuple[str, BoolArray, BoolArray]]:
    """Return, for tables that name lesions: rows whose lesion is unknown, and those that are near a known."""
    if not facts.has("lesions", "subject_id", "lesion_id"):
        return []
    lesions = facts.records["lesions"]["lesion_id"].astype(object)
    ids = pd.Index(lesions.dropna().unique())
    known = np.unique(_pairs(facts, "lesions", ids, lesions))
    near_ids = pd.Index([folded(name) for name in ids]).unique()
    near = np.unique(_pairs(facts, "lesions", near_ids, _folded(lesions)))
    found = []
    for table in facts.owners:
        if table == "lesions" or "lesion_id" not in facts.records[table].columns:
            continue
        names = facts.records[table]["lesion_id"].astype(object)
        asked = names.notna().to_numpy(dtype=bool) & (facts.owners[table] >= 0)
        pair = _pairs(facts, table, ids, names)
        unknown = asked & ~(np.isin(pair, known) & (pair >= 0))
        like = np.zeros(len(names), dtype=bool)
        if unknown.any():
            other = _pairs(facts, table, near_ids, _folded(names))
            like = unknown & np.isin(other, near) & (other >= 0)
        found.append((table, unknown & ~like, like))
    return found


def _folded(names: pd.Series[Any]) -> pd.Series[Any]:
    return names.map({name: folded(name) for name in names.dropna().unique()})


def unknown_lesion(facts: Facts) -> pd.DataFrame:
    """Find rows that name a lesion which the table of lesions does not have."""
    return together(
        [
            findings(
                facts, table, unknown, lambda rows, _: "lesion " + rows["lesion_id"] + " is not in lesions"
            )
            for table, unknown, _ in _lesion_rows(facts)
        ]
    )


def lesion_id_variant(facts: Facts) -> pd.DataFrame:
    """Find lesion ids that differ from one of the subject's only in case or blanks."""
    words = filled(
        "lesion_id {!r} differs from one of the subject's lesions only in case or blanks", "lesion_id"
    )
    parts = [findings(facts, table, near, words) for table, _, near in _lesion_rows(facts)]
    if facts.has("lesions", "lesion_id"):
        parts.append(findings(facts, "lesions", _same_folded(facts, "lesions", "lesion_id"), words))
    return together(parts)


def _same_folded(facts: Facts, table: str, column: str) -> BoolArray:
    """Return rows whose identifier equals an earlier one of the subject but for case and blanks."""
    frame = facts.records[table]
    who = frame["subject_id"] if "subject_id" in frame.columns else ""
    keys = pd.DataFrame({"who": who, "id": frame[column].astype(object)})
    exact = keys.duplicated()
    again = keys.assign(id=_folded(keys["id"])).duplicated()
    return (again & ~exact & frame[column].notna()).to_numpy(dtype=bool)


def record_id_variant(facts: Facts) -> pd.DataFrame:
    """Find numbers of events, procedures and screened people that differ only in case or blanks."""
    places = (("events", "event_id"), ("procedures", "procedure_id"), ("screening", "screening_id"))
    parts = []
    for table, column in places:
        if facts.has(table, column):
            words = filled(column + " {!r} differs from another only in case or blanks", column)
            parts.append(findings(facts, table, _same_folded(facts, table, column), words))
    return together(parts)
