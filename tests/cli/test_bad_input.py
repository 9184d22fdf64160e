"""Bad input: one message with place and remedy, the right exit code, and nothing written."""

from __future__ import annotations

import csv
import zipfile

import pandas as pd
import pytest

from skeletal.study import study_text

USAGE, STUDY, RECORDS = 2, 3, 4


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def put(path, column, values):
    """Replace the values of ``column`` in data rows (counted from 1)."""
    rows = rows_of(path)
    position = rows[0].index(column)
    for number, value in values.items():
        rows[number][position] = value
    write_rows(path, rows)


def drop_column(path, column):
    rows = rows_of(path)
    position = rows[0].index(column)
    write_rows(path, [row[:position] + row[position + 1 :] for row in rows])


def rename_column(path, old, new):
    rows = rows_of(path)
    rows[0][rows[0].index(old)] = new
    write_rows(path, rows)


def copy_row(path, number):
    rows = rows_of(path)
    write_rows(path, [*rows, rows[number]])


def add_event_after_death(folder):
    header, *rows = rows_of(folder / "disposition.csv")
    status, subject, date = (header.index(name) for name in ("status", "subject_id", "date"))
    died = next(row for row in rows if row[status] == "died")
    events = rows_of(folder / "events.csv")
    values = {
        "subject_id": died[subject],
        "event_id": "LATE",
        "component": "fracture",
        "symptomatic": "true",
        "date": f"{int(died[date][:4]) + 1}{died[date][4:]}",
    }
    write_rows(folder / "events.csv", [*events, [values.get(name, "") for name in events[0]]])


def make_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "a")


BAD_RECORDS = {
    "missing column": (
        lambda d: drop_column(d / "subjects.csv", "arm"),
        ["subjects.csv", "'arm'", "missing"],
    ),
    "misspelt column": (
        lambda d: rename_column(d / "events.csv", "component", "componant"),
        ["events.csv", "'component'", "Did you mean 'componant'?"],
    ),
    "unknown arm": (
        lambda d: put(d / "subjects.csv", "arm", {2: "upfront_rt", 5: "upfront_rt"}),
        ["subjects.csv", "'arm'", "row 2 ('upfront_rt'), row 5", "upfront-rt"],
    ),
    "text in a number": (
        lambda d: put(d / "subjects.csv", "age", {3: "sixty"}),
        ["subjects.csv", "'age'", "row 3 ('sixty')", "write digits"],
    ),
    "infinite number": (
        lambda d: put(d / "subjects.csv", "kps", {1: "1e999"}),
        ["subjects.csv", "'kps'", "row 1"],
    ),
    "date that cannot be": (
        lambda d: put(d / "subjects.csv", "randomised_date", {4: "2025-02-30"}),
        ["subjects.csv", "'randomised_date'", "row 4 ('2025-02-30')", "ISO 8601"],
    ),
    "date in another order": (
        lambda d: put(d / "disposition.csv", "date", {1: "31/12/2026"}),
        ["disposition.csv", "'date'", "row 1 ('31/12/2026')", "ISO 8601"],
    ),
    "more than five bad rows": (
        lambda d: put(d / "subjects.csv", "age", dict.fromkeys(range(1, 9), "old")),
        ["8 rows", "row 5 ('old') and 3 more"],
    ),
    "status that is not allowed": (
        lambda d: put(d / "disposition.csv", "status", {2: "deceased"}),
        ["disposition.csv", "'status'", "row 2 ('deceased')", "died"],
    ),
    "flag that is neither": (
        lambda d: put(d / "assessments.csv", "done", {1: "perhaps"}),
        ["assessments.csv", "'done'", "row 1 ('perhaps')", "true/false"],
    ),
    "csv that is a zip": (
        lambda d: make_zip(d / "events.csv"),
        ["events.csv", "zip archive or Excel workbook", "export it again"],
    ),
    "csv that is a web page": (
        lambda d: (d / "events.csv").write_text("<!DOCTYPE html><p>Log in", encoding="utf-8"),
        ["events.csv", "an HTML page"],
    ),
    "csv that is a transport file": (
        lambda d: (d / "events.csv").write_bytes(b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!"),
        ["events.csv", "a SAS transport file", "rename it"],
    ),
    "transport file that is a web page": (
        lambda d: (d / "events.csv").unlink() or (d / "events.xpt").write_text("<html>no</html>"),
        ["events.xpt", "an HTML page"],
    ),
    "transport file cut short": (
        lambda d: (d / "events.csv").unlink() or (d / "events.xpt").write_bytes(b"HEADER RECORD*******LIB"),
        ["events.xpt", "broken or cut short"],
    ),
    "decimal comma": (
        lambda d: put(d / "subjects.csv", "age", {2: "63,5"}),
        ["subjects.csv", "'age'", "row 2 ('63,5')", 'write decimal = "," under [records.csv]'],
    ),
    "day number of Excel": (
        lambda d: put(d / "subjects.csv", "randomised_date", {2: "46023"}),
        ["subjects.csv", "row 2 ('46023')", "46023 would be 2026-01-01", "format the column as a date"],
    ),
    "file of zero bytes": (
        lambda d: (d / "subjects.csv").write_bytes(b""),
        ["subjects.csv is empty", "export the table again"],
    ),
    "table without rows": (
        lambda d: write_rows(d / "subjects.csv", rows_of(d / "subjects.csv")[:1]),
        ["subjects.csv", "no rows"],
    ),
    "no table of subjects": (lambda d: (d / "subjects.csv").unlink(), ["subjects"]),
    "table that an endpoint needs": (
        lambda d: (d / "events.csv").unlink(),
        ["endpoint 'sse' needs table 'events'"],
    ),
    "subject listed twice": (
        lambda d: copy_row(d / "subjects.csv", 2),
        ["subjects.csv", "'subject_id'", "row 25", "keep one row a subject"],
    ),
    "column named twice": (
        lambda d: rename_column(d / "subjects.csv", "age", "sex"),
        ["subjects.csv", "named more than once: sex"],
    ),
    "row with a field too many": (
        lambda d: write_rows(d / "events.csv", [*rows_of(d / "events.csv"), ["S", "1", "x"] * 9]),
        ["events.csv", "fields of the header", "quotes"],
    ),
    "two files for one table": (
        lambda d: (d / "SUBJECTS.parquet").write_bytes(b"PAR1"),
        ["subjects.csv", "SUBJECTS.parquet"],
    ),
    "event after death": (add_event_after_death, ["event_after_death", "events row", "correct the date"]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_RECORDS)
def test_bad_records_stop_the_report(case, skeletal, data, tmp_path):
    spoil, expected = BAD_RECORDS[case]
    spoil(data)
    before = sorted(tmp_path.iterdir())
    result = skeletal("report", "hermes", "--data", data, "--out", tmp_path / "run")
    assert result.exit_code == RECORDS, result.stderr
    assert [words for words in expected if words not in result.stderr] == []
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert sorted(tmp_path.iterdir()) == before


def test_all_problems_of_the_records_come_together(skeletal, data):
    put(data / "subjects.csv", "age", {1: "old"})
    put(data / "disposition.csv", "date", {1: "soon"})
    (data / "events.csv").write_bytes(b"")
    result = skeletal("analyse", "hermes", "--data", data)
    assert result.exit_code == RECORDS
    assert all(name in result.stderr for name in ("subjects.csv", "disposition.csv", "events.csv"))


@pytest.mark.parametrize("command", ["report", "derive", "analyse", "check"])
@pytest.mark.parametrize("place", ["absent", "file", "empty"])
def test_data_must_be_a_folder_with_tables(command, place, skeletal, tmp_path):
    path = tmp_path / place
    if place == "file":
        path.write_text("subject_id\n")
    elif place == "empty":
        path.mkdir()
    out = ["--out", tmp_path / "out"] if command in {"report", "derive"} else []
    result = skeletal(command, "hermes", "--data", path, *out)
    assert result.exit_code == RECORDS
    wanted = {"absent": "does not exist", "file": "is a file; give the folder", "empty": "holds no tables"}
    assert wanted[place] in result.stderr
    assert str(path) in result.stderr
    assert not (tmp_path / "out").exists()


def without_second_arm(text):
    return text[: text.index('[[arms]]\nname = "upfront-rt"')] + text[text.index("[[visits]]") :]


BAD_STUDIES = {
    "typo": (lambda t: t.replace("min_gap_days = 21", "min_gap_day = 21"), ["did you mean 'min_gap_days'"]),
    "not TOML": (lambda t: t + "\nthis is not TOML", ["not valid TOML", "line"]),
    "html": (lambda _: "<html></html>", ["not valid TOML"]),
    "empty": (lambda _: "", ["arms: required and missing"]),
    "one arm": (without_second_arm, ["at least two arms, got 1"]),
    "two controls": (
        lambda t: t.replace('name = "upfront-rt"', 'name = "upfront-rt"\ncontrol = true'),
        ["exactly one arm must say control = true"],
    ),
    "unknown component": (
        lambda t: t.replace('"fracture", "surgery"', '"break", "surgery"'),
        ["endpoint 'sse'", "'break'", "not declared"],
    ),
    "unknown estimand": (
        lambda t: t.replace('estimand = "sse-hazard"', 'estimand = "sse-hasard"'),
        ["analysis 'sse-hazard-ratio'", "'sse-hasard'", "not declared"],
    ),
    "text for a number": (
        lambda t: t.replace("n_subjects = 120", 'n_subjects = "120 or so"'),
        ["n_subjects", "valid integer", "'120 or so'"],
    ),
}


@pytest.mark.parametrize("case", BAD_STUDIES)
@pytest.mark.parametrize("command", ["report", "check"])
def test_bad_study_stops_the_command(case, command, skeletal, tmp_path):
    spoil, expected = BAD_STUDIES[case]
    path = tmp_path / "trial.toml"
    path.write_text(spoil(study_text("hermes")), encoding="utf-8")
    result = skeletal(command, path)
    assert result.exit_code == STUDY
    assert [words for words in ["trial.toml", *expected] if words not in result.stderr] == []
    assert "Traceback" not in result.stderr
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["hermez", "absent.toml", "."])
def test_unknown_study_names_the_library(name, skeletal, tmp_path):
    result = skeletal("report", name)
    assert result.exit_code == STUDY
    assert "hermes, perform" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--cutoff", "2027-02-30"], "write YYYY-MM-DD"),
        (["--cutoff", "05/02/2027"], "write YYYY-MM-DD"),
        (["--kind", "half"], "'half' is not one of"),
        (["--seed", "-1"], "Invalid value for '--seed'"),
        (["--scenario", "optimist"], "hermes has no scenario 'optimist'"),
        (["--seed", "1", "--data", "x"], "--seed and --scenario belong to a simulated trial"),
        (["--unmask", "--kind", "open"], "--unmask belongs to the closed report"),
        (["--colour"], "No such option: --colour"),
    ],
)
def test_bad_option_is_a_usage_error(options, expected, skeletal, tmp_path):
    result = skeletal("report", "hermes", *options)
    assert result.exit_code == USAGE
    assert expected in " ".join(result.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["report", "derive", "simulate"])
def test_folder_with_something_in_it_is_not_overwritten(command, skeletal, data, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    given = [] if command == "simulate" else ["--data", data]
    refused = skeletal(command, "hermes", *given, "--out", out)
    assert refused.exit_code == USAGE
    assert "--force" in refused.stderr
    forced = skeletal(command, "hermes", *given, "--out", out, "--force")
    assert forced.exit_code == USAGE
    assert (out / "thesis.txt").read_text() == "years of work"
    assert sorted(tmp_path.iterdir()) == [data, out]


def test_result_file_is_not_overwritten_unasked(skeletal, data, tmp_path):
    out = tmp_path / "results.csv"
    out.write_text("old")
    assert skeletal("analyse", "hermes", "--data", data, "--out", out).exit_code == USAGE
    assert out.read_text() == "old"
    assert skeletal("analyse", "hermes", "--data", data, "--out", out, "--force").exit_code == 0
    assert out.read_text().startswith("endpoint,estimand,analysis,arm,statistic")


def test_place_that_cannot_be_written_is_named(skeletal, tmp_path):
    (tmp_path / "file").write_text("in the way")
    result = skeletal("simulate", "hermes", "--out", tmp_path / "file" / "records")
    assert result.exit_code == 1
    assert "Failed: the system says File exists" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", ["derive", "analyse"])
def test_no_numbers_from_records_that_contradict_themselves(command, skeletal, data, tmp_path):
    add_event_after_death(data)
    result = skeletal(command, "hermes", "--data", data, "--out", tmp_path / "out")
    assert result.exit_code == RECORDS
    assert "event_after_death" in result.stderr
    assert not (tmp_path / "out").exists()


def test_simulation_never_replaces_records_that_were_not_simulated(skeletal, data):
    drop_column(data / "subjects.csv", "simulated")
    before = (data / "subjects.csv").read_bytes()
    result = skeletal("simulate", "hermes", "--n", 10, "--out", data, "--force")
    assert result.exit_code == USAGE
    assert "not simulated" in result.stderr
    assert (data / "subjects.csv").read_bytes() == before


DATE_COLUMNS = {"procedures": 'date = "indicated_date"', "subjects": 'time_zero = "randomised_date"'}


def dated_by(path, old, column):
    """Write the HERMES study with another date column."""
    text = study_text("hermes")
    assert old in text
    path.write_text(text.replace(old, f'{old.split()[0]} = "{column}"', 1), encoding="utf-8")


@pytest.mark.parametrize("table", DATE_COLUMNS)
def test_own_column_that_holds_no_dates_is_named(table, skeletal, data, tmp_path):
    frame = pd.read_csv(data / f"{table}.csv", dtype="string").assign(remark="none")
    frame.to_csv(data / f"{table}.csv", index=False)
    dated_by(tmp_path / "trial.toml", DATE_COLUMNS[table], "remark")
    result = skeletal("analyse", tmp_path / "trial.toml", "--data", data)
    assert result.exit_code == RECORDS
    assert f"column 'remark' of table '{table}'" in result.stderr
    assert "must hold dates" in result.stderr


@pytest.mark.parametrize(("table", "column"), [("procedures", "kind"), ("subjects", "sex")])
def test_column_that_never_holds_dates_is_refused_with_the_study(table, column, skeletal, data, tmp_path):
    dated_by(tmp_path / "trial.toml", DATE_COLUMNS[table], column)
    result = skeletal("analyse", tmp_path / "trial.toml", "--data", data)
    assert result.exit_code == STUDY
    assert f"'{column}'" in result.stderr
    assert "which holds text (dates" in result.stderr


def test_check_points_at_a_value_that_the_study_nearly_names(skeletal, data):
    put(data / "events.csv", "component", {1: "FRACTURE"})
    result = skeletal("check", "hermes", "--data", data, "--cutoff", "2028-02-05")
    assert result.exit_code == 5
    assert "unmatched_value,schema,warning" in result.stdout
    assert (
        "component is 'FRACTURE', which the study does not name; 'fracture' is probably meant"
        in result.stdout
    )


@pytest.mark.parametrize(
    ("column", "words"), [("agee", "no baseline column(s) agee"), ("sex", "'sex' is declared continuous")]
)
def test_baseline_column_that_cannot_be_is_named_before_the_notebook(column, words, skeletal, data, tmp_path):
    path = tmp_path / "trial.toml"
    path.write_text(study_text("hermes").replace('column = "age"', f'column = "{column}"'), encoding="utf-8")
    result = skeletal("report", path, "--data", data, "--out", tmp_path / "run")
    assert result.exit_code == RECORDS
    assert words in result.stderr
    assert "Running the notebook" not in result.stderr
    assert sorted(tmp_path.iterdir()) == [data, path]
