"""Regression of the incidence of one cause on covariates (Fine and Gray)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..arrays import FloatArray, IntArray, read_only
from ..chi_square import no_test
from ..covariates import covariate_matrix, label_codes
from ..cox_results import coefficient_fields, model_fields
from ..errors import InvalidArgument, NotEstimable, name_some
from ..kernels.fine_gray_censoring import cell_slots, find_cells
from ..kernels.sorting import time_order
from ..partial_likelihood import invert
from ..results import RegressionFit
from .fine_gray_sample import (
    FineGraySample,
    censoring_weights,
    centre,
    classes_of,
    maximise,
    scores,
    starts,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import ArrayLike

    from ..data import CompetingRisks

    TimeFunction = Callable[[FloatArray], ArrayLike]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FineGrayFit(RegressionFit):
    """A fitted Fine-Gray model with the rows it was fitted to.

    Attributes
    ----------
    data : CompetingRisks
        The sample.
    cause : str
        Cause whose incidence was modelled.
    covariates : ndarray of shape (n, p)
        Covariates as given; ``names`` begins with theirs.
    stratum, censoring_stratum : ndarray of shape (n,)
        Baseline and censoring stratum of each row: codes from 0 in sorted order of the labels.
    strata : tuple or None
        Labels of the baseline strata.
    time_varying : tuple of (int, callable)
        Column and function of time of each changing effect.
    """

    data: CompetingRisks
    cause: str
    covariates: FloatArray
    stratum: IntArray
    censoring_stratum: IntArray
    strata: tuple[object, ...] | None
    time_varying: tuple[tuple[int, TimeFunction], ...]


def fine_gray(
    data: CompetingRisks,
    covariates: pd.DataFrame,
    cause: str,
    *,
    strata: ArrayLike | None = None,
    censoring_strata: ArrayLike | None = None,
    time_varying: Mapping[str, TimeFunction] | None = None,
) -> FineGrayFit:
    """Log subdistribution hazard ratios of one cause where others compete (Fine and Gray).

    Use it for the effect of covariates on the cumulative incidence, the risk in the world as it is.  Do not
    read it as an effect on the rate of the event among those alive: that is the cause-specific hazard.

    Parameters
    ----------
    data : CompetingRisks
        n rows without delayed entry.
    covariates : DataFrame of shape (n, p)
        Numeric columns, in the order of the rows of ``data``; their names become those of the result.
    cause : str
        One of ``data.causes``; all others compete.
    strata : array_like of shape (n,), optional
        One label a row; every stratum has its own baseline, and its own distribution of censoring unless
        ``censoring_strata`` says otherwise.
    censoring_strata : array_like of shape (n,), optional
        One label a row; the distribution of censoring is estimated within these strata (``cengroup`` of crr).
        Default: the ``strata``, or one for all.  With ``strata`` and one label for all it is pooled.
    time_varying : dict of str to callable, optional
        Covariate and a function of an array of times (in ``time_unit``): its effect changes with time, by
        a further coefficient ``covariate:time`` of covariate times function (``cov2``, ``tf`` of crr).

    Returns
    -------
    FineGrayFit
        ``covariance`` is that of crr, ``naive_std_error`` comes from the inverse information.

    Raises
    ------
    InvalidArgument
        Covariates, strata or functions that do not fit the data; an unknown cause; delayed entry.
    NotEstimable
        No events of the cause; a covariate that is constant or determined by others.
    NotConverged
        The likelihood has no maximum (separation).

    Notes
    -----
    A subject with a competing event at X stays in the risk set at t > X with weight G(t-)/G(X-), where G is
    the Kaplan-Meier estimate of no censoring (events at the time of a censoring still count as at risk; 0
    after the last time of a censoring stratum).  Ties by Breslow's rule.  The covariance is I^-1 sum (eta +
    psi)(eta + psi)' I^-1 over subjects, psi coming from the estimated G: q(u) adds, over competing events
    before u, what they take from the score at event times from u on.  As crr does, with several censoring
    strata q of a stratum counts of the events at a time only the share that lies in that stratum.

    Censorings at time 0 lower no weight of that time, G(0-) being 1; crr takes G(0) there, so that its
    figures for samples with censorings and competing events at time 0 differ in the fourth digit.

    The cost is that of sorting, then linear; with ``time_varying`` it is event times times the distinct
    values of those covariates, so quadratic where they are continuous.

    R: ``cmprsk::crr(time, status, cov1, cov2, tf, cengroup)``, ``crrSC::crrs(..., strata, ctype = 1)``.
    SAS: ``PROC PHREG; MODEL time*status(0) = x / EVENTCODE=1``.

    References
    ----------
    Fine and Gray, J Am Stat Assoc 94 (1999), 496-509, equations 7 and 8; Zhou, Latouche, Rocha and Fine,
    Biometrics 67 (2011), 661-670 (strata); Kawaguchi, Shen, Suchard and Li, J Comput Graph Stat 30 (2021),
    323-329 (linear scans).

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import CompetingRisks
    >>> data = CompetingRisks([2, 3, 5, 7, 8, 9, 11, 12], [1, 2, 1, 0, 2, 1, 1, 0], ["SSE", "death"])
    >>> fit = fine_gray(data, pd.DataFrame({"treated": [0, 0, 1, 1, 0, 0, 1, 1]}), "SSE")
    >>> fit.names, fit.coefficient.round(4), fit.std_error.round(4)
    (('treated',), array([-0.0146]), array([0.8648]))
    """
    code, n = data.code(cause), data.n_subjects
    if data.entry is not None:
        raise InvalidArgument("fine_gray takes no delayed entry: the data have entry times")
    names, matrix = covariate_matrix(covariates, n)
    if not (data.status == code).any():
        raise NotEstimable(f"no events of {cause} among {n} row(s): a hazard ratio cannot be estimated")
    zero, labels = np.zeros(n, dtype=np.int64), None
    stratum = zero
    if strata is not None:
        stratum, levels = label_codes(strata, n, "strata")
        labels = tuple(levels.tolist())
    group = stratum if censoring_strata is None else label_codes(censoring_strata, n, "censoring_strata")[0]
    changing = _changing(names, time_varying)
    sample = fine_gray_sample(data, code, matrix, stratum, group, changing)
    names += tuple(f"{names[column]}:time" for column, _ in changing)
    maximum, moments = maximise(sample, names)
    inverse = invert(maximum.at.information)
    parts = scores(sample, moments)
    covariance = inverse @ (parts.T @ parts) @ inverse
    return FineGrayFit(
        **coefficient_fields(names, maximum.coefficient, covariance, inverse),
        **model_fields(maximum, covariance, no_test("no robust score test of a Fine-Gray model")),
        n_subjects=n,
        n_events=int(sample.n_events.sum()),
        method=_method(cause, labels, group, censoring_strata is not None),
        data=data,
        cause=cause,
        covariates=read_only(matrix),
        stratum=stratum,
        censoring_stratum=group,
        strata=labels,
        time_varying=changing,
    )


def sample_of(fit: FineGrayFit) -> FineGraySample:
    """Return the prepared rows that ``fit`` maximised the likelihood of."""
    code = fit.data.code(fit.cause)
    return fine_gray_sample(
        fit.data, code, fit.covariates, fit.stratum, fit.censoring_stratum, fit.time_varying
    )


def fine_gray_sample(
    data: CompetingRisks,
    code: int,
    matrix: FloatArray,
    stratum: IntArray,
    group: IntArray,
    changing: tuple[tuple[int, TimeFunction], ...],
) -> FineGraySample:
    """Sort the rows by stratum, then time, and find risk sets, weights and classes."""
    status = np.where(data.status == code, 1, 2 * (data.status > 0))
    order = time_order(np.ascontiguousarray(data.time))
    if stratum.any():
        order = order[np.argsort(stratum[order], kind="stable")]
    time, status, given = data.time[order], status[order], np.take(matrix, order, axis=0)
    stratum, group = (codes[order] if codes.any() else codes for codes in (stratum, group))
    x, spread = centre(given, stratum)
    row_start = starts(stratum, int(stratum[-1]) + 1)
    last, cell_time, n_events, cell_start = find_cells(time, status, row_start)
    censoring = censoring_weights(time, status, group, stratum)
    changed = given[:, [column for column, _ in changing]]
    classes = classes_of(stratum, group, status == 2, changed)
    slots = cell_slots(
        cell_time, cell_start, classes.pair_start, classes.pair_group, censoring.step_time, censoring.start
    )
    timed = _at_times([function for _, function in changing], cell_time)
    event = np.flatnonzero(status == 1)
    at_events = np.take(classes.values, classes.present[event], axis=0) * timed[last[event]]
    return FineGraySample(
        order=order,
        time=time,
        status=status,
        stratum=stratum,
        group=group,
        x=x,
        spread=np.append(spread, changed.std(axis=0) * np.sqrt((timed**2).mean(axis=0))),
        row_start=row_start,
        cell_start=cell_start,
        last=last,
        cell_time=cell_time,
        n_events=n_events,
        timed=timed,
        observed=np.append(np.take(x, event, axis=0).sum(axis=0), at_events.sum(axis=0)),
        late=1.0 / censoring.free[censoring.before],
        slots=slots,
        reach=censoring.free[slots],
        censoring=censoring,
        classes=classes,
    )


def _changing(
    names: tuple[str, ...], time_varying: Mapping[str, TimeFunction] | None
) -> tuple[tuple[int, TimeFunction], ...]:
    """Return column and function of each changing effect, checked."""
    if not (time_varying is None or isinstance(time_varying, Mapping)):
        raise InvalidArgument(
            f"time_varying must map covariates to functions of time, got {type(time_varying).__name__}"
        )
    functions = dict(time_varying or {})
    unknown = [name for name in functions if name not in names]
    if unknown:
        raise InvalidArgument(
            f"time_varying names {len(unknown)} covariate(s) that are none of the columns "
            f"({name_some(unknown)})"
        )
    dull = [name for name, function in functions.items() if not callable(function)]
    if dull:
        raise InvalidArgument(
            f"time_varying must map covariates to functions of time ({name_some(dull)} is none)"
        )
    taken = [f"{name}:time" for name in functions if f"{name}:time" in names]
    if taken:
        raise InvalidArgument(f"covariates already have the name(s) {name_some(taken)}: rename them")
    return tuple((names.index(name), function) for name, function in functions.items())


def _at_times(functions: list[TimeFunction], times: FloatArray) -> FloatArray:
    """Return the functions at the times, shape (m, q)."""
    timed = np.empty((times.size, len(functions)))
    for k, function in enumerate(functions):
        with np.errstate(all="ignore"):
            try:
                timed[:, k] = np.asarray(function(times), dtype=np.float64)
            except (TypeError, ValueError):  # a function of one time
                timed[:, k] = [float(function(time)) for time in times]  # type: ignore[arg-type]
        bad = ~np.isfinite(timed[:, k])
        if bad.any():
            raise InvalidArgument(
                f"a function of time_varying is not finite at {int(bad.sum())} event time(s) "
                f"({name_some(times[bad].tolist())})"
            )
    return timed


def _method(cause: str, labels: tuple[object, ...] | None, group: IntArray, asked: bool) -> str:
    """Say what a reader must know to repeat the numbers."""
    parts = [f"Fine-Gray subdistribution hazards of {cause}", "Breslow's rule for ties"]
    if labels is not None:
        parts.append(f"baseline by {len(labels)} strata")
    size = int(group.max()) + 1
    within = f" within {size} strata" if size > 1 or asked else ""
    parts.append(f"weights G(t-) by Kaplan-Meier of censoring{within}")
    parts.append("sandwich covariance with the estimated weights (as crr), Wald limits and p-values")
    return ", ".join(parts)
