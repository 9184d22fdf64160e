"""Simultaneous bands: critical values against other formulas, bands against km.ci, invariants, errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import hyp1f1, ndtr, ndtri
from scipy.stats import kstwobign
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import band_values, kaplan_meier, simultaneous_band
from skeletal.survival.band_values import (
    bridge_chance,
    equal_precision_value,
    hall_wellner_value,
    stationary_chance,
)

KM = cases("km")
PRINTED = 1e-3  # km.ci interpolates in printed tables
TABLE = 7.5e-5  # four printed digits, the last of which is at times one off
KINDS = ("equal-precision", "hall-wellner")
TYPES = ("log-log", "log", "plain", "logit", "arcsine")
METHODS = {
    "epband": ("equal-precision", "plain"),
    "logep": ("equal-precision", "log-log"),
    "hall-wellner": ("hall-wellner", "plain"),
    "loghall": ("hall-wellner", "log-log"),
}


def lung(**more):
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2, **more)


def veteran():
    frame = read("veteran")
    return RightCensored(frame.time, frame.status)


def density(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def kummer_chance(c, length):
    """Sum over even solutions M(-lambda/2, 1/2, x^2/2) of f'' - x f' = -lambda f with f(c) = 0."""
    grid = np.linspace(1e-9, 40 / length, 20_001)
    ends = hyp1f1(-grid / 2, 0.5, c**2 / 2)
    total = 0.0
    for i in np.flatnonzero(np.sign(ends[:-1]) != np.sign(ends[1:])):
        rate = brentq(lambda x: hyp1f1(-x / 2, 0.5, c**2 / 2), grid[i], grid[i + 1], xtol=1e-14)

        def f(x, rate=rate):
            return hyp1f1(-rate / 2, 0.5, x**2 / 2)

        mean = 2 * quad(lambda x: f(x) * density(x), 0, c, epsabs=1e-13, limit=200)[0]
        square = 2 * quad(lambda x: f(x) ** 2 * density(x), 0, c, epsabs=1e-13, limit=200)[0]
        total += mean**2 / square * np.exp(-rate * length)
    return total


@pytest.mark.parametrize(("c", "length"), [(2.0, 0.5), (2.5, 1.0), (3.0, 3.0), (3.2, 8.0), (1.0, 0.4)])
def test_chance_of_a_stationary_process_as_by_confluent_hypergeometric_functions(c, length):
    assert_allclose(stationary_chance(length)(c), kummer_chance(c, length), rtol=1e-11)


@pytest.mark.parametrize("c", [0.7, 1.5, 2.5, 4.0])
def test_short_series_continues_the_eigenfunctions(c, monkeypatch):
    length = band_values.SHORT
    by_functions = stationary_chance(length)(c)
    monkeypatch.setattr(band_values, "SHORT", 1.0)
    assert_allclose(stationary_chance(length)(c), by_functions, atol=1e-9)


def test_one_point_takes_the_normal_quantile():
    assert_allclose(equal_precision_value(0.3, 0.3, 0.95), ndtri(0.975), rtol=1e-12)
    assert_allclose(hall_wellner_value(0.3, 0.3, 0.95), ndtri(0.975) * np.sqrt(0.21), rtol=1e-12)


def test_equal_precision_lies_near_miller_and_siegmund():
    for low, high in ((0.02, 0.1), (0.1, 0.6), (0.02, 0.98)):
        odds = np.log(high * (1 - low) / (low * (1 - high)))
        theirs = brentq(lambda x, a=odds: density(x) * (4 / x + (x - 1 / x) * a) - 0.05, 1.5, 6)
        assert_allclose(equal_precision_value(low, high, 0.95), theirs, atol=0.01)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
def test_the_whole_bridge_is_kolmogorovs(level):
    assert_allclose(hall_wellner_value(0, 1 - 1e-9, level), kstwobign.ppf(level), rtol=1e-8)
    assert_allclose(hall_wellner_value(1e-9, 1 - 1e-9, level), kstwobign.ppf(level), rtol=1e-8)


@pytest.mark.parametrize("level", ["0.9", "0.95", "0.99"])
def test_hall_wellner_as_the_printed_table(level):
    expected = KM["critical_values"]
    for high, row in zip(expected["a_upper"], expected[level], strict=True):
        for low, value in zip(expected["a_lower"], row, strict=True):
            assert_allclose(hall_wellner_value(low, high, float(level)), value, atol=TABLE)


@pytest.mark.parametrize("value", [equal_precision_value, hall_wellner_value])
@given(low=st.floats(0.001, 0.98), width=st.floats(0, 1), level=st.floats(0.05, 0.999))
@settings(max_examples=15, deadline=None)
def test_longer_intervals_and_higher_levels_need_more(value, low, width, level):
    high = low + width * (0.999 - low)
    assert value(low, high, level) <= value(low, high + (0.999 - high) / 2, level) + 1e-9
    assert value(low, high, level) <= value(low, high, (1 + level) / 2) + 1e-9


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.4), (0.05, 0.3), (0.2, 0.9)])
def test_bridge_stays_as_often_as_drawn_ones(low, high):
    rng = np.random.default_rng(5)
    steps, paths = 2000, 3000
    walk = rng.normal(scale=np.sqrt(1 / steps), size=(paths, steps)).cumsum(axis=1)
    u = np.arange(1, steps + 1) / steps
    walk -= u * walk[:, -1:]
    part = (u >= low) & (u <= high)
    # A walk that is seen at steps only strays 0.5826 steps less far (Chernoff).
    k = hall_wellner_value(low, high, 0.9)
    stays = np.mean(np.abs(walk[:, part]).max(axis=1) <= k - 0.5826 / np.sqrt(steps))
    assert abs(stays - 0.9) < 4 * np.sqrt(0.9 * 0.1 / paths)
    assert_allclose(bridge_chance(k, low, high), 0.9, atol=1e-10)


@pytest.mark.parametrize(
    ("name", "conf_type"), [("hall_wellner", "plain"), ("loghall", "log-log")], ids=["plain", "log-log"]
)
def test_hall_wellner_of_lung_as_km_ci(name, conf_type):
    expected = KM["bands"][name]
    band = simultaneous_band(lung(), kind="hall-wellner", conf_type=conf_type).at(expected["time"])
    assert_allclose(band.estimate, expected["surv"], rtol=1e-12)
    assert_allclose(band.lower, expected["lower"], rtol=PRINTED)
    assert_allclose(band.upper, expected["upper"], rtol=PRINTED)


@pytest.mark.parametrize("method", METHODS)
def test_bands_between_two_times_as_km_ci(method):
    kind, conf_type = METHODS[method]
    for expected, data, between, level in (
        (KM["bands_lung"][method], lung(), (100, 600), 0.95),
        (KM["bands_veteran_90"][method], veteran(), (20, 300), 0.9),
    ):
        band = simultaneous_band(data, kind=kind, conf_type=conf_type, between=between, conf_level=level)
        at = band.at(expected["time"])
        # Nair's printed table, of an approximation, moves the equal-precision limits by up to 2 in 1000.
        tolerance = PRINTED if kind == "hall-wellner" else 2 * PRINTED
        assert_allclose(
            at.lower, np.maximum(expected["lower"], 0), atol=tolerance
        )  # km.ci leaves plain uncut
        assert_allclose(at.upper, np.minimum(expected["upper"], 1), atol=tolerance)


def test_formulas_of_klein_and_moeschberger():
    curve, n = kaplan_meier(lung()), 228
    v = (curve.std_error / curve.estimate)[:-1] ** 2
    s = curve.estimate[:-1]
    last = np.flatnonzero(curve.n_events > 0)[-1]
    a = n * v / (1 + n * v)
    c = equal_precision_value(a[0], a[last], 0.95)
    k = hall_wellner_value(a[0], a[last], 0.95)
    rows = slice(0, last + 1)
    theta = np.exp(c * np.sqrt(v) / np.log(s))
    band = simultaneous_band(lung())
    assert_allclose(band.lower[rows], (s ** (1 / theta))[rows], rtol=1e-10)
    assert_allclose(band.upper[rows], (s**theta)[rows], rtol=1e-10)
    band = simultaneous_band(lung(), kind="hall-wellner", conf_type="arcsine")
    half = 0.5 * k * (1 + n * v) / np.sqrt(n) * np.sqrt(s / (1 - s))
    angle = np.arcsin(np.sqrt(s))
    assert_allclose(band.lower[rows], (np.sin(np.maximum(0, angle - half)) ** 2)[rows], rtol=1e-10)
    assert_allclose(band.upper[rows], (np.sin(np.minimum(np.pi / 2, angle + half)) ** 2)[rows], rtol=1e-10)
    assert np.isnan(band.lower[last + 1 :]).all()


def test_equal_precision_is_a_pointwise_interval_of_a_higher_level():
    band = simultaneous_band(lung(), between=(100, 600))
    value = float(band.method.split("critical value ")[1].split(",")[0])
    assert value == 2.9861
    a = [v / (1 + v) for v in 228 * (kaplan_meier(lung()).at([100, 600]).std_error
                                     / kaplan_meier(lung()).at([100, 600]).estimate) ** 2]  # fmt: skip
    level = 2 * ndtr(equal_precision_value(*a, 0.95)) - 1
    pointwise = kaplan_meier(lung(), conf_level=level)
    inside = ~np.isnan(band.lower)
    assert_allclose(band.lower[inside], pointwise.lower[inside], rtol=1e-10)
    assert_allclose(band.upper[inside], pointwise.upper[inside], rtol=1e-10)


rows = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1)), min_size=1, max_size=25)


@pytest.mark.parametrize("kind", KINDS)
@given(rows, st.sampled_from(TYPES))
@settings(max_examples=40, deadline=None)
def test_band_holds_the_pointwise_limits_and_has_no_holes(kind, sample, conf_type):
    time, event = (np.array(column) for column in zip(*sample, strict=True))
    data = RightCensored(time, event)
    band, pointwise = simultaneous_band(data, kind=kind, conf_type=conf_type), kaplan_meier(data)
    for name in ("time", "estimate", "std_error", "n_at_risk", "n_events", "n_censored"):
        assert_array_equal(getattr(band, name), getattr(pointwise, name))
    inside = ~np.isnan(band.lower)
    counted = np.flatnonzero((pointwise.n_events > 0) & (pointwise.estimate > 0))
    wanted = np.zeros(inside.size, dtype=bool)
    if counted.size:
        wanted[counted[0] : counted[-1] + 1] = True
    assert_array_equal(inside, wanted)
    assert ("not estimable" in band.method) == (not counted.size)
    if kind == "equal-precision":
        limits = kaplan_meier(data, conf_type=conf_type)
        assert (band.lower[inside] <= limits.lower[inside] + 1e-12).all()
        assert (band.upper[inside] >= limits.upper[inside] - 1e-12).all()


@pytest.mark.parametrize("kind", KINDS)
def test_integer_weights_are_repeated_rows(kind):
    rng = np.random.default_rng(2)
    time, event, weight = rng.integers(1, 30, 60), rng.integers(0, 2, 60), rng.integers(1, 4, 60)
    weighted = simultaneous_band(RightCensored(time, event, weight=weight), kind=kind)
    repeated = simultaneous_band(RightCensored(np.repeat(time, weight), np.repeat(event, weight)), kind=kind)
    assert_allclose(weighted.lower, repeated.lower, rtol=1e-10)
    assert_allclose(weighted.upper, repeated.upper, rtol=1e-10)
    assert weighted.method == f"{repeated.method}, case weights"


def test_the_step_on_which_the_first_time_lies_belongs_to_the_band():
    # No event lies between 95 and 100: the curve and its variance are those of the time 95.
    band = simultaneous_band(lung(), between=(100, 600))
    known = band.time[~np.isnan(band.lower)]
    assert (known[0], known[-1]) == (95, 588)
    assert not np.isnan(band.at([100, 600]).lower).any()
    assert_allclose(band.at([100]).lower, simultaneous_band(lung(), between=(95, 600)).at([95]).lower)


def test_equal_precision_starts_at_the_first_event():
    late = simultaneous_band(RightCensored([1, 3, 5, 6, 9], [0, 1, 1, 0, 0]), between=(0, 20))
    assert "from 3 to 20 days" in late.method
    assert_array_equal(np.isnan(late.lower), [True, False, False, False, False])


def test_hall_wellner_may_start_before_the_first_event():
    data = RightCensored([1, 3, 5, 6, 9], [0, 1, 1, 0, 0])
    band = simultaneous_band(data, kind="hall-wellner", conf_type="plain", between=(0, 20))
    spread = (band.std_error[-1] / band.estimate[-1]) ** 2
    k = hall_wellner_value(0, 5 * spread / (1 + 5 * spread), 0.95)
    assert_allclose(band.lower[0], 1 - k / np.sqrt(5), rtol=1e-10)
    assert band.upper[0] == 1


def test_band_ends_where_the_curve_is_zero():
    band = simultaneous_band(RightCensored([3, 5, 6], [1, 1, 1]), between=(3, 10))
    assert_array_equal(np.isnan(band.upper), [False, False, True])


@pytest.mark.parametrize(("kind", "between"), [(k, b) for k in KINDS for b in ((0, 2), (6, 8))])
def test_nothing_to_estimate_is_missing_with_the_reason(kind, between):
    band = simultaneous_band(RightCensored([3, 5, 6], [1, 1, 1]), kind=kind, between=between)
    assert np.isnan(band.lower).all()
    assert np.isnan(band.upper).all()
    assert band.method.endswith("not estimable: the curve is 1 or 0 there")


def test_method_says_what_the_band_is():
    assert simultaneous_band(lung()).method == (
        "Kaplan-Meier, equal-precision band from 5 to 883 days, critical value 3.2914, log-log scale"
    )


def test_every_argument_changes_the_band():
    usual = simultaneous_band(lung()).at([365]).lower.item()
    others = [
        simultaneous_band(lung(), **options).at([365]).lower.item()
        for options in (
            {"kind": "hall-wellner"},
            {"conf_level": 0.9},
            {"between": (100, 600)},
            *({"conf_type": name} for name in TYPES[1:]),
        )
    ]
    assert len({usual, *others}) == 8
    assert others[1] > usual
    assert others[2] > usual


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "nair"}, "kind must be one of 'equal-precision', 'hall-wellner', got 'nair'"),
        ({"conf_level": 95}, "conf_level must lie strictly between 0 and 1, got 95"),
        ({"conf_type": "loglog"}, "conf_type must be one of 'log-log'"),
        ({"between": (5, 3)}, r"between must be two times in order, got \(5, 3\)"),
        ({"between": (-1, 3)}, r"between must be two times in order, got \(-1, 3\)"),
        ({"between": (1, np.nan)}, r"between must be two times in order, got \(1, nan\)"),
        ({"between": (1, 2, 3)}, r"between must be two times in order, got \(1, 2, 3\)"),
        ({"between": 3}, r"between must have one dimension, got shape \(\)"),
        ({"between": (1023, 2000)}, r"between must not start after the last observed time \(1022\)"),
    ],
)
def test_options_are_refused_by_name(options, message):
    with pytest.raises(InvalidArgument, match=message):
        simultaneous_band(lung(), **options)


@pytest.mark.statistical
@pytest.mark.parametrize("kind", KINDS)
def test_band_holds_the_whole_curve_at_its_level(kind):
    rng = np.random.default_rng(20)
    trials, n = 300, 300
    grid = np.linspace(0.1, 1.5, 600)
    held = 0
    for _ in range(trials):
        death, gone = rng.exponential(1, n), rng.uniform(0.5, 3, n)
        data = RightCensored(np.minimum(death, gone), death <= gone)
        band = simultaneous_band(data, kind=kind, between=(0.1, 1.5)).at(grid)
        held += bool(((band.lower <= np.exp(-grid)) & (np.exp(-grid) <= band.upper)).all())
    assert abs(held / trials - 0.95) < 4 * np.sqrt(0.95 * 0.05 / trials)
