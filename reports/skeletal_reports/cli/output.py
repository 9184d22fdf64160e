"""Files and folders that appear complete or not at all, and replace nothing unasked."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise FileExistsError where ``path`` is there and may not be replaced."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if os.path.lexists(path) and not force:
        raise FileExistsError(f"{path} exists; add --force to replace it, or name another place with --out")


@contextmanager
def new_folder(
    path: Path, *, force: bool, ours: Callable[[str], bool], folders: Collection[str] = ()
) -> Iterator[Path]:
    """Give an empty folder beside ``path``; it becomes ``path`` if nothing failed.

    With ``force`` an earlier folder is replaced, but only one that holds nothing except files whose name
    is ``ours`` and folders with one of the names of ``folders``: a folder with other work in it is never
    removed.
    """
    path = path.absolute()
    refuse_existing(path, force=force)
    if path.is_dir():
        others = sorted(
            item.name
            for item in path.iterdir()
            if not (item.name in folders if item.is_dir() else ours(item.name))
        )
        if others:
            shown = ", ".join(others[:5])
            raise FileExistsError(
                f"{path} also holds {shown}, which --force does not remove; name another place"
            )
    elif os.path.lexists(path):
        raise FileExistsError(f"{path} is a file, not a folder; name another place with --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}."))
    try:
        staged.chmod(0o777 & ~_umask())
        yield staged
        if path.is_dir():
            shutil.rmtree(path)
        staged.rename(path)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def write_text(text: str, path: Path, *, force: bool) -> Path:
    """Write ``text`` to ``path`` in one step."""
    return write_bytes(text.encode("utf-8"), path, force=force)


def write_bytes(content: bytes, path: Path, *, force: bool) -> Path:
    """Write ``content`` to ``path`` in one step."""
    if path.is_dir():
        raise FileExistsError(f"{path} is a folder; name a file with --out")
    refuse_existing(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        beside.chmod(0o666 & ~_umask())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
