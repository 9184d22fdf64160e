"""Outcomes by arm: who was analysed, who had what event, and why others were censored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal.arrays import DAYS_PER_YEAR

from .columns import ArmColumns, arm_columns
from .format import format_count, format_number
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

OTHER_ESTIMANDS = (
    "Endpoints of one component of a table above, and estimands that differ in their strategies alone, are "
    "in the accounting for every subject and in the tables of results."
)
UNIT_KEYS = {"subject": ["subject_id"], "lesion": ["subject_id", "lesion_id"]}


def shown_estimands(study: Study) -> list[str]:
    """Return the estimands whose outcomes differ by more than the name of the same counts.

    Parameters
    ----------
    study : Study
        The protocol.

    Returns
    -------
    list of str
        For each endpoint and variable the first estimand in which death competes, else the first; how
        the others classify the same subjects is in the accounting, and so are endpoints that are one
        component of an endpoint declared before them.
    """
    parts = part_endpoints(study)
    chosen: dict[tuple[str, str, int], str] = {}
    ranked = sorted(study.estimands.items(), key=lambda item: item[1].death != "competing")
    for name, estimand in ranked:
        if estimand.endpoint not in parts:
            chosen.setdefault((estimand.endpoint, estimand.variable, estimand.order), name)
    return [name for name in study.estimands if name in chosen.values()]


def part_endpoints(study: Study) -> set[str]:
    """Return the endpoints of one component that a composite declared before them breaks down."""
    composites: set[tuple[str, str]] = set()
    parts: set[str] = set()
    for name, endpoint in study.endpoints.items():
        counted = {(item, endpoint.unit) for item in endpoint.components}
        if len(counted) == 1 and counted <= composites:
            parts.add(name)
        elif len(counted) > 1:
            composites |= counted
    return parts


def outcome_table(outcomes: Outcomes, study: Study, estimand: str) -> Table:
    """Count by arm the outcomes of one estimand.

    For an estimand of the first event: subjects with the event by component, with a competing event, and
    censored by reason; for one of all events: subjects with an event, episodes by component, subject-years
    and episodes a subject-year.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    study : Study
        Gives arms and words.
    estimand : str
        Name of the estimand.

    Returns
    -------
    Table
        Percentages are of the subjects analysed.
    """
    declared = study.estimands[estimand]
    first = declared.variable == "first"
    rows_of = outcomes.first if first else outcomes.recurrent
    frame = rows_of(declared.endpoint, estimand).reset_index(drop=True)
    unit = study.endpoints[declared.endpoint].unit
    units = frame.drop_duplicates(UNIT_KEYS[unit]).reset_index(drop=True)
    analysed = arm_columns(units, study)
    columns = analysed.columns()
    causes = [_cause_label(cause, study) for cause in outcomes.causes(estimand)]
    if declared.death == "composite" and study.endpoints[declared.endpoint].components:
        causes[0] = f"{causes[0]} or death"
    rows = (
        _first_rows(frame, analysed, causes, study)
        if first
        else _episode_rows(frame, arm_columns(frame, study), analysed, study)
    )
    return Table(
        name=f"outcomes-{estimand}",
        title=f"{declared.label}: outcomes of the {unit}s analysed",
        columns=columns,
        rows=(*_unit_rows(units, analysed), *rows) if unit == "lesion" else tuple(rows),
        notes=(
            f"Number (% of {unit}s analysed). Population: {declared.population}.",
            "Components of one day count under the first of them in the order of the endpoint.",
            data_note(study),
        ),
    )


def _unit_rows(lesions: pd.DataFrame, arms: ArmColumns) -> Iterator[Row]:
    """Count the subjects whose lesions are counted."""
    first = ~lesions["subject_id"].duplicated().to_numpy(dtype=bool)
    yield arms.counts("Subjects with a lesion analysed", first, percent=False)


def _unit_of(frame: pd.DataFrame) -> str:
    return "lesion" if "lesion_id" in frame else "subject"


def _cause_label(cause: str, study: Study) -> str:
    if cause in study.endpoints:
        return study.endpoints[cause].label
    return study.death.label if cause == "death" else cause


def _component_label(name: str, study: Study) -> str:
    if name in study.components:
        return study.components[name].label
    return study.death.label if name == "death" else name


def _in_order(found: pd.Series[str], study: Study) -> list[str]:
    """Names of the components that occurred, in the order of the study, death last."""
    order = [*study.components, "death"]
    names = [str(name) for name in found.dropna().unique()]
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def _first_rows(frame: pd.DataFrame, arms: ArmColumns, labels: list[str], study: Study) -> Iterator[Row]:
    status = frame["status"].to_numpy()
    width = len(arms.headers) + 1
    yield arms.counts("Analysed", np.ones(len(frame), dtype=bool), percent=False)
    yield arms.counts(f"With the event: {labels[0]}", status == 1)
    component = frame["component"].astype("string")
    found = _in_order(component.loc[status == 1], study)
    for name in found if found != ["death"] else ():
        flag = (status == 1) & component.eq(name).fillna(value=False).to_numpy(dtype=bool)
        yield arms.counts(_component_label(name, study), flag, indent=1)
    for place, label in enumerate(labels[1:], start=2):
        yield arms.counts(f"With the competing event: {label}", status == place)
    yield arms.counts("Censored", status == 0)
    reason = frame["censor_reason"].astype("string").fillna("not stated")
    for name in sorted(reason.loc[status == 0].unique()):
        flag = (status == 0) & reason.eq(name).to_numpy(dtype=bool)
        yield arms.counts(_reason_label(str(name), study), flag, indent=1)
    yield group_row("Time observed", width)
    years = frame["time"].to_numpy(dtype=np.float64) / DAYS_PER_YEAR
    totals = [float(years[member].sum()) for member in arms.members]
    label = f"{_unit_of(frame).capitalize()}-years"
    yield Row(cells=(label, *(format_number(total, 1) for total in totals)), indent=1)


def _reason_label(name: str, study: Study) -> str:
    rule = study.censoring.get(name)
    return rule.label if rule else name


def _episode_rows(frame: pd.DataFrame, rows: ArmColumns, subjects: ArmColumns, study: Study) -> Iterator[Row]:
    event = frame["status"].to_numpy() == 1
    keys = [name for name in UNIT_KEYS["lesion"] if name in frame]
    with_event = frame.assign(event=event).groupby(keys, sort=False)["event"].any().to_numpy(dtype=bool)
    yield subjects.counts("Analysed", np.ones(len(with_event), dtype=bool), percent=False)
    yield subjects.counts("With at least one episode", with_event)
    yield rows.counts("Episodes", event, percent=False)
    component = frame["component"].astype("string")
    for name in _in_order(component.loc[event], study):
        flag = event & component.eq(name).fillna(value=False).to_numpy(dtype=bool)
        yield rows.counts(_component_label(name, study), flag, percent=False, indent=1)
    years = (frame["stop"] - frame["start"]).to_numpy(dtype=np.float64) / DAYS_PER_YEAR
    totals = [float(years[member].sum()) for member in rows.members]
    episodes = [int((member & event).sum()) for member in rows.members]
    rates = [n / total if total > 0 else np.nan for n, total in zip(episodes, totals, strict=True)]
    unit = _unit_of(frame)
    yield Row(cells=(f"{unit.capitalize()}-years", *(format_number(total, 1) for total in totals)))
    yield Row(cells=(f"Episodes per {unit}-year", *(format_number(rate, 2) for rate in rates)))


def accounting_table(outcomes: Outcomes, study: Study) -> Table:
    """Account by estimand and arm for every subject randomised.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    study : Study
        Gives arms and words.

    Returns
    -------
    Table
        Randomised = analysed + excluded; analysed = event + competing + censored.
    """
    counts = {
        "n_randomised": "Randomised",
        "n_excluded": "Excluded",
        "n_analysed": "Analysed",
        "n_events": "Event",
        "n_competing": "Competing",
        "n_censored": "Censored",
    }
    frame = outcomes.accounting()
    columns = (
        Column(header="Estimand and arm", align="left"),
        *(Column(header=text) for text in counts.values()),
    )
    rows: list[Row] = []
    for estimand, declared in study.estimands.items():
        found = frame.loc[frame["estimand"] == estimand].set_index("arm")
        if found.empty:
            continue
        lesions = " (lesions)" if study.endpoints[declared.endpoint].unit == "lesion" else ""
        rows.append(group_row(f"{declared.label}{lesions}", len(columns)))
        for arm in study.arm_names:
            if arm in found.index:
                numbers = found.loc[arm, list(counts)].to_numpy(dtype=np.float64)
                cells = [format_count(float(number)) for number in numbers]
                rows.append(Row(cells=(study.arm_label(arm), *cells), indent=1))
    return Table(
        name="accounting",
        title="Accounting for every subject randomised, by estimand",
        columns=columns,
        rows=tuple(rows),
        notes=("All events: subjects with at least one; competing: subjects without one.", data_note(study)),
    )


def exclusions_table(outcomes: Outcomes, study: Study) -> Table:
    """Count by arm the subjects excluded from each estimand and measure, with the reason.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``; its ``exclusions``.
    study : Study
        Gives arms and words.

    Returns
    -------
    Table
        One row an estimand and reason; one row that says so where none was excluded.
    """
    frame = outcomes.exclusions
    everyone = arm_columns(outcomes.subjects, study)
    columns = everyone.columns("Estimand and reason")
    rows: list[Row] = []
    for estimand, declared in {**study.estimands, **study.measures}.items():
        found = frame.loc[frame["estimand"] == estimand].reset_index(drop=True)
        if found.empty:
            continue
        rows.append(group_row(declared.label, len(columns)))
        reason = found["reason"].astype("string").fillna("not stated").str.replace("_", " ")
        arms = arm_columns(found, study)
        for name in sorted(reason.unique()):
            flag = reason.eq(name).to_numpy(dtype=bool)
            rows.append(arms.counts(str(name), flag, percent=False, indent=1))
    if not rows:
        rows.append(Row(cells=("No subject was excluded", *["0"] * (len(columns) - 1))))
    return Table(
        name="exclusions",
        title="Subjects randomised but not analysed, by estimand and reason",
        columns=columns,
        rows=tuple(rows),
        notes=("N: subjects randomised.", data_note(study)),
    )
