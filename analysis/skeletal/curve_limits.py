"""Pointwise confidence limits of step curves: survival, incidence, cumulative hazards and means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import expit, logit, ndtri

from . import checks
from .arrays import hand_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import FloatArray

ConfType = Literal["log-log", "log", "plain", "logit", "arcsine"]
UnboundedConfType = Literal["log", "plain"]

BLOCK = 2**14  # times worked on at once, so that what lies between estimate and limits stays in the cache


def curve_limits(
    estimate: FloatArray,
    std_error: FloatArray,
    conf_level: float,
    conf_type: str,
    *,
    bounded: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Return the pointwise limits of a curve, normal on the scale that ``conf_type`` names.

    The transform acts on ``estimate`` itself, be it survival or incidence.

    Parameters
    ----------
    estimate, std_error : ndarray of shape (m,)
        Curve and its standard error on the scale of the curve.
    conf_level : float
        Two-sided level.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the normal approximation.
    bounded : bool
        Whether the curve is a probability: ``log`` and ``plain`` limits are then cut at 1.  Curves
        without an upper bound (cumulative hazards, mean counts) take ``log`` and ``plain`` only.

    Returns
    -------
    lower, upper : ndarray of shape (m,)
        Equal to the estimate where the standard error is 0, NaN where the scale is not defined there
        or the standard error is NaN.

    Raises
    ------
    InvalidArgument
        ``conf_level`` outside (0, 1) or a ``conf_type`` that the curve does not have.

    Notes
    -----
    With z the normal quantile, s the standard error and p the estimate: log-log
    p^exp(+- z s/(p |log p|)), log p exp(-+ z s/p), plain p -+ z s, logit
    expit(logit p -+ z s/(p (1 - p))), arcsine sin^2(asin(sqrt p) -+ z s/(2 sqrt(p (1 - p)))); log and
    plain limits are cut at 0 and 1.

    References
    ----------
    Klein and Moeschberger, Survival Analysis, 2nd edition, section 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> lower, upper = curve_limits(np.array([0.5]), np.array([0.1]), 0.95, "plain")
    >>> lower.round(3), upper.round(3)
    (array([0.304]), array([0.696]))
    """
    checks.probability(conf_level, "conf_level")
    checks.option(conf_type, ConfType if bounded else UnboundedConfType, "conf_type")
    z = float(ndtri(0.5 + conf_level / 2))
    return limits_at(estimate, z * std_error, conf_type, bounded=bounded)


def limits_at(
    estimate: FloatArray, half_width: FloatArray, conf_type: str, *, bounded: bool = True
) -> tuple[FloatArray, FloatArray]:
    """Return the limits that lie ``half_width`` on either side of a curve, on the scale ``conf_type`` names.

    As :func:`curve_limits`, where the half width is a normal quantile times the standard error; in a
    simultaneous band it is something else.
    """
    scale, size = _SCALES[conf_type], estimate.size
    lower, upper = np.empty(size), np.empty(size)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for start in range(0, size, BLOCK):
            part = slice(start, start + BLOCK)
            p, half = estimate[part], half_width[part]
            low, high = scale(p, half)
            if bounded:
                np.minimum(high, 1.0, out=high)
            exact = half == 0
            lower[part] = np.where(exact, p, low)
            upper[part] = np.where(exact, p, high if bounded else np.where(np.isinf(high), np.nan, high))
    return hand_over(lower), hand_over(upper)


def _inside(p: FloatArray) -> FloatArray:
    return np.where((p > 0) & (p < 1), p, np.nan)


def _log_log(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = _inside(p)
    log = np.log(inside)
    ratio = np.exp(half / (inside * log))
    return np.exp(log / ratio), np.exp(log * ratio)


def _log(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where(p > 0, p, np.nan)
    return inside * np.exp(-half / inside), inside * np.exp(half / inside)


def _plain(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.maximum(p - half, 0.0), p + half


def _logit(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = _inside(p)
    width = half / (inside * (1 - inside))
    return expit(logit(inside) - width), expit(logit(inside) + width)


def _arcsine(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = _inside(p)
    angle, width = np.arcsin(np.sqrt(inside)), half / (2 * np.sqrt(inside * (1 - inside)))
    return np.sin(np.maximum(angle - width, 0)) ** 2, np.sin(np.minimum(angle + width, np.pi / 2)) ** 2


_SCALES: dict[str, Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]] = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
    "logit": _logit,
    "arcsine": _arcsine,
}
