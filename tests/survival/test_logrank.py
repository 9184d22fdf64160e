from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read, read_shared
from tests.support.references import naive_logrank

from skeletal.data import RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    TaroneWare,
    logrank,
)

LOGRANK = cases("logrank")
RTOL = 1e-10
SMALL = RightCensored([6, 13, 21, 30, 31, 37, 38, 47], [1, 1, 1, 1, 0, 1, 0, 0])
ARMS = list("AABAABBB")


def lung():
    frame = read("lung")
    return RightCensored(frame.time, frame.status == 2), frame


def check(result, expected):
    observed, mean = np.array(expected["obs"], float), np.array(expected["exp"], float)
    if observed.ndim == 2:
        observed, mean = observed.sum(axis=1), mean.sum(axis=1)
    assert_allclose(result.observed, observed, rtol=RTOL)
    assert_allclose(result.expected, mean, rtol=RTOL)
    assert_allclose(result.variance, expected["var"], rtol=RTOL)
    assert_allclose(
        [result.statistic, result.df, result.p_value],
        [expected["chisq"], expected["df"], expected["p"]],
        rtol=RTOL,
    )
    if "z2" in expected:
        assert_allclose(result.z, expected["z2"], rtol=RTOL)
    else:
        assert np.isnan(result.z)


def test_two_arms_as_r():
    data, frame = lung()
    check(logrank(data, frame.sex), LOGRANK["two_arms"])


def test_four_arms_as_r():
    frame = read("veteran")
    check(logrank(RightCensored(frame.time, frame.status), frame.celltype), LOGRANK["four_arms"])


def test_strata_as_r():
    frame = read("lung").dropna(subset=["ph.ecog"])
    data = RightCensored(frame.time, frame.status == 2)
    check(logrank(data, frame.sex, strata=frame["ph.ecog"]), LOGRANK["stratified"])


def test_prostate_four_doses_in_strata_as_r():
    frame = read_shared("prostate")
    strata = frame.stage.astype(str) + "/" + frame.bm.astype(str)
    data = RightCensored(frame.dtime, frame.status != "alive")
    check(logrank(data, frame.rx, strata=strata), LOGRANK["prostate_stratified_four_arms"])


def test_rho_as_r():
    data, frame = lung()
    check(logrank(data, frame.sex, weight=FlemingHarrington(1, 0)), LOGRANK["rho_1"])
    frame = read("ovarian")
    data = RightCensored(frame.futime, frame.fustat)
    check(logrank(data, frame.rx, weight=FlemingHarrington(0.5, 0)), LOGRANK["rho_half"])


def colon():
    frame = read("colon").query("etype == 2 and rx != 'Lev'")
    return RightCensored(frame.time, frame.status), frame.rx


def test_rho_gamma_as_nph():
    data, frame = lung()
    for expected, sample, arm in (("rho_gamma_lung", data, frame.sex), ("rho_gamma_colon", *colon())):
        for case in LOGRANK[expected]:
            # nph's control of the colon trial comes second in sorted order; z2 is that of the second label.
            result = logrank(sample, arm, weight=FlemingHarrington(case["rho"], case["gamma"]))
            assert_allclose(
                [result.z, result.variance[1, 1], result.p_value],
                [case["z2"], case["V2"], case["p_two_sided"]],
                rtol=RTOL,
            )


def test_rho_gamma_in_strata_as_simtrial():
    frame = read("lung").dropna(subset=["ph.ecog"])
    data = RightCensored(frame.time, frame.status == 2)
    for case in LOGRANK["rho_gamma_stratified"]:
        weight = FlemingHarrington(case["rho"], case["gamma"])
        result = logrank(data, frame.sex, strata=frame["ph.ecog"], weight=weight)
        # simtrial's z is positive for fewer events on treatment
        assert_allclose([-result.z, result.variance[1, 1]], [case["z"], case["V2_direct"]], rtol=RTOL)


@pytest.mark.parametrize(
    ("name", "weight"),
    [("nphRCT_tstar6", ModestlyWeighted(t_star=6)), ("nphRCT_sstar_half", ModestlyWeighted(s_star=0.5))],
)
def test_modest_weights_as_nphrct(name, weight):
    data, arm = colon()
    months = RightCensored(data.time / 30.4375, data.event)
    result, expected = logrank(months, arm, control="Obs", weight=weight), LOGRANK["modestly_weighted"][name]
    ours = [result.z, result.variance[1, 1], result.observed[1] - result.expected[1]]
    assert_allclose(ours, [expected["z"], expected["v_u"], expected["u"]], rtol=RTOL)


@pytest.mark.parametrize(
    ("name", "weight"), [("gehan_breslow", Gehan()), ("tarone_ware", TaroneWare()), ("peto_peto", PetoPeto())]
)
def test_wilcoxon_types_as_the_direct_formula_in_r(name, weight):
    data, frame = lung()
    result, expected = logrank(data, frame.sex, weight=weight), LOGRANK["wilcoxon_types"][name]
    ours = [result.z, result.variance[1, 1], result.statistic, result.p_value]
    assert_allclose(ours, [expected[k] for k in ("z", "V", "chisq", "p_two_sided")], rtol=RTOL)


def test_pairs_of_arms_as_r():
    frame, expected = read("veteran"), LOGRANK["pairwise"]
    for first, second, statistic in zip(
        expected["group1"], expected["group2"], expected["chisq"], strict=True
    ):
        part = frame[frame.celltype.isin([first, second])]
        result = logrank(RightCensored(part.time, part.status), part.celltype)
        assert_allclose(result.statistic, statistic, rtol=RTOL)


rows = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 1), st.booleans(), st.integers(0, 2), st.integers(1, 3)),
    min_size=4,
    max_size=30,
)


@given(rows)
@settings(max_examples=60, deadline=None)
def test_strata_and_weights_as_the_naive_sums(sample):
    time, event, second, stratum, weight = (np.array(column) for column in zip(*sample, strict=True))
    if second.all() or not second.any():
        return
    result = logrank(RightCensored(time, event, weight=weight), second, strata=stratum)
    observed, expected, variance = naive_logrank(time, event, second, stratum, weight)
    assert_allclose(result.observed[1], observed, atol=1e-12)
    assert_allclose(result.expected[1], expected, atol=1e-10)
    assert_allclose(result.variance[1, 1], variance, atol=1e-10)
    assert_allclose(result.observed.sum(), result.expected.sum(), atol=1e-10)


@pytest.mark.parametrize(
    "weight", [FlemingHarrington(1, 1), Gehan(), TaroneWare(), PetoPeto(), ModestlyWeighted(t_star=20)]
)
def test_case_weights_are_repeated_rows_under_every_weight(weight):
    times, counts = np.array([6, 13, 13, 30, 31, 37, 37, 47]), np.array([1, 2, 3, 1, 2, 2, 1, 4])
    events = np.array([1, 1, 1, 1, 0, 1, 1, 0])
    weighted = logrank(RightCensored(times, events, weight=counts), ARMS, weight=weight)
    repeated = logrank(
        RightCensored(np.repeat(times, counts), np.repeat(events, counts)),
        np.repeat(ARMS, counts),
        weight=weight,
    )
    assert_allclose(weighted.z, repeated.z, rtol=1e-12)


def test_statistic_does_not_depend_on_the_control_and_z_changes_sign():
    first, second = logrank(SMALL, ARMS), logrank(SMALL, ARMS, control="B")
    assert_allclose(first.statistic, second.statistic, rtol=1e-12)
    assert_allclose(first.z, -second.z, rtol=1e-12)
    assert_allclose(first.observed, second.observed[::-1])
    assert first.method.endswith("reference A")
    assert second.method.endswith("reference B")


def test_delayed_entry_takes_rows_out_of_earlier_risk_sets():
    late = RightCensored(SMALL.time, SMALL.event, entry=[0, 0, 15, 0, 0, 15, 15, 15])
    # By hand: B enters after 15; at 21, 30, 37 at risk A, B = 2, 4; 2, 3; 0, 3.
    assert_allclose(logrank(late, ARMS).expected[1], 4 / 6 + 3 / 5 + 1, rtol=1e-12)


def test_an_arm_without_events_is_tested():
    result = logrank(RightCensored([1, 2, 3, 4], [1, 1, 0, 0]), ["a", "a", "b", "b"])
    # By hand: expected of b 2/4 + 2/3; variance 1/4 + 2/9.
    assert_allclose(result.z, -(1 / 2 + 2 / 3) / np.sqrt(1 / 4 + 2 / 9), rtol=1e-12)


def test_no_events_is_not_estimable():
    result = logrank(RightCensored([1, 2, 3], [0, 0, 0]), ["a", "a", "b"])
    assert np.isnan([result.statistic, result.df, result.p_value, result.z]).all()


def test_an_arm_never_at_risk_at_an_event_adds_no_degree_of_freedom():
    data = RightCensored([1, 5, 6, 7, 8, 9], [0, 1, 1, 1, 1, 0])
    with_third = logrank(data, ["c", "a", "b", "a", "b", "a"])
    assert with_third.df == 1
    without = logrank(RightCensored(data.time[1:], data.event[1:]), ["a", "b", "a", "b", "a"])
    assert_allclose(with_third.statistic, without.statistic, rtol=1e-12)


@pytest.mark.parametrize(
    ("arm", "options", "message"),
    [
        (["A"] * 8, {}, "arm must have at least two labels"),
        (ARMS[:5], {}, r"arm must have one entry a row \(8\), got 5"),
        ([None, *ARMS[1:]], {}, r"arm must not be missing: 1 row\(s\) \(0\)"),
        (ARMS, {"control": "C"}, r"control must be one of the arms \(A, B\), got 'C'"),
        (ARMS, {"strata": [1]}, "strata must have one entry a row"),
        (ARMS, {"weight": Gehan}, "weight must be a log-rank weight"),
    ],
)
def test_wrong_arguments_are_refused_by_name(arm, options, message):
    with pytest.raises(InvalidArgument, match=message):
        logrank(SMALL, arm, **options)


def test_weights_refuse_wrong_parameters():
    with pytest.raises(InvalidArgument, match="rho and gamma must be finite and not negative, got -1"):
        FlemingHarrington(-1, 0)
    with pytest.raises(InvalidArgument, match="give one of t_star and s_star"):
        ModestlyWeighted()
    with pytest.raises(InvalidArgument, match=r"s_star must lie in \(0, 1\], got 2"):
        ModestlyWeighted(s_star=2)
    with pytest.raises(InvalidArgument, match="t_star must not be negative, got -3"):
        ModestlyWeighted(t_star=-3)
