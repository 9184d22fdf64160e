"""`skeletal cut`: the folder it writes, and how the other commands read it."""

from __future__ import annotations

import json
import shutil
import zipfile
from hashlib import sha256

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from skeletal.errors import InvalidRecords
from skeletal.outcomes import cut_as_planned
from skeletal.records import cut_records, read_records
from skeletal.study import load_study, study_text
from skeletal_reports.cut_folder import read_trial
from skeletal_reports.provenance import provenance_table, study_as_cut

DAY = pd.Timestamp("2026-06-30").date()
HERMES = load_study("hermes")


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def with_rule(tmp_path):
    def write(text):
        path = tmp_path / "study.toml"
        path.write_text(study_text("hermes") + f"\n[data_cut]\n{text}\n", encoding="utf-8")
        return path

    return write


def test_a_cut_by_date_writes_the_records_as_they_stood(skeletal, data, tmp_path):
    result = skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut")
    assert result.exit_code == 0
    assert result.stdout == "2026-06-30 cut\n"
    records = read_trial(tmp_path / "cut", HERMES)
    expected = cut_records(read_records(data, HERMES), DAY)
    assert records.data_cutoff == DAY
    assert set(records.tables) == set(expected.tables)
    for name in expected.tables:
        assert_frame_equal(records[name].drop(columns="source"), expected[name].drop(columns="source"))
    assert f"{records.n_subjects} subjects" in result.stderr


def test_cut_json_says_what_was_done_and_holds_no_clock_time(skeletal, data, tmp_path):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    said = json.loads((tmp_path / "cut" / "cut.json").read_text(encoding="utf-8"))
    assert (said["kind"], said["study"], said["date"]) == ("skeletal data cut", "hermes", "2026-06-30")
    assert said["rule"] == {"date": "2026-06-30"}
    assert said["words"] == "Data cut on a fixed day, 2026-06-30."
    assert said["study_digest"] == HERMES.digest()
    for folder, files in ((data, said["inputs"]), (tmp_path / "cut", said["outputs"])):
        assert set(files) == {path.name for path in folder.iterdir()} - {"cut.json"}
        assert files == {name: sha256((folder / name).read_bytes()).hexdigest() for name in files}
    before, after = (pd.read_csv(folder / "assessments.csv") for folder in (data, tmp_path / "cut"))
    gone = [item for item in said["taken_out"] if item["table"] == "assessments" and not item["column"]]
    assert sum(item["n"] for item in gone) == len(before) - len(after) > 0
    assert said["rows"]["assessments"] == len(after)


def test_the_same_cut_gives_the_same_bytes(skeletal, data, tmp_path):
    rule = ("--events", 3, "--endpoint", "sse")
    for name in ("one", "two"):
        assert skeletal("cut", "hermes", "--data", data, *rule, "--out", name).exit_code == 0
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "two")
    assert skeletal("cut", "hermes", "--data", data, *rule, "--out", "one", "--force").exit_code == 0
    assert contents(tmp_path / "one") == first


def test_a_cut_of_a_later_cut_is_the_cut(skeletal, data, tmp_path):
    for given, day, name in ((data, "2027-01-31", "late"), ("late", DAY, "twice"), (data, DAY, "once")):
        assert skeletal("cut", "hermes", "--data", given, "--date", day, "--out", name).exit_code == 0
    once, twice = contents(tmp_path / "once"), contents(tmp_path / "twice")
    assert {name: once[name] for name in once if name != "cut.json"} == {
        name: twice[name] for name in twice if name != "cut.json"
    }


def test_the_rule_of_the_study_is_the_default(skeletal, data, with_rule, tmp_path):
    study = with_rule('n_events = 3\nendpoint = "sse"')
    result = skeletal("cut", study, "--data", data, "--out", "cut")
    assert result.exit_code == 0
    protocol = load_study(study)
    day = cut_as_planned(read_records(data, protocol), protocol).data_cutoff
    assert result.stdout == f"{day} cut\n"
    assert "the first day on which 3 subjects with an event of" in result.stderr


def test_follow_up_is_counted_from_the_last_randomisation(skeletal, data):
    last = pd.read_csv(data / "subjects.csv")["randomised_date"].max()
    result = skeletal("cut", "hermes", "--data", data, "--follow-up", 30, "--out", "cut")
    assert result.stdout == f"{pd.Timestamp(last) + pd.Timedelta(days=30):%Y-%m-%d} cut\n"


def test_json_prints_what_the_file_says(skeletal, data, tmp_path):
    result = skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut", "--json")
    assert json.loads(result.stdout) == json.loads((tmp_path / "cut" / "cut.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "declares no data_cut"),
        (("--date", DAY, "--events", 3, "--endpoint", "sse"), "are two rules"),
        (("--events", 3), "belong together"),
        (("--endpoint", "sse"), "belong together"),
        (("--date", "June"), "is not a date"),
    ],
)
def test_options_that_make_no_rule_are_refused(skeletal, data, tmp_path, options, message):
    result = skeletal("cut", "hermes", "--data", data, *options, "--out", "cut")
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert not (tmp_path / "cut").exists()


def test_too_few_events_are_refused_and_nothing_is_written(skeletal, data, tmp_path):
    result = skeletal("cut", "hermes", "--data", data, "--events", 500, "--endpoint", "sse", "--out", "cut")
    assert result.exit_code == 4
    assert "are known, not 500" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_folder_that_is_there_needs_force(skeletal, data, tmp_path):
    command = ("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut")
    assert skeletal(*command).exit_code == 0
    before = contents(tmp_path / "cut")
    assert skeletal(*command).exit_code == 2
    assert contents(tmp_path / "cut") == before


@pytest.mark.parametrize("out", ["data", "other"])
def test_force_replaces_no_folder_that_is_not_a_cut(skeletal, data, tmp_path, out):
    shutil.copytree(data, tmp_path / "other")
    before = contents(tmp_path / out)
    result = skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", out, "--force")
    assert result.exit_code == 2
    assert "holds no data cut" in result.stderr
    assert contents(tmp_path / out) == before


def test_a_cut_is_not_written_over_the_records_it_is_made_of(skeletal, data, tmp_path):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    before = contents(tmp_path / "cut")
    result = skeletal("cut", "hermes", "--data", "cut", "--date", "2026-01-31", "--out", "cut", "--force")
    assert result.exit_code == 2
    assert contents(tmp_path / "cut") == before


def derived(skeletal, *arguments):
    result = skeletal("derive", *arguments)
    assert result.exit_code == 0, result.stderr
    return result


def test_derive_of_a_cut_is_derive_at_its_day(skeletal, data, tmp_path):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    said = derived(skeletal, "hermes", "--data", "cut", "--out", "of-cut").stderr
    derived(skeletal, "hermes", "--data", data, "--cutoff", DAY, "--out", "at-day")
    assert "The records were cut at 2026-06-30" in said
    assert contents(tmp_path / "of-cut")["adtte.csv"] == contents(tmp_path / "at-day")["adtte.csv"]


def test_derive_follows_the_rule_of_the_study_unless_a_day_is_given(skeletal, data, with_rule):
    study = with_rule("date = 2026-06-30")
    said = derived(skeletal, study, "--data", data, "--out", "by-rule").stderr
    assert "Cutting at 2026-06-30. Data cut on a fixed day, 2026-06-30." in said
    said = derived(skeletal, study, "--data", data, "--cutoff", "2026-05-31", "--out", "by-day").stderr
    assert "Cutting at 2026-05-31\n" in said


def test_a_day_after_the_cut_is_refused(skeletal, data):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    result = skeletal("derive", "hermes", "--data", "cut", "--cutoff", "2026-07-01", "--out", "derived")
    assert result.exit_code == 4
    assert "were cut at 2026-06-30, so that nothing is known to 2026-07-01" in result.stderr


@pytest.mark.parametrize("change", ["edit", "remove", "add"])
def test_a_cut_that_was_changed_is_refused(skeletal, data, tmp_path, change):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    file = tmp_path / "cut" / ("analgesics.csv" if change == "add" else "lesions.csv")
    if change == "edit":
        file.write_text(file.read_text(encoding="utf-8").replace("true", "false"), encoding="utf-8")
    elif change == "remove":
        file.unlink()
    else:
        file.write_text("subject_id,date,omed_mg\n", encoding="utf-8")
    result = skeletal("derive", "hermes", "--data", "cut", "--out", "derived")
    assert result.exit_code == 4
    assert f"1 file(s) are not as they were cut ({file.name})" in result.stderr


@pytest.mark.parametrize("text", ["{", '{"kind": "skeletal data cut"}'])
def test_a_broken_cut_file_is_refused_by_name(skeletal, data, text):
    (data / "cut.json").write_text(text, encoding="utf-8")
    result = skeletal("derive", "hermes", "--data", data, "--out", "derived")
    assert result.exit_code == 4
    assert "cut.json cannot be read as the file of a data cut" in result.stderr


def test_a_cut_file_of_somebody_else_says_nothing(data):
    (data / "cut.json").write_text('{"date": "2020-01-01"}', encoding="utf-8")
    assert read_trial(data, HERMES).data_cutoff is None


def test_a_cut_of_mapped_records_is_read_without_the_mapping(skeletal, data, tmp_path, with_rule):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    path = with_rule("date = 2026-06-30")
    mapping = '\n[records]\nformat = "sdtm"\n[[records.tables.subjects]]\ndomain = "DM"\n'
    mapping += 'columns = { subject_id = "USUBJID" }\n'
    path.write_text(path.read_text(encoding="utf-8") + mapping, encoding="utf-8")
    assert read_trial(tmp_path / "cut", load_study(path)).data_cutoff == DAY


def shown(study, records):
    table = provenance_table(study_as_cut(study, records), records)
    return dict(row.cells for row in table.rows)


def test_the_report_prints_how_the_cut_was_chosen(data, with_rule):
    study = load_study(with_rule("date = 2026-06-30"))
    records = read_records(data, study)
    facts = shown(study, cut_as_planned(records, study))
    assert facts["Data as of"] == "2026-06-30"
    assert facts["How that day was chosen"] == "Data cut on a fixed day, 2026-06-30."
    assert "How that day was chosen" not in shown(study, cut_records(records, DAY))


@pytest.mark.parametrize("inside", ["", "cut/"])
def test_a_zipped_cut_is_the_cut(skeletal, data, tmp_path, inside):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    with zipfile.ZipFile(tmp_path / "cut.zip", "w") as archive:
        for path in (tmp_path / "cut").iterdir():
            archive.write(path, inside + path.name)
    folder, packed = (read_trial(tmp_path / name, HERMES) for name in ("cut", "cut.zip"))
    assert packed.data_cutoff == folder.data_cutoff == DAY
    assert packed.notes == folder.notes == ("Data cut on a fixed day, 2026-06-30.",)
    for name in folder.tables:
        assert_frame_equal(packed[name].drop(columns="source"), folder[name].drop(columns="source"))


def test_a_zipped_cut_that_was_changed_is_refused(skeletal, data, tmp_path):
    assert skeletal("cut", "hermes", "--data", data, "--date", DAY, "--out", "cut").exit_code == 0
    with zipfile.ZipFile(tmp_path / "cut.zip", "w") as archive:
        for path in (tmp_path / "cut").iterdir():
            archive.writestr(path.name, path.read_bytes() + (b"\n" if path.stem == "events" else b""))
    result = skeletal("check", "hermes", "--data", "cut.zip")
    assert result.exit_code == 4
    assert "events.csv" in result.stderr
    assert "cut again" in " ".join(result.stderr.split())


def test_an_archive_of_two_cuts_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "cuts.zip", "w") as archive:
        for name in ("june", "july"):
            archive.writestr(f"{name}/cut.json", "{}")
    with pytest.raises(InvalidRecords, match="several data cuts"):
        read_trial(tmp_path / "cuts.zip", HERMES)
