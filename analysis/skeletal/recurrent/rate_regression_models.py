"""Maximum likelihood of Poisson and negative binomial counts with a log-linear rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

from ..errors import NotConverged, NotEstimable, name_some
from ..newton import Evaluation, newton, refuse_dependent

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray
    from .rate_regression_totals import SubjectTotals

SMALL = 0.03  # times the mean: below it a dispersion's terms are taken from their series
SERIES = np.array([(-1) ** k * (k - 1) / k for k in range(2, 13)])  # of (log(1 + x) - x/(1 + x))/x^2
STARTS = 10.0 ** np.arange(-4, 2.5, 0.5)  # dispersions from the best of which the climb begins
STILL = 1e-13  # a covariate whose spread is this share of its size is constant
NEAR = 1e-4  # of steps that only look for a place to begin
DISPERSION = "log dispersion"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RateModel:
    """Counts of subjects, and covariates with the intercept first, centred and scaled to spread 1.

    Attributes
    ----------
    names : tuple of str
        Of the p coefficients, ``intercept`` first.
    z : ndarray of shape (n, p)
        Columns of the model.
    back : ndarray of shape (p, p)
        ``back @ coefficient`` is on the scale of the covariates as given.
    events, log_years : ndarray of shape (n,)
        Of each subject.
    constant : float
        What the log likelihood has beside the parameters: minus the sum of log(events!).
    """

    names: tuple[str, ...]
    z: FloatArray
    back: FloatArray
    events: FloatArray
    log_years: FloatArray
    constant: float

    def means(self, coefficient: FloatArray) -> FloatArray:
        """Return the expected events of each subject."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.z @ coefficient + self.log_years))

    def products(self, weight: FloatArray) -> FloatArray:
        """Return z' diag(weight) z."""
        return np.asarray((self.z * weight[:, None]).T @ self.z)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RateMaximum:
    """Where a likelihood of counts is largest; ``information`` over (coefficients, log dispersion).

    ``dispersion`` is 0 for Poisson counts, whose information has no row for it.
    """

    coefficient: FloatArray
    information: FloatArray
    dispersion: float
    log_likelihood: float
    iterations: int


def rate_model(totals: SubjectTotals, names: tuple[str, ...], values: FloatArray) -> RateModel:
    """Return the model of the covariates ``values`` (n, p - 1) after the intercept.

    Raises
    ------
    NotEstimable
        No events; a covariate that is constant, or that those before it determine.
    NotConverged
        All subjects with events have the largest (smallest) value of a covariate: no maximum.
    """
    if not totals.events.any():
        raise NotEstimable("there are no events: a rate ratio needs some")
    centre = values.mean(axis=0) if values.size else np.zeros(values.shape[1])
    spread = values.std(axis=0) if values.size else np.zeros(values.shape[1])
    largest = np.abs(values).max(axis=0, initial=0.0)
    still = [name for name, s, m in zip(names[1:], spread, largest, strict=True) if s <= STILL * m]
    if still:
        raise NotEstimable(f"{len(still)} covariate(s) do not vary ({name_some(still)}): leave them out")
    z = np.column_stack([np.ones(totals.events.size), (values - centre) / spread])
    back = np.diag(np.append(1.0, 1 / spread))
    back[0, 1:] = -centre / spread
    refuse_dependent(z.T @ z, names)
    _refuse_separation(values, totals.events > 0, names[1:])
    return RateModel(
        names=names,
        z=z,
        back=back,
        events=totals.events,
        log_years=np.log(totals.years),
        constant=-float(gammaln(totals.events + 1).sum()),
    )


def _refuse_separation(values: FloatArray, eventful: BoolArray, names: tuple[str, ...]) -> None:
    """Refuse covariates at one end of which are all subjects with events: the rate elsewhere falls to 0."""
    some = values[eventful]
    parting = (some.min(axis=0) == values.max(axis=0)) | (some.max(axis=0) == values.min(axis=0))
    who = [name for name, parts in zip(names, parting, strict=True) if parts]
    if who:
        raise NotConverged(_no_maximum(f"{len(who)} covariate(s) ({name_some(who)})"))


def _no_maximum(which: str) -> str:
    return (
        f"the likelihood of the rates has no maximum: {which} separate subjects with events from subjects "
        "without, for instance an arm without events; leave them out, or compare two arms by "
        "rate_ratio(model='exact')"
    )


def poisson_maximum(model: RateModel) -> RateMaximum:
    """Maximise the likelihood of Poisson counts."""

    def likelihood(coefficient: FloatArray) -> Evaluation:
        mu = model.means(coefficient)
        with np.errstate(invalid="ignore", over="ignore"):
            return Evaluation(
                log_likelihood=_poisson_likelihood(model, coefficient, mu),
                score=model.z.T @ (model.events - mu),
                information=model.products(mu),
            )

    begin = np.zeros(len(model.names))
    begin[0] = np.log(model.events.sum() / np.exp(model.log_years).sum())
    try:
        coefficient, at, steps = newton(
            likelihood, likelihood(begin), model.names, scale=np.ones(begin.size), at=begin
        )
    except NotConverged:
        raise NotConverged(_no_maximum("covariates together")) from None
    return RateMaximum(
        coefficient=coefficient,
        information=at.information,
        dispersion=0.0,
        log_likelihood=at.log_likelihood,
        iterations=steps,
    )


def _poisson_likelihood(model: RateModel, coefficient: FloatArray, mu: FloatArray) -> float:
    return float(model.events @ (model.z @ coefficient + model.log_years) - mu.sum() + model.constant)


class NegativeBinomial:
    """Log likelihood of counts with mean mu and variance mu + a mu^2 over (coefficients, log a).

    The gamma functions are sums: log Gamma(y + 1/a) - log Gamma(1/a) + y log a = sum over j < y of
    log(1 + a j), so that nothing cancels as a goes to 0 (Poisson).
    """

    def __init__(self, model: RateModel) -> None:
        self.model = model
        counts = np.bincount(model.events.astype(np.int64))
        self.j = np.arange(counts.size - 1, dtype=np.float64)
        self.more = np.cumsum(counts[::-1])[::-1][1:].astype(np.float64)  # subjects with more than j events

    def log_likelihood(self, coefficient: FloatArray, a: float) -> float:
        """Return the log likelihood with dispersion ``a``."""
        return self._likelihood(coefficient, a, self.model.means(coefficient))

    def _likelihood(self, coefficient: FloatArray, a: float, mu: FloatArray) -> float:
        y, model = self.model.events, self.model
        linear = float(y @ (model.z @ coefficient + model.log_years))
        shared = float(self.more @ np.log1p(a * self.j))
        return linear + shared - float((y + 1 / a) @ np.log1p(a * mu)) + model.constant

    def evaluate(self, place: FloatArray) -> Evaluation:
        """Return value, score and an information without what couples coefficients and dispersion."""
        with np.errstate(over="ignore", invalid="ignore"):
            coefficient, a = place[:-1], float(np.exp(place[-1]))
            mu = self.model.means(coefficient)
            weight = 1 / (1 + a * mu)
            information = np.zeros((place.size, place.size))
            information[:-1, :-1] = self.model.products(mu * weight)
            information[-1, -1] = a**2 * float(np.sum((mu * weight) ** 2)) / 2
            slope = self.model.z.T @ ((self.model.events - mu) * weight)
            return Evaluation(
                log_likelihood=self._likelihood(coefficient, a, mu) if 0 < a < np.inf else np.nan,
                score=np.append(slope, a * self._slope(a, mu, weight)),
                information=information,
            )

    def _slope(self, a: float, mu: FloatArray, weight: FloatArray) -> float:
        """Return the derivative by the dispersion."""
        y = self.model.events
        shared = float(self.more @ (self.j / (1 + a * self.j)))
        return shared + float(np.sum(mu**2 * _g(a * mu)[0])) - float(y @ (mu * weight))

    def observed(self, place: FloatArray, _: Evaluation) -> FloatArray:
        """Return the second derivatives with their sign changed: the observed information."""
        y, z = self.model.events, self.model.z
        with np.errstate(over="ignore", invalid="ignore"):
            a = float(np.exp(place[-1]))
            mu = self.model.means(place[:-1])
            weight = 1 / (1 + a * mu)
            shared = float(self.more @ (self.j / (1 + a * self.j)) ** 2)
            bend = float(np.sum(mu**3 * _g(a * mu)[1])) + float(y @ (mu * weight) ** 2) - shared
            result = np.empty((place.size, place.size))
            result[:-1, :-1] = self.model.products(mu * (1 + a * y) * weight**2)
            result[-1, :-1] = result[:-1, -1] = a * (z.T @ ((y - mu) * mu * weight**2))
            result[-1, -1] = -(a**2) * bend - a * self._slope(a, mu, weight)
        return result


def _g(x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return g(x) = (log(1 + x) - x/(1 + x))/x^2, by its series where x is small, and its derivative."""
    small = x < SMALL
    safe = np.where(small, 1.0, x)
    value = (np.log1p(safe) - safe / (1 + safe)) / safe**2
    slope = (1 / (1 + safe) ** 2 - 2 * value) / safe
    value[small] = np.polynomial.polynomial.polyval(x[small], SERIES)
    slope[small] = np.polynomial.polynomial.polyval(x[small], np.polynomial.polynomial.polyder(SERIES))
    return value, slope


def negative_binomial_maximum(model: RateModel) -> RateMaximum:
    """Maximise the likelihood of negative binomial counts; Poisson's maximum where that is no lower.

    Notes
    -----
    Where the likelihood rises with the dispersion at Poisson's maximum, the climb begins there at the best
    of some dispersions, among them that of moments.  Otherwise, or where that climb gets nowhere, it begins
    at the best of the maxima under each of these dispersions; where none is likelier than Poisson's, the
    counts vary no more than Poisson's, and the maximum lies at dispersion 0.
    """
    poisson = poisson_maximum(model)
    counts = NegativeBinomial(model)
    mu = model.means(poisson.coefficient)
    rise = float(np.sum((model.events - mu) ** 2 - model.events)) / 2  # slope by the dispersion at 0
    found = None
    if rise > 0:
        starts = np.append(STARTS, 2 * rise / float(mu @ mu))
        heights = [counts.log_likelihood(poisson.coefficient, a) for a in starts]
        best = np.append(poisson.coefficient, np.log(starts[int(np.argmax(heights))]))
        found = _climb(counts, best)
    if found is None:
        best, height = _best_profile(counts, poisson.coefficient)
        if rise <= 0 and height <= poisson.log_likelihood:
            return poisson
        found = _climb(counts, best) if height > -np.inf else None
    if found is None:
        raise NotConverged(NO_DISPERSION)
    if found.log_likelihood < poisson.log_likelihood:
        return poisson
    return replace(found, iterations=poisson.iterations + found.iterations)


def _best_profile(counts: NegativeBinomial, coefficient: FloatArray) -> tuple[FloatArray, float]:
    """Return the best of the maxima over the coefficients under each dispersion, and its log likelihood."""
    best, height = coefficient, -np.inf
    for a in STARTS:
        begin = np.append(coefficient, np.log(a))
        try:
            place, at, _ = newton(
                counts.evaluate,
                counts.evaluate(begin),
                (*counts.model.names, DISPERSION),
                scale=np.ones(begin.size),
                at=begin,
                curvature=counts.observed,
                held=begin.size - 1,
                tolerance=NEAR,
            )
        except NotConverged:
            continue
        coefficient = place[:-1]
        if at.log_likelihood > height:
            best, height = place, at.log_likelihood
    return best, height


def _climb(counts: NegativeBinomial, begin: FloatArray) -> RateMaximum | None:
    """Return the maximum that is reached from ``begin``; None where the climb gets nowhere."""
    try:
        place, at, steps = newton(
            counts.evaluate,
            counts.evaluate(begin),
            (*counts.model.names, DISPERSION),
            scale=np.ones(begin.size),
            at=begin,
            curvature=counts.observed,
        )
    except NotConverged:
        return None
    return RateMaximum(
        coefficient=place[:-1],
        information=counts.observed(place, at),
        dispersion=float(np.exp(place[-1])),
        log_likelihood=at.log_likelihood,
        iterations=steps,
    )


NO_DISPERSION = (
    "the negative binomial likelihood was not maximised: its dispersion goes to an end of its range; "
    "use model='poisson-robust'"
)
