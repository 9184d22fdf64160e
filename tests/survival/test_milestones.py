"""Survival of two arms at one time against R, invariants, what is not estimable, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import kaplan_meier, survival_contrast

KM = cases("km")
RTOL = 1e-10
KINDS = ("difference", "ratio", "log-log")
FIELDS = ("estimate", "std_error", "lower", "upper", "p_value")


def veteran():
    frame = read("veteran")
    return RightCensored(frame.time, frame.status), frame.trt


def check(data, arm, expected, **options):
    for kind in KINDS:
        ours, theirs = survival_contrast(data, arm, kind=kind, **options), expected[kind]
        for name in FIELDS:
            value = getattr(ours, name)
            if kind == "ratio" and name in ("estimate", "lower", "upper"):
                value = np.log(value)
            assert_allclose(value, theirs[name], rtol=RTOL, err_msg=f"{kind} {name}")


def test_colon_at_three_years_as_r():
    frame, expected = read("colon").query("etype == 2 and rx != 'Lev'"), KM["survival_difference"]
    data = RightCensored(frame.time, frame.status)
    difference = survival_contrast(data, frame.rx, time=1095, control="Lev+5FU")
    assert_allclose(difference.estimate, expected["diff"], rtol=RTOL)
    assert_allclose(difference.std_error, expected["se_diff"], rtol=RTOL)
    assert_allclose([difference.lower, difference.upper], expected["ci"], rtol=RTOL)
    assert_allclose(difference.estimate / difference.std_error, expected["z_plain"], rtol=RTOL)
    scaled = survival_contrast(data, frame.rx, time=1095, control="Obs", kind="log-log")
    assert_allclose(scaled.estimate / scaled.std_error, expected["z_cloglog"], rtol=RTOL)
    assert_allclose(scaled.p_value, expected["p_cloglog"], rtol=RTOL)


@pytest.mark.parametrize(("case", "time"), [(0, 50), (1, 100), (2, 200)])
def test_veteran_as_r(case, time):
    check(*veteran(), KM["contrast_veteran"][case], time=time)


def test_weights_at_a_level_of_90_percent_as_r():
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2, weight=0.5 + (frame.age > 65))
    check(data, frame.sex, KM["contrast_weights_level_90"], time=365, conf_level=0.9)
    assert "case weights" in survival_contrast(data, frame.sex, time=365).method


def test_delayed_entry_as_r():
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start)
    check(data, frame.surgery, KM["contrast_delayed_entry"], time=300)


rows = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 1), st.booleans()), min_size=4, max_size=30
)  # fmt: skip


@given(rows, st.integers(1, 9), st.sampled_from(KINDS))
@settings(max_examples=100, deadline=None)
def test_it_is_that_of_the_two_curves_and_turns_with_the_control(sample, at, kind):
    time, event, arm = (np.array(column) for column in zip(*sample, strict=True))
    if arm.all() or not arm.any():
        return
    data = RightCensored(time, event)
    one, other = (survival_contrast(data, arm, time=at, control=c, kind=kind) for c in (False, True))
    turned = 1 / other.estimate if kind == "ratio" and other.estimate > 0 else -other.estimate
    if kind == "ratio" and not other.estimate > 0:
        turned = np.nan if np.isnan(one.estimate) else one.estimate
    assert_allclose(one.estimate, turned, atol=1e-12)
    assert_allclose(one.std_error, other.std_error, atol=1e-12)
    assert_allclose(one.p_value, other.p_value, atol=1e-12)
    curves = [kaplan_meier(RightCensored(time[arm == k], event[arm == k])) for k in (False, True)]
    known = all(curve.estimate[-1] == 0 or curve.time[-1] >= at for curve in curves)
    s = [curve.at([at]).estimate.item() for curve in curves]
    if kind == "difference":
        assert_allclose(one.estimate, s[1] - s[0] if known else np.nan, atol=1e-12)
    elif kind == "log-log" and known and all(0 < value < 1 for value in s):
        assert_allclose(one.estimate, np.log(np.log(s[1]) / np.log(s[0])), atol=1e-12)


def sample(control, experimental):
    """Return data and arms from (time, event) of both arms."""
    time, event = zip(*control, *experimental, strict=True)
    return RightCensored(time, event), ["c"] * len(control) + ["e"] * len(experimental)


FALLS = [(2, 1), (4, 1), (9, 0), (9, 0)]


@pytest.mark.parametrize("kind", KINDS)
def test_beyond_the_last_time_of_an_arm_with_somebody_left_nothing_is_estimable(kind):
    result = survival_contrast(*sample(FALLS, [(3, 1), (6, 0)]), time=7, kind=kind)
    assert np.isnan([result.estimate, result.std_error, result.lower, result.upper, result.p_value]).all()
    assert result.method.endswith("; not estimable: e is followed to 6 days only")


def test_a_curve_at_zero_stays_there():
    result = survival_contrast(*sample(FALLS, [(3, 1), (6, 1)]), time=7)
    assert result.estimate == -0.5
    assert np.isnan([result.std_error, result.lower, result.upper, result.p_value]).all()
    assert result.method.endswith("; no limits: the survival of e has no standard error")


def test_ratio_with_zero():
    data, arm = sample(FALLS, [(3, 1), (6, 1)])
    result = survival_contrast(data, arm, time=7, kind="ratio")
    assert result.estimate == 0
    assert np.isnan([result.std_error, result.lower, result.upper, result.p_value]).all()
    turned = survival_contrast(data, arm, time=7, kind="ratio", control="e")
    assert np.isnan(turned.estimate)
    assert turned.method.endswith("; not estimable: the survival of e is 0")


@pytest.mark.parametrize("other", [[(8, 0), (9, 1)], [(3, 1), (6, 1)]], ids=["one", "zero"])
def test_log_log_of_zero_or_one_is_missing(other):
    result = survival_contrast(*sample(FALLS, other), time=7, kind="log-log")
    assert np.isnan([result.estimate, result.std_error, result.lower, result.upper, result.p_value]).all()
    assert result.method.endswith("; not estimable: the survival of e is 0 or 1")


def test_an_arm_without_events_adds_no_variance():
    # By hand: S = 1/2 with variance 1/2 * 1/2 / 4 against 1 with none.
    result = survival_contrast(*sample(FALLS, [(8, 0), (9, 1)]), time=7)
    assert_allclose([result.estimate, result.std_error], [0.5, 0.25])


def test_two_arms_without_events_have_no_test():
    result = survival_contrast(*sample(FALLS, [(8, 0), (9, 1)]), time=1)
    assert (result.estimate, result.std_error, result.lower, result.upper) == (0, 0, 0, 0)
    assert np.isnan(result.p_value)
    assert "no test" in result.method


def test_every_argument_changes_the_answer():
    data, arm = veteran()
    usual = survival_contrast(data, arm, time=100)
    assert survival_contrast(data, arm, time=50).estimate != usual.estimate
    assert survival_contrast(data, arm, time=100, control=2).estimate == -usual.estimate
    assert len({survival_contrast(data, arm, time=100, kind=kind).estimate for kind in KINDS}) == 3
    assert survival_contrast(data, arm, time=100, conf_level=0.5).lower > usual.lower


def test_method_says_what_was_compared():
    assert survival_contrast(*veteran(), time=100).method == (
        "difference in survival at 100 days, Kaplan-Meier, Greenwood variance, reference 1, normal limits"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": 0}, "time must be a positive number in the unit of the times, got 0"),
        ({"time": np.nan}, "time must be a positive number"),
        ({"time": "a year"}, "time must be a positive number in the unit of the times, got 'a year'"),
        ({"time": 9, "kind": "odds"}, "kind must be one of 'difference', 'ratio', 'log-log', got 'odds'"),
        ({"time": 9, "conf_level": 95}, "conf_level must lie strictly between 0 and 1, got 95"),
        ({"time": 9, "control": 3}, "control must be one of the arms"),
    ],
)
def test_options_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        survival_contrast(*veteran(), **options)


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        ([1, 1, 1], "arm must have at least two labels"),
        ([1, 2, 3], "arm must have two labels, got 3"),
        ([1, 2], r"arm must have one entry a row \(3\), got 2"),
        ([1, 2, None], "arm must not be missing"),
    ],
)
def test_arms_that_are_not_two_are_refused(arm, message):
    with pytest.raises(InvalidArgument, match=message):
        survival_contrast(RightCensored([1, 2, 3], [1, 0, 1]), arm, time=2)
