from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skeletal.data import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.survival import (
    FlemingHarrington,
    ModestlyWeighted,
    baseline_hazard,
    concordance,
    cox,
    follow_up,
    kaplan_meier,
    linear_combination,
    logrank,
    logrank_trend,
    max_combo,
    nelson_aalen,
    predicted_survival,
    proportionality,
    restricted_mean,
    restricted_mean_contrast,
    restricted_mean_test,
    simultaneous_band,
    survival_contrast,
)

TIME, EVENT = [4.0, 7, 7, 9, 12, 15, 15, 20], [1, 1, 0, 1, 0, 1, 1, 0]
ARM = list("ABABABAB")
X = pd.DataFrame({"x": [0.3, -1, 2, 0.5, 1, -0.2, 0.1, 1.4]})
FIELDS = ("estimate", "coefficient", "statistic", "lower", "upper")
REASONS = "not estimable|limits are NaN| band from |no test|no limits|no standard error"
SHUFFLED = [5, 2, 7, 0, 1, 6, 3, 4]
SAMPLES = {
    "no events": (TIME, [0] * 8),
    "all censored at the first time": ([1.0] * 7 + [5], [0] * 7 + [1]),
    "all fail at one time": ([7.0] * 8, [1] * 8),
    "all censored at one time": ([7.0] * 8, [0] * 8),
    "two times": ([1.0, 2] * 4, EVENT),
    "short": (np.array(TIME) * 1e-9, EVENT),
    "long": (np.array(TIME) * 1e9, EVENT),
    "short and long": (np.array(TIME) * np.array([1e-9, 1e9] * 4), EVENT),
    "an event at 0": ([0.0, *TIME[1:]], EVENT),
    "all events at 0": ([0.0] * 8, [1] * 8),
    "one": ([5.0], [1]),
    "one censored": ([5.0], [0]),
    "two": ([5.0, 6], [1, 1]),
}


def regression(data, _):
    fit = cox(data, X.iloc[: data.n_subjects])
    return [fit, baseline_hazard(fit), concordance(fit), *predicted_survival(fit, X.iloc[:2] * 1e4)]


FUNCTIONS = {
    "kaplan_meier": lambda data, _: kaplan_meier(data),
    "kaplan_meier clusters": lambda data, _: kaplan_meier(data, cluster=range(data.n_subjects)),
    "nelson_aalen": lambda data, _: nelson_aalen(data),
    "follow_up": lambda data, _: follow_up(data),
    "simultaneous_band": lambda data, _: simultaneous_band(data),
    "logrank": lambda data, arm: logrank(data, arm, weight=FlemingHarrington(1, 1)),
    "logrank strata": lambda data, arm: logrank(data, arm, strata=range(data.n_subjects)),
    "trend": lambda data, arm: logrank_trend(data, arm, [0, 1]),
    "max_combo": lambda data, arm: max_combo(data, arm, [FlemingHarrington(0, 1), ModestlyWeighted(9)]),
    "survival_contrast": lambda data, arm: survival_contrast(data, arm, time=8, kind="log-log"),
    "restricted_mean": lambda data, _: restricted_mean(data, horizon=8),
    "restricted_mean_contrast": lambda data, arm: restricted_mean_contrast(
        data, arm, horizon=8, kind="lost_ratio"
    ),
    "restricted_mean_test": lambda data, arm: restricted_mean_test(data, arm, horizon=8),
    "cox": regression,
    "cox robust": lambda data, _: cox(data, X.iloc[: data.n_subjects], cluster=np.arange(data.n_subjects)),
    "proportionality": lambda data, _: proportionality(data, X.iloc[: data.n_subjects]),
}


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_degenerate_samples_give_finite_numbers_or_a_reason(name, sample):
    time, event = SAMPLES[sample]
    try:
        found = FUNCTIONS[name](RightCensored(time, event), ARM[: len(event)])
    except (InvalidArgument, NotEstimable, NotConverged):
        return
    if isinstance(found, pd.DataFrame):
        assert not np.isinf(found.to_numpy()).any()
        return
    for result in found if isinstance(found, list) else [found]:
        values = np.concatenate([np.ravel(getattr(result, field, [])) for field in FIELDS])
        assert not np.isinf(values).any()
        if np.isnan(values).any():
            assert re.search(REASONS, result.method)


@pytest.mark.parametrize("values", ["time", "event"])
@pytest.mark.parametrize(
    ("form", "convert"),
    [
        ("shuffled", lambda v: pd.Series(v, index=SHUFFLED)),
        ("nullable", lambda v: pd.Series(v, dtype="Float64")),
        ("uint8", lambda v: np.array(v, dtype=np.uint8)),
        ("float32", lambda v: np.array(v, dtype=np.float32)),
        ("objects", lambda v: np.array(v, dtype=object)),
        ("big endian", lambda v: np.array(v, dtype=">f8")),
    ],
)
def test_every_form_of_numbers_is_taken_by_position(values, form, convert):
    plain = {"time": TIME, "event": EVENT}
    changed = RightCensored(**{**plain, values: convert(plain[values])})
    assert form
    assert_array_equal(changed.time, TIME)
    assert_array_equal(changed.event, EVENT)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(ARM, index=SHUFFLED),
        pd.Categorical(ARM, categories=["C", "B", "A"]),
        pd.Series(ARM, dtype="string"),
        np.array(ARM, dtype=object),
    ],
)
def test_every_form_of_labels_is_taken_by_position_without_unused_levels(labels):
    data = RightCensored(TIME, EVENT)
    assert logrank(data, labels).statistic == logrank(data, ARM).statistic
    assert_array_equal(cox(data, X, strata=labels).coefficient, cox(data, X, strata=ARM).coefficient)
    assert_array_equal(cox(data, X.set_axis(SHUFFLED)).coefficient, cox(data, X).coefficient)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (pd.Series(pd.date_range("2020-01-01", periods=8)), "must be numbers, got dates"),
        (np.arange(8).astype("datetime64[D]"), "must be numbers, got dates"),
        (pd.Series(pd.to_timedelta(TIME, "D")), "must be numbers, got durations"),
        (np.arange(8).astype("timedelta64[D]"), "must be numbers, got durations"),
        (np.array(TIME) + 1j, "must be numbers, got complex"),
        (["x"] * 8, "must be numbers"),
        ([10**400] * 8, "must be numbers"),
        (5.0, "must have one dimension"),
        (np.ma.masked_equal(TIME, 7), r"must not be missing: 2 row\(s\) \(1, 2\)"),
        (pd.Series([*TIME[1:], pd.NA], dtype="Float64"), r"must not be missing: 1 row\(s\) \(7\)"),
        ([np.inf, *TIME[1:]], "must be finite"),
    ],
)
def test_what_is_no_time_is_refused(bad, message):
    with pytest.raises(InvalidArgument, match=f"time {message}"):
        RightCensored(bad, EVENT)


@pytest.mark.parametrize("event", [None, 1, {"a": 1}, [[1], [1, 0]], EVENT[1:], [2, *EVENT[1:]], ["u"] * 8])
def test_what_is_no_event_is_refused(event):
    with pytest.raises(InvalidArgument, match="event"):
        RightCensored(TIME, event)


@pytest.mark.parametrize(
    "weight", [[0.0] * 8, [1e-4, *[1e6] * 7], [1e-200] * 8, [1e200] * 8, [np.nan] * 8, [np.inf] * 8]
)
def test_weights_whose_sums_lose_their_digits_are_refused(weight):
    with pytest.raises(InvalidArgument, match="weight must"):
        RightCensored(TIME, EVENT, weight=weight)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_scale_of_weights_changes_no_curve(scale):
    weight = np.array([1.0, 2, 1, 3, 1, 1, 2, 1])
    plain, scaled = (kaplan_meier(RightCensored(TIME, EVENT, weight=w)) for w in (weight, weight * scale))
    assert_allclose(scaled.estimate, plain.estimate, rtol=1e-12)
    assert_allclose(scaled.std_error * np.sqrt(scale), plain.std_error, rtol=1e-9)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["A", float("nan"), *ARM[2:]], r"must not be missing: 1 row\(s\) \(1\)"),
        (["A", None, *ARM[2:]], r"must not be missing: 1 row\(s\) \(1\)"),
        (np.ma.masked_array(ARM, mask=[1] + [0] * 7), r"must not be missing: 1 row\(s\) \(0\)"),
        (pd.Categorical(ARM, categories=["A"]), r"must not be missing: 4 row\(s\)"),
        (pd.Series([{"A"}] * 8), "must be labels that can be told apart"),
        ([[1], [1, 2]], "must be one label a row"),
        ("A", "must have one dimension"),
        (ARM[1:], "must have one entry a row"),
    ],
)
def test_missing_labels_are_no_arm_of_their_own(labels, message):
    with pytest.raises(InvalidArgument, match=f"arm {message}"):
        logrank(RightCensored(TIME, EVENT), labels)


def test_a_missing_subject_is_no_subject_of_its_own():
    with pytest.raises(InvalidArgument, match="subject must not be missing"):
        RecurrentEvents(["a", float("nan")], [0, 0], [5, 8], [1, 0])


@pytest.mark.parametrize("level", [0, 1, 95, -0.5, float("nan"), None, "0.95", [0.95], np.array([0.9, 0.95])])
def test_what_is_no_level_is_refused(level):
    data = RightCensored(TIME, EVENT)
    for function in (kaplan_meier, nelson_aalen, lambda d, **o: restricted_mean(d, horizon=8, **o)):
        with pytest.raises(InvalidArgument, match="conf_level must lie strictly between 0 and 1"):
            function(data, conf_level=level)


@pytest.mark.parametrize("option", ["other", 1, None, ["log"], np.array(["log", "plain"]), pd.NA, {}])
def test_what_is_no_option_is_refused(option):
    with pytest.raises(InvalidArgument, match="conf_type must be one of"):
        kaplan_meier(RightCensored(TIME, EVENT), conf_type=option)


@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan"), None, "x", [8, 9], 10**400])
def test_what_is_no_horizon_is_refused(value):
    data = RightCensored(TIME, EVENT)
    with pytest.raises(InvalidArgument, match="horizon must be a positive number"):
        restricted_mean(data, horizon=value)
    with pytest.raises(InvalidArgument, match="time must be a positive number"):
        survival_contrast(data, ARM, time=value)


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), None, "x", [1], True])
def test_what_is_no_parameter_of_a_weight_is_refused(value):
    with pytest.raises(InvalidArgument, match=r"rho and gamma must be (a finite number|finite and not)"):
        FlemingHarrington(value, 0)


@pytest.mark.parametrize("values", ["x", [float("nan")], [[1.0]], pd.NaT])
def test_what_is_no_time_of_a_curve_is_refused(values):
    curve = kaplan_meier(RightCensored(TIME, EVENT))
    with pytest.raises(InvalidArgument, match="times must be"):
        curve.at(values)
    with pytest.raises(InvalidArgument, match="p must"):
        curve.quantile(values)


def test_a_ratio_too_large_for_a_number_is_missing_and_says_so():
    fit = cox(RightCensored(TIME, EVENT), X * 1e-9)
    assert np.isnan([fit.ratio[0], fit.ratio_upper[0]]).any()
    assert "rescale the covariate" in fit.method
    with pytest.raises(InvalidArgument, match=r"at most 1e\+100"):
        cox(RightCensored(TIME, EVENT), X * 1e200)
    with pytest.raises(InvalidArgument, match=r"none beyond 1e\+100"):
        linear_combination(fit, {"x": 1e300})


def test_the_arrays_of_the_user_are_neither_changed_nor_kept():
    time, event, rows = np.array(TIME), np.array(EVENT), X.copy()
    data = RightCensored(time, event)
    fit = cox(data, rows)
    before = baseline_hazard(fit).estimate
    time[:], event[:], rows["x"] = 1.0, 0, 0.0
    assert_array_equal(data.time, TIME)
    assert_array_equal(baseline_hazard(fit).estimate, before)


def test_no_function_moves_the_state_of_random_numbers():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  (the global state is what is tested)
    for function in FUNCTIONS.values():
        function(RightCensored(TIME, EVENT), ARM)
    assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
