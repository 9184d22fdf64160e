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
    from .arrays import FloatArray, IntArray

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


def sum_by(index: IntArray, values: FloatArray, size: int) -> FloatArray:
    """Sum ``values`` of shape (n,) or (n, p) by ``index``; shape (size,) or (size, p)."""
    if values.ndim == 1:
        return np.bincount(index, values, size).astype(np.float64)
    sums = np.empty((size, values.shape[1]))
    for j in range(values.shape[1]):
        sums[:, j] = np.bincount(index, values[:, j], size)
    return sums


def from_the_end(values: FloatArray) -> FloatArray:
    """Cumulative sums along the first axis, from the last entry backwards."""
    return np.cumsum(values[::-1], axis=0, dtype=np.float64)[::-1]


def snap(n_at_risk: FloatArray, n_events: FloatArray) -> FloatArray:
    """Set differences that are rounding to what they stand for: nobody, or only those with events."""
    slack = SNAP * np.max(n_at_risk, initial=0.0)
    return np.where(np.abs(n_at_risk - n_events) <= slack, n_events, n_at_risk)
