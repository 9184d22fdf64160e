from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2
from tests.support.competing_trials import (
    CAUSES,
    first_hospitalisation,
    melanoma,
    mgus,
    prostate,
    transplant,
)
from tests.support.golden import cases, read
from tests.support.references_competing import naive_gray

from skeletal.competing import gray_test
from skeletal.data import CompetingRisks, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.survival import logrank

COMPETING = cases("competing")
RTOL = 1e-10
ONE_LESS_P = 1e-15  # cmprsk gives 1 - pchisq, which rounds small p-values to multiples of 1.1e-16
SMALL = CompetingRisks([2, 3, 5, 7, 8, 9, 4, 5, 6, 1], [1, 2, 1, 1, 2, 0, 1, 0, 1, 1], ["SSE", "death"])
ARMS = list("AAABBBABAB")
ROWS = st.lists(st.tuples(st.integers(1, 7), st.integers(0, 2), st.integers(0, 2)), min_size=4, max_size=30)


def check(result, expected, row):
    assert_allclose([result.statistic, result.df], [expected["stat"][row], expected["df"][row]], rtol=RTOL)
    assert_allclose(result.p_value, expected["p"][row], rtol=RTOL, atol=ONE_LESS_P)


@pytest.mark.parametrize(
    ("name", "trial"),
    [
        ("melanoma_by_sex", melanoma),
        ("transplant_by_disease", transplant),
        ("prostate_four_arms_three_causes", prostate),
        ("mgus_by_sex", mgus),
        ("first_hospitalisation", first_hospitalisation),
    ],
)
def test_every_cause_as_cmprsk(name, trial):
    (data, arm), expected = trial(), COMPETING[name]["gray"]
    for row, cause in enumerate(expected["cause"]):
        check(gray_test(data, arm, cause), expected, row)


def test_strata_as_cmprsk():
    data, sex = melanoma()
    for row, cause in enumerate("12"):
        result = gray_test(data, sex, cause, strata=read("melanoma").ulcer)
        check(result, COMPETING["gray_stratified"], row)


@pytest.mark.parametrize(("rho", "name"), [(1, "rho1"), (-1, "rho_minus1")])
def test_rho_as_cmprsk(rho, name):
    data, ulcer = melanoma()[0], read("melanoma").ulcer
    for row, cause in enumerate("12"):
        check(gray_test(data, ulcer, cause, rho=rho), COMPETING["gray_rho"][name], row)


@pytest.mark.parametrize("case", COMPETING["gray_melanoma_four_arms"], ids=str)
def test_four_arms_with_strata_rho_and_ties_as_cmprsk(case):
    data, frame = melanoma()[0], read("melanoma")
    if case["time"] == "year":
        data = CompetingRisks(np.ceil(data.time / 365), data.status, CAUSES)
    strata = frame.epicel if case["strata"] else None
    result = gray_test(data, frame.sex + frame.ulcer, case["cause"], strata=strata, rho=case["rho"])
    assert_allclose([result.statistic, result.df], [case["statistic"], case["df"]], rtol=RTOL)


@pytest.mark.parametrize("case", COMPETING["gray_mgus_three_arms"], ids=str)
def test_three_arms_with_strata_rho_and_massive_ties_as_cmprsk(case):
    (data, _), frame = mgus(), read("mgus2")
    known = frame.hgb.notna()
    time = np.ceil(data.time / 12) if case["time"] == "years" else data.time
    result = gray_test(
        CompetingRisks(time[known], data.status[known], CAUSES),
        np.digitize(frame.age, [65, 75], right=True)[known],
        case["cause"],
        strata=(frame.hgb > 13)[known] if case["strata"] else None,
        rho=case["rho"],
    )
    assert_allclose([result.statistic, result.df], [case["statistic"], case["df"]], rtol=RTOL)


def test_without_competing_events_cmprsk_is_not_the_logrank_test():
    (data, sex), expected = melanoma(), COMPETING["gray_or_logrank"]
    event = (data.status > 0).astype(int)
    gray = gray_test(CompetingRisks(data.time, event, ["death"]), sex, "death")
    plain = logrank(RightCensored(data.time, event), sex)
    assert_allclose([gray.statistic, plain.statistic], [expected["gray"], expected["logrank"]], rtol=RTOL)
    assert_allclose(gray.observed - gray.expected, plain.observed - plain.expected, rtol=1e-9)
    assert abs(gray.variance[0, 0] / plain.variance[0, 0] - 1) > 0.01


@pytest.mark.parametrize("case", COMPETING["gray_small_samples"])
def test_small_samples_with_heavy_ties_as_cmprsk(case):
    data = CompetingRisks(case["time"], case["status"], CAUSES)
    result = gray_test(data, case["arm"], "1", strata=case["strata"], rho=case["rho"])
    assert_allclose(
        [result.statistic, result.df, result.p_value],
        [case["statistic"], case["df"], chi2.sf(case["statistic"], case["df"])],
        rtol=RTOL,
    )


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from([0.0, 1.0, -0.5]))
def test_score_and_variance_equal_a_second_implementation(rows, rho):
    time, status, arm = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(set(arm)) > 1)
    with np.errstate(all="ignore"):
        score, variance = naive_gray(time, status, arm, 1, rho=rho)
    assume(np.isfinite(variance).all() and (np.abs(np.diag(variance)) < 1e6).all())
    result = gray_test(CompetingRisks(time, status, CAUSES), arm, "1", rho=rho)
    assert_allclose(result.observed - result.expected, score, atol=1e-10)
    assert_allclose(result.variance, variance, rtol=1e-9, atol=1e-10)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 5), st.integers(0, 2), st.integers(0, 4), st.integers(0, 2)),
        min_size=10,
        max_size=60,
    ),
    st.sampled_from([0.0, 0.5, -1.0]),
)
def test_strata_of_five_arms_sum_up_a_second_implementation(rows, rho):
    time, status, arm, stratum = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(set(arm)) > 1)
    labels = sorted(set(arm))
    score, variance = np.zeros(len(labels)), np.zeros((len(labels),) * 2)
    with np.errstate(all="ignore"):
        for s in set(stratum):
            part = stratum == s
            here = np.searchsorted(labels, sorted(set(arm[part])))
            parts = naive_gray(time[part], status[part], arm[part], 1, rho=rho)
            score[here] += parts[0]
            variance[np.ix_(here, here)] += parts[1]
    assume(np.isfinite(variance).all() and (np.abs(np.diag(variance)) < 1e6).all())
    result = gray_test(CompetingRisks(time, status, CAUSES), arm, "1", strata=stratum, rho=rho)
    assert_allclose(result.observed - result.expected, score, atol=1e-10)
    assert_allclose(result.variance, variance, rtol=1e-9, atol=1e-10)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from([7.0, 1 / 365.25]))
def test_the_unit_of_time_changes_nothing(rows, unit):
    time, status, arm = (np.array(column) for column in zip(*rows, strict=True))
    assume(len(set(arm)) > 1)
    one, two = (gray_test(CompetingRisks(time * x, status, CAUSES), arm, "1") for x in (1.0, unit))
    assert_array_equal(two.variance, one.variance)
    assert_array_equal(two.statistic, one.statistic)


def test_one_arm_with_all_events_of_the_cause_against_three_without():
    # R 4.2.2, cmprsk 2.2.11: cuminc(time, status, arm)$Tests["1", ]
    time, status = np.tile([1, 2, 2, 3, 3], 4), np.tile([1, 1, 2, 1, 0], 4)
    arm = np.repeat(list("ABCD"), 5)
    result = gray_test(CompetingRisks(time, np.where(arm == "A", status, 2 * (status > 1)), CAUSES), arm, "1")
    assert_array_equal(result.observed, [3, 0, 0, 0])
    assert result.df == 3
    assert_allclose(result.statistic, 8.0766159518416316, rtol=RTOL)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_row_order_and_other_labels_change_nothing(rows, random):
    assume(len({row[2] for row in rows}) > 1)
    results = []
    for order in (rows, random.sample(rows, len(rows))):
        time, status, arm = zip(*order, strict=True)
        results.append(gray_test(CompetingRisks(time, status, CAUSES), ["xyz"[a] for a in arm], "1"))
    assert_allclose(results[0].statistic, results[1].statistic, rtol=1e-9, atol=1e-12)
    assert_allclose(results[0].observed, results[1].observed)
    assert_allclose(results[0].observed.sum(), results[0].expected.sum(), atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(ROWS)
@example([(1, 1, 1)] * 4 + [(2, 1, 0)] * 2 + [(3, 0, 2), (3, 1, 0)])  # F reaches 1 on day 2
def test_without_competing_events_the_score_is_that_of_the_logrank_test(rows):
    time, status, arm = zip(*rows, strict=True)
    assume(len(set(arm)) > 1)
    event = (np.array(status) > 0).astype(int)
    gray = gray_test(CompetingRisks(time, event, ["SSE"]), arm, "SSE")
    plain = logrank(RightCensored(time, event), arm)
    assert_allclose(gray.observed, plain.observed)
    assert_allclose(gray.expected, plain.expected, atol=1e-10)


def test_arms_with_the_same_rows_do_not_differ():
    data = CompetingRisks(np.tile(SMALL.time, 2), np.tile(SMALL.status, 2), SMALL.causes)
    result = gray_test(data, np.repeat(["A", "B"], 10), "SSE")
    assert_allclose([result.statistic, result.z], 0.0, atol=1e-12)
    assert_allclose(result.p_value, 1.0, atol=1e-7)


def test_sign_is_that_of_the_experimental_arm_and_control_turns_it():
    first, second = gray_test(SMALL, ARMS, "SSE"), gray_test(SMALL, ARMS, "SSE", control="B")
    assert first.z < 0  # fewer events than expected on B
    assert_allclose(first.z, -second.z, rtol=1e-12)
    assert_allclose(first.z**2, first.statistic, rtol=1e-12)
    assert_array_equal(first.observed, second.observed[::-1])
    assert ("reference A" in first.method, "reference B" in second.method) == (True, True)


def test_three_arms_have_no_sign():
    data, _ = melanoma()
    result = gray_test(data, np.arange(data.n_subjects) % 3, "1")
    assert np.isnan(result.z)
    assert result.df == 2
    assert result.variance.shape == (3, 3)


def test_cause_rho_and_strata_change_the_answer_and_are_named():
    results = [
        gray_test(SMALL, ARMS, "SSE"),
        gray_test(SMALL, ARMS, "death"),
        gray_test(SMALL, ARMS, "SSE", rho=1),
        gray_test(SMALL, ARMS, "SSE", strata=[0, 1] * 5),
    ]
    assert len({result.statistic for result in results}) == 4
    assert len({result.method for result in results}) == 4


def test_one_stratum_is_no_stratification():
    one, two = gray_test(SMALL, ARMS, "SSE"), gray_test(SMALL, ARMS, "SSE", strata=["all"] * 10)
    assert one.statistic == two.statistic


def test_strata_with_one_arm_add_nothing():
    time, status = np.append(SMALL.time, [3, 4]), np.append(SMALL.status, [1, 1])
    data = CompetingRisks(time, status, SMALL.causes)
    result = gray_test(data, [*ARMS, "A", "A"], "SSE", strata=["x"] * 10 + ["y"] * 2)
    assert_allclose(result.statistic, gray_test(SMALL, ARMS, "SSE").statistic, rtol=1e-12)
    assert result.observed.sum() == gray_test(SMALL, ARMS, "SSE").observed.sum() + 2


def test_arm_that_leaves_before_the_first_event_adds_no_degree_of_freedom():
    data = CompetingRisks(np.append(SMALL.time, [0.5, 0.5]), np.append(SMALL.status, [0, 0]), SMALL.causes)
    result = gray_test(data, [*ARMS, "C", "C"], "SSE")
    assert result.df == 1
    assert_allclose(result.statistic, gray_test(SMALL, ARMS, "SSE").statistic, rtol=1e-12)


def test_negative_variance_of_a_tiny_tied_sample_is_not_estimable():
    # cmprsk 2.2.11 gives the statistic -10.667 here
    result = gray_test(CompetingRisks([1, 2, 2, 2], [1, 1, 1, 1], ["SSE"]), [0, 0, 1, 1], "SSE")
    assert np.isnan([result.statistic, result.df, result.p_value, result.z]).all()
    assert "not estimable" in result.method


@pytest.mark.parametrize("rho", [0.0, 0.5, 1.0, -1.0])
def test_pooled_incidence_of_1_while_arms_are_compared_is_not_estimable(rho):
    # cmprsk 2.2.11 stops here: "NA/NaN/Inf in foreign function call"
    data = CompetingRisks([1, 1, 1, 1, 2, 2, 3, 3], [1, 1, 1, 1, 1, 1, 0, 1], ["SSE"])
    result = gray_test(data, list("BBBBAACA"), "SSE", rho=rho)
    assert np.isnan([result.statistic, result.df, result.p_value, result.z]).all()
    assert "not estimable" in result.method


def test_pooled_incidence_that_rounding_keeps_from_1_is_1():
    # F is 1 after day 3; with the 1 - F of rounding cmprsk 2.2.11 gives 8 on 2 degrees of freedom
    data = CompetingRisks([1, 1, 1, 2, 2, 2, 3, 4, 4], np.ones(9, dtype=int), ["SSE"])
    assert np.isnan(gray_test(data, list("AAABCCCBC"), "SSE").statistic)


@pytest.mark.parametrize("rho", [0.0, 1.0, -1.0])
def test_events_after_the_other_arm_is_gone_change_nothing(rho):
    short = CompetingRisks([1, 1, 2, 3], [1, 1, 1, 0], ["SSE"])
    long = CompetingRisks([1, 1, 2, 3], [1, 1, 1, 1], ["SSE"])
    one, two = (gray_test(data, list("AABB"), "SSE", rho=rho) for data in (short, long))
    assert_allclose(two.statistic, one.statistic, rtol=1e-12)
    assert_allclose(two.observed - two.expected, one.observed - one.expected, atol=1e-12)


def test_arm_without_events_of_the_cause_is_compared():
    data = CompetingRisks([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 2, 0], ["SSE", "death"])
    result = gray_test(data, list("AAABBB"), "SSE")
    assert_array_equal(result.observed, [3, 0])
    assert result.df == 1


@pytest.mark.parametrize("status", [[0, 0, 0, 0], [2, 0, 2, 2]])
def test_no_event_of_the_cause_is_not_estimable(status):
    result = gray_test(CompetingRisks([1, 2, 3, 4], status, ["SSE", "death"]), list("ABAB"), "SSE")
    assert np.isnan([result.statistic, result.df, result.p_value, result.z]).all()
    assert_array_equal(result.observed, 0.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cause": "pain"}, "cause must be one of"),
        ({"arm": ["A"] * 10}, "arm must have at least two labels, got"),
        ({"arm": ["A", "B"]}, r"arm must have one entry a row \(10\), got 2"),
        ({"arm": [None, *ARMS[1:]]}, r"arm must not be missing: 1 row\(s\) \(0\)"),
        ({"control": "C"}, r"control must be one of the arms \(A, B\), got 'C'"),
        ({"strata": [1, 2]}, r"strata must have one entry a row \(10\), got 2"),
        ({"strata": [np.nan] * 10}, "strata must not be missing"),
        ({"rho": np.nan}, "rho must be finite, got nan"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        gray_test(SMALL, **{"arm": ARMS, "cause": "SSE", **arguments})


def test_delayed_entry_is_refused():
    data = CompetingRisks([3, 4, 5], [1, 0, 1], ["SSE"], entry=[0, 1, 2])
    with pytest.raises(
        InvalidArgument, match=r"no delayed entry: 3 row\(s\) have entry times; incidence_contrast"
    ):
        gray_test(data, list("ABA"), "SSE")
