"""Bands that hold the whole survival curve at once."""

from __future__ import annotations

from dataclasses import replace
from math import nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arrays import as_floats, hand_over
from ..curve_limits import ConfType, limits_at
from ..errors import InvalidArgument
from .band_values import equal_precision_value, hall_wellner_value
from .kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    from ..data import RightCensored
    from ..results import Curve

BandKind = Literal["equal-precision", "hall-wellner"]


def simultaneous_band(
    data: RightCensored,
    *,
    kind: BandKind = "equal-precision",
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
    between: tuple[float, float] | None = None,
) -> Curve:
    """Kaplan-Meier curve with a band that holds the whole true curve at the level, not each point of it.

    Use it to say something of the curve as a whole, such as that it passes below a reference somewhere;
    pointwise limits do that too often.  For one time chosen beforehand use :func:`kaplan_meier`.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    kind : {"equal-precision", "hall-wellner"}
        As wide everywhere as pointwise limits of a higher level, or narrower in the middle at the price of
        the ends.
    conf_level : float
        Chance that the band holds the curve everywhere in ``between``.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the band.
    between : (float, float), optional
        First and last time for which it holds; default from the first event to the last that leaves
        somebody at risk.  An equal-precision band starts at the first event at the earliest, none goes on
        where the curve is 0; ``method`` says from when to when it holds.

    Returns
    -------
    Curve
        ``lower`` and ``upper`` are the band, NaN outside; the rest as :func:`kaplan_meier`.  All of them NaN,
        with the reason in ``method``, where the curve is 1 or 0 throughout ``between``.

    Raises
    ------
    InvalidArgument
        Unknown ``kind`` or ``conf_type``, ``conf_level`` outside (0, 1), ``between`` not two times in order
        or after the last observed time.

    Notes
    -----
    With v Greenwood's sum, n the number of rows (sum of weights) and a = n v/(1 + n v), the half width is
    c sqrt(v) S (equal precision) or k (1 + n v) S/sqrt(n) (Hall-Wellner), carried to the scale of
    ``conf_type`` as that of pointwise limits.  c and k come from the exact distribution of the Brownian
    bridge between the values of a at the first and the last time.  c differs in the third digit from the
    printed tables and from SAS, which take an approximation for the tails.

    R: ``km.ci::km.ci(survfit(Surv(time, event) ~ 1), method = "logep")`` (epband, hall-wellner, loghall;
    critical values from the printed tables).  SAS: ``PROC LIFETEST CONFBAND=EP | HW BANDMIN= BANDMAX=``.

    References
    ----------
    Nair (1984), Technometrics 26, 265-275; Hall and Wellner (1980), Biometrika 67, 133-143; Klein and
    Moeschberger, Survival Analysis, 2nd edition, section 4.4.

    Examples
    --------
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([3, 5, 6, 8, 9, 12], [1, 1, 0, 1, 1, 0])
    >>> band = simultaneous_band(data)
    >>> band.lower.round(3)
    array([0.031, 0.037, 0.037, 0.007, 0.   ,   nan])
    >>> band.method
    'Kaplan-Meier, equal-precision band from 3 to 9 days, critical value 2.9429, log-log scale'
    """
    checks.option(kind, BandKind, "kind")
    checks.option(conf_type, ConfType, "conf_type")
    curve = kaplan_meier(data, conf_level=conf_level)
    variance = (curve.std_error / np.where(curve.estimate > 0, curve.estimate, nan)) ** 2
    start, end = _default(curve) if between is None else _checked(between, curve)
    # The step on which the first time lies, to the last one that begins in between and is not 0.
    low, high = np.searchsorted(curve.time, [start, end], side="right").tolist()
    low, high = low - 1, min(high, int(np.count_nonzero(curve.estimate > 0)))
    first = int(np.count_nonzero(curve.estimate == 1))  # step of the first event
    if kind == "equal-precision" and low < first < high:
        low, start = first, float(curve.time[first])
    least = float(variance[low]) if low >= 0 else 0.0
    part = slice(max(low, 0), high)
    lower, upper = np.full((2, curve.time.size), nan)
    method = f"Kaplan-Meier, {kind} band from {start:.10g} to {end:.10g} {data.time_unit}"
    if np.nanmax(variance[part], initial=0.0) == 0:
        method += ", not estimable: the curve is 1 or 0 there"
    else:
        n = float(data.n_subjects if data.weight is None else data.weight.sum())
        value = _VALUES[kind](_share(n * least), _share(n * variance[high - 1]), conf_level)
        root = np.sqrt(variance[part]) if kind == "equal-precision" else (1 + n * variance[part]) / sqrt(n)
        lower[part], upper[part] = limits_at(
            curve.estimate[part], value * root * curve.estimate[part], conf_type
        )
        method += f", critical value {value:.5g}, {conf_type} scale"
    if data.weight is not None:
        method += ", case weights"
    return replace(curve, lower=hand_over(lower), upper=hand_over(upper), method=method)


_VALUES = {"equal-precision": equal_precision_value, "hall-wellner": hall_wellner_value}


def _default(curve: Curve) -> tuple[float, float]:
    """Return the times of the first event and of the last that leaves somebody at risk."""
    times = curve.time[(curve.n_events > 0) & (curve.estimate > 0)]
    return (float(times[0]), float(times[-1])) if times.size else (0.0, float(curve.time[-1]))


def _checked(between: tuple[float, float], curve: Curve) -> tuple[float, float]:
    """Return the two times, or say why they are none."""
    times = as_floats(between, "between")
    if times.size != 2 or not 0 <= times[0] <= times[1]:
        raise InvalidArgument(f"between must be two times in order, got {between!r}")
    if times[0] > curve.time[-1]:
        raise InvalidArgument(
            f"between must not start after the last observed time ({curve.time[-1]:.10g}), got {between!r}"
        )
    return float(times[0]), float(times[1])


def _share(variance: float) -> float:
    return variance / (1 + variance)
