"""One minus Kaplan-Meier where others compete: not to be reported as a risk, but beside one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import hand_over
from ..curve_limits import ConfType, curve_limits
from ..kernels.product_limit import product_limit
from ..risk_table import counted_curve, risk_counts

if TYPE_CHECKING:
    from ..data import CompetingRisks
    from ..results import Curve


def naive_incidence(
    data: CompetingRisks, cause: str, *, conf_level: float = 0.95, conf_type: ConfType = "log-log"
) -> Curve:
    """One minus Kaplan-Meier with the competing causes censored: overstates the risk; not for reporting.

    It would be the risk in a world without the other causes, were they independent of this one, which no
    data can show.  Use it only beside :func:`cumulative_incidence`, to show by how much a published curve
    that censors deaths overstates the risk.

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    cause : str
        One of ``data.causes``; all others are taken for censorings.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits; it acts on the incidence itself, as in :func:`cumulative_incidence`.

    Returns
    -------
    Curve
        Nowhere below the cumulative incidence.  ``n_censored`` counts the events of other causes too;
        ``method`` says that the curve is not for reporting.  ``std_error`` and limits are NaN once it is 1.

    Raises
    ------
    InvalidArgument
        ``cause`` is none of ``data.causes``; ``conf_level`` outside (0, 1); an unknown ``conf_type``.

    Notes
    -----
    1 - prod (1 - d1/n) over the times of the cause, d1 its events and n the number at risk; Greenwood's
    variance.

    R: ``survival::survfit(Surv(time, status == 1) ~ 1)``, one minus its ``surv``.  SAS: ``PROC LIFETEST;
    TIME time*status(0, 2)``.

    References
    ----------
    Gooley, Leisenring, Crowley and Storer (1999), Stat Med 18, 695-706; Putter, Fiocco and Geskus (2007),
    Stat Med 26, 2389-2430, section 3.1.

    Examples
    --------
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8], [1, 2, 1, 0, 2], ["SSE", "death"])
    >>> naive_incidence(data, "SSE").estimate.round(3)  # cumulative incidence: 0.2 0.2 0.4 0.4 0.4
    array([0.2  , 0.2  , 0.467, 0.467, 0.467])
    """
    code = data.code(cause)
    counts = risk_counts(data)
    own = counts.n_events[code - 1]
    survival, log_variance = np.empty(counts.time.size), np.empty(counts.time.size)
    product_limit(counts.n_at_risk, own, survival, log_variance)
    estimate, std_error = hand_over(1 - survival), hand_over(survival * np.sqrt(log_variance))
    curve = counted_curve(
        counts,
        (estimate, std_error, *curve_limits(estimate, std_error, conf_level, conf_type)),
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=f"one minus Kaplan-Meier of {cause} with the competing causes censored, Greenwood variance, "
        f"{conf_type} limits: overstates the risk, not for reporting but beside the cumulative incidence",
        start=0.0,
        cause=code,
    )
    return replace(curve, n_censored=hand_over(counts.n_censored + counts.n_events.sum(axis=0) - own))
