from __future__ import annotations

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

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import baseline_hazard, cox, predicted_survival

AFTER = cases("cox_after")
RTOL = 1e-9
RTOL_COXPHF = 1e-6  # the coefficients that R was given are iterated to 1e-8
PARTS = {"surv": "estimate", "std_err": "std_error", "lower": "lower", "upper": "upper"}
VETERAN = pd.DataFrame({"trt": [1, 2], "karno": [40, 80]})
LUNG = pd.DataFrame({"age": [60, 70], "sex": [1, 2]})


def known(values):
    return np.array(values, dtype=float)  # R's NA, null in the file, is NaN


def check(curves, times, expected, rtol=RTOL):
    """Compare, with what R loses in 1 - 1/(1 + odds) as absolute tolerance."""
    read_off = [curve.at(times) for curve in curves]
    for theirs, ours in PARTS.items():
        got = np.column_stack([getattr(curve, ours) for curve in read_off])
        assert_allclose(got, known(expected[theirs]).reshape(got.shape), rtol=rtol, atol=1e-15)


def test_efron_with_log_limits_as_r():
    expected = AFTER["baseline"]
    check(predicted_survival(lung_fit(), LUNG, conf_type="log"), expected["time"], expected)


@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain", "logit", "arcsine"])
def test_tied_times_with_each_kind_of_limits_as_r(conf_type):
    expected = AFTER["predicted_conf_types"]
    curves = predicted_survival(veteran_fit(), VETERAN, conf_type=conf_type)
    check(curves, expected["times"], expected["arcsin" if conf_type == "arcsine" else conf_type])
    assert f"{conf_type} limits" in curves[0].method


def test_level_of_the_limits_as_r():
    expected = AFTER["predicted_conf_level"]
    curves = predicted_survival(lung_fit(), LUNG[:1], conf_level=0.9)
    check(curves, expected["times"], expected["log-log"])
    assert curves[0].conf_level == 0.9


FITS = {
    "breslow": (lambda: veteran_fit(ties="breslow"), VETERAN),
    "exact": (lambda: leukemia_fit(ties="exact"), pd.DataFrame({"nonmaintained": [False, True]})),
    "weighted": (lambda: lung_fit(weight=lambda d: 1 + (d.age > 65)), LUNG),
    "weighted_ties": (lambda: lung_fit(months=True, weight=lambda d: 1 + (d.age > 65) / 2), LUNG),
    "clustered": (
        lambda: retinopathy_fit(cluster=retinopathy().id),
        pd.DataFrame({"trt": [0, 1], "juvenile": [1, 0]}),
    ),
    "start_stop": (heart_fit, pd.DataFrame({"age": [-5, 5], "surgery": [0, 1], "transplant": [0, 1]})),
}


@pytest.mark.parametrize("name", FITS)
def test_each_kind_of_fit_as_r(name):
    fit, rows = FITS[name]
    expected = AFTER[f"predicted_{name}"]
    check(predicted_survival(fit(), rows), expected["times"], expected["log-log"])


def test_strata_as_r():
    fit, expected = veteran_fit(strata=read("veteran").celltype), AFTER["predicted_strata"]
    rows = pd.DataFrame({"trt": [2, 2], "karno": [60, 60]})
    curves = predicted_survival(fit, rows, strata=["smallcell", "adeno"])
    for curve, label in zip(curves, ["smallcell", "adeno"], strict=True):
        check([curve], expected[label]["times"], expected[label])
        alone = baseline_hazard(fit, stratum=label)
        assert_allclose(curve.time, alone.time)
        assert_allclose(curve.n_at_risk, alone.n_at_risk)


def test_offset_of_new_rows_as_r():
    fit = veteran_fit(("trt",), offset=-0.03 * read("veteran").karno)
    rows, expected = pd.DataFrame({"trt": [0, 1, 2]}), AFTER["predicted_offset"]
    curves = predicted_survival(fit, rows, offset=[0, -1.5, -2.4])
    check(curves, expected["times"], expected["log-log"])
    assert_allclose(predicted_survival(fit, rows)[0].estimate, curves[0].estimate, rtol=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ties_entry_weights_strata_and_clusters_together_as_r(ties):
    fit, rows = everything_fit(ties=ties), pd.DataFrame({"age": [4.0, 4.0], "surgery": [1, 1]})
    for curve, expected in zip(
        predicted_survival(fit, rows, strata=[0, 1]), AFTER["predicted_everything"][ties], strict=True
    ):
        check([curve], expected["times"], expected)


def test_firth_as_r_at_these_coefficients():
    expected = AFTER["firth"]["predicted"]
    fit = ovarian_fit(ties="breslow", penalty="firth")
    curves = predicted_survival(fit, pd.DataFrame({"rx": [1, 2], "age": [50, 60]}))
    check(curves, expected["times"], expected["log-log"], rtol=RTOL_COXPHF)


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_survival_falls_within_its_limits_from_the_baseline_hazard(ties, seed):
    rows, stratum = random_rows(seed, ties=ties)
    fit = random_fit(rows, stratum, ties=ties)
    new = pd.DataFrame({"x": [0.3, -1.0], "z": [1.2, 0.0]})
    for curve, x, label in zip(
        predicted_survival(fit, new, strata=[1, 0], offset=[0.1, 0.1]), new.to_numpy(), [1, 0], strict=True
    ):
        hazard = baseline_hazard(fit, stratum=label).estimate * np.exp(x @ fit.coefficient + 0.1)
        assert_allclose(curve.estimate, np.exp(-hazard), rtol=1e-10)
        assert (np.diff(curve.estimate, prepend=1.0) <= 0).all()
        known = ~np.isnan(curve.lower)
        assert (curve.lower[known] <= curve.estimate[known]).all()
        assert (curve.estimate[known] <= curve.upper[known]).all()
        assert ((curve.lower[known] >= 0) & (curve.upper[known] <= 1)).all()
        assert (curve.std_error >= 0).all()


def test_columns_are_found_by_name_and_others_not_read():
    fit = veteran_fit()
    turned = pd.DataFrame({"name": ["a", "b"], "karno": [40, 80], "trt": [1, 2]}, index=[7, 9])
    for one, other in zip(predicted_survival(fit, turned), predicted_survival(fit, VETERAN), strict=True):
        assert_allclose(one.estimate, other.estimate)
        assert_allclose(one.std_error, other.std_error)
    assert predicted_survival(fit, VETERAN[:0]) == []


def test_a_covariate_far_from_0_loses_no_digits():
    frame = read("lung").assign(year=lambda d: 2000 + d.age / 100)
    plain = predicted_survival(lung_fit(), LUNG[:1])[0]
    fit = cox(RightCensored(frame.time, frame.status == 2), frame[["year", "sex"]])
    moved = predicted_survival(fit, pd.DataFrame({"year": [2000.6], "sex": [1]}))[0]
    assert_allclose(moved.estimate, plain.estimate, rtol=1e-8)
    assert_allclose(moved.std_error, plain.std_error, rtol=1e-8)


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        (VETERAN[["trt"]], {}, r"each covariate of the fit once: 1 absent or there twice \(karno\)"),
        (pd.concat([VETERAN, VETERAN.karno], axis=1), {}, r"1 absent or there twice \(karno\)"),
        (VETERAN.assign(trt=["a", "b"]), {}, r"must be numeric: 1 column\(s\) are not \(trt\)"),
        (VETERAN.assign(trt=[1, np.nan]), {}, r"must be known and finite \(trt\): 1 row\(s\) \(1\)"),
        (VETERAN.to_numpy(), {}, "rows must be a pandas DataFrame, got ndarray"),
        (VETERAN, {"strata": ["a", "b"]}, "the fit has no strata: leave strata out"),
        (VETERAN, {"offset": [0]}, r"offset must have one entry a row \(2\)"),
        (VETERAN, {"offset": [0, np.nan]}, r"offset must be known and finite: 1 row\(s\) \(1\)"),
        (VETERAN, {"conf_type": "wald"}, "conf_type must be one of 'log-log'"),
        (VETERAN, {"conf_level": 0}, "conf_level must lie strictly between 0 and 1"),
    ],
)
def test_arguments_are_refused_by_name(rows, options, message):
    with pytest.raises(InvalidArgument, match=message):
        predicted_survival(veteran_fit(), rows, **options)


@pytest.mark.parametrize(
    ("strata", "message"),
    [
        (None, r"the fit has 4 strata \(adeno, .*\): say which by strata="),
        (["adeno"], r"strata must have one entry a row \(2\), got 1"),
        (["adeno", None], r"strata must not be missing: 1 row\(s\) \(1\)"),
        (["adeno", "oat"], r"strata must be strata of the fit \(adeno, .*\): 1 are not \(oat\)"),
    ],
)
def test_strata_of_new_rows_are_refused_by_name(strata, message):
    fit = veteran_fit(strata=read("veteran").celltype)
    with pytest.raises(InvalidArgument, match=message):
        predicted_survival(fit, VETERAN, strata=strata)
