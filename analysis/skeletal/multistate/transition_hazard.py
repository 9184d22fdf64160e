"""Moves from one state to another: their counts and their cumulative hazard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..curve_limits import UnboundedConfType, curve_limits
from ..errors import InvalidArgument
from ..influence import InfluenceRows, InfluenceSteps, influence_variance
from ..results import Curve
from .paths import stretches

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import MultiState
    from .paths import Stretches

HazardVariance = Literal["jackknife", "aalen", "greenwood"]

CENSORED = "(censored)"
VARIANCES = {
    "jackknife": "infinitesimal jackknife variance by subject",
    "aalen": "Aalen variance",
    "greenwood": "Greenwood variance",
}


def transitions(data: MultiState) -> pd.DataFrame:
    """Count the moves from each state to each other, and the stretches in it that end without one.

    Use it before any model: a transition with few moves carries few covariates.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop]; rows that only split a stretch in a state are joined.

    Returns
    -------
    DataFrame
        One row a state left, one column a state entered and a last one ``(censored)``, in the order of
        ``data.states``; whole numbers.

    Notes
    -----
    R: ``survival::survcheck(Surv(start, stop, factor(to)) ~ 1, id = subject)$transitions``.  SAS: ``PROC
    FREQ``.

    References
    ----------
    Therneau, Crowson and Atkinson (2024), Multi-state models and competing risks (vignette of R's survival).

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(
    ...     ["a", "a", "b", "c"], [0, 30, 0, 0], [30, 90, 60, 80], [1, 2, 1, 1], [2, 3, 3, 0], states
    ... )
    >>> transitions(data).loc["event-free"].tolist()
    [0, 1, 1, 1]
    """
    rows, size = stretches(data), len(data.states)
    target = np.where(rows.to >= 0, rows.to, size)
    counts = np.bincount(rows.state * (size + 1) + target, minlength=size * (size + 1))
    return pd.DataFrame(
        counts.reshape(size, size + 1).astype(np.int64),
        index=pd.Index(data.states, name="from"),
        columns=pd.Index([*data.states, CENSORED], name="to"),
    )


def cumulative_transition_hazard(
    data: MultiState,
    source: str,
    target: str,
    *,
    variance: HazardVariance = "jackknife",
    conf_level: float = 0.95,
    conf_type: UnboundedConfType = "log",
) -> Curve:
    """Cumulative hazard of moving from one state to another (Nelson-Aalen), by each time.

    Use it for the pace of one transition among those in the state it leaves.  It is no probability: that
    depends on all transitions (:func:`state_occupation`).

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    source, target : str
        Two of ``data.states``.
    variance : {"jackknife", "aalen", "greenwood"}
        The infinitesimal jackknife by subject as in R's survival; the sum of d/n^2; or that of
        d (n - d)/n^3, both as in mstate.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log", "plain"}
        Scale of the limits.

    Returns
    -------
    Curve
        One row a distinct time at which a stretch in a state ends.  ``n_at_risk`` counts those in
        ``source``, ``n_events`` the moves to ``target``, ``n_censored`` ends of stretches in ``source``
        without a move.

    Raises
    ------
    InvalidArgument
        A state that is none, ``source`` equal to ``target``, unknown ``variance`` or ``conf_type``;
        ``conf_level`` outside (0, 1).

    Notes
    -----
    The sum of d/n over times, d moves from ``source`` to ``target`` and n in ``source`` just before.

    R: ``survival::survfit(Surv(start, stop, factor(to)) ~ 1, id = subject)$cumhaz``; ``mstate::msfit``.
    SAS: ``PROC PHREG; BASELINE CUMHAZ=`` of the rows in one state, without covariates.

    References
    ----------
    Aalen (1978), Ann Stat 6, 701-726.

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(
    ...     ["a", "a", "b", "c"], [0, 30, 0, 0], [30, 90, 60, 80], [1, 2, 1, 1], [2, 3, 3, 0], states
    ... )
    >>> cumulative_transition_hazard(data, "event-free", "dead").estimate
    array([0. , 0.5, 0.5, 0.5])
    """
    checks.option(variance, HazardVariance, "variance")
    h, j = data.code(source) - 1, data.code(target) - 1
    if h == j:
        raise InvalidArgument(f"source and target must be two states, got {source} twice")
    rows = stretches(data)
    time, last = np.unique(rows.stop, return_inverse=True)
    inside, m = rows.state == h, time.size
    first = np.searchsorted(time, rows.start[inside], side="right").astype(np.int64)
    last, to = last[inside].astype(np.int64), rows.to[inside]
    change = np.bincount(first, minlength=m + 1) - np.bincount(last + 1, minlength=m + 1)
    at_risk = np.cumsum(change)[:m].astype(np.float64)
    events = np.bincount(last[to == j], minlength=m).astype(np.float64)
    per_head = np.divide(1.0, at_risk, out=np.zeros(m), where=at_risk > 0)
    step = events * per_head
    estimate = np.cumsum(step)
    if variance == "jackknife":
        squared = _jackknife(rows.subject[inside], first, last, to == j, step, per_head)
    else:
        left = 1.0 if variance == "aalen" else (at_risk - events) * per_head
        squared = np.cumsum(step * per_head * left)
    std_error = np.sqrt(squared)
    lower, upper = curve_limits(estimate, std_error, conf_level, conf_type, bounded=False)
    return Curve(
        time=time,
        estimate=estimate,
        std_error=std_error,
        lower=lower,
        upper=upper,
        n_at_risk=at_risk,
        n_events=events,
        n_censored=np.bincount(last[to < 0], minlength=m).astype(np.float64),
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=f"Nelson-Aalen cumulative hazard of {source} to {target}, {VARIANCES[variance]}, "
        f"{conf_type} limits{_silence(rows, h, source, target, events)}",
        start=0.0,
    )


def _silence(rows: Stretches, h: int, source: str, target: str, events: FloatArray) -> str:
    """Say why a cumulative hazard is 0 throughout."""
    if events.any():
        return ""
    if not (rows.state == h).any():
        return f"; hazard 0: nobody is seen in {source}"
    return f"; hazard 0: nobody moves from {source} to {target}"


def _jackknife(
    subject: IntArray,
    first: IntArray,
    last: IntArray,
    moved: FloatArray,
    step: FloatArray,
    per_head: FloatArray,
) -> FloatArray:
    """Return the sum over subjects of their squared influence on the cumulative hazard."""
    none = np.zeros(step.size)
    rows = InfluenceRows(
        subject=subject, first=first, last=last, gains=moved.astype(np.float64), ends=np.zeros(subject.size)
    )
    steps = InfluenceSteps(step=step, gain_rate=step, end_rate=none, gain_scale=per_head, end_scale=none)
    return influence_variance(rows, steps)
