"""Variance of a cumulative subdistribution hazard: sums over subjects of their influence on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..risk_table import sum_by

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from .fine_gray_sample import FineGraySample, Moments


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Cells:
    """Cells of one stratum.

    ``times`` (m,), ``inverse`` (m,) is pace over total risk, ``present`` and ``absent`` (n_values, m) the
    cumulative sums of e u and e G u, ``slot`` (m,) the censoring slot just after.
    """

    times: FloatArray
    inverse: FloatArray
    present: FloatArray
    absent: FloatArray
    slot: IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Rows:
    """Rows of one censoring stratum; those ``inside`` are in the baseline stratum too.

    ``leaves`` is the first cell at or after a row's time, ``last`` the last one at or before it.
    """

    inside: BoolArray
    value: IntArray
    risk: FloatArray
    late: FloatArray
    event: BoolArray
    censored: BoolArray
    leaves: IntArray
    last: IntArray
    upto: IntArray
    influence: FloatArray


def hazard_influence(
    sample: FineGraySample, at: Moments, influence: FloatArray, stratum: int, pace: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sum over subjects their influence A on the cumulative sum of ``pace`` d/S0 over a stratum's cells.

    Parameters
    ----------
    influence : ndarray of shape (n, k)
        Influence of each row on the coefficients.
    pace : ndarray of shape (m,)
        Factor of every cell of the stratum: the relative hazard by the changing effects.

    Returns
    -------
    square, cross : ndarray of shape (m,) and (m, k)
        Sum of A^2, and of A times the influence on the coefficients, with the coefficients in A known.

    Notes
    -----
    With u = pace d/S0^2, e the factor of the changing effects, U and V the cumulative sums of e u and e G u,
    Y and d^c at risk and censored in the censoring stratum, and B(v) the sum over competing events before v
    of r/G(X-): a subject at risk at t has A = -r U(t) - sum over censoring times v up to t of
    B(v) (V(t) - V(v-)) d^c/Y^2; one with X <= t has -r U(X), pace/S0 for an event, -r (V(t) - V(X))/G(X-)
    for a competing event, and B(X) (V(t) - V(X-))/Y for a censoring, with the sum over v ending at X.
    Before X that is one of few functions of t, from X on a constant and a multiple of V(t), so that squares
    and products are summed once for all t.

    References
    ----------
    Fine and Gray, J Am Stat Assoc 94 (1999), section 4.
    """
    low, high = sample.cell_start[stratum], sample.cell_start[stratum + 1]
    times, total = sample.cell_time[low:high], at.total[low:high]
    step = pace * sample.n_events[low:high] / total**2
    classes = sample.classes
    own = classes.values[classes.present_start[stratum] : classes.present_start[stratum + 1]]
    linear = (own * at.slope) @ sample.timed[low:high].T
    factor = np.exp(linear - linear.max(axis=0))
    square, cross = np.zeros(times.size), np.zeros((times.size, influence.shape[1]))
    for g in range(sample.censoring.start.size - 1):
        first, end = sample.censoring.start[g], sample.censoring.start[g + 1]
        before = np.searchsorted(sample.censoring.step_time[first : end - 1], times, side="left")
        after = np.searchsorted(sample.censoring.step_time[first : end - 1], times, side="right")
        reach = sample.censoring.free[first:end][before]
        cells = _Cells(
            times=times,
            inverse=pace / total,
            present=np.cumsum(factor * step, axis=1),
            absent=np.cumsum(factor * reach * step, axis=1),
            slot=after,
        )
        rows = _rows(sample, at, influence, stratum, g, times)
        weight, offset, slope, constant = _censoring(sample, g, cells, rows)
        _add_before(cells, rows, weight, offset, square, cross)
        _add_after(cells, rows, slope, constant, square, cross)
    return np.maximum(square, 0.0), cross


def _rows(
    sample: FineGraySample, at: Moments, influence: FloatArray, stratum: int, g: int, times: FloatArray
) -> _Rows:
    """Collect the rows of a censoring stratum."""
    rows = np.flatnonzero(sample.group == g)
    inside = sample.stratum[rows] == stratum
    status, classes = sample.status[rows], sample.classes
    return _Rows(
        inside=inside,
        value=np.where(inside, classes.present[rows] - classes.present_start[stratum], 0),
        risk=np.where(inside, at.risk[rows], 0.0),
        late=np.where(inside & (status == 2), at.late[rows], 0.0),
        event=inside & (status == 1),
        censored=status == 0,
        leaves=np.searchsorted(times, sample.time[rows], side="left"),
        last=np.where(inside, sample.last[rows] - sample.cell_start[stratum], -1),
        upto=sample.censoring.upto[rows] - sample.censoring.start[g],
        influence=influence[rows],
    )


def _censoring(
    sample: FineGraySample, g: int, cells: _Cells, rows: _Rows
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return what the estimated weights add.

    ``weight`` (n_values, n_slots), ``offset`` (n_slots,): a row at risk in a slot has -(weight V(t) -
    offset); ``slope`` (n_values, n), ``constant`` (n,): a row that has left has slope V(t) + constant.
    """
    span = slice(sample.censoring.start[g], sample.censoring.start[g + 1])
    step_time, at_risk = sample.censoring.step_time[span], sample.censoring.at_risk[span]
    rate = sample.censoring.gone[span] / at_risk
    n_values, size = cells.absent.shape[0], step_time.size
    gone = np.cumsum(
        [np.bincount(rows.upto, np.where(rows.value == v, rows.late, 0.0), size) for v in range(n_values)],
        axis=1,
    )
    alpha = gone / at_risk
    reached = np.searchsorted(cells.times, step_time, side="left")
    beta = np.sum(alpha * _before(cells.absent)[:, reached], axis=0)
    weight, offset = _before(np.cumsum(alpha * rate, axis=1))[:, :-1], _before(np.cumsum(beta * rate))[:-1]
    slope, constant = -weight[:, rows.upto], offset[rows.upto].copy()
    step = rows.upto[rows.censored] - 1
    slope[:, rows.censored] += alpha[:, step]
    constant[rows.censored] -= beta[step]
    return weight, offset, slope, constant


def _add_before(
    cells: _Cells,
    rows: _Rows,
    weight: FloatArray,
    offset: FloatArray,
    square: FloatArray,
    cross: FloatArray,
) -> None:
    """Add the rows that are still at risk at each cell: A = -r U(t) - common(t)."""
    m = square.size
    common = np.sum(cells.absent * weight[:, cells.slot], axis=0) - offset[cells.slot]
    square += common**2 * _later(rows.leaves, np.ones(rows.leaves.size), m)
    cross -= common[:, None] * _later(rows.leaves, rows.influence, m)
    for v, path in enumerate(cells.present):
        own = rows.inside & (rows.value == v)
        leaves, risk = rows.leaves[own], rows.risk[own]
        square += path**2 * _later(leaves, risk**2, m) + 2 * path * common * _later(leaves, risk, m)
        cross -= path[:, None] * _later(leaves, risk[:, None] * rows.influence[own], m)


def _add_after(
    cells: _Cells, rows: _Rows, slope: FloatArray, constant: FloatArray, square: FloatArray, cross: FloatArray
) -> None:
    """Add the rows that have left by each cell: A = constant + slope V(t)."""
    m, n_values = square.size, slope.shape[0]
    constant = constant - rows.risk * _before(cells.present)[rows.value, rows.last + 1]
    constant[rows.event] += cells.inverse[rows.last[rows.event]]
    constant += rows.late * _before(cells.absent)[rows.value, rows.last + 1]
    slope = np.stack([slope[v] - np.where(rows.value == v, rows.late, 0.0) for v in range(n_values)])
    square += _earlier(rows.leaves, constant**2, m)
    cross += _earlier(rows.leaves, constant[:, None] * rows.influence, m)
    for v, path in enumerate(cells.absent):
        square += 2 * path * _earlier(rows.leaves, constant * slope[v], m)
        cross += path[:, None] * _earlier(rows.leaves, slope[v][:, None] * rows.influence, m)
        for w in range(n_values):
            square += path * cells.absent[w] * _earlier(rows.leaves, slope[v] * slope[w], m)


def _before(sums: FloatArray) -> FloatArray:
    """Put a 0 before cumulative sums along the last axis."""
    return np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], axis=-1)


def _earlier(leaves: IntArray, values: FloatArray, m: int) -> FloatArray:
    """Sum the values of rows that have left by each of m cells."""
    return np.asarray(np.cumsum(sum_by(leaves, values, m + 1), axis=0)[:m])


def _later(leaves: IntArray, values: FloatArray, m: int) -> FloatArray:
    """Sum the values of rows that have not left by each of m cells."""
    sums = sum_by(leaves, values, m + 1)
    return np.asarray(np.cumsum(sums[::-1], axis=0)[::-1][1:])
