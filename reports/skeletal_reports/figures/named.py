"""A figure with its name, words and numbers, and its files."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from matplotlib.backends.backend_agg import FigureCanvasAgg

from skeletal_reports.style import style_context

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

ImageFormat = Literal["svg", "pdf", "png"]
IMAGE_FORMATS: tuple[ImageFormat, ...] = ("svg", "pdf", "png")
PNG_DPI = 200
NO_CLOCK: dict[str, dict[str, Any]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NamedFigure:
    """A figure and what belongs beside it.

    Attributes
    ----------
    name : str
        File name without ending.
    figure : Figure
        Drawn, of the size it is meant to be printed at.
    caption : str
        What is shown, subjects and events of each arm, and the method.
    alt : str
        The figure in words for a reader who cannot see it.
    data : DataFrame
        Every number that was drawn.
    """

    name: str
    figure: Figure
    caption: str
    alt: str
    data: pd.DataFrame

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        """Show the figure in a notebook, with name, caption and alt text as metadata of the output."""
        del include, exclude
        words = {"name": self.name, "caption": self.caption, "alt": self.alt}
        bundle = {"image/svg+xml": image_bytes(self, "svg").decode(), "text/plain": self.alt}
        return bundle, {"image/svg+xml": words}


def image_bytes(named: NamedFigure, image: ImageFormat) -> bytes:
    """Write a figure to memory: the same bytes for the same figure, without the clock.

    Parameters
    ----------
    named : NamedFigure
        The figure.
    image : {"svg", "pdf", "png"}
        Format; a png has 200 dots an inch.

    Returns
    -------
    bytes
        The file.
    """
    target = io.BytesIO()
    metadata = {**NO_CLOCK[image], "Title": named.name}
    with style_context():
        FigureCanvasAgg(named.figure)
        named.figure.savefig(target, format=image, dpi=PNG_DPI, metadata=metadata)
    return target.getvalue()


def save_figure(named: NamedFigure, folder: str | Path) -> list[Path]:
    """Write a figure as svg, pdf and png, and its numbers as csv.

    Parameters
    ----------
    named : NamedFigure
        The figure.
    folder : path
        Made where it is missing.

    Returns
    -------
    list of Path
        ``<name>.svg``, ``.pdf``, ``.png`` and ``.csv``.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    paths = []
    for image in IMAGE_FORMATS:
        paths.append(place / f"{named.name}.{image}")
        paths[-1].write_bytes(image_bytes(named, image))
    paths.append(place / f"{named.name}.csv")
    named.data.to_csv(paths[-1], index=False, lineterminator="\n")
    return paths
