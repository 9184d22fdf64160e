"""The definition fan: the ratios of the arms under many definitions, above the switches of each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from skeletal.errors import InvalidArgument, name_some
from skeletal_reports.style import GREY, INK, PALETTE, RULE, style_context
from skeletal_reports.tables.format import NOT_ESTIMABLE, format_interval

from .forest import TICKS
from .named import NamedFigure
from .sheet import LINE, MARGIN, add_axes, new_figure, text_width

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, PANEL, GAP, TOP = 7.2, 1.35, 0.18, 0.3
BAND = "#E4E4E4"
PANELS = (("hazard_ratio", "Hazard ratio\nof first event"), ("rate_ratio", "Rate ratio\nof all episodes"))
SWITCHES: Mapping[str, str] = {
    "gap_days": "Gap",
    "gap_anchor": "Gap from the last",
    "asymptomatic": "Asymptomatic events",
    "hypercalcaemia": "Hypercalcaemia",
    "radiotherapy_for_pain": "Radiotherapy for pain",
}
STATES: Mapping[str, str] = {
    "counted": "counted event",
    "any": "any event",
    "with": "counted",
    "without": "not counted",
    "as defined": "counted in part",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Plot:
    """What is drawn: the rows from left to right, and the arm that is compared."""

    rows: pd.DataFrame
    arm: str
    matrix: list[tuple[str, str, Any]]

    @property
    def n(self) -> int:
        """Number of definitions."""
        return len(self.rows)

    def values(self, panel: str) -> dict[str, Any]:
        """Return ratio and limits of a panel."""
        ends = {"ratio": "", "lower": "_lower", "upper": "_upper"}
        return {key: self.rows[f"{panel}{end}/{self.arm}"].to_numpy(dtype=float) for key, end in ends.items()}

    @property
    def sets(self) -> Any:
        """Number of the event set of each definition: the definitions that count the same records."""
        kinds = [name for name in SWITCHES if name in self.rows and not name.startswith("gap")]
        if not kinds:
            return np.zeros(self.n, dtype=int)
        words = self.rows[kinds].astype(str).agg(" ".join, axis=1).to_numpy(dtype=object)
        return np.cumsum([False, *(words[1:] != words[:-1])])


def fan_figure(
    frame: pd.DataFrame,
    *,
    name: str = "definition-fan",
    arm: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> NamedFigure:
    """Draw the hazard and rate ratio under every definition, and what each definition counts.

    Definitions that count the same records stand together, the smallest hazard ratio first; the hazard
    ratio of a first event is drawn once for each such group, as gap and anchor do not touch it.

    Parameters
    ----------
    frame : DataFrame
        From ``skeletal.plan.definition_fan``.
    name : str
        File name without ending.
    arm : str, optional
        The arm that is compared with the control; the first experimental arm if absent.
    labels : mapping of str to str, optional
        Arm or endpoint -> words; the names if absent.

    Returns
    -------
    NamedFigure
        With the rows in the order drawn as its data.

    Raises
    ------
    InvalidArgument
        If the frame has no row, no comparison of arms, or not that of ``arm``.

    Notes
    -----
    R: specr::plot_specs.  SAS: PROC SGPANEL with two panels.

    References
    ----------
    Simonsohn U, Simmons JP, Nelson LD. Specification curve analysis. Nat Hum Behav 2020; 4: 1208-1214.
    """
    chosen = _chosen_arm(frame, arm)
    words = dict(labels or {})
    control = next(arms for arms in _arms(frame, "n_analysed") if arms not in _arms(frame, "hazard_ratio"))
    plot = _Plot(rows=_ordered(frame, chosen), arm=chosen, matrix=_matrix(frame))
    with style_context():
        figure = _compose(plot)
    pair = f"{words.get(chosen, chosen)} over {words.get(control, control)}"
    return NamedFigure(
        name=name,
        figure=figure,
        caption=_caption(plot, pair, words),
        alt=_alt(plot, pair),
        data=plot.rows,
    )


def _arms(frame: pd.DataFrame, statistic: str) -> list[str]:
    names = map(str, frame.columns)
    return [column.split("/", 1)[1] for column in names if column.startswith(f"{statistic}/")]


def _chosen_arm(frame: pd.DataFrame, arm: str | None) -> str:
    if frame.empty:
        raise InvalidArgument("the fan has no row")
    arms = _arms(frame, "hazard_ratio")
    if not arms:
        raise InvalidArgument("the fan compares no arms: its study has one. Leave the figure out.")
    if arm is not None and arm not in arms:
        raise InvalidArgument(f"the fan does not compare arm {arm!r}; it has {name_some(arms)}")
    return arm or arms[0]


def _ordered(frame: pd.DataFrame, arm: str) -> pd.DataFrame:
    """Return the definitions by hazard ratio (not estimable last), then event set, gap and anchor."""
    kinds = [name for name in SWITCHES if name in frame and not name.startswith("gap")]
    keys = [f"hazard_ratio/{arm}", *kinds, "gap_anchor", "gap_days"]
    ascending = [key != "gap_anchor" for key in keys]
    return frame.sort_values(keys, ascending=ascending, na_position="last", kind="stable", ignore_index=True)


def _matrix(frame: pd.DataFrame) -> list[tuple[str, str, Any]]:
    """Return (heading or empty, words, column and state) of each row of the matrix."""
    found = []
    for column, heading in SWITCHES.items():
        if column not in frame:
            continue
        states = list(dict.fromkeys(sorted(frame[column]) if column == "gap_days" else frame[column]))
        for place, state in enumerate(states):
            words = f"{state} days" if column == "gap_days" else STATES[str(state)]
            found.append(("" if place else heading, words, (column, state)))
    return found


def _compose(plot: _Plot) -> Figure:
    heads = text_width([head for head, _, _ in plot.matrix], weight="bold", fontsize=8)
    left = MARGIN + heads + GAP + text_width([words for _, words, _ in plot.matrix], fontsize=8) + GAP
    pitch = LINE + 0.03
    matrix = pitch * len(plot.matrix)
    height = MARGIN + TOP + 2 * PANEL + GAP + 0.16 + matrix + MARGIN
    figure = new_figure(WIDTH, height)
    width = WIDTH - left - MARGIN
    bottom = MARGIN + matrix + 0.16
    for place, (panel, title) in enumerate(PANELS):
        below = bottom + (PANEL + GAP) * (1 - place)
        ax = add_axes(figure, left, below, width, PANEL, label=panel)
        _draw_panel(ax, plot, panel, title)
    ax = add_axes(figure, left, MARGIN, width, matrix, label="switches")
    _draw_matrix(ax, plot, left=left)
    _draw_legend(figure, left / WIDTH)
    return figure


def _frame_axes(ax: Axes, plot: _Plot, *, whole_set: bool = False) -> None:
    """Set the columns, shade that of the study's definition (or its event set) and part the event sets."""
    ax.set_xlim(-0.5, plot.n - 0.5)
    ax.xaxis.set_major_locator(NullLocator())
    for place in np.flatnonzero(plot.rows["own"].to_numpy(dtype=bool)):
        members = np.flatnonzero(plot.sets == plot.sets[place]) if whole_set else [place]
        ax.axvspan(members[0] - 0.5, members[-1] + 0.5, color=BAND, linewidth=0, zorder=0, gid="own")
    for place in np.flatnonzero(np.diff(plot.sets)):
        ax.axvline(place + 0.5, color=RULE, linewidth=0.6, zorder=0.5)


def _draw_panel(ax: Axes, plot: _Plot, panel: str, title: str) -> None:
    _frame_axes(ax, plot, whole_set=panel == "hazard_ratio")
    values = plot.values(panel)
    low, high = _limits(values)
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    ticks = _ticks(low, high)
    ax.yaxis.set_major_locator(FixedLocator(ticks))
    ax.yaxis.set_major_formatter(FixedFormatter([f"{tick:g}" for tick in ticks]))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.axhline(1.0, color=INK, linewidth=0.9, zorder=1)
    ax.set_ylabel(title, fontsize=8.5)
    ax.spines["bottom"].set_visible(False)
    own = plot.rows["own"].to_numpy(dtype=bool)
    for place, index, mine in _points(plot, panel, own):
        one = {key: float(item[index]) for key, item in values.items()}
        _draw_ratio(ax, place, one, own=mine, gid=f"{panel}-{index}")


def _points(plot: _Plot, panel: str, own: Any) -> list[tuple[float, int, bool]]:
    """Return (place, row, whether of the study) of each ratio; a hazard ratio once for each event set."""
    if panel == "rate_ratio":
        return [(float(row), row, bool(own[row])) for row in range(plot.n)]
    found = []
    for number in np.unique(plot.sets):
        members = np.flatnonzero(plot.sets == number)
        found.append((float(members.mean()), int(members[0]), bool(own[members].any())))
    return found


def _draw_ratio(ax: Axes, place: float, one: dict[str, float], *, own: bool, gid: str) -> None:
    low, high = ax.get_ylim()
    colour = PALETTE[1].colour if own else PALETTE[0].colour
    if not math.isfinite(one["ratio"]):
        ax.text(place, 1.0, NOT_ESTIMABLE, ha="center", va="center", fontsize=7, color=GREY, rotation=90)
        ax.texts[-1].set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.8})
        return
    if math.isfinite(one["lower"]) and math.isfinite(one["upper"]):
        ends = [min(max(one[end], low), high) for end in ("lower", "upper")]
        ax.plot([place, place], ends, color=colour, linewidth=1.7 if own else 1.0, gid=f"{gid}-interval")
        for end, marker, beyond in (
            (low, "v", one["lower"] < low),
            (high, "^", one["upper"] > high),
        ):
            if beyond:
                ax.plot([place], [end], marker=marker, markersize=3.5, color=colour, clip_on=False)
    marker, size, face = ("D", 5.0, colour) if own else ("o", 3.6, "white")
    ax.plot(
        [place],
        [one["ratio"]],
        marker=marker,
        markersize=size,
        color=colour,
        markerfacecolor=face,
        zorder=3,
        gid=gid,
    )


def _limits(values: Mapping[str, Any]) -> tuple[float, float]:
    """Return the ends of the axis: round ratios around all finite limits, at least 0.5 to 2."""
    every = np.concatenate(list(values.values()))
    every = every[np.isfinite(every) & (every > 0)]
    lowest, highest = min([0.5, *every]), max([2.0, *every])
    low = max([tick for tick in TICKS if tick <= lowest], default=TICKS[0])
    high = min([tick for tick in TICKS if tick >= highest], default=TICKS[-1])
    return low, high


def _ticks(low: float, high: float) -> list[float]:
    ticks = [tick for tick in TICKS if low <= tick <= high]
    return ticks if len(ticks) <= 8 else [tick for tick in ticks if math.log10(tick) % 1 == 0]


def _draw_matrix(ax: Axes, plot: _Plot, *, left: float) -> None:
    """Draw a dot where a definition has the state of the row; words stand to the left."""
    _frame_axes(ax, plot)
    ax.set_ylim(len(plot.matrix) - 0.5, -0.5)
    ax.yaxis.set_major_locator(NullLocator())
    for spine in ax.spines.values():
        spine.set_visible(False)
    width = WIDTH - left - MARGIN
    style: dict[str, Any] = {"fontsize": 8, "va": "center_baseline", "transform": ax.get_yaxis_transform()}
    for row, (heading, words, (column, state)) in enumerate(plot.matrix):
        if heading:
            ax.text((MARGIN - left) / width, row, heading, ha="left", weight="bold", **style)
            ax.plot([(MARGIN - left) / width, 1], [row - 0.5] * 2, color=RULE, linewidth=0.6, clip_on=False,
                    transform=ax.get_yaxis_transform())  # fmt: skip
        ax.text(-GAP / width, row, words, ha="right", gid=f"state-{row}", **style)
        on = np.flatnonzero((plot.rows[column] == state).to_numpy(dtype=bool))
        ax.plot(on, np.full(on.size, row), "s", color=INK, markersize=3.2, linestyle="none", gid=f"on-{row}")


def _draw_legend(figure: Figure, left: float) -> None:
    mine, other = PALETTE[1].colour, PALETTE[0].colour
    handles = [
        Line2D([], [], color=mine, marker="D", markersize=5, linewidth=1.7, label="Definition of the study"),
        Line2D([], [], color=other, marker="o", markersize=3.6, markerfacecolor="white", linewidth=1.0,
               label="Other definition"),
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(left - 0.01, 1.0), ncols=2, borderaxespad=0.2
    )


def _caption(plot: _Plot, pair: str, labels: Mapping[str, str]) -> str:
    endpoint = str(plot.rows["endpoint"].iloc[0])
    n_sets = int(plot.sets[-1]) + 1
    left_out = next((text for text in plot.rows["left_out"] if text), "")
    words = [
        f"Ratios of {pair} under {plot.n} definitions of {labels.get(endpoint, endpoint)}.",
        "Points: ratio; lines: 95% confidence limits, on a log scale.",
        "Diamond and grey: the definition of the study.",
        f"Definitions that count the same records stand together ({n_sets}); "
        "gap and anchor do not touch the hazard ratio of a first event." if n_sets > 1 else "",
        "Filled squares below say what a definition counts.",
        f"Left out as they change nothing: {left_out.replace('_', ' ')}." if left_out else "",
        "NE: not estimable." if plot.rows["note"].astype(bool).any() else "",
    ]  # fmt: skip
    return " ".join(word for word in words if word)


def _alt(plot: _Plot, pair: str) -> str:
    parts = []
    for panel, title in PANELS:
        values = plot.values(panel)
        found = values["ratio"][np.isfinite(values["ratio"])]
        words = title.replace("\n", " ")
        spread = f"{found.min():.2f} to {found.max():.2f}" if found.size else NOT_ESTIMABLE
        mine = np.flatnonzero(plot.rows["own"].to_numpy(dtype=bool))
        limits = [[float(values[key][row]) for key in ("ratio", "lower", "upper")] for row in mine]
        own = [format_interval(ratio, lower, upper) for ratio, lower, upper in limits]
        parts.append(f"{words} {spread}" + (f", by the definition of the study {own[0]}" if own else ""))
    return f"Ratios of {pair} under {plot.n} definitions: {'; '.join(parts)}."
