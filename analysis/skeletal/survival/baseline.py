"""Baseline cumulative hazard of a fitted Cox model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..curve_limits import curve_limits
from .fitted_hazard import STEPS, fitted_curve, stratum_codes, stratum_hazards

if TYPE_CHECKING:
    from ..results import Curve
    from .cox import CoxFit


def baseline_hazard(fit: CoxFit, *, stratum: object = None, conf_level: float = 0.95) -> Curve:
    """Cumulative hazard of a subject whose covariates are all 0.

    Use it for the shape of the hazard under a model.  Where 0 is far from the data (an age of 0), the
    curve is an extrapolation: centre the covariates first, or use :func:`predicted_survival`.

    Parameters
    ----------
    fit : CoxFit
        Result of :func:`cox`.
    stratum : label, optional
        Which stratum's hazard; needed where the fit has strata.
    conf_level : float
        Two-sided level of the pointwise limits, normal on the log scale.

    Returns
    -------
    Curve
        One row a distinct observed time of the stratum.  ``std_error`` includes that of the coefficients.

    Raises
    ------
    InvalidArgument
        No ``stratum`` for a fit with strata, one for a fit without, a label that is no stratum;
        ``conf_level`` outside (0, 1).

    Notes
    -----
    With r the relative risks: steps w/sum of r (Breslow), or with Efron's rule d steps, the k-th with the
    mean weight of the d tied events over the sum of r less k/d of that of the tied.  Exact ties take
    Breslow's steps.  The offset is 0, unlike in ``basehaz``, which takes its mean.

    Variance: sum of step/(sum of r) + q' V q with q = sum of step (mean of x in the risk set) and V the
    fit's ``covariance``, robust where the fit is clustered (the first part is not), the inverse information
    at the penalised coefficients where it is Firth's.

    R: ``survival::basehaz(fit, centered = FALSE)``; the standard error is that of
    ``survfit(fit, newdata = <zeros>)$std.chaz``.  SAS: ``PROC PHREG; BASELINE COVARIATES=zeros CUMHAZ=``.

    References
    ----------
    Tsiatis (1981), Ann Stat 9, 93-108; Therneau and Grambsch, Modeling Survival Data (2000), section 10.2.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> from skeletal.survival import cox
    >>> data = RightCensored([5, 8, 8, 12, 20, 21], [1, 1, 0, 1, 1, 0])
    >>> fit = cox(data, pd.DataFrame({"treated": [0, 1, 0, 0, 1, 1]}))
    >>> baseline_hazard(fit).estimate.round(4)
    array([0.2484, 0.5789, 1.1727, 2.6349, 2.6349])
    """
    code = int(stratum_codes(fit, None if stratum is None else pd.Series([stratum]), 1, "stratum")[0])
    fitted = stratum_hazards(fit, [code])[code]
    hazard, std_error = fitted.at(np.zeros(len(fit.names)), 0.0, fit.covariance)
    far = np.isinf(hazard)
    hazard, std_error = np.where(far, np.nan, hazard), np.where(far, np.nan, std_error)
    values = (hazard, std_error, *curve_limits(hazard, std_error, conf_level, "log", bounded=False))
    which = "" if fit.stratum is None else f" of stratum {fit.stratum_labels[code]}"
    method = f"baseline cumulative hazard{which} at covariates 0, {STEPS[fit.ties]}, log limits"
    if far.any():
        method += "; not estimable: covariates 0 lie too far from the data, centre the covariates"
    return fitted_curve(fit, fitted.table, values, conf_level, method, start=0.0)
