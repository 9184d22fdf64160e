from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.proportions import clustered_proportion
from skeletal.recurrent import event_rate, period_rate

RATES = cases("event_rate")
SMALL = RecurrentEvents(["a", "a", "b", "c"], [0, 100, 0, 0], [100, 365.25, 730.5, 73.05], [1, 0, 1, 2])


def bladder(rx, **more):
    frame = read("bladder2").query("rx == @rx")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event, time_unit="months")


@pytest.mark.parametrize("rx", [1, 2])
def test_pooled_rate_equals_poisson_test(rx):
    found = event_rate(bladder(rx))
    assert_allclose([found.estimate, found.lower, found.upper], RATES["pooled"][str(rx)], rtol=1e-9)
    found = event_rate(bladder(rx), conf_level=0.9)
    assert_allclose([found.lower, found.upper], RATES["pooled"]["limits_90"][str(rx)], rtol=1e-9)


@pytest.mark.parametrize("rx", [1, 2])
def test_mean_of_the_rates_equals_the_mean_by_hand_in_r(rx):
    found = event_rate(bladder(rx), kind="per_subject")
    numbers = [found.estimate, found.std_error, found.lower, found.upper]
    assert_allclose(numbers, RATES["per_subject"][str(rx)], rtol=1e-10)


def test_no_events_have_an_upper_limit():
    found = event_rate(RecurrentEvents(["a"], [0], [2.5], [0], time_unit="years"))
    assert_allclose([found.estimate, found.lower, found.upper], RATES["pooled"]["zero"], rtol=1e-9)
    assert found.std_error == 0


def test_the_two_kinds_by_hand():
    """Two events in 1 + 2 + 0.2 years; rates 1, 0.5 and 0."""
    pooled, mean = event_rate(SMALL), event_rate(SMALL, kind="per_subject")
    assert pooled.estimate == pytest.approx(2 / 3.2)
    assert pooled.std_error == pytest.approx(np.sqrt(2) / 3.2)
    assert mean.estimate == pytest.approx(0.5)
    assert mean.std_error == pytest.approx(0.5 / np.sqrt(3))
    assert "Poisson" in pooled.method
    assert "3 subjects" in mean.method


def test_the_unit_of_time_changes_nothing_but_the_times():
    rates = [
        event_rate(RecurrentEvents(["a", "b"], [0, 0], np.array([1.0, 3.0]) * scale, [1, 0], time_unit=unit))
        for unit, scale in {"years": 1, "months": 12, "days": 365.25, "weeks": 365.25 / 7}.items()
    ]
    assert_allclose([rate.estimate for rate in rates], 0.25, rtol=1e-12)
    assert_allclose([rate.upper for rate in rates], rates[0].upper, rtol=1e-12)


def test_a_death_ends_time_at_risk_like_a_censoring():
    censored = RecurrentEvents(
        SMALL.subject, SMALL.start, SMALL.stop, np.minimum(SMALL.status, 1) * [1, 0, 1, 0]
    )
    assert event_rate(censored).estimate == event_rate(SMALL).estimate


def test_one_subject_has_no_spread():
    found = event_rate(RecurrentEvents(["a"], [0], [100], [1]), kind="per_subject")
    assert found.estimate == pytest.approx(3.6525)
    assert np.isnan([found.std_error, found.lower, found.upper]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"kind": "mean"}, "kind must be one of 'pooled', 'per_subject'"), ({"conf_level": 1}, "conf_level")],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        event_rate(SMALL, **arguments)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 900)), min_size=1, max_size=8))
def test_with_equal_follow_up_the_kinds_agree_and_the_order_of_rows_changes_nothing(rows):
    data = RecurrentEvents(
        [str(i) for i, (n, _) in enumerate(rows) for _ in range(n)],
        [k * 100 for n, _ in rows for k in range(n)],
        [(k + 1) * 100 if k + 1 < n else 900 for n, _ in rows for k in range(n)],
        [1] * sum(n for n, _ in rows),
    )
    pooled = event_rate(data)
    assert pooled.estimate == pytest.approx(event_rate(data, kind="per_subject").estimate)
    assert pooled.lower <= pooled.estimate <= pooled.upper
    back = RecurrentEvents(data.subject[::-1], data.start[::-1], data.stop[::-1], data.status[::-1])
    assert event_rate(back).estimate == pytest.approx(pooled.estimate, rel=1e-14)


def test_period_rate_is_the_share_of_all_periods_clustered_by_subject():
    """The periods of R's clustered share: subject by subject, with an event or not."""
    part, size = [2, 0, 1, 0, 2, 0, 0], [3, 1, 2, 1, 2, 1, 2]
    found = period_rate(part, size)
    assert_allclose([found.estimate, found.std_error], RATES["clustered_share"], rtol=1e-12)
    event = [int(k < x) for x, m in zip(part, size, strict=True) for k in range(m)]
    same = clustered_proportion(event, np.repeat(list("abcdefg"), size))
    assert_allclose([found.lower, found.upper], [same.lower, same.upper], rtol=1e-12)


def test_no_periods_are_not_estimable():
    found = period_rate([0, 0], [0, 0])
    assert np.isnan([found.estimate, found.lower, found.upper]).all()
    assert "not estimable" in found.method


def test_the_level_of_period_rate_changes_its_limits():
    assert period_rate([1, 0], [3, 3], conf_level=0.8).upper < period_rate([1, 0], [3, 3]).upper


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1], [1, 2]), "with_event must have one entry a row"),
        (([2], [1]), "with_event must not exceed periods"),
        (([0.5], [1]), "with_event must be whole"),
        (([0], [-1]), "periods must be whole, not below 0"),
        (([], []), "periods has no rows"),
    ],
)
def test_bad_counts_of_periods_are_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        period_rate(*arguments)
