"""The timeline of one subject: every record on its lane, episodes, ends of observation, pain and opioids."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke

from skeletal.errors import InvalidArgument
from skeletal_reports.style import INK, style_context
from skeletal_reports.tables.format import format_number
from skeletal_reports.tables.result_values import UNIT_DAYS

from .named import NamedFigure
from .sheet import LINE, add_axes, new_figure
from .time_axis import STEPS
from .timeline_layout import LABEL_SIZE, MARK, NAME_SIZE, ROW, axis_day, timeline_layout
from .timeline_looks import BLUE, LANE, LOOKS, PARTIAL_DASH, WINDOW, draw_line, legend_handles, marker_style
from .timeline_panels import draw_doses, draw_scores, dress_panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .timeline_facts import Timeline
    from .timeline_layout import Layout, PlacedMark

WIDTH, LEFT, RIGHT = 7.0, 1.95, 0.3
PANEL, PANEL_GAP, AXIS = 0.62, 0.14, 0.52
LEGEND_COLUMNS = 3
MOST_TICKS, MOST_DATED = 9, 7


def draw_timeline(ax: Axes, timeline: Timeline, layout: Layout) -> Axes:
    """Draw the lanes of a subject: time runs to the right, one lane a kind of record.

    Parameters
    ----------
    ax : Axes
        Drawn on; its vertical unit is one inch below the top (0 to ``-layout.height``).
    timeline : Timeline
        The facts.
    layout : Layout
        The places, from ``timeline_layout``, made for the width of ``ax``.

    Returns
    -------
    Axes
        ``ax``; marks of one look share a line with the look as ``gid``; windows of the gap rule are areas
        with the ``gid`` "window".
    """
    for lane in layout.lanes:
        ax.axhspan(lane.bottom, lane.top, color=LANE, linewidth=0, zorder=0)
        ax.annotate(
            lane.name,
            (0, lane.y + 0.5 * ROW - 0.02),
            xycoords=("axes fraction", "data"),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=NAME_SIZE,
            linespacing=1.0,
            annotation_clip=False,
            gid="lane",
        )
    _draw_readings(ax, timeline, layout)
    for placed in layout.lines:
        draw_line(ax, timeline, placed.line)
        _write(ax, timeline, placed.line.days, placed.y, placed.side, placed.text)
    for placed_mark in layout.marks:
        _draw_extent(ax, timeline, placed_mark)
        mark = placed_mark.mark
        end = mark.end or mark.begin
        last = timeline.last if mark.open == "end" else end.last
        _write(ax, timeline, (mark.begin.first, last), placed_mark.y, placed_mark.side, placed_mark.text)
    _draw_points(ax, timeline, layout.marks)
    ax.set_xlim(axis_day(timeline, timeline.first), axis_day(timeline, timeline.last))
    ax.set_ylim(-layout.height, 0)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return ax


def _draw_readings(ax: Axes, timeline: Timeline, layout: Layout) -> None:
    """Draw the windows of the gap rule, and the span observed, of each endpoint."""
    lanes = {lane.name.replace("\n", " "): lane for lane in layout.lanes if lane.part == "endpoint"}
    for window in timeline.windows:
        lane = lanes[" ".join(window.lane.split())]
        span = [axis_day(timeline, window.first), axis_day(timeline, window.last)]
        ax.fill_between(
            span, lane.bottom, lane.top, color=WINDOW, linewidth=0, zorder=1, gid="window", clip_on=True
        )
    for reading in timeline.readings:
        lane = lanes[" ".join(reading.lane.split())]
        if reading.begin is not None and reading.end is not None:
            span = [axis_day(timeline, reading.begin), axis_day(timeline, reading.end)]
            ax.plot(span, [lane.y] * 2, color=BLUE, linewidth=1.0, zorder=2, gid="observed")
        elif reading.note:
            _write(ax, timeline, (timeline.origin, timeline.origin), lane.y, "right", reading.note)


def _draw_extent(ax: Axes, timeline: Timeline, placed: PlacedMark) -> None:
    """Draw what has a length: bars, thin lines, and the possible days of partial dates."""
    mark, look = placed.mark, LOOKS[placed.mark.look]
    end = mark.end or mark.begin
    left = timeline.first if mark.open == "start" else mark.begin.last
    right = timeline.last if mark.open == "end" else end.first
    if look.bar:
        span = [axis_day(timeline, max(left, timeline.first)), axis_day(timeline, max(right, left))]
        if look.bar > 2 and mark.end is not None and not mark.open:
            span[1] += 1 / UNIT_DAYS[timeline.unit]  # a stay takes its last day too
        ax.plot(
            span,
            [placed.y] * 2,
            color=look.edge,
            linewidth=look.bar,
            solid_capstyle="butt",
            zorder=3 if look.bar > 2 else 2.5,
            gid=mark.look,
        )
        if mark.open == "end":
            _draw_arrow(ax, timeline, placed, to_left=False)
        if mark.open == "start" or mark.begin.last < timeline.first:
            _draw_arrow(ax, timeline, placed, to_left=True)
    for days in {mark.begin, end}:
        if days.first != days.last:
            span = [axis_day(timeline, max(day, timeline.first)) for day in days]
            ax.plot(
                span,
                [placed.y] * 2,
                color=INK,
                linewidth=0.9,
                linestyle=PARTIAL_DASH,
                zorder=4,
                gid="possible",
            )
            ax.plot(span, [placed.y] * 2, linestyle="none", marker="|", color=INK, markersize=5, zorder=4)


def _draw_arrow(ax: Axes, timeline: Timeline, placed: PlacedMark, *, to_left: bool) -> None:
    day = timeline.first if to_left else timeline.last
    ax.plot(
        [axis_day(timeline, day)],
        [placed.y],
        marker="<" if to_left else ">",
        color=LOOKS[placed.mark.look].edge,
        markersize=7,
        clip_on=False,
        zorder=4,
        gid="open",
    )


def _draw_points(ax: Axes, timeline: Timeline, marks: Sequence[PlacedMark]) -> None:
    """Draw all whole-dated points of one look as one line of markers; the same place once."""
    places: dict[str, dict[tuple[float, float], None]] = {}
    for placed in marks:
        mark = placed.mark
        if LOOKS[mark.look].marker and mark.begin.first == mark.begin.last:
            where = (axis_day(timeline, mark.begin.first), placed.y)
            places.setdefault(mark.look, {})[where] = None
    for name, found in places.items():
        x, y = zip(*found, strict=True)
        ax.plot(x, y, linestyle="none", gid=name, clip_on=False, zorder=5, **marker_style(LOOKS[name]))


def _write(
    ax: Axes, timeline: Timeline, days: tuple[dt.date, dt.date], y: float, side: str, text: str
) -> None:
    """Write a label to the right or left of the days that it belongs to, or inside them from the left."""
    if text:
        right = side != "left"
        day = days[1] if side == "right" else days[0]
        ax.annotate(
            text,
            (axis_day(timeline, max(day, timeline.first)), y),
            xytext=((72 * MARK / 2 + 1.0) * (1 if right else -1), 0),
            textcoords="offset points",
            ha="left" if right else "right",
            va="center_baseline",
            fontsize=LABEL_SIZE,
            zorder=4.5,
            gid="label",
            path_effects=[withStroke(linewidth=2.2, foreground=LANE)],
            bbox=None if right else {"facecolor": LANE, "edgecolor": "none", "pad": 0.6},
        )


def timeline_figure(timeline: Timeline, *, name: str = "timeline") -> NamedFigure:
    """Draw the timeline of a subject, with pain and opioids below the lanes.

    Parameters
    ----------
    timeline : Timeline
        From ``subject_timelines``.
    name : str
        File name without ending.

    Returns
    -------
    NamedFigure
        With one row for each thing drawn as its data.

    Raises
    ------
    InvalidArgument
        If no record of the subject has a date.
    """
    if not timeline.marks:
        raise InvalidArgument(
            f"no record of subject {timeline.subject_id!r} has a date, so there is no timeline to draw"
        )
    with style_context():
        figure = _compose(timeline)
    return NamedFigure(
        name=name,
        figure=figure,
        caption=_caption(timeline),
        alt=_alt(timeline),
        data=timeline.to_frame(),
    )


def _compose(timeline: Timeline) -> Figure:
    width = WIDTH - LEFT - RIGHT
    layout = timeline_layout(timeline, width)
    panels = [part for part in ("pain", "dose") if any(mark.part == part for mark in timeline.marks)]
    handles = legend_handles(timeline)
    legend = LINE * -(-len(handles) // LEGEND_COLUMNS) + 0.1
    below = AXIS + legend + len(panels) * (PANEL + PANEL_GAP)
    figure = new_figure(WIDTH, layout.height + below + 0.05)
    ax = add_axes(figure, LEFT, below, width, layout.height, label="lanes")
    draw_timeline(ax, timeline, layout)
    lowest = ax
    for place, part in enumerate(panels, start=1):
        bottom = below - place * (PANEL + PANEL_GAP)
        lowest.tick_params(axis="x", labelbottom=False, length=0)
        lowest.spines["bottom"].set_visible(lowest is not ax)
        lowest = add_axes(figure, LEFT, bottom, width, PANEL, label=part, sharex=ax)
        (draw_scores if part == "pain" else draw_doses)(lowest, timeline)
        dress_panel(lowest, timeline, part)
    _draw_axis(lowest, timeline)
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.005, 0.0),
        ncols=LEGEND_COLUMNS,
        borderaxespad=0.1,
        fontsize=LABEL_SIZE,
        handlelength=1.6,
        columnspacing=1.2,
        labelspacing=0.35,
    )
    return figure


def _draw_axis(ax: Axes, timeline: Timeline) -> None:
    """Write ticks in the unit of the axis with the calendar date below each."""
    unit = UNIT_DAYS[timeline.unit]
    low, high = axis_day(timeline, timeline.first), axis_day(timeline, timeline.last)
    most = MOST_DATED if timeline.unit == "days" else MOST_TICKS
    fitting = [step for step in (1, *STEPS[timeline.unit]) if (high - low) / step <= most]
    step = fitting[0] if fitting else int(np.ceil((high - low) / most))
    ticks = [tick * step for tick in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]
    days = [timeline.origin + dt.timedelta(days=round(tick * unit)) for tick in ticks]
    texts = [day.isoformat()[: 10 if timeline.unit == "days" else 7] for day in days]
    ax.set_xticks(ticks, [f"{format_number(tick)}\n{text}" for tick, text in zip(ticks, texts, strict=True)])
    ax.tick_params(axis="x", labelsize=7.5, length=3, labelbottom=True)
    ax.spines["bottom"].set_visible(True)
    ax.set_xlabel(timeline.axis_label, fontsize=8.5, labelpad=2)


def _caption(timeline: Timeline) -> str:
    records = {(mark.table, mark.source, mark.source_row) for mark in timeline.marks if mark.table}
    left = f" {_n_left(timeline)} not drawn: see the table of such records." if timeline.not_drawn else ""
    text = (
        f"Subject {timeline.subject_id}: all records by date ({len(records)} drawn).{left} Below each tick "
        "the calendar date. Blue lines: observation for the endpoint, as its first estimand of all events "
        "reads it, or else its first estimand."
    )
    return " ".join([text, *timeline.notes])


def _n_left(timeline: Timeline) -> str:
    n = len({(item.table, item.source, item.source_row) for item in timeline.not_drawn})
    return f"{n} record{'s' if n > 1 else ''}"


def _alt(timeline: Timeline) -> str:
    counts = {
        look: sum(mark.look == look and mark.part == "endpoint" for mark in timeline.marks)
        for look in ("counted", "merged", "rejected")
    }
    words = ", ".join(f"{n} {look}" for look, n in counts.items())
    return (
        f"Timeline of subject {timeline.subject_id} from {timeline.first} to {timeline.last} with "
        f"{len(timeline.lanes)} lanes; over all endpoints drawn: {words}."
    )
