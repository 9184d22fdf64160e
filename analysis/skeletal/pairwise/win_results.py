"""The result of a comparison of all pairs, put together over strata."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from ..arm_contrast import from_log
from ..chi_square import chi_square_test
from ..results import Estimate, TestResult, freeze_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..arrays import FloatArray
    from .comparison import Comparison

    Ratio = Callable[[FloatArray, FloatArray], tuple[float, float]]

StratumWeight = Literal["mantel-haenszel", "size", "equal"]
NO_SPREAD = 1e-20  # a variance below this is rounding
WIN_RATIO = (
    "win ratio",
    "losses",
    "no pair of a stratum is decided",
)  # name, what makes it infinite, and NaN
WIN_ODDS = ("win odds", "losses and ties", "the weighted shares differ by more than 1")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WinStatistics:
    """All pairs of an experimental and a control subject, compared by outcomes in order of priority.

    Attributes
    ----------
    wins, losses : ndarray of shape (k,)
        Pairs that each priority decides for and against the experimental arm (sums of weights or chances
        where the scoring gives such), over all strata.
    ties : float
        Pairs left after the last priority.
    n_pairs : int
        Pairs compared, within strata.
    win_share, loss_share : float
        Wins and losses over pairs, strata weighted as ``method`` says.
    win_ratio, win_odds : Estimate
        Wins over losses; wins over losses with half the ties added to each.  ``std_error``, limits and test
        on the log scale.
    net_benefit : Estimate
        Share of wins less share of losses.
    finkelstein_schoenfeld : TestResult
        Of wins less losses, by the variance over permutations of the arms.
    labels : tuple of k str
        Names of the priorities.
    cumulative_net_benefit, cumulative_net_benefit_std_error : ndarray of shape (k,)
        Up to and including each priority.
    cumulative_win_ratio, cumulative_win_ratio_std_error : ndarray of shape (k,)
        Up to and including each priority; the standard error is that of the log.
    by_stratum : DataFrame
        One row a stratum: subjects, wins, losses, ties and their shares, win ratio and net benefit.
    method : str
        What a reader must know to repeat the numbers.
    """

    wins: FloatArray
    losses: FloatArray
    ties: float
    n_pairs: int
    win_share: float
    loss_share: float
    win_ratio: Estimate
    net_benefit: Estimate
    win_odds: Estimate
    finkelstein_schoenfeld: TestResult
    labels: tuple[str, ...]
    cumulative_net_benefit: FloatArray
    cumulative_net_benefit_std_error: FloatArray
    cumulative_win_ratio: FloatArray
    cumulative_win_ratio_std_error: FloatArray
    by_stratum: pd.DataFrame
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)

    def to_frame(self) -> pd.DataFrame:
        """Return one row a priority: wins, losses, ties left after it, and the cumulative statistics."""
        return pd.DataFrame(
            {
                "priority": self.labels,
                "wins": self.wins,
                "losses": self.losses,
                "ties_left": self.n_pairs - np.cumsum(self.wins + self.losses),
                "net_benefit": self.cumulative_net_benefit,
                "net_benefit_std_error": self.cumulative_net_benefit_std_error,
                "win_ratio": self.cumulative_win_ratio,
                "log_win_ratio_std_error": self.cumulative_win_ratio_std_error,
            }
        )


def win_results(
    parts: Sequence[Comparison],
    *,
    strata: Sequence[object],
    labels: tuple[str, ...],
    stratum_weight: StratumWeight,
    conf_level: float,
    method: str,
    score_method: str,
) -> WinStatistics:
    """Put the strata together.

    Mantel-Haenszel and equal weights: the shares are averaged with weights proportional to pairs over
    subjects, or to pairs, and every statistic is made of those averages.  Size: each statistic is the mean of
    those of the strata, weighted by subjects.
    """
    shares, covariance = _averaged(parts, stratum_weight)
    by_size = stratum_weight == "size" and len(parts) > 1
    weights = _weights(parts, "size")
    levels = range(len(labels))

    def ratios(of: Ratio) -> list[tuple[float, float]]:
        if by_size:
            return [
                _mean_ratio([of(part.shares[p], part.covariance[p]) for part in parts], weights)
                for p in levels
            ]
        return [of(shares[p], covariance[p]) for p in levels]

    win_ratio, win_odds = ratios(_win_ratio), ratios(_win_odds)
    benefit = shares[:, 0] - shares[:, 1]
    error = np.sqrt(np.maximum([_quadratic(v, 1.0, -1.0) for v in covariance], 0.0))
    wins, losses = (np.sum([getattr(part, name) for part in parts], axis=0) for name in ("wins", "losses"))
    n_pairs = sum(part.n_pairs for part in parts)
    return WinStatistics(
        wins=wins,
        losses=losses,
        ties=float(n_pairs - wins.sum() - losses.sum()),
        n_pairs=n_pairs,
        win_share=float(shares[-1, 0]),
        loss_share=float(shares[-1, 1]),
        win_ratio=_ratio_estimate(*win_ratio[-1], WIN_RATIO, conf_level, method),
        net_benefit=_difference_estimate(float(benefit[-1]), float(error[-1]), conf_level, method),
        win_odds=_ratio_estimate(*win_odds[-1], WIN_ODDS, conf_level, method),
        finkelstein_schoenfeld=_score_test(parts, score_method),
        labels=labels,
        cumulative_net_benefit=benefit,
        cumulative_net_benefit_std_error=error,
        cumulative_win_ratio=np.array([value for value, _ in win_ratio]),
        cumulative_win_ratio_std_error=np.sqrt([variance for _, variance in win_ratio]),
        by_stratum=_stratum_frame(parts, strata),
        method=method,
    )


def _weights(parts: Sequence[Comparison], kind: StratumWeight) -> FloatArray:
    """Return the weights of the strata, which sum to 1."""
    pairs = np.array([part.n_pairs for part in parts], dtype=np.float64)
    size = np.array([part.n_control + part.n_experimental for part in parts], dtype=np.float64)
    weights = {"mantel-haenszel": pairs / size, "size": size, "equal": pairs}[kind]
    return np.asarray(weights / weights.sum())


def _averaged(parts: Sequence[Comparison], kind: StratumWeight) -> tuple[FloatArray, FloatArray]:
    weights = _weights(parts, kind)
    shares = np.einsum("s,skc->kc", weights, np.stack([part.shares for part in parts]))
    covariance = np.einsum("s,skcd->kcd", weights**2, np.stack([part.covariance for part in parts]))
    return shares, covariance


def _quadratic(covariance: FloatArray, win: float, loss: float) -> float:
    """Return the variance of ``win`` times the wins plus ``loss`` times the losses."""
    return float(win**2 * covariance[0, 0] + loss**2 * covariance[1, 1] + 2 * win * loss * covariance[0, 1])


def _win_ratio(shares: FloatArray, covariance: FloatArray) -> tuple[float, float]:
    """Return wins over losses and the variance of its log."""
    win, loss = float(shares[0]), float(shares[1])
    if win <= 0 or loss <= 0:
        return (nan if win <= 0 and loss <= 0 else inf if loss <= 0 else 0.0), nan
    return win / loss, max(_quadratic(covariance, 1 / win, -1 / loss), 0.0)


def _win_odds(shares: FloatArray, covariance: FloatArray) -> tuple[float, float]:
    """Return (1 + net benefit)/(1 - net benefit) and the variance of its log."""
    benefit = float(shares[0] - shares[1])
    if abs(benefit) >= 1:  # beyond 1 only where the pairs are weighted
        return (nan if abs(benefit) > 1 else inf if benefit > 0 else 0.0), nan
    variance = max(_quadratic(covariance, 1.0, -1.0), 0.0)
    return (1 + benefit) / (1 - benefit), variance * (2 / (1 - benefit**2)) ** 2


def _mean_ratio(ratios: Sequence[tuple[float, float]], weights: FloatArray) -> tuple[float, float]:
    """Return the weighted mean of the ratios of the strata and the variance of its log."""
    values = np.array([value for value, _ in ratios])
    variances = np.array([variance for _, variance in ratios])
    mean = float(weights @ values)
    if not 0 < mean < inf:
        return mean, nan
    return mean, float(weights**2 @ (values**2 * variances)) / mean**2


def _ratio_estimate(
    value: float, variance: float, words: tuple[str, str, str], conf_level: float, method: str
) -> Estimate:
    """Return a ratio with limits and the test against 1 on the log scale, and why there are none."""
    name, below, unknown = words
    reason = ""
    if value == inf:
        reason = f"{name} infinite: there are no {below}"
    elif np.isnan(value):
        reason = f"{name} not estimable: {unknown}"
    elif value == 0:
        reason = f"no limits of the {name}: there are no wins"
    elif np.isnan(variance):
        reason = f"no limits of the {name}: a stratum has no wins"
    error = sqrt(variance) if variance > NO_SPREAD else (0.0 if variance >= 0 else nan)
    if error == 0:
        reason = f"no test of the {name}: no subject differs from another"
    centre = log(value) if 0 < value < inf else nan
    half = float(ndtri(0.5 + conf_level / 2)) * error
    lower, upper, beyond = from_log(centre - half, centre + half)
    reason = reason or beyond
    return Estimate(
        estimate=value,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=2 * float(ndtr(-abs(centre / error))) if error > 0 else nan,
        method=f"{name}: {method}; std_error, limits and test on the log scale"
        + (f"; {reason}" if reason else ""),
    )


def _difference_estimate(value: float, error: float, conf_level: float, method: str) -> Estimate:
    """Return the net benefit with normal limits and the test against 0."""
    error = error if error**2 > NO_SPREAD else 0.0
    half = float(ndtri(0.5 + conf_level / 2)) * error
    reason = "" if error > 0 else "; no test of the net benefit: no subject differs from another"
    return Estimate(
        estimate=value,
        std_error=error,
        lower=value - half,
        upper=value + half,
        conf_level=conf_level,
        p_value=2 * float(ndtr(-abs(value / error))) if error > 0 else nan,
        method=f"net benefit: {method}; normal limits{reason}",
    )


def score_words(versus: str, *, stratified: bool) -> str:
    """Say what the score test is."""
    return f"Finkelstein-Schoenfeld test, permutation variance, {versus}" + (
        ", stratified" if stratified else ""
    )


def _score_test(parts: Sequence[Comparison], method: str) -> TestResult:
    score = sum(part.score for part in parts)
    variance = sum(part.score_variance for part in parts)
    z = score / sqrt(variance) if variance > 0 else nan
    return chi_square_test(
        z**2,
        1 if variance > 0 else 0,
        method,
        z=z,
        observed=np.array([-score, score]),
        expected=np.zeros(2),
        variance=variance * np.array([[1.0, -1.0], [-1.0, 1.0]]),
        otherwise="no pair is decided",
    )


def _stratum_frame(parts: Sequence[Comparison], strata: Sequence[object]) -> pd.DataFrame:
    wins, losses = (np.array([getattr(part, name).sum() for part in parts]) for name in ("wins", "losses"))
    pairs = np.array([part.n_pairs for part in parts])
    return pd.DataFrame(
        {
            "stratum": list(strata),
            "n_control": [part.n_control for part in parts],
            "n_experimental": [part.n_experimental for part in parts],
            "wins": wins,
            "losses": losses,
            "ties": pairs - wins - losses,
            "win_share": wins / pairs,
            "loss_share": losses / pairs,
            "win_ratio": [_win_ratio(part.shares[-1], part.covariance[-1])[0] for part in parts],
            "net_benefit": (wins - losses) / pairs,
        }
    )
