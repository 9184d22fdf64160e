"""What functions of a fitted Cox model start from: its sample, and the cumulative hazard of its strata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..covariates import label_codes
from ..data import RightCensored
from ..errors import InvalidArgument, name_some
from ..partial_likelihood import RiskSums, cox_sample, evaluate, invert, risk_sums
from ..risk_table import RiskTable, counted_curve, risk_table, sum_by

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray
    from ..partial_likelihood import CoxSample
    from ..results import Curve
    from .cox import CoxFit

STEPS = {
    "efron": "Efron-weighted steps",
    "breslow": "Breslow's steps",
    "exact": "Breslow's steps (ties of the fit exact)",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StratumHazard:
    """Cumulative hazard of one stratum for any covariates, at every distinct observed time.

    Attributes
    ----------
    table : RiskTable
        Counts of the stratum's rows.
    hazard, variance : ndarray of shape (m,)
        For a row whose linear predictor is ``reference``; the variance with the coefficients known.
    mean_hazard : ndarray of shape (m, p)
        Sum of the steps of ``hazard``, each times the mean of the centred covariates in its risk set.
    reference : float
        Linear predictor, in the units of the fit, that ``hazard`` belongs to.
    centre : ndarray of shape (p,)
        What the covariates of the stratum were centred by.
    """

    table: RiskTable
    hazard: FloatArray
    variance: FloatArray
    mean_hazard: FloatArray
    reference: float
    centre: FloatArray

    def at(
        self, covariates: FloatArray, linear: float, covariance: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return cumulative hazard and standard error of one row of covariates, shape (m,) each.

        Notes
        -----
        The derivative of the hazard by the coefficients is ratio (x H - sum of mean dH), with ratio the
        relative hazard of the row; its quadratic form with ``covariance`` adds to the variance of the steps.
        """
        with np.errstate(over="ignore"):  # a row far from the data: infinite hazard
            ratio = np.exp(linear - self.reference)
        slope = np.outer(self.hazard, covariates - self.centre) - self.mean_hazard
        variance = self.variance + np.sum(slope @ covariance * slope, axis=1)
        with np.errstate(over="ignore", invalid="ignore"):
            hazard, std_error = ratio * self.hazard, ratio * np.sqrt(variance)
        return np.where(self.hazard > 0, hazard, 0.0), np.where(np.isfinite(std_error), std_error, np.nan)


def fitted_sample(fit: CoxFit) -> CoxSample:
    """Return the prepared rows that ``fit`` maximised the likelihood of."""
    data = fit.data
    return cox_sample(
        data.time,
        data.event,
        fit.covariates,
        entry=data.entry,
        stratum=fit.stratum,
        weight=data.weight,
        offset=fit.offset,
    )


def linear_predictor(fit: CoxFit) -> FloatArray:
    """Return covariates times coefficients plus offset; rows of the same covariates get the same number.

    A matrix product may sum them in another order from row to row.
    """
    offset = np.zeros(fit.data.n_subjects) if fit.offset is None else fit.offset
    return np.asarray(sum(fit.covariates.T * fit.coefficient[:, None]) + offset, dtype=np.float64)


def model_covariance(fit: CoxFit, sample: CoxSample) -> FloatArray:
    """Return the inverse information at the coefficients, also where ``fit.covariance`` is robust."""
    if fit.cluster is None:
        return fit.covariance
    return invert(evaluate(sample, fit.coefficient, fit.ties).information)


def stratum_hazards(fit: CoxFit, strata: Iterable[int]) -> dict[int, StratumHazard]:
    """Return the cumulative hazards of these strata (codes), by the tie rule of the fit.

    With exact ties the hazard takes Breslow's steps.
    """
    sample = fitted_sample(fit)
    sums = risk_sums(sample, fit.coefficient, fit.ties)
    linear = linear_predictor(fit)
    return {code: _stratum_hazard(fit.data, sample, sums, linear, code) for code in strata}


def _stratum_hazard(
    data: RightCensored, sample: CoxSample, sums: RiskSums, linear: FloatArray, code: int
) -> StratumHazard:
    rows = sample.stratum == code
    table = risk_table(sample_rows(data, rows))
    own = sample.cells.stratum[sums.cell] == code
    step = sums.weight[own] / sums.total[own]
    parts = np.column_stack([step, step / sums.total[own], step[:, None] * sums.mean[own]])
    at = np.searchsorted(table.time, sample.cells.time[sums.cell[own]])
    sizes = np.cumsum(sum_by(at, parts, table.time.size), axis=0)
    some = int(np.argmax(np.where(rows, sums.linear, -np.inf)))
    return StratumHazard(
        table=table,
        hazard=sizes[:, 0],
        variance=sizes[:, 1],
        mean_hazard=sizes[:, 2:],
        # without events in the stratum there is no reference, and a hazard of 0 needs none
        reference=float(linear[some] - sums.linear[some]) if own.any() else 0.0,
        centre=sample.original[some] - sample.covariates[some],
    )


def fitted_curve(
    fit: CoxFit,
    table: RiskTable,
    values: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    conf_level: float,
    method: str,
    *,
    start: float,
) -> Curve:
    """Return a curve of a fit: estimate, standard error and limits beside the counts of a stratum."""
    return counted_curve(
        table,
        values,
        conf_level=conf_level,
        time_unit=fit.data.time_unit,
        method=f"{method}; {fit.method}",
        start=start,
    )


def sample_rows(data: RightCensored, rows: BoolArray) -> RightCensored:
    """Return the sample of some rows."""
    return RightCensored(
        data.time[rows],
        data.event[rows],
        entry=None if data.entry is None else data.entry[rows],
        weight=None if data.weight is None else data.weight[rows],
        time_unit=data.time_unit,
    )


def stratum_codes(fit: CoxFit, strata: ArrayLike | None, n: int, name: str) -> IntArray:
    """Return the codes in ``fit`` of the strata of ``n`` new rows; 0 without strata.

    Raises
    ------
    InvalidArgument
        No labels for a fit with strata, labels for one without, labels that are no stratum of the fit,
        labels that are missing or another number than ``n``.
    """
    known = fit.stratum_labels
    if fit.stratum is None:
        if strata is not None:
            raise InvalidArgument(f"the fit has no strata: leave {name} out")
        return np.zeros(n, dtype=np.int64)
    if strata is None:
        raise InvalidArgument(f"the fit has {len(known)} strata ({name_some(known)}): say which by {name}=")
    codes, levels = label_codes(strata, n, name)
    place = {label: code for code, label in enumerate(known)}
    labels = levels.tolist()
    unknown = [label for label in labels if label not in place]
    if unknown:
        raise InvalidArgument(
            f"{name} must be strata of the fit ({name_some(known)}): {len(unknown)} are not "
            f"({name_some(unknown)})"
        )
    return np.array([place[label] for label in labels], dtype=np.int64)[codes]
