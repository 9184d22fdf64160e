from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.cox_fits import (
    everything_fit,
    leukemia_fit,
    monthly_heart,
    ovarian_fit,
    random_fit,
    random_rows,
    veteran_fit,
)
from tests.support.golden import cases, read
from tests.support.references_cox import naive_martingale

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.partial_likelihood import cox_sample, evaluate
from skeletal.survival import cox, residuals

AFTER = cases("cox_after")
RTOL = 1e-9
ATOL = 1e-11  # residuals are differences of numbers of size 1
RTOL_COXPHF = 1e-6  # the coefficients that R was given are iterated to 1e-8
ROWS = ("martingale", "deviance", "score", "dfbeta", "dfbetas")
EVENTS = ("schoenfeld", "scaled-schoenfeld")


def check(fit, expected, rtol=RTOL, atol=ATOL):
    kinds = [*ROWS, "schoenfeld", "scaledsch"]
    for kind in (kind for kind in kinds if kind in expected):
        got = residuals(fit, "scaled-schoenfeld" if kind == "scaledsch" else kind)
        theirs = np.array(expected[kind], dtype=float).reshape(got.shape)
        assert_allclose(got.to_numpy(), theirs, rtol=rtol, atol=atol * np.abs(theirs).max(), err_msg=kind)
        if kind in {"schoenfeld", "scaledsch"} and "event_times" in expected:
            assert_allclose(got.index, expected["event_times"])


def test_efron_as_r():
    check(ovarian_fit(), AFTER["residuals"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_tied_events_as_r(ties):
    check(veteran_fit(ties=ties), AFTER["residuals_ties"][ties])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ties_entry_weights_strata_and_clusters_together_as_r(ties):
    check(everything_fit(ties=ties), AFTER["residuals_everything"][ties])


def test_one_covariate_as_r():
    check(leukemia_fit(), AFTER["residuals_one_covariate"])


def test_offset_as_r():
    fit = veteran_fit(("trt",), offset=-0.03 * read("veteran").karno)
    check(fit, AFTER["residuals_offset"])


def test_firth_as_r_at_these_coefficients():
    check(ovarian_fit(ties="breslow", penalty="firth"), AFTER["firth"], rtol=RTOL_COXPHF, atol=1e-7)


def test_exact_ties_as_r():
    check(leukemia_fit(ties="exact"), AFTER["residuals_exact"])
    data, frame = monthly_heart(days=3, weighted=False)
    fit = cox(data, frame[["age", "surgery"]], strata=frame.transplant, ties="exact")
    # R's coefficients differ in the 11th digit.
    check(fit, AFTER["residuals_exact_start_stop"], atol=1e-9)


@pytest.mark.parametrize("kind", ["score", "dfbeta", "dfbetas", *EVENTS])
def test_exact_ties_have_no_other_residuals(kind):
    with pytest.raises(InvalidArgument, match=f"{kind} residuals need a fit with ties='efron' or 'breslow'"):
        residuals(leukemia_fit(ties="exact"), kind)


def test_unknown_kind_is_refused():
    with pytest.raises(InvalidArgument, match=r"kind must be one of 'martingale', .*, got 'cox-snell'"):
        residuals(ovarian_fit(), "cox-snell")


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_sums_of_residuals_are_those_of_the_likelihood(ties, seed):
    rows, stratum = random_rows(seed, ties=ties)
    fit = random_fit(rows, stratum, ties=ties)
    martingale = residuals(fit, "martingale")["martingale"].to_numpy()
    for code in range(2):
        own = stratum == code
        assert_allclose(rows["weight"][own] @ martingale[own], 0, atol=1e-10)
    if ties == "exact":
        return
    weights = rows["weight"]
    assert_allclose(weights @ residuals(fit, "score"), 0, atol=1e-7)
    schoenfeld = residuals(fit, "schoenfeld")
    order = np.lexsort((rows["time"], stratum))
    order = order[rows["event"][order] == 1]
    assert_allclose(schoenfeld.index, rows["time"][order])
    assert_allclose(weights[order] @ schoenfeld, 0, atol=1e-7)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_score_residuals_sum_to_the_score_away_from_the_maximum(seed):
    rows, stratum = random_rows(seed)
    fit = random_fit(rows, stratum, ties="breslow", penalty="firth")
    sample = cox_sample(
        rows["time"],
        rows["event"],
        rows["x"],
        entry=rows["entry"],
        stratum=stratum,
        weight=rows["weight"],
        offset=rows["offset"],
    )
    score = evaluate(sample, fit.coefficient, "breslow").score
    assert np.abs(score).max() > 1e-6
    assert_allclose(rows["weight"] @ residuals(fit, "score"), score, atol=1e-10)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_martingale_and_deviance_as_the_naive_sums(ties, seed):
    rows, _ = random_rows(seed)
    fit = random_fit(rows, ties=ties)
    naive = naive_martingale(fit.coefficient, rows, ties=ties)
    assert_allclose(residuals(fit, "martingale")["martingale"], naive, atol=1e-10)
    event = rows["event"]
    log_part = np.where(event == 1, np.log(np.where(event == 1, event - naive, 1.0)), 0.0)
    deviance = np.sign(naive) * np.sqrt(np.maximum(-2 * (naive + log_part), 0))
    assert_allclose(residuals(fit, "deviance")["deviance"], deviance, atol=1e-6)


def test_sums_of_dfbeta_by_cluster_give_the_robust_covariance():
    fit = everything_fit()
    sums = residuals(fit, "dfbeta").groupby(fit.cluster).sum().to_numpy()
    assert_allclose(sums.T @ sums, fit.covariance, rtol=1e-10)
    assert_allclose(
        residuals(fit, "dfbetas"), residuals(fit, "dfbeta") / fit.naive_std_error, rtol=1e-10, atol=1e-15
    )


def test_dfbeta_is_about_what_leaving_a_row_out_changes():
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2)
    fit = cox(data, frame[["age", "sex"]])
    change = residuals(fit, "dfbeta")
    row = int(change.age.abs().argmax())
    rest = frame.drop(index=row)
    without = cox(RightCensored(rest.time, rest.status == 2), rest[["age", "sex"]])
    assert_allclose(fit.coefficient - without.coefficient, change.loc[row], rtol=0.2, atol=1e-3)


def test_rows_keep_the_order_of_the_caller():
    frame = read("veteran").assign(weight=lambda d: 1 + d.age / 50)

    def table(rows, kind):
        data = RightCensored(rows.time, rows.status, weight=rows.weight)
        fit = cox(data, rows[["trt", "karno"]], strata=rows.celltype)
        return residuals(fit, kind)

    order = np.random.default_rng(5).permutation(len(frame))
    for kind in ROWS:
        plain, moved = table(frame, kind), table(frame.iloc[order], kind)
        assert isinstance(moved.index, pd.RangeIndex)
        assert_allclose(moved, plain.iloc[order], rtol=1e-8, atol=1e-11)
    assert list(table(frame, "martingale")) == ["martingale"]
    assert list(table(frame, "score")) == ["trt", "karno"]
    for kind in EVENTS:
        plain, moved = table(frame, kind), table(frame.iloc[order], kind)
        assert plain.index.name == "time"
        assert_allclose(np.sort(moved, axis=0), np.sort(plain, axis=0), rtol=1e-7, atol=1e-9)
        assert_allclose(moved.index, plain.index)


def test_weights_multiply_only_dfbeta():
    frame = read("lung")
    fits = [
        cox(RightCensored(frame.time, frame.status == 2, weight=np.full(len(frame), w)), frame[["age"]])
        for w in (1.0, 4.0)
    ]
    for kind in ("martingale", "deviance", "score", "schoenfeld", "dfbeta"):
        one, four = (residuals(fit, kind) for fit in fits)
        assert_allclose(four, one, rtol=1e-7, atol=1e-12)  # 4 times the weight, a quarter of the covariance
    one, four = (residuals(fit, "dfbetas") for fit in fits)
    assert_allclose(four, 2 * one, rtol=1e-7, atol=1e-12)
