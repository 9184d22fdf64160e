from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.competing_trials import CAUSES, by_arm, mgus, mgus_by_age
from tests.support.golden import cases

from skeletal.competing import cumulative_incidence, naive_incidence
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import kaplan_meier

COMPETING = cases("competing")
RTOL = 1e-10
SMALL = CompetingRisks([2, 3, 5, 7, 8, 8, 9], [1, 2, 1, 0, 2, 1, 0], ["SSE", "death"])
ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=25)


@pytest.mark.parametrize("case", COMPETING["naive_mgus"], ids=lambda case: case["sex"])
def test_as_survfit_with_the_other_causes_censored(case):
    curve = naive_incidence(by_arm(mgus())[case["sex"]], "1").at(case["times"])
    for field in ("estimate", "std_error", "lower", "upper"):
        assert_allclose(getattr(curve, field), case[field], rtol=RTOL)
    assert_array_equal(curve.n_at_risk, case["n_risk"])


def test_delayed_entry_as_survfit():
    case = COMPETING["naive_age"]
    curve = naive_incidence(mgus_by_age(), "1").at(case["times"])
    assert_allclose(curve.estimate, case["estimate"], rtol=RTOL)
    assert_allclose(curve.std_error, case["std_error"], rtol=RTOL)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.booleans())
def test_it_is_never_below_the_cumulative_incidence(rows, delayed):
    entry, length, status = (np.array(column) for column in zip(*rows, strict=True))
    data = CompetingRisks(entry + length, status, CAUSES, entry=entry if delayed else None)
    for cause in CAUSES:
        naive, proper = naive_incidence(data, cause), cumulative_incidence(data, cause)
        assert_array_equal(naive.time, proper.time)
        assert (naive.estimate >= proper.estimate - 1e-12).all()


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_without_competing_events_both_are_one_minus_kaplan_meier(rows):
    _, time, status = (np.array(column) for column in zip(*rows, strict=True))
    data = CompetingRisks(time, status == 1, ["SSE"])
    naive, proper = naive_incidence(data, "SSE"), cumulative_incidence(data, "SSE", variance="greenwood")
    survival = kaplan_meier(RightCensored(time, status == 1))
    assert_allclose(naive.estimate, proper.estimate, atol=1e-12)
    assert_allclose(naive.estimate, 1 - survival.estimate, atol=1e-15)
    assert_allclose(naive.std_error, survival.std_error, rtol=1e-12)
    alive = survival.estimate > 0
    assert_allclose(naive.std_error[alive], proper.std_error[alive], rtol=1e-9, atol=1e-12)


def test_events_of_other_causes_are_counted_as_censored():
    curve = naive_incidence(SMALL, "SSE")
    assert_array_equal(curve.n_events, [1, 0, 1, 0, 1, 0])
    assert_array_equal(curve.n_censored, [0, 1, 0, 1, 1, 1])
    assert_array_equal(curve.n_at_risk, [7, 6, 5, 4, 3, 1])


def test_by_hand():
    curve = naive_incidence(CompetingRisks([1, 2, 3, 4], [1, 2, 1, 0], ["SSE", "death"]), "SSE")
    assert_allclose(curve.estimate, [1 / 4, 1 / 4, 5 / 8, 5 / 8], rtol=1e-12)  # not 1/2
    assert_allclose(curve.std_error[2] ** 2, (3 / 8) ** 2 * (1 / 12 + 1 / 2), rtol=1e-12)


def test_the_method_says_that_it_is_not_for_reporting():
    method = naive_incidence(SMALL, "SSE").method
    assert method == (
        "one minus Kaplan-Meier of SSE with the competing causes censored, Greenwood variance, "
        "log-log limits: overstates the risk, not for reporting but beside the cumulative incidence"
    )


def test_once_it_is_1_its_error_is_unknown():
    curve = naive_incidence(CompetingRisks([1, 2], [1, 1], ["SSE"]), "SSE")
    assert curve.estimate[-1] == 1.0
    assert np.isnan([curve.std_error[-1], curve.lower[-1], curve.upper[-1]]).all()


def test_cause_level_and_scale_change_the_answer():
    base = naive_incidence(SMALL, "SSE")
    assert naive_incidence(SMALL, "death").estimate[-1] != base.estimate[-1]
    wide = naive_incidence(SMALL, "SSE", conf_level=0.99)
    assert (wide.conf_level, wide.upper[0] > base.upper[0]) == (0.99, True)
    plain = naive_incidence(SMALL, "SSE", conf_type="plain")
    assert_allclose(plain.upper[0], plain.estimate[0] + 1.959963984540054 * plain.std_error[0], rtol=1e-12)
    assert "plain limits" in plain.method
    assert (base.start, base.time_unit) == (0.0, "days")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cause": "pain"}, "cause must be one of 'SSE', 'death', got 'pain'"),
        ({"conf_level": 0}, "conf_level must lie strictly between 0 and 1, got 0"),
        ({"conf_type": "loglog"}, "conf_type must be one of .*, got 'loglog'"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        naive_incidence(SMALL, **{"cause": "SSE", **arguments})
