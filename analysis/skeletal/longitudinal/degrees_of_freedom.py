"""Standard errors and degrees of freedom of contrasts when the covariance matrix is estimated."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..errors import NotConverged
from ..newton import invert
from .covariance_structures import derivative, second_derivative
from .restricted_likelihood import SINGULAR, crossed, information

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from .restricted_likelihood import Maximum, Sample

DegreesOfFreedom = Literal["satterthwaite", "kenward-roger", "normal"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Precision:
    """Covariance of the fixed effects and how it moves with the parameters of the covariance matrix."""

    kind: DegreesOfFreedom
    covariance: FloatArray  # (p, p) that standard errors come from
    plain: FloatArray  # (p, p), inverse of X'V^-1 X
    slopes: FloatArray  # (q, p, p) of ``plain``
    spread: FloatArray  # (q, q), covariance of the parameters


def precision(sample: Sample, found: Maximum, kind: DegreesOfFreedom) -> Precision:
    """Return what the standard errors and degrees of freedom of one fit need."""
    plain = found.moments.covariance
    if kind != "kenward-roger":
        products = crossed(found.moments, derivative(found.structure.of_free, found.free))
        slopes = plain @ products @ plain
        spread = invert(found.bend)
        return Precision(kind=kind, covariance=plain, plain=plain, slopes=slopes, spread=spread)
    natural = found.structure.natural(found.free)
    slopes = derivative(found.structure.matrix, natural)
    expected = information(sample, found.moments, slopes)
    size = np.sqrt(np.maximum(np.diag(expected), 0))
    if (
        size.min() <= SINGULAR * size.max()
        or np.linalg.eigvalsh(expected / np.outer(size, size))[0] <= SINGULAR
    ):
        raise NotConverged("the expected information of the covariance parameters is singular")
    spread = invert(expected)
    products = crossed(found.moments, slopes)
    bias = _bias(sample, found, slopes, products, spread)
    adjusted = plain + 2 * plain @ bias @ plain
    return Precision(
        kind=kind, covariance=adjusted, plain=plain, slopes=plain @ products @ plain, spread=spread
    )


def _bias(
    sample: Sample, found: Maximum, slopes: FloatArray, products: FloatArray, spread: FloatArray
) -> FloatArray:
    """Return sum w_kl (Q_kl - P_k Phi P_l - R_kl / 4) of Kenward and Roger (1997), page 986."""
    here = found.moments
    m, p = here.weighted.shape[1:]
    total = np.zeros((p, p))
    for number, weights in enumerate(here.weights):
        flat = here.weighted[sample.pattern == number].reshape(-1, m * p)
        squares = (flat.T @ flat).reshape(m, p, m, p)
        turned = weights @ slopes
        middle = np.einsum("kl,kab,lbc->ac", spread, slopes, turned, optimize=True)
        total += np.tensordot(middle, squares, axes=([0, 1], [0, 2]))
    total -= np.einsum("kl,kab,bc,lcd->ad", spread, products, here.covariance, products, optimize=True)
    if found.structure.name not in ("unstructured", "compound-symmetry"):  # these are linear
        bends = second_derivative(found.structure.matrix, found.structure.natural(found.free))
        total -= crossed(here, np.tensordot(spread, bends, axes=2)[None])[0] / 4
    return (total + total.T) / 2


def degrees_of_freedom(row: FloatArray, of: Precision) -> float:
    """Return the degrees of freedom of one contrast of the fixed effects, shape (p,).

    Satterthwaite: 2 v^2 over the variance of v, the variance of the contrast, by the delta method.  With one
    row Kenward and Roger's is the same formula with the expected information and linear parameters.
    """
    if of.kind == "normal":
        return inf
    variance = float(row @ of.plain @ row)
    slope = of.slopes @ row @ row
    moved = float(slope @ of.spread @ slope)
    return 2 * variance**2 / moved if moved > 0 else inf


def joint_test(rows: FloatArray, coefficient: FloatArray, of: Precision) -> tuple[float, float, float]:
    """Return F, its numerator and its denominator degrees of freedom for rows (l, p) of contrasts."""
    rank = len(rows)
    between = rows @ of.covariance @ rows.T
    distance = rows @ coefficient
    statistic = float(distance @ np.linalg.solve(between, distance)) / rank
    if of.kind == "normal":
        return statistic, rank, inf
    if rank == 1:
        return statistic, rank, degrees_of_freedom(rows[0], of)
    if of.kind == "satterthwaite":
        return statistic, rank, _fai_cornelius(rows, of)
    scale, df = _kenward_roger(rows, of)
    return scale * statistic, rank, df


def _fai_cornelius(rows: FloatArray, of: Precision) -> float:
    """Return the denominator degrees of freedom of Fai and Cornelius (1996) from independent contrasts."""
    vectors = np.linalg.eigh(rows @ of.plain @ rows.T)[1]
    each = np.array([degrees_of_freedom(row, of) for row in vectors.T @ rows])
    rank = len(rows)
    if (each <= 2).any():
        return 2.0
    expected = float(np.sum(np.where(np.isinf(each), 1.0, each / np.where(np.isinf(each), 1.0, each - 2))))
    return 2 * expected / (expected - rank) if expected > rank else inf


def _kenward_roger(rows: FloatArray, of: Precision) -> tuple[float, float]:
    """Return the factor of F and its denominator degrees of freedom, Kenward and Roger (1997), page 988."""
    rank = len(rows)
    theta = rows.T @ np.linalg.solve(rows @ of.plain @ rows.T, rows)
    turned = theta @ of.slopes  # theta Phi P_k Phi
    traces = np.trace(turned, axis1=1, axis2=2)
    first = float(traces @ of.spread @ traces)
    second = float(np.einsum("kl,kab,lba->", of.spread, turned, turned, optimize=True))
    if not second > 0:
        return 1.0, inf
    b = (first + 6 * second) / (2 * rank)
    g = ((rank + 1) * first - (rank + 4) * second) / ((rank + 2) * second)
    c = np.array([g, rank - g, rank + 2 - g]) / (3 * rank + 2 * (1 - g))
    if second >= rank:
        return nan, nan
    mean = 1 / (1 - second / rank)
    variance = 2 / rank * (1 + c[0] * b) / ((1 - c[1] * b) ** 2 * (1 - c[2] * b))
    ratio = variance / (2 * mean**2)
    df = 4 + (rank + 2) / (rank * ratio - 1) if rank * ratio > 1 else nan
    return df / (mean * (df - 2)), df
