"""Fine and Gray's weighted partial likelihood: rows prepared once, its value, its maximum, scores by row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import NotConverged, NotEstimable, name_some
from ..kernels import fine_gray as kernels
from ..kernels.fine_gray_censoring import add_censoring, censoring_steps
from ..partial_likelihood import CONSTANT, SINGULAR, Evaluation, Maximum, newton
from ..risk_table import sum_by

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray

SPARSE = 4  # codes spread over more than this many times the rows are sorted rather than tabulated


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CensoringWeights:
    """Probability of no censoring of each censoring stratum, by slot (see ``kernels.fine_gray``).

    Attributes
    ----------
    step_time, free, at_risk, gone : ndarray of shape (n_slots,)
        End of the slot, probability of no censoring in it, number at risk and censored at its end.
    start : ndarray of shape (n_groups + 1,)
        First slot of each censoring stratum.
    before, upto : ndarray of shape (n,)
        Slot of each row just before and just after the censorings at its own time.
    """

    step_time: FloatArray
    free: FloatArray
    at_risk: FloatArray
    gone: FloatArray
    start: IntArray
    before: IntArray
    upto: IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Classes:
    """Rows with one value of the changing covariates: present by stratum, absent by pair of strata too.

    Attributes
    ----------
    present : ndarray of shape (n,)
        Class of each row.
    values : ndarray of shape (n_present, q)
        Centred value of the changing covariates of each class.
    present_start : ndarray of shape (n_strata + 1,)
        First class of each stratum.
    absent : ndarray of shape (n,)
        Class of a row after its competing event; -1 for all other rows.
    absent_start, absent_pair, absent_present
        First such class of each stratum; pair (from 0 in the stratum) and present class of each.
    pair_start, pair_group
        First pair of each stratum; censoring stratum of each pair.
    """

    present: IntArray
    values: FloatArray
    present_start: IntArray
    absent: IntArray
    absent_start: IntArray
    absent_pair: IntArray
    absent_present: IntArray
    pair_start: IntArray
    pair_group: IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FineGraySample:
    """Rows in the order of strata, then times, with what every evaluation needs.

    Attributes
    ----------
    order : ndarray of shape (n,)
        Row of the data at each place.
    time, status, stratum, group : ndarray of shape (n,)
        Status 1 is the event, 2 competes; baseline and censoring stratum from 0.
    x : ndarray of shape (n, p)
        Covariates, centred within strata.
    spread : ndarray of shape (p + q,)
        Scale of each coefficient's covariate.
    row_start, cell_start : ndarray of shape (n_strata + 1,)
        First row and first cell (distinct event time) of each stratum.
    last : ndarray of shape (n,)
        Last cell of its stratum at or before a row's time.
    cell_time, n_events : ndarray of shape (m,)
        Time and events of each cell.
    timed : ndarray of shape (m, q)
        Functions of time of the changing covariates.
    observed : ndarray of shape (p + q,)
        Covariates at the events, summed.
    late : ndarray of shape (n,)
        1 over the probability of no censoring before a row's own time.
    slots, reach : ndarray of shape (n_cells_and_pairs,)
        Slot, and probability of no censoring just before the cell, of every cell and pair.
    sign : ndarray of shape (n,), optional
        -1 for a row that is taken away from another one: together they are at risk in between.
    """

    order: IntArray
    time: FloatArray
    status: IntArray
    stratum: IntArray
    group: IntArray
    x: FloatArray
    spread: FloatArray
    row_start: IntArray
    cell_start: IntArray
    last: IntArray
    cell_time: FloatArray
    n_events: FloatArray
    timed: FloatArray
    observed: FloatArray
    late: FloatArray
    slots: IntArray
    reach: FloatArray
    censoring: CensoringWeights
    classes: Classes
    sign: FloatArray | None = None

    @property
    def event(self) -> BoolArray:
        """Whether a row has the event; shape (n,)."""
        return np.asarray(self.status == 1)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Moments:
    """Risks of the rows, total risk and mean covariates of the cells, at one coefficient.

    ``slope`` is the part of the coefficient that changes with time; ``shift`` the log of what ``total`` is
    divided by, and the risks of the rows apart from those changes.
    """

    slope: FloatArray
    risk: FloatArray
    late: FloatArray
    total: FloatArray
    shift: FloatArray
    mean: FloatArray
    information: FloatArray


def starts(codes: IntArray, size: int) -> IntArray:
    """Return the first place of each of ``size`` codes in sorted ``codes``, and the end."""
    return np.append(0, np.cumsum(np.bincount(codes, minlength=size))).astype(np.int64)


def censoring_weights(
    time: FloatArray, status: IntArray, group: IntArray, stratum: IntArray
) -> CensoringWeights:
    """Estimate the probability of no censoring of each group; rows sorted by stratum, then time."""
    if np.array_equal(group, stratum):
        *slots, before, upto, start = censoring_steps(time, status, group)
    else:
        order = np.lexsort((time, group))
        *slots, before_sorted, upto_sorted, start = censoring_steps(time[order], status[order], group[order])
        before, upto = np.empty_like(before_sorted), np.empty_like(upto_sorted)
        before[order], upto[order] = before_sorted, upto_sorted
    step_time, free, at_risk, gone = slots
    return CensoringWeights(
        step_time=step_time, free=free, at_risk=at_risk, gone=gone, start=start, before=before, upto=upto
    )


def classes_of(stratum: IntArray, group: IntArray, competing: BoolArray, values: FloatArray) -> Classes:
    """Group the rows by stratum, censoring stratum and value of the changing covariates."""
    n_strata, n_groups = int(stratum.max()) + 1, int(group.max()) + 1
    table, code = np.zeros((1, 0)), np.zeros(stratum.size, dtype=np.int64)
    if values.shape[1]:
        table, code = np.unique(values, axis=0, return_inverse=True)
        code = code.reshape(-1).astype(np.int64)
    n_values = table.shape[0]
    present_keys, present = _distinct(stratum * n_values + code)
    pair_keys, pair = _distinct((stratum * n_groups + group)[competing])
    absent_keys, late = _distinct(pair * n_values + code[competing])
    absent = np.full(stratum.size, -1, dtype=np.int64)
    absent[competing] = late
    pair_stratum = pair_keys // n_groups
    absent_pair = absent_keys // n_values
    absent_stratum = pair_stratum[absent_pair]
    pair_start = starts(pair_stratum, n_strata)
    return Classes(
        present=present,
        values=table[present_keys % n_values] - values.mean(axis=0),
        present_start=starts(present_keys // n_values, n_strata),
        absent=absent,
        absent_start=starts(absent_stratum, n_strata),
        absent_pair=absent_pair - pair_start[absent_stratum],
        absent_present=np.searchsorted(present_keys, absent_stratum * n_values + absent_keys % n_values),
        pair_start=pair_start,
        pair_group=pair_keys % n_groups,
    )


def _distinct(keys: IntArray) -> tuple[IntArray, IntArray]:
    """Return the sorted distinct keys and the position of each key among them."""
    if keys.size and int(keys.max()) > SPARSE * keys.size:
        found, position = np.unique(keys, return_inverse=True)
        return found, position.astype(np.int64)
    used = np.bincount(keys) > 0
    return np.flatnonzero(used).astype(np.int64), (np.cumsum(used) - 1)[keys].astype(np.int64)


def share_of_groups(sample: FineGraySample) -> FloatArray:
    """Return, for every cell and pair, the share of the cell's events in the pair's censoring stratum."""
    classes, n_groups = sample.classes, sample.censoring.start.size - 1
    if n_groups == 1:
        return np.ones(sample.slots.size)
    event = sample.event
    key = sample.last[event] * n_groups + sample.group[event]
    found, count = np.unique(key, return_counts=True)
    shares = []
    for s in range(sample.row_start.size - 1):
        cells = np.arange(sample.cell_start[s], sample.cell_start[s + 1])
        groups = classes.pair_group[classes.pair_start[s] : classes.pair_start[s + 1]]
        wanted = (cells[:, None] * n_groups + groups).ravel()
        place = np.minimum(np.searchsorted(found, wanted), found.size - 1)
        own = np.where(found[place] == wanted, count[place], 0)
        shares.append(own / np.repeat(sample.n_events[cells], groups.size))
    return np.concatenate(shares)


def slots_after(sample: FineGraySample) -> IntArray:
    """Return the censoring slot of every cell and pair just after the cell."""
    width = np.diff(sample.classes.pair_start)
    size = np.repeat(width, np.diff(sample.cell_start))
    same = sample.censoring.step_time[sample.slots] == np.repeat(sample.cell_time, size)
    return np.asarray(sample.slots + same, dtype=np.int64)


def moments(sample: FineGraySample, coefficient: FloatArray) -> Moments:
    """Sum risks and covariates over every risk set."""
    p, classes = sample.x.shape[1], sample.classes
    slope = np.ascontiguousarray(coefficient[p:])
    linear = sample.x @ coefficient[:p]
    highest = np.maximum.reduceat(linear, sample.row_start[:-1])
    linear -= highest[0] if highest.size == 1 else highest[sample.stratum]
    risk = np.exp(linear, out=linear)
    if sample.sign is not None:
        risk *= sample.sign
    late = risk * sample.late
    total, shift, mean, information = kernels.risk_moments(
        risk,
        late,
        sample.x,
        sample.last,
        sample.row_start,
        sample.cell_start,
        sample.n_events,
        sample.reach,
        classes.present,
        classes.absent,
        classes.present_start,
        classes.absent_start,
        classes.absent_pair,
        classes.absent_present,
        classes.pair_start,
        classes.values,
        sample.timed,
        slope,
    )
    shift += np.repeat(highest, np.diff(sample.cell_start))
    return Moments(
        slope=slope, risk=risk, late=late, total=total, shift=shift, mean=mean, information=information
    )


def evaluate(sample: FineGraySample, at: Moments, coefficient: FloatArray) -> Evaluation:
    """Return log likelihood, score and information from the sums at ``coefficient``."""
    value = sample.observed @ coefficient - sample.n_events @ (np.log(at.total) + at.shift)
    return Evaluation(
        log_likelihood=float(value),
        score=sample.observed - sample.n_events @ at.mean,
        information=at.information,
    )


def scores(sample: FineGraySample, at: Moments) -> FloatArray:
    """Return eta + psi of Fine and Gray for every row in the order of the sample, shape (n, p + q)."""
    censoring = sample.censoring
    shared = sample.reach * share_of_groups(sample)
    parts, jumps = score_parts(sample, at, shared, slots_after(sample))
    add_censoring(
        parts, jumps, censoring.at_risk, censoring.gone, censoring.start, censoring.upto, sample.status
    )
    return parts


def score_parts(
    sample: FineGraySample, at: Moments, shared: FloatArray, falls: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return eta of every row, and the jumps of the censoring sum at each slot.

    In that sum ``shared`` stands for ``reach``, and what a cell and pair adds leaves it in slot ``falls``.
    """
    classes, censoring = sample.classes, sample.censoring
    scored: tuple[FloatArray, FloatArray] = kernels.score_parts(
        at.risk,
        at.late,
        sample.x,
        sample.status,
        sample.last,
        sample.row_start,
        sample.cell_start,
        sample.n_events,
        sample.reach,
        shared,
        falls,
        classes.present,
        classes.absent,
        classes.present_start,
        classes.absent_start,
        classes.absent_pair,
        classes.absent_present,
        classes.pair_start,
        classes.values,
        sample.timed,
        at.slope,
        censoring.upto,
        censoring.free.size,
        at.mean,
        at.total,
    )
    return scored


def maximise(sample: FineGraySample, names: tuple[str, ...]) -> tuple[Maximum, Moments]:
    """Maximise the weighted partial likelihood by Newton's method with step halving.

    Raises
    ------
    NotEstimable
        A covariate that does not vary within any risk set, or that others determine.
    NotConverged
        The likelihood has no maximum.
    """
    kept: list[Moments] = []

    def likelihood(beta: FloatArray) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            kept[:] = [moments(sample, beta)]
            return evaluate(sample, kept[0], beta)

    null = likelihood(np.zeros(len(names)))
    _refuse_singular(sample, null.information, names)
    try:
        coefficient, at, iterations = newton(likelihood, null, names, scale=sample.spread)
    except NotConverged as error:
        raise NotConverged(f"{str(error).partition('; use penalty')[0]}: leave it out") from None
    maximum = Maximum(coefficient=coefficient, at=at, null=null, iterations=iterations)
    if at.information is not kept[0].information:  # the last step was not taken
        return maximum, moments(sample, coefficient)
    return maximum, kept[0]


def _refuse_singular(sample: FineGraySample, information: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse covariates without information, and covariates that earlier ones determine."""
    own = np.diag(information)
    events = sample.n_events.sum()
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


def centre(x: FloatArray, stratum: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return covariates centred within strata, and their standard deviations; constant ones become 0."""
    if int(stratum.max()) == 0:
        centred = x - x.mean(axis=0)
    else:
        counts = np.bincount(stratum)
        centred = x - (sum_by(stratum, x, counts.size) / counts[:, None])[stratum]
    spread = np.sqrt(np.einsum("ij,ij->j", centred, centred) / x.shape[0])
    constant = spread <= CONSTANT * np.max(np.abs(x), axis=0)
    if constant.any():
        centred, spread = np.where(constant, 0.0, centred), np.where(constant, 0.0, spread)
    return centred, spread
