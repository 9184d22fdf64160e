"""Residuals of a fitted Cox model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..errors import InvalidArgument
from ..partial_likelihood import risk_sums, row_hazards, score_residuals
from ..risk_table import sum_by
from .fitted_hazard import fitted_sample, model_covariance

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..partial_likelihood import CoxSample
    from .cox import CoxFit

ResidualKind = Literal[
    "martingale", "deviance", "score", "dfbeta", "dfbetas", "schoenfeld", "scaled-schoenfeld"
]


def residuals(fit: CoxFit, kind: ResidualKind) -> pd.DataFrame:
    """Residuals of a Cox model, by row or by event.

    Martingale residuals show the form of a covariate, deviance residuals outlying subjects, score and
    dfbeta residuals influential ones, Schoenfeld residuals an effect that changes with time.

    Parameters
    ----------
    fit : CoxFit
        Result of :func:`cox`.
    kind : str
        ``martingale``: event less the cumulative hazard met; ``deviance``: the same made symmetrical;
        ``score``: contribution to the derivative of the likelihood; ``dfbeta``: approximate change of the
        coefficients that the row makes, ``dfbetas``: in standard errors; ``schoenfeld``: covariates of an
        event less their mean in the risk set, ``scaled-schoenfeld``: times covariance and number of
        events, plus the coefficient.

    Returns
    -------
    DataFrame
        ``martingale`` and ``deviance``: one column of that name, ``score``, ``dfbeta`` and ``dfbetas``: one
        column a coefficient, one row a row of the data in their order.  ``schoenfeld`` and
        ``scaled-schoenfeld``: one column a coefficient, one row an event; the index ``time`` holds the event
        times, by stratum, then time, then order of the data.

    Raises
    ------
    InvalidArgument
        An unknown ``kind``; other than martingale and deviance residuals of a fit with exact ties.

    Notes
    -----
    As R's defaults: case weights enter the sums over risk sets, and multiply ``dfbeta`` and ``dfbetas``
    but no other kind, so that weights times martingale, score and Schoenfeld residuals sum to 0 (to the
    score of the likelihood without penalty in Firth's fit).  Rows are never added up by cluster, and
    ``dfbeta``, ``dfbetas`` and ``scaled-schoenfeld`` take the inverse information also where the fit is
    clustered: the sums of ``dfbeta`` by cluster give its robust covariance.  Tied events follow the rule of
    the fit; martingale residuals of exact ties take Breslow's.

    Deviance: sign(m) sqrt(-2 (m + d log(d - m))) with m the martingale residual, d the event.

    R: ``residuals(fit, type = "martingale")``, ``"scaledsch"`` for ``scaled-schoenfeld``.  SAS: ``PROC PHREG;
    OUTPUT RESMART= RESDEV= RESSCO= RESSCH= WTRESSCH= DFBETA=``.

    References
    ----------
    Therneau and Grambsch, Modeling Survival Data (2000), chapters 4 to 7; Grambsch and Therneau (1994),
    Biometrika 81, 515-526.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> from skeletal.survival import cox
    >>> data = RightCensored([5, 8, 8, 12, 20, 21], [1, 1, 0, 1, 1, 0])
    >>> fit = cox(data, pd.DataFrame({"treated": [0, 1, 0, 0, 1, 1]}))
    >>> residuals(fit, "martingale")["martingale"].round(4).tolist()
    [0.7516, 0.802, -0.5789, -0.1727, 0.099, -0.901]
    >>> residuals(fit, "schoenfeld")["treated"].round(4).to_dict()
    {5.0: -0.2548, 8.0: 0.661, 12.0: -0.4061, 20.0: 0.0}
    """
    checks.option(kind, ResidualKind, "kind")
    sample = fitted_sample(fit)
    if kind in {"martingale", "deviance"}:
        values = _martingale(fit, sample)
        return pd.DataFrame({kind: values if kind == "martingale" else _deviance(values, sample)})
    if fit.ties == "exact":
        raise InvalidArgument(f"{kind} residuals need a fit with ties='efron' or 'breslow', not 'exact'")
    index = None
    if kind in {"schoenfeld", "scaled-schoenfeld"}:
        rows = np.lexsort((fit.data.time, sample.stratum))
        rows = rows[sample.event[rows]]
        values = _schoenfeld(fit, sample)[rows]
        index = pd.Index(fit.data.time[rows], name="time")
    else:
        values = score_residuals(sample, fit.coefficient, fit.ties)
    if kind == "scaled-schoenfeld":
        values = fit.coefficient + fit.n_events * values @ model_covariance(fit, sample)
    elif kind in {"dfbeta", "dfbetas"}:
        covariance = model_covariance(fit, sample)
        values = sample.weight[:, None] * values @ covariance
        if kind == "dfbetas":
            values = values / np.sqrt(np.diag(covariance))
    return pd.DataFrame(values, index=index, columns=pd.Index(fit.names))


def _martingale(fit: CoxFit, sample: CoxSample) -> FloatArray:
    sums = risk_sums(sample, fit.coefficient, fit.ties)
    return sample.event - np.exp(sums.linear) * row_hazards(sample, sums)[0]


def _deviance(martingale: FloatArray, sample: CoxSample) -> FloatArray:
    """Return the signed root; rounding below 0, where the hazard met is next to 1, is 0."""
    met = sample.event - martingale
    logs = np.where(sample.event, np.log(np.where(sample.event, met, 1.0)), 0.0)
    return np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + logs), 0.0))


def _schoenfeld(fit: CoxFit, sample: CoxSample) -> FloatArray:
    """Return covariates less the mean of the risk set for rows with an event, NaN for the others."""
    sums = risk_sums(sample, fit.coefficient, fit.ties)
    size = sample.cells.time.size
    mean = sum_by(sums.cell, sums.mean, size) / np.bincount(sums.cell, minlength=size)[:, None]
    values = np.full(sample.covariates.shape, np.nan)
    values[sample.event] = sample.covariates[sample.event] - mean[sample.cells.last[sample.event]]
    return values
