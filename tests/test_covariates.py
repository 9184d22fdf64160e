"""Labels and covariates beside the rows of a sample, turned into numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_array_equal

from skeletal.covariates import BLOCK, covariate_matrix, label_codes
from skeletal.errors import InvalidArgument


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.uint8, np.uint64])
@given(data=st.data())
def test_codes_of_whole_numbers_are_those_of_their_sorted_levels(kind, data):
    spread = data.draw(st.sampled_from([3, 50, 127]))  # few, so that a table is made, or many
    low = 0 if np.dtype(kind).kind == "u" else -spread
    numbers = data.draw(arrays(kind, st.integers(1, 12), elements=st.integers(low, spread)))
    codes, levels = label_codes(numbers, numbers.size, "strata")
    expected, place = np.unique(numbers, return_inverse=True)
    assert_array_equal(levels, expected)
    assert_array_equal(codes, place)
    assert levels.dtype == kind
    assert codes.dtype == np.int64


def test_codes_of_numbers_far_apart_need_no_table():
    numbers = np.array([2**62, -(2**62), 5, 5])
    codes, levels = label_codes(numbers, 4, "strata")
    assert_array_equal(codes, [2, 0, 1, 1])
    assert_array_equal(levels, [-(2**62), 5, 2**62])


def test_covariates_beyond_one_block_are_their_columns():
    n = 2 * BLOCK + 5
    frame = pd.DataFrame({"a": np.arange(n), "b": np.arange(n) / 7, "c": np.arange(n) % 2 == 0})
    names, matrix = covariate_matrix(frame, n)
    assert names == ("a", "b", "c")
    assert_array_equal(matrix, frame.to_numpy(float))
    assert not matrix.flags.writeable
    frame.loc[n - 2, "b"] = np.nan
    with pytest.raises(InvalidArgument, match=rf"known and finite \(b\): 1 row\(s\) \({n - 2}\)"):
        covariate_matrix(frame, n)
