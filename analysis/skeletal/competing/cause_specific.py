"""Proportional hazards regression of one cause, the others censoring it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import checks
from ..covariates import covariate_matrix, label_codes
from ..cox_results import cox_fields
from ..errors import InvalidArgument
from ..partial_likelihood import Ties, cox_sample, maximise
from ..results import RegressionFit

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..data import CompetingRisks

RULES = {
    "efron": "Efron's rule for ties",
    "breslow": "Breslow's rule for ties",
    "exact": "discrete (exact) likelihood for ties",
}


def cause_specific_cox(
    data: CompetingRisks,
    covariates: pd.DataFrame,
    cause: str,
    *,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: Ties = "efron",
) -> RegressionFit:
    """Log hazard ratios of one cause among those who have had none (cause-specific Cox model).

    Use it for the effect of covariates on the rate of the event among subjects still at risk.  Do not read
    it as an effect on the risk of the event: that depends on the hazards of all causes
    (:func:`absolute_risk`).

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    covariates : DataFrame of shape (n, p)
        Numeric columns, in the order of the rows of ``data``; their names become those of the result.
    cause : str
        One of ``data.causes``; events of all others censor.
    strata : array_like of shape (n,), optional
        One label a row; every stratum has its own baseline hazard.
    cluster : array_like of shape (n,), optional
        One label a row; the covariance is then the sandwich of score residuals summed by cluster.
    ties : {"efron", "breslow", "exact"}
        Rule for tied events; "exact" is the discrete conditional likelihood and takes no ``cluster``.

    Returns
    -------
    RegressionFit
        Coefficients on the log hazard ratio scale.

    Raises
    ------
    InvalidArgument
        An unknown ``cause`` or ``ties``; covariates or labels that do not fit the data; ``cluster`` with
        "exact".
    NotEstimable
        No events of the cause; a covariate that is constant or determined by others.
    NotConverged
        The likelihood has no maximum (separation).

    Notes
    -----
    The partial likelihood of a Cox model in which a time with another cause is a censoring.

    R: ``survival::coxph(Surv(time, status == 1) ~ x, ties = "efron")``.
    SAS: ``PROC PHREG; MODEL time*status(0, 2) = x / TIES=EFRON``.

    References
    ----------
    Prentice et al., Biometrics 34 (1978), 541-554; Lunn and McNeil, Biometrics 51 (1995), 524-532.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 11, 12], [1, 2, 1, 0, 2, 1, 1, 0], ["SSE", "death"])
    >>> fit = cause_specific_cox(data, pd.DataFrame({"treated": [0, 0, 1, 1, 0, 0, 1, 1]}), "SSE")
    >>> fit.coefficient.round(4), fit.std_error.round(4)
    (array([-1.1744]), array([1.238]))
    """
    code, n = data.code(cause), data.n_subjects
    checks.option(ties, Ties, "ties")
    names, matrix = covariate_matrix(covariates, n)
    stratum = None if strata is None else label_codes(strata, n, "strata")[0]
    clusters = None if cluster is None else label_codes(cluster, n, "cluster")[0]
    if ties == "exact" and clusters is not None:
        raise InvalidArgument("ties='exact' has no robust covariance: use 'efron' or 'breslow' with cluster")
    event = (data.status == code).astype(np.int64)
    sample = cox_sample(data.time, event, matrix, entry=data.entry, stratum=stratum)
    maximum = maximise(sample, names, ties)
    parts = [f"cause-specific Cox proportional hazards of {cause}", RULES[ties]]
    if stratum is not None:
        parts.append("stratified")
    if clusters is None:
        parts.append("covariance from the observed information, Wald limits and p-values")
    else:
        parts.append(f"robust covariance by {int(clusters.max()) + 1} clusters, Wald limits and p-values")
    return RegressionFit(
        **cox_fields(names, sample, maximum, ties, cluster=clusters, n_subjects=n, method=", ".join(parts))
    )
