"""Regressions of the first, second, ... event."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared

from skeletal.data import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.recurrent import average_effect, ordered_events
from skeletal.recurrent.ordered_events_rows import ordered_rows
from skeletal.survival import cox

CASES = cases("recurrent_regression")
RTOL = 1e-7
MODELS = ["pwp-total", "pwp-gap", "wlw"]


def bladder():
    frame = read("bladder2")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event), frame[["rx", "number", "size"]]


def cgd():
    frame = read("cgd")
    covariates = pd.DataFrame({"treated": (frame.treat == "rIFN-g").astype(int), "age": frame.age})
    return RecurrentEvents(frame.id, frame.tstart, frame.tstop, frame.status), covariates, frame


def infections_with_interruptions():
    frame = read("rhDNase_cp")
    return RecurrentEvents(frame.id, frame.start, frame.stop, frame.event), frame[["trt", "fev"]]


def heart_failure():
    frame = read_shared("hfactioncpx12")
    return RecurrentEvents(frame.id, frame.entry, frame.time, frame.status), frame[["treatment"]]


def drawn(seed, n=30, deaths=True):
    """Subjects of two arms with up to four events each, followed from time 0."""
    rng = np.random.default_rng(seed)
    subject, start, stop, status, arm = [], [], [], [], []
    for i in range(n):
        times = np.cumsum(rng.exponential(60, rng.integers(1, 5))).round(2) + 0.01
        codes = [1] * (times.size - 1) + [rng.choice([0, 1, 2]) if deaths else rng.choice([0, 1])]
        subject += [i] * times.size
        start += [0.0, *times[:-1]]
        stop += list(times)
        status += codes
        arm += [i % 2] * times.size
    data = RecurrentEvents(subject, start, stop, status)
    return data, pd.DataFrame({"arm": arm, "x": np.asarray(subject) % 5})


def check(fit, expected):
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["robust_var"], rtol=RTOL, atol=1e-12)
    assert_allclose(fit.naive_std_error**2, np.diag(expected["naive_var"]), rtol=RTOL)
    assert_allclose([fit.log_likelihood_null, fit.log_likelihood], expected["loglik"], rtol=RTOL)
    for name in ("score_test", "robust_score_test"):
        test = getattr(fit, name)
        assert_allclose([test.statistic, test.df, test.p_value], expected[name], rtol=1e-6)
    assert fit.n_events == expected["n_events"]


def test_pwp_total_time_as_r():
    fit = ordered_events(*bladder(), model="pwp-total")
    check(fit, CASES["pwp_total_bladder"])
    assert fit.n_subjects == 85
    assert "Prentice-Williams-Peterson model, total time, 4 order(s)" in fit.method


def test_pwp_gap_time_as_r():
    check(ordered_events(*bladder(), model="pwp-gap"), CASES["pwp_gap_bladder"])
    data, covariates, _ = cgd()
    check(ordered_events(data, covariates, model="pwp-gap"), CASES["pwp_gap_cgd"])


def test_one_effect_an_order_as_r():
    data, covariates = bladder()
    fit = ordered_events(data, covariates[["rx"]], model="pwp-total", effects="by_order")
    check(fit, CASES["pwp_total_bladder_by_order"])
    assert fit.names == ("rx:1", "rx:2", "rx:3", "rx:4")


def test_two_covariates_by_order_as_r():
    data, covariates, _ = cgd()
    fit = ordered_events(data, covariates, model="pwp-gap", effects="by_order", max_order=2)
    check(fit, CASES["pwp_gap_cgd_by_order"])
    assert fit.names == ("treated:1", "treated:2", "age:1", "age:2")


def test_strata_ties_and_largest_order_as_r():
    data, covariates, frame = cgd()
    hospital = frame["hos.cat"]
    fit = ordered_events(data, covariates, model="pwp-total", max_order=3, strata=hospital, ties="breslow")
    check(fit, CASES["pwp_total_cgd_strata"])
    assert "Breslow's rule for ties, stratified" in fit.method


@pytest.mark.parametrize("clock", ["total", "gap"])
def test_interruptions_as_r(clock):
    fit = ordered_events(*infections_with_interruptions(), model=f"pwp-{clock}")
    check(fit, CASES[f"pwp_{clock}_rhDNase"])


def test_wlw_as_r():
    data, covariates, _ = cgd()
    fit = ordered_events(data, covariates, model="wlw", max_order=3)
    check(fit, CASES["wlw_cgd"])
    assert "Wei-Lin-Weissfeld" in fit.method


def test_deaths_are_censorings_as_in_r():
    data, covariates = heart_failure()
    check(ordered_events(data, covariates, model="pwp-total", max_order=4), CASES["pwp_total_hf"])
    fit = ordered_events(data, covariates, model="wlw", max_order=4, effects="by_order")
    check(fit, CASES["wlw_hf_by_order"])
    assert "death ends the time at risk" in fit.method


@pytest.mark.parametrize("name", ["wlw_bladder_by_order", "wlw_hf_by_order"])
def test_average_effect_and_joint_test_as_r(name):
    data, covariates = bladder() if "bladder" in name else heart_failure()
    first = covariates.columns[0]
    fit = ordered_events(data, covariates[[first]], model="wlw", effects="by_order", max_order=4)
    expected = CASES[name]
    assert_allclose(fit.coefficient, expected["coef"], rtol=RTOL)
    assert_allclose(fit.covariance, expected["robust_var"], rtol=RTOL)
    average = average_effect(fit, first)
    assert_allclose(average.estimate, expected["average"], rtol=RTOL)
    assert_allclose(average.std_error, expected["average_se"], rtol=RTOL)
    assert_allclose(average.weights, expected["weights"], rtol=1e-6)
    assert_allclose(fit.wald_test.statistic, expected["joint"], rtol=RTOL)
    assert fit.wald_test.df == 4
    assert average.names == tuple(f"{first}:{order}" for order in range(1, 5))


def test_marginal_rows_are_those_of_the_same_trial_in_r():
    """The data set bladder is the trial of bladder2 laid out for WLW."""
    data, covariates = bladder()
    rows = ordered_rows(data, covariates.to_numpy(dtype=float), None, "wlw", 4)
    ours = pd.DataFrame(
        {
            "id": np.unique(data.subject)[rows.subject],
            "stop": rows.stop,
            "event": rows.event,
            "enum": rows.order,
        }
    ).sort_values(["id", "enum"])
    expected = read("bladder")[["id", "stop", "event", "enum"]]
    assert (ours.to_numpy() == expected.to_numpy()).all()
    assert (rows.start == 0).all()


def test_marginal_rows_after_a_last_event_and_around_an_interruption():
    data = RecurrentEvents(["a", "a", "b", "b"], [0, 5, 2, 9], [5, 8, 6, 12], [1, 1, 0, 1])
    rows = ordered_rows(data, np.array([[1.0], [1.0], [2.0], [2.0]]), None, "wlw", 3)
    found = sorted(
        zip(
            rows.order.tolist(),
            rows.subject.tolist(),
            rows.start,
            rows.stop,
            rows.event.tolist(),
            strict=True,
        )
    )
    assert found == [
        (1, 0, 0, 5, 1),
        (1, 1, 2, 6, 0),
        (1, 1, 9, 12, 1),
        (2, 0, 0, 8, 1),
        (2, 1, 2, 6, 0),
        (2, 1, 9, 12, 0),
        (3, 0, 0, 8, 0),
        (3, 1, 2, 6, 0),
        (3, 1, 9, 12, 0),
    ]


@pytest.mark.parametrize("model", MODELS)
def test_rows_that_are_split_change_nothing(model):
    data, covariates = bladder()
    middle = (data.start + data.stop) / 2
    split = RecurrentEvents(
        np.append(data.subject, data.subject),
        np.append(data.start, middle),
        np.append(middle, data.stop),
        np.append(np.zeros(data.stop.size), data.status),
    )
    twice = pd.concat([covariates, covariates], ignore_index=True)
    fit, whole = (ordered_events(*rows, model=model) for rows in ((split, twice), (data, covariates)))
    assert_allclose(fit.coefficient, whole.coefficient, rtol=1e-8)
    assert_allclose(fit.covariance, whole.covariance, rtol=1e-8, atol=1e-14)


@pytest.mark.parametrize("model", MODELS)
def test_first_events_only_are_cox(model):
    data, covariates, _ = cgd()
    first = pd.Series(data.subject).duplicated().to_numpy()
    plain = cox(
        RightCensored(data.stop[~first], data.status[~first]),
        covariates[~first],
        cluster=data.subject[~first],
    )
    fit = ordered_events(data, covariates, model=model, max_order=1)
    assert_allclose(fit.coefficient, plain.coefficient, rtol=1e-9)
    assert_allclose(fit.covariance, plain.covariance, rtol=1e-8)
    assert_allclose(fit.log_likelihood, plain.log_likelihood, rtol=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(MODELS))
def test_rows_in_any_order_units_and_arms(seed, model):
    data, covariates = drawn(seed)
    fit = ordered_events(data, covariates, model=model, max_order=2)
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
    turned = covariates.assign(arm=1 - covariates.arm)
    other = ordered_events(mixed, turned.iloc[order], model=model, max_order=2)
    assert_allclose(other.coefficient * [-1, 1], fit.coefficient, rtol=1e-6, atol=1e-9)
    assert_allclose(other.std_error, fit.std_error, rtol=1e-6)


def test_average_of_one_order_is_that_effect():
    data, covariates = bladder()
    fit = ordered_events(data, covariates[["rx"]], model="wlw", effects="by_order", max_order=1)
    average = average_effect(fit, "rx")
    assert_allclose([average.estimate, average.std_error], [fit.coefficient[0], fit.std_error[0]])
    assert_allclose(
        [average.lower, average.upper, average.p_value], [fit.lower[0], fit.upper[0], fit.p_value[0]]
    )
    narrow = average_effect(fit, "rx", conf_level=0.5)
    assert average.lower < narrow.lower < narrow.upper < average.upper


def test_an_order_that_says_nothing_is_named():
    data, covariates = drawn(3, n=12)
    only = covariates.assign(arm=np.where(data.subject == data.subject[0], 1.0, 0.0))[["arm"]]
    order = ordered_rows(data, only.to_numpy(), None, "pwp-total", None)
    last = int(order.order[(order.event == 1) & (order.subject == 0)].max(initial=0)) + 1
    with pytest.raises((NotEstimable, NotConverged), match=rf"arm:{last}.*smaller max_order"):
        ordered_events(data, only, model="pwp-total", effects="by_order")


def test_an_order_without_variation_is_named():
    data = RecurrentEvents(
        list("aabbccd"), [0, 3, 0, 4, 0, 2, 0], [3, 9, 4, 8, 2, 7, 6], [1, 1, 1, 1, 1, 0, 1]
    )
    x = pd.DataFrame({"treated": [1, 1, 1, 1, 1, 1, 0]})
    with pytest.raises(NotEstimable, match=r"do not vary .*treated:2.*smaller max_order"):
        ordered_events(data, x, model="pwp-total", effects="by_order")


def test_orders_without_events_are_named():
    data, covariates = bladder()
    with pytest.raises(NotEstimable, match=r"no events of order 5 or later.*take max_order=4"):
        ordered_events(data, covariates, model="wlw", effects="by_order", max_order=6)
    common = ordered_events(data, covariates, model="wlw", max_order=6)
    assert_allclose(common.coefficient, ordered_events(data, covariates, model="wlw").coefficient, rtol=1e-9)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "lwyy"}, "model must be one of"),
        ({"model": "wlw", "effects": "each"}, "effects must be one of"),
        ({"model": "wlw", "ties": "exact"}, "ties must be one of"),
        ({"model": "wlw", "max_order": 0}, "max_order must be a whole number from 1 on, got 0"),
        ({"model": "wlw", "max_order": 1.5}, "max_order must be a whole number from 1 on"),
        ({"model": "wlw", "max_order": "two"}, "max_order must be a finite number"),
        ({"model": "wlw", "strata": [1, 2]}, "strata must have one entry a row"),
    ],
)
def test_unknown_options_are_refused(options, message):
    with pytest.raises(InvalidArgument, match=message):
        ordered_events(*bladder(), **options)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("effects", ["common", "by_order"])
def test_no_events_and_an_arm_without_events_are_said(model, effects):
    data = RecurrentEvents([1, 2, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8], [0, 0, 2, 0])
    x = pd.DataFrame({"treated": [0, 1, 0, 1]})
    with pytest.raises(NotEstimable, match="no events"):
        ordered_events(data, x, model=model, effects=effects)
    data = RecurrentEvents([1, 2, 3, 4], [0, 0, 0, 0], [5, 6, 7, 8], [1, 0, 1, 0])
    with pytest.raises(NotConverged, match=r"no maximum: 1 coefficient.*treated") as error:
        ordered_events(data, x, model=model, effects=effects)
    assert "firth" not in str(error.value)


def test_average_effect_says_what_it_cannot_average():
    data, covariates = bladder()
    fit = ordered_events(data, covariates[["rx"]], model="wlw", effects="by_order")
    with pytest.raises(InvalidArgument, match=r"effects by order \(rx:1"):
        average_effect(fit, "size")
    with pytest.raises(InvalidArgument, match="conf_level"):
        average_effect(fit, "rx", conf_level=95)
    with pytest.raises(InvalidArgument, match="effects by order"):
        average_effect(ordered_events(data, covariates, model="wlw"), "rx")
    pilot = RecurrentEvents(list("aabbcd"), [0, 2, 0, 3, 0, 0], [2, 6, 3, 7, 4, 5], [1, 1, 1, 1, 1, 0])
    x = pd.DataFrame({"x": [1, 1, 3, 3, 2, 4]})
    fit = ordered_events(pilot, x, model="wlw", effects="by_order", max_order=1)
    silent = type(fit)(
        **{name: getattr(fit, name) for name in fit.__dataclass_fields__ if name != "covariance"},
        covariance=np.full((1, 1), np.nan),
    )
    with pytest.raises(NotEstimable, match="has no inverse"):
        average_effect(silent, "x")


def test_limits_follow_the_level():
    data, covariates = bladder()
    fit, narrow = (ordered_events(data, covariates, model="wlw", conf_level=level) for level in (0.95, 0.5))
    assert_allclose(narrow.upper - narrow.coefficient, 0.6744897501960817 * fit.std_error)
    assert_allclose(np.log(fit.ratio_upper) - fit.coefficient, 1.959963984540054 * fit.std_error)
    assert "50 percent Wald limits" in narrow.method
    with pytest.raises(InvalidArgument, match="conf_level must lie strictly between 0 and 1"):
        ordered_events(data, covariates, model="wlw", conf_level=95)
