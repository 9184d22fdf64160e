"""The ADaM files: columns, codes and values, read back from csv and transport files."""

from __future__ import annotations

import pandas as pd
import pyreadstat
import pytest
from tests.support.outcome_trial import rows, small_outcomes, small_study

from skeletal.outcomes.adam import adam_data_sets, counting_process, occurrences, time_to_event


@pytest.fixture
def folder(tmp_path):
    outcomes = small_outcomes(
        subjects=["A", "B", "C", "D", "E"],
        start={"E": None},
        events=[("A", "fracture", 20), ("A", "cord", 30), ("A", "other", 90)],
        status=[("A", "alive", 150), ("B", "died", "2025-03"), ("C", "withdrew", 40), ("C", "alive", 50)],
    )
    paths = outcomes.to_adam(tmp_path)
    data = [f"{name}.{kind}" for name in ("adsl", "adsre", "adtte", "adrecur") for kind in ("csv", "xpt")]
    assert sorted(path.name for path in paths) == sorted([*data, "define.csv", "define-values.csv"])
    return tmp_path


def test_adtte_has_the_required_columns_and_reason_codes(folder) -> None:
    adtte = pd.read_csv(folder / "adtte.csv")
    required = (
        "STUDYID USUBJID ARM PARAMCD PARAM STARTDT ADT AVAL CNSR EVNTDESC CNSDTDSC SRCDOM SRCVAR SRCSEQ"
    )

    assert set(required.split()) <= set(adtte.columns)
    mine = adtte.loc[adtte["PARAMCD"] == "TTSRE"]
    read = ("USUBJID", "STARTDT", "ADT", "AVAL", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR", "SRCSEQ")
    # Four censoring rules: 1 is Withdrew, 5 no assessment, 7 death.
    assert rows(mine, *read) == [
        ("A", "2025-01-01", "2025-01-20", 20, 0, "fracture", None, "events", "date", 1),
        ("B", "2025-01-01", "2025-03-01", 60, 7, "Death before the event", "Death", "disposition", "date", 2),
        ("C", "2025-01-01", "2025-02-09", 40, 1, "Censored", "Withdrew", "disposition", "date", 3),
        ("D", "2025-01-01", "2025-01-01", 1, 5, "Censored", "No assessment after randomisation",
         None, None, None),
    ]  # fmt: skip
    assert mine["ADTF"].tolist()[1] == "D"
    assert set(adtte["PARAMCD"]) == {"TTSRE", "SREFS", "TTSRECS", "OS"}
    composite = adtte.loc[(adtte["PARAMCD"] == "SREFS") & (adtte["USUBJID"] == "B")]
    assert rows(composite, "CNSR", "EVNTDESC") == [(0, "death")]


def test_aval_is_adt_less_startdt_plus_one(folder) -> None:
    adtte = pd.read_csv(folder / "adtte.csv", parse_dates=["ADT", "STARTDT"])

    assert ((adtte["ADT"] - adtte["STARTDT"]).dt.days + 1 == adtte["AVAL"]).all()


def test_adrecur_has_the_rows_of_the_counting_process(folder) -> None:
    adrecur = pd.read_csv(folder / "adrecur.csv")
    mine = adrecur.loc[(adrecur["PARAMCD"] == "TTMSRE") & adrecur["USUBJID"].isin(["A", "B"])]

    assert rows(mine, "USUBJID", "ENUM", "TSTART", "TSTOP", "STATUS", "EPISODE") == [
        ("A", 1, 0, 20, 1, 1),
        ("A", 2, 20, 150, 0, None),
        ("B", 1, 0, 60, 2, None),
    ]


def test_adsre_has_one_row_a_record_with_its_fate(folder) -> None:
    adsre = pd.read_csv(folder / "adsre.csv")
    mine = adsre.loc[adsre["PARAMCD"] == "TTMSRE"]

    assert rows(mine, "USUBJID", "SRETERM", "ASTDT", "ASTDTF", "ASTDY", "OUTCOME", "EPISODE", "SRCSEQ") == [
        ("A", "fracture", "2025-01-20", None, 20, "counted", 1, 1),
        ("A", "cord", "2025-01-30", None, 30, "merged", 1, 2),
        ("B", "death", "2025-03-01", "D", 60, "competes", None, 2),
    ]


def test_adsl_has_every_randomised_subject(folder) -> None:
    adsl = pd.read_csv(folder / "adsl.csv")

    assert rows(adsl, "USUBJID", "ARM", "RANDDT", "DTHDT", "DTHDTF", "DTHFL") == [
        ("A", "old", "2025-01-01", None, None, None),
        ("B", "new", "2025-01-01", "2025-03-01", "D", "Y"),
        ("C", "old", "2025-01-01", None, None, None),
        ("D", "new", "2025-01-01", None, None, None),
        ("E", "old", None, None, None, None),
    ]


def test_rows_carry_the_planned_treatment_and_the_number_of_the_parameter(folder) -> None:
    adtte, adrecur, adsre = (pd.read_csv(folder / f"{name}.csv") for name in ("adtte", "adrecur", "adsre"))

    assert rows(adtte.query("PARAMCD == 'OS'"), "USUBJID", "TRTP", "TRTPN", "PARAMN") == [
        ("A", "old", 1, 6),
        ("B", "new", 2, 6),
        ("C", "old", 1, 6),
        ("D", "new", 2, 6),
    ]
    assert rows(adrecur, "PARAMCD", "PARAMN")[0] == ("TTMSRE", 4)
    assert (
        adsre.groupby("USUBJID")["ASEQ"].apply(list).map(lambda seq: seq == [*range(1, len(seq) + 1)]).all()
    )
    assert rows(adsre.query("USUBJID == 'B' and PARAMCD == 'OS'"), "TRTPN", "PARAMN", "SRECAT") == [
        (2, 6, "death")
    ]


def test_parameters_that_share_a_label_are_told_apart_by_their_code() -> None:
    whole = small_study()
    same = {name: item.model_copy(update={"label": "SRE"}) for name, item in whole.estimands.items()}
    same["survival"] = whole.estimands["survival"]
    outcomes = small_outcomes(whole.model_copy(update={"estimands": same}), status=[("A", "alive", 100)])
    frame = time_to_event(outcomes).frame

    assert rows(frame, "PARAMCD", "PARAM") == [
        ("TTSRE", "SRE, TTSRE (days)"),
        ("SREFS", "SRE, SREFS (days)"),
        ("TTSRECS", "SRE, TTSRECS (days)"),
        ("OS", "Overall survival (days)"),
    ]


def test_a_record_before_time_zero_has_a_negative_day() -> None:
    outcomes = small_outcomes(events=[("A", "fracture", "2024-12-30")], status=[("A", "alive", 100)])
    frame = occurrences(outcomes).frame

    assert rows(frame, "ASTDY", "OUTCOME")[0] == (-2, "rejected: before time zero")


def test_persons_who_were_not_randomised_are_in_the_audit_alone() -> None:
    outcomes = small_outcomes(
        events=[("A", "fracture", 20), ("X", "fracture", 30)], status=[("A", "alive", 100), ("X", "died", 40)]
    )

    assert "X" in set(outcomes.audit["subject_id"])
    assert set(occurrences(outcomes).frame["USUBJID"]) == {"A"}
    assert all(set(made.frame["USUBJID"]) <= {"A", "B"} for made in adam_data_sets(outcomes))


def test_a_death_after_the_first_of_two_episodes_is_a_death_before_the_event() -> None:
    study = small_study()
    second = study.estimands["competing"].model_copy(update={"order": 2})
    study = study.model_copy(update={"estimands": {**study.estimands, "competing": second}})
    outcomes = small_outcomes(study, events=[("A", "fracture", 20)], status=[("A", "died", 90)])
    frame = time_to_event(outcomes).frame.query("PARAMCD == 'TTSRE' and USUBJID == 'A'")

    assert rows(frame, "AVAL", "EVNTDESC") == [(90, "Death before the event")]


def test_a_recurrent_event_on_the_day_of_a_competing_death_ends_half_a_day_earlier() -> None:
    outcomes = small_outcomes(events=[("A", "fracture", 20)], status=[("A", "died", 20)])
    frame = counting_process(outcomes).frame.query("PARAMCD == 'TTMSRE'")

    assert rows(frame, "ENUM", "TSTART", "TSTOP", "STATUS") == [(1, 0, 19.5, 1), (2, 19.5, 20, 2)]


@pytest.mark.parametrize("name", ["adsl", "adsre", "adtte", "adrecur"])
def test_transport_files_hold_the_same_rows_with_short_names_and_labels(folder, name: str) -> None:
    frame, meta = pyreadstat.read_xport(str(folder / f"{name}.xpt"))
    csv = pd.read_csv(folder / f"{name}.csv")

    assert list(frame.columns) == list(csv.columns)
    assert len(frame) == len(csv)
    assert all(len(column) <= 8 for column in frame.columns)
    assert all(0 < len(label) <= 40 for label in meta.column_labels)
    assert frame["USUBJID"].tolist() == csv["USUBJID"].tolist()


def test_a_study_without_recurrent_estimands_still_writes_every_file(tmp_path) -> None:
    whole = small_study()
    study = whole.model_copy(update={"estimands": {"survival": whole.estimands["survival"]}})
    outcomes = small_outcomes(study, status=[("A", "alive", 100)])

    assert len(outcomes.to_adam(tmp_path)) == 10
    assert pd.read_csv(tmp_path / "adrecur.csv").empty
    assert pd.read_csv(tmp_path / "adsre.csv").empty
