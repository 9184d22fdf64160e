from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skeletal.curve_limits import curve_limits
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.risk_table import risk_counts, risk_table

rows = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 2), st.integers(1, 4), st.integers(0, 1), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_counts_of_competing_causes_are_those_of_the_definition(sample):
    time, status, late, _, _ = (np.array(column) for column in zip(*sample, strict=True))
    table = risk_table(CompetingRisks(time, status, ["SSE", "death"], entry=time - late))
    for k, t in enumerate(table.time):
        assert table.n_at_risk[k] == np.sum((time - late < t) & (t <= time))
        assert table.n_censored[k] == np.sum((time == t) & (status == 0))
        assert_array_equal(table.n_events[:, k], [np.sum((time == t) & (status == c)) for c in (1, 2)])


@given(rows, st.booleans(), st.sampled_from([1.0, 0.1, 1e300, 5e-324]))
@settings(max_examples=80, deadline=None)
def test_counts_alone_are_those_of_the_table(sample, delayed, unit):
    time, status, late, weight, _ = (np.array(column) for column in zip(*sample, strict=True))
    entry = (time - late) * unit if delayed else None
    for data in (
        RightCensored(time * unit, status > 0, entry=entry),
        RightCensored(time * unit, status > 0, entry=entry, weight=1 + weight),
        CompetingRisks(time * unit, status, ["SSE", "death"], entry=entry),
        CompetingRisks(time * unit, status, ["SSE", "death", "never"], entry=entry),
    ):
        counts, table = risk_counts(data), risk_table(data)
        for name in ("time", "n_at_risk", "n_events", "n_censored"):
            assert_array_equal(getattr(counts, name), getattr(table, name))
            assert not getattr(counts, name).flags.writeable


def test_positions_of_rows_in_the_table():
    table = risk_table(RightCensored([5, 2, 2, 9], [1, 1, 0, 0], entry=[2, -1, 0, 4]))
    assert_array_equal(table.time[table.exit_index], [5, 2, 2, 9])
    assert_array_equal(table.entry_index, [1, 0, 0, 1])


def test_weights_that_do_not_add_exactly_leave_nobody_behind():
    table = risk_table(
        RightCensored([1, 2, 3, 3], [1, 1, 1, 1], entry=[0, 1, 2, 2], weight=[0.1, 0.2, 0.3, 0.7])
    )
    assert_array_equal(table.n_at_risk, table.n_events[0])


@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain", "logit", "arcsine"])
@given(p=st.floats(0, 1), error=st.floats(0, 2), level=st.sampled_from([0.5, 0.95, 0.999]))
@settings(max_examples=60, deadline=None)
def test_limits_hold_the_estimate_and_stay_probabilities(conf_type, p, error, level):
    lower, upper = curve_limits(np.array([p]), np.array([error]), level, conf_type)
    if not np.isnan(lower).any():
        assert 0 <= lower.item() <= p + 1e-12
        assert p - 1e-12 <= upper.item() <= 1
    if error == 0:
        assert lower.item() == upper.item() == p


def test_limits_of_a_mean_may_pass_one():
    # By hand: 2 exp(+-1.959964 * 0.5/2).
    lower, upper = curve_limits(np.array([2.0]), np.array([0.5]), 0.95, "log", bounded=False)
    assert_allclose([lower.item(), upper.item()], [2 * np.exp(-0.489991), 2 * np.exp(0.489991)], rtol=1e-6)
    with pytest.raises(InvalidArgument, match="conf_type must be one of 'log', 'plain'"):
        curve_limits(np.array([2.0]), np.array([0.5]), 0.95, "logit", bounded=False)
