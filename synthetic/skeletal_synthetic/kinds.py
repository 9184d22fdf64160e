"""What rows a scenario makes, and which endpoints count them, by the study's own filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.errors import InvalidArgument
from skeletal.records.convert import word
from skeletal.tables import DERIVED, TABLES

from . import dressing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from skeletal.arrays import FloatArray
    from skeletal.study import Endpoint, RecordFilter, Scenario, Study

# Tables that hold facts of which the simulator makes exactly the rows that the course of a subject says.
NOT_EVENTS = ("subjects", "screening", "lesions", "disposition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Rows that look alike: the table, what they hold, and their share of all events."""

    name: str
    table: str
    date: str
    values: Mapping[str, Any]
    share: float = 0.0
    silent: bool = False


def event_kinds(study: Study, scenario: Scenario) -> list[Kind]:
    """Return the kinds of rows that the components in ``component_mix`` become."""
    return [
        kind
        for name, share in scenario.component_mix.items()
        if share > 0
        for kind in _kinds_of(study.components[name], name, share, scenario)
    ]


def _kinds_of(component: RecordFilter, name: str, share: float, scenario: Scenario) -> Iterator[Kind]:
    silent = silent_share(scenario, name)
    first = {column: values[0] for column, values in allowed_values(component).items()}
    reasons, weights = reason_weights(component)
    for is_silent, part in ((False, 1 - silent), (True, silent)):
        if part <= 0:
            continue
        for reason, weight in zip(reasons or [None], weights, strict=True):
            values = first | ({} if reason is None else {"reason": reason})
            values = _dressed(component.table, name, values, scenario, silent=is_silent)
            yield Kind(
                name=name,
                table=component.table,
                date=component.date,
                values=values,
                share=share * part * weight,
                silent=is_silent,
            )


def _dressed(
    table: str, name: str, values: dict[str, Any], scenario: Scenario, *, silent: bool = False
) -> dict[str, Any]:
    """Add what the simulator writes into columns that the filter leaves open."""
    if table == "events":
        plain: dict[str, Any] = {"component": name, "detection": "clinical", "adjudicated": True}
        if scenario.imaging:
            plain["symptomatic"] = True
            if silent:
                values = values | {"symptomatic": False, "detection": "imaging"}
        return plain | values
    if table == "procedures":
        return {"intent": "palliative", "kind": "surgery"} | values
    return values


def treatment_kind(study: Study, scenario: Scenario, event: str, procedure: str) -> Kind:
    """Return the row of the procedure that treats an event."""
    component = study.components[procedure]
    first = {column: values[0] for column, values in allowed_values(component).items()}
    values = _dressed("procedures", procedure, first | {"reason": event}, scenario)
    return Kind(name=procedure, table="procedures", date=component.date, values=values)


def other_kinds(study: Study, scenario: Scenario) -> Iterator[Kind]:
    """Yield the rows of other events, intercurrent events and protocol treatment, which count for none."""
    for name, event in scenario.other_events.items():
        values = _dressed(event.table, name, dict(event.values), scenario, silent=event.silent)
        yield Kind(
            name=f"other_events.{name}",
            table=event.table,
            date=event.date,
            values=values,
            silent=event.silent,
        )
    for name in scenario.intercurrent:
        found = study.intercurrent[name]
        first = {column: values[0] for column, values in allowed_values(found).items()}
        values = _dressed(found.table, name, first, scenario)
        yield Kind(name=f"intercurrent.{name}", table=found.table, date=found.date, values=values)
    for place in scenario.protocol:
        for done in (place.kind, *place.instead):
            row = {"kind": done, "intent": place.intent}
            yield Kind(name=f"protocol {done}", table="procedures", date="performed_date", values=row)


def silent_share(scenario: Scenario, component: str) -> float:
    """Return the share of a component's events that only a film finds."""
    return scenario.imaging.silent.get(component, 0.0) if scenario.imaging else 0.0


def allowed_values(component: RecordFilter) -> dict[str, tuple[Any, ...]]:
    """Return the values of each column of ``where`` that ``unless`` leaves."""
    left = {}
    for column, values in component.where.items():
        against = [word(value) for value in component.unless.get(column, ())]
        left[column] = tuple(value for value in values if word(value) not in against)
    return left


def reason_weights(component: RecordFilter) -> tuple[list[Any], FloatArray]:
    """Return the reasons that the filter allows and how often each is drawn; one weight of 1 if none."""
    reasons = list(allowed_values(component).get("reason", ()))
    known = [dressing.REASON_WEIGHT.get(str(each), dressing.OTHER_REASON_WEIGHT) for each in reasons]
    weights = np.array(known) if reasons else np.ones(1)
    return reasons, weights / weights.sum()


def matches(rule: RecordFilter, kind: Kind) -> bool:
    """Tell whether a filter takes rows of this kind; a column that they leave empty satisfies none."""
    if rule.table != kind.table:
        return False
    if not all(_among(kind.values.get(column), values) for column, values in rule.where.items()):
        return False
    return not any(_among(kind.values.get(column), values) for column, values in rule.unless.items())


def _among(value: Any, wanted: Iterable[Any]) -> bool:
    return value is not None and _plain(value) in {_plain(each) for each in wanted}


def _plain(value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if number else word(value)


def counts(study: Study, endpoint: Endpoint, kind: Kind) -> bool:
    """Tell whether a component of ``endpoint`` takes rows of this kind."""
    return any(matches(study.components[name], kind) for name in endpoint.components)


def check_kinds(study: Study, scenario: Scenario) -> None:
    """Refuse components that no simulated record can show, and other rows that an endpoint would count."""
    for name, share in scenario.component_mix.items():
        table = study.components[name].table
        if share > 0 and (table not in TABLES or table in NOT_EVENTS):
            raise InvalidArgument(
                f"component {name!r} reads table {table!r}, in which no event can be simulated; "
                f"use one of {', '.join(each for each in TABLES if each not in NOT_EVENTS)}"
            )
    for kind in event_kinds(study, scenario):
        if not matches(study.components[kind.name], kind):
            shown = ", ".join(f"{column} = {value}" for column, value in kind.values.items())
            raise InvalidArgument(
                f"component {kind.name!r} would not take its own simulated rows ({shown}); "
                "check imaging.silent of the scenario against the filter"
            )
    for kind in other_kinds(study, scenario):
        taken = [name for name, each in study.components.items() if matches(each, kind)]
        if taken and any(name in end.components for end in study.endpoints.values() for name in taken):
            raise InvalidArgument(
                f"rows of {kind.name} would count as component {', '.join(taken)}; leave them out of the "
                "scenario and give the component its share of component_mix"
            )


def treatment_pairs(study: Study) -> Iterator[tuple[str, str]]:
    """Yield each component that is a reported event with each that is a procedure for its reason."""
    for event, reported in study.components.items():
        for procedure, each in study.components.items():
            treats = each.table == "procedures" and event in allowed_values(each).get("reason", ())
            if reported.table == "events" and treats:
                yield event, procedure


def has_closed_form(study: Study, scenario: Scenario, endpoint: Endpoint) -> bool:
    """Tell whether first events of ``endpoint`` are those of the scenario's Poisson process alone.

    They are not where a component reads a derived table, deaths, or rows that the models of stays, pain or
    scores make; where its date is another than that of the event; where it counts the treatment of an event
    and not the event; or where lesions are counted.
    """
    made = {"stays"} if scenario.stays else set()
    made |= {"questionnaires", "analgesics"} if scenario.pain or scenario.scores else set()
    kinds = event_kinds(study, scenario)
    for name in endpoint.components:
        component = study.components[name]
        if component.table in {*made, *NOT_EVENTS, *DERIVED}:
            return False
        if any(matches(component, kind) and kind.date != component.date for kind in kinds):
            return False
    for event, procedure in treatment_pairs(study):
        treatment = treatment_kind(study, scenario, event, procedure)
        treated = [kind for kind in kinds if kind.name == event and not kind.silent]
        if counts(study, endpoint, treatment) and not all(counts(study, endpoint, each) for each in treated):
            return False
    return endpoint.unit == "subject"
