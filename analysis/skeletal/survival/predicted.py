"""Survival that a fitted Cox model predicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..covariates import covariate_rows
from ..curve_limits import ConfType, curve_limits
from .cox import known_offset
from .fitted_hazard import STEPS, fitted_curve, stratum_codes, stratum_hazards

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..results import Curve
    from .cox import CoxFit


def predicted_survival(
    fit: CoxFit,
    rows: pd.DataFrame,
    *,
    strata: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
) -> list[Curve]:
    """Probability of no event beyond each time for subjects with given covariates.

    Use it to show what a model says of single subjects.  It is no average over a population: the curve of
    the mean covariates is not the mean of the curves.  Where covariates change with time, the curve is
    that of a subject who keeps them.

    Parameters
    ----------
    fit : CoxFit
        Result of :func:`cox`.
    rows : DataFrame of shape (k, ...)
        New subjects; the covariates of the fit are found by name, other columns are not read.
    strata : array_like of shape (k,), optional
        The stratum of each row; needed where the fit has strata.
    offset : array_like of shape (k,), optional
        Known part of the linear predictor; default 0.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits.

    Returns
    -------
    list of Curve
        One a row of ``rows``, in that order, each with one row a distinct observed time of its stratum;
        ``std_error`` includes that of the coefficients, the counts are those of the stratum.

    Raises
    ------
    InvalidArgument
        Covariates that are absent, missing or not numeric; no ``strata`` for a fit with strata, labels for
        a fit without, labels that are no stratum; an ``offset`` that is missing; an unknown ``conf_type``,
        ``conf_level`` outside (0, 1).

    Notes
    -----
    S(t | x) = exp(-H(t) exp(x' b)) with H of :func:`baseline_hazard`.  Variance of H(t | x), delta method:
    exp(2 x' b) (sum of step/(sum of r) + q' V q) with q = sum of step (x - mean of x in the risk set) and V
    the ``covariance`` of the fit: robust where it is clustered (the first part is not), the inverse
    information at the penalised coefficients where it is Firth's.

    R: ``survival::survfit(fit, newdata = rows, conf.type = "log-log")`` (its default is ``log``).
    SAS: ``PROC PHREG; BASELINE COVARIATES=rows SURVIVAL= STDERR=``.

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
    >>> for curve in predicted_survival(fit, pd.DataFrame({"treated": [0, 1]})):
    ...     print(curve.at(12).estimate.round(4), curve.at(12).std_error.round(4))
    [0.3095] [0.2748]
    [0.6696] [0.2706]
    """
    checks.option(conf_type, ConfType, "conf_type")
    matrix = covariate_rows(rows, fit.names)
    codes = stratum_codes(fit, strata, len(matrix), "strata")
    shift = np.zeros(len(matrix)) if offset is None else known_offset(offset, len(matrix))
    fitted = stratum_hazards(fit, np.unique(codes).tolist())

    curves = []
    for x, known, code in zip(matrix, shift, codes.tolist(), strict=True):
        hazard, std_error = fitted[code].at(x, known + x @ fit.coefficient, fit.covariance)
        survival = np.exp(-hazard)
        limits = curve_limits(survival, survival * std_error, conf_level, conf_type)
        values = (survival, survival * std_error, *limits)
        method = f"survival predicted by a Cox model, {STEPS[fit.ties]}, {conf_type} limits"
        curves.append(fitted_curve(fit, fitted[code].table, values, conf_level, method, start=1.0))
    return curves
