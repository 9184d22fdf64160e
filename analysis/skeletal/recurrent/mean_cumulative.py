"""Mean number of recurrent events over time, with death ending accrual where there is any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..curve_limits import UnboundedConfType, curve_limits
from ..influence import InfluenceRows, InfluenceSteps, influence_variance
from ..results import Curve
from .mean_cumulative_counts import recurrent_counts
from .mean_cumulative_influence import refuse_deaths

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import RecurrentEvents
    from .mean_cumulative_counts import RecurrentCounts

MeanVariance = Literal["robust", "sample", "poisson"]


def mean_cumulative(
    data: RecurrentEvents,
    *,
    conf_level: float = 0.95,
    conf_type: UnboundedConfType = "log",
    variance: MeanVariance = "robust",
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
    variance : {"robust", "sample", "poisson"}
        ``robust`` is for use, the others for comparison with other software: ``sample`` is the variance among
        subjects of the number of events seen so far, too small where many have left; ``poisson`` takes the
        events of a subject as independent, and knows no deaths.

    Returns
    -------
    Curve
        One row a distinct time of an event, a death or an end of observation.  ``n_events`` counts
        events without deaths, ``n_censored`` subjects who leave the risk set otherwise.

    Raises
    ------
    InvalidArgument
        ``conf_level`` outside (0, 1), unknown ``conf_type`` or ``variance``, ``poisson`` with deaths.

    Notes
    -----
    mu(t) = sum over u up to t of S(u-) d/Y: d events among Y at risk, S the Kaplan-Meier estimate of
    being alive; without deaths S = 1 (Nelson-Aalen type).  The variance is the sum over subjects of the
    square of
    psi(t) = sum S(u-) dM/Y - sum (mu(t) - mu(u)) dM_death/Y, with dM = dN - at risk * d/Y;
    without deaths that is Lawless and Nadeau's.  It makes no assumption on how the events of one
    subject depend on each other.  Somebody with an event, a death or an end of observation at a time is
    still at risk at it.  The sample variance is the sum over all n subjects of (N(t) - mu(t))^2/(n (n - 1)),
    N the number of events of the subject until t or the end of its observation; NaN with one subject.
    Poisson: the sum of d/Y^2.

    R: ``survival::survfit(Surv(start, stop, status) ~ 1, id = subject, robust = TRUE)`` (``cumhaz``,
    ``std.chaz``), ``reda::mcf`` (``variance = "CSV"``: sample; ``"Poisson"``); with deaths
    ``mets::recurrentMarginal``.  SAS: ``PROC PHREG`` with ``BASELINE CMF=``; ``PROC RELIABILITY; MCFPLOT``.

    References
    ----------
    Lawless and Nadeau (1995), Technometrics 37, 158-168; Ghosh and Lin (2000), Biometrics 56, 554-562,
    section 2; Cook and Lawless (2007), The Statistical Analysis of Recurrent Events, section 3.7 (sample
    variance).

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "b"], [0, 30, 0], [30, 90, 60], [1, 1, 2])
    >>> mean_cumulative(data).to_frame()[["time", "estimate", "n_at_risk"]].values.tolist()
    [[30.0, 0.5, 2.0], [60.0, 0.5, 2.0], [90.0, 1.0, 1.0]]
    """
    checks.option(conf_type, UnboundedConfType, "conf_type")
    checks.option(variance, MeanVariance, "variance")
    subject = data.subject_number
    counts = recurrent_counts(data, subject)
    n, d = counts.n_at_risk, counts.n_events
    estimate = np.cumsum(counts.alive * d / n)
    dies = bool(counts.n_deaths.any())
    if variance == "robust":
        spread = _robust_variance(counts, data.status, subject)
    elif variance == "sample":
        spread = _sample_variance(counts, data, subject, estimate)
    else:
        refuse_deaths(data)
        spread = np.cumsum(d / n**2)
    std_error = np.where(estimate > 0, np.sqrt(spread), 0.0)
    lower, upper = curve_limits(estimate, std_error, conf_level, conf_type, bounded=False)
    kind = "Ghosh-Lin variance" if dies else "Lawless-Nadeau variance"
    if variance == "sample":
        kind = "sample variance of the subjects' numbers"
    elif variance == "poisson":
        kind = "Poisson variance"
    if dies:
        kind = f"death stops accrual, {kind}"
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


def _robust_variance(counts: RecurrentCounts, status: IntArray, subject: IntArray) -> FloatArray:
    """Sum the squared influences of the subjects on the mean at each time."""
    n, d, deaths, alive = counts.n_at_risk, counts.n_events, counts.n_deaths, counts.alive
    rows = InfluenceRows(
        subject=subject,
        first=counts.first,
        last=counts.last,
        gains=(status == 1).astype(np.float64),
        ends=(status == 2).astype(np.float64),
    )
    steps = InfluenceSteps(
        step=alive * d / n, gain_rate=d / n, end_rate=deaths / n, gain_scale=alive / n, end_scale=1 / n
    )
    return influence_variance(rows, steps)


def _sample_variance(
    counts: RecurrentCounts, data: RecurrentEvents, subject: IntArray, mean: FloatArray
) -> FloatArray:
    """Return the variance of the subjects' numbers of events around the mean, of their average."""
    n, m = int(subject.max()) + 1, counts.time.size
    if n == 1:
        return np.full(m, np.nan)
    events = np.flatnonzero(data.status == 1)
    events = events[np.lexsort((data.stop[events], subject[events]))]
    before = np.arange(events.size) - np.searchsorted(subject[events], subject[events])
    squares = np.cumsum(np.bincount(counts.last[events], 2 * before + 1, m))
    average = np.cumsum(counts.n_events) / n
    return np.asarray((squares / n - average**2 + (average - mean) ** 2) / (n - 1))
