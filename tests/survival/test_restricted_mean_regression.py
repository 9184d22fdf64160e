from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read
from tests.support.references_restricted import naive_influence, naive_weights

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.survival import restricted_mean_regression

EXPECTED = cases("rmst")
KINDS = ("difference", "ratio", "lost_ratio")
RTOL_SURVRM2 = 1e-10  # the case asks for 1e-6
RTOL_LOOPS = 1e-8

TIME = [2, 4, 6, 8, 3, 7, 9, 9, 5, 5, 1, 8]
EVENT = [1, 1, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1]
ARM = list("ccccddddcdcd")
AGE = [70, 50, 60, 40, 65, 55, 45, 50, 61, 72, 58, 49]
DATA = RightCensored(TIME, EVENT)
COVARIATES = pd.DataFrame({"age": AGE})


def fit(data=DATA, arm=ARM, covariates=COVARIATES, **options):
    return restricted_mean_regression(data, arm, covariates, **{"horizon": 8, **options})


@pytest.mark.parametrize("kind", KINDS)
def test_pbc_as_survrm2(kind):
    frame = read("pbc").iloc[:312]
    data = RightCensored(frame.time / 365.25, frame.status == 2, time_unit="years")
    result = fit(data, frame.trt == 1, frame[["age", "bili", "albumin"]], horizon=10, kind=kind)
    name = "rmtl_ratio" if kind == "lost_ratio" else kind
    expected = EXPECTED["pbc_adjusted"][name]
    table = pd.DataFrame(expected["values"], index=expected["rows"], columns=expected["cols"])
    assert result.names == ("intercept", "arm", "age", "bili", "albumin")
    assert_allclose(result.coefficient, table["coef"], rtol=RTOL_SURVRM2)
    assert_allclose(result.std_error, table["se(coef)"], rtol=RTOL_SURVRM2)
    assert_allclose(result.p_value, table["p"], rtol=1e-9, atol=1e-15)  # there 2 (1 - Phi(|z|))
    if kind == "difference":
        limits = (result.lower, result.upper)
    else:
        limits = (result.ratio_lower, result.ratio_upper)
        assert_allclose(result.ratio, table["exp(coef)"], rtol=RTOL_SURVRM2)
    assert_allclose(limits, [table["lower .95"], table["upper .95"]], rtol=RTOL_SURVRM2)


def lung_months():
    frame = read("lung").dropna(subset=["ph.karno"])
    data = RightCensored(np.ceil(frame.time / 30.4375), frame.status == 2, time_unit="months")
    return data, frame.sex, frame[["age", "ph.karno"]], 12


def veteran():
    frame = read("veteran")
    return RightCensored(frame.time, frame.status), frame.trt, frame[["karno", "age", "prior"]], 180


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("case", "sample"), [("lung_months_adjusted", lung_months), ("veteran_adjusted", veteran)]
)
def test_ties_as_the_equations_solved_by_lm_and_glm(case, sample, kind):
    data, arm, covariates, horizon = sample()
    result, expected = fit(data, arm, covariates, horizon=horizon, kind=kind), EXPECTED[case][kind]
    assert_allclose(result.coefficient, expected["coef"], rtol=RTOL_LOOPS)
    assert_allclose(result.std_error, expected["se"], rtol=RTOL_LOOPS)
    assert_allclose(result.covariance[1, 2], expected["covariance_of_arm_and_first"], rtol=1e-7)


samples = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 1), st.integers(0, 1), st.integers(0, 4)),
    min_size=12,
    max_size=40,
)


@given(samples, st.sampled_from([3, 6, 9]), st.sampled_from(KINDS))
@settings(max_examples=80, deadline=None)
def test_scores_and_sandwich_as_the_naive_loops(sample, horizon, kind):
    time, event, arm, x = (np.array(column, float) for column in zip(*sample, strict=True))
    try:
        result = fit(RightCensored(time, event), arm, pd.DataFrame({"x": x}), horizon=horizon, kind=kind)
    except (NotEstimable, NotConverged, InvalidArgument):
        return
    restricted, known, weight = naive_weights(time, event, arm, horizon)
    design = np.column_stack([np.ones(time.size), arm, x])
    linear = design @ result.coefficient
    fitted = linear if kind == "difference" else np.exp(linear)
    slope = np.ones(time.size) if kind == "difference" else fitted
    response = horizon - restricted if kind == "lost_ratio" else restricted
    scores = design * (weight * (response - fitted))[:, None]
    assert_allclose(scores.sum(axis=0), 0, atol=1e-9 * (weight @ np.abs(design)).max())
    influence = naive_influence(scores, restricted, known, arm)
    bread = np.linalg.inv((design * slope[:, None]).T @ design)
    expected = bread @ influence.T @ influence @ bread
    assert_allclose(result.covariance, expected, rtol=1e-7, atol=1e-9 * np.abs(expected).max() + 1e-18)
    assert (result.lower <= result.coefficient).all()
    assert (result.coefficient <= result.upper).all()


@given(samples, st.sampled_from(KINDS), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_unit_control_and_doubled_rows(sample, kind, random):
    time, event, arm, x = (np.array(column, float) for column in zip(*sample, strict=True))

    def values(rows, scale=1.0, **options):
        data, table = RightCensored(scale * time[rows], event[rows]), pd.DataFrame({"x": x[rows]})
        result = fit(data, arm[rows], table, horizon=6 * scale, kind=kind, **options)
        return np.array([result.coefficient, result.std_error])

    everyone = np.arange(time.size)
    try:
        here = values(everyone)
    except (NotEstimable, NotConverged, InvalidArgument):
        return
    close = {"rtol": 1e-7, "atol": 1e-9}
    assert_allclose(values(np.array(random.sample(range(time.size), time.size))), here, **close)
    twice = values(np.concatenate([everyone, everyone]))
    assert_allclose(twice, here * np.array([[1], [np.sqrt(0.5)]]), **close)
    other = values(everyone, 4.0)
    if kind == "difference":
        assert_allclose(other, 4 * here, **close)
    else:
        assert_allclose(other - [[np.log(4), 0, 0], [0, 0, 0]], here, **close)
    assert_allclose(values(everyone, control=1)[:, 1], here[:, 1] * [-1, 1], **close)


def test_without_censoring_it_is_least_squares_with_the_sandwich_of_white():
    frame = read("veteran").query("status == 1")
    result = fit(RightCensored(frame.time, frame.status), frame.trt, frame[["karno"]], horizon=100)
    design = np.column_stack([np.ones(len(frame)), frame.trt - 1, frame.karno])
    response = np.minimum(frame.time, 100).to_numpy(float)
    coefficient = np.linalg.lstsq(design, response, rcond=None)[0]
    bread = np.linalg.inv(design.T @ design)
    meat = design.T @ (design * ((response - design @ coefficient) ** 2)[:, None])
    assert_allclose(result.coefficient, coefficient, rtol=1e-10)
    assert_allclose(result.covariance, bread @ meat @ bread, rtol=1e-8)


def test_shifted_and_rescaled_covariates_change_their_own_coefficient_only():
    here = fit()
    there = fit(covariates=pd.DataFrame({"age": np.array(AGE) * 1e-3 + 2000}))
    assert_allclose(there.coefficient[1], here.coefficient[1], rtol=1e-8)
    assert_allclose(there.coefficient[2], here.coefficient[2] * 1e3, rtol=1e-8)
    assert_allclose(there.std_error[1:], here.std_error[1:] * [1, 1e3], rtol=1e-8)


def test_horizon_and_kind_change_the_answer():
    results = [fit(), fit(horizon=5), fit(kind="ratio"), fit(kind="lost_ratio")]
    assert len({round(float(result.coefficient[1]), 6) for result in results}) == 4
    assert [result.n_events for result in results] == [6, 4, 6, 6]
    # the experimental arm lives longer and loses less
    assert results[2].coefficient[1] > 0 > results[3].coefficient[1]


def test_fields_without_meaning_are_missing():
    result = fit()
    missing = [result.log_likelihood, result.log_likelihood_null, *result.naive_std_error, *result.ratio]
    missing += [result.score_test.statistic, result.likelihood_ratio_test.statistic, *result.ratio_upper]
    assert np.isnan([*missing, result.robust_score_test.p_value]).all()
    ratio = fit(kind="ratio")
    assert_allclose(ratio.ratio, np.exp(ratio.coefficient), rtol=1e-14)
    assert result.converged
    assert result.n_subjects == 12
    inner, part = np.linalg.inv(result.covariance[1:, 1:]), result.coefficient[1:]
    assert_allclose(result.wald_test.statistic, part @ inner @ part, rtol=1e-9)
    assert result.wald_test.df == 2


def test_method_names_the_choices():
    assert fit(control="d", kind="lost_ratio").method == (
        "restricted mean survival time to 8 days regressed on arm and covariates, log link of the time lost, "
        "weights 1/G(t) of censoring by arm, sandwich covariance with the estimation of G, Wald limits and "
        "p-values, reference d"
    )


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_tiny_and_huge_times(scale):
    data = RightCensored(DATA.time * scale, EVENT)
    assert_allclose(fit(data, horizon=8 * scale).coefficient, fit().coefficient * scale, rtol=1e-9)
    assert_allclose(
        fit(data, horizon=8 * scale, kind="ratio").p_value[1:], fit(kind="ratio").p_value[1:], rtol=1e-7
    )


def test_a_covariate_that_separates_those_who_lose_nothing_has_no_solution():
    data = RightCensored([2, 3, 9, 9, 4, 5, 9, 9], [1, 1, 0, 0, 1, 1, 0, 0])
    late = pd.DataFrame({"late": [0, 0, 1, 1, 0, 0, 1, 1]})
    with pytest.raises(NotConverged, match=r"no solution: .* grow without end .*late"):
        fit(data, list("ccccdddd"), late, kind="lost_ratio")
    assert_allclose(fit(data, list("ccccdddd"), late).coefficient[2], 8 - 3.5, rtol=1e-12)
    gone = RightCensored([2, 3, 9, 9, 9, 9, 9, 9], [1, 1, 0, 0, 0, 0, 0, 0])
    with pytest.raises(NotConverged, match=r"no solution: .* grow without end .*arm"):
        fit(gone, list("ccccdddd"), pd.DataFrame({"x": [1, 2, 2, 1, 1, 2, 1, 2]}), kind="lost_ratio")


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (
            {"x": [1.0] * 12},
            r"1 column\(s\) do not vary among the rows with an event or the horizon reached \(x\)",
        ),
        (
            {"x": AGE, "y": [2 * a for a in AGE]},
            r"covariate y is determined by those before it \(intercept, arm, x\)",
        ),
        ({"x": [a == "d" for a in ARM]}, r"covariate x is determined by those before it \(intercept, arm\)"),
    ],
)
def test_constant_and_collinear_covariates_are_refused(frame, message):
    with pytest.raises(NotEstimable, match=message):
        fit(covariates=pd.DataFrame(frame))


def test_follow_up_that_ends_before_the_horizon_is_refused():
    with pytest.raises(
        NotEstimable, match=r"the last time of arm d \(9 days\) is censored before the horizon \(9.5\)"
    ):
        fit(RightCensored(TIME, [*EVENT[:3], 1, *EVENT[4:]]), horizon=9.5)
    with pytest.raises(NotEstimable, match=r"no events among 12 row\(s\) before the horizon"):
        fit(horizon=0.5)
    with pytest.raises(NotEstimable, match=r"no events among 12 row\(s\) before the horizon"):
        fit(horizon=1)
    with pytest.raises(NotEstimable, match="all known times are 0"):
        fit(RightCensored([0] * 12, [1] * 12), kind="ratio")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "odds"}, "kind must be one of"),
        ({"horizon": 0}, "horizon must be a positive number"),
        ({"control": "e"}, "control must be one of the arms"),
        ({"arm": ["c"] * 12}, "arm must have at least two labels"),
        ({"arm": list("abc") * 4}, r"arm must have two labels, got 3 \(a, b, c\): keep the rows of two arms"),
        ({"arm": ARM[:5]}, r"arm must have one entry a row \(12\), got 5"),
        ({"covariates": COVARIATES[:5]}, r"covariates must have one entry a row \(12\), got 5"),
        ({"covariates": COVARIATES.rename(columns={"age": "arm"})}, "covariates may not be named arm"),
        (
            {"covariates": COVARIATES.replace(70, np.nan)},
            r"covariates must be known and finite \(age\): 1 row",
        ),
        ({"covariates": [1] * 12}, "covariates must be a pandas DataFrame"),
        ({"data": RightCensored(TIME, EVENT, weight=[2] * 12)}, "takes no delayed entry and no case weights"),
        (
            {"data": RightCensored(TIME, EVENT, entry=[0.5] * 12)},
            "takes no delayed entry and no case weights",
        ),
    ],
)
def test_wrong_arguments_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        fit(**options)
