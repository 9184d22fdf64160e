"""One job of ``benchmarks/recurrent.py`` in a process of its own: ours or a Python peer.

Run by it as ``recurrent_jobs.py JOB PEER FILE REPS``; prints one line of JSON with the seconds of each
call and a value to compare.  Every call starts from arrays, so that ours includes the checks of the data.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from timed_calls import read_columns, time_calls

if TYPE_CHECKING:
    from collections.abc import Callable

    from timed_calls import Prepared, Table

COLUMNS = {
    "recurrent": ("id", "start", "stop", "status", "arm", "x"),
    "pairs": ("arm", "y1", "d1", "y2", "d2"),
    "intervals": ("left", "right", "arm"),
}
KINDS = {"win": "pairs", "win-large": "pairs", "turnbull": "intervals"}
WHOLE = {"id", "status", "arm", "d1", "d2"}


def kind_of(job: str) -> str:
    """Return the kind of file that a job reads."""
    return KINDS.get(job, "recurrent")


# Ours.


def rows_of(d: Table, *, death: bool) -> Any:
    """Return the checked sample: part of every call."""
    from skeletal.data import RecurrentEvents

    status = d["status"] if death else np.where(d["status"] == 2, 0, d["status"])
    return RecurrentEvents(d["id"], d["start"], d["stop"], status)


def covariates(d: Table) -> pd.DataFrame:
    return pd.DataFrame({"arm": d["arm"], "x": d["x"]})


def our_andersen_gill(d: Table) -> Prepared:
    from skeletal.recurrent import andersen_gill

    return lambda: float(andersen_gill(rows_of(d, death=False), covariates(d)).coefficient[0])


def our_means(d: Table, *, death: bool = False) -> Prepared:
    from skeletal.data import RecurrentEvents
    from skeletal.recurrent import mean_cumulative

    def run() -> float:
        found = []
        for arm in (0, 1):
            mine = d["arm"] == arm
            status = d["status"][mine]
            status = status if death else np.where(status == 2, 0, status)
            data = RecurrentEvents(d["id"][mine], d["start"][mine], d["stop"][mine], status)
            found.append(mean_cumulative(data).at(1.0).std_error[0])
        return float(found[1])

    return run


def our_ghosh_lin(d: Table) -> Prepared:
    from skeletal.recurrent import ghosh_lin

    return lambda: float(ghosh_lin(rows_of(d, death=True), covariates(d)).coefficient[0])


def our_pwp(d: Table) -> Prepared:
    from skeletal.recurrent import ordered_events

    return lambda: float(
        ordered_events(rows_of(d, death=False), covariates(d), model="pwp-total").coefficient[0]
    )


def our_negative_binomial(d: Table) -> Prepared:
    from skeletal.recurrent import rate_regression

    return lambda: float(rate_regression(rows_of(d, death=False), covariates(d)).coefficient[1])


def our_wins(d: Table) -> Prepared:
    from skeletal.pairwise import Priority, win_statistics

    return lambda: float(
        win_statistics([Priority(d["y1"], d["d1"]), Priority(d["y2"], d["d2"])], d["arm"]).win_ratio.estimate
    )


def our_turnbull(d: Table) -> Prepared:
    from skeletal.data import IntervalCensored
    from skeletal.intervals import turnbull

    def run() -> float:
        mine = [d["arm"] == arm for arm in (0, 1)]
        fits = [turnbull(IntervalCensored(d["left"][rows], d["right"][rows])) for rows in mine]
        return float(fits[0].log_likelihood)

    return run


# Python peers.


def lifelines_andersen_gill(d: Table) -> Prepared:
    from lifelines import CoxTimeVaryingFitter

    frame = pd.DataFrame({**d, "event": d["status"] == 1}).drop(columns="status")

    def run() -> float:
        fit = CoxTimeVaryingFitter().fit(frame, id_col="id", event_col="event")
        return float(fit.params_["arm"])

    return run


RUNS: dict[tuple[str, str], Callable[[Table], Prepared]] = {
    ("andersen-gill", "ours"): our_andersen_gill,
    ("andersen-gill", "lifelines"): lifelines_andersen_gill,
    ("mean-cumulative", "ours"): our_means,
    ("mean-with-death", "ours"): lambda d: our_means(d, death=True),
    ("ghosh-lin", "ours"): our_ghosh_lin,
    ("pwp", "ours"): our_pwp,
    ("negative-binomial", "ours"): our_negative_binomial,
    ("win", "ours"): our_wins,
    ("win-large", "ours"): our_wins,
    ("turnbull", "ours"): our_turnbull,
}


if __name__ == "__main__":
    job, peer, path, reps = sys.argv[1:]
    table = read_columns(path, COLUMNS[kind_of(job)], WHOLE)
    time_calls(RUNS[job, peer](table), peer, int(reps))
