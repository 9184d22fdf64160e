"""What a mapping of foreign files must have, whatever their format."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from skeletal.errors import InvalidStudy
from skeletal.tables import TABLES

from .faults import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Part = TypeVar("Part")


def check_parts(
    tables: Mapping[str, Iterable[Part]],
    *,
    section: str,
    form: str,
    faults: Callable[[str, Part], Iterable[str]],
) -> None:
    """Refuse parts of a mapping that make no record table, that are faulty, or that make no subjects.

    ``section`` is the place in the study file, ``form`` the format of the records, and ``faults`` says what
    is wrong with one part of one table.
    """
    problems = []
    for name, parts in tables.items():
        if name not in TABLES:
            problems.append(
                f"{section} names {name!r}, which is no record table.{did_you_mean(name, TABLES)}"
            )
            continue
        for part in parts:
            problems += faults(name, part)
    if "subjects" not in tables:
        problems.append(f"records.format = {form!r} needs {section}.subjects")
    if problems:
        raise InvalidStudy("\n".join(problems))
