"""ADSL by hand: treatments, how participation ended, dates, covariates and their names."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.support.outcome_trial import iso, rows, small_study, small_tables

from skeletal.errors import InvalidRecords
from skeletal.outcomes import derive_outcomes
from skeletal.outcomes.adam import adam_data_sets, define_tables, subject_level
from skeletal.outcomes.adam.variable import short_label
from skeletal.records import make_records

END = ("EOSSTT", "EOSDT", "DCSREAS")


def adsl(study=None, *, columns=None, reasons=None, **tables):
    """Return ADSL of the small trial; ``columns`` are added to subjects, ``reasons`` to disposition."""
    study = study or small_study(top="data_cutoff = 2026-12-31")
    frames = small_tables(**tables)
    frames["subjects"] = frames["subjects"].assign(**(columns or {}))
    if reasons is not None:
        frames["disposition"] = frames["disposition"].assign(reason=pd.array(reasons, dtype="string"))
    return subject_level(derive_outcomes(make_records(frames, study=study), study))


def ended(*status, **options):
    """Return EOSSTT, EOSDT (as a study day) and DCSREAS of subject A, and DCSREASP where it is there."""
    frame = adsl(status=[("A", *row) for row in status], **options).frame
    names = [*END, *(["DCSREASP"] if "DCSREASP" in frame else [])]
    state, day, *others = rows(frame, *names)[0]
    return (state, None if day is None else (day - pd.Timestamp(iso(1))).days + 1, *others)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ([("alive", 50)], ("ONGOING", None, None)),
        ([("completed", 90)], ("COMPLETED", 90, None)),
        ([("died", 90)], ("DISCONTINUED", 90, "DEATH")),
        ([("withdrew", 40), ("alive", 60)], ("DISCONTINUED", 40, "WITHDRAWAL")),
        ([("lost", 40)], ("DISCONTINUED", 40, "LOST TO FOLLOW-UP")),
        ([("withdrew", 40), ("died", 90)], ("DISCONTINUED", 40, "WITHDRAWAL")),
        ([("completed", 40), ("died", 90)], ("COMPLETED", 40, None)),
        ([("completed", 90), ("died", 90)], ("DISCONTINUED", 90, "DEATH")),
        ([("lost", 40), ("withdrew", 40)], ("DISCONTINUED", 40, "WITHDRAWAL")),
        ([("withdrew", 40), ("lost", 30)], ("DISCONTINUED", 30, "LOST TO FOLLOW-UP")),
    ],
)
def test_the_first_record_that_ends_participation_decides(status, expected) -> None:
    assert ended(*status) == expected


def test_a_partial_date_of_withdrawal_is_placed_but_not_shown() -> None:
    assert ended(("withdrew", "2025-02")) == ("DISCONTINUED", None, "WITHDRAWAL")
    # 2025-02 may be 1 February, day 32: before the death of day 33 and after that of day 31.
    assert ended(("withdrew", "2025-02"), ("died", 33))[2] == "WITHDRAWAL"
    assert ended(("withdrew", "2025-02"), ("died", 31))[1:] == (31, "DEATH")


def test_a_death_is_placed_on_its_imputed_day() -> None:
    frame = adsl(status=[("A", "alive", 40), ("A", "died", "2025-02")]).frame

    assert rows(frame, "DTHDT", "DTHDTF", "EOSDT") == [
        (pd.Timestamp(iso(40)), "D", pd.Timestamp(iso(40))),
    ]


def test_the_reason_as_recorded_is_that_of_the_record_that_decides() -> None:
    assert ended(("withdrew", 40), ("died", 90), reasons=["toxicity", "cancer"])[2:] == (
        "WITHDRAWAL",
        "toxicity",
    )
    assert ended(("died", 90), reasons=["cancer"])[2:] == ("DEATH", "cancer")
    assert ended(("completed", 90), reasons=["end of trial"])[2:] == (None, None)
    assert "DCSREASP" not in adsl(status=[("A", "alive", 5)]).frame


def test_without_a_table_of_dispositions_nothing_is_said_of_the_end() -> None:
    death = '[death]\nlabel = "Death"\ntable = "events"\nwhere = { component = "death" }\n'
    limit = '[censoring.horizon]\nlabel = "Horizon"\nrole = "limit"\nafter_days = 199\n'
    study = small_study(extra=death, censoring=limit)
    frames = small_tables(events=[("A", "death", 20)])
    del frames["disposition"]
    frame = subject_level(derive_outcomes(make_records(frames, study=study), study)).frame

    assert not set(END) & set(frame.columns)
    assert rows(frame, "DTHDT", "DTHFL") == [(pd.Timestamp(iso(20)), "Y")]


def test_a_death_that_the_study_reads_elsewhere_ends_participation() -> None:
    death = '[death]\nlabel = "Death"\ntable = "events"\nwhere = { component = "death" }\n'
    found = ended(("alive", 10), study=small_study(extra=death), events=[("A", "death", 20)])
    assert found == ("DISCONTINUED", 20, "DEATH")


def test_treatments_have_words_and_numbers_with_the_control_first() -> None:
    frame = adsl(subjects=["A", "B"], status=[("A", "alive", 9), ("B", "alive", 9)]).frame

    assert rows(frame, "ARM", "TRT01P", "TRT01PN") == [("old", "old", 1), ("new", "new", 2)]
    study = small_study(top="data_cutoff = 2026-12-31")
    old, new = study.arms
    labelled = study.model_copy(
        update={
            "arms": (
                old.model_copy(update={"label": "Old drug", "control": False}),
                new.model_copy(update={"label": "New drug", "control": True}),
            )
        }
    )
    frame = adsl(labelled, subjects=["A", "B"]).frame
    assert rows(frame, "ARM", "TRT01P", "TRT01PN") == [("old", "Old drug", 2), ("new", "New drug", 1)]
    alike = labelled.model_copy(
        update={"arms": tuple(arm.model_copy(update={"label": "Drug"}) for arm in labelled.arms)}
    )
    assert rows(adsl(alike, subjects=["A", "B"]).frame, "TRT01P") == [("old",), ("new",)]


def test_columns_of_subjects_have_standard_names() -> None:
    frame = adsl(
        columns={
            "site": "07",
            "age": "70.5",
            "sex": "F",
            "race": "ASIAN",
            "ethnicity": "NOT HISPANIC OR LATINO",
            "country": "BEL",
            "consent_date": "2024-12-24",
            "treatment_date": "2025-01",
        }
    ).frame
    names = ("SUBJID", "SITEID", "AGE", "AGEU", "SEX", "RACE", "ETHNIC", "COUNTRY", "RFICDT", "TRTSDT")

    assert rows(frame, *names) == [
        ("A", "07", 70.5, "YEARS", "F", "ASIAN", "NOT HISPANIC OR LATINO", "BEL",
         pd.Timestamp("2024-12-24"), None),
    ]  # fmt: skip


def test_an_age_that_is_missing_has_no_unit() -> None:
    assert rows(adsl(columns={"age": pd.NA}).frame, "AGE", "AGEU") == [(None, None)]


BASELINE = """
[[baseline]]
column = "primary_tumour"
label = "Primary tumour"
kind = "categorical"
[[baseline]]
column = "weight_kg"
label = "Weight"
kind = "continuous"
unit = "kg"
[[baseline]]
column = "visceral_metastases"
label = "Visceral metastases at randomisation, as the site recorded them"
kind = "categorical"
[[baseline]]
column = "number_of_lesions"
label = "Lesions"
kind = "continuous"
[[baseline]]
column = "sex"
label = "Sex"
kind = "categorical"
[analyses.test]
estimand = "survival"
method = "logrank"
strata = ["number_of_levels", "arm2"]
"""


def test_declared_covariates_and_strata_have_sas_names_and_the_labels_of_the_study() -> None:
    made = adsl(
        small_study(top="data_cutoff = 2026-12-31", extra=BASELINE),
        columns={
            "primary_tumour": "breast",
            "weight_kg": "71.5",
            "visceral_metastases": "true",
            "number_of_lesions": "2",
            "number_of_levels": "one",
            "sex": "F",
            "hair": "red",
        },
    )
    labels = {item.name: item.label for item in made.variables}

    assert rows(made.frame, "PRIMTUM", "WEIGHTBL", "VISMETFL", "NUOFLE", "NUOFLE2", "SEX") == [
        ("breast", 71.5, "Y", 2, "one", "F")
    ]
    assert labels["WEIGHTBL"] == "Weight (kg)"
    assert labels["VISMETFL"] == "Visceral metastases at randomisation..."
    assert labels["NUOFLE2"] == "Number of levels"
    assert not {"HAIR", "ARM2"} & set(labels)
    define = define_tables([made]).variables.set_index("variable")
    assert (
        "Visceral metastases at randomisation, as the site recorded them" in define["derivation"]["VISMETFL"]
    )
    assert define["origin"]["NUOFLE2"] == "Predecessor: subjects.number_of_levels"


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 37 + "..."),
        ("one two " + "x" * 40, "one two..."),
        ("é" * 30, "é" * 18 + "..."),
    ],
)
def test_a_label_that_is_too_long_says_that_it_goes_on(words: str, label: str) -> None:
    assert short_label(words) == label


def test_a_text_that_a_transport_file_cannot_hold_is_refused() -> None:
    study = small_study(top="data_cutoff = 2026-12-31", extra=BASELINE)
    long = "ü" * 100 + "x"
    tables = small_tables(subjects=["A", "B"])
    tables["subjects"] = tables["subjects"].assign(primary_tumour=["breast", long])
    outcomes = derive_outcomes(make_records(tables, study=study), study)
    message = (
        r"ADSL.PRIMTUM has 1 text\(s\) longer than the 200 bytes of a SAS transport file \(of B\); shorten "
        "them in subjects.primary_tumour"
    )
    with pytest.raises(InvalidRecords, match=message):
        adam_data_sets(outcomes)
