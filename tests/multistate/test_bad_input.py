from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.state_trials import simulated

from skeletal.data import MultiState
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.multistate import (
    cumulative_transition_hazard,
    illness_death,
    mean_sojourn,
    occupation_contrast,
    sojourn_time,
    state_occupation,
    time_in_state,
    time_in_state_contrast,
    transition_cox,
    transitions,
)

STATES = ("event-free", "SSE", "dead")
DATA = MultiState(
    ["a", "a", "b", "c", "d"],
    [0, 30, 0, 0, 0],
    [30, 90, 60, 80, 50],
    [1, 2, 1, 1, 1],
    [2, 3, 3, 0, 2],
    STATES,
)
ARM = list("AAABB")
X = pd.DataFrame({"x": [0.0, 0.0, 1.0, 0.0, 1.0]})
LATE = MultiState(["a", "b"], [10, 20], [30, 40], [1, 2], [0, 0], STATES)
STILL = MultiState(["a", "b"], [0, 0], [30, 40], [1, 1], [0, 0], STATES)


def numbers(result):
    return [result.estimate, result.std_error, result.lower, result.upper]


def contrast(**changes):
    return occupation_contrast(**{"data": DATA, "arm": ARM, "state": "SSE", "time": 40, **changes})


def time_contrast(**changes):
    return time_in_state_contrast(**{"data": DATA, "arm": ARM, "state": "SSE", "horizon": 40, **changes})


def model(**changes):
    return transition_cox(**{"data": simulated()[0], "covariates": simulated()[1][["x"]], **changes})


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: state_occupation(DATA, "ill"), InvalidArgument, "state must be one of 'event-free'"),
        (lambda: state_occupation(DATA, "SSE", given="ill"), InvalidArgument, "state must be one of"),
        (lambda: state_occupation(DATA, "SSE", variance="plain"), InvalidArgument, "variance must be one of"),
        (
            lambda: state_occupation(DATA, "SSE", conf_type="cloglog"),
            InvalidArgument,
            "conf_type must be one",
        ),
        (lambda: state_occupation(DATA, "SSE", conf_level=1), InvalidArgument, "conf_level must lie"),
        (
            lambda: state_occupation(DATA, "SSE", landmark=-1),
            InvalidArgument,
            "landmark must be finite and not",
        ),
        (lambda: state_occupation(DATA, "SSE", landmark="x"), InvalidArgument, "landmark must be a finite"),
        (
            lambda: state_occupation(DATA, "SSE", given="SSE", landmark=90),
            NotEstimable,
            r"nobody of 4 subject\(s\) is seen in SSE after 90 days",
        ),
        (lambda: state_occupation(DATA, "SSE", given="dead"), NotEstimable, "is seen in dead after 0 days"),
        (
            lambda: state_occupation(DATA, "SSE", landmark=91),
            NotEstimable,
            r"nobody of 4 subject\(s\) is seen at or after 91 days: the last time is 90",
        ),
        (
            lambda: state_occupation(LATE, "SSE"),
            NotEstimable,
            "2 subjects begin in several states at several",
        ),
        (lambda: state_occupation(LATE, "SSE", landmark=5), NotEstimable, "is seen at 5 days: no start"),
        (lambda: time_in_state(DATA, "SSE", horizon=0), InvalidArgument, "horizon must be a positive number"),
        (
            lambda: time_in_state(DATA, "SSE", horizon=20, landmark=20),
            InvalidArgument,
            "horizon must come after the start at 20 days, got 20",
        ),
        (
            lambda: time_in_state(DATA, "SSE", horizon=20, conf_level=0),
            InvalidArgument,
            "conf_level must lie",
        ),
        (lambda: contrast(kind="log-log"), InvalidArgument, "kind must be one of 'difference', 'ratio'"),
        (lambda: contrast(time=-4), InvalidArgument, "time must be a positive number"),
        (lambda: contrast(landmark=40), InvalidArgument, "time must come after the start at 40 days, got 40"),
        (lambda: contrast(variance="plain"), InvalidArgument, "variance must be one of"),
        (
            lambda: contrast(arm=list("ABABB")),
            InvalidArgument,
            r"arm must be constant within a subject: 1 subject\(s\) \(a\)",
        ),
        (lambda: contrast(arm=list("AAAAA")), InvalidArgument, "at least two labels"),
        (lambda: contrast(arm=list("AABCC")), InvalidArgument, "must have two labels, got 3"),
        (lambda: contrast(arm=list("AAB")), InvalidArgument, r"one entry a row \(5\), got 3"),
        (lambda: contrast(arm=["A", "A", None, "B", "B"]), InvalidArgument, "arm must not be missing"),
        (lambda: contrast(control="C"), InvalidArgument, "control must be one of the arms"),
        (
            lambda: contrast(given="SSE", landmark=20),
            NotEstimable,
            "arm B: nobody of 2 subject.* in SSE after 20",
        ),
        (lambda: time_contrast(given="SSE", landmark=20), NotEstimable, "arm B: nobody of 2 subject"),
        (lambda: time_contrast(kind="odds"), InvalidArgument, "kind must be one of"),
        (lambda: time_contrast(arm=list("ABABB")), InvalidArgument, "arm must be constant within a subject"),
        (lambda: time_contrast(conf_level=2), InvalidArgument, "conf_level must lie"),
        (
            lambda: cumulative_transition_hazard(DATA, "SSE", "SSE"),
            InvalidArgument,
            "source and target must be two states",
        ),
        (
            lambda: cumulative_transition_hazard(DATA, "SSE", "dead", variance="robust"),
            InvalidArgument,
            "variance must be one of",
        ),
        (
            lambda: cumulative_transition_hazard(DATA, "SSE", "dead", conf_type="log-log"),
            InvalidArgument,
            "conf_type must be one of 'log', 'plain'",
        ),
        (lambda: sojourn_time(DATA, "dead"), NotEstimable, "no stay in dead to be counted: 0 are seen"),
        (lambda: sojourn_time(LATE, "SSE"), NotEstimable, "1 are seen, the beginning of 1 is not"),
        (lambda: sojourn_time(DATA, "SSE", unseen="drop"), InvalidArgument, "unseen must be one of"),
        (lambda: mean_sojourn(DATA, "SSE", horizon=-1), InvalidArgument, "horizon must be a positive number"),
        (lambda: mean_sojourn(DATA, "SSE", horizon=9, conf_level=1), InvalidArgument, "conf_level must lie"),
        (lambda: transition_cox(STILL, X.iloc[:2]), NotEstimable, r"no moves among 2 row\(s\)"),
        (lambda: model(transitions=[("b", "c"), ("c", "a")]), NotEstimable, r"1 transition\(s\) .* \(c->a\)"),
        (lambda: model(transitions=[]), InvalidArgument, "distinct, at least one, got 0"),
        (
            lambda: model(transitions=[("a", "b"), ("a", "b")]),
            InvalidArgument,
            "distinct, at least one, got 2",
        ),
        (lambda: model(transitions=[("a", "a")]), InvalidArgument, "must lead to another state"),
        (lambda: model(transitions=["ab"]), InvalidArgument, "must be a pair of states"),
        (lambda: model(transitions=[("a", "x")]), InvalidArgument, "state must be one of 'a', 'b', 'c'"),
        (lambda: model(effects="shared"), InvalidArgument, "effects must be one of"),
        (lambda: model(ties="exact"), InvalidArgument, "ties must be one of"),
        (lambda: model(clock="gap"), InvalidArgument, "clock must be one of"),
        (lambda: model(unseen="drop"), InvalidArgument, "unseen must be one of"),
        (lambda: model(strata=[1, 2]), InvalidArgument, "strata must have one entry a row"),
        (lambda: model(cluster=[1, 2]), InvalidArgument, "cluster must have one entry a row"),
        (lambda: model(covariates=X), InvalidArgument, "covariates must have one entry a row"),
        (
            lambda: model(covariates=pd.DataFrame({"one": np.ones(175)})),
            NotEstimable,
            r"do not vary within any risk set \(one:a->b, one:a->c",
        ),
        (
            lambda: model(covariates=pd.DataFrame({"to": (simulated()[1].to == 3).astype(float)})),
            NotConverged,
            "has no maximum",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_state_nobody_enters_has_probability_0_and_says_so():
    data = MultiState(["a", "b"], [0, 0], [30, 40], [1, 1], [3, 0], STATES)
    for variance in ("jackknife", "greenwood", "aalen"):
        curve = state_occupation(data, "SSE", variance=variance)
        for values in (curve.estimate, curve.std_error, curve.lower, curve.upper):
            assert_array_equal(values, [0, 0])
        assert "probability 0: nobody is in SSE or comes to it" in curve.method
    time = time_in_state(data, "SSE", horizon=40)
    assert numbers(time) == [0, 0, 0, 0]
    hazard = cumulative_transition_hazard(data, "SSE", "dead")
    assert_array_equal(hazard.estimate, [0, 0])
    assert "hazard 0: nobody is seen in SSE" in hazard.method


def test_without_moves_everybody_stays():
    curve = state_occupation(STILL, "event-free")
    assert_array_equal(curve.estimate, [1, 1])
    assert_array_equal(curve.std_error, [0, 0])
    assert numbers(time_in_state(STILL, "event-free", horizon=40)) == [40, 0, 40, 40]
    assert "nobody moves" in cumulative_transition_hazard(STILL, "event-free", "dead").method
    assert transitions(STILL).to_numpy().tolist() == [[0, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_one_subject_is_where_it_is():
    data = MultiState(["a", "a"], [0, 30], [30, 90], [1, 2], [2, 3], STATES)
    for variance in ("jackknife", "greenwood"):
        curve = state_occupation(data, "SSE", variance=variance)
        assert_array_equal(curve.estimate, [1, 0])
        assert_array_equal(curve.std_error, [0, 0])
    assert numbers(time_in_state(data, "SSE", horizon=200)) == [60, 0, 60, 60]


def test_a_horizon_beyond_follow_up_is_nan_unless_nobody_is_left_to_move():
    unknown = time_in_state(DATA, "SSE", horizon=91)
    assert np.isnan(numbers(unknown)).all()
    assert "not estimable: the sample is followed to 90 days only" in unknown.method
    both = MultiState(["a", "b"], [0, 0], [30, 40], [1, 1], [3, 2], STATES)
    assert time_in_state(both, "dead", horizon=100).estimate == 35
    assert np.isnan(contrast(time=85).estimate)
    assert "B is followed to 80 days only" in contrast(time=85).method
    assert np.isnan(time_contrast(horizon=85).estimate)
    stays = mean_sojourn(MultiState(["a"], [0], [30], [1], [0], STATES), "event-free", horizon=31)
    assert np.isnan(stays.estimate)
    assert "the longest stay is followed to 30 days only" in stays.method


def test_a_state_without_anybody_at_risk_is_named():
    data = MultiState(["a", "a", "b"], [0, 30, 0], [30, 50, 90], [1, 2, 1], [2, 0, 3], STATES)
    assert "nobody is at risk of leaving SSE after 50 days" in state_occupation(data, "dead").method


def test_a_ratio_without_value_says_why():
    result = contrast(kind="ratio", arm=list("BBBAA"))
    assert np.isnan(result.estimate)
    assert "the probability on A is 0" in result.method


@pytest.mark.parametrize("kind", ["difference", "ratio"])
@pytest.mark.parametrize("subjects", ["all", "given"])
def test_contrasts_are_made_of_the_two_arms(kind, subjects):
    data, frame = simulated()
    start = {"given": "a", "landmark": 5, "subjects": subjects}
    parts = {label: frame[frame.arm == label] for label in "AB"}
    values, times = [], []
    for rows in parts.values():
        one = MultiState(rows.id, rows.start, rows.stop, rows.state, rows.to, data.states)
        curve = state_occupation(one, "b", **start).at([30])
        values.append((curve.estimate[0], curve.std_error[0]))
        time = time_in_state(one, "b", horizon=40, **start)
        times.append((time.estimate, time.std_error))
    options = {**start, "kind": kind, "control": "B", "conf_level": 0.9}
    pairs = [
        (occupation_contrast(data, frame.arm, "b", time=30, **options), values),
        (time_in_state_contrast(data, frame.arm, "b", horizon=40, **options), times),
    ]
    for result, ((one, one_error), (two, two_error)) in pairs:
        if kind == "difference":
            estimate, middle, error = one - two, one - two, np.hypot(one_error, two_error)
        else:
            estimate, middle = one / two, np.log(one / two)
            error = np.hypot(one_error / one, two_error / two)
        limits = middle + 1.6448536269514722 * error * np.array([-1, 1])
        limits = limits if kind == "difference" else np.exp(limits)
        assert_allclose(numbers(result), [estimate, error, *limits], rtol=1e-10)
        assert "reference B" in result.method
        assert ("moves of those only" in result.method) == (subjects == "given")


def test_each_choice_is_named_in_the_method_and_changes_the_answer():
    data, frame = simulated()
    base = state_occupation(data, "b")
    for options, words in (
        ({"variance": "greenwood"}, "Greenwood variance"),
        ({"variance": "aalen"}, "Aalen (Poisson) variance"),
        ({"conf_type": "plain"}, "plain limits"),
        ({"given": "a"}, "given a at 0 days"),
        ({"landmark": 15}, "seen at 15 days"),
    ):
        curve = state_occupation(data, "b", **options)
        assert words in curve.method
        assert curve.lower.size != base.lower.size or (curve.lower != base.lower).any()
    whole = transition_cox(data, frame[["x"]])
    for options, words in (
        ({"ties": "breslow"}, "Breslow's"),
        ({"clock": "reset"}, "time since the state was entered (53 rows"),
        ({"clock": "reset", "unseen": "count"}, "counted from when they were seen"),
        ({"strata": frame.arm}, "stratified"),
        ({"cluster": frame.id // 3}, "by cluster"),
    ):
        fit = transition_cox(data, frame[["x"]], **options)
        assert words in fit.method
        assert (fit.std_error != whole.std_error).any()
    seen, counted = (sojourn_time(data, "a", unseen=unseen) for unseen in ("exclude", "count"))
    assert "left out" in seen.method
    assert "counted from when they were seen" in counted.method
    assert seen.n_at_risk[0] < counted.n_at_risk[0]


def test_a_stay_seen_again_after_a_gap_is_at_risk_from_then():
    data = MultiState(
        ["a", "a", "b", "b"], [0, 40, 0, 10], [30, 90, 10, 20], [1, 2, 1, 2], [2, 3, 2, 3], STATES
    )
    curve = sojourn_time(data, "SSE")
    assert_array_equal(curve.time, [10, 60])
    assert_array_equal(curve.n_at_risk, [1, 1])


LINE = {
    "subject": ["a", "b", "c"],
    "event_time": [30, np.nan, 20],
    "event": [1, 0, 1],
    "end_time": [90, 60, 50],
    "death": [1, 1, 0],
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject": ["a", "b", "a"]}, r"subject must be there once: 1 are there more often \(a\)"),
        ({"subject": ["a", "b"]}, "subject must have one entry a row"),
        ({"event": [1, 0, 2]}, r"event must be 0 or 1: 1 row\(s\) \(2\)"),
        ({"death": [1, np.nan, 0]}, "death must be 0 or 1"),
        ({"death": [1, 0]}, r"death must have one entry a row \(3\), got 2"),
        ({"event_time": [30, 2]}, r"event_time must have one entry a row \(3\), got 2"),
        ({"event_time": [30, 2, np.nan]}, r"event_time must be known and not negative: 1 subject\(s\) \(c\)"),
        ({"event_time": [95, 2, 20]}, r"event_time must not come after end_time: 1 subject\(s\) \(a\)"),
        ({"end_time": [90, 0, 50]}, r"end_time must be a positive number: 1 subject\(s\) \(b\)"),
        ({"event_time": [90, 2, 20]}, r"event and death at one time: .* 1 subject\(s\) \(a\)"),
        ({"same_time": "drop"}, "same_time must be one of"),
        ({"event_time": [90, 2, 20], "same_time": "shift", "shift": 0}, "shift must be positive, got 0"),
        ({"states": ["a", "b"]}, "states must be three names"),
        ({"states": "abc"}, "states must be three names"),
        ({"states": ["a", "b", "b"]}, "states must be distinct names"),
    ],
)
def test_lines_that_are_no_illness_death_are_refused(changes, message):
    with pytest.raises(InvalidArgument, match=message):
        illness_death(**{**LINE, **changes})


def rows_of(data):
    columns = (data.subject, data.start, data.stop, data.state, data.to)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


def test_lines_become_one_or_two_rows_a_subject():
    data = illness_death(**LINE, time_unit="weeks")
    expected = [
        ("a", 0, 30, 1, 2),
        ("a", 30, 90, 2, 3),
        ("b", 0, 60, 1, 3),
        ("c", 0, 20, 1, 2),
        ("c", 20, 50, 2, 0),
    ]
    assert rows_of(data) == expected
    assert (data.states, data.time_unit) == (("event-free", "event", "dead"), "weeks")


@pytest.mark.parametrize(
    ("options", "event_time", "death", "expected"),
    [
        ({}, 90, 0, [("a", 0, 90, 1, 2)]),
        ({}, 0, 1, [("a", 0, 90, 2, 3)]),
        ({"same_time": "direct"}, 90, 1, [("a", 0, 90, 1, 3)]),
        ({"same_time": "direct"}, 90, 0, [("a", 0, 90, 1, 2)]),
        ({"same_time": "shift"}, 90, 1, [("a", 0, 90, 1, 2), ("a", 90, 90.5, 2, 3)]),
        ({"same_time": "shift", "shift": 0.1}, 90, 0, [("a", 0, 90, 1, 2), ("a", 90, 90.1, 2, 0)]),
    ],
)
def test_an_event_at_time_0_or_at_the_end_follows_the_named_rule(options, event_time, death, expected):
    assert rows_of(illness_death(["a"], [event_time], [1], [90], [death], **options)) == expected
