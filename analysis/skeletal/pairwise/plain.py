"""Comparison by what was seen (Gehan): pairs are counted by sorting (two priorities) or one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..kernels.pairs import count_all_pairs, count_two_priorities, margin_places, weigh_all_pairs
from .comparison import RowCounts, ScoreTest, permutation_test

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..arrays import BoolArray, FloatArray, IntArray

SameTime = Literal["undecided", "event-first"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Places:
    """Places among the sorted times of each priority: what :mod:`skeletal.kernels.pairs` compares.

    Attributes
    ----------
    key, rank, before, after : ndarray of shape (k, n)
        Place of a row's event; of its time; it wins against events at places below ``before``; it loses to
        rows at places from ``after`` on.
    size : tuple of k int
        Number of places.
    """

    key: IntArray
    rank: IntArray
    before: IntArray
    after: IntArray
    size: tuple[int, ...]

    def of(self, rows: BoolArray) -> Places:
        """Return the places of some rows."""
        return Places(
            key=self.key[:, rows],
            rank=self.rank[:, rows],
            before=self.before[:, rows],
            after=self.after[:, rows],
            size=self.size,
        )


def places(times: FloatArray, events: IntArray, margins: Sequence[float], same_time: SameTime) -> Places:
    """Place the rows of a stratum among the times of each priority; beside a lone one put an empty one."""
    columns = [
        _places(time, event, margin, same_time)
        for time, event, margin in zip(times, events, margins, strict=True)
    ]
    if len(columns) == 1:
        none = np.zeros(times[0].size, dtype=np.int64)
        columns.append((none + 1, none, none, none + 1, 1))
    return Places(
        key=np.stack([c[0] for c in columns]),
        rank=np.stack([c[1] for c in columns]),
        before=np.stack([c[2] for c in columns]),
        after=np.stack([c[3] for c in columns]),
        size=tuple(c[4] for c in columns),
    )


def _places(
    time: FloatArray, event: IntArray, margin: float, same_time: SameTime
) -> tuple[IntArray, IntArray, IntArray, IntArray, int]:
    """Return key, rank, before, after and the number of places (two a time where events come first)."""
    distinct, index = np.unique(time, return_inverse=True)
    earlier, not_later, from_there, later = margin_places(distinct, margin)[:, index]
    seen = event == 1
    if same_time == "undecided":
        rank, before, after, size = index, earlier, later, distinct.size
    else:
        rank, size = 2 * index + (1 - event), 2 * distinct.size
        before = 2 * np.where(seen, earlier, not_later)
        after = np.minimum(2 * from_there + (later > from_there), size)
    return np.where(seen, rank, size), rank, before, np.where(seen, after, size), size


def count(first: Places, second: Places, *, by_sorting: bool | None = None) -> tuple[IntArray, IntArray]:
    """Return the wins and losses, by priority, of each row of ``first`` against all rows of ``second``."""
    k = len(first.size)
    places_of_both = _flat(first, second)
    if by_sorting or (by_sorting is None and k == 2):
        return count_two_priorities(*places_of_both, first.size[0], first.size[1])
    return count_all_pairs(*places_of_both, k)


def _flat(first: Places, second: Places) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return what the kernels take, each priority after priority."""
    return second.key.ravel(), second.rank.ravel(), first.before.ravel(), first.after.ravel()


def plain_counts(placed: Places, experimental: BoolArray) -> tuple[RowCounts, ScoreTest]:
    """Count the pairs between the arms, and score each subject against all others."""
    arms = placed.of(experimental), placed.of(~experimental)
    wins, losses = count(arms[0], arms[1])
    control_wins, control_losses = count(arms[1], arms[0])
    scores = []
    for arm, won, lost in ((arms[0], wins, losses), (arms[1], control_wins, control_losses)):
        within = count(arm, arm)
        scores.append((won - lost + within[0] - within[1]).sum(axis=0).astype(np.float64))
    rows = RowCounts(
        experimental=(wins.astype(np.float64), losses.astype(np.float64)),
        control=(control_losses.astype(np.float64), control_wins.astype(np.float64)),
    )
    return rows, permutation_test(*scores)


def weighted_counts(placed: Places, experimental: BoolArray, weight: FloatArray) -> RowCounts:
    """Count the pairs between the arms, each with the weight, of shape (k, n), of the row that loses."""
    arms = placed.of(experimental), placed.of(~experimental)
    weights = np.ascontiguousarray(weight[:, experimental]), np.ascontiguousarray(weight[:, ~experimental])
    counts = []
    for own, other in ((0, 1), (1, 0)):
        first, second = arms[own], arms[other]
        key, rank, before, after = _flat(first, second)
        wins, losses = weigh_all_pairs(key, rank, weights[other].ravel(), before, after, len(first.size))
        counts.append((wins, losses * weights[own]))
    return RowCounts(experimental=counts[0], control=(counts[1][1], counts[1][0]))
