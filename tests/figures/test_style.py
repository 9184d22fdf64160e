"""The style: readable colours, arms told apart, settings that leave no trace."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb

from skeletal_reports.style import PALETTE, POOLED, arm_styles, style_context


def luminance(colour):
    """WCAG 2.1, relative luminance."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("style", [*PALETTE, POOLED])
def test_text_in_an_arm_colour_has_enough_contrast_on_white(style):
    assert 1.05 / (luminance(style.colour) + 0.05) >= 4.5


def test_arms_differ_in_line_style_so_that_grey_copies_can_be_read():
    assert len({str(style.line) for style in PALETTE}) == len(PALETTE)


def test_arms_differ_in_colour():
    for one, other in itertools.combinations(PALETTE, 2):
        assert sum(abs(a - b) for a, b in zip(to_rgb(one.colour), to_rgb(other.colour), strict=True)) > 0.25


def test_style_goes_by_place():
    assert arm_styles(["x", "y", "z"])["z"] == PALETTE[2]
    assert arm_styles(["x"])["x"] == POOLED


def test_settings_come_back_and_a_users_own_have_no_part():
    with mpl.rc_context({"font.size": 33.0, "lines.marker": "o"}):
        with style_context():
            assert mpl.rcParams["font.size"] == 9.0
            assert mpl.rcParams["lines.marker"] == "None"
            assert mpl.rcParams["svg.hashsalt"]
        assert mpl.rcParams["font.size"] == 33.0
