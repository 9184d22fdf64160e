"""What cannot be simulated is refused, in words that say what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skeletal.errors import InvalidArgument
from skeletal.study import load_study, parse_study
from skeletal_synthetic import simulate_trial

MINIMAL = (Path(__file__).parent / "minimal.toml").read_text(encoding="utf-8")
STUDIES = {"hermes": load_study("hermes")}


def test_unknown_scenario_is_named_with_the_one_that_was_meant():
    message = re.escape("scenario must be one of 'planning', got 'planing'. Did you mean 'planning'?")
    with pytest.raises(InvalidArgument, match=message):
        simulate_trial(STUDIES["hermes"], scenario="planing", seed=1)


def test_study_without_scenarios_is_refused():
    study = STUDIES["hermes"].model_copy(update={"scenarios": {}})
    with pytest.raises(InvalidArgument, match=r"declares no scenario; .* \[scenarios\.planning\]"):
        simulate_trial(study, seed=1)


@pytest.mark.parametrize("seed", [-1, 1.5, "7", True, None])
def test_seed_must_be_a_whole_number_of_at_least_zero(seed):
    with pytest.raises(InvalidArgument, match="seed must be a whole number of at least 0, got"):
        simulate_trial(STUDIES["hermes"], seed=seed)


@pytest.mark.parametrize("n", [0, -3, 2.5, True])
def test_size_must_be_a_whole_number_of_at_least_one(n):
    with pytest.raises(InvalidArgument, match="n_subjects must be a whole number of at least 1, got"):
        simulate_trial(STUDIES["hermes"], seed=1, n_subjects=n)


def test_time_zero_that_no_scenario_describes_is_refused():
    study = STUDIES["hermes"].model_copy(update={"time_zero": "consent_date"})
    with pytest.raises(InvalidArgument, match=r"randomised_date or treatment_date, .* 'consent_date'"):
        simulate_trial(study, seed=1)


def test_component_in_a_table_of_facts_is_refused():
    text = MINIMAL.replace('table = "stays"', 'table = "disposition"')
    with pytest.raises(InvalidArgument, match="component 'admission' reads table 'disposition'"):
        simulate_trial(parse_study(text), seed=1)
