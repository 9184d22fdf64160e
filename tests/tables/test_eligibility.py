"""Tables of eligibility, counted by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
from tests.support import report_trial as trial

from skeletal_reports.tables import deviations_table, eligibility_table

YOUNG = 'Does not meet "Aged 18 or more": age 17.'
IRRADIATED = 'Excluded by "Prior radiotherapy".'
WHO = [f"S{k:02d}" for k in range(1, 15)]
UNKNOWN = '"Aged 18 or more" is not assessable: age is missing.'


class HandEligibility:
    """S1 and S6 are too young, and S6 was irradiated too; S4 has no age."""

    declared = (SimpleNamespace(id="I1"), SimpleNamespace(id="E1"))

    @property
    def subjects(self):
        status = ["not eligible", *["eligible"] * 2, "not assessable", "eligible", "not eligible"]
        frame = {"subject_id": [f"S{k}" for k in range(1, 9)], "status": [*status, "eligible", "eligible"]}
        return pd.DataFrame(frame).astype("string")

    @property
    def criteria(self):
        rows = [
            ("S1", None, "I1", "inclusion", "not_met", YOUNG),
            ("S1", None, "E1", "exclusion", "not_assessable", "does not decide"),
            ("S1", "L1", "E1", "exclusion", "met", "of a lesion"),
            ("S2", None, "I1", "inclusion", "met", "passes"),
            ("S4", None, "I1", "inclusion", "not_assessable", UNKNOWN),
            ("S6", None, "I1", "inclusion", "not_met", YOUNG),
            ("S6", None, "E1", "exclusion", "met", IRRADIATED),
        ]
        columns = ["subject_id", "lesion_id", "criterion", "kind", "status", "reason"]
        return pd.DataFrame(rows, columns=columns).astype("string")

    def summary(self):
        return pd.DataFrame(
            {
                "criterion": ["E1", "I1"],
                "kind": ["exclusion", "inclusion"],
                "label": ["Prior radiotherapy", "Aged 18 or more"],
                "unit": ["lesion", "subject"],
                "met": [0, 5],
                "not_met": [11, 2],
                "not_assessable": [1, 1],
            }
        )


def test_criteria_are_counted_inclusion_first_with_what_is_counted():
    rows = eligibility_table(HandEligibility(), trial.study()).rows
    assert [row.cells for row in rows if not row.group] == [
        ("I1: Aged 18 or more", "subjects", "5", "2", "1"),
        ("E1: Prior radiotherapy", "lesions", "0", "11", "1"),
    ]
    assert [row.cells[0] for row in rows if row.group] == [
        "Inclusion: must be met",
        "Exclusion: must not be met",
    ]


def test_a_kind_without_criteria_has_no_heading():
    class Inclusion(HandEligibility):
        def summary(self):
            return super().summary().iloc[1:]

    rows = eligibility_table(Inclusion(), trial.study()).rows
    assert [row.cells[0] for row in rows if row.group] == ["Inclusion: must be met"]


def test_who_should_not_have_been_randomised_is_named_with_the_reason():
    rows = deviations_table(HandEligibility(), trial.records(), trial.study()).rows
    assert [row.cells for row in rows] == [
        ("Eligible", "2 (50.0%)", "3 (75.0%)", "5 (62.5%)"),
        ("Not eligible", "1 (25.0%)", "1 (25.0%)", "2 (25.0%)"),
        (f"{YOUNG} (S1, S6)", "1", "1", "2"),
        (f"{IRRADIATED} (S6)", "0", "1", "1"),
        ("Not assessable", "1 (25.0%)", "0 (0.0%)", "1 (12.5%)"),
        (f"{UNKNOWN} (S4)", "1", "0", "1"),
    ]


def test_a_pooled_list_has_one_column():
    records = trial.records(arms=["All subjects"] * 8)
    table = deviations_table(HandEligibility(), records, trial.pooled_study())
    assert [column.header for column in table.columns][1:] == ["All subjects (N=8)"]


def test_many_subjects_of_one_reason_are_named_in_part():
    class Many(HandEligibility):
        @property
        def subjects(self):
            return pd.DataFrame({"subject_id": WHO, "status": "not assessable"})

        @property
        def criteria(self):
            row = super().criteria.iloc[[4]]
            return pd.concat([row.assign(subject_id=name) for name in WHO], ignore_index=True)

    rows = deviations_table(Many(), trial.records(), trial.study()).rows
    assert (
        rows[-1].cells[0].endswith("(S01, S02, S03, S04, S05, S06, S07, S08, S09, S10, S11, S12 and 2 more)")
    )
