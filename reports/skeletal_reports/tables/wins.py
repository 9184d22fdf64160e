"""Win statistics: wins and losses by priority, and the three summaries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .format import format_interval, format_number, format_p_value
from .result_values import (
    ResultValues,
    analysis_label,
    contrast_heads,
    level_words,
    method_notes,
    ne_note,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

WINS = ("win_statistics", "recurrent_win_ratio")
SUMMARIES = ("win ratio", "net benefit", "win odds")
READING = (
    "Each subject of the first arm is compared with each of the second, at one priority after the other "
    "until one of the two is better. Win ratio: wins over losses. Net benefit: share of wins less that of "
    "losses. Win odds: ties count half to each."
)
TEST = "Finkelstein-Schoenfeld"


def wins_table(results: Results, study: Study) -> Table:
    """Show the pairs won and lost at each priority, win ratio, net benefit, win odds and test.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and contrast.
    """
    value = ResultValues(results)
    headers = ("Pairs won", "Pairs lost", "Estimate (CI)", "p-value")
    columns = (
        Column(header="Priority and summary", align="left"),
        *(Column(header=text) for text in headers),
    )
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, analysis, contrast, head in contrast_heads(study, WINS):
        rows.append(group_row(f"{head} ({level_words(analysis)})", len(columns)))
        rows += [
            Row(cells=cells, indent=1)
            for cells in (
                *_priorities(value, name, contrast, analysis, study),
                *_summaries(value, name, contrast),
            )
        ]
        label = analysis_label(name, study)
        said.append((label, value.method(name, contrast, f"estimate[{SUMMARIES[0]}]")))
        said.append((TEST, value.method(name, contrast, f"statistic[{TEST}]")))
    return Table(
        name="wins",
        title="Win statistics",
        columns=columns,
        rows=tuple(rows),
        notes=(
            READING,
            *method_notes(said),
            *ne_note(rows),
            data_note(study),
        ),
    )


def _priorities(
    value: ResultValues, name: str, contrast: str, analysis: Analysis, study: Study
) -> Iterator[tuple[str, ...]]:
    """Yield wins and losses of each priority, and the pairs without a winner."""
    for place, priority in enumerate(analysis.priorities, start=1):
        counts = [value(name, contrast, f"{item}[{priority}]") for item in ("wins", "losses")]
        yield (f"{place}. {_words(priority, study)}", *map(_pairs, counts), "", "")
    ties = value(name, contrast, "ties")
    if not math.isnan(ties):
        yield (f"Neither: {_pairs(ties)} pairs", "", "", "", "")


def _words(priority: str, study: Study) -> str:
    if priority in study.estimands:
        return study.estimands[priority].label or priority
    return study.components[priority].label or priority


def _pairs(count: float) -> str:
    return format_number(count, 0 if math.isnan(count) or count == round(count) else 1)


def _summaries(value: ResultValues, name: str, contrast: str) -> Iterator[tuple[str, ...]]:
    for summary in SUMMARIES:
        limits = value.named(name, contrast, ("estimate", "lower", "upper"), summary)
        p_value = format_p_value(value(name, contrast, f"p_value[{summary}]"))
        yield (summary.capitalize(), "", "", format_interval(*limits), p_value)
    if value.method(name, contrast, f"statistic[{TEST}]"):
        yield (f"{TEST} test", "", "", "", format_p_value(value(name, contrast, f"p_value[{TEST}]")))
