"""Restricted mean survival time regressed on arm and covariates."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import checks
from ..arm_contrast import positive_time, two_arms
from ..chi_square import chi_square_test, no_test, quadratic_form
from ..covariates import covariate_matrix
from ..cox_results import NO_INVERSE, coefficient_fields
from ..errors import InvalidArgument, NotConverged, NotEstimable, name_some
from ..event_cells import cumulate, event_cells, sum_at_risk
from ..results import RegressionFit
from .arm_means import words
from .restricted_mean import MeanContrast

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import RightCensored
    from ..event_cells import EventCells

MODELS = {
    "difference": "identity link",
    "ratio": "log link",
    "lost_ratio": "log link of the time lost",
}
CONSTANT = 1e-12  # standard deviation relative to the largest value
SINGULAR = 1e-10  # information that others leave, relative to that of a column by itself
EXHAUSTED = 1e-9  # information relative to that at the start: the solution is at infinity
MAX_STEPS = 60
STEP_TOLERANCE = 1e-9  # of a Newton step on the scale of standardised columns; the last step is taken


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Censoring:
    """Follow-up up to the horizon, with what is needed to weigh for its censoring within arms.

    Attributes
    ----------
    time : ndarray of shape (n,)
        The earlier of time and horizon.
    known : ndarray of shape (n,)
        Whether that is the restricted time itself: an event, or the horizon reached.
    weight : ndarray of shape (n,)
        1/G(time) where known, else 0; G is Kaplan-Meier of censoring in the arm.
    cells : EventCells
        Distinct censoring times of the arms, and the rows' places among them.
    """

    time: FloatArray
    known: BoolArray
    weight: FloatArray
    cells: EventCells


def restricted_mean_regression(
    data: RightCensored,
    arm: ArrayLike,
    covariates: pd.DataFrame,
    *,
    horizon: float,
    control: object = None,
    kind: MeanContrast = "difference",
) -> RegressionFit:
    """Effect of an arm on restricted mean survival time, adjusted for covariates.

    Use it where covariates that were named before the data were seen should sharpen the comparison, or to
    model the mean itself.  For ``ratio`` and ``lost_ratio`` the adjusted effect is that at given
    covariates, which is not the ratio of the arms' means.

    Parameters
    ----------
    data : RightCensored
        n rows without delayed entry or case weights.
    arm : array_like of shape (n,)
        Labels of two arms.
    covariates : DataFrame of shape (n, p)
        Numeric columns, none of them named ``intercept`` or ``arm``.
    horizon : float
        Positive time up to which survival is averaged, in ``data.time_unit``.
    control : label, optional
        The reference; default the first in sorted order.
    kind : {"difference", "ratio", "lost_ratio"}
        Model of the mean m of min(T, horizon): m, log m, or log(horizon - m) is linear.

    Returns
    -------
    RegressionFit
        ``names``: intercept, arm, covariates; coefficients are differences of means in ``data.time_unit``
        (``ratio`` NaN), or log ratios; 95 percent limits.  ``n_events`` counts events before the horizon;
        ``wald_test`` is that of all coefficients but the intercept.  There is no likelihood: its fields
        are NaN, and so is ``naive_std_error``.

    Raises
    ------
    InvalidArgument
        Delayed entry or case weights; a ``horizon`` that is not a positive number; an unknown ``kind``;
        other than two arms; covariates that are not numeric, missing or named as above; lengths that
        differ.
    NotEstimable
        An arm whose last time is censored before the horizon; no event before the horizon; covariates that
        are constant or determined by others.
    NotConverged
        The model has no solution, for instance because nobody of an arm loses time (``lost_ratio``).

    Notes
    -----
    Solves sum w x (y - g(x'b)) = 0 over the rows whose restricted time y is known (event, or horizon
    reached), w = 1/G(y).  G is Kaplan-Meier of censoring within the arm, and is taken after the
    censorings at y, which follow the events there: with ties the weight is 1/G(y), not 1/G(y-), as in
    survRM2.  Covariance A^-1 B A^-1 with A the sum of g'(x'b) x x' over all rows and B the sum of squared
    influences, which include the estimation of G.

    R: ``survRM2::rmst2(time, event, arm, tau, covariates)$adjusted.result``, ``$RMST.difference.adjusted``,
    ``$RMST.ratio.adjusted``, ``$RMTL.ratio.adjusted``.  SAS: ``PROC RMSTREG; MODEL time*event(0) = arm x /
    LINK=LINEAR METHOD=IPCW(STRATA=arm)`` (its weights differ at ties).

    References
    ----------
    Tian, Zhao and Wei (2014), Biostatistics 15, 222-233.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import RightCensored
    >>> data = RightCensored([2, 4, 6, 8, 3, 7, 9, 9], [1, 1, 1, 0, 1, 0, 1, 0])
    >>> age = pd.DataFrame({"age": [70, 50, 60, 40, 65, 55, 45, 50]})
    >>> fit = restricted_mean_regression(data, list("ccccdddd"), age, horizon=8)
    >>> fit.names, fit.coefficient.round(4)
    (('intercept', 'arm', 'age'), array([15.7015,  1.142 , -0.1946]))
    """
    checks.option(kind, MeanContrast, "kind")
    limit = positive_time(horizon, "horizon")
    if data.entry is not None or data.weight is not None:
        raise InvalidArgument(
            "restricted_mean_regression takes no delayed entry and no case weights: "
            "use restricted_mean_contrast, or rows that are at risk from 0 and count once"
        )
    codes, labels = two_arms(arm, data.n_subjects, control)
    names, matrix = _columns(covariates, data.n_subjects)
    sample = _censoring(data, codes, labels, limit)
    design, back = _standardised(np.column_stack([codes, matrix]), sample.weight, names)
    response = (limit - sample.time if kind == "lost_ratio" else sample.time) / limit
    place, fitted, iterations = _solve(design, response, sample.weight, names, linear=kind == "difference")
    slope = np.ones(fitted.size) if kind == "difference" else fitted
    influence = _influence(design * (sample.weight * (response - fitted))[:, None], sample)
    bread = np.linalg.inv((design * slope[:, None]).T @ design)
    root = influence @ bread @ back.T
    coefficient = back @ place
    if kind == "difference":
        coefficient, root = coefficient * limit, root * limit
    else:
        coefficient[0] += np.log(limit)
    covariance = root.T @ root
    return RegressionFit(
        **_fields(names, coefficient, covariance, kind),
        n_subjects=data.n_subjects,
        n_events=int((sample.known & (sample.time < limit)).sum()),
        iterations=iterations,
        converged=True,
        method=(
            f"restricted mean survival time to {words(data, limit)} regressed on arm and covariates, "
            f"{MODELS[kind]}, weights 1/G(t) of censoring by arm, sandwich covariance with the estimation of "
            f"G, Wald limits and p-values, reference {labels[0]}"
        ),
    )


def _columns(covariates: pd.DataFrame, n: int) -> tuple[tuple[str, ...], FloatArray]:
    """Return the names of all coefficients and the covariates."""
    names, matrix = covariate_matrix(covariates, n)
    taken = [name for name in names if name in ("intercept", "arm")]
    if taken:
        raise InvalidArgument(f"covariates may not be named {name_some(taken)}: rename the column")
    return ("intercept", "arm", *names), matrix


def _censoring(data: RightCensored, codes: IntArray, labels: tuple[object, ...], horizon: float) -> Censoring:
    time = np.minimum(data.time, horizon)
    known = (data.event == 1) | (data.time >= horizon)
    for code, label in enumerate(labels):
        own = codes == code
        last = time[own].max()
        if not known[own & (time == last)].all():
            raise NotEstimable(
                f"the last time of arm {label} ({last:.10g} {data.time_unit}) is censored before the horizon "
                f"({horizon:.10g}): choose a horizon up to that time"
            )
    if not (known & (time < horizon)).any():
        raise NotEstimable(f"no events among {time.size} row(s) before the horizon: nobody loses time")
    cells = event_cells(time, (~known).astype(np.int64), codes)
    censored = np.bincount(cells.last[~known], minlength=cells.time.size)
    left = 1 - censored / sum_at_risk(np.ones(time.size), cells)
    for low, high in zip(cells.starts, np.append(cells.starts, left.size)[1:], strict=True):
        left[low:high] = np.cumprod(left[low:high])
    weight = known.astype(np.float64)
    met = known & cells.active
    weight[met] /= left[cells.last[met]]
    return Censoring(time=time, known=known, weight=weight, cells=cells)


def _influence(scores: FloatArray, sample: Censoring) -> FloatArray:
    """Add to each row's weighted score what its censoring does to the weights of others in its arm."""
    cells, censored = sample.cells, ~sample.known
    influence = scores.copy()
    if not censored.any():
        return influence
    at_risk = sum_at_risk(np.ones(censored.size), cells)[:, None]
    mean = sum_at_risk(scores, cells) / at_risk
    count = np.bincount(cells.last[censored], minlength=cells.time.size)[:, None]
    influence[censored] += mean[cells.last[censored]]
    influence[cells.active] -= cumulate(count * mean / at_risk, cells.starts)[cells.last[cells.active]]
    return influence


def _standardised(
    columns: FloatArray, weight: FloatArray, names: tuple[str, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return an intercept and standardised columns, and the matrix that takes coefficients back."""
    share = weight / weight.sum()
    centre = share @ columns
    spread = np.sqrt(share @ (columns - centre) ** 2)
    flat = spread <= CONSTANT * np.abs(columns).max(axis=0)
    if flat.any():
        who = [name for name, bad in zip(names[1:], flat, strict=True) if bad]
        raise NotEstimable(
            f"{len(who)} column(s) do not vary among the rows with an event or the horizon reached "
            f"({name_some(who)}): leave them out"
        )
    design = np.column_stack([np.ones(weight.size), (columns - centre) / spread])
    left = (design * share[:, None]).T @ design
    for j, name in enumerate(names):
        if left[j, j] <= SINGULAR:
            raise NotEstimable(
                f"covariate {name} is determined by those before it ({name_some(names[:j])}): leave one out"
            )
        left = left - np.outer(left[:, j], left[j]) / left[j, j]
    back = np.diag(np.append(1.0, 1 / spread))
    back[0, 1:] = -centre / spread
    return design, back


def _solve(
    design: FloatArray, response: FloatArray, weight: FloatArray, names: tuple[str, ...], *, linear: bool
) -> tuple[FloatArray, FloatArray, int]:
    """Return the solution of the weighted score equations, fitted values of all rows, and the steps.

    Newton's method on the concave weighted sum of -(y - m)^2/2, or of y log m - m.
    """
    place = np.zeros(len(names))
    if not linear:
        total = float(weight @ response)
        if total == 0:
            raise NotEstimable("all known times are 0: the log of the mean does not exist")
        place[0] = np.log(total / weight.sum())
    objective, fitted = _evaluate(design, response, weight, place, linear)
    least = 0.0
    step = np.zeros(len(names))
    for iteration in range(1, MAX_STEPS + 1):
        bend = (design * (weight if linear else weight * fitted)[:, None]).T @ design
        smallest = float(np.linalg.eigvalsh(bend)[0])
        least = EXHAUSTED * smallest if iteration == 1 else least
        if smallest <= least:
            break
        step = np.asarray(np.linalg.solve(bend, design.T @ (weight * (response - fitted))))
        for halvings in range(40):
            further = place + step / 2**halvings
            there, fitted_there = _evaluate(design, response, weight, further, linear)
            if there >= objective - 1e-10 * (1 + abs(objective)):
                place, objective, fitted = further, there, fitted_there
                break
        if np.max(np.abs(step)) <= STEP_TOLERANCE:
            return place, fitted, iteration
    moving = [name for name, move in zip(names, step, strict=True) if abs(move) > np.sqrt(STEP_TOLERANCE)]
    raise NotConverged(
        f"the model has no solution: {len(moving)} coefficient(s) grow without end ({name_some(moving)}); "
        "for instance nobody of an arm or a category has the mean that the log link needs. "
        "Use kind='difference', or leave the covariate out"
    )


def _evaluate(
    design: FloatArray, response: FloatArray, weight: FloatArray, place: FloatArray, linear: bool
) -> tuple[float, FloatArray]:
    """Return the objective and the fitted values."""
    predictor = design @ place
    if linear:
        return -float(weight @ (response - predictor) ** 2) / 2, predictor
    with np.errstate(over="ignore", invalid="ignore"):
        fitted = np.exp(predictor)
        objective = float(weight @ (response * predictor - fitted))
    return (objective if np.isfinite(fitted).all() else -np.inf), fitted


def _fields(
    names: tuple[str, ...], coefficient: FloatArray, covariance: FloatArray, kind: MeanContrast
) -> dict[str, Any]:
    """Return the fields by coefficient and the tests; NaN for those without meaning here."""
    fields = coefficient_fields(names, coefficient, covariance, covariance)
    missing = np.full(len(names), np.nan)
    if kind == "difference":
        fields |= dict.fromkeys(("ratio", "ratio_lower", "ratio_upper"), missing)
    statistic, df = quadratic_form(coefficient[1:], covariance[1:, 1:])
    if df < len(names) - 1:
        statistic = nan
    return {
        **fields,
        "naive_std_error": missing,
        "log_likelihood": nan,
        "log_likelihood_null": nan,
        "score_test": no_test("no score test: estimating equations"),
        "robust_score_test": no_test("no robust score test: estimating equations"),
        "wald_test": chi_square_test(
            statistic, df, "Wald test that all but the intercept are 0", otherwise=NO_INVERSE
        ),
        "likelihood_ratio_test": no_test("no likelihood: estimating equations"),
    }
