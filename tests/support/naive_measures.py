"""Measures of one subject at a time, in plain loops: what the vectorised code must equal.

Written from the docstrings and the study-file document; days are proleptic ordinals, ``None`` is a day
that is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from tests.support.naive_outcomes import course, dated, deaths, known_alive, passes, written

if TYPE_CHECKING:
    from tests.support.naive_outcomes import Rows

    from skeletal.study import Study

NEVER = 10**8


class Answer(NamedTuple):
    """One assessment: its day, the visit it names, the value, and its place in the records."""

    day: int | None
    visit: str
    value: Any
    category: str | None = None
    row: int = 0
    text: str = ""


class Shown(NamedTuple):
    """What a visit shows."""

    day: int | None
    value: float | None
    category: str | None
    status: str


class Unit(NamedTuple):
    """One subject or lesion and the days that decide about it."""

    start: int
    death: int
    composite: int
    dropping: int
    end: int
    cutoff: int


def day_of(text: Any) -> int | None:
    date = written(text)
    return date.first if date and not date.flag else None


def cutoff_of(everybody: dict[str, Rows], study: Study) -> int:
    if study.data_cutoff is not None:
        return study.data_cutoff.toordinal()
    last = [known_alive(mine, study) for mine in everybody.values()]
    last += [fact.day for mine in everybody.values() for fact in deaths(mine, study, 0)]
    return max(last)


def unit_of(mine: Rows, study: Study, name: str, cutoff: int) -> Unit | None:
    """Return the deciding days of a subject, ``None`` where it is excluded."""
    found = course(mine, study, "survival")
    if isinstance(found, str):
        return None
    measure, start = study.measures[name], found.start
    first = {"composite": NEVER, "dropping": NEVER, "treatment_policy": NEVER}
    for event, how in measure.intercurrent.items():
        kind = "dropping" if how in ("hypothetical", "while_on_treatment") else how
        rule = study.intercurrent[event]
        for fact in dated(mine, rule, 0, event, start, year_only=False):
            if fact.day >= start:
                first[kind] = min(first[kind], fact.day)
    dead = [fact.day for fact in deaths(mine, study, 0) if fact.day >= start]
    end = NEVER
    if measure.collected_until_first:
        until = course(mine, study, "competing")
        assert not isinstance(until, str)
        days = [f.day for f in until.events if f.name in study.components]
        end = min((d for d in days if until.stop is None or d <= until.stop.day), default=NEVER)
    return Unit(start, min(dead, default=NEVER), first["composite"], first["dropping"], end, cutoff)


def classify(pain: Any, dose: Any, pain0: Any, dose0: Any, rules: Any) -> str | None:
    if pain is None or pain0 is None:
        return None
    if rules.missing_omed == "none":
        dose, dose0 = dose or 0, dose0 or 0
    if dose is None or dose0 is None:
        return "indeterminate"
    if dose0 == 0:
        more, less, fallen = dose > 0 and rules.any_opioid_from_none, False, False
    else:
        more = dose - dose0 >= rules.omed_change * dose0
        fallen = dose0 - dose >= rules.omed_change * dose0
        less = dose <= dose0 / 2 if rules.partial_rule == "half" else fallen
    if pain0 >= rules.least_baseline_pain:
        if pain == 0 and not more:
            return "complete"
        lower = pain <= pain0 / 2 if rules.partial_rule == "half" else pain0 - pain >= rules.pain_change
        if pain0 >= rules.least_partial_baseline and ((lower and not more) or (less and pain <= pain0)):
            return "partial"
    if pain - pain0 >= rules.pain_change:
        stable = not more and not fallen
        if stable or (more and rules.rise_with_more_opioid == "progression"):
            return "progression"
    if more and 0 <= pain - pain0 <= rules.progression_tolerance:
        return "progression"
    return "indeterminate"


def dose_near(mine: Rows, day: int, window: int, latest: int | None = None) -> float | None:
    best: tuple[Any, ...] | None = None
    for row in mine["analgesics"]:
        when = day_of(row["date"])
        if when is None or pd.isna(row["omed_mg"]) or abs(when - day) > window:
            continue
        if latest is not None and when > latest:
            continue
        candidate = (abs(when - day), when, -row["omed_mg"])
        best = candidate if best is None else min(best, candidate)
    return None if best is None else -best[2]


def pain_answers(mine: Rows, study: Study, name: str, lesion: str | None) -> list[Answer]:
    """Return the responses of a lesion, or of the subject, that have a day and a response."""
    measure = study.measures[name]
    rules, start = measure.rules, day_of(mine["subjects"][0]["randomised_date"])
    assert start is not None
    labels = {row["lesion_id"] for row in mine["lesions"] if passes(row, measure.lesions)}
    sites: dict[str, dict[int, tuple[float, str]]] = {}
    asked = False
    for row in mine["questionnaires"]:
        mine_too = row["instrument"] == measure.instrument and row["item"] == measure.item
        if not mine_too or pd.isna(row["value"]):
            continue
        own = pd.isna(row["lesion_id"])
        asked |= bool(own)
        day = day_of(row["date"])
        if day is None or not (own or row["lesion_id"] in labels):
            continue
        site = sites.setdefault("" if own else row["lesion_id"], {})
        key = (row["value"], -row["source_row"])
        visit = "" if pd.isna(row["visit"]) else row["visit"]
        if day not in site or key > site[day][0]:
            site[day] = (key, visit)
    if lesion is not None:
        sites = {lesion: sites.get(lesion, {})}
    else:
        sites = {label: days for label, days in sites.items() if (label == "") == asked}
    base: dict[str, tuple[int, float]] = {}
    for label, days in sites.items():
        before = [d for d in days if start - rules.baseline_window_days <= d <= start]
        if before:
            base[label] = (max(before), days[max(before)][0][0])
    found = []
    for day in sorted({d for label in base for d in sites[label] if d > start}):
        scored = {label: sites[label][day] for label in base if day in sites[label]}
        dose = dose_near(mine, day, rules.omed_window_days)

        def of(pain: float, label: str, pain0: float, day0: int, dose: Any = dose) -> str | None:
            return classify(pain, dose, pain0, dose_near(mine, day0, rules.omed_window_days, start), rules)

        if rules.subject_pain == "worst" or lesion is not None:
            if len(scored) < len(base):
                continue
            worst = max(key[0] for key, _ in scored.values())
            pain0, day0 = max(pain for _, pain in base.values()), max(d for d, _ in base.values())
            word = of(worst, "", pain0, day0)
        else:
            words = {k: of(s[0][0], k, base[k][1], base[k][0]) for k, s in scored.items()}
            needed = [words.get(k) for k in base if base[k][1] >= rules.least_baseline_pain]
            if "progression" in words.values():
                word = "progression"
            elif len(scored) < len(base):
                continue
            elif needed and all(w == "complete" for w in needed):
                word = "complete"
            elif needed and all(w in ("complete", "partial") for w in needed):
                word = "partial"
            else:
                word = "indeterminate"
        top = max((key[0], visit) for key, visit in scored.values())[0]
        visits = {visit for key, visit in scored.values() if key[0] == top}
        found.append(Answer(day, min(visits), float(word in ("complete", "partial")), word, 0))
    return found


# Values at visits.


def score_answers(mine: Rows, study: Study, name: str, lesion: str | None) -> list[Answer]:
    """Return the recorded scores of an NRS; of a subject the worst of its lesions where it was not asked."""
    measure = study.measures[name]
    days: dict[str, list[dict[str, Any]]] = {}
    for row in mine["questionnaires"]:
        if row["instrument"] == "NRS" and row["item"] == measure.scale and not pd.isna(row["value"]):
            days.setdefault(row["date"], []).append(row)
    found = []
    for text, rows in days.items():
        own = [row for row in rows if pd.isna(row["lesion_id"])]
        mine_of = [r for r in rows if r["lesion_id"] == lesion] if lesion is not None else own or rows
        if not mine_of:
            continue
        top = max(mine_of, key=lambda row: row["value"])
        visit = "" if pd.isna(top["visit"]) else top["visit"]
        found.append(Answer(day_of(text), visit, top["value"], None, top["source_row"], text))
    return found


def nearest(answers: list[Answer], target: int) -> Answer | None:
    """Return the answer nearest to the target day, of two as near the earlier; undated ones come last."""

    def away(answer: Answer) -> tuple[int, int, str]:
        if answer.day is None:
            return NEVER, NEVER, answer.text
        return abs(answer.day - target), answer.day, answer.text

    return min(answers, key=away, default=None)


def at_visits(answers: list[Answer], unit: Unit, study: Study, name: str) -> dict[str, Shown]:
    measure = study.measures[name]
    answers = [a for a in answers if a.day is None or a.day <= unit.cutoff]
    visits = sorted(
        (v for v in study.visits if not measure.visits or v.name in measure.visits), key=lambda v: v.day
    )
    all_names = {v.name for v in study.visits}
    baseline = measure.kind == "score" and not any(v.day == 0 for v in study.visits)

    def window_of(answer: Answer) -> str | None:
        """Return the visit of an assessment, leaving aside the end of collection."""
        since = None if answer.day is None else answer.day - unit.start
        if answer.visit in all_names:
            fits = [
                v for v in visits if v.name == answer.visit and (since is None or since > 0 or v.day == 0)
            ]
            return fits[0].name if fits else None
        if since is None:
            return None
        near = [
            (abs(since - v.day), v.day, v.name)
            for v in visits
            if v.day - v.window_before <= since <= v.day + v.window_after and (since > 0 or v.day == 0)
        ]
        if near:
            return min(near)[2]
        if baseline and -measure.baseline_window_days <= since <= 0:
            return "Baseline"
        return None

    placed = {a: window_of(a) for a in answers}
    by_end = {v for a, v in placed.items() if a.day is not None and a.day <= unit.end}
    brought = None
    if unit.end < NEVER:
        still = [
            v.name for v in visits if v.name not in by_end and unit.start + v.day + v.window_after >= unit.end
        ]
        brought = still[0] if still else None
    done = False
    for a in answers:
        if a.day is not None and a.day > unit.end:
            if a.day > unit.end + measure.collected_for_days:
                placed[a] = None
            else:
                placed[a] = placed[a] if a.visit in all_names else brought
                done |= placed[a] is not None
    if not measure.collected_for_days:
        brought = None
    stops = [
        (unit.death, 0, "death"),
        (unit.composite, 1, "intercurrent"),
        (unit.dropping, 2, "intercurrent"),
    ]
    stop, which, word = min(stops)
    worst = {0: getattr(measure, "death", "") == "worst", 1: True, 2: False}[which]
    worst_value = 0.0 if measure.kind == "pain_response" else (measure.worst_value or 10.0)
    shown = {}
    plan = [(v.name, v.day, v.day + v.window_after) for v in visits]
    for label, target, last in [*([("Baseline", 0, 0)] if baseline else []), *plan]:
        forward = label == brought and not done
        closes = unit.end + measure.collected_for_days if forward else unit.start + last
        best = nearest([a for a in answers if placed[a] == label], unit.start + target)
        if best is None:
            if closes > unit.cutoff:
                shown[label] = Shown(None, None, None, "not_due")
            elif stop <= closes:
                shown[label] = Shown(None, worst_value if worst else None, None, word)
            elif label != "Baseline" and unit.start + target > unit.end and not forward:
                shown[label] = Shown(None, None, None, "structural")
            else:
                shown[label] = Shown(None, None, None, "missing")
        elif best.day is not None and stop < best.day:
            shown[label] = Shown(None, worst_value if worst else None, None, word)
        else:
            shown[label] = Shown(best.day, best.value, best.category, "observed")
    return shown


# Days alive and at home.


def days_at_home(mine: Rows, unit: Unit, study: Study, name: str) -> dict[str, Shown]:
    measure = study.measures[name]
    away: set[int] = set()
    far = unit.start + max(measure.horizons) + 5
    for row in mine["stays"]:
        if not pd.isna(row["place"]) and row["place"] not in measure.away:
            continue
        came, left = written(row["admission_date"]), written(row["discharge_date"])
        if came is None:
            continue
        begin = max(came.first, unit.start) if came.flag and came.last >= unit.start else came.first
        if left is None:
            away |= set(range(begin, far))
            continue
        begin = max(came.first, min(begin, left.last)) if came.flag else begin
        if left.last == begin:
            away |= {begin} if measure.same_day_stay else set()
        away |= set(range(begin, left.last))
    shown = {}
    stops = [(unit.death, 0), (unit.composite, 1), (unit.dropping, 2)]
    stop, which = min(stops)
    for horizon in measure.horizons:
        last = unit.start + horizon - 1
        n = sum(day < unit.death and day not in away for day in range(unit.start, last + 1))
        label = f"Day {horizon}"
        dead = unit.death <= last
        if last > unit.cutoff or last > planned_end(unit, study):
            shown[label] = Shown(None, None, None, "not_due")
        elif which and stop <= last:
            shown[label] = Shown(None, 0.0 if which == 1 else None, None, "intercurrent")
        elif unit.end + measure.collected_for_days < last and not dead:
            shown[label] = Shown(None, None, None, "structural")
        elif not followed(mine, unit, study, last):
            shown[label] = Shown(None, None, None, "missing")
        elif dead:
            value = 0.0 if measure.after_death == "zero" else float(n)
            shown[label] = Shown(last, value, None, "death")
        else:
            shown[label] = Shown(last, float(n), None, "observed")
    return shown


def planned_end(unit: Unit, study: Study) -> int:
    days = [unit.start + r.after_days for r in study.censoring.values() if r.after_days is not None]
    return min(days, default=NEVER)


def followed(mine: Rows, unit: Unit, study: Study, last: int) -> bool:
    dead = unit.death <= last
    left = []
    for rule in study.censoring.values():
        if rule.role == "limit" and rule.table is not None:
            left += [fact.day for fact in dated(mine, rule, 0, "", unit.start, year_only=True)]
    if min(left, default=NEVER) < (unit.death if dead else last):
        return False
    if unit.death < NEVER:
        return True
    seen = [known_alive(mine, study)]
    for rule in study.censoring.values():
        if rule.role == "last_seen":
            seen += [fact.day for fact in dated(mine, rule, 0, "", unit.start, year_only=True)]
    return max(seen) >= last


def pain_course(answers: list[Answer], unit: Unit, study: Study, name: str) -> dict[str, Any]:
    measure = study.measures[name]
    stop = min(unit.death, unit.dropping, unit.end + measure.collected_for_days, unit.cutoff)
    rows = sorted(a for a in answers if a.day is not None and a.day <= min(stop, unit.composite))
    words = [a.category for a in rows]
    found: dict[str, Any] = dict.fromkeys(("best", "time", "duration", "ended", "reason", "flare"))
    order = ("complete", "partial", "indeterminate", "progression")
    found["best"] = next((word for word in order if word in words), None)
    early = [a.category for a in rows if a.day - unit.start <= measure.flare_within_days]
    if early:
        found["flare"] = "progression" in early
    first = next((i for i, word in enumerate(words) if word in order[:2]), None)
    if first is None:
        return found
    begin = rows[first].day
    found["time"] = begin - unit.start + 1
    found.update(duration=rows[-1].day - begin, ended=False, reason="last assessment")
    if unit.composite <= stop:
        found.update(duration=unit.composite - begin, ended=True, reason="intercurrent event")
    for a in rows[first:]:
        if a.category not in order[:2]:
            reason = "progression" if a.category == "progression" else "loss of response"
            found.update(duration=a.day - begin, ended=True, reason=reason)
            break
    return found
