"""Means by visit are drawn where they are, with their limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import TimeAxis, means_figure

LABELS = {"ctl": "Internal fixation", "exp": "Resection and reconstruction"}
MONTH = 30.4375


@pytest.fixture
def means():
    return pd.DataFrame(
        {
            "arm": ["ctl", "ctl", "exp", "exp"],
            "visit": ["Month 6", "Month 12", "Month 6", "Month 12"],
            "day": [183, 365, 183, 365],
            "n": [40, 31, 39, 1],
            "estimate": [60.0, 62.5, 70.0, 71.0],
            "lower": [55.0, 57.0, 66.0, np.nan],
            "upper": [65.0, 68.0, 74.0, np.nan],
        }
    )


def draw(means, **more):
    axis = TimeAxis(times=(0, 183, 365))
    return means_figure(means, **{"name": "tess", "title": "TESS", "labels": LABELS, "axis": axis, **more})


def lines(named, gid):
    ax = next(ax for ax in named.figure.axes if ax.get_label() == "means")
    return [line for line in ax.lines if line.get_gid() == gid]


def test_means_stand_at_their_visits_side_by_side(means):
    control, experimental = lines(draw(means), "means")
    np.testing.assert_array_equal(control.get_ydata(), [60.0, 62.5])
    np.testing.assert_array_equal(experimental.get_ydata(), [70.0, 71.0])
    middle = (np.asarray(control.get_xdata()) + np.asarray(experimental.get_xdata())) / 2
    np.testing.assert_allclose(middle, np.array([183, 365]) / MONTH, rtol=1e-12)
    assert (np.asarray(control.get_xdata()) < np.asarray(experimental.get_xdata())).all()


def test_limits_are_drawn_where_they_are_estimable(means):
    found = [tuple(line.get_ydata()) for line in lines(draw(means), "limits")]
    assert found == [(55.0, 65.0), (57.0, 68.0), (66.0, 74.0)]


def test_the_values_behind_each_mean_stand_under_it(means):
    below = next(ax for ax in draw(means).figure.axes if ax.get_label() == "numbers")
    found = {text.get_position(): text.get_text() for text in below.texts}
    assert found[(183 / MONTH, 0)] == "40"
    assert found[(365 / MONTH, -1)] == "1"


def test_numbers_that_would_run_into_each_other_are_left_out(means):
    early = means.iloc[:1].assign(visit="Week 25", day=176, n=99)
    below = next(ax for ax in draw(pd.concat([early, means])).figure.axes if ax.get_label() == "numbers")
    assert "99" not in [text.get_text() for text in below.texts]
    assert len(below.texts) == 4


def test_one_arm_is_not_moved_and_has_no_legend(means):
    pooled = means.loc[means["arm"] == "ctl"]
    named = draw(pooled, labels={"ctl": "All subjects"})
    (line,) = lines(named, "means")
    np.testing.assert_array_equal(line.get_xdata(), np.array([183, 365]) / MONTH)
    assert all(ax.get_legend() is None for ax in named.figure.axes)


def test_caption_and_alt_name_level_and_numbers(means):
    named = draw(means, conf_level=0.9, notes="Data cutoff: 2028-02-05.")
    assert "mean by visit with 90% confidence limits" in named.caption
    assert named.caption.endswith("Data cutoff: 2028-02-05.")
    assert "Internal fixation, Month 12: 62.5 (57.0 to 68.0)" in named.alt
    assert "Resection and reconstruction, Month 12: 71.0 (NE to NE)" in named.alt


def test_what_cannot_be_drawn_is_refused(means):
    with pytest.raises(InvalidArgument, match=r"need the column\(s\) n"):
        draw(means.drop(columns="n"))
    with pytest.raises(InvalidArgument, match="no mean is estimable"):
        draw(means.assign(estimate=np.nan))
