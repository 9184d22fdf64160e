"""One self-contained html file: no script, and no reference to anything outside itself."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from .document import Document, Exhibit, Facts, Heading, Prose
from .markdown import tokens_html
from .svg import inline_svg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Block

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def render_html(document: Document) -> str:
    """Return the report as one html page.

    Parameters
    ----------
    document : Document
        Cover and blocks, from :func:`read_document`.

    Returns
    -------
    str
        The page: styles inside, figures as inline SVG, no script, no address of the network.
    """
    folder = files("skeletal_reports.render")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string((folder / "report.html.j2").read_text(encoding="utf-8"))
    style = Markup((folder / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    body = [Markup(_block(block)) for block in document.blocks]  # noqa: S704 - escaped below
    return template.render(document=document, cover=document.cover, style=style, body=body) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        tag = f"h{block.level + 1}"
        page = ' class="new-page"' if block.new_page else ""
        return (
            f'<{tag} id="{block.anchor}"{page}><span class="number">{block.number}</span> '
            f"{escape(block.text)}</{tag}>"
        )
    if isinstance(block, Prose):
        return tokens_html(block.tokens)
    if isinstance(block, Facts):
        pairs = "".join(
            f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in block.items
        )
        return f'<dl class="facts">{pairs}</dl>'
    return table_html(block) if block.kind == "table" else figure_html(block)


def figure_html(exhibit: Exhibit) -> str:
    """Return a figure with its caption below."""
    content = exhibit.content
    image = inline_svg(content["svg"], prefix=exhibit.anchor, title=exhibit.label, description=content["alt"])
    return (
        f'<figure id="{exhibit.anchor}">\n<div class="scroll">{image}</div>\n'
        f"<figcaption><b>{exhibit.label}.</b> {escape(content['caption'])}</figcaption>\n</figure>"
    )


def table_html(exhibit: Exhibit) -> str:
    """Return a table with its caption above and its notes below."""
    content = exhibit.content
    columns = content["columns"]
    head = "".join(
        f'<th scope="col" class="{column["align"]}">{escape(column["header"])}</th>' for column in columns
    )
    body = "\n".join(_row(row, columns) for row in content["rows"])
    notes = "".join(f"<p>{escape(note)}</p>" for note in content["notes"])
    below = f'<div class="notes">{notes}</div>\n' if notes else ""
    return (
        f'<div class="table" id="{exhibit.anchor}">\n<div class="scroll"><table>\n'
        f"<caption><b>{exhibit.label}.</b> {escape(content['title'])}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>\n{below}</div>"
    )


def _row(row: Mapping[str, Any], columns: list[Mapping[str, str]]) -> str:
    first, *others = (escape(cell) for cell in row["cells"])
    if row["group"]:
        return f'<tr class="group"><th scope="rowgroup" colspan="{len(columns)}">{first}</th></tr>'
    cells = "".join(
        f'<td class="{column["align"]}{_whole(text)}">{text}</td>'
        for column, text in zip(columns[1:], others, strict=True)
    )
    name = f"{columns[0]['align']} indent-{row['indent']}{_whole(first)}"
    return f'<tr><th scope="row" class="{name}">{first}</th>{cells}</tr>'


def _whole(text: str) -> str:
    """Return the class of a date, which must not break at its hyphens; nothing for other text."""
    return " date" if DATE.fullmatch(text) else ""
