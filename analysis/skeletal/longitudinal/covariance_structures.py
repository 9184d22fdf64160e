"""Covariance matrices of the values of one subject at the visits, as functions of few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..arrays import FloatArray, IntArray

CovarianceStructure = Literal[
    "unstructured",
    "heterogeneous-toeplitz",
    "heterogeneous-ar1",
    "heterogeneous-compound-symmetry",
    "toeplitz",
    "ar1",
    "compound-symmetry",
]
STEP = 1e-20  # of a complex argument: derivatives without loss of digits
SECOND_STEP = 1e-5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Structure:
    """A covariance matrix of m visits from numbers without bounds.

    ``free`` has the log Cholesky factor of an unstructured matrix by rows, else log standard deviations and
    then numbers that make correlations.  ``natural`` has what a reader knows: variances (and covariances
    where the matrix is linear in both), then correlations.
    """

    name: CovarianceStructure
    m: int

    @property
    def n_variances(self) -> int:
        """Number of different variances."""
        return self.m if self.name == "unstructured" or self.name.startswith("heterogeneous") else 1

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        if self.name == "unstructured":
            return self.m * (self.m + 1) // 2
        return self.n_variances + (0 if self.m == 1 else self.m - 1 if "toeplitz" in self.name else 1)

    def natural(self, free: Any) -> Any:
        """Return the natural parameters."""
        if self.name == "unstructured":
            return _cholesky_product(free, self.m)[_lower(self.m)]
        variances, rest = np.exp(2 * free[: self.n_variances]), free[self.n_variances :]
        if self.m == 1:
            return variances
        if "toeplitz" in self.name:
            return np.concatenate([variances, _autocorrelations(np.tanh(rest))])
        if "ar1" in self.name:
            return np.concatenate([variances, np.tanh(rest)])
        rho = _between(rest, -1 / (self.m - 1))
        if self.name == "compound-symmetry":
            return np.concatenate([variances * (1 - rho), variances * rho])
        return np.concatenate([variances, rho])

    def matrix(self, natural: Any) -> Any:
        """Return the covariance matrix of natural parameters."""
        m = self.m
        if self.name == "unstructured":
            low = np.zeros((m, m), dtype=natural.dtype)
            low[_lower(m)] = natural
            return low + low.T - np.diag(np.diag(low))
        if self.name == "compound-symmetry" and m > 1:
            return natural[0] * np.eye(m) + natural[1] * np.ones((m, m))
        spread = np.sqrt(natural[: self.n_variances]) * np.ones(m)
        rho, lag = natural[self.n_variances :], np.abs(np.subtract.outer(np.arange(m), np.arange(m)))
        by_lag = np.ones(m, dtype=natural.dtype)
        if m > 1 and "toeplitz" in self.name:
            by_lag[1:] = rho
        elif m > 1:
            by_lag[1:] = rho ** np.arange(1, m) if "ar1" in self.name else rho
        return spread[:, None] * by_lag[lag] * spread

    def of_free(self, free: Any) -> Any:
        """Return the covariance matrix of free parameters."""
        if self.name == "unstructured":
            return _cholesky_product(free, self.m)
        return self.matrix(self.natural(free))

    def start(self, covariance: FloatArray) -> FloatArray:
        """Return free parameters near a positive definite matrix."""
        spread = np.sqrt(np.diag(covariance))
        if self.name == "unstructured":
            factor = np.linalg.cholesky(covariance)
            np.fill_diagonal(factor, np.log(np.diag(factor)))
            return np.asarray(factor[_lower(self.m)])
        logs = np.log(spread) if self.n_variances == self.m else np.log([np.sqrt(np.mean(spread**2))])
        if self.m == 1:
            return np.asarray(logs)
        near = covariance / np.outer(spread, spread)
        rho = float(np.clip(np.mean(near[np.triu_indices(self.m, 1)]), 0.05, 0.9))
        if "toeplitz" in self.name or "ar1" in self.name:
            rho = float(np.clip(np.mean(np.diag(near, 1)), -0.9, 0.9))
            more = self.m - 2 if "toeplitz" in self.name else 0
            return np.concatenate([logs, [np.arctanh(rho)], np.zeros(more)])
        least = -1 / (self.m - 1)
        share = (rho - least) / (1 - least)
        return np.concatenate([logs, [np.log(share / (1 - share))]])


def derivative(matrix: Callable[[Any], Any], at: FloatArray) -> FloatArray:
    """Return the derivatives of a matrix to each parameter, exact to rounding; shape (q, m, m)."""
    moved = at + 1j * STEP * np.eye(at.size)
    return np.array([matrix(row).imag / STEP for row in moved])


def second_derivative(matrix: Callable[[Any], Any], at: FloatArray) -> FloatArray:
    """Return the second derivatives of a matrix, by differences of the first; shape (q, q, m, m)."""
    parts = []
    for k, value in enumerate(at):
        step = np.zeros(at.size)
        step[k] = SECOND_STEP * max(abs(value), 0.1)
        parts.append((derivative(matrix, at + step) - derivative(matrix, at - step)) / (2 * step[k]))
    return np.array(parts)


@lru_cache
def _lower(m: int) -> tuple[IntArray, IntArray]:
    """Return rows and columns of the lower triangle, row by row."""
    rows, columns = np.tril_indices(m)
    return rows, columns


def _cholesky_product(free: Any, m: int) -> Any:
    factor = np.zeros((m, m), dtype=free.dtype)
    factor[_lower(m)] = free
    factor[np.diag_indices(m)] = np.exp(factor[np.diag_indices(m)])
    return factor @ factor.T


def _between(free: Any, least: float) -> Any:
    """Return numbers between ``least`` and 1."""
    return least + (1 - least) / (1 + np.exp(-free))


def _autocorrelations(partial: Any) -> Any:
    """Return the autocorrelations of partial ones (Durbin and Levinson): all that are positive definite."""
    rho = np.zeros(partial.size, dtype=partial.dtype)
    weights = np.zeros(0, dtype=partial.dtype)
    for k, last in enumerate(partial):
        before = rho[:k]
        left = 1 - weights @ before
        rho[k] = last * left + weights @ before[::-1]
        weights = np.append(weights - last * weights[::-1], last)
    return rho
