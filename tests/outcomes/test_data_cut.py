"""The day of a data cut, against every day tried one after the other."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.support.learnt_trial import SPAN, learnt_trial
from tests.support.outcome_trial import START, small_study, small_tables

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.outcomes import cut_as_planned, data_cut_date, derive_outcomes
from skeletal.records import cut_records, make_records
from skeletal.study import DataCut

PREVENTED = """
[intercurrent.untreated]
label = "No radiotherapy"
table = "procedures"
where = { kind = "radiation" }
date = "indicated_date"
absent_by = 9
[estimands.or-untreated]
endpoint = "sre"
label = "First SRE or no radiotherapy"
paramcd = "TTSREU"
death = "competing"
intercurrent = { untreated = "composite" }
"""
STUDY = small_study(extra=PREVENTED)
FROM_TREATMENT = small_study(endpoint='time_zero = "treatment_date"')
RULES = {
    "subjects": (STUDY, {"endpoint": "sre"}),
    "composite": (STUDY, {"endpoint": "sre", "estimand": "composite"}),
    "untreated": (STUDY, {"endpoint": "sre", "estimand": "or-untreated"}),
    "episodes": (STUDY, {"endpoint": "sre", "count": "episodes"}),
    "deaths": (STUDY, {"endpoint": "death"}),
    "from treatment": (FROM_TREATMENT, {"endpoint": "sre"}),
}
SEEDED = {"deadline": None, "phases": (Phase.explicit, Phase.generate)}  # a smaller seed is no smaller trial


def date_of(day):
    return (START + pd.Timedelta(days=day - 1)).date()


def day_of(date):
    return (pd.Timestamp(date) - START).days + 1


def count_by_hand(records, study, endpoint, estimand=None, count="subjects"):
    outcomes = derive_outcomes(records, study)
    read = outcomes.first if count == "subjects" else outcomes.recurrent
    return int((read(endpoint, estimand)["status"] == 1).sum())


def tried_day_by_day(trial, study, n, **rule):
    """Return the first day by whose end the records written by then hold ``n`` events."""
    start = min(row.known for row in trial.rows["subjects"])
    for day in range(start, SPAN + 31):
        known = make_records(trial.tables(day), data_cutoff=date_of(day))
        if count_by_hand(known, study, **rule) >= n:
            return day
    return None


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=1, **SEEDED)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 3))
def test_the_day_is_the_first_on_which_records_written_by_then_hold_the_events(name, seed, n):
    study, rule = RULES[name]
    trial = learnt_trial(seed, n_subjects=4)
    records = make_records(trial.tables())
    expected = tried_day_by_day(trial, study, n, **rule)
    if expected is None:
        with pytest.raises(InvalidRecords, match="the data cannot be cut yet"):
            data_cut_date(records, study, DataCut(n_events=n, **rule))
    else:
        assert day_of(data_cut_date(records, study, DataCut(n_events=n, **rule))) == expected


@settings(max_examples=6, **SEEDED)
@given(seed=st.integers(0, 10**6), day=st.integers(20, SPAN))
def test_a_cut_has_the_outcomes_of_records_in_which_later_facts_never_were(seed, day):
    trial = learnt_trial(seed)
    cut = derive_outcomes(cut_records(make_records(trial.tables()), date_of(day)), STUDY)
    never = derive_outcomes(make_records(trial.tables(day), data_cutoff=date_of(day)), STUDY)
    for name, estimand in STUDY.estimands.items():
        read = "first" if estimand.variable == "first" else "recurrent"
        frames = [getattr(outcomes, read)(estimand.endpoint, name) for outcomes in (cut, never)]
        pd.testing.assert_frame_equal(*frames)
    pd.testing.assert_frame_equal(cut.audit, never.audit)
    pd.testing.assert_frame_equal(cut.exclusions, never.exclusions)


@settings(max_examples=4, **SEEDED)
@given(seed=st.integers(0, 10**6), later=st.integers(0, 20))
def test_what_is_learnt_after_the_cut_does_not_move_it(seed, later):
    records = make_records(learnt_trial(seed).tables())
    rule = DataCut(n_events=2, endpoint="sre")
    day = data_cut_date(records, STUDY, rule)
    again = cut_records(records, day + dt.timedelta(days=later))
    assert data_cut_date(again, STUDY, rule) == day


def trial(**tables):
    return make_records(small_tables(subjects=["A", "B", "C", "D"], **tables))


FRACTURES = [("A", "fracture", 10), ("A", "fracture", 50), ("B", "fracture", 20), ("C", "cord", 30)]
LAST = [(name, "alive", 100) for name in "ABCD"]


@pytest.mark.parametrize(("n", "day"), [(1, 10), (2, 20), (3, 30)])
def test_subjects_with_a_first_event_are_counted(n, day):
    records = trial(events=FRACTURES, status=LAST)
    assert data_cut_date(records, STUDY, DataCut(n_events=n, endpoint="sre")) == date_of(day)


def test_all_episodes_are_counted_where_asked():
    records = trial(events=[*FRACTURES, ("A", "fracture", 12)], status=LAST)  # day 12: within the gap
    rule = DataCut(n_events=4, endpoint="sre", count="episodes")
    assert data_cut_date(records, STUDY, rule) == date_of(50)


def test_the_estimand_decides_what_an_event_is():
    records = trial(events=FRACTURES, status=[*LAST[:3], ("D", "died", 15)])
    assert data_cut_date(records, STUDY, DataCut(n_events=2, endpoint="sre")) == date_of(20)
    rule = DataCut(n_events=2, endpoint="sre", estimand="composite")
    assert data_cut_date(records, STUDY, rule) == date_of(15)


def reported(tables, days):
    tables["events"]["reported_date"] = [str(date_of(day)) for day in days]
    return tables


def test_an_event_counts_from_its_report():
    tables = reported(small_tables(subjects="ABCD", events=FRACTURES, status=LAST), [40, 50, 25, 30])
    rule = DataCut(n_events=2, endpoint="sre")
    assert data_cut_date(make_records(tables), STUDY, rule) == date_of(30)


def test_the_first_day_counts_although_a_death_reported_later_takes_an_event_away():
    tables = small_tables(
        subjects="ABCD",
        events=[("A", "fracture", 20), ("B", "fracture", 30)],
        status=[("A", "died", 15), *LAST[1:]],
    )
    tables["disposition"]["reported_date"] = [str(date_of(day)) for day in (40, 100, 100, 100)]
    records = make_records(tables)
    day = data_cut_date(records, STUDY, DataCut(n_events=2, endpoint="sre"))
    assert day == date_of(30)
    assert count_by_hand(cut_records(records, day), STUDY, "sre") == 2
    assert count_by_hand(cut_records(records, date_of(40)), STUDY, "sre") == 1


def adjudicated(verdicts, days):
    tables = small_tables(subjects="ABCD", events=FRACTURES, status=LAST)
    tables["events"]["adjudicated"] = verdicts
    tables["events"]["adjudicated_date"] = [day and str(date_of(day)) for day in days]
    tables["procedures"]["adjudicated"] = pd.array([], dtype="boolean")
    return make_records(tables)


def test_only_events_confirmed_by_then_count_where_asked():
    records = adjudicated(["true", "true", "false", "true"], [60, 70, 25, 40])
    rule = {"n_events": 2, "endpoint": "sre"}
    assert data_cut_date(records, STUDY, DataCut(**rule)) == date_of(20)
    assert data_cut_date(records, STUDY, DataCut(**rule, adjudicated="confirmed")) == date_of(60)
    with pytest.raises(
        InvalidRecords, match=r"2 subjects with an event of 'SRE', confirmed by adjudication,"
    ):
        data_cut_date(records, STUDY, DataCut(n_events=3, endpoint="sre", adjudicated="confirmed"))


def test_confirmed_events_need_a_verdict_in_every_table_of_the_endpoint():
    rule = DataCut(n_events=1, endpoint="sre", adjudicated="confirmed")
    with pytest.raises(
        InvalidRecords, match=r"table 'events' \(Cord compression\) has no column 'adjudicated'"
    ):
        data_cut_date(trial(events=FRACTURES, status=LAST), STUDY, rule)


def test_too_few_events_are_refused_with_their_number():
    message = (
        "the data cannot be cut yet: by 2025-04-10, the last day of the records, 3 subjects with an event of "
        "'SRE' are known, not 4; wait, ask for fewer, or say with latest on which day to cut at the latest"
    )
    with pytest.raises(InvalidRecords) as refused:
        data_cut_date(trial(events=FRACTURES, status=LAST), STUDY, DataCut(n_events=4, endpoint="sre"))
    assert str(refused.value) == message


def test_the_latest_day_counts_where_the_rule_is_not_met_before():
    records = trial(events=FRACTURES, status=LAST)
    for n, latest, day in ((4, 60, 60), (3, 60, 30), (3, 25, 25)):
        rule = DataCut(n_events=n, endpoint="sre", latest=date_of(latest))
        assert data_cut_date(records, STUDY, rule) == date_of(day)


def test_a_latest_day_that_the_records_do_not_reach_is_refused():
    rule = DataCut(n_events=4, endpoint="sre", latest=date_of(101))
    with pytest.raises(InvalidRecords, match="3 subjects with an event"):
        data_cut_date(trial(events=FRACTURES, status=LAST), STUDY, rule)


def test_nothing_after_the_data_cutoff_of_the_study_counts():
    study = STUDY.model_copy(update={"data_cutoff": date_of(29)})
    records = trial(events=FRACTURES, status=LAST)
    assert data_cut_date(records, study, DataCut(n_events=2, endpoint="sre")) == date_of(20)
    with pytest.raises(InvalidRecords, match="by 2025-01-29, the last day of the records, 2 subjects"):
        data_cut_date(records, study, DataCut(n_events=3, endpoint="sre"))


STARTS = {"A": 1, "B": 11, "C": 21, "D": 41}


@pytest.mark.parametrize(
    ("of", "starts", "day"),
    [
        (None, STARTS, 61),
        ("last_randomised", STARTS, 61),
        ("median", STARTS, 41),  # with an even number the later of the two in the middle
        ("median", {**STARTS, "B": 31}, 51),
    ],
)
def test_follow_up_is_counted_from_randomisation(of, starts, day):
    records = trial(status=LAST, start=starts)
    assert data_cut_date(records, STUDY, DataCut(follow_up_days=20, of=of)) == date_of(day)


def test_follow_up_that_the_records_do_not_reach_is_refused():
    records = trial(status=LAST, start=STARTS)
    assert data_cut_date(records, STUDY, DataCut(follow_up_days=59)) == date_of(100)
    with pytest.raises(
        InvalidRecords, match="the last randomised subject, randomised on 2025-02-10, is followed 59"
    ):
        data_cut_date(records, STUDY, DataCut(follow_up_days=60))


def test_follow_up_may_go_to_the_data_cutoff_beyond_the_last_record():
    study = STUDY.model_copy(update={"data_cutoff": date_of(120)})
    records = trial(status=LAST, start=STARTS)
    assert data_cut_date(records, study, DataCut(follow_up_days=60)) == date_of(101)


def test_follow_up_needs_the_date_of_every_randomisation():
    records = trial(status=LAST, start={**STARTS, "B": None})
    with pytest.raises(InvalidRecords, match=r"1 without randomised_date \(B\)"):
        data_cut_date(records, STUDY, DataCut(follow_up_days=20))


def test_a_fixed_day_is_that_day():
    assert data_cut_date(trial(status=LAST), STUDY, DataCut(date=date_of(33))) == date_of(33)


def test_records_that_were_cut_earlier_cannot_be_cut_on_a_later_day():
    cut = cut_records(trial(status=LAST), date_of(30))
    assert data_cut_date(cut, STUDY, DataCut(date=date_of(30))) == date_of(30)
    with pytest.raises(
        InvalidRecords, match="were cut at 2025-01-30, so that nothing is known to 2025-01-31"
    ):
        data_cut_date(cut, STUDY, DataCut(date=date_of(31)))


def test_the_rule_is_that_of_the_study_unless_another_is_given():
    study = STUDY.model_copy(update={"data_cut": DataCut(date=date_of(33))})
    assert data_cut_date(trial(status=LAST), study) == date_of(33)
    assert data_cut_date(trial(status=LAST), study, DataCut(date=date_of(34))) == date_of(34)


def test_a_study_without_rule_is_refused():
    with pytest.raises(InvalidArgument, match="the study has no data_cut"):
        data_cut_date(trial(), STUDY)


def test_a_rule_that_contradicts_the_study_is_refused():
    with pytest.raises(InvalidArgument, match="data_cut names endpoint 'sse', which is not declared"):
        data_cut_date(trial(), STUDY, DataCut(n_events=1, endpoint="sse"))


def test_records_are_cut_as_the_study_says():
    records = trial(events=FRACTURES, status=LAST)
    rule = DataCut(n_events=2, endpoint="sre")
    assert cut_as_planned(records, STUDY) is records
    by_day = cut_as_planned(records, STUDY.model_copy(update={"data_cutoff": date_of(29)}))
    assert by_day.data_cutoff == date_of(29)
    study = STUDY.model_copy(update={"data_cutoff": date_of(29), "data_cut": rule})
    by_rule = cut_as_planned(records, study)
    assert by_rule.data_cutoff == date_of(20)
    assert by_rule.notes[0] == (
        "Data cut on the first day on which 2 subjects with an event of 'SRE' were known."
    )
    assert cut_as_planned(by_day, study) is by_day
