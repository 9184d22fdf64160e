"""Distinct event times of strata, where each row is at risk among them, and sums over the rows at risk.

At risk on (entry, time], events before censorings, times compared exactly, as in :mod:`skeletal.risk_table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .risk_table import from_the_end, sum_by

if TYPE_CHECKING:
    from .arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class EventCells:
    """Distinct event times of each stratum, and where each row is at risk among them.

    Attributes
    ----------
    time, stratum : ndarray of shape (m,)
        Sorted by stratum, then time.
    starts : ndarray
        First position of each stratum that has events.
    first, last : ndarray of shape (n,)
        A row is at risk at the positions ``first`` to ``last``.
    active : ndarray of shape (n,)
        Whether a row is at risk at any event (``first <= last``).
    delayed : bool
        Whether rows have an entry.
    """

    time: FloatArray
    stratum: IntArray
    starts: IntArray
    first: IntArray
    last: IntArray
    active: BoolArray
    delayed: bool


def event_cells(
    time: FloatArray, event: IntArray, stratum: IntArray, entry: FloatArray | None = None
) -> EventCells:
    """Find the distinct event times of each stratum and the rows' positions among them."""
    n = time.size
    values, rank = np.unique(time if entry is None else np.concatenate([time, entry]), return_inverse=True)
    size = values.size
    key = stratum * size + rank[:n]
    keys = np.unique(key[event == 1])
    last = (np.searchsorted(keys, key, side="right") - 1).astype(np.int64)
    before = stratum * size - 1 if entry is None else stratum * size + rank[n:]
    first = np.searchsorted(keys, before, side="right").astype(np.int64)
    cell_stratum = keys // size
    return EventCells(
        time=values[keys % size],
        stratum=cell_stratum,
        starts=np.flatnonzero(np.diff(cell_stratum, prepend=-1)),
        first=first,
        last=last,
        active=first <= last,
        delayed=entry is not None,
    )


def sum_at_risk(values: FloatArray, cells: EventCells, rows: BoolArray | None = None) -> FloatArray:
    """Sum ``values`` of shape (n,) or (n, p) over the rows at risk at each event cell.

    ``rows`` limits the rows; those that are never at risk at an event count nowhere.
    """
    keep = cells.active if rows is None else rows & cells.active
    chosen, size = values[keep], cells.time.size
    total = cumulate(sum_by(cells.last[keep], chosen, size), cells.starts, backwards=True)
    if cells.delayed:
        late = sum_by(cells.first[keep], chosen, size)
        total -= cumulate(late, cells.starts, backwards=True) - late
    return total


def cumulate(values: FloatArray, starts: IntArray, *, backwards: bool = False) -> FloatArray:
    """Cumulative sums along the first axis within the segments that begin at ``starts``."""
    sums = np.empty(values.shape)
    for low, high in zip(starts, np.append(starts, values.shape[0])[1:], strict=True):
        sums[low:high] = from_the_end(values[low:high]) if backwards else np.cumsum(values[low:high], axis=0)
    return sums
