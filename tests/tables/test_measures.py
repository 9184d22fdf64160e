"""Tables of pain response and scores, counted by hand."""

from __future__ import annotations

import pytest
from tests.support import measure_trial as trial

from skeletal.study import DaysAtHome
from skeletal_reports.tables import measure_table, response_counts

RESPONSES = ["Complete", "Partial", "Indeterminate", "Progression"]


def by_group(table):
    """Cells of each row under its heading."""
    found, head = {}, ""
    for row in table.rows:
        head = row.cells[0] if row.group else head
        if not row.group:
            found[head, row.cells[0]] = row.cells[1:]
    return found


def test_responses_by_arm_and_visit_with_every_status_that_occurs():
    table = measure_table(trial.MeasureOutcomes(), trial.study(), trial.PAIN)
    assert [column.header for column in table.columns] == [
        "Arm and visit",
        *RESPONSES,
        "Missing",
        "Not collected",
        "Died",
        "All lesions",
    ]
    found = by_group(table)
    control = "Observational arm (3 lesions of 2 subjects)"
    assert found[control, "Month 1"] == ("0", "1", "1", "1", "0", "0", "0", "3")
    assert found[control, "Month 3"] == ("1", "0", "0", "0", "1", "1", "0", "3")
    assert found["Upfront radiotherapy arm (1 lesion of 1 subject)", "Month 3"] == (*"000000", "1", "1")


def test_visits_stand_in_the_order_of_their_days():
    table = measure_table(trial.MeasureOutcomes(), trial.study(), trial.PAIN)
    assert [row.cells[0] for row in table.rows[:3]][1:] == ["Month 1", "Month 3"]


def test_the_counts_of_every_row_add_up_to_its_units():
    for row in measure_table(trial.MeasureOutcomes(), trial.study(), trial.PAIN).rows:
        if not row.group:
            *parts, total = map(int, row.cells[1:])
            assert sum(parts) == total


def test_scores_are_described_by_the_values_that_count():
    table = measure_table(trial.MeasureOutcomes(), trial.study(), trial.FUNCTION)
    heads = [column.header for column in table.columns]
    assert heads[1:7] == ["n", "Mean", "SD", "Median", "Range", "Observed"]
    assert heads[7:] == ["Intercurrent", "Died", "Not due", "All subjects"]
    found = by_group(table)
    control = "Observational arm (N=2)"
    assert found[control, "Month 1"] == ("2", "15.0", "7.1", "15.0", "10 to 20", "2", "0", "0", "0", "2")
    # the worst value after death counts, but was not observed
    assert found[control, "Month 3"] == ("1", "100.0", "NE", "100.0", "100 to 100", "0", "0", "1", "1", "2")
    other = "Upfront radiotherapy arm (N=1)"
    assert found[other, "Month 3"] == ("0", "-", "-", "-", "-", "0", "1", "0", "0", "1")
    assert any("worst value" in note for note in table.notes)


def test_a_note_explains_each_status_that_occurs_and_no_other():
    pain = " ".join(measure_table(trial.MeasureOutcomes(), trial.study(), trial.PAIN).notes)
    assert "Not collected: by design" in pain
    assert "Not due" not in pain
    assert "worst value" not in pain


def test_an_index_of_at_most_one_has_three_decimals():
    class Index(trial.MeasureOutcomes):
        def measure(self, name):
            frame = super().measure(name)
            return frame.assign(value=frame["value"] / 100)

    found = by_group(measure_table(Index(), trial.study(), trial.FUNCTION))
    cells = found["Observational arm (N=2)", "Month 1"]
    assert cells[:5] == ("2", "0.150", "0.071", "0.150", "0.10 to 0.20")


@pytest.mark.parametrize(
    ("after_death", "words"),
    [("lost_days", "the days after death count as not at home"), ("zero", "makes their number 0")],
)
def test_days_at_home_say_what_a_death_does(after_death, words):
    home = DaysAtHome(kind="days_at_home", label="Days at home", paramcd="DAH", after_death=after_death)
    study = trial.study(measures={trial.FUNCTION: home})
    notes = measure_table(trial.MeasureOutcomes(), study, trial.FUNCTION).notes
    assert any(words in note for note in notes)
    assert not any("worst value" in note for note in notes)


def test_a_pooled_measure_names_no_arm():
    table = measure_table(trial.MeasureOutcomes(pooled=True), trial.pooled_study(), trial.PAIN)
    assert [row.cells[0] for row in table.rows if row.group] == ["All subjects (4 lesions of 3 subjects)"]


def test_counts_of_responses_are_shares_of_all_units_of_the_arm():
    found = response_counts(trial.pain(), trial.study()).set_index(["arm", "visit", "outcome"])
    assert found.loc[("observational", "Month 1", "partial")].tolist() == [1, 1 / 3]
    assert found.loc[("observational", "Month 3", "structural")].tolist() == [1, 1 / 3]
    assert found.loc[("upfront-rt", "Month 3", "death")].tolist() == [1, 1.0]
    shares = found.groupby(["arm", "visit"])["share"].sum()
    assert (shares - 1).abs().max() < 1e-12
