"""Counts at risk and events by group at the event times of strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..event_cells import event_cells, sum_at_risk
from ..results import freeze_arrays
from ..risk_table import snap

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import RightCensored


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
