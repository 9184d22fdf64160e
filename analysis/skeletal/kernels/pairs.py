"""Counts of pairs: how many rows of one group each row of another beats, and loses to, by priority.

Every row carries places among the sorted times of a priority instead of times.  Row i of the first group
beats row j of the second where ``key[j] < before[i]`` and loses to it where ``rank[j] >= after[i]``; rows
without an event have a ``key`` and an ``after`` beyond all places.  Both kernels compare the same places, so
that their counts are equal.
"""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import FloatArray, IntArray


@compiled("F f")
def margin_places(times: FloatArray, margin: float) -> IntArray:
    """Return, of each of the increasing times, where those begin and end that differ by the margin.

    Rows: how many are earlier by more than the margin; by at least the margin; the first that is later by
    at least the margin; by more than the margin.
    """
    m = times.size
    places = np.empty((4, m), dtype=np.int64)
    beyond, at_least, reached, passed = 0, 0, 0, 0
    for a in range(m):
        while beyond < m and times[a] - times[beyond] > margin:
            beyond += 1
        while at_least < m and times[a] - times[at_least] >= margin:
            at_least += 1
        while reached < m and times[reached] - times[a] < margin:
            reached += 1
        while passed < m and times[passed] - times[a] <= margin:
            passed += 1
        places[0, a] = beyond
        places[1, a] = at_least
        places[2, a] = reached
        places[3, a] = passed
    return places


@compiled("I I I I i")
def count_all_pairs(
    key: IntArray, rank: IntArray, before: IntArray, after: IntArray, n_priorities: int
) -> tuple[IntArray, IntArray]:
    """Compare every pair; wins and losses of shape (n_priorities, n) of the rows of the first group.

    ``before`` and ``after`` are those of the first group, ``key`` and ``rank`` of the second, each priority
    after priority in one array.
    """
    n, m = before.size // n_priorities, key.size // n_priorities
    keys, ranks = key.astype(np.int32), rank.astype(np.int32)  # half the width, twice as many at a time
    wins = np.zeros((n_priorities, n), dtype=np.int64)
    losses = np.zeros((n_priorities, n), dtype=np.int64)
    undecided = np.empty(m, dtype=np.int32)
    for i in range(n):
        undecided[:] = 1
        for p in range(n_priorities):
            low, high = np.int32(before[p * n + i]), np.int32(after[p * n + i])
            won, lost = _count_row(
                keys[p * m : (p + 1) * m], ranks[p * m : (p + 1) * m], undecided, low, high
            )
            wins[p, i], losses[p, i] = won, lost
    return wins, losses


@inner
def _count_row(
    keys: NDArray[np.int32],
    ranks: NDArray[np.int32],
    undecided: NDArray[np.int32],
    low: np.int32,
    high: np.int32,
) -> tuple[np.int32, np.int32]:
    """Count what one row wins and loses among the undecided, and mark those decided."""
    won, lost = np.int32(0), np.int32(0)
    for j in range(keys.size):
        win = undecided[j] & np.int32(keys[j] < low)
        loss = undecided[j] & np.int32(ranks[j] >= high)
        won += win
        lost += loss
        undecided[j] -= win + loss
    return won, lost


@compiled("I I F I I i")
def weigh_all_pairs(
    key: IntArray, rank: IntArray, weight: FloatArray, before: IntArray, after: IntArray, n_priorities: int
) -> tuple[FloatArray, IntArray]:
    """Do as :func:`count_all_pairs`, a win with the weight of the row of the second group that loses."""
    n, m = before.size // n_priorities, key.size // n_priorities
    wins, losses = np.zeros((n_priorities, n)), np.zeros((n_priorities, n), dtype=np.int64)
    undecided = np.empty(m, dtype=np.bool_)
    for i in range(n):
        undecided[:] = True
        for p in range(n_priorities):
            low, high = before[p * n + i], after[p * n + i]
            for j in range(m):
                if not undecided[j]:
                    continue
                if key[p * m + j] < low:
                    wins[p, i] += weight[p * m + j]
                    undecided[j] = False
                elif rank[p * m + j] >= high:
                    losses[p, i] += 1
                    undecided[j] = False
    return wins, losses


@compiled("I I I I i i")
def count_two_priorities(
    key: IntArray, rank: IntArray, before: IntArray, after: IntArray, size_1: int, size_2: int
) -> tuple[IntArray, IntArray]:
    """Count as :func:`count_all_pairs` with two priorities, by sorting: n log n steps.

    What is decided by the second priority is what it would decide alone, less the pairs that the first one
    decides too.  Those are counted by two sweeps over the places of the first priority, with binary indexed
    trees over the places of the second.  ``size_1`` and ``size_2`` are the numbers of places.
    """
    n, m = before.size // 2, key.size // 2
    wins, losses = np.zeros((2, n), dtype=np.int64), np.zeros((2, n), dtype=np.int64)
    for p, size in enumerate((size_1, size_2)):
        _count_alone(key[p * m : p * m + m], before[p * n : p * n + n], size, wins[p])
        _count_alone(rank[p * m : p * m + m], after[p * n : p * n + n], size, losses[p])
        losses[p] = m - losses[p]
    by_time = _by_place(rank[:m], size_1)
    second = key[m:], rank[m:], before[n:], after[n:], size_2
    _leave_beaten(by_time, key[:m], rank[:m], before[:n], size_1, second, wins[1], losses[1])
    _leave_beating(by_time, rank[:m], after[:n], size_1, second, wins[1], losses[1])
    return wins, losses


@inner
def _leave_beaten(
    by_time: IntArray,
    key: IntArray,
    rank: IntArray,
    before: IntArray,
    size: int,
    second: tuple[IntArray, IntArray, IntArray, IntArray, int],
    wins: IntArray,
    losses: IntArray,
) -> None:
    """Take off what the second priority decides against those that a row beats on the first."""
    key_2, rank_2, before_2, after_2, size_2 = second
    events, everybody = np.zeros(size_2 + 1, dtype=np.int32), np.zeros(size_2 + 1, dtype=np.int32)
    entered, inside = 0, 0
    for i in _by_place(before, size):
        while entered < by_time.size and rank[by_time[entered]] < before[i]:
            j = by_time[entered]
            if key[j] < size:
                inside += 1
                _add(everybody, rank_2[j])
                if key_2[j] < size_2:
                    _add(events, rank_2[j])
            entered += 1
        wins[i] -= _sum_below(events, before_2[i])
        if after_2[i] < size_2:
            losses[i] -= inside - _sum_below(everybody, after_2[i])


@inner
def _leave_beating(
    by_time: IntArray,
    rank: IntArray,
    after: IntArray,
    size: int,
    second: tuple[IntArray, IntArray, IntArray, IntArray, int],
    wins: IntArray,
    losses: IntArray,
) -> None:
    """Take off what the second priority decides against those that beat a row on the first."""
    key_2, rank_2, before_2, after_2, size_2 = second
    events, everybody = np.zeros(size_2 + 1, dtype=np.int32), np.zeros(size_2 + 1, dtype=np.int32)
    left = by_time.size
    for i in _by_place(after, size)[::-1]:
        while left > 0 and rank[by_time[left - 1]] >= after[i]:
            left -= 1
            j = by_time[left]
            _add(everybody, rank_2[j])
            if key_2[j] < size_2:
                _add(events, rank_2[j])
        wins[i] -= _sum_below(events, before_2[i])
        if after_2[i] < size_2:
            losses[i] -= by_time.size - left - _sum_below(everybody, after_2[i])


@inner
def _count_alone(places: IntArray, limits: IntArray, size: int, counts: IntArray) -> None:
    """Write how many of ``places`` lie below each limit; a place ``size`` lies below none."""
    below = np.zeros(size + 2, dtype=np.int64)
    for place in places:
        below[place + 1] += 1
    for place in range(size + 1):
        below[place + 1] += below[place]
    for i in range(limits.size):
        counts[i] = below[limits[i]]


@inner
def _by_place(places: IntArray, size: int) -> IntArray:
    """Return the rows in order of their places, from 0 to ``size``."""
    start = np.zeros(size + 2, dtype=np.int64)
    for place in places:
        start[place + 1] += 1
    for place in range(size + 1):
        start[place + 1] += start[place]
    order = np.empty(places.size, dtype=np.int64)
    for i in range(places.size):
        order[start[places[i]]] = i
        start[places[i]] += 1
    return order


@inner
def _add(tree: NDArray[np.int32], place: int) -> None:
    """Count one more at ``place``."""
    node = place + 1
    while node < tree.size:
        tree[node] += 1
        node += node & -node


@inner
def _sum_below(tree: NDArray[np.int32], place: int) -> int:
    """Return how many are at places below ``place``."""
    total, node = 0, place
    while node > 0:
        total += tree[node]
        node -= node & -node
    return total
