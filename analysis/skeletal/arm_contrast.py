"""Contrast of a probability or a mean between two arms: limits, the normal test, and why they are missing."""

from __future__ import annotations

from math import exp, inf, isnan, log, nan, sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import ndtr, ndtri

from . import checks
from .covariates import arm_codes
from .errors import InvalidArgument, name_some
from .results import Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from .arrays import IntArray, LabelArray

LARGEST_LOG = 700.0  # of a number in double precision

ContrastKind = Literal["difference", "ratio", "log-log"]


def two_arms(
    arm: ArrayLike, n: int, control: object, otherwise: str = ""
) -> tuple[IntArray, tuple[object, ...]]:
    """Return the arm of each row, 0 control and 1 experimental, and the labels; refuse more than two."""
    codes, labels = arm_codes(arm, n, control)
    if len(labels) > 2:
        raise InvalidArgument(
            f"arm must have two labels, got {len(labels)} ({name_some(labels)}): keep the rows of two arms"
            + (f", or use {otherwise}" if otherwise else "")
        )
    return codes, labels


def positive_time(value: float, name: str) -> float:
    """Return a time as a float, or say that it is no positive number."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = nan
    if not 0 < number < inf:
        raise InvalidArgument(f"{name} must be a positive number in the unit of the times, got {value!r}")
    return number


def why_unknown(time: float, ends: Sequence[float], labels: Sequence[object], unit: str) -> str:
    """Say which arms are not followed to ``time``; nothing where all are."""
    short = [
        f"{label} is followed to {end:.10g} {unit} only"
        for end, label in zip(ends, labels, strict=True)
        if end < time
    ]
    return f"not estimable: {name_some(short)}" if short else ""


def arm_contrast(
    values: Sequence[float],
    variances: Sequence[float],
    *,
    kind: ContrastKind,
    conf_level: float,
    method: str,
    names: Sequence[str],
    reason: str = "",
) -> Estimate:
    """Compare the values of two independent arms, control first.

    Parameters
    ----------
    values, variances : sequence of two floats
        Of the arms; with ``log-log`` the probabilities without the event, S.
    kind : {"difference", "ratio", "log-log"}
        Experimental less control; experimental over control, with ``std_error``, limits and test on the log
        scale; difference of log(-log S).
    conf_level : float
        Two-sided level of the limits.
    method : str
        What is compared, and how; the scale is added.
    names : sequence of two str
        What the value of each arm is called where it has no value on the scale.
    reason : str
        Why there is nothing to compare; empty where there is.
    """
    checks.probability(conf_level, "conf_level")
    estimate = distance = error = nan
    if not reason:
        estimate, distance, error, reason = _SCALES[kind](tuple(values), tuple(variances), tuple(names))
    if error == 0 and not reason:
        reason = "no test: neither arm has a variance"
    half = float(ndtri(0.5 + conf_level / 2)) * error
    lower, upper = distance - half, distance + half
    if kind == "ratio":
        lower, upper, beyond = from_log(lower, upper)
        reason = reason or beyond
    scale = "std_error, limits and test on the log scale" if kind == "ratio" else "normal limits"
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=lower,
        upper=upper,
        conf_level=conf_level,
        p_value=2 * float(ndtr(-abs(distance / error))) if error > 0 else nan,
        method=f"{method}, {scale}" + (f"; {reason}" if reason else ""),
    )


def from_log(lower: float, upper: float) -> tuple[float, float, str]:
    """Return the limits of a ratio from those of its log, and why the upper one is NaN."""
    if upper > LARGEST_LOG:
        return exp(min(lower, LARGEST_LOG)), nan, f"no upper limit: its log is {upper:.4g}"
    return exp(lower), exp(upper), ""


_Pair = tuple[float, ...]
_Contrast = tuple[float, float, float, str]


def _difference(values: _Pair, variances: _Pair, names: tuple[str, ...]) -> _Contrast:
    """Return the estimate, what is normal, its standard error, and why these are NaN."""
    difference = values[1] - values[0]
    return difference, difference, sqrt(sum(variances)), _without_variance(variances, names)


def _without_variance(variances: _Pair, names: tuple[str, ...]) -> str:
    unknown = [name for name, variance in zip(names, variances, strict=True) if isnan(variance)]
    return f"no limits: {name_some(unknown)} has no standard error" if unknown else ""


def _ratio(values: _Pair, variances: _Pair, names: tuple[str, ...]) -> _Contrast:
    if values[0] == 0:
        return nan, nan, nan, f"not estimable: {names[0]} is 0"
    if values[1] == 0:
        return 0.0, nan, nan, f"no limits: {names[1]} is 0"
    error = sqrt(sum(v / x**2 for x, v in zip(values, variances, strict=True)))
    return values[1] / values[0], log(values[1] / values[0]), error, ""


def _log_log(values: _Pair, variances: _Pair, names: tuple[str, ...]) -> _Contrast:
    for value, name in zip(values, names, strict=True):
        if value in (0.0, 1.0):
            return nan, nan, nan, f"not estimable: {name} is 0 or 1"
    first, second = (log(-log(value)) for value in values)
    error = sqrt(sum(v / (x * log(x)) ** 2 for x, v in zip(values, variances, strict=True)))
    return second - first, second - first, error, ""


_SCALES = {"difference": _difference, "ratio": _ratio, "log-log": _log_log}


def named_arms(codes: IntArray, labels: tuple[object, ...]) -> LabelArray:
    """Return the label of each of ``codes``, for a function that names its arms."""
    names = np.empty(len(labels), dtype=object)
    names[:] = labels
    return names[codes]
