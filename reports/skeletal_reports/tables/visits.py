"""Measures by models of all visits: means and differences, missing values, imputation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import expit

from .format import (
    format_interval,
    format_number,
    format_p_value,
    format_percent,
)
from .measure_results import visit_words
from .result_values import (
    ResultValues,
    analysis_label,
    contrast_heads,
    declared,
    level_words,
    method_notes,
    ne_note,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

MODELS = ("mixed_model", "gee")
IMPUTED = ("imputed_contrast", "tipping_point")
LIMITS = ("estimate", "lower", "upper")
TESTS = {"all visits": "No difference at any visit", "arm by visit": "The same difference at all visits"}
WHY = {
    "n_subjects": "Subjects",
    "n_not_due": "Not due yet",
    "n_death": "Died",
    "n_structural": "Not collected by design",
    "n_intercurrent": "Intercurrent event",
    "n_expected": "Expected",
    "n_observed": "Observed",
    "n_assigned": "Worst value assigned",
    "n_dropout": "Dropped out",
    "n_missed": "Missed",
}


def visits_table(results: Results, study: Study) -> Table:
    """Show the means of both arms and their difference at each visit, from models of all visits.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and contrast, one row a visit and one a test.  Of a binomial model the means
        are probabilities and the difference is an odds ratio.
    """
    value = ResultValues(results)
    columns = (
        Column(header="Visit", align="left"),
        *(Column(header=text) for text in _mean_headers(study)),
        Column(header="Difference (CI)"),
        Column(header="p-value"),
    )
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, analysis, contrast, head in contrast_heads(study, MODELS):
        odds = "; odds ratio" if analysis.family == "binomial" else ""
        rows.append(group_row(f"{head} ({level_words(analysis)}{odds})", len(columns)))
        made = _visit_cells(results, value, name, contrast, study)
        rows += [Row(cells=cells, indent=1) for cells in made]
        days = _days(results, name, contrast)
        said.append((analysis_label(name, study), value.method(name, contrast, "estimate", *days[:1])))
    return Table(
        name="visits",
        title="Means by visit from models of all visits",
        columns=columns,
        rows=tuple(rows),
        notes=(*method_notes(said), *ne_note(rows), data_note(study)),
    )


def _mean_headers(study: Study) -> tuple[str, str]:
    if len(study.arms) == 2:
        return f"{study.arm_label(study.arm_names[1])}: mean", f"{study.control.label}: mean"
    return "First arm of the contrast: mean", "Second arm: mean"


def _days(results: Results, name: str, contrast: str) -> list[float]:
    """Planned days of the results of an analysis and contrast, in order."""
    frame = results.frame
    found = frame.loc[(frame["analysis"] == name) & (frame["arm"] == contrast), "time"]
    return sorted(float(day) for day in found.dropna().unique())


def _visit_cells(
    results: Results, value: ResultValues, name: str, contrast: str, study: Study
) -> Iterator[tuple[str, ...]]:
    analysis = study.analyses[name]
    binomial = analysis.family == "binomial"
    days = _days(results, name, contrast)
    if not days:
        yield ("All visits", "NE", "NE", "NE", "NE")
        return
    for day in days:
        means = [_mean(value, name, contrast, arm, day, binomial) for arm in contrast.split(" vs ")]
        found, lower, upper = value.limits(name, contrast, day)
        if binomial:
            found, lower, upper = math.exp(found), math.exp(lower), math.exp(upper)
        shown = format_interval(found, lower, upper)
        p_value = format_p_value(value(name, contrast, "p_value", day))
        yield (visit_words(day, analysis, study), *means, shown, p_value)
    for of, words in TESTS.items():
        yield (words, "", "", "", format_p_value(value(name, contrast, f"p_value[{of}]")))


def _mean(value: ResultValues, name: str, contrast: str, arm: str, day: float, binomial: bool) -> str:
    found = value(name, contrast, f"estimate[mean of {arm}]", day)
    return format_percent(float(expit(found))) if binomial else format_number(found, 2)


def missing_table(results: Results, study: Study) -> Table:
    """Show how many values of each arm and visit are there, and why the others are not.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and arm, one row a visit; the reasons are the columns.
    """
    value = ResultValues(results)
    found = declared(study, ("missing_visits",))
    fields = [
        field
        for field in WHY
        if field in ("n_subjects", "n_expected", "n_observed")
        or (results.frame.loc[results.frame["statistic"] == field, "value"] > 0).any()
    ]
    columns = (
        Column(header="Visit", align="left"),
        *(Column(header=WHY[field]) for field in fields),
        Column(header="Observed of expected"),
    )
    rows: list[Row] = []
    for name, analysis in found.items():
        for arm in study.arm_names:
            days = _days(results, name, arm)
            if days:
                head = f"{analysis_label(name, study)}: {study.arm_label(arm)}"
                rows.append(group_row(head, len(columns)))
            for day in days:
                counts = [format_number(value(name, arm, field, day)) for field in fields]
                share = format_percent(value(name, arm, "completeness", day))
                rows.append(Row(cells=(visit_words(day, analysis, study), *counts, share), indent=1))
    return Table(
        name="missing",
        title="Values at visits, and why others are missing",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Expected: alive, due and collected by design; the rest of them dropped out or missed the visit.",
            *ne_note(rows),
            data_note(study),
        ),
    )


def imputation_table(results: Results, study: Study) -> Table:
    """Show the differences after multiple imputation, and how far imputed values must be shifted.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and contrast; one row a visit and shift (delta) of the imputed values.
    """
    value = ResultValues(results)
    columns = (
        Column(header="Visit", align="left"),
        *(Column(header=text) for text in ("Delta", "Difference (CI)", "p-value")),
    )
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, analysis, contrast, head in contrast_heads(study, IMPUTED):
        rows.append(group_row(f"{head} ({level_words(analysis)})", len(columns)))
        tipping = analysis.method == "tipping_point"
        for day in analysis.times:
            visit = visit_words(day, analysis, study)
            made = _tipping_cells if tipping else _imputed_cells
            found = made(value, name, contrast, analysis, day)
            rows += [Row(cells=(visit, *cells), indent=1) for cells in found]
            key = "tipping_point" if tipping else "estimate"
            said.append((analysis_label(name, study), value.method(name, contrast, key, day)))
    return Table(
        name="imputation",
        title="Differences after multiple imputation",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Delta: added to the imputed values. Tipping point: the delta at which significance is lost.",
            *method_notes(said),
            *ne_note(rows),
            data_note(study),
        ),
    )


def _imputed_cells(
    value: ResultValues, name: str, contrast: str, analysis: Analysis, day: int
) -> Iterator[tuple[str, str, str]]:
    limits = value.limits(name, contrast, day)
    p_value = format_p_value(value(name, contrast, "p_value", day))
    yield f"{analysis.delta or 0:g}", format_interval(*limits), p_value


def _tipping_cells(
    value: ResultValues, name: str, contrast: str, analysis: Analysis, day: int
) -> Iterator[tuple[str, str, str]]:
    known = [delta for delta in sorted(analysis.deltas) if _has(value, name, contrast, delta, day)]
    for delta in known:
        limits = value.named(name, contrast, LIMITS, f"delta {delta:g}", day)
        p_value = format_p_value(value(name, contrast, f"p_value[delta {delta:g}]", day))
        yield f"{delta:g}", format_interval(*limits), p_value
    tipping = value(name, contrast, "tipping_point", day)
    if not math.isnan(tipping):
        yield format_number(tipping, 2), "Tipping point", ""
    else:
        yield "", "No tipping point among these" if known else "NE", "" if known else "NE"


def _has(value: ResultValues, name: str, contrast: str, delta: float, day: int) -> bool:
    return bool(value.method(name, contrast, f"estimate[delta {delta:g}]", day))
