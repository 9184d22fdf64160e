"""Accrual: subjects randomised by calendar date, against the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib import dates as mdates
from matplotlib.ticker import MaxNLocator

from skeletal.errors import InvalidArgument
from skeletal.records.dates import parse_dates
from skeletal_reports.style import GREY, INK, POOLED, style_context
from skeletal_reports.tables.format import format_count, format_date, format_number

from .named import NamedFigure
from .sheet import add_axes, new_figure

if TYPE_CHECKING:
    import datetime as dt

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from skeletal.records.schema import TrialRecords

WIDTH, HEIGHT = 7.0, 3.6


def accrual_counts(records: TrialRecords) -> pd.DataFrame:
    """Count the subjects randomised by each date.

    Parameters
    ----------
    records : TrialRecords
        Its subjects' ``randomised_date``; a partial date counts on the first day it can be.

    Returns
    -------
    DataFrame
        ``date`` (one row a day with a randomisation) and ``n_randomised``, cumulative.
    """
    dates = parse_dates(records.subjects["randomised_date"])["earliest"].dropna()
    counts = dates.value_counts().sort_index()
    return pd.DataFrame(
        {"date": counts.index.to_numpy(), "n_randomised": counts.cumsum().to_numpy(dtype=np.int64)}
    )


def draw_accrual(
    ax: Axes, actual: pd.DataFrame, planned: pd.DataFrame | None, *, until: dt.date | None
) -> Axes:
    """Draw the cumulative number randomised as steps, and the plan as a dashed line.

    Parameters
    ----------
    ax : Axes
        Drawn on, with dates on the horizontal axis.
    actual : DataFrame
        ``date`` and ``n_randomised``, cumulative.
    planned : DataFrame or None
        ``date`` and ``n_planned``, cumulative.
    until : date or None
        Day to which the steps are carried on; the last randomisation if None.

    Returns
    -------
    Axes
        ``ax``; the lines have the ``gid`` "actual" and "planned".
    """
    if planned is not None:
        ax.plot(
            _day_number(planned["date"]),
            planned["n_planned"].to_numpy(dtype=float),
            color=GREY,
            linestyle=(0, (5, 2)),
            label="Planned",
            gid="planned",
        )
    dates = _day_number(actual["date"])
    counts = actual["n_randomised"].to_numpy(dtype=float)
    if len(dates):
        dates, counts = np.insert(dates, 0, dates[0]), np.insert(counts, 0, 0.0)
    if len(dates) and until is not None and _day_number(until) > dates[-1]:
        dates, counts = np.append(dates, _day_number(until)), np.append(counts, counts[-1])
    ax.plot(
        dates,
        counts,
        drawstyle="steps-post",
        color=POOLED.colour,
        linewidth=2,
        label="Randomised",
        gid="actual",
    )
    ax.xaxis_date()
    return ax


def accrual_figure(
    actual: pd.DataFrame,
    planned: pd.DataFrame | None,
    *,
    name: str = "accrual",
    n_planned: int,
    data_cutoff: dt.date | None = None,
) -> NamedFigure:
    """Draw the cumulative number of subjects randomised by calendar date, against the plan.

    Parameters
    ----------
    actual : DataFrame
        ``date`` and ``n_randomised``, cumulative (:func:`accrual_counts`).
    planned : DataFrame or None
        ``date`` and ``n_planned``, cumulative; None where no plan is known.
    name : str
        File name without ending.
    n_planned : int
        Subjects planned in all: the horizontal line.
    data_cutoff : date, optional
        Marked by a vertical line; the steps are carried on to it.

    Returns
    -------
    NamedFigure
        With ``series`` ("actual" or "planned"), ``date`` and ``n_subjects``.

    Raises
    ------
    InvalidArgument
        If a column is absent.
    """
    for label, frame, column in (("actual", actual, "n_randomised"), ("planned", planned, "n_planned")):
        if frame is not None and not {"date", column} <= set(frame.columns):
            raise InvalidArgument(f"{label} needs the columns date and {column}")
    with style_context():
        figure = _compose(actual, planned, n_planned=n_planned, data_cutoff=data_cutoff)
    total = int(actual["n_randomised"].max()) if len(actual) else 0
    at_cutoff = f" by {format_date(data_cutoff)}" if data_cutoff else ""
    words = (
        f"{format_count(total, n_planned)} of {format_number(n_planned)} planned subjects "
        f"randomised{at_cutoff}"
    )
    plan = "Dashed: planned accrual." if planned is not None else "No plan by date is declared."
    frames = [actual.rename(columns={"n_randomised": "n_subjects"}).assign(series="actual")]
    if planned is not None:
        frames.append(planned.rename(columns={"n_planned": "n_subjects"}).assign(series="planned"))
    data = pd.concat([frame[["series", "date", "n_subjects"]] for frame in frames], ignore_index=True)
    return NamedFigure(
        name=name,
        figure=figure,
        caption=f"Cumulative number of subjects randomised: {words}. {plan}",
        alt=f"Step line of subjects randomised by calendar date: {words}.",
        data=data.assign(date=pd.to_datetime(data["date"]).dt.strftime("%Y-%m-%d")),
    )


def _compose(
    actual: pd.DataFrame, planned: pd.DataFrame | None, *, n_planned: int, data_cutoff: dt.date | None
) -> Figure:
    figure = new_figure(WIDTH, HEIGHT)
    ax = add_axes(figure, 0.72, 0.62, WIDTH - 1.0, HEIGHT - 1.0, label="accrual")
    draw_accrual(ax, actual, planned, until=data_cutoff)
    ax.axhline(n_planned, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    ax.annotate(
        f"Target {format_number(n_planned)}",
        (0, n_planned),
        xycoords=("axes fraction", "data"),
        xytext=(2, 3),
        textcoords="offset points",
        fontsize=8,
        color=GREY,
    )
    highest = max([float(n_planned), *actual["n_randomised"]])
    ax.set_ylim(0, 1.12 * highest)
    if data_cutoff is not None:
        ax.axvline(_day_number(data_cutoff), color=INK, linewidth=0.8)
        ax.annotate(
            f"Data cutoff {format_date(data_cutoff)}",
            (_day_number(data_cutoff), 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha=_side(ax, data_cutoff),
            fontsize=8,
        )
    locator = mdates.AutoDateLocator(minticks=4, maxticks=8)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    formatter = mdates.ConciseDateFormatter(locator)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(formatter)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    ax.set_xlabel("Date of randomisation")
    ax.set_ylabel("Subjects randomised (cumulative)")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, borderaxespad=0.1)
    return figure


def _side(ax: Axes, day: dt.date) -> str:
    low, high = ax.get_xlim()
    return "right" if (_day_number(day) - low) > 0.7 * (high - low) else "center"


def _day_number(day: Any) -> Any:
    """Return Matplotlib's number of a day, or of each day of a column."""
    return mdates.date2num(day)  # type: ignore[no-untyped-call]
