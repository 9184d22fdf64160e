"""Restricted means of further samples by R's survfit and the definition of the regression."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.survival import restricted_mean, restricted_mean_contrast, restricted_mean_regression

GOLDEN = cases("more_rmst")
KINDS = ("difference", "ratio", "lost_ratio")
RTOL = 1e-9


def lung():
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2), frame.sex, 300


def lung_weighted():
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2, weight=1 + (frame.age > 65)), frame.sex, 500


def gbsg():
    frame = read("gbsg")
    return RightCensored(frame.rfstime, frame.status), frame.hormon, 2000


def mgus_entry():
    frame = read("mgus2").query("futime > 0 and age > 50")
    data = RightCensored(frame.age * 12 + frame.futime, frame.death, entry=frame.age * 12)
    return data, frame.sex, 960


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("sample", "conf_level"), [(lung, 0.8), (gbsg, 0.99), (lung_weighted, 0.95), (mgus_entry, 0.95)]
)
def test_contrasts_as_r(sample, conf_level, kind):
    data, arm, horizon = sample()
    result = restricted_mean_contrast(data, arm, horizon=horizon, kind=kind, conf_level=conf_level)
    assert_allclose(
        [result.estimate, result.std_error, result.lower, result.upper, result.p_value],
        GOLDEN[sample.__name__][kind],
        rtol=RTOL,
    )


def test_one_arm_with_delayed_entry_as_r():
    data, arm, horizon = mgus_entry()
    for label, expected in zip(("F", "M"), GOLDEN["mgus_entry"]["arms"], strict=True):
        own = np.asarray(arm == label)
        result = restricted_mean(
            RightCensored(data.time[own], data.event[own], entry=data.entry[own]), horizon=horizon
        )
        assert_allclose([result.estimate, result.std_error**2], expected, rtol=RTOL)


def test_strata_weigh_the_means_of_each_arm_by_size():
    frame = read("veteran")
    data = RightCensored(frame.time, frame.status)
    share = frame.celltype.value_counts() / len(frame)
    strata = GOLDEN["veteran_by_stratum"]
    mean = np.array([sum(share[s] * strata[s]["arms"][a][0] for s in strata) for a in (0, 1)])
    variance = np.array([sum(share[s] ** 2 * strata[s]["arms"][a][1] for s in strata) for a in (0, 1)])
    for kind, value, spread in (
        ("difference", mean[1] - mean[0], variance.sum()),
        ("ratio", mean[1] / mean[0], (variance / mean**2).sum()),
        ("lost_ratio", (100 - mean[1]) / (100 - mean[0]), (variance / (100 - mean) ** 2).sum()),
    ):
        result = restricted_mean_contrast(data, frame.trt, horizon=100, strata=frame.celltype, kind=kind)
        assert_allclose([result.estimate, result.std_error], [value, np.sqrt(spread)], rtol=RTOL)


@pytest.mark.parametrize("kind", KINDS)
def test_regression_by_its_definition(kind):
    frame = read("veteran")
    data = RightCensored(frame.time, frame.status)
    fit = restricted_mean_regression(data, frame.trt, frame[["karno", "age"]], horizon=300, kind=kind)
    assert_allclose(fit.coefficient, GOLDEN[f"veteran_{kind}"]["coef"], rtol=1e-7)
    assert_allclose(fit.covariance, GOLDEN[f"veteran_{kind}"]["var"], rtol=1e-6)
    assert fit.names == ("intercept", "arm", "karno", "age")
