"""Log-rank test by the distribution of its scores over the assignments of arms."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..chi_square import chi_square_test
from ..covariates import arm_codes
from ..errors import InvalidArgument
from ..risk_table import from_the_end
from .permutation_distribution import SAME, two_sided_probability

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray
    from ..data import RightCensored
    from ..results import TestResult

ScoreTies = Literal["mid-ranks", "hothorn-lausen", "average-scores"]
Distribution = Literal["exact", "asymptotic", "monte-carlo"]

DRAWS = 9_999
EQUAL = 1e-20  # variance of the scores below this part of their square is 0
BATCH = 2_000_000  # scores drawn at a time


def logrank_permutation(
    data: RightCensored,
    arm: ArrayLike,
    *,
    control: object = None,
    ties: ScoreTies = "mid-ranks",
    distribution: Distribution = "exact",
    seed: int = 0,
) -> TestResult:
    """Test that the hazards of all arms are equal, by the random assignment of arms alone (permutation).

    Use it in small trials, where the normal approximation of :func:`~skeletal.survival.logrank` is doubtful.
    It supposes that censoring does not depend on the arm.

    Parameters
    ----------
    data : RightCensored
        n rows, without delayed entry and case weights.
    arm : array_like of shape (n,)
        Labels of two or more arms.
    control : label, optional
        The reference, which comes first in the result; default the first in sorted order.
    ties : {"mid-ranks", "hothorn-lausen", "average-scores"}
        Scores where event times are tied, see Notes.
    distribution : {"exact", "asymptotic", "monte-carlo"}
        All assignments (two arms); chi-square of the standardised sums; 9,999 assignments drawn.
    seed : int
        Of ``monte-carlo``; the others do not use it.

    Returns
    -------
    TestResult
        ``statistic`` is chi-square (z squared for two arms) with the permutation ``variance``; ``z`` of two
        arms negative for fewer events than expected on the experimental arm; ``expected`` sums the scores of
        the rows without their events.  NaN where all scores are equal.

    Raises
    ------
    InvalidArgument
        Fewer than two arms, ``exact`` with more than two, an unknown ``ties`` or ``distribution``, delayed
        entry, case weights, a ``seed`` that is no whole number from 0, too many rows for ``exact``.

    Notes
    -----
    The score of a row is its event (1 or 0) less C(t) = sum over event times u up to its time t of d(u)/n(u).
    ``mid-ranks``: n(u) rows have time u or later.  ``hothorn-lausen``: n(u) - 1 rows have a later time.
    ``average-scores``: the d tied events in any order, d/n replaced by 1/n + ... + 1/(n - d + 1) for censored
    rows, and for the events by the mean of the d partial sums.

    ``exact``: two-sided, the probability of a sum at least as far from its mean: all assignments counted, or
    (more than some 44 rows without ties) by inversion of the characteristic function to 1e-7.
    ``monte-carlo``: (b + 1)/10,000 with b of 9,999 assignments at least as extreme, which is never 0 and
    keeps the level (coin gives b over the number of draws).

    R: ``coin::logrank_test(Surv(time, event) ~ arm, distribution = "exact", ties.method = "mid-ranks")``,
    whose z is that of our experimental arm.  SAS: ``PROC NPAR1WAY SAVAGE; EXACT SAVAGE`` without censoring.

    References
    ----------
    Callaert (2003), American Statistician 57, 214-217; Hothorn and Lausen (2003), Comput Stat Data Anal 43,
    121-137, section 2; Pagano and Tritchler (1983), J Am Stat Assoc 78, 435-440; Phipson and Smyth (2010),
    Stat Appl Genet Mol Biol 9, article 39, for (b + 1)/(m + 1).

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([6, 13, 21, 30, 31, 37, 38, 47], [1, 1, 1, 1, 0, 1, 0, 0])
    >>> result = logrank_permutation(data, list("AABAABBB"))
    >>> round(result.z, 4), round(result.p_value, 4)
    (-1.2467, 0.2)
    """
    checks.option(ties, ScoreTies, "ties")
    checks.option(distribution, Distribution, "distribution")
    _refuse(data, seed)
    codes, labels = arm_codes(arm, data.n_subjects, control)
    k, n = len(labels), data.n_subjects
    if distribution == "exact" and k > 2:
        raise InvalidArgument(
            f"distribution='exact' takes two arms, got {k}: use distribution='monte-carlo' or 'asymptotic'"
        )
    hazard = _cumulative_hazard(data, ties)
    scores = data.event - hazard
    sizes = np.bincount(codes, minlength=k).astype(np.int64)
    centred = scores - scores.mean()
    variance = float(centred @ centred) / (n - 1)
    sums = np.bincount(codes, centred, k).astype(np.float64)
    method = _method(ties, distribution, seed, labels)
    known = variance > EQUAL * float(np.max(np.abs(scores))) ** 2
    if not known:
        method = f"{method}; not estimable: all scores are equal"
    covariance = variance * (np.diag(sizes) - np.outer(sizes, sizes) / n)
    result = chi_square_test(
        float(np.sum(sums**2 / sizes) / variance) if known else float("nan"),
        (k - 1) * int(known),
        method,
        z=float(sums[1] / np.sqrt(covariance[1, 1])) if known and k == 2 else float("nan"),
        observed=np.bincount(codes, data.event, k).astype(np.float64),
        expected=np.bincount(codes, hazard, k) + sizes * scores.mean(),
        variance=covariance,
    )
    if distribution == "asymptotic" or not known:
        return result
    if distribution == "exact":
        return replace(result, p_value=two_sided_probability(scores, int(sizes[1]), abs(float(sums[1]))))
    return replace(result, p_value=_drawn_p_value(centred, sums, sizes, seed))


def _refuse(data: RightCensored, seed: int) -> None:
    if data.entry is not None:
        raise InvalidArgument("logrank_permutation takes no delayed entry: rows must be exchangeable")
    if data.weight is not None:
        raise InvalidArgument("logrank_permutation takes no case weights: give one row a subject")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise InvalidArgument(f"seed must be a whole number from 0, got {seed!r}")


def _method(ties: str, distribution: str, seed: int, labels: tuple[object, ...]) -> str:
    drawn = f" of {DRAWS:,} assignments with seed {seed}" if distribution == "monte-carlo" else ""
    return (
        f"log-rank permutation test, {ties} scores, {distribution} distribution{drawn}, "
        f"permutation variance, reference {labels[0]}"
    )


def _cumulative_hazard(data: RightCensored, ties: ScoreTies) -> FloatArray:
    """Return C of each row: what its score lacks of its event."""
    time, place = np.unique(data.time, return_inverse=True)
    n_events = np.bincount(place, data.event, time.size).astype(np.float64)
    leaving = np.bincount(place, minlength=time.size).astype(np.float64)
    n_at_risk = from_the_end(leaving)
    if ties == "average-scores":
        after, of_events = _one_after_the_other(n_at_risk, n_events)
        return np.where(data.event == 1, of_events[place], after[place])
    size = n_at_risk if ties == "mid-ranks" else n_at_risk - leaving + 1
    return np.asarray(np.cumsum(n_events / size)[place])


def _one_after_the_other(n_at_risk: FloatArray, n_events: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the hazard after each time, tied events in any order, and its mean over these events."""
    d = n_events.astype(np.int64)
    cell = np.repeat(np.arange(d.size), d)
    before = np.arange(cell.size) - (np.cumsum(d) - d)[cell]
    step = 1 / (n_at_risk[cell] - before)
    after = np.asarray(np.cumsum(np.bincount(cell, step, d.size)), dtype=np.float64)
    # the step of the l-th of d events is in the sums of that one and of the d - l later ones
    mean_step = np.bincount(cell, step * (d[cell] - before), d.size) / np.maximum(d, 1)
    return after, np.concatenate([[0.0], after[:-1]]) + mean_step


def _drawn_p_value(centred: FloatArray, sums: FloatArray, sizes: IntArray, seed: int) -> float:
    """Return (b + 1)/(m + 1), b of m random assignments being at least as far from what is expected."""
    rng = np.random.default_rng(seed)
    starts = np.cumsum(sizes) - sizes
    limit = float(np.sum(sums**2 / sizes)) - SAME * float(centred @ centred)
    reached, left = 0, DRAWS
    while left > 0:
        rows = min(left, max(1, BATCH // centred.size))
        drawn = rng.permuted(np.tile(centred, (rows, 1)), axis=1)
        distance = np.sum(np.add.reduceat(drawn, starts, axis=1) ** 2 / sizes, axis=1)
        reached += int(np.sum(distance >= limit))
        left -= rows
    return (reached + 1) / (DRAWS + 1)
