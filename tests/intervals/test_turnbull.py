from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read
from tests.support.interval_trials import (
    cosmesis,
    diabetes,
    holds,
    infections,
    intervals,
    likelihood,
    naive_sets,
    sample,
    self_consistent,
)

from skeletal.data import IntervalCensored, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.intervals import hazard_climb, turnbull
from skeletal.intervals.many_nodes import Graph
from skeletal.survival import kaplan_meier

INTERVAL = cases("interval")
INF = float("inf")


@pytest.mark.parametrize(("case", "trial"), [("turnbull_bcos", cosmesis), ("turnbull_diabetes", diabetes)])
def test_masses_and_survival_as_interval(case, trial):
    data, arm = trial()
    for label, expected in INTERVAL[case].items():
        curve = turnbull(sample(data, arm == label.split("=")[1]))
        used = curve.mass > 1e-7
        assert_array_equal(curve.left[used], expected["left"])
        assert_array_equal(curve.right[used], expected["right"])
        assert_allclose(curve.mass[used], expected["mass"], rtol=1e-8)
        for edge in ("upper", "lower"):
            ours = curve.at(expected["times"], edge=edge)
            assert_allclose(ours.estimate, expected[f"surv_{edge}"], rtol=1e-8)


def test_sets_masses_and_likelihood_as_icenreg():
    data, arm = cosmesis()
    for label, expected in INTERVAL["turnbull_bcos_icenreg"].items():
        curve = turnbull(sample(data, arm == label))
        assert_allclose(curve.left, expected["left"], atol=1e-9)  # icenReg moves open ends by 2e-10
        assert_array_equal(curve.right, expected["right"])
        assert_allclose(curve.mass, expected["mass"], atol=1e-8)
        assert_allclose(curve.log_likelihood, expected["llk"], rtol=1e-12)


@pytest.mark.parametrize("case", ["bcos_RT", "bcos_other", "bcdeter_1", "bcdeter_2", "cgd_first"])
def test_sets_with_mass_as_npsurv(case):
    expected = INTERVAL[f"npsurv_{case}"]
    if case == "cgd_first":
        data = infections()[0]
    elif case.startswith("bcdeter"):
        frame = read("bcdeter").query(f"treat == {case[-1]}")
        data = IntervalCensored(frame.lower, frame.upper.fillna(INF))
    else:
        frame = read("bcos_npsurv")
        rows = frame[(frame.group == "RT") == (case == "bcos_RT")]
        data = IntervalCensored(rows.L, rows.R)
    curve = turnbull(data)
    used = curve.mass > 0
    assert_array_equal(curve.left[used], expected["left"])
    ends = np.array([float(end) for end in expected["right"]])
    assert_array_equal(curve.right[used], ends)
    assert_allclose(curve.mass[used], expected["mass"], atol=1e-9)
    assert_allclose(curve.log_likelihood, expected["log_likelihood"], rtol=1e-12)


@given(intervals())
@settings(max_examples=25)
def test_no_distribution_is_likelier(data):
    curve = turnbull(data)
    left, right = naive_sets(data)
    assert_array_equal(curve.left, left)
    assert_array_equal(curve.right, right)
    assert curve.converged
    assert curve.kkt_gap <= 1e-9
    assert_allclose(curve.mass.sum(), 1, rtol=1e-12)
    assert (curve.mass >= 0).all()
    inside = holds(data, left, right)
    assert_allclose(curve.log_likelihood, likelihood(curve.mass, inside, np.ones(len(inside))), atol=1e-9)
    naive = self_consistent(inside, steps=500)
    assert curve.log_likelihood >= likelihood(naive, inside, np.ones(len(inside))) - 1e-9


def test_masses_are_those_of_turnbulls_own_algorithm():
    data = IntervalCensored([0, 1, 2, 2, 4, 5, 3, 7], [3, 4, 2, 6, 9, INF, 8, 7])
    curve = turnbull(data)
    inside = holds(data, *naive_sets(data))
    assert_allclose(curve.mass, self_consistent(inside), atol=1e-10)


rows = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=30)


@given(rows)
@settings(max_examples=30)
def test_exact_and_right_censored_times_give_kaplan_meier(rows):
    time, event = np.array(rows, float).T
    curve = turnbull(IntervalCensored(time, np.where(event == 1, time, INF)))
    km = kaplan_meier(RightCensored(time, event))
    times = np.arange(0, time.max() + 1)
    assert_allclose(curve.at(times).estimate, km.at(times).estimate, atol=1e-13)
    assert_allclose(curve.at(times, edge="lower").estimate, km.at(times).estimate, atol=1e-13)
    assert "Kaplan-Meier" in curve.method
    assert_allclose(curve.kkt_gap, 0, atol=1e-9)


def test_leukemia_as_survfit():
    frame, expected = read("leukemia"), INTERVAL_KM
    curve = turnbull(IntervalCensored(frame.time, np.where(frame.status == 1, frame.time, INF)))
    assert_allclose(curve.at(list(expected)).estimate, list(expected.values()), rtol=1e-12)
    assert curve.quantile([0.5]).to_numpy().tolist() == [[0.5, 27, 27]]


# R 4.2.2, survival 3.5-3: survfit(Surv(time, status) ~ 1)
INTERVAL_KM = {5: 0.91304347826087, 23: 0.546583850931677, 27: 0.496894409937888, 48: 0.082815734989648}


@given(intervals())
@settings(max_examples=20)
def test_order_duplicates_unit_and_silent_rows_change_no_mass(data):
    curve = turnbull(data)
    turned = turnbull(sample(data, np.arange(data.n_subjects)[::-1]))
    assert_allclose(turned.mass, curve.mass, atol=1e-9)
    twice = turnbull(sample(data, np.tile(np.arange(data.n_subjects), 2)))
    assert_allclose(twice.log_likelihood, 2 * curve.log_likelihood, atol=1e-8)
    weeks = turnbull(IntervalCensored(7 * data.left, 7 * data.right))
    assert_allclose(weeks.right, 7 * curve.right)
    assert_allclose(weeks.mass, curve.mass, atol=1e-9)
    if (data.right > 0).all():
        wider = turnbull(IntervalCensored([*data.left, 0], [*data.right, INF]))
        assert_allclose(wider.log_likelihood, curve.log_likelihood, atol=1e-8)
        assert wider.n_subjects == curve.n_subjects + 1
        assert "from 0 without end say nothing" in wider.method


def test_edges_bound_survival_within_a_set():
    curve = turnbull(IntervalCensored([0, 3, 3, 6, 12], [3, 6, 12, INF, INF]))
    inside = [2, 3, 4, 6, 13]
    assert_allclose(curve.at(inside).estimate, [1, 0.8, 0.8, 0.4, 0.4])
    assert_allclose(curve.at(inside, edge="lower").estimate, [0.8, 0.8, 0.4, 0.4, 0])
    assert_allclose(curve.to_frame().survival, [0.8, 0.4, 0.4, 0], atol=1e-12)
    assert curve.quantile([0.1, 0.2, 0.5, 0.9]).to_numpy().tolist() == [
        [0.1, 0, 3],
        [0.2, 1.5, 4.5],  # survival is 0.8 from the first set to the second
        [0.5, 3, 6],
        [0.9, 12, INF],
    ]


@pytest.mark.parametrize(
    ("left", "right", "sets"),
    [
        ([3, 5], [INF, INF], [(5, INF)]),
        ([0, 0], [4, 6], [(0, 4)]),
        ([2], [5], [(2, 5)]),
        ([2, 2, 2], [5, 5, 5], [(2, 5)]),
        ([0], [0], [(0, 0)]),
        ([0, 0], [INF, INF], [(0, INF)]),
        ([3, 5, 5], [5, 5, 8], [(5, 5), (5, 8)]),
        ([1e-9, 2e-9], [2e-9, 3e-9], [(1e-9, 2e-9), (2e-9, 3e-9)]),
        ([1e9, 2e9], [2e9, INF], [(1e9, 2e9), (2e9, INF)]),
    ],
)
def test_bare_samples(left, right, sets):
    curve = turnbull(IntervalCensored(left, right))
    assert list(zip(curve.left, curve.right, strict=True)) == sets
    assert_allclose(curve.mass.sum(), 1)
    assert curve.kkt_gap <= 1e-12
    assert ("no events" in curve.method) == bool(np.isinf(right).all())


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_thousands_of_intervals_are_certified(share):
    rng = np.random.default_rng(2)
    time, first = 10 * rng.weibull(1.3, 3000), rng.exponential(3, 3000)
    second = first + rng.exponential(3, 3000)
    left = np.where(time > second, second, np.where(time > first, first, 0))
    right = np.where(time > second, INF, np.where(time > first, second, first))
    exact = rng.random(3000) < share
    curve = turnbull(IntervalCensored(np.where(exact, time, left), np.where(exact, time, right)))
    assert curve.kkt_gap <= 1e-10
    assert curve.left.size > 800
    assert_allclose(curve.mass.sum(), 1)


def test_equations_of_many_nodes_are_solved_as_written_out():
    rng = np.random.default_rng(3)
    first = np.concatenate([np.arange(60), rng.integers(0, 50, 200)])
    last = np.minimum(first + np.concatenate([np.ones(60, int), rng.integers(0, 30, 200)]), 60)
    graph = Graph(first=first, last=last, bend=rng.exponential(1, 260), size=60)
    written = np.column_stack([graph.times(unit) for unit in np.eye(60)])
    aim = rng.normal(size=60)
    assert_allclose(graph.solve(aim, np.zeros(60)), np.linalg.solve(written, aim), rtol=1e-9, atol=1e-10)
    bound = sum(
        w * np.outer(e, e) for w, e in zip(graph.bend, np.eye(61)[last] - np.eye(61)[first], strict=True)
    )
    assert_allclose(written, bound[1:, 1:], atol=1e-12)


@given(intervals(min_size=4))
@settings(max_examples=20)
def test_both_ways_to_solve_give_one_curve(data):
    curve = turnbull(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hazard_climb, "MANY", 1)
        other = turnbull(data)
    assert_allclose(other.log_likelihood, curve.log_likelihood, atol=1e-8)
    assert other.kkt_gap <= 1e-9


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: turnbull(RightCensored([1], [1])), "data must be IntervalCensored, got RightCensored"),
        (lambda c: c.at([1], edge="middle"), "edge must be one of"),
        (lambda c: c.at([np.nan]), "times must be one-dimensional and not missing"),
        (lambda c: c.quantile([1.0]), "p must lie strictly between 0 and 1"),
    ],
)
def test_refusals(call, message):
    curve = turnbull(IntervalCensored([1, 2], [2, INF]))
    with pytest.raises(InvalidArgument, match=message):
        call(curve)


def test_fields_are_read_only():
    curve = turnbull(IntervalCensored([1, 2], [2, INF]))
    with pytest.raises(ValueError, match="read-only"):
        curve.mass[0] = 1
