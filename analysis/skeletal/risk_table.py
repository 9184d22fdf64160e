"""The one count of subjects at risk, events and censorings by time.

Conventions, here and nowhere else: a row is at risk on (entry, time]; at risk at t means just before
t; events come before censorings at one time; times are compared exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .data import CompetingRisks, RightCensored
from .results import freeze_arrays

if TYPE_CHECKING:
    from .arrays import BoolArray, FloatArray, IntArray

SNAP = 1e-12  # relative size below which a difference of sums of weights is rounding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskTable:
    """Counts at each distinct observed time of a sample (weighted sums where weights are).

    Attributes
    ----------
    time : ndarray of shape (m,)
        Distinct times of events and censorings, increasing.
    n_at_risk : ndarray of shape (m,)
        Rows at risk just before ``time``.
    n_events : ndarray of shape (n_causes, m)
        Events of each cause at ``time`` (one cause for right-censored data).
    n_censored : ndarray of shape (m,)
        Censorings at ``time``.
    exit_index : ndarray of shape (n,)
        Position in ``time`` of each row's own time.
    entry_index : ndarray of shape (n,)
        First position in ``time`` at which each row is at risk.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_censored: FloatArray
    exit_index: IntArray
    entry_index: IntArray

    def __post_init__(self) -> None:
        freeze_arrays(self)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupedCounts:
    """Counts at each distinct event time of each stratum, by group.

    Attributes
    ----------
    time, stratum : ndarray of shape (m,)
        One entry a distinct event time of a stratum; sorted by stratum, then time.
    n_at_risk, n_events : ndarray of shape (n_groups, m)
        At risk just before ``time`` and events at it, in that stratum and group.
    """

    time: FloatArray
    stratum: IntArray
    n_at_risk: FloatArray
    n_events: FloatArray

    def __post_init__(self) -> None:
        freeze_arrays(self)


def risk_table(data: RightCensored | CompetingRisks) -> RiskTable:
    """Count rows at risk, events by cause and censorings at each distinct observed time.

    Examples
    --------
    >>> table = risk_table(RightCensored([2, 2, 5], [1, 0, 1]))
    >>> table.time, table.n_at_risk, table.n_events, table.n_censored
    (array([2., 5.]), array([3., 1.]), array([[1., 1.]]), array([1., 0.]))
    """
    if isinstance(data, CompetingRisks):
        status, n_causes, weight = data.status, len(data.causes), None
    else:
        status, n_causes, weight = data.event, 1, data.weight
    time, exit_index = np.unique(data.time, return_inverse=True)
    m = time.size
    weights = np.ones(data.time.size) if weight is None else weight
    n_at_risk = from_the_end(sum_by(exit_index, weights, m))
    entry_index = np.zeros(data.time.size, dtype=np.int64)
    if data.entry is not None:
        entry_index = np.searchsorted(time, data.entry, side="right")
        late = sum_by(entry_index, weights, m)
        n_at_risk = n_at_risk - np.append(from_the_end(late)[1:], 0.0)
    codes = exit_index + m * status
    counts = sum_by(codes, weights, m * (n_causes + 1)).reshape(n_causes + 1, m)
    return RiskTable(
        time=time,
        n_at_risk=snap(n_at_risk, counts[1:].sum(axis=0)),
        n_events=counts[1:],
        n_censored=counts[0],
        exit_index=exit_index.astype(np.int64),
        entry_index=entry_index.astype(np.int64),
    )


def grouped_counts(
    data: RightCensored, group: IntArray, n_groups: int, stratum: IntArray | None = None
) -> GroupedCounts:
    """Count rows at risk and events by group at each distinct event time of each stratum.

    Parameters
    ----------
    data : RightCensored
        n rows.
    group : ndarray of shape (n,)
        Group of each row, from 0.
    n_groups : int
        Number of groups.
    stratum : ndarray of shape (n,), optional
        Stratum of each row, from 0.
    """
    strata = np.zeros(data.time.size, dtype=np.int64) if stratum is None else stratum
    cells = event_cells(data.time, data.event, strata, data.entry)
    m = cells.time.size
    weight = np.ones(data.time.size) if data.weight is None else data.weight
    n_at_risk, n_events = np.empty((n_groups, m)), np.empty((n_groups, m))
    for k in range(n_groups):
        rows = group == k
        failed = rows & (data.event == 1)
        n_events[k] = np.bincount(cells.last[failed], weight[failed], m)
        n_at_risk[k] = snap(sum_at_risk(weight, cells, rows), n_events[k])
    return GroupedCounts(time=cells.time, stratum=cells.stratum, n_at_risk=n_at_risk, n_events=n_events)


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


def sum_by(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Sum ``values`` of shape (n,) or (n, p) by ``index``; shape (size,) or (size, p)."""
    if values.ndim == 1:
        return np.bincount(index, values, size).astype(np.float64)
    sums = np.empty((size, values.shape[1]))
    for j in range(values.shape[1]):
        sums[:, j] = np.bincount(index, values[:, j], size)
    return sums


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


def from_the_end(values: FloatArray) -> FloatArray:
    """Cumulative sums along the first axis, from the last entry backwards."""
    return np.cumsum(values[::-1], axis=0, dtype=np.float64)[::-1]


def snap(n_at_risk: FloatArray, n_events: FloatArray) -> FloatArray:
    """Set differences that are rounding to what they stand for: nobody, or only those with events."""
    slack = SNAP * np.max(n_at_risk, initial=0.0)
    return np.where(np.abs(n_at_risk - n_events) <= slack, n_events, n_at_risk)
