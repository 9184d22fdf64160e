"""The partial likelihood by itself: sums, residuals, ties, sizes that do not cancel or overflow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import gammaln
from tests.support.references import gradient, naive_information, naive_partial_likelihood

from skeletal.partial_likelihood import (
    BLOCK,
    cox_sample,
    evaluate,
    evaluate_sums,
    risk_sums,
    score_residuals,
)

SUMS = pytest.mark.parametrize("ties", ["efron", "breslow"])


def small(seed, n=15):
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, 6, n).astype(float), rng.integers(0, 2, n)
    event[:2] = 1
    options = {
        "entry": time - rng.integers(1, 5, n),
        "stratum": rng.integers(0, 3, n),
        "weight": rng.uniform(0.5, 2, n),
    }
    return (time, event, rng.normal(size=(n, 2))), options, rng.normal(size=2)


@SUMS
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_information_is_the_covariance_in_each_risk_set(ties, seed):
    rows, options, place = small(seed)
    expected = naive_information(place, *rows, ties=ties, **options)
    assert_allclose(evaluate(cox_sample(*rows, **options), place, ties).information, expected, atol=1e-12)


@SUMS
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_a_score_residual_is_the_derivative_of_the_score_by_the_weight_of_the_row(ties, seed):
    rows, options, place = small(seed)
    residuals = score_residuals(cox_sample(*rows, **options), place, ties)

    def score(weight):
        def likelihood(beta):
            return naive_partial_likelihood(beta, *rows, ties=ties, **{**options, "weight": weight})

        return gradient(likelihood, place)

    assert_allclose(residuals, gradient(score, options["weight"], step=1e-3), atol=1e-5)


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("stratified", [False, True])
@SUMS
def test_blocks_of_rows_and_entries_add_up_to_the_whole(ties, delayed, stratified):
    rng = np.random.default_rng(3)
    n = 3 * BLOCK + 17
    time, event = rng.integers(1, 700, n).astype(float), rng.integers(0, 2, n)
    options = {
        "entry": time - rng.integers(1, 400, n) if delayed else None,
        "stratum": rng.integers(0, 4, n) if stratified else None,
        "weight": rng.uniform(0.5, 2, n),
    }
    sample = cox_sample(time, event, rng.normal(size=(n, 3)), **options)
    place = np.array([0.3, -0.2, 0.1])
    blocks, whole = evaluate(sample, place, ties), evaluate_sums(sample, risk_sums(sample, place, ties))
    assert_allclose(blocks.log_likelihood, whole.log_likelihood, rtol=1e-14)
    assert_allclose(blocks.score, whole.score, rtol=1e-10)
    assert_allclose(blocks.information, whole.information, rtol=1e-11, atol=1e-9)
    residuals = score_residuals(sample, place, ties)
    assert_allclose(options["weight"] @ residuals, whole.score, rtol=1e-9)


@SUMS
def test_large_risks_that_leave_take_nothing_of_small_ones_along(ties):
    """Of a sum of 1e12 that falls to 1e-12 no digit is left, unless what rounding took is kept."""
    time = np.array([1.0, 2, 3, 3, 4, 5, 6])
    event = np.array([1, 1, 1, 1, 1, 0, 1])
    entry = np.array([-1.0, 0, 1.5, 0.5, 0.2, 1, 2.5])
    weight = np.array([1e12, 1e9, 1e-12, 3e-12, 2e-12, 5e-12, 1e-12])
    x = np.array([[0.3], [1.2], [-0.4], [0.8], [0.1], [-1.0], [2.0]])
    sums = risk_sums(cox_sample(time, event, x, entry=entry, weight=weight), np.array([0.7]), ties)
    risk = weight * np.exp(x[:, 0] * 0.7)
    factor = sums.risk[-1] / risk[-1]
    for cell, t in ((2, 3.0), (3, 4.0), (4, 6.0)):
        at_risk = (entry < t) & (time >= t)
        total = sums.total[sums.cell == cell][0]
        assert_allclose(total, factor * risk[at_risk].sum(), rtol=1e-14)


@pytest.mark.parametrize(("n", "d"), [(5000, 50), (5000, 182), (3000, 1500), (60, 60)])
def test_exact_ties_at_zero_are_draws_without_replacement(n, d):
    """The sum over subsets is their number, mean and covariance those of the hypergeometric distribution."""
    time = np.repeat([1.0, 2.0], [d, n - d])
    event = np.repeat([1, 0], [d, n - d])
    x = np.random.default_rng(2).normal(size=(n, 2))
    at = evaluate(cox_sample(time, event, x), np.zeros(2), "exact")
    value = gammaln(d + 1) + gammaln(n - d + 1) - gammaln(n + 1)
    assert_allclose(at.log_likelihood, value, rtol=1e-11, atol=1e-14)
    assert_allclose(at.score, x[:d].sum(axis=0) - d * x.mean(axis=0), atol=1e-9)
    expected = np.cov(x.T, ddof=0) * d * (n - d) / (n - 1)
    assert_allclose(at.information, expected, rtol=1e-10, atol=1e-12 * d)


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("spread", [1.0, 6.0])
def test_exact_ties_of_hundreds_as_a_recursion_over_logs(delayed, spread):
    rng = np.random.default_rng(5)
    n = 600
    time = np.sort(rng.choice([1.0, 2.0, 3.0], n, p=[0.4, 0.3, 0.3]))
    event = (rng.random(n) < 0.6).astype(int)
    x = rng.normal(size=(n, 1)) * spread
    entry = rng.choice([-1.0, 0.5, 1.5], n)
    entry = np.where(entry < time, entry, -1.0) if delayed else np.full(n, -1.0)
    sample = cox_sample(time, event, x, entry=entry if delayed else None)

    def expected(beta):
        total = 0.0
        for t in (1.0, 2.0, 3.0):
            died = (time == t) & (event == 1)
            linear = x[(entry < t) & (time >= t), 0] * beta[0]
            logs = np.append(0.0, np.full(int(died.sum()), -np.inf))  # of the sums over k rows
            for value in linear:
                logs[1:] = np.logaddexp(logs[1:], logs[:-1] + value)
            total += (x[died, 0] * beta[0]).sum() - logs[-1]
        return total

    place = np.array([0.4])
    ours = evaluate(sample, place, "exact")
    zero = evaluate(sample, np.zeros(1), "exact").log_likelihood
    assert_allclose(ours.log_likelihood - zero, expected(place) - expected(np.zeros(1)), rtol=1e-10)
    assert_allclose(ours.score, gradient(expected, place, step=1e-4), rtol=1e-6)
    slope = gradient(lambda beta: evaluate(sample, beta, "exact").score, place)
    assert_allclose(ours.information, -slope, rtol=1e-6)
