"""Recurrent events against R on further data: tie rules, clusters, strata, orders, rates, means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.recurrent import (
    andersen_gill,
    average_effect,
    event_rate,
    frailty_rate,
    mean_cumulative,
    ordered_events,
    period_rate,
    rate_ratio,
    rate_regression,
    weighted_composite,
)

CASES = cases("more_recurrent")
RTOL = 1e-9


def bladder():
    frame = read("bladder2")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event, time_unit="months"), frame


def cgd():
    frame = read("cgd")
    frame = frame.assign(tr=(frame.treat == "rIFN-g") * 1, xl=(frame.inherit == "X-linked") * 1)
    return RecurrentEvents(frame.id, frame.tstart, frame.tstop, frame.status), frame


def exacerbations():
    frame = read("rhDNase_cp")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event), frame


def readmission():
    frame = read_shared("readmission")
    frame = frame.assign(ch=(frame.chemo == "Treated") * 1, fe=(frame.sex == "Female") * 1)
    return RecurrentEvents(frame.id, frame["t.start"], frame["t.stop"], frame.event), frame


def heart_failure():
    frame = read_shared("hfactioncpx12")
    return RecurrentEvents(frame.id, frame.entry, frame.time, frame.status, time_unit="years"), frame


READ = {"bladder": bladder, "cgd": cgd, "rh": exacerbations, "rd": readmission, "hf": heart_failure}
GAP, TOTAL, WLW = ({"model": model} for model in ("pwp-gap", "pwp-total", "wlw"))
BRESLOW = {"ties": "breslow"}
REGRESSIONS = {
    "rate_rhDNase": ("rh", "trt fev", None),
    "rate_rhDNase_breslow": ("rh", "trt fev", BRESLOW),
    "rate_bladder_breslow": ("bladder", "rx number size", BRESLOW),
    "rate_cgd_by_centre": ("cgd", "tr age", BRESLOW | {"strata": "inherit", "cluster": "center"}),
    "rate_readmission_strata": ("rd", "ch fe", {"strata": "dukes"}),
    "pwp_total_cgd_all": ("cgd", "tr age xl", TOTAL),
    "pwp_gap_cgd_breslow": ("cgd", "tr age xl", GAP | BRESLOW),
    "pwp_gap_bladder_by_order": ("bladder", "rx", GAP | {"effects": "by_order"}),
    "pwp_total_readmission": ("rd", "ch fe", TOTAL),
    "pwp_gap_readmission": ("rd", "ch fe", GAP | BRESLOW),
    "pwp_gap_hf": ("hf", "treatment", GAP),
    "wlw_bladder": ("bladder", "rx number size", WLW),
    "wlw_bladder_by_order": ("bladder", "rx number", WLW | BRESLOW | {"effects": "by_order"}),
}


@pytest.mark.parametrize("name", REGRESSIONS)
def test_regression_as_coxph(name):
    source, columns, options = REGRESSIONS[name]
    data, frame = READ[source]()
    chosen = {
        key: frame[value] if key in {"strata", "cluster"} else value for key, value in (options or {}).items()
    }
    fit = (ordered_events if "model" in chosen else andersen_gill)(data, frame[columns.split()], **chosen)
    expected = CASES[name]
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, np.atleast_2d(expected["robust_var"]), rtol=RTOL, atol=1e-13)
    assert_allclose(fit.naive_std_error**2, np.diag(np.atleast_2d(expected["naive_var"])), rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=RTOL)
    tests = [fit.score_test.statistic, fit.robust_score_test.statistic, fit.wald_test.statistic]
    assert_allclose(tests, [expected[key] for key in ("score", "robust_score", "wald")], rtol=RTOL)


@pytest.mark.parametrize(
    ("name", "source", "columns"), [("readmission", "rd", "ch fe"), ("hf", "hf", "treatment")]
)
def test_counts_as_glm(name, source, columns):
    data, frame = READ[source]()
    x = frame[columns.split()]
    expected = CASES[f"negative_binomial_{name}"]
    fit = rate_regression(data, x)
    assert_allclose(fit.coefficient, expected["coef"], rtol=1e-8)
    assert_allclose(
        [fit.dispersion, fit.log_likelihood], [expected["dispersion"], expected["loglik"]], rtol=1e-8
    )
    assert_allclose(fit.std_error, expected["se"], rtol=1e-7)
    expected = CASES[f"poisson_{name}"]
    fit = rate_regression(data, x, model="poisson-robust")
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["hc0"], rtol=RTOL)


@pytest.mark.parametrize(
    ("name", "source", "arm"), [("exact_readmission", "rd", "ch"), ("exact_hf", "hf", "treatment")]
)
def test_exact_ratio_as_poisson_test(name, source, arm):
    data, frame = READ[source]()
    expected = CASES[name]
    ratio = rate_ratio(data, frame[arm], control=1, model="exact", conf_level=expected["conf_level"])
    found = [ratio.estimate, ratio.lower, ratio.upper, ratio.p_value]
    assert_allclose(found, [expected["ratio"], *expected["ratio_ci"], expected["p"]], rtol=1e-8)


def means(frame, group, status):
    for _, rows in frame.groupby(group):
        yield RecurrentEvents(rows.id, *(rows[name] for name in status))


def test_mean_numbers_as_survfit():
    bladder1 = read("bladder1").query("start < stop")
    bladder1 = bladder1.assign(event=(bladder1.status == 1) * 1)
    rows = {
        "mean_bladder1": means(bladder1, "treatment", ("start", "stop", "event")),
        "mean_rhDNase": [exacerbations()[0]],
        "mean_readmission_by_sex": means(readmission()[1], "sex", ("t.start", "t.stop", "event")),
    }
    for name, groups in rows.items():
        expected = CASES[name]
        curves = [mean_cumulative(data).at(expected["times"]) for data in groups]
        assert_allclose(np.concatenate([curve.estimate for curve in curves]), expected["cumhaz"], rtol=RTOL)
        assert_allclose(np.concatenate([curve.std_error for curve in curves]), expected["se"], rtol=RTOL)


def test_gaps_that_differ_by_rounding_are_tied():
    data, frame = bladder()
    days = RecurrentEvents(data.subject, data.start * 0.1, data.stop * 0.1, data.status)
    whole, tenths = (ordered_events(d, frame[["rx"]], model="pwp-gap") for d in (data, days))
    assert np.unique(days.stop - days.start).size > np.unique(data.stop - data.start).size
    assert_allclose(tenths.coefficient, whole.coefficient, rtol=1e-12)
    assert_allclose(tenths.covariance, whole.covariance, rtol=1e-12)


def test_a_row_shorter_than_rounding_stays_a_row():
    before = np.nextafter(30, 0)
    ends = [(before, 0), (30, 2), (20, 1), (60, 1), (50, 0), (40, 1), (25, 1)]
    stop, status = zip(*ends, strict=True)
    data = RecurrentEvents(list("aabbcde"), [0, before, 0, 20, 0, 0, 0], stop, status)
    x = pd.DataFrame({"x": [1, 1, 0, 0, 1, 0, 1]})
    without = RecurrentEvents(list("abbcde"), [0, 0, 20, 0, 0, 0], [30, *stop[2:]], [2, *status[2:]])
    fit, expected = (ordered_events(d, c, model="pwp-gap") for d, c in ((data, x), (without, x.iloc[1:])))
    assert_allclose(fit.coefficient, expected.coefficient, rtol=1e-12)


def test_orders_that_nobody_reaches_change_nothing():
    data, frame = bladder()
    for options in (GAP, TOTAL, WLW):
        some, many = (ordered_events(data, frame[["rx"]], max_order=m, **options) for m in (None, 10**30))
        assert_allclose(many.coefficient, some.coefficient, rtol=1e-12)


def test_robust_error_of_an_arm_whose_only_subject_fits_perfectly_has_a_reason():
    data = RecurrentEvents(list("aabcd"), [0, 0.7, 0, 0, 0], [0.7, 1.7, 2.3, 1.1, 3.3], [1, 0, 1, 1, 0])
    x = pd.DataFrame({"treated": [0, 0, 1, 1, 1]})
    fit = rate_regression(data, x, model="poisson-robust")
    assert np.isnan(fit.std_error[0])
    assert fit.std_error[1] > 0
    assert "no standard error of intercept" in fit.method
    turned = rate_regression(data, 1 - x, model="poisson-robust")
    assert_allclose(turned.std_error[1], fit.std_error[1], rtol=1e-12)


def test_one_subject_has_a_rate_of_its_own_without_error():
    rate = event_rate(RecurrentEvents(["a"], [0], [365.25], [1]), kind="per_subject")
    assert rate.estimate == 1
    assert np.isnan(rate.std_error)
    assert "no standard error from one subject" in rate.method


def test_a_frailty_fit_that_steps_too_far_comes_back():
    rng = np.random.default_rng(219)
    n = int(rng.choice([6, 10, 15]))
    subject = np.repeat(np.arange(n), rng.integers(1, 8, n))
    gap = pd.Series(rng.exponential(3, subject.size) + 1e-3)
    stop = gap.groupby(subject).cumsum().to_numpy()
    start = np.where(np.append(True, np.diff(subject) > 0), 0, np.append(0, stop[:-1]))
    late = rng.integers(0, 3, n)[subject]
    data = RecurrentEvents(subject, start + late, stop + late, rng.integers(0, 2, subject.size))
    fit = frailty_rate(data, pd.DataFrame({"treated": subject % 2}))
    assert fit.frailty_variance > 0


@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e300, np.nan, 1.5, -1])
def test_periods_that_are_no_number_are_refused(number):
    with pytest.raises(InvalidArgument, match="periods must be whole"):
        period_rate([1, 0], [number, 3])


def test_a_weight_of_death_that_leaves_no_events_is_refused():
    data, frame = bladder()
    with pytest.raises(InvalidArgument, match="at most"):
        weighted_composite(data, frame[["rx"]], death_weight=1e300)


def test_a_name_that_is_no_text_is_refused():
    data, frame = bladder()
    fit = ordered_events(data, frame[["rx"]], model="wlw", effects="by_order")
    with pytest.raises(InvalidArgument, match="effects by order"):
        average_effect(fit, pd.NA)
