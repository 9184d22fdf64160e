"""Stays in a state, from entering it to leaving it."""

from __future__ import annotations

from dataclasses import replace
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from .. import checks
from ..arm_contrast import positive_time, why_unknown
from ..data import RightCensored
from ..errors import NotEstimable
from ..results import Estimate
from ..survival import kaplan_meier
from .paths import Start, Stretches, Unseen, paths_from, since, stretches
from .time_in_state import area

if TYPE_CHECKING:
    from ..arrays import FloatArray
    from ..curve_limits import ConfType
    from ..data import MultiState
    from ..results import Curve


def sojourn_time(
    data: MultiState,
    state: str,
    *,
    unseen: Unseen = "exclude",
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
) -> Curve:
    """Probability that a stay in a state lasts longer than each time since it was entered (Kaplan-Meier).

    Use it for how long a state lasts once entered, such as the time on treatment or from a first event to
    death.  It assumes that how long a stay lasts does not depend on when it begins.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    state : str
        One of ``data.states``; leaving it for any other is the event.
    unseen : {"exclude", "count"}
        What is done with stays whose beginning was not seen (delayed entry, or a gap without a move into the
        state): left out, or counted as if they began when they were first seen.  ``method`` says how
        many there are.  A first row that begins at time 0 is a beginning.
    conf_level : float
        Two-sided level of the pointwise limits.
    conf_type : {"log-log", "log", "plain", "logit", "arcsine"}
        Scale of the limits.

    Returns
    -------
    Curve
        Over the time since the state was entered.  Greenwood standard error, or the infinitesimal
        jackknife by subject where a subject has several stays.

    Raises
    ------
    InvalidArgument
        An unknown ``state``, ``unseen`` or ``conf_type``; ``conf_level`` outside (0, 1).
    NotEstimable
        No stay in the state that counts.

    Notes
    -----
    A stay that is first seen after a gap, but whose beginning was a move into the state, is at risk from
    then on (left truncation).

    R: ``survival::survfit(Surv(stop - start, left) ~ 1, cluster = subject)``.  SAS: ``PROC LIFETEST``.

    References
    ----------
    Kaplan and Meier (1958), J Am Stat Assoc 53, 457-481; Putter, Fiocco and Geskus (2007), Stat Med 26,
    2389-2430, section 4.2 (clock reset).

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(
    ...     ["a", "a", "b", "b"], [0, 30, 0, 20], [30, 90, 20, 50], [1, 2, 1, 2], [2, 3, 2, 0], states
    ... )
    >>> curve = sojourn_time(data, "SSE")
    >>> curve.time, curve.estimate
    (array([30., 60.]), array([1., 0.]))
    """
    stays, words = _stays(data, state, unseen)
    several = np.unique(stays.subject).size < stays.subject.size
    curve = kaplan_meier(
        RightCensored(
            stays.stop,
            (stays.to >= 0).astype(np.int64),
            entry=stays.start if stays.start.any() else None,
            time_unit=data.time_unit,
        ),
        conf_level=conf_level,
        conf_type=conf_type,
        cluster=stays.subject if several else None,
    )
    return replace(curve, method=f"{words}, {curve.method}")


def mean_sojourn(
    data: MultiState,
    state: str,
    *,
    horizon: float,
    unseen: Unseen = "exclude",
    conf_level: float = 0.95,
) -> Estimate:
    """Mean length of a stay in a state, stays cut at a horizon, in the unit of the data.

    Use it to say in units of time how long a state lasts once entered.  The horizon, counted from
    entering the state, is part of the estimand.

    Parameters
    ----------
    data : MultiState
        n rows (start, stop].
    state : str
        One of ``data.states``.
    horizon : float
        Positive time since entry at which stays are cut, in ``data.time_unit``.
    unseen : {"exclude", "count"}
        As in :func:`sojourn_time`.
    conf_level : float
        Two-sided level of the limits, normal on the scale of time.

    Returns
    -------
    Estimate
        NaN where no stay is followed to the horizon and some have not ended; ``method`` then says so.

    Raises
    ------
    InvalidArgument
        As :func:`sojourn_time`; a ``horizon`` that is not a positive number.
    NotEstimable
        No stay in the state that counts.

    Notes
    -----
    The area under :func:`sojourn_time` to the horizon with the infinitesimal jackknife by subject, so that
    several stays of a subject may depend on each other.

    R: the ``rmean`` of ``survival::survfit(Surv(stop - start, left) ~ 1, cluster = subject)``.  SAS: ``PROC
    LIFETEST RMST``, whose error takes stays as independent.

    References
    ----------
    Andersen, Borgan, Gill and Keiding (1993), Statistical Models Based on Counting Processes, section IV.3.

    Examples
    --------
    >>> from skeletal.data import MultiState
    >>> states = ["event-free", "SSE", "dead"]
    >>> data = MultiState(
    ...     ["a", "a", "b", "b"], [0, 30, 0, 20], [30, 90, 20, 50], [1, 2, 1, 2], [2, 3, 2, 3], states
    ... )
    >>> mean = mean_sojourn(data, "SSE", horizon=50)
    >>> mean.estimate, round(mean.std_error, 4)
    (40.0, 7.0711)
    """
    checks.probability(conf_level, "conf_level")
    limit = positive_time(horizon, "horizon")
    stays, words = _stays(data, state, unseen)
    paths = paths_from(stays, _inside(stays))
    value, variance, known = area(paths, 0, limit)
    reason = why_unknown(limit, [known], ["the longest stay"], data.time_unit)
    estimate, error = (nan, nan) if reason else (value, sqrt(variance))
    half = float(ndtri(0.5 + conf_level / 2)) * error
    return Estimate(
        estimate=estimate,
        std_error=error,
        lower=estimate - half,
        upper=estimate + half,
        conf_level=conf_level,
        p_value=nan,
        method=f"mean {data.time_unit} of a stay cut at {limit:.10g} {data.time_unit}, {words}, area under "
        "Kaplan-Meier, infinitesimal jackknife variance by subject, normal limits"
        + (f"; {reason}" if reason else ""),
    )


def _stays(data: MultiState, state: str, unseen: Unseen) -> tuple[Stretches, str]:
    """Return the stays in a state over the time since it was entered: state 0, left for 1; and words."""
    checks.option(unseen, Unseen, "unseen")
    code, rows = data.code(state) - 1, stretches(data)
    entered = rows.entered
    inside = rows.state == code
    late = int((inside & np.isnan(entered)).sum())
    if unseen == "count":
        entered = np.where(np.isnan(entered), rows.start, entered)
    kept = inside & ~np.isnan(entered)
    done = "left out" if unseen == "exclude" else "counted from when they were seen"
    if not kept.any():
        raise NotEstimable(
            f"no stay in {state} to be counted: {int(inside.sum())} are seen, the beginning of {late} is not"
        )
    start, stop = since(entered[kept], rows.start[kept], rows.stop[kept])
    stays = Stretches(
        subject=rows.subject[kept],
        start=start,
        stop=stop,
        state=np.zeros(int(kept.sum()), dtype=np.int64),
        to=np.where(rows.to[kept] >= 0, 1, -1).astype(np.int64),
        states=(state, "left"),
        n_subjects=rows.n_subjects,
        of_row=np.flatnonzero(kept).astype(np.int64),
    )
    words = f"{stays.stop.size} stays in {state} since it was entered"
    return stays, words + (f" ({late} whose beginning was not seen {done})" if late else "")


def _inside(stays: Stretches) -> Start:
    """Start every stay in the state at time 0."""
    influence: FloatArray = np.zeros((stays.n_subjects, 2))
    return Start(
        time=0.0,
        share=np.array([1.0, 0.0]),
        influence=influence,
        n_subjects=0,
        kept=np.ones(stays.stop.size, dtype=np.bool_),
        words="",
    )
