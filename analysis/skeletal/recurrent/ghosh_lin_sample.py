"""Rows of Ghosh and Lin's weighted partial likelihood, and the influence of each subject on its maximum."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..competing.fine_gray_sample import (
    CensoringWeights,
    FineGraySample,
    Moments,
    censoring_weights,
    centre,
    classes_of,
    score_parts,
)
from ..data.checked import require_constant
from ..errors import InvalidArgument, NotEstimable, name_some
from ..event_cells import cumulate, places
from ..kernels.cox import add_rows
from ..kernels.fine_gray_censoring import cell_slots
from ..kernels.sorting import order_by_stratum, time_order

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import RecurrentEvents


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Segments:
    """Uninterrupted times of a subject with the same covariates, sorted by subject, then start.

    Attributes
    ----------
    subject, start, stop : ndarray of shape (k,)
        Number of the subject; at risk on (start, stop].
    row : ndarray of shape (k,)
        A row of the data with the covariates.
    of_row : ndarray of shape (n,)
        Segment of each row of the data.
    final : ndarray of shape (n_subjects,)
        Last segment of each subject.
    dead : ndarray of shape (n_subjects,)
        Whether the subject dies at the end of it.
    """

    subject: IntArray
    start: FloatArray
    stop: FloatArray
    row: IntArray
    of_row: IntArray
    final: IntArray
    dead: BoolArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GhoshLinSample:
    """What every evaluation needs; a row is a segment, or the time before one, which is taken away from it.

    Attributes
    ----------
    rows : FineGraySample
        Rows by their end; who died stays, with the weight of not being censored.
    subject : ndarray of shape (k,)
        Subject of each row.
    event_row, event_cell, event_weight : ndarray of shape (q,)
        Row and cell (distinct time) of each event, and what it counts for.
    censoring : CensoringWeights
        Of the subjects.
    censored : ndarray of shape (n_subjects,)
        Whether the follow-up of a subject does not end in death.
    """

    rows: FineGraySample
    subject: IntArray
    event_row: IntArray
    event_cell: IntArray
    event_weight: FloatArray
    censoring: CensoringWeights
    censored: BoolArray


def ghosh_lin_sample(
    data: RecurrentEvents, covariates: FloatArray, group: IntArray | None, death_weight: float
) -> GhoshLinSample:
    """Prepare the rows; ``group`` is the censoring stratum of each row, a death counts ``death_weight``.

    Raises
    ------
    InvalidArgument
        Subjects who enter after time 0 or change their censoring stratum.
    NotEstimable
        Nothing that counts happens.
    """
    segments = _segments(data, covariates)
    groups = _subject_groups(data, segments, group)
    counted = np.where(data.status == 2, death_weight, (data.status == 1).astype(np.float64))
    event = np.flatnonzero(counted > 0)
    if event.size == 0:
        raise NotEstimable(f"no events among {segments.dead.size} subject(s): a ratio cannot be estimated")
    cell_time, cell = np.unique(data.stop[event], return_inverse=True)
    late = np.flatnonzero(segments.start > 0)
    part = np.append(np.arange(segments.stop.size), late)
    ends = np.append(segments.stop, segments.start[late])
    order = time_order(ends)
    part, ends = part[order], ends[order]
    place = places(order, order.size)[: segments.stop.size]
    subject = segments.subject[part]
    dies = np.zeros(part.size, dtype=np.bool_)
    dies[place[segments.final[segments.dead]]] = True
    censoring = _censoring(segments, groups)
    sign = np.where(order < segments.stop.size, 1.0, -1.0) if late.size else None
    event_row = place[segments.of_row[event]]
    rows = _rows(covariates[segments.row[part]], ends, dies, groups[subject], cell_time, censoring, subject)
    weight = counted[event]
    n_events = np.bincount(cell, weight, cell_time.size).astype(np.float64)
    return GhoshLinSample(
        rows=replace(rows, n_events=n_events, observed=weight @ rows.x[event_row], sign=sign),
        subject=subject,
        event_row=event_row,
        event_cell=cell.astype(np.int64),
        event_weight=weight,
        censoring=censoring,
        censored=~segments.dead,
    )


def _segments(data: RecurrentEvents, covariates: FloatArray) -> Segments:
    """Join the rows of a subject that follow each other with the same covariates."""
    number = data.subject_number
    order = order_by_stratum(time_order(data.start), number, int(number.max()) + 1)[0]
    subject, start, stop = number[order], data.start[order], data.stop[order]
    x = covariates[order]
    begins = np.append(True, subject[1:] != subject[:-1])
    entered = begins & (start > 0)
    if entered.any():
        who = data.subject[order][entered]
        raise InvalidArgument(
            f"no delayed entry here: {who.size} subject(s) enter after time 0 ({name_some(who)}); the "
            "weights after death are those of subjects who are followed from the start"
        )
    same = (start[1:] == stop[:-1]) & (x[1:] == x[:-1]).all(axis=1)
    first = np.flatnonzero(begins | np.append(True, ~same))
    last = np.append(first[1:], order.size) - 1
    of_row = np.empty(order.size, dtype=np.int64)
    of_row[order] = np.repeat(np.arange(first.size), last - first + 1)
    final = np.flatnonzero(np.append(subject[first][1:] != subject[first][:-1], True))
    return Segments(
        subject=subject[first],
        start=start[first],
        stop=stop[last],
        row=order[first],
        of_row=of_row,
        final=final,
        dead=data.status[order][last[final]] == 2,
    )


def _subject_groups(data: RecurrentEvents, segments: Segments, group: IntArray | None) -> IntArray:
    """Return the censoring stratum of each subject, from 0."""
    if group is None:
        return np.zeros(segments.dead.size, dtype=np.int64)
    of_subject = group[segments.row[segments.final]]
    number = segments.subject[segments.of_row]
    require_constant(group, number, data.subject, "censoring_strata")
    return np.asarray(np.unique(of_subject, return_inverse=True)[1], dtype=np.int64)


def _censoring(segments: Segments, groups: IntArray) -> CensoringWeights:
    """Estimate the probability of no censoring in each stratum from the subjects' ends of follow-up."""
    end = segments.stop[segments.final]
    order = time_order(end)
    zero = np.zeros(end.size, dtype=np.int64)
    status = 2 * segments.dead[order].astype(np.int64)
    found = censoring_weights(end[order], status, groups[order], zero)
    back = places(order, order.size)
    free = found.free.copy()
    free[found.start[1:] - 1] = free[found.start[1:] - 2]  # after the last subject as it was then
    return replace(found, free=free, before=found.before[back], upto=found.upto[back])


def _rows(
    covariates: FloatArray,
    ends: FloatArray,
    dies: BoolArray,
    groups: IntArray,
    cell_time: FloatArray,
    censoring: CensoringWeights,
    subject: IntArray,
) -> FineGraySample:
    """Put rows sorted by their end beside cells and censoring; what depends on the events is still empty."""
    n, m = ends.size, cell_time.size
    zero = np.zeros(n, dtype=np.int64)
    x, spread = centre(covariates, zero)
    cell_start = np.array([0, m])
    classes = classes_of(zero, groups, dies, np.zeros((n, 0)))
    slots = cell_slots(
        cell_time, cell_start, classes.pair_start, classes.pair_group, censoring.step_time, censoring.start
    )
    before = censoring.before[subject]
    return FineGraySample(
        order=np.arange(n),
        time=ends,
        status=2 * dies.astype(np.int64),
        stratum=zero,
        group=groups,
        x=x,
        spread=spread,
        row_start=np.array([0, n]),
        cell_start=cell_start,
        last=np.searchsorted(cell_time, ends, side="right") - 1,
        cell_time=cell_time,
        n_events=np.empty(0),
        timed=np.zeros((m, 0)),
        observed=np.empty(0),
        late=np.where(dies, 1.0 / censoring.free[before], 1.0),
        slots=slots,
        reach=censoring.free[slots],
        censoring=replace(censoring, upto=before),
        classes=classes,
    )


def subject_scores(sample: GhoshLinSample, at: Moments) -> FloatArray:
    """Return each subject's part of the score, that of the estimated weights included; (n_subjects, p)."""
    parts, jumps = score_parts(sample.rows, at, sample.rows.reach, sample.rows.slots)
    scores = _censoring_scores(sample, jumps)
    add_rows(parts, sample.subject, np.ones(sample.subject.size), scores)
    events = sample.rows.x[sample.event_row] - at.mean[sample.event_cell]
    add_rows(events, sample.subject[sample.event_row], sample.event_weight, scores)
    return scores


def _censoring_scores(sample: GhoshLinSample, jumps: FloatArray) -> FloatArray:
    """Integrate q(u)/Y(u) over each subject's martingale of censoring.

    Censorings at one time leave one after the other, in every order with the same probability.
    """
    censoring = sample.censoring
    first, slots = censoring.start[:-1], np.arange(censoring.gone.size)
    gone = censoring.gone.astype(np.int64)
    slot = np.repeat(slots, gone)
    left = np.arange(slot.size) - np.repeat(np.cumsum(gone) - gone, gone)
    rate = 1 / (censoring.at_risk[slot] - left)
    shared = np.maximum(gone, 1)
    met = np.bincount(slot, rate**2, slots.size)  # by those who stay
    own = np.bincount(slot, rate - rate**2 * (gone[slot] - left), slots.size) / shared
    running = cumulate(jumps, first)
    steps = running * met[:, None]
    drift = cumulate(steps, first) - steps
    scores = -drift[censoring.upto]
    left_at = censoring.upto[sample.censored] - 1
    scores[sample.censored] += running[left_at] * (own + met)[left_at, None]
    return scores
