"""Rows at risk of the first, second, ... event of each subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import RecurrentEvents

CLOSE = 2.0**-26  # gap times closer than this share of their mean are tied, as in survival's timefix


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class OrderedRows:
    """Rows (start, stop] at risk of one event of a subject; arrays of shape (k,).

    Attributes
    ----------
    subject : ndarray
        Number of the subject.
    start, stop : ndarray
        On the clock of the model.
    event : ndarray
        1 where the event of this order happens at ``stop``.
    order : ndarray
        Order of the event that the row is at risk of, from 1.
    stratum : ndarray
        Baseline: order and stratum, from 0.
    covariates : ndarray of shape (k, p)
        As given.
    n_orders : int
        Largest order that is kept.
    """

    subject: IntArray
    start: FloatArray
    stop: FloatArray
    event: IntArray
    order: IntArray
    stratum: IntArray
    covariates: FloatArray
    n_orders: int


def ordered_rows(
    data: RecurrentEvents, covariates: FloatArray, stratum: IntArray | None, model: str, max_order: int | None
) -> OrderedRows:
    """Return the rows at risk of each event up to ``max_order``, by default the most that a subject has."""
    number = data.subject_number
    place = np.lexsort((data.start, number))
    subject, start, stop = number[place], data.start[place], data.stop[place]
    event, x = (data.status[place] == 1).astype(np.int64), covariates[place]
    groups = np.zeros(place.size, dtype=np.int64) if stratum is None else stratum[place]
    order = _orders(subject, event)
    highest = int(order[event == 1].max(initial=1))
    if max_order is not None:
        highest = min(max_order, highest + 1)  # one without events says as much as any number of them
    if model == "wlw":
        runs = _runs(subject, start, stop, groups, x)
        kept, start, event, order = _marginal(runs, start, event, order, highest)
    else:
        kept = np.flatnonzero(order <= highest)
        if model == "pwp-gap":
            origin = _origin(subject, order, start)
            start, stop = _tied(start - origin, stop - origin)
        start, event, order = start[kept], event[kept], order[kept]
    return OrderedRows(
        subject=subject[kept],
        start=start,
        stop=stop[kept],
        event=event,
        order=order,
        stratum=np.unique(groups[kept] * (highest + 1) + order, return_inverse=True)[1].astype(np.int64),
        covariates=x[kept],
        n_orders=highest,
    )


def _begins(subject: IntArray) -> BoolArray:
    """Mark the first row of each subject."""
    return np.append(True, subject[1:] != subject[:-1])


def _orders(subject: IntArray, event: IntArray) -> IntArray:
    """Return one more than the number of a subject's events before each row; rows by subject, then start."""
    before = np.cumsum(event) - event
    first = np.flatnonzero(_begins(subject))
    return before - np.repeat(before[first], np.diff(first, append=subject.size)) + 1


def _origin(subject: IntArray, order: IntArray, start: FloatArray) -> FloatArray:
    """Return the start of the first row of each subject and order."""
    first = np.flatnonzero(_begins(subject) | np.append(True, order[1:] != order[:-1]))
    return np.repeat(start[first], np.diff(first, append=subject.size))


def _tied(start: FloatArray, stop: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Make gap times equal that differ by the rounding of the subtraction, where no row loses its length."""
    times, place = np.unique(np.concatenate([start, stop]), return_inverse=True)
    first = np.append(True, np.diff(times) > CLOSE * float(stop.mean()))
    joined = times[np.maximum.accumulate(np.where(first, np.arange(times.size), 0))][place]
    begin, end = joined[: start.size], joined[start.size :]
    lasts = begin < end
    return np.where(lasts, begin, start), np.where(lasts, end, stop)


def _runs(
    subject: IntArray, start: FloatArray, stop: FloatArray, groups: IntArray, x: FloatArray
) -> IntArray:
    """Return the first row of the run of each row: without an interruption or a change of covariates."""
    same = (start[1:] == stop[:-1]) & (groups[1:] == groups[:-1]) & (x[1:] == x[:-1]).all(axis=1)
    first = _begins(subject) | np.append(True, ~same)
    return np.maximum.accumulate(np.where(first, np.arange(subject.size), 0))


def _marginal(
    runs: IntArray, start: FloatArray, event: IntArray, order: IntArray, highest: int
) -> tuple[IntArray, FloatArray, IntArray, IntArray]:
    """Return last row, start, event and order of each run of rows up to the k-th event, for each k."""
    parts = []
    for k in range(1, highest + 1):
        upto = np.flatnonzero(order <= k)
        last = upto[np.append(runs[upto][1:] != runs[upto][:-1], True)]
        parts.append((last, start[runs[last]], event[last] * (order[last] == k), np.full(last.size, k)))
    kept, begin, happens, orders = (np.concatenate(values) for values in zip(*parts, strict=True))
    return kept, begin, happens.astype(np.int64), orders.astype(np.int64)
