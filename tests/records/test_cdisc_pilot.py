"""The records of a real trial of three arms: read, reviewed, cut."""

import datetime as dt
from pathlib import Path

import pytest

from skeletal.records import cut_records, read_records, review_records
from skeletal.study import load_study

ROOT = Path(__file__).resolve().parents[2]
PILOT = ROOT.parent / "shared" / "real" / "cdisc-pilot"

pytestmark = pytest.mark.skipif(not PILOT.is_dir(), reason=f"CDISC pilot records absent: {PILOT}")


@pytest.fixture(scope="module")
def pilot_study():
    return load_study(ROOT / "tests" / "studies" / "cdisc-pilot.toml")


@pytest.fixture(scope="module")
def pilot(pilot_study):
    return read_records(PILOT, pilot_study)


def test_the_arms_have_the_subjects_of_the_publication(pilot):
    counts = pilot.subjects["arm"].value_counts().to_dict()
    assert counts == {"Placebo": 86, "Xanomeline High Dose": 84, "Xanomeline Low Dose": 84}


def test_tables_have_the_rows_of_their_domains(pilot):
    # Counted in R 4.5: nrow(read.csv("ae.csv")) and with(ds, sum(DSCAT == "DISPOSITION EVENT" & ...)).
    assert len(pilot["events"]) == 1191
    assert len(pilot["screening"]) == 306
    assert int(pilot["screening"]["randomised"].sum()) == 254
    assert len(pilot["therapies"]) == 591
    assert pilot["disposition"]["status"].value_counts().to_dict() == {
        "withdrew": 139,
        "completed": 110,
        "died": 3,
        "lost": 2,
    }


def test_a_number_and_a_row_are_those_of_the_file(pilot):
    first = pilot.subjects.iloc[0]
    assert (first["subject_id"], first["age"], first["source"], first["source_row"]) == (
        "01-701-1015",
        63.0,
        "DM",
        1,
    )


def test_nothing_in_the_real_records_stops_an_analysis(pilot, pilot_study):
    review = review_records(pilot, pilot_study)
    assert "error" not in set(review["severity"])
    counts = review["rule"].value_counts().to_dict()
    # Counted by hand in the files, with pandas alone: visits outside the windows of the study file, visits
    # after DSSTDTC of a disposition event that is neither COMPLETED nor DEATH, and dermatologic or skeletal
    # terms of one subject at most a day apart.
    assert counts == {
        "visit_outside_window": 257,
        "same_event_twice": 154,
        "seen_after_leaving": 105,
        "before_time_zero": 19,
        "missed_assessment": 15,
        "unknown_visit": 7,
        "partial_date": 3,
        "reported_before_event": 2,
        "seen_after_death": 1,
    }
    assert set(review.loc[review["rule"] == "seen_after_leaving", "severity"]) == {"note"}


def test_the_partial_dates_of_counted_events_are_those_of_the_file(pilot, pilot_study):
    review = review_records(pilot, pilot_study)
    found = review[review["rule"] == "partial_date"]
    assert found[["subject_id", "found"]].to_numpy().tolist() == [
        ["01-710-1077", "the event is dated 1977"],
        ["01-710-1077", "the event is dated 1977"],
        ["01-718-1355", "the event is dated 1982"],
    ]


def test_a_death_reported_a_day_later_is_not_known_on_its_day(pilot):
    def deaths(day):
        disposition = cut_records(pilot, day)["disposition"]
        return disposition["subject_id"][disposition["status"] == "died"].tolist()

    assert deaths(dt.date(2013, 8, 2)) == ["01-701-1211"]
    assert deaths(dt.date(2013, 8, 3)) == ["01-701-1211", "01-710-1083"]
