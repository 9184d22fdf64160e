"""Comparison by what is to be expected (Peron): censored pairs scored by the arms' Kaplan-Meier curves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..kernels.pairs_expected import expected_pairs
from .comparison import RowCounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArmCurve:
    """Kaplan-Meier curve of one priority in one arm.

    Attributes
    ----------
    jumps : ndarray of shape (m,)
        Times of events, increasing.
    value : ndarray of shape (m + 1,)
        Before the first and after each of them.
    at_risk, hazard : ndarray of shape (m,)
        At each of them.
    known_until : float
        Last time at which the curve is known; infinite where it has reached 0.
    """

    jumps: FloatArray
    value: FloatArray
    at_risk: FloatArray
    hazard: FloatArray
    known_until: float

    def place(self, times: FloatArray) -> IntArray:
        """Return the places of the curve's values at ``times``."""
        return np.searchsorted(self.jumps, times, side="right").astype(np.int64)

    def place_before(self, times: FloatArray) -> IntArray:
        """Return the places of the curve's values just before ``times``."""
        return np.searchsorted(self.jumps, times, side="left").astype(np.int64)

    def influence(self, time: FloatArray, event: IntArray, slope: FloatArray) -> FloatArray:
        """Return what each subject does to a number with this derivative by ``value``; shape (2, n)."""
        falls = slope[:, 1:] * np.exp(-np.cumsum(self.hazard))
        by_hazard = -np.cumsum(falls[:, ::-1], axis=1)[:, ::-1] / self.at_risk
        passed = np.zeros((len(slope), self.jumps.size + 1))
        np.cumsum(by_hazard * self.hazard, axis=1, out=passed[:, 1:])
        result = -passed[:, self.place(time)]
        seen = event == 1
        result[:, seen] += by_hazard[:, self.place_before(time[seen])]
        return result


def arm_curve(time: FloatArray, event: IntArray) -> ArmCurve:
    """Estimate the curve of one arm; events come before censorings at one time."""
    jumps, deaths = np.unique(time[event == 1], return_counts=True)
    at_risk = (time.size - np.searchsorted(np.sort(time), jumps, side="left")).astype(np.float64)
    value = np.append(1.0, np.cumprod(1 - deaths / at_risk))
    return ArmCurve(
        jumps=jumps,
        value=value,
        at_risk=at_risk,
        hazard=deaths / at_risk,
        known_until=np.inf if value[-1] == 0 else float(time.max()),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Arm:
    """One arm beside the curves of both; places are those in the arrays of all priorities."""

    time: FloatArray
    event: IntArray
    curves: tuple[ArmCurve, ...]
    offset: IntArray
    value: FloatArray
    tail: FloatArray
    after_jump: tuple[IntArray, ...]
    table: IntArray


def _arm(
    time: FloatArray, event: IntArray, margins: Sequence[float], pair: Sequence[Sequence[ArmCurve]]
) -> _Arm:
    """Place the rows of an arm in its own curves, the first of ``pair``, and in the other arm's."""
    own, other = pair
    offset, other_offset = _offsets(own), _offsets(other)
    table, tails, reached = np.empty((*time.shape, 4), dtype=np.int64), [], []
    for p, (curve, against, margin) in enumerate(zip(own, other, margins, strict=True)):
        beyond = time[p] + margin
        table[p, :, 0] = event[p]
        table[p, :, 1] = offset[p] + curve.place(time[p])
        table[p, :, 2] = np.where(beyond > against.known_until, -1, other_offset[p] + against.place(beyond))
        table[p, :, 3] = other_offset[p] + against.place_before(time[p] - margin)
        ahead = curve.jumps + margin
        after = np.where(ahead > against.known_until, -1, against.place(ahead))
        drops = -np.diff(curve.value) * np.where(after < 0, 0.0, against.value[after])
        tails.append(np.append(np.cumsum(drops[::-1])[::-1], 0.0))
        reached.append(after)
    return _Arm(
        time=time,
        event=event,
        curves=tuple(own),
        offset=offset,
        value=np.concatenate([curve.value for curve in own]),
        tail=np.concatenate(tails),
        after_jump=tuple(reached),
        table=table.ravel(),
    )


def _offsets(curves: Sequence[ArmCurve]) -> IntArray:
    return np.cumsum([0, *(curve.value.size for curve in curves)], dtype=np.int64)


def expected_counts(
    times: FloatArray, events: IntArray, margins: Sequence[float], experimental: BoolArray
) -> tuple[RowCounts, tuple[FloatArray, FloatArray]]:
    """Score the pairs between the arms by all priorities, and say what the curves add to the projections.

    Returns
    -------
    RowCounts, tuple of two ndarrays of shape (k, 2, n)
        Influence through the curves on the shares up to each priority, of experimental and control.
    """
    rows = (experimental, ~experimental)
    curves = [[arm_curve(t[r], e[r]) for t, e in zip(times, events, strict=True)] for r in rows]
    influence = tuple(np.zeros((len(times), 2, int(r.sum()))) for r in rows)
    n_pairs = influence[0].shape[2] * influence[1].shape[2]
    for upto in range(1, len(times) + 1):
        first, second = (
            _arm(
                np.ascontiguousarray(times[:upto, rows[g]]),
                np.ascontiguousarray(events[:upto, rows[g]]),
                margins[:upto],
                (curves[g][:upto], curves[1 - g][:upto]),
            )
            for g in (0, 1)
        )
        by_first, by_second, by_values = expected_pairs(
            first.time.ravel(),
            first.table,
            second.time.ravel(),
            second.table,
            np.asarray(margins[:upto], dtype=np.float64),
            first.value,
            second.value,
            first.tail,
            second.tail,
        )
        slopes = [np.ascontiguousarray(values.T) for values in by_values]
        _through_tails(first, second, slopes[2], slopes[0], slopes[1])
        _through_tails(second, first, slopes[3], slopes[1], slopes[0])
        for g, arm in enumerate((first, second)):
            influence[g][upto - 1] = _influence(arm, slopes[g]) / n_pairs
    return RowCounts(
        experimental=(by_first[:, 0], by_first[:, 1]), control=(by_second[:, 0], by_second[:, 1])
    ), (influence[0], influence[1])


def _through_tails(
    arm: _Arm, other: _Arm, by_tail: FloatArray, by_own: FloatArray, by_other: FloatArray
) -> None:
    """Add the derivatives by an arm's tails to those by the two curves that the tails are made of."""
    for p, curve in enumerate(arm.curves):
        low, high = arm.offset[p], arm.offset[p + 1]
        slope = np.cumsum(by_tail[:, low:high], axis=1)[:, :-1]
        after = arm.after_jump[p]
        known = after >= 0
        factor = np.where(known, other.curves[p].value[after], 0.0)
        by_own[:, low : high - 1] += slope * factor
        by_own[:, low + 1 : high] -= slope * factor
        drops = -np.diff(curve.value)
        for side in range(2):
            np.add.at(by_other[side], other.offset[p] + after[known], (slope[side] * drops)[known])


def _influence(arm: _Arm, slope: FloatArray) -> FloatArray:
    total = np.zeros((2, arm.time.shape[1]))
    for p, curve in enumerate(arm.curves):
        part = slope[:, arm.offset[p] : arm.offset[p + 1]]
        total += curve.influence(arm.time[p], arm.event[p], part)
    return total
