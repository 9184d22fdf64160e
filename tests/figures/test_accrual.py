"""Accrual: the steps are the counts by date."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import date2num
from tests.support import report_trial as trial

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import accrual_counts, accrual_figure

PLAN = pd.DataFrame({"date": pd.to_datetime(["2025-02-05", "2026-02-05"]), "n_planned": [0.0, 120.0]})


def draw(planned=PLAN, **more):
    counts = accrual_counts(trial.records())
    return accrual_figure(counts, planned, **{"n_planned": 120, "data_cutoff": dt.date(2025, 7, 1), **more})


def line(named, gid):
    return next((item for item in named.figure.axes[0].lines if item.get_gid() == gid), None)


def test_counts_are_cumulative_by_day():
    found = accrual_counts(trial.records())
    assert found["n_randomised"].tolist() == [2, 4, 6, 8]
    assert found["date"].dt.strftime("%m-%d").tolist() == ["03-01", "04-01", "05-01", "06-01"]


def test_steps_rise_on_the_days_and_run_to_the_cutoff():
    actual = line(draw(), "actual")
    days = pd.to_datetime(
        ["2025-03-01", "2025-03-01", "2025-04-01", "2025-05-01", "2025-06-01", "2025-07-01"]
    )
    np.testing.assert_array_equal(actual.get_xdata(), date2num(days))
    assert actual.get_ydata().tolist() == [0, 2, 4, 6, 8, 8]


def test_plan_is_drawn_as_it_is():
    assert line(draw(), "planned").get_ydata().tolist() == [0, 120]


def test_without_a_plan_only_the_steps_are_drawn():
    named = draw(planned=None)
    assert line(named, "planned") is None
    assert "No plan by date is declared." in named.caption


def test_caption_says_how_many_of_how_many():
    assert "8 (6.7%) of 120 planned subjects randomised by 2025-07-01" in draw().caption
    assert "8 (80.0%) of 10 planned subjects randomised" in draw(n_planned=10).caption


def test_no_subject_yet():
    empty = accrual_counts(trial.records()).iloc[:0]
    named = accrual_figure(empty, PLAN, n_planned=120)
    assert "0 (0.0%) of 120" in named.caption


def test_data_are_both_series():
    data = draw(name="enrolment").data
    assert data["series"].tolist() == ["actual"] * 4 + ["planned"] * 2
    assert data["n_subjects"].tolist() == [2, 4, 6, 8, 0, 120]


def test_absent_columns_are_refused():
    with pytest.raises(InvalidArgument, match="planned needs the columns date and n_planned"):
        draw(planned=PLAN.drop(columns="n_planned"))
