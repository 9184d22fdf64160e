"""Means of a score by visit with their limits, one line an arm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.lines import Line2D

from skeletal.errors import InvalidArgument, name_some
from skeletal_reports.style import arm_styles, style_context
from skeletal_reports.tables.format import format_interval, format_number

from .curves import draw_time_axis
from .named import NamedFigure
from .sheet import LINE, MARGIN, add_axes, balanced, n_lines, new_figure, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skeletal.arrays import BoolArray, FloatArray
    from skeletal_reports.style import ArmStyle

    from .time_axis import TimeAxis

NEEDED = ("arm", "visit", "day", "n", "estimate", "lower", "upper")
WIDTH, PLOT_HEIGHT = 7.0, 2.7
LABEL_LETTERS, TITLE_LETTERS = 20, 40
LEAST_APART = 0.3  # inches between numbers of values
APART = 0.012  # of the axis: arms stand beside each other at a visit


def draw_means(
    ax: Axes, means: pd.DataFrame, *, axis: TimeAxis, style: ArmStyle, label: str, shift: float = 0.0
) -> Axes:
    """Draw one arm's means as points, joined, with a vertical line for the limits of each.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    means : DataFrame
        Of one arm: ``day estimate lower upper``.
    axis : TimeAxis
        Gives the unit.
    style : ArmStyle
        Colour and line style of the arm.
    label : str
        Words for the legend.
    shift : float
        Moves the arm sideways, in the unit shown, so that limits do not cover each other.

    Returns
    -------
    Axes
        ``ax``, with one line more (``gid`` "means") and one line a visit with limits (``gid`` "limits").
    """
    place = axis.scale(means["day"]) + shift
    ax.plot(
        place,
        means["estimate"],
        color=style.colour,
        linestyle=style.line,
        linewidth=1.2,
        marker="o",
        markersize=4,
        label=label,
        gid="means",
        zorder=3,
    )
    for x, low, high in zip(place, means["lower"], means["upper"], strict=True):
        if np.isfinite(low) and np.isfinite(high):
            ax.plot([x, x], [low, high], color=style.colour, linewidth=1.2, gid="limits", zorder=2)
    return ax


def means_figure(
    means: pd.DataFrame,
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    axis: TimeAxis,
    conf_level: float = 0.95,
    notes: str = "",
) -> NamedFigure:
    """Draw the mean of a score by visit and arm with its confidence limits, and the values behind it.

    Parameters
    ----------
    means : DataFrame
        ``arm visit day n estimate lower upper``; NaN where not estimable.
    name : str
        File name without ending.
    title : str
        The score in words: the label of the vertical axis.
    labels : mapping of str to str
        Every arm of the study, control first -> its words.
    axis : TimeAxis
        Ticks and unit.
    conf_level : float
        Of the limits.
    notes : str
        Sentences at the end of the caption.

    Returns
    -------
    NamedFigure
        With ``means`` as its data.

    Raises
    ------
    InvalidArgument
        If a column is absent, or no mean is estimable.
    """
    if absent := [column for column in NEEDED if column not in means]:
        raise InvalidArgument(f"means need the column(s) {name_some(absent)}")
    if not means["estimate"].notna().any():
        raise InvalidArgument("no mean is estimable. Leave the figure out where nothing was observed.")
    arms = {arm: text for arm, text in labels.items() if means["arm"].eq(arm).any()}
    with style_context():
        figure = _compose(means, arms, list(labels), axis, title)
    level = f"{100 * conf_level:g}%"
    limits = f" with {level} confidence limits" if means["lower"].notna().any() else ""
    what = f"{title}: mean by visit{limits}."
    words = [what, "Numbers below: values that count, at the visits with room for them.", notes]
    return NamedFigure(
        name=name,
        figure=figure,
        caption=" ".join(word for word in words if word),
        alt=f"Means of {title} by visit with limits: {'; '.join(_alt(means, arms))}.",
        data=means.reset_index(drop=True),
    )


def _alt(means: pd.DataFrame, arms: Mapping[str, str]) -> list[str]:
    found = means.loc[means["arm"].isin(list(arms))].to_dict("records")
    shown = (format_interval(row["estimate"], row["lower"], row["upper"], 1) for row in found)
    return [f"{arms[row['arm']]}, {row['visit']}: {text}" for row, text in zip(found, shown, strict=True)]


def _roomy(places: FloatArray, least: float) -> BoolArray:
    """Mark the places, from the last one back, whose numbers do not run into each other."""
    keep = np.zeros(len(places), dtype=np.bool_)
    later = np.inf
    for position in reversed(range(len(places))):
        if later - places[position] >= least:
            keep[position] = True
            later = places[position]
    return keep


def _compose(
    means: pd.DataFrame, arms: Mapping[str, str], every: list[str], axis: TimeAxis, title: str
) -> Figure:
    styles = arm_styles(every)
    rows = {arm: wrapped(text, LABEL_LETTERS) for arm, text in arms.items()}
    pitch = LINE * max(map(n_lines, rows.values())) + 0.03
    table = pitch * len(rows)
    left = max(text_width(rows.values()) + MARGIN + 0.32, 0.85)
    bottom, height = table + 0.82, table + 0.82 + PLOT_HEIGHT + 0.36
    figure = new_figure(WIDTH, height)
    ax = add_axes(figure, left, bottom, WIDTH - left - 0.3, PLOT_HEIGHT, label="means")
    below = add_axes(figure, left, 0.06, WIDTH - left - 0.3, table, sharex=ax, label="numbers")
    below.set_ylim(-len(rows) + 0.5, 0.5)
    below.set_axis_off()
    wide = float(axis.positions[-1])
    for place, (arm, text) in enumerate(arms.items()):
        found = means.loc[means["arm"] == arm].sort_values("day")
        shift = APART * wide * (place - (len(arms) - 1) / 2)
        draw_means(ax, found, axis=axis, style=styles[arm], label=text, shift=shift)
        roomy = _roomy(axis.scale(found["day"]), wide * LEAST_APART / (WIDTH - left - 0.3))
        for x, n in zip(axis.scale(found["day"])[roomy], found["n"][roomy], strict=True):
            below.text(
                x,
                -place,
                format_number(n),
                ha="center",
                va="center_baseline",
                fontsize=8,
                color=styles[arm].colour,
                gid="n",
            )
        y = (0.06 + table - pitch * (place + 0.5)) / height
        va = "center_baseline" if n_lines(rows[arm]) == 1 else "center"
        colour = styles[arm].colour
        figure.text(
            MARGIN / WIDTH, y, rows[arm], fontsize=8.5, va=va, color=colour, linespacing=1.0, gid="arm-name"
        )
    figure.text(
        MARGIN / WIDTH, (table + 0.16) / height, "Number of values", fontsize=8.5, va="center", weight="bold"
    )
    draw_time_axis(ax, axis)
    ax.set_xlim(-0.01 * wide, 1.02 * wide)
    ax.set_ylabel(balanced(title, TITLE_LETTERS))
    if len(every) > 1:
        handles = [
            Line2D([], [], color=styles[arm].colour, ls=styles[arm].line, marker="o", ms=4, label=text)
            for arm, text in arms.items()
        ]
        ax.legend(
            handles=handles,
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            ncols=len(handles),
            borderaxespad=0.4,
        )
    return figure
