"""The answers to how recurrent events compare where subjects die, and what the window after an event does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .format import format_interval, format_number, format_p_value
from .result_values import (
    ResultValues,
    analysis_label,
    contrast_heads,
    contrast_label,
    level_words,
    method_notes,
    ne_note,
    shown_time,
)
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.study import Study

ANSWERS = ("Andersen-Gill", "LWYY", "Ghosh-Lin", "while-alive")
CHOICE = (
    "The protocol chooses the answer by its question, not by its result. A treatment that prolongs life "
    "leaves more time for events: read each answer beside the difference in time alive."
)
LIMITS = ("ratio", "ratio_lower", "ratio_upper")
MODELS = {"Poisson": "Rate ratio, Poisson, robust", "Andersen-Gill": "Rate ratio, Andersen-Gill, robust"}
WINDOW_ROWS = (("events", "Events", 0), ("years", "Subject-years at risk", 1), ("estimate", "Rate a year", 3))


def recurrent_answers_table(results: Results, study: Study) -> Table:
    """Show the four answers side by side: what each compares, what death does, the ratio.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and contrast, one row an answer, and the difference in time alive.
    """
    value = ResultValues(results)
    columns = (
        *(Column(header=text, align="left") for text in ("Answer", "Ratio of", "Death")),
        *(Column(header=text) for text in ("Estimate (CI)", "p-value")),
    )
    rows: list[Row] = []
    said: list[tuple[str, str]] = []
    for name, analysis, contrast, head in contrast_heads(study, ("recurrent_answers",)):
        rows.append(group_row(f"{head} ({level_words(analysis)})", len(columns)))
        failed = value.method(name, contrast, "ratio")
        if failed:
            rows.append(Row(cells=("All answers", "", "", "NE", "NE"), indent=1))
            said.append((analysis_label(name, study), failed))
            continue
        for answer in ANSWERS:
            estimand, death, how = _sentences(value, name, contrast, answer)
            limits = value.named(name, contrast, LIMITS, answer)
            p_value = format_p_value(value(name, contrast, f"p_value[{answer}]"))
            rows.append(
                Row(cells=(_capital(answer), estimand, death, format_interval(*limits), p_value), indent=1)
            )
            said.append((_capital(answer), how))
        assert analysis.horizon is not None, "the study model asks for it"
        rows.append(_time_alive(value, name, contrast, analysis.horizon, study))
    return Table(
        name="recurrent-answers",
        title="Recurrent events and death: four answers to different questions",
        columns=columns,
        rows=tuple(rows),
        notes=(
            CHOICE,
            *method_notes(said),
            *ne_note(rows),
            data_note(study),
        ),
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _sentences(value: ResultValues, name: str, contrast: str, answer: str) -> tuple[str, str, str]:
    """Return what an answer compares, what death does in it and how it was made, without the arms."""
    parts = value.method(name, contrast, f"ratio[{answer}]").split("; ", 2)
    estimand, death, how = (*parts, "", "")[:3]
    over = contrast.replace(" vs ", " over ")
    plain = estimand.replace(f", {over},", "").removeprefix("the ratio of ").removeprefix("the ratio ")
    return plain.removeprefix("of "), death, how


def _time_alive(value: ResultValues, name: str, contrast: str, horizon: int, study: Study) -> Row:
    limits = value.named(name, contrast, ("estimate", "lower", "upper"), "time alive", horizon)
    p_value = format_p_value(value(name, contrast, "p_value[time alive]", horizon))
    words = f"Difference in mean days alive to {shown_time(horizon, study).lower()}"
    return Row(cells=("Time alive", words, "", format_interval(*limits, 1), p_value), indent=1)


def window_table(results: Results, study: Study) -> Table:
    """Show time at risk, rates and ratios with the days after an event at risk and without them.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis and contrast; a column for each choice.
    """
    value = ResultValues(results)
    columns = (
        Column(header="Days after an event in which no other can begin", align="left"),
        *(Column(header=text) for text in ("At risk", "Not at risk")),
    )
    rows: list[Row] = []
    notes: list[str] = []
    for name, analysis, contrast, head in contrast_heads(study, ("window_effect",)):
        days = study.endpoints[study.estimands[analysis.estimand].endpoint].min_gap_days - 1
        rows.append(group_row(f"{head} ({max(days, 0)} days; 95% CI)", len(columns)))
        failed = value.method(name, contrast, "ratio")
        if failed:
            rows.append(Row(cells=(contrast_label(contrast, study), "NE", "NE"), indent=1))
            notes.append(f"{analysis_label(name, study)}: {failed}.")
            continue
        rows += [Row(cells=cells, indent=1) for cells in _window_cells(value, name, contrast, study)]
    return Table(
        name="window",
        title="Effect of the window after an event",
        columns=columns,
        rows=tuple(rows),
        notes=(*notes, *ne_note(rows), data_note(study)),
    )


def _window_cells(
    value: ResultValues, name: str, contrast: str, study: Study
) -> Iterator[tuple[str, str, str]]:
    choices = ("kept", "removed")
    for arm in (study.control.name, contrast.partition(" vs ")[0]):
        for field, words, decimals in WINDOW_ROWS:
            kept, removed = (
                format_number(value(name, arm, f"{field}[{item}]"), decimals) for item in choices
            )
            yield f"{study.arm_label(arm)}: {words[0].lower()}{words[1:]}", kept, removed
    for model, words in MODELS.items():
        shown = []
        for item in choices:
            limits = value.named(name, contrast, LIMITS, f"{model}, {item}")
            p_value = value(name, contrast, f"p_value[{model}, {item}]")
            text = format_interval(*limits)
            shown.append(text if math.isnan(limits[0]) else f"{text}, p {_p_words(p_value)}")
        yield (words, *shown)  # type: ignore[misc]


def _p_words(p_value: float) -> str:
    text = format_p_value(p_value)
    return text if text[0] in "<>N" else f"= {text}"
