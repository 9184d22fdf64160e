"""What no order of rows, unit, coding or split of rows may change in a Cox model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.cox_fits import random_fit, random_rows

from skeletal.data import RightCensored
from skeletal.survival import cox

SEEDS = st.integers(0, 10_000)
ALL = pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
SUMS = pytest.mark.parametrize("ties", ["efron", "breslow"])


def some(count=20):
    return settings(max_examples=count, deadline=None)


def arrange(rows, order):
    return {name: values[order] for name, values in rows.items()}


def same(one, other, scale=1.0):
    """Whether two fits say the same of coefficients that ``scale`` turns into each other."""
    error = one.std_error
    assert_allclose(other.coefficient * scale / error, one.coefficient / error, rtol=1e-9, atol=1e-9)
    units = np.outer(error, error)
    assert_allclose(other.covariance * np.outer(scale, scale) / units, one.covariance / units, atol=1e-8)
    assert_allclose(other.log_likelihood, one.log_likelihood, rtol=1e-11)
    assert_allclose(other.log_likelihood_null, one.log_likelihood_null, rtol=1e-11)
    for test in ("score_test", "wald_test", "likelihood_ratio_test"):
        assert_allclose(getattr(other, test).statistic, getattr(one, test).statistic, rtol=1e-7, atol=1e-10)


def cut(rows):
    """Return the rows, and each of them as two."""
    rows = {**rows, "time": rows["time"] + 5, "entry": rows["entry"] + 5}  # a time is not negative
    middle = (rows["entry"] + rows["time"]) / 2
    split = {name: np.concatenate([values, values]) for name, values in rows.items()}
    split["event"][: middle.size] = 0
    split["time"][: middle.size] = middle
    split["entry"][middle.size :] = middle
    return rows, split


@ALL
@given(seed=SEEDS)
@some()
def test_order_of_rows(ties, seed):
    rows, stratum = random_rows(seed, ties=ties)
    order = np.random.default_rng(seed).permutation(stratum.size)
    same(random_fit(rows, stratum, ties=ties), random_fit(arrange(rows, order), stratum[order], ties=ties))


@ALL
@given(seed=SEEDS, unit=st.sampled_from([1e-9, 1 / 30.4375, 1e9]))
@some()
def test_unit_of_time(ties, seed, unit):
    rows, stratum = random_rows(seed, ties=ties)
    scaled = {**rows, "time": rows["time"] * unit, "entry": rows["entry"] * unit}
    same(random_fit(rows, stratum, ties=ties), random_fit(scaled, stratum, ties=ties))


@ALL
@given(seed=SEEDS, scale=st.sampled_from([1e-9, 12.0, 1e9]), shift=st.sampled_from([0.0, 1e3, 1e6]))
@some()
def test_unit_and_origin_of_a_covariate(ties, seed, scale, shift):
    rows, _ = random_rows(seed, ties=ties)
    # tenths are no exact numbers: moved by 1e6 they lose 10 digits, so sixteenths
    rows["x"] = np.round(rows["x"] * 16) / 16
    moved = {**rows, "x": (rows["x"] + [shift, 0]) * [scale, 1]}
    same(random_fit(rows, ties=ties), random_fit(moved, ties=ties), np.array([scale, 1]))


@given(seed=SEEDS)
@some()
def test_doubled_data_are_weights_of_two(seed):
    rows, stratum = random_rows(seed)
    twice = arrange(rows, np.tile(np.arange(stratum.size), 2))
    heavier = {**rows, "weight": 2 * rows["weight"]}
    same(
        random_fit(heavier, stratum, ties="breslow"),
        random_fit(twice, np.tile(stratum, 2), ties="breslow"),
    )


@SUMS
@given(seed=SEEDS, factor=st.sampled_from([1e-9, 3.0, 1e9]))
@some()
def test_a_common_factor_of_the_weights_changes_the_information_alone(ties, seed, factor):
    rows, _ = random_rows(seed)
    one = random_fit(rows, ties=ties)
    other = random_fit({**rows, "weight": factor * rows["weight"]}, ties=ties)
    assert_allclose(other.coefficient / one.std_error, one.coefficient / one.std_error, atol=1e-9)
    assert_allclose(other.std_error * np.sqrt(factor), one.std_error, rtol=1e-9)


@ALL
@given(seed=SEEDS)
@some()
def test_one_stratum_is_none_and_labels_of_strata_are_names(ties, seed):
    rows, stratum = random_rows(seed, ties=ties)
    same(random_fit(rows, ties=ties), random_fit(rows, np.full(stratum.size, "a"), ties=ties))
    same(
        random_fit(rows, stratum, ties=ties),
        random_fit(rows, np.where(stratum == 0, "z", "b"), ties=ties),
    )


@given(seed=SEEDS)
@some()
def test_the_rules_for_ties_agree_without_ties(seed):
    rows, stratum = random_rows(seed, ties="exact")
    rows["time"] = rows["time"] + np.random.default_rng(seed).permutation(stratum.size) / 64
    fits = [random_fit(rows, stratum, ties=ties) for ties in ("efron", "breslow", "exact")]
    same(fits[0], fits[1])
    same(fits[0], fits[2])


@ALL
@given(seed=SEEDS)
@some()
def test_a_row_cut_in_two_changes_nothing(ties, seed):
    rows, stratum = random_rows(seed, ties=ties)
    rows, split = cut(rows)
    same(random_fit(rows, stratum, ties=ties), random_fit(split, np.tile(stratum, 2), ties=ties))


@SUMS
@given(seed=SEEDS)
@some()
def test_pieces_of_a_row_in_its_cluster_have_its_robust_covariance(ties, seed):
    rows, stratum = random_rows(seed)
    who = np.arange(stratum.size)
    rows, split = cut(rows)
    one = random_fit(rows, stratum, ties=ties, cluster=who)
    other = random_fit(split, np.tile(stratum, 2), ties=ties, cluster=np.tile(who, 2))
    same(one, other)
    robust = other.robust_score_test.statistic
    assert_allclose(robust, one.robust_score_test.statistic, rtol=1e-7)


@ALL
@given(seed=SEEDS, shift=st.sampled_from([0.0, -3.0, 1e6]))
@some()
def test_a_common_offset_is_none(ties, seed, shift):
    rows, stratum = random_rows(seed, ties=ties)
    rows["offset"] = np.zeros(stratum.size)
    same(
        random_fit(rows, stratum, ties=ties),
        random_fit({**rows, "offset": np.full(stratum.size, shift)}, stratum, ties=ties),
    )


@ALL
@given(seed=SEEDS)
@some()
def test_the_fitted_predictor_as_an_offset_leaves_nothing(ties, seed):
    rows, stratum = random_rows(seed, ties=ties)
    one = random_fit(rows, stratum, ties=ties)
    offset = rows["offset"] + rows["x"] @ one.coefficient
    rest = random_fit({**rows, "offset": offset}, stratum, ties=ties)
    assert_allclose(rest.coefficient / one.std_error, 0, atol=1e-7)
    assert_allclose(rest.log_likelihood_null, one.log_likelihood, rtol=1e-10)


@SUMS
@given(seed=SEEDS)
@some(10)
def test_a_row_that_meets_no_event_changes_nothing(ties, seed):
    rows, _ = random_rows(seed)
    first = np.min(rows["time"][rows["event"] == 1], initial=np.inf)
    assume(np.isfinite(first))
    idle = {
        "time": first / 2, "event": 0, "x": np.array([50.0, -9.0]),
        "entry": first / 4, "weight": 5.0, "offset": 3.0,
    }  # fmt: skip
    more = {name: np.concatenate([values, [idle[name]]]) for name, values in rows.items()}
    same(random_fit(rows, ties=ties), random_fit(more, ties=ties))


def test_a_covariate_times_strata_is_one_model_a_stratum():
    rng = np.random.default_rng(8)
    time, event, stratum = rng.integers(1, 30, 200), rng.integers(0, 2, 200), rng.integers(0, 2, 200)
    x = rng.normal(size=200)
    own = pd.DataFrame({"first": x * (stratum == 0), "second": x * (stratum == 1)})
    both = cox(RightCensored(time, event), own, strata=stratum)
    for code in (0, 1):
        rows = stratum == code
        one = cox(RightCensored(time[rows], event[rows]), pd.DataFrame({"x": x[rows]}))
        assert_allclose(both.coefficient[code], one.coefficient[0], rtol=1e-10)
        assert_allclose(both.std_error[code], one.std_error[0], rtol=1e-10)
