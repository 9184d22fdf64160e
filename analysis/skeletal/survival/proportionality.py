"""Test of proportional hazards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..chi_square import chi_square_test, quadratic_form
from ..data import RightCensored
from ..partial_likelihood import evaluate_sums, risk_sums
from .cox import cox
from .fitted_hazard import fitted_sample
from .kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..partial_likelihood import Evaluation
    from .cox import CoxFit

TimeTransform = Literal["km", "rank", "identity", "log"]

CONSTANT = 1e-12  # spread of the transformed times relative to their size below which they are one time
NOTHING_LEFT = (
    1e-10  # information on a change relative to that with known coefficients below which it is none
)


def proportionality(
    data: RightCensored,
    covariates: pd.DataFrame,
    *,
    transform: TimeTransform = "km",
    strata: ArrayLike | None = None,
) -> pd.DataFrame:
    """Test that the hazard ratios of a Cox model do not change with time.

    Use it beside a plot of the scaled Schoenfeld residuals: with many events it finds changes that do not
    matter, with few it misses those that do.

    Parameters
    ----------
    data : RightCensored
        n rows, with delayed entry and case weights where given.
    covariates : DataFrame of shape (n, p)
        As for :func:`cox`, whose fit with Efron's rule is tested.
    transform : {"km", "rank", "identity", "log"}
        g(t): 1 - S(t-) of the Kaplan-Meier curve of all rows (without strata and weights), the rank among
        the times of all rows (ties averaged), t, or log t.
    strata : array_like of shape (n,), optional
        One label a row, as for :func:`cox`.

    Returns
    -------
    DataFrame
        One row a covariate, then ``GLOBAL``; columns ``statistic`` (chi-square), ``df`` and ``p_value``;
        NaN where the events do not tell an effect that changes from one that does not.

    Raises
    ------
    InvalidArgument
        As :func:`cox`; an unknown ``transform``; ``log`` with an event at time 0.
    NotEstimable, NotConverged
        As :func:`cox`.

    Notes
    -----
    Score test of c = 0 in the model with linear predictor x'b + (x g(t))'c, not the approximation of 1994.
    With g less its mean over the events, V(t) the covariance of x in the risk set (tied events by Efron's
    rule) and w the weight of an event: U = sum of w g(t) (x - mean of x), information of (b, c) = the sums
    of w V, w g V and w g^2 V; the statistic is U' W^-1 U with W what is left of the information of c
    when b is estimated, for one covariate U_j^2/W_jj.

    R: ``survival::cox.zph(coxph(Surv(time, event) ~ x), transform = "km", terms = FALSE)``, survival 3.0 or
    later.  SAS: ``PROC PHREG ZPH(GLOBAL TRANSFORM=KM)`` (the approximation).

    References
    ----------
    Grambsch and Therneau (1994), Biometrika 81, 515-526, section 2; Therneau and Grambsch, Modeling Survival
    Data (2000), section 6.2.

    Examples
    --------
    >>> import pandas as pd
    >>> data = RightCensored([5, 8, 8, 12, 20, 21, 25], [1, 1, 0, 1, 1, 0, 1])
    >>> proportionality(data, pd.DataFrame({"treated": [0, 1, 0, 0, 1, 1, 0]})).round(4)
             statistic   df  p_value
    treated      0.389  1.0   0.5328
    GLOBAL       0.389  1.0   0.5328
    """
    checks.option(transform, TimeTransform, "transform")
    fit = cox(data, covariates, strata=strata)
    plain, first, second = _moments(fit, _transformed(data, transform))
    left = second.information - first.information @ np.linalg.solve(plain.information, first.information)
    variance = np.diag(left)
    silent = variance <= NOTHING_LEFT * np.diag(second.information)
    with np.errstate(divide="ignore", invalid="ignore"):
        single = np.where(silent, np.nan, first.score**2 / variance)
    statistic, rank = quadratic_form(first.score, np.where(silent[:, None] | silent, 0.0, left))
    tests = [chi_square_test(float(value), 1, "") for value in single]
    tests.append(chi_square_test(statistic, rank if rank == len(fit.names) else 0, ""))
    return pd.DataFrame(
        {name: [getattr(test, name) for test in tests] for name in ("statistic", "df", "p_value")},
        index=pd.Index([*fit.names, "GLOBAL"]),
    )


def _transformed(data: RightCensored, transform: TimeTransform) -> FloatArray:
    """Return g of every row's own time."""
    time = data.time
    if transform == "identity":
        return time
    if transform == "rank":
        return np.asarray(pd.Series(time).rank(), dtype=np.float64)
    if transform == "log":
        checks.rows_where((time == 0) & (data.event == 1), "transform='log' needs event times above 0")
        return np.log(np.where(data.event == 1, time, 1.0))
    curve = kaplan_meier(RightCensored(time, data.event, entry=data.entry))
    before = np.searchsorted(curve.time, time, side="left")
    return 1 - np.append(1.0, curve.estimate)[before]


def _moments(fit: CoxFit, g: FloatArray) -> tuple[Evaluation, Evaluation, Evaluation]:
    """Return score and information with every event weighted by 1, g and g^2, g less its mean."""
    sample = fitted_sample(fit)
    sums = risk_sums(sample, fit.coefficient, fit.ties)
    event, last = sample.event, sample.cells.last
    centred = np.zeros(sample.cells.time.size)
    centred[last[event]] = g[event] - g[event].mean()
    if np.max(np.abs(centred)) <= CONSTANT * np.max(np.abs(g[event])):
        centred = np.zeros_like(centred)

    def weighted(factor: FloatArray) -> Evaluation:
        rows = replace(sample, weight=sample.weight * factor[np.where(event, last, 0)])
        return evaluate_sums(rows, replace(sums, weight=sums.weight * factor[sums.cell]))

    return weighted(np.ones_like(centred)), weighted(centred), weighted(centred**2)
