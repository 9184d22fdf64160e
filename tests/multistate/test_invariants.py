from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.naive_states import area, greenwood, jackknife, occupied, poisson, shares
from tests.support.state_trials import STATES, from_frame, histories, naive_rows

from skeletal.competing import cumulative_incidence
from skeletal.data import CompetingRisks, MultiState, RightCensored
from skeletal.errors import NotConverged, NotEstimable
from skeletal.multistate import (
    cumulative_transition_hazard,
    mean_sojourn,
    occupation_contrast,
    sojourn_time,
    state_occupation,
    time_in_state,
    time_in_state_contrast,
    transition_cox,
    transitions,
)
from skeletal.survival import cox, kaplan_meier, restricted_mean

EXAMPLES = 20
ROUNDING = 1e-12
TIMES = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 2)), min_size=2, max_size=12)


def single(times, to, states=STATES):
    n = len(times)
    return MultiState(np.arange(n), np.zeros(n), times, np.ones(n), to, states)


def numbers(result):
    return [result.estimate, result.std_error, result.lower, result.upper]


def curve_numbers(curve):
    return np.array([curve.time, *numbers(curve), curve.n_at_risk, curve.n_events, curve.n_censored])


@given(frame=histories(late=False))
@settings(max_examples=EXAMPLES)
def test_the_jackknife_is_the_sum_of_squared_derivatives_by_weight(frame):
    data = from_frame(frame)
    rows, subjects = naive_rows(data), sorted(set(data.subject.tolist()))
    times = state_occupation(data, "a").time

    def curve(weight):
        start = shares(rows, 3, weight, lambda row: row[1] == 0)
        return occupied(rows, 3, start, times, weight)

    value, squared = jackknife(curve, subjects)
    for j, state in enumerate(STATES):
        found = state_occupation(data, state)
        assert_allclose(found.estimate, value[:, j], atol=1e-12)
        assert_allclose(found.std_error**2, squared[:, j], atol=1e-12)


@given(frame=histories(), state=st.integers(0, 1), landmark=st.sampled_from([0, 1, 1.5]))
@settings(max_examples=EXAMPLES)
def test_given_a_state_the_variances_are_those_of_the_definition(frame, state, landmark):
    data = from_frame(frame)
    assume(((data.state == state + 1) & (data.stop > landmark)).any())
    rows = [row for row in naive_rows(data) if row[2] > landmark]
    subjects, start = sorted(set(data.subject.tolist())), np.eye(3)[state]
    options = {"given": STATES[state], "landmark": landmark}
    times = state_occupation(data, "a", **options).time

    value, squared = jackknife(lambda weight: occupied(rows, 3, start, times, weight), subjects)
    recursive = {"greenwood": greenwood(rows, 3, start, times), "aalen": poisson(rows, 3, start, times)}
    for j, name in enumerate(STATES):
        found = state_occupation(data, name, **options)
        assert_allclose(found.estimate, value[:, j], atol=1e-12)
        assert_allclose(found.std_error**2, squared[:, j], atol=1e-12)
        for variance, expected in recursive.items():
            other = state_occupation(data, name, variance=variance, **options)
            assert_allclose(other.std_error**2, expected[:, j], atol=1e-12)


@given(frame=histories(late=False), horizon=st.sampled_from([0.5, 1, 2.5, 4]))
@settings(max_examples=EXAMPLES)
def test_the_time_in_a_state_is_the_area_and_its_variance_that_of_the_derivatives(frame, horizon):
    data = from_frame(frame)
    rows, subjects = naive_rows(data), sorted(set(data.subject.tolist()))
    times = sorted(set(data.stop.tolist()))

    def curve(weight):
        start = shares(rows, 3, weight, lambda row: row[1] == 0)
        return area(times, occupied(rows, 3, start, times, weight), 0, horizon, start)

    value, squared = jackknife(curve, subjects)
    results = [time_in_state(data, state, horizon=horizon) for state in STATES]
    if not np.isnan(results[0].estimate):
        assert_allclose([result.estimate for result in results], value, atol=1e-12)
        assert_allclose([result.std_error**2 for result in results], squared, atol=1e-12)


@given(
    frame=histories(),
    landmark=st.sampled_from([0, 1, 1.5]),
    variance=st.sampled_from(["jackknife", "greenwood", "aalen"]),
)
@settings(max_examples=EXAMPLES)
def test_probabilities_add_up_to_1_times_to_the_horizon_and_limits_hold_them(frame, landmark, variance):
    data = from_frame(frame)
    try:
        curves = [state_occupation(data, state, landmark=landmark, variance=variance) for state in STATES]
    except NotEstimable:
        return
    assert_allclose(sum(curve.estimate for curve in curves), 1, rtol=ROUNDING)
    assert_allclose(sum(curve.start for curve in curves), 1, rtol=ROUNDING)
    for curve in curves:
        known = ~np.isnan(curve.lower)
        assert (curve.lower <= curve.estimate + ROUNDING)[known].all()
        assert (curve.estimate <= curve.upper + ROUNDING)[known].all()
    horizon = float(data.stop.max())
    start = landmark if "begin in the states" not in curves[0].method else max(landmark, curves[0].time[0])
    if horizon > start:
        times = [time_in_state(data, state, horizon=horizon, landmark=landmark).estimate for state in STATES]
        assert_allclose(sum(times), horizon - start, rtol=ROUNDING)


@given(rows=TIMES, conf_type=st.sampled_from(["log-log", "log", "plain"]))
@settings(max_examples=EXAMPLES)
def test_two_states_are_kaplan_meier(rows, conf_type):
    times, status = np.array([row[0] for row in rows]), np.array([row[1] > 0 for row in rows])
    data = single(times, 2 * status, ("alive", "dead"))
    sample = RightCensored(times, status.astype(int))
    expected = kaplan_meier(sample, conf_type=conf_type)
    curve = state_occupation(data, "alive", variance="greenwood", conf_type=conf_type)
    robust = kaplan_meier(sample, conf_type=conf_type, cluster=np.arange(times.size))
    jack = state_occupation(data, "alive", conf_type=conf_type)
    on = expected.estimate > 0  # kaplan_meier has no standard error at 0
    for ours, theirs in ((curve, expected), (jack, robust)):
        assert_allclose(ours.estimate, theirs.estimate, atol=1e-14)
        for name in ("std_error", "lower", "upper"):
            assert_allclose(getattr(ours, name)[on], getattr(theirs, name)[on], rtol=1e-9, atol=1e-12)
        for name in ("time", "n_at_risk", "n_events", "n_censored"):
            assert_array_equal(getattr(ours, name), getattr(theirs, name))
    horizon = float(times.max())
    assert_allclose(
        time_in_state(data, "alive", horizon=horizon).estimate,
        restricted_mean(sample, horizon=horizon).estimate,
        rtol=ROUNDING,
    )


@given(rows=TIMES, variance=st.sampled_from(["jackknife", "greenwood"]))
@settings(max_examples=EXAMPLES)
def test_states_nobody_leaves_are_the_cumulative_incidence(rows, variance):
    times, status = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    data = single(times, np.where(status > 0, status + 1, 0))
    for cause in ("b", "c"):
        curve = state_occupation(data, cause, variance=variance)
        expected = cumulative_incidence(CompetingRisks(times, status, ["b", "c"]), cause, variance=variance)
        for name in ("estimate", "std_error", "lower", "upper"):
            ours, theirs = getattr(curve, name), getattr(expected, name)
            assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
        for name in ("time", "n_at_risk", "n_events", "n_censored"):
            assert_array_equal(getattr(curve, name), getattr(expected, name))


def analyses(data, arm):
    """Return the numbers of every analysis, and the powers of time they are in."""
    yield from ((curve_numbers(state_occupation(data, state))[1:], 0) for state in STATES)
    yield curve_numbers(cumulative_transition_hazard(data, "a", "b"))[1:], 0
    yield transitions(data).to_numpy(), 0
    horizon = float(data.stop.max()) / 2
    for state in STATES:
        try:
            yield np.array(numbers(time_in_state(data, state, horizon=horizon))), 1
            yield np.array(numbers(occupation_contrast(data, arm, state, time=horizon))), 0
            yield np.array(numbers(mean_sojourn(data, state, horizon=horizon))), 1
            yield curve_numbers(sojourn_time(data, state))[1:], 0
        except NotEstimable:
            yield np.array([]), 0


@given(
    frame=histories(late=False),
    random=st.randoms(use_true_random=False),
    unit=st.sampled_from([1 / 365.25, 7.0]),
)
@settings(max_examples=EXAMPLES)
def test_order_of_rows_unit_of_time_and_splitting_change_nothing(frame, random, unit):
    frame = frame.assign(arm=np.where(frame.id % 2, "B", "A"))
    expected = list(analyses(from_frame(frame), frame.arm))
    middle = (frame.start + frame.stop) / 2
    halves = [frame.assign(stop=middle, to=0), frame.assign(start=middle)]
    order = random.sample(range(len(frame)), len(frame))
    shuffled, split = frame.iloc[order], pd.concat(halves)
    longer = frame.assign(start=frame.start * unit, stop=frame.stop * unit)
    for other, scale in ((shuffled, 1.0), (split, 1.0), (longer, unit)):
        for (numbers_, power), (found, _) in zip(
            expected, analyses(from_frame(other), other.arm), strict=True
        ):
            assert_allclose(found, numbers_ * scale**power, rtol=1e-9, atol=1e-12)


@given(frame=histories(late=False), kind=st.sampled_from(["difference", "ratio"]))
@settings(max_examples=EXAMPLES)
def test_swapping_the_arms_negates_differences_and_inverts_ratios(frame, kind):
    data, arm = from_frame(frame), np.where(frame.id % 2, "B", "A")
    for function, name in ((occupation_contrast, "time"), (time_in_state_contrast, "horizon")):
        options = {name: 1.5, "kind": kind}
        one = function(data, arm, "b", control="A", **options)
        other = function(data, arm, "b", control="B", **options)
        if kind == "difference":
            turned = [-other.estimate, other.std_error, -other.upper, -other.lower]
        elif other.estimate > 0:
            turned = [1 / other.estimate, other.std_error, 1 / other.upper, 1 / other.lower]
        else:
            continue
        if not np.isnan(one.estimate):
            assert_allclose(numbers(one), turned, rtol=1e-9, atol=1e-12)
            assert_allclose(one.p_value, other.p_value, rtol=1e-9)


@given(frame=histories())
@settings(max_examples=EXAMPLES)
def test_models_by_transition_are_cox_models_of_each(frame):
    data = from_frame(frame)
    covariates = pd.DataFrame({"x": np.cos(frame.id + frame.start)})
    try:
        fit = transition_cox(data, covariates)
    except (NotEstimable, NotConverged):
        return
    for name, coefficient, error in zip(fit.names, fit.coefficient, fit.std_error, strict=True):
        source, target = (STATES.index(part) + 1 for part in name.removeprefix("x:").split("->"))
        rows = (data.state == source).nonzero()[0]
        sample = RightCensored(data.stop[rows], data.to[rows] == target, entry=data.start[rows])
        alone = cox(sample, covariates.iloc[rows], cluster=data.subject[rows])
        assert_allclose(coefficient, alone.coefficient[0], rtol=1e-6, atol=1e-9)
        assert_allclose(error, alone.std_error[0], rtol=1e-6)


@given(frame=histories())
@settings(max_examples=EXAMPLES)
def test_counts_of_moves_are_those_of_the_rows(frame):
    counts = transitions(from_frame(frame))
    for (h, j), rows in frame[frame.to > 0].groupby(["state", "to"]):
        assert counts.iloc[h - 1, j - 1] == len(rows)
    assert counts.iloc[:, :3].to_numpy().sum() == (frame.to > 0).sum()


@pytest.mark.parametrize("variance", ["jackknife", "greenwood"])
def test_many_times_go_the_long_way_round_as_few_do(variance):
    """A thousand times, so that spans of several lengths are passed at once."""
    rng = np.random.default_rng(4)
    n = 400
    first, second = rng.exponential(20, n), rng.exponential(30, n)
    stop = np.column_stack([first, first + second, first + second + rng.exponential(25, n)])
    frame = pd.DataFrame(
        {
            "id": np.tile(np.arange(n), 3),
            "start": np.concatenate([np.zeros(n), stop[:, 0], stop[:, 1]]),
            "stop": stop.T.ravel(),
            "state": np.repeat([1, 2, 1], n),
            "to": np.concatenate([np.full(n, 2), np.full(n, 1), rng.choice([0, 3], n)]),
        }
    )
    data = from_frame(frame)
    time = 60.0
    mine = state_occupation(data, "b", variance=variance, given="a").at([time])
    p, influence = np.array([1.0, 0, 0]), np.zeros((n, 3))
    state, entry, leave, to, who = (frame[name].to_numpy() for name in ("state", "start", "stop", "to", "id"))
    squared = np.zeros((3, 3))
    for u in np.sort(leave[(to > 0) & (leave <= time)]):
        row = np.flatnonzero((leave == u) & (to > 0))[0]
        h, j = state[row] - 1, to[row] - 1
        at_risk = (state - 1 == h) & (entry < u) & (u <= leave)
        size = at_risk.sum()
        step = np.eye(3)
        step[h, h], step[h, j] = 1 - 1 / size, 1 / size
        away = np.eye(3)[j] - np.eye(3)[h]
        influence = influence @ step
        influence[who[at_risk]] -= p[h] / size**2 * away
        influence[who[row]] += p[h] / size * away
        squared = step.T @ squared @ step + p[h] ** 2 / size**2 * (1 - 1 / size) * np.outer(away, away)
        p = p @ step
    expected = (influence**2).sum(axis=0)[1] if variance == "jackknife" else squared[1, 1]
    assert_allclose([mine.estimate[0], mine.std_error[0] ** 2], [p[1], expected], rtol=1e-10)
