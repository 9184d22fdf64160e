"""Cox models of the effect of an arm in subgroups."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import NotConverged, NotEstimable
from ..partial_likelihood import cox_sample, evaluate
from .cox import cox
from .fitted_hazard import sample_rows

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray, LabelArray
    from ..data import RightCensored
    from ..partial_likelihood import Ties

    _Columns = list[tuple[str, LabelArray]]


@dataclass(frozen=True, eq=False, kw_only=True)
class SubgroupRows:
    """Rows of a subgroup analysis.

    Attributes
    ----------
    data : RightCensored
        The sample.
    arm : ndarray of shape (n,)
        0 control, 1 experimental.
    arms : tuple
        Their labels.
    level : ndarray of shape (n,)
        Subgroup, from 0.
    labels : tuple
        Labels of the subgroups.
    covariates : DataFrame of shape (n, p)
        Further covariates; p may be 0.
    stratum : ndarray of shape (n,) or None
        Stratum of each row, from 0.
    ties : str
        Rule for tied events.
    """

    data: RightCensored
    arm: IntArray
    arms: tuple[object, ...]
    level: IntArray
    labels: tuple[object, ...]
    covariates: pd.DataFrame
    stratum: IntArray | None
    ties: Ties

    def count(self, of: FloatArray | IntArray) -> IntArray:
        """Sum ``of`` by subgroup and arm; shape (k, 2)."""
        k = len(self.labels)
        return np.bincount(2 * self.level + self.arm, of, 2 * k).astype(np.int64).reshape(k, 2)

    @cached_property
    def has_events(self) -> BoolArray:
        """Whether each arm of each subgroup has events; shape (k, 2)."""
        return np.asarray(self.count(self.data.event) > 0, dtype=np.bool_)

    def silent(self, has_events: BoolArray) -> str:
        """Say which arms have no events; empty where both have."""
        without = [label for label, has in zip(self.arms, has_events, strict=True) if not has]
        return "" if not without else "no events" if len(without) == 2 else f"no events in arm {without[0]}"

    def effect(self) -> _Columns:
        """Return the column of one effect of the arm for all."""
        return [(f"{self.arms[1]}", self.arm)]

    def others(self) -> _Columns:
        """Return the covariates as columns."""
        return [(str(name), values.to_numpy()) for name, values in self.covariates.items()]

    def subgroups(self) -> _Columns:
        """Return indicators of the subgroups with events but the first, unless the strata tell them apart."""
        if self.stratum is not None:
            both = self.stratum * len(self.labels) + self.level
            if np.unique(both).size == np.unique(self.stratum).size:
                return []
        known = np.flatnonzero(_any(self.has_events, axis=1))
        return [(f"subgroup {self.labels[k]}", self.level == k) for k in known[1:]]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SubgroupFit:
    """Effects of the arm by subgroup.

    Attributes
    ----------
    coefficient : ndarray of shape (k,)
        Log hazard ratios, NaN where not estimable.
    covariance : ndarray of shape (k, k)
        Of ``coefficient``.
    reason : tuple of str
        Why an effect is not estimable, empty where it is.
    with_events : ndarray of shape (k,)
        Whether a subgroup has events.
    log_likelihood, log_likelihood_common : float
        With an effect for each subgroup (the supremum, where one is infinite), and with one for all; NaN
        where a model has no maximum.
    """

    coefficient: FloatArray
    covariance: FloatArray
    reason: tuple[str, ...]
    with_events: BoolArray
    log_likelihood: float
    log_likelihood_common: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Model:
    """Coefficients and covariance of the first columns of a model, its likelihood, or why there is none."""

    coefficient: FloatArray
    covariance: FloatArray
    log_likelihood: float
    reason: str


def overall_effect(rows: SubgroupRows) -> SubgroupFit:
    """Fit one effect of the arm in all rows, without the subgroup."""
    reason = rows.silent(_any(rows.has_events, axis=0))
    everybody = np.ones(rows.arm.size, dtype=bool)
    model = _unknown(1, reason) if reason else _fit(rows, everybody, rows.effect() + rows.others(), 1)
    return SubgroupFit(
        coefficient=model.coefficient,
        covariance=model.covariance,
        reason=(model.reason,),
        with_events=np.array([True]),
        log_likelihood=model.log_likelihood,
        log_likelihood_common=model.log_likelihood,
    )


def interaction_model(rows: SubgroupRows) -> SubgroupFit:
    """Fit one model with an effect of the arm in each subgroup, without the arms of subgroups without events.

    The likelihood rises without end as the hazard of such an arm goes to 0, towards that of the other rows.
    """
    has, with_events = rows.has_events, _any(rows.has_events, axis=1)
    inside = np.asarray(has.all(axis=1), dtype=np.bool_)
    estimable = np.flatnonzero(inside)
    effects: _Columns = [
        (f"{rows.arms[1]} in {rows.labels[k]}", rows.arm * (rows.level == k)) for k in estimable
    ]
    others = rows.subgroups() + rows.others()
    model = _fit(rows, has[rows.level, rows.arm], effects + others, estimable.size)
    common = _fit(rows, with_events[rows.level], rows.effect() + others, 0)
    coefficient, covariance = np.full(inside.size, np.nan), np.full((inside.size, inside.size), np.nan)
    coefficient[inside] = model.coefficient
    covariance[np.ix_(inside, inside)] = model.covariance
    return SubgroupFit(
        coefficient=coefficient,
        covariance=covariance,
        reason=tuple(rows.silent(has[k]) or model.reason for k in range(inside.size)),
        with_events=with_events,
        log_likelihood=model.log_likelihood,
        log_likelihood_common=common.log_likelihood,
    )


def separate_models(rows: SubgroupRows) -> SubgroupFit:
    """Fit a model in each subgroup, and one with its baseline hazards and covariate effects by subgroup."""
    has, k = rows.has_events, len(rows.labels)
    with_events = _any(has, axis=1)
    kept = has[rows.level, rows.arm]  # as in the interaction model
    models = [_unknown(1, rows.silent(has[j])) for j in range(k)]
    log_likelihood = 0.0
    for j in np.flatnonzero(with_events):
        effects = rows.effect() if has[j].all() else []
        model = _fit(rows, kept & (rows.level == j), effects + rows.others(), len(effects))
        log_likelihood += model.log_likelihood
        models[j] = model if effects else models[j]
    by_level: _Columns = [
        (f"{name} in {rows.labels[j]}", values * (rows.level == j))
        for name, values in rows.others()
        for j in np.flatnonzero(with_events)
    ]
    stratum = rows.level if rows.stratum is None else rows.stratum * k + rows.level
    common = _fit(replace(rows, stratum=stratum), with_events[rows.level], rows.effect() + by_level, 0)
    return SubgroupFit(
        coefficient=np.concatenate([model.coefficient for model in models]),
        covariance=np.diag([model.covariance[0, 0] for model in models]),
        reason=tuple(model.reason for model in models),
        with_events=with_events,
        log_likelihood=log_likelihood,
        log_likelihood_common=common.log_likelihood,
    )


def _any(has: BoolArray, axis: int) -> BoolArray:
    return np.asarray(has.any(axis=axis), dtype=np.bool_)


def _fit(rows: SubgroupRows, kept: BoolArray, columns: _Columns, wanted: int) -> _Model:
    """Fit a model of these columns to some rows; return its likelihood and the first ``wanted`` effects."""
    if not rows.data.event[kept].any():
        return _unknown(wanted, "no events")
    data = sample_rows(rows.data, kept)
    stratum = None if rows.stratum is None else rows.stratum[kept]
    if not columns:
        return _Model(
            coefficient=np.empty(0),
            covariance=np.empty((0, 0)),
            log_likelihood=_without_covariates(data, stratum, rows.ties),
            reason="",
        )
    matrix = np.column_stack([values[kept] for _, values in columns]).astype(np.float64)
    frame = pd.DataFrame(matrix, columns=pd.Index([name for name, _ in columns]))
    try:
        fit = cox(data, frame, strata=stratum, ties=rows.ties)
    except (NotEstimable, NotConverged) as error:
        return _unknown(wanted, str(error))
    return _Model(
        coefficient=fit.coefficient[:wanted],
        covariance=fit.covariance[:wanted, :wanted],
        log_likelihood=fit.log_likelihood,
        reason="",
    )


def _unknown(wanted: int, reason: str) -> _Model:
    return _Model(
        coefficient=np.full(wanted, np.nan),
        covariance=np.full((wanted, wanted), np.nan),
        log_likelihood=float("nan"),
        reason=reason,
    )


def _without_covariates(data: RightCensored, stratum: IntArray | None, ties: Ties) -> float:
    nothing = np.zeros((data.n_subjects, 1))
    sample = cox_sample(data.time, data.event, nothing, entry=data.entry, stratum=stratum, weight=data.weight)
    return evaluate(sample, np.zeros(1), ties).log_likelihood
