"""Records that an outcome cannot be derived from are refused by table and column, all at once."""

from __future__ import annotations

import pytest
from tests.support.outcome_trial import small_study, small_tables

from skeletal.errors import InvalidRecords
from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records


def refused(tables: dict, study=None) -> InvalidRecords:
    study = study or small_study()
    with pytest.raises(InvalidRecords) as caught:
        derive_outcomes(make_records(tables), study)
    return caught.value


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "procedures",
            "endpoint 'sre' needs table 'procedures' (Radiotherapy), which the records do not have",
        ),
        ("disposition", "every endpoint needs table 'disposition' (Death), which the records do not have"),
        ("assessments", "endpoint 'sre' needs table 'assessments' (Last visit)"),
    ],
)
def test_an_absent_table_is_named_with_who_needs_it(table: str, message: str) -> None:
    tables = small_tables()
    del tables[table]

    assert message in str(refused(tables))


@pytest.mark.parametrize(
    ("table", "column", "message"),
    [
        ("procedures", "intent", "endpoint 'sre' needs column 'intent' of table 'procedures' (Radiotherapy)"),
        (
            "procedures",
            "indicated_date",
            "endpoint 'sre' needs column 'indicated_date' of table 'procedures'",
        ),
        ("assessments", "done", "endpoint 'sre' needs column 'done' of table 'assessments' (Last visit)"),
    ],
)
def test_an_absent_column_is_named_with_its_table(table: str, column: str, message: str) -> None:
    tables = small_tables()
    tables[table] = tables[table].drop(columns=column)

    assert message in str(refused(tables))


def test_all_problems_are_named_together() -> None:
    tables = small_tables()
    del tables["procedures"], tables["assessments"]

    assert len(refused(tables, small_study(death_endpoint='censoring = ["horizon"]')).problems) == 2


def test_a_time_zero_that_is_no_column_is_named() -> None:
    message = str(refused(small_tables(), small_study(endpoint='time_zero = "surgery_date"')))

    assert "endpoint 'sre' needs column 'surgery_date' of table 'subjects' as time zero" in message


def test_missed_visits_without_visits_are_refused() -> None:
    rule = '[censoring.missed]\nlabel = "Missed"\nrole = "limit"\nmissed_visits = 2\n'

    assert "endpoint 'sre' counts missed visits, but the study declares no visits" in str(
        refused(small_tables(), small_study(censoring=rule))
    )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{ extra = true }", "column 'extra' of table 'events' (Other) holds text, the study asks for True"),
        (
            "{ number = 'x' }",
            "column 'number' of table 'events' (Other) holds numbers, the study asks for 'x'",
        ),
        ("{ seen = 1 }", "column 'seen' of table 'events' (Other) holds true or false, the study asks for 1"),
    ],
)
def test_a_filter_that_no_value_of_the_column_can_pass_is_refused(where: str, message: str) -> None:
    extra = f"""
[components.other]
label = "Other"
table = "events"
where = {where}
[endpoints.other]
label = "Other"
components = ["other"]
"""
    tables = small_tables(events=[("A", "fracture", 10)])
    tables["events"] = tables["events"].assign(extra="yes", number="3", seen=True)

    assert message in str(refused(tables, small_study(extra=extra)))


def test_an_arm_that_the_study_does_not_have_is_refused() -> None:
    tables = small_tables()
    tables["subjects"]["arm"] = "third"

    assert "1 subject(s) in an arm that the study does not have (third); its arms are old, new" in str(
        refused(tables)
    )


def test_an_intercurrent_event_needs_its_table_unless_it_changes_nothing() -> None:
    def extra(strategy: str) -> str:
        return f"""
[intercurrent.drug]
label = "New drug"
table = "therapies"
date = "start_date"
[estimands.chosen]
endpoint = "sre"
label = "First SRE"
paramcd = "TTX"
death = "competing"
intercurrent = {{ drug = "{strategy}" }}
"""

    message = str(refused(small_tables(), small_study(extra=extra("hypothetical"))))
    assert "estimand 'chosen' needs table 'therapies' (New drug)" in message
    study = small_study(extra=extra("treatment_policy"))
    assert len(derive_outcomes(make_records(small_tables()), study).first("sre", "chosen")) == 1
