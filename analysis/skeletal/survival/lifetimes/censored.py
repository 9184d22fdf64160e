"""Likelihood of rows that are exact, right-, left- or interval-censored, with delayed entry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...newton import Evaluation
from .term import Term, square

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...arrays import BoolArray, FloatArray, IntArray
    from .term import Lifetime


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Rows:
    """Rows of one kind with their design and log times."""

    index: IntArray
    x: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CensoredSample:
    """Rows sorted once by what is known of them.

    Attributes
    ----------
    weight : ndarray of shape (n,)
        Case weights.
    exact, right, left, between : Rows
        Event at ``low``; none by ``low``; event by ``high``; event after ``low`` and by ``high``.
    late : Rows
        Rows that were seen only because they outlived ``low``.
    """

    weight: FloatArray
    exact: Rows
    right: Rows
    left: Rows
    between: Rows
    late: Rows

    @property
    def n_events(self) -> float:
        """Weighted number of rows whose event is known to have happened."""
        return float(sum(self.weight[rows.index].sum() for rows in (self.exact, self.left, self.between)))


def censored_sample(
    x: FloatArray, low: FloatArray, high: FloatArray, entry: FloatArray, weight: FloatArray
) -> CensoredSample:
    """Sort rows (low, high] of log time, -inf and inf where open, seen after ``entry``."""

    def rows(kind: BoolArray, low: FloatArray = low) -> Rows:
        index = np.flatnonzero(kind)
        return Rows(index=index, x=x[index], low=low[index], high=high[index])

    exact, begun, ended = low == high, low > -np.inf, high < np.inf
    return CensoredSample(
        weight=weight,
        exact=rows(exact),
        right=rows(begun & ~ended),
        left=rows(~begun & ended),
        between=rows(begun & ended & ~exact),
        late=rows(entry > -np.inf, entry),
    )


def evaluate(lifetime: Lifetime, theta: FloatArray, sample: CensoredSample) -> Evaluation:
    """Return log likelihood on the scale of log time, score and observed information at ``theta``."""
    log_likelihood, score = 0.0, np.zeros(theta.size)
    information = np.zeros((theta.size, theta.size))
    with np.errstate(all="ignore"):
        for index, term in _terms(lifetime, theta, sample):
            weight = sample.weight[index]
            log_likelihood += float(weight @ term.value)
            score += weight @ term.gradient
            information -= term.hessian(weight)
    return Evaluation(log_likelihood=log_likelihood, score=score, information=information)


def row_scores(lifetime: Lifetime, theta: FloatArray, sample: CensoredSample) -> FloatArray:
    """Return each row's weighted contribution to the score, shape (n, p)."""
    scores = np.zeros((sample.weight.size, theta.size))
    with np.errstate(all="ignore"):
        for index, term in _terms(lifetime, theta, sample):
            scores[index] += sample.weight[index, None] * term.gradient
    return scores


def _terms(lifetime: Lifetime, theta: FloatArray, sample: CensoredSample) -> Iterator[tuple[IntArray, Term]]:
    """Yield the log likelihood of the rows of each kind."""
    if (rows := sample.exact).index.size:
        yield rows.index, lifetime.log_density(theta, rows.x, rows.low)
    if (rows := sample.right).index.size:
        yield rows.index, lifetime.log_survival(theta, rows.x, rows.low)
    if (rows := sample.left).index.size:
        yield rows.index, _between(_certain(rows.x, theta), lifetime.log_survival(theta, rows.x, rows.high))
    if (rows := sample.between).index.size:
        first = lifetime.log_survival(theta, rows.x, rows.low)
        yield rows.index, _between(first, lifetime.log_survival(theta, rows.x, rows.high))
    if (rows := sample.late).index.size:
        alive = lifetime.log_survival(theta, rows.x, rows.low)
        yield (
            rows.index,
            Term(value=-alive.value, gradient=-alive.gradient, hessian=lambda weight: -alive.hessian(weight)),
        )


def _certain(x: FloatArray, theta: FloatArray) -> Term:
    """Log survival at time 0."""
    n, p = x.shape[0], theta.size
    return Term(value=np.zeros(n), gradient=np.zeros((n, p)), hessian=lambda _weight: np.zeros((p, p)))


def _between(first: Term, second: Term) -> Term:
    """Log of the probability of an event between two times, from log survival at both."""
    fall = second.value - first.value
    gone = -1 / np.expm1(fall)  # S1/(S1 - S2)
    left = 1 / np.expm1(-fall)  # S2/(S1 - S2)
    change = first.gradient - second.gradient
    return Term(
        value=first.value + np.log(-np.expm1(fall)),
        gradient=gone[:, None] * first.gradient - left[:, None] * second.gradient,
        hessian=lambda weight: (
            first.hessian(weight * gone)
            - second.hessian(weight * left)
            - square(change, weight * gone * left)
        ),
    )
