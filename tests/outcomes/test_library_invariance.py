"""What must not matter to any estimand of the library: order of rows, names of subjects, other records."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skeletal.outcomes import Outcomes, derive_outcomes
from skeletal.records import make_records
from skeletal.study import load_study
from skeletal.tables import TABLES

if TYPE_CHECKING:
    from skeletal.study import Study

STUDIES = {
    name: load_study(name).model_copy(update={"measures": {}, "analyses": {}})
    for name in ("hermes", "perform")
}
N_SUBJECTS, N_ROWS, DAYS = 10, 8, 800
LABELS = ("L1", "L2", "1", "01", "a b|c")
FEW = settings(max_examples=2, deadline=None)
SEEDS = st.integers(0, 10**6)


def day(draw: random.Random, start: pd.Timestamp) -> str | None:
    date = (start + pd.Timedelta(days=draw.randint(-20, DAYS))).strftime("%Y-%m-%d")
    return draw.choices([date, date[:7], None], [20, 1, 1])[0]


def tables_of(study: Study, draw: random.Random) -> dict[str, pd.DataFrame]:
    """Draw rows for every filter of the study, some of them with one value of another filter."""
    start = pd.Timestamp("2026-01-10")
    who = [f"S{i}" for i in range(N_SUBJECTS)]
    subjects = pd.DataFrame({"subject_id": who, "arm": [draw.choice(study.arm_names) for _ in who]})
    for column in dict.fromkeys(["randomised_date", *map(study.time_zero_of, study.endpoints)]):
        days = [start + pd.Timedelta(days=draw.randint(0, 40)) for _ in who]
        subjects[column] = [f"{date:%Y-%m-%d}" if draw.random() > 0.1 else None for date in days]
    subjects["randomised_date"] = subjects["randomised_date"].fillna("2026-01-10")
    filters = [
        study.death,
        *study.components.values(),
        *study.intercurrent.values(),
        *(rule for rule in study.censoring.values() if rule.table is not None),
    ]
    found: dict[str, list[dict[str, Any]]] = {}
    for rule in filters:
        others = [item for item in filters if item.table == rule.table]
        for _ in range(N_ROWS):
            row = {"subject_id": draw.choice(who), "lesion_id": draw.choice([*LABELS, None])}
            other = draw.choice(others)
            if draw.random() < 0.2:
                row |= {column: draw.choice(values) for column, values in other.where.items()}
            row |= {column: draw.choice(values) for column, values in rule.where.items()}
            row[rule.date] = day(draw, start)
            found.setdefault(str(rule.table), []).append(row)
    frames = {name: finished(name, pd.DataFrame(rows)) for name, rows in found.items()}
    lesions = [(name, label, draw.random() < 0.8) for name in who for label in draw.sample(LABELS, 2)]
    frames["lesions"] = pd.DataFrame(lesions, columns=["subject_id", "lesion_id", "target"])
    return {"subjects": subjects, **frames}


def finished(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Add what the table requires beside what filters ask for."""
    for column, known in TABLES[name].columns.items():
        if column in TABLES[name].required and column not in frame:
            frame[column] = [f"{column}{i}" for i in range(len(frame))] if known.kind == "text" else None
    return frame


def derive(study: Study, tables: dict[str, pd.DataFrame]) -> Outcomes:
    numbered = {name: frame.assign(source_row=frame.index + 1) for name, frame in tables.items()}
    return derive_outcomes(make_records(numbered, study=study), study)


def frames_of(outcomes: Outcomes) -> dict[str, pd.DataFrame]:
    found = {}
    for name, estimand in outcomes.study.estimands.items():
        read = outcomes.first if estimand.variable == "first" else outcomes.recurrent
        found[name] = read(estimand.endpoint, name)
        if estimand.variable == "first":
            found[f"{name} by component"] = outcomes.by_component(estimand.endpoint, name)
        else:
            found[f"{name} periods"] = outcomes.periods(estimand.endpoint, 84, name)
    return {**found, "exclusions": outcomes.exclusions, "accounting": outcomes.accounting()}


def assert_same(one: dict[str, pd.DataFrame], other: dict[str, pd.DataFrame]) -> None:
    for name, frame in one.items():
        pd.testing.assert_frame_equal(frame, other[name], obj=name)


@pytest.mark.parametrize("name", STUDIES)
@given(seed=SEEDS)
@FEW
def test_the_order_of_rows_changes_no_estimand(name: str, seed: int) -> None:
    study, draw = STUDIES[name], random.Random(f"{name} {seed}")
    tables = tables_of(study, draw)
    mixed = {table: frame.sample(frac=1, random_state=seed) for table, frame in tables.items()}

    one, other = derive(study, tables), derive(study, mixed)

    assert_same(frames_of(one), frames_of(other))
    known = ("estimand", "subject_id", "lesion_id", "table", "source_row", "rule", "sentence")
    columns = [column for column in known if column in one.audit]
    audits = [item.audit[columns].sort_values(columns).reset_index(drop=True) for item in (one, other)]
    pd.testing.assert_frame_equal(*audits)


def with_unread_records(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Add each row once more as something that no filter asks for."""
    never = {"component": "other", "kind": "other", "class": "other", "place": "nursing_home"}
    found = dict(tables)
    for table in {"events", "procedures", "therapies", "stays"} & set(tables):
        frame = tables[table]
        unread = frame.assign(**{column: value for column, value in never.items() if column in frame})
        found[table] = pd.concat([frame, unread], ignore_index=True)
    return found


@pytest.mark.parametrize("name", STUDIES)
@given(seed=SEEDS)
@FEW
def test_names_and_records_of_which_no_rule_speaks_change_no_estimand(name: str, seed: int) -> None:
    study, draw = STUDIES[name], random.Random(f"{name} {seed}")
    tables = tables_of(study, draw)
    odd = ["10", "9", "010", "ü 1", "a,b", "a-b", "A", "a", "Z|1", "'x'"]
    draw.shuffle(odd)
    subjects = dict(zip(tables["subjects"]["subject_id"], odd, strict=True))
    lesions = dict(zip(LABELS, draw.sample(["7", "07", "é", "L 1", "q;r"], 5), strict=True))
    renamed = {
        table: frame.assign(
            subject_id=frame["subject_id"].map(subjects),
            **({"lesion_id": frame["lesion_id"].map(lesions)} if "lesion_id" in frame else {}),
        )
        for table, frame in with_unread_records(tables).items()
    }

    expected, found = frames_of(derive(study, tables)), frames_of(derive(study, renamed))

    for key, frame in expected.items():
        back = frame.copy()
        for column, names in (("subject_id", subjects), ("lesion_id", lesions)):
            if column in back:
                back[column] = back[column].map(names).astype("string")
        order = [c for c in ("component_name", "estimand", "subject_id", "lesion_id", "start") if c in back]
        pairs = (back, found[key])
        left, right = (item.sort_values(order, kind="stable").reset_index(drop=True) for item in pairs)
        pd.testing.assert_frame_equal(left, right, obj=key)
