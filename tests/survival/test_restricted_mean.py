from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import GOLDEN, cases, read
from tests.support.references_restricted import naive_restricted_mean

from skeletal.data import RightCensored
from skeletal.survival import restricted_mean, restricted_mean_contrast, restricted_mean_test

EXPECTED = cases("rmst")
RTOL = {
    name: case["rtol"]
    for name, case in json.loads((GOLDEN / "rmst.json").read_text(encoding="utf-8"))["cases"].items()
}
KINDS = ("difference", "ratio", "lost_ratio")
HORIZONS = (150, 365, 700)

TIMES, EVENTS = [2, 4, 6, 8, 3, 7, 9, 9], [1, 0, 1, 0, 1, 0, 1, 0]
SMALL = RightCensored(TIMES, EVENTS)


def numbers(result):
    return [result.estimate, result.std_error, result.lower, result.upper, result.p_value]


def trial(name):
    if name == "ovarian":
        frame = read(name)
        return RightCensored(frame.futime, frame.fustat), frame.rx
    if name == "colon":
        frame = read(name).query("etype == 2 and rx != 'Lev'")
        return RightCensored(frame.time, frame.status), (frame.rx == "Lev+5FU").astype(int)
    frame = read(name)
    return RightCensored(frame.time, frame.status), frame.trt


@pytest.mark.parametrize(
    ("case", "name", "horizon", "conf_level"),
    [
        ("ovarian", "ovarian", 800, 0.95),
        ("veteran", "veteran", 365, 0.95),
        ("colon_level_90", "colon", 1825, 0.9),
    ],
)
def test_two_arms_as_survrm2(case, name, horizon, conf_level):
    (data, arm), expected, rtol = trial(name), EXPECTED[case], RTOL[case]
    options = {"horizon": horizon, "conf_level": conf_level}
    for k, label in enumerate(np.unique(arm)):
        rows = np.asarray(arm == label)
        one = restricted_mean(RightCensored(data.time[rows], data.event[rows]), **options)
        assert_allclose(numbers(one)[:4], list(expected[f"arm{k}_rmst"].values()), rtol=rtol)
        assert_allclose(one.std_error**2, expected[f"arm{k}_var"], rtol=rtol)
        lost = [horizon - one.estimate, one.std_error, horizon - one.upper, horizon - one.lower]
        assert_allclose(lost, list(expected[f"arm{k}_rmtl"].values()), rtol=rtol)
    for kind, row in zip(KINDS, expected["unadjusted"]["values"], strict=True):
        two = restricted_mean_contrast(data, arm, kind=kind, **options)
        assert_allclose([two.estimate, two.lower, two.upper, two.p_value], row, rtol=rtol)


def test_each_sex_at_three_horizons_as_survfit():
    frame = read("lung")
    for case in EXPECTED["lung_three_horizons"]:
        for sex in (1, 2):
            rows = frame[frame.sex == sex]
            result = restricted_mean(RightCensored(rows.time, rows.status == 2), horizon=case["tau"])
            expected = [case["rmean"][f"sex={sex}"], case["se"][f"sex={sex}"]]
            assert_allclose(numbers(result)[:2], expected, rtol=RTOL["lung_three_horizons"])


def lung_rows():
    frame = read("lung")
    number = np.arange(1, len(frame) + 1)
    frame["entry"] = np.where(number % 3 == 0, np.floor(frame.time / 4), 0)
    frame["weight"] = 1 + number % 3
    return frame


@pytest.mark.parametrize(("case", "columns"), [("lung_weights", ["weight"]), ("lung_entry", ["entry"])])
def test_weights_and_delayed_entry_as_survfit(case, columns):
    frame = lung_rows()
    data = RightCensored(frame.time, frame.status == 2, **{name: frame[name] for name in columns})
    for horizon, expected in zip(HORIZONS, EXPECTED[case], strict=True):
        assert_allclose(numbers(restricted_mean(data, horizon=horizon))[:2], expected, rtol=RTOL[case])


def test_weights_with_delayed_entry_of_two_arms_as_survfit():
    frame = lung_rows()
    data = RightCensored(frame.time, frame.status == 2, entry=frame.entry, weight=frame.weight)
    for horizon, (first, second) in zip(HORIZONS, EXPECTED["lung_entry_weights"], strict=True):
        result = restricted_mean_contrast(data, frame.sex, horizon=horizon)
        expected = [second[0] - first[0], np.hypot(second[1], first[1])]
        assert_allclose(numbers(result)[:2], expected, rtol=RTOL["lung_entry_weights"])


def test_horizon_beyond_a_last_event_as_survfit():
    data, arm = trial("veteran")
    expected = EXPECTED["veteran_beyond_the_last_event"]
    for horizon, (first, second) in zip((553, 700, 999), expected, strict=True):
        result = restricted_mean_contrast(data, arm, horizon=horizon)
        assert_allclose(result.estimate, second[0] - first[0], rtol=1e-10)
        assert_allclose(result.std_error, np.hypot(second[1], first[1]), rtol=1e-10)


def test_strata_weighted_by_size_as_survrm2():
    frame, expected = read("veteran"), EXPECTED["veteran_strata"]
    data = RightCensored(frame.time, frame.status)
    for name in expected["by_stratum_diff"]:
        part = frame[frame.celltype == name]
        one = restricted_mean_contrast(RightCensored(part.time, part.status), part.trt, horizon=100)
        assert_allclose(one.estimate, expected["by_stratum_diff"][name], rtol=RTOL["veteran_strata"])
        assert_allclose(one.std_error**2, expected["by_stratum_var"][name], rtol=RTOL["veteran_strata"])
    result = restricted_mean_contrast(data, frame.trt, horizon=100, strata=frame.celltype)
    both = [expected["sample_size"]["est"], expected["sample_size"]["se"]]
    assert_allclose(numbers(result)[:2], both, rtol=RTOL["veteran_strata"])


def test_ratios_of_standardised_means_as_survfit():
    frame = read("veteran")
    data = RightCensored(frame.time, frame.status)
    for kind, expected in EXPECTED["veteran_strata_ratios"].items():
        result = restricted_mean_contrast(data, frame.trt, horizon=100, strata=frame.celltype, kind=kind)
        assert_allclose(numbers(result)[:2], expected, rtol=RTOL["veteran_strata_ratios"])


def test_three_arms_as_survfit():
    frame, expected = read("colon").query("etype == 2"), EXPECTED["colon_three_arms"]
    result = restricted_mean_test(RightCensored(frame.time, frame.status), frame.rx, horizon=1825)
    rtol = RTOL["colon_three_arms"]
    assert_allclose([result.statistic, result.p_value], [expected["chisq"], expected["p"]], rtol=rtol)
    assert result.df == 2
    assert np.isnan(result.z)


def test_by_hand():
    # Survival 1 to 2, 3/4 to 6, 3/8 to 8; areas after the events 15/4 and 3/4.
    result = restricted_mean(RightCensored([2, 4, 6, 8], [1, 0, 1, 0]), horizon=8)
    assert_allclose(result.estimate, 2 + 3 + 3 / 4, rtol=1e-15)
    assert_allclose(result.std_error**2, (15 / 4) ** 2 / 12 + (3 / 4) ** 2 / 2, rtol=1e-14)
    assert np.isnan(result.p_value)


rows = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(0, 2),
        st.sampled_from([1, 0.3, 2]),
    ),
    min_size=3,
    max_size=30,
)


@given(rows, st.sampled_from([0.5, 3, 6, 12, 20]), st.booleans(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_as_the_naive_sums(sample, horizon, delayed, weighted):
    time, event, _, entry, weight = (np.array(column, float) for column in zip(*sample, strict=True))
    entry = np.minimum(entry, time / 2 - 0.1) if delayed else None
    weight = weight if weighted else None
    data = RightCensored(time, event, entry=entry, weight=weight)
    result = restricted_mean(data, horizon=horizon)
    mean, variance = naive_restricted_mean(time, event, horizon, entry=entry, weight=weight)
    assert_allclose([result.estimate, result.std_error**2], [mean, variance], rtol=1e-10, atol=1e-12)
    assert np.isnan(result.estimate) == ("not estimable" in result.method)


@given(rows, st.sampled_from([1, 4, 9]), st.sampled_from(KINDS), st.booleans())
@settings(max_examples=60, deadline=None)
def test_strata_as_the_naive_means(sample, horizon, kind, stratified):
    time, event, arm, stratum, weight = (np.array(column, float) for column in zip(*sample, strict=True))
    if np.unique(arm).size < 2:
        return
    strata = stratum if stratified else np.zeros(time.size)
    means, variances = np.zeros(2), np.zeros(2)
    for s in np.unique(strata):
        share = weight[strata == s].sum() / weight.sum()
        for a in (0, 1):
            own = (strata == s) & (arm == a)
            if not own.any():
                means[a] = np.nan
                continue
            mean, variance = naive_restricted_mean(time[own], event[own], horizon, weight=weight[own])
            means[a] += share * mean
            variances[a] += share**2 * variance
    data = RightCensored(time, event, weight=weight)
    result = restricted_mean_contrast(
        data, arm, horizon=horizon, kind=kind, strata=strata if stratified else None
    )
    values = horizon - means if kind == "lost_ratio" else means
    if np.isnan(values).any() or (kind != "difference" and values.min() < 1e-12):
        assert np.isnan(result.std_error)
        assert "not estimable" in result.method or "no limits" in result.method
        return
    if kind == "difference":
        expected = [values[1] - values[0], np.sqrt(variances.sum())]
    else:
        expected = [values[1] / values[0], np.sqrt((variances / values**2).sum())]
    assert_allclose(numbers(result)[:2], expected, rtol=1e-9, atol=1e-9)
    assert result.lower <= result.estimate <= result.upper


@given(rows, st.sampled_from([1, 4, 9]), st.sampled_from(KINDS), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_order_unit_and_doubled_rows(sample, horizon, kind, random):
    time, event, arm, _, _ = (np.array(column, float) for column in zip(*sample, strict=True))
    if np.unique(arm).size < 2:
        return
    order = np.array(random.sample(range(time.size), time.size))

    def contrast(rows, scale=1.0):
        data = RightCensored(time[rows] * scale, event[rows])
        return numbers(restricted_mean_contrast(data, arm[rows], horizon=horizon * scale, kind=kind))

    here, whole = np.array(contrast(slice(None))), np.arange(time.size)
    assert_allclose(contrast(order), here, rtol=1e-12, atol=1e-13)
    unit = np.array([4.0] * 4 + [1.0]) if kind == "difference" else 1.0
    assert_allclose(contrast(slice(None), 4.0), here * unit, rtol=1e-12, atol=1e-13)
    twice = contrast(np.concatenate([whole, whole]))
    assert_allclose(twice[:2], here[:2] * [1, np.sqrt(0.5)], rtol=1e-12, atol=1e-13)


@given(rows, st.sampled_from([2, 5, 11]))
@settings(max_examples=50, deadline=None)
def test_swapped_arms_lost_time_one_stratum_and_longer_horizons(sample, horizon):
    time, event, arm, _, _ = (np.array(column, float) for column in zip(*sample, strict=True))
    if np.unique(arm).size < 2:
        return
    data = RightCensored(time, event)
    for kind in KINDS:
        one = restricted_mean_contrast(data, arm, horizon=horizon, kind=kind)
        two = restricted_mean_contrast(data, arm, horizon=horizon, kind=kind, control=1)
        strata = restricted_mean_contrast(data, arm, horizon=horizon, kind=kind, strata=["a"] * time.size)
        assert_allclose(numbers(strata), numbers(one), rtol=1e-12)
        if kind == "difference":
            assert_allclose(
                [-two.estimate, -two.upper, two.std_error], [one.estimate, one.lower, one.std_error]
            )
        elif np.isfinite([one.std_error, two.std_error]).all():
            assert_allclose([1 / two.estimate, 1 / two.upper], [one.estimate, one.lower], rtol=1e-10)
            assert_allclose([two.std_error, two.p_value], [one.std_error, one.p_value], rtol=1e-8)
    shorter, longer = (restricted_mean(data, horizon=h).estimate for h in (horizon, horizon + 1))
    if np.isfinite([shorter, longer]).all():
        assert shorter <= longer <= shorter + 1 + 1e-12
        assert shorter <= horizon


def test_doubled_rows_are_weights_of_two_and_halve_the_variance():
    one = restricted_mean(SMALL, horizon=7)
    twice = restricted_mean(RightCensored(TIMES * 2, EVENTS * 2), horizon=7)
    weighted = restricted_mean(RightCensored(TIMES, EVENTS, weight=[2] * 8), horizon=7)
    assert_allclose(twice.std_error**2, one.std_error**2 / 2, rtol=1e-12)
    assert_allclose(numbers(weighted), numbers(twice), rtol=1e-12)
    assert weighted.method.replace(" with case weights", "") == twice.method


@given(rows, st.sampled_from([2, 5]), st.booleans())
@settings(max_examples=50, deadline=None)
def test_test_of_two_arms_is_that_of_their_difference(sample, horizon, stratified):
    time, event, arm, stratum, _ = (np.array(column, float) for column in zip(*sample, strict=True))
    if np.unique(arm).size < 2:
        return
    options = {"horizon": horizon, "strata": stratum if stratified else None}
    data = RightCensored(time, event)
    test, contrast = (
        restricted_mean_test(data, arm, **options),
        restricted_mean_contrast(data, arm, **options),
    )
    if contrast.std_error > 0:
        assert_allclose(test.z, contrast.estimate / contrast.std_error, rtol=1e-12)
        assert_allclose([test.statistic, test.p_value], [test.z**2, contrast.p_value], rtol=1e-9)
        assert_allclose(restricted_mean_test(data, arm, control=1, **options).z, -test.z, rtol=1e-12)
    else:
        assert np.isnan([test.statistic, test.df, test.p_value, test.z, contrast.p_value]).all()


def test_test_of_three_arms_does_not_depend_on_the_control():
    arms = list("aabbccab")
    first = restricted_mean_test(SMALL, arms, horizon=7)
    second = restricted_mean_test(SMALL, arms, horizon=7, control="c")
    assert first.statistic == second.statistic
    assert first.df == 2
    assert (first.method[-1], second.method[-1]) == ("a", "c")


def test_an_arm_without_variance_is_the_mean_that_others_are_held_against():
    data = RightCensored([9, 9, 1, 5, 9, 2, 3, 9], [0, 0, 1, 1, 0, 1, 1, 0])
    arms = list("aabbbccc")
    parts = [naive_restricted_mean(data.time[at], data.event[at], 8) for at in ([2, 3, 4], [5, 6, 7])]
    result = restricted_mean_test(data, arms, horizon=8)
    assert_allclose(result.statistic, sum((mean - 8) ** 2 / variance for mean, variance in parts), rtol=1e-12)
    none = restricted_mean_test(data, list("aaaabbbb"), horizon=0.5)
    assert np.isnan(none.statistic)
    assert none.method.endswith("not estimable: more than one arm has no variance")
