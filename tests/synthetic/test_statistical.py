"""Raw records of large simulated trials against the true values: within four Monte Carlo standard errors."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.support.parts_trial import days, with_scenario

from skeletal.study import load_study
from skeletal_synthetic import simulate_trial, true_values

pytestmark = pytest.mark.statistical
N = 20_000
CASES = {"planning": {}, "linked": {"frailty_death_power": 0.7, "frailty_variance": 1.5}}


def own_events(records, study):
    """Events that are no treatment of another: subject, component, date."""
    parts = []
    for name in study.scenarios["planning"].component_mix:
        component = study.components[name]
        rows = records[component.table]
        for column, allowed in component.where.items():
            rows = rows.loc[rows[column].isin(list(allowed)).fillna(False).astype(bool)]
        if "related_event_id" in rows:
            rows = rows.loc[rows["related_event_id"].isna()]
        parts.append(
            pd.DataFrame(
                {"subject_id": rows["subject_id"], "component": name, "date": days(rows[component.date])}
            )
        )
    return pd.concat(parts, ignore_index=True)


def timed(records, study):
    """Subjects with their arm, time of death, and the events with their time; time = date - zero + 1."""
    subjects = records.subjects.set_index("subject_id")
    zero = days(subjects[study.time_zero]).dropna()
    facts = records["disposition"]
    died = days(facts.loc[facts["status"] == "died"].set_index("subject_id")["date"])
    death = ((died.reindex(zero.index) - zero).dt.days + 1).fillna(np.inf)
    events = own_events(records, study)
    events["time"] = (events["date"] - events["subject_id"].map(zero)).dt.days + 1
    return pd.DataFrame({"arm": subjects["arm"].reindex(zero.index), "death": death}), events


def per_subject(subjects, events, endpoint, time):
    """Return the quantities of each subject by ``time``; without dropout each is observed."""
    mine = events.loc[events["component"].isin(list(endpoint.components)) & (events["time"] <= time)]
    count = mine.groupby("subject_id").size().reindex(subjects.index, fill_value=0).to_numpy()
    alive = (subjects["death"] > time).to_numpy()
    values = {"survival": alive}
    if endpoint.components:
        values |= {
            "cumulative_incidence": count > 0,
            "event_free_survival": alive & (count == 0),
            "mean_cumulative_events": count,
        }
    return values


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("name", "times"), [("hermes", (183, 365, 730)), ("perform", (91, 365))])
def test_incidence_survival_and_mean_numbers_are_those_of_the_truth(name, times, case):
    study = load_study(name)
    study = with_scenario(study, dropout_rate=dict.fromkeys(study.arm_names, 0.0), **CASES[case])
    subjects, events = timed(simulate_trial(study, seed=20250101, n_subjects=N), study)
    truth = true_values(study, "planning", times).set_index(["endpoint", "arm", "quantity", "time"])["value"]
    compared = 0
    for key, endpoint in study.endpoints.items():
        for time in times:
            for quantity, values in per_subject(subjects, events, endpoint, time).items():
                for arm in study.arm_names:
                    if (key, arm, quantity, time) not in truth.index:
                        continue
                    mine = values[(subjects["arm"] == arm).to_numpy()]
                    error = abs(mine.mean() - truth[key, arm, quantity, time])
                    assert error < 4 * mine.std() / np.sqrt(mine.size), (key, arm, quantity, time)
                    compared += 1
    assert compared >= 20


def test_counts_without_death_have_the_variance_of_a_gamma_mixture():
    study = load_study("hermes")
    none = dict.fromkeys(study.arm_names, 0.0)
    rate = dict.fromkeys(study.arm_names, 1.2)
    study = with_scenario(
        study, dropout_rate=none, death_rate=none, event_rate=rate, frailty_variance=0.8, follow_up_days=364
    )
    subjects, events = timed(simulate_trial(study, seed=11, n_subjects=N), study)
    count = events.groupby("subject_id").size().reindex(subjects.index, fill_value=0).to_numpy(dtype=float)
    mean = 1.2 * 365 / 365.25
    squares = (count - mean) ** 2
    assert abs(squares.mean() - (mean + 0.8 * mean**2)) < 4 * squares.std() / np.sqrt(N)


def test_components_come_in_the_declared_mix():
    study = load_study("hermes")
    events = own_events(simulate_trial(study, seed=12, n_subjects=N), study)
    shares = events["component"].value_counts(normalize=True)
    for component, share in study.scenarios["planning"].component_mix.items():
        assert abs(shares[component] - share) < 4 * np.sqrt(share * (1 - share) / len(events))


def test_dropout_is_exponential_from_randomisation_while_alive():
    study = load_study("hermes")
    rates = {"observational": 0.3, "upfront-rt": 0.6}
    records = simulate_trial(with_scenario(study, dropout_rate=rates), seed=13, n_subjects=N)
    facts = records["disposition"]
    left = set(facts.loc[facts["status"].isin(["withdrew", "lost"]), "subject_id"])
    for arm, rate in rates.items():
        ids = records.subjects.loc[records.subjects["arm"] == arm, "subject_id"]
        share = ids.isin(left).mean()
        expected = rate / (rate + 0.408) * (1 - np.exp(-(rate + 0.408) * 731 / 365.25))
        assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / len(ids))


def test_accrual_is_uniform_missed_visits_and_delays_as_declared():
    study = load_study("hermes")
    records = simulate_trial(study, seed=14, n_subjects=N)
    scenario = study.scenarios["planning"]
    day = (days(records.subjects["randomised_date"]) - pd.Timestamp(scenario.accrual_start)).dt.days
    assert abs(day.mean() - scenario.accrual_days / 2) < 4 * day.std() / np.sqrt(N)
    assert day.min() == 0
    assert day.max() == scenario.accrual_days
    missed = 1 - records["assessments"]["done"].astype(float)
    assert abs(missed.mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / len(missed))
    delay = (days(records.subjects["treatment_date"]) - days(records.subjects["randomised_date"])).dt.days
    assert (delay.min(), delay.max()) == (3, 21)
