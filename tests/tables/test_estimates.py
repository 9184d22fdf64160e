"""Tables of results: each printed number is the row of its key."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from tests.support import report_trial as trial

from skeletal.study import load_study
from skeletal_reports.tables import (
    curves_table,
    effect_rows,
    effects_table,
    hypothesis_tests_table,
    proportions_table,
    to_csv,
)

CONTRAST = "upfront-rt vs observational"
VALUES = {
    "sse-free-curve/observational/n_subjects": 60,
    "sse-free-curve/observational/n_events": 31,
    "sse-free-curve/observational/estimate@365": 0.6125,
    "sse-free-curve/observational/lower@365": 0.4777,
    "sse-free-curve/observational/upper@365": 0.7222,
    "sse-free-curve/observational/n_at_risk@365": 29,
    "sse-free-curve/observational/median": 520.0,
    "sse-free-curve/observational/median_lower": 365.25,
    "sse-free-curve/observational/median_upper": math.nan,
    "sse-free-curve/observational/median_follow_up": 608.75,
    "sse-mean/upfront-rt/estimate@730": 0.305,
    "sse-mean/upfront-rt/lower@730": 0.2,
    "sse-mean/upfront-rt/upper@730": 0.45,
    "sse-by-month-12/upfront-rt/n_events@365": 6,
    "sse-by-month-12/upfront-rt/n_evaluable@365": 48,
    "sse-by-month-12/upfront-rt/estimate@365": 0.125,
    "sse-by-month-12/upfront-rt/lower@365": 0.0586,
    "sse-by-month-12/upfront-rt/upper@365": 0.247,
    "sse-hazard-ratio/all/n_subjects": 120,
    "sse-hazard-ratio/all/n_events": 29,
    f"sse-hazard-ratio/{CONTRAST}/ratio": 0.245,
    f"sse-hazard-ratio/{CONTRAST}/ratio_lower": 0.12,
    f"sse-hazard-ratio/{CONTRAST}/ratio_upper": 0.54,
    f"sse-hazard-ratio/{CONTRAST}/p_value": 0.0004,
    "sse-free-test/all/statistic": 8.125,
    "sse-free-test/all/df": 1,
    "sse-free-test/all/p_value": 0.0044,
}


@dataclass(frozen=True)
class HandResults:
    frame: pd.DataFrame


def results():
    rows = [{"key": key, "value": float(value), "method": "by hand"} for key, value in VALUES.items()]
    return HandResults(frame=pd.DataFrame(rows))


def row(table, group, label):
    """Cells of the row ``label`` under the heading ``group``."""
    place = next(i for i, item in enumerate(table.rows) if item.group and item.cells[0] == group)
    return next(item.cells[1:] for item in table.rows[place:] if item.cells[0] == label)


def test_survival_at_a_declared_time_with_limits_and_numbers_at_risk():
    table = curves_table(results(), trial.study())
    cells = row(table, "SSE-free survival", "Month 12 (95% CI)")
    assert cells == ("61.3% (47.8% to 72.2%)", "29", "NE", "NE")
    assert row(table, "SSE-free survival", "Subjects / events")[:2] == ("60 / 31", "")


def test_medians_are_in_the_unit_of_the_report():
    table = curves_table(results(), trial.study())
    assert row(table, "SSE-free survival", "Median, months (95% CI)")[0] == "17.1 (12.0 to NE)"
    label = "Median follow-up (reverse Kaplan-Meier), months"
    assert row(table, "SSE-free survival", label)[0] == "20.0"


def test_mean_counts_are_per_subject():
    table = curves_table(results(), trial.study())
    cells = row(table, "Mean cumulative number of SSEs", "Month 24 (95% CI)")
    assert cells[2] == "0.31 (0.20 to 0.45)"


def test_proportions_with_their_denominators():
    table = proportions_table(results(), trial.study())
    group = "Subjects with an SSE by month 12"
    assert row(table, group, "Month 12: with the event / evaluable")[1] == "6 / 48"
    assert row(table, group, "Month 12: proportion (95% CI)")[1] == "12.5% (5.9% to 24.7%)"


def test_effects_with_limits_and_p_values():
    table = effects_table(results(), trial.study())
    cells = row(table, "First SSE, cause-specific", "Upfront radiotherapy arm v Observational arm")
    assert cells == ("29", "120", "Hazard ratio", "0.25 (0.12 to 0.54)", "<0.001")
    absent = row(table, "Death from any cause", "Upfront radiotherapy arm v Observational arm")
    assert absent == ("NE", "NE", "Hazard ratio", "NE", "NE")
    assert "First SSE, cause-specific: by hand." in table.notes
    assert len(table.notes) == len(set(table.notes))


def test_effect_rows_are_unformatted():
    first = effect_rows(results(), trial.study()).iloc[0]
    assert (first["label"], first["events"]) == ("First SSE, cause-specific", "29/120")
    assert (first["ratio"], first["lower"], first["upper"]) == (0.245, 0.12, 0.54)


def test_three_arms_have_a_row_each_that_names_the_contrast():
    found = effect_rows(results(), trial.three_arm_study())
    assert found["label"].tolist()[:2] == [
        "First SSE, cause-specific: Upfront radiotherapy arm v Observational arm",
        "First SSE, cause-specific: Radiotherapy and surgery v Observational arm",
    ]
    assert math.isnan(found["ratio"].iloc[1])


def test_a_pooled_study_has_no_contrasts_and_no_tests():
    empty = HandResults(frame=results().frame.iloc[:0])
    study = trial.pooled_study()
    assert effect_rows(empty, study).empty
    assert effects_table(empty, study).rows == ()
    assert hypothesis_tests_table(empty, study).rows == ()
    heads = [column.header for column in curves_table(empty, study).columns]
    assert heads == ["Curve", "All subjects", "At risk"]


def test_tests_have_statistic_df_and_p_value():
    rows = hypothesis_tests_table(results(), trial.study()).rows
    assert [item.cells for item in rows] == [("Log-rank test", "SSE-free survival", "8.13", "1", "0.004")]


def test_every_table_of_both_studies_can_be_written():
    for name in ("hermes", "perform"):
        study = load_study(name)
        for build in (curves_table, proportions_table, effects_table, hypothesis_tests_table):
            assert to_csv(build(results(), study)).startswith(build(results(), study).columns[0].header)
