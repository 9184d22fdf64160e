from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.count_rows import counts, from_counts, two_totals
from tests.support.golden import cases

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument, NotConverged
from skeletal.recurrent import event_rate, rate_difference, rate_ratio, rate_regression

GOLDEN = cases("rates")
MODELS = ["negative-binomial", "poisson-robust", "poisson", "exact", "score"]
REGRESSIONS = MODELS[:3]
Z = 1.959963984540054


def numbers(values):
    return [float(value) for value in values]


@pytest.mark.parametrize("case", GOLDEN["exact"], ids=json.dumps)
def test_exact_limits_and_p_value_equal_poisson_test(case):
    data, arm = two_totals(case["events"][::-1], case["years"][::-1])
    found = rate_ratio(data, arm, model="exact", conf_level=case["level"])
    assert_allclose([found.lower, found.upper], numbers(case["limits"]), rtol=1e-10)
    assert_allclose(found.p_value, case["p"], rtol=1e-9)
    assert_allclose(found.estimate, float(case["estimate"]), rtol=1e-12)


@pytest.mark.parametrize("case", GOLDEN["score"], ids=json.dumps)
def test_score_and_wald_limits_equal_their_definition(case):
    data, arm = two_totals(case["events"][::-1], case["years"][::-1])
    level = {"conf_level": case["level"]}
    ratio, difference = rate_ratio(data, arm, model="score", **level), rate_difference(data, arm, **level)
    assert_allclose([ratio.lower, ratio.upper], case["ratio"], rtol=1e-9)
    assert_allclose([difference.lower, difference.upper], case["difference"], rtol=1e-9)
    assert_allclose([ratio.p_value, difference.p_value], case["p"], rtol=1e-9)
    poisson = rate_ratio(data, arm, model="poisson", **level)
    assert_allclose([poisson.lower, poisson.upper], case["log_wald"], rtol=1e-9)
    wald = rate_difference(data, arm, method="wald", **level)
    assert_allclose([wald.lower, wald.upper], case["wald_difference"], rtol=1e-9)


def test_references_of_two_rates():
    expected = GOLDEN["bi-009"]
    data, arm = two_totals([61, 38], [110.2, 120.5])
    limits = {model: rate_ratio(data, arm, model=model) for model in ("score", "exact", "poisson")}
    for model, name in (("score", "score_ratio_ci"), ("exact", "exact_ci"), ("poisson", "log_wald_ci")):
        assert_allclose([limits[model].lower, limits[model].upper], expected[name], rtol=1e-6)
    found = rate_difference(data, arm)
    assert_allclose([found.lower, found.upper], expected["score_diff_ci"], rtol=1e-5)
    assert_allclose(limits["exact"].p_value, expected["exact_p"], rtol=1e-10)


def test_reference_of_the_rates_of_two_arms_and_their_exact_ratio():
    expected = GOLDEN["re-037"]
    data, frame = counts("cgd")
    for arm in expected["arms"]:
        own = (frame.treat == arm["arm"]).to_numpy()
        rate = event_rate(RecurrentEvents(*(getattr(data, name)[own] for name in
                                            ("subject", "start", "stop", "status"))))  # fmt: skip
        assert_allclose([rate.estimate, rate.lower, rate.upper], [arm["rate"], *arm["ci"]], rtol=1e-7)
    found = rate_ratio(data, frame.treat, control="rIFN-g", model="exact")
    assert_allclose([found.estimate, found.lower, found.upper], [expected["ratio"], *expected["ratio_ci"]],
                    rtol=1e-7)  # fmt: skip
    assert_allclose(found.p_value, expected["p"], rtol=1e-7)


def test_models_equal_their_references_on_cgd():
    data, frame = counts("cgd")
    binomial = rate_ratio(data, frame.treat)
    expected = GOLDEN["cgd_arm"]
    assert_allclose(np.log(binomial.estimate), expected["coef"][1], rtol=1e-9)
    assert_allclose(binomial.std_error, expected["std_error"][1], rtol=1e-8)
    expected = GOLDEN["cgd_poisson"]
    for model, error in (("poisson", "std_error"), ("poisson-robust", "hc0")):
        found = rate_ratio(data, frame.treat, model=model)
        assert_allclose(np.log(found.estimate), expected["coef"][1], rtol=1e-9)
        assert_allclose(found.std_error, expected[error][1], rtol=1e-6)


def test_covariates_adjust_as_in_the_regression():
    data, frame = counts("cgd")
    adjust = frame[["age", "xl"]].astype(float)
    found = rate_ratio(data, frame.treat, covariates=adjust)
    expected = GOLDEN["cgd_adjusted"]
    assert_allclose(np.log(found.estimate), expected["coef"][1], rtol=1e-8)
    assert_allclose(found.std_error, expected["std_error"][1], rtol=1e-8)
    assert "adjusted for age, xl" in found.method
    fit = rate_regression(data, adjust.assign(arm=frame.rIFN.astype(float)), model="poisson-robust")
    found = rate_ratio(data, frame.treat, covariates=adjust, model="poisson-robust")
    assert_allclose(
        [np.log(found.estimate), found.p_value], [fit.coefficient[-1], fit.p_value[-1]], rtol=1e-7
    )


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9), st.booleans()), min_size=4, max_size=14),
    st.sampled_from(MODELS),
    st.sampled_from([0.5, 0.95]),
)
def test_limits_hold_the_ratio_and_swapping_the_arms_inverts_it(rows, model, level):
    events, years, second = (
        np.array(column) for column in zip((2, 3, True), (3, 2, False), (1, 1, True), *rows, strict=True)
    )
    data, who = from_counts(events, years)
    arm = np.where(second, "E", "C")[who]
    found = rate_ratio(data, arm, model=model, conf_level=level)
    back = rate_ratio(data, arm, control="E", model=model, conf_level=level)
    assert found.lower <= found.estimate <= found.upper
    assert_allclose(
        [back.estimate, back.lower, back.upper], 1 / np.array([found.estimate, found.upper, found.lower]),
        rtol=1e-6,
    )  # fmt: skip
    assert_allclose([back.std_error, back.p_value], [found.std_error, found.p_value], rtol=1e-6)
    months = RecurrentEvents(data.subject, data.start * 12, data.stop * 12, data.status, time_unit="months")
    assert_allclose(rate_ratio(months, arm, model=model, conf_level=level).upper, found.upper, rtol=1e-6)


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9), st.booleans()), min_size=1, max_size=9))
def test_swapping_the_arms_negates_the_difference(rows):
    events, years, second = (
        np.array(column) for column in zip((0, 3, True), (3, 2, False), *rows, strict=True)
    )
    data, who = from_counts(events, years)
    arm = np.where(second, "E", "C")[who]
    for method in ("score", "wald"):
        found = rate_difference(data, arm, method=method)
        back = rate_difference(data, arm, control="E", method=method)
        assert found.lower <= found.estimate <= found.upper
        assert_allclose([back.estimate, back.lower, back.upper],
                        [-found.estimate, -found.upper, -found.lower], atol=1e-10)  # fmt: skip


@pytest.mark.parametrize("model", MODELS)
def test_with_one_common_exposure_the_ratio_is_that_of_the_totals(model):
    data, who = from_counts([4, 0, 1, 3, 2, 0, 0, 1], np.full(8, 2.5))
    found = rate_ratio(data, np.repeat(["C", "E"], 4)[who], model=model)
    assert_allclose(found.estimate, 3 / 8, rtol=1e-9)


@pytest.mark.parametrize(
    ("events", "estimate", "score"),
    [([5, 0], 0.0, [0, Z**2 / 5 * 3 / 4]), ([0, 5], np.inf, [5 / Z**2 * 3 / 4, np.inf])],
)
def test_an_arm_without_events_has_exact_and_score_limits(events, estimate, score):
    """The score limits in closed form: (y1 - r y0)^2 = z^2 r (y0 + y1) with one of them 0."""
    data, arm = two_totals(events, [3, 4])
    found = rate_ratio(data, arm, model="score")
    assert_allclose([found.lower, found.upper], score, rtol=1e-10)
    exact = rate_ratio(data, arm, model="exact")
    assert found.estimate == exact.estimate == estimate
    assert np.isnan(found.std_error)
    assert "no events in" in exact.method


@pytest.mark.parametrize("model", REGRESSIONS)
def test_an_arm_without_events_has_no_limits_in_a_model_and_the_reason_is_said(model):
    data, arm = two_totals([5, 0], [3, 4])
    found = rate_ratio(data, arm, model=model)
    assert found.estimate == 0
    assert np.isnan([found.std_error, found.lower, found.upper, found.p_value]).all()
    assert "no events in E" in found.method
    assert "model='exact'" in found.method
    assert np.isnan(rate_ratio(data, arm, control="E", model=model).estimate)


def test_no_events_at_all():
    data, arm = two_totals([0, 0], [3, 4])
    for model in ("exact", "score"):
        found = rate_ratio(data, arm, model=model)
        assert np.isnan(found.estimate)
        assert (found.lower, found.upper, found.p_value) == (0, np.inf, 1)
    assert "no events in C and E" in rate_ratio(data, arm).method
    difference = rate_difference(data, arm)
    assert_allclose([difference.lower, difference.upper], [-(Z**2) / 3, Z**2 / 4], rtol=1e-9)
    wald = rate_difference(data, arm, method="wald")
    assert wald.estimate == 0
    assert np.isnan([wald.std_error, wald.lower, wald.p_value]).all()


def test_the_restricted_rates_of_an_arm_without_events():
    """0 of 4 years against 5 of 3: the lower limit is where the control rate alone explains its 5 events."""
    data, arm = two_totals([5, 0], [3, 4])
    found = rate_difference(data, arm)

    def z(difference):
        """Statistic with the likeliest rates found on a grid."""
        rate = np.linspace(max(0, -difference) + 1e-9, 6, 2_000_001)
        other = rate + difference
        control = rate[np.argmax(5 * np.log(rate) - 3 * rate - 4 * other)]
        return (-5 / 3 - difference) / np.sqrt(control / 3 + (control + difference) / 4)

    assert_allclose([z(found.lower), z(found.upper)], [Z, -Z], rtol=1e-4)


def test_the_arguments_that_change_the_answer():
    data, frame = counts("cgd")
    assert rate_ratio(data, frame.treat, conf_level=0.8).upper < rate_ratio(data, frame.treat).upper
    errors = {rate_ratio(data, frame.treat, model=model).upper for model in MODELS}
    assert len(errors) == len(MODELS)
    assert "rIFN-g over placebo" in rate_ratio(data, frame.treat).method
    assert "placebo over rIFN-g" in rate_ratio(data, frame.treat, control="rIFN-g").method
    assert rate_difference(data, frame.treat).upper != rate_difference(data, frame.treat, method="wald").upper
    assert rate_difference(data, frame.treat, conf_level=0.8).upper < rate_difference(data, frame.treat).upper


DATA, WHO = from_counts([2, 0, 1, 3], [1, 2, 3, 4])
ARM = np.array(["C", "E", "C", "E"])[WHO]


@pytest.mark.parametrize("function", [rate_ratio, rate_difference])
def test_bad_arms_are_named(function):
    moving = ARM.copy()
    moving[0] = "E"
    with pytest.raises(InvalidArgument, match=r"arm must be constant .*: 1 subject\(s\) have"):
        function(DATA, moving)
    with pytest.raises(InvalidArgument, match="arm must have two labels, got 3"):
        function(DATA, WHO % 3)
    with pytest.raises(InvalidArgument, match="at least two labels"):
        function(DATA, np.full(WHO.size, "C"))
    with pytest.raises(InvalidArgument, match="control must be one of"):
        function(DATA, ARM, control="X")
    with pytest.raises(InvalidArgument, match="one entry a row"):
        function(DATA, ARM[1:])
    with pytest.raises(InvalidArgument, match="conf_level"):
        function(DATA, ARM, conf_level=0)


def test_other_bad_arguments_are_named():
    with pytest.raises(InvalidArgument, match="model must be one of"):
        rate_ratio(DATA, ARM, model="quasi-poisson")
    with pytest.raises(InvalidArgument, match="method must be one of"):
        rate_difference(DATA, ARM, method="exact")
    for model in ("exact", "score"):
        with pytest.raises(InvalidArgument, match="covariates cannot be used with model="):
            rate_ratio(DATA, ARM, model=model, covariates=pd.DataFrame({"x": WHO}))
    with pytest.raises(NotConverged, match="x"):
        rate_ratio(DATA, ARM, covariates=pd.DataFrame({"x": (WHO == 1) * 1.0}))
    with pytest.raises(InvalidArgument, match="x must be constant within a subject"):
        rate_ratio(DATA, ARM, covariates=pd.DataFrame({"x": np.arange(WHO.size)}))


def test_the_result_is_frozen():
    found = rate_ratio(DATA, ARM, model="exact")
    assert replace(found, method="").estimate == found.estimate
    with pytest.raises(AttributeError):
        found.estimate = 1.0
