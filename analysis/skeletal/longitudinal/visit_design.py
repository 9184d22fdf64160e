"""The fixed effects of a model of values at visits: a mean of each arm at each visit, slopes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import NotEstimable, name_some
from ..newton import refuse_dependent
from ..results import freeze_arrays

if TYPE_CHECKING:
    from ..arrays import BoolArray, FloatArray, IntArray
    from .visits import RepeatedMeasures


FEWER = "baseline_by_visit=False, or fewer visits (data.at_visits)"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VisitDesign:
    """Values, where they are known, and the terms of their means, in units of ``scale``.

    Attributes
    ----------
    subject : ndarray of shape (n,)
        Row of each analysed subject in the data: those with a value.
    visit : ndarray of shape (m,)
        Column of each analysed visit in the data: those at which somebody has a value.
    value, known : ndarray of shape (n, m)
        Values over ``scale``, 0 where missing.
    terms : ndarray of shape (n, m, p)
        Terms, 0 where the value is missing: the cells first, then baseline and covariates in units of
        their standard deviation, less their mean over the analysed subjects.
    cell : ndarray of shape (2, visits of the data)
        Number of the term that is the mean of an arm at a visit, -1 where there is none.
    names : tuple of p str
    scale : float
        Standard deviation of the values.
    unit : ndarray of shape (p,)
        Standard deviation of what each term is made of; 1 for cells.
    """

    subject: IntArray
    visit: IntArray
    value: FloatArray
    known: BoolArray
    terms: FloatArray
    cell: IntArray
    names: tuple[str, ...]
    scale: float
    unit: FloatArray

    def __post_init__(self) -> None:
        freeze_arrays(self)

    @property
    def n_values(self) -> int:
        """Number of values."""
        return int(self.known.sum())

    @property
    def n_terms(self) -> int:
        """Number of fixed effects."""
        return len(self.names)


def visit_design(data: RepeatedMeasures, *, baseline_by_visit: bool = True) -> VisitDesign:
    """Return the fixed effects visit, arm x visit, baseline (x visit) and covariates.

    Raises
    ------
    NotEstimable
        No values, values that are all the same, no visit with values of both arms, terms that others
        determine, not more values than terms.
    """
    subject, visit = (np.flatnonzero(data.observed.any(axis=axis)) for axis in (1, 0))
    known = data.observed[np.ix_(subject, visit)]
    if not known.size:
        raise NotEstimable("no subject has a value at any visit")
    values = np.where(known, data.value[np.ix_(subject, visit)], 0.0)
    scale = float(values[known].std())
    if not scale > np.finfo(float).eps * 100 * float(np.abs(values[known]).max()):
        raise NotEstimable(f"all {int(known.sum())} values are the same: they have no variance")
    names, cell, terms, unit = _terms(data, subject, visit, known, baseline_by_visit)
    used = terms.reshape(-1, len(names))
    try:
        refuse_dependent(used.T @ used, names)
    except NotEstimable as error:
        raise NotEstimable(f"{error}, or take {FEWER}") from None
    if int(known.sum()) <= len(names):
        raise NotEstimable(
            f"{int(known.sum())} values cannot determine {len(names)} means and slopes and a variance: "
            f"leave out the baseline or covariates, or take {FEWER}"
        )
    return VisitDesign(
        subject=subject,
        visit=visit,
        value=values / scale,
        known=known,
        terms=terms,
        cell=cell,
        names=names,
        scale=scale,
        unit=unit,
    )


def _terms(
    data: RepeatedMeasures, subject: IntArray, visit: IntArray, known: BoolArray, by_visit: bool
) -> tuple[tuple[str, ...], IntArray, FloatArray, FloatArray]:
    """Return names, cells, terms and units."""
    names: list[str] = []
    columns: list[FloatArray] = []
    cell = np.full((2, data.visits.size), -1, dtype=np.int64)
    arm, labels = data.arm[subject], [f"{day:g}" for day in data.visits[visit]]
    for j, column in enumerate(visit):
        for code in (0, 1):
            inside = known & ((arm == code)[:, None] & (np.arange(visit.size) == j))
            if inside.any():
                cell[code, column] = len(names)
                names.append(f"{data.arms[code]} at {labels[j]}")
                columns.append(inside.astype(np.float64))
    if not (cell >= 0).all(axis=0).any():
        raise NotEstimable("no visit has values of both arms")
    unit = [1.0] * len(names)
    for name, values in _known_before(data, subject):
        spread = float(values.std()) or 1.0
        part = np.where(known, ((values - values.mean()) / spread)[:, None], 0.0)
        if name == "baseline" and by_visit:
            columns += [part * (np.arange(visit.size) == j) for j in range(visit.size)]
            names += [f"baseline at {label}" for label in labels]
            unit += [spread] * visit.size
        else:
            columns.append(part)
            names.append(name)
            unit.append(spread)
    _refuse_constant(columns, names)
    return tuple(names), cell, np.stack(columns, axis=-1), np.array(unit)


def _known_before(data: RepeatedMeasures, subject: IntArray) -> list[tuple[str, FloatArray]]:
    """Return the baseline and the covariates of the analysed subjects by name."""
    baseline = [] if data.baseline is None else [("baseline", data.baseline[subject])]
    return baseline + [(name, data.covariates[subject, j]) for j, name in enumerate(data.covariate_names)]


def _refuse_constant(columns: list[FloatArray], names: list[str]) -> None:
    constant = [name for name, column in zip(names, columns, strict=True) if not np.abs(column).max() > 0]
    if constant:
        raise NotEstimable(f"{name_some(constant)} is the same for everybody: leave it out")
