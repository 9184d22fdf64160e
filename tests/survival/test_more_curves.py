"""Curves of further samples as R's survival has them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.survival import kaplan_meier, nelson_aalen, survival_contrast

GOLDEN = cases("more_curves")
TRANSFORMS = {"log-log": "log-log", "log": "log", "plain": "plain", "logit": "logit", "arcsine": "arcsin"}
RTOL = 1e-9


def floats(values):
    return np.array(values, dtype=np.float64)  # null is NaN


def check(curve, expected):
    at = curve.at(expected["t"])
    assert_allclose(at.estimate, expected["surv"], rtol=RTOL)
    assert_allclose(at.n_at_risk, expected["n"], rtol=RTOL)
    known = floats(expected["surv"]) > 0
    for field, key in (("std_error", "se"), ("lower", "lo"), ("upper", "up")):
        assert_allclose(getattr(at, field)[known], floats(expected[key])[known], rtol=RTOL, err_msg=field)
    times = curve.quantile(expected["p"])
    for column, key in (("estimate", "q"), ("lower", "lo.1"), ("upper", "up.1")):
        assert_allclose(times[column], floats(expected[key]), err_msg=column)


def heart(weight=None):
    frame = read("heart")
    return RightCensored(frame.stop, frame.event, entry=frame.start, weight=weight), frame


@pytest.mark.parametrize("conf_type", TRANSFORMS)
def test_each_transform_as_r(conf_type):
    name = TRANSFORMS[conf_type]
    frame = read("pbc")
    check(
        kaplan_meier(RightCensored(frame.time, frame.status == 2), conf_type=conf_type, conf_level=0.9),
        GOLDEN[f"pbc_{name}"],
    )


@pytest.mark.parametrize("conf_type", TRANSFORMS)
def test_delayed_entry_as_r(conf_type):
    check(kaplan_meier(heart()[0], conf_type=conf_type), GOLDEN[f"heart_{TRANSFORMS[conf_type]}"])


@pytest.mark.parametrize("conf_type", TRANSFORMS)
def test_clusters_as_r(conf_type):
    frame = read("kidney")
    curve = kaplan_meier(RightCensored(frame.time, frame.status), conf_type=conf_type, cluster=frame.id)
    check(curve, GOLDEN[f"clus_{TRANSFORMS[conf_type]}"])


@pytest.mark.parametrize("conf_type", TRANSFORMS)
def test_case_weights_as_r(conf_type):
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2, weight=0.5 + (frame.age > 65))
    check(kaplan_meier(data, conf_type=conf_type), GOLDEN[f"wt_{TRANSFORMS[conf_type]}"])


def test_weights_with_clusters_as_r():
    frame = read("retinopathy")
    data = RightCensored(frame.futime, frame.status, weight=1 + (frame.trt == 1))
    check(kaplan_meier(data, conf_type="plain", cluster=frame.id), GOLDEN["wt_clus"])
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2, weight=0.5 + (frame.age > 65))
    check(kaplan_meier(data, cluster=frame.index), GOLDEN["wt_robust"])


def test_start_stop_rows_in_clusters_as_r():
    data, frame = heart()
    check(kaplan_meier(data, conf_type="log", cluster=frame.id), GOLDEN["heart_clus"])


def test_events_at_time_0_as_r():
    frame = read("transplant")
    check(kaplan_meier(RightCensored(frame.futime, frame.event == "death")), GOLDEN["trans0"])


@pytest.mark.parametrize(("ties", "name"), [("nelson-aalen", "na"), ("fleming-harrington", "fh")])
def test_cumulative_hazards_with_weights_and_entry_as_r(ties, name):
    frame = read("lung")
    weighted = RightCensored(frame.time, frame.status == 2, weight=1 + (frame.age > 65))
    for data, case in ((weighted, f"{name}_w"), (heart()[0], f"{name}_e")):
        expected = GOLDEN[case]
        curve = nelson_aalen(data, ties=ties).at(expected["t"])
        assert_allclose(curve.estimate, expected["H"], rtol=RTOL)
        assert_allclose(curve.std_error, expected["se"], rtol=RTOL)


@pytest.mark.parametrize("kind", ["difference", "ratio", "log-log"])
def test_contrasts_at_a_time_as_r(kind):
    cancer, lung = read("gbsg"), read("lung")
    for name, result in (
        (
            "con_gbsg",
            survival_contrast(
                RightCensored(cancer.rfstime, cancer.status), cancer.hormon, time=1000, kind=kind
            ),
        ),
        (
            "con_lung",
            survival_contrast(
                RightCensored(lung.time, lung.status == 2), lung.sex, time=365, kind=kind, control=2
            ),
        ),
    ):
        expected = GOLDEN[name][kind.replace("-", "")]
        assert_allclose([result.estimate, result.std_error, result.p_value], expected, rtol=1e-8)
