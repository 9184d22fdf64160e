"""Which files of a folder are read as which table, and what is said of the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords, name_some

from .files import ENDINGS, WORKBOOKS, Reading, TableFile, read_tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Place:
    """The files of a folder or archive: ``files`` may be tables, ``others`` are only named."""

    label: str
    files: tuple[Path, ...]
    others: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Contents:
    """What was read of a place.

    ``tables`` holds the files by table, ``digests`` the SHA-256 of each file, ``others`` the names of files
    not read, ``known`` the tables that there are, whether or not they could be read.
    """

    tables: dict[str, TableFile]
    digests: dict[str, str]
    others: tuple[str, ...]
    known: frozenset[str]


def folder_place(folder: Path) -> Place:
    """Return the files of a folder, hidden ones and those of open programs apart."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise InvalidRecords(
            f"{folder} cannot be read: {error.strerror}; check that you may open it"
        ) from None
    shown = [path for path in inside if not path.name.startswith((".", "~$"))]
    folders = tuple(path for path in shown if path.is_dir())
    files = tuple(
        path
        for path in shown
        if path.suffix.lower() in ENDINGS and (path.is_file() or (path.is_symlink() and not path.exists()))
    )
    return Place(
        label=str(folder),
        files=files,
        others=tuple(path.name for path in shown if path not in files and path not in folders),
        folders=folders,
        hint=_elsewhere(folders),
    )


def _elsewhere(folders: tuple[Path, ...]) -> str:
    """Say where the tables may be instead: in a folder of the folder."""
    for folder in folders:
        try:
            if any(path.suffix.lower() in ENDINGS and path.is_file() for path in folder.iterdir()):
                return f". Did you mean the folder {folder}?"
        except OSError:
            continue
    return ""


def read_place(place: Place, reading: Reading, is_wanted: Callable[[Path], bool]) -> Contents:
    """Read the wanted files and the workbooks of a place; what is wrong goes to ``reading.problems``.

    Raises
    ------
    InvalidRecords
        If the place holds no file that could be a table.
    """
    if not place.files and not _misfits(place, reading, set()):
        hint = place.hint or "; give the folder (or .zip) that holds them"
        raise InvalidRecords(f"{place.label} holds no tables ({', '.join(ENDINGS)}){hint}")
    chosen = [path for path in place.files if _is_workbook(path) or is_wanted(path)]
    read: dict[Path, dict[str, TableFile]] = {}
    failed: set[Path] = set()
    for path in chosen:
        read[path], wrong = read_tables(path, reading)
        failed |= {path} if wrong else set()
    unread = {path.name for path in place.files if not read.get(path) and path not in failed}
    sources = [(table, file.name) for found in read.values() for table, file in found.items()]
    sources += [(path.stem.lower(), path.name) for path in failed if not read[path]]
    known = {table for table, _ in sources}
    if any(_is_workbook(path) for path in failed):
        known |= reading.wanted  # it may hold any table
    reading.problems[:0] = [*_repeated(sources), *_misfits(place, reading, known)]
    return Contents(
        tables={table: file for found in read.values() for table, file in found.items()},
        digests={path.name: file.digest for path, found in read.items() for file in found.values()},
        others=tuple(sorted(unread | set(place.others))),
        known=frozenset(known),
    )


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in WORKBOOKS


def _repeated(sources: list[tuple[str, str]]) -> list[str]:
    """Return a sentence for each table of which there is more than one file."""
    names: dict[str, list[str]] = {}
    for table, name in sources:
        names.setdefault(table, []).append(name)
    return [
        f"more than one file for table {table!r}: {name_some(sorted(several))}; keep one"
        for table, several in sorted(names.items())
        if len(several) > 1
    ]


def _misfits(place: Place, reading: Reading, known: set[str]) -> list[str]:
    """Name what is called like a wanted table that is not there otherwise, but is no file that is read."""
    missing = reading.wanted - known
    files = [
        f"{name} is not read: unpack it if it is an archive and save it as {' or '.join(ENDINGS)}, or move "
        "it away"
        for name in place.others
        if name.lower().split(".")[0] in missing
    ]
    folders = [
        f"{folder.name} is a folder, not a file; give the folder itself, or move the file out of it"
        for folder in place.folders
        if folder.suffix.lower() in ENDINGS and folder.stem.lower() in missing
    ]
    return files + folders
