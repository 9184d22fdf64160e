"""Time at risk with or without the window after an event in which no new event can count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..arm_contrast import named_arms, positive_time, two_arms
from ..data import RecurrentEvents
from ..errors import InvalidArgument, name_some
from .andersen_gill import andersen_gill
from .answers_ratio import arm_ratio, estimate_or_reason
from .event_rate import UNITS_PER_YEAR
from .rate_ratio import rate_ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..arrays import FloatArray, IntArray, LabelArray

ENDINGS = ("", "_lower", "_upper", "_p_value")


def remove_window(data: RecurrentEvents, length: float) -> RecurrentEvents:
    """Take subjects out of risk on (t, t + length] after each of their events at t.

    Use it for the rate of events while one could be counted, where the next event counts only from some
    days after the last (episodes): the rate with the window kept is one over all time alive, lower the more
    events there are.  It is for rates and for ``andersen_gill``; not for the mean cumulative function with
    death or ``ghosh_lin``, which need everybody alive as at risk of death.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop].
    length : float
        Positive length of the window, in ``data.time_unit``.  With whole days and an episode that begins at
        least 21 days after the last counted event, the days on which no event can count are the 20 after it:
        ``length=20``.  With 21 the event on day 21, which counts, would lie in the window.

    Returns
    -------
    RecurrentEvents
        At most n rows in the order of ``data``: shortened at their start, or left out where they lie within
        a window.  No event, no death and no subject is lost: a death within a window stays as the end of a
        row without length (to the last digit of its time).  Labels by row: see :func:`outside_window`.

    Raises
    ------
    InvalidArgument
        A ``length`` that is no positive number; an event within a window.

    Notes
    -----
    A row (s, e] becomes (max(s, t + length], e] with t the subject's last event up to s.

    R: shift ``start`` to ``pmax(start, last + length)`` and drop rows with ``start >= stop``.  SAS: a data
    step with RETAIN.

    References
    ----------
    Cook and Lawless (2007), The Statistical Analysis of Recurrent Events, chapter 2 (at-risk indicators);
    Therneau and Grambsch (2000), Modeling Survival Data, chapter 8.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "a", "b"], [0, 30, 70, 0], [30, 70, 80, 60], [1, 1, 2, 0])
    >>> without = remove_window(data, 20)
    >>> without.start.round(3), without.stop
    (array([ 0., 50., 80.,  0.]), array([30., 70., 80., 60.]))
    """
    return outside_window(data, length)[0]


def outside_window(data: RecurrentEvents, length: float) -> tuple[RecurrentEvents, IntArray]:
    """Take the window out as :func:`remove_window`, and say which rows are left.

    Use it where labels or covariates by row go on to the next step.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop].
    length : float
        Positive length of the window, in ``data.time_unit``.

    Returns
    -------
    data : RecurrentEvents
        The m rows that are left.
    rows : ndarray of shape (m,)
        Their numbers in the data given, from 0, increasing: ``arm[rows]`` are their arms.

    Raises
    ------
    InvalidArgument
        As :func:`remove_window`.

    Notes
    -----
    See :func:`remove_window`.  R: ``which(pmax(start, last + length) < stop)``.  SAS: a data step.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, chapter 8.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(["a", "a", "a"], [0, 30, 45], [30, 45, 80], [1, 0, 0])
    >>> outside_window(data, 20)[1]
    array([0, 2])
    """
    beyond = positive_time(length, "length")
    last = _last_event(data)
    starts = np.maximum(data.start, last + beyond)
    inside = starts >= data.stop
    _refuse_events(data, last, beyond, inside & (data.status == 1))
    dies = inside & (data.status == 2)
    starts[dies] = np.nextafter(data.stop[dies], 0.0)
    rows = np.flatnonzero(~inside | dies)
    left = RecurrentEvents(
        data.subject[rows], starts[rows], data.stop[rows], data.status[rows], time_unit=data.time_unit
    )
    return left, rows


def _last_event(data: RecurrentEvents) -> FloatArray:
    """Return the time of the subject's last event before each row, minus infinity where there is none."""
    number = data.subject_number
    order = np.lexsort((data.start, number))
    mark = np.where(data.status[order] == 1, np.arange(order.size), -1)
    before = np.append(-1, np.maximum.accumulate(mark)[:-1])
    own = (before >= 0) & (number[order][before] == number[order])
    last = np.empty(order.size)
    last[order] = np.where(own, data.stop[order][before], -np.inf)
    return last


def _refuse_events(data: RecurrentEvents, last: FloatArray, length: float, bad: LabelArray) -> None:
    if bad.any():
        gap = float((data.stop - last)[bad].min())
        who = pd.unique(data.subject[bad])
        raise InvalidArgument(
            f"events must not lie within {length:g} {data.time_unit} after the event before: "
            f"{int(bad.sum())} do, of {who.size} subject(s) ({name_some(who)}), the nearest after {gap:g}. "
            "Count episodes "
            "first, or take a shorter length (an episode that may begin on day 21 leaves a window of 20 days)"
        )


def window_effect(
    data: RecurrentEvents,
    arm: ArrayLike,
    length: float,
    *,
    control: object = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Rates and rate ratios with the window after each event kept in the time at risk, and removed.

    Use it to show what the choice does: removing the window raises the rates, more in the arm with more
    events, and so moves the ratio away from 1, as a rule by little.

    Parameters
    ----------
    data : RecurrentEvents
        n rows (start, stop]; status 1 an event, 2 death.
    arm : array_like of shape (n,)
        Labels of two arms, constant within a subject.
    length : float
        Length of the window, as :func:`remove_window`.
    control : label, optional
        The reference; default the first in sorted order.
    conf_level : float
        Two-sided level of the limits.

    Returns
    -------
    DataFrame
        Columns ``statistic``, ``arm``, ``kept``, ``removed``, ``method``; rows ``years``, ``events``,
        ``rate`` (per subject-year) of each arm, then ``rate_ratio`` (robust Poisson) and
        ``andersen_gill_ratio`` (robust), each with ``_lower``, ``_upper`` and ``_p_value``, beside the label
        of the experimental arm.  NaN, and in ``method`` why, where a model has no estimate.

    Raises
    ------
    InvalidArgument
        As :func:`remove_window` and :func:`rate_ratio`.

    Notes
    -----
    See :func:`remove_window`, :func:`rate_ratio` with ``poisson-robust``, :func:`andersen_gill`.

    R: no equivalent.  SAS: none.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data, chapter 8.

    Examples
    --------
    >>> from skeletal.data import RecurrentEvents
    >>> data = RecurrentEvents(
    ...     ["a", "a", "b", "c", "d"], [0, 30, 0, 0, 0], [30, 90, 60, 80, 50], [1, 0, 1, 1, 0]
    ... )
    >>> effect = window_effect(data, ["old", "old", "old", "new", "new"], 20, control="old")
    >>> effect[["statistic", "arm", "kept", "removed"]].head(2).round(4)
      statistic  arm    kept  removed
    0     years  old  0.4107   0.3559
    1     years  new  0.3559   0.3559
    """
    codes, labels = two_arms(arm, data.stop.size, control, "remove_window")
    without, rows = outside_window(data, length)
    kept = _statistics(data, codes, labels, conf_level)
    removed = _statistics(without, codes[rows], labels, conf_level)
    window = f"{length:g} {data.time_unit} after each event kept in or removed from the time at risk"
    columns = ["statistic", "arm", "kept", "removed", "method"]
    return pd.DataFrame(
        [
            (name, label, value, other, f"{_both(method, another)}; {window}")
            for (name, label, value, method), (_, _, other, another) in zip(kept, removed, strict=True)
        ],
        columns=columns,
    )


def _both(kept: str, removed: str) -> str:
    return kept if kept == removed else f"kept: {kept}; removed: {removed}"


def _statistics(
    data: RecurrentEvents, codes: IntArray, labels: tuple[object, ...], conf_level: float
) -> list[tuple[str, object, float, str]]:
    """Return statistic, arm, value and method, one a row."""
    years = np.bincount(codes, data.stop - data.start, 2) / UNITS_PER_YEAR[data.time_unit]
    events = np.bincount(codes, data.status == 1, 2)
    found: list[tuple[str, object, float, str]] = []
    for name, values, method in (
        ("years", years, "sum of stop - start, in years of 365.25 days"),
        ("events", events, "events of status 1"),
        ("rate", events / years, "events over years"),
    ):
        found += [(name, label, float(value), method) for label, value in zip(labels, values, strict=True)]
    ratio = rate_ratio(
        data,
        named_arms(codes, labels),
        control=labels[0],
        model="poisson-robust",
        conf_level=conf_level,
    )
    rows_ratio = estimate_or_reason(
        lambda: arm_ratio(andersen_gill(data, pd.DataFrame({"arm": codes})), conf_level), conf_level
    )
    for name, estimate in (("rate_ratio", ratio), ("andersen_gill_ratio", rows_ratio)):
        numbers = (estimate.estimate, estimate.lower, estimate.upper, estimate.p_value)
        found += [
            (f"{name}{ending}", labels[1], number, estimate.method)
            for ending, number in zip(ENDINGS, numbers, strict=True)
        ]
    return found
