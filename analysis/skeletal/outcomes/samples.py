"""From derived frames to the value types that the estimators take; times in days."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skeletal.data import CompetingRisks, RecurrentEvents, RightCensored

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


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
    unit = frame["subject_id"].to_numpy(dtype=object)
    if "lesion_id" in frame:
        # A separator that no label has: "A 1" and "2" are not "A" and "1 2".
        unit = unit + "\x1f" + frame["lesion_id"].to_numpy(dtype=object)
    return RecurrentEvents(
        unit,
        frame["start"].to_numpy(dtype=np.float64),
        frame["stop"].to_numpy(dtype=np.float64),
        frame["status"].to_numpy(dtype=int),
    )
