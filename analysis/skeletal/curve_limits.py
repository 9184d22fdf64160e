"""Pointwise confidence limits of step curves: survival, incidence, cumulative hazards and means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import expit, logit, ndtri

from . import checks

if TYPE_CHECKING:
    from collections.abc import Callable

    from .arrays import FloatArray

ConfType = Literal["log-log", "log", "plain", "logit", "arcsine"]
UnboundedConfType = Literal["log", "plain"]


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
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        low, high = _SCALES[conf_type](estimate, z * std_error)
    if bounded:
        high = np.where(high > 1.0, 1.0, high)
    exact = std_error == 0
    return np.where(exact, estimate, low), np.where(exact, estimate, high)


def _log_log(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where((p > 0) & (p < 1), p, np.nan)
    width = half / (-inside * np.log(inside))
    return inside ** np.exp(width), inside ** np.exp(-width)


def _log(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where(p > 0, p, np.nan)
    return inside * np.exp(-half / inside), inside * np.exp(half / inside)


def _plain(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.maximum(p - half, 0.0), p + half


def _logit(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where((p > 0) & (p < 1), p, np.nan)
    width = half / (inside * (1 - inside))
    return expit(logit(inside) - width), expit(logit(inside) + width)


def _arcsine(p: FloatArray, half: FloatArray) -> tuple[FloatArray, FloatArray]:
    inside = np.where((p > 0) & (p < 1), p, np.nan)
    angle, width = np.arcsin(np.sqrt(inside)), half / (2 * np.sqrt(inside * (1 - inside)))
    return np.sin(np.maximum(angle - width, 0)) ** 2, np.sin(np.minimum(angle + width, np.pi / 2)) ** 2


_SCALES: dict[str, Callable[[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]] = {
    "log-log": _log_log,
    "log": _log,
    "plain": _plain,
    "logit": _logit,
    "arcsine": _arcsine,
}
