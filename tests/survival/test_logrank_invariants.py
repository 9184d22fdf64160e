from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read
from tests.support.references_logrank import naive_weighted_logrank

from skeletal.data import RightCensored
from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    TaroneWare,
    Unweighted,
    logrank,
)

LOGRANK = cases("logrank")
RTOL = 1e-10
WEIGHTS = [
    Unweighted(),
    FlemingHarrington(0.5, 1),
    Gehan(),
    TaroneWare(),
    PetoPeto(),
    ModestlyWeighted(s_star=0.6),
]


@pytest.mark.parametrize("rho", [0, 0.5, 2])
@pytest.mark.parametrize(
    ("name", "arm", "strata", "rhos"),
    [
        ("four_arms_stratified_rho_1", "celltype", ["trt"], 1),
        ("three_arms_stratified_rho_half", "rx", ["sex", "node4"], 0.5),
        ("three_arms_rho_2", "rx", [], 2),
    ],
)
def test_more_arms_strata_and_weights_as_r(name, arm, strata, rhos, rho):
    frame, expected = (
        read("veteran") if arm == "celltype" else read("colon").query("etype == 1"),
        LOGRANK[name],
    )
    labels = frame[strata].astype(str).agg("/".join, axis=1) if strata else None
    data = RightCensored(frame.time, frame.status)
    result = logrank(data, frame[arm], strata=labels, weight=FlemingHarrington(rhos, 0))
    observed, mean = np.array(expected["obs"]), np.array(expected["exp"])
    if observed.ndim == 2:
        observed, mean = observed.sum(axis=1), mean.sum(axis=1)
    assert_allclose(result.observed, observed, rtol=RTOL)
    assert_allclose(result.expected, mean, rtol=RTOL)
    assert_allclose(result.variance, expected["var"], rtol=RTOL)
    ours = [result.statistic, result.df, result.p_value]
    assert_allclose(ours, [expected["chisq"], expected["df"], expected["p"]], rtol=RTOL)
    if rho != rhos:
        assert (
            abs(
                logrank(data, frame[arm], strata=labels, weight=FlemingHarrington(rho, 0)).statistic - ours[0]
            )
            > 0.01
        )


def test_delayed_entry_as_the_score_test_of_the_exact_cox_model_in_r():
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start)
    result = logrank(data, frame.transplant)
    assert_allclose(result.statistic, LOGRANK["delayed_entry"]["chisq"], rtol=RTOL)
    age = pd.cut(frame.age, [-np.inf, -5, 3, np.inf], labels=["a", "b", "c"]).astype(str)
    result = logrank(data, age, strata=frame.surgery)
    assert_allclose(result.statistic, LOGRANK["delayed_entry_three_arms_stratified"]["chisq"], rtol=RTOL)
    assert result.df == 2
    assert "delayed entry" in result.method


rows = st.lists(
    st.tuples(
        st.integers(1, 7),
        st.integers(0, 1),
        st.integers(0, 4),
        st.integers(0, 2),
        st.sampled_from([0.1, 0.3, 1.0, 2.5]),
        st.integers(1, 7),
    ),
    min_size=5,
    max_size=40,
)


def columns(sample):
    return [np.array(column) for column in zip(*sample, strict=True)]


@given(rows, st.sampled_from([(0, 0), (1, 0), (0, 1), (0.5, 2)]), st.booleans(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_arms_strata_weights_and_delayed_entry_as_the_naive_sums(sample, powers, weighted, delayed):
    time, event, arm, stratum, weight, late = columns(sample)
    arm = np.unique(arm, return_inverse=True)[1]
    k = arm.max() + 1
    if k < 2:
        return
    weight, entry = weight if weighted else None, time - late if delayed else None
    data = RightCensored(time, event, entry=entry, weight=weight)
    result = logrank(data, arm, strata=stratum, weight=FlemingHarrington(*powers))
    observed, expected, variance = naive_weighted_logrank(
        time, event, arm, k, weight=weight, stratum=stratum, entry=entry, rho=powers[0], gamma=powers[1]
    )
    assert_allclose(result.observed, observed, atol=1e-10)
    assert_allclose(result.expected, expected, atol=1e-10)
    assert_allclose(result.variance, variance, atol=1e-10)
    assert_allclose(result.variance.sum(axis=0), 0, atol=1e-12)


@given(rows, st.sampled_from(WEIGHTS))
@settings(max_examples=60, deadline=None)
def test_order_of_rows_and_unit_of_time_change_nothing(sample, weight):
    time, event, arm, stratum, _, late = columns(sample)
    if np.unique(arm).size < 2:
        return
    order = np.argsort(np.sin(np.arange(time.size) + time))
    first = logrank(RightCensored(time, event, entry=time - late), arm, strata=stratum, weight=weight)
    for unit in (365.25, 1e-9, 1e9):
        data = RightCensored(time[order] * unit, event[order], entry=(time - late)[order] * unit)
        second = logrank(data, arm[order], strata=stratum[order], weight=weight)
        assert_allclose(second.observed, first.observed, rtol=1e-12)
        assert_allclose(second.variance, first.variance, rtol=1e-10, atol=1e-14)
        assert_allclose(second.statistic, first.statistic, rtol=1e-8)


@given(rows, st.sampled_from(WEIGHTS))
@settings(max_examples=60, deadline=None)
def test_two_arms_in_one_stratum_exchange_their_sign(sample, weight):
    time, event, arm, _, case, _ = columns(sample)
    second = arm > 1
    if second.all() or not second.any():
        return
    data = RightCensored(time, event, weight=case)
    first = logrank(data, second, weight=weight)
    stratified = logrank(data, second, strata=["one"] * time.size, weight=weight)
    turned = logrank(data, second, control=True, weight=weight)
    assert_array_equal([stratified.statistic, stratified.z], [first.statistic, first.z])
    assert_allclose(turned.z, -first.z, rtol=1e-12)
    assert_allclose(first.statistic, first.z**2, rtol=1e-12)
    assert_allclose(turned.observed, first.observed[::-1], rtol=1e-12)


def test_doubled_rows_double_observed_less_expected():
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2)
    twice = RightCensored(np.tile(frame.time, 2), np.tile(frame.status == 2, 2))
    one, two = logrank(data, frame.sex), logrank(twice, np.tile(frame.sex, 2))
    assert_allclose(two.observed - two.expected, 2 * (one.observed - one.expected), rtol=1e-11)


def test_fleming_harrington_without_powers_is_unweighted():
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2)
    plain, powers = logrank(data, frame.sex), logrank(data, frame.sex, weight=FlemingHarrington(0, 0))
    assert_array_equal(powers.variance, plain.variance)
    assert powers.z == plain.z


def test_an_arm_of_one_row_among_many_keeps_its_digits():
    # By hand: the row is at risk at times 1 to 500 000 of 1 000 001 rows, each with one event.
    n = 1_000_000
    time = np.append(np.arange(1.0, n + 1), n / 2)
    event = np.append(np.ones(n), 0)
    result = logrank(RightCensored(time, event), np.append(np.zeros(n), 1))
    share = 1 / (n + 1 - np.arange(n / 2))
    assert_allclose(result.expected[1], np.sum(share), rtol=1e-12)
    assert_allclose(result.variance[1, 1], np.sum(share * (1 - share)), rtol=1e-12)


def test_many_arms_with_ties_as_the_naive_sums():
    rng = np.random.default_rng(4)
    time, event, arm = rng.integers(1, 300, 2000), rng.integers(0, 2, 2000), rng.integers(0, 100, 2000)
    result = logrank(RightCensored(time, event), arm, weight=FlemingHarrington(1, 0.5))
    observed, expected, variance = naive_weighted_logrank(time, event, arm, 100, rho=1, gamma=0.5)
    assert_allclose(result.observed, observed, rtol=1e-11)
    assert_allclose(result.expected, expected, rtol=1e-11)
    assert_allclose(result.variance, variance, rtol=1e-10)
    assert result.df == 99


@pytest.mark.parametrize(
    ("data", "weight", "reason"),
    [
        (RightCensored([1, 2, 3, 3], [0, 0, 0, 0]), Unweighted(), "no events"),
        (
            RightCensored([1, 2, 3, 4], [0, 0, 0, 1]),
            Unweighted(),
            "no event time with subjects of two arms at risk",
        ),
        (
            RightCensored([2, 2, 2, 2], [1, 1, 1, 1]),
            Gehan(),
            "no event time with subjects of two arms at risk",
        ),
        (
            RightCensored([1, 2, 3, 3], [1, 0, 0, 0]),
            FlemingHarrington(1, 1),
            "the weight is 0 wherever two arms",
        ),
        (
            RightCensored([1, 1, 3, 4], [1, 1, 1, 0], entry=[0, 0, 2, 2]),
            ModestlyWeighted(t_star=9),
            "the weight is infinite or above",
        ),
        (
            RightCensored([1, 2, 3, 4], [1, 1, 1, 0], weight=[1e100] * 4),
            Gehan(),
            "the weight is infinite or above 1e+100",
        ),
    ],
)
def test_what_is_not_estimable_says_why(data, weight, reason):
    result = logrank(data, ["a", "b", "a", "b"], weight=weight)
    assert np.isnan([result.statistic, result.df, result.p_value, result.z]).all()
    assert f"; not estimable: {reason}" in result.method


def test_one_row_a_stratum_is_not_estimable():
    result = logrank(RightCensored([1, 2, 3, 4], [1, 1, 1, 1]), ["a", "b", "a", "b"], strata=[1, 2, 3, 4])
    assert np.isnan(result.statistic)
    assert_array_equal(result.variance, np.zeros((2, 2)))


def test_an_empty_stratum_adds_nothing():
    time, event, arm = [6, 13, 21, 30, 31, 37], [1, 1, 1, 1, 0, 1], list("AABAAB")
    alone = logrank(RightCensored(time, event), arm)
    more = logrank(RightCensored([*time, 5, 9], [*event, 0, 0]), [*arm, "A", "B"], strata=[1] * 6 + [2] * 2)
    assert_array_equal(more.variance, alone.variance)
    assert more.z == alone.z
