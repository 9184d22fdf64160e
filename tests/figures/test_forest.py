"""Forest figures: what is printed and where it is drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from skeletal.errors import InvalidArgument
from skeletal_reports.figures import forest_figure

EFFECTS = pd.DataFrame(
    {
        "label": ["First SSE", "All SSEs", "Implant failure"],
        "events": ["29/120", "44/120", "0/120"],
        "ratio": [0.25, 1.2, np.nan],
        "lower": [0.12, 0.55, np.nan],
        "upper": [0.54, 3.1, np.nan],
        "p_value": [0.0003, 0.61, np.nan],
    }
)


def draw(effects=EFFECTS, **more):
    options = {"name": "effects", "title": "Ratios", "favours": ("new", "old"), **more}
    return forest_figure(effects, **options)


def cells(named):
    found = {text.get_gid(): text for text in named.figure.texts if (text.get_gid() or "").startswith("cell")}
    n = len(named.data)
    return [[found[f"cell-{row}-{column}"].get_text() for column in range(4)] for row in range(n)]


def lines(named, gid):
    return [line for line in named.figure.axes[0].lines if line.get_gid() == gid]


def test_printed_numbers_are_those_of_the_rows():
    assert cells(draw()) == [
        ["First SSE", "29/120", "0.25 (0.12 to 0.54)", "<0.001"],
        ["All SSEs", "44/120", "1.20 (0.55 to 3.10)", "0.610"],
        ["Implant failure", "0/120", "NE", "NE"],
    ]


def test_squares_and_lines_lie_at_ratio_and_limits_top_to_bottom():
    named = draw()
    assert lines(named, "ratio-0")[0].get_xydata().tolist() == [[0.25, 0]]
    assert lines(named, "interval-1")[0].get_xydata().tolist() == [[0.55, -1], [3.1, -1]]
    assert lines(named, "interval-2") == []
    assert named.figure.axes[0].get_xscale() == "log"


def test_rows_of_numbers_are_level_with_their_squares():
    named = draw()
    named.figure.canvas.draw()
    ax = named.figure.axes[0]
    height = named.figure.bbox.height
    for row in range(3):
        text = next(text for text in named.figure.texts if text.get_gid() == f"cell-{row}-2")
        assert text.get_position()[1] * height == pytest.approx(
            ax.transData.transform((1, -row))[1], abs=1e-6
        )


def test_a_ratio_that_is_not_estimable_says_so():
    named = draw()
    assert [text.get_text() for text in named.figure.axes[0].texts if text.get_text() == "NE"] == ["NE"]
    assert "NE: not estimable." in named.caption


def test_a_limit_beyond_the_axis_ends_in_an_arrow_head():
    named = draw(EFFECTS.iloc[:1].assign(lower=0.0001))
    assert lines(named, "interval-0")[0].get_xdata()[0] == 0.01
    assert [line.get_marker() for line in named.figure.axes[0].lines].count("<") == 1
    assert cells(named)[0][2] == "0.25 (0.00 to 0.54)"


def test_words_say_which_arm_is_favoured():
    named = draw(favours=("Upfront radiotherapy arm", "Observational arm"))
    words = [text for text in named.figure.axes[0].texts if text.get_gid() == "favours"]
    assert [text.get_text().replace("\n", " ") for text in words] == [
        "Favours Upfront radiotherapy arm",
        "Favours Observational arm",
    ]
    assert words[0].get_position()[0] < words[1].get_position()[0]
    assert "Below 1 favours Upfront radiotherapy arm." in named.caption


def test_columns_do_not_run_into_each_other_with_long_words():
    long = EFFECTS.assign(
        label="First SSE, cause-specific: Xanomeline High Dose v Placebo", events="1,044/1,200"
    )
    named = draw(long)
    canvas = named.figure.canvas
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in named.figure.texts]
    boxes += [text.get_window_extent(renderer) for text in named.figure.axes[0].get_xticklabels()]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])
        assert box.x0 >= 0
        assert box.x1 <= named.figure.bbox.x1


def test_notes_end_the_caption_and_data_are_the_rows():
    named = draw(notes="Robust variance.")
    assert named.caption.endswith("Robust variance.")
    pd.testing.assert_frame_equal(named.data, EFFECTS)


def test_absent_columns_are_refused():
    with pytest.raises(InvalidArgument, match=r"need the column\(s\) upper, p_value"):
        draw(EFFECTS.drop(columns=["upper", "p_value"]))


def test_no_rows_are_refused():
    with pytest.raises(InvalidArgument, match="no row"):
        draw(EFFECTS.iloc[:0])
