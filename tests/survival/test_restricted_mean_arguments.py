from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import restricted_mean, restricted_mean_contrast, restricted_mean_test

KINDS = ("difference", "ratio", "lost_ratio")

TIMES, EVENTS = [2, 4, 6, 8, 3, 7, 9, 9], [1, 0, 1, 0, 1, 0, 1, 0]
SMALL = RightCensored(TIMES, EVENTS)
ARMS = list("ccccdddd")


def numbers(result):
    return [result.estimate, result.std_error, result.lower, result.upper, result.p_value]


def test_conf_level_sets_the_limits():
    wide, narrow = (restricted_mean(SMALL, horizon=7, conf_level=level) for level in (0.99, 0.8))
    assert_allclose((wide.upper - wide.estimate) / wide.std_error, 2.5758293035489004, rtol=1e-12)
    assert_allclose((narrow.upper - narrow.estimate) / narrow.std_error, 1.2815515655446004, rtol=1e-12)
    ratio = restricted_mean_contrast(SMALL, ARMS, horizon=7, kind="ratio", conf_level=0.8)
    width = np.log(ratio.upper / ratio.lower) / 2 / ratio.std_error
    assert_allclose(width, 1.2815515655446004, rtol=1e-12)


@pytest.mark.parametrize("horizon", [1, 2])
def test_before_the_first_event_and_at_it_nothing_is_lost(horizon):
    result = restricted_mean(SMALL, horizon=horizon)
    assert numbers(result)[:4] == [horizon, 0, horizon, horizon]
    contrast = restricted_mean_contrast(SMALL, ARMS, horizon=horizon)
    assert numbers(contrast)[:4] == [0, 0, 0, 0]
    assert np.isnan(contrast.p_value)
    assert contrast.method.endswith("no test: neither arm has a variance")
    lost = restricted_mean_contrast(SMALL, ARMS, horizon=horizon, kind="lost_ratio")
    assert np.isnan(numbers(lost)).all()
    assert lost.method.endswith("not estimable: the mean of c is 0")


def test_an_experimental_arm_that_loses_nothing_has_ratio_0_without_limits():
    result = restricted_mean_contrast(SMALL, ARMS, horizon=2.5, kind="lost_ratio")
    assert result.estimate == 0
    assert np.isnan(numbers(result)[1:]).all()
    assert result.method.endswith("no limits: the mean of d is 0")


def test_event_at_time_zero():
    result = restricted_mean(RightCensored([0, 5, 9], [1, 1, 0]), horizon=8)
    # Survival 2/3 to 5, 1/3 to 8: areas 13/3 and 1.
    assert_allclose(result.estimate, 10 / 3 + 1, rtol=1e-14)
    assert_allclose(result.std_error**2, (13 / 3) ** 2 / 6 + 1 / 2, rtol=1e-14)
    nobody = RightCensored([0, 0, 3, 4], [1, 1, 1, 0])
    ratio = restricted_mean_contrast(nobody, list("aabb"), horizon=4, kind="ratio")
    assert np.isnan(ratio.estimate)
    assert ratio.method.endswith("the mean of a is 0")


def test_beyond_the_last_time_only_where_the_curve_has_reached_zero():
    censored, died = RightCensored([2, 5], [1, 0]), RightCensored([2, 5], [1, 1])
    result = restricted_mean(censored, horizon=5.5)
    assert np.isnan(numbers(result)).all()
    assert result.method.endswith("; not estimable: the sample is followed to 5 days only")
    assert_allclose(restricted_mean(died, horizon=100).estimate, 3.5)
    assert_allclose(restricted_mean(censored, horizon=5).estimate, 3.5)
    tied = RightCensored([2, 5, 5], [1, 1, 0])
    assert np.isnan(restricted_mean(tied, horizon=6).estimate)
    contrast = restricted_mean_contrast(SMALL, ARMS, horizon=8.5)
    assert np.isnan(numbers(contrast)).all()
    assert contrast.method.endswith("reference c; not estimable: c is followed to 8 days only")
    test = restricted_mean_test(SMALL, ARMS, horizon=8.5)
    assert np.isnan([test.statistic, test.z]).all()
    assert test.method.endswith("not estimable: c is followed to 8 days only")


def test_an_arm_that_lacks_in_a_stratum_is_named():
    data = RightCensored(TIMES, [1, 1, 0, 0, 1, 0, 1, 0])
    result = restricted_mean_contrast(data, ARMS, horizon=7, strata=list("xxxyxxxx"))
    assert np.isnan(numbers(result)).all()
    assert result.method.endswith(
        "not estimable: c in stratum x is followed to 6 days only, d in stratum y has no rows"
    )


def test_one_subject_and_everyone_censored_at_once():
    one = restricted_mean(RightCensored([5], [1]), horizon=9)
    assert numbers(one)[:4] == [5, 0, 5, 5]
    gone = restricted_mean_contrast(RightCensored([3, 3], [0, 0]), ["a", "b"], horizon=3)
    assert numbers(gone)[:4] == [0, 0, 0, 0]


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_tiny_and_huge_times(scale):
    for kind in KINDS:
        here = restricted_mean_contrast(SMALL, ARMS, horizon=7, kind=kind)
        there = restricted_mean_contrast(
            RightCensored(SMALL.time * scale, EVENTS), ARMS, horizon=7 * scale, kind=kind
        )
        unit = scale if kind == "difference" else 1.0
        assert_allclose(numbers(there)[:4], np.array(numbers(here)[:4]) * unit, rtol=1e-9)
        assert_allclose(there.p_value, here.p_value, rtol=1e-9)


def test_very_many_strata():
    n = 70_000
    time, event = np.tile([1.0, 2.0], n), np.tile([1, 1], n)
    strata, arm = np.repeat(np.arange(n), 2), np.tile(["a", "b"], n)
    result = restricted_mean_contrast(RightCensored(time, event), arm, horizon=3, strata=strata)
    assert_allclose(numbers(result)[:2], [1, 0], rtol=1e-12)


def test_method_names_the_choices():
    data = RightCensored(TIMES, EVENTS, weight=[1, 2] * 4, time_unit="months")
    assert restricted_mean(data, horizon=7).method == (
        "restricted mean survival time to 7 months, area under Kaplan-Meier, Greenwood-type variance with "
        "case weights, normal limits"
    )
    ratio = restricted_mean_contrast(
        data, ARMS, horizon=6.5, kind="ratio", control="d", strata=list("xyxyxyxy")
    )
    assert ratio.method == (
        "ratio of restricted mean survival times to 6.5 months, area under Kaplan-Meier, Greenwood-type "
        "variance with case weights, strata weighted by size, std_error, normal limits and test on the log "
        "scale, reference d"
    )


@pytest.mark.parametrize("horizon", [0, -1, float("nan"), float("inf"), "long", None])
def test_horizon_must_be_positive(horizon):
    for call in (restricted_mean, restricted_mean_contrast, restricted_mean_test):
        more = () if call is restricted_mean else (ARMS,)
        with pytest.raises(
            InvalidArgument, match="horizon must be a positive number in the unit of the times"
        ):
            call(SMALL, *more, horizon=horizon)


@pytest.mark.parametrize(
    ("arm", "options", "message"),
    [
        (ARMS, {"kind": "odds"}, "kind must be one of 'difference', 'ratio', 'lost_ratio', got 'odds'"),
        (ARMS, {"conf_level": 1}, "conf_level must lie strictly between 0 and 1"),
        (ARMS, {"control": "e"}, r"control must be one of the arms \(c, d\), got 'e'"),
        (ARMS, {"strata": [1]}, "strata must have one entry a row"),
        (["c"] * 8, {}, "arm must have at least two labels"),
        ([None, *ARMS[1:]], {}, r"arm must not be missing: 1 row\(s\) \(0\)"),
        (ARMS[:3], {}, r"arm must have one entry a row \(8\), got 3"),
        (
            list("abcabcab"),
            {},
            r"got 3 \(a, b, c\): keep the rows of two arms, or use restricted_mean_test for all",
        ),
    ],
)
def test_wrong_arguments_of_a_contrast_are_refused_by_name(arm, options, message):
    with pytest.raises(InvalidArgument, match=message):
        restricted_mean_contrast(SMALL, arm, **{"horizon": 7, **options})


def test_wrong_arguments_of_the_others_are_refused_by_name():
    with pytest.raises(InvalidArgument, match="conf_level must lie strictly between 0 and 1, got 0"):
        restricted_mean(SMALL, horizon=7, conf_level=0)
    with pytest.raises(TypeError, match="horizon"):
        restricted_mean(SMALL)
    with pytest.raises(InvalidArgument, match="at least two labels"):
        restricted_mean_test(SMALL, ["c"] * 8, horizon=7)
    with pytest.raises(InvalidArgument, match="strata must not be missing"):
        restricted_mean_test(SMALL, ARMS, horizon=7, strata=[None] + ["x"] * 7)
