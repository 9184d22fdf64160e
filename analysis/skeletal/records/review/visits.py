"""Rules of the review on planned visits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .facts import NO_DAY, filter_rows
from .findings import codes_of, findings, findings_at, iso, no_findings, rows_have, together
from .schema import nearest

if TYPE_CHECKING:
    from skeletal.arrays import IntArray
    from skeletal.study import Measure, Study, Visit

    from .facts import Facts

# Words of visits that no protocol counts from time zero.
_UNPLANNED = re.compile(
    "baseline|screen|unsched|unplan|extra|interim|early|end of|ended|final|random|retrieval|ad hoc",
    re.IGNORECASE,
)
_ANSWER_NEAR_DAYS = 7  # an answer so near to the attended visit is of that visit


def _planned(study: Study) -> list[Visit]:
    return sorted(study.visits, key=lambda visit: visit.day)


def _visit_codes(facts: Facts, table: str) -> IntArray:
    """Return the place of each row's visit among the planned ones, -1 where it is none."""
    names = pd.Index([visit.name for visit in _planned(facts.study)], dtype=object)
    codes, distinct = pd.factorize(facts.records[table]["visit"].astype(object))
    return np.append(names.get_indexer(pd.Index(distinct)), -1)[codes]


def _windows(facts: Facts) -> tuple[Any, Any]:
    """Return the first and last day of each subject's visits, shape (n_subjects, n_visits)."""
    visits = _planned(facts.study)
    first = np.array([visit.day - visit.window_before for visit in visits], dtype="timedelta64[D]")
    last = np.array([visit.day + visit.window_after for visit in visits], dtype="timedelta64[D]")
    zero = facts.of_subjects(facts.study.time_zero)
    start = np.where(zero.precision == 0, zero.earliest, NO_DAY)[:, None]
    return start + first, start + last


def _has_visits(facts: Facts) -> bool:
    return bool(facts.study.visits) and facts.has("assessments", "visit", "date")


def unknown_visit(facts: Facts) -> pd.DataFrame:
    """Find visits that the study does not plan and that are not called unplanned: the first row of each."""
    if not _has_visits(facts):
        return no_findings()
    names = {visit.name for visit in facts.study.visits}
    parts = []
    for table in ("assessments", "questionnaires"):
        if facts.has(table, "visit"):
            values = facts.records[table]["visit"]
            counts = values.value_counts()
            strange = [name for name in counts.index if _is_strange(name, names)]
            first = values.isin(strange) & ~values.duplicated()
            parts.append(findings(facts, table, first, _strange_words(counts[strange])))
    return together(parts)


def _is_strange(name: str, names: set[str]) -> bool:
    """Return whether a visit is neither planned, nor nearly so, nor called unplanned."""
    return not (name in names or nearest(name, names) or _UNPLANNED.search(name))


def _strange_words(counts: pd.Series[int]) -> Any:
    texts = {name: f"the study plans no visit {name!r}, which {rows_have(n)}" for name, n in counts.items()}
    return lambda rows, _: rows["visit"].map(texts)


def visit_outside_window(facts: Facts) -> pd.DataFrame:
    """Find planned visits wholly outside their window."""
    if not _has_visits(facts):
        return no_findings()
    first, last = _windows(facts)
    code, owner = _visit_codes(facts, "assessments"), facts.owners["assessments"]
    known = (code >= 0) & (owner >= 0) & facts.done("assessments")
    opens, closes = np.full(code.size, NO_DAY), np.full(code.size, NO_DAY)
    opens[known], closes[known] = first[owner[known], code[known]], last[owner[known], code[known]]
    days = facts.days["assessments", "date"]
    outside = (days.latest < opens) | (days.earliest > closes)
    words = "{} is dated {}, outside its window of {} to {}"
    return findings(
        facts,
        "assessments",
        outside,
        lambda rows, places: [
            words.format(*row)
            for row in zip(rows["visit"], rows["date"], iso(opens[places]), iso(closes[places]), strict=True)
        ],
    )


def visits_out_of_order(facts: Facts) -> pd.DataFrame:
    """Find visits dated before a visit that the study plans earlier."""
    if not _has_visits(facts):
        return no_findings()
    frame, days = facts.records["assessments"], facts.days["assessments", "date"]
    rows = _done_planned(facts).assign(earliest=days.earliest, latest=days.latest)
    rows = rows[rows["kept"] & rows["earliest"].notna()]
    each = rows.groupby(["owner", "modality", "code"], sort=True)["earliest"].max()
    before = each.groupby(level=["owner", "modality"]).cummax()
    before = before.groupby(level=["owner", "modality"]).shift().rename("before")
    rows = rows.join(before, on=["owner", "modality", "code"])
    late = rows[rows["latest"] < rows["before"]]
    words = "{} is dated {}, before an earlier planned visit on {:%Y-%m-%d}"
    places = late["place"].to_numpy()
    shown = zip(frame["visit"].iloc[places], frame["date"].iloc[places], late["before"], strict=True)
    return findings_at(facts, "assessments", places, [words.format(*row) for row in shown])


def _done_planned(facts: Facts) -> pd.DataFrame:
    """Return subject, visit and modality of each assessment; ``kept``: done, planned, of a subject."""
    frame = facts.records["assessments"]
    code, owner = _visit_codes(facts, "assessments"), facts.owners["assessments"]
    kept = (code >= 0) & (owner >= 0) & facts.done("assessments")
    modality = codes_of(frame["modality"]) if "modality" in frame.columns else -1
    return pd.DataFrame(
        {"place": np.arange(len(frame)), "owner": owner, "code": code, "modality": modality, "kept": kept}
    )


def visit_repeated(facts: Facts) -> pd.DataFrame:
    """Find planned visits of one subject and modality on two days."""
    if not _has_visits(facts):
        return no_findings()
    frame = facts.records["assessments"]
    lesion = codes_of(frame["lesion_id"]) if "lesion_id" in frame.columns else -1
    rows = _done_planned(facts).assign(lesion=lesion, date=codes_of(frame["date"]))
    rows = rows[rows["kept"] & (rows["date"] >= 0)]
    same = ["owner", "code", "modality", "lesion"]
    places = rows["place"][rows.duplicated(same) & ~rows.duplicated([*same, "date"])].to_numpy()
    return findings_at(
        facts,
        "assessments",
        places,
        lambda rows, _: rows["visit"] + " is dated " + rows["date"] + ", and another row has another date",
    )


def missed_assessment(facts: Facts) -> pd.DataFrame:
    """Find planned visits that closed while the subject was followed, without a row."""
    if not _has_visits(facts):
        return no_findings()
    first, last = _windows(facts)
    code, owner = _visit_codes(facts, "assessments"), facts.owners["assessments"]
    days = facts.days["assessments", "date"]
    end = facts.followed_until()
    parts = []
    for place, visit in enumerate(_planned(facts.study)):
        named = (code == place) & (owner >= 0)
        there = np.zeros(facts.records.n_subjects, dtype=bool)
        there[owner[named]] = True
        opens, closes = (
            facts.of_owner("assessments", first[:, place]),
            facts.of_owner("assessments", last[:, place]),
        )
        inside = (days.latest >= opens) & (days.earliest <= closes) & facts.done("assessments")
        there[owner[inside]] = True
        missed = ~there & (last[:, place] < end)
        parts.append(
            findings(facts, "subjects", missed, _missed_words(visit.name, first[:, place], last[:, place]))
        )
    return together(parts)


def _missed_words(name: str, first: Any, last: Any) -> Any:
    words = "no assessment is recorded for {}, whose window was {} to {}"
    return lambda _, places: [
        words.format(name, *window) for window in zip(iso(first[places]), iso(last[places]), strict=True)
    ]


def missing_questionnaire(facts: Facts) -> pd.DataFrame:
    """Find attended visits without an answer of an instrument that the study reads there."""
    if not _has_visits(facts) or not facts.has("questionnaires", "instrument", "date"):
        return no_findings()
    asked: dict[str, Measure] = {}
    for measure in facts.study.measures.values():
        if measure.kind != "days_at_home":
            asked.setdefault(measure.instrument, measure)
    parts = [_unanswered(facts, name, measure) for name, measure in asked.items()]
    return together(parts)


def _unanswered(facts: Facts, instrument: str, measure: Measure) -> pd.DataFrame:
    frame, owner = facts.records["questionnaires"], facts.owners["questionnaires"]
    mine = (frame["instrument"] == instrument).fillna(False).to_numpy(dtype=bool) & (owner >= 0)
    places = np.flatnonzero(mine)
    who, days = owner[places], facts.days["questionnaires", "date"]
    early, late = days.earliest[places], days.latest[places]
    code = (
        _visit_codes(facts, "questionnaires")[places] if "visit" in frame.columns else np.full(who.size, -1)
    )
    ends = _first_event(facts, measure)
    attended = _done_planned(facts)
    attended = attended[attended["kept"]].drop_duplicates(["owner", "code"])
    parts = []
    for number, visit in enumerate(_planned(facts.study)):
        if measure.visits and visit.name not in measure.visits:
            continue
        rows = attended["place"][attended["code"] == number].to_numpy()
        seen = facts.days["assessments", "date"].earliest[rows]
        person = facts.owners["assessments"][rows]
        day = np.full(facts.records.n_subjects, NO_DAY)
        day[person] = seen
        near = (late >= day[who] - _ANSWER_NEAR_DAYS) & (early <= day[who] + _ANSWER_NEAR_DAYS)
        answered = np.zeros(facts.records.n_subjects, dtype=bool)
        answered[who[near | (code == number)]] = True
        missing = ~answered[person] & ~np.isnat(seen) & ~(ends[person] <= seen)
        words = f"{visit.name} was attended, and no answer of {instrument} is recorded for it"
        parts.append(findings_at(facts, "assessments", rows[missing], words))
    return together(parts)


def _first_event(facts: Facts, measure: Measure) -> Any:
    """Return the day of each subject's first event that ends the collection of a measure, else NaT."""
    first = np.full(facts.records.n_subjects, NO_DAY)
    if not measure.collected_until_first:
        return first
    start = facts.of_subjects(facts.study.time_zero_of(measure.collected_until_first)).earliest
    for name in facts.study.endpoints[measure.collected_until_first].components:
        rule = facts.study.components[name]
        rows = filter_rows(facts.records, rule)
        if rows is None or (rule.table, rule.date) not in facts.days or rule.table not in facts.owners:
            continue
        _lower(first, facts.owners[rule.table][rows], facts.days[rule.table, rule.date].earliest[rows], start)
    return first


def _lower(first: Any, owner: Any, days: Any, start: Any) -> None:
    """Lower each owner's value to the least of its days that are not before its start."""
    frame = pd.DataFrame({"owner": owner, "day": days})[(owner >= 0) & (days >= start[owner])]
    least = frame.groupby("owner")["day"].min()
    who = least.index.to_numpy()
    first[who] = np.fmin(first[who], least.to_numpy().astype("datetime64[D]"))
