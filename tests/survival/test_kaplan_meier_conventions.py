"""Kaplan-Meier against R where conventions decide: entry, weights, clusters, quantiles, S of 0 and 1."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import SURVFIT, cases, read
from tests.support.references import naive_kaplan_meier

from skeletal.data import RightCensored
from skeletal.survival import follow_up, kaplan_meier, nelson_aalen

KM = cases("km")
RTOL = 1e-10
TYPES = {"log-log": "log-log", "log": "log", "plain": "plain", "logit": "logit", "arcsin": "arcsine"}
ARRAYS = ("time", "estimate", "std_error", "lower", "upper", "n_at_risk", "n_events", "n_censored")


def numbers(values):
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def check(curve, expected, names=SURVFIT):
    at = curve.at(expected["time"])
    for theirs, ours in names.items():
        assert_allclose(getattr(at, ours), numbers(expected[theirs]), rtol=RTOL, err_msg=theirs)


def check_quantiles(curve, p, expected):
    ours = curve.quantile(p)
    for theirs, name in (("quantile", "estimate"), ("lower", "lower"), ("upper", "upper")):
        assert_allclose(ours[name], numbers(expected[theirs]), rtol=1e-12, err_msg=theirs)


def heart(weight=None):
    frame = read("heart")
    weights = None if weight is None else weight(frame)
    return RightCensored(frame.stop, frame.event, entry=frame.start, weight=weights)


def lung(weight=None):
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2, weight=None if weight is None else weight(frame))


@pytest.mark.parametrize("theirs", TYPES)
def test_delayed_entry_of_each_type_as_r(theirs):
    check(kaplan_meier(heart(), conf_type=TYPES[theirs]), KM["delayed_entry_each_type"][theirs])


def test_rows_of_one_subject_are_one_cluster_as_r():
    check(kaplan_meier(heart(), cluster=read("heart").id), KM["delayed_entry_clusters"])


def test_clusters_with_entry_and_weights_as_r():
    sample = heart(lambda frame: 1 + (frame.year > 3))
    curve = kaplan_meier(sample, cluster=read("heart").id, conf_type="log")
    check(curve, KM["delayed_entry_weights_clusters"])


def test_clusters_with_entry_and_weights_that_change_as_r():
    sample = heart(lambda frame: 1 + frame.transplant / 2)
    curve = kaplan_meier(sample, cluster=read("heart").id, conf_type="plain")
    check(curve, KM["changing_weights_clusters"])


@pytest.mark.parametrize("theirs", TYPES)
def test_weights_of_each_type_as_r(theirs):
    curve = kaplan_meier(lung(lambda frame: 0.5 + frame.sex), conf_type=TYPES[theirs], conf_level=0.9)
    check(curve, KM["weights_each_type"][theirs])


def test_quantiles_with_weights_as_r():
    curve = kaplan_meier(lung(lambda frame: 0.5 + frame.sex), conf_type="logit", conf_level=0.9)
    check_quantiles(curve, [0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9], KM["weights_quantiles"])


@pytest.mark.parametrize("theirs", TYPES)
def test_quantiles_of_each_type_as_r(theirs):
    frame = read("veteran")
    sample = RightCensored(frame.time, frame.status)
    curve = kaplan_meier(sample, conf_type=TYPES[theirs], conf_level=0.8)
    p = [0.05, 0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9, 0.95]
    check_quantiles(curve, p, KM["quantiles_each_type"][theirs])


@pytest.mark.parametrize("theirs", TYPES)
def test_quantiles_on_flat_pieces_as_r(theirs):
    sample = RightCensored(np.arange(1, 11), [1, 1, 0, 1, 0, 1, 1, 0, 1, 0])
    p = [0.1, 0.2, 1 - 0.8 * 6 / 7, 0.5, 0.6, 0.75, 0.8]
    check_quantiles(kaplan_meier(sample, conf_type=TYPES[theirs]), p, KM["quantiles_flat"][theirs])


def test_quantile_on_the_last_flat_piece_is_its_midpoint_as_r():
    curve = kaplan_meier(RightCensored([1, 2, 5, 9], [1, 1, 0, 0]))
    check_quantiles(curve, [0.25, 0.5, 0.75], KM["quantile_flat_to_the_end"])


def test_quantiles_of_a_million_rows_know_a_flat_piece_in_spite_of_rounding_as_r():
    curve = kaplan_meier(RightCensored(np.arange(1, 10**6 + 1), np.ones(10**6)))
    check_quantiles(curve, [0.25, 0.5, 0.75], KM["quantiles_of_a_million"])


def test_quantile_of_limits_that_rise_is_the_first_crossing():
    # An event of small weight has a wide interval, a heavier one after it a narrower one.  R's printed median
    # takes the first crossing of the lower limits (delayed_entry), its quantile() sorts them by size instead.
    curve = kaplan_meier(RightCensored([3, 4, 9], [1, 1, 0], weight=[0.2, 2, 40]))
    assert curve.lower[0] < 0.75 < curve.lower[1]
    assert curve.quantile(0.25)["lower"].item() == 3


def test_risk_set_that_empties_by_censoring_and_refills_as_r():
    expected = KM["risk_set_that_empties_by_censoring"]
    sample = RightCensored(
        [2, 3, 3, 5, 6, 8, 8, 10, 12],
        [1, 0, 0, 1, 0, 1, 0, 1, 0],
        entry=[0, 0, 1, 3, 4, 4, 6, 9, 9],
    )
    curve = kaplan_meier(sample)
    assert_array_equal(curve.time, expected["time"])
    names = {"n.risk": "n_at_risk", "n.event": "n_events", "n.censor": "n_censored", "surv": "estimate"}
    check(curve, expected, {**names, "lower": "lower", "upper": "upper"})


def test_risk_set_that_empties_by_events_leaves_the_curve_at_zero_as_r():
    expected = KM["risk_set_that_empties_by_events"]
    sample = RightCensored([2, 3, 3, 5, 6], [1, 1, 1, 1, 0], entry=[0, 0, 1, 3, 4])
    curve = kaplan_meier(sample)
    check(curve, expected, {"n.risk": "n_at_risk", "n.event": "n_events", "surv": "estimate"})
    for name in ("std_error", "lower", "upper"):
        assert_array_equal(np.isnan(getattr(curve, name)), [False, True, True, True])
    assert_allclose(nelson_aalen(sample).estimate, expected["cumhaz"], rtol=RTOL)


@pytest.mark.parametrize("conf_type", TYPES.values())
def test_limits_before_the_first_event_are_one(conf_type):
    # R: 1 for log and plain, NA for the scales on which 1 lies at infinity.
    curve = kaplan_meier(RightCensored([1, 2, 3, 4], [0, 1, 0, 0]), conf_type=conf_type)
    assert_array_equal([curve.lower[0], curve.upper[0], curve.std_error[0]], [1, 1, 0])
    assert curve.lower[1] < curve.estimate[1] < 1


def test_survival_from_the_hazard_as_r():
    expected = KM["fleming_harrington_survival"]["at"]
    for sex, part in read("lung").groupby("sex"):
        rows = np.array(expected["strata"]) == f"sex={sex}"
        hazard = nelson_aalen(RightCensored(part.time, part.status == 2)).at(np.array(expected["time"])[rows])
        survival = np.exp(-hazard.estimate)
        assert_allclose(survival, np.array(expected["surv"])[rows], rtol=RTOL)
        assert_allclose(survival * hazard.std_error, np.array(expected["std.err"])[rows], rtol=RTOL)
        assert_allclose(hazard.estimate, np.array(expected["cumhaz"])[rows], rtol=RTOL)


def test_fleming_harrington_median_as_r():
    table = KM["fleming_harrington_survival"]["table"]
    medians = [row[table["cols"].index("median")] for row in table["values"]]
    for (_, part), median in zip(read("lung").groupby("sex"), medians, strict=True):
        hazard = nelson_aalen(RightCensored(part.time, part.status == 2))
        assert hazard.quantile(np.log(2))["estimate"].item() == median


rows = st.lists(
    st.tuples(st.integers(0, 8), st.integers(0, 1), st.integers(1, 3), st.integers(-2, 3)),
    min_size=1,
    max_size=25,
)


def columns(sample):
    return (np.array(column) for column in zip(*sample, strict=True))


@given(rows)
@settings(max_examples=60, deadline=None)
def test_counts_without_weights_are_those_with_weights_of_one(sample):
    time, event, _, late = columns(sample)
    entry = time - 1 - late % 4
    for entries in (None, entry):
        plain = RightCensored(time, event, entry=entries)
        weighted = RightCensored(time, event, entry=entries, weight=np.ones(time.size))
        for function in (kaplan_meier, nelson_aalen, follow_up):
            for name in ARRAYS:
                assert_array_equal(getattr(function(plain), name), getattr(function(weighted), name))


@given(rows)
@settings(max_examples=60, deadline=None)
def test_entry_before_time_zero_changes_nothing(sample):
    time, event, _, _ = columns(sample)
    early = RightCensored(time, event, entry=np.where(time % 2, -1.5, -np.inf))
    for name in ARRAYS:
        assert_array_equal(
            getattr(kaplan_meier(early), name), getattr(kaplan_meier(RightCensored(time, event)), name)
        )


@given(rows, st.sampled_from([1e-300, 0.1, 1e9, 1e300]))
@settings(max_examples=60, deadline=None)
def test_unit_of_time_moves_the_times_only(sample, unit):
    time, event, _, late = columns(sample)
    entry = (time - 1 - late % 4).clip(-1)
    one = kaplan_meier(RightCensored(time, event, entry=entry))
    other = kaplan_meier(RightCensored(time * unit, event, entry=entry * unit))
    assert_array_equal(other.time, one.time * unit)
    for name in ARRAYS[1:]:
        assert_array_equal(getattr(other, name), getattr(one, name))


@given(rows)
@settings(max_examples=60, deadline=None)
def test_curve_falls_between_its_limits(sample):
    time, event, weight, _ = columns(sample)
    for conf_type in TYPES.values():
        curve = kaplan_meier(RightCensored(time, event, weight=weight), conf_type=conf_type)
        assert (np.diff(curve.estimate, prepend=1.0) <= 0).all()
        known = ~np.isnan(curve.lower)
        assert_array_equal(known, curve.estimate > 0)
        assert (curve.lower[known] <= curve.estimate[known]).all()
        assert (curve.upper[known] <= 1).all()


def test_many_distinct_times_in_any_order_as_the_naive_product():
    rng = np.random.default_rng(11)
    time, event = rng.exponential(100, 700).round(1), rng.integers(0, 2, 700)
    entry = np.where(rng.random(700) < 0.5, time * rng.random(700) - 0.05, -1.0)
    curve = kaplan_meier(RightCensored(time, event, entry=entry))
    assert_allclose(curve.estimate, naive_kaplan_meier(time, event, entry), rtol=1e-12)


def test_a_negative_zero_is_time_zero():
    curve = kaplan_meier(RightCensored([-0.0, 0.0, 2.0], [1, 0, 1]))
    assert_array_equal(curve.time, [0, 2])
    assert not np.signbit(curve.time).any()
    assert_array_equal(curve.n_at_risk, [3, 1])


def test_strided_and_read_only_input_is_read_as_it_is():
    frame = np.array([[3.0, 1.0], [5.0, 1.0], [5.0, 0.0], [8.0, 0.0]])
    frame.flags.writeable = False
    for sample in (frame, frame[::-1]):
        curve = kaplan_meier(RightCensored(sample[:, 0], sample[:, 1]))
        assert_array_equal(curve.estimate, [0.75, 0.5, 0.5])


def test_input_changed_afterwards_changes_nothing():
    frame = pd.DataFrame({"time": [3.0, 5.0, 8.0], "event": [1, 1, 0], "entry": [0.0, 1.0, 2.0]})
    sample = RightCensored(frame.time, frame.event, entry=frame.entry, weight=frame.time)
    views = RightCensored(frame.time.to_numpy(), frame.event.to_numpy(), entry=frame.entry.to_numpy())
    frame.loc[:, :] = 1
    for data in (sample, views):
        assert_array_equal(data.time, [3, 5, 8])
        assert_array_equal(data.event, [1, 1, 0])
        assert_array_equal(data.entry, [0, 1, 2])
    assert_array_equal(sample.weight, [3, 5, 8])


def test_results_cannot_be_written_to():
    for curve in (kaplan_meier(lung()), kaplan_meier(lung(), cluster=range(228)), nelson_aalen(lung())):
        for name in ARRAYS:
            with pytest.raises(ValueError, match="read-only"):
                getattr(curve, name)[0] = 0
