"""Vertebral levels as an order from C1 to S5, and the lists of levels that scores and trials use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import InvalidArgument
from .points import aligned, refuse_unknown

if TYPE_CHECKING:
    from .points import Items

LEVELS: tuple[str, ...] = tuple(
    f"{section}{number}"
    for section, count in (("C", 7), ("T", 12), ("L", 5), ("S", 5))
    for number in range(1, count + 1)
)
# Fisher et al. (2010), Spine 35, E1221: occiput to C2, C7 to T2, T11 to L1, L5 to S1.
SINS_JUNCTIONAL: frozenset[str] = frozenset(("C1", "C2", "C7", "T1", "T2", "T11", "T12", "L1", "L5", "S1"))
# NCT07146074, inclusion criterion 2: C1-2, C7-T1, T12-L1, L5-S1.
HERMES_JUNCTIONAL: frozenset[str] = frozenset(("C1", "C2", "C7", "T1", "T12", "L1", "L5", "S1"))
_SECTIONS = {"C": "cervical", "T": "thoracic", "L": "lumbar", "S": "sacral"}
_ORDER = {level: place for place, level in enumerate(LEVELS)}


def level_order(level: Items) -> pd.Series[Any]:
    """Place of a vertebral level in the spine, 0 for C1 to 28 for S5.

    Use differences of it as numbers of levels; they run across C7/T1, T12/L1 and L5/S1.  Not for a
    sixth lumbar or an absent twelfth thoracic vertebra, which have no place here.

    Parameters
    ----------
    level : scalar, array or Series of text, shape (n,)
        ``C1`` to ``C7``, ``T1`` to ``T12``, ``L1`` to ``L5``, ``S1`` to ``S5``.

    Returns
    -------
    Series of float, shape (n,)
        NaN where the level is missing.

    Raises
    ------
    InvalidArgument
        Labels that are no vertebral level.

    Notes
    -----
    R: ``match(level, levels)``.  SAS: an informat.

    Examples
    --------
    >>> level_order(["C7", "T1", None]).tolist()
    [6.0, 7.0, nan]
    """
    values = aligned(level=level)["level"]
    refuse_unknown(values, LEVELS)
    return values.map(_ORDER).astype("float64").rename("level_order")


def spine_section(level: Items) -> pd.Series[Any]:
    """Section of the spine of a vertebral level: cervical, thoracic, lumbar or sacral.

    Parameters
    ----------
    level : scalar, array or Series of text, shape (n,)
        ``C1`` to ``S5``.

    Returns
    -------
    Series of text, shape (n,)
        Missing where the level is.

    Raises
    ------
    InvalidArgument
        Labels that are no vertebral level.

    Notes
    -----
    R: ``substr(level, 1, 1)``.  SAS: ``SUBSTR(level, 1, 1)``.

    Examples
    --------
    >>> spine_section(["C7", "T1"]).tolist()
    ['cervical', 'thoracic']
    """
    values = aligned(level=level)["level"]
    refuse_unknown(values, LEVELS)
    return values.str[:1].map(_SECTIONS).astype("string").rename("section")


def neighbouring_levels(level: str, *, distance: int = 1) -> tuple[str, ...]:
    """Levels within ``distance`` of ``level``, itself among them, from head to tail.

    Parameters
    ----------
    level : str
        ``C1`` to ``S5``.
    distance : int
        Number of levels up and down, 0 or more.

    Returns
    -------
    tuple of str
        Cut off at C1 and S5.

    Raises
    ------
    InvalidArgument
        No vertebral level; ``distance`` below 0.

    Notes
    -----
    R, SAS: none.

    Examples
    --------
    >>> neighbouring_levels("T12")
    ('T11', 'T12', 'L1')
    """
    if level not in _ORDER:
        raise InvalidArgument(f"level must be a vertebral level from C1 to S5, got {level!r}")
    if distance < 0:
        raise InvalidArgument(f"distance must be 0 or more, got {distance}")
    place = _ORDER[level]
    return LEVELS[max(place - distance, 0) : place + distance + 1]


def parse_levels(text: str) -> tuple[str, ...]:
    """Read levels written as ``T8``, ``T11-L1`` or a list of such, separated by commas or semicolons.

    Parameters
    ----------
    text : str
        ``none`` stands for no level.

    Returns
    -------
    tuple of str
        The levels, each once, from head to tail.

    Raises
    ------
    InvalidArgument
        A part that is no level or range of levels, or a range from tail to head.

    Notes
    -----
    R, SAS: none.

    Examples
    --------
    >>> parse_levels("T11-L1; C2")
    ('C2', 'T11', 'T12', 'L1')
    >>> parse_levels("none")
    ()
    """
    if text.strip().lower() == "none":
        return ()
    found: set[int] = set()
    for part in re.split(r"[,;]", text):
        ends = [end.strip() for end in re.split("[-\N{EN DASH}]", part)]
        places = [_ORDER[end] for end in ends if end in _ORDER]
        if len(places) != len(ends) or len(ends) > 2 or places[0] > places[-1]:
            raise InvalidArgument(
                f"{part.strip()!r} is no vertebral level (C1 to S5) "
                "and no range from head to tail such as T11-L1"
            )
        found |= set(range(places[0], places[-1] + 1))
    return tuple(LEVELS[place] for place in sorted(found))


def level_distance(level: Items, others: Items) -> pd.Series[Any]:
    """Distance in levels from a vertebra to the nearest of others; 0 where it is one of them.

    Use it for rules such as "no radiotherapy to the target or the next level up or down" (at most 1).

    Parameters
    ----------
    level : scalar, array or Series of text, shape (n,)
        ``C1`` to ``S5``.
    others : scalar, array or Series of text, shape (n,)
        Levels as :func:`parse_levels` reads them; ``none`` for no level.

    Returns
    -------
    Series of float, shape (n,)
        Infinite where there are no others; NaN where either is missing.

    Raises
    ------
    InvalidArgument
        Text that is no level.

    Notes
    -----
    R, SAS: none.

    Examples
    --------
    >>> level_distance(["T12", "L3"], ["L1-L2", "none"]).tolist()
    [1.0, inf]
    """
    frame = aligned(level=level, others=others)
    place = level_order(frame["level"])
    distinct = {text: [_ORDER[item] for item in parse_levels(text)] for text in set(frame["others"].dropna())}
    distances = [
        np.nan
        if text is None or np.isnan(own)
        else min((abs(own - other) for other in distinct[text]), default=np.inf)
        for own, text in zip(place, frame["others"], strict=True)
    ]
    return pd.Series(distances, index=frame.index, dtype="float64", name="level_distance")
