"""Mean number of recurrent events over time, with death ending accrual where there is any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..curve_limits import UnboundedConfType, curve_limits
from ..influence import InfluenceRows, InfluenceSteps, influence_variance
from ..results import Curve

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import RecurrentEvents


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecurrentCounts:
    """Counts at each distinct time of an event, a death or an end of observation; arrays of shape (m,).

    Attributes
    ----------
    time : ndarray
        Increasing.
    n_at_risk, n_events, n_deaths, n_censored : ndarray
        Subjects at risk just before ``time``; events, deaths and other ends of observation at it.
    first, last : ndarray of shape (n,)
        First and last position in ``time`` at which each row is at risk; ``first > last`` where none.
    """

    time: FloatArray
    n_at_risk: FloatArray
    n_events: FloatArray
    n_deaths: FloatArray
    n_censored: FloatArray
    first: IntArray
    last: IntArray


def mean_cumulative(
    data: RecurrentEvents, *, conf_level: float = 0.95, conf_type: UnboundedConfType = "log"
) -> Curve:
    """Mean number of events per subject by each time; with deaths, the mean in which death stops accrual.

    Use it for all events rather than the first.  Where subjects die it counts the events that happen
    to all who started, the dead included: an arm in which more die early can have the lower mean, so
    show survival beside it.

    Parameters
    ----------
    data : RecurrentEvents
        Rows (start, stop]; status 1 an event, 2 death.  Gaps between the rows of a subject are time
        not at risk.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log", "plain"}
        Scale of the limits; ``plain`` limits are cut at 0.

    Returns
    -------
    Curve
        One row a distinct time of an event, a death or an end of observation.  ``n_events`` counts
        events without deaths, ``n_censored`` subjects who leave the risk set otherwise.

    Raises
    ------
    InvalidArgument
        ``conf_level`` outside (0, 1), unknown ``conf_type``.

    Notes
    -----
    mu(t) = sum over u up to t of S(u-) d/Y: d events among Y at risk, S the Kaplan-Meier estimate of
    being alive; without deaths S = 1 (Nelson-Aalen type).  The variance is the sum over subjects of the
    square of
    psi(t) = sum S(u-) dM/Y - sum (mu(t) - mu(u)) dM_death/Y, with dM = dN - at risk * d/Y;
    without deaths that is Lawless and Nadeau's.  It makes no assumption on how the events of one
    subject depend on each other.  Somebody with an event, a death or an end of observation at a time is
    still at risk at it.

    R: ``survival::survfit(Surv(start, stop, status) ~ 1, id = subject, robust = TRUE)`` (``cumhaz``,
    ``std.chaz``), ``reda::mcf``; with deaths ``mets::recurrentMarginal``.  SAS: ``PROC PHREG`` with
    ``BASELINE CMF=``; ``PROC RELIABILITY; MCFPLOT``.

    References
    ----------
    Lawless and Nadeau (1995), Technometrics 37, 158-168; Ghosh and Lin (2000), Biometrics 56, 554-562,
    section 2.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "b"], [0, 30, 0], [30, 90, 60], [1, 1, 2])
    >>> mean_cumulative(data).to_frame()[["time", "estimate", "n_at_risk"]].values.tolist()
    [[30.0, 0.5, 2.0], [60.0, 0.5, 2.0], [90.0, 1.0, 1.0]]
    """
    checks.option(conf_type, UnboundedConfType, "conf_type")
    counts = recurrent_counts(data)
    n, d, deaths = counts.n_at_risk, counts.n_events, counts.n_deaths
    alive = np.append(1.0, np.cumprod((n - deaths) / n)[:-1])
    step = alive * d / n
    estimate = np.cumsum(step)
    rows = InfluenceRows(
        subject=data.subject_number,
        first=counts.first,
        last=counts.last,
        gains=(data.status == 1).astype(np.float64),
        ends=(data.status == 2).astype(np.float64),
    )
    steps = InfluenceSteps(
        step=step, gain_rate=d / n, end_rate=deaths / n, gain_scale=alive / n, end_scale=1 / n
    )
    std_error = np.where(estimate > 0, np.sqrt(influence_variance(rows, steps)), 0.0)
    lower, upper = curve_limits(estimate, std_error, conf_level, conf_type, bounded=False)
    kind = "Lawless-Nadeau variance"
    if deaths.any():
        kind = "death stops accrual, Ghosh-Lin variance"
    return Curve(
        time=counts.time,
        estimate=estimate,
        std_error=std_error,
        lower=lower,
        upper=upper,
        n_at_risk=n,
        n_events=d,
        n_censored=counts.n_censored,
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=f"mean cumulative number of events, {kind}, {conf_type} limits",
        start=0.0,
    )


def recurrent_counts(data: RecurrentEvents) -> RecurrentCounts:
    """Count subjects at risk, events, deaths and ends of observation by time.

    A row without event or death that the next row of its subject continues ends nothing.
    """
    number = data.subject_number
    order = np.lexsort((data.start, number))
    goes_on = np.zeros(order.size, dtype=np.bool_)
    goes_on[order[:-1]] = (np.diff(number[order]) == 0) & (data.start[order][1:] == data.stop[order][:-1])
    leaves = (data.status == 0) & ~goes_on
    time = np.unique(data.stop[(data.status > 0) | leaves])
    first = np.searchsorted(time, data.start, side="right").astype(np.int64)
    last = np.searchsorted(time, data.stop, side="right").astype(np.int64) - 1
    m = time.size
    entered = np.bincount(first, minlength=m + 1)[:m]
    left = np.bincount(last + 1, minlength=m + 1)[:m]

    def at(rows: IntArray) -> FloatArray:
        return np.bincount(last[rows], minlength=m).astype(np.float64)

    return RecurrentCounts(
        time=time,
        n_at_risk=np.cumsum(entered - left).astype(np.float64),
        n_events=at(np.flatnonzero(data.status == 1)),
        n_deaths=at(np.flatnonzero(data.status == 2)),
        n_censored=at(np.flatnonzero(leaves)),
        first=first,
        last=last,
    )
