"""Cox's partial likelihood: value, score, information, residuals and its maximum.

Rows are (entry, time] with strata, case weights and offsets, so that time-varying covariates,
recurrent events and cause-specific models all come here.  Every sum is over rows or over event
times, never over pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.linalg import eigh

from .errors import InvalidArgument, NotConverged, NotEstimable, name_some
from .event_cells import EventCells, cumulate, event_cells, sum_at_risk
from .risk_table import sum_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import BoolArray, FloatArray, IntArray

Ties = Literal["efron", "breslow", "exact"]

MAX_STEPS = 60
STEP_TOLERANCE = 1e-8  # of a Newton step in standard deviations of the covariate; the last step is taken
SINGULAR = 1e-10  # information relative to that of a covariate by itself
CONSTANT = 1e-12  # standard deviation relative to the largest value
EXHAUSTED = 1e-9  # information relative to that at 0: the likelihood is flat, its maximum at infinity


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CoxSample:
    """Rows of a partial likelihood, prepared once for every evaluation.

    Attributes
    ----------
    covariates : ndarray of shape (n, p)
        Centred within strata, which leaves the likelihood as it is.
    original : ndarray of shape (n, p)
        Covariates as given.
    spread : ndarray of shape (p,)
        Standard deviation of the centred covariates.
    event : ndarray of shape (n,)
        Whether the row ends in an event.
    weight, offset : ndarray of shape (n,)
        Case weights; known part of the linear predictor.
    stratum : ndarray of shape (n,)
        Stratum of each row, from 0.
    cells : EventCells
        Distinct event times of the strata.
    """

    covariates: FloatArray
    original: FloatArray
    spread: FloatArray
    event: BoolArray
    weight: FloatArray
    offset: FloatArray
    stratum: IntArray
    cells: EventCells


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
class Evaluation:
    """Log likelihood, score (p,) and information (p, p) at one coefficient."""

    log_likelihood: float
    score: FloatArray
    information: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Maximum:
    """Where the likelihood is largest, its value there and at 0."""

    coefficient: FloatArray
    at: Evaluation
    null: Evaluation
    iterations: int


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
    n = time.size
    if not event.any():
        raise NotEstimable(f"no events among {n} row(s): a hazard ratio cannot be estimated")
    strata = np.zeros(n, dtype=np.int64) if stratum is None else stratum
    weights = np.ones(n) if weight is None else weight
    cells = event_cells(time, event, strata, entry)
    size = int(strata.max()) + 1
    counted = np.where(cells.active, weights, 0.0)
    mass = np.maximum(np.bincount(strata, counted, size), np.finfo(np.float64).tiny)
    mean = sum_by(strata, counted[:, None] * covariates, size) / mass[:, None]
    centred = covariates - mean[strata]
    spread = np.sqrt(counted @ centred**2 / counted.sum())
    constant = spread <= CONSTANT * np.max(np.abs(covariates), axis=0)
    return CoxSample(
        covariates=np.where(constant, 0.0, centred),
        original=covariates,
        spread=np.where(constant, 0.0, spread),
        event=event == 1,
        weight=weights,
        offset=np.zeros(n) if offset is None else offset,
        stratum=strata,
        cells=cells,
    )


def risk_sums(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> RiskSums:
    """Sum relative risks and covariates over every risk set."""
    cells, m = sample.cells, sample.cells.time.size
    linear = sample.covariates @ coefficient + sample.offset
    highest = np.full(int(sample.stratum.max()) + 1, -np.inf)
    np.maximum.at(highest, sample.stratum[cells.active], linear[cells.active])
    linear = np.where(cells.active, linear - highest[sample.stratum], -np.inf)
    risk = sample.weight * np.exp(linear)
    weighted = risk[:, None] * sample.covariates
    total, first = sum_at_risk(risk, cells), sum_at_risk(weighted, cells)
    last = cells.last[sample.event]
    mass = sum_by(last, sample.weight[sample.event], m)
    if ties == "efron":
        n_tied = np.bincount(last, minlength=m)
        cell = np.repeat(np.arange(m), n_tied)
        fraction = (np.arange(cell.size) - (np.cumsum(n_tied) - n_tied)[cell]) / n_tied[cell]
        weight = (mass / n_tied)[cell]
        total = total[cell] - fraction * sum_by(last, risk[sample.event], m)[cell]
        first = first[cell] - fraction[:, None] * sum_by(last, weighted[sample.event], m)[cell]
    else:
        cell, fraction, weight = np.arange(m), np.zeros(m), mass
    return RiskSums(
        cell=cell,
        fraction=fraction,
        weight=weight,
        total=total,
        mean=first / total[:, None],
        risk=risk,
        linear=linear,
    )


def row_hazards(sample: CoxSample, sums: RiskSums) -> tuple[FloatArray, FloatArray]:
    """Cumulative hazard that each row meets, shape (n,), and with the means of the risk sets, (n, p).

    Under Efron's rule a row with an event meets only the part of its last hazard that its fading
    share of the tied risk set stands for.
    """
    cells, m = sample.cells, sample.cells.time.size
    hazard = np.column_stack([np.ones(sums.total.size), sums.mean]) * (sums.weight / sums.total)[:, None]
    steps = sum_by(sums.cell, hazard, m)
    reached = cumulate(steps, cells.starts)
    last = np.where(cells.active, cells.last, 0)
    first = np.where(cells.active, cells.first, 0)
    met = reached[last] - (reached[first] - steps[first])
    faded = sum_by(sums.cell, sums.fraction[:, None] * hazard, m)
    met[sample.event] -= faded[last[sample.event]]
    met[~cells.active] = 0.0
    return met[:, 0], met[:, 1:]


def evaluate(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> Evaluation:
    """Return log likelihood, score and information at ``coefficient``."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if ties == "exact":
            from .exact_ties import evaluate_exact  # noqa: PLC0415  (exact_ties builds on this module)

            return evaluate_exact(sample, coefficient)
        return evaluate_sums(sample, risk_sums(sample, coefficient, ties))


def evaluate_sums(sample: CoxSample, sums: RiskSums) -> Evaluation:
    """Return log likelihood, score and information from sums over the risk sets."""
    event, x = sample.event, sample.covariates
    weight = sample.weight[event]
    log_likelihood = weight @ sums.linear[event] - sums.weight @ np.log(sums.total)
    score = weight @ x[event] - sums.weight @ sums.mean
    second = (x * (sums.risk * row_hazards(sample, sums)[0])[:, None]).T @ x
    information = second - (sums.mean * sums.weight[:, None]).T @ sums.mean
    return Evaluation(
        log_likelihood=float(log_likelihood), score=score, information=(information + information.T) / 2
    )


def score_residuals(sample: CoxSample, coefficient: FloatArray, ties: Ties) -> FloatArray:
    """Return each row's contribution to the score, shape (n, p), not multiplied by its weight.

    Their weighted sum is the score.  Tied events follow the rule of ``ties``; under Efron's rule an
    event's mean is the average over the tied set and its own hazard fades as its share does (Therneau
    and Grambsch, Modeling Survival Data, section 4.2 and 7.2).
    """
    if ties == "exact":
        raise InvalidArgument("score residuals need ties='efron' or 'breslow'")
    sums = risk_sums(sample, coefficient, ties)
    met, met_mean = row_hazards(sample, sums)
    risk = np.exp(sums.linear)
    residuals = -risk[:, None] * (sample.covariates * met[:, None] - met_mean)
    count = np.bincount(sums.cell)
    mean = sum_by(sums.cell, sums.mean, count.size) / count[:, None]
    event = sample.event
    residuals[event] += sample.covariates[event] - mean[sample.cells.last[event]]
    return residuals


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


def newton(
    likelihood: Callable[[FloatArray], Evaluation],
    start: Evaluation,
    names: tuple[str, ...],
    *,
    scale: FloatArray,
    at: FloatArray | None = None,
    curvature: Callable[[FloatArray, Evaluation], FloatArray] | None = None,
) -> tuple[FloatArray, Evaluation, int]:
    """Climb from ``at`` (default 0), where ``start`` was evaluated; return place, evaluation and steps.

    ``curvature`` gives the second derivative with its sign changed where it is not the information.
    """
    coefficient, here = (np.zeros(len(names)) if at is None else at), start
    step = np.full(len(names), np.inf)
    for iteration in range(1, MAX_STEPS + 1):
        if not _informative(here.information, start.information):
            break
        bend = here.information if curvature is None else curvature(coefficient, here)
        step = np.asarray(np.linalg.solve(bend, here.score), dtype=np.float64)
        coefficient, here = _climb(likelihood, coefficient, here, step)
        if np.max(np.abs(step) * scale) <= STEP_TOLERANCE:
            return coefficient, here, iteration
    raise NotConverged(_without_maximum(names, coefficient, step, scale))


def _informative(information: FloatArray, whole: FloatArray) -> bool:
    """Whether every direction has kept some of the information that it had at the start."""
    if not np.isfinite(information).all():
        return False
    return bool(eigh(information, whole, eigvals_only=True)[0] > EXHAUSTED)


def invert(information: FloatArray) -> FloatArray:
    """Return the inverse of an information matrix."""
    return np.asarray(np.linalg.inv(information), dtype=np.float64)


def _climb(
    likelihood: Callable[[FloatArray], Evaluation], place: FloatArray, here: Evaluation, step: FloatArray
) -> tuple[FloatArray, Evaluation]:
    """Take ``step``, or the first of its halves that does not lower the likelihood."""
    slack = 1e-10 * (1 + abs(here.log_likelihood))
    for halvings in range(40):
        further = place + step / 2**halvings
        there = likelihood(further)
        if there.log_likelihood >= here.log_likelihood - slack and np.isfinite(there.information).all():
            return further, there
    return place, here


def _without_maximum(
    names: tuple[str, ...], coefficient: FloatArray, step: FloatArray, scale: FloatArray
) -> str:
    """Say which coefficients were still on the move."""
    with np.errstate(invalid="ignore"):
        moving = ~(np.abs(step) * scale <= np.sqrt(STEP_TOLERANCE))
    who = [
        f"{name} (at {value:.3g})" for name, value, on in zip(names, coefficient, moving, strict=True) if on
    ]
    return (
        f"the partial likelihood has no maximum: {len(who)} coefficient(s) grow without end "
        f"({name_some(who)}). A covariate separates those with from those without an event, for instance "
        "an arm without events; use penalty='firth' (ties 'efron' or 'breslow'), or leave it out"
    )


def refuse_singular(sample: CoxSample, information: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse covariates without information, and covariates that earlier ones determine."""
    own = np.diag(information)
    events = sample.weight[sample.event].sum()
    flat = own <= SINGULAR * events * np.maximum(sample.spread**2, np.finfo(np.float64).tiny)
    if flat.any():
        who = [name for name, bad in zip(names, flat, strict=True) if bad]
        raise NotEstimable(
            f"{len(who)} covariate(s) do not vary within any risk set ({name_some(who)}): leave them out"
        )
    left = information / np.sqrt(np.outer(own, own))
    for j, name in enumerate(names):
        if left[j, j] <= SINGULAR:
            raise NotEstimable(
                f"covariate {name} is determined by those before it ({name_some(names[:j])}): leave one out"
            )
        left = left - np.outer(left[:, j], left[j]) / left[j, j]
