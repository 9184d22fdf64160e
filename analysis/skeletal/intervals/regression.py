"""Proportional hazards regression of interval-censored times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from scipy.special import ndtri

from .. import checks
from ..chi_square import chi_square_test, no_test, quadratic_form
from ..covariates import covariate_matrix
from ..cox_results import coefficient_fields
from ..results import RegressionFit
from ..survival.parametric import parametric
from .innermost import require_intervals
from .semiparametric import profile_fit

if TYPE_CHECKING:
    import pandas as pd

    from ..arrays import FloatArray
    from ..data import IntervalCensored
    from ..survival.parametric_fit import ParametricFit

Baseline = Literal["weibull", "exponential", "spline", "semiparametric"]


def interval_regression(
    data: IntervalCensored,
    covariates: pd.DataFrame,
    *,
    baseline: Baseline = "weibull",
    knots: int = 2,
    conf_level: float = 0.95,
) -> RegressionFit:
    """Hazard ratios of events that are known only to lie between two visits.

    ``weibull`` and ``spline`` smooth the baseline, which costs little and gives the steadier standard errors;
    ``semiparametric`` leaves it free, as Cox's model does.  For exact and right-censored times use
    :func:`~skeletal.survival.cox`; for times at which accelerated failure is the question
    :func:`~skeletal.survival.parametric`, which takes the same data.

    Parameters
    ----------
    data : IntervalCensored
        n rows (left, right].
    covariates : DataFrame of shape (n, p)
        Numeric columns, in the order of the rows of ``data``.
    baseline : {"weibull", "exponential", "spline", "semiparametric"}
        Hazard of a subject whose covariates are 0; the spline is of the log cumulative hazard.
    knots : int
        Inner knots of the spline; the others do not read it.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    RegressionFit
        ``coefficient`` holds the log hazard ratios of the covariates only; ``score_test`` is NaN.  Of
        ``semiparametric``, ``naive_std_error`` is that of the sets with mass taken as known.

    Raises
    ------
    InvalidArgument
        Data of another type, an unknown ``baseline``, covariates that are not numeric, missing or of another
        length; but for ``semiparametric``, an event at time 0; ``conf_level`` outside (0, 1).
    NotEstimable
        No events; intervals that all share a time; a covariate that is constant or determined by others;
        knots that coincide.
    NotConverged
        The likelihood has no maximum, as with an arm without events.

    Notes
    -----
    A row contributes S(left)^r - S(right)^r with r = exp(x'b), an exact one the density (parametric) or the
    fall of S at its time (semiparametric).  Parametric covariances are those of the covariates in the inverse
    of the full observed information, baseline included.

    ``semiparametric``: S falls on the innermost sets of Turnbull's estimate and is likeliest for each b; the
    climb in both ends where the slope per subject, towards any set and by any coefficient, is below 1e-9.
    Its covariance is the inverse of the second differences of the profile likelihood, one standard error
    (of ``naive_std_error``) to either side (Murphy and van der Vaart 2000); icenReg takes the bootstrap.

    R: ``icenReg::ic_par(Surv(left, right, type = "interval2") ~ x, model = "ph", dist = "weibull")``,
    ``icenReg::ic_sp(model = "ph")``, ``flexsurv::flexsurvspline``.  SAS: ``PROC ICPHREG; MODEL (left, right)
    = x / B=PIECEWISE`` (``B=SPLINE``).

    References
    ----------
    Finkelstein (1986), Biometrics 42, 845-854; Pan (1999), J Comput Graph Stat 8, 109-120; Murphy and van der
    Vaart (2000), J Am Stat Assoc 95, 449-465; Royston and Parmar (2002), Stat Med 21, 2175-2197.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import IntervalCensored
    >>> inf = float("inf")
    >>> data = IntervalCensored([0, 3, 3, 6, 6, 12, 12, 12], [3, 6, 12, inf, 12, inf, 24, inf])
    >>> treated = pd.DataFrame({"treated": [0, 0, 1, 1, 0, 0, 1, 1]})
    >>> fit = interval_regression(data, treated)
    >>> fit.names, fit.coefficient.round(3), fit.std_error.round(3)
    (('treated',), array([-1.105]), array([0.967]))
    """
    checks.option(baseline, Baseline, "baseline")
    checks.probability(conf_level, "conf_level")
    require_intervals(data)
    if baseline != "semiparametric":
        fit = parametric(data, covariates, distribution=baseline, knots=knots)
        return _of_parametric(fit, baseline, conf_level)
    names, matrix = covariate_matrix(covariates, data.n_subjects)
    found = profile_fit(data, names, matrix)
    gain = 2 * (found.log_likelihood - found.log_likelihood_null)
    spread = "second differences of the profile likelihood one standard error to either side"
    if not found.bent:
        spread = "second derivatives of the profile likelihood, whose differences show no maximum"
    method = (
        "interval-censored proportional hazards regression, baseline by non-parametric maximum likelihood, "
        f"slope per subject left {max(found.gap, 0.0):.1g}, covariance by {spread}, "
        f"{_level(conf_level)}Wald limits and p-values"
    )
    return RegressionFit(
        **_effects(names, found.coefficient, found.covariance, found.held_covariance, conf_level),
        log_likelihood=found.log_likelihood,
        log_likelihood_null=found.log_likelihood_null,
        likelihood_ratio_test=chi_square_test(gain, len(names), "likelihood ratio test"),
        n_subjects=data.n_subjects,
        n_events=data.n_events,
        iterations=found.iterations,
        converged=True,
        method=method,
    )


def _of_parametric(fit: ParametricFit, baseline: Baseline, conf_level: float) -> RegressionFit:
    """Keep the log hazard ratios of a parametric fit with their covariance by the delta method."""
    p = fit.log_hazard_ratio.size
    change = np.zeros((p, fit.coefficient.size))
    change[:, 1 : p + 1] = np.eye(p) if baseline == "spline" else -np.eye(p) / fit.scale
    if baseline == "weibull":
        change[:, p + 1] = fit.coefficient[1 : p + 1] / fit.scale  # log_scale
    covariance = change @ fit.covariance @ change.T
    return RegressionFit(
        **_effects(fit.names[1 : p + 1], fit.log_hazard_ratio, covariance, covariance, conf_level),
        log_likelihood=fit.log_likelihood,
        log_likelihood_null=fit.log_likelihood_null,
        likelihood_ratio_test=fit.likelihood_ratio_test,
        n_subjects=fit.n_subjects,
        n_events=fit.n_events,
        iterations=fit.iterations,
        converged=True,
        method=f"log hazard ratios of a {fit.method}".replace("Wald", f"{_level(conf_level)}Wald"),
    )


def _level(conf_level: float) -> str:
    """Name a level other than the usual one."""
    return "" if conf_level == 0.95 else f"{100 * conf_level:.10g} percent "


def _effects(
    names: tuple[str, ...],
    coefficient: FloatArray,
    covariance: FloatArray,
    inverse: FloatArray,
    conf_level: float,
) -> dict[str, Any]:
    """Return the fields by coefficient and the tests that follow from them, or do not exist."""
    wald, df = quadratic_form(coefficient, covariance)
    half = float(ndtri(0.5 + conf_level / 2)) * np.sqrt(np.diag(covariance))
    lower, upper = coefficient - half, coefficient + half
    with np.errstate(over="ignore"):
        limits = {
            "lower": lower,
            "upper": upper,
            "ratio_lower": np.exp(lower),
            "ratio_upper": np.exp(upper),
        }
    return {
        **coefficient_fields(names, coefficient, covariance, inverse),
        **limits,
        "wald_test": chi_square_test(wald, df, "Wald test"),
        "score_test": no_test("score test: not computed, see interval_logrank"),
        "robust_score_test": no_test("robust score test: no clusters given"),
    }
