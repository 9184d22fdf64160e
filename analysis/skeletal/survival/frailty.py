"""Proportional hazards with a gamma frailty that the rows of a cluster share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from .. import checks
from ..covariates import covariate_matrix, label_codes
from ..errors import InvalidArgument, NotConverged
from ..partial_likelihood import Ties, cox_sample, maximise
from ..results import freeze_arrays, require_ordered
from .cox import RULES
from .frailty_fit import (
    EXACT,
    FrailtyPlace,
    FrailtySample,
    largest_at,
    marginal,
    marginal_slope,
    solve,
    sparse_covariance,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RightCensored

FrailtyVariance = Literal["full", "sparse"]

R_SPARSE = 5  # clusters above which R leaves the covariances between frailties out
SMALLEST, LARGEST, GRID = 1e-5, 50.0, 9  # frailty variances that are looked at, and how many at first


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FrailtyFit:
    """A Cox model with a shared gamma frailty.

    Attributes
    ----------
    names : tuple of str
        One name a coefficient.
    coefficient, std_error, lower, upper, p_value : ndarray of shape (p,)
        Log hazard ratios within a cluster, 95 percent limits, Wald p-values.
    frailty_variance : float
        Of the frailties, whose mean is 1; 0 where the likelihood falls from there.
    frailty : Series
        Expected frailty of each cluster given the data.
    log_likelihood, log_likelihood_null : float
        Marginal log likelihood at the fit, and the partial one of the same covariates without frailty.
    n_subjects, n_events, n_clusters : int
        Rows, events and clusters, unweighted.
    method : str
        What a reader must know to repeat the numbers.
    """

    names: tuple[str, ...]
    coefficient: FloatArray
    std_error: FloatArray
    lower: FloatArray
    upper: FloatArray
    p_value: FloatArray
    frailty_variance: float
    frailty: pd.Series[float]
    log_likelihood: float
    log_likelihood_null: float
    n_subjects: int
    n_events: int
    n_clusters: int
    method: str

    def __post_init__(self) -> None:
        freeze_arrays(self)
        require_ordered(self.lower, self.coefficient, self.upper)


def frailty_cox(
    data: RightCensored,
    covariates: pd.DataFrame,
    cluster: ArrayLike,
    *,
    ties: Ties = "efron",
    variance: FrailtyVariance | None = None,
) -> FrailtyFit:
    """Log hazard ratios within clusters whose rows share an unseen gamma-distributed frailty.

    Use it for lesions of a subject or subjects of a centre when the effect for a given cluster is asked for;
    ``cox(..., cluster=...)`` gives the effect averaged over clusters.

    Parameters
    ----------
    data : RightCensored
        n rows without case weights; with ``entry`` a row is at risk on (entry, time].
    covariates : DataFrame of shape (n, p)
        Numeric columns.
    cluster : array_like of shape (n,)
        One label a row.
    ties : {"efron", "breslow"}
        Rule for tied events.
    variance : {"full", "sparse"}, optional
        The inverse of the whole penalised information, or of one without the covariances between frailties:
        a few percent wider, and what R gives for more than five clusters, which is the default.

    Returns
    -------
    FrailtyFit

    Raises
    ------
    InvalidArgument
        Case weights; ``ties="exact"``; lengths that differ; covariates that are not numeric or missing;
        missing labels; one cluster.
    NotEstimable, NotConverged
        As :func:`cox`.

    Notes
    -----
    The hazard of a row is w exp(x'b) times the baseline, w of mean 1 and variance theta.  At a given theta
    the maximum of the partial likelihood with log w as coefficients, penalised by sum (log w - w)/theta, is
    that of the EM algorithm; with v = 1/theta and d events in a cluster the marginal log likelihood is the
    partial one there plus the sum over clusters of
    d + v log w + log Gamma(v + d) - log Gamma(v) + v log v - (v + d) log(v + d),
    which theta maximises.  ``std_error`` takes theta as known.  The work grows with the rows, steps being
    solved for by conjugate gradients without a matrix of clusters by clusters.

    R: ``survival::coxph(Surv(time, event) ~ x + frailty(id, distribution = "gamma", sparse = TRUE))``.
    SAS: ``PROC PHREG; RANDOM id / DIST=GAMMA``.

    References
    ----------
    Nielsen et al., Scand J Statist 19 (1992), 25-43; Therneau and Grambsch, Modeling Survival Data (2000),
    sections 9.3 and 9.6.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([2, 3, 9, 8, 4, 5, 12, 10], [1, 1, 1, 0, 1, 1, 0, 1])
    >>> fit = frailty_cox(data, pd.DataFrame({"x": [0, 1, 0, 1, 0, 1, 0, 1]}), list("aabbccdd"))
    >>> fit.names, round(fit.frailty_variance, 2), fit.n_clusters
    (('x',), 1.02, 4)
    """
    checks.option(ties, ("efron", "breslow"), "ties")
    checks.option(variance, (None, *get_args(FrailtyVariance)), "variance")
    if data.weight is not None:
        raise InvalidArgument("frailty_cox takes no case weights")
    n = data.n_subjects
    names, matrix = covariate_matrix(covariates, n)
    codes, labels = label_codes(cluster, n, "cluster")
    if len(labels) < 2:
        raise InvalidArgument("cluster must have at least two labels: with one there is nothing to share")
    variance = variance or ("sparse" if len(labels) > R_SPARSE else "full")
    plain = cox_sample(data.time, data.event, matrix, entry=data.entry)
    without = maximise(plain, names, ties)
    sample = FrailtySample(
        rows=plain,
        ties=ties,
        cluster=codes[plain.cells.order],
        events=np.bincount(codes, data.event, len(labels)).astype(np.float64),
    )
    start = np.concatenate([without.coefficient, np.zeros(len(labels))])
    best = _largest_marginal(sample, start)
    found = without.at.log_likelihood
    if best is None or marginal(sample, best) <= found:
        theta, place, covariance = 0.0, start, np.linalg.inv(without.at.information)
    else:
        theta, found, place = 1 / best.precision, marginal(sample, best), best.place
        covariance = sparse_covariance(sample, best) if variance == "sparse" else _full(sample, best)
    p = len(names)
    coefficient, std_error = place[:p], np.sqrt(np.diag(covariance))
    half = float(ndtri(0.975)) * std_error
    return FrailtyFit(
        names=names,
        coefficient=coefficient,
        std_error=std_error,
        lower=coefficient - half,
        upper=coefficient + half,
        p_value=2 * ndtr(-np.abs(coefficient / std_error)),
        frailty_variance=theta,
        frailty=pd.Series(np.exp(place[p:]), index=labels, name="frailty"),
        log_likelihood=found,
        log_likelihood_null=without.at.log_likelihood,
        n_subjects=n,
        n_events=data.n_events,
        n_clusters=len(labels),
        method=f"Cox model, {RULES[ties]}, gamma frailty shared by {len(labels)} clusters, variance of the "
        f"frailty by marginal likelihood and taken as known in Wald limits ({variance} information)",
    )


def _largest_marginal(sample: FrailtySample, start: FloatArray) -> FrailtyPlace | None:
    """Return the fit at the frailty variance of largest marginal likelihood; None where that is 0."""
    from scipy.optimize import brentq, minimize_scalar  # noqa: PLC0415  (slow to import)

    fits: list[FrailtyPlace] = []

    def fitted(log_theta: float) -> FrailtyPlace:
        fits.append(largest_at(sample, fits[-1].place if fits else start, float(np.exp(-log_theta))))
        return fits[-1]

    grid = np.linspace(np.log(SMALLEST), np.log(LARGEST), GRID)
    tried = [fitted(value) for value in grid]
    highest = int(np.argmax([marginal(sample, fit) for fit in tried]))
    if highest == 0:
        return None
    if highest == grid.size - 1:
        raise NotConverged(
            f"the variance of the frailty grows beyond {LARGEST:g}: the clusters hardly overlap"
        )
    low = highest if marginal_slope(sample, tried[highest]) > 0 else highest - 1
    ends = grid[low], grid[low + 1]
    if marginal_slope(sample, tried[low]) > 0 > marginal_slope(sample, tried[low + 1]):
        found = brentq(lambda value: marginal_slope(sample, fitted(value)), *ends, xtol=1e-9)
    else:  # several maxima in between
        losses = minimize_scalar(
            lambda value: -marginal(sample, fitted(value)), bounds=ends, method="bounded"
        )
        found = losses.x
    return fitted(found)


def _full(sample: FrailtySample, at: FrailtyPlace) -> FloatArray:
    """Return the coefficients' block of the inverse of the whole penalised information."""
    p = sample.n_coefficients
    unit = np.eye(p, at.place.size)
    return np.array([solve(sample, at, unit[j], EXACT)[:p] for j in range(p)])
