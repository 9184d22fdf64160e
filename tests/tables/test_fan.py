"""The table of the definition fan: the study's own definition, and one change at a time."""

from __future__ import annotations

import pandas as pd
from tests.support import report_trial as trial

from skeletal_reports.tables import fan_endpoint, fan_table


def fan():
    """Own: 21 days, counted, without asymptomatic; every row of two gaps, two anchors, two states."""
    rows = []
    for state in ("with", "without"):
        for anchor in ("counted", "any"):
            for gap in (14, 21):
                number = len(rows)
                row = {
                    "endpoint": "sse",
                    "definition": "words",
                    "own": (gap, anchor, state) == (21, "counted", "without"),
                    "gap_days": gap,
                    "gap_anchor": anchor,
                    "asymptomatic": state,
                    "horizon_days": 365,
                    "left_out": "hypercalcaemia: no record that it changes",
                    "note": "",
                }
                for place, arm in enumerate(trial.ARMS):
                    row[f"n_with_event/{arm}"] = 10 * number + place
                    row[f"n_episodes/{arm}"] = 10 * number + place + 5
                for ratio in ("hazard_ratio", "rate_ratio"):
                    row |= {f"{ratio}/upfront-rt": 0.5, f"{ratio}_lower/upfront-rt": 0.25}
                    row[f"{ratio}_upper/upfront-rt"] = float("nan")
                rows.append(row)
    return pd.DataFrame(rows)


def test_the_own_definition_stands_first_and_then_one_change_at_a_time():
    table = fan_table(fan(), trial.study())
    assert [row.cells[0] for row in table.rows] == [
        "As the study defines it",
        "One thing changed",
        "Gap of 14 days",
        "Gap from the last event of any kind",
        "Events without symptoms counted",
    ]


def test_the_own_definition_is_told_in_full_below():
    words = "gap of 21 days; gap from the last counted event; events without symptoms not counted"
    assert f"As the study defines it: {words}." in fan_table(fan(), trial.study()).notes


def test_numbers_are_those_of_the_row():
    table = fan_table(fan(), trial.study())
    found = {row.cells[0]: row.cells[1:] for row in table.rows}
    # without, counted, 14 days is row 4 of the fan; with, counted, 21 days row 1
    assert found["Gap of 14 days"] == ("40 / 45", "41 / 46", "0.50 (0.25 to NE)", "0.50 (0.25 to NE)")
    assert found["Events without symptoms counted"][:2] == ("10 / 15", "11 / 16")


def test_arms_are_named_by_their_labels_and_what_is_not_varied_is_said():
    table = fan_table(fan(), trial.study())
    assert [column.header for column in table.columns] == [
        "Definition",
        "Observational arm: subjects / episodes",
        "Upfront radiotherapy arm: subjects / episodes",
        "Hazard ratio (95% CI)",
        "Rate ratio (95% CI)",
    ]
    assert "Not varied: hypercalcaemia: no record that it changes." in table.notes
    assert "NE: not estimable." in table.notes


def test_the_fan_is_of_the_first_endpoint_with_recurrent_events_of_subjects():
    study = trial.study()
    assert fan_endpoint(study) == "sse"
    first = {name: item for name, item in study.estimands.items() if item.variable == "first"}
    assert fan_endpoint(study.model_copy(update={"estimands": first})) == ""
    lesion = study.endpoints["sse"].model_copy(update={"unit": "lesion"})
    assert fan_endpoint(study.model_copy(update={"endpoints": {**study.endpoints, "sse": lesion}})) == ""
