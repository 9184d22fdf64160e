"""Interval-censored times: the interval methods beside those that impute a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .format import format_interval, format_number, format_p_value, format_percent
from .result_values import (
    ResultValues,
    analysis_label,
    contrast_heads,
    declared,
    method_notes,
    ne_note,
    shown_time,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.plan import Results
    from skeletal.study import Study

METHODS = {
    "weibull": "Intervals, Weibull",
    "semiparametric": "Intervals, semiparametric",
    "midpoint": "Time imputed: midpoint of the interval",
    "right end": "Time imputed: day of the visit or film",
}
OPTIMUM = (
    "Distance from the optimum: no other curve has a log-likelihood higher by more than this for each "
    "subject (the gap of the Kuhn-Tucker conditions)."
)
LIMITS = ("ratio", "ratio_lower", "ratio_upper")


def turnbull_table(results: Results, study: Study) -> Table:
    """Show the share free of an event that visits find, by arm and time.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis, one row an arm; a range where the data do not say more.
    """
    value = ResultValues(results)
    found = declared(study, ("turnbull",))
    times = sorted({time for analysis in found.values() for time in analysis.times})
    columns = (
        Column(header="Free of the event", align="left"),
        Column(header="Subjects"),
        *(Column(header=shown_time(time, study)) for time in times),
        Column(header="Distance from the optimum"),
    )
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, analysis in found.items():
        label = analysis_label(name, study)
        rows.append(group_row(label, len(columns)))
        for arm in study.arm_names:
            edges = {time: _edges(value, name, arm, time) for time in analysis.times}
            gap = value(name, arm, "kkt_gap")
            cells = (
                study.arm_label(arm),
                format_number(value(name, arm, "n_subjects")),
                *(edges.get(time, "") for time in times),
                "NE" if math.isnan(gap) else f"{gap:.0e}",
            )
            rows.append(Row(cells=cells, indent=1))
            said.append((f"{label}, {study.arm_label(arm)}", value.method(name, arm, "n_subjects")))
    return Table(
        name="turnbull",
        title="Events known to lie in intervals: share free of the event (Turnbull)",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "A range: the time lies in an interval in which the data do not say when the share falls.",
            OPTIMUM,
            *method_notes(said),
            *ne_note(rows),
            data_note(study),
        ),
    )


def _edges(value: ResultValues, name: str, arm: str, time: int) -> str:
    found = [value(name, arm, f"estimate[{edge} edge]", time) for edge in ("lower", "upper")]
    low, high = (format_percent(each) for each in sorted(found))
    return low if low == high else f"{low} to {high}"


def imputed_times_table(results: Results, study: Study) -> Table:
    """Show hazard ratios by interval methods beside those of times imputed in the intervals.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and contrast, one row a method.
    """
    value = ResultValues(results)
    headers = ("Hazard ratio (95% CI)", "p-value", "p-value of the test", "Times imputed", "Mean reach, days")
    columns = (Column(header="Method", align="left"), *(Column(header=text) for text in headers))
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, _, contrast, head in contrast_heads(study, ("imputation_comparison",)):
        rows.append(group_row(head, len(columns)))
        failed = value.method(name, contrast, "ratio")
        if failed:
            rows.append(Row(cells=("All methods", "NE", "NE", "NE", "", ""), indent=1))
            said.append((analysis_label(name, study), failed))
            continue
        for key, words in METHODS.items():
            limits = value.named(name, contrast, LIMITS, key)
            p_values = (value(name, contrast, f"{item}[{key}]") for item in ("p_value", "test_p_value"))
            imputed = value(name, contrast, f"n_imputed[{key}]")
            reach = format_number(value(name, contrast, f"mean_reach[{key}]"), 1) if imputed else ""
            cells = (words, format_interval(*limits), *map(format_p_value, p_values))
            rows.append(Row(cells=(*cells, format_number(imputed), reach), indent=1))
            said.append((words, value.method(name, contrast, f"ratio[{key}]")))
    return Table(
        name="imputed-times",
        title="Events known to lie in intervals: interval methods beside imputed times",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Mean reach: how far an imputed time may be from the true one, on average.",
            *method_notes(said),
            *ne_note(rows),
            data_note(study),
        ),
    )
