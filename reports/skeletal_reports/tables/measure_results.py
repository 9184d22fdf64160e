"""Results of the measures: responders by visit, means by visit and their differences."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd
from scipy.special import stdtrit

from .format import format_interval, format_number, format_percent_interval
from .result_values import (
    ResultValues,
    analysis_label,
    arm_headers,
    contrast_label,
    declared,
    ne_note,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

MEAN_COLUMNS = ("arm", "visit", "day", "n", "estimate", "lower", "upper")


def responders_table(results: Results, study: Study) -> Table:
    """Show the declared shares of responders by visit and arm.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row a visit: responders / evaluable, and their share with limits, for each arm.
    """
    value = ResultValues(results)
    columns = (Column(header="Responders", align="left"), *arm_headers(study))
    rows: list[Row] = []
    for name, analysis in declared(study, ("responders",)).items():
        rows.append(group_row(f"{analysis_label(name, study)} ({_level(analysis)})", len(columns)))
        for day in _days(results, name):
            cells = [_responders(value, name, arm, day) for arm in study.arm_names]
            rows.append(Row(cells=(visit_words(day, analysis, study), *cells), indent=1))
    return Table(
        name="responders",
        title="Responders (complete or partial response) among those evaluable",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Evaluable: every observed response, indeterminate ones too.",
            "Death or an intercurrent event: no response if it has the worst value, else not evaluable.",
            *ne_note(rows),
            data_note(study),
        ),
    )


def _responders(value: ResultValues, name: str, arm: str, day: float) -> str:
    counts = [format_number(value(name, arm, item, day)) for item in ("responders", "n")]
    return f"{' / '.join(counts)}: {format_percent_interval(*value.limits(name, arm, day, of='proportion'))}"


def differences_table(results: Results, study: Study) -> Table:
    """Show the declared differences of means by visit, each experimental arm less the control.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words; at least two arms.

    Returns
    -------
    Table
        One row a visit: the mean of each arm with its number of values, and the difference with limits.
    """
    value = ResultValues(results)
    contrasts = [f"{arm} vs {study.control.name}" for arm in study.arm_names[1:]]
    columns = (
        Column(header="Mean", align="left"),
        *(Column(header=f"{study.arm_label(arm)}: mean (n)") for arm in study.arm_names),
        *(Column(header=f"Difference, {contrast_label(contrast, study)} (CI)") for contrast in contrasts),
    )
    rows: list[Row] = []
    for name, analysis in declared(study, ("mean",)).items():
        rows.append(group_row(f"{analysis_label(name, study)} ({_level(analysis)})", len(columns)))
        for day in _days(results, name):
            means = [_mean(value, name, arm, day) for arm in study.arm_names]
            found = [value.limits(name, contrast, day, of="difference") for contrast in contrasts]
            cells = [*means, *(format_interval(*limits, 1) for limits in found)]
            rows.append(Row(cells=(visit_words(day, analysis, study), *cells), indent=1))
    return Table(
        name="differences",
        title="Means by visit and their differences",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Differences with Welch limits, not adjusted for baseline.",
            *ne_note(rows),
            data_note(study),
        ),
    )


def _mean(value: ResultValues, name: str, arm: str, day: float) -> str:
    return f"{format_number(value(name, arm, 'mean', day), 1)} ({format_number(value(name, arm, 'n', day))})"


def means_by_visit(results: Results, study: Study, analysis: str) -> pd.DataFrame:
    """Return the means of a declared analysis with t limits, as the figure draws them.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the visits and arms.
    analysis : str
        Name of an analysis of method mean.

    Returns
    -------
    DataFrame
        ``arm visit day n estimate lower upper``; limits mean -/+ t(n - 1) sd / sqrt(n), NaN for one value.
    """
    value = ResultValues(results)
    item = study.analyses[analysis]
    rows = []
    for arm in study.arm_names:
        for day in _days(results, analysis):
            n, mean, sd = (value(analysis, arm, name, day) for name in ("n", "mean", "sd"))
            half = math.nan
            if n > 1:
                half = float(stdtrit(n - 1, (1 + item.conf_level) / 2)) * sd / math.sqrt(n)
            rows.append((arm, visit_words(day, item, study), day, n, mean, mean - half, mean + half))
    return pd.DataFrame(rows, columns=list(MEAN_COLUMNS))


def visit_words(day: float, analysis: Analysis, study: Study) -> str:
    """Return the name of the visit on a planned day; of a horizon of days at home, the day."""
    if study.measures[analysis.measure].kind == "days_at_home":
        return f"Day {day:g}"
    names = {visit.day: visit.name for visit in study.visits}
    return names.get(int(day), "Baseline" if day == 0 else f"Day {day:g}")


def _days(results: Results, analysis: str) -> list[float]:
    """Planned days of the results of an analysis, in order."""
    found = results.frame.loc[results.frame["analysis"] == analysis, "time"]
    return sorted(float(day) for day in found.dropna().unique())


def _level(analysis: Analysis) -> str:
    return f"{100 * analysis.conf_level:g}% CI"
