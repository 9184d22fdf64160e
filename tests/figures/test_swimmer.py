"""Swimmer plots: bars, marks and ends are those of the outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.support import profile_trial as trial

from skeletal.errors import InvalidArgument
from skeletal.outcomes import derive_outcomes
from skeletal.records import cut_records
from skeletal.study import load_study
from skeletal_reports.figures import (
    Swimmer,
    TimeAxis,
    draw_swimmer,
    image_bytes,
    swimmer_facts,
    swimmer_figure,
)
from skeletal_reports.figures.sheet import add_axes, new_figure
from skeletal_reports.style import PALETTE
from skeletal_synthetic import simulate_trial


@pytest.fixture(scope="module")
def outcomes():
    return trial.outcomes()


@pytest.fixture(scope="module")
def figure(outcomes):
    return swimmer_figure(outcomes)


def points(ax, gid):
    found = [item for item in ax.lines if item.get_gid() == gid]
    return [(float(x), float(y)) for item in found for x, y in zip(*item.get_data(), strict=True)]


def test_bars_are_the_time_observed_by_arm_from_the_longest_down(outcomes):
    bars = swimmer_facts(outcomes).bars
    # from 2025-01-10, day 1: A died on 2025-12-01, B was followed to the cutoff 2026-02-01, C lost 2025-04-01
    assert list(zip(bars["subject_id"], bars["time"], bars["end"], bars["reason"], strict=True)) == [
        ("B", 388.0, "followed", "Data cutoff"),
        ("A", 326.0, "death", "death"),
        ("C", 82.0, "lost", "Withdrew or lost to follow-up"),
        ("D", 2.0, "death", "death"),
    ]
    assert bars["arm"].tolist() == ["observational"] * 2 + ["upfront-rt"] * 2


def test_marks_are_episodes_by_component_and_intercurrent_events(outcomes):
    marks = swimmer_facts(outcomes).marks
    assert sorted(zip(marks["subject_id"], marks["kind"], marks["name"], marks["time"], strict=True)) == [
        ("A", "episode", "fracture", 51.0),
        ("A", "episode", "fracture", 204.0),
        ("A", "intercurrent", "crossover", 143.0),
        ("A", "intercurrent", "new_bone_agent", 23.0),
    ]


def test_intercurrent_events_after_the_end_are_left_out():
    late = trial.TABLES["therapies"].assign(start_date=["2026-01-10", None, None, "2020-01-01"])
    marks = swimmer_facts(trial.outcomes(therapies=late)).marks
    assert "new_bone_agent" not in marks["name"].tolist()


def test_endpoint_and_estimand_choose_what_is_read(outcomes):
    admission = swimmer_facts(outcomes, "bone_admission")
    assert admission.endpoint == "Admission for a bone metastasis"
    assert admission.marks.loc[admission.marks["kind"] == "episode", "time"].tolist() == [51.0]
    named = swimmer_facts(outcomes, "bone_admission", "bone-admission-recurrent")
    assert named.estimand == "All admissions for bone"


def test_endpoint_without_an_estimand_of_all_events_is_read_with_death_competing(outcomes):
    facts = swimmer_facts(outcomes, "fracture")
    assert facts.estimand == "death competing, no estimand declared"
    assert facts.bars["end"].tolist() == ["ended", "death", "ended", "death"]
    assert facts.marks.loc[facts.marks["kind"] == "episode", "time"].tolist() == [51.0, 204.0]


def test_death_alone_ends_bars_and_has_no_episodes(outcomes):
    facts = swimmer_facts(outcomes, "death")
    assert facts.bars["end"].tolist() == ["followed", "death", "lost", "death"]
    assert facts.marks["kind"].eq("episode").sum() == 0


def test_subjects_not_analysed_have_no_bar():
    subjects = trial.SUBJECTS.assign(randomised_date=["2025-01-10", "2025-01-10", "2025", "2025-01-10"])
    assert swimmer_facts(trial.outcomes(subjects=subjects)).bars["subject_id"].tolist() == ["B", "A", "D"]


def test_figure_draws_bars_marks_and_ends_at_their_days(figure):
    first, second = figure.figure.axes
    assert [ax.get_label() for ax in (first, second)] == ["observational", "upfront-rt"]
    month = 30.4375
    bars = next(item for item in first.collections if item.get_gid() == "bars")
    ends = [round(float(path.vertices[:, 0].max()) * month) for path in bars.get_paths()]
    assert ends == [388, 326]
    assert [(round(x * month), y) for x, y in points(first, "episode: fracture")] == [(51, -1.0), (204, -1.0)]
    assert [round(x * month) for x, _ in points(first, "intercurrent: crossover")] == [143]
    assert [(round(x * month), y) for x, y in points(first, "end: death")] == [(326, -1.0)]
    assert [(round(x * month), y) for x, y in points(first, "end: followed")] == [(388, 0.0)]
    assert [(round(x * month), y) for x, y in points(second, "end: lost")] == [(82, 0.0)]


def test_subjects_are_named_up_to_sixty(figure):
    names = [text.get_text() for ax in figure.figure.axes for text in ax.get_yticklabels()]
    assert names == ["B", "A", "C", "D"]


def test_data_are_all_ends_and_marks(figure):
    data = figure.data
    assert list(data.columns) == ["row", "subject_id", "arm", "kind", "name", "time", "reason"]
    assert data["row"].tolist() == [1, 2, 2, 2, 2, 2, 3, 4]
    mine = data.loc[data["subject_id"] == "A"]
    assert mine["time"].tolist() == [23.0, 51.0, 143.0, 204.0, 326.0]
    assert set(mine["arm"]) == {"observational"}


def test_data_of_bars_without_marks_are_their_ends(outcomes):
    bars = swimmer_facts(outcomes).bars
    without = Swimmer(
        bars=bars,
        marks=pd.DataFrame({name: [] for name in ("subject_id", "kind", "name", "time")}),
        labels={},
        endpoint="",
        estimand="",
    )
    assert without.to_frame()["kind"].tolist() == ["end"] * len(bars)


def test_caption_and_legend_say_what_is_drawn(figure):
    assert (
        "Subjects analysed: Observational arm: 2; Upfront radiotherapy arm: 2. 2 episodes;" in figure.caption
    )
    assert "4 subjects with 2 episodes; 2 died" in figure.alt
    texts = [text.get_text().replace("\n", " ") for text in figure.figure.legends[0].get_texts()]
    assert texts == [
        "Symptomatic pathological fracture",
        "Intercurrent: Preventive radiotherapy in the observational arm",
        "Intercurrent: New bone-modifying agent",
        "Died",
        "Still followed: Data cutoff",
        "Withdrew or lost to follow-up",
    ]


def test_name_and_estimand_of_the_figure(outcomes):
    named = swimmer_figure(outcomes, "sse", estimand="sse-recurrent", name="lanes")
    assert named.name == "lanes"
    assert "All SSEs (first and subsequent)" in named.caption
    assert image_bytes(named, "svg") == image_bytes(swimmer_figure(outcomes, "sse", name="lanes"), "svg")


def test_draw_swimmer_takes_arm_axis_style_and_size(outcomes):
    facts = swimmer_facts(outcomes)
    ax = add_axes(new_figure(4, 2), 0.5, 0.5, 3, 1)
    days = TimeAxis(times=(0, 400), unit="days")
    assert draw_swimmer(ax, facts, "upfront-rt", axis=days, style=PALETTE[2], size=8.0) is ax
    assert points(ax, "end: lost") == [(82.0, 0.0)]
    (mark,) = [item for item in ax.lines if item.get_gid() == "end: lost"]
    assert mark.get_markersize() == 8.0
    assert np.allclose(ax.patches[0].get_facecolor()[:3], (0, 0x7A / 255, 0x5A / 255))


def test_five_hundred_subjects_are_thin_bars_on_one_page():
    study = load_study("hermes")
    records = cut_records(simulate_trial(study, seed=3, n_subjects=500), study.data_cutoff)
    outcomes = derive_outcomes(records, study)
    named = swimmer_figure(outcomes)
    assert named.figure.get_size_inches()[1] < 11
    assert [len(ax.get_yticklabels()) for ax in named.figure.axes] == [0, 0]
    frame = outcomes.recurrent("sse", "sse-recurrent")
    ends = named.data.loc[named.data["kind"] == "end"].set_index("subject_id")["time"].sort_index()
    expected = frame.groupby("subject_id")["stop"].max().sort_index()
    pd.testing.assert_series_equal(ends, expected, check_names=False, check_index_type=False)
    assert (named.data["kind"] == "episode").sum() == frame["status"].eq(1).sum()


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("sses", "not 'sses'; the study has .* Did you mean 'sse'"),
        ("lesion_sse", "needs an endpoint with one outcome a subject, not 'lesion_sse'"),
    ],
)
def test_endpoint_that_is_unknown_or_of_lesions_is_refused(outcomes, endpoint, message):
    with pytest.raises(InvalidArgument, match=message):
        swimmer_figure(outcomes, endpoint)


def test_estimand_of_another_variable_is_refused(outcomes):
    with pytest.raises(InvalidArgument, match="not 'sse' as 'recurrent'"):
        swimmer_figure(outcomes, "sse", estimand="sse-incidence")


def test_nobody_analysed_is_refused():
    with pytest.raises(InvalidArgument, match="no subject is analysed"):
        swimmer_figure(trial.outcomes(subjects=trial.SUBJECTS.assign(randomised_date="2025")))
