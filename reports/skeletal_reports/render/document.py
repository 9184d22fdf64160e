"""The report as blocks, read from an executed notebook: the common source of html and pdf."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skeletal.errors import InvalidArgument

from .markdown import parse_markdown, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown_it.token import Token

MIME = "application/vnd.skeletal+json"
SENTENCE = re.compile(r"(?<=[.])\s|[;:]\s|\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What the first page and the page headers say."""

    trial: str
    registry: str
    title: str
    kind: str
    as_of: str
    arms: str
    confidential: bool
    simulated: bool = False
    contents: bool = True

    @property
    def heading(self) -> str:
        """Name of the report."""
        return f"{self.trial}: interim report, {self.kind} session"

    @property
    def marks(self) -> tuple[str, ...]:
        """What every page must say beside the data date."""
        marks = ((self.simulated, "Simulated data"), (self.confidential, "Confidential"))
        return tuple(mark for wanted, mark in marks if wanted)

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Name and value of what stands under the heading."""
        data = "Simulated: no real subjects" if self.simulated else ""
        facts = (
            ("Registry", self.registry),
            ("Data as of", self.as_of),
            ("Arms", self.arms),
            ("Data", data),
        )
        return tuple((name, value) for name, value in facts if value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A section heading with its number and anchor; ``new_page`` puts it on a new page in print."""

    level: int
    number: str
    text: str
    anchor: str
    new_page: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """Paragraphs and lists, as Markdown tokens."""

    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and values side by side, such as who a subject is."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A numbered table or figure; ``content`` is what the notebook showed."""

    kind: str
    number: int
    content: Mapping[str, Any]

    @property
    def label(self) -> str:
        """``Table 3`` or ``Figure 2``."""
        return f"{self.kind.capitalize()} {self.number}"

    @property
    def anchor(self) -> str:
        """Target of links inside the report."""
        return f"{self.kind}-{self.number}"

    @property
    def short_title(self) -> str:
        """Title of a table, or the first sentence of a figure's caption."""
        text: str = self.content["title" if self.kind == "table" else "caption"]
        return SENTENCE.split(text, maxsplit=1)[0].rstrip(".")


Block = Heading | Prose | Facts | Exhibit


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A report: its cover and its blocks in order."""

    cover: Cover
    blocks: tuple[Block, ...]

    @property
    def sections(self) -> tuple[Heading, ...]:
        """Headings of the table of contents."""
        return tuple(block for block in self.blocks if isinstance(block, Heading))

    def exhibits(self, kind: str) -> tuple[Exhibit, ...]:
        """Return the tables or the figures."""
        return tuple(item for item in self.blocks if isinstance(item, Exhibit) and item.kind == kind)


def read_document(notebook: Mapping[str, Any], cover: Cover) -> Document:
    """Return the blocks of an executed notebook: its Markdown, and what its code cells showed.

    Code is left out, and so are a first-level heading (the cover bears the title) and Markdown cells
    tagged ``notebook-only``.

    Raises
    ------
    InvalidArgument
        If a code cell printed something: a report holds only what was shown on purpose.
    """
    return Document(cover=cover, blocks=tuple(_numbered(_parts(notebook["cells"]))))


def _parts(cells: Sequence[Mapping[str, Any]]) -> Iterator[list[Token] | dict[str, Any]]:
    for cell in cells:
        if cell["cell_type"] == "markdown":
            if "notebook-only" not in cell["metadata"].get("tags", ()):
                yield parse_markdown(cell["source"])
        elif cell["cell_type"] == "code":
            yield from map(_shown, cell["outputs"])


def _shown(output: Mapping[str, Any]) -> list[Token] | dict[str, Any]:
    data = output.get("data", {})
    if MIME not in data:
        text = output.get("text") or data.get("text/plain") or output["output_type"]
        raise InvalidArgument(
            f"a cell of the notebook put out {str(text)[:200]!r}, which no report can hold: use show(...)"
        )
    payload = dict(data[MIME])
    return parse_markdown(payload["markdown"]) if payload["type"] == "text" else payload


def _numbered(parts: Iterator[list[Token] | dict[str, Any]]) -> Iterator[Block]:
    counts = {"table": 0, "figure": 0}
    levels = [0, 0]
    for part in parts:
        if isinstance(part, dict):
            kind = part["type"]
            counts[kind] += 1
            yield Exhibit(kind=kind, number=counts[kind], content=part)
        else:
            yield from _prose(part, levels)


def _prose(tokens: list[Token], levels: list[int]) -> Iterator[Block]:
    """Split ``tokens`` at headings, which are counted in ``levels`` (section, subsection)."""
    kept: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type != "heading_open":
            kept.append(token)
            position += 1
            continue
        if kept:
            yield Prose(tokens=tuple(kept))
            kept = []
        if token.tag != "h1":
            yield _heading(token.tag, plain(tokens[position + 1].children or []), levels)
        position += 3
    if kept:
        yield Prose(tokens=tuple(kept))


def _heading(tag: str, text: str, levels: list[int]) -> Heading:
    level = 1 if tag == "h2" else 2
    levels[level - 1] += 1
    if level == 1:
        levels[1] = 0
    number = ".".join(str(count) for count in levels[:level])
    return Heading(level=level, number=number, text=text, anchor=f"section-{number.replace('.', '-')}")
