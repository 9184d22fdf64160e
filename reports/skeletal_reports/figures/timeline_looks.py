"""How the marks and lines of a timeline look, and its legend."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from skeletal_reports.style import GREY, INK, PAPER

from .timeline_layout import axis_day

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from .timeline_facts import Line, Timeline
    from .timeline_marks import Mark

BLUE, PURPLE, LANE, WINDOW = "#0072B2", "#A6407A", "#F4F5F7", "#BBD7EA"
PARTIAL_DASH = (0, (2, 1.2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a mark is drawn, and its words in the legend."""

    label: str
    marker: str = ""
    face: str = INK
    edge: str = INK
    size: float = 5.0
    bar: float = 0.0  # width of the line in points; 0 for a point
    wide: float = 0.9


LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "counted": Look(label="Counted (number of the episode)", marker="o", face=BLUE, edge=BLUE, size=6.5),
        "merged": Look(label="Merged into an episode", marker="^", face=PAPER, edge=BLUE, size=6, wide=1.2),
        "rejected": Look(label="Rejected", marker="x", edge=INK, size=5, wide=1.3),
        "competes": Look(label="Competing event ends observation", marker="D", size=5),
        "censors": Look(label="Censored", marker="|", size=10, wide=2.0),
        "intercurrent": Look(label="Intercurrent event", marker="P", face=PURPLE, edge=PURPLE, size=6),
        "milestone": Look(label="Milestone, as labelled", marker="v", face=GREY, edge=GREY, size=5),
        "event": Look(label="Event", marker="s"),
        "imaging": Look(label="Event found by imaging", marker="s", face=PAPER),
        "negative": Look(label="Since the last negative assessment", edge=INK, bar=0.8),
        "indicated": Look(label="Procedure indicated", marker=">", face=PAPER),
        "wait": Look(label="", edge=INK, bar=0.8),
        "performed": Look(label="Procedure performed", marker=">"),
        "bone stay": Look(label="Stay for a bone metastasis", edge=INK, bar=6.5),
        "stay": Look(label="Other stay", edge="#A9A9A9", bar=6.5),
        "stay of unknown reason": Look(label="Stay, reason not recorded", edge="#D0D0D0", bar=6.5),
        "therapy": Look(label="Systemic therapy (arrow: date beyond or unknown)", edge="#5B86A8", bar=6.5),
        "done": Look(label="Assessment or form", marker="|", size=6.5, wide=1.2),
        "missed": Look(label="Assessment not done", marker="x", edge=GREY, size=3.5),
        "form": Look(label="Assessment or form", marker="|", size=6.5, wide=1.2),
        "alive": Look(label="Seen alive", marker="o", face=PAPER, edge=GREY, size=4.5),
        "status": Look(label="Status, as labelled", marker="o", face=GREY, edge=GREY, size=4.5),
    }
)
LINES: Mapping[str, Any] = MappingProxyType(
    {"zero": ("solid", 0.9, GREY), "death": ("solid", 1.8, INK), "cutoff": ((0, (1.5, 2.0)), 1.1, INK)}
)


def marker_style(look: Look) -> dict[str, Any]:
    """Return the settings of a look's marker."""
    return {
        "marker": look.marker,
        "markersize": look.size,
        "markerfacecolor": look.face,
        "markeredgecolor": look.edge,
        "markeredgewidth": look.wide,
    }


def draw_line(ax: Axes, timeline: Timeline, line: Line) -> None:
    """Draw a day that every lane is read against; a partial date as the days that it can be."""
    style, width, colour = LINES[line.look]
    first, last = axis_day(timeline, line.days.first), axis_day(timeline, line.days.last)
    if line.days.first != line.days.last:
        ax.axvspan(first, last, color="#D8D8D8", alpha=0.5, linewidth=0, zorder=0.5, gid=line.look)
    for place in sorted({first, last}):
        ax.axvline(place, color=colour, linestyle=style, linewidth=width, zorder=1.5, gid=line.look)


def legend_handles(timeline: Timeline) -> list[Line2D]:
    """Return the legend: each look that is drawn, in the order of ``LOOKS``."""
    used = {mark.look for mark in timeline.marks if mark.part not in ("pain", "dose")}
    by_label: dict[str, Line2D] = {}
    for name, look in LOOKS.items():
        if name in used and look.label:
            style = {"linestyle": "none", **marker_style(look)}
            if look.bar:
                style = {"color": look.edge, "linewidth": look.bar, "solid_capstyle": "butt"}
            by_label.setdefault(look.label, Line2D([], [], label=look.label, **style))
    if timeline.windows:
        text = "Days in which an event is merged"
        by_label[text] = Line2D([], [], color=WINDOW, linewidth=8, solid_capstyle="butt", label=text)
    if any(_partial(mark) for mark in timeline.marks):
        text = "Possible days of a partial date"
        by_label[text] = Line2D([], [], color=INK, linewidth=0.9, linestyle=PARTIAL_DASH, label=text)
    return list(by_label.values())


def _partial(mark: Mark) -> bool:
    return any(days is not None and days.first != days.last for days in (mark.begin, mark.end))
