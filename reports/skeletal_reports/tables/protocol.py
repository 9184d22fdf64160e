"""What the study declares: its endpoints, component by component, and its estimands by their attributes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from skeletal.study import estimand_attributes

from .table import Column, Row, Table, group_row

if TYPE_CHECKING:
    from collections.abc import Hashable

    from skeletal.study import Endpoint, RecordFilter, Study

NO_SOURCE = "not stated"


def endpoints_table(study: Study) -> Table:
    """List the components of each endpoint, and where their definition comes from.

    Parameters
    ----------
    study : Study
        Gives endpoints, components and death.

    Returns
    -------
    Table
        One row group an endpoint, one row a component in their order of priority on one day.
    """
    blinded = study.masking != "none"
    columns = (
        Column(header="Endpoint and component", align="left"),
        Column(header="Date that counts", align="left"),
        *([] if blinded else [Column(header="Source", align="left")]),
    )
    gaps = Counter(_gap_words(endpoint) for endpoint in study.endpoints.values() if endpoint.components)
    usual = gaps.most_common(1)[0][0] if gaps else ""
    rows: list[Row] = []
    for endpoint in study.endpoints.values():
        rows.append(group_row(_heading(endpoint, study, usual), len(columns)))
        found: list[RecordFilter] = [study.components[key] for key in endpoint.components]
        for item in found or [study.death]:
            cells = (item.label, _date_words(item.date), item.source or NO_SOURCE)
            rows.append(Row(cells=cells[: len(columns)], indent=1))
    return Table(
        name="endpoints",
        title="Endpoints and their components",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "The order of the components is their priority on one day.",
            *([f"Unless an endpoint says otherwise: {usual}."] if gaps else []),
        ),
    )


def _gap_words(endpoint: Endpoint) -> str:
    """Say when events are episodes of their own."""
    if endpoint.min_gap_days <= 1:
        return "every day with an event is an episode"
    anchor = "counted event" if endpoint.gap_anchor == "counted" else "event of any kind"
    return f"a new episode at least {endpoint.min_gap_days} days after the last {anchor}"


def _heading(endpoint: Endpoint, study: Study, usual: str) -> str:
    """Say what heads the components of an endpoint: unit, time zero, gap rule and definition."""
    parts = [f"counted from {study.time_zero_words(endpoint.time_zero)}"]
    if endpoint.unit == "lesion":
        parts.append("per lesion")
    if endpoint.components and _gap_words(endpoint) != usual:
        parts.append(_gap_words(endpoint))
    if endpoint.definition:
        parts.append(f"definition {endpoint.definition!r}".replace("'", "“", 1).replace("'", "”"))
    return f"{endpoint.label}: {', '.join(parts)}"


def _date_words(column: str) -> str:
    if column == "date":
        return "Date of the record"
    return f"Date {column.removesuffix('_date').replace('_', ' ')}"


def estimands_table(study: Study) -> Table:
    """List each estimand and measure by its five attributes (ICH E9(R1)).

    Parameters
    ----------
    study : Study
        The protocol.

    Returns
    -------
    Table
        What is the same in every estimand, and what an intercurrent event does in most of them, comes once,
        in front; then one row group an estimand with what is its own.  Measures follow in the same way.
    """
    frame = estimand_attributes(study)
    frame = frame.assign(variable=[_without_components(text, study) for text in frame["variable"]])
    columns = (Column(header="Attribute", align="left"), Column(header="In words", align="left"))
    rows: list[Row] = []
    for kind, head in HEADS.items():
        rows += _of_kind(frame.loc[frame["kind"] == kind].to_dict("records"), head)
    return Table(
        name="estimands",
        title="Estimands by their five attributes",
        columns=columns,
        rows=tuple(rows),
        notes=("Attributes after ICH E9(R1). The components of each endpoint are in the table before.",),
    )


HEADS = {
    "estimand": "In every estimand, unless it says otherwise",
    "measure": "In every measure, unless it says otherwise",
}
ATTRIBUTES = {
    "population": "Population",
    "treatment": "Treatment",
    "variable": "Variable",
    "intercurrent": "Intercurrent events",
    "summary": "Population-level summary",
}
SHARED = ("population", "treatment")
LEAST_SHARED = 2  # a rule in front must save at least one repetition


def _of_kind(items: list[dict[Hashable, str]], head: str) -> list[Row]:
    """Rows of the estimands, or of the measures: what most have in common, then each one's own."""
    if not items:
        return []
    usual = {name: _most_common([str(item[name]) for item in items]) for name in SHARED}
    events = [_events(str(item["intercurrent"])) for item in items]
    usual_events = {
        event: words
        for event in dict.fromkeys(name for found in events for name in found)
        if (words := _most_common([found[event] for found in events if event in found]))
    }
    front = {name: text for name, text in usual.items() if text}
    if usual_events:
        front["intercurrent"] = _grouped(usual_events)
    rows = [group_row(head, 2)] if front else []
    rows += [Row(cells=(words, front[name]), indent=1) for name, words in ATTRIBUTES.items() if name in front]
    for item, found in zip(items, events, strict=True):
        own = {name: str(item[name]) for name in ATTRIBUTES if item[name] != usual.get(name)}
        own["intercurrent"] = _grouped(
            {event: words for event, words in found.items() if usual_events.get(event) != words}
        )
        rows.append(group_row(str(item["label"]), 2))
        rows += [
            Row(cells=(words, own[name]), indent=1) for name, words in ATTRIBUTES.items() if own.get(name)
        ]
    return rows


def _most_common(texts: list[str]) -> str:
    """Return the text that comes most often; empty where none comes twice."""
    text, n = Counter(texts).most_common(1)[0]
    return text if n >= LEAST_SHARED else ""


def _events(text: str) -> dict[str, str]:
    """Split "event: what it does; event: ..." into its events."""
    found: dict[str, str] = {}
    for part in text.split("; "):
        event, colon, words = part.partition(": ")
        if colon:
            found[event] = words
        elif found:  # a semicolon inside what the last event does
            found[next(reversed(found))] += f"; {part}"
    return found


def _grouped(events: dict[str, str]) -> str:
    """Join events that are treated alike: "A, B: what they do. C: what it does."."""
    alike: dict[str, list[str]] = {}
    for event, words in events.items():
        alike.setdefault(words, []).append(event)
    return " ".join(f"{', '.join(names)}: {words}." for words, names in alike.items())


def _without_components(text: str, study: Study) -> str:
    """Leave out the list of components, which the table of endpoints has."""
    for endpoint in study.endpoints.values():
        listed = ", ".join(study.components[name].label for name in endpoint.components)
        text = text.replace(f"{endpoint.label} ({listed})", endpoint.label)
    return text
