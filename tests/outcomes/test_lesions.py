"""One outcome a lesion: which records speak of which lesion, and what is counted."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.lesion_trial import lesion_outcomes, lesion_study, lesion_tables
from tests.support.outcome_trial import CENSORING, iso, only, rows, small_outcomes

from skeletal.errors import InvalidRecords, InvalidStudy
from skeletal.outcomes import derive_outcomes, recurrent_events
from skeletal.outcomes.adam import counting_process, occurrences, time_to_event
from skeletal.records import make_records

READ = ("subject_id", "lesion_id", "time", "status", "component", "censor_reason")
TWO = [("A", "L1"), ("A", "L2")]
ALIVE = [("A", "alive", 150)]


def first(**tables) -> list:
    return rows(lesion_outcomes(**tables).first("lesion-sre"), *READ)


def fates(outcomes, estimand: str = "by-lesion") -> list:
    audit = outcomes.audit.query("estimand == @estimand and table in ['events', 'procedures']")
    return rows(audit, "subject_id", "lesion_id", "rule")


def test_each_lesion_has_its_own_first_event_and_keeps_its_subject() -> None:
    found = first(
        lesions=TWO,
        events=[("A", "fracture", 60), ("A", "cord", 30), ("A", "fracture", 90)],
        of={"events": ["L1", "L2", "L2"]},
        status=ALIVE,
    )
    assert found == [("A", "L1", 60, 1, "fracture", None), ("A", "L2", 30, 1, "cord", None)]


def test_lesions_come_by_subject_and_label_with_the_columns_of_the_subject() -> None:
    outcomes = lesion_outcomes(
        lesions=[("B", "2"), ("A", "2"), ("B", "1"), ("A", "1")],
        subjects=["B", "A"],
        status=[("A", "alive", 150), ("B", "alive", 100)],
    )
    frame = outcomes.first("lesion-sre")

    assert frame.columns[:3].tolist() == ["subject_id", "lesion_id", "arm"]
    assert rows(frame, "subject_id", "lesion_id", "arm", "time") == [
        ("A", "1", "new", 150),
        ("A", "2", "new", 150),
        ("B", "1", "old", 100),
        ("B", "2", "old", 100),
    ]
    assert "lesion_id" not in outcomes.first("sre")


def test_death_and_disposition_end_observation_of_every_lesion() -> None:
    assert first(lesions=TWO, status=[("A", "died", 80)]) == [
        ("A", "L1", 80, 2, "death", None),
        ("A", "L2", 80, 2, "death", None),
    ]
    withdrew = first(lesions=TWO, status=[("A", "withdrew", 50), ("A", "alive", 60)])
    assert [row[2:] for row in withdrew] == [(50, 0, None, "Withdrew")] * 2


def test_a_composite_death_is_an_event_of_every_lesion() -> None:
    outcomes = lesion_outcomes(
        lesion_study(death="composite"),
        lesions=TWO,
        events=[("A", "fracture", 60)],
        of={"events": ["L1"]},
        status=[("A", "died", 80)],
    )
    assert rows(outcomes.first("lesion-sre"), "time", "component") == [(60, "fracture"), (80, "death")]


def test_a_visit_without_a_lesion_shows_all_lesions_and_one_with_a_lesion_that_one() -> None:
    found = first(lesions=TWO, visits=[("A", 40), ("A", 100)], of={"assessments": [None, "L2"]}, status=[])
    assert found == [("A", "L1", 40, 0, None, "Last visit"), ("A", "L2", 100, 0, None, "Last visit")]


def test_a_component_that_names_no_lesion_or_another_is_rejected_by_its_own_rule() -> None:
    outcomes = lesion_outcomes(
        lesions=[("A", "L1"), ("A", "L2", "false"), ("B", "L9")],
        subjects=["A", "B"],
        events=[("A", "fracture", 20), ("A", "fracture", 30), ("A", "fracture", 40), ("A", "fracture", 50)],
        of={"events": [None, "L2", "L9", "L1"]},
        status=[("A", "alive", 150), ("B", "alive", 150)],
    )

    assert rows(outcomes.first("lesion-sre"), *READ[:4]) == [("A", "L1", 50, 1), ("B", "L9", 150, 0)]
    assert sorted(fates(outcomes), key=str) == sorted(
        [
            ("A", None, "rejected: names no lesion"),
            ("A", "L2", "rejected: not a lesion of this endpoint"),
            ("A", "L9", "rejected: unknown lesion"),
            ("A", "L1", "counted"),
        ],
        key=str,
    )
    # The endpoint by subject counts them as ever.
    assert outcomes.first("sre").query("subject_id == 'A'")["time"].item() == 20


def test_records_of_nobody_are_not_of_an_unknown_lesion() -> None:
    outcomes = lesion_outcomes(
        lesions=TWO, events=[("X", "fracture", 20)], of={"events": ["L1"]}, status=ALIVE
    )
    assert fates(outcomes) == [("X", "L1", "rejected: not a randomised subject")]


def test_a_subject_without_such_a_lesion_is_excluded_with_the_reason() -> None:
    outcomes = lesion_outcomes(
        lesions=[("A", "L1"), ("B", "L1", "false"), ("B", "L2", None)],
        subjects=["A", "B", "C"],
        events=[("C", "fracture", 20)],
        status=[("A", "alive", 150), ("B", "died", 30), ("C", "alive", 90)],
    )
    out = outcomes.exclusions.query("estimand == 'by-lesion'")

    assert rows(out, "subject_id", "lesion_id", "arm", "reason") == [
        ("B", None, "new", "no lesion of this endpoint"),
        ("C", None, "old", "no lesion of this endpoint"),
    ]
    assert rows(outcomes.first("lesion-sre"), "subject_id", "lesion_id") == [("A", "L1")]


def test_a_subject_without_time_zero_excludes_each_of_its_lesions() -> None:
    outcomes = lesion_outcomes(lesions=TWO, start={"A": None})
    out = outcomes.exclusions.query("estimand == 'by-lesion'")

    assert rows(out, "lesion_id", "reason") == [("L1", "no randomised_date"), ("L2", "no randomised_date")]


def test_accounting_counts_lesions_says_so_and_closes() -> None:
    outcomes = lesion_outcomes(
        lesions=[*TWO, ("B", "L1"), ("C", "L1"), ("C", "L2")],
        subjects=["A", "B", "C", "D"],
        start={"C": None},
        events=[("A", "fracture", 60)],
        of={"events": ["L2"]},
        status=[("A", "died", 80), ("B", "alive", 150)],
    )
    table = outcomes.accounting()
    counts = ["n_randomised", "n_analysed", "n_excluded", "n_events", "n_competing", "n_censored"]

    assert rows(table.query("estimand == 'by-lesion'"), "arm", "unit", *counts) == [
        ("old", "lesion", 4, 2, 2, 1, 1, 0),
        ("new", "lesion", 1, 1, 0, 0, 0, 1),
    ]
    assert set(table.query("estimand == 'competing'")["unit"]) == {"subject"}
    assert (table["n_randomised"] == table["n_analysed"] + table["n_excluded"]).all()
    assert (table["n_analysed"] == table[["n_events", "n_competing", "n_censored"]].sum(axis=1)).all()


@pytest.mark.parametrize(
    ("of", "expected"),
    [([None], [(60, 3), (60, 3)]), (["L1"], [(60, 3), (90, 1)]), (["L9"], [(150, 0), (90, 1)])],
)
def test_an_intercurrent_event_is_of_all_lesions_unless_it_names_one(of: list, expected: list) -> None:
    crossover = 'intercurrent = { crossover = "competing" }'
    extra = '[intercurrent.crossover]\nlabel = "Crossover"\ntable = "procedures"\ndate = "indicated_date"\n'
    extra += 'where = { intent = "protocol" }\n'
    outcomes = lesion_outcomes(
        lesion_study(more=crossover, extra=extra),
        lesions=TWO,
        radiation=[("A", 60, "protocol")],
        events=[("A", "fracture", 90)],
        of={"procedures": of, "events": ["L2"]},
        status=ALIVE,
    )
    assert rows(outcomes.first("lesion-sre"), "time", "status") == expected


def test_an_absence_is_judged_for_each_lesion() -> None:
    extra = (
        '[intercurrent.untreated]\nlabel = "Never treated"\ntable = "procedures"\ndate = "indicated_date"\n'
    )
    extra += 'where = { intent = "protocol" }\nabsent_by = 21\n'
    study = lesion_study(more='intercurrent = { untreated = "composite" }', extra=extra)

    def times(of: list) -> list:
        outcomes = lesion_outcomes(
            study, lesions=TWO, radiation=[("A", 10, "protocol")], of={"procedures": of}, status=ALIVE
        )
        return outcomes.first("lesion-sre")["time"].tolist()

    assert times(["L1"]) == [150, 22]
    assert times([None]) == [150, 150]
    outcomes = lesion_outcomes(study, lesions=TWO, status=ALIVE)
    counted = outcomes.audit.query("estimand == 'by-lesion' and rule == 'counted'")
    assert rows(counted, "lesion_id", "table") == [("L1", None), ("L2", None)]


def test_recurrent_rows_keep_both_keys_and_follow_the_gap_within_a_lesion() -> None:
    outcomes = lesion_outcomes(
        lesions=TWO,
        events=[("A", "fracture", 10), ("A", "fracture", 20), ("A", "fracture", 40)],
        of={"events": ["L1", "L2", "L1"]},
        status=ALIVE,
    )
    frame = outcomes.recurrent("lesion-sre")

    assert frame.columns[:3].tolist() == ["subject_id", "lesion_id", "arm"]
    assert rows(frame, "lesion_id", "start", "stop", "status") == [
        ("L1", 0, 10, 1),
        ("L1", 10, 40, 1),
        ("L1", 40, 150, 0),
        ("L2", 0, 20, 1),
        ("L2", 20, 150, 0),
    ]
    assert recurrent_events(frame).n_subjects == 2


def test_intervals_use_the_films_of_the_lesion_and_those_of_all() -> None:
    outcomes = lesion_outcomes(
        lesions=TWO,
        events=[("A", "fracture", 90, "imaging"), ("A", "fracture", 90, "imaging")],
        visits=[("A", 30), ("A", 60)],
        of={"events": ["L1", "L2"], "assessments": [None, "L2"]},
        status=ALIVE,
    )
    frame = outcomes.intervals("lesion-sre")

    assert rows(frame, "subject_id", "lesion_id", "left", "right") == [
        ("A", "L1", 30, 90),
        ("A", "L2", 60, 90),
    ]


def test_a_partial_date_of_a_visit_of_all_lesions_is_not_before_time_zero() -> None:
    """Time zero is 15 January: January is known from that day on."""
    found = first(
        lesions=TWO, start={"A": 15}, visits=[("A", "2025-01")], of={"assessments": [None]}, status=[]
    )
    assert [row[2] for row in found] == [1, 1]


def test_missed_visits_end_each_lesion_by_its_own_assessments() -> None:
    visits = "".join(f'[[visits]]\nname = "V{d}"\nday = {d}\n' for d in (20, 50, 80))
    missed = '[censoring.missed]\nlabel = "Missed"\nrole = "limit"\nmissed_visits = 2\n'
    outcomes = lesion_outcomes(
        lesion_study(top=visits, censoring=CENSORING + missed),
        lesions=TWO,
        visits=[("A", 21), ("A", 81, "true", "V80"), ("A", 51, "true", "V50")],
        of={"assessments": [None, None, "L2"]},
        status=ALIVE,
    )
    assert rows(outcomes.first("lesion-sre"), "time", "censor_reason")[1] == (150, "Last contact")


def test_the_data_sets_keep_the_lesion_where_an_endpoint_has_lesions() -> None:
    outcomes = lesion_outcomes(
        lesions=TWO, events=[("A", "fracture", 60)], of={"events": ["L2"]}, status=ALIVE
    )
    adtte = time_to_event(outcomes).frame

    assert adtte.columns[:4].tolist() == ["STUDYID", "USUBJID", "LNKID", "ARM"]
    mine = adtte[adtte["PARAMCD"] == "TTLSRE"]
    assert rows(mine, "USUBJID", "LNKID", "AVAL", "CNSR") == [("A", "L1", 150, 3), ("A", "L2", 60, 0)]
    assert adtte.loc[adtte["PARAMCD"] == "TTSRE", "LNKID"].isna().all()
    assert rows(counting_process(outcomes).frame.query("PARAMCD == 'TTMLSRE'"), "LNKID", "TSTOP") == [
        ("L1", 150),
        ("L2", 60),
        ("L2", 150),
    ]
    adsre = occurrences(outcomes).frame.query("PARAMCD == 'TTLSRE'")
    assert rows(adsre, "USUBJID", "LNKID", "ASTDY", "OUTCOME") == [("A", "L2", 60, "counted")]


def test_files_hold_the_lesion_only_where_there_are_such_endpoints(tmp_path) -> None:
    lesion_outcomes(lesions=TWO, status=ALIVE).to_adam(tmp_path)
    assert "LNKID" in pd.read_csv(tmp_path / "adtte.csv")
    small_outcomes(status=ALIVE).to_adam(tmp_path)
    assert "LNKID" not in pd.read_csv(tmp_path / "adtte.csv")


def refused(tables: dict[str, pd.DataFrame], message: str) -> None:
    study = lesion_study()
    with pytest.raises(InvalidRecords, match=message):
        derive_outcomes(make_records(tables, study=study), study)


def test_what_an_endpoint_of_lesions_lacks_is_named() -> None:
    tables = lesion_tables(lesions=TWO, status=ALIVE)
    without = {name: frame for name, frame in tables.items() if name != "lesions"}
    refused(without, r"endpoint 'lesion-sre' needs table 'lesions' \(one outcome a lesion\)")
    no_target = tables | {"lesions": tables["lesions"].drop(columns="target")}
    refused(no_target, "needs column 'target' of table 'lesions'")
    no_lesion = tables | {"events": tables["events"].drop(columns="lesion_id")}
    refused(
        no_lesion, r"needs column 'lesion_id' of table 'events' \(Cord compression, one outcome a lesion\)"
    )
    twice = tables | {"lesions": pd.concat([tables["lesions"], tables["lesions"].iloc[:1]])}
    refused(twice, r"lesions has 1 lesion\(s\) more than once \(of A\)")


def test_an_endpoint_of_lesions_without_components_is_refused() -> None:
    extra = '[endpoints.dead]\nlabel = "Death"\nunit = "lesion"\n'
    with pytest.raises(InvalidStudy, match="lesion"):
        lesion_study(extra=extra)


def test_lesions_of_nobody_and_no_lesions_at_all_leave_exclusions_only() -> None:
    outcomes = lesion_outcomes(lesions=[("X", "L1")], events=[("A", "fracture", 9)], status=ALIVE)

    assert outcomes.first("lesion-sre").empty
    assert outcomes.recurrent("lesion-sre").empty
    assert outcomes.accounting().query("estimand == 'by-lesion'")["n_randomised"].sum() == 0
    assert len(outcomes.exclusions.query("estimand == 'by-lesion'")) == 1


WHO, LABEL, DAY = st.sampled_from("ABC"), st.sampled_from(["L1", "L2", None]), st.integers(-5, 160)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(WHO, st.sampled_from(["cord", "fracture"]), DAY, LABEL), max_size=15),
    st.lists(st.tuples(WHO, DAY), max_size=4),
    st.randoms(use_true_random=False),
)
def test_lesions_of_random_records_are_those_of_each_lesion_made_a_subject(events, deaths, random) -> None:
    """A trial in which each lesion is a subject of its own, with the facts of its subject, gives the same."""
    lesions = [("A", "L1"), ("A", "L2"), ("B", "L1"), ("C", "L2")]
    status = [(who, "died", max(day, 1)) for who, day in deaths] + [(who, "alive", 140) for who in "ABC"]
    tables = lesion_tables(
        lesions=lesions,
        subjects=list("ABC"),
        events=[row[:3] for row in events],
        of={"events": [row[3] for row in events]},
        status=status,
    )
    shuffled = {
        name: frame.sample(frac=1, random_state=random.randint(0, 999)) for name, frame in tables.items()
    }
    study = lesion_study()
    ours = derive_outcomes(make_records(shuffled, study=study), study)

    arm = dict(zip(tables["subjects"]["subject_id"], tables["subjects"]["arm"], strict=True))
    single = lesion_tables(
        lesions=[],
        subjects=["-".join(pair) for pair in lesions],
        events=[(f"{who}-{label}", kind, day) for who, kind, day, label in events if (who, label) in lesions],
        status=[("-".join(pair), *row[1:]) for pair in lesions for row in status if row[0] == pair[0]],
    )
    theirs = derive_outcomes(make_records(single, study=study), study)
    columns = ("time", "status", "component", "components", "censor_reason")
    found = ours.first("lesion-sre")
    assert rows(found, *columns) == rows(theirs.first("sre", "competing"), *columns)
    assert (found["arm"] == found["subject_id"].map(arm)).all()
    columns = ("start", "stop", "status", "episode", "component")
    assert rows(ours.recurrent("lesion-sre"), *columns) == rows(theirs.recurrent("sre", "all"), *columns)
    n_records = len(ours.audit.query("estimand == 'by-lesion' and table == 'events'"))
    assert n_records == len(events)


def test_the_dates_of_lesions_are_those_of_the_records() -> None:
    outcomes = lesion_outcomes(
        lesions=[("A", "L1")], events=[("A", "fracture", 60)], of={"events": ["L1"]}, status=ALIVE
    )
    row = outcomes.first("lesion-sre")
    assert str(row["date"].item().date()) == iso(60)
    assert only(row, "source", "source_row") == ("events", 1)
