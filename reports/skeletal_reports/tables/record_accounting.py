"""What became of every record that was considered, by estimand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .format import format_count
from .table import Column, Row, Table, data_note, group_row

if TYPE_CHECKING:
    from skeletal.outcomes import Outcomes
    from skeletal.study import Study

COUNTS = {
    "n_records": "Records",
    "n_counted": "Counted",
    "n_merged": "Merged",
    "n_rejected": "Rejected",
    "n_competes": "Competing",
    "n_censors": "Censoring",
    "n_ignored": "Ignored",
    "n_not_component": "Not a component",
}


def record_accounting_table(outcomes: Outcomes, study: Study) -> Table:
    """Account by endpoint and estimand for every record that was considered.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    study : Study
        Gives the words.

    Returns
    -------
    Table
        Records = the sum of what became of them, in every row.
    """
    frame = outcomes.record_accounting()
    columns = (
        Column(header="Endpoint and estimand", align="left"),
        *(Column(header=text) for text in COUNTS.values()),
    )
    rows: list[Row] = []
    for endpoint, declared in study.endpoints.items():
        found = frame.loc[frame["endpoint"] == endpoint]
        if found.empty:
            continue
        rows.append(group_row(declared.label, len(columns)))
        for item in found.to_dict("records"):
            name = str(item["estimand"])
            label = study.estimands[name].label if name in study.estimands else name
            numbers = np.array([item[column] for column in COUNTS], dtype=np.float64)
            rows.append(Row(cells=(label, *map(format_count, numbers.tolist())), indent=1))
    return Table(
        name="record-accounting",
        title="Accounting for every record considered, by estimand",
        columns=columns,
        rows=tuple(rows),
        notes=(
            "Records = counted + merged + rejected + competing + censoring + ignored + not a component.",
            "Merged: into the episode of another record. The audit file has a sentence for each record.",
            data_note(study),
        ),
    )
