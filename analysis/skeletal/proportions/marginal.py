"""Contrast of two arms' proportions, standardised over the covariates of all subjects (g-computation)."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

from .. import checks
from ..arrays import as_floats
from ..covariates import arm_codes, covariate_matrix
from ..errors import InvalidArgument, NotConverged, NotEstimable, name_some
from ..newton import Evaluation, newton
from ..results import Estimate

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray

Kind = Literal["difference", "ratio", "odds-ratio"]
MarginalVariance = Literal["influence", "model"]

SINGULAR = 1e-10


def marginal_contrast(
    event: ArrayLike,
    arm: ArrayLike,
    covariates: pd.DataFrame | None = None,
    *,
    control: object = None,
    kind: Kind = "difference",
    variance: MarginalVariance = "influence",
) -> Estimate:
    """Contrast of the proportions had everybody been in one arm or the other, given baseline covariates.

    Adjusts an unconditional treatment effect for prognostic covariates; not a conditional odds ratio.

    Parameters
    ----------
    event : array_like of shape (n,)
        1 with the event, 0 without; everybody's outcome is known.
    arm : array_like of shape (n,)
        Labels of two arms.
    covariates : DataFrame of shape (n, p), optional
        Numeric baseline columns; None leaves the contrast unadjusted.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio", "odds-ratio"}
        Experimental minus (over) control; ratios have ``std_error`` and limits on the log scale.
    variance : {"influence", "model"}
        From the influence of each subject, which allows for chance in the covariates and a wrong model; or
        from the model's information with the covariates held fixed.

    Returns
    -------
    Estimate
        95 percent normal limits and the two-sided test of no difference.

    Raises
    ------
    InvalidArgument
        An event other than 0 or 1; other than two arms; covariates that are not numeric or missing; lengths
        that differ; unknown options.
    NotEstimable
        Nobody or everybody has the event; covariates that others determine.
    NotConverged
        Covariates or arms that separate those with from those without the event.

    Notes
    -----
    A logistic model logit P(event) = a + b arm + c'x is fitted to all; m_k is the mean of its predictions
    with every subject's arm set to k.  influence: the sum over subjects of
    [m_k(x_i) - m_k + n G_k I^-1 s_i]^2/n^2 with G_k the derivative of m_k by the coefficients and s_i the
    score; model: G I^-1 G'.  Without covariates both are the unpooled variances of the arms' proportions.

    R: ``glm(family = binomial)`` with ``marginaleffects::avg_comparisons`` (model), ``beeca`` or
    ``RobinCar`` (relatives of influence).  SAS: ``PROC LOGISTIC`` with the ``%Margins`` macro.

    References
    ----------
    Ge et al., Drug Information Journal 45 (2011), 481-493; FDA, Adjusting for Covariates in Randomized
    Clinical Trials (2023), section III.C; Steingrimsson, Hanley and Rosenblum, Contemp Clin Trials 54
    (2017), 18-24.

    Examples
    --------
    >>> import pandas as pd
    >>> event, arm = [1, 0, 1, 1, 0, 0, 1, 0], ["A", "A", "A", "A", "B", "B", "B", "B"]
    >>> result = marginal_contrast(event, arm, pd.DataFrame({"age": [50, 61, 66, 70, 52, 58, 71, 63]}))
    >>> round(result.estimate, 4), round(result.std_error, 4)
    (-0.4799, 0.2982)
    """
    checks.option(kind, Kind, "kind")
    checks.option(variance, MarginalVariance, "variance")
    y = as_floats(event, "event")
    if not np.isin(y, (0.0, 1.0)).all() or y.size == 0:
        raise InvalidArgument("event must be 0 or 1, at least one row")
    codes, labels = arm_codes(arm, y.size, control)
    if len(labels) != 2:
        raise InvalidArgument(f"a contrast needs two arms, got {len(labels)} ({name_some(labels)})")
    names, x = ((), np.empty((y.size, 0))) if covariates is None else covariate_matrix(covariates, y.size)
    fit = _logistic(y, codes.astype(np.float64), x, (str(labels[1]), *names))
    mean, gradient = fit.standardised()
    covariance = (
        fit.influence_covariance(mean, gradient)
        if variance == "influence"
        else (gradient @ np.linalg.inv(fit.information) @ gradient.T)
    )
    words = {
        "influence": "variance from the influence of each subject",
        "model": "variance of the model, covariates fixed",
    }
    adjusted = f"adjusted for {', '.join(names)}" if names else "unadjusted"
    return _contrast(
        mean,
        covariance,
        kind,
        f"{kind.replace('-', ' ')} of proportions standardised over all subjects, "
        f"logistic model, {adjusted}, "
        f"{labels[1]} {'minus' if kind == 'difference' else 'over'} {labels[0]}, {words[variance]}",
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Logistic:
    """A fitted logistic model: intercept, arm, covariates."""

    outcome: FloatArray
    design: FloatArray
    coefficient: FloatArray
    information: FloatArray

    def predicted(self, code: float) -> tuple[FloatArray, FloatArray]:
        """Return the rows with the arm set to ``code``, and the probabilities of the event there."""
        rows = self.design.copy()
        rows[:, 1] = code
        return rows, np.asarray(expit(rows @ self.coefficient))

    def standardised(self) -> tuple[FloatArray, FloatArray]:
        """Return both arms' mean predictions (2,) and their derivatives by the coefficients (2, p)."""
        mean, gradient = [], []
        for code in (0.0, 1.0):
            rows, p = self.predicted(code)
            mean.append(p.mean())
            gradient.append((p * (1 - p)) @ rows / p.size)
        return np.array(mean), np.array(gradient)

    def influence_covariance(self, mean: FloatArray, gradient: FloatArray) -> FloatArray:
        """Return the covariance (2, 2) of the mean predictions from each subject's influence."""
        n = self.outcome.size
        score = self.design * (self.outcome - expit(self.design @ self.coefficient))[:, None]
        influence = n * score @ np.linalg.inv(self.information) @ gradient.T
        for k in (0, 1):
            influence[:, k] += self.predicted(float(k))[1] - mean[k]
        return np.asarray(influence.T @ influence / n**2)


def _logistic(y: FloatArray, arm: FloatArray, covariates: FloatArray, names: tuple[str, ...]) -> _Logistic:
    if y.min() == y.max():
        raise NotEstimable(f"the outcome does not vary: {int(y.sum())} of {y.size} subjects have the event")
    spread = covariates.std(axis=0)
    safe = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(y.size), arm, (covariates - covariates.mean(axis=0)) / safe])
    _refuse_determined(design, names)

    def likelihood(coefficient: FloatArray) -> Evaluation:
        linear = design @ coefficient
        p = expit(linear)
        return Evaluation(
            log_likelihood=float(y @ linear - np.logaddexp(0.0, linear).sum()),
            score=design.T @ (y - p),
            information=(design * (p * (1 - p))[:, None]).T @ design,
        )

    start = np.zeros(design.shape[1])
    start[0] = logit(y.mean())
    try:
        coefficient, at, _ = newton(
            likelihood, likelihood(start), ("intercept", *names), scale=np.ones(start.size), at=start
        )
    except NotConverged:
        raise NotConverged(
            f"the logistic model of {', '.join(names)} has no maximum: they separate the "
            f"{int(y.sum())} subjects with from those without the event. Use fewer covariates, or none"
        ) from None
    return _Logistic(outcome=y, design=design, coefficient=coefficient, information=at.information)


def _refuse_determined(design: FloatArray, names: tuple[str, ...]) -> None:
    left = design.T @ design
    size = np.diag(left).copy()
    for j, name in enumerate(("intercept", *names)):
        if left[j, j] <= SINGULAR * size[j]:
            raise NotEstimable(f"covariate {name} is constant or determined by those before it: leave it out")
        left = left - np.outer(left[:, j], left[j]) / left[j, j]


def _contrast(mean: FloatArray, covariance: FloatArray, kind: Kind, method: str) -> Estimate:
    control, experimental = (float(value) for value in mean)
    slopes = {
        "difference": np.array([-1.0, 1.0]),
        "ratio": np.array([-1 / control, 1 / experimental]),
        "odds-ratio": np.array([-1 / (control * (1 - control)), 1 / (experimental * (1 - experimental))]),
    }[kind]
    value = {
        "difference": experimental - control,
        "ratio": np.log(experimental / control),
        "odds-ratio": logit(experimental) - logit(control),
    }[kind]
    error = float(np.sqrt(slopes @ covariance @ slopes))
    half = float(ndtri(0.975)) * error
    scale = float if kind == "difference" else np.exp
    return Estimate(
        estimate=float(scale(value)),
        std_error=error,
        lower=float(scale(value - half)),
        upper=float(scale(value + half)),
        conf_level=0.95,
        p_value=float(2 * ndtr(-abs(value) / error)) if error > 0 else nan,
        method=method,
    )
