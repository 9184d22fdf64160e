"""Incidence that a fitted Fine-Gray model predicts."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import checks
from ..covariates import covariate_rows, label_codes
from ..curve_limits import curve_limits
from ..data import CompetingRisks
from ..errors import InvalidArgument, SkeletalWarning, name_some
from ..partial_likelihood import invert
from ..risk_table import RiskTable, counted_curve, risk_table
from .fine_gray import sample_of
from .fine_gray_baseline import hazard_influence
from .fine_gray_sample import moments, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray
    from ..results import Curve
    from .fine_gray import FineGrayFit
    from .fine_gray_sample import FineGraySample, Moments

MOST_VALUES = 20  # distinct values of changing covariates up to which limits are computed
SLACK = 1e-12  # above 1 by this much is rounding


def predicted_incidence(
    fit: FineGrayFit,
    rows: pd.DataFrame,
    *,
    strata: ArrayLike | None = None,
    conf_level: float = 0.95,
) -> list[Curve]:
    """Probability that an event of the cause has come first, for subjects with given covariates.

    Use it to show what a Fine-Gray model says of single subjects.  Curves of several causes come from models
    that need not agree: :func:`total_predicted_incidence` adds them up.

    Parameters
    ----------
    fit : FineGrayFit
        Result of :func:`fine_gray`.
    rows : DataFrame of shape (k, ...)
        New subjects; the covariates of the fit are found by name, other columns are not read.
    strata : array_like of shape (k,), optional
        The stratum of each row; needed where the fit has strata.
    conf_level : float
        Two-sided level of the pointwise limits.

    Returns
    -------
    list of Curve
        One a row of ``rows``, in that order, each with one row a distinct observed time of its stratum; it
        jumps at events of the cause.  ``std_error`` includes that of coefficients, baseline and censoring
        weights; the counts are those of the stratum.

    Raises
    ------
    InvalidArgument
        Covariates that are absent, missing or not numeric; no ``strata`` for a fit with strata, labels for a
        fit without, labels that are no stratum; ``conf_level`` outside (0, 1).

    Notes
    -----
    F(t | z) = 1 - exp(-H), H = sum of exp(b' z(u)) d/S0(u) over event times u up to t.  The variance of H
    sums over subjects the square of their influence on it: that on the coefficients (eta + psi of
    :func:`fine_gray` times I^-1), and with them held those on the steps d/S0 and on G(t-).  Normal limits on
    the scale log(-log(1 - F)).  With changing effects of covariates that take more than 20 values in a
    stratum, standard errors and limits are NaN.

    R: ``predict(cmprsk::crr(...), cov1)`` (estimate only).
    SAS: ``PROC PHREG; BASELINE COVARIATES=rows CIF=``.

    References
    ----------
    Fine and Gray, J Am Stat Assoc 94 (1999), section 4.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.competing import fine_gray
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 11, 12], [1, 2, 1, 0, 2, 1, 1, 0], ["SSE", "death"])
    >>> fit = fine_gray(data, pd.DataFrame({"treated": [0, 0, 1, 1, 0, 0, 1, 1]}), "SSE")
    >>> for curve in predicted_incidence(fit, pd.DataFrame({"treated": [0, 1]})):
    ...     print(curve.at(9).estimate.round(4), curve.at(9).std_error.round(4))
    [0.3809] [0.2289]
    [0.3766] [0.1724]
    """
    checks.probability(conf_level, "conf_level")
    columns = fit.names[: fit.covariates.shape[1]]
    matrix = covariate_rows(rows, columns)
    codes = _codes(fit, strata, len(matrix))
    sample = sample_of(fit)
    at = moments(sample, fit.coefficient)
    influence = scores(sample, at) @ invert(at.information)
    models = {code: _Stratum(fit, sample, at, influence, code) for code in np.unique(codes).tolist()}
    return [models[code].curve(x, conf_level) for x, code in zip(matrix, codes.tolist(), strict=True)]


class _Stratum:
    """Predictions within one baseline stratum; the part of the variance that rows share is kept."""

    def __init__(
        self, fit: FineGrayFit, sample: FineGraySample, at: Moments, influence: FloatArray, code: int
    ) -> None:
        self.fit, self.sample, self.at, self.code = fit, sample, at, code
        self.influence, self.spread = influence, influence.T @ influence
        own = fit.stratum == code
        self.columns = [column for column, _ in fit.time_varying]
        self.centre = fit.covariates[own].mean(axis=0)
        self.changing_centre = fit.covariates[:, self.columns].mean(axis=0)
        self.table: RiskTable = risk_table(
            CompetingRisks(fit.data.time[own], fit.data.status[own], fit.data.causes)
        )
        self.cells = slice(int(sample.cell_start[code]), int(sample.cell_start[code + 1]))
        starts = sample.classes.present_start
        self.many = bool(starts[code + 1] - starts[code] > MOST_VALUES)
        self.shared: dict[bytes, tuple[FloatArray, FloatArray]] = {}

    def curve(self, x: FloatArray, conf_level: float) -> Curve:
        """Return the curve of one row of covariates."""
        fit, table = self.fit, self.table
        with np.errstate(over="ignore", invalid="ignore"):  # far from the data: 1, without limits
            hazard, error = self.hazard(x)
        reached = np.searchsorted(self.sample.cell_time[self.cells], table.time, side="right")
        hazard, error = np.append(0.0, hazard)[reached], np.append(0.0, error)[reached]
        free = np.exp(-hazard)
        std_error = np.where(np.isinf(error), np.nan, free * np.where(np.isinf(error), 0.0, error))
        low, high = curve_limits(free, std_error, conf_level, "log-log")
        unknown = f" (not computed: over {MOST_VALUES} changing values)" if self.many else ""
        return counted_curve(
            table,
            (-np.expm1(-hazard), std_error, 1.0 - high, 1.0 - low),
            conf_level=conf_level,
            time_unit=fit.data.time_unit,
            method=f"incidence of {fit.cause} predicted by a Fine-Gray model, variance by the influence of "
            f"subjects on coefficients, baseline and censoring weights, log(-log(1 - F)) limits{unknown}; "
            f"{fit.method}",
            start=0.0,
            cause=fit.data.code(fit.cause),
        )

    def hazard(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return cumulative hazard and its standard error at the cells of the stratum."""
        fit, sample, at, cells = self.fit, self.sample, self.at, self.cells
        p = fit.covariates.shape[1]
        centred = x - self.centre
        changing = x[self.columns] - self.changing_centre
        linear = sample.timed[cells] @ (changing * at.slope) - at.shift[cells]
        highest = float(linear.max(initial=0.0))
        pace, scale = np.exp(linear - highest), float(np.exp(centred @ fit.coefficient[:p] + highest))
        step = pace * sample.n_events[cells] / at.total[cells]
        z = np.column_stack([np.broadcast_to(centred, (step.size, p)), changing * sample.timed[cells]])
        slope = np.cumsum((z - at.mean[cells]) * step[:, None], axis=0)
        square, cross = self.influence_on(pace)
        variance = square + 2 * np.sum(slope * cross, axis=1)
        variance += np.einsum("mj,jk,mk->m", slope, self.spread, slope)
        return scale * np.cumsum(step), scale * np.sqrt(np.maximum(variance, 0.0))

    def influence_on(self, pace: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sums of squares and products of influences on a hazard of this pace."""
        if self.many:
            return np.full(pace.size, np.nan), np.full((pace.size, self.spread.shape[0]), np.nan)
        key = pace.tobytes() if self.fit.time_varying else b""
        if key not in self.shared:
            self.shared[key] = hazard_influence(self.sample, self.at, self.influence, self.code, pace)
        return self.shared[key]


def _codes(fit: FineGrayFit, strata: ArrayLike | None, n: int) -> IntArray:
    """Return the codes in ``fit`` of the strata of ``n`` new rows; 0 without strata."""
    if fit.strata is None:
        if strata is not None:
            raise InvalidArgument("the fit has no strata: leave strata out")
        return np.zeros(n, dtype=np.int64)
    if strata is None:
        raise InvalidArgument(
            f"the fit has {len(fit.strata)} strata ({name_some(fit.strata)}): say which by strata="
        )
    codes, levels = label_codes(strata, n, "strata")
    place = {label: code for code, label in enumerate(fit.strata)}
    unknown = [label for label in levels.tolist() if label not in place]
    if unknown:
        raise InvalidArgument(
            f"strata must be strata of the fit ({name_some(fit.strata)}): {len(unknown)} are not "
            f"({name_some(unknown)})"
        )
    return np.array([place[label] for label in levels.tolist()], dtype=np.int64)[codes]


def total_predicted_incidence(curves: Mapping[str, Sequence[Curve]]) -> pd.DataFrame:
    """Probability of an event of any of several causes, from predictions of one model a cause.

    Models of several causes are fitted one by one and need not agree: their incidences can add up to more
    than 1, which no set of probabilities does.  Where they do, a warning says for how many rows and from
    what time.

    Parameters
    ----------
    curves : dict of str to sequence of Curve
        By cause, the curves of the same rows in the same order.

    Returns
    -------
    DataFrame
        One line a row: ``largest`` total over all times, and ``time``, the first at which the total exceeds
        1 (NaN where it never does).

    Raises
    ------
    InvalidArgument
        Fewer than two causes, or not the same number of curves for each.

    Warns
    -----
    SkeletalWarning
        The total of at least one row exceeds 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.competing import fine_gray
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 11, 12], [1, 2, 1, 0, 2, 1, 1, 0], ["SSE", "death"])
    >>> x = pd.DataFrame({"treated": [0, 1, 1, 1, 0, 0, 1, 1]})
    >>> both = {cause: predicted_incidence(fine_gray(data, x, cause), x[:1]) for cause in data.causes}
    >>> total_predicted_incidence(both).round(3)
       largest  time
    0    0.966   NaN
    """
    counts = {cause: len(of_cause) for cause, of_cause in curves.items()}
    if len(counts) < 2 or len(set(counts.values())) > 1:
        raise InvalidArgument(f"curves must hold as many curves for each of two or more causes, got {counts}")
    found = [_largest(row) for row in zip(*curves.values(), strict=True)]
    frame = pd.DataFrame(found, columns=["largest", "time"], dtype=np.float64)
    above = frame["time"].notna()
    if above.any():
        warnings.warn(
            f"predicted incidences of {len(counts)} causes ({name_some(counts)}) add up to more than 1 for "
            f"{int(above.sum())} row(s) ({name_some(frame.index[above])}), from time "
            f"{frame['time'].min():g} on: "
            "they are no probabilities there; use absolute_risk, whose causes cannot exceed 1",
            SkeletalWarning,
            stacklevel=2,
        )
    return frame


def _largest(curves: tuple[Curve, ...]) -> tuple[float, float]:
    """Return the largest sum of the curves and the first time at which it exceeds 1."""
    times = np.unique(np.concatenate([curve.time for curve in curves]))
    total = np.sum([curve.at(times).estimate for curve in curves], axis=0)
    above = total > 1 + SLACK
    return float(total.max()), float(times[above][0]) if above.any() else float("nan")
