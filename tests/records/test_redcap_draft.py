"""The first draft of a study from a data dictionary: what is guessed, why, and what is left open."""

from __future__ import annotations

import pytest
from tests.support.redcap_project import FIELDS, RAW, dictionary_text, write_project

from skeletal.errors import InvalidRecords
from skeletal.records import read_records, write_csv
from skeletal.records.redcap.draft import draft_redcap, read_redcap_dictionary
from skeletal.records.redcap.export import export_redcap
from skeletal.study import load_study, parse_study
from skeletal_synthetic import simulate_trial


def draft(folder, fields):
    path = folder / "dictionary.csv"
    path.write_text(dictionary_text(fields), encoding="utf-8")
    return draft_redcap(read_redcap_dictionary(path))


def columns(text, table, entry=0):
    return parse_study(text).records.forms[table][entry].columns


ID = ("record_id", "first", "text", "ID", "", "")
ARM = ("arm", "first", "radio", "Arm", "1, New drug | 2, Standard care", "")


@pytest.mark.parametrize("name", ["hermes", "rfa-ba"])
def test_the_draft_of_our_own_export_reads_it(name, tmp_path):
    study = load_study(name)
    records = simulate_trial(study, seed=3, n_subjects=10)
    made = export_redcap(records)
    write_csv(made.export, tmp_path / "export.csv")
    text = draft_redcap(read_redcap_dictionary(write_csv(made.dictionary, tmp_path / "dictionary.csv")))
    visits = "".join(f'{event} = "{visit}"\n' for event, visit in made.mapping.redcap.visits.items())
    filled = text.replace('# baseline_arm_1 = "Baseline"\n', visits)
    assert filled != text  # the one TODO that the dictionary cannot answer
    found = read_records(tmp_path, parse_study(filled))
    assert set(found.tables) == set(records.tables)
    for table, frame in records.tables.items():
        for column in set(frame.columns) - {"source", "source_row"}:
            assert sorted(map(str, found[table][column])) == sorted(map(str, frame[column])), (table, column)


def test_a_project_made_by_hand_is_read_by_its_draft(tmp_path):
    text = draft_redcap(read_redcap_dictionary(write_project(tmp_path) / "Trial_DataDictionary.csv"))
    text = text.replace("missing = []", 'missing = ["UNK"]')
    records = read_records(tmp_path, parse_study(text))
    assert records.subjects["ecog"].tolist() == [0, 2]
    assert records.subjects["arm"].tolist() == ["Observation, no radiotherapy", "Upfront RT"]
    assert records["events"]["component"].tolist() == ["fracture", "cord_compression"]
    assert records["questionnaires"]["item"].tolist() == ["worst_pain", "current_pain"]
    assert records["disposition"]["status"].tolist() == ["died"]
    assert RAW.startswith("record_id")


def test_guesses_say_why(tmp_path):
    text = draft(tmp_path, FIELDS)
    assert "arm = \"arm\"  # by its name: 'Arm'" in text
    assert "randomised_date = \"rand_date\"  # by words of its name or label: 'Date of randomisation'" in text
    assert "# subjects: one randomised person.  Form enrolment: it names the arm." in text


def test_numbers_are_those_of_the_labels(tmp_path):
    text = draft(tmp_path, FIELDS)
    assert parse_study(text).records.forms["subjects"][0].values["ecog"] == {"1": 0, "2": 1, "3": 2}
    assert "# TODO the numbers are those of the labels, not the codes" in text


def test_the_arms_are_choices_and_the_control_is_recognised(tmp_path):
    study = parse_study(draft(tmp_path, [ID, ARM]))
    assert study.arm_names == ("Standard care", "New drug")


def test_without_an_arm_two_stand_in_with_a_todo(tmp_path):
    text = draft(tmp_path, [ID])
    assert parse_study(text).arm_names == ("control", "experimental")
    assert "# TODO the arms, as subjects.arm writes them: none were found." in text
    assert "# TODO no field found for arm, randomised_date: required" in text


@pytest.mark.parametrize(
    ("field", "table", "column"),
    [
        (("dob", "demographics", "text", "Age at entry", "", "integer"), "subjects", "age"),
        (("karn", "baseline", "text", "Karnofsky index", "", "integer"), "subjects", "kps"),
        (("l_no", "target_lesions", "text", "Lesion number", "", ""), "lesions", "lesion_id"),
        (("from", "hospital_stay", "text", "Admitted on", "", "date_dmy"), "stays", "admission_date"),
        (("x", "opioids", "text", "Morphine equivalent", "", "number"), "analgesics", "omed_mg"),
        (("agent", "systemic_treatment", "text", "Name of the agent", "", ""), "therapies", "drug"),
        (("y", "screening_log", "yesno", "Eligible?", "", ""), "screening", "eligible"),
    ],
)
def test_forms_and_fields_are_recognised_by_words(field, table, column, tmp_path):
    fields = [ID, ARM, field]
    assert columns(draft(tmp_path, fields), table)[column] == field[0]


def test_a_field_of_the_wrong_kind_is_not_taken(tmp_path):
    fields = [ID, ARM, ("age", "first", "text", "Age", "", "date_ymd")]
    assert "age" not in columns(draft(tmp_path, fields), "subjects")


def test_dates_of_death_and_last_contact_become_status_facts(tmp_path):
    fields = [ID, ARM, ("d1", "survival", "text", "Date of death", "", "date_ymd")]
    fields += [("d2", "survival", "text", "Date last seen", "", "date_ymd")]
    died, alive = parse_study(draft(tmp_path, fields)).records.forms["disposition"]
    assert (died.constants, died.filled, died.columns) == ({"status": "died"}, ("d1",), {"date": "d1"})
    assert (alive.constants, alive.filled) == ({"status": "alive"}, ("d2",))


def test_a_form_for_one_kind_of_treatment_names_it(tmp_path):
    fields = [ID, ARM, ("start", "radiotherapy", "text", "Given on", "", "date_ymd")]
    study = parse_study(draft(tmp_path, fields))
    assert study.records.forms["procedures"][0].constants == {"kind": "radiation"}
    assert list(study.components) == ["radiation"]


def test_the_items_of_a_questionnaire_are_numbered_or_named(tmp_path):
    bm22 = [
        (f"q{i}", "qlq_bm22", "radio", f"Have you had pain {i}?", "1, No | 4, Much", "")
        for i in range(31, 53)
    ]
    items = parse_study(draft(tmp_path, [ID, ARM, *bm22])).records.forms["questionnaires"][0].items
    assert items == {f"q{number + 30}": str(number) for number in range(1, 23)}


def test_words_that_nobody_knows_are_left_to_a_human(tmp_path):
    fields = [ID, ARM, ("why", "off_study", "radio", "Status", "1, Died | 2, Moved to Mars", "")]
    text = draft(tmp_path, fields)
    assert "# TODO what these mean is not certain: Moved to Mars" in text
    assert parse_study(text).records.forms["disposition"][0].values["status"]["2"] == "moved_to_mars"


def test_forms_and_tables_without_a_partner_are_listed(tmp_path):
    text = draft(tmp_path, [ID, ARM, ("a", "quite_odd", "text", "Colour", "", "")])
    assert "# TODO forms that no record table was found for: quite_odd" in text
    assert "# TODO record tables that no form was found for: screening, lesions, events" in text


def test_odd_words_make_no_odd_file(tmp_path):
    odd = 'A "label" with \\ and # and é and [x]'
    fields = [
        ID,
        ("arm", "first", "radio", odd, f"1, {odd} | 2, 'two'", ""),
        ("x y", "first", "text", odd, "", ""),
    ]
    assert set(parse_study(draft(tmp_path, fields)).arm_names) == {odd, "'two'"}


def test_what_is_no_dictionary_is_refused(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(RAW, encoding="utf-8")
    with pytest.raises(InvalidRecords, match=r"export.csv is no data dictionary of REDCap"):
        read_redcap_dictionary(path)
