"""Mean number of events and mean time alive up to a horizon, and the influence of each subject on them."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING

import numpy as np

from ..risk_table import from_the_end, sum_by
from .mean_cumulative_counts import per_subject, recurrent_counts
from .mean_cumulative_influence import integral_influence

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import RecurrentEvents
    from .mean_cumulative_counts import RecurrentCounts


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WhileAliveParts:
    """What a while-alive rate is made of.

    Attributes
    ----------
    events, time : float
        Mean number of events and mean time alive up to the horizon.
    influence : ndarray of shape (n_subjects, 2)
        Influence of each subject on the two.
    end : float
        Time up to which they are known: infinite where nobody was alive at the last time, 0 where nobody is
        at risk before the horizon.
    complete : bool
        Whether every subject is observed from 0 in one piece.
    """

    events: float
    time: float
    influence: FloatArray
    end: float
    complete: bool

    @property
    def rate(self) -> float:
        """Events per time alive."""
        return self.events / self.time

    @property
    def rate_variance(self) -> float:
        """Variance of the rate; NaN with one subject."""
        if self.influence.shape[0] == 1:
            return nan
        own = (self.influence[:, 0] - self.rate * self.influence[:, 1]) / self.time
        return float(own @ own)


def while_alive_parts(data: RecurrentEvents, horizon: float) -> WhileAliveParts:
    """Estimate both means up to the horizon."""
    number = data.subject_number
    counts = recurrent_counts(data, number)
    n_subjects = int(number.max()) + 1
    step = np.where(counts.time <= horizon, counts.alive * per_subject(counts.n_events, counts.n_at_risk), 0)
    area = _area_left(counts, horizon)
    events, time = float(step.sum()), float(area[0])
    n_left = int((counts.ends | (data.status == 2)).sum())
    complete = bool(n_left == n_subjects and np.bincount(number, data.start == 0).min() == 1)
    if complete:
        rows = _weighted(counts, data, horizon, step, area)
        rows -= np.where(data.start == 0, 1.0, 0.0)[:, None] * np.array([events, time]) / n_subjects
    else:
        before = (counts.time <= horizon).astype(np.float64)
        rows = np.column_stack(
            [integral_influence(counts, data.status, before), _time_influence(counts, data.status, area[1:])]
        )
    influence = sum_by(number, rows, n_subjects)
    end = inf if counts.survival[-1] == 0 else float(counts.time[-1])
    return WhileAliveParts(
        events=events,
        time=time,
        influence=influence,
        end=end if data.start.min() < horizon else 0.0,
        complete=complete,
    )


def _area_left(counts: RecurrentCounts, horizon: float) -> FloatArray:
    """Return the area under the survival curve from 0, and from each time, to the horizon; shape (m + 1,)."""
    edges = np.minimum(np.concatenate([[0.0], counts.time, [horizon]]), horizon)
    height = np.append(1.0, counts.survival)
    return np.asarray(from_the_end(np.diff(edges) * height))


def _time_influence(counts: RecurrentCounts, status: IntArray, area: FloatArray) -> FloatArray:
    """Return the influence of each row on the mean time alive, by the deaths."""
    pull = per_subject(area, counts.n_at_risk)
    met = np.append(0.0, np.cumsum(pull * per_subject(counts.n_deaths, counts.n_at_risk)))
    active = counts.first <= counts.last
    first, last = np.where(active, counts.first, 0), np.where(active, counts.last, 0)
    return np.where(active, met[last + 1] - met[first] - np.where(status == 2, pull[last], 0.0), 0.0)


def _weighted(
    counts: RecurrentCounts, data: RecurrentEvents, horizon: float, step: FloatArray, area: FloatArray
) -> FloatArray:
    """Return what each row adds to its subject's influence as a weighted average; shape (n, 2)."""
    m, n, status = counts.time.size, counts.n_at_risk, data.status
    share = per_subject(counts.alive, n)  # of a complete history: 1/(n_subjects G)
    active = counts.first <= counts.last
    first, last = np.where(active, counts.first, 0), np.where(active, counts.last, 0)
    event = (status == 1) & (data.stop <= horizon)
    died = (status == 2) & (data.stop < horizon)
    reaches = (data.start < horizon) & (data.stop >= horizon)
    at = int(np.searchsorted(counts.time, horizon))  # nobody leaves between this position and the horizon
    full = horizon * share[at] if at < m else 0.0
    own = np.column_stack(
        [
            np.where(event, share[last], 0.0),
            np.where(died, data.stop * share[last], 0.0) + np.where(reaches, full, 0.0),
        ]
    )
    later = np.column_stack(
        [
            np.append(from_the_end(step)[1:], 0.0),
            counts.time * counts.survival + area[1:],
        ]
    )
    later[counts.time >= horizon] = 0.0
    stay, go = _censoring_martingale(counts)
    met = np.vstack([np.zeros(2), np.cumsum(later * stay[:, None], axis=0)])
    leaves = counts.ends | (status == 2)
    own -= np.where(active[:, None], met[last + 1 - leaves] - met[first], 0.0)
    return own + np.where(counts.ends[:, None], later[last] * go[last, None], 0.0)


def _censoring_martingale(counts: RecurrentCounts) -> tuple[FloatArray, FloatArray]:
    """Return what sums of dM_censoring/Y lose where a row stays and gain where it is censored, by time.

    Deaths leave before; of d censorings at one time with Y at risk one leaves after the other, in every order
    alike.
    """
    m = counts.time.size
    d = np.bincount(counts.last[counts.ends], minlength=m)
    at = np.repeat(np.arange(m), d)
    before = np.arange(at.size) - np.repeat(np.cumsum(d) - d, d)
    left = (counts.n_at_risk - counts.n_deaths)[at] - before
    stay = sum_by(at, 1 / left**2, m)
    go = sum_by(at, 1 / left - (d[at] - before) / left**2, m)
    return stay, go / np.maximum(d, 1)
