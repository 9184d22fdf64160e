"""Limits by the profile of the partial likelihood, and of Firth's penalised one."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.stats import chi2
from tests.support.golden import cases, read
from tests.support.references import naive_information, naive_partial_likelihood

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import cox, profile_limits

COX = cases("cox")
RTOL = 1e-9  # R's limits are roots to 1e-13 of a likelihood that it maximises to 1e-13


def check(limits, expected):
    assert_allclose(limits.lower, np.atleast_1d(expected["lower"]), rtol=RTOL)
    assert_allclose(limits.upper, np.atleast_1d(expected["upper"]), rtol=RTOL)
    if "p_value" in expected:
        assert_allclose(limits.p_value, expected["p_value"], rtol=1e-8)


def leukemia(**options):
    frame = read("leukemia")
    x = pd.DataFrame({"nonmaintained": frame.x == "Nonmaintained"})
    return cox(RightCensored(frame.time, frame.status), x, **options)


def test_one_covariate_as_r():
    fit = leukemia()
    limits = profile_limits(fit)
    check(limits, COX["profile"])
    assert list(limits.index) == ["nonmaintained"]
    assert_allclose(limits.p_value, fit.likelihood_ratio_test.p_value, rtol=1e-12)


def test_strata_as_r():
    frame = read("veteran")
    fit = cox(RightCensored(frame.time, frame.status), frame[["trt", "karno"]], strata=frame.celltype)
    check(profile_limits(fit), COX["profile_strata"])


def test_start_stop_weights_and_offset_as_r():
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start, weight=1 + frame.id % 3)
    fit = cox(data, frame[["age", "surgery", "transplant"]], offset=0.1 * frame.year, ties="breslow")
    check(profile_limits(fit, conf_level=0.9), COX["profile_start_stop"])


def test_exact_ties_as_r():
    frame = read("lung")
    data = RightCensored(np.ceil(frame.time / 60), frame.status == 2)
    check(profile_limits(cox(data, frame[["age", "sex"]], ties="exact")), COX["profile_exact"])


def test_a_fit_with_clusters_has_the_profile_of_its_likelihood():
    frame = read("leukemia")
    clustered = leukemia(cluster=np.arange(len(frame)) // 2)
    pd.testing.assert_frame_equal(profile_limits(clustered), profile_limits(leukemia()))


def test_the_level_moves_the_limits():
    narrow, wide = profile_limits(leukemia(), conf_level=0.5), profile_limits(leukemia(), conf_level=0.999)
    assert (wide.lower < narrow.lower).all()
    assert (narrow.upper < wide.upper).all()
    assert_allclose(wide.p_value, narrow.p_value, rtol=1e-12)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_what_is_no_level_is_refused(level):
    with pytest.raises(InvalidArgument, match="conf_level"):
        profile_limits(leukemia(), conf_level=level)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_unit_of_a_covariate_scales_its_limits(scale):
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2)
    one = profile_limits(cox(data, frame[["age", "sex"]]))
    other = profile_limits(cox(data, frame[["age", "sex"]] * [scale, 1]))
    assert_allclose(other.lower * [scale, 1], one.lower, rtol=1e-9)
    assert_allclose(other.upper * [scale, 1], one.upper, rtol=1e-9)


def penalised(beta, rows, ties):
    """Penalised log likelihood, by loops over times and rows."""
    time, event, x = rows
    information = naive_information(beta, time, event, x, ties=ties)
    return naive_partial_likelihood(beta, time, event, x, ties=ties) + np.log(np.linalg.det(information)) / 2


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_firth_with_an_arm_without_events_as_a_search_over_the_definition(ties):
    time = np.array([2, 3, 3, 5, 6, 7, 8, 8, 9, 11], float)
    event = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0])
    x = np.column_stack([[0, 0, 0, 1, 0, 0, 1, 1, 1, 1], [1.0, 2, 0, 1, 3, 2, 0, 1, 2, 1]])
    rows = (time, event, x)
    fit = cox(RightCensored(time, event), pd.DataFrame(x, columns=["arm", "z"]), ties=ties, penalty="firth")

    def best(arm):
        found = minimize_scalar(
            lambda z: -penalised(np.array([arm, z]), rows, ties),
            bracket=(fit.coefficient[1] - 1, fit.coefficient[1] + 1),
            tol=1e-12,
        )
        return -found.fun

    top = minimize_scalar(lambda arm: -best(arm), bracket=(-3, -1), tol=1e-10)
    assert_allclose(fit.coefficient[0], top.x, atol=1e-5)  # a search by values: half of the digits
    allowed = chi2.ppf(0.95, 1)
    lower, upper = (
        brentq(lambda arm: 2 * (-top.fun - best(arm)) - allowed, top.x, end, xtol=1e-11) for end in (-40, 15)
    )
    assert_allclose([fit.lower[0], fit.upper[0]], [lower, upper], rtol=1e-6)
    assert_allclose(fit.p_value[0], chi2.sf(2 * (-top.fun - best(0.0)), 1), rtol=1e-6)
    limits = profile_limits(fit)
    assert_allclose(limits, np.column_stack([fit.lower, fit.upper, fit.p_value]), rtol=1e-9)


def test_firth_of_a_pilot_with_several_covariates_strata_and_start_stop_is_finite():
    rng = np.random.default_rng(36)
    stop = rng.integers(3, 30, 36).astype(float)
    event = (rng.random(36) < 0.3).astype(int)
    x = pd.DataFrame(rng.normal(size=(36, 3)), columns=list("abc")).assign(arm=rng.integers(0, 2, 36))
    event[x.arm == 1] = 0
    data = RightCensored(stop, event, entry=stop - rng.integers(2, 12, 36))
    fit = cox(data, x, strata=rng.integers(0, 2, 36), penalty="firth")
    assert np.isfinite([fit.lower, fit.upper, fit.p_value]).all()
    assert (fit.lower < fit.coefficient).all()
    assert (fit.coefficient < fit.upper).all()


SEARCH = {"xatol": 1e-5, "fatol": 1e-7, "maxiter": 2000}


@pytest.mark.parametrize("seed", [4, 9, 33, 55])
def test_firth_limits_of_tiny_pilots_are_those_of_the_highest_of_several_maxima(seed):
    rng = np.random.default_rng(seed)
    n, p = int(rng.integers(12, 37)), int(rng.integers(1, 4))
    x = pd.DataFrame({f"x{k}": rng.integers(0, 2, n) if k == 0 else rng.normal(size=n) for k in range(p)})
    time, event = np.ceil(rng.exponential(10, n)), np.zeros(n, dtype=int)
    event[rng.choice(n, int(rng.integers(1, 9)), replace=False)] = 1
    fit = cox(RightCensored(time, event), x, penalty="firth", ties="breslow")
    rows = (time, event, x.to_numpy(dtype=float))
    assert np.isfinite([fit.lower, fit.upper, fit.p_value]).all()

    def loss(j, value):
        others = [k for k in range(p) if k != j]

        def held(free):
            place = np.insert(free, j, value)
            with np.errstate(all="ignore"):
                found = -penalised(place, rows, "breslow")
            return found if np.isfinite(found) else 1e6

        grid = product((-8.0, -2.0, 0.0, 2.0, 8.0), repeat=len(others))
        starts = [fit.coefficient[others], *map(np.array, grid)]
        lowest = min(minimize(held, start, method="Nelder-Mead", options=SEARCH).fun for start in starts)
        return 2 * (lowest + penalised(fit.coefficient, rows, "breslow"))

    for j in range(p if p > 1 else 0):
        for limit in (fit.lower[j], fit.upper[j]):
            assert_allclose(loss(j, limit), chi2.ppf(0.95, 1), rtol=2e-3)
