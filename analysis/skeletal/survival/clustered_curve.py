"""Infinitesimal jackknife of the Kaplan-Meier curve, summed by cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..influence import summed_squares

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
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
    variance = summed_squares(np.column_stack([a, b]), at, who, np.stack([np.ones(m), reached]))
    dead = np.cumsum((left <= 0) & (d > 0)) > 0
    return np.where(dead, np.nan, variance)
