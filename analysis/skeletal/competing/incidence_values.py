"""Incidence of one cause, or the area under it, with its variance: what the estimators here share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..arrays import hand_over
from ..data import CompetingRisks
from ..influence import InfluenceRows, InfluenceSteps, influence_variance
from ..kernels.incidence import delta_incidence, jackknife_incidence
from ..risk_table import RiskCounts, risk_counts, risk_table

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray

IncidenceVariance = Literal["aalen", "greenwood", "jackknife"]

CERTAIN = 1 - 1e-9  # an incidence above this is 1: of n rows it is 1 - 1/n at most, or 1

VARIANCES = {
    "aalen": "Aalen variance",
    "greenwood": "Greenwood (delta method) variance",
    "jackknife": "infinitesimal jackknife variance",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class IncidenceValues:
    """Counts at each distinct time, and what has been summed up to it, with its variance; shape (m,)."""

    counts: RiskCounts
    value: FloatArray
    variance: FloatArray


def incidence_values(data: CompetingRisks, code: int, variance: IncidenceVariance) -> IncidenceValues:
    """Return the Aalen-Johansen incidence of cause ``code`` and its variance at each distinct time."""
    if variance == "jackknife":
        return jackknife_values(data, code)
    counts = risk_counts(data)
    own, other = _by_cause(counts, code)
    found = np.empty((2, counts.time.size))
    delta_incidence(counts.n_at_risk, own, other, variance == "greenwood", found)
    return _values(counts, found)


def jackknife_values(
    data: CompetingRisks, code: int, *, horizon: float | None = None, cluster: IntArray | None = None
) -> IncidenceValues:
    """Return the incidence, or the area under it up to ``horizon``, with the jackknife variance.

    The area is the sum of the steps, each times what is left of the time to the horizon; its last value is
    the area at the horizon.  Rows, or ``cluster`` of rows, are left out one at a time (infinitesimally).
    """
    if data.entry is not None or cluster is not None:
        return _by_rows(data, code, horizon, np.arange(data.n_subjects) if cluster is None else cluster)
    counts = risk_counts(data)
    own, other = _by_cause(counts, code)
    found = np.empty((2, counts.time.size))
    jackknife_incidence(counts.n_at_risk, own, other, counts.n_censored, _width(counts.time, horizon), found)
    return _values(counts, found)


def as_probability(value: FloatArray) -> FloatArray:
    """Return the incidence with 1 for what only rounding keeps from it."""
    return np.where(value > CERTAIN, 1.0, value)


def followed_to(counts: RiskCounts) -> float:
    """Return the time up to which the incidence is known: the last one, or infinity if nobody is left."""
    everybody = counts.n_events.sum(axis=0) == counts.n_at_risk
    return float("inf") if everybody.any() else float(counts.time[-1])


def rows_of(data: CompetingRisks, rows: BoolArray) -> CompetingRisks:
    """Return the sample of some rows."""
    return CompetingRisks(
        data.time[rows],
        data.status[rows],
        data.causes,
        entry=None if data.entry is None else data.entry[rows],
        time_unit=data.time_unit,
    )


def _by_rows(data: CompetingRisks, code: int, horizon: float | None, who: IntArray) -> IncidenceValues:
    """Sum the squared influences of rows that may enter late, or of clusters of rows."""
    table = risk_table(data)
    n, own = table.n_at_risk, table.n_events[code - 1]
    events = table.n_events.sum(axis=0)
    survival = np.cumprod((n - events) / n)
    before = np.append(1.0, survival[:-1])
    width = _width(table.time, horizon)
    step = width * before * own / n
    variance = influence_variance(
        InfluenceRows(
            subject=who,
            first=table.entry_index,
            last=table.exit_index,
            gains=(data.status == code).astype(np.float64),
            ends=(data.status > 0).astype(np.float64),
        ),
        InfluenceSteps(
            step=step,
            gain_rate=own / n,
            end_rate=events / n,
            gain_scale=width * before / n,
            end_scale=np.divide(before / n, survival, out=np.zeros(n.size), where=survival > 0),
        ),
    )
    return _values(table, np.stack([np.cumsum(step), variance]))


def _values(counts: RiskCounts, found: FloatArray) -> IncidenceValues:
    return IncidenceValues(counts=counts, value=hand_over(found[0]), variance=hand_over(found[1]))


def _by_cause(counts: RiskCounts, code: int) -> tuple[FloatArray, FloatArray]:
    """Return the events of the cause and of all others."""
    own = counts.n_events[code - 1]
    return own, counts.n_events.sum(axis=0) - own


def _width(time: FloatArray, horizon: float | None) -> FloatArray:
    """Return what a step counts for: 1, or what is left of the time to the horizon."""
    return np.ones(time.size) if horizon is None else np.maximum(horizon - time, 0.0)
