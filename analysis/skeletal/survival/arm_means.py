"""Restricted means of arms, averaged over strata; what the contrasts of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import name_some
from ..kernels.restricted import restricted_areas, rows_by_cell
from ..kernels.sorting import time_order

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray, LabelArray
    from ..data import RightCensored


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArmMeans:
    """Restricted means of the arms, averaged over strata by size.

    Attributes
    ----------
    mean, lost, variance : ndarray of shape (k,)
        Control first; ``lost`` is the horizon less the mean; NaN where not estimable.
    reason : str
        Why means are NaN; empty where none is.
    """

    mean: FloatArray
    lost: FloatArray
    variance: FloatArray
    reason: str


def words(data: RightCensored, horizon: float) -> str:
    """Return the horizon with its unit."""
    return f"{horizon:.10g} {data.time_unit}"


def arm_means(
    data: RightCensored,
    codes: IntArray,
    labels: tuple[object, ...],
    horizon: float,
    stratum: tuple[IntArray, LabelArray] | None = None,
) -> ArmMeans:
    """Return the restricted mean of each arm; averaged over strata (codes and labels) where given."""
    strata = np.zeros(codes.size, dtype=np.int64) if stratum is None else stratum[0]
    n_arms, n_strata = len(labels), 1 if stratum is None else len(stratum[1])
    cell = strata * n_arms + codes
    weight = np.ones(codes.size) if data.weight is None else data.weight
    area, variance, survival, last = _areas(data, weight, cell, n_arms * n_strata, horizon)
    short = ~((last >= horizon) | (survival == 0))
    area[short] = variance[short] = np.nan
    size = np.bincount(strata, weight, n_strata)
    share = (size / size.sum())[:, None]
    shape = (n_strata, n_arms)
    return ArmMeans(
        mean=(share * area.reshape(shape)).sum(axis=0),
        lost=(share * (horizon - area.reshape(shape))).sum(axis=0),
        variance=(share**2 * variance.reshape(shape)).sum(axis=0),
        reason=_shortfall(data, short, last, labels, stratum),
    )


def _areas(
    data: RightCensored, weight: FloatArray, cell: IntArray, n_cells: int, horizon: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return area, variance, survival at the horizon and last time of each cell; NaN without rows."""
    starts = np.zeros(n_cells + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=n_cells), out=starts[1:])
    rows = rows_by_cell(time_order(data.time), starts, cell, data.time, data.event, weight)
    late, late_starts = np.empty((3, 0)), np.zeros_like(starts)
    if data.entry is not None:
        late = rows_by_cell(time_order(data.entry), starts, cell, data.entry, data.event, weight)
        late_starts = starts
    area, variance, survival = restricted_areas(rows, starts, late, late_starts, horizon)
    last = np.where(np.diff(starts) > 0, rows[0, starts[1:] - 1], np.nan)
    return area, variance, survival, last


def _shortfall(
    data: RightCensored,
    short: BoolArray,
    last: FloatArray,
    labels: tuple[object, ...],
    stratum: tuple[IntArray, LabelArray] | None,
) -> str:
    """Say which cells have no rows, or end before the horizon with somebody left."""
    found = []
    for cell in np.flatnonzero(short):
        name = str(labels[cell % len(labels)])
        if stratum is not None:
            name += f" in stratum {stratum[1][cell // len(labels)]}"
        if np.isnan(last[cell]):
            found.append(f"{name} has no rows")
        else:
            found.append(f"{name} is followed to {last[cell]:.10g} {data.time_unit} only")
    return f"not estimable: {name_some(found)}" if found else ""
