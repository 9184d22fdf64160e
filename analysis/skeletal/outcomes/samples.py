"""From derived frames to the value types that the estimators take; times in days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skeletal.data import CompetingRisks, IntervalCensored, MultiState, RecurrentEvents, RightCensored

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skeletal.arrays import LabelArray


def right_censored(frame: pd.DataFrame) -> RightCensored:
    """Return the rows of ``Outcomes.first`` with every cause but the event censored.

    Parameters
    ----------
    frame : DataFrame
        Columns ``time`` (days) and ``status``, one row a subject.

    Returns
    -------
    RightCensored
        In the order of the rows; status 1 is the event.

    Notes
    -----
    R: ``Surv(time, status == 1)``.  SAS: ``time*status(0 2)``.

    Examples
    --------
    >>> import pandas as pd
    >>> right_censored(pd.DataFrame({"time": [5, 9], "status": [1, 2]})).event.tolist()
    [1, 0]
    """
    return RightCensored(frame["time"].to_numpy(dtype=np.float64), (frame["status"] == 1).to_numpy(dtype=int))


def competing_risks(frame: pd.DataFrame, causes: Sequence[str]) -> CompetingRisks:
    """Return the rows of ``Outcomes.first`` with the causes of ``Outcomes.causes``.

    Parameters
    ----------
    frame : DataFrame
        Columns ``time`` (days) and ``status``, one row a subject.
    causes : sequence of str
        Names of status 1, 2, ...

    Returns
    -------
    CompetingRisks
        In the order of the rows.

    Notes
    -----
    R: ``Surv(time, factor(status))``.  SAS: ``time*status(0) / eventcode=1``.

    Examples
    --------
    >>> import pandas as pd
    >>> competing_risks(pd.DataFrame({"time": [5, 9], "status": [1, 2]}), ["sse", "death"]).causes
    ('sse', 'death')
    """
    status = frame["status"].to_numpy(dtype=int)
    return CompetingRisks(frame["time"].to_numpy(dtype=np.float64), status, causes)


def recurrent_events(frame: pd.DataFrame) -> RecurrentEvents:
    """Return the rows of ``Outcomes.recurrent``.

    Parameters
    ----------
    frame : DataFrame
        Columns ``subject_id``, ``start``, ``stop`` (days) and ``status``; ``lesion_id`` where the unit is the
        lesion, each of which is then a subject of its own: give the person as ``cluster``.

    Returns
    -------
    RecurrentEvents
        In the order of the rows.

    Notes
    -----
    R: ``Surv(start, stop, status == 1)`` with ``cluster(subject_id)``.  SAS: ``(start, stop)*status(0 2)``.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"subject_id": ["a", "a"], "start": [0, 5], "stop": [5, 9], "status": [1, 2]})
    >>> recurrent_events(rows).n_events
    1
    """
    return RecurrentEvents(
        unit_labels(frame),
        frame["start"].to_numpy(dtype=np.float64),
        frame["stop"].to_numpy(dtype=np.float64),
        frame["status"].to_numpy(dtype=int),
    )


def interval_censored(frame: pd.DataFrame) -> IntervalCensored:
    """Return the rows of ``Outcomes.intervals``.

    Parameters
    ----------
    frame : DataFrame
        Columns ``left`` and ``right`` (days), one row a subject.

    Returns
    -------
    IntervalCensored
        In the order of the rows.

    Notes
    -----
    R: ``Surv(left, right, type = "interval2")``.  SAS: PROC ICLIFETEST, ``TIME (left, right)``.

    Examples
    --------
    >>> import pandas as pd
    >>> interval_censored(pd.DataFrame({"left": [0, 9], "right": [5, float("inf")]})).n_events
    1
    """
    return IntervalCensored(
        frame["left"].to_numpy(dtype=np.float64), frame["right"].to_numpy(dtype=np.float64)
    )


def multi_state(frame: pd.DataFrame, states: Sequence[str]) -> MultiState:
    """Return the rows of ``Outcomes.recurrent`` as stays in states: the number of episodes so far, or death.

    Parameters
    ----------
    frame : DataFrame
        As for :func:`recurrent_events`; the rows of a subject in order of time.
    states : sequence of str
        Names of the states after 0, 1, ... episodes, the last of them for all further ones, and of death.

    Returns
    -------
    MultiState
        In the order of the rows.

    Notes
    -----
    R: ``survival::tmerge`` and ``survfit(Surv(start, stop, factor(to)) ~ 1, id = subject, istate = state)``.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = {"subject_id": ["a", "a"], "start": [0, 5], "stop": [5, 9], "status": [1, 2]}
    >>> data = multi_state(pd.DataFrame(rows), ["event-free", "1 or more events", "dead"])
    >>> data.state.tolist(), data.to.tolist()
    ([1, 2], [2, 3])
    """
    unit, status = unit_labels(frame), frame["status"].to_numpy(dtype=np.int64)
    event = pd.Series(status == 1).astype(np.int64)
    before = (event.groupby(unit, sort=False).cumsum() - event).to_numpy(dtype=np.int64)
    most = len(states) - 2
    state = np.minimum(before, most) + 1
    entered = np.where((status == 1) & (before < most), state + 1, 0)
    return MultiState(
        unit,
        frame["start"].to_numpy(dtype=np.float64),
        frame["stop"].to_numpy(dtype=np.float64),
        state,
        np.where(status == 2, len(states), entered),
        states,
    )


def unit_labels(frame: pd.DataFrame) -> LabelArray:
    """Return one label a row for the subject, or for the lesion where the rows are of lesions."""
    unit = frame["subject_id"].to_numpy(dtype=object)
    if "lesion_id" in frame:
        # A separator that no label has: "A 1" and "2" are not "A" and "1 2".
        unit = unit + "\x1f" + frame["lesion_id"].to_numpy(dtype=object)
    return unit
