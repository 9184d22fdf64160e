from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.competing_trials import CAUSES, by_arm, melanoma, mgus, mgus_by_age, sample
from tests.support.golden import cases
from tests.support.references_competing import naive_time_lost, naive_time_lost_error

from skeletal.competing import years_lost, years_lost_contrast
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import restricted_mean

COMPETING = cases("competing")
RTOL = 1e-10
ORACLE = 1e-7
SMALL = CompetingRisks([2, 3, 5, 7, 8, 9, 4, 6, 1, 9], [1, 2, 1, 1, 2, 0, 1, 1, 2, 0], ["SSE", "death"])
ARMS = list("AAAABBBBAB")
ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=15)


def numbers(result):
    return [result.estimate, result.std_error, result.lower, result.upper]


@pytest.mark.parametrize(
    ("name", "trial"),
    [("years_lost_at_the_horizon", melanoma), ("years_lost_at_the_horizon_mgus", mgus)],
)
def test_two_trials_as_the_influence_of_survfit(name, trial):
    data, sex = trial()
    arms = list(by_arm((data, sex)).items())
    labels = sorted(label for label, _ in arms)
    for case in COMPETING[name]:
        for k, label in enumerate(labels):
            result = years_lost(dict(arms)[label], case["cause"], horizon=case["horizon"])
            assert_allclose(result.estimate, case["lost"][k], rtol=RTOL)
            assert_allclose(result.std_error, case["std_error"][k], rtol=RTOL)
        effect = years_lost_contrast(data, sex, case["cause"], horizon=case["horizon"])
        expected = [case[key] for key in ("difference", "difference_std_error", "lower", "upper")]
        assert_allclose(numbers(effect), expected, rtol=RTOL)
        p_value = np.nan if case["p_value"] is None else case["p_value"]
        assert_allclose(effect.p_value, p_value, rtol=RTOL)


def on_the_line(data, cause, horizon):
    """Return the error between those at the observed times around the horizon, as survfit 3.8 does."""
    times = np.unique(data.time)
    low, high = times[times <= horizon][-1], times[times > horizon][0]
    errors = [years_lost(data, cause, horizon=time).std_error for time in (low, high)]
    return np.interp(horizon, [low, high], errors)


@pytest.mark.parametrize(
    ("table", "trial", "horizon"),
    [
        (COMPETING["years_lost_melanoma"]["table"], melanoma, 2500),
        (COMPETING["mgus_jackknife"]["rmean_table"], mgus, 240),
    ],
    ids=["melanoma", "mgus"],
)
def test_the_table_of_survfit(table, trial, horizon):
    arms = by_arm(trial())
    for name, (_, _, mean, error) in zip(table["rows"], table["values"], strict=True):
        label, state = name.removeprefix("sex=").split(", ")
        if state == "(s0)":
            continue
        cause = "1" if state in ("mel", "pcm") else "2"
        result = years_lost(arms[label], cause, horizon=horizon)
        assert_allclose(result.estimate, mean, rtol=ORACLE)
        assert_allclose(on_the_line(arms[label], cause, horizon), error, rtol=ORACLE)
        # its line lies above the curve of the error, by next to nothing
        assert error * (1 - 1e-4) < result.std_error < error * (1 + 1e-9)


@pytest.mark.parametrize("case", COMPETING["age_scale"], ids=lambda case: case["cause"])
def test_delayed_entry_as_the_influence_of_survfit(case):
    result = years_lost(mgus_by_age(), case["cause"], horizon=case["horizon"])
    assert_allclose(result.estimate, case["years_lost"], rtol=RTOL)
    assert_allclose(result.std_error, case["years_lost_std_error"], rtol=1e-9)


def test_by_hand():
    data = CompetingRisks([1, 2, 3, 4], [1, 2, 1, 0], ["SSE", "death"])
    # steps of 1/4 at 1 and 3
    assert_allclose(years_lost(data, "SSE", horizon=4).estimate, 3 / 4 + 1 / 4, rtol=1e-12)
    assert_allclose(years_lost(data, "death", horizon=3.5).estimate, 1.5 / 4, rtol=1e-12)
    # at horizon 2 it is the mean of 1, 0, 0, 0: its variance is p (1 - p)/n
    assert_allclose(years_lost(data, "SSE", horizon=2).std_error, np.sqrt(3 / 64), rtol=1e-12)


def test_without_censoring_it_is_the_mean_of_what_each_row_loses():
    data = CompetingRisks([2, 3, 5, 5, 8, 9], [1, 2, 1, 1, 2, 1], ["SSE", "death"])
    lost = np.where(data.status == 1, np.maximum(7 - data.time, 0), 0)
    result = years_lost(data, "SSE", horizon=7)
    assert_allclose([result.estimate, result.std_error], [lost.mean(), lost.std() / np.sqrt(6)], rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from([0.5, 2.0, 3.25, 4.0]), st.booleans())
def test_estimate_and_error_equal_a_second_implementation(rows, horizon, delayed):
    entry, length, status = (np.array(column) for column in zip(*rows, strict=True))
    time = entry + length if delayed else length
    entry = entry if delayed else None
    data = CompetingRisks(time, status, CAUSES, entry=entry)
    result = years_lost(data, "1", horizon=horizon)
    if np.isnan(result.estimate):
        assert time.max() < horizon
        return
    expected = [
        naive_time_lost(time, status, 1, horizon, entry=entry),
        naive_time_lost_error(time, status, 1, horizon, entry=entry),
    ]
    assert_allclose(numbers(result)[:2], expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from([0.5, 2.0, 3.25, 4.0, 12.0]), st.booleans())
def test_times_lost_and_the_restricted_mean_add_up_to_the_horizon(rows, horizon, delayed):
    entry, length, status = (np.array(column) for column in zip(*rows, strict=True))
    time = entry + length if delayed else length
    entry = entry if delayed else None
    data = CompetingRisks(time, status, CAUSES, entry=entry)
    lost = sum(years_lost(data, cause, horizon=horizon).estimate for cause in CAUSES)
    free = restricted_mean(RightCensored(time, status > 0, entry=entry), horizon=horizon).estimate
    assert np.isnan(lost) == np.isnan(free)
    if not np.isnan(lost):
        assert_allclose(lost + free, horizon, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.randoms(use_true_random=False), st.sampled_from([7.0, 1 / 365.25]))
def test_row_order_changes_nothing_and_the_unit_scales(rows, random, unit):
    _, time, status = zip(*rows, strict=True)
    _, shuffled_time, shuffled_status = zip(*random.sample(rows, len(rows)), strict=True)
    horizon = max(time) - 0.5
    one = numbers(years_lost(CompetingRisks(time, status, CAUSES), "1", horizon=horizon))
    two = years_lost(CompetingRisks(shuffled_time, shuffled_status, CAUSES), "1", horizon=horizon)
    scaled = CompetingRisks(np.array(time) * unit, status, CAUSES)
    assert_allclose(numbers(two), one, rtol=1e-10, atol=1e-14)
    scaled_numbers = numbers(years_lost(scaled, "1", horizon=horizon * unit))
    assert_allclose(np.array(scaled_numbers) / unit, one, rtol=1e-9, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_doubling_rows_keeps_the_estimate_and_halves_the_variance(rows):
    _, time, status = zip(*rows, strict=True)
    one, two = (
        years_lost(CompetingRisks(time * times, status * times, CAUSES), "1", horizon=max(time))
        for times in (1, 2)
    )
    assert_allclose(
        [two.estimate, two.std_error**2], [one.estimate, one.std_error**2 / 2], rtol=1e-9, atol=1e-14
    )


def test_limits_are_normal_and_the_level_widens_them():
    narrow, wide = (years_lost(SMALL, "SSE", horizon=8, conf_level=level) for level in (0.9, 0.99))
    assert_allclose(narrow.upper - narrow.estimate, 1.6448536269514722 * narrow.std_error, rtol=1e-12)
    assert_allclose(narrow.estimate - narrow.lower, 1.6448536269514722 * narrow.std_error, rtol=1e-12)
    assert wide.upper > narrow.upper
    assert (narrow.conf_level, wide.conf_level) == (0.9, 0.99)
    assert np.isnan(wide.p_value)


def test_cause_and_horizon_change_the_answer_and_are_named():
    results = [years_lost(SMALL, cause, horizon=h) for cause in SMALL.causes for h in (6, 8)]
    assert len({result.estimate for result in results}) == 4
    assert results[0].method == (
        "mean days lost to SSE before 6 days, area under the Aalen-Johansen incidence, "
        "infinitesimal jackknife variance at the horizon, normal limits"
    )


def test_the_unit_is_that_of_the_data():
    data = CompetingRisks([2, 5], [1, 0], ["SSE"], time_unit="years")
    assert years_lost(data, "SSE", horizon=4).method.startswith("mean years lost to SSE before 4 years")


def test_before_the_first_event_nothing_is_lost():
    assert numbers(years_lost(SMALL, "SSE", horizon=1.5)) == [0.0] * 4
    assert numbers(years_lost(SMALL, "SSE", horizon=0.5)) == [0.0] * 4  # before anybody leaves
    assert numbers(years_lost(SMALL, "SSE", horizon=2)) == [0.0] * 4  # an event at the horizon loses nothing


def test_an_event_at_time_0_loses_the_whole_horizon():
    assert_allclose(years_lost(CompetingRisks([0, 9], [1, 0], ["SSE"]), "SSE", horizon=6).estimate, 3.0)


def test_beyond_the_last_time_it_is_unknown_while_somebody_is_left():
    result = years_lost(SMALL, "SSE", horizon=9.5)
    assert np.isnan([*numbers(result), result.p_value]).all()
    assert result.method.endswith("; not estimable: the sample is followed to 9 days only")
    assert not np.isnan(numbers(years_lost(SMALL, "SSE", horizon=9))).any()


def test_beyond_the_last_time_it_is_known_when_everybody_had_an_event():
    data = CompetingRisks([1, 2, 3, 3], [1, 2, 1, 1], ["SSE", "death"])
    assert_allclose(years_lost(data, "SSE", horizon=10).estimate, (9 + 7 + 7) / 4, rtol=1e-12)
    assert_allclose(years_lost(data, "death", horizon=10).estimate, 8 / 4, rtol=1e-12)


def test_one_row():
    data = CompetingRisks([4], [1], ["SSE", "death"])
    assert numbers(years_lost(data, "SSE", horizon=10)) == [6.0, 0.0, 6.0, 6.0]
    assert numbers(years_lost(data, "death", horizon=10)) == [0.0] * 4


def test_contrast_is_that_of_the_arms():
    parts = [years_lost(sample(SMALL, np.array(ARMS) == arm), "SSE", horizon=7) for arm in "AB"]
    effect = years_lost_contrast(SMALL, ARMS, "SSE", horizon=7)
    assert_allclose(effect.estimate, parts[1].estimate - parts[0].estimate, rtol=1e-12)
    assert_allclose(effect.std_error**2, parts[0].std_error ** 2 + parts[1].std_error ** 2, rtol=1e-12)
    assert "difference of mean days lost to SSE before 7 days" in effect.method
    assert "reference A" in effect.method


def test_control_turns_the_contrast():
    one, two = (years_lost_contrast(SMALL, ARMS, "SSE", horizon=7, control=arm) for arm in "AB")
    assert_allclose([two.estimate, two.lower, two.upper], [-one.estimate, -one.upper, -one.lower], rtol=1e-12)
    assert (two.p_value, two.std_error) == (one.p_value, one.std_error)
    assert "reference B" in two.method


def test_level_and_horizon_change_the_contrast():
    one, two, three = (
        years_lost_contrast(SMALL, ARMS, "SSE", **arguments)
        for arguments in ({"horizon": 7}, {"horizon": 8}, {"horizon": 7, "conf_level": 0.5})
    )
    assert one.estimate != two.estimate
    assert one.lower < three.lower


def test_contrast_of_an_arm_that_ends_before_the_horizon_is_not_estimable():
    data = CompetingRisks([2, 5, 7, 3, 6, 9], [1, 2, 0, 1, 1, 0], ["SSE", "death"])
    effect = years_lost_contrast(data, list("AAABBB"), "SSE", horizon=8)
    assert np.isnan([*numbers(effect), effect.p_value]).all()
    assert effect.method.endswith("; not estimable: A is followed to 7 days only")


def test_contrast_without_variance_has_no_test():
    effect = years_lost_contrast(SMALL, ARMS, "SSE", horizon=2)
    assert (effect.estimate, effect.std_error) == (0.0, 0.0)
    assert np.isnan(effect.p_value)
    assert effect.method.endswith("; no test: neither arm has a variance")


BAD = [
    ({"cause": "pain"}, "cause must be one of 'SSE', 'death', got 'pain'"),
    ({"horizon": 0}, "horizon must be a positive number in the unit of the times, got 0"),
    ({"horizon": -1}, "horizon must be a positive number"),
    ({"horizon": np.nan}, "horizon must be a positive number"),
    ({"horizon": np.inf}, "horizon must be a positive number"),
    ({"horizon": None}, "horizon must be a positive number"),
    ({"conf_level": 1}, "conf_level must lie strictly between 0 and 1, got 1"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        years_lost(SMALL, **{"cause": "SSE", "horizon": 6, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *BAD,
        ({"arm": ["A"] * 10}, "arm must have at least two labels, got"),
        (
            {"arm": list("AAAABBBBCC")},
            r"arm must have two labels, got 3 \(A, B, C\): .*years_lost of each arm",
        ),
        ({"arm": ["A", "B"]}, r"arm must have one entry a row \(10\), got 2"),
        ({"control": "C"}, r"control must be one of the arms \(A, B\), got 'C'"),
    ],
)
def test_bad_argument_of_the_contrast_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        years_lost_contrast(SMALL, **{"arm": ARMS, "cause": "SSE", "horizon": 6, **arguments})
