"""Distinct event times of strata, where each row is at risk among them, and sums over the rows at risk.

At risk on (entry, time], events before censorings, times compared exactly, as in :mod:`skeletal.risk_table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .kernels.cox import find_cells, first_cells
from .kernels.sorting import time_order
from .risk_table import from_the_end, sum_by

if TYPE_CHECKING:
    from .arrays import BoolArray, FloatArray, IntArray

SHORT = 1 << 16  # NumPy sorts integers below this in linear time


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
    order : ndarray of shape (k,)
        The active rows, sorted by ``last``.
    row_start : ndarray of shape (m + 1,)
        Where the rows of each position, its ``last``, begin in ``order``.
    late, late_start : ndarray of shape (l,) and (m + 1,)
        Places in ``order`` of the rows whose ``first`` is not the first of their stratum, sorted by
        ``first``, and where those of each position begin.
    """

    time: FloatArray
    stratum: IntArray
    starts: IntArray
    first: IntArray
    last: IntArray
    active: BoolArray
    delayed: bool
    order: IntArray
    row_start: IntArray
    late: IntArray
    late_start: IntArray


def event_cells(
    time: FloatArray, event: IntArray, stratum: IntArray, entry: FloatArray | None = None
) -> EventCells:
    """Find the distinct event times of each stratum and the rows' positions among them."""
    n, n_strata = time.size, int(stratum.max()) + 1
    order = _order(time, stratum, n_strata)
    reached, times, strata = np.empty(n, dtype=np.int64), np.empty(n), np.empty(n, dtype=np.int64)
    m = find_cells(time[order], event[order], stratum[order], reached, times, strata)
    cell_time, cell_stratum = times[:m].copy(), strata[:m].copy()
    last = np.empty(n, dtype=np.int64)
    last[order] = reached
    cell_start = np.searchsorted(cell_stratum, np.arange(n_strata + 1)).astype(np.int64)
    first, late = cell_start[stratum], order[:0]
    if entry is not None:
        late = _order(entry, stratum, n_strata)
        placed = np.empty(n, dtype=np.int64)
        first_cells(entry[late], stratum[late], cell_time, cell_start, placed)
        first[late] = placed
        late = late[placed > cell_start[stratum[late]]]
    active = first <= last
    kept = order if active.all() else order[active[order]]
    late = late[active[late]]
    return EventCells(
        time=cell_time,
        stratum=cell_stratum,
        starts=np.flatnonzero(np.diff(cell_stratum, prepend=-1)),
        first=first,
        last=last,
        active=active,
        delayed=entry is not None,
        order=kept,
        row_start=_begins(last[kept], m),
        late=places(kept, n)[late] if late.size else late,
        late_start=_begins(first[late], m),
    )


def _order(time: FloatArray, stratum: IntArray, n_strata: int) -> IntArray:
    """Return the rows sorted by stratum, then time."""
    order = time_order(np.ascontiguousarray(time))
    if n_strata == 1:
        return order
    codes = stratum[order]
    return order[np.argsort(codes.astype(np.uint16) if n_strata <= SHORT else codes, kind="stable")]


def places(order: IntArray, n: int) -> IntArray:
    """Return the place in ``order`` of each of ``n`` rows, 0 for those that are not there."""
    place = np.zeros(n, dtype=np.int64)
    place[order] = np.arange(order.size)
    return place


def _begins(position: IntArray, size: int) -> IntArray:
    """Return where each position begins among sorted ones, and where the last ends."""
    return np.append(0, np.cumsum(np.bincount(position, minlength=size))).astype(np.int64)


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
