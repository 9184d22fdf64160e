"""Proportional means of recurrent events with death, and of their weighted composite."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared
from tests.support.references_ghosh_lin import NaiveGhoshLin

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.recurrent import andersen_gill, ghosh_lin, weighted_composite

CASES = cases("recurrent_regression")
RTOL = 1e-6
SUBJECT = list("aabccdeeffgh")
START = [0, 30, 0, 0, 20, 0, 0, 12, 0, 35, 0, 0]
STOP = [30, 90, 40, 20, 70, 75, 12, 50, 35, 60, 60, 64]
STATUS = [1, 1, 2, 1, 0, 0, 1, 2, 1, 0, 2, 1]
TREATED = pd.DataFrame({"treated": [0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 1, 0]})
SMALL = RecurrentEvents(SUBJECT, START, STOP, STATUS)


def heart_failure():
    frame = read_shared("hfactioncpx12")
    return RecurrentEvents(frame.id, frame.entry, frame.time, frame.status), frame


def readmission():
    frame = read_shared("readmission_gl")
    shift = frame.id / 1e4  # mets breaks ties
    start = np.where(frame.start > 0, frame.start + shift, 0.0)
    data = RecurrentEvents(frame.id, start, frame.stop + shift, frame.status)
    return data, frame[["chemo", "male"]], frame


def drawn(seed, *, n=14, changing=False, interrupted=False):
    """Subjects with up to three events, death or censoring, on whole days so that there are ties."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        times = np.sort(rng.choice(np.arange(1, 40), rng.integers(1, 5), replace=False)).astype(float)
        codes = [*rng.choice([0, 1], times.size - 1, p=[0.2, 0.8]), rng.choice([0, 1, 2])]
        x = rng.normal()
        for k, (stop, code) in enumerate(zip(times, codes, strict=True)):
            start = times[k - 1] if k else 0.0
            if interrupted and k and rng.random() < 0.5:
                start = (start + stop) / 2
            x = rng.normal() if changing else x
            rows.append((i, start, stop, code, i % 2, round(x, 3)))
    frame = pd.DataFrame(rows, columns=["id", "start", "stop", "status", "arm", "x"])
    return frame, RecurrentEvents(frame.id, frame.start, frame.stop, frame.status), frame[["arm", "x"]]


def check(fit, expected):
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["var"], rtol=RTOL)
    if "loglik" in expected:
        assert_allclose(fit.log_likelihood, expected["loglik"], rtol=RTOL)


def same(fit, other, *, rtol=1e-9):
    assert_allclose(fit.coefficient, other.coefficient, rtol=rtol, atol=1e-12)
    assert_allclose(fit.covariance, other.covariance, rtol=rtol, atol=1e-12)


def test_hospital_stays_as_mets():
    data, frame = heart_failure()
    fit = ghosh_lin(data, frame[["treatment"]])
    check(fit, CASES["ghosh_lin_hf"])
    assert (fit.n_subjects, fit.n_events) == (741, 1391)
    assert "death ending them, Breslow's rule for ties, weights G(t-)" in fit.method


def test_censoring_strata_as_mets():
    data, frame = heart_failure()
    fit = ghosh_lin(data, frame[["treatment"]], censoring_strata=frame.treatment)
    check(fit, CASES["ghosh_lin_hf_strata"])
    assert "within strata" in fit.method


def test_a_covariate_that_changes_as_mets():
    data, frame = heart_failure()
    covariates = frame[["treatment"]].assign(earlier=frame.Count1.clip(upper=2))
    check(ghosh_lin(data, covariates), CASES["ghosh_lin_hf_changing"])


@pytest.mark.parametrize("strata", [False, True])
def test_two_covariates_as_mets(strata):
    data, covariates, frame = readmission()
    fit = ghosh_lin(data, covariates, censoring_strata=frame.chemo if strata else None)
    check(fit, CASES["ghosh_lin_readmission_strata" if strata else "ghosh_lin_readmission"])


def test_death_counted_as_events_as_mets():
    data, frame = heart_failure()
    x = frame[["treatment"]]
    fit = weighted_composite(data, x, death_weight=2)
    check(fit, CASES["composite_hf_2"])
    assert fit.n_events == 1391 + 124
    assert "plus 2 times death" in fit.method
    half = weighted_composite(data, x, death_weight=0.5, censoring_strata=frame.treatment)
    check(half, CASES["composite_hf_half_strata"])
    data, covariates, _ = readmission()
    check(weighted_composite(data, covariates, death_weight=3), CASES["composite_readmission"])


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 10_000),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0.0, 0.7, 2.0]),
)
def test_score_likelihood_and_covariance_by_definition(seed, changing, interrupted, by_arm, death_weight):
    frame, data, covariates = drawn(seed, changing=changing, interrupted=interrupted)
    group = frame.arm if by_arm else None
    naive = NaiveGhoshLin(*(frame[name] for name in ("id", "start", "stop", "status")), covariates,
                          group=group, death_weight=death_weight)  # fmt: skip
    try:
        if death_weight:
            fit = weighted_composite(data, covariates, death_weight=death_weight, censoring_strata=group)
        else:
            fit = ghosh_lin(data, covariates, censoring_strata=group)
    except (NotConverged, NotEstimable):
        return
    value, score, information, influence = naive.at(fit.coefficient)
    inverse = np.linalg.inv(information)
    expected = inverse @ influence.T @ influence @ inverse
    assert_allclose(score, 0, atol=1e-6)
    assert_allclose(fit.log_likelihood, value, rtol=1e-9)
    assert_allclose(fit.naive_std_error**2, np.diag(inverse), rtol=1e-6)
    assert_allclose(fit.covariance, expected, rtol=1e-5, atol=1e-9 * np.abs(expected).max())
    null = naive.at(np.zeros(2))
    assert_allclose(fit.log_likelihood_null, null[0], rtol=1e-9)
    total = null[3].sum(axis=0)
    statistic = total @ np.linalg.solve(null[3].T @ null[3], total)
    assert_allclose(fit.robust_score_test.statistic, statistic, rtol=1e-6, atol=1e-9)


def test_influences_are_the_change_without_a_subject():
    """Leaving out one subject changes the coefficient by about minus its influence."""
    rng = np.random.default_rng(4)
    n = 150
    first, end = rng.exponential(20, n), 5 + rng.exponential(30, n)
    arm = rng.integers(0, 2, n)
    code = rng.choice([0, 2], n)
    seen = first < end
    frame = pd.DataFrame(
        {
            "id": np.append(np.arange(n)[seen], np.arange(n)),
            "start": np.append(np.zeros(seen.sum()), np.where(seen, first, 0)),
            "stop": np.append(first[seen], end),
            "status": np.append(np.ones(seen.sum(), dtype=int), code),
        }
    )
    frame["arm"] = arm[frame.id]

    def coefficient(rows):
        data = RecurrentEvents(rows.id, rows.start, rows.stop, rows.status)
        return ghosh_lin(data, rows[["arm"]])

    whole = coefficient(frame)
    changes = [coefficient(frame[frame.id != i]).coefficient[0] - whole.coefficient[0] for i in range(n)]
    assert_allclose(np.sum(np.square(changes)), whole.covariance[0, 0], rtol=0.05)


def test_without_deaths_it_is_the_rate_model():
    frame = read("bladder2")
    data = RecurrentEvents(frame.id, frame.start, frame.stop, frame.event)
    x = frame[["rx", "number", "size"]]
    fit, rate = ghosh_lin(data, x), andersen_gill(data, x, ties="breslow")
    same(fit, rate)
    for name in ("score_test", "robust_score_test", "wald_test", "likelihood_ratio_test"):
        assert_allclose(getattr(fit, name).statistic, getattr(rate, name).statistic, rtol=1e-8)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_rows_in_any_order_units_and_arms(seed, composite):
    _, data, covariates = drawn(seed, n=20)
    model = weighted_composite if composite else ghosh_lin
    try:
        fit = model(data, covariates)
    except (NotConverged, NotEstimable):
        return
    assert (fit.lower <= fit.coefficient).all()
    assert (fit.coefficient <= fit.upper).all()
    order = np.random.default_rng(seed).permutation(data.stop.size)
    mixed = RecurrentEvents(
        data.subject[order],
        data.start[order] * 7,
        data.stop[order] * 7,
        data.status[order],
        time_unit="weeks",
    )
    other = model(mixed, covariates.assign(arm=1 - covariates.arm).iloc[order])
    assert_allclose(other.coefficient * [-1, 1], fit.coefficient, rtol=1e-6, atol=1e-8)
    assert_allclose(other.std_error, fit.std_error, rtol=1e-5, atol=1e-9)


def test_rows_that_are_split_change_nothing():
    data, frame = heart_failure()
    middle = (data.start + data.stop) / 2
    split = RecurrentEvents(
        np.append(data.subject, data.subject),
        np.append(data.start, middle),
        np.append(middle, data.stop),
        np.append(np.zeros(data.stop.size), data.status),
    )
    x = frame[["treatment"]]
    same(ghosh_lin(split, pd.concat([x, x], ignore_index=True)), ghosh_lin(data, x), rtol=1e-12)


def test_an_interruption_is_no_time_at_risk_of_events():
    gap = RecurrentEvents(SUBJECT, [0, 31, *START[2:]], STOP, STATUS)
    asleep = RecurrentEvents(SUBJECT, [0, 60, *START[2:]], STOP, STATUS)  # not at risk at the event at 35
    x = TREATED
    same(ghosh_lin(gap, x), ghosh_lin(SMALL, x))
    assert abs(ghosh_lin(asleep, x).coefficient[0] - ghosh_lin(SMALL, x).coefficient[0]) > 1e-3


def test_a_last_row_with_an_event_is_a_censoring_there():
    followed = RecurrentEvents(
        [*SUBJECT, "h"], [*START, 64], [*STOP, 64 + 1e-9], [*STATUS, 0]
    )  # a moment longer
    x = pd.concat([TREATED, TREATED.tail(1)], ignore_index=True)
    same(ghosh_lin(followed, x), ghosh_lin(SMALL, TREATED))


def test_deaths_censoring_strata_and_the_weight_of_death_matter():
    base = ghosh_lin(SMALL, TREATED).coefficient[0]
    censored = RecurrentEvents(SUBJECT, START, STOP, [0 if code == 2 else code for code in STATUS])
    for other in (
        ghosh_lin(censored, TREATED),
        ghosh_lin(SMALL, TREATED, censoring_strata=TREATED.treated),
        weighted_composite(SMALL, TREATED),
        weighted_composite(SMALL, TREATED, death_weight=0.1),
    ):
        assert abs(other.coefficient[0] - base) > 1e-4
    one = weighted_composite(SMALL, TREATED)
    assert abs(one.coefficient[0] - weighted_composite(SMALL, TREATED, death_weight=2).coefficient[0]) > 1e-3
    small = weighted_composite(SMALL, TREATED, death_weight=1e-9)
    assert_allclose(small.coefficient, base, rtol=1e-6)


def test_all_die_and_nobody_is_censored():
    data = RecurrentEvents(
        list("aabbccd"), [0, 3, 0, 4, 0, 2, 0], [3, 9, 4, 8, 2, 7, 6], [1, 2, 1, 2, 1, 2, 2]
    )
    x = pd.DataFrame({"treated": [1, 1, 1, 1, 0, 0, 0]})
    fit = ghosh_lin(data, x)
    beta, covariance = NaiveGhoshLin(data.subject, data.start, data.stop, data.status, x).fit()
    assert_allclose(fit.coefficient, beta, rtol=1e-9)
    assert_allclose(fit.covariance, covariance, rtol=1e-9)
    # Without censoring the estimate compares mean counts: 2 of 2 with an event against 1 of 2.
    assert_allclose(fit.coefficient, [np.log(2)], rtol=1e-6)


def test_delayed_entry_and_changing_strata_are_refused():
    late = RecurrentEvents(SUBJECT, [5, *START[1:]], STOP, STATUS)
    with pytest.raises(InvalidArgument, match=r"no delayed entry here: 1 subject\(s\).*\(a\)"):
        ghosh_lin(late, TREATED)
    with pytest.raises(InvalidArgument, match=r"constant within a subject: 1 subject\(s\) \(a\)"):
        ghosh_lin(SMALL, TREATED, censoring_strata=[1, 2, *[1] * 10])


@pytest.mark.parametrize("weight", [0, -1, np.nan, np.inf, "two", True])
def test_weights_of_death_that_are_none_are_refused(weight):
    with pytest.raises(InvalidArgument, match="death_weight must be"):
        weighted_composite(SMALL, TREATED, death_weight=weight)


@pytest.mark.parametrize("model", [ghosh_lin, weighted_composite])
def test_covariates_and_labels_that_do_not_fit_are_refused(model):
    with pytest.raises(InvalidArgument, match="one entry a row"):
        model(SMALL, TREATED.head(3))
    with pytest.raises(InvalidArgument, match="known and finite"):
        model(SMALL, TREATED.where(TREATED > 0))
    with pytest.raises(InvalidArgument, match="censoring_strata must not be missing"):
        model(SMALL, TREATED, censoring_strata=[None, *SUBJECT[1:]])
    with pytest.raises(NotEstimable, match="do not vary"):
        model(SMALL, TREATED * 0)
    with pytest.raises(NotEstimable, match="determined by"):
        model(SMALL, TREATED.assign(again=TREATED.treated * 2 + 1))


def test_no_events_one_subject_and_an_arm_without_events_are_said():
    none = RecurrentEvents([1, 2, 3], [0, 0, 0], [5, 6, 7], [0, 2, 0])
    x = pd.DataFrame({"treated": [0, 1, 0]})
    with pytest.raises(NotEstimable, match="no events among 3 subject"):
        ghosh_lin(none, x)
    with pytest.raises(NotEstimable, match="no events among 3 subject"):
        weighted_composite(RecurrentEvents([1, 2, 3], [0, 0, 0], [5, 6, 7], [0, 0, 0]), x)
    with pytest.raises(NotEstimable, match="do not vary"):
        ghosh_lin(RecurrentEvents([1, 1], [0, 2], [2, 5], [1, 0]), pd.DataFrame({"x": [1, 1]}))
    with pytest.raises(NotConverged, match=r"no maximum: 1 coefficient.*treated"):
        ghosh_lin(RecurrentEvents([1, 2, 3], [0, 0, 0], [5, 6, 7], [1, 0, 1]), x)


@pytest.mark.parametrize("model", [ghosh_lin, weighted_composite])
def test_limits_follow_the_level(model):
    fit, narrow = model(SMALL, TREATED), model(SMALL, TREATED, conf_level=0.5)
    assert_allclose(narrow.upper - narrow.coefficient, 0.6744897501960817 * fit.std_error)
    assert_allclose(np.log(fit.ratio_upper) - fit.coefficient, 1.959963984540054 * fit.std_error)
    assert "50 percent Wald limits" in narrow.method
    with pytest.raises(InvalidArgument, match="conf_level must lie strictly between 0 and 1"):
        model(SMALL, TREATED, conf_level=95)


def test_scores_that_are_all_zero_give_no_standard_error():
    data = RecurrentEvents(["a", "b"], [0, 0], [2, 2], [1, 1])
    fit = ghosh_lin(data, pd.DataFrame({"x": [0, 1]}))
    assert_allclose(fit.coefficient, 0, atol=1e-12)
    assert np.isnan([fit.std_error[0], fit.lower[0], fit.p_value[0]]).all()
    assert "no standard error of x: the scores of all subjects are 0" in fit.method
