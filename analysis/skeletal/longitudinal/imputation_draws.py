"""Draws of missing values of one arm: regressions on the visits before, from their posterior."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import NotEstimable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from ..arrays import BoolArray, FloatArray, IntArray

SINGULAR = 1e-10
LEAST = 3  # degrees of freedom with which a drawn variance has a mean

Draw = tuple["FloatArray", "FloatArray"]  # coefficients (K, p) and residual standard deviation (K,)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArmValues:
    """Values of one arm, and what is known of its subjects before the first visit.

    Attributes
    ----------
    value : ndarray of shape (n, m)
        NaN where missing.
    before : ndarray of shape (n, q)
        1, baseline, covariates.
    label : object
    visits : sequence of m labels
    """

    value: FloatArray
    before: FloatArray
    label: object
    visits: Sequence[str]

    @property
    def known(self) -> BoolArray:
        """Where there is a value."""
        return np.asarray(~np.isnan(self.value))

    @property
    def last(self) -> IntArray:
        """Column of each subject's last value, -1 without any."""
        m = self.value.shape[1]
        return np.where(self.known.any(axis=1), m - 1 - np.argmax(self.known[:, ::-1], axis=1), -1)

    @property
    def gaps(self) -> BoolArray:
        """Where a value is missing before the last one."""
        return np.asarray(~self.known & (np.arange(self.value.shape[1]) < self.last[:, None]))

    def tails(self, wanted: BoolArray) -> BoolArray:
        """Return at which visits a value after the last one is wanted, or one after it; shape (m,)."""
        later = np.flip(np.maximum.accumulate(np.flip(wanted, axis=1), axis=1), axis=1)
        return np.asarray((later & (np.arange(wanted.shape[1]) > self.last[:, None])).any(axis=0))

    def around_gaps(self) -> BoolArray:
        """Return at which visits the draws of the gaps need a regression; shape (m,)."""
        after = np.maximum.accumulate(self.gaps, axis=1)
        return np.asarray((after & (np.arange(after.shape[1]) <= self.last[:, None])).any(axis=0))

    def n_terms(self, visit: int) -> int:
        """Return the number of terms of the regression at a visit."""
        return int(self.before.shape[1]) + visit

    def informative(self, visit: int) -> BoolArray:
        """Return which terms of the regression at a visit those before them do not determine; shape (p,).

        What is known decides, so that no drawn value does.  Baseline and covariates are all kept.
        """
        q = self.before.shape[1]
        kept = np.arange(q + visit) < q
        for k in range(visit):
            kept[q + k] = not self._determined(kept, k, self.last >= visit)
        return np.asarray(kept)

    def _determined(self, kept: BoolArray, visit: int, rows: BoolArray) -> bool:
        """Return whether the known values at a visit are a sum of the terms in ``kept``."""
        terms = np.column_stack([self.before, self.value])[:, : kept.size][:, kept]
        known = rows & self.known[:, visit] & ~np.isnan(terms).any(axis=1)
        earlier, own = terms[known], self.value[known, visit]
        left = own - earlier @ np.linalg.lstsq(earlier, own, rcond=None)[0]
        return len(own) > earlier.shape[1] and float(left @ left) <= SINGULAR * float(own @ own)

    def require_values(self, needed: BoolArray) -> None:
        """Refuse visits with too few values for their regression."""
        for j in map(int, np.flatnonzero(needed)):
            n, p = int(self.known[:, j].sum()), self.n_terms(j)
            if n < p + LEAST:
                raise NotEstimable(
                    f"arm {self.label} has {n} value(s) at visit {self.visits[j]} for an imputation from {p} "
                    f"terms, which needs {p + LEAST}: leave out visits (data.at_visits) or covariates"
                )
            if self._determined(self.informative(j), j, self.last >= j):
                raise NotEstimable(
                    f"arm {self.label}: the values at visit {self.visits[j]} are all the same, or what comes "
                    "before determines them: there is no variance to draw from; leave out the visit"
                )


def regressions(
    rng: Generator, arm: ArmValues, needed: BoolArray, n_imputations: int, n_iterations: int
) -> tuple[FloatArray, list[Draw | None]]:
    """Return the values with gaps filled, shape (K, n, m), and a draw of the regression at each visit.

    Without gaps each regression is drawn once from its posterior.  With gaps, regressions and gaps are drawn
    in turn, ``n_iterations`` times, in K independent chains.
    """
    arm.require_values(needed)
    kept = [arm.informative(j) for j in range(needed.size)]
    gaps = arm.gaps & needed.any()
    size = n_imputations if gaps.any() else 1
    values = np.repeat(np.where(gaps, _middle(arm), arm.value)[None], size, axis=0)
    for _ in range(n_iterations if gaps.any() else 0):
        draws = _draws(rng, arm, values, needed, kept, n_imputations)
        _fill_gaps(rng, arm, values, draws)
    draws = _draws(rng, arm, values, needed, kept, n_imputations)
    return np.broadcast_to(values, (n_imputations, *values.shape[1:])).copy(), draws


def fill_tails(rng: Generator, arm: ArmValues, values: FloatArray, draws: Sequence[Draw | None]) -> None:
    """Draw, in place, the values after each subject's last one, visit by visit."""
    for j, draw in enumerate(draws):
        rows = np.flatnonzero(arm.last < j)
        if rows.size and draw is not None:
            mean = _fitted(_terms(arm, values, rows, j), draw)
            values[:, rows, j] = mean + draw[1][:, None] * rng.standard_normal(mean.shape)


def _middle(arm: ArmValues) -> FloatArray:
    """Return the mean of the known values at each visit; where the chains start."""
    counts = np.maximum(arm.known.sum(axis=0), 1)
    return np.asarray(np.where(arm.known, arm.value, 0.0).sum(axis=0) / counts)


def _terms(arm: ArmValues, values: FloatArray, rows: IntArray, visit: int) -> FloatArray:
    """Return the terms of the regression at a visit; shape (K, rows, p)."""
    before = np.broadcast_to(arm.before[rows], (len(values), rows.size, arm.before.shape[1]))
    return np.concatenate([before, values[:, rows, :visit]], axis=2)


def _fitted(terms: FloatArray, draw: Draw) -> FloatArray:
    return np.asarray((terms @ draw[0][:, :, None])[:, :, 0])


def _draws(
    rng: Generator,
    arm: ArmValues,
    values: FloatArray,
    needed: BoolArray,
    kept: Sequence[BoolArray],
    n_imputations: int,
) -> list[Draw | None]:
    """Draw coefficients and variance at each visit that needs them, from values and filled gaps."""
    last = arm.last
    draws: list[Draw | None] = []
    for j, wanted in enumerate(needed):
        rows = np.flatnonzero(last >= j)
        if not wanted:
            draws.append(None)
            continue
        terms = _terms(arm, values, rows, j)[:, :, kept[j]]
        found = _posterior(rng, terms, values[:, rows, j], n_imputations)
        if found is None:
            raise NotEstimable(
                f"arm {arm.label}: baseline, covariates and earlier visits determine each other, "
                f"so that visit {arm.visits[j]} cannot be imputed from them: leave one out"
            )
        slopes = np.zeros((n_imputations, kept[j].size))
        slopes[:, kept[j]] = found[0]
        draws.append((slopes, found[1]))
    return draws


def _posterior(rng: Generator, terms: FloatArray, values: FloatArray, size: int) -> Draw | None:
    """Draw from the posterior of a normal regression under the prior 1/sigma^2 (Rubin 1987, page 167)."""
    turned = np.swapaxes(terms, 1, 2)
    gram = turned @ terms
    spread = np.sqrt(np.maximum(np.diagonal(gram, axis1=1, axis2=2), np.finfo(float).tiny))
    correlation = gram / (spread[:, :, None] * spread[:, None, :])
    if np.linalg.eigvalsh(correlation)[:, 0].min() <= SINGULAR:
        return None
    best = np.linalg.solve(gram, turned @ values[:, :, None])
    left = values - (terms @ best)[:, :, 0]
    n, p = terms.shape[1:]
    sigma = np.sqrt((left**2).sum(axis=1) / rng.chisquare(n - p, size))
    noise = np.swapaxes(np.linalg.inv(np.linalg.cholesky(gram)), 1, 2) @ rng.standard_normal((size, p, 1))
    return best[:, :, 0] + sigma[:, None] * noise[:, :, 0], sigma


def _fill_gaps(rng: Generator, arm: ArmValues, values: FloatArray, draws: Sequence[Draw | None]) -> None:
    """Draw, in place, each value missing before the last one given all others of the subject."""
    gaps, last, q = arm.gaps, arm.last, arm.before.shape[1]
    for j in map(int, np.flatnonzero(gaps.any(axis=0))):
        rows = np.flatnonzero(gaps[:, j])
        own = draws[j]
        assert own is not None  # around_gaps() has every visit with a gap and those after it
        precision = np.repeat((1 / own[1] ** 2)[:, None], rows.size, axis=1)
        weighted = precision * _fitted(_terms(arm, values, rows, j), own)
        for later in range(j + 1, gaps.shape[1]):
            draw, reached = draws[later], last[rows] >= later
            if draw is None or not reached.any():
                continue
            slope, weight = draw[0][:, q + j][:, None], reached / draw[1][:, None] ** 2
            observed = np.where(reached, values[:, rows, later], 0.0)
            terms = np.where(reached[:, None], _terms(arm, values, rows, later), 0.0)
            without = _fitted(terms, draw) - slope * values[:, rows, j]
            precision = precision + slope**2 * weight
            weighted = weighted + slope * (observed - without) * weight
        noise = rng.standard_normal(precision.shape) / np.sqrt(precision)
        values[:, rows, j] = weighted / precision + noise
