"""True values of a scenario against R, closed forms and the claims of the library studies."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from skeletal.errors import InvalidArgument
from skeletal.study import load_study
from skeletal_synthetic import true_values
from skeletal_synthetic.truth import mean_over_frailty

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "true_values.json").read_text(encoding="utf-8"))
HERMES, PERFORM = load_study("hermes"), load_study("perform")


def with_scenario(study, **changes):
    scenario = study.scenarios["planning"].model_copy(update=changes)
    return study.model_copy(update={"scenarios": {"planning": scenario}})


def read(truth, endpoint, arm, quantity):
    rows = truth.query("endpoint == @endpoint and arm == @arm and quantity == @quantity")
    return rows["value"].to_numpy()


@pytest.mark.parametrize("case", GOLDEN["cases"])
def test_values_agree_with_integration_in_r(case):
    settings_of = GOLDEN["cases"][case]
    delay = settings_of["treatment_delay_days"]
    study = PERFORM if delay else HERMES
    arms = study.arm_names
    endpoint = next(iter(study.endpoints))
    study = with_scenario(
        study,
        component_mix={study.endpoints[endpoint].components[0]: 1.0},
        event_rate=dict.fromkeys(arms, GOLDEN["event_rate"]),
        death_rate=dict.fromkeys(arms, GOLDEN["death_rate"]),
        frailty_variance=settings_of["frailty_variance"],
        frailty_death_power=settings_of["frailty_death_power"],
        treatment_delay_days=tuple(delay or (0, 0)),
    )
    truth = true_values(study, "planning", GOLDEN["days"])
    for quantity, expected in GOLDEN["values"][case].items():
        found = read(truth, endpoint, arms[1], quantity)
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-9, err_msg=quantity)


def test_hermes_rates_give_the_incidence_that_its_sources_claim():
    truth = true_values(HERMES, "planning", [365])
    assert round(read(truth, "sse", "observational", "cumulative_incidence")[0], 3) == 0.290
    assert round(read(truth, "sse", "upfront-rt", "cumulative_incidence")[0], 3) == 0.090
    assert read(true_values(HERMES, "planning", [1.7 * 365.25]), "death", "upfront-rt", "survival")[
        0
    ] == pytest.approx(0.5, abs=1e-3)


def test_perform_rates_give_the_incidence_that_its_sources_claim():
    truth = true_values(PERFORM, "planning", [365])
    found = {arm: read(truth, "implant_failure", arm, "cumulative_incidence")[0] for arm in PERFORM.arm_names}
    assert {arm: round(value, 3) for arm, value in found.items()} == {
        "internal-fixation": 0.200,
        "reconstruction": 0.030,
    }
    assert read(truth, "death", "reconstruction", "survival")[0] == pytest.approx(0.6, abs=1e-3)


@settings(max_examples=25, deadline=None)
@example(rate=1.0, death=5e-324, variance=0.0, power=0.0)
@given(
    rate=st.floats(0, 3),
    death=st.floats(0, 2),
    variance=st.sampled_from([0.0, 0.2, 1.0, 3.0]),
    power=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_values_are_probabilities_that_add_up_and_change_one_way(rate, death, variance, power):
    arms = HERMES.arm_names
    study = with_scenario(
        HERMES,
        event_rate=dict.fromkeys(arms, rate),
        death_rate=dict.fromkeys(arms, death),
        frailty_variance=variance,
        frailty_death_power=power,
    )
    truth = true_values(study, "planning", [0, 100, 300, 700])
    wide = truth.query("endpoint == 'sse' and arm == @arms[0]").pivot(
        index="time", columns="quantity", values="value"
    )
    eps = 1e-9
    assert wide.loc[0, "cumulative_incidence"] == pytest.approx(0, abs=eps)
    assert wide.loc[0, "survival"] == pytest.approx(1, abs=eps)
    assert (wide["cumulative_incidence"] <= wide["risk_without_death"] + eps).all()
    assert (wide["cumulative_incidence"] <= wide["mean_cumulative_events"] + eps).all()
    assert (wide["cumulative_incidence"] + wide["event_free_survival"] <= 1 + eps).all()
    assert (wide["event_free_survival"] <= wide["survival"] + eps).all()
    rising = wide[["cumulative_incidence", "risk_without_death", "mean_cumulative_events"]].diff().iloc[1:]
    assert (rising >= -eps).all(axis=None)
    assert (wide[["survival", "event_free_survival"]].diff().iloc[1:] <= eps).all(axis=None)


@pytest.mark.parametrize("variance", [0.0, 0.1, 1.0, 4.0])
def test_mean_over_frailty_is_the_laplace_transform_of_the_gamma(variance):
    rates = np.array([0.0, 0.3, 2.0, 20.0])
    found = mean_over_frailty(lambda z: np.exp(-rates * z), variance)
    expected = (1 + variance * rates) ** (-1 / variance) if variance else np.exp(-rates)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


def test_endpoint_of_death_alone_has_survival_alone():
    truth = true_values(HERMES, "planning", [365])
    assert truth.query("endpoint == 'death'")["quantity"].unique().tolist() == ["survival"]


def test_scenario_and_times_change_the_answer():
    other = HERMES.scenarios["planning"].model_copy(
        update={"death_rate": {"observational": 1.0, "upfront-rt": 1.0}}
    )
    study = HERMES.model_copy(update={"scenarios": {**HERMES.scenarios, "frail": other}})
    planned, frail = (true_values(study, name, [100, 200]) for name in ("planning", "frail"))
    assert read(frail, "death", "upfront-rt", "survival")[1] == pytest.approx(np.exp(-200 / 365.25), rel=1e-9)
    assert read(planned, "death", "upfront-rt", "survival")[1] == pytest.approx(
        np.exp(-0.408 * 200 / 365.25), rel=1e-9
    )
    assert planned["time"].unique().tolist() == [100, 200]


def test_unknown_scenario_is_refused():
    with pytest.raises(InvalidArgument, match="Did you mean 'planning'"):
        true_values(HERMES, "Planning", [1])


@pytest.mark.parametrize("times", [[-1], [np.nan], [np.inf]])
def test_times_that_are_no_days_are_refused(times):
    with pytest.raises(InvalidArgument, match="times must be finite and at least 0"):
        true_values(HERMES, "planning", times)


def test_time_zero_that_no_scenario_describes_is_refused():
    study = HERMES.model_copy(update={"time_zero": "consent_date"})
    with pytest.raises(InvalidArgument, match="randomised_date or treatment_date"):
        true_values(study, "planning", [1])
