"""The figures that a study calls for."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest
from tests.figures.conftest import make_curve
from tests.support import report_trial as trial

from skeletal.errors import InvalidArgument
from skeletal.study import Analysis
from skeletal_reports.figures import curve_figure, drawn_curves, effects_figure

CONTRAST = "upfront-rt vs observational"


def results(**curves):
    survival = make_curve([100, 700], [0.5, 0.5], [2, 1], [1, 0], [0, 1])
    rising = make_curve([100, 700], [0.5, 0.5], [2, 1], [1, 0], [0, 1], start=0.0)
    drawn = {
        "survival-curve": dict.fromkeys(trial.ARMS, survival),
        "sse-incidence-curve": dict.fromkeys(trial.ARMS, rising),
        "sse-mean": dict.fromkeys(trial.ARMS, rising),
        **curves,
    }
    values = {"ratio": 0.5, "ratio_lower": 0.2, "ratio_upper": 0.9, "p_value": 0.02}
    rows = [{"key": f"sse-hazard-ratio/{CONTRAST}/{name}", "value": value} for name, value in values.items()]
    return SimpleNamespace(frame=pd.DataFrame(rows).assign(method="by hand"), curves=drawn)


@pytest.mark.parametrize(
    ("analysis", "label"),
    [
        ("survival-curve", "Overall survival (%)"),
        ("sse-incidence-curve", "Cumulative incidence of a first SSE (%)"),
        ("sse-mean", "Mean cumulative number of SSEs (per subject)"),
    ],
)
def test_the_method_of_the_analysis_decides_the_figure(analysis, label):
    named = curve_figure(results(), trial.study(), analysis)
    ax = named.figure.axes[0]
    assert named.name == analysis
    assert ax.get_ylabel().replace("\n", " ") == label
    assert [text.get_text() for text in ax.get_xticklabels()] == ["0", "6", "12", "18", "24"]
    assert [line.get_label() for line in ax.lines if line.get_gid() == "curve"] == [
        "Observational arm",
        "Upfront radiotherapy arm",
    ]
    assert named.caption.endswith("Data cutoff: 2028-02-05.")


def test_the_occupation_of_a_state_is_drawn_as_a_probability():
    analysis = Analysis(estimand="sse-recurrent", method="state_occupation", state="dead", label="Dead")
    study = trial.study()
    study = study.model_copy(update={"analyses": {**study.analyses, "dead": analysis}})
    rising = make_curve([100, 700], [0.5, 0.5], [2, 1], [1, 0], [0, 1], start=0.0)
    made = results(dead=dict.fromkeys(trial.ARMS, rising))
    assert "dead" in drawn_curves(made, study)
    assert curve_figure(made, study, "dead").figure.axes[0].get_ylabel() == "Dead (%)"


def test_bands_are_left_out_where_many_arms_would_cover_each_other_unless_asked():
    assert len(curve_figure(results(), trial.study(), "sse-mean").figure.axes[0].collections) == 2
    plain = curve_figure(results(), trial.study(), "sse-mean", bands=False)
    assert len(plain.figure.axes[0].collections) == 0


def test_a_time_zero_of_its_own_is_named():
    study = trial.study()
    endpoint = study.endpoints["sse"].model_copy(update={"time_zero": "consent_date"})
    changed = study.model_copy(update={"endpoints": {**study.endpoints, "sse": endpoint}})
    named = curve_figure(results(), changed, "sse-mean")
    assert named.figure.axes[0].get_xlabel() == "Months since consent"


def test_an_analysis_without_curves_is_refused():
    with pytest.raises(InvalidArgument, match="'sse-hazard-ratio' has no curves"):
        curve_figure(results(), trial.study(), "sse-hazard-ratio")


def test_effects_have_a_row_for_each_declared_ratio_and_say_whom_they_favour():
    named = effects_figure(results(), trial.study())
    assert named.data["analysis"].tolist() == [
        "sse-hazard-ratio",
        "sse-free-hazard-ratio",
        "sse-rate-ratio",
        "survival-hazard-ratio",
    ]
    assert named.data["ratio"].iloc[0] == 0.5
    assert "Below 1 favours Upfront radiotherapy arm." in named.caption


def test_three_arms_favour_the_control_or_each_other_arm():
    assert "Below 1 favours each other arm." in effects_figure(results(), trial.three_arm_study()).caption


def test_a_pooled_study_has_no_effects():
    with pytest.raises(InvalidArgument, match="no row"):
        effects_figure(results(), trial.pooled_study())


def test_one_curve_an_endpoint_order_and_method_is_drawn():
    study = trial.study()
    analysis = study.analyses["sse-incidence-curve"].model_copy(update={"estimand": "sse-hazard"})
    more = study.model_copy(update={"analyses": {**study.analyses, "again": analysis}})
    found = results(again=results().curves["sse-incidence-curve"])
    assert drawn_curves(found, more) == ["survival-curve", "sse-incidence-curve", "sse-mean"]
