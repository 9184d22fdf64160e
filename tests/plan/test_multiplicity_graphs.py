"""Families tested along a graph."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.closed_tests import closed_bonferroni
from tests.support.golden import GOLDEN

from skeletal.errors import InvalidArgument
from skeletal.plan import adjusted_p_values, graphical

CASES = json.loads((GOLDEN / "multiplicity.json").read_text(encoding="utf-8"))["cases"]
NAN = float("nan")
GATE = {"SSE": {"pain": 0.5, "QoL": 0.5}, "pain": {"QoL": 1}, "QoL": {"pain": 1}}


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("graph_")])
def test_published_graphs(name):
    given_, expected = CASES[name]["data"], CASES[name]["expected"]
    found = graphical(given_["p"], given_["weights"], given_["transitions"], alpha=given_["alpha"])
    assert_allclose(found.adjusted_p_value, expected["adjusted"], atol=5e-4)
    assert_array_equal(found.rejected, expected["rejected"])


@st.composite
def families(draw):
    """Draw a graph with some absent edges, rows that keep some of their level, and p-values with a gap."""
    k = draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    weights = rng.integers(0, 4, k).astype(float)
    weights[rng.integers(k)] += 1
    graph = rng.integers(0, 4, (k, k)) * (rng.random((k, k)) < draw(st.sampled_from([0.4, 0.7, 1])))
    np.fill_diagonal(graph, 0)
    total = graph.sum(axis=1, keepdims=True) + rng.integers(0, 2, (k, 1))
    graph = np.divide(graph, total, out=np.zeros((k, k)), where=total > 0)
    p = rng.choice([0.001, 0.004, 0.01, 0.013, 0.02, 0.03, 0.3, NAN], k)
    return p, weights / (weights.sum() + rng.integers(0, 2)), graph


@settings(max_examples=120, deadline=None)
@given(families())
def test_the_graph_is_the_closed_test_with_weighted_bonferroni_tests(family):
    p, weights, graph = family
    found = graphical(p, weights, graph)
    closed = closed_bonferroni(p, weights, graph)
    assert_allclose(found.adjusted_p_value, closed, rtol=1e-9)
    assert_array_equal(found.rejected, closed <= 0.05 * (1 + 1e-12))
    assert (found.adjusted_p_value >= p - 1e-15)[~np.isnan(p)].all()
    assert found.level.sum() >= 0
    assert (found.p_value <= found.level * (1 + 1e-9))[found.rejected].all()
    kept = ~found.rejected & ~np.isnan(p)
    assert (found.p_value > found.level)[kept].all()
    assert found.level[~found.rejected].sum() <= 0.05 + 1e-12


@settings(max_examples=30, deadline=None)
@given(families(), st.randoms())
def test_order_of_hypotheses_does_not_matter_and_more_alpha_rejects_more(family, random):
    p, weights, graph = family
    order = random.sample(range(p.size), p.size)
    found = graphical(p, weights, graph)
    moved = graphical(p[order], weights[order], graph[np.ix_(order, order)])
    assert_allclose(moved.adjusted_p_value, found.adjusted_p_value[order], rtol=1e-12)
    small = graphical(p, weights, graph, alpha=0.01)
    assert (small.rejected <= found.rejected).all()


def test_equal_shares_handed_on_equally_are_holm():
    p = [0.02, 0.005, 0.03, 0.011]
    graph = (np.ones((4, 4)) - np.eye(4)) / 3
    found = graphical(p, [0.25] * 4, graph)
    assert_allclose(found.adjusted_p_value, adjusted_p_values(p), rtol=1e-12)


def test_without_transitions_it_is_bonferroni():
    p = [0.02, 0.005, 0.3]
    found = graphical(p, [1 / 3] * 3, np.zeros((3, 3)))
    assert_allclose(found.adjusted_p_value, adjusted_p_values(p, method="bonferroni"), rtol=1e-12)
    assert found.sentences[0].endswith("its level goes to nobody.")


def test_a_gate_opens_the_secondary_endpoints_only_after_the_primary():
    weights = {"SSE": 1, "pain": 0, "QoL": 0}
    closed = graphical({"SSE": 0.06, "pain": 0.001, "QoL": 0.001}, weights, GATE)
    assert not closed.rejected.any()
    opened = graphical({"SSE": 0.04, "pain": 0.03, "QoL": 0.02}, weights, GATE)
    assert_array_equal(opened.rejected, [True, True, True])
    assert_allclose(opened.adjusted_p_value, [0.04, 0.04, 0.04])  # Holm of 0.03, 0.02 is 0.04, 0.04
    assert opened.sentences == (
        (
            "Step 1: SSE is rejected, p = 0.04 at level 0.05; "
            "its level goes to pain (50% of it) and QoL (50% of it)."
        ),
        "Step 2: QoL is rejected, p = 0.02 at level 0.025; its level goes to pain (all of it).",
        "Step 3: pain is rejected, p = 0.03 at level 0.05; its level goes to nobody.",
    )


def test_names_line_up_whatever_their_order():
    p = pd.Series({"SSE": 0.04, "pain": 0.03, "QoL": 0.02})
    table = pd.DataFrame(
        [[0, 0, 1], [0, 0, 1], [0.5, 0.5, 0]], index=["pain", "QoL", "SSE"], columns=["QoL", "pain", "SSE"]
    )
    table.loc["pain"], table.loc["QoL"] = [1.0, 0, 0], [0, 1.0, 0]
    by_table = graphical(p, pd.Series({"QoL": 0, "SSE": 1, "pain": 0}), table)
    by_mapping = graphical(p, [1, 0, 0], GATE)
    assert_array_equal(by_table.adjusted_p_value, by_mapping.adjusted_p_value)
    assert by_table.sentences == by_mapping.sentences


def test_a_hypothesis_without_p_value_keeps_its_level():
    found = graphical([NAN, 0.02], [0.5, 0.5], [[0, 1], [1, 0]])
    assert_allclose(found.adjusted_p_value, [NAN, 0.04])
    assert_allclose(found.level, [0.05, 0.025])  # what the second hands to the first stays there


def test_without_level_nothing_is_rejected_even_at_p_0():
    found = graphical([0.5, 0.0], [1, 0], [[0, 1], [0, 0]])
    assert_array_equal(found.rejected, [False, False])
    assert_array_equal(found.adjusted_p_value, [0.5, 0.5])


@pytest.mark.parametrize(
    ("p", "weights", "transitions", "message"),
    [
        (
            [0.1, 1.1],
            [0.5, 0.5],
            np.zeros((2, 2)),
            r"p_values must lie between 0 and 1 .*1 hypothesis\(es\) \(H2\)",
        ),
        ([], [], np.zeros((0, 0)), "one hypothesis at least"),
        ([0.1, 0.2], [0.5], np.zeros((2, 2)), r"weights must have one entry a hypothesis \(2\), got 1"),
        ([0.1, 0.2], [0.6, 0.5], np.zeros((2, 2)), "at most 1, got 1.1"),
        ([0.1, 0.2], [0, 0], np.zeros((2, 2)), "more than 0"),
        ([0.1, 0.2], [-0.1, 0.5], np.zeros((2, 2)), r"weights must be finite and not negative.*\(H1\)"),
        ([0.1, 0.2], [NAN, 0.5], np.zeros((2, 2)), "finite"),
        ([0.1, 0.2], {"H1": 1, "H3": 0}, np.zeros((2, 2)), r"1 absent \(H2\), 1 unknown \(H3\)"),
        ([0.1, 0.2], [0.5, 0.5], np.zeros((2, 3)), r"got shape \(2, 3\)"),
        ([0.1, 0.2], [0.5, 0.5], [[0.1, 0.5], [0, 0]], r"from a hypothesis to itself.*\(H1\)"),
        ([0.1, 0.2, 0.3], [0.5, 0.5, 0], [[0, 0, 0], [0.6, 0, 0.6], [0, 0, 0]], r"at most 1 a row.*\(H2\)"),
        ([0.1, 0.2], [0.5, 0.5], [[0, -1], [0, 0]], r"not negative.*\(H1\)"),
        ([0.1, 0.2], [0.5, 0.5], {"H1": {"H4": 1}}, r"1 are none \(H4\)"),
        ([0.1, 0.2], [0.5, 0.5], {"H1": 1}, "must map hypotheses to shares"),
        (
            [0.1, 0.2],
            [0.5, 0.5],
            pd.DataFrame([[0, 1], [1, 0]], index=["H1", "x"]),
            "the rows of transitions",
        ),
        (pd.Series([0.1, 0.2], index=["a", "a"]), [0.5, 0.5], np.zeros((2, 2)), r"distinct names.*\(a\)"),
    ],
)
def test_refusals(p, weights, transitions, message):
    with pytest.raises(InvalidArgument, match=message):
        graphical(p, weights, transitions)
