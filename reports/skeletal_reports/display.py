"""Show tables, figures and text in a notebook so that a renderer can take them up again.

Each output carries, beside what Jupyter shows, the MIME type :data:`MIME` with the content as data; the
html and the pdf report are both made from that.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .figures import image_bytes, save_figure
from .render.document import MIME
from .render.markdown import markdown_html
from .tables import Table, to_csv, to_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from .figures import NamedFigure

    Showable = Table | NamedFigure | str


def display_to(folder: str | Path = "") -> Callable[..., None]:
    """Return a function that shows tables, figures and Markdown text below the running notebook cell.

    Parameters
    ----------
    folder : str or Path
        Where tables and figures are also written, in ``tables/`` and ``figures/``; nowhere if empty.

    Returns
    -------
    callable
        Takes any number of tables, named figures and strings (Markdown), and shows them in that order.

    Examples
    --------
    >>> show = display_to("report-files")  # doctest: +SKIP
    >>> show(baseline_table(records, study), "Nobody has withdrawn.")  # doctest: +SKIP
    """
    root = Path(folder) if folder else None

    def show(*items: Showable) -> None:
        from IPython.display import display  # noqa: PLC0415 - only notebooks need it

        for item in items:
            display(mime_bundle(item, root), raw=True)  # type: ignore[no-untyped-call]

    return show


def mime_bundle(item: Showable, root: Path | None = None) -> dict[str, Any]:
    """Return the MIME bundle of ``item``, after writing it below ``root`` where one is given."""
    if isinstance(item, str):
        payload: dict[str, Any] = {"type": "text", "markdown": item}
        return {"text/html": markdown_html(item), "text/plain": item, MIME: payload}
    return _table_bundle(item, root) if isinstance(item, Table) else _figure_bundle(item, root)


def _table_bundle(table: Table, root: Path | None) -> dict[str, Any]:
    page = to_html(table)
    if root is not None:
        folder = root / "tables"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{table.name}.html").write_text(page, encoding="utf-8")
        (folder / f"{table.name}.csv").write_text(to_csv(table), encoding="utf-8")
    payload = {
        "type": "table",
        "name": table.name,
        "title": table.title,
        "columns": [{"header": column.header, "align": column.align} for column in table.columns],
        "rows": [{"cells": list(row.cells), "indent": row.indent, "group": row.group} for row in table.rows],
        "notes": list(table.notes),
    }
    return {"text/html": page, "text/plain": table.title, MIME: payload}


def _figure_bundle(named: NamedFigure, root: Path | None) -> dict[str, Any]:
    if root is None:
        svg = image_bytes(named, "svg").decode("utf-8")
    else:
        save_figure(named, root / "figures")
        svg = (root / "figures" / f"{named.name}.svg").read_text(encoding="utf-8")
    payload = {"type": "figure", "name": named.name, "caption": named.caption, "alt": named.alt, "svg": svg}
    return {"image/svg+xml": svg, "text/plain": named.alt, MIME: payload}
