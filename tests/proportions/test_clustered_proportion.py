from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases

from skeletal.errors import InvalidArgument
from skeletal.proportions import clustered_proportion, proportion

SHARE = cases("event_rate")["clustered_share"]
WHO = list("aaabccdeefgg")
EVENT = [1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0]


def test_the_error_equals_that_of_survfit_with_clusters():
    found = clustered_proportion(EVENT, WHO)
    assert_allclose([found.estimate, found.std_error], SHARE, rtol=1e-12)


def test_limits_are_wilsons_for_the_effective_size():
    """From the published error: N* = p (1 - p)/se^2; Wilson's formula by hand."""
    p, error = SHARE
    n, z = p * (1 - p) / error**2, 1.959963984540054
    centre, half = p + z**2 / (2 * n), z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    found = clustered_proportion(EVENT, WHO)
    assert_allclose(
        [found.lower, found.upper], [(centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)]
    )
    assert f"{n:.1f} of 12" in found.method


@settings(max_examples=30)
@given(st.lists(st.integers(0, 1), min_size=1, max_size=30))
def test_one_lesion_a_subject_gives_the_ordinary_interval(event):
    one, two = clustered_proportion(event, np.arange(len(event))), proportion(sum(event), len(event))
    assert_allclose([one.estimate, one.std_error], [two.estimate, two.std_error], atol=1e-15)
    assert_allclose([one.lower, one.upper], [two.lower, two.upper], atol=1e-12)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=25), st.randoms())
def test_the_order_of_rows_changes_nothing_and_limits_hold_the_estimate(rows, random):
    found = clustered_proportion(*zip(*rows, strict=True))
    shuffled = random.sample(rows, len(rows))
    again = clustered_proportion(*zip(*shuffled, strict=True))
    assert_allclose([found.lower, found.upper], [again.lower, again.upper], rtol=1e-12)
    assert 0 <= found.lower <= found.estimate <= found.upper <= 1


@pytest.mark.parametrize("event", [0, 1])
def test_all_or_none_take_the_number_of_subjects(event):
    found, subjects = clustered_proportion([event] * 9, list("aaabbbccc")), proportion(3 * event, 3)
    assert_allclose([found.lower, found.upper], [subjects.lower, subjects.upper], rtol=1e-12)


def test_equal_shares_in_all_subjects_count_no_more_than_all_lesions():
    found, plain = clustered_proportion([1, 0] * 4, list("aabbccdd")), proportion(4, 8)
    assert found.std_error == 0
    assert_allclose([found.lower, found.upper], [plain.lower, plain.upper], rtol=1e-12)


def test_lesions_that_share_fate_widen_the_limits():
    found, plain = clustered_proportion([1, 1, 1, 0, 0, 0], list("aaabbb")), proportion(3, 6)
    assert found.lower < plain.lower
    assert found.upper > plain.upper


def test_the_level_changes_the_limits():
    assert clustered_proportion(EVENT, WHO, conf_level=0.8).upper < clustered_proportion(EVENT, WHO).upper


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "event has no rows"),
        (([2], ["a"]), "event must be 0 or 1"),
        (([1], ["a", "b"]), "cluster must have one entry a row"),
        (([1, 0], ["a", None]), "cluster must not be missing"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        clustered_proportion(*arguments)
