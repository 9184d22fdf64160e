"""Blinded records and studies hold nothing that tells an arm."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support import report_trial as trial

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.records import make_records
from skeletal.study import Study
from skeletal_reports.blinding import blind_records, masked_arms

STUDY = trial.study()
ARMS = ("observational", "upfront-rt")
WORDS = ("observational", "upfront", "observational arm", "upfront radiotherapy arm")


def subjects(n=12, **columns):
    return pd.DataFrame(
        {
            "subject_id": [f"S{place:02d}" for place in range(n, 0, -1)],
            "arm": [ARMS[(place * place) % 3 % 2] for place in range(n)],
            "randomised_date": "2026-01-15",
            "age": [60.0 + place % 5 for place in range(n)],
            **columns,
        }
    )


def records(frame=None, **tables):
    return make_records({"subjects": subjects() if frame is None else frame, **tables}, study=STUDY)


def with_(**changes):
    return Study.model_validate({**STUDY.model_dump(), **changes})


def everything(blinded):
    return "\n".join(table.to_csv() for table in blinded.tables.values()).casefold()


def test_open_records_have_one_arm_and_the_study_is_pooled():
    blinded, study = blind_records(records(), STUDY, kind="open")
    assert blinded.subjects["arm"].unique().tolist() == ["All subjects"]
    assert study.masking == "pooled"
    assert [arm.name for arm in study.arms] == ["All subjects"]


def test_closed_records_have_letters_and_the_reference_is_a():
    raw = records()
    blinded, study = blind_records(raw, STUDY, kind="closed")
    letters = masked_arms(STUDY)
    expected = raw.subjects.set_index("subject_id")["arm"].map(letters)
    found = blinded.subjects.set_index("subject_id")["arm"]
    assert found.to_dict() == expected.to_dict()
    assert study.masking == "masked"
    assert [(arm.name, arm.label, arm.control) for arm in study.arms] == [
        ("A", "Arm A", True),
        ("B", "Arm B", False),
    ]


def test_unmask_changes_nothing_in_a_closed_report():
    raw = records()
    assert blind_records(raw, STUDY, kind="closed", unmask=True) == (raw, STUDY)


def test_unmask_does_not_open_the_arms_of_an_open_report():
    blinded, _ = blind_records(records(), STUDY, kind="open", unmask=True)
    assert set(blinded.subjects["arm"]) == {"All subjects"}


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_neither_study_nor_records_name_an_arm(kind):
    blinded, study = blind_records(records(), STUDY, kind=kind)
    text = (study.model_dump_json() + everything(blinded)).casefold()
    assert [word for word in WORDS if word in text] == []
    assert STUDY.title.casefold() not in text


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_scenario_rates_are_the_mean_of_the_arms(kind):
    content = STUDY.model_dump()
    content["scenarios"]["planning"]["event_rate"] = {"observational": 0.5, "upfront-rt": 0.25}
    _, study = blind_records(records(), Study.model_validate(content), kind=kind)
    rates = study.scenarios["planning"].event_rate
    assert set(rates) == set(study.arm_names)
    assert list(rates.values()) == pytest.approx([0.375] * len(rates))


def test_masking_seed_is_not_passed_on():
    _, study = blind_records(records(), STUDY, kind="closed")
    assert study.report.masking_seed == 0


def test_a_column_that_spells_the_arm_is_dropped():
    frame = subjects()
    frame["ACTARM"] = frame["arm"].map({"observational": "Observational Arm", "upfront-rt": "other"})
    blinded, _ = blind_records(records(frame), STUDY, kind="closed")
    assert "ACTARM" not in blinded.subjects


@pytest.mark.parametrize("codes", [("Ctl", "Exp"), (0, 1), (0.0, None)])
def test_a_column_that_maps_to_the_arms_is_dropped_whatever_its_codes(codes):
    frame = subjects()
    frame["code"] = frame["arm"].map(dict(zip(ARMS, codes, strict=True)))
    blinded, _ = blind_records(records(frame), STUDY, kind="open")
    assert "code" not in blinded.subjects
    assert "age" in blinded.subjects


def test_a_date_that_only_one_arm_has_is_dropped():
    frame = subjects()
    frame["treatment_date"] = frame["arm"].map({"observational": None, "upfront-rt": "2026-01-20"})
    blinded, _ = blind_records(records(frame), STUDY, kind="closed")
    assert "treatment_date" not in blinded.subjects


def test_a_column_of_distinct_values_is_kept():
    frame = subjects()
    frame["initials"] = [f"X{place}" for place in range(len(frame))]
    blinded, _ = blind_records(records(frame), STUDY, kind="open")
    assert "initials" in blinded.subjects


def test_text_that_names_an_arm_is_dropped_from_other_tables():
    frame = pd.DataFrame(
        {
            "subject_id": ["S01", "S02"],
            "event_id": ["1", "1"],
            "component": ["fracture", "fracture"],
            "date": ["2026-03-01", "2026-04-01"],
            "comment": ["seen by Dr X", "was in the Upfront  Radiotherapy ARM"],
        }
    )
    blinded, _ = blind_records(records(events=frame), STUDY, kind="closed")
    assert "comment" not in blinded["events"]
    assert blinded["events"]["component"].tolist() == ["fracture", "fracture"]


def test_required_text_that_names_an_arm_is_withheld_and_the_rest_kept():
    frame = pd.DataFrame(
        {
            "subject_id": ["S01", "S02"],
            "procedure_id": ["1", "1"],
            "kind": ["upfront-rt", "surgery"],
            "indicated_date": ["2026-03-01", "2026-04-01"],
        }
    )
    blinded, _ = blind_records(records(procedures=frame), STUDY, kind="open")
    assert blinded["procedures"]["kind"].tolist() == ["withheld", "surgery"]


def test_values_that_a_filter_reads_are_kept():
    content = STUDY.model_dump()
    content["components"]["surgery"]["where"] = {"kind": ("upfront-rt",)}
    study = Study.model_validate(content)
    frame = pd.DataFrame(
        {
            "subject_id": ["S01"],
            "procedure_id": ["1"],
            "kind": ["upfront-rt"],
            "indicated_date": ["2026-03-01"],
        }
    )
    blinded, shown = blind_records(records(procedures=frame), study, kind="open")
    assert blinded["procedures"]["kind"].tolist() == ["upfront-rt"]
    assert shown.components["surgery"].where == {"kind": ("upfront-rt",)}


def test_subject_ids_that_tell_the_arm_are_refused():
    frame = subjects()
    frame["subject_id"] = frame["arm"] + "-" + frame["subject_id"]
    with pytest.raises(InvalidRecords, match=r"12 subject_id\(s\) hold the name of an arm"):
        blind_records(records(frame), STUDY, kind="open")


def test_a_baseline_column_that_tells_the_arm_is_refused():
    frame = subjects()
    frame["dose"] = frame["arm"].map({"observational": 0.0, "upfront-rt": 8.0})
    study = with_(baseline=[{"column": "dose", "label": "Dose", "kind": "continuous"}])
    with pytest.raises(InvalidStudy, match="dose of subjects tell the arm"):
        blind_records(records(frame), study, kind="open")


def test_labels_that_name_an_arm_are_withheld():
    content = STUDY.model_dump()
    content["components"]["fracture"]["label"] = "Fracture in the observational arm"
    content["components"]["fracture"]["source"] = "upfront-rt, page 3"
    _, study = blind_records(records(), Study.model_validate(content), kind="closed")
    assert study.components["fracture"].label == "Fracture in the [withheld]"
    assert study.components["fracture"].source == ""


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_rows_are_sorted_by_subject_and_numbered_anew(kind):
    blinded, _ = blind_records(records(), STUDY, kind=kind)
    assert blinded.subjects["subject_id"].is_monotonic_increasing
    assert blinded.subjects["source_row"].tolist() == list(range(1, 13))


def test_records_given_are_not_changed():
    raw = records()
    before = raw.subjects.copy(deep=True)
    blind_records(raw, STUDY, kind="open")
    pd.testing.assert_frame_equal(raw.subjects, before)


@given(order=st.permutations(range(12)))
@settings(max_examples=15, deadline=None)
def test_blinded_records_do_not_depend_on_the_order_of_rows(order):
    frame = subjects()
    shuffled = frame.iloc[list(order)].reset_index(drop=True)
    first, _ = blind_records(records(frame), STUDY, kind="closed")
    second, _ = blind_records(records(shuffled), STUDY, kind="closed")
    pd.testing.assert_frame_equal(first.subjects, second.subjects)


def test_masked_order_does_not_depend_on_the_control_or_on_the_order_of_the_study_file():
    content = STUDY.model_dump()
    for arm in content["arms"]:
        arm["control"] = not arm["control"]
    turned = Study.model_validate({**content, "arms": content["arms"][::-1]})
    assert masked_arms(turned) == masked_arms(STUDY)


def test_masked_order_follows_the_seed():
    def letters(seed):
        return masked_arms(with_(report={"masking_seed": seed}))["observational"]

    assert {letters(seed) for seed in range(20)} == {"A", "B"}
    assert letters(3) == letters(3)


def test_masked_order_is_the_same_for_every_data_cut():
    early, late = subjects(6), subjects(12)
    first, _ = blind_records(records(early), STUDY, kind="closed")
    second, _ = blind_records(records(late), STUDY, kind="closed")
    truth_early = dict(zip(early["subject_id"], early["arm"], strict=True))
    truth_late = dict(zip(late["subject_id"], late["arm"], strict=True))

    def key(blinded, truth):
        rows = blinded.subjects
        return {(truth[row.subject_id], row.arm) for row in rows.itertuples()}

    assert key(first, truth_early) == key(second, truth_late)


def test_a_letter_that_an_arm_is_called_by_is_no_mask():
    content = STUDY.model_dump()
    content["arms"][0].update(name="B", label="Arm B")
    content["arms"][1].update(name="A", label="Arm A")
    for field in ("event_rate", "death_rate", "dropout_rate"):
        content["scenarios"]["planning"][field] = {"A": 1.0, "B": 1.0}
    lettered = Study.model_validate(content)
    assert sorted(masked_arms(lettered).values()) == ["C", "D"]
    raw = make_records(
        {"subjects": subjects(arm=["A", "B"] * 6)},
        study=lettered,
    )
    blinded, study = blind_records(raw, lettered, kind="closed")
    assert set(blinded.subjects["arm"]) == {"C", "D"}
    assert study.control.name == "C"


def test_dates_of_treatment_that_one_arm_hardly_has_are_left_out():
    # ten a arm: two against nine treated is a gap of 0.7, three standard errors are 0.67
    arms = [ARMS[0]] * 10 + [ARMS[1]] * 10
    days = ["2026-02-01"] * 2 + [None] * 8 + ["2026-02-01"] * 9 + [None]
    some = ["2026-02-01"] * 5 + [None] * 5 + ["2026-02-01"] * 8 + [None] * 2
    raw = records(subjects(20, arm=arms, treatment_date=days))
    assert "treatment_date" not in blind_records(raw, STUDY, kind="closed")[0].subjects
    raw = records(subjects(20, arm=arms, treatment_date=some))
    assert "treatment_date" in blind_records(raw, STUDY, kind="closed")[0].subjects


@pytest.mark.parametrize("kind", ["open", "closed"])
def test_reasons_of_changed_severities_name_no_arm(kind):
    change = {"missing_site": {"severity": "error", "reason": "the Upfront-RT arm has one site"}}
    _, shown = blind_records(records(), with_(review=change), kind=kind)
    assert "pfront" not in shown.review["missing_site"].reason
    assert shown.review["missing_site"].severity == "error"
