"""Rows of subjects in states: unbroken stretches, the times at which something happens, and the moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..covariates import label_codes
from ..errors import InvalidArgument, NotEstimable

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import MultiState

Followed = Literal["all", "given"]  # whose moves count, given a state at a landmark
NEAR = 1e-12  # of the latest time: differences of times that are nearer to each other are one
Unseen = Literal["exclude", "count"]  # what is done with stays in a state whose beginning was not seen


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stretches:
    """Time that a subject is seen in a state without a break; in the order of subject and time.

    Attributes
    ----------
    subject : ndarray of shape (n,)
        Number of the subject, from 0.
    start, stop : ndarray of shape (n,)
        The stretch is (start, stop].
    state, to : ndarray of shape (n,)
        Position in ``states`` of the state, and of the one entered at ``stop``; -1 where none is.
    states : tuple of str
        Names of the states.
    n_subjects : int
        Number of distinct subjects.
    of_row : ndarray of shape (n_rows,)
        Position of the stretch that each row of the data belongs to.
    """

    subject: IntArray
    start: FloatArray
    stop: FloatArray
    state: IntArray
    to: IntArray
    states: tuple[str, ...]
    n_subjects: int
    of_row: IntArray

    @property
    def opens(self) -> BoolArray:
        """Whether a stretch is the first of its subject."""
        return np.append(True, np.diff(self.subject) > 0)

    @property
    def entered(self) -> FloatArray:
        """Time at which a stretch's state was entered; NaN where that was not seen.

        Seen are moves into the state, also where a gap follows, and time 0 of a first stretch.
        """
        came = np.append(-1, self.to[:-1]) == self.state
        begin = np.where(self.opens & (self.start == 0), 0.0, np.nan)
        return np.where(came & ~self.opens, np.append(0.0, self.stop[:-1]), begin)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StatePaths:
    """The stretches after a start, on the grid of the distinct times at which one ends.

    Attributes
    ----------
    time : ndarray of shape (m,)
        The grid, increasing.
    at_risk : ndarray of shape (m, size)
        Stretches in each state just before each time.
    subject, state, to, first, last : ndarray of shape (n,)
        As :class:`Stretches`; first and last position of the grid at which a stretch is at risk.
    begin, source, target, share, stay : ndarray
        Moves, as :class:`skeletal.kernels.states.Moves`.
    start : Start
        Where the subjects are at first.
    """

    time: FloatArray
    at_risk: FloatArray
    subject: IntArray
    state: IntArray
    to: IntArray
    first: IntArray
    last: IntArray
    begin: IntArray
    source: IntArray
    target: IntArray
    share: FloatArray
    stay: FloatArray
    start: Start


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Start:
    """The distribution of the states at the beginning.

    Attributes
    ----------
    time : float
        When the paths begin.
    share : ndarray of shape (size,)
        Distribution of the states.
    influence : ndarray of shape (n_subjects, size)
        Of each subject on ``share``.
    n_subjects : int
        Subjects whose states were counted; 0 where the state is known.
    kept : ndarray of shape (n,)
        Stretches that belong to the paths.
    words : str
        How to say it.
    """

    time: float
    share: FloatArray
    influence: FloatArray
    n_subjects: int
    kept: BoolArray
    words: str

    @property
    def covariance(self) -> FloatArray:
        """Sum of the products of the influences; shape (size, size)."""
        return np.asarray(self.influence.T @ self.influence)


def stretches(data: MultiState) -> Stretches:
    """Return the unbroken stretches of a sample: rows that only split one are joined."""
    subject, labels = label_codes(data.subject, data.stop.size, "subject")
    order = np.lexsort((data.start, subject))
    who, start, stop = subject[order], data.start[order], data.stop[order]
    to = data.to[order]
    joined = (np.diff(who) == 0) & (start[1:] == stop[:-1]) & (to[:-1] == 0)
    first, last = np.append(True, ~joined), np.append(~joined, True)
    of_row = np.empty(order.size, dtype=np.int64)
    of_row[order] = np.cumsum(first) - 1
    return Stretches(
        subject=who[first],
        start=start[first],
        stop=stop[last],
        state=data.state[order][first] - 1,
        to=to[last] - 1,
        states=data.states,
        n_subjects=labels.size,
        of_row=of_row,
    )


def since(entered: FloatArray, start: FloatArray, stop: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return start and stop on the clock that begins when a state is entered.

    Differences of times carry rounding: those nearer to each other than ``NEAR`` of the latest time are one.
    """
    values = np.concatenate([start - entered, stop - entered])
    distinct, index = np.unique(values, return_inverse=True)
    opens = np.append(True, np.diff(distinct) > NEAR * stop.max())
    values = np.maximum(distinct[opens], 0.0)[np.cumsum(opens) - 1][index]
    return values[: start.size], values[start.size :]


def state_paths(data: MultiState, *, given: str | None, landmark: float, subjects: Followed) -> StatePaths:
    """Return the paths from ``landmark`` on.

    Raises
    ------
    InvalidArgument
        An unknown ``given``; a ``landmark`` that is no number or negative; unknown ``subjects``, or "given"
        without ``given``.
    NotEstimable
        Nobody is seen in ``given``, or at all, after the landmark.
    """
    checks.option(subjects, Followed, "subjects")
    if given is None and subjects == "given":
        raise InvalidArgument("subjects='given' needs given=, the state that they are in at the landmark")
    at = checks.finite(landmark, "landmark", least=0)
    rows = stretches(data)
    start = (
        _counted_start(rows, at, data.time_unit)
        if given is None
        else _given_start(rows, data.code(given) - 1, at, data.time_unit, subjects)
    )
    return paths_from(rows, start)


def paths_from(rows: Stretches, start: Start) -> StatePaths:
    """Put the stretches that a start keeps on the grid of their ends."""
    kept, size = start.kept, len(rows.states)
    time, last = np.unique(rows.stop[kept], return_inverse=True)
    last = last.astype(np.int64)
    first = np.searchsorted(time, rows.start[kept], side="right").astype(np.int64)
    state, to, m = rows.state[kept], rows.to[kept], time.size
    change = np.bincount(first * size + state, minlength=(m + 1) * size)
    change -= np.bincount((last + 1) * size + state, minlength=(m + 1) * size)
    at_risk = np.cumsum(change.reshape(m + 1, size)[:m], axis=0).astype(np.float64)
    moves = to >= 0
    keys, counts = np.unique((last * size + state)[moves] * size + to[moves], return_counts=True)
    left, target = np.divmod(keys, size)
    where, source = np.divmod(left, size)
    at = at_risk[where, source]
    gone = np.bincount(left, weights=counts, minlength=m * size)[left]
    return StatePaths(
        time=time,
        at_risk=at_risk,
        subject=rows.subject[kept],
        state=state,
        to=to,
        first=first,
        last=last,
        begin=np.searchsorted(where, np.arange(m + 1)).astype(np.int64),
        source=source.astype(np.int64),
        target=target.astype(np.int64),
        share=counts / at,
        stay=(at - gone) / at,
        start=start,
    )


def _given_start(rows: Stretches, state: int, landmark: float, unit: str, subjects: Followed) -> Start:
    """Start everybody in one state, at a landmark; moves after it count."""
    name, kept = rows.states[state], rows.stop > landmark
    inside = kept & (rows.state == state)
    if not inside.any():
        raise NotEstimable(
            f"nobody of {rows.n_subjects} subject(s) is seen in {name} after {landmark:.10g} {unit}: "
            "the probabilities given that state cannot be estimated"
        )
    there = inside & (rows.start <= landmark)
    n = int(there.sum())
    if subjects == "given":
        if n == 0:
            raise NotEstimable(
                f"nobody of {rows.n_subjects} subject(s) is in {name} at {landmark:.10g} {unit}: take "
                "subjects='all' or another landmark"
            )
        kept = kept & np.isin(rows.subject, rows.subject[there])
    whose = "of all" if subjects == "all" else "of these only"
    share = np.zeros(len(rows.states))
    share[state] = 1.0
    return Start(
        time=landmark,
        share=share,
        influence=np.zeros((rows.n_subjects, share.size)),
        n_subjects=0,
        kept=kept,
        words=f"given {name} at {landmark:.10g} {unit} ({n} subjects then), moves {whose} after that",
    )


def _counted_start(rows: Stretches, landmark: float, unit: str) -> Start:
    """Start with the states in which the subjects are, as R's survfit does."""
    kept = rows.stop >= landmark if landmark > 0 else np.ones(rows.stop.size, dtype=np.bool_)
    if not kept.any():
        raise NotEstimable(
            f"nobody of {rows.n_subjects} subject(s) is seen at or after {landmark:.10g} {unit}: "
            f"the last time is {rows.stop.max():.10g}"
        )
    size, subject, state = len(rows.states), rows.subject[kept], rows.state[kept]
    opens = np.append(True, np.diff(subject) > 0)
    influence = np.zeros((rows.n_subjects, size))
    if np.unique(state[opens]).size == 1:
        share = np.zeros(size)
        share[state[0]] = 1.0
        words = f"all begin in {rows.states[state[0]]}"
        words += f" from {landmark:.10g} {unit} on" if landmark > 0 else ""
        return Start(time=landmark, share=share, influence=influence, n_subjects=0, kept=kept, words=words)
    at = landmark if landmark > 0 else _first_time(rows)
    begins = rows.start[kept]
    there = ((begins <= at) if at == begins.min() else (begins < at)) & (rows.stop[kept] >= at)
    if not there.any():
        raise NotEstimable(f"nobody of {rows.n_subjects} subject(s) is seen at {at:.10g} {unit}: no start")
    n = int(there.sum())
    share = np.bincount(state[there], minlength=size) / n
    influence[subject[there]] = -share / n
    influence[subject[there], state[there]] += 1 / n
    return Start(
        time=at,
        share=share,
        influence=influence,
        n_subjects=n,
        kept=rows.stop >= at,
        words=f"begin in the states of the {n} subjects seen at {at:.10g} {unit}",
    )


def _first_time(rows: Stretches) -> float:
    """Return where paths begin that begin in several states: when all do, or else at the first move."""
    begins = rows.start[rows.opens]
    if (begins == begins[0]).all():
        return float(begins[0])
    moves = rows.stop[rows.to >= 0]
    if moves.size == 0:
        raise NotEstimable(
            f"{rows.n_subjects} subjects begin in several states at several times and nobody leaves one: "
            "say by landmark= at which time their states are to be counted"
        )
    return float(moves.min())
