"""What becomes of every record, one subject at a time: what the audit must say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.naive_outcomes import (
    Course,
    Rows,
    chosen,
    concerns,
    course,
    deaths,
    deciding,
    episodes,
    onset,
)

if TYPE_CHECKING:
    from skeletal.study import Study


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
            if not chosen(row, rule):
                continue
            place = (rule.table, row["source_row"])
            if isinstance(found, str):
                fates[place] = ("rejected: subject excluded", None)
                continue
            year_only = endpoint.year_only_dates == "impute"
            when = onset(row[rule.date], found.start, year_only=year_only)
            day = dead.get(row["source_row"]) if key == "death" else when and when[0]
            if key in study.intercurrent and day is not None and day >= found.start:
                if not concerns(rule, mine):
                    fates[place] = ("ignored: no intercurrent event in this arm", None)
                    continue
                if rule.absent_by is not None:
                    in_time = day <= found.start + rule.absent_by
                    fates[place] = (f"ignored: {'in time' if in_time else 'later than the grace'}", None)
                    continue
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
    if how in ("event", "composite") and estimand.order > 1:
        return _fate_by_order(found, place, day, study, name)
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
    events = deciding(found, study, name)
    if estimand.variable == "first" and events and events[0].day <= day:
        return f"rejected: after the {'first ' if estimand.order == 1 else ''}event", None
    assert stop is not None
    if stop.cause == key and stop.place == place and (stop.final or found.end[0] == stop.day):
        return ("competes" if stop.status else "censors"), None
    return "rejected: another record decides", None


def _fate_by_order(
    found: Course, place: tuple[str, int], day: int, study: Study, name: str
) -> tuple[str, int | None]:
    """Return the fate of an event under an estimand of some order."""
    endpoint = study.endpoints[study.estimands[name].endpoint]
    decides = deciding(found, study, name)
    groups = episodes(
        [fact for fact in found.events if fact.name != "death"], endpoint.min_gap_days, endpoint.gap_anchor
    )
    number = next(
        (n for n, (_, all_of) in enumerate(groups, 1) if place in [(f.table, f.row) for f in all_of]), None
    )
    now = [(fact.table, fact.row) for fact in decides if fact.day == decides[0].day]
    if place in now:
        return "counted" if place == now[0] else "merged", number
    if decides and day > decides[0].day:
        return "rejected: after the event", None
    return "rejected: earlier episode", number
