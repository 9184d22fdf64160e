"""What the pairs of one stratum come to: shares of wins and losses, and their covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..results import freeze_arrays

if TYPE_CHECKING:
    from ..arrays import FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Comparison:
    """Pairs of one stratum; wins are those of the experimental arm.

    Attributes
    ----------
    n_control, n_experimental : int
        Subjects.
    wins, losses : ndarray of shape (k,)
        Pairs (weighted where the scoring weighs them) that each priority decides.
    shares : ndarray of shape (k, 2)
        Wins and losses up to each priority over all pairs.
    covariance : ndarray of shape (k, 2, 2)
        Of ``shares``.
    score, score_variance : float
        Wins less losses by the plain comparison, and its variance over permutations of the arms.
    """

    n_control: int
    n_experimental: int
    wins: FloatArray
    losses: FloatArray
    shares: FloatArray
    covariance: FloatArray
    score: float
    score_variance: float

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def n_pairs(self) -> int:
        """Number of pairs."""
        return self.n_control * self.n_experimental


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RowCounts:
    """Wins of the experimental arm, and its losses, by priority and subject.

    Attributes
    ----------
    experimental, control : tuple of two ndarrays of shape (k, n)
        Wins and losses of the pairs that each subject of that arm is in.
    """

    experimental: tuple[FloatArray, FloatArray]
    control: tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ScoreTest:
    """Wins less losses, and its variance over permutations."""

    score: float
    variance: float


def permutation_test(scores_experimental: FloatArray, scores_control: FloatArray) -> ScoreTest:
    """Return the sum of the experimental scores, which sum to 0 over both arms, and its variance."""
    n1, n0 = scores_experimental.size, scores_control.size
    n = n1 + n0
    squares = float(scores_experimental @ scores_experimental + scores_control @ scores_control)
    return ScoreTest(score=float(scores_experimental.sum()), variance=n1 * n0 * squares / (n * (n - 1)))


def project(
    rows: RowCounts,
    test: ScoreTest,
    *,
    influence: tuple[FloatArray, FloatArray] | None = None,
) -> Comparison:
    """Return the shares up to each priority with the variance of their first-order projections.

    ``influence`` of shape (k, 2, n), of experimental and of control subjects, is added to the projections.
    """
    n1, n0 = rows.experimental[0].shape[1], rows.control[0].shape[1]
    by_priority = np.stack([counts.sum(axis=1) for counts in rows.experimental], axis=1)
    shares = np.cumsum(by_priority, axis=0) / (n1 * n0)
    covariance = np.zeros((len(shares), 2, 2))
    for k, (counts, size, others) in enumerate(((rows.experimental, n1, n0), (rows.control, n0, n1))):
        upto = np.cumsum(np.stack(counts, axis=1), axis=0)  # (priorities, 2, n)
        centred = (upto / others - shares[:, :, None]) / size
        if influence is not None:
            centred = centred + influence[k]
        covariance += centred @ centred.transpose(0, 2, 1)
    return Comparison(
        n_control=n0,
        n_experimental=n1,
        wins=by_priority[:, 0].copy(),
        losses=by_priority[:, 1].copy(),
        shares=shares,
        covariance=covariance,
        score=test.score,
        score_variance=test.variance,
    )
