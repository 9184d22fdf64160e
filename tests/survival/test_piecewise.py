"""Piecewise exponential regression against R's glm, statsmodels and the exponential."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.recurrent import event_rate
from skeletal.survival import cox, parametric, piecewise_exponential

PARAMETRIC = cases("parametric")
RTOL = 1e-9
RTOL_GLM = 1e-8  # R's glm stops at 1e-8 of the deviance and keeps the weights of its last but one step


def values(entry):
    return np.array(list(entry.values()), dtype=float)


def colon():
    frame = read("colon").query("etype == 2 and rx != 'Lev'")
    return RightCensored(frame.time, frame.status), pd.DataFrame({"trt": frame.rx == "Lev+5FU"}).astype(int)


def heart():
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start, weight=1 + frame.id % 3)
    return data, frame[["age", "surgery", "transplant"]]


def test_colon_as_glm():
    data, covariates = colon()
    fit = piecewise_exponential(data, covariates, cuts=[365, 730, 1460])
    expected = PARAMETRIC["colon_piecewise"]
    assert_allclose(fit.coefficient, values(expected["coef"]), rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=RTOL_GLM)
    assert_allclose(fit.log_likelihood, expected["loglik_poisson"], rtol=RTOL)
    assert fit.names == ("(0, 365]", "(365, 730]", "(730, 1460]", "(1460, inf)", "trt")
    assert (fit.n_subjects, fit.n_events) == (619, 291)


def test_weights_and_start_stop_rows_as_glm():
    data, covariates = heart()
    fit = piecewise_exponential(data, covariates, cuts=[50, 200])
    expected = PARAMETRIC["piecewise_start_stop"]
    assert_allclose(fit.coefficient, values(expected["coef"]), rtol=RTOL, atol=1e-10)
    assert_allclose(fit.covariance, expected["var"], rtol=RTOL_GLM)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], [expected["null"], expected["loglik"]])
    gain = 2 * (expected["loglik"] - expected["null"])
    assert_allclose(fit.likelihood_ratio_test.statistic, gain, rtol=RTOL)
    assert fit.likelihood_ratio_test.df == 3
    assert "case weights" in fit.method


def split(data, edges):
    """One line a row and interval, by a loop."""
    lines = []
    for i, (start, stop, event) in enumerate(zip(data.entry, data.time, data.event, strict=True)):
        for j, (low, high) in enumerate(pairwise(edges)):
            time = min(stop, high) - max(start, low)
            if time > 0:
                lines.append((i, j, time, event if stop <= high else 0))
    return pd.DataFrame(lines, columns=["row", "interval", "time", "event"])


def test_tests_and_naive_lines_as_statsmodels():
    data, covariates = heart()
    lines = split(data, [0, 50, 200, np.inf])
    intervals = pd.get_dummies(lines.interval).astype(float).to_numpy()
    x = covariates.to_numpy()[lines.row]
    weight = data.weight[lines.row]

    def glm(design):
        family = sm.families.Poisson()
        model = sm.GLM(lines.event, design, family, exposure=lines.time, freq_weights=weight)
        return model.fit(tol=1e-14, maxiter=100)

    theirs, null = glm(np.column_stack([intervals, x])), glm(intervals)
    fit = piecewise_exponential(data, covariates, cuts=[50, 200])
    assert_allclose(fit.coefficient, theirs.params, rtol=RTOL, atol=1e-10)
    assert_allclose(fit.std_error, theirs.bse, rtol=RTOL_GLM)
    assert_allclose(fit.naive_std_error, fit.std_error)
    assert_allclose(fit.log_likelihood, theirs.llf, rtol=RTOL)
    assert_allclose(fit.log_likelihood_null, null.llf, rtol=RTOL)
    wald = theirs.wald_test(np.eye(6)[3:], scalar=True).statistic
    assert_allclose(fit.wald_test.statistic, wald, rtol=RTOL_GLM)
    many = np.repeat(np.arange(len(lines)), weight.astype(int))  # its score test knows no weights
    family = sm.families.Poisson()
    null = sm.GLM(lines.event[many], intervals[many], family, exposure=lines.time[many]).fit(tol=1e-14)
    score = null.score_test(exog_extra=x[many])[0]
    assert_allclose(fit.score_test.statistic, np.squeeze(score), rtol=RTOL_GLM)
    assert np.isnan(fit.robust_score_test.statistic)
    by_interval = (weight * lines[["event", "time"]].to_numpy().T).T
    sums = pd.DataFrame(by_interval).groupby(lines.interval).sum().to_numpy()
    assert_allclose(np.column_stack([fit.interval_events, fit.interval_time]), sums)
    own = lines.event == 1
    shift = weight[own] @ np.log(lines.time[own])
    assert_allclose(fit.survival_log_likelihood, theirs.llf - shift, rtol=RTOL)


def test_rates_by_sex_as_poisson_test_and_the_exponential():
    frame, expected = read("lung"), PARAMETRIC["lung_rates"]
    for sex, arm in zip((1, 2), expected["arms"], strict=True):
        rows = frame[frame.sex == sex]
        data = RightCensored(rows.time, rows.status == 2)
        fit = piecewise_exponential(data, None, cuts=[])
        assert_allclose(fit.ratio, arm["rate"], rtol=RTOL)
        assert_allclose([fit.ratio_lower[0], fit.ratio_upper[0]], arm["log_normal_ci"], rtol=RTOL)
        exponential = parametric(data, None, distribution="exponential")
        assert_allclose(
            [exponential.ratio_upper[0], exponential.ratio_lower[0]], 1 / np.array(arm["log_normal_ci"])
        )
        assert_allclose(fit.survival_log_likelihood, exponential.log_likelihood, rtol=1e-12)
        assert fit.names == ("(0, inf)",)
        assert np.isnan(fit.likelihood_ratio_test.statistic)
        rate = event_rate(RecurrentEvents(rows.index, np.zeros(len(rows)), rows.time, rows.status - 1))
        exact = np.array([rate.estimate, rate.lower, rate.upper]) / 365.25
        assert_allclose(exact, [arm["rate"], *arm["exact_ci"]], rtol=RTOL)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_invariants(seed):
    rng = np.random.default_rng(seed)
    n = 80
    time, event = np.ceil(rng.exponential(30, n)), rng.integers(0, 2, n)
    x = pd.DataFrame({"arm": np.arange(n) % 2, "year": 2020 + rng.normal(size=n)})
    weight = rng.integers(1, 4, n)
    plain = piecewise_exponential(RightCensored(time, event, weight=weight), x, cuts=[10, 30])
    scaled = piecewise_exponential(
        RightCensored(time * 1e9, event, weight=weight), x, cuts=np.array([10, 30]) * 1e9
    )
    moved = plain.coefficient - np.log(1e9) * (np.arange(5) < 3)
    assert_allclose(scaled.coefficient, moved, rtol=1e-8, atol=1e-8)
    assert_allclose(scaled.std_error, plain.std_error, rtol=1e-8)
    many = np.repeat(np.arange(n), weight)
    repeated = piecewise_exponential(RightCensored(time[many], event[many]), x.iloc[many], cuts=[10, 30])
    assert_allclose(repeated.coefficient, plain.coefficient, rtol=1e-8)
    assert_allclose(repeated.log_likelihood, plain.log_likelihood, rtol=1e-11)
    # A row cut in two at any time is the same row.
    half = time / 2
    twice = RightCensored(
        np.append(half, time),
        np.append(0 * event, event),
        entry=np.append(0 * half, half),
        weight=np.tile(weight, 2),
    )
    same = piecewise_exponential(twice, pd.concat([x, x]), cuts=[10, 30])
    assert_allclose(same.coefficient, plain.coefficient, rtol=1e-9)
    assert_allclose(same.survival_log_likelihood, plain.survival_log_likelihood, rtol=1e-12)
    # Rates without covariates are events over time at risk.
    rates = piecewise_exponential(RightCensored(time, event, weight=weight), None, cuts=[10, 30])
    assert_allclose(rates.ratio, rates.interval_events / rates.interval_time, rtol=1e-12)
    assert_allclose(rates.std_error, 1 / np.sqrt(rates.interval_events), rtol=1e-9)


def test_an_event_at_a_cut_belongs_to_the_interval_before_it():
    fit = piecewise_exponential(RightCensored([10, 15, 20, 25], [1, 1, 1, 0]), None, cuts=[10, 20])
    assert fit.interval_events.tolist() == [1, 2, 0]
    assert fit.interval_time.tolist() == [40, 25, 5]


def test_many_intervals_are_close_to_cox():
    data, covariates = colon()
    fit = piecewise_exponential(
        data, covariates, cuts=np.quantile(data.time[data.event == 1], np.arange(1, 30) / 30)
    )
    semiparametric = cox(data, covariates)
    assert_allclose(fit.coefficient[-1], semiparametric.coefficient[0], atol=0.05 * fit.std_error[-1])


def test_an_interval_without_events_has_no_log_rate_and_is_named():
    data, covariates = colon()
    fit = piecewise_exponential(data, covariates, cuts=[1, 365, 730, 1460, 5000])
    expected = PARAMETRIC["colon_piecewise"]["coef"]["trt"]
    assert np.flatnonzero(np.isnan(fit.coefficient)).tolist() == [0, 5]
    assert np.isnan(fit.covariance[0]).all()
    assert "no events in (0, 1], (5000, inf): rate 0, log rate not estimable" in fit.method
    assert fit.interval_events[[0, 5]].tolist() == [0, 0]
    assert_allclose(fit.coefficient[-1], expected, rtol=1e-3)
    assert np.isfinite([fit.log_likelihood, fit.wald_test.statistic, fit.score_test.statistic]).all()


def test_censoring_at_time_0_says_nothing():
    alone = piecewise_exponential(RightCensored([3, 5], [1, 0]), None, cuts=[4])
    more = piecewise_exponential(RightCensored([3, 5, 0], [1, 0, 0]), None, cuts=[4])
    assert_allclose(more.coefficient, alone.coefficient)
    assert more.n_subjects == 3


SMALL = RightCensored([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0])
ARM = pd.DataFrame({"age": [1.0, 3, 2, 2, 3, 1], "treated": [0, 0, 0, 1, 1, 1]})


def test_an_arm_without_events_is_reported():
    message = r"piecewise exponential model has no maximum: 1 coefficient\(s\) grow without end \(treated\)"
    with pytest.raises(NotConverged, match=message):
        piecewise_exponential(SMALL, ARM[["treated"]], cuts=[2])


@pytest.mark.parametrize(
    ("data", "covariates", "cuts", "error", "message"),
    [
        (SMALL, ARM, [0, 2], InvalidArgument, "cuts must be finite times that increase from above 0"),
        (SMALL, ARM, [3, 2], InvalidArgument, "cuts must be finite times that increase"),
        (SMALL, ARM, [3, np.inf], InvalidArgument, "cuts must be finite times"),
        (SMALL, ARM, [np.nan], InvalidArgument, "cuts must be finite times"),
        (SMALL, ARM, 3, InvalidArgument, "cuts must have one dimension"),
        (SMALL, ARM[:2], [3], InvalidArgument, "covariates must have one entry a row"),
        (RightCensored([0, 1], [1, 1]), None, [3], InvalidArgument, r"come after 0: 1 row\(s\) \(0\)"),
        (RightCensored([1, 2], [0, 0]), None, [3], NotEstimable, r"no events among 2 row\(s\)"),
        (SMALL, ARM.assign(age=5), [3], NotEstimable, r"1 covariate\(s\) are constant \(age\)"),
        (SMALL, ARM.assign(z=2 - ARM.age), [3], NotEstimable, "covariate z is determined by those before it"),
    ],
)
def test_refusals_name_what_is_wrong(data, covariates, cuts, error, message):
    with pytest.raises(error, match=message):
        piecewise_exponential(data, covariates, cuts=cuts)
