from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.support.golden import cases, read

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.recurrent import andersen_gill, event_rate, outside_window, remove_window, window_effect

GOLDEN = cases("rates")["window"]
DATA = RecurrentEvents(
    ["a", "a", "a", "b", "c", "c", "c"],
    [0, 30, 45, 0, 0, 10, 40],
    [30, 45, 80, 60, 10, 25, 90],
    [1, 0, 2, 0, 1, 0, 0],
)
ARM = ["C", "C", "C", "C", "E", "E", "E"]


def episodes_of_cgd():
    """Rows of cgd in which events less than 21 days after the last counted one do not count."""
    frame = read("cgd").sort_values(["id", "tstart"])
    status, last = [], {}
    for row in frame.itertuples():
        counts = row.status == 1 and row.tstop - last.get(row.id, -np.inf) >= 21
        if counts:
            last[row.id] = row.tstop
        status.append(int(counts))
    return RecurrentEvents(frame.id, frame.tstart, frame.tstop, status), frame.treat.to_numpy()


def test_window_effect_equals_glm_and_coxph_on_shifted_rows():
    data, arm = episodes_of_cgd()
    frame = window_effect(data, arm, 20).set_index(["statistic", "arm"])
    arms = ["placebo", "rIFN-g"]
    for choice, expected in GOLDEN.items():
        found = frame[choice]
        assert_allclose(found["years"][arms], expected["years"], rtol=1e-12)
        assert_array_equal(found["events"][arms], expected["events"])
        assert_allclose(found["rate"][arms], np.divide(expected["events"], expected["years"]), rtol=1e-12)
        for name, numbers in (("rate_ratio", "poisson"), ("andersen_gill_ratio", "andersen_gill")):
            coefficient, error = expected[numbers][:2]
            ends = [coefficient, coefficient - 1.959963984540054 * error,
                    coefficient + 1.959963984540054 * error]  # fmt: skip
            values = [found[f"{name}{part}", "rIFN-g"] for part in ("", "_lower", "_upper")]
            assert_allclose(np.log(values), ends, rtol=1e-7)
    assert len(remove_window(data, 20).stop) == GOLDEN["removed"]["rows"]


def test_rows_are_shortened_or_left_out_and_who_dies_stays():
    left, rows = outside_window(DATA, 20)
    assert_array_equal(rows, [0, 2, 3, 4, 6])
    assert_array_equal(left.start, [0, 50, 0, 0, 40])
    assert_array_equal(left.stop, [30, 80, 60, 10, 90])
    assert_array_equal(left.subject, ["a", "a", "b", "c", "c"])
    assert_array_equal(left.status, [1, 2, 0, 1, 0])


def test_a_death_within_a_window_stays_in_a_row_without_length():
    left = remove_window(DATA, 60)
    assert_array_equal(left.stop[left.status == 2], [80])
    assert_allclose((left.stop - left.start)[left.status == 2], 0, atol=1e-12)
    assert_allclose((left.stop - left.start).sum(), 30 + 60 + 10 + 20, rtol=1e-12)
    assert left.n_subjects == 3


def test_an_event_on_the_last_day_of_a_window_is_refused_and_one_day_later_counts():
    rows = ["a", "a", "b", "b"], [0, 30, 0, 10], [30, 51, 10, 40], [1, 1, 1, 0]
    data = RecurrentEvents(*rows)
    assert remove_window(data, 20).n_events == 3
    with pytest.raises(InvalidArgument, match=r"within 21 days .* 1 do, of 1 subject\(s\) \(a\), .*after 21"):
        remove_window(data, 21)


@pytest.mark.parametrize("length", [0, -1, np.nan, np.inf, "long"])
def test_a_length_that_is_no_positive_number_is_named(length):
    with pytest.raises(InvalidArgument, match="length must be a positive number"):
        remove_window(DATA, length)


@settings(max_examples=30)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=5), min_size=1, max_size=6
    ),
    st.integers(1, 30),
    st.randoms(use_true_random=False),
)
def test_days_at_risk_are_those_on_which_no_window_lies(subjects, length, random):
    """Whole days counted one by one; events that would lie in a window are none."""
    rows, days = [], {}
    for who, steps in enumerate(subjects):
        time, last, days[who] = 0, -np.inf, 0
        for step, event in steps:
            days[who] += sum(not last < day <= last + length for day in range(time + 1, time + step + 1))
            counts = event and time + step - last > length
            rows.append((who, time, time + step, int(counts)))
            time += step
            last = time if counts else last
    random.shuffle(rows)
    data = RecurrentEvents(*zip(*rows, strict=True))
    left = remove_window(data, length)
    for who, count in days.items():
        own = left.subject == who
        assert (left.stop - left.start)[own].sum() == count
    assert left.n_events == data.n_events
    assert left.n_subjects == data.n_subjects
    years = RecurrentEvents(data.subject, data.start / 4, data.stop / 4, data.status, time_unit="years")
    assert_allclose(remove_window(years, length / 4).start, left.start / 4)


def test_a_window_raises_the_rate_and_keeps_the_events():
    data, arm = episodes_of_cgd()
    assert event_rate(remove_window(data, 20)).estimate > event_rate(data).estimate
    frame = window_effect(data, arm, 20)
    assert (frame.query("statistic == 'rate'").removed > frame.query("statistic == 'rate'").kept).all()
    assert frame.method.str.contains("20 days after each event kept in or removed").all()


def test_labels_by_row_go_on_to_the_next_step():
    data, arm = episodes_of_cgd()
    left, rows = outside_window(data, 20)
    fit = andersen_gill(left, pd.DataFrame({"arm": (arm[rows] == "rIFN-g").astype(int)}))
    assert_allclose(fit.coefficient[0], GOLDEN["removed"]["andersen_gill"][0], rtol=1e-8)


def test_the_arguments_of_window_effect_change_the_answer():
    data, arm = episodes_of_cgd()
    base = window_effect(data, arm, 20).set_index("statistic")
    short = window_effect(data, arm, 5).set_index("statistic")
    assert (short.loc["years"].removed > base.loc["years"].removed).all()
    level = window_effect(data, arm, 20, conf_level=0.8).set_index("statistic")
    assert level.loc["rate_ratio_upper", "kept"] < base.loc["rate_ratio_upper", "kept"]
    other = window_effect(data, arm, 20, control="rIFN-g").set_index("statistic")
    for name in ("rate_ratio", "andersen_gill_ratio"):
        assert_allclose(other.loc[name, "removed"], 1 / base.loc[name, "removed"], rtol=1e-9)
        assert_allclose(other.loc[f"{name}_lower", "kept"], 1 / base.loc[f"{name}_upper", "kept"], rtol=1e-9)


def test_an_arm_without_events_leaves_ratios_unknown_and_says_why():
    data = RecurrentEvents(["a", "a", "b", "c"], [0, 30, 0, 0], [30, 80, 60, 90], [1, 0, 0, 0])
    frame = window_effect(data, ["C", "C", "E", "E"], 20).set_index("statistic")
    assert np.isnan(frame.loc["andersen_gill_ratio", "kept"])
    assert "not estimable" in frame.loc["andersen_gill_ratio", "method"]
    assert frame.loc["rate_ratio", "removed"] == 0
    assert "no events in E" in frame.loc["rate_ratio", "method"]


def test_bad_arms_of_window_effect_are_named():
    with pytest.raises(InvalidArgument, match="arm must be constant within a subject"):
        window_effect(DATA, ["E", *ARM[1:]], 20)
    with pytest.raises(InvalidArgument, match="conf_level"):
        window_effect(DATA, ARM, 20, conf_level=2)
