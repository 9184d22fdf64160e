"""Arrays that cannot be written to: copies of what came from outside, our own without a copy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from skeletal.arrays import hand_over, read_only


def test_an_array_that_can_be_written_to_is_copied_and_left_as_it_is():
    values = np.arange(3.0)
    kept = read_only(values)
    values[0] = 9
    assert_array_equal(kept, [0, 1, 2])
    assert not kept.flags.writeable


def test_a_read_only_array_of_its_own_is_kept():
    values = np.arange(3.0)
    values.flags.writeable = False
    assert read_only(values) is values


@pytest.mark.parametrize("view", [lambda x: x[:], lambda x: x[::2], lambda x: x[:][:], lambda x: x.view()])
def test_a_read_only_view_of_an_array_that_can_be_written_to_is_copied(view):
    values = np.arange(4.0)
    seen = view(values)
    seen.flags.writeable = False
    kept = read_only(seen)
    before = kept.copy()
    values[:] = 9
    assert_array_equal(kept, before)
    assert not kept.flags.writeable


def test_a_column_is_copied_even_where_pandas_hands_out_read_only_views():
    frame = pd.DataFrame({"time": [3.0, 5.0]})
    column = frame["time"].to_numpy().view()
    column.flags.writeable = False
    kept = read_only(column)
    frame.loc[:, "time"] = 9.0
    assert_array_equal(kept, [3, 5])


def test_memory_of_another_kind_is_copied():
    memory = bytearray(np.arange(2.0).tobytes())
    values = np.frombuffer(memory)
    values.flags.writeable = False
    kept = read_only(values)
    memory[:] = bytes(16)
    assert_array_equal(kept, [0, 1])


def test_our_own_arrays_are_frozen_without_a_copy():
    values = np.zeros((2, 3))
    row = hand_over(values[1])
    assert row.base is values
    assert not values.flags.writeable
    assert read_only(row) is row
    with pytest.raises(ValueError, match="read-only"):
        row[0] = 1
