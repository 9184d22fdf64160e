"""The table of the analyses that no other table shows."""

from __future__ import annotations

from dataclasses import replace

from tests.support.declared_methods import DECLARED, trial

from skeletal_reports.tables import further_analyses, further_table
from skeletal_reports.tables.format import format_interval, format_number, format_p_value


def made():
    outcomes, results = trial()
    return further_table(results, outcomes.study), results, outcomes.study


def rows_of(name):
    """Rows under the head of one analysis."""
    rows = made()[0].rows
    start = next(i for i, row in enumerate(rows) if row.group and row.cells[0] == name)
    end = next((i for i in range(start + 1, len(rows)) if rows[i].group), len(rows))
    return [row.cells for row in rows[start + 1 : end]]


def contrast(study):
    return f"{study.arm_names[1]} vs {study.control.name}"


def test_every_analysis_is_in_one_table():
    table, _, study = made()
    heads = [row.cells[0] for row in table.rows if row.group]
    assert heads == list(further_analyses(study))
    shown = {DECLARED[name][1] for name in heads}
    assert {"max_combo", "survival_contrast", "years_lost", "subgroup_effects", "risk_difference"} <= shown
    assert not {"kaplan_meier", "cox", "logrank", "proportion", "fine_gray"} & shown


def test_a_contrast_at_a_time():
    _, results, study = made()
    key = f"incidence-gap/{contrast(study)}/"
    values = [results.value(f"{key}{name}@365") for name in ("estimate", "lower", "upper")]
    p_value = results.value(f"{key}p_value@365")
    (row,) = rows_of("incidence-gap")
    assert row[1:] == ("Month 12", format_interval(*values), "", format_p_value(p_value))


def test_probabilities_and_their_differences_are_in_percent_and_means_in_days():
    for name, lines in (("risk", 2), ("difference", 2), ("common-gap", 1)):
        assert [line[2].count("%") for line in rows_of(name)] == [3] * lines
    assert [line[2].count("%") for line in rows_of("standardised")] == [0]
    assert all(line[0].endswith(", days") for line in rows_of("mean"))


def test_a_test_with_its_components():
    _, results, study = made()
    (row,) = rows_of("combo")
    statistic = results.value(f"combo/{contrast(study)}/statistic")
    assert row[3] == format_number(statistic, 2)


def test_subgroups_and_their_interaction():
    _, results, study = made()
    lines = {row[0].split(": ")[1]: row for row in rows_of("subgroups")}
    key = f"subgroups/{contrast(study)}/"
    values = [results.value(f"{key}{name}[sex=male]") for name in ("ratio", "ratio_lower", "ratio_upper")]
    assert lines["sex=male"][2] == format_interval(*values)
    assert lines["interaction with sex"][4] == format_p_value(results.value(f"{key}interaction_p_value[sex]"))


def test_what_is_not_estimable_says_so():
    outcomes, results = trial()
    study = outcomes.study
    frame = results.frame.assign(value=float("nan"))
    table = further_table(replace(results, frame=frame), study)
    assert all(
        row.cells[4] in ("NE", "") and row.cells[2] in ("NE", "") for row in table.rows if not row.group
    )
    assert any(note.startswith("NE:") for note in table.notes)


def test_methods_are_notes():
    table, results, _ = made()
    method = results.frame.loc[results.frame["analysis"] == "combo", "method"].iloc[0]
    assert any(note.startswith("combo: ") and method in note for note in table.notes)
    assert any(note.startswith("difference (95% CI): ") for note in table.notes)
