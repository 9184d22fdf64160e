"""What the curve figures draw is what the curves hold."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.figures.conftest import LABELS, make_curve

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import (
    TimeAxis,
    image_bytes,
    incidence_figure,
    mean_cumulative_figure,
    survival_figure,
)
from skeletal_reports.style import PALETTE, POOLED

MONTH = 30.4375


def draw(curves, axis, **more):
    options = {"name": "km", "title": "Survival", "labels": LABELS, "axis": axis, **more}
    return survival_figure(curves, **options)


def axes_of(named, label):
    return next(ax for ax in named.figure.axes if ax.get_label() == label)


def lines_of(named, gid):
    return [line for line in axes_of(named, "curves").lines if line.get_gid() == gid]


def at_risk_of(named):
    texts = [text for text in axes_of(named, "at risk").texts if text.get_gid() == "at-risk"]
    return {(text.get_position()): text.get_text() for text in texts}


def test_step_vertices_are_the_curve_with_its_start_in_front(curves, axis):
    control, experimental = lines_of(draw(curves, axis), "curve")
    np.testing.assert_array_equal(control.get_xdata(), np.array([0, 100, 200, 400]) / MONTH)
    np.testing.assert_array_equal(control.get_ydata(), [1.0, 0.75, 0.5, 0.5])
    assert control.get_drawstyle() == "steps-post"
    np.testing.assert_array_equal(experimental.get_xdata(), np.array([0, 300, 730]) / MONTH)


def test_censored_times_are_marked_on_the_curve(curves, axis):
    control, experimental = lines_of(draw(curves, axis), "censored")
    np.testing.assert_array_equal(control.get_xdata(), np.array([200, 400]) / MONTH)
    np.testing.assert_array_equal(control.get_ydata(), [0.5, 0.5])
    np.testing.assert_array_equal(experimental.get_xdata(), np.array([730]) / MONTH)


def test_number_at_risk_counts_those_whose_time_is_at_or_after_the_tick(curves):
    # by hand: control times 100, 200, 200, 400; experimental times 300, 730
    named = draw(curves, TimeAxis(times=(0, 100, 200, 201, 730), unit="days"))
    found = at_risk_of(named)
    assert [found[(tick, 0)] for tick in (0, 100, 200, 201, 730)] == ["4", "4", "3", "1", "0"]
    assert [found[(tick, -1)] for tick in (0, 100, 200, 201, 730)] == ["2", "2", "2", "2", "1"]


def test_columns_of_numbers_at_risk_stand_exactly_under_the_ticks(curves, axis):
    named = draw(curves, axis)
    named.figure.canvas.draw()
    above, below = axes_of(named, "curves"), axes_of(named, "at risk")
    ticks = [above.transData.transform((tick, 0))[0] for tick in above.get_xticks()]
    columns = sorted(
        {
            below.transData.transform(text.get_position())[0]
            for text in below.texts
            if text.get_ha() == "center"
        }
    )
    np.testing.assert_allclose(columns, ticks, rtol=0, atol=1e-9)
    assert above.get_position().x0 == below.get_position().x0
    assert above.get_position().x1 == below.get_position().x1


def test_ticks_say_the_months_of_the_visits(curves, axis):
    ax = axes_of(draw(curves, axis), "curves")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "6", "12", "24"]
    assert ax.get_xlabel() == "Months since randomisation"


def test_words_of_arms_and_numbers_do_not_overlap(curves, axis):
    named = draw(curves, axis)
    canvas = named.figure.canvas
    canvas.draw()
    renderer = canvas.get_renderer()
    names = [text for text in named.figure.texts if text.get_gid() == "arm-name"]
    boxes = [text.get_window_extent(renderer) for text in [*names, *axes_of(named, "at risk").texts]]
    assert len(boxes) == 2 + 2 * 4
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert box.x0 >= 0
        assert box.y0 >= 0


def test_an_arm_keeps_its_style_where_another_has_no_subjects(curves, axis):
    (line,) = lines_of(draw({"exp": curves["exp"]}, axis), "curve")
    assert line.get_color() == PALETTE[1].colour


def test_arms_are_drawn_in_the_order_of_the_labels(curves, axis):
    named = draw(dict(reversed(curves.items())), axis)
    assert [line.get_label() for line in lines_of(named, "curve")] == list(LABELS.values())


def test_one_pooled_arm_has_the_neutral_style(curves, axis):
    named = draw({"all": curves["ctl"]}, axis, labels={"all": "All subjects"})
    assert lines_of(named, "curve")[0].get_color() == POOLED.colour
    assert "All subjects: 4 subjects, 2 events" in named.caption


@pytest.mark.parametrize("bands", [True, False])
def test_bands_are_drawn_only_where_asked(curves, axis, bands):
    named = draw(curves, axis, bands=bands)
    assert len(axes_of(named, "curves").collections) == (2 if bands else 0)
    assert ("Shaded" in named.caption) is bands


def test_band_follows_the_limits(curves, axis):
    band = axes_of(draw(curves, axis), "curves").collections[0]
    corners = {tuple(np.round(point, 9)) for path in band.get_paths() for point in path.vertices}
    assert (round(100 / MONTH, 9), 0.8) in corners
    assert (round(100 / MONTH, 9), 0.7) in corners


def test_limits_that_are_not_estimable_are_left_out_of_the_band(axis):
    curve = make_curve(
        [100, 200], [0.5, 0.0], [2, 1], [1, 1], [0, 0], lower=[0.1, np.nan], upper=[0.8, np.nan]
    )
    band = axes_of(draw({"ctl": curve}, axis), "curves").collections[0]
    vertices = np.concatenate([path.vertices for path in band.get_paths()])
    assert np.isfinite(vertices).all()
    assert vertices[:, 0].max() <= 200 / MONTH


def test_caption_has_subjects_events_and_method(curves, axis):
    caption = draw(curves, axis, notes="Data cutoff: 2028-02-05.").caption
    assert (
        "Internal fixation: 4 subjects, 2 events; Resection and reconstruction: 2 subjects, 1 event."
        in caption
    )
    assert "Method: Kaplan-Meier, by hand." in caption
    assert caption.endswith("Data cutoff: 2028-02-05.")


def test_alt_text_reads_the_curve_where_subjects_are_still_at_risk(curves, axis):
    alt = draw(curves, axis).alt
    assert "Internal fixation 50.0% at 12 months" in alt
    assert "Resection and reconstruction 50.0% at 24 months" in alt


def test_data_are_the_curve_and_the_numbers_at_risk(curves, axis):
    data = draw(curves, axis).data
    drawn = data.loc[(data["series"] == "curve") & (data["arm"] == "ctl")]
    assert drawn["time"].tolist() == [0, 100, 200, 400]
    assert drawn["estimate"].tolist() == [1, 0.75, 0.5, 0.5]
    assert drawn["n_at_risk"].tolist() == [4, 4, 3, 1]
    counted = data.loc[(data["series"] == "at_risk") & (data["arm"] == "ctl")]
    assert counted["time"].tolist() == [0, 183, 365, 730]
    assert counted["n_at_risk"].tolist() == [4, 3, 1, 0]


def test_title_is_the_label_of_the_axis_with_its_unit(curves, axis):
    assert axes_of(draw(curves, axis), "curves").get_ylabel() == "Survival (%)"
    named = mean_cumulative_figure(curves, name="m", title="Mean number", labels=LABELS, axis=axis)
    assert axes_of(named, "curves").get_ylabel() == "Mean number (per subject)"


def test_percent_ticks_are_whole_percents(axis):
    curve = make_curve([100], [0.04], [50], [2], [48], start=0.0, lower=[0.01], upper=[0.09])
    named = incidence_figure({"ctl": curve}, name="i", title="Incidence", labels=LABELS, axis=axis)
    ax = axes_of(named, "curves")
    named.figure.canvas.draw()
    shown = {text.get_text(): text.get_position()[1] for text in ax.get_yticklabels()}
    assert {"0", "2", "10"} <= set(shown)
    assert all(float(text) == pytest.approx(100 * at) for text, at in shown.items() if at >= 0)
    assert ax.get_ylim()[1] == 0.1


@pytest.mark.parametrize("figure", [incidence_figure, mean_cumulative_figure])
def test_no_events_are_a_line_above_the_axis(axis, figure):
    curve = make_curve([700], [0.0], [12], [0], [12], start=0.0, lower=[0.0], upper=[0.0])
    named = figure({"ctl": curve}, name="i", title="Incidence", labels=LABELS, axis=axis)
    assert lines_of(named, "curve")[0].get_ydata().tolist() == [0, 0]
    low, high = axes_of(named, "curves").get_ylim()
    assert low < 0 < high
    assert "12 subjects, 0 events" in named.caption


@pytest.mark.parametrize("n_arms", [1, 2, 3, 6])
def test_legend_is_above_the_curves_and_inside_the_figure(curves, axis, n_arms):
    labels = {f"a{arm}": f"Xanomeline High Dose {arm}" for arm in range(n_arms)}
    named = draw(dict.fromkeys(labels, curves["ctl"]), axis, labels=labels)
    canvas = named.figure.canvas
    canvas.draw()
    ax = axes_of(named, "curves")
    box = ax.get_legend().get_window_extent(canvas.get_renderer())
    whole = named.figure.bbox
    assert box.y0 >= ax.get_window_extent().y1
    assert box.x0 >= 0
    assert box.x1 <= whole.x1
    assert box.y1 <= whole.y1


def test_no_curve_is_refused(axis):
    with pytest.raises(InvalidArgument, match="no arm has a curve"):
        draw({}, axis)


def test_an_arm_without_label_is_refused(curves, axis):
    with pytest.raises(InvalidArgument, match="missing: exp"):
        draw(curves, axis, labels={"ctl": "Control"})


def test_curves_in_another_unit_are_refused(curves, axis):
    months = dataclasses.replace(curves["ctl"], time_unit="months")
    with pytest.raises(InvalidArgument, match="times in days, got months"):
        draw({"ctl": months}, axis)


def test_the_same_figure_has_the_same_bytes(curves, axis):
    for image in ("svg", "pdf", "png"):
        assert image_bytes(draw(curves, axis), image) == image_bytes(draw(curves, axis), image)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 700), min_size=1, max_size=30))
def test_numbers_at_risk_equal_a_count_of_the_times(times):
    distinct = sorted(set(times))
    at_risk = [sum(time >= value for time in times) for value in distinct]
    events = [times.count(value) for value in distinct]
    survival = np.cumprod([1 - d / n for d, n in zip(events, at_risk, strict=True)])
    curve = make_curve(distinct, survival, at_risk, events, [0] * len(distinct))
    ticks = (0.0, 50.0, 350.0, 700.0)
    named = draw({"ctl": curve}, TimeAxis(times=ticks, unit="days"))
    found = at_risk_of(named)
    assert [found[(tick, 0)] for tick in ticks] == [str(sum(t >= tick for t in times)) for tick in ticks]
