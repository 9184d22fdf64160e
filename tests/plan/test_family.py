"""Rates and lesions in the plan: every number equals a count by hand or the function behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
