"""Profiles: what they say of a subject is what the outcomes and the audit say."""

from __future__ import annotations

import re

import pytest
from tests.support import profile_trial as trial

from skeletal.errors import InvalidArgument
from skeletal_reports import profile_page
from skeletal_reports.render import render_html, render_pdf
from skeletal_reports.render.document import Exhibit, Facts, Heading
from skeletal_reports.render.pdf import _full_width


@pytest.fixture(scope="module")
def outcomes():
    return trial.outcomes()


@pytest.fixture(scope="module")
def page(outcomes):
    return profile_page(outcomes, ["A"])


def table(page, title):
    (found,) = [item for item in page.exhibits("table") if item.content["title"].startswith(title)]
    return [row["cells"] for row in found.content["rows"]]


def facts(page):
    return [dict(block.items) for block in page.blocks if isinstance(block, Facts)]


def test_header_says_who_the_subject_is(page):
    assert facts(page) == [
        {
            "Subject": "A",
            "Arm": "Observational arm",
            "Site": "01",
            "Age and sex": "61 years, female",
            "Primary tumour": "Breast",
            "Randomised": "2025-01-10",
            "Time zero (randomisation)": "2025-01-10",
            "Last dated record": "2025-12-01 (disposition: died)",
            "Death": "2025-12-01",
        }
    ]
    assert page.cover.heading == "HERMES: profile of subject A"
    assert page.cover.marks == ("Confidential",)


def test_what_is_not_recorded_is_said_to_be_so(outcomes):
    (found,) = facts(profile_page(outcomes, ["B"]))
    assert (found["Site"], found["Age and sex"], found["Death"]) == ("not recorded", "male", "not recorded")
    # the last contact, 2026-03-01, is later than the data cutoff
    assert found["Last dated record"] == "2025-02-09 (assessments)"


def test_imputed_death_is_marked():
    rows = trial.TABLES["disposition"].assign(
        date=["2025-06-01", "2025-12", "2026-03-01", "2025-04-01", "2025-01-11"]
    )
    (found,) = facts(profile_page(trial.outcomes(disposition=rows), ["A"]))
    assert re.fullmatch(r"2025-12-\d\d \(day imputed\)", found["Death"])


def test_outcomes_are_those_of_every_estimand(outcomes, page):
    rows = table(page, "Outcomes of subject A")
    by_code = {row[1]: row for row in rows if row[1]}
    assert set(by_code) == {item.paramcd for item in trial.study().estimands.values()}
    fracture = "Symptomatic pathological fracture"
    assert by_code["TTSSE"][2:] == ["Event", "51", "2025-03-01", fracture]
    assert by_code["TTMSSE"][2:] == ["2 episodes; competing event", "326", "2025-12-01", "Death"]
    assert by_code["OS"][2:] == ["Event", "326", "2025-12-01", "Death"]
    assert by_code["TTSURG"][2:] == ["Competing event", "326", "2025-12-01", "Death"]
    first = outcomes.first("sse", "sse-incidence").set_index("subject_id").loc["A"]
    assert by_code["TTSSE"][3] == str(first["time"])


def test_censored_outcomes_have_their_reason(outcomes):
    rows = {row[1]: row for row in table(profile_page(outcomes, ["C"]), "Outcomes of subject C")}
    assert rows["TTSSE"][2:] == ["Censored", "82", "2025-04-01", "Withdrew or lost to follow-up"]
    assert rows["TTMSSE"][2:] == ["0 episodes; censored", "82", "2025-04-01", "Withdrew or lost to follow-up"]


def test_subjects_that_are_not_analysed_have_the_reason():
    subjects = trial.SUBJECTS.assign(randomised_date=["2025-01-10", "2025-01-10", "2025", "2025-01-10"])
    rows = table(profile_page(trial.outcomes(subjects=subjects), ["C"]), "Outcomes of subject C")
    found = {tuple(row[2:]) for row in rows if row[1]}
    assert found == {("Not analysed", "NE", "", "incomplete randomised_date")}


def test_every_sentence_of_the_audit_is_there_in_order(outcomes, page):
    audit = outcomes.audit
    mine = audit.loc[(audit["subject_id"] == "A") & (audit["rule"] != "not a component")]
    for endpoint, group in mine.groupby("endpoint", sort=False):
        label = trial.study().endpoints[endpoint].label
        rows = table(page, f"{label}: what became of each record")
        assert {row[3] for row in rows if row[2] != "not a component"} == set(group["sentence"])
        dates = [row[0] for row in rows if row[0]]
        assert dates == sorted(dates)


def test_records_that_are_no_component_share_a_row(page):
    rows = table(page, "Symptomatic skeletal event: what became")
    assert [row[1:4] for row in rows if row[2] == "not a component"] == [
        ["events: rows 3, 5", "not a component", "Read, and no component of this endpoint."]
    ]


def test_read_by_names_the_estimands_that_say_so(page):
    rows = table(page, "Symptomatic skeletal event: what became")
    counted = {row[3]: row[4] for row in rows if row[1] == "events, row 1"}
    episode = next(text for text in counted if text.endswith("is counted as episode 1."))
    assert counted[episode] == "TTMSSE"


def test_lesion_and_records_that_are_not_drawn_are_listed(page):
    rows = {row[0]: row[1:] for row in table(page, "Lesions at baseline")}
    assert rows == {"Bone": ["femur", "vertebra"], "Target": ["yes", "no"]}
    left = table(page, "Records that the timeline does not draw")
    assert ["lesions", "1, 2", "L1; L2", "Has no date; in the table of lesions"] in left
    assert ["therapies", "3", "Capecitabine", "No date"] in left


def test_several_subjects_follow_each_other(outcomes):
    page = profile_page(outcomes, ["D", "A", "D"])
    heads = [
        (item.text, item.new_page) for item in page.blocks if isinstance(item, Heading) and item.level == 1
    ]
    assert heads == [("D", False), ("A", True)]
    assert page.cover.heading == "HERMES: profiles of 2 subjects"
    assert [item["Subject"] for item in facts(page)] == ["D", "A"]
    numbers = [item.anchor for item in page.blocks if isinstance(item, Exhibit)]
    assert len(numbers) == len(set(numbers))


def test_endpoints_choose_the_lanes(outcomes):
    chosen = profile_page(outcomes, ["A"], endpoints=["surgery"]).exhibits("figure")[0]
    assert chosen.content["svg"] != profile_page(outcomes, ["A"]).exhibits("figure")[0].content["svg"]


def test_html_is_self_contained_and_escapes_the_records(outcomes):
    subjects = trial.SUBJECTS.assign(site=["<script>alert(1)</script>", None, "02", "02"])
    text = render_html(profile_page(trial.outcomes(subjects=subjects), ["A"]))
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert not re.search(r'(?:src|href)="(?!#)', text)


def test_pdf_is_the_same_on_every_run(page):
    first = render_pdf(page)
    assert first.startswith(b"%PDF")
    assert first == render_pdf(page)


@pytest.mark.parametrize(
    ("height", "width", "floats"),
    [
        (100.0, 170.0, False),  # as wide as the page
        (170.0, 200.0 * 165 / 170, False),  # a little smaller, so that it stands below the header
        (300.0, 200.0 * 225 / 300, True),  # on a page of its own
    ],
)
def test_figure_in_print_is_as_large_as_the_page_allows(height, width, floats):
    found = _full_width(200.0, height)
    assert found == (pytest.approx(min(width, 170.0)), floats)


def test_pooled_or_masked_arms_have_no_profiles(outcomes):
    study = trial.study().model_copy(update={"masking": "masked"})
    masked = type(outcomes)(
        **{name: getattr(outcomes, name) for name in outcomes.__slots__} | {"study": study}
    )
    with pytest.raises(InvalidArgument, match="the arms of this study are masked"):
        profile_page(masked, ["A"])


def test_unknown_subject_is_refused(outcomes):
    with pytest.raises(InvalidArgument, match=r"'Z'\. Subjects are named like A, B, C"):
        profile_page(outcomes, ["A", "Z"])
