from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm
from tests.support.golden import cases, read_shared
from tests.support.recurrent_samples import arms_of, histories, sample
from tests.support.references_competing import naive_mean_cumulative
from tests.support.references_recurrent_means import follow_up, naive_time_alive, naive_while_alive

from skeletal.data import RecurrentEvents, RightCensored
from skeletal.errors import InvalidArgument
from skeletal.recurrent import event_rate, while_alive_contrast, while_alive_rate
from skeletal.recurrent.while_alive_parts import while_alive_parts
from skeletal.survival import restricted_mean

RTOL = 1e-6  # of mets, whose errors depend in the eighth digit on the order of tied censorings
Z = 1.959963984540054
ROWS = [
    ("a", 0, 3, 1),
    ("a", 3, 9, 1),
    ("b", 0, 4, 2),
    ("c", 0, 10, 0),
    ("d", 0, 9, 1),
    ("e", 0, 5, 2),
    ("f", 0, 2, 1),
    ("f", 2, 10, 0),
]
ARM = list("ccccdddd")
SMALL = sample(ROWS)


def fields(effect):
    return [effect.estimate, effect.std_error, effect.lower, effect.upper]


def heart_failure(treatment):
    frame = read_shared("hfactioncpx12")
    part = frame[frame.treatment == treatment]
    return RecurrentEvents(part.id, part.entry, part.time, part.status, time_unit="years")


def check(treatment, expected, horizon):
    parts = while_alive_parts(heart_failure(treatment), horizon)
    errors = np.sqrt((parts.influence**2).sum(axis=0))
    events, time = expected["mean_events"], expected["rmst"]
    assert_allclose(
        [parts.events, parts.time], [events["coef"][treatment], time["coef"][treatment]], rtol=1e-12
    )
    assert_allclose(errors, [events["se"][treatment], time["se"][treatment]], rtol=RTOL)
    log_rate, error = (expected["log_ratio_of_means"][key][treatment] for key in ("coef", "se"))
    rate = while_alive_rate(heart_failure(treatment), horizon=horizon)
    assert_allclose(np.log(rate.estimate), log_rate, rtol=1e-12)
    assert_allclose(rate.std_error, np.exp(log_rate) * error, rtol=RTOL)
    assert_allclose([rate.lower, rate.upper], np.exp([log_rate - Z * error, log_rate + Z * error]), rtol=RTOL)
    return rate


@pytest.mark.parametrize("treatment", [0, 1])
def test_both_means_and_their_ratio_as_mets(treatment):
    expected = cases("recurrent")["while_alive"]
    rate = check(treatment, expected, 2)
    ratio = expected["ratio_of_means"]
    assert_allclose(
        [rate.estimate, rate.std_error], [ratio[key][treatment] for key in ("coef", "se")], rtol=RTOL
    )


@pytest.mark.parametrize("treatment", [0, 1])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_other_horizons_as_mets(treatment, place):
    expected = cases("recurrent")["while_alive_horizons"][place]
    check(treatment, expected, expected["horizon"])


def test_contrasts_of_arms_from_the_rates_of_mets():
    frame = read_shared("hfactioncpx12")
    data = RecurrentEvents(frame.id, frame.entry, frame.time, frame.status, time_unit="years")
    expected = cases("recurrent")["while_alive"]
    log_rates, errors = (np.array(expected["log_ratio_of_means"][key]) for key in ("coef", "se"))
    ratio = while_alive_contrast(data, frame.treatment, horizon=2)
    centre, error = log_rates[1] - log_rates[0], np.hypot(*errors)
    assert_allclose(
        np.log(fields(ratio))[[0, 2, 3]], [centre, centre - Z * error, centre + Z * error], rtol=RTOL
    )
    assert_allclose([ratio.std_error, ratio.p_value], [error, 2 * norm.sf(abs(centre) / error)], rtol=RTOL)
    rates, spread = np.exp(log_rates), expected["ratio_of_means"]["se"]
    difference = while_alive_contrast(data, frame.treatment, horizon=2, kind="difference")
    assert_allclose(difference.estimate, rates[1] - rates[0], rtol=RTOL)
    assert_allclose(difference.std_error, np.hypot(*spread), rtol=RTOL)


@settings(max_examples=25, deadline=None)
@given(histories(gaps=False, most=5), st.sampled_from([1, 2, 2.5, 3, 4, 6]))
def test_one_piece_histories_equal_weighted_averages_with_censorings_in_every_order(rows, horizon):
    end, _ = follow_up(rows)
    assume(horizon <= end.max())
    parts = while_alive_parts(sample(rows), horizon)
    means, influence = naive_while_alive(rows, horizon)
    assert parts.complete
    assert_allclose([parts.events, parts.time], means, atol=1e-12)
    assert_allclose(parts.influence, influence, atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(histories(), st.sampled_from([1, 2, 2.5, 3, 5]))
def test_late_entries_and_gaps_equal_the_influence_by_deaths(rows, horizon):
    parts = while_alive_parts(sample(rows), horizon)
    assume(not parts.complete)
    mean, influence = naive_time_alive(rows, horizon)
    events, error = naive_mean_cumulative(rows, horizon)
    assert_allclose([parts.events, parts.time], [events, mean], atol=1e-12)
    assert_allclose(parts.influence[:, 1], influence, atol=1e-12)
    assert_allclose((parts.influence[:, 0] ** 2).sum(), error**2, rtol=1e-9, atol=1e-14)


@settings(max_examples=25, deadline=None)
@given(histories(gaps=False))
def test_time_alive_is_the_restricted_mean_survival_time(rows):
    end, died = follow_up(rows)
    horizon = float(end.max())
    expected = restricted_mean(RightCensored(end, died), horizon=horizon).estimate
    assert_allclose(while_alive_parts(sample(rows), horizon).time, expected, rtol=1e-12)


def test_without_deaths_and_with_all_followed_it_is_the_pooled_rate():
    rows = [("a", 0, 3, 1), ("a", 3, 8, 0), ("b", 0, 5, 1), ("b", 5, 8, 0), ("c", 0, 8, 0)]
    rate = while_alive_rate(sample(rows), horizon=8)
    assert_allclose(rate.estimate * 365.25, event_rate(sample(rows)).estimate, rtol=1e-12)
    counts = np.array([1, 1, 0])
    assert_allclose(rate.std_error, np.sqrt(((counts - counts.mean()) ** 2).sum()) / 3 / 8, rtol=1e-12)


@settings(max_examples=25, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_order_unit_labels_and_split_rows_change_nothing(rows, random):
    horizon = float(max(row[2] for row in rows))
    order = random.sample(rows, len(rows))
    changed = [
        part
        for s, a, b, e in order
        for part in ((9 - s, 8.0 * a, 4.0 * (a + b), 0), (9 - s, 4.0 * (a + b), 8.0 * b, e))
    ]
    one = while_alive_rate(sample(rows), horizon=horizon)
    two = while_alive_rate(sample(changed), horizon=8 * horizon)
    assert_allclose(np.array(fields(two)) * 8, fields(one), rtol=1e-8, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(histories(gaps=False, most=5))
def test_doubling_subjects_keeps_the_rate(rows):
    horizon = float(max(row[2] for row in rows))
    one, two = (
        while_alive_rate(sample(part), horizon=horizon)
        for part in (rows, rows + [(row[0] + 100, *row[1:]) for row in rows])
    )
    assert_allclose(two.estimate, one.estimate, rtol=1e-12)
    if one.estimate > 0 and not np.isnan(one.lower):
        assert two.lower <= two.estimate <= two.upper


@settings(max_examples=20, deadline=None)
@given(histories())
def test_swapping_the_arms_inverts_the_ratio_and_negates_the_difference(rows):
    arm = arms_of(rows)
    assume(len(set(arm)) > 1)
    one, two = (while_alive_contrast(sample(rows), arm, horizon=2, control=f"arm {c}") for c in (0, 1))
    if one.estimate > 0 and two.estimate > 0:
        assert_allclose(one.estimate * two.estimate, 1, rtol=1e-12)
        assert_allclose([one.lower, one.upper], [1 / two.upper, 1 / two.lower], rtol=1e-8)
    three, four = (
        while_alive_contrast(sample(rows), arm, horizon=2, control=f"arm {c}", kind="difference")
        for c in (0, 1)
    )
    assert_allclose([three.estimate, three.lower], [-four.estimate, -four.upper], atol=1e-12)


def test_deaths_are_no_events_and_shorten_the_time():
    alive = sample([(*row[:3], row[3] % 2) for row in ROWS])
    with_death, without = while_alive_parts(SMALL, 9), while_alive_parts(alive, 9)
    assert with_death.time < without.time == 9
    assert with_death.events < without.events


def test_horizon_and_level_change_the_answer_and_the_method_says_the_parts():
    base = while_alive_rate(SMALL, horizon=9)
    assert while_alive_rate(SMALL, horizon=4).estimate != base.estimate
    assert while_alive_rate(SMALL, horizon=9, conf_level=0.99).lower < base.lower
    assert "to 9 days, events per time alive in days" in base.method
    parts = while_alive_parts(SMALL, 9)
    assert f"{parts.events:.6g} events in {parts.time:.6g} days per subject" in base.method
    assert "late entry or gaps" in while_alive_rate(sample([*ROWS, ("g", 1, 10, 0)]), horizon=9).method


def test_contrast_arguments_change_the_answer():
    base = while_alive_contrast(SMALL, ARM, horizon=9)
    assert while_alive_contrast(SMALL, ARM, horizon=4).estimate != base.estimate
    assert while_alive_contrast(SMALL, ARM, horizon=9, kind="difference").estimate != base.estimate
    assert_allclose(while_alive_contrast(SMALL, ARM, horizon=9, control="d").estimate, 1 / base.estimate)
    assert while_alive_contrast(SMALL, ARM, horizon=9, conf_level=0.99).upper > base.upper
    assert "reference c, std_error, limits and test on the log scale" in base.method


def test_beyond_the_last_time_it_is_not_estimable_unless_all_have_died():
    rate = while_alive_rate(SMALL, horizon=11)
    assert np.isnan(fields(rate)).all()
    assert "not estimable: the sample is followed to 10 days only" in rate.method
    contrast = while_alive_contrast(SMALL, ARM, horizon=11)
    assert np.isnan(fields(contrast)).all()
    assert "c is followed to 10 days only" in contrast.method
    died = sample([("a", 0, 3, 1), ("a", 3, 9, 2), ("b", 0, 4, 2)])
    assert_allclose(while_alive_rate(died, horizon=100).estimate, (1 / 2) / 6.5, rtol=1e-12)


def test_before_anybody_enters_it_is_not_estimable():
    rate = while_alive_rate(sample([("a", 3, 9, 1), ("b", 4, 9, 0)]), horizon=2)
    assert np.isnan(fields(rate)).all()
    assert "not estimable: the sample is followed to 0 days only" in rate.method


def test_no_events_have_no_limits():
    rate = while_alive_rate(sample([("a", 0, 5, 0), ("b", 0, 6, 2)]), horizon=5)
    assert_array_equal(fields(rate), [0.0, 0.0, np.nan, np.nan])
    assert "no limits: there are no events" in rate.method


def test_one_subject_has_no_standard_error():
    rate = while_alive_rate(sample([("a", 0, 5, 1), ("a", 5, 8, 0)]), horizon=8)
    assert_array_equal(fields(rate), [1 / 8, np.nan, np.nan, np.nan])
    assert "no standard error from one subject" in rate.method
    contrast = while_alive_contrast(sample([*ROWS[:4], ("z", 0, 9, 1)]), list("ccccd"), horizon=9)
    assert np.isnan(contrast.std_error)
    assert "arms of one subject without standard error: d" in contrast.method


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"horizon": 0}, "horizon must be a positive number"),
        ({"horizon": np.inf}, "horizon must be a positive number"),
        ({"conf_level": 0}, "conf_level must lie strictly between 0 and 1"),
    ],
)
def test_bad_argument_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        while_alive_rate(SMALL, **{"horizon": 5, **arguments})
    with pytest.raises(InvalidArgument, match=message):
        while_alive_contrast(SMALL, ARM, **{"horizon": 5, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "log"}, "kind must be one of 'ratio', 'difference', got 'log'"),
        ({"control": "z"}, "control must be one of the arms"),
        ({"arm": list("cceecddd")}, "arm must have two labels, got 3"),
        ({"arm": list("cdccdddd")}, "arm must be constant within a subject"),
    ],
)
def test_bad_argument_of_the_contrast_is_named(arguments, message):
    with pytest.raises(InvalidArgument, match=message):
        while_alive_contrast(SMALL, **{"arm": ARM, "horizon": 5, **arguments})
