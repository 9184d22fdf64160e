from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read

from skeletal.competing import cumulative_incidence
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import kaplan_meier

GOLDEN = cases("event_rate")
WHO = list("aaabccdeefgg")
SMALL = CompetingRisks(
    [5, 8, 12, 3, 7, 7, 9, 10, 4, 6, 11, 12], [1, 0, 2, 2, 1, 0, 0, 1, 1, 2, 0, 0], ["SSE", "death"]
)
ROWS = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2), st.integers(0, 4)), min_size=1, max_size=20)


def test_the_error_equals_the_influences_of_survfit_summed_by_cluster():
    expected = GOLDEN["clustered_incidence"]
    curve = cumulative_incidence(SMALL, "SSE", cluster=WHO)
    assert_array_equal(curve.time, expected["time"])
    assert_allclose(curve.estimate, expected["estimate"], rtol=1e-12)
    assert_allclose(curve.std_error, expected["std_error"], rtol=1e-12, atol=1e-15)
    assert "infinitesimal jackknife variance by 7 clusters" in curve.method


def test_the_error_of_a_large_sample_equals_r():
    frame = read("mgus2")
    progressed = frame.pstat == 1
    status = (2 * frame.death).where(~progressed, 1)
    data = CompetingRisks(frame.ptime.where(progressed, frame.futime), status, ["progression", "death"])
    expected = GOLDEN["clustered_incidence_mgus2"]
    curve = cumulative_incidence(data, "progression", cluster=np.arange(len(frame)) // 3)
    assert_allclose(curve.at(expected["time"]).std_error, expected["std_error"], rtol=1e-10)


@settings(max_examples=25)
@given(ROWS)
def test_each_row_a_cluster_is_the_jackknife_by_row(rows):
    time, status, _ = zip(*rows, strict=True)
    data = CompetingRisks(time, status, ["SSE", "death"])
    one = cumulative_incidence(data, "SSE", cluster=np.arange(len(rows)))
    two = cumulative_incidence(data, "SSE", variance="jackknife")
    assert_allclose(one.std_error, two.std_error, atol=1e-13)
    assert_allclose(one.upper, two.upper, atol=1e-12)


@settings(max_examples=25)
@example([(1, 0, 0), (1, 1, 0), (1, 0, 0)])
@example([(1, 1, 0), (1, 1, 0), (2, 1, 0), (3, 1, 0), (4, 1, 0)])
@given(ROWS)
def test_without_other_causes_it_is_kaplan_meier_with_clusters(rows):
    time, status, who = (np.array(column) for column in zip(*rows, strict=True))
    curve = cumulative_incidence(CompetingRisks(time, status == 1, ["SSE"]), "SSE", cluster=who)
    peer = kaplan_meier(RightCensored(time, status == 1), cluster=who)
    alive = peer.estimate > 0
    assert_allclose(curve.std_error[alive], peer.std_error[alive], atol=1e-12)


def test_repeating_every_row_within_its_cluster_changes_nothing():
    twice = CompetingRisks(np.tile(SMALL.time, 2), np.tile(SMALL.status, 2), SMALL.causes)
    one = cumulative_incidence(SMALL, "SSE", cluster=WHO)
    two = cumulative_incidence(twice, "SSE", cluster=WHO * 2)
    assert_allclose(one.std_error, two.std_error, rtol=1e-12)


def test_bad_clusters_are_named():
    with pytest.raises(InvalidArgument, match="cluster must have one entry a row"):
        cumulative_incidence(SMALL, "SSE", cluster=["a"])
    with pytest.raises(InvalidArgument, match="variance='greenwood' has no clusters"):
        cumulative_incidence(SMALL, "SSE", cluster=WHO, variance="greenwood")
