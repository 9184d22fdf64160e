"""Curves and numbers at risk, drawn from results: nothing is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal_reports.style import GREY
from skeletal_reports.tables.format import format_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from skeletal.arrays import FloatArray
    from skeletal.results import Curve
    from skeletal_reports.style import ArmStyle

    from .time_axis import TimeAxis


def from_zero(curve: Curve, name: str) -> FloatArray:
    """Return an array of a curve with its value at time zero in front."""
    values: FloatArray = getattr(curve, name)
    return np.insert(values, 0, 0.0 if name == "time" else curve.start)


def draw_curve(
    ax: Axes, curve: Curve, *, axis: TimeAxis, style: ArmStyle, label: str, band: bool = True
) -> Axes:
    """Draw one arm's step curve, to its last observed time, with its pointwise limits.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    curve : Curve
        Times in days.
    axis : TimeAxis
        Gives the unit.
    style : ArmStyle
        Colour and line style of the arm.
    label : str
        Words for the legend.
    band : bool
        Shade the limits, where they are estimable.

    Returns
    -------
    Axes
        ``ax``, with one line more (``gid`` "curve") and, with ``band``, one area more.
    """
    time = axis.scale(from_zero(curve, "time"))
    if band:
        ax.fill_between(
            time,
            from_zero(curve, "lower"),
            from_zero(curve, "upper"),
            step="post",
            color=style.colour,
            alpha=0.13,
            linewidth=0,
            zorder=1,
        )
    ax.plot(
        time,
        from_zero(curve, "estimate"),
        drawstyle="steps-post",
        color=style.colour,
        linestyle=style.line,
        label=label,
        gid="curve",
        zorder=3,
    )
    return ax


def draw_censored(ax: Axes, curve: Curve, *, axis: TimeAxis, style: ArmStyle) -> Axes:
    """Mark the times at which subjects were censored on the curve of an arm.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    curve : Curve
        Times in days.
    axis : TimeAxis
        Gives the unit.
    style : ArmStyle
        Colour of the arm.

    Returns
    -------
    Axes
        ``ax``, with one line of marks more (``gid`` "censored").
    """
    censored = curve.n_censored > 0
    ax.plot(
        axis.scale(curve.time[censored]),
        curve.estimate[censored],
        linestyle="none",
        marker="|",
        markersize=6,
        markeredgewidth=0.9,
        color=style.colour,
        clip_on=False,
        gid="censored",
        zorder=4,
    )
    return ax


def draw_at_risk(
    ax: Axes, curves: Mapping[str, Curve], *, axis: TimeAxis, styles: Mapping[str, ArmStyle]
) -> Axes:
    """Write the subjects at risk just before each tick, one row an arm, under the ticks.

    A number counts the subjects whose time is at or after the tick (as R's survfit and SAS).

    Parameters
    ----------
    ax : Axes
        Its own axes, whose x axis is that of the curves; row ``k`` from the top lies at ``y = -k``.
    curves : mapping of str to Curve
        Arm -> curve.
    axis : TimeAxis
        The ticks.
    styles : mapping of str to ArmStyle
        Arm -> style; numbers are in the colour of their arm.

    Returns
    -------
    Axes
        ``ax``, with one text (``gid`` "at-risk") an arm and tick.
    """
    for row, (arm, curve) in enumerate(curves.items()):
        counts = curve.at(axis.times).n_at_risk
        for position, count in zip(axis.positions, counts, strict=True):
            ax.text(
                position,
                -row,
                format_number(count),
                ha="center",
                va="center_baseline",
                fontsize=8.5,
                color=styles[arm].colour,
                gid="at-risk",
            )
    return ax


def draw_time_axis(ax: Axes, axis: TimeAxis) -> Axes:
    """Put ticks, their words and the label on the time axis, and faint lines up from the ticks.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    axis : TimeAxis
        The ticks.

    Returns
    -------
    Axes
        ``ax``.
    """
    ax.set_xticks(axis.positions, axis.tick_labels)
    ax.set_xlabel(axis.label)
    ax.grid(visible=True, axis="x", color=GREY, alpha=0.18, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax
