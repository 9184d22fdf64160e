"""Days alive and at home: stays, horizons, death, and follow-up that ends too soon."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.measured_trial import (
    CROSSOVER,
    HOME,
    by_visit,
    measured_frame,
    measured_outcomes,
    measured_records,
    measured_study,
    without_horizon,
)
from tests.support.outcome_trial import iso

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.outcomes.measures import measure_frame

ALIVE = [("A", "alive", 500)]


def frame(*stays, more="", status=ALIVE, top="data_cutoff = 2026-12-31", extra="", censoring=None, **tables):
    study = measured_study(HOME, more=more, top=top, extra=extra, censoring=censoring or without_horizon())
    return measured_frame(study, "home", stays=stays, status=status, **tables)


def days(*stays, **options):
    return tuple(by_visit(frame(*stays, **options), "value").values())


def stay(*row):
    return ("A", *row)


def test_horizons_are_rows_with_their_last_day():
    found = frame()
    assert found["visit"].tolist() == ["Day 30", "Day 90", "Day 365"]
    assert found["planned_day"].tolist() == found["time"].tolist() == [30, 90, 365]
    assert found["date"].iloc[0] == pd.Timestamp(iso(30))
    assert found["value"].tolist() == [30, 90, 365]
    assert found["status"].tolist() == ["observed"] * 3


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        ([stay(5, 8)], (27, 87, 362)),  # nights of day 5, 6, 7
        ([stay(5, 5)], (29, 89, 364)),
        ([stay(5, 8), stay(6, 10)], (25, 85, 360)),  # overlapping
        ([stay(5, 8), stay(8, 10)], (25, 85, 360)),  # a transfer
        ([stay(5, 20), stay(6, 7), stay(8, 9)], (15, 75, 350)),  # within another
        ([stay(5, 8), stay(8, 8)], (26, 86, 361)),  # the day of discharge is lost to the second one
        ([stay(25, 40)], (24, 75, 350)),  # across a horizon
        ([stay(-9, 4)], (27, 87, 362)),  # from before time zero
        ([stay(-9, -3)], (30, 90, 365)),
        ([stay(400, 420)], (30, 90, 365)),
        ([stay(21)], (20, 20, 20)),  # still away
        ([stay("2024-12", 4)], (27, 87, 362)),
        ([stay("2025-01", 4)], (27, 87, 362)),  # a partial admission: not before time zero
        ([stay("2025-01", 4), stay("2024", 3)], (27, 87, 362)),
        ([stay(11, "2025-01")], (10, 70, 345)),  # a partial discharge: the last possible day, the 31st
        ([stay(5, 8, "nursing_home"), ("B", 5, 300)], (27, 87, 362)),
    ],
)
def test_days_away_are_lost_once(stays, expected):
    assert days(*stays) == expected


def test_places_that_are_home_are_an_option():
    stays = [stay(5, 8, "hospital"), stay(8, 20, "rehabilitation"), stay(20, 22, "nursing_home")]
    assert days(*stays)[0] == 13
    assert days(*stays, more='away = ["hospital", "nursing_home"]')[0] == 25
    assert days(*stays, more='away = ["hospital"]')[0] == 27


def test_a_stay_without_a_place_counts():
    study = measured_study(HOME)
    records = measured_records(study, stays=[stay(5, 8)], status=ALIVE)
    for stays in (records["stays"].assign(place=pd.NA), records["stays"].drop(columns="place")):
        again = replace(records, tables={**records.tables, "stays": stays})
        assert measure_frame("home", records=again, study=study)["value"].iloc[0] == 27


def test_a_stay_of_one_day_is_an_option():
    assert days(stay(5, 5), more="same_day_stay = 0") == (30, 90, 365)
    assert days(stay(5, 8), more="same_day_stay = 0") == (27, 87, 362)


@pytest.mark.parametrize(
    ("more", "expected", "statuses"),
    [
        ("", (30, 39, 39), ("observed", "death", "death")),
        ('after_death = "zero"', (30, 0, 0), ("observed", "death", "death")),
    ],
)
def test_after_a_death_days_are_lost_or_all_is_0(more, expected, statuses):
    found = frame(more=more, status=[("A", "died", 40)])
    assert tuple(found["value"]) == expected
    assert tuple(found["status"]) == statuses


@pytest.mark.parametrize(("day", "expected"), [(30, 29), (31, 30), (1, 0)])
def test_the_day_of_death_is_not_at_home(day, expected):
    assert days(status=[("A", "died", day)])[0] == expected


def test_days_in_hospital_before_a_death_are_lost_once():
    assert days(stay(10, 15), status=[("A", "died", 15)]) == (9, 9, 9)
    assert days(stay(10, 40), status=[("A", "died", 15)]) == (9, 9, 9)


@pytest.mark.parametrize(
    ("status", "top", "expected"),
    [
        ([("A", "alive", 90)], None, ("observed", "observed", "missing")),
        ([("A", "alive", 89)], None, ("observed", "missing", "missing")),
        ([("A", "withdrew", 90), ("A", "alive", 500)], None, ("observed", "observed", "missing")),
        ([("A", "withdrew", 89), ("A", "alive", 500)], None, ("observed", "missing", "missing")),
        ([("A", "withdrew", 20), ("A", "died", 60)], None, ("missing", "missing", "missing")),
        ([("A", "alive", 500)], 89, ("observed", "not_due", "not_due")),
        ([("A", "alive", 500)], 90, ("observed", "observed", "not_due")),
        ([("A", "died", 20)], 89, ("death", "not_due", "not_due")),
    ],
)
def test_who_was_not_followed_to_the_horizon_has_no_value(status, top, expected):
    options = {} if top is None else {"top": f"data_cutoff = {iso(top)}"}
    found = frame(status=status, **options)
    assert tuple(found["status"]) == expected
    valued = found["status"].isin(["observed", "death"])
    assert (found["value"].notna() == valued).all()


def test_a_record_after_the_horizon_shows_follow_up():
    assert days(stay(95, 96), status=[("A", "alive", 40)])[:2] == (30, 90)


def test_a_planned_end_of_follow_up_is_no_dropout():
    found = frame(censoring='[censoring.end]\nlabel = "End"\nrole = "limit"\nafter_days = 120\n')
    assert found["status"].tolist() == ["observed", "observed", "not_due"]


def test_time_zero_of_the_measure_counts():
    study = measured_study(HOME, more='time_zero = "treatment_date"', censoring=without_horizon())
    records = measured_records(study, stays=[stay(1, 12)], status=ALIVE)
    subjects = records.subjects.assign(treatment_date=pd.array([iso(11)], dtype="string"))
    records = replace(records, tables={**records.tables, "subjects": subjects})
    found = measure_frame("home", records=records, study=study)
    assert found["value"].tolist() == [29, 89, 364]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("treatment_policy", ("observed", 90)),
        ("hypothetical", ("intercurrent", None)),
        ("while_on_treatment", ("intercurrent", None)),
        ("composite", ("intercurrent", 0)),
    ],
)
def test_the_strategy_says_what_an_intercurrent_event_does(strategy, expected):
    found = frame(
        more=f'intercurrent = {{ crossover = "{strategy}" }}',
        extra=CROSSOVER,
        radiation=[("A", 60, "preventive")],
    )
    assert by_visit(found, "status", "value")["Day 90"] == expected
    assert by_visit(found, "status", "value")["Day 30"] == ("observed", 30)


def test_after_the_event_that_ends_collection_it_is_structural():
    found = frame(more='collected_until_first = "sre"', events=[("A", "cord", 60)])
    assert found["status"].tolist() == ["observed", "structural", "structural"]


def test_a_discharge_before_the_admission_is_refused():
    with pytest.raises(InvalidRecords, match=r"1 discharge\(s\) before the admission .of A."):
        frame(stay(8, 5))


def test_a_measure_without_its_table_is_refused():
    with pytest.raises(InvalidRecords, match=r"measure 'home' needs table 'stays' .days away from home."):
        measured_outcomes(measured_study(HOME), status=ALIVE)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('visits = ["Month 1"]', "read at horizons, not at visits"),
        ('death = "worst"', "take after_death, not death"),
        ("away = []", "at least one place"),
        ("horizons = [90, 30]", "in rising order"),
    ],
)
def test_measures_that_cannot_be_are_refused(more, message):
    with pytest.raises(InvalidStudy, match=message):
        measured_study(HOME, more=more)


STAYS = st.lists(st.tuples(st.integers(-20, 120), st.integers(0, 40)), max_size=6)


def naive_days(stays, death, horizon):
    """Count day by day."""
    home = 0
    for day in range(1, horizon + 1):
        away = any(begin <= day < max(begin + length, begin + 1) for begin, length in stays)
        home += not away and (death is None or day < death)
    return home


@given(STAYS, st.none() | st.integers(1, 130), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_days_at_home_agree_with_counting_day_by_day(stays, death, random):
    status = [*ALIVE[: death is None], *([] if death is None else [("A", "died", death)])]
    rows = [stay(begin, begin + length) for begin, length in stays]
    found = days(*rows, status=status, more="horizons = [30, 90]")
    assert found == tuple(naive_days(stays, death, horizon) for horizon in (30, 90))
    assert days(*random.sample(rows, len(rows)), status=status, more="horizons = [30, 90]") == found
    more = days(*rows, stay(20, 40), status=status, more="horizons = [30, 90]")
    assert np.all(np.array(more) <= np.array(found))
    assert all(0 <= value <= horizon for value, horizon in zip(found, (30, 90), strict=True))


def test_a_partial_admission_before_time_zero_does_not_follow_its_discharge():
    """Time zero is day 20, in the month of the admission; the discharge on day 5 came before it."""
    assert days(stay("2025-01", 5), start={"A": 20}) == (30, 90, 365)
    assert days(stay("2025-01", 25), start={"A": 20}) == (25, 85, 360)
    with pytest.raises(InvalidRecords, match=r"1 discharge\(s\) before the admission"):
        days(stay("2025-02", 5), start={"A": 20})
