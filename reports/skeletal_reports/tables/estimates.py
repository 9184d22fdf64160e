"""Tables of the results: curves and proportions by arm, contrasts, tests."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pandas as pd

from .format import (
    NOT_ESTIMABLE,
    format_count,
    format_interval,
    format_number,
    format_p_value,
    format_percent_interval,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

CURVES = ("kaplan_meier", "cumulative_incidence", "mean_cumulative")
RATIOS = {"cox": "Hazard ratio", "andersen_gill": "Rate ratio"}
TESTS = ("logrank", "gray_test")
UNIT_DAYS = {"days": 1.0, "months": 30.4375, "years": 365.25}
EFFECT_COLUMNS = (
    *("analysis", "arm", "label", "contrast", "measure", "events", "n_subjects", "n_events"),
    *("ratio", "lower", "upper", "p_value", "method"),
)
NE_NOTE = f"{NOT_ESTIMABLE}: not estimable."
NE_CELL = re.compile(rf"\b{NOT_ESTIMABLE}\b")


def _ne_note(rows: Sequence[Row]) -> tuple[str, ...]:
    """Explain the sign for what is not estimable, where a cell bears it."""
    return (NE_NOTE,) if any(NE_CELL.search(cell) for row in rows for cell in row.cells) else ()


def analysis_label(name: str, study: Study) -> str:
    """Return the words for an analysis: its label, else its name."""
    return study.analyses[name].label or name


def _declared(study: Study, methods: tuple[str, ...]) -> dict[str, Analysis]:
    return {name: item for name, item in study.analyses.items() if item.method in methods}


class _Values:
    """Values of the results by key; NaN where an arm or a statistic is not there."""

    def __init__(self, results: Results) -> None:
        self._values: dict[str, float] = dict(
            zip(results.frame["key"].astype(str), results.frame["value"].astype(float), strict=True)
        )

    def __call__(self, analysis: str, arm: str, statistic: str, time: float | None = None) -> float:
        at = "" if time is None else f"@{float(time):g}"
        return self._values.get(f"{analysis}/{arm}/{statistic}{at}", math.nan)


def _shown_time(days: float, study: Study) -> str:
    """Words for a day in the unit of the report, as at the ticks of the figures."""
    unit = study.report.display_unit
    value = days / UNIT_DAYS[unit]
    whole = abs(value - round(value)) < 0.05
    return f"{unit[:-1].capitalize()} {format_number(value, 0 if whole else 1)}"


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
    value = _Values(results)
    columns = (Column(header="Curve", align="left"), *_arm_headers(study))
    rows: list[Row] = []
    for name, analysis in _declared(study, CURVES).items():
        rows.append(group_row(analysis_label(name, study), len(columns)))
        rows.append(
            _row("Subjects / events", [_subjects_events(value, name, arm) for arm in study.arm_names])
        )
        show = format_interval if analysis.method == "mean_cumulative" else format_percent_interval
        level = f"{100 * analysis.conf_level:g}% CI"
        for time in analysis.times:
            cells = [show(*_limits(value, name, arm, time)) for arm in study.arm_names]
            rows.append(_row(f"{_shown_time(time, study)} ({level})", cells))
            at_risk = [format_number(value(name, arm, "n_at_risk", time)) for arm in study.arm_names]
            rows.append(Row(cells=("at risk", *at_risk), indent=2))
        if analysis.method == "kaplan_meier":
            rows += _medians(value, name, study, level)
    notes = (
        "CI: pointwise confidence interval. At risk: just before the time.",
        *_ne_note(rows),
        data_note(study),
    )
    return Table(
        name="curves", title="Curves at the declared times", columns=columns, rows=tuple(rows), notes=notes
    )


def _arm_headers(study: Study) -> tuple[Column, ...]:
    return tuple(Column(header=study.arm_label(arm)) for arm in study.arm_names)


def _row(label: str, cells: list[str]) -> Row:
    return Row(cells=(label, *cells), indent=1)


def _subjects_events(value: _Values, name: str, arm: str) -> str:
    n_subjects, n_events = value(name, arm, "n_subjects"), value(name, arm, "n_events")
    return f"{format_number(n_subjects)} / {format_number(n_events)}"


def _limits(value: _Values, name: str, arm: str, time: float | None = None) -> tuple[float, float, float]:
    estimate, lower, upper = (value(name, arm, item, time) for item in ("estimate", "lower", "upper"))
    return estimate, lower, upper


def _medians(value: _Values, name: str, study: Study, level: str) -> list[Row]:
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
        _row(f"Median, {unit} ({level})", medians),
        _row(f"Median follow-up (reverse Kaplan-Meier), {unit}", follow_up),
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
    value = _Values(results)
    columns = (Column(header="Proportion", align="left"), *_arm_headers(study))
    rows: list[Row] = []
    for name, analysis in _declared(study, ("proportion",)).items():
        rows.append(group_row(analysis_label(name, study), len(columns)))
        for time in analysis.times:
            counts = [
                f"{format_number(value(name, arm, 'n_events', time))} / "
                f"{format_number(value(name, arm, 'n_evaluable', time))}"
                for arm in study.arm_names
            ]
            shown = _shown_time(time, study)
            rows.append(_row(f"{shown}: with the event / evaluable", counts))
            cells = [format_percent_interval(*_limits(value, name, arm, time)) for arm in study.arm_names]
            rows.append(_row(f"{shown}: proportion (95% CI)", cells))
    notes = ("Subjects censored before the time are not evaluable.", *_ne_note(rows), data_note(study))
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
    value = _Values(results)
    methods = dict(zip(results.frame["key"].astype(str), results.frame["method"].astype(str), strict=True))
    several = len(study.arms) > 2
    rows = []
    for name, analysis in _declared(study, tuple(RATIOS)).items():
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
    methods = dict.fromkeys(f"{analysis_label(row['analysis'], study)}: {row['method']}." for row in found)
    return Table(
        name="effects",
        title="Contrasts of the arms",
        columns=columns,
        rows=tuple(rows),
        notes=("Events and subjects are those of all arms.", *methods, *_ne_note(rows), data_note(study)),
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
    value = _Values(results)
    columns = (
        Column(header="Test", align="left"),
        Column(header="Estimand", align="left"),
        *(Column(header=text) for text in ("Statistic", "df", "p-value")),
    )
    rows, notes = [], []
    methods = dict(zip(results.frame["key"].astype(str), results.frame["method"].astype(str), strict=True))
    for name, analysis in _declared(study, TESTS).items():
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
        notes=(*dict.fromkeys(notes), *_ne_note(rows), data_note(study)),
    )
