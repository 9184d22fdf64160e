"""The declared analyses: every number equals a count by hand or an independent program."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter, KaplanMeierFitter

from skeletal.errors import InvalidArgument, InvalidRecords
from skeletal.outcomes import derive_outcomes
from skeletal.plan import analyse
from skeletal.plan.results import COLUMNS
from skeletal.records import cut_records, make_records
from skeletal.study import load_study, parse_study
from skeletal_synthetic import simulate_trial

if TYPE_CHECKING:
    from skeletal.outcomes import Outcomes
    from skeletal.plan import Results
    from skeletal.study import Study

TOML = """
id = "tiny"
acronym = "TINY"
title = "Six subjects"
n_subjects = 6
[[arms]]
name = "old"
control = true
[[arms]]
name = "new"
[components.fracture]
label = "Fracture"
table = "events"
where = { component = "fracture" }
[endpoints.sre]
label = "SRE"
components = ["fracture"]
[estimands.incidence]
endpoint = "sre"
label = "First SRE"
paramcd = "TTSRE"
death = "competing"
[estimands.sre-free]
endpoint = "sre"
label = "SRE-free survival"
paramcd = "SREFS"
death = "composite"
[estimands.all]
endpoint = "sre"
label = "All SREs"
paramcd = "TTMSRE"
variable = "recurrent"
death = "competing"
[censoring.end]
label = "End of study"
role = "last_seen"
table = "disposition"
where = { status = "completed" }
[analyses.by-day]
estimand = "incidence"
method = "proportion"
times = [50, 90]
[analyses.curve]
estimand = "sre-free"
method = "kaplan_meier"
times = [45, 100]
[analyses.test]
estimand = "sre-free"
method = "logrank"
[analyses.ratio]
estimand = "sre-free"
method = "cox"
[analyses.rate]
estimand = "all"
method = "andersen_gill"
"""

START = pd.Timestamp("2025-01-01")


def day(study_day: int) -> str:
    return (START + pd.Timedelta(days=study_day - 1)).strftime("%Y-%m-%d")


def tables() -> dict[str, pd.DataFrame]:
    """Old arm: fractures on day 20, on 40 and 80; death on 60.  New: ends on 70, 100 (fracture 90), 100."""
    ids = ["S1", "S2", "S3", "S4", "S5", "S6"]
    return {
        "subjects": pd.DataFrame(
            {
                "subject_id": ids,
                "arm": ["old"] * 3 + ["new"] * 3,
                "randomised_date": day(1),
                "age": ["60", "70", "65", "61", "72", "66"],
                "site": ["a", "b", "a", "b", "a", "b"],
            }
        ),
        "events": pd.DataFrame(
            {
                "subject_id": ["S1", "S2", "S2", "S5"],
                "event_id": ["1", "1", "2", "1"],
                "component": "fracture",
                "date": [day(20), day(40), day(80), day(90)],
            }
        ),
        "disposition": pd.DataFrame(
            {
                "subject_id": ["S1", "S2", "S3", "S4", "S5", "S6"],
                "date": [day(100), day(100), day(60), day(70), day(100), day(100)],
                "status": ["completed", "completed", "died", "completed", "completed", "completed"],
            }
        ),
    }


def run(toml: str = TOML) -> tuple[Outcomes, Study, Results]:
    study = parse_study(toml)
    outcomes = derive_outcomes(make_records(tables(), study=study), study)
    return outcomes, study, analyse(outcomes, study)


def test_rows_have_the_columns_and_unique_keys() -> None:
    results = run()[2]

    assert tuple(results.frame.columns) == COLUMNS
    assert results.frame["key"].is_unique
    assert results.frame["method"].str.len().gt(0).all()


def test_kaplan_meier_rows_equal_the_fractions_by_hand() -> None:
    """Old arm: three failures on days 20, 40, 60; new arm: censored 70, failure 90, censored 100."""
    results = run()[2]

    assert results.value("curve/old/n_events") == 3
    assert results.value("curve/new/n_events") == 1
    assert results.value("curve/old/estimate@45") == pytest.approx(1 / 3, abs=1e-12)
    assert results.value("curve/old/n_at_risk@45") == 1
    assert results.value("curve/new/estimate@100") == pytest.approx(1 / 2, abs=1e-12)
    assert results.value("curve/old/median") == 40
    assert list(results.curves["curve"]) == ["old", "new"]


def test_logrank_rows_equal_the_counts_by_hand() -> None:
    """Expected of the old arm: 3/6 + 2/5 + 1/4 + 0/2."""
    results = run()[2]
    expected = 3 / 6 + 2 / 5 + 1 / 4
    variance = 1 / 4 + 6 / 25 + 3 / 16

    assert results.value("test/old/observed") == 3
    assert results.value("test/old/expected") == pytest.approx(expected, abs=1e-12)
    assert results.value("test/all/statistic") == pytest.approx((3 - expected) ** 2 / variance, abs=1e-12)


def test_proportion_leaves_out_who_was_censored_before_the_horizon() -> None:
    """By day 90 S4 (censored on day 70) is not evaluable; the death of S3 is a non-event."""
    results = run()[2]

    assert results.value("by-day/old/n_evaluable@50") == 3
    assert results.value("by-day/old/estimate@50") == pytest.approx(2 / 3, abs=1e-12)
    assert results.value("by-day/new/n_evaluable@90") == 2
    assert results.value("by-day/new/n_events@90") == 1


def test_proportion_counts_a_death_before_the_horizon_as_evaluable() -> None:
    assert run()[2].value("by-day/old/n_evaluable@90") == 3


def test_accounting_rows_count_every_randomised_subject() -> None:
    results = run()[2]

    assert results.value("incidence-accounting/old/n_randomised") == 3
    assert results.value("incidence-accounting/old/n_events") == 2
    assert results.value("incidence-accounting/old/n_competing") == 1


def test_separated_arms_give_nan_with_the_reason() -> None:
    """No event on the new arm: the hazard ratio does not exist, and the row says why."""
    study = parse_study(TOML)
    content = tables()
    content["events"] = content["events"].iloc[:3]
    results = analyse(derive_outcomes(make_records(content, study=study), study), study)

    row = results.select(analysis="ratio", statistic="p_value").iloc[0]
    assert math.isnan(row["value"])
    assert "not estimable" in row["method"]


def test_an_arm_without_subjects_leaves_contrasts_not_estimable() -> None:
    study = parse_study(TOML)
    content = {name: frame.loc[frame["subject_id"] < "S4"] for name, frame in tables().items()}
    results = analyse(derive_outcomes(make_records(content, study=study), study), study)

    assert math.isnan(results.value("test/all/p_value"))
    assert math.isnan(results.value("ratio/new vs old/ratio"))
    assert list(results.curves["curve"]) == ["old"]


def test_a_first_look_before_anything_was_seen_is_not_estimable() -> None:
    """All six were randomised on the day of the cut: no time has passed in which arms could differ."""
    study = parse_study(TOML + '[censoring.cut]\nlabel = "Cut"\nrole = "limit"\ndata_cutoff = true\n')
    records = cut_records(make_records(tables(), study=study), START.date())
    results = analyse(derive_outcomes(records, study), study)

    assert math.isnan(results.value("ratio/new vs old/ratio"))
    assert math.isnan(results.value("rate/new vs old/ratio"))
    assert results.value("curve/old/n_events") == 0


def test_strata_and_covariates_change_the_answer() -> None:
    plain = run()[2]
    adjusted = run(TOML.replace('method = "cox"', 'method = "cox"\nstrata = ["site"]'))[2]
    covaried = run(
        TOML.replace('method = "andersen_gill"', 'method = "andersen_gill"\ncovariates = ["age"]')
    )[2]

    assert adjusted.value("ratio/new vs old/p_value") != plain.value("ratio/new vs old/p_value")
    assert covaried.value("rate/new vs old/ratio") != plain.value("rate/new vs old/ratio")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ('strata = ["centre"]', "subjects have no column"),
        ('covariates = ["site"]', "not numeric"),
    ],
)
def test_unusable_columns_are_refused_by_name(option: str, message: str) -> None:
    with pytest.raises(InvalidRecords, match=message):
        run(TOML.replace('method = "cox"', f'method = "cox"\n{option}'))


def test_missing_stratum_names_the_subject() -> None:
    study = parse_study(TOML.replace('method = "cox"', 'method = "cox"\nstrata = ["site"]'))
    content = tables()
    content["subjects"].loc[2, "site"] = ""
    with pytest.raises(InvalidRecords, match=r"site missing for 1 subject\(s\) \(S3\)"):
        analyse(derive_outcomes(make_records(content, study=study), study), study)


def test_an_unknown_key_suggests_the_nearest() -> None:
    with pytest.raises(InvalidArgument, match="did you mean 'ratio/new vs old/ratio'"):
        run()[2].value("ratio/new vs old/ratios")


def test_json_has_null_for_what_is_not_estimable() -> None:
    study = parse_study(TOML)
    content = tables()
    content["events"] = content["events"].iloc[:3]
    results = analyse(derive_outcomes(make_records(content, study=study), study), study)
    rows = {row["key"]: row["value"] for row in json.loads(results.to_json())}

    assert rows["ratio/new vs old/p_value"] is None
    assert rows["curve/old/n_events"] == 3


@pytest.fixture(scope="module")
def hermes() -> tuple[Outcomes, Results]:
    study = load_study("hermes")
    outcomes = derive_outcomes(simulate_trial(study, seed=20261), study)
    return outcomes, analyse(outcomes, study)


def test_curves_of_the_library_study_agree_with_lifelines(hermes: tuple[Outcomes, Results]) -> None:
    """Lifelines 0.30.3 KaplanMeierFitter().fit(time, event); another program on the same rows."""
    outcomes, results = hermes
    frame = outcomes.first("sse", "sse-free-survival")
    for arm, rows in frame.groupby("arm"):
        peer = KaplanMeierFitter().fit(rows["time"], rows["status"] == 1)
        for time in (183, 365, 548, 730):
            ours = results.value(f"sse-free-curve/{arm}/estimate@{time}")
            assert ours == pytest.approx(float(peer.predict(time)), abs=1e-12)


def test_hazard_ratio_of_the_library_study_agrees_with_lifelines(hermes: tuple[Outcomes, Results]) -> None:
    """Lifelines 0.30.3 CoxPHFitter().fit(...): Efron ties; its default precision stops short of 1e-6."""
    outcomes, results = hermes
    frame = outcomes.first("sse", "sse-hazard")
    data = pd.DataFrame(
        {
            "time": frame["time"].astype(float),
            "event": (frame["status"] == 1).astype(int),
            "arm": (frame["arm"] == "upfront-rt").astype(float),
        }
    )
    peer = CoxPHFitter().fit(data, "time", "event", fit_options={"precision": 1e-12})
    prefix = "sse-hazard-ratio/upfront-rt vs observational"

    assert results.value(f"{prefix}/coefficient") == pytest.approx(float(peer.params_["arm"]), rel=1e-6)
    assert results.value(f"{prefix}/std_error") == pytest.approx(
        float(peer.standard_errors_["arm"]), rel=1e-6
    )


def test_every_declared_analysis_gives_rows(hermes: tuple[Outcomes, Results]) -> None:
    outcomes, results = hermes

    assert set(outcomes.study.analyses) <= set(results.frame["analysis"])
    assert np.isfinite(results.frame.loc[results.frame["statistic"] == "n_subjects", "value"]).all()
