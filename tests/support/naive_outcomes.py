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


def known_alive(mine: Rows, study: Study) -> int:
    """Return the last whole date on which a record shows the subject alive."""
    zeros = [study.time_zero_of(name) for name in study.endpoints]
    texts = [mine["subjects"][0].get(column) for column in ("randomised_date", "treatment_date", *zeros)]
    texts += [row["date"] for row in mine["events"]]
    texts += [row["indicated_date"] for row in mine["procedures"]]
    texts += [row["date"] for row in mine["assessments"] if pd.isna(row["done"]) or row["done"]]
    texts += [row["date"] for row in mine["disposition"] if row["status"] != "died"]
    dates = [date for date in map(written, texts) if date and date.flag == ""]
    return max((date.first for date in dates), default=0)


def deaths(mine: Rows, study: Study, order: int) -> list[Fact]:
    alive = known_alive(mine, study)
    found = []
    for row in mine[study.death.table]:
        date = written(row[study.death.date])
        if date and passes(row, study.death.where):
            day = min(max(date.first, alive), date.last) if date.flag else date.first
            found.append(Fact(day, order, date.flag, study.death.table, row["source_row"], "death"))
    return sorted(found)


def dated(mine: Rows, rule: Any, order: int, name: str, start: int, *, year_only: bool) -> Iterator[Fact]:
    for row in mine[rule.table]:
        when = onset(row[rule.date], start, year_only=year_only)
        if when and passes(row, rule.where):
            yield Fact(when[0], order, when[1], rule.table, row["source_row"], name)


def component_facts(mine: Rows, components: Any, start: int, *, year_only: bool) -> list[Fact]:
    """Return the dated records, each of the first component that it matches."""
    found: dict[tuple[str, int], Fact | None] = {}
    for order, (name, rule) in enumerate(components.items()):
        facts = {fact.row: fact for fact in dated(mine, rule, order, name, start, year_only=year_only)}
        for row in mine[rule.table]:
            if passes(row, rule.where):
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
    between = {
        event: sorted(
            fact
            for fact in dated(mine, study.intercurrent[event], 50 + i, event, start, year_only=year_only)
            if fact.day >= start
        )
        for i, event in enumerate(study.intercurrent)
    }
    parts = {key: study.components[key] for key in endpoint.components}
    own = component_facts(mine, parts, start, year_only=year_only)
    stops = _stops(study, estimand, dead, between, limits)
    stop = min(stops, default=None)
    wanted = own + [
        f for event, how in estimand.intercurrent.items() if how == "composite" for f in between[event]
    ]
    wanted += dead if estimand.death == "composite" else []
    events = sorted(fact for fact in wanted if stop is None or fact.day <= stop.day)
    # What shows a subject observed: events and competing events until death, and the death.
    shown = wanted + [f for e, how in estimand.intercurrent.items() if how == "competing" for f in between[e]]
    if not parts:
        shown = shown + component_facts(mine, study.components, start, year_only=False)
    if estimand.death != "ignored" and dead:
        shown = [fact for fact in shown if fact.day <= dead[0].day] + dead[:1]
    # Where the cutoff is a rule of its own, it is that rule that ends open participation.
    open_end = cutoff and cutoff + any(rule.data_cutoff for rule in rules.values())
    seen = [
        (last_seen(mine, rule, start, open_end), -place, rule.label)
        for place, rule in enumerate(rules.values())
        if rule.role == "last_seen"
    ]
    return Course(start, events, stop, _end(seen, shown, stop, start, study, rules))


def _stops(study: Study, estimand: Any, dead: Any, between: Any, limits: Any) -> list[Stop]:
    """Death, then competing events, then censoring events, then the limits in the order of the study."""
    stops, causes = [], 2 if estimand.death == "competing" else 1
    if estimand.death != "ignored" and dead:
        status = 2 if estimand.death == "competing" else 0
        place = (dead[0].table, dead[0].row)
        stops.append(Stop(dead[0].day, 0, status, True, "death", study.death.label, dead[0].day, place))
    for i, (event, how) in enumerate(estimand.intercurrent.items()):
        causes += how == "competing"
        if between[event] and how in ("competing", "hypothetical", "while_on_treatment"):
            final, one = how == "competing", between[event][0]
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
    if found.events:
        one = found.events[0]
        names = dict.fromkeys(fact.name for fact in found.events if fact.day == one.day)
        return one.day - found.start + 1, 1, one.name, "+".join(names), None
    stop = found.stop
    if stop and stop.final:
        cause = stop.cause if stop.status else None
        return stop.day - found.start + 1, stop.status, cause, cause, None if stop.status else stop.label
    return found.end[0] - found.start + 1, 0, None, None, found.end[1]


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


def naive_fates(mine: Rows, study: Study, name: str) -> dict[tuple[str, int], tuple[str, int | None]]:
    """Return (rule, episode) of every record that estimand ``name`` considers, by table and row."""
    estimand, found = study.estimands[name], course(mine, study, name)
    endpoint = study.endpoints[estimand.endpoint]
    parts = {key: study.components[key] for key in endpoint.components}
    fates: dict[tuple[str, int], tuple[str, int | None]] = {
        (rule.table, row["source_row"]): ("not a component", None)
        for rule in parts.values()
        for row in mine[rule.table]
    }
    roles = [(rule, "event", key) for key, rule in parts.items()]
    roles += [(study.intercurrent[key], how, key) for key, how in estimand.intercurrent.items()]
    dead = {fact.row: fact.day for fact in deaths(mine, study, 99)}
    for rule, how, key in [*roles, (study.death, estimand.death, "death")]:
        for row in mine[rule.table]:
            if not passes(row, rule.where):
                continue
            place = (rule.table, row["source_row"])
            if isinstance(found, str):
                fates[place] = ("rejected: subject excluded", None)
                continue
            year_only = endpoint.year_only_dates == "impute"
            when = onset(row[rule.date], found.start, year_only=year_only)
            day = dead.get(row["source_row"]) if key == "death" else when and when[0]
            fates[place] = _fate(found, place, day, how, key, study, name)
    return fates


def _fate(
    found: Course, place: tuple[str, int], day: int | None, how: str, key: str, study: Study, name: str
) -> tuple[str, int | None]:
    estimand, stop = study.estimands[name], found.stop
    endpoint = study.endpoints[estimand.endpoint]
    if day is None:
        return "rejected: no usable date", None
    if day < found.start:
        return "rejected: before time zero", None
    if how == "treatment_policy":
        return "ignored: treatment policy", None
    if how == "ignored":
        return "ignored: the censoring rules alone end observation", None
    if stop and day > stop.day:
        return f"rejected: after {'death' if stop.cause == 'death' else stop.label}", None
    if how in ("event", "composite"):
        gap = endpoint.min_gap_days if estimand.variable == "recurrent" else 10**6
        for number, (one, members) in enumerate(
            episodes(found.events, gap, "counted" if gap == 10**6 else endpoint.gap_anchor), 1
        ):
            if (one.table, one.row) == place:
                return "counted", number
            if place in [(fact.table, fact.row) for fact in members]:
                if estimand.variable == "first" and day > one.day:
                    return "rejected: after the first event", None
                return "merged", number
    if estimand.variable == "first" and found.events and found.events[0].day <= day:
        return "rejected: after the first event", None
    assert stop is not None
    if stop.cause == key and stop.place == place and (stop.final or found.end[0] == stop.day):
        return ("competes" if stop.status else "censors"), None
    return "rejected: another record decides", None
