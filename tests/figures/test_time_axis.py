"""The time axis: units, ticks and the times at which subjects are counted."""

from __future__ import annotations

import pytest

from skeletal.errors import InvalidArgument
from skeletal.study import load_study
from skeletal_reports.figures import TimeAxis, time_axis


def study_with(**report):
    study = load_study("perform")
    return study.model_copy(update={"report": study.report.model_copy(update=report)})


def test_declared_times_are_used():
    axis = time_axis(load_study("hermes"), 730)
    assert axis.times == (0, 183, 365, 548, 730)
    assert axis.tick_labels == ("0", "6", "12", "18", "24")
    assert axis.label == "Months since randomisation"


def test_axis_ends_at_the_first_time_after_the_last_observation():
    assert time_axis(load_study("hermes"), 200).times == (0, 183, 365)


def test_the_day_after_the_last_declared_time_does_not_change_the_axis():
    # the day of time zero is day 1, so that an event 365 days later has time 366
    assert time_axis(load_study("perform"), 366).times == (0, 91, 183, 274, 365)


def test_visits_serve_where_no_times_are_declared_and_close_ones_are_left_out():
    # visits at days 14, 42, 122, 183, 274, 365: a fourteenth of the axis is 26 days
    axis = time_axis(study_with(at_risk_times=()), 365)
    assert axis.times == (0, 42, 122, 183, 274, 365)
    assert axis.tick_labels == ("0", "1.4", "4", "6", "9", "12")
    assert axis.label == "Months since surgery"


def test_even_steps_follow_where_observation_goes_beyond_the_declared_times():
    axis = time_axis(study_with(at_risk_times=(0, 30)), 700)
    assert axis.tick_labels == ("0", "3", "6", "9", "12", "15", "18", "21", "24")


@pytest.mark.parametrize(
    ("unit", "labels"),
    [("days", ("0", "183", "365")), ("months", ("0", "6", "12")), ("years", ("0", "0.5", "1"))],
)
def test_unit_changes_places_and_words(unit, labels):
    axis = TimeAxis(times=(0, 183, 365), unit=unit)
    assert axis.tick_labels == labels
    assert axis.label.startswith(unit.capitalize())
    assert axis.positions[-1] == 365 / {"days": 1, "months": 30.4375, "years": 365.25}[unit]


def test_words_for_another_time_zero():
    assert time_axis(load_study("hermes"), 10, zero_label="first dose").label == "Months since first dose"


@pytest.mark.parametrize("times", [(0,), (1, 2), (0, 5, 5), (0, 9, 3)])
def test_times_that_do_not_start_at_0_and_increase_are_refused(times):
    with pytest.raises(InvalidArgument, match="start at 0 and increase"):
        TimeAxis(times=times)
