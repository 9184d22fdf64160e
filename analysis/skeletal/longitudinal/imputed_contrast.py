"""The difference of two arms at a visit after imputation, and the shift of missing values that undoes it."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from .. import checks
from ..arrays import as_floats
from ..errors import InvalidArgument, NotEstimable, name_some
from .imputation import impute
from .rubin import rubin

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike

    from ..arrays import FloatArray
    from .imputation import ImputationMethod, ImputedValues
    from .rubin import PooledEstimate
    from .visits import RepeatedMeasures

DeltaArm = Literal["experimental", "control", "both"]
COLUMNS = ("estimate", "std_error", "df", "lower", "upper", "p_value")
HALVINGS = 60


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TippingPoint:
    """What a shift of the imputed values does to the difference of the arms.

    Attributes
    ----------
    frame : DataFrame
        ``delta estimate std_error df lower upper p_value significant``, by delta.
    delta : float
        The shift nearest to 0, within the range of the deltas, at which the significance is lost; NaN where
        it is not lost there, or not there without a shift (``method`` says which).
    conf_level : float
    method : str
        What a reader must know to repeat the numbers.
    """

    frame: pd.DataFrame
    delta: float
    conf_level: float
    method: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Ancova:
    """Least squares at one visit, the same terms for every completed data set."""

    factor: FloatArray  # (p, n), gives coefficients
    terms: FloatArray  # (n, p)
    error: float  # of the arm's coefficient, over sigma
    value: FloatArray  # (n, K)
    shift: FloatArray  # (n,), what delta is added to
    words: str

    def contrast(self, delta: float, conf_level: float) -> PooledEstimate:
        """Return the pooled difference with ``delta`` added."""
        values = self.value + (delta * self.shift)[:, None]
        coefficient = self.factor @ values
        df = self.terms.shape[0] - self.terms.shape[1]
        sigma = np.sqrt(((values - self.terms @ coefficient) ** 2).sum(axis=0) / df)
        what = self.words + (f"; {delta:g} added to the imputed values" if delta else "")
        return rubin(coefficient[1], self.error * sigma, df_complete=df, conf_level=conf_level, what=what)


def imputed_contrast(  # noqa: PLR0913  (the imputation and the analysis have options each)
    data: RepeatedMeasures,
    *,
    visit: float,
    n_imputations: int,
    seed: int,
    delta: float = 0.0,
    delta_arm: DeltaArm = "experimental",
    method: ImputationMethod = "mar",
    impute_structural: bool = False,
    conf_level: float = 0.95,
) -> PooledEstimate:
    """Difference of the means of two arms at a visit, by ANCOVA after multiple imputation.

    Parameters
    ----------
    data : RepeatedMeasures
        Values at visits, two arms.
    visit : float
        The visit, one of the data's.
    n_imputations, seed, method, impute_structural
        As :func:`impute`; at least two imputations.
    delta : float
        Added to the imputed values of ``delta_arm`` at this visit; 0 is the assumption of ``method`` itself.
    delta_arm : {"experimental", "control", "both"}
        Arm whose imputed values are shifted.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    PooledEstimate
        Experimental less control, adjusted for baseline and covariates, among subjects with an observed or
        imputed value: those who have died, or are beyond collection, are not among them.

    Raises
    ------
    InvalidArgument
        A visit that is none, fewer than two imputations, an unknown option, as :func:`impute`.
    NotEstimable
        An arm without values at the visit, not more values than terms, as :func:`impute`.

    Notes
    -----
    Each completed data set: least squares of value on arm, baseline, covariates.  Pooled by :func:`rubin`
    with n - p complete degrees of freedom.  Visits after ``visit`` help to impute it while each arm has at
    least twice as many values there as terms; ``method`` names the last visit used.

    R: ``with(mice(...), lm(value ~ arm + baseline))`` and ``pool``.  SAS: PROC MI, PROC GLM, PROC MIANALYZE.
    """
    checks.option(delta_arm, DeltaArm, "delta_arm")
    shift = checks.finite(delta, "delta")
    imputed = _imputed(data, visit, n_imputations, seed, method, impute_structural)
    return _ancova(imputed, visit, delta_arm).contrast(shift, conf_level)


def tipping_point(  # noqa: PLR0913  (as imputed_contrast)
    data: RepeatedMeasures,
    *,
    visit: float,
    deltas: ArrayLike,
    n_imputations: int,
    seed: int,
    delta_arm: DeltaArm = "experimental",
    method: ImputationMethod = "mar",
    impute_structural: bool = False,
    conf_level: float = 0.95,
) -> TippingPoint:
    """Shift of the imputed values at which the difference of two arms is no longer significant.

    Use it after a significant result under missing at random: the result is robust if the shift at which it
    is lost is implausibly large.  ``deltas`` of the sign that speaks against the experimental arm are the
    ones of interest (positive for pain).

    Parameters
    ----------
    data, visit, n_imputations, seed, delta_arm, method, impute_structural, conf_level
        As :func:`imputed_contrast`; a result is significant where the limits exclude 0.
    deltas : array_like of shape (k,)
        Shifts to tabulate, in units of the value.

    Returns
    -------
    TippingPoint
        All shifts use the same draws, so that they differ by nothing but the shift.

    Raises
    ------
    InvalidArgument
        No deltas, or missing or infinite ones; as :func:`imputed_contrast`.
    NotEstimable
        As :func:`imputed_contrast`.

    Notes
    -----
    The shift at which significance is lost is sought between the last significant delta and the first other
    one, going from 0 in both directions, by bisection.  Significance in the other direction counts as lost.

    R: ``rbmi::delta_template``.  SAS: ``PROC MI; MNAR ADJUST(value / SHIFT=delta ADJUSTOBS=(arm='...'))``.

    References
    ----------
    Yan, Lee and Li, Journal of Biopharmaceutical Statistics 19 (2009), 1085-1098.
    """
    checks.option(delta_arm, DeltaArm, "delta_arm")
    shifts = np.unique(as_floats(deltas, "deltas"))
    if not shifts.size:
        raise InvalidArgument("deltas has no entries")
    checks.rows_where(~np.isfinite(shifts), "deltas must be known and finite")
    imputed = _imputed(data, visit, n_imputations, seed, method, impute_structural)
    ancova = _ancova(imputed, visit, delta_arm)
    frame = pd.DataFrame([_row(ancova.contrast(float(shift), conf_level), float(shift)) for shift in shifts])
    frame["significant"] = (frame["lower"] > 0) | (frame["upper"] < 0)
    plain = ancova.contrast(0.0, conf_level)
    found, words = _tip(ancova, shifts, plain, conf_level)
    return TippingPoint(
        frame=frame,
        delta=found,
        conf_level=conf_level,
        method=f"{plain.method}; {words}; delta added to the imputed values of {_whose(data, delta_arm)}",
    )


def _imputed(
    data: RepeatedMeasures,
    visit: float,
    n_imputations: int,
    seed: int,
    method: ImputationMethod,
    structural: bool,
) -> ImputedValues:
    used = _visits_used(data, visit_number(data, visit))
    found = impute(used, n_imputations=n_imputations, seed=seed, method=method, impute_structural=structural)
    if n_imputations < 2:
        raise InvalidArgument(f"n_imputations must be at least 2 to be pooled, got {n_imputations}")
    return found


def _visits_used(data: RepeatedMeasures, column: int) -> RepeatedMeasures:
    """Return the visits up to one, and those later ones that have the values for a regression.

    Later values fill gaps; from the first visit on at which an arm has fewer than twice as many values as
    terms they are not used.
    """
    before = 1 + (data.baseline is not None) + len(data.covariate_names)
    counts = np.array([data.observed[data.arm == code].sum(axis=0) for code in (0, 1)]).min(axis=0)
    last = column
    while last + 1 < data.visits.size and counts[last + 1] >= 2 * (before + last + 1):
        last += 1
    return data if last + 1 == data.visits.size else data.at_visits(data.visits[: last + 1])


def _row(found: PooledEstimate, delta: float) -> dict[str, float]:
    return {"delta": delta, **{name: getattr(found, name) for name in COLUMNS}}


def _ancova(imputed: ImputedValues, visit: float, delta_arm: DeltaArm) -> _Ancova:
    """Return the least squares at a visit."""
    data = imputed.data
    column = visit_number(data, visit)
    rows = np.flatnonzero(~np.isnan(imputed.value[0, :, column]))
    arm = data.arm[rows]
    empty = [data.arms[code] for code in (0, 1) if not (arm == code).any()]
    if empty:
        raise NotEstimable(f"nobody of arm {name_some(empty)} has a value at visit {visit:g}")
    before = [] if data.baseline is None else [data.baseline[rows]]
    before += [data.covariates[rows, j] for j in range(len(data.covariate_names))]
    centred = [(part - part.mean()) / (float(part.std()) or 1.0) for part in before]
    terms = np.column_stack([np.ones(rows.size), arm, *centred])
    n, p = terms.shape
    if n <= p:
        raise NotEstimable(f"{n} values at visit {visit:g} cannot determine {p} terms and a variance")
    if np.linalg.matrix_rank(terms) < p:
        raise NotEstimable(
            "baseline or covariates are constant, or determine each other or the arm: leave one out"
        )
    gram = np.linalg.inv(terms.T @ terms)
    mine = {"experimental": arm == 1, "control": arm == 0, "both": np.ones(n, dtype=np.bool_)}[delta_arm]
    sizes = [int((arm == code).sum()) for code in (1, 0)]
    n_imputed = int(imputed.imputed[rows, column].sum())
    adjusted = " adjusted for baseline and covariates" if before else ""
    return _Ancova(
        factor=gram @ terms.T,
        terms=terms,
        error=float(np.sqrt(gram[1, 1])),
        value=imputed.value[:, rows, column].T,
        shift=(imputed.imputed[rows, column] & mine).astype(np.float64),
        words=f"difference of means at visit {visit:g}, {data.arms[1]} minus {data.arms[0]},{adjusted} least "
        f"squares, {sizes[0]} and {sizes[1]} of {data.n_subjects} subjects, {n_imputed} values imputed; "
        f"{imputed.method}; visits used to {data.visits[-1]:g}",
    )


def visit_number(data: RepeatedMeasures, visit: float) -> int:
    """Return the column of a visit; refuse one that the data do not have."""
    found = np.flatnonzero(data.visits == checks.finite(visit, "visit"))
    if not found.size:
        days = name_some([f"{day:g}" for day in data.visits], shown=9)
        raise InvalidArgument(f"visit must be one of {days}, got {visit}")
    return int(found[0])


def _whose(data: RepeatedMeasures, delta_arm: DeltaArm) -> str:
    return {"experimental": str(data.arms[1]), "control": str(data.arms[0]), "both": "both arms"}[delta_arm]


def _tip(ancova: _Ancova, shifts: FloatArray, plain: PooledEstimate, conf_level: float) -> tuple[float, str]:
    """Return the shift nearest to 0 at which significance is lost, and a sentence on it."""
    if not (plain.lower > 0 or plain.upper < 0):
        return nan, "no significance to lose: the limits without a shift hold 0"

    def holds(delta: float) -> bool:
        found = ancova.contrast(delta, conf_level)
        return found.lower > 0 if plain.lower > 0 else found.upper < 0

    tips = []
    for way in (shifts[shifts > 0], shifts[shifts < 0][::-1]):
        inside = 0.0
        for outside in map(float, way):
            if not holds(outside):
                tips.append(_bisect(holds, inside, outside))
                break
            inside = outside
    if not tips:
        return nan, f"significance is not lost from {shifts[0]:g} to {shifts[-1]:g}"
    tip = min(tips, key=abs)
    return tip, f"significance is lost at a shift of {tip:.6g}"


def _bisect(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return outside
