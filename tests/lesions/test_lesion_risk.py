"""Share of lesions with an event compared between arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import trapezoid
from scipy.stats import norm, t
from tests.support.golden import cases
from tests.support.lesion_rows import DESIGNS, ROWS, random_intercept_likelihood, small_trials

from skeletal.errors import InvalidArgument
from skeletal.lesions import lesion_risk
from skeletal.proportions import odds_ratio, risk_difference, risk_ratio

R = cases("lesions")
KINDS = ("difference", "ratio", "odds-ratio")


def compared(design, **options):
    arm, event, _, _ = DESIGNS[design]
    return lesion_risk(ROWS[event], ROWS["subject"], ROWS[arm], **{"control": "SOC", **options})


def scale(kind, value):
    return value if kind == "difference" else np.log(value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("design", ["s", "l"])
def test_naive_and_robust_as_r(design, kind):
    found = compared(design, kind=kind)
    value, naive, robust = R["risk"][f"{design}|{kind}"]
    rtol = 1e-7 if kind == "ratio" else 1e-12  # R's log-binomial fit stops there
    naive_row, robust_row = found.estimate("naive"), found.estimate("cluster-robust")
    assert_allclose([scale(kind, naive_row.estimate), naive_row.std_error], [value, naive], rtol=rtol)
    assert_allclose([scale(kind, robust_row.estimate), robust_row.std_error], [value, robust], rtol=rtol)
    assert_allclose(found.design_effect, (robust / naive) ** 2, rtol=2 * rtol)
    assert_allclose(scale(kind, robust_row.upper), value + norm.ppf(0.975) * robust, rtol=10 * rtol)
    assert_allclose(robust_row.p_value, 2 * norm.sf(abs(value / robust)), rtol=100 * rtol)


@pytest.mark.parametrize("design", ["s", "l"])
def test_odds_ratio_as_geepack(design):
    row = compared(design, kind="odds-ratio").estimate("cluster-robust")
    assert_allclose([np.log(row.estimate), row.std_error], R["gee"][design], rtol=1e-12)


@pytest.mark.parametrize("design", ["s", "l"])
def test_mixed_odds_ratio_as_lme4(design):
    found = compared(design, kind="odds-ratio")
    row, expected = found.estimate("mixed"), R["mixed"][design]
    ours = [np.log(row.estimate), row.std_error, np.sqrt(found.subject_variance)]
    assert_allclose(ours, expected[:3], rtol=2e-6)
    assert "of a given subject" in row.method


def test_within_subjects_as_clogit():
    row = compared("l", kind="odds-ratio").estimate("within subjects")
    assert_allclose([np.log(row.estimate), row.std_error], R["clogit"][""], rtol=1e-12)
    assert "34 of 60 subjects have lesions in both arms" in row.method
    assert "within subjects" not in compared("s", kind="odds-ratio").frame["analysis"].tolist()


def test_the_mixed_fit_is_the_top_of_the_integrated_likelihood():
    """Numerical derivatives of the likelihood whose integrals are taken one by one."""
    rows = ROWS[ROWS["subject"] <= "S20"]
    found = lesion_risk(rows["event_l"], rows["subject"], rows["by_lesion"], control="SOC", kind="odds-ratio")
    event, subject = rows["event_l"].to_numpy(), rows["subject"].to_numpy()
    arm = (rows["by_lesion"] == "RT").to_numpy().astype(float)
    from skeletal.lesions.random_intercept import random_intercept  # noqa: PLC0415  (for its intercept)

    code = np.unique(subject, return_inverse=True)[1] * 2 + arm.astype(int)
    n = 2 * (code.max() // 2 + 1)
    fit = random_intercept(
        np.bincount(code, event, n).reshape(-1, 2), np.bincount(code, None, n).reshape(-1, 2).astype(float)
    )
    place, step = np.append(fit.coefficient, fit.deviation), 2e-3 * np.eye(3)

    def likelihood(at):
        return random_intercept_likelihood(event, subject, arm, at)

    assert_allclose(fit.log_likelihood, likelihood(place), rtol=1e-8)
    slope = [(likelihood(place + h) - likelihood(place - h)) / 4e-3 for h in step]
    assert_allclose(slope, 0, atol=2e-4)
    bend = np.array(
        [
            [
                likelihood(place + g + h) - likelihood(place + g - h)
                - likelihood(place - g + h) + likelihood(place - g - h)
                for g in step
            ]
            for h in step
        ]
    ) / (4 * 2e-3**2)  # fmt: skip
    assert_allclose(fit.covariance, np.linalg.inv(-bend), rtol=2e-4)
    row = found.estimate("mixed")
    assert_allclose([np.log(row.estimate), row.std_error], [fit.coefficient[1], fit.covariance[1, 1] ** 0.5])


@pytest.mark.parametrize("kind", ["difference", "ratio"])
def test_mixed_risks_are_averages_over_subjects(kind):
    """From R's coefficients: the probabilities integrated over the normal intercept."""
    b, _, deviation, a, _ = R["mixed"]["s"]
    u = np.linspace(-9, 9, 20001)
    control, experimental = (
        trapezoid(norm.pdf(u) / (1 + np.exp(-(eta + deviation * u))), u) for eta in (a, a + b)
    )
    expected = experimental - control if kind == "difference" else experimental / control
    row = compared("s", kind=kind).estimate("mixed")
    assert_allclose(row.estimate, expected, rtol=2e-6)
    assert "averaged over subjects" in row.method
    slope = [row.std_error > 0, row.lower < row.estimate < row.upper]
    assert all(slope)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_one_lesion_a_subject_is_the_naive_analysis(seed):
    rng = np.random.default_rng(seed)
    arm = np.arange(24) % 2
    event = rng.integers(0, 2, 24)
    event[:4] = [0, 0, 1, 1]
    counts = [event[arm == k].sum() for k in (0, 1)], [12, 12]
    plain = {
        "difference": risk_difference(*counts, method="wald"),
        "ratio": risk_ratio(*counts),
        "odds-ratio": odds_ratio(*counts),
    }
    for kind in KINDS:
        found = lesion_risk(event, rng.permutation(24), arm, kind=kind)
        assert_allclose(found.design_effect, 1, rtol=1e-12)
        for name in ("naive", "cluster-robust"):
            row = found.estimate(name)
            for field in ("estimate", "std_error", "lower", "upper", "p_value"):
                assert_allclose(getattr(row, field), getattr(plain[kind], field), rtol=1e-9, atol=1e-12)
        assert np.isnan(found.estimate("mixed").estimate)
        assert "every subject has one lesion" in found.estimate("mixed").method
        assert np.isnan(found.intraclass_correlation)


@settings(max_examples=20, deadline=None)
@given(small_trials(), st.sampled_from(KINDS), st.randoms(), st.booleans())
def test_swapping_arms_order_and_labels(rows, kind, random, nested):
    arm = rows["arm"] if nested else np.arange(len(rows)) % 2
    found = lesion_risk(rows["event"], rows["subject"], arm, kind=kind).frame
    order = random.sample(range(len(rows)), len(rows))
    names = np.array([f"p{99 - k}" for k in rows["subject"]])
    moved = lesion_risk(rows["event"].iloc[order], names[order], np.asarray(arm)[order], kind=kind).frame
    swapped = lesion_risk(rows["event"], rows["subject"], arm, kind=kind, control=1).frame
    for column in ("estimate", "std_error", "lower", "upper", "p_value", "design_effect"):
        assert_allclose(moved[column], found[column], rtol=1e-6, atol=1e-9)
    turned = -found["estimate"] if kind == "difference" else 1 / found["estimate"]
    assert_allclose(swapped["estimate"], turned, rtol=1e-6, atol=1e-9)
    assert_allclose(swapped["std_error"], found["std_error"], rtol=1e-5, atol=1e-9)
    known = found.dropna(subset=["lower"])
    assert (known["lower"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["upper"]).all()


def test_doubling_every_lesion_doubles_the_design_effect():
    arm, event, _, _ = DESIGNS["s"]
    twice = np.repeat(np.arange(len(ROWS)), 2)
    once, double = (
        lesion_risk(ROWS[event].iloc[i], ROWS["subject"].iloc[i], ROWS[arm].iloc[i])
        for i in (slice(None), twice)
    )
    assert_allclose(double.design_effect, 2 * once.design_effect, rtol=1e-12)
    robust = [found.estimate("cluster-robust").std_error for found in (once, double)]
    assert_allclose(robust[1], robust[0], rtol=1e-12)


def test_t_limits_have_two_degrees_of_freedom_less_than_subjects():
    row = compared("s", limits="t", conf_level=0.9).estimate("cluster-robust")
    value, _, robust = R["risk"]["s|difference"]
    assert_allclose(row.upper, value + R["tq"][""][1] * robust, rtol=1e-10)
    assert_allclose(row.p_value, 2 * t.sf(abs(value / robust), 58), rtol=1e-9)
    assert row.conf_level == 0.9


def test_control_and_design_are_in_the_method():
    assert compared("s").method.startswith("risk difference, RT minus SOC, 174 lesions of 60 subjects")
    assert "SOC over RT" in compared("s", control=None, kind="ratio").method
    assert "all lesions of a subject are in one arm" in compared("s").method
    assert "arms vary within subjects" in compared("l").method


def test_an_arm_without_events():
    event, subject, arm = [0, 0, 0, 1, 0, 1], list("aabccd"), list("AAABBB")
    difference = lesion_risk(event, subject, arm).frame
    assert_allclose(difference["estimate"], [2 / 3, 2 / 3, np.nan])
    assert (difference["std_error"][:2] > 0).all()
    ratio = lesion_risk(event, subject, arm, kind="ratio", control="B").frame
    assert_allclose(ratio["estimate"], [0, 0, np.nan])
    assert ratio["lower"].isna().all()
    assert "no events in arm A" in ratio["note"][0]
    odds = lesion_risk(event, subject, arm, kind="odds-ratio").frame
    assert odds["estimate"].isna().all()
    assert odds["note"].str.startswith("not estimable").all()


def test_nobody_with_an_event_has_no_test():
    found = lesion_risk([0] * 6, list("aabccd"), list("AAABBB")).frame
    assert_array_equal(found["estimate"][:2], [0, 0])
    assert found["p_value"].isna().all()
    assert "standard error is 0" in found["note"][0]


def test_one_subject_in_an_arm_has_no_robust_variance():
    found = lesion_risk([1, 0, 1, 0, 1, 0], list("aaabbc"), list("AAABBB"))
    for analysis in ("cluster-robust", "mixed"):
        row = found.estimate(analysis)
        assert "one subject only in arm A" in row.method
        assert np.isnan(row.std_error)
    assert np.isnan(found.design_effect)


def test_subjects_all_or_none_have_no_finite_variance():
    event = np.repeat([1, 0, 1, 1, 0, 0, 1, 0], 5)
    found = lesion_risk(event, np.repeat(np.arange(8), 5), np.repeat([0, 0, 0, 0, 1, 1, 1, 1], 5))
    assert "grows without end" in found.estimate("mixed").method
    assert_allclose(found.design_effect, 5, rtol=1e-12)
    assert_allclose(found.intraclass_correlation, 1)


def test_lesions_less_alike_than_chance_have_no_variance_between_subjects():
    event = [1, 0] * 8 + [1, 1]
    found = lesion_risk(event, np.repeat(np.arange(9), 2), np.repeat([0, 1, 0, 1, 0, 1, 0, 1, 1], 2))
    assert found.subject_variance == 0
    assert_allclose(found.frame["std_error"][2], found.frame["std_error"][0], rtol=1e-9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"event": [0, 1, 2, 0]}, r"event must be 0 or 1: 1 row\(s\) \(2\)"),
        ({"event": [0, 1, float("nan"), 0]}, "event must be 0 or 1"),
        ({"event": []}, "no rows"),
        ({"arm": [0, 0, 0, 0]}, "two labels"),
        ({"arm": [0, 1, 2, 0]}, "two labels, got 3"),
        ({"arm": [0, 1, 1]}, "one entry a row"),
        ({"subject": [1, 2, None, 4]}, "missing"),
        ({"subject": [1, 2, 3]}, "one entry a row"),
        ({"control": "X"}, "control must be one of"),
        ({"kind": "gap"}, "kind must be one of"),
        ({"limits": "wide"}, "limits must be one of"),
        ({"conf_level": 95}, "conf_level"),
    ],
)
def test_refusals(changes, message):
    given_ = {"event": [0, 1, 1, 0], "subject": [1, 1, 2, 3], "arm": [0, 0, 1, 1], **changes}
    with pytest.raises(InvalidArgument, match=message):
        lesion_risk(given_.pop("event"), given_.pop("subject"), given_.pop("arm"), **given_)


def test_an_unknown_analysis_is_refused():
    with pytest.raises(InvalidArgument, match="one of naive, cluster-robust, mixed"):
        compared("s").estimate("robust")
