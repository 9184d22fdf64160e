"""The account of records, by estimand."""

from __future__ import annotations

import pandas as pd
from tests.support import report_trial as trial

from skeletal_reports.tables import record_accounting_table

COUNTS = {
    "n_records": [10, 4],
    "n_counted": [3, 1],
    "n_merged": [1, 0],
    "n_rejected": [2, 1],
    "n_competes": [1, 0],
    "n_censors": [1, 2],
    "n_ignored": [0, 0],
    "n_not_component": [2, 0],
}


class HandOutcomes:
    def record_accounting(self):
        return pd.DataFrame(
            {"endpoint": ["sse", "death"], "estimand": ["sse-recurrent", "overall-survival"], **COUNTS}
        )


def test_each_estimand_is_accounted_for_under_its_endpoint():
    rows = record_accounting_table(HandOutcomes(), trial.study()).rows
    assert [row.cells[0] for row in rows] == [
        "Symptomatic skeletal event",
        "All SSEs (first and subsequent)",
        "Death from any cause",
        "Overall survival",
    ]
    assert rows[1].cells[1:] == ("10", "3", "1", "2", "1", "1", "0", "2")
    assert rows[3].cells[1:] == ("4", "1", "0", "1", "0", "2", "0", "0")


def test_what_became_of_the_records_adds_up_in_each_row():
    for row in record_accounting_table(HandOutcomes(), trial.study()).rows:
        if not row.group:
            total, *parts = map(int, row.cells[1:])
            assert sum(parts) == total
