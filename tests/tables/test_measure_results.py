"""Results of measures: each printed number is the row of its key."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pandas as pd
import pytest
from tests.support import measure_trial as trial

from skeletal.study import Analysis, DaysAtHome
from skeletal_reports.figures import drawn_means, mean_figure
from skeletal_reports.tables import differences_table, means_by_visit, responders_table

CONTRAST = "upfront-rt vs observational"
VALUES = {
    ("response", "observational", "n", 30): 27,
    ("response", "observational", "responders", 30): 13,
    ("response", "observational", "proportion", 30): 13 / 27,
    ("response", "observational", "lower", 30): 0.307,
    ("response", "observational", "upper", 30): 0.66,
    ("course", "observational", "n", 0): 4,
    ("course", "observational", "mean", 0): 50.0,
    ("course", "observational", "sd", 0): 10.0,
    ("course", "observational", "n", 91): 1,
    ("course", "observational", "mean", 91): 40.25,
    ("course", "observational", "sd", 91): math.nan,
    ("course", "upfront-rt", "n", 91): 9,
    ("course", "upfront-rt", "mean", 91): 30.0,
    ("course", "upfront-rt", "sd", 91): 6.0,
    ("course", CONTRAST, "difference", 91): -10.25,
    ("course", CONTRAST, "lower", 91): -15.0,
    ("course", CONTRAST, "upper", 91): -5.55,
}


def study(**more):
    analyses = {
        "response": Analysis(measure=trial.PAIN, method="responders", label="Responders"),
        "course": Analysis(measure=trial.FUNCTION, method="mean", label="Painful sites"),
    }
    return trial.study(analyses=analyses, **more)


def results():
    rows = [
        {"analysis": a, "time": float(day), "key": f"{a}/{arm}/{name}@{day}", "value": value}
        for (a, arm, name, day), value in VALUES.items()
    ]
    return SimpleNamespace(frame=pd.DataFrame(rows))


def cells(table):
    return {row.cells[0]: row.cells[1:] for row in table.rows}


def test_responders_stand_beside_those_evaluable_at_each_visit():
    found = cells(responders_table(results(), study()))
    assert found["Month 1"] == ("13 / 27: 48.1% (30.7% to 66.0%)", "NE / NE: NE")
    assert "Responders (95% CI)" in found


def test_differences_stand_beside_the_means_with_their_numbers():
    table = differences_table(results(), study())
    found = cells(table)
    assert found["Month 3"] == ("40.3 (1)", "30.0 (9)", "-10.3 (-15.0 to -5.6)")
    assert found["Baseline"][0] == "50.0 (4)"
    assert table.columns[-1].header == "Difference, Upfront radiotherapy arm v Observational arm (CI)"


def test_means_have_t_limits_where_they_have_a_spread():
    # by hand: t(0.975, 3) = 3.18245 times 10 / sqrt(4); t(0.975, 8) = 2.30600 times 6 / sqrt(9)
    found = means_by_visit(results(), study(), "course").set_index(["arm", "visit"])
    first = found.loc[("observational", "Baseline")]
    assert first["lower"] == pytest.approx(50 - 3.182446 * 5, abs=1e-5)
    assert first["upper"] == pytest.approx(50 + 3.182446 * 5, abs=1e-5)
    assert found.loc[("upfront-rt", "Month 3"), "upper"] == pytest.approx(30 + 2.306004 * 2, abs=1e-5)
    assert math.isnan(found.loc[("observational", "Month 3"), "lower"])


def test_the_level_of_the_limits_is_that_of_the_analysis():
    analysis = study().analyses["course"].model_copy(update={"conf_level": 0.9})
    narrow = study().model_copy(update={"analyses": {"course": analysis}})
    found = means_by_visit(results(), narrow, "course").set_index(["arm", "visit"])
    # t(0.95, 8) = 1.859548
    assert found.loc[("upfront-rt", "Month 3"), "upper"] == pytest.approx(30 + 1.859548 * 2, abs=1e-5)


def test_the_figure_of_means_is_named_as_its_analysis():
    named = mean_figure(results(), study(), "course")
    assert named.name == "course"
    assert named.caption.startswith("Painful sites: mean by visit with 95% confidence limits.")
    assert "Upfront radiotherapy arm, Month 3: 30.0 (25.4 to 34.6)" in named.alt


def test_courses_of_scores_are_drawn_and_days_at_home_are_not():
    assert drawn_means(results(), study()) == ["course"]
    home = DaysAtHome(kind="days_at_home", label="Days at home", paramcd="DAH", horizons=(30, 91))
    measures = {**study().measures, trial.FUNCTION: home}
    assert drawn_means(results(), study().model_copy(update={"measures": measures})) == []


def test_horizons_are_named_by_their_day():
    home = DaysAtHome(kind="days_at_home", label="Days at home", paramcd="DAH", horizons=(91,))
    measures = {**study().measures, trial.FUNCTION: home}
    found = cells(differences_table(results(), study().model_copy(update={"measures": measures})))
    assert "Day 91" in found
