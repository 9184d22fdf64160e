"""Cox's partial likelihood: value, score, information, residuals and its maximum.

Rows are (entry, time] with strata, case weights and offsets, so that time-varying covariates,
recurrent events and cause-specific models all come here.  Every sum is over rows or over event
times, never over pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .arrays import take_rows
from .cox_sample import CONSTANT, CoxSample, cox_sample, less_highest
from .errors import InvalidArgument, NotEstimable, name_some
from .event_cells import places
from .kernels.cox import hazards_met, residuals, sweep
from .newton import SINGULAR, Evaluation, Maximum, invert, newton, refuse_dependent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .arrays import FloatArray, IntArray
    from .cox_sample import Entries

__all__ = [
    "CONSTANT",
    "SINGULAR",
    "CoxSample",
    "Evaluation",
    "Maximum",
    "RiskSums",
    "Ties",
    "cox_sample",
    "evaluate",
    "evaluate_sums",
    "invert",
    "maximise",
    "newton",
    "refuse_dependent",
    "refuse_singular",
    "risk_sums",
    "row_hazards",
    "score_residuals",
]

Ties = Literal["efron", "breslow", "exact"]

BLOCK = 4096  # rows, or entries, that are worked on at a time, so that they stay in the processor's cache


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskSums:
    """Weighted sums over the risk sets, one entry an event time and, with Efron's rule, a tied event.

    Attributes
    ----------
    cell : ndarray of shape (q,)
        Event cell of the entry.
    fraction : ndarray of shape (q,)
        Share of the tied events that has left: 0, 1/d, ..., (d - 1)/d (Efron) or 0 (Breslow).
    weight : ndarray of shape (q,)
        Weight of the events that the entry stands for.
    total : ndarray of shape (q,)
        Sum of the relative risks, less the share that has left.
    mean : ndarray of shape (q, p)
        Mean of the covariates with these risks.
    risk : ndarray of shape (n,)
        Weighted relative risk of each row, up to a factor common to the stratum.
    linear : ndarray of shape (n,)
        Linear predictor up to a constant of the stratum.
    """

    cell: IntArray
    fraction: FloatArray
    weight: FloatArray
    total: FloatArray
    mean: FloatArray
    risk: FloatArray
    linear: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SortedSums:
    """The same with rows in the order of ``EventCells.order``; the entries of a cell begin at ``start``."""

    start: IntArray
    weight: FloatArray
    total: FloatArray
    mean: FloatArray
    risk: FloatArray
    linear: FloatArray


def risk_sums(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> RiskSums:
    """Sum relative risks and covariates over every risk set."""
    entries, sums = entries_of(sample, ties), sorted_sums(sample, coefficient, ties)
    return RiskSums(
        cell=entries.cell,
        fraction=entries.fraction,
        weight=sums.weight,
        total=sums.total,
        mean=sums.mean,
        risk=_unsorted(sample, sums.risk),
        linear=_unsorted(sample, sums.linear, -np.inf),
    )


def sorted_sums(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> SortedSums:
    """Do as :func:`risk_sums` without a return to the order of all rows."""
    entries = entries_of(sample, ties)
    linear = linear_predictors(sample, coefficient)
    risk = sample.sorted.weight * np.exp(linear)
    _, total, mean = next(_risk_sets(sample, entries, risk, block=entries.cell.size))
    return SortedSums(
        start=entries.start, weight=entries.weight, total=total, mean=mean, risk=risk, linear=linear
    )


def _resorted(sample: CoxSample, sums: RiskSums) -> SortedSums:
    """Return the sums in the order of the sorted rows."""
    order = sample.cells.order
    return SortedSums(
        start=np.searchsorted(sums.cell, np.arange(sample.cells.time.size + 1)).astype(np.int64),
        weight=sums.weight,
        total=sums.total,
        mean=sums.mean,
        risk=sums.risk[order],
        linear=sums.linear[order],
    )


def entries_of(sample: CoxSample, ties: Ties) -> Entries:
    """Return the terms of the likelihood under a rule for ties (one a cell with ``exact``)."""
    return sample.efron if ties == "efron" else sample.breslow


def linear_predictors(sample: CoxSample, coefficient: FloatArray) -> FloatArray:
    """Return the linear predictor of the sorted rows, less the largest of the stratum."""
    offset = sample.sorted.offset
    linear = sample.rows @ coefficient
    return less_highest(linear if offset is None else linear + offset, sample.cells)


def _risk_sets(
    sample: CoxSample, entries: Entries, risk: FloatArray, *, block: int = BLOCK
) -> Iterator[tuple[slice, FloatArray, FloatArray]]:
    """Yield entries, about ``block`` at a time, the last first, with sums of risks and means of covariates.

    The arrays are those of the caller until the next are asked for.
    """
    cells, p = sample.cells, sample.rows.shape[1]
    stops = np.arange(0, entries.cell.size, block)
    bounds = np.unique(np.append(entries.cell[stops], cells.time.size))
    size = int(np.diff(entries.start[bounds]).max())
    state, total, mean = np.zeros((2, p + 1)), np.empty(size), np.empty((size, p))
    for low, high in zip(bounds[-2::-1], bounds[:0:-1], strict=True):
        sweep(
            sample.rows,
            risk,
            sample.sorted.event,
            cells.row_start,
            entries.start,
            sample.opens,
            cells.late,
            cells.late_start,
            low,
            high,
            state,
            total,
            mean,
        )
        here = slice(int(entries.start[low]), int(entries.start[high]))
        count = here.stop - here.start
        yield here, total[:count], mean[:count]


def row_hazards(sample: CoxSample, sums: RiskSums) -> tuple[FloatArray, FloatArray]:
    """Cumulative hazard that each row meets, shape (n,), and with the means of the risk sets, (n, p).

    Under Efron's rule a row with an event meets only the part of its last hazard that its fading
    share of the tied risk set stands for.
    """
    met = _unsorted(sample, sorted_hazards(sample, _resorted(sample, sums)))
    return met[:, -1], met[:, :-1]


def sorted_hazards(sample: CoxSample, sums: SortedSums) -> FloatArray:
    """Return what the sorted rows meet, (k, p + 1): the hazard with each mean and, last, by itself."""
    return _met(sample, sums.weight, sums.total, sums.mean, sums.start)


def _met(
    sample: CoxSample, weight: FloatArray, total: FloatArray, mean: FloatArray, start: IntArray
) -> FloatArray:
    rows, cells = sample.sorted, sample.cells
    met = np.empty((cells.order.size, mean.shape[1] + 1))
    hazards_met(
        weight, total, mean, start, cells.row_start, sample.opens, cells.delayed, rows.event, rows.first, met
    )
    return met


def _unsorted(sample: CoxSample, values: FloatArray, other: float = 0.0) -> FloatArray:
    """Return ``values`` of the sorted rows in the order of all, and ``other`` for those never at risk."""
    cells = sample.cells
    result = take_rows(values, places(cells.order, cells.last.size))
    if cells.order.size < cells.last.size:
        result[~cells.active] = other
    return result


def evaluate(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> Evaluation:
    """Return log likelihood, score and information at ``coefficient``."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if ties == "exact":
            from .exact_ties import evaluate_exact  # noqa: PLC0415  (exact_ties builds on this module)

            return evaluate_exact(sample, coefficient)
        entries, p = entries_of(sample, ties), coefficient.size
        linear = linear_predictors(sample, coefficient)
        risk = sample.sorted.weight * np.exp(linear)
        totals, first, second = np.empty(entries.cell.size), np.zeros(p), np.zeros((p, p))
        for here, total, mean in _risk_sets(sample, entries, risk):
            totals[here] = total
            moments = _moments(mean, entries.weight[here])
            first += moments[0]
            second += moments[1]
        met = _met(sample, entries.weight, totals, np.empty((totals.size, 0)), entries.start)
        log_totals = entries.weight @ np.log(totals)
        return _assemble(sample, linear, risk * met[:, 0], float(log_totals), (first, second))


def evaluate_sums(sample: CoxSample, sums: RiskSums) -> Evaluation:
    """Return log likelihood, score and information from sums over the risk sets."""
    resorted = _resorted(sample, sums)
    return evaluate_sorted(sample, resorted, sorted_hazards(sample, resorted)[:, -1])


def evaluate_sorted(sample: CoxSample, sums: SortedSums, hazard: FloatArray) -> Evaluation:
    """Do as :func:`evaluate_sums` from sorted sums and the hazard that each sorted row meets."""
    log_totals, moments = float(sums.weight @ np.log(sums.total)), _moments(sums.mean, sums.weight)
    return _assemble(sample, sums.linear, sums.risk * hazard, log_totals, moments)


def _assemble(
    sample: CoxSample,
    linear: FloatArray,
    expected: FloatArray,
    log_totals: float,
    moments: tuple[FloatArray, FloatArray],
) -> Evaluation:
    """Put the sums over rows (sorted; with their expected number of events) and over entries together.

    The information is the sum over risk sets of the covariates' second moments, which is one over rows of
    the expected number of events times x x', less that of the products of their means.
    """
    information = _moments(sample.rows, expected)[1] - moments[1]
    return Evaluation(
        log_likelihood=float(sample.sorted.event_weight @ linear) - log_totals,
        score=sample.event_total - moments[0],
        information=(information + information.T) / 2,
    )


def _moments(values: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the weighted sums of the rows of ``values`` and of their products with themselves."""
    p = values.shape[1]
    second = np.zeros((p, p))
    for low in range(0, weight.size, BLOCK):
        block = values[low : low + BLOCK]
        second += (block * weight[low : low + BLOCK, None]).T @ block
    return weight @ values, second


def score_residuals(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> FloatArray:
    """Return each row's contribution to the score, shape (n, p), not multiplied by its weight.

    Their weighted sum is the score.  Tied events follow the rule of ``ties``; under Efron's rule an
    event's mean is the average over the tied set and its own hazard fades as its share does (Therneau
    and Grambsch, Modeling Survival Data, section 4.2 and 7.2).
    """
    if ties == "exact":
        raise InvalidArgument("score residuals need ties='efron' or 'breslow'")
    rows, cells, sums = sample.sorted, sample.cells, sorted_sums(sample, coefficient, ties)
    values = np.empty(sample.rows.shape)
    residuals(
        sample.rows,
        np.exp(sums.linear),
        sums.weight,
        sums.total,
        sums.mean,
        sums.start,
        cells.row_start,
        sample.opens,
        cells.delayed,
        rows.event,
        rows.first,
        values,
    )
    return _unsorted(sample, values)


def maximise(sample: CoxSample, names: tuple[str, ...], ties: Ties) -> Maximum:
    """Maximise the partial likelihood by Newton's method with step halving.

    Raises
    ------
    NotEstimable
        A covariate that does not vary within any risk set, or that others determine.
    NotConverged
        The likelihood has no maximum (it rises without end as a coefficient grows).
    """
    null = evaluate(sample, np.zeros(len(names)), ties)
    refuse_singular(sample, null.information, names)
    coefficient, at, iterations = newton(
        lambda beta: evaluate(sample, beta, ties), null, names, scale=sample.spread
    )
    return Maximum(coefficient=coefficient, at=at, null=null, iterations=iterations)


def refuse_singular(sample: CoxSample, information: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse covariates without information, and covariates that earlier ones determine."""
    events = sample.sorted.event_weight.sum()
    flat = np.diag(information) <= SINGULAR * events * np.maximum(sample.spread**2, np.finfo(np.float64).tiny)
    if flat.any():
        who = [name for name, bad in zip(names, flat, strict=True) if bad]
        raise NotEstimable(
            f"{len(who)} covariate(s) do not vary within any risk set ({name_some(who)}): leave them out"
        )
    refuse_dependent(information, names)
