from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.competing_trials import melanoma, mgus, mgus_by_age, sample
from tests.support.golden import cases, read

from skeletal.competing import cumulative_incidence, incidence_contrast
from skeletal.data import CompetingRisks
from skeletal.errors import InvalidArgument

COMPETING = cases("competing")
RTOL = 1e-10
KINDS = ["difference", "ratio", "log-log"]
VARIANCES = ["aalen", "greenwood", "jackknife"]
FIELDS = ["estimate", "std_error", "lower", "upper", "p_value"]
SMALL = CompetingRisks([2, 3, 5, 7, 8, 9, 4, 6, 1, 9], [1, 2, 1, 1, 2, 0, 1, 1, 2, 0], ["SSE", "death"])
ARMS = list("AAABBBBAAB")
ROWS = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 2), st.sampled_from("AB")), min_size=4, max_size=25
)


def numbers(result):
    return [getattr(result, field) for field in FIELDS]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize(("name", "trial"), [("contrast_melanoma", melanoma), ("contrast_mgus", mgus)])
def test_two_trials_as_cmprsk_etm_and_survfit(name, trial, variance, kind):
    data, sex = trial()
    for case in COMPETING[name]:
        result = incidence_contrast(data, sex, case["cause"], time=case["time"], kind=kind, variance=variance)
        expected = case[variance][kind]
        assert_allclose(numbers(result), [expected[field] for field in FIELDS], rtol=RTOL)


def test_by_hand():
    data = CompetingRisks([1, 2, 3, 4] * 2, [1, 2, 1, 0, 2, 1, 2, 0], ["SSE", "death"])
    result = incidence_contrast(data, list("CCCCEEEE"), "SSE", time=2.5)
    assert result.estimate == 0.0
    # both 1/4; C: 1/16; E: (1/3)^2/16 for the death before, (3/4)^2/9 for the event
    assert_allclose(result.std_error, np.sqrt(19 / 144), rtol=1e-12)
    assert_allclose([result.upper, result.p_value], [1.959963984540054 * result.std_error, 1.0], rtol=1e-12)


@pytest.mark.parametrize("variance", VARIANCES)
def test_delayed_entry_is_that_of_the_curves(variance):
    data, sex = mgus_by_age(), read("mgus2").sex
    women, men = (cumulative_incidence(sample(data, sex == x), "1", variance=variance).at(1000) for x in "FM")
    result = incidence_contrast(data, sex, "1", time=1000, variance=variance)
    assert_allclose(result.estimate, men.estimate - women.estimate, rtol=1e-12)
    assert_allclose(result.std_error**2, men.std_error**2 + women.std_error**2, rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(ROWS, st.sampled_from(KINDS), st.sampled_from(VARIANCES), st.randoms(use_true_random=False))
def test_swapping_arms_turns_the_contrast_and_row_order_changes_nothing(rows, kind, variance, random):
    assume(len({row[2] for row in rows}) == 2)
    results = []
    for order, control in ((rows, "A"), (rows, "B"), (random.sample(rows, len(rows)), "A")):
        time, status, arm = zip(*order, strict=True)
        data = CompetingRisks(time, status, ["SSE", "death"])
        results.append(
            incidence_contrast(data, arm, "SSE", time=3, control=control, kind=kind, variance=variance)
        )
    one, swapped, shuffled = results
    assert_allclose(numbers(shuffled), numbers(one), rtol=1e-9, atol=1e-12)
    if np.isnan(one.lower) or np.isnan(swapped.lower):
        return
    if kind == "ratio":
        assert_allclose([swapped.lower, swapped.upper], [1 / one.upper, 1 / one.lower], rtol=1e-9)
    else:
        assert_allclose([swapped.lower, swapped.upper], [-one.upper, -one.lower], rtol=1e-9, atol=1e-12)
    assert_allclose([swapped.std_error, swapped.p_value], [one.std_error, one.p_value], rtol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_arms_with_the_same_rows_do_not_differ(kind):
    data = CompetingRisks(np.tile(SMALL.time, 2), np.tile(SMALL.status, 2), SMALL.causes)
    result = incidence_contrast(data, np.repeat(["A", "B"], 10), "SSE", time=5, kind=kind)
    assert_allclose([result.estimate, result.p_value], [1.0 if kind == "ratio" else 0.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("variance", VARIANCES)
def test_the_unit_of_time_changes_nothing(variance):
    months = CompetingRisks(SMALL.time * 7, SMALL.status, SMALL.causes)
    one = incidence_contrast(SMALL, ARMS, "SSE", time=6, variance=variance)
    assert numbers(incidence_contrast(months, ARMS, "SSE", time=42, variance=variance)) == numbers(one)


def test_each_argument_changes_the_answer_and_is_named():
    results = [
        incidence_contrast(SMALL, ARMS, "SSE", time=6),
        incidence_contrast(SMALL, ARMS, "death", time=6),
        incidence_contrast(SMALL, ARMS, "SSE", time=4),
        incidence_contrast(SMALL, ARMS, "SSE", time=6, kind="ratio"),
        incidence_contrast(SMALL, ARMS, "SSE", time=6, kind="log-log"),
        incidence_contrast(SMALL, ARMS, "SSE", time=6, control="B"),
        incidence_contrast(SMALL, ARMS, "SSE", time=6, variance="greenwood"),
        incidence_contrast(SMALL, ARMS, "SSE", time=6, variance="jackknife"),
    ]
    assert len({result.method for result in results}) == len(results)
    assert len({(round(result.estimate, 12), round(result.std_error, 12)) for result in results}) == 7
    wide, narrow = (incidence_contrast(SMALL, ARMS, "SSE", time=6, conf_level=x) for x in (0.99, 0.8))
    assert (wide.lower < narrow.lower, wide.upper > narrow.upper, wide.conf_level) == (True, True, 0.99)


def test_the_default_variance_is_that_of_cumulative_incidence():
    default, named = (
        incidence_contrast(SMALL, ARMS, "SSE", time=6, **more) for more in ({}, {"variance": "aalen"})
    )
    assert numbers(default) == numbers(named)


def test_the_incidence_steps_at_the_time_itself():
    before, at = (incidence_contrast(SMALL, ARMS, "SSE", time=time) for time in (4.999, 5))
    assert before.estimate != at.estimate


def one_arm_without_the_event(first, second):
    """Two arms: one with events of the cause at 2 and 3, the other with none until 4."""
    time, status = [2, 3, 5, 6, 4, 5, 5, 6], [1, 1, 0, 0, 2, 0, 0, 0]
    return CompetingRisks(time, status, ["SSE", "death"]), [first] * 4 + [second] * 4


def test_ratio_of_nothing_over_something_is_0_without_limits():
    data, arm = one_arm_without_the_event("A", "B")
    result = incidence_contrast(data, arm, "SSE", time=4, kind="ratio")
    assert result.estimate == 0.0
    assert np.isnan([result.std_error, result.lower, result.upper, result.p_value]).all()
    assert result.method.endswith("; no limits: the incidence of B is 0")


@pytest.mark.parametrize(
    ("kind", "control", "reason"),
    [
        ("ratio", "B", "not estimable: the incidence of B is 0"),
        ("log-log", "A", "not estimable: the incidence of B is 0 or 1"),
        ("log-log", "B", "not estimable: the incidence of B is 0 or 1"),
    ],
)
def test_a_scale_without_a_value_at_0_is_not_estimable(kind, control, reason):
    data, arm = one_arm_without_the_event("A", "B")
    result = incidence_contrast(data, arm, "SSE", time=4, kind=kind, control=control)
    assert np.isnan(numbers(result)).all()
    assert result.method.endswith(f"; {reason}")


@pytest.mark.parametrize("variance", VARIANCES)
def test_log_log_of_certainty_is_not_estimable(variance):
    # seven steps of 1/7 add up to 1 but for rounding
    data = CompetingRisks([*range(1, 8), 2, 8], [1] * 7 + [1, 0], ["SSE"])
    result = incidence_contrast(data, list("AAAAAAABB"), "SSE", time=7, kind="log-log", variance=variance)
    assert np.isnan(numbers(result)).all()
    assert "the incidence of A is 0 or 1" in result.method


def test_no_event_on_either_arm_has_no_test():
    result = incidence_contrast(SMALL, ARMS, "SSE", time=1)
    assert (result.estimate, result.std_error, result.lower, result.upper) == (0.0, 0.0, 0.0, 0.0)
    assert np.isnan(result.p_value)
    assert result.method.endswith("; no test: neither arm has a variance")


def test_beyond_the_follow_up_of_an_arm_is_not_estimable():
    data = CompetingRisks([2, 5, 7, 3, 6, 9], [1, 2, 0, 1, 1, 0], ["SSE", "death"])
    result = incidence_contrast(data, list("AAABBB"), "SSE", time=8)
    assert np.isnan(numbers(result)).all()
    assert result.method.endswith("; not estimable: A is followed to 7 days only")
    assert not np.isnan(numbers(incidence_contrast(data, list("AAABBB"), "SSE", time=7))).any()


def test_beyond_the_last_event_of_everybody_is_known():
    data = CompetingRisks([2, 5, 7, 3, 6, 9], [1, 2, 1, 1, 1, 0], ["SSE", "death"])
    at_7, at_9 = (incidence_contrast(data, list("AAABBB"), "SSE", time=time) for time in (7, 9))
    assert_allclose(numbers(at_9), numbers(at_7), rtol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cause": "pain"}, "cause must be one of 'SSE', 'death', got 'pain'"),
        ({"time": 0}, "time must be a positive number in the unit of the times, got 0"),
        ({"time": -3}, "time must be a positive number"),
        ({"time": np.nan}, "time must be a positive number"),
        ({"time": np.inf}, "time must be a positive number"),
        ({"time": "soon"}, "time must be a positive number .* got 'soon'"),
        ({"time": [3, 5]}, "time must be a positive number"),
        ({"arm": ["A"] * 10}, "arm must have at least two labels, got"),
        ({"arm": list("AAAABBBBCC")}, r"arm must have two labels, got 3 \(A, B, C\): .*gray_test for all"),
        ({"arm": ["A", "B"]}, r"arm must have one entry a row \(10\), got 2"),
        ({"arm": [None, *ARMS[1:]]}, r"arm must not be missing: 1 row\(s\) \(0\)"),
        ({"control": "C"}, r"control must be one of the arms \(A, B\), got 'C'"),
        ({"kind": "odds"}, "kind must be one of 'difference', 'ratio', 'log-log', got 'odds'"),
        ({"variance": "delta"}, "variance must be one of 'aalen', 'greenwood', 'jackknife', got 'delta'"),
        ({"conf_level": 95}, "conf_level must lie strictly between 0 and 1, got 95"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        incidence_contrast(SMALL, **{"arm": ARMS, "cause": "SSE", "time": 6, **arguments})
