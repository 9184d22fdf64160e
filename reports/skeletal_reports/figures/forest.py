"""Forest figures: ratios with their limits on a log scale, and the numbers beside them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from skeletal.errors import InvalidArgument, name_some
from skeletal_reports.style import GREY, INK, PALETTE, style_context
from skeletal_reports.tables.format import NOT_ESTIMABLE, format_interval, format_p_value

from .named import NamedFigure
from .sheet import LINE, MARGIN, add_axes, n_lines, new_figure, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEEDED = ("label", "events", "ratio", "lower", "upper", "p_value")
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
WIDE_TICKS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # where those would touch
WIDTH, GAP = 7.2, 0.16
HEADERS = ("Comparison", "Events/subjects", "Ratio (95% CI)", "p-value")
LABEL_LETTERS, FAVOURS_LETTERS = 30, 26


def draw_forest(ax: Axes, effects: pd.DataFrame, *, limits: tuple[float, float]) -> Axes:
    """Draw each ratio as a square and its limits as a line, row ``k`` from the top at ``y = -k``.

    A limit beyond the axis ends in an arrow head; a ratio that is not estimable is the word NE.

    Parameters
    ----------
    ax : Axes
        Drawn on.
    effects : DataFrame
        Columns ``ratio lower upper``.
    limits : tuple of float
        Ends of the axis.

    Returns
    -------
    Axes
        ``ax``; the lines of row ``k`` have the ``gid`` "interval-k", the squares "ratio-k".
    """
    low, high = limits
    ax.set_xscale("log")
    ax.axvline(1.0, color=INK, linewidth=0.9, zorder=1)
    colour = PALETTE[0].colour
    for row, (ratio, lower, upper) in enumerate(
        zip(effects["ratio"], effects["lower"], effects["upper"], strict=True)
    ):
        if not math.isfinite(ratio):
            ax.text(1.0, -row, NOT_ESTIMABLE, ha="center", va="center", fontsize=8.5, color=GREY)
            ax.texts[-1].set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.5})
            continue
        if math.isfinite(lower) and math.isfinite(upper):
            ends = [min(max(lower, low), high), min(max(upper, low), high)]
            ax.plot(ends, [-row, -row], color=colour, linewidth=1.4, gid=f"interval-{row}", zorder=2)
            for end, marker, beyond in ((low, "<", lower < low), (high, ">", upper > high)):
                if beyond:
                    ax.plot([end], [-row], marker=marker, markersize=5, color=colour, clip_on=False)
        if low <= ratio <= high:
            ax.plot([ratio], [-row], marker="s", markersize=6, color=colour, gid=f"ratio-{row}", zorder=3)
    ax.set_xlim(low, high)
    return ax


def forest_figure(
    effects: pd.DataFrame,
    *,
    name: str,
    title: str,
    favours: tuple[str, str],
    notes: str = "",
) -> NamedFigure:
    """Draw ratios with 95% limits on a log scale, the numbers printed beside them.

    Parameters
    ----------
    effects : DataFrame
        One row an effect, top to bottom: ``label``, ``events`` (text, such as "29/120"), ``ratio``,
        ``lower``, ``upper``, ``p_value``; NaN where not estimable.
    name : str
        File name without ending.
    title : str
        What the ratios are, for the caption.
    favours : tuple of str
        Words for the arm that a ratio below 1 favours, and for the one above 1.
    notes : str
        Sentences at the end of the caption.

    Returns
    -------
    NamedFigure
        With ``effects`` as its data.

    Raises
    ------
    InvalidArgument
        If a column is absent, or there is no row.

    Notes
    -----
    R: forestplot::forestplot(xlog = TRUE).  SAS: PROC SGPLOT with HIGHLOW and YAXISTABLE.
    """
    if absent := [column for column in NEEDED if column not in effects]:
        raise InvalidArgument(f"effects need the column(s) {name_some(absent)}")
    if effects.empty:
        raise InvalidArgument("effects has no row. Leave the figure out where nothing is compared.")
    with style_context():
        figure = _compose(effects, favours)
    words = [
        f"{title}.",
        f"Squares: ratio; lines: 95% confidence limits, on a log scale. Below 1 favours {favours[0]}.",
        "NE: not estimable." if effects["ratio"].isna().any() else "",
        notes,
    ]
    return NamedFigure(
        name=name,
        figure=figure,
        caption=" ".join(word for word in words if word),
        alt=f"Forest plot of {title}: {'; '.join(_row_words(effects))}.",
        data=effects.reset_index(drop=True),
    )


def _texts(effects: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the printed columns: label, events, ratio with limits, p."""
    return [
        (
            wrapped(str(row["label"]), LABEL_LETTERS),
            str(row["events"]),
            format_interval(row["ratio"], row["lower"], row["upper"]),
            format_p_value(row["p_value"]),
        )
        for row in effects.to_dict("records")
    ]


def _row_words(effects: pd.DataFrame) -> list[str]:
    return [
        f"{str(label).replace(chr(10), ' ')} {ratio}, p {p}"
        for label, _, ratio, p in (
            (row["label"], "", format_interval(row["ratio"], row["lower"], row["upper"]), p)
            for row, p in zip(
                effects.to_dict("records"), map(format_p_value, effects["p_value"]), strict=True
            )
        )
    ]


def _limits(effects: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis: the round ratios around all finite limits, at least 0.5 to 2."""
    values = np.concatenate([effects[column].to_numpy(dtype=float) for column in ("ratio", "lower", "upper")])
    values = values[np.isfinite(values) & (values > 0)]
    lowest, highest = min([0.5, *values]), max([2.0, *values])
    low = max([tick for tick in TICKS if tick <= lowest], default=TICKS[0])
    high = min([tick for tick in TICKS if tick >= highest], default=TICKS[-1])
    return low, high


def _compose(effects: pd.DataFrame, favours: tuple[str, str]) -> Figure:
    texts = _texts(effects)
    widths = [
        max(text_width([text[column] for text in texts]), text_width([HEADERS[column]], weight="bold"))
        for column in range(4)
    ]
    pitch = max(LINE * max(n_lines(text[0]) for text in texts) + 0.1, 0.26)
    table = pitch * len(texts)
    words = [wrapped(f"Favours {text}", FAVOURS_LETTERS) for text in favours]
    under = 0.42 + LINE * max(map(n_lines, words))
    height = MARGIN + 0.3 + table + under + MARGIN
    left = MARGIN + widths[0] + GAP + widths[1] + 2 * GAP
    right = MARGIN + widths[3] + GAP + widths[2] + 2 * GAP
    figure = new_figure(max(WIDTH, left + right + 2.2), height)
    width = figure.get_size_inches()[0]
    ax = add_axes(figure, left, under + MARGIN, width - left - right, table, label="forest")
    ax.set_ylim(-len(texts) + 0.5, 0.5)
    draw_forest(ax, effects, limits=_limits(effects))
    _log_ticks(ax)
    edges = (
        MARGIN,
        MARGIN + widths[0] + GAP + widths[1],
        width - MARGIN - widths[3] - GAP,
        width - MARGIN,
    )
    _print_columns(
        figure,
        texts,
        edges=[edge / width for edge in edges],
        top=(under + MARGIN + table) / height,
        pitch=pitch / height,
    )
    _draw_favours(ax, words, table)
    return figure


def _log_ticks(ax: Axes) -> None:
    low, high = ax.get_xlim()
    ticks = [tick for tick in (WIDE_TICKS if high / low > 100 else TICKS) if low <= tick <= high]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_locator(NullLocator())
    ax.spines["left"].set_visible(False)


def _print_columns(
    figure: Figure, texts: Sequence[tuple[str, ...]], *, edges: Sequence[float], top: float, pitch: float
) -> None:
    """Print headers and rows: the label from its left edge, numbers to their right edge."""
    style: dict[str, Any] = {"fontsize": 8.5, "va": "center_baseline"}
    height = figure.get_size_inches()[1]
    for column, edge in enumerate(edges):
        ha = "left" if column == 0 else "right"
        figure.text(edge, top + 0.16 / height, HEADERS[column], ha=ha, weight="bold", **style)
        for row, text in enumerate(texts):
            y = top - pitch * (row + 0.5)
            figure.text(edge, y, text[column], ha=ha, gid=f"cell-{row}-{column}", linespacing=1.0, **style)


def _draw_favours(ax: Axes, words: Sequence[str], table: float) -> None:
    """Draw an arrow to each side of the reference line, below the ticks, with its words."""
    low, high = ax.get_xlim()
    middle = math.log(1 / low) / math.log(high / low)
    y = -0.3 / table
    for text, end, place in ((words[0], 0.0, -1), (words[1], 1.0, 1)):
        arrow = {"arrowstyle": "->", "color": GREY, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0}
        start = middle + place * 0.02
        ax.annotate("", (end, y), (start, y), xycoords="axes fraction", arrowprops=arrow)
        ax.text(
            start,
            y - 0.06 / table,
            text,
            transform=ax.transAxes,
            ha="right" if place < 0 else "left",
            va="top",
            fontsize=8,
            linespacing=1.0,
            gid="favours",
        )
