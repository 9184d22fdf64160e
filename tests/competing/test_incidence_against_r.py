"""Cumulative incidence against cmprsk, etm, survival and prodlim where ties are heavy and rows enter late."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.competing_trials import CAUSES, melanoma, mgus_by_age
from tests.support.golden import cases
from tests.support.references_competing import (
    naive_aalen_error,
    naive_greenwood_error,
    naive_jackknife_error,
)

from skeletal.competing import cumulative_incidence
from skeletal.data import CompetingRisks

COMPETING = cases("competing")
RTOL = 1e-10
ROUNDING = 1e-15  # a variance that cancels to 0 in one program and to rounding in the other
VARIANCES = ["aalen", "greenwood", "jackknife"]
LATE = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=15)


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("case", COMPETING["small_samples"], ids=lambda case: case["note"])
def test_small_samples(case, variance):
    data = CompetingRisks(case["time"], case["status"], CAUSES, entry=case.get("entry"))
    curve = cumulative_incidence(data, "1", variance=variance)
    assert_array_equal(curve.time, case["times"])
    assert_allclose(curve.estimate, case["estimate"], rtol=RTOL, atol=ROUNDING)
    if variance in case:
        assert_allclose(curve.std_error**2, case[variance], rtol=RTOL, atol=ROUNDING)


@pytest.mark.parametrize("case", COMPETING["age_scale"], ids=lambda case: case["cause"])
def test_delayed_entry_on_the_age_scale(case):
    for variance in ("greenwood", "jackknife"):
        curve = cumulative_incidence(mgus_by_age(), case["cause"], variance=variance).at(case["times"])
        assert_allclose(curve.estimate, case["estimate"], rtol=RTOL)
        assert_allclose(curve.std_error**2, case[variance], rtol=RTOL)


def test_estimate_as_prodlim():
    expected, (data, _) = COMPETING["melanoma_prodlim"], melanoma()
    for cause in "12":
        curve = cumulative_incidence(data, cause).at(expected["times"])
        assert_allclose(curve.estimate, expected[f"cuminc{cause}"], rtol=RTOL)
        # its variance is another one: Aalen's without the factor for ties
        assert_allclose(curve.std_error, expected[f"se{cause}"], rtol=0.02)


@settings(max_examples=50, deadline=None)
@given(LATE)
def test_delayed_entry_and_three_causes_equal_a_second_implementation(rows):
    entry, length, status = (np.array(column) for column in zip(*rows, strict=True))
    time = entry + length
    data = CompetingRisks(time, status, CAUSES, entry=entry)
    for variance, error in (
        ("aalen", naive_aalen_error(time, status, 2, entry)),
        ("greenwood", naive_greenwood_error(time, status, 2, 3, entry)),
        ("jackknife", naive_jackknife_error(time, status, 2, entry)),
    ):
        curve = cumulative_incidence(data, "2", variance=variance)
        assert_allclose(curve.std_error**2, error**2, rtol=1e-10, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(LATE)
def test_entry_before_everything_is_no_delayed_entry(rows):
    _, time, status = zip(*rows, strict=True)
    for variance in VARIANCES:
        one, two = (
            cumulative_incidence(CompetingRisks(time, status, CAUSES, entry=entry), "1", variance=variance)
            for entry in (None, np.full(len(time), -1.0))
        )
        assert_allclose(two.estimate, one.estimate, atol=1e-15)
        assert_allclose(two.std_error**2, one.std_error**2, rtol=1e-10, atol=1e-15)


@settings(max_examples=50, deadline=None)
@given(LATE, st.sampled_from([7.0, 1 / 365.25, 30.4375]))
def test_the_unit_of_time_changes_nothing_but_the_times(rows, unit):
    _, time, status = (np.array(column) for column in zip(*rows, strict=True))
    for variance in VARIANCES:
        one, two = (
            cumulative_incidence(CompetingRisks(time * scale, status, CAUSES), "1", variance=variance)
            for scale in (1.0, unit)
        )
        assert_array_equal(two.time, one.time * unit)
        for field in ("estimate", "std_error", "lower", "upper", "n_at_risk", "n_events", "n_censored"):
            assert_array_equal(getattr(two, field), getattr(one, field))


@pytest.mark.parametrize("variance", VARIANCES)
def test_everybody_has_the_event(variance):
    curve = cumulative_incidence(CompetingRisks(range(1, 8), [1] * 7, ["SSE"]), "SSE", variance=variance)
    assert curve.estimate[-1] == 1.0
    # Aalen's keeps that of the last step, (1/7)^2 1/1^2; of the others nothing is left
    assert_allclose(curve.std_error[-1], 1 / 7 if variance == "aalen" else 0.0, rtol=1e-12)
    assert np.isnan(curve.upper[-1]) == (variance == "aalen")
