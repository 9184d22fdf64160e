"""Contrasts, predictions and tests of the declared analyses that no other table shows."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from .estimates import CURVES, RATIOS, TESTS, contrast_label
from .format import NOT_ESTIMABLE, format_interval, format_number, format_p_value, format_percent_interval
from .rates import RATES
from .result_values import analysis_label, ne_note, shown_time
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.plan import Results
    from skeletal.study import Study

ELSEWHERE = (*CURVES, *RATIOS, *TESTS, *RATES, "mean", "responders", "proportion")
LIMITS = (
    ("estimate", "lower", "upper"),
    ("ratio", "ratio_lower", "ratio_upper"),
    ("coefficient", "lower", "upper"),
)
NAMED = re.compile(r"(?P<statistic>\w+)\[(?P<of>.*)\]")


def further_analyses(study: Study) -> tuple[str, ...]:
    """Return the declared analyses that only :func:`further_table` shows, in the order of the study."""
    return tuple(name for name, item in study.analyses.items() if item.method not in ELSEWHERE)


def further_table(results: Results, study: Study) -> Table:
    """Show the estimates with limits, statistics and p-values of the analyses that no other table shows.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis, one row an arm or contrast, time and subgroup; the methods are notes.
    """
    columns = (
        Column(header="Analysis", align="left"),
        *(Column(header=text) for text in ("Time", "Estimate (CI)", "Statistic", "p-value")),
    )
    rows: list[Row] = []
    notes: list[str] = []
    for name in further_analyses(study):
        found = results.frame.loc[results.frame["analysis"] == name]
        if found.empty:
            continue
        label = analysis_label(name, study)
        rows.append(group_row(label, len(columns)))
        lines = [_row(item, study) for item in _lines(found)]
        rows += lines
        level = (
            f" ({100 * study.analyses[name].conf_level:g}% CI)" if any(row.cells[2] for row in lines) else ""
        )
        notes += [f"{label}{level}: {method}." for method in dict.fromkeys(found["method"])]
    return Table(
        name="further",
        title="Further analyses",
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *ne_note(rows), data_note(study)),
    )


def _lines(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Gather the statistics of one arm or contrast, time and subgroup into one line."""
    lines: dict[tuple[str, float, str], dict[str, Any]] = {}
    for row in found.to_dict("records"):
        named = NAMED.fullmatch(str(row["statistic"]))
        statistic, of = (named["statistic"], named["of"]) if named else (str(row["statistic"]), "")
        time = -1.0 if math.isnan(row["time"]) else row["time"]
        line = lines.setdefault(
            (row["arm"], time, of), {"arm": row["arm"], "time": row["time"], "of": of, "unit": ""}
        )
        line[statistic] = row["value"]
        if statistic == "estimate":
            line["unit"] = row["unit"]
    return list(lines.values())


def _row(line: dict[str, Any], study: Study) -> Row:
    arm = str(line["arm"])
    words = study.arm_label(arm) if arm in study.arm_names else contrast_label(arm, study)
    who = "All arms" if arm == "all" else words
    interaction = "interaction_statistic" in line
    statistic = line.get("statistic", line.get("interaction_statistic", math.nan))
    of = f"interaction with {line['of']}" if interaction else line["of"]
    unit = ", days" if line["unit"] == "days" else ""
    cells = (
        (f"{who}: {of}" if of else who) + unit,
        "" if math.isnan(line["time"]) else shown_time(line["time"], study),
        _interval(line),
        _or_blank(statistic, interaction or "statistic" in line),
        _p_value(line),
    )
    return Row(cells=cells, indent=1)


def _interval(line: dict[str, Any]) -> str:
    show = format_percent_interval if line["unit"] == "probability" else format_interval
    for names in LIMITS:
        if names[0] in line:
            return show(*(line.get(name, math.nan) for name in names))
    return ""


def _or_blank(value: float, given: bool) -> str:
    return format_number(value, 2) if given else ""


def _p_value(line: dict[str, Any]) -> str:
    for name in ("p_value", "interaction_p_value"):
        if name in line:
            return NOT_ESTIMABLE if math.isnan(line[name]) else format_p_value(line[name])
    return ""
