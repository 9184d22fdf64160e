"""Turnbull's estimate of survival from interval-censored times, with the certificate of its optimum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..arrays import as_numbers
from ..errors import InvalidArgument, NotConverged
from ..results import ON_LEVEL, freeze_arrays
from .hazard_climb import Rows, climb, rows_of, start
from .innermost import innermost_sets, require_intervals

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, TimeUnit
    from ..data import IntervalCensored

Edge = Literal["upper", "lower"]

CERTIFIED = 1e-9  # kkt_gap up to which the estimate counts as the likeliest
NO_MASS = np.empty(0)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TurnbullCurve:
    """The likeliest distribution of interval-censored times: masses on the innermost sets.

    Attributes
    ----------
    left, right : ndarray of shape (m,)
        Innermost sets (left, right], in order; a point where both are equal; infinite ``right`` where mass
        lies beyond the last time known to be without the event.
    mass : ndarray of shape (m,)
        Probability of each set, exactly 0 where the likeliest distribution has none.  Where it lies within a
        set the data do not say.
    converged : bool
        Whether ``kkt_gap`` is at most 1e-9.
    kkt_gap : float
        Largest slope of the log likelihood per subject towards any set, less 1: 0 at the optimum.  The log
        likelihood is at most ``n_subjects`` times this below the largest one.
    log_likelihood : float
        Sum of the logarithms of the probabilities of the intervals.
    n_subjects, n_events : int
        Rows, and those whose event is known to have happened.
    iterations : int
        Newton steps; 0 where the estimate is a product.
    time_unit : str
        Unit of the times.
    method : str
        What a reader must know to repeat the numbers.
    """

    left: FloatArray
    right: FloatArray
    mass: FloatArray
    converged: bool
    kkt_gap: float
    log_likelihood: float
    n_subjects: int
    n_events: int
    iterations: int
    time_unit: TimeUnit
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)

    def at(self, times: ArrayLike, edge: Edge = "upper") -> pd.DataFrame:
        """Return the probability of no event by each time.

        Parameters
        ----------
        times : array_like of shape (k,)
            Times, in ``time_unit``.
        edge : {"upper", "lower"}
            Where the mass of a set is thought: at its right end, the largest survival that the estimate
            allows, or just after its left end, the smallest.

        Returns
        -------
        DataFrame
            Columns ``time``, ``estimate``, in the order of ``times``.
        """
        checks.option(edge, Edge, "edge")
        wanted = np.atleast_1d(as_numbers(times, "times"))
        if wanted.ndim != 1 or np.isnan(wanted).any():
            raise InvalidArgument("times must be one-dimensional and not missing")
        passed = np.searchsorted(self.right, wanted, side="right")
        if edge == "lower":
            begun = np.searchsorted(self.left, wanted, side="left")
            passed = np.maximum(passed, begun)  # a point at its own time has passed, its left end has not
        return pd.DataFrame({"time": wanted, "estimate": self._survival()[passed]})

    def quantile(self, p: ArrayLike) -> pd.DataFrame:
        """Return between which times a fraction ``p`` has had the event.

        Returns
        -------
        DataFrame
            Columns ``p``, ``left``, ``right``: the quantile with all mass just after the left ends and at
            the right ends; the midpoint where survival is 1 - p over a flat piece; infinite where it is
            not reached.
        """
        levels = np.atleast_1d(as_numbers(p, "p"))
        if levels.ndim != 1 or not ((levels > 0) & (levels < 1)).all():
            raise InvalidArgument("p must lie strictly between 0 and 1")
        used = self.mass > 0
        after = self._survival()[1:][used]
        rows = []
        for level in levels:
            below = int(np.searchsorted(-after, level - 1 + ON_LEVEL, side="right"))
            reached = int(np.searchsorted(-after, level - 1 - ON_LEVEL, side="left"))
            ends = [float((edge[reached] + edge[below]) / 2) for edge in (self.left[used], self.right[used])]
            rows.append((level, *ends))
        return pd.DataFrame(rows, columns=["p", "left", "right"])

    def to_frame(self) -> pd.DataFrame:
        """Return one row an innermost set: left, right, mass and survival after it."""
        return pd.DataFrame(
            {"left": self.left, "right": self.right, "mass": self.mass, "survival": self._survival()[1:]}
        )

    def _survival(self) -> FloatArray:
        """Survival before the first set and after each."""
        return survival_of(self.mass)


def survival_of(mass: FloatArray) -> FloatArray:
    """Return the probability of lying in a later set: before the first set and after each of m."""
    later = np.append(np.cumsum(mass[::-1])[::-1], 0.0)
    later[0] = 1.0
    return np.asarray(later)


def turnbull(data: IntervalCensored) -> TurnbullCurve:
    """Probability of being without the event over time, when it is known only to lie between two visits.

    Use it for what is seen at visits or on films: it imputes no date.  It says nothing about where within an
    innermost set an event lies, and has no standard error by counts: compare arms by
    :func:`~skeletal.intervals.interval_logrank` and :func:`~skeletal.intervals.interval_regression`.  With
    exact and right-censored times only it is the Kaplan-Meier estimate.

    Parameters
    ----------
    data : IntervalCensored
        n rows (left, right]; exact where both are equal, right-censored where ``right`` is infinite.

    Returns
    -------
    TurnbullCurve
        Masses on the innermost sets with ``kkt_gap``, the certificate that no distribution is likelier.

    Raises
    ------
    InvalidArgument
        Data of another type.
    NotConverged
        No maximum within 1e-9 was found.

    Notes
    -----
    The likeliest distribution has mass only on innermost sets: from a left end to the next right end with
    none other between (Peto 1973; Turnbull 1976).  An event at a right end of other rows is a set by itself.
    An event at time 0 lies in no interval from 0 on.  Times are compared exactly.

    With P_i the probability of row i and d_j the sum of 1/P_i over the rows that hold set j, the masses are
    likeliest if and only if no d_j exceeds n (Gentleman and Geyer 1994): ``kkt_gap`` is max d_j/n - 1.

    The climb starts by the iterative convex minorant and goes on by Newton's method on the cumulative
    hazards of the sets with mass; sets leave where Newton's method turns their order, and come back where
    the slope rises towards them.

    R: ``interval::icfit(Surv(left, right, type = "interval2") ~ 1)``, ``icenReg::ic_np``,
    ``npsurv::npsurv(cbind(left, right))``.  SAS: ``PROC ICLIFETEST; TIME (left, right)``.

    References
    ----------
    Peto (1973), Appl Stat 22, 86-91; Turnbull (1976), J R Stat Soc B 38, 290-295; Gentleman and Geyer (1994),
    Biometrika 81, 618-623; Jongbloed (1998), J Comput Graph Stat 7, 310-321.

    Examples
    --------
    >>> from skeletal.data import IntervalCensored
    >>> inf = float("inf")
    >>> curve = turnbull(IntervalCensored([0, 3, 3, 6, 12], [3, 6, 12, inf, inf], time_unit="months"))
    >>> curve.left, curve.right, curve.mass.round(4)
    (array([ 0.,  3.,  6., 12.]), array([ 3.,  6., 12., inf]), array([0.2, 0.4, 0. , 0.4]))
    >>> curve.at([3, 6, 12]).estimate.round(4).tolist()
    [0.8, 0.4, 0.4]
    """
    require_intervals(data)
    sets = innermost_sets(data)
    rows = rows_of(sets)
    mass, steps = likeliest_mass(data, rows)
    gap = _certificate(rows, mass)
    if not gap <= CERTIFIED:
        raise NotConverged(
            f"Turnbull's estimate of {data.n_subjects} row(s) over {sets.n_sets} sets is not certified: a "
            f"slope per subject of {gap:.2g} is left. Please report this as a bug"
        )
    return TurnbullCurve(
        left=sets.left,
        right=sets.right,
        mass=mass,
        converged=True,
        kkt_gap=gap,
        log_likelihood=float(rows.weight @ np.log(_probability(rows, mass))),
        n_subjects=data.n_subjects,
        n_events=data.n_events,
        iterations=steps,
        time_unit=data.time_unit,
        method=_method(data, steps),
    )


def likeliest_mass(data: IntervalCensored, rows: Rows) -> tuple[FloatArray, int]:
    """Return the masses of the sets and how many Newton steps it took, none for a product."""
    if bool(np.all((data.left == data.right) | np.isinf(data.right))):
        return _product(rows), 0
    peak = climb(rows, start(rows), NO_MASS)
    survival = np.append(np.exp(-peak.hazard), 0.0)
    mass = survival[:-1] * -np.expm1(-np.append(np.diff(peak.hazard), np.inf))
    return mass, peak.iterations


def _product(rows: Rows) -> FloatArray:
    """Masses where every row is a point or open-ended: d/n of what is left, the rest in the last set."""
    m = rows.n_sets
    point = rows.last < m  # all that lie in the last set are at risk at every other
    n_events = np.bincount(rows.first[point], rows.weight[point], m)[: m - 1]
    gone = np.bincount(rows.first + point, rows.weight, m + 1)  # open rows leave before their first set
    at_risk = np.cumsum(gone[::-1])[::-1][1:m]
    alive = np.cumprod(np.append(1.0, 1 - n_events / at_risk))
    return np.asarray(alive * np.append(n_events / at_risk, 1.0))


def _probability(rows: Rows, mass: FloatArray) -> FloatArray:
    """Probability of each row's interval, all of it where it is open to the right and the left."""
    survival = survival_of(mass)
    return np.asarray(survival[rows.first] - survival[rows.last])


def _certificate(rows: Rows, mass: FloatArray) -> float:
    """Return the largest slope per subject towards a set, less 1."""
    pull = rows.weight / _probability(rows, mass)
    m = rows.n_sets
    change = np.bincount(rows.first, pull, m + 1) - np.bincount(rows.last, pull, m + 1)
    return float(np.cumsum(change)[:m].max() / rows.total - 1)


def _method(data: IntervalCensored, steps: int) -> str:
    parts = ["Turnbull's non-parametric maximum likelihood, intervals (left, right]"]
    if not steps:
        parts.append("exact and right-censored times only: Kaplan-Meier")
    silent = int(np.sum((data.left == 0) & np.isinf(data.right)))
    if silent:
        parts.append(f"{silent} row(s) from 0 without end say nothing")
    if not data.n_events:
        parts.append("no events")
    return ", ".join(parts)
