"""A cut is the trial in which what was learnt later was never written down: all tables, every day."""

from __future__ import annotations

import pandas as pd
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from tests.support.learnt_trial import SPAN, learnt_trial
from tests.support.outcome_trial import START

from skeletal.records import TABLES, cut_records, make_records, parse_dates

SEEDED = {"deadline": None, "phases": (Phase.explicit, Phase.generate)}  # a smaller seed is no smaller trial
seeds = st.integers(0, 10**6)
days = st.integers(1, SPAN)


def date_of(day):
    return (START + pd.Timedelta(days=day - 1)).date()


def known_by(trial, day):
    return make_records(trial.tables(day), data_cutoff=date_of(day))


def first_day(trial):
    return min(row.known for row in trial.rows["subjects"])


def test_the_drawn_trials_have_every_table():
    assert set(learnt_trial(1).tables()) == set(TABLES)


@settings(max_examples=5, **SEEDED)
@given(seed=seeds, day=days)
def test_a_cut_is_the_trial_without_what_was_learnt_later(seed, day):
    trial = learnt_trial(seed)
    day = max(day, first_day(trial))
    cut = cut_records(make_records(trial.tables()), date_of(day))
    expected = known_by(trial, day)
    assert list(cut.tables) == list(expected.tables)
    for name in expected.tables:
        assert_frame_equal(cut[name], expected[name], obj=f"{name} on day {day} of seed {seed}")


@settings(max_examples=8, **SEEDED)
@given(seed=seeds, one=days, other=days)
def test_cutting_twice_is_cutting_at_the_earlier_date(seed, one, other):
    trial = learnt_trial(seed)
    records = make_records(trial.tables())
    early, late = (max(day, first_day(trial)) for day in sorted([one, other]))
    direct = cut_records(records, date_of(early))
    for twice in (
        cut_records(cut_records(records, date_of(late)), date_of(early)),
        cut_records(direct, date_of(late)),
    ):
        assert twice.data_cutoff == date_of(early)
        for name in direct.tables:
            assert_frame_equal(twice[name], direct[name])


@settings(max_examples=8, **SEEDED)
@given(seed=seeds, day=days)
def test_no_whole_day_after_the_cut_is_left_in_any_cell(seed, day):
    trial = learnt_trial(seed)
    day = max(day, first_day(trial))
    limit = str(date_of(day))
    for name, frame in cut_records(make_records(trial.tables()), date_of(day)).tables.items():
        for column in frame.columns:
            found = frame[column].astype("string").str.extractall(r"(\d{4}-\d{2}-\d{2})")[0]
            assert not (found > limit).any(), (name, column)
            if column.endswith("date"):
                assert not (parse_dates(frame[column])["earliest"] > limit).any(), (name, column)


@settings(max_examples=5, **SEEDED)
@given(seed=seeds, day=days)
def test_a_cut_does_not_depend_on_the_order_of_rows(seed, day):
    trial = learnt_trial(seed)
    day = max(day, first_day(trial))
    tables = trial.tables()
    turned = {name: frame.iloc[::-1] for name, frame in tables.items()}
    direct = cut_records(make_records(tables), date_of(day))
    other = cut_records(make_records(turned), date_of(day))
    for name in direct.tables:
        assert_frame_equal(other[name].sort_values("source_row", ignore_index=True), direct[name])
