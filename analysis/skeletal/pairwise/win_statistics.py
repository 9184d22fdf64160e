"""Win ratio, net benefit and win odds of outcomes in order of priority."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arm_contrast import two_arms
from .censoring_weights import censoring_weights
from .comparison import Comparison, RowCounts, project
from .expected import expected_counts
from .plain import SameTime, places, plain_counts, weighted_counts
from .priorities import Priority, checked_priorities, names_of
from .strata import rows_by_stratum
from .win_results import StratumWeight, WinStatistics, score_words, win_results

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray

Scoring = Literal["gehan", "ipcw", "peron"]
SCORINGS = {
    "gehan": "pairs that censoring leaves undecided go on to the next priority, "
    "variance by first-order projections",
    "ipcw": "decided pairs weighted by the inverse of the chance that both are followed until then, "
    "variance by first-order projections with the weights taken as known",
    "peron": "censored pairs scored by the Kaplan-Meier curves of the arms as far as these are known, "
    "variance by first-order projections with that of the curves",
}
STRATUM_WEIGHTS = {
    "mantel-haenszel": "strata weighted by 1/size",
    "size": "mean over strata of each statistic, weighted by size",
    "equal": "pairs of all strata alike",
}


def win_statistics(  # noqa: PLR0913  (public API: keyword options)
    priorities: Sequence[Priority] | Priority,
    arm: ArrayLike,
    *,
    control: object = None,
    strata: ArrayLike | None = None,
    stratum_weight: StratumWeight = "mantel-haenszel",
    scoring: Scoring = "gehan",
    same_time: SameTime = "undecided",
    conf_level: float = 0.95,
) -> WinStatistics:
    """Win ratio, net benefit and win odds: who of two subjects fares better, by the worst outcome first.

    Every experimental subject is compared with every control on the first priority; pairs that it leaves
    undecided are compared on the next.  Use it where outcomes differ in weight and a time to the first of
    them would count a pain flare like a death.  With censored data the win ratio depends on the follow-up of
    the trial (``scoring``); read it beside the shares of wins, losses and ties of each priority.

    Parameters
    ----------
    priorities : sequence of Priority
        Outcomes, most important first; see :func:`bone_priorities`.
    arm : array_like of shape (n,)
        Label of the arm of each subject; two labels.
    control : label, optional
        The reference arm; the first in sorted order by default.
    strata : array_like of shape (n,), optional
        Label of the stratum of each subject; only pairs within a stratum are compared.
    stratum_weight : {"mantel-haenszel", "size", "equal"}
        Wins and losses of a stratum weighted by 1/subjects; the mean of the strata's statistics weighted by
        subjects; pairs of all strata alike.
    scoring : {"gehan", "ipcw", "peron"}
        What was seen decides; the same weighted for pairs lost to censoring; or expected by Kaplan-Meier.
    same_time : {"undecided", "event-first"}
        An event and a censoring at one time decide nothing, or the censored subject wins.  With
        ``scoring="peron"`` events always come first, as in the Kaplan-Meier curve.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    WinStatistics
        The win ratio is infinite where there are no losses and NaN where nothing is decided, with the reason
        in its ``method``.  The Finkelstein-Schoenfeld test is that of the plain comparison whatever the
        ``scoring``.

    Raises
    ------
    InvalidArgument
        No priority, unequal lengths, not two arms, missing labels, unknown options.
    NotEstimable
        No stratum with both arms.

    Notes
    -----
    Subject i beats j on a priority where j has an event and time_i - time_j > margin.  With p and q the
    shares of wins and losses, n experimental and m control subjects and w_i, l_i (w_j, l_j) the shares of
    the pairs of one subject that the experimental arm wins and loses, cov(p, q) = sum (w_i - p)(l_i - q)/n^2
    + sum (w_j - p)(l_j - q)/m^2, and so the variances; log(p/q) by the delta method; win odds
    (1 + p - q)/(1 - p + q).

    Finkelstein-Schoenfeld: T = sum of u_i over the experimental arm, u_i wins less losses of i against all
    subjects of both arms, variance n m sum u_i^2/(N (N - 1)); strata summed.

    ipcw: a pair that j loses at t counts 1/(G_j(t-) G_i(t + margin)), G the Kaplan-Meier curves of censoring
    of the two arms in the stratum: a subject is censored at its latest time over the priorities unless it has
    an event then; events tied with a censoring are still at risk.  For one outcome the sums estimate those
    that would be seen without censoring before the last time; a pair that one priority leaves open because of
    censoring still goes on to the next.  Shares may exceed 1; the win odds are NaN where they differ by more.

    peron: chances to win and to lose given what is known of both, from the Kaplan-Meier curve of each arm
    (and stratum); what lies beyond the last known time of a curve stays undecided and goes on with its share.
    The curves' part of the variance takes dS = -exp(-A) dA with the Nelson-Aalen A.

    Two priorities are counted by sorting in n log n steps, others pair by pair.

    R: ``BuyseTest::BuyseTest(method.inference = "u-statistic")`` (``same_time="event-first"``;
    ``scoring.method="Gehan"`` or ``"Peron"``; its limits of the net benefit are on the atanh scale),
    ``WINS::win.stat(stratum.weight = "MH-type", "wt.stratum1", "equal")`` (its standard errors differ from
    the second digit on).  SAS: none.

    References
    ----------
    Pocock et al. (2012), Eur Heart J 33, 176-182; Buyse (2010), Stat Med 29, 3245-3257; Bebu and Lachin
    (2016), Biostatistics 17, 178-187; Finkelstein and Schoenfeld (1999), Stat Med 18, 1341-1354; Dong et al.
    (2018), J Biopharm Stat 28, 778-796 (strata) and (2020), 30, 882-899 (ipcw); Peron et al. (2018), Stat
    Methods Med Res 27, 1230-1239.

    Examples
    --------
    >>> death = Priority([300, 500, 200, 400], [1, 0, 1, 0], label="death")
    >>> fracture = Priority([90, 500, 60, 150], [1, 0, 1, 1], label="fracture")
    >>> result = win_statistics([death, fracture], ["new", "new", "old", "old"], control="old")
    >>> result.wins, result.losses, result.win_ratio.estimate, result.net_benefit.estimate
    (array([2., 1.]), array([1., 0.]), 3.0, 0.5)
    """
    checks.option(stratum_weight, StratumWeight, "stratum_weight")
    checks.option(scoring, Scoring, "scoring")
    checks.option(same_time, SameTime, "same_time")
    checks.probability(conf_level, "conf_level")
    listed = checked_priorities(priorities)
    codes, arms = two_arms(arm, listed[0].n_subjects, control)
    groups, names, note = rows_by_stratum(strata, codes)
    labels = names_of(listed)
    times, events = np.stack([p.time for p in listed]), np.stack([p.event for p in listed])
    margins = [p.margin for p in listed]
    parts = [
        _compare(times[:, rows], events[:, rows], margins, codes[rows] == 1, scoring, same_time)
        for rows in groups
    ]
    versus = f"{arms[1]} against {arms[0]} (reference)"
    pairs = f"{versus} by {' > '.join(map(_with_margin, labels, margins))}"
    pairs += _choices(listed, labels, scoring, same_time)
    pairs += (f"; {STRATUM_WEIGHTS[stratum_weight]}" if strata is not None else "") + note
    return win_results(
        parts,
        strata=names,
        labels=labels,
        stratum_weight=stratum_weight,
        conf_level=conf_level,
        method=pairs,
        score_method=score_words(versus, stratified=strata is not None),
    )


def _with_margin(label: str, margin: float) -> str:
    return f"{label} (margin {margin:g})" if margin else label


def _choices(
    priorities: Sequence[Priority], labels: Sequence[str], scoring: Scoring, same_time: SameTime
) -> str:
    """Say how pairs are scored, the rule for one time, and which priorities nobody reached."""
    first = same_time == "event-first" or scoring == "peron"
    text = f"; {SCORINGS[scoring]}; an event and a censoring at one time: " + (
        "the event comes first" if first else "undecided"
    )
    nobody = [label for label, p in zip(labels, priorities, strict=True) if not p.n_events]
    return text + (f"; nobody reached {', '.join(nobody)}, which decides nothing" if nobody else "")


def _compare(
    times: FloatArray,
    events: IntArray,
    margins: Sequence[float],
    experimental: BoolArray,
    scoring: Scoring,
    same_time: SameTime,
) -> Comparison:
    """Compare the pairs of one stratum by the priorities that somebody of it reached."""
    reached = np.flatnonzero(events.any(axis=1))
    if not reached.size:
        reached = np.array([0])
    kept_times, kept_events = times[reached], events[reached]
    kept_margins = [margins[p] for p in reached.tolist()]
    placed = places(kept_times, kept_events, kept_margins, same_time)
    rows, test = plain_counts(placed, experimental)
    influence = None
    if scoring == "ipcw":
        weight = censoring_weights(times, events, margins, experimental, same_time)[reached]
        rows = weighted_counts(placed, experimental, weight)
    elif scoring == "peron":
        rows, parts = expected_counts(kept_times, kept_events, kept_margins, experimental)
        influence = (_upto_all(parts[0], reached, len(times)), _upto_all(parts[1], reached, len(times)))
    return project(_all_priorities(rows, reached, len(times)), test, influence=influence)


def _all_priorities(rows: RowCounts, reached: IntArray, k: int) -> RowCounts:
    """Put the counts in their places among all priorities; nobody is decided by the others."""

    def spread(counts: FloatArray) -> FloatArray:
        full = np.zeros((k, counts.shape[1]))
        full[reached] = counts[: reached.size]
        return full

    return RowCounts(
        experimental=(spread(rows.experimental[0]), spread(rows.experimental[1])),
        control=(spread(rows.control[0]), spread(rows.control[1])),
    )


def _upto_all(influence: FloatArray, reached: IntArray, k: int) -> FloatArray:
    """Return the influence up to each of all priorities from that up to each which somebody reached."""
    upto = np.searchsorted(reached, np.arange(k), side="right") - 1
    return np.where((upto >= 0)[:, None, None], influence[np.maximum(upto, 0)], 0.0)
