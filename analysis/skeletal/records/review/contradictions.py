"""Rules of the review on rows that contradict each other or themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .facts import NO_DAY
from .findings import either, filled, findings, no_findings, together

if TYPE_CHECKING:
    from skeletal.arrays import BoolArray

    from .facts import Facts

_REASONS = ("fracture", "cord_compression")  # of a procedure, which are events themselves
_NEAR_DAYS = 90
_SPINE = ("vertebra", "sacrum")
_REGIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "sacr"}


def radiotherapy_without_event(facts: Facts) -> pd.DataFrame:
    """Find palliative radiotherapy for an event of which there is no row."""
    return _without_event(facts, radiation=True)


def surgery_without_event(facts: Facts) -> pd.DataFrame:
    """Find operations for an event of which there is no row."""
    return _without_event(facts, radiation=False)


def _without_event(facts: Facts, *, radiation: bool) -> pd.DataFrame:
    if not facts.has("procedures", "kind", "reason") or not facts.has("events", "component", "date"):
        return no_findings()
    frame = facts.records["procedures"]
    kind = frame["kind"].str.contains("radi|brachy", case=False).fillna(False).to_numpy(dtype=bool)
    chosen = (kind == radiation) & (facts.owners["procedures"] >= 0)
    if "intent" in frame.columns:
        chosen &= either(~frame["intent"].isin(["protocol", "preventive"]))
    parts = []
    for reason in _REASONS:
        if not _counts(facts, reason):
            continue
        rows = np.flatnonzero(chosen & either(frame["reason"] == reason))
        alone = np.zeros(len(frame), dtype=bool)
        alone[rows[~_has_event(facts, rows, reason)]] = True
        words = f"the reason is {reason}, and no such event of the subject is within {_NEAR_DAYS} days"
        parts.append(findings(facts, "procedures", alone, words))
    return together(parts)


def _counts(facts: Facts, reason: str) -> bool:
    """Return whether a component of the study counts events called ``reason``."""
    rules = (rule for rule in facts.study.components.values() if rule.table == "events")
    return any(reason in str(value) for rule in rules for value in rule.where.get("component", ()))


def _has_event(facts: Facts, rows: Any, reason: str) -> BoolArray:
    """Return which of ``rows`` of procedures have an event near in time and of no other lesion."""
    events, frame = facts.records["events"], facts.records["procedures"]
    named = events["component"].str.contains(reason, regex=False).fillna(False).to_numpy(dtype=bool)
    asked = pd.DataFrame(
        {
            "place": np.arange(rows.size),
            "owner": facts.owners["procedures"][rows],
            "day": _first_known(facts, rows),
            "lesion": _lesions(frame, rows),
        }
    )
    there = pd.DataFrame(
        {
            "owner": facts.owners["events"][named],
            "early": facts.days["events", "date"].earliest[named],
            "late": facts.days["events", "date"].latest[named],
            "other": _lesions(events, np.flatnonzero(named)),
        }
    )
    pairs = asked.merge(there, on="owner")
    margin = pd.Timedelta(days=_NEAR_DAYS)
    near = ~(pairs["early"] > pairs["day"] + margin) & ~(pairs["late"] < pairs["day"] - margin)
    same = (pairs["lesion"] == pairs["other"]) | (pairs["lesion"] == "") | (pairs["other"] == "")
    return np.isin(np.arange(rows.size), pairs["place"][near & same])


def _first_known(facts: Facts, rows: Any) -> Any:
    """Return the day of indication of procedures, or of performance where that is missing."""
    day = np.full(len(facts.records["procedures"]), NO_DAY)
    for column in ("performed_date", "indicated_date"):
        if ("procedures", column) in facts.days:
            known = facts.days["procedures", column].earliest
            day = np.where(np.isnat(known), day, known)
    return day[rows]


def _lesions(frame: pd.DataFrame, rows: Any) -> Any:
    if "lesion_id" not in frame.columns:
        return ""
    return frame["lesion_id"].iloc[rows].fillna("").to_numpy(dtype=object)


def clinical_without_symptoms(facts: Facts) -> pd.DataFrame:
    """Find events that were detected clinically and have no symptoms."""
    if not facts.has("events", "detection", "symptomatic"):
        return no_findings()
    frame = facts.records["events"]
    wrong = either((frame["detection"] == "clinical") & ~frame["symptomatic"])
    return findings(facts, "events", wrong, "the event was detected clinically, and symptomatic is false")


def event_at_other_bone(facts: Facts) -> pd.DataFrame:
    """Find vertebral fractures and cord compressions at a lesion outside the spine."""
    if not facts.has("lesions", "lesion_id", "bone") or not facts.has("events", "lesion_id", "component"):
        return no_findings()
    events, lesions = facts.records["events"], facts.records["lesions"]
    bones = lesions.dropna(subset=["subject_id", "lesion_id"]).drop_duplicates(["subject_id", "lesion_id"])
    bone = bones.set_index(["subject_id", "lesion_id"])["bone"]
    keys = pd.MultiIndex.from_frame(events[["subject_id", "lesion_id"]])
    at = pd.Series(bone.reindex(keys).to_numpy(dtype=object), index=events.index, dtype="string")
    spinal = events["component"].str.contains("vertebra|cord_compression", case=False)
    wrong = either(spinal & at.notna() & ~at.isin(_SPINE))
    return findings(
        facts,
        "events",
        wrong,
        lambda rows, places: (
            "the event is "
            + rows["component"]
            + ", and the bone of lesion "
            + rows["lesion_id"]
            + " is "
            + at.iloc[places].reset_index(drop=True)
        ),
    )


def lesion_description(facts: Facts) -> pd.DataFrame:
    """Find lesions of which bone, vertebral level and region do not go together."""
    if not facts.has("lesions", "vertebral_level", "bone"):
        return no_findings()
    frame = facts.records["lesions"]
    level, bone = frame["vertebral_level"], frame["bone"]
    outside = either(level.notna() & bone.notna() & ~bone.isin(_SPINE))
    words = "the bone is {}, and vertebral_level is {}"
    parts = [findings(facts, "lesions", outside, filled(words, "bone", "vertebral_level"))]
    if "region" in frame.columns:
        region = frame["region"].str.casefold()
        named = region.str.contains("cervical|thoracic|lumbar|sacr")
        wanted = level.str.upper().str[:1].map(_REGIONS)
        inside = [str(part) in str(text) for part, text in zip(wanted, region, strict=True)]
        wrong = either(wanted.notna() & named) & ~np.array(inside, dtype=bool) & ~outside
        words = "the region is {}, and vertebral_level is {}"
        parts.append(findings(facts, "lesions", wrong, filled(words, "region", "vertebral_level")))
    return together(parts)


def result_of_undone(facts: Facts) -> pd.DataFrame:
    """Find assessments that were not done and have a result."""
    if not facts.has("assessments", "done", "result"):
        return no_findings()
    wrong = ~facts.done("assessments") & facts.records["assessments"]["result"].notna()
    words = "the assessment was not done, and its result is {}"
    return findings(facts, "assessments", wrong, filled(words, "result"))


def overlapping_stays(facts: Facts) -> pd.DataFrame:
    """Find admissions before the discharge from an earlier stay."""
    if not facts.has("stays", "admission_date", "discharge_date"):
        return no_findings()
    frame = facts.records["stays"]
    admitted, discharged = (facts.days["stays", name] for name in ("admission_date", "discharge_date"))
    stays = pd.DataFrame(
        {
            "place": np.arange(len(frame)),
            "owner": facts.owners["stays"],
            "first": admitted.earliest,
            "last": admitted.latest,
            "out": discharged.earliest,
        }
    )
    home = (
        either(frame["place"] == "nursing_home") if "place" in frame.columns else np.zeros(len(frame), bool)
    )
    stays = stays[(stays["owner"] >= 0) & stays["first"].notna() & ~home].sort_values(
        ["owner", "first", "place"]
    )
    before = stays.groupby("owner")[["out"]].cummax().groupby(stays["owner"]).shift()["out"]
    again = stays.duplicated(["owner", "first"])
    late = stays[(stays["last"] < before) & ~again]
    words = "the admission is dated {}, before the discharge from an earlier stay on {:%Y-%m-%d}"
    until = before.to_dict()
    return findings(
        facts,
        "stays",
        np.isin(np.arange(len(frame)), late["place"]),
        lambda rows, places: [
            words.format(date, until[place])
            for date, place in zip(rows["admission_date"], places, strict=True)
        ],
    )


def cause_without_death(facts: Facts) -> pd.DataFrame:
    """Find status facts with a cause of death that are no death."""
    if not facts.has("disposition", "status", "cause"):
        return no_findings()
    frame = facts.records["disposition"]
    wrong = either(frame["cause"].notna() & frame["status"].notna() & (frame["status"] != "died"))
    return findings(
        facts, "disposition", wrong, filled("the status is {}, and the cause is {}", "status", "cause")
    )
