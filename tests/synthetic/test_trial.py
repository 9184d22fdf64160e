"""Simulated trials: complete, consistent raw records in the schema, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from skeletal.study import load_study, parse_study
from skeletal.tables import TABLES
from skeletal_synthetic import simulate_trial

NAMES = ("hermes", "perform", "rfa-ba", "rt-vertebroplasty")
STUDIES = {name: load_study(name) for name in NAMES}
EVENT_TABLES = ("events", "procedures", "assessments")
every = pytest.mark.parametrize("name", NAMES)

MINIMAL = (Path(__file__).parent / "minimal.toml").read_text(encoding="utf-8")


def with_scenario(study, **changes):
    scenario = study.scenarios["planning"].model_copy(update=changes)
    return study.model_copy(update={"scenarios": {"planning": scenario}})


def days(values):
    return pd.to_datetime(values, format="%Y-%m-%d")


def ends(records, study):
    """Last possible day of each subject: death, withdrawal, loss or the end of planned follow-up."""
    facts = records["disposition"]
    final = facts.loc[facts["status"] != "alive"].set_index("subject_id")
    assert final.index.is_unique
    return final.assign(day=days(final["date"]))


def zeros(records, study):
    return days(records.subjects.set_index("subject_id")[study.time_zero])


def component_rows(records, study):
    """Rows of each component by the study's own filter: subject and date."""
    parts = []
    for name, component in study.components.items():
        if component.table not in records:
            continue
        rows = records[component.table]
        for column, allowed in component.where.items():
            rows = rows.loc[rows[column].isin(list(allowed)).fillna(False).astype(bool)]
        parts.append(
            pd.DataFrame({"subject_id": rows["subject_id"], "date": rows[component.date], "component": name})
        )
    return pd.concat(parts, ignore_index=True)


@every
def test_tables_have_the_columns_and_unique_keys_of_the_schema(name):
    records = simulate_trial(STUDIES[name], seed=3)
    for table, frame in records.tables.items():
        keys = [key for key in TABLES[table].key if key in frame]
        assert set(TABLES[table].required) <= set(frame)
        assert not frame.duplicated(keys).any(), table
        for column in set(TABLES[table].required) & set(frame):
            dated = TABLES[table].columns[column].kind == "date"
            assert dated or frame[column].notna().all(), (table, column)


@every
def test_size_is_that_of_the_study_or_the_one_asked_for(name):
    assert simulate_trial(STUDIES[name], seed=1).n_subjects == STUDIES[name].n_subjects
    assert simulate_trial(STUDIES[name], seed=1, n_subjects=57).n_subjects == 57


@every
def test_same_seed_gives_the_same_records_and_another_seed_others(name):
    first, again, other = (simulate_trial(STUDIES[name], seed=seed) for seed in (5, 5, 6))
    assert list(first.tables) == list(again.tables)
    for table in first.tables:
        assert_frame_equal(first[table], again[table])
    assert not first.subjects.equals(other.subjects)
    assert not first["disposition"].equals(other["disposition"])


def test_seed_zero_and_numpy_integers_are_seeds():
    whole = pd.Series([0]).to_numpy()[0]
    assert_frame_equal(
        simulate_trial(STUDIES["hermes"], seed=0).subjects,
        simulate_trial(STUDIES["hermes"], seed=whole).subjects,
    )


def test_another_scenario_of_equal_numbers_is_another_draw():
    study = STUDIES["hermes"]
    planning = study.scenarios["planning"]
    twice = study.model_copy(update={"scenarios": {"planning": planning, "again": planning}})
    first = simulate_trial(twice, seed=5)
    assert_frame_equal(first.subjects, simulate_trial(study, seed=5).subjects)
    assert not first.subjects.equals(simulate_trial(twice, scenario="again", seed=5).subjects)


def test_scenario_decides_the_events():
    none = {"observational": 0.0, "upfront-rt": 0.0}
    study = with_scenario(STUDIES["hermes"], event_rate=none, other_events={}, stays=None)
    records = simulate_trial(study, seed=5)
    assert component_rows(records, study).empty
    assert records["events"].empty
    assert len(component_rows(simulate_trial(STUDIES["hermes"], seed=5), study)) > 20


def test_tables_and_columns_that_the_study_reads_are_there_without_events():
    study = with_scenario(STUDIES["perform"], event_rate={"internal-fixation": 0.0, "reconstruction": 0.0})
    records = simulate_trial(study, seed=2, n_subjects=4)
    for component in study.components.values():
        assert {*component.where, component.date} <= set(records[component.table])


@every
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 40))
def test_records_of_a_subject_agree_with_each_other(name, seed, n):
    study = STUDIES[name]
    records = simulate_trial(study, seed=seed, n_subjects=n)
    subjects = records.subjects.set_index("subject_id")
    final, zero = ends(records, study), zeros(records, study)
    assert set(final.index) == set(subjects.index)
    for table, frame in records.tables.items():
        if table in ("subjects", "screening"):
            continue
        assert set(frame["subject_id"]) <= set(subjects.index)
        assert frame["subject_id"].is_monotonic_increasing
        last = frame["subject_id"].map(final["day"])
        for column in (each for each in frame if each == "date" or str(each).endswith("_date")):
            dates = days(frame[column])
            assert (dates.isna() | (dates <= last)).all(), (table, column)
    rows = component_rows(records, study)
    assert (days(rows["date"]) >= rows["subject_id"].map(zero)).all()
    randomised, consent = days(subjects["randomised_date"]), days(subjects["consent_date"])
    assert (consent <= randomised).all()
    treated = days(subjects["treatment_date"])
    delay = (treated - randomised).dt.days.dropna()
    assert delay.between(*study.scenarios["planning"].treatment_delay_days).all()
    assert (treated.isna() | (treated <= final["day"].reindex(subjects.index))).all()


@every
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_visits_lie_in_their_windows_and_in_the_follow_up_of_the_living(name, seed):
    study = STUDIES[name]
    records = simulate_trial(study, seed=seed, n_subjects=40)
    visits, final = records["assessments"], ends(records, study)
    planned = {visit.name: visit for visit in study.visits}
    day = (days(visits["date"]) - visits["subject_id"].map(zeros(records, study))).dt.days
    shift = day - visits["visit"].map({name: visit.day for name, visit in planned.items()})
    assert (shift >= -visits["visit"].map({name: v.window_before for name, v in planned.items()})).all()
    assert (shift <= visits["visit"].map({name: v.window_after for name, v in planned.items()})).all()
    assert shift[~visits["done"]].eq(0).all()
    died = final.loc[final["status"] == "died", "day"]
    death = visits["subject_id"].map(died)
    assert (death.isna() | (days(visits["date"]) < death)).all()
    completed = set(final.index[final["status"] == "completed"])
    per_subject = visits.drop_duplicates(["subject_id", "visit"]).groupby("subject_id").size()
    assert all(per_subject.get(subject, 0) == len(study.visits) for subject in completed)


@every
def test_arms_are_balanced_in_each_whole_block_of_a_site(name):
    study = STUDIES[name]
    subjects = simulate_trial(study, seed=9, n_subjects=500).subjects
    rank = subjects.groupby("site").cumcount()
    of_arm = pd.Series({arm.name: 2 * arm.ratio for arm in study.arms})
    counts = pd.crosstab([subjects["site"], rank // of_arm.sum()], subjects["arm"])
    whole = counts.loc[counts.sum(axis=1) == of_arm.sum()]
    assert len(whole) > 70
    assert (whole.eq(of_arm, axis="columns")).all(axis=None)
    assert (counts.le(of_arm, axis="columns")).all(axis=None)


def test_unequal_ratios_hold_in_each_block():
    subjects = simulate_trial(parse_study(MINIMAL), seed=9, n_subjects=240).subjects
    block = pd.crosstab(subjects.index // 12, subjects["arm"])
    assert block.to_dict("list") == {"high": [6] * 20, "low": [4] * 20, "none": [2] * 20}


@every
def test_identifiers_say_site_and_sequence_and_the_order_of_rows_does_not_tell_the_arm(name):
    study = STUDIES[name]
    subjects = simulate_trial(study, seed=4, n_subjects=1200).subjects
    assert subjects["subject_id"].is_monotonic_increasing
    assert subjects["subject_id"].str.fullmatch(f"{name.upper()}-[0-9]{{2}}-[0-9]{{4}}").all()
    assert (subjects["subject_id"].str.rsplit("-", n=2).str[1] == subjects["site"]).all()
    assert days(subjects["randomised_date"]).groupby(subjects["site"]).is_monotonic_increasing.all()
    odd = subjects["arm"].groupby(subjects.index % 2).value_counts(normalize=True)
    ratio = pd.Series({arm.name: arm.ratio for arm in study.arms})
    share = odd.index.get_level_values("arm").map(ratio / ratio.sum())
    assert (odd - share).abs().lt(0.06).all()


def test_baseline_values_agree_with_each_other():
    subjects = simulate_trial(STUDIES["hermes"], seed=4, n_subjects=2000).subjects
    assert set(subjects.loc[subjects["primary_tumour"] == "prostate", "sex"]) == {"male"}
    assert subjects.groupby("ecog")["kps"].agg(set).to_dict() == {
        0.0: {90.0, 100.0},
        1.0: {70.0, 80.0},
        2.0: {50.0, 60.0},
    }
    assert subjects["age"].min() >= 18


def test_lesions_meet_the_criteria_of_their_trial():
    hermes = simulate_trial(STUDIES["hermes"], seed=4, n_subjects=300)
    count = hermes["lesions"].groupby("subject_id").size()
    assert set(count) == {1, 2, 3, 4, 5}
    assert hermes.subjects.set_index("subject_id")["n_lesions"].eq(count).all()
    assert hermes["lesions"]["pain_nrs"].max() == 2
    assert hermes["lesions"]["diameter_cm"].min() >= 2
    perform = simulate_trial(STUDIES["perform"], seed=4)["lesions"]
    assert set(perform["bone"]) == {"femur"}
    assert perform["bone_loss_percent"].between(25, 75).all()


def test_screening_holds_every_randomised_subject_and_a_reason_for_the_others():
    records = simulate_trial(STUDIES["hermes"], seed=4)
    screening = records["screening"]
    assert len(screening) == 168
    randomised = screening.loc[screening["randomised"]]
    assert set(randomised["screening_id"]) == set(records.subjects["screening_id"])
    assert randomised["reason"].isna().all()
    assert (randomised["eligible"] & randomised["consented"]).all()
    assert screening.loc[~screening["randomised"], "reason"].notna().all()
    merged = randomised.merge(records.subjects, on="screening_id", suffixes=("", "_subject"))
    assert (merged["site"] == merged["site_subject"]).all()
    assert (merged["date"] == merged["consent_date"]).all()


def test_preventive_radiotherapy_is_given_outside_the_control_arm_and_is_no_component():
    study = with_scenario(STUDIES["hermes"], intercurrent={}, stays=None)
    records = simulate_trial(study, seed=4)
    procedures = records["procedures"]
    preventive = procedures.loc[procedures["intent"] == "preventive"]
    subjects = records.subjects.set_index("subject_id")
    assert set(preventive["subject_id"].map(subjects["arm"])) == {"upfront-rt"}
    assert (preventive["performed_date"] == preventive["subject_id"].map(subjects["treatment_date"])).all()
    assert (
        preventive.groupby("subject_id").size().eq(subjects["n_lesions"]).sum()
        == preventive["subject_id"].nunique()
    )
    assert preventive["dose_gy"].isin([8, 20, 24, 30, 40]).all()
    none = with_scenario(study, event_rate={"observational": 0.0, "upfront-rt": 0.0})
    assert component_rows(simulate_trial(none, seed=4), none).empty


def test_who_leaves_before_surgery_has_no_surgery_no_visits_and_no_events():
    study = with_scenario(
        STUDIES["perform"],
        treatment_delay_days=(60, 90),
        death_rate={"internal-fixation": 1.5, "reconstruction": 1.5},
    )
    records = simulate_trial(study, seed=4)
    subjects = records.subjects
    never = set(subjects.loc[subjects["treatment_date"].isna(), "subject_id"])
    assert len(never) > 30
    for table in EVENT_TABLES:
        assert not never & set(records[table]["subject_id"])
    status = ends(records, study)["status"]
    assert set(status[list(never)]) <= {"died", "withdrew", "lost"}
    index = records["procedures"].query("intent == 'protocol'")
    assert set(index["subject_id"]) == set(subjects["subject_id"]) - never
    assert set(index["kind"]) == {"fixation", "reconstruction"}


def test_procedures_that_treat_an_event_name_it_and_come_within_the_gap():
    records = simulate_trial(STUDIES["hermes"], seed=4, n_subjects=3000)
    procedures = records["procedures"].dropna(subset=["related_event_id"])
    events = records["events"].query("symptomatic and component in ['cord_compression', 'fracture']")
    merged = procedures.merge(
        events, left_on=["subject_id", "related_event_id"], right_on=["subject_id", "event_id"]
    )
    assert len(merged) == len(procedures)
    assert (merged["reason"] == merged["component"]).all()
    lag = (days(merged["indicated_date"]) - days(merged["date"])).dt.days
    assert lag.between(0, 14).all()
    assert 0.4 < len(merged) / len(events) < 0.6


def test_status_of_everyone_under_observation_is_asked_at_the_data_cutoff():
    study = STUDIES["hermes"]
    records = simulate_trial(study, seed=4)
    facts = records["disposition"]
    cutoff = pd.Timestamp(study.data_cutoff)
    final = ends(records, study)["day"]
    randomised = days(records.subjects.set_index("subject_id")["randomised_date"])
    observed = set(final.index[(final > cutoff) & (randomised.reindex(final.index) <= cutoff)])
    asked = facts.loc[(days(facts["date"]) == cutoff) & (facts["status"] == "alive"), "subject_id"]
    assert observed
    assert observed <= set(asked)


def test_follow_up_ends_on_the_planned_day_of_those_who_complete():
    for study in STUDIES.values():
        records = simulate_trial(study, seed=4)
        final = ends(records, study)
        done = final.loc[final["status"] == "completed", "day"]
        followed = (done - zeros(records, study).reindex(done.index)).dt.days
        assert set(followed) == {study.scenarios["planning"].follow_up_days}


def test_any_table_can_show_a_component_and_declared_columns_are_drawn():
    study = parse_study(MINIMAL)
    records = simulate_trial(study, seed=8)
    assert set(component_rows(records, study)["component"]) == {"admission", "progression", "score"}
    assert set(records.subjects["region"]) == {"no", "yes"}
    assert records.subjects["marker"].dtype == "float64"
    assert records.subjects["subject_id"].iloc[0] == "MINI-01-001"
