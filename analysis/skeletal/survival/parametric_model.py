"""A parametric regression prepared for its fit: log times centred, covariates standardised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..data import IntervalCensored, RightCensored
from ..errors import InvalidArgument, NotConverged, NotEstimable, name_some
from .design import standardised
from .lifetimes import (
    CensoredSample,
    Distribution,
    Lifetime,
    Maximum,
    censored_sample,
    fit,
    fit_null,
    inner_knots,
    named_lifetime,
)

if TYPE_CHECKING:
    from ..arrays import FloatArray

REASONS = {
    "Q": "Q goes on without end, the events do not tell the shape; take a law without it",
    "gamma": "too few events between the knots of the spline; ask for fewer",
    "log_scale": "the events are too few or at one time, or the covariates tell their times exactly",
    "intercept": "the events do not tell the level",
}
NARROW = 1e-6  # width of an interval on the log scale below which its probability is density times width
SEPARATED = (
    "A covariate separates those with from those without an event, for instance an arm without events; "
    "leave it out, or compare hazards by cox with penalty='firth'"
)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LogTimes:
    """Rows (low, high] of log time, -inf and inf where open, equal where exact.

    Attributes
    ----------
    low, high, entry, weight : ndarray of shape (n,)
        Ends, entry (-inf without) and case weights.
    unit : ndarray of shape (n,)
        What turns a row's log density of log time into its log likelihood: minus the log time of an exact
        event, the log width of an interval that became exact, else 0.
    """

    low: FloatArray
    high: FloatArray
    entry: FloatArray
    weight: FloatArray
    unit: FloatArray

    @property
    def typical(self) -> FloatArray:
        """Log of the middle of each interval, of its left end where the right is open."""
        with np.errstate(invalid="ignore"):  # of a row that says nothing
            middle = np.logaddexp(self.low, self.high) - np.log(2)
        closed = np.where(self.low == self.high, self.low, middle)
        return np.where(np.isinf(self.high), self.low, closed)

    def sample(self, x: FloatArray, centre: float) -> CensoredSample:
        """Return the rows with the design ``x``, log times less ``centre``."""
        return censored_sample(x, self.low - centre, self.high - centre, self.entry - centre, self.weight)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ParametricModel:
    """Sample, law and the way back from the internal parameters.

    Attributes
    ----------
    distribution : str
        Name of the law.
    lifetime : Lifetime
        Law of log time less its mean.
    log_knots : ndarray
        Knots of the spline on the scale of log time.
    names, labels : tuple of str
        Covariates; all parameters.
    alone, sample : CensoredSample
        Rows without and with covariates.
    location : float
        Log of time at risk over events, to start from.
    matrix, shift : ndarray of shape (p, p) and (p,)
        Parameters are ``matrix @ internal + shift``.
    log_unit : float
        What turns the log likelihood of ``sample`` into that of the times.
    """

    distribution: Distribution
    lifetime: Lifetime
    log_knots: FloatArray
    names: tuple[str, ...]
    labels: tuple[str, ...]
    alone: CensoredSample
    sample: CensoredSample
    location: float
    matrix: FloatArray
    shift: FloatArray
    log_unit: float

    def fits(self) -> tuple[Maximum, Maximum]:
        """Return the maximum without and with covariates.

        Raises
        ------
        NotConverged
            The likelihood has no maximum.
        """
        null = fit_null(self.distribution, self.lifetime, self.alone, self.location)
        self._require(null, ("intercept", *self.lifetime.ancillary))
        if not self.names:
            return null, null
        best = fit(self.lifetime, self.sample, np.insert(null.place, 1, np.zeros(len(self.names))))
        self._require(best, self.labels)
        return null, best

    def _require(self, maximum: Maximum, labels: tuple[str, ...]) -> None:
        """Refuse a climb without a maximum, and say what grows without end and why it may."""
        if not maximum.moving:
            return
        moving = [labels[j] for j in maximum.moving]
        separated = [name for name in moving if name in self.names]
        what = f"the likelihood of the {self.distribution} model has no maximum: "
        if separated:
            raise NotConverged(
                f"{what}{len(separated)} coefficient(s) grow without end ({name_some(separated)}). "
                f"{SEPARATED}"
            )
        kind = next(kind for kind in REASONS if any(name.startswith(kind) for name in moving))
        raise NotConverged(what + REASONS[kind])


def parametric_model(
    data: RightCensored | IntervalCensored,
    names: tuple[str, ...],
    covariates: FloatArray,
    distribution: Distribution,
    knots: int,
) -> ParametricModel:
    """Prepare the rows of ``data`` with covariates of shape (n, p) for a fit.

    Raises
    ------
    InvalidArgument
        Data of another type, a time of 0, covariates that are called as a parameter is.
    NotEstimable
        No events; covariates that are constant or determined by others; knots that coincide.
    """
    times = _log_times(data)
    n, p = covariates.shape
    if not data.n_events:
        raise NotEstimable(f"no events among {n} row(s): a parametric model cannot be estimated")
    if not (times.low > -np.inf).any():
        raise NotEstimable(f"all {n} row(s) are left-censored at 0: no time is known to be free of the event")
    typical = times.typical
    log_knots = np.empty(0)
    if distribution == "spline":
        log_knots = inner_knots(typical[times.high < np.inf], knots)
    begun = typical[typical > -np.inf]
    centre = float(begun.mean())
    lifetime = named_lifetime(distribution, log_knots - centre)
    labels = ("intercept", *names, *lifetime.ancillary)
    if len(set(labels)) < len(labels):
        raise InvalidArgument(f"a covariate has the name of a parameter ({name_some(labels)}): rename it")
    scaled, mean, deviation = standardised(covariates, names)
    one = np.ones((n, 1))
    alone = times.sample(one, centre)
    matrix, shift = np.eye(len(labels)), np.zeros(len(labels))
    matrix[0, 1 : p + 1] = -mean / deviation
    matrix[range(1, p + 1), range(1, p + 1)] = 1 / deviation
    if distribution == "spline":
        matrix[0, p + 1] = -centre
    else:
        shift[0] = centre
    return ParametricModel(
        distribution=distribution,
        lifetime=lifetime,
        log_knots=log_knots,
        names=names,
        labels=labels,
        alone=alone,
        sample=times.sample(np.column_stack([one, scaled]), centre) if names else alone,
        location=float(np.log(times.weight @ np.exp(typical - centre) / alone.n_events)),
        matrix=matrix,
        shift=shift,
        log_unit=float(times.weight @ times.unit),
    )


def _log_times(data: RightCensored | IntervalCensored) -> LogTimes:
    """Return log times and weights; intervals too narrow for a difference of survival become exact."""
    entry = weight = None
    if isinstance(data, RightCensored):
        left, right = data.time, np.where(data.event == 1, data.time, np.inf)
        entry, weight, zero = data.entry, data.weight, data.time == 0
    elif isinstance(data, IntervalCensored):
        left, right, zero = data.left, data.right, data.right == 0
    else:
        raise InvalidArgument(f"data must be RightCensored or IntervalCensored, got {type(data).__name__}")
    checks.rows_where(zero, "time must come after 0, which has no logarithm (count the first day as day 1)")
    n = left.size
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = np.log(left), np.log(right)
        width = np.log1p((right - left) / left)
        narrow = (width > 0) & (width < NARROW)
        middle = low + width / 2
        return LogTimes(
            low=np.where(narrow, middle, low),
            high=np.where(narrow, middle, high),
            entry=np.full(n, -np.inf) if entry is None else np.log(np.maximum(entry, 0.0)),
            weight=np.ones(n) if weight is None else weight,
            unit=np.where(narrow, np.log(width), np.where(width == 0, -low, 0.0)),
        )
