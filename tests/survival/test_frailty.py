"""Cox model with a shared gamma frailty."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import gamma
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument, NotConverged
from skeletal.partial_likelihood import cox_sample, evaluate
from skeletal.survival import cox, frailty_cox

CASES = cases("frailty")
SEARCH = 1e-5  # R's variance of the frailty is good to some 2e-5: its search stops early


def kidney(**options):
    data = read("kidney")
    return frailty_cox(RightCensored(data.time, data.status), data[["age", "sex"]], data.id, **options)


def bladder(**options):
    data = read("bladder2")
    sample = RightCensored(data.stop, data.event, entry=data.start)
    return frailty_cox(sample, data[["rx", "size"]], data.id, ties="breslow", **options)


def test_kidney_as_r():
    fit, case = kidney(), CASES["kidney"]
    assert_allclose(fit.coefficient, list(case["coef"].values()), rtol=SEARCH)
    assert_allclose(fit.std_error, case["se"], rtol=SEARCH)
    assert_allclose(fit.frailty_variance, case["theta"], rtol=5e-5)
    assert_allclose(fit.log_likelihood, case["i_loglik"], rtol=1e-9)
    assert fit.n_clusters == 38


def test_full_information_as_r():
    fit = kidney(variance="full")
    assert_allclose(fit.std_error, CASES["kidney_full"]["se"], rtol=2e-5)
    assert "full information" in fit.method


def test_rows_of_start_and_stop_with_breslow_as_r():
    fit, case = bladder(), CASES["bladder_breslow"]
    assert_allclose(fit.coefficient, case["coef"], rtol=5e-5)
    assert_allclose(fit.std_error, case["se"], rtol=5e-5)
    assert_allclose(fit.frailty_variance, case["theta"], rtol=5e-5)
    assert_allclose(fit.log_likelihood, case["loglik"], rtol=1e-9)
    assert_allclose(np.log(fit.frailty.iloc[:3]), case["log_frailty"], atol=5e-5)


def test_litters_as_r():
    data, case = read("rats").query("sex == 'f'"), cases("recurrent_regression")["frailty_rats"]
    fit = frailty_cox(RightCensored(data.time, data.status), data[["rx"]], data.litter)
    assert_allclose(fit.log_likelihood, case["loglik"], rtol=1e-10)
    assert_allclose(fit.frailty_variance, case["theta"], rtol=2e-6)
    assert_allclose(fit.coefficient, case["coef"], rtol=1e-6)
    assert_allclose(fit.std_error, case["se"], rtol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("variance", ["full", "sparse"])
def test_standard_errors_from_the_whole_matrix(ties, variance):
    """Clusters as indicator covariates of a Cox model with an offset, rows that start late, many ties."""
    rng = np.random.default_rng(7)
    n = 60
    entry = rng.integers(0, 4, n).astype(float)
    time, cluster = entry + rng.integers(1, 6, n), np.arange(n) % 9
    x = pd.DataFrame({"x": rng.normal(size=n)})
    event = rng.random(n) < np.where(cluster < 4, 0.9, 0.3)
    fit = frailty_cox(
        RightCensored(time, event.astype(int), entry=entry), x, cluster, ties=ties, variance=variance
    )
    assert fit.frailty_variance > 0
    columns = np.column_stack([x, cluster[:, None] == np.arange(9)]).astype(float)
    place = np.append(fit.coefficient, np.log(fit.frailty))
    sample = cox_sample(time, event.astype(np.int64), columns, entry=entry)
    information = evaluate(sample, place, ties).information
    penalty = np.append(0, fit.frailty / fit.frailty_variance)
    if variance == "sparse":
        information[1:, 1:] = np.diag(np.diag(information)[1:])
    covariance = np.linalg.inv(information + np.diag(penalty))
    assert_allclose(fit.std_error, np.sqrt(covariance[0, 0]), rtol=1e-8)
    score = evaluate(sample, place, ties).score + np.append(0, (1 - fit.frailty) / fit.frailty_variance)
    assert_allclose(score, 0, atol=1e-7)


def test_marginal_likelihood_by_integration():
    """The frailties integrated out numerically, with the baseline hazard that the fit implies."""
    data = read("kidney")
    fit = kidney()
    x = data[["age", "sex"]].to_numpy(dtype=float) @ fit.coefficient
    risk = np.exp(x) * fit.frailty.loc[data.id].to_numpy()
    times = np.unique(data.time[data.status == 1])
    steps = []
    for t in times:  # Efron: tied events leave the risk set one after the other
        tied = (data.time == t) & (data.status == 1)
        total, leaving = risk[data.time >= t].sum(), risk[tied].sum()
        steps.append([1 / (total - k / tied.sum() * leaving) for k in range(tied.sum())])
    shape = 1 / fit.frailty_variance
    density = gamma(shape, scale=1 / shape).pdf
    value = 0.0
    for label in fit.frailty.index:
        rows = np.flatnonzero(data.id == label)
        met, product = 0.0, 1.0
        for i in rows:
            for t, parts in zip(times, steps, strict=True):
                if t < data.time[i] or (t == data.time[i] and data.status[i] == 0):
                    met += np.exp(x[i]) * sum(parts)
                elif t == data.time[i]:
                    d = len(parts)
                    met += np.exp(x[i]) * sum((1 - k / d) * part for k, part in enumerate(parts))
                    product *= np.exp(x[i])
        deaths = int(data.status[rows].sum())
        of_cluster = quad(lambda w, d=deaths, m=met: w**d * np.exp(-w * m) * density(w), 0, 60)[0]
        value += np.log(of_cluster * product)
    value += sum(np.log(part) for parts in steps for part in parts)
    # The marginal likelihood counts -1 for each event, which the partial likelihood leaves out.
    assert_allclose(value + data.status.sum(), fit.log_likelihood, rtol=1e-6)


def test_order_of_rows_and_unit_of_time_do_not_matter():
    data = read("kidney").sample(frac=1, random_state=2)
    fit = frailty_cox(
        RightCensored(data.time * 365.25, data.status), data[["age", "sex"]], data.id.astype(str)
    )
    assert_allclose(fit.coefficient, kidney().coefficient, rtol=1e-5)
    assert_allclose(fit.frailty_variance, kidney().frailty_variance, rtol=1e-4)


def test_without_heterogeneity_it_is_cox():
    data = read("ovarian")
    sample, x = RightCensored(data.futime, data.fustat), data[["age"]]
    fit = frailty_cox(sample, x, np.tile(np.arange(13), 2))
    plain = cox(sample, x)
    assert fit.frailty_variance == 0
    assert_allclose(fit.coefficient, plain.coefficient, rtol=1e-10)
    assert_allclose(fit.std_error, plain.std_error, rtol=1e-10)
    assert (fit.frailty == 1).all()


def test_limits_hold_the_estimate():
    fit = kidney()
    assert (fit.lower < fit.coefficient).all()
    assert (fit.coefficient < fit.upper).all()
    assert fit.log_likelihood > fit.log_likelihood_null


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ties": "exact"}, "ties must be one of"),
        ({"variance": "robust"}, "variance must be one of"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(InvalidArgument, match=message):
        kidney(**options)


def test_weights_one_cluster_and_lengths_are_refused():
    x = pd.DataFrame({"x": [0.0, 1.0, 0.0, 1.0]})
    with pytest.raises(InvalidArgument, match="no case weights"):
        frailty_cox(RightCensored([1, 2, 3, 4], [1, 1, 0, 1], weight=[1, 2, 1, 1]), x, list("aabb"))
    with pytest.raises(InvalidArgument, match="at least two labels"):
        frailty_cox(RightCensored([1, 2, 3, 4], [1, 1, 0, 1]), x, list("aaaa"))
    with pytest.raises(InvalidArgument, match="one entry a row"):
        frailty_cox(RightCensored([1, 2, 3, 4], [1, 1, 0, 1]), x, list("aab"))


def test_a_variance_beyond_what_is_looked_at_is_said(monkeypatch):
    monkeypatch.setattr("skeletal.survival.frailty.LARGEST", 0.2)
    with pytest.raises(NotConverged, match=r"variance of the frailty grows beyond 0\.2"):
        kidney()
