"""Records by what became of them: the numbers close, and no row of a table that an endpoint reads is lost."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.lesion_trial import lesion_outcomes
from tests.support.outcome_trial import estimand_text, rows, small_outcomes, small_study, small_tables

from skeletal.outcomes import derive_outcomes
from skeletal.records import make_records

COUNTS = [
    "n_counted",
    "n_merged",
    "n_rejected",
    "n_competes",
    "n_censors",
    "n_ignored",
    "n_not_component",
]
# What the rules of the audit begin with, for each count.
BEGINS = ["counted", "merged", "rejected", "competes", "censors", "ignored", "not a component"]
BETWEEN = """
[intercurrent.agent]
label = "New bone agent"
table = "events"
where = { component = "agent" }
[intercurrent.preventive]
label = "Preventive radiotherapy"
table = "procedures"
where = { intent = "preventive" }
date = "indicated_date"
arms = ["old"]
[intercurrent.untreated]
label = "Never treated"
table = "procedures"
where = { intent = "preventive" }
date = "indicated_date"
absent_by = 30
"""
STUDY = small_study(
    extra=BETWEEN
    + estimand_text(
        "policy",
        "POL",
        {"agent": "treatment_policy", "preventive": "hypothetical", "untreated": "competing"},
        death="competing",
    )
    + estimand_text(
        "second", "SEC", {"agent": "composite", "untreated": "treatment_policy"}, order=2, death="composite"
    )
    + estimand_text(
        "treated",
        "TRT",
        {"preventive": "while_on_treatment", "agent": "competing"},
        variable="recurrent",
        death="censor",
    )
)
WHO = st.sampled_from([*"ABCDEF", "stranger"])
DAY = st.one_of(st.integers(-10, 240), st.sampled_from(["2025-02", "2025", "2024-12", None]))
RECORDS = st.fixed_dictionaries(
    {
        "events": st.lists(
            st.tuples(WHO, st.sampled_from(["cord", "fracture", "agent", "other"]), DAY), max_size=30
        ),
        "radiation": st.lists(
            st.tuples(WHO, DAY, st.sampled_from(["palliative", "preventive"])), max_size=15
        ),
        "status": st.lists(
            st.tuples(WHO, st.sampled_from(["alive", "died", "withdrew"]), st.integers(-5, 240)), max_size=12
        ),
        "start": st.fixed_dictionaries({"A": st.sampled_from([1, None, "2025-01"])}),
    }
)
MANY = settings(max_examples=8, deadline=None)


def derive(tables: dict[str, Any]):
    made = small_tables(subjects=list("ABCDEF"), **tables)
    return derive_outcomes(make_records(made, study=STUDY), STUDY), made


def counted(outcomes, estimand: str) -> tuple[Any, ...]:
    table = outcomes.record_accounting()
    return rows(table.loc[table["estimand"] == estimand], "n_records", *COUNTS)[0]


def test_the_columns_and_the_estimands_are_those_of_the_study() -> None:
    table = small_outcomes(status=[("A", "alive", 90)]).record_accounting()

    assert list(table.columns) == ["endpoint", "estimand", "n_records", *COUNTS]
    assert rows(table, "endpoint", "estimand") == [
        ("sre", "competing"),
        ("sre", "composite"),
        ("sre", "censor"),
        ("sre", "all"),
        ("sre", "all-censor"),
        ("death", "survival"),
    ]


def test_records_counted_by_hand() -> None:
    """Two events on one day, one soon after, one before time zero, one without date, one that is none."""
    outcomes = small_outcomes(
        events=[
            ("A", "fracture", 31),
            ("A", "cord", 31),
            ("A", "fracture", 40),
            ("A", "fracture", 80),
            ("A", "fracture", -3),
            ("A", "cord", None),
            ("A", "headache", 50),
        ],
        status=[("A", "died", 120)],
    )

    # n_records, counted, merged, rejected, competes, censors, ignored, not a component
    assert counted(outcomes, "all") == (8, 2, 2, 2, 1, 0, 0, 1)
    assert counted(outcomes, "all-censor") == (8, 2, 2, 2, 0, 1, 0, 1)
    assert counted(outcomes, "competing") == (8, 1, 1, 5, 0, 0, 0, 1)
    assert counted(outcomes, "composite") == (8, 1, 1, 5, 0, 0, 0, 1)
    assert counted(outcomes, "survival") == (1, 1, 0, 0, 0, 0, 0, 0)


def test_a_record_that_treatment_policy_ignores_counts_as_ignored() -> None:
    outcomes, _ = derive({"events": [("A", "agent", 20)], "status": [("A", "alive", 60)]})

    assert counted(outcomes, "policy") == (1, 0, 0, 0, 0, 0, 1, 0)
    assert counted(outcomes, "competing") == (1, 0, 0, 0, 0, 0, 0, 1)


def test_an_absence_and_an_end_that_a_rule_dates_are_no_records() -> None:
    outcomes, _ = derive({"status": [("A", "alive", 60)]})
    audit = outcomes.audit_of("policy")

    assert audit.loc[audit["subject_id"] == "A", "rule"].tolist() == ["competes"]
    assert audit["table"].isna().all()
    assert counted(outcomes, "policy") == (0,) * 8


def test_earlier_episodes_of_a_later_order_are_rejected() -> None:
    outcomes, _ = derive(
        {
            "events": [("A", "fracture", day) for day in (10, 12, 50, 50, 90)],
            "status": [("A", "alive", 120)],
        }
    )

    assert counted(outcomes, "second") == (5, 1, 1, 3, 0, 0, 0, 0)


def test_a_death_counts_once_for_each_lesion_and_a_record_that_names_none_is_rejected() -> None:
    outcomes = lesion_outcomes(
        lesions=[("A", "L1"), ("A", "L2")],
        events=[("A", "fracture", 20), ("A", "cord", 30)],
        of={"events": ["L1", None]},
        status=[("A", "died", 60)],
    )

    assert counted(outcomes, "by-lesion") == (4, 1, 0, 2, 1, 0, 0, 0)


@MANY
@given(RECORDS)
def test_the_numbers_of_random_records_close_and_are_those_of_the_audit(tables: dict[str, Any]) -> None:
    outcomes, _ = derive(tables)
    table = outcomes.record_accounting()
    audit = outcomes.full_audit()
    audit = audit.loc[audit["table"].notna() & (audit["kind"] != "censoring")]

    assert (table["n_records"] == table[COUNTS].sum(axis=1)).all()
    for estimand in STUDY.estimands:
        rules = audit.loc[audit["estimand"] == estimand, "rule"]
        found = [int(rules.str.startswith(name).sum()) for name in BEGINS]
        assert counted(outcomes, estimand) == (len(rules), *found)


@MANY
@given(RECORDS)
def test_every_row_of_a_table_with_a_component_is_there_once_in_each_role(tables: dict[str, Any]) -> None:
    """A preventive procedure may have two roles: an intercurrent event, and one that rules another out."""
    outcomes, made = derive(tables)
    audit = outcomes.full_audit()
    audit = audit.loc[audit["table"].notna() & (audit["kind"] != "censoring")]
    died = (made["disposition"]["status"] == "died").to_numpy(dtype=bool).nonzero()[0] + 1
    deaths = {("disposition", row) for row in died.tolist()}
    both = {(table, row) for table in ("events", "procedures") for row in range(1, len(made[table]) + 1)}

    for name, estimand in STUDY.estimands.items():
        mine = audit.loc[audit["estimand"] == name]
        assert not mine.duplicated(["kind", "table", "source_row"]).any()
        assert set(rows(mine, "table", "source_row")) == deaths | (
            both if estimand.endpoint == "sre" else set()
        )
        if not {"untreated", "preventive"} <= set(estimand.intercurrent):
            assert not mine.duplicated(["table", "source_row"]).any()


@MANY
@given(RECORDS)
def test_randomised_are_analysed_or_excluded(tables: dict[str, Any]) -> None:
    outcomes, _ = derive(tables)
    table = outcomes.accounting()

    assert (table["n_randomised"] == table["n_analysed"] + table["n_excluded"]).all()
    assert (table["n_analysed"] == table[["n_events", "n_competing", "n_censored"]].sum(axis=1)).all()
    assert (table.groupby("estimand")["n_randomised"].sum() == 6).all()
    for name, estimand in STUDY.estimands.items():
        mine = table.loc[table["estimand"] == name]
        read = outcomes.first if estimand.variable == "first" else outcomes.recurrent
        frame = read(estimand.endpoint, name)
        status = frame.groupby("subject_id")["status"].agg(
            lambda each: 1 if (each == 1).any() else each.max()
        )
        assert mine["n_analysed"].sum() == status.size
        assert mine["n_events"].sum() == (status == 1).sum()
        assert mine["n_competing"].sum() == (status > 1).sum()
