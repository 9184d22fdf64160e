"""Rates by arm: episodes over time at risk, and periods with an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .format import format_interval, format_number, format_percent_interval
from .result_values import ResultValues, analysis_label, arm_headers, declared, ne_note
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skeletal.plan import Results
    from skeletal.study import Analysis, Study

RATES = ("event_rate", "period_rate")
NOTES = {
    "pooled": "Pooled: all episodes over all time at risk, as if they were independent.",
    "per_subject": "Per subject: the mean of the rates of the subjects; short follow-up can make one huge.",
}


def rates_table(results: Results, study: Study) -> Table:
    """Show the declared rates by arm with what they are made of.

    Parameters
    ----------
    results : Results
        From ``skeletal.plan.analyse``.
    study : Study
        Gives the analyses, arms and words.

    Returns
    -------
    Table
        One row group an analysis.  Event rates are per subject-year, period rates shares of periods.
    """
    value = ResultValues(results)
    columns = (Column(header="Rate", align="left"), *arm_headers(study))
    rows: list[Row] = []
    for name, analysis in declared(study, RATES).items():
        rows.append(group_row(analysis_label(name, study), len(columns)))
        made = _event_rate if analysis.method == "event_rate" else _period_rate
        rows += [Row(cells=(label, *cells), indent=1) for label, cells in made(name, analysis, value, study)]
    return Table(
        name="rates",
        title="Rates of events",
        columns=columns,
        rows=tuple(rows),
        notes=(*_notes(study), *ne_note(rows), data_note(study)),
    )


def _event_rate(
    name: str, analysis: Analysis, value: ResultValues, study: Study
) -> Iterator[tuple[str, list[str]]]:
    kind = "pooled" if analysis.rate == "pooled" else "per subject"
    pairs = [(value(name, arm, "n_subjects"), value(name, arm, "n_events")) for arm in study.arm_names]
    yield "Subjects / episodes", [f"{format_number(n)} / {format_number(events)}" for n, events in pairs]
    years = [value(name, arm, "subject_years") for arm in study.arm_names]
    yield "Subject-years at risk", [format_number(each, 1) for each in years]
    rates = [format_interval(*value.limits(name, arm)) for arm in study.arm_names]
    yield f"Episodes per subject-year, {kind} ({_level(analysis)})", rates


def _period_rate(
    name: str, analysis: Analysis, value: ResultValues, study: Study
) -> Iterator[tuple[str, list[str]]]:
    subjects = [format_number(value(name, arm, "n_subjects")) for arm in study.arm_names]
    yield "Subjects", subjects
    names = ("n_periods_with_event", "n_periods")
    counts = [[format_number(value(name, arm, item)) for item in names] for arm in study.arm_names]
    yield (
        f"Periods of {analysis.period_days} days: with an event / all",
        [" / ".join(pair) for pair in counts],
    )
    rates = [format_percent_interval(*value.limits(name, arm)) for arm in study.arm_names]
    yield f"Share of periods with an event ({_level(analysis)})", rates


def _level(analysis: Analysis) -> str:
    return f"{100 * analysis.conf_level:g}% CI"


def _notes(study: Study) -> list[str]:
    kinds = dict.fromkeys(item.rate for item in declared(study, ("event_rate",)).values())
    notes = [NOTES[kind] for kind in kinds]
    if declared(study, ("period_rate",)):
        notes.append("The last period counts if it was observed to its end or has an event.")
    return notes
