"""Rows (start, stop] of subjects of whom only the number of events and the follow-up are known."""

from __future__ import annotations

import numpy as np
from tests.support.golden import read

from skeletal.data import RecurrentEvents


def from_counts(events, follow_up, *, time_unit="years", last=0):
    """Return rows with the events spread evenly over the follow-up, and the subject of each row.

    ``last`` is the status at the end of follow-up.
    """
    events = np.asarray(events, dtype=int)
    n = events + 1
    who = np.repeat(np.arange(n.size), n)
    k = np.concatenate([np.arange(m) for m in n])
    step = np.asarray(follow_up, dtype=float)[who] / n[who]
    status = np.where(k < events[who], 1, last)
    return RecurrentEvents(who, k * step, (k + 1) * step, status, time_unit=time_unit), who


def counts(name):
    """Return rows, and the subjects' covariates by row, of a data set of counts."""
    frame = read(f"{name}_counts").query("futime > 0")
    unit = "months" if name == "bladder1" else "days"
    data, who = from_counts(frame["count"], frame.futime, time_unit=unit)
    if name == "cgd":
        frame = frame.assign(rIFN=frame.treat == "rIFN-g", xl=frame.inherit == "X-linked")
    if name == "bladder1":
        frame = frame.assign(pyr=frame.treatment == "pyridoxine", thio=frame.treatment == "thiotepa")
    return data, frame.iloc[who].reset_index(drop=True)


def two_totals(events, years):
    """Return rows of two subjects, control first, with these events and years, and their arms."""
    data, who = from_counts(events, years)
    return data, np.array(["C", "E"])[who]
