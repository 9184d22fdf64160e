"""Time and memory of recurrent events, win statistics and interval censoring beside their peers, and targets.

Run: ``.venv/bin/python benchmarks/recurrent.py [--reps 5] [--size ROWS] [--jobs JOB ...] [--limit SECONDS]``
(a benchmark, not a test: nothing fails).

Peers: lifelines where this Python has it; survival, mets, MASS, npsurv, reda, BuyseTest, WINS, WR, icenReg
and interval where ``Rscript`` finds them.  Rows of the win statistics are subjects, both arms together; on
another machine BuyseTest took 0.053 s at 1,000 an arm.  ``side_by_side.py`` says how time is taken.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from recurrent_jobs import COLUMNS, kind_of
from side_by_side import Job, Suite, main

ROWS = 100_000
JOBS = {
    "andersen-gill": Job(
        rows=ROWS,
        what="2 covariates, robust variance",
        python=("lifelines",),
        r=("survival", "mets"),
        target="4x survival",
    ),
    "mean-cumulative": Job(
        rows=ROWS,
        what="two arms, robust variance",
        r=("survival", "reda"),
        target="3x the fastest",
    ),
    "mean-with-death": Job(
        rows=ROWS, what="two arms, death stops accrual, robust variance", r=("mets",), target="3x"
    ),
    "ghosh-lin": Job(
        rows=ROWS, what="2 covariates, variance with the censoring weights", r=("mets",), target="3x"
    ),
    "pwp": Job(rows=ROWS, what="total time, robust variance", r=("survival",), target="none"),
    "negative-binomial": Job(rows=ROWS, what="2 covariates and exposure", r=("MASS",), target="none"),
    "win": Job(
        rows=2_000,
        what="death, then the first event, with variances",
        r=("BuyseTest", "WINS", "WR"),
        target="5x BuyseTest",
    ),
    "win-large": Job(rows=20_000, what="the same", r=("BuyseTest",), target="30x BuyseTest"),
    "turnbull": Job(
        rows=5_000,
        what="two arms, with certificate",
        r=("icenReg", "interval", "npsurv", "survival"),
        target="1x icenReg",
    ),
}


def draw_recurrent(rows: int) -> dict[str, Any]:
    """Draw events of subjects with a gamma frailty, about so many rows (start, stop]; some die at the end."""
    draw = np.random.default_rng(300 + rows)
    n = int(rows / 2.55)
    arm, x = draw.integers(0, 2, n), draw.normal(size=n)
    end = draw.uniform(0.5, 2, n)
    rate = 1.5 * draw.gamma(1.25, 0.8, n) * np.exp(-0.3 * arm + 0.2 * x)
    count = draw.poisson(rate * end)
    times = draw.random(count.sum()) * np.repeat(end, count)
    who = np.concatenate([np.repeat(np.arange(n), count), np.arange(n)])
    stop = np.concatenate([times, end])
    status = np.concatenate([np.ones(times.size), np.where(draw.random(n) < 0.15, 2, 0)])
    order = np.lexsort((stop, who))
    who, stop, status = who[order], stop[order], status[order]
    first = np.append(True, who[1:] != who[:-1])
    start = np.where(first, 0.0, np.append(0.0, stop[:-1]))
    return {"id": who, "start": start, "stop": stop, "status": status, "arm": arm[who], "x": x[who]}


def draw_pairs(rows: int) -> dict[str, Any]:
    """Draw death and a first event that share a gamma frailty, in two arms of equal size."""
    draw = np.random.default_rng(200 + rows)
    arm, frailty = np.repeat([1, 0], rows // 2), draw.gamma(2, 0.5, rows)
    death = draw.exponential(1, rows) / (0.0006 * frailty * np.exp(-0.1 * arm))
    event = draw.exponential(1, rows) / (0.0015 * frailty * np.exp(-0.3 * arm))
    end = draw.uniform(365, 1095, rows)
    alive = np.minimum(death, end)
    return {"arm": arm, "y1": alive, "d1": death <= end, "y2": np.minimum(event, alive), "d2": event < alive}


def draw_intervals(rows: int) -> dict[str, Any]:
    """Draw Weibull times in two groups, found at twelve visits of each subject."""
    draw = np.random.default_rng(400 + rows)
    arm = draw.integers(0, 2, rows)
    time = (draw.weibull(1.3, rows) * 20 * np.exp(0.3 * arm))[:, None]
    visits = np.cumsum(draw.uniform(1, 6, (rows, 12)), axis=1).round(1)
    left, right = np.where(visits < time, visits, 0).max(1), np.where(visits >= time, visits, np.inf).min(1)
    return {"left": left, "right": right, "arm": arm}


DRAWN = {"recurrent": draw_recurrent, "pairs": draw_pairs, "intervals": draw_intervals}
SUITE = Suite(
    name="recurrent",
    jobs=JOBS,
    columns=COLUMNS,
    kind_of=kind_of,
    draw=lambda kind, rows: DRAWN[kind](rows),
    modules=("skeletal.recurrent", "skeletal.pairwise, skeletal.intervals"),
)

if __name__ == "__main__":
    main(SUITE, __doc__, sys.argv[1:])
