"""Time lost to one cause before a horizon: the area under its cumulative incidence."""

from __future__ import annotations

from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from .. import checks
from ..arm_contrast import arm_contrast, positive_time, two_arms, why_unknown
from ..results import Estimate
from .incidence_values import VARIANCES, followed_to, jackknife_values, rows_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..data import CompetingRisks


def years_lost(data: CompetingRisks, cause: str, *, horizon: float, conf_level: float = 0.95) -> Estimate:
    """Mean time between an event of one cause and a horizon (years lost to it), in the unit of the data.

    Use it to say in units of time what a cause takes away where others compete: the times lost to all
    causes and the restricted mean time without any event add up to the horizon.  The horizon is part of
    the estimand and must be fixed before the data are seen.

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    cause : str
        One of ``data.causes``; all others compete.
    horizon : float
        Positive time up to which the incidence is summed up, in ``data.time_unit``.
    conf_level : float
        Two-sided level of the limits, normal on the scale of time and not cut at 0 or the horizon.

    Returns
    -------
    Estimate
        In ``data.time_unit``.  NaN where the horizon lies beyond the last observed time and somebody had no
        event by then, whose fate is unknown; ``method`` then says so.  ``p_value`` is NaN.

    Raises
    ------
    InvalidArgument
        ``cause`` is none of ``data.causes``; a ``horizon`` that is not a positive number; ``conf_level``
        outside (0, 1).

    Notes
    -----
    The area under the Aalen-Johansen incidence F from 0 to the horizon h: sum of (h - u) dF(u).  Its variance
    is the infinitesimal jackknife: the sum over rows of the squared derivative, by the weight of the row, of
    the area up to the horizon itself, which need not be an observed time.  R's ``survfit`` goes on beyond
    the last time at the last height; here that is NaN.

    R: ``print(survival::survfit(Surv(time, factor(status)) ~ 1), rmean = horizon)``.  SAS: the area under
    the incidence of ``PROC LIFETEST OUTCIF=``, which has no standard error.

    References
    ----------
    Andersen (2013), Stat Med 32, 5278-5285; Therneau, Crowson and Atkinson (2024), Multi-state models and
    competing risks (vignette of R's survival).

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8], [1, 2, 1, 0, 2], ["SSE", "death"])
    >>> lost = years_lost(data, "SSE", horizon=6)
    >>> round(lost.estimate, 4), round(lost.std_error, 4)
    (1.0, 0.6928)
    """
    checks.probability(conf_level, "conf_level")
    code, limit = data.code(cause), positive_time(horizon, "horizon")
    lost, variance, end = _area(data, code, limit)
    reason = why_unknown(limit, [end], ["the sample"], data.time_unit)
    error = nan if reason else sqrt(variance)
    estimate = nan if reason else lost
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=estimate - half,
        upper=estimate + half,
        conf_level=conf_level,
        p_value=nan,
        method=f"{_words(data, cause, limit)}, normal limits" + (f"; {reason}" if reason else ""),
    )


def years_lost_contrast(
    data: CompetingRisks,
    arm: ArrayLike,
    cause: str,
    *,
    horizon: float,
    control: object = None,
    conf_level: float = 0.95,
) -> Estimate:
    """Difference of the mean time lost to one cause before a horizon, between two arms.

    Use it for an effect in units of time where other events compete and hazards may not be proportional;
    show that of the competing causes beside it.

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    arm : array_like of shape (n,)
        Labels of two arms.
    cause : str
        One of ``data.causes``; all others compete.
    horizon : float
        Positive time up to which the incidences are summed up, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    conf_level : float
        Two-sided level of the limits, normal on the scale of time.

    Returns
    -------
    Estimate
        Experimental less control: negative where less time is lost.  With the two-sided test of no
        difference; NaN where an arm ends before the horizon with somebody left.

    Raises
    ------
    InvalidArgument
        As :func:`years_lost`; other than two arms; a ``control`` that is none; labels that are missing or
        too few.

    Notes
    -----
    The variance is the sum of those of the arms; see :func:`years_lost`.

    R: the ``rmean`` and ``se(rmean)`` of ``summary(survival::survfit(Surv(time, factor(status)) ~ arm),
    rmean = horizon)$table``, then the same sums.  SAS: none.

    References
    ----------
    Andersen (2013), Stat Med 32, 5278-5285.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 4, 6], [1, 2, 1, 1, 2, 0, 0, 1], ["SSE", "death"])
    >>> effect = years_lost_contrast(data, list("AAAABBBB"), "SSE", horizon=7)
    >>> round(effect.estimate, 4), round(effect.std_error, 4)
    (-1.4167, 1.0587)
    """
    code, limit = data.code(cause), positive_time(horizon, "horizon")
    codes, labels = two_arms(arm, data.n_subjects, control, "years_lost of each arm")
    areas = [_area(rows_of(data, codes == k), code, limit) for k in range(2)]
    lost, variances, ends = zip(*areas, strict=True)
    return arm_contrast(
        lost,
        variances,
        kind="difference",
        conf_level=conf_level,
        method=f"difference of {_words(data, cause, limit)}, reference {labels[0]}",
        names=[f"the time lost on {label}" for label in labels],
        reason=why_unknown(limit, ends, labels, data.time_unit),
    )


def _area(data: CompetingRisks, code: int, horizon: float) -> tuple[float, float, float]:
    """Return the area under the incidence to the horizon, its variance, and the time it is known to."""
    found = jackknife_values(data, code, horizon=horizon)
    last = np.searchsorted(found.counts.time, horizon, side="right") - 1
    if last < 0:
        return 0.0, 0.0, followed_to(found.counts)
    return float(found.value[last]), float(found.variance[last]), followed_to(found.counts)


def _words(data: CompetingRisks, cause: str, horizon: float) -> str:
    return (
        f"mean {data.time_unit} lost to {cause} before {horizon:.10g} {data.time_unit}, area under the "
        f"Aalen-Johansen incidence, {VARIANCES['jackknife']} at the horizon"
    )
