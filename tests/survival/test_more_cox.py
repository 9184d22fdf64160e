"""Cox models of further samples, and what is asked of them, as R's survival has them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.survival import (
    baseline_hazard,
    concordance,
    cox,
    predicted_survival,
    proportionality,
    residuals,
)

GOLDEN = cases("more_cox")
RTOL = 1e-7
ALL = ("efron", "breslow", "exact")
ROBUST = ("efron", "breslow")


def kidney():
    frame = read("kidney")
    return RightCensored(frame.time, frame.status), frame


def lung(weighted=False):
    frame = read("lung")
    weight = 1 + (frame.age > 65) if weighted else None
    return RightCensored(frame.time, frame.status == 2, weight=weight), frame


def veteran(weighted=False):
    frame = read("veteran")
    weight = 0.5 + (frame.age > 60) if weighted else None
    return RightCensored(frame.time, frame.status, weight=weight), frame


def heart(weighted=False):
    frame = read("heart")
    weight = 1 + 0.5 * frame.surgery if weighted else None
    return RightCensored(frame.stop, frame.event, entry=frame.start, weight=weight), frame


def check(fit, expected, *, rscore=True):
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=1e-6)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["ll"], rtol=1e-10)
    assert_allclose(fit.score_test.statistic, expected["score"], rtol=RTOL)
    assert_allclose(fit.wald_test.statistic, expected["wald"], rtol=1e-6)
    assert (fit.n_subjects, fit.n_events) == (expected["n"], expected["nevent"])
    if "naive" in expected:
        assert_allclose(fit.naive_std_error, expected["naive"], rtol=1e-6)
    if "rscore" in expected and rscore:
        assert_allclose(fit.robust_score_test.statistic, expected["rscore"], rtol=RTOL)


def check_curves(curves, times, expected):
    for field, key in (("estimate", "surv"), ("std_error", "se"), ("lower", "lo"), ("upper", "up")):
        if key in expected:
            values = np.column_stack([getattr(curve.at(times), field) for curve in curves])
            assert_allclose(values, expected[key], rtol=1e-7, err_msg=field)


@pytest.mark.parametrize("ties", ALL)
def test_strata_under_each_tie_rule_as_r(ties):
    frame = read("lung").dropna(subset=["ph.ecog"])
    data = RightCensored(frame.time, frame.status == 2)
    check(cox(data, frame[["age", "sex"]], strata=frame["ph.ecog"], ties=ties), GOLDEN[f"strat_{ties}"])


@pytest.mark.parametrize("ties", ALL)
def test_offset_under_each_tie_rule_as_r(ties):
    data, frame = lung()
    check(cox(data, frame[["sex"]], offset=frame.age / 50, ties=ties), GOLDEN[f"off_{ties}"])


@pytest.mark.parametrize("ties", ROBUST)
def test_clusters_under_each_tie_rule_as_r(ties):
    data, frame = kidney()
    check(cox(data, frame[["age", "sex"]], cluster=frame.id, ties=ties), GOLDEN[f"clus_{ties}"])
    frame = read("retinopathy")
    fit = cox(
        RightCensored(frame.futime, frame.status),
        frame[["trt", "age"]],
        strata=frame.type,
        cluster=frame.id,
        ties=ties,
    )
    check(fit, GOLDEN[f"clusstrat_{ties}"])


@pytest.mark.parametrize("ties", ROBUST)
def test_weights_with_clusters_as_r(ties):
    data, frame = veteran(weighted=True)
    check(cox(data, frame[["karno", "trt"]], cluster=frame.celltype, ties=ties), GOLDEN[f"wclus_{ties}"])


@pytest.mark.parametrize("ties", ROBUST)
def test_start_stop_rows_with_weights_offset_and_clusters_as_r(ties):
    data, frame = heart(weighted=True)
    fit = cox(data, frame[["age", "transplant"]], offset=0.1 * frame.year, cluster=frame.id, ties=ties)
    # R's robust score test leaves the offset out of the null model.
    check(fit, GOLDEN[f"wss_{ties}"], rscore=False)


def test_robust_score_test_keeps_the_offset_in_the_null_model():
    data, frame = heart()
    fit = cox(data, frame[["age"]], offset=0.1 * frame.year, cluster=frame.id)
    # R 4.2.2, survival 3.5-3: U <- rowsum(residuals(coxph(..., init = 0, iter.max = 0), "score"), id);
    # sum(U)^2/sum(U^2); $rscore of the fit is 5.578948, the value without the offset.
    assert_allclose(fit.robust_score_test.statistic, 5.441001, rtol=1e-6)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_proportionality_with_strata_and_start_stop_rows_as_r(transform):
    data, frame = veteran()
    table = proportionality(data, frame[["trt", "karno", "age"]], transform=transform, strata=frame.celltype)
    assert_allclose(table.statistic, GOLDEN["zph_strat"][transform], rtol=RTOL)
    data, frame = heart()
    table = proportionality(data, frame[["age", "transplant"]], transform=transform)
    assert_allclose(table.statistic, GOLDEN["zph_ss"][transform], rtol=RTOL)
    data, frame = lung()
    table = proportionality(data, frame[["age", "sex"]], transform=transform)
    assert_allclose(table.statistic, GOLDEN["zph_efron"][transform], rtol=RTOL)


@pytest.mark.parametrize("kind", ["martingale", "deviance", "score", "dfbeta", "schoenfeld"])
def test_residuals_as_r(kind):
    data, frame = veteran()
    strata = cox(data, frame[["karno", "trt"]], strata=frame.celltype, ties="breslow")
    weighted, rows = heart(weighted=True)
    start_stop = cox(weighted, rows[["age", "transplant"]])
    small = read("leukemia")
    one = cox(
        RightCensored(small.time, small.status),
        pd.DataFrame({"maintained": small.x == "Maintained"}),
        ties="breslow",
    )
    for name, fit in (("ress_breslow", strata), ("resss_efron", start_stop), ("res_breslow", one)):
        values = residuals(fit, kind).to_numpy()
        expected = np.array(GOLDEN[name][kind], dtype=np.float64).reshape(values.shape)
        assert_allclose(values, expected, rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("ties", ROBUST)
def test_baseline_and_predicted_survival_under_each_tie_rule_as_r(ties):
    data, frame = veteran()
    fit, expected, times = (
        cox(data, frame[["karno", "trt"]], ties=ties),
        GOLDEN[f"base_{ties}"],
        [10, 50, 100, 300],
    )
    assert_allclose(baseline_hazard(fit).at(times).estimate, expected["H"], rtol=RTOL)
    rows = pd.DataFrame({"karno": [40, 90], "trt": [1, 2]})
    check_curves(predicted_survival(fit, rows, conf_level=0.9), times, expected)


def test_predicted_survival_of_robust_weighted_and_start_stop_fits_as_r():
    rows = pd.DataFrame({"age": [40, 60], "sex": [1, 2]})
    data, frame = kidney()
    robust = cox(data, frame[["age", "sex"]], cluster=frame.id)
    check_curves(predicted_survival(robust, rows, conf_type="log"), [10, 50, 200], GOLDEN["baseclus"])
    data, frame = lung(weighted=True)
    weighted = cox(data, frame[["age", "sex"]])
    check_curves(predicted_survival(weighted, rows, conf_type="log"), [50, 200, 500], GOLDEN["basew"])
    data, frame = heart()
    fit, expected, times = cox(data, frame[["age", "transplant"]]), GOLDEN["basess"], [10, 100, 900]
    assert_allclose(baseline_hazard(fit).at(times).estimate, expected["H"], rtol=RTOL)
    rows = pd.DataFrame({"age": [-5, 5], "transplant": [0, 1]})
    check_curves(predicted_survival(fit, rows, conf_type="plain"), times, expected)


def test_predicted_survival_of_strata_as_r():
    data, frame = veteran()
    fit = cox(data, frame[["karno"]], strata=frame.celltype)
    curves = predicted_survival(fit, pd.DataFrame({"karno": [40, 90]}), strata=["large", "squamous"])
    for field, key in (("estimate", "surv"), ("std_error", "se")):
        values = np.concatenate([getattr(curve.at([20, 100]), field) for curve in curves])
        assert_allclose(values, GOLDEN["predstrat"][key], rtol=1e-7)


def test_concordance_as_r():
    data, frame = veteran()
    pair = frame[["trt", "karno"]]
    weighted, rows = lung(weighted=True)
    for name, fit in (
        ("conc_vet", cox(data, pair)),
        ("conc_strat", cox(data, pair, strata=frame.celltype)),
        ("conc_w", cox(weighted, rows[["age", "sex"]])),
    ):
        for weight, key in (("harrell", "h"), ("uno", "u")):
            result = concordance(fit, weight=weight)
            assert_allclose([result.estimate, result.std_error], GOLDEN[name][key], rtol=RTOL, err_msg=name)
    data, frame = heart()
    result = concordance(cox(data, frame[["age", "transplant"]]))
    assert_allclose([result.estimate, result.std_error], GOLDEN["conc_ss"], rtol=RTOL)


@pytest.mark.parametrize(("sample", "columns"), [("kidney", ["age", "sex"]), ("ovarian", ["rx", "resid.ds"])])
def test_firth_under_efron_by_direct_maximisation(sample, columns):
    frame = read(sample)
    times = (frame.futime, frame.fustat) if sample == "ovarian" else (frame.time, frame.status)
    fit, expected = cox(RightCensored(*times), frame[columns], penalty="firth"), GOLDEN[f"firth_{sample}"]
    # R's optim stops where the penalised likelihood no longer changes: half the digits of the coefficients.
    assert_allclose(fit.coefficient, expected["coef"], rtol=1e-5)
    assert_allclose(fit.covariance, expected["var"], rtol=1e-5)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["ll"], rtol=1e-9)
    assert_allclose(np.column_stack([fit.lower, fit.upper, fit.p_value]), expected["lim"], rtol=1e-4)
