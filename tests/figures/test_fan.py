"""The fan figure: where ratios and dots lie, and which definition is marked."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import fan_figure, save_figure

# Hazard ratio of each event set: (asymptomatic, hypercalcaemia) -> ratio.
HAZARD = {
    ("with", "with"): 0.9,
    ("with", "without"): 0.5,
    ("without", "with"): 1.4,
    ("without", "without"): 0.7,
}


def frame_of(**columns):
    rows = []
    for (silent, calcium), anchor, gap in itertools.product(HAZARD, ("counted", "any"), (14, 21)):
        ratio = HAZARD[silent, calcium]
        rate = ratio + gap / 1000
        rows.append(
            {
                "endpoint": "sre",
                "definition": f"{silent} {calcium} {anchor} {gap}",
                "own": (silent, calcium, anchor, gap) == ("without", "without", "counted", 21),
                "gap_days": gap,
                "gap_anchor": anchor,
                "asymptomatic": silent,
                "hypercalcaemia": calcium,
                **{f"n_analysed/{arm}": 30 for arm in ("old", "new")},
                **{f"hazard_ratio{end}/new": ratio * by for end, by in ENDS.items()},
                **{f"rate_ratio{end}/new": rate * by for end, by in ENDS.items()},
                "left_out": "radiotherapy_for_pain: no record that it changes",
                "note": "",
            }
        )
    return pd.DataFrame(rows).assign(**columns)


ENDS = {"": 1.0, "_lower": 0.5, "_upper": 2.0}


def axes(named, label):
    return next(ax for ax in named.figure.axes if ax.get_label() == label)


def lines(named, label):
    return {line.get_gid(): line for line in axes(named, label).lines if line.get_gid()}


def test_event_sets_stand_together_by_their_hazard_ratio():
    data = fan_figure(frame_of()).data
    sets = list(dict.fromkeys(zip(data["asymptomatic"], data["hypercalcaemia"], strict=True)))
    assert sets == sorted(HAZARD, key=HAZARD.get)
    assert data["gap_days"].tolist() == [14, 21, 14, 21] * 4
    assert data["gap_anchor"].tolist() == ["counted", "counted", "any", "any"] * 4


def test_rate_ratios_lie_in_their_column_with_their_limits():
    named = fan_figure(frame_of())
    found = lines(named, "rate_ratio")
    for place, row in named.data.iterrows():
        assert found[f"rate_ratio-{place}"].get_xydata().tolist() == [[place, row["rate_ratio/new"]]]
        ends = [[place, row["rate_ratio_lower/new"]], [place, row["rate_ratio_upper/new"]]]
        assert found[f"rate_ratio-{place}-interval"].get_xydata().tolist() == ends
    assert axes(named, "rate_ratio").get_yscale() == "log"


def test_hazard_ratio_is_drawn_once_for_each_event_set():
    found = lines(fan_figure(frame_of()), "hazard_ratio")
    points = [line.get_xydata().tolist()[0] for gid, line in found.items() if not gid.endswith("interval")]
    assert points == [[1.5, 0.5], [5.5, 0.7], [9.5, 0.9], [13.5, 1.4]]


def test_definition_of_the_study_has_its_own_mark_and_a_band_in_every_panel():
    named = fan_figure(frame_of())
    (own,) = np.flatnonzero(named.data["own"])
    marks = {
        gid: line.get_marker() for gid, line in lines(named, "rate_ratio").items() if "interval" not in gid
    }
    assert [gid for gid, marker in marks.items() if marker == "D"] == [f"rate_ratio-{own}"]
    bands = {
        ax.get_label(): [(band.get_x(), band.get_width()) for band in ax.patches if band.get_gid() == "own"]
        for ax in named.figure.axes
    }
    column = [(own - 0.5, 1.0)]
    assert bands == {"hazard_ratio": [(3.5, 4.0)], "rate_ratio": column, "switches": column}


def test_squares_below_say_what_each_definition_counts():
    named = fan_figure(frame_of())
    ax = axes(named, "switches")
    words = [text.get_text() for text in ax.texts if text.get_gid()]
    assert words == ["14 days", "21 days", "counted event", "any event", *["counted", "not counted"] * 2]
    on = [lines(named, "switches")[f"on-{row}"].get_xdata().tolist() for row in range(len(words))]
    wanted = [
        *(named.data["gap_days"] == gap for gap in (14, 21)),
        *(named.data["gap_anchor"] == anchor for anchor in ("counted", "any")),
        *(named.data["asymptomatic"] == state for state in ("with", "without")),
        *(named.data["hypercalcaemia"] == state for state in ("with", "without")),
    ]
    assert on == [np.flatnonzero(flags).tolist() for flags in wanted]


def test_caption_names_arms_endpoint_and_what_is_left_out():
    named = fan_figure(frame_of(), labels={"new": "New arm", "old": "Old arm", "sre": "SRE"})
    assert named.caption.startswith("Ratios of New arm over Old arm under 16 definitions of SRE.")
    assert "radiotherapy for pain: no record that it changes" in named.caption
    assert "Rate ratio of all episodes 0.51 to 1.42" in named.alt
    assert "by the definition of the study 0.72 (0.36 to 1.44)" in named.alt
    assert "NE" not in named.caption
    assert fan_figure(frame_of()).caption.startswith("Ratios of new over old")


def test_a_ratio_that_is_not_estimable_says_so():
    frame = frame_of()
    silent = frame["asymptomatic"] == "without"
    frame.loc[silent, [name for name in frame if "ratio" in name]] = np.nan
    frame.loc[silent, "note"] = "hazard ratio not estimable: no events"
    named = fan_figure(frame)
    assert [text.get_text() for text in axes(named, "rate_ratio").texts] == ["NE"] * 8
    assert [text.get_text() for text in axes(named, "hazard_ratio").texts] == ["NE"] * 2
    assert named.data["asymptomatic"].tolist() == ["with"] * 8 + ["without"] * 8
    assert "NE: not estimable." in named.caption


def test_a_limit_beyond_the_axis_ends_in_an_arrow_head():
    frame = frame_of(**{"hazard_ratio_lower/new": 0.0001})
    markers = [line.get_marker() for line in axes(fan_figure(frame), "hazard_ratio").lines]
    assert markers.count("v") == 4


def test_the_arm_that_is_compared_can_be_chosen():
    frame = frame_of()
    other = {name.replace("/new", "/third"): frame[name] * 2 for name in frame if "ratio" in name}
    frame = frame.assign(**other, **{"n_analysed/third": 30})
    named = fan_figure(frame, arm="third")
    assert lines(named, "hazard_ratio")["hazard_ratio-0"].get_ydata().tolist() == [1.0]
    assert named.caption.startswith("Ratios of third over old")


def test_words_do_not_run_into_each_other():
    named = fan_figure(frame_of())
    canvas = named.figure.canvas
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in axes(named, "switches").texts]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert box.x0 >= 0


def test_files_hold_the_numbers_drawn(tmp_path):
    named = fan_figure(frame_of(), name="fan")
    paths = save_figure(named, tmp_path)
    assert [path.name for path in paths] == ["fan.svg", "fan.pdf", "fan.png", "fan.csv"]
    pd.testing.assert_frame_equal(pd.read_csv(paths[-1], keep_default_na=False), named.data)


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (frame_of().iloc[:0], {}, "no row"),
        (frame_of().drop(columns=[name for name in frame_of() if "ratio" in name]), {}, "compares no arms"),
        (frame_of(), {"arm": "old"}, "does not compare arm 'old'; it has new"),
    ],
    ids=["no row", "one arm", "control"],
)
def test_what_cannot_be_drawn_is_refused(frame, options, words):
    with pytest.raises(InvalidArgument, match=words):
        fan_figure(frame, **options)
