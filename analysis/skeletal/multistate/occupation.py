"""Probability of being in a state (Aalen-Johansen) with its standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from .. import checks
from ..arrays import hand_over
from ..curve_limits import ConfType, curve_limits
from ..kernels.states import jackknife_variance, multinomial_variance, occupation, row_influences
from ..results import Curve
from .paths import state_paths

if TYPE_CHECKING:
    from ..arrays import FloatArray, IntArray
    from ..data import MultiState
    from .paths import Followed, StatePaths

OccupationVariance = Literal["jackknife", "greenwood", "aalen"]

VARIANCES = {
    "jackknife": "infinitesimal jackknife variance by subject",
    "greenwood": "Greenwood variance",
    "aalen": "Aalen (Poisson) variance",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Occupation:
    """Occupation of all states before the first time of the paths and from each on; shapes (m + 1, size)."""

    paths: StatePaths
    value: FloatArray
    variance: FloatArray

    def followed_to(self) -> float:
        """Return the time to which the occupation is known: without end where nobody is left to move."""
        moving = np.unique(self.paths.state)
        return np.inf if (self.value[-1, moving] == 0).all() else float(self.paths.time[-1])

    def warnings(self, states: tuple[str, ...], code: int, unit: str) -> str:
        """Say what a reader must know of states nobody enters, or nobody is at risk in any more."""
        paths, parts = self.paths, []
        if not self.value[:, code].any():
            parts.append(f"probability 0: nobody is in {states[code]} or comes to it")
        for h in np.unique(paths.state):
            seen = int(np.flatnonzero(paths.at_risk[:, h])[-1])
            if seen < paths.time.size - 1 and self.value[-1, h] > 0:
                parts.append(f"nobody is at risk of leaving {states[h]} after {paths.time[seen]:.10g} {unit}")
        return "".join(f"; {part}" for part in parts)


def state_occupation(  # noqa: PLR0913  (a curve, its start, its variance and its limits)
    data: MultiState,
    state: str,
    *,
    given: str | None = None,
    landmark: float = 0.0,
    subjects: Followed = "all",
    variance: OccupationVariance = "jackknife",
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
) -> Curve:
    """Probability of being in a state at each time (Aalen-Johansen), from the start or given a state then.

    Use it where subjects pass through states and may return: alive with a skeletal event, off treatment,
    in hospital.  With ``given`` and ``landmark`` it answers what becomes of somebody who is in a state at
    that time.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop]; delayed entry and gaps are times not at risk.
    state : str
        One of ``data.states``.
    given : str, optional
        State in which everybody is at ``landmark``; moves after the landmark count.  Default: the
        distribution of the states at the landmark.
    landmark : float
        Time at which the probabilities begin, in ``data.time_unit``.
    subjects : {"all", "given"}
        Whose moves count after the landmark: of all who are at risk of them then, as in mstate, which
        takes the course to depend on the state and the time only (Markov); or of those only who were in
        ``given`` at the landmark (landmark Aalen-Johansen), which does not.
    variance : {"jackknife", "greenwood", "aalen"}
        The infinitesimal jackknife by subject as in R's survival, which needs no Markov model; Greenwood's
        recursion as in mstate and etm; or mstate's other one, with moves as independent Poisson counts,
        which is close to it where few move at once.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits; it acts on the probability p itself: ``log-log`` is log(-log p), as in
        :func:`~skeletal.survival.kaplan_meier` and the cumulative incidence.  R's survfit takes "log".

    Returns
    -------
    Curve
        One row a distinct time at which a stretch in a state ends; one more at the landmark where
        the starting distribution is estimated.  ``start`` is the probability there.  ``n_at_risk`` counts
        subjects in any state just before a time, ``n_events`` moves into or out of ``state``, ``n_censored``
        ends without a move.  ``method`` says so where nobody is in the state (probability 0), and where a
        state that is occupied has nobody at risk any more.

    Raises
    ------
    InvalidArgument
        An unknown ``state``, ``given``, ``subjects``, ``variance`` or ``conf_type``; a ``landmark`` that is
        negative or no number; ``conf_level`` outside (0, 1).
    NotEstimable
        Nobody is seen in ``given``, or at all, after the landmark; with ``subjects="given"`` nobody is in
        ``given`` at it.

    Notes
    -----
    p(t) = p(0) times the product over times u up to t of I + dA(u), where dA_hj = moves from h to j over
    those at risk in h just before u.  Where all subjects begin in one state p(0) is 1 there.  Otherwise it
    is the share of each state among those seen just before the landmark (moves at it count), with
    landmark 0 at the time when all begin or, if they begin at several, at the first move; its
    sampling adds to the variance.

    With V the covariance of p, Greenwood's recursion is V(u) = (I + dA)' V(u-) (I + dA) + sum over h of
    p_h^2 (diag(H_h) - H_h H_h')/n_h, H_h the row h of I + dA.  Aalen's adds instead, with p after the
    moves, the sum of p_h(u)^2 d_hj/n_h^2 (e_j - e_h)(e_j - e_h)' over the moves.  The jackknife is the
    sum over subjects of the squared derivative of p(t) by the weight of the subject.  It is as survfit's,
    Greenwood's as etm's; with two states both are those of Kaplan-Meier.

    R: ``survival::survfit(Surv(start, stop, factor(to)) ~ 1, id = subject, istate = state)``;
    ``mstate::probtrans(msfit(..., vartype = "greenwood"), predt = landmark, method = "greenwood")``
    (``"aalen"``).
    SAS: none for several states.

    References
    ----------
    Aalen and Johansen (1978), Scand J Stat 5, 141-150; Andersen, Borgan, Gill and Keiding (1993), Statistical
    Models Based on Counting Processes, section IV.4; Datta and Satten (2001), Stat Probab Lett 55,
    403-411; Putter and Spitoni (2018), Stat Methods Med Res 27, 2081-2092 (landmark).

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(
    ...     ["a", "a", "b", "c"], [0, 30, 0, 0], [30, 90, 60, 80], [1, 2, 1, 1], [2, 3, 3, 0], states
    ... )
    >>> curve = state_occupation(data, "SSE")
    >>> curve.time, curve.estimate.round(4)
    (array([30., 60., 80., 90.]), array([0.3333, 0.3333, 0.3333, 0.    ]))
    """
    checks.option(variance, OccupationVariance, "variance")
    checks.option(conf_type, ConfType, "conf_type")
    code = data.code(state) - 1
    found = occupations(data, given=given, landmark=landmark, subjects=subjects, variance=variance)
    paths = found.paths
    counted = paths.start.n_subjects > 0 and paths.start.time < paths.time[0]
    rows = slice(0 if counted else 1, None)
    estimate = hand_over(np.clip(found.value[rows, code], 0.0, 1.0))
    std_error = hand_over(np.sqrt(found.variance[rows, code]))
    lower, upper = curve_limits(estimate, std_error, conf_level, conf_type)
    m, moved = paths.time.size, paths.to >= 0
    touching = moved & ((paths.state == code) | (paths.to == code))

    def with_start(values: FloatArray | IntArray, value: float) -> FloatArray:
        return np.append([value] if counted else [], values).astype(np.float64)

    return Curve(
        time=with_start(paths.time, paths.start.time),
        estimate=estimate,
        std_error=std_error,
        lower=lower,
        upper=upper,
        n_at_risk=with_start(paths.at_risk.sum(axis=1), paths.start.n_subjects),
        n_events=with_start(np.bincount(paths.last[touching], minlength=m), 0.0),
        n_censored=with_start(np.bincount(paths.last[~moved], minlength=m), 0.0),
        conf_level=conf_level,
        time_unit=data.time_unit,
        method=f"Aalen-Johansen probability of {state}, {paths.start.words}, {VARIANCES[variance]}, "
        f"{conf_type} limits{found.warnings(data.states, code, data.time_unit)}",
        start=float(paths.start.share[code]),
    )


def occupations(
    data: MultiState, *, given: str | None, landmark: float, subjects: Followed, variance: OccupationVariance
) -> Occupation:
    """Return the occupation of all states with its variance."""
    paths = state_paths(data, given=given, landmark=landmark, subjects=subjects)
    moves = (paths.begin, paths.source, paths.target, paths.share, paths.stay)
    value = occupation(paths.start.share, *moves)
    own, pull = weights(paths, value)
    where, covariance = _positions(paths), paths.start.covariance
    spread = pull * value[where, paths.source]
    if variance == "aalen":
        after = value[where + 1, paths.source]
        pull, spread = np.zeros(pull.size), paths.share * after**2 / paths.at_risk[where, paths.source]
    if variance != "jackknife":
        squared = multinomial_variance(covariance, value, paths.at_risk, *moves, pull, spread)
        return Occupation(paths=paths, value=value, variance=squared)
    shape = (paths.subject.size, value.shape[1])
    at_entry, at_exit = np.empty(shape), np.empty(shape)
    rows = (paths.first, paths.last, paths.state, paths.to, own)
    row_influences(paths.start.influence, paths.subject, *rows, *moves, pull, at_entry, at_exit)
    squared = jackknife_variance(
        covariance,
        value,
        paths.at_risk,
        *rows,
        np.argsort(paths.first, kind="stable"),
        np.argsort(paths.last, kind="stable"),
        at_entry,
        at_exit,
        *moves,
        pull,
        spread,
    )
    return Occupation(paths=paths, value=value, variance=squared)


def weights(paths: StatePaths, value: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return occupation over number at risk: before each row's last time, and before each move by share."""
    own = value[paths.last, paths.state] / paths.at_risk[paths.last, paths.state]
    where = _positions(paths)
    weight = value[where, paths.source] / paths.at_risk[where, paths.source]
    return own, weight * paths.share


def _positions(paths: StatePaths) -> IntArray:
    """Return the position among the times of each move."""
    return np.repeat(np.arange(paths.time.size), np.diff(paths.begin))
