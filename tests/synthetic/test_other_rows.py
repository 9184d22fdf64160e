"""Protocol treatment, intercurrent and other events, and admissions."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.parts_trial import (
    FULL,
    STUDY,
    N,
    arm_of,
    assert_share,
    days,
    large_trial,
    pain_at,
    with_scenario,
)

from skeletal.study import parse_study
from skeletal_synthetic import simulate_trial


@pytest.fixture(scope="module")
def large():
    return large_trial()


@pytest.fixture(scope="module")
def last(large):
    facts = large["disposition"]
    final = facts.loc[facts["status"] != "alive"].set_index("subject_id")
    return final.assign(day=days(final["date"]))


def exposure(records, last):
    """Subject-years from randomisation to the last day, by arm."""
    zero = days(records.subjects.set_index("subject_id")["randomised_date"])
    years = (last["day"].reindex(zero.index) - zero).dt.days.add(0.5) / 365.25
    return years.groupby(records.subjects.set_index("subject_id")["arm"]).sum()


def test_protocol_treatment_has_its_arms_shares_units_and_days(large):
    procedures = large["procedures"].query("intent == 'protocol'")
    ablation = procedures.query("kind == 'ablation'")
    assert set(arm_of(large, ablation)) == {"active"}
    active = large.subjects.query("arm == 'active'")
    present = active["treatment_date"].notna()
    assert_share(ablation["subject_id"].nunique() / present.sum(), 0.8, int(present.sum()))
    per = ablation.groupby("subject_id").size()
    assert (per == large.subjects.set_index("subject_id")["n_lesions"].reindex(per.index)).all()
    assert not procedures.query("kind == 'radiation'")["subject_id"].duplicated().any()
    radiation = procedures.query("kind == 'radiation'").dropna(subset=["performed_date"])
    start = days(radiation["subject_id"].map(large.subjects.set_index("subject_id")["treatment_date"]))
    assert set((days(radiation["performed_date"]) - start).dt.days) == set(range(6))
    assert set(zip(radiation["dose_gy"], radiation["fractions"], strict=True)) == {(8, 1), (20, 5)}


@pytest.mark.parametrize(
    ("table", "column", "value", "rates"),
    [
        ("events", "component", "hypercalcaemia", {"control": 0.5, "active": 0.2}),
        ("procedures", "intent", "preventive", {"active": 0.6}),
        ("therapies", "class", "bone_agent", {"control": 0.3, "active": 0.3}),
    ],
)
def test_other_and_intercurrent_events_come_at_their_rates(large, last, table, column, value, rates):
    rows = large[table].loc[large[table][column] == value]
    found = arm_of(large, rows).value_counts()
    time = exposure(large, last)
    assert set(found.index) == set(rates)
    for arm, rate in rates.items():
        expected = rate * time[arm]
        assert abs(found[arm] - expected) < 4 * np.sqrt(expected) + 0.01 * expected, (arm, found[arm])


def test_event_numbers_are_unique_and_preventive_treatment_is_at_no_target(large):
    assert not large["events"].duplicated(["subject_id", "event_id"]).any()
    preventive = large["procedures"].query("intent == 'preventive'").dropna(subset=["lesion_id"])
    merged = preventive.merge(large["lesions"], on=["subject_id", "lesion_id"])
    assert len(merged) == len(preventive) > 50
    assert not merged["target"].any()


def test_values_that_unless_names_are_not_drawn(large):
    surgery = large["procedures"].query("kind == 'surgery' and intent == 'palliative'")
    assert len(surgery) > 50
    assert set(surgery["reason"]) == {"bone_pain"}


def test_losses_of_response_are_exponential():
    none = {"control": 0.0, "active": 0.0}
    study = with_scenario(event_rate=none, death_rate=none, dropout_rate=none, visit_jitter_days=0)
    pain = study.scenarios["planning"].pain.model_copy(
        update={
            "complete": {"control": 1.0, "active": 1.0},
            "partial": none,
            "progression": {},
            "onset_days": (10, 10),
        }
    )
    records = simulate_trial(with_scenario(study, pain=pain), seed=9, n_subjects=N)
    later = pain_at(records, "Month 6").reset_index()
    free = later["value"] == 0
    arm = arm_of(records, later)
    assert free[arm == "active"].all()
    n = int((arm == "control").sum())
    assert_share(free[arm == "control"].mean(), np.exp(-2.0 * 173 / 365.25), n)


def test_stays_are_in_order_apart_and_not_beyond_observation(large, last):
    stays = large["stays"].sort_values(["subject_id", "admission_date"])
    begin, end = days(stays["admission_date"]), days(stays["discharge_date"])
    assert (end.isna() | (end >= begin)).all()
    following = stays["subject_id"] == stays["subject_id"].shift(-1)
    assert end[following].notna().all()
    gap = (begin.shift(-1) - end)[following]
    moved = stays["place"].shift(-1)[following] == "rehabilitation"
    assert (gap[moved].dt.days == 0).all()
    assert (gap[~moved].dt.days >= 1).all()
    open_end = stays.loc[end.isna(), "subject_id"].map(last["status"])
    assert not (open_end == "died").any()
    assert set(stays["place"]) == {"hospital", "rehabilitation"}


def test_admissions_have_their_shares_rates_and_lengths():
    none = {"control": 0.0, "active": 0.0}
    study = with_scenario(
        death_rate=none,
        dropout_rate=none,
        event_rate=dict.fromkeys(none, 0.2),
        stays=FULL.scenarios["planning"].stays.model_copy(update={"protocol_days": 0.0, "other_rate": {}}),
    )
    records = simulate_trial(study, seed=9, n_subjects=N)
    felt = records["events"].query("component == 'fracture' and symptomatic")
    hospital = records["stays"].query("place == 'hospital'")
    admitted = set(zip(hospital["subject_id"], hospital["admission_date"], strict=True))
    found = [pair in admitted for pair in zip(felt["subject_id"], felt["date"], strict=True)]
    assert abs(np.mean(found) - 0.5) < 4 * np.sqrt(0.25 / len(found)) + 0.02
    assert hospital["bone_related"].all()
    alone = parse_study(STUDY)
    other = with_scenario(
        alone,
        death_rate=none,
        dropout_rate=none,
        stays=alone.scenarios["planning"].stays.model_copy(update={"protocol_days": 0.0, "event_share": {}}),
    )
    records = simulate_trial(other, seed=9, n_subjects=N)
    stays = records["stays"]
    assert not stays["bone_related"].any()
    expected = N * 201 / 365.25 * np.exp(-4 / 365.25)
    assert abs(len(stays) - expected) < 4 * np.sqrt(expected) + 0.01 * expected
    length = (days(stays["discharge_date"]) - days(stays["admission_date"])).dt.days
    early = length[days(stays["admission_date"]) < days(stays["admission_date"]).quantile(0.5)].dropna()
    assert abs(early.mean() - 4) < 4 * early.std() / np.sqrt(len(early)) + 0.05


def test_some_have_another_kind_of_protocol_treatment_instead():
    first = FULL.scenarios["planning"].protocol[0].model_copy(update={"instead": {"cryotherapy": 0.3}})
    procedures = simulate_trial(with_scenario(protocol=(first,)), seed=4, n_subjects=N)["procedures"]
    kinds = procedures.query("intent == 'protocol'").groupby("subject_id")["kind"]
    assert kinds.nunique().eq(1).all()
    assert_share(kinds.first().eq("cryotherapy").mean(), 0.3, kinds.ngroups)
