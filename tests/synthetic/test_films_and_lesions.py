"""Films and the events that they alone find, lesions, and columns that a scenario draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.support.parts_trial import FULL, STUDY, N, assert_share, days, large_trial, with_scenario

from skeletal.study import parse_study
from skeletal_synthetic import simulate_trial


def part(name, **changes):
    """Return the study with some fields of one part of its scenario changed."""
    return with_scenario(**{name: getattr(FULL.scenarios["planning"], name).model_copy(update=changes)})


@pytest.fixture(scope="module")
def large():
    return large_trial()


def test_a_silent_event_is_dated_by_the_first_film_after_the_last_one_without_it(large):
    events = large["events"]
    silent = events.loc[events["detection"] == "imaging"]
    assert (~silent["symptomatic"]).all()
    assert events.loc[events["detection"] == "clinical", "symptomatic"].fillna(True).all()
    films = large["assessments"].query("modality == 'CT' and done")
    assert set(films["visit"]) == {"Month 3", "Month 6"}
    pairs = set(zip(films["subject_id"], films["date"], strict=True))
    assert set(zip(silent["subject_id"], silent["date"], strict=True)) <= pairs
    negative, found = days(silent["last_negative_date"]), days(silent["date"])
    assert (negative < found).all()
    between = silent.assign(negative=negative, found=found)[["subject_id", "negative", "found"]].merge(
        films.assign(film=days(films["date"]))[["subject_id", "film"]], on="subject_id"
    )
    assert not ((between["film"] > between["negative"]) & (between["film"] < between["found"])).any()
    first = (
        negative.to_numpy()
        == (
            days(silent["subject_id"].map(large.subjects.set_index("subject_id")["randomised_date"]))
            - pd.Timedelta(days=1)
        ).to_numpy()
    )
    earlier = set(zip(films["subject_id"], films["date"], strict=True))
    follow_up = silent.loc[~first]
    assert set(zip(follow_up["subject_id"], follow_up["last_negative_date"], strict=True)) <= earlier


def test_silent_events_have_their_share_where_every_day_has_a_film():
    study = parse_study(STUDY.replace("missed_visit_probability = 0.1", "missed_visit_probability = 0.0"))
    everyone = dict.fromkeys(study.arm_names, 0.0)
    study = with_scenario(study, death_rate=everyone, dropout_rate=everyone)
    events = simulate_trial(study, seed=5, n_subjects=N)["events"].query("component == 'fracture'")
    day = days(events["date"])
    zero = days(
        events["subject_id"].map(
            simulate_trial(study, seed=5, n_subjects=N).subjects.set_index("subject_id")["randomised_date"]
        )
    )
    before_last_film = events.loc[((day - zero).dt.days <= 178) | (events["detection"] == "imaging")]
    found = (before_last_film["detection"] == "imaging").mean()
    assert_share(found, 0.4, len(before_last_film))


def test_silent_events_are_not_treated_and_their_admissions_do_not_exist():
    study = part("imaging", silent={"fracture": 1.0})
    records = simulate_trial(study, seed=5, n_subjects=400)
    assert set(records["events"].query("component == 'fracture'")["detection"]) == {"imaging"}
    quiet = with_scenario(
        study,
        stays=study.scenarios["planning"].stays.model_copy(update={"other_rate": {}, "protocol_days": 0.0}),
    )
    assert (
        "stays" not in simulate_trial(quiet, seed=5, n_subjects=400).tables
        or simulate_trial(quiet, seed=5, n_subjects=400)["stays"].empty
    )


def test_lesions_are_at_different_sites_targets_first_in_the_declared_shares(large):
    lesions = large["lesions"]
    assert not lesions.duplicated(["subject_id", "bone", "vertebral_level"]).any()
    targets = lesions.groupby("subject_id")["target"].sum()
    for count, share in zip((1, 2, 3), (0.5, 0.3, 0.2), strict=True):
        assert_share((targets == count).mean(), share, N)
    others = lesions.groupby("subject_id").size() - targets
    assert_share((others == 1).mean(), 0.6, N)
    assert large.subjects.set_index("subject_id")["n_lesions"].eq(targets).all()
    number = lesions["lesion_id"].str.removeprefix("L").astype(int)
    assert (number[lesions["target"]] <= lesions["subject_id"].map(targets)[lesions["target"]]).all()
    assert lesions["pain_nrs"].between(4, 9).all()
    vertebrae = lesions["bone"] == "vertebra"
    assert lesions.loc[vertebrae, "bilsky"].isin(["0", "1a"]).all()
    assert lesions.loc[~vertebrae, "bilsky"].isna().all()
    assert lesions["laterality"].notna().eq(~vertebrae).all()
    assert_share((lesions.loc[vertebrae, "bilsky"] == "1a").mean(), 0.2, int(vertebrae.sum()))


@pytest.mark.parametrize("table", ["events", "procedures", "questionnaires"])
def test_a_row_names_a_lesion_of_its_subject(large, table):
    known = set(zip(large["lesions"]["subject_id"], large["lesions"]["lesion_id"], strict=True))
    rows = large[table].dropna(subset=["lesion_id"])
    assert len(rows) > 100
    assert set(zip(rows["subject_id"], rows["lesion_id"], strict=True)) <= known


def test_columns_of_subjects_are_drawn_as_declared(large):
    subjects = large.subjects
    assert subjects["haemoglobin"].between(10, 15).all()
    assert abs(subjects["haemoglobin"].mean() - 12.5) < 4 * 5 / np.sqrt(12 * N)
    assert (subjects["haemoglobin"] * 10 % 1).round(6).isin([0, 1]).all()
    female = subjects["sex"] == "female"
    assert subjects.loc[female, "pregnant"].notna().all()
    assert subjects.loc[~female, "pregnant"].isna().all()
    assert_share((subjects["ecog"] == 1).mean(), 0.75, N)
    age = (days(subjects["randomised_date"]) - days(subjects["laboratory_date"])).dt.days
    assert set(age) == set(range(15))


def test_cause_of_death_names_the_cancer_for_the_tumours_declared(large):
    died = large["disposition"].query("status == 'died'")
    tumour = died["subject_id"].map(large.subjects.set_index("subject_id")["primary_tumour"])
    assert set(died.loc[tumour == "prostate", "cause"]) == {"prostate cancer", "other"}
    assert set(died.loc[tumour != "prostate", "cause"]) == {"disease progression", "other"}
