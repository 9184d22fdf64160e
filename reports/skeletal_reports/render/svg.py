"""Matplotlib's SVG made fit to stand inside an html page, several to a page."""

from __future__ import annotations

import re
from html import escape

PROLOGUE = re.compile(r"^.*?(?=<svg\b)", re.DOTALL)
METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)
NAMESPACE = re.compile(r'\s+xmlns(?::\w+)?="[^"]*"')
IDENTIFIER = re.compile(r'\bid="([^"]+)"')
REFERENCE = re.compile(r'(href="#|url\(#)([^")]+)')
OPENING = re.compile(r"<svg\b[^>]*>")
SIZE = re.compile(r'\s(?:width|height)="[^"]*"')
VIEW_BOX = re.compile(r'viewBox="[\d.\-]+ [\d.\-]+ ([\d.]+) [\d.]+"')
POINTS_TO_PIXELS = 4 / 3


def inline_svg(svg: str, *, prefix: str, title: str, description: str) -> str:
    """Return ``svg`` as an element of an html page, with a title and description for screen readers.

    Ids get ``prefix`` so that those of two figures on one page do not clash; the XML prologue, namespaces
    and metadata, which name addresses of the network, are left out; the size gives way to the view box.
    """
    body = METADATA.sub("", PROLOGUE.sub("", svg, count=1))
    body = IDENTIFIER.sub(rf'id="{prefix}-\1"', body)
    body = REFERENCE.sub(rf"\1{prefix}-\2", body)
    opening = OPENING.match(body)
    if opening is None:
        raise ValueError("not an SVG image")
    tag = SIZE.sub("", NAMESPACE.sub("", opening.group())).removesuffix(">")
    box = VIEW_BOX.search(tag)
    width = f' style="max-width:{float(box.group(1)) * POINTS_TO_PIXELS:.0f}px"' if box else ""
    names = (
        f'<title id="{prefix}-title">{escape(title)}</title>'
        f'<desc id="{prefix}-desc">{escape(description)}</desc>'
    )
    tag += f'{width} role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
    return tag + names + body[opening.end() :].strip()
