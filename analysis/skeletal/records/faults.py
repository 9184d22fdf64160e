"""Words for faults in tables: which rows, which values, and the name that was probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import numpy as np

from skeletal.errors import SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd


def name_rows(flags: Any, values: pd.Series[Any], rows: pd.Series[Any] | None = None) -> str:
    """Return how many rows are flagged, and the first five with their values.

    ``rows`` holds the row numbers of the file where they are not simply 1, 2, ...

    Examples
    --------
    >>> import pandas as pd
    >>> name_rows([False, True, True], pd.Series(["1", "x", "y"]))
    "2 rows: row 2 ('x'), row 3 ('y')"
    """
    marked = np.flatnonzero(np.asarray(flags, dtype=bool))
    first = marked[:SHOWN]
    numbers = first + 1 if rows is None else rows.iloc[first]
    shown = [f"row {row} ({value!s:.60})" for row, value in zip(numbers, _shown(values, first), strict=True)]
    more = f" and {len(marked) - SHOWN} more" if len(marked) > SHOWN else ""
    return f"{len(marked)} row{'s' if len(marked) > 1 else ''}: {', '.join(shown)}{more}"


def _shown(values: pd.Series[Any], rows: Any) -> list[str]:
    return [repr(value) if isinstance(value, str) else str(value) for value in values.iloc[rows].tolist()]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest of ``known``, or nothing.

    Examples
    --------
    >>> did_you_mean("subjectid", ["subject_id", "arm"])
    " Did you mean 'subject_id'?"
    """
    by_lower = {str(item).lower(): str(item) for item in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[close[0]]!r}?" if close else ""
