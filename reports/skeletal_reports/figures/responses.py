"""Pain responses by visit: stacked bars in which every unit has its place."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from skeletal.errors import InvalidArgument, name_some
from skeletal_reports.style import INK, style_context
from skeletal_reports.tables.format import format_count
from skeletal_reports.tables.measures import counted

from .named import NamedFigure
from .sheet import LINE, add_axes, n_lines, new_figure, text_width, wrapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEEDED = ("arm", "visit", "outcome", "n", "share")
WIDTH, PLOT_HEIGHT, LEFT, GAP = 7.0, 2.9, 0.62, 0.2
LEAST_LABELLED = 0.055  # a thinner piece of a bar has no room for its number
BAR = 0.78
VISIT_LETTERS = 6  # a longer word keeps its length


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The look of one outcome in a bar."""

    label: str
    colour: str
    ink: str = INK
    hatch: str = ""


PIECES: Mapping[str, Piece] = MappingProxyType(
    {
        "complete": Piece(label="Complete response", colour="#00527A", ink="white"),
        "partial": Piece(label="Partial response", colour="#7DB8DA"),
        "indeterminate": Piece(label="Indeterminate", colour="#E9E2C8"),
        "progression": Piece(label="Progression", colour="#C24A00", ink="white"),
        "missing": Piece(label="Missing", colour="#FFFFFF", hatch="xxxx"),
        "structural": Piece(label="Not collected by design", colour="#FFFFFF", hatch="////"),
        "intercurrent": Piece(label="Intercurrent event", colour="#D9B8CC"),
        "death": Piece(label="Died", colour="#4D4D4D", ink="white"),
        "not_due": Piece(label="Not due yet", colour="#FFFFFF"),
    }
)


def draw_responses(ax: Axes, counts: pd.DataFrame) -> Axes:
    """Draw one bar a visit, stacked from complete response at the bottom to what was not seen.

    Parameters
    ----------
    ax : Axes
        Drawn on; bar ``k`` from the left is at ``x = k``.
    counts : DataFrame
        Of one arm: ``visit outcome n share``, visits in order.

    Returns
    -------
    Axes
        ``ax``; a piece has the ``gid`` "<visit>: <outcome>", its number is written in it where it fits.
    """
    for place, visit in enumerate(dict.fromkeys(counts["visit"])):
        found = counts.loc[counts["visit"] == visit].set_index("outcome")
        below = 0.0
        for outcome, piece in PIECES.items():
            share = float(found["share"].get(outcome, 0.0))
            if not share > 0:
                continue
            (bar,) = ax.bar(
                place,
                share,
                BAR,
                below,
                color=piece.colour,
                edgecolor=INK,
                linewidth=0.5,
                hatch=piece.hatch,
            )
            bar.set_gid(f"{visit}: {outcome}")
            if share >= LEAST_LABELLED:
                text = ax.text(
                    place,
                    below + share / 2,
                    format_count(float(found["n"][outcome])),
                    ha="center",
                    va="center_baseline",
                    fontsize=7.5,
                    color=piece.ink,
                    gid="count",
                )
                if piece.hatch:
                    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1.0})
            below += share
    ax.set_xlim(-0.6, counts["visit"].nunique() - 0.4)
    ax.set_ylim(0, 1)
    return ax


def response_figure(
    counts: pd.DataFrame,
    *,
    name: str,
    title: str,
    labels: Mapping[str, str],
    unit: str = "subject",
    notes: str = "",
) -> NamedFigure:
    """Draw pain responses by visit as stacked bars, one panel an arm.

    Every unit analysed is in every bar, also those without a response, so that a bar cannot look better
    because some were not seen.

    Parameters
    ----------
    counts : DataFrame
        ``arm visit outcome n share``, from ``skeletal_reports.tables.response_counts``.
    name : str
        File name without ending.
    title : str
        What is shown, for the caption.
    labels : mapping of str to str
        Every arm of the study, control first -> its words.
    unit : str
        What is counted: ``subject`` or ``lesion``.
    notes : str
        Sentences at the end of the caption.

    Returns
    -------
    NamedFigure
        With ``counts`` as its data.

    Raises
    ------
    InvalidArgument
        If a column is absent, or there is no row.
    """
    if absent := [column for column in NEEDED if column not in counts]:
        raise InvalidArgument(f"counts need the column(s) {name_some(absent)}")
    if counts.empty:
        raise InvalidArgument("counts have no row. Leave the figure out where nobody is analysed.")
    arms = {arm: text for arm, text in labels.items() if counts["arm"].eq(arm).any()}
    shown = [outcome for outcome in PIECES if counts.loc[counts["outcome"] == outcome, "n"].sum() > 0]
    with style_context():
        figure = _compose(counts, arms, shown, unit)
    sizes = "; ".join(f"{text}: {counted(n, unit)}" for text, n in _sizes(counts, arms).items())
    words = [f"{title}: every {unit} analysed, by visit. {sizes}. Numbers in the bars: {unit}s.", notes]
    return NamedFigure(
        name=name,
        figure=figure,
        caption=" ".join(word for word in words if word),
        alt=f"Stacked bars of {title} by visit: {'; '.join(_alt(counts, arms))}.",
        data=counts.reset_index(drop=True),
    )


def _sizes(counts: pd.DataFrame, arms: Mapping[str, str]) -> dict[str, int]:
    first = counts["visit"].iloc[0]
    total = counts.loc[counts["visit"] == first].groupby("arm")["n"].sum()
    return {text: int(total[arm]) for arm, text in arms.items()}


def _alt(counts: pd.DataFrame, arms: Mapping[str, str]) -> list[str]:
    good = counts.loc[counts["outcome"].isin(["complete", "partial"])]
    total = good.groupby(["arm", "visit"], sort=False)["n"].sum()
    return [
        f"{text}, {visit}: {format_count(total[arm, visit])} with a response"
        for arm, text in arms.items()
        for visit in dict.fromkeys(counts["visit"])
    ]


def _compose(counts: pd.DataFrame, arms: Mapping[str, str], shown: list[str], unit: str) -> Figure:
    handles = [
        Patch(
            facecolor=PIECES[outcome].colour,
            hatch=PIECES[outcome].hatch,
            edgecolor=INK,
            linewidth=0.5,
            label=PIECES[outcome].label,
        )
        for outcome in reversed(shown)
    ]
    legend = text_width([PIECES[outcome].label for outcome in shown]) + 0.55
    each = (WIDTH - LEFT - legend - GAP * len(arms)) / len(arms)
    heads = {
        arm: wrapped(f"{text} ({counted(n, unit)})", max(int(each / 0.075), 12))
        for (arm, text), n in zip(arms.items(), _sizes(counts, arms).values(), strict=True)
    }
    top = 0.12 + LINE * max(map(n_lines, heads.values()))
    figure = new_figure(WIDTH, PLOT_HEIGHT + top + 0.5)
    for place, arm in enumerate(arms):
        left = LEFT + place * (each + GAP)
        ax = add_axes(figure, left, 0.5, each, PLOT_HEIGHT, label=arm)
        found = counts.loc[counts["arm"] == arm]
        draw_responses(ax, found)
        visits = [wrapped(str(visit), VISIT_LETTERS) for visit in dict.fromkeys(found["visit"])]
        ax.set_xticks(range(len(visits)), visits, fontsize=7.5)
        ax.tick_params(axis="x", length=0)
        ax.yaxis.set_major_formatter(PercentFormatter(xmax=1, symbol="", decimals=0))
        ax.set_title(heads[arm], fontsize=8.5, loc="left", linespacing=1.0)
        if place:
            ax.set_yticklabels([])
        else:
            ax.set_ylabel(f"{unit.capitalize()}s analysed (%)")
    figure.legend(
        handles=handles,
        loc="upper right",
        bbox_to_anchor=(1.0, 1 - (top - 0.05) / (PLOT_HEIGHT + top + 0.5)),
        borderaxespad=0.1,
        handlelength=1.3,
        handleheight=1.1,
    )
    return figure
