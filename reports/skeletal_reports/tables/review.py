"""What the review of the records found, counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.review_rules import REVIEW_RULES, SEVERITIES

from .format import format_count
from .table import Column, Row, Table, data_note

if TYPE_CHECKING:
    import pandas as pd

    from skeletal.study import Study


def change_notes(study: Study) -> tuple[str, ...]:
    """Say which rules of the review have another severity in this trial, and why: one sentence each."""
    return tuple(
        f"The study file makes {name} a finding of severity {change.severity} "
        f"instead of {REVIEW_RULES[name].severity}: {change.reason.rstrip('.')}."
        for name, change in study.review.items()
    )


def review_table(review: pd.DataFrame, study: Study) -> Table:
    """Count the findings of the review of the records, by severity and rule.

    Parameters
    ----------
    review : DataFrame
        From ``skeletal.records.review_records``: one finding a row.
    study : Study
        Gives the data cutoff, and the rules whose severity it changes.

    Returns
    -------
    Table
        Errors first, then warnings and notes, each with the most frequent rule first; one row that says
        so where nothing was found.  The notes name the rules whose severity the study changes, with the
        reason.
    """
    headers = ("Severity", "Records", "Findings", "Subjects")
    columns = (
        Column(header="Rule", align="left"),
        Column(header=headers[0], align="left"),
        Column(header=headers[1], align="left"),
        Column(header=headers[2]),
        Column(header=headers[3]),
    )
    rows = []
    keys = ["severity", "rule", "table"]
    groups = review.astype(dict.fromkeys(keys, "string")).groupby(keys, dropna=False, sort=True)
    counted = [
        (
            _rank(str(severity)),
            -len(found),
            str(rule),
            str(severity),
            str(table),
            _subjects(found),
        )
        for (severity, rule, table), found in groups
    ]
    for _, minus, rule, severity, table, subjects in sorted(counted):
        rows.append(Row(cells=(rule, severity, table, format_count(-minus), format_count(subjects))))
    if not rows:
        rows.append(Row(cells=("Nothing was found", "", "", "0", "0")))
    return Table(
        name="review",
        title="Findings of the review of the records",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "No record was changed or left out because of a finding.",
            *change_notes(study),
            data_note(study),
        ),
    )


def _rank(severity: str) -> int:
    return [*SEVERITIES, severity].index(severity)


def _subjects(findings: pd.DataFrame) -> int:
    return findings["subject_id"].nunique()
