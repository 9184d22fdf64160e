"""Rows of a partial likelihood, sorted and centred once for every evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .arrays import take_rows
from .errors import NotEstimable
from .event_cells import EventCells, event_cells
from .kernels.cox import block_means, centre_rows
from .risk_table import sum_by

if TYPE_CHECKING:
    from .arrays import BoolArray, FloatArray, IntArray

CONSTANT = 1e-12  # standard deviation relative to the largest value


class Entries(NamedTuple):
    """The terms of a partial likelihood: one an event cell or, with Efron's rule, a tied event.

    ``cell`` and ``weight`` (of the events that the entry stands for) have shape (q,); those of a cell begin
    at ``start`` (m + 1,); ``fraction`` is the share of the tied events that has left.
    """

    cell: IntArray
    fraction: FloatArray
    weight: FloatArray
    start: IntArray


class SortedRows(NamedTuple):
    """What belongs to the rows of ``EventCells.order``, in that order."""

    event: BoolArray
    weight: FloatArray
    event_weight: FloatArray
    offset: FloatArray | None
    first: IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class CoxSample:
    """Rows of a partial likelihood, prepared once for every evaluation.

    Attributes
    ----------
    original : ndarray of shape (n, p)
        Covariates as given.
    centre : ndarray of shape (n_strata, p)
        Mean of the covariates of each stratum; centring leaves the likelihood as it is.
    spread : ndarray of shape (p,)
        Standard deviation of the centred covariates, 0 where it is rounding.
    event : ndarray of shape (n,)
        Whether the row ends in an event.
    weight, offset : ndarray of shape (n,)
        Case weights; known part of the linear predictor.
    stratum : ndarray of shape (n,)
        Stratum of each row, from 0.
    cells : EventCells
        Distinct event times of the strata.
    rows : ndarray of shape (k, p)
        Centred covariates of the rows at risk at any event, in the order of ``cells.order``.
    """

    original: FloatArray
    centre: FloatArray
    spread: FloatArray
    event: BoolArray
    weight: FloatArray
    offset: FloatArray
    stratum: IntArray
    cells: EventCells
    rows: FloatArray

    @cached_property
    def covariates(self) -> FloatArray:
        """Centred covariates of shape (n, p)."""
        return np.where(self.spread > 0, self.original - self.centre[self.stratum], 0.0)

    @cached_property
    def sorted(self) -> SortedRows:
        """Columns of the sorted rows."""
        order = self.cells.order
        event, weight = self.event[order], self.weight[order]
        return SortedRows(
            event=event,
            weight=weight,
            event_weight=np.where(event, weight, 0.0),
            offset=less_highest(self.offset[order], self.cells) if self.offset.any() else None,
            first=self.cells.first[order] if self.cells.delayed else order,
        )

    @cached_property
    def event_total(self) -> FloatArray:
        """Weighted sum of the covariates of the rows with events; shape (p,)."""
        return np.asarray(self.sorted.event_weight @ self.rows)

    @cached_property
    def opens(self) -> BoolArray:
        """Whether an event cell is the first of its stratum; shape (m,)."""
        marks = np.zeros(self.cells.time.size, dtype=np.bool_)
        marks[self.cells.starts] = True
        return marks

    @cached_property
    def n_tied(self) -> IntArray:
        """Number of events in each event cell; shape (m,)."""
        return np.bincount(self.cells.last[self.event], minlength=self.cells.time.size)

    @cached_property
    def efron(self) -> Entries:
        """One entry a tied event."""
        n_tied = self.n_tied
        if n_tied.max() == 1:
            return self.breslow
        start = np.append(0, np.cumsum(n_tied))
        cell = np.repeat(np.arange(n_tied.size), n_tied)
        return Entries(
            cell=cell,
            fraction=(np.arange(cell.size) - start[cell]) / n_tied[cell],
            weight=(self.breslow.weight / n_tied)[cell],
            start=start,
        )

    @cached_property
    def breslow(self) -> Entries:
        """One entry an event cell."""
        m = self.cells.time.size
        cell = np.arange(m)
        weight = sum_by(self.cells.last[self.event], self.weight[self.event], m)
        return Entries(cell=cell, fraction=np.zeros(m), weight=weight, start=np.arange(m + 1))


def less_highest(values: FloatArray, cells: EventCells) -> FloatArray:
    """Return values of the sorted rows less the largest of the stratum, which the likelihood does not see."""
    begins = cells.row_start[cells.starts]
    if begins.size == 1:
        return np.asarray(values - values.max())
    sizes = np.diff(begins, append=values.size)
    return np.asarray(values - np.repeat(np.maximum.reduceat(values, begins), sizes))


def cox_sample(
    time: FloatArray,
    event: IntArray,
    covariates: FloatArray,
    *,
    entry: FloatArray | None = None,
    stratum: IntArray | None = None,
    weight: FloatArray | None = None,
    offset: FloatArray | None = None,
) -> CoxSample:
    """Prepare rows (entry, time] for the partial likelihood.

    Parameters
    ----------
    time, event : ndarray of shape (n,)
        End of the row; 1 where it ends in an event.
    covariates : ndarray of shape (n, p)
        Finite numbers.
    entry, stratum, weight, offset : ndarray of shape (n,), optional
        Start of the row (default: at risk from the beginning); stratum from 0; case weight; known part
        of the linear predictor.

    Raises
    ------
    NotEstimable
        No row has an event.
    """
    n, p = covariates.shape
    if not event.any():
        raise NotEstimable(f"no events among {n} row(s): a hazard ratio cannot be estimated")
    strata = np.zeros(n, dtype=np.int64) if stratum is None else stratum
    weights = np.ones(n) if weight is None else weight
    cells = event_cells(time, event, strata, entry)
    original, counted = np.ascontiguousarray(covariates), np.where(cells.active, weights, 0.0)
    centre, largest = np.empty((int(strata.max()) + 1, p)), np.empty(p)
    block_means(original, counted, strata, centre, largest)
    rows, square = take_rows(original, cells.order), np.empty(p)
    centre_rows(rows, weights[cells.order], strata[cells.order], centre, square)
    spread = np.sqrt(square / counted.sum())
    constant = spread <= CONSTANT * largest
    rows[:, constant] = 0.0
    return CoxSample(
        original=original,
        centre=centre,
        spread=np.where(constant, 0.0, spread),
        event=event == 1,
        weight=weights,
        offset=np.zeros(n) if offset is None else offset,
        stratum=strata,
        cells=cells,
        rows=rows,
    )
