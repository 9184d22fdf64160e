"""Tables of the results: curves and proportions by arm, contrasts, tests."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from .format import (
    format_count,
    format_interval,
    format_number,
    format_p_value,
    format_percent_interval,
)
from .result_values import (
    UNIT_DAYS,
    ResultValues,
    analysis_label,
    arm_headers,
    contrast_label,
    contrast_names,
    declared,
    ne_note,
    shown_time,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

CURVES = (
    *("kaplan_meier", "simultaneous_band", "conditional_survival", "follow_up", "nelson_aalen"),
    *("cumulative_incidence", "naive_incidence", "mean_cumulative", "state_occupation"),
)
COUNTED = ("mean_cumulative", "nelson_aalen")  # no probabilities
RATIOS = {
    "cox": "Hazard ratio",
    "cause_specific_cox": "Cause-specific hazard ratio",
    "fine_gray": "Subdistribution hazard ratio",
    "piecewise_exponential": "Hazard ratio",
    "andersen_gill": "Rate ratio",
    "ordered_events": "Hazard ratio, events in order",
    "ghosh_lin": "Ratio of mean numbers",
    "rate_ratio": "Rate ratio",
    "rate_regression": "Rate ratio",
    "frailty_rate": "Rate ratio within subjects",
    "while_alive_contrast": "Ratio of rates while alive",
    "interval_regression": "Hazard ratio",
}
ESTIMATED = ("rate_ratio", "while_alive_contrast")  # their ratio is called estimate
TESTS = (
    *("logrank", "logrank_trend", "logrank_permutation", "gray_test", "restricted_mean_test"),
    *("mean_cumulative_test", "interval_logrank"),
)
EFFECT_COLUMNS = (
    *("analysis", "arm", "label", "contrast", "measure", "events", "n_subjects", "n_events"),
    *("ratio", "lower", "upper", "p_value", "method"),
)


def curves_table(results: Results, study: Study) -> Table:
    """Show what each declared curve says by arm: counts, values with limits at the declared times, medians.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        Survival and incidence in percent, mean counts per subject, medians in the unit of the report.
    """
    value = ResultValues(results)
    columns = (
        Column(header="Curve", align="left"),
        *(column for header in arm_headers(study) for column in (header, Column(header="At risk"))),
    )
    rows: list[Row] = []
    for name, analysis in declared(study, CURVES).items():
        rows.append(group_row(analysis_label(name, study), len(columns)))
        counts = [_subjects_events(value, name, arm) for arm in study.arm_names]
        rows.append(_row_at_risk("Subjects / events", counts))
        show = format_interval if analysis.method in COUNTED else format_percent_interval
        level = f"{100 * analysis.conf_level:g}% CI"
        for time in analysis.times:
            cells = [show(*value.limits(name, arm, time)) for arm in study.arm_names]
            at_risk = [format_number(value(name, arm, "n_at_risk", time)) for arm in study.arm_names]
            rows.append(_row_at_risk(f"{shown_time(time, study)} ({level})", cells, at_risk))
        if analysis.method == "kaplan_meier":
            rows += [_row_at_risk(label, cells) for label, cells in _medians(value, name, study, level)]
    notes = (
        "CI: pointwise confidence interval. At risk: just before the time.",
        *ne_note(rows),
        data_note(study),
    )
    return Table(
        name="curves", title="Curves at the declared times", columns=columns, rows=tuple(rows), notes=notes
    )


def _row_at_risk(label: str, cells: list[str], at_risk: list[str] | None = None) -> Row:
    """Return a row with the number at risk, where there is one, beside the cell of each arm."""
    beside = at_risk or [""] * len(cells)
    return Row(cells=(label, *(text for pair in zip(cells, beside, strict=True) for text in pair)), indent=1)


def _row(label: str, cells: list[str]) -> Row:
    return Row(cells=(label, *cells), indent=1)


def _subjects_events(value: ResultValues, name: str, arm: str) -> str:
    n_subjects, n_events = value(name, arm, "n_subjects"), value(name, arm, "n_events")
    return f"{format_number(n_subjects)} / {format_number(n_events)}"


def _medians(value: ResultValues, name: str, study: Study, level: str) -> list[tuple[str, list[str]]]:
    unit = study.report.display_unit
    scale, decimals = UNIT_DAYS[unit], 0 if unit == "days" else 1
    items = ("median", "median_lower", "median_upper")
    medians, follow_up = [], []
    for arm in study.arm_names:
        found = [value(name, arm, item) / scale for item in items]
        low, high = (format_number(limit, decimals) for limit in found[1:])
        medians.append(f"{format_number(found[0], decimals)} ({low} to {high})")
        follow_up.append(format_number(value(name, arm, "median_follow_up") / scale, decimals))
    return [
        (f"Median, {unit} ({level})", medians),
        (f"Median follow-up (reverse Kaplan-Meier), {unit}", follow_up),
    ]


def proportions_table(results: Results, study: Study) -> Table:
    """Show the declared proportions by arm: events among evaluable subjects, with limits.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis.
    """
    value = ResultValues(results)
    columns = (Column(header="Proportion", align="left"), *arm_headers(study))
    rows: list[Row] = []
    for name, analysis in declared(study, ("proportion",)).items():
        rows.append(group_row(analysis_label(name, study), len(columns)))
        for time in analysis.times:
            counts = [
                f"{format_number(value(name, arm, 'n_events', time))} / "
                f"{format_number(value(name, arm, 'n_evaluable', time))}"
                for arm in study.arm_names
            ]
            shown = shown_time(time, study)
            rows.append(_row(f"{shown}: with the event / evaluable", counts))
            cells = [format_percent_interval(*value.limits(name, arm, time)) for arm in study.arm_names]
            rows.append(_row(f"{shown}: proportion (95% CI)", cells))
    notes = ("Subjects censored before the time are not evaluable.", *ne_note(rows), data_note(study))
    return Table(
        name="proportions",
        title="Proportions of subjects with the event",
        columns=columns,
        rows=tuple(rows),
        notes=notes,
    )


def effect_rows(results: Results, study: Study) -> pd.DataFrame:
    """Collect the declared ratios of experimental arms over the control, unformatted.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    DataFrame
        One row an analysis and contrast, in the order of the study: ``analysis arm label contrast measure
        events n_subjects n_events ratio lower upper p_value method``; ``events`` is the text
        "events/subjects", over all arms.
    """
    value = ResultValues(results)
    several = len(study.arms) > 2
    rows = []
    for name, analysis in effect_analyses(study).items():
        n_subjects, n_events = _counts(value, analysis, study)
        known = not math.isnan(n_events) or analysis.method not in ESTIMATED
        time = analysis.horizon if analysis.method == "while_alive_contrast" else None
        ends = ("lower", "upper") if analysis.method in ESTIMATED else ("ratio_lower", "ratio_upper")
        ratio = "estimate" if analysis.method in ESTIMATED else "ratio"
        for arm, contrast in zip(study.arm_names[1:], contrast_names(study), strict=True):
            label = analysis_label(name, study)
            rows.append(
                {
                    "analysis": name,
                    "arm": arm,
                    "label": f"{label}: {contrast_label(contrast, study)}" if several else label,
                    "contrast": contrast_label(contrast, study),
                    "measure": RATIOS[analysis.method],
                    "events": f"{format_number(n_events)}/{format_number(n_subjects)}" if known else "",
                    "n_subjects": n_subjects,
                    "n_events": n_events,
                    "ratio": value(name, contrast, ratio, time),
                    "lower": value(name, contrast, ends[0], time),
                    "upper": value(name, contrast, ends[1], time),
                    "p_value": value(name, contrast, "p_value", time),
                    "method": value.method(name, contrast, ratio, time),
                }
            )
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


def effect_analyses(study: Study) -> dict[str, Analysis]:
    """Return the analyses of the table of effects: one ratio a contrast, with 95% limits."""
    return {
        name: analysis
        for name, analysis in declared(study, tuple(RATIOS)).items()
        if analysis.conf_level == 0.95 and analysis.effects != "by_order" and analysis.kind != "difference"
    }


def _counts(value: ResultValues, analysis: Analysis, study: Study) -> tuple[float, float]:
    """Return subjects and events of all arms, from the analysis or from another that reads the same rows."""
    same = [name for name, other in study.analyses.items() if other.estimand == analysis.estimand]
    same.sort(key=lambda name: study.analyses[name] is not analysis)
    for name in same:
        for arms in (("all",), study.arm_names):
            found = [[value(name, arm, item) for arm in arms] for item in ("n_subjects", "n_events")]
            n_subjects, n_events = map(sum, found)
            if not math.isnan(n_events):
                return n_subjects, n_events
    return math.nan, math.nan


def effects_table(results: Results, study: Study) -> Table:
    """Show the declared ratios with limits and p-values.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis, one row a contrast; the methods are notes.
    """
    headers = ("Events", "Subjects", "Measure", "Estimate (95% CI)", "p-value")
    columns = (
        Column(header="Analysis and contrast", align="left"),
        *(Column(header=text) for text in headers),
    )
    rows: list[Row] = []
    found = effect_rows(results, study).to_dict("records")
    for place, row in enumerate(found):
        if place == 0 or found[place - 1]["analysis"] != row["analysis"]:
            rows.append(group_row(analysis_label(row["analysis"], study), len(columns)))
        cells = (
            row["contrast"],
            *(format_count(row[item]) if row["events"] else "" for item in ("n_events", "n_subjects")),
            row["measure"],
            format_interval(row["ratio"], row["lower"], row["upper"]),
            format_p_value(row["p_value"]),
        )
        rows.append(Row(cells=cells, indent=1))
    methods: dict[str, list[str]] = {}
    for row in found:
        methods.setdefault(row["method"], []).append(analysis_label(row["analysis"], study))
    said = [f"{', '.join(dict.fromkeys(labels))}: {method}." for method, labels in methods.items()]
    return Table(
        name="effects",
        title="Contrasts of the arms",
        columns=columns,
        rows=tuple(rows),
        notes=("Events and subjects are those of all arms.", *said, *ne_note(rows), data_note(study)),
    )


def hypothesis_tests_table(results: Results, study: Study) -> Table:
    """Show the declared tests of the arms: statistic, degrees of freedom, p-value.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses and words.

    Returns
    -------
    Table
        One row a test; the methods are notes.
    """
    value = ResultValues(results)
    columns = (
        Column(header="Test", align="left"),
        Column(header="Estimand", align="left"),
        *(Column(header=text) for text in ("Statistic", "df", "p-value")),
    )
    rows, notes = [], []
    for name, analysis in declared(study, TESTS).items():
        for arm in ("all", *contrast_names(study)):
            method = value.method(name, arm, "statistic")
            if not method:
                continue
            label = analysis_label(name, study)
            if arm != "all" and len(study.arms) > 2:
                label = f"{label}: {contrast_label(arm, study)}"
            statistic, df, p_value = (value(name, arm, item) for item in ("statistic", "df", "p_value"))
            cells = (label, study.estimands[analysis.estimand].label)
            numbers = (format_number(statistic, 2), format_number(df), format_p_value(p_value))
            rows.append(Row(cells=(*cells, *numbers)))
            notes.append(f"{label}: {method}.")
    return Table(
        name="tests",
        title="Tests of the arms",
        columns=columns,
        rows=tuple(rows),
        notes=(*dict.fromkeys(notes), *ne_note(rows), data_note(study)),
    )
