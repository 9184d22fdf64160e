"""Intraclass correlation and design effect for planning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases
from tests.support.lesion_rows import ROWS, small_trials

from skeletal.errors import InvalidArgument
from skeletal.lesions import design_effect, lesion_risk

R = cases("lesions")["icc"]


def test_correlation_as_r():
    for name in ("s", "l"):
        found = design_effect(ROWS[f"event_{name}"], ROWS["subject"])
        assert_allclose(found.intraclass_correlation, R[name], rtol=1e-11)
    within = design_effect(ROWS["event_s"], ROWS["subject"], arm=ROWS["by_subject"])
    assert_allclose(within.intraclass_correlation, R["within arms"], rtol=1e-11)
    risk = lesion_risk(ROWS["event_s"], ROWS["subject"], ROWS["by_subject"])
    assert_allclose(risk.intraclass_correlation, R["within arms"], rtol=1e-11)


def test_sizes_by_hand():
    found = design_effect([1, 1, 0, 0, 1, 0, 0, 0], list("aabbbccd"))
    assert (found.n_lesions, found.n_subjects, found.mean_size, found.weighted_size) == (8, 4, 2, 2.25)
    assert_allclose(found.design_effect, 1 + 1.25 * 0.425)
    assert_allclose(found.effective_lesions, 8 / (1 + 1.25 * 0.425))


def test_lesions_that_are_all_alike_count_as_subjects():
    found = design_effect(np.repeat([1, 0, 0, 1, 0], 4), np.repeat(np.arange(5), 4))
    assert_allclose([found.intraclass_correlation, found.design_effect, found.effective_lesions], [1, 4, 5])


@settings(max_examples=25, deadline=None)
@given(small_trials(), st.randoms(), st.floats(0.1, 10), st.floats(-5, 5))
def test_order_unit_and_origin_do_not_matter(rows, random, unit, origin):
    found = design_effect(rows["event"], rows["subject"], arm=rows["arm"])
    order = random.sample(range(len(rows)), len(rows))
    moved = rows.iloc[order]
    again = design_effect(unit * moved["event"] + origin, moved["subject"], arm=moved["arm"])
    assert_allclose(again.intraclass_correlation, found.intraclass_correlation, rtol=1e-7, atol=1e-9)
    assert found.intraclass_correlation <= 1 + 1e-12


def test_one_lesion_a_subject_has_design_effect_1():
    found = design_effect([0, 1, 1, 0], [1, 2, 3, 4])
    assert np.isnan(found.intraclass_correlation)
    assert (found.design_effect, found.effective_lesions) == (1, 4)
    assert "not estimable" in found.method


@pytest.mark.parametrize(("values", "subject"), [([1, 1, 1, 1], [1, 1, 2, 2]), ([0, 1, 1], [5, 5, 5])])
def test_nothing_that_varies_or_one_subject_is_not_estimable(values, subject):
    found = design_effect(values, subject)
    assert np.isnan(found.intraclass_correlation)
    assert np.isnan(found.design_effect)


@pytest.mark.parametrize(
    ("values", "subject", "message"),
    [
        ([], [], "no rows"),
        ([0, float("nan")], [1, 1], r"known and finite: 1 row\(s\) \(1\)"),
        ([0, 1], [1], "one entry a row"),
        ([0, 1], [1, None], "missing"),
    ],
)
def test_refusals(values, subject, message):
    with pytest.raises(InvalidArgument, match=message):
        design_effect(values, subject)
