"""Definitions and the protocol of a study as tables on a terminal of any width."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console, RenderableType

    from skeletal.study import Study

FIRST = 20  # letters of the column that names the rows
LEAST = 26  # letters that a column of words needs
LEGEND = "\N{EN DASH} does not count.  In parentheses: certainty where it is not confirmed, and sources."


def print_definitions(table: pd.DataFrame, labels: dict[str, str]) -> None:
    """Print the definitions side by side, as many as the terminal has room for, in blocks."""
    from rich.console import Console

    console = Console()
    names = [str(name) for name in table.columns]
    n_beside = max(1, (console.width - FIRST) // LEAST)
    n_blocks = -(-len(names) // n_beside)
    n_each = -(-len(names) // n_blocks)  # blocks of about one size
    for start in range(0, len(names), n_each):
        _print_block(console, table, names[start : start + n_each], labels)
    console.print(LEGEND)


def _print_block(console: Console, table: pd.DataFrame, names: list[str], labels: dict[str, str]) -> None:
    from rich import box
    from rich.table import Table

    width = (console.width - FIRST) // len(names) - 2
    block = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=False, padding=(0, 1))
    block.add_column("", width=FIRST - 2, style="bold")
    for name in names:
        block.add_column(name, width=width, overflow="fold")
    block.add_row("", *(_cell(labels[name]) for name in names), end_section=True)
    for row, cells in zip(table.index, table[names].itertuples(index=False), strict=True):
        words = str(row).replace("_", " ")
        block.add_row(words, *(_cell(cell) for cell in cells), end_section=row == "death_prostate_cancer")
    console.print(block)


def _cell(words: str) -> RenderableType:
    """Return the words of a cell, certainty and source in parentheses at its end dimmed."""
    from rich.text import Text

    start = words.find(" (") if words.endswith(")") else -1
    text = Text(words)
    if start >= 0:
        text.stylize("dim", start)
    return text


def print_study(study: Study, attributes: pd.DataFrame) -> None:
    """Print the endpoints of a study and the five attributes of its estimands and measures."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    console.print(Text(f"{study.acronym}: {study.title}", style="bold"))
    console.print(Text(f"{study.registry or 'no registry number'}; {study.n_subjects} subjects"))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("endpoint", no_wrap=console.width >= 80)
    table.add_column("counts", ratio=2)
    table.add_column("source", ratio=1)
    for name, endpoint in study.endpoints.items():
        found = [study.components[key].label for key in endpoint.components] or [study.death.label]
        table.add_row(Text(name), Text("\n".join(found)), Text(endpoint.source), end_section=True)
    console.print(table)
    for row in attributes.to_dict("records"):
        words = Table(box=None, show_header=False, pad_edge=False, title_justify="left")
        words.add_column(width=FIRST - 2)
        words.add_column()
        console.print(Text(f"{row['name']}: {row['label']}", style="bold"))
        for key in ("population", "treatment", "variable", "intercurrent", "summary"):
            words.add_row(Text(f"  {key}"), Text(str(row[key]).replace("; ", ";\n")))
        console.print(words)
        console.print()
