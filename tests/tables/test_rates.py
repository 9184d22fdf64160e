"""Tables of rates: each printed number is the row of its key."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
from tests.support import report_trial as trial

from skeletal.study import Study
from skeletal_reports.tables import rates_table

VALUES = {
    "smr/observational/n_subjects": 60,
    "smr/observational/n_events": 31,
    "smr/observational/subject_years": 62.04,
    "smr/observational/estimate": 0.4997,
    "smr/observational/lower": 0.34,
    "smr/observational/upper": 0.709,
    "smpr/upfront-rt/n_subjects": 58,
    "smpr/upfront-rt/n_periods": 410,
    "smpr/upfront-rt/n_periods_with_event": 12,
    "smpr/upfront-rt/estimate": 12 / 410,
    "smpr/upfront-rt/lower": 0.015,
    "smpr/upfront-rt/upper": 0.05,
}


def study(**rate):
    content = trial.study().model_dump()
    content["analyses"] = {
        "smr": {"estimand": trial.RECURRENT, "method": "event_rate", "label": "Morbidity rate", **rate},
        "smpr": {"estimand": trial.RECURRENT, "method": "period_rate", "label": "Period rate"},
    }
    return Study.model_validate(content)


def results():
    return SimpleNamespace(frame=pd.DataFrame({"key": list(VALUES), "value": list(VALUES.values())}))


def cells(table):
    return {row.cells[0]: row.cells[1:] for row in table.rows}


def test_an_event_rate_stands_beside_its_events_and_years():
    found = cells(rates_table(results(), study()))
    assert found["Subjects / episodes"] == ("60 / 31", "NE / NE")
    assert found["Subject-years at risk"][0] == "62.0"
    assert found["Episodes per subject-year, pooled (95% CI)"] == ("0.50 (0.34 to 0.71)", "NE")


def test_a_period_rate_is_a_share_of_periods():
    found = cells(rates_table(results(), study()))
    assert found["Subjects"][1] == "58"
    assert found["Periods of 84 days: with an event / all"][1] == "12 / 410"
    assert found["Share of periods with an event (95% CI)"][1] == "2.9% (1.5% to 5.0%)"


def test_the_kind_of_rate_and_its_level_are_named_and_explained():
    table = rates_table(results(), study(rate="per_subject", conf_level=0.9))
    assert "Episodes per subject-year, per subject (90% CI)" in cells(table)
    assert table.notes[0].startswith("Per subject: the mean of the rates")
    assert rates_table(results(), study()).notes[0].startswith("Pooled:")


def test_a_pooled_study_has_one_column():
    one = study().model_copy(update={"masking": "pooled", "arms": trial.pooled_study().arms})
    assert [column.header for column in rates_table(results(), one).columns] == ["Rate", "All subjects"]
