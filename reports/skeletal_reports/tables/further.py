"""Contrasts, predictions and tests of the declared analyses that no other table shows."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from skeletal.arrays import DAYS_PER_YEAR

from .estimates import CURVES, TESTS, effect_analyses
from .format import format_interval, format_number, format_p_value, format_percent_interval
from .intervals import imputed_times_table, turnbull_table
from .lesions import LESIONS, lesions_table
from .multiplicity import multiplicity_table
from .rates import RATES
from .recurrent_answers import recurrent_answers_table, window_table
from .result_values import analysis_label, contrast_label, level_words, ne_note, shown_time
from .table import Column, Row, Table, data_note, group_row
from .visits import IMPUTED, MODELS, imputation_table, missing_table, visits_table
from .wins import WINS, wins_table

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.plan import Results
    from skeletal.study import Study

ELSEWHERE = (
    *CURVES,
    *TESTS,
    *RATES,
    *("mean", "responders", "proportion"),
    *("recurrent_answers", "window_effect", "turnbull", "imputation_comparison", "missing_visits"),
    *WINS,
    *LESIONS,
    *MODELS,
    *IMPUTED,
)
TABLES = (
    recurrent_answers_table,
    window_table,
    wins_table,
    lesions_table,
    turnbull_table,
    imputed_times_table,
    visits_table,
    missing_table,
    imputation_table,
)
LIMITS = (
    ("estimate", "lower", "upper"),
    ("ratio", "ratio_lower", "ratio_upper"),
    ("coefficient", "lower", "upper"),
    ("frailty_variance", "", ""),
)
SHOWN = ("statistic", "interaction_statistic", "p_value", "interaction_p_value")
NAMED = re.compile(r"(?P<statistic>\w+)\[(?P<of>.*)\]")
PER_DAY, PER_YEAR = "events per day alive", "events per year alive"
UNITS = {"days": "days", "events per subject-year": "events per subject-year", PER_YEAR: PER_YEAR}


def further_tables(results: Results, study: Study) -> tuple[Table, ...]:
    """Return the tables of declared analyses beyond curves, effects and tests that have something to show.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    tuple of Table
        Those made for one kind of analysis, then what no other table shows, then the families of hypotheses.
    """
    made = (table(results, study) for table in (*TABLES, further_table, multiplicity_table))
    return tuple(table for table in made if table.rows)


def further_analyses(study: Study) -> tuple[str, ...]:
    """Return the declared analyses that only :func:`further_table` shows, in the order of the study."""
    effects = effect_analyses(study)
    return tuple(
        name for name, item in study.analyses.items() if item.method not in ELSEWHERE and name not in effects
    )


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
        lines = [_row(item, study) for item in _lines(found) if _tells(item)]
        rows += lines
        level = f" ({level_words(study.analyses[name])})" if any(row.cells[2] for row in lines) else ""
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
    return [_per_year(line) for line in lines.values()]


def _per_year(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line with rates per day alive as rates per year."""
    if line["unit"] != PER_DAY:
        return line
    scaled = {item: line[item] * DAYS_PER_YEAR for item in LIMITS[0] if item in line}
    return {**line, **scaled, "unit": PER_YEAR}


def _tells(line: dict[str, Any]) -> bool:
    """Whether a line has more than counts."""
    return any(name in line for name in (*SHOWN, *(names[0] for names in LIMITS)))


def _row(line: dict[str, Any], study: Study) -> Row:
    arm = str(line["arm"])
    words = study.arm_label(arm) if arm in study.arm_names else contrast_label(arm, study)
    who = "All arms" if arm == "all" else words
    interaction = "interaction_statistic" in line
    statistic = line.get("statistic", line.get("interaction_statistic", math.nan))
    of = f"interaction with {line['of']}" if interaction else _of_words(line)
    unit = f", {UNITS[line['unit']]}" if line["unit"] in UNITS else ""
    cells = (
        (f"{who}: {of}" if of else who) + unit,
        "" if math.isnan(line["time"]) else shown_time(line["time"], study),
        _interval(line),
        _or_blank(statistic, interaction or "statistic" in line),
        _p_value(line),
    )
    return Row(cells=cells, indent=1)


def _of_words(line: dict[str, Any]) -> str:
    """Words for what a statistic is of: an order of events, a transition, a subgroup."""
    if "frailty_variance" in line:
        return "variance of the frailty"
    return f"event {line['of']}" if line["of"].isdecimal() else str(line["of"]).replace("->", " to ")


def _interval(line: dict[str, Any]) -> str:
    show = format_percent_interval if line["unit"] == "probability" else format_interval
    for names in LIMITS:
        if names[0] in line and not names[1]:
            return format_number(line[names[0]], 2)
        if names[0] in line:
            return show(*(line.get(name, math.nan) for name in names))
    return ""


def _untested(line: dict[str, Any]) -> bool:
    """Whether an estimate of one arm has no test: there is nothing to compare it with."""
    return math.isnan(line.get("p_value", 0.0)) and not math.isnan(line.get("estimate", math.nan))


def _or_blank(value: float, given: bool) -> str:
    return format_number(value, 2) if given else ""


def _p_value(line: dict[str, Any]) -> str:
    for name in ("p_value", "interaction_p_value"):
        if name in line:
            return "" if _untested(line) else format_p_value(line[name])
    return ""
