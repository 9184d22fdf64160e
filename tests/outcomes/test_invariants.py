"""What holds for every set of records."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.outcome_trial import START, small_outcomes, small_study, small_tables

from skeletal.outcomes import derive_outcomes, recurrent_events
from skeletal.records import make_records

SUBJECTS = list("ABCDEFGH")
STUDY = small_study()
WHO = st.sampled_from(SUBJECTS)
DAY = st.integers(-10, 260)
RECORDS = st.fixed_dictionaries(
    {
        "events": st.lists(
            st.tuples(
                WHO,
                st.sampled_from(["cord", "fracture", "other"]),
                st.one_of(DAY, st.sampled_from(["2025-02", "2025", "2024-12", None])),
                st.sampled_from(["imaging", "clinical"]),
                st.one_of(st.none(), DAY),
            ),
            max_size=40,
        ),
        "radiation": st.lists(
            st.tuples(WHO, DAY, st.sampled_from(["palliative", "preventive"])), max_size=20
        ),
        "status": st.lists(
            st.tuples(WHO, st.sampled_from(["alive", "died", "withdrew"]), st.integers(1, 260)), max_size=16
        ),
        "visits": st.lists(st.tuples(WHO, DAY, st.sampled_from(["true", "false"])), max_size=16),
    }
)
MANY = settings(max_examples=12, deadline=None)


def derive(tables: dict[str, pd.DataFrame], study=STUDY):
    return derive_outcomes(make_records(tables, study=study), study)


def numbered(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    return {name: frame.assign(source_row=np.arange(1, len(frame) + 1)) for name, frame in tables.items()}


def same(one, other, *, dates: bool = True) -> None:
    left = [] if dates else ["start_date", "date"]
    for name, estimand in one.study.estimands.items():
        read = "first" if estimand.variable == "first" else "recurrent"
        frames = [getattr(item, read)(estimand.endpoint, name) for item in (one, other)]
        pd.testing.assert_frame_equal(*[frame.drop(columns=left, errors="ignore") for frame in frames])
    pd.testing.assert_frame_equal(one.intervals("sre"), other.intervals("sre"))
    pd.testing.assert_frame_equal(one.accounting(), other.accounting())


@MANY
@given(RECORDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(records: dict, random) -> None:
    tables = numbered(small_tables(subjects=SUBJECTS, **records))
    shuffled = {
        name: frame.sample(frac=1, random_state=random.randint(0, 2**31)) for name, frame in tables.items()
    }

    one, other = derive(tables), derive(shuffled)
    same(one, other)
    pd.testing.assert_frame_equal(one.audit, other.audit)


@MANY
@given(RECORDS)
def test_records_of_other_kinds_change_nothing(records: dict) -> None:
    tables = numbered(small_tables(subjects=SUBJECTS, **records))
    more = small_tables(events=[(who, "other", 77) for who in SUBJECTS], status=[("A", "completed", 99)])
    merged = {name: pd.concat([frame, more[name].assign(source_row=999)]) for name, frame in tables.items()}
    merged["subjects"] = tables["subjects"]
    merged["analgesics"] = pd.DataFrame({"subject_id": SUBJECTS, "date": "2025-05-05", "omed_mg": 10.0})

    same(derive(tables), derive(merged))


@MANY
@given(RECORDS, st.integers(-4000, 4000))
def test_shifting_every_date_by_a_constant_changes_nothing_but_the_dates(records: dict, shift: int) -> None:
    whole = {**records, "events": [row for row in records["events"] if not isinstance(row[2], str)]}
    tables = small_tables(subjects=SUBJECTS, **whole)

    def moved(values: pd.Series) -> pd.Series:
        days = pd.to_datetime(values) + pd.Timedelta(days=shift)
        return days.dt.strftime("%Y-%m-%d").astype("string")

    later = {
        name: frame.assign(**{c: moved(frame[c]) for c in frame.columns if c.endswith("date")})
        for name, frame in tables.items()
    }
    assert later["subjects"]["randomised_date"][0] == str((START + pd.Timedelta(days=shift)).date())
    same(derive(tables), derive(later), dates=False)


@MANY
@given(RECORDS)
def test_outcomes_of_any_records_hang_together(records: dict) -> None:
    outcomes = small_outcomes(STUDY, subjects=SUBJECTS, **records)
    first = {
        name: outcomes.first("sre", name).set_index("subject_id")
        for name in ("competing", "composite", "censor")
    }
    survival = outcomes.first("death").set_index("subject_id")
    analysed = first["competing"].index

    for name, frame in first.items():
        excluded = outcomes.exclusions.loc[outcomes.exclusions["estimand"] == name, "subject_id"]
        assert sorted([*frame.index, *excluded]) == SUBJECTS
        assert frame["time"].between(1, 200).all()
    # The composite is never later than a component, and is the earlier of event and death.
    assert (first["composite"]["time"] == first["competing"]["time"]).all()
    assert (first["composite"]["time"] <= first["censor"]["time"]).all()
    assert ((first["competing"]["status"] > 0) == (first["composite"]["status"] == 1)).all()
    assert ((first["censor"]["status"] == 1) == (first["competing"]["status"] == 1)).all()
    died = survival.index[survival["status"] == 1]
    assert (first["composite"].loc[died, "time"] <= survival.loc[died, "time"]).all()

    # Recurrent rows: no gaps, no overlaps, the first episode is the first event.
    rows = outcomes.recurrent("sre", "all")
    if len(rows):
        recurrent_events(rows)
    assert set(rows["subject_id"]) == set(analysed)
    begins = rows.groupby("subject_id")["start"].min()
    assert (begins == 0).all()
    assert (rows.groupby("subject_id")["stop"].shift(1).dropna() == rows["start"][rows["start"] > 0]).all()
    event = first["competing"].query("status == 1")["time"]
    episode = rows[rows["episode"] == 1].set_index("subject_id")["stop"]
    assert (np.ceil(episode).sort_index() == event.sort_index()).all()

    # Every record of an event table has exactly one fate; episodes are not more than events.
    audit = outcomes.audit
    n_records = len(records["events"]) + len(records["radiation"])
    for name in ("competing", "composite", "censor", "all", "all-censor"):
        mine = audit[(audit["estimand"] == name) & audit["table"].isin(["events", "procedures"])]
        fates = mine["rule"].str.replace(":.*", "", regex=True)
        assert len(mine) == n_records
        assert fates.isin(["counted", "merged", "rejected", "not a component"]).all()
    mine = audit[(audit["estimand"] == "all") & audit["table"].isin(["events", "procedures"])]
    assert (mine["rule"] == "counted").sum() == (rows["status"] == 1).sum()
    assert audit["sentence"].notna().all()
    decided = audit[
        (audit["estimand"] == "competing") & audit["rule"].isin(["counted", "competes", "censors"])
    ]
    assert sorted(decided["subject_id"]) == sorted(analysed)

    table = outcomes.accounting()
    assert (table["n_randomised"] == table["n_analysed"] + table["n_excluded"]).all()
    assert (table["n_analysed"] == table[["n_events", "n_competing", "n_censored"]].sum(axis=1)).all()

    intervals = outcomes.intervals("sre")
    assert (intervals["left"] <= intervals["right"]).all()
