"""Markdown of notebooks as tokens: headings, paragraphs, lists, emphasis and code; no links or raw html."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

MARKS = {"strong_open": "strong", "em_open": "emph"}
CONTAINERS = {"bullet_list_open": "bullets", "ordered_list_open": "numbers", "blockquote_open": "quote"}


@cache
def _parser() -> MarkdownIt:
    """Return the parser; a report refers to nothing outside itself, so links and images stay text."""
    parser = MarkdownIt("commonmark", {"html": False})
    return parser.disable(["link", "image", "autolink", "html_block", "html_inline", "reference"])


def parse_markdown(text: str) -> list[Token]:
    """Return the tokens of ``text``."""
    return _parser().parse(text)


def tokens_html(tokens: Sequence[Token]) -> str:
    """Return ``tokens`` as html."""
    parser = _parser()
    return str(parser.renderer.render(tokens, parser.options, {}))


def markdown_html(text: str) -> str:
    """Return Markdown ``text`` as html."""
    return tokens_html(parse_markdown(text))


def tokens_blocks(tokens: Sequence[Token]) -> list[dict[str, Any]]:
    """Return ``tokens`` as plain data: paragraphs, lists, quotes and code with runs of marked text."""
    return list(_blocks(iter(tokens), ""))


def _blocks(tokens: Iterator[Token], end: str) -> Iterator[dict[str, Any]]:
    for token in tokens:
        if token.type == end:
            return
        if token.type == "inline":
            yield {"kind": "paragraph", "runs": _runs(token.children or [])}
        elif token.type in CONTAINERS:
            close = token.type.replace("_open", "_close")
            yield {"kind": CONTAINERS[token.type], "blocks": list(_blocks(tokens, close))}
        elif token.type == "list_item_open":
            yield {"kind": "item", "blocks": list(_blocks(tokens, "list_item_close"))}
        elif token.type in {"fence", "code_block"}:
            yield {"kind": "code", "text": token.content.rstrip("\n")}


def _runs(children: Sequence[Token]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    marks: list[str] = []
    for child in children:
        if child.type in MARKS:
            marks.append(MARKS[child.type])
        elif child.type.endswith("_close"):
            marks.pop()
        elif child.type == "hardbreak":
            runs.append({"text": "\n", "marks": []})
        elif child.type == "softbreak":
            runs.append({"text": " ", "marks": []})
        elif child.content:
            runs.append({"text": child.content, "marks": [*marks, *_code(child)]})
    return runs


def _code(child: Token) -> list[str]:
    return ["code"] if child.type == "code_inline" else []


def plain(children: Sequence[Token]) -> str:
    """Return the text of inline tokens without its marks."""
    return "".join(str(run["text"]) for run in _runs(children))
