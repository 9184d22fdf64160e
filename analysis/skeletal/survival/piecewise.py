"""Regression with a hazard that is constant within intervals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from ..arrays import BoolArray, FloatArray, as_floats
from ..chi_square import chi_square_test, no_test, quadratic_form
from ..covariates import covariate_matrix
from ..cox_results import coefficient_fields
from ..errors import InvalidArgument, NotConverged, NotEstimable, name_some
from ..newton import Evaluation, invert
from ..results import RegressionFit
from ..risk_table import sum_by
from .design import standardised
from .lifetimes import Maximum, maximise, square
from .parametric_model import SEPARATED

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..data import RightCensored


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PiecewiseFit(RegressionFit):
    """A piecewise exponential model with the counts under it.

    Attributes
    ----------
    cuts : ndarray of shape (k,)
        Times at which the hazard may change.
    interval_events, interval_time : ndarray of shape (k + 1,)
        Events and time at risk of each interval, weighted.
    survival_log_likelihood : float
        Log likelihood of the times, to compare with that of :func:`~skeletal.survival.parametric`.
    """

    cuts: FloatArray
    interval_events: FloatArray
    interval_time: FloatArray
    survival_log_likelihood: float


def piecewise_exponential(
    data: RightCensored, covariates: pd.DataFrame | None, *, cuts: ArrayLike
) -> PiecewiseFit:
    """Log rates by interval and log hazard ratios of covariates, the hazard constant between the cuts.

    Use it where a design assumes such a hazard, and to see how a rate changes with time.  Cuts chosen after
    a look at the events make standard errors too small.

    Parameters
    ----------
    data : RightCensored
        n rows; case weights and delayed entry count where the data have them.
    covariates : DataFrame of shape (n, p) or None
        Numeric columns, in the order of the rows of ``data``; None for rates alone.
    cuts : array_like of shape (k,)
        Increasing times after 0 between the intervals (0, cut], (cut, next cut], ..., (last cut, inf).

    Returns
    -------
    PiecewiseFit
        A ``RegressionFit`` named by the k + 1 intervals, then the covariates: log rates per ``time_unit`` of
        the data with all covariates 0, then log hazard ratios, with 95 percent limits.  The global tests are
        of the covariates.  An interval without events has rate 0: its row is NaN, and ``method`` names it.

    Raises
    ------
    InvalidArgument
        Cuts that do not increase from above 0; an event at time 0; covariates that are not numeric, missing
        or of another length.
    NotEstimable
        No events; covariates that are constant or determined by others.
    NotConverged
        The likelihood has no maximum, for instance with an arm without events.

    Notes
    -----
    With d events in time t of a row within an interval the Poisson log likelihood is the sum of d log m - m
    with m = t exp(log rate + x'b); ``log_likelihood`` is that of R's ``glm`` on one line a row and interval.
    It exceeds ``survival_log_likelihood`` by the sum over events of the log of their time within the
    interval.  That depends on the cuts also where rates are equal: compare laws of time by the latter.

    R: ``glm(event ~ factor(interval) - 1 + x + offset(log(t)), family = poisson)`` on the rows of
    ``survival::survSplit``.  SAS: PROC GENMOD with DIST=POISSON OFFSET=.

    References
    ----------
    Holford (1980), Biometrics 36, 299-305; Laird and Olivier (1981), J Am Stat Assoc 76, 231-240.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([5, 8, 8, 12, 20, 21], [1, 1, 0, 1, 1, 0])
    >>> fit = piecewise_exponential(data, None, cuts=[10])
    >>> fit.names, fit.ratio.round(4), fit.interval_time
    (('(0, 10]', '(10, inf)'), array([0.0392, 0.087 ]), array([51., 23.]))
    """
    n = data.n_subjects
    names, matrix = ((), np.empty((n, 0))) if covariates is None else covariate_matrix(covariates, n)
    edges = _edges(cuts)
    checks.rows_where((data.event == 1) & (data.time == 0), "an event must come after 0")
    if not data.n_events:
        raise NotEstimable(f"no events among {n} row(s): a rate cannot be estimated")
    event = np.where(data.event == 1, 1.0 if data.weight is None else data.weight, 0.0)
    time = _time_at_risk(data, edges)
    last = np.searchsorted(edges[1:], data.time, side="left")
    counts = sum_by(last, event, edges.size - 1)
    scaled, mean, deviation = standardised(matrix, names)
    used = counts > 0
    weighted = time if data.weight is None else time * data.weight[:, None]
    rows = PoissonRows(covariates=scaled, event=event, counts=counts[used], time=weighted[:, used])
    null, best = _fits(rows, names)
    back = np.eye(best.place.size)
    first = int(used.sum())
    back[:first, first:] = -mean / deviation
    back[range(first, first + len(names)), range(first, first + len(names))] = 1 / deviation
    kept = np.append(used, np.full(len(names), True))
    coefficient = np.full(kept.size, np.nan)
    coefficient[kept] = back @ best.place
    covariance = np.full((kept.size, kept.size), np.nan)
    covariance[np.ix_(kept, kept)] = back @ invert(best.at.information) @ back.T
    intervals = _labels(edges)
    own = event > 0
    shift = float(event[own] @ np.log(time[own, last[own]]))
    return PiecewiseFit(
        **coefficient_fields((*intervals, *names), coefficient, covariance, covariance),
        **_tests(null, best, first, len(names)),
        log_likelihood=best.at.log_likelihood + shift,
        log_likelihood_null=null.log_likelihood + shift,
        survival_log_likelihood=best.at.log_likelihood,
        n_subjects=n,
        n_events=data.n_events,
        iterations=best.iterations,
        converged=True,
        method=_method(data, intervals, used),
        cuts=edges[1:-1],
        interval_events=counts,
        interval_time=weighted.sum(axis=0),
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class PoissonRows:
    """Rows with weighted events (n,), time at risk by interval (n, k), events of each interval (k,)."""

    covariates: FloatArray
    event: FloatArray
    counts: FloatArray
    time: FloatArray

    def evaluate(self, place: FloatArray) -> Evaluation:
        """Return log likelihood of the times, score and information at log rates and coefficients."""
        k, x = self.counts.size, self.covariates
        with np.errstate(all="ignore"):
            rate, linear = np.exp(place[:k]), x @ place[k:]
            risk = np.exp(linear)
            expected = rate * (risk @ self.time)
            met = risk * (self.time @ rate)
            cross = (x * risk[:, None]).T @ self.time * rate
            return Evaluation(
                log_likelihood=float(self.counts @ place[:k] + self.event @ linear - expected.sum()),
                score=np.append(self.counts - expected, x.T @ (self.event - met)),
                information=np.block([[np.diag(expected), cross.T], [cross, square(x, met)]]),
            )


def _fits(rows: PoissonRows, names: tuple[str, ...]) -> tuple[Evaluation, Maximum]:
    """Return the likelihood at the rates without covariates, and the maximum."""
    start = np.append(np.log(rows.counts / rows.time.sum(axis=0)), np.zeros(len(names)))
    best = maximise(rows.evaluate, start, float(rows.counts.sum()))
    if best.moving:
        separated = [names[j - rows.counts.size] for j in best.moving if j >= rows.counts.size]
        raise NotConverged(
            f"the likelihood of the piecewise exponential model has no maximum: {len(separated)} "
            f"coefficient(s) grow without end ({name_some(separated)}). {SEPARATED}"
        )
    return rows.evaluate(start), best


def _tests(null: Evaluation, best: Maximum, first: int, p: int) -> dict[str, Any]:
    """Return the tests that the last p parameters are 0."""
    information = null.information
    mixed = information[first:, :first]
    variance = information[first:, first:] - mixed / np.diag(information)[:first] @ mixed.T
    score, score_df = quadratic_form(null.score[first:], variance)
    wald, wald_df = quadratic_form(best.place[first:], invert(best.at.information)[first:, first:])
    gain = 2 * (best.at.log_likelihood - null.log_likelihood)
    return {
        "score_test": chi_square_test(score, score_df, "score test of the covariates"),
        "robust_score_test": no_test("robust score test: no clusters"),
        "wald_test": chi_square_test(wald, wald_df, "Wald test of the covariates"),
        "likelihood_ratio_test": chi_square_test(gain, p, "likelihood ratio test of the covariates"),
    }


def _edges(cuts: ArrayLike) -> FloatArray:
    """Return 0, the cuts and infinity."""
    values = as_floats(cuts, "cuts")
    edges = np.concatenate([[0.0], values, [np.inf]])
    if not (np.isfinite(values).all() and (np.diff(edges) > 0).all()):
        raise InvalidArgument(f"cuts must be finite times that increase from above 0, got {values.tolist()}")
    return edges


def _labels(edges: FloatArray) -> tuple[str, ...]:
    ends = [f"{end:.12g}" for end in edges]
    closed = [f"({low}, {high}]" for low, high in pairwise(ends[:-1])]
    return (*closed, f"({ends[-2]}, inf)")


def _time_at_risk(data: RightCensored, edges: FloatArray) -> FloatArray:
    """Time that each row spends in each interval, shape (n, k + 1)."""
    entry = np.zeros(data.n_subjects) if data.entry is None else np.maximum(data.entry, 0.0)
    low = np.maximum(entry[:, None], edges[:-1])
    time: FloatArray = np.maximum(np.minimum(data.time[:, None], edges[1:]) - low, 0.0)
    return time


def _method(data: RightCensored, intervals: tuple[str, ...], used: BoolArray) -> str:
    weights = "" if data.weight is None else ", case weights"
    empty = [name for name, some in zip(intervals, used, strict=True) if not some]
    rates = f", no events in {name_some(empty)}: rate 0, log rate not estimable" if empty else ""
    return (
        f"piecewise exponential regression, {len(intervals)} intervals{weights}, log rates per time unit "
        f"({data.time_unit}), Poisson log likelihood, observed information, Wald limits and p-values{rates}"
    )
