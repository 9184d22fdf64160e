"""What a filter leaves out: a row with a refused value in any column; a missing value refuses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.outcome_trial import CENSORING, HEAD, chosen_estimands, only, rows, small_tables

from skeletal.errors import InvalidRecords
from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records
from skeletal.study import parse_study

if TYPE_CHECKING:
    import pandas as pd

FRACTURE = 'where = {{ component = "fracture" }}'
PALLIATIVE = 'where = {{ kind = "radiation", intent = "palliative" }}'


def study_with(old: str, new: str, extra: str = ""):
    text = HEAD.replace(old, new).format(top="", endpoint="", death_endpoint="", extra=extra)
    return parse_study(text + CENSORING)


def derived(study, tables: dict[str, pd.DataFrame]):
    return derive_outcomes(make_records(tables, study=study), study)


def fractures(**columns) -> dict[str, pd.DataFrame]:
    tables = small_tables(events=[("A", "fracture", 20), ("A", "fracture", 60)], status=[("A", "alive", 150)])
    return tables | {"events": tables["events"].assign(**columns)}


@pytest.mark.parametrize(
    ("detection", "time"),
    [(["imaging", "clinical"], 60), (["clinical", "imaging"], 20), ([None, "imaging"], 20)],
)
def test_a_component_leaves_out_rows_with_a_refused_value(detection: list, time: int) -> None:
    study = study_with(FRACTURE, FRACTURE + '\nunless = {{ detection = "imaging" }}')
    outcomes = derived(study, fractures(detection=detection))

    assert only(outcomes.first("sre", "competing"), "time", "status") == (time, 1)
    audit = outcomes.audit.query("estimand == 'competing' and table == 'events'")
    assert sum(audit["rule"] == "not a component") == detection.count("imaging")


def test_a_refused_value_in_any_one_column_is_enough() -> None:
    study = study_with(FRACTURE, FRACTURE + '\nunless = {{ detection = "imaging", cause = ["fall", "car"] }}')
    tables = fractures(detection=["clinical", "clinical"], cause=["car", None])

    assert only(derived(study, tables).first("sre", "competing"), "time", "status") == (60, 1)


def test_flags_are_refused_as_flags_and_a_missing_one_is_not() -> None:
    study = study_with(FRACTURE, FRACTURE + "\nunless = {{ adjudicated = false }}")
    tables = fractures(adjudicated=["false", None])

    assert only(derived(study, tables).first("sre", "competing"), "time", "status") == (60, 1)


def test_death_and_intercurrent_events_are_filtered_too() -> None:
    extra = """
[death]
label = "Death"
table = "disposition"
where = { status = "died" }
unless = { cause = "accident" }
[intercurrent.crossover]
label = "Crossover"
table = "procedures"
where = { intent = "protocol" }
unless = { kind = "surgery" }
date = "indicated_date"
"""
    study = study_with("", "", extra + chosen_estimands("crossover", "competing"))
    tables = small_tables(
        radiation=[("A", 30, "protocol"), ("A", 70, "protocol")],
        status=[("A", "died", 90), ("A", "died", 120), ("A", "alive", 100)],
    )
    tables["disposition"]["cause"] = ["accident", None, None]
    tables["procedures"]["kind"] = ["surgery", "radiation"]
    outcomes = derived(study, tables)

    assert only(outcomes.first("death"), "time", "status") == (120, 1)
    assert only(outcomes.first("sre", "chosen"), "time", "cause") == (70, "crossover")


def test_a_refused_column_that_is_absent_is_named() -> None:
    study = study_with(PALLIATIVE, PALLIATIVE + '\nunless = {{ planned = "yes" }}')
    with pytest.raises(
        InvalidRecords, match=r"needs column 'planned' of table 'procedures' \(Radiotherapy\)"
    ):
        derived(study, fractures())


def test_a_refused_value_of_another_kind_is_named() -> None:
    study = study_with(FRACTURE, FRACTURE + "\nunless = {{ graded = true }}")
    with pytest.raises(InvalidRecords, match=r"column 'graded' of table 'events' .* holds text"):
        derived(study, fractures(graded="first"))


def test_what_refuses_nothing_changes_nothing() -> None:
    plain = derived(study_with("", ""), fractures(detection="clinical"))
    study = study_with(FRACTURE, FRACTURE + '\nunless = {{ detection = "imaging" }}')
    other = derived(study, fractures(detection="clinical"))

    columns = ("subject_id", "time", "status", "component")
    assert rows(plain.first("sre", "competing"), *columns) == rows(other.first("sre", "competing"), *columns)
