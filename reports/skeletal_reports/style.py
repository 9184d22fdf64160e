"""The look that every figure shares: one set of settings, one colour and line style an arm."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INK = "#222222"
GREY = "#6B6B6B"
RULE = "#C9C9C9"
PAPER = "#FFFFFF"
LineStyle = str | tuple[int, tuple[float, ...]]

# DejaVu Sans comes with Matplotlib, so a figure has the same letters everywhere.  SVG text is drawn as
# paths: a browser, Typst and Word then show the same figure without that font.  The fixed salt makes
# the ids inside an SVG, and so its bytes, repeatable.
SETTINGS: Mapping[str, Any] = MappingProxyType(
    {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 9.0,
        "text.color": INK,
        "text.usetex": False,
        "text.parse_math": False,
        "axes.edgecolor": INK,
        "axes.facecolor": PAPER,
        "axes.labelcolor": INK,
        "axes.labelsize": 9.0,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.unicode_minus": True,
        "figure.facecolor": PAPER,
        "figure.dpi": 100.0,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "lines.linewidth": 1.6,
        "lines.dash_capstyle": "butt",
        "path.simplify": False,
        "pdf.fonttype": 3,  # a tenth of the time of 42, and searchable too
        "savefig.facecolor": PAPER,
        "svg.fonttype": "path",
        "svg.hashsalt": "skeletal",
        "xtick.color": INK,
        "xtick.labelsize": 8.5,
        "ytick.color": INK,
        "ytick.labelsize": 8.5,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmStyle:
    """Colour and line style of an arm."""

    colour: str
    line: LineStyle


# Okabe and Ito's hues (https://jfly.uni-koeln.de/color/), darkened until text in them has a contrast of
# 4.5 on white; the line style tells the arms apart where colour is lost.
PALETTE: tuple[ArmStyle, ...] = (
    ArmStyle(colour="#0072B2", line="solid"),
    ArmStyle(colour="#C24A00", line=(0, (5.0, 1.8))),
    ArmStyle(colour="#007A5A", line=(0, (6.0, 1.6, 1.2, 1.6))),
    ArmStyle(colour="#A6407A", line=(0, (1.4, 1.4))),
    ArmStyle(colour="#7A5C00", line=(0, (9.0, 2.5))),
    ArmStyle(colour="#4D4D4D", line=(0, (6.0, 1.4, 1.2, 1.4, 1.2, 1.4))),
)
POOLED = ArmStyle(colour="#333333", line="solid")


def arm_styles(arms: Sequence[str]) -> dict[str, ArmStyle]:
    """Return the style of each arm: by its place in the study, control first; neutral for one arm.

    Parameters
    ----------
    arms : sequence of str
        All arms of the study in its order, also those without subjects: an arm keeps its colour.

    Returns
    -------
    dict
        Arm -> style.

    Examples
    --------
    >>> arm_styles(["control", "new"])["new"].colour
    '#C24A00'
    >>> arm_styles(["All subjects"])["All subjects"] is POOLED
    True
    """
    if len(arms) == 1:
        return {arms[0]: POOLED}
    return {arm: PALETTE[place % len(PALETTE)] for place, arm in enumerate(arms)}


@contextmanager
def style_context() -> Iterator[None]:
    """Apply the settings of the figures inside a ``with`` block, over Matplotlib's own defaults.

    A user's ``matplotlibrc`` has no part in it, and the settings outside come back afterwards.
    """
    settings: dict[Any, Any] = {
        name: value
        for name, value in mpl.rcParamsDefault.items()
        if not name.startswith(("backend", "interactive", "toolbar", "timezone"))
    }
    with mpl.rc_context():
        mpl.rcParams.update(settings | dict(SETTINGS))
        yield
