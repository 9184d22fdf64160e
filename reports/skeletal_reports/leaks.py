"""The build step that refuses an open report in which an arm can be read anywhere."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tempfile
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skeletal.errors import SkeletalError, name_some

from .arm_terms import arm_terms, normalise, short_terms, term_pattern
from .notebook import read_template

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from skeletal.records import TrialRecords
    from skeletal.study import Study

AROUND = 25
EXTERNAL = re.compile(
    r"""(?:\b(?:src|srcset|href|action|data|poster)\s*=\s*["']?|@import\s*["']?|url\(\s*["']?)\s*(?:https?:)?//""",
    re.IGNORECASE,
)


class _TextOf(HTMLParser):
    """Collects every piece of text of html or svg: elements, attribute values and comments."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        """Take the text of an element."""
        self.pieces.append(data)
        self.words.append(data)

    def handle_comment(self, data: str) -> None:
        """Take a comment: Matplotlib keeps the words there that it draws as paths."""
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the values of attributes."""
        del tag
        self.pieces += [value for _, value in attrs if value]


def require_pooled(records: TrialRecords, study: Study) -> None:
    """Refuse records or a study with more than the one pooled arm.

    Raises
    ------
    SkeletalError
        If the study is not pooled or a subject has another arm.
    """
    arms = set(records.subjects["arm"].dropna().unique())
    if study.masking != "pooled" or len(study.arms) != 1 or arms - set(study.arm_names):
        raise SkeletalError("the open report was given records that hold more than the pooled arm")


def check_open(files: Iterable[Path], study: Study) -> None:
    """Refuse files of an open report that name an arm of ``study``.

    Parameters
    ----------
    files : iterable of Path
        html, svg, pdf, ipynb, csv, json and other files of the open report.
    study : Study
        With the true arms.

    Raises
    ------
    SkeletalError
        Naming each file and what was found in it.  Names and labels of the arms count as whole words,
        in any case, spacing and html encoding, also in comments, attributes and metadata; those of three
        characters or fewer only as a whole cell or element, or after "arm" or "group".

    Notes
    -----
    That no count by arm is shown follows from what the notebook is given (:func:`require_pooled`).  Cells
    of the report's own notebook are the same for every trial: their code is not searched.
    """
    terms = arm_terms(study)
    pattern, short = term_pattern(terms), short_terms(terms)
    problems = [
        f"{path.name}: {found!r}"
        for path in files
        for found in _findings(list(_told_by(path)), pattern, short)
    ]
    if problems:
        raise SkeletalError(
            f"the open report would name an arm in {len(problems)} place(s): {name_some(problems)}. No "
            f"report was written. The arms are called {name_some(terms)}: rename what is shown (labels, "
            "sites); if that is a word of the report itself, as 'Total' or 'Month', call the arm by a word "
            "that it does not use; or make only the closed report (--kind closed)."
        )


def _told_by(path: Path) -> Iterator[str]:
    """Text of a file, without the code that a notebook shares with the template."""
    if path.suffix.lower() != ".ipynb":
        return text_of(path)
    own = {cell.source for cell in read_template().cells}
    notebook = json.loads(path.read_bytes())
    cells = [
        {name: item for name, item in cell.items() if name not in {"id", "source"}}
        if "".join(cell.get("source", "")) in own
        else cell
        for cell in notebook.get("cells", ())
    ]
    return _strings({**notebook, "cells": cells})


def _findings(pieces: list[str], pattern: re.Pattern[str], short: frozenset[str]) -> list[str]:
    """Return what names an arm in ``pieces``, each alone or run together, with the words around it."""
    found = []
    for text in (normalise(" ".join(pieces)), normalise("".join(pieces))):
        match = pattern.search(text)
        if match:
            found.append(text[max(0, match.start() - AROUND) : match.end() + AROUND])
            break
    named = (piece.strip() for piece in pieces if normalise(piece) in short) if short else iter(())
    return [*found, *islice(named, 1)]


def check_self_contained(files: Iterable[Path], folders: Iterable[Path] = ()) -> None:
    """Refuse reports that refer to the network or hold a path of this machine.

    Parameters
    ----------
    files : iterable of Path
        html, pdf and ipynb files.
    folders : iterable of Path
        Folders whose names must not occur, beside the working, temporary and installation folders.

    Raises
    ------
    SkeletalError
        Naming file and finding.
    """
    known = [*folders, Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix)]
    paths = {f"{folder}/" for folder in known if len(folder.parts) > 1}
    problems = []
    for path in files:
        content = "\n".join(text_of(path))
        problems += [f"{path.name}: {name}" for name in paths if name in content]
        if path.suffix == ".html" and (match := EXTERNAL.search(path.read_text(encoding="utf-8"))):
            problems.append(f"{path.name}: {match.group()}")
    if problems:
        raise SkeletalError(f"a report refers to something outside itself: {name_some(problems)}")


def text_of(path: Path) -> Iterator[str]:
    """Yield every piece of text in a file: elements, cells, strings, attributes, comments, metadata."""
    return READERS.get(path.suffix.lower(), _plain)(path.read_bytes())


def _markup(content: bytes) -> Iterator[str]:
    parser = _TextOf()
    parser.feed(content.decode("utf-8"))
    parser.close()
    yield from parser.pieces
    yield " ".join("".join(parser.words).split())


def _csv(content: bytes) -> Iterator[str]:
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"))):
        yield from row


def _json(content: bytes) -> Iterator[str]:
    yield from _strings(json.loads(content))


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings inside parsed JSON; lines of one text joined, html and svg read as markup."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from _strings(item)
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield from value
        yield from _strings("".join(value))
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, str):
        yield value
        if "<" in value:
            yield from _markup(value.encode())


def _pdf(content: bytes) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415 - only for this check

    reader = PdfReader(io.BytesIO(content))
    for page in reader.pages:
        text = page.extract_text()
        yield text
        yield from text.splitlines()
    metadata: Mapping[str, Any] = reader.metadata or {}
    yield from (str(value) for value in metadata.values())
    if reader.xmp_metadata is not None:
        yield from _markup(reader.xmp_metadata.stream.get_data())


def _plain(content: bytes) -> Iterator[str]:
    yield content.decode("utf-8", errors="replace")


READERS: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    ".html": _markup,
    ".svg": _markup,
    ".csv": _csv,
    ".ipynb": _json,
    ".json": _json,
    ".pdf": _pdf,
}
