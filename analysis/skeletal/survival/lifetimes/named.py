"""Laws of lifetimes by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from .generalised_gamma import GENERALISED_GAMMA
from .location_scale import EXPONENTIAL, LOG_LOGISTIC, LOG_NORMAL, WEIBULL
from .spline import Spline

if TYPE_CHECKING:
    from ...arrays import FloatArray
    from .term import Lifetime

Distribution = Literal["exponential", "weibull", "log-normal", "log-logistic", "generalised-gamma", "spline"]
LAWS = {
    "exponential": EXPONENTIAL,
    "weibull": WEIBULL,
    "log-normal": LOG_NORMAL,
    "log-logistic": LOG_LOGISTIC,
    "generalised-gamma": GENERALISED_GAMMA,
}


def named_lifetime(distribution: Distribution, knots: FloatArray) -> Lifetime:
    """Return the law of that name; ``knots`` are log times, read for ``spline`` only."""
    return Spline(knots=knots) if distribution == "spline" else LAWS[distribution]
