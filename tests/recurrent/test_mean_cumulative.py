from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read, read_shared
from tests.support.recurrent_samples import histories, sample
from tests.support.references_competing import naive_mean_cumulative

from skeletal.data import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.recurrent import mean_cumulative
from skeletal.survival import nelson_aalen

RECURRENT = cases("recurrent")
RTOL = 1e-10
SMALL = RecurrentEvents(
    ["a", "a", "b", "b", "b", "c", "d"],
    [0, 30, 0, 10, 40, 0, 0],
    [30, 90, 10, 40, 60, 50, 70],
    [1, 0, 1, 1, 2, 0, 1],
)


def rows_of(frame, start, stop, status):
    return RecurrentEvents(frame.id, frame[start], frame[stop], frame[status])


@pytest.mark.parametrize(
    ("name", "data", "columns"),
    [
        ("bladder_lawless_nadeau", lambda: read("bladder2"), ("rx", "start", "stop", "event")),
        (
            "readmission_lawless_nadeau",
            lambda: read_shared("readmission"),
            ("chemo", "t.start", "t.stop", "event"),
        ),
    ],
)
def test_mean_error_and_plain_limits_as_reda(name, data, columns):
    frame, (arm, *rest) = data(), columns
    for label, expected in RECURRENT[name].items():
        part = frame[frame[arm].astype(str) == label]
        curve = mean_cumulative(rows_of(part, *rest), conf_type="plain").at(expected["times"])
        for field, key in (("estimate", "mcf"), ("std_error", "se"), ("lower", "lower"), ("upper", "upper")):
            assert_allclose(getattr(curve, field), expected[key], rtol=RTOL)


@pytest.mark.parametrize(
    ("name", "data", "columns"),
    [
        ("cgd_survfit", lambda: read("cgd"), ("treat", "tstart", "tstop", "status")),
        ("exacerbations_with_gaps", lambda: read("rhDNase_cp"), ("trt", "start", "stop", "event")),
    ],
)
def test_mean_and_error_as_survfit(name, data, columns):
    frame, (arm, *rest), expected = data(), columns, RECURRENT[name]
    for row, stratum in enumerate(expected["strata"]):
        part = frame[frame[arm].astype(str) == stratum.split("=")[1]]
        curve = mean_cumulative(rows_of(part, *rest)).at([expected["time"][row]])
        assert_allclose(curve.estimate[0], expected["cumhaz"][row], rtol=RTOL)
        assert_allclose(curve.std_error[0], expected["std_chaz"][row], rtol=RTOL)


def test_with_death_as_mets():
    frame = read_shared("hfactioncpx12")
    for expected in RECURRENT["mean_with_death"]:
        part = frame[frame.treatment == expected["stratum"]]
        curve = mean_cumulative(rows_of(part, "entry", "time", "status")).at(expected["times"])
        for field, key in (("estimate", "mean"), ("std_error", "se"), ("lower", "lower"), ("upper", "upper")):
            assert_allclose(getattr(curve, field), expected[key], rtol=RTOL)


def test_sample_variance_as_reda():
    frame = read("bladder2")
    for label, expected in RECURRENT["bladder_sample_variance"].items():
        data = rows_of(frame[frame.rx == int(label)], "start", "stop", "event")
        curve = mean_cumulative(data, variance="sample", conf_type="plain").at(expected["times"])
        for field, key in (("estimate", "mcf"), ("std_error", "se"), ("lower", "lower"), ("upper", "upper")):
            assert_allclose(getattr(curve, field), expected[key], rtol=RTOL)
        assert "sample variance" in curve.method


def test_poisson_variance_as_survfit_of_independent_rows():
    frame, expected = read("cgd"), RECURRENT["cgd_poisson"]
    for row, stratum in enumerate(expected["strata"]):
        part = frame[frame.treat == stratum.split("=")[1]]
        curve = mean_cumulative(rows_of(part, "tstart", "tstop", "status"), variance="poisson")
        there = curve.at([expected["time"][row]])
        assert_allclose(there.estimate[0], expected["cumhaz"][row], rtol=RTOL)
        assert_allclose(there.std_error[0], expected["std_chaz"][row], rtol=RTOL)
        assert "Poisson variance" in curve.method


@settings(max_examples=25, deadline=None)
@given(histories(least=2))
def test_sample_variance_equals_its_definition(rows):
    curve = mean_cumulative(sample(rows), variance="sample")
    subjects = {row[0] for row in rows}
    for time, mean, error in zip(curve.time, curve.estimate, curve.std_error, strict=True):
        counts = np.array([sum(s == who and b <= time and e == 1 for s, _, b, e in rows) for who in subjects])
        expected = ((counts - mean) ** 2).sum() / (counts.size * (counts.size - 1)) if mean > 0 else 0.0
        assert_allclose(error**2, expected, rtol=1e-9, atol=1e-14)


def test_one_subject_has_no_sample_variance():
    curve = mean_cumulative(RecurrentEvents(["a", "a"], [0, 3], [3, 8], [1, 0]), variance="sample")
    assert np.isnan(curve.std_error).all()
    assert "limits are NaN where the curve" in curve.method


def test_one_event_a_subject_is_the_nelson_aalen_estimate_of_the_first():
    time, event = [3, 5, 6, 8, 8, 9], [1, 0, 1, 1, 0, 1]
    curve = mean_cumulative(
        RecurrentEvents(range(6), [0] * 6, time, event), variance="poisson", conf_type="log"
    )
    hazard = nelson_aalen(RightCensored(time, event))
    assert_allclose(curve.estimate, hazard.estimate, rtol=1e-12)
    assert_allclose(curve.std_error, hazard.std_error, rtol=1e-12)


def test_three_subjects_by_hand():
    data = RecurrentEvents(["a", "a", "b", "c"], [0, 2, 0, 0], [2, 6, 4, 5], [1, 1, 2, 0])
    curve = mean_cumulative(data)
    assert_array_equal(curve.time, [2, 4, 5, 6])
    assert_allclose(curve.estimate, [1 / 3, 1 / 3, 1 / 3, 1 / 3 + 2 / 3], rtol=1e-12)
    # at time 2: ((1 - 1/3)/3)^2 + 2 (-1/9)^2; at time 6 less (2/3)(dN - 1/3)/3 for the death at 4
    assert_allclose(curve.std_error[0] ** 2, 6 / 81, rtol=1e-12)
    psi = np.array([2 / 9 + 2 / 27, -1 / 9 - 4 / 27, -1 / 9 + 2 / 27])
    assert_allclose(curve.std_error[3] ** 2, psi @ psi, rtol=1e-12)
    assert_array_equal(curve.n_at_risk, [3, 3, 2, 1])
    assert_array_equal(curve.n_events, [1, 0, 0, 1])
    assert_array_equal(curve.n_censored, [0, 0, 1, 0])


@settings(max_examples=50, deadline=None)
@given(histories())
def test_mean_and_error_equal_a_second_implementation(rows):
    curve = mean_cumulative(sample(rows))
    for index, time in enumerate(curve.time):
        mean, error = naive_mean_cumulative(rows, time)
        assert_allclose(curve.estimate[index], mean, atol=1e-12)
        assert_allclose(curve.std_error[index] ** 2, error**2, rtol=1e-10, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(histories(deaths=False))
def test_without_deaths_it_is_the_nelson_aalen_estimate_of_all_rows(rows):
    _, start, stop, status = zip(*rows, strict=True)
    curve = mean_cumulative(sample(rows))
    hazard = nelson_aalen(RightCensored(stop, status, entry=start)).at(curve.time)
    assert_allclose(curve.estimate, hazard.estimate, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_row_order_and_labels_change_nothing(rows, random):
    one = mean_cumulative(sample(rows))
    shuffled = [(f"S{9 - row[0]}", *row[1:]) for row in random.sample(rows, len(rows))]
    two = mean_cumulative(sample(shuffled))
    assert_array_equal(one.estimate, two.estimate)
    assert_allclose(one.std_error, two.std_error, rtol=1e-9, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(histories(), st.sampled_from(["log", "plain"]))
def test_limits_hold_the_estimate_and_curve_rises(rows, conf_type):
    curve = mean_cumulative(sample(rows), conf_type=conf_type)
    assert (curve.lower <= curve.estimate).all()
    assert (curve.estimate <= curve.upper).all()
    assert (np.diff(curve.estimate, prepend=0.0) >= 0).all()


@settings(max_examples=50, deadline=None)
@given(histories())
def test_doubling_subjects_keeps_the_estimate_and_halves_the_variance(rows):
    one = mean_cumulative(sample(rows))
    two = mean_cumulative(sample(rows + [(row[0] + 100, *row[1:]) for row in rows]))
    assert_allclose(two.estimate, one.estimate, atol=1e-12)
    assert_allclose(two.std_error**2, one.std_error**2 / 2, rtol=1e-9, atol=1e-14)


@settings(max_examples=50, deadline=None)
@given(histories())
def test_splitting_a_row_changes_nothing(rows):
    split = [part for s, a, b, e in rows for part in ((s, a, (a + b) / 2, 0), (s, (a + b) / 2, b, e))]
    one, two = mean_cumulative(sample(rows)), mean_cumulative(sample(split))
    for field in ("time", "estimate", "n_at_risk", "n_events", "n_censored"):
        assert_array_equal(getattr(one, field), getattr(two, field))
    assert_allclose(one.std_error, two.std_error, rtol=1e-9, atol=1e-12)


def test_ignoring_death_overstates_the_mean():
    alive = RecurrentEvents(
        SMALL.subject, SMALL.start, SMALL.stop, np.where(SMALL.status == 2, 0, SMALL.status)
    )
    with_death, without = mean_cumulative(SMALL), mean_cumulative(alive)
    assert with_death.estimate[-1] < without.estimate[-1]
    assert "Ghosh-Lin" in with_death.method
    assert "Lawless-Nadeau" in without.method


def test_subjects_without_events_give_zero_without_error():
    curve = mean_cumulative(RecurrentEvents(["a", "b"], [0, 0], [5, 7], [0, 2]))
    for field in ("estimate", "std_error", "lower", "upper", "n_events"):
        assert_array_equal(getattr(curve, field), 0.0)


def test_subjects_without_events_count_in_the_denominator():
    assert mean_cumulative(RecurrentEvents(["a", "b"], [0, 0], [5, 7], [1, 0])).estimate.tolist() == [
        0.5,
        0.5,
    ]


def test_one_subject_with_two_events():
    curve = mean_cumulative(RecurrentEvents(["a", "a"], [0, 3], [3, 8], [1, 1]))
    assert_array_equal(curve.estimate, [1, 2])
    assert_array_equal(curve.std_error, 0.0)


def test_a_death_at_an_event_time_leaves_after_the_event():
    curve = mean_cumulative(RecurrentEvents(["a", "b", "c"], [0, 0, 0], [4, 4, 6], [1, 2, 1]))
    assert_allclose(curve.estimate, [1 / 3, 1 / 3 + 2 / 3], rtol=1e-12)
    assert_array_equal(curve.n_at_risk, [3, 1])


def test_everybody_dying_ends_accrual():
    data = RecurrentEvents(["a", "b", "late"], [0, 0, 5], [4, 4, 9], [2, 2, 1])
    assert_array_equal(mean_cumulative(data).estimate, [0.0, 0.0])


def test_a_gap_is_time_not_at_risk():
    curve = mean_cumulative(RecurrentEvents(["a", "a", "b"], [0, 6, 0], [3, 9, 8], [0, 0, 1]))
    assert_array_equal(curve.time, [3, 8, 9])
    assert_array_equal(curve.n_at_risk, [2, 2, 1])
    assert_array_equal(curve.n_censored, [1, 0, 1])
    apart = mean_cumulative(RecurrentEvents(["a", "a", "b"], [0, 6, 0], [3, 9, 5], [0, 0, 1]))
    assert apart.at([5]).estimate[0] == 1.0


def test_values_before_the_first_and_after_the_last_time():
    curve = mean_cumulative(SMALL)
    read_off = curve.at([0, 500])
    assert_array_equal(read_off.estimate, [0.0, curve.estimate[-1]])
    assert_array_equal([read_off.lower[0], read_off.upper[0], read_off.std_error[0]], 0.0)
    assert_array_equal(read_off.n_at_risk, [4.0, 0.0])


def test_conf_level_widens_the_limits():
    narrow, wide = (mean_cumulative(SMALL, conf_level=level) for level in (0.9, 0.99))
    assert (wide.upper > narrow.upper).all()


def test_conf_type_is_the_scale_of_the_limits():
    plain, log = mean_cumulative(SMALL, conf_type="plain"), mean_cumulative(SMALL)
    half = 1.959963984540054 * log.std_error[-1]
    assert_allclose(plain.upper[-1], plain.estimate[-1] + half, rtol=1e-12)
    assert_allclose(log.upper[-1], log.estimate[-1] * np.exp(half / log.estimate[-1]), rtol=1e-12)


def test_time_unit_is_kept():
    data = RecurrentEvents(["a"], [0], [2], [1], time_unit="months")
    assert mean_cumulative(data).time_unit == "months"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"conf_level": 0}, "conf_level must lie strictly between 0 and 1, got 0"),
        ({"variance": "jackknife"}, "variance must be one of 'robust', 'sample', 'poisson', got 'jackknife'"),
        ({"variance": "poisson"}, r"variance='poisson' knows no deaths: 1 row\(s\) have status 2"),
        ({"conf_type": "log-log"}, "conf_type must be one of 'log', 'plain', got 'log-log'"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        mean_cumulative(SMALL, **arguments)


@pytest.mark.parametrize(
    "subject",
    [
        ["a", None],
        [1.0, float("nan")],
        pd.Series(["a", None], dtype="string"),
        pd.Series([1, None], dtype="Int64"),
    ],
)
def test_a_missing_subject_is_refused(subject):
    with pytest.raises(InvalidArgument, match=r"subject must not be missing: 1 row\(s\) \(1\)"):
        RecurrentEvents(subject, [0, 0], [5, 8], [1, 0])
