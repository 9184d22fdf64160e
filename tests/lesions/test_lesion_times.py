"""Times to an event of lesions compared between arms."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm
from tests.support.golden import cases
from tests.support.lesion_rows import DESIGNS, ROWS, small_trials

from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument, NotConverged, NotEstimable
from skeletal.lesions import lesion_times
from skeletal.survival import cox

R = cases("lesions")
CAUSES = ("SSE", "death")


def compared(design, **options):
    arm, _, time, status = DESIGNS[design]
    data = RightCensored(ROWS[time], ROWS[status] == 1)
    return lesion_times(data, ROWS[arm], ROWS["subject"], **{"control": "SOC", **options})


def pair(found, analysis):
    row = found.estimate(analysis)
    return np.log(row.estimate), row.std_error


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("design", ["s", "l"])
def test_every_analysis_as_r(design, ties):
    found = compared(design, ties=ties)
    value, naive, robust = R["cox"][f"{design}|{ties}"]
    assert_allclose(pair(found, "naive"), [value, naive], rtol=1e-10)
    assert_allclose(pair(found, "cluster-robust"), [value, robust], rtol=1e-10)
    assert_allclose(found.design_effect, (robust / naive) ** 2, rtol=1e-10)
    ours = [*pair(found, "mixed"), found.subject_variance]
    assert_allclose(ours, R["frailty"][f"{design}|{ties}"], rtol=2e-5)
    if design == "l":
        assert_allclose(pair(found, "within subjects"), R["within"][ties], rtol=1e-10)
    else:
        assert len(found.frame) == 3


def test_covariates_adjust_every_row():
    found = compared("s", covariates=ROWS[["age"]])
    assert_allclose([*pair(found, "naive"), pair(found, "cluster-robust")[1]], R["cox"]["age"], rtol=1e-9)
    assert found.estimate("mixed").estimate != compared("s").estimate("mixed").estimate
    assert "adjusted for age" in found.method


def test_causes_that_compete_censor():
    arm, _, time, status = DESIGNS["s"]
    data = CompetingRisks(ROWS[time], ROWS[status], CAUSES)
    found = lesion_times(data, ROWS[arm], ROWS["subject"], cause="SSE", control="SOC")
    for column in ("estimate", "std_error", "p_value"):
        assert_allclose(found.frame[column], compared("s").frame[column], rtol=1e-12)
    assert "of SSE, other causes censored" in found.method
    other = lesion_times(data, ROWS[arm], ROWS["subject"], cause="death", control="SOC")
    assert other.estimate("naive").estimate != found.estimate("naive").estimate


def test_limits_and_level():
    value, _, robust = R["cox"]["s|efron"]
    assert_allclose(
        np.log(compared("s", conf_level=0.9).estimate("cluster-robust").upper),
        value + norm.ppf(0.95) * robust,
        rtol=1e-9,
    )
    assert_allclose(
        np.log(compared("s", limits="t").estimate("cluster-robust").upper),
        value + R["tq"][""][0] * robust,
        rtol=1e-9,
    )


@settings(max_examples=10, deadline=None)
@given(small_trials(), st.booleans(), st.sampled_from([0.5, 30]))
def test_swapping_arms_inverts_and_units_of_time_do_not_matter(rows, nested, unit):
    arm = rows["arm"] if nested else np.arange(len(rows)) % 2
    data = RightCensored(rows["time"], rows["status"] == 1)
    found = lesion_times(data, arm, rows["subject"]).frame
    moved = lesion_times(RightCensored(rows["time"] * unit, rows["status"] == 1), arm, rows["subject"]).frame
    swapped = lesion_times(data, arm, rows["subject"], control=1).frame
    assert_allclose(swapped["estimate"], 1 / found["estimate"], rtol=1e-4)
    for column in ("estimate", "std_error", "design_effect"):
        assert_allclose(moved[column], found[column], rtol=1e-4)
        if column != "estimate":
            assert_allclose(swapped[column], found[column], rtol=1e-4)


def test_one_lesion_a_subject_is_the_robust_variance_of_rows():
    arm, _, time, status = DESIGNS["s"]
    data, code = RightCensored(ROWS[time], ROWS[status] == 1), (ROWS[arm] == "RT").astype(int)
    found = lesion_times(data, code, np.arange(len(ROWS)))
    by_row = cox(data, pd.DataFrame({"arm": code}), cluster=np.arange(len(ROWS)))
    assert_allclose(pair(found, "cluster-robust"), [by_row.coefficient[0], by_row.std_error[0]], rtol=1e-12)
    assert 0.9 < found.design_effect < 1.1  # the sandwich is near to the information, not the same
    assert "every subject has one lesion" in found.estimate("mixed").method


def test_an_arm_without_events_has_no_hazard_ratio():
    data = RightCensored([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0])
    with pytest.raises(NotConverged, match="an arm without events"):
        lesion_times(data, list("AAABBB"), list("aabccd"))
    with pytest.raises(NotEstimable):
        lesion_times(RightCensored([1, 2, 3, 4], [0, 0, 0, 0]), list("AABB"), list("abcd"))


def test_one_subject_in_an_arm_has_neither_robust_variance_nor_frailty():
    data = RightCensored([1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 0, 1])
    found = lesion_times(data, list("ABABBB"), list("aabbcc"), control="A")
    assert found.frame["std_error"][:3].notna().all()
    assert "no maximum" in found.estimate("within subjects").method  # every pair goes one way
    found = lesion_times(data, list("AABABB"), list("aabacc"))
    for analysis in ("cluster-robust", "mixed"):
        assert "one subject only in arm A" in found.estimate(analysis).method
        assert np.isnan(found.estimate(analysis).std_error)


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (RightCensored([1, 2, 3], [1, 1, 0], weight=[1, 2, 1]), {}, "no case weights"),
        (RightCensored([1, 2, 3], [1, 1, 0]), {"cause": "SSE"}, "needs data with causes"),
        (CompetingRisks([1, 2, 3], [1, 2, 0], CAUSES), {}, "cause must be one of SSE, death"),
        (CompetingRisks([1, 2, 3], [1, 2, 0], CAUSES), {"cause": "pain"}, "cause must be one of"),
        (RightCensored([1, 2, 3], [1, 1, 0]), {"ties": "exact"}, "ties must be one of"),
        (RightCensored([1, 2, 3], [1, 1, 0]), {"limits": "exact"}, "limits must be one of"),
        (RightCensored([1, 2, 3], [1, 1, 0]), {"conf_level": 0}, "conf_level"),
        (RightCensored([1, 2, 3], [1, 1, 0]), {"control": 7}, "control must be one of"),
        (RightCensored([1, 2, 3, 4], [1, 1, 0, 1]), {}, "one entry a row"),
        (
            RightCensored([1, 2, 3], [1, 1, 0]),
            {"covariates": pd.DataFrame({"x": ["a", "b", "c"]})},
            "numeric",
        ),
    ],
)
def test_refusals(data, options, message):
    with pytest.raises(InvalidArgument, match=message):
        lesion_times(data, [0, 1, 1], list("aab"), **options)
