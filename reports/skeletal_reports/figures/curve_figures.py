"""Figures of curves by arm, with the numbers at risk under the ticks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, PercentFormatter

from skeletal.errors import InvalidArgument, name_some
from skeletal_reports.style import GREY, INK, arm_styles, style_context
from skeletal_reports.tables.format import format_number, format_percent

from .curves import draw_at_risk, draw_censored, draw_curve, draw_time_axis, from_zero
from .named import NamedFigure
from .sheet import LINE, MARGIN, add_axes, balanced, n_lines, new_figure, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skeletal.results import Curve
    from skeletal_reports.style import ArmStyle

    from .time_axis import TimeAxis

WIDTH, PLOT_HEIGHT = 7.0, 3.1
LABEL_LETTERS, TITLE_LETTERS = 20, 44
TOPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What differs between the kinds of curve."""

    percent: bool
    unit: str
    whole: bool = False
    censored: bool = False


SURVIVAL = _Kind(percent=True, unit="%", whole=True, censored=True)
INCIDENCE = _Kind(percent=True, unit="%")
MEAN_CUMULATIVE = _Kind(percent=False, unit="per subject")


def survival_figure(  # noqa: PLR0913 - every option is a keyword
    curves: Mapping[str, Curve],
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    axis: TimeAxis,
    bands: bool = True,
    unit: str = "subject",
    notes: str = "",
) -> NamedFigure:
    """Draw survival curves by arm with censoring marks and numbers at risk.

    For the probability of having had no event yet; with competing causes use
    :func:`incidence_figure`.

    Parameters
    ----------
    curves : mapping of str to Curve
        Arm -> curve with times in days (``skeletal.survival.kaplan_meier``).
    name : str
        File name without ending.
    title : str
        The quantity in words, without its unit: the label of the vertical axis.
    labels : mapping of str to str
        Every arm of the study, control first -> its words; decides colours and order.
    axis : TimeAxis
        Ticks and unit.
    bands : bool
        Shade the pointwise confidence limits.
    unit : str
        What is counted at risk: ``subject`` or ``lesion``.
    notes : str
        Sentences at the end of the caption.

    Returns
    -------
    NamedFigure
        With the numbers drawn: ``series`` "curve" or "at_risk", ``arm label time``, the time shown,
        and the columns of the curve.

    Raises
    ------
    InvalidArgument
        If no arm has a curve, an arm has no label, or a curve's times are not in days.

    Notes
    -----
    R: survminer::ggsurvplot(risk.table = TRUE).  SAS: PROC LIFETEST PLOTS=S(ATRISK CL).
    """
    drawing = _Drawing(
        curves=curves, labels=labels, axis=axis, kind=SURVIVAL, title=title, bands=bands, unit=unit
    )
    return drawing.named(name, notes)


def incidence_figure(  # noqa: PLR0913 - every option is a keyword
    curves: Mapping[str, Curve],
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    axis: TimeAxis,
    bands: bool = True,
    unit: str = "subject",
    notes: str = "",
) -> NamedFigure:
    """Draw cumulative incidence curves by arm with numbers at risk.

    For the probability of having had the event where death competes with it.

    Parameters
    ----------
    curves : mapping of str to Curve
        Arm -> curve with times in days (``skeletal.competing.cumulative_incidence``).
    name, title, labels, axis, bands, unit, notes
        As for :func:`survival_figure`.

    Returns
    -------
    NamedFigure
        As of :func:`survival_figure`; the vertical axis ends at the first round value above the limits.

    Raises
    ------
    InvalidArgument
        As :func:`survival_figure`.

    Notes
    -----
    R: ggsurvfit::ggcuminc() + add_risktable().  SAS: PROC LIFETEST with EVENTCODE= and PLOTS=CIF(CL).
    """
    drawing = _Drawing(
        curves=curves, labels=labels, axis=axis, kind=INCIDENCE, title=title, bands=bands, unit=unit
    )
    return drawing.named(name, notes)


def mean_cumulative_figure(  # noqa: PLR0913 - every option is a keyword
    curves: Mapping[str, Curve],
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    axis: TimeAxis,
    bands: bool = True,
    unit: str = "subject",
    notes: str = "",
) -> NamedFigure:
    """Draw mean cumulative numbers of events by arm with numbers at risk.

    Parameters
    ----------
    curves : mapping of str to Curve
        Arm -> curve with times in days (``skeletal.recurrent.mean_cumulative``).
    name, title, labels, axis, bands, unit, notes
        As for :func:`survival_figure`.

    Returns
    -------
    NamedFigure
        As of :func:`survival_figure`; values are events per subject.

    Raises
    ------
    InvalidArgument
        As :func:`survival_figure`.

    Notes
    -----
    R: plot(reda::mcf()).  SAS: PROC PHREG PLOTS=MCF.
    """
    kind = MEAN_CUMULATIVE
    drawing = _Drawing(
        curves=curves, labels=labels, axis=axis, kind=kind, title=title, bands=bands, unit=unit
    )
    return drawing.named(name, notes)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Drawing:
    """Everything that one figure of curves needs."""

    curves: Mapping[str, Curve]
    labels: Mapping[str, str]
    axis: TimeAxis
    kind: _Kind
    title: str
    bands: bool
    unit: str

    def __post_init__(self) -> None:
        if not self.curves:
            raise InvalidArgument("no arm has a curve. Leave the figure out where no subject is analysed.")
        if unknown := [arm for arm in self.curves if arm not in self.labels]:
            raise InvalidArgument(
                f"labels must name every arm that has a curve; missing: {name_some(unknown)}"
            )
        if other := {curve.time_unit for curve in self.curves.values()} - {"days"}:
            raise InvalidArgument(f"curves must have times in days, got {name_some(sorted(other))}")
        ordered = {arm: self.curves[arm] for arm in self.labels if arm in self.curves}
        object.__setattr__(self, "curves", ordered)

    @property
    def _at_risk_words(self) -> str:
        return "Number at risk" if self.unit == "subject" else f"{self.unit.capitalize()}s at risk"

    @property
    def styles(self) -> dict[str, ArmStyle]:
        return arm_styles(list(self.labels))

    def named(self, name: str, notes: str) -> NamedFigure:
        with style_context():
            figure = self._figure()
        words = [self._caption(), notes]
        caption = " ".join(word for word in words if word)
        return NamedFigure(name=name, figure=figure, caption=caption, alt=self._alt(), data=self._data())

    def _figure(self) -> Figure:
        rows = {arm: wrapped(self.labels[arm], LABEL_LETTERS) for arm in self.curves}
        pitch = LINE * max(map(n_lines, rows.values())) + 0.03
        table = pitch * len(rows)
        left = max(text_width(rows.values()) + MARGIN + 0.32, 0.85)
        legend_rows = -(-len(self._handles()) // self._legend_columns())
        bottom, top = table + 0.32 + 0.5, 0.16 + 0.175 * legend_rows
        height = bottom + PLOT_HEIGHT + top
        figure = new_figure(WIDTH, height)
        ax = add_axes(figure, left, bottom, WIDTH - left - 0.3, PLOT_HEIGHT, label="curves")
        self._draw(ax)
        self._legend(ax)
        below = add_axes(figure, left, 0.06, WIDTH - left - 0.3, table, sharex=ax, label="at risk")
        below.set_ylim(-len(rows) + 0.5, 0.5)
        below.set_axis_off()
        draw_at_risk(below, self.curves, axis=self.axis, styles=self.styles)
        figure.text(
            MARGIN / WIDTH,
            (table + 0.16) / height,
            self._at_risk_words,
            fontsize=8.5,
            va="center",
            weight="bold",
        )
        for row, (arm, text) in enumerate(rows.items()):
            y = (0.06 + table - pitch * (row + 0.5)) / height
            colour = self.styles[arm].colour
            figure.text(
                MARGIN / WIDTH,
                y,
                text,
                fontsize=8.5,
                va="center_baseline" if n_lines(text) == 1 else "center",
                color=colour,
                linespacing=1.0,
                gid="arm-name",
            )
        return figure

    def _draw(self, ax: Axes) -> None:
        for arm, curve in self.curves.items():
            style = self.styles[arm]
            draw_curve(ax, curve, axis=self.axis, style=style, label=self.labels[arm], band=self.bands)
            if self.kind.censored:
                draw_censored(ax, curve, axis=self.axis, style=style)
        draw_time_axis(ax, self.axis)
        last = max([float(self.axis.positions[-1]), *map(self._last, self.curves.values())])
        ax.set_xlim(0, last)
        ax.set_ylim(-0.015 * self._top(), self._top())
        ax.spines["left"].set_position(("outward", 6))
        ax.set_ylabel(balanced(f"{self.title} ({self.kind.unit})", TITLE_LETTERS))
        if self.kind.percent:
            ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="", decimals=0))
        ax.yaxis.set_major_locator(_locator())

    def _last(self, curve: Curve) -> float:
        return float(self.axis.scale(curve.time[-1])) if len(curve.time) else 0.0

    def _top(self) -> float:
        """End of the vertical axis: the whole scale of survival, else a round value above what is drawn."""
        if self.kind.whole:
            return 1.02
        names = ("estimate", "upper") if self.bands else ("estimate",)
        drawn = np.concatenate([getattr(curve, name) for curve in self.curves.values() for name in names])
        highest = float(np.nanmax(drawn)) if np.isfinite(drawn).any() else 0.0
        if self.kind.percent:
            return next((top for top in TOPS if top >= highest), 1.0)
        ticks = np.asarray(_locator().tick_values(0, max(highest, 0.1)))
        return float(ticks[(ticks >= highest - 1e-12) & (ticks > 0)][0])

    def _handles(self) -> list[Line2D | Patch]:
        handles: list[Line2D | Patch] = []
        if len(self.labels) > 1:
            handles += [
                Line2D([], [], color=style.colour, ls=style.line, label=self.labels[arm])
                for arm, style in self.styles.items()
                if arm in self.curves
            ]
        if self.bands:
            level = 100 * next(iter(self.curves.values())).conf_level
            handles.append(Patch(color=GREY, alpha=0.25, linewidth=0, label=f"{level:g}% confidence limits"))
        if self.kind.censored:
            handles.append(
                Line2D([], [], color=INK, linestyle="none", marker="|", markersize=6, label="Censored")
            )
        return handles

    def _legend_columns(self) -> int:
        """Return how many entries of the legend fit beside each other."""
        labels = [str(handle.get_label()) for handle in self._handles()]
        if sum(text_width([label]) + 0.72 for label in labels) <= WIDTH - 0.3:
            return len(labels)
        entry = text_width(labels) + 0.62
        return max(min(len(labels), int((WIDTH - 0.3) / entry)), 1)

    def _legend(self, ax: Axes) -> None:
        """Put the legend above the curves, where it cannot cover them."""
        if handles := self._handles():
            ax.legend(
                handles=handles,
                loc="lower right",
                bbox_to_anchor=(1.0, 1.0),
                ncols=self._legend_columns(),
                borderaxespad=0.5,
                columnspacing=1.4,
                handlelength=2.8,
            )

    def _counts(self) -> str:
        return "; ".join(
            f"{self.labels[arm]}: {_counted(curve.at([0]).n_at_risk[0], self.unit)}, "
            f"{_counted(curve.n_events.sum(), 'event')}"
            for arm, curve in self.curves.items()
        )

    def _caption(self) -> str:
        first = next(iter(self.curves.values()))
        methods = dict.fromkeys(curve.method for curve in self.curves.values())
        marks = []
        if self.bands:
            marks.append(f"Shaded: pointwise {100 * first.conf_level:g}% confidence limits.")
        if self.kind.censored:
            marks.append(f"Vertical marks: censored {self.unit}s.")
        marks.append(f"{self._at_risk_words}: counted just before each time.")
        return f"{self.title}. {self._counts()}. {' '.join(marks)} Method: {'; '.join(methods)}."

    def _alt(self) -> str:
        show = format_percent if self.kind.percent else (lambda value: format_number(value, 2))
        texts = []
        for arm, curve in self.curves.items():
            counted = [time for time in self.axis.times if curve.at([time]).n_at_risk[0] > 0]
            time = counted[-1] if counted else 0.0
            value = show(float(curve.at([time]).estimate[0]))
            place = self.axis.tick_labels[self.axis.times.index(time)]
            texts.append(f"{self.labels[arm]} {value} at {place} {self.axis.unit}")
        arms = f"{len(self.curves)} arms" if len(self.curves) > 1 else "all subjects"
        return (
            f"Step curves of {self.title} ({self.kind.unit}) for {arms} against "
            f"{self.axis.label.lower()}, with numbers at risk: {'; '.join(texts)}."
        )

    def _data(self) -> pd.DataFrame:
        frames = []
        for arm, curve in self.curves.items():
            start = curve.at([0])
            drawn = {name: from_zero(curve, name) for name in ("time", "estimate", "lower", "upper")}
            counts = {
                name: np.insert(getattr(curve, name), 0, getattr(start, name)[0])
                for name in ("n_at_risk", "n_events", "n_censored")
            }
            below = curve.at(self.axis.times).to_frame().drop(columns="std_error")
            for series, frame in (("curve", pd.DataFrame(drawn | counts)), ("at_risk", below)):
                frame.insert(1, f"time_shown_{self.axis.unit}", self.axis.scale(frame["time"]))
                frames.append(frame.assign(series=series, arm=arm, label=self.labels[arm]))
        found = pd.concat(frames, ignore_index=True)
        first = ["series", "arm", "label"]
        return found[first + [name for name in found.columns if name not in first]]


def _counted(n: float, noun: str) -> str:
    return f"{format_number(n)} {noun}{'' if n == 1 else 's'}"


def _locator() -> MaxNLocator:
    """Ticks at whole percents: their labels have no decimals."""
    return MaxNLocator(nbins=6, steps=[1, 2, 5, 10])
