"""What the log-rank family sums over the event times of all strata, in time linear in the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..covariates import label_codes
from ..errors import InvalidArgument
from ..kernels import logrank as kernels
from ..kernels.sorting import order_by_stratum, time_order
from .weights import PooledCounts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray
    from ..data import RightCensored
    from .weights import LogrankWeight

ENTRY = 2  # kind of a place where a row enters; 0 and 1 are where it leaves, without and with an event
LARGEST = 1e100  # weights whose squares can overflow


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskWalk:
    """Rows sorted by stratum, then time, and the pooled counts at their event times.

    Attributes
    ----------
    time, code, weight : ndarray of shape (n,) or (2n,)
        Where a row leaves and, with delayed entry, where it enters; 4 arm + kind; case weight.
    starts : ndarray
        First position of each stratum, and the end.
    n_arms : int
        Number of arms.
    cell_time, cell_stratum, n_at_risk, n_events : ndarray of shape (m,)
        Counts of all arms at each distinct event time of each stratum.
    """

    time: FloatArray
    code: IntArray
    weight: FloatArray
    starts: IntArray
    n_arms: int
    cell_time: FloatArray
    cell_stratum: IntArray
    n_at_risk: FloatArray
    n_events: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogrankSums:
    """Weighted sums over event times; ``variance`` (k, k) is that of ``observed - expected`` (k,)."""

    observed: FloatArray
    expected: FloatArray
    variance: FloatArray


def risk_walk(data: RightCensored, arm: IntArray, n_arms: int, strata: ArrayLike | None) -> RiskWalk:
    """Sort the rows once and count all arms together at each event time of each stratum."""
    time, code, weight = data.time, 4 * arm + data.event, data.weight
    if weight is None:
        weight = np.ones(time.size)
    if data.entry is not None:
        time = np.concatenate([time, data.entry])
        code = np.concatenate([code, 4 * arm + ENTRY])
        weight = np.concatenate([weight, weight])
    order, starts = time_order(np.ascontiguousarray(time)), np.array([0, time.size])
    if strata is not None:
        stratum, labels = label_codes(strata, data.n_subjects, "strata")
        if data.entry is not None:
            stratum = np.concatenate([stratum, stratum])
        order, starts = order_by_stratum(order, stratum, len(labels))
    time, code = time[order], code[order]
    weight = weight if data.weight is None else weight[order]
    cell_time, cell_stratum, n_at_risk, n_events = kernels.pooled_cells(time, code, weight, starts)
    return RiskWalk(
        time=time,
        code=code,
        weight=weight,
        starts=starts,
        n_arms=n_arms,
        cell_time=cell_time,
        cell_stratum=cell_stratum,
        n_at_risk=n_at_risk,
        n_events=n_events,
    )


def weights_over_time(walk: RiskWalk, weight: LogrankWeight) -> FloatArray:
    """Return the weight at each event cell, from the counts of all arms within its stratum."""
    weights = np.empty(walk.cell_time.size)
    starts = np.flatnonzero(np.diff(walk.cell_stratum, prepend=-1))
    for low, high in zip(starts, np.append(starts, weights.size)[1:], strict=True):
        part = slice(low, high)
        pooled = PooledCounts(
            time=walk.cell_time[part], n_at_risk=walk.n_at_risk[part], n_events=walk.n_events[part]
        )
        weights[part] = weight.at(pooled)
    return weights


def logrank_sums(walk: RiskWalk, first: FloatArray, second: FloatArray) -> LogrankSums:
    """Return the sums under the ``first`` weights, and their covariance with those under the ``second``.

    The hypergeometric covariance of the events of two arms at a time is
    d (n - d)/(n - 1) (share_i [i = j] - share_i share_j).
    """
    n, d = walk.n_at_risk, walk.n_events
    spread = np.where(n > 1, d / n * ((n - d) / np.where(n > 1, n - 1, 1.0)) / n, 0.0)
    cells = np.stack([first, first * (d / n), first * second * spread])
    observed, expected, products = kernels.arm_sums(
        walk.time,
        walk.code,
        walk.weight,
        walk.starts,
        walk.n_arms,
        cells,
    )
    products = products + products.T
    np.fill_diagonal(products, 0.0)
    variance = np.diag(products.sum(axis=1)) - products
    return LogrankSums(observed=observed, expected=expected, variance=variance)


def require_weight(weight: LogrankWeight) -> None:
    """Refuse what is no weight of the log-rank family."""
    if isinstance(weight, type) or not callable(getattr(weight, "at", None)):
        raise InvalidArgument(f"weight must be a log-rank weight such as Unweighted(), got {weight!r}")


def usable(weights: FloatArray) -> bool:
    """Whether sums of these weights and of their squares are finite."""
    return bool(np.all(np.abs(weights) <= LARGEST))


def why_no_test(walk: RiskWalk, weights: FloatArray) -> str:
    """Say why the variance has no rank."""
    if walk.cell_time.size == 0:
        return "no events"
    if not usable(weights):
        return f"the weight is infinite or above {LARGEST:g} at an event time"
    if not logrank_sums(walk, np.ones_like(weights), np.ones_like(weights)).variance.any():
        return "no event time with subjects of two arms at risk, somebody of them without the event"
    return "the weight is 0 wherever two arms are at risk"
