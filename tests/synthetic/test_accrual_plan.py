"""The planned accrual."""

from __future__ import annotations

import pandas as pd
import pytest

from skeletal.errors import InvalidArgument
from skeletal.study import load_study
from skeletal_synthetic import accrual_plan


def test_plan_rises_by_month_from_nobody_to_everybody():
    study = load_study("hermes")
    plan = accrual_plan(study)
    assert plan["date"].iloc[:3].dt.strftime("%Y-%m-%d").tolist() == [
        "2025-02-05",
        "2025-03-05",
        "2025-04-05",
    ]
    assert plan["date"].iloc[-1] == pd.Timestamp("2027-02-28")
    assert plan["date"].is_monotonic_increasing
    assert plan["date"].is_unique
    assert plan["n_planned"].iloc[0] == 0
    assert plan["n_planned"].iloc[1] == pytest.approx(28 * 120 / 753, rel=1e-12)
    assert plan["n_planned"].iloc[-1] == 120


def test_plan_follows_the_scenario_that_is_named():
    study = load_study("hermes")
    quick = study.scenarios["planning"].model_copy(update={"accrual_days": 31})
    both = study.model_copy(update={"scenarios": {**study.scenarios, "quick": quick}})
    plan = accrual_plan(both, "quick")
    assert plan["date"].dt.strftime("%Y-%m-%d").tolist() == ["2025-02-05", "2025-03-05", "2025-03-08"]


def test_unknown_scenario_is_refused():
    with pytest.raises(InvalidArgument, match="Did you mean 'planning'"):
        accrual_plan(load_study("hermes"), "plannning")
