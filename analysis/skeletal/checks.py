"""Checks of arguments, each with one message that names the argument, the rule and what came."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from .errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .arrays import FloatArray, LabelArray


def probability(value: float, name: str) -> None:
    """Refuse a number that is not strictly between 0 and 1."""
    if not 0 < value < 1:
        raise InvalidArgument(f"{name} must lie strictly between 0 and 1, got {value}")


def option(value: object, allowed: object, name: str) -> None:
    """Refuse a value that is none of a ``Literal``'s (or a sequence's) members."""
    members: Sequence[object] = get_args(allowed) or tuple(allowed)  # type: ignore[arg-type]
    if value not in members:
        raise InvalidArgument(f"{name} must be one of {', '.join(map(repr, members))}, got {value!r}")


def same_length(n: int, **arrays: object) -> None:
    """Refuse arrays whose length is not ``n``; ``None`` passes."""
    for name, array in arrays.items():
        if array is not None and len(array) != n:  # type: ignore[arg-type]
            raise InvalidArgument(f"{name} must have one entry a row ({n}), got {len(array)}")  # type: ignore[arg-type]


def rows_where(bad: LabelArray | FloatArray, rule: str) -> None:
    """Refuse rows marked in ``bad``, naming how many and the first five (counted from 0)."""
    rows = np.flatnonzero(bad)
    if rows.size:
        raise InvalidArgument(f"{rule}: {rows.size} row(s) ({name_some(rows)})")
