"""Cox regression of the moves between states, one baseline hazard a transition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..covariates import covariate_matrix, label_codes
from ..cox_results import cox_fields
from ..errors import InvalidArgument, NotEstimable, name_some
from ..partial_likelihood import cox_sample, maximise
from ..results import RegressionFit
from .paths import Unseen, since, stretches

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import ArrayLike

    from ..arrays import BoolArray, FloatArray, IntArray
    from ..data import MultiState

TransitionTies = Literal["efron", "breslow"]
Effects = Literal["by_transition", "common"]
Clock = Literal["forward", "reset"]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Stacked:
    """Rows of the data, once for each transition that they are at risk of; all arrays of shape (k,)."""

    row: IntArray
    transition: IntArray
    event: IntArray


def transition_cox(  # noqa: PLR0913  (the model, and how time is counted in it)
    data: MultiState,
    covariates: pd.DataFrame,
    *,
    transitions: Iterable[tuple[str, str]] | None = None,
    effects: Effects = "by_transition",
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    ties: TransitionTies = "efron",
    clock: Clock = "forward",
    unseen: Unseen = "exclude",
) -> RegressionFit:
    """Log hazard ratios of moving between states, robust by subject, one baseline hazard a transition.

    Use it for how covariates act on each step of a course, such as to a skeletal event, and to death
    without and after one.  A ratio compares subjects in the state that is left; what it means for the
    probability of a state depends on all transitions.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    covariates : DataFrame of shape (n, p)
        Numeric columns, one entry a row (start, stop].
    transitions : iterable of (str, str), optional
        The moves (from, to) that are modelled; default all that occur.  Others censor.
    effects : {"by_transition", "common"}
        Coefficients of their own for each transition, named ``covariate:from->to``, or one for all.
    strata : array_like of shape (n,), optional
        One label a row; every transition has one baseline hazard a stratum.
    cluster : array_like of shape (n,), optional
        One label a row, by which the covariance is robust; the subject if absent.
    ties : {"efron", "breslow"}
        Rule for tied moves.
    clock : {"forward", "reset"}
        Time since the origin of the data, or since the state was entered.
    unseen : {"exclude", "count"}
        With ``clock="reset"``: what is done with rows of stays whose beginning was not seen, as in
        :func:`sojourn_time`.

    Returns
    -------
    RegressionFit
        ``std_error`` and all that comes from it are robust and hold across transitions; ``naive_std_error``
        is from the inverse information; ``n_events`` counts the moves that are modelled, ``n_subjects`` all.

    Raises
    ------
    InvalidArgument
        Covariates or labels that do not fit the data; an unknown option; a transition that is none, or twice.
    NotEstimable
        No moves; a named transition without moves; a covariate that does not vary within any risk set of a
        transition, or that others determine.
    NotConverged
        The likelihood has no maximum, for instance with an arm without moves of one transition.

    Notes
    -----
    Cox's partial likelihood over rows, stacked once for each transition out of the state of the row and
    stratified by transition.  Covariance: sandwich of score residuals summed by subject (or cluster) under
    the same tie rule, without a small-sample factor.

    R: ``survival::coxph(Surv(start, stop, factor(to)) ~ x, id = subject)``, ``mstate::expand.covs`` with
    ``strata(trans)``.  SAS: ``PROC PHREG COVS(AGGREGATE)`` of the stacked rows with ``STRATA`` transition.

    References
    ----------
    Putter, Fiocco and Geskus (2007), Stat Med 26, 2389-2430; Andersen and Keiding (2002), Stat Methods Med
    Res 11, 91-115; Lin and Wei (1989), J Am Stat Assoc 84, 1074-1078.

    Examples
    --------
    >>> import pandas as pd
    >>> from skeletal.data import MultiState
    >>> states, ends = ["well", "SSE", "dead"], [3, 5, 6, 8, 9, 10]
    >>> data = MultiState([1, 2, 3, 4, 5, 6], [0] * 6, ends, [1] * 6, [2, 3, 2, 3, 2, 3], states)
    >>> fit = transition_cox(data, pd.DataFrame({"treated": [0, 0, 1, 1, 0, 0]}))
    >>> fit.names, fit.coefficient.round(4)
    (('treated:well->SSE', 'treated:well->dead'), array([0.3466, 0.5493]))
    """
    checks.option(effects, Effects, "effects")
    checks.option(ties, TransitionTies, "ties")
    checks.option(clock, Clock, "clock")
    n = data.stop.size
    names, matrix = covariate_matrix(covariates, n)
    stratum = np.zeros(n, dtype=np.int64) if strata is None else label_codes(strata, n, "strata")[0]
    clusters = data.subject_number if cluster is None else label_codes(cluster, n, "cluster")[0]
    moves = _moves(data, transitions)
    start, stop, usable, words = _clock(data, clock, unseen)
    stacked = _stacked(data, moves, usable)
    strata_codes = np.unique(
        stacked.transition * (stratum.max() + 1) + stratum[stacked.row], return_inverse=True
    )
    rows = matrix[stacked.row]
    if effects == "by_transition":
        names, rows = _by_transition(data, names, rows, stacked, moves)
    sample = cox_sample(
        stop[stacked.row],
        stacked.event,
        rows,
        entry=start[stacked.row],
        stratum=strata_codes[1].astype(np.int64),
    )
    by = np.unique(clusters[stacked.row], return_inverse=True)[1].astype(np.int64)
    fields = cox_fields(
        names,
        sample,
        maximise(sample, names, ties),
        ties,
        cluster=by,
        n_subjects=data.n_subjects,
        method=_words(data, moves, effects, ties, strata is not None, cluster is not None, words),
    )
    return RegressionFit(**fields)


def _moves(data: MultiState, transitions: Iterable[tuple[str, str]] | None) -> IntArray:
    """Return the transitions that are modelled, states from 1; shape (q, 2)."""
    seen = np.unique(np.column_stack([data.state, data.to])[data.to > 0], axis=0)
    if transitions is None:
        if not seen.size:
            raise NotEstimable(f"no moves among {data.stop.size} row(s): a hazard ratio cannot be estimated")
        return np.asarray(seen, dtype=np.int64)
    named = [_pair(data, one) for one in transitions]
    if not named or len(set(named)) < len(named):
        raise InvalidArgument(f"transitions must be distinct, at least one, got {len(named)}")
    there = {(int(a), int(b)) for a, b in seen}
    silent = [_arrow(data, *one) for one in named if one not in there]
    if silent:
        raise NotEstimable(f"{len(silent)} transition(s) without moves ({name_some(silent)}): leave them out")
    return np.array(named, dtype=np.int64)


def _pair(data: MultiState, pair: tuple[str, str]) -> tuple[int, int]:
    if isinstance(pair, str) or len(tuple(pair)) != 2:
        raise InvalidArgument(f"a transition must be a pair of states (from, to), got {pair!r}")
    source, target = (data.code(state) for state in pair)
    if source == target:
        raise InvalidArgument(f"a transition must lead to another state, got {pair!r}")
    return source, target


def _arrow(data: MultiState, source: int, target: int) -> str:
    return f"{data.states[source - 1]}->{data.states[target - 1]}"


def _clock(data: MultiState, clock: Clock, unseen: Unseen) -> tuple[FloatArray, FloatArray, BoolArray, str]:
    """Return the times of the rows, which of them count, and words for it."""
    checks.option(unseen, Unseen, "unseen")
    if clock == "forward":
        return data.start, data.stop, np.ones(data.stop.size, dtype=np.bool_), "time since the origin"
    rows = stretches(data)
    entered = rows.entered[rows.of_row]
    late = np.isnan(entered)
    entered = np.where(late, rows.start[rows.of_row], entered)
    done = "left out" if unseen == "exclude" else "counted from when they were seen"
    words = "time since the state was entered"
    if late.any():
        words += f" ({int(late.sum())} rows of stays whose beginning was not seen {done})"
    usable = ~late if unseen == "exclude" else np.ones(late.size, dtype=np.bool_)
    return *since(entered, data.start, data.stop), usable, words


def _stacked(data: MultiState, moves: IntArray, usable: BoolArray) -> _Stacked:
    """Return the rows at risk of each transition."""
    parts = [np.flatnonzero(usable & (data.state == source)) for source, _ in moves]
    row = np.concatenate(parts).astype(np.int64)
    transition = np.repeat(np.arange(len(parts)), [part.size for part in parts])
    event = (data.to[row] == moves[transition, 1]).astype(np.int64)
    return _Stacked(row=row, transition=transition, event=event)


def _by_transition(
    data: MultiState, names: tuple[str, ...], rows: FloatArray, stacked: _Stacked, moves: IntArray
) -> tuple[tuple[str, ...], FloatArray]:
    """Return a set of covariates for each transition, 0 in the rows of the others."""
    p = len(names)
    wide = np.zeros((rows.shape[0], p * len(moves)))
    for k in range(len(moves)):
        mine = stacked.transition == k
        wide[mine, k * p : (k + 1) * p] = rows[mine]
    return tuple(f"{name}:{_arrow(data, *move)}" for move in moves for name in names), wide


def _words(
    data: MultiState,
    moves: IntArray,
    effects: Effects,
    ties: TransitionTies,
    stratified: bool,
    clustered: bool,
    clock: str,
) -> str:
    rule = "Efron's" if ties == "efron" else "Breslow's"
    own = "effects by transition" if effects == "by_transition" else "effects common to the transitions"
    return (
        f"transition-specific Cox model of {', '.join(_arrow(data, *move) for move in moves)}, {own}, "
        f"{clock}, {rule} rule for ties, {'stratified, ' if stratified else ''}robust covariance by "
        f"{'cluster' if clustered else 'subject'}, Wald limits and p-values"
    )
