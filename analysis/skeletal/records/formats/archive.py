"""The tables of a zip archive in a folder of their own; nothing is written outside it."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords, name_some

from .files import ENDINGS
from .limits import LARGEST_ARCHIVE, LARGEST_FILE
from .place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARCHIVES = (".zip", ".gz", ".tgz", ".tar", ".7z", ".rar", ".bz2", ".xz")


@contextmanager
def unpacked(path: Path) -> Iterator[Place]:
    """Unpack the files with the ending of a table, whatever their folder, until the block ends.

    Raises
    ------
    InvalidRecords
        If the archive is broken, has a password, unpacks to too much, or a name leads out of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        yield _unpacked(path, Path(folder))


def _unpacked(path: Path, folder: Path) -> Place:
    files, others = [], []
    try:
        with zipfile.ZipFile(path) as archive:
            members = [item for item in archive.infolist() if not _is_aside(item)]
            _check_members(path.name, members)
            for number, item in enumerate(members):
                name = _inside(item).name
                if Path(name).suffix.lower() not in ENDINGS:
                    others.append(name)
                    continue
                target = folder / str(number) / name
                target.parent.mkdir()
                target.write_bytes(archive.read(item))
                files.append(target)
    except InvalidRecords:
        raise
    except NotImplementedError as error:
        raise InvalidRecords(
            f"{path.name} cannot be unpacked ({error}); zip the tables again in the ordinary way (deflate)"
        ) from None
    except Exception as error:  # zlib, lzma and bz2 have errors of their own
        raise InvalidRecords(f"{path.name} cannot be unpacked ({error}); zip the tables again") from None
    return Place(label=path.name, files=tuple(files), others=tuple(others), hint=_hint(others))


def _is_aside(item: zipfile.ZipInfo) -> bool:
    inside = _inside(item)
    return item.is_dir() or "__MACOSX" in inside.parts or inside.name.startswith((".", "~$"))


def _inside(item: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(item.filename.replace("\\", "/"))


def _check_members(name: str, members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive before anything of it is unpacked."""
    outside = [item.filename for item in members if _leads_out(item)]
    if outside:
        raise InvalidRecords(
            f"{name} holds names that lead out of the archive ({name_some(map(repr, outside))}); zip the "
            "folder of tables again, and ask where this archive comes from"
        )
    if locked := [item.filename for item in members if item.flag_bits & 1]:
        raise InvalidRecords(
            f"{name} has a password ({name_some(locked)}); unpack it and give the folder, or zip "
            "it without one"
        )
    tables = [item for item in members if _inside(item).suffix.lower() in ENDINGS]
    large = [item for item in tables if item.file_size > LARGEST_FILE]
    total = sum(item.file_size for item in tables)
    if large or total > LARGEST_ARCHIVE:
        size, limit = (large[0].file_size, LARGEST_FILE) if large else (total, LARGEST_ARCHIVE)
        what = f"{large[0].filename} in {name}" if large else name
        raise InvalidRecords(
            f"{what} unpacks to {size / 1e9:.1f} GB, more than the {limit / 1e9:.1f} GB that is read; leave "
            "documents, images and unread columns out and zip the tables again"
        )


def _leads_out(item: zipfile.ZipInfo) -> bool:
    inside = _inside(item)
    is_link = stat.S_ISLNK(item.external_attr >> 16)
    return is_link or inside.is_absolute() or ".." in inside.parts or bool(PureWindowsPath(inside).drive)


def _hint(others: list[str]) -> str:
    packed = [name for name in others if Path(name).suffix.lower() in _ARCHIVES]
    return f". It holds another archive ({name_some(packed)}): unpack that first" if packed else ""
