from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.stats import norm
from tests.support.golden import cases, read, read_shared
from tests.support.recurrent_samples import arms_of, histories, sample
from tests.support.references_competing import naive_mean_cumulative

from skeletal.data import RecurrentEvents
from skeletal.errors import InvalidArgument
from skeletal.recurrent import mean_cumulative_contrast

Z = 1.959963984540054
ROWS = [
    ("a", 0, 3, 1),
    ("a", 3, 9, 1),
    ("b", 0, 8, 1),
    ("c", 0, 9, 0),
    ("d", 0, 5, 1),
    ("e", 0, 8, 0),
    ("f", 0, 6, 2),
]
ARM = list("ccccttt")
SMALL = sample(ROWS)


def fields(effect):
    return [effect.estimate, effect.std_error, effect.lower, effect.upper, effect.p_value]


def test_difference_and_ratio_of_means_of_reda():
    """Means and errors are reda's by arm; the sums over two independent arms are written out here."""
    frame = read("bladder2")
    data = RecurrentEvents(frame.id, frame.start, frame.stop, frame.event)
    expected = cases("recurrent")["bladder_lawless_nadeau"]
    for place, time in enumerate(expected["1"]["times"]):
        (m0, s0), (m1, s1) = ((expected[k]["mcf"][place], expected[k]["se"][place]) for k in ("1", "2"))
        for kind, centre, error in (
            ("difference", m1 - m0, np.hypot(s0, s1)),
            ("ratio", np.log(m1 / m0), np.hypot(s0 / m0, s1 / m1)),
        ):
            effect = mean_cumulative_contrast(data, frame.rx, time=time, kind=kind)
            back = np.exp if kind == "ratio" else (lambda x: x)
            values = back(np.array([centre, centre - Z * error, centre + Z * error]))
            assert_allclose([effect.estimate, effect.lower, effect.upper], values, rtol=1e-9)
            assert_allclose(effect.std_error, error, rtol=1e-9)
            assert_allclose(effect.p_value, 2 * norm.sf(abs(centre) / error), rtol=1e-8)


def test_with_death_from_the_means_of_mets():
    frame = read_shared("hfactioncpx12")
    data = RecurrentEvents(frame.id, frame.entry, frame.time, frame.status, time_unit="years")
    control, treated = cases("recurrent")["mean_with_death"]
    effect = mean_cumulative_contrast(data, frame.treatment, time=2)
    assert_allclose(effect.estimate, treated["mean"][2] - control["mean"][2], rtol=1e-10)
    assert_allclose(effect.std_error, np.hypot(treated["se"][2], control["se"][2]), rtol=1e-10)
    assert "in which death stops accrual by 2 years" in effect.method


@settings(max_examples=25, deadline=None)
@given(histories(), st.sampled_from(["difference", "ratio"]))
def test_swapping_the_arms_inverts_ratios_and_negates_differences(rows, kind):
    arm = arms_of(rows)
    assume(len(set(arm)) > 1)
    one, two = (
        mean_cumulative_contrast(sample(rows), arm, time=3, kind=kind, control=f"arm {c}") for c in (0, 1)
    )
    if kind == "difference":
        assert_allclose(
            [one.estimate, one.lower, one.upper], [-two.estimate, -two.upper, -two.lower], atol=1e-12
        )
    elif one.estimate > 0 and two.estimate > 0:
        assert_allclose(one.estimate * two.estimate, 1, rtol=1e-12)
        assert_allclose([one.lower, one.upper], [1 / two.upper, 1 / two.lower], rtol=1e-8)
        assert one.lower <= one.estimate <= one.upper or np.isnan(one.lower)
    assert_allclose(one.p_value, two.p_value, rtol=1e-8)


@settings(max_examples=25, deadline=None)
@given(histories(), st.integers(1, 6))
def test_difference_equals_a_second_implementation_by_arm(rows, time):
    arm = arms_of(rows)
    assume(len(set(arm)) > 1)
    effect = mean_cumulative_contrast(sample(rows), arm, time=time)
    assume(not np.isnan(effect.estimate))
    (m0, s0), (m1, s1) = (
        naive_mean_cumulative([row for row, own in zip(rows, arm, strict=True) if own == f"arm {k}"], time)
        for k in (0, 1)
    )
    assert_allclose(effect.estimate, m1 - m0, atol=1e-12)
    if not np.isnan(effect.std_error):
        assert_allclose(effect.std_error, np.hypot(s0, s1), rtol=1e-9, atol=1e-12)


def test_time_kind_control_and_level_change_the_answer():
    base = mean_cumulative_contrast(SMALL, ARM, time=8)
    assert mean_cumulative_contrast(SMALL, ARM, time=2).estimate != base.estimate
    assert mean_cumulative_contrast(SMALL, ARM, time=8, kind="ratio").estimate != base.estimate
    assert mean_cumulative_contrast(SMALL, ARM, time=8, control="t").estimate == -base.estimate
    wide = mean_cumulative_contrast(SMALL, ARM, time=8, conf_level=0.99)
    assert wide.lower < base.lower
    assert wide.conf_level == 0.99
    assert "by 8 days, robust variance by subject, reference c" in base.method


def test_beyond_the_last_time_of_an_arm_it_is_not_estimable():
    effect = mean_cumulative_contrast(SMALL, ARM, time=9)
    assert np.isnan(fields(effect)).all()
    assert "not estimable: t is followed to 8 days only" in effect.method


def test_an_arm_that_died_out_has_a_mean_at_all_later_times():
    rows = [("a", 0, 3, 1), ("a", 3, 9, 2), ("b", 0, 4, 2), ("c", 0, 20, 0), ("d", 0, 8, 1), ("d", 8, 20, 0)]
    effect = mean_cumulative_contrast(sample(rows), list("xxxyyy"), time=15)
    assert effect.estimate == 0.0
    ended = [(*row[:3], 0) if row[3] == 2 else row for row in rows]
    assert np.isnan(mean_cumulative_contrast(sample(ended), list("xxxyyy"), time=15).estimate)


def test_an_arm_without_events_has_no_ratio():
    rows = [("a", 0, 9, 0), ("b", 0, 9, 0), ("c", 0, 5, 1), ("c", 5, 9, 0), ("d", 0, 9, 0)]
    effect = mean_cumulative_contrast(sample(rows), list("xxyyy"), time=8, kind="ratio")
    assert np.isnan(effect.estimate)
    assert "the mean of x is 0" in effect.method
    inverse = mean_cumulative_contrast(sample(rows), list("xxyyy"), time=8, kind="ratio", control="y")
    assert inverse.estimate == 0.0
    assert np.isnan(inverse.upper)


@pytest.mark.parametrize("kind", ["difference", "ratio"])
def test_an_arm_of_one_subject_has_no_standard_error(kind):
    rows = [("a", 0, 3, 1), ("a", 3, 9, 0), ("b", 0, 4, 1), ("b", 4, 9, 0), ("c", 0, 9, 0)]
    effect = mean_cumulative_contrast(sample(rows), list("xxyyy"), time=8, kind=kind)
    assert effect.estimate == (0.5 if kind == "ratio" else -0.5)
    assert np.isnan(fields(effect)[1:]).all()
    assert "arms of one subject without standard error: x" in effect.method


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"time": 0}, "time must be a positive number"),
        ({"time": np.nan}, "time must be a positive number"),
        ({"kind": "log-log"}, "kind must be one of 'difference', 'ratio', got 'log-log'"),
        ({"conf_level": 1}, "conf_level must lie strictly between 0 and 1"),
        ({"control": "z"}, "control must be one of the arms"),
        ({"arm": list("cccttuu")}, "or use mean_cumulative_test for all at once"),
        ({"arm": list("ctccttt")}, "arm must be constant within a subject"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        mean_cumulative_contrast(SMALL, **{"arm": ARM, "time": 5, **arguments})
