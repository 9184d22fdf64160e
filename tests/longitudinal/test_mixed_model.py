from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import chi2, ttest_ind
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS
from tests.support import naive_mixed as naive
from tests.support.golden import cases, read
from tests.support.visit_data import drawn, measures, orthodont, pain

from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.longitudinal import RepeatedMeasures, gee, mixed_model
from skeletal.longitudinal.covariance_structures import CovarianceStructure
from skeletal.longitudinal.restricted_likelihood import Sample, moments

GOLDEN = cases("longitudinal")
NUMBERS = ["estimate", "std_error", "df", "lower", "upper", "p_value"]
GLS = {
    "un": "unstructured",
    "ar1h": "heterogeneous-ar1",
    "csh": "heterogeneous-compound-symmetry",
    "cs": "compound-symmetry",
    "ar1": "ar1",
}


def equals_gls(fit, expected):
    assert_allclose(fit.log_likelihood, expected["log_likelihood"], atol=1e-6)
    assert_allclose(fit.contrasts["estimate"], expected["estimate"], atol=2e-6)  # gls stops a little early
    assert_allclose(fit.contrasts["std_error"], expected["std_error"], rtol=4e-6)
    means = fit.means.sort_values(["visit", "arm"], key=lambda c: c.map({"none": 0, "RT": 1}).fillna(c))
    assert_allclose(means["estimate"], expected["means"], rtol=2e-6)
    assert_allclose(means["std_error"], expected["mean_errors"], rtol=4e-6)
    assert_allclose(np.diag(fit.covariance), expected["variances"], rtol=1e-4)
    assert_allclose(fit.contrasts["df"], expected["df_approximate"], rtol=0.015)  # random draws in emmeans


@pytest.mark.parametrize("name", GLS)
def test_equals_generalised_least_squares_of_nlme(name):
    fit = mixed_model(pain(), covariance=GLS[name], fallback=())
    equals_gls(fit, GOLDEN[name])
    assert fit.covariance_used == GLS[name]


def test_one_slope_of_the_baseline_and_a_covariate_equal_nlme():
    equals_gls(mixed_model(pain(age=True), baseline_by_visit=False), GOLDEN["un_age"])


def test_complete_small_data_equal_nlme():
    fit, expected = mixed_model(orthodont()), GOLDEN["orthodont"]
    assert_allclose(fit.log_likelihood, expected["log_likelihood"], atol=1e-6)
    assert_allclose(fit.contrasts["estimate"], expected["estimate"], rtol=1e-6)
    assert_allclose(fit.contrasts["std_error"], expected["std_error"], rtol=2e-6)
    assert_allclose(fit.contrasts["df"], [25] * 4)  # complete: the t test of each visit


def few_visits():
    """Return 24 subjects with dropout and gaps."""
    d = read("few_visits")
    return RepeatedMeasures(d.id, d.k, d.value, d.arm, baseline=d.base)


@pytest.mark.parametrize("name", get_args(CovarianceStructure))
def test_every_structure_equals_nlme_in_few_subjects(name):
    fit = mixed_model(few_visits(), covariance=name, fallback=(), baseline_by_visit=False)
    expected = GOLDEN["few_visits"][name]
    assert_allclose(fit.log_likelihood, expected["log_likelihood"], atol=1e-6)
    assert_allclose(fit.contrasts["estimate"], expected["estimate"], rtol=5e-5)  # gls stops a little early
    assert_allclose(fit.contrasts["std_error"], expected["std_error"], rtol=5e-5)


def test_kenward_roger_equals_pbkrtest_in_few_subjects():
    expected = GOLDEN["kr_few_visits"]
    fit = mixed_model(
        few_visits(), covariance="compound-symmetry", baseline_by_visit=False, df="kenward-roger"
    )
    for column in ("estimate", "std_error", "df"):
        assert_allclose(fit.contrasts[column], expected[column], rtol=1e-7)
    statistic, ndf, _, p_value = expected["arm"]
    assert_allclose(
        [fit.arm_test.statistic, fit.arm_test.df, fit.arm_test.p_value], [statistic, ndf, p_value], rtol=1e-7
    )


def test_estimating_equations_equal_geepack_in_few_subjects():
    found, expected = gee(few_visits(), baseline_by_visit=False).contrasts, GOLDEN["gee_few_visits"]
    assert_allclose(found["estimate"], expected["estimate"], rtol=1e-9)
    assert_allclose(found["std_error"], expected["std_error"], rtol=1e-9)


@pytest.mark.parametrize(("name", "data"), [("kr_pain", pain), ("kr_orthodont", orthodont)])
@pytest.mark.parametrize(("df", "short"), [("kenward-roger", "kr"), ("satterthwaite", "satterthwaite")])
def test_random_intercepts_equal_lme4_with_either_degrees_of_freedom(name, data, df, short):
    expected = GOLDEN[name]
    fit = mixed_model(data(), covariance="compound-symmetry", df=df)
    assert_allclose(fit.log_likelihood, expected["log_likelihood"], atol=1e-7)
    for column in ("estimate", "std_error", "df", "p_value"):
        assert_allclose(fit.contrasts[column], expected[short][column], rtol=2e-6, err_msg=column)
    for test, key in ((fit.interaction_test, "interaction"), (fit.arm_test, "arm")):
        statistic, ndf, ddf, p_value = expected[f"{short[0] if short != 'kr' else 'kr'}_{key}"]
        assert_allclose([test.statistic, test.df, test.p_value], [statistic, ndf, p_value], rtol=2e-6)
        assert_allclose(float(test.method.split(" and ")[-1].split()[0]), ddf, rtol=1e-5)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_maximum_and_its_inference_are_those_of_the_definition(seed):
    """Everything about an unstructured fit from one matrix of all values, with derivatives by differences."""
    _, data = drawn(seed)
    parts = naive.matrices(data)
    fit, kr = mixed_model(data), mixed_model(data, df="kenward-roger")
    sigma = fit.covariance.to_numpy()
    steps = naive.directions(3)
    assert_allclose(fit.log_likelihood, naive.restricted_log_likelihood(parts, sigma), rtol=1e-10)
    assert_allclose(naive.gradient(parts, sigma, steps), 0, atol=1e-5)
    assert (np.linalg.eigvalsh(naive.curvature(parts, sigma, steps)) > 0).all()
    beta, cov = naive.fixed_effects(parts, sigma)
    adjusted, *rest = naive.kenward_roger(parts, sigma, steps)
    for visit in range(3):
        row = naive.contrast(visit, 3, beta.size)
        found, small = fit.contrasts.iloc[visit], kr.contrasts.iloc[visit]
        assert_allclose([found.estimate, found.std_error], [row @ beta, np.sqrt(row @ cov @ row)], rtol=1e-7)
        assert_allclose(found.df, naive.satterthwaite(parts, sigma, row, steps), rtol=1e-3)
        assert_allclose(small.std_error, np.sqrt(row @ adjusted @ row), rtol=1e-7)
        assert_allclose(small.df, naive.kenward_roger_df(row, *rest), rtol=1e-6)


@pytest.mark.parametrize("seed", [5, 28, 59])
def test_the_maximum_is_found_where_most_values_are_missing(seed):
    _, data = drawn(seed, n=40, m=4, missing=0.75)
    fit = mixed_model(data, fallback=())
    parts, sigma = naive.matrices(data), fit.covariance.to_numpy()
    assert_allclose(naive.gradient(parts, sigma, naive.directions(4)), 0, atol=1e-5)
    assert (np.linalg.eigvalsh(naive.curvature(parts, sigma, naive.directions(4))) > 0).all()


@pytest.mark.parametrize("name", ["heterogeneous-toeplitz", "toeplitz", "heterogeneous-ar1", "ar1"])
def test_structures_of_lags_are_at_their_maximum(name):
    fit = mixed_model(pain(), covariance=name, fallback=())
    parts = naive.matrices(pain())
    sigma = fit.covariance.to_numpy()
    spread = np.sqrt(np.diag(sigma))
    correlation = sigma / np.outer(spread, spread)
    lag = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    by_lag = [correlation[lag == k] for k in range(4)]
    assert all(np.ptp(found) < 1e-12 for found in by_lag)
    if "ar1" in name:
        assert_allclose([found[0] for found in by_lag], by_lag[1][0] ** np.arange(4))
        moves = [np.outer(spread, spread) * lag * by_lag[1][0] ** np.maximum(lag - 1, 0)]
    else:
        moves = [np.outer(spread, spread) * (lag == k) for k in (1, 2, 3)]
    if name.startswith("heterogeneous"):
        for k in range(4):
            unit = (np.arange(4) == k).astype(float)
            moves.append(sigma * (unit[:, None] + unit))
    else:
        assert np.ptp(spread) < 1e-12
        moves.append(sigma)
    assert_allclose(fit.log_likelihood, naive.restricted_log_likelihood(parts, sigma), rtol=1e-10)
    assert_allclose(naive.gradient(parts, sigma, moves), 0, atol=2e-4)


def test_kenward_roger_of_a_structure_that_is_not_linear_is_that_of_the_definition():
    """Variances and a correlation that falls with the lag; second derivatives by differences."""
    _, data = drawn(5)
    fit = mixed_model(data, covariance="heterogeneous-ar1", df="kenward-roger")
    sigma = fit.covariance.to_numpy()
    spread, lag = np.sqrt(np.diag(sigma)), np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    at = np.append(spread**2, sigma[0, 1] / (spread[0] * spread[1]))

    def matrix(numbers):
        return np.sqrt(np.outer(numbers[:3], numbers[:3])) * numbers[3] ** lag

    adjusted = naive.kenward_roger_by_differences(naive.matrices(data), matrix, at)
    rows = [naive.contrast(visit, 3, len(adjusted)) for visit in range(3)]
    expected = [np.sqrt(row @ adjusted @ row) for row in rows]
    assert_allclose(fit.contrasts["std_error"], expected, rtol=1e-5)


def test_degrees_of_freedom_do_not_depend_on_how_the_matrix_is_written():
    frame, _ = drawn(6, m=2)
    one = mixed_model(measures(frame)).contrasts
    other = mixed_model(measures(frame), covariance="heterogeneous-ar1").contrasts
    assert_allclose(one[NUMBERS], other[NUMBERS], rtol=1e-6)


def test_one_visit_is_analysis_of_covariance():
    frame, data = drawn(3, m=1, missing=0)
    first = frame.assign(arm=(frame.arm == "t").astype(float))
    peer = OLS(first.value, np.column_stack([np.ones(len(first)), first.arm, first.base])).fit()
    for df in ("satterthwaite", "kenward-roger"):
        fit = mixed_model(data, df=df)
        expected = [
            peer.params["x1"],
            peer.bse["x1"],
            peer.df_resid,
            *peer.conf_int().loc["x1"],
            peer.pvalues["x1"],
        ]
        assert_allclose(fit.contrasts[NUMBERS].iloc[0], expected, rtol=1e-9)
        assert np.isnan(fit.interaction_test.p_value)
        assert "only one visit" in fit.interaction_test.method
        assert_allclose(fit.arm_test.p_value, peer.pvalues["x1"], rtol=1e-9)


def test_complete_values_without_baseline_are_the_t_test_of_each_visit():
    frame, data = drawn(4, missing=0, baseline=False)
    found = mixed_model(data).contrasts.set_index("visit")["p_value"]
    for visit, rows in frame.groupby("visit"):
        arms = [rows.value[rows.arm == label] for label in "tc"]
        assert_allclose(found[visit], ttest_ind(*arms).pvalue, rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_swapping_the_arms_negates_the_contrasts(seed):
    frame, data = drawn(seed)
    one, other = mixed_model(data).contrasts, mixed_model(measures(frame, control="t")).contrasts
    assert_allclose(one["estimate"], -other["estimate"], atol=1e-9)
    assert_allclose(one[["std_error", "df", "p_value"]], other[["std_error", "df", "p_value"]], rtol=1e-6)
    assert_allclose(one["lower"], -other["upper"], atol=1e-7)
    assert (one["lower"] <= one["estimate"]).all()
    assert (one["estimate"] <= one["upper"]).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1e-6, 0.01, 250.0]), st.sampled_from([0.0, 7.0]))
def test_the_unit_of_the_values_and_the_order_of_rows_change_nothing_else(seed, scale, shift):
    frame, data = drawn(seed)
    turned = frame.sample(frac=1, random_state=seed % 1000)
    one, other = mixed_model(data), mixed_model(measures(turned, scale=scale, shift=shift * scale))
    for column in ("estimate", "std_error", "lower", "upper"):
        assert_allclose(other.contrasts[column], scale * one.contrasts[column], rtol=1e-6, atol=1e-8 * scale)
    assert_allclose(other.contrasts[["df", "p_value"]], one.contrasts[["df", "p_value"]], rtol=1e-5)
    free = one.n_values - len(one.coefficients)
    assert_allclose(other.log_likelihood, one.log_likelihood - free * np.log(scale), rtol=1e-8)


def test_the_level_sets_the_limits():
    wide, narrow = (mixed_model(pain(), conf_level=level).contrasts for level in (0.99, 0.8))
    assert (wide["upper"] > narrow["upper"]).all()
    half = narrow["std_error"] * student.ppf(0.9, narrow["df"])
    assert_allclose(narrow["upper"], narrow["estimate"] + half, rtol=1e-10)


def test_normal_limits():
    fit = mixed_model(pain(), df="normal")
    assert np.isinf(fit.contrasts["df"]).all()
    assert_allclose(
        fit.contrasts["upper"] - fit.contrasts["estimate"], 1.959963984540054 * fit.contrasts["std_error"]
    )
    assert_allclose(fit.arm_test.p_value, chi2.sf(4 * fit.arm_test.statistic, 4), rtol=1e-9)


def test_a_visit_nobody_or_one_arm_has_is_not_estimable_and_said():
    frame, data = drawn(8, m=2, missing=0)
    plain = mixed_model(data)
    more = pd.concat([frame, frame.query("visit == 30").assign(visit=180.0, value=np.nan)])
    fit = mixed_model(measures(more))
    assert fit.contrasts["estimate"].isna().tolist() == [False, False, True]
    assert_allclose(fit.contrasts["estimate"][:2], plain.contrasts["estimate"], rtol=1e-8)
    assert "not estimable at 180" in fit.method
    one_arm = frame.assign(value=frame.value.where((frame.visit == 30) | (frame.arm == "c")))
    fit = mixed_model(measures(one_arm))
    assert fit.contrasts["estimate"].isna().tolist() == [False, True]
    assert fit.means["estimate"].isna().tolist() == [False, False, False, True]


def test_where_unstructured_does_not_converge_the_fallback_is_named():
    """Nobody has values at both of the last visits."""
    frame, _ = drawn(9, n=30, missing=0)
    number = frame.subject % 4
    gone = ((number < 2) & (frame.visit == 90)) | ((number >= 2) & (frame.visit == 60))
    data = measures(frame.assign(value=frame.value.mask(gone)))
    fit = mixed_model(data, fallback=("compound-symmetry",))
    assert fit.covariance_used == "compound-symmetry"
    assert "unstructured did not converge (nobody has values at both visits of 1 pair(s)" in fit.method
    with pytest.raises(NotConverged, match="no covariance structure converges: unstructured did not"):
        mixed_model(data, fallback=())


def test_a_visit_that_repeats_another_has_no_unstructured_matrix():
    frame, _ = drawn(10, m=2, missing=0)
    again = frame.query("visit == 60").assign(visit=90.0)
    with pytest.raises(NotConverged, match="no covariance structure converges"):
        mixed_model(measures(pd.concat([frame, again])), fallback=())


def test_small_residuals_beside_large_differences_of_the_visits_are_no_exact_fit():
    frame, data = drawn(4, missing=0)
    far = mixed_model(measures(frame.assign(value=frame.value + 1e4 * frame.visit))).contrasts
    assert_allclose(far[NUMBERS], mixed_model(data).contrasts[NUMBERS], rtol=1e-4)


def test_joint_tests_of_few_subjects_say_why_they_have_no_p_value():
    fit = mixed_model(drawn(7, n=6, missing=0)[1], df="kenward-roger")
    assert np.isnan(fit.arm_test.p_value)
    assert "too few subjects for its degrees of freedom" in fit.arm_test.method


def test_a_matrix_that_leaves_the_terms_dependent_has_no_likelihood():
    """Whole numbers, so that elimination meets an exact 0 after rounding let the Cholesky factor pass."""
    rng = np.random.default_rng(3)
    terms = rng.integers(0, 3, (8, 1, 3)).astype(float)
    terms[:, :, 2] = terms[:, :, 0] + terms[:, :, 1]
    one = np.ones((8, 1))
    sample = Sample(
        value=rng.normal(size=(8, 1)),
        terms=terms,
        known=one,
        pattern=np.zeros(8, dtype=np.int64),
        patterns=np.ones((1, 1)),
        counts=np.array([8.0]),
    )
    assert moments(sample, np.ones((1, 1))) is None


def test_what_is_missing_and_why_is_said():
    method = mixed_model(pain()).method
    assert "113 of 480 values missing (57 dropout, 8 missed, 14 death, 34 structural)" in method
    assert "those after death and the end of collection by design are treated as if" in method
    assert "RT minus none" in method
    assert "baseline x visit" in method


def test_subjects_without_a_value_change_nothing():
    frame, data = drawn(11)
    more = frame.query("subject == 1").assign(subject=99, value=np.nan)
    fit = mixed_model(measures(pd.concat([frame, more])))
    assert_allclose(fit.contrasts["estimate"], mixed_model(data).contrasts["estimate"], rtol=1e-9)
    assert fit.n_subjects == mixed_model(data).n_subjects
    assert "1 subject(s) without any value" in fit.method


def test_a_note_on_the_data_is_repeated():
    frame, _ = drawn(1)
    data = RepeatedMeasures(frame.subject, frame.visit, frame.value, frame.arm, note="values are rounded")
    assert mixed_model(data).method.count("values are rounded") == 1


def simple(value, baseline=None):
    subjects = [s for s in "abcdef" for _ in range(2)]
    base = None if baseline is None else np.repeat(baseline, 2)
    return RepeatedMeasures(subjects, [1, 2] * 6, value, list("xxxxxxyyyyyy"), baseline=base)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (simple([np.nan] * 12), NotEstimable, "no subject has a value"),
        (simple([3.0] * 12), NotEstimable, "all 12 values are the same"),
        (simple([1, 2] + [np.nan] * 10), NotEstimable, "no visit has values of both arms"),
        (
            simple([1, 2, 3, 4, 1, 2, 6, 7, 8, 4, 3, 2], [1] * 6),
            NotEstimable,
            "baseline.* is the same for everybody",
        ),
        (simple([1, 2, 3, 4, 1, 2, 6, 7, 8, 4, 3, 2], [0, 0, 0, 1, 1, 1]), NotEstimable, "determined by"),
        (simple([1, 2, *[np.nan] * 8, 3, 5]), NotEstimable, "4 values cannot determine 4 means"),
        (simple([1, 2] * 3 + [3, 5] * 3), NotConverged, "fit every value exactly"),
    ],
)
def test_data_without_an_answer_are_refused(data, error, message):
    with pytest.raises(error, match=message):
        mixed_model(data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariance": "diagonal"}, "covariance must be one of"),
        ({"fallback": ("diagonal",)}, "fallback must be one of"),
        ({"fallback": "ar1"}, "sequence of structures"),
        ({"df": "residual"}, "df must be one of"),
        ({"conf_level": 1}, "conf_level"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InvalidArgument, match=message):
        mixed_model(pain(), **options)
