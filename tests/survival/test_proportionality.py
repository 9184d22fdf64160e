from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import rankdata
from tests.support.cox_fits import monthly_heart, random_fit, random_rows
from tests.support.golden import cases, read
from tests.support.references import gradient, naive_kaplan_meier
from tests.support.references_cox import naive_augmented_likelihood

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument, NotEstimable
from skeletal.survival import proportionality

AFTER = cases("cox_after")
RTOL = 1e-9
TRANSFORMS = ["km", "rank", "identity", "log"]


def lung(*, months=False, weighted=False):
    frame = read("lung")
    time = np.ceil(frame.time / 60) if months else frame.time
    weight = 1 + (frame.age > 65) / 2 if weighted else None
    return RightCensored(time, frame.status == 2, weight=weight), frame[["age", "sex"]], None


def veteran(*, strata=False):
    frame = read("veteran")
    data = RightCensored(frame.time, frame.status)
    return data, frame[["trt", "karno", "age"]], frame.celltype if strata else None


def heart():
    frame = read("heart")
    data = RightCensored(frame.stop, frame.event, entry=frame.start)
    return data, frame[["age", "year", "surgery"]], None


def everything():
    data, frame = monthly_heart()
    return data, frame[["age", "surgery"]], frame.transplant


def leukemia():
    frame = read("leukemia")
    covariates = pd.DataFrame({"nonmaintained": frame.x == "Nonmaintained"})
    return RightCensored(frame.time, frame.status), covariates, None


TRIALS = {
    "zph": veteran,
    "zph_ties": lambda: lung(months=True),
    "zph_weighted": lambda: lung(weighted=True),
    "zph_strata": lambda: veteran(strata=True),
    "zph_start_stop": heart,
    "zph_everything": everything,
    "zph_one_covariate": leukemia,
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("name", TRIALS)
def test_each_transform_as_r(name, transform):
    data, covariates, strata = TRIALS[name]()
    table = proportionality(data, covariates, transform=transform, strata=strata)
    assert_allclose(table.to_numpy(), AFTER[name][transform], rtol=RTOL)
    assert list(table.index) == [*covariates.columns, "GLOBAL"]
    assert list(table.columns) == ["statistic", "df", "p_value"]


def test_km_is_the_default():
    data, covariates, _ = veteran()
    pd.testing.assert_frame_equal(
        proportionality(data, covariates), proportionality(data, covariates, transform="km")
    )


def g_by_hand(transform, rows):
    time = rows["time"]
    if transform == "km":
        curve = dict(
            zip(
                np.unique(time),
                naive_kaplan_meier(time, rows["event"], entry=rows["entry"]),
                strict=True,
            )
        )
        return np.array([1 - min([1.0, *(s for u, s in curve.items() if u < t)]) for t in time])
    return {"rank": rankdata, "identity": lambda t: t, "log": np.log}[transform](time)


@pytest.mark.parametrize("transform", TRANSFORMS)
@given(seed=st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_score_test_of_the_augmented_likelihood_by_differences(transform, seed):
    rows, stratum = random_rows(seed)
    rows["offset"] = np.zeros_like(rows["offset"])
    fit = random_fit(rows, stratum)
    values = g_by_hand(transform, rows)
    values = values - values[rows["event"] == 1].mean()
    g = dict(zip(rows["time"], values, strict=True))
    place = np.append(fit.coefficient, [0.0, 0.0])

    def score(where):
        return gradient(lambda at: naive_augmented_likelihood(at, g, rows, stratum), where, step=1e-4)

    information = -gradient(score, place, step=1e-4)
    slope = np.append([0.0, 0.0], score(place)[2:])
    covariates = pd.DataFrame(rows["x"], columns=["x", "z"])
    table = proportionality(fit.data, covariates, transform=transform, strata=stratum)
    known = table.statistic.notna().to_numpy()
    tests = [[0, 1, 2], [0, 1, 3], [0, 1, 2, 3]]
    naive = [slope[kept] @ np.linalg.solve(information[np.ix_(kept, kept)], slope[kept]) for kept in tests]
    # second derivatives by differences
    assert_allclose(table.statistic[known], np.array(naive)[known], rtol=1e-5, atol=1e-6)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=15, deadline=None)
def test_order_of_rows_unit_of_time_and_of_covariates_change_nothing(seed):
    rows, stratum = random_rows(seed)
    random_fit(rows, stratum)
    order = np.random.default_rng(seed).permutation(stratum.size)
    x = pd.DataFrame(rows["x"], columns=["x", "z"])
    for transform in TRANSFORMS:
        data = RightCensored(rows["time"], rows["event"], entry=rows["entry"], weight=rows["weight"])
        moved = RightCensored(
            rows["time"][order] * 7,
            rows["event"][order],
            entry=rows["entry"][order] * 7,
            weight=rows["weight"][order],
        )
        plain = proportionality(data, x, transform=transform, strata=stratum)
        other = proportionality(moved, 100 + 3 * x.iloc[order], transform=transform, strata=stratum[order])
        assert_allclose(other, plain, rtol=1e-5, atol=1e-8)


def test_strata_change_the_answer():
    data, covariates, strata = veteran(strata=True)
    assert proportionality(data, covariates).statistic["karno"] != pytest.approx(
        proportionality(data, covariates, strata=strata).statistic["karno"], rel=1e-3
    )


def test_events_at_one_time_tell_nothing():
    data = RightCensored([3, 3, 3, 5, 6, 7], [1, 1, 1, 0, 0, 0])
    table = proportionality(data, pd.DataFrame({"x": [1.0, 2, 4, 3, 1, 0]}))
    assert table.isna().all(axis=None)


def test_a_covariate_that_varies_at_one_event_time_only_has_no_test():
    # At the second event everybody at risk has z = 0.5.
    data = RightCensored([3, 3, 3, 5, 5, 7, 7, 8], [1, 1, 0, 1, 0, 0, 0, 0])
    x = pd.DataFrame({"x": [0.0, 1, 1, 0, 1, 0, 1, 0], "z": [0.4, 0.7, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5]})
    table = proportionality(data, x)
    assert np.isfinite(table.loc["x"]).all()
    assert table.loc[["z", "GLOBAL"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"transform": "sqrt"}, "transform must be one of 'km', 'rank', 'identity', 'log', got 'sqrt'"),
        ({"strata": [1]}, "strata must have one entry a row"),
    ],
)
def test_options_are_refused_by_name(options, message):
    data, covariates, _ = veteran()
    with pytest.raises(InvalidArgument, match=message):
        proportionality(data, covariates, **options)


def test_log_refuses_an_event_at_time_0():
    covariates = pd.DataFrame({"x": [1.0, 0, 1, 0, 1]})
    data = RightCensored([0, 1, 2, 3, 4], [1, 1, 1, 1, 0])
    with pytest.raises(InvalidArgument, match=r"'log' needs event times above 0: 1 row\(s\) \(0\)"):
        proportionality(data, covariates, transform="log")
    censored = RightCensored([0, 1, 2, 3, 4], [0, 1, 1, 1, 0])
    assert np.isfinite(proportionality(censored, covariates, transform="log").statistic).all()


def test_errors_of_the_fit_come_through():
    with pytest.raises(NotEstimable, match="no events"):
        proportionality(RightCensored([1, 2], [0, 0]), pd.DataFrame({"x": [0, 1]}))
    with pytest.raises(InvalidArgument, match="covariates must be a pandas DataFrame"):
        proportionality(RightCensored([1, 2], [1, 0]), np.zeros((2, 1)))
