"""Tables of the results: curves and proportions by arm, contrasts, tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .format import (
    format_count,
    format_interval,
    format_number,
    format_p_value,
    format_percent_interval,
)
from .result_values import UNIT_DAYS, ResultValues, analysis_label, arm_headers, declared, ne_note, shown_time
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.plan import Results
    from skeletal.study import Study

CURVES = (
    *("kaplan_meier", "simultaneous_band", "conditional_survival", "follow_up", "nelson_aalen"),
    *("cumulative_incidence", "naive_incidence", "mean_cumulative"),
)
COUNTED = ("mean_cumulative", "nelson_aalen")  # no probabilities
RATIOS = {
    "cox": "Hazard ratio",
    "cause_specific_cox": "Cause-specific hazard ratio",
    "fine_gray": "Subdistribution hazard ratio",
    "piecewise_exponential": "Hazard ratio",
    "andersen_gill": "Rate ratio",
}
TESTS = ("logrank", "logrank_trend", "logrank_permutation", "gray_test", "restricted_mean_test")
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


def contrast_label(contrast: str, study: Study) -> str:
    """Return the words for ``"experimental vs control"``."""
    return next(
        (
            f"{study.arm_label(arm)} v {study.control.label}"
            for arm in study.arm_names
            if contrast == f"{arm} vs {study.control.name}"
        ),
        contrast,
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
    methods = dict(zip(results.frame["key"].astype(str), results.frame["method"].astype(str), strict=True))
    several = len(study.arms) > 2
    rows = []
    for name, analysis in declared(study, tuple(RATIOS)).items():
        n_subjects, n_events = value(name, "all", "n_subjects"), value(name, "all", "n_events")
        for arm in study.arm_names[1:]:
            contrast = f"{arm} vs {study.control.name}"
            label = analysis_label(name, study)
            rows.append(
                {
                    "analysis": name,
                    "arm": arm,
                    "label": f"{label}: {contrast_label(contrast, study)}" if several else label,
                    "contrast": contrast_label(contrast, study),
                    "measure": RATIOS[analysis.method],
                    "events": f"{format_number(n_events)}/{format_number(n_subjects)}",
                    "n_subjects": n_subjects,
                    "n_events": n_events,
                    "ratio": value(name, contrast, "ratio"),
                    "lower": value(name, contrast, "ratio_lower"),
                    "upper": value(name, contrast, "ratio_upper"),
                    "p_value": value(name, contrast, "p_value"),
                    "method": methods.get(f"{name}/{contrast}/ratio", ""),
                }
            )
    return pd.DataFrame(rows, columns=list(EFFECT_COLUMNS))


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
            format_count(row["n_events"]),
            format_count(row["n_subjects"]),
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
    methods = dict(zip(results.frame["key"].astype(str), results.frame["method"].astype(str), strict=True))
    for name, analysis in declared(study, TESTS).items():
        key = f"{name}/all/statistic"
        if key not in methods:
            continue
        label = analysis_label(name, study)
        statistic, df, p_value = (value(name, "all", item) for item in ("statistic", "df", "p_value"))
        cells = (label, study.estimands[analysis.estimand].label)
        rows.append(
            Row(cells=(*cells, format_number(statistic, 2), format_number(df), format_p_value(p_value)))
        )
        notes.append(f"{label}: {methods[key]}.")
    return Table(
        name="tests",
        title="Tests of the arms",
        columns=columns,
        rows=tuple(rows),
        notes=(*dict.fromkeys(notes), *ne_note(rows), data_note(study)),
    )
