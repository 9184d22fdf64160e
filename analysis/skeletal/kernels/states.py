"""Occupation of states and its variance: one pass over the times, and one over the rows of each subject."""

# ruff: noqa: PLR0913, PLR0917  (kernels know no objects: every array is an argument)

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray

SPAN = 32  # times that are gone through one by one; more of them by the product of their steps
ROUNDING = 1e-13  # a variance below this share of the largest that it has been is 0


class Moves(NamedTuple):
    """Moves between states, one entry a time, state left and state entered, in that order.

    Those at position k of the times are ``begin[k]:begin[k + 1]``; ``share`` is the part of those in
    ``source`` that goes to ``target``, ``stay`` the part that goes nowhere, ``pull`` is ``share`` times the
    occupation of ``source`` before the time over the number at risk there.
    """

    begin: IntArray
    source: IntArray
    target: IntArray
    share: FloatArray
    stay: FloatArray
    pull: FloatArray


@inner
def _move(values: FloatArray, k: int, moves: Moves, old: FloatArray) -> None:
    """Let ``values`` of the states flow as the moves at position k say."""
    low, high = moves.begin[k], moves.begin[k + 1]
    for e in range(low, high):
        old[moves.source[e]] = values[moves.source[e]]
    for e in range(low, high):
        values[moves.source[e]] = old[moves.source[e]] * moves.stay[e]
    for e in range(low, high):
        values[moves.target[e]] += old[moves.source[e]] * moves.share[e]


@inner
def _linger(values: FloatArray, state: int, k: int, moves: Moves) -> None:
    """Add the influence at position k of one at risk in ``state`` who stays there."""
    for e in range(moves.begin[k], moves.begin[k + 1]):
        if moves.source[e] == state:
            values[state] += moves.pull[e]
            values[moves.target[e]] -= moves.pull[e]


@inner
def _through(values: FloatArray, span: FloatArray, state: int, result: FloatArray) -> None:
    """Write the influence after a span, of one at risk in ``state`` during it (none where negative)."""
    size = values.size
    for j in range(size):
        total = span[size + state, j] if state >= 0 else 0.0
        for h in range(size):
            total += values[h] * span[h, j]
        result[j] = total


@inner
def _spans(size: int, moves: Moves) -> tuple[FloatArray, IntArray]:
    """Return what each span of ``SPAN`` 2^level times does to an influence, and where each level begins.

    Of each span: the product of its steps (size rows), and what one gains who is at risk throughout in
    each of the states (size rows more).
    """
    m = moves.begin.size - 1
    levels, blocks = 0, 0
    while m // (SPAN << levels) > 0:
        blocks += m // (SPAN << levels)
        levels += 1
    spans, old = np.zeros((blocks, 2 * size, size)), np.empty(size)
    where = np.zeros(levels + 1, dtype=np.int64)
    for level in range(levels):
        where[level + 1] = where[level] + m // (SPAN << level)
    for b in range(m // SPAN):
        for state in range(size):
            spans[b, state, state] = 1.0
        for k in range(b * SPAN, (b + 1) * SPAN):
            for row in range(2 * size):
                _move(spans[b, row], k, moves, old)
                _linger(spans[b, row], row - size, k, moves)
    for level in range(1, levels):
        below = where[level - 1]
        for b in range(where[level + 1] - where[level]):
            for row in range(2 * size):
                half = spans[below + 2 * b, row]
                _through(half, spans[below + 2 * b + 1], row - size, spans[where[level] + b, row])
    return spans, where


@inner
def _carry(
    values: FloatArray,
    state: int,
    position: int,
    end: int,
    moves: Moves,
    spans: FloatArray,
    where: IntArray,
    old: FloatArray,
) -> None:
    """Carry an influence of one at risk in ``state`` (none: -1) from before a position to before ``end``."""
    while position < end:
        if position % SPAN == 0 and position + SPAN <= end:
            level = 0
            while position % (SPAN << (level + 1)) == 0 and position + (SPAN << (level + 1)) <= end:
                level += 1
            _through(values, spans[where[level] + position // (SPAN << level)], state, old)
            values[:] = old
            position += SPAN << level
        else:
            _move(values, position, moves, old)
            _linger(values, state, position, moves)
            position += 1


@inner
def _leave(
    values: FloatArray, state: int, to: int, k: int, moves: Moves, own: float, old: FloatArray
) -> None:
    """Take an influence through the last position of a row, at which it may move itself."""
    _move(values, k, moves, old)
    _linger(values, state, k, moves)
    if to >= 0:
        values[to] += own
        values[state] -= own


@compiled("F I I I F F")
def occupation(
    start: FloatArray,
    begin: IntArray,
    source: IntArray,
    target: IntArray,
    share: FloatArray,
    stay: FloatArray,
) -> FloatArray:
    """Return the occupation of the states before the first time and from each time on; (m + 1, size)."""
    moves = Moves(begin, source, target, share, stay, share)
    result, old = np.empty((begin.size, start.size)), np.empty(start.size)
    result[0] = start
    for k in range(begin.size - 1):
        result[k + 1] = result[k]
        _move(result[k + 1], k, moves, old)
    return result


@compiled("I I I F F F i i f")
def time_ahead(
    begin: IntArray,
    source: IntArray,
    target: IntArray,
    share: FloatArray,
    stay: FloatArray,
    width: FloatArray,
    size: int,
    state: int,
    rest: float,
) -> FloatArray:
    """Return the mean time in ``state`` still to come, by the state one is in; (m + 1, size).

    That before the first position, and after each.  ``width`` is the time before each position, ``rest`` that
    from the last one to the horizon.
    """
    m = begin.size - 1
    result = np.zeros((m + 1, size))
    result[m, state] = rest
    for k in range(m - 1, -1, -1):
        after, before = result[k + 1], result[k]
        before[:] = after
        for e in range(begin[k], begin[k + 1]):
            before[source[e]] = after[source[e]] * stay[e]
        for e in range(begin[k], begin[k + 1]):
            before[source[e]] += after[target[e]] * share[e]
        before[state] += width[k]
    return result


@compiled("FF I I I I I F I I I F F F FF* FF*")
def row_influences(
    initial: FloatArray,
    subject: IntArray,
    first: IntArray,
    last: IntArray,
    state: IntArray,
    to: IntArray,
    own: FloatArray,
    begin: IntArray,
    source: IntArray,
    target: IntArray,
    share: FloatArray,
    stay: FloatArray,
    pull: FloatArray,
    at_entry: FloatArray,
    at_exit: FloatArray,
) -> None:
    """Write the influence of each row's subject before the row is at risk, and before its last position.

    ``initial`` holds the influence of the subjects on the starting distribution; the rows are in the order of
    subject and time; ``own`` is the occupation of a row's state before its last position over the number
    at risk there.
    """
    moves = Moves(begin, source, target, share, stay, pull)
    size = initial.shape[1]
    spans, where = _spans(size, moves)
    values, old = np.empty(size), np.empty(size)
    position = 0
    for row in range(subject.size):
        if row == 0 or subject[row] != subject[row - 1]:
            values[:] = initial[subject[row]]
            position = 0
        _carry(values, -1, position, first[row], moves, spans, where, old)
        at_entry[row] = values
        _carry(values, state[row], first[row], last[row], moves, spans, where, old)
        at_exit[row] = values
        _leave(values, state[row], to[row], last[row], moves, own[row], old)
        position = last[row] + 1


@inner
def _multinomial(
    variance: FloatArray, k: int, moves: Moves, spread: FloatArray, at_risk: FloatArray, drift: FloatArray
) -> None:
    """Add the covariance of the moves at position k: ``spread`` of each, less what they share."""
    low, high = moves.begin[k], moves.begin[k + 1]
    for e in range(low, high):
        h, j = moves.source[e], moves.target[e]
        variance[h, h] += spread[e]
        variance[j, j] += spread[e]
        variance[h, j] -= spread[e]
        variance[j, h] -= spread[e]
    drift[:] = 0.0
    for e in range(low, high):
        h = moves.source[e]
        drift[moves.target[e]] += moves.pull[e]
        drift[h] -= moves.pull[e]
        if e + 1 == high or moves.source[e + 1] != h:
            for i in range(drift.size):
                for j in range(drift.size):
                    variance[i, j] -= at_risk[h] * drift[i] * drift[j]
            drift[:] = 0.0


@inner
def _diagonal(variance: FloatArray, peak: FloatArray, result: FloatArray) -> None:
    """Write the variances; one that is rounding, given how large it has been, is 0."""
    for j in range(peak.size):
        peak[j] = max(peak[j], variance[j, j])
        result[j] = variance[j, j] if variance[j, j] > ROUNDING * peak[j] else 0.0


@compiled("FF FF FF I I I F F F F")
def multinomial_variance(
    initial: FloatArray,
    occupied: FloatArray,
    at_risk: FloatArray,
    begin: IntArray,
    source: IntArray,
    target: IntArray,
    share: FloatArray,
    stay: FloatArray,
    pull: FloatArray,
    spread: FloatArray,
) -> FloatArray:
    """Return the variance of the occupation by Greenwood's recursion, ``initial`` at first; (m + 1, size).

    ``spread`` is the variance that each move adds by itself; with ``pull`` 0 that is all: Aalen's.
    """
    moves = Moves(begin, source, target, share, stay, pull)
    size = initial.shape[0]
    result, variance = np.empty(occupied.shape), initial.copy()
    old, drift, peak = np.empty(size), np.empty(size), np.zeros(size)
    _diagonal(variance, peak, result[0])
    for k in range(begin.size - 1):
        if begin[k] < begin[k + 1]:
            for i in range(size):
                _move(variance[i], k, moves, old)
            for i in range(size):
                _move(variance[:, i], k, moves, old)
            _multinomial(variance, k, moves, spread, at_risk[k], drift)
        _diagonal(variance, peak, result[k + 1])
    return result


@inner
def _cross(
    cross: FloatArray,
    k: int,
    moves: Moves,
    at_risk: FloatArray,
    old: FloatArray,
) -> None:
    """Add what the rows at risk have as influence times what staying at position k adds to it; then move."""
    for e in range(moves.begin[k], moves.begin[k + 1]):
        h, j = moves.source[e], moves.target[e]
        for i in range(old.size):
            cross[i, h] += moves.pull[e] * at_risk[h, i]
            cross[i, j] -= moves.pull[e] * at_risk[h, i]
    for i in range(old.size):
        _move(cross[:, i], k, moves, old)


@inner
def _enter(
    k: int,
    entering: int,
    by_first: IntArray,
    first: IntArray,
    state: IntArray,
    at_entry: FloatArray,
    sums: FloatArray,
    present: IntArray,
) -> int:
    """Add the rows that are at risk from position k on to the sums of the influences."""
    while entering < by_first.size and first[by_first[entering]] == k:
        row = by_first[entering]
        sums[state[row]] += at_entry[row]
        present[state[row]] += 1
        entering += 1
    return entering


@compiled("FF FF FF I I I I F I I FF FF I I I F F F F")
def jackknife_variance(
    initial: FloatArray,
    occupied: FloatArray,
    at_risk: FloatArray,
    first: IntArray,
    last: IntArray,
    state: IntArray,
    to: IntArray,
    own: FloatArray,
    by_first: IntArray,
    by_last: IntArray,
    at_entry: FloatArray,
    at_exit: FloatArray,
    begin: IntArray,
    source: IntArray,
    target: IntArray,
    share: FloatArray,
    stay: FloatArray,
    pull: FloatArray,
    spread: FloatArray,
) -> FloatArray:
    """Return the sum over subjects of their squared influence on the occupation; (m + 1, size).

    With V the sum of the products U U' of the influences and d what a position adds to one at risk, V moves
    to H'VH + sum of (H'U d' + d U'H) + sum of d d'.  The last sum is Greenwood's; the one before needs the
    sums of U over those at risk in each state, which change where rows begin and end only.
    """
    moves = Moves(begin, source, target, share, stay, pull)
    size, n = initial.shape[0], first.size
    result, variance = np.empty(occupied.shape), initial.copy()
    old, drift, peak, values = np.empty(size), np.empty(size), np.zeros(size), np.empty(size)
    sums, cross, present = np.zeros((size, size)), np.empty((size, size)), np.zeros(size, dtype=np.int64)
    entering, leaving = 0, 0
    _diagonal(variance, peak, result[0])
    for k in range(begin.size - 1):
        entering = _enter(k, entering, by_first, first, state, at_entry, sums, present)
        end = leaving
        while end < n and last[by_last[end]] == k:
            end += 1
        if begin[k] < begin[k + 1]:
            cross[:] = 0.0
            for i in range(leaving, end):
                row = by_last[i]
                if to[row] >= 0:
                    cross[:, to[row]] += own[row] * at_exit[row]
                    cross[:, state[row]] -= own[row] * at_exit[row]
            _cross(cross, k, moves, sums, old)
            for i in range(size):
                _move(variance[i], k, moves, old)
                _move(sums[i], k, moves, old)
            for i in range(size):
                _move(variance[:, i], k, moves, old)
            _multinomial(variance, k, moves, spread, at_risk[k], drift)
            variance += cross + cross.T
        for i in range(leaving, end):
            row = by_last[i]
            values[:] = at_exit[row]
            _leave(values, state[row], to[row], k, moves, own[row], old)
            sums[state[row]] -= values
            present[state[row]] -= 1
            if present[state[row]] == 0:
                sums[state[row]] = 0.0
        leaving = end
        _diagonal(variance, peak, result[k + 1])
    return result
