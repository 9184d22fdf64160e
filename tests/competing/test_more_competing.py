"""Competing risks in further samples as R's cmprsk, etm, survival and riskRegression have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared

from skeletal.competing import (
    absolute_risk,
    cause_specific_cox,
    cumulative_incidence,
    fine_gray,
    gray_test,
    predicted_incidence,
)
from skeletal.data import CompetingRisks

GOLDEN = cases("more_competing")


def tbmt():
    frame = read("tbmt")
    return CompetingRisks(frame.time, frame.cause, ["trm", "relapse"]), frame


def melanoma():
    frame = read("melanoma")
    frame = frame.assign(male=frame.sex == "Male", ulcered=frame.ulcer == "present")
    return CompetingRisks(frame.time, frame.status, ["melanoma", "other"]), frame


def bmtcrr():
    frame = read_shared("bmtcrr")
    frame = frame.assign(female=frame.Sex == "F", aml=frame.D == "AML", blood=frame.Source == "PB")
    for phase in ("CR1", "CR2", "CR3"):
        frame[phase] = frame.Phase == phase
    return CompetingRisks(frame.ftime, frame.Status, ["relapse", "other"]), frame


def prostate():
    frame = read_shared("prostate")
    heart = ["dead - heart or vascular", "dead - cerebrovascular"]
    rest = [frame.status == "alive", frame.status == "dead - prostatic ca", frame.status.isin(heart)]
    data = CompetingRisks(frame.dtime, np.select(rest, [0, 1, 2], 3), ["cancer", "vessels", "other"])
    return data, frame


def waiting():
    frame = read("transplant")
    status = frame.event.map({"censored": 0, "ltx": 1, "death": 2, "withdraw": 3})
    return CompetingRisks(frame.futime, status, ["transplant", "death", "withdrawal"]), frame


def ages_of_mgus():
    frame = read("mgus2")
    time = frame.ptime.where(frame.pstat == 1, frame.futime)
    status = np.where(frame.pstat == 1, 1, 2 * frame.death)
    some, age = time > 0, 12 * frame.age
    return CompetingRisks((age + time)[some], status[some], ["myeloma", "death"], entry=age[some])


def check_gray(name, data, arm, **options):
    for cause, row in zip(data.causes, GOLDEN[name], strict=True):
        result = gray_test(data, arm, cause, **options)
        assert_allclose([result.statistic, result.p_value, result.df], row, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("rho", [0, 1, -1, 0.5])
def test_gray_with_rho_and_strata_as_cmprsk(rho):
    data, frame = tbmt()
    check_gray(f"gray_tb{rho}", data, frame.tcell, rho=rho)
    data, frame = melanoma()
    check_gray(f"gray_ms{rho}", data, frame.sex, strata=frame.ulcer + frame.invasion, rho=rho)
    data, frame = waiting()
    check_gray(f"gray_tr{rho}", data, frame.abo, strata=frame.sex, rho=rho)
    data, frame = bmtcrr()
    check_gray(f"gray_bs{rho}", data, frame.Phase, strata=frame.Sex, rho=rho)


def test_gray_of_four_doses_in_strata_as_cmprsk():
    data, frame = prostate()
    check_gray("gray_pro_s", data, frame.rx, strata=frame.stage.astype(str) + frame.bm.astype(str))


def test_incidences_of_three_causes_as_cmprsk():
    data, frame = waiting()
    expected = GOLDEN["ci_trans"]
    for name, estimate, variance in zip(expected["curves"], expected["est"], expected["var"], strict=True):
        group, cause = name.split(" ")
        own = np.asarray(frame.abo == group)
        sample = CompetingRisks(data.time[own], data.status[own], data.causes)
        curve = cumulative_incidence(sample, data.causes[int(cause) - 1]).at(expected["times"])
        known = ~np.isnan(np.array(estimate, dtype=np.float64))
        assert_allclose(curve.estimate[known], np.array(estimate, dtype=np.float64)[known], rtol=1e-9)
        assert_allclose(
            curve.std_error[known] ** 2, np.array(variance, dtype=np.float64)[known], rtol=1e-8, atol=1e-18
        )


@pytest.mark.parametrize(("name", "conf_type"), [("sf_tbmt", "log-log"), ("sf_lt", "log")])
def test_jackknife_limits_as_survfit(name, conf_type):
    data, expected = tbmt()[0] if name == "sf_tbmt" else ages_of_mgus(), GOLDEN[name]
    for k, cause in enumerate(data.causes, start=1):
        curve = cumulative_incidence(data, cause, variance="jackknife", conf_type=conf_type).at(expected["t"])
        for field, key in (("estimate", "est"), ("std_error", "se"), ("lower", "lo"), ("upper", "up")):
            assert_allclose(getattr(curve, field), np.array(expected[key])[:, k], rtol=1e-8, err_msg=field)


@pytest.mark.parametrize("name", ["etm_tb", "etm_lt"])
def test_greenwood_variance_as_etm(name):
    data, expected = tbmt()[0] if name == "etm_tb" else ages_of_mgus(), GOLDEN[name]
    for k, cause in enumerate(data.causes, start=1):
        curve = cumulative_incidence(data, cause, variance="greenwood").at(expected["times"])
        assert_allclose(curve.estimate, expected[f"p{k}"], rtol=1e-9)
        assert_allclose(curve.std_error**2, expected[f"v{k}"], rtol=1e-8)


def check_fit(name, fit):
    expected = GOLDEN[name]
    assert_allclose(fit.coefficient, expected["coef"], rtol=1e-7)
    assert_allclose(fit.covariance, np.array(expected["var"]), rtol=1e-6)
    naive = np.sqrt(np.diag(np.atleast_2d(expected["naive"])))
    assert_allclose(fit.naive_std_error, naive, rtol=1e-6)
    assert_allclose(
        [fit.log_likelihood_null, fit.log_likelihood], [expected["ll0"], expected["ll"]], rtol=1e-9
    )


def test_other_causes_censoring_strata_and_changing_effects_as_crr():
    data, frame = melanoma()
    check_fit("mel2", fine_gray(data, frame[["male", "age", "ulcered", "logthick"]], "other"))
    check_fit("mel_cen2", fine_gray(data, frame[["age"]], "other", censoring_strata=frame.ulcer))
    changing = {"male": lambda t: t / 1000}
    check_fit("mel_tf", fine_gray(data, frame[["male", "logthick"]], "other", time_varying=changing))


def test_seven_covariates_and_three_causes_as_crr():
    data, frame = bmtcrr()
    columns = ["Age", "female", "aml", "CR1", "CR2", "CR3", "blood"]
    check_fit("bmtcrr", fine_gray(data, frame[columns], "relapse"))
    data, frame = prostate()
    known = frame.age.notna()
    data = CompetingRisks(data.time[known], data.status[known], data.causes)
    frame = frame[known].assign(high=frame.rx == "5.0 mg estrogen")
    check_fit("prostate2", fine_gray(data, frame[["high", "age", "bm", "hx"]], "vessels"))


def test_censorings_at_time_0_do_not_touch_the_weights_of_that_time():
    data, frame = waiting()
    known = frame.age.notna().to_numpy()
    covariates = frame.loc[known, ["age", "year"]]
    here = fine_gray(
        CompetingRisks(data.time[known], data.status[known], data.causes), covariates, "transplant"
    )
    later = fine_gray(
        CompetingRisks(data.time[known] + 1, data.status[known], data.causes), covariates, "transplant"
    )
    assert_allclose(here.coefficient, later.coefficient, rtol=1e-9)
    assert_allclose(here.covariance, later.covariance, rtol=1e-9)


def check_predictions(name, fit, rows):
    expected = GOLDEN[name]
    curves = [curve.at(expected["times"]).estimate for curve in predicted_incidence(fit, rows)]
    assert_allclose(np.column_stack(curves), expected["cif"], rtol=1e-7)


def test_predictions_as_crr():
    data, frame = melanoma()
    changing = {"male": lambda t: t / 1000}
    check_predictions(
        "pred_tf",
        fine_gray(data, frame[["male", "logthick"]], "melanoma", time_varying=changing),
        pd.DataFrame({"male": [1, 0], "logthick": [0, 1.5]}),
    )
    data, frame = tbmt()
    check_predictions(
        "pred2_cen",
        fine_gray(data, frame[["platelet", "age"]], "relapse", censoring_strata=frame.tcell),
        pd.DataFrame({"platelet": [1, 0], "age": [0, 1.5]}),
    )


def test_cause_specific_models_as_coxph():
    data, frame = melanoma()
    transplants, rows = tbmt()
    for name, fit in (
        ("cs_breslow", cause_specific_cox(data, frame[["age", "logthick"]], "other", ties="breslow")),
        ("cs_strat", cause_specific_cox(data, frame[["age", "logthick"]], "melanoma", strata=frame.ulcer)),
        ("cs_clus", cause_specific_cox(transplants, rows[["platelet", "age"]], "trm", cluster=rows.tcell)),
    ):
        expected = GOLDEN[name]
        assert_allclose(fit.coefficient, expected["coef"], rtol=1e-7, err_msg=name)
        assert_allclose(fit.covariance, expected["var"], rtol=1e-6, err_msg=name)
        assert_allclose(fit.score_test.statistic, expected["score"], rtol=1e-7, err_msg=name)


def check_risks(name, data, covariates, cause, rows, times):
    expected = GOLDEN[name]
    for product, risk, error in (("exponential", "exp", "se"), ("product-limit", "pl", "pse")):
        curves = [curve.at(times) for curve in absolute_risk(data, covariates, cause, rows, product=product)]
        assert_allclose([curve.estimate for curve in curves], expected[risk], rtol=1e-6, err_msg=product)
        assert_allclose([curve.std_error for curve in curves], expected[error], rtol=1e-5, err_msg=product)


def test_absolute_risks_and_their_errors_as_riskregression():
    data, frame = melanoma()
    rows = pd.DataFrame({"age": [40, 70], "logthick": [0, 1]})
    times = [500, 1000, 2000, 3000]
    check_risks("ar_mel2", data, frame[["age", "logthick"]], "other", rows, times)
    data, frame = tbmt()
    rows = pd.DataFrame({"platelet": [0, 1], "age": [0.5, -1], "tcell": [1, 0]})
    check_risks("ar_tbmt", data, frame[["platelet", "age", "tcell"]], "trm", rows, [1, 5, 12, 40])
