"""The sort of times: in the order of a stable comparison sort, whatever their digits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from skeletal.kernels.sorting import sorted_keys, time_order

TINY = 5e-324


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(allow_nan=False), max_size=50))
def test_order_of_any_numbers(values):
    time = np.array(values, dtype=np.float64)
    assert_array_equal(time_order(time), np.argsort(time, kind="stable"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=60))
def test_ties_stay_as_they_come(values):
    time = np.array(values, dtype=np.float64)
    assert_array_equal(time_order(time), np.argsort(time, kind="stable"))


@pytest.mark.parametrize(
    "time", [[], [3.0], [0.0, -0.0, 0.0], [0.0, TINY, -TINY, 1e308, -1e308, np.inf, -np.inf]]
)
def test_extremes(time):
    assert_array_equal(time_order(np.array(time)), np.argsort(time, kind="stable"))


def test_many_rows_and_a_read_only_array():
    time = np.random.default_rng(7).exponential(size=20_000)
    time.flags.writeable = False
    assert_array_equal(time_order(time), np.argsort(time, kind="stable"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=50))
def test_keys_sort_as_unsigned_numbers(values):
    keys = np.array(values, dtype=np.int64)
    assert_array_equal(sorted_keys(keys).view(np.uint64), np.sort(keys.view(np.uint64)))
