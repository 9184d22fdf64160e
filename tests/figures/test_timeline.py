"""Timelines: every record of a subject is drawn or listed, and what is drawn is what the outcomes say."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.support import profile_trial as trial

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import (
    draw_scores,
    draw_timeline,
    image_bytes,
    subject_timelines,
    timeline_figure,
    timeline_layout,
)
from skeletal_reports.figures.sheet import add_axes, new_figure

ZERO = dt.date(2025, 1, 10)


@pytest.fixture(scope="module")
def outcomes():
    return trial.outcomes()


@pytest.fixture(scope="module")
def timelines(outcomes):
    return subject_timelines(outcomes, ["A", "B", "C", "D"])


@pytest.fixture(scope="module")
def figure(timelines):
    return timeline_figure(timelines["A"])


def marks(timeline, look, part="record"):
    return [mark for mark in timeline.marks if (mark.look, mark.part) == (look, part)]


def line(named, gid, panel=0):
    found = [item for item in named.figure.axes[panel].lines if item.get_gid() == gid]
    return [
        (round(float(x) * 30.4375), float(y)) for item in found for x, y in zip(*item.get_data(), strict=True)
    ]


def days(named, gid, panel=0):
    return sorted(day for day, _ in line(named, gid, panel))


def since(text):
    return (dt.date.fromisoformat(text) - ZERO).days


def places_of(records, subject):
    """Return (source, row) of every record of a subject, found without the code under test."""
    found = set()
    screening = dict(zip(trial.SUBJECTS["subject_id"], trial.SUBJECTS["screening_id"], strict=True))
    for table, frame in records.tables.items():
        key = "screening_id" if table == "screening" else "subject_id"
        wanted = screening[subject] if table == "screening" else subject
        for place, value in enumerate(frame[key].tolist(), start=1):
            if not pd.isna(value) and value == wanted:
                found.add((table, place))
    return found


@pytest.mark.parametrize("subject", ["A", "B", "C", "D"])
def test_every_record_is_drawn_or_listed_as_not_drawn(outcomes, timelines, subject):
    timeline = timelines[subject]
    drawn = {(mark.source, mark.source_row) for mark in timeline.marks if mark.source}
    listed = {(item.source, item.source_row) for item in timeline.not_drawn}
    assert drawn | listed == places_of(outcomes.records, subject)
    if subject == "A":
        assert len(drawn | listed) == 32


def test_records_without_a_day_are_listed_with_the_reason(timelines):
    left = {(item.table, item.source_row): item.why for item in timelines["A"].not_drawn}
    assert left == {
        ("lesions", 1): "has no date; in the table of lesions",
        ("lesions", 2): "has no date; in the table of lesions",
        ("events", 4): "no date",
        ("procedures", 2): "no date",
        ("analgesics", 3): "no date",
        ("therapies", 3): "no date",
    }
    assert [(item.table, item.why) for item in timelines["B"].not_drawn] == [("screening", "no date")]


def test_a_point_long_before_time_zero_is_listed_with_its_date():
    early = trial.TABLES["stays"].assign(
        admission_date=["2025-03-01", "2025-11-01", "2019-05-01"],
        discharge_date=["2025-03-09", None, "2019-05-02"],
    )
    timeline = subject_timelines(trial.outcomes(stays=early), ["A"])["A"]
    (item,) = [item for item in timeline.not_drawn if item.table == "stays"]
    assert item.source_row == 3
    assert item.what == "Stay: Hospital, 2019-05-01"
    assert item.why == f"long before the first day of the figure, {timeline.first}"


def test_a_bar_that_began_long_before_is_drawn_from_the_edge_with_an_arrow(timelines):
    timeline = timelines["A"]
    (bar,) = [mark for mark in timeline.marks if mark.lane == "Therapy: Letrozole"]
    assert bar.begin.first == dt.date(2020, 1, 1)
    assert bar.open == "end"
    assert timeline.first == dt.date(2025, 1, 2)


def test_partial_date_is_a_span_of_its_possible_days(timelines, figure):
    (mark,) = [mark for mark in timelines["A"].marks if mark.lane == "Event: Hypercalcaemia"]
    assert mark.begin == (dt.date(2025, 5, 1), dt.date(2025, 5, 31))
    assert days(figure, "event") == [since("2025-03-01"), since("2025-08-01")]
    spans = [x for x, _ in line(figure, "possible")]
    assert spans == [since("2025-05-01"), since("2025-05-31"), since("2025-04-01"), since("2025-04-30")]


def test_event_found_by_imaging_has_a_line_from_the_last_negative_assessment(figure):
    assert days(figure, "imaging") == [since("2025-10-10")]
    assert days(figure, "negative") == [since("2025-09-01"), since("2025-10-10")]


def test_procedure_is_drawn_from_indication_to_performance_with_lesion_and_dose(timelines, figure):
    assert days(figure, "indicated") == [since("2025-03-10")]
    assert days(figure, "performed") == [since("2025-03-15"), since("2025-06-01")]
    assert days(figure, "wait") == [since("2025-03-10"), since("2025-03-15")]
    found = {mark.lane: mark.label for mark in marks(timelines["A"], "performed")}
    assert found == {
        "Procedure: Radiation, palliative": "L1, 8 Gy in 1",
        "Procedure: Radiation, preventive": "20 Gy in 5",
    }


def test_stays_are_bars_that_take_their_last_day_and_are_open_without_discharge(figure):
    assert days(figure, "bone stay") == [since("2025-03-01"), since("2025-03-09") + 1]
    assert days(figure, "stay") == [since("2025-07-01"), since("2025-07-01") + 1]
    assert days(figure, "stay of unknown reason") == [since("2025-11-01"), since("2025-12-01")]


def test_open_ends_have_arrows(timelines, figure):
    timeline = timelines["A"]
    first, last = ((day - ZERO).days for day in (timeline.first, timeline.last))
    # docetaxel has no start; letrozole began before the axis and has no end; a stay has no discharge
    assert days(figure, "open") == [first, first, last, last]


def test_assessments_are_ticks_and_missed_ones_crosses(figure):
    assert days(figure, "done") == [since("2025-02-10"), since("2025-04-11")]
    assert days(figure, "missed") == [since("2025-04-11")]


def test_a_diary_of_every_day_is_drawn_with_small_dots(timelines):
    first = timelines["A"]
    score = next(mark for mark in first.marks if mark.part == "pain")
    for count, size in ((150, 2.8), (151, 1.2)):
        ax = new_figure(4, 2).subplots()
        draw_scores(ax, replace(first, marks=(score,) * count))
        dots = next(item for item in ax.lines if item.get_gid() == "pain")
        assert (len(dots.get_xdata()), dots.get_markersize()) == (count, size)


def test_pain_shows_each_score_and_a_line_through_the_worst_of_the_day(figure):
    pain = 1
    assert figure.figure.axes[pain].get_label() == "pain"
    assert line(figure, "pain", pain) == [(0, 3.0), (0, 7.0), (31, 5.0)]
    assert line(figure, "NRS pain", pain) == [(0, 7.0), (31, 5.0)]


def test_doses_are_drawn_with_zero(figure):
    assert figure.figure.axes[2].get_label() == "dose"
    assert line(figure, "dose", 2) == [(0, 60.0), (31, 0.0)]


def test_fates_are_those_of_the_audit(outcomes, timelines, figure):
    audit = outcomes.audit_of("sse-recurrent")
    mine = audit.loc[audit["subject_id"] == "A"]
    fates = mine.loc[~mine["rule"].str.startswith("ignored"), "rule"].value_counts().to_dict()
    assert fates == {
        "counted": 2,
        "merged": 1,
        "competes": 1,
        "rejected: no usable date": 4,  # a fracture, a surgery, two therapies without a start
        "rejected: before time zero": 1,  # letrozole
        "not a component": 2,  # hypercalcaemia, the fracture without symptoms
    }
    lane = "Symptomatic skeletal event"
    found = [(mark.look, str(mark.begin.first)) for mark in timelines["A"].marks if mark.lane == lane]
    assert found == [
        ("counted", "2025-03-01"),
        ("merged", "2025-03-10"),
        ("counted", "2025-08-01"),
        ("competes", "2025-12-01"),
    ]
    assert days(figure, "merged") == [since("2025-03-10")]


def test_windows_are_the_days_of_the_gap_rule(timelines):
    lane = "Symptomatic skeletal event"
    found = [(item.episode, str(item.first), str(item.last)) for item in timelines["A"].windows]
    assert found == [(1, "2025-03-01", "2025-03-21"), (2, "2025-08-01", "2025-08-21")]
    assert {item.lane for item in timelines["A"].windows} == {lane}


def test_window_ends_with_observation():
    late = trial.TABLES["events"].assign(date=["2025-03-01", "2025-11-25", "2025-05", None, "2025-10-10"])
    timeline = subject_timelines(trial.outcomes(events=late), ["A"])["A"]
    assert [str(item.last) for item in timeline.windows] == ["2025-03-21", "2025-12-01"]


def test_span_observed_runs_from_time_zero_to_the_end(timelines):
    spans = {name: timelines[name].readings[0] for name in "ABCD"}
    assert {name: str(item.end) for name, item in spans.items()} == {
        "A": "2025-12-01",
        "B": "2026-02-01",
        "C": "2025-04-01",
        "D": "2025-01-11",
    }
    assert {item.begin for item in spans.values()} == {ZERO}


def test_censoring_bears_its_reason(timelines):
    labels = {name: marks(timelines[name], "censors", "endpoint")[0].label for name in "BC"}
    assert labels == {"B": "censored: Data cutoff", "C": "censored: Withdrew or lost to follow-up"}


def test_intercurrent_events_are_drawn_once_each(timelines):
    found = {
        (mark.lane, str(mark.begin.first)) for mark in marks(timelines["A"], "intercurrent", "intercurrent")
    }
    assert found == {
        ("Intercurrent: Preventive radiotherapy in the observational arm", "2025-06-01"),
        ("Intercurrent: New bone-modifying agent", "2025-02-01"),
    }
    assert marks(timelines["C"], "intercurrent", "intercurrent") == []


def test_lines_mark_time_zero_death_and_cutoff(timelines):
    found = {name: [(item.look, str(item.days.first)) for item in timelines[name].lines] for name in "AB"}
    assert found == {
        "A": [("zero", "2025-01-10"), ("death", "2025-12-01")],
        "B": [("zero", "2025-01-10"), ("cutoff", "2026-02-01")],
    }
    assert timelines["A"].notes == ("The data cutoff, 2026-02-01, is later than what is drawn.",)


def test_a_short_course_is_in_days(timelines):
    assert timelines["D"].axis_label == "Days since randomisation"
    assert timelines["A"].axis_label == "Months since randomisation"


def test_subject_without_time_zero_is_drawn_from_its_first_record():
    subjects = trial.SUBJECTS.assign(randomised_date=["2025-01-10", "2025-01-10", "2025", "2025-01-10"])
    timeline = subject_timelines(trial.outcomes(subjects=subjects), ["C"])["C"]
    assert timeline.readings[0].note == "Not analysed: incomplete randomised_date"
    assert timeline.readings[0].end is None
    assert "not known to the day: 2025-01-01 to 2025-12-31" in timeline.notes[0]
    named = timeline_figure(timeline)
    assert named.data["look"].eq("zero").sum() == 1
    assert [item.get_text() for item in named.figure.axes[0].texts].count("Randomised") == 1  # not cut


def test_chosen_endpoints_have_the_lanes(outcomes):
    timeline = subject_timelines(outcomes, ["A"], endpoints=["fracture", "lesion_sse"])["A"]
    assert timeline.readings[0].lane == "Symptomatic pathological fracture"
    lanes = [name for part, name in timeline.lanes if part == "endpoint"]
    assert len(lanes) >= 2
    assert timeline.windows == ()  # neither reading counts all events


def test_audit_at_hand_gives_the_same(outcomes, timelines):
    again = subject_timelines(outcomes, ["A"], audit=outcomes.full_audit())["A"]
    pd.testing.assert_frame_equal(again.to_frame(), timelines["A"].to_frame())
    empty = subject_timelines(outcomes, ["A"], audit=outcomes.full_audit().iloc[:0])["A"]
    assert marks(empty, "counted", "endpoint") == []


def test_many_kinds_share_a_lane_and_bear_their_names():
    events = pd.DataFrame(
        {
            "subject_id": ["B"] * 9,
            "event_id": [str(place) for place in range(9)],
            "component": [f"KIND OF EVENT {place}" for place in range(9)],
            "date": ["2025-03-01"] * 9,
            "lesion_id": pd.array([None] * 9, dtype="string"),
            "symptomatic": [True] * 9,
        }
    )
    timeline = subject_timelines(trial.outcomes(events=events), ["B"])["B"]
    shared = [mark.label for mark in timeline.marks if mark.lane == "Events"]
    assert shared == [f"Kind of event {place}" for place in range(9)]


@pytest.mark.parametrize("subject", ["A", "B", "C", "D"])
def test_labels_do_not_overlap_and_stay_on_the_sheet(timelines, subject):
    named = timeline_figure(timelines[subject])
    named.figure.canvas.draw()
    renderer = named.figure.canvas.get_renderer()
    ax = named.figure.axes[0]
    boxes = [item.get_window_extent(renderer) for item in ax.texts if item.get_gid() == "label"]
    lanes = [item.get_window_extent(renderer) for item in ax.texts if item.get_gid() == "lane"]
    for group in (boxes, lanes):
        for place, box in enumerate(group):
            assert not any(box.shrunk(0.98, 0.8).overlaps(other) for other in group[place + 1 :])
    width, height = named.figure.bbox.size
    assert all(box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height for box in boxes + lanes)


def test_label_without_room_on_either_side_is_cut_and_whole_in_the_data():
    cause = "a cause that is told at great length, in many words, far beyond what the width of any axis holds"
    long = trial.TABLES["disposition"].assign(cause=[None, cause, None, None, None])
    named = timeline_figure(subject_timelines(trial.outcomes(disposition=long), ["A"])["A"])
    shown = [item.get_text() for item in named.figure.axes[0].texts if item.get_text().startswith("died")]
    assert shown[0].endswith("\u2026")
    assert f"died ({cause})" in named.data["label"].tolist()


def test_data_have_every_mark_with_its_record(timelines, figure):
    data = figure.data
    assert len(data.loc[data["part"] == "record"]) == sum(m.part == "record" for m in timelines["A"].marks)
    row = data.loc[(data["look"] == "performed") & (data["first"] == "2025-03-15")].iloc[0]
    assert (row["table"], row["source_row"], row["first_day"]) == ("procedures", 1, 64)


def test_caption_counts_records_and_names_what_is_left(figure):
    assert (
        "Subject A: all records by date (26 drawn). 6 records not drawn: see the table of such records."
        in figure.caption
    )
    assert "3 counted, 1 merged, 0 rejected" in figure.alt  # two of the SSE, one admission


def test_draw_timeline_draws_on_the_axes_it_is_given(timelines):
    layout = timeline_layout(timelines["A"], 4.0)
    wide = timeline_layout(timelines["A"], 12.0)
    assert layout.height >= wide.height  # narrow axes need more rows for their labels
    ax = add_axes(new_figure(6, layout.height), 1.5, 0, 4.0, layout.height)
    assert draw_timeline(ax, timelines["A"], layout) is ax
    assert ax.get_ylim() == (-layout.height, 0)
    areas = [item for item in ax.collections if item.get_gid() == "window"]
    assert len(areas) == 2
    assert np.isclose(areas[0].get_paths()[0].get_extents().x0 * 30.4375, since("2025-03-01"))


def test_drawing_again_gives_the_same_bytes(outcomes):
    first, second = (
        image_bytes(timeline_figure(subject_timelines(outcomes, ["A"])["A"]), "svg") for _ in range(2)
    )
    assert first == second


def test_unknown_subject_is_refused_with_the_nearest(outcomes):
    with pytest.raises(
        InvalidArgument, match="1 of the subjects asked for are not among the 4 randomised: 'a'"
    ):
        subject_timelines(outcomes, ["a"])
    with pytest.raises(InvalidArgument, match="Did you mean 'A'"):
        subject_timelines(outcomes, ["a"])
    with pytest.raises(InvalidArgument, match="name at least one subject"):
        subject_timelines(outcomes, [])


@pytest.mark.parametrize("endpoint", ["fractur", "death"])
def test_endpoint_that_is_unknown_or_death_alone_is_refused(outcomes, endpoint):
    with pytest.raises(InvalidArgument, match=f"no endpoint with components is called '{endpoint}'"):
        subject_timelines(outcomes, ["A"], endpoints=[endpoint])


def test_subject_without_any_date_has_no_figure():
    nobody = trial.SUBJECTS.assign(randomised_date=["2025-01-10", None, "2025-01-10", "2025-01-10"])
    changes = {
        "assessments": trial.TABLES["assessments"].drop(index=3),
        "disposition": trial.TABLES["disposition"].drop(index=2),
    }
    timeline = subject_timelines(trial.outcomes(subjects=nobody, **changes), ["B"])["B"]
    assert timeline.marks == ()
    with pytest.raises(InvalidArgument, match="no record of subject 'B' has a date"):
        timeline_figure(timeline)
