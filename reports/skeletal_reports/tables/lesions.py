"""Lesions: the analyses that allow for several of a subject, beside the one that does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .format import format_interval, format_number, format_p_value, format_percent_interval
from .result_values import (
    ResultValues,
    analysis_label,
    contrast_heads,
    level_words,
    method_notes,
    ne_note,
    shown_time,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

LESIONS = ("lesion_risk", "lesion_incidence", "lesion_times")
RISKS = ("lesion_risk", "lesion_incidence")
ANALYSES = {"naive": "Naive", "cluster-robust": "Cluster-robust", "mixed": "Mixed"}


def lesions_table(results: Results, study: Study) -> Table:
    """Show naive, cluster-robust and mixed analyses of lesions with what each estimates.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis, contrast and time.
    """
    value = ResultValues(results)
    columns = (
        *(Column(header=text, align="left") for text in ("Analysis", "What it estimates")),
        *(Column(header=text) for text in ("Estimate (CI)", "p-value", "Design effect")),
    )
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, analysis, contrast, head in contrast_heads(study, LESIONS):
        for time in analysis.times or (None,):
            at = "" if time is None else f", {shown_time(time, study).lower()}"
            rows.append(group_row(f"{head}{at} ({level_words(analysis)})", len(columns)))
            made, lines = _lines(value, name, contrast, analysis, time)
            rows += [Row(cells=cells, indent=1) for cells in lines]
            said.append((analysis_label(name, study), made))
    return Table(
        name="lesions",
        title="Lesions: analyses with and without the dependence of those of one subject",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Design effect: variance of the analysis over that of the naive one, of the same estimate.",
            *method_notes(said),
            *ne_note(rows),
            data_note(study),
        ),
    )


def _lines(
    value: ResultValues, name: str, contrast: str, analysis: Analysis, time: int | None
) -> tuple[str, list[tuple[str, ...]]]:
    """Return the method of an analysis at a time, and its lines."""
    failed = value.method(name, contrast, "estimate", time)
    if failed:
        return failed, [("All analyses", "", "NE", "NE", "")]
    made = value.method(name, contrast, "n_lesions", time)
    percent = analysis.method in RISKS and analysis.kind in (None, "difference")
    show = format_percent_interval if percent else format_interval
    lines: list[tuple[str, ...]] = []
    for key, words in ANALYSES.items():
        said = value.method(name, contrast, f"estimate[{key}]", time)
        if not said:
            continue
        limits = value.named(name, contrast, ("estimate", "lower", "upper"), key, time)
        p_value = format_p_value(value(name, contrast, f"p_value[{key}]", time))
        effect = value(name, contrast, f"design_effect[{key}]", time)
        design = "" if math.isnan(effect) else format_number(effect, 2)
        lines.append((words, said.split(f"; {made}")[0], show(*limits), p_value, design))
    return made, [*lines, *_alike(value, name, contrast, time)]


def _alike(value: ResultValues, name: str, contrast: str, time: int | None) -> Iterator[tuple[str, ...]]:
    found = value(name, contrast, "intraclass_correlation", time)
    if not math.isnan(found):
        words = "how alike the lesions of one subject are"
        yield ("Intraclass correlation", words, format_number(found, 2), "", "")
