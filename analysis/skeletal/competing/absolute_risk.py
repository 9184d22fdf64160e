"""Absolute risk of one cause from Cox models of all causes."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..covariates import covariate_matrix, covariate_rows
from ..curve_limits import curve_limits
from ..errors import NotEstimable, SkeletalWarning, name_some
from ..influence import summed_squares
from ..partial_likelihood import cox_sample, invert, maximise, risk_sums
from ..risk_table import RiskTable, counted_curve, risk_table, sum_by

if TYPE_CHECKING:
    import pandas as pd

    from ..arrays import BoolArray, FloatArray
    from ..data import CompetingRisks
    from ..results import Curve

Product = Literal["exponential", "product-limit"]

PRODUCTS = {
    "exponential": "survival exp(-sum of the cumulative hazards)",
    "product-limit": "survival as a product limit",
}


SLACK = 1e-12  # above 1 by this much is rounding
BLOCK = 50_000  # rows whose influence is held at once


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Cause:
    """Cox model of one cause on the distinct observed times of the sample.

    Attributes
    ----------
    coefficient : ndarray of shape (p,)
        Log hazard ratios.
    reference : float
        Linear predictor, in the units of the covariates, at which a risk is 1.
    risk : ndarray of shape (n,)
        Relative hazard of each row.
    event : ndarray of shape (n,)
        Whether the row has an event of the cause.
    step, inverse : ndarray of shape (m,)
        Step of the cumulative hazard of risk 1 (Efron), and 1 over the total risk, 0 without events.
    mean : ndarray of shape (m, p)
        Mean covariates of the risk sets.
    influence : ndarray of shape (n, p)
        Influence of each row on the coefficients.
    """

    coefficient: FloatArray
    reference: float
    risk: FloatArray
    event: BoolArray
    step: FloatArray
    inverse: FloatArray
    mean: FloatArray
    influence: FloatArray


def absolute_risk(
    data: CompetingRisks,
    covariates: pd.DataFrame,
    cause: str,
    rows: pd.DataFrame,
    *,
    product: Product = "exponential",
    conf_level: float = 0.95,
) -> list[Curve]:
    """Probability that an event of the cause has come first, by each time, from Cox models of all causes.

    Use it where covariates act on rates (cause-specific hazards) and their consequence for the risk of
    single subjects is wanted.  With ``product-limit`` the risks of all causes add up to at most 1, as long
    as no step of the summed hazards passes 1.

    Parameters
    ----------
    data : CompetingRisks
        n rows, with delayed entry where given.
    covariates : DataFrame of shape (n, p)
        Numeric columns, in the order of the rows of ``data``; the model of every cause has all of them.
    cause : str
        One of ``data.causes``.
    rows : DataFrame of shape (k, ...)
        New subjects; the covariates are found by name, other columns are not read.
    product : {"exponential", "product-limit"}
        Probability of no event before a time: exp(-sum of the cumulative hazards), or the product of one
        minus the sum of their steps.
    conf_level : float
        Two-sided level of the pointwise limits.

    Returns
    -------
    list of Curve
        One a row of ``rows``, in that order, each with one row a distinct observed time.

    Raises
    ------
    InvalidArgument
        An unknown ``cause`` or ``product``; covariates that do not fit the data or are absent from ``rows``;
        ``conf_level`` outside (0, 1).
    NotEstimable
        No events of the cause; a covariate that is constant or determined by others.
    NotConverged
        The likelihood of a cause has no maximum (separation).

    Warns
    -----
    SkeletalWarning
        A risk exceeds 1, which it can with ``exponential`` where hazards are high, and with either for rows
        far from the data.

    Notes
    -----
    F(t | z) = sum over u up to t of S(u- | z) dH_1(u | z), with H_k = exp(b_k' z) H_k0 from Cox models with
    Efron's rule and Efron-weighted baseline steps; causes without events add nothing.  The variance sums the
    squares of the subjects' influence on F, by way of the coefficients and of the steps, with total risk
    and mean of the whole risk set at tied times; as in riskRegression a distinct event time counts once,
    whatever its ties, in the compensator of the influence on the coefficients.  With nearly all times tied
    (whole years) that moved standard errors by up to a tenth; without ties it changes nothing.  Limits are
    normal on the scale log(-log F).

    R: ``riskRegression::predict(CSC(Hist(time, status) ~ x), newdata, times, cause = 1, se = TRUE,
    product.limit = FALSE)``.  SAS: ``PROC PHREG`` by cause with ``BASELINE``, combined by hand.

    References
    ----------
    Benichou and Gail, Biometrics 46 (1990), 813-826; Ozenne, Sorensen, Scheike, Torp-Pedersen and Gerds,
    R Journal 9 (2017), 440-460.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 11, 12], [1, 2, 1, 0, 2, 1, 1, 0], ["SSE", "death"])
    >>> x = pd.DataFrame({"treated": [0, 1, 1, 1, 0, 0, 1, 1]})
    >>> new = pd.DataFrame({"treated": [0, 1]})
    >>> for curve in absolute_risk(data, x, "SSE", new, product="product-limit"):
    ...     print(curve.at(9).estimate.round(4), curve.at(9).std_error.round(4))
    [0.6228] [0.2398]
    [0.2379] [0.2054]
    """
    checks.option(product, Product, "product")
    checks.probability(conf_level, "conf_level")
    code = data.code(cause)
    names, matrix = covariate_matrix(covariates, data.n_subjects)
    new = covariate_rows(rows, names)
    if not (data.status == code).any():
        raise NotEstimable(
            f"no events of {cause} among {data.n_subjects} row(s): its risk cannot be modelled"
        )
    table = risk_table(data)
    others = [k for k in range(1, len(data.causes) + 1) if k != code and (data.status == k).any()]
    models = [_model(data, table, names, matrix, k) for k in (code, *others)]
    with np.errstate(over="ignore", invalid="ignore"):  # rows far from the data: told below
        risks = [_risk(table, models, z, product) for z in new]
    curves = [_curve(data, cause, table, risk, conf_level, product) for risk in risks]
    high = [i for i, curve in enumerate(curves) if not (curve.estimate <= 1 + SLACK).all()]
    if high:
        advice = (
            "use product='product-limit'"
            if product == "exponential"
            else "a step of a hazard exceeds 1, so far do they lie from the data"
        )
        warnings.warn(
            f"the absolute risk of {cause} exceeds 1 for {len(high)} row(s) ({name_some(high)}): {advice}",
            SkeletalWarning,
            stacklevel=2,
        )
    return curves


def _model(
    data: CompetingRisks, table: RiskTable, names: tuple[str, ...], matrix: FloatArray, code: int
) -> _Cause:
    """Fit the Cox model of one cause and put its steps on the times of the table."""
    event = data.status == code
    sample = cox_sample(data.time, event.astype(np.int64), matrix, entry=data.entry)
    maximum = maximise(sample, names, "efron")
    beta, cells = maximum.coefficient, sample.cells
    efron, whole = risk_sums(sample, beta, "efron"), risk_sums(sample, beta, "breslow")
    m, place = table.time.size, np.searchsorted(table.time, cells.time)
    step, inverse, mean = np.zeros(m), np.zeros(m), np.zeros((m, len(names)))
    step[place] = sum_by(efron.cell, efron.weight / efron.total, cells.time.size)
    inverse[place], mean[place] = 1.0 / whole.total, whole.mean
    some = int(np.flatnonzero(event)[0])
    x = sample.covariates
    score = np.where(event[:, None], x - mean[table.exit_index], 0.0)
    met = _between(table, np.cumsum(np.column_stack([inverse, inverse[:, None] * mean]), axis=0))
    score -= whole.risk[:, None] * (x * met[:, :1] - met[:, 1:])
    return _Cause(
        coefficient=beta,
        reference=float(matrix[some] @ beta - whole.linear[some]),
        risk=whole.risk,
        event=event,
        step=step,
        inverse=inverse,
        mean=mean + (sample.original[some] - x[some]),
        influence=score @ invert(maximum.at.information),
    )


def _between(table: RiskTable, sums: FloatArray) -> FloatArray:
    """Return what cumulative sums grow by from each row's entry to its own time."""
    return sums[table.exit_index] - _at_entry(table, sums)


def _at_entry(table: RiskTable, sums: FloatArray) -> FloatArray:
    """Return cumulative sums just before each row is first at risk."""
    return np.concatenate([np.zeros((1, *sums.shape[1:])), sums])[table.entry_index]


def _risk(
    table: RiskTable, models: list[_Cause], z: FloatArray, product: Product
) -> tuple[FloatArray, FloatArray]:
    """Return the absolute risk of the first model's cause and its standard error at the table's times."""
    ratio = [float(np.exp(z @ model.coefficient - model.reference)) for model in models]
    hazards = [np.where(m.step > 0, e * m.step, 0.0) for e, m in zip(ratio, models, strict=True)]
    total = np.sum(hazards, axis=0)
    if product == "exponential":
        survival = np.exp(-np.cumsum(total))
    else:
        survival = np.cumprod(np.maximum(1.0 - total, 0.0))
    before = np.append(1.0, survival[:-1])
    risk = np.cumsum(before * hazards[0])
    return risk, _error(table, models, ratio, z, before, risk)


def _error(
    table: RiskTable,
    models: list[_Cause],
    ratio: list[float],
    z: FloatArray,
    before: FloatArray,
    risk: FloatArray,
) -> FloatArray:
    """Return the standard error of the absolute risk F from the influence of every row.

    A row at risk since e has sum of r_k (P_k(t) - P_k(e) - Q_k(e) (F(t) - F(e))) over causes k, where Q_k
    is the cumulative sum of dH_k/S0_k, T_k that of Q_k dF and P_k = T_k, less that of S dH_1/S0_1 for the
    cause itself.  After its own time X it keeps that, plus S(X-)/S0_1 for an event of the cause, less the
    final sum of 1/S0_k for its event and -r_k (Q_k(X) - Q_k(e)), times F(t) - F(X).
    """
    n, size = table.exit_index.size, len(models)
    out = table.exit_index
    entered, left = np.zeros((n, size + 2)), np.zeros((n, size + 2))
    step, scale, slopes = np.diff(risk, prepend=0.0), [], []
    final, kept = np.zeros(n), np.zeros(n)
    for k, (e, model) in enumerate(zip(ratio, models, strict=True)):
        pace = e * model.inverse * model.step
        reached = np.cumsum(pace)
        path = np.cumsum(step * _lagged(reached)) - (np.cumsum(before * pace) if k == 0 else 0.0)
        moved = e * (z - model.mean) * model.step[:, None]
        slope = -np.cumsum(step[:, None] * _lagged(np.cumsum(moved, axis=0)), axis=0)
        slopes.append(slope + (np.cumsum(before[:, None] * moved, axis=0) if k == 0 else 0.0))
        scale.append(path)
        since, began = _at_entry(table, reached), _at_entry(table, risk)
        gain = np.where(model.event, e * model.inverse[out], 0.0)
        entered[:, k] = model.risk
        entered[:, -2] -= model.risk * since
        entered[:, -1] -= model.risk * (_at_entry(table, path) - since * began)
        kept += model.risk * (path[out] - _at_entry(table, path) - since * (risk[out] - began))
        kept += before[out] * gain if k == 0 else 0.0
        final += gain - model.risk * (reached[out] - since)
    left[:, -2], left[:, -1] = -final, kept + final * risk[out]
    scale += [risk, np.ones(risk.size)]
    lines = np.column_stack([model.influence for model in models])
    functions = np.vstack([np.stack(scale), np.column_stack(slopes).T])
    return np.sqrt(_summed(table, entered, left, lines, functions))


def _summed(
    table: RiskTable, entered: FloatArray, left: FloatArray, lines: FloatArray, functions: FloatArray
) -> FloatArray:
    """Sum the squared influences over rows, in blocks that bound the memory."""
    n, total = entered.shape[0], np.zeros(functions.shape[1])
    for low in range(0, n, BLOCK):
        block = slice(low, min(low + BLOCK, n))
        size = block.stop - low
        nothing, none = np.zeros((size, entered.shape[1])), np.zeros((size, lines.shape[1]))
        changes = np.vstack(
            [
                np.hstack([nothing, lines[block]]),
                np.hstack([entered[block], none]),
                np.hstack([left[block] - entered[block], none]),
            ]
        )
        at = np.concatenate(
            [np.zeros(size, dtype=np.int64), table.entry_index[block], table.exit_index[block]]
        )
        total += summed_squares(changes, at, np.tile(np.arange(size), 3), functions)
    return total


def _lagged(sums: FloatArray) -> FloatArray:
    """Shift cumulative sums by one position along the first axis."""
    return np.concatenate([np.zeros((1, *sums.shape[1:])), sums[:-1]])


def _curve(
    data: CompetingRisks,
    cause: str,
    table: RiskTable,
    values: tuple[FloatArray, FloatArray],
    conf_level: float,
    product: Product,
) -> Curve:
    """Return the curve of one row of covariates."""
    far = ~np.isfinite(values[0])
    risk, std_error = (np.where(far | ~np.isfinite(value), np.nan, value) for value in values)
    unknown = "; not estimable: the row lies too far from the data" if far.any() else ""
    return counted_curve(
        table,
        (risk, std_error, *curve_limits(risk, std_error, conf_level, "log-log")),
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=f"absolute risk of {cause} from cause-specific Cox models of all causes, Efron's rule for "
        f"ties, {PRODUCTS[product]}, variance by influence functions (as riskRegression), log-log limits"
        f"{unknown}",
        start=0.0,
        cause=data.code(cause),
    )
