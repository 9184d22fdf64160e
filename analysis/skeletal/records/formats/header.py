"""The names of columns, which every format gives in its first line or row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skeletal.errors import InvalidRecords, name_some

if TYPE_CHECKING:
    from collections.abc import Callable


def check_header(where: str, names: list[str], *, first: str, describe: Callable[[list[int]], str]) -> None:
    """Refuse columns without a name, and names that stand more than once.

    ``first`` is the word for where the names stand, ``describe`` the words for places, counted from 0.
    """
    if blank := [place for place, name in enumerate(names) if not name.strip()]:
        raise InvalidRecords(
            f"{where}: column(s) without a name: {describe(blank)}; name or delete them "
            f"(the first {first} must be the names)"
        )
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise InvalidRecords(
            f"{where}: columns named more than once: {name_some(repeated)}; keep one of each, or rename"
        )
