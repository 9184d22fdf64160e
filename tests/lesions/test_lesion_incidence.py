"""Cumulative incidence of lesions' events compared between arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm, t
from tests.support.golden import cases
from tests.support.lesion_rows import DESIGNS, ROWS, small_trials, weighted_incidence

from skeletal.competing import cumulative_incidence, incidence_contrast
from skeletal.data import CompetingRisks
from skeletal.errors import InvalidArgument
from skeletal.lesions import lesion_incidence, lesion_risk

R = cases("lesions")["incidence"]
CAUSES = ("SSE", "death")


def compared(design, **options):
    arm, _, time, status = DESIGNS[design]
    data = CompetingRisks(ROWS[time], ROWS[status], CAUSES)
    return lesion_incidence(
        data, ROWS[arm], ROWS["subject"], "SSE", **{"control": "SOC", "time": 6, **options}
    )


@pytest.mark.parametrize("horizon", [6, 15])
@pytest.mark.parametrize("design", ["s", "l"])
def test_both_scales_as_the_influences_of_r(design, horizon):
    expected = R[f"{design}|{horizon}"]
    difference, ratio = (compared(design, time=horizon, kind=kind) for kind in ("difference", "ratio"))
    for found, (value, naive, robust), log in ((difference, expected[:3], 0), (ratio, expected[3:], 1)):
        estimates = np.log(found.frame["estimate"]) if log else found.frame["estimate"]
        assert_allclose(estimates, [value, value], rtol=1e-11)
        assert_allclose(found.frame["std_error"], [naive, robust], rtol=1e-11)
        assert_allclose(found.design_effect, (robust / naive) ** 2, rtol=1e-11)
        upper = found.estimate("cluster-robust").upper
        assert_allclose(np.log(upper) if log else upper, value + norm.ppf(0.975) * robust, rtol=1e-10)


@settings(max_examples=15, deadline=None)
@given(small_trials(), st.booleans(), st.booleans(), st.integers(2, 6))
def test_the_variance_is_that_of_the_derivatives_by_the_weight_of_a_subject(rows, nested, late, horizon):
    arm = rows["arm"].to_numpy() if nested else np.arange(len(rows)) % 2
    time, status, who = (rows[name].to_numpy() for name in ("time", "status", "subject"))
    data = CompetingRisks(time, status, CAUSES)
    found = lesion_incidence(data, arm, who, "SSE", time=horizon)
    if late:  # everybody enters before the first time: as without entry
        data = CompetingRisks(time, status, CAUSES, entry=np.full(time.size, 0.5))
        found = lesion_incidence(data, arm, who, "SSE", time=horizon)

    def contrast(weight):
        one, two = (
            weighted_incidence(time[arm == k], status[arm == k], weight[arm == k], horizon) for k in (0, 1)
        )
        return two - one

    step, slopes = 1e-4, []
    for subject in np.unique(who):
        up, down = (contrast(1 + sign * step * (who == subject)) for sign in (1, -1))
        slopes.append((up - down) / (2 * step))
    if np.isnan(found.frame["estimate"][0]):
        return
    assert_allclose(found.estimate("cluster-robust").estimate, contrast(np.ones(time.size)), atol=1e-12)
    assert_allclose(found.estimate("cluster-robust").std_error, np.linalg.norm(slopes), rtol=1e-5, atol=1e-7)


def test_subjects_in_one_arm_are_the_clustered_curves():
    data = CompetingRisks(ROWS["time"], ROWS["status"], CAUSES)
    errors = []
    for label in ("SOC", "RT"):
        rows = (ROWS["by_subject"] == label).to_numpy()
        part = CompetingRisks(data.time[rows], data.status[rows], CAUSES)
        curve = cumulative_incidence(part, "SSE", cluster=ROWS["subject"][rows])
        errors.append(curve.at([6]).std_error[0])
    assert_allclose(compared("s").estimate("cluster-robust").std_error, np.hypot(*errors), rtol=1e-12)


def test_without_censoring_or_death_it_is_the_share_of_lesions():
    arm, event, _, _ = DESIGNS["s"]
    data = CompetingRisks(np.where(ROWS[event] == 1, 3, 9), ROWS[event], CAUSES)
    risk = lesion_risk(ROWS[event], ROWS["subject"], ROWS[arm], control="SOC").frame
    found = lesion_incidence(data, ROWS[arm], ROWS["subject"], "SSE", time=9, control="SOC").frame
    for column in ("estimate", "std_error", "lower", "upper", "p_value", "design_effect"):
        assert_allclose(found[column], risk[column][:2], rtol=1e-10)


def test_one_lesion_a_subject_is_the_naive_analysis():
    data = CompetingRisks(ROWS["time"], ROWS["status"], CAUSES)
    found = lesion_incidence(data, ROWS["by_subject"], np.arange(len(ROWS)), "SSE", time=6)
    plain = incidence_contrast(data, ROWS["by_subject"], "SSE", time=6, variance="jackknife")
    for row in (found.estimate("naive"), found.estimate("cluster-robust")):
        assert_allclose([row.lower, row.upper, row.p_value], [plain.lower, plain.upper, plain.p_value])
    assert_allclose(found.design_effect, 1, rtol=1e-12)


def test_swapping_arms_t_limits_and_level():
    found, turned = compared("l"), compared("l", control="RT")
    assert_allclose(turned.frame["estimate"], -found.frame["estimate"])
    assert_allclose(turned.frame["std_error"], found.frame["std_error"])
    value, _, robust = R["l|6"][:3]
    row = compared("l", limits="t", conf_level=0.9).estimate("cluster-robust")
    assert_allclose([row.lower, row.upper], value + t.ppf([0.05, 0.95], 58) * robust, rtol=1e-9)


def test_before_the_first_event_and_beyond_follow_up():
    early = compared("s", time=0.01)
    assert_allclose(early.frame["estimate"], 0)
    assert early.frame["p_value"].isna().all()
    late = compared("s", time=500)
    assert late.frame["estimate"].isna().all()
    assert late.frame["note"].str.contains("not estimable: .*is followed to").all()


def test_no_events_in_an_arm_have_no_ratio():
    data = CompetingRisks([1, 2, 3, 4, 5, 6], [1, 1, 0, 2, 0, 0], CAUSES)
    found = lesion_incidence(data, list("AAABBB"), list("aabccd"), "SSE", time=3, kind="ratio").frame
    assert_allclose(found["estimate"], 0)
    assert found["note"].str.contains("no events in arm B").all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": 0}, "time must be a positive number"),
        ({"kind": "log-log"}, "kind must be one of"),
        ({"limits": "exact"}, "limits must be one of"),
        ({"conf_level": 1}, "conf_level"),
        ({"control": "X"}, "control must be one of"),
    ],
)
def test_refusals(options, message):
    with pytest.raises(InvalidArgument, match=message):
        compared("s", **options)


def test_an_unknown_cause_is_refused():
    data = CompetingRisks([1, 2], [1, 2], CAUSES)
    with pytest.raises(InvalidArgument, match="cause must be one of"):
        lesion_incidence(data, [0, 1], [0, 1], "pain", time=1)
