"""Measures whose last visits hardly anybody has reached."""

from __future__ import annotations

import numpy as np
import pytest

from skeletal.longitudinal import gee, mixed_model, visits_of_measure
from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.study import Analysis, changed_study, load_study
from skeletal_synthetic import simulate_trial

MEASURE = "worst-pain"


@pytest.mark.parametrize(("method", "function"), [("mixed_model", mixed_model), ("gee", gee)])
def test_a_visit_that_hardly_anybody_has_reached_is_left_out_and_named(method, function):
    study = load_study("rfa-ba")
    analyses = {"pain": Analysis(measure=MEASURE, method=method)}
    study = changed_study(study, analyses=analyses, multiplicity={})
    outcomes = derive_outcomes(simulate_trial(study, seed=1), study)
    results = analyse(outcomes, study).frame
    rows = results.loc[results["statistic"] == "estimate"].set_index("time")
    data = visits_of_measure(outcomes.measure(MEASURE), control="rt-alone", missing_baseline="mean")
    counts = np.array([data.observed[data.arm == code].sum(axis=0) for code in (0, 1)]).min(axis=0)
    assert rows.index.tolist() == data.visits.tolist()
    assert rows["value"].isna().tolist() == (counts < 3).tolist() == [False] * 4 + [True]
    expected = function(data.at_visits([30, 91, 183, 365])).contrasts["estimate"]
    assert rows["value"].tolist()[:4] == expected.tolist()
    assert "visits left out, an arm has fewer than 3 values there: 730" in rows["method"].iloc[0]
    means = results.loc[results["statistic"] == "estimate[mean of rt-alone]"]
    assert means["value"].isna().tolist() == [False] * 4 + [True]
