from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.competing_trials import (
    CAUSES,
    by_arm,
    first_hospitalisation,
    melanoma,
    mgus,
    prostate,
    transplant,
)
from tests.support.golden import cases
from tests.support.references_competing import (
    naive_aalen_error,
    naive_greenwood_error,
    naive_incidence,
    naive_jackknife_error,
)

from skeletal.competing import cumulative_incidence
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import kaplan_meier

COMPETING = cases("competing")
RTOL = 1e-10
VARIANCES = ["aalen", "greenwood", "jackknife"]
SMALL = CompetingRisks([2, 3, 5, 7, 8, 8, 9], [1, 2, 1, 0, 2, 1, 0], ["SSE", "death"])

ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=1, max_size=25)
TWO_CAUSES = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 2)), min_size=1, max_size=15)


def sample(rows):
    time, status = zip(*rows, strict=True)
    return CompetingRisks(time, status, CAUSES)


@pytest.mark.parametrize(
    ("name", "trial"),
    [
        ("melanoma_by_sex", melanoma),
        ("transplant_by_disease", transplant),
        ("prostate_four_arms_three_causes", prostate),
        ("mgus_by_sex", mgus),
        ("first_hospitalisation", first_hospitalisation),
    ],
)
def test_estimate_and_aalen_variance_as_cmprsk(name, trial):
    expected, arms = COMPETING[name], by_arm(trial())
    for label, estimate, variance in zip(expected["curves"], expected["est"], expected["var"], strict=True):
        arm, cause = label.rsplit(" ", 1)
        curve = cumulative_incidence(arms[arm], cause).at(expected["times"])
        assert_allclose(curve.estimate, estimate, rtol=RTOL)
        assert_allclose(curve.std_error**2, variance, rtol=RTOL)


def test_greenwood_variance_as_etm():
    arms = by_arm(melanoma())
    for arm, expected in COMPETING["melanoma_greenwood"].items():
        for column, cause in enumerate(("1", "2")):
            curve = cumulative_incidence(arms[arm], cause, variance="greenwood").at(expected["times"])
            estimate, variance = (np.array(expected[key]["values"])[:, column] for key in ("est", "var"))
            assert_allclose(curve.estimate, estimate, rtol=RTOL)
            assert_allclose(curve.std_error**2, variance, rtol=RTOL)


def test_jackknife_and_log_limits_as_survfit():
    expected, arms = COMPETING["mgus_jackknife"], by_arm(mgus())
    for row, (stratum, time) in enumerate(zip(expected["strata"], expected["time"], strict=True)):
        for state in (1, 2):
            arm = arms[stratum.removeprefix("sex=")]
            curve = cumulative_incidence(arm, str(state), variance="jackknife", conf_type="log").at([time])
            for field, key in (
                ("estimate", "pstate"),
                ("std_error", "std_err"),
                ("lower", "lower"),
                ("upper", "upper"),
            ):
                assert_allclose(getattr(curve, field)[0], expected[key][row][state], rtol=RTOL)
            assert curve.n_at_risk[0] == expected["n_risk"][row][0]


def test_delayed_entry_as_survfit():
    for case in COMPETING["jackknife_delayed_entry"]:
        data = CompetingRisks(case["time"], case["status"], ["1", "2"], entry=case["entry"])
        curve = cumulative_incidence(data, "1", variance="jackknife").at(case["times"])
        assert_allclose(curve.estimate, case["estimate"], rtol=RTOL, atol=1e-14)
        assert_allclose(curve.std_error, case["std_error"], rtol=1e-9, atol=1e-14)


def test_four_subjects_by_hand():
    curve = cumulative_incidence(CompetingRisks([1, 2, 3, 4], [1, 2, 1, 0], ["SSE", "death"]), "SSE")
    assert_allclose(curve.estimate, [1 / 4, 1 / 4, 1 / 2, 1 / 2], rtol=1e-12)
    assert_allclose(curve.std_error[0] ** 2, 1 / 16, rtol=1e-12)
    # at time 3: 1/16 (1 - 1/3)^2 + (3/4)^2/9 (1/2)^2 + (1/2)^2/4
    assert_allclose(curve.std_error[2] ** 2, 1 / 36 + 1 / 64 + 1 / 16, rtol=1e-12)
    assert_array_equal(curve.n_at_risk, [4, 3, 2, 1])
    assert_array_equal(curve.n_events, [1, 0, 1, 0])
    assert_array_equal(curve.n_censored, [0, 0, 0, 1])


def test_log_log_limits_act_on_the_incidence_itself():
    curve = cumulative_incidence(SMALL, "SSE")
    f, s = curve.estimate[0], curve.std_error[0]
    half = 1.959963984540054 * s / (f * -np.log(f))
    centre = np.log(-np.log(f))
    assert_allclose(
        [curve.lower[0], curve.upper[0]], np.exp(-np.exp([centre + half, centre - half])), rtol=1e-12
    )


@settings(max_examples=50, deadline=None)
@given(TWO_CAUSES)
def test_variances_equal_a_second_implementation(rows):
    time, status = zip(*rows, strict=True)
    data = CompetingRisks(time, status, ["1", "2"])
    expected = {
        "aalen": naive_aalen_error(time, status, 1),
        "greenwood": naive_greenwood_error(time, status, 1, 2),
        "jackknife": naive_jackknife_error(time, status, 1),
    }
    for variance, error in expected.items():
        curve = cumulative_incidence(data, "1", variance=variance)
        assert_allclose(curve.estimate, naive_incidence(time, status, 1), atol=1e-12)
        assert_allclose(curve.std_error**2, error**2, rtol=1e-10, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 2)), min_size=1, max_size=15))
def test_delayed_entry_equals_a_second_implementation(rows):
    entry, length, status = (np.array(column) for column in zip(*rows, strict=True))
    time = entry + length
    data = CompetingRisks(time, status, ["1", "2"], entry=entry)
    for variance, error in (
        ("greenwood", naive_greenwood_error(time, status, 1, 2, entry)),
        ("jackknife", naive_jackknife_error(time, status, 1, entry)),
    ):
        curve = cumulative_incidence(data, "1", variance=variance)
        assert_allclose(curve.estimate, naive_incidence(time, status, 1, entry=entry), atol=1e-12)
        assert_allclose(curve.std_error**2, error**2, rtol=1e-10, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_causes_and_event_free_probability_sum_to_one(rows):
    data = sample(rows)
    total = sum(cumulative_incidence(data, cause).estimate for cause in CAUSES)
    event_free = kaplan_meier(RightCensored(data.time, data.status > 0)).estimate
    assert_allclose(total + event_free, 1.0, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    for variance in VARIANCES:
        one = cumulative_incidence(sample(rows), "1", variance=variance)
        two = cumulative_incidence(sample(shuffled), "1", variance=variance)
        assert_array_equal(one.estimate, two.estimate)
        assert_allclose(one.std_error, two.std_error, rtol=1e-9, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from(VARIANCES), st.sampled_from(["log-log", "log", "plain", "logit", "arcsine"]))
def test_limits_hold_the_estimate_and_curve_rises(rows, variance, conf_type):
    curve = cumulative_incidence(sample(rows), "1", variance=variance, conf_type=conf_type)
    known = ~np.isnan(curve.lower)
    assert (curve.lower[known] <= curve.estimate[known] + 1e-12).all()
    assert (curve.estimate[known] <= curve.upper[known] + 1e-12).all()
    assert (np.diff(curve.estimate, prepend=0.0) >= 0).all()
    assert not np.isnan(curve.std_error).any()


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_doubling_subjects_keeps_the_estimate_and_halves_the_variance(rows):
    for variance in ("greenwood", "jackknife"):
        one = cumulative_incidence(sample(rows), "1", variance=variance)
        two = cumulative_incidence(sample(rows * 2), "1", variance=variance)
        assert_allclose(two.estimate, one.estimate, atol=1e-12)
        assert_allclose(two.std_error**2, one.std_error**2 / 2, rtol=1e-9, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_with_one_cause_it_is_one_minus_kaplan_meier(rows):
    time, status = zip(*rows, strict=True)
    event = np.array(status) > 0
    curve = cumulative_incidence(CompetingRisks(time, event, ["SSE"]), "SSE", variance="greenwood")
    survival = kaplan_meier(RightCensored(time, event))
    assert_allclose(curve.estimate, 1 - survival.estimate, atol=1e-12)
    alive = survival.estimate > 0
    assert_allclose(curve.std_error[alive], survival.std_error[alive], rtol=1e-9, atol=1e-12)


def test_all_censored_gives_zero_without_error():
    for variance in VARIANCES:
        curve = cumulative_incidence(CompetingRisks([3, 5], [0, 0], ["SSE"]), "SSE", variance=variance)
        for field in ("estimate", "std_error", "lower", "upper", "n_events"):
            assert_array_equal(getattr(curve, field), 0.0)


def test_cause_without_events_gives_zero_without_error():
    for variance in VARIANCES:
        curve = cumulative_incidence(
            CompetingRisks([3, 5, 7, 8], [2, 0, 2, 2], ["SSE", "death"]), "SSE", variance=variance
        )
        for field in ("estimate", "std_error", "lower", "upper"):
            assert_array_equal(getattr(curve, field), 0.0)


def test_events_at_time_zero_count():
    curve = cumulative_incidence(CompetingRisks([0, 0, 4, 5], [1, 2, 0, 1], ["SSE", "death"]), "SSE")
    assert_array_equal(curve.time, [0, 4, 5])
    assert_allclose(curve.estimate, [1 / 4, 1 / 4, 3 / 4], rtol=1e-12)


def test_one_subject_with_the_event():
    for variance, error in (("aalen", 1.0), ("greenwood", 0.0), ("jackknife", 0.0)):
        curve = cumulative_incidence(CompetingRisks([4], [1], ["SSE"]), "SSE", variance=variance)
        assert (curve.estimate[0], curve.std_error[0]) == (1.0, error)


def test_values_before_the_first_and_after_the_last_time():
    curve = cumulative_incidence(SMALL, "SSE").at([0, 100])
    assert_array_equal(curve.estimate[0], 0.0)
    assert_array_equal([curve.lower[0], curve.upper[0], curve.std_error[0]], 0.0)
    assert_allclose(curve.estimate[1], cumulative_incidence(SMALL, "SSE").estimate[-1])
    assert curve.n_at_risk.tolist() == [7.0, 0.0]


def test_quantile_is_the_first_time_of_that_incidence():
    curve = cumulative_incidence(SMALL, "SSE")
    assert curve.quantile(0.2)["estimate"].item() == 5.0
    assert np.isnan(curve.quantile(0.9)["estimate"].item())


def test_cause_changes_the_answer():
    assert (
        cumulative_incidence(SMALL, "SSE").estimate[-1] != cumulative_incidence(SMALL, "death").estimate[-1]
    )


def test_conf_level_widens_the_limits():
    narrow, wide = (cumulative_incidence(SMALL, "SSE", conf_level=level) for level in (0.9, 0.99))
    assert (wide.upper > narrow.upper).all()
    assert (wide.conf_level, narrow.conf_level) == (0.99, 0.9)


def test_conf_type_changes_the_limits_only():
    one, two = (cumulative_incidence(SMALL, "SSE", conf_type=kind) for kind in ("log-log", "plain"))
    assert_array_equal(one.std_error, two.std_error)
    assert (one.upper != two.upper).all()


def test_variance_changes_the_error_and_is_named():
    errors = {name: cumulative_incidence(SMALL, "SSE", variance=name) for name in VARIANCES}
    assert len({round(curve.std_error[0], 12) for curve in errors.values()}) == 2
    assert errors["aalen"].std_error[0] > errors["greenwood"].std_error[0]
    assert len({curve.method for curve in errors.values()}) == 3
    assert "infinitesimal jackknife" in errors["jackknife"].method


def test_time_unit_is_kept():
    data = CompetingRisks([1, 2], [1, 0], ["SSE"], time_unit="months")
    assert cumulative_incidence(data, "SSE").time_unit == "months"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cause": "pain"}, "cause must be one of 'SSE', 'death', got 'pain'"),
        ({"conf_level": 95}, "conf_level must lie strictly between 0 and 1, got 95"),
        ({"variance": "delta"}, "variance must be one of 'aalen', 'greenwood', 'jackknife', got 'delta'"),
        ({"conf_type": "loglog"}, "conf_type must be one of .*, got 'loglog'"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        cumulative_incidence(SMALL, **{"cause": "SSE", **arguments})
