"""A trial cut at a date has the outcomes of a trial in which nothing later was ever written down."""

from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest
from tests.support.outcome_trial import rows

from skeletal.outcomes import derive_outcomes
from skeletal.records import cut_records, make_records
from skeletal.study import load_study
from skeletal_synthetic import simulate_trial

STUDY = load_study("hermes")
CUTS = [dt.date(2025, 9, 1), dt.date(2026, 6, 15), dt.date(2027, 3, 1), dt.date(2028, 2, 5)]
EACH_CUT = pytest.mark.parametrize("day", CUTS, ids=str)
# The dates that first tell of a row.
TELLS = {"stays": ["admission_date"], "therapies": ["start_date"], "subjects": ["randomised_date"]}
TELLS |= {"procedures": ["indicated_date", "performed_date"]}
DATE = re.compile(r"\d{4}-\d\d-\d\d")


@pytest.fixture(scope="module")
def trial():
    return simulate_trial(STUDY, seed=2)


def written_by(records, day: dt.date) -> dict[str, pd.DataFrame]:
    """Copy by hand what was written by the end of ``day``: cell by cell, row by row."""
    there = {
        row["subject_id"] for row in records.subjects.to_dict("records") if row["randomised_date"] <= str(day)
    }
    tables = {}
    for name, frame in records.tables.items():
        kept = []
        for row in frame.to_dict("records"):
            told = [row[key] for key in TELLS.get(name, ["date"]) if key in row and pd.notna(row[key])]
            reported = row.get("reported_date", None)
            known = (not told or min(told) <= str(day)) and (pd.isna(reported) or reported <= str(day))
            if known and (name == "screening" or row["subject_id"] in there):
                dates = {key for key, value in row.items() if isinstance(value, str) and DATE.match(value)}
                later = {key for key in dates if row[key] > str(day)}
                later |= {"dose_gy", "fractions"} & set(row) if "performed_date" in later else set()
                kept.append({key: None if key in later else value for key, value in row.items()})
        tables[name] = pd.DataFrame(kept, columns=frame.columns)
    return tables


@EACH_CUT
def test_outcomes_of_a_cut_are_those_of_records_without_later_facts(trial, day: dt.date) -> None:
    cut = derive_outcomes(cut_records(trial, day), STUDY)
    never = derive_outcomes(make_records(written_by(trial, day), study=STUDY, data_cutoff=day), STUDY)

    for name, estimand in STUDY.estimands.items():
        read = "first" if estimand.variable == "first" else "recurrent"
        frames = [getattr(outcomes, read)(estimand.endpoint, name) for outcomes in (cut, never)]
        pd.testing.assert_frame_equal(*frames)
    pd.testing.assert_frame_equal(cut.audit, never.audit)
    pd.testing.assert_frame_equal(cut.accounting(), never.accounting())


@EACH_CUT
def test_no_cell_of_a_cut_is_a_later_date_and_nobody_is_in_it_who_came_later(trial, day: dt.date) -> None:
    cut = cut_records(trial, day)

    who = set(cut.subjects["subject_id"])
    for name, frame in cut.tables.items():
        cells = [str(value) for column in frame.columns for value in frame[column]]
        assert not [cell for cell in cells if DATE.match(cell) and cell[:10] > str(day)]
        if name != "screening":
            assert set(frame["subject_id"]) <= who
    came = trial.subjects.loc[trial.subjects["randomised_date"] <= str(day), "subject_id"]
    assert who == set(came)


@EACH_CUT
def test_a_cut_differs_from_a_data_cutoff_only_where_later_records_tell_more(trial, day: dt.date) -> None:
    """Events agree but for those reported later; without one, later visits show follow-up to the cutoff."""
    cut = derive_outcomes(cut_records(trial, day), STUDY)
    limit = derive_outcomes(trial, STUDY.model_copy(update={"data_cutoff": day}))
    changes = [event.label for event in STUDY.intercurrent.values()]
    reported = dict(zip(trial["events"]["source_row"], trial["events"]["reported_date"], strict=True))

    for name, estimand in STUDY.estimands.items():
        if estimand.variable != "first":
            continue
        unit = (
            ["subject_id", "lesion_id"]
            if STUDY.endpoints[estimand.endpoint].unit == "lesion"
            else "subject_id"
        )
        one, other = (item.first(estimand.endpoint, name).set_index(unit) for item in (cut, limit))
        other = other.loc[one.index]
        for who in one.index[(one["time"] != other["time"]) | (one["status"] != other["status"])]:
            early, late = one.loc[who], other.loc[who]
            if late["status"] == early["status"] == 0:
                assert late["censor_reason"] in ("Data cutoff", *changes)
                assert early["date"] < late["date"] <= pd.Timestamp(day)
                assert late["date"] == pd.Timestamp(day) or late["censor_reason"] in changes
            else:
                assert (late["status"], late["source"]) == (1, "events")
                assert reported[late["source_row"]] > str(day)


@EACH_CUT
def test_the_adam_files_of_a_cut_hold_its_outcomes(trial, day: dt.date, tmp_path) -> None:
    outcomes = derive_outcomes(cut_records(trial, day), STUDY)
    outcomes.to_adam(tmp_path)
    adtte, adrecur = (
        pd.read_csv(tmp_path / f"{name}.csv", dtype={"USUBJID": str}) for name in ("adtte", "adrecur")
    )

    assert (adtte["CNSR"] >= 0).all()
    assert adtte.loc[adtte["CNSR"] > 0, "CNSDTDSC"].notna().all()
    for name, estimand in STUDY.estimands.items():
        if estimand.variable == "first":
            frame, mine = outcomes.first(estimand.endpoint, name), adtte
            frame = frame.assign(day=frame["date"].dt.strftime("%Y-%m-%d"), event=frame["status"] == 1)
            wanted = rows(frame, "subject_id", "time", "day", "event", "source_row")
            read = ("USUBJID", "AVAL", "ADT", "EVENT", "SRCSEQ")
        else:
            frame, mine = outcomes.recurrent(estimand.endpoint, name), adrecur
            wanted = rows(frame, "subject_id", "start", "stop", "status", "episode", "components")
            read = ("USUBJID", "TSTART", "TSTOP", "STATUS", "EPISODE", "EVNTDESC")
        mine = mine.loc[mine["PARAMCD"] == estimand.paramcd]
        mine = mine.assign(EVENT=mine["CNSR"] == 0) if "CNSR" in mine else mine
        assert rows(mine, *read) == wanted
