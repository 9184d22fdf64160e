"""A study file can ask for every method by name: the plan gives what the function of that name gives."""

from __future__ import annotations

import math
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_equal
from pydantic import ValidationError
from tests.support.declared_further import DECLARED_EVENTS, DECLARED_VALUES
from tests.support.declared_methods import DECLARED, FIRST, FREE, PLAIN, trial

from skeletal import competing, proportions, survival
from skeletal.outcomes import competing_risks, horizon_outcome, right_censored
from skeletal.study import Analysis, load_study
from skeletal.study.analysis_methods import METHODS

ESTIMATE = ("estimate", "std_error", "lower", "upper", "p_value")
TEST = ("statistic", "df", "p_value")
RATIO = ("coefficient", "std_error", "ratio", "ratio_lower", "ratio_upper", "p_value")


@cache
def frame(estimand):
    outcomes, _ = trial()
    study = outcomes.study
    rows = outcomes.first(study.estimands[estimand].endpoint, estimand)
    subjects = outcomes.subjects.set_index("subject_id").loc[rows["subject_id"]].reset_index()
    causes = (study.endpoints[study.estimands[estimand].endpoint].label, *outcomes.causes(estimand)[1:])
    return rows, subjects, causes


def value(key):
    return trial()[1].value(key)


def contrast():
    study = trial()[0].study
    return f"{study.arm_names[1]} vs {study.control.name}"


def method_of(key):
    results = trial()[1].frame
    return results.loc[results["key"] == key, "method"].iloc[0]


def sample(estimand=FREE):
    rows, subjects, _ = frame(estimand)
    arm = rows["arm"].to_numpy(dtype=object)
    control = trial()[0].study.control.name
    experimental = (arm != control).astype(float)
    return right_censored(rows), arm, control, experimental, subjects


def check(name, fields, result, arm="all", time=None, place=None):
    at = "" if time is None else f"@{time}"
    for field in fields:
        expected = getattr(result, field)
        expected = expected if place is None else expected[place]
        assert_equal(value(f"{name}/{arm}/{field}{at}"), expected, err_msg=field)
    assert result.method in method_of(f"{name}/{arm}/{fields[0]}{at}")


def test_every_method_is_declared_in_these_tests_or_in_a_library_study():
    used = {method for _, method, _ in DECLARED.values()}
    library = {item.method for item in load_study("hermes").analyses.values()}
    further = {method for _, method, _ in DECLARED_EVENTS.values()}
    further |= {method for method, _ in DECLARED_VALUES.values()}
    measures = {"mean", "responders", "period_rate", "event_rate"}
    assert set(METHODS) == used | further | library | measures | {"proportion"}


def test_no_declared_analysis_is_without_rows_or_without_its_method():
    results = trial()[1].frame
    assert set(DECLARED) <= set(results["analysis"])
    assert (results["method"].str.len() > 0).all()
    assert results["key"].is_unique


@pytest.mark.parametrize("name", ["hazard", "follow", "band", "given"])
def test_curves(name):
    function, options = DECLARED[name][1], dict(DECLARED[name][2])
    times = options.pop("times")
    rows, _, _ = frame(FREE)
    for arm, part in rows.groupby("arm"):
        curve = getattr(survival, function)(right_censored(part), **options).at(times)
        for place, time in enumerate(times):
            for field in ("estimate", "lower", "upper", "n_at_risk"):
                assert_equal(value(f"{name}/{arm}/{field}@{time}"), getattr(curve, field)[place])
        assert method_of(f"{name}/{arm}/estimate@{times[0]}") == curve.method


@pytest.mark.parametrize("name", ["greenwood", "naive"])
def test_incidence_curves(name):
    function, options = DECLARED[name][1], dict(DECLARED[name][2])
    times = options.pop("times")
    rows, _, causes = frame(FIRST)
    for arm, part in rows.groupby("arm"):
        curve = getattr(competing, function)(competing_risks(part, causes), causes[0], **options).at(times)
        assert_equal(value(f"{name}/{arm}/std_error@{times[0]}"), curve.std_error[0])


def test_hypothesis_tests():
    data, arm, control, _, subjects = sample()
    late = survival.FlemingHarrington(0, 1)
    check("late", TEST, survival.logrank(data, arm, control=control, strata=subjects["sex"], weight=late))
    labels = sorted(set(arm))
    scores = {control: 0, next(a for a in labels if a != control): 2}
    trend = survival.logrank_trend(data, arm, [scores[a] for a in labels], weight=survival.Gehan())
    check("trend", TEST, trend)
    permuted = survival.logrank_permutation(
        data, arm, control=control, ties="average-scores", distribution="asymptotic"
    )
    check("permuted", TEST, permuted)
    combo = survival.max_combo(
        data,
        arm,
        [survival.Unweighted(), late],
        control=control,
        strata=subjects["sex"],
        alternative="less",
    )
    check("combo", TEST, combo, arm=contrast())
    assert_equal(value(f"combo/{contrast()}/z2"), combo.component_z[1])
    rows, first_subjects, causes = frame(FIRST)
    risks = competing_risks(rows, causes)
    gray = competing.gray_test(
        risks,
        rows["arm"].to_numpy(dtype=object),
        causes[0],
        control=control,
        strata=first_subjects["sex"],
        rho=1,
    )
    check("gray", TEST, gray)
    check("mean-test", TEST, survival.restricted_mean_test(data, arm, horizon=365, control=control))


def test_regressions():
    data, _, _, experimental, subjects = sample()
    name = contrast().split(" vs ")[0]
    design = pd.DataFrame({name: experimental, "age": subjects["age"].to_numpy(dtype=float)})
    check("firth", RATIO, survival.cox(data, design, ties="breslow", penalty="firth"), contrast(), place=0)
    weibull = survival.parametric(data, design)
    check("weibull", RATIO, weibull, contrast(), place=weibull.names.index(name))
    normal = survival.parametric(data, design[[name]], distribution="log-normal")
    check("log-normal", RATIO, normal, contrast(), place=normal.names.index(name))
    piecewise = survival.piecewise_exponential(data, design[[name]], cuts=[180, 365])
    check("piecewise", RATIO, piecewise, contrast(), place=piecewise.names.index(name))
    uno = survival.concordance(survival.cox(data, design), weight="uno")
    check("agreement", ESTIMATE, uno)
    zph = survival.proportionality(data, design, transform="rank")
    assert_equal(value(f"proportional/{contrast()}/statistic"), zph.loc[name, "statistic"])
    assert_equal(value("proportional/all/df"), zph.loc["GLOBAL", "df"])


def test_competing_regressions():
    rows, subjects, causes = frame(FIRST)
    name = contrast().split(" vs ")[0]
    design = pd.DataFrame(
        {name: (rows["arm"] == name).to_numpy(dtype=float), "age": subjects["age"].to_numpy(dtype=float)}
    )
    risks = competing_risks(rows, causes)
    cause = competing.cause_specific_cox(risks, design, causes[0], ties="breslow")
    check("cause", RATIO, cause, contrast(), place=0)
    fitted = competing.fine_gray(risks, design, causes[0], censoring_strata=subjects["sex"])
    check("fine-gray", RATIO, fitted, contrast(), place=0)
    mean_age = design["age"].mean()
    new = pd.DataFrame({name: [0.0, 1.0], "age": mean_age})
    curves = competing.predicted_incidence(competing.fine_gray(risks, design, causes[0]), new)
    assert_allclose(
        value(f"incidence-of-mean/{name}/estimate@365"), curves[1].at([365]).estimate[0], rtol=1e-12
    )
    risk = competing.absolute_risk(risks, design[[name]], causes[0], new[[name]], product="product-limit")
    assert_equal(value(f"risk/{name}/upper@365"), risk[1].at([365]).upper[0])


def test_predicted_survival_names_its_rows():
    data, _, control, experimental, subjects = sample()
    name = contrast().split(" vs ")[0]
    design = pd.DataFrame({name: experimental, "age": subjects["age"].to_numpy(dtype=float)})
    new = pd.DataFrame({name: [0.0, 1.0], "age": [75.0, 60.0]})
    curves = survival.predicted_survival(survival.cox(data, design), new)
    assert_equal(value(f"curve-at-60/{control}/estimate[age=75]@365"), curves[0].at([365]).estimate[0])
    assert_equal(value(f"curve-at-60/{name}/lower[age=60]@365"), curves[1].at([365]).lower[0])


def test_subgroups():
    data, arm, control, _, subjects = sample()
    found = survival.subgroup_effects(data, arm, subjects["sex"], control=control, conf_level=0.9)
    for place, label in enumerate(found.labels[:-1]):
        assert_equal(value(f"subgroups/{contrast()}/ratio[sex={label}]"), found.hazard_ratio[place])
    assert_equal(value(f"subgroups/{contrast()}/ratio_upper[sex, overall]"), found.upper[-1])
    key = f"subgroups/{contrast()}/interaction_p_value[sex]"
    assert_equal(value(key), found.likelihood_ratio_test.p_value)


def test_contrasts():
    data, arm, control, _, subjects = sample()
    rows, _, causes = frame(FIRST)
    risks, first_arm = competing_risks(rows, causes), rows["arm"].to_numpy(dtype=object)
    gap = survival.survival_contrast(data, arm, time=365, control=control, kind="log-log")
    check("survival-gap", ESTIMATE, gap, contrast(), 365)
    ratio = competing.incidence_contrast(
        risks, first_arm, causes[0], time=365, control=control, kind="ratio", variance="jackknife"
    )
    check("incidence-gap", ESTIMATE, ratio, contrast(), 365)
    means = survival.restricted_mean_contrast(
        data, arm, horizon=365, control=control, kind="ratio", strata=subjects["sex"]
    )
    check("mean-ratio", ESTIMATE, means, contrast(), 365)
    lost = competing.years_lost_contrast(risks, first_arm, causes[0], horizon=365, control=control)
    check("lost-gap", ESTIMATE, lost, contrast(), 365)
    model = survival.restricted_mean_regression(
        data, arm, subjects[["age"]].astype(float), horizon=365, control=control
    )
    check("mean-model", ("coefficient", "lower", "p_value"), model, contrast(), 365, place=1)
    for name, part in rows.groupby("arm"):
        check(
            "lost",
            ESTIMATE,
            competing.years_lost(competing_risks(part, causes), causes[0], horizon=365),
            name,
            365,
        )
    for name, part in frame(FREE)[0].groupby("arm"):
        mean = survival.restricted_mean(right_censored(part), horizon=365, conf_level=0.9)
        check("mean", ESTIMATE, mean, name, 365)


def counts(strata=None, horizon=365):
    rows, subjects, _ = frame(FIRST)
    outcome = horizon_outcome(rows, horizon)
    table = pd.DataFrame({"arm": rows["arm"] != trial()[0].study.control.name, "event": outcome == "event"})
    table["stratum"] = 0 if strata is None else subjects[strata].to_numpy()
    table = table[np.asarray(outcome != "unknown")]
    grouped = table.groupby(["stratum", "arm"])["event"].agg(["sum", "count"])
    events, totals = (grouped[column].to_numpy().reshape(-1, 2) for column in ("sum", "count"))
    return (events, totals) if strata else (events[0], totals[0])


def test_proportions():
    arm = contrast()
    for time in (180, 365):
        gap = proportions.risk_difference(*counts(horizon=time), method="miettinen-nurminen")
        check("difference", ESTIMATE, gap, arm, time)
    check("risk-ratio", ESTIMATE, proportions.risk_ratio(*counts()), arm, 365)
    odds = proportions.odds_ratio(*counts(), method="conditional", conf_level=0.9)
    check("odds", ESTIMATE, odds, arm, 365)
    tested = ("statistic", "z", "p_value")
    check("chi-square", tested, proportions.proportions_test(*counts(), method="yates"), arm, 365)
    check("fisher", tested, proportions.fisher_test(*counts(), alternative="less", p="mid"), arm, 365)
    worse = proportions.noninferiority_test(*counts(), margin=1.2, scale="ratio", alternative="less")
    check("not-worse", tested, worse, arm, 365)
    check("cmh", tested, proportions.cmh_test(*counts("sex")), arm, 365)
    check("common-odds", ESTIMATE, proportions.stratified_odds_ratio(*counts("sex")), arm, 365)
    common = proportions.stratified_risk_difference(*counts("sex"), method="miettinen-nurminen")
    check("common-gap", ESTIMATE, common, arm, 365)
    rows, subjects, _ = frame(FIRST)
    outcome = horizon_outcome(rows, 365)
    known = np.asarray(outcome != "unknown")
    adjusted = proportions.marginal_contrast(
        np.asarray(outcome == "event")[known],
        rows["arm"].to_numpy(dtype=object)[known],
        subjects.loc[known, ["age"]].astype(float),
        control=trial()[0].study.control.name,
        kind="ratio",
    )
    check("standardised", ESTIMATE, adjusted, arm, 365)
    left_out = f"{(~known).sum()} of {len(rows)} censored before day 365 left out"
    assert left_out in method_of(f"standardised/{arm}/estimate@365")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "max_combo"}, "max_combo needs weights"),
        ({"method": "restricted_mean"}, "restricted_mean needs horizon"),
        ({"method": "conditional_survival"}, "conditional_survival needs given"),
        ({"method": "cox", "horizon": 365}, "cox does not take horizon"),
        ({"method": "logrank", "weights": [PLAIN]}, "logrank does not take weights"),
        (
            {"method": "parametric", "distribution": "normal"},
            "parametric takes distribution weibull, exponential",
        ),
        (
            {"method": "fisher_test", "times": [9], "formula": "pooled"},
            "fisher_test takes formula exact, mid",
        ),
        ({"method": "logrank", "weight": {"name": "gehan", "rho": 1}}, "gehan takes no numbers, got rho"),
        (
            {"method": "logrank", "weight": {"name": "fleming-harrington", "rho": 1}},
            "takes gamma and rho, got rho",
        ),
        ({"method": "logrank", "weight": {"name": "modestly-weighted"}}, "takes one of t_star and s_star"),
        ({"method": "subgroup_effects", "subgroups": ["arm"]}, "arm can be neither stratum nor covariate"),
        ({"method": "absolute_risk", "times": [9], "rows": [{"age": 4}]}, "needs no covariate and no other"),
        ({"method": "piecewise_exponential", "cuts": [90, 90]}, "cuts name a day twice, got 90, 90"),
        ({"method": "gray_test", "rho": math.inf}, "finite"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        Analysis(estimand=FREE, **options)
