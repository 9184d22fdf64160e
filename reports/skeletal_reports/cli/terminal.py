"""What goes to stdout (the result) and to stderr (progress)."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

SHORT = 30  # characters that a table column may have without a line break inside


def progress_to_stderr(*, quiet: bool) -> Callable[[str], None]:
    """Return a function that prints one line of progress, or nothing."""
    return (lambda _message: None) if quiet else (lambda message: typer.echo(message, err=True))


def print_json(content: object) -> None:
    """Print ``content`` as JSON on stdout."""
    typer.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))


def frame_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of ``frame`` for JSON, a missing value as None."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in known.to_dict("records")]


def print_frame(frame: pd.DataFrame, *, shown: Sequence[str], missing: str = "") -> None:
    """Print ``frame`` on stdout: csv into a file or pipe, on a terminal a table of the ``shown`` columns.

    ``missing`` stands for a missing value in the last column of the table.
    """
    if not sys.stdout.isatty():
        typer.echo(frame.to_csv(index=False, lineterminator="\n"), nl=False)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in shown:
        cells = [_cell(value) for value in frame[name]]
        short = max(map(len, cells), default=0) <= SHORT
        table.add_column(name, justify="right" if frame[name].dtype.kind in "fi" else "left", no_wrap=short)
    for row in frame[list(shown)].itertuples(index=False):
        *cells, last = (_cell(value) for value in row)
        table.add_row(*cells, last or missing)
    Console().print(table)


def _cell(value: Any) -> str:
    """Return ``value`` for a table cell, a number with six digits."""
    import pandas as pd
    from rich.markup import escape

    if pd.isna(value):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else escape(str(value))
