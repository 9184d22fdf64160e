"""Infinitesimal jackknife of the Kaplan-Meier curve, summed by cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import RightCensored
    from ..risk_table import RiskTable


def clustered_log_variance(data: RightCensored, table: RiskTable, cluster: IntArray) -> FloatArray:
    """Return the variance of log S at every time of ``table``; not finite once the curve is 0.

    Notes
    -----
    The derivative of log S(t) by the weight of row i is
    -I(event by t)/(n - d) + sum over times at risk up to t of d/(n (n - d)).  With G the sum over all
    times, a cluster's total is A(t) + B(t) G(t), where A and B change only at its own entries and
    exits; their squares and product are therefore summed over clusters in one pass.
    """
    n, d, m = table.n_at_risk, table.n_events[0], table.time.size
    left = n - d
    safe = np.where(left > 0, left, 1.0)
    reached = np.cumsum(np.where(left > 0, d / (n * safe), 0.0))
    before = np.concatenate([[0.0], reached])[table.entry_index]
    weight = np.ones(data.time.size) if data.weight is None else data.weight
    last = table.exit_index
    change_a = weight * (reached[last] - data.event / safe[last])
    # An entry counts from the first time at which the row is at risk, an exit from its own time on.
    at = np.concatenate([table.entry_index, last])
    a, b = np.concatenate([-weight * before, change_a]), np.concatenate([weight, -weight])
    who = np.concatenate([cluster, cluster])
    order = np.lexsort((at, who))
    total_a, total_b, begins = _running(a[order], b[order], who[order])
    squares, products, slopes = (
        np.cumsum(np.bincount(at[order], _changes(value, begins), m))
        for value in (total_a**2, total_a * total_b, total_b**2)
    )
    variance = squares + 2 * reached * products + reached**2 * slopes
    dead = np.cumsum((left <= 0) & (d > 0)) > 0
    return np.where(dead, np.nan, np.maximum(variance, 0.0))


def _running(a: FloatArray, b: FloatArray, who: IntArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Cumulative sums of ``a`` and ``b`` within ``who`` (sorted), and where each begins."""
    begins = np.diff(who, prepend=-1) != 0
    start = np.flatnonzero(begins)
    segment = np.cumsum(begins) - 1
    totals = []
    for values in (a, b):
        sums = np.cumsum(values)
        totals.append(sums - (sums[start] - values[start])[segment])
    return totals[0], totals[1], begins


def _changes(values: FloatArray, begins: BoolArray) -> FloatArray:
    """Differences from the entry before, from 0 where a cluster begins."""
    return values - np.where(begins, 0.0, np.concatenate([[0.0], values[:-1]]))
