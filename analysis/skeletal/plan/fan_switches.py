"""The switches of the definition fan: which kinds of record an endpoint counts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.outcomes.filters import passing
from skeletal.study import Component

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skeletal.records import TrialRecords

Components = dict[str, Component]
WITH, WITHOUT, AS_DEFINED = "with", "without", "as defined"
HYPERCALCAEMIA = "hypercalcaemia"
PAIN = "bone_pain"
# Events that are symptoms or blood tests: they have no silent form.
NEVER_SILENT = {HYPERCALCAEMIA, "bone_pain", "pain", "instability"}
RADIATION = {"radiation", "radioisotope"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One kind of record that an endpoint may count or not, and what it does to the components."""

    name: str
    table: str
    column: str
    states: Mapping[str, Callable[[Components], Components]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EventSet:
    """The components under one position of every switch."""

    states: Mapping[str, str]
    components: Components
    own: bool


def _without_key(values: Mapping[str, tuple[Any, ...]], key: str) -> dict[str, tuple[Any, ...]]:
    return {name: item for name, item in values.items() if name != key}


def _changed(component: Component, **fields: Any) -> Component:
    return component.model_copy(update=fields)


def _can_be_silent(component: Component) -> bool:
    """Return whether some record that the component counts could be one that nobody felt."""
    kinds = set(map(str, component.where.get("component", ("any",))))
    return component.table == "events" and not kinds <= NEVER_SILENT


def _with_silent(components: Components) -> Components:
    return {
        name: _changed(
            item,
            where=_without_key(item.where, "symptomatic"),
            unless=_without_key(item.unless, "symptomatic"),
        )
        if _can_be_silent(item)
        else item
        for name, item in components.items()
    }


def _without_silent(components: Components) -> Components:
    return {
        name: _changed(item, where={**item.where, "symptomatic": (True,)}) if _can_be_silent(item) else item
        for name, item in _with_silent(components).items()
    }


def _with_hypercalcaemia(components: Components) -> Components:
    """Add hypercalcaemia to a composite of several components; to fractures alone it does not belong."""
    counted = any(HYPERCALCAEMIA in item.where.get("component", ()) for item in components.values())
    if counted or len(components) < 2:
        return components
    added = Component(label="Hypercalcaemia", table="events", where={"component": (HYPERCALCAEMIA,)})
    return {**components, HYPERCALCAEMIA if HYPERCALCAEMIA not in components else "hypercalcaemia.any": added}


def _without_hypercalcaemia(components: Components) -> Components:
    return _without_value(components, "component", HYPERCALCAEMIA, lambda item: item.table == "events")


def _is_radiotherapy(component: Component) -> bool:
    kinds = set(map(str, component.where.get("kind", ())))
    return component.table == "procedures" and bool(kinds) and kinds <= RADIATION


def _without_value(
    components: Components, column: str, value: str, chosen: Callable[[Component], bool]
) -> Components:
    """Take ``value`` out of what the chosen components ask of ``column``, and those that ask for no other."""
    found: Components = {}
    for name, item in components.items():
        values = item.where.get(column, ())
        if not chosen(item) or value not in values:
            found[name] = item
        elif rest := tuple(each for each in values if each != value):
            found[name] = _changed(item, where={**item.where, column: rest})
    return found


def _without_pain(components: Components) -> Components:
    """Leave out radiotherapy with the reason bone pain; one without a reason stays."""
    found = _without_value(components, "reason", PAIN, _is_radiotherapy)
    for name, item in found.items():
        refused = item.unless.get("reason", ())
        if _is_radiotherapy(item) and "reason" not in item.where and PAIN not in refused:
            found[name] = _changed(item, unless={**item.unless, "reason": (*refused, PAIN)})
    return found


def _with_pain(components: Components) -> Components:
    found = dict(components)
    for name, item in components.items():
        if not _is_radiotherapy(item):
            continue
        reasons = item.where.get("reason", (PAIN,))
        refused = tuple(each for each in item.unless.get("reason", ()) if each != PAIN)
        unless = _without_key(item.unless, "reason") | ({"reason": refused} if refused else {})
        where = dict(item.where) if PAIN in reasons else {**item.where, "reason": (*reasons, PAIN)}
        found[name] = _changed(item, where=where, unless=unless)
    return found


SWITCHES = tuple(
    Switch(name=name, table=table, column=column, states=MappingProxyType({WITH: on, WITHOUT: off}))
    for name, table, column, on, off in (
        ("asymptomatic", "events", "symptomatic", _with_silent, _without_silent),
        ("hypercalcaemia", "events", "component", _with_hypercalcaemia, _without_hypercalcaemia),
        ("radiotherapy_for_pain", "procedures", "reason", _with_pain, _without_pain),
    )
)


def _filters(components: Components) -> list[tuple[Any, ...]]:
    """Return what the components choose, for comparison; their order and words do not matter."""
    keys = [
        (item.table, item.date, sorted(map(repr, item.where.items())), sorted(map(repr, item.unless.items())))
        for item in components.values()
    ]
    return sorted(keys)


def _selected(records: TrialRecords, components: Components) -> dict[tuple[str, str], bytes]:
    """Return which rows of which table the components count, by the date that counts."""
    found: dict[tuple[str, str], Any] = {}
    for item in components.values():
        if item.table in records:
            key = (item.table, item.date)
            rows = passing(records[item.table], item)
            found[key] = found[key] | rows if key in found else rows
    return {key: np.packbits(rows).tobytes() for key, rows in found.items() if rows.any()}


def event_sets(
    records: TrialRecords, components: Components, *, of_lesions: bool = False
) -> tuple[list[EventSet], str]:
    """Return the components under every position of the switches, and why some switch is left out."""
    kept: dict[str, dict[str, Callable[[Components], Components]]] = {}
    left_out = []
    for switch in SWITCHES:
        if switch.table not in records or switch.column not in records[switch.table]:
            left_out.append(f"{switch.name}: {switch.table} have no column {switch.column}")
            continue
        if switch.name == HYPERCALCAEMIA and of_lesions:
            left_out.append(f"{switch.name}: it is of the subject, not of a lesion")
            continue
        filters = {state: _filters(change(components)) for state, change in switch.states.items()}
        if filters[WITH] == filters[WITHOUT]:
            left_out.append(f"{switch.name}: the endpoint has no such component")
            continue
        on, off = (_selected(records, change(components)) for change in switch.states.values())
        if on == off:
            left_out.append(f"{switch.name}: no record that it changes")
            continue
        mixed = _filters(components) not in filters.values()
        own: dict[str, Callable[[Components], Components]] = {AS_DEFINED: dict} if mixed else {}
        kept[switch.name] = {**own, **switch.states}
    sets = []
    for chosen in product(*(states.items() for states in kept.values())):
        made = dict(components)
        for _, change in chosen:
            made = change(made)
        states = {name: state for name, (state, _) in zip(kept, chosen, strict=True)}
        sets.append(EventSet(states=states, components=made, own=_filters(made) == _filters(components)))
    return sets, "; ".join(left_out)
