"""The same blocks as an A4 pdf, set by Typst from data: no text is ever read as markup."""

from __future__ import annotations

import datetime as dt
import json
import re
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skeletal.errors import SkeletalError

from .document import Document, Exhibit, Facts, Heading
from .markdown import tokens_blocks

if TYPE_CHECKING:
    from .document import Block

WIDE = re.compile(r'<svg\b[^>]*?\bwidth="([\d.]+)pt"')
HIGH = re.compile(r'<svg\b[^>]*?\bheight="([\d.]+)pt"')
POINT_MM = 25.4 / 72
SHARE, WIDEST = 0.88, 146.0  # of a figure's own size, and in mm
PAGE_WIDTH, BESIDE_WORDS, PAGE_HEIGHT = 170.0, 165.0, 225.0  # mm that a figure may take of a page
LEAST_SHARE = 0.85  # a figure that would have to be smaller to stand with words has a page of its own
# A pdf must bear a date; a fixed one keeps repeats byte-identical.  The data date is on every page.
TIMESTAMP = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def render_pdf(document: Document) -> bytes:
    """Return the report as a pdf file (A4, tagged, with title and outline).

    Parameters
    ----------
    document : Document
        Cover and blocks, from :func:`read_document`.

    Returns
    -------
    bytes
        The same bytes for the same document on every run.

    Raises
    ------
    SkeletalError
        If Typst cannot set the document.
    """
    import typst  # noqa: PLC0415 - a large library, needed by this step alone

    with tempfile.TemporaryDirectory(prefix="skeletal-pdf-") as name:
        folder = Path(name)
        blocks = [_block(block, folder) for block in document.blocks]
        content = {"cover": _cover(document), "blocks": blocks}
        (folder / "document.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        template = (files("skeletal_reports.render") / "report.typ").read_text(encoding="utf-8")
        (folder / "report.typ").write_text(template, encoding="utf-8")
        try:
            compiler = typst.Compiler(
                folder / "report.typ", root=folder, font_paths=[_fonts()], ignore_system_fonts=True
            )
            compiled = compiler.compile(format="pdf", timestamp=TIMESTAMP)
        except typst.TypstError as error:
            raise SkeletalError(f"the pdf could not be set: {error}") from error
    if not isinstance(compiled, bytes):
        raise SkeletalError("the pdf could not be set: Typst gave more or less than one file")
    return compiled


def _fonts() -> Path:
    """Return the folder of the fonts that come with Matplotlib, for letters that Typst's own lack."""
    from matplotlib import get_data_path  # noqa: PLC0415

    return Path(get_data_path()) / "fonts" / "ttf"


def _cover(document: Document) -> dict[str, Any]:
    cover = document.cover
    return {
        "heading": cover.heading,
        "title": cover.title,
        "trial": cover.trial,
        "registry": cover.registry,
        "as_of": cover.as_of,
        "marks": [mark.upper() for mark in cover.marks],
        "facts": cover.facts,
        "contents": cover.contents,
    }


def _block(block: Block, folder: Path) -> dict[str, Any]:
    if isinstance(block, Heading):
        words = {"number": block.number, "text": block.text, "new_page": block.new_page}
        return {"type": "heading", "level": block.level, **words}
    if isinstance(block, Facts):
        return {"type": "facts", "items": block.items}
    if isinstance(block, Exhibit):
        return _table(block) if block.kind == "table" else _figure(block, folder)
    return {"type": "prose", "blocks": tokens_blocks(block.tokens)}


def _figure(exhibit: Exhibit, folder: Path) -> dict[str, Any]:
    content = exhibit.content
    file = f"{exhibit.anchor}.svg"
    (folder / file).write_text(content["svg"], encoding="utf-8")
    width, height = (_millimetres(pattern, content["svg"]) for pattern in (WIDE, HIGH))
    full, floats = min(width * SHARE, WIDEST), False
    if content.get("wide"):
        full, floats = _full_width(width, height)
    return {
        "type": "figure",
        "label": exhibit.label,
        "caption": content["caption"],
        "alt": content["alt"],
        "file": file,
        "width": full,
        "floats": floats,
    }


def _millimetres(pattern: re.Pattern[str], svg: str) -> float:
    size = pattern.search(svg)
    return float(size.group(1)) * POINT_MM if size else PAGE_WIDTH


def _full_width(width: float, height: float) -> tuple[float, bool]:
    """Return the width of a figure as wide as the page, and whether it is too high to stand beside words."""
    share = min(1.0, PAGE_WIDTH / width)
    beside = BESIDE_WORDS / height
    alone = beside < LEAST_SHARE * share
    return width * min(share, PAGE_HEIGHT / height if alone else beside), alone


def _table(exhibit: Exhibit) -> dict[str, Any]:
    return {**exhibit.content, "label": exhibit.label}
