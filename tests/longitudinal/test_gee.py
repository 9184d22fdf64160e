from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from statsmodels.regression.linear_model import OLS
from tests.support.golden import cases
from tests.support.visit_data import drawn, measures, orthodont, pain

from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.longitudinal import RepeatedMeasures, gee, mixed_model

GOLDEN = cases("longitudinal")


def equals(fit, expected, rtol=1e-7):
    assert_allclose(fit.contrasts["estimate"], expected["estimate"], rtol=rtol)
    assert_allclose(fit.contrasts["std_error"], expected["std_error"], rtol=rtol)


@pytest.mark.parametrize("working", ["exchangeable", "independence"])
def test_equals_geepack(working):
    fit, expected = gee(pain(), working=working), GOLDEN[f"gee_{working}"]
    equals(fit, expected)
    assert_allclose(fit.scale, expected["scale"], rtol=1e-8)
    if working == "exchangeable":
        assert_allclose(fit.correlation.iloc[0, 1:], expected["alpha"], rtol=1e-8)


@pytest.mark.parametrize("working", ["exchangeable", "independence"])
def test_responses_equal_geepack(working):
    fit = gee(pain(binary=True), family="binomial", working=working, baseline_by_visit=False)
    equals(fit, GOLDEN[f"gee_binomial_{working}"], rtol=1e-6)
    assert_allclose(fit.contrasts["odds_ratio"], np.exp(fit.contrasts["estimate"]))
    assert_allclose(fit.contrasts["ratio_lower"], np.exp(fit.contrasts["lower"]))
    assert fit.scale == 1
    assert fit.means["probability"].between(0, 1).all()


def test_unstructured_correlation_of_complete_data_equals_geepack():
    fit, expected = gee(orthodont(), working="unstructured"), GOLDEN["gee_orthodont_unstructured"]
    equals(fit, expected)


def test_the_small_sample_correction_is_that_of_the_definition():
    fit = gee(pain(), working="independence", small_sample="mancl-derouen")
    assert_allclose(fit.contrasts["std_error"], GOLDEN["mancl_derouen"]["std_error"], rtol=1e-8)
    assert "Mancl and DeRouen" in fit.method
    assert (fit.contrasts["std_error"] > gee(pain(), working="independence").contrasts["std_error"]).all()


def test_autoregressive_correlation_falls_with_the_lag():
    fit = gee(pain(), working="ar1")
    rho = fit.correlation.iloc[0, 1]
    assert_allclose(fit.correlation.iloc[0], rho ** np.arange(4))
    assert_allclose(
        fit.contrasts["estimate"], mixed_model(pain(), covariance="ar1").contrasts["estimate"], atol=0.1
    )


def test_one_slope_of_the_baseline_differs_from_one_a_visit():
    one, other = gee(pain(), baseline_by_visit=False), gee(pain())
    assert len(one.coefficients) == len(other.coefficients) - 3
    assert not np.allclose(one.contrasts["estimate"], other.contrasts["estimate"])


def test_one_visit_is_least_squares_with_robust_errors():
    frame, data = drawn(3, m=1, missing=0)
    terms = np.column_stack([np.ones(len(frame)), frame.arm == "t", frame.base]).astype(float)
    peer = OLS(frame.value, terms).fit(cov_type="HC0")
    for working in ("exchangeable", "unstructured", "ar1"):
        found = gee(data, working=working).contrasts.iloc[0]
        assert_allclose(
            [found.estimate, found.std_error, found.p_value],
            [peer.params["x1"], peer.bse["x1"], peer.pvalues["x1"]],
        )


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["exchangeable", "ar1", "independence"]))
def test_swapping_the_arms_negates_and_the_order_of_rows_does_not_matter(seed, working):
    frame, data = drawn(seed)
    turned = frame.sample(frac=1, random_state=seed % 1000)
    one, other = (gee(x, working=working).contrasts for x in (data, measures(turned, control="t")))
    assert_allclose(one["estimate"], -other["estimate"], atol=1e-7)
    assert_allclose(one["lower"], -other["upper"], atol=1e-7)
    assert_allclose(one["std_error"], other["std_error"], rtol=1e-7)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1e-5, 300.0]))
def test_the_unit_of_the_values_only_scales(seed, scale):
    frame, data = drawn(seed)
    one, other = gee(data), gee(measures(frame, scale=scale))
    assert_allclose(
        other.contrasts["estimate"], scale * one.contrasts["estimate"], rtol=1e-6, atol=1e-9 * scale
    )
    assert_allclose(other.contrasts["p_value"], one.contrasts["p_value"], rtol=1e-6)
    assert_allclose(other.scale, scale**2 * one.scale, rtol=1e-7)


def test_the_level_sets_the_limits():
    found = gee(pain(), conf_level=0.9).contrasts
    assert_allclose(found["upper"] - found["estimate"], 1.6448536269514722 * found["std_error"])


def binary(values, m=1):
    n = len(values)
    return RepeatedMeasures(range(n), [1] * n, values, ["x"] * (n // 2) + ["y"] * (n - n // 2))


def test_an_arm_of_responders_only_has_no_odds_ratio():
    with pytest.raises(NotEstimable, match=r"all or no responders in 1 cell\(s\) \(y at 1\)"):
        gee(binary([0, 1, 0, 1, 1, 1, 1, 1]), family="binomial")


def test_values_other_than_responses_are_refused():
    with pytest.raises(InvalidArgument, match=r"must be 0 or 1: 1 are not \(of 3\)"):
        gee(binary([0, 1, 0, 2, 1, 1, 0, 1]), family="binomial")


def test_a_baseline_that_separates_the_responders_does_not_settle():
    values, n = [0, 0, 1, 1, 0, 0, 1, 1], 8
    data = RepeatedMeasures(range(n), [1] * n, values, list("xxxxyyyy"), baseline=[1, 2, 8, 9, 1, 3, 7, 9])
    with pytest.raises(NotConverged, match=r"do not settle|no solution"):
        gee(data, family="binomial")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"working": "toeplitz"}, "working must be one of"),
        ({"family": "poisson"}, "family must be one of"),
        ({"small_sample": "kc"}, "small_sample must be one of"),
        ({"conf_level": 0}, "conf_level"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InvalidArgument, match=message):
        gee(pain(), **options)


def test_values_that_are_fitted_exactly_have_no_standard_error():
    subject, visit = [1, 2, 3, 4, 5, 6, 1, 4], [1] * 6 + [2] * 2
    data = RepeatedMeasures(subject, visit, [1, 2, 4, 2, 5, 4, 3, 7], list("cccdddcd"))
    fit = gee(data, working="independence")
    assert np.isfinite(fit.contrasts["std_error"][0])
    assert np.isnan(fit.contrasts["std_error"][1])
    assert fit.contrasts["estimate"][1] == pytest.approx(4)
    assert "no standard error of c at 2, d at 2: no residuals" in fit.method


def test_constant_and_absent_values_are_refused():
    with pytest.raises(NotEstimable, match="are the same"):
        gee(binary([2.0] * 8))
    with pytest.raises(NotEstimable, match="no subject has a value"):
        gee(binary([np.nan] * 8))


def test_a_visit_of_one_constant_value_has_no_test_and_no_warning():
    frame, _ = drawn(1, missing=0)
    fit = gee(measures(frame.assign(value=frame.value.mask(frame.visit == 60, 4.0))))
    assert fit.contrasts["std_error"].isna().tolist() == [False, True, False]
    assert np.isnan(fit.arm_test.p_value)
    assert "a difference without residuals has no robust variance" in fit.arm_test.method


def test_a_subject_alone_in_a_cell_has_no_correction_of_its_residual():
    frame, _ = drawn(1, missing=0, baseline=False)
    alone = measures(frame.loc[(frame.visit < 90) | frame.subject.isin([0, 1, 2])], baseline=False)
    with pytest.raises(NotEstimable, match=r"1 subject\(s\) \(1\) determine a mean or slope alone"):
        gee(alone, small_sample="mancl-derouen")
    assert np.isfinite(gee(alone).contrasts["estimate"]).all()


def test_values_without_residuals_are_refused():
    frame, _ = drawn(1, missing=0)
    with pytest.raises(NotEstimable, match="fit every value exactly"):
        gee(measures(frame.assign(value=2 * frame.base + frame.visit)))
