"""Exact distribution of the sum of the scores of one arm when arms are assigned at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import comb, gammaln

from ..errors import InvalidArgument
from ..kernels.logrank import characteristic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..arrays import FloatArray, IntArray

MOST_SUMS = 2.0**22  # of one half of the levels: seconds, and 300 MB
MOST_STEPS = 2.0**24  # cells of the table of the shift algorithm: seconds, and 130 MB
MOST_ROWS = 300  # of the inversion: seconds
SAME = 1e-10  # sums closer than this part of their spread are one
ON_LATTICE = 1e-9  # part of their range by which scores may miss a lattice
FARTHEST = 4096.0  # last frequency times the standard deviation of the sum
ACCURACY = 1e-7  # of the inversion

_ADVICE = "use distribution='monte-carlo' or 'asymptotic'"


def two_sided_probability(scores: FloatArray, chosen: int, deviation: float) -> float:
    """Return the probability that a sum of ``chosen`` scores is as far from its mean as ``deviation``.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        One a row; every subset of ``chosen`` rows is as likely.
    chosen : int
        Size of the subset, 1 to n - 1.
    deviation : float
        Distance of the observed sum from its mean, not negative.

    Raises
    ------
    InvalidArgument
        No way is possible: too many rows, or too many sums that still have weight.

    Notes
    -----
    Rows of one score are one level.  Where few enough sums exist, the levels are split into two halves, all
    sums of each half are listed with the number of subsets behind them, and the halves are put together
    (split-up algorithm).  Scores on a lattice have a table of sums, filled row by row (shift algorithm).
    Elsewhere no sum has weight, and the distribution function comes from the characteristic function: with
    frequencies closer than 2 pi over twice the range, what is left out are frequencies beyond the last.
    """
    size = min(chosen, scores.size - chosen)  # the other subset deviates as far, the other way
    values, counts = np.unique(scores - scores.mean(), return_counts=True)
    spread = float(np.sqrt(np.sum(counts * values**2)))
    limit = deviation - SAME * spread
    if limit <= 0:
        return 1.0
    halves = _halves(values, counts, size)
    if halves is not None:
        return _by_split_up(halves, size, limit) / float(comb(scores.size, size))
    rows = np.repeat(values, counts)
    step = _lattice(values)
    if step > 0 and size * ((rows.max() - rows.min()) * size / step + 1) <= MOST_STEPS:
        return _by_shifts(rows, size, limit, step)
    return _by_inversion(rows, size, limit)


Level = tuple[float, int]


def _halves(values: FloatArray, counts: IntArray, size: int) -> tuple[list[Level], list[Level]] | None:
    """Split the levels so that the halves have about as many sums; ``None`` where they have too many."""
    order = np.argsort(-counts, kind="stable")
    levels = [(float(values[k]), int(counts[k])) for k in order]
    halves = levels[::2], levels[1::2]
    return halves if max(_n_sums(half, size) for half in halves) <= MOST_SUMS else None


def _n_sums(levels: list[Level], most: int) -> float:
    """Return in how many ways at most ``most`` rows can be taken, rows of one level being one."""
    ways = np.ones(1)
    for _, count in levels:
        ways = np.convolve(ways, np.ones(count + 1))[: most + 1]
    return float(ways.sum())


def _by_split_up(halves: tuple[list[Level], list[Level]], size: int, limit: float) -> float:
    """Return the number of subsets whose sum is at least ``limit`` from 0."""
    first, second = (dict(_sums(half, size)) for half in halves)
    total = 0.0
    for k, (sums, ways) in first.items():
        if size - k not in second:
            continue
        others, their_ways = second[size - k]
        below = np.concatenate([[0.0], np.cumsum(their_ways)])
        high = below[-1] - below[np.searchsorted(others, limit - sums, side="left")]
        low = below[np.searchsorted(others, -limit - sums, side="right")]
        total += float(ways @ (high + low))
    return total


def _sums(levels: list[Level], most: int) -> Iterator[tuple[int, tuple[FloatArray, FloatArray]]]:
    """Yield, for each number of rows, the sorted sums of that many rows and the ways to them."""
    number, total, ways = np.zeros(1, dtype=np.int64), np.zeros(1), np.ones(1)
    for value, count in levels:
        taken = np.arange(count + 1)
        number = (number[:, None] + taken).ravel()
        total = (total[:, None] + taken * value).ravel()
        ways = (ways[:, None] * comb(count, taken)).ravel()
        kept = number <= most
        number, total, ways = number[kept], total[kept], ways[kept]
    for k in np.unique(number):
        rows = np.flatnonzero(number == k)
        rows = rows[np.argsort(total[rows])]
        yield int(k), (total[rows], ways[rows])


def _lattice(values: FloatArray) -> float:
    """Return the step of the lattice that holds all ``values``, 0 if there is none (Euclid's algorithm)."""
    slack = ON_LATTICE * float(np.ptp(values))
    step = 0.0
    for gap in np.diff(values):
        larger, smaller = float(gap), step
        while smaller > slack:
            larger, smaller = smaller, abs(larger - smaller * round(larger / smaller))
        step = larger
    return step if step > 1e3 * slack else 0.0


def _by_shifts(rows: FloatArray, size: int, limit: float, step: float) -> float:
    """Return the same probability from a table of the probabilities of all sums on the lattice."""
    shifts = np.rint((rows - rows.min()) / step).astype(np.int64)
    table = np.zeros((size + 1, int(np.sort(shifts)[-size:].sum()) + 1))
    table[0, 0] = 1.0
    for r, shift in enumerate(shifts):
        for j in range(min(size, r + 1), 0, -1):
            share = j / (r + 1)
            table[j] *= 1 - share
            table[j, shift:] += share * table[j - 1, : table.shape[1] - shift]
    sums = rows.min() * size + step * np.arange(table.shape[1])
    return float(table[size][np.abs(sums) >= limit].sum())


def _by_inversion(rows: FloatArray, size: int, limit: float) -> float:
    """Return the same probability from the characteristic function at frequencies (k + 1/2) step."""
    if rows.size > MOST_ROWS:
        raise InvalidArgument(
            f"distribution='exact' takes at most {MOST_ROWS} rows of so many different scores, "
            f"got {rows.size}: {_ADVICE}"
        )
    ordered = np.sort(rows)
    step = np.pi / (2.1 * max(ordered[-size:].sum(), -ordered[:size].sum()))
    deviation = float(np.sqrt(np.mean(rows**2) * size * (rows.size - size) / (rows.size - 1)))
    frequency = (np.arange(np.ceil(FARTHEST / (deviation * step))) + 0.5) * step
    real, imaginary = characteristic(frequency, rows, size)
    # What is left out has random phases: rms of an octave over the root of its number of frequencies.
    half = frequency.size // 2
    octave = float(np.sqrt(np.mean(real[half:] ** 2 + imaginary[half:] ** 2)))
    if 10 * octave / np.sqrt(frequency.size) > ACCURACY:
        raise InvalidArgument(
            f"distribution='exact' is out of reach for {rows.size} rows of {np.unique(rows).size} scores, "
            f"{size} in the smaller arm: {_ADVICE}"
        )
    inside = 2 * step / np.pi * float(np.sum(real * np.sin(frequency * limit) / frequency))
    fewest = np.exp(gammaln(size + 1) + gammaln(rows.size - size + 1) - gammaln(rows.size + 1))
    return float(np.clip(1 - inside, fewest, 1.0))
