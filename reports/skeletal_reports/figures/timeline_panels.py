"""Pain and opioids of a subject, below the lanes of its timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal_reports.style import GREY, INK, RULE
from skeletal_reports.tables.format import format_number

from .timeline_layout import NAME_SIZE, axis_day
from .timeline_looks import BLUE, PARTIAL_DASH, draw_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .timeline_facts import Timeline

# Diameter of a value in points; small where so many (a diary of every day) would run together.
DOT, SMALL_DOT, MANY_VALUES = 2.8, 1.2, 150


def draw_scores(ax: Axes, timeline: Timeline) -> Axes:
    """Draw every pain score as a dot, and a line through the worst of each day.

    Parameters
    ----------
    ax : Axes
        Its own axes, 0 to 10 upwards.
    timeline : Timeline
        Its marks of part "pain", and ``worst``.

    Returns
    -------
    Axes
        ``ax``; each line has the name of its item as ``gid``, the dots "pain".
    """
    styles = ("solid", (0, (4, 1.5)), (0, (1, 1)))
    for place, (series, worst) in enumerate(timeline.worst.items()):
        days = [axis_day(timeline, day) for day, _ in worst]
        values = [value for _, value in worst]
        ax.plot(
            days, values, color=BLUE, linewidth=1.1, linestyle=styles[place % 3], gid=series, label=series
        )
    _draw_values(ax, timeline, "pain", stems=False)
    ax.set_ylim(-0.8, max(10.8, *(mark.value or 0.0 for mark in timeline.marks if mark.part == "pain")))
    ax.set_yticks([0, 5, 10])
    return ax


def draw_doses(ax: Axes, timeline: Timeline) -> Axes:
    """Draw every recorded opioid dose as a stem.

    Parameters
    ----------
    ax : Axes
        Its own axes, in mg of oral morphine equivalent a day.
    timeline : Timeline
        Its marks of part "dose".

    Returns
    -------
    Axes
        ``ax``; the dots have the ``gid`` "dose".
    """
    _draw_values(ax, timeline, "dose", stems=True)
    highest = max(mark.value or 0.0 for mark in timeline.marks if mark.part == "dose")
    ax.set_ylim(-0.08 * max(highest, 1.0), 1.15 * max(highest, 1.0))
    ax.set_yticks([0, highest] if highest else [0])
    ax.set_yticklabels([format_number(tick) for tick in ([0, highest] if highest else [0])])
    return ax


def _draw_values(ax: Axes, timeline: Timeline, part: str, *, stems: bool) -> None:
    marks = [mark for mark in timeline.marks if mark.part == part]
    whole = [mark for mark in marks if mark.begin.first == mark.begin.last]
    days = [axis_day(timeline, mark.begin.first) for mark in whole]
    values = np.array([mark.value for mark in whole], dtype=float)
    if stems:
        ax.vlines(days, 0, values, color=GREY, linewidth=0.9)
    size = SMALL_DOT if len(whole) > MANY_VALUES else DOT
    ax.plot(days, values, linestyle="none", marker="o", markersize=size, color=INK, gid=part, clip_on=False)
    for mark in marks:
        if mark not in whole:
            span = [axis_day(timeline, day) for day in mark.begin]
            ax.plot(
                span,
                [mark.value or 0.0] * 2,
                color=INK,
                linewidth=0.9,
                linestyle=PARTIAL_DASH,
                gid="possible",
            )


def dress_panel(ax: Axes, timeline: Timeline, part: str) -> None:
    """Write what a panel shows to its left, and draw the lines through it."""
    for line in timeline.lines:
        draw_line(ax, timeline, line)
    names = " / ".join(timeline.worst) if part == "pain" else "Opioids (mg oral\nmorphine equivalent a day)"
    text = f"Pain: {names}\n(line: worst of the day)" if part == "pain" else names
    ax.annotate(
        text,
        (0, 0.5),
        xycoords="axes fraction",
        xytext=(-22, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=NAME_SIZE,
        linespacing=1.1,
        gid="lane",
    )
    ax.tick_params(axis="y", labelsize=6.5, length=2, pad=1.5)
    ax.yaxis.grid(visible=True, color=RULE, linewidth=0.5)
    ax.set_axisbelow(True)
