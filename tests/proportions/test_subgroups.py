"""Contrasts of proportions by subgroup, and whether they differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2
from tests.support.golden import cases

from skeletal.errors import InvalidArgument
from skeletal.proportions import (
    heterogeneity_test,
    odds_ratio,
    risk_difference,
    risk_ratio,
    subgroup_risks,
)

R = cases("subgroup_risks")
EVENTS = [(14, 4), (9, 8), (20, 18)]
TOTALS = [(40, 42), (35, 33), (61, 58)]
PLACES = ("hip", "rib", "spine")
ONE = {"difference": risk_difference, "ratio": risk_ratio, "odds-ratio": odds_ratio}


def rows(events=EVENTS, totals=TOTALS):
    """Return event, arm and subgroup of every subject."""
    event, arm, place = [], [], []
    for name, x, n in zip(PLACES, events, totals, strict=True):
        for k in (0, 1):
            event += [1] * x[k] + [0] * (n[k] - x[k])
            arm += ["SOC" if k == 0 else "XRT"] * n[k]
            place += [name] * n[k]
    return np.array(event), np.array(arm), np.array(place)


@pytest.mark.parametrize("kind", ONE)
def test_effects_and_interaction_as_metafor(kind):
    found, expected = subgroup_risks(*rows(), kind=kind), R[kind]
    effect = found.estimate[:3] if kind == "difference" else np.log(found.estimate[:3])
    assert_allclose(effect, expected["effect"], rtol=1e-12)
    assert_allclose(found.std_error[:3], expected["std_error"], rtol=1e-12)
    test = found.interaction_test
    assert_allclose([test.statistic, test.p_value], expected["q"], rtol=1e-11)
    assert test.df == 2


@pytest.mark.parametrize(
    ("kind", "method"),
    [("difference", None), ("difference", "wald"), ("ratio", "miettinen-nurminen"), ("odds-ratio", None)],
)
def test_each_row_is_the_contrast_of_its_subjects(kind, method):
    found = subgroup_risks(*rows(), kind=kind, method=method, conf_level=0.9)
    options = {} if method is None else {"method": method}
    pairs = [*zip(EVENTS, TOTALS, strict=True), (np.sum(EVENTS, axis=0), np.sum(TOTALS, axis=0))]
    for k, (x, n) in enumerate(pairs):
        one = ONE[kind](x, n, conf_level=0.9, **options)
        ours = [found.estimate[k], found.std_error[k], found.lower[k], found.upper[k], found.p_value[k]]
        assert_allclose(ours, [one.estimate, one.std_error, one.lower, one.upper, one.p_value], rtol=1e-12)
    assert found.labels == (*PLACES, "overall")
    assert found.conf_level == 0.9


def test_the_forest_table():
    frame = subgroup_risks(*rows(), kind="ratio").to_frame()
    assert frame["label"].tolist() == [*PLACES, "overall"]
    assert frame["events"].tolist() == ["18/82", "17/68", "38/119", "73/269"]
    assert {"ratio", "lower", "upper", "p_value"} <= set(frame.columns)
    assert frame["events_experimental"].tolist() == [4, 8, 18, 30]
    assert "difference" in subgroup_risks(*rows()).to_frame()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(list(ONE)), st.randoms())
def test_swapping_arms_and_order(seed, kind, random):
    rng = np.random.default_rng(seed)
    totals = rng.integers(5, 15, (3, 2))
    events = rng.integers(1, totals)
    event, arm, place = rows(events, totals)
    method = "wald" if kind == "difference" else None
    found = subgroup_risks(event, arm, place, kind=kind, method=method)
    order = random.sample(range(event.size), event.size)
    moved = subgroup_risks(event[order], arm[order], place[order], kind=kind, method=method)
    turned = subgroup_risks(event, arm, place, kind=kind, method=method, control="XRT")
    assert_array_equal(moved.estimate, found.estimate)
    flipped = (
        (-turned.estimate, -turned.upper) if kind == "difference" else (1 / turned.estimate, 1 / turned.upper)
    )
    assert_allclose(flipped, [found.estimate, found.lower], rtol=1e-10)
    assert_allclose(
        turned.interaction_test.statistic, found.interaction_test.statistic, rtol=1e-8, atol=1e-12
    )
    assert (found.lower <= found.estimate).all()


def test_two_subgroups_are_the_squared_z_of_their_difference():
    one, two = risk_difference((14, 4), (40, 42)), risk_difference((9, 8), (35, 33))
    z = (one.estimate - two.estimate) / np.hypot(one.std_error, two.std_error)
    test = heterogeneity_test({"a": one, "b": two}, scale="difference")
    assert_allclose([test.statistic, test.df, test.p_value], [z**2, 1, chi2.sf(z**2, 1)], rtol=1e-12)


def test_equal_effects_have_no_heterogeneity():
    one = risk_ratio((10, 5), (40, 40))
    test = heterogeneity_test({"a": one, "b": one, "c": one}, scale="ratio")
    assert_allclose([test.statistic, test.p_value], [0, 1], atol=1e-12)


def test_subgroups_without_an_effect_are_named_and_left_out_of_the_test():
    event, arm, place = rows([(14, 4), (9, 0), (20, 18)])
    found = subgroup_risks(event, arm, place, kind="ratio")
    assert found.estimate[1] == 0
    assert np.isnan(found.lower[1])
    assert "empty cell" in found.reason[1]
    assert found.interaction_test.df == 1
    assert "without rib" in found.interaction_test.method
    alone = (place != "rib") | (arm == "SOC")
    found = subgroup_risks(event[alone], arm[alone], place[alone])
    assert np.isnan(found.estimate[1])
    assert found.reason[1] == "not estimable: nobody in arm XRT"
    assert found.reason[0] == ""


def test_one_effect_has_no_test():
    silent = risk_ratio((0, 3), (10, 10))
    test = heterogeneity_test({"a": risk_ratio((4, 3), (10, 10)), "b": silent}, scale="ratio")
    assert np.isnan(test.p_value)
    assert "fewer than two" in test.method


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event": [0, 1, 2, 0]}, "event must be 0 or 1"),
        ({"event": []}, "no rows"),
        ({"arm": [0, 0, 0, 0]}, "two labels"),
        ({"arm": [0, 1, 2, 2]}, "two labels, got 3"),
        ({"subgroup": ["x"] * 4}, "subgroup must have at least two labels"),
        ({"subgroup": ["x", "y", None, "y"]}, "missing"),
        ({"kind": "gap"}, "kind must be one of"),
        ({"method": "guess"}, "method must be one of"),
        ({"kind": "odds-ratio", "method": "conditional"}, "no standard error"),
        ({"conf_level": 2}, "conf_level"),
        ({"control": 9}, "control must be one of"),
    ],
)
def test_refusals(changes, message):
    given_ = {"event": [0, 1, 1, 0], "arm": [0, 1, 0, 1], "subgroup": list("xxyy"), **changes}
    with pytest.raises(InvalidArgument, match=message):
        subgroup_risks(given_.pop("event"), given_.pop("arm"), given_.pop("subgroup"), **given_)


@pytest.mark.parametrize(
    ("effects", "scale", "message"),
    [
        ([1, 2], "ratio", "must map labels"),
        ({"a": 1.0, "b": 2.0}, "ratio", "must map labels"),
        ({"a": risk_ratio((1, 2), (5, 5))}, "ratio", "two subgroups or more"),
        ({"a": risk_ratio((1, 2), (5, 5)), "b": risk_ratio((1, 2), (5, 5))}, "log", "scale must be one of"),
    ],
)
def test_heterogeneity_refuses(effects, scale, message):
    with pytest.raises(InvalidArgument, match=message):
        heterogeneity_test(effects, scale=scale)
