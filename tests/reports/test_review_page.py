"""The page of a review: counts, findings that a script filters, and nothing from outside."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from tests.support import review_trial

from skeletal.errors import InvalidRecords
from skeletal.records import make_records, review_records
from skeletal.study import parse_study
from skeletal_reports.contradictions import refuse_errors
from skeletal_reports.leaks import check_self_contained
from skeletal_reports.render import review as page
from skeletal_reports.render.review import render_review

CHANGE = '[review.missing_site]\nseverity = "warning"\nreason = "site is a stratum & counts"\n'


@pytest.fixture(scope="module")
def study():
    return parse_study(review_trial.STUDY + CHANGE)


def reviewed(study, **cells):
    """Return records with cells of the first row of tables changed, and their review."""
    tables = {name: pd.DataFrame(columns, dtype="string") for name, columns in review_trial.TABLES.items()}
    for name, changes in cells.items():
        for column, value in changes.items():
            tables[name].loc[0, column] = value
    records = make_records(tables)
    return review_records(records, study), records


@pytest.fixture(scope="module")
def shown(study):
    found, records = reviewed(
        study,
        stays={"discharge_date": "2025-03-01"},
        subjects={"site": "", "age": "130"},
        therapies={"drug": "", "start_date": "1850"},
        events={"lesion_id": "<b>L9</b>"},
    )
    return found, render_review(found, study, records)


def test_counts_are_by_category_and_severity(shown):
    found, html = shown
    counts = re.search(r'<table class="counts">(.*?)</table>', html, re.S).group(1)
    lines = [re.findall(r"<t[hd][^>]*>([^<]*)", row) for row in re.findall(r"<tr.*?</tr>", counts, re.S)]
    assert lines[0] == ["Category", "Error", "Warning", "Note"]
    assert lines[-1] == [
        "All",
        *(str((found["severity"] == name).sum()) for name in ("error", "warning", "note")),
    ]
    assert ["Plausibility", "0", "2", "0"] in lines


def test_every_finding_is_a_row_with_its_query(shown):
    found, html = shown
    rows = re.findall(r'<tr data-severity="(\w+)" data-category="(\w+)" data-rule="(\w+)">', html)
    assert rows == found[["severity", "category", "rule"]].apply(tuple, axis=1).tolist()
    assert "discharge on 2025-03-01. Please correct one of the dates." in html


def test_text_of_records_is_escaped(shown):
    assert "<b>L9" not in shown[1]
    assert "lesion &lt;b&gt;L9&lt;/b&gt; is not in lesions" in shown[1]
    assert "site is a stratum &amp; counts." in shown[1]


def test_nothing_comes_from_outside(shown, tmp_path):
    path = tmp_path / "review.html"
    path.write_text(shown[1], encoding="utf-8")
    check_self_contained([path])
    assert "http:" not in shown[1]
    assert "https:" not in shown[1]


def test_a_clean_review_says_so(study):
    found, records = reviewed(study)
    html = render_review(found, study, records)
    assert "Nothing was found." in html
    assert "<form" not in html


def test_the_footer_says_as_of_when_or_that_no_cutoff_is_declared(study):
    dated, undated = (
        render_review(reviewed(each)[0], each, reviewed(each)[1])
        for each in (study, study.model_copy(update={"data_cutoff": None}))
    )
    assert "records. Data as of 2025-12-31. Rows" in dated
    assert "records. No data cutoff declared. Rows" in undated


def test_an_error_without_row_or_subject_is_told_without_them(study):
    records = make_records({"subjects": pd.DataFrame(review_trial.TABLES["subjects"]).assign(arm="active")})
    found = review_records(records, study)
    empty = found[found["rule"] == "empty_arm"].assign(severity="error")
    with pytest.raises(InvalidRecords, match=r"empty_arm, once: subjects: no subject is in arm control\."):
        refuse_errors(empty)


def test_a_long_list_is_cut_and_the_page_says_so(study, monkeypatch):
    monkeypatch.setattr(page, "MOST_ROWS", 1)
    found, records = reviewed(study, subjects={"site": "", "age": "130"})
    html = render_review(found, study, records)
    assert html.count("<tr data-severity") == 1
    assert "The first 1 of 2 findings; the csv file has all." in html


def test_errors_stop_a_report_and_say_what_is_expected(study):
    found, _ = reviewed(study, stays={"discharge_date": "2025-03-01"})
    with pytest.raises(InvalidRecords, match="Expected: the discharge is not before the admission") as error:
        refuse_errors(found)
    assert "stays row 1, 001: the admission is dated 2025-03-03" in str(error.value)


def test_an_error_that_the_study_makes_a_note_stops_nothing():
    words = '[review.discharge_before_admission]\nseverity = "note"\nreason = "known"\n'
    study = parse_study(review_trial.STUDY + words)
    found, _ = reviewed(study, stays={"discharge_date": "2025-03-01"})
    assert found["severity"].tolist() == ["note"]
    refuse_errors(found)
