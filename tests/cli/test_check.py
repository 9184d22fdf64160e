"""``check``: the list of rules, and the findings in files."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from skeletal.records import read_records, review_records
from skeletal.review_rules import REVIEW_RULES
from skeletal.study import load_study


@pytest.fixture
def faulty(data):
    """Return records with one event of nobody."""
    events = pd.read_csv(data / "events.csv", dtype="string")
    events.loc[0, "subject_id"] = "NOBODY"
    events.to_csv(data / "events.csv", index=False)
    return data


def test_rules_are_listed_without_a_study(skeletal):
    result = skeletal("check", "--rules")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "rule,category,severity,finds"
    assert len(lines) == len(REVIEW_RULES) + 1
    assert lines[1] == "unknown_subject,key,error,rows of nobody that was randomised or screened"
    listed = json.loads(skeletal("check", "--rules", "--json").stdout)
    assert {row["rule"] for row in listed} == set(REVIEW_RULES)


def test_a_study_is_needed_otherwise(skeletal):
    result = skeletal("check")
    assert result.exit_code == 2
    assert "ask for --rules" in " ".join(result.stderr.split())


def test_counts_by_severity_go_to_stderr_and_errors_return_5(skeletal, faulty):
    result = skeletal("check", "hermes", "--data", faulty, "--cutoff", "2028-02-05")
    assert result.exit_code == 5
    assert "24 subjects; 1 error(s), " in result.stderr


def test_a_folder_gets_the_findings_as_csv_and_as_a_page(skeletal, faulty, tmp_path):
    out = tmp_path / "review"
    assert skeletal("check", "hermes", "--data", faulty, "--out", out).exit_code == 5
    assert {path.name for path in out.iterdir()} == {"review.csv", "review.html"}
    study = load_study("hermes")
    wanted = review_records(read_records(faulty, study), study)
    written = pd.read_csv(out / "review.csv")
    assert list(written.columns) == list(wanted.columns)
    assert written["query"].tolist() == wanted["query"].tolist()
    assert "NOBODY" in (out / "review.html").read_text(encoding="utf-8")


def test_files_are_named_one_by_one_and_not_replaced_unasked(skeletal, faulty, tmp_path):
    csv, html = tmp_path / "list.csv", tmp_path / "page.html"
    command = ("check", "hermes", "--data", faulty, "--csv", csv, "--html", html)
    assert skeletal(*command).exit_code == 5
    content = csv.read_bytes()
    assert content.startswith(b"rule,category,")
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    csv.write_text("mine")
    result = skeletal(*command)
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert csv.read_text() == "mine"
    assert skeletal(*command, "--force").exit_code == 5
    assert csv.read_bytes() == content


@pytest.mark.parametrize("option", ["--out", "--csv", "--html"])
def test_files_of_findings_need_records(option, skeletal, tmp_path):
    result = skeletal("check", "hermes", option, tmp_path / "x")
    assert result.exit_code == 2
    assert "add --data" in " ".join(result.stderr.split())
    assert not (tmp_path / "x").exists()
