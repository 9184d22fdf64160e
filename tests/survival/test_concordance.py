from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.cox_fits import (
    everything_fit,
    heart_fit,
    leukemia_fit,
    lung_fit,
    ovarian_fit,
    random_fit,
    random_rows,
    retinopathy,
    retinopathy_fit,
    veteran_fit,
)
from tests.support.golden import cases, read
from tests.support.references_cox import naive_concordance

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import concordance, cox

AFTER = cases("cox_after")
RTOL = 1e-9


def check(result, expected):
    assert_allclose([result.estimate, result.std_error], expected, rtol=RTOL)


def veteran_by_cell_type():
    frame = read("veteran")
    types = {name: frame.celltype == name for name in ("adeno", "large", "smallcell")}
    covariates = pd.DataFrame({"trt": frame.trt, "karno": frame.karno, **types})
    return cox(RightCensored(frame.time, frame.status), covariates, ties="breslow")


def rotterdam():
    frame = read("rotterdam")
    covariates = frame[["age", "meno", "grade", "nodes", "pgr", "er", "hormon", "chemo"]]
    return cox(RightCensored(frame.dtime, frame.death), covariates)


def three_arms():
    frame = read("colon").query("etype == 2")
    covariates = pd.DataFrame({"Lev": frame.rx == "Lev", "Lev5FU": frame.rx == "Lev+5FU"})
    return cox(RightCensored(frame.time, frame.status), covariates)


OPEN = {
    "efron": lambda: lung_fit(names=("age", "sex", "ph.ecog")),
    "exact": lambda: leukemia_fit(ties="exact"),
    "breslow": veteran_by_cell_type,
    "strata": lambda: veteran_fit(strata=read("veteran").celltype),
    "clustered": lambda: retinopathy_fit(("trt", "juvenile", "both"), cluster=retinopathy().id),
    "robust": lambda: lung_fit(cluster=range(228)),
    "start_stop": lambda: heart_fit(("age", "year", "surgery", "transplant")),
    "start_stop_breslow_strata": lambda: heart_fit(
        ("age", "surgery"), strata=read("heart").transplant, ties="breslow"
    ),
    "weighted": lambda: lung_fit(weight=lambda d: 1 + (d.age > 65)),
    "rotterdam": rotterdam,
    "three_arms": three_arms,
}


@pytest.mark.parametrize("name", OPEN)
def test_harrell_of_each_reference_fit_as_r(name):
    check(concordance(OPEN[name]()), AFTER["concordance_of_fits"][name])


def test_harrell_and_uno_as_r():
    fit, expected = lung_fit(names=("age", "ph.ecog")), AFTER["concordance_pairs"]
    for weight in ("harrell", "uno"):
        theirs = expected[weight]
        check(concordance(fit, weight=weight), [theirs["c"], np.sqrt(theirs["var"])])


MORE = {
    "ties": lambda: lung_fit(names=("sex", "ph.ecog"), months=True),
    "strata": lambda: veteran_fit(strata=read("veteran").celltype),
    "weighted": lambda: lung_fit(months=True, weight=lambda d: 1 + (d.age > 65) / 2),
    "clustered": lambda: retinopathy_fit(cluster=retinopathy().id),
    "many_strata": lambda: retinopathy_fit(("trt",), strata=retinopathy().id),
    "offset": lambda: veteran_fit(("trt",), offset=-0.03 * read("veteran").karno),
}


@pytest.mark.parametrize("weight", ["harrell", "uno"])
@pytest.mark.parametrize("name", MORE)
def test_each_kind_of_fit_with_both_weights_as_r(name, weight):
    check(concordance(MORE[name](), weight=weight), AFTER[f"concordance_{name}"][weight])


def test_ties_entry_weights_strata_and_clusters_together_as_r():
    check(concordance(everything_fit()), AFTER["concordance_start_stop"]["harrell"])


def test_firth_ranks_by_its_own_coefficients_as_r():
    fit = ovarian_fit(ties="breslow", penalty="firth")
    assert_allclose(concordance(fit).estimate, AFTER["firth"]["concordance"], rtol=RTOL)


@pytest.mark.parametrize("ties", ["efron", "exact"])
@given(seed=st.integers(0, 10_000), clustered=st.booleans())
@settings(max_examples=25, deadline=None)
def test_harrell_as_all_pairs(ties, seed, clustered):
    rows, stratum = random_rows(seed, ties=ties)
    rows["x"] = rows["x"].round()  # ties among the predictions
    rows["offset"] = np.zeros_like(rows["offset"])
    cluster = stratum + np.arange(stratum.size) % 5 if clustered and ties == "efron" else None
    fit = random_fit(rows, stratum, ties=ties, cluster=cluster)
    score = rows["x"][:, 0] * fit.coefficient[0] + rows["x"][:, 1] * fit.coefficient[1]
    check(concordance(fit), naive_concordance(score, rows, stratum, cluster=cluster))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_uno_as_all_pairs(seed):
    rows, stratum = random_rows(seed)
    rows["entry"] = np.full(stratum.size, -np.inf)
    data = RightCensored(rows["time"], rows["event"], weight=rows["weight"])
    fit = cox(data, pd.DataFrame({"x": rows["x"][:, 0].round()}), strata=stratum)
    score = rows["x"][:, 0].round() * fit.coefficient[0]
    check(concordance(fit, weight="uno"), naive_concordance(score, rows, stratum, uno=True))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_turned_predictions_give_the_complement_and_order_and_units_nothing(seed):
    rows, stratum = random_rows(seed)
    fit = random_fit(rows, stratum)
    plain = concordance(fit)
    turned = concordance(replaced(fit, coefficient=-fit.coefficient, offset=-fit.offset))
    assert_allclose(turned.estimate, 1 - plain.estimate, rtol=1e-12)
    assert_allclose(turned.std_error, plain.std_error, rtol=1e-9)
    order = np.random.default_rng(seed).permutation(stratum.size)
    moved = {name: values[order] for name, values in rows.items()}
    moved["time"], moved["entry"] = moved["time"] * 7, moved["entry"] * 7
    other = concordance(random_fit(moved, stratum[order]))
    check(other, [plain.estimate, plain.std_error])


def replaced(fit, **fields):
    """Return a fit with other coefficients, limits opened so that they hold them."""
    wide = np.full(fit.coefficient.size, np.nan)
    return replace(fit, lower=wide, upper=wide, **fields)


def test_four_subjects_by_hand():
    # x 3 2 2 1 at 1 2 3 4, the third censored: pairs of the first 3 right, of the second 1 tie and 1 right.
    data = RightCensored([1, 2, 3, 4], [1, 1, 0, 0])
    fit = cox(data, pd.DataFrame({"x": [2.0, 3, 2, 1]}), penalty="firth")
    assert fit.coefficient[0] > 0
    result = concordance(fit)
    # first: wrong, tie, right; second: right, right
    assert_allclose(result.estimate, 3.5 / 5)
    influence = np.array([1.5 - 3 * 0.7, 2 - 3 * 0.7, 1.5 - 2 * 0.7, 2 - 2 * 0.7]) / 5
    assert_allclose(result.std_error, np.sqrt(np.sum(influence**2)), rtol=1e-12)


def test_limits_are_walds_within_0_and_1_and_no_test_is_made():
    fit = lung_fit()
    result = concordance(fit, conf_level=0.9)
    assert_allclose(result.upper - result.estimate, 1.6448536269514722 * result.std_error, rtol=1e-12)
    assert_allclose(result.estimate - result.lower, result.upper - result.estimate, rtol=1e-12)
    assert np.isnan(result.p_value)
    assert result.conf_level == 0.9
    assert result.method.startswith(
        "Harrell's concordance, infinitesimal jackknife by rows, Wald limits; Cox"
    )
    clustered = concordance(lung_fit(cluster=np.arange(228) // 2), weight="uno")
    assert clustered.method.startswith(
        "Uno's (pairs weighted by n/G^2) concordance, infinitesimal jackknife by 114"
    )
    perfect = cox(RightCensored([1, 2, 3], [1, 1, 0]), pd.DataFrame({"x": [3.0, 2, 1]}), penalty="firth")
    assert (concordance(perfect).estimate, concordance(perfect).upper) == (1.0, 1.0)


def test_no_pair_to_compare_is_nan():
    data = RightCensored([2, 3, 3], [0, 1, 1])
    fit = cox(data, pd.DataFrame({"x": [0.0, 1, 0]}))
    result = concordance(fit)
    assert np.isnan([result.estimate, result.std_error, result.lower, result.upper]).all()


def test_equal_covariates_are_equal_predictions():
    # With a matrix product the rows of one pattern may differ in the last digit.
    rng = np.random.default_rng(3)
    x = pd.DataFrame(rng.integers(0, 2, (1001, 5)) * [0.1, 0.7, 1.3, 0.37, 2.1], columns=list("abcde"))
    data = RightCensored(rng.exponential(size=1001), np.ones(1001))
    fit = cox(data, x)
    patterns = fit.covariates.round(3)
    score = np.unique(patterns, axis=0, return_inverse=True)[1].ravel()
    first = np.array([np.flatnonzero(score == k)[0] for k in range(score.max() + 1)])
    value = (fit.covariates[first] @ fit.coefficient)[score]
    event = np.argsort(fit.data.time)
    agree = ties = 0
    for at, i in enumerate(event):
        later = event[at + 1 :]
        agree += (value[i] > value[later]).sum()
        ties += (value[i] == value[later]).sum()
    assert_allclose(concordance(fit).estimate, (agree + ties / 2) / (1001 * 500), rtol=1e-12)


def test_many_rows_do_not_take_all_pairs():
    rng = np.random.default_rng(1)
    n = 100_000
    x = rng.normal(size=n)
    entry = rng.exponential(size=n) / 10
    data = RightCensored(entry + rng.exponential(size=n), rng.integers(0, 2, n), entry=entry)
    fit = cox(data, pd.DataFrame({"x": x}))
    concordance(lung_fit())  # compiled before the clock starts
    start = time.perf_counter()
    concordance(fit)
    assert time.perf_counter() - start < 5  # all 5e9 pairs take minutes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight": "gonen"}, "weight must be one of 'harrell', 'uno', got 'gonen'"),
        ({"conf_level": 1}, "conf_level must lie strictly between 0 and 1"),
    ],
)
def test_options_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        concordance(lung_fit(), **options)


def test_uno_refuses_delayed_entry():
    with pytest.raises(InvalidArgument, match="weight='uno' takes no delayed entry: use 'harrell'"):
        concordance(heart_fit(), weight="uno")
