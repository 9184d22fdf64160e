from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read
from tests.support.state_trials import (
    ILLNESS_DEATH,
    STATES,
    WAITING,
    ebmt,
    mgus,
    myeloid,
    simulated,
    transplant,
)

from skeletal.multistate import (
    cumulative_transition_hazard,
    mean_sojourn,
    sojourn_time,
    state_occupation,
    time_in_state,
    transition_cox,
    transitions,
)

R = cases("multistate")
ORACLE = 1e-7
RTOL = 1e-9
TIMES = [10, 25, 50, 80]


def check_curves(data, states, times, expected, rtol=RTOL, **options):
    for j, state in enumerate(states):
        curve = state_occupation(data, state, **options).at(times)
        assert_allclose(curve.estimate, np.array(expected["p"])[:, j], rtol=rtol, atol=1e-14)
        assert_allclose(curve.std_error, np.array(expected["se"])[:, j], rtol=rtol, atol=1e-14)


def by_label(frame, column, make):
    return [make(rows) for _, rows in frame.groupby(column)]


@pytest.mark.parametrize(
    ("name", "states", "times", "arms"),
    [
        ("ms-001", ILLNESS_DEATH, [24, 60, 120, 240], lambda: by_label(read("mgus2"), "sex", mgus)),
        ("ms-007", ILLNESS_DEATH, [100, 365, 1000], lambda: by_label(read("myeloid"), "trt", myeloid)),
        (
            "ms-009",
            WAITING,
            [30, 180, 365, 730],
            lambda: by_label(read("transplant").query("futime > 0 and event.notna()"), "abo", transplant),
        ),
    ],
)
def test_trials_as_survfit(name, states, times, arms):
    expected, size = R[name], len(times)
    pairs = [tuple(int(part) - 1 for part in pair.split(":")) for pair in expected["cumhaz_names"]]
    for k, data in enumerate(arms()):
        rows = slice(k * size, (k + 1) * size)
        wanted = {"p": expected["pstate"][rows], "se": expected["std_err"][rows]}
        check_curves(data, states, times, wanted, ORACLE)
        for column, (h, j) in enumerate(pairs):
            curve = cumulative_transition_hazard(data, states[h], states[j]).at(times)
            hazard = np.array(expected["cumhaz"])[rows, column]
            assert_allclose(curve.estimate, hazard, rtol=ORACLE, atol=1e-14)


@pytest.mark.parametrize(("name", "make"), [("ms-001", mgus), ("ms-007", lambda: myeloid(read("myeloid")))])
def test_counts_of_moves_as_survcheck(name, make):
    counts = transitions(make())
    assert counts.drop(columns="well").to_numpy().tolist() == R[name]["transitions"]["values"]


@pytest.mark.parametrize(("name", "landmark"), [("ms-003", 0), ("ms-005", 100)])
def test_given_a_state_at_a_landmark_as_mstate(name, landmark):
    data, _ = ebmt()
    for case in R[name]:
        options = {"given": ILLNESS_DEATH[case["from"] - 1], "landmark": landmark, "variance": "greenwood"}
        check_curves(data, ILLNESS_DEATH, case["times"], case, ORACLE, **options)


def test_transition_models_as_multistate_coxph():
    data, disease = ebmt()
    fit, expected = transition_cox(data, disease, ties="breslow"), R["ms-010"]
    assert fit.names[:3] == ("dissubAML:well->ill", "dissubCML:well->ill", "dissubAML:well->dead")
    assert_allclose(fit.coefficient, list(expected["coef"].values()), rtol=ORACLE)
    assert_allclose(fit.covariance, expected["robust_var"], rtol=ORACLE)
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(expected["naive_var"])), rtol=ORACLE)


def test_several_states_at_time_0_as_survfit():
    data, _ = simulated(late=False)
    expected = R["starts_at_zero"]
    check_curves(data, STATES, TIMES, expected)
    curves = [state_occupation(data, state) for state in STATES]
    assert_allclose([curve.start for curve in curves], expected["p0"], rtol=RTOL)
    n = data.n_subjects
    share = expected["p0"][0]
    assert curves[0].time[0] == 0
    assert_allclose(curves[0].std_error[0], np.sqrt(share * (1 - share) / n), rtol=RTOL)


def test_delayed_entry_into_several_states_as_survfit():
    data, _ = simulated()
    expected = R["starts_late"]
    check_curves(data, STATES, TIMES, expected)
    curve = state_occupation(data, "a")
    assert_allclose(curve.start, expected["p0"][0], rtol=RTOL)
    assert curve.time[0] == expected["first"]


def test_states_at_a_landmark_as_survfit():
    data, _ = simulated()
    expected = R["landmark"]
    check_curves(data, STATES, [30, 50, 80], expected, landmark=expected["landmark"])


@pytest.mark.parametrize("given", [0, 1])
def test_given_a_state_with_the_jackknife_as_survfit(given):
    data, _ = simulated()
    check_curves(data, STATES, [30, 50, 80], R["given"][given], given=STATES[given], landmark=20.5)


def test_given_a_state_with_the_moves_of_those_in_it_as_survfit_of_them():
    data, _ = simulated()
    options = {"given": "b", "landmark": 20.5, "subjects": "given"}
    check_curves(data, STATES, [30, 50, 80], R["given_only"], **options)
    assert f"({R['given_only']['n']} subjects then)" in state_occupation(data, "a", **options).method


@pytest.mark.parametrize("conf_type", ["log", "log-log", "plain"])
def test_limits_as_survfit(conf_type):
    data, _ = simulated(late=False)
    expected = R["limits"][conf_type]
    for j, state in enumerate(STATES):
        curve = state_occupation(data, state, conf_level=0.9, conf_type=conf_type).at(TIMES)
        assert_allclose(curve.lower, np.array(expected["lower"])[:, j], rtol=RTOL)
        assert_allclose(curve.upper, np.array(expected["upper"])[:, j], rtol=RTOL)


@pytest.mark.parametrize("given", [0, 1])
def test_greenwood_with_returns_to_a_state_as_etm(given):
    data, _ = simulated(late=False)
    case = R["etm"][given]
    expected = {"p": case["p"], "se": np.transpose(case["se"])}
    check_curves(data, STATES, TIMES, expected, given=STATES[given], variance="greenwood")


def test_time_in_each_state_as_the_influence_of_survfit():
    data, _ = simulated(late=False)
    expected = R["time_in_state"]
    for horizon, case in zip(expected["horizon"], expected["values"], strict=True):
        for j, state in enumerate(STATES):
            result = time_in_state(data, state, horizon=horizon)
            assert_allclose([result.estimate, result.std_error], [case["mean"][j], case["se"][j]], rtol=RTOL)


def test_time_in_each_state_given_one_as_the_influence_of_survfit():
    data, _ = simulated()
    for j, state in enumerate(STATES):
        result = time_in_state(data, state, horizon=60, given="b", landmark=20.5)
        expected = [R["time_given"][key][j] for key in ("mean", "se")]
        assert_allclose([result.estimate, result.std_error], expected, rtol=RTOL)


@pytest.mark.parametrize("variance", ["jackknife", "aalen"])
def test_cumulative_hazards_as_survfit(variance):
    data, _ = simulated()
    for case in R["cumhaz"]:
        source, target = STATES[case["from"] - 1], STATES[case["to"] - 1]
        curve = cumulative_transition_hazard(data, source, target, variance=variance).at(TIMES)
        assert_allclose(curve.estimate, case[variance]["cumhaz"], rtol=RTOL)
        assert_allclose(curve.std_error, case[variance]["se"], rtol=RTOL)


@pytest.mark.parametrize(
    ("ties", "moves"),
    [("efron", None), ("breslow", [("b", "a"), ("a", "b"), ("a", "c"), ("b", "c")])],
)
def test_transition_models_by_either_rule_for_ties_as_coxph(ties, moves):
    data, frame = simulated()
    covariates = frame[["x"]].assign(sex=(frame.arm == "B").astype(int))
    fit, expected = transition_cox(data, covariates, transitions=moves, ties=ties), R[f"cox_{ties}"]
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=1e-8)
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(expected["naive"])), rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=RTOL)
    assert (fit.n_subjects, fit.n_events) == (120, 114)


def test_common_effects_as_coxph_of_stacked_rows():
    data, frame = simulated()
    covariates = frame[["x"]].assign(sex=(frame.arm == "B").astype(int))
    fit, expected = transition_cox(data, covariates, effects="common", ties="breslow"), R["cox_common"]
    assert fit.names == ("x", "sex")
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=1e-8)


def test_strata_as_coxph_of_stacked_rows():
    data, frame = simulated()
    fit = transition_cox(data, frame[["x"]], effects="common", strata=frame.arm)
    assert_allclose(fit.coefficient, R["cox_strata"]["coef"], rtol=RTOL)
    assert_allclose(fit.covariance[0, 0], R["cox_strata"]["var"], rtol=1e-8)


def test_clock_reset_as_coxph_of_stacked_rows():
    data, frame = simulated(late=False)
    fit = transition_cox(data, frame[["x"]], effects="common", clock="reset")
    assert_allclose(fit.coefficient, R["cox_reset"]["coef"], rtol=RTOL)
    assert_allclose(fit.covariance[0, 0], R["cox_reset"]["var"], rtol=1e-8)


def test_stays_in_a_state_as_survfit_by_cluster():
    data, _ = simulated()
    expected = R["sojourn"]
    curve = sojourn_time(data, "b").at([5, 15, 30])
    assert_allclose(curve.estimate, expected["surv"], rtol=RTOL)
    assert_allclose(curve.std_error, expected["se"], rtol=RTOL)
    assert_allclose(curve.lower, expected["lower"], rtol=RTOL)
    assert_allclose(curve.upper, expected["upper"], rtol=RTOL)
    assert f"{expected['n']} stays in b" in curve.method
    assert_allclose(mean_sojourn(data, "b", horizon=30).estimate, expected["rmean"], rtol=RTOL)
