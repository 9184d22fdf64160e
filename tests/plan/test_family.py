"""Rates, lesions and measures in the plan: every number equals a count by hand or the function behind it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from tests.support.lesion_trial import lesion_study, lesion_tables

from skeletal.competing import cumulative_incidence
from skeletal.errors import InvalidStudy
from skeletal.outcomes import (
    competing_risks,
    derive_outcomes,
    recurrent_events,
    right_censored,
)
from skeletal.plan import analyse
from skeletal.proportions import clustered_proportion
from skeletal.records import make_records
from skeletal.recurrent import andersen_gill
from skeletal.study import Study
from skeletal.survival import cox, kaplan_meier

if TYPE_CHECKING:
    from skeletal.outcomes import Outcomes
    from skeletal.plan import Results

ANALYSES = """
[analyses.pooled]
estimand = "all"
method = "event_rate"
[analyses.mean-rate]
estimand = "all"
method = "event_rate"
rate = "per_subject"
conf_level = 0.9
[analyses.periods]
estimand = "all"
method = "period_rate"
period_days = 50
[analyses.curve]
estimand = "by-lesion"
method = "kaplan_meier"
times = [100]
[analyses.incidence]
estimand = "by-lesion"
method = "cumulative_incidence"
times = [100]
[analyses.hazard]
estimand = "by-lesion"
method = "cox"
[analyses.rate]
estimand = "by-lesion-all"
method = "andersen_gill"
[analyses.by-day]
estimand = "by-lesion"
method = "proportion"
times = [100]
"""
SUBJECTS = list("ABCDEFGH")
LESIONS = [(who, label) for who in SUBJECTS for label in ("L1", "L2")] + [("A", "L3"), ("B", "L3")]
EVENTS = [
    ("A", "fracture", 30, "L1"),
    ("A", "fracture", 70, "L2"),
    ("A", "cord", 120, "L1"),
    ("B", "fracture", 90, "L2"),
    ("C", "fracture", 50, "L1"),
    ("C", "cord", 52, "L2"),
    ("D", "fracture", 110, "L1"),
    ("E", "cord", 80, "L2"),
    ("F", "fracture", 20, "L1"),
    ("G", "fracture", 140, "L1"),
]


def lesion_records(study: Study):
    tables = lesion_tables(
        lesions=LESIONS,
        subjects=SUBJECTS,
        events=[row[:3] for row in EVENTS],
        of={"events": [row[3] for row in EVENTS]},
        status=[*((who, "alive", 150) for who in "ABCDEF"), ("G", "died", 145), ("H", "alive", 60)],
    )
    return make_records(tables, study=study)


@pytest.fixture(scope="module")
def run() -> tuple[Outcomes, Results]:
    study = lesion_study(extra=ANALYSES)
    outcomes = derive_outcomes(lesion_records(study), study)
    return outcomes, analyse(outcomes, study)


def test_keys_are_unique_and_every_row_says_its_method(run) -> None:
    frame = run[1].frame
    assert frame["key"].is_unique
    assert frame["method"].str.len().gt(0).all()


def test_pooled_rate_by_hand(run) -> None:
    """Old arm A, C, E, G: 3, 1 (day 52 is within the gap), 1 and 1 episodes in 150 + 150 + 150 + 145 days."""
    value = run[1].value
    years = 595 / 365.25
    assert value("pooled/old/n_subjects") == 4
    assert value("pooled/old/n_events") == 6
    assert value("pooled/old/subject_years") == pytest.approx(years)
    assert value("pooled/old/estimate") == pytest.approx(6 / years)
    assert value("pooled/old/upper") == pytest.approx(stats.chi2.ppf(0.975, 14) / 2 / years)
    assert not any(key.startswith("pooled/new vs") for key in run[1].frame["key"])


def test_mean_of_the_rates_by_hand(run) -> None:
    rates = np.array([3 / 150, 1 / 150, 1 / 150, 1 / 145]) * 365.25
    half = stats.norm.ppf(0.95) * rates.std(ddof=1) / 2
    assert run[1].value("mean-rate/old/estimate") == pytest.approx(rates.mean())
    assert run[1].value("mean-rate/old/lower") == pytest.approx(rates.mean() - half)


def test_period_rate_by_hand(run) -> None:
    """Periods of 50 days: A 3 of 3, C 1 of 3 (day 50 ends one), E 1 of 3, G 1 of 3 (one partial)."""
    value = run[1].value
    assert value("periods/old/n_periods") == 12
    assert value("periods/old/n_periods_with_event") == 6
    assert value("periods/old/estimate") == pytest.approx(0.5)
    assert "periods of 50 days" in run[1].select(analysis="periods")["method"].iloc[0]


def by_arm(run, arm: str, recurrent: bool = False) -> pd.DataFrame:
    outcomes = run[0]
    frame = outcomes.recurrent("lesion-sre") if recurrent else outcomes.first("lesion-sre")
    return frame if arm == "all" else frame.loc[frame["arm"] == arm]


def test_curves_of_lesions_are_clustered_by_subject(run) -> None:
    rows = by_arm(run, "old")
    curve = kaplan_meier(right_censored(rows), cluster=rows["subject_id"]).at([100])
    plain = kaplan_meier(right_censored(rows)).at([100])
    assert run[1].value("curve/old/std_error@100") == pytest.approx(curve.std_error[0])
    assert curve.std_error[0] != pytest.approx(plain.std_error[0])
    risks = competing_risks(rows, ["a", "death"])
    incidence = cumulative_incidence(risks, "a", cluster=rows["subject_id"]).at([100])
    assert run[1].value("incidence/old/upper@100") == pytest.approx(incidence.upper[0])


def test_subjects_and_lesions_are_both_counted(run) -> None:
    value = run[1].value
    assert value("curve/old/n_subjects") == 4
    assert value("curve/old/n_lesions") == 9
    assert value("hazard/all/n_lesions") == 18
    units = run[1].select(analysis="curve", statistic="n_at_risk")["unit"]
    assert set(units) == {"lesions"}
    assert value("by-lesion-accounting/old/n_randomised") == 9
    assert set(run[1].select(analysis="by-lesion-accounting")["unit"]) == {"lesions"}
    assert "pooled/old/n_lesions" not in set(run[1].frame["key"])


def test_regressions_of_lesions_are_robust_by_subject(run) -> None:
    frame = by_arm(run, "all")
    treated = pd.DataFrame({"new": (frame["arm"] == "new").astype(float)})
    fit = cox(right_censored(frame), treated, cluster=frame["subject_id"])
    assert run[1].value("hazard/new vs old/std_error") == pytest.approx(fit.std_error[0])
    assert fit.std_error[0] != pytest.approx(fit.naive_std_error[0])
    spans = by_arm(run, "all", recurrent=True)
    treated = pd.DataFrame({"new": (spans["arm"] == "new").astype(float)})
    rate = andersen_gill(recurrent_events(spans), treated, cluster=spans["subject_id"])
    assert run[1].value("rate/new vs old/std_error") == pytest.approx(rate.std_error[0])


def test_proportion_of_lesions_by_hand(run) -> None:
    """Old arm by day 100: A 2 of 3, C 2 of 2, E 1 of 2, G 0 of 2."""
    found = clustered_proportion([1, 1, 0, 1, 1, 1, 0, 0, 0], list("AAACCEEGG"))
    value = run[1].value
    assert value("by-day/old/n_events@100") == 5
    assert value("by-day/old/n_evaluable@100") == 9
    assert value("by-day/old/lower@100") == pytest.approx(found.lower)
    assert value("by-day/new/n_evaluable@100") == 7  # H was last seen on day 60


def test_a_pooled_study_leaves_contrasts_out_and_keeps_the_rest() -> None:
    study = lesion_study(extra=ANALYSES)
    content = study.model_dump(mode="python")
    content["masking"] = "pooled"
    content["arms"] = [{"name": "All subjects", "control": True}]
    pooled = Study.model_validate(content)
    records = lesion_records(study)
    tables = dict(records.tables) | {"subjects": records.subjects.assign(arm="All subjects")}
    results = analyse(derive_outcomes(make_records(tables, study=pooled), pooled), pooled)
    assert results.value("pooled/All subjects/n_subjects") == 8
    assert not results.frame["arm"].str.contains(" vs ").any()


@pytest.mark.parametrize("method", ["logrank", "gray_test", "mean_cumulative", "event_rate"])
def test_methods_that_take_lesions_as_independent_are_refused(method: str) -> None:
    estimand = "by-lesion" if method in ("logrank", "gray_test") else "by-lesion-all"
    with pytest.raises(InvalidStudy, match="takes the lesions of a subject as independent"):
        lesion_study(extra=f'[analyses.x]\nestimand = "{estimand}"\nmethod = "{method}"\n')


def test_exact_ties_of_lesions_are_refused() -> None:
    extra = '[analyses.x]\nestimand = "by-lesion"\nmethod = "cox"\nties = "exact"\n'
    with pytest.raises(InvalidStudy, match="no covariance robust by subject"):
        lesion_study(extra=extra)


MEASURES = """
[[visits]]
name = "Month 1"
day = 30
[[visits]]
name = "Month 3"
day = 90
[measures.function]
kind = "score"
label = "Function"
paramcd = "FUN"
instrument = "TESS"
scale = "total"
version = "lower"
{more}
[measures.pain]
kind = "pain_response"
label = "Pain response"
paramcd = "PAIN"
{pain}
[analyses.means]
measure = "function"
method = "mean"
[analyses.responses]
measure = "pain"
method = "responders"
conf_level = 0.9
"""


class Measured:
    """Outcomes of which only the measures are read."""

    def __init__(self, frame: pd.DataFrame, study: Study) -> None:
        self.frame, self.study = frame, study

    def measure(self, name: str) -> pd.DataFrame:
        return self.frame

    def accounting(self) -> pd.DataFrame:
        return pd.DataFrame({"estimand": []})


def measured(rows: list[tuple[Any, ...]], analysis: str, *, more: str = "", pain: str = "") -> Results:
    """Analyse rows (subject, arm, planned day, value, category, status[, lesion])."""
    study = lesion_study(extra=MEASURES.format(more=more, pain=pain))
    columns = ["subject_id", "arm", "planned_day", "value", "category", "status", "lesion_id"]
    frame = pd.DataFrame([(*row, None)[:7] for row in rows], columns=columns)
    frame = frame.astype({"category": "string", "status": "string", "value": "float64"})
    if frame["lesion_id"].isna().all():
        frame = frame.drop(columns="lesion_id")
    content = study.model_dump(mode="python")
    content["analyses"] = {analysis: content["analyses"][analysis]}
    chosen = Study.model_validate(content)
    return analyse(Measured(frame, chosen), chosen)  # type: ignore[arg-type]


OLD, NEW = [50.0, 60.0, 70.0, 90.0], [65.0, 75.0, 85.0]
FUNCTION = [
    *((f"o{i}", "old", 30, value, None, "observed") for i, value in enumerate(OLD)),
    *((f"n{i}", "new", 30, value, None, "observed") for i, value in enumerate(NEW)),
    ("o8", "old", 30, math.nan, None, "missing"),
    ("o9", "old", 30, math.nan, None, "structural"),
    ("n9", "new", 30, 0.0, None, "death"),
    ("o0", "old", 90, 40.0, None, "observed"),
    ("n0", "new", 90, math.nan, None, "not_due"),
]


def test_means_describe_the_values_that_count_by_arm_and_visit() -> None:
    """R quantile type 7 of 50, 60, 70, 90: 57.5, 65, 75."""
    value = measured(FUNCTION, "means").value
    names = ("n", "mean", "sd", "median", "q1", "q3")
    old = [value(f"means/old/{name}@30") for name in names]
    assert old == pytest.approx([4, 67.5, 17.078251276599, 65, 57.5, 75])
    assert value("means/new/n@30") == 4  # a death with the worst value counts
    assert value("means/new/mean@30") == pytest.approx(56.25)
    assert value("means/new/n@90") == 0
    assert math.isnan(value("means/new/mean@90"))
    assert math.isnan(value("means/old/sd@90"))


def test_the_difference_of_means_is_that_of_welch() -> None:
    results = measured(FUNCTION, "means")
    test = stats.ttest_ind([*NEW, 0.0], OLD, equal_var=False)
    limits = test.confidence_interval(0.95)
    found = [
        results.value(f"means/new vs old/{name}@30") for name in ("difference", "lower", "upper", "p_value")
    ]
    assert found == pytest.approx([-11.25, limits.low, limits.high, test.pvalue])
    row = results.select(arm="new vs old").query("time == 90")
    assert row["value"].isna().all()
    assert row["method"].str.contains("not estimable").all()
    assert set(results.frame["endpoint"]) == set(results.frame["estimand"]) == {"function"}


def test_the_difference_of_means_of_lesions_is_clustered_by_subject() -> None:
    """By hand: residual sums -3 and 3 of 3 lesions give 2/1 18/9 = 4, -1 and 1 of 2 give 2/1 2/4 = 1."""
    rows = [("n0", "new", 30, 1.0, None, "observed", "1"), ("n0", "new", 30, 2.0, None, "observed", "2")]
    rows += [("n1", "new", 30, 6.0, None, "observed", "1")]
    rows += [(f"o{i}", "old", 30, value, None, "observed", "1") for i, value in enumerate((1.0, 3.0))]
    results = measured(rows, "means")
    value = results.value
    half = stats.t.ppf(0.975, 25 / 17) * math.sqrt(5)
    found = [value(f"means/new vs old/{name}@30") for name in ("difference", "std_error", "lower", "upper")]
    assert found == pytest.approx([1, math.sqrt(5), 1 - half, 1 + half])
    words = results.select(arm="new vs old")["method"].iloc[0]
    assert "3 and 2 values, clustered by 2 and 2 subjects" in words
    assert set(results.select(statistic="n")["unit"]) == {"lesions"}


@pytest.mark.parametrize(("ours", "control"), [([0.1] * 10, [0.1] * 7), ([0.1 + 0.2, 0.3] * 3, [0.3] * 7)])
def test_values_that_differ_by_rounding_alone_have_no_test(ours: list[float], control: list[float]) -> None:
    """R 4.2.2, t.test(rep(.1, 10), rep(.1, 7)): data are essentially constant."""
    rows = [(f"n{i}", "new", 30, value, None, "observed") for i, value in enumerate(ours)]
    rows += [(f"o{i}", "old", 30, value, None, "observed") for i, value in enumerate(control)]
    row = measured(rows, "means").select(arm="new vs old")
    assert row["value"].isna().all()
    assert row["method"].str.contains("not estimable").all()


def test_one_constant_arm_has_a_test() -> None:
    """R 4.2.2: t.test(c(2, 3), c(1, 1)): difference 1.5, limits -4.853102 and 7.853102, p 0.2048328."""
    rows = [("n0", "new", 30, 2.0, None, "observed"), ("n1", "new", 30, 3.0, None, "observed")]
    rows += [("o0", "old", 30, 1.0, None, "observed"), ("o1", "old", 30, 1.0, None, "observed")]
    value = measured(rows, "means").value
    found = [value(f"means/new vs old/{name}@30") for name in ("difference", "lower", "upper", "p_value")]
    assert found == pytest.approx([1.5, -4.853102, 7.853102, 0.2048328], rel=1e-6)


def test_the_denominator_is_stated_with_what_was_left_out() -> None:
    results = measured(FUNCTION, "means")
    words = results.select(arm="old", statistic="mean").query("time == 30")["method"].item()
    assert "4 of 6 evaluable; left out: 1 missing, 1 structural" in words
    words = results.select(arm="new", statistic="mean").query("time == 30")["method"].item()
    assert "4 of 4 evaluable, 1 of them with the worst value" in words


PAIN = [
    ("o0", "old", 30, 2.0, "complete", "observed"),
    ("o1", "old", 30, 3.0, "partial", "observed"),
    ("o2", "old", 30, 6.0, "indeterminate", "observed"),
    ("o3", "old", 30, 9.0, "progression", "observed"),
    ("o4", "old", 30, 10.0, None, "death"),
    ("o5", "old", 30, math.nan, None, "death"),
    ("o6", "old", 30, math.nan, None, "missing"),
    ("o7", "old", 30, math.nan, None, "intercurrent"),
    ("n0", "new", 30, math.nan, None, "missing"),
]


def test_responders_count_complete_and_partial_among_the_evaluable() -> None:
    """Two of five: the death with the worst value is no response, the other is left out."""
    results = measured(PAIN, "responses")
    z = stats.norm.ppf(0.95)
    centre, half = (2 + z**2 / 2) / (5 + z**2), z / (5 + z**2) * math.sqrt(2 * 3 / 5 + z**2 / 4)
    names = ("n", "responders", "proportion", "lower", "upper")
    found = [results.value(f"responses/old/{name}@30") for name in names]
    assert found == pytest.approx([5, 2, 0.4, centre - half, centre + half])
    words = results.select(arm="old", statistic="proportion")["method"].item()
    assert "5 of 8 evaluable, 1 of them with the worst value" in words
    assert "left out: 1 death, 1 intercurrent, 1 missing" in words
    assert results.value("responses/new/n@30") == 0
    assert math.isnan(results.value("responses/new/proportion@30"))


def test_structurally_missing_subjects_are_no_failures() -> None:
    """By statsmodels 0.15, proportion_confint(2, 2, 0.1, "wilson"): lower 0.425031."""
    responses = [
        ("o0", "old", 30, 1.0, "complete", "observed"),
        ("o1", "old", 30, 1.0, "partial", "observed"),
    ]
    absent = [(f"x{i}", "old", 30, math.nan, None, "structural") for i in range(5)]
    results = measured([*responses, *absent], "responses")
    assert results.value("responses/old/proportion@30") == 1
    assert results.value("responses/old/lower@30") == pytest.approx(0.425031, abs=1e-6)
    words = results.select(arm="old", statistic="proportion")["method"].item()
    assert "2 of 7 evaluable; left out: 5 structural" in words


def test_responders_of_lesions_are_clustered_by_subject() -> None:
    rows = [
        ("a", "old", 30, 1.0, "complete", "observed", "L1"),
        ("a", "old", 30, 1.0, "partial", "observed", "L2"),
        ("b", "old", 30, 8.0, "progression", "observed", "L1"),
        ("b", "old", 30, 8.0, "progression", "observed", "L2"),
    ]
    results = measured(rows, "responses", pain='unit = "lesion"')
    expected = clustered_proportion([1, 1, 0, 0], list("aabb"), conf_level=0.9)
    assert results.value("responses/old/lower@30") == pytest.approx(expected.lower)
    assert set(results.select(statistic="n")["unit"]) == {"lesions"}


def test_means_of_lesions_are_refused() -> None:
    extra = MEASURES.format(more='unit = "lesion"', pain="").replace('"TESS"', '"NRS"')
    with pytest.raises(InvalidStudy, match="mean takes the lesions of a subject as independent"):
        lesion_study(extra=extra.replace('version = "lower"\n', ""))
