"""The flow of participants drawn as boxes (CONSORT)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import FancyArrowPatch, Rectangle

from skeletal_reports.style import INK, arm_styles, style_context
from skeletal_reports.tables.format import format_number

from .named import NamedFigure
from .sheet import add_axes, new_figure, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .flow import ArmFlow, Flow, Reasons

LEAST_WIDTH, ARM_WIDTH, GAP = 7.0, 2.15, 0.2
LINE, PAD, DROP = 0.152, 0.08, 0.26
FONT = 8.0
LETTER = 0.064  # inches a letter of 8 points takes, on average


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    """Lines of text in a box whose width is given; the height follows from the lines."""

    x: float
    width: float
    lines: tuple[str, ...]
    colour: str = INK

    @property
    def text(self) -> list[str]:
        """Lines broken to the width; the first is the heading."""
        letters = int((self.width - 2 * PAD) / LETTER)
        found: list[str] = []
        for row, line in enumerate(self.lines):
            depth = len(line) - len(line.lstrip())
            hanging = 2 if row else 0
            first, *rest = wrapped(line.strip(), letters - depth - hanging).split("\n")
            found += [" " * depth + first, *(" " * (depth + hanging) + part for part in rest)]
        return found

    @property
    def n_heading(self) -> int:
        """Lines that the heading takes."""
        return len(_Box(x=0, width=self.width, lines=self.lines[:1]).text)

    @property
    def height(self) -> float:
        return LINE * len(self.text) + 2 * PAD


def _counted(text: str, n: int) -> str:
    return f"{text} (n\u00a0=\u00a0{format_number(n)})"


def _reasons(reasons: Reasons) -> list[str]:
    return [f"  {_counted(text, n)}" for text, n in reasons]


def _allocation(arm: ArmFlow, *, pooled: bool) -> tuple[str, ...]:
    lines = [_counted(arm.label if pooled else f"Allocated to {arm.label}", arm.n_allocated)]
    if arm.n_treated:
        lines.append(_counted("Treatment date recorded", arm.n_treated))
    if arm.n_treated is not None:
        lines.append(_counted("No treatment date", arm.n_allocated - arm.n_treated))
    return tuple(lines)


def _follow_up(arm: ArmFlow) -> tuple[str, ...]:
    lines = [
        "Follow-up",
        _counted("Continuing", arm.n_ongoing),
        _counted("Completed", arm.n_completed),
        _counted("Died", arm.n_died),
        _counted("Lost to follow-up", arm.n_lost),
        _counted("Withdrew", arm.n_withdrew),
    ]
    if arm.n_died_later:
        lines.append(_counted("Died later", arm.n_died_later))
    return tuple(lines)


def _analysis(arm: ArmFlow) -> tuple[str, ...]:
    lines = [_counted("Analysed", arm.n_analysed)]
    if arm.n_excluded:
        lines += [_counted("Excluded", arm.n_excluded), *_reasons(arm.excluded)]
    return tuple(lines)


def consort_figure(flow: Flow, *, name: str = "flow") -> NamedFigure:
    """Draw the flow of participants from screening to analysis, one column an arm.

    Parameters
    ----------
    flow : Flow
        From :func:`participant_flow`.
    name : str
        File name without ending.

    Returns
    -------
    NamedFigure
        With the counts of ``flow`` as its data.

    References
    ----------
    Hopewell S et al., CONSORT 2025 statement, PLoS Med 2025, figure 1.
    """
    with style_context():
        figure = _compose(flow)
    arms = "; ".join(
        f"{arm.label}: {arm.n_allocated} allocated, {arm.n_died} died, {arm.n_withdrew} withdrew, "
        f"{arm.n_lost} lost, {arm.n_analysed} analysed"
        for arm in flow.arms
    )
    screened = f"{flow.screening.n_screened} screened, " if flow.screening else ""
    caption = [
        f"Flow of participants. Analysis: {flow.estimand}.",
        "Follow-up: the first of death, withdrawal, loss and completion.",
        "Died later: deaths known after completion, withdrawal or loss."
        if any(arm.n_died_later for arm in flow.arms)
        else "",
        *flow.notes,
    ]
    return NamedFigure(
        name=name,
        figure=figure,
        caption=" ".join(sentence for sentence in caption if sentence),
        alt=f"Flow diagram of participants: {screened}{flow.n_randomised} randomised. {arms}.",
        data=flow.to_frame(),
    )


def draw_box(ax: Axes, box: _Box, top: float) -> float:
    """Draw a box whose upper edge is at ``top``; return the height of its lower edge."""
    bottom = top - box.height
    ax.add_patch(
        Rectangle(
            (box.x, bottom), box.width, box.height, facecolor="white", edgecolor=box.colour, linewidth=1.0
        )
    )
    for place, line in enumerate(box.text):
        ax.text(
            box.x + PAD + LETTER * 0.5 * (len(line) - len(line.lstrip())),
            top - PAD - LINE * (place + 0.5),
            line.strip(),
            va="center_baseline",
            fontsize=FONT,
            weight="bold" if place < box.n_heading else "normal",
            gid="box-text",
        )
    return bottom


def _line(ax: Axes, start: tuple[float, float], end: tuple[float, float], *, arrow: bool = True) -> None:
    style: dict[str, Any] = {"color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
    shape = "-|>" if arrow else "-"
    ax.add_patch(FancyArrowPatch(start, end, arrowstyle=shape, mutation_scale=8, **style))


def _compose(flow: Flow) -> Figure:
    n_arms = len(flow.arms)
    width = max(LEAST_WIDTH, n_arms * (ARM_WIDTH + GAP) + GAP)
    column = min((width - GAP) / n_arms - GAP, 3.1)
    left = (width - n_arms * column - (n_arms - 1) * GAP) / 2
    places = [left + arm * (column + GAP) for arm in range(n_arms)]
    styles = arm_styles([arm.arm for arm in flow.arms])
    stages = [
        [
            _Box(x=x, width=column, lines=lines, colour=styles[arm.arm].colour)
            for x, arm, lines in zip(places, flow.arms, texts, strict=True)
        ]
        for texts in (
            [_allocation(arm, pooled=n_arms == 1) for arm in flow.arms],
            [_follow_up(arm) for arm in flow.arms],
            [_analysis(arm) for arm in flow.arms],
        )
    ]
    head = _head(flow, width)
    heights = [max(box.height for box in stage) for stage in stages]
    height = 0.2 + sum(box.height + DROP for box in head) + sum(heights) + (3 if n_arms > 1 else 2) * DROP
    figure = new_figure(width, height)
    ax = add_axes(figure, 0, 0, width, height, label="flow")
    ax.set_xlim(0, width)
    ax.set_ylim(0, height)
    ax.set_axis_off()
    bottom = _draw_head(ax, head, height - 0.1)
    _draw_stages(ax, stages, heights, start=(width / 2, bottom))
    return figure


def _head(flow: Flow, width: float) -> list[_Box]:
    """Boxes above the arms: screened, not randomised (to the right), randomised."""
    boxes = []
    if flow.screening is not None:
        screening = flow.screening
        boxes.append(_Box(x=width / 2 - 0.95, width=1.9, lines=(_counted("Screened", screening.n_screened),)))
        lines = (_counted("Not randomised", screening.n_excluded), *_reasons(screening.reasons))
        boxes.append(_Box(x=width / 2 + 0.35, width=width / 2 - 0.35 - GAP, lines=lines))
    boxes.append(_Box(x=width / 2 - 0.95, width=1.9, lines=(_counted("Randomised", flow.n_randomised),)))
    return boxes


def _draw_head(ax: Axes, boxes: Sequence[_Box], top: float) -> float:
    middle = boxes[-1].x + boxes[-1].width / 2
    if len(boxes) == 1:
        return draw_box(ax, boxes[0], top)
    bottom = draw_box(ax, boxes[0], top)
    beside = bottom - DROP
    side_bottom = draw_box(ax, boxes[1], beside)
    _line(ax, (middle, bottom), (middle, side_bottom - DROP))
    level = (beside + side_bottom) / 2
    _line(ax, (middle, level), (boxes[1].x, level))
    return draw_box(ax, boxes[2], side_bottom - DROP)


def _draw_stages(
    ax: Axes, stages: Sequence[Sequence[_Box]], heights: Sequence[float], *, start: tuple[float, float]
) -> None:
    middles = [box.x + box.width / 2 for box in stages[0]]
    bus = start[1] - DROP
    if len(middles) > 1:
        _line(ax, start, (start[0], bus), arrow=False)
        _line(ax, (middles[0], bus), (middles[-1], bus), arrow=False)
    top = (bus if len(middles) > 1 else start[1]) - DROP
    tops = [top + DROP] * len(middles)
    for stage, height in zip(stages, heights, strict=True):
        for place, box in enumerate(stage):
            _line(ax, (middles[place], tops[place]), (middles[place], top))
            tops[place] = draw_box(ax, box, top)
        top -= height + DROP
