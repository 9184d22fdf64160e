"""Trials of subjects that pass through states: those of the reference answers, and random small ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from tests.support.golden import read, read_shared

from skeletal.data import MultiState
from skeletal.multistate import illness_death

ILLNESS_DEATH = ("well", "ill", "dead")
STATES = ("a", "b", "c")
WAITING = ("waiting", "death", "ltx", "withdraw")


def mgus(frame=None):
    """Plasma cell malignancy and death; follow-up that ends with the malignancy goes on for 0.1 months."""
    frame = read("mgus2") if frame is None else frame
    columns = (frame.id, frame.ptime, frame.pstat, frame.futime, frame.death)
    return illness_death(*columns, states=ILLNESS_DEATH, same_time="shift", shift=0.1, time_unit="months")


def myeloid(frame):
    response = frame.crtime.notna()
    columns = (frame.id, frame.crtime, response, frame.futime, frame.death)
    return illness_death(*columns, states=ILLNESS_DEATH)


def ebmt():
    """Return the rows, and two dummy columns of the disease."""
    frame = read_shared("ebmt3")
    data = illness_death(
        frame.id, frame.prtime, frame.prstat, frame.rfstime, frame.rfsstat, states=ILLNESS_DEATH
    )
    disease = frame.set_index("id").dissub.loc[data.subject].to_numpy()
    return data, pd.DataFrame({f"dissub{name}": (disease == name).astype(int) for name in ("AML", "CML")})


def transplant(frame):
    code = frame.event.map({"censored": 0, "death": 2, "ltx": 3, "withdraw": 4})
    n = len(frame)
    return MultiState(np.arange(n), np.zeros(n), frame.futime, np.ones(n), code, WAITING)


def simulated(late=True):
    """Return rows in two states that are left for each other and for a third, and their columns."""
    frame = read("states")
    if not late:
        frame = frame[frame.groupby("id").start.transform("min") == 0]
    return from_frame(frame), frame


def from_frame(frame, states=STATES):
    return MultiState(frame.id, frame.start, frame.stop, frame.state, frame.to, states)


def naive_rows(data):
    """Return (subject, start, stop, state, to) with states from 0 and -1 for none."""
    columns = (data.subject, data.start, data.stop, data.state - 1, data.to - 1)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@st.composite
def histories(draw, *, late=True, absorbing=True):
    """Return frames of a few subjects in states 1, 2 (and 3, absorbing), with ties, gaps and late entry."""
    rows = []
    for subject in range(draw(st.integers(2, 7))):
        time, state = draw(st.integers(0, 2)) if late else 0, draw(st.integers(1, 2))
        for _ in range(draw(st.integers(1, 4))):
            stop = time + draw(st.integers(1, 3))
            to = draw(st.sampled_from([0, 3 - state, 3] if absorbing else [0, 3 - state]))
            rows.append((subject, time, stop, state, to))
            if to == 3:
                break
            state = to or state
            time = stop + (draw(st.integers(0, 1)) if late else 0)
    return pd.DataFrame(rows, columns=["id", "start", "stop", "state", "to"])
