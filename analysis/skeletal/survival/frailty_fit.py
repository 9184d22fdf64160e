"""The penalised partial likelihood of gamma frailties: its maximum and curvature in passes over sorted rows.

No matrix of clusters by clusters is ever made: the information is only multiplied by vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cox_sample import less_highest
from ..errors import NotConverged
from ..kernels.cox import hazards_met, sweep
from ..newton import MAX_STEPS, STEP_TOLERANCE
from ..partial_likelihood import entries_of
from ..risk_table import sum_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray, IntArray
    from ..partial_likelihood import CoxSample, Ties

ROUGH = 1e-4  # how exactly a Newton step is solved for; the next step corrects it
EXACT = 1e-12
MAX_DIRECTIONS = 500


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrailtySample:
    """Rows of a Cox model and their clusters.

    Attributes
    ----------
    rows : CoxSample
        Rows of the covariates.
    ties : str
        Rule for tied events.
    cluster : ndarray of shape (k,)
        Cluster of the rows in the order of ``rows.cells.order``, from 0.
    events : ndarray of shape (n_clusters,)
        Events of each cluster.
    """

    rows: CoxSample
    ties: Ties
    cluster: IntArray
    events: FloatArray

    @property
    def n_coefficients(self) -> int:
        """Number of covariates; log frailties come after them."""
        return int(self.rows.rows.shape[1])


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrailtyPlace:
    """Partial likelihood at coefficients and log frailties, with what its information is made of.

    Attributes
    ----------
    place, score : ndarray of shape (p + n_clusters,)
        Coefficients, then log frailties; slope of the partial likelihood.
    precision : float
        1 over the variance of the frailty.
    partial : float
        Partial log likelihood.
    risk, expected : ndarray of shape (k,)
        Relative risk and expected number of events of the sorted rows.
    coefficients : ndarray of shape (p, p)
        Information of the coefficients.
    cross : ndarray of shape (n_clusters, p)
        Information between log frailties and coefficients.
    own : ndarray of shape (n_clusters,)
        Penalised information of each log frailty when risk sets do not change.
    """

    place: FloatArray
    precision: float
    partial: float
    score: FloatArray
    risk: FloatArray
    expected: FloatArray
    coefficients: FloatArray
    cross: FloatArray
    own: FloatArray

    @property
    def log_frailty(self) -> FloatArray:
        """Log frailties."""
        return self.place[self.coefficients.shape[0] :]

    @property
    def penalised(self) -> float:
        """Partial log likelihood with the penalty on the frailties."""
        u = self.log_frailty
        with np.errstate(over="ignore"):  # a step too far
            return self.partial + self.precision * float(np.sum(u - np.expm1(u)))


def evaluate_place(sample: FrailtySample, place: FloatArray, precision: float) -> FrailtyPlace:
    """Return the partial likelihood and its derivatives at ``place``."""
    rows, p = sample.rows, sample.n_coefficients
    u = place[p:]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        linear = less_highest(rows.rows @ place[:p] + u[sample.cluster], rows.cells)
        risk = np.exp(linear)
        total, mean, met = _pass(sample, rows.rows, risk)
        expected = risk * met[:, -1]
        weight = entries_of(rows, sample.ties).weight
        of_clusters = np.bincount(sample.cluster, expected, u.size)
        varying = rows.rows * expected[:, None] - risk[:, None] * met[:, :-1]
        slope = np.concatenate([rows.event_total - weight @ mean, sample.events - of_clusters])
        frailty = np.exp(u)
        return FrailtyPlace(
            place=place,
            precision=precision,
            partial=float(rows.sorted.event_weight @ linear - weight @ np.log(total)),
            score=slope + np.append(np.zeros(p), precision * (1 - frailty)),
            risk=risk,
            expected=expected,
            coefficients=rows.rows.T @ varying,
            cross=sum_by(sample.cluster, varying, u.size),
            own=of_clusters + precision * frailty,
        )


def _pass(
    sample: FrailtySample, columns: FloatArray, risk: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return total risk and mean columns of every risk set, and what the sorted rows meet of them."""
    rows, cells = sample.rows, sample.rows.cells
    entries = entries_of(rows, sample.ties)
    p, q = columns.shape[1], entries.cell.size
    total, mean, met = np.empty(q), np.empty((q, p)), np.empty((risk.size, p + 1))
    event, state = rows.sorted.event, np.zeros((2, p + 1))
    sweep(
        columns,
        risk,
        event,
        cells.row_start,
        entries.start,
        rows.opens,
        cells.late,
        cells.late_start,
        0,
        cells.time.size,
        state,
        total,
        mean,
    )
    hazards_met(
        entries.weight,
        total,
        mean,
        entries.start,
        cells.row_start,
        rows.opens,
        cells.delayed,
        event,
        rows.sorted.first,
        met,
    )
    return total, mean, met


def informed(sample: FrailtySample, at: FrailtyPlace, vector: FloatArray) -> FloatArray:
    """Return the penalised information times ``vector``."""
    rows, p = sample.rows.rows, sample.n_coefficients
    column = rows @ vector[:p] + vector[p:][sample.cluster]
    met = _pass(sample, column[:, None], at.risk)[2][:, 0]
    varying = column * at.expected - at.risk * met
    u = at.log_frailty
    own = np.bincount(sample.cluster, varying, u.size) + at.precision * np.exp(u) * vector[p:]
    return np.concatenate([rows.T @ varying, own])


def _schur(at: FrailtyPlace, own: FloatArray) -> FloatArray:
    """Return the information of the coefficients less what goes to frailties that ignore each other."""
    return np.asarray(at.coefficients - at.cross.T @ (at.cross / own[:, None]))


def solve(sample: FrailtySample, at: FrailtyPlace, slope: FloatArray, tolerance: float) -> FloatArray:
    """Return the penalised information's inverse times ``slope`` by conjugate gradients.

    They are guided by the information without the covariances between frailties, which is inverted directly.
    """
    p, schur = sample.n_coefficients, _schur(at, at.own)

    def guided(vector: FloatArray) -> FloatArray:
        first = np.linalg.solve(schur, vector[:p] - at.cross.T @ (vector[p:] / at.own))
        return np.concatenate([first, (vector[p:] - at.cross @ first) / at.own])

    found, left = np.zeros(slope.size), slope
    guide = guided(left)
    direction, size = guide, float(left @ guide)
    goal = tolerance**2 * size
    for _ in range(MAX_DIRECTIONS):
        if size <= goal or size <= 0:
            break
        image = informed(sample, at, direction)
        length = size / float(direction @ image)
        found, left = found + length * direction, left - length * image
        guide = guided(left)
        size, before = float(left @ guide), size
        direction = guide + size / before * direction
    return found


def sparse_covariance(sample: FrailtySample, at: FrailtyPlace) -> FloatArray:
    """Return the coefficients' covariance from the information without covariances between frailties."""
    return np.asarray(np.linalg.inv(_schur(at, at.own - _squared_shares(sample, at))))


def _squared_shares(sample: FrailtySample, at: FrailtyPlace) -> FloatArray:
    """Return, for each cluster, the sum over events of its squared share of the risk set.

    The risk of a cluster is constant between the ends of its rows, so its square counts for sums over the
    cells in between; where some of its rows have an event, they fade with Efron's rule.
    """
    rows, cells = sample.rows, sample.rows.cells
    entries, m = entries_of(rows, sample.ties), cells.time.size
    total = _pass(sample, np.empty((at.risk.size, 0)), at.risk)[0]
    part = entries.weight / total**2
    whole, faded, twice = (
        np.bincount(entries.cell, part * entries.fraction**power, m) for power in (0, 1, 2)
    )
    before = np.append(0.0, np.cumsum(whole))
    last = np.repeat(np.arange(m), np.diff(cells.row_start))
    first = cells.first[cells.order] if cells.delayed else np.zeros(last.size, dtype=np.int64)
    key = np.append(sample.cluster * (m + 1) + first, sample.cluster * (m + 1) + last + 1)
    order = np.argsort(key, kind="stable")
    key, risk = key[order], np.cumsum(np.append(at.risk, -at.risk)[order])  # 0 again where a cluster ends
    cluster, cell = np.divmod(key, m + 1)
    ends = np.append(cell[1:], 0)
    shares = np.where(np.append(np.diff(cluster) == 0, False), risk**2 * (before[ends] - before[cell]), 0.0)
    event = rows.sorted.event
    tied, group = np.unique((sample.cluster * (m + 1) + last)[event], return_inverse=True)
    going, here = np.bincount(group, at.risk[event]), tied % (m + 1)
    present = risk[np.searchsorted(key, tied, side="right") - 1]
    fading = going**2 * twice[here] - 2 * present * going * faded[here]
    n_clusters = sample.events.size
    squares = np.bincount(cluster, shares, n_clusters) + np.bincount(tied // (m + 1), fading, n_clusters)
    return np.asarray(squares, dtype=np.float64)


def largest_at(sample: FrailtySample, start: FloatArray, precision: float) -> FrailtyPlace:
    """Maximise the penalised partial likelihood at one precision of the frailty, by Newton's method.

    Raises
    ------
    NotConverged
        It has no maximum.
    """
    scale = np.append(sample.rows.spread, np.ones(sample.events.size))
    here = evaluate_place(sample, start, precision)
    for _ in range(MAX_STEPS):
        step = solve(sample, here, here.score, ROUGH)
        there = _climb(lambda place: evaluate_place(sample, place, precision), here, step)
        if there is here:
            break
        here = there
        if np.max(np.abs(step) * scale) <= STEP_TOLERANCE:
            return here
    raise NotConverged(f"the fit with a frailty of variance {1 / precision:.3g} did not converge")


def _climb(
    evaluate: Callable[[FloatArray], FrailtyPlace], here: FrailtyPlace, step: FloatArray
) -> FrailtyPlace:
    """Take ``step``, or the first of its halves that does not lower the likelihood."""
    slack = 1e-10 * (1 + abs(here.penalised))
    for halvings in range(40):
        there = evaluate(here.place + step / 2**halvings)
        if np.isfinite(there.penalised) and there.penalised >= here.penalised - slack:
            return there
    return here


def marginal(sample: FrailtySample, at: FrailtyPlace) -> float:
    """Return the log likelihood with the frailties integrated out, at the maximum of the penalised one."""
    d, count = np.unique(sample.events, return_counts=True)
    v = at.precision
    terms = d - v * np.log1p(d / v) + _sums(d, lambda j, total: np.log1p((j - total) / (v + total)))
    return at.partial + v * float(at.log_frailty.sum()) + float(count @ terms)


def marginal_slope(sample: FrailtySample, at: FrailtyPlace) -> float:
    """Return the derivative of :func:`marginal` by the log of the frailty's variance."""
    d, count = np.unique(sample.events, return_counts=True)
    v = at.precision
    terms = _sums(d, lambda j, _: 1 / (v + j)) - np.log1p(d / v)
    return -v * (float(at.log_frailty.sum()) + float(count @ terms))


def _sums(totals: FloatArray, term: Callable[[FloatArray, float], FloatArray]) -> FloatArray:
    """Return, for each number of events, the sum of ``term`` over 0, 1, ... below it."""
    return np.array([float(np.sum(term(np.arange(total), total))) for total in totals])
