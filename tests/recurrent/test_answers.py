from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from tests.support.golden import cases, read

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.recurrent import ghosh_lin, recurrent_answers, while_alive_contrast

GOLDEN = cases("rates")["answers"]
NAMES = ["Andersen-Gill", "LWYY", "Ghosh-Lin", "while-alive"]
Z = 1.959963984540054


def bladder():
    frame = read("bladder1").query("start < stop and treatment != 'pyridoxine'")
    status = np.minimum(frame.status, 2)
    return RecurrentEvents(frame.id, frame.start, frame.stop, status, time_unit="months"), frame.treatment


def tiny(*, status=2):
    data = RecurrentEvents(
        ["a", "a", "b", "b", "c", "d", "d", "e", "f"],
        [0, 30, 0, 20, 0, 0, 45, 0, 0],
        [30, 90, 20, 80, 95, 45, 100, 50, 40],
        [1, 0, 1, 1, status, 1, 0, status, 0],
    )
    return data, list("CCCCCEEEE")


@pytest.fixture(scope="module")
def answers():
    return recurrent_answers(*bladder(), horizon=30)


@pytest.mark.parametrize("name", ["andersen_gill", "lwyy"])
def test_ratios_equal_coxph(answers, name):
    coefficient, error = GOLDEN[name]
    found = getattr(answers, name).result
    assert_allclose([np.log(found.estimate), found.std_error], [coefficient, error], rtol=1e-6)
    assert_allclose(
        np.log([found.lower, found.upper]), [coefficient - Z * error, coefficient + Z * error], rtol=1e-6
    )


def test_ghosh_lin_and_while_alive_are_those_functions(answers):
    data, arm = bladder()
    found, expected = answers.while_alive.result, while_alive_contrast(data, arm, horizon=30, kind="ratio")
    assert (found.estimate, found.lower, found.upper) == (expected.estimate, expected.lower, expected.upper)
    fit = ghosh_lin(data, pd.DataFrame({"arm": (arm == "thiotepa").astype(int)}))
    found = answers.ghosh_lin.result
    assert_allclose(
        [found.estimate, found.std_error, found.lower, found.upper, found.p_value],
        [fit.ratio[0], fit.std_error[0], fit.ratio_lower[0], fit.ratio_upper[0], fit.p_value[0]],
        rtol=1e-12,
    )


def test_survival_of_the_arms_stands_beside(answers):
    frame = answers.survival
    assert frame.arm.tolist() == ["placebo", "thiotepa"]
    assert frame.n_subjects.tolist() == GOLDEN["n"]
    assert frame.n_deaths.tolist() == GOLDEN["deaths"]
    assert_allclose(frame.time_alive, GOLDEN["time_alive"], rtol=1e-9)
    assert_allclose((frame.time_alive_upper - frame.time_alive) / Z, GOLDEN["time_alive_error"], rtol=1e-6)
    difference = answers.survival_difference
    assert_allclose(difference.estimate, np.diff(GOLDEN["time_alive"])[0], rtol=1e-9)
    assert "10 of 47 in placebo and 11 of 38 in thiotepa died" in answers.survival_note
    assert (
        "of 30 months the mean time alive is 27.75 in placebo and 26.93 in thiotepa" in answers.survival_note
    )


def test_one_row_and_one_sentence_an_answer(answers):
    frame = answers.frame
    assert frame.index.tolist() == NAMES
    for one in answers.answers:
        row = frame.loc[one.name]
        assert row.estimand == one.estimand
        assert row.estimate == one.result.estimate
        assert row.method == one.result.method
        assert "thiotepa over placebo" in row.estimand
        assert one.death
        assert one.use
    assert len(answers.sentences) == 5
    assert "0.664 (95% limits 0.372 to 1.18, p = 0.17)" in answers.lwyy.sentence
    assert answers.sentences[-1] == answers.survival_note
    assert (answers.horizon, answers.time_unit) == (30, "months")


def test_andersen_gill_and_lwyy_differ_in_the_standard_error_only(answers):
    first, second = answers.andersen_gill.result, answers.lwyy.result
    assert first.estimate == second.estimate
    assert first.std_error < second.std_error
    assert "standard error of the model" in first.method
    assert "robust covariance by 85 subjects" in second.method


def test_the_arguments_change_the_answer():
    data, arm = bladder()
    base = recurrent_answers(data, arm, horizon=30)
    longer = recurrent_answers(data, arm, horizon=20)
    assert longer.while_alive.result.estimate != base.while_alive.result.estimate
    assert longer.survival.time_alive[0] < base.survival.time_alive[0]
    narrow = recurrent_answers(data, arm, horizon=30, conf_level=0.8)
    assert (narrow.frame.upper < base.frame.upper).all()
    assert "80% limits" in narrow.lwyy.sentence
    swapped = recurrent_answers(data, arm, horizon=30, control="thiotepa")
    assert_allclose(swapped.frame.estimate, 1 / base.frame.estimate, rtol=1e-7)
    assert_allclose(swapped.frame.lower, 1 / base.frame.upper, rtol=1e-7)
    assert_allclose(swapped.survival_difference.estimate, -base.survival_difference.estimate)


def test_without_deaths_and_ties_ghosh_lin_is_lwyy():
    found = recurrent_answers(*tiny(status=0), horizon=40)
    first, second = found.lwyy.result, found.ghosh_lin.result
    assert_allclose([first.estimate, first.std_error], [second.estimate, second.std_error], rtol=1e-7)
    assert found.survival.n_deaths.tolist() == [0, 0]


@settings(max_examples=15)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_unit_of_time_change_nothing(random):
    data, arm = tiny()
    order = random.sample(range(len(arm)), len(arm))
    other = RecurrentEvents(
        data.subject[order], data.start[order] * 7, data.stop[order] * 7, data.status[order]
    )
    base = recurrent_answers(data, arm, horizon=50).frame
    found = recurrent_answers(other, np.array(arm)[order], horizon=350).frame
    numbers = ["estimate", "std_error", "lower", "upper", "p_value"]
    assert_allclose(found[numbers].to_numpy(), base[numbers].to_numpy(), rtol=1e-7)
    assert (base.lower <= base.estimate).all()
    assert (base.estimate <= base.upper).all()


def test_late_entry_counts_in_the_time_alive_and_leaves_answers_out_that_cannot_have_it():
    """Control: g dies at 3, of two at risk as a has not entered; a at 30, of two: 3 + 27/2 + 10/4."""
    rows = list("abbgcdd"), [5, 0, 10, 0, 0, 0, 20], [30, 10, 45, 3, 20, 20, 60], [2, 1, 2, 2, 2, 1, 0]
    found = recurrent_answers(RecurrentEvents(*rows), list("CCCCEEE"), horizon=40)
    assert_allclose(found.survival.time_alive, [19, 30])
    assert np.isnan(found.ghosh_lin.result.estimate)
    assert "enter after time 0" in found.ghosh_lin.result.method
    assert found.lwyy.result.estimate > 0


def test_an_arm_without_events_has_no_ratio_and_the_reason_is_said():
    data = RecurrentEvents(["a", "a", "b", "c", "d"], [0, 10, 0, 0, 0], [10, 60, 70, 50, 55], [1, 0, 0, 0, 2])
    found = recurrent_answers(data, ["C", "C", "C", "E", "E"], horizon=40)
    for one in (found.andersen_gill, found.lwyy, found.ghosh_lin):
        assert np.isnan(one.result.estimate)
        assert "not estimable: " in one.result.method
        assert one.sentence.endswith("not estimable.")
    assert found.while_alive.result.estimate == 0
    assert found.while_alive.sentence.endswith("0 (no limits).")


def test_a_horizon_beyond_the_follow_up_says_so():
    data, arm = tiny(status=0)
    found = recurrent_answers(data, arm, horizon=500)
    assert "the mean time alive up to 500 days is not estimable" in found.survival_note
    assert "not estimable" in found.survival_difference.method


@pytest.mark.parametrize(
    ("arm", "more", "message"),
    [
        (list("CCCCCEEEE"), {"horizon": 0}, "horizon must be a positive number"),
        (list("CCCCCEEEE"), {"horizon": 40, "conf_level": 1.5}, "conf_level"),
        (list("ECCCCEEEE"), {"horizon": 40}, "arm must be constant within a subject"),
        (list("CCCCCEEEF"), {"horizon": 40}, "arm must have two labels"),
        (list("CCCCCEEEE"), {"horizon": 40, "control": "X"}, "control must be one of"),
    ],
)
def test_bad_arguments_are_named(arm, more, message):
    with pytest.raises(InvalidArgument, match=message):
        recurrent_answers(tiny()[0], arm, **more)


def test_the_result_is_frozen(answers):
    with pytest.raises(AttributeError):
        answers.horizon = 1.0
    assert isinstance(answers.frame, pd.DataFrame)


def test_methods_name_the_arms():
    data, arm = tiny()
    found = recurrent_answers(data, arm, horizon=40, control="C")
    assert "reference C" in found.survival_difference.method
