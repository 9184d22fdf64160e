"""Pain, opioid doses and scores as questionnaires hold them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.support.parts_trial import FULL, N, arm_of, assert_share, days, large_trial, pain_at, with_scenario

from skeletal_synthetic import simulate_trial


@pytest.fixture(scope="module")
def large():
    return large_trial()


def test_pain_is_asked_of_each_target_lesion_from_the_baseline_of_the_lesion_on(large):
    lesions = large["lesions"].loc[large["lesions"]["target"]].set_index(["subject_id", "lesion_id"])
    baseline = pain_at(large, "Baseline")
    assert set(baseline.index) == set(lesions.index)
    same = baseline == lesions["pain_nrs"].reindex(baseline.index)
    assert same.mean() > 0.95
    assert (baseline >= lesions["pain_nrs"].reindex(baseline.index)).all()
    rows = large["questionnaires"].query("instrument == 'BPI'")
    assert set(rows["item"]) == {"worst_pain"}
    assert rows["value"].between(0, 10).all()
    assert (rows["value"] % 1 == 0).all()


def test_pain_responses_have_their_shares_where_nothing_disturbs_them():
    none = {"control": 0.0, "active": 0.0}
    pain = FULL.scenarios["planning"].pain.model_copy(update={"loss_rate": none})
    study = with_scenario(event_rate=none, pain=pain, death_rate=none, dropout_rate=none)
    records = simulate_trial(study, seed=9, n_subjects=N)
    baseline, later = pain_at(records, "Baseline"), pain_at(records, "Month 3")
    change = (later - baseline.reindex(later.index)).to_frame("change").assign(later=later).reset_index()
    arm = arm_of(records, change)
    for name, shares in {"control": (0.25, 0.3, 0.2), "active": (0.5, 0.3, 0.1)}.items():
        mine = change.loc[arm == name]
        assert_share((mine["later"] == 0).mean(), shares[0], len(mine))
        assert_share(((mine["change"] <= -2) & (mine["later"] > 0)).mean(), shares[1], len(mine))
        assert_share((mine["change"] > 0).mean(), shares[2], len(mine))
        assert set(mine.loc[mine["change"].between(-1, 1), "change"]) <= {0, 1}


def test_pain_rises_around_a_symptomatic_event_at_its_lesion():
    none = {"control": 0.0, "active": 0.0}
    pain = FULL.scenarios["planning"].pain.model_copy(
        update={"complete": none, "partial": none, "progression": {}, "event_rise": 1}
    )
    records = simulate_trial(with_scenario(pain=pain), seed=9, n_subjects=600)
    asked = records["questionnaires"].query("instrument == 'BPI'")
    base = records["lesions"].set_index(["subject_id", "lesion_id"])["pain_nrs"]
    key = pd.MultiIndex.from_frame(asked[["subject_id", "lesion_id"]])
    higher = asked["value"].to_numpy() > base.reindex(key).to_numpy()
    felt = records["events"].query("component == 'fracture' and symptomatic").rename(columns={"date": "when"})
    treated = (
        records["procedures"].query("intent == 'palliative'").assign(when=lambda rows: rows["performed_date"])
    )
    indicated = treated.loc[treated["kind"] == "radiation"].assign(when=lambda rows: rows["indicated_date"])
    surgery = treated.loc[treated["kind"] == "surgery"]
    causes = pd.concat([each[["subject_id", "lesion_id", "when"]] for each in (felt, indicated, surgery)])
    both = asked.reset_index(names="place").merge(causes, on=["subject_id", "lesion_id"])
    since = (days(both["date"]) - days(both["when"])).dt.days
    near = asked.index.isin(both.loc[since.between(-7, 28), "place"])
    assert near.sum() > 50
    assert (higher == near).all()


def test_subject_scores_of_pain_are_the_worst_lesion_at_their_visits(large):
    rows = large["questionnaires"]
    worst = rows.query("instrument == 'BPI'").groupby(["subject_id", "visit"])["value"].max()
    subject = rows.query("instrument == 'NRS'").set_index(["subject_id", "visit"])
    assert subject["lesion_id"].isna().all()
    assert set(subject.index.get_level_values("visit")) == {"Baseline", "Month 3"}
    assert (subject["value"] == worst.reindex(subject.index)).all()


def test_opioid_doses_are_known_on_the_day_of_each_pain_score_and_the_day_before(large):
    doses = large["analgesics"]
    assert (doses["omed_mg"] >= 0).all()
    assert not doses.duplicated(["subject_id", "date"]).any()
    known = set(zip(doses["subject_id"], doses["date"], strict=True))
    asked = large["questionnaires"].query("instrument == 'BPI'")
    assert set(zip(asked["subject_id"], asked["date"], strict=True)) <= known
    first = doses.sort_values("date").groupby("subject_id")["omed_mg"].first()
    assert_share((first > 0).mean(), 0.5, len(first))


def test_scores_follow_their_line_and_stay_within_bounds():
    none = {"control": 0.0, "active": 0.0}
    study = with_scenario(event_rate=none, death_rate=none, dropout_rate=none)
    records = simulate_trial(study, seed=9, n_subjects=N)
    rows = records["questionnaires"].query("instrument == 'TESS' and item == 'total'")
    assert rows["value"].between(0, 100).all()
    arm = arm_of(records, rows)
    for (visit, name), mean in {
        ("Baseline", "control"): 40,
        ("Month 3", "control"): 50,
        ("Month 3", "active"): 60,
        ("Month 6", "active"): 60,
    }.items():
        mine = rows.loc[(rows["visit"] == visit) & (arm == name), "value"]
        assert abs(mine.mean() - mean) < 4 * mine.std() / np.sqrt(len(mine))
        assert abs(mine.std() - np.hypot(8, 4)) < 4 * mine.std() / np.sqrt(2 * len(mine))


def test_bounds_of_a_score_hold():
    course = FULL.scenarios["planning"].scores["function"].model_copy(update={"bounds": (45.0, 55.0)})
    rows = simulate_trial(with_scenario(scores={"function": course}), seed=9)["questionnaires"]
    values = rows.query("instrument == 'TESS'")["value"]
    assert (values.min(), values.max()) == (45, 55)


def test_nothing_is_collected_after_the_first_event_but_the_visit_brought_forward(large):
    events = large["events"].query("component == 'fracture' and symptomatic")[["subject_id", "date"]]
    procedures = large["procedures"].query("intent == 'palliative'")
    radiation = procedures.query("kind == 'radiation'").rename(columns={"indicated_date": "date"})
    surgery = procedures.query("kind == 'surgery'").rename(columns={"performed_date": "date"})
    every = pd.concat([events, radiation[["subject_id", "date"]], surgery[["subject_id", "date"]]])
    first = days(every.dropna()["date"]).groupby(every.dropna()["subject_id"]).min()
    rows = large["questionnaires"].query("instrument == 'TESS'")
    since = (days(rows["date"]) - rows["subject_id"].map(first)).dt.days
    later = rows.loc[since > 0]
    assert len(later) > 100
    assert (since.dropna() <= 7).all()
    assert not later["subject_id"].duplicated().any()
    zero = days(later["subject_id"].map(large.subjects.set_index("subject_id")["randomised_date"]))
    at = (later["subject_id"].map(first) - zero).dt.days
    due = {"Month 1": 30, "Month 3": 91, "Month 6": 183}
    assert (later["visit"].map(due) > at).all()
