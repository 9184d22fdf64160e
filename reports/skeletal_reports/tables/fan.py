"""How far the answer hangs on the definition of the endpoint: one change at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .format import format_interval, format_number
from .result_values import ne_note
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Hashable

    import pandas as pd

    from skeletal.study import Study

ANCHORS = {"counted": "counted event", "any": "event of any kind"}
KINDS = {"asymptomatic": "events without symptoms"}
STATES = {"with": "counted", "without": "not counted", "as defined": "counted as defined"}
OWN = "As the study defines it"
FIXED = ("endpoint", "definition", "own", "horizon_days", "left_out", "note")


def fan_endpoint(study: Study) -> str:
    """Return the first endpoint of subjects with an estimand of recurrent events; empty without one."""
    for estimand in study.estimands.values():
        if estimand.variable == "recurrent" and study.endpoints[estimand.endpoint].unit == "subject":
            return estimand.endpoint
    return ""


def fan_table(fan: pd.DataFrame, study: Study) -> Table:
    """Show the study's own definition of an endpoint, and those that differ from it in one thing.

    Parameters
    ----------
    fan : DataFrame
        From ``skeletal.plan.definition_fan``; the figure shows all of it.
    study : Study
        Gives arms and words; at least two arms.

    Returns
    -------
    Table
        One row a definition: subjects with an event and episodes by arm, hazard ratio of the first event
        and rate ratio of all, for each experimental arm.
    """
    switches = [name for name in fan.columns if name not in FIXED and "/" not in name]
    own = fan.loc[fan["own"].astype(bool)].iloc[0]
    arms = study.arm_names
    heads = [f"{study.arm_label(arm)}: subjects / episodes" for arm in arms]
    for arm in arms[1:]:
        of_arm = f", {study.arm_label(arm)}" if len(arms) > 2 else ""
        heads += [f"Hazard ratio{of_arm} (95% CI)", f"Rate ratio{of_arm} (95% CI)"]
    columns = (Column(header="Definition", align="left"), *(Column(header=head) for head in heads))
    rows = [
        _row(OWN, own, arms),
        group_row("One thing changed", len(columns)),
    ]
    changes = [(_changed(item, own, switches), item) for item in fan.to_dict("records")]
    for name in switches:
        found = (item for changed, item in changes if changed == [name])
        rows += [_row(_words(name, item[name]), item, arms) for item in found]
    left_out = str(own["left_out"]).replace("_", " ")
    return Table(
        name="fan",
        title=f"{study.endpoints[own['endpoint']].label}: results by definition",
        columns=columns,
        rows=tuple(rows),
        notes=(
            f"{OWN}: {_all_words(own, switches)}.",
            "Subjects with an event, and episodes by the gap rule.",
            "Hazard ratio: first event, death censored; rate ratio: all episodes.",
            *([f"Not varied: {left_out}."] if left_out else []),
            *ne_note(rows),
            data_note(study),
        ),
    )


def _words(switch: str, state: object) -> str:
    if switch == "gap_days":
        return f"Gap of {state} days"
    if switch == "gap_anchor":
        return f"Gap from the last {ANCHORS[str(state)]}"
    return f"{KINDS.get(switch, switch.replace('_', ' ')).capitalize()} {STATES[str(state)]}"


def _changed(item: dict[Hashable, object], own: pd.Series[str], switches: list[str]) -> list[str]:
    return [name for name in switches if item[name] != own[name]]


def _all_words(own: pd.Series[str], switches: list[str]) -> str:
    words = [_words(name, own[name]) for name in switches]
    return "; ".join(text[0].lower() + text[1:] for text in words)


def _row(label: str, item: pd.Series[str] | dict[Hashable, object], arms: tuple[str, ...]) -> Row:
    cells = [
        f"{format_number(_float(item, f'n_with_event/{arm}'))} / "
        f"{format_number(_float(item, f'n_episodes/{arm}'))}"
        for arm in arms
    ]
    for arm in arms[1:]:
        for ratio in ("hazard_ratio", "rate_ratio"):
            value, low, high = (_float(item, f"{ratio}{end}/{arm}") for end in ("", "_lower", "_upper"))
            cells.append(format_interval(value, low, high))
    return Row(cells=(label, *cells), indent=0 if label == OWN else 1)


def _float(item: pd.Series[str] | dict[Hashable, object], name: str) -> float:
    return float(item[name])  # type: ignore[arg-type]
