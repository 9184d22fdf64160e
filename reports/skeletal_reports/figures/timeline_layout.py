"""Where each mark of a timeline goes: rows within a lane, so that no two marks or words meet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from skeletal_reports.tables.result_values import UNIT_DAYS

from .sheet import n_lines, text_width, wrapped

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from .timeline_facts import Line, Timeline
    from .timeline_marks import Mark

ROW = 0.15  # inches from one row of a lane to the next
LANE_GAP = 0.05
PART_GAP = 0.09
MARK = 0.11  # room of a marker
NAME_LETTERS = 30
NAME_LINE = 0.128
LABEL_SIZE, NAME_SIZE = 7.0, 7.5
JOINING = ("wait", "negative")  # thin lines between two marks of one record
Room = tuple[float, float, str, str]  # left and right end in inches, side and text of the label
TICKS = ("done", "form", "alive", "missed")  # drawn over each other: what matters is the day


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """From days to inches on an axis of some width."""

    timeline: Timeline
    width: float

    def inches(self, day: dt.date) -> float:
        """Return the distance of a day from the left end of the axis."""
        span = (self.timeline.last - self.timeline.first).days
        return self.width * (day - self.timeline.first).days / span


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedMark:
    """A mark with the height of its row and the side of its label."""

    mark: Mark
    y: float
    side: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLine:
    """A line through all lanes with the place of its words above them."""

    line: Line
    y: float
    side: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLane:
    """A lane: its name, its height on the sheet and its first row, in inches below the top."""

    part: str
    name: str
    top: float
    bottom: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The places of everything on the lanes of a timeline, in inches below the top (negative)."""

    lanes: tuple[PlacedLane, ...]
    marks: tuple[PlacedMark, ...]
    lines: tuple[PlacedLine, ...]
    head: float
    height: float


@cache
def label_width(text: str) -> float:
    """Return the width of a label in inches."""
    return text_width([text], fontsize=LABEL_SIZE) + 0.05 if text else 0.0


def timeline_layout(timeline: Timeline, width: float) -> Layout:
    """Place the marks of a timeline on lanes of some width in inches.

    In a lane, a mark with its label takes the first row in which it meets no other; a label stands to the
    right of its mark, or to the left where the axis would end within it, as far as there is
    room.  Ticks of one lane share a row.
    """
    scale = Scale(timeline=timeline, width=width)
    rooms = [_line_room(line, scale) for line in timeline.lines]
    rows, n_rows = _rows([room[:2] for room in rooms])
    lines = [
        PlacedLine(line=line, y=-(n_rows - 1 - row + 0.5) * ROW, side=room[2], text=room[3])
        for line, room, row in zip(timeline.lines, rooms, rows, strict=True)
    ]
    head = n_rows * ROW
    top = -head - LANE_GAP
    lanes: list[PlacedLane] = []
    marks: list[PlacedMark] = []
    before = ""
    for part, name in timeline.lanes:
        top -= PART_GAP if before and _heading(part, name) != before else 0.0
        before = _heading(part, name)
        mine = [mark for mark in timeline.marks if (mark.part, mark.lane) == (part, name)]
        placed, depth = _placed(mine, scale, top)
        text = wrapped(name, NAME_LETTERS)
        bottom = top - max(depth * ROW, n_lines(text) * NAME_LINE + 0.02)
        lanes.append(PlacedLane(part=part, name=text, top=top, bottom=bottom, y=top - ROW / 2))
        marks += placed
        top = bottom - LANE_GAP
    return Layout(lanes=tuple(lanes), marks=tuple(marks), lines=tuple(lines), head=head, height=-top)


def _heading(part: str, name: str) -> str:
    """Return what lanes between two gaps have in common: the part, or the kind of record."""
    return name.partition(":")[0] if part == "record" else part


def _placed(marks: Sequence[Mark], scale: Scale, top: float) -> tuple[list[PlacedMark], int]:
    """Return the marks of a lane with their rows, and the number of rows."""
    groups: dict[tuple[object, ...], list[Mark]] = {}
    ticks = [mark for mark in marks if mark.look in TICKS and not mark.label]
    for place, mark in enumerate(marks):
        if mark not in ticks:
            groups.setdefault(_group(place, mark, marks), []).append(mark)
    rooms = {key: [_room(mark, scale) for mark in members] for key, members in groups.items()}
    spans = {key: (min(r[0] for r in found), max(r[1] for r in found)) for key, found in rooms.items()}
    order = sorted(groups, key=lambda key: min(mark.begin for mark in groups[key]))
    rows, depth = _rows([spans[key] for key in order])
    placed = [
        PlacedMark(mark=mark, y=top - (row + 0.5) * ROW, side=room[2], text=room[3])
        for key, row in zip(order, rows, strict=True)
        for mark, room in zip(groups[key], rooms[key], strict=True)
    ]
    placed += [PlacedMark(mark=mark, y=top - 0.5 * ROW, side="right", text="") for mark in ticks]
    return placed, max(depth, 1)


def _group(place: int, mark: Mark, marks: Sequence[Mark]) -> tuple[object, ...]:
    """Return what marks that stay in one row have in common: a record with a thin line between its marks."""
    record = (mark.table, mark.source, mark.source_row)
    joined = {(item.table, item.source, item.source_row) for item in marks if item.look in JOINING}
    return record if record in joined else (place,)


def _room(mark: Mark, scale: Scale) -> Room:
    """Return the left and right end that a mark with its label takes, and the side of the label."""
    end = mark.end or mark.begin
    start = 0.0 if mark.open == "start" else max(scale.inches(mark.begin.first), 0.0)
    stop = scale.width if mark.open == "end" else scale.inches(end.last)
    return _with_label(start - MARK / 2, stop + MARK / 2, mark.label, scale.width)


def _line_room(line: Line, scale: Scale) -> Room:
    """Return what a line takes of the rows above the lanes, with its words."""
    low, high = scale.inches(line.days.first), scale.inches(line.days.last)
    return _with_label(low, high, line.label, scale.width)


def _with_label(low: float, high: float, label: str, width: float) -> Room:
    """Put a label where it fits, also inside a long mark; one that fits nowhere is cut.

    The data and the tables have all of it.
    """
    room = label_width(label)
    if not room or high + room <= width:
        return low, high + room, "right", label
    if low - room >= 0:
        return low - room, high, "left", label
    if high - low >= room + MARK:
        return low, high, "inside", label
    left = low > width - high
    space = max(low if left else width - high, 0.0)
    text = label[: max(int(len(label) * space / room) - 2, 0)].rstrip() + "\u2026"
    return (0.0, high, "left", text) if left else (low, width, "right", text)


def _rows(rooms: Sequence[tuple[float, float]]) -> tuple[list[int], int]:
    """Return the first row without a clash for each room in order, and how many rows there are."""
    taken: list[list[tuple[float, float]]] = []
    rows = []
    for low, high in rooms:
        row = next(
            (
                place
                for place, others in enumerate(taken)
                if all(high <= other[0] or low >= other[1] for other in others)
            ),
            len(taken),
        )
        if row == len(taken):
            taken.append([])
        taken[row].append((low, high))
        rows.append(row)
    return rows, len(taken)


def axis_day(timeline: Timeline, day: dt.date) -> float:
    """Return a day in the unit of the axis."""
    days: int = (day - timeline.origin).days
    return days / UNIT_DAYS[timeline.unit]
