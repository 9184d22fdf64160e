"""P-values adjusted for their number, and families tested in an order that was fixed beforehand."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.closed_tests import closed_bonferroni, closed_simes
from tests.support.golden import GOLDEN, cases

from skeletal.errors import InvalidArgument
from skeletal.plan import adjusted_p_values, fallback, fixed_sequence

EXPECTED = cases("multiplicity")
CASES = json.loads((GOLDEN / "multiplicity.json").read_text(encoding="utf-8"))["cases"]
METHODS = ("bonferroni", "holm", "hochberg", "hommel", "benjamini-hochberg")
NAN = float("nan")
P = st.lists(st.sampled_from([0, 0.001, 0.01, 0.02, 0.025, 0.03, 0.05, 0.3, 1]), min_size=1, max_size=6)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["p1", "p2", "p3"])
def test_adjusted_as_r(name, method):
    p = CASES[name]["data"]
    assert_allclose(adjusted_p_values(p, method=method), EXPECTED[name]["own"][method], rtol=1e-14)
    assert_allclose(adjusted_p_values(p, method=method, n=10), EXPECTED[name]["of_ten"][method], rtol=1e-14)


def test_holm_is_the_default():
    assert_array_equal(adjusted_p_values([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])


@settings(max_examples=30)
@given(P)
def test_the_closed_tests_that_they_shorten(p):
    k = len(p)
    holm = (np.ones((k, k)) - np.eye(k)) / max(k - 1, 1)
    assert_allclose(adjusted_p_values(p), closed_bonferroni(p, np.full(k, 1 / k), holm), rtol=1e-10)
    assert_allclose(adjusted_p_values(p, method="hommel"), np.minimum(closed_simes(p), 1), rtol=1e-12)


@settings(max_examples=30)
@given(P, st.randoms(), st.integers(0, 3))
def test_each_adjustment_is_at_least_the_p_value_and_keeps_their_order(p, random, more):
    order = random.sample(range(len(p)), len(p))
    found = {method: adjusted_p_values(p, method=method) for method in METHODS}
    for method, adjusted in found.items():
        assert (adjusted >= np.array(p) - 1e-15).all()
        assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()
        moved = adjusted_p_values([p[k] for k in order], method=method)
        assert_array_equal(moved, adjusted[order])
        larger = adjusted_p_values(p, method=method, n=len(p) + more)
        assert (larger >= adjusted - 1e-15).all()
    for less, further in zip(METHODS[1:4], METHODS[:3], strict=True):
        assert (found[less] <= found[further] + 1e-15).all()


def test_nothing_to_adjust_is_nothing():
    assert adjusted_p_values([]).size == 0
    assert np.isnan(adjusted_p_values([NAN, NAN])).all()


@pytest.mark.parametrize(
    ("p", "options", "message"),
    [
        ([0.1, 1.2], {}, r"between 0 and 1 .*1 row\(s\) \(1\)"),
        ([-0.1], {}, "between 0 and 1"),
        ([0.1, 0.2], {"n": 1}, "at least 2"),
        ([0.1, 0.2], {"n": 2.5}, "whole number"),
        ([0.1], {"method": "sidak"}, "must be one of"),
        ([[0.1]], {}, "one dimension"),
    ],
)
def test_adjustments_refuse(p, options, message):
    with pytest.raises(InvalidArgument, match=message):
        adjusted_p_values(p, **options)


def test_a_fixed_sequence_stops_at_the_first_that_is_not_rejected():
    found = fixed_sequence({"a": 0.01, "b": 0.05, "c": 0.051, "d": 0.0001})
    assert_array_equal(found.adjusted_p_value, [0.01, 0.05, 0.051, 0.051])
    assert_array_equal(found.rejected, [True, True, False, False])
    assert_array_equal(found.level, [0.05, 0.05, 0.05, 0])
    assert found.sentences == (
        "Step 1: a is rejected, p = 0.01 at level 0.05; its level goes to b (all of it).",
        "Step 2: b is rejected, p = 0.05 at level 0.05; its level goes to c (all of it).",
        "c is not rejected: p = 0.051 is above its level 0.05.",
        "d is not rejected: no level has come to it (p = 0.0001).",
    )
    assert found.steps["hypothesis"].tolist() == ["a", "b"]
    assert "a, b, c, d" in found.method


def test_a_missing_p_value_ends_the_sequence():
    found = fixed_sequence([0.01, NAN, 0.001])
    assert_array_equal(found.adjusted_p_value, [0.01, NAN, 1.0])
    assert_array_equal(found.rejected, [True, False, False])
    assert found.sentences[1] == "H2 is not rejected: it has no p-value."


@settings(max_examples=30)
@given(P, st.integers(0, 5))
def test_the_fixed_sequence_is_the_running_maximum_and_a_fallback(p, gap):
    p = [NAN if k == gap else value for k, value in enumerate(p)]
    found = fixed_sequence(p)
    running = np.maximum.accumulate(np.where(np.isnan(p), 1.0, p))
    assert_array_equal(found.adjusted_p_value, np.where(np.isnan(p), NAN, running))
    first = [1.0] + [0.0] * (len(p) - 1)
    assert_array_equal(fallback(p, first).adjusted_p_value, found.adjusted_p_value)


def test_fallback_by_hand():
    """Levels 0.025, then 0.0125, then 0.0125 + 0.0125 as the second was rejected (Wiens 2003)."""
    found = fallback({"a": 0.06, "b": 0.01, "c": 0.02}, {"c": 0.25, "a": 0.5, "b": 0.25})
    assert_allclose(found.level, [0.025, 0.0125, 0.025])
    assert_array_equal(found.rejected, [False, True, True])
    assert_allclose(found.adjusted_p_value, [0.12, 0.04, 0.04])


@settings(max_examples=30)
@given(P, st.randoms(), st.sampled_from([0.01, 0.05, 0.2]))
def test_fallback_is_its_definition_and_its_closed_test(p, random, alpha):
    weights = np.array([random.choice([0, 1, 1, 2]) for _ in p], float)
    weights[0] += 1
    weights /= weights.sum()
    found = fallback(p, weights, alpha=alpha)
    carried, decisions = 0.0, []
    for value, weight in zip(p, weights, strict=True):
        level = alpha * weight + carried
        decisions.append(level > 0 and value <= level * (1 + 1e-12))
        carried = level if decisions[-1] else 0.0
    assert_array_equal(found.rejected, decisions)
    closed = closed_bonferroni(p, weights, np.eye(len(p), k=1))
    assert_allclose(found.adjusted_p_value, closed, rtol=1e-12)


def test_the_frame_has_one_row_a_hypothesis_in_the_order_given():
    found = fixed_sequence(pd.Series([0.2, 0.01], index=["later", "earlier"]), alpha=0.1)
    assert found.frame["hypothesis"].tolist() == ["later", "earlier"]
    assert found.frame.columns.tolist() == ["hypothesis", "p_value", "adjusted_p_value", "level", "rejected"]
    assert found.alpha == 0.1
    assert not found.frame["rejected"].any()


@pytest.mark.parametrize("alpha", [0, 1, -0.1, NAN])
def test_alpha_is_a_probability(alpha):
    with pytest.raises(InvalidArgument, match="alpha"):
        fixed_sequence([0.1], alpha=alpha)
