"""A figure measured in inches: sizes of words, and axes put at a place on the sheet."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, cast

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes

MARGIN = 0.08
LINE = 0.155  # height of a line of 8.5 points with its leading


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of ``width`` by ``height`` inches that can be measured and saved."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def add_axes(figure: Figure, left: float, bottom: float, width: float, height: float, **more: Any) -> Axes:
    """Add axes at a place in inches from the lower left corner."""
    wide, high = figure.get_size_inches()
    return figure.add_axes((left / wide, bottom / high, width / wide, height / high), **more)


def text_width(words: Iterable[str], *, fontsize: float = 8.5, weight: str = "normal") -> float:
    """Return the width in inches of the longest line among ``words``."""
    figure = new_figure(1, 1)
    renderer = cast("FigureCanvasAgg", figure.canvas).get_renderer()  # type: ignore[no-untyped-call]
    widths = [0.0]
    for text in words:
        drawn = figure.text(0, 0, text, fontsize=fontsize, weight=weight)
        widths.append(drawn.get_window_extent(renderer).width / figure.dpi)
    return max(widths)


def wrapped(text: str, width: int) -> str:
    """Break words into lines of at most ``width`` letters; a longer word keeps its length."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)) or text


def balanced(text: str, width: int) -> str:
    """Break words into as few lines of at most ``width`` letters as they need, of about one length."""
    fewest = n_lines(wrapped(text, width))
    narrow = next(letters for letters in range(1, width + 1) if n_lines(wrapped(text, letters)) <= fewest)
    return wrapped(text, narrow)


def n_lines(text: str) -> int:
    """Return the number of lines of a text."""
    return text.count("\n") + 1
