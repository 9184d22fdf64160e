from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read
from tests.support.references_logrank import naive_weighted_logrank

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import FlemingHarrington, ModestlyWeighted, Unweighted, logrank, logrank_trend

LOGRANK = cases("logrank")
SMALL = RightCensored([9, 12, 15, 7, 8, 14, 3, 4, 6], [1, 0, 1, 1, 1, 0, 1, 1, 1])
STAGES = ["I"] * 3 + ["II"] * 3 + ["III"] * 3


def test_stages_as_r():
    frame = read("larynx")
    result, expected = (
        logrank_trend(RightCensored(frame.time, frame.delta), frame.stage, [1, 2, 3, 4]),
        LOGRANK["trend"],
    )
    ours = [result.z, result.statistic, result.p_value, result.df]
    assert_allclose(ours, [expected["z"], expected["chisq"], expected["p_two_sided"], 1], rtol=1e-10)
    scores = np.array(expected["scores"])
    assert_allclose(scores @ (result.observed - result.expected), expected["U"], rtol=1e-10)
    assert_allclose(scores @ result.variance @ scores, expected["V"], rtol=1e-10)


def test_strata_and_weights_as_r():
    frame = read("colon").query("etype == 1")
    data, expected = RightCensored(frame.time, frame.status), LOGRANK["trend_stratified_rho_1"]
    scores = [2, 1, 0]
    result = logrank_trend(data, frame.rx, scores, strata=frame.sex, weight=FlemingHarrington(1, 0))
    assert_allclose([result.z, result.p_value], [expected["z"], expected["p"]], rtol=1e-10)
    for other in (
        logrank_trend(data, frame.rx, scores, weight=FlemingHarrington(1, 0)),
        logrank_trend(data, frame.rx, scores, strata=frame.sex),
        logrank_trend(data, frame.rx, [0, 1, 2], strata=frame.sex, weight=FlemingHarrington(1, 0)),
    ):
        assert abs(other.z - result.z) > 1e-3
    assert "stratified" in result.method
    assert "scores Lev 2, Lev+5FU 1, Obs 0" in result.method


rows = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 1), st.integers(0, 2), st.integers(0, 1), st.integers(1, 4)),
    min_size=6,
    max_size=30,
)


@given(rows, st.lists(st.integers(-3, 3), min_size=3, max_size=3))
@settings(max_examples=60, deadline=None)
def test_delayed_entry_and_strata_as_the_naive_sums(sample, scores):
    time, event, arm, stratum, late = (np.array(column) for column in zip(*sample, strict=True))
    if np.unique(arm).size < 3 or np.ptp(scores) == 0:
        return
    result = logrank_trend(RightCensored(time, event, entry=time - late), arm, scores, strata=stratum)
    o, e, v = naive_weighted_logrank(time, event, arm, 3, stratum=stratum, entry=time - late)
    variance = np.array(scores) @ v @ scores
    if variance > 1e-9:
        assert_allclose(result.z, scores @ (o - e) / np.sqrt(variance), rtol=1e-9, atol=1e-9)
    else:
        assert np.isnan(result.z)


def test_only_differences_and_ratios_of_scores_count():
    first = logrank_trend(SMALL, STAGES, [1, 2, 3])
    for scores in ([10, 20, 30], [-1, 0, 1], [1e12, 1e12 + 1, 1e12 + 2], [1e-300, 2e-300, 3e-300]):
        assert_allclose(logrank_trend(SMALL, STAGES, scores).z, first.z, rtol=1e-9)
    assert_allclose(logrank_trend(SMALL, STAGES, [3, 2, 1]).z, -first.z, rtol=1e-12)


def test_two_arms_have_the_logrank_test():
    arm = ["a", "b", "b", "a", "b", "a", "b", "a", "b"]
    trend, plain = logrank_trend(SMALL, arm, [0, 5]), logrank(SMALL, arm)
    assert_allclose([trend.z, trend.p_value], [plain.z, plain.p_value], rtol=1e-12)


def test_order_of_rows_and_unit_of_time_change_nothing():
    first = logrank_trend(SMALL, STAGES, [1, 2, 4], weight=FlemingHarrington(0, 1))
    order = np.random.default_rng(1).permutation(9)
    turned = RightCensored(SMALL.time[order] * 365.25, SMALL.event[order])
    second = logrank_trend(turned, np.array(STAGES)[order], [1, 2, 4], weight=FlemingHarrington(0, 1))
    assert_allclose(first.z, second.z, rtol=1e-12)


def test_doubled_rows_double_what_is_observed_less_expected():
    twice = RightCensored(np.tile(SMALL.time, 2), np.tile(SMALL.event, 2))
    one, two = logrank_trend(SMALL, STAGES, [1, 2, 3]), logrank_trend(twice, STAGES * 2, [1, 2, 3])
    assert_allclose(two.observed - two.expected, 2 * (one.observed - one.expected), rtol=1e-12)


@pytest.mark.parametrize(
    ("data", "scores", "weight", "reason"),
    [
        (RightCensored([1, 2, 3], [0, 0, 0]), [1, 2, 3], Unweighted(), "no events"),
        (
            RightCensored([1, 2, 3], [0, 0, 1]),
            [1, 2, 3],
            Unweighted(),
            "no event time with subjects of two arms",
        ),
        (
            RightCensored([1, 2, 2], [0, 1, 0]),
            [1, 3, 3],
            Unweighted(),
            "at each event all at risk have one score",
        ),
        (RightCensored([2, 2, 2], [0, 1, 0]), [1, 2, 3], FlemingHarrington(0, 1), "the weight is 0"),
        (
            RightCensored([1, 3, 4], [1, 1, 0], entry=[0, 2, 2]),
            [1, 2, 3],
            ModestlyWeighted(t_star=5),
            "the weight is infinite or above",
        ),
    ],
)
def test_not_estimable_says_why(data, scores, weight, reason):
    result = logrank_trend(data, ["a", "b", "c"], scores, weight=weight)
    assert np.isnan([result.statistic, result.df, result.p_value, result.z]).all()
    assert f"not estimable: {reason}" in result.method


@pytest.mark.parametrize(
    ("arm", "scores", "options", "message"),
    [
        (["A"] * 9, [1], {}, "arm must have at least two labels"),
        (STAGES, [1, 2], {}, r"scores must have one entry an arm \(3\), got 2"),
        (STAGES, [1, np.nan, 2], {}, r"scores must be finite: 1 row\(s\) \(1\)"),
        (STAGES, [2, 2, 2], {}, "scores must not all be equal"),
        (STAGES, ["x", "y", "z"], {}, "scores must be numbers"),
        (STAGES, [1, 2, 3], {"strata": [1]}, "strata must have one entry a row"),
        (STAGES, [1, 2, 3], {"weight": "gehan"}, "weight must be a log-rank weight"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arm, scores, options, message):
    with pytest.raises(InvalidArgument, match=message):
        logrank_trend(SMALL, arm, scores, **options)
