"""Proportional hazards with a gamma frailty that the rows of a cluster share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import gammaln, ndtr, ndtri

from .. import checks
from ..covariates import covariate_matrix, label_codes
from ..errors import InvalidArgument, NotConverged
from ..newton import Evaluation, newton
from ..partial_likelihood import Ties, cox_sample, evaluate, maximise
from ..results import freeze_arrays, require_ordered
from .cox import RULES

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from ..data import RightCensored
    from ..partial_likelihood import CoxSample

FrailtyVariance = Literal["full", "sparse"]

R_SPARSE = 5  # clusters above which R leaves the covariances between frailties out
SMALLEST, LARGEST = 1e-5, 50.0  # frailty variances that are looked at


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


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Fitted:
    """The maximum of the penalised likelihood at one frailty variance."""

    place: FloatArray
    information: FloatArray
    marginal: float


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
    which theta maximises.  ``std_error`` takes theta as known.  The work grows with the rows times the square
    of the clusters.

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
    indicators = (codes[:, None] == np.arange(len(labels))).astype(np.float64)
    sample = cox_sample(data.time, data.event, np.column_stack([matrix, indicators]), entry=data.entry)
    events = np.bincount(codes, data.event, len(labels)).astype(np.float64)
    start = np.concatenate([without.coefficient, np.zeros(len(labels))])
    theta, best = _largest_marginal(sample, events, start, ties)
    found = without.at.log_likelihood
    if best is None or best.marginal <= found:
        theta, place, covariance = 0.0, start, np.linalg.inv(without.at.information)
    else:
        found, place = best.marginal, best.place
        covariance = np.linalg.inv(_seen(best.information, len(names), sparse=variance == "sparse"))
    p = len(names)
    coefficient, std_error = place[:p], np.sqrt(np.diag(covariance)[:p])
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


def _largest_marginal(
    sample: CoxSample, events: FloatArray, start: FloatArray, ties: Ties
) -> tuple[float, _Fitted | None]:
    """Return the frailty variance of largest marginal likelihood and the fit there."""
    from scipy.optimize import minimize_scalar  # noqa: PLC0415  (slow to import, and only needed here)

    def loss(log_theta: float) -> float:
        return -_at_variance(sample, events, start, float(np.exp(log_theta)), ties).marginal

    grid = np.linspace(np.log(SMALLEST), np.log(LARGEST), 17)
    values = np.array([loss(value) for value in grid])
    lowest = int(np.argmin(values))
    if lowest == 0:
        return 0.0, None
    if lowest == grid.size - 1:
        raise NotConverged(
            f"the variance of the frailty grows beyond {LARGEST:g}: the clusters hardly overlap"
        )
    found = minimize_scalar(
        loss, bounds=(grid[lowest - 1], grid[lowest + 1]), method="bounded", options={"xatol": 1e-8}
    )
    theta = float(np.exp(found.x))
    return theta, _at_variance(sample, events, start, theta, ties)


def _seen(information: FloatArray, p: int, *, sparse: bool) -> FloatArray:
    """Return the information, without the covariances between frailties where ``sparse``."""
    if not sparse:
        return information
    seen = information.copy()
    seen[p:, p:] = np.diag(np.diag(information)[p:])
    return seen


def _at_variance(
    sample: CoxSample, events: FloatArray, start: FloatArray, theta: float, ties: Ties
) -> _Fitted:
    """Maximise the penalised partial likelihood at one frailty variance."""
    precision, p = 1 / theta, start.size - events.size
    own = np.arange(p, start.size)

    def penalised(place: FloatArray) -> Evaluation:
        at, frailty = evaluate(sample, place, ties), np.exp(place[p:])
        score, information = at.score.copy(), at.information.copy()
        score[p:] += precision * (1 - frailty)
        information[own, own] += precision * frailty
        penalty = precision * float(np.sum(place[p:] - frailty + 1))
        return Evaluation(log_likelihood=at.log_likelihood + penalty, score=score, information=information)

    names = tuple(f"parameter {place}" for place in range(start.size))
    try:
        place, at, _ = newton(penalised, penalised(start), names, scale=sample.spread, at=start)
    except NotConverged:
        raise NotConverged(f"the fit with a frailty of variance {theta:.3g} did not converge") from None
    frailty, shape = np.exp(place[p:]), precision + events
    extra = events + precision * (frailty - 1) + gammaln(shape) - gammaln(precision)
    extra = extra + precision * np.log(precision) - shape * np.log(shape)
    return _Fitted(place=place, information=at.information, marginal=at.log_likelihood + float(extra.sum()))
