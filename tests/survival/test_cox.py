from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read
from tests.support.references import gradient, naive_partial_likelihood

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.partial_likelihood import cox_sample, evaluate, score_residuals
from skeletal.survival import cox, logrank

COX = cases("cox")
RTOL = 1e-9
RTOL_COXPHF = 1e-6  # its profile limits are iterated to 1e-8


def values(entry):
    return np.array(list(entry.values()) if isinstance(entry, dict) else entry, dtype=float)


def check(fit, expected):
    assert_allclose(fit.coefficient, np.ravel(values(expected["coef"])), rtol=RTOL)
    assert_allclose(fit.std_error, np.ravel(values(expected["se"])), rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=RTOL)
    assert_allclose(fit.score_test.statistic, np.ravel(expected["score"])[0], rtol=RTOL)
    if "var" in expected:
        assert_allclose(fit.covariance, expected["var"], rtol=RTOL)
    if "hr_ci" in expected:
        limits = np.column_stack([fit.ratio_lower, fit.ratio_upper])
        assert_allclose(limits, expected["hr_ci"], rtol=RTOL)
        assert_allclose(fit.p_value, np.ravel(expected["z_p"]), rtol=1e-7)  # a tail magnifies z
        gain = fit.likelihood_ratio_test
        assert_allclose([gain.statistic, gain.df, gain.p_value], expected["lrt"], rtol=RTOL)
        wald = fit.wald_test
        assert_allclose(wald.statistic, expected["wald"][0], atol=0.005)  # R prints two decimals
        assert_allclose([wald.df, wald.p_value], expected["wald"][1:], rtol=1e-7)
    if "naive_se" in expected:
        assert_allclose(fit.naive_std_error, expected["naive_se"], rtol=RTOL)
        assert_allclose(fit.robust_score_test.statistic, expected["robust_score"][0], rtol=RTOL)
    else:
        assert np.isnan(fit.robust_score_test.statistic)


def lung(rows=None):
    frame = read("lung") if rows is None else rows
    return RightCensored(frame.time, frame.status == 2), frame


def veteran():
    frame = read("veteran")
    types = {name: frame.celltype == name for name in ("adeno", "large", "smallcell")}
    covariates = pd.DataFrame({"trt": frame.trt == 2, "karno": frame.karno, **types})
    return RightCensored(frame.time, frame.status), covariates, frame


def heart(**options):
    frame = read("heart")
    return RightCensored(frame.stop, frame.event, entry=frame.start, **options), frame


def test_efron_as_r():
    data, frame = lung(read("lung").dropna(subset=["ph.ecog"]))
    fit = cox(data, frame[["age", "sex", "ph.ecog"]])
    check(fit, COX["efron"])
    assert (fit.n_subjects, fit.n_events) == (227, 164)
    assert fit.names == ("age", "sex", "ph.ecog")


def test_breslow_as_r():
    data, covariates, _ = veteran()
    check(cox(data, covariates, ties="breslow"), COX["breslow"])


def test_exact_as_r():
    frame = read("leukemia")
    covariates = pd.DataFrame({"x": frame.x == "Nonmaintained"})
    check(cox(RightCensored(frame.time, frame.status), covariates, ties="exact"), COX["exact"])


def test_exact_with_heavy_ties_and_strata_as_r():
    frame = read("lung")
    data = RightCensored(np.ceil(frame.time / 60), frame.status == 2)
    check(cox(data, frame[["age", "sex"]], ties="exact"), COX["exact_heavy_ties"])
    check(cox(data, frame[["age"]], strata=frame.sex, ties="exact"), COX["exact_stratified"])


def test_exact_ties_with_start_stop_rows_and_strata_as_r():
    frame = read("heart")
    data = RightCensored(frame.stop // 3 + 1, frame.event, entry=frame.start // 3)
    fit = cox(data, frame[["age", "surgery"]], strata=frame.transplant, ties="exact")
    check(fit, COX["exact_start_stop"])


def test_exact_ties_with_an_offset_and_strata_as_r():
    frame = read("lung").dropna(subset=["ph.ecog"])
    data = RightCensored(np.ceil(frame.time / 30), frame.status == 2)
    fit = cox(data, frame[["sex"]], offset=frame.age / 50, strata=frame["ph.ecog"] > 1, ties="exact")
    check(fit, COX["exact_offset"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_case_weights_of_tied_events_as_r(ties):
    frame = read("lung")
    data = RightCensored(np.ceil(frame.time / 60), frame.status == 2, weight=0.5 + frame.age % 4)
    check(cox(data, frame[["age", "sex"]], ties=ties), COX[f"{ties}_weights_ties"])


def test_delayed_entry_on_the_scale_of_age_as_r():
    frame = read("mgus2").dropna(subset=["hgb", "mspike"]).query("futime > 0")
    # in months, so that times that are equal are equal
    data = RightCensored(12 * frame.age + frame.futime, frame.death, entry=12 * frame.age)
    covariates = pd.DataFrame({"male": frame.sex == "M", "hgb": frame.hgb, "mspike": frame.mspike})
    check(cox(data, covariates), COX["delayed_entry_ages"])


def test_strata_as_r():
    data, covariates, frame = veteran()
    check(cox(data, covariates[["trt", "karno"]], strata=frame.celltype), COX["stratified"])


def test_clusters_with_tied_events_as_r():
    frame = read("retinopathy")
    covariates = pd.DataFrame({"trt": frame.trt, "juvenile": (frame.type == "juvenile").astype(int)})
    covariates["both"] = covariates.trt * covariates.juvenile
    check(cox(RightCensored(frame.futime, frame.status), covariates, cluster=frame.id), COX["clustered"])


def test_every_row_a_cluster_as_r():
    data, frame = lung()
    check(cox(data, frame[["age", "sex"]], cluster=np.arange(len(frame))), COX["robust"])


def test_start_stop_as_r():
    data, frame = heart()
    check(cox(data, frame[["age", "year", "surgery", "transplant"]]), COX["start_stop"])
    fit = cox(data, frame[["age", "surgery"]], strata=frame.transplant, ties="breslow")
    check(fit, COX["start_stop_breslow_stratified"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_ties_entry_weights_strata_and_clusters_together_as_r(ties):
    frame = read("heart")
    data = RightCensored(frame.stop // 30 + 1, frame.event, entry=frame.start // 30, weight=1 + frame.id % 3)
    covariates = frame[["age", "surgery"]]
    fit = cox(data, covariates, strata=frame.transplant, cluster=frame.id, ties=ties)
    check(fit, COX[f"everything_{ties}"])


def test_recurrent_events_as_r():
    frame = read("bladder2")
    data = RightCensored(frame.stop, frame.event, entry=frame.start)
    check(cox(data, frame[["rx", "size", "number"]], cluster=frame.id), COX["andersen_gill"])


def test_case_weights_as_r():
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2, weight=1 + (frame.age > 65))
    check(cox(data, frame[["age", "sex"]]), COX["weighted"])


def test_offset_as_r():
    data, covariates, frame = veteran()
    check(cox(data, covariates[["trt"]], offset=-0.03 * frame.karno), COX["offset"])


def test_large_cohort_with_eight_covariates_as_r():
    frame = read("rotterdam")
    covariates = frame[["age", "meno", "grade", "nodes", "pgr", "er", "hormon", "chemo"]]
    check(cox(RightCensored(frame.dtime, frame.death), covariates), COX["rotterdam"])


def test_three_arms_as_r():
    frame = read("colon").query("etype == 2")
    covariates = pd.DataFrame({"Lev": frame.rx == "Lev", "Lev5FU": frame.rx == "Lev+5FU"})
    check(cox(RightCensored(frame.time, frame.status), covariates), COX["three_arms"])


@pytest.mark.parametrize(("name", "first"), [("firth", "rx"), ("firth_monotone", "sep")])
def test_firth_as_coxphf(name, first):
    frame, expected = read("ovarian"), COX[name]
    frame["sep"] = (frame.futime > 650).astype(int)
    fit = cox(
        RightCensored(frame.futime, frame.fustat), frame[[first, "age"]], ties="breslow", penalty="firth"
    )
    assert_allclose(fit.coefficient, values(expected["coef"]), rtol=RTOL_COXPHF)
    assert_allclose(fit.covariance, expected["var"], rtol=RTOL_COXPHF)
    assert_allclose(fit.ratio_lower, values(expected["ci_profile_hr_lower"]), rtol=RTOL_COXPHF)
    assert_allclose(fit.ratio_upper, values(expected["ci_profile_hr_upper"]), rtol=RTOL_COXPHF)
    assert_allclose(fit.p_value, values(expected["p_plr"]), rtol=RTOL_COXPHF)
    ours = [fit.log_likelihood_null, fit.log_likelihood]
    assert_allclose(ours, expected["loglik_penalized"], rtol=RTOL_COXPHF)


def sample(seed, n=14, spread=4):
    rng = np.random.default_rng(seed)
    time, event = rng.integers(1, spread + 1, n).astype(float), rng.integers(0, 2, n)
    event[:2] = 1
    return time, event, rng.normal(size=(n, 2)), rng


@pytest.mark.parametrize("ties", ["efron", "breslow", "exact"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_likelihood_and_score_as_the_naive_sum(ties, seed):
    time, event, x, rng = sample(seed)
    options = {"entry": time - rng.integers(1, 4, time.size), "stratum": rng.integers(0, 2, time.size)}
    if ties != "exact":
        options["weight"] = rng.uniform(0.5, 2, time.size)
    place, zero = rng.normal(size=2) / 2, np.zeros(2)
    prepared = cox_sample(time, event, x, **options)

    def naive(beta):
        return naive_partial_likelihood(beta, time, event, x, ties=ties, **options)

    def ours(beta):
        return evaluate(prepared, beta, ties)

    # Rows are centred and scaled within strata: the value differs by nothing, since events cancel it.
    gained = ours(place).log_likelihood - ours(zero).log_likelihood
    assert_allclose(gained, naive(place) - naive(zero), atol=1e-10)
    assert_allclose(ours(place).score, gradient(naive, place), atol=1e-7)
    slopes = gradient(lambda beta: ours(beta).score, place)
    assert_allclose(ours(place).information, -slopes, atol=1e-6)
    if ties != "exact":
        residuals = score_residuals(prepared, place, ties)
        assert_allclose(options["weight"] @ residuals, ours(place).score, atol=1e-10)


def test_exact_score_test_of_an_arm_is_the_logrank_test():
    data, frame = lung()
    fit = cox(data, frame[["sex"]], ties="exact")
    assert_allclose(fit.score_test.statistic, logrank(data, frame.sex).statistic, rtol=1e-10)


def test_exact_with_half_of_a_risk_set_tied_is_finite():
    covariates = pd.DataFrame({"x": [0, 1, 0, 1, 1, 1, 0, 0, 0, 1]})
    fit = cox(
        RightCensored([1, 1, 1, 1, 2, 2, 2, 2, 3, 3], [1, 1, 0, 0, 1, 1, 0, 1, 1, 0]),
        covariates,
        ties="exact",
    )
    # By symmetry of the three risk sets.
    assert_allclose(fit.coefficient, 0, atol=1e-12)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_shifting_and_scaling_a_covariate_scales_its_coefficient(ties):
    data, frame = lung()
    plain = cox(data, frame[["age", "sex"]], ties=ties)
    moved = cox(data, pd.DataFrame({"age": 1e4 + 365.25 * frame.age, "sex": frame.sex}), ties=ties)
    assert_allclose(moved.coefficient * [365.25, 1], plain.coefficient, rtol=1e-9)
    assert_allclose(moved.log_likelihood, plain.log_likelihood, rtol=1e-12)


def test_firth_likelihood_does_not_depend_on_units():
    data, frame = lung()
    plain = cox(data, frame[["age"]], penalty="firth")
    scaled = cox(data, frame[["age"]] * 12, penalty="firth")
    assert_allclose(scaled.log_likelihood, plain.log_likelihood, rtol=1e-12)
    assert_allclose(scaled.lower * 12, plain.lower, rtol=1e-7)


def test_firth_of_one_pair_is_known_by_hand():
    # One event, one other at risk with x higher by 1: log p + log(p (1 - p))/2 is largest at p = 3/4.
    fit = cox(RightCensored([1, 2, 3], [0, 1, 0]), pd.DataFrame({"x": [1, 3, 4]}), penalty="firth")
    assert_allclose(fit.coefficient, -np.log(3), rtol=1e-9)


def test_firth_limits_and_p_value_come_from_the_profile():
    data, frame = lung()
    penalised, plain = cox(data, frame[["sex"]], penalty="firth"), cox(data, frame[["sex"]])
    wald = penalised.coefficient + np.outer([-1, 1], 1.959964 * penalised.std_error).ravel()
    assert not np.allclose([penalised.lower[0], penalised.upper[0]], wald, atol=1e-4)
    assert_allclose(penalised.p_value, penalised.likelihood_ratio_test.p_value, rtol=1e-8)
    assert abs(penalised.coefficient[0]) < abs(plain.coefficient[0])


def test_fit_keeps_its_rows_and_says_what_was_done():
    data, frame = lung()
    fit = cox(data, frame[["age"]], strata=frame.sex, cluster=frame.index, ties="breslow")
    assert fit.data is data
    assert (fit.ties, fit.penalty, fit.stratum.max()) == ("breslow", None, 1)
    assert_allclose(fit.covariates[:, 0], frame.age)
    assert "Breslow" in fit.method
    assert "stratified" in fit.method
    assert "228 clusters" in fit.method


def test_an_arm_without_events_is_reported_and_firth_estimates_it():
    data = RightCensored([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0])
    arm = pd.DataFrame({"arm": [0, 0, 0, 1, 1, 1]})
    for ties in ("efron", "breslow", "exact"):
        with pytest.raises(NotConverged, match=r"1 coefficient\(s\) grow without end \(arm .*firth"):
            cox(data, arm, ties=ties)
    assert np.isfinite(cox(data, arm, penalty="firth").coefficient).all()


def test_no_events_is_not_estimable():
    with pytest.raises(NotEstimable, match="no events among 3 row"):
        cox(RightCensored([1, 2, 3], [0, 0, 0]), pd.DataFrame({"x": [1, 2, 3]}))


X = pd.DataFrame({"x": [0.0, 1, 0, 1, 1], "y": [3.0, 1, 2, 5, 4]})
SMALL = RightCensored([1, 2, 2, 4, 5], [1, 1, 1, 1, 0])


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (X.assign(x=list("ababa")), r"covariates must be numeric: 1 column\(s\) are not \(x\)"),
        (X.assign(x=[0, np.nan, 1, 1, np.nan]), r"known and finite \(x\): 2 row\(s\) \(1, 4\)"),
        (X.assign(x=[0, np.inf, 1, 1, 0]), r"known and finite \(x\): 1 row\(s\) \(1\)"),
        (X.iloc[:3], r"covariates must have one entry a row \(5\), got 3"),
        (X[[]], "covariates must have distinct columns, at least one"),
        (pd.concat([X.x, X.x], axis=1), "covariates must have distinct columns"),
        (X.to_numpy(), "covariates must be a pandas DataFrame, got ndarray"),
    ],
)
def test_covariates_are_refused_by_name(covariates, message):
    with pytest.raises(InvalidArgument, match=message):
        cox(SMALL, covariates)


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (X.assign(x=0.1), r"1 covariate\(s\) do not vary within any risk set \(x\)"),
        (X.assign(z=X.x + 2 * X.y), r"covariate z is determined by those before it \(x, y\)"),
    ],
)
def test_covariates_without_information_are_not_estimable(covariates, message):
    with pytest.raises(NotEstimable, match=message):
        cox(SMALL, covariates)


def test_a_covariate_that_is_constant_in_each_stratum_is_not_estimable():
    with pytest.raises(NotEstimable, match="do not vary within any risk set"):
        cox(SMALL, X[["x"]], strata=X.x)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ties": "discrete"}, "ties must be one of 'efron', 'breslow', 'exact'"),
        ({"penalty": "ridge"}, "penalty must be one of None, 'firth'"),
        ({"strata": [1, 2]}, "strata must have one entry a row"),
        ({"cluster": [1, 2, 3, 4, None]}, r"cluster must not be missing: 1 row\(s\) \(4\)"),
        ({"offset": [1, 2, 3, 4, np.nan]}, r"offset must be known and finite: 1 row\(s\) \(4\)"),
        ({"offset": [1]}, "offset must have one entry a row"),
        ({"ties": "exact", "cluster": range(5)}, "has no robust covariance"),
        ({"ties": "exact", "penalty": "firth"}, "penalty='firth' needs ties='efron' or 'breslow'"),
        ({"penalty": "firth", "cluster": range(5)}, "penalty='firth' has no robust covariance"),
    ],
)
def test_options_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        cox(SMALL, X, **options)


def test_exact_refuses_case_weights():
    with pytest.raises(InvalidArgument, match="takes no case weights"):
        cox(RightCensored([1, 2, 3], [1, 1, 0], weight=[1, 2, 1]), X.iloc[:3], ties="exact")


SIX = RightCensored([2, 3, 5, 7, 8, 11], [1, 1, 0, 1, 1, 0])
TWO = pd.DataFrame({"x": [0.3, -1.2, 0.8, 0.1, -0.4, 1.5], "z": [0, 1, 1, 0, 1, 0]})


def test_one_cluster_gives_no_robust_standard_error():
    # The scores of all rows add up to 0 at the maximum, so that one cluster says nothing:
    # R, survival 3.5-3: coxph(Surv(time, event) ~ x, cluster = rep(1, 6))$var is 2e-19 against 0.52.
    fit = cox(SIX, TWO[["x"]], cluster=[1] * 6)
    assert np.isfinite(fit.coefficient).all()
    assert (fit.naive_std_error > 0).all()
    for part in (fit.std_error, fit.lower, fit.upper, fit.p_value, fit.covariance):
        assert np.isnan(part).all()
    assert np.isnan([fit.wald_test.statistic, fit.wald_test.df, fit.wald_test.p_value]).all()


def test_wald_test_of_more_coefficients_than_clusters_can_carry_is_not_estimable():
    # The scores of two clusters are each other's negative: a covariance of rank 1 for two coefficients.
    fit = cox(SIX, TWO, cluster=[1, 2, 1, 2, 1, 2])
    assert np.isfinite(fit.std_error).all()
    assert np.isnan([fit.wald_test.statistic, fit.wald_test.df, fit.wald_test.p_value]).all()
    assert np.isfinite(cox(SIX, TWO, cluster=[1, 2, 3, 1, 2, 3]).wald_test.statistic)
