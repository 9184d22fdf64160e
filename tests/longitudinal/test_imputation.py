from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from statsmodels.regression.linear_model import OLS
from tests.support.golden import cases
from tests.support.visit_data import drawn, measures, pain

from skeletal.errors import InvalidArgument, NotEstimable
from skeletal.longitudinal import (
    RepeatedMeasures,
    impute,
    imputed_contrast,
    mixed_model,
    rubin,
    tipping_point,
)

GOLDEN = cases("longitudinal")
NAN = float("nan")
STATISTICS = ["estimate", "std_error", "lower", "upper", "p_value"]


def numbers(found):
    return [getattr(found, name) for name in STATISTICS]


def test_rubin_equals_mice():
    given, want = GOLDEN["rubin"], GOLDEN["rubin"]
    found = rubin(given["estimates"], given["std_errors"], df_complete=57, conf_level=0.9)
    parts = [found.estimate, found.std_error, found.df, found.within, found.between]
    assert_allclose(parts, want["finite"], rtol=1e-10)
    assert_allclose([found.lower, found.p_value], [want["lower"], want["p_value"]], rtol=1e-10)
    found = rubin(given["estimates"], given["std_errors"])
    assert_allclose([found.estimate, found.std_error, found.df], want["infinite"], rtol=1e-10)


def test_rubin_equals_mitools():
    given = GOLDEN["rubin"]
    found = rubin(given["estimates"], given["std_errors"])
    assert_allclose([found.estimate, found.std_error], given["mitools"][:2], rtol=1e-10)
    assert_allclose(found.df, given["mitools_infinite"], rtol=1e-10)  # its finite df leaves 1/m out of lambda


def test_rubin_of_equal_answers_is_that_answer():
    found = rubin([2.0, 2.0, 2.0], [0.5, 0.5, 0.5], df_complete=20)
    assert (found.estimate, found.std_error, found.df, found.missing_share) == (2, 0.5, 20, 0)


@pytest.mark.parametrize(
    ("estimates", "errors", "more", "message"),
    [
        ([1.0], [1.0], {}, "at least two imputations"),
        ([1, 2], [1], {}, "std_errors must have one entry"),
        ([1, NAN], [1, 1], {}, "estimates must be known"),
        ([1, 2], [1, -1], {}, "std_errors must be known and not negative"),
        ([1, 2], [1, 1], {"df_complete": 0}, "df_complete must be positive"),
        ([1, 2], [1, 1], {"conf_level": 1.5}, "conf_level"),
    ],
)
def test_rubin_refuses(estimates, errors, more, message):
    with pytest.raises(InvalidArgument, match=message):
        rubin(estimates, errors, **more)


def test_without_missing_values_imputation_changes_nothing():
    frame, data = drawn(1, missing=0)
    found = impute(data, n_imputations=3, seed=1)
    assert not found.imputed.any()
    assert_array_equal(found.value, np.repeat(data.value[None], 3, axis=0))
    rows = frame.query("visit == 90")
    terms = np.column_stack([np.ones(len(rows)), rows.arm == "t", rows.base]).astype(float)
    peer = OLS(rows.value.to_numpy(), terms).fit()
    pooled = imputed_contrast(data, visit=90, n_imputations=3, seed=1)
    expected = [peer.params[1], peer.bse[1], *peer.conf_int()[1], peer.pvalues[1]]
    assert_allclose(numbers(pooled), expected, rtol=1e-9)


def test_observed_values_stay_and_deaths_and_structural_visits_are_not_imputed():
    data = pain()
    found = impute(data, n_imputations=4, seed=3)
    assert_array_equal(found.value[:, data.observed], np.repeat(data.value[data.observed][None], 4, axis=0))
    kept = np.isin(data.reason.astype(str), ["death", "structural"])
    assert_array_equal(np.isnan(found.value[0]), kept)
    assert "imputed (57 dropout, 8 missed)" in found.method
    assert "not imputed: 14 death, 34 structural" in found.method
    more = impute(data, n_imputations=4, seed=3, impute_structural=True)
    assert_array_equal(np.isnan(more.value[0]), data.reason == "death")
    whole = found.completed(2)
    assert_array_equal(whole.value, found.value[2])
    assert set(np.unique(whole.reason.astype(str))) == {"", "death", "structural"}


def test_draws_depend_on_the_seed_alone():
    frame, data = drawn(2)
    turned = measures(frame.sample(frac=1, random_state=5))
    one, other, third = (
        impute(x, n_imputations=2, seed=seed).value for x, seed in ((data, 7), (turned, 7), (data, 8))
    )
    assert_allclose(one, other)
    assert not np.allclose(one, third)


def test_monotone_draws_are_those_of_the_regressions_in_r():
    """Mean and spread of the drawn answers, with Monte Carlo errors of 1,000 imputations on both sides."""
    expected = GOLDEN["imputed"]
    found = imputed_contrast(pain(reasons=False), visit=365, n_imputations=1000, seed=11)
    noise = np.sqrt(2 * expected["between"] / 1000)
    assert abs(found.estimate - expected["estimate"]) < 4 * noise
    assert_allclose(found.within, expected["within"], rtol=0.03)
    assert_allclose(found.between, expected["between"], rtol=4 * np.sqrt(4 / 999))
    assert_allclose(found.std_error, expected["std_error"], rtol=0.04)


def test_missing_at_random_gives_what_the_mixed_model_gives():
    found = imputed_contrast(pain(reasons=False), visit=180, n_imputations=400, seed=4)
    model = mixed_model(pain(reasons=False)).contrasts.set_index("visit").loc[180.0]
    assert abs(found.estimate - model.estimate) < 0.15 * model.std_error
    assert_allclose(found.std_error, model.std_error, rtol=0.06)


def gap_trial(n=60):
    """Return subjects whose middle value lies half way between the others, missing for a third of them."""
    rng = np.random.default_rng(3)
    ends = rng.normal(5, 2, (n, 2))
    middle = ends.mean(axis=1) + rng.normal(0, 0.01, n)
    middle = np.where(np.arange(n) % 3 == 0, NAN, middle)
    value = np.column_stack([ends[:, 0], middle, ends[:, 1]])
    arm = np.where(np.arange(n) % 2, "t", "c")
    return ends, RepeatedMeasures(
        np.repeat(np.arange(n), 3), np.tile([1, 2, 3], n), value.ravel(), np.repeat(arm, 3)
    )


def test_gaps_are_filled_from_before_and_after():
    ends, data = gap_trial()
    found = impute(data, n_imputations=20, seed=1)
    assert (data.reason[~data.observed] == "missed").all()
    filled = found.value[:, ::3, 1]
    assert_allclose(filled.mean(axis=0), ends[::3].mean(axis=1), atol=0.02)
    assert 0.005 < filled.std(axis=0).mean() < 0.02


def loss_trial(n=400):
    """Return two arms 2 apart of which the second loses most of its last values."""
    rng = np.random.default_rng(8)
    arm = np.arange(n) % 2
    first = rng.normal(5 - 2 * arm, 1)
    last = first + rng.normal(0, 1, n) - 2 * arm
    last = np.where((arm == 1) & (rng.random(n) < 0.5), NAN, last)
    value = np.column_stack([first, last])
    return RepeatedMeasures(
        np.repeat(np.arange(n), 2), np.tile([1, 2], n), value.ravel(), np.repeat(np.where(arm, "t", "c"), 2)
    )


def test_copy_reference_draws_the_experimental_arm_from_the_control():
    data = loss_trial()
    plain = imputed_contrast(data, visit=2, n_imputations=50, seed=2)
    copied = imputed_contrast(data, visit=2, n_imputations=50, seed=2, method="copy-reference")
    assert plain.estimate == pytest.approx(-4, abs=0.4)
    assert copied.estimate == pytest.approx(-3, abs=0.4)  # half of the arm loses its further 2
    assert "copy reference" in copied.method


def test_delta_shifts_the_imputed_values_of_the_arm():
    """Without baseline the difference moves by delta times the share imputed."""
    _, data = drawn(4, n=40, missing=0.5, baseline=False)
    missing = ~data.observed[:, 2]
    share = [missing[data.arm == code].mean() for code in (0, 1)]
    at = {"visit": 90, "n_imputations": 5, "seed": 1}
    plain = imputed_contrast(data, **at)
    for arm, moved in (("experimental", share[1]), ("control", -share[0]), ("both", share[1] - share[0])):
        found = imputed_contrast(data, delta=3, delta_arm=arm, **at)
        assert found.estimate - plain.estimate == pytest.approx(3 * moved, abs=1e-10)
    assert min(share) > 0
    assert numbers(imputed_contrast(data, delta=0, **at)) == numbers(plain)


def test_late_visits_with_few_values_are_not_used():
    frame, _ = drawn(4, n=40, missing=0.3)
    few = frame.assign(value=frame.value.mask((frame.visit == 90) & (frame.subject > 8)))
    at = {"n_imputations": 5, "seed": 1}
    one = imputed_contrast(measures(few), visit=60, **at)
    assert "visits used to 60" in one.method
    without = imputed_contrast(measures(frame.query("visit < 90")), visit=60, **at)
    assert_allclose(numbers(one), numbers(without), rtol=1e-12)
    assert "visits used to 90" in imputed_contrast(measures(frame), visit=60, **at).method


def test_structural_visits_count_only_when_they_are_imputed():
    at = {"visit": 180, "n_imputations": 5, "seed": 1}
    assert "52 and 51 of 120 subjects, 20 values imputed" in imputed_contrast(pain(), **at).method
    assert "57 and 59 of 120" in imputed_contrast(pain(), impute_structural=True, **at).method


def test_the_shift_that_loses_significance_is_where_a_limit_meets_0():
    data = loss_trial()
    at = {"visit": 2, "n_imputations": 10, "seed": 5}
    found = tipping_point(data, deltas=np.arange(0, 21, 2.5), **at)
    assert found.frame["delta"].tolist() == np.arange(0, 21, 2.5).tolist()
    assert found.frame["estimate"].is_monotonic_increasing
    edge = imputed_contrast(data, delta=found.delta, **at)
    assert edge.upper == pytest.approx(0, abs=1e-8)
    assert found.frame["significant"].tolist() == [
        (shift < found.delta) for shift in found.frame["delta"]
    ] or (found.frame["lower"].iloc[-1] > 0)
    row = found.frame.set_index("delta").loc[5.0]
    assert_allclose(row[STATISTICS].to_list(), numbers(imputed_contrast(data, delta=5, **at)), rtol=1e-12)
    again = tipping_point(data, deltas=np.arange(0, 21, 2.5), **at)
    pd.testing.assert_frame_equal(found.frame, again.frame)
    assert f"lost at a shift of {found.delta:.6g}" in found.method


def test_a_negative_range_and_a_level_are_kept():
    data = loss_trial()
    at = {"visit": 2, "n_imputations": 10, "seed": 5}
    found = tipping_point(data, deltas=[-1, -2], **at)
    assert np.isnan(found.delta)
    assert "not lost from -2 to -1" in found.method
    strict, loose = (tipping_point(data, deltas=[30], conf_level=level, **at).delta for level in (0.999, 0.8))
    assert strict < loose


def test_nothing_to_lose_is_said():
    found = tipping_point(pain(), visit=365, deltas=[0, 1], n_imputations=5, seed=1)
    assert np.isnan(found.delta)
    assert "no significance to lose" in found.method


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([0.01, 100.0]))
def test_the_unit_of_the_values_only_scales(seed, scale):
    frame, data = drawn(seed)
    one, other = (
        imputed_contrast(x, visit=90, n_imputations=3, seed=1) for x in (data, measures(frame, scale=scale))
    )
    assert_allclose(other.estimate, scale * one.estimate, rtol=1e-6, atol=1e-9 * scale)
    assert_allclose([other.p_value, other.df], [one.p_value, one.df], rtol=1e-6)
    assert one.lower <= one.estimate <= one.upper


def tiny(value, why=None):
    return RepeatedMeasures([1, 1, 2, 2], [1, 2] * 2, value, list("ccdd"), reason=why)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (tiny([1, NAN, 2, 3]), r"arm c has 0 value\(s\) at visit 2 for an imputation from 2 terms"),
        (tiny([NAN] * 4), "no subject has a value at any visit"),
    ],
)
def test_too_few_values_are_refused(data, message):
    with pytest.raises(NotEstimable, match=message):
        impute(data, n_imputations=2, seed=1)


def test_an_earlier_visit_that_repeats_another_is_no_term():
    frame, _ = drawn(1, n=40, missing=0)
    again = frame.assign(value=np.where(frame.visit == 60, NAN, frame.value))
    again["value"] = again["value"].fillna(frame.value.where(frame.visit == 30).ffill())
    again.loc[(again.visit == 90) & (again.subject < 4), "value"] = NAN
    data = measures(again)
    found = impute(data, n_imputations=2, seed=1).value[:, :, 2]
    assert_allclose(found, impute(data.at_visits([30, 90]), n_imputations=2, seed=1).value[:, :, 1])


def carried_on(seed):
    """Return a first visit that repeats the baseline of all who came later; one of them missed it."""
    rng = np.random.default_rng(seed)
    base = np.repeat(rng.integers(0, 4, 60).astype(float), 3)
    visit, subject = np.tile([1, 2, 3], 60), np.repeat(np.arange(60), 3)
    value = np.where(visit == 1, base, base + rng.normal(size=180))
    value[(visit > 1) & (subject < 6)] = NAN
    value[(visit == 1) & (subject < 4)] += rng.normal(0, 2, 4)
    value[(visit == 1) & np.isin(subject, (20, 21))] = NAN
    return RepeatedMeasures(subject, visit, value, np.where(subject % 2, "t", "c"), baseline=base)


def test_a_visit_that_repeats_the_baseline_does_not_make_the_answer_a_matter_of_the_seed():
    data = carried_on(1)
    found = [imputed_contrast(data, visit=3, n_imputations=20, seed=seed) for seed in range(4)]
    assert np.ptp([each.estimate for each in found]) < 0.3 * found[0].std_error
    assert max(each.std_error for each in found) < 1.3 * min(each.std_error for each in found)


def test_a_visit_at_which_all_of_an_arm_have_the_same_value_is_not_imputed():
    frame, _ = drawn(2, missing=0)
    same = frame.assign(value=frame.value.mask((frame.arm == "t") & (frame.visit == 60), 2.0))
    same.loc[same.visit.eq(60) & same.subject.lt(4), "value"] = NAN
    with pytest.raises(NotEstimable, match="arm t: the values at visit 60 are all the same"):
        impute(measures(same), n_imputations=2, seed=1)


def test_gaps_of_a_visit_that_an_earlier_one_determines_are_refused():
    """Responses of 0 and 1 with gaps: the second is the first."""
    rng = np.random.default_rng(5)
    value = rng.integers(0, 2, (24, 3)).astype(float)
    value[:, 1] = value[:, 0]
    value[::5, 1] = NAN
    value[3, 2] = NAN
    arm = np.where(np.arange(24) % 2, "t", "c")
    data = RepeatedMeasures(
        np.repeat(np.arange(24), 3), np.tile([1, 2, 3], 24), value.ravel(), np.repeat(arm, 3)
    )
    with pytest.raises(NotEstimable, match="what comes before determines them"):
        impute(data, n_imputations=5, seed=1)


def test_an_arm_that_has_died_out_has_no_contrast():
    data = RepeatedMeasures(
        range(6), [1] * 6, [1, 2, 3, NAN, NAN, NAN], list("cccddd"), reason=["", "", "", *["death"] * 3]
    )
    with pytest.raises(NotEstimable, match="nobody of arm d has a value at visit 1"):
        imputed_contrast(data, visit=1, n_imputations=2, seed=1)


def test_one_subject_an_arm_has_no_variance():
    with pytest.raises(NotEstimable, match="2 values at visit 1 cannot determine 2 terms"):
        imputed_contrast(tiny([1, 2, 3, 4]), visit=1, n_imputations=2, seed=1)


def test_a_constant_baseline_is_refused():
    frame, _ = drawn(1, missing=0)
    with pytest.raises(NotEstimable, match="constant"):
        imputed_contrast(measures(frame.assign(base=1.0)), visit=30, n_imputations=2, seed=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_imputations": 0}, "n_imputations must be a whole number of at least 1"),
        ({"n_imputations": 1}, "at least 2 to be pooled"),
        ({"n_imputations": 2.5}, "whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"method": "locf"}, "method must be one of"),
        ({"visit": 31}, "visit must be one of 30, 90, 180, 365, got 31"),
        ({"delta": np.inf}, "delta must be finite"),
        ({"delta_arm": "all"}, "delta_arm must be one of"),
        ({"conf_level": 1}, "conf_level"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(InvalidArgument, match=message):
        imputed_contrast(pain(), **{"visit": 365, "n_imputations": 2, "seed": 1, **options})


@pytest.mark.parametrize(("deltas", "message"), [([], "no entries"), ([NAN], "known and finite")])
def test_deltas_are_checked(deltas, message):
    with pytest.raises(InvalidArgument, match=message):
        tipping_point(pain(), visit=365, deltas=deltas, n_imputations=2, seed=1)


def test_the_number_of_a_data_set_is_checked():
    with pytest.raises(InvalidArgument, match="between 0 and 1"):
        impute(pain(), n_imputations=2, seed=1).completed(2)
