"""Conditional survival against R's start.time, the ratio of curves, and its errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import SURVFIT, cases, read

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument, NotEstimable
from skeletal.survival import conditional_survival, kaplan_meier

KM = cases("km")
RTOL = 1e-10
LUNG = [
    (100, "log-log", 0.95),
    (200.5, "log-log", 0.95),
    (400.5, "log-log", 0.95),
    *((200.5, name, 0.9) for name in ("log", "plain", "logit", "arcsine")),
]


def lung(**more):
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2, **more)


def check(curve, expected):
    at = curve.at(expected["time"])
    for theirs, ours in SURVFIT.items():
        assert_allclose(getattr(at, ours), expected[theirs], rtol=RTOL, err_msg=theirs)


@pytest.mark.parametrize("case", range(len(LUNG)))
def test_lung_as_r(case):
    given_time, conf_type, level = LUNG[case]
    curve = conditional_survival(lung(), given=given_time, conf_type=conf_type, conf_level=level)
    check(curve, KM["conditional_lung"][case])


def test_quantiles_count_from_the_start_of_the_data_as_r():
    ours = conditional_survival(lung(), given=200.5).quantile([0.1, 0.25, 0.5, 0.75])
    for theirs, name in (("quantile", "estimate"), ("lower", "lower"), ("upper", "upper")):
        assert_array_equal(ours[name], KM["conditional_quantiles"][theirs])


def test_delayed_entry_as_r():
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start)
    check(conditional_survival(data, given=50.5), KM["conditional_delayed_entry"])


def test_weights_as_r():
    data = lung(weight=0.5 + read("lung").sex)
    check(conditional_survival(data, given=200.5), KM["conditional_weights"])


def test_given_an_event_time_its_events_have_happened():
    check(conditional_survival(lung(), given=226), KM["conditional_at_an_event_time"]["after"])


rows = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=25
)  # fmt: skip


@given(rows, st.integers(0, 8))
@settings(max_examples=80, deadline=None)
def test_it_is_the_ratio_of_the_curves(sample, given_time):
    time, event, late = (np.array(column) for column in zip(*sample, strict=True))
    data = RightCensored(time, event, entry=time - 1 - late)
    whole = kaplan_meier(data)
    until = whole.at([given_time]).estimate.item()
    if not (time > given_time).any() or until == 0:
        return
    curve = conditional_survival(data, given=given_time)
    assert_array_equal(curve.time, np.unique(time[time > given_time]))
    assert_allclose(curve.estimate, whole.at(curve.time).estimate / until, atol=1e-12)
    greenwood = (whole.std_error / np.where(whole.estimate > 0, whole.estimate, np.nan)) ** 2
    before = greenwood[whole.time <= given_time][-1] if (whole.time <= given_time).any() else 0.0
    relative = curve.std_error / np.where(curve.estimate > 0, curve.estimate, np.nan)
    assert_allclose(relative**2, greenwood[whole.time > given_time] - before, atol=1e-12)


def test_given_time_zero_without_events_there_is_kaplan_meier():
    curve, whole = conditional_survival(lung(), given=0), kaplan_meier(lung())
    for name in ("time", "estimate", "std_error", "lower", "upper", "n_at_risk", "n_events", "n_censored"):
        assert_array_equal(getattr(curve, name), getattr(whole, name))


def test_up_to_the_given_time_it_is_one():
    at = conditional_survival(lung(), given=200).at([0, 100, 200])
    for name in ("estimate", "lower", "upper"):
        assert_array_equal(getattr(at, name), [1, 1, 1])


def test_level_and_scale_change_the_limits():
    lowers = {
        conditional_survival(lung(), given=200, **options).at([500]).lower.item()
        for options in ({}, {"conf_level": 0.8}, {"conf_type": "log"}, {"conf_type": "plain"})
    }
    assert len(lowers) == 4


def test_method_names_what_was_given():
    assert conditional_survival(lung(), given=200.5).method == (
        "Kaplan-Meier, Greenwood variance, log-log limits, given no event up to 200.5 days"
    )


@pytest.mark.parametrize("value", [-1, np.nan, np.inf, "soon", None])
def test_a_given_time_that_is_none_is_refused(value):
    with pytest.raises(InvalidArgument, match=f"given must be a time of at least 0, got {value!r}"):
        conditional_survival(lung(), given=value)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"conf_level": 0}, "conf_level must lie"), ({"conf_type": "loglog"}, "conf_type must be one of")],
)
def test_options_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        conditional_survival(lung(), given=100, **options)


def test_beyond_the_last_time_nothing_is_estimable():
    with pytest.raises(NotEstimable, match="nobody is observed beyond 1022 days: the last time is 1022"):
        conditional_survival(lung(), given=1022)
