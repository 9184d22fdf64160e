"""Fits of a law: without covariates first, with them from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .censored import evaluate
from .maximum import maximise
from .named import LAWS

if TYPE_CHECKING:
    from ...arrays import FloatArray
    from .censored import CensoredSample
    from .maximum import Maximum
    from .named import Distribution
    from .term import Lifetime


def fit_null(
    distribution: Distribution, lifetime: Lifetime, sample: CensoredSample, location: float
) -> Maximum:
    """Fit without covariates; ``location`` is the log of time at risk over events, to start from.

    Every law starts from a nested or simpler one: the Weibull from the exponential, the spline from the
    Weibull that it is without inner knots, the generalised gamma from the better of Weibull and log-normal.
    A Weibull fit without a maximum is returned as it is.
    """
    if distribution == "exponential":
        return fit(lifetime, sample, np.array([location]))
    weibull = fit(LAWS["weibull"], sample, np.array([location, 0.0]))
    if distribution == "weibull" or weibull.moving:
        return weibull
    if distribution == "spline":
        rate = np.exp(-weibull.place[1])
        further = np.zeros(len(lifetime.ancillary) - 1)
        return fit(lifetime, sample, np.array([-weibull.place[0] * rate, rate, *further]))
    if distribution != "generalised-gamma":
        return fit(lifetime, sample, weibull.place)
    normal = fit(LAWS["log-normal"], sample, weibull.place)
    starts = [np.append(weibull.place, 1.0), np.append(normal.place, 0.0)]
    if normal.at.log_likelihood > weibull.at.log_likelihood:
        starts.reverse()
    first = fit(lifetime, sample, starts[0])
    return fit(lifetime, sample, starts[1]) if first.moving else first


def fit(lifetime: Lifetime, sample: CensoredSample, start: FloatArray) -> Maximum:
    """Climb from ``start`` to the maximum of the likelihood of ``sample``."""
    return maximise(lambda theta: evaluate(lifetime, theta, sample), start, sample.n_events)
