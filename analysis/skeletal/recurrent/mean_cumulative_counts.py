"""Counts by time of the histories of subjects with events that recur."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..data import RecurrentEvents
from ..kernels.recurrent import count_histories, ends_of_observation
from ..kernels.sorting import order_by_stratum, time_order

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecurrentCounts:
    """Counts at each distinct time of an event, a death or an end of observation; arrays of shape (m,).

    Attributes
    ----------
    time : ndarray
        Increasing.
    n_at_risk, n_events, n_deaths, n_censored : ndarray
        Subjects at risk just before ``time``; events, deaths and, without either, ends of observation at it.
    first, last : ndarray of shape (n,)
        First and last position in ``time`` at which each row is at risk; ``first > last`` where none.
    ends : ndarray of shape (n,)
        Whether a row ends without death and no row of its subject goes on from there.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_deaths: FloatArray
    n_censored: FloatArray
    first: IntArray
    last: IntArray
    ends: BoolArray

    @property
    def alive(self) -> FloatArray:
        """Kaplan-Meier estimate of being alive just before each time; shape (m,)."""
        return np.append(1.0, self.survival[:-1])

    @property
    def survival(self) -> FloatArray:
        """Kaplan-Meier estimate of being alive from each time on; shape (m,)."""
        return np.asarray(np.cumprod(1 - per_subject(self.n_deaths, self.n_at_risk)), dtype=np.float64)

    def of(self, rows: BoolArray, status: IntArray) -> RecurrentCounts:
        """Return the counts of some rows at the times of all; nobody may be at risk at some of them."""
        m = self.time.size
        active = self.first <= self.last

        def at(which: BoolArray) -> FloatArray:
            return np.bincount(self.last[which & rows], minlength=m).astype(np.float64)

        entered = np.bincount(self.first[rows & active], minlength=m)
        return RecurrentCounts(
            time=self.time,
            n_at_risk=np.cumsum(entered - np.append(0.0, at(active)[:-1])),
            n_events=at(status == 1),
            n_deaths=at(status == 2),
            n_censored=at(self.ends & (status == 0)),
            first=self.first[rows],
            last=self.last[rows],
            ends=self.ends[rows],
        )


def recurrent_counts(data: RecurrentEvents, number: IntArray | None = None) -> RecurrentCounts:
    """Count subjects at risk, events, deaths and ends of observation by time.

    A row without event or death that the next row of its subject continues ends nothing.  ``number`` is the
    subject of each row, where the caller has it.
    """
    subject = data.subject_number if number is None else number
    by_start, by_stop = time_order(data.start), time_order(data.stop)
    order, _ = order_by_stratum(by_start, subject, int(subject.max()) + 1)
    ends = ends_of_observation(order, subject, data.start, data.stop, data.status)
    time, counts, first, last = count_histories(by_stop, by_start, data.start, data.stop, data.status, ends)
    return RecurrentCounts(
        time=time,
        n_at_risk=counts[0],
        n_events=counts[1],
        n_deaths=counts[2],
        n_censored=counts[3],
        first=first,
        last=last,
        ends=ends,
    )


def sample_histories(data: RecurrentEvents, rows: BoolArray) -> RecurrentEvents:
    """Return some rows of the histories."""
    return RecurrentEvents(
        data.subject[rows], data.start[rows], data.stop[rows], data.status[rows], time_unit=data.time_unit
    )


def per_subject(values: FloatArray, n_at_risk: FloatArray) -> FloatArray:
    """Divide by the number at risk; 0 where nobody is."""
    return np.divide(values, n_at_risk, out=np.zeros(n_at_risk.size), where=n_at_risk > 0)
