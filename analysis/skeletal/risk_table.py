"""The one count of subjects at risk, events and censorings by time.

Conventions, here and nowhere else: a row is at risk on (entry, time]; at risk at t means just before
t; events come before censorings at one time; times are compared exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .arrays import hand_over
from .data import CompetingRisks, RightCensored
from .kernels.risk_counts import count_at, count_rows, count_times, place_rows
from .kernels.sorting import sorted_keys, time_order
from .results import Curve, freeze_arrays

if TYPE_CHECKING:
    from .arrays import FloatArray, IntArray, TimeUnit

SNAP = 1e-12  # relative size below which a difference of sums of weights is rounding


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskCounts:
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
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_censored: FloatArray

    def __post_init__(self) -> None:
        freeze_arrays(self)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskTable(RiskCounts):
    """The counts of a sample, and where its rows stand among their times.

    Attributes
    ----------
    exit_index : ndarray of shape (n,)
        Position in ``time`` of each row's own time.
    entry_index : ndarray of shape (n,)
        First position in ``time`` at which each row is at risk.
    """

    exit_index: IntArray
    entry_index: IntArray


def counted_curve(
    counts: RiskCounts,
    values: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    *,
    conf_level: float,
    time_unit: TimeUnit,
    method: str,
    start: float,
    cause: int = 1,
) -> Curve:
    """Return a curve (estimate, standard error, limits) beside the counts, with the events of ``cause``."""
    estimate, std_error, lower, upper = values
    return Curve(
        time=counts.time,
        estimate=estimate,
        std_error=std_error,
        lower=lower,
        upper=upper,
        n_at_risk=counts.n_at_risk,
        n_events=counts.n_events[cause - 1],
        n_censored=counts.n_censored,
        conf_level=conf_level,
        time_unit=time_unit,
        method=method,
        start=start,
    )


def risk_counts(data: RightCensored | CompetingRisks) -> RiskCounts:
    """Count rows at risk, events by cause and censorings at each distinct observed time.

    The counts of :func:`risk_table` without the positions of the rows, for which sorted times suffice.

    Examples
    --------
    >>> counts = risk_counts(RightCensored([2, 2, 5], [1, 0, 1]))
    >>> counts.time, counts.n_at_risk, counts.n_events, counts.n_censored
    (array([2., 5.]), array([3., 1.]), array([[1., 1.]]), array([1., 0.]))
    """
    status, n_causes, weight = _status(data)
    if weight is not None:
        return risk_table(data)
    keys = sorted_keys(_keys(data.time) | (status == 0))
    late = np.empty(0, dtype=np.int64)
    if data.entry is not None:
        late = sorted_keys(_keys(data.entry[data.entry >= 0]))
    m = count_times(keys)
    bits, counts = np.empty(m, dtype=np.int64), np.empty((3, m))
    count_rows(keys, late, bits, counts)
    n_events = counts[1:2]
    if n_causes > 1:
        n_events = np.empty((n_causes, m))
        for cause in range(n_causes):
            count_at(bits, sorted_keys(_keys(data.time[status == cause + 1])), n_events[cause])
    return RiskCounts(
        time=hand_over(bits.view(np.float64)),
        n_at_risk=hand_over(counts[0]),
        n_events=hand_over(n_events),
        n_censored=hand_over(counts[2]),
    )


def risk_table(data: RightCensored | CompetingRisks) -> RiskTable:
    """Count as :func:`risk_counts`, and find where each row enters and leaves the times.

    Examples
    --------
    >>> table = risk_table(RightCensored([2, 2, 5], [1, 0, 1], entry=[0, 0, 2]))
    >>> table.exit_index, table.entry_index
    (array([0, 0, 1]), array([0, 0, 1]))
    """
    status, n_causes, weight = _status(data)
    time, exit_index = _positions(data.time)
    m = time.size
    weights = np.ones(data.time.size) if weight is None else weight
    n_at_risk = from_the_end(sum_by(exit_index, weights, m))
    entry_index = np.zeros(data.time.size, dtype=np.int64)
    if data.entry is not None:
        entry_index = np.searchsorted(time, data.entry, side="right").astype(np.int64)
        late = sum_by(entry_index, weights, m)
        n_at_risk = n_at_risk - np.append(from_the_end(late)[1:], 0.0)
    codes = exit_index + m * status
    counts = sum_by(codes, weights, m * (n_causes + 1)).reshape(n_causes + 1, m)
    return RiskTable(
        time=hand_over(time),
        n_at_risk=hand_over(snap(n_at_risk, counts[1:].sum(axis=0))),
        n_events=hand_over(counts[1:]),
        n_censored=hand_over(counts[0]),
        exit_index=hand_over(exit_index),
        entry_index=hand_over(entry_index),
    )


def _status(data: RightCensored | CompetingRisks) -> tuple[IntArray, int, FloatArray | None]:
    """Return the codes of a sample, how many causes they have, and its weights."""
    if isinstance(data, CompetingRisks):
        return data.status, len(data.causes), None
    return data.event, 1, data.weight


def _keys(time: FloatArray) -> IntArray:
    """Return the keys by which times sort, with room for a mark (see :mod:`skeletal.kernels.risk_counts`)."""
    return np.ascontiguousarray(time).view(np.int64) << 1


def _positions(time: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the distinct times, increasing, and the position of each row's among them."""
    values = np.ascontiguousarray(time)
    distinct, index = np.empty(time.size), np.empty(time.size, dtype=np.int64)
    m = place_rows(values, time_order(values), distinct, index)
    return distinct[:m].copy(), index


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
