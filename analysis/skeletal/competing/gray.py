"""Gray's test of equal cumulative incidence between arms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..chi_square import RANK, chi_square_test, quadratic_form
from ..covariates import arm_codes, label_codes
from ..errors import InvalidArgument
from ..risk_table import from_the_end
from .aalen_johansen import tie_factor

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import CompetingRisks
    from ..results import TestResult

ROUNDING = 1e-12  # 1 - F nearer to 0 than this is 0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ArmCounts:
    """Counts of each arm at the event times of one stratum; arrays of shape (k, m).

    Attributes
    ----------
    n_at_risk : ndarray
        At risk just before each time.
    n_events, n_other : ndarray
        Events of the cause, and of all other causes.
    """

    n_at_risk: FloatArray
    n_events: FloatArray
    n_other: FloatArray


def gray_test(
    data: CompetingRisks,
    arm: ArrayLike,
    cause: str,
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    rho: float = 0.0,
) -> TestResult:
    """Test that the cumulative incidence of one cause is the same in all arms (Gray).

    Use it to compare risks where other events compete.  It compares incidences, not cause-specific
    hazards: an arm in which more subjects die first can have the lower incidence; show that of the
    competing cause beside it.

    Parameters
    ----------
    data : CompetingRisks
        n rows without delayed entry.
    arm : array_like of shape (n,)
        Labels of two or more arms.
    cause : str
        One of ``data.causes``; all others compete.
    control : label, optional
        The reference, which comes first in the result; default the first in sorted order.
    strata : array_like of shape (n,), optional
        One label a row: score and variance are summed over strata.
    rho : float
        Power of 1 - F(t-) in the weight, F the pooled incidence: positive for early differences,
        negative for late ones.

    Returns
    -------
    TestResult
        Chi-square ``statistic`` with one degree of freedom fewer than arms; ``z`` of two arms is that of
        the experimental arm: negative for a lower incidence.  ``observed`` and ``expected`` are
        weighted sums.  NaN where no event of the cause can tell the arms apart, and in tiny samples
        where the factors for ties make the variance negative, or where the pooled incidence reaches 1
        while arms are still compared.

    Raises
    ------
    InvalidArgument
        ``cause`` is none of ``data.causes``; fewer than two arms; a ``control`` that is none; labels
        that are missing or too few; delayed entry; ``rho`` not finite.

    Notes
    -----
    With Y_k at risk, h_k = Y_k/S_k(t-) and R_k = h_k (1 - F_k(t-)), the score of arm k sums
    W (d_k - d R_k/R) over event times, W = (1 - F(t-))^rho and dF = d/h; letters without k are sums over
    arms.  Its variance is Gray's with hypergeometric factors for ties: an arm counts the tied events of
    all arms against h S_k(t-), and its own competing events against Y_k.  The score of all arms is used
    with a generalised inverse, so that an arm never at risk adds no degree of freedom.

    R: ``cmprsk::cuminc(time, status, arm, strata, rho)$Tests``.  SAS: ``PROC LIFETEST;
    TIME time*status(0) / EVENTCODE=1; STRATA s / GROUP=arm``.

    References
    ----------
    Gray (1988), Ann Stat 16, 1141-1154, sections 2 and 3.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9], [1, 2, 1, 1, 2, 0], ["SSE", "death"])
    >>> result = gray_test(data, ["A", "A", "A", "B", "B", "B"], "SSE")
    >>> result.observed, round(result.statistic, 4), round(result.p_value, 4)
    (array([2., 1.]), 2.1654, 0.1411)
    """
    code = data.code(cause)
    if not np.isfinite(rho):
        raise InvalidArgument(f"rho must be finite, got {rho}")
    if data.entry is not None:
        raise InvalidArgument("Gray's test takes no delayed entry: the data have entry times")
    codes, labels = arm_codes(arm, data.n_subjects, control)
    k = len(labels)
    stratum = np.zeros(data.n_subjects, dtype=np.int64)
    if strata is not None:
        stratum = label_codes(strata, data.n_subjects, "strata")[0]
    observed, expected, variance = np.zeros(k), np.zeros(k), np.zeros((k, k))
    order = np.argsort(stratum, kind="stable")
    for rows in np.split(order, np.cumsum(np.bincount(stratum))[:-1]):
        counts = _count(data.time[rows], data.status[rows], codes[rows], code, k)
        if counts.n_events.any():
            parts = _score(counts, rho)
            observed, expected, variance = observed + parts[0], expected + parts[1], variance + parts[2]
    score = observed - expected
    proper = _is_variance(variance)
    statistic, df = quadratic_form(score, variance) if proper else (float("nan"), 0)
    z = float("nan")
    if k == 2 and df == 1:
        z = float(score[1] / np.sqrt(variance[1, 1]))
    stratified = "" if strata is None else "stratified, "
    failed = "" if proper else "; not estimable: with so many ties the variance is not finite and positive"
    return chi_square_test(
        statistic,
        df,
        f"Gray's test of the cumulative incidence of {cause}, {stratified}rho {rho:g}, "
        f"reference {labels[0]}{failed}",
        z=z,
        observed=observed,
        expected=expected,
        variance=variance,
    )


def _count(time: FloatArray, status: IntArray, arm: IntArray, code: int, k: int) -> ArmCounts:
    """Count each arm at the distinct times of events of any cause."""
    grid, index = np.unique(time, return_inverse=True)
    shape = (k, grid.size)

    def by_arm(rows: BoolArray) -> FloatArray:
        cells = arm[rows] * grid.size + index[rows]
        return np.bincount(cells, minlength=k * grid.size).reshape(shape).astype(np.float64)

    leaving = by_arm(np.ones(time.size, dtype=np.bool_))
    events, other = by_arm(status == code), by_arm((status > 0) & (status != code))
    used = (events + other).any(axis=0)
    n_at_risk = from_the_end(leaving.T).T
    return ArmCounts(n_at_risk=n_at_risk[:, used], n_events=events[:, used], n_other=other[:, used])


def _score(counts: ArmCounts, rho: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weighted observed and expected events (k,) and the variance of their difference (k, k)."""
    n, d1, d2 = counts.n_at_risk, counts.n_events, counts.n_other
    present = n > 0
    some = np.where(present, n, 1.0)
    survival = np.cumprod(np.where(present, (n - d1 - d2) / some, 1.0), axis=1, dtype=np.float64)
    before = _lagged(survival, 1.0)
    own: FloatArray = np.cumsum(before * d1 / some, axis=1)
    size = np.where(present, n / np.where(present, before, 1.0), 0.0)
    whole, total = size.sum(axis=0), d1.sum(axis=0)
    pooled: FloatArray = np.cumsum(total / whole)
    free = 1.0 - np.append(0.0, pooled[:-1])
    free = np.where(np.abs(free) < ROUNDING, 0.0, free)
    compared = present.sum(axis=0) > 1  # with one arm left nothing is compared, and free can pass 0
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(compared, free, np.maximum(free, 0.0)) ** rho
        rate = np.where(compared, total / (whole * free), 0.0)
    weight = np.where(np.isfinite(weight), weight, np.where(compared, np.nan, 0.0))
    rate = np.where(np.isfinite(rate), rate, np.nan)
    remaining = size * (1 - _lagged(own, 0.0))
    expected = (remaining / remaining.sum(axis=0)) @ (weight * total)
    variance = np.zeros((n.shape[0], n.shape[0]))
    for k in np.flatnonzero(present.any(axis=1)):
        at = present[k]
        effect = -weight * size * (size[k] / whole)
        effect[k] += weight * size[k]
        reached = np.cumsum(effect * rate, axis=1)
        later = (reached[:, -1:] - reached)[:, at]
        alive, n_k, all_1, own_2 = before[k, at], n[k, at], total[at], d2[k, at]
        lost = np.divide(1 - pooled[at], survival[k, at], out=np.zeros(n_k.size), where=survival[k, at] > 0)
        first, second = effect[:, at] + (1 - lost) * later, lost * later
        spread_1 = tie_factor(all_1, whole[at] * alive) * alive * all_1 / (whole[at] * n_k)
        spread_2 = tie_factor(own_2, n_k) * (alive / n_k) ** 2 * own_2
        variance += (first * spread_1) @ first.T + (second * spread_2) @ second.T
    return d1 @ weight, expected, (variance + variance.T) / 2


def _is_variance(matrix: FloatArray) -> bool:
    """Whether a matrix is finite and, rounding apart, without negative eigenvalues."""
    if not np.isfinite(matrix).all() or (np.diag(matrix) < 0).any():
        return False
    values = np.linalg.eigvalsh(matrix)
    return bool(values[0] >= -RANK * values[-1])


def _lagged(values: FloatArray, start: float) -> FloatArray:
    """Shift a step curve by one position along the last axis."""
    return np.concatenate([np.full((values.shape[0], 1), start), values[:, :-1]], axis=1)
