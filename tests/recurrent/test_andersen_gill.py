from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read, read_shared

from skeletal.data import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.recurrent import andersen_gill
from skeletal.survival import cox

RECURRENT = cases("recurrent")
RTOL = 1e-9
SMALL = RecurrentEvents(
    ["a", "a", "b", "c", "c", "d", "e", "f"],
    [0, 30, 0, 0, 20, 0, 0, 0],
    [30, 90, 80, 20, 70, 75, 20, 60],
    [1, 0, 1, 1, 1, 0, 1, 2],
)
TREATED = pd.DataFrame({"treated": [0, 0, 1, 0, 0, 1, 1, 1]})


def cgd():
    frame = read("cgd")
    covariates = pd.DataFrame(
        {
            "treated": (frame.treat == "rIFN-g").astype(int),
            "age": frame.age,
            "x_linked": (frame.inherit == "X-linked").astype(int),
            "steroids": frame.steroids,
        }
    )
    return RecurrentEvents(frame.id, frame.tstart, frame.tstop, frame.status), covariates, frame


def bladder():
    frame = read("bladder2")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event), frame[["rx", "number", "size"]]


def check(fit, expected, n_subjects):
    assert_allclose(fit.coefficient, list(expected["coef"].values()), rtol=RTOL)
    assert_allclose(fit.covariance, expected["robust_var"], rtol=RTOL, atol=1e-14)
    assert_allclose(fit.std_error, np.atleast_1d(expected["robust_se"]), rtol=RTOL)
    assert_allclose(fit.naive_std_error**2, np.diag(expected["naive_var"]), rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=RTOL)
    assert_allclose(np.column_stack([fit.ratio_lower, fit.ratio_upper]), expected["hr_ci"], rtol=RTOL)
    for name in ("score_test", "robust_score_test"):
        test = getattr(fit, name)
        assert_allclose([test.statistic, test.df, test.p_value], expected[name], rtol=RTOL)
    statistic, df, p_value = expected["wald"]  # R prints the statistic to two or three digits
    assert_allclose(fit.wald_test.statistic, statistic, rtol=2e-3)
    assert_allclose([fit.wald_test.df, fit.wald_test.p_value], [df, p_value], rtol=RTOL)
    gain = 2 * (expected["loglik"][1] - expected["loglik"][0])
    assert_allclose(
        [fit.likelihood_ratio_test.statistic, fit.likelihood_ratio_test.df], [gain, df], rtol=RTOL
    )
    assert fit.n_events == expected["nevent"]
    assert fit.n_subjects == n_subjects


def test_infections_as_r():
    data, covariates, _ = cgd()
    check(andersen_gill(data, covariates), RECURRENT["rate_cgd"], 128)


def test_bladder_tumours_as_r():
    check(andersen_gill(*bladder()), RECURRENT["rate_bladder"], 85)


def test_death_is_a_censoring_as_in_r():
    frame = read_shared("hfactioncpx12")
    data = RecurrentEvents(frame.id, frame.entry, frame.time, frame.status)
    check(andersen_gill(data, frame[["treatment"]]), RECURRENT["rate_with_death"], 741)


def test_strata_as_r():
    data, covariates, frame = cgd()
    fit = andersen_gill(data, covariates[["treated"]], strata=frame["hos.cat"])
    check(fit, RECURRENT["rate_stratified"], 128)
    assert "stratified" in fit.method


def test_row_order_and_labels_of_subjects_change_nothing():
    data, covariates = bladder()
    order = np.random.default_rng(1).permutation(data.stop.size)
    shuffled = RecurrentEvents(
        [f"S{label}" for label in data.subject[order]],
        data.start[order],
        data.stop[order],
        data.status[order],
    )
    one, two = andersen_gill(data, covariates), andersen_gill(shuffled, covariates.iloc[order])
    assert_allclose(one.coefficient, two.coefficient, rtol=1e-10)
    assert_allclose(one.covariance, two.covariance, rtol=1e-9)


def test_doubling_subjects_keeps_the_estimate_and_halves_the_variance():
    data, covariates = bladder()
    twice = RecurrentEvents(
        np.concatenate([data.subject, data.subject + 1000]),
        np.tile(data.start, 2),
        np.tile(data.stop, 2),
        np.tile(data.status, 2),
    )
    one = andersen_gill(data, covariates, ties="breslow")
    two = andersen_gill(twice, pd.concat([covariates, covariates]), ties="breslow")
    assert_allclose(two.coefficient, one.coefficient, rtol=1e-9)
    assert_allclose(two.covariance, one.covariance / 2, rtol=1e-8)
    assert two.n_subjects == 2 * one.n_subjects


def test_splitting_rows_changes_nothing():
    middle = (SMALL.start + SMALL.stop) / 2
    split = RecurrentEvents(
        np.tile(SMALL.subject, 2),
        np.concatenate([SMALL.start, middle]),
        np.concatenate([middle, SMALL.stop]),
        np.concatenate([np.zeros(8), SMALL.status]),
    )
    one, two = andersen_gill(SMALL, TREATED), andersen_gill(split, pd.concat([TREATED, TREATED]))
    assert_allclose(two.coefficient, one.coefficient, rtol=1e-10)
    assert_allclose(two.covariance, one.covariance, rtol=1e-10)
    assert two.n_subjects == one.n_subjects == 6


def test_one_event_a_subject_is_cox_with_clusters():
    first = RecurrentEvents(range(6), np.zeros(6), [3, 5, 6, 8, 8, 9], [1, 0, 1, 1, 1, 0])
    x = pd.DataFrame({"treated": [0, 1, 0, 1, 0, 1]})
    plain = cox(RightCensored(first.stop, first.status), x, cluster=range(6))
    fit = andersen_gill(first, x)
    assert_allclose(fit.coefficient, plain.coefficient, rtol=1e-12)
    assert_allclose(fit.covariance, plain.covariance, rtol=1e-12)


def test_a_coarser_cluster_gives_the_covariance_of_cox_with_that_cluster():
    """Lesions as subjects, clustered by person: the same rows in the Cox model with delayed entry."""
    person = list("ppqqqrrs")
    fit = andersen_gill(SMALL, TREATED, cluster=person)
    peer = cox(RightCensored(SMALL.stop, SMALL.status == 1, entry=SMALL.start), TREATED, cluster=person)
    assert_allclose(fit.covariance, peer.covariance, rtol=1e-10)
    assert fit.coefficient == andersen_gill(SMALL, TREATED).coefficient
    assert fit.covariance != andersen_gill(SMALL, TREATED).covariance
    assert "robust covariance by 4 subjects" in fit.method
    with pytest.raises(InvalidArgument, match="cluster must have one entry a row"):
        andersen_gill(SMALL, TREATED, cluster=["p"])


def test_a_death_equals_a_censoring():
    censored = RecurrentEvents(SMALL.subject, SMALL.start, SMALL.stop, np.where(SMALL.status == 1, 1, 0))
    one, two = andersen_gill(SMALL, TREATED), andersen_gill(censored, TREATED)
    assert_array_equal(one.coefficient, two.coefficient)
    assert one.n_events == 5


def test_ties_strata_and_covariates_change_the_answer():
    fits = [
        andersen_gill(SMALL, TREATED),
        andersen_gill(SMALL, TREATED, ties="breslow"),
        andersen_gill(SMALL, TREATED, strata=list("xxyxxyxy")),
        andersen_gill(SMALL, TREATED.assign(age=range(8))[["age"]]),
    ]
    assert len({fit.coefficient[0] for fit in fits}) == 4
    assert "Breslow's rule" in fits[1].method
    assert fits[3].names == ("age",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ties": "exact"}, "ties must be one of 'efron', 'breslow', got 'exact'"),
        ({"strata": ["x"]}, r"strata must have one entry a row \(8\), got 1"),
        ({"covariates": TREATED.iloc[:3]}, r"covariates must have one entry a row \(8\), got 3"),
        ({"covariates": TREATED.replace(1, np.nan)}, "covariates must be known and finite"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        andersen_gill(SMALL, **{"covariates": TREATED, **arguments})


def test_a_covariate_without_information_is_not_estimable():
    with pytest.raises(NotEstimable, match="do not vary within any risk set"):
        andersen_gill(SMALL, TREATED * 0)


def test_no_events_are_not_estimable():
    data = RecurrentEvents(["a", "b"], [0, 0], [5, 6], [0, 2])
    with pytest.raises(NotEstimable, match=r"no events among 2 row\(s\)"):
        andersen_gill(data, pd.DataFrame({"treated": [0, 1]}))


def test_an_arm_without_events_does_not_converge():
    data = RecurrentEvents(list("abcd"), [0] * 4, [5, 6, 7, 8], [1, 0, 1, 0])
    with pytest.raises(NotConverged, match="has no maximum"):
        andersen_gill(data, pd.DataFrame({"treated": [0, 1, 0, 1]}))
