"""Checks of arguments, each with one message that names the argument, the rule and what came."""

from __future__ import annotations

from math import inf, isfinite
from numbers import Real
from typing import TYPE_CHECKING, get_args

import numpy as np

from .errors import InvalidArgument, name_some

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .arrays import FloatArray, LabelArray


def probability(value: float, name: str) -> None:
    """Refuse a number that is not strictly between 0 and 1."""
    if not (isinstance(value, Real) and 0 < value < 1):
        raise InvalidArgument(f"{name} must lie strictly between 0 and 1, got {value}")


def finite(value: object, name: str, *, least: float = -inf) -> float:
    """Return a number as a float; refuse what is none, is not finite or is below ``least``."""
    if not isinstance(value, (Real, np.number)) or isinstance(value, (bool, np.complexfloating)):
        raise InvalidArgument(f"{name} must be a finite number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = inf
    if not (isfinite(number) and number >= least):
        rule = "finite and not negative" if least == 0 else "finite"
        raise InvalidArgument(f"{name} must be {rule}, got {value}")
    return number


def option(value: object, allowed: object, name: str) -> None:
    """Refuse a value that is none of a ``Literal``'s (or a sequence's) members."""
    members: Sequence[object] = get_args(allowed) or tuple(allowed)  # type: ignore[arg-type]
    try:
        known = isinstance(hash(value), int) and value in members
    except TypeError:  # nothing that can be hashed or compared is an option
        known = False
    if not known:
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
