"""Tables of subjects: disposition, enrolment, baseline, counted by hand."""

from __future__ import annotations

import pytest
from tests.support import report_trial as trial

from skeletal.errors import InvalidRecords
from skeletal.records import make_records
from skeletal_reports.tables import baseline_table, disposition_table, enrolment_table, subject_status


def cells(table, label):
    found = [row.cells[1:] for row in table.rows if row.cells[0] == label]
    assert found, f"no row {label!r} among {[row.cells[0] for row in table.rows]}"
    return found[0]


def test_the_first_end_of_follow_up_decides_and_no_death_is_lost():
    status = subject_status(trial.records(), trial.study()).set_index("subject_id")
    assert status["status"].to_dict() == {
        "S1": "died",
        "S2": "withdrew",
        "S3": "completed",
        "S4": "ongoing",
        "S5": "died",
        "S6": "lost",
        "S7": "ongoing",
        "S8": "ongoing",
    }
    assert status.index[status["died"]].tolist() == ["S1", "S2", "S5"]


def test_deaths_without_a_date_come_first():
    rows = trial.DISPOSITION.assign(
        date=trial.DISPOSITION["date"].where(trial.DISPOSITION["status"] != "died")
    )
    records = make_records({"subjects": trial.subjects()})
    tables = {**records.tables, "disposition": rows.astype("string")}
    status = subject_status(type(records)(tables=tables), trial.study()).set_index("subject_id")
    assert status.loc["S2", "status"] == "died"


def test_disposition_by_arm_and_total():
    table = disposition_table(trial.records(), trial.study())
    assert [column.header for column in table.columns] == [
        "",
        "Observational arm (N=4)",
        "Upfront radiotherapy arm (N=4)",
        "Total (N=8)",
    ]
    assert cells(table, "Randomised") == ("4", "4", "8")
    assert cells(table, "Date of treatment recorded") == ("0 (0.0%)", "3 (75.0%)", "3 (37.5%)")
    assert cells(table, "In follow-up") == ("1 (25.0%)", "2 (50.0%)", "3 (37.5%)")
    assert cells(table, "Died") == ("1 (25.0%)", "1 (25.0%)", "2 (25.0%)")
    assert cells(table, "Died, at any time") == ("2 (50.0%)", "1 (25.0%)", "3 (37.5%)")
    assert table.notes[-1] == "Data cutoff: 2028-02-05."


def test_a_pooled_table_has_one_column_and_no_total():
    table = disposition_table(trial.records(arms=["All subjects"] * 8), trial.pooled_study())
    assert [column.header for column in table.columns] == ["", "All subjects (N=8)"]
    assert cells(table, "Randomised") == ("8",)


def test_three_arms_one_of_them_empty():
    table = disposition_table(trial.records(), trial.three_arm_study())
    assert cells(table, "Randomised") == ("4", "4", "0", "8")
    assert cells(table, "Died") == ("1 (25.0%)", "1 (25.0%)", "0", "2 (25.0%)")


def test_enrolment_by_site_with_the_largest_first():
    table = enrolment_table(trial.records(), trial.study())
    assert [row.cells for row in table.rows] == [
        ("Ghent", "3", "2", "5"),
        ("Antwerp", "1", "1", "2"),
        ("Not stated", "0", "1", "1"),
        ("Total", "4", "4", "8"),
    ]


def test_baseline_of_a_continuous_column():
    # control 50, 61, 61: mean 57.333, SD sqrt(40.333) = 6.351; PCTLDEF=5: quartiles 50, 61, 61
    # experimental 70, 71, 72, 74: mean 71.75, SD 1.708; quartiles by averaging 70.5, 71.5, 73
    table = baseline_table(trial.records(), trial.study())
    assert table.rows[0].cells[0] == "Age (years)"
    assert table.rows[0].group
    assert cells(table, "n")[:2] == ("3", "4")
    assert cells(table, "Mean (SD)")[:2] == ("57.3 (6.4)", "71.8 (1.7)")
    assert cells(table, "Median")[:2] == ("61.0", "71.5")
    assert cells(table, "Q1 to Q3")[:2] == ("50.0 to 61.0", "70.5 to 73.0")
    assert cells(table, "Minimum to maximum") == ("50 to 61", "70 to 74", "50 to 74")
    assert cells(table, "Missing") == ("1", "0", "1")


def test_baseline_of_a_categorical_column_is_percent_of_those_with_a_value():
    table = baseline_table(trial.records(), trial.study())
    assert cells(table, "F") == ("2 (66.7%)", "2 (50.0%)", "4 (57.1%)")
    assert cells(table, "M") == ("1 (33.3%)", "2 (50.0%)", "3 (42.9%)")


def test_one_decimal_in_the_data_gives_two_in_the_mean():
    subjects = trial.subjects().assign(age=[50.5, 61, 61, None, 70, 71, 72, 74])
    table = baseline_table(make_records({"subjects": subjects}), trial.study())
    assert cells(table, "Mean (SD)")[0] == "57.50 (6.06)"
    assert cells(table, "Minimum to maximum")[0] == "50.5 to 61.0"


def test_an_arm_without_values_is_not_estimable():
    table = baseline_table(trial.records(), trial.three_arm_study())
    assert cells(table, "Mean (SD)")[2] == "NE (NE)"


def test_an_absent_baseline_column_is_refused():
    records = make_records({"subjects": trial.subjects().drop(columns=["kps"])})
    with pytest.raises(InvalidRecords, match=r"no baseline column\(s\) kps"):
        baseline_table(records, trial.study())


def test_text_declared_continuous_is_refused():
    study = trial.study()
    wrong = study.baseline[1].model_copy(update={"kind": "continuous"})
    with pytest.raises(InvalidRecords, match="'sex' is declared continuous"):
        baseline_table(trial.records(), study.model_copy(update={"baseline": (wrong,)}))
