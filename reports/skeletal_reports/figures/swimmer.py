"""Swimmer plots: one bar a subject, as long as it was observed, with its events."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from skeletal_reports.style import GREY, INK, PAPER, arm_styles, style_context
from skeletal_reports.tables.format import format_number

from .named import NamedFigure
from .sheet import LINE, add_axes, n_lines, new_figure, text_width, wrapped
from .swimmer_facts import swimmer_facts
from .time_axis import time_axis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skeletal.outcomes import Outcomes
    from skeletal.study import Study
    from skeletal_reports.style import ArmStyle

    from .swimmer_facts import Swimmer
    from .time_axis import TimeAxis

WIDTH, RIGHT, TITLE, AXIS = 7.0, 0.2, 0.24, 0.5
MOST_NAMED = 60  # subjects whose ids are written
ROW, TALLEST = 0.135, 7.6  # inches: a row with its id; all rows together without
NAME_SIZE, LEGEND_SIZE, LEGEND_COLUMNS, LEGEND_LETTERS = 6.5, 7.5, 2, 50
LOWER = 0.22  # of a row
SMALL = 3.0  # points: smaller marks have no rim, and their bars no gap
EPISODES = (
    ("o", "#0072B2"),
    ("s", "#C24A00"),
    ("^", "#007A5A"),
    ("D", "#A6407A"),
    ("v", "#7A5C00"),
    ("p", "#4D4D4D"),
    ("h", "#004A73"),
    ("<", "#7A2F00"),
)
INTERCURRENT = ("o", "s", "^", "D", "v", "p")
END_MARKS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "death": ("Died", "X", INK),
        "competing": ("Other competing event", "P", INK),
        "followed": ("Still followed", ">", GREY),
        "seen": ("Last seen", ">", PAPER),
        "lost": ("Withdrew or lost to follow-up", "o", PAPER),
        "ended": ("Follow-up ended", "|", INK),
    }
)


def draw_swimmer(
    ax: Axes, facts: Swimmer, arm: str, *, axis: TimeAxis, style: ArmStyle, size: float = 5.0
) -> Axes:
    """Draw the bars of one arm from the longest down, with their events and ends.

    Parameters
    ----------
    ax : Axes
        Drawn on; bar ``k`` from the top lies at ``y = -k``.
    facts : Swimmer
        All subjects.
    arm : str
        The arm drawn.
    axis : TimeAxis
        Gives the unit.
    style : ArmStyle
        Colour of the bars.
    size : float
        Size of the marks in points.

    Returns
    -------
    Axes
        ``ax``; the bars have the ``gid`` "bars", the marks of one component, intercurrent event or end
        share a line with "episode: name", "intercurrent: name" or "end: name".
    """
    bars = facts.bars.loc[(facts.bars["arm"] == arm).to_numpy(dtype=bool)]
    place = {name: -row for row, name in enumerate(bars["subject_id"])}
    times = axis.scale(bars["time"].to_numpy(dtype=np.float64))
    rows = -np.arange(len(bars))
    thin = size < SMALL
    ax.barh(rows, times, height=1.0 if thin else 0.72, color=style.colour, alpha=0.32, linewidth=0)
    ax.hlines(rows, 0, times, color=style.colour, linewidth=0.0 if thin else 0.35, gid="bars")
    looks = sorted(_looks(facts, size).items(), key=lambda item: item[0][0], reverse=True)
    for (kind, name), look in looks:  # episodes above intercurrent events, which stand a little lower
        chosen = (facts.marks["kind"] == kind) & (facts.marks["name"] == name)
        found = facts.marks.loc[(chosen & facts.marks["subject_id"].isin(list(place))).to_numpy(dtype=bool)]
        x = axis.scale(found["time"].to_numpy(dtype=np.float64))
        y = np.array([place[item] for item in found["subject_id"]], dtype=np.float64)
        _points(ax, x, y - (LOWER if kind == "intercurrent" else 0.0), f"{kind}: {name}", look)
    for end, (_, marker, face) in END_MARKS.items():
        mine = (bars["end"] == end).to_numpy(dtype=bool)
        _points(ax, times[mine], rows[mine], f"end: {end}", _look(marker, face, size=size))
    ax.set_ylim(-max(len(bars), 1) + 0.4, 0.6)
    ax.set_yticks([])
    return ax


def _points(ax: Axes, x: Any, y: Any, gid: str, look: Mapping[str, Any]) -> None:
    if len(x):
        ax.plot(x, y, linestyle="none", clip_on=False, zorder=4, gid=gid, **look)


def _look(marker: str, face: str, edge: str = INK, *, size: float) -> dict[str, Any]:
    thin = marker == "|"
    return {
        "marker": marker,
        "markersize": size * (1.3 if thin else 1.0),
        "markerfacecolor": face,
        "markeredgecolor": edge,
        "markeredgewidth": min(0.22 * size, 1.6) if thin else min(0.16 * size, 0.8),
    }


def _looks(facts: Swimmer, size: float) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the look of each component and intercurrent event that occurred, in the order of the study."""
    found = {
        (str(kind), str(name)) for kind, name in zip(facts.marks["kind"], facts.marks["name"], strict=True)
    }
    order = list(facts.labels)
    looks = {}
    kinds: tuple[tuple[str, tuple[tuple[str, str] | str, ...]], ...]
    kinds = (("episode", EPISODES), ("intercurrent", INTERCURRENT))
    for kind, shapes in kinds:
        names = [name for which, name in found if which == kind]
        names.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
        for place, name in enumerate(names):
            shape = shapes[place % len(shapes)]
            if isinstance(shape, tuple):
                rim = shape[1] if size < SMALL else PAPER
                looks[kind, name] = _look(shape[0], shape[1], rim, size=size)
            else:
                looks[kind, name] = _look(shape, "#FFE680", size=0.75 * size)
    return looks


def swimmer_figure(
    outcomes: Outcomes, endpoint: str | None = None, *, estimand: str | None = None, name: str = "swimmer"
) -> NamedFigure:
    """Draw all subjects of a trial, one bar each, with their episodes and what ended observation.

    To see the shape of the data; the ids of up to 60 subjects are written, more are drawn as thin bars.
    It shows arms and single persons, so it belongs to no open report.

    Parameters
    ----------
    outcomes : Outcomes
        From ``derive_outcomes``.
    endpoint : str, optional
        An endpoint of unit subject; the first of which all events are read if absent.
    estimand : str, optional
        One of its estimands of variable "recurrent".
    name : str
        File name without ending.

    Returns
    -------
    NamedFigure
        With ``row subject_id arm kind name time reason`` of every bar end and mark, in days.

    Raises
    ------
    InvalidArgument
        As ``swimmer_facts``.
    """
    facts = swimmer_facts(outcomes, endpoint, estimand)
    study = outcomes.study
    arms = [arm for arm in study.arm_names if facts.bars["arm"].eq(arm).any()]
    with style_context():
        figure = _compose(facts, study, arms)
    counts = {arm: int(facts.bars["arm"].eq(arm).sum()) for arm in arms}
    sizes = "; ".join(f"{study.arm_label(arm)}: {format_number(n)}" for arm, n in counts.items())
    n_episodes = int((facts.marks["kind"] == "episode").sum())
    return NamedFigure(
        name=name,
        figure=figure,
        caption=(
            f"Time observed and episodes of {facts.endpoint} ({facts.estimand}), one bar a subject, from the "
            f"longest down. Subjects analysed: {sizes}. {format_number(n_episodes)} episodes; intercurrent "
            "events are shown within the time observed."
        ),
        alt=(
            f"Swimmer plot of {len(facts.bars)} subjects with {n_episodes} episodes; "
            f"{int((facts.bars['end'] == 'death').sum())} died."
        ),
        data=facts.to_frame(),
    )


def _compose(facts: Swimmer, study: Study, arms: Sequence[str]) -> Figure:
    n = len(facts.bars)
    row = ROW if n <= MOST_NAMED else TALLEST / n
    size = float(np.clip(72 * row * 0.62, 2.2, 5.0))
    left = 0.15 + text_width(facts.bars["subject_id"], fontsize=NAME_SIZE) if n <= MOST_NAMED else 0.3
    handles = _handles(facts)
    lines = [n_lines(str(handle.get_label())) for handle in handles]
    half = -(-len(lines) // LEGEND_COLUMNS)
    legend = LINE * max(sum(lines[:half]), sum(lines[half:])) + 0.12
    groups = {arm: facts.bars.loc[(facts.bars["arm"] == arm).to_numpy(dtype=bool)] for arm in arms}
    height = sum(TITLE + max(row * len(group), 0.2) for group in groups.values()) + AXIS + legend
    figure = new_figure(WIDTH, height + 0.05)
    axis = time_axis(study, float(facts.bars["time"].max()))
    styles = arm_styles(study.arm_names)
    limit = 1.02 * max(axis.positions[-1], float(axis.scale(facts.bars["time"].max())))
    top = height
    for arm, group in groups.items():
        tall = max(row * len(group), 0.2)
        top -= TITLE + tall
        ax = add_axes(figure, left, top, WIDTH - left - RIGHT, tall, label=arm)
        draw_swimmer(ax, facts, arm, axis=axis, style=styles[arm], size=size)
        ax.set_xlim(-0.012 * limit, limit)
        ax.set_xticks(axis.positions, axis.tick_labels)
        ax.tick_params(axis="x", labelbottom=arm == arms[-1], length=3 if arm == arms[-1] else 0)
        text = f"{study.arm_label(arm)} ({format_number(len(group))} subjects)"
        ax.set_title(text, loc="left", fontsize=8.5, color=styles[arm].colour, weight="bold", pad=3)
        if n <= MOST_NAMED:
            ax.set_yticks(-np.arange(len(group)), group["subject_id"].tolist(), fontsize=NAME_SIZE)
            ax.tick_params(axis="y", length=0, pad=2)
    ax.set_xlabel(axis.label)
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0.005, 0.0),
        ncols=LEGEND_COLUMNS,
        borderaxespad=0.1,
        fontsize=LEGEND_SIZE,
        handlelength=1.4,
        labelspacing=0.35,
    )
    return figure


def _handles(facts: Swimmer) -> list[Line2D]:
    """Return the legend: each component, intercurrent event and end that is drawn."""
    handles = []
    for (kind, name), look in _looks(facts, 5.0).items():
        text = facts.labels.get(name, name)
        label = wrapped(f"Intercurrent: {text}" if kind == "intercurrent" else text, LEGEND_LETTERS)
        handles.append(Line2D([], [], linestyle="none", label=label, **look))
    for end, (label, marker, face) in END_MARKS.items():
        mine = facts.bars.loc[(facts.bars["end"] == end).to_numpy(dtype=bool), "reason"]
        if len(mine):
            reasons = ", ".join(facts.labels.get(item, item) for item in dict.fromkeys(mine))
            text = label if end in ("death", "lost") else f"{label}: {reasons}"
            look = _look(marker, face, size=5.0)
            handles.append(Line2D([], [], linestyle="none", label=wrapped(text, LEGEND_LETTERS), **look))
    return handles
