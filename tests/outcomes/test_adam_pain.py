"""ADPAIN by hand: scores with baseline and change, responses with their criterion and doses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.support.adam_files import trial_outcomes
from tests.support.measured_trial import (
    CROSSOVER,
    NRS,
    PAIN,
    answer_rows,
    measured_outcomes,
    measured_study,
    scored,
)
from tests.support.outcome_trial import iso, rows

from skeletal.outcomes.adam import adam_data_sets, pain_measures, pain_values
from skeletal.study import load_study

ALIVE = [("A", "alive", 300)]


def nrs_rows(*values, names, more="", extra="", **tables):
    tables.setdefault("status", ALIVE)
    study = measured_study(NRS, more=more, extra=extra)
    made = pain_values(measured_outcomes(study, answers=scored(*values), **tables))
    return rows(made.frame, *names)


def test_a_score_has_its_baseline_and_the_change_from_it() -> None:
    names = (
        "PARAMCD",
        "PARAM",
        "AVISIT",
        "AVISITN",
        "ADY",
        "AVAL",
        "BASE",
        "CHG",
        "ABLFL",
        "VALSTAT",
        "SRCSEQ",
    )
    found = nrs_rows(("A", 1, 6), ("A", 31, 0), ("A", 95, 7.5), names=names)

    assert found == [
        ("NRS", "Worst pain", "Baseline", 0, 1, 6, 6, None, "Y", "observed", 1),
        ("NRS", "Worst pain", "Month 1", 30, 31, 0, 6, -6, None, "observed", 2),
        ("NRS", "Worst pain", "Month 3", 90, 95, 7.5, 6, 1.5, None, "observed", 3),
        ("NRS", "Worst pain", "Month 6", 180, None, None, 6, None, None, "missing", None),
    ]


def test_the_day_before_time_zero_is_day_minus_one() -> None:
    found = nrs_rows(("A", "2024-12-31", 6), names=("ADT", "ADY"))
    assert found[0] == (pd.Timestamp("2024-12-31"), -1)


def test_without_a_baseline_there_is_no_change() -> None:
    found = nrs_rows(("A", 31, 4), names=("AVISIT", "AVAL", "BASE", "CHG", "ABLFL"))

    assert found[:2] == [("Baseline", None, None, None, None), ("Month 1", 4, None, None, None)]


def test_a_planned_visit_of_day_0_is_the_baseline_where_it_is_not_after_time_zero() -> None:
    first = '[[visits]]\nname = "Start"\nday = 0\nwindow_after = 5\n'
    names = ("AVISIT", "AVAL", "BASE", "CHG", "ABLFL")

    on_day = nrs_rows(("A", 1, 6), ("A", 31, 4), names=names, extra=first)
    assert on_day[:2] == [("Start", 6, 6, None, "Y"), ("Month 1", 4, 6, -2, None)]
    later = nrs_rows(("A", 3, 6), ("A", 31, 4), names=names, extra=first)
    assert later[:2] == [("Start", 6, None, None, None), ("Month 1", 4, None, None, None)]


def test_a_worst_value_after_death_is_marked() -> None:
    found = nrs_rows(
        ("A", 1, 6), names=("AVISIT", "AVAL", "CHG", "DTYPE", "VALSTAT"), more='death = "worst"',
        status=[("A", "died", 50)],
    )  # fmt: skip

    assert found == [
        ("Baseline", 6, None, None, "observed"),
        ("Month 1", None, None, None, "missing"),
        ("Month 3", 10, 4, "WC", "death"),
        ("Month 6", 10, 4, "WC", "death"),
    ]


def test_each_lesion_has_its_baseline() -> None:
    made = pain_values(
        measured_outcomes(
            measured_study(NRS, more='unit = "lesion"'),
            answers=scored(("A", 1, 6, "L1"), ("A", 1, 2, "L2"), ("A", 31, 3, "L1"), ("A", 31, 5, "L2")),
            lesions=[("A", "L1", True), ("A", "L2", True)],
            status=ALIVE,
        )
    )
    found = made.frame.query("AVISIT in ['Baseline', 'Month 1']")

    assert list(made.frame.columns[:3]) == ["STUDYID", "USUBJID", "LNKID"]
    assert rows(found, "LNKID", "AVISIT", "AVAL", "BASE", "CHG") == [
        ("L1", "Baseline", 6, 6, None),
        ("L1", "Month 1", 3, 6, -3),
        ("L2", "Baseline", 2, 2, None),
        ("L2", "Month 1", 5, 2, 3),
    ]


def response_rows(*pain, names, doses=(("A", 1, 20), ("A", 31, 20), ("A", 91, 20)), more="", **tables):
    tables.setdefault("status", ALIVE)
    extra = tables.pop("extra", "")
    study = measured_study(PAIN, more=more, extra=extra)
    answers = answer_rows([("A", *row) for row in pain], "BPI", "worst_pain")
    return rows(pain_values(measured_outcomes(study, answers=answers, doses=doses, **tables)).frame, *names)


def test_a_response_has_its_criterion_and_what_it_was_judged_from() -> None:
    names = (
        "AVISIT",
        "ADT",
        "AVAL",
        "AVALC",
        "CRIT1FL",
        "PAIN",
        "PAINBL",
        "OMED",
        "OMEDBL",
        "SRCVAR",
        "SRCSEQ",
    )
    found = response_rows(
        (1, 8), (31, 0), (91, 5), (181, 9), names=names, doses=[("A", 1, 20), ("A", 31, 20), ("A", 91, 10)]
    )

    assert found == [
        ("Month 1", pd.Timestamp(iso(31)), 1, "COMPLETE", "Y", 0, 8, 20, 20, "value", 2),
        ("Month 3", pd.Timestamp(iso(91)), 2, "PARTIAL", "Y", 5, 8, 10, 20, "value", 3),
        # The dose of day 181 is not known: indeterminate by the rule of the measure (missing_omed).
        ("Month 6", pd.Timestamp(iso(181)), 3, "INDETERMINATE", "N", 9, 8, None, 20, "value", 4),
    ]


def test_no_response_is_told_from_no_value() -> None:
    names = ("AVISIT", "AVAL", "AVALC", "CRIT1FL", "VALSTAT")
    found = response_rows((1, 8), (31, 10), (91, 8), names=names)

    assert found == [
        ("Month 1", 4, "PROGRESSION", "N", "observed"),
        ("Month 3", 3, "INDETERMINATE", "N", "observed"),
        ("Month 6", None, None, None, "missing"),
    ]


def test_a_composite_event_is_no_response_and_has_no_category() -> None:
    found = response_rows(
        (1, 8),
        (31, 0),
        (91, 0),
        names=("AVISIT", "AVAL", "AVALC", "CRIT1FL", "DTYPE", "VALSTAT"),
        more='intercurrent = { crossover = "composite" }',
        extra=CROSSOVER,
        radiation=[("A", 60, "preventive")],
    )

    assert found[:2] == [
        ("Month 1", 1, "COMPLETE", "Y", None, "observed"),
        ("Month 3", None, None, "N", "WC", "intercurrent"),
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("hermes", ["lesion-pain", "worst-pain", "bm22-painful-sites"]),
        ("perform", []),
        ("rfa-ba", ["pain-response", "worst-pain"]),
        ("rt-vertebroplasty", ["pain-response", "lesion-pain-response"]),
    ],
)
def test_measures_of_pain_are_responses_and_scales_called_pain(name: str, expected: list[str]) -> None:
    assert list(pain_measures(load_study(name))) == expected


def test_variables_that_no_measure_has_are_left_out() -> None:
    scores = pain_values(measured_outcomes(measured_study(NRS), answers=scored(("A", 1, 6)), status=ALIVE))
    assert not {"LNKID", "AVALC", "CRIT1", "CRIT1FL", "PAIN", "OMED"} & set(scores.frame.columns)
    answers = answer_rows([("A", 1, 6)], "BPI", "worst_pain")
    study = measured_study(PAIN)
    responses = pain_values(measured_outcomes(study, answers=answers, doses=[("A", 1, 0)], status=ALIVE))
    assert not {"LNKID", "BASE", "CHG", "ABLFL"} & set(responses.frame.columns)


@pytest.mark.parametrize("name", ["hermes", "rfa-ba", "rt-vertebroplasty"])
def test_every_row_of_a_measure_is_there_with_its_value(name: str) -> None:
    outcomes = trial_outcomes(name)
    adpain = next(made.frame for made in adam_data_sets(outcomes) if made.name == "ADPAIN")

    for measure, item in pain_measures(outcomes.study).items():
        frame = outcomes.measure(measure)
        mine = adpain.loc[adpain["PARAMCD"] == item.paramcd].reset_index(drop=True)
        assert mine["USUBJID"].tolist() == frame["subject_id"].tolist()
        assert mine["AVISIT"].tolist() == frame["visit"].tolist()
        value = mine["AVAL"] if item.kind == "score" else mine["CRIT1FL"].map({"Y": 1.0, "N": 0.0})
        np.testing.assert_array_equal(
            value.to_numpy(dtype=float, na_value=np.nan), frame["value"].to_numpy(dtype=float)
        )
        seen = mine["ADT"].notna()
        start = frame["start_date"][seen]
        since = (mine["ADT"][seen] - start.to_numpy()).dt.days
        assert (mine["ADY"][seen] == since + (since >= 0)).all()
        assert seen.any()
