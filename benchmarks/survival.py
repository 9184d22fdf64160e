"""Time and memory of the survival and competing-risk estimators beside their peers, and their targets.

Run: ``.venv/bin/python benchmarks/survival.py [--reps 5] [--size ROWS] [--jobs JOB ...] [--limit SECONDS]``
(a benchmark, not a test: nothing fails).

Peers: lifelines, statsmodels and scikit-survival where this Python has them; survival, cmprsk, prodlim, mets,
fastcmprsk and survRM2 where ``Rscript`` finds them.  ``side_by_side.py`` says how time is taken.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from side_by_side import MILLION, Job, Suite, main
from survival_jobs import COLUMNS, kind_of

LOGRANK = "two arms, four strata (lifelines: no strata)"
JOBS = {
    "kaplan-meier": Job(
        rows=MILLION,
        what="one curve with limits",
        python=("statsmodels", "lifelines", "sksurv"),
        r=("survival",),
        target="1x statsmodels, 9x lifelines",
    ),
    "logrank": Job(
        rows=MILLION,
        what=LOGRANK,
        python=("lifelines", "statsmodels"),
        r=("survival",),
        target="5x lifelines, survival",
    ),
    "logrank-fh": Job(
        rows=MILLION,
        what=f"G(1, 0), {LOGRANK}",
        python=("lifelines", "statsmodels"),
        r=("survival",),
        target="5x lifelines, survival",
    ),
    "logrank-gehan": Job(
        rows=MILLION, what=f"Gehan, {LOGRANK}", python=("lifelines", "statsmodels"), target="5x lifelines"
    ),
    "cox": Job(
        rows=MILLION,
        what="Efron, 10 covariates",
        python=("lifelines", "statsmodels", "sksurv"),
        r=("survival",),
        target="6x survival, 50x lifelines",
    ),
    "cox-robust": Job(
        rows=MILLION,
        what="the same with robust covariance",
        python=("lifelines",),
        r=("survival",),
        target="6x survival",
    ),
    "gray": Job(
        rows=MILLION,
        what="incidence of two causes in two arms with variance, Gray's tests (prodlim: no tests)",
        r=("cmprsk", "prodlim"),
        target="3x cmprsk",
    ),
    "gray-survfit": Job(
        rows=20_000, what="incidence with jackknife variance, two arms", r=("survival",), target="linear"
    ),
    "fine-gray": Job(
        rows=MILLION,
        what="3 covariates with sandwich (fastcmprsk: no variance)",
        r=("fastcmprsk", "mets"),
        target="2x fastcmprsk",
    ),
    "fine-gray-small": Job(rows=10_000, what="the same", r=("cmprsk",), target="1,000x cmprsk"),
    "restricted-mean": Job(
        rows=100_000,
        what="difference of two arms to 730 days (lifelines: no variance)",
        python=("lifelines",),
        r=("survRM2", "survival"),
        target="5x",
    ),
}


def draw_times(rows: int) -> dict[str, Any]:
    """Draw two arms with ten covariates under proportional hazards, staggered entry and loss."""
    draw = np.random.default_rng(rows)
    arm, stratum = draw.integers(0, 2, rows), draw.integers(0, 4, rows)
    x = np.column_stack([draw.normal(size=(rows, 5)), draw.integers(0, 2, (rows, 5))])
    effect = np.array([0.2, -0.1, 0.05, 0, 0.15, -0.3, 0.1, 0.2, 0, -0.1])
    hazard = math.log(2) / 365 * np.exp(-0.3 * arm + x @ effect - 0.1)
    event = draw.exponential(1, rows) / hazard
    censored = np.minimum(draw.uniform(365, 1460, rows), draw.exponential(3000, rows))
    columns = {f"x{i + 1}": x[:, i] for i in range(10)}
    return {
        "time": np.minimum(event, censored),
        "event": event <= censored,
        "arm": arm,
        "stratum": stratum,
        **columns,
    }


def draw_causes(rows: int) -> dict[str, Any]:
    """Draw two causes that compete, with an arm and two covariates."""
    draw = np.random.default_rng(100 + rows)
    arm, x1, x2 = draw.integers(0, 2, rows), draw.normal(size=rows), draw.integers(0, 2, rows)
    first = 0.0012 * np.exp(-0.3 * arm + 0.2 * x1)
    second = 0.0008 * np.exp(0.1 * x1 + 0.2 * x2)
    time = draw.exponential(1, rows) / (first + second)
    cause = 1 + (draw.random(rows) > first / (first + second))
    censored = draw.uniform(365, 1460, rows)
    status = np.where(time <= censored, cause, 0)
    return {"time": np.minimum(time, censored), "status": status, "arm": arm, "x1": x1, "x2": x2}


SUITE = Suite(
    name="survival",
    jobs=JOBS,
    columns=COLUMNS,
    kind_of=kind_of,
    draw=lambda kind, rows: draw_causes(rows) if kind == "causes" else draw_times(rows),
    modules=("skeletal", "skeletal.survival, skeletal.competing"),
)

if __name__ == "__main__":
    main(SUITE, __doc__, sys.argv[1:])
