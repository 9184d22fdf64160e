from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import chi2, norm
from tests.support.cox_fits import lung_fit, monthly_heart
from tests.support.golden import cases, read, read_shared

from skeletal.data import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.recurrent import andersen_gill
from skeletal.survival import concordance, cox, linear_combination, subgroup_effects

AFTER = cases("cox_after")
RTOL = 1e-9
PARTS = {
    "log_hr": "log_hazard_ratio",
    "se": "std_error",
    "hr": "hazard_ratio",
    "lower": "lower",
    "upper": "upper",
    "p": "p_value",
}


def check(effects, expected, rtol=RTOL):
    for theirs, ours in PARTS.items():
        got = getattr(effects, ours)
        assert_allclose(got[:-1], expected["effects"][theirs], rtol=rtol, err_msg=ours)
        if "overall" in expected:
            # R's coefficient next to 0 is iterated to 1e-12 of the likelihood.
            assert_allclose(got[-1], expected["overall"][theirs], rtol=rtol, err_msg=f"{ours}, overall")
    for test, name in ((effects.likelihood_ratio_test, "lrt"), (effects.wald_test, "wald")):
        assert_allclose([test.statistic, test.df, test.p_value], expected[name], rtol=rtol, err_msg=name)


def veteran(**changes):
    frame = read("veteran").assign(**changes)
    return RightCensored(frame.time, frame.status), frame


def prostate():
    frame = read_shared("prostate")
    high = frame.rx.isin(["1.0 mg estrogen", "5.0 mg estrogen"]).astype(int)
    return RightCensored(frame.dtime, frame.status != "alive"), high, frame.bm


def test_reference_interaction_as_r():
    data, high, bm = prostate()
    expected = AFTER["interaction"]
    full, coef = expected["full"], list(expected["full"]["coef"].values())
    fit = cox(data, pd.DataFrame({"high": high, "bm": bm, "high:bm": high * bm}))
    assert_allclose(fit.coefficient, coef, rtol=RTOL)
    assert_allclose(fit.covariance, full["var"], rtol=RTOL)
    result = concordance(fit)
    assert_allclose([result.estimate, result.std_error], full["concordance"], rtol=RTOL)
    effects = subgroup_effects(data, high, bm)
    assert_allclose(effects.log_hazard_ratio[:2], [coef[0], coef[0] + coef[2]], rtol=RTOL)
    test = effects.likelihood_ratio_test
    assert_allclose([test.statistic, test.df], [expected["lrt_interaction"], 1], rtol=RTOL)
    assert_allclose(effects.wald_test.statistic, (coef[2] / full["se"]["high:bm"]) ** 2, rtol=RTOL)
    combined = linear_combination(fit, {"high": 1, "high:bm": 1})
    assert_allclose(
        [combined.estimate, combined.std_error], [effects.log_hazard_ratio[1], effects.std_error[1]]
    )


def test_reference_separate_models_as_r():
    data, high, bm = prostate()
    effects = subgroup_effects(data, high, bm, model="separate")
    for k, expected in enumerate(AFTER["interaction"]["by_bm"]):
        assert_allclose(effects.log_hazard_ratio[k], expected["coef"]["high"], rtol=RTOL)
        assert_allclose(effects.std_error[k], expected["se"]["high"], rtol=RTOL)
        assert_allclose([effects.lower[k], effects.upper[k]], np.ravel(expected["hr_ci"]), rtol=RTOL)
        assert effects.n_subjects[k].sum() == expected["n"]
        assert effects.n_events[k].sum() == expected["nevent"]


def test_interaction_with_covariates_and_strata_as_r():
    data, frame = veteran()
    effects = subgroup_effects(
        data, frame.trt, frame.celltype, covariates=frame[["karno"]], strata=frame.prior
    )
    check(effects, AFTER["subgroups_interaction"])
    assert effects.labels == ("adeno", "large", "smallcell", "squamous", "overall")
    assert effects.arms == (1, 2)
    assert effects.reason == ("",) * 5
    assert effects.method == (
        "hazard ratio of 2 over 1 by Cox models, Efron's rule for ties, one model with the arm by subgroup "
        "interaction, overall without the subgroup, Wald limits and p-values, stratified"
    )


def test_tie_rule_as_r():
    data, frame = veteran()
    effects = subgroup_effects(data, frame.trt, frame.celltype, ties="breslow")
    check(effects, AFTER["subgroups_breslow"])
    assert "Breslow's rule" in effects.method


def test_separate_models_with_covariates_and_strata_as_r():
    data, frame = veteran()
    effects = subgroup_effects(
        data,
        frame.trt,
        frame.celltype,
        covariates=frame[["karno"]],
        strata=frame.prior,
        model="separate",
    )
    check(effects, AFTER["subgroups_separate"])
    assert "a separate model in each subgroup" in effects.method


def test_delayed_entry_and_weights_as_r():
    data, frame = monthly_heart()
    effects = subgroup_effects(data, frame.transplant, frame.surgery, covariates=frame[["age"]])
    check(effects, AFTER["subgroups_weighted_start_stop"])
    assert effects.n_subjects[-1].sum() == 172  # rows, not weights


def without_events_of_one_arm():
    frame = read("veteran")
    return veteran(status=frame.status.where((frame.trt == 1) | (frame.celltype != "large"), 0))


def test_an_arm_without_events_leaves_the_other_subgroups_as_r():
    data, frame = without_events_of_one_arm()
    effects = subgroup_effects(data, frame.trt, frame.celltype, covariates=frame[["karno"]])
    expected = AFTER["subgroups_empty_arm"]
    others = [0, 2, 3]
    ours = effects.log_hazard_ratio[others]
    assert_allclose(ours, expected["log_hr_without_arm"], rtol=RTOL)
    assert_allclose(ours, np.array(expected["log_hr"])[others], rtol=1e-8)  # R stops on its way to infinity
    assert_allclose(effects.std_error[others], expected["se"], rtol=RTOL)
    test = effects.likelihood_ratio_test
    assert_allclose([test.statistic, test.df, test.p_value], expected["lrt"], rtol=1e-8)
    for name in PARTS.values():
        assert np.isnan(getattr(effects, name)[1])
        assert_allclose(effects.to_frame()["log_hazard_ratio"][4], expected["overall"]["log_hr"], rtol=RTOL)
    assert effects.reason == ("", "no events in arm 2", "", "", "")
    assert np.isnan(effects.wald_test.statistic)
    assert effects.wald_test.method == "no Wald test of the interaction: an effect is not estimable"


@pytest.mark.parametrize("name", ["plain", "karno"])
def test_an_arm_without_events_in_separate_models_as_r(name):
    data, frame = without_events_of_one_arm()
    others, expected = (
        (None if name == "plain" else frame[[name]]),
        AFTER["subgroups_empty_arm_separate"][name],
    )
    effects = subgroup_effects(data, frame.trt, frame.celltype, covariates=others, model="separate")
    assert effects.reason == ("", "no events in arm 2", "", "", "")
    assert_allclose(effects.log_hazard_ratio[[0, 2, 3]], expected["log_hr"], rtol=1e-8)
    test = effects.likelihood_ratio_test
    assert_allclose([test.statistic, test.df, test.p_value], expected["lrt"], rtol=1e-8)


@pytest.mark.parametrize("model", ["interaction", "separate"])
def test_subgroups_without_events_and_arms_that_are_absent(model):
    time = [1, 4, 5, 8, 12, 11, 2, 6, 9, 10, 13, 12, 3, 7, 14]
    event = [1, 1, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0]
    arm = list("ABABABBAAB") + list("AB") + list("BBB")
    group = list("vvvvvvwwww") + list("xx") + list("yyy")
    effects = subgroup_effects(RightCensored(time, event), arm, group, model=model)
    assert effects.reason == ("", "", "no events", "no events in arm A", "")
    assert effects.n_subjects.tolist() == [[3, 3], [2, 2], [1, 1], [0, 3], [6, 9]]
    assert effects.n_events.tolist() == [[2, 3], [2, 1], [0, 0], [0, 2], [4, 6]]
    assert np.isnan(effects.hazard_ratio[[2, 3]]).all()
    assert np.isfinite(effects.hazard_ratio[[0, 1, 4]]).all()
    assert effects.likelihood_ratio_test.df == 2  # v, w and y
    assert np.isnan(effects.wald_test.statistic)


@pytest.mark.parametrize("model", ["interaction", "separate"])
def test_no_events_at_all_is_nan_with_the_reason(model):
    data = RightCensored([1, 2, 3, 4], [0, 0, 0, 0])
    effects = subgroup_effects(data, list("ABAB"), list("xxyy"), model=model)
    assert effects.reason == ("no events",) * 3
    assert np.isnan(effects.likelihood_ratio_test.statistic)


@pytest.mark.parametrize("model", ["interaction", "separate"])
def test_an_arm_without_any_event_is_nan_with_the_reason(model):
    data = RightCensored([1, 2, 3, 4, 5, 6, 7, 8], [1, 0, 1, 0, 1, 0, 1, 0])
    effects = subgroup_effects(data, list("ABABABAB"), list("xxxxyyyy"), model=model)
    assert effects.reason == ("no events in arm B",) * 3
    assert np.isnan(effects.likelihood_ratio_test.statistic)


@pytest.mark.parametrize("model", ["interaction", "separate"])
def test_events_in_one_arm_of_each_subgroup_have_no_effects_but_a_likelihood(model):
    data = RightCensored([1, 4, 6, 8, 3, 2, 7, 5], [1, 0, 1, 0, 0, 1, 0, 1])
    effects = subgroup_effects(data, list("ABABABAB"), list("xxxxyyyy"), model=model)
    assert effects.reason == ("no events in arm B", "no events in arm A", "")
    assert effects.likelihood_ratio_test.df == 1
    assert effects.likelihood_ratio_test.statistic > 0


def test_a_model_without_maximum_gives_its_reason():
    # All events of x come first in arm A: within x the ratio of the arms has no finite estimate.
    data = RightCensored([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 1, 1, 1, 0])
    effects = subgroup_effects(data, list("AABBABAB"), list("xxxxyyyy"), model="separate")
    assert "the partial likelihood has no maximum" in effects.reason[0]
    assert np.isnan(effects.hazard_ratio[0])
    assert effects.reason[1] == ""
    assert np.isnan(effects.likelihood_ratio_test.statistic)


def test_strata_that_tell_the_subgroups_apart_take_the_place_of_their_effects():
    data, frame = veteran()
    effects = subgroup_effects(data, frame.trt, frame.celltype, strata=frame.celltype)
    separate = subgroup_effects(data, frame.trt, frame.celltype, model="separate")
    assert_allclose(effects.log_hazard_ratio[:4], separate.log_hazard_ratio[:4], rtol=1e-8)
    assert_allclose(
        effects.likelihood_ratio_test.statistic, separate.likelihood_ratio_test.statistic, rtol=1e-8
    )


@pytest.mark.parametrize("model", ["interaction", "separate"])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_order_of_rows_units_and_the_control_arm(model, seed):
    rng = np.random.default_rng(seed)
    n = 60
    time, event = rng.integers(1, 20, n), rng.integers(0, 4, n) > 0
    arm, group = rng.choice(["A", "B"], n), rng.choice(["x", "y", "z"], n)
    plain = subgroup_effects(RightCensored(time, event), arm, group, model=model)
    order = rng.permutation(n)
    data = RightCensored(time[order] / 7, event[order], time_unit="weeks")
    turned = subgroup_effects(data, arm[order], group[order], control="B", model=model)
    assert_allclose(turned.log_hazard_ratio, -plain.log_hazard_ratio, rtol=1e-6, atol=1e-9)
    assert_allclose(turned.lower, 1 / plain.upper, rtol=1e-6)
    assert_allclose(turned.p_value, plain.p_value, rtol=1e-6)
    assert_allclose(turned.n_events, plain.n_events[:, ::-1])
    for name in ("likelihood_ratio_test", "wald_test"):
        one, other = getattr(plain, name), getattr(turned, name)
        assert_allclose([one.statistic, one.df], [other.statistic, other.df], rtol=1e-6, atol=1e-9)
    assert plain.arms == ("A", "B")
    assert turned.arms == ("B", "A")


def test_level_of_the_limits():
    data, frame = veteran()
    effects = subgroup_effects(data, frame.trt, frame.celltype, conf_level=0.9)
    width = 1.6448536269514722 * effects.std_error
    assert_allclose(effects.upper, np.exp(effects.log_hazard_ratio + width), rtol=1e-12)
    assert effects.conf_level == 0.9


def test_frame_suits_a_forest_figure():
    data, frame = without_events_of_one_arm()
    table = subgroup_effects(data, frame.trt, frame.celltype).to_frame()
    assert list(table) == [
        "label", "events", "ratio", "lower", "upper", "p_value", "n_control", "events_control",
        "n_experimental", "events_experimental", "log_hazard_ratio", "std_error", "reason",
    ]  # fmt: skip
    assert table.label.tolist() == ["adeno", "large", "smallcell", "squamous", "overall"]
    assert table.events[1] == "14/27"
    assert (table.n_control[1], table.events_control[1]) == (15, 14)
    assert (table.n_experimental[1], table.events_experimental[1]) == (12, 0)
    assert table.reason[1] == "no events in arm 2"


def test_result_cannot_be_changed():
    data, frame = veteran()
    effects = subgroup_effects(data, frame.trt, frame.celltype)
    with pytest.raises(ValueError, match="read-only"):
        effects.hazard_ratio[0] = 1.0
    with pytest.raises(AttributeError):
        effects.conf_level = 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arm": list("ABCABCAB")}, r"arm must have two labels, got 3 \(A, B, C\)"),
        ({"arm": list("AAAAAAAA")}, "arm must have at least two labels"),
        ({"arm": list("AB")}, "arm must have one entry a row"),
        ({"subgroup": ["x"] * 8}, r"subgroup must have at least two labels, got \['x'\]"),
        ({"subgroup": [None, *"xyxyxyx"]}, r"subgroup must not be missing: 1 row\(s\) \(0\)"),
        ({"control": "C"}, "control must be one of the arms"),
        ({"covariates": pd.DataFrame({"x": list("abcdefgh")})}, r"must be numeric: 1 column\(s\)"),
        ({"strata": [1]}, "strata must have one entry a row"),
        ({"ties": "discrete"}, "ties must be one of 'efron', 'breslow', 'exact'"),
        ({"model": "nested"}, "model must be one of 'interaction', 'separate'"),
        ({"conf_level": 95}, "conf_level must lie strictly between 0 and 1"),
    ],
)
def test_arguments_are_refused_by_name(options, message):
    data = RightCensored([1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 1, 1, 0, 1, 1, 1])
    given = {"arm": list("ABABABAB"), "subgroup": list("xxxxyyyy"), **options}
    with pytest.raises(InvalidArgument, match=message):
        subgroup_effects(data, **given)


def test_exact_ties_refuse_case_weights():
    data = RightCensored([1, 2, 3, 4], [1, 1, 1, 1], weight=[1, 2, 1, 2])
    with pytest.raises(InvalidArgument, match="takes no case weights"):
        subgroup_effects(data, list("ABAB"), list("xxyy"), ties="exact")


def test_exact_ties():
    frame = read("veteran")
    grouped = RightCensored(np.ceil(frame.time / 60), frame.status)
    effects = subgroup_effects(grouped, frame.trt, frame.prior, ties="exact", model="separate")
    own = frame.prior == 0
    alone = cox(
        RightCensored(np.ceil(frame.time / 60)[own], frame.status[own]), frame[["trt"]][own], ties="exact"
    )
    assert_allclose(effects.log_hazard_ratio[0], alone.coefficient[0], rtol=1e-9)


def test_combination_as_r():
    result = linear_combination(lung_fit(), {"sex": -2, "age": 10}, conf_level=0.9, null=0.5)
    expected = AFTER["combination"]
    got = [result.estimate, result.std_error, result.lower, result.upper, result.p_value]
    assert_allclose(got, [expected[name] for name in ("estimate", "se", "lower", "upper", "p")], rtol=RTOL)
    assert result.conf_level == 0.9
    assert result.method.startswith("linear combination 10 age + -2 sex, Wald limits and test of 0.5; Cox")


def test_one_coefficient_is_that_of_the_fit():
    fit = lung_fit(cluster=range(228))
    result = linear_combination(fit, {"age": 1})
    assert_allclose(
        [result.estimate, result.std_error, result.lower, result.upper, result.p_value],
        [getattr(fit, name)[0] for name in ("coefficient", "std_error", "lower", "upper", "p_value")],
        rtol=1e-12,
    )


def test_combination_of_other_regressions_and_of_firth():
    data = RecurrentEvents([1, 1, 2, 2, 3, 4], [0, 3, 0, 4, 0, 0], [3, 9, 4, 7, 8, 6], [1, 0, 1, 1, 0, 1])
    fit = andersen_gill(data, pd.DataFrame({"arm": [0, 0, 1, 1, 0, 1]}))
    result = linear_combination(fit, {"arm": -1})
    assert_allclose([result.estimate, result.std_error], [-fit.coefficient[0], fit.std_error[0]])
    firth = lung_fit(penalty="firth")
    result = linear_combination(firth, {"age": 1}, conf_level=0.5)
    z = abs(firth.coefficient[0] / firth.std_error[0])
    assert_allclose(result.p_value, 2 * norm.sf(z), rtol=1e-12)
    assert_allclose(result.p_value, chi2.sf(z**2, 1), rtol=1e-12)


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        ({"agee": 1}, {}, r"must name coefficients of the fit \(age, sex\): 1 are none \(agee\)"),
        ({}, {}, "one weight at least other than 0"),
        ({"age": 0}, {}, "one weight at least other than 0"),
        ({"age": np.inf}, {}, "weights and null must be finite"),
        ({"age": 1}, {"null": np.nan}, "weights and null must be finite"),
        ({"age": 1}, {"conf_level": 2}, "conf_level must lie strictly between 0 and 1"),
    ],
)
def test_combinations_are_refused_by_name(weights, options, message):
    with pytest.raises(InvalidArgument, match=message):
        linear_combination(lung_fit(), weights, **options)
