from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared
from tests.support.state_trials import ILLNESS_DEATH, WAITING, ebmt, mgus, myeloid, transplant

from skeletal.data import MultiState
from skeletal.multistate import illness_death, state_occupation, time_in_state, transition_cox

R = cases("more_multistate")
RTOL = 1e-9


def single(frame, time, code, states=ILLNESS_DEATH):
    n = len(frame)
    return MultiState(np.arange(n), np.zeros(n), time, np.ones(n), np.where(code > 0, code + 1, 0), states)


def first_of_both(frame):
    """Return malignancy or death, whichever is first, of those followed at all."""
    rows = frame.assign(time=np.where(frame.pstat == 1, frame.ptime, frame.futime))
    rows = rows[rows.time > 0]
    return single(rows, rows.time, np.where(rows.pstat == 1, 1, 2 * rows.death))


def cirrhosis(frame):
    return single(frame, frame.time, frame.status)


def hearts():
    frame = read("heart").sort_values(["id", "start"])
    moves = np.where(frame.id == frame.id.shift(-1), 2, np.where(frame.event == 1, 3, 0))
    return MultiState(frame.id, frame.start, frame.stop, frame.transplant + 1, moves, ILLNESS_DEATH), frame[
        ["age", "year"]
    ]


def breast(frame):
    columns = (frame.pid, frame.rtime, frame.recur, frame.dtime, frame.death)
    return illness_death(*columns, states=ILLNESS_DEATH, same_time="shift", shift=0.5)


def marrow(frame):
    columns = (frame.id, frame.prtime, frame.prstat, frame.rfstime, frame.rfsstat)
    return illness_death(*columns, states=ILLNESS_DEATH)


def groups(frame, by, make):
    return [make(rows) for _, rows in frame.groupby(by)]


def mgus_by_age():
    frame = read("mgus2")
    return groups(frame, frame.age > 70, mgus)


def check(expected, groups, times, states, **options):
    size = len(times)
    for k, data in enumerate(groups):
        rows = slice(k * size, (k + 1) * size)
        for j, state in enumerate(states):
            curve = state_occupation(data, state, conf_type="log", **options).at(times)
            assert_allclose(curve.estimate, np.array(expected["p"])[rows, j], rtol=RTOL, atol=1e-14)
            error = np.array(expected["se"])[rows, j]
            assert_allclose(curve.std_error, error, rtol=RTOL, atol=1e-12)
            if "lower" in expected:
                lower, upper = (np.array(expected[end], float)[rows, j] for end in ("lower", "upper"))
                known = ~np.isnan(lower)
                assert_allclose(curve.lower[known], lower[known], rtol=RTOL)
                assert_allclose(curve.upper[known], upper[known], rtol=RTOL)


@pytest.mark.parametrize(
    ("case", "make", "states"),
    [
        ("mgus", lambda: [mgus()], ILLNESS_DEATH),
        ("mgus_old", mgus_by_age, ILLNESS_DEATH),
        ("mgus_competing", lambda: [first_of_both(read("mgus2"))], ILLNESS_DEATH),
        ("aml_sex", lambda: groups(read("myeloid"), "sex", myeloid), ILLNESS_DEATH),
        ("transplant", lambda: [transplant(read("transplant").query("futime > 0"))], WAITING),
        ("pbc", lambda: groups(read("pbc"), "trt", cirrhosis), ILLNESS_DEATH),
        ("heart", lambda: [hearts()[0]], ILLNESS_DEATH),
        ("gbc", lambda: groups(read("rotterdam"), "chemo", breast), ILLNESS_DEATH),
        ("ebmt_dissub", lambda: groups(read_shared("ebmt3"), "dissub", marrow), ILLNESS_DEATH),
    ],
)
def test_occupation_limits_and_mean_times_as_survfit(case, make, states):
    expected, parts = R[case], make()
    check(expected, parts, expected["times"], states)
    means = np.reshape(expected["rmean"], (len(states), len(parts)))
    for k, data in enumerate(parts):
        found = [time_in_state(data, state, horizon=expected["horizon"]).estimate for state in states]
        assert_allclose(found, means[:, k], rtol=RTOL)


def test_counted_states_at_a_landmark_as_survfit():
    expected = R["mgus_landmark"]
    check(expected, groups(read("mgus2"), "sex", mgus), expected["times"], ILLNESS_DEATH, landmark=36)


def test_given_the_second_state_at_a_landmark_as_survfit():
    expected = R["mgus_given"]
    check(expected, [mgus()], expected["times"], ILLNESS_DEATH, landmark=60.5, given="ill")


@pytest.mark.parametrize("given", ["well", "ill"])
@pytest.mark.parametrize("trial", ["mgus", "ebmt"])
@pytest.mark.parametrize("variance", ["greenwood", "aalen"])
def test_variances_of_mstate_by_kronecker_products(variance, trial, given):
    expected = R[f"{variance}_{trial}_{given}"]
    data = mgus() if trial == "mgus" else ebmt()[0]
    options = {"given": given, "landmark": expected["landmark"], "variance": variance}
    check(expected, [data], expected["at"], ILLNESS_DEATH, **options)


def columns(data, frame, key, **made):
    rows = frame.set_index(key).loc[data.subject]
    return pd.DataFrame({name: make(rows).to_numpy(float) for name, make in made.items()})


def model(case):
    if case == "mgus_cox":
        data, frame = mgus(), read("mgus2")
        return data, columns(data, frame, "id", age=lambda x: x.age, male=lambda x: x.sex == "M"), {}
    if case == "aml_cox":
        frame = read("myeloid")
        data = myeloid(frame)
        return data, columns(data, frame, "id", b=lambda x: x.trt == "B", m=lambda x: x.sex == "m"), {}
    if case == "heart_cox":
        return *hearts(), {"ties": "breslow"}
    if case == "gbc_cox":
        frame = read("rotterdam")
        data = breast(frame)
        made = {name: lambda x, name=name: x[name] for name in ("age", "nodes", "chemo")}
        return data, columns(data, frame, "pid", **made), {"ties": "breslow"}
    data, frame = ebmt()[0], read_shared("ebmt3")
    made = {"tc": lambda x: x.tcd == "TCD", "a1": lambda x: x.age == "20-40", "a2": lambda x: x.age == ">40"}
    match = frame.set_index("id").drmatch.loc[data.subject]
    return data, columns(data, frame, "id", **made), {"ties": "breslow", "effects": "common", "strata": match}


@pytest.mark.parametrize("case", ["mgus_cox", "aml_cox", "heart_cox", "gbc_cox", "ebmt_cox"])
def test_transition_models_as_coxph(case):
    data, covariates, options = model(case)
    fit, expected = transition_cox(data, covariates, **options), R[case]
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=1e-7, atol=1e-13)
    assert_allclose(fit.naive_std_error, np.sqrt(np.diag(expected["naive"])), rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=RTOL)
