"""Radix sorts of times by their bits, eight at a time: the work grows with the number of rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .compiled import compiled, inner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..arrays import FloatArray, IntArray

DIGIT = 8  # bits that one pass sorts by
BASE = 1 << DIGIT
N_DIGITS = 64 // DIGIT
SIGN = 63


@inner
def _digit(key: np.uint64, digit: int) -> np.int64:
    return np.int64(key >> np.uint64(DIGIT * digit)) & (BASE - 1)


@inner
def _count_digits(keys: NDArray[np.uint64]) -> IntArray:
    """Return how often each value occurs at each digit; shape (N_DIGITS, BASE)."""
    counts = np.zeros((N_DIGITS, BASE), dtype=np.int64)
    for key in keys:
        for digit in range(N_DIGITS):
            counts[digit, _digit(key, digit)] += 1
    return counts


@inner
def _first_places(counts: IntArray) -> None:
    """Turn the counts of one digit into the first place of each of its values."""
    place = 0
    for value in range(BASE):
        count = counts[value]
        counts[value] = place
        place += count


@compiled("I")
def sorted_keys(keys: IntArray) -> IntArray:
    """Return keys, which are unsigned numbers, in increasing order."""
    ours, others = keys.view(np.uint64).copy(), np.empty(keys.size, dtype=np.uint64)
    counts = _count_digits(ours)
    for digit in range(N_DIGITS):
        place = counts[digit]
        if place.max() == keys.size:  # the digit is the same in all rows
            continue
        _first_places(place)
        for key in ours:
            value = _digit(key, digit)
            others[place[value]] = key
            place[value] += 1
        ours, others = others, ours
    return ours.view(np.int64)


@compiled("F")
def time_order(time: FloatArray) -> IntArray:
    """Return the rows in order of ``time``, equal times as they come: ``argsort(kind="stable")`` without NaN.

    The bits of a float, with the sign turned (and all others too where it is negative), sort as the floats.
    """
    n = time.size
    ours, others = (time + 0.0).view(np.uint64), np.empty(n, dtype=np.uint64)  # -0.0 is 0
    for i in range(n):
        ours[i] = ~ours[i] if ours[i] >> np.uint64(SIGN) else ours[i] | np.uint64(1 << SIGN)
    rows, other_rows = np.arange(n), np.empty(n, dtype=np.int64)
    counts = _count_digits(ours)
    for digit in range(N_DIGITS):
        place = counts[digit]
        if place.max() == n:
            continue
        _first_places(place)
        for i in range(n):
            value = _digit(ours[i], digit)
            others[place[value]] = ours[i]
            other_rows[place[value]] = rows[i]
            place[value] += 1
        ours, others = others, ours
        rows, other_rows = other_rows, rows
    return rows


@compiled("I I i")
def order_by_stratum(order: IntArray, stratum: IntArray, n_strata: int) -> tuple[IntArray, IntArray]:
    """Return ``order`` sorted by stratum, ties kept as they are, and the first position of each stratum."""
    starts = np.zeros(n_strata + 1, dtype=np.int64)
    for s in stratum:
        starts[s + 1] += 1
    for s in range(n_strata):
        starts[s + 1] += starts[s]
    place = starts.copy()
    sorted_order = np.empty_like(order)
    for row in order:
        s = stratum[row]
        sorted_order[place[s]] = row
        place[s] += 1
    return sorted_order, starts
