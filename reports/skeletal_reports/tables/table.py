"""A table of formatted text, ready for any renderer, and its html and csv."""

from __future__ import annotations

import csv
import html
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from skeletal.errors import InvalidArgument

from .format import format_date

if TYPE_CHECKING:
    import datetime as dt

    from skeletal.records.schema import TrialRecords
    from skeletal.study import Study

Align = Literal["left", "right", "center"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Header and alignment of one column."""

    header: str
    align: Align = "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells of one row, left to right.

    Attributes
    ----------
    cells : tuple of str
        One text a column; the first names the row.
    indent : int
        Depth of the first cell under the group above.
    group : bool
        The row only heads the rows under it: its further cells are empty.
    """

    cells: tuple[str, ...]
    indent: int = 0
    group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Formatted text in rows and columns.

    Attributes
    ----------
    name : str
        File name without ending.
    title : str
        Caption.
    columns : tuple of Column
        Left to right.
    rows : tuple of Row
        Top to bottom, each with one cell a column.
    notes : tuple of str
        Sentences under the table.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        wrong = [place for place, row in enumerate(self.rows) if len(row.cells) != len(self.columns)]
        if wrong:
            raise InvalidArgument(
                f"table {self.name!r}: row {wrong[0]} has {len(self.rows[wrong[0]].cells)} cells, "
                f"the table {len(self.columns)} columns"
            )

    def _repr_html_(self) -> str:
        return to_html(self)


def group_row(text: str, n_columns: int) -> Row:
    """Return a row that heads the rows under it."""
    return Row(cells=(text, *[""] * (n_columns - 1)), group=True)


def data_note(study: Study, records: TrialRecords | None = None) -> str:
    """Say to which day the data go: the cut of the records, else of the study."""
    cutoff: dt.date | None = (records.data_cutoff if records else None) or study.data_cutoff
    return f"Data cutoff: {format_date(cutoff)}." if cutoff else "Data cutoff: none declared."


def to_html(table: Table) -> str:
    """Write a table as html, with caption, scoped headers and escaped text.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    str
        A ``<table>`` element; the notes are its last row group.  Alignment and depth are the classes
        ``left``, ``right``, ``center`` and ``indent-1``, ``indent-2``, ...; a heading row has ``group``.

    Examples
    --------
    >>> small = Table(name="t", title="A < B", columns=(Column(header="x", align="left"),), rows=())
    >>> "A &lt; B" in to_html(small)
    True
    """
    head = "".join(
        f'<th scope="col" class="{column.align}">{html.escape(column.header)}</th>'
        for column in table.columns
    )
    body = "\n".join(_html_row(row, table) for row in table.rows)
    notes = "".join(f"<p>{html.escape(note)}</p>" for note in table.notes)
    foot = f'<tfoot><tr><td colspan="{len(table.columns)}" class="notes">{notes}</td></tr></tfoot>\n'
    return (
        f'<table class="skeletal" id="table-{html.escape(table.name)}">\n'
        f"<caption>{html.escape(table.title)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n{foot if notes else ''}</table>\n"
    )


def _html_row(row: Row, table: Table) -> str:
    first = html.escape(row.cells[0])
    if row.group:
        return (
            f'<tr class="group"><th scope="rowgroup" colspan="{len(table.columns)}" class="left">'
            f"{first}</th></tr>"
        )
    depth = f" indent-{row.indent}" if row.indent else ""
    cells = "".join(
        f'<td class="{column.align}">{html.escape(text)}</td>'
        for column, text in zip(table.columns[1:], row.cells[1:], strict=True)
    )
    return f'<tr><th scope="row" class="{table.columns[0].align}{depth}">{first}</th>{cells}</tr>'


def to_csv(table: Table) -> str:
    r"""Write a table as csv: the headers, then the rows, two spaces before each level of depth.

    Parameters
    ----------
    table : Table
        The table.

    Returns
    -------
    str
        Lines that end in ``\n``; title and notes are left out, so that the file has one shape.

    Examples
    --------
    >>> columns = (Column(header="arm", align="left"), Column(header="n"))
    >>> to_csv(Table(name="t", title="", columns=columns, rows=(Row(cells=("A", "1,200"), indent=1),)))
    'arm,n\n  A,"1,200"\n'
    """
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow([column.header for column in table.columns])
    for row in table.rows:
        writer.writerow(["  " * row.indent + row.cells[0], *row.cells[1:]])
    return target.getvalue()
