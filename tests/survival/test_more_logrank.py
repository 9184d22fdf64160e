"""Log-rank tests of further samples as R's survival, coin and mvtnorm have them."""

from __future__ import annotations

import pytest
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RightCensored
from skeletal.survival import (
    FlemingHarrington,
    Gehan,
    ModestlyWeighted,
    PetoPeto,
    TaroneWare,
    Unweighted,
    logrank,
    logrank_permutation,
    logrank_trend,
    max_combo,
)

GOLDEN = cases("more_logrank")
RTOL = 1e-9
TIES = {"mid-ranks": "mid-ranks", "hothorn-lausen": "Hothorn-Lausen", "average-scores": "average-scores"}


def months_of_life():
    frame = read("mgus2").query("futime > 0")
    return RightCensored(frame.age * 12 + frame.futime, frame.death, entry=frame.age * 12), frame.sex


def by_performance():
    frame = read("lung").dropna(subset=["ph.ecog"])
    return RightCensored(frame.time, frame.status == 2), frame.sex, frame["ph.ecog"]


def veteran():
    frame = read("veteran")
    return RightCensored(frame.time, frame.status), frame


def check(result, expected):
    for field, name in (
        ("observed", "obs"),
        ("expected", "exp"),
        ("variance", "var"),
        ("statistic", "chisq"),
    ):
        assert_allclose(getattr(result, field), expected[name], rtol=RTOL, atol=1e-10, err_msg=field)


def test_strata_as_r():
    frame = read("bmt_km")
    check(logrank(RightCensored(frame.t2, frame.d3), frame.group, strata=frame.z10), GOLDEN["bmt_stratified"])
    frame = read("gbsg")
    strata = 10 * frame.meno + frame.grade
    check(
        logrank(RightCensored(frame.rfstime, frame.status), frame.hormon, strata=strata),
        GOLDEN["gbsg_stratified"],
    )


def test_pairs_as_strata_as_r():
    frame = read("retinopathy")
    data = RightCensored(frame.futime, frame.status)
    check(logrank(data, frame.trt, strata=frame.id), GOLDEN["retinopathy_pairs"])


def test_two_arms_as_r():
    frame = read("tongue")
    check(logrank(RightCensored(frame.time, frame.delta), frame.type), GOLDEN["tongue"])


@pytest.mark.parametrize(
    ("name", "weight"),
    [
        ("gehan", Gehan()),
        ("tarone_ware", TaroneWare()),
        ("peto_peto", PetoPeto()),
        ("modest", ModestlyWeighted(t_star=310)),
    ],
)
def test_weights_in_strata_by_their_definition(name, weight):
    data, arm, strata = by_performance()
    check(logrank(data, arm, strata=strata, weight=weight), GOLDEN[f"lung_{name}_stratified"])


def test_weights_over_four_arms_and_strata():
    data, frame = veteran()
    late, middle = FlemingHarrington(0, 1), FlemingHarrington(1, 1)
    check(logrank(data, frame.celltype, weight=late), GOLDEN["veteran_four_arms_0_1"])
    check(
        logrank(data, frame.celltype, strata=frame.trt, weight=middle),
        GOLDEN["veteran_four_arms_1_1_stratified"],
    )
    check(
        logrank(data, frame.trt, strata=frame.celltype, weight=FlemingHarrington(0.5, 0)),
        GOLDEN["veteran_rho_half_stratified"],
    )


def test_delayed_entry_by_its_definition():
    data, arm = months_of_life()
    check(logrank(data, arm), GOLDEN["mgus_entry"])
    check(logrank(data, arm, weight=FlemingHarrington(1, 0)), GOLDEN["mgus_entry_rho_1"])


def test_case_weights_by_their_definition():
    frame = read("lung")
    data = RightCensored(frame.time, frame.status == 2, weight=1 + (frame.age > 65))
    check(logrank(data, frame.sex), GOLDEN["lung_weighted"])


def test_trends_in_strata_and_with_weights():
    frame = read("larynx")
    data = RightCensored(frame.time, frame.delta)
    marrow = read("bmt_km")
    survival = RightCensored(marrow.t2, marrow.d3)
    middle = FlemingHarrington(1, 1)
    for name, result in (
        ("larynx_trend_stratified", logrank_trend(data, frame.stage, [1, 2, 3, 4], strata=frame.age > 65)),
        ("larynx_trend_gehan", logrank_trend(data, frame.stage, [1, 2, 4, 8], weight=Gehan())),
        (
            "bmt_trend_1_1_stratified",
            logrank_trend(survival, marrow.group, [0, 1, 3], strata=marrow.z10, weight=middle),
        ),
    ):
        expected = GOLDEN[name]
        assert_allclose([result.z, result.p_value], [expected["z"], expected["p"]], rtol=RTOL, err_msg=name)


@pytest.mark.parametrize("ties", TIES)
def test_permutation_as_coin(ties):
    frame = read("tongue")
    expected = GOLDEN["tongue_permutation"][TIES[ties]]
    result = logrank_permutation(
        RightCensored(frame.time, frame.delta), frame.type, ties=ties, distribution="asymptotic"
    )
    assert_allclose([result.z, result.p_value], [expected["z"], expected["p"]], rtol=RTOL)
    frame = read("leukemia")
    expected = GOLDEN["leukemia_permutation"][TIES[ties]]
    result = logrank_permutation(RightCensored(frame.time, frame.status), frame.x, ties=ties)
    assert_allclose([result.z, result.p_value], [expected["z"], expected["exact"]], rtol=RTOL)
    frame = read("larynx")
    expected = GOLDEN["larynx_permutation"][TIES[ties]]
    result = logrank_permutation(
        RightCensored(frame.time, frame.delta), frame.stage, ties=ties, distribution="asymptotic"
    )
    assert_allclose([result.statistic, result.p_value], [expected["stat"], expected["p"]], rtol=RTOL)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_max_combo_as_mvtnorm(alternative):
    data, frame = veteran()
    four = [Unweighted(), FlemingHarrington(0, 1), FlemingHarrington(1, 0), FlemingHarrington(1, 1)]
    cancer = read("gbsg")
    other = RightCensored(cancer.rfstime, cancer.status)
    two = [FlemingHarrington(0, 1), FlemingHarrington(1, 0)]
    key = alternative.split("-")[0]
    for name, result in (
        (
            "veteran_combo_stratified",
            max_combo(data, frame.trt, four, strata=frame.celltype, alternative=alternative),
        ),
        ("gbsg_combo", max_combo(other, cancer.hormon, two, alternative=alternative)),
    ):
        expected = GOLDEN[name]
        assert_allclose(result.component_z, expected["z"], rtol=RTOL)
        assert_allclose(result.correlation, expected["corr"], rtol=RTOL)
        assert_allclose(result.p_value, expected[key], atol=3e-7)  # the error of mvtnorm's random points
