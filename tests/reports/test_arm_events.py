"""Intercurrent events of one arm keep their meaning when the arms are pooled or masked."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support import report_trial as trial

from skeletal.records import make_records
from skeletal.study import IntercurrentEvent
from skeletal_reports.arm_events import mark_arm_events
from skeletal_reports.blinding import blind_records

STUDY = trial.study()
CONTROL, ACTIVE = "observational", "upfront-rt"
PREVENTIVE = {"kind": ("radiation",), "intent": ("preventive",)}


def study(**event):
    found = IntercurrentEvent(
        label="Preventive radiotherapy", table="procedures", where=PREVENTIVE, date="performed_date", **event
    )
    return STUDY.model_copy(update={"intercurrent": {**STUDY.intercurrent, "preventive-rt": found}})


def records():
    """S1, S2 control, S3 to S5 active; S2 to S4 irradiated: S3 on day 10, S4 on day 40."""
    subjects = pd.DataFrame(
        {
            "subject_id": [f"S{k}" for k in range(1, 6)],
            "arm": [CONTROL] * 2 + [ACTIVE] * 3,
            "randomised_date": "2026-01-01",
        }
    )
    procedures = pd.DataFrame(
        {
            "subject_id": ["S2", "S3", "S4", "S5"],
            "procedure_id": "1",
            "kind": "radiation",
            "intent": ["preventive", "preventive", "preventive", "palliative"],
            "performed_date": ["2026-03-01", "2026-01-11", "2026-02-10", "2026-01-05"],
        }
    )
    return make_records({"subjects": subjects, "procedures": procedures}, study=STUDY)


def test_an_event_of_one_arm_reads_a_mark_that_only_its_rows_bear():
    marked, shown = mark_arm_events(records(), study(arms=(CONTROL,)))
    event = shown.intercurrent["preventive-rt"]
    assert event.arms == ()
    assert event.where == {**PREVENTIVE, "intercurrent_preventive_rt": (True,)}
    flags = marked["procedures"].set_index("subject_id")["intercurrent_preventive_rt"]
    assert flags.to_dict() == {"S2": True, "S3": False, "S4": False, "S5": False}


def test_an_absent_treatment_becomes_the_end_of_the_grace_of_those_without_it():
    # grace of 21 days from 2026-01-01; S3 came on day 10, S4 too late, S5 had another kind
    marked, shown = mark_arm_events(records(), study(arms=(ACTIVE,), absent_by=21))
    event = shown.intercurrent["preventive-rt"]
    assert (event.table, event.date, event.where) == ("subjects", "intercurrent_preventive_rt", {})
    assert (event.arms, event.absent_by) == ((), None)
    dates = marked.subjects.set_index("subject_id")["intercurrent_preventive_rt"]
    assert dates.dropna().to_dict() == {"S4": "2026-01-22", "S5": "2026-01-22"}


def test_rows_that_an_event_leaves_out_are_no_treatment():
    _, plain = mark_arm_events(records(), study(arms=(ACTIVE,), absent_by=21))
    event = study(arms=(ACTIVE,), absent_by=21, unless={"procedure_id": ("1",)})
    marked, shown = mark_arm_events(records(), event)
    assert marked.subjects["intercurrent_preventive_rt"].notna().sum() == 3  # nobody has another row
    assert shown.intercurrent["preventive-rt"].unless == {} == plain.intercurrent["preventive-rt"].unless


def test_an_event_of_all_arms_is_left_as_it_is():
    raw, given = records(), study()
    marked, shown = mark_arm_events(raw, given)
    assert shown.intercurrent["preventive-rt"] == given.intercurrent["preventive-rt"]
    assert marked["procedures"].equals(raw["procedures"])


def test_an_event_without_records_names_no_arm_either():
    raw = make_records({"subjects": records().subjects}, study=STUDY)
    marked, shown = mark_arm_events(raw, study(arms=(CONTROL,)))
    assert shown.intercurrent["preventive-rt"].arms == ()
    assert list(marked.subjects.columns) == list(raw.subjects.columns)


@pytest.mark.parametrize("kind", ["open", "closed"])
@pytest.mark.parametrize("absent_by", [None, 21])
def test_blinded_records_keep_the_marks_and_name_no_arm(kind, absent_by):
    blinded, shown = blind_records(records(), study(arms=(ACTIVE,), absent_by=absent_by), kind=kind)
    event = shown.intercurrent["preventive-rt"]
    assert event.arms == ()
    table = blinded[event.table]
    assert table["intercurrent_preventive_rt"].notna().any()
    assert ACTIVE not in shown.model_dump_json()
