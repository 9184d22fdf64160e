"""Time and memory of the survival and competing-risk estimators beside their peers, and their targets.

Run: ``.venv/bin/python benchmarks/survival.py [--reps 5] [--size ROWS] [--jobs JOB ...] [--limit SECONDS]``
(a benchmark, not a test: nothing fails).

Peers: lifelines, statsmodels and scikit-survival where this Python has them; survival, cmprsk, prodlim, mets,
fastcmprsk and survRM2 where ``Rscript`` finds them.  All read the same files, drawn from a fixed seed, before
their time starts.  Each of a job's implementations runs in a process of its own, one after the other.  The
median of ``--reps`` calls counts (one call of a peer where it takes over 20 seconds); the peak memory is that
of the process, data and libraries included.  ``--size`` is the most rows that a job has.  Ours runs twice:
with an empty cache of compiled loops, for the time to compile them, and again as on every later day.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from survival_jobs import COLUMNS, kind_of

HERE = Path(__file__).resolve().parent
IMPORT_TARGET = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is run: rows, peers and the target of ours over each peer."""

    rows: int
    what: str
    python: tuple[str, ...] = ()
    r: tuple[str, ...] = ()
    target: str


MILLION = 10**6
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


def file_of(job: str, rows: int, folder: Path) -> Path:
    """Return the file of a job, which is drawn where it is not there yet."""
    kind = kind_of(job)
    path = folder / f"{kind}-{rows}.bin"
    if not path.exists():
        table = draw_causes(rows) if kind == "causes" else draw_times(rows)
        np.vstack([np.asarray(table[name], dtype="<f8") for name in COLUMNS[kind]]).tofile(path)
    return path


def peak_megabytes(usage: Any) -> float:
    """Return the peak resident memory of a process that has ended."""
    return float(usage.ru_maxrss) / (1e6 if sys.platform == "darwin" else 1e3)


def measure(command: list[str], limit: float, **environment: str) -> dict[str, Any]:
    """Return what one process prints, its memory, or why it failed."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, env={**os.environ, **environment})
        timer = threading.Timer(limit, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        late = not timer.is_alive()
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        printed, said = out.read().strip(), errors.read().strip()
    if process.returncode or not printed:
        why = f"over {limit:.0f} s" if late else (said or f"exit {process.returncode}").splitlines()[-1]
        return {"failed": why[:150]}
    return {**json.loads(printed.splitlines()[-1]), "memory": peak_megabytes(usage)}


def run_python(job: str, peer: str, path: Path, options: Any, **environment: str) -> dict[str, Any]:
    """Run ours or a Python peer."""
    if peer != "ours" and importlib.util.find_spec(peer) is None:
        return {"missing": True}
    command = [sys.executable, str(HERE / "survival_jobs.py"), job, peer, str(path), str(options.reps)]
    return measure(command, options.limit, **environment)


def run_r(job: str, peer: str, path: Path, options: Any) -> dict[str, Any]:
    """Run an R peer."""
    if shutil.which("Rscript") is None:
        return {"missing": True}
    command = ["Rscript", str(HERE / "survival_jobs.R"), job, peer, str(path), str(options.reps)]
    return measure([*command, ",".join(COLUMNS[kind_of(job)])], options.limit)


def print_peer(job: str, name: str, rows: int, ours: dict[str, Any], peer: dict[str, Any]) -> None:
    """Print one line: ours beside one peer."""
    head = f"{job:<16}{rows:>10,}  {name:<13}"
    if peer.get("missing"):
        print(f"{head}not installed")
        return
    if "failed" in peer:
        print(f"{head}failed: {peer['failed']}")
        return
    mine, other = statistics.median(ours["seconds"]), statistics.median(peer["seconds"])
    once = " (once)" if len(peer["seconds"]) == 1 else ""
    same = "" if peer["value"] is None else f"{abs(peer['value'] / ours['value'] - 1):.0e}"
    print(
        f"{head}{mine:>9.4f} s{other:>10.4f} s{other / mine:>9.1f}x{ours['memory']:>9,.0f} MB"
        f"{peer['memory']:>9,.0f} MB{same:>9}{once}"
    )


def run_job(job: str, folder: Path, options: Any) -> list[float]:
    """Print the lines of one job; return the seconds of our calls that tell what compiling costs."""
    spec = JOBS[job]
    rows = min(spec.rows, options.size)
    path = file_of(job, rows, folder)
    print(f"{job}: {spec.what}; target {spec.target}")
    cache = folder / "cache"
    cold = run_python(job, "ours", path, options, NUMBA_CACHE_DIR=str(cache))
    ours = run_python(job, "ours", path, options, NUMBA_CACHE_DIR=str(cache))
    shutil.rmtree(cache, ignore_errors=True)
    why = cold.get("failed") or ours.get("failed")
    if why:
        print(f"{job:<16}{rows:>10,}  ours failed: {why}")
        return []
    peers = [(peer, run_python) for peer in spec.python] + [(peer, run_r) for peer in spec.r]
    for peer, run in peers:
        print_peer(job, peer, rows, ours, run(job, peer, path, options))
    return [cold["seconds"][0], cold["seconds"][-1], ours["seconds"][0], statistics.median(ours["seconds"])]


def import_seconds(module: str, reps: int) -> float:
    """Return the time to import a module in a new process, the interpreter's own start not counted."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    command, found = [sys.executable, "-c", code], []
    for _ in range(reps):
        run = subprocess.run(command, check=False, capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"import {module} failed: {run.stderr.strip().splitlines()[-1]}")
        found.append(float(run.stdout))
    return statistics.median(found)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reps", type=int, default=5, help="calls of each implementation")
    parser.add_argument("--size", type=int, default=MILLION, help="most rows of a job")
    parser.add_argument("--jobs", nargs="+", choices=list(JOBS), default=list(JOBS), metavar="JOB")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds after which a process is stopped")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, median of {options.reps}")
    for module in ("skeletal", "skeletal.survival, skeletal.competing"):
        seconds = import_seconds(module, options.reps)
        print(f"import {module}: {seconds:.2f} s (target {IMPORT_TARGET:.0f} s for skeletal)")
    print(
        f"{'job':<16}{'rows':>10}  {'peer':<13}{'ours':>11}{'peer':>12}{'ratio':>10}{'ours peak':>12}"
        f"{'peer peak':>12}{'differs':>9}"
    )
    with tempfile.TemporaryDirectory() as name:
        found = {job: run_job(job, Path(name), options) for job in options.jobs}
    print("seconds of our calls where the compiled loops are ...")
    print(f"{'':<16}{'not there':>14}{'then last':>14}{'on disk':>14}{'then median':>14}")
    for job, seconds in found.items():
        if seconds:
            print(f"{job:<16}" + "".join(f"{value:>12.4f} s" for value in seconds))


if __name__ == "__main__":
    main(sys.argv[1:])
