"""First and recurrent events of one subject at a time, in plain loops: what the vectorised code must equal.

Written from the rules (time zero, gaps, death, intercurrent events, censoring, partial dates) and the
docstrings of the study model only; days are proleptic ordinals, ``None`` is a day that is not there.
"""

from __future__ import annotations

import calendar
import datetime as dt
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.records import TrialRecords
    from skeletal.study import Study

Rows = dict[str, list[dict[str, Any]]]
# Strategies of an intercurrent event after which the variable accrues nothing, as after death.
ENDING = ("competing", "while_on_treatment")


class Written(NamedTuple):
    """First and last day that a written date can stand for; flag "" day, "D" month, "M" year."""

    first: int
    last: int
    flag: str


class Fact(NamedTuple):
    """One dated record; sorts by day, priority, exactness, then place in the records."""

    day: int
    order: int
    flag: str
    table: str
    row: int
    name: str


class Stop(NamedTuple):
    """What ends observation; on one day the lowest rank wins."""

    day: int
    rank: int
    status: int
    final: bool
    cause: str
    label: str
    censor_day: int
    place: tuple[str, int] = ("", 0)


class Course(NamedTuple):
    """One subject under one estimand: ``end`` is where it is censored if nothing else happens."""

    start: int
    events: list[Fact]
    stop: Stop | None
    end: tuple[int, str]


def written(text: Any) -> Written | None:
    if text is None or pd.isna(text) or text == "":
        return None
    parts = [int(part) for part in str(text)[:10].split("-")]
    year, month, day = (*parts, 0, 0)[:3]
    first = dt.date(year, month or 1, day or 1)
    last_month = month or 12
    last = dt.date(year, last_month, day or calendar.monthrange(year, last_month)[1])
    return Written(first.toordinal(), last.toordinal(), "" if day else "D" if month else "M")


def onset(text: Any, start: int, *, year_only: bool) -> tuple[int, str] | None:
    date = written(text)
    if date is None:
        return None
    if date.flag and date.last >= start:
        return None if date.flag == "M" and not year_only else (max(date.first, start), date.flag)
    return date.first, date.flag


def passes(row: dict[str, Any], where: Any) -> bool:
    return all(not pd.isna(row[column]) and row[column] in allowed for column, allowed in where.items())


def chosen(row: dict[str, Any], rule: Any) -> bool:
    """Return whether a row passes ``where`` and has no value of ``unless``."""
    refused = any(passes(row, {column: values}) for column, values in getattr(rule, "unless", {}).items())
    return passes(row, rule.where) and not refused


def rows_of(records: TrialRecords) -> dict[str, Rows]:
    """Return the rows of each table, for each randomised subject."""
    found: dict[str, Rows] = {
        who: {name: [] for name in records.tables} for who in records.subjects["subject_id"]
    }
    for name, frame in records.tables.items():
        for row in frame.to_dict("records"):
            if row["subject_id"] in found:
                found[row["subject_id"]][name].append(row)
    return found


def lesions_of(records: TrialRecords, study: Study, name: str) -> dict[tuple[str, str], Rows]:
    """Return the rows of each lesion of an endpoint: those that name it, and those that name none."""
    found = {}
    for who, mine in rows_of(records).items():
        for lesion in mine["lesions"]:
            label = lesion["lesion_id"]
            if passes(lesion, study.endpoints[name].lesions):
                found[(who, label)] = {
                    table: [
                        row
                        for row in rows
                        if pd.isna(row.get("lesion_id", None)) or row["lesion_id"] == label
                    ]
                    for table, rows in mine.items()
                }
    return found


def known_alive(mine: Rows, study: Study) -> int:
    """Return the last whole date on which a record shows the subject alive."""
    zeros = [study.time_zero_of(name) for name in study.endpoints]
    texts = [mine["subjects"][0].get(column) for column in ("randomised_date", "treatment_date", *zeros)]
    texts += [row["date"] for row in mine["events"]]
    texts += [row["indicated_date"] for row in mine["procedures"]]
    texts += [row["date"] for row in mine["assessments"] if pd.isna(row["done"]) or row["done"]]
    texts += [row["date"] for row in mine["disposition"] if row["status"] != "died"]
    texts += [row["date"] for table in ("questionnaires", "analgesics") for row in mine.get(table, [])]
    texts += [row[name] for row in mine.get("stays", []) for name in ("admission_date", "discharge_date")]
    dates = [date for date in map(written, texts) if date and date.flag == ""]
    return max((date.first for date in dates), default=0)


def deaths(mine: Rows, study: Study, order: int) -> list[Fact]:
    alive = known_alive(mine, study)
    found = []
    for row in mine[study.death.table]:
        date = written(row[study.death.date])
        if date and chosen(row, study.death):
            day = min(max(date.first, alive), date.last) if date.flag else date.first
            found.append(Fact(day, order, date.flag, study.death.table, row["source_row"], "death"))
    return sorted(found)


def dated(mine: Rows, rule: Any, order: int, name: str, start: int, *, year_only: bool) -> Iterator[Fact]:
    for row in mine[rule.table]:
        when = onset(row[rule.date], start, year_only=year_only)
        if when and chosen(row, rule):
            yield Fact(when[0], order, when[1], rule.table, row["source_row"], name)


def component_facts(
    mine: Rows, components: Any, start: int, *, year_only: bool, named: bool = False
) -> list[Fact]:
    """Return the dated records, each of the first component that it matches; ``named``: of a lesion only."""
    if named:
        mine = {
            table: [row for row in rows if not pd.isna(row.get("lesion_id", None))]
            for table, rows in mine.items()
        }
    found: dict[tuple[str, int], Fact | None] = {}
    for order, (name, rule) in enumerate(components.items()):
        facts = {fact.row: fact for fact in dated(mine, rule, order, name, start, year_only=year_only)}
        for row in mine[rule.table]:
            if chosen(row, rule):
                found.setdefault((rule.table, row["source_row"]), facts.get(row["source_row"]))
    return sorted(fact for fact in found.values() if fact and fact.day >= start)


def missed_visits(mine: Rows, study: Study, rule: Any, start: int) -> tuple[int, int] | None:
    """Return the last day of the last visit of the first long enough run, and the last day seen by then."""
    done = []
    for row in mine["assessments"]:
        when = onset(row["date"], start, year_only=False)
        if when and (pd.isna(row["done"]) or row["done"]):
            done.append((when[0], row["visit"]))
    missed = 0
    for visit in sorted(study.visits, key=lambda each: each.day):
        low, high = start + visit.day - visit.window_before, start + visit.day + visit.window_after
        came = any(name == visit.name or low <= day <= high for day, name in done)
        missed = 0 if came else missed + 1
        if missed == rule.missed_visits:
            return high, max((day for day, _ in done if start <= day <= high), default=start)
    return None


def earlier(cutoff: int | None, date: dt.date | None) -> int | None:
    days = [day for day in (cutoff, date and date.toordinal()) if day is not None]
    return min(days, default=None)


def limit(mine: Rows, study: Study, rule: Any, start: int, cutoff: int | None) -> tuple[int, int] | None:
    """Return the last day on which an event counts, and that on which a subject without one is censored."""
    if rule.missed_visits is not None:
        return missed_visits(mine, study, rule, start)
    if rule.after_days is not None:
        return start + rule.after_days, start + rule.after_days
    if rule.data_cutoff:
        return (cutoff, cutoff) if cutoff is not None else None
    days = [fact.day for fact in dated(mine, rule, 0, "", start, year_only=True)]
    chosen = {"first": min, "last": max}[rule.take](days, default=None)
    return None if chosen is None else (chosen, chosen)


def last_seen(mine: Rows, rule: Any, start: int, open_end: int | None) -> int | None:
    days = [fact.day for fact in dated(mine, rule, 0, "", start, year_only=True) if fact.day >= start]
    if rule.table == "subjects" and written(mine["subjects"][0][rule.date]) is None:
        return open_end
    return {"first": min, "last": max}[rule.take](days, default=None)


def course(mine: Rows, study: Study, name: str, cutoff: int | None = None) -> Course | str:
    """Return the course of one subject under estimand ``name``, or why there is none."""
    estimand = study.estimands[name]
    endpoint, cutoff = study.endpoints[estimand.endpoint], earlier(cutoff, study.data_cutoff)
    column = study.time_zero_of(estimand.endpoint)
    zero = written(mine["subjects"][0][column])
    if zero is None or zero.flag:
        return f"{'no' if zero is None else 'incomplete'} {column}"
    start, year_only = zero.first, endpoint.year_only_dates == "impute"
    rules = study.censoring_of(estimand.endpoint)
    dead = deaths(mine, study, 99)
    limits = {key: limit(mine, study, r, start, cutoff) for key, r in rules.items() if r.role == "limit"}
    ends = [(study.death.label, dead[0].day if dead else None)]
    ends += [(rules[key].label, found and found[0]) for key, found in limits.items()]
    for label, day in ends:
        if day is not None and day < start:
            return f"{label} before {study.time_zero_label}"
    dead = [fact for fact in dead if fact.day >= start]
    parts = {key: study.components[key] for key in endpoint.components}
    own = component_facts(mine, parts, start, year_only=year_only, named=endpoint.unit == "lesion")
    between = {}
    for i, (event, rule) in enumerate(study.intercurrent.items()):
        facts = sorted(dated(mine, rule, 50 + i, event, start, year_only=year_only))
        between[event] = [fact for fact in facts if fact.day >= start and concerns(rule, mine)]
    # Where the cutoff is a rule of its own, it is that rule that ends open participation.
    open_end = cutoff and cutoff + any(rule.data_cutoff for rule in rules.values())
    seen = [
        (last_seen(mine, rule, start, open_end), -place, rule.label)
        for place, rule in enumerate(rules.values())
        if rule.role == "last_seen"
    ]
    named = {event for each in study.estimands_of(estimand.endpoint).values() for event in each.intercurrent}
    dates = [fact.day for fact in own]
    dates += [f.day for e, fs in between.items() if e in named and _is_dated(study, e) for f in fs]
    known = observed_to(dates, dead, limits, seen)
    for i, (event, rule) in enumerate(study.intercurrent.items()):
        if rule.absent_by is not None:
            end = start + rule.absent_by
            came = any(fact.day <= end for fact in between[event])
            absent = not came and concerns(rule, mine) and (known is None or end <= known)
            between[event] = [Fact(end, 50 + i, "", "", -1, event)] if absent else []
    stops = _stops(study, estimand, dead, between, limits)
    stop = min(stops, default=None)
    wanted = own + [
        f for event, how in estimand.intercurrent.items() if how == "composite" for f in between[event]
    ]
    wanted += dead if estimand.death == "composite" else []
    events = sorted(fact for fact in wanted if stop is None or fact.day <= stop.day)
    # What shows a subject observed: events and competing events until death, and the death.
    shown = wanted + [f for e, how in estimand.intercurrent.items() if how in ENDING for f in between[e]]
    if not parts:
        shown = shown + component_facts(mine, study.components, start, year_only=False)
    if estimand.death != "ignored" and dead:
        shown = [fact for fact in shown if fact.day <= dead[0].day] + dead[:1]
    return Course(start, events, stop, _end(seen, shown, stop, start, study, rules))


def _is_dated(study: Study, event: str) -> bool:
    return study.intercurrent[event].absent_by is None


def concerns(rule: Any, mine: Rows) -> bool:
    """Return whether an intercurrent event is one in the subject's arm."""
    return not rule.arms or mine["subjects"][0]["arm"] in rule.arms


def observed_to(dates: list[int], dead: list[Fact], limits: Any, seen: Any) -> int | None:
    """Return the last day to which a subject was observed, None where nothing ends it."""
    ends = [min(found) for found in limits.values() if found is not None] + [fact.day for fact in dead[:1]]
    if seen:
        shown = [day for day in dates if not dead or day <= dead[0].day]
        days = [item[0] for item in seen if item[0] is not None] + shown + [fact.day for fact in dead[:1]]
        ends.append(max(days, default=-1))
    return min(ends, default=None)


def _stops(study: Study, estimand: Any, dead: Any, between: Any, limits: Any) -> list[Stop]:
    """Death, then competing events, then censoring events, then the limits in the order of the study."""
    stops, causes = [], 2 if estimand.death == "competing" else 1
    if estimand.death != "ignored" and dead:
        status = 2 if estimand.death == "competing" else 0
        place = (dead[0].table, dead[0].row)
        stops.append(Stop(dead[0].day, 0, status, True, "death", study.death.label, dead[0].day, place))
    for i, (event, how) in enumerate(estimand.intercurrent.items()):
        causes += how in ENDING
        if between[event] and how in ("competing", "hypothetical", "while_on_treatment"):
            final, one = how in ENDING, between[event][0]
            rank, label, place = (
                (1 if final else 100) + i,
                study.intercurrent[event].label,
                (one.table, one.row),
            )
            stops.append(Stop(one.day, rank, causes * final, final, event, label, one.day, place))
    for i, (key, found) in enumerate(limits.items()):
        if found is not None:
            stops.append(Stop(found[0], 200 + i, 0, False, "", study.censoring[key].label, found[1]))
    return stops


def _end(seen: Any, shown: Any, stop: Stop | None, start: int, study: Study, rules: Any) -> tuple[int, str]:
    """Return the last day seen, not after the stop; on one day the stop's own place in the order decides."""
    places = {rule.label: place for place, rule in enumerate(rules.values())}
    if not seen:
        assert stop is not None
        return stop.censor_day, stop.label
    options = [item for item in seen if item[0] is not None]
    options += [(fact.day, -100, "Later event record") for fact in shown]
    day, _, label = max(options, default=(start, -101, f"No assessment after {study.time_zero_label}"))
    if stop is None:
        return day, label
    place = -1 if stop.final or stop.cause else places[stop.label]
    if day < stop.censor_day or (day == stop.censor_day and places.get(label, 1000) < place):
        return day, label
    return stop.censor_day, stop.label


def naive_first(mine: Rows, study: Study, name: str, cutoff: int | None = None) -> Any:
    """Return (time, status, component, components, censor_reason)."""
    found = course(mine, study, name, cutoff)
    if isinstance(found, str):
        return found
    events = deciding(found, study, name)
    if events:
        one = events[0]
        names = dict.fromkeys(fact.name for fact in events if fact.day == one.day)
        return one.day - found.start + 1, 1, one.name, "+".join(names), None
    stop = found.stop
    if stop and stop.final:
        cause = stop.cause if stop.status else None
        return stop.day - found.start + 1, stop.status, cause, cause, None if stop.status else stop.label
    return found.end[0] - found.start + 1, 0, None, None, found.end[1]


def deciding(found: Course, study: Study, name: str) -> list[Fact]:
    """Return the events that can decide: all, or those of the day of the n-th episode, and death."""
    order, endpoint = study.estimands[name].order, study.endpoints[study.estimands[name].endpoint]
    if order == 1:
        return found.events
    groups = episodes(
        [fact for fact in found.events if fact.name != "death"], endpoint.min_gap_days, endpoint.gap_anchor
    )
    opening = groups[order - 1][0].day if len(groups) >= order else None
    return [fact for fact in found.events if fact.name == "death" or fact.day == opening]


def episodes(events: list[Fact], gap: int, anchor: str) -> list[tuple[Fact, list[Fact]]]:
    """Return each episode's first record with all that belong to it."""
    found: list[tuple[Fact, list[Fact]]] = []
    for fact in events:
        if found:
            since = found[-1][0] if anchor == "counted" else found[-1][1][-1]
            if fact.day == since.day or fact.day - since.day < gap:
                found[-1][1].append(fact)
                continue
        found.append((fact, [fact]))
    return found


def naive_recurrent(mine: Rows, study: Study, name: str, cutoff: int | None = None) -> Any:
    """Return rows (start, stop, status, episode, component, components)."""
    found = course(mine, study, name, cutoff)
    if isinstance(found, str):
        return found
    endpoint, stop = study.endpoints[study.estimands[name].endpoint], found.stop
    last = stop.day if stop and stop.final else max([found.end[0], *(fact.day for fact in found.events)])
    status = 2 if stop and stop.final and stop.status else 0
    rows, before = [], 0.0
    groups = episodes(found.events, endpoint.min_gap_days, endpoint.gap_anchor)
    for number, (one, members) in enumerate(groups, start=1):
        names = "+".join(dict.fromkeys(fact.name for fact in members if fact.day == one.day))
        until = one.day - found.start + 1.0 - (0.5 if status and one.day == last else 0)
        rows.append((before, until, 1, number, one.name, names))
        before = until
    if before < last - found.start + 1:
        cause = stop.cause if stop and status else None
        rows.append((before, last - found.start + 1.0, status, None, cause, cause))
    return rows
