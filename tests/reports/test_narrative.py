"""Sentences take their numbers from records and results, and say what a study declares."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest
from tests.support import report_trial as trial

from skeletal.plan import Results
from skeletal.study import Study
from skeletal_reports.narrative import (
    _method,
    conventions_text,
    masking_text,
    methods_table,
    observation_text,
    planned_text,
    summary_text,
)

STUDY = trial.study()
COLUMNS = ["analysis", "arm", "statistic", "value", "method"]
COUNTS = {"observational": (3, 1), "upfront-rt": (0, 1)}  # events, competing events


def results(*extra):
    rows = []
    for name, estimand in STUDY.estimands.items():
        if estimand.variable == "first":
            for arm, (events, competing) in COUNTS.items():
                values = {"n_analysed": 4, "n_events": events, "n_competing": competing}
                rows += [(f"{name}-accounting", arm, key, value, "count") for key, value in values.items()]
    rows += [
        ("survival-curve", "observational", "median_follow_up", 608.75, "reverse"),
        ("survival-curve", "upfront-rt", "median_follow_up", float("nan"), "reverse"),
        ("sse-free-curve", "observational", "median_follow_up", 1.0, "Kaplan-Meier"),
        ("sse-free-curve", "observational", "median", 2.0, "Kaplan-Meier"),
        ("sse-free-curve", "observational", "other", 2.0, "another"),
        *extra,
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return Results(
        frame=frame.assign(key=frame["analysis"] + "/" + frame["arm"] + "/" + frame["statistic"]), curves={}
    )


def lines():
    text = summary_text(trial.records(), results(), STUDY).replace("\u00a0", " ")
    return text.splitlines()


def test_the_summary_tells_enrolment_from_the_records():
    # eight subjects of 120 planned; first and last randomisation and two sites as in the table of subjects
    assert lines()[0] == "- **Data as of** 2028-02-05."
    assert lines()[1] == (
        "- **Randomised:** 8 of 120 planned subjects (6.7%) between 2025-03-01 and 2025-06-01 at 2 sites "
        "(Observational arm: 4; Upfront radiotherapy arm: 4)."
    )


def test_the_summary_takes_follow_up_from_the_survival_curve_in_the_unit_of_the_report():
    # 608.75 days are 20 months of 30.4375 days
    assert lines()[2] == (
        "- **Median follow-up** (reverse Kaplan-Meier of “Overall survival”): "
        "Observational arm: 20.0 months; Upfront radiotherapy arm: NE."
    )


def test_the_summary_counts_the_events_of_each_endpoint_once():
    assert lines()[3] == (
        "- **First SSE, death competing:** 3 (37.5%) of 8 analysed subjects with the event "
        "(Observational arm: 3; Upfront radiotherapy arm: 0), 2 with the competing event."
    )
    assert [line.split(":**")[0] for line in lines()[3:]] == [
        "- **First SSE, death competing",
        "- **SSE-free survival",
        "- **Overall survival",
    ]


def test_a_pooled_summary_has_no_split():
    study = trial.pooled_study()
    pooled = results()
    frame = pooled.frame.loc[pooled.frame["arm"] == "observational"].assign(arm="All subjects")
    frame = frame.assign(key=frame["analysis"] + "/" + frame["arm"] + "/" + frame["statistic"])
    records = trial.records(arms=["All subjects"] * 8)
    text = summary_text(records, Results(frame=frame, curves={}), study)
    assert "(All" not in text
    assert "“Overall survival”): 20.0 months." in text


def test_observation_ends_by_rules_in_order():
    rules = [line for line in observation_text(STUDY).splitlines() if line[:1].isdigit()]
    assert rules[0] == "1. Data cutoff (events after it do not count)."
    assert rules[4] == "5. Last assessment (dates the censoring)."
    assert "follow some of these rules" not in observation_text(STUDY)


def test_an_endpoint_with_rules_of_its_own_is_named_with_their_numbers():
    content = STUDY.model_dump()
    content["endpoints"]["death"]["censoring"] = ("data_cutoff", "last_contact")
    lines = observation_text(Study.model_validate(content)).splitlines()
    assert lines[-1] == "- Death from any cause: only 1, 4."


def test_each_method_is_listed_once_with_its_analyses():
    rows = dict(row.cells for row in methods_table(results(), STUDY).rows)
    assert rows["Kaplan-Meier"] == "SSE-free survival"
    assert rows["another"] == "SSE-free survival"
    assert rows["reverse"] == "Overall survival"
    assert "Log-rank test" not in "".join(rows.values())


def test_an_analysis_is_named_with_its_estimand_and_counts_are_left_out_of_its_method():
    left = "proportion, Wilson score limits; 2 of 60 censored before day 365 left out"
    other = "proportion, Wilson score limits; 3 of 60 censored before day 365 left out"
    more = [("sse-by-month-12", arm, "estimate", 0.5, text) for arm, text in (("a", left), ("b", other))]
    rows = dict(row.cells for row in methods_table(results(*more), STUDY).rows)
    label = "Subjects with an SSE by month 12 (First SSE, death competing)"
    assert rows["proportion, Wilson score limits"] == label


def test_what_is_not_estimable_is_listed_only_where_nothing_else_is_known():
    more = [
        ("sse-by-month-12", "a", "estimate", 0.5, "proportion; 2 of 60 evaluable; left out: 3 death"),
        ("sse-by-month-12", "b", "estimate", 0.5, "not estimable: 0 of 0 evaluable"),
        ("sse-free-test", "all", "statistic", 0.5, "not estimable: no subjects"),
    ]
    rows = dict(row.cells for row in methods_table(results(*more), STUDY).rows)
    assert "proportion" in rows
    assert [text for text in rows if text.startswith("not estimable")] == ["not estimable: no subjects"]


def test_methods_name_the_measure_that_an_analysis_reads():
    content = STUDY.model_dump()
    content["measures"] = {"home": {"kind": "days_at_home", "label": "Days at home", "paramcd": "DAH"}}
    content["analyses"] = {"home-mean": {"measure": "home", "method": "mean", "label": "Mean days"}}
    frame = pd.DataFrame([("home-mean", "observational", "mean", 20.0, "mean")], columns=COLUMNS)
    found = Results(frame=frame.assign(key="k"), curves={})
    (row,) = methods_table(found, Study.model_validate(content)).rows
    assert row.cells == ("mean", "Mean days (Days at home)")


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        ([], "The study file declares no planned looks."),
        ([{"name": "first", "info_frac": 0.5}], "Planned looks: first, information 0.50."),
        (
            [{"name": "first", "date": dt.date(2027, 1, 2)}, {"name": "final"}],
            "Planned looks: first, 2027-01-02; final.",
        ),
    ],
)
def test_planned_looks_are_told(looks, words):
    assert planned_text(Study.model_validate({**STUDY.model_dump(), "looks": looks})) == words


def test_conventions_say_how_days_are_counted():
    assert "- A month is 30.4375 days and a year 365.25." in conventions_text().splitlines()


def test_masked_arms_of_unequal_size_are_said_to_be_told_by_their_numbers():
    content = STUDY.model_dump()
    assert "unequal" not in masking_text(STUDY)
    content["arms"][1]["ratio"] = 2
    assert "Allocation is unequal" in masking_text(Study.model_validate(content))


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (
            "proportion clustered by 23 subjects, Wilson with effective size 22.5 of 33; 3 of 4 evaluable",
            "proportion clustered by subject, Wilson with effective size",
        ),
        (
            "difference of means, Welch limits and test, 3 and 2 values",
            "difference of means, Welch limits and test",
        ),
        ("robust covariance by 56 subjects, Wald limits", "robust covariance by subject, Wald limits"),
    ],
)
def test_methods_are_told_without_the_counts_of_an_arm(method, words):
    assert _method(method) == words
