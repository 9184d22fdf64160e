"""Proportional hazards regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arrays import FloatArray, IntArray, as_floats, read_only
from ..covariates import covariate_matrix, label_codes
from ..cox_results import cox_fields
from ..errors import InvalidArgument
from ..firth import firth_fields
from ..partial_likelihood import Ties, cox_sample, maximise
from ..results import RegressionFit

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..data import RightCensored

Penalty = Literal["firth"]

RULES = {
    "efron": "Efron's rule for ties",
    "breslow": "Breslow's rule for ties",
    "exact": "discrete (exact) likelihood for ties",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CoxFit(RegressionFit):
    """A fitted Cox model with the rows it was fitted to.

    Attributes
    ----------
    data : RightCensored
        The sample.
    covariates : ndarray of shape (n, p)
        Covariates as given, columns in the order of ``names``.
    stratum, cluster : ndarray of shape (n,) or None
        Codes from 0 in sorted order of the labels.
    stratum_labels : tuple
        Label of each code of ``stratum``; empty without strata.
    offset : ndarray of shape (n,) or None
        Known part of the linear predictor.
    ties : str
        Rule for tied events.
    penalty : str or None
        Penalty on the likelihood.
    """

    data: RightCensored
    covariates: FloatArray
    stratum: IntArray | None
    stratum_labels: tuple[object, ...]
    cluster: IntArray | None
    offset: FloatArray | None
    ties: Ties
    penalty: Penalty | None


def cox(
    data: RightCensored,
    covariates: pd.DataFrame,
    *,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    ties: Ties = "efron",
    penalty: Penalty | None = None,
) -> CoxFit:
    """Log hazard ratios of a proportional hazards model.

    Use it for the effect of an arm, with or without adjustment, on the hazard of an event; with
    ``strata`` where baseline hazards differ.  Do not read it as an effect on risk when other events
    compete, nor as one constant ratio where hazards cross.

    Parameters
    ----------
    data : RightCensored
        n rows; with ``entry`` a row is at risk on (entry, time], so that rows of one subject can carry
        covariates that change.
    covariates : DataFrame of shape (n, p)
        Numeric columns, in the order of the rows of ``data``; their names become those of the result.
    strata : array_like of shape (n,), optional
        One label a row; every stratum has its own baseline hazard.
    cluster : array_like of shape (n,), optional
        One label a row; the covariance is then the sandwich of score residuals summed by cluster.
    offset : array_like of shape (n,), optional
        Known part of the linear predictor.
    ties : {"efron", "breslow", "exact"}
        Rule for tied events; ``exact`` is the discrete conditional likelihood, without case weights,
        clusters or penalty.
    penalty : {None, "firth"}
        ``firth`` adds half the log determinant of the information: finite coefficients also where an
        arm has no events; limits and p-values are those of the profile of the penalised likelihood.

    Returns
    -------
    CoxFit
        A ``RegressionFit`` with 95 percent limits that keeps its rows.

    Raises
    ------
    InvalidArgument
        Covariates that are not numeric or missing;
        lengths that differ; labels that are missing; options that exclude each other.
    NotEstimable
        No events; covariates that are constant within the risk sets or determined by others.
    NotConverged
        The likelihood has no maximum, for instance because an arm has no events.

    Notes
    -----
    Efron: the k-th of d tied events (k = 0, ..., d - 1) meets the risk set less k/d of the tied events,
    with their mean case weight.  The sandwich uses score residuals under the same rule and has no
    small-sample factor.  Firth's step solves U + tr(I^-1 dI)/2 = 0; ``covariance`` is I^-1 there and
    ``log_likelihood`` is penalised.  Case weights alone never make the covariance robust.
    The robust score test keeps the offset in its null model, which R's ``rscore`` leaves out.

    R: ``survival::coxph(Surv(time, event) ~ x, ties = "efron", cluster = id)``; ``coxphf::coxphf``
    (Breslow's rule).  SAS: ``PROC PHREG; MODEL time*event(0) = x / TIES=EFRON`` (``DISCRETE`` is our
    ``exact``).

    References
    ----------
    Cox (1972); Efron (1977), section 4; Lin and Wei (1989); Heinze and Schemper, Biometrics 57 (2001),
    114-119; Therneau and Grambsch, Modeling Survival Data (2000), chapters 3 and 7.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([5, 8, 8, 12, 20, 21], [1, 1, 0, 1, 1, 0])
    >>> fit = cox(data, pd.DataFrame({"treated": [0, 1, 0, 0, 1, 1]}))
    >>> fit.names, fit.coefficient.round(4), fit.std_error.round(4)
    (('treated',), array([-1.0731]), array([1.2354]))
    """
    checks.option(ties, Ties, "ties")
    checks.option(penalty, (None, "firth"), "penalty")
    n = data.n_subjects
    names, matrix = covariate_matrix(covariates, n)
    stratum, labels = (None, ()) if strata is None else label_codes(strata, n, "strata")
    clusters = None if cluster is None else label_codes(cluster, n, "cluster")[0]
    shift = None if offset is None else known_offset(offset, n)
    _refuse_combinations(data, ties, penalty, clusters)
    sample = cox_sample(
        data.time,
        data.event,
        matrix,
        entry=data.entry,
        stratum=stratum,
        weight=data.weight,
        offset=shift,
    )
    method = _method(ties, penalty, strata is not None, clusters, data.weight)
    if penalty == "firth":
        fields = firth_fields(names, sample, ties, n_subjects=n, method=method)
    else:
        maximum = maximise(sample, names, ties)
        fields = cox_fields(names, sample, maximum, ties, cluster=clusters, n_subjects=n, method=method)
    return CoxFit(
        **fields,
        data=data,
        covariates=read_only(matrix),
        stratum=stratum,
        stratum_labels=tuple(np.asarray(labels).tolist()),
        cluster=clusters,
        offset=shift,
        ties=ties,
        penalty=penalty,
    )


def known_offset(offset: ArrayLike, n: int) -> FloatArray:
    """Return the offset of ``n`` rows, or say which are not known."""
    values = as_floats(offset, "offset")
    checks.same_length(n, offset=values)
    checks.rows_where(~np.isfinite(values), "offset must be known and finite")
    return values


def _refuse_combinations(
    data: RightCensored, ties: Ties, penalty: Penalty | None, cluster: IntArray | None
) -> None:
    if ties == "exact" and data.weight is not None:
        raise InvalidArgument("ties='exact' takes no case weights: use 'efron' or 'breslow'")
    if ties == "exact" and cluster is not None:
        raise InvalidArgument("ties='exact' has no robust covariance: use 'efron' or 'breslow' with cluster")
    if ties == "exact" and penalty is not None:
        raise InvalidArgument("penalty='firth' needs ties='efron' or 'breslow'")
    if penalty is not None and cluster is not None:
        raise InvalidArgument("penalty='firth' has no robust covariance: leave cluster out")


def _method(
    ties: Ties,
    penalty: Penalty | None,
    stratified: bool,
    cluster: IntArray | None,
    weight: FloatArray | None,
) -> str:
    parts = ["Cox proportional hazards", RULES[ties]]
    if stratified:
        parts.append("stratified")
    if weight is not None:
        parts.append("case weights")
    if penalty == "firth":
        parts.append("Firth's penalty, profile penalised likelihood limits and p-values")
    elif cluster is not None:
        parts.append(f"robust covariance by {int(cluster.max()) + 1} clusters, Wald limits and p-values")
    else:
        parts.append("covariance from the observed information, Wald limits and p-values")
    return ", ".join(parts)
